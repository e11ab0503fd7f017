#include "berth/engine/reason_tally.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

#include "berth/engine/bit_rows.h"

namespace berth {
namespace {

using C = ReasonCode;

constexpr C kShortCodes[kSupplyCount] = {C::kInsufficientCpu, C::kInsufficientMemory, C::kInsufficientGpu};

// What is judged before health is the headline also of unhealthy candidates.
constexpr bool GoesBeforeHealth(C code) { return code < C::kRunnerNotReady; }

template <typename Visit>
void ForEachCode(Failures codes, Visit visit) {
  for (uint32_t rest = codes.bits(); rest != 0; rest &= rest - 1) visit(static_cast<C>(std::countr_zero(rest)));
}

// The runners of a word that count and are of this health.
uint64_t RunnersOf(const PartScope& scope, Health health, size_t word) {
  const LiveTable& live = scope.live();
  const uint64_t all = scope.RunnersAt(word);
  switch (health) {
    case Health::kAny:
      return all;
    case Health::kHealthy:
      return all & ~live.NotReady(word) & ~live.Disconnected(word);
    case Health::kNotReady:
      return all & live.NotReady(word);
    case Health::kDisconnected:
      return all & live.Disconnected(word);
    case Health::kOnlyDisconnected:
      return all & live.Disconnected(word) & ~live.NotReady(word);
  }
  return 0;
}

// The first candidate of these classes on runners of this health; there is one.
uint32_t FirstOf(const PartScope& scope, const uint64_t* classes, Health health) {
  const Part& part = scope.part();
  if (health == Health::kAny || health == Health::kHealthy) {
    // Most runners are: the first ones of the first classes, which are in the order of their first bindings.
    auto best = static_cast<uint32_t>(part.size());
    for (size_t i = 0; i < scope.words(); ++i) {
      for (uint64_t rest = classes[i]; rest != 0; rest &= rest - 1) {
        const auto row = static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(rest)));
        if (part.first_of_class(row) >= best) return scope.first_order() + best;
        best = std::min(best, part.First(row, best, [&](size_t word) { return RunnersOf(scope, health, word); }));
      }
    }
    return scope.first_order() + best;
  }
  // Few are.
  for (size_t word = 0; word < scope.runner_words(); ++word) {
    for (uint64_t rest = RunnersOf(scope, health, word); rest != 0; rest &= rest - 1) {
      const auto runner = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(rest)));
      for (uint32_t i = part.first_binding(runner); i < part.first_binding(runner + 1); ++i) {
        if (HasBit(classes, part.class_of(i))) return scope.first_order() + i;
      }
    }
  }
  return scope.first_order() + static_cast<uint32_t>(part.size());
}

}  // namespace

void ReasonTally::AddConstraints(const PartScope& scope, uint64_t* failed, uint64_t* twice, uint64_t* work) {
  const size_t words = scope.words();
  uint64_t* const blocked = work;
  uint64_t* const headline = work + words;
  bool has_health = scope.all_healthy();
  ForEachCode(scope.failing().codes(), [&](C code) {
    const bool early = GoesBeforeHealth(code);
    if (!early && !has_health) {
      AddHealth(scope, failed, headline);
      has_health = true;
    }
    const uint64_t* const rows = scope.failing().Of(code);
    uint64_t again = 0;
    for (size_t i = 0; i < words; ++i) {
      blocked[i] = rows[i] & scope.classes()[i];
      headline[i] = blocked[i] & ~failed[i];
      again |= blocked[i] & failed[i];
      twice[i] |= blocked[i] & failed[i];
      failed[i] |= blocked[i];
    }
    const uint32_t count = SumOf(blocked, scope.total(), words);
    if (count == 0) return;
    Row& row = RowOf(code);
    row.blocked += count;
    const uint32_t* const weights = early ? scope.total() : scope.healthy();
    const uint32_t headlines = again == 0 && weights == scope.total() ? count : SumOf(headline, weights, words);
    row.headline += headlines;
    Note(row, scope, headlines == 0 ? nullptr : headline, early ? Health::kAny : Health::kHealthy, blocked,
         Health::kAny);
  });
  if (!has_health) AddHealth(scope, failed, headline);
}

// Notes the examples among these classes. Of a part before, they stay.
void ReasonTally::Note(Row& row, const PartScope& scope, const uint64_t* headline, Health headline_health,
                       const uint64_t* blocked, Health blocked_health) {
  if (row.first_headline != kNone) return;
  if (headline != nullptr) {
    row.first_headline = FirstOf(scope, headline, headline_health);
  } else if (row.first_blocked == kNone) {
    row.first_blocked = FirstOf(scope, blocked, blocked_health);
  }
}

