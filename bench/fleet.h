// A made-up fleet for benchmarks: the same on every machine, as documents, as a catalog, and as the numbers they were
// made from.
//
// N bindings on N/4 runners, 10 profiles, a fifth of the bindings with an override, 5 GPU kinds, 2 architectures, 4
// zones, 3 % of the runners unhealthy. Two knobs: how many kinds of runners there are before they repeat, and so how
// many bindings differ in nothing that admission reads; and what the runners report as free.

#ifndef BERTH_BENCH_FLEET_H_
#define BERTH_BENCH_FLEET_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "berth/engine/catalog.h"

namespace berth::bench {

enum class Capacity : uint8_t {
  kScattered,   // hardly two runners have the same room
  kWhole,       // everything is free: all that are alike score the same
  kUnreported,  // nothing is known, so nothing is insufficient
};

struct FleetOptions {
  // 1: all bindings are alike. Up to kUsualRunnerKinds, kinds differ in what runners and profiles offer. With more,
  // each binding of each kind also has a CPU limit of its own in an override.
  static constexpr size_t kUsualRunnerKinds = 120;  // 160 shapes of bindings
  static constexpr size_t kAllDifferent = SIZE_MAX;

  size_t bindings = 1000;
  size_t runner_kinds = kUsualRunnerKinds;
  Capacity capacity = Capacity::kScattered;
};

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
  std::string zone;
  bool ready = true;
  bool connected = true;
  std::string architecture;
  std::string gpu_type;
  std::vector<std::string> storage_classes;
  int64_t max_cpu_millicores = 0;
  int64_t max_memory_bytes = 0;
  int64_t max_gpus = 0;
  bool reports_free = true;
  int64_t free_cpu_millicores = 0;
  int64_t free_memory_bytes = 0;
  int64_t free_gpus = 0;
  std::vector<FleetBinding> bindings;
};

struct Fleet {
  std::vector<std::string> zones;
  std::vector<FleetProfile> profiles;
  std::vector<FleetRunner> runners;
};

Fleet MakeFleet(const FleetOptions& options);

// How many bindings differ in what admission reads of them, health, zone and free resources apart.
size_t ShapesOf(const Fleet& fleet);

nlohmann::json DocumentOf(const FleetProfile& profile);
// An array of documents.
nlohmann::json DocumentsOf(const Fleet& fleet);

// The same documents, read. In parts, so that a million bindings pass the limits on one file.
Catalog CatalogOf(const Fleet& fleet);
// One profile as that catalog holds it, under the same key: applied, it takes the other's place.
Object ObjectOf(const FleetProfile& profile);

}  // namespace berth::bench

#endif  // BERTH_BENCH_FLEET_H_
