#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "berth/policy/match.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

using C = ReasonCode;

// A launch, a binding and a runner that fit; rows change one thing.
struct World {
  std::vector<std::string> storage_classes;
  Need need;
  Offer offer;
  Runner runner;
  LiveState live;
  CallerRules caller;

  World() {
    offer.gpu_types = {{"A100", "a100", 40}, {"H100", "h100", 80}, {"T4", "t4", std::nullopt}};
    offer.egress_modes = {"off", "web"};
    offer.ingress_levels = {"public"};
    runner.capabilities.max_gpu_count.value = 8;
    runner.capabilities.architectures.value = {"amd64", "arm64"};
    runner.capabilities.storage_classes.value = {"fast", "slow"};
  }
  [[nodiscard]] Failures Judge() {
    need.storage_classes = storage_classes;
    return Match(need, {offer, runner, live}, caller);
  }
};

std::string Names(Failures failures) {
  std::string names;
  for (const ReasonInfo& info : Reasons()) {
    if (static_cast<size_t>(info.code) >= kConstraintCount || !failures.Has(info.code)) continue;
    names.append(names.empty() ? "" : " ").append(info.name).append(":").append(info.capability);
  }
  return names;
}

struct Row {
  std::string_view what;
  std::function<void(World&)> change;
  std::string_view failures;
};

void ExpectRows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    World world;
    row.change(world);
    EXPECT_EQ(Names(world.Judge()), row.failures) << row.what;
  }
}

TEST(Match, LetsAPlainLaunchThrough) { EXPECT_TRUE(World().Judge().none()); }

TEST(Match, JudgesTheRunner) {
  ExpectRows({
      {"pending", [](World& w) { w.live.install = InstallStatus::kPending; }, "RUNNER_NOT_READY:runner"},
      {"unspecified", [](World& w) { w.live.install = InstallStatus::kUnspecified; }, "RUNNER_NOT_READY:runner"},
      {"disconnected", [](World& w) { w.live.connection = ConnectionStatus::kDisconnected; },
       "RUNNER_DISCONNECTED:runner"},
      {"other architecture", [](World& w) { w.need.architecture = "riscv64"; },
       "ARCHITECTURE_UNSUPPORTED:architecture"},
      {"one of the architectures", [](World& w) { w.need.architecture = "arm64"; }, ""},
      {"architectures count by case", [](World& w) { w.need.architecture = "AMD64"; },
       "ARCHITECTURE_UNSUPPORTED:architecture"},
      {"privileged", [](World& w) { w.need.privileged = true; }, "PRIVILEGED_UNSUPPORTED:privileged"},
      {"privileged and supported",
       [](World& w) {
         w.need.privileged = true;
         w.runner.capabilities.supports_privileged.value = true;
       },
       ""},
      {"one class missing",
       [](World& w) {
         w.storage_classes = {"fast", "tape"};
       },
       "STORAGE_CLASS_UNAVAILABLE:storage_classes"},
      {"both classes",
       [](World& w) {
         w.storage_classes = {"fast", "slow"};
       },
       ""},
  });
}