// `early`: the classes that fail something that goes before.
void ReasonTally::AddHealth(const PartScope& scope, const uint64_t* early, uint64_t* clean) {
  const size_t words = scope.words();
  for (size_t i = 0; i < words; ++i) clean[i] = scope.classes()[i] & ~early[i];
  const auto add = [&](C code, const uint32_t* weights, Health health, Health headline_health) {
    const uint32_t count = SumOf(scope.classes().data(), weights, words);
    if (count == 0) return;
    Row& row = RowOf(code);
    row.blocked += count;
    // Of runners that are both, not being ready is the headline.
    const uint32_t taken = code == C::kRunnerDisconnected ? SumOf(clean, scope.both(), words) : 0;
    const uint32_t headlines = SumOf(clean, weights, words) - taken;
    row.headline += headlines;
    Note(row, scope, headlines == 0 ? nullptr : clean, headline_health, scope.classes().data(), health);
  };
  add(C::kRunnerNotReady, scope.not_ready(), Health::kNotReady, Health::kNotReady);
  add(C::kRunnerDisconnected, scope.disconnected(), Health::kDisconnected, Health::kOnlyDisconnected);
}

// Who fails one thing alone is on a healthy runner, or fails health alone.
void ReasonTally::AddSoles(const PartScope& scope, const uint64_t* single, uint64_t* rows) {
  const size_t words = scope.words();
  ForEachCode(scope.failing().codes(), [&](C code) {
    const uint64_t* const failing = scope.failing().Of(code);
    for (size_t i = 0; i < words; ++i) rows[i] = failing[i] & single[i];
    RowOf(code).sole += SumOf(rows, scope.healthy(), words);
  });
  if (scope.all_healthy()) return;
  for (size_t i = 0; i < words; ++i) rows[i] = scope.classes()[i] & ~scope.failed()[i];
  const uint32_t both = SumOf(rows, scope.both(), words);
  RowOf(C::kRunnerNotReady).sole += SumOf(rows, scope.not_ready(), words) - both;
  RowOf(C::kRunnerDisconnected).sole += SumOf(rows, scope.disconnected(), words) - both;
}

// What changes where runners are short of something that the launch takes.
class ReasonTally::Shortages {
 public:
  // `failed` and `single`: the classes that fail anything, and just one thing.
  Shortages(const LaunchTerms& terms, PartScope& scope, const uint64_t* failed, const uint64_t* single,
            ReasonTally& tally)
      : terms_(terms),
        scope_(scope),
        part_(scope.part()),
        live_(scope.live()),
        failed_(failed),
        single_(single),
        tally_(tally),
        words_(scope.runner_words()) {}

  void Add() {
    if (!MayOccur()) return;
    if (terms_.brings_amounts()) {
      AddOnSets(part_.offers().valid().data(), Part::AmountOf(terms_.need));
      return;
    }
    // By the amounts that classes bring along. Groups of few bindings are looked at one by one.
    for (const Part::SameAmounts& group : part_.same_amounts()) {
      const LiveTable::Amount amount = part_.AmountOf(terms_.need, group.classes.front());
      if (group.bindings < part_.runner_count() / 16) {
        for (const uint32_t row : group.classes) AddOneByOne(row, amount);
        continue;
      }
      group_.assign(scope_.words(), 0);
      for (const uint32_t row : group.classes) group_[row / 64] |= BitOf(row);
      AddOnSets(group_.data(), amount);
    }
  }

 private:
  // Sets of runners, each of `words_`.
  enum Set : uint8_t {
    kShort,                                // of each supply
    kHeadline = kShort + kSupplyCount,     // healthy, and not short of a supply before it
    kOnly = kHeadline + kSupplyCount,      // healthy, and short of no other
    kHealthyShort = kOnly + kSupplyCount,  // of anything
    kNotReadyShort,                        // likewise, and else only not ready
    kDisconnectedShort,                    // likewise, and else only disconnected
    kSetCount,
  };
  uint64_t* SetAt(size_t set) { return scope_.runner_sets.data() + set * words_; }

  // Whether any runner may be short: no class takes more than these.
  [[nodiscard]] bool MayOccur() const {
    const auto suffices = [&](Supply supply, std::optional<int64_t> Amounts::*side) {
      std::optional<int64_t> most = terms_.need.requests.*side;
      if (!most) {
        most = std::max({part_.most_requested().*side, terms_.need.limits.*side, part_.most_limited().*side});
      }
      return !most || live_.SufficesEverywhere(supply, *most);
    };
    return !suffices(Supply::kCpu, &Amounts::cpu) || !suffices(Supply::kMemory, &Amounts::memory) ||
           !live_.SufficesEverywhere(Supply::kGpu, terms_.need.gpu_count);
  }

