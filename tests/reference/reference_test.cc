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

TEST(ReferenceMerge, UnknownFieldsOfPodSpecMergeAsInMergePatch) {
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
    {"x": {}}, "egress": {"modes": {"m": {}}}}, "pod": {"spec": {"volumes":
    [{"name": "v", "emptyDir": {}}]}, "metadata": {}}})")));
  EXPECT_EQ(out["spec"], Json::parse(R"({"tags": [], "namespace": {"strategy": "per-org", "autoCreate": true},
    "pod": {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}})"));
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

// ---- pod.spec ----

// Whole specs as JSON texts, the zone's first, then profile, binding and sandbox.
Merged MergedOf(const std::vector<std::string>& specs) {
  const Names names = {"zone", "profile", "binding", "sandbox"};
  Merged merged;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Problems problems;
    const Json spec = DecodeSpec(Json::parse(specs[i]), "", &problems);
    for (const Problem& problem : problems) ADD_FAILURE() << specs[i] << ": " << problem.field << " " << problem.what;
    AddLayer(&merged, names[i], spec);
  }
  return merged;
}

std::string InPod(const std::string& pod_spec) { return R"({"pod": {"spec": )" + pod_spec + "}}"; }

struct PodRow {
  std::vector<std::string> layers;  // each a pod.spec
  std::string result;               // a pod.spec; empty: there is none
};

void ExpectPodSpecs(const std::vector<PodRow>& rows) {
  for (const PodRow& row : rows) {
    std::vector<std::string> specs;
    std::string all;
    for (const std::string& layer : row.layers) {
      specs.push_back(InPod(layer));
      all += layer + "\n";
    }
    const Json spec = Finish(MergedOf(specs), false).spec;
    const Json* result = Find(spec, {"pod", "spec"});
    EXPECT_EQ(result == nullptr ? "" : result->dump(), row.result.empty() ? "" : Json::parse(row.result).dump()) << all;
  }
}

TEST(ReferencePodSpec, ObjectsMergeMemberByMember) {
  ExpectPodSpecs({
      {{R"({"schedulerName":"a"})", R"({"schedulerName":"b"})"}, R"({"schedulerName":"b"})"},
      {{R"({"securityContext":{"runAsUser":1}})", R"({"securityContext":{"fsGroup":2}})"},
       R"({"securityContext":{"runAsUser":1,"fsGroup":2}})"},
      {{R"({"securityContext":{"runAsUser":1,"fsGroup":2}})", R"({"securityContext":{"fsGroup":null}})"},
       R"({"securityContext":{"runAsUser":1}})"},
      // An object that a layer wrote stays when its members were removed, and when it never had any.
      {{R"({"securityContext":{"fsGroup":2}})", R"({"securityContext":{"fsGroup":null}})"},
       R"({"securityContext":{}})"},
      {{R"({"affinity":{}})"}, R"({"affinity":{}})"},
      {{R"({"affinity":{"podAffinity":null}})"}, R"({"affinity":{}})"},
      {{R"({"securityContext":{"fsGroup":2}})", R"({"securityContext":{}})"}, R"({"securityContext":{"fsGroup":2}})"},
      // An empty pod.spec does not.
      {{R"({"affinity":{"x":1}})", R"({"affinity":null})"}, ""},
      {{R"({"schedulerName":"a"})", "null"}, ""},
      // Of an unknown field the higher type counts.
      {{R"({"new":{"a":1}})", R"({"new":[{"b":2}]})"}, R"({"new":[{"b":2}]})"},
      {{R"({"new":[{"b":2}]})", R"({"new":{"a":1}})"}, R"({"new":{"a":1}})"},
      {{R"({"new":{"a":1,"b":{"c":1}}})", R"({"new":{"b":{"d":2}}})"}, R"({"new":{"a":1,"b":{"c":1,"d":2}}})"},
      // Another type beside a path is no one-of.
      {{R"({"securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"p"}}})",
        R"({"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}})"},
       R"({"securityContext":{"seccompProfile":{"type":"RuntimeDefault","localhostProfile":"p"}}})"},
  });
}

TEST(ReferencePodSpec, MostListsReplaceTheLowerOne) {
  ExpectPodSpecs({
      {{R"({"tolerations":[{"key":"a"},{"key":"b"}]})", R"({"tolerations":[{"key":"c"}]})"},
       R"({"tolerations":[{"key":"c"}]})"},
      {{R"({"tolerations":[{"key":"a"}]})", R"({"tolerations":[]})"}, R"({"tolerations":[]})"},
      {{R"({"tolerations":[{"key":"a","value":null,"x":{"y":null}}]})"}, R"({"tolerations":[{"key":"a","x":{}}]})"},
      {{R"({"containers":[{"name":"c","command":["a","b"],"resources":{"claims":[{"name":"x"}]}}]})",
        R"({"containers":[{"name":"c","command":["c"],"resources":{"claims":[{"name":"y"}]}}]})"},
       R"({"containers":[{"name":"c","command":["c"],"resources":{"claims":[{"name":"y"}]}}]})"},
      {{R"({"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1}],
           "requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"a"}]}}})",
        R"({"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":2}]}}})"},
       R"({"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":2}],
           "requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"a"}]}}})"},
      // The name of a list that merges means nothing elsewhere.
      {{R"({"new":{"containers":[{"name":"a"}]}})", R"({"new":{"containers":[{"name":"b"}]}})"},
       R"({"new":{"containers":[{"name":"b"}]}})"},
  });
}

TEST(ReferencePodSpec, SomeListsMergeByTheirKeys) {
  ExpectPodSpecs({
      // The example of the law.
      {{R"({"volumes":[{"name":"data","emptyDir":{}},{"name":"tmp","emptyDir":{"medium":"Memory"}}]})",
        R"({"volumes":[{"name":"new","emptyDir":{}},{"name":"data","persistentVolumeClaim":{"claimName":"d"}}]})"},
       R"({"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"d"}},
           {"name":"tmp","emptyDir":{"medium":"Memory"}},{"name":"new","emptyDir":{}}]})"},
      // Lower elements keep their places, new ones come in the order of the layer that brings them.
      {{R"({"containers":[{"name":"b"},{"name":"a"}]})", R"({"containers":[{"name":"d"},{"name":"a"},{"name":"c"}]})",
        R"({"containers":[{"name":"c","image":"x"},{"name":"b","tty":true}]})"},
       R"({"containers":[{"name":"b","tty":true},{"name":"a"},{"name":"d"},{"name":"c","image":"x"}]})"},
      // `[]` is the empty list, and null none at all.
      {{R"({"volumes":[{"name":"a"}]})", R"({"volumes":[]})"}, R"({"volumes":[]})"},
      {{R"({"volumes":[{"name":"a"}]})", R"({"volumes":[]})", R"({"volumes":[{"name":"b"}]})"},
       R"({"volumes":[{"name":"b"}]})"},
      {{R"({"volumes":[{"name":"a"}],"priority":1})", R"({"volumes":null})"}, R"({"priority":1})"},
      {{R"({"volumes":[{"name":"a","emptyDir":{}}]})", R"({"volumes":null})", R"({"volumes":[{"name":"a"}]})"},
       R"({"volumes":[{"name":"a"}]})"},
      // The main container is a container like any other here.
      {{R"({"containers":[{"name":"","tty":true},{"name":"s"}]})", R"({"containers":[{"name":"","stdin":true}]})"},
       R"({"containers":[{"name":"","tty":true,"stdin":true},{"name":"s"}]})"},
      {{R"({"containers":[{"name":"c","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]})",
        R"({"containers":[{"name":"c","env":[{"name":"C"},{"name":"B","value":"3"}]}]})"},
       R"({"containers":[{"name":"c","env":[{"name":"A","value":"1"},{"name":"B","value":"3"},{"name":"C"}]}]})"},
      // TCP goes without saying.
      {{R"({"containers":[{"name":"c","ports":[{"containerPort":53,"protocol":"UDP"},{"containerPort":53}]}]})",
        R"({"containers":[{"name":"c","ports":[{"containerPort":53,"protocol":"TCP","name":"t"},
            {"containerPort":53,"protocol":"UDP","name":"u"},{"containerPort":54}]}]})"},
       R"({"containers":[{"name":"c","ports":[{"containerPort":53,"protocol":"UDP","name":"u"},
           {"containerPort":53,"protocol":"TCP","name":"t"},{"containerPort":54}]}]})"},
      {{R"({"containers":[{"name":"c","ports":[{"containerPort":80,"protocol":"TCP"}]}]})",
        R"({"containers":[{"name":"c","ports":[{"containerPort":80,"protocol":null,"name":"w"}]}]})"},
       R"({"containers":[{"name":"c","ports":[{"containerPort":80,"name":"w"}]}]})"},
      {{R"({"containers":[{"name":"c","volumeMounts":[{"mountPath":"/a","name":"x","readOnly":true}],
           "volumeDevices":[{"devicePath":"/d","name":"x"}]}]})",
        R"({"containers":[{"name":"c","volumeMounts":[{"mountPath":"/a","name":"y"},{"mountPath":"/b"}],
           "volumeDevices":[{"devicePath":"/d","name":"y"}]}]})"},
       R"({"containers":[{"name":"c","volumeMounts":[{"mountPath":"/a","name":"y","readOnly":true},{"mountPath":"/b"}],
           "volumeDevices":[{"devicePath":"/d","name":"y"}]}]})"},
      {{R"({"hostAliases":[{"ip":"1.1.1.1","hostnames":["a","b"]},{"ip":"2.2.2.2"}]})",
        R"({"hostAliases":[{"ip":"1.1.1.1","hostnames":["c"]}]})"},
       R"({"hostAliases":[{"ip":"1.1.1.1","hostnames":["c"]},{"ip":"2.2.2.2"}]})"},
      {{R"({"topologySpreadConstraints":[{"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","maxSkew":1}]})",
        R"({"topologySpreadConstraints":[{"topologyKey":"z","whenUnsatisfiable":"ScheduleAnyway","maxSkew":2},
            {"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","minDomains":3}]})"},
       R"({"topologySpreadConstraints":[
           {"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","maxSkew":1,"minDomains":3},
           {"topologyKey":"z","whenUnsatisfiable":"ScheduleAnyway","maxSkew":2}]})"},
      {{R"({"imagePullSecrets":[{"name":"a"}],"schedulingGates":[{"name":"g"}]})",
        R"({"imagePullSecrets":[{"name":"a"},{"name":"b"}],"schedulingGates":[{"name":"h"}]})"},
       R"({"imagePullSecrets":[{"name":"a"},{"name":"b"}],"schedulingGates":[{"name":"g"},{"name":"h"}]})"},
      {{R"({"initContainers":[{"name":"i","env":[{"name":"A"}]}],"ephemeralContainers":[{"name":"e","env":[]}]})",
        R"({"initContainers":[{"name":"i","env":[{"name":"B"}]}],
            "ephemeralContainers":[{"name":"e","env":[{"name":"C"}]}]})"},
       R"({"initContainers":[{"name":"i","env":[{"name":"A"},{"name":"B"}]}],
           "ephemeralContainers":[{"name":"e","env":[{"name":"C"}]}]})"},
  });
}

