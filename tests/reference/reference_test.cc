// The reference itself against hand-computed answers: if this file and the semantics disagree, the reference is wrong.
#include "tests/reference/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

// ---- a small world ----

Json Profile(const std::string& name, const Json& spec) {
  return {{"kind", "Profile"}, {"display_name", name}, {"spec", spec}};
}

Json Bound(const std::string& profile, bool is_default) {
  return {{"profile_template_id", profile}, {"is_default", is_default}};
}

Json RunnerDoc(const std::string& id, const Json& bindings) {
  return Json::parse(R"({"kind": "Runner", "identity": {"zone": "z", "runner_group_id": "blue"},
    "capabilities": {"max_cpu_millicores": 96000, "max_memory_bytes": 824633720832, "max_gpu_count": 8,
      "supported_gpu_types": ["h100"], "supported_architectures": ["amd64"]}})")
      .patch(Json::array({{{"op", "add"}, {"path", "/runner_id"}, {"value", id}},
                          {{"op", "add"}, {"path", "/identity/cluster_name"}, {"value", "c-" + id}},
                          {{"op", "add"}, {"path", "/profile_bindings"}, {"value", bindings}}}));
}

// One runner `r`, one default profile `p` with this spec, and whatever else is given.
Json World(const Json& spec, const Json& more = Json::array()) {
  Json out = Json::array({Profile("p", spec), RunnerDoc("r", Json::array({Bound("p", true)}))});
  for (const Json& object : more) out.push_back(object);
  return out;
}

Json Decide(const Json& objects, const Json& request, const Json& live = Json::object()) {
  return Admit(Catalog(objects), request, live, true);
}

Json Effective(const Json& objects) { return Resolve(Catalog(objects), "default", "r", "", nullptr, true); }

std::vector<std::string> Codes(const Json& decision) {
  std::vector<std::string> out;
  for (const Json& reason : decision.value("reasons", Json::array())) out.push_back(reason["code"]);
  return out;
}

std::vector<std::string> Fields(const Json& decision) {
  std::vector<std::string> out;
  for (const Json& violation : decision.value("violations", Json::array())) out.push_back(violation["field"]);
  return out;
}

using Names = std::vector<std::string>;

// ---- values ----

TEST(ReferenceValues, HashesHaveTheirCheckValues) {
  EXPECT_EQ(Mix(0x9e3779b97f4a7c15U), 0xe220a8397b1dcdafU);
  EXPECT_EQ(Fnv1a64("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(Fnv1a64(""), 0xcbf29ce484222325U);
}

TEST(ReferenceValues, QuantitiesPrintCanonically) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1.5", "1500m"},    {"1000m", "1"},    {".5", "500m"},       {"0.0001", "100u"},
      {"1.5Gi", "1536Mi"}, {"2000", "2k"},    {"1023Ki", "1023Ki"}, {"100Ki", "100Ki"},
      {"00", "0"},         {"1e3", "1e3"},    {"12e6", "12e6"},     {"1e-1", "100e-3"},
      {"0.1m", "100u"},    {"1024Mi", "1Gi"}, {"0.5Ki", "512"},     {"1.1Ki", "1126400m"},
      {"1.500", "1500m"},  {"+5", "5"},       {"007", "7"},         {"1.", "1"},
      {"12E6", "12e6"},    {"-0", "0"},       {"1E", "1E"},         {"1E3", "1e3"},
      {"0.5n", "1n"},      {" 1Gi\n", "1Gi"}, {"1e0", "1"},         {"0.0000000001", "1n"},
      {"1.G", "1G"}};
  for (const auto& [text, canonical] : cases) {
    const auto quantity = ParseQuantity(text, Resource::kMemory);
    ASSERT_TRUE(quantity) << text;
    EXPECT_EQ(quantity->text, canonical) << text;
  }
}

TEST(ReferenceValues, RefusesWhatIsNoQuantity) {
  for (const char* text : {"",
                           " ",
                           "1 Gi",
                           "1K",
                           "1ki",
                           "1i",
                           "1e",
                           "1e1.5",
                           "1e3Ki",
                           "1.2.3",
                           "0x10",
                           "1_000",
                           "NaN",
                           "Inf",
                           ".",
                           "-.",
                           "-1",
                           "-1.5",
                           "-0.0000000001",
                           "8Ei",
                           "10E",
                           "1e30",
                           "1e-99999999999",
                           "0e1001",
                           "++1",
                           "\v1"}) {
    EXPECT_FALSE(ParseQuantity(text, Resource::kMemory)) << text;
  }
  EXPECT_TRUE(ParseQuantity("0e1000", Resource::kMemory));
  EXPECT_EQ(ParseQuantity("9223372036854775807", Resource::kMemory)->units, INT64_MAX);
  EXPECT_FALSE(ParseQuantity("9223372036854775807.1", Resource::kMemory));
  EXPECT_FALSE(ParseQuantity("9223372036854775.808", Resource::kCpu));
  EXPECT_EQ(ParseQuantity("9223372036854775.807", Resource::kCpu)->units, INT64_MAX);
}

