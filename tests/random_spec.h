// Random partial specs, and the pools and small draws that the other generators share.
//
// Threads:  pure functions
// Not here: whole catalogs and requests (tests/random_catalog.h)
#ifndef BERTH_TESTS_RANDOM_SPEC_H_
#define BERTH_TESTS_RANDOM_SPEC_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/random_catalog.h"

namespace berth::generator {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

inline const Names kCpus = {"500m", "1", "2", "4", "8", "1.5", "12", "250m", "0"};
inline const Names kCpuLimits = {"2", "4", "8", "16", "3500m"};
inline const Names kMemories = {"512Mi", "1Gi", "4Gi", "16Gi", "2G", "1.5Gi", "0.5Ki", "1e9"};
inline const Names kMemoryLimits = {"4Gi", "8Gi", "32Gi", "64Gi", "12e9"};
inline const Names kImages = {"python:3.11", "ghcr.io/acme/base:1.4", "debian", "ghcr.io/acme/tool",
                              "registry.local:5000/a/b:x"};
inline const Names kClasses = {"gvisor", "kata-qemu", "nvidia"};
inline const Names kGpuTypes = {"h100", "A100", "l40", "H100", "a100"};
inline const Names kModes = {"deny", "web", "list", "team"};
inline const Names kLevels = {"public", "internal"};
inline const Names kZones = {"us-east", "eu-west", "ap"};
inline const Names kGroups = {"blue", "green"};
inline const Names kArchitectures = {"amd64", "arm64"};
inline const Names kStorage = {"fast", "bulk", "scratch"};
inline const Names kProfileNames = {"agent", "ci", "gpu", "Web App"};
inline const Names kRunnerIds = {"r-1", "r-2", "r-3", "r-4", "r-5"};
inline const Names kLabelKeys = {"pool", "gpu", "team/tier"};
inline const Names kCidrs = {"10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32", "0.0.0.0/0"};
inline const Names kTemplates = {"{{.SandboxID}}.sandbox.example.com",
                                 "{{ .SandboxID }}-{{.Namespace}}.example.com",
                                 "{{.SandboxID}}--{{.Namespace}}.example.com",
                                 "a.{{.Namespace}}-{{.SandboxID}}.example.com",
                                 "shared.example.com",
                                 "{{.SandboxID}}.{{.Namespace}}.example.com"};
// An organization's id may be anything; some come out of the namespace rules as nothing, or as one of our hashes.
inline const Names kOtherOrganizations = {"acme",
                                          "acme",
                                          "acme",
                                          "Umbra Corp",
                                          "abcdefghijklmnop",
                                          "--",
                                          "a-abcdefghijklmnop",
                                          "an-organization-with-a-name-that-is-much-too-long-for-a-namespace"};

// snake_case for camelCase, and the other way round.
std::string OtherSpelling(const std::string& name);
// Sets a member of a record in one of its spellings, and in one only.
void Put(Random& random, Json& record, const std::string& name, Json value);
// At most `most` of the names, each once.
Json SomeOf(Random& random, const Names& pool, size_t most);
// Quantities are texts, and sometimes numbers.
Json Amount(Random& random, const Names& pool);
// An integer as JSON has it, or as protobuf JSON writes it.
Json Integer(Random& random, int64_t value);

// Parts of a pod.spec. A world writes those of one entry often and others seldom, so that its layers meet in them; an
// empty entry is no such choice.
const std::vector<Names>& PodFocuses();

// A partial spec as documents have it: mixed spellings, nulls, JSON texts. `mistakes`: now and then with an error.
// `focus`: an entry of PodFocuses.
class SpecMaker {
 public:
  SpecMaker(Random& random, bool mistakes, const Names& focus = PodFocuses().front())
      : random_(random), mistakes_(mistakes), focus_(focus) {}

