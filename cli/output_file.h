// Writing a file that is either whole or not there.

#ifndef BERTH_CLI_OUTPUT_FILE_H_
#define BERTH_CLI_OUTPUT_FILE_H_

#include <string>
#include <string_view>

namespace berth::cli {

// Replaces the file at `path`: the bytes go to a new file beside it, which takes its place once they are on disk. On
// failure what was there stays, and nothing new is left behind. A link stays a link; devices and pipes are written as
// they are. Returns why it failed; empty when it did not.
std::string WriteWholeFile(const std::string& path, std::string_view bytes);

}  // namespace berth::cli

#endif  // BERTH_CLI_OUTPUT_FILE_H_