TEST(ReferenceValues, UnitsRoundUp) {
  EXPECT_EQ(ParseQuantity("0.0001", Resource::kCpu)->units, 1);
  EXPECT_EQ(ParseQuantity("1001u", Resource::kCpu)->units, 2);
  EXPECT_EQ(ParseQuantity("400m", Resource::kMemory)->units, 1);
  EXPECT_EQ(MillicoresText(96000), "96");
  EXPECT_EQ(MillicoresText(1500), "1500m");
  EXPECT_EQ(BytesText(824633720832), "768Gi");
  EXPECT_EQ(BytesText(0), "0");
}

TEST(ReferenceValues, CidrsAreStrict) {
  for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "fe80::/64", "::/0", "64:ff9b::c000:200/120",
                           "2001:db8:0:1:1:1:1:1/128", "2001:db8::1:0:0:1/128"}) {
    EXPECT_TRUE(IsStrictCidr(text)) << text;
  }
  for (const char* text : {"10.0.0.1/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0", "10.0.0.0/33", " 10.0.0.0/8",
                           "::ffff:1.2.3.0/120", "::ffff:102:300/120", "FE80::/64", "fe80:0::/64", "fe80::/129",
                           "64:ff9b::192.0.2.0/120", "2001:db8::1:1:1:1:1/128", "fe80::1/64", "10.0.0/8", "x/8"}) {
    EXPECT_FALSE(IsStrictCidr(text)) << text;
  }
}

TEST(ReferenceValues, ImagesFollowTheReferenceGrammar) {
  const std::string hex(64, 'a');
  for (const std::string& text :
       {std::string("python:3.11"), std::string("ghcr.io/acme/base:1.4"), "a@sha256:" + hex,
        "localhost:5000/a/b:t@sha256:" + hex, std::string("Host/a"), std::string("[2001:db8::1]:80/a"),
        std::string(247, 'a'), std::string("x/a__b---c.d/e_f")}) {
    EXPECT_TRUE(IsImageReference(text)) << text;
  }
  for (const std::string& text :
       {std::string(), hex, "a@sha256:" + hex.substr(1), "a@md5:" + hex, "a@sha256:" + std::string(64, 'A'),
        std::string("Python"), std::string("a b"), std::string("a:"), std::string("a/"), std::string(248, 'a'),
        "a:" + std::string(129, 't'), std::string("a..b"), std::string("[::1.2.3.4]/a")}) {
    EXPECT_FALSE(IsImageReference(text)) << text;
  }
}

TEST(ReferenceValues, HostTemplatesKnowTwoVariables) {
  EXPECT_TRUE(IsHostTemplate("{{.SandboxID}}.{{ .Namespace }}.example.com"));
  EXPECT_TRUE(IsHostTemplate("sb-{{.SandboxID}}.x"));
  for (const char* text : {"{{- .SandboxID}}.x", "{{.SandboxID | lower}}", "{{.Other}}", "{{.SandboxID}", "{{/* */}}",
                           "{{.SandboxID}}.UPPER", "{{.SandboxID}}..x", "a}}.x", ""}) {
    EXPECT_FALSE(IsHostTemplate(text)) << text;
  }
}

TEST(ReferenceValues, NamespacesHaveTheirLayout) {
  EXPECT_EQ(NamespaceName("", "per-org", {"acme"}), "acme");
  EXPECT_EQ(NamespaceName("sb-", "per-org", {"acme"}), "sb-acme");
  EXPECT_EQ(NamespaceName("", "per-user", {"default", "u-42"}), "default-u-42-muqc46qh6zqk3kut");
  EXPECT_EQ(NamespaceName("x-", "per-org", {"Acme Corp"}), "x-acme-corp-uxe45q4rmb2bcuxa");
  EXPECT_EQ(NamespaceName("", "per-profile", {"acme", "agent"}), "acme-agent-4wc4272hhbpqzwbv");
  EXPECT_EQ(NamespaceName("", "per-org", {"\xc3\xa9"}), "zrnhooyepf4oqbd2");
  EXPECT_NE(NamespaceName("", "per-org", {"a-abcdefghijklmnop"}), "a-abcdefghijklmnop");
  EXPECT_EQ(NamespaceName("", "per-user", {std::string(80, 'a'), "u"}).size(), 63U);
  EXPECT_EQ(NamespaceName("", "per-org", {std::string(63, 'a')}), std::string(63, 'a'));
  EXPECT_EQ(NamespaceName("p", "per-org", {std::string(63, 'a')}).size(), 63U);
}

// ---- merge ----

TEST(ReferenceMerge, InsidePodSpecItIsMergePatch) {
  const std::vector<std::vector<std::string>> cases = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {R"({"a":{"b":1}})", R"({"a":{"b":null}})", R"({"a":{}})"},
      {R"({"a":5})", R"({"a":{"b":1}})", R"({"a":{"b":1}})"},
      {R"({"a":{"b":1}})", R"({"a":{}})", R"({"a":{"b":1}})"}};
  for (const auto& c : cases) {
    Merged merged;
    AddLayer(&merged, "profile", {{"pod", {{"spec", Json::parse(c[0])}}}});
    AddLayer(&merged, "binding", {{"pod", {{"spec", Json::parse(c[1])}}}});
    const Json spec = Finish(merged, false).spec;
    EXPECT_EQ(spec["pod"]["spec"], Json::parse(c[2])) << c[0] << " + " << c[1];
  }
}

