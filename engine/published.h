// The newest version of an immutable value, for many readers and one writer at a time.
//
// std::atomic<std::shared_ptr> would do, but its unlocking load in libstdc++ 12 is a data race by the standard's own
// rules, and ThreadSanitizer says so. The lock here is held for the copy of one pointer, never while anything is built.
//
// Ownership:  shared; a version lives as long as somebody holds it
// Threads:    any number of readers and writers

#ifndef BERTH_ENGINE_PUBLISHED_H_
#define BERTH_ENGINE_PUBLISHED_H_

#include <memory>
#include <mutex>
#include <utility>

namespace berth {

template <typename T>
class Published {
 public:
  [[nodiscard]] std::shared_ptr<const T> Load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void Store(std::shared_ptr<const T> value) {
    std::unique_lock lock(mutex_);
    value_.swap(value);
    lock.unlock();
    // The version before is freed here, outside the lock, unless a reader still holds it.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_PUBLISHED_H_
