#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/merge/merge.h"
#include "berth/spec/fold.h"
#include "berth/validate/spec_rules.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

// Each row's text has one mistake, at the marker's place, and none without it: `good` is one step away.
struct Row {
  std::string_view bad;
  std::string_view issues;
  std::string_view good;
};

std::vector<Issue> LayerIssues(std::string_view yaml, Layer layer = Layer::kProfile) {
  Decoded decoded = DecodeText(Record::kSpec, yaml, layer);
  EXPECT_TRUE(decoded.valid) << yaml << ": " << IssueText(decoded.issues);
  std::vector<Issue> issues;
  CheckLayer(*FoldLayer(decoded.node, "a.yaml", "/spec", issues).layer, {"a.yaml", "/spec", ""}, issues);
  return issues;
}

TEST(CheckLayer, HoldsEveryFormat) {
  constexpr Row kRows[] = {
      {"container_image: 'a:b:c'", "invalid-image 1:18 /spec/container_image", "container_image: 'a:b'"},
      {"runtime_class: Kata", "invalid-name 1:16 /spec/runtime_class", "runtime_class: kata.v2"},
      {"instance_types: [\"a\\tb\"]", "invalid-name 1:18 /spec/instance_types/0", "instance_types: [a b]"},
      {"node_selector: {a/b/c: x}", "invalid-label 1:17 /spec/node_selector/a~1b~1c", "node_selector: {a/b: x}"},
      {"node_selector: {a: x y}", "invalid-label 1:20 /spec/node_selector/a", "node_selector: {a: ''}"},
      {"namespace: {namespacePrefix: A-}", "invalid-namespace-prefix 1:30 /spec/namespace/namespacePrefix",
       "namespace: {namespacePrefix: ''}"},
      {"namespace: {staticNamespace: a.b}", "invalid-name 1:30 /spec/namespace/staticNamespace",
       "namespace: {staticNamespace: a-b}"},
      {"namespace: {labels: {-a: b}}", "invalid-label 1:22 /spec/namespace/labels/-a", "namespace: {labels: {a: b}}"},
      {"namespace: {annotations: {a b: c}}", "invalid-label 1:27 /spec/namespace/annotations/a b",
       "namespace: {annotations: {ab: any text at all}}"},
      {"network: {egress: {modes: {m: {cidrs: [10.0.0.1/8]}}}}",
       "invalid-cidr 1:40 /spec/network/egress/modes/m/cidrs/0",
       "network: {egress: {modes: {m: {cidrs: [10.0.0.0/8]}}}}"},
      {"network: {ingress: {w: {ingress: {template: '{{.User}}'}}}}",
       "host-template 1:45 /spec/network/ingress/w/ingress/template",
       "network: {ingress: {w: {ingress: {template: '{{.SandboxID}}'}}}}"},
      {"network: {ingress: {w: {ingress: {controllerName: N}}}}",
       "invalid-name 1:51 /spec/network/ingress/w/ingress/controllerName",
       "network: {ingress: {w: {ingress: {controllerName: n}}}}"},
      {"network: {ingress: {w: {service: {dnsAnnotation: {key: a b, value: c}}}}}",
       "invalid-label 1:56 /spec/network/ingress/w/service/dnsAnnotation/key",
       "network: {ingress: {w: {service: {dnsAnnotation: {key: a.b/c, value: any text}}}}}"},
      {"pod: {metadata: {labels: {a: 'x y'}}}", "invalid-label 1:30 /spec/pod/metadata/labels/a",
       "pod: {metadata: {labels: {a: x}}}"},
      // A fold can bring what the field's own decoder would have refused.
      {"pod: {spec: {nodeSelector: {a: x y}}}", "invalid-label 1:32 /spec/node_selector/a",
       "pod: {spec: {nodeSelector: {a: '1'}}}"},
      {"pod: {spec: {runtimeClassName: A}}", "invalid-name 1:32 /spec/runtime_class",
       "pod: {spec: {runtimeClassName: a}}"},
      {"pod: {spec: {containers: [{name: '', image: 'a b'}]}}", "invalid-image 1:45 /spec/container_image",
       "pod: {spec: {containers: [{name: '', image: a}]}}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(IssueText(LayerIssues(row.bad)), row.issues) << row.bad;
    EXPECT_EQ(IssueText(LayerIssues(row.good)), "") << row.good;
  }
}

TEST(CheckLayer, FindsContradictionsWithinOneLayer) {
  constexpr Row kRows[] = {
      {"resource_defaults: {cpuRequest: 2, cpuLimit: 1}", "request-above-limit 1:33 /spec/resource_defaults/cpuRequest",
       "resource_defaults: {cpuRequest: 1, cpuLimit: 1}"},
      {"resource_defaults: {memoryRequest: 1025Mi, memoryLimit: 1Gi}",
       "request-above-limit 1:36 /spec/resource_defaults/memoryRequest",
       "resource_defaults: {memoryRequest: 1024Mi, memoryLimit: 1Gi}"},
      {"resource_defaults: {cpuRequest: 2, cpuLimit: 1}", "request-above-limit 1:33 /spec/resource_defaults/cpuRequest",
       "resource_defaults: {cpuRequest: 2, cpuLimit: null}"},
      {"network: {egress: {modes: {m: {type: org, cidrs: []}}}}",
       "cidrs-without-allowlist 1:50 /spec/network/egress/modes/m/cidrs",
       "network: {egress: {modes: {m: {type: org, cidrs: null}}}}"},
      {"network: {ingress: {w: {service: {dnsAnnotation: {value: x}}}}}",
       "half-pair 1:50 /spec/network/ingress/w/service/dnsAnnotation",
       "network: {ingress: {w: {service: {dnsAnnotation: {}}}}}"},
      {"network: {ingress: {w: {service: {serviceSelectorAnnotation: {key: x}}}}}",
       "half-pair 1:62 /spec/network/ingress/w/service/serviceSelectorAnnotation",
       "network: {ingress: {w: {service: {serviceSelectorAnnotation: {key: x, value: ''}}}}}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(IssueText(LayerIssues(row.bad)), row.issues) << row.bad;
    EXPECT_EQ(IssueText(LayerIssues(row.good)), "") << row.good;
  }
}

TEST(CheckLayer, MissesNothingThatAnotherLayerMayGive) {
  constexpr std::string_view kPartial[] = {
      "{}",
      "namespace: {strategy: static}",
      "network: {egress: {default: m}}",
      "network: {egress: {modes: {m: {type: allowlist}}}}",
      "network: {egress: {modes: {m: {cidrs: [10.0.0.0/8]}}}}",
      "network: {ingress: {w: {expectsExternalAddress: true}}}",
      "network: {ingress: {w: {ingress: {controllerName: nginx}}}}",
      "pod: {metadata: {annotations: {io.katacontainers.x: y}}}",
  };
  for (const std::string_view yaml : kPartial) EXPECT_EQ(IssueText(LayerIssues(yaml)), "") << yaml;
}

TEST(CheckLayer, SuggestsTheCorrectedRange) {
  const std::vector<Issue> issues = LayerIssues("network: {egress: {modes: {m: {cidrs: [10.1.2.3/8]}}}}");
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].suggestion, "write `10.0.0.0/8`");
  EXPECT_EQ(issues[0].field, "network.egress.modes[\"m\"].cidrs[0]");
  EXPECT_EQ(issues[0].layer, Layer::kProfile);
}

