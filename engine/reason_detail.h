// What stands behind one reason of a rejection: what was asked, what is offered, and an example with its guardrail.
//
// Names are sorted and distinct, quantities are the largest among the blocked candidates, in canonical text.
//
// Cost:      linear in the candidates; not for the admission path
// Tested by: tests/engine_reason_detail_test.cc, the differential test

#ifndef BERTH_ENGINE_REASON_DETAIL_H_
#define BERTH_ENGINE_REASON_DETAIL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/spec/launch.h"

namespace berth {

struct ReasonExample {
  std::string_view runner_id;
  std::string_view profile_name;
  // The layer that set the guardrail, `runner` or `organization`; empty when nobody did.
  std::string_view layer;
  std::string source;  // file:line:column; empty when unknown
};

struct ReasonDetail {
  std::string_view capability;  // `gpu.memory_gb` in place of `gpu.type` when memory was asked
  std::optional<std::string> requested;
  std::vector<std::string> offered;      // at most kMaxOffered
  std::optional<ReasonExample> example;  // none for scope reasons
};

ReasonDetail DetailOf(const Decision& decision, const LaunchRequest& request, const ReasonCount& reason);

}  // namespace berth

#endif  // BERTH_ENGINE_REASON_DETAIL_H_
