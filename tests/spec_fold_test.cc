#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/fold.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

struct Folded {
  NodeRef node;
  std::vector<Issue> issues;
};

Folded Fold(std::string_view yaml) {
  Folded folded;
  folded.node = FoldLayer(SpecOf(yaml), "a.yaml", "/spec", folded.issues).layer;
  return folded;
}

struct Row {
  std::string_view yaml;
  std::string_view tree;
  std::string_view issues;
};

void ExpectRows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    const Folded folded = Fold(row.yaml);
    EXPECT_EQ(TreeText(folded.node), row.tree) << row.yaml;
    EXPECT_EQ(IssueText(folded.issues), row.issues) << row.yaml;
  }
}

TEST(Fold, LeavesALayerWithoutAPodAlone) {
  std::vector<Issue> issues;
  const NodeRef layer = SpecOf("tags: [a]\n");
  EXPECT_EQ(FoldLayer(layer, "a.yaml", "/spec", issues).layer, layer);
  EXPECT_EQ(FoldLayer(nullptr, "a.yaml", "/spec", issues).layer, nullptr);
  EXPECT_TRUE(issues.empty());
}

TEST(Fold, MovesTheNodeSelectorKeyByKey) {
  constexpr Row kRows[] = {
      {"pod: {spec: {nodeSelector: {a: x}}}", R"({"node_selector":{"a":"x"}})", ""},
      {"node_selector: {b: y}\npod: {spec: {nodeSelector: {a: x}, hostname: h}}",
       R"({"node_selector":{"a":"x","b":"y"},"pod":{"spec":{"hostname":"h"}}})", ""},
      {"node_selector: {a: y}\npod: {spec: {nodeSelector: {a: x}}}", R"({"node_selector":{"a":"y"}})",
       "pod-contradiction 2:32 /spec/pod/spec"},
      {"node_selector: {a: x}\npod: {spec: {nodeSelector: {a: x}}}", R"({"node_selector":{"a":"x"}})", ""},
      // A structured null wins too, of a key or of the whole map.
      {"node_selector: {a: null}\npod: {spec: {nodeSelector: {a: x}}}", R"({"node_selector":{"a":null}})",
       "pod-contradiction 2:32 /spec/pod/spec"},
      {"node_selector: null\npod: {spec: {nodeSelector: {a: x}}}", R"({"node_selector":null})", ""},
      {"node_selector: {a: x}\npod: {spec: {nodeSelector: null}}", R"({"node_selector":{"a":"x"}})", ""},
      {"pod: {spec: {nodeSelector: null}}", R"({"node_selector":null})", ""},
      {"pod: {spec: {nodeSelector: {a: null}}}", R"({"node_selector":{"a":null}})", ""},
  };
  ExpectRows(kRows);
}

TEST(Fold, MovesTheRuntimeClass) {
  constexpr Row kRows[] = {
      {"pod: {spec: {runtimeClassName: kata}}", R"({"runtime_class":"kata"})", ""},
      {"runtime_class: gvisor\npod: {spec: {runtimeClassName: kata}}", R"({"runtime_class":"gvisor"})",
       "pod-contradiction 2:32 /spec/pod/spec"},
      {"runtime_class: null\npod: {spec: {runtimeClassName: kata}}", R"({"runtime_class":null})",
       "pod-contradiction 2:32 /spec/pod/spec"},
      {"pod: {spec: {runtimeClassName: null}}", R"({"runtime_class":null})", ""},
  };
  ExpectRows(kRows);
}

TEST(Fold, MovesTheMainContainersImageAndResources) {
  constexpr Row kRows[] = {
      {"pod: {spec: {containers: [{name: '', image: a}]}}", R"({"container_image":"a"})", ""},
      {"pod: {spec: {containers: [{name: '', image: a, tty: true}]}}",
       R"({"container_image":"a","pod":{"spec":{"containers":[{"name":"","tty":true}]}}})", ""},
      {"container_image: b\npod: {spec: {containers: [{name: '', image: a}]}}", R"({"container_image":"b"})",
       "pod-contradiction 2:45 /spec/pod/spec"},
      {"pod: {spec: {containers: [{name: x, image: a}]}}",
       R"({"pod":{"spec":{"containers":[{"image":"a","name":"x"}]}}})", ""},
      {"pod: {spec: {containers: [{image: a}]}}", R"({"pod":{"spec":{"containers":[{"image":"a"}]}}})", ""},
      {"pod: {spec: {containers: [{name: '', resources: {limits: {cpu: 0.5}}}]}}",
       R"({"resource_defaults":{"cpuLimit":"500m"}})", ""},
      {"pod: {spec: {containers: [{name: '', resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 2Gi}}}]}}",
       R"({"resource_defaults":{"cpuRequest":"1","memoryLimit":"2Gi","memoryRequest":"1Gi"}})", ""},
      {"resource_defaults: {cpuLimit: 2}\npod: {spec: {containers: [{name: '', resources: {limits: {cpu: 1}}}]}}",
       R"({"resource_defaults":{"cpuLimit":"2"}})", "pod-contradiction 2:64 /spec/pod/spec"},
      {"resource_defaults: null\npod: {spec: {containers: [{name: '', resources: {limits: {cpu: 1}}}]}}",
       R"({"resource_defaults":null})", "pod-contradiction 2:64 /spec/pod/spec"},
      {"pod: {spec: {containers: [{name: '', resources: {limits: {cpu: null}}}]}}",
       R"({"resource_defaults":{"cpuLimit":null}})", ""},
      {"pod: {spec: {containers: [{name: '', resources: {limits: {hugepages-2Mi: 1, cpu: 1}}}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":{"limits":{"hugepages-2Mi":"1"}}}]}},)"
       R"("resource_defaults":{"cpuLimit":"1"}})",
       ""},
      // What is no amount stays for the checks of pod.spec.
      {"pod: {spec: {containers: [{name: '', resources: {limits: {cpu: lots}}}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":{"limits":{"cpu":"lots"}}}]}}})", ""},
      {"pod: {spec: {containers: [{name: '', resources: {limits: {nvidia.com/gpu: 1}}}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}}})",
       "main-container 1:75 /spec/pod/spec/containers"},
  };
  ExpectRows(kRows);
}

