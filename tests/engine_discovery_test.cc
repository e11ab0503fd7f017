#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/discovery.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace berth {
namespace {

using testing::ElementsAre;

constexpr std::string_view kFleet = R"(
- {kind: Zone, zone: z1, gpu_memory_gb: {h100: 80}}
- {kind: Profile, display_name: web, spec: {network: {egress: {default: off, modes: {off: {type: none}, net: {type: internet}}},
    ingress: {public: {scope: any, service: {serviceType: LoadBalancer}}}}}}
- {kind: Profile, id: i-gpu, display_name: gpu, spec: {instance_types: [h100]}}
- {kind: Profile, display_name: broken, spec: {namespace: {strategy: static}}}
- {kind: Profile, display_name: theirs, organization_id: acme, spec: {}}
- kind: Runner
  runner_id: r2
  identity: {zone: z1, cluster_name: c2, runner_group_id: blue}
  capabilities: {max_gpu_count: 8, supported_gpu_types: [H100, A100], supported_architectures: [arm64, amd64]}
  resources: {available_cpu_millicores: 4000, available_memory_bytes: 1000, available_gpu_count: 2}
  profile_bindings:
    - {profile_template_id: web, is_default: true}
    - {profile_template_id: i-gpu, profile_name: fast}
    - {profile_template_id: broken}
- kind: Runner
  runner_id: r1
  identity: {zone: z2, cluster_name: c1}
  connection_status: DISCONNECTED
  capabilities: {supported_architectures: [amd64]}
  profile_bindings: [{profile_template_id: web, is_default: true}]
- kind: Runner
  runner_id: r3
  organization_id: acme
  is_shared: true
  identity: {zone: z1, cluster_name: c3}
  profile_bindings: [{profile_template_id: theirs, is_default: true}]
)";

class DiscoveryTest : public testing::Test {
 protected:
  DiscoveryTest() { EXPECT_TRUE(engine_.Publish(CatalogOf({{"fleet.yaml", std::string(kFleet)}}), 1).ok()); }

  // `runner/profile`, in the order of the list.
  std::vector<std::string> Profiles(const DiscoveryFilter& filter, std::string_view organization = "default") {
    std::vector<std::string> names;
    for (const ProfileListing& profile : ListProfiles(*engine_.snapshot(), organization, filter)) {
      names.push_back(profile.runner->runner->runner_id + "/" + profile.binding->name);
    }
    return names;
  }
  std::vector<std::string> Runners(const DiscoveryFilter& filter, std::string_view organization = "default") {
    std::vector<std::string> names;
    for (const RunnerListing& runner : ListRunners(*engine_.snapshot(), organization, filter)) {
      names.push_back(runner.runner->runner->runner_id);
    }
    return names;
  }

  Engine engine_;
};

TEST_F(DiscoveryTest, ListsWhatTheOrganizationSeesInOrder) {
  EXPECT_THAT(Profiles({}), ElementsAre("r1/web", "r2/fast", "r2/web", "r3/theirs"));
  EXPECT_THAT(Runners({}), ElementsAre("r1", "r2", "r3"));
  EXPECT_THAT(Profiles({}, "acme"), ElementsAre("r3/theirs"));
  EXPECT_THAT(Profiles({}, "nobody"), ElementsAre("r3/theirs"));
}

TEST_F(DiscoveryTest, NeverListsInvalidBindings) {
  DiscoveryFilter filter;
  filter.profile = "broken";
  EXPECT_THAT(Profiles(filter), ElementsAre());
  EXPECT_THAT(Runners(filter), ElementsAre());
}

TEST_F(DiscoveryTest, SaysWhoIsHealthyAndListsTheOthersToo) {
  const auto profiles = ListProfiles(*engine_.snapshot(), "default", {});
  ASSERT_EQ(profiles.size(), 4U);
  EXPECT_FALSE(profiles[0].healthy);
  EXPECT_TRUE(profiles[1].healthy);
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kConnected).ok());
  EXPECT_TRUE(ListProfiles(*engine_.snapshot(), "default", {})[0].healthy);
}

TEST_F(DiscoveryTest, FiltersProfiles) {
  const auto with = [](auto member, auto value) {
    DiscoveryFilter filter;
    filter.*member = value;
    return filter;
  };
  using F = DiscoveryFilter;
  EXPECT_THAT(Profiles(with(&F::runner_id, "r2")), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::runner_group_id, "blue")), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::profile, "web")), ElementsAre("r1/web", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::profile, "i-gpu")), ElementsAre("r2/fast"));
  EXPECT_THAT(Profiles(with(&F::profile, "gpu")), ElementsAre());  // hidden by its alias
  EXPECT_THAT(Profiles(with(&F::gpu_type, "a100")), ElementsAre("r2/web"));
  EXPECT_THAT(Profiles(with(&F::gpu_type, "h100")), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::architecture, "amd64")), ElementsAre("r1/web", "r2/fast", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::architecture, "arm64")), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::egress_mode, "net")), ElementsAre("r1/web", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::egress_mode, "internet")), ElementsAre());
  EXPECT_THAT(Profiles(with(&F::ingress_mode, "public")), ElementsAre("r1/web", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::healthy_only, true)), ElementsAre("r2/fast", "r2/web", "r3/theirs"));
  EXPECT_THAT(Profiles(with(&F::exclude_shared, true)), ElementsAre("r1/web", "r2/fast", "r2/web"));
  EXPECT_THAT(Profiles(with(&F::runner_id, "r9")), ElementsAre());
}