TEST(ReferenceMerge, AnotherTypeDisplacesTheOtherMembers) {
  const Path mode = {"network", "egress", "modes", "m"};
  const auto layer = [](const Json& value) -> Json { return {{"network", {{"egress", {{"modes", {{"m", value}}}}}}}}; };
  Merged merged;
  AddLayer(&merged, "zone", layer({{"type", "internet"}}));
  AddLayer(&merged, "profile", layer({{"cidrs", Json::array({"10.0.0.0/8"})}}));
  AddLayer(&merged, "binding", layer({{"type", "allowlist"}}));
  EXPECT_EQ(*Find(Finish(merged, false).spec, mode), Json({{"type", "allowlist"}}));
  Merged same;
  AddLayer(&same, "profile", layer({{"cidrs", Json::array({"10.0.0.0/8"})}}));
  AddLayer(&same, "binding", layer({{"type", "allowlist"}}));
  EXPECT_EQ(Find(Finish(same, false).spec, mode)->size(), 2U);
}

TEST(ReferenceMerge, EmptyRecordsVanishAndListsStay) {
  const Json out = Effective(World(Json::parse(R"({"tags": [], "node_selector": {"a": null}, "network": {"ingress":
    {"x": {}}, "egress": {"modes": {"m": {}}}}, "pod": {"spec": {"volumes": [{"emptyDir": {}}]}, "metadata": {}}})")));
  EXPECT_EQ(out["spec"], Json::parse(R"({"tags": [], "namespace": {"strategy": "per-org", "autoCreate": true},
    "pod": {"spec": {"volumes": [{"emptyDir": {}}]}}})"));
  EXPECT_EQ(out["egress"], Json::parse(R"({"mode": null, "type": "none", "cidrs": []})"));
  EXPECT_EQ(out["namespace"]["name"], "default");
}

TEST(ReferenceMerge, PodSpellingsFoldWithinTheirLayer) {
  Json objects = World(Json::parse(R"({"pod": {"spec": {"nodeSelector": {"a": "1", "b": "2"}, "runtimeClassName": "x",
    "containers": [{"name": "", "image": "i", "resources": {"limits": {"cpu": "2"}}}]}}})"));
  objects[1]["profile_bindings"][0]["overrides_json"] = R"({"nodeSelector": {"a": null}, "runtimeClass": "y"})";
  EXPECT_EQ(Effective(objects)["spec"], Json::parse(R"({"container_image": "i", "node_selector": {"b": "2"},
    "runtime_class": "y", "resource_defaults": {"cpuLimit": "2", "cpuRequest": "2"},
    "namespace": {"strategy": "per-org", "autoCreate": true}})"));
}

TEST(ReferenceMerge, WhatTheFoldDidNotEmptyStays) {
  const Json out =
      Effective(World(Json::parse(R"({"container_image": "top", "pod": {"spec": {"containers": [{"name": "",
    "image": "i", "env": [{"name": "A", "value": null}]}, {"name": "side"}]}}})")));
  EXPECT_EQ(out["spec"]["container_image"], "top");
  EXPECT_EQ(out["spec"]["pod"]["spec"]["containers"],
            Json::parse(R"([{"name": "", "env": [{"name": "A"}]}, {"name": "side"}])"));
}

TEST(ReferenceMerge, ExplainNamesLayersShadowsAndUnsets) {
  Json objects =
      World(Json::parse(R"({"runtimeClass": "b", "node_selector": {"k": "v"}, "tags": ["t"]})"),
            Json::array({Json::parse(R"({"kind": "Zone", "zone": "z", "defaults": {"runtime_class": "a"}})")}));
  objects[1]["profile_bindings"][0]["overrides_json"] = {{"runtime_class", "c"}, {"node_selector", nullptr}};
  const Json out = Explain(Catalog(objects), "default", "r", "p", nullptr, true);
  EXPECT_EQ(out["fields"], Json::parse(R"([
    {"path": "/namespace/autoCreate", "value": true, "layer": "default", "shadowed": []},
    {"path": "/namespace/strategy", "value": "per-org", "layer": "default", "shadowed": []},
    {"path": "/node_selector/k", "value": null, "layer": "binding", "unset_by": "binding",
     "shadowed": [{"layer": "profile", "value": "v"}]},
    {"path": "/runtime_class", "value": "c", "layer": "binding",
     "shadowed": [{"layer": "profile", "value": "b"}, {"layer": "zone", "value": "a"}]},
    {"path": "/tags", "value": ["t"], "layer": "profile", "shadowed": []}])"));
}

