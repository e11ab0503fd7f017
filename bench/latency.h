// How long single calls take: percentiles, with warm caches and with cold ones.
//
// A call shorter than the clock can tell is timed in batches of equal calls, long enough that reading the clock is at
// most a fiftieth of them; a percentile is then one of batches' means, and hides what happens once in a batch. Cold
// calls are timed one by one, after a walk over more bytes than the second-level cache holds, and than the third-level
// one up to 64 MiB: they include reading the clock, and on machines with a larger third level that level is still warm.
//
// Threads:   a Latencies belongs to one thread
// Cost:      8 bytes for each sample, taken before the first one; nothing is allocated while calls are timed

#ifndef BERTH_BENCH_LATENCY_H_
#define BERTH_BENCH_LATENCY_H_

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace berth::bench {

using Clock = std::chrono::steady_clock;

inline double NanosecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

// The samples of one thread; the newest ones once there are more than it holds.
class Latencies {
 public:
  explicit Latencies(size_t most = size_t{1} << 17U) { samples_.reserve(most); }

  void Add(double nanoseconds) {
    if (samples_.size() < samples_.capacity()) {
      samples_.push_back(nanoseconds);
    } else {
      samples_[next_++ % samples_.size()] = nanoseconds;
    }
  }

  // The sample that `share` of all are not above; 0 without samples.
  [[nodiscard]] double At(double share) {
    if (samples_.empty()) return 0;
    const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(samples_.size() - 1));
    std::nth_element(samples_.begin(), samples_.begin() + rank, samples_.end());
    return samples_[static_cast<size_t>(rank)];
  }

  // As counters in nanoseconds, means over the threads.
  void Report(benchmark::State& state) {
    const auto counter = [](double value) { return benchmark::Counter(value, benchmark::Counter::kAvgThreads); };
    state.counters["p50"] = counter(At(0.5));
    state.counters["p99"] = counter(At(0.99));
    state.counters["p99.9"] = counter(At(0.999));
  }

 private:
  std::vector<double> samples_;
  size_t next_ = 0;
};

// How many calls make a batch of at least 2 us, fifty times what the clock takes.
template <typename Call>
size_t BatchOf(Call call) {
  constexpr double kBatchNanoseconds = 2000;
  size_t batch = 1;
  while (true) {
    const Clock::time_point begin = Clock::now();
    for (size_t i = 0; i < batch; ++i) call();
    if (NanosecondsSince(begin) >= kBatchNanoseconds || batch >= (size_t{1} << 20U)) return batch;
    batch *= 2;
  }
}

// Times `call` until the benchmark has enough, with caches as the call before left them.
template <typename Call>
void TimeHot(benchmark::State& state, Call call) {
  Latencies latencies;
  call();  // grows what it reuses
  const size_t batch = BatchOf(call);
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch))) {
    const Clock::time_point begin = Clock::now();
    for (size_t i = 0; i < batch; ++i) call();
    latencies.Add(NanosecondsSince(begin) / static_cast<double>(batch));
  }
  latencies.Report(state);
}

// Fills the caches with something else.
class CacheEvictor {
 public:
  CacheEvictor() : bytes_(std::max(4 * LevelBytes(_SC_LEVEL2_CACHE_SIZE), ThirdLevelBytes())) {}

  void Evict() {
    constexpr size_t kLine = 64;
    for (size_t i = 0; i < bytes_.size(); i += kLine) ++bytes_[i];
    benchmark::ClobberMemory();
  }

 private:
  static size_t LevelBytes(int level) { return static_cast<size_t>(std::max(sysconf(level), 1L << 20)); }
  static size_t ThirdLevelBytes() { return std::min(LevelBytes(_SC_LEVEL3_CACHE_SIZE) * 5 / 4, size_t{64} << 20U); }

  std::vector<uint8_t> bytes_;
};

// The same, each call with cold caches. Needs UseManualTime.
template <typename Call>
void TimeCold(benchmark::State& state, Call call) {
  Latencies latencies(size_t{1} << 10U);
  CacheEvictor caches;
  call();
  for (auto _ : state) {
    caches.Evict();
    const Clock::time_point begin = Clock::now();
    call();
    const double nanoseconds = NanosecondsSince(begin);
    latencies.Add(nanoseconds);
    state.SetIterationTime(nanoseconds * 1e-9);
  }
  latencies.Report(state);
}

}  // namespace berth::bench

#endif  // BERTH_BENCH_LATENCY_H_
