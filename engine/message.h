// A decision as one line that stands alone: counts, numbers with units, limits, and what to do next.
//
// Guarantees: what is said of a number of bindings is true of each one of them; what only holds for all together, or
//             for the one that gives most, is said to be so. One line, whatever the documents hold
// Tested by:  tests/engine_message_test.cc, golden files

#ifndef BERTH_ENGINE_MESSAGE_H_
#define BERTH_ENGINE_MESSAGE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "berth/engine/decision.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/remedy.h"
#include "berth/spec/launch.h"

namespace berth {

// "0 of 12 bindings can take this sandbox: 7 do not offer egress mode `internet` (together they offer `a`, `b`) [e.g.
// profile, profiles/agent.yaml:6:14]; 5 cap memory below 96Gi (the largest cap is 64Gi) [e.g. profile,
// profiles/ci.yaml:9:18]; next: lower `resource_limits.memory` from 96Gi to 64Gi (then 3 bindings can take it)"
std::string MessageOf(const Decision& decision, const LaunchRequest& request);
// The same with the remedies at hand. `where` is what was asked about: everywhere, or one place.
std::string MessageOf(const Decision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                      std::string_view where = "anywhere");

// The change in words: "lower `resource_limits.memory` from 96Gi to 64Gi".
std::string RemedyText(const Remedy& remedy, const Decision& decision, const LaunchRequest& request);

// One reason for the `count` bindings that `detail` was made of: "cap memory below 96Gi (the largest cap is 64Gi)".
std::string ReasonText(ReasonCode code, const ReasonDetail& detail, uint32_t count);

// What would help against this reason: "ask for at most 64Gi of memory". With the largest offer of the bindings in
// `detail`, so that it can help at least one of them.
std::string HelpText(ReasonCode code, const ReasonDetail& detail);

}  // namespace berth

#endif  // BERTH_ENGINE_MESSAGE_H_
