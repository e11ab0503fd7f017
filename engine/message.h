// A decision as one line that stands alone: counts, numbers with units, limits, and what to do next.
//
// Tested by: golden files

#ifndef BERTH_ENGINE_MESSAGE_H_
#define BERTH_ENGINE_MESSAGE_H_

#include <string>
#include <string_view>

#include "berth/engine/decision.h"
#include "berth/engine/reason_detail.h"
#include "berth/spec/launch.h"

namespace berth {

// "0 of 12 bindings can take this sandbox: 7 declare egress modes `a`, `b` but not `internet`, 5 cap memory at 64Gi"
std::string MessageOf(const Decision& decision, const LaunchRequest& request);

// One reason for `count` bindings: "cap memory at 64Gi (96Gi asked)".
std::string ReasonText(ReasonCode code, const ReasonDetail& detail, uint32_t count);

// What would help against this reason: "ask for at most 64Gi of memory".
std::string HelpText(ReasonCode code, const ReasonDetail& detail);

}  // namespace berth

#endif  // BERTH_ENGINE_MESSAGE_H_
