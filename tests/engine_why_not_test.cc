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
    const DetailedDecision decision = engine_.AdmitInDetail(request, scratch);
    std::vector<std::string> lines;
    for (const Standing& standing : StandingsOf(decision, request, runner, profile)) {
      std::string& line = lines.emplace_back(decision.snapshot->bindings()[standing.binding].name);
      line.append(" ").append(std::to_string(standing.missed_filters));
      if (standing.is_default_needed) line += " not-default";
      if (standing.place) line.append(" #").append(std::to_string(*standing.place));
      EXPECT_EQ(standing.in_scope(), standing.missed_filters == 0 && !standing.is_default_needed);
    }
    return lines;
  }

  Engine engine_;
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
  // Out of scope in every way, and with a name that is another binding's too.
  const LaunchRequest request = LaunchOf("{profile_names: [small], runner_group_id: blue, zone: z2}");
  Scratch scratch;
  const DetailedDecision decision = engine_.AdmitInDetail(request, scratch);
  ASSERT_EQ(decision.verdict, Verdict::kRejected);
  for (const Standing& standing : StandingsOf(decision, request, "r1", "")) {
    Scratch narrow_scratch;
    const DetailedDecision narrow = DecideAt(decision, request, {&standing.binding, 1}, narrow_scratch);
    EXPECT_EQ(narrow.verdict, Verdict::kAdmitted);
    EXPECT_THAT(narrow.placements, ElementsAre(standing.binding));
  }
}

// A name may be another profile's id, and an id that of a shared runner: what is judged is the binding itself.
TEST(WhyNot, TellsBindingsOfOneNameApart) {
  Engine engine;
  constexpr std::string_view kTwins = R"(
- {kind: Zone, zone: z1}
- {kind: Profile, display_name: agent, id: gpu, spec: {network: {egress: {default: ok, modes: {ok: {type: none}}}}}}
- {kind: Profile, display_name: p, spec: {}}
- {kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: c1},
   profile_bindings: [{profile_template_id: gpu, profile_name: b}, {profile_template_id: p, profile_name: gpu, is_default: true}]}
- {kind: Organization, organization_id: default, unnamed_requests: default_binding_only}
)";
  ASSERT_TRUE(engine.Publish(CatalogOf({{"twins.yaml", std::string(kTwins)}}), 1).ok());
  const LaunchRequest request = LaunchOf("{network: {egress_mode: ok}}");
  Scratch scratch;
  const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
  std::vector<Verdict> verdicts;
  for (const Standing& standing : StandingsOf(decision, request, "r1", "gpu")) {
    Scratch narrow_scratch;
    verdicts.push_back(DecideAt(decision, request, {&standing.binding, 1}, narrow_scratch).verdict);
  }
  EXPECT_THAT(verdicts, ElementsAre(Verdict::kAdmitted, Verdict::kRejected));
}

TEST_F(WhyNotTest, KnowsNoBindingThatIsNotThere) {
  EXPECT_THAT(Ask("{}", "r3"), IsEmpty());
  EXPECT_THAT(Ask("{}", "r1", "other"), IsEmpty());
  EXPECT_THAT(Ask("{organization_id: other}", "r1"), IsEmpty());
}

}  // namespace
}  // namespace berth