  // Fills the sets; false when no runner is short.
  bool FillSets(const LiveTable::Amount& amount) {
    scope_.runner_sets.resize(kSetCount * words_);
    std::array<uint64_t, kSetCount> any{};
    for (size_t word = 0; word < words_; ++word) {
      const uint64_t in_scope = scope_.RunnersAt(word);
      const uint64_t not_ready = live_.NotReady(word);
      const uint64_t disconnected = live_.Disconnected(word);
      const uint64_t healthy = in_scope & ~not_ready & ~disconnected;
      std::array<uint64_t, kSetCount> sets{};
      uint64_t before = 0;
      uint64_t more_than_one = 0;
      for (size_t i = 0; i < kSupplyCount; ++i) {
        const uint64_t is_short = amount[i] ? live_.Short(static_cast<Supply>(i), word, *amount[i]) & in_scope : 0;
        sets[kShort + i] = is_short;
        sets[kHeadline + i] = healthy & is_short & ~before;
        more_than_one |= before & is_short;
        before |= is_short;
      }
      for (size_t i = 0; i < kSupplyCount; ++i) sets[kOnly + i] = healthy & sets[kShort + i] & ~more_than_one;
      sets[kHealthyShort] = healthy & before;
      sets[kNotReadyShort] = before & not_ready & ~disconnected;
      sets[kDisconnectedShort] = before & disconnected & ~not_ready;
      for (size_t i = 0; i < kSetCount; ++i) {
        SetAt(i)[word] = sets[i];
        any[i] |= sets[i];
      }
    }
    for (size_t i = 0; i < kSetCount; ++i) has_[i] = any[i] != 0;
    return std::ranges::any_of(std::span(has_).first(kSupplyCount), [](bool has) { return has; });
  }

