// Every document is held against Kubernetes' rules, as far as berth has them: CheckSound runs on whatever is made here,
// and at the end on the example catalog and on random ones.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/engine/manifest.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"
#include "berth/store/files.h"
#include "berth/validate/names.h"
#include "berth/validate/pod_rules.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using Json = nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kRequired =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

Json At(const Json& document, std::string_view pointer) {
  const Json::json_pointer path{std::string(pointer)};
  return document.contains(path) ? document.at(path) : Json();
}

std::string TextAt(const Json& document, std::string_view pointer) {
  const Json found = At(document, pointer);
  return found.is_string() ? found.get<std::string>() : std::string();
}

Json ToJson(const Node& node) {
  std::string text;
  JsonWriter writer(text);
  WriteNode(node, writer);
  return Json::parse(text);
}

// What was made, to look at.
struct Preview {
  Manifests made;
  std::vector<Json> documents;

  // The first document of a kind whose name ends so; null when there is none.
  [[nodiscard]] Json Get(std::string_view kind, std::string_view ending = "") const {
    for (const Json& document : documents) {
      if (document["kind"] == kind && TextAt(document, "/metadata/name").ends_with(ending)) return document;
    }
    return {};
  }
  [[nodiscard]] Json pod() const { return Get("Pod"); }
  [[nodiscard]] Json main() const {
    for (const Json& container : At(pod(), "/spec/containers")) {
      if (container["name"].get<std::string>().starts_with("sandbox")) return container;
    }
    return {};
  }
  // Kinds in order.
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const Json& document : documents) kinds.push_back(document["kind"]);
    return kinds;
  }
  // All notes, `kind path: text`, a line each.
  [[nodiscard]] std::string notes() const {
    std::string text;
    for (const std::string& note : made.notes) text += note + "\n";
    for (size_t i = 0; i < documents.size(); ++i) {
      for (const ManifestNote& note : made.documents[i].notes) {
        text += documents[i]["kind"].get<std::string>() + " " + note.path + ": " + note.text + "\n";
      }
    }
    return text;
  }
};

// --- What must hold of all of them ---

void CheckLabels(const Json& labels) {
  for (const auto& [key, value] : labels.items()) {
    EXPECT_EQ(CheckLabelKey(key), "") << key;
    EXPECT_EQ(CheckLabelValue(value.get<std::string>()), "") << key << ": " << value;
  }
}

bool IsSubset(const Json& few, const Json& many) {
  return std::ranges::all_of(
      few.items(), [&](const auto& item) { return many.contains(item.key()) && many[item.key()] == item.value(); });
}

void CheckMetadata(const Json& document) {
  const std::string name = TextAt(document, "/metadata/name");
  const std::string kind = document["kind"];
  if (kind == "Namespace") {
    EXPECT_EQ(CheckDns1123Label(name), "");
    EXPECT_TRUE(At(document, "/metadata/namespace").is_null());
  } else {
    EXPECT_EQ(CheckDns1123Label(TextAt(document, "/metadata/namespace")), "");
    EXPECT_EQ(kind == "Service" ? CheckDns1035Label(name) : CheckDns1123Subdomain(name), "") << kind << " " << name;
  }
  CheckLabels(At(document, "/metadata/labels"));
  const Json annotations = At(document, "/metadata/annotations");
  for (const auto& [key, value] : annotations.items()) {
    EXPECT_TRUE(value.is_string());
    EXPECT_EQ(CheckAnnotationKey(key), "");
  }
}

void CheckPod(const Manifest& manifest, const Json& pod) {
  const NodeRef* spec = manifest.document->Find("spec");
  ASSERT_NE(spec, nullptr);
  std::vector<Issue> issues;
  CheckPodSpec(**spec, {"preview", "/spec", "spec"}, Layer::kDefault, issues);
  for (const Issue& issue : issues) {
    EXPECT_TRUE(issue.level() != IssueLevel::kError) << issue.path << ": " << issue.message;
  }
  std::set<std::string> names;
  for (const std::string list : {"containers", "initContainers", "ephemeralContainers"}) {
    for (const Json& container : At(pod, "/spec/" + list)) {
      const std::string name = container["name"];
      EXPECT_EQ(CheckDns1123Label(name), "") << name;
      EXPECT_TRUE(names.insert(name).second) << name;
    }
  }
  // Kubernetes refuses a term list without terms.
  if (const Json terms = At(pod, kRequired); !terms.is_null()) {
    EXPECT_FALSE(terms.empty());
  }
}

