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
  const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
  ASSERT_TRUE(resolved.ok());
  EXPECT_THAT(
      ExplanationToJson(*resolved, "default", fields, JsonLayout::kCompact),
      testing::EndsWith(
          R"("fields":[],"dropped":[)"
          R"({"path":"/pod/metadata/labels/sandbox-id","layer":"zone","value":"a","source":"c.yaml:7:41"},)"
          R"({"path":"/pod/metadata/labels/sandbox-id","layer":"profile","value":"b","source":"c.yaml:16:37"}]})"));
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

TEST(SpecPath, DoubtsWhatThePodTableDoesNotKnow) {
  for (const std::string_view path :
       {"/pod/spec", "/pod/spec/tolerations/0/key", "/pod/spec/containers/0/env/1/valueFrom/fieldRef/fieldPath",
        "/pod/spec/containers/0/resources/limits/nvidia.com~1gpu", "/pod/spec/containers/0/args/3", "/node_selector/x",
        "/pod/spec/securityContext/runAsUser", "/pod/spec/nodeSelector/any~1key", "/pod/spec/containers"}) {
    EXPECT_FALSE(SpecPath(path).doubt()) << path;
  }
  struct Row {
    std::string_view path;
    std::string_view above;
    std::string_view name;
    PodRecord record = PodRecord::kNone;
    bool in_list = false;
  };
  for (const Row& row :
       {Row{"/pod/spec/toleration", "/pod/spec", "toleration", PodRecord::kPodSpec},
        Row{"/pod/spec/containers[0]/image", "/pod/spec", "containers[0]", PodRecord::kPodSpec},
        Row{"/pod/spec/containers/0/envv", "/pod/spec/containers/0", "envv", PodRecord::kContainer},
        Row{"/pod/spec/containers/log/image", "/pod/spec/containers", "log", PodRecord::kNone, true},
        Row{"/pod/spec/containers/0/args/x", "/pod/spec/containers/0/args", "x", PodRecord::kNone, true},
        Row{"/pod/spec/containers/0/args/0/x", "/pod/spec/containers/0/args/0", "x"},
        Row{"/pod/spec/hostNetwork/x", "/pod/spec/hostNetwork", "x"}}) {
    const SpecPath path(row.path);
    EXPECT_TRUE(path.known()) << row.path;
    ASSERT_TRUE(path.doubt()) << row.path;
    EXPECT_EQ(path.doubt()->above, row.above) << row.path;
    EXPECT_EQ(path.doubt()->name, row.name) << row.path;
    EXPECT_EQ(path.doubt()->record, row.record) << row.path;
    EXPECT_EQ(path.doubt()->in_list, row.in_list) << row.path;
  }
}

constexpr std::string_view kTwoContainers =
    R"({pod: {spec: {containers: [{name: log, image: "l:1"}, {name: "", env: [{name: A, value: b}]}]}}})";

