#include "berth/merge/merge.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

struct Row {
  std::string_view lower;
  std::string_view higher;
  std::string_view result;
};

void ExpectRows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    const std::array<NodeRef, 2> layers = {SpecOf(row.lower, Layer::kProfile), SpecOf(row.higher, Layer::kBinding)};
    EXPECT_EQ(TreeText(MergeLayers(layers)), row.result) << row.lower << " | " << row.higher;
  }
}

TEST(Merge, FollowsTheKindOfEachField) {
  constexpr Row kRows[] = {
      {"{runtime_class: a}", "{runtime_class: b}", R"({"runtime_class":"b"})"},
      {"{runtime_class: a}", "{}", R"({"runtime_class":"a"})"},
      {"{tags: [a, b]}", "{tags: [c]}", R"({"tags":["c"]})"},
      {"{node_selector: {a: x, b: x}}", "{node_selector: {b: y, c: y}}",
       R"({"node_selector":{"a":"x","b":"y","c":"y"}})"},
      {"{resource_defaults: {cpuLimit: 1}}", "{resource_defaults: {cpuRequest: 1}}",
       R"({"resource_defaults":{"cpuLimit":"1","cpuRequest":"1"}})"},
      {"{namespace: {labels: {a: x}}}", "{namespace: {labels: {b: y}, strategy: static}}",
       R"({"namespace":{"labels":{"a":"x","b":"y"},"strategy":"static"}})"},
      {"{pod: {spec: {a: {b: 1}, l: [1, 2]}}}", "{pod: {spec: {a: {c: 2}, l: [3]}}}",
       R"({"pod":{"spec":{"a":{"b":1,"c":2},"l":[3]}}})"},
      {"{pod: {spec: {a: 1}}}", "{pod: {spec: {a: {b: 1}}}}", R"({"pod":{"spec":{"a":{"b":1}}}})"},
      {"{pod: {spec: {a: {b: 1}}}}", "{pod: {spec: {a: 1}}}", R"({"pod":{"spec":{"a":1}}})"},
  };
  ExpectRows(kRows);
}

TEST(Merge, UnsetsByNull) {
  constexpr Row kRows[] = {
      {"{runtime_class: a}", "{runtime_class: null}", "(none)"},
      {"{node_selector: {a: x, b: y}}", "{node_selector: {a: null}}", R"({"node_selector":{"b":"y"}})"},
      {"{node_selector: {a: x}}", "{node_selector: {a: null}}", "(none)"},
      {"{network: {egress: {default: a}}, tags: []}", "{network: null}", R"({"tags":[]})"},
      {"{}", "{tags: null}", "(none)"},
      {"{pod: {spec: {a: {b: {c: 1}}}}}", "{pod: {spec: {a: {b: {c: null}}}}}", R"({"pod":{"spec":{"a":{"b":{}}}}})"},
  };
  ExpectRows(kRows);
}

TEST(Merge, TurnsAUnionIntoAnotherType) {
  constexpr std::string_view kAllowlist = "{network: {egress: {modes: {m: {type: allowlist, cidrs: [10.0.0.0/8]}}}}}";
  constexpr Row kRows[] = {
      {kAllowlist, "{network: {egress: {modes: {m: {type: none}}}}}",
       R"({"network":{"egress":{"modes":{"m":{"type":"none"}}}}})"},
      {kAllowlist, "{network: {egress: {modes: {m: {type: allowlist}}}}}",
       R"({"network":{"egress":{"modes":{"m":{"cidrs":["10.0.0.0/8"],"type":"allowlist"}}}}})"},
      {kAllowlist, "{network: {egress: {modes: {m: {cidrs: []}}}}}",
       R"({"network":{"egress":{"modes":{"m":{"cidrs":[],"type":"allowlist"}}}}})"},
      {kAllowlist, "{network: {egress: {modes: {m: {type: null}}}}}",
       R"({"network":{"egress":{"modes":{"m":{"cidrs":["10.0.0.0/8"]}}}}})"},
      {kAllowlist, "{network: {egress: {modes: {m: {}}}}}",
       R"({"network":{"egress":{"modes":{"m":{"cidrs":["10.0.0.0/8"],"type":"allowlist"}}}}})"},
      // A type over no type displaces nothing.
      {"{network: {egress: {modes: {m: {cidrs: [10.0.0.0/8]}}}}}", "{network: {egress: {modes: {m: {type: none}}}}}",
       R"({"network":{"egress":{"modes":{"m":{"cidrs":["10.0.0.0/8"],"type":"none"}}}}})"},
  };
  ExpectRows(kRows);
}

