#include "berth/engine/indexed_admission.h"

#include <algorithm>
#include <string>

#include "berth/engine/admission.h"
#include "berth/engine/reason_tally.h"
#include "berth/engine/tie_hash.h"

namespace berth {
namespace {

// Heartbeats are short and seldom: who meets so many has looked at very many runners.
constexpr int kMaxAttempts = 8;

}  // namespace

bool IndexedAdmission::Decides(const LaunchRequest& request) {
  return request.overrides == nullptr || request.overrides->members.empty();
}

IndexedAdmission::IndexedAdmission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch)
    : scratch_(scratch), terms_{snapshot,
                                request,
                                snapshot.OrganizationOf(request.organization_id),
                                {},
                                !request.profile_names.empty(),
                                0} {
  scratch_.reasons_.clear();
  scratch_.placements_.clear();
  scratch_.violations_.clear();
}

Decision IndexedAdmission::Run() {
  Decision decision;
  decision.snapshot = &terms_.snapshot;
  if (IsValidLaunch(terms_.request, terms_.organization, scratch_.violations_)) {
    terms_.need = NeedOf(terms_.request, scratch_.gpu_type_);
    terms_.sandbox_hash = Fnv1a64(terms_.request.sandbox_id);
    bool decided = false;
    for (int attempt = 0; attempt < kMaxAttempts && !decided; ++attempt) decided = TryDecide(decision);
    if (!decided) return Admission(terms_.snapshot, terms_.request, scratch_).Run();
  }
  decision.code = VerdictCode(decision.verdict, terms_.named);
  decision.reasons = scratch_.reasons_;
  decision.placements = scratch_.placements_;
  decision.violations = scratch_.violations_;
  return decision;
}

// False when a runner's state changed while candidates were counted: what was counted may not belong together.
bool IndexedAdmission::TryDecide(Decision& decision) {
  const std::span<PartScope> scopes = OpenScopes();
  decision.verdict = Verdict::kRejected;
  decision.candidate_count = 0;
  for (const PartScope& scope : scopes) decision.candidate_count += scope.candidates();
  if (decision.candidate_count == 0) {
    scratch_.reasons_.push_back({EmptyScope(scopes)});
    return true;
  }
  for (PartScope& scope : scopes) scope.Match(terms_, scratch_.texts_);
  BestPlacements& best = scratch_.best_;
  best.Clear();
  for (const bool preferred : {true, false}) {
    if (best.full()) break;
    for (PartScope& scope : scopes) best.Add(terms_, scope, preferred);
  }
  if (!best.placed().empty()) {
    for (const BestPlacements::Placed& placed : best.placed()) scratch_.placements_.push_back(placed.binding);
    decision.verdict = Verdict::kAdmitted;
    return true;
  }
  ReasonTally tally;
  for (PartScope& scope : scopes) tally.Add(terms_, scope);
  if (!std::ranges::all_of(scopes, &PartScope::live_unchanged)) return false;
  tally.AppendTo(scopes, scratch_.reasons_);
  return true;
}

// The organization's own runners, then those that are shared.
std::span<PartScope> IndexedAdmission::OpenScopes() {
  size_t count = 0;
  uint32_t first_order = 0;
  const auto open = [&](const Part* part, std::span<const uint32_t> left_out) {
    if (part == nullptr) return;
    scratch_.scopes_[count++].Open(terms_, *part, first_order, left_out);
    first_order += static_cast<uint32_t>(part->size());
  };
  open(terms_.organization.part.get(), {});
  open(terms_.snapshot.shared_part(), terms_.organization.own_shared_runners);
  return {scratch_.scopes_.data(), count};
}

// Of the filters that leave nothing together, the first that leaves nothing alone.
ReasonCode IndexedAdmission::EmptyScope(std::span<const PartScope> scopes) const {
  const LaunchRequest& request = terms_.request;
  const bool defaults_only = DefaultsOnly(terms_.organization, request);
  bool any_visible = false;
  uint32_t matched = 0;
  for (const PartScope& scope : scopes) {
    const Part& part = scope.part();
    any_visible = any_visible || !defaults_only || part.has_defaults();
    const auto add = [&](Filter filter, bool matches) { matched |= matches ? BitOf(filter) : 0; };
    const auto is_called = [&](const std::string& name) { return part.Called(name) != nullptr; };
    const auto has_runner = [&](const std::string& id) { return part.HasRunner(id, defaults_only); };
    add(Filter::kProfile, !terms_.named || std::ranges::any_of(request.profile_names, is_called));
    add(Filter::kRunner, request.runner_ids.empty() || std::ranges::any_of(request.runner_ids, has_runner));
    add(Filter::kGroup,
        request.runner_group_id.empty() || part.HasAny(part.InGroup(request.runner_group_id), defaults_only));
    add(Filter::kZone, request.zone.empty() || part.HasAny(part.InZone(request.zone), defaults_only));
  }
  return EmptyScopeReason(any_visible, matched);
}

}  // namespace berth
