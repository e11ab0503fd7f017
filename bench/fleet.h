// A made-up fleet for benchmarks: the same on every machine, as documents and as the numbers they were made from.
//
// N bindings on N/4 runners, 10 profiles, a fifth of the bindings with an override, 5 GPU kinds, 2 architectures,
// 3 % of the runners unhealthy, free resources spread so that hardly any two runners score the same.

#ifndef BERTH_BENCH_FLEET_H_
#define BERTH_BENCH_FLEET_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace berth::bench {

struct FleetProfile {
  std::string name;
  int64_t cpu_limit_millicores = 0;
  int64_t memory_limit_bytes = 0;
  std::vector<std::string> egress_modes;
};

struct FleetBinding {
  size_t profile = 0;
  bool is_default = false;
  int64_t cpu_limit_millicores = 0;  // the override's; 0: the profile's
};

struct FleetRunner {
  std::string id;
  bool ready = true;
  bool connected = true;
  std::string architecture;
  std::string gpu_type;
  std::vector<std::string> storage_classes;
  int64_t max_cpu_millicores = 0;
  int64_t max_memory_bytes = 0;
  int64_t max_gpus = 0;
  int64_t free_cpu_millicores = 0;
  int64_t free_memory_bytes = 0;
  int64_t free_gpus = 0;
  std::vector<FleetBinding> bindings;
};

struct Fleet {
  std::vector<FleetProfile> profiles;
  std::vector<FleetRunner> runners;
};

Fleet MakeFleet(size_t bindings);

// An array of documents.
nlohmann::json DocumentsOf(const Fleet& fleet);

}  // namespace berth::bench

#endif  // BERTH_BENCH_FLEET_H_
