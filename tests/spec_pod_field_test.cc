#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/pod_field.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// The row at a dotted path from the pod spec, or null.
const PodField* RowAt(std::string_view path) {
  PodRecord record = PodRecord::kPodSpec;
  while (true) {
    const size_t dot = path.find('.');
    const PodField* row = FindPodField(record, path.substr(0, dot));
    if (row == nullptr || dot == std::string_view::npos) return row;
    record = row->members;
    path.remove_prefix(dot + 1);
  }
}

TEST(PodField, RecordsHaveRowsAndNamesOfTheirOwn) {
  size_t rows = 0;
  for (size_t i = 1; i < kPodRecordCount; ++i) {
    const auto record = static_cast<PodRecord>(i);
    const std::span<const PodField> fields = PodFieldsOf(record);
    EXPECT_FALSE(fields.empty()) << PodRecordName(record);
    EXPECT_NE(PodRecordName(record), "") << i;
    for (const PodField& field : fields) {
      EXPECT_EQ(field.record, record) << field.name;
      EXPECT_EQ(FindPodField(record, field.name), &field) << field.name;
    }
    rows += fields.size();
  }
  EXPECT_EQ(rows, PodFields().size());
  EXPECT_TRUE(PodFieldsOf(PodRecord::kNone).empty());
}

TEST(PodField, EveryRecordIsReachedFromThePodSpec) {
  std::set<PodRecord> reached = {PodRecord::kPodSpec};
  for (bool grew = true; grew;) {
    const size_t before = reached.size();
    for (const PodField& field : PodFields()) {
      if (reached.contains(field.record) && field.members != PodRecord::kNone) reached.insert(field.members);
    }
    grew = reached.size() > before;
  }
  EXPECT_EQ(reached.size(), kPodRecordCount - 1);
}

TEST(PodField, FindsNamesToTheLetter) {
  EXPECT_NE(FindPodField(PodRecord::kPodSpec, "hostPID"), nullptr);
  for (std::string_view name : {"hostPid", "host_pid", "", "hostPI", "hostPIDs"}) {
    EXPECT_EQ(FindPodField(PodRecord::kPodSpec, name), nullptr) << name;
  }
  EXPECT_EQ(FindPodField(PodRecord::kNone, "name"), nullptr);
}

TEST(PodField, ListsMergeByTheKeysOfKubernetesAndTheLawsDeviations) {
  std::map<std::string, std::string> keyed;
  for (const PodField& field : PodFields()) {
    if (field.type != PodType::kKeyedList || field.record == PodRecord::kEphemeralContainer) continue;
    std::string keys(field.merge_keys[0]);
    if (!field.merge_keys[1].empty()) keys.append("+").append(field.merge_keys[1]);
    if (!field.default_key.empty()) keys.append("=").append(field.default_key);
    keyed.emplace(field.name, keys);
  }
  EXPECT_THAT(keyed,
              UnorderedElementsAre(std::pair("volumes", "name"), std::pair("containers", "name"),
                                   std::pair("initContainers", "name"), std::pair("ephemeralContainers", "name"),
                                   std::pair("imagePullSecrets", "name"), std::pair("hostAliases", "ip"),
                                   std::pair("schedulingGates", "name"),
                                   std::pair("topologySpreadConstraints", "topologyKey+whenUnsatisfiable"),
                                   std::pair("resourceClaims", "name"), std::pair("env", "name"),
                                   std::pair("ports", "containerPort+protocol=TCP"),
                                   std::pair("volumeMounts", "mountPath"), std::pair("volumeDevices", "devicePath")));
}

TEST(PodField, OtherListsAreReplacedWhole) {
  constexpr std::string_view kAtomic[] = {
      "tolerations",
      "readinessGates",
      "containers.command",
      "containers.args",
      "containers.envFrom",
      "containers.resizePolicy",
      "containers.restartPolicyRules",
      "containers.resources.claims",
      "securityContext.supplementalGroups",
      "securityContext.sysctls",
      "containers.securityContext.capabilities.add",
      "containers.securityContext.capabilities.drop",
      "containers.livenessProbe.exec.command",
      "containers.lifecycle.preStop.httpGet.httpHeaders",
      "volumes.projected.sources",
      "volumes.configMap.items",
      "volumes.secret.items",
      "volumes.downwardAPI.items",
      "dnsConfig.nameservers",
      "dnsConfig.searches",
      "dnsConfig.options",
      "hostAliases.hostnames",
      "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
      "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution",
      "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.preference.matchFields.values",
      "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution",
      "affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution",
      "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.namespaces",
      "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.labelSelector.matchExpressions",
      "topologySpreadConstraints.matchLabelKeys",
  };
  for (std::string_view path : kAtomic) {
    const PodField* row = RowAt(path);
    ASSERT_NE(row, nullptr) << path;
    EXPECT_TRUE(row->type == PodType::kStringList || row->type == PodType::kIntegerList ||
                row->type == PodType::kRecordList)
        << path;
  }
}