TEST(ReferenceMerge, InstanceTypesComeFromEitherPlace) {
  EXPECT_EQ(
      Effective(World(Json::parse(R"({"pod": {"placement": {"instance_types": ["A"]}}})")))["spec"]["instance_types"],
      Json::array({"A"}));
  EXPECT_EQ(
      Effective(World(Json::parse(
          R"({"instance_types": ["a"], "pod": {"placement": {"instanceTypes": ["A", "a"]}}})")))["spec"]
                                                                                                ["instance_types"],
      Json::array({"a"}));
  EXPECT_EQ(
      Effective(World(Json::parse(R"({"instance_types": ["a"], "pod": {"placement": {"instanceTypes": ["b"]}}})"))),
      Json({{"invalid", true}}));
}

TEST(ReferenceMerge, RunnerClassesLieAboveTheZone) {
  Json objects =
      World(Json::object(),
            Json::array({Json::parse(R"({"kind": "Zone", "zone": "z", "defaults": {"runtime_class": "a"}})")}));
  objects[1]["managed_spec"]["overrides"]["cpu_runtime_class"] = "cpu";
  EXPECT_EQ(Effective(objects)["spec"]["runtime_class"], "cpu");
  const Json decision = Decide(objects, Json::parse(R"({"resource_requests": {"gpu": {"count": 1}}})"));
  EXPECT_EQ(decision["spec"]["runtime_class"], "a");
}

// ---- effective specs ----

TEST(ReferenceSpec, RefusesWhatTheLawRefuses) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {R"({})", true},
      {R"({"no_such": 1})", false},
      {R"({"container_image": ""})", false},
      {R"({"runtime_class": "a", "runtimeClass": "a"})", false},
      {R"({"resource_defaults": {"cpu_request": 2, "cpuLimit": "2"}})", true},
      {R"({"resource_defaults": {"cpuRequest": "4", "cpuLimit": "2"}})", false},
      {R"({"namespace": {"strategy": "static"}})", false},
      {R"({"namespace": {"strategy": "static", "staticNamespace": "x", "namespacePrefix": ""}})", true},
      {R"({"namespaceConfigJson": "{\"strategy\":\"per-org\"}", "network_config_json": ""})", true},
      {R"({"namespaceConfigJson": "{}", "namespace": {}})", false},
      {R"({"network": "{}"})", false},
      {R"({"network": {"egress": {"default": "m"}}})", false},
      {R"({"network": {"egress": {"modes": {"m": {"type": "none"}}}}})", false},
      {R"({"network": {"egress": {"default": "m", "modes": {"m": {"type": "none"}}}}})", true},
      {R"({"network": {"egress": {"default": "m", "modes": {"m": {"type": "none", "cidrs": []}}}}})", false},
      {R"({"network": {"egress": {"default": "m", "modes": {"m": {"type": "none", "cidrs": null}}}}})", true},
      {R"({"network": {"egress": {"default": "m", "modes": {"m": {"type": "allowlist", "cidrs": []}}}}})", false},
      {R"({"network": {"egress": {"default": "m", "modes": {"m": {"type": "allowlist", "cidrs": ["10.0.0.0/8"]}}}}})",
       true},
      {R"({"network": {"ingress": {"l": {"scope": "any", "service": {"serviceType": "ClusterIP"}}}}})", true},
      {R"({"network": {"ingress": {"l": {"service": {"serviceType": "ClusterIP"}}}}})", false},
      {R"({"network": {"ingress": {"l": {"scope": "any", "expectsExternalAddress": true, "service": {"serviceType": "NodePort"}}}}})",
       false},
      {R"({"network": {"ingress": {"l": {"scope": "any", "service": {"serviceType": "ClusterIP", "dnsAnnotation": {"key": "k"}}}}}})",
       false},
      {R"({"network": {"ingress": {"l": {"scope": "any", "service": {"serviceType": "ClusterIP", "dnsAnnotation": {}}}}}})",
       true},
      {R"({"pod": {"metadata": {"annotations": {"io.katacontainers.x/y": "1"}}}})", false},
      {R"({"pod": {"metadata": {"labels": {"sandbox-id": 5, "sandbox.coreweave.com/x": "y"}}}})", true},
      {R"({"pod": {"spec": {"tolerations": [null]}}})", false},
      {R"({"pod": {"spec": {"containers": [{"name": "", "resources": {"limits": {"nvidia.com/gpu": 1}}}]}}})", false},
      {R"({"pod": {"spec": {"no_such": {"$patch": "delete"}}}})", false}};
  for (const auto& [spec, valid] : cases) {
    EXPECT_EQ(!Effective(World(Json::parse(spec))).contains("invalid"), valid) << spec;
  }
}

