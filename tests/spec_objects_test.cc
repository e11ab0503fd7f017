#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/objects.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

struct Objects {
  std::vector<Object> objects;
  std::vector<Issue> issues;
};

Objects Decode(std::string_view text, std::string_view name = "a.yaml") {
  Objects decoded;
  const ParsedDocument parsed = ParseDocument(std::make_shared<SourceText>(std::string(name), std::string(text)));
  if (parsed.document != nullptr) decoded.objects = DecodeObjects(*parsed.document, decoded.issues);
  return decoded;
}

template <typename T>
T Only(const Objects& decoded) {
  return std::get<T>(decoded.objects.at(0).value);
}

TEST(Objects, AreKnownByKindOrByShape) {
  struct Row {
    std::string_view text;
    std::string_view kind;  // empty: no object
    ObjectForm form = ObjectForm::kWhole;
  };
  constexpr Row kRows[] = {
      {"{kind: Zone, zone: z}", "zone"},
      {"{kind: Profile, display_name: p, spec: {}}", "profile"},
      {"{kind: ProfileTemplate, display_name: p, spec: {}}", "profile"},
      {"{kind: Runner, runner_id: r}", "runner"},
      {"{kind: Organization}", "organization"},
      {"{display_name: p, spec: {}}", "profile"},
      {"{displayName: p, spec: {}}", "profile"},
      {"{spec: {}}", "profile", ObjectForm::kFragment},
      {"{identity: {zone: z}}", "runner"},
      {"{profile_bindings: []}", "runner", ObjectForm::kFragment},
      {"{managedSpec: {}}", "runner", ObjectForm::kFragment},
      {"{zone: z, defaults: {}}", "zone"},
      {"{organization_id: o, quota: {}}", "organization"},
      {"{organization_id: o, strategy: pack}", "organization"},
      {"{profileTemplate: {displayName: p, spec: {}}}", "profile"},
      {"{runnerId: r, runner: {identity: {zone: z}}}", "runner"},
      {"{runnerId: r, runner: {profileBindings: []}}", "runner", ObjectForm::kFragment},
      {"{}", ""},
      {"{zone: z}", ""},
      {"{kind: Pod}", ""},
      {"{kind: zone}", ""},
      {"3", ""},
  };
  for (const Row& row : kRows) {
    const Objects decoded = Decode(row.text);
    EXPECT_EQ(decoded.objects.size(), row.kind.empty() ? 0U : 1U) << row.text;
    EXPECT_EQ(decoded.issues.empty(), !row.kind.empty()) << row.text << ": " << IssueText(decoded.issues);
    if (decoded.objects.empty()) continue;
    EXPECT_EQ(ObjectKindName(decoded.objects[0]), row.kind) << row.text;
    EXPECT_EQ(decoded.objects[0].form, row.form) << row.text;
  }
}

TEST(Objects, OfOneFileHaveKeysAndPlaces) {
  const Objects decoded = Decode("kind: Zone\nzone: a\n---\n- {kind: Zone, zone: b}\n- {kind: Organization}\n");
  ASSERT_EQ(decoded.objects.size(), 3U);
  EXPECT_EQ(decoded.objects[0].key, "a.yaml#zone/a");
  EXPECT_EQ(decoded.objects[2].key, "a.yaml#organization/default");
  EXPECT_EQ(decoded.objects[1].path, "/0");
  EXPECT_EQ(decoded.objects[1].position, (Position{4, 4}));
  EXPECT_EQ(decoded.objects[2].path, "/1");
}

TEST(Objects, BelongToTheDefaultOrganizationUnlessTheySayOtherwise) {
  EXPECT_EQ(Only<Profile>(Decode("{display_name: p, spec: {}}")).organization_id, "default");
  EXPECT_EQ(Only<Profile>(Decode("{display_name: p, spec: {}, organization_id: ''}")).organization_id, "default");
  EXPECT_EQ(Only<Profile>(Decode("{display_name: p, spec: {}, organizationId: acme}")).organization_id, "acme");
  EXPECT_EQ(Only<Runner>(Decode("{runner_id: r, identity: {}, organization_id: acme}")).organization_id, "acme");
  EXPECT_EQ(Only<Organization>(Decode("{kind: Organization}")).organization_id, "default");
}