TEST(Match, JudgesGpus) {
  ExpectRows({
      {"any", [](World& w) { w.need.gpu_count = 8; }, ""},
      {"too many", [](World& w) { w.need.gpu_count = 9; }, "GPU_COUNT_EXCEEDS_RUNNER:gpu.count"},
      {"a type", [](World& w) { w.need.gpu_count = 1, w.need.gpu_type = "h100"; }, ""},
      {"another type", [](World& w) { w.need.gpu_count = 1, w.need.gpu_type = "l40"; },
       "GPU_TYPE_UNAVAILABLE:gpu.type"},
      {"enough memory", [](World& w) { w.need.gpu_count = 1, w.need.gpu_memory_gb = 80; }, ""},
      {"too much memory", [](World& w) { w.need.gpu_count = 1, w.need.gpu_memory_gb = 81; },
       "GPU_TYPE_UNAVAILABLE:gpu.type"},
      {"unknown memory is not enough",
       [](World& w) {
         w.offer.gpu_types = {{"T4", "t4", std::nullopt}};
         w.need.gpu_count = 1, w.need.gpu_memory_gb = 1;
       },
       "GPU_TYPE_UNAVAILABLE:gpu.type"},
      {"none at all", [](World& w) { w.offer.gpu_types.clear(), w.need.gpu_count = 1; },
       "GPU_TYPE_UNAVAILABLE:gpu.type"},
      {"none asked, none there", [](World& w) { w.offer.gpu_types.clear(); }, ""},
      {"above the quota", [](World& w) { w.caller.quota.gpu = 1, w.need.gpu_count = 2; },
       "ORGANIZATION_QUOTA_EXCEEDED:gpu"},
      {"at the quota", [](World& w) { w.caller.quota.gpu = 2, w.need.gpu_count = 2; }, ""},
      {"not free", [](World& w) { w.live.gpu = 1, w.need.gpu_count = 2; }, "INSUFFICIENT_GPU:gpu.count"},
      {"free", [](World& w) { w.live.gpu = 2, w.need.gpu_count = 2; }, ""},
  });
}

TEST(Match, JudgesTheSpec) {
  ExpectRows({
      {"user needed", [](World& w) { w.offer.needs_user = true; }, "USER_REQUIRED:user_id"},
      {"user there", [](World& w) { w.offer.needs_user = true, w.need.has_user = true; }, ""},
      {"egress mode", [](World& w) { w.need.egress_mode = "web"; }, ""},
      {"no such mode", [](World& w) { w.need.egress_mode = "Web"; }, "EGRESS_MODE_NOT_OFFERED:network.egress_mode"},
      {"level", [](World& w) { w.need.ingress_mode = "public"; }, ""},
      {"no such level", [](World& w) { w.need.ingress_mode = "web"; }, "INGRESS_MODE_NOT_OFFERED:network.ingress_mode"},
      {"invalid", [](World& w) { w.offer.valid = false; }, "PROFILE_INVALID:profile"},
  });
}

TEST(Match, JudgesAnInvalidSpecByRunnerAndRequestOnly) {
  World world;
  world.offer = Offer();
  world.offer.valid = false;
  world.offer.needs_user = true;
  world.need.requests.cpu = 1000;
  world.need.limits.cpu = 2000;
  world.need.gpu_count = 9;
  world.need.egress_mode = "x";
  world.need.architecture = "x";
  world.caller.quota.cpu = 1;
  world.live.cpu = 0;
  world.live.connection = ConnectionStatus::kDisconnected;
  world.runner.enforce_resource_limits.value = true;
  EXPECT_EQ(Names(world.Judge()),
            "PROFILE_INVALID:profile RUNNER_DISCONNECTED:runner ARCHITECTURE_UNSUPPORTED:architecture "
            "GPU_COUNT_EXCEEDS_RUNNER:gpu.count");
}

