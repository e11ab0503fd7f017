// What Kubernetes says of `pod.spec`, as far as the law needs it: which lists merge, which members exclude each other,
// where quantities stand. NEVER USE THIS IN PRODUCTION; see reference.h.
#include <algorithm>
#include <set>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

const std::map<std::string, Strings>& MergingLists() {
  static const std::map<std::string, Strings> kLists = {
      {"containers", {"name"}},
      {"volumes", {"name"}},
      {"imagePullSecrets", {"name"}},
      {"schedulingGates", {"name"}},
      {"resourceClaims", {"name"}},
      {"hostAliases", {"ip"}},
      {"topologySpreadConstraints", {"topologyKey", "whenUnsatisfiable"}},
      {"containers.*.env", {"name"}},
      {"containers.*.ports", {"containerPort", "protocol"}},
      {"containers.*.volumeMounts", {"mountPath"}},
      {"containers.*.volumeDevices", {"devicePath"}}};
  return kLists;
}

const std::map<std::string, Strings>& Alternatives() {
  static const Strings kProbe = {"exec", "grpc", "httpGet", "tcpSocket"};
  static const Strings kHook = {"exec", "httpGet", "sleep", "tcpSocket"};
  static const std::map<std::string, Strings> kAlternatives = {
      {"volumes.*",
       {"awsElasticBlockStore",
        "azureDisk",
        "azureFile",
        "cephfs",
        "cinder",
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "fc",
        "flexVolume",
        "flocker",
        "gcePersistentDisk",
        "gitRepo",
        "glusterfs",
        "hostPath",
        "image",
        "iscsi",
        "nfs",
        "persistentVolumeClaim",
        "photonPersistentDisk",
        "portworxVolume",
        "projected",
        "quobyte",
        "rbd",
        "scaleIO",
        "secret",
        "storageos",
        "vsphereVolume"}},
      {"containers.*.env.*", {"value", "valueFrom"}},
      {"containers.*.env.*.valueFrom",
       {"configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"}},
      {"containers.*.livenessProbe", kProbe},
      {"containers.*.readinessProbe", kProbe},
      {"containers.*.startupProbe", kProbe},
      {"containers.*.lifecycle.postStart", kHook},
      {"containers.*.lifecycle.preStop", kHook},
      {"resourceClaims.*", {"resourceClaimName", "resourceClaimTemplateName"}}};
  return kAlternatives;
}

// The form of a path below `pod.spec`: elements of lists are `*`, and the three lists of containers are one.
std::string Form(const Path& path) {
  std::string form;
  for (std::size_t i = 2; i < path.size(); ++i) {
    std::string token = path[i];
    if (i == 2 && (token == "initContainers" || token == "ephemeralContainers")) token = "containers";
    if (MergingLists().count(form) > 0) token = "*";
    form = Join(form, token);
  }
  return form;
}

bool IsPodSpec(const Path& path) { return path.size() >= 2 && path[0] == "pod" && path[1] == "spec"; }

bool IsQuantity(const Path& path) {
  static const std::set<std::string> kQuantities = {
      "volumes.*.emptyDir.sizeLimit", "containers.*.env.*.valueFrom.resourceFieldRef.divisor",
      "volumes.*.downwardAPI.items.*.resourceFieldRef.divisor",
      "volumes.*.projected.sources.*.downwardAPI.items.*.resourceFieldRef.divisor"};
  static const std::set<std::string> kMapsOfQuantities = {
      "overhead",
      "resources.limits",
      "resources.requests",
      "containers.*.resources.limits",
      "containers.*.resources.requests",
      "volumes.*.ephemeral.volumeClaimTemplate.spec.resources.limits",
      "volumes.*.ephemeral.volumeClaimTemplate.spec.resources.requests"};
  const Path above(path.begin(), path.end() - 1);
  return kQuantities.count(Form(path)) > 0 || kMapsOfQuantities.count(Form(above)) > 0;
}

Path Below(const Path& path, const std::string& token) {
  Path below = path;
  below.push_back(token);
  return below;
}

const Json& LeftOut() {
  static const Json kLeftOut(Json::value_t::discarded);
  return kLeftOut;
}

// Copies a pod.spec without what is wrong with it, quantities in canonical form.
class PodDecoder {
 public:
  explicit PodDecoder(Problems* problems) : problems_(problems) {}

