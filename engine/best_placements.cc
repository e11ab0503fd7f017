#include "berth/engine/best_placements.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "berth/engine/bit_rows.h"
#include "berth/engine/tie_hash.h"

namespace berth {
namespace {

// With fewer runners than this in a word, each is looked at alone.
constexpr int kFewRunners = 8;

// Numbers of floating point decide only where they are farther apart than their errors can be.
double MarginOf(double room) { return 1e-9 * (1 + std::abs(room)); }

double NumberOf(const Fraction& room) {
  return static_cast<double>(room.numerator) / static_cast<double>(room.denominator);
}

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
  Scan scan = {terms, scope, fitting, {}, {}};
  scan.rank.preferred = preferred;
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
  if (!full()) {
    for (size_t i = 0; i < kSupplyCount && able != 0; ++i) {
      if (scan.amount[i]) able &= ~live.Short(static_cast<Supply>(i), word, *scan.amount[i]);
    }
  } else if (strategy != Strategy::kFirst) {
    // Leaves out who cannot be among the best.
    const bool spreads = strategy == Strategy::kSpread;
    const double worst = NumberOf(placed_.back().rank.room);
    const double bound = spreads ? worst - MarginOf(worst) : worst + MarginOf(worst);
    uint64_t hopeful = 0;
    if (std::popcount(able) < kFewRunners) {
      ForEachBit(able, word, [&](uint32_t runner) {
        const double room = live.RoomPart(runner, scan.amount);
        if (spreads ? room >= bound : room <= bound) hopeful |= BitOf(runner);
      });
    } else {
      std::array<double, 64> rooms;
      live.RoomParts(word, scan.amount, rooms);
      if (spreads) {
        for (size_t i = 0; i < 64; ++i) hopeful |= static_cast<uint64_t>(rooms[i] >= bound) << i;
      } else {
        for (size_t i = 0; i < 64; ++i) hopeful |= static_cast<uint64_t>(rooms[i] <= bound) << i;
      }
    }
    able &= hopeful;
  }
  ForEachBit(able, word, [&](uint32_t runner) { Consider(scan, runner); });
}

void BestPlacements::Consider(const Scan& scan, uint32_t runner) {
  const Part& part = scan.scope.part();
  const LiveTable& live = scan.scope.live();
  const Strategy strategy = scan.terms.organization.settings.strategy;
  if (live.IsShort(runner, scan.amount)) return;
  Rank rank = scan.rank;
  rank.order = scan.scope.first_order() + part.first_binding(runner);
  if (strategy == Strategy::kFirst) {
    if (full() && rank.order > placed_.back().rank.order) return;
  } else {
    rank.tie = TieHash(scan.terms.sandbox_hash, part.tie_hash(runner));
    rank.room = live.Room(runner, scan.amount);
    // The order within the runner comes last, and it is the least here.
    if (full() && !Before(rank, placed_.back().rank, strategy)) return;
  }
  for (uint32_t i = part.first_binding(runner); i < part.first_binding(runner + 1); ++i) {
    if (HasBit(scan.classes, part.class_of(i))) Place(scan, rank, i);
  }
}

void BestPlacements::Place(const Scan& scan, const Rank& rank, uint32_t position) {
  const Strategy strategy = scan.terms.organization.settings.strategy;
  Placed placed = {rank, scan.scope.part().binding(position)};
  placed.rank.order = scan.scope.first_order() + position;
  if (full()) {
    if (!Before(placed.rank, placed_.back().rank, strategy)) return;
    placed_.pop_back();
  }
  const auto next =
      std::ranges::find_if(placed_, [&](const Placed& other) { return Before(placed.rank, other.rank, strategy); });
  placed_.insert(next, placed);
}

}  // namespace berth