TEST(Match, JudgesCpuAndMemoryAlike) {
  for (const bool cpu : {true, false}) {
    const auto amount = cpu ? &Amounts::cpu : &Amounts::memory;
    const auto quota = cpu ? &Quota::cpu : &Quota::memory;
    const auto free = cpu ? &LiveState::cpu : &LiveState::memory;
    const auto maximum = cpu ? &Capabilities::max_cpu_millicores : &Capabilities::max_memory_bytes;
    const std::string dimension = cpu ? "cpu" : "memory";
    const std::string upper = cpu ? "CPU" : "MEMORY";
    struct Case {
      std::string_view what;
      std::function<void(World&)> change;
      std::string failures;
    };
    const std::vector<Case> cases = {
        {"limit above quota", [&](World& w) { w.need.limits.*amount = 5, w.caller.quota.*quota = 4; },
         "ORGANIZATION_QUOTA_EXCEEDED:" + dimension},
        {"limit at quota", [&](World& w) { w.need.limits.*amount = 4, w.caller.quota.*quota = 4; }, ""},
        {"limit before request in the quota",
         [&](World& w) { w.need.limits.*amount = 5, w.need.requests.*amount = 1, w.caller.quota.*quota = 4; },
         "ORGANIZATION_QUOTA_EXCEEDED:" + dimension},
        {"request above quota", [&](World& w) { w.need.requests.*amount = 5, w.caller.quota.*quota = 4; },
         "ORGANIZATION_QUOTA_EXCEEDED:" + dimension},
        {"profile's limit above quota", [&](World& w) { w.offer.limits.*amount = 5, w.caller.quota.*quota = 4; },
         "ORGANIZATION_QUOTA_EXCEEDED:" + dimension},
        {"own limit above ceiling", [&](World& w) { w.need.limits.*amount = 5, w.offer.limits.*amount = 4; },
         upper + "_EXCEEDS_PROFILE:" + dimension},
        {"own limit at ceiling", [&](World& w) { w.need.limits.*amount = 4, w.offer.limits.*amount = 4; }, ""},
        {"own request above ceiling is one reason",
         [&](World& w) { w.need.requests.*amount = 5, w.offer.limits.*amount = 4; },
         upper + "_EXCEEDS_PROFILE:" + dimension},
        {"own request above inherited limit that is no ceiling",
         [&](World& w) {
           w.need.requests.*amount = 5, w.offer.limits.*amount = 4, w.caller.limits_are_ceilings = false;
         },
         upper + "_REQUEST_ABOVE_LIMIT:" + dimension},
        {"own limit above a default",
         [&](World& w) { w.need.limits.*amount = 5, w.offer.limits.*amount = 4, w.caller.limits_are_ceilings = false; },
         ""},
        {"inherited request above own limit",
         [&](World& w) { w.need.limits.*amount = 3, w.offer.requests.*amount = 4; },
         upper + "_REQUEST_ABOVE_LIMIT:" + dimension},
        {"inherited request above inherited limit",
         [&](World& w) { w.offer.limits.*amount = 3, w.offer.requests.*amount = 4; },
         upper + "_REQUEST_ABOVE_LIMIT:" + dimension},
        {"request above runner",
         [&](World& w) { w.need.requests.*amount = 5, (w.runner.capabilities.*maximum).value = 4; },
         upper + "_EXCEEDS_RUNNER:" + dimension},
        {"limit above runner is fine",
         [&](World& w) {
           w.need.requests.*amount = 4, w.need.limits.*amount = 5, (w.runner.capabilities.*maximum).value = 4;
         },
         ""},
        {"limit alone is a request",
         [&](World& w) { w.need.limits.*amount = 5, (w.runner.capabilities.*maximum).value = 4; },
         upper + "_EXCEEDS_RUNNER:" + dimension},
        {"maximum of 0 is unknown",
         [&](World& w) { w.need.requests.*amount = 5, (w.runner.capabilities.*maximum).value = 0; }, ""},
        {"request above what is free", [&](World& w) { w.need.requests.*amount = 5, w.live.*free = 4; },
         "INSUFFICIENT_" + upper + ":" + dimension},
        {"request of what is free", [&](World& w) { w.need.requests.*amount = 4, w.live.*free = 4; }, ""},
        {"nothing free, nothing asked", [&](World& w) { w.live.*free = 0; }, ""},
        {"zero asked of nothing", [&](World& w) { w.need.requests.*amount = 0, w.live.*free = 0; }, ""},
    };
    for (const Case& row : cases) {
      World world;
      row.change(world);
      EXPECT_EQ(Names(world.Judge()), row.failures) << dimension << ": " << row.what;
    }
  }
}

