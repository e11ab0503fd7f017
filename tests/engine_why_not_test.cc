#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/engine/why_not.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kFleet = R"(
- {kind: Zone, zone: z1}
- {kind: Profile, display_name: small, spec: {}}
- {kind: Profile, display_name: big, id: i-big, spec: {}}
- {kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: c1},
   profile_bindings: [{profile_template_id: small, is_default: true}, {profile_template_id: i-big, profile_name: huge}]}
- {kind: Runner, runner_id: r2, identity: {zone: z1, cluster_name: c2, runner_group_id: blue},
   profile_bindings: [{profile_template_id: small, is_default: true}]}
- {kind: Organization, organization_id: default, unnamed_requests: default_binding_only, strategy: first}
)";

class WhyNotTest : public testing::Test {
 protected:
  WhyNotTest() { EXPECT_TRUE(engine_.Publish(CatalogOf({{"fleet.yaml", std::string(kFleet)}}), 1).ok()); }

  // `name missed-filters [needs-default] [place]` for each standing.
  std::vector<std::string> Ask(std::string_view yaml, std::string_view runner, std::string_view profile = "") {
    const LaunchRequest request = LaunchOf(yaml);
    Scratch scratch;
    const Decision decision = engine_.Admit(request, scratch);
    question_ = AskWhyNot(decision, request, runner, profile);
    std::vector<std::string> lines;
    for (const Standing& standing : question_.standings) {
      std::string& line = lines.emplace_back(decision.snapshot->bindings()[standing.binding].name);
      line.append(" ").append(std::to_string(standing.missed_filters));
      if (standing.is_default_needed) line += " not-default";
      if (standing.place) line.append(" #").append(std::to_string(*standing.place));
      EXPECT_EQ(standing.in_scope(), standing.missed_filters == 0 && !standing.is_default_needed);
    }
    return lines;
  }

  Engine engine_;
  WhyNot question_;
};

TEST_F(WhyNotTest, TellsTheScopeAndThePlaceOfEveryBinding) {
  EXPECT_THAT(Ask("{}", "r1"), ElementsAre("small 0 #1", "huge 0 not-default"));
  EXPECT_THAT(Ask("{}", "r2"), ElementsAre("small 0 #2"));
}

TEST_F(WhyNotTest, NamesTheFiltersThatLeaveABindingOut) {
  constexpr std::string_view kRequest = "{profile_names: [small], runner_ids: [r2], runner_group_id: blue, zone: z2}";
  EXPECT_THAT(Ask(kRequest, "r1", "i-big"), ElementsAre("huge 15"));
  EXPECT_THAT(Ask(kRequest, "r1", "small"), ElementsAre("small 14"));
  EXPECT_THAT(Ask(kRequest, "r2"), ElementsAre("small 8"));
}

TEST_F(WhyNotTest, AsksTheSameLaunchOfTheTargetAlone) {
  Ask("{profile_names: [small], runner_group_id: blue, zone: z2, architecture: arm64}", "r1");
  EXPECT_THAT(question_.request.profile_names, ElementsAre("huge", "small"));
  EXPECT_THAT(question_.request.runner_ids, ElementsAre("r1"));
  EXPECT_EQ(question_.request.runner_group_id, "");
  EXPECT_EQ(question_.request.zone, "");
  EXPECT_EQ(question_.request.architecture, "arm64");
}

TEST_F(WhyNotTest, KnowsNoBindingThatIsNotThere) {
  EXPECT_THAT(Ask("{}", "r3"), IsEmpty());
  EXPECT_THAT(Ask("{}", "r1", "other"), IsEmpty());
  EXPECT_THAT(Ask("{organization_id: other}", "r1"), IsEmpty());
}

}  // namespace
}  // namespace berth
