#include "berth/engine/admission.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "berth/engine/candidate_detail.h"
#include "berth/engine/text_checks.h"
#include "berth/engine/tie_hash.h"
#include "berth/spec/quantity.h"
#include "berth/validate/request.h"

namespace berth {
namespace {

constexpr std::pair<Filter, ReasonCode> kScopeReasons[] = {
    {Filter::kProfile, ReasonCode::kProfileNotBound},
    {Filter::kRunner, ReasonCode::kRunnerNotFound},
    {Filter::kGroup, ReasonCode::kRunnerGroupNotFound},
    {Filter::kZone, ReasonCode::kZoneNotFound},
};

Amounts AmountsOf(const ResourceRequest& side) {
  return {UnitsOf(side.cpu, Resource::kCpu), UnitsOf(side.memory, Resource::kMemory)};
}

}  // namespace

bool IsCalled(const CompiledBinding& binding, std::string_view name) {
  if (name.empty()) return false;
  return binding.name == name || binding.profile_id == name || binding.dangling == name;
}

uint32_t FiltersPassed(const Snapshot& snapshot, const CompiledBinding& binding, const LaunchRequest& request) {
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  const auto called = [&](const std::string& name) { return IsCalled(binding, name); };
  const auto& ids = request.runner_ids;
  uint32_t passed = 0;
  if (request.profile_names.empty() || std::ranges::any_of(request.profile_names, called)) {
    passed |= BitOf(Filter::kProfile);
  }
  if (ids.empty() || std::ranges::find(ids, runner.runner_id) != ids.end()) passed |= BitOf(Filter::kRunner);
  if (request.runner_group_id.empty() || runner.group == request.runner_group_id) passed |= BitOf(Filter::kGroup);
  if (request.zone.empty() || runner.zone == request.zone) passed |= BitOf(Filter::kZone);
  return passed;
}

bool DefaultsOnly(const CompiledOrganization& organization, const LaunchRequest& request) {
  return request.profile_names.empty() &&
         organization.settings.unnamed_requests == UnnamedRequests::kDefaultBindingOnly;
}

bool IsValidLaunch(const LaunchRequest& request, const CompiledOrganization& organization,
                   std::vector<Issue>& violations) {
  std::ranges::copy(request.issues, std::back_inserter(violations));
  CheckLaunch(request, organization.opened, violations);
  std::erase_if(violations, [](const Issue& issue) { return issue.level() != IssueLevel::kError; });
  std::ranges::sort(violations, [](const Issue& a, const Issue& b) {
    return std::tie(a.field, a.message) < std::tie(b.field, b.message);
  });
  return violations.empty();
}

ReasonCode EmptyScopeReason(bool any_visible, uint32_t matched_alone) {
  if (!any_visible) return ReasonCode::kNoRunners;
  for (const auto& [filter, reason] : kScopeReasons) {
    if ((matched_alone & BitOf(filter)) == 0) return reason;
  }
  return ReasonCode::kFiltersDisjoint;
}

Need NeedOf(const LaunchRequest& request, std::string& folded_gpu_type) {
  const GpuRequest& gpu = request.gpu();
  folded_gpu_type.assign(gpu.type);
  absl::AsciiStrToLower(&folded_gpu_type);
  Need need;
  need.requests = AmountsOf(request.effective_requests());
  need.limits = AmountsOf(request.effective_limits());
  need.gpu_count = gpu.count.value_or(0);
  need.gpu_type = folded_gpu_type;
  need.gpu_memory_gb = gpu.memory_gb;
  need.architecture = request.architecture;
  need.privileged = request.privileged;
  need.storage_classes = request.storage_classes;
  need.egress_mode = request.egress_mode;
  need.ingress_mode = request.ingress_mode;
  need.has_user = !request.user_id.empty();
  return need;
}

Admission::Admission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch,
                     const Supposition& supposition)
    : snapshot_(snapshot),
      request_(request),
      supposition_(supposition),
      organization_(supposition.organization != nullptr ? *supposition.organization
                                                        : snapshot.OrganizationOf(request.organization_id)),
      scratch_(scratch),
      named_(!request.profile_names.empty()) {
  scratch_.candidates_.clear();
  scratch_.reasons_.clear();
  scratch_.placements_.clear();
  scratch_.ranks_.clear();
  scratch_.violations_.clear();
}

DetailedDecision Admission::Run() {
  DetailedDecision decision;
  decision.snapshot = &snapshot_;
  if (IsValidLaunch(request_, organization_, scratch_.violations_)) {
    ReadNeed();
    if (CollectCandidates()) {
      for (CandidateResult& candidate : scratch_.candidates_) Judge(candidate);
      Select();
      if (scratch_.placements_.empty()) CountReasons();
    }
    decision.verdict = scratch_.placements_.empty() ? Verdict::kRejected : Verdict::kAdmitted;
  }
  decision.code = VerdictCode(decision.verdict, named_);
  decision.candidates = scratch_.candidates_;
  decision.candidate_count = static_cast<uint32_t>(scratch_.candidates_.size());
  decision.reasons = scratch_.reasons_;
  decision.placements = scratch_.placements_;
  decision.violations = scratch_.violations_;
  return decision;
}

void Admission::ReadNeed() {
  need_ = NeedOf(request_, scratch_.gpu_type_);
  if (request_.overrides != nullptr && !request_.overrides->members.empty()) sandbox_layer_ = SandboxLayer(request_);
}

