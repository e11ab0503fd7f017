// One launch from its JSON to its resolved JSON on a binding that is already chosen, and the ends of that way alone.
//
// Beside it, in the same run: floors (simdjson's parse of the same launch, a copy of the same answer) and peers
// (launch_peers.h). A way whose answer differs from the general one is not timed.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/allocation_counter.h"
#include "bench/launch_peers.h"
#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/engine/resolved_template.h"
#include "berth/spec/launch_reader.h"
#include "berth/validate/request.h"

namespace berth::bench {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kLaunch =
    R"({"organization_id":"acme-research","user_id":"u-5f21c0aa91","sandbox_id":"sb-7f3a2c19d4e8","profile_names":["training"],)"
    R"("container_image":"ghcr.io/acme-research/training-runtime:2024.11.3","resource_requests":{"cpu":"4","memory":"16Gi"},)"
    R"("resource_limits":{"cpu":"8","memory":"32Gi"},"architecture":"amd64","network":{"egress_mode":"corporate"},)"
    R"("command":["python","-m","train"],"environment_variables":{"RUN_ID":"1842","STAGE":"production"}})";

// Layers 1 to 3. They set all amounts and what berth would add by itself, since JSON Merge Patch adds nothing.
const std::vector<std::string>& SpecLayers() {
  static const std::vector<std::string>& layers = *new std::vector<std::string>{
      R"({"runtime_class":"gvisor","container_image":"ghcr.io/platform/base:12","namespace":{"strategy":"per-org",
          "autoCreate":true,"labels":{"managed-by":"platform","pod-security.kubernetes.io/enforce":"restricted"}},
          "network":{"egress":{"default":"none","modes":{"none":{"type":"none"}}}},
          "resource_defaults":{"cpuRequest":"500m","memoryRequest":"1Gi","cpuLimit":"1","memoryLimit":"2Gi"}})",
      R"({"container_image":"ghcr.io/acme-research/python:3.11","resource_defaults":{"cpuLimit":"16","memoryLimit":"64Gi"},
          "node_selector":{"pool":"training","topology.kubernetes.io/region":"us-east-04"},"tags":["training","research"],
          "namespace":{"namespacePrefix":"sb-","annotations":{"contact":"ml-platform@acme.example","cost-center":"4711"}},
          "network":{"egress":{"default":"internet","modes":{"internet":{"type":"internet"},"corporate":{"type":"allowlist",
              "cidrs":["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16","100.64.0.0/10"]}}},
            "ingress":{"public":{"scope":"any","expectsExternalAddress":true,
              "service":{"serviceType":"LoadBalancer","dnsAnnotation":{"key":"external-dns.alpha.kubernetes.io/hostname",
                "value":"sandboxes.acme.example"}},
              "ingress":{"controllerName":"nginx","template":"{{.SandboxID}}.sandboxes.acme.example"}}}},
          "pod":{"metadata":{"labels":{"app.kubernetes.io/part-of":"training","team":"research"},
              "annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9090"}},
            "spec":{"tolerations":[{"key":"dedicated","operator":"Equal","value":"training","effect":"NoSchedule"},
                {"key":"nvidia.com/gpu","operator":"Exists","effect":"NoSchedule"}],
              "securityContext":{"runAsUser":1000,"fsGroup":1000,"runAsNonRoot":true},
              "priorityClassName":"sandbox-standard","terminationGracePeriodSeconds":30}}})",
      R"({"node_selector":{"pool":"training-a"},"resource_defaults":{"memoryRequest":"8Gi"},"pod":{"metadata":{"labels":{"tier":"gold"}}}})"};
  return layers;
}

// The binding in every form, and the answer of the general path.
struct World {
  Engine engine;
  std::shared_ptr<const Snapshot> snapshot;
  std::unique_ptr<const ResolvedTemplate> resolved;
  LaunchRequest request;
  std::string answer;
  std::string premerged;
  std::string wrong;  // why nothing may be timed

