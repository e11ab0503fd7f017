// Admission against the loops of bench/peers.h: over the size of the fleet, over how many bindings differ, and over
// what becomes of the launch.
//
// A wrong answer is not timed. On a small fleet of the same kind the peers are compared with the second implementation;
// on every fleet, berth and the other peers with the peer that counts.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bench/allocation_counter.h"
#include "bench/fleet.h"
#include "bench/latency.h"
#include "bench/peers.h"
#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/engine/remedy.h"
#include "tests/reference/reference.h"

namespace berth::bench {
namespace {

using Json = nlohmann::json;

constexpr size_t kCheckedBindings = 1000;
constexpr int64_t kGibi = int64_t{1} << 30;

// --- What is asked, of which fleet ---

struct Case {
  Launch launch;
  Capacity capacity;
  bool admitted = false;
};

// Fits somewhere even in the smallest fleet.
Launch Fitting() {
  Launch launch;
  launch.architecture = "amd64";
  launch.gpu_type = "h100";
  launch.gpus = 2;
  launch.egress_mode = "internet";
  launch.storage_classes = {"nvme"};
  launch.cpu = 4000;
  launch.memory = 32 * kGibi;
  return launch;
}

// Too large for every profile; and no runner has such a storage class.
Launch FitsNowhere() {
  Launch launch = Fitting();
  launch.storage_classes = {"tape"};
  launch.cpu = 256'000;
  launch.memory = 512 * kGibi;
  launch.gpus = 8;
  return launch;
}

Launch Narrowed(std::string Launch::*filter, const char* name) {
  Launch launch = FitsNowhere();
  launch.*filter = name;
  return launch;
}

const Case kAdmittedSpread = {Fitting(), Capacity::kScattered, true};
const Case kAdmittedTied = {Fitting(), Capacity::kWhole, true};

const Case kRejectedOnce = [] {
  Launch launch;
  launch.storage_classes = {"tape"};
  launch.cpu = 1000;
  launch.memory = kGibi;
  return Case{launch, Capacity::kUnreported};
}();
const Case kRejectedManifold = {FitsNowhere(), Capacity::kUnreported};
const Case kRejectedFull = [] {
  Launch launch = Fitting();
  launch.gpus = 8;
  return Case{launch, Capacity::kScattered};
}();
const Case kRejectedRunner = {Narrowed(&Launch::runner_id, "runner-111"), Capacity::kUnreported};
const Case kRejectedProfile = {Narrowed(&Launch::profile_name, "profile-4"), Capacity::kUnreported};
const Case kRejectedZone = {Narrowed(&Launch::zone, "zone-1"), Capacity::kUnreported};
// What a smaller launch would mend.
const Case kTooLarge = [] {
  Launch launch = Fitting();
  launch.cpu = 64'000;
  launch.memory = 512 * kGibi;
  return Case{launch, Capacity::kScattered};
}();

// One fleet in every form, made once.
struct World {
  explicit World(const FleetOptions& options)
      : fleet(MakeFleet(options)), shapes(ShapesOf(fleet)), strings(fleet), interned(fleet) {
    const absl::Status published = engine.Publish(CatalogOf(fleet), 1);
    served = published.ok() && engine.snapshot()->bindings().size() == options.bindings;
  }

