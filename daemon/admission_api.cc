#include "berth/daemon/admission_api.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "berth/daemon/launch_wire.h"
#include "berth/daemon/rpc_status.h"
#include "berth/engine/candidate_detail.h"
#include "berth/engine/explanation.h"
#include "berth/engine/json.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

// The organization a call is about, or why the caller may not ask for it.
google::rpc::Status ChooseOrganization(const Caller& caller, const std::string& asked, std::string& organization) {
  organization = asked.empty() ? caller.organization_id : asked;
  if (organization == caller.organization_id || caller.any_organization) return {};
  return MakeStatus(RpcCode::kPermissionDenied, "CWSANDBOX_PERMISSION_DENIED",
                    "the token speaks for organization " + Quoted(caller.organization_id) + ", not for " +
                        Quoted(asked) + ": leave `organization_id` out, or use that organization's token");
}

void FillPlacement(const Snapshot& snapshot, uint32_t index, v1::Placement& placement) {
  const CompiledBinding& binding = snapshot.bindings()[index];
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  placement.set_runner_id(runner.runner_id);
  placement.set_profile_name(binding.name);
  placement.set_profile_id(binding.profile_id);
  placement.set_zone(runner.zone);
}

// What Resolve and Explain share: the organization, the launch and the resolved spec.
struct ResolvedLaunch {
  std::string organization;
  std::optional<LaunchRequest> launch;
  Resolved resolved;
};

google::rpc::Status CheckLaunch(const Engine& engine, const LaunchRequest& launch) {
  const std::optional<DetailedDecision> invalid = engine.CheckRequest(launch, ThreadScratch());
  return invalid ? DecisionStatus(*invalid, launch, {}, {}) : google::rpc::Status();
}

// Why the engine knows no such binding: the runner, or its profile.
google::rpc::Status NotFound(const Engine& engine, std::string_view organization, const v1::ResolveRequest& request) {
  const std::string runner = Quoted(request.runner_id());
  if (!engine.Resolve({organization, request.runner_id(), {}}, nullptr).ok()) {
    return MakeStatus(RpcCode::kNotFound, "CWSANDBOX_RUNNER_NOT_FOUND",
                      "runner " + runner + " is not among those that organization " + Quoted(organization) +
                          " sees: list runners to see which there are",
                      {{"runner_id", request.runner_id()}});
  }
  return MakeStatus(RpcCode::kNotFound, "CWSANDBOX_PROFILE_NOT_FOUND",
                    "runner " + runner + " has no profile " + Quoted(request.profile_name()) +
                        ": list its profiles to see which there are",
                    {{"profile_name", request.profile_name()}, {"runner_id", request.runner_id()}});
}

// `at` is where `request` stands in the call's message: empty, or a path that ends with a period.
google::rpc::Status ResolveLaunch(const Engine& engine, const Caller& caller, const v1::ResolveRequest& request,
                                  const std::string& at, ResolvedLaunch& result) {
  if (request.runner_id().empty()) return InvalidField(at + "runner_id", "is missing: name a runner");
  const std::string& asked = request.has_launch() ? request.launch().organization_id() : request.organization_id();
  if (google::rpc::Status status = ChooseOrganization(caller, asked, result.organization); !IsOk(status)) return status;
  if (request.has_launch()) {
    result.launch = LaunchFromWire(request.launch(), {result.organization, caller.user_id, {}});
    if (google::rpc::Status status = CheckLaunch(engine, *result.launch); !IsOk(status)) return status;
  }
  const LaunchRequest* launch = result.launch ? &*result.launch : nullptr;
  absl::StatusOr<Resolved> resolved =
      engine.Resolve({result.organization, request.runner_id(), request.profile_name()}, launch);
  if (!resolved.ok()) return NotFound(engine, result.organization, request);
  result.resolved = *std::move(resolved);
  const CompiledBinding& binding = result.resolved.snapshot->bindings()[result.resolved.binding];
  if (launch != nullptr && binding.offer.needs_user && launch->user_id.empty()) {
    return InvalidField(at + "launch.user_id",
                        "is missing: the profile gives each user a namespace, so say who launches");
  }
  return {};
}

