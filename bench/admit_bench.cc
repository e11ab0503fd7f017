// Admission against a plain loop over structs, after both were checked: at 1000 bindings against the second
// implementation, at every size against each other. A wrong answer is not timed.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/allocation_counter.h"
#include "bench/fleet.h"
#include "bench/peer_loop.h"
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

// Too much is what a smaller launch would mend.
enum Ask : int64_t { kFits = 0, kFitsNowhere = 1, kTooMuch = 2 };

PeerRequest RequestOf(Ask ask) {
  PeerRequest request;
  request.sandbox_id = "sandbox-1";
  request.architecture = "amd64";
  request.gpu_type = "h100";
  request.egress_mode = "internet";
  request.storage_classes = {"nvme"};
  request.cpu = ask == kFits ? 8000 : 64000;
  request.memory = (ask == kFits ? 32 : 512) * kGibi;
  request.gpus = ask == kFits ? 2 : 8;
  if (ask == kFitsNowhere) request.storage_classes = {"vast"};
  return request;
}

Json DocumentOf(const PeerRequest& request) {
  const Json gpu = {{"count", request.gpus}, {"type", request.gpu_type}};
  return {{"organization_id", "acme"},
          {"user_id", "u-1"},
          {"sandbox_id", request.sandbox_id},
          {"resource_requests",
           {{"cpu", std::to_string(request.cpu) + "m"},
            {"memory", std::to_string(request.memory / kGibi) + "Gi"},
            {"gpu", gpu}}},
          {"architecture", request.architecture},
          {"storage_classes", request.storage_classes},
          {"network", {{"egress_mode", request.egress_mode}}}};
}

LaunchRequest Decode(const std::string& text) {
  const auto parsed = ParseJson(std::make_shared<const SourceText>("request.json", text));
  return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
}

// One fleet in every form, made once for each size.
struct World {
  Json documents;
  std::vector<PeerBinding> peer;
  Engine engine{AdviceOptions{.remedies = false}};  // bare decisions, as the peers make them
};

World& WorldOf(size_t bindings) {
  static std::map<size_t, std::unique_ptr<World>> worlds;
  std::unique_ptr<World>& world = worlds[bindings];
  if (world == nullptr) {
    world = std::make_unique<World>();
    const Fleet fleet = MakeFleet(bindings);
    world->documents = DocumentsOf(fleet);
    world->peer = PeerBindingsOf(fleet);
    Catalog catalog;
    AddSource(std::make_shared<const SourceText>("fleet.json", world->documents.dump()), catalog);
    const absl::Status published = world->engine.Publish(catalog, 1);
    if (!published.ok() || world->engine.snapshot()->bindings().size() != bindings) world->documents = nullptr;
  }
  return *world;
}

// Verdict, placement and counts of a `berth.decision/v1` document.
bool Agree(const Json& decision, const PeerAnswer& answer) {
  if ((decision.at("verdict") == "ADMITTED") != answer.admitted) return false;
  if (answer.admitted) {
    const Json& placement = decision.at("placement");
    return placement.at("runner_id") == answer.runner_id && placement.at("profile_name") == answer.profile_name;
  }
  if (decision.at("reasons").size() != answer.reasons.size()) return false;
  for (const Json& reason : decision.at("reasons")) {
    const auto found = answer.reasons.find(reason.at("code").get<std::string>());
    if (found == answer.reasons.end() || reason.at("headline") != found->second.headline ||
        reason.at("blocked") != found->second.blocked || reason.at("sole") != found->second.sole) {
      return false;
    }
  }
  return true;
}

// What is wrong with the answers, or nothing.
std::optional<std::string> WrongAnswer(World& world, Ask ask) {
  if (!AllocationsAreCounted()) return "the allocation counter does not count";
  if (world.documents.is_null()) return "the fleet is not served as it was made";
  const PeerRequest peer_request = RequestOf(ask);
  const Json document = DocumentOf(peer_request);
  const LaunchRequest request = Decode(document.dump());
  Scratch scratch;
  const DetailedDecision decision = world.engine.AdmitInDetail(request, scratch);
  const Json ours = Json::parse(DecisionToJson(decision, request, false, JsonLayout::kCompact));
  if ((decision.verdict == Verdict::kAdmitted) != (ask == kFits)) return "the request does not do what it is for";
  const PeerAnswer peer = PeerAdmit(world.peer, peer_request);
  if (!Agree(ours, peer)) return "berth and the plain loop disagree";
  if (world.peer.size() != kCheckedBindings) return std::nullopt;
  const Json reference = reference::Admit(reference::Catalog(world.documents), document, Json::object(), false);
  return Agree(reference, peer) ? std::nullopt : std::optional<std::string>("the second implementation disagrees");
}

