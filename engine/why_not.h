// Why a launch does not go to a binding that somebody expected: the same launch asked of that binding alone, and what the
// request as sent made of it.
//
// Ownership:  values; indices are of the decision's snapshot
// Cost:       linear in the visible bindings
// Tested by:  tests/engine_why_not_test.cc

#ifndef BERTH_ENGINE_WHY_NOT_H_
#define BERTH_ENGINE_WHY_NOT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "berth/engine/admission.h"
#include "berth/engine/decision.h"
#include "berth/spec/launch.h"

namespace berth {

// One binding in the decision on the request as sent.
struct Standing {
  uint32_t binding = 0;
  uint32_t missed_filters = 0;     // a bit for each Filter that leaves it out
  bool is_default_needed = false;  // left out, because the request names no profile
  std::optional<uint32_t> place;   // 1: it gets the launch; nothing: not among the placements
  [[nodiscard]] bool in_scope() const { return missed_filters == 0 && !is_default_needed; }
};

// Of every binding of the runner, or those called `profile` when that is given; names and ids may be those of several.
// Empty: there is no such binding. `decision` must be the one on `request`, and neither invalid nor empty.
[[nodiscard]] std::vector<Standing> StandingsOf(const DetailedDecision& decision, const LaunchRequest& request,
                                                std::string_view runner_id, std::string_view profile);

// The decision on the same launch if these bindings were all there is, whatever the request's filters say.
[[nodiscard]] DetailedDecision DecideAt(const DetailedDecision& decision, const LaunchRequest& request,
                                        std::span<const uint32_t> bindings, Scratch& scratch);

}  // namespace berth

#endif  // BERTH_ENGINE_WHY_NOT_H_
