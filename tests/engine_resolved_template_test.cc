// Resolved documents from templates against those of Engine::Resolve: the same bytes, on cases by hand and on random
// catalogs.
//
// BERTH_DIFFERENTIAL_CASES   how many random launches (default 20000)

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/engine/resolved_template.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using Json = nlohmann::json;

std::string General(const std::shared_ptr<const Snapshot>& snapshot, uint32_t binding, const LaunchRequest& request) {
  return ResolvedToJson(Engine::Resolve(*snapshot, binding, &request, request.organization_id), JsonLayout::kCompact);
}

std::string NamespaceOf(const CompiledBinding& binding, const LaunchRequest& request) {
  std::string name;
  if (!binding.offer.needs_user || !request.user_id.empty()) {
    AppendNamespaceOf(binding, request.organization_id, request.user_id, name);
  }
  return name;
}

std::string FromTemplate(const Snapshot& snapshot, uint32_t index, const LaunchRequest& request) {
  const CompiledBinding& binding = snapshot.bindings()[index];
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  const ResolvedTemplate made = ResolvedTemplate::Make(binding, runner);
  std::string out = "before";
  made.Append(
      {.runner_id = runner.runner_id, .profile_name = binding.name, .namespace_name = NamespaceOf(binding, request)},
      request, out);
  EXPECT_TRUE(out.starts_with("before"));
  return out.substr(6);
}

constexpr std::string_view kRich =
    R"({container_image: 'python:3.11', runtime_class: gvisor, resource_defaults: {cpuRequest: 1, memoryLimit: 4Gi},
        node_selector: {pool: a, "x/y": 'q'}, tags: [b, "a\"\\é"], namespace: {strategy: per-user, labels: {team: ml}},
        network: {egress: {default: internet, modes: {internet: {type: internet}, none: {type: none},
                                                      corp: {type: allowlist, cidrs: [10.0.0.0/8, 192.168.0.0/16]}}},
                  ingress: {web: {scope: org, service: {serviceType: ClusterIP},
                                  ingress: {controllerName: nginx, template: "{{.SandboxID}}.{{.Namespace}}.example.com"}},
                            raw: {scope: user, service: {serviceType: LoadBalancer}}}},
        pod: {metadata: {annotations: {a: b}}, spec: {tolerations: [{key: gpu, operator: Exists}]}}})";
constexpr std::string_view kBare = "{}";
constexpr std::string_view kStatic =
    "{namespace: {strategy: static, staticNamespace: box}, tags: [t], instance_types: [h100], "
    "resource_defaults: {cpuLimit: 4, memoryRequest: 1Gi}}";

struct Case {
  std::string_view what;
  std::string_view profile;
  std::string_view request;  // YAML
};

TEST(ResolvedTemplate, WritesWhatResolveWrites) {
  const Case cases[] = {
      {"a launch that sets nothing", kRich, "{}"},
      {"nothing over nothing", kBare, "{}"},
      {"a user", kRich, "{user_id: u1}"},
      {"a static namespace", kStatic, "{user_id: u1}"},
      {"an organization whose name is hashed", kBare, "{organization_id: Acme Research}"},
      {"an image", kRich, "{container_image: 'debian:12'}"},
      {"an image over nothing", kBare, "{container_image: 'debian:12'}"},
      {"an image that needs escapes", kRich, R"({container_image: "a\"b\\c\u00e9"})"},
      {"all amounts", kRich, "{resource_requests: {cpu: 500m, memory: 1Gi}, resource_limits: {cpu: 2, memory: 8Gi}}"},
      {"all amounts over nothing", kBare,
       "{resource_requests: {cpu: 500m, memory: 1Gi}, resource_limits: {cpu: 2, memory: 8Gi}}"},
      {"a limit that stands for both", kBare, "{resource_limits: {cpu: 2}}"},
      {"a limit beside an inherited request", kRich, "{resource_limits: {cpu: 2, memory: 2Gi}}"},
      {"a limit in place of one that stood for both", kStatic, "{resource_limits: {cpu: 2}}"},
      {"a request beside a limit that stood for both", kStatic, "{resource_requests: {cpu: 1}}"},
      {"a request alone", kBare, "{resource_requests: {memory: 1Gi}}"},
      {"the older spelling", kRich, "{resources: {cpu: 3, memory: 3Gi}}"},
      {"odd amounts", kRich, "{resource_requests: {cpu: '0.0000001', memory: 1.5Gi}, resource_limits: {cpu: 12e3}}"},
      {"more odd amounts", kRich, "{resource_requests: {cpu: '+007', memory: 1e9}, resource_limits: {memory: '9E'}}"},
      {"zeros", kRich, "{resources: {cpu: 0, memory: 0Gi}}"},
      {"a binary amount without suffix", kRich, "{resources: {memory: 11718.75Ki}}"},
      {"GPUs", kRich, "{resource_requests: {gpu: {count: 2}}}"},
      {"GPUs where only the zone sets a class", kBare, "{resource_limits: {gpu: {count: 1, type: h100}}}"},
      {"no GPUs", kRich, "{resource_requests: {gpu: {count: 0}}}"},
      {"an egress mode", kRich, "{network: {egress_mode: corp}}"},
      {"an egress mode that is not offered", kRich, "{network: {egress_mode: intern}}"},
      {"an egress mode where none is declared", kBare, "{network: {egress_mode: internet}}"},
      {"a host", kRich, "{user_id: u, sandbox_id: sb-1, network: {ingress_mode: web, exposed_ports: [80]}}"},
      {"a host without a user", kRich, "{sandbox_id: sb-1, network: {ingress_mode: web, exposed_ports: [80]}}"},
      {"a host without a sandbox", kRich, "{user_id: u, network: {ingress_mode: web, exposed_ports: [80]}}"},
      {"a host that is none", kRich,
       "{user_id: u, sandbox_id: 'A\"b', network: {ingress_mode: web, exposed_ports: [80]}}"},
      {"a level without a host", kRich, "{user_id: u, network: {ingress_mode: raw, exposed_ports: [80]}}"},
      {"a level that is not offered", kRich, "{user_id: u, network: {ingress_mode: we, exposed_ports: [80]}}"},
      {"a level where none is declared", kBare, "{network: {ingress_mode: web, exposed_ports: [80]}}"},
  };
  const Source zone = {"zone", "{kind: Zone, zone: z1, defaults: {runtime_class: kata}}"};
  for (const std::string_view runner_classes : {"", "cpu_runtime_class: cpu-class", "gpu_runtime_class: gpu-class",
                                                "cpu_runtime_class: cpu-class, gpu_runtime_class: gpu-class"}) {
    const Source runner = RunnerSource("r1", ", managed_spec: {overrides: {" + std::string(runner_classes) + "}}");
    for (const Case& test : cases) {
      Engine engine;
      ASSERT_TRUE(engine.Publish(CatalogOf({zone, ProfileSource(test.profile), runner}), 1).ok());
      const auto snapshot = engine.snapshot();
      ASSERT_TRUE(snapshot->bindings()[0].offer.valid) << test.what;
      const LaunchRequest request = LaunchOf(test.request);
      EXPECT_EQ(FromTemplate(*snapshot, 0, request), General(snapshot, 0, request)) << test.what;
    }
  }
}

