// The constraints of Match over many offers at once: which of them fail which constraint, a bit for each.
//
// A fleet has far fewer distinct offers than bindings. The table keeps each as a row and prepares, for every constraint,
// sets of rows: those that offer a name, those whose limit is below one of the limits that occur. A request then costs
// a look-up and a few words of bit algebra for each constraint, instead of a comparison for each row. Numbers of which
// there are too many distinct ones for such sets stay columns, and are compared one by one.
//
// Guarantees:  a row's bits are what Match says of its offer, without the constraints that read live state
// Ownership:   rows point to offers and runners, which must stay where they are
// Threads:     immutable; FailingRows belong to one thread
// Cost:        Match takes a few operations for each constraint and 64 rows, and allocates nothing once its result has
//              grown. Memory is linear in the names and numbers of the rows
// Tested by:   tests/policy_offer_table_test.cc, the differential test

#ifndef BERTH_POLICY_OFFER_TABLE_H_
#define BERTH_POLICY_OFFER_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "berth/policy/match.h"
#include "berth/policy/reason.h"

namespace berth {

// A set of rows, 64 a word, the first in the lowest bit.
using RowWords = std::vector<uint64_t>;
[[nodiscard]] constexpr size_t WordsFor(size_t rows) { return (rows + 63) / 64; }

// A set of rows that is never changed: a bit for each row, or a list where that is shorter.
class RowSet {
 public:
  // `rows` ascends.
  RowSet(std::vector<uint32_t> rows, size_t row_count);

  void AddTo(uint64_t* words) const;
  void RemoveFrom(uint64_t* words) const;
  // Whether any row of the set is among `words`.
  [[nodiscard]] bool Meets(const uint64_t* words) const;

 private:
  RowWords words_;              // empty: the list counts
  std::vector<uint32_t> list_;  // empty: the words count
};

// Sets of rows by name.
class NamedRows {
 public:
  // A row may have several names, and one name may be added to a row twice.
  void Add(std::string_view name, uint32_t row);
  void Finish(size_t row_count);

  // Null for a name that no row has. One hash of the name.
  [[nodiscard]] const RowSet* Find(std::string_view name) const;

 private:
  absl::flat_hash_map<std::string, uint32_t> index_;
  std::vector<std::vector<uint32_t>> lists_;  // until Finish
  std::vector<RowSet> sets_;
};

// Numbers of rows, of which some may be unknown, and whose are below a bound.
class RowNumbers {
 public:
  // A row whose number is unknown is neither below nor above anything.
  void Finish(std::span<const std::optional<int64_t>> numbers);

  // Points to the answer: into the prepared sets, or into `buffer`, which holds a word for each 64 rows.
  [[nodiscard]] const uint64_t* Below(int64_t bound, uint64_t* buffer) const;
  // Likewise; of the rows whose number is known, those that are not above the bound. The others are anything.
  [[nodiscard]] const uint64_t* NotAbove(int64_t bound, uint64_t* buffer) const;

 private:
  std::vector<int64_t> distinct_;  // ascending
  RowWords below_;                 // for each distinct number and for what is above all: the rows below it
  std::vector<int64_t> column_;    // in place of both; INT64_MAX where the number is unknown
  size_t words_ = 0;
};

// The rows that fail each constraint.
class FailingRows {
 public:
  // Forgets everything; from now on a set has this many words.
  void Reset(size_t words);

  [[nodiscard]] size_t words() const { return words_; }
  // The constraints that some row fails.
  [[nodiscard]] Failures codes() const { return codes_; }
  // Only for a code in codes().
  [[nodiscard]] const uint64_t* Of(ReasonCode code) const { return bits_.data() + static_cast<size_t>(code) * words_; }

  // Sets the rows of a code, one word for each call of `word(index)`.
  template <typename Word>
  void Put(ReasonCode code, Word word) {
    uint64_t* const out = bits_.data() + static_cast<size_t>(code) * words_;
    uint64_t any = 0;
    for (size_t i = 0; i < words_; ++i) any |= out[i] = word(i);
    codes_.AddIf(any != 0, code);
  }

 private:
  friend class OfferTable;
  uint64_t* Buffer(size_t index) { return bits_.data() + (kConstraintCount + index) * words_; }

  static constexpr size_t kBuffers = 2;
  size_t words_ = 0;
  Failures codes_;
  RowWords bits_;
};

class OfferTable {
 public:
  struct Row {
    const Offer* offer = nullptr;
    const Runner* runner = nullptr;
  };

  OfferTable() = default;
  explicit OfferTable(std::vector<Row> rows);

  [[nodiscard]] size_t size() const { return rows_.size(); }
  [[nodiscard]] const Offer& offer(size_t row) const { return *rows_[row].offer; }
  [[nodiscard]] size_t words() const { return all_.size(); }
  [[nodiscard]] const RowWords& all() const { return all_; }
  [[nodiscard]] const RowWords& valid() const { return valid_; }

  void Match(const Need& need, const CallerRules& caller, FailingRows& failing) const;

 private:
  // CPU or memory.
  struct DimensionRows {
    RowNumbers request;
    RowNumbers limit;
    RowNumbers maximum;
    RowWords has_request;
    RowWords has_limit;
    RowWords request_above_limit;
    RowWords request_above_maximum;
    RowWords default_above_maximum;  // the request, or the limit in its place
  };
  struct GpuRows {
    std::span<const GpuType> types;
    RowSet rows;
  };

  void BuildNames();
  void BuildGpus();
  void BuildDimension(size_t index);
  void MatchRunner(const Need& need, FailingRows& failing) const;
  void MatchSpec(const Need& need, const CallerRules& caller, FailingRows& failing) const;
  void MatchDimension(size_t index, const Need& need, const CallerRules& caller, FailingRows& failing) const;
  void PutLacking(ReasonCode code, const RowWords& universe, const RowSet* offering, FailingRows& failing) const;
  void PutLackingGpu(const Need& need, FailingRows& failing) const;

  std::vector<Row> rows_;
  RowWords all_;
  RowWords valid_;
  // Those below that read the spec hold valid rows only.
  RowWords invalid_;
  RowWords needs_user_;
  RowWords without_privileged_;
  RowWords enforcing_limits_;
  NamedRows architectures_;
  NamedRows storage_classes_;
  NamedRows egress_modes_;
  NamedRows ingress_levels_;
  NamedRows gpu_types_;
  std::vector<GpuRows> gpus_;  // of each distinct list of types that is not empty
  RowNumbers gpu_maximum_;
  std::array<DimensionRows, 2> dimensions_;
};

}  // namespace berth

#endif  // BERTH_POLICY_OFFER_TABLE_H_