void CheckSound(const Preview& preview) {
  std::set<std::string> namespaces;
  const Json labels = At(preview.pod(), "/metadata/labels");
  std::set<int64_t> container_ports;
  for (const Json& port : At(preview.main(), "/ports")) container_ports.insert(port["containerPort"].get<int64_t>());
  ASSERT_FALSE(preview.pod().is_null());
  for (size_t i = 0; i < preview.documents.size(); ++i) {
    const Json& document = preview.documents[i];
    const std::string kind = document["kind"];
    EXPECT_TRUE(document["apiVersion"].is_string());
    CheckMetadata(document);
    namespaces.insert(TextAt(document, kind == "Namespace" ? "/metadata/name" : "/metadata/namespace"));
    if (kind == "Pod") CheckPod(preview.made.documents[i], document);
    if (kind == "NetworkPolicy") {
      const Json selected = At(document, "/spec/podSelector/matchLabels");
      EXPECT_FALSE(selected.empty());
      EXPECT_TRUE(IsSubset(selected, labels)) << selected;
      EXPECT_EQ(document["spec"]["policyTypes"].size(), 1U);
    }
    if (kind == "Service") {
      const Json selected = At(document, "/spec/selector");
      EXPECT_FALSE(selected.empty());
      EXPECT_TRUE(IsSubset(selected, labels)) << selected;
      EXPECT_FALSE(document["spec"]["ports"].empty());
      std::set<std::string> names;
      for (const Json& port : document["spec"]["ports"]) {
        EXPECT_EQ(CheckDns1123Label(port["name"].get<std::string>()), "");
        EXPECT_TRUE(names.insert(port["name"]).second);
        EXPECT_TRUE(container_ports.contains(port["targetPort"].get<int64_t>()));
      }
    }
    if (kind == "Ingress") {
      const Json service = preview.Get("Service");
      const Json backend = At(document, "/spec/rules/0/http/paths/0/backend/service");
      EXPECT_EQ(backend["name"], service["metadata"]["name"]);
      EXPECT_EQ(backend["port"]["number"], service["spec"]["ports"][0]["port"]);
      EXPECT_TRUE(IsHostName(TextAt(document, "/spec/rules/0/host")));
      EXPECT_EQ(CheckDns1123Subdomain(TextAt(document, "/spec/ingressClassName")), "");
    }
    for (const ManifestNote& note : preview.made.documents[i].notes) {
      EXPECT_TRUE(document.contains(Json::json_pointer(note.path))) << note.path;
      EXPECT_THAT(note.text, Not(HasSubstr("\n")));
      EXPECT_FALSE(note.text.empty());
    }
  }
  EXPECT_EQ(namespaces.size(), 1U);
  // A placeholder is never without a word about it.
  for (const Json& document : preview.documents) {
    const std::string text = document.dump();
    for (size_t at = text.find("placeholder"); at != std::string::npos; at = text.find("placeholder", at + 1)) {
      EXPECT_NE(preview.notes(), "");
    }
  }
}

Preview PreviewOf(const Resolved& resolved, std::string_view organization, const LaunchRequest* request) {
  Preview preview;
  preview.made = ManifestsOf(resolved, organization, request);
  for (const Manifest& manifest : preview.made.documents) preview.documents.push_back(ToJson(*manifest.document));
  return preview;
}

struct Asked {
  std::string_view spec = "{}";
  std::string_view request = {};  // empty: no launch
  std::string_view organization = kDefaultOrganization;
  bool sound = true;
};

Preview Make(const Asked& asked) {
  Engine engine;
  EXPECT_TRUE(engine.Publish(CatalogOf({ZoneSource(), ProfileSource(asked.spec), RunnerSource()}), 1).ok());
  const auto snapshot = engine.snapshot();
  EXPECT_EQ(snapshot->bindings().size(), 1U);
  for (const auto& object : snapshot->objects()) {
    for (const Issue& issue : object->issues) {
      EXPECT_TRUE(issue.level() != IssueLevel::kError) << issue.path << ": " << issue.message;
    }
  }
  LaunchRequest request = LaunchOf(asked.request.empty() ? "{}" : asked.request);
  for (const Issue& issue : request.issues) ADD_FAILURE() << issue.field << ": " << issue.message;
  if (asked.request.empty()) request.organization_id = asked.organization;
  const LaunchRequest* launch = asked.request.empty() ? nullptr : &request;
  const Resolved resolved = Engine::Resolve(*snapshot, 0, launch, request.organization_id);
  EXPECT_TRUE(resolved.valid);
  Preview preview = PreviewOf(resolved, request.organization_id, launch);
  if (asked.sound) CheckSound(preview);
  return preview;
}

Preview Make(std::string_view spec, std::string_view request = {}) { return Make(Asked{spec, request}); }

// --- Namespace ---

TEST(ManifestNamespace, IsMadeUnlessTheProfileSaysNo) {
  const Preview made = Make("{namespace: {namespacePrefix: sb-, labels: {team: ml}, annotations: {owner: 'a b'}}}");
  EXPECT_EQ(made.Get("Namespace"), Json::parse(R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {
      "name": "sb-default", "labels": {"team": "ml"}, "annotations": {"owner": "a b"}}})"));
  EXPECT_THAT(made.kinds(), ElementsAre("Namespace", "Pod", "NetworkPolicy"));

  const Preview kept =
      Make("{namespace: {strategy: static, staticNamespace: data, autoCreate: false, labels: {a: b}}}");
  EXPECT_THAT(kept.kinds(), ElementsAre("Pod", "NetworkPolicy"));
  EXPECT_EQ(TextAt(kept.pod(), "/metadata/namespace"), "data");
  EXPECT_THAT(kept.made.notes, Contains(HasSubstr("namespace `data` must be there already")));
}

TEST(ManifestNamespace, WithoutAUserIsAPlaceholder) {
  const Preview made = Make("{namespace: {strategy: per-user}}");
  EXPECT_EQ(TextAt(made.Get("Namespace"), "/metadata/name"), "placeholder-namespace");
  EXPECT_EQ(TextAt(made.Get("NetworkPolicy"), "/metadata/namespace"), "placeholder-namespace");
  EXPECT_THAT(made.notes(), HasSubstr("Namespace /metadata/name: one namespace for each user"));
  EXPECT_THAT(made.notes(), Not(HasSubstr("Pod /metadata/namespace"))) << "a note stands at the first use";
  EXPECT_THAT(Make("{namespace: {strategy: per-user, autoCreate: false}}").notes(),
              HasSubstr("Pod /metadata/namespace: one namespace for each user"));

  const Preview known = Make("{namespace: {strategy: per-user}}", "{user_id: u-1}");
  EXPECT_THAT(TextAt(known.Get("Namespace"), "/metadata/name"), HasSubstr("default-u-1-"));
  EXPECT_THAT(known.notes(), Not(HasSubstr("one namespace for each user")));
}

