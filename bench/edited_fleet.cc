#include "bench/edited_fleet.h"

#include "bench/peers.h"

namespace berth::bench {

EditedFleet::EditedFleet(size_t bindings)
    : fleet_(MakeFleet({.bindings = bindings, .runner_kinds = kRunnerKinds, .capacity = Capacity::kUnreported})) {
  FleetProfile profile = fleet_.profiles[kProfile];
  versions_[0] = ObjectOf(profile);
  profile.memory_limit_bytes /= 2;
  versions_[1] = ObjectOf(profile);
  served_ = engine_.Publish(CatalogOf(fleet_), 0).ok() && engine_.snapshot()->bindings().size() == bindings;
}

bool EditedFleet::Edit(uint64_t number) {
  const Object& version = versions_[number % 2];
  return engine_.Apply({{version.key, version}}, ++revision_).ok();
}

bool EditedFleet::Works() {
  Launch launch;
  launch.profile_name = fleet_.profiles[kProfile].name;
  launch.cpu = 1000;
  launch.memory = fleet_.profiles[kProfile].memory_limit_bytes;
  const LaunchRequest request = ReadRequest(DocumentOf(launch).dump());
  const auto verdict_after = [&](uint64_t number) {
    Scratch scratch;
    return Edit(number) ? engine_.Admit(request, scratch).verdict : Verdict::kInvalid;
  };
  return served_ && verdict_after(1) == Verdict::kRejected && verdict_after(2) == Verdict::kAdmitted;
}

}  // namespace berth::bench