google::rpc::Status InvalidProfile(const ResolvedLaunch& result, const v1::ResolveRequest& request) {
  const Snapshot& snapshot = *result.resolved.snapshot;
  const CompiledBinding& binding = snapshot.bindings()[result.resolved.binding];
  // Findings quote documents, which are their owner's.
  const bool own = snapshot.RunnerOf(binding).runner->organization_id == result.organization;
  return MakeStatus(RpcCode::kFailedPrecondition, "CWSANDBOX_PROFILE_INVALID",
                    "the spec of profile " + Quoted(binding.name) + " is invalid on runner " +
                        Quoted(request.runner_id()) + ": " +
                        (own ? ProfileFinding(snapshot, binding) : "its owner's administrator can say why") +
                        "; next: ask the administrator to correct it",
                    {{"runner_id", request.runner_id()}, {"profile_name", binding.name}});
}

}  // namespace

google::rpc::Status AdmissionApi::Admit(const Caller& caller, const v1::LaunchRequest& launch,
                                        v1::AdmitResponse& response) const {
  std::string organization;
  if (google::rpc::Status status = ChooseOrganization(caller, launch.organization_id(), organization); !IsOk(status)) {
    return status;
  }
  const LaunchRequest request = LaunchFromWire(launch, {organization, caller.user_id, {}});
  Decided decided = decider_.Decide(caller, request, ThreadScratch());
  if (!IsOk(decided.status)) return std::move(decided.status);
  const DetailedDecision& decision = decided.decision;
  FillPlacement(*decision.snapshot, decision.placements.front(), *response.mutable_placement());
  for (const uint32_t index : decision.placements.subspan(1)) {
    FillPlacement(*decision.snapshot, index, *response.add_alternatives());
  }
  response.set_decision_id(std::move(decided.id));
  response.set_decision_json(std::move(decided.json));
  return {};
}

google::rpc::Status AdmissionApi::Resolve(const Caller& caller, const v1::ResolveRequest& request,
                                          v1::ResolveResponse& response) const {
  ResolvedLaunch result;
  if (google::rpc::Status status = ResolveLaunch(engine_, caller, request, "", result); !IsOk(status)) return status;
  if (!result.resolved.valid) return InvalidProfile(result, request);
  response.set_resolved_json(ResolvedToJson(result.resolved, JsonLayout::kCompact));
  return {};
}

google::rpc::Status AdmissionApi::Explain(const Caller& caller, const v1::ExplainRequest& request,
                                          v1::ExplainResponse& response) const {
  if (request.what_case() == v1::ExplainRequest::kDecisionId) {
    const auto now = RecentDecisions::Clock::now();
    std::optional<std::string> json = recent_.Find(request.decision_id(), caller, now);
    if (!json) {
      return MakeStatus(RpcCode::kNotFound, "CWSANDBOX_DECISION_NOT_FOUND",
                        "decision " + Quoted(request.decision_id()) +
                            " is not kept: decisions are kept for some minutes, for the organization that asked",
                        {{"decision_id", request.decision_id()}});
    }
    response.set_decision_json(*std::move(json));
    return {};
  }
  if (request.what_case() != v1::ExplainRequest::kSpec) {
    return InvalidField("what", "is missing: give a `decision_id`, or a `spec` to explain");
  }
  const std::string& path = request.spec().path();
  if (!path.empty() && path.front() != '/') {
    return InvalidField("spec.path", "is no pointer: it begins with `/`, such as `/resource_defaults/cpuLimit`");
  }
  ResolvedLaunch result;
  if (google::rpc::Status status = ResolveLaunch(engine_, caller, request.spec().target(), "spec.target.", result);
      !IsOk(status)) {
    return status;
  }
  const LaunchRequest* launch = result.launch ? &*result.launch : nullptr;
  const std::vector<ExplainedField> fields = ExplainResolved(result.resolved, launch, path);
  response.set_explanation_json(ExplanationToJson(result.resolved, result.organization, fields, JsonLayout::kCompact));
  return {};
}

}  // namespace berth
