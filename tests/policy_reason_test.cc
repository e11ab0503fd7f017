#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "berth/policy/reason.h"
#include "berth/policy/verdict.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

using C = ReasonCode;

TEST(Reasons, StandInTheOrderOfTheLaw) {
  // Code and dimension, by precedence; scope reasons come after, and are never among a candidate's failures.
  constexpr std::string_view kOrder[] = {
      "ORGANIZATION_INVALID organization",
      "ORGANIZATION_QUOTA_EXCEEDED cpu",
      "ORGANIZATION_QUOTA_EXCEEDED memory",
      "ORGANIZATION_QUOTA_EXCEEDED gpu",
      "PROFILE_INVALID profile",
      "USER_REQUIRED user_id",
      "OVERRIDE_INVALID overrides",
      "RUNNER_NOT_READY runner",
      "RUNNER_DISCONNECTED runner",
      "ARCHITECTURE_UNSUPPORTED architecture",
      "PRIVILEGED_UNSUPPORTED privileged",
      "STORAGE_CLASS_UNAVAILABLE storage_classes",
      "GPU_TYPE_UNAVAILABLE gpu.type",
      "GPU_COUNT_EXCEEDS_RUNNER gpu.count",
      "EGRESS_MODE_NOT_OFFERED network.egress_mode",
      "INGRESS_MODE_NOT_OFFERED network.ingress_mode",
      "HOST_NAME_INVALID network.ingress_mode",
      "LIMITS_REQUIRED resource_limits",
      "CPU_EXCEEDS_PROFILE cpu",
      "MEMORY_EXCEEDS_PROFILE memory",
      "CPU_REQUEST_ABOVE_LIMIT cpu",
      "MEMORY_REQUEST_ABOVE_LIMIT memory",
      "CPU_EXCEEDS_RUNNER cpu",
      "MEMORY_EXCEEDS_RUNNER memory",
      "IMAGE_NOT_ALLOWED container_image",
      "INSUFFICIENT_CPU cpu",
      "INSUFFICIENT_MEMORY memory",
      "INSUFFICIENT_GPU gpu.count",
      "NO_RUNNERS runners",
      "PROFILE_NOT_BOUND profile_names",
      "RUNNER_NOT_FOUND runner_ids",
      "RUNNER_GROUP_NOT_FOUND runner_group_id",
      "ZONE_NOT_FOUND zone",
      "FILTERS_DISJOINT filters",
  };
  ASSERT_EQ(Reasons().size(), std::size(kOrder));
  for (size_t i = 0; i < std::size(kOrder); ++i) {
    const ReasonInfo& info = Reasons()[i];
    EXPECT_EQ(std::string(info.name) + " " + std::string(info.capability), kOrder[i]);
    EXPECT_EQ(static_cast<size_t>(info.code), i);
    EXPECT_EQ(&InfoOf(info.code), &info);
  }
}