TEST(ReferencePodSpec, OneOfSeveralDisplacesTheOthers) {
  ExpectPodSpecs({
      // Of the volume nothing else goes; one source merges with itself.
      {{R"({"volumes":[{"name":"v","emptyDir":{"medium":"Memory"},"new":{"a":1}}]})",
        R"({"volumes":[{"name":"v","secret":{"secretName":"s"}}]})"},
       R"({"volumes":[{"name":"v","secret":{"secretName":"s"},"new":{"a":1}}]})"},
      {{R"({"volumes":[{"name":"v","emptyDir":{"medium":"Memory"}}]})",
        R"({"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi"}}]})"},
       R"({"volumes":[{"name":"v","emptyDir":{"medium":"Memory","sizeLimit":"1Gi"}}]})"},
      {{R"({"volumes":[{"name":"v","hostPath":{"path":"/"}}]})", R"({"volumes":[{"name":"v","emptyDir":{}}]})"},
       R"({"volumes":[{"name":"v","emptyDir":{}}]})"},
      // A null removes only itself, and so does a directive.
      {{R"({"volumes":[{"name":"v","emptyDir":{}}]})", R"({"volumes":[{"name":"v","hostPath":null}]})"},
       R"({"volumes":[{"name":"v","emptyDir":{}}]})"},
      {{R"({"volumes":[{"name":"v","emptyDir":{}}]})", R"({"volumes":[{"name":"v","emptyDir":null}]})"},
       R"({"volumes":[{"name":"v"}]})"},
      {{R"({"volumes":[{"name":"v","emptyDir":{}}]})",
        R"({"volumes":[{"name":"v","emptyDir":null,"nfs":{"server":"s","path":"/"}}]})"},
       R"({"volumes":[{"name":"v","nfs":{"server":"s","path":"/"}}]})"},
      {{R"({"containers":[{"name":"c","env":[{"name":"A","value":"x"}]}]})",
        R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"$patch":"delete"}}]}]})"},
       R"({"containers":[{"name":"c","env":[{"name":"A","value":"x"}]}]})"},
      {{R"({"containers":[{"name":"c","env":[{"name":"A","value":"x"},
           {"name":"B","valueFrom":{"fieldRef":{"fieldPath":"p"}}}]}]})",
        R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"q"}}},
           {"name":"B","value":""}]}]})"},
       R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"q"}}},
           {"name":"B","value":""}]}]})"},
      {{R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"p"}}}]}]})",
        R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}]})"},
       R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}]})"},
      {{R"({"containers":[{"name":"c","livenessProbe":{"periodSeconds":5,"exec":{"command":["a"]}}}]})",
        R"({"containers":[{"name":"c","livenessProbe":{"httpGet":{"port":80}}}]})"},
       R"({"containers":[{"name":"c","livenessProbe":{"periodSeconds":5,"httpGet":{"port":80}}}]})"},
      {{R"({"initContainers":[{"name":"c","lifecycle":{"preStop":{"sleep":{"seconds":1}},"postStart":{"exec":{}}}}]})",
        R"({"initContainers":[{"name":"c","lifecycle":{"preStop":{"exec":{"command":["a"]}}}}]})"},
       R"({"initContainers":[{"name":"c","lifecycle":{"preStop":{"exec":{"command":["a"]}},
           "postStart":{"exec":{}}}}]})"},
      {{R"({"resourceClaims":[{"name":"r","resourceClaimName":"a"}]})",
        R"({"resourceClaims":[{"name":"r","resourceClaimTemplateName":"b"}]})"},
       R"({"resourceClaims":[{"name":"r","resourceClaimTemplateName":"b"}]})"},
  });
}

TEST(ReferencePodSpec, DirectivesActOnWhatIsBelow) {
  ExpectPodSpecs({
      {{R"({"affinity":{"new":1},"priority":1})", R"({"affinity":{"$patch":"delete"}})"}, R"({"priority":1})"},
      {{R"({"affinity":{"new":1},"priority":1})", R"({"affinity":{"$patch":"delete","other":2}})"},
       R"({"priority":1})"},
      {{R"({"affinity":{"$patch":"delete","other":2},"priority":1})"}, R"({"priority":1})"},
      {{R"({"affinity":{"nodeAffinity":{"$patch":"delete"}}})"}, R"({"affinity":{}})"},
      {{R"({"affinity":{"new":1,"a":{"b":1}}})", R"({"affinity":{"$patch":"replace","a":{"c":2}}})"},
       R"({"affinity":{"a":{"c":2}}})"},
      {{R"({"affinity":{"$patch":"replace","a":{"c":2}}})"}, R"({"affinity":{"a":{"c":2}}})"},
      {{R"({"affinity":{"new":1}})", R"({"affinity":{"$patch":"replace"}})"}, R"({"affinity":{}})"},
      {{R"({"overhead":{"cpu":"1","memory":"1Gi"}})", R"({"overhead":{"$patch":"replace","cpu":"2"}})"},
       R"({"overhead":{"cpu":"2"}})"},
      {{R"({"new":5})", R"({"new":{"$patch":"replace","a":1}})"}, R"({"new":{"a":1}})"},
      {{R"({"new":[1]})", R"({"new":{"$patch":"delete"}})"}, ""},
      // Elements of lists.
      {{R"({"volumes":[{"name":"a"},{"name":"b"}]})", R"({"volumes":[{"name":"a","$patch":"delete","emptyDir":{}}]})"},
       R"({"volumes":[{"name":"b"}]})"},
      {{R"({"volumes":[{"name":"a"}]})", R"({"volumes":[{"name":"b","$patch":"delete"}]})"},
       R"({"volumes":[{"name":"a"}]})"},
      {{R"({"volumes":[{"name":"a"}]})", R"({"volumes":[{"name":"a","$patch":"delete"}]})"}, R"({"volumes":[]})"},
      {{R"({"volumes":[{"name":"b","$patch":"delete"}],"priority":1})"}, R"({"priority":1})"},
      {{R"({"volumes":[{"name":"b","$patch":"delete"},{"name":"c"}]})"}, R"({"volumes":[{"name":"c"}]})"},
      {{R"({"containers":[{"name":"c","ports":[{"containerPort":80,"protocol":"UDP"},{"containerPort":80}]}]})",
        R"({"containers":[{"name":"c","ports":[{"containerPort":80,"protocol":"TCP","$patch":"delete"}]}]})"},
       R"({"containers":[{"name":"c","ports":[{"containerPort":80,"protocol":"UDP"}]}]})"},
      {{R"({"volumes":[{"name":"a","emptyDir":{}},{"name":"b"}]})",
        R"({"volumes":[{"name":"c"},{"$patch":"replace"},{"name":"a"}]})"},
       R"({"volumes":[{"name":"c"},{"name":"a"}]})"},
      {{R"({"volumes":[{"name":"a"}]})", R"({"volumes":[{"$patch":"replace"}]})"}, R"({"volumes":[]})"},
      {{R"({"volumes":[{"$patch":"replace"}]})"}, R"({"volumes":[]})"},
      // What was deleted and comes again is new.
      {{R"({"volumes":[{"name":"a","emptyDir":{}},{"name":"b"}]})", R"({"volumes":[{"name":"a","$patch":"delete"}]})",
        R"({"volumes":[{"name":"a"}]})"},
       R"({"volumes":[{"name":"b"},{"name":"a"}]})"},
      {{R"({"containers":[{"name":"","tty":true},{"name":"s"}]})", R"({"containers":[{"name":"","$patch":"delete"}]})"},
       R"({"containers":[{"name":"s"}]})"},
      // All of it.
      {{R"({"priority":1,"volumes":[{"name":"a"}]})", R"({"$patch":"replace","hostname":"h"})"}, R"({"hostname":"h"})"},
      {{R"({"priority":1,"volumes":[{"name":"a"}]})", R"({"$patch":"delete","hostname":"h"})"}, ""},
      {{R"({"$patch":"replace","hostname":"h"})"}, R"({"hostname":"h"})"},
  });
}

TEST(ReferencePodSpec, QuantitiesPrintCanonically) {
  ExpectPodSpecs({
      {{R"({"containers":[{"name":"c","resources":{"limits":{"cpu":0.5,"memory":"1024Mi"},"requests":{"cpu":1}}}],
           "overhead":{"cpu":"0.10"},"resources":{"limits":{"cpu":" 2 "}}})"},
       R"({"containers":[{"name":"c","resources":{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"1"}}}],
           "overhead":{"cpu":"100m"},"resources":{"limits":{"cpu":"2"}}})"},
      {{R"({"volumes":[{"name":"v","emptyDir":{"sizeLimit":2048}},{"name":"p","projected":{"sources":[{"downwardAPI":
           {"items":[{"path":"x","resourceFieldRef":{"resource":"limits.cpu","divisor":"0.001"}}]}}]}},{"name":"e",
           "ephemeral":{"volumeClaimTemplate":{"spec":{"resources":{"requests":{"storage":"1024Gi"}}}}}}]})"},
       R"({"volumes":[{"name":"v","emptyDir":{"sizeLimit":"2048"}},{"name":"p","projected":{"sources":[{"downwardAPI":
           {"items":[{"path":"x","resourceFieldRef":{"resource":"limits.cpu","divisor":"1m"}}]}}]}},{"name":"e",
           "ephemeral":{"volumeClaimTemplate":{"spec":{"resources":{"requests":{"storage":"1Ti"}}}}}}]})"},
      {{R"({"initContainers":[{"name":"c","env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"r",
           "divisor":"1000m"}}},{"name":"cpu","value":"1000m"}]}],"new":{"limits":{"cpu":0.5}}})"},
       R"({"initContainers":[{"name":"c","env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"r",
           "divisor":"1"}}},{"name":"cpu","value":"1000m"}]}],"new":{"limits":{"cpu":0.5}}})"},
  });
}