// --- Who it is ---

TEST(ManifestIdentity, LabelsSayWhoseSandboxItIs) {
  const Preview made =
      Make("{pod: {metadata: {labels: {app: agent}, annotations: {owner: ml}}}}", "{sandbox_id: s-1, user_id: u-1}");
  EXPECT_EQ(At(made.pod(), "/metadata"), Json::parse(R"({"name": "s-1", "namespace": "default",
      "annotations": {"owner": "ml"},
      "labels": {"app": "agent", "sandbox-id": "s-1", "sandbox.coreweave.com/sandbox-organization-id": "default",
                 "sandbox.coreweave.com/sandbox-profile-name": "p1", "sandbox.coreweave.com/sandbox-user-id": "u-1"}})"));
  EXPECT_THAT(made.notes(), HasSubstr("Pod /metadata/labels: with the runner's own labels; assumed"));
  EXPECT_THAT(made.notes(), Not(HasSubstr("placeholder")));
}

TEST(ManifestIdentity, WhatALabelCannotCarryIsAPlaceholder) {
  constexpr std::string_view kPrefix = "/metadata/labels/sandbox.coreweave.com~1sandbox-";
  const auto label = [&](const Preview& preview, std::string_view name) {
    return TextAt(preview.pod(), std::string(kPrefix).append(name));
  };
  const Preview odd = Make("{}", "{organization_id: 'Ünal & Co', user_id: 'ana@example.com'}");
  EXPECT_EQ(label(odd, "organization-id"), "placeholder-organization-id");
  EXPECT_EQ(label(odd, "user-id"), "placeholder-user-id");
  EXPECT_THAT(odd.notes(), HasSubstr("organization `Ünal & Co` is no value of a label"));
  EXPECT_THAT(odd.notes(), HasSubstr("user `ana@example.com` is no value of a label"));

  const Preview any = Make("{}");
  EXPECT_EQ(label(any, "user-id"), "placeholder-user-id");
  EXPECT_EQ(TextAt(any.pod(), "/metadata/name"), "placeholder-sandbox-id");
  EXPECT_EQ(TextAt(any.pod(), "/metadata/labels/sandbox-id"), "placeholder-sandbox-id");
  EXPECT_THAT(any.notes(), HasSubstr("Pod /metadata/name: no sandbox id is given"));
  EXPECT_THAT(any.notes(), HasSubstr("filled in from the launch; left out when it names no user"));

  EXPECT_EQ(label(Make("{}", "{sandbox_id: s}"), "user-id"), "") << "a launch without a user has no such label";
  EXPECT_EQ(label(Make({.organization = "acme"}), "organization-id"), "acme");
  EXPECT_EQ(label(Make({.organization = ""}), "organization-id"), "placeholder-organization-id");
}

TEST(ManifestIdentity, WhatALaunchSaysBesideTheSpecIsNoted) {
  const Preview made =
      Make("{}", "{command: [sh], volumes: [], privileged: true, architecture: arm64, storage_classes: [fast]}");
  EXPECT_THAT(made.notes(), HasSubstr("Pod : the launch also sets `command` and `volumes`: berth does not read this"));
  EXPECT_THAT(made.notes(),
              HasSubstr("Pod : the launch asks for a privileged sandbox, architecture `arm64` and storage "
                        "class `fast`: no field of a spec"));
  EXPECT_THAT(Make("{}", "{privileged: false}").notes(), Not(HasSubstr("the launch asks")));
}

// --- The pod ---

TEST(ManifestPod, MainContainerGetsAFreeName) {
  const std::map<std::string, std::string> rows = {
      {"{}", "sandbox"},
      {"{containers: [{name: ''}]}", "sandbox"},
      {"{containers: [{name: sandbox, image: a}]}", "sandbox-2"},
      {"{initContainers: [{name: sandbox, image: a}]}", "sandbox-2"},
      {"{containers: [{name: sandbox, image: a}], initContainers: [{name: sandbox-2, image: a}]}", "sandbox-3"},
      {"{ephemeralContainers: [{name: sandbox}], containers: [{name: sandbox-3, image: a}]}", "sandbox-2"},
  };
  for (const auto& [spec, name] : rows) {
    const Preview made = Make("{container_image: main, pod: {spec: " + spec + "}}");
    std::string found;
    for (const Json& container : At(made.pod(), "/spec/containers")) {
      if (TextAt(container, "/image") == "main") found = container["name"];
    }
    EXPECT_EQ(found, name) << spec;
    EXPECT_THAT(made.notes(), HasSubstr("the sandbox's main container, which the platform names itself"));
  }
}

