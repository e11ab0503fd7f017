// Why one candidate fails one constraint, in words: what was judged, who set it, and the finding behind it.
//
// Decisions hold codes only; this computes the rest again from the snapshot and the request. Asked about a candidate
// that does not fail, it answers nothing.
//
// Threads:   pure functions
// Cost:      at most one merge; not for the admission path
// Tested by: tests/engine_message_test.cc

#ifndef BERTH_ENGINE_CANDIDATE_DETAIL_H_
#define BERTH_ENGINE_CANDIDATE_DETAIL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/snapshot.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"
#include "berth/spec/layer.h"

namespace berth {

// An amount of the resolved spec. Layer::kSandbox: the launch brought it.
struct JudgedAmount {
  std::string text;  // canonical: `96`, `64Gi`
  int64_t units = 0;
  Layer layer = Layer::kSandbox;
  std::string source;  // file:line:column; empty when unknown
};

// The two sides of one resource as resolved; nothing where no layer sets one.
struct JudgedAmounts {
  std::optional<JudgedAmount> request;
  std::optional<JudgedAmount> limit;
};

JudgedAmounts ResolvedAmountsOf(const Snapshot& snapshot, const CompiledBinding& binding, const LaunchRequest& request,
                                Resource resource);

// CPU or memory, for the codes about one of them.
std::optional<Resource> ResourceOf(ReasonCode code);

// The amount that `code` compares with a bound; nothing for codes that compare none.
std::optional<JudgedAmount> JudgedAmountOf(ReasonCode code, const Snapshot& snapshot, const CompiledBinding& binding,
                                           const LaunchRequest& request);

// What the launch's overrides break in a spec that is valid without them: all issues, warnings too. Fields are dotted
// and begin with `overrides.` where the launch itself set the value. `sandbox_layer` is SandboxLayer(request), which is
// the same for every candidate.
std::vector<Issue> OverrideIssues(const Snapshot& snapshot, const CompiledBinding& binding,
                                  const LaunchRequest& request, const NodeRef& sandbox_layer);

// The first finding that makes a binding PROFILE_INVALID, and what it is about. Findings quote documents, so they are
// for the organization that owns the runner.
std::string ProfileFinding(const Snapshot& snapshot, const CompiledBinding& binding);

// One line about this candidate; empty when the code says it all.
std::string ExplanationOf(ReasonCode code, const Snapshot& snapshot, const CandidateResult& candidate,
                          const LaunchRequest& request);

}  // namespace berth

#endif  // BERTH_ENGINE_CANDIDATE_DETAIL_H_
