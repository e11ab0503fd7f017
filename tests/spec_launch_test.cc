#include <memory>
#include <string>
#include <string_view>

#include "berth/spec/launch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

using testing::ElementsAre;

LaunchRequest Launch(std::string_view text, std::string_view name = "request.yaml") {
  const ParsedDocument parsed = ParseDocument(std::make_shared<SourceText>(std::string(name), std::string(text)));
  return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
}

TEST(Launch, ReadsEveryField) {
  const LaunchRequest request = Launch(R"(organization_id: acme
user_id: u
sandbox_id: sb
profile_names: [b, a]
profile_ids: [a, c]
runner_ids: [r2, r1, r2]
runner_group_id: g
zone: z
container_image: python:3.11
resource_requests: {cpu: 500m, memory: 1Gi, gpu: {count: 2, type: H100}}
resource_limits: {cpu: "1"}
architecture: amd64
privileged: true
storage_classes: [b, a, b]
network: {egress_mode: e, ingress_mode: i, exposed_ports: [8080, 80]}
pod_annotations: {team: ml}
)");
  EXPECT_TRUE(request.issues.empty()) << IssueText(request.issues);
  EXPECT_EQ(request.organization_id, "acme");
  EXPECT_EQ(request.user_id, "u");
  EXPECT_EQ(request.sandbox_id, "sb");
  EXPECT_THAT(request.profile_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(request.runner_ids, ElementsAre("r1", "r2"));
  EXPECT_EQ(request.runner_group_id, "g");
  EXPECT_EQ(request.zone, "z");
  EXPECT_EQ(request.container_image.value, "python:3.11");
  EXPECT_EQ(request.container_image.position, (Position{9, 18}));
  EXPECT_EQ(request.requests.cpu->value.ToString(), "500m");
  EXPECT_EQ(request.requests.memory->value.ToString(), "1Gi");
  EXPECT_EQ(request.gpu().count, 2);
  EXPECT_EQ(request.gpu().type, "H100");
  EXPECT_TRUE(request.wants_gpu());
  EXPECT_EQ(request.limits.cpu->value.ToString(), "1");
  EXPECT_FALSE(request.limits.memory.has_value());
  EXPECT_EQ(request.architecture, "amd64");
  EXPECT_TRUE(request.privileged);
  EXPECT_THAT(request.storage_classes, ElementsAre("a", "b"));
  EXPECT_EQ(request.egress_mode, "e");
  EXPECT_EQ(request.ingress_mode, "i");
  EXPECT_THAT(request.exposed_ports, ElementsAre(8080, 80));
  EXPECT_EQ(TreeText(request.pod_annotations), R"({"team":"ml"})");
}

TEST(Launch, SaysTheSameInTheWiresSpelling) {
  const LaunchRequest request = Launch(
      R"({"organizationId": "acme", "profileNames": ["a"], "containerImage": "x",
          "resources": {"cpu": "2", "gpu": {"gpuCount": "1", "gpuMemoryGb": 80}},
          "network": {"exposedPorts": [80], "ingressMode": "web"}, "maxLifetimeSeconds": "60", "command": ["a"]})",
      "request.json");
  EXPECT_TRUE(request.issues.empty()) << IssueText(request.issues);
  EXPECT_EQ(request.organization_id, "acme");
  EXPECT_EQ(request.container_image.value, "x");
  EXPECT_EQ(request.effective_requests().cpu->value.ToString(), "2");
  EXPECT_EQ(request.effective_limits().cpu->value.ToString(), "2");
  EXPECT_EQ(request.gpu().memory_gb, 80);
  EXPECT_EQ(request.gpu().count, 1);
}

TEST(Launch, TakesEmptyTextsListsAndNullsAsAbsent) {
  const LaunchRequest request = Launch(R"({"organization_id": "", "user_id": null, "profile_names": [],
      "container_image": "", "zone": "", "resource_requests": {"cpu": "", "gpu": null}, "network": {"egress_mode": ""},
      "overrides": null, "pod_annotations": {}})",
                                       "request.json");
  EXPECT_TRUE(request.issues.empty()) << IssueText(request.issues);
  EXPECT_EQ(request.organization_id, "default");
  EXPECT_TRUE(request.profile_names.empty());
  EXPECT_FALSE(request.requests.cpu.has_value());
  EXPECT_FALSE(request.requests.gpu.asked());
  EXPECT_EQ(request.egress_mode, "");
  EXPECT_EQ(SandboxLayer(request), nullptr);
}