TEST(ManifestPod, MainContainerKeepsItsPlaceAndItsMembers) {
  const Preview made = Make(
      "{container_image: main, pod: {spec: {containers: [{name: first, image: a}, {name: '', workingDir: /w}], "
      "restartPolicy: Never}}}");
  EXPECT_EQ(
      At(made.pod(), "/spec/containers"),
      Json::parse(R"([{"name": "first", "image": "a"}, {"name": "sandbox", "image": "main", "workingDir": "/w"}])"));
  EXPECT_EQ(TextAt(made.pod(), "/spec/restartPolicy"), "Never");
  // Without one it comes first: tools take the first container for the main one.
  const Preview added = Make("{container_image: main, pod: {spec: {containers: [{name: first, image: a}]}}}");
  EXPECT_EQ(TextAt(added.pod(), "/spec/containers/0/image"), "main");
}

TEST(ManifestPod, OtherContainersNeedAnImageOfTheirOwn) {
  const Preview made = Make(
      "{container_image: main, pod: {spec: {containers: [{name: a}, {name: b, image: b}], initContainers: [{name: "
      "c}]}}}");
  EXPECT_THAT(made.notes(), HasSubstr("Pod /spec/containers/1: no layer gives this container an image"));
  EXPECT_THAT(made.notes(), HasSubstr("Pod /spec/initContainers/0: no layer gives this container an image"));
  EXPECT_THAT(made.notes(), Not(HasSubstr("Pod /spec/containers/2: no layer")));
  EXPECT_THAT(made.notes(), Not(HasSubstr("Pod /spec/containers/0: no layer")));
  EXPECT_THAT(Make("{pod: {spec: {ephemeralContainers: [{name: debug}]}}}").notes(),
              HasSubstr("Pod /spec/ephemeralContainers: Kubernetes takes these for pods that run"));
}

TEST(ManifestPod, WithoutAnImageHasAPlaceholderThatNobodyCanServe) {
  const Preview made = Make("{}");
  EXPECT_EQ(TextAt(made.main(), "/image"), "placeholder.invalid/image");
  EXPECT_THAT(made.notes(), HasSubstr("Pod /spec/containers/0/image: no layer sets an image"));
  EXPECT_EQ(TextAt(Make("{}", "{container_image: 'python:3.11'}").main(), "/image"), "python:3.11");
}

TEST(ManifestPod, ResourcesAreTheSpecsAndTheLaunchs) {
  struct Row {
    std::string_view spec;
    std::string_view request;
    std::string_view resources;
  };
  constexpr Row kRows[] = {
      {"{}", "", "null"},
      {"{resource_defaults: {cpuRequest: 500m, memoryLimit: 2048Mi}}", "",
       R"({"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "2Gi"}})"},
      {"{resource_defaults: {cpuLimit: 2}}", "{resource_requests: {cpu: 1}}",
       R"({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}})"},
      {"{}", "{resource_limits: {gpu: {count: 2}}}",
       R"({"requests": {"nvidia.com/gpu": "2"}, "limits": {"nvidia.com/gpu": "2"}})"},
      {"{}", "{resources: {cpu: 1, gpu: {count: 1}}}",
       R"({"requests": {"cpu": "1", "nvidia.com/gpu": "1"}, "limits": {"cpu": "1", "nvidia.com/gpu": "1"}})"},
      {"{resource_defaults: {cpuRequest: 1}, pod: {spec: {containers: [{name: '', resources: {claims: [{name: c}], "
       "requests: {ephemeral-storage: 1Gi}}}]}}}",
       "", R"({"claims": [{"name": "c"}], "requests": {"cpu": "1", "ephemeral-storage": "1Gi"}})"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(At(Make(row.spec, row.request).main(), "/resources"), Json::parse(row.resources))
        << row.spec << " " << row.request;
  }
  EXPECT_THAT(Make("{}", "{resource_requests: {gpu: {count: 1, type: h100}}}").notes(),
              HasSubstr("limits/nvidia.com~1gpu: type `h100` is asked"));
  EXPECT_THAT(Make("{}", "{resource_requests: {gpu: {count: 1, memory_gb: 80}}}").notes(),
              HasSubstr("at least 80 GiB each is asked"));
  const Preview high =
      Make("{resource_defaults: {cpuLimit: 2, memoryLimit: 1Gi}}", "{resource_requests: {cpu: 3, memory: 1024Mi}}");
  EXPECT_THAT(high.notes(), HasSubstr("/resources: the request for cpu is above the limit: such a launch is rejected"));
  EXPECT_THAT(high.notes(), Not(HasSubstr("the request for memory"))) << "1024Mi is 1Gi";
}

TEST(ManifestPod, PortsAreTheLaunchsBesideTheSpecs) {
  const Preview made = Make(
      "{network: {ingress: {in: {scope: any, service: {serviceType: ClusterIP}}}}, pod: {spec: {containers: [{name: "
      "'', "
      "ports: [{containerPort: 80, name: web}, {containerPort: 53, protocol: UDP}]}]}}}",
      "{sandbox_id: s, network: {ingress_mode: in, exposed_ports: [53, 80, 81]}}");
  EXPECT_EQ(At(made.main(), "/ports"),
            Json::parse(R"([{"containerPort": 80, "name": "web"}, {"containerPort": 53, "protocol": "UDP"},
                            {"containerPort": 53, "protocol": "TCP"}, {"containerPort": 81, "protocol": "TCP"}])"));
}

