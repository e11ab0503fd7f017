#include "berth/engine/waterfall.h"

#include <algorithm>
#include <bit>
#include <map>

#include "berth/engine/admission.h"

namespace berth {
namespace {

// Before the filters: what `default_binding_only` leaves out.
constexpr size_t kDefaultsStep = 0;
constexpr size_t kFirstFilter = 1;
constexpr size_t kFirstConstraint = kFirstFilter + kFilterCount;
constexpr size_t kStepCount = kFirstConstraint + kConstraintCount;

constexpr std::string_view kScopeNames[] = {"default bindings only", "profile filter", "runner filter", "group filter",
                                            "zone filter"};

WaterfallStep StepOf(size_t index) {
  WaterfallStep step;
  if (index < kFirstConstraint) {
    step.name = kScopeNames[index];
  } else {
    const ReasonInfo& info = InfoOf(static_cast<ReasonCode>(index - kFirstConstraint));
    step.name = info.name;
    step.capability = info.capability;
  }
  return step;
}

}  // namespace

Waterfall WaterfallOf(const DetailedDecision& decision, const LaunchRequest& request,
                      std::span<const Remedy> remedies) {
  Waterfall waterfall;
  if (decision.snapshot == nullptr) return waterfall;
  const Snapshot& snapshot = *decision.snapshot;
  const bool defaults_only = DefaultsOnly(snapshot.OrganizationOf(request.organization_id), request);

  std::map<uint32_t, size_t> lost_at;  // by binding
  for (const CandidateResult& candidate : decision.candidates) {
    if (candidate.failures.none()) continue;
    lost_at[candidate.binding] = kFirstConstraint + static_cast<size_t>(candidate.failures.headline());
  }
  snapshot.ForEachVisible(request.organization_id, [&](uint32_t index) {
    ++waterfall.visible;
    const CompiledBinding& binding = snapshot.bindings()[index];
    const uint32_t missed = kAllFilters & ~FiltersPassed(snapshot, binding, request);
    if (defaults_only && !binding.is_default) {
      lost_at[index] = kDefaultsStep;
    } else if (missed != 0) {
      lost_at[index] = kFirstFilter + static_cast<size_t>(std::countr_zero(missed));
    }
  });

  std::vector<WaterfallStep> steps;
  for (size_t i = 0; i < kStepCount; ++i) {
    steps.push_back(StepOf(i));
    steps.back().regained.resize(remedies.size());
  }
  for (const auto& [binding, step] : lost_at) ++steps[step].lost;
  for (size_t i = 0; i < remedies.size(); ++i) {
    for (const uint32_t binding : AdmittedBy(remedies[i], decision, request)) {
      const auto found = lost_at.find(binding);
      if (found != lost_at.end()) ++steps[found->second].regained[i];
    }
  }
  uint32_t left = waterfall.visible;
  for (WaterfallStep& step : steps) {
    left -= step.lost;
    step.left = left;
  }
  std::erase_if(steps, [](const WaterfallStep& step) { return step.lost == 0; });
  waterfall.steps = std::move(steps);
  return waterfall;
}

}  // namespace berth
