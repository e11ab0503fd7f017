// What changes cost while decisions are made: a heartbeat, an edit of one profile, a whole catalog; beside merging
// again what the edit reaches, with nlohmann. And what readers notice of a writer.
//
// An edit is not timed before a launch was seen to be decided by it.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bench/allocation_counter.h"
#include "bench/edited_fleet.h"
#include "bench/fleet.h"
#include "bench/latency.h"
#include "bench/paced_thread.h"
#include "bench/peers.h"
#include "berth/engine/engine.h"

namespace berth::bench {
namespace {

using Json = nlohmann::json;

constexpr int64_t kGibi = int64_t{1} << 30;

void BM_EditProfile(benchmark::State& state) {
  EditedFleet fleet(static_cast<size_t>(state.range(0)));
  if (!fleet.Works()) return state.SkipWithError("the edits do not decide launches");
  uint64_t number = 0;
  for (auto _ : state) {
    if (!fleet.Edit(++number)) state.SkipWithError("an edit is refused");
  }
}

// Every binding of the same profile merged again: zone, profile, override.
void BM_PeerRemerge(benchmark::State& state) {
  const Fleet fleet =
      MakeFleet({.bindings = static_cast<size_t>(state.range(0)), .runner_kinds = EditedFleet::kRunnerKinds});
  const Json profile = DocumentOf(fleet.profiles[EditedFleet::kProfile]).at("spec");
  struct Layers {
    Json zone;
    std::string override_text;
  };
  std::vector<Layers> bindings;
  for (const FleetRunner& runner : fleet.runners) {
    for (const FleetBinding& binding : runner.bindings) {
      if (binding.profile != EditedFleet::kProfile) continue;
      const std::string limit = std::to_string(binding.cpu_limit_millicores) + "m";
      bindings.push_back(
          {{{"node_selector", {{"zone", runner.zone}}}}, Json{{"resource_defaults", {{"cpuLimit", limit}}}}.dump()});
    }
  }
  std::vector<Json> merged(bindings.size());
  for (auto _ : state) {
    for (size_t i = 0; i < bindings.size(); ++i) {
      merged[i] = bindings[i].zone;
      merged[i].merge_patch(profile);
      merged[i].merge_patch(Json::parse(bindings[i].override_text));
    }
    benchmark::DoNotOptimize(merged.data());
  }
  state.counters["merged"] = static_cast<double>(merged.size());
}

// The same catalog again: what a rebuild takes until its snapshot is the published one.
void BM_Publish(benchmark::State& state) {
  const Catalog catalog = CatalogOf(MakeFleet({.bindings = static_cast<size_t>(state.range(0))}));
  Engine engine;
  uint64_t revision = 0;
  for (auto _ : state) {
    if (!engine.Publish(catalog, ++revision).ok()) state.SkipWithError("the catalog is refused");
  }
}

// Health and free resources of one runner after the other.
void BM_Heartbeat(benchmark::State& state) {
  const Fleet fleet = MakeFleet({.bindings = static_cast<size_t>(state.range(0))});
  Engine engine;
  if (!engine.Publish(CatalogOf(fleet), 1).ok()) return state.SkipWithError("the catalog is refused");
  size_t next = 0;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    const FleetRunner& runner = fleet.runners[next++ % fleet.runners.size()];
    const Available available = {static_cast<int64_t>(next % 128'000), static_cast<int64_t>(next % 1024) * kGibi,
                                 static_cast<int64_t>(next % 9), std::nullopt, Position()};
    const bool known =
        engine.UpdateHealth("acme", runner.id, InstallStatus::kReady, ConnectionStatus::kConnected).ok() &&
        engine.UpdateResources("acme", runner.id, available).ok();
    if (!known) state.SkipWithError("a runner is unknown");
  }
  state.counters["allocs/op"] =
      benchmark::Counter(static_cast<double>(AllocationCount() - before), benchmark::Counter::kAvgIterations);
}

// Heap bytes of the engine alone; of a binding, from the difference between two fleets, so that what bindings share
// counts for none of them.
void BM_SnapshotMemory(benchmark::State& state) {
  const auto bytes_of = [](size_t bindings) {
    const HeapMeter meter;
    Engine engine;
    const absl::Status published = engine.Publish(CatalogOf(MakeFleet({.bindings = bindings})), 1);
    return published.ok() ? static_cast<double>(meter.bytes()) : 0;
  };
  for (auto _ : state) {
    constexpr size_t kFew = 10'000;
    constexpr size_t kMany = 50'000;
    const double few = bytes_of(kFew);
    state.counters["heap bytes per binding"] = (bytes_of(kMany) - few) / static_cast<double>(kMany - kFew);
  }
}

// --- Readers and a writer ---

std::optional<EditedFleet> served_fleet;
std::optional<PacedThread> writer;

void StartWriter(const benchmark::State& state) {
  served_fleet.emplace(static_cast<size_t>(state.range(0)));
  if (!served_fleet->Works()) served_fleet.reset();
  if (served_fleet && state.range(1) > 0) {
    writer.emplace(state.range(1), [](uint64_t before) { served_fleet->Edit(before + 1); });
  }
}

void StopWriter(const benchmark::State&) {
  writer.reset();
  served_fleet.reset();
}

// Decisions that no edit changes, while every edit replaces the snapshot that they are made on.
void BM_AdmitBesideWriter(benchmark::State& state) {
  if (!served_fleet) return state.SkipWithError("the edits do not decide launches");
  Launch launch;
  launch.cpu = 1000;
  launch.memory = kGibi;
  launch.storage_classes = {"tape"};
  const LaunchRequest request = ReadRequest(DocumentOf(launch).dump());
  const Engine& engine = served_fleet->engine();
  Scratch scratch;
  bool rejected = true;
  const Clock::time_point begin = Clock::now();
  const uint64_t before = writer ? writer->count() : 0;
  TimeHot(state, [&] { rejected = engine.Admit(request, scratch).verdict == Verdict::kRejected && rejected; });
  if (!rejected) state.SkipWithError("a launch that fits nowhere was not rejected");
  if (writer) {
    const double published = static_cast<double>(writer->count() - before);
    state.counters["published/s"] =
        benchmark::Counter(published / NanosecondsSince(begin) * 1e9, benchmark::Counter::kAvgThreads);
  }
  state.SetItemsProcessed(state.iterations());
}

// The door that every decision goes through, alone.
void BM_Snapshot(benchmark::State& state) {
  const Engine engine;
  for (auto _ : state) benchmark::DoNotOptimize(engine.snapshot().get());
}

void Beside(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"bindings", "publishes_per_s"})->Args({100, 0})->Args({100, 100});
  benchmark->Threads(1)->Threads(2)->UseRealTime()->Setup(StartWriter)->Teardown(StopWriter);
}

BENCHMARK(BM_Heartbeat)->ArgName("bindings")->Arg(10'000)->Arg(100'000);
BENCHMARK(BM_Publish)->ArgName("bindings")->Arg(1000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_EditProfile)->ArgName("bindings")->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerRemerge)->ArgName("bindings")->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SnapshotMemory)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Snapshot);
BENCHMARK(BM_AdmitBesideWriter)->Apply(Beside);

}  // namespace
}  // namespace berth::bench