  Json Make() {
    Json spec = Json::object();
    Member(spec, 30, 10, "container_image", [&] { return Json(random_.Pick(kImages)); });
    Member(spec, 25, 12, "runtime_class", [&] { return Json(random_.Pick(kClasses)); });
    Member(spec, 55, 4, "resource_defaults", [&] { return Resources(); });
    Member(spec, 22, 15, "instance_types", [&] { return InstanceTypes(); });
    Member(spec, 25, 7, "node_selector", [&] { return Labels(); });
    Member(spec, 20, 12, "tags", [&] { return SomeOf(random_, {"ml", "batch", "Ünïcode"}, 2); });
    Member(spec, 40, 4, "namespace", [&] { return Namespace(); });
    Member(spec, 50, 3, "network", [&] { return Network(); });
    Member(spec, focus_.empty() ? 45 : 75, 3, "pod", [&] { return Pod(); });
    if (mistakes_ && random_.PerMille(14)) Spoil(spec);
    for (const char* block : {"namespace", "network", "pod"}) {
      if (spec.contains(block) && !spec[block].is_null() && random_.Chance(15)) AsText(spec, block);
    }
    return spec;
  }

  Json Labels() {
    Json map = Json::object();
    for (const std::string& key : kLabelKeys) {
      if (random_.Chance(45)) map[key] = Value(15, [&] { return Json(random_.Pick(Names{"a", "b", ""})); });
    }
    return map;
  }
  Json InstanceTypes() {
    if (random_.Chance(15)) return Json::array();
    // Often one and the same set, so that the two places of instance types agree.
    if (random_.Chance(50)) return Json::array({random_.Pick(Names{"h100", "H100"})});
    if (random_.Chance(12)) return Json::array({"cpu.small"});
    Json out = SomeOf(random_, kGpuTypes, 3);
    if (out.empty()) out.push_back("h100");
    return out;
  }
  Json PodSpec();
  // Parts of a pod.spec that a launch may often write, where they are open.
  Json LaunchContainers();
  Json LaunchVolumes();
  Json HostAliases();
  Json Tolerations();
  Json Metadata(bool annotations);

 private:
  template <typename Make>
  Json Value(size_t null_percent, Make make) {
    return random_.Chance(null_percent) ? Json() : make();
  }
  template <typename Make>
  void Member(Json& record, size_t percent, size_t null_percent, const std::string& name, Make make) {
    if (random_.Chance(percent)) Put(random_, record, name, Value(null_percent, make));
  }

  Json Resources() {
    Json out = Json::object();
    Member(out, 40, 8, "cpuRequest", [&] { return Amount(random_, {"250m", "500m", "1", "2", "4", "0.5"}); });
    Member(out, 40, 8, "memoryRequest", [&] { return Amount(random_, {"256Mi", "1Gi", "2Gi", "4Gi", "8Gi"}); });
    Member(out, 45, 8, "cpuLimit", [&] { return Amount(random_, kCpuLimits); });
    Member(out, 45, 8, "memoryLimit", [&] { return Amount(random_, kMemoryLimits); });
    if (!mistakes_ || random_.Chance(98)) KeepRequestsLow(out);
    return out;
  }
  // A request above the limit beside it is an error of the layer.
  void KeepRequestsLow(Json& out) {
    for (const auto& [request, limit, low] :
         {std::array{"cpuRequest", "cpuLimit", "500m"}, std::array{"memoryRequest", "memoryLimit", "1Gi"}}) {
      Json* requested = nullptr;
      bool limited = false;
      for (auto& [key, value] : out.items()) {
        if (key == request || key == OtherSpelling(request)) requested = &value;
        limited = limited || key == limit || key == OtherSpelling(limit);
      }
      if (requested != nullptr && !requested->is_null() && limited) *requested = low;
    }
  }

  Json Namespace() {
    Json out = Json::object();
    const bool is_static = random_.Chance(15);
    Member(out, 60, 6, "strategy", [&] {
      return Json(is_static ? "static" : random_.Pick(Names{"per-user", "per-org", "per-profile"}));
    });
    Member(out, 25, 12, "namespacePrefix", [&] {
      return Json(random_.Pick(Names{"", "sb-", "team0-", "a-prefix-of-forty-characters-as-allowed-"}));
    });
    Member(out, is_static ? 97 : 10, is_static ? 2 : 12, "staticNamespace", [&] { return Json("shared-ns"); });
    Member(out, 20, 12, "autoCreate", [&] { return Json(random_.Chance(50)); });
    Member(out, 20, 10, "labels", [&] { return Labels(); });
    Member(out, 20, 10, "annotations", [&] { return Labels(); });
    return out;
  }

