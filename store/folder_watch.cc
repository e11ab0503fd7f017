#include "berth/store/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "berth/store/folder.h"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr uint32_t kEntries = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
                              IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR | IN_EXCL_UNLINK;
// A link is never written to: it is replaced.
constexpr uint32_t kLinks =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr size_t kMaxLinks = 40;  // on the way to one path; the system follows no more
constexpr size_t kBufferBytes = size_t{16} << 10;
constexpr int kMaxReads = 64;  // in one go; the rest is there at the next wait

// What is written into a link; empty for what is none.
std::string LinkTarget(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  return size <= 0 ? std::string() : std::string(target.data(), static_cast<size_t>(size));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderWatch>> FolderWatch::Open(size_t max_folders) {
  const int nudge = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (nudge < 0) return absl::ResourceExhaustedError(PathErrorText(errno));
  return absl::WrapUnique(new FolderWatch(max_folders, nudge));
}

FolderWatch::~FolderWatch() {
  if (inotify_ >= 0) close(inotify_);
  close(nudge_);
}

void FolderWatch::Begin() {
  named_.clear();
  last_entry_folders_.clear();
  for (const auto& [watch, names] : std::exchange(entries_, {})) last_entry_folders_.insert(watch);
  blind_ = false;
  problem_.clear();
  if (inotify_ < 0) inotify_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_ >= 0) return;
  blind_ = true;
  problem_ =
      "the system watches no more folders, so changes are found by looking at intervals: raise "
      "fs.inotify.max_user_instances";
}

void FolderWatch::AddFolder(const std::string& path) {
  if (named_.size() >= max_folders_) {
    blind_ = true;
    if (problem_.empty()) {
      problem_ = "more than " + std::to_string(max_folders_) +
                 " folders, so changes in the others are found by looking at intervals: use fewer folders";
    }
    return;
  }
  if (const int watch = Add(path, kEntries); watch >= 0) named_.insert(watch);
}

void FolderWatch::AddEntry(const std::string& path) {
  AddName(path, kEntries);
  AddLinksTo(path);
}

void FolderWatch::AddName(const std::string& path, uint32_t mask) {
  // The folder above may be one of those watched for themselves, or hold other entries: its mask only grows.
  const int watch = Add(FolderAbove(path), mask | IN_MASK_ADD);
  if (watch >= 0) entries_[watch].emplace(BaseName(path));
}

void FolderWatch::AddLinksTo(const std::string& path) {
  std::string reached;      // without links
  std::string left = path;  // from there
  size_t links = 0;
  while (!left.empty() && links < kMaxLinks) {
    if (left.front() == '/') {
      if (reached.empty()) reached = "/";
      left.erase(0, 1);
      continue;
    }
    const size_t end = std::min(left.find('/'), left.size());
    const std::string next = PathBelow(reached, std::string_view(left).substr(0, end));
    left.erase(0, end);
    if (LinkTarget(next).empty()) {
      reached = next;
      continue;
    }
    ++links;
    AddName(next, kLinks);  // before it is read: who leads it elsewhere from now on is heard
    const std::string target = LinkTarget(next);
    if (target.starts_with('/')) reached.clear();
    left.insert(0, target);
  }
  if (links > 0 && !reached.empty()) AddName(reached, kEntries);
}

int FolderWatch::Add(const std::string& path, uint32_t mask) {
  if (inotify_ < 0) return -1;
  const int watch = inotify_add_watch(inotify_, path.c_str(), mask);
  if (watch >= 0) return watch;
  const int error = errno;
  blind_ = true;
  // A folder that is gone or closed to us is told of by whoever reads it.
  if (!problem_.empty() || error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP) return -1;
  problem_ = "a folder cannot be watched, so changes are found by looking at intervals: " +
             (error == ENOSPC ? std::string("raise fs.inotify.max_user_watches") : PathErrorText(error));
  return -1;
}

void FolderWatch::End() {
  folders_.insert(last_entry_folders_.begin(), last_entry_folders_.end());
  for (const int watch : folders_) {
    if (!named_.contains(watch) && !entries_.contains(watch)) inotify_rm_watch(inotify_, watch);
  }
  folders_ = named_;
}

FolderWatch::Wake FolderWatch::Wait(milliseconds timeout) {
  const steady_clock::time_point end = steady_clock::now() + timeout;
  for (;;) {
    if (stopped()) return Wake::kStop;
    if (refresh_.exchange(false, std::memory_order_acq_rel)) return Wake::kRefresh;
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    std::array<pollfd, 2> ready = {pollfd{nudge_, POLLIN, 0}, pollfd{inotify_, POLLIN, 0}};  // -1 is passed over
    const int count = poll(ready.data(), ready.size(), static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready[0].revents != 0) {
      uint64_t nudges = 0;
      [[maybe_unused]] const ssize_t size = read(nudge_, &nudges, sizeof nudges);
      continue;
    }
    if (ready[1].revents != 0 && Drain()) return Wake::kChange;
    if (count == 0 || steady_clock::now() >= end) return Wake::kTimeout;
  }
}

void FolderWatch::Refresh() {
  refresh_.store(true, std::memory_order_release);
  Nudge();
}

void FolderWatch::Stop() {
  stopped_.store(true, std::memory_order_release);
  Nudge();
}

void FolderWatch::Nudge() {
  const uint64_t one = 1;
  // Fails only when nudges without number were not yet seen.
  [[maybe_unused]] const ssize_t size = write(nudge_, &one, sizeof one);
}

// Takes the waiting events. True when one of them concerns what is watched.
bool FolderWatch::Drain() {
  bool concerned = false;
  alignas(inotify_event) std::array<char, kBufferBytes> buffer;
  for (int i = 0; i < kMaxReads; ++i) {
    const ssize_t size = read(inotify_, buffer.data(), buffer.size());
    if (size <= 0) break;
    for (size_t at = 0; at < static_cast<size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = event.len == 0 ? "" : buffer.data() + at + sizeof event;  // ends with zero bytes
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        ++overflows_;
        concerned = true;
      } else if ((event.mask & IN_IGNORED) != 0) {
        folders_.erase(event.wd);  // went with its folder
      } else if (folders_.contains(event.wd)) {
        concerned = true;
      } else if (const auto entries = entries_.find(event.wd); entries != entries_.end()) {
        concerned = concerned || event.len == 0 || entries->second.contains(std::string_view(name)) ||
                    std::string_view(name).starts_with("..");
      }
    }
  }
  return concerned;
}

}  // namespace berth