TEST(ReferencePodSpec, RefusesMistakes) {
  struct Row {
    std::string bad;
    std::string field;  // of the one mistake
    std::string good;   // one step away
  };
  const std::vector<Row> rows = {
      {R"({"$patch":"merge"})", "$patch", R"({"$patch":"replace"})"},
      {R"({"affinity":{"$patch":null}})", "affinity.$patch", R"({"affinity":{"$patch":"delete"}})"},
      {R"({"$retainKeys":["volumes"]})", "$retainKeys", R"({"retainKeys":["volumes"]})"},
      {R"({"new":{"$setElementOrder/a":["b"]}})", "new.$setElementOrder/a", R"({"new":{"a$":["b"]}})"},
      {R"({"tolerations":[{"$patch":"delete"}]})", "tolerations[0].$patch", R"({"tolerations":[{}]})"},
      {R"({"new":[{"a":{"$patch":"replace"}}]})", "new[0].a.$patch", R"({"new":{"a":{"$patch":"replace"}}})"},
      {R"({"tolerations":[{"$x":1}]})", "tolerations[0].$x", R"({"tolerations":[{"x":1}]})"},
      {R"({"volumes":[{"name":"a","$patch":"replace"}]})", "volumes[0]", R"({"volumes":[{"$patch":"replace"}]})"},
      {R"({"volumes":[{"$patch":"delete"}]})", "volumes[0]", R"({"volumes":[{"name":"a","$patch":"delete"}]})"},
      {R"({"volumes":[{"name":"a"},{"name":"b"},{"name":"a"}]})", "volumes[2]",
       R"({"volumes":[{"name":"a"},{"name":"b"}]})"},
      {R"({"volumes":[{"name":"a"},{"name":"a","$patch":"delete"}]})", "volumes[1]",
       R"({"volumes":[{"name":"a"},{"name":"b","$patch":"delete"}]})"},
      {R"({"containers":[{"name":""},{"name":""}]})", "containers[1]", R"({"containers":[{"name":""},{"name":"a"}]})"},
      {R"({"containers":[{"name":"c","ports":[{"containerPort":1},{"containerPort":1,"protocol":"TCP"}]}]})",
       "containers[0].ports[1]",
       R"({"containers":[{"name":"c","ports":[{"containerPort":1},{"containerPort":1,"protocol":"UDP"}]}]})"},
      {R"({"containers":[{"image":"x"}]})", "containers[0]", R"({"containers":[{"name":"","image":"x"}]})"},
      {R"({"containers":[{"name":null}]})", "containers[0]", R"({"containers":[{"name":"n"}]})"},
      {R"({"initContainers":[{"name":""}]})", "initContainers[0]", R"({"initContainers":[{"name":"i"}]})"},
      {R"({"volumes":[{"name":""}]})", "volumes[0]", R"({"volumes":[{"name":"a"}]})"},
      {R"({"containers":[{"name":"c","env":[{"name":""}]}]})", "containers[0].env[0]",
       R"({"containers":[{"name":"c","env":[{"name":"A"}]}]})"},
      {R"({"topologySpreadConstraints":[{"topologyKey":"z"}]})", "topologySpreadConstraints[0]",
       R"({"topologySpreadConstraints":[{"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"}]})"},
      {R"({"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/"}}]})", "volumes[0].hostPath",
       R"({"volumes":[{"name":"v","emptyDir":{},"hostPath":null}]})"},
      {R"({"containers":[{"name":"c","env":[{"name":"A","value":"","valueFrom":{}}]}]})",
       "containers[0].env[0].valueFrom",
       R"({"containers":[{"name":"c","env":[{"name":"A","value":"","valueFrom":{"$patch":"delete"}}]}]})"},
      {R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"fieldRef":{},"secretKeyRef":{}}}]}]})",
       "containers[0].env[0].valueFrom.secretKeyRef",
       R"({"containers":[{"name":"c","env":[{"name":"A","valueFrom":{"fieldRef":{}}}]}]})"},
      {R"({"containers":[{"name":"c","startupProbe":{"grpc":{"port":1},"tcpSocket":{"port":1}}}]})",
       "containers[0].startupProbe.tcpSocket", R"({"containers":[{"name":"c","startupProbe":{"grpc":{"port":1}}}]})"},
      {R"({"containers":[{"name":"c","lifecycle":{"preStop":{"exec":{},"sleep":{}}}}]})",
       "containers[0].lifecycle.preStop.sleep",
       R"({"containers":[{"name":"c","lifecycle":{"preStop":{"exec":{}},"postStart":{"sleep":{}}}}]})"},
      {R"({"resourceClaims":[{"name":"r","resourceClaimName":"a","resourceClaimTemplateName":"b"}]})",
       "resourceClaims[0].resourceClaimTemplateName", R"({"resourceClaims":[{"name":"r","resourceClaimName":"a"}]})"},
      {R"({"volumes":[null]})", "volumes[0]", R"({"volumes":null})"},
      {R"({"containers":[{"name":"c","args":["a",null]}]})", "containers[0].args[1]",
       R"({"containers":[{"name":"c","args":["a"]}]})"},
      {R"({"new":{"list":[[null]]}})", "new.list[0][0]", R"({"new":{"list":[[{"a":null}]]}})"},
      {R"({"volumes":{"name":"a"}})", "volumes", R"({"volumes":[]})"},
      {R"({"containers":[{"name":"","resources":{"requests":{"nvidia.com/gpu":1}}}]})",
       R"(containers[0].resources.requests["nvidia.com/gpu"])",
       R"({"containers":[{"name":"s","resources":{"requests":{"nvidia.com/gpu":1}}}]})"},
      {R"({"containers":[{"name":"s","resources":{"requests":{"cpu":"1x"}}}]})", "containers[0].resources.requests.cpu",
       R"({"containers":[{"name":"s","resources":{"requests":{"cpu":"1m"}}}]})"},
      {R"({"nodeSelector":{"$patch":"replace","a b":"c"}})", R"(nodeSelector["a b"])",
       R"({"nodeSelector":{"$patch":"replace","a":"c"}})"}};
  for (const Row& row : rows) {
    Problems problems;
    DecodeSpec(Json::parse(InPod(row.bad)), "", &problems);
    EXPECT_EQ(problems.size(), 1U) << row.bad;
    EXPECT_EQ(problems.empty() ? "" : problems[0].field, "pod.spec." + row.field) << row.bad;
    EXPECT_TRUE(Effective(World(Json::parse(InPod(row.bad)))).contains("invalid")) << row.bad;
    EXPECT_FALSE(Effective(World(Json::parse(InPod(row.good)))).contains("invalid")) << row.good;
  }
}

// What a spec in `layers` gives, without the defaults.
Json Folded(const std::vector<std::string>& layers) {
  Json spec = Finish(MergedOf(layers), false).spec;
  spec.erase("namespace");
  return spec;
}

TEST(ReferenceFold, NullsAndDirectivesFoldToo) {
  const auto main = [](const std::string& members) {
    return R"({"pod": {"spec": {"containers": [{"name": "", )" + members + "}]}}}";
  };
  const auto amounts = [](const std::string& members) { return R"({"resource_defaults": {)" + members + "}}"; };
  const std::string all =
      amounts(R"("cpuRequest": "1", "cpuLimit": "2", "memoryRequest": "1Gi", "memoryLimit": "2Gi")");
  const std::string in_place = R"(, "pod": {"spec": {"containers": [{"name": "", "resources": )";
  const auto left = [&](const std::string& defaults, const std::string& resources) {
    return defaults.substr(0, defaults.size() - 1) + in_place + resources + "}]}}}";
  };
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows = {
      {{R"({"container_image": "a"})", main(R"("image": null)")}, "{}"},
      {{R"({"container_image": "a"})", main(R"("image": null, "tty": true)")},
       R"({"pod": {"spec": {"containers": [{"name": "", "tty": true}]}}})"},
      {{all, main(R"("resources": {"limits": {"cpu": null}})")},
       amounts(R"("cpuRequest": "1", "memoryRequest": "1Gi", "memoryLimit": "2Gi")")},
      // A null of more than one amount stays where it is: it removes other resources there.
      {{all, main(R"("resources": {"limits": null})")},
       left(amounts(R"("cpuRequest": "1", "memoryRequest": "1Gi")"), "{}")},
      {{all, main(R"("resources": {"requests": null, "limits": {"cpu": "3"}})")},
       left(amounts(R"("cpuRequest": "3", "cpuLimit": "3", "memoryRequest": "2Gi", "memoryLimit": "2Gi")"), "{}")},
      {{all, main(R"("resources": null)")}, R"({"pod": {"spec": {"containers": [{"name": ""}]}}})"},
      {{all, main(R"("resources": {"$patch": "delete", "limits": {"cpu": "3"}})")},
       R"({"pod": {"spec": {"containers": [{"name": ""}]}}})"},
      {{all, main(R"("resources": {"limits": {"$patch": "delete", "cpu": "3"}})")},
       left(amounts(R"("cpuRequest": "1", "memoryRequest": "1Gi")"), "{}")},
      {{all, main(R"("resources": {"limits": {"$patch": "replace", "cpu": "3"}})")},
       left(amounts(R"("cpuRequest": "1", "cpuLimit": "3", "memoryRequest": "1Gi")"), R"({"limits": {}})")},
      {{all, main(R"("resources": {"$patch": "replace", "limits": {"cpu": "3"}})")},
       left(amounts(R"("cpuRequest": "3", "cpuLimit": "3")"), "{}")},
      {{main(R"("resources": {"limits": {"cpu": "1", "ephemeral-storage": "1024Mi"}})"),
        main(R"("resources": {"limits": {"$patch": "replace", "memory": "1Gi"}})")},
       left(amounts(R"("memoryLimit": "1Gi", "memoryRequest": "1Gi")"), R"({"limits": {}})")},
      // Within the layer the structured field wins, also over a null and as one.
      {{all, R"({"resource_defaults": {"cpuLimit": "4"},
        "pod": {"spec": {"containers": [{"name": "", "resources": {"limits": {"cpu": null}}}]}}})"},
       amounts(R"("cpuRequest": "1", "cpuLimit": "4", "memoryRequest": "1Gi", "memoryLimit": "2Gi")")},
      {{all, R"({"resource_defaults": null,
        "pod": {"spec": {"containers": [{"name": "", "resources": {"limits": {"cpu": "3"}}}]}}})"},
       "{}"},
      // What unsets more than the container's amounts unsets nothing outside pod.spec.
      {{all, R"({"pod": {"spec": {"containers": null}}})"}, all},
      {{all, R"({"pod": {"spec": null}})"}, all},
      {{all, main(R"("$patch": "delete", "image": "x", "resources": null)")}, all},
      {{all, R"({"pod": {"spec": {"$patch": "delete", "runtimeClassName": "x", "nodeSelector": {"a": "b"},
        "containers": [{"name": "", "image": "x"}]}}})"},
       all},
      {{R"({"node_selector": {"a": "1"}, "runtime_class": "r"})",
        R"({"pod": {"spec": {"$patch": "replace", "nodeSelector": {"b": "2"}, "priority": 1}}})"},
       R"({"node_selector": {"a": "1", "b": "2"}, "runtime_class": "r", "pod": {"spec": {"priority": 1}}})"},
      // The node selector.
      {{R"({"node_selector": {"a": "1"}})", R"({"pod": {"spec": {"nodeSelector": {"$patch": "delete", "b": "2"}}}})"},
       "{}"},
      {{R"({"node_selector": {"a": "1"}})", R"({"pod": {"spec": {"nodeSelector": {"$patch": "replace", "b": "2"}}}})"},
       R"({"node_selector": {"b": "2"}})"},
      {{R"({"node_selector": {"a": "1"}})",
        R"({"node_selector": {"c": "3"}, "pod": {"spec": {"nodeSelector": {"$patch": "replace", "c": "4"}}}})"},
       R"({"node_selector": {"c": "3"}})"},
      {{R"({"node_selector": {"a": "1"}})",
        R"({"node_selector": {"c": "3"}, "pod": {"spec": {"nodeSelector": {"$patch": "delete"}}}})"},
       R"({"node_selector": {"a": "1", "c": "3"}})"},
      {{R"({"pod": {"spec": {"nodeSelector": {"$patch": "replace"}}}})"}, "{}"},
      // Only a fold's own leftovers go.
      {{main(R"("image": "x", "resources": {"limits": {}})")},
       R"({"container_image": "x", "pod": {"spec": {"containers": [{"name": "", "resources": {"limits": {}}}]}}})"},
      {{R"({"pod": {"spec": {"containers": [{"name": ""}]}}})"},
       R"({"pod": {"spec": {"containers": [{"name": ""}]}}})"},
      {{R"({"pod": {"spec": {"containers": [{"name": "s"}]}}})",
        R"({"pod": {"spec": {"containers": [{"$patch": "replace"}, {"name": "", "image": "x"}]}}})"},
       R"({"container_image": "x", "pod": {"spec": {"containers": []}}})"}};
  for (const auto& [layers, result] : rows) {
    EXPECT_EQ(Folded(layers).dump(), Json::parse(result).dump()) << layers.back();
  }
}

// The rows of an explanation outside the namespace, one text each: `path = value @layer`, and ` < value @layer` for
// each value in its shadow. A value that was unset is `null`.
Names Explained(const std::vector<std::string>& layers) {
  const Merged merged = MergedOf(layers);
  Names out;
  for (const Json& field : FieldsOf(merged, Finish(merged, false))) {
    const std::string path = field["path"];
    if (path.rfind("/namespace", 0) == 0) continue;
    std::string text = path + " = " + field["value"].dump() + " @" + field["layer"].get<std::string>();
    EXPECT_EQ(field.contains("unset_by"), field["value"].is_null()) << text;
    for (const Json& other : field["shadowed"]) {
      text += " < " + other["value"].dump() + " @" + other["layer"].get<std::string>();
    }
    out.push_back(text);
  }
  return out;
}

