// Explanations layer by layer, what pointers into a spec name, and what launches may do with the fields.

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/explanation.h"
#include "berth/engine/json.h"
#include "berth/engine/launch_access.h"
#include "berth/engine/spec_path.h"
#include "berth/spec/field_path.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// `layer says value source`, lowest first; `>` before the row that decides.
std::vector<std::string> RowsOf(const ExplainedField& field) {
  std::vector<std::string> rows;
  for (const ExplainedLayer& row : field.layers) {
    std::string text = row.decides ? "> " : "";
    text.append(LayerName(row.layer)).append(" ").append(SaysName(row.says)).append(" ");
    JsonWriter writer(text);
    if (row.value == nullptr) {
      text += "-";
    } else {
      WriteNode(*row.value, writer);
    }
    rows.push_back(text + " " + row.source);
  }
  return rows;
}

class ExplanationTest : public testing::Test {
 protected:
  // One source of YAML documents with runner `r1`.
  void Load(std::string_view yaml) { ASSERT_TRUE(engine_.Publish(CatalogOf({{"c.yaml", std::string(yaml)}}), 1).ok()); }

  std::vector<ExplainedField> Explain(std::string_view path = "", const LaunchRequest* request = nullptr) {
    const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, request);
    EXPECT_TRUE(resolved.ok());
    return resolved.ok() ? ExplainResolved(*resolved, request, path) : std::vector<ExplainedField>();
  }

  // The rows of the one field at the path.
  std::vector<std::string> Rows(std::string_view path, const LaunchRequest* request = nullptr) {
    const std::vector<ExplainedField> fields = Explain(path, request);
    return fields.size() == 1 && fields[0].path == path ? RowsOf(fields[0]) : std::vector<std::string>{"no such field"};
  }

  Engine engine_;
};

constexpr std::string_view kLayers = R"(kind: Zone
zone: z1
defaults:
  container_image: python:3.11
  runtime_class: gvisor
  tags: [a, b]
  pod: {metadata: {labels: {sandbox-id: a, team: t}}, spec: {ephemeralContainers: []}}
---
kind: Profile
display_name: p1
spec:
  container_image: python:3.12
  tags: null
  namespace: {strategy: null}
  pod:
    metadata: {labels: {sandbox-id: b}}
    spec:
      containers: [{name: "", image: "python:3.13"}]
      ephemeralContainers: [{name: x, $patch: delete}]
---
kind: Runner
runner_id: r1
identity: {zone: z1, cluster_name: c1}
managed_spec: {overrides: {cpu_runtime_class: runc, gpu_runtime_class: nvidia}}
profile_bindings:
  - {profile_template_id: p1, is_default: true, overrides_json: '{"container_image": null}'}
)";

TEST_F(ExplanationTest, HasARowForEveryLayerThatSaysSomething) {
  Load(kLayers);
  EXPECT_THAT(Rows("/container_image"),
              ElementsAre("zone shadowed \"python:3.11\" c.yaml:4:20", "profile shadowed \"python:3.12\" c.yaml:12:20",
                          "profile dropped \"python:3.13\" c.yaml:18:38", "> binding unset - c.yaml:26:86"));
  EXPECT_THAT(Rows("/tags"), ElementsAre("zone shadowed [\"a\",\"b\"] c.yaml:6:9", "> profile unset - c.yaml:13:9"));
  EXPECT_THAT(Rows("/namespace/strategy"), ElementsAre("profile unset - c.yaml:14:25", "> default set \"per-org\" "));
  EXPECT_THAT(Rows("/namespace/autoCreate"), ElementsAre("> default set true "));
}

TEST_F(ExplanationTest, TheRunnersClassIsARowOfTheZoneLayer) {
  Load(kLayers);
  EXPECT_THAT(Rows("/runtime_class"),
              ElementsAre("zone shadowed \"gvisor\" c.yaml:5:18", "> zone set \"runc\" c.yaml:24:47"));
  const LaunchRequest gpu = LaunchOf("resource_limits: {gpu: {count: 1}}");
  EXPECT_THAT(Rows("/runtime_class", &gpu),
              ElementsAre("zone shadowed \"gvisor\" c.yaml:5:18", "> zone set \"nvidia\" c.yaml:24:72"));
}

