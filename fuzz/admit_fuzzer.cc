// Property: any catalog and any request get an answer: a decision whose headlines add up to its candidates, a resolved
// spec and an explanation for every binding, lists, findings; each is JSON, and asked again, also of another engine,
// each is the same bytes. Input: a catalog in JSON, a NUL or 0x1E byte, a request in JSON.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/discovery.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "fuzz/property.h"

namespace berth {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBindings = 16;  // more of one input show nothing new

Json RequireJson(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  Require(!value.is_discarded(), "what is printed is JSON", text);
  return value;
}

Catalog LoadCatalog(std::string_view text) {
  Catalog catalog;
  AddSource(std::make_shared<const SourceText>("catalog.json", std::string(text)), catalog);
  return catalog;
}

LaunchRequest LoadRequest(std::string_view text) {
  const auto parsed = ParseJson(std::make_shared<const SourceText>("request.json", std::string(text)));
  if (parsed.document == nullptr) return {};
  return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
}

void RequireCountsAddUp(const Json& decision) {
  const size_t candidates = decision.at("candidates");
  const std::string verdict = decision.at("verdict");
  if (verdict == "ADMITTED") {
    Require(candidates > 0 && decision.contains("placement"), "an admitted launch has a place", decision.dump());
    return;
  }
  if (verdict == "INVALID") {
    Require(!decision.at("violations").empty(), "an invalid request has violations", decision.dump());
    return;
  }
  size_t headlines = 0;
  Require(!decision.at("reasons").empty(), "a rejection has a reason", decision.dump());
  for (const Json& reason : decision.at("reasons")) {
    const size_t headline = reason.at("headline");
    const size_t blocked = reason.at("blocked");
    const size_t sole = reason.at("sole");
    Require(sole <= headline && headline <= blocked, "a sole blocker is a headline, a headline blocks", reason.dump());
    Require(blocked <= candidates, "a reason blocks candidates only", reason.dump());
    headlines += headline;
  }
  Require(headlines == candidates, "headlines add up to the candidates", decision.dump());
  for (const Json& candidate : decision.value("per_candidate", Json::array())) {
    Require(!candidate.at("reasons").empty(), "each candidate of a rejection has a reason", candidate.dump());
  }
}

std::string Decide(const Engine& engine, const LaunchRequest& request, Scratch& scratch, Verdict* verdict) {
  const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
  if (verdict != nullptr) *verdict = decision.verdict;
  const std::string all = DecisionToJson(decision, request, true, JsonLayout::kCompact);
  RequireCountsAddUp(RequireJson(all));
  RequireJson(DecisionToJson(decision, request, false, JsonLayout::kIndented));
  return all;
}

void ResolveEverything(const Engine& engine, const LaunchRequest* request, std::string_view organization) {
  const auto snapshot = engine.snapshot();
  std::vector<uint32_t> visible;
  snapshot->ForEachVisible(organization, [&visible](uint32_t index) { visible.push_back(index); });
  if (visible.size() > kMaxBindings) visible.resize(kMaxBindings);
  for (const uint32_t index : visible) {
    const CompiledBinding& binding = snapshot->bindings()[index];
    const auto found =
        engine.Resolve({organization, snapshot->RunnerOf(binding).runner->runner_id, binding.name}, request);
    Require(found.ok() || binding.name.empty(), "a visible binding is found by its name", binding.name);
    const Resolved resolved = Engine::Resolve(*snapshot, index, request, organization);
    RequireJson(ResolvedToJson(resolved, JsonLayout::kCompact));
    RequireJson(
        ExplanationToJson(resolved, organization, ExplainResolved(resolved, request, ""), JsonLayout::kCompact));
  }
}

void ListEverything(const Engine& engine, const LaunchRequest& request) {
  const auto snapshot = engine.snapshot();
  DiscoveryFilter filter;
  RequireJson(ProfilesToJson(ListProfiles(*snapshot, request.organization_id, filter), JsonLayout::kCompact));
  filter.egress_mode = request.egress_mode;
  filter.ingress_mode = request.ingress_mode;
  filter.architecture = request.architecture;
  RequireJson(RunnersToJson(ListRunners(*snapshot, request.organization_id, filter), true, JsonLayout::kIndented));
  RequireJson(FindingsToJson(snapshot->issues(), {}, JsonLayout::kCompact));
  for (const auto& object : snapshot->objects()) RequireJson(FindingsToJson(object->issues, {}, JsonLayout::kCompact));
}

void Run(std::string_view catalog_text, std::string_view request_text) {
  const Catalog catalog = LoadCatalog(catalog_text);
  const LaunchRequest request = LoadRequest(request_text);
  Engine engine;
  Require(engine.Publish(catalog, 1).ok(), "a first catalog is published");
  Scratch scratch;
  Verdict verdict = Verdict::kInvalid;
  const std::string decision = Decide(engine, request, scratch, &verdict);
  Require(Decide(engine, request, scratch, nullptr) == decision, "the same question has the same answer", decision);

  Engine other;
  Catalog reversed = catalog;
  std::reverse(reversed.objects.begin(), reversed.objects.end());
  Require(other.Publish(reversed, 1).ok(), "a first catalog is published");
  Scratch fresh;
  Require(Decide(other, request, fresh, nullptr) == decision, "another engine gives the same answer", decision);

  ResolveEverything(engine, nullptr, request.organization_id);
  if (verdict != Verdict::kInvalid) ResolveEverything(engine, &request, request.organization_id);
  ListEverything(engine, request);
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = berth::TextOf(data, size);
  const size_t split = std::min(text.find_first_of(std::string_view("\0\x1E", 2)), text.size());
  berth::Run(text.substr(0, split), split < text.size() ? text.substr(split + 1) : std::string_view("{}"));
  return 0;
}
