// How a launch's amounts must change to fit one candidate (semantics, "Remedies").
//
// Only codes about amounts can be mended so: a missing limit, a request above its limit, and everything that a smaller
// launch would pass. What comes out is arithmetic; whether it is admitted is for admission to say.
//
// Threads:    pure functions, no allocation
// Tested by:  tests/policy_fit_test.cc, the differential test

#ifndef BERTH_POLICY_FIT_H_
#define BERTH_POLICY_FIT_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "berth/policy/match.h"
#include "berth/policy/reason.h"

namespace berth {

// The amounts a launch asks for, in the order in which changes to them are listed.
enum class Amount : uint8_t { kCpuLimit, kCpuRequest, kMemoryLimit, kMemoryRequest, kGpuCount };
inline constexpr size_t kAmountCount = static_cast<size_t>(Amount::kGpuCount) + 1;
constexpr bool IsLimit(Amount amount) { return amount == Amount::kCpuLimit || amount == Amount::kMemoryLimit; }
constexpr bool IsCpu(Amount amount) { return amount == Amount::kCpuLimit || amount == Amount::kCpuRequest; }

struct AmountEdit {
  int64_t value = 0;    // millicores, bytes or GPUs
  int64_t before = 0;   // as resolved; 0 where it was absent
  bool lowered = true;  // false: a limit that was missing

  // By the change alone, whatever stood there before.
  friend bool operator==(const AmountEdit& a, const AmountEdit& b) {
    return a.value == b.value && a.lowered == b.lowered;
  }
  friend auto operator<=>(const AmountEdit& a, const AmountEdit& b) {
    return std::pair(a.value, a.lowered) <=> std::pair(b.value, b.lowered);
  }
};

// Nothing where an amount stays as it is.
class AmountEdits {
 public:
  [[nodiscard]] std::optional<AmountEdit>& operator[](Amount amount) { return edits_[static_cast<size_t>(amount)]; }
  [[nodiscard]] const std::optional<AmountEdit>& operator[](Amount amount) const {
    return edits_[static_cast<size_t>(amount)];
  }
  [[nodiscard]] bool empty() const { return *this == AmountEdits(); }
  // How many of CPU, memory and GPU are edited.
  [[nodiscard]] int dimensions() const;
  // What is kept of what was asked, summed over the amounts: 5 when nothing is lowered.
  [[nodiscard]] double kept() const;

  friend bool operator==(const AmountEdits&, const AmountEdits&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): it takes the comparison's own 0 for a pointer
  friend auto operator<=>(const AmountEdits&, const AmountEdits&) = default;

 private:
  std::array<std::optional<AmountEdit>, kAmountCount> edits_;
};

// Whether `other` asks for as much in every amount and for more in one, and adds the same limits.
[[nodiscard]] bool IsDominated(const AmountEdits& edits, const AmountEdits& other);

// Add missing limits and set requests to their limits; lower what is too much; both.
enum class FitWay : uint8_t { kFix, kShrink, kBoth };

// Nothing when the candidate fails something else, or could be fitted only with an amount of nothing. `joined`: one
// number of the request sets both sides of a resource.
[[nodiscard]] std::optional<AmountEdits> FitTo(const Candidate& candidate, Failures failures, const Need& need,
                                               const CallerRules& caller, FitWay way, bool joined);

}  // namespace berth

#endif  // BERTH_POLICY_FIT_H_
