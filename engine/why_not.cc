#include "berth/engine/why_not.h"

#include <algorithm>

namespace berth {

std::vector<Standing> StandingsOf(const DetailedDecision& decision, const LaunchRequest& request,
                                  std::string_view runner_id, std::string_view profile) {
  std::vector<Standing> standings;
  if (decision.snapshot == nullptr) return standings;
  const Snapshot& snapshot = *decision.snapshot;
  const bool defaults_only = DefaultsOnly(snapshot.OrganizationOf(request.organization_id), request);
  snapshot.ForEachVisible(request.organization_id, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot.bindings()[index];
    if (snapshot.RunnerOf(binding).runner->runner_id != runner_id) return;
    if (!profile.empty() && !IsCalled(binding, profile)) return;
    Standing& standing = standings.emplace_back();
    standing.binding = index;
    standing.missed_filters = kAllFilters & ~FiltersPassed(snapshot, binding, request);
    standing.is_default_needed = defaults_only && !binding.is_default;
    const auto place = std::ranges::find(decision.placements, index);
    if (place != decision.placements.end()) {
      standing.place = static_cast<uint32_t>(place - decision.placements.begin()) + 1;
    }
  });
  return standings;
}

DetailedDecision DecideAt(const DetailedDecision& decision, const LaunchRequest& request,
                          std::span<const uint32_t> bindings, Scratch& scratch) {
  Supposition supposition;
  supposition.scope = bindings;
  DetailedDecision narrow = Admission(*decision.snapshot, request, scratch, supposition).Run();
  narrow.advice = decision.advice;
  return narrow;
}

}  // namespace berth
