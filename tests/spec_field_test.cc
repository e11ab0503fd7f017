#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/field.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

// `cpuRequest` to `cpu_request`.
std::string Snake(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += c;
    }
  }
  return snake;
}

// `cpu_request` to `cpuRequest`.
std::string Camel(std::string_view name) {
  std::string camel;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return camel;
}

struct Documented {
  Record record;
  // As the product's pages write them: in YAML and, after `=`, on the wire where the two differ.
  std::vector<std::string_view> names;
};

const std::vector<Documented>& DocumentedFields() {
  static const std::vector<Documented> kFields = {
      {Record::kProfile,
       {"display_name=displayName", "description", "labels", "spec", "id", "organizationId", "createdAt", "updatedAt"}},
      {Record::kSpec,
       {"container_image=containerImage", "runtime_class=runtimeClass", "resource_defaults=resourceDefaults",
        "instance_types=instanceTypes", "node_selector=nodeSelector", "tags", "namespace=namespaceConfigJson",
        "network=networkConfigJson", "pod=podTemplateJson"}},
      {Record::kResourceDefaults,
       {"cpuRequest", "memoryRequest", "cpuLimit", "memoryLimit", "cpu_request", "memory_request", "cpu_limit",
        "memory_limit"}},
      {Record::kNamespace, {"strategy", "namespacePrefix", "staticNamespace", "autoCreate", "labels", "annotations"}},
      {Record::kNetwork, {"egress", "ingress"}},
      {Record::kEgress, {"default", "modes"}},
      {Record::kEgressMode, {"type", "cidrs"}},
      {Record::kIngressLevel, {"scope", "expectsExternalAddress", "service", "ingress"}},
      {Record::kService, {"serviceType", "serviceSelectorAnnotation", "dnsAnnotation"}},
      {Record::kAnnotationPair, {"key", "value"}},
      {Record::kIngress, {"controllerName", "template"}},
      {Record::kPod, {"metadata", "spec", "placement"}},
      {Record::kPodMetadata, {"labels", "annotations"}},
      {Record::kPlacement, {"instanceTypes"}},
      {Record::kBinding,
       {"profile_template_id=profileTemplateId", "profile_name=profileName", "is_default=isDefault",
        "overrides_json=overridesJson"}},
      {Record::kRunner,
       {"runner_id=runnerId",
        "id",
        "display_name=displayName",
        "identity",
        "managed_spec=managedSpec",
        "profile_bindings=profileBindings",
        "installStatus",
        "installError",
        "connectionStatus",
        "managementMode",
        "updateAvailable",
        "rolloutInProgress",
        "activeRevision",
        "targetRevision",
        "activeConfigVersion",
        "activeProfileSpecVersion",
        "lastHeartbeatAt",
        "createdAt",
        "updatedAt",
        "deploymentSpec"}},
      {Record::kIdentity,
       {"zone", "cluster_id=clusterId", "cluster_name=clusterName", "runner_group_id=runnerGroupId"}},
      {Record::kManagedSpec,
       {"release_channel=releaseChannel", "maintenance_policy=maintenancePolicy", "overrides",
        "enforce_resource_limits=enforceResourceLimits",
        "allow_privileged_profile_annotations=allowPrivilegedProfileAnnotations"}},
      {Record::kMaintenancePolicy, {"windows", "exclusions"}},
      {Record::kMaintenanceWindow, {"cron", "duration_seconds"}},
      {Record::kMaintenanceExclusion, {"start_time", "end_time", "reason"}},
      {Record::kRunnerOverrides,
       {"node_selector", "tolerations", "resources", "annotations", "labels", "env", "args", "scaling",
        "cpu_runtime_class", "gpu_runtime_class"}},
      {Record::kCapabilities,
       {"max_cpu_millicores", "max_memory_bytes", "max_gpu_count", "supported_gpu_types", "supported_architectures",
        "supports_privileged", "available_storage_classes"}},
      {Record::kResources,
       {"available_cpu_millicores", "available_memory_bytes", "available_gpu_count", "running_sandboxes"}},
      {Record::kZone, {"zone", "defaults", "gpu_memory_gb"}},
      {Record::kOrganization,
       {"organization_id", "quota", "limits_are", "unnamed_requests", "allowed_images", "strategy",
        "launch_overrides"}},
      {Record::kQuota, {"cpu", "memory", "gpu"}},
      {Record::kLaunchRequest,
       {"organization_id",
        "user_id",
        "sandbox_id",
        "profile_names",
        "profile_ids",
        "runner_ids",
        "runner_group_id",
        "zone",
        "container_image",
        "resource_requests",
        "resource_limits",
        "resources",
        "architecture",
        "privileged",
        "storage_classes",
        "network",
        "pod_annotations",
        "overrides",
        "command",
        "args",
        "environment_variables",
        "mounted_files",
        "ports",
        "tags",
        "s3_mount",
        "file_system",
        "max_lifetime_seconds",
        "volumes"}},
      {Record::kResourceRequest, {"cpu", "memory", "gpu"}},
      {Record::kGpuRequest, {"count", "type", "memory_gb", "gpu_count", "gpu_type", "gpu_memory_gb"}},
      {Record::kNetworkOptions, {"egress_mode", "ingress_mode", "exposed_ports"}},
      {Record::kPolicyTest, {"catalog", "cases"}},
      {Record::kTestCase, {"name", "request", "request_file", "live", "want"}},
      {Record::kRunnerState,
       {"install_status", "connection_status", "available_cpu_millicores", "available_memory_bytes",
        "available_gpu_count"}},
      {Record::kWanted,
       {"verdict", "code", "reasons", "headlines", "placement", "binding", "fields", "namespace", "egress", "ingress",
        "violations"}},
      {Record::kWantedPlacement, {"runner_id", "profile_name", "profile_id", "zone"}},
      {Record::kWantedNamespace, {"name", "auto_create", "labels", "annotations"}},
      {Record::kWantedEgress, {"mode", "type", "cidrs"}},
      {Record::kWantedIngress, {"mode", "scope", "host"}},
      {Record::kTokensFile, {"tokens"}},
      {Record::kToken, {"name", "sha256", "organization_id", "user_id", "roles", "any_organization"}},
  };
  return kFields;
}