  World() {
    const Json layer0 = Json::parse(SpecLayers()[0]);
    const Json documents = {
        {{"kind", "Zone"}, {"zone", "us-east-04a"}, {"defaults", layer0}},
        {{"kind", "Profile"},
         {"organization_id", "acme-research"},
         {"display_name", "training"},
         {"spec", Json::parse(SpecLayers()[1])}},
        {{"kind", "Runner"},
         {"organization_id", "acme-research"},
         {"runner_id", "us-east-04a-runner-17"},
         {"identity", {{"zone", "us-east-04a"}, {"cluster_name", "c17"}}},
         {"profile_bindings",
          {{{"profile_template_id", "training"}, {"is_default", true}, {"overrides_json", SpecLayers()[2]}}}}}};
    Catalog catalog;
    AddSource(std::make_shared<const SourceText>("world.json", documents.dump()), catalog);
    if (!engine.Publish(catalog, 1).ok() || engine.snapshot()->bindings().size() != 1) {
      wrong = "the binding is not served as it was made";
      return;
    }
    snapshot = engine.snapshot();
    resolved = std::make_unique<const ResolvedTemplate>(
        ResolvedTemplate::Make(binding(), *snapshot->RunnerOf(binding()).runner));
    request = ParseLaunchRequest(std::make_shared<const SourceText>("launch.json", std::string(kLaunch)));
    std::vector<Issue> issues;
    CheckLaunch(request, {}, issues);
    if (!request.issues.empty() || !issues.empty()) wrong = "the launch is not clean";
    answer = ResolvedToJson(Engine::Resolve(*snapshot, 0, &request, request.organization_id), JsonLayout::kCompact);
    premerged = PremergedSpec(SpecLayers());
    if (!AllocationsAreCounted()) wrong = "the allocation counter does not count";
  }

  const CompiledBinding& binding() const { return snapshot->bindings()[0]; }
  bool IsSpec(std::string_view json) const {
    return Json::parse(json, nullptr, false) == Json::parse(answer).at("spec");
  }
};

World& TheWorld() {
  static World& world = *new World;
  return world;
}

// What serves one launch after the other.
struct HotPath {
  World& world = TheWorld();
  LaunchReader reader;
  LaunchRequest request;
  std::vector<Issue> issues;
  std::string place;
  std::string out;

  bool Read() { return reader.Read(kLaunch, request); }
  bool Check() {
    issues.clear();
    CheckLaunch(request, {}, issues);
    return issues.empty();
  }
  void Append(const LaunchRequest& launch) {
    const CompiledBinding& binding = world.binding();
    place.clear();
    AppendNamespaceOf(binding, launch.organization_id, launch.user_id, place);
    out.clear();
    world.resolved->Append({.runner_id = world.snapshot->RunnerOf(binding).runner->runner_id,
                            .profile_name = binding.name,
                            .namespace_name = place},
                           launch, out);
  }
};

// Checks `right`, then times `work`.
template <typename Right, typename Work>
void Time(benchmark::State& state, Right right, Work work) {
  const World& world = TheWorld();
  if (!world.wrong.empty()) return state.SkipWithError(world.wrong.c_str());
  if (!right()) return state.SkipWithError("the answer is wrong");
  const uint64_t before = AllocationCount();
  for (auto _ : state) work();
  state.counters["allocs/op"] =
      benchmark::Counter(static_cast<double>(AllocationCount() - before), benchmark::Counter::kAvgIterations);
}

void BM_LaunchRead(benchmark::State& state) {
  HotPath path;
  const auto work = [&] { benchmark::DoNotOptimize(path.Read()); };
  Time(
      state, [&] { return path.Read(); }, work);
}

void BM_LaunchCheck(benchmark::State& state) {
  HotPath path;
  const auto work = [&] { benchmark::DoNotOptimize(path.Check()); };
  Time(
      state, [&] { return path.Read() && path.Check(); }, work);
}

// From a decoded launch.
void BM_LaunchAppend(benchmark::State& state) {
  HotPath path;
  const auto work = [&] {
    path.Append(path.world.request);
    benchmark::DoNotOptimize(path.out.data());
  };
  const auto right = [&] {
    work();
    return path.out == path.world.answer;
  };
  Time(state, right, work);
}