TEST_F(ExplanationTest, PathsFollowTheFolds) {
  const auto target = [&](std::string_view path) {
    const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
    const FoldOfPath fold = FoldOf(SpecPath(path), resolved.ok() ? resolved->spec.get() : nullptr);
    return fold.gpus ? "gpus" : fold.amounts.empty() ? fold.pointer : fold.pointer + " amounts " + fold.amounts;
  };
  ASSERT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(kTwoContainers), RunnerSource()}), 1).ok());
  EXPECT_EQ(target("/pod/spec/nodeSelector"), "/node_selector");
  EXPECT_EQ(target("/pod/spec/nodeSelector/a~1b"), "/node_selector/a~1b");
  EXPECT_EQ(target("/pod/spec/runtimeClassName"), "/runtime_class");
  EXPECT_EQ(target("/pod/placement/instance_types"), "/instance_types");
  EXPECT_EQ(target("/pod/spec/containers/1/image"), "/container_image");
  EXPECT_EQ(target("/pod/spec/containers/0/image"), "");
  EXPECT_EQ(target("/pod/spec/containers/2/image"), "");
  EXPECT_EQ(target("/pod/spec/initContainers/1/image"), "");
  EXPECT_EQ(target("/pod/spec/containers/1/resources"), " amounts /resource_defaults");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/requests"), " amounts /resource_defaults");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/claims"), "");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/requests/cpu"), "/resource_defaults/cpuRequest");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/requests/memory"), "/resource_defaults/memoryRequest");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/limits/cpu"), "/resource_defaults/cpuLimit");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/limits/memory"), "/resource_defaults/memoryLimit");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/limits/ephemeral-storage"), "");
  EXPECT_EQ(target("/pod/spec/containers/1/resources/limits/nvidia.com~1gpu"), "gpus");
  EXPECT_EQ(target("/node_selector"), "");
  // Nothing but the main container's image leaves no containers; it is the first all the same.
  ASSERT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource()}), 1).ok());
  EXPECT_EQ(target("/pod/spec/containers/0/image"), "/container_image");
  EXPECT_EQ(target("/pod/spec/containers/1/image"), "");
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
          const bool settled = inherited != LaunchAccess::kOpenable && inherited != LaunchAccess::kChooses;
          const LaunchAccess access = settled ? inherited : field.launch;
          const LaunchMay may = May(path);
          const bool mixed = path == "/pod" || path == "/pod/metadata";
          EXPECT_EQ(may.access, mixed ? LaunchAccess::kNotSpec : access) << path;
          const bool named = may.access == LaunchAccess::kSets || path.starts_with("/network");
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
  EXPECT_TRUE(May("/pod/spec", {"pod.spec.tolerations"}).partly);
  EXPECT_TRUE(May("/pod/spec/volumes/0", {"pod.spec.volumes.emptyDir"}).partly);
  EXPECT_FALSE(May("/pod/spec/volumes/0/name", {"pod.spec.volumes.emptyDir"}).partly);
  EXPECT_FALSE(May("/pod/spec/volumes", {"pod.spec.volumes"}).partly);
  EXPECT_TRUE(May("/pod/spec/affinity/nodeAffinity/x", {"pod.spec.affinity.nodeAffinity"}).opened);
  EXPECT_EQ(May("/pod/spec/affinity/nodeAffinity/x", {"tags", "pod.spec.affinity.nodeAffinity"}).opened_as,
            "pod.spec.affinity.nodeAffinity");
  EXPECT_FALSE(May("/pod/spec/affinity/podAffinity/x", {"pod.spec.affinity.nodeAffinity"}).opened);
  EXPECT_EQ(May("/pod/spec/containers/0/env/0/value").opened_as, "pod.spec.containers");
  EXPECT_TRUE(May("/pod/metadata/labels/team", {"pod.metadata.labels"}).opened);
}