TEST(Fields, HaveARowForEveryDocumentedField) {
  for (const Documented& documented : DocumentedFields()) {
    for (const std::string_view names : documented.names) {
      const size_t split = names.find('=');
      const std::string_view yaml = names.substr(0, split);
      const Field* row = FindField(documented.record, yaml);
      ASSERT_NE(row, nullptr) << RecordName(documented.record) << " " << yaml;
      if (split == std::string_view::npos) continue;
      EXPECT_EQ(FindField(documented.record, names.substr(split + 1)), row) << names;
    }
  }
}

TEST(Fields, OfEveryRecordAreDocumented) {
  std::set<Record> documented;
  for (const Documented& record : DocumentedFields()) documented.insert(record.record);
  for (const Field& row : Fields()) EXPECT_TRUE(documented.contains(row.record)) << RecordName(row.record);
}

TEST(Fields, SayWhatTheyAre) {
  for (const Field& row : Fields()) {
    EXPECT_FALSE(row.doc.empty()) << RecordName(row.record) << " " << row.name;
    EXPECT_FALSE(row.doc.ends_with('.')) << RecordName(row.record) << " " << row.name;
  }
}

TEST(Fields, AreFoundUnderTheirSnakeAndCamelTwins) {
  for (const Field& row : Fields()) {
    EXPECT_EQ(FindField(row.record, Snake(row.name)), &row) << row.name;
    EXPECT_EQ(FindField(row.record, Camel(row.name)), &row) << row.name;
    for (const std::string_view name : row.json_names) {
      if (name.empty()) continue;
      EXPECT_EQ(FindField(row.record, Snake(name)), &row) << name;
      EXPECT_EQ(FindField(row.record, Camel(name)), &row) << name;
    }
  }
}

// Only the flat GPU members of the wire are more than another style of the same words.
TEST(Fields, HaveNoOtherAliasesThanTheirTwins) {
  for (const Field& row : Fields()) {
    for (const std::string_view alias : row.aliases) {
      if (alias.empty()) continue;
      std::string expected = Snake(row.name);
      if (row.record == Record::kGpuRequest && Snake(alias) != expected) expected = "gpu_" + expected;
      EXPECT_EQ(Snake(alias), expected) << RecordName(row.record) << " " << row.name;
      EXPECT_TRUE(alias == Snake(alias) || alias == Camel(alias)) << alias;
    }
  }
}

TEST(Fields, SpellingsOfARecordAreDistinct) {
  for (size_t i = 0; i < kRecordCount; ++i) {
    std::set<std::string_view> spellings;
    const auto add = [&](std::string_view spelling) {
      if (!spelling.empty()) {
        EXPECT_TRUE(spellings.insert(spelling).second) << RecordName(Record(i)) << " " << spelling;
      }
    };
    for (const Field& row : FieldsOf(Record(i))) {
      add(row.name);
      std::ranges::for_each(row.aliases, add);
      std::ranges::for_each(row.json_names, add);
    }
  }
}

TEST(Fields, UnknownAndEmptyKeysHaveNoRow) {
  EXPECT_EQ(FindField(Record::kSpec, "containerimage"), nullptr);
  EXPECT_EQ(FindField(Record::kSpec, ""), nullptr);
  EXPECT_EQ(FindField(Record::kNone, "kind"), nullptr);
  EXPECT_TRUE(FieldsOf(Record::kNone).empty());
}

