// Bindings arranged for deciding: those of one organization's own runners, or those of all shared runners.
//
// Bindings that no launch can tell apart but by their runners form a class: the same spec, the same profile and name,
// the same capabilities. What does not depend on live state is judged once for each class (OfferTable); a class then
// knows its runners as bits, or as a list where that is shorter. Classes are numbered in the order of their first
// bindings, so the first class of a set has its first binding.
//
// Ownership:   views the snapshot that it is part of
// Threads:     immutable but for the live table, which says itself who may write
// Cost:        building it is linear in the bindings, with a hash of what makes up each class; some 30 bytes a binding
// Tested by:   the differential test

#ifndef BERTH_ENGINE_PART_H_
#define BERTH_ENGINE_PART_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/bit_rows.h"
#include "berth/engine/live_table.h"
#include "berth/policy/offer_table.h"

namespace berth {

struct CompiledBinding;
struct CompiledRunner;
class Snapshot;

class Part {
 public:
  // `bindings` are indices of the snapshot, in catalog order: those of a runner stand together, runners ascend.
  Part(const Snapshot& snapshot, std::span<const uint32_t> bindings);

  // Bindings and runners are counted from 0 here; these are their indices in the snapshot.
  [[nodiscard]] size_t size() const { return bindings_.size(); }
  [[nodiscard]] uint32_t binding(uint32_t position) const { return bindings_[position]; }
  [[nodiscard]] uint32_t class_of(uint32_t position) const { return class_of_[position]; }
  [[nodiscard]] size_t runner_count() const { return runners_.size(); }
  [[nodiscard]] size_t runner_words() const { return WordsFor(runners_.size()); }
  [[nodiscard]] uint32_t runner(uint32_t position) const { return runners_[position]; }
  // The bindings of a runner: from here to the first one of the next.
  [[nodiscard]] uint32_t first_binding(uint32_t runner) const { return first_[runner]; }

  [[nodiscard]] LiveTable& live() const { return *live_; }
  [[nodiscard]] const std::shared_ptr<LiveTable>& shared_live() const { return live_; }

  // --- Classes ---
  [[nodiscard]] size_t class_count() const { return classes_.size(); }
  [[nodiscard]] const OfferTable& offers() const { return offers_; }
  // One binding of the class, as an index of the snapshot.
  [[nodiscard]] uint32_t Example(uint32_t class_index) const { return bindings_[classes_[class_index].first]; }
  [[nodiscard]] uint32_t first_of_class(uint32_t class_index) const { return classes_[class_index].first; }
  // Bindings of each class, padded to whole words of rows.
  [[nodiscard]] const std::vector<uint32_t>& populations() const { return populations_; }
  [[nodiscard]] const RowWords& defaults() const { return defaults_; }
  // Classes that launches may call by this name; null: none.
  [[nodiscard]] const RowSet* Called(std::string_view name) const { return names_.Find(name); }

