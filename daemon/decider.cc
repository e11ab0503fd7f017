#include "berth/daemon/decider.h"

#include <vector>

#include "berth/daemon/rpc_status.h"
#include "berth/engine/json.h"
#include "berth/engine/remedy.h"

namespace berth {
namespace {

// With more candidates than this, the document says nothing of each one: a thousand decisions must fit into memory.
constexpr size_t kMaxListedCandidates = 64;

constexpr int64_t kRetryOverloadedSeconds = 1;

// An admission says all there is to say; of a rejection people want to know more.
DetailedDecision DecideOn(const Engine& engine, const LaunchRequest& request, Scratch& scratch) {
  const Decision decision = engine.Admit(request, scratch);
  if (decision.verdict == Verdict::kAdmitted) return {decision, {}};
  return engine.AdmitInDetail(request, scratch);
}

}  // namespace

Decided Decider::Decide(const Caller& caller, const LaunchRequest& request, Scratch& scratch, const Take& take) const {
  const auto began = RecentDecisions::Clock::now();
  Decided decided;
  decided.id = recent_.NextId();
  decided.decision = DecideOn(engine_, request, scratch);
  const DetailedDecision& decision = decided.decision;
  for (int attempt = 1; take && decision.verdict == Verdict::kAdmitted && !take(decision); ++attempt) {
    if (attempt == kMaxAttempts) {
      decided.status =
          MakeStatus(RpcCode::kResourceExhausted, "CWSANDBOX_RUNNER_OVERLOADED",
                     "other launches took the resources of the runners chosen: try again", {}, kRetryOverloadedSeconds);
      return decided;
    }
    decided.decision = DecideOn(engine_, request, scratch);
  }
  const std::vector<Remedy> remedies =
      decision.advice.remedies ? FindRemedies(decision, request) : std::vector<Remedy>();
  const bool rejected = decision.verdict == Verdict::kRejected;
  const bool all = rejected && decision.candidates.size() <= kMaxListedCandidates;
  decided.json = DecisionToJson(decision, request, remedies, all, JsonLayout::kCompact);
  if (decision.verdict != Verdict::kAdmitted) {
    decided.status = DecisionStatus(decision, request, remedies, decided.id);
  }
  const auto ended = RecentDecisions::Clock::now();
  recent_.Keep(decided.id, request.organization_id, decided.json, ended);
  if (observer_) observer_({decided.id, caller, request, decision, ended - began});
  return decided;
}

}  // namespace berth
