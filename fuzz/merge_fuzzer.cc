// Property: four layers of any JSON give the same spec, with the same provenance, as the reference implementation makes
// of them, and what the reference refuses is refused. Input: a JSON array of the specs of zone, profile and binding, and
// of a launch's overrides; what is missing says nothing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/explanation.h"
#include "berth/engine/json.h"
#include "fuzz/property.h"
#include "tests/comparable_explanation.h"
#include "tests/reference/reference.h"

namespace berth {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxInput = 8192;  // nlohmann writes recursively

Json LayerOf(const Json& layers, size_t i) {
  return i < layers.size() && layers[i].is_object() ? layers[i] : Json::object();
}

Json CatalogOf(const Json& layers) {
  const Json opened = {"runtime_class", "instance_types", "node_selector", "tags",
                       "pod.metadata",  "pod.spec",       "pod.placement"};
  const Json binding = {{"profile_template_id", "p"}, {"is_default", true}, {"overrides_json", LayerOf(layers, 2)}};
  return {{{"kind", "Zone"}, {"zone", "z"}, {"defaults", LayerOf(layers, 0)}},
          {{"kind", "Profile"}, {"display_name", "p"}, {"spec", LayerOf(layers, 1)}},
          {{"kind", "Runner"},
           {"runner_id", "r"},
           {"identity", {{"zone", "z"}, {"cluster_name", "c"}}},
           {"profile_bindings", {binding}}},
          {{"kind", "Organization"}, {"organization_id", "default"}, {"launch_overrides", opened}}};
}

// The explanation without what only one of the two prints; `{"refused": true}` when a layer is.
Json Ours(const std::string& catalog_text, const std::string& request_text) {
  Catalog catalog;
  AddSource(std::make_shared<const SourceText>("catalog.json", catalog_text), catalog);
  Engine engine;
  Require(engine.Publish(catalog, 1).ok(), "any catalog can be published", catalog_text);
  const LaunchRequest request = ParseLaunchRequest(std::make_shared<const SourceText>("request.json", request_text));
  Scratch scratch;
  if (engine.AdmitInDetail(request, scratch).verdict == Verdict::kInvalid) return {{"refused", true}};
  const auto resolved = engine.Resolve({kDefaultOrganization, "r", "p"}, &request);
  if (!resolved.ok() || !resolved->valid) return {{"refused", true}};
  return ComparableExplanation(Json::parse(ExplanationToJson(
      *resolved, kDefaultOrganization, ExplainResolved(*resolved, &request, ""), JsonLayout::kCompact)));
}

Json Theirs(const Json& catalog, const Json& request) {
  Json explanation = reference::Explain(reference::Catalog(catalog), "default", "r", "p", &request, false);
  for (const char* refusal : {"violations", "invalid", "unknown"}) {
    if (explanation.contains(refusal)) return {{"refused", true}};
  }
  return ComparableExplanation(std::move(explanation));
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using berth::Json;
  if (size > berth::kMaxInput) return 0;
  const Json layers = Json::parse(berth::TextOf(data, size), nullptr, false);
  if (!layers.is_array()) return 0;
  const Json catalog = berth::CatalogOf(layers);
  const Json request = {{"overrides", berth::LayerOf(layers, 3)}};
  const std::string catalog_text = catalog.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string request_text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  const Json ours = berth::Ours(catalog_text, request_text);
  const Json theirs = berth::Theirs(Json::parse(catalog_text), Json::parse(request_text));
  // The reference does not know the type of every field of a pod.
  if (ours.contains("refused")) return 0;
  berth::Require(ours == theirs, "layers merge as the reference merges them",
                 catalog_text + "\n" + request_text + "\nours   " + ours.dump() + "\ntheirs " + theirs.dump());
  return 0;
}