TEST(Merge, TakesPairsWhole) {
  const auto level = [](std::string_view pair) {
    return "{network: {ingress: {w: {service: {dnsAnnotation: " + std::string(pair) + "}}}}}";
  };
  const auto result = [](std::string_view pair) {
    return R"({"network":{"ingress":{"w":{"service":{"dnsAnnotation":)" + std::string(pair) + "}}}}}";
  };
  const auto merge = [&](std::string_view lower, std::string_view higher) {
    const std::array<NodeRef, 2> layers = {SpecOf(level(lower)), SpecOf(level(higher), Layer::kBinding)};
    return TreeText(MergeLayers(layers));
  };
  EXPECT_EQ(merge("{key: a, value: b}", "{key: c, value: d}"), result(R"({"key":"c","value":"d"})"));
  EXPECT_EQ(merge("{key: a, value: b}", "{key: c}"), result(R"({"key":"c"})"));
  EXPECT_EQ(merge("{key: a, value: b}", "{}"), result(R"({"key":"a","value":"b"})"));
  EXPECT_EQ(merge("{key: a, value: b}", "null"), "(none)");
}

TEST(Merge, SkipsNullLayers) {
  EXPECT_EQ(MergeLayers({}), nullptr);
  const NodeRef spec = SpecOf("{tags: [a]}");
  const std::array<NodeRef, 4> layers = {nullptr, spec, nullptr, nullptr};
  EXPECT_EQ(TreeText(MergeLayers(layers)), R"({"tags":["a"]})");
  EXPECT_EQ(Merge(nullptr, spec), spec);
  EXPECT_EQ(Merge(spec, nullptr), spec);
}

TEST(Merge, GivesEachValueTheLayerThatSetIt) {
  const NodeRef merged =
      Merge(SpecOf("{node_selector: {a: x, b: x}}", Layer::kZone), SpecOf("{node_selector: {b: y}}", Layer::kBinding));
  EXPECT_EQ(At(merged.get(), {"node_selector", "a"})->layer, Layer::kZone);
  EXPECT_EQ(At(merged.get(), {"node_selector", "b"})->layer, Layer::kBinding);
}

TEST(Finish, LeavesNoNullAndNoEmptyMap) {
  struct Case {
    std::string_view spec;
    std::string_view finished;
  };
  constexpr Case kCases[] = {
      {"{}", "(none)"},
      {"{tags: null, node_selector: {}}", "(none)"},
      {"{tags: []}", R"({"tags":[]})"},
      {"{network: {egress: {modes: {m: {type: null}}}}}", "(none)"},
      {"{pod: {spec: {}}}", "(none)"},
      {"{pod: {spec: {a: null}}}", "(none)"},
      {"{pod: {spec: {a: {}}, metadata: {labels: {}}}}", R"({"pod":{"spec":{"a":{}}}})"},
      {"{pod: {spec: {a: [{b: null, c: []}, {d: {e: null}}]}}}", R"({"pod":{"spec":{"a":[{"c":[]},{"d":{}}]}}})"},
  };
  for (const Case& row : kCases) EXPECT_EQ(TreeText(Finish(SpecOf(row.spec))), row.finished) << row.spec;
  EXPECT_EQ(Finish(nullptr), nullptr);
}

TEST(Complete, AddsTheDefaultsOfTheLaw) {
  struct Case {
    std::string_view spec;
    std::string_view completed;
  };
  constexpr Case kCases[] = {
      {"{}", R"({"namespace":{"autoCreate":true,"strategy":"per-org"}})"},
      {"{namespace: {autoCreate: false}}", R"({"namespace":{"autoCreate":false,"strategy":"per-org"}})"},
      {"{namespace: {strategy: static}}", R"({"namespace":{"autoCreate":true,"strategy":"static"}})"},
      {"{resource_defaults: {cpuLimit: 2, memoryLimit: 1Gi, memoryRequest: 1Mi}}",
       R"({"namespace":{"autoCreate":true,"strategy":"per-org"},"resource_defaults":{"cpuLimit":"2","cpuRequest":"2",)"
       R"("memoryLimit":"1Gi","memoryRequest":"1Mi"}})"},
      {"{pod: {placement: {instanceTypes: [a]}}}",
       R"({"instance_types":["a"],"namespace":{"autoCreate":true,"strategy":"per-org"}})"},
      {"{instance_types: [b], pod: {placement: {instanceTypes: [B]}, metadata: {labels: {a: b}}}}",
       R"({"instance_types":["b"],"namespace":{"autoCreate":true,"strategy":"per-org"},)"
       R"("pod":{"metadata":{"labels":{"a":"b"}}}})"},
  };
  for (const Case& row : kCases) EXPECT_EQ(TreeText(Complete(Finish(SpecOf(row.spec)))), row.completed) << row.spec;
  const NodeRef completed = Complete(SpecOf("{resource_defaults: {cpuLimit: 2}}"));
  EXPECT_EQ(At(completed.get(), {"resource_defaults", "cpuRequest"})->layer, Layer::kDefault);
  EXPECT_EQ(At(completed.get(), {"resource_defaults", "cpuLimit"})->layer, Layer::kProfile);
  EXPECT_EQ(At(completed.get(), {"namespace", "strategy"})->layer, Layer::kDefault);
  EXPECT_EQ(TreeText(Complete(completed)), TreeText(completed));
}

}  // namespace
}  // namespace berth