TEST(ReferenceCatalog, RefusesTheRunnerOrTheBinding) {
  const Json ask = {{"runner_ids", {"r"}}};
  Json two_defaults = World(Json::object(), Json::array({Profile("q", Json::object())}));
  two_defaults[1]["profile_bindings"].push_back(Bound("q", true));
  EXPECT_EQ(Codes(Decide(two_defaults, ask)), Names{"NO_RUNNERS"});
  two_defaults[1]["profile_bindings"][1]["is_default"] = false;
  EXPECT_EQ(Decide(two_defaults, ask)["candidates"], 2);
  Json dangling = World(Json::object());
  dangling[1]["profile_bindings"][0]["profile_template_id"] = "nowhere";
  EXPECT_EQ(Codes(Decide(dangling, {{"profile_ids", {"nowhere"}}})), Names{"PROFILE_INVALID"});
  Json twice = World(Json::object());
  twice.push_back(twice[0]);
  EXPECT_EQ(Codes(Decide(twice, ask)), Names{"PROFILE_INVALID"});
  Json same_id = World(Json::object());
  same_id.push_back(same_id[1]);
  EXPECT_EQ(Codes(Decide(same_id, ask)), Names{"NO_RUNNERS"});
  Json bad_zone = World(Json::object(), Json::array({Json::parse(R"({"kind": "Zone", "zone": "z", "x": 1})")}));
  EXPECT_EQ(Codes(Decide(bad_zone, ask)), Names{"PROFILE_INVALID"});
  Json by_id = World(Json::object());
  by_id[0]["id"] = "u1";
  EXPECT_EQ(Codes(Decide(by_id, ask)), Names{"PROFILE_INVALID"});
  by_id[1]["profile_bindings"][0]["profile_template_id"] = "u1";
  EXPECT_EQ(Decide(by_id, {{"profile_names", {"u1"}}})["placement"],
            Json::parse(R"({"runner_id": "r", "profile_name": "p", "profile_id": "u1", "zone": "z"})"));
}

// ---- requests ----

TEST(ReferenceRequest, ViolationsHaveTheirPaths) {
  const std::vector<std::pair<std::string, Names>> cases = {
      {R"({"sandbox_id": "", "zone": "", "resource_requests": {"cpu": ""}})", {}},
      {R"({"sandboxId": "UP"})", {"sandbox_id"}},
      {R"({"no_such": 1})", {"no_such"}},
      {R"({"profile_names": [""], "runner_ids": "r"})", {"profile_names[0]", "runner_ids"}},
      {R"({"resource_requests": {"cpu": "8"}, "resource_limits": {"cpu": "4"}})", {"resource_requests.cpu"}},
      {R"({"resource_requests": {"cpu": "0.1m"}, "resource_limits": {"cpu": "0.05m"}})", {}},
      {R"({"resource_limits": {"memory": "lots"}})", {"resource_limits.memory"}},
      {R"({"resources": {"cpu": "1"}, "resource_limits": {"cpu": "1"}})", {"resources"}},
      {R"({"resource_limits": {"gpu": {"type": "h100"}}})", {"resource_limits.gpu.count"}},
      {R"({"resource_limits": {"gpu": {"count": 0}}})", {"resource_limits.gpu.count"}},
      {R"({"resource_limits": {"gpu": {"gpuCount": "1", "type": "h100", "memory_gb": 80}}})",
       {"resource_limits.gpu.memory_gb"}},
      {R"({"resource_limits": {"gpu": {"count": 1}}, "resource_requests": {"gpu": {"count": 2}}})",
       {"resource_requests.gpu"}},
      {R"({"network": {"exposed_ports": [80]}})", {"network.ingress_mode"}},
      {R"({"network": {"ingress_mode": "x"}})", {"network.exposed_ports"}},
      {R"({"network": {"ingress_mode": "x", "exposed_ports": [80, 80, 0]}})",
       {"network.exposed_ports[1]", "network.exposed_ports[2]"}},
      {R"({"pod_annotations": {"a/b": "", "io.katacontainers.x": "y", "n": null}})",
       {R"(pod_annotations["a/b"])", R"(pod_annotations["io.katacontainers.x"])", R"(pod_annotations["n"])"}},
      {R"({"overrides": {"node_selector": {"a": "b"}}})", {"overrides.node_selector"}},
      {R"({"overrides": {"tags": ["x"], "network": {}}})", {}},
      {R"({"overrides": {"tags": [], "pod": {"spec": {"hostNetwork": true, "priority": 1}}}})",
       {"overrides.pod.spec.hostNetwork"}},
      {R"({"overrides": {"pod": null}})", {"overrides.pod"}},
      {R"({"overrides": {"pod": {"spec": {"containers": [{"name": "", "image": "x"}]}}}})",
       {"overrides.container_image"}}};
  const Json organization = Json::parse(R"({"kind": "Organization", "launch_overrides": ["tags", "pod"]})");
  for (const auto& [request, fields] : cases) {
    const Json decision = Decide(World(Json::object(), Json::array({organization})), Json::parse(request));
    EXPECT_EQ(Fields(decision), fields) << request;
  }
  EXPECT_EQ(Fields(Decide(World(Json::object()), Json::array())), Names{""});
}

TEST(ReferenceRequest, ReservedAnnotationsAreDropped) {
  const Json out =
      Decide(World(Json::object()), Json::parse(R"({"pod_annotations": {"sandbox-id": "x", "team": "ml"}})"));
  EXPECT_EQ(out["spec"]["pod"]["metadata"]["annotations"], Json({{"team", "ml"}}));
}

// ---- admission ----