TEST(PodField, UnionsAreExactlyTheOnesOfTheLaw) {
  std::map<PodRecord, std::vector<std::string>> unions;
  for (const PodField& field : PodFields()) {
    if (!field.union_group.empty()) unions[field.record].emplace_back(field.name);
  }
  ASSERT_EQ(unions.size(), 6U);
  EXPECT_THAT(unions[PodRecord::kEnv], ElementsAre("value", "valueFrom"));
  EXPECT_EQ(unions[PodRecord::kEnvSource].size(), PodFieldsOf(PodRecord::kEnvSource).size());
  EXPECT_THAT(unions[PodRecord::kProbe], ElementsAre("exec", "grpc", "httpGet", "tcpSocket"));
  EXPECT_THAT(unions[PodRecord::kLifecycleHandler], ElementsAre("exec", "httpGet", "sleep", "tcpSocket"));
  EXPECT_THAT(unions[PodRecord::kResourceClaim], ElementsAre("resourceClaimName", "resourceClaimTemplateName"));
  const auto& sources = unions[PodRecord::kVolume];
  EXPECT_EQ(sources.size(), PodFieldsOf(PodRecord::kVolume).size() - 1);
  EXPECT_EQ(std::ranges::find(sources, "name"), sources.end());
}

TEST(PodField, AnEphemeralContainerIsAContainerWithATarget) {
  const auto container = PodFieldsOf(PodRecord::kContainer);
  EXPECT_EQ(PodFieldsOf(PodRecord::kEphemeralContainer).size(), container.size() + 1);
  for (const PodField& field : container) {
    const PodField* other = FindPodField(PodRecord::kEphemeralContainer, field.name);
    ASSERT_NE(other, nullptr) << field.name;
    EXPECT_EQ(other->type, field.type) << field.name;
    EXPECT_EQ(other->members, field.members) << field.name;
  }
}

struct TypedRow {
  std::string_view name;  // of the file: its ending decides the format
  std::string_view text;
  std::string_view want;
};

TEST(PodField, YamlScalarsAreTextWhereTheTableSaysText) {
  constexpr TypedRow kRows[] = {
      {"a.yaml", "{pod: {spec: {containers: [{name: 1, env: [{name: A, value: 8080}, {name: B, value: true}]}]}}}",
       R"({"containers":[{"env":[{"name":"A","value":"8080"},{"name":"B","value":"true"}],"name":"1"}]})"},
      {"a.yaml", "{pod: {spec: {containers: [{name: c, args: [010, yes, 1.5], tty: true, ports: [{hostPort: 80}]}]}}}",
       R"({"containers":[{"args":["010","yes","1.5"],"name":"c","ports":[{"hostPort":80}],"tty":true}]})"},
      {"a.yaml", "{pod: {spec: {overhead: {cpu: 0.5, memory: 1Gi}, nodeSelector: {gpu: true, b: null}}}}",
       R"({"nodeSelector":{"b":null,"gpu":"true"},"overhead":{"cpu":"500m","memory":"1Gi"}})"},
      {"a.yaml", "{pod: {spec: {containers: [{name: c, livenessProbe: {httpGet: {port: 80}}}], hostname: ~}}}",
       R"({"containers":[{"livenessProbe":{"httpGet":{"port":80}},"name":"c"}],"hostname":null})"},
      // Amounts are canonical; what is none is left for the checks.
      {"a.yaml", "{pod: {spec: {overhead: {memory: ' 1024Mi ', cpu: lots, a: 1.50, b: []}}}}",
       R"({"overhead":{"a":"1500m","b":[],"cpu":"lots","memory":"1Gi"}})"},
      {"a.yaml", "{pod: {spec: {volumes: [{name: v, emptyDir: {sizeLimit: 0.5Ki}}]}}}",
       R"({"volumes":[{"emptyDir":{"sizeLimit":"512"},"name":"v"}]})"},
      // What the table does not know looks as it is written.
      {"a.yaml", "{pod: {spec: {newer: {value: 8080, on: true, at: '1'}}}}",
       R"({"newer":{"at":"1","on":true,"value":8080}})"},
      // JSON says itself what is text.
      {"a.json", R"({"pod": {"spec": {"containers": [{"env": [{"name": "A", "value": 8080}]}]}}})",
       R"({"containers":[{"env":[{"name":"A","value":8080}]}]})"},
      {"a.json", R"({"pod": {"spec": {"overhead": {"cpu": 0.5}}}})", R"({"overhead":{"cpu":"500m"}})"},
  };
  for (const TypedRow& row : kRows) {
    const Decoded decoded = DecodeText(Record::kSpec, row.text, Layer::kProfile, row.name);
    EXPECT_EQ(IssueText(decoded.issues), "") << row.text;
    const Node* spec = At(decoded.node.get(), {"pod", "spec"});
    ASSERT_NE(spec, nullptr) << row.text;
    std::string tree;
    AppendTree(*spec, tree);
    EXPECT_EQ(tree, row.want);
  }
}

}  // namespace
}  // namespace berth
