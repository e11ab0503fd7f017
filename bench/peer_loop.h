// What one would write without berth: a loop over structs that collects reasons as strings.
//
// Knows the constraints that the benchmark's requests meet, and no others.

#ifndef BERTH_BENCH_PEER_LOOP_H_
#define BERTH_BENCH_PEER_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/fleet.h"

namespace berth::bench {

struct PeerBinding {
  std::string runner_id;
  std::string profile_name;
  bool is_default = false;
  bool ready = false;
  bool connected = false;
  std::vector<std::string> architectures;
  std::vector<std::string> gpu_types;
  std::vector<std::string> storage_classes;
  std::vector<std::string> egress_modes;
  int64_t cpu_limit = 0;
  int64_t memory_limit = 0;
  int64_t max_cpu = 0;
  int64_t max_memory = 0;
  int64_t max_gpus = 0;
  int64_t free_cpu = 0;
  int64_t free_memory = 0;
  int64_t free_gpus = 0;
};

struct PeerRequest {
  std::string sandbox_id;
  std::string architecture;
  std::string gpu_type;
  std::string egress_mode;
  std::vector<std::string> storage_classes;
  int64_t cpu = 0;
  int64_t memory = 0;
  int64_t gpus = 0;
};

struct PeerCount {
  uint32_t headline = 0;
  uint32_t blocked = 0;
  uint32_t sole = 0;
};

struct PeerAnswer {
  bool admitted = false;
  std::string runner_id;
  std::string profile_name;
  std::map<std::string, PeerCount> reasons;  // by code; empty when admitted
};

std::vector<PeerBinding> PeerBindingsOf(const Fleet& fleet);

PeerAnswer PeerAdmit(const std::vector<PeerBinding>& bindings, const PeerRequest& request);

}  // namespace berth::bench

#endif  // BERTH_BENCH_PEER_LOOP_H_
