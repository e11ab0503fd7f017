// Which of the candidates that can take a launch gets it: a total order without clocks or chance.
//
// Default bindings first when no profile was named; then the strategy's score, the least room left over CPU, memory and
// (when asked) GPU as an exact fraction of the runner's maximum; then a hash of sandbox and runner, so that ties
// spread; then catalog order. Strategy `first` ignores score and hash.
//
// Threads:   pure functions, no allocation
// Tested by: tests/policy_select_test.cc, the differential test

#ifndef BERTH_POLICY_SELECT_H_
#define BERTH_POLICY_SELECT_H_

#include <cstdint>

#include "berth/policy/match.h"
#include "berth/spec/objects.h"

namespace berth {

// A non-negative fraction; the denominator is at least 1.
struct Fraction {
  int64_t numerator = 1;
  int64_t denominator = 1;
};

[[nodiscard]] bool Less(const Fraction& a, const Fraction& b);

// What is left of `available` after a request for some of it, as a part of a maximum above 0.
[[nodiscard]] Fraction RoomOf(int64_t available, int64_t maximum, int64_t request);

// What is left of the scarcest resource after the launch, as a part of the runner's maximum; 1 when no maximum is
// known. Only for a candidate without failing constraints.
[[nodiscard]] Fraction RoomLeft(const Need& need, const Candidate& candidate);

struct Rank {
  bool preferred = false;  // a default binding, where that counts
  Fraction room;
  uint64_t tie = 0;
  uint32_t order = 0;  // in the catalog
};

// Whether a candidate ranked `a` is chosen before one ranked `b`.
[[nodiscard]] bool Before(const Rank& a, const Rank& b, Strategy strategy);

}  // namespace berth

#endif  // BERTH_POLICY_SELECT_H_