// As a program does that links the engine.
TEST(Launch, CountsWhatIsFilledInByHand) {
  LaunchRequest request;
  request.limits.gpu.count = 2;
  EXPECT_TRUE(request.wants_gpu());
  request.limits = {};
  request.resources.cpu = {*ParseQuantity("2", Resource::kCpu), {}};
  EXPECT_EQ(request.effective_requests().cpu->value.ToString(), "2");
  EXPECT_EQ(request.effective_limits().cpu->value.ToString(), "2");
}

TEST(Launch, FindsTheGpusOnEitherSide) {
  EXPECT_EQ(Launch("resource_limits: {gpu: {count: 3}}\n").gpu().count, 3);
  EXPECT_EQ(Launch("resource_requests: {gpu: {count: 2}}\n").gpu().count, 2);
  EXPECT_EQ(Launch("resources: {gpu: {count: 1}}\n").gpu().count, 1);
  EXPECT_FALSE(Launch("resource_requests: {cpu: 1}\n").wants_gpu());
  EXPECT_FALSE(Launch("resource_requests: {gpu: {count: 0}}\n").wants_gpu());
}

TEST(Launch, CollectsWhatIsWrong) {
  const LaunchRequest request = Launch("zone: [a]\nexposed: 1\nnetwork: {exposed_ports: [80, x]}\n");
  EXPECT_EQ(IssueText(request.issues),
            "wrong-type 1:7 /zone; unknown-field 2:1 /exposed; invalid-integer 3:31 /network/exposed_ports/1");
  EXPECT_THAT(request.exposed_ports, ElementsAre(80, 0));  // a refused port keeps its place
  EXPECT_FALSE(Launch("[]\n").issues.empty());
  EXPECT_FALSE(Launch("3\n").issues.empty());
}

TEST(SandboxLayer, HoldsWhatTheLaunchSets) {
  const LaunchRequest request = Launch(R"(container_image: a
resource_requests: {cpu: 0.5}
resource_limits: {memory: 1024Mi}
pod_annotations: {b: c, sandbox-id: x}
overrides: {tags: [], pod: {metadata: {labels: {l: m}}, spec: {nodeSelector: {n: o}}}}
)");
  const NodeRef layer = SandboxLayer(request);
  EXPECT_EQ(TreeText(layer),
            R"({"container_image":"a","node_selector":{"n":"o"},"pod":{"metadata":{"annotations":{"b":"c"},)"
            R"("labels":{"l":"m"}}},"resource_defaults":{"cpuRequest":"500m","memoryLimit":"1Gi"},"tags":[]})");
  EXPECT_EQ(At(layer.get(), {"container_image"})->layer, Layer::kSandbox);
  EXPECT_EQ(At(layer.get(), {"container_image"})->position, (Position{1, 18}));
  EXPECT_EQ(At(layer.get(), {"resource_defaults", "memoryLimit"})->position, (Position{3, 27}));
}

TEST(SandboxLayer, LegacyResourcesSetBothSides) {
  EXPECT_EQ(TreeText(SandboxLayer(Launch("resources: {cpu: 1, memory: 2Gi}\n"))),
            R"({"resource_defaults":{"cpuLimit":"1","cpuRequest":"1","memoryLimit":"2Gi","memoryRequest":"2Gi"}})");
}

TEST(SandboxLayer, CarriedFieldsSetNothing) {
  EXPECT_EQ(SandboxLayer(Launch("tags: [a]\ncommand: [b]\nvolumes: [{}]\nuser_id: u\narchitecture: amd64\n")), nullptr);
}

TEST(SandboxLayer, KeepsNullsOfOverrides) {
  EXPECT_EQ(TreeText(SandboxLayer(Launch("overrides: {tags: null, node_selector: {a: null}}\n"))),
            R"({"node_selector":{"a":null},"tags":null})");
}

}  // namespace
}  // namespace berth
