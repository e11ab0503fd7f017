// Lists and decisions tell the same, in random worlds: what is listed is what admission would use, and nothing else.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "berth/engine/admission.h"
#include "berth/engine/catalog.h"
#include "berth/engine/discovery.h"
#include "berth/engine/engine.h"
#include "gtest/gtest.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using Json = nlohmann::json;
using Bindings = std::set<uint32_t>;

constexpr uint64_t kWorlds = 300;

LaunchRequest RequestOf(const Json& json) {
  return ParseLaunchRequest(std::make_shared<SourceText>("request.json", json.dump()));
}

// A random world, published, with its live state.
class World {
 public:
  explicit World(uint64_t seed) : random_world_(MakeRandomWorld(seed)) {
    berth::Catalog catalog;
    AddSource(std::make_shared<SourceText>("catalog.json", random_world_.objects.dump()), catalog);
    EXPECT_TRUE(engine_.Publish(catalog, 1).ok());
    Random random(seed ^ 0x5eedU);
    for (const CompiledRunner& compiled : engine_.snapshot()->runners()) {
      const Runner& runner = *compiled.runner;
      const auto connection = random.Chance(80) ? ConnectionStatus::kConnected : ConnectionStatus::kDisconnected;
      EXPECT_TRUE(
          engine_.UpdateHealth(runner.organization_id, runner.runner_id, InstallStatus::kReady, connection).ok());
      const Available free = {
          random.Chance(50) ? std::optional<int64_t>(random.Below(64000)) : std::nullopt,
          random.Chance(50) ? std::optional<int64_t>(static_cast<int64_t>(random.Below(3)) << 36) : std::nullopt,
          random.Chance(50) ? std::optional<int64_t>(random.Below(9)) : std::nullopt,
          std::nullopt,
          {}};
      EXPECT_TRUE(engine_.UpdateResources(runner.organization_id, runner.runner_id, free).ok());
    }
    snapshot_ = engine_.snapshot();
  }

  const RandomWorld& random_world() const { return random_world_; }
  const Engine& engine() const { return engine_; }
  const Snapshot& snapshot() const { return *snapshot_; }
  uint32_t IndexOf(const CompiledBinding* binding) const {
    return static_cast<uint32_t>(binding - snapshot_->bindings().data());
  }
  Bindings Listed(std::string_view organization, const DiscoveryFilter& filter) const {
    Bindings listed;
    for (const ProfileListing& profile : ListProfiles(*snapshot_, organization, filter)) {
      listed.insert(IndexOf(profile.binding));
    }
    return listed;
  }

 private:
  RandomWorld random_world_;
  Engine engine_;
  std::shared_ptr<const Snapshot> snapshot_;
};

// A launch that asks for some of what lists filter by, and the filter that asks the same.
struct Question {
  std::string organization, gpu_type, architecture, egress_mode, ingress_mode;

  Json Request() const {
    Json request = {{"organization_id", organization}};
    if (!gpu_type.empty()) request["resource_requests"]["gpu"] = {{"count", 1}, {"type", gpu_type}};
    if (!architecture.empty()) request["architecture"] = architecture;
    if (!egress_mode.empty()) request["network"]["egress_mode"] = egress_mode;
    if (!ingress_mode.empty()) {
      request["network"]["ingress_mode"] = ingress_mode;
      request["network"]["exposed_ports"] = {8080};
    }
    return request;
  }
  DiscoveryFilter Filter() const {
    DiscoveryFilter filter;
    filter.gpu_type = gpu_type;
    filter.architecture = architecture;
    filter.egress_mode = egress_mode;
    filter.ingress_mode = ingress_mode;
    return filter;
  }
};

Question MakeQuestion(const RandomWorld& world, Random& random) {
  using Names = std::vector<std::string>;
  const auto some = [&](const Names& names) { return random.Chance(50) ? random.Pick(names) : std::string(); };
  return {random.Pick(world.organizations), some({"h100", "H100", "a100", "L40", "b200"}), some({"amd64", "arm64"}),
          some({"deny", "web", "list", "team"}), some({"public", "private", "internal"})};
}

