// A remedy in words, as a step to take: "lower `resource_limits.memory` from 96Gi to 64Gi".
//
// Guarantees: one line that begins with a verb and names every part of the change
// Threads:    pure functions
// Tested by:  tests/engine_message_lint_test.cc

#ifndef BERTH_ENGINE_REMEDY_TEXT_H_
#define BERTH_ENGINE_REMEDY_TEXT_H_

#include <string>

#include "berth/engine/decision.h"
#include "berth/engine/remedy.h"
#include "berth/spec/launch.h"

namespace berth {

std::string RemedyText(const Remedy& remedy, const DetailedDecision& decision, const LaunchRequest& request);

}  // namespace berth

#endif  // BERTH_ENGINE_REMEDY_TEXT_H_
