#include "berth/engine/engine.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EngineTest : public testing::Test {
 protected:
  void Apply(const std::vector<Source>& sources, const std::vector<std::string>& removed = {}) {
    std::vector<Change> changes;
    for (const Source& source : sources) changes.push_back(ChangeOf(source));
    for (const std::string& key : removed) changes.push_back({key, std::nullopt});
    ASSERT_TRUE(engine_.Apply(std::move(changes), ++revision_).ok());
  }

  std::vector<std::string> StaleKeys() const {
    std::vector<std::string> keys;
    for (const StaleObject& stale : engine_.stale()) {
      keys.push_back(stale.key);
    }
    return keys;
  }

  Engine engine_;
  uint64_t revision_ = 0;
};

TEST_F(EngineTest, AnswersBeforeAnythingIsPublished) {
  EXPECT_EQ(Answer(engine_), "NO_RUNNERS");
  EXPECT_EQ(engine_.snapshot()->revision(), 0U);
}

TEST_F(EngineTest, AppliesEdits) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  EXPECT_EQ(Answer(engine_), "r1");
  Apply({RunnerSource("r2")});
  EXPECT_EQ(Answer(engine_, "{runner_ids: [r2]}"), "r2");
  Apply({}, {"runner-r1"});
  EXPECT_EQ(Answer(engine_), "r2");
  EXPECT_EQ(Answer(engine_, "{runner_ids: [r1]}"), "RUNNER_NOT_FOUND");
  Apply({}, {"never-there"});
  EXPECT_EQ(engine_.snapshot()->revision(), 4U);
}

TEST_F(EngineTest, PublishReplacesEverything) {
  ASSERT_TRUE(
      engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource("r1"), RunnerSource("r2")}), 1).ok());
  EXPECT_EQ(engine_.snapshot()->runners().size(), 2U);
  ASSERT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource("r2")}), 2).ok());
  EXPECT_EQ(engine_.snapshot()->runners().size(), 1U);
  EXPECT_EQ(Answer(engine_), "r2");
}

TEST_F(EngineTest, RefusesAnOlderRevision) {
  ASSERT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource("r1")}), 5).ok());
  const absl::Status status = engine_.Publish(CatalogOf({}), 4);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(engine_.snapshot()->revision(), 5U);
  EXPECT_EQ(Answer(engine_), "r1");
  EXPECT_FALSE(engine_.Apply({{"runner-r1", std::nullopt}}, 4).ok());
  EXPECT_EQ(Answer(engine_), "r1");
  EXPECT_TRUE(engine_.Publish(CatalogOf({}), 5).ok());
  EXPECT_EQ(Answer(engine_), "NO_RUNNERS");
}

TEST_F(EngineTest, DecisionsFinishOnTheSnapshotTheyStartedWith) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  const std::shared_ptr<const Snapshot> old = engine_.snapshot();
  Apply({}, {"runner-r1"});
  Scratch scratch;
  const DetailedDecision decision = Engine::AdmitInDetail(old, LaunchOf("{}"), scratch);
  EXPECT_EQ(decision.verdict, Verdict::kAdmitted);
  EXPECT_EQ(decision.snapshot->revision(), 1U);
  EXPECT_EQ(Answer(engine_), "NO_RUNNERS");
}

// --- The last good version ---

TEST_F(EngineTest, ServesTheLastGoodVersionOfARefusedObject) {
  Apply({ZoneSource(), ProfileSource("{resource_defaults: {cpuLimit: 4}}"), RunnerSource("r1")});
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 5}}"), "CPU_EXCEEDS_PROFILE");
  EXPECT_THAT(StaleKeys(), IsEmpty());
  Apply({ProfileSource("{resource_defaults: {cpuLimit: lots}}")});
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 5}}"), "CPU_EXCEEDS_PROFILE");
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 4}}"), "r1");
  EXPECT_THAT(StaleKeys(), ElementsAre("profile-p1"));
  EXPECT_TRUE(HasError(engine_.stale().at(0).issues));
  EXPECT_EQ(engine_.snapshot()->revision(), 2U);
  Apply({ProfileSource("{resource_defaults: {cpuLimit: 8}}")});
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 5}}"), "r1");
  EXPECT_THAT(StaleKeys(), IsEmpty());
}

