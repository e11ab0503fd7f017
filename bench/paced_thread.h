// A thread that does something so many times a second, from its start until it goes.
//
// Guarantees:  what comes too late is done at once, but what was missed is not made up for; the count says how often it
//              was done

#ifndef BERTH_BENCH_PACED_THREAD_H_
#define BERTH_BENCH_PACED_THREAD_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <thread>
#include <utility>

namespace berth::bench {

class PacedThread {
 public:
  // `work(n)` is called with n = 0, 1, 2...
  template <typename Work>
  PacedThread(int64_t per_second, Work work)
      : thread_([this, per_second, work = std::move(work)](const std::stop_token& stop) mutable {
          const auto now = [] { return std::chrono::steady_clock::now(); };
          const auto period = std::chrono::nanoseconds(1'000'000'000 / per_second);
          for (auto due = now(); !stop.stop_requested(); due = std::max(due + period, now())) {
            std::this_thread::sleep_until(due);
            work(count_.load(std::memory_order_relaxed));
            count_.fetch_add(1, std::memory_order_relaxed);
          }
        }) {}
  PacedThread(const PacedThread&) = delete;
  PacedThread& operator=(const PacedThread&) = delete;

  [[nodiscard]] uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> count_{0};
  std::jthread thread_;  // the last member: stopped and joined before the others go
};

}  // namespace berth::bench

#endif  // BERTH_BENCH_PACED_THREAD_H_