TEST(ReferenceScope, NamesTheFilterThatEmptiedIt) {
  Json objects = World(Json::object(),
                       Json::array({RunnerDoc("s", Json::array({Bound("q", true)})), Profile("q", Json::object())}));
  objects[2]["identity"]["runner_group_id"] = "green";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"profile_names": ["x"], "runner_ids": ["x"]})", "PROFILE_NOT_BOUND"},
      {R"({"runner_ids": ["x"], "zone": "x"})", "RUNNER_NOT_FOUND"},
      {R"({"runner_group_id": "x"})", "RUNNER_GROUP_NOT_FOUND"},
      {R"({"zone": "x"})", "ZONE_NOT_FOUND"},
      {R"({"profile_names": ["p"], "runner_ids": ["s"]})", "FILTERS_DISJOINT"},
      {R"({"organization_id": "other"})", "NO_RUNNERS"}};
  for (const auto& [request, code] : cases) {
    const Json decision = Decide(objects, Json::parse(request));
    EXPECT_EQ(Codes(decision), Names{code}) << request;
    EXPECT_EQ(decision["candidates"], 0) << request;
    EXPECT_EQ(decision["reasons"][0]["headline"], 0) << request;
  }
  EXPECT_EQ(Decide(objects, {{"runner_group_id", "x"}})["reasons"][0]["offered"], Json::array({"blue", "green"}));
  EXPECT_EQ(Decide(objects, {{"profile_names", {"x"}}})["code"], "CWSANDBOX_PROFILE_MISMATCH");
  EXPECT_EQ(Decide(objects, {{"zone", "x"}})["code"], "CWSANDBOX_NO_SUITABLE_RUNNER");
}

TEST(ReferenceAdmit, CeilingGoesBeforeRequestAboveLimit) {
  const Json spec = Json::parse(R"({"resource_defaults": {"cpuLimit": "4", "memoryLimit": "1Gi"}})");
  const Json ask = Json::parse(R"({"resource_requests": {"cpu": "8"}})");
  EXPECT_EQ(Codes(Decide(World(spec), ask)), Names{"CPU_EXCEEDS_PROFILE"});
  const Json lenient = Json::parse(R"({"kind": "Organization", "limits_are": "default"})");
  const Json decision = Decide(World(spec, Json::array({lenient})), ask);
  EXPECT_EQ(Codes(decision), Names{"CPU_REQUEST_ABOVE_LIMIT"});
  EXPECT_EQ(decision["reasons"][0], Json::parse(R"({"code": "CPU_REQUEST_ABOVE_LIMIT", "class": "FIX_REQUEST",
    "capability": "cpu", "requested": "8", "offered": ["4"], "headline": 1, "blocked": 1, "sole": 1,
    "example": {"runner_id": "r", "profile_name": "p", "layer": "profile", "source": null}})"));
  EXPECT_EQ(Decide(World(spec), Json::parse(R"({"resource_requests": {"cpu": "4"}})"))["verdict"], "ADMITTED");
}

TEST(ReferenceAdmit, HeadlinesAddUpToTheCandidates) {
  Json objects = World(Json::parse(R"({"resource_defaults": {"cpuLimit": "2"}})"),
                       Json::array({Profile("q", Json::parse(R"({"namespace": {"strategy": "per-user"}})")),
                                    Profile("bad", Json::parse(R"({"x": 1})")),
                                    RunnerDoc("s", Json::array({Bound("bad", true), Bound("q", false)}))}));
  objects[1]["profile_bindings"].push_back(Bound("q", false));
  objects[4]["install_status"] = "RUNNER_INSTALL_STATUS_FAILED";
  const Json decision = Decide(objects, Json::parse(R"({"resource_requests": {"cpu": "97", "gpu": {"count": 9}},
    "resource_limits": {"cpu": "97"}, "network": {"egress_mode": "internet"}})"));
  EXPECT_EQ(decision["verdict"], "REJECTED");
  EXPECT_EQ(decision["candidates"], 4);
  int headlines = 0;
  for (const Json& reason : decision["reasons"]) headlines += reason["headline"].get<int>();
  EXPECT_EQ(headlines, 4);
  EXPECT_EQ(Codes(decision), (Names{"PROFILE_INVALID", "USER_REQUIRED", "RUNNER_NOT_READY", "GPU_COUNT_EXCEEDS_RUNNER",
                                    "EGRESS_MODE_NOT_OFFERED", "CPU_EXCEEDS_PROFILE", "CPU_EXCEEDS_RUNNER"}));
  EXPECT_EQ(decision["per_candidate"][2], Json::parse(R"({"runner_id": "s", "profile_name": "bad",
    "reasons": ["PROFILE_INVALID", "RUNNER_NOT_READY", "GPU_COUNT_EXCEEDS_RUNNER"]})"));
  EXPECT_EQ(decision["reasons"][2]["offered"], Json::array({"FAILED"}));
  EXPECT_EQ(decision["reasons"][6]["offered"], Json::array({"96"}));
}