TEST(ResolvedTemplate, SharesItsPartsWithAdmissions) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf({ZoneSource(), ProfileSource(kRich), RunnerSource()}), 1).ok());
  const LaunchRequest request = LaunchOf("{user_id: u, sandbox_id: sb, resource_limits: {memory: 2Gi}}");
  Scratch scratch;
  const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
  ASSERT_EQ(decision.verdict, Verdict::kAdmitted);
  const CompiledBinding& binding = decision.snapshot->bindings()[0];
  const ResolvedTemplate made = ResolvedTemplate::Make(binding, *decision.snapshot->RunnerOf(binding).runner);
  std::string parts = ",";
  made.AppendParts(NamespaceOf(binding, request), request, parts);
  const std::string whole = DecisionToJson(decision, request, false, JsonLayout::kCompact);
  EXPECT_TRUE(whole.ends_with(parts + "}")) << whole << '\n' << parts;
}

size_t WantedCases() {
  const char* text = std::getenv("BERTH_DIFFERENTIAL_CASES");
  return text == nullptr ? 20'000 : static_cast<size_t>(std::strtoull(text, nullptr, 10));
}

TEST(ResolvedTemplate, AgreesWithResolveOnRandomCatalogs) {
  constexpr size_t kRequestsPerWorld = 40;
  size_t cases = 0;
  size_t images = 0, amounts = 0, gpus = 0, modes = 0, modes_not_offered = 0, hosts = 0, users_missing = 0;
  for (uint64_t seed = 1; cases < WantedCases(); ++seed) {
    const RandomWorld world = MakeRandomWorld(seed);
    Engine engine;
    Catalog catalog;
    AddSource(std::make_shared<SourceText>("catalog.json", world.objects.dump()), catalog);
    ASSERT_TRUE(engine.Publish(catalog, 1).ok());
    const auto snapshot = engine.snapshot();
    Random random(seed);
    for (size_t round = 0; round < kRequestsPerWorld; ++round) {
      Json document = MakeRandomRequest(world, random);
      for (const char* name : {"overrides", "overrides_json", "overridesJson", "pod_annotations", "podAnnotations"}) {
        document.erase(name);
      }
      const auto source = std::make_shared<SourceText>("request.json", document.dump());
      const LaunchRequest request = ParseLaunchRequest(source);
      if (HasError(request.issues)) continue;
      for (uint32_t index = 0; index < snapshot->bindings().size(); ++index) {
        if (!snapshot->bindings()[index].offer.valid) continue;
        if (random.Chance(50)) continue;
        const std::string wanted = General(snapshot, index, request);
        ASSERT_EQ(FromTemplate(*snapshot, index, request), wanted)
            << "world " << seed << ", binding " << index << ", request " << document.dump();
        ++cases;
        images += request.container_image.value.empty() ? 0 : 1;
        amounts += request.effective_limits().cpu || request.effective_requests().memory ? 1 : 0;
        gpus += request.wants_gpu() ? 1 : 0;
        const bool no_mode = wanted.find(R"("egress":null)") != std::string::npos;
        modes += request.egress_mode.empty() || no_mode ? 0 : 1;
        modes_not_offered += no_mode ? 1 : 0;
        hosts += wanted.find(R"("host":")") != std::string::npos ? 1 : 0;
        users_missing += wanted.find(R"("namespace":{"name":null)") != std::string::npos ? 1 : 0;
      }
    }
  }
  for (const size_t met : {images, amounts, gpus, modes, modes_not_offered, hosts, users_missing}) {
    EXPECT_GE(met, cases / 200);
  }
}

}  // namespace
}  // namespace berth
