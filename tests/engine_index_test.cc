// An index equals no index: decisions made from classes of bindings against decisions that look at every candidate, on
// random fleets of up to some thousand bindings whose runners change between launches.
//
// BERTH_INDEX_WORLDS  how many fleets (default 300)
// BERTH_INDEX_SEED    the first one's seed (default 1); a failure names the fleet's seed

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "gtest/gtest.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using Json = nlohmann::json;

constexpr size_t kRequestsPerFleet = 80;

size_t FromEnvironment(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<size_t>(std::strtoull(text, nullptr, 10));
}

std::optional<int64_t> MaybeAmount(Random& random, int64_t most) {
  if (random.Chance(30)) return std::nullopt;
  return random.Chance(30) ? most : static_cast<int64_t>(random.Below(static_cast<size_t>(most) + 1));
}

// A random world with many runners like each of its own.
class Fleet {
 public:
  explicit Fleet(uint64_t seed) : random_(seed), world_(MakeRandomWorld(seed)) {
    const size_t copies = random_.Chance(30) ? random_.Below(4) : random_.Below(150);
    Json objects = world_.objects;
    for (const Json& object : world_.objects) {
      if (!object.is_object() || object.value("kind", Json()) != "Runner" || !object.contains("runner_id")) continue;
      for (size_t i = 0; i < copies; ++i) objects.push_back(CopyOf(object, i));
    }
    Catalog catalog;
    AddSource(std::make_shared<SourceText>("catalog.json", objects.dump()), catalog);
    EXPECT_TRUE(engine_.Publish(catalog, 1).ok());
    const auto snapshot = engine_.snapshot();
    for (const CompiledRunner& runner : snapshot->runners()) {
      if (random_.Chance(60)) Report(*runner.runner);
    }
  }

  const Engine& engine() const { return engine_; }
  Random& random() { return random_; }

  LaunchRequest NextRequest() {
    const auto snapshot = engine_.snapshot();
    for (size_t i = random_.Below(4); i > 0 && !snapshot->runners().empty(); --i) {
      Report(*snapshot->runners()[random_.Below(snapshot->runners().size())].runner);
    }
    Json request = MakeRandomRequest(world_, random_);
    if (random_.Chance(10) && !snapshot->runners().empty()) {
      Json& ids = request["runner_ids"] = Json::array();
      for (size_t i = 0; i <= random_.Below(3); ++i) {
        ids.push_back(snapshot->runners()[random_.Below(snapshot->runners().size())].runner->runner_id);
      }
    }
    const ParsedDocument parsed = ParseJson(std::make_shared<SourceText>("request.json", request.dump()));
    return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
  }

 private:
  Json CopyOf(const Json& object, size_t index) {
    Json copy = object;
    const std::string suffix = "-" + std::to_string(index);
    copy["runner_id"] = copy["runner_id"].get<std::string>() + suffix;
    if (copy.contains("identity") && copy["identity"].contains("cluster_name")) {
      copy["identity"]["cluster_name"] = copy["identity"]["cluster_name"].get<std::string>() + suffix;
    }
    if (random_.Chance(5)) copy["is_shared"] = random_.Chance(50);
    return copy;
  }

  // Mostly healthy, so that other reasons show.
  void Report(const Runner& runner) {
    const InstallStatus install = random_.Chance(94) ? InstallStatus::kReady : InstallStatus::kFailed;
    const ConnectionStatus connection =
        random_.Chance(94) ? ConnectionStatus::kConnected : ConnectionStatus::kDisconnected;
    EXPECT_TRUE(engine_.UpdateHealth(runner.organization_id, runner.runner_id, install, connection).ok());
    Available available;
    available.cpu_millicores = MaybeAmount(random_, 64'000);
    available.memory_bytes = MaybeAmount(random_, int64_t{256} << 30);
    available.gpu_count = MaybeAmount(random_, 8);
    EXPECT_TRUE(engine_.UpdateResources(runner.organization_id, runner.runner_id, available).ok());
  }

  Random random_;
  RandomWorld world_;
  Engine engine_;
};

std::string Describe(const Decision& decision) {
  std::ostringstream text;
  text << VerdictName(decision.verdict) << " " << decision.code << ", " << decision.candidate_count << " candidates";
  for (const uint32_t placement : decision.placements) text << " >" << placement;
  for (const ReasonCount& reason : decision.reasons) {
    text << "\n    " << InfoOf(reason.code).name << " " << InfoOf(reason.code).capability << " " << reason.headline
         << "/" << reason.blocked << "/" << reason.sole << " @" << reason.example;
  }
  return text.str();
}

TEST(Index, EqualsNoIndex) {
  const size_t fleets = FromEnvironment("BERTH_INDEX_WORLDS", 300);
  const size_t first_seed = FromEnvironment("BERTH_INDEX_SEED", 1);
  std::map<Verdict, size_t> verdicts;
  std::map<ReasonCode, size_t> soles;
  size_t candidates = 0;
  for (size_t seed = first_seed; seed < first_seed + fleets; ++seed) {
    Fleet fleet(seed);
    Scratch scratch;
    Scratch plain_scratch;
    for (size_t i = 0; i < kRequestsPerFleet; ++i) {
      const LaunchRequest request = fleet.NextRequest();
      const Decision indexed = fleet.engine().Admit(request, scratch);
      const DetailedDecision plain = fleet.engine().AdmitInDetail(request, plain_scratch);
      ASSERT_EQ(Describe(indexed), Describe(plain)) << "fleet " << seed << ", request " << i;
      ASSERT_EQ(plain.candidates.size(), plain.candidate_count);
      ++verdicts[plain.verdict];
      candidates += plain.candidate_count;
      for (const ReasonCount& reason : plain.reasons) soles[reason.code] += reason.sole;
    }
  }
  std::cout << candidates << " candidates; admitted " << verdicts[Verdict::kAdmitted] << ", rejected "
            << verdicts[Verdict::kRejected] << ", invalid " << verdicts[Verdict::kInvalid] << "\n";
  // Both ways through the index are taken, also where each constraint alone is in the way.
  if (fleets < 300) return;
  EXPECT_GT(verdicts[Verdict::kAdmitted], fleets * kRequestsPerFleet / 5);
  EXPECT_GT(verdicts[Verdict::kRejected], fleets * kRequestsPerFleet / 5);
  for (const ReasonInfo& reason : Reasons()) {
    if (static_cast<size_t>(reason.code) >= kConstraintCount) break;
    EXPECT_GT(soles[reason.code], 0U) << reason.name << " " << reason.capability;
  }
}

}  // namespace
}  // namespace berth