// Checked once for each size and request; the small fleet always first.
bool MayTime(benchmark::State& state, World& world, Ask ask) {
  static std::map<std::pair<const World*, Ask>, std::optional<std::string>> checked;
  for (World* each : {&WorldOf(kCheckedBindings), &world}) {
    const auto key = std::pair<const World*, Ask>(each, ask);
    if (!checked.contains(key)) checked[key] = WrongAnswer(*each, ask);
    if (!checked[key].has_value()) continue;
    state.SkipWithError(checked[key]->c_str());
    return false;
  }
  return true;
}

void Report(benchmark::State& state, uint64_t allocations) {
  state.counters["allocs/op"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
  state.counters["bindings/s"] =
      benchmark::Counter(static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}

void BM_Admit(benchmark::State& state) {
  World& world = WorldOf(static_cast<size_t>(state.range(0)));
  const auto ask = static_cast<Ask>(state.range(1));
  if (!MayTime(state, world, ask)) return;
  const LaunchRequest request = Decode(DocumentOf(RequestOf(ask)).dump());
  Scratch scratch;
  benchmark::DoNotOptimize(world.engine.Admit(request, scratch));  // grows the scratch
  const uint64_t before = AllocationCount();
  for (auto _ : state) benchmark::DoNotOptimize(world.engine.Admit(request, scratch));
  Report(state, AllocationCount() - before);
}

// From the request's JSON to the decision's JSON.
void BM_AdmitJson(benchmark::State& state) {
  World& world = WorldOf(static_cast<size_t>(state.range(0)));
  const auto ask = static_cast<Ask>(state.range(1));
  if (!MayTime(state, world, ask)) return;
  const std::string text = DocumentOf(RequestOf(ask)).dump();
  Scratch scratch;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    const LaunchRequest request = Decode(text);
    const DetailedDecision decision = world.engine.AdmitInDetail(request, scratch);
    benchmark::DoNotOptimize(DecisionToJson(decision, request, false, JsonLayout::kCompact));
  }
  Report(state, AllocationCount() - before);
}

// What follows a rejection when somebody asks what would help; beside BM_Admit of the same size.
void BM_Remedies(benchmark::State& state) {
  World& world = WorldOf(static_cast<size_t>(state.range(0)));
  if (!MayTime(state, world, kTooMuch)) return;
  const LaunchRequest request = Decode(DocumentOf(RequestOf(kTooMuch)).dump());
  Scratch scratch;
  DetailedDecision decision = world.engine.AdmitInDetail(request, scratch);
  decision.advice = AdviceOptions();
  if (FindRemedies(decision, request).empty()) return state.SkipWithError("nothing helps");
  const uint64_t before = AllocationCount();
  for (auto _ : state) benchmark::DoNotOptimize(FindRemedies(decision, request));
  Report(state, AllocationCount() - before);
}

void BM_PeerLoop(benchmark::State& state) {
  World& world = WorldOf(static_cast<size_t>(state.range(0)));
  const auto ask = static_cast<Ask>(state.range(1));
  if (!MayTime(state, world, ask)) return;
  const PeerRequest request = RequestOf(ask);
  const uint64_t before = AllocationCount();
  for (auto _ : state) benchmark::DoNotOptimize(PeerAdmit(world.peer, request));
  Report(state, AllocationCount() - before);
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"bindings", "rejected"})->ArgsProduct({{1000, 10000}, {kFits, kFitsNowhere}});
}

BENCHMARK(BM_Admit)->Apply(Sizes);
BENCHMARK(BM_AdmitJson)->Apply(Sizes);
BENCHMARK(BM_PeerLoop)->Apply(Sizes);
BENCHMARK(BM_Remedies)->ArgName("bindings")->Arg(1000)->Arg(10000);

}  // namespace
}  // namespace berth::bench
