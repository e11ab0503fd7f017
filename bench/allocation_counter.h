// How many times this thread has asked the heap for memory. The bench executable replaces operator new to count.

#ifndef BERTH_BENCH_ALLOCATION_COUNTER_H_
#define BERTH_BENCH_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace berth::bench {

[[nodiscard]] uint64_t AllocationCount();

// False when the counter does not count, so that a zero it shows would mean nothing.
[[nodiscard]] bool AllocationsAreCounted();

}  // namespace berth::bench

#endif  // BERTH_BENCH_ALLOCATION_COUNTER_H_
