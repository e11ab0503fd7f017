// What an organization could use: its bindings as profiles, and the runners behind them.
//
// Lists show what admission would use, through the same predicates: a profile listed for a set of capabilities has no
// failing constraint of the kinds PROFILE_INVALID, ARCHITECTURE_UNSUPPORTED, GPU_TYPE_UNAVAILABLE,
// EGRESS_MODE_NOT_OFFERED and INGRESS_MODE_NOT_OFFERED for a request that asks just those. Invalid bindings are not
// listed; unhealthy runners are. Filters are combined with AND; a value that matches nothing gives an empty list.
//
// Ownership:  listings view the snapshot they were made from
// Cost:       linear in the visible bindings
// Tested by:  tests/engine_discovery_test.cc, tests/engine_discovery_admission_test.cc

#ifndef BERTH_ENGINE_DISCOVERY_H_
#define BERTH_ENGINE_DISCOVERY_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/snapshot.h"

namespace berth {

// Empty strings and zeros do not filter.
struct DiscoveryFilter {
  std::string_view runner_id;
  std::string_view runner_group_id;
  std::string_view profile;  // name or id
  std::string_view gpu_type;
  std::string_view architecture;
  std::string_view egress_mode;
  std::string_view ingress_mode;
  int64_t min_cpu_millicores = 0;  // free now; unreported does not count as free
  int64_t min_memory_bytes = 0;
  int64_t min_gpu_count = 0;
  bool healthy_only = false;
  bool exclude_shared = false;
  // Only these bindings (indices, sorted): what admission said can take a request. Null: all.
  const std::vector<uint32_t>* fitting = nullptr;
};

struct ProfileListing {
  const CompiledBinding* binding = nullptr;
  const CompiledRunner* runner = nullptr;
  bool healthy = false;
};

struct RunnerListing {
  const CompiledRunner* runner = nullptr;
  bool healthy = false;
  LiveState live;
  std::vector<std::string_view> profile_names;  // sorted; of the bindings listed
};

// The candidates that nothing keeps from taking the launch: for DiscoveryFilter::fitting.
[[nodiscard]] std::vector<uint32_t> FittingBindings(const DetailedDecision& decision);

[[nodiscard]] inline bool IsHealthy(const LiveState& live) {
  return live.install == InstallStatus::kReady && live.connection == ConnectionStatus::kConnected;
}

// Sorted by runner id, then profile name.
std::vector<ProfileListing> ListProfiles(const Snapshot& snapshot, std::string_view organization,
                                         const DiscoveryFilter& filter);
// Runners with at least one binding that passes the binding filters; sorted by runner id.
std::vector<RunnerListing> ListRunners(const Snapshot& snapshot, std::string_view organization,
                                       const DiscoveryFilter& filter);

}  // namespace berth

#endif  // BERTH_ENGINE_DISCOVERY_H_
