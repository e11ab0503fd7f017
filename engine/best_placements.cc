#include "berth/engine/best_placements.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "berth/engine/bit_rows.h"
#include "berth/engine/tie_hash.h"
#include "berth/policy/select.h"

namespace berth {
namespace {

// With fewer runners than this in a word, each is looked at alone.
constexpr int kFewRunners = 16;

// Numbers of floating point decide only where they are farther apart than their errors can be.
double MarginOf(double room) { return LiveTable::kRoomError * (1 + std::abs(room)); }

}  // namespace

bool BestPlacements::full() const { return placed_.size() == kMaxAlternatives + 1; }

void BestPlacements::Add(const LaunchTerms& terms, PartScope& scope, bool preferred) {
  const Part& part = scope.part();
  const size_t words = scope.words();
  scope.class_sets.resize(2 * words);
  uint64_t* const fitting = scope.class_sets.data();
  uint64_t any = 0;
  for (size_t i = 0; i < words; ++i) {
    const uint64_t defaults = terms.named ? 0 : part.defaults()[i];
    fitting[i] = scope.classes()[i] & ~scope.failed()[i] & (preferred ? defaults : ~defaults);
    any |= fitting[i];
  }
  if (any == 0) return;
  Scan scan = {terms, scope, fitting, preferred, {}};
  scope.runner_sets.assign(scope.runner_words(), 0);
  if (terms.brings_amounts()) {
    for (size_t i = 0; i < words; ++i) {
      ForEachBit(fitting[i], i, [&](uint32_t row) { part.AddRunnersOf(row, scope.runner_sets.data()); });
    }
    scan.amount = Part::AmountOf(terms.need);
    ScanRunners(scan, scope.runner_sets.data());
    return;
  }
  // Classes that take different amounts, one after another.
  uint64_t* const one = fitting + words;
  std::fill_n(one, words, 0);
  scan.classes = one;
  for (size_t i = 0; i < words; ++i) {
    ForEachBit(fitting[i], i, [&](uint32_t row) {
      one[i] = BitOf(row);
      scan.amount = part.AmountOf(terms.need, row);
      if (part.is_listed(row)) {
        for (const uint32_t runner : part.ListOf(row)) ScanWord(scan, runner / 64, BitOf(runner));
      } else {
        ScanRunners(scan, part.BitsOf(row));
      }
    });
    one[i] = 0;
  }
}

void BestPlacements::ScanRunners(const Scan& scan, const uint64_t* runners) {
  for (size_t word = 0; word < scan.scope.runner_words(); ++word) {
    if (runners[word] != 0) ScanWord(scan, word, runners[word]);
  }
}

void BestPlacements::ScanWord(const Scan& scan, size_t word, uint64_t runners) {
  const LiveTable& live = scan.scope.live();
  const Strategy strategy = scan.terms.organization.settings.strategy;
  uint64_t able = runners & scan.scope.RunnersAt(word) & ~live.NotReady(word) & ~live.Disconnected(word);
  if (able == 0) return;
  const bool was_full = full();
  if (!was_full) {
    for (size_t i = 0; i < kSupplyCount && able != 0; ++i) {
      if (scan.amount[i]) able &= ~live.Short(static_cast<Supply>(i), word, *scan.amount[i]);
    }
  }
  // Most are hopeless when there are enough good ones, and then nobody need know whether they are short of something.
  const auto consider = [&](uint32_t runner, double room) {
    if (!was_full || !live.IsShort(runner, scan.amount)) Consider(scan, runner, room);
  };
  if (strategy == Strategy::kFirst) {
    ForEachBit(able, word, [&](uint32_t runner) { consider(runner, 0); });
  } else if (std::popcount(able) < kFewRunners) {
    ForEachBit(able, word, [&](uint32_t runner) {
      const double room = live.RoomPart(runner, scan.amount);
      if (!full() || IsHopeful(room, strategy)) consider(runner, room);
    });
  } else {
    std::array<double, 64> rooms;
    live.RoomParts(word, scan.amount, rooms);
    if (was_full) able &= HopefulOf(rooms, strategy);
    ForEachBit(able, word, [&](uint32_t runner) { consider(runner, rooms[runner % 64]); });
  }
}

// Whether it may be among the best, as far as its room tells.
bool BestPlacements::IsHopeful(double room, Strategy strategy) const {
  const double worst = placed_.back().room;
  return strategy == Strategy::kSpread ? room >= worst - MarginOf(worst) : room <= worst + MarginOf(worst);
}

uint64_t BestPlacements::HopefulOf(std::span<const double, 64> rooms, Strategy strategy) const {
  uint64_t hopeful = 0;
  for (size_t i = 0; i < 64; ++i) hopeful |= static_cast<uint64_t>(IsHopeful(rooms[i], strategy)) << i;
  return hopeful;
}

void BestPlacements::Consider(const Scan& scan, uint32_t runner, double room) {
  const Part& part = scan.scope.part();
  const Strategy strategy = scan.terms.organization.settings.strategy;
  const uint32_t first = part.first_binding(runner);
  Placed placed;
  placed.rank.preferred = scan.preferred;
  placed.rank.order = scan.scope.first_order() + first;
  if (strategy != Strategy::kFirst) {
    placed.room = room;
    placed.rank.room = scan.scope.live().Room(runner, scan.amount);
    placed.rank.tie = TieHash(scan.terms.sandbox_hash, part.tie_hash(runner));
  }
  // The runner's first binding goes before its others.
  if (full() && !GoesBefore(placed, placed_.back(), strategy)) return;
  for (uint32_t i = first; i < part.first_binding(runner + 1); ++i) {
    if (!HasBit(scan.classes, part.class_of(i))) continue;
    placed.rank.order = scan.scope.first_order() + i;
    placed.binding = part.binding(i);
    Place(placed, strategy);
  }
}

void BestPlacements::Place(const Placed& placed, Strategy strategy) {
  if (full()) {
    if (!GoesBefore(placed, placed_.back(), strategy)) return;
    placed_.pop_back();
  }
  const auto next =
      std::ranges::find_if(placed_, [&](const Placed& other) { return GoesBefore(placed, other, strategy); });
  placed_.insert(next, placed);
}

// As Before, which compares rooms exactly only where the numbers are near.
bool BestPlacements::GoesBefore(const Placed& a, const Placed& b, Strategy strategy) {
  const bool rooms_tell = a.rank.preferred == b.rank.preferred && std::abs(a.room - b.room) > MarginOf(b.room);
  if (rooms_tell && strategy == Strategy::kSpread) return a.room > b.room;
  if (rooms_tell && strategy == Strategy::kPack) return a.room < b.room;
  return Before(a.rank, b.rank, strategy);
}

}  // namespace berth
