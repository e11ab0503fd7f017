// How often this thread has asked the heap for memory, and how much of it is in use. The bench executable replaces
// operator new to count; what C libraries take from malloc themselves is not seen.

#ifndef BERTH_BENCH_ALLOCATION_COUNTER_H_
#define BERTH_BENCH_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace berth::bench {

[[nodiscard]] uint64_t AllocationCount();

// False when the counter does not count, so that a zero it shows would mean nothing.
[[nodiscard]] bool AllocationsAreCounted();

// Counts bytes while it lives, as the heap hands them out: with their rounding and their headers. One at a time; what
// is freed must have been allocated under the same meter.
class HeapMeter {
 public:
  HeapMeter();
  HeapMeter(const HeapMeter&) = delete;
  HeapMeter& operator=(const HeapMeter&) = delete;
  ~HeapMeter();

  [[nodiscard]] int64_t bytes() const;
  [[nodiscard]] int64_t peak() const;
};

}  // namespace berth::bench

#endif  // BERTH_BENCH_ALLOCATION_COUNTER_H_