TEST(Fields, RowsFitTheirTypes) {
  for (const Field& row : Fields()) {
    const bool nested =
        row.type == FieldType::kRecord || row.type == FieldType::kRecordMap || row.type == FieldType::kRecordList;
    EXPECT_EQ(nested, row.members != Record::kNone) << RecordName(row.record) << " " << row.name;
    EXPECT_EQ(row.type == FieldType::kEnum, !row.values.empty()) << row.name;
    if (row.type == FieldType::kQuantity) {
      EXPECT_TRUE(row.format == Format::kCpu || row.format == Format::kMemory) << row.name;
    }
    if (row.type == FieldType::kOpenTree) {
      EXPECT_EQ(row.record, Record::kPod);
    }
  }
}

// Fields below a spec, keys of users' maps counted once.
void CollectSpecFields(Record record, std::vector<const Field*>& fields) {
  for (const Field& row : FieldsOf(record)) {
    fields.push_back(&row);
    if (row.members != Record::kNone) CollectSpecFields(row.members, fields);
  }
}

TEST(SpecFields, AreFewerThan64Scalars) {
  std::vector<const Field*> fields;
  CollectSpecFields(Record::kSpec, fields);
  const auto scalars = std::ranges::count_if(fields, [](const Field* row) { return row->members == Record::kNone; });
  EXPECT_GT(scalars, 20);
  EXPECT_LT(scalars, 64);
}

TEST(SpecFields, SayWhatALaunchMayDo) {
  std::vector<const Field*> fields;
  CollectSpecFields(Record::kSpec, fields);
  std::set<std::pair<Record, std::string_view>> openable;
  for (const Field* row : fields) {
    EXPECT_NE(row->launch, LaunchAccess::kNotSpec) << row->name;
    if (row->launch == LaunchAccess::kOpenable) openable.emplace(row->record, row->name);
  }
  const std::set<std::pair<Record, std::string_view>> expected = {
      {Record::kSpec, "runtime_class"}, {Record::kSpec, "instance_types"},
      {Record::kSpec, "node_selector"}, {Record::kSpec, "tags"},
      {Record::kSpec, "pod"},           {Record::kPod, "metadata"},
      {Record::kPod, "spec"},           {Record::kPod, "placement"},
      {Record::kPodMetadata, "labels"}, {Record::kPlacement, "instanceTypes"}};
  EXPECT_EQ(openable, expected);
}

TEST(SpecFields, MergeByTheKindsOfTheLaw) {
  struct Row {
    Record record;
    std::string_view name;
    MergeKind merge;
  };
  constexpr Row kRows[] = {
      {Record::kSpec, "container_image", MergeKind::kReplace},
      {Record::kSpec, "runtime_class", MergeKind::kReplace},
      {Record::kSpec, "instance_types", MergeKind::kReplace},
      {Record::kSpec, "tags", MergeKind::kReplace},
      {Record::kEgressMode, "cidrs", MergeKind::kReplace},
      {Record::kPlacement, "instanceTypes", MergeKind::kReplace},
      {Record::kSpec, "resource_defaults", MergeKind::kMembers},
      {Record::kSpec, "namespace", MergeKind::kMembers},
      {Record::kSpec, "network", MergeKind::kMembers},
      {Record::kSpec, "node_selector", MergeKind::kMembers},
      {Record::kNetwork, "egress", MergeKind::kMembers},
      {Record::kNetwork, "ingress", MergeKind::kMembers},
      {Record::kEgress, "modes", MergeKind::kMembers},
      {Record::kIngressLevel, "service", MergeKind::kMembers},
      {Record::kIngressLevel, "ingress", MergeKind::kMembers},
      {Record::kPod, "metadata", MergeKind::kMembers},
      {Record::kPod, "placement", MergeKind::kMembers},
      {Record::kPodMetadata, "labels", MergeKind::kMembers},
      {Record::kPodMetadata, "annotations", MergeKind::kMembers},
      {Record::kNamespace, "labels", MergeKind::kMembers},
      {Record::kService, "serviceSelectorAnnotation", MergeKind::kWhole},
      {Record::kService, "dnsAnnotation", MergeKind::kWhole},
  };
  for (const Row& row : kRows) EXPECT_EQ(FindField(row.record, row.name)->merge, row.merge) << row.name;
  EXPECT_EQ(FindField(Record::kEgress, "modes")->entry_merge, MergeKind::kUnion);
  EXPECT_EQ(FindField(Record::kNetwork, "ingress")->entry_merge, MergeKind::kMembers);
}

}  // namespace
}  // namespace berth