TEST(ManifestPod, PlacementIsThePods) {
  const Preview made =
      Make("{runtime_class: gvisor, node_selector: {pool: a}, pod: {spec: {nodeSelector: {disk: ssd}}}}");
  EXPECT_EQ(TextAt(made.pod(), "/spec/runtimeClassName"), "gvisor");
  EXPECT_EQ(At(made.pod(), "/spec/nodeSelector"), Json::parse(R"({"disk": "ssd", "pool": "a"})"));
  EXPECT_EQ(At(made.pod(), "/spec/affinity"), Json());
}

TEST(ManifestPod, InstanceTypesJoinEveryTermThatMatchesSomething) {
  constexpr std::string_view kTypes =
      R"({"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["h100", "h200"]})";
  constexpr std::string_view kOther = R"({"key": "disk", "operator": "Exists"})";
  const std::string with = R"({"matchExpressions": [)" + std::string(kTypes) + "]}";
  const std::string both = R"({"matchExpressions": [)" + std::string(kOther) + ", " + std::string(kTypes) + "]}";
  constexpr std::string_view kField = R"({"key": "metadata.name", "operator": "In", "values": ["n"]})";
  const std::string field = R"({"matchFields": [)" + std::string(kField) + "]}";
  const std::string field_too =
      R"({"matchFields": [)" + std::string(kField) + R"(], "matchExpressions": [)" + std::string(kTypes) + "]}";
  const std::string other = R"({"matchExpressions": [)" + std::string(kOther) + "]}";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"[]", "[" + with + "]"},
      {"[" + other + "]", "[" + both + "]"},
      {"[" + other + ", " + other + "]", "[" + both + ", " + both + "]"},
      {"[" + field + "]", "[" + field_too + "]"},
      {"[{}, " + other + "]", "[{}, " + both + "]"},
      {"[{}]", "[{}]"},
      {R"([{"matchExpressions": []}, {"matchFields": []}])", R"([{"matchExpressions": []}, {"matchFields": []}])"},
  };
  for (const auto& [terms, wanted] : rows) {
    const Preview made = Make(
        "{instance_types: [h100, h200], pod: {spec: {affinity: {nodeAffinity: "
        "{requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: " +
        terms + "}}}}}}");
    EXPECT_EQ(At(made.pod(), kRequired), Json::parse(wanted)) << terms;
  }
  EXPECT_THAT(Make("{instance_types: [h100], pod: {spec: {affinity: {nodeAffinity: "
                   "{requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}]}}}}}}")
                  .notes(),
              HasSubstr("terms without expressions match no node"));

  // Other affinity stays, `[]` restricts nothing, and the older place counts as well.
  const Preview kept = Make(
      "{instance_types: [h100, h200], pod: {spec: {affinity: {podAffinity: {}, nodeAffinity: {"
      "preferredDuringSchedulingIgnoredDuringExecution: []}}}}}");
  EXPECT_EQ(At(kept.pod(), kRequired), Json::parse("[" + with + "]"));
  EXPECT_TRUE(kept.pod()["spec"]["affinity"].contains("podAffinity"));
  EXPECT_TRUE(
      kept.pod()["spec"]["affinity"]["nodeAffinity"].contains("preferredDuringSchedulingIgnoredDuringExecution"));
  EXPECT_THAT(kept.notes(), HasSubstr("with `instance_types`; assumed: nodes carry their type in this label"));
  EXPECT_EQ(At(Make("{instance_types: []}").pod(), "/spec/affinity"), Json());
  EXPECT_EQ(At(Make("{pod: {placement: {instanceTypes: [h100, h200]}}}").pod(), kRequired),
            Json::parse("[" + with + "]"));
  EXPECT_THAT(Make("{instance_types: ['a b']}").notes(), HasSubstr("`a b` is no value of a label, so no node has it"));
}

// --- Egress ---

TEST(ManifestEgress, EveryTypeIsItsRules) {
  const std::string dns =
      R"(,{"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
      "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
      "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}])";
  const auto peers = [&](const std::string& labels) {
    return R"([{"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {
        "sandbox.coreweave.com/sandbox-organization-id": "default")" +
           labels + "}}}]}" + dns;
  };
  const std::vector<std::tuple<std::string, std::string, std::string>> rows = {
      {"{type: none}", "[]", "mode `m`: nothing, and no name lookups either"},
      {"{type: internet}",
       R"([{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
            "172.16.0.0/12", "192.168.0.0/16"]}}, {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "fe80::/10"]}}]})" +
           dns,
       "the public internet"},
      {"{type: allowlist, cidrs: [10.1.0.0/16, '2001:db8::/32']}",
       R"([{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}, {"ipBlock": {"cidr": "2001:db8::/32"}}]})" + dns,
       "these ranges only"},
      {"{type: org}", peers(""),
       "the organization's sandboxes; assumed: known by the runner's labels, in any namespace"},
      {"{type: user}", peers(R"(, "sandbox.coreweave.com/sandbox-user-id": "u-1")"), "the same user's sandboxes"},
      {"{type: profile}", peers(R"(, "sandbox.coreweave.com/sandbox-profile-name": "p1")"), "with the same profile"},
  };
  for (const auto& [mode, rules, note] : rows) {
    const Preview made =
        Make("{network: {egress: {default: m, modes: {m: " + mode + "}}}}", "{sandbox_id: s, user_id: u-1}");
    const Json policy = made.Get("NetworkPolicy");
    EXPECT_EQ(At(policy, "/metadata/name"), "s-egress");
    EXPECT_EQ(At(policy, "/spec/podSelector"), Json::parse(R"({"matchLabels": {"sandbox-id": "s"}})"));
    EXPECT_EQ(At(policy, "/spec/policyTypes"), Json::parse(R"(["Egress"])"));
    EXPECT_EQ(At(policy, "/spec/egress"), Json::parse(rules)) << mode;
    EXPECT_THAT(made.notes(), HasSubstr("NetworkPolicy /spec/egress: mode `m`: ")) << mode;
    EXPECT_THAT(made.notes(), HasSubstr(note)) << mode;
    EXPECT_EQ(made.notes().find("assumed: name lookups") == std::string::npos, rules == "[]") << mode;
  }
}

