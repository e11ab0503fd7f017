// What would get a rejected launch admitted: changes to the request, waiting, or one field to ask an administrator for.
//
// Every remedy was verified by running admission again (semantics, "Remedies"): it admits, undoing any part of it is
// rejected again, and so is one unit more of any amount that it lowers.
//
// Guarantees: a pure function of the decision, its snapshot, the live state that the decision was made by, and the
//             request; at most kMaxRemediesPerAction of each action
// Cost:       at most kMaxRemedyTrials changes are tried for each kind, and each takes a dozen admissions or so; a field
//             of a profile or zone takes one merge for each candidate that it reaches. Not for the admission path
// Tested by:  the differential test, tests/engine_remedy_test.cc

#ifndef BERTH_ENGINE_REMEDY_H_
#define BERTH_ENGINE_REMEDY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/guardrail_edit.h"
#include "berth/engine/request_edit.h"
#include "berth/spec/launch.h"

namespace berth {

// In the order in which remedies are listed.
enum class RemedyAction : uint8_t {
  kFixRequest,
  kRetrySmaller,
  kUseOtherProfile,
  kUseOtherRunner,
  kWait,
  kAskAdmin,
};

std::string_view RemedyActionName(RemedyAction action);

struct Remedy {
  std::vector<RemedyAction> actions;  // more than one: only all of them together help
  uint32_t admits = 0;                // candidates without a failure then
  std::optional<uint32_t> placement;  // the binding that would get the launch; nothing for kWait

  // The change to the request, and the same as a JSON Patch on its document; empty for kWait and kAskAdmin.
  RequestEdit edit;
  std::vector<PatchOperation> changes;

  std::optional<GuardrailEdit> admin;  // kAskAdmin
  std::vector<ReasonCode> wait;        // kWait: what keeps candidates out until it passes, in order of precedence
};

// The remedies of a rejection, the best first; none when nothing helps, or when the decision is no rejection.
[[nodiscard]] std::vector<Remedy> FindRemedies(const DetailedDecision& decision, const LaunchRequest& request);

// What would get it admitted by one of these bindings (indices), whatever the request's filters say; `decision` must be
// about them alone.
[[nodiscard]] std::vector<Remedy> FindRemediesAt(const DetailedDecision& decision, const LaunchRequest& request,
                                                 std::span<const uint32_t> bindings);

// The candidates without a failure once the remedy is followed: indices of bindings, in catalog order. For kWait those
// that only time keeps out.
[[nodiscard]] std::vector<uint32_t> AdmittedBy(const Remedy& remedy, const DetailedDecision& decision,
                                               const LaunchRequest& request);

}  // namespace berth

#endif  // BERTH_ENGINE_REMEDY_H_
