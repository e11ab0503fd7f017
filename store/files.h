// Catalogs and requests from files: one file, a folder read recursively (berth/store/folder.h says which files of it),
// or `-`.
//
// Named pipes are refused, but for those that the shell opened for the command (`/dev/fd/63`).
//
// Guarantees:  files come in byte order of their names, whatever the file system; nothing beyond the limit is read
// Fails when:  a path does not exist or cannot be read: one issue each, the others are still read
// Tested by:   tests/store_files_test.cc

#ifndef BERTH_STORE_FILES_H_
#define BERTH_STORE_FILES_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/issue.h"
#include "berth/spec/limits.h"
#include "berth/store/folder.h"

namespace berth {

// What `-` is called in messages.
inline constexpr std::string_view kStandardInputName = "<stdin>";

struct SourceFiles {
  std::vector<std::shared_ptr<const SourceText>> texts;
  std::vector<Issue> issues;  // unreadable paths, named as a person can open them
};

// Names in `texts` are relative to `path` for a folder (`profiles/agent.yaml`), the base name for a file, and
// `<stdin>` for `-`. With `full_names` they start with `path` as given: what a person can open.
// A file that is named itself is read whatever its ending.
SourceFiles ReadSources(const std::string& path, bool full_names, FolderFiles wanted = FolderFiles::kCatalog);

// The name of a text that ReadSources(path, false) gave, as a person can open it.
std::string OpenableName(const std::string& path, std::string_view name);

// What is said of a text that is above its limit.
Issue TooLarge(std::string_view file, size_t max_bytes);

// One version of a file: its text, or why there is none.
struct FileVersion {
  std::shared_ptr<const SourceText> text;
  std::optional<Issue> issue;
  FileStamp stamp;         // of what was read
  bool written = false;    // somebody wrote while it was read: the text may be half of this and half of that
  bool too_large = false;  // the issue stays until the file changes
};

// Reads the file at `path` as `name`, which its issue carries too.
FileVersion ReadVersion(const std::string& path, std::string name, size_t max_bytes);

// One text: a file or `-`, never a folder. Either one text or one issue comes back.
SourceFiles ReadOneSource(const std::string& path, size_t max_bytes, bool full_name);

}  // namespace berth

#endif  // BERTH_STORE_FILES_H_
