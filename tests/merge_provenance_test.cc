#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/merge/merge.h"
#include "berth/merge/provenance.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"
#include "tests/provenance_check.h"
#include "tests/random_pod.h"

namespace berth {
namespace {

struct Specs {
  std::string_view zone;
  std::string_view runner;
  std::string_view profile;
  std::string_view binding;
  std::string_view sandbox;
};

LayerStack StackOf(const Specs& specs) {
  LayerStack stack;
  const auto set = [&](Layer layer, std::string_view yaml) {
    if (!yaml.empty()) stack[static_cast<size_t>(layer)] = SpecOf(yaml, layer);
  };
  set(Layer::kZone, specs.zone);
  set(Layer::kRunner, specs.runner);
  set(Layer::kProfile, specs.profile);
  set(Layer::kBinding, specs.binding);
  set(Layer::kSandbox, specs.sandbox);
  return stack;
}

// `/path=value layer(shadowed layer:value ...)`, a line each, defaults of the namespace left out.
std::string RowsOf(const LayerStack& stack) {
  std::string rows;
  for (const FieldProvenance& field : ExplainFields(stack)) {
    if (field.layer == Layer::kDefault && field.path.starts_with("/namespace/") && ShadowedOf(field).empty()) continue;
    rows.append(field.path).append("=").append(field.value == nullptr ? "unset" : TreeText(field.value));
    rows.append(" ").append(LayerName(field.layer));
    for (const NodeRef& value : ShadowedOf(field)) {
      rows.append(" <").append(LayerName(value->layer)).append(" ").append(TreeText(value));
    }
    rows.append("\n");
  }
  return rows;
}

TEST(Provenance, NamesTheLayerAndWhatItHides) {
  EXPECT_EQ(RowsOf(StackOf({"{runtime_class: a, tags: [z]}", "", "{runtime_class: b}", "{runtime_class: c}", ""})),
            "/runtime_class=\"c\" binding <profile \"b\" <zone \"a\"\n"
            "/tags=[\"z\"] zone\n");
}

TEST(Provenance, PrintsTheRunnersClassAsTheZoneLayer) {
  EXPECT_EQ(RowsOf(StackOf({"{runtime_class: a}", "{runtime_class: b}", "", "", ""})),
            "/runtime_class=\"b\" zone <zone \"a\"\n");
}

TEST(Provenance, ExplainsWhatANullRemoved) {
  EXPECT_EQ(
      RowsOf(StackOf({"{node_selector: {a: x}}", "", "{node_selector: {a: y, b: y}}", "{node_selector: null}", ""})),
      "/node_selector/a=unset binding <profile \"y\" <zone \"x\"\n"
      "/node_selector/b=unset binding <profile \"y\"\n");
  // Set again above: no unset row; removed twice: by the first null.
  EXPECT_EQ(RowsOf(StackOf({"{runtime_class: a}", "", "{runtime_class: null}", "{runtime_class: b}", ""})),
            "/runtime_class=\"b\" binding <zone \"a\"\n");
  EXPECT_EQ(RowsOf(StackOf({"{runtime_class: a}", "", "{runtime_class: null}", "{runtime_class: null}", ""})),
            "/runtime_class=unset profile <zone \"a\"\n");
  EXPECT_EQ(RowsOf(StackOf({"", "", "{runtime_class: null}", "", ""})), "");
}

TEST(Provenance, ForgetsAnUnsetValueThatIsThereAgain) {
  // As an object with members, or below a scalar: nothing at the path is unset any more.
  EXPECT_EQ(
      RowsOf(StackOf({"{pod: {spec: {a: {}}}}", "", "{pod: {spec: {a: null}}}", "{pod: {spec: {a: {b: 1}}}}", ""})),
      "/pod/spec/a/b=1 binding\n");
  EXPECT_EQ(
      RowsOf(StackOf({"{pod: {spec: {a: {b: 1}}}}", "", "{pod: {spec: {a: null}}}", "{pod: {spec: {a: 2}}}", ""})),
      "/pod/spec/a=2 binding <zone {\"b\":1}\n");
  EXPECT_EQ(RowsOf(StackOf({"{pod: {spec: {a: {b: 1}}}}", "", "{pod: {spec: {a: {b: null}}}}", "", ""})),
            "/pod/spec/a={} profile <zone {\"b\":1}\n/pod/spec/a/b=unset profile <zone 1\n");
}

TEST(Provenance, LeavesAreScalarsListsPairsAndEmptyPodObjects) {
  EXPECT_EQ(RowsOf(StackOf({"", "",
                            "{tags: [], pod: {spec: {a: {}, b: [1], c: {d: 2}}}, network: {ingress: {w: {service: "
                            "{dnsAnnotation: {key: k, value: v}}}}}}",
                            "", ""})),
            "/network/ingress/w/service/dnsAnnotation={\"key\":\"k\",\"value\":\"v\"} profile\n"
            "/pod/spec/a={} profile\n"
            "/pod/spec/b=[1] profile\n"
            "/pod/spec/c/d=2 profile\n"
            "/tags=[] profile\n");
}

TEST(Provenance, EscapesPointers) {
  EXPECT_EQ(RowsOf(StackOf({"", "", "{node_selector: {a/b~c: x}}", "", ""})), "/node_selector/a~1b~0c=\"x\" profile\n");
}

TEST(Provenance, MovesInstanceTypesWithTheirLayer) {
  EXPECT_EQ(RowsOf(StackOf({"", "", "{pod: {placement: {instanceTypes: [a]}}}", "", ""})),
            "/instance_types=[\"a\"] profile\n");
  EXPECT_EQ(RowsOf(StackOf({"{pod: {placement: {instanceTypes: [a]}}}", "", "{instance_types: [A]}", "", ""})),
            "/instance_types=[\"A\"] profile\n");
}

TEST(Provenance, MarksDefaults) {
  EXPECT_EQ(RowsOf(StackOf({"", "", "{resource_defaults: {cpuLimit: 4}}", "", ""})),
            "/resource_defaults/cpuLimit=\"4\" profile\n"
            "/resource_defaults/cpuRequest=\"4\" default\n");
}

// --- Provenance is true ---

class RandomStack {
 public:
  explicit RandomStack(uint64_t seed) : random_(seed) {}

