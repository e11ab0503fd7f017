#include <string>
#include <string_view>

#include "berth/spec/decode.h"
#include "berth/spec/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

struct Bad {
  std::string_view text;
  std::string_view issues;
};

TEST(Decode, PlacesIssuesWhereTheMistakeIs) {
  constexpr Bad kRows[] = {
      // An unknown field: its key. Wrong values: the value. A missing value is nobody's mistake here.
      {"tags: [a]\ncontaner_image: x\n", "unknown-field 2:1 /contaner_image"},
      {"network:\n  egres: {}\n", "unknown-field 2:3 /network/egres"},
      {"runtime_class: a\nruntimeClass: b\n", "duplicate-key 2:1 /runtime_class"},
      {"tags: a\n", "wrong-type 1:7 /tags"},
      {"tags: [a, [b]]\n", "wrong-type 1:11 /tags/1"},
      {"tags: [a, null]\n", "wrong-type 1:11 /tags/1"},
      {"node_selector: [a]\n", "wrong-type 1:16 /node_selector"},
      {"node_selector: {a: {b: c}}\n", "wrong-type 1:20 /node_selector/a"},
      {"namespace: {strategy: per_user}\n", "unknown-value 1:23 /namespace/strategy"},
      {"namespace: {autoCreate: yes}\n", "wrong-type 1:25 /namespace/autoCreate"},
      {"namespace: {autoCreate: 1}\n", "wrong-type 1:25 /namespace/autoCreate"},
      {"resource_defaults: {cpuLimit: lots}\n", "invalid-quantity 1:31 /resource_defaults/cpuLimit"},
      {"resource_defaults: {cpuLimit: [1]}\n", "wrong-type 1:31 /resource_defaults/cpuLimit"},
      {"resource_defaults: []\n", "wrong-type 1:20 /resource_defaults"},
      {"container_image: \"\"\n", "empty-value 1:18 /container_image"},
      {"container_image: \"a\\x01\"\n", "control-character 1:18 /container_image"},
      {"network: '{}'\n", "wrong-type 1:10 /network"},
      {"networkConfigJson: {}\n", "wrong-type 1:20 /networkConfigJson"},
      {"pod: {spec: []}\n", "wrong-type 1:13 /pod/spec"},
      {"pod: {spec: {a: [1, null]}}\n", "wrong-type 1:21 /pod/spec/a/1"},
      {"network: {ingress: {a: {service: {dnsAnnotation: {key: k, value: null}}}}}\n",
       "wrong-type 1:66 /network/ingress/a/service/dnsAnnotation/value"},
      {"[a]\n", "wrong-type 1:1"},
  };
  for (const Bad& row : kRows) {
    const Decoded decoded = DecodeText(Record::kSpec, row.text);
    EXPECT_EQ(IssueText(decoded.issues), row.issues) << row.text;
    EXPECT_FALSE(decoded.valid) << row.text;
  }
}

TEST(Decode, CountsColumnsInCharacters) {
  EXPECT_EQ(IssueText(DecodeText(Record::kSpec, "node_selector: {\"\xc3\xa9\": [1]}\n").issues),
            "wrong-type 1:22 /node_selector/\xc3\xa9");
}

TEST(Decode, MapsPositionsInsideJsonTextInYaml) {
  constexpr Bad kRows[] = {
      // Single quotes, double quotes with escapes, a block, a fold: always the byte of the file.
      {"networkConfigJson: '{\"egres\": {}}'\n", "unknown-field 1:22 /networkConfigJson/egres"},
      {"networkConfigJson: \"{\\\"egres\\\": {}}\"\n", "unknown-field 1:22 /networkConfigJson/egres"},
      {"networkConfigJson: |\n  {\"egress\":\n    {\"default\": 3}}\n",
       "wrong-type 3:17 /networkConfigJson/egress/default"},
      {"tags: []\npodTemplateJson: >-\n  {\"metadata\":\n  {\"label\": {}}}\n",
       "unknown-field 4:4 /podTemplateJson/metadata/label"},
      {"networkConfigJson: '{\"egress\": '\n", "embedded-json 1:32 /networkConfigJson"},
      {"networkConfigJson: '[]'\n", "embedded-json 1:21 /networkConfigJson"},
      {"networkConfigJson: 'null'\n", "embedded-json 1:21 /networkConfigJson"},
      {"networkConfigJson: ' '\n", "embedded-json 1:22 /networkConfigJson"},
  };
  for (const Bad& row : kRows) {
    EXPECT_EQ(IssueText(DecodeText(Record::kSpec, row.text).issues), row.issues) << row.text;
  }
}