TEST_F(ExplanationTest, WhatIsOnlyDroppedHasNoRowThatDecides) {
  Load(kLayers);
  const std::vector<ExplainedField> fields = Explain("/pod/metadata/labels/sandbox-id");
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].decider(), nullptr);
  EXPECT_THAT(RowsOf(fields[0]), ElementsAre("zone dropped \"a\" c.yaml:7:41", "profile dropped \"b\" c.yaml:16:37"));
  EXPECT_EQ(ExplanationToJson(fields, JsonLayout::kCompact),
            R"({"schema":"berth.explanation/v1","fields":[],"dropped":[)"
            R"({"path":"/pod/metadata/labels/sandbox-id","layer":"zone","value":"a","source":"c.yaml:7:41"},)"
            R"({"path":"/pod/metadata/labels/sandbox-id","layer":"profile","value":"b","source":"c.yaml:16:37"}]})");
}

// The list is empty already, so the patch above it removes nothing and does not win.
TEST_F(ExplanationTest, APatchThatRemovesNothingUnsetsInVain) {
  Load(kLayers);
  EXPECT_THAT(Rows("/pod/spec/ephemeralContainers"),
              ElementsAre("> zone set [] c.yaml:7:83", "profile unset - c.yaml:19:28"));
}

TEST_F(ExplanationTest, TheLaunchIsALayer) {
  Load(kLayers);
  const LaunchRequest launch = LaunchOf("{container_image: 'a:1', pod_annotations: {sandbox-id: x, note: y}}");
  EXPECT_THAT(Rows("/container_image", &launch),
              ElementsAre("zone shadowed \"python:3.11\" c.yaml:4:20", "profile shadowed \"python:3.12\" c.yaml:12:20",
                          "profile dropped \"python:3.13\" c.yaml:18:38", "binding unset - c.yaml:26:86",
                          "> sandbox set \"a:1\" request.yaml:1:19"));
  EXPECT_THAT(Rows("/pod/metadata/annotations/sandbox-id", &launch),
              ElementsAre("sandbox dropped \"x\" request.yaml:1:56"));
  EXPECT_THAT(Rows("/pod/metadata/annotations/note", &launch), ElementsAre("> sandbox set \"y\" request.yaml:1:65"));
}

TEST_F(ExplanationTest, WhatCouldNotBeReadIsLeftOut) {
  Load(R"(kind: Profile
display_name: p1
spec: {container_image: Not An Image, tags: [a]}
---
kind: Runner
runner_id: r1
identity: {zone: z1, cluster_name: c1}
profile_bindings: [{profile_template_id: p1, is_default: true, overrides_json: {runtime_class: [x]}}]
)");
  EXPECT_THAT(Rows("/tags"), ElementsAre("> profile set [\"a\"] c.yaml:3:45"));
  EXPECT_THAT(Explain("/runtime_class"), IsEmpty());
}

TEST_F(ExplanationTest, AreSortedByPathAndNarrowedByIt) {
  Load(kLayers);
  const std::vector<ExplainedField> fields = Explain();
  EXPECT_TRUE(std::ranges::is_sorted(fields, {}, &ExplainedField::path));
  for (const ExplainedField& field : fields) {
    EXPECT_TRUE(std::ranges::is_sorted(field.layers, {}, &ExplainedLayer::layer)) << field.path;
    EXPECT_LE(std::ranges::count(field.layers, true, &ExplainedLayer::decides), 1) << field.path;
  }
  EXPECT_THAT(Explain("/container"), IsEmpty());
  EXPECT_EQ(Explain("/pod/metadata").size(), 2U);
}

TEST(SpecPath, KnowsFieldsKeysAndElements) {
  struct Row {
    std::string_view written;
    std::string_view canonical;
    bool known = true;
  };
  for (const Row& row :
       {Row{"", ""}, Row{"/resourceDefaults/cpu_limit", "/resource_defaults/cpuLimit"},
        Row{"/networkConfigJson/egress/modes/any~1name/cidrs/0", "/network/egress/modes/any~1name/cidrs/0"},
        Row{"/tags/0", "/tags/0"}, Row{"/node_selector/a~1b", "/node_selector/a~1b"},
        Row{"/pod/spec/containers/0/env/1/value", "/pod/spec/containers/0/env/1/value"},
        Row{"/pod/spec/newInNextYear/0/x", "/pod/spec/newInNextYear/0/x"}, Row{"/tags/x", "/tags", false},
        Row{"/tagz", "", false}, Row{"/", "", false}, Row{"/container_image/x", "/container_image", false},
        Row{"/node_selector/a/b", "/node_selector/a", false}}) {
    const SpecPath path(row.written);
    EXPECT_EQ(path.known(), row.known) << row.written;
    EXPECT_EQ(path.canonical(), row.canonical) << row.written;
  }
}