  LayerStack Make() {
    LayerStack stack;
    for (const Layer layer : {Layer::kZone, Layer::kProfile, Layer::kBinding, Layer::kSandbox}) {
      stack[static_cast<size_t>(layer)] = SpecOf(Spec(), layer);
    }
    return stack;
  }

 private:
  std::string Spec() {
    std::string spec = "{";
    Maybe(spec, "runtime_class", {"a", "b", "null"});
    Maybe(spec, "tags", {"[]", "[a]", "null"});
    Maybe(spec, "node_selector", {"{a: x}", "{a: y, b: x}", "{a: null}", "{}", "null"});
    Maybe(spec, "resource_defaults", {"{cpuLimit: 1}", "{cpuLimit: 2, cpuRequest: 1}", "{cpuRequest: null}", "null"});
    Maybe(spec, "network",
          {"{egress: {modes: {m: {type: none}}}}", "{egress: {modes: {m: {type: allowlist, cidrs: [10.0.0.0/8]}}}}",
           "{egress: {modes: {m: {cidrs: [192.0.2.0/24]}}}}", "{egress: {modes: {m: null}}}",
           "{ingress: {w: {service: {dnsAnnotation: {key: k, value: v}}}}}",
           "{ingress: {w: {service: {dnsAnnotation: {key: l, value: w}, serviceType: NodePort}}}}", "null"});
    Maybe(spec, "pod",
          {"{spec: {a: {b: 1}}}", "{spec: {a: {}}}", "{spec: {a: null}}", "{spec: {a: {b: null, c: 2}}}",
           "{placement: {instanceTypes: [a]}}", "null"});
    return spec + "}";
  }
  void Maybe(std::string& spec, std::string_view name, const std::vector<std::string_view>& values) {
    const uint64_t pick = random_() % (2 * values.size());
    if (pick >= values.size()) return;
    if (spec.size() > 1) spec += ", ";
    spec.append(name).append(": ").append(values[pick]);
  }

  std::mt19937_64 random_;
};

constexpr int kRounds = 400;

TEST(Provenance, IsTrue) {
  RandomStack random(1);
  size_t checked = 0;
  for (int round = 0; round < kRounds; ++round) {
    const LayerStack stack = random.Make();
    const ProvenanceCheck check = CheckProvenance(stack);
    ASSERT_EQ(check.false_path, "") << RowsOf(stack);
    checked += check.checked;
  }
  EXPECT_GT(checked, kRounds);
}

TEST(Provenance, IsTrueInPodSpecs) {
  Random random(7);
  size_t checked = 0;
  for (int round = 0; round < kRounds; ++round) {
    LayerStack stack;
    for (const Layer layer : {Layer::kProfile, Layer::kBinding, Layer::kSandbox}) {
      const nlohmann::json spec = {{"pod", {{"spec", MakeRandomPodSpec(random, {.patch = true})}}}};
      stack[static_cast<size_t>(layer)] = DecodeText(Record::kSpec, spec.dump(), layer, "a.json").node;
    }
    const ProvenanceCheck check = CheckProvenance(stack, 7);
    ASSERT_EQ(check.false_path, "") << RowsOf(stack);
    checked += check.checked;
  }
  EXPECT_GT(checked, kRounds);
}

TEST(Provenance, HasARowForEveryLeafOfTheResult) {
  RandomStack random(2);
  for (int round = 0; round < kRounds; ++round) {
    const LayerStack stack = random.Make();
    const NodeRef completed = Complete(MergeLayers(stack));
    std::string_view last;
    const std::vector<FieldProvenance> fields = ExplainFields(stack);
    for (const FieldProvenance& field : fields) {
      ASSERT_LT(last, field.path);
      last = field.path;
      const Node* at = completed.get();
      for (const std::string& key : TokensOf(field.path)) {
        const NodeRef* member = at == nullptr ? nullptr : at->Find(key);
        at = member == nullptr ? nullptr : member->get();
      }
      ASSERT_EQ(at == nullptr, field.value == nullptr) << field.path << " in " << TreeText(completed);
      if (at != nullptr) {
        ASSERT_TRUE(SameValue(*at, *field.value)) << field.path;
        ASSERT_EQ(at->layer, field.layer) << field.path;
      }
      for (const NodeRef& shadowed : ShadowedOf(field)) ASSERT_FALSE(shadowed->is_null());
    }
  }
}

}  // namespace
}  // namespace berth