TEST(ReferenceExplain, FollowsElementsByTheirKeys) {
  struct Row {
    std::vector<std::string> layers;  // each a pod.spec
    Names fields;                     // paths without `/pod/spec`
  };
  const std::vector<Row> rows = {
      // Indices are the result's, shadows are found by key.
      {{R"({"volumes":[{"name":"a"},{"name":"b","emptyDir":{"medium":""}}]})",
        R"({"volumes":[{"name":"b","emptyDir":{"medium":"Memory"}},{"name":"a","$patch":"delete"}]})"},
       {R"(/volumes/0/emptyDir/medium = "Memory" @profile < "" @zone)",
        R"(/volumes/0/name = "b" @profile < "b" @zone)"}},
      {{R"({"containers":[{"name":"x","env":[{"name":"B"},{"name":"A","value":"1"}]}]})",
        R"({"containers":[{"name":"x","env":[{"name":"A","value":null}]}]})"},
       {R"(/containers/0/env/0/name = "B" @zone)", R"(/containers/0/env/1/name = "A" @profile < "A" @zone)",
        R"(/containers/0/env/1/value = null @profile < "1" @zone)",
        R"(/containers/0/name = "x" @profile < "x" @zone)"}},
      {{R"({"containers":[{"name":"x","ports":[{"containerPort":8,"protocol":"UDP"},
           {"containerPort":8,"name":"a"}]}]})",
        R"({"containers":[{"name":"x","ports":[{"containerPort":8,"protocol":"TCP","name":"b"}]}]})"},
       {R"(/containers/0/name = "x" @profile < "x" @zone)", R"(/containers/0/ports/0/containerPort = 8 @zone)",
        R"(/containers/0/ports/0/protocol = "UDP" @zone)",
        R"(/containers/0/ports/1/containerPort = 8 @profile < 8 @zone)",
        R"(/containers/0/ports/1/name = "b" @profile < "a" @zone)",
        R"(/containers/0/ports/1/protocol = "TCP" @profile)"}},
      // Bytes order the paths, not numbers.
      {{R"({"imagePullSecrets":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"},{"name":"e"},{"name":"f"},
           {"name":"g"},{"name":"h"},{"name":"i"},{"name":"j"},{"name":"k"}]})",
        R"({"imagePullSecrets":[{"name":"a","$patch":"delete"},{"name":"b","$patch":"delete"},
           {"name":"c","$patch":"delete"},{"name":"d","$patch":"delete"},{"name":"e","$patch":"delete"},
           {"name":"f","$patch":"delete"},{"name":"g","$patch":"delete"},{"name":"h","$patch":"delete"},
           {"name":"l"}]})"},
       {R"(/imagePullSecrets/0/name = "i" @zone)", R"(/imagePullSecrets/1/name = "j" @zone)",
        R"(/imagePullSecrets/2/name = "k" @zone)", R"(/imagePullSecrets/3/name = "l" @profile)"}},
      // A list that is gone or empty is one leaf, with the whole lists as the layers wrote them.
      {{R"({"volumes":[{"name":"a","emptyDir":{"sizeLimit":"1024Mi"}}]})",
        R"({"volumes":[{"name":"b"},{"name":"a","$patch":"delete"}]})", R"({"volumes":null})"},
       {R"(/volumes = null @binding < [{"name":"b"},{"$patch":"delete","name":"a"}] @profile)"
        R"( < [{"emptyDir":{"sizeLimit":"1Gi"},"name":"a"}] @zone)"}},
      {{R"({"volumes":[{"name":"a","emptyDir":{}}]})", R"({"volumes":[]})"},
       {R"(/volumes = [] @profile < [{"emptyDir":{},"name":"a"}] @zone)"}},
      {{R"({"volumes":[{"name":"a"},{"name":"b"}]})", R"({"volumes":[{"name":"a","$patch":"delete"}]})",
        R"({"volumes":[{"name":"b","$patch":"delete"}]})", R"({"volumes":[{"name":"b","$patch":"delete"}]})"},
       {R"(/volumes = [] @binding < [{"$patch":"delete","name":"a"}] @profile)"
        R"( < [{"name":"a"},{"name":"b"}] @zone)"}},
      {{R"({"volumes":[{"name":"a"}]})", R"({"$patch":"delete"})"},
       {R"(/volumes = null @profile < [{"name":"a"}] @zone)"}},
      {{R"({"containers":[{"name":"x","env":[{"name":"A"}]}]})", R"({"containers":[{"name":"x","env":null}]})"},
       {R"(/containers/0/env = null @profile < [{"name":"A"}] @zone)",
        R"(/containers/0/name = "x" @profile < "x" @zone)"}},
      {{R"({"volumes":[]})", R"({"volumes":null})"}, {R"(/volumes = null @profile < [] @zone)"}},
      {{R"({"containers":[{"name":"","env":[{"name":"A"}]}]})", R"({"containers":null})"},
       {R"(/containers = null @profile < [{"env":[{"name":"A"}],"name":""}] @zone)"}},
      {{R"({"volumes":[{"name":"a","$patch":"delete"}]})", R"({"volumes":null})"}, {}},
      // An element that a layer removed leaves no trace, also when a higher layer brings its key again.
      {{R"({"volumes":[{"name":"a","emptyDir":{"medium":""}}]})", R"({"volumes":null})",
        R"({"volumes":[{"name":"a"}]})"},
       {R"(/volumes/0/name = "a" @binding < "a" @zone)"}},
      {{R"({"volumes":[{"name":"a","emptyDir":{"medium":""}},{"name":"b"}]})",
        R"({"volumes":[{"name":"a","$patch":"delete"}]})", R"({"volumes":[{"name":"a","emptyDir":{}}]})"},
       {R"(/volumes/0/name = "b" @zone)", R"(/volumes/1/emptyDir = {} @binding < {"medium":""} @zone)",
        R"(/volumes/1/name = "a" @binding < "a" @zone)"}},
      {{R"({"volumes":[{"name":"a","emptyDir":{"medium":""}}]})",
        R"({"volumes":[{"name":"a","emptyDir":{"medium":null}}]})", R"({"volumes":null})",
        R"({"volumes":[{"name":"a"}]})"},
       {R"(/volumes/0/name = "a" @sandbox < "a" @profile < "a" @zone)"}},
      {{R"({"volumes":[{"name":"a","emptyDir":{"medium":""}}]})", R"({"volumes":[]})", R"({"volumes":[{"name":"a"}]})"},
       {R"(/volumes/0/name = "a" @binding < "a" @zone)"}},
      // One that the removing layer itself brings again lost its other members to that layer.
      {{R"({"volumes":[{"name":"a","emptyDir":{"medium":""}},{"name":"b"}]})",
        R"({"volumes":[{"$patch":"replace"},{"name":"a"}]})"},
       {R"(/volumes/0/emptyDir/medium = null @profile < "" @zone)", R"(/volumes/0/name = "a" @profile < "a" @zone)"}},
      {{R"({"containers":[{"name":"c","tty":true,"env":[{"name":"A","value":"x"},{"name":"B"}],"ports":
           [{"containerPort":1}]}],"priority":1})",
        R"({"$patch":"replace","containers":[{"name":"c","env":[{"name":"A"}]}]})"},
       {R"(/containers/0/env/0/name = "A" @profile < "A" @zone)",
        R"(/containers/0/env/0/value = null @profile < "x" @zone)", R"(/containers/0/name = "c" @profile < "c" @zone)",
        R"(/containers/0/ports = null @profile < [{"containerPort":1}] @zone)",
        R"(/containers/0/tty = null @profile < true @zone)", R"(/priority = null @profile < 1 @zone)"}},
      // `$patch: replace` is a null of each member that it removes.
      {{R"({"affinity":{"a":1,"b":{"c":2,"d":3}}})", R"({"affinity":{"$patch":"replace","b":{"d":4}}})"},
       {R"(/affinity/a = null @profile < 1 @zone)", R"(/affinity/b/c = null @profile < 2 @zone)",
        R"(/affinity/b/d = 4 @profile < 3 @zone)"}},
      {{R"({"affinity":{"a":1}})", R"({"affinity":{"$patch":"delete","a":2}})", R"({"affinity":{"a":3}})"},
       {R"(/affinity/a = 3 @binding < 1 @zone)"}},
      // `{}` and lists that replace are leaves; an emptied object belongs to the layer that emptied it.
      {{R"({"securityContext":{"fsGroup":1},"tolerations":[{"key":"a","value":null}]})",
        R"({"securityContext":{"fsGroup":null},"tolerations":[]})"},
       {R"(/securityContext = {} @profile < {"fsGroup":1} @zone)",
        R"(/securityContext/fsGroup = null @profile < 1 @zone)",
        R"(/tolerations = [] @profile < [{"key":"a","value":null}] @zone)"}},
      // A displaced member has no entry; one that comes again shows it.
      {{R"({"volumes":[{"name":"v","emptyDir":{"medium":""}}]})",
        R"({"volumes":[{"name":"v","hostPath":{"path":"/"}}]})",
        R"({"volumes":[{"name":"v","emptyDir":{"medium":"Memory"}}]})"},
       {R"(/volumes/0/emptyDir/medium = "Memory" @binding < "" @zone)",
        R"(/volumes/0/name = "v" @binding < "v" @profile < "v" @zone)"}},
      {{R"({"volumes":[{"name":"v","emptyDir":{"medium":""}}]})",
        R"({"volumes":[{"name":"v","emptyDir":null,"hostPath":{"path":"/"}}]})"},
       {R"(/volumes/0/hostPath/path = "/" @profile)", R"(/volumes/0/name = "v" @profile < "v" @zone)"}},
      {{R"({"volumes":[{"name":"v","emptyDir":{"medium":""}}]})",
        R"({"volumes":[{"$patch":"replace"},{"name":"v","hostPath":{"path":"/"}}]})"},
       {R"(/volumes/0/hostPath/path = "/" @profile)", R"(/volumes/0/name = "v" @profile < "v" @zone)"}},
      {{R"({"containers":[{"name":"c","livenessProbe":{"exec":{"command":[]},"periodSeconds":1}}]})",
        R"({"containers":[{"name":"c","livenessProbe":{"$patch":"replace","grpc":{"port":1}}}]})"},
       {R"(/containers/0/livenessProbe/grpc/port = 1 @profile)",
        R"(/containers/0/livenessProbe/periodSeconds = null @profile < 1 @zone)",
        R"(/containers/0/name = "c" @profile < "c" @zone)"}},
      {{R"({"volumes":[{"name":"v","emptyDir":{"medium":""}}]})", R"({"volumes":[{"name":"v","emptyDir":null}]})",
        R"({"volumes":[{"name":"v","hostPath":{"path":"/"}}]})"},
       {R"(/volumes/0/emptyDir/medium = null @profile < "" @zone)", R"(/volumes/0/hostPath/path = "/" @binding)",
        R"(/volumes/0/name = "v" @binding < "v" @profile < "v" @zone)"}}};
  for (const Row& row : rows) {
    std::vector<std::string> specs;
    for (const std::string& layer : row.layers) specs.push_back(InPod(layer));
    Names fields;
    for (const std::string& field : row.fields) fields.push_back("/pod/spec" + field);
    EXPECT_EQ(Explained(specs), fields) << row.layers.back();
  }
  EXPECT_EQ(
      Explained({R"({"node_selector": {"a": "1", "b": "2"}})", InPod(R"({"nodeSelector":{"$patch":"replace",
    "b":"3"}})")}),
      (Names{R"(/node_selector/a = null @profile < "1" @zone)", R"(/node_selector/b = "3" @profile < "2" @zone)"}));
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
      {R"({"pod": {"spec": {"no_such": {"$patch": "delete"}}}})", true}};
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