TEST_F(EngineTest, NeverServesAnObjectThatWasNeverGood) {
  Apply({ZoneSource(), ProfileSource("{tags: 3}"), RunnerSource("r1")});
  EXPECT_EQ(Answer(engine_), "PROFILE_INVALID");
  EXPECT_THAT(StaleKeys(), IsEmpty());
}

TEST_F(EngineTest, ForgetsTheGoodVersionOfARemovedObject) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  Apply({}, {"profile-p1"});
  EXPECT_EQ(Answer(engine_), "PROFILE_INVALID");
  Apply({ProfileSource("{tags: 3}")});
  EXPECT_EQ(Answer(engine_), "PROFILE_INVALID");
  EXPECT_THAT(StaleKeys(), IsEmpty());
}

TEST_F(EngineTest, KeepsARunnerWhoseNewBindingsAreBroken) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  Apply({{"runner-r1", "{kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: r1}, profile_bindings: []}"}});
  EXPECT_EQ(Answer(engine_), "r1");
  EXPECT_THAT(StaleKeys(), ElementsAre("runner-r1"));
}

TEST_F(EngineTest, KeepsTheSettingsOfARefusedOrganization) {
  const Source good = {"org", "{kind: Organization, quota: {cpu: 2}}"};
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1"), good});
  Apply({{"org", "{kind: Organization, quota: {cpu: lots}}"}});
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 3}}"), "ORGANIZATION_QUOTA_EXCEEDED");
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 2}}"), "r1");
  EXPECT_THAT(StaleKeys(), ElementsAre("org"));
}

TEST_F(EngineTest, ANewcomerThatCollidesDoesNotTakeDownWhatIsServed) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1", "", "k")});
  Apply({RunnerSource("r2", "", "k")});
  EXPECT_EQ(Answer(engine_), "r1");
  EXPECT_EQ(Answer(engine_, "{runner_ids: [r2]}"), "RUNNER_NOT_FOUND");
  EXPECT_THAT(StaleKeys(), ElementsAre("runner-r1"));
  // The newcomer's document says why.
  bool reported = false;
  for (const auto& object : engine_.snapshot()->objects()) {
    if (object->refused) reported = HasError(object->issues) && object->file == "runner-r2";
  }
  EXPECT_TRUE(reported);
  Apply({RunnerSource("r2", "", "l")});
  EXPECT_EQ(Answer(engine_, "{runner_ids: [r2]}"), "r2");
  EXPECT_THAT(StaleKeys(), IsEmpty());
}

TEST_F(EngineTest, CollisionsOfNewcomersOfEveryKindAreKeptOut) {
  const Source organization = {"org", "{kind: Organization, quota: {cpu: 1}}"};
  Apply({ZoneSource(), ProfileSource("{tags: [old]}"), RunnerSource("r1"), organization});
  Apply({{"zone-2", "{kind: Zone, zone: z1, defaults: {runtime_class: new}}"}});
  Apply({{"profile-2", "{kind: Profile, display_name: p1, spec: {tags: [new]}}"}});
  Apply({{"org-2", "{kind: Organization, quota: {cpu: 8}}"}});
  EXPECT_EQ(Answer(engine_), "r1");
  EXPECT_EQ(Answer(engine_, "{resource_limits: {cpu: 2}}"), "ORGANIZATION_QUOTA_EXCEEDED");
  const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
  ASSERT_TRUE(resolved.ok());
  EXPECT_THAT(ResolvedToJson(*resolved, JsonLayout::kCompact),
              testing::AllOf(testing::HasSubstr(R"("tags":["old"])"), testing::Not(testing::HasSubstr("new"))));
  EXPECT_THAT(StaleKeys(), ElementsAre("org", "profile-p1", "zone"));
}

TEST_F(EngineTest, ARefusedObjectWithoutAGoodVersionStillFailsClosed) {
  // The organization's document was never good; another object's trouble must not let it through.
  Apply({ZoneSource(),
         ProfileSource(),
         RunnerSource("r1", "", "k"),
         {"org", "{kind: Organization, quota: {cpu: lots}}"}});
  EXPECT_EQ(Answer(engine_), "ORGANIZATION_INVALID");
  Apply({RunnerSource("r2", "", "k")});
  EXPECT_EQ(Answer(engine_), "ORGANIZATION_INVALID");
}

