// A reason: this candidate cannot take this request, because of this one constraint.
//
// The closed set of reasons, in the order of precedence of the law (semantics, "Admission"): the first one that fails
// is a candidate's headline. A candidate's failures fit one 32-bit word, bit i for the i-th code, so headline and sole
// blocker are bit operations. Codes with several dimensions (CPU, memory, GPU) have one enumerator per dimension and
// share the wire name where the law gives them one.
//
// Threads:  constant data
// Not here: what is wrong with a document (berth/spec/issue.h)

#ifndef BERTH_POLICY_REASON_H_
#define BERTH_POLICY_REASON_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace berth {

enum class ReasonCode : uint8_t {
  kOrganizationInvalid,
  kCpuQuota,
  kMemoryQuota,
  kGpuQuota,
  kProfileInvalid,
  kUserRequired,
  kOverrideInvalid,
  kRunnerNotReady,
  kRunnerDisconnected,
  kArchitectureUnsupported,
  kPrivilegedUnsupported,
  kStorageClassUnavailable,
  kGpuTypeUnavailable,
  kGpuCountExceedsRunner,
  kEgressModeNotOffered,
  kIngressModeNotOffered,
  kHostNameInvalid,
  kLimitsRequired,
  kCpuExceedsProfile,
  kMemoryExceedsProfile,
  kCpuRequestAboveLimit,
  kMemoryRequestAboveLimit,
  kCpuExceedsRunner,
  kMemoryExceedsRunner,
  kImageNotAllowed,
  kInsufficientCpu,
  kInsufficientMemory,
  kInsufficientGpu,
  // Scope: no candidate at all. Never among a candidate's failures.
  kNoRunners,
  kProfileNotBound,
  kRunnerNotFound,
  kRunnerGroupNotFound,
  kZoneNotFound,
  kFiltersDisjoint,
};

inline constexpr size_t kConstraintCount = static_cast<size_t>(ReasonCode::kInsufficientGpu) + 1;
inline constexpr size_t kReasonCount = static_cast<size_t>(ReasonCode::kFiltersDisjoint) + 1;
static_assert(kConstraintCount <= 32, "a candidate's failures fit one word");

// What the caller can do about it.
enum class ReasonClass : uint8_t { kSmallerRequest, kFixRequest, kOtherProfile, kOtherRunner, kWait, kAskAdmin };

std::string_view ReasonClassName(ReasonClass reason_class);

struct ReasonInfo {
  ReasonCode code;
  std::string_view name;  // on the wire: `EGRESS_MODE_NOT_OFFERED`
  ReasonClass reason_class;
  std::string_view capability;  // with the name, the reason's identity: `network.egress_mode`
  std::string_view summary;     // one line for people
};

// The whole table, in enumerator order.
std::span<const ReasonInfo> Reasons();
const ReasonInfo& InfoOf(ReasonCode code);

// The failing constraints of one candidate.
class Failures {
 public:
  constexpr Failures() = default;
  constexpr void Add(ReasonCode code) { bits_ |= Bit(code); }
  constexpr void AddIf(bool fails, ReasonCode code) { bits_ |= fails ? Bit(code) : 0; }
  constexpr void AddAll(Failures other) { bits_ |= other.bits_; }
  [[nodiscard]] constexpr bool Has(ReasonCode code) const { return (bits_ & Bit(code)) != 0; }
  [[nodiscard]] constexpr bool none() const { return bits_ == 0; }
  [[nodiscard]] constexpr bool single() const { return std::has_single_bit(bits_); }
  // The failing constraint of highest precedence; only when there is one.
  [[nodiscard]] constexpr ReasonCode headline() const { return static_cast<ReasonCode>(std::countr_zero(bits_)); }
  [[nodiscard]] constexpr uint32_t bits() const { return bits_; }

 private:
  static constexpr uint32_t Index(ReasonCode code) { return static_cast<uint32_t>(code); }
  // Scope codes have no bit: no candidate fails them.
  static constexpr uint32_t Bit(ReasonCode code) {
    return Index(code) < kConstraintCount ? uint32_t{1} << Index(code) : 0;
  }

  uint32_t bits_ = 0;
};

}  // namespace berth

#endif  // BERTH_POLICY_REASON_H_
