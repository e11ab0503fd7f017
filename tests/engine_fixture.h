// Small catalogs, requests and engines for tests of the engine.

#ifndef BERTH_TESTS_ENGINE_FIXTURE_H_
#define BERTH_TESTS_ENGINE_FIXTURE_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/spec/document.h"
#include "berth/spec/launch.h"

namespace berth {

// One source: its file's name and its text.
struct Source {
  std::string name;
  std::string text;
};

inline Catalog CatalogOf(const std::vector<Source>& sources) {
  Catalog catalog;
  for (const Source& source : sources) AddSource(std::make_shared<SourceText>(source.name, source.text), catalog);
  return catalog;
}

// The only object of a source, under its file's name.
inline Change ChangeOf(const Source& source) {
  Catalog catalog = CatalogOf({source});
  return {source.name, std::move(catalog.objects.at(0))};
}

inline LaunchRequest LaunchOf(std::string_view yaml) {
  const ParsedDocument parsed = ParseYaml(std::make_shared<SourceText>("request.yaml", std::string(yaml)));
  return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
}

// The runner that takes the launch, or the headline's code, or the field of the first violation.
inline std::string Answer(const Engine& engine, std::string_view request_yaml = "{}") {
  Scratch scratch;
  const LaunchRequest request = LaunchOf(request_yaml);
  const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
  if (decision.verdict == Verdict::kInvalid) return decision.violations.front().field;
  if (decision.verdict == Verdict::kRejected) return std::string(InfoOf(decision.reasons.front().code).name);
  const CompiledBinding& binding = decision.snapshot->bindings()[decision.placements.front()];
  return decision.snapshot->RunnerOf(binding).runner->runner_id;
}

inline Source ZoneSource() { return {"zone", "{kind: Zone, zone: z1}"}; }
inline Source ProfileSource(std::string_view spec = "{}", std::string_view name = "p1") {
  return {"profile-" + std::string(name),
          "{kind: Profile, display_name: " + std::string(name) + ", spec: " + std::string(spec) + "}"};
}
// `more`: further members, each after a comma.
inline Source RunnerSource(std::string_view id = "r1", std::string_view more = "", std::string_view cluster = "") {
  const std::string cluster_name(cluster.empty() ? id : cluster);
  return {"runner-" + std::string(id),
          "{kind: Runner, runner_id: " + std::string(id) + ", identity: {zone: z1, cluster_name: " + cluster_name +
              "}, profile_bindings: [{profile_template_id: p1, is_default: true}]" + std::string(more) + "}"};
}

}  // namespace berth

#endif  // BERTH_TESTS_ENGINE_FIXTURE_H_