TEST_F(EngineTest, SwapsNamesInOneEdit) {
  const auto profile = [](std::string_view key, std::string_view name, std::string_view tag) {
    return Source{std::string(key),
                  "{kind: Profile, display_name: " + std::string(name) + ", spec: {tags: [" + std::string(tag) + "]}}"};
  };
  Apply({ZoneSource(), profile("a", "p1", "a"), profile("b", "p2", "b"), RunnerSource("r1")});
  Apply({profile("a", "p2", "a"), profile("b", "p1", "b")});
  EXPECT_THAT(StaleKeys(), IsEmpty());
  const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
  ASSERT_TRUE(resolved.ok());
  EXPECT_THAT(ResolvedToJson(*resolved, JsonLayout::kCompact), testing::HasSubstr(R"("tags":["b"])"));
}

// --- Live state ---

TEST_F(EngineTest, HeartbeatsChangeAnswersAndNotTheSnapshot) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  const std::shared_ptr<const Snapshot> before = engine_.snapshot();
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kDisconnected).ok());
  EXPECT_EQ(Answer(engine_), "RUNNER_DISCONNECTED");
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kFailed, ConnectionStatus::kConnected).ok());
  EXPECT_EQ(Answer(engine_), "RUNNER_NOT_READY");
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kConnected).ok());
  EXPECT_EQ(Answer(engine_), "r1");
  EXPECT_EQ(engine_.snapshot(), before);
}

TEST_F(EngineTest, ResourceReportsCount) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  constexpr std::string_view kRequest = "{resource_requests: {cpu: 2, memory: 1Gi}}";
  EXPECT_EQ(Answer(engine_, kRequest), "r1");
  Available available;
  available.cpu_millicores = 1999;
  ASSERT_TRUE(engine_.UpdateResources("default", "r1", available).ok());
  EXPECT_EQ(Answer(engine_, kRequest), "INSUFFICIENT_CPU");
  available.cpu_millicores = 2000;
  ASSERT_TRUE(engine_.UpdateResources("default", "r1", available).ok());
  EXPECT_EQ(Answer(engine_, kRequest), "r1");
  ASSERT_TRUE(engine_.MarkStale("default", "r1").ok());
  EXPECT_EQ(Answer(engine_, kRequest), "INSUFFICIENT_CPU");
  EXPECT_EQ(Answer(engine_), "r1");  // asks for nothing
  ASSERT_TRUE(engine_.UpdateResources("default", "r1", Available()).ok());
  EXPECT_EQ(Answer(engine_, kRequest), "r1");
}

TEST_F(EngineTest, AStaleRunnerHasNoRoomInTheScore) {
  constexpr std::string_view kCapabilities = ", capabilities: {max_cpu_millicores: 1000}";
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1", kCapabilities), RunnerSource("r2", kCapabilities)});
  ASSERT_TRUE(engine_.MarkStale("default", "r1").ok());
  EXPECT_EQ(Answer(engine_), "r2");
  ASSERT_TRUE(engine_.UpdateResources("default", "r1", Available()).ok());
  ASSERT_TRUE(engine_.MarkStale("default", "r2").ok());
  EXPECT_EQ(Answer(engine_), "r1");
}

TEST_F(EngineTest, LiveStateOutlivesAPublish) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kDisconnected).ok());
  Apply({ProfileSource("{tags: [a]}")});
  EXPECT_EQ(Answer(engine_), "RUNNER_DISCONNECTED");
  Apply({RunnerSource("r1", ", is_shared: true")});
  EXPECT_EQ(Answer(engine_), "RUNNER_DISCONNECTED");
  // A document that says something new about health counts.
  Apply({RunnerSource("r1", ", connection_status: DISCONNECTED")});
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kConnected).ok());
  EXPECT_EQ(Answer(engine_), "r1");
  Apply({RunnerSource("r1", ", install_status: FAILED")});
  EXPECT_EQ(Answer(engine_), "RUNNER_NOT_READY");
}

TEST_F(EngineTest, HeartbeatsReachDecisionsOnOlderSnapshots) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  const std::shared_ptr<const Snapshot> old = engine_.snapshot();
  Apply({ProfileSource("{tags: [a]}")});
  ASSERT_TRUE(engine_.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kDisconnected).ok());
  Scratch scratch;
  EXPECT_EQ(Engine::AdmitInDetail(old, LaunchOf("{}"), scratch).verdict, Verdict::kRejected);
}