TEST(ReferenceAdmit, ARefusedOrganizationFailsClosed) {
  const Json refused = Json::parse(R"({"kind": "Organization", "allowed_images": ["("]})");
  const Json decision = Decide(World(Json::object(), Json::array({refused})), Json::object());
  EXPECT_EQ(Codes(decision), Names{"ORGANIZATION_INVALID"});
  EXPECT_EQ(decision["reasons"][0]["example"]["layer"], "organization");
}

TEST(ReferenceAdmit, QuotaCountsResolvedValues) {
  const Json quota = Json::parse(R"({"kind": "Organization", "quota": {"cpu": "2", "memory": "1Gi", "gpu": 1}})");
  const Json spec = Json::parse(R"({"resource_defaults": {"cpuRequest": "3", "memoryLimit": "2048Mi"}})");
  const Json decision =
      Decide(World(spec, Json::array({quota})), Json::parse(R"({"resources": {"gpu": {"count": 2}}})"));
  EXPECT_EQ(decision["per_candidate"][0]["reasons"],
            Json::array({"ORGANIZATION_QUOTA_EXCEEDED", "ORGANIZATION_QUOTA_EXCEEDED", "ORGANIZATION_QUOTA_EXCEEDED"}));
  EXPECT_EQ(decision["reasons"][0]["sole"], 0);
  EXPECT_EQ(decision["reasons"][0]["requested"], nullptr);
  EXPECT_EQ(decision["reasons"][2]["requested"], "2");
  EXPECT_EQ(decision["reasons"][2]["offered"], Json::array({"1"}));
}

TEST(ReferenceAdmit, GpuTypesAreRestrictedByInstanceTypes) {
  const Json count = Json::parse(R"({"resources": {"gpu": {"count": 1}}})");
  EXPECT_EQ(Codes(Decide(World(Json::parse(R"({"instance_types": ["cpu.small"]})")), count)),
            Names{"GPU_TYPE_UNAVAILABLE"});
  EXPECT_EQ(Decide(World(Json::parse(R"({"instance_types": ["H100"]})")), count)["verdict"], "ADMITTED");
  EXPECT_EQ(Decide(World(Json::parse(R"({"instance_types": []})")), count)["verdict"], "ADMITTED");
  const Json memory = Json::parse(R"({"resources": {"gpu": {"count": 1, "memory_gb": 80}}})");
  EXPECT_EQ(Codes(Decide(World(Json::object()), memory)), Names{"GPU_TYPE_UNAVAILABLE"});
  const Json zone = Json::parse(R"({"kind": "Zone", "zone": "z", "gpu_memory_gb": {"H100": 80}})");
  EXPECT_EQ(Decide(World(Json::object(), Json::array({zone})), memory)["verdict"], "ADMITTED");
}

TEST(ReferenceAdmit, LiveStateReplacesTheDocument) {
  const Json spec = Json::parse(R"({"resource_defaults": {"cpuRequest": "4"}})");
  EXPECT_EQ(Decide(World(spec), Json::object())["verdict"], "ADMITTED");
  const Json live =
      Json::parse(R"({"default/r": {"connection_status": "DISCONNECTED", "available_cpu_millicores": 3999}})");
  EXPECT_EQ(Codes(Decide(World(spec), Json::object(), live)), (Names{"RUNNER_DISCONNECTED", "INSUFFICIENT_CPU"}));
  EXPECT_EQ(Codes(Decide(World(spec), Json::object(), Json::parse(R"({"default/r": {"stale": true}})"))),
            Names{"INSUFFICIENT_CPU"});
}

TEST(ReferenceAdmit, SelectionFollowsTheStrategy) {
  Json objects = World(Json::parse(R"({"resource_defaults": {"cpuRequest": "1"}})"));
  objects.push_back(RunnerDoc("s", Json::array({Bound("p", true)})));
  objects.push_back(RunnerDoc("t", Json::array({Bound("p", true)})));
  objects[1]["resources"]["available_cpu_millicores"] = 20000;
  objects[2]["resources"]["available_cpu_millicores"] = 40000;
  objects[3]["resources"]["available_cpu_millicores"] = 10000;
  const auto order = [&](const std::string& strategy) {
    Json all = objects;
    all.push_back({{"kind", "Organization"}, {"strategy", strategy}});
    const Json decision = Decide(all, Json::object());
    std::string out = decision["placement"]["runner_id"];
    for (const Json& other : decision["alternatives"]) out += other["runner_id"].get<std::string>();
    return out;
  };
  EXPECT_EQ(order("spread"), "srt");
  EXPECT_EQ(order("pack"), "trs");
  EXPECT_EQ(order("first"), "rst");
}

TEST(ReferenceAdmit, TiesGoToTheLargerHashAndUnnamedRequestsToDefaults) {
  Json objects = World(Json::object());
  for (const char* id : {"s", "t", "u"}) objects.push_back(RunnerDoc(id, Json::array({Bound("p", true)})));
  const Json decision = Decide(objects, {{"sandbox_id", "sb-1"}});
  Names names = {"r", "s", "t", "u"};
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return Mix(Fnv1a64("sb-1") ^ Fnv1a64(a)) > Mix(Fnv1a64("sb-1") ^ Fnv1a64(b));
  });
  EXPECT_EQ(decision["placement"]["runner_id"], names[0]);
  EXPECT_EQ(decision["alternatives"][2]["runner_id"], names[3]);
  Json two = World(Json::object(), Json::array({Profile("a", Json::object())}));
  two[1]["profile_bindings"].insert(two[1]["profile_bindings"].begin(), Bound("a", false));
  EXPECT_EQ(Decide(two, Json::object())["placement"]["profile_name"], "p");
  EXPECT_EQ(Decide(two, {{"profile_names", {"a", "p"}}})["placement"]["profile_name"], "a");
  two.push_back(Json::parse(R"({"kind": "Organization", "unnamed_requests": "default_binding_only"})"));
  EXPECT_EQ(Decide(two, Json::object())["candidates"], 1);
}