TEST(Decode, MapsPositionsOfJsonInsideJsonInYaml) {
  const Decoded decoded = DecodeText(Record::kBinding,
                                     "profile_template_id: p\n"
                                     "overrides_json: '{\"podTemplateJson\": \"{\\\"metadat\\\": {}}\"}'\n");
  EXPECT_EQ(IssueText(decoded.issues), "unknown-field 2:40 /overrides_json/podTemplateJson/metadat");
}

TEST(Decode, GivesValuesTheirPlaceInTheFile) {
  const Decoded decoded =
      DecodeText(Record::kBinding, "profile_template_id: p\noverrides_json: '{\"node_selector\": {\"a\": \"b\"}}'\n",
                 Layer::kRunner);
  ASSERT_TRUE(decoded.valid) << IssueText(decoded.issues);
  const Node* value = At(decoded.node.get(), {"overrides_json", "node_selector", "a"});
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->position, (Position{2, 42}));
  EXPECT_EQ(value->layer, Layer::kBinding);
}

TEST(Decode, SuggestsWhatWasMeant) {
  struct Row {
    std::string_view text;
    std::string_view suggestion;
  };
  constexpr Row kRows[] = {
      {"contaner_image: x", "did you mean `container_image`?"},
      {"networkConfigJSON: '{}'", "did you mean `network"},
      {"resource_defaults: {cpu_limits: 1}", "did you mean `cpuLimit`?"},
      {"namespace: {strategy: peruser}", "did you mean `per-user`?"},
      {"network: {egress: {modes: {m: {type: Allowlist}}}}", "did you mean `allowlist`?"},
      {"namespace: {autoCreate: \"true\"}", "write `true` or `false`, without quotes"},
      {"tags: a", "write `[a]`"},
      {"resource_defaults: {memoryLimit: 1GB}", "write memory as `512Mi` or `2Gi`"},
      {"zzz: 1", ""},
  };
  for (const Row& row : kRows) {
    const Decoded decoded = DecodeText(Record::kSpec, row.text);
    ASSERT_EQ(decoded.issues.size(), 1U) << row.text;
    EXPECT_THAT(decoded.issues[0].suggestion, testing::StartsWith(std::string(row.suggestion))) << row.text;
    if (row.suggestion.empty()) {
      EXPECT_EQ(decoded.issues[0].suggestion, "") << row.text;
    }
  }
}

TEST(Decode, KeepsTheFiveInputsApart) {
  struct Row {
    std::string_view text;
    std::string_view tree;
  };
  constexpr Row kRows[] = {
      {"{}", "{}"},
      {"tags: null", R"({"tags":null})"},
      {"tags: ~", R"({"tags":null})"},
      {"tags:", R"({"tags":null})"},
      {"tags: []", R"({"tags":[]})"},
      {"node_selector: {}", R"({"node_selector":{}})"},
      {"node_selector: {a: null, b: \"\"}", R"({"node_selector":{"a":null,"b":""}})"},
      {"namespace: {namespacePrefix: \"\"}", R"({"namespace":{"namespacePrefix":""}})"},
      {"network: null", R"({"network":null})"},
      {"networkConfigJson: ''", "{}"},
      {"networkConfigJson: null", R"({"network":null})"},
      {"networkConfigJson: '{}'", R"({"network":{}})"},
      {"networkConfigJson: '{\"egress\":null}'", R"({"network":{"egress":null}})"},
      {"pod: {spec: {a: null, b: {}, c: []}}", R"({"pod":{"spec":{"a":null,"b":{},"c":[]}}})"},
  };
  for (const Row& row : kRows) {
    const Decoded decoded = DecodeText(Record::kSpec, row.text);
    EXPECT_EQ(TreeText(decoded.node), row.tree) << row.text;
    EXPECT_TRUE(decoded.valid) << row.text << ": " << IssueText(decoded.issues);
    EXPECT_TRUE(decoded.issues.empty()) << row.text << ": " << IssueText(decoded.issues);
  }
}

