#include "berth/engine/live_table.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "berth/policy/offer_table.h"

namespace berth {
namespace {

constexpr std::optional<int64_t> LiveState::*kFree[] = {&LiveState::cpu, &LiveState::memory, &LiveState::gpu};
// Reads 64 words that Set may be writing. Each is read as a whole; whether they belong together, version() tells. The
// sanitizer must see that they are atomic, but compilers make no vectors of atomic loads.
template <typename T>
void CopyBlock(const std::atomic<T>* from, T* to) {
  static_assert(sizeof(std::atomic<T>) == sizeof(T) && std::atomic<T>::is_always_lock_free);
#if defined(BERTH_SANITIZED)
  for (size_t i = 0; i < 64; ++i) to[i] = from[i].load(std::memory_order_acquire);
#else
  std::memcpy(to, static_cast<const void*>(from), 64 * sizeof(T));
  std::atomic_signal_fence(std::memory_order_acq_rel);
#endif
}

constexpr int64_t Shape::*kAmount[] = {&Shape::cpu, &Shape::memory, &Shape::gpu};

}  // namespace

LiveTable::LiveTable(std::vector<uint32_t> first, std::vector<uint32_t> classes, std::vector<Shape> maxima,
                     size_t class_count)
    : first_(std::move(first)),
      classes_(std::move(classes)),
      maxima_(std::move(maxima)),
      blocks_(WordsFor(maxima_.size())),
      healthy_(WordsFor(class_count) * 64),
      not_ready_(healthy_.size()),
      disconnected_(healthy_.size()),
      both_(healthy_.size()) {
  for (const uint32_t row : classes_) Write(healthy_[row], Read(healthy_[row]) + 1);
  const size_t padded = blocks_.size() * 64;
  for (size_t supply = 0; supply < kSupplyCount; ++supply) {
    Column& column = columns_[supply];
    column.free = std::vector<std::atomic<int64_t>>(padded);
    column.available = std::vector<std::atomic<int64_t>>(padded);
    column.part = std::vector<std::atomic<double>>(padded);
    column.unit.resize(padded);
    for (std::atomic<int64_t>& free : column.free) Write(free, kUnreported);
    for (uint32_t runner = 0; runner < maxima_.size(); ++runner) {
      const int64_t most = maxima_[runner].*kAmount[supply];
      if (most > 0) column.unit[runner] = 1.0 / static_cast<double>(most);
      SetFree(supply, runner, std::nullopt, 0);
    }
    Write(least_[supply], kUnreported);
    for (Block& block : blocks_) {
      Write(block.least[supply], kUnreported);
      Write(block.most[supply], kUnreported);
    }
  }
  for (size_t runner = 0; runner < maxima_.size(); ++runner) {
    blocks_[runner / 64].runners |= uint64_t{1} << (runner % 64);
  }
}

void LiveTable::Set(uint32_t runner, const LiveState& live) {
  const std::lock_guard lock(mutex_);
  Write(version_, Read(version_) + 1);
  SetHealth(runner, live.install != InstallStatus::kReady, live.connection != ConnectionStatus::kConnected);
  for (size_t supply = 0; supply < kSupplyCount; ++supply) {
    SetFree(supply, runner, live.*kFree[supply], live.reserved.*kAmount[supply]);
  }
  Write(version_, Read(version_) + 1);
}

void LiveTable::SetHealth(uint32_t runner, bool not_ready, bool disconnected) {
  Block& block = blocks_[runner / 64];
  const uint64_t bit = uint64_t{1} << (runner % 64);
  const bool was_not_ready = (Read(block.not_ready) & bit) != 0;
  const bool was_disconnected = (Read(block.disconnected) & bit) != 0;
  if (was_not_ready == not_ready && was_disconnected == disconnected) return;
  Write(block.not_ready, not_ready ? Read(block.not_ready) | bit : Read(block.not_ready) & ~bit);
  Write(block.disconnected, disconnected ? Read(block.disconnected) | bit : Read(block.disconnected) & ~bit);
  const auto change = [](std::atomic<uint32_t>& count, bool before, bool now) {
    Write(count, Read(count) + (now ? 1U : 0U) - (before ? 1U : 0U));
  };
  for (uint32_t i = first_[runner]; i < first_[runner + 1]; ++i) {
    const uint32_t row = classes_[i];
    change(healthy_[row], !was_not_ready && !was_disconnected, !not_ready && !disconnected);
    change(not_ready_[row], was_not_ready, not_ready);
    change(disconnected_[row], was_disconnected, disconnected);
    change(both_[row], was_not_ready && was_disconnected, not_ready && disconnected);
  }
  change(unhealthy_, was_not_ready || was_disconnected, not_ready || disconnected);
}

void LiveTable::SetFree(size_t supply, uint32_t runner, std::optional<int64_t> free, int64_t reserved) {
  Column& column = columns_[supply];
  const int64_t most = maxima_[runner].*kAmount[supply];
  const int64_t available = free ? *free : std::max<int64_t>(std::max<int64_t>(most, 0) - reserved, 0);
  Write(column.available[runner], available);
  Write(column.part[runner], most > 0 ? static_cast<double>(available) / static_cast<double>(most) : kNoLimit);
  const int64_t now = free.value_or(kUnreported);
  if (Read(column.free[runner]) == now) return;
  Write(column.free[runner], now);
  // The extremes of its block, and if that one's least moved, of all.
  Block& block = blocks_[runner / 64];
  const size_t begin = runner / 64 * 64;
  const size_t end = std::min(begin + 64, maxima_.size());
  int64_t least = kUnreported;
  int64_t largest = 0;
  for (size_t i = begin; i < end; ++i) {
    least = std::min(least, Read(column.free[i]));
    largest = std::max(largest, Read(column.free[i]));
  }
  Write(block.most[supply], largest);
  if (Read(block.least[supply]) == least) return;
  Write(block.least[supply], least);
  int64_t least_of_all = kUnreported;
  for (const Block& each : blocks_) least_of_all = std::min(least_of_all, Read(each.least[supply]));
  Write(least_[supply], least_of_all);
}

void LiveTable::CopyCounts(ClassCounts& counts) const {
  const auto copy = [](const std::vector<std::atomic<uint32_t>>& from, std::vector<uint32_t>& to) {
    to.resize(from.size());
    for (size_t i = 0; i < from.size(); i += 64) CopyBlock(from.data() + i, to.data() + i);
  };
  copy(healthy_, counts.healthy);
  copy(not_ready_, counts.not_ready);
  copy(disconnected_, counts.disconnected);
  copy(both_, counts.both);
}

uint64_t LiveTable::Compare(size_t supply, size_t word, int64_t amount) const {
  std::array<int64_t, 64> free;
  CopyBlock(columns_[supply].free.data() + word * 64, free.data());
  uint64_t below = 0;
  for (size_t i = 0; i < 64; ++i) below |= static_cast<uint64_t>(free[i] < amount) << i;
  return below;
}

void LiveTable::RoomParts(size_t word, const Amount& amount, std::span<double, 64> rooms) const {
  std::ranges::fill(rooms, kNoLimit);
  for (size_t supply = 0; supply < kSupplyCount; ++supply) {
    if (supply == static_cast<size_t>(Supply::kGpu) && !amount[supply]) continue;
    const auto taken = static_cast<double>(amount[supply].value_or(0));
    const double* const unit = columns_[supply].unit.data() + word * 64;
    std::array<double, 64> part;
    CopyBlock(columns_[supply].part.data() + word * 64, part.data());
    for (size_t i = 0; i < 64; ++i) {
      const double room = part[i] - taken * unit[i];
      rooms[i] = room < rooms[i] ? room : rooms[i];
    }
  }
  for (double& room : rooms) {
    room = room < 0 ? 0 : room;
    room = room == kNoLimit ? 1 : room;
  }
}

Fraction LiveTable::Room(uint32_t runner, const Amount& amount) const {
  // Fractions are compared only with those that are about as small.
  const double least_part = RoomPart(runner, amount) * (1 + kRoomError) + kRoomError;
  std::optional<Fraction> least;
  for (size_t supply = 0; supply < kSupplyCount; ++supply) {
    if (PartLeft(supply, runner, amount[supply]) > least_part) continue;
    const int64_t available = Read(columns_[supply].available[runner]);
    const Fraction room = RoomOf(available, maxima_[runner].*kAmount[supply], amount[supply].value_or(0));
    if (!least || Less(room, *least)) least = room;
  }
  return least.value_or(Fraction{});
}

double LiveTable::RoomPart(uint32_t runner, const Amount& amount) const {
  double least = kNoLimit;
  for (size_t supply = 0; supply < kSupplyCount; ++supply) {
    least = std::min(least, PartLeft(supply, runner, amount[supply]));
  }
  return least == kNoLimit ? 1 : least;
}

}  // namespace berth
