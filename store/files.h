// Catalogs and requests from files: one file, a folder read recursively (`.yaml`, `.yml`, `.json`, in either case), or
// `-`.
//
// Names that begin with a dot are left out of folders: editors and mounted volumes keep their own things there. So are
// policy tests (`*.test.yaml`, `*.test.yml`, `*.test.json`) when a folder is read as a catalog, which lets them stand
// beside the objects they test; they can be asked for instead.
// Named pipes are refused, but for those that the shell opened for the command (`/dev/fd/63`).
//
// Guarantees:  files come in byte order of their names, whatever the file system; nothing beyond the limit is read; a
//              folder that links lead to twice is read once, so a loop ends
// Fails when:  a path does not exist or cannot be read: one issue each, the others are still read
// Tested by:   tests/store_files_test.cc

#ifndef BERTH_STORE_FILES_H_
#define BERTH_STORE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/issue.h"
#include "berth/spec/limits.h"

namespace berth {

// What `-` is called in messages.
inline constexpr std::string_view kStandardInputName = "<stdin>";

// Which files of a folder are read. A file that is named itself is read whatever its ending.
enum class FolderFiles : uint8_t { kCatalog, kPolicyTests };

struct SourceFiles {
  std::vector<std::shared_ptr<const SourceText>> texts;
  std::vector<Issue> issues;  // unreadable paths, named as a person can open them
};

// Names in `texts` are relative to `path` for a folder (`profiles/agent.yaml`), the base name for a file, and
// `<stdin>` for `-`. With `full_names` they start with `path` as given: what a person can open.
SourceFiles ReadSources(const std::string& path, bool full_names, FolderFiles wanted = FolderFiles::kCatalog);

// The name of a text that ReadSources(path, false) gave, as a person can open it.
std::string OpenableName(const std::string& path, std::string_view name);

// What is said of a text that is above its limit.
Issue TooLarge(std::string_view file, size_t max_bytes);

// One text: a file or `-`, never a folder. Either one text or one issue comes back.
SourceFiles ReadOneSource(const std::string& path, size_t max_bytes, bool full_name);

}  // namespace berth

#endif  // BERTH_STORE_FILES_H_