TEST(Fold, RemovesWhatItEmptiedAndKeepsWhatWasEmpty) {
  constexpr Row kRows[] = {
      {"pod: {spec: {}}", R"({"pod":{"spec":{}}})", ""},
      {"pod: {spec: {containers: []}}", R"({"pod":{"spec":{"containers":[]}}})", ""},
      {"pod: {spec: {containers: [{name: ''}]}}", R"({"pod":{"spec":{"containers":[{"name":""}]}}})", ""},
      {"pod: {spec: {containers: [{name: '', resources: {}}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":{}}]}}})", ""},
      {"pod: {spec: {containers: [{name: '', resources: {limits: {}}}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":{"limits":{}}}]}}})", ""},
      {"pod: {metadata: {labels: {a: b}}, spec: {runtimeClassName: k}}",
       R"({"pod":{"metadata":{"labels":{"a":"b"}}},"runtime_class":"k"})", ""},
  };
  ExpectRows(kRows);
}

// What stands in the place of main container's resources.
std::string MainResources(std::string_view resources) {
  return "pod: {spec: {containers: [{name: '', resources: " + std::string(resources) + "}]}}";
}

TEST(Fold, MovesNullsAndDirectives) {
  struct ResourcesRow {
    std::string_view resources;
    std::string_view left;      // of the main container's resources
    std::string_view defaults;  // the members of resource_defaults
  };
  constexpr std::string_view kNothing = R"("cpuLimit":null,"cpuRequest":null,"memoryLimit":null,"memoryRequest":null)";
  constexpr ResourcesRow kResources[] = {
      {"null", "null", kNothing},
      {"{$patch: delete, limits: {cpu: 1}}", R"({"$patch":"delete","limits":{"cpu":"1"}})", kNothing},
      {"{limits: null}", R"({"limits":null})", R"("cpuLimit":null,"memoryLimit":null)"},
      {"{requests: {$patch: delete}}", R"({"requests":{"$patch":"delete"}})",
       R"("cpuRequest":null,"memoryRequest":null)"},
      {"{limits: {$patch: replace, cpu: 1}}", R"({"limits":{"$patch":"replace"}})",
       R"("cpuLimit":"1","memoryLimit":null)"},
      {"{$patch: replace, limits: {cpu: 1}}", R"({"$patch":"replace"})",
       R"("cpuLimit":"1","cpuRequest":null,"memoryLimit":null,"memoryRequest":null)"},
  };
  for (const ResourcesRow& row : kResources) {
    const Folded folded = Fold(MainResources(row.resources));
    std::string want = R"({"pod":{"spec":{"containers":[{"name":"","resources":)" + std::string(row.left);
    want.append(R"(}]}},"resource_defaults":{)").append(row.defaults).append("}}");
    EXPECT_EQ(TreeText(folded.node), want) << row.resources;
    EXPECT_EQ(IssueText(folded.issues), "") << row.resources;
  }
  constexpr Row kRows[] = {
      // A wide null leaves alone what this layer sets.
      {"resource_defaults: {cpuLimit: 2}\npod: {spec: {containers: [{name: '', resources: {limits: null}}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":{"limits":null}}]}},)"
       R"("resource_defaults":{"cpuLimit":"2","memoryLimit":null}})",
       ""},
      {"resource_defaults: null\npod: {spec: {containers: [{name: '', resources: null}]}}",
       R"({"pod":{"spec":{"containers":[{"name":"","resources":null}]}},"resource_defaults":null})", ""},
      {"pod: {spec: {nodeSelector: {$patch: delete, a: b}}}", R"({"node_selector":null})", ""},
      {"pod: {spec: {nodeSelector: {$patch: replace, a: b}}}", R"({"node_selector":{"a":"b"}})", ""},
      {"pod: {spec: {containers: [{name: '', image: a, $patch: delete}]}}",
       R"({"pod":{"spec":{"containers":[{"$patch":"delete","image":"a","name":""}]}}})", ""},
      {"pod: {spec: {$patch: delete, runtimeClassName: a, nodeSelector: {a: b}}}",
       R"({"pod":{"spec":{"$patch":"delete","nodeSelector":{"a":"b"},"runtimeClassName":"a"}}})", ""},
      {"pod: {spec: {$patch: replace, runtimeClassName: a}}",
       R"({"pod":{"spec":{"$patch":"replace"}},"runtime_class":"a"})", ""},
      {"pod: {spec: {containers: [{$patch: replace}, {name: '', image: a}]}}",
       R"({"container_image":"a","pod":{"spec":{"containers":[{"$patch":"replace"}]}}})", ""},
  };
  ExpectRows(kRows);
  EXPECT_TRUE(At(Fold("pod: {spec: {nodeSelector: {$patch: replace, a: b}}}").node.get(), {"node_selector"})->resets);
}

