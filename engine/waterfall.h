// Where the candidates of a rejected launch are lost: how many are left after each filter and each constraint, and how
// many each remedy brings back.
//
// A candidate is lost at the first filter it does not pass, else at its headline. All that is lost adds up to the
// bindings that the caller may see.
//
// Ownership:  names are constant data
// Cost:       one admission for each remedy; not for the admission path
// Tested by:  tests/engine_waterfall_test.cc

#ifndef BERTH_ENGINE_WATERFALL_H_
#define BERTH_ENGINE_WATERFALL_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/remedy.h"
#include "berth/spec/launch.h"

namespace berth {

struct WaterfallStep {
  std::string_view name;           // `profile filter`, or a reason's name
  std::string_view capability;     // of a reason, else empty
  uint32_t lost = 0;               // at this step
  uint32_t left = 0;               // after it
  std::vector<uint32_t> regained;  // for each remedy: how many of those lost here it admits
};

struct Waterfall {
  uint32_t visible = 0;              // bindings that the caller may see
  std::vector<WaterfallStep> steps;  // those at which something is lost, in order
};

[[nodiscard]] Waterfall WaterfallOf(const DetailedDecision& decision, const LaunchRequest& request,
                                    std::span<const Remedy> remedies);

}  // namespace berth

#endif  // BERTH_ENGINE_WATERFALL_H_