TEST(CheckLayer, WarnsOfAHostThatEverySandboxShares) {
  const std::vector<Issue> issues = LayerIssues("network: {ingress: {w: {ingress: {template: a.example}}}}");
  EXPECT_EQ(IssueText(issues), "host-template-not-unique 1:45 /spec/network/ingress/w/ingress/template");
  EXPECT_FALSE(HasError(issues));
}

struct Layers {
  std::string_view profile;
  std::string_view binding;
};

std::vector<Issue> EffectiveIssues(const Layers& layers, bool allow_restricted = false) {
  LayerPlaces places;
  for (const Layer layer : {Layer::kProfile, Layer::kBinding}) {
    places.files[static_cast<size_t>(layer)] = std::string(LayerName(layer)) + ".yaml";
    places.paths[static_cast<size_t>(layer)] = "/" + std::string(LayerName(layer));
  }
  const std::array<NodeRef, 2> specs = {SpecOf(layers.profile, Layer::kProfile),
                                        SpecOf(layers.binding, Layer::kBinding)};
  std::vector<Issue> issues;
  CheckEffective(MergeLayers(specs).get(), {allow_restricted, "r1"}, places, issues);
  return issues;
}

TEST(CheckEffective, HoldsTheRulesOverAllLayers) {
  struct Case {
    Layers layers;
    std::string_view issues;
  };
  constexpr Case kCases[] = {
      {{"{}", "{}"}, ""},
      {{"namespace: {strategy: static}", "{}"}, "static-namespace-missing 1:23 /profile/namespace/strategy"},
      {{"namespace: {strategy: static}", "namespace: {staticNamespace: a}"}, ""},
      {{"namespace: {staticNamespace: a}", "{}"}, ""},
      {{"network: {egress: {modes: {m: {type: none}}}}", "{}"},
       "egress-default-missing 1:27 /profile/network/egress/modes"},
      {{"network: {egress: {modes: {m: {type: none}}}}", "network: {egress: {default: n}}"},
       "egress-default-unknown 1:29 /binding/network/egress/default"},
      {{"network: {egress: {modes: {m: {type: none}}}}", "network: {egress: {default: m}}"}, ""},
      {{"network: {egress: {default: m}}", "{}"}, "egress-default-unknown 1:29 /profile/network/egress/default"},
      {{"network: {egress: {default: m, modes: {m: {type: none}}}}", "network: {egress: {default: null}}"},
       "egress-default-missing 1:39 /profile/network/egress/modes"},
      {{"network: {egress: {default: m, modes: {m: {type: allowlist}}}}", "{}"},
       "allowlist-without-cidrs 1:50 /profile/network/egress/modes/m/type"},
      {{"network: {egress: {default: m, modes: {m: {cidrs: [10.0.0.0/8]}}}}", "{}"},
       "missing-field 1:43 /profile/network/egress/modes/m"},
      {{"network: {egress: {default: m, modes: {m: {type: org}}}}",
        "network: {egress: {modes: {m: {cidrs: [10.0.0.0/8]}}}}"},
       "cidrs-without-allowlist 1:39 /binding/network/egress/modes/m/cidrs"},
      {{"network: {ingress: {w: {scope: any}}}", "{}"}, "missing-field 1:24 /profile/network/ingress/w"},
      {{"network: {ingress: {w: {scope: any}}}", "network: {ingress: {w: {service: {serviceType: NodePort}}}}"}, ""},
      {{"network: {ingress: {w: {scope: any, service: {dnsAnnotation: {key: a, value: b}}}}}", "{}"},
       "missing-field 1:46 /profile/network/ingress/w/service"},
      {{"network: {ingress: {w: {scope: any, service: {serviceType: NodePort}, ingress: {controllerName: n}}}}", "{}"},
       "missing-field 1:80 /profile/network/ingress/w/ingress"},
      {{"network: {ingress: {w: {scope: any, expectsExternalAddress: true, service: {serviceType: NodePort}}}}", "{}"},
       "external-address-impossible 1:61 /profile/network/ingress/w/expectsExternalAddress"},
      {{"network: {ingress: {w: {scope: any, expectsExternalAddress: true, service: {serviceType: NodePort}}}}",
        "network: {ingress: {w: {expectsExternalAddress: false}}}"},
       ""},
      {{"resource_defaults: {cpuRequest: 2}", "resource_defaults: {cpuLimit: 1}"},
       "request-above-inherited-limit 1:33 /profile/resource_defaults/cpuRequest"},
      {{"instance_types: [a]", "pod: {placement: {instanceTypes: [b]}}"},
       "instance-types-contradiction 1:34 /binding/pod/placement/instanceTypes"},
      {{"instance_types: [a, B]", "pod: {placement: {instanceTypes: [b, A, a]}}"}, ""},
      {{"instance_types: []", "pod: {placement: {instanceTypes: [b]}}"},
       "instance-types-contradiction 1:34 /binding/pod/placement/instanceTypes"},
      {{"pod: {metadata: {annotations: {io.katacontainers.x: y}}}", "{}"},
       "restricted-annotation 1:32 /profile/pod/metadata/annotations/io.katacontainers.x"},
      {{"pod: {metadata: {annotations: {io.katacontainers.x: y}}}",
        "pod: {metadata: {annotations: {io.katacontainers.x: null}}}"},
       ""},
  };
  for (const Case& row : kCases) {
    EXPECT_EQ(IssueText(EffectiveIssues(row.layers)), row.issues) << row.layers.profile << " | " << row.layers.binding;
  }
}

