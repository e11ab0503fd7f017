#include "berth/engine/why_not.h"

#include <algorithm>
#include <string>

namespace berth {

WhyNot AskWhyNot(const Decision& decision, const LaunchRequest& request, std::string_view runner_id,
                 std::string_view profile) {
  WhyNot answer;
  answer.request = request;
  answer.request.runner_ids = {std::string(runner_id)};
  answer.request.runner_group_id.clear();
  answer.request.zone.clear();
  answer.request.profile_names.clear();
  const Snapshot& snapshot = *decision.snapshot;
  const bool defaults_only = DefaultsOnly(snapshot.OrganizationOf(request.organization_id), request);
  snapshot.ForEachVisible(request.organization_id, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot.bindings()[index];
    if (snapshot.RunnerOf(binding).runner->runner_id != runner_id) return;
    if (!profile.empty() && !IsCalled(binding, profile)) return;
    Standing& standing = answer.standings.emplace_back();
    standing.binding = index;
    standing.missed_filters = kAllFilters & ~FiltersPassed(snapshot, binding, request);
    standing.is_default_needed = defaults_only && !binding.is_default;
    const auto place = std::ranges::find(decision.placements, index);
    if (place != decision.placements.end()) {
      standing.place = static_cast<uint32_t>(place - decision.placements.begin()) + 1;
    }
    // By name, so that bindings that are no default count as well.
    if (!binding.name.empty()) answer.request.profile_names.push_back(binding.name);
  });
  auto& names = answer.request.profile_names;
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return answer;
}

}  // namespace berth