TEST(ReferenceRequest, WhatRemovesNeedsAllBelowToBeOpen) {
  struct Row {
    std::string pod_spec;
    Names opened;
    std::string closed;  // empty: all is open
  };
  const std::vector<Row> rows = {
      {R"({"containers":[{"name":"a","env":[{"name":"A","value":"x"}]}]})", {"pod.spec"}, ""},
      {R"({"containers":[{"name":"a","env":[{"name":"A","value":"x"}]}]})", {"pod.spec.containers"}, ""},
      {R"({"containers":[{"name":"a","env":[{"name":"A","value":"x"}]}]})",
       {"pod.spec.containers.env", "pod.spec.containers.name"},
       ""},
      {R"({"containers":[{"name":"a","env":[{"name":"A","value":"x"}]}]})",
       {"pod.spec.containers.env"},
       "pod.spec.containers"},
      {R"({"containers":[{"name":"a","tty":true}]})",
       {"pod.spec.containers.env", "pod.spec.containers.name"},
       "pod.spec.containers"},
      {R"({"containers":null})", {"pod.spec"}, "pod.spec.containers"},
      {R"({"initContainers":[]})", {"pod.spec"}, "pod.spec.initContainers"},
      {R"({"ephemeralContainers":[{"$patch":"replace"}]})", {"pod.spec"}, "pod.spec.ephemeralContainers"},
      {R"({"containers":[{"name":"a","$patch":"delete"}]})", {"pod.spec.containers"}, "pod.spec.containers"},
      {R"({"volumes":null})", {"pod.spec.volumes"}, "pod.spec.volumes"},
      {R"({"volumes":[]})", {"pod.spec.volumes"}, "pod.spec.volumes"},
      {R"({"volumes":[{"name":"v","$patch":"delete"}]})", {"pod.spec.volumes"}, "pod.spec.volumes"},
      {R"({"volumes":[{"name":"v","emptyDir":null}]})", {"pod.spec.volumes"}, ""},
      {R"({"volumes":[{"name":"v","emptyDir":{"$patch":"replace"}}]})", {"pod.spec.volumes"}, ""},
      {R"({"volumes":[{"name":"v","hostPath":null}]})", {"pod.spec.volumes"}, "pod.spec.volumes"},
      {R"({"volumes":[{"name":"v","hostPath":{"$patch":"delete"}}]})", {"pod.spec.volumes"}, "pod.spec.volumes"},
      // Below an element nothing is closed for ever but these.
      {R"({"containers":[{"name":"a","env":[],"ports":null,"command":[]}]})", {"pod.spec.containers"}, ""},
      {R"({"containers":[{"name":"a","env":[{"name":"A","$patch":"delete"},{"$patch":"replace"}]}]})",
       {"pod.spec.containers"},
       ""},
      {R"({"containers":[{"name":"a","securityContext":{"runAsUser":null}}]})", {"pod.spec"}, "pod.spec.containers"},
      {R"({"containers":[{"name":"a","securityContext":{"$patch":"replace"}}]})", {"pod.spec"}, "pod.spec.containers"},
      {R"({"containers":[{"name":"a","env":[{"name":"securityContext","value":"x"}]}]})", {"pod.spec"}, ""},
      {R"({"securityContext":{"$patch":"delete"}})", {"pod.spec"}, "pod.spec.securityContext"},
      // A directive needs the path of its object.
      {R"({"$patch":"replace"})", {"pod"}, "pod.spec"},
      {R"({"affinity":{"$patch":"replace"}})", {"pod.spec.affinity"}, ""},
      {R"({"affinity":{"$patch":"replace"}})", {"pod.spec.affinity.nodeAffinity"}, "pod.spec.affinity"},
      {R"({"affinity":{"nodeAffinity":{"$patch":"delete"}}})", {"pod.spec.affinity.nodeAffinity"}, ""},
      {R"({"hostAliases":[{"ip":"1.1.1.1","$patch":"delete"}],"tolerations":[],"dnsConfig":null})",
       {"pod.spec.hostAliases", "pod.spec.tolerations", "pod.spec.dnsConfig"},
       ""},
      // Paths are those after the fold.
      {R"({"nodeSelector":{"$patch":"replace"}})", {"pod.spec"}, "node_selector"},
      {R"({"nodeSelector":{"$patch":"replace"}})", {"node_selector"}, ""},
      {R"({"containers":[{"name":"","resources":{"limits":null}}]})", {"pod.spec"}, "resource_defaults.cpuLimit"},
      {R"({"containers":[{"name":"","resources":{"limits":{"ephemeral-storage":null}}}]})", {"pod.spec"}, ""}};
  for (const Row& row : rows) {
    const Json organization = {{"kind", "Organization"}, {"launch_overrides", row.opened}};
    const Json request = {{"overrides", Json::parse(InPod(row.pod_spec))}};
    const Names expected = row.closed.empty() ? Names{} : Names{"overrides." + row.closed};
    EXPECT_EQ(Fields(Decide(World(Json::object(), Json::array({organization})), request)), expected) << row.pod_spec;
  }
}

TEST(ReferenceRequest, LaunchesMergeOverTheProfilesContainers) {
  const Json organization = Json::parse(R"({"kind": "Organization", "launch_overrides": ["pod.spec.containers"]})");
  const Json spec = Json::parse(InPod(R"({"containers":[{"name":"s","securityContext":{"privileged":false},
    "env":[{"name":"A","value":"x"}]}]})"));
  const Json request = {{"overrides", Json::parse(InPod(R"({"containers":[{"name":"n","tty":true},
    {"name":"s","env":[{"name":"A","value":"y"},{"name":"B"}]}]})"))}};
  EXPECT_EQ(Decide(World(spec, Json::array({organization})), request)["spec"]["pod"]["spec"],
            Json::parse(R"({"containers":[{"name":"s","securityContext":{"privileged":false},
    "env":[{"name":"A","value":"y"},{"name":"B"}]},{"name":"n","tty":true}]})"));
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

// ---- remedies ----

Json RemediesOf(const Json& objects, const Json& request, const Json& live = Json::object()) {
  const Json decision = Decide(objects, request, live);
  EXPECT_EQ(decision["verdict"], "REJECTED") << request;
  return decision.value("remedies", Json::array());
}

// One line for each remedy: actions, how many it admits, what it changes, and the placement as `runner/profile`.
Names Helps(const Json& objects, const Json& request, const Json& live = Json::object()) {
  Names out;
  for (const Json& remedy : RemediesOf(objects, request, live)) {
    std::string line;
    for (const Json& action : remedy["actions"]) line += (line.empty() ? "" : "+") + action.get<std::string>();
    EXPECT_EQ(remedy["action"], remedy["actions"][0]);
    line += " " + remedy["admits"].dump();
    for (const Json& change : remedy["changes"]) {
      line += " " + change["op"].get<std::string>() + " " + change["path"].get<std::string>();
      if (change.contains("value")) line += " " + change["value"].dump();
    }
    if (remedy.contains("wait")) line += " " + remedy["wait"]["reasons"].dump();
    if (remedy.contains("admin")) {
      const Json& admin = remedy["admin"];
      line += " " + admin["layer"].get<std::string>() + " " + admin["path"].get<std::string>() + " " +
              admin["value"].dump() + " was " + admin["current"].dump() + " for " +
              admin["runner_id"].get<std::string>() + "/" + admin["profile_name"].get<std::string>();
    }
    if (remedy.contains("placement")) {
      line += " -> " + remedy["placement"]["runner_id"].get<std::string>() + "/" +
              remedy["placement"]["profile_name"].get<std::string>();
    }
    out.push_back(line);
  }
  return out;
}

Json WithRunner(Json objects, const std::string& id, const std::string& profile) {
  objects.push_back(RunnerDoc(id, Json::array({Bound(profile, true)})));
  return objects;
}

// The runner, wherever it stands.
Json& RunnerOf(Json& objects, const std::string& id) {
  return *std::find_if(objects.begin(), objects.end(),
                       [&](const Json& object) { return object.value("runner_id", "") == id; });
}

Json Enforcing(Json objects) {
  for (Json& object : objects) {
    if (object["kind"] == "Runner") object["managed_spec"]["enforce_resource_limits"] = true;
  }
  return objects;
}

Json OrganizationDoc(const std::string& members) {
  Json out = Json::parse(members);
  out["kind"] = "Organization";
  return out;
}

TEST(ReferenceRemedy, OnlyRejectionsHaveThem) {
  const Json objects = World(Json::object());
  EXPECT_FALSE(Decide(objects, Json::object()).contains("remedies"));
  EXPECT_FALSE(Decide(objects, {{"no_such", 1}}).contains("remedies"));
  EXPECT_EQ(Decide(objects, {{"architecture", "arm64"}})["remedies"], Json::array());
  const Json refused = World(Json::object(), Json::array({OrganizationDoc(R"({"allowed_images": ["("]})")}));
  EXPECT_EQ(RemediesOf(refused, Json::object()), Json::array());
}

TEST(ReferenceRemedy, HasItsShape) {
  const Json objects =
      Enforcing(World(Json::parse(R"({"resource_defaults": {"cpuRequest": "2", "memoryLimit": "8Gi"}})")));
  EXPECT_EQ(RemediesOf(objects, Json::object()), Json::parse(R"([
    {"action": "FIX_REQUEST", "actions": ["FIX_REQUEST"],
     "changes": [{"op": "add", "path": "/resource_limits", "value": {"cpu": "2"}}], "admits": 1,
     "placement": {"runner_id": "r", "profile_name": "p", "profile_id": null, "zone": "z"}},
    {"action": "ASK_ADMIN", "actions": ["ASK_ADMIN"], "changes": [], "admits": 1,
     "placement": {"runner_id": "r", "profile_name": "p", "profile_id": null, "zone": "z"},
     "admin": {"runner_id": "r", "organization_id": "default", "profile_name": "p", "layer": "binding",
       "path": "/resource_defaults/cpuLimit", "source": null, "value": "2", "current": null}}])"));
  const Json live = Json::parse(R"({"default/r": {"available_cpu_millicores": 0}})");
  EXPECT_EQ(RemediesOf(World(Json::parse(R"({"resource_defaults": {"cpuRequest": "2"}})")), Json::object(), live),
            Json::parse(R"([{"action": "WAIT", "actions": ["WAIT"], "changes": [], "admits": 1,
              "wait": {"reasons": ["INSUFFICIENT_CPU"], "retry_delay_seconds": 30}}])"));
}

TEST(ReferenceRemedy, AddsTheLimitsThatTheRunnerMisses) {
  const Json one = Enforcing(World(Json::parse(R"({"resource_defaults": {"cpuRequest": "2", "memoryLimit": "8Gi"}})")));
  // Wherever the limit goes, in the request's own spelling.
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"({"sandbox_id": "a"})", R"(add /resource_limits {"cpu":"2"})"},
      {R"({"sandboxId": "a"})", R"(add /resourceLimits {"cpu":"2"})"},
      {R"({"sandboxId": "a", "resource_limits": {}})", R"(add /resource_limits/cpu "2")"},
      {R"({"resourceLimits": {"memory": "1Gi"}})", R"(add /resourceLimits/cpu "2")"},
      {R"({"resource_limits": null})", R"(add /resource_limits {"cpu":"2"})"},
      {R"({"resource_limits": {"cpu": null}})", R"(add /resource_limits/cpu "2")"},
      {R"({"resource_limits": {"cpu": ""}})", R"(add /resource_limits/cpu "2")"},
      {R"({"sandboxId": "a", "resource_limits": null})", R"(add /resource_limits {"cpu":"2"})"},
      {R"({"resource_requests": {"cpu": "3"}, "zone": "z"})", R"(add /resource_limits {"cpu":"3"})"},
      {R"({"resources": {}})", R"(add /resources/cpu "2")"},
      {R"({"resources": {"memory": "1Gi"}})", R"(add /resources/cpu "2")"},
      {R"({"resources": null})", R"(add /resource_limits {"cpu":"2"})"}};
  for (const auto& [request, change] : rows) {
    EXPECT_EQ(Helps(one, Json::parse(request))[0], "FIX_REQUEST 1 " + change + " -> r/p") << request;
  }
  // Both of them, in one operation or in two.
  const Json both =
      Enforcing(World(Json::parse(R"({"resource_defaults": {"cpuRequest": "2", "memoryRequest": "4Gi"}})")));
  EXPECT_EQ(Helps(both, Json::object()),
            Names{R"(FIX_REQUEST 1 add /resource_limits {"cpu":"2","memory":"4Gi"} -> r/p)"});
  EXPECT_EQ(Helps(both, Json::parse(R"({"resource_limits": {"gpu": null, "memory": null}})")),
            Names{R"(FIX_REQUEST 1 add /resource_limits/cpu "2" add /resource_limits/memory "4Gi" -> r/p)"});
  // Without a request there is no value for the limit.
  EXPECT_EQ(Helps(Enforcing(World(Json::object())), Json::object()), Names{});
  EXPECT_EQ(Helps(Enforcing(World(Json::parse(R"({"resource_defaults": {"memoryLimit": "1Gi"}})"))), Json::object()),
            Names{});
}

