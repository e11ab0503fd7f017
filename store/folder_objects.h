// What the files of a folder give to a catalog, one version of the folder after the other.
//
// A file is sound when it can be read, is well formed, has no error outside its objects, and holds no refused object
// that never was good (whatever it was called before, it may be what is missed now). One that is not sound keeps its
// former objects beside those it still gives. So does one that was emptied: a full disk and a writer that is not done
// leave such files, and who means it deletes the file.
//
// Guarantees:  an object goes only with its file, or when a sound version of the file has it no more
//              a file that was written a moment ago, or while it was read, is left as it was, and is read later
//              of two objects with one key the first in byte order of the files is given, and the other file is stale
// Threads:     one at a time
// Cost:        reads the files whose stamp changed; when there are any, compares the keys of all objects
// Tested by:   tests/store_directory_test.cc

#ifndef BERTH_STORE_FOLDER_OBJECTS_H_
#define BERTH_STORE_FOLDER_OBJECTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/spec/issue.h"
#include "berth/spec/objects.h"
#include "berth/store/folder.h"
#include "berth/store/source.h"

namespace berth {

class FolderObjects {
 public:
  struct Update {
    std::vector<Change> changes;  // sorted by key
    size_t files_read = 0;
    bool unsettled = false;  // a file is being written: list and take in once more, soon
  };

  // Takes in what is listed below `folder`. With `distrust`, files are read even when their stamp did not change.
  // Between files `stopped` is asked; what was taken in by then is not told.
  Update TakeIn(const std::string& folder, const FolderListing& listing, bool distrust,
                const std::function<bool()>& stopped);

  // Whether somebody wrote a file of these a moment ago, so that they may not belong together yet.
  [[nodiscard]] bool IsBeingWritten(const FolderListing& listing) const;

  // All objects, sorted by key.
  [[nodiscard]] const std::vector<std::shared_ptr<const Object>>& objects() const { return given_; }
  [[nodiscard]] size_t files() const { return files_.size(); }
  // Sorted by file.
  [[nodiscard]] std::vector<StaleFile> stale() const;

 private:
  struct Entry {
    std::shared_ptr<const Object> object;
    bool was_good = false;  // this version, or one before it under the same key
  };
  struct File {
    std::optional<FileStamp> stamp;  // of the version that was read; nothing: read it at the next look
    std::vector<Entry> entries;
    std::vector<Issue> issues;  // why it is not sound
    size_t kept = 0;            // entries that the version read last does not give
  };

  static void Replace(const SourceText& text, std::vector<Object> objects, std::vector<Issue> errors, File& file);
  [[nodiscard]] bool IsRead(const ListedFile& listed) const;
  bool DropUnlisted(const FolderListing& listing);
  std::vector<Change> Diff();

  std::map<std::string, File> files_;                       // by name, so in byte order
  std::vector<std::shared_ptr<const Object>> given_;        // sorted by key
  std::map<std::string, StaleFile, std::less<>> unlisted_;  // what could not be looked at
  std::vector<StaleFile> collisions_;                       // files with an object whose key is taken
};

}  // namespace berth

#endif  // BERTH_STORE_FOLDER_OBJECTS_H_