TEST(Reasons, HaveTheClassesOfTheLaw) {
  constexpr std::pair<C, std::string_view> kClasses[] = {
      {C::kOrganizationInvalid, "ASK_ADMIN"},
      {C::kCpuQuota, "SMALLER_REQUEST"},
      {C::kMemoryQuota, "SMALLER_REQUEST"},
      {C::kGpuQuota, "SMALLER_REQUEST"},
      {C::kProfileInvalid, "ASK_ADMIN"},
      {C::kUserRequired, "FIX_REQUEST"},
      {C::kOverrideInvalid, "FIX_REQUEST"},
      {C::kRunnerNotReady, "OTHER_RUNNER"},
      {C::kRunnerDisconnected, "WAIT"},
      {C::kArchitectureUnsupported, "OTHER_RUNNER"},
      {C::kPrivilegedUnsupported, "OTHER_RUNNER"},
      {C::kStorageClassUnavailable, "OTHER_RUNNER"},
      {C::kGpuTypeUnavailable, "OTHER_PROFILE"},
      {C::kGpuCountExceedsRunner, "SMALLER_REQUEST"},
      {C::kEgressModeNotOffered, "OTHER_PROFILE"},
      {C::kIngressModeNotOffered, "OTHER_PROFILE"},
      {C::kHostNameInvalid, "ASK_ADMIN"},
      {C::kLimitsRequired, "FIX_REQUEST"},
      {C::kCpuExceedsProfile, "SMALLER_REQUEST"},
      {C::kMemoryExceedsProfile, "SMALLER_REQUEST"},
      {C::kCpuRequestAboveLimit, "FIX_REQUEST"},
      {C::kMemoryRequestAboveLimit, "FIX_REQUEST"},
      {C::kCpuExceedsRunner, "SMALLER_REQUEST"},
      {C::kMemoryExceedsRunner, "SMALLER_REQUEST"},
      {C::kImageNotAllowed, "FIX_REQUEST"},
      {C::kInsufficientCpu, "WAIT"},
      {C::kInsufficientMemory, "WAIT"},
      {C::kInsufficientGpu, "WAIT"},
      {C::kNoRunners, "ASK_ADMIN"},
      {C::kProfileNotBound, "OTHER_PROFILE"},
      {C::kRunnerNotFound, "OTHER_RUNNER"},
      {C::kRunnerGroupNotFound, "OTHER_RUNNER"},
      {C::kZoneNotFound, "OTHER_RUNNER"},
      {C::kFiltersDisjoint, "FIX_REQUEST"},
  };
  ASSERT_EQ(std::size(kClasses), kReasonCount);
  for (const auto& [code, name] : kClasses) EXPECT_EQ(ReasonClassName(InfoOf(code).reason_class), name);
}

TEST(Reasons, AreIdentifiedByNameAndCapability) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const ReasonInfo& info : Reasons()) {
    EXPECT_TRUE(seen.emplace(info.name, info.capability).second) << info.name;
    EXPECT_FALSE(info.summary.empty()) << info.name;
    EXPECT_FALSE(info.summary.ends_with('.')) << info.name;
  }
}

TEST(Failures, HeadlineIsTheFirstByPrecedence) {
  Failures failures;
  EXPECT_TRUE(failures.none());
  EXPECT_FALSE(failures.single());
  failures.Add(C::kInsufficientGpu);
  EXPECT_TRUE(failures.single());
  EXPECT_EQ(failures.headline(), C::kInsufficientGpu);
  failures.AddIf(false, C::kCpuQuota);
  EXPECT_FALSE(failures.Has(C::kCpuQuota));
  failures.AddIf(true, C::kRunnerNotReady);
  failures.AddIf(true, C::kRunnerNotReady);
  EXPECT_EQ(failures.headline(), C::kRunnerNotReady);
  EXPECT_TRUE(failures.Has(C::kInsufficientGpu));
  EXPECT_FALSE(failures.single());
  EXPECT_FALSE(failures.none());
}

TEST(Failures, KeepEveryConstraintApart) {
  uint32_t all = 0;
  for (size_t i = 0; i < kConstraintCount; ++i) {
    Failures failures;
    failures.Add(static_cast<C>(i));
    EXPECT_EQ(all & failures.bits(), 0U);
    all |= failures.bits();
    EXPECT_EQ(failures.headline(), static_cast<C>(i));
  }
}

TEST(Verdicts, HaveTheProductsCodes) {
  EXPECT_EQ(VerdictName(Verdict::kAdmitted), "ADMITTED");
  EXPECT_EQ(VerdictName(Verdict::kRejected), "REJECTED");
  EXPECT_EQ(VerdictName(Verdict::kInvalid), "INVALID");
  EXPECT_EQ(VerdictCode(Verdict::kAdmitted, true), "");
  EXPECT_EQ(VerdictCode(Verdict::kRejected, true), "CWSANDBOX_PROFILE_MISMATCH");
  EXPECT_EQ(VerdictCode(Verdict::kRejected, false), "CWSANDBOX_NO_SUITABLE_RUNNER");
  EXPECT_EQ(VerdictCode(Verdict::kInvalid, true), "CWSANDBOX_INVALID_REQUEST");
}

}  // namespace
}  // namespace berth