  // How many bindings each runner has of the classes, in binary: a set of runners for each digit.
  struct Digits {
    const uint64_t* words;
    size_t count;
  };
  // `keep(word)` says which of the 64 classes count.
  template <typename Keep>
  Digits DigitsOf(Keep keep) {
    const size_t digits = part_.digits();
    scope_.slices.assign((digits + 1) * words_, 0);
    uint64_t* const slices = scope_.slices.data();
    uint64_t* const carry = slices + digits * words_;
    for (size_t i = 0; i < scope_.words(); ++i) {
      ForEachBit(keep(i), i, [&](uint32_t row) { part_.AddToDigits(row, slices, carry); });
    }
    return {slices, digits};
  }
  uint32_t CountOn(size_t set, const Digits& digits) {
    if (!has_[set]) return 0;
    const uint64_t* const runners = SetAt(set);
    uint32_t count = 0;
    for (size_t digit = 0; digit < digits.count; ++digit) {
      const uint64_t* const slice = digits.words + digit * words_;
      uint32_t ones = 0;
      for (size_t i = 0; i < words_; ++i) ones += static_cast<uint32_t>(std::popcount(runners[i] & slice[i]));
      count += ones << digit;
    }
    return count;
  }
  // The first candidate of the classes on the set, or kNone.
  template <typename Keep>
  uint32_t FirstOn(size_t set, const Digits& digits, Keep keep) {
    for (size_t word = 0; word < words_; ++word) {
      uint64_t runners = 0;
      for (size_t digit = 0; digit < digits.count; ++digit) runners |= digits.words[digit * words_ + word];
      runners &= SetAt(set)[word];
      if (runners == 0) continue;
      uint32_t position =
          part_.first_binding(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(runners))));
      const auto counts = [&](uint32_t row) { return (keep(row / 64) & BitOf(row)) != 0; };
      while (!counts(part_.class_of(position))) ++position;
      return scope_.first_order() + position;
    }
    return kNone;
  }

  // For the classes of `group` that are in scope, all of which take `amount`.
  void AddOnSets(const uint64_t* group, const LiveTable::Amount& amount) {
    if (!FillSets(amount)) return;
    const auto counted = [&](size_t i) { return group[i] & scope_.classes()[i]; };
    const bool all = scope_.all_classes() && group == part_.offers().valid().data();
    const Digits blocked = all ? Digits{part_.all_digits().data(), part_.digits()} : DigitsOf(counted);
    for (size_t i = 0; i < kSupplyCount; ++i) {
      if (!has_[kShort + i]) continue;
      Row& row = tally_.RowOf(kShortCodes[i]);
      row.blocked += CountOn(kShort + i, blocked);
      row.first_blocked = std::min(row.first_blocked, FirstOn(kShort + i, blocked, counted));
    }
    AddClean([&](size_t i) { return counted(i) & ~failed_[i]; });
    ForEachCode(scope_.failing().codes(), [&](C code) {
      const uint64_t* const failing = scope_.failing().Of(code);
      const auto alone = [&](size_t i) { return counted(i) & single_[i] & failing[i]; };
      bool any = false;
      for (size_t i = 0; i < scope_.words(); ++i) any = any || alone(i) != 0;
      if (any && has_[kHealthyShort]) tally_.RowOf(code).sole -= CountOn(kHealthyShort, DigitsOf(alone));
    });
  }

  // Classes that fail nothing else.
  template <typename Keep>
  void AddClean(Keep clean) {
    const Digits digits = DigitsOf(clean);
    for (size_t i = 0; i < kSupplyCount; ++i) {
      Row& row = tally_.RowOf(kShortCodes[i]);
      row.sole += CountOn(kOnly + i, digits);
      const uint32_t headline = CountOn(kHeadline + i, digits);
      if (headline == 0) continue;
      row.headline += headline;
      row.first_headline = std::min(row.first_headline, FirstOn(kHeadline + i, digits, clean));
    }
    tally_.RowOf(C::kRunnerNotReady).sole -= CountOn(kNotReadyShort, digits);
    tally_.RowOf(C::kRunnerDisconnected).sole -= CountOn(kDisconnectedShort, digits);
  }

  // The same for one class, by its runners.
  void AddOneByOne(uint32_t row, const LiveTable::Amount& amount) {
    if (!HasBit(scope_.classes().data(), row)) return;
    const bool clean = !HasBit(failed_, row);
    std::optional<C> alone;
    if (HasBit(single_, row)) {
      ForEachCode(scope_.failing().codes(), [&](C code) {
        if (HasBit(scope_.failing().Of(code), row)) alone = code;
      });
    }
    part_.ForEachRunner(row, [&](uint32_t runner) {
      const auto is = [&](uint64_t set) { return (set & BitOf(runner)) != 0; };
      if (!is(scope_.RunnersAt(runner / 64))) return;
      const bool not_ready = is(live_.NotReady(runner / 64));
      const bool disconnected = is(live_.Disconnected(runner / 64));
      Row* first = nullptr;
      size_t count = 0;
      const auto number = [&] { return scope_.first_order() + part_.BindingOn(row, runner); };
      for (size_t i = 0; i < kSupplyCount; ++i) {
        if (!amount[i] || !live_.IsShort(static_cast<Supply>(i), runner, *amount[i])) continue;
        Row& blocked = tally_.RowOf(kShortCodes[i]);
        ++blocked.blocked;
        blocked.first_blocked = std::min(blocked.first_blocked, number());
        if (first == nullptr) first = &blocked;
        ++count;
      }
      if (first == nullptr) return;
      if (!not_ready && !disconnected) {
        if (clean) {
          ++first->headline;
          first->first_headline = std::min(first->first_headline, number());
          first->sole += count == 1 ? 1 : 0;
        } else if (alone) {
          --tally_.RowOf(*alone).sole;
        }
      } else if (clean && not_ready != disconnected) {
        --tally_.RowOf(not_ready ? C::kRunnerNotReady : C::kRunnerDisconnected).sole;
      }
    });
  }

  const LaunchTerms& terms_;
  PartScope& scope_;
  const Part& part_;
  const LiveTable& live_;
  const uint64_t* failed_;
  const uint64_t* single_;
  ReasonTally& tally_;
  const size_t words_;
  RowWords& group_ = scope_.group;
  std::array<bool, kSetCount> has_{};
};

void ReasonTally::Add(const LaunchTerms& terms, PartScope& scope) {
  const size_t words = scope.words();
  // Classes that fail anything so far, and that do so more than once; two sets to work with.
  scope.class_sets.assign(4 * words, 0);
  uint64_t* const failed = scope.class_sets.data();
  uint64_t* const twice = failed + words;
  AddConstraints(scope, failed, twice, twice + words);
  uint64_t* const single = twice;
  for (size_t i = 0; i < words; ++i) single[i] = failed[i] & ~twice[i];
  AddSoles(scope, single, single + words);
  if (!terms.organization.refused) Shortages(terms, scope, failed, single, *this).Add();
}

void ReasonTally::AppendTo(std::span<const PartScope> scopes, std::vector<ReasonCount>& reasons) const {
  for (size_t i = 0; i < kConstraintCount; ++i) {
    const Row& row = rows_[i];
    if (row.blocked == 0) continue;
    const uint32_t example = row.first_headline != kNone ? row.first_headline : row.first_blocked;
    const auto holds = [&](const PartScope& scope) { return example < scope.first_order() + scope.part().size(); };
    const PartScope& scope = *std::ranges::find_if(scopes, holds);
    reasons.push_back(
        {static_cast<C>(i), row.headline, row.blocked, row.sole, scope.part().binding(example - scope.first_order())});
  }
}

}  // namespace berth