TEST(Objects, TakeTheRunnerIdFromTheWrapper) {
  EXPECT_EQ(Only<Runner>(Decode("{runnerId: r9, runner: {identity: {zone: z}}}")).runner_id, "r9");
}

TEST(Objects, ReadARunner) {
  const Objects decoded = Decode(R"(kind: Runner
runner_id: r1
identity: {zone: z1, cluster_id: k1, clusterName: c1, runner_group_id: g}
is_shared: true
install_status: RUNNER_INSTALL_STATUS_DELETING
connection_status: DISCONNECTED
managed_spec:
  enforce_resource_limits: true
  allow_privileged_profile_annotations: true
  overrides: {cpu_runtime_class: kata, gpu_runtime_class: nvidia, scaling: {replicas: 2}}
capabilities: {max_cpu_millicores: "96000", max_memory_bytes: 5, max_gpu_count: 8, supported_gpu_types: [H100],
  supported_architectures: [amd64], supports_privileged: true, available_storage_classes: [fast]}
resources: {available_cpu_millicores: 1, available_gpu_count: 0, running_sandboxes: 17}
profile_bindings:
  - {profile_template_id: p, is_default: true, overrides_json: '{"tags": []}'}
  - {profile_template_id: q, profile_name: alias, overrides_json: ""}
)");
  ASSERT_EQ(decoded.objects.size(), 1U);
  EXPECT_FALSE(decoded.objects[0].refused) << IssueText(decoded.objects[0].issues);
  const auto runner = Only<Runner>(decoded);
  EXPECT_EQ(runner.runner_id, "r1");
  EXPECT_EQ(runner.zone, "z1");
  EXPECT_EQ(runner.cluster_id, "k1");
  EXPECT_EQ(runner.cluster_name, "c1");
  EXPECT_EQ(runner.group, "g");
  EXPECT_TRUE(runner.is_shared);
  EXPECT_EQ(runner.install_status.value, InstallStatus::kDeleting);
  EXPECT_EQ(runner.connection_status.value, ConnectionStatus::kDisconnected);
  EXPECT_TRUE(runner.enforce_resource_limits.value);
  EXPECT_EQ(runner.enforce_resource_limits.position, (Position{8, 28}));
  EXPECT_TRUE(runner.allow_privileged_profile_annotations);
  EXPECT_EQ(TreeText(runner.cpu_runtime_class), R"({"runtime_class":"kata"})");
  EXPECT_EQ(TreeText(runner.gpu_runtime_class), R"({"runtime_class":"nvidia"})");
  EXPECT_EQ(At(runner.gpu_runtime_class.get(), {"runtime_class"})->layer, Layer::kRunner);
  EXPECT_EQ(runner.capabilities.max_cpu_millicores.value, 96000);
  EXPECT_EQ(runner.capabilities.gpu_types.value, std::vector<std::string>{"H100"});
  EXPECT_EQ(runner.available.cpu_millicores, 1);
  EXPECT_EQ(runner.available.memory_bytes, std::nullopt);
  EXPECT_EQ(runner.available.gpu_count, 0);
  EXPECT_EQ(runner.available.running_sandboxes, 17);
  ASSERT_EQ(runner.bindings.size(), 2U);
  EXPECT_TRUE(runner.bindings[0].is_default);
  EXPECT_EQ(TreeText(runner.bindings[0].overrides), R"({"tags":[]})");
  EXPECT_EQ(runner.bindings[1].profile_name, "alias");
  EXPECT_EQ(runner.bindings[1].overrides, nullptr);
  EXPECT_TRUE(runner.bindings[1].overrides_valid);
}

