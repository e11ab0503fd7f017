// What no decision over a whole fleet can beat while it looks at every binding or runner: one pass over bits, one over
// numbers, as plain loops that the compiler vectorises; and copying bytes.

#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "berth/engine/tie_hash.h"

namespace berth::bench {
namespace {

constexpr size_t kBitmaps = 6;

using Words = std::vector<uint64_t>;

std::array<Words, kBitmaps> MakeBitmaps(size_t bits) {
  std::array<Words, kBitmaps> bitmaps;
  for (size_t map = 0; map < kBitmaps; ++map) {
    for (size_t word = 0; word < (bits + 63) / 64; ++word) bitmaps[map].push_back(Mix64(map << 40U | (word + 1)));
  }
  return bitmaps;
}

// How many bits only one of the bitmaps has, and how many any of them.
uint64_t PassOver(const std::array<Words, kBitmaps>& bitmaps) {
  uint64_t count = 0;
  for (size_t i = 0; i < bitmaps[0].size(); ++i) {
    uint64_t once = 0;
    uint64_t twice = 0;
    for (const Words& words : bitmaps) {
      twice |= once & words[i];
      once |= words[i];
    }
    count += static_cast<uint64_t>(std::popcount(once)) + static_cast<uint64_t>(std::popcount(once & ~twice));
  }
  return count;
}

struct Columns {
  explicit Columns(size_t rows) : cpu(rows), memory(rows), gpus(rows) {
    for (size_t i = 0; i < rows; ++i) {
      const uint64_t random = Mix64(i + 1);
      cpu[i] = static_cast<int64_t>(random % 128000);
      memory[i] = static_cast<int64_t>((random >> 20U) % 1024);
      gpus[i] = static_cast<int64_t>((random >> 40U) % 9);
    }
  }

  std::vector<int64_t> cpu;
  std::vector<int64_t> memory;
  std::vector<int64_t> gpus;
};

// How many rows hold all that is asked.
uint64_t PassOver(const Columns& columns) {
  uint64_t count = 0;
  for (size_t i = 0; i < columns.cpu.size(); ++i) {
    count += static_cast<uint64_t>(static_cast<int>(columns.cpu[i] >= 64000) &
                                   static_cast<int>(columns.memory[i] >= 512) & static_cast<int>(columns.gpus[i] >= 4));
  }
  return count;
}

void BM_FloorBitmaps(benchmark::State& state) {
  const auto bitmaps = MakeBitmaps(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(PassOver(bitmaps));
}

void BM_FloorColumns(benchmark::State& state) {
  const Columns columns(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(PassOver(columns));
}

void BM_FloorBitmapsAndColumns(benchmark::State& state) {
  const auto bitmaps = MakeBitmaps(static_cast<size_t>(state.range(0)));
  const Columns columns(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(PassOver(bitmaps) + PassOver(columns));
}

void BM_FloorMemcpy(benchmark::State& state) {
  const std::vector<char> from(static_cast<size_t>(state.range(0)), 'x');
  std::vector<char> to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.range(0) * state.iterations());
}

BENCHMARK(BM_FloorBitmaps)->ArgName("bits")->RangeMultiplier(10)->Range(1000, 1'000'000);
// A quarter of the bindings: one row for each runner.
BENCHMARK(BM_FloorColumns)->ArgName("rows")->Arg(250)->Arg(1000)->Arg(2500)->Arg(10'000)->Arg(25'000)->Arg(100'000);
BENCHMARK(BM_FloorColumns)->ArgName("rows")->Arg(250'000)->Arg(1'000'000);
BENCHMARK(BM_FloorBitmapsAndColumns)->ArgName("bindings")->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(BM_FloorMemcpy)->ArgName("bytes")->Arg(1 << 10)->Arg(16 << 10)->Arg(1 << 20);

}  // namespace
}  // namespace berth::bench