TEST(Decode, NotesNullInZoneDefaults) {
  const Decoded decoded = DecodeText(Record::kSpec, "tags: null\nnode_selector: {a: ~}\n", Layer::kZone);
  EXPECT_EQ(IssueText(decoded.issues), "misplaced-null 1:7 /tags; misplaced-null 2:20 /node_selector/a");
  EXPECT_TRUE(decoded.valid);
}

TEST(Decode, TakesNullOutsideASpecAsAbsent) {
  const Decoded decoded = DecodeText(Record::kLaunchRequest, "zone: null\nnetwork:\nresource_limits: {cpu: ~}\n");
  EXPECT_EQ(TreeText(decoded.node), R"({"resource_limits":{}})");
  EXPECT_TRUE(decoded.valid);
}

// One row for each type of field: odd values, in YAML and in JSON, with the tree or `!` and the kind of issue.
TEST(Decode, ReadsEveryTypeOfField) {
  struct Row {
    Record record;
    std::string_view yaml;
    std::string_view json;
    std::string_view tree;  // of both, when `json_issue` is empty
    std::string_view yaml_issue;
    std::string_view json_issue;
  };
  constexpr Row kRows[] = {
      // Texts: a plain YAML scalar is its own text.
      {Record::kSpec, "node_selector: {a: true}", R"({"node_selector": {"a": true}})",
       R"({"node_selector":{"a":"true"}})", "", "wrong-type"},
      {Record::kSpec, "node_selector: {a: 010}", R"({"node_selector": {"a": 10}})", R"({"node_selector":{"a":"010"}})",
       "", "wrong-type"},
      {Record::kSpec, "node_selector: {1: x}", R"({"node_selector": {"1": "x"}})", R"({"node_selector":{"1":"x"}})", "",
       ""},
      {Record::kSpec, "runtime_class: 1.0", R"({"runtime_class": "1.0"})", R"({"runtime_class":"1.0"})", "", ""},
      {Record::kSpec, "runtime_class: 'null'", R"({"runtime_class": "null"})", R"({"runtime_class":"null"})", "", ""},
      {Record::kSpec, "runtime_class: {}", R"({"runtime_class": {}})", R"({"runtime_class":!})", "wrong-type",
       "wrong-type"},
      // Booleans.
      {Record::kSpec, "namespace: {autoCreate: TRUE}", R"({"namespace": {"autoCreate": true}})",
       R"({"namespace":{"autoCreate":true}})", "", ""},
      {Record::kSpec, "namespace: {autoCreate: 'true'}", R"({"namespace": {"autoCreate": "true"}})",
       R"({"namespace":{"autoCreate":!}})", "wrong-type", "wrong-type"},
      {Record::kSpec, "namespace: {autoCreate: on}", R"({"namespace": {"autoCreate": 1}})",
       R"({"namespace":{"autoCreate":!}})", "wrong-type", "wrong-type"},
      // Integers: plain decimal, or a decimal string.
      {Record::kCapabilities, "max_gpu_count: 8", R"({"max_gpu_count": 8})", R"({"max_gpu_count":8})", "", ""},
      {Record::kCapabilities, "max_gpu_count: '8'", R"({"max_gpu_count": "8"})", R"({"max_gpu_count":8})", "", ""},
      {Record::kCapabilities, "max_gpu_count: 9223372036854775807", R"({"max_gpu_count": 9223372036854775807})",
       R"({"max_gpu_count":9223372036854775807})", "", ""},
      {Record::kCapabilities, "max_gpu_count: 9223372036854775808", R"({"max_gpu_count": 9223372036854775808})",
       R"({"max_gpu_count":!})", "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: 010", R"({"max_gpu_count": "010"})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: +8", R"({"max_gpu_count": "+8"})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: 0x10", R"({"max_gpu_count": "0x10"})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: 1_000", R"({"max_gpu_count": "1_000"})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: 8.0", R"({"max_gpu_count": 8.0})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: 1e3", R"({"max_gpu_count": 1e3})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: -1", R"({"max_gpu_count": -1})", R"({"max_gpu_count":!})",
       "invalid-integer", "invalid-integer"},
      {Record::kCapabilities, "max_gpu_count: true", R"({"max_gpu_count": true})", R"({"max_gpu_count":!})",
       "invalid-integer", "wrong-type"},
      // Quantities: text or number, by its text.
      {Record::kResourceDefaults, "cpuLimit: 4", R"({"cpuLimit": 4})", R"({"cpuLimit":"4"})", "", ""},
      {Record::kResourceDefaults, "cpuLimit: 1.50", R"({"cpuLimit": 1.50})", R"({"cpuLimit":"1500m"})", "", ""},
      {Record::kResourceDefaults, "cpuLimit: 1E3", R"({"cpuLimit": 1E3})", R"({"cpuLimit":"1e3"})", "", ""},
      {Record::kResourceDefaults, "cpuLimit: ' 500m '", R"({"cpuLimit": " 500m "})", R"({"cpuLimit":"500m"})", "", ""},
      {Record::kResourceDefaults, "cpuLimit: -0", R"({"cpuLimit": -0})", R"({"cpuLimit":"0"})", "", ""},
      {Record::kResourceDefaults, "cpuLimit: true", R"({"cpuLimit": true})", R"({"cpuLimit":!})", "invalid-quantity",
       "wrong-type"},
      {Record::kResourceDefaults, "cpuLimit: ''", R"({"cpuLimit": ""})", R"({"cpuLimit":!})", "invalid-quantity",
       "invalid-quantity"},
      {Record::kResourceDefaults, "memoryLimit: 8Ei", R"({"memoryLimit": "8Ei"})", R"({"memoryLimit":!})",
       "invalid-quantity", "invalid-quantity"},
      {Record::kResourceDefaults, "memoryLimit: 100m", R"({"memoryLimit": "100m"})", R"({"memoryLimit":"100m"})",
       "fractional-bytes", "fractional-bytes"},
      // Enums, with and without the wire's prefix.
      {Record::kRunner, "install_status: FAILED", R"({"installStatus": "RUNNER_INSTALL_STATUS_FAILED"})",
       R"({"install_status":"FAILED"})", "", ""},
      {Record::kRunner, "install_status: failed", R"({"installStatus": "INSTALL_STATUS_FAILED"})",
       R"({"install_status":!})", "unknown-value", "unknown-value"},
      {Record::kManagedSpec, "release_channel: STABLE", R"({"releaseChannel": "RELEASE_CHANNEL_STABLE"})",
       R"({"release_channel":"STABLE"})", "", ""},
      // Integer lists.
      {Record::kNetworkOptions, "exposed_ports: [80, '81']", R"({"exposedPorts": [80, "81"]})",
       R"({"exposed_ports":[80,81]})", "", ""},
      {Record::kNetworkOptions, "exposed_ports: [a]", R"({"exposedPorts": ["a"]})", R"({"exposed_ports":[!]})",
       "invalid-integer", "invalid-integer"},
      // Carried values keep whatever they are.
      {Record::kRunner, "install_error: {a: [1, x, ~, true]}", R"({"installError": {"a": [1, "x", null, true]}})",
       R"({"install_error":{"a":[1,"x",null,true]}})", "", ""},
      // pod.spec is open: plain YAML scalars get their JSON type.
      {Record::kSpec, "pod: {spec: {a: 1, b: 1.5, c: yes, d: True, e: 010, f: '1'}}",
       R"({"pod": {"spec": {"a": 1, "b": 1.5, "c": "yes", "d": true, "e": "010", "f": "1"}}})",
       R"({"pod":{"spec":{"a":1,"b":1.5,"c":"yes","d":true,"e":"010","f":"1"}}})", "", ""},
  };
  for (const Row& row : kRows) {
    const Decoded yaml = DecodeText(row.record, row.yaml);
    const Decoded json = DecodeText(row.record, row.json, Layer::kProfile, "a.json");
    EXPECT_EQ(TreeText(yaml.node), row.tree) << row.yaml;
    ASSERT_EQ(yaml.issues.size(), row.yaml_issue.empty() ? 0U : 1U) << row.yaml << ": " << IssueText(yaml.issues);
    ASSERT_EQ(json.issues.size(), row.json_issue.empty() ? 0U : 1U) << row.json << ": " << IssueText(json.issues);
    if (!row.yaml_issue.empty()) {
      EXPECT_EQ(InfoOf(yaml.issues[0].code).name, row.yaml_issue) << row.yaml;
    }
    if (!row.json_issue.empty()) {
      EXPECT_EQ(InfoOf(json.issues[0].code).name, row.json_issue) << row.json;
    }
    if (row.json_issue.empty() || row.yaml_issue == row.json_issue) {
      EXPECT_EQ(TreeText(json.node), row.tree) << row.json;
    }
  }
}