TEST(Objects, AbsentStatusesAreHealthy) {
  const auto runner = Only<Runner>(Decode("{runner_id: r, identity: {zone: z}}"));
  EXPECT_EQ(runner.install_status.value, InstallStatus::kReady);
  EXPECT_EQ(runner.connection_status.value, ConnectionStatus::kConnected);
  EXPECT_EQ(runner.capabilities.max_gpu_count.value, 0);
  EXPECT_FALSE(runner.capabilities.supports_privileged.value);
  EXPECT_EQ(InstallStatusName(InstallStatus::kProvisioning), "PROVISIONING");
  EXPECT_EQ(ConnectionStatusName(ConnectionStatus::kUnspecified), "UNSPECIFIED");
}

TEST(Objects, BadOverridesSpoilOnlyTheirBinding) {
  const Objects decoded = Decode(
      "{runner_id: r, identity: {zone: z}, profile_bindings: [{profile_template_id: p, overrides_json: '{'}, "
      "{profile_template_id: q, overrides_json: null}]}");
  const auto runner = Only<Runner>(decoded);
  EXPECT_FALSE(decoded.objects[0].refused);
  ASSERT_EQ(runner.bindings.size(), 2U);
  EXPECT_FALSE(runner.bindings[0].overrides_valid);
  EXPECT_TRUE(runner.bindings[1].overrides_valid);
}

TEST(Objects, RefusedOnesStillLendTheirNames) {
  const Objects decoded = Decode("{display_name: p, id: i, spec: {tags: 3}}");
  ASSERT_EQ(decoded.objects.size(), 1U);
  EXPECT_TRUE(decoded.objects[0].refused);
  EXPECT_EQ(Only<Profile>(decoded).display_name, "p");
  EXPECT_EQ(Only<Profile>(decoded).id, "i");
}

TEST(Objects, FoldTheCaseOfGpuTypes) {
  const Objects decoded = Decode("{zone: z, defaults: {}, gpu_memory_gb: {H100: 80, a100: '40'}}");
  const auto zone = Only<Zone>(decoded);
  EXPECT_EQ(zone.gpu_memory_gb.at("h100"), 80);
  EXPECT_EQ(zone.gpu_memory_gb.at("a100"), 40);
  const Objects twice = Decode("{zone: z, defaults: {}, gpu_memory_gb: {H100: 80, h100: 40}}");
  EXPECT_TRUE(twice.objects.at(0).refused);
}

TEST(Objects, ReadAnOrganization) {
  const Objects decoded = Decode(R"(organization_id: acme
quota: {cpu: 64, memory: 512Gi, gpu: 8}
limits_are: default
unnamed_requests: default_binding_only
strategy: pack
allowed_images: []
launch_overrides: [tags, node_selector]
)");
  const auto organization = Only<Organization>(decoded);
  EXPECT_EQ(organization.organization_id, "acme");
  EXPECT_EQ(organization.quota_cpu->value.ToString(), "64");
  EXPECT_EQ(organization.quota_cpu->position, (Position{2, 14}));
  EXPECT_EQ(organization.quota_memory->value.ToString(), "512Gi");
  EXPECT_EQ(organization.quota_gpu->value, 8);
  EXPECT_EQ(organization.limits_are, LimitsAre::kDefault);
  EXPECT_EQ(organization.unnamed_requests, UnnamedRequests::kDefaultBindingOnly);
  EXPECT_EQ(organization.strategy, Strategy::kPack);
  ASSERT_TRUE(organization.allowed_images.has_value());
  EXPECT_TRUE(organization.allowed_images->value.empty());
  ASSERT_EQ(organization.launch_overrides.size(), 2U);
  EXPECT_EQ(organization.launch_overrides[1].value, "node_selector");
  const auto plain = Only<Organization>(Decode("{kind: Organization}"));
  EXPECT_EQ(plain.limits_are, LimitsAre::kCeiling);
  EXPECT_EQ(plain.unnamed_requests, UnnamedRequests::kAnyBinding);
  EXPECT_EQ(plain.strategy, Strategy::kSpread);
  EXPECT_FALSE(plain.allowed_images.has_value());
  EXPECT_FALSE(plain.quota_cpu.has_value());
}

}  // namespace
}  // namespace berth
