// What a folder holds of a catalog, found without reading a file.
//
// Folders are entered recursively; wanted are files ending in `.yaml`, `.yml` or `.json`, in either case. Names that
// begin with a dot are left out: editors and mounted volumes keep their own things there. So are policy tests
// (`*.test.yaml`, `*.test.yml`, `*.test.json`) unless they are what is asked for: that lets them stand beside the objects
// they test.
//
// Guarantees:  files come in byte order of their names, whatever the file system; a folder that links lead to more than
//              once is entered once, under the first of its names, so a loop ends
// Fails when:  an entry cannot be looked at: it is listed as such, the others are still found
// Cost:        one system call for each entry and two for each folder
// Tested by:   tests/store_files_test.cc, tests/store_directory_test.cc

#ifndef BERTH_STORE_FOLDER_H_
#define BERTH_STORE_FOLDER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"

struct stat;

namespace berth {

enum class FolderFiles : uint8_t { kCatalog, kPolicyTests };

// What tells two versions of a file apart without reading them.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;  // set by the system alone; no tool can turn it back
  int64_t bytes = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp StampOf(const struct stat& status);

struct ListedFile {
  std::string name;  // below the folder: `profiles/agent.yaml`
  FileStamp stamp;
};

// An entry, or the folder itself (its name is empty), that could not be looked at.
struct UnlistedEntry {
  std::string name;
  bool wanted = true;  // false: by its name no catalog file, but it may have been a folder of them
  Issue issue;         // its `file` is `name`
};

struct FolderListing {
  std::vector<ListedFile> files;
  std::vector<UnlistedEntry> unlisted;  // in byte order of their names
};

// `entering` is told the path of every folder before it is read: who watches it from then on misses nothing.
FolderListing ListFolder(const std::string& folder, FolderFiles wanted,
                         const std::function<void(const std::string& path)>& entering = {});

// What the system's error means for whoever named the path. Not strerror: its texts depend on the locale.
std::string PathErrorText(int error);
// That `path`, called `file` in the issue, cannot be read.
Issue UnreadablePath(const std::string& path, std::string_view file, int error);

// The last part of a path, and the folder it is an entry of (by the path's text; `.` for a bare name).
std::string_view BaseName(std::string_view path);
std::string FolderAbove(std::string_view path);
// `name` below `folder`; the folder itself when the name is empty.
std::string PathBelow(std::string_view folder, std::string_view name);

}  // namespace berth

#endif  // BERTH_STORE_FOLDER_H_
