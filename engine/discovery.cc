#include "berth/engine/discovery.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "absl/strings/ascii.h"
#include "berth/engine/admission.h"
#include "berth/policy/match.h"

namespace berth {
namespace {

bool AtLeast(std::optional<int64_t> free, int64_t wanted) { return wanted == 0 || (free && *free >= wanted); }

class Lister {
 public:
  Lister(const Snapshot& snapshot, const DiscoveryFilter& filter)
      : snapshot_(snapshot), filter_(filter), gpu_type_(absl::AsciiStrToLower(std::string(filter.gpu_type))) {}

  [[nodiscard]] bool Passes(uint32_t index) const {
    const CompiledBinding& binding = snapshot_.bindings()[index];
    const CompiledRunner& runner = snapshot_.RunnerOf(binding);
    if (!binding.offer.valid) return false;
    if (filter_.fitting != nullptr && !std::ranges::binary_search(*filter_.fitting, index)) return false;
    return PassesSpec(binding) && PassesRunner(*runner.runner) && PassesLive(runner.live->Read());
  }

 private:
  [[nodiscard]] bool PassesSpec(const CompiledBinding& binding) const {
    return (filter_.profile.empty() || IsCalled(binding, filter_.profile)) &&
           (gpu_type_.empty() || OffersGpu(binding.offer.gpu_types, gpu_type_, std::nullopt)) &&
           (filter_.egress_mode.empty() || Offers(binding.offer.egress_modes, filter_.egress_mode)) &&
           (filter_.ingress_mode.empty() || Offers(binding.offer.ingress_levels, filter_.ingress_mode));
  }

  [[nodiscard]] bool PassesRunner(const Runner& runner) const {
    return (filter_.runner_id.empty() || runner.runner_id == filter_.runner_id) &&
           (filter_.runner_group_id.empty() || runner.group == filter_.runner_group_id) &&
           (filter_.architecture.empty() || Offers(runner.capabilities.architectures.value, filter_.architecture)) &&
           !(filter_.exclude_shared && runner.is_shared);
  }

  [[nodiscard]] bool PassesLive(const LiveState& live) const {
    return (!filter_.healthy_only || IsHealthy(live)) && AtLeast(live.cpu, filter_.min_cpu_millicores) &&
           AtLeast(live.memory, filter_.min_memory_bytes) && AtLeast(live.gpu, filter_.min_gpu_count);
  }

  const Snapshot& snapshot_;
  const DiscoveryFilter& filter_;
  std::string gpu_type_;
};

}  // namespace

std::vector<uint32_t> FittingBindings(const DetailedDecision& decision) {
  std::vector<uint32_t> fitting;
  for (const CandidateResult& candidate : decision.candidates) {
    if (candidate.failures.none()) fitting.push_back(candidate.binding);
  }
  std::ranges::sort(fitting);
  return fitting;
}

std::vector<ProfileListing> ListProfiles(const Snapshot& snapshot, std::string_view organization,
                                         const DiscoveryFilter& filter) {
  const Lister lister(snapshot, filter);
  std::vector<ProfileListing> profiles;
  snapshot.ForEachVisible(organization, [&](uint32_t index) {
    if (!lister.Passes(index)) return;
    const CompiledBinding& binding = snapshot.bindings()[index];
    const CompiledRunner& runner = snapshot.RunnerOf(binding);
    profiles.push_back({&binding, &runner, IsHealthy(runner.live->Read())});
  });
  std::ranges::stable_sort(profiles, {}, [](const ProfileListing& profile) {
    return std::tie(profile.runner->runner->runner_id, profile.binding->name);
  });
  return profiles;
}

std::vector<RunnerListing> ListRunners(const Snapshot& snapshot, std::string_view organization,
                                       const DiscoveryFilter& filter) {
  const Lister lister(snapshot, filter);
  std::vector<RunnerListing> runners;
  snapshot.ForEachVisible(organization, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot.bindings()[index];
    if (!lister.Passes(index)) return;
    const CompiledRunner& runner = snapshot.RunnerOf(binding);
    if (runners.empty() || runners.back().runner != &runner) {
      const LiveState live = runner.live->Read();
      runners.push_back({&runner, IsHealthy(live), live, {}});
    }
    runners.back().profile_names.push_back(binding.name);
  });
  for (RunnerListing& runner : runners) std::ranges::sort(runner.profile_names);
  std::ranges::stable_sort(
      runners, {}, [](const RunnerListing& runner) -> const std::string& { return runner.runner->runner->runner_id; });
  return runners;
}

}  // namespace berth
