// What stands behind one reason of a rejection: what was asked, what is offered, and an example with its guardrail.
//
// Names are sorted and distinct, quantities are the largest among the counted candidates, in canonical text.
//
// Guarantees: a decision made from another request, or an empty one, gives less detail and never a wrong access
// Cost:       linear in the candidates; not for the admission path
// Tested by:  tests/engine_message_test.cc, the differential test

#ifndef BERTH_ENGINE_REASON_DETAIL_H_
#define BERTH_ENGINE_REASON_DETAIL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/candidate_detail.h"
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
  uint32_t count = 0;           // the candidates that are counted
  std::string organization;     // the caller's
  std::string_view capability;  // `gpu.memory_gb` in place of `gpu.type` when memory was asked
  std::optional<std::string> requested;
  std::vector<std::string> asked;         // the names in `requested`, where it is names; not of GPUs
  std::vector<std::string> offered;       // at most kMaxOffered
  size_t offered_total = 0;               // how many there are without that bound
  std::optional<int64_t> largest_gpu_gb;  // of the GPUs offered whose memory is known, when memory was asked
  std::optional<ReasonExample> example;   // none for scope reasons
  std::optional<JudgedAmount> judged;     // of the example: the amount that is compared, wherever it was set
  std::optional<JudgedAmount> limit;      // of the example: the limit that a request is above
  bool inherited = false;                 // for some counted candidate, `judged` was set below the launch
  std::string explanation;                // one line about the example: what was judged, or the finding
  std::string suggestion;                 // "did you mean `agent`?"
};

// The candidates that are counted: all that the reason blocks, or those of which it is the headline.
enum class CountedBy : uint8_t { kBlocked, kHeadline };

ReasonDetail DetailOf(const DetailedDecision& decision, const LaunchRequest& request, const ReasonCount& reason,
                      CountedBy counted = CountedBy::kBlocked);

// The guardrail behind one constraint of one binding, whether it blocks the request or not. Only the decision's
// snapshot is read.
ReasonExample GuardrailOf(const DetailedDecision& decision, const LaunchRequest& request, ReasonCode code,
                          uint32_t binding);

}  // namespace berth

#endif  // BERTH_ENGINE_REASON_DETAIL_H_
