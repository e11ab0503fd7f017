// The newest version of an immutable value, for many readers that never wait, and one writer at a time.
//
// A reader keeps the version that it used last and asks with one load whether it is still the newest; only when a new
// one was published does it take a lock, for the copy of one pointer. So a reader writes no cache line that others read,
// needs no registration, and what it holds stays valid until it asks again. Compared with std::atomic<std::shared_ptr>,
// RCU and epochs in bench/publication_bench.cc.
//
// Guarantees:  versions are freed by Store, or with the last reader after the last Store; never while one is held
// Ownership:   shared; an idle reader keeps the version that it used last
// Threads:     any number of readers and writers; what a reader holds belongs to one thread at a time
// Cost:        Newest is one load and one comparison between two publications

#ifndef BERTH_ENGINE_PUBLISHED_H_
#define BERTH_ENGINE_PUBLISHED_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace berth {

template <typename T>
class Published {
 public:
  // The newest version; `held` keeps it. A version that is held cannot share its address with another, so comparing
  // addresses tells whether it is still the newest, whichever Published it came from.
  const T& Newest(std::shared_ptr<const T>& held) const {
    if (held.get() != newest_.load(std::memory_order_acquire)) held = Load();
    return *held;
  }

  [[nodiscard]] std::shared_ptr<const T> Load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void Store(std::shared_ptr<const T> value) {
    std::vector<std::shared_ptr<const T>> unused;  // freed when the lock is given back
    const std::lock_guard lock(mutex_);
    newest_.store(value.get(), std::memory_order_release);
    value_.swap(value);
    // Freeing a version takes time that readers do not have: they drop theirs, and it goes with the next publication.
    if (value != nullptr) before_.push_back(std::move(value));
    std::erase_if(before_, [&](std::shared_ptr<const T>& version) {
      if (version.use_count() > 1) return false;
      unused.push_back(std::move(version));
      return true;
    });
  }

 private:
  mutable std::mutex mutex_;
  std::atomic<const T*> newest_ = nullptr;
  std::shared_ptr<const T> value_;
  std::vector<std::shared_ptr<const T>> before_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_PUBLISHED_H_