// What is said of a place and what admission says of a launch that overrides it are the same.
TEST_F(ExplanationTest, WhatALaunchMaySetIsWhatAdmissionTakes) {
  struct Row {
    std::string_view path;
    std::string_view overrides;
  };
  const std::vector<Row> rows = {
      {"/container_image", "container_image: 'a:1'"},
      {"/resource_defaults/cpuLimit", "resource_defaults: {cpuLimit: 1}"},
      {"/node_selector", "node_selector: {pool: a}"},
      {"/node_selector/pool", "node_selector: {pool: a}"},
      {"/tags", "tags: [a]"},
      {"/runtime_class", "runtime_class: a"},
      {"/instance_types", "instance_types: [a]"},
      {"/namespace/labels/a", "namespace: {labels: {a: b}}"},
      {"/network/egress/default", "network: {egress: {default: m}}"},
      {"/network/egress/modes/m/type", "network: {egress: {modes: {m: {type: none}}}}"},
      {"/network/ingress/l/scope", "network: {ingress: {l: {scope: any}}}"},
      {"/pod/metadata/labels/team", "pod: {metadata: {labels: {team: a}}}"},
      {"/pod/metadata/annotations/note", "pod: {metadata: {annotations: {note: a}}}"},
      {"/pod/spec/nodeSelector/pool", "pod: {spec: {nodeSelector: {pool: a}}}"},
      {"/pod/spec/runtimeClassName", "pod: {spec: {runtimeClassName: a}}"},
      {"/pod/spec/tolerations", "pod: {spec: {tolerations: [{key: a, operator: Exists}]}}"},
      {"/pod/spec/tolerations/0/key", "pod: {spec: {tolerations: [{key: a, operator: Exists}]}}"},
      {"/pod/spec/affinity/nodeAffinity",
       "pod: {spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
       "[{matchExpressions: [{key: a, operator: Exists}]}]}}}}}"},
      {"/pod/spec/volumes", "pod: {spec: {volumes: [{name: v, emptyDir: {}}]}}"},
      {"/pod/spec/volumes/0/emptyDir/medium", "pod: {spec: {volumes: [{name: v, emptyDir: {medium: Memory}}]}}"},
      {"/pod/spec/volumes/0/hostPath/path", "pod: {spec: {volumes: [{name: v, hostPath: {path: /a}}]}}"},
      {"/pod/spec/hostNetwork", "pod: {spec: {hostNetwork: true}}"},
      {"/pod/spec/securityContext/runAsUser", "pod: {spec: {securityContext: {runAsUser: 1}}}"},
      {"/pod/spec/priorityClassName", "pod: {spec: {priorityClassName: a}}"},
      {"/pod/spec/containers", "pod: {spec: {containers: [{name: log, args: [a], env: [{name: A, value: b}]}]}}"},
      {"/pod/spec/containers/0/image", "pod: {spec: {containers: [{name: log, image: 'a:1'}]}}"},
      {"/pod/spec/containers/0/env/0/value", "pod: {spec: {containers: [{name: log, env: [{name: A, value: b}]}]}}"},
      {"/pod/spec/containers/0/securityContext/privileged",
       "pod: {spec: {containers: [{name: log, securityContext: {privileged: true}}]}}"},
      {"/pod/spec/containers/1/image", "pod: {spec: {containers: [{name: '', image: 'a:1'}]}}"},
      {"/pod/spec/containers/1/env/0/value", "pod: {spec: {containers: [{name: '', env: [{name: A, value: b}]}]}}"},
      {"/pod/spec/containers/1/args", "pod: {spec: {containers: [{name: '', args: [a]}]}}"},
      {"/pod/spec/containers/1/ports/0/containerPort",
       "pod: {spec: {containers: [{name: '', ports: [{containerPort: 80}]}]}}"},
      {"/pod/spec/containers/1/resources/limits/cpu",
       "pod: {spec: {containers: [{name: '', resources: {limits: {cpu: 1}}}]}}"},
      {"/pod/spec/containers/1/resources/limits/ephemeral-storage",
       "pod: {spec: {containers: [{name: '', resources: {limits: {ephemeral-storage: 1Gi}}}]}}"},
      {"/pod/spec/containers/1/resources/limits/nvidia.com~1gpu",
       "pod: {spec: {containers: [{name: '', resources: {limits: {nvidia.com/gpu: 1}}}]}}"},
  };
  size_t taken = 0;
  for (const std::string_view list :
       {"", "tags, nodeSelector", "pod.spec", "pod", "pod.metadata", "pod.spec.containers", "pod.spec.containers.env",
        "pod.spec.containers.env, pod.spec.containers.name", "pod.spec.containers.name, pod.spec.containers.resources",
        "pod.spec.containers.name, pod.spec.containers.ports, pod.spec.containers.image",
        "runtime_class, instance_types, pod.metadata.labels", "pod.spec.affinity.nodeAffinity",
        "pod.spec.tolerations, pod.spec.volumes", "pod.spec.volumes.emptyDir, pod.spec.volumes.name"}) {
    const std::string organization =
        "{kind: Organization, organization_id: default, launch_overrides: [" + std::string(list) + "]}";
    ASSERT_TRUE(
        engine_
            .Publish(CatalogOf(
                         {ZoneSource(), ProfileSource(kTwoContainers), RunnerSource(), {"organization", organization}}),
                     1)
            .ok());
    const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
    ASSERT_TRUE(resolved.ok());
    const auto opened = resolved->snapshot->OrganizationOf(kDefaultOrganization).opened;
    for (const Row& row : rows) {
      const SpecPath path(row.path);
      const FoldOfPath fold = FoldOf(path, resolved->spec.get());
      const LaunchMay may = WhatLaunchMay(fold.pointer.empty() ? path : SpecPath(fold.pointer), opened);
      if (may.partly) continue;  // it depends on the value
      const bool promised = may.access == LaunchAccess::kOpenable && may.opened && !fold.gpus;
      Scratch scratch;
      const LaunchRequest request = LaunchOf("overrides: {" + std::string(row.overrides) + "}");
      const bool accepted = engine_.AdmitInDetail(request, scratch).verdict != Verdict::kInvalid;
      EXPECT_EQ(promised, accepted) << row.path << " with launch_overrides: [" << list << "]";
      taken += accepted ? 1 : 0;
    }
  }
  EXPECT_GT(taken, 40U);
}