TEST(CheckEffective, NamesTheFileOfTheLayer) {
  const std::vector<Issue> issues =
      EffectiveIssues({"resource_defaults: {cpuRequest: 2}", "resource_defaults: {cpuLimit: 1}"});
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].file, "profile.yaml");
  EXPECT_FALSE(HasError(issues));
  EXPECT_THAT(issues[0].message, testing::HasSubstr("binding.yaml:1:"));
}

TEST(CheckEffective, LetsARunnerAllowRestrictedAnnotations) {
  const Layers layers = {"pod: {metadata: {annotations: {io.katacontainers.x: y}}}", "{}"};
  EXPECT_TRUE(EffectiveIssues(layers, true).empty());
  EXPECT_TRUE(HasError(EffectiveIssues(layers, false)));
}

TEST(CheckEffective, AcceptsNoSpecAtAll) {
  std::vector<Issue> issues;
  CheckEffective(nullptr, {}, {}, issues);
  EXPECT_TRUE(issues.empty());
}

TEST(RestrictedAnnotations, AreThoseThatChangeIsolation) {
  for (const std::string_view key :
       {"io.katacontainers.config.hypervisor.x", "container.apparmor.security.beta.kubernetes.io/main",
        "seccomp.security.alpha.kubernetes.io/pod", "k8s.v1.cni.cncf.io/networks"}) {
    EXPECT_TRUE(IsRestrictedAnnotation(key)) << key;
  }
  for (const std::string_view key : {"", "io.katacontainers", "acme.example/x", "IO.katacontainers.x",
                                     "x.io.katacontainers.y", "prometheus.io/scrape"}) {
    EXPECT_FALSE(IsRestrictedAnnotation(key)) << key;
  }
}

}  // namespace
}  // namespace berth