TEST(Decode, OneMistakeIsOneIssue) {
  constexpr Bad kRows[] = {
      {"runner_id: r\nidentity: 3\nprofile_bindings: x\n",
       "wrong-type 2:11 /identity; wrong-type 3:19 /profile_bindings"},
      {"identity: {zone: z}\nidentity: {zone: y}\n", "duplicate-key 2:1 /identity"},
      {"identity: {zone: &a z}\n", "yaml-feature 1:18 /identity/zone"},
  };
  for (const Bad& row : kRows) {
    const Decoded decoded = DecodeText(Record::kRunner, row.text);
    EXPECT_EQ(IssueText(decoded.issues), row.issues) << row.text;
    EXPECT_FALSE(decoded.valid) << row.text;
  }
}

TEST(Decode, ContainsMistakesOfOverrides) {
  const Decoded decoded =
      DecodeText(Record::kRunner, "profile_bindings:\n- {profile_template_id: p, overrides_json: {tags: 3, x: y}}\n",
                 Layer::kRunner);
  EXPECT_TRUE(decoded.valid);
  EXPECT_EQ(IssueText(decoded.issues),
            "wrong-type 2:51 /profile_bindings/0/overrides_json/tags; "
            "unknown-field 2:54 /profile_bindings/0/overrides_json/x");
  EXPECT_EQ(decoded.issues[0].layer, Layer::kBinding);
  const Decoded other = DecodeText(Record::kRunner, "profile_bindings:\n- {profile_template_idx: p}\n");
  EXPECT_FALSE(other.valid);
}

