// Waits until something below a set of folders may have changed, or somebody nudges.
//
// The system is asked with inotify. Where it cannot tell (no more watches, none at all), the watch says that it is blind
// and why; its owner then looks at intervals. What changed is never reported, only that something did: whoever looks
// finds the difference, and an overflow of the system's queue is one event like any other.
//
// Threads:    Refresh and Stop from any thread, also while another one waits; the rest belongs to one thread
// Cost:       one inotify watch for each folder, and for each link on the way to an entry; a wait takes a file descriptor's worth of events at a time
// Tested by:  tests/store_directory_test.cc

#ifndef BERTH_STORE_FOLDER_WATCH_H_
#define BERTH_STORE_FOLDER_WATCH_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace berth {

class FolderWatch {
 public:
  enum class Wake : uint8_t { kTimeout, kChange, kRefresh, kStop };

  // Watches at most `max_folders`. Fails when the system gives no file descriptor.
  static absl::StatusOr<std::unique_ptr<FolderWatch>> Open(size_t max_folders);
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;
  ~FolderWatch();

  // One round: folders that are not named between Begin and End are watched no more.
  void Begin();
  // The entries of this folder.
  void AddFolder(const std::string& path);
  // What becomes of this one path: an entry of the folder above it, every symbolic link on the way to it, and the entry
  // that they lead to. Also of names that begin with two dots beside them, by which mounted volumes exchange all their
  // entries at once.
  void AddEntry(const std::string& path);
  void End();

  // Waits for the first of the four. kStop stays; kRefresh is told once.
  Wake Wait(std::chrono::milliseconds timeout);
  void Refresh();
  void Stop();
  [[nodiscard]] bool stopped() const { return stopped_.load(std::memory_order_acquire); }

  // Something that was named in the last round is not watched.
  [[nodiscard]] bool blind() const { return blind_; }
  // Why, when somebody can do something about it.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] size_t folders() const { return folders_.size(); }
  // How often the system's queue ran over.
  [[nodiscard]] uint64_t overflows() const { return overflows_; }

 private:
  FolderWatch(size_t max_folders, int nudge) : max_folders_(max_folders), nudge_(nudge) {}

  int Add(const std::string& path, uint32_t mask);
  void AddName(const std::string& path, uint32_t mask);
  void AddLinksTo(const std::string& path);
  void Nudge();
  bool Drain();

  const size_t max_folders_;
  const int nudge_;   // an eventfd
  int inotify_ = -1;  // -1: the system gave none; asked for again in every round
  std::set<int> folders_;
  std::set<int> named_;                                        // in this round
  std::map<int, std::set<std::string, std::less<>>> entries_;  // by the watch of their folder
  std::set<int> last_entry_folders_;                           // of the round before
  bool blind_ = false;
  std::string problem_;
  uint64_t overflows_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> refresh_{false};
};

}  // namespace berth

#endif  // BERTH_STORE_FOLDER_WATCH_H_