// From JSON to JSON.
void BM_LaunchResolve(benchmark::State& state) {
  HotPath path;
  const auto work = [&] {
    if (path.Read() && path.Check()) path.Append(path.request);
    benchmark::DoNotOptimize(path.out.data());
  };
  const auto right = [&] {
    work();
    return path.out == path.world.answer;
  };
  Time(state, right, work);
}

// The same by the documents' way: every position kept, merged as a tree.
void BM_LaunchResolveGeneral(benchmark::State& state) {
  HotPath path;
  const auto work = [&] {
    const LaunchRequest request =
        ParseLaunchRequest(std::make_shared<const SourceText>("launch.json", std::string(kLaunch)));
    path.out = ResolvedToJson(Engine::Resolve(*path.world.snapshot, 0, &request, request.organization_id),
                              JsonLayout::kCompact);
    benchmark::DoNotOptimize(path.out.data());
  };
  const auto right = [&] {
    work();
    return path.out == path.world.answer;
  };
  Time(state, right, work);
}

// --- Floors ---

void BM_FloorSimdjson(benchmark::State& state) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(kLaunch);
  const auto work = [&] { benchmark::DoNotOptimize(parser.parse(text).error()); };
  Time(
      state, [&] { return parser.parse(text).error() == simdjson::SUCCESS; }, work);
}

void BM_FloorCopy(benchmark::State& state) {
  const std::string& answer = TheWorld().answer;
  std::string out(answer.size(), '\0');
  const auto work = [&] {
    std::memcpy(out.data(), answer.data(), answer.size());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  };
  const auto right = [&] {
    work();
    return out == answer;
  };
  Time(state, right, work);
  state.counters["bytes"] = static_cast<double>(answer.size());
}

// --- Peers ---

void BM_PeerNlohmann(benchmark::State& state) {
  const NlohmannPeer peer(SpecLayers());
  const auto work = [&] { benchmark::DoNotOptimize(peer.Resolve(kLaunch)); };
  Time(
      state, [&] { return TheWorld().IsSpec(peer.Resolve(kLaunch)); }, work);
}

// Layers are text, as a catalog has them, and parsed for each launch.
void BM_PeerNlohmannFromText(benchmark::State& state) {
  const auto work = [&] { benchmark::DoNotOptimize(NlohmannPeer(SpecLayers()).Resolve(kLaunch)); };
  Time(
      state, [&] { return TheWorld().IsSpec(NlohmannPeer(SpecLayers()).Resolve(kLaunch)); }, work);
}

void BM_PeerNlohmannPremerged(benchmark::State& state) {
  const std::array<std::string, 1> premerged = {TheWorld().premerged};
  const NlohmannPeer peer(premerged);
  const auto work = [&] { benchmark::DoNotOptimize(peer.Resolve(kLaunch)); };
  Time(
      state, [&] { return TheWorld().IsSpec(peer.Resolve(kLaunch)); }, work);
}

void BM_PeerRapidJsonPremerged(benchmark::State& state) {
  RapidJsonPeer peer(TheWorld().premerged);
  const auto work = [&] { benchmark::DoNotOptimize(peer.Resolve(kLaunch)); };
  Time(
      state, [&] { return TheWorld().IsSpec(peer.Resolve(kLaunch)); }, work);
}

// From a decoded launch.
void BM_PeerProtobuf(benchmark::State& state) {
  ProtobufPeer peer(TheWorld().premerged, kLaunch);
  const auto work = [&] { benchmark::DoNotOptimize(peer.Resolve()); };
  Time(
      state, [&] { return TheWorld().IsSpec(peer.ResolvedJson()) && !peer.Resolve().empty(); }, work);
}

BENCHMARK(BM_LaunchRead);
BENCHMARK(BM_LaunchCheck);
BENCHMARK(BM_LaunchAppend);
BENCHMARK(BM_LaunchResolve);
BENCHMARK(BM_LaunchResolveGeneral);
BENCHMARK(BM_FloorSimdjson);
BENCHMARK(BM_FloorCopy);
BENCHMARK(BM_PeerNlohmannFromText);
BENCHMARK(BM_PeerNlohmann);
BENCHMARK(BM_PeerNlohmannPremerged);
BENCHMARK(BM_PeerRapidJsonPremerged);
BENCHMARK(BM_PeerProtobuf);

}  // namespace
}  // namespace berth::bench
