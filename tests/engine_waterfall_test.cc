#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/waterfall.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using testing::ElementsAre;

// Six bindings: r1 small+big, r2 small+big (disconnected), r3 small+big (blue).
constexpr std::string_view kFleet = R"(
- {kind: Zone, zone: z1}
- {kind: Profile, display_name: small, spec: {resource_defaults: {memoryLimit: 4Gi}}}
- {kind: Profile, display_name: big, spec: {resource_defaults: {memoryLimit: 64Gi}}}
- {kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: c1}, capabilities: {supported_architectures: [amd64]},
   profile_bindings: [{profile_template_id: small, is_default: true}, {profile_template_id: big}]}
- {kind: Runner, runner_id: r2, identity: {zone: z1, cluster_name: c2}, connection_status: DISCONNECTED,
   profile_bindings: [{profile_template_id: small, is_default: true}, {profile_template_id: big}]}
- {kind: Runner, runner_id: r3, identity: {zone: z1, cluster_name: c3, runner_group_id: blue},
   profile_bindings: [{profile_template_id: small, is_default: true}, {profile_template_id: big}]}
)";

// `name -lost =left`, then ` +n` for each remedy.
std::vector<std::string> Lines(const Waterfall& waterfall) {
  std::vector<std::string> lines = {"visible =" + std::to_string(waterfall.visible)};
  for (const WaterfallStep& step : waterfall.steps) {
    std::string& line = lines.emplace_back(step.name);
    line.append(" -").append(std::to_string(step.lost)).append(" =").append(std::to_string(step.left));
    for (const uint32_t regained : step.regained) line.append(" +").append(std::to_string(regained));
  }
  return lines;
}

class WaterfallTest : public testing::Test {
 protected:
  explicit WaterfallTest(std::string_view more = "") {
    EXPECT_TRUE(engine_.Publish(CatalogOf({{"fleet.yaml", std::string(kFleet) + std::string(more)}}), 1).ok());
  }

  std::vector<std::string> Ask(std::string_view yaml) {
    const LaunchRequest request = LaunchOf(yaml);
    Scratch scratch;
    const DetailedDecision decision = engine_.AdmitInDetail(request, scratch);
    return Lines(WaterfallOf(decision, request, FindRemedies(decision, request)));
  }

  Engine engine_;
};

class DefaultsOnlyTest : public WaterfallTest {
 protected:
  DefaultsOnlyTest()
      : WaterfallTest("- {kind: Organization, organization_id: default, unnamed_requests: default_binding_only}") {}
};

TEST_F(WaterfallTest, LosesEachCandidateAtItsHeadline) {
  // Memory of 8Gi: r1/small and r3/small have too low a ceiling; arm64 is nowhere.
  EXPECT_THAT(Ask("{architecture: arm64, resource_limits: {memory: 8Gi}}"),
              ElementsAre("visible =6", "RUNNER_DISCONNECTED -2 =4", "ARCHITECTURE_UNSUPPORTED -4 =0"));
}

TEST_F(WaterfallTest, ShowsWhatEachRemedyBringsBack) {
  // Shrinking to 64Gi helps r1/big and r3/big alike; raising the ceiling of `big` helps the same two.
  EXPECT_THAT(Ask("{resource_limits: {memory: 100Gi}}"),
              ElementsAre("visible =6", "RUNNER_DISCONNECTED -2 =4 +0 +0 +0", "MEMORY_EXCEEDS_PROFILE -4 =0 +2 +2 +2"));
}

TEST_F(WaterfallTest, BeginsWithTheFiltersInTheirOrder) {
  EXPECT_THAT(Ask("{profile_names: [small], runner_group_id: green}"),
              ElementsAre("visible =6", "profile filter -3 =3 +0", "group filter -3 =0 +2"));
}

TEST_F(WaterfallTest, CountsWhatWaitingBringsBack) {
  EXPECT_THAT(Ask("{runner_ids: [r2]}"),
              ElementsAre("visible =6", "runner filter -4 =2 +2 +0", "RUNNER_DISCONNECTED -2 =0 +0 +2"));
}

TEST_F(DefaultsOnlyTest, LeavesOutOtherBindingsFirst) {
  EXPECT_THAT(Ask("{architecture: arm64}"), ElementsAre("visible =6", "default bindings only -3 =3",
                                                        "RUNNER_DISCONNECTED -1 =2", "ARCHITECTURE_UNSUPPORTED -2 =0"));
}

TEST_F(WaterfallTest, IsEmptyForAnEmptyDecision) {
  EXPECT_THAT(Lines(WaterfallOf({}, {}, {})), ElementsAre("visible =0"));
}

TEST(WaterfallLaw, AddsUpInRandomWorlds) {
  size_t seen = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RandomWorld world = MakeRandomWorld(seed);
    Engine engine;
    ASSERT_TRUE(engine.Publish(CatalogOf({{"catalog.json", world.objects.dump()}}), 1).ok());
    Random random(seed);
    for (int i = 0; i < 20; ++i) {
      const nlohmann::json json = MakeRandomRequest(world, random);
      const LaunchRequest request = ParseLaunchRequest(std::make_shared<SourceText>("request.json", json.dump()));
      Scratch scratch;
      const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
      if (decision.verdict != Verdict::kRejected) continue;
      ++seen;
      const std::vector<Remedy> remedies = FindRemedies(decision, request);
      const Waterfall waterfall = WaterfallOf(decision, request, remedies);
      uint32_t lost = 0;
      std::vector<uint32_t> regained(remedies.size());
      for (const WaterfallStep& step : waterfall.steps) {
        lost += step.lost;
        EXPECT_EQ(step.left, waterfall.visible - lost);
        for (size_t k = 0; k < remedies.size(); ++k) {
          EXPECT_LE(step.regained[k], step.lost);
          regained[k] += step.regained[k];
        }
      }
      EXPECT_EQ(lost, waterfall.visible) << json;
      for (size_t k = 0; k < remedies.size(); ++k) EXPECT_EQ(regained[k], remedies[k].admits) << json;
    }
  }
  EXPECT_GT(seen, 500U);
}

}  // namespace
}  // namespace berth