  // --- Runners of a class; a class has one binding on each ---
  [[nodiscard]] bool is_listed(uint32_t class_index) const { return classes_[class_index].bits == kNoBits; }
  // Its runners, ascending; listed classes only.
  [[nodiscard]] std::span<const uint32_t> ListOf(uint32_t class_index) const {
    const Class& row = classes_[class_index];
    return {lists_.data() + row.list, populations_[class_index]};
  }
  // The same as a word for each 64 runners; the other classes.
  [[nodiscard]] const uint64_t* BitsOf(uint32_t class_index) const { return bits_.data() + classes_[class_index].bits; }
  [[nodiscard]] uint32_t BindingOn(uint32_t class_index, uint32_t runner) const;
  void AddRunnersOf(uint32_t class_index, uint64_t* runners) const;
  template <typename Visit>
  void ForEachRunner(uint32_t class_index, Visit visit) const {
    if (is_listed(class_index)) {
      for (const uint32_t runner : ListOf(class_index)) visit(runner);
      return;
    }
    for (size_t i = 0; i < runner_words(); ++i) ForEachBit(BitsOf(class_index)[i], i, visit);
  }
  // The first binding of the class below `bound` on one of the runners, of which `runners(word)` gives 64 at a time;
  // size() when there is none.
  template <typename Runners>
  [[nodiscard]] uint32_t First(uint32_t class_index, uint32_t bound, Runners runners) const {
    uint32_t found = bound;
    const auto look = [&](uint64_t members, size_t word) {
      if (first_[word * 64] >= bound) return true;
      const uint64_t both = members & runners(word);
      if (both == 0) return false;
      found = BindingOn(class_index, static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(both))));
      return true;
    };
    if (is_listed(class_index)) {
      for (const uint32_t runner : ListOf(class_index)) {
        if (look(BitOf(runner), runner / 64)) break;
      }
    } else {
      for (size_t i = classes_[class_index].first_runner / 64; i < runner_words(); ++i) {
        if (look(BitsOf(class_index)[i], i)) break;
      }
    }
    return found < bound ? found : static_cast<uint32_t>(size());
  }

  // How many bindings each runner has of some classes, as binary numbers: a set of runners for each digit. AddToDigits
  // adds a class to such numbers; `carry` is a set of runners to work with. all_digits counts all valid bindings.
  [[nodiscard]] size_t digits() const { return digits_; }
  void AddToDigits(uint32_t class_index, uint64_t* digits, uint64_t* carry) const;
  [[nodiscard]] const RowWords& all_digits() const { return all_digits_; }

  // --- What launches take of a runner ---
  // Of a launch that brings both amounts, and on bindings of a class, which must be valid.
  [[nodiscard]] static LiveTable::Amount AmountOf(const Need& need);
  [[nodiscard]] LiveTable::Amount AmountOf(const Need& need, uint32_t class_index) const;
  // Valid classes that set the same amounts.
  struct SameAmounts {
    std::vector<uint32_t> classes;
    uint32_t bindings = 0;
  };
  [[nodiscard]] std::span<const SameAmounts> same_amounts() const { return same_amounts_; }
  // The largest request and limit of any class.
  [[nodiscard]] const Amounts& most_requested() const { return most_requested_; }
  [[nodiscard]] const Amounts& most_limited() const { return most_limited_; }

  // --- Runners ---
  // Fnv1a64 of its id.
  [[nodiscard]] uint64_t tie_hash(uint32_t runner) const { return tie_hashes_[runner]; }
  // With `defaults_only`: that have a default binding.
  [[nodiscard]] bool has_defaults() const { return !default_runners_.empty(); }
  [[nodiscard]] bool HasRunner(std::string_view runner_id, bool defaults_only) const;
  [[nodiscard]] bool HasAny(const RowSet* runners, bool defaults_only) const;
  void AddRunnersCalled(std::string_view runner_id, uint64_t* runners) const;
  [[nodiscard]] const RowSet* InGroup(std::string_view group) const { return groups_.Find(group); }
  [[nodiscard]] const RowSet* InZone(std::string_view zone) const { return zones_.Find(zone); }

 private:
  static constexpr size_t kNoBits = static_cast<size_t>(-1);
  struct Class {
    uint32_t first = 0;  // position of its first binding
    uint32_t first_runner = 0;
    uint32_t list = 0;      // where its runners begin in lists_
    size_t bits = kNoBits;  // where its words begin in bits_
  };

  // From the first to one past the last.
  [[nodiscard]] std::pair<uint32_t, uint32_t> RunnersCalled(std::string_view runner_id) const;
  void GroupByRunner(const Snapshot& snapshot);
  void Classify(const Snapshot& snapshot);
  void KeepMembers();
  void Name(const Snapshot& snapshot);
  void CompareAmounts();
  void CountDigits();

  std::vector<uint32_t> bindings_;
  std::vector<uint32_t> class_of_;
  std::vector<uint32_t> runners_;
  std::vector<std::string_view> runner_ids_;  // ascending
  std::vector<uint64_t> tie_hashes_;
  std::vector<uint32_t> first_;
  std::vector<Class> classes_;
  std::vector<uint32_t> populations_;
  std::vector<uint32_t> lists_;
  RowWords bits_;
  RowWords defaults_;
  RowWords default_runners_;  // runners with a default binding; empty: none
  NamedRows names_;
  NamedRows groups_;
  NamedRows zones_;
  OfferTable offers_;
  size_t digits_ = 0;
  RowWords all_digits_;
  std::vector<SameAmounts> same_amounts_;
  Amounts most_requested_;
  Amounts most_limited_;
  std::shared_ptr<LiveTable> live_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_PART_H_