TEST(ReferenceRemedy, SetsARequestToItsLimit) {
  const Json lenient = OrganizationDoc(R"({"limits_are": "default"})");
  const Json objects =
      World(Json::parse(R"({"resource_defaults": {"cpuLimit": "4", "memoryLimit": "4Gi"}})"), Json::array({lenient}));
  // Shrinking finds the same change; the first action names it.
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "8"}})")),
            Names{R"(FIX_REQUEST 1 replace /resource_requests/cpu "4" -> r/p)"});
  EXPECT_EQ(
      Helps(objects, Json::parse(R"({"resource_requests": {"memory": "8Gi", "cpu": 8}})")),
      Names{R"(FIX_REQUEST 1 replace /resource_requests/cpu "4" replace /resource_requests/memory "4Gi" -> r/p)"});
  // Two layers of the catalog can disagree too. In the older spelling one member is both sides.
  const Json zone =
      Json::parse(R"({"kind": "Zone", "zone": "z", "defaults": {"resource_defaults": {"cpuRequest": 8}}})");
  const Json layered = World(Json::parse(R"({"resource_defaults": {"cpuLimit": "4"}})"), Json::array({zone}));
  EXPECT_EQ(Helps(layered, Json::object()), Names{R"(FIX_REQUEST 1 add /resource_requests {"cpu":"4"} -> r/p)"});
  EXPECT_EQ(Helps(layered, Json::parse(R"({"resources": {"memory": "1Gi"}})")),
            Names{R"(FIX_REQUEST 1 add /resources/cpu "4" -> r/p)"});
  // To nothing, if need be: that is legal, and nothing shrinks.
  const Json inherits = World(Json::parse(R"({"resource_defaults": {"cpuRequest": "4"}})"));
  EXPECT_EQ(Helps(inherits, Json::parse(R"({"resource_limits": {"cpu": "0"}})")),
            Names{R"(FIX_REQUEST 1 add /resource_requests {"cpu":"0"} -> r/p)"});
  // A missing limit of the other dimension belongs to the same fix.
  const Json enforcing = Enforcing(World(
      Json::parse(R"({"resource_defaults": {"cpuLimit": "4", "memoryRequest": "1Gi"}})"), Json::array({lenient})));
  EXPECT_EQ(Helps(enforcing, Json::parse(R"({"resource_requests": {"cpu": "8"}})")),
            Names{R"(FIX_REQUEST 1 replace /resource_requests/cpu "4" add /resource_limits {"memory":"1Gi"} -> r/p)"});
  EXPECT_EQ(Helps(World(Json::parse(R"({"resource_defaults": {"cpuLimit": "4", "memoryRequest": "1Gi"}})"),
                        Json::array({lenient})),
                  Json::parse(R"({"resource_requests": {"cpu": "8"}})")),
            Names{R"(FIX_REQUEST 1 replace /resource_requests/cpu "4" -> r/p)"});
}

TEST(ReferenceRemedy, ShrinksToTheCeiling) {
  const Json objects = World(Json::parse(R"({"resource_defaults": {"cpuLimit": "4"}})"));
  const std::string admin = "ASK_ADMIN 1 profile /resource_defaults/cpuLimit \"8\" was \"4\" for r/p -> r/p";
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "8"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "4" -> r/p)", admin}));
  // Two operations come after one.
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resourceRequests": {"cpu": "7"}, "resourceLimits": {"cpu": "8"}})")),
            (Names{admin,
                   "RETRY_SMALLER 1 replace /resourceLimits/cpu \"4\" replace /resourceRequests/cpu \"4\" "
                   "-> r/p"}));
  // A request that follows its limit needs no operation of its own.
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_limits": {"cpu": "8"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resource_limits/cpu "4" -> r/p)", admin}));
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resources": {"cpu": "8"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resources/cpu "4" -> r/p)", admin}));
}

TEST(ReferenceRemedy, ShrinksToTheQuota) {
  const Json quota = OrganizationDoc(R"({"quota": {"cpu": 4, "memory": "2G", "gpu": 1}})");
  EXPECT_EQ(Helps(World(Json::object(), Json::array({quota})), Json::parse(R"({"resource_limits": {"cpu": "8"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resource_limits/cpu "4" -> r/p)",
                   R"(ASK_ADMIN 1 organization /quota/cpu "8" was "4" for r/p -> r/p)"}));
  // Without a limit the quota bounds the request. Bytes are printed as bytes.
  EXPECT_EQ(
      Helps(World(Json::object(), Json::array({quota})), Json::parse(R"({"resource_requests": {"memory": "4G"}})")),
      (Names{R"(RETRY_SMALLER 1 replace /resource_requests/memory "1953125Ki" -> r/p)",
             R"(ASK_ADMIN 1 organization /quota/memory "3906250Ki" was "2G" for r/p -> r/p)"}));
  // Also what the launch inherits.
  EXPECT_EQ(Helps(World(Json::parse(R"({"resource_defaults": {"memoryLimit": "4Gi"}})"), Json::array({quota})),
                  Json::object()),
            (Names{R"(RETRY_SMALLER 1 add /resource_limits {"memory":"1953125Ki"} -> r/p)",
                   R"(ASK_ADMIN 1 organization /quota/memory "4Gi" was "2G" for r/p -> r/p)"}));
  EXPECT_EQ(Helps(World(Json::object(), Json::array({quota})), Json::parse(R"({"resources": {"gpu": {"count": 2}}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resources/gpu/count 1 -> r/p)",
                   R"(ASK_ADMIN 1 organization /quota/gpu 2 was 1 for r/p -> r/p)"}));
  // Two dimensions of one code are more than one field.
  EXPECT_EQ(Helps(World(Json::object(), Json::array({quota})),
                  Json::parse(R"({"resource_limits": {"cpu": "8"}, "resource_requests": {"gpu": {"count": 2}}})")),
            Names{R"(RETRY_SMALLER 1 replace /resource_limits/cpu "4" replace /resource_requests/gpu/count 1 -> r/p)"});
  // Nothing shrinks to 0.
  const Json none = OrganizationDoc(R"({"quota": {"gpu": 0}})");
  EXPECT_EQ(Helps(World(Json::object(), Json::array({none})), Json::parse(R"({"resources": {"gpu": {"count": 2}}})")),
            Names{R"(ASK_ADMIN 1 organization /quota/gpu 2 was 0 for r/p -> r/p)"});
}

TEST(ReferenceRemedy, ShrinksToTheRunner) {
  Json objects = World(Json::parse(R"({"resource_defaults": {"cpuRequest": "8"}})"));
  objects[1]["capabilities"]["max_cpu_millicores"] = 2500;
  EXPECT_EQ(Helps(objects, Json::object()), Names{R"(RETRY_SMALLER 1 add /resource_requests {"cpu":"2500m"} -> r/p)"});
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resources": {"memory": "1Gi"}})")),
            Names{R"(RETRY_SMALLER 1 add /resources/cpu "2500m" -> r/p)"});
  // One member of the older spelling takes the smaller of the two values.
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resources": {"cpu": "4"}})")),
            Names{R"(RETRY_SMALLER 1 replace /resources/cpu "2500m" -> r/p)"});
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_limits": {"cpu": "4"}, "resource_requests": {"cpu": "4"}})")),
            Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "2500m" -> r/p)"});
  // The count stands on both sides, each in its own spelling.
  Json gpus = World(Json::object());
  gpus[1]["capabilities"]["max_gpu_count"] = 2;
  EXPECT_EQ(Helps(gpus, Json::parse(R"({"resource_requests": {"gpu": {"count": 4, "type": "h100"}},
    "resource_limits": {"gpu": {"gpuCount": "4", "gpu_type": "H100"}}})")),
            Names{"RETRY_SMALLER 1 replace /resource_limits/gpu/gpuCount 2 replace /resource_requests/gpu/count 2 "
                  "-> r/p"});
  EXPECT_EQ(
      Helps(gpus, Json::parse(R"({"resource_requests": {"gpu": {"gpu_count": 3}}, "resource_limits": {"gpu": {}}})")),
      Names{"RETRY_SMALLER 1 replace /resource_requests/gpu/gpu_count 2 -> r/p"});
  gpus[1]["capabilities"]["max_gpu_count"] = 0;
  EXPECT_EQ(Helps(gpus, Json::parse(R"({"resource_requests": {"gpu": {"count": 4}}})")), Names{});
}

TEST(ReferenceRemedy, WaitsOrTakesWhatIsFree) {
  const Json spec = Json::parse(R"({"resource_defaults": {"cpuRequest": "4", "memoryRequest": "4Gi"}})");
  Json objects = WithRunner(WithRunner(World(spec), "s", "p"), "t", "p");
  RunnerOf(objects, "t")["capabilities"]["max_cpu_millicores"] = 1;
  // `t` is too small besides, so waiting does not help there.
  const Json live = Json::parse(R"({
    "default/r": {"connection_status": "DISCONNECTED", "available_memory_bytes": 1024},
    "default/s": {"available_cpu_millicores": 1000},
    "default/t": {"connection_status": "DISCONNECTED", "available_gpu_count": 0}})");
  EXPECT_EQ(Helps(objects, Json::object(), live),
            (Names{R"(RETRY_SMALLER 1 add /resource_requests {"cpu":"1"} -> s/p)",
                   R"(WAIT 2 ["RUNNER_DISCONNECTED","INSUFFICIENT_CPU","INSUFFICIENT_MEMORY"])"}));
  EXPECT_EQ(Helps(World(Json::object()), Json::parse(R"({"resources": {"gpu": {"count": 2}}})"),
                  Json::parse(R"({"default/r": {"available_gpu_count": 1}})")),
            (Names{"RETRY_SMALLER 1 replace /resources/gpu/count 1 -> r/p", R"(WAIT 1 ["INSUFFICIENT_GPU"])"}));
  EXPECT_EQ(Helps(World(spec), Json::object(), Json::parse(R"({"default/r": {"stale": true}})")),
            Names{R"(WAIT 1 ["INSUFFICIENT_CPU","INSUFFICIENT_MEMORY"])"});
  EXPECT_EQ(Helps(World(spec), Json::object(), Json::parse(R"({"default/r": {"install_status": "FAILED"}})")), Names{});
}

TEST(ReferenceRemedy, ValuesAreTheLargestOfAnyCandidate) {
  Json objects = WithRunner(World(Json::object()), "s", "p");
  RunnerOf(objects, "r")["capabilities"]["max_cpu_millicores"] = 4000;
  RunnerOf(objects, "s")["capabilities"]["max_cpu_millicores"] = 8000;
  const Json request = Json::parse(R"({"resource_requests": {"cpu": "16"}})");
  EXPECT_EQ(Helps(objects, request), Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "8" -> s/p)"});
  // Beyond the filter there is more, but nothing else is needed.
  Json filtered = request;
  filtered["runner_ids"] = {"r"};
  EXPECT_EQ(Helps(objects, filtered), Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "4" -> r/p)"});
  // Where one is better in one dimension and the other in another, both stay.
  RunnerOf(objects, "s")["capabilities"]["max_memory_bytes"] = 17179869184;
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "16", "memory": "32Gi"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "4" -> r/p)",
                   "RETRY_SMALLER 1 replace /resource_requests/cpu \"8\" replace /resource_requests/memory \"16Gi\" "
                   "-> s/p"}));
}

