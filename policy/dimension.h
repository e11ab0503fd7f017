// CPU and memory as rows of one table: where each stands in asks, quotas, capabilities and live state, and its codes.
//
// Not part of the public interface.

#ifndef BERTH_POLICY_DIMENSION_H_
#define BERTH_POLICY_DIMENSION_H_

#include <cstdint>
#include <optional>

#include "berth/policy/match.h"
#include "berth/policy/reason.h"
#include "berth/spec/objects.h"

namespace berth {

struct Dimension {
  std::optional<int64_t> Amounts::*amount;
  std::optional<int64_t> Quota::*quota;
  Located<int64_t> Capabilities::*maximum;
  std::optional<int64_t> LiveState::*free;
  ReasonCode above_quota;
  ReasonCode above_profile;
  ReasonCode above_limit;
  ReasonCode above_runner;
  ReasonCode insufficient;
};

inline constexpr Dimension kDimensions[] = {
    {&Amounts::cpu, &Quota::cpu, &Capabilities::max_cpu_millicores, &LiveState::cpu, ReasonCode::kCpuQuota,
     ReasonCode::kCpuExceedsProfile, ReasonCode::kCpuRequestAboveLimit, ReasonCode::kCpuExceedsRunner,
     ReasonCode::kInsufficientCpu},
    {&Amounts::memory, &Quota::memory, &Capabilities::max_memory_bytes, &LiveState::memory, ReasonCode::kMemoryQuota,
     ReasonCode::kMemoryExceedsProfile, ReasonCode::kMemoryRequestAboveLimit, ReasonCode::kMemoryExceedsRunner,
     ReasonCode::kInsufficientMemory},
};

// A runner's maximum of 0 is unknown.
inline std::optional<int64_t> KnownMaximum(int64_t maximum) {
  return maximum == 0 ? std::nullopt : std::optional(maximum);
}

}  // namespace berth

#endif  // BERTH_POLICY_DIMENSION_H_