TEST(DiscoveryAndAdmission, ListWhatPassesTheRowsOfTheFilters) {
  constexpr ReasonCode kRows[] = {ReasonCode::kProfileInvalid, ReasonCode::kArchitectureUnsupported,
                                  ReasonCode::kGpuTypeUnavailable, ReasonCode::kEgressModeNotOffered,
                                  ReasonCode::kIngressModeNotOffered};
  size_t listed = 0;
  size_t left_out = 0;
  for (uint64_t seed = 1; seed <= kWorlds; ++seed) {
    const World world(seed);
    Random random(seed);
    for (int i = 0; i < 20; ++i) {
      const Question question = MakeQuestion(world.random_world(), random);
      if (world.snapshot().OrganizationOf(question.organization).refused) continue;  // closed: nothing else is judged
      const LaunchRequest request = RequestOf(question.Request());
      const Bindings shown = world.Listed(question.organization, question.Filter());
      Scratch scratch;
      Admission admission(world.snapshot(), request, scratch);
      world.snapshot().ForEachVisible(question.organization, [&](uint32_t index) {
        const Failures failures = admission.FailuresOf(index);
        const bool passes = std::ranges::none_of(kRows, [&](ReasonCode code) { return failures.Has(code); });
        EXPECT_EQ(shown.contains(index), passes) << "world " << seed << ", request " << question.Request()
                                                 << ", binding " << world.snapshot().bindings()[index].name;
        ++(passes ? listed : left_out);
      });
    }
  }
  std::cout << listed << " listed, " << left_out << " left out\n";
  EXPECT_GT(listed, 2000U);
  EXPECT_GT(left_out, 2000U);
}

TEST(DiscoveryAndAdmission, WhatFitsIsWhatAdmissionTakes) {
  size_t admitted = 0;
  size_t rejected = 0;
  for (uint64_t seed = 1; seed <= kWorlds; ++seed) {
    const World world(seed);
    Random random(~seed);
    for (int i = 0; i < 20; ++i) {
      const Json json = MakeRandomRequest(world.random_world(), random);
      const LaunchRequest request = RequestOf(json);
      Scratch scratch;
      const DetailedDecision decision = world.engine().AdmitInDetail(request, scratch);
      if (decision.verdict == Verdict::kInvalid) continue;
      ++(decision.verdict == Verdict::kAdmitted ? admitted : rejected);
      const std::vector<uint32_t> fitting = FittingBindings(decision);
      DiscoveryFilter filter;
      filter.fitting = &fitting;
      const Bindings shown = world.Listed(request.organization_id, filter);
      // Both ways: nothing is listed that admission refuses, and nothing it takes is missing.
      EXPECT_EQ(shown, Bindings(fitting.begin(), fitting.end())) << "world " << seed << ", request " << json;
      EXPECT_EQ(shown.empty(), decision.verdict == Verdict::kRejected);
      for (const uint32_t placed : decision.placements) EXPECT_TRUE(shown.contains(placed));
      // A launch that names what is listed, and nowhere else to go, is admitted there.
      for (const uint32_t index : shown) {
        const CompiledBinding& binding = world.snapshot().bindings()[index];
        LaunchRequest named = request;
        named.profile_names = {binding.name};
        named.runner_ids = {world.snapshot().RunnerOf(binding).runner->runner_id};
        Scratch again;
        EXPECT_EQ(world.engine().AdmitInDetail(named, again).verdict, Verdict::kAdmitted)
            << "world " << seed << " " << json;
      }
      std::set<std::string> runners;
      for (const uint32_t index : shown) {
        runners.insert(world.snapshot().RunnerOf(world.snapshot().bindings()[index]).runner->runner_id);
      }
      std::set<std::string> listed_runners;
      for (const RunnerListing& runner : ListRunners(world.snapshot(), request.organization_id, filter)) {
        listed_runners.insert(runner.runner->runner->runner_id);
      }
      EXPECT_EQ(listed_runners, runners);
    }
  }
  std::cout << admitted << " admitted, " << rejected << " rejected\n";
  EXPECT_GT(admitted, 1000U);
  EXPECT_GT(rejected, 1000U);
}

}  // namespace
}  // namespace berth