TEST(ReferenceAdmit, SharedRunnersComeAfterOwnOnes) {
  Json objects = World(Json::object());
  Json shared = RunnerDoc("a", Json::array({Bound("p", true)}));
  shared["organization_id"] = "other";
  shared["is_shared"] = true;
  Json profile = Profile("p", Json::parse(R"({"namespace": {"strategy": "per-profile"}})"));
  profile["organization_id"] = "other";
  objects.push_back(shared);
  objects.push_back(profile);
  const Json decision = Decide(objects, Json::parse(R"({"privileged": true})"));
  EXPECT_EQ(decision["per_candidate"][0]["runner_id"], "r");
  EXPECT_EQ(decision["per_candidate"][1]["runner_id"], "a");
  EXPECT_EQ(decision["reasons"][0]["offered"], Json::array({"false"}));
}

TEST(ReferenceAdmit, HostNamesAreRendered) {
  const Json spec =
      Json::parse(R"({"network": {"ingress": {"web": {"scope": "any", "service": {"serviceType": "ClusterIP"},
    "ingress": {"controllerName": "nginx", "template": "{{.SandboxID}}.{{.Namespace}}.x.io"}}}}})");
  Json ask = Json::parse(R"({"sandbox_id": "sb-1", "network": {"ingress_mode": "web", "exposed_ports": [80]}})");
  EXPECT_EQ(Decide(World(spec), ask)["ingress"],
            Json::parse(R"({"mode": "web", "scope": "any", "host": "sb-1.default.x.io"})"));
  ask.erase("sandbox_id");
  EXPECT_EQ(Decide(World(spec), ask)["ingress"]["host"], nullptr);
  Json long_label = spec;
  long_label["network"]["ingress"]["web"]["ingress"]["template"] = "a-{{.SandboxID}}.x.io";
  ask["sandbox_id"] = std::string(62, 's');
  EXPECT_EQ(Codes(Decide(World(long_label), ask)), Names{"HOST_NAME_INVALID"});
}

TEST(ReferenceAdmit, OverridesThatBreakTheSpecAreTheRequestsFault) {
  const Json opened = Json::parse(R"({"kind": "Organization", "launch_overrides": ["instance_types"]})");
  const Json spec = Json::parse(R"({"pod": {"placement": {"instanceTypes": ["a"]}}})");
  const Json decision =
      Decide(World(spec, Json::array({opened})), Json::parse(R"({"overrides": {"instance_types": ["b"]}})"));
  EXPECT_EQ(Codes(decision), Names{"OVERRIDE_INVALID"});
  EXPECT_EQ(decision["reasons"][0]["example"]["layer"], "sandbox");
  EXPECT_EQ(
      Decide(World(spec, Json::array({opened})), Json::parse(R"({"overrides": {"instance_types": ["A"]}})"))["verdict"],
      "ADMITTED");
}

TEST(ReferenceAdmit, ImagesMatchAsGiven) {
  const Json organization = Json::parse(R"({"kind": "Organization", "allowed_images": ["python:.*"]})");
  const Json objects = World(Json::object(), Json::array({organization}));
  EXPECT_EQ(Decide(objects, {{"container_image", "python:3"}})["verdict"], "ADMITTED");
  EXPECT_EQ(Decide(objects, {{"container_image", "my/python:3"}})["reasons"][0]["class"], "FIX_REQUEST");
  EXPECT_EQ(Decide(objects, Json::object())["reasons"][0]["class"], "ASK_ADMIN");
}

TEST(ReferenceResolve, AnswersWithoutAdmission) {
  const Json spec = Json::parse(R"({"namespace": {"strategy": "per-user"}})");
  const Catalog catalog(World(spec));
  EXPECT_EQ(Resolve(catalog, "default", "r", "p", nullptr, false)["namespace"]["name"], nullptr);
  const Json nobody = Json::object();
  EXPECT_EQ(Fields(Resolve(catalog, "default", "r", "", &nobody, false)), Names{"user_id"});
  const Json user = {{"user_id", "u-42"}};
  EXPECT_EQ(Resolve(catalog, "default", "r", "", &user, false)["namespace"]["name"], "default-u-42-muqc46qh6zqk3kut");
  EXPECT_EQ(Resolve(catalog, "default", "x", "", nullptr, false), Json({{"unknown", "runner"}}));
  EXPECT_EQ(Resolve(catalog, "default", "r", "x", nullptr, false), Json({{"unknown", "profile"}}));
}

}  // namespace
}  // namespace berth::reference