TEST(ReferenceRemedy, OfManyWaysToShrinkThreeAreKept) {
  // Kept of 8 cores and 64Gi together: 0.44, 0.53, 0.64, 0.75, 0.86.
  Json objects = Json::array({Profile("p", Json::object())});
  std::int64_t cores = 0;
  for (const std::int64_t gib : {20, 18, 17, 16, 15}) {
    ++cores;
    Json runner = RunnerDoc("r" + std::to_string(cores), Json::array({Bound("p", true)}));
    runner["capabilities"]["max_cpu_millicores"] = 1000 * cores;
    runner["capabilities"]["max_memory_bytes"] = gib << 30;
    objects.push_back(runner);
  }
  EXPECT_EQ(
      Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "8", "memory": "64Gi"}})")),
      (Names{
          R"(RETRY_SMALLER 1 replace /resource_requests/cpu "3" replace /resource_requests/memory "17Gi" -> r3/p)",
          R"(RETRY_SMALLER 1 replace /resource_requests/cpu "4" replace /resource_requests/memory "16Gi" -> r4/p)",
          R"(RETRY_SMALLER 1 replace /resource_requests/cpu "5" replace /resource_requests/memory "15Gi" -> r5/p)"}));
}

TEST(ReferenceRemedy, NamesAnotherProfile) {
  const Json web =
      Json::parse(R"({"network": {"egress": {"default": "web", "modes": {"web": {"type": "internet"}}}}})");
  Json objects = World(Json::object(), Json::array({Profile("q", web)}));
  objects[1]["profile_bindings"].push_back(Bound("q", false));
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"("profile_names": ["p"])", R"(replace /profile_names ["q"])"},
      {R"("profileNames": ["p", "x"])", R"(replace /profileNames ["q"])"},
      {R"("profile_ids": ["p"])", R"(replace /profile_ids ["q"])"},
      {R"("profile_names": null, "profile_ids": ["p"])", R"(replace /profile_ids ["q"])"},
      {R"("profile_names": ["p"], "profile_ids": ["x"])", R"(replace /profile_names ["q"] remove /profile_ids)"},
      {R"("profile_names": ["p"], "profileIds": null)", R"(replace /profile_names ["q"])"},
      {R"("profile_names": ["x"], "runner_ids": ["r"])", R"(replace /profile_names ["q"])"}};
  for (const auto& [filter, change] : rows) {
    const Json request = Json::parse("{" + filter + R"(, "network": {"egress_mode": "web"}})");
    EXPECT_EQ(Helps(objects, request), Names{"USE_OTHER_PROFILE 1 " + change + " -> r/q"}) << filter;
  }
  const Json request = Json::parse(R"({"profile_names": ["p"], "network": {"egress_mode": "web"}})");
  // Without the filter the launch is unnamed, and then some organizations allow nothing but defaults.
  objects.push_back(OrganizationDoc(R"({"unnamed_requests": "default_binding_only"})"));
  EXPECT_EQ(Helps(objects, request), Names{});
  std::swap(objects[1]["profile_bindings"][0]["is_default"], objects[1]["profile_bindings"][1]["is_default"]);
  EXPECT_EQ(Helps(objects, request), Names{R"(USE_OTHER_PROFILE 1 replace /profile_names ["q"] -> r/q)"});
}

TEST(ReferenceRemedy, NamesAnotherRunner) {
  Json objects = WithRunner(World(Json::object()), "s", "p");
  Json& other = RunnerOf(objects, "s");
  other["identity"] = Json::parse(R"({"zone": "y", "runner_group_id": "green", "cluster_name": "c"})");
  other["capabilities"]["supported_architectures"] = {"arm64"};
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"("runner_ids": ["r"])", R"(replace /runner_ids ["s"])"},
      {R"("runnerIds": ["r", "x"], "runner_group_id": "green")", R"(replace /runnerIds ["s"])"},
      {R"("runnerGroupId": "blue", "runner_ids": [])", "remove /runnerGroupId"},
      {R"("zone": "z", "runner_group_id": "")", "remove /zone"},
      {R"("zone": "x", "runner_ids": ["s"])", "remove /zone"},
      {R"("zone": "z", "runner_group_id": "blue", "runner_ids": ["r"])",
       R"(replace /runner_ids ["s"] remove /runner_group_id remove /zone)"},
      {R"("zone": "y", "runner_group_id": "green", "runner_ids": ["r"])", R"(replace /runner_ids ["s"])"}};
  for (const auto& [filters, changes] : rows) {
    const Json request = Json::parse("{" + filters + R"(, "architecture": "arm64"})");
    EXPECT_EQ(Helps(objects, request), Names{"USE_OTHER_RUNNER 1 " + changes + " -> s/p"}) << filters;
  }
}

TEST(ReferenceRemedy, CombinesKindsWhenNoPartSuffices) {
  const Json web = Json::parse(R"({"network": {"egress": {"default": "web", "modes": {"web": {"type": "internet"}}}},
    "resource_defaults": {"memoryLimit": "1Gi"}})");
  Json objects = WithRunner(World(Json::object(), Json::array({Profile("q", web)})), "s", "q");
  RunnerOf(objects, "s")["capabilities"]["max_cpu_millicores"] = 8000;
  Json request = Json::parse(R"({"profile_names": ["p"], "runner_ids": ["r"], "network": {"egress_mode": "web"}})");
  EXPECT_EQ(
      Helps(objects, request),
      Names{R"(USE_OTHER_PROFILE+USE_OTHER_RUNNER 1 replace /profile_names ["q"] replace /runner_ids ["s"] -> s/q)"});
  request["resource_requests"] = {{"cpu", "16"}};
  EXPECT_EQ(Helps(objects, request),
            Names{"RETRY_SMALLER+USE_OTHER_PROFILE+USE_OTHER_RUNNER 1 replace /resource_requests/cpu \"8\" "
                  "replace /profile_names [\"q\"] replace /runner_ids [\"s\"] -> s/q"});
  // Four kinds are too many.
  RunnerOf(objects, "s")["managed_spec"]["enforce_resource_limits"] = true;
  EXPECT_EQ(Helps(objects, request), Names{});
  request.erase("runner_ids");
  EXPECT_EQ(Helps(objects, request),
            Names{"FIX_REQUEST+RETRY_SMALLER+USE_OTHER_PROFILE 1 add /resource_limits {\"cpu\":\"8\"} "
                  "replace /resource_requests/cpu \"8\" replace /profile_names [\"q\"] -> s/q"});
}

TEST(ReferenceRemedy, FixesAndShrinksTogether) {
  Json objects = Enforcing(World(Json::parse(R"({"resource_defaults": {"memoryLimit": "2Gi"}})")));
  objects[1]["capabilities"]["max_cpu_millicores"] = 8000;
  EXPECT_EQ(
      Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "16"}})")),
      Names{
          R"(FIX_REQUEST+RETRY_SMALLER 1 add /resource_limits {"cpu":"8"} replace /resource_requests/cpu "8" -> r/p)"});
  // The limit of one dimension, the shrinking of another.
  EXPECT_EQ(
      Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "3", "gpu": {"count": 9}}})")),
      Names{
          R"(FIX_REQUEST+RETRY_SMALLER 1 add /resource_limits {"cpu":"3"} replace /resource_requests/gpu/count 8 -> r/p)"});
  // In the older spelling one operation is both.
  objects[0]["spec"]["resource_defaults"]["cpuRequest"] = "16";
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resources": {"memory": "2Gi"}})")),
            Names{R"(FIX_REQUEST+RETRY_SMALLER 1 add /resources/cpu "8" -> r/p)"});
}

TEST(ReferenceRemedy, CombinesNothingWhereOneKindHelps) {
  const auto limit = [](const char* cpu) -> Json { return {{"resource_defaults", {{"cpuLimit", cpu}}}}; };
  Json objects = World(limit("4"), Json::array({Profile("q", limit("6")), Profile("s", limit("8"))}));
  objects[1]["profile_bindings"] = Json::array({Bound("p", false), Bound("q", true)});
  objects.push_back(RunnerDoc("s", Json::array({Bound("s", true)})));
  // Shrinking helps, so it is not tried together with the larger `q`; the other two kinds help only together.
  EXPECT_EQ(Helps(objects, Json::parse(R"({"profile_names": ["p"], "runner_ids": ["r"],
    "resource_requests": {"cpu": "7"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "4" -> r/p)",
                   R"(ASK_ADMIN 1 profile /resource_defaults/cpuLimit "7" was "4" for r/p -> r/p)",
                   "USE_OTHER_PROFILE+USE_OTHER_RUNNER 1 replace /profile_names [\"s\"] replace /runner_ids [\"s\"] "
                   "-> s/s"}));
  EXPECT_EQ(Helps(objects, Json::parse(R"({"profile_names": ["p"], "runner_ids": ["r"],
    "resource_requests": {"cpu": "6"}})")),
            (Names{R"(RETRY_SMALLER 1 replace /resource_requests/cpu "4" -> r/p)",
                   R"(USE_OTHER_PROFILE 1 replace /profile_names ["q"] -> r/q)",
                   R"(ASK_ADMIN 1 profile /resource_defaults/cpuLimit "6" was "4" for r/p -> r/p)"}));
}

TEST(ReferenceRemedy, ACombinationUsesAllItsKinds) {
  const Json web =
      Json::parse(R"({"network": {"egress": {"default": "web", "modes": {"web": {"type": "internet"}}}}})");
  const Json defaults = OrganizationDoc(R"({"unnamed_requests": "default_binding_only"})");
  Json objects = Json::array({Profile("p", Json::object()), Profile("q", web), defaults});
  objects.push_back(RunnerDoc("r", Json::array({Bound("q", true)})));
  objects[3]["capabilities"]["max_cpu_millicores"] = 4000;
  const Json request =
      Json::parse(R"({"profile_names": ["x"], "resource_requests": {"cpu": "6"}, "network": {"egress_mode": "web"}})");
  EXPECT_EQ(Helps(objects, request), Names{"RETRY_SMALLER+USE_OTHER_PROFILE 1 replace /resource_requests/cpu \"4\" "
                                           "replace /profile_names [\"q\"] -> r/q"});
  // An unnamed launch does not get the `q` of `s`, a named one does, and then nothing has to be smaller.
  objects.push_back(RunnerDoc("s", Json::array({Bound("p", true), Bound("q", false)})));
  EXPECT_EQ(Helps(objects, request), Names{});
}

TEST(ReferenceRemedy, NoPartOfACombinationIsEnough) {
  // An unnamed launch meets the `q` of `r` only, which needs both limits. A named one also meets that of `s`, where
  // either limit is above the ceiling, and neither is needed.
  const Json q = Json::parse(R"({"network": {"egress": {"default": "web", "modes": {"web": {"type": "internet"}}}},
    "resource_defaults": {"cpuRequest": "2", "memoryRequest": "4Gi"}})");
  const Json defaults = OrganizationDoc(R"({"unnamed_requests": "default_binding_only"})");
  Json objects = Enforcing(Json::array(
      {Profile("p", Json::object()), Profile("q", q), defaults, RunnerDoc("r", Json::array({Bound("q", true)}))}));
  const Json request = Json::parse(R"({"profile_names": ["x"], "network": {"egress_mode": "web"}})");
  EXPECT_EQ(Helps(objects, request),
            Names{R"(FIX_REQUEST+USE_OTHER_PROFILE 1 add /resource_limits {"cpu":"2","memory":"4Gi"})"
                  R"( replace /profile_names ["q"] -> r/q)"});
  Json small = Bound("q", false);
  small["overrides_json"] = Json::parse(R"({"resource_defaults": {"cpuLimit": "1", "cpuRequest": "1",
    "memoryLimit": "1Gi", "memoryRequest": "1Gi"}})");
  objects.push_back(RunnerDoc("s", Json::array({Bound("p", true), small})));
  EXPECT_EQ(Helps(objects, request), Names{});
}

