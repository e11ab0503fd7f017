// What a launch may do with a field, in words.

#ifndef BERTH_CLI_LAUNCH_WORDS_H_
#define BERTH_CLI_LAUNCH_WORDS_H_

#include <string>
#include <string_view>

#include "berth/engine/launch_access.h"

namespace berth::cli {

// In a few words, for the place where a launch says nothing about the field.
std::string LaunchNote(const LaunchMay& may);
// Who may set what is at `path`, in one sentence.
std::string WhoMaySet(std::string_view path, const LaunchMay& may, std::string_view organization);

}  // namespace berth::cli

#endif  // BERTH_CLI_LAUNCH_WORDS_H_