TEST(Decode, LeavesDirectivesToTheMergeAndItsChecks) {
  const Decoded decoded = DecodeText(Record::kSpec, "pod: {spec: {a: {$patch: replace, b: 1}}}");
  EXPECT_EQ(IssueText(decoded.issues), "");
  EXPECT_EQ(TreeText(decoded.node), R"({"pod":{"spec":{"a":{"$patch":"replace","b":1}}}})");
}

TEST(Decode, NamesFieldsCanonically) {
  const Decoded decoded = DecodeText(Record::kLaunchRequest,
                                     "resourceLimits: {memory: x}\npodAnnotations: {a/b: 3, c: [1]}\n"
                                     "network: {exposedPorts: [1, x]}\n",
                                     Layer::kSandbox);
  ASSERT_EQ(decoded.issues.size(), 3U);
  EXPECT_EQ(decoded.issues[0].field, "resource_limits.memory");
  EXPECT_EQ(decoded.issues[0].path, "/resourceLimits/memory");
  EXPECT_EQ(decoded.issues[1].field, "pod_annotations[\"c\"]");
  EXPECT_EQ(decoded.issues[2].field, "network.exposed_ports[1]");
}

TEST(Decode, RefusesMoreItemsThanALimit) {
  std::string modes = "network: {egress: {modes: {";
  for (size_t i = 0; i <= kMaxEgressModes; ++i) modes += "m" + std::to_string(i) + ": {type: none}, ";
  EXPECT_EQ(IssueText(DecodeText(Record::kSpec, modes + "}}}").issues), "limit-exceeded 1:27 /network/egress/modes");
  std::string tags = "tags: [";
  for (size_t i = 0; i < kMaxListItems; ++i) tags += "t, ";
  EXPECT_TRUE(DecodeText(Record::kSpec, tags + "]").valid);
  EXPECT_EQ(IssueText(DecodeText(Record::kSpec, tags + "t]").issues), "limit-exceeded 1:7 /tags");
  const std::string json(kMaxEmbeddedJsonBytes, ' ');
  EXPECT_EQ(IssueText(DecodeText(Record::kSpec, "networkConfigJson: '{}" + json + "'").issues),
            "limit-exceeded 1:20 /networkConfigJson");
}

TEST(Decode, SortsMembersWhateverTheirOrder) {
  const std::string_view tree = R"({"node_selector":{"B":"3","a":"1","b":"2"},"tags":[]})";
  EXPECT_EQ(TreeText(SpecOf("tags: []\nnode_selector: {b: 2, a: 1, B: 3}\n")), tree);
  EXPECT_EQ(TreeText(SpecOf("node_selector: {a: 1, B: 3, b: 2}\ntags: []\n")), tree);
}

}  // namespace
}  // namespace berth