TEST(ReferenceRemedy, SaysWhoseDocumentIsMeant) {
  // A shared runner's profile belongs to the runner's organization, the quota to the caller's.
  Json objects = World(Json::parse(R"({"resource_defaults": {"cpuLimit": "4"}})"));
  for (Json& object : objects) object["organization_id"] = "other";
  objects[1]["is_shared"] = true;
  Json request = Json::parse(R"({"organization_id": "mine", "resource_requests": {"cpu": "6"}})");
  Json remedies = RemediesOf(objects, request);
  ASSERT_EQ(remedies.size(), 2U);
  EXPECT_EQ(remedies[1]["admin"]["layer"], "profile");
  EXPECT_EQ(remedies[1]["admin"]["organization_id"], "other");
  objects.push_back(OrganizationDoc(R"({"organization_id": "mine", "quota": {"cpu": "3"}})"));
  request["resource_requests"] = {{"cpu", "4"}};
  // The inherited limit and the request would both have to be smaller: that is two operations.
  remedies = RemediesOf(objects, request);
  ASSERT_EQ(remedies.size(), 2U);
  EXPECT_EQ(remedies[0]["admin"]["layer"], "organization");
  EXPECT_EQ(remedies[0]["admin"]["organization_id"], "mine");
}

TEST(ReferenceRemedy, ListsThreeOfAnAction) {
  Json objects = World(Json::parse(R"({"resource_defaults": {"cpuRequest": "2", "memoryLimit": "8Gi"}})"));
  for (const char* id : {"u", "t", "s"}) objects = WithRunner(objects, id, "p");
  objects.push_back(OrganizationDoc(R"({"strategy": "first"})"));
  const auto admin = [](const std::string& runner) {
    return "ASK_ADMIN 1 binding /resource_defaults/cpuLimit \"2\" was null for " + runner + "/p -> " + runner + "/p";
  };
  EXPECT_EQ(Helps(Enforcing(objects), Json::object()),
            (Names{R"(FIX_REQUEST 4 add /resource_limits {"cpu":"2"} -> r/p)", admin("r"), admin("s"), admin("t")}));
}

TEST(ReferenceRemedy, ChangesEveryCandidateOfTheDocument) {
  // A ceiling of the zone, of a profile that two runners bind, and of one binding.
  const Json zone = Json::parse(R"({"kind": "Zone", "zone": "z", "defaults": {"resource_defaults": {"cpuLimit": 4}}})");
  const Json ceiling = Json::parse(R"({"resource_defaults": {"cpuLimit": "5"}})");
  const Json first = OrganizationDoc(R"({"strategy": "first"})");
  Json objects = World(Json::object(), Json::array({zone, first, Profile("q", ceiling)}));
  objects = WithRunner(WithRunner(WithRunner(WithRunner(objects, "s", "p"), "t", "q"), "u", "q"), "v", "q");
  RunnerOf(objects, "v")["profile_bindings"][0]["overrides_json"] = R"({"resourceDefaults": {"cpu_limit": "3"}})";
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_requests": {"cpu": "6"}})")),
            (Names{R"(RETRY_SMALLER 2 replace /resource_requests/cpu "5" -> t/q)",
                   R"(ASK_ADMIN 2 zone /resource_defaults/cpuLimit "6" was "4" for r/p -> r/p)",
                   R"(ASK_ADMIN 2 profile /resource_defaults/cpuLimit "6" was "5" for t/q -> t/q)",
                   R"(ASK_ADMIN 1 binding /resource_defaults/cpuLimit "6" was "3" for v/q -> v/q)"}));
  // The first that it admits need not be the first that it reaches, and what it makes valid counts too.
  const Json modes = Json::parse(R"({"network": {"egress": {"default": "a", "modes": {"a": {"type": "none"}}}}})");
  Json invalid = WithRunner(WithRunner(World(modes), "s", "p"), "t", "p");
  invalid.push_back(first);
  RunnerOf(invalid, "r")["install_status"] = "FAILED";
  RunnerOf(invalid, "t")["profile_bindings"][0]["overrides_json"] = R"({"network": {"egress": {"default": "b"}}})";
  EXPECT_EQ(Helps(invalid, Json::parse(R"({"network": {"egress_mode": "b"}})")),
            Names{R"(ASK_ADMIN 2 profile /network/egress/modes/b {"type":"none"} was null for s/p -> s/p)"});
}

TEST(ReferenceRemedy, AsksForAnImagePattern) {
  const Json objects = World(Json::parse(R"({"container_image": "debian"})"),
                             Json::array({OrganizationDoc(R"({"allowed_images": ["python:.*"]})")}));
  EXPECT_EQ(Helps(objects, {{"container_image", "ghcr.io/a_b-c:1C"}}),
            Names{R"(ASK_ADMIN 1 organization /allowed_images ["python:.*","ghcr\\.io\\/a_b\\-c\\:1C"])"
                  R"( was ["python:.*"] for r/p -> r/p)"});
  EXPECT_EQ(
      Helps(objects, Json::object()),
      Names{R"(ASK_ADMIN 1 organization /allowed_images ["python:.*","debian"] was ["python:.*"] for r/p -> r/p)"});
  // Without an image there is nothing to allow.
  EXPECT_EQ(Helps(World(Json::object(), Json::array({OrganizationDoc(R"({"allowed_images": []})")})), Json::object()),
            Names{});
}

TEST(ReferenceRemedy, AsksForADefaultLimit) {
  // In a binding whose own request would be above it, the limit is an error of that layer.
  Json objects = Enforcing(World(Json::parse(R"({"resource_defaults": {"memoryLimit": "8Gi"}})")));
  const Json request = Json::parse(R"({"resource_requests": {"cpu": "2"}})");
  const std::string fix = R"(FIX_REQUEST 1 add /resource_limits {"cpu":"2"} -> r/p)";
  EXPECT_EQ(Helps(objects, request),
            (Names{fix, R"(ASK_ADMIN 1 binding /resource_defaults/cpuLimit "2" was null for r/p -> r/p)"}));
  objects[1]["profile_bindings"][0]["overrides_json"] = {{"resource_defaults", {{"cpuRequest", "4"}}}};
  EXPECT_EQ(Helps(objects, request), Names{fix});
}

TEST(ReferenceRemedy, AsksForAnInstanceType) {
  const Json count = Json::parse(R"({"resources": {"gpu": {"count": 1}}})");
  Json objects = World(Json::parse(R"({"instance_types": ["cpu.small"]})"));
  objects[1]["capabilities"]["supported_gpu_types"] = {"l40", "h100", "a100"};
  EXPECT_EQ(Helps(objects, count),
            Names{R"(ASK_ADMIN 1 profile /instance_types ["cpu.small","a100"] was ["cpu.small"] for r/p -> r/p)"});
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_limits": {"gpu": {"count": 1, "type": "L40"}}})")),
            Names{R"(ASK_ADMIN 1 profile /instance_types ["cpu.small","l40"] was ["cpu.small"] for r/p -> r/p)"});
  EXPECT_EQ(Helps(objects, Json::parse(R"({"resource_limits": {"gpu": {"count": 1, "type": "b200"}}})")), Names{});
  Json sized = objects;
  sized.push_back(
      Json::parse(R"({"kind": "Zone", "zone": "z", "gpu_memory_gb": {"a100": 40, "H100": 80, "l40": 48}})"));
  EXPECT_EQ(Helps(sized, Json::parse(R"({"resource_limits": {"gpu": {"count": 1, "memory_gb": 48}}})")),
            Names{R"(ASK_ADMIN 1 profile /instance_types ["cpu.small","h100"] was ["cpu.small"] for r/p -> r/p)"});
  // Where the list stands; in both places one of them alone would contradict the other.
  objects[0]["spec"] = Json::parse(R"({"pod": {"placement": {"instance_types": ["b200"]}}})");
  EXPECT_EQ(Helps(objects, count),
            Names{R"(ASK_ADMIN 1 profile /pod/placement/instanceTypes ["b200","a100"] was ["b200"] for r/p -> r/p)"});
  objects[1]["profile_bindings"][0]["overrides_json"] = R"({"instanceTypes": ["B200"]})";
  EXPECT_EQ(Helps(objects, count), Names{});
  // A list that restricts nothing is not in the way.
  objects[1]["profile_bindings"][0]["overrides_json"] = R"({"pod": {"placement": {"instanceTypes": []}}})";
  objects[1]["capabilities"]["supported_gpu_types"] = Json::array();
  EXPECT_EQ(Helps(objects, count), Names{});
}

TEST(ReferenceRemedy, AsksForAnEgressMode) {
  const auto asking = [](const std::string& name) -> Json { return {{"network", {{"egress_mode", name}}}}; };
  const Json deny = Json::parse(R"({"network": {"egress": {"default": "deny", "modes": {"deny": {"type": "none"}}}}})");
  EXPECT_EQ(Helps(World(deny), asking("internet")),
            Names{R"(ASK_ADMIN 1 profile /network/egress/modes/internet {"type":"internet"} was null for r/p -> r/p)"});
  EXPECT_EQ(Helps(World(deny), asking("a/b~c")),
            Names{R"(ASK_ADMIN 1 profile /network/egress/modes/a~1b~0c {"type":"none"} was null for r/p -> r/p)"});
  EXPECT_EQ(Helps(World(deny), asking(std::string(254, 'a'))), Names{});  // no name of a mode
  // Without any modes there is no default either, and one field is not enough.
  EXPECT_EQ(Helps(World(Json::object()), asking("internet")), Names{});
  // What others declare, valid ones only; on any runner that the caller may see, in catalog order.
  Json list = deny;
  list["network"]["egress"]["modes"]["web"] = Json::parse(R"({"type": "allowlist", "cidrs": ["10.0.0.0/8"]})");
  Json wrong = deny;
  wrong["network"]["egress"]["modes"]["web"] = Json::parse(R"({"type": "allowlist"})");
  Json objects = World(deny, Json::array({Profile("q", list), Profile("bad", wrong)}));
  objects = WithRunner(WithRunner(objects, "s", "bad"), "t", "q");
  Json request = asking("web");
  request["runner_ids"] = {"r"};
  EXPECT_EQ(Helps(objects, request),
            (Names{R"(USE_OTHER_RUNNER 1 replace /runner_ids ["t"] -> t/q)",
                   R"(ASK_ADMIN 1 profile /network/egress/modes/web {"cidrs":["10.0.0.0/8"],"type":"allowlist"})"
                   R"( was null for r/p -> r/p)"}));
  // The highest layer that sets a leaf, also when the name was removed there.
  objects = World(list);
  objects[1]["profile_bindings"][0]["overrides_json"] =
      R"({"network": {"egress": {"default": "x", "modes": {"x": {"type": "org"}, "web": null}}}})";
  EXPECT_EQ(Helps(objects, asking("web")),
            Names{R"(ASK_ADMIN 1 binding /network/egress/modes/web {"type":"none"} was null for r/p -> r/p)"});
  // Removed further up, it stays removed.
  objects[1]["profile_bindings"][0]["overrides_json"] = R"({"network": {"egress": {"modes": {"web": null}}}})";
  EXPECT_EQ(Helps(objects, asking("web")), Names{});
}

TEST(ReferenceRemedy, AsksForAnIngressLevel) {
  const Json request = Json::parse(R"({"network": {"ingress_mode": "web", "exposed_ports": [80]}})");
  EXPECT_EQ(Helps(World(Json::object()), request),
            Names{R"(ASK_ADMIN 1 binding /network/ingress/web {"scope":"user","service":{"serviceType":"ClusterIP"}})"
                  R"( was null for r/p -> r/p)"});
  Json objects = World(
      Json::parse(R"({"network": {"ingress": {"x": {"scope": "org", "service": {"serviceType": "NodePort"}}}}})"),
      Json::array({Profile(
          "q",
          Json::parse(
              R"({"network": {"ingress": {"web": {"scope": "any", "service": {"serviceType": "NodePort"}}}}})"))}));
  objects[1]["profile_bindings"].push_back(Bound("q", false));
  Json named = request;
  named["profile_names"] = {"p"};
  EXPECT_EQ(Helps(objects, named),
            (Names{R"(USE_OTHER_PROFILE 1 replace /profile_names ["q"] -> r/q)",
                   R"(ASK_ADMIN 1 profile /network/ingress/web {"scope":"any","service":{"serviceType":"NodePort"}})"
                   R"( was null for r/p -> r/p)"}));
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
