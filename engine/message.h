// A decision as one line that stands alone: how many bindings were asked, what they lack and by how much, who set that,
// and what to do next.
//
// Guarantees: what is said of a number of bindings is true of each one of them; what only holds for all together, for
//             the one that gives most, or for an example, is said to be so. The numbers of a rejection add up to the
//             candidates. One line, whatever the documents hold
// Tested by:  tests/engine_message_test.cc, tests/engine_message_lint_test.cc (which states what every message must be
//             like, and records one of every kind), golden files

#ifndef BERTH_ENGINE_MESSAGE_H_
#define BERTH_ENGINE_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "berth/engine/decision.h"
#include "berth/engine/reason_text.h"  // the words of its parts come along
#include "berth/engine/remedy.h"
#include "berth/engine/remedy_text.h"
#include "berth/spec/launch.h"

namespace berth {

// "0 of 12 bindings can take this sandbox: 7 do not offer egress mode `internet` (together they offer `a`, `b`) [e.g.
// profile, profiles/agent.yaml:6:14]; 5 cap memory below the 96Gi asked (the largest cap is 64Gi) [e.g. profile,
// profiles/ci.yaml:9:18]; next: lower `resource_limits.memory` from 96Gi to 64Gi (then 3 bindings can take it)"
std::string MessageOf(const DetailedDecision& decision, const LaunchRequest& request);
// How a message is worded.
struct MessageOptions {
  std::string_view where = "anywhere";  // what was asked about: everywhere, or one place
  // In UTF-8. Where there is no room for all reasons, those that block most are told, the others counted, and the next
  // step is kept; what still does not fit is cut and ends with `...`.
  size_t max_bytes = SIZE_MAX;
};

// The same with the remedies at hand.
std::string MessageOf(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                      const MessageOptions& options = {});

}  // namespace berth

#endif  // BERTH_ENGINE_MESSAGE_H_