TEST(ManifestEgress, TheModeIsTheOneThatCounts) {
  constexpr std::string_view kTwo = "{network: {egress: {default: a, modes: {a: {type: none}, b: {type: org}}}}}";
  EXPECT_EQ(Make(kTwo).Get("NetworkPolicy")["spec"]["egress"].size(), 0U);
  EXPECT_EQ(Make(kTwo, "{network: {egress_mode: b}}").Get("NetworkPolicy")["spec"]["egress"].size(), 2U);

  const Preview none = Make("{}");
  EXPECT_EQ(none.Get("NetworkPolicy")["spec"]["egress"], Json::array());
  EXPECT_THAT(none.notes(), HasSubstr("no egress mode is declared: nothing, and no name lookups either"));

  // What is not offered is closed, so that the pod is not shown without a policy.
  const Preview refused = Make(kTwo, "{network: {egress_mode: c}}");
  EXPECT_EQ(refused.Get("NetworkPolicy")["spec"]["egress"], Json::array());
  EXPECT_THAT(refused.notes(), HasSubstr("EGRESS_MODE_NOT_OFFERED"));

  const Preview nobody = Make("{network: {egress: {default: m, modes: {m: {type: user}}}}}", "{sandbox_id: s}");
  EXPECT_EQ(nobody.Get("NetworkPolicy")["spec"]["egress"], Json::array());
  EXPECT_THAT(nobody.notes(), HasSubstr("this launch names no user, so there are none"));
  EXPECT_THAT(Make("{network: {egress: {default: m, modes: {m: {type: user}}}}}").Get("NetworkPolicy").dump(),
              HasSubstr("placeholder-user-id"));

  EXPECT_THAT(Make("{pod: {spec: {hostNetwork: true}}}").notes(),
              HasSubstr("NetworkPolicy : this pod uses the host's"));
}

// --- Ingress ---

std::string LevelSpec(std::string_view level) { return "{network: {ingress: {in: " + std::string(level) + "}}}"; }

constexpr std::string_view kExposing =
    "{sandbox_id: s, user_id: u, network: {ingress_mode: in, exposed_ports: [8080, 80]}}";

TEST(ManifestIngress, NothingIsMadeUnlessALevelIsChosen) {
  const std::string spec = LevelSpec("{scope: any, service: {serviceType: ClusterIP}}");
  EXPECT_THAT(Make(spec).kinds(), ElementsAre("Namespace", "Pod", "NetworkPolicy"));
  EXPECT_THAT(Make(spec, "{sandbox_id: s}").kinds(), ElementsAre("Namespace", "Pod", "NetworkPolicy"));
  EXPECT_THAT(Make(spec).made.notes, ElementsAre(HasSubstr("no ingress level is chosen, so nothing is exposed")));
  EXPECT_THAT(Make(spec, kExposing).made.notes, ElementsAre());
  EXPECT_THAT(Make(spec, kExposing).kinds(),
              ElementsAre("Namespace", "Pod", "NetworkPolicy", "NetworkPolicy", "Service"));
  const Preview refused = Make(spec, "{network: {ingress_mode: out, exposed_ports: [80]}}");
  EXPECT_THAT(refused.kinds(), ElementsAre("Namespace", "Pod", "NetworkPolicy"));
  EXPECT_EQ(At(refused.main(), "/ports"), Json());
  EXPECT_THAT(refused.made.notes, ElementsAre(HasSubstr("INGRESS_MODE_NOT_OFFERED")));
}

TEST(ManifestIngress, ScopesAreThePeersOfAPolicy) {
  const std::string organization = R"("sandbox.coreweave.com/sandbox-organization-id": "default")";
  const std::string user = R"("sandbox.coreweave.com/sandbox-user-id": "u")";
  const std::string profile = R"("sandbox.coreweave.com/sandbox-profile-name": "p1")";
  const std::vector<std::tuple<std::string, std::string, std::string>> rows = {
      {"any", "", "everybody"},
      {"org", organization, "the organization's sandboxes, and whatever else carries this label; assumed"},
      {"user", organization + ", " + user, "the same user's sandboxes"},
      {"profile", organization + ", " + profile, "with the same profile"},
  };
  const Json ports = Json::parse(R"([{"port": 8080, "protocol": "TCP"}, {"port": 80, "protocol": "TCP"}])");
  for (const auto& [scope, labels, note] : rows) {
    const Preview made = Make(LevelSpec("{scope: " + scope + ", service: {serviceType: ClusterIP}}"), kExposing);
    const Json policy = made.Get("NetworkPolicy", "-ingress");
    EXPECT_EQ(At(policy, "/metadata/name"), "s-ingress");
    EXPECT_EQ(At(policy, "/spec/policyTypes"), Json::parse(R"(["Ingress"])"));
    Json rule = {{"ports", ports}};
    if (!labels.empty()) {
      rule["from"] = Json::parse(R"([{"namespaceSelector": {}, "podSelector": {"matchLabels": {)" + labels + "}}}]");
    }
    EXPECT_EQ(At(policy, "/spec/ingress"), Json::array({rule})) << scope;
    EXPECT_THAT(made.notes(),
                HasSubstr("/spec/ingress: level `in`, scope `" + scope + "`: " + (scope == "any" ? note : "")));
    EXPECT_THAT(made.notes(), HasSubstr(note));
    EXPECT_THAT(made.notes(), Not(HasSubstr("what comes through")));
  }
  const Preview nobody = Make(LevelSpec("{scope: user, service: {serviceType: ClusterIP}}"),
                              "{sandbox_id: s, network: {ingress_mode: in, exposed_ports: [80]}}");
  EXPECT_EQ(At(nobody.Get("NetworkPolicy", "-ingress"), "/spec/ingress"), Json::array());
  EXPECT_THAT(
      Make(LevelSpec("{scope: org, service: {serviceType: NodePort}, ingress: {controllerName: nginx, template: "
                     "'{{.SandboxID}}.a'}}"),
           kExposing)
          .notes(),
      HasSubstr("what comes through node ports and controller `nginx` does not come from such a pod"));
}

