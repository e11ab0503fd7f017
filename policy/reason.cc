#include "berth/policy/reason.h"

#include <array>
#include <iterator>

namespace berth {
namespace {

using C = ReasonCode;
using K = ReasonClass;

constexpr ReasonInfo kReasons[] = {
    {C::kOrganizationInvalid, "ORGANIZATION_INVALID", K::kAskAdmin, "organization",
     "the organization's document was refused, so nothing is allowed"},
    {C::kCpuQuota, "ORGANIZATION_QUOTA_EXCEEDED", K::kSmallerRequest, "cpu",
     "CPU above what the organization allows one sandbox"},
    {C::kMemoryQuota, "ORGANIZATION_QUOTA_EXCEEDED", K::kSmallerRequest, "memory",
     "memory above what the organization allows one sandbox"},
    {C::kGpuQuota, "ORGANIZATION_QUOTA_EXCEEDED", K::kSmallerRequest, "gpu",
     "GPUs above what the organization allows one sandbox"},
    {C::kProfileInvalid, "PROFILE_INVALID", K::kAskAdmin, "profile", "the binding's spec has an error"},
    {C::kUserRequired, "USER_REQUIRED", K::kFixRequest, "user_id", "a namespace per user needs a user"},
    {C::kOverrideInvalid, "OVERRIDE_INVALID", K::kFixRequest, "overrides", "the overrides make the spec invalid"},
    {C::kRunnerNotReady, "RUNNER_NOT_READY", K::kOtherRunner, "runner", "the runner is not installed and ready"},
    {C::kRunnerDisconnected, "RUNNER_DISCONNECTED", K::kWait, "runner", "the runner is not connected"},
    {C::kArchitectureUnsupported, "ARCHITECTURE_UNSUPPORTED", K::kOtherRunner, "architecture",
     "the runner does not run this architecture"},
    {C::kPrivilegedUnsupported, "PRIVILEGED_UNSUPPORTED", K::kOtherRunner, "privileged",
     "the runner takes no privileged sandboxes"},
    {C::kStorageClassUnavailable, "STORAGE_CLASS_UNAVAILABLE", K::kOtherRunner, "storage_classes",
     "the runner lacks a storage class"},
    {C::kGpuTypeUnavailable, "GPU_TYPE_UNAVAILABLE", K::kOtherProfile, "gpu.type", "the binding has no such GPUs"},
    {C::kGpuCountExceedsRunner, "GPU_COUNT_EXCEEDS_RUNNER", K::kSmallerRequest, "gpu.count",
     "more GPUs than the runner can give one sandbox"},
    {C::kEgressModeNotOffered, "EGRESS_MODE_NOT_OFFERED", K::kOtherProfile, "network.egress_mode",
     "the binding declares no such egress mode"},
    {C::kIngressModeNotOffered, "INGRESS_MODE_NOT_OFFERED", K::kOtherProfile, "network.ingress_mode",
     "the binding declares no such ingress level"},
    {C::kHostNameInvalid, "HOST_NAME_INVALID", K::kAskAdmin, "network.ingress_mode",
     "the level's host name comes out invalid"},
    {C::kLimitsRequired, "LIMITS_REQUIRED", K::kFixRequest, "resource_limits",
     "the runner needs CPU and memory limits"},
    {C::kCpuExceedsProfile, "CPU_EXCEEDS_PROFILE", K::kSmallerRequest, "cpu", "CPU above the profile's ceiling"},
    {C::kMemoryExceedsProfile, "MEMORY_EXCEEDS_PROFILE", K::kSmallerRequest, "memory",
     "memory above the profile's ceiling"},
    {C::kCpuRequestAboveLimit, "CPU_REQUEST_ABOVE_LIMIT", K::kFixRequest, "cpu",
     "the CPU request is above the limit of another layer"},
    {C::kMemoryRequestAboveLimit, "MEMORY_REQUEST_ABOVE_LIMIT", K::kFixRequest, "memory",
     "the memory request is above the limit of another layer"},
    {C::kCpuExceedsRunner, "CPU_EXCEEDS_RUNNER", K::kSmallerRequest, "cpu", "CPU above the runner's maximum"},
    {C::kMemoryExceedsRunner, "MEMORY_EXCEEDS_RUNNER", K::kSmallerRequest, "memory",
     "memory above the runner's maximum"},
    {C::kImageNotAllowed, "IMAGE_NOT_ALLOWED", K::kFixRequest, "container_image",
     "the organization does not allow the image"},
    {C::kInsufficientCpu, "INSUFFICIENT_CPU", K::kWait, "cpu", "CPU above what is free now"},
    {C::kInsufficientMemory, "INSUFFICIENT_MEMORY", K::kWait, "memory", "memory above what is free now"},
    {C::kInsufficientGpu, "INSUFFICIENT_GPU", K::kWait, "gpu.count", "GPUs above what is free now"},
    {C::kNoRunners, "NO_RUNNERS", K::kAskAdmin, "runners", "the organization sees no runner"},
    {C::kProfileNotBound, "PROFILE_NOT_BOUND", K::kOtherProfile, "profile_names",
     "no visible runner binds the profile"},
    {C::kRunnerNotFound, "RUNNER_NOT_FOUND", K::kOtherRunner, "runner_ids", "no visible runner has this id"},
    {C::kRunnerGroupNotFound, "RUNNER_GROUP_NOT_FOUND", K::kOtherRunner, "runner_group_id",
     "no visible runner is in this group"},
    {C::kZoneNotFound, "ZONE_NOT_FOUND", K::kOtherRunner, "zone", "no visible runner is in this zone"},
    {C::kFiltersDisjoint, "FILTERS_DISJOINT", K::kFixRequest, "filters",
     "each filter alone matches a binding, but all together match none"},
};

static_assert(std::size(kReasons) == kReasonCount);

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kReasons); ++i) {
    if (kReasons[i].code != static_cast<ReasonCode>(i)) return false;
  }
  return true;
}
static_assert(InOrder());

constexpr std::array<std::string_view, 6> kClassNames = {"SMALLER_REQUEST", "FIX_REQUEST", "OTHER_PROFILE",
                                                         "OTHER_RUNNER",    "WAIT",        "ASK_ADMIN"};

}  // namespace

std::string_view ReasonClassName(ReasonClass reason_class) { return kClassNames[static_cast<size_t>(reason_class)]; }

std::span<const ReasonInfo> Reasons() { return kReasons; }

const ReasonInfo& InfoOf(ReasonCode code) { return kReasons[static_cast<size_t>(code)]; }

}  // namespace berth
