// The live state of a group of runners as columns: what admission reads of thousands of runners at a time.
//
// Each runner's LiveCell holds the truth; the table repeats it, so that an admission reads health as bits and free
// resources as rows of numbers. It also counts, for each class of bindings (berth/engine/part.h), those on unhealthy
// runners, and keeps the extremes of each block of 64 runners: where a launch asks for no more than the least that is
// free, or for more than the most, nobody has to look at the runners.
//
// Threads:    one writer at a time (Set locks); any number of readers, each word atomic on its own
// Cost:       Set is linear in the runner's bindings, and now and then in the blocks; 7 words per runner
// Tested by:  tests/engine_live_table_test.cc, the differential test

#ifndef BERTH_ENGINE_LIVE_TABLE_H_
#define BERTH_ENGINE_LIVE_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "berth/policy/match.h"
#include "berth/policy/select.h"

namespace berth {

// What can run short on a runner.
enum class Supply : uint8_t { kCpu, kMemory, kGpu };
inline constexpr size_t kSupplyCount = static_cast<size_t>(Supply::kGpu) + 1;

class LiveTable {
 public:
  // Free, where the runner reports nothing: no launch asks for more.
  static constexpr int64_t kUnreported = std::numeric_limits<int64_t>::max();

  static constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  // How far numbers of floating point may be off, relatively and absolutely; far more than they are.
  static constexpr double kRoomError = 1e-9;

  // What one launch takes of a runner, where a layer says it.
  using Amount = std::array<std::optional<int64_t>, kSupplyCount>;

  // `first` has an entry for each runner and one past the last: where its bindings begin in `classes`, the class of each
  // binding. `maxima` are each runner's; zero or less is unknown. All runners are healthy and report nothing.
  LiveTable(std::vector<uint32_t> first, std::vector<uint32_t> classes, std::vector<Shape> maxima, size_t class_count);

  // Takes over the live state of one runner.
  void Set(uint32_t runner, const LiveState& live);

  // Changes with every Set; odd while one is under way. Who reads the same even number before and after has read what
  // belongs together.
  [[nodiscard]] uint64_t version() const { return Read(version_); }

  // A word for each 64 runners.
  [[nodiscard]] size_t words() const { return blocks_.size(); }

  // A bit for each runner of the word: all, and by health.
  [[nodiscard]] uint64_t Runners(size_t word) const { return blocks_[word].runners; }
  [[nodiscard]] uint64_t NotReady(size_t word) const { return Read(blocks_[word].not_ready); }
  [[nodiscard]] uint64_t Disconnected(size_t word) const { return Read(blocks_[word].disconnected); }
  [[nodiscard]] bool all_healthy() const { return Read(unhealthy_) == 0; }

  // Bindings of each class by the health of their runners; `both` are also among the two before.
  struct ClassCounts {
    std::vector<uint32_t> healthy;
    std::vector<uint32_t> not_ready;
    std::vector<uint32_t> disconnected;
    std::vector<uint32_t> both;
  };
  // Copies them, padded to whole words of classes.
  void CopyCounts(ClassCounts& counts) const;

  // Whether no runner is short of this.
  [[nodiscard]] bool SufficesEverywhere(Supply supply, int64_t amount) const {
    return amount <= Read(least_[static_cast<size_t>(supply)]);
  }
  // The runners of the word that report less than this.
  [[nodiscard]] uint64_t Short(Supply supply, size_t word, int64_t amount) const {
    const size_t index = static_cast<size_t>(supply);
    const Block& block = blocks_[word];
    if (amount <= Read(block.least[index])) return 0;
    if (amount > Read(block.most[index])) return block.runners;
    return Compare(index, word, amount);
  }

  [[nodiscard]] bool IsShort(Supply supply, uint32_t runner, int64_t amount) const {
    return Read(columns_[static_cast<size_t>(supply)].free[runner]) < amount;
  }

  [[nodiscard]] bool IsShort(uint32_t runner, const Amount& amount) const {
    for (size_t i = 0; i < kSupplyCount; ++i) {
      if (amount[i] && IsShort(static_cast<Supply>(i), runner, *amount[i])) return true;
    }
    return false;
  }

  // The room that is left on a runner after the launch, as RoomLeft has it, and the same as a number.
  [[nodiscard]] Fraction Room(uint32_t runner, const Amount& amount) const;
  [[nodiscard]] double RoomPart(uint32_t runner, const Amount& amount) const;
  // RoomPart of 64 runners; what stands for runners that there are not is anything.
  void RoomParts(size_t word, const Amount& amount, std::span<double, 64> rooms) const;

 private:
  template <typename T>
  static T Read(const std::atomic<T>& word) {
    return word.load(std::memory_order_acquire);
  }
  template <typename T>
  static void Write(std::atomic<T>& word, T value) {
    word.store(value, std::memory_order_release);
  }

  struct Column {
    std::vector<std::atomic<int64_t>> free;
    // What could be given: what is free, or where that is not reported, the maximum less what is reserved.
    std::vector<std::atomic<int64_t>> available;
    std::vector<std::atomic<double>> part;  // of the maximum; infinite where that is unknown
    std::vector<double> unit;               // one as a part of the maximum; 0 where that is unknown
  };
  struct Block {
    std::atomic<uint64_t> not_ready = 0;
    std::atomic<uint64_t> disconnected = 0;
    uint64_t runners = 0;  // those that there are
    std::array<std::atomic<int64_t>, kSupplyCount> least;
    std::array<std::atomic<int64_t>, kSupplyCount> most;
  };
  // What is left of one supply as a part of the maximum; kNoLimit where it does not count. GPUs count only where they
  // are asked for.
  [[nodiscard]] double PartLeft(size_t supply, uint32_t runner, std::optional<int64_t> amount) const {
    if (!amount && supply == static_cast<size_t>(Supply::kGpu)) return kNoLimit;
    const Column& column = columns_[supply];
    const double left = Read(column.part[runner]) - static_cast<double>(amount.value_or(0)) * column.unit[runner];
    return left < 0 ? 0 : left;
  }
  [[nodiscard]] uint64_t Compare(size_t supply, size_t word, int64_t amount) const;
  void SetHealth(uint32_t runner, bool not_ready, bool disconnected);
  void SetFree(size_t supply, uint32_t runner, std::optional<int64_t> free, int64_t reserved);

  const std::vector<uint32_t> first_;
  const std::vector<uint32_t> classes_;
  const std::vector<Shape> maxima_;
  std::mutex mutex_;  // of writers
  std::atomic<uint64_t> version_ = 0;
  std::array<Column, kSupplyCount> columns_;
  std::vector<Block> blocks_;
  // Of each class, padded to whole words.
  std::vector<std::atomic<uint32_t>> healthy_;
  std::vector<std::atomic<uint32_t>> not_ready_;
  std::vector<std::atomic<uint32_t>> disconnected_;
  std::vector<std::atomic<uint32_t>> both_;
  std::array<std::atomic<int64_t>, kSupplyCount> least_;
  std::atomic<uint32_t> unhealthy_ = 0;  // runners
};

}  // namespace berth

#endif  // BERTH_ENGINE_LIVE_TABLE_H_