TEST(Fold, TellsWhatCountsForNothing) {
  std::vector<Issue> issues;
  const FoldedLayer folded = FoldLayer(
      SpecOf("node_selector: {a/b: y}\nruntime_class: r\nresource_defaults: {cpuLimit: 1}\npod: {metadata: {labels: "
             "{sandbox-id: s}}, spec: {runtimeClassName: r, nodeSelector: {a/b: x, c: z}, containers: [{name: '', "
             "resources: {limits: {cpu: 2}}}]}}\n"),
      "a.yaml", "/spec", issues);
  std::vector<std::string> dropped;
  for (const DroppedValue& value : folded.dropped) dropped.push_back(value.path + " " + TreeText(value.value));
  EXPECT_THAT(dropped, testing::ElementsAre(R"(/node_selector/a~1b "x")", R"(/resource_defaults/cpuLimit "2")",
                                            R"(/pod/metadata/labels/sandbox-id "s")"));
}

TEST(Fold, DropsReservedKeysWithANote) {
  constexpr Row kRows[] = {
      {"pod: {metadata: {labels: {sandbox-id: x, a: b}}}", R"({"pod":{"metadata":{"labels":{"a":"b"}}}})",
       "reserved-key-dropped 1:27 /spec/pod/metadata/labels"},
      {"pod: {metadata: {annotations: {sandbox.coreweave.com/x: null}}}", R"({"pod":{"metadata":{"annotations":{}}}})",
       "reserved-key-dropped 1:32 /spec/pod/metadata/annotations"},
      {"pod: {metadata: {labels: {sandbox-idx: x}}}", R"({"pod":{"metadata":{"labels":{"sandbox-idx":"x"}}}})", ""},
  };
  ExpectRows(kRows);
}

TEST(Fold, KeepsThePlaceOfWhatItMoves) {
  const Folded folded = Fold("pod:\n  spec:\n    nodeSelector: {a: x}\n    runtimeClassName: kata\n");
  EXPECT_EQ(At(folded.node.get(), {"node_selector", "a"})->position, (Position{3, 23}));
  EXPECT_EQ(At(folded.node.get(), {"runtime_class"})->position, (Position{4, 23}));
  EXPECT_EQ(At(folded.node.get(), {"runtime_class"})->layer, Layer::kProfile);
}

TEST(Fold, NamesBothPlacesOfAContradiction) {
  const Folded folded = Fold("runtime_class: gvisor\npod: {spec: {runtimeClassName: kata}}\n");
  ASSERT_EQ(folded.issues.size(), 1U);
  EXPECT_EQ(folded.issues[0].level(), IssueLevel::kWarning);
  EXPECT_EQ(folded.issues[0].layer, Layer::kProfile);
  EXPECT_THAT(folded.issues[0].message, testing::AllOf(testing::HasSubstr("`pod.spec.runtimeClassName`"),
                                                       testing::HasSubstr("`runtime_class` at 1:16")));
}

TEST(Fold, IsIdempotent) {
  const Folded once =
      Fold("node_selector: {b: y}\npod: {spec: {nodeSelector: {a: x}, containers: [{name: '', image: i}]}}\n");
  std::vector<Issue> issues;
  EXPECT_EQ(TreeText(FoldLayer(once.node, "a.yaml", "", issues).layer), TreeText(once.node));
  EXPECT_TRUE(issues.empty());
}

TEST(ReservedKeys, AreExactlyThePlatforms) {
  for (const std::string_view key : {"sandbox-id", "sandbox.coreweave.com/", "sandbox.coreweave.com/owner"}) {
    EXPECT_TRUE(IsReservedKey(key)) << key;
  }
  for (const std::string_view key :
       {"", "sandbox-ids", "Sandbox-id", "sandbox.coreweave.com", "coreweave.com/sandbox-id",
        "x.sandbox.coreweave.com/a", "SANDBOX.coreweave.com/a"}) {
    EXPECT_FALSE(IsReservedKey(key)) << key;
  }
}

}  // namespace
}  // namespace berth