  // `whole`: part of a list that replaces the one below it, where a directive has nothing to act on.
  Json Object(const Json& in, const Path& path, const std::string& at, bool whole) {
    Json out = Json::object();
    for (const auto& [key, member] : in.items()) {
      const std::string where = Join(at, key);
      if (key.rfind('$', 0) == 0) {
        if (key != "$patch" || (member != "delete" && member != "replace")) {
          Wrong(where, "is no directive that berth takes");
        } else if (whole) {
          Wrong(where, "is a directive in a list that is replaced whole");
        } else {
          out[key] = member;
        }
        continue;
      }
      const Json value = member.is_null() ? member : Value(member, Below(path, key), where, whole);
      if (!value.is_discarded()) out[key] = value;
    }
    if (!whole) LeaveOneAlternative(path, at, &out);
    return out;
  }

 private:
  void Wrong(const std::string& at, const std::string& what) { problems_->push_back({at, what}); }

  Json Value(const Json& in, const Path& path, const std::string& at, bool whole) {
    if (!whole && !MergeKeys(path).empty()) return Elements(in, path, at);
    if (in.is_object()) return Object(in, path, at, whole);
    if (in.is_array()) return Whole(in, path, at);
    if (!IsQuantity(path)) return in;
    const auto quantity = QuantityOf(in, path.back() == "cpu" ? Resource::kCpu : Resource::kMemory);
    if (quantity) return quantity->text;
    Wrong(at, "is no quantity");
    return LeftOut();
  }

  Json Whole(const Json& in, const Path& path, const std::string& at) {
    Json out = Json::array();
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::string where = AtIndex(at, i);
      if (in[i].is_null()) {
        Wrong(where, "is null in a list");
        continue;
      }
      const Json element = Value(in[i], Below(path, "*"), where, true);
      if (!element.is_discarded()) out.push_back(element);
    }
    return out;
  }

  Json Elements(const Json& in, const Path& path, const std::string& at) {
    if (!in.is_array()) {
      Wrong(at, "is no list");
      return LeftOut();
    }
    Json out = Json::array();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::string where = AtIndex(at, i);
      if (IsReplace(in[i])) {
        if (in[i].size() > 1) Wrong(where, "replaces the list and says more");
        if (in[i].size() == 1) out.push_back(in[i]);
        continue;
      }
      const std::optional<std::string> key = ElementKey(path, in[i]);
      if (!key) {
        Wrong(where, "is no element with a key");
      } else if (!seen.insert(*key).second) {
        Wrong(where, "has the key of another element");
      } else {
        out.push_back(Object(in[i], Below(path, *key), where, false));
      }
    }
    return out;
  }

  void LeaveOneAlternative(const Path& path, const std::string& at, Json* out) {
    bool found = false;
    for (const std::string& name : OneOf(path)) {
      if (!out->contains(name) || Removes((*out)[name])) continue;
      if (found) {
        Wrong(Join(at, name), "excludes what stands beside it");
        out->erase(name);
      }
      found = true;
    }
  }

  Problems* problems_;
};

}  // namespace

bool IsDelete(const Json& value) {
  return value.is_object() && value.contains("$patch") && value["$patch"] == "delete";
}

bool IsReplace(const Json& value) {
  return value.is_object() && value.contains("$patch") && value["$patch"] == "replace";
}

bool Removes(const Json& value) { return value.is_null() || IsDelete(value); }

Strings MergeKeys(const Path& path) {
  if (!IsPodSpec(path)) return {};
  const auto found = MergingLists().find(Form(path));
  return found == MergingLists().end() ? Strings() : found->second;
}

std::optional<std::string> ElementKey(const Path& list, const Json& element) {
  const Strings names = MergeKeys(list);
  if (names.empty() || !element.is_object()) return std::nullopt;
  // "" is the name of the main container, which stands in `containers` and nowhere else.
  const bool may_be_empty = list == Path{"pod", "spec", "containers"};
  std::string key;
  for (const std::string& name : names) {
    Json part = element.contains(name) ? element[name] : Json();
    if (part.is_null() && name == "protocol") part = "TCP";
    if (!part.is_string() && !part.is_number()) return std::nullopt;
    const std::string text = part.is_string() ? part.get<std::string>() : part.dump();
    if (text.empty() && !may_be_empty) return std::nullopt;
    key += (key.empty() ? "" : "\n") + text;
  }
  return key;
}

Strings OneOf(const Path& path) {
  if (!IsPodSpec(path)) return {};
  const auto found = Alternatives().find(Form(path));
  return found == Alternatives().end() ? Strings() : found->second;
}

Json DecodePodSpec(const Json& in, const std::string& at, Problems* problems) {
  return PodDecoder(problems).Object(in, {"pod", "spec"}, at, false);
}

}  // namespace berth::reference