TEST(ManifestIngress, WithoutPortsLetsNothingIn) {
  const std::string spec = LevelSpec("{scope: any, service: {serviceType: ClusterIP}}");
  const Preview made = Make({.spec = spec, .request = "{network: {ingress_mode: in}}", .sound = false});
  EXPECT_EQ(At(made.Get("NetworkPolicy", "-ingress"), "/spec/ingress"), Json::array());
}

TEST(ManifestIngress, ServiceIsTheLevels) {
  const Preview made = Make(LevelSpec("{scope: any, expectsExternalAddress: true, service: {serviceType: LoadBalancer, "
                                      "serviceSelectorAnnotation: {key: lb.example.com/pool, value: public}, "
                                      "dnsAnnotation: {key: dns.example.com/name, value: ''}}}"),
                            kExposing);
  EXPECT_EQ(made.Get("Service"), Json::parse(R"({"apiVersion": "v1", "kind": "Service",
      "metadata": {"name": "s", "namespace": "default",
                   "annotations": {"lb.example.com/pool": "public", "dns.example.com/name": ""}},
      "spec": {"type": "LoadBalancer", "selector": {"sandbox-id": "s"},
               "ports": [{"name": "port-8080", "port": 8080, "protocol": "TCP", "targetPort": 8080},
                         {"name": "port-80", "port": 80, "protocol": "TCP", "targetPort": 80}]}})"));
  EXPECT_THAT(made.notes(), HasSubstr("Service /spec/type: the cluster gives it an external address"));
  EXPECT_THAT(made.notes(), HasSubstr("Service : the sandbox counts as ready only with an external address"));

  const Preview node_port = Make(LevelSpec("{scope: any, service: {serviceType: NodePort}}"), kExposing);
  EXPECT_EQ(TextAt(node_port.Get("Service"), "/spec/type"), "NodePort");
  EXPECT_THAT(node_port.notes(), HasSubstr("the cluster picks a port on every node"));
  EXPECT_EQ(At(node_port.Get("Service"), "/metadata/annotations"), Json());

  const Preview same =
      Make(LevelSpec("{scope: any, service: {serviceType: ClusterIP, serviceSelectorAnnotation: {key: k, "
                     "value: a}, dnsAnnotation: {key: k, value: b}}}"),
           kExposing);
  EXPECT_EQ(At(same.Get("Service"), "/metadata/annotations"), Json::parse(R"({"k": "b"})"));
  EXPECT_THAT(same.notes(), HasSubstr("both annotations of the level have this key"));
}

TEST(ManifestIngress, AServicesNameBeginsWithALetter) {
  const std::string spec = LevelSpec(
      "{scope: any, service: {serviceType: ClusterIP}, ingress: {controllerName: nginx, template: "
      "'{{.SandboxID}}.a'}}");
  const std::string long_id = "7" + std::string(62, 'a');
  const std::string cut_at_hyphen = "7" + std::string(53, 'a') + "-" + std::string(8, 'b');
  const std::map<std::string, std::string> rows = {
      {"s-1", "s-1"},
      {"7f3a", "sandbox-7f3a"},
      {long_id, "sandbox-7" + std::string(54, 'a')},
      {cut_at_hyphen, "sandbox-7" + std::string(53, 'a')},
  };
  for (const auto& [id, name] : rows) {
    const Preview made = Make(spec, "{sandbox_id: '" + id + "', network: {ingress_mode: in, exposed_ports: [80]}}");
    EXPECT_EQ(TextAt(made.pod(), "/metadata/name"), id);
    EXPECT_EQ(TextAt(made.Get("Service"), "/metadata/name"), name);
    EXPECT_EQ(TextAt(made.Get("Service"), "/spec/selector/sandbox-id"), id);
    EXPECT_EQ(TextAt(made.Get("Ingress"), "/spec/rules/0/http/paths/0/backend/service/name"), name);
    EXPECT_EQ(made.notes().find("behind a letter") == std::string::npos, id == name);
  }
}