TEST(Match, NeedsBothLimitsWhereTheRunnerEnforcesThem) {
  ExpectRows({
      {"none", [](World& w) { w.runner.enforce_resource_limits.value = true; }, "LIMITS_REQUIRED:resource_limits"},
      {"one", [](World& w) { w.runner.enforce_resource_limits.value = true, w.need.limits.cpu = 1; },
       "LIMITS_REQUIRED:resource_limits"},
      {"own and inherited",
       [](World& w) {
         w.runner.enforce_resource_limits.value = true, w.need.limits.cpu = 1, w.offer.limits.memory = 1;
       },
       ""},
      {"requests are no limits",
       [](World& w) {
         w.runner.enforce_resource_limits.value = true, w.need.requests.cpu = 1, w.need.requests.memory = 1;
       },
       "LIMITS_REQUIRED:resource_limits"},
  });
}

TEST(ResolveAmounts, CopiesALimitToARequestAndNeverBack) {
  Need need;
  Offer offer;
  need.limits.cpu = 4;
  offer.requests.memory = 2;
  offer.limits.memory = 8;
  need.requests.memory = 3;
  const ResolvedAmounts resolved = ResolveAmounts(need, offer);
  EXPECT_EQ(resolved.limits.cpu, 4);
  EXPECT_EQ(resolved.requests.cpu, 4);
  EXPECT_EQ(resolved.requests.memory, 3);
  EXPECT_EQ(resolved.limits.memory, 8);
  Need requests_only;
  requests_only.requests.cpu = 1;
  EXPECT_EQ(ResolveAmounts(requests_only, Offer()).limits.cpu, std::nullopt);
  offer.requests.cpu = 2;
  EXPECT_EQ(ResolveAmounts(need, offer).requests.cpu, 2);  // inherited before copied
}

// A request with both sides given never fails a resource constraint that the larger one passes.
TEST(Match, ASmallerRequestIsNeverNewlyRejected) {
  std::mt19937_64 random(1);
  const auto value = [&] { return static_cast<int64_t>(random() % 8); };
  const auto maybe = [&] { return random() % 2 == 0 ? std::nullopt : std::optional(value()); };
  int admitted = 0;
  for (int round = 0; round < 20000; ++round) {
    World world;
    world.offer.requests = {maybe(), maybe()};
    world.offer.limits = {maybe(), maybe()};
    world.caller.quota = {maybe(), maybe(), std::nullopt};
    world.caller.limits_are_ceilings = random() % 2 == 0;
    world.runner.capabilities.max_cpu_millicores.value = value();
    world.live.memory = maybe();
    world.need.limits = {value(), value()};
    world.need.requests = {std::min(*world.need.limits.cpu, value()), std::min(*world.need.limits.memory, value())};
    if (!world.Judge().none()) continue;
    ++admitted;
    for (auto* amounts : {&world.need.requests, &world.need.limits}) {
      for (auto amount : {&Amounts::cpu, &Amounts::memory}) {
        *(amounts->*amount) = std::max<int64_t>(0, *(amounts->*amount) - 1);
      }
    }
    ASSERT_TRUE(world.Judge().none()) << Names(world.Judge());
  }
  EXPECT_GT(admitted, 1000);
}

TEST(OffersGpu, ComparesFoldedNamesAndKnownMemory) {
  const Offer offer = World().offer;
  EXPECT_TRUE(OffersGpu(offer.gpu_types, "", std::nullopt));
  EXPECT_TRUE(OffersGpu(offer.gpu_types, "t4", std::nullopt));
  EXPECT_FALSE(OffersGpu(offer.gpu_types, "T4", std::nullopt));  // the caller folds
  EXPECT_TRUE(OffersGpu(offer.gpu_types, "a100", 40));
  EXPECT_FALSE(OffersGpu(offer.gpu_types, "a100", 41));
  EXPECT_FALSE(OffersGpu(offer.gpu_types, "t4", 1));
  EXPECT_FALSE(OffersGpu(Offer().gpu_types, "", std::nullopt));
}

}  // namespace
}  // namespace berth