  Fleet fleet;
  size_t shapes;
  StringLoop strings;
  InternedLoop interned;
  Engine engine{AdviceOptions{.remedies = false}};  // bare decisions, as the peers make them
  bool served = false;
};

World& WorldOf(size_t bindings, const Case& asked, size_t kinds) {
  static std::map<std::tuple<size_t, Capacity, size_t>, std::unique_ptr<World>> worlds;
  std::unique_ptr<World>& world = worlds[{bindings, asked.capacity, kinds}];
  if (world == nullptr) {
    world = std::make_unique<World>(FleetOptions{.bindings = bindings,
                                                 .runner_kinds = kinds == 0 ? FleetOptions::kAllDifferent : kinds,
                                                 .capacity = asked.capacity});
  }
  return *world;
}

std::string TextOf(const Case& asked) { return DocumentOf(asked.launch).dump(); }

// --- What must be true before anything is timed ---

// Verdict, placement and counts of a `berth.decision/v1` document.
PeerAnswer AnswerIn(const Json& decision) {
  PeerAnswer answer;
  answer.admitted = decision.at("verdict") == "ADMITTED";
  if (answer.admitted) {
    answer.runner_id = decision.at("placement").at("runner_id");
    answer.profile_name = decision.at("placement").at("profile_name");
    return answer;
  }
  for (const Json& reason : decision.at("reasons")) {
    answer.reasons[reason.at("code")] = {reason.at("headline"), reason.at("blocked"), reason.at("sole")};
  }
  return answer;
}

// The same of a decision without its document.
PeerAnswer AnswerIn(const Decision& decision) {
  PeerAnswer answer;
  answer.admitted = decision.verdict == Verdict::kAdmitted;
  if (answer.admitted) {
    const CompiledBinding& binding = decision.snapshot->bindings()[decision.placements.front()];
    answer.runner_id = decision.snapshot->RunnerOf(binding).runner->runner_id;
    answer.profile_name = binding.name;
  }
  for (const ReasonCount& reason : decision.reasons) {
    answer.reasons[std::string(InfoOf(reason.code).name)] = {reason.headline, reason.blocked, reason.sole};
  }
  return answer;
}

// What is wrong with the answers, or nothing.
std::optional<std::string> WrongAnswer(const World& world, const Case& asked) {
  if (!AllocationsAreCounted()) return "the allocation counter does not count";
  if (!world.served) return "the fleet is not served as it was made";
  const PeerAnswer counted = world.interned.Named(world.interned.Admit(asked.launch));
  if (counted.admitted != asked.admitted) return "the launch does not do what it is for";
  if (world.strings.Admit(asked.launch) != counted) return "the plain loops disagree";
  if ((world.interned.FirstFit(asked.launch) != InternedLoop::kNone) != asked.admitted) return "first fit is wrong";
  const LaunchRequest request = ReadRequest(TextOf(asked));
  Scratch scratch;
  if (AnswerIn(world.engine.Admit(request, scratch)) != counted) return "berth and the plain loop disagree";
  const DetailedDecision decision = world.engine.AdmitInDetail(request, scratch);
  if (AnswerIn(Json::parse(DecisionToJson(decision, request, false, JsonLayout::kCompact))) != counted) {
    return "berth's document and the plain loop disagree";
  }
  if (world.strings.AdmitJson(TextOf(asked)).empty()) return "the plain loop gives no document";
  return std::nullopt;
}

std::optional<std::string> DiffersFromReference(const World& world, const Case& asked) {
  const reference::Catalog catalog(DocumentsOf(world.fleet));
  const Json decision = reference::Admit(catalog, DocumentOf(asked.launch), Json::object(), false);
  if (AnswerIn(decision) == world.interned.Named(world.interned.Admit(asked.launch))) return std::nullopt;
  return "the second implementation disagrees";
}

// The fleet of one benchmark, or null when its answers are wrong. Checked once for each fleet and case.
World* CheckedWorld(benchmark::State& state, const Case& asked) {
  static std::mutex mutex;
  static std::map<std::pair<const World*, const Case*>, std::optional<std::string>> checked;
  const std::lock_guard lock(mutex);
  const auto kinds = static_cast<size_t>(state.range(1));
  World& small = WorldOf(kCheckedBindings, asked, kinds);
  World& world = WorldOf(static_cast<size_t>(state.range(0)), asked, kinds);
  if (!checked.contains({&small, &asked})) {
    auto wrong = WrongAnswer(small, asked);
    checked[{&small, &asked}] = wrong ? wrong : DiffersFromReference(small, asked);
  }
  if (!checked.contains({&world, &asked})) checked[{&world, &asked}] = WrongAnswer(world, asked);
  for (const World* each : {&small, &world}) {
    const auto& wrong = checked[{each, &asked}];
    if (!wrong) continue;
    state.SkipWithError(wrong->c_str());
    return nullptr;
  }
  return &world;
}

// --- What is timed ---

// Times `call(world)` after one that grows what it reuses.
template <typename Call>
void Time(benchmark::State& state, const Case& asked, Call call) {
  World* const world = CheckedWorld(state, asked);
  if (world == nullptr) return;
  call(*world);
  const uint64_t before = AllocationCount();
  for (auto _ : state) call(*world);
  state.counters["allocs/op"] =
      benchmark::Counter(static_cast<double>(AllocationCount() - before), benchmark::Counter::kAvgIterations);
  state.counters["shapes"] = benchmark::Counter(static_cast<double>(world->shapes), benchmark::Counter::kAvgThreads);
}

void BM_Admit(benchmark::State& state, const Case& asked) {
  const LaunchRequest request = ReadRequest(TextOf(asked));
  Scratch scratch;
  Time(state, asked, [&](const World& world) { benchmark::DoNotOptimize(world.engine.Admit(request, scratch)); });
}

void BM_PeerStrings(benchmark::State& state, const Case& asked) {
  Time(state, asked, [&](const World& world) { benchmark::DoNotOptimize(world.strings.Admit(asked.launch)); });
}

void BM_PeerInterned(benchmark::State& state, const Case& asked) {
  Time(state, asked, [&](const World& world) { benchmark::DoNotOptimize(world.interned.Admit(asked.launch)); });
}

void BM_PeerFirstFit(benchmark::State& state, const Case& asked) {
  Time(state, asked, [&](const World& world) { benchmark::DoNotOptimize(world.interned.FirstFit(asked.launch)); });
}

// From the request's JSON to the decision's JSON.
void AdmitText(const World& world, const std::string& text, Scratch& scratch) {
  const LaunchRequest request = ReadRequest(text);
  const DetailedDecision decision = world.engine.AdmitInDetail(request, scratch);
  benchmark::DoNotOptimize(DecisionToJson(decision, request, false, JsonLayout::kCompact));
}

void BM_AdmitJson(benchmark::State& state, const Case& asked) {
  const std::string text = TextOf(asked);
  Scratch scratch;
  Time(state, asked, [&](const World& world) { AdmitText(world, text, scratch); });
}

void BM_PeerJson(benchmark::State& state, const Case& asked) {
  const std::string text = TextOf(asked);
  Time(state, asked, [&](const World& world) { benchmark::DoNotOptimize(world.strings.AdmitJson(text)); });
}

// What follows a rejection when somebody asks what would help; beside BM_Admit of the same launch.
void BM_Remedies(benchmark::State& state, const Case& asked) {
  World* const world = CheckedWorld(state, asked);
  if (world == nullptr) return;
  const LaunchRequest request = ReadRequest(TextOf(asked));
  Scratch scratch;
  DetailedDecision decision = world->engine.AdmitInDetail(request, scratch);
  decision.advice = AdviceOptions();
  if (FindRemedies(decision, request).empty()) return state.SkipWithError("nothing helps");
  Time(state, asked, [&](const World&) { benchmark::DoNotOptimize(FindRemedies(decision, request)); });
}

// One pass over the free resources of the runners that the launch could go to: what choosing the best of them takes.
void BM_FloorFeasible(benchmark::State& state, const Case& asked) {
  World* const world = CheckedWorld(state, asked);
  if (world == nullptr) return;
  const size_t rows = world->interned.FeasibleRunners(asked.launch);
  std::vector<int64_t> cpu(rows, 64000);
  std::vector<int64_t> memory(rows, 512 * kGibi);
  std::vector<int64_t> gpus(rows, 4);
  for (auto _ : state) {
    uint64_t count = 0;
    for (size_t i = 0; i < rows; ++i) {
      count += static_cast<uint64_t>(static_cast<int>(cpu[i] >= asked.launch.cpu) &
                                     static_cast<int>(memory[i] >= asked.launch.memory) &
                                     static_cast<int>(gpus[i] >= asked.launch.gpus));
    }
    benchmark::DoNotOptimize(count);
  }
  state.counters["rows"] = static_cast<double>(rows);
}

// Single decisions, and single ones from JSON to JSON.
template <typename TimeCalls>
void SingleCalls(benchmark::State& state, const Case& asked, TimeCalls time) {
  World* const world = CheckedWorld(state, asked);
  if (world == nullptr) return;
  const LaunchRequest request = ReadRequest(TextOf(asked));
  Scratch scratch;
  time([&] { benchmark::DoNotOptimize(world->engine.Admit(request, scratch)); });
}

template <typename TimeCalls>
void SingleDocuments(benchmark::State& state, const Case& asked, TimeCalls time) {
  World* const world = CheckedWorld(state, asked);
  if (world == nullptr) return;
  const std::string text = TextOf(asked);
  Scratch scratch;
  time([&] { AdmitText(*world, text, scratch); });
}

void BM_AdmitHot(benchmark::State& state, const Case& asked) {
  SingleCalls(state, asked, [&](auto call) { TimeHot(state, call); });
}
void BM_AdmitCold(benchmark::State& state, const Case& asked) {
  SingleCalls(state, asked, [&](auto call) { TimeCold(state, call); });
}
void BM_AdmitJsonHot(benchmark::State& state, const Case& asked) {
  SingleDocuments(state, asked, [&](auto call) { TimeHot(state, call); });
}
void BM_AdmitJsonCold(benchmark::State& state, const Case& asked) {
  SingleDocuments(state, asked, [&](auto call) { TimeCold(state, call); });
}

// --- Which fleets ---

constexpr int64_t kUsual = FleetOptions::kUsualRunnerKinds;
constexpr int64_t kAllDiffer = 0;

using Benchmark = benchmark::internal::Benchmark;

void Fleets(Benchmark* benchmark, const std::vector<int64_t>& bindings, const std::vector<int64_t>& kinds) {
  benchmark->ArgNames({"bindings", "kinds"})->ArgsProduct({bindings, kinds});
}
void EverySize(Benchmark* benchmark) { Fleets(benchmark, {10, 100, 1000, 10'000, 100'000}, {kUsual}); }
void LargeSizes(Benchmark* benchmark) { Fleets(benchmark, {1000, 10'000, 100'000}, {kUsual}); }
void EveryShape(Benchmark* benchmark) { Fleets(benchmark, {100'000}, {1, 10, 1000, kAllDiffer}); }
void AllDifferent(Benchmark* benchmark) { Fleets(benchmark, {1000, 10'000}, {kAllDiffer}); }
void EverySizeAndShape(Benchmark* benchmark) {
  EverySize(benchmark);
  EveryShape(benchmark);
  AllDifferent(benchmark);
}
void TwoThreads(Benchmark* benchmark) {
  Fleets(benchmark, {10'000}, {kUsual});
  benchmark->Threads(1)->Threads(2)->UseRealTime();
}
void Hot(Benchmark* benchmark) { Fleets(benchmark, {1000, 100'000}, {kUsual}); }
void Cold(Benchmark* benchmark) {
  Hot(benchmark);
  benchmark->UseManualTime()->Iterations(200);
}
void Million(Benchmark* benchmark) { Fleets(benchmark, {1'000'000}, {kUsual}); }

BENCHMARK_CAPTURE(BM_Admit, admitted_spread, kAdmittedSpread)->Apply(EverySizeAndShape);
BENCHMARK_CAPTURE(BM_Admit, admitted_tied, kAdmittedTied)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_Admit, rejected_once, kRejectedOnce)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_Admit, rejected_manifold, kRejectedManifold)->Apply(EverySize);
BENCHMARK_CAPTURE(BM_Admit, rejected_full, kRejectedFull)->Apply(EverySizeAndShape);
BENCHMARK_CAPTURE(BM_Admit, rejected_runner, kRejectedRunner)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_Admit, rejected_profile, kRejectedProfile)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_Admit, rejected_zone, kRejectedZone)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_Admit, too_large, kTooLarge)->Apply(LargeSizes);

BENCHMARK_CAPTURE(BM_PeerInterned, admitted_spread, kAdmittedSpread)->Apply(EverySizeAndShape);
BENCHMARK_CAPTURE(BM_PeerInterned, rejected_manifold, kRejectedManifold)->Apply(EverySize);
BENCHMARK_CAPTURE(BM_PeerInterned, rejected_full, kRejectedFull)->Apply(EverySizeAndShape);
BENCHMARK_CAPTURE(BM_PeerStrings, admitted_spread, kAdmittedSpread)->Apply(EverySize);
BENCHMARK_CAPTURE(BM_PeerStrings, rejected_once, kRejectedOnce)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_PeerStrings, rejected_manifold, kRejectedManifold)->Apply(EverySize);
BENCHMARK_CAPTURE(BM_PeerFirstFit, admitted_spread, kAdmittedSpread)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_FloorFeasible, admitted_spread, kAdmittedSpread)->Apply(LargeSizes);

BENCHMARK_CAPTURE(BM_AdmitJson, admitted_spread, kAdmittedSpread)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_AdmitJson, rejected_manifold, kRejectedManifold)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_PeerJson, admitted_spread, kAdmittedSpread)->Apply(LargeSizes);
BENCHMARK_CAPTURE(BM_PeerJson, rejected_manifold, kRejectedManifold)->Apply(LargeSizes);

BENCHMARK_CAPTURE(BM_Remedies, too_large, kTooLarge)->Apply(LargeSizes);

BENCHMARK_CAPTURE(BM_Admit, admitted_spread, kAdmittedSpread)->Apply(TwoThreads);
BENCHMARK_CAPTURE(BM_Admit, rejected_manifold, kRejectedManifold)->Apply(TwoThreads);

BENCHMARK_CAPTURE(BM_AdmitHot, admitted_spread, kAdmittedSpread)->Apply(Hot);
BENCHMARK_CAPTURE(BM_AdmitHot, rejected_manifold, kRejectedManifold)->Apply(Hot);
BENCHMARK_CAPTURE(BM_AdmitCold, admitted_spread, kAdmittedSpread)->Apply(Cold);
BENCHMARK_CAPTURE(BM_AdmitCold, rejected_manifold, kRejectedManifold)->Apply(Cold);
BENCHMARK_CAPTURE(BM_AdmitJsonHot, rejected_manifold, kRejectedManifold)->Apply(Hot);
BENCHMARK_CAPTURE(BM_AdmitJsonCold, rejected_manifold, kRejectedManifold)->Apply(Cold);

// Takes gigabytes: left out unless asked for.
BENCHMARK_CAPTURE(BM_Admit, rejected_manifold, kRejectedManifold)->Apply(Million);
BENCHMARK_CAPTURE(BM_PeerInterned, rejected_manifold, kRejectedManifold)->Apply(Million);
BENCHMARK_CAPTURE(BM_PeerStrings, rejected_manifold, kRejectedManifold)->Apply(Million);

}  // namespace
}  // namespace berth::bench