TEST(ManifestIngress, IngressRoutesTheHostToTheFirstPort) {
  const Preview made =
      Make(LevelSpec("{scope: any, service: {serviceType: ClusterIP}, ingress: {controllerName: nginx, "
                     "template: '{{.SandboxID}}.{{.Namespace}}.example.com'}}"),
           kExposing);
  EXPECT_EQ(made.Get("Ingress"), Json::parse(R"({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
      "metadata": {"name": "s", "namespace": "default"},
      "spec": {"ingressClassName": "nginx", "rules": [{"host": "s.default.example.com", "http": {"paths": [
          {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 8080}}}}]}}]}})"));
  EXPECT_THAT(made.notes(), HasSubstr("Ingress /spec/ingressClassName: assumed"));
  EXPECT_THAT(made.notes(), HasSubstr("Ingress : without TLS"));
  EXPECT_THAT(made.notes(), HasSubstr("a host leads to the first of the exposed ports"));
}

TEST(ManifestIngress, AHostThatIsNotKnownIsAPlaceholder) {
  struct Row {
    std::string_view spec;
    std::string_view request;
    std::string_view host;
    std::string_view note;
  };
  constexpr std::string_view kAsk = "{network: {ingress_mode: in, exposed_ports: [80]}}";
  constexpr Row kRows[] = {
      {"'{{.SandboxID}}.a'", kAsk, "placeholder-sandbox-id.a", "made of template `{{.SandboxID}}.a`"},
      {"'x{{.SandboxID}}{{.Namespace}}yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.a'", kAsk, "placeholder.invalid",
       "made of template"},
      {"'{{.SandboxID}}_.a'", "{sandbox_id: s, network: {ingress_mode: in, exposed_ports: [80]}}",
       "placeholder.invalid",
       "the template gives `s_.a`, which is no host name: such a launch is rejected (HOST_NAME_INVALID)"},
      {"shared.example.com", kAsk, "shared.example.com", ""},
  };
  for (const Row& row : kRows) {
    const Preview made =
        Make(LevelSpec("{scope: any, service: {serviceType: ClusterIP}, ingress: {controllerName: nginx, "
                       "template: " +
                       std::string(row.spec) + "}}"),
             row.request);
    EXPECT_EQ(TextAt(made.Get("Ingress"), "/spec/rules/0/host"), row.host) << row.spec;
    EXPECT_EQ(made.notes().find("/spec/rules/0/host: ") == std::string::npos, row.note.empty()) << row.spec;
    EXPECT_THAT(made.notes(), HasSubstr(row.note)) << row.spec;
  }
}

// --- All of them ---

// Every valid binding with every request that is valid, and without one.
size_t Sweep(const Engine& engine, const std::vector<LaunchRequest>& requests) {
  const auto snapshot = engine.snapshot();
  size_t pods = 0;
  std::vector<const LaunchRequest*> launches = {nullptr};
  Scratch scratch;
  for (const LaunchRequest& request : requests) {
    if (engine.AdmitInDetail(request, scratch).verdict != Verdict::kInvalid) launches.push_back(&request);
  }
  for (uint32_t index = 0; index < snapshot->bindings().size(); ++index) {
    if (!snapshot->bindings()[index].offer.valid) continue;
    for (const LaunchRequest* launch : launches) {
      const std::string organization = launch == nullptr ? "acme" : launch->organization_id;
      const Resolved resolved = Engine::Resolve(*snapshot, index, launch, organization);
      const Preview preview = PreviewOf(resolved, organization, launch);
      SCOPED_TRACE(ResolvedToJson(resolved, JsonLayout::kCompact));
      // No document says that the keys of a level's annotations are usable; nothing here has others.
      CheckSound(preview);
      EXPECT_EQ(preview.kinds().size() > 3, preview.Get("Service").is_object());
      const Preview again = PreviewOf(resolved, organization, launch);
      EXPECT_EQ(again.documents, preview.documents);
      EXPECT_EQ(again.notes(), preview.notes());
      ++pods;
      if (testing::Test::HasFailure()) return pods;
    }
  }
  return pods;
}

TEST(Manifests, OfTheExamplesAreSound) {
  Catalog catalog;
  for (const auto& text : ReadSources("examples/catalog", /*full_names=*/false).texts) AddSource(text, catalog);
  Engine engine;
  ASSERT_TRUE(engine.Publish(catalog, 1).ok());
  std::vector<LaunchRequest> requests;
  for (const auto& text : ReadSources("examples/requests", /*full_names=*/true).texts) {
    requests.push_back(ParseLaunchRequest(text));
  }
  for (const std::string_view level : {"internal", "public"}) {
    requests.push_back(LaunchOf("{organization_id: acme, network: {exposed_ports: [443, 8080, 65535], ingress_mode: " +
                                std::string(level) + "}, resource_limits: {gpu: {count: 8}}}"));
  }
  EXPECT_GT(Sweep(engine, requests), 300U);
}

TEST(Manifests, OfRandomCatalogsAreSound) {
  size_t pods = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomWorld world = MakeRandomWorld(seed);
    Catalog catalog;
    AddSource(std::make_shared<SourceText>("world.json", world.objects.dump()), catalog);
    Engine engine;
    ASSERT_TRUE(engine.Publish(catalog, 1).ok());
    Random random(seed);
    std::vector<LaunchRequest> requests;
    for (int i = 0; i < 12; ++i) {
      requests.push_back(
          ParseLaunchRequest(std::make_shared<SourceText>("request.json", MakeRandomRequest(world, random).dump())));
    }
    pods += Sweep(engine, requests);
    if (HasFailure()) break;
  }
  EXPECT_GT(pods, 500U);
}

}  // namespace
}  // namespace berth