TEST_F(DiscoveryTest, CountsOnlyWhatIsReportedAsFree) {
  DiscoveryFilter filter;
  filter.min_cpu_millicores = 4000;
  EXPECT_THAT(Runners(filter), ElementsAre("r2"));
  filter.min_memory_bytes = 1000;
  filter.min_gpu_count = 2;
  EXPECT_THAT(Runners(filter), ElementsAre("r2"));
  filter.min_gpu_count = 3;
  EXPECT_THAT(Runners(filter), ElementsAre());
  filter = {};
  filter.min_cpu_millicores = 1;
  ASSERT_TRUE(engine_.MarkStale("default", "r2").ok());
  EXPECT_THAT(Runners(filter), ElementsAre());
}

TEST_F(DiscoveryTest, CombinesFiltersWithAnd) {
  DiscoveryFilter filter;
  filter.profile = "web";
  filter.healthy_only = true;
  EXPECT_THAT(Profiles(filter), ElementsAre("r2/web"));
  filter.gpu_type = "a100";
  filter.architecture = "arm64";
  EXPECT_THAT(Profiles(filter), ElementsAre("r2/web"));
  filter.runner_id = "r1";
  EXPECT_THAT(Profiles(filter), ElementsAre());
}

TEST_F(DiscoveryTest, ListsARunnerWithTheProfilesThatPass) {
  DiscoveryFilter filter;
  filter.gpu_type = "h100";
  const auto runners = ListRunners(*engine_.snapshot(), "default", filter);
  ASSERT_EQ(runners.size(), 1U);
  EXPECT_THAT(runners[0].profile_names, ElementsAre("fast", "web"));
  EXPECT_EQ(runners[0].live.cpu, 4000);
  filter.profile = "fast";
  EXPECT_THAT(ListRunners(*engine_.snapshot(), "default", filter).at(0).profile_names, ElementsAre("fast"));
}

TEST_F(DiscoveryTest, ListsOnlyWhatFits) {
  std::vector<uint32_t> fitting;
  DiscoveryFilter filter;
  filter.fitting = &fitting;
  EXPECT_THAT(Profiles(filter), ElementsAre());
  const auto bindings = engine_.snapshot()->bindings();
  for (uint32_t i = 0; i < bindings.size(); ++i) {
    if (bindings[i].name == "fast") fitting.push_back(i);
  }
  EXPECT_THAT(Profiles(filter), ElementsAre("r2/fast"));
  EXPECT_THAT(Runners(filter), ElementsAre("r2"));
}

// A profile listed for a set of capabilities fails no constraint about just those.
TEST_F(DiscoveryTest, AgreesWithAdmission) {
  constexpr ReasonCode kAsked[] = {ReasonCode::kProfileInvalid, ReasonCode::kArchitectureUnsupported,
                                   ReasonCode::kGpuTypeUnavailable, ReasonCode::kEgressModeNotOffered,
                                   ReasonCode::kIngressModeNotOffered};
  Scratch scratch;
  for (const std::string_view gpu : {"", "h100", "a100", "t4"}) {
    for (const std::string_view architecture : {"", "amd64", "arm64"}) {
      for (const std::string_view egress : {"", "net", "other"}) {
        for (const std::string_view ingress : {"", "public", "other"}) {
          DiscoveryFilter filter;
          filter.gpu_type = gpu;
          filter.architecture = architecture;
          filter.egress_mode = egress;
          filter.ingress_mode = ingress;
          std::string yaml = "{architecture: '" + std::string(architecture) + "', network: {egress_mode: '" +
                             std::string(egress) + "'";
          if (!ingress.empty()) yaml += ", ingress_mode: " + std::string(ingress) + ", exposed_ports: [80]";
          yaml += "}";
          if (!gpu.empty()) yaml += ", resource_requests: {gpu: {count: 1, type: " + std::string(gpu) + "}}";
          const LaunchRequest request = LaunchOf(yaml + "}");
          const DetailedDecision decision = engine_.AdmitInDetail(request, scratch);
          std::vector<std::string> fitting;
          for (const CandidateResult& candidate : decision.candidates) {
            const auto failed = [&](ReasonCode code) { return candidate.failures.Has(code); };
            if (std::ranges::any_of(kAsked, failed)) continue;
            const CompiledBinding& binding = decision.snapshot->bindings()[candidate.binding];
            fitting.push_back(decision.snapshot->RunnerOf(binding).runner->runner_id + "/" + binding.name);
          }
          std::ranges::sort(fitting);
          EXPECT_EQ(Profiles(filter), fitting) << yaml;
        }
      }
    }
  }
}

}  // namespace
}  // namespace berth