LaunchMay May(std::string_view path, const std::vector<std::string_view>& opened = {}) {
  return WhatLaunchMay(SpecPath(path), opened);
}

TEST(LaunchAccess, FollowsTheFieldTable) {
  std::set<std::string> fields;
  const std::function<void(Record, const std::string&, LaunchAccess)> visit =
      [&](Record record, const std::string& above, LaunchAccess inherited) {
        for (const Field& field : FieldsOf(record)) {
          std::string path = above;
          AppendPointer(field.name, path);
          const LaunchAccess access = inherited == LaunchAccess::kOpenable ? field.launch : inherited;
          const LaunchMay may = May(path);
          const bool mixed = path == "/pod" || path == "/pod/metadata";
          EXPECT_EQ(may.access, mixed ? LaunchAccess::kNotSpec : access) << path;
          const bool named = may.access == LaunchAccess::kSets || may.access == LaunchAccess::kChooses;
          EXPECT_EQ(!may.request_fields.empty(), named) << path;
          fields.insert(std::string(may.request_fields));
          std::string below = path;
          if (field.type == FieldType::kRecordMap) AppendPointer("name", below);
          if (field.members != Record::kNone) visit(field.members, below, access);
        }
      };
  visit(Record::kSpec, "", LaunchAccess::kOpenable);
  // Each name in backticks is a field of a request.
  for (const std::string& names : fields) {
    for (size_t begin = names.find('`'); begin != std::string::npos; begin = names.find('`', begin + 1)) {
      const size_t end = names.find('`', begin + 1);
      Record record = Record::kLaunchRequest;
      std::string_view name = std::string_view(names).substr(begin + 1, end - begin - 1);
      while (!name.empty()) {
        const std::string_view part = name.substr(0, name.find('.'));
        name.remove_prefix(std::min(part.size() + 1, name.size()));
        const Field* field = FindField(record, part);
        ASSERT_NE(field, nullptr) << names;
        record = field->members;
      }
      begin = end;
    }
  }
}

TEST(LaunchAccess, KnowsWhatTheOrganizationOpens) {
  EXPECT_FALSE(May("/node_selector/pool").opened);
  EXPECT_TRUE(May("/node_selector/pool", {"tags", "nodeSelector"}).opened);
  EXPECT_EQ(May("/node_selector/pool").opened_as, "node_selector");
  EXPECT_TRUE(May("/pod/spec/tolerations/0/key", {"pod.spec.tolerations"}).opened);
  EXPECT_TRUE(May("/pod/spec/tolerations", {"pod.spec"}).opened);
  EXPECT_TRUE(May("/pod/spec", {"pod.spec"}).opened);
  EXPECT_FALSE(May("/pod/spec", {"pod.spec.tolerations"}).opened);
  EXPECT_TRUE(May("/pod/spec/affinity/nodeAffinity/x", {"pod.spec.affinity.nodeAffinity"}).opened);
  EXPECT_FALSE(May("/pod/spec/affinity/podAffinity/x", {"pod.spec.affinity.nodeAffinity"}).opened);
  EXPECT_EQ(May("/pod/spec/containers/0/env/0/value").opened_as, "pod.spec.containers");
  EXPECT_TRUE(May("/pod/metadata/labels/team", {"pod.metadata.labels"}).opened);
}

TEST(LaunchAccess, KnowsWhatCanNeverBeOpened) {
  for (const std::string_view path :
       {"/pod/spec/hostNetwork", "/pod/spec/securityContext/runAsUser", "/pod/spec/containers/0/securityContext",
        "/pod/spec/initContainers/1/securityContext/privileged", "/pod/spec/volumes/0/hostPath/path",
        "/namespace/labels/a"}) {
    EXPECT_EQ(May(path, {"pod.spec", "namespace"}).access, LaunchAccess::kNever) << path;
  }
  EXPECT_EQ(May("/pod/spec/volumes/0/emptyDir", {"pod.spec"}).access, LaunchAccess::kOpenable);
}

TEST(LaunchAccess, ThePlatformKeepsItsOwnKeys) {
  EXPECT_TRUE(May("/pod/metadata/labels/sandbox-id").reserved);
  EXPECT_TRUE(May("/pod/metadata/annotations/sandbox.coreweave.com~1x").reserved);
  EXPECT_FALSE(May("/pod/metadata/annotations/note").reserved);
  EXPECT_FALSE(May("/namespace/labels/sandbox-id").reserved);
}

}  // namespace
}  // namespace berth