  Json Mode(const std::string& name) {
    Json mode = Json::object();
    std::string type = name == "deny" ? "none" : name == "web" ? "internet" : name == "list" ? "allowlist" : "org";
    if (random_.Chance(15)) type = random_.Pick(Names{"none", "internet", "user", "profile", "allowlist"});
    if (random_.Chance(97)) Put(random_, mode, "type", random_.Chance(2) ? Json() : Json(type));
    if (type == "allowlist" && random_.Chance(98)) {
      mode["cidrs"] = Value(2, [&] {
        Json cidrs = SomeOf(random_, kCidrs, 3);
        if (cidrs.empty() && random_.Chance(95)) cidrs.push_back("10.0.0.0/8");
        return cidrs;
      });
    } else if (random_.Chance(3)) {
      mode["cidrs"] = nullptr;
    }
    return mode;
  }
  Json Egress() {
    Json out = Json::object();
    Json modes = Json::object();
    for (const std::string& name : kModes) {
      if (random_.Chance(50)) modes[name] = Value(3, [&] { return Mode(name); });
    }
    Names declared;
    for (const auto& [name, mode] : modes.items()) {
      if (!mode.is_null()) declared.push_back(name);
    }
    if (!declared.empty() && random_.Chance(98)) {
      Put(random_, out, "default",
          Value(1, [&] { return Json(random_.Pick(random_.Chance(98) ? declared : kModes)); }));
    }
    if (!modes.empty()) Put(random_, out, "modes", Value(1, [&] { return modes; }));
    return out;
  }
  Json Pair() {
    if (random_.Chance(5)) return Json::object();
    return {{"key", random_.Pick(Names{"lb.example.com/pool", "dns"})}, {"value", random_.Pick(Names{"a", "b", ""})}};
  }
  Json Level() {
    const bool whole = random_.Chance(96);
    Json level = Json::object();
    const size_t often = whole ? 100 : 50;
    const bool external = random_.Chance(25);
    Member(level, often, whole ? 1 : 5, "scope", [&] {
      return Json(random_.Pick(Names{"user", "org", "any", "profile"}));
    });
    Member(level, often, whole ? 1 : 5, "service", [&] {
      Json service = Json::object();
      Member(service, often, 1, "serviceType", [&] {
        return Json(external ? "LoadBalancer" : random_.Pick(Names{"ClusterIP", "NodePort", "LoadBalancer"}));
      });
      Member(service, 40, 10, "serviceSelectorAnnotation", [&] { return Pair(); });
      Member(service, 40, 10, "dnsAnnotation", [&] { return Pair(); });
      return service;
    });
    Member(level, external ? 80 : 15, 15, "expectsExternalAddress", [&] { return Json(external); });
    Member(level, 60, 8, "ingress", [&] {
      Json ingress = Json::object();
      Member(ingress, 98, 2, "controllerName", [&] { return Json(random_.Pick(Names{"nginx", "istio"})); });
      Member(ingress, 98, 2, "template", [&] { return Json(random_.Pick(kTemplates)); });
      return ingress;
    });
    return level;
  }
  Json Network() {
    Json out = Json::object();
    Member(out, 65, 5, "egress", [&] { return Egress(); });
    Member(out, 55, 5, "ingress", [&] {
      Json levels = Json::object();
      for (const std::string& name : kLevels) {
        if (random_.Chance(65)) levels[name] = Value(6, [&] { return Level(); });
      }
      return levels;
    });
    return out;
  }

  Json Pod() {
    Json out = Json::object();
    Member(out, 40, 5, "metadata", [&] { return Metadata(true); });
    Member(out, 28, 6, "placement", [&] {
      Json placement = Json::object();
      Member(placement, 90, 12, "instanceTypes", [&] { return InstanceTypes(); });
      return placement;
    });
    Member(out, focus_.empty() ? 75 : 95, 4, "spec", [&] { return PodSpec(); });
    return out;
  }
  Json SpoiltPodSpec();
  void Spoil(Json& spec);

  void AsText(Json& spec, const std::string& block) {
    const std::string text = spec[block].dump();
    spec.erase(block);
    const std::string name = block == "namespace" ? "namespaceConfigJson"
                             : block == "network" ? "networkConfigJson"
                                                  : "podTemplateJson";
    Put(random_, spec, name, random_.Chance(4) ? "" : text);
  }

  Random& random_;
  bool mistakes_;
  const Names& focus_;
};

}  // namespace berth::generator

#endif  // BERTH_TESTS_RANDOM_SPEC_H_