Failures Admission::FailuresOf(uint32_t binding) {
  ReadNeed();
  CandidateResult candidate = {binding, {}, LiveOf(BindingAt(binding))};
  Judge(candidate);
  return candidate.failures;
}

bool Admission::CollectCandidates() {
  if (!supposition_.scope.empty()) {
    for (uint32_t index : supposition_.scope) {
      scratch_.candidates_.push_back({index, {}, LiveOf(snapshot_.bindings()[index])});
    }
    return true;
  }
  const bool defaults_only = DefaultsOnly(organization_, request_);
  bool any_visible = false;
  uint32_t matched_alone = 0;
  snapshot_.ForEachVisible(request_.organization_id, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot_.bindings()[index];
    if (defaults_only && !binding.is_default) return;
    any_visible = true;
    const uint32_t bits = FiltersPassed(snapshot_, binding, request_);
    matched_alone |= bits;
    if (bits == kAllFilters) {
      scratch_.candidates_.push_back({index, {}, LiveOf(binding)});
    }
  });
  if (scratch_.candidates_.empty()) scratch_.reasons_.push_back({EmptyScopeReason(any_visible, matched_alone)});
  return !scratch_.candidates_.empty();
}

const CompiledBinding& Admission::BindingAt(uint32_t index) const {
  if (supposition_.bindings != nullptr) {
    const auto found = supposition_.bindings->find(index);
    if (found != supposition_.bindings->end()) return found->second;
  }
  return snapshot_.bindings()[index];
}

LiveState Admission::LiveOf(const CompiledBinding& binding) const {
  return supposition_.live.empty() ? snapshot_.RunnerOf(binding).live->Read() : supposition_.live[binding.runner];
}

void Admission::Judge(CandidateResult& candidate) {
  if (organization_.refused) {
    candidate.failures.Add(ReasonCode::kOrganizationInvalid);
    return;
  }
  const CompiledBinding& binding = BindingAt(candidate.binding);
  const Runner& runner = *snapshot_.RunnerOf(binding).runner;
  Failures failures = Match(need_, {binding.offer, runner, candidate.live}, organization_.rules);
  if (binding.offer.valid) {
    const bool user_known = !failures.Has(ReasonCode::kUserRequired);
    failures.AddIf(HostNameInvalid(binding, request_, user_known, scratch_.texts_.namespace_name, scratch_.texts_.host),
                   ReasonCode::kHostNameInvalid);
    failures.AddIf(!ImageAllowed(organization_, binding, request_), ReasonCode::kImageNotAllowed);
    failures.AddIf(OverridesInvalid(binding), ReasonCode::kOverrideInvalid);
  }
  candidate.failures = failures;
}

// Whether the launch's overrides break a spec that was valid without them.
bool Admission::OverridesInvalid(const CompiledBinding& binding) const {
  return sandbox_layer_ != nullptr && HasError(OverrideIssues(snapshot_, binding, request_, sandbox_layer_));
}

void Admission::CountReasons() {
  std::array<ReasonCount, kConstraintCount> counts;
  for (uint32_t i = 0; i < scratch_.candidates_.size(); ++i) {
    const Failures failures = scratch_.candidates_[i].failures;
    for (uint32_t rest = failures.bits(); rest != 0; rest &= rest - 1) {
      const auto code = static_cast<uint32_t>(std::countr_zero(rest));
      ReasonCount& count = counts[code];
      const bool headline = failures.headline() == static_cast<ReasonCode>(code);
      // The first candidate it is the headline of, else the first it blocks.
      if (count.blocked == 0 || (headline && count.headline == 0)) count.example = scratch_.candidates_[i].binding;
      ++count.blocked;
      count.headline += headline ? 1 : 0;
      count.sole += failures.single() ? 1 : 0;
    }
  }
  for (uint32_t code = 0; code < kConstraintCount; ++code) {
    if (counts[code].blocked == 0) continue;
    counts[code].code = static_cast<ReasonCode>(code);
    scratch_.reasons_.push_back(counts[code]);
  }
}

Rank Admission::RankOf(uint32_t order, uint64_t sandbox_hash) const {
  const CandidateResult& candidate = scratch_.candidates_[order];
  const CompiledBinding& binding = BindingAt(candidate.binding);
  const CompiledRunner& runner = snapshot_.RunnerOf(binding);
  return {!named_ && binding.is_default, RoomLeft(need_, {binding.offer, *runner.runner, candidate.live}),
          TieHash(sandbox_hash, runner.tie_hash), order};
}

// Keeps the winner and the alternatives, in order.
void Admission::Select() {
  const uint64_t sandbox_hash = Fnv1a64(request_.sandbox_id);
  const auto before = [&](const Rank& a, const Rank& b) { return Before(a, b, organization_.settings.strategy); };
  for (uint32_t i = 0; i < scratch_.candidates_.size(); ++i) {
    if (scratch_.candidates_[i].failures.none()) scratch_.ranks_.push_back(RankOf(i, sandbox_hash));
  }
  const size_t kept = std::min(scratch_.ranks_.size(), kMaxAlternatives + 1);
  std::ranges::partial_sort(scratch_.ranks_, scratch_.ranks_.begin() + static_cast<std::ptrdiff_t>(kept), before);
  for (size_t i = 0; i < kept; ++i) {
    scratch_.placements_.push_back(scratch_.candidates_[scratch_.ranks_[i].order].binding);
  }
}

}  // namespace berth