TEST_F(EngineTest, UnknownRunnersHaveNoLiveState) {
  Apply({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  EXPECT_EQ(engine_.MarkStale("default", "r9").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_.UpdateResources("acme", "r1", {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_.UpdateHealth("default", "", InstallStatus::kReady, ConnectionStatus::kConnected).code(),
            absl::StatusCode::kNotFound);
  Apply({}, {"runner-r1"});
  EXPECT_EQ(engine_.MarkStale("default", "r1").code(), absl::StatusCode::kNotFound);
}

// --- Resolve ---

TEST_F(EngineTest, ResolvesByNameByIdAndByDefault) {
  Apply({ZoneSource(),
         {"p1", "{kind: Profile, id: i1, display_name: p1, spec: {tags: [one]}}"},
         ProfileSource("{tags: [two]}", "p2"),
         {"r",
          "{kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: c}, profile_bindings: "
          "[{profile_template_id: i1, profile_name: alias}, {profile_template_id: p2, is_default: true}]}"}});
  struct Row {
    std::string_view organization;
    std::string_view runner;
    std::string_view profile;
    std::string_view found;  // profile name, or the message
  };
  constexpr Row kRows[] = {
      {"default", "r1", "", "p2"},
      {"default", "r1", "alias", "alias"},
      {"default", "r1", "i1", "alias"},
      {"default", "r1", "p1", "profile `p1` is unknown"},
      {"default", "r9", "", "runner `r9` is unknown"},
      {"acme", "r1", "", "runner `r1` is unknown"},
  };
  for (const Row& row : kRows) {
    const auto resolved = engine_.Resolve({row.organization, row.runner, row.profile}, nullptr);
    if (resolved.ok()) {
      EXPECT_EQ(resolved->snapshot->bindings()[resolved->binding].name, row.found);
    } else {
      EXPECT_EQ(resolved.status().code(), absl::StatusCode::kNotFound);
      EXPECT_EQ(std::string(resolved.status().message()), row.found);
    }
  }
}

TEST_F(EngineTest, ResolvesWhateverTheLiveState) {
  Apply({ZoneSource(), ProfileSource("{tags: [a]}"), RunnerSource("r1", ", connection_status: DISCONNECTED")});
  const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
  ASSERT_TRUE(resolved.ok());
  EXPECT_TRUE(resolved->valid);
  Apply({ProfileSource("{namespace: {strategy: static}}")});
  const auto invalid = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
  ASSERT_TRUE(invalid.ok());
  EXPECT_FALSE(invalid->valid);
}

TEST_F(EngineTest, AnswersAreTheSameBytesForTheSameInputs) {
  const std::vector<Source> sources = {ZoneSource(), ProfileSource(), RunnerSource("r1"), RunnerSource("r2"),
                                       RunnerSource("r3")};
  const std::vector<Source> reversed(sources.rbegin(), sources.rend());
  Engine other;
  ASSERT_TRUE(engine_.Publish(CatalogOf(sources), 1).ok());
  ASSERT_TRUE(other.Publish(CatalogOf(reversed), 1).ok());
  Scratch scratch;
  for (const std::string_view yaml : {"{}", "{sandbox_id: a}", "{sandbox_id: b}", "{zone: x}", "{privileged: true}"}) {
    const LaunchRequest request = LaunchOf(yaml);
    const std::string one =
        DecisionToJson(engine_.AdmitInDetail(request, scratch), request, true, JsonLayout::kCompact);
    EXPECT_EQ(DecisionToJson(engine_.AdmitInDetail(request, scratch), request, true, JsonLayout::kCompact), one);
    EXPECT_EQ(DecisionToJson(other.AdmitInDetail(request, scratch), request, true, JsonLayout::kCompact), one);
  }
}

TEST_F(EngineTest, ChecksALaunchWithoutLookingAtCandidates) {
  Scratch scratch;
  EXPECT_FALSE(engine_.CheckRequest(LaunchOf("{}"), scratch).has_value());
  const LaunchRequest request = LaunchOf("{profile_names: [p1], resource_limits: {cpu: -1}}");
  const std::optional<DetailedDecision> checked = engine_.CheckRequest(request, scratch);
  ASSERT_TRUE(checked.has_value());
  EXPECT_EQ(checked->verdict, Verdict::kInvalid);
  // As the whole way says it.
  Scratch other;
  const DetailedDecision decided = engine_.AdmitInDetail(request, other);
  EXPECT_EQ(DecisionToJson(*checked, request, true, JsonLayout::kCompact),
            DecisionToJson(decided, request, true, JsonLayout::kCompact));
}

}  // namespace
}  // namespace berth
