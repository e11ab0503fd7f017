// The constraints: which of them keep one binding from taking one request.
//
// A Need is what a request asks, in numbers and names; an Offer is what a binding and its runner can give at all; a
// LiveState is what the runner can give now. Match evaluates every constraint of the law and never stops at the first:
// callers want all the reasons.
//
// Ownership:   views into the catalog's and the request's strings
// Threads:     pure function
// Cost:        a few comparisons; no allocation, no lock
// Tested by:   tests/policy_match_test.cc, the differential test

#ifndef BERTH_POLICY_MATCH_H_
#define BERTH_POLICY_MATCH_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/policy/reason.h"
#include "berth/spec/objects.h"

namespace berth {

// CPU in millicores and memory in bytes, where something is set.
struct Amounts {
  std::optional<int64_t> cpu;
  std::optional<int64_t> memory;
};

// What one launch asks. Views must stay valid while it is used.
struct Need {
  Amounts requests;
  Amounts limits;
  int64_t gpu_count = 0;      // 0: no GPU
  std::string_view gpu_type;  // lower case; empty: any
  std::optional<int64_t> gpu_memory_gb;
  std::string_view architecture;
  bool privileged = false;
  std::span<const std::string> storage_classes;
  std::string_view egress_mode;   // empty: the default
  std::string_view ingress_mode;  // empty: none
  bool has_user = false;
};

struct GpuType {
  std::string name;    // the runner's spelling
  std::string folded;  // lower case
  std::optional<int64_t> memory_gb;
};

// What a binding can give, whatever is free now.
struct Offer {
  bool valid = true;  // false: the effective spec has an error, and what reads a spec is not judged
  bool needs_user = false;
  std::vector<GpuType> gpu_types;  // of the binding, sorted by name
  std::vector<std::string> egress_modes;
  std::vector<std::string> ingress_levels;
  Amounts requests;  // of the effective spec, as its layers set them
  Amounts limits;
};

// What an organization allows one sandbox.
struct Quota {
  std::optional<int64_t> cpu;
  std::optional<int64_t> memory;
  std::optional<int64_t> gpu;
};

// CPU in millicores, memory in bytes, GPUs; at least 0.
struct Shape {
  int64_t cpu = 0;
  int64_t memory = 0;
  int64_t gpu = 0;
};

struct LiveState {
  InstallStatus install = InstallStatus::kReady;
  ConnectionStatus connection = ConnectionStatus::kConnected;
  // Free now: reported less reserved. Nothing where the runner reports nothing.
  std::optional<int64_t> cpu;
  std::optional<int64_t> memory;
  std::optional<int64_t> gpu;
  // Promised to launches, whether or not the runner reports what is free.
  Shape reserved{};
};

// What the launch would get: the request's own numbers over the binding's, a request copied from a limit.
struct ResolvedAmounts {
  Amounts requests;
  Amounts limits;
};
[[nodiscard]] ResolvedAmounts ResolveAmounts(const Need& need, const Offer& offer);

struct Candidate {
  const Offer& offer;
  const Runner& runner;
  const LiveState& live;
};

struct CallerRules {
  Quota quota;
  bool limits_are_ceilings = true;
};

// Every failing constraint, except those that need text work: the engine adds overrides, host names and images.
[[nodiscard]] Failures Match(const Need& need, const Candidate& candidate, const CallerRules& caller);

// Shared with discovery: whether the binding has such GPUs. An empty type and no memory: any GPU.
[[nodiscard]] bool OffersGpu(std::span<const GpuType> types, std::string_view folded_type,
                             std::optional<int64_t> memory_gb);
[[nodiscard]] bool Offers(std::span<const std::string> names, std::string_view name);

}  // namespace berth

#endif  // BERTH_POLICY_MATCH_H_
