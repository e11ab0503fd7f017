// A catalog that lives in a folder, or in one file, and is edited there while it is served.
//
// Changes are seen at once through inotify and, because not every file system tells, by looking at intervals. They are
// taken in when nothing has happened for a moment: one look at the whole folder is one batch with one revision, and a
// look that finds nothing new gives none. Files that are written together are taken in together, unless that takes long.
// What the files give, and which are stale: berth/store/folder_objects.h.
//
//   auto source = DirectorySource::Open("/etc/berth/catalog");
//   CatalogFeed feed(**source, engine, log);  // berth/daemon/catalog_feed.h
//
// Links on the way to the path may be swapped, as in `--source work/current/catalog`: that is a change like any other.
//
// Guarantees:  while the path is missing, cannot be looked into, or has become another folder that is empty (a volume
//              that went away), everything stays as it was, and status() says so
// Threads:     as berth::CatalogSource says
// Cost:        a look is one system call for each entry, at most twice a second while files are being changed
// Not seen:    until the next look at intervals: edits behind a link that leads out of the folder, and by other machines
//              on network file systems
// Tested by:   tests/store_directory_test.cc

#ifndef BERTH_STORE_DIRECTORY_H_
#define BERTH_STORE_DIRECTORY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "berth/store/folder.h"
#include "berth/store/folder_objects.h"
#include "berth/store/folder_watch.h"
#include "berth/store/source.h"

namespace berth {

struct DirectoryOptions {
  std::chrono::milliseconds quiet{50};          // a change is taken in when nothing has happened for so long,
  std::chrono::milliseconds at_most{500};       // or so long after the first one
  std::chrono::milliseconds poll{30'000};       // how often to look although nothing was told
  std::chrono::milliseconds blind_poll{1'000};  // the same while the system cannot tell
  size_t max_watched_folders = 8192;
};

struct DirectoryStatistics {
  // Since the source was opened.
  uint64_t looks = 0;
  uint64_t files_read = 0;
  uint64_t queue_overflows = 0;
  // Now.
  size_t files = 0;
  size_t objects = 0;
  size_t watched_folders = 0;
};

class DirectorySource final : public CatalogSource {
 public:
  // `path` need not exist yet. Fails when the system gives no file descriptor.
  static absl::StatusOr<std::unique_ptr<DirectorySource>> Open(std::string path, DirectoryOptions options = {});

  absl::StatusOr<Listing> List() override;
  absl::StatusOr<Batch> Watch(uint64_t from) override;
  void Refresh() override;
  void Stop() override;
  [[nodiscard]] SourceStatus status() const override;
  [[nodiscard]] DirectoryStatistics statistics() const;

 private:
  // Which folder it is, whatever its name.
  struct FolderId {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t born_ns = 0;  // numbers of inodes are used again
    friend bool operator==(const FolderId&, const FolderId&) = default;
  };
  // What is to be taken in: `listing` below `folder`.
  struct Found {
    std::string folder;
    FolderListing listing;
  };

  DirectorySource(std::string path, DirectoryOptions options, std::unique_ptr<FolderWatch> watch);

  absl::Status Look();
  std::optional<Found> Find();
  std::optional<Found> Miss(const std::string& why);
  static FolderId IdOf(const std::string& path);
  void Report(size_t files_read);
  absl::Status Await();
  FolderWatch::Wake Settle();

  const std::string path_;
  const DirectoryOptions options_;
  const std::unique_ptr<FolderWatch> watch_;

  // The reader's.
  FolderObjects objects_;
  std::vector<Change> changes_;  // that the last look found
  uint64_t revision_ = 0;
  std::optional<FolderId> id_;                      // of the folder that was taken in last
  std::string problem_;                             // with the path
  bool distrust_ = false;                           // the next look reads everything
  bool unsettled_ = true;                           // look soon: a file is being written, or there was no look yet
  std::chrono::steady_clock::time_point deadline_;  // until then, what is being written may hold up the rest
  bool news_ = false;                               // in status(), not yet told of

  mutable std::mutex mutex_;  // guards the members below
  SourceStatus status_;
  DirectoryStatistics statistics_;
};

}  // namespace berth

#endif  // BERTH_STORE_DIRECTORY_H_