TEST_F(ExplanationTest, WhatARequestSetsByItsOwnFieldsAdmissionTakes) {
  ASSERT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource()}), 1).ok());
  struct Row {
    std::string_view path;
    std::string_view request;
  };
  for (const Row& row :
       {Row{"/container_image", "container_image: 'a:1'"},
        Row{"/resource_defaults/cpuLimit", "resource_limits: {cpu: 1}"},
        Row{"/resource_defaults/memoryRequest", "resource_requests: {memory: 1Gi}"},
        Row{"/pod/metadata/annotations/note", "pod_annotations: {note: a}"},
        Row{"/pod/metadata/annotations/io.katacontainers.x", "pod_annotations: {io.katacontainers.x: a}"}}) {
    Scratch scratch;
    const LaunchRequest request = LaunchOf("{" + std::string(row.request) + "}");
    EXPECT_EQ(WhatLaunchMay(SpecPath(row.path), {}).access == LaunchAccess::kSets,
              engine_.AdmitInDetail(request, scratch).verdict != Verdict::kInvalid)
        << row.path;
  }
}

TEST_F(ExplanationTest, AListWhoseElementsAreRemovedIsEmptied) {
  ASSERT_TRUE(engine_
                  .Publish(CatalogOf({{"zone",
                                       "{kind: Zone, zone: z1, defaults: {tags: [a], pod: {spec: {volumes: "
                                       "[{name: v, emptyDir: {}}]}}}}"},
                                      ProfileSource("{tags: [], pod: {spec: {volumes: [{name: v, $patch: delete}]}}}"),
                                      RunnerSource()}),
                           1)
                  .ok());
  const std::vector<ExplainedField> emptied = Explain("/pod/spec/volumes");
  ASSERT_EQ(emptied.size(), 1U);
  ASSERT_NE(emptied[0].decider(), nullptr);
  EXPECT_EQ(emptied[0].decider()->word(), "emptied");
  EXPECT_EQ(SaysName(emptied[0].decider()->says), "set");
  EXPECT_EQ(Explain("/tags").at(0).decider()->word(), "set");
}

TEST_F(ExplanationTest, TheDocumentNamesWhatItIsAbout) {
  ASSERT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource()}), 1).ok());
  const auto resolved = engine_.Resolve({kDefaultOrganization, "r1", ""}, nullptr);
  ASSERT_TRUE(resolved.ok());
  EXPECT_EQ(ExplanationToJson(*resolved, "acme", {}, JsonLayout::kCompact),
            R"({"schema":"berth.explanation/v1","runner_id":"r1","profile_name":"p1","organization_id":"acme",)"
            R"("valid":true,"fields":[],"dropped":[]})");
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
