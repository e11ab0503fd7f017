#include "tests/random_spec.h"

namespace berth::generator {

std::string OtherSpelling(const std::string& name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_') {
      ++i;
      out += i < name.size() && name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
    } else if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

void Put(Random& random, Json& record, const std::string& name, Json value) {
  record.erase(name);
  record.erase(OtherSpelling(name));
  record[random.Chance(20) ? OtherSpelling(name) : name] = std::move(value);
}

Json SomeOf(Random& random, const Names& pool, size_t most) {
  Json out = Json::array();
  for (size_t left = random.Below(most + 1); left > 0; --left) {
    const std::string& name = random.Pick(pool);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

Json Amount(Random& random, const Names& pool) {
  const std::string& text = random.Pick(pool);
  if (random.Chance(10) && text.find_first_not_of("0123456789.") == std::string::npos) return Json::parse(text);
  return text;
}

Json Integer(Random& random, int64_t value) { return random.Chance(15) ? Json(std::to_string(value)) : Json(value); }

Json SpecMaker::Metadata(bool annotations) {
  Json metadata = Json::object();
  const auto with_reserved = [&](Json map) {
    if (random_.Chance(10)) map["sandbox-id"] = "x";
    if (random_.Chance(10)) map["sandbox.coreweave.com/organization"] = nullptr;
    return map;
  };
  Member(metadata, 65, 7, "labels", [&] { return with_reserved(Labels()); });
  if (!annotations) return metadata;
  Member(metadata, 65, 7, "annotations", [&] {
    Json map = with_reserved(Labels());
    if (random_.Chance(4)) map["io.katacontainers.config"] = "x";
    if (random_.Chance(2)) map["io.katacontainers.config"] = nullptr;
    return map;
  });
  return metadata;
}

// ---- pod.spec ----

namespace {

// A pod.spec whose parts meet between layers: few names, every kind of list and of one-of, and all that removes.
class PodMaker {
 public:
  PodMaker(Random& random, const Names& focus) : random_(random), focus_(focus) {}

  Json Make() {
    Json spec = Json::object();
    if (Has("nodeSelector", 25)) spec["nodeSelector"] = Value(8, [&] { return Patched(Labels()); });
    if (Has("runtimeClassName", 20)) spec["runtimeClassName"] = Value(10, [&] { return Json(random_.Pick(kClasses)); });
    if (Has("containers", 45)) spec["containers"] = Containers();
    if (Has("initContainers", 12)) spec["initContainers"] = OtherContainers({"setup", "warm"});
    if (Has("ephemeralContainers", 3)) spec["ephemeralContainers"] = OtherContainers({"debug"});
    if (Has("volumes", 35)) spec["volumes"] = Volumes();
    AddSmallLists(spec);
    AddObjects(spec);
    AddScalars(spec);
    AddUnknownFields(spec);
    if (random_.Chance(4)) spec["$patch"] = random_.Chance(60) ? "replace" : "delete";
    return spec;
  }

  // What a launch may say about containers where they are open; now and then more than that.
  Json LaunchContainers() {
    Json out = Json::array();
    for (const char* name : {"side", ""}) {
      if (!random_.Chance(60)) continue;
      Json container = {{"name", name}};
      if (random_.Chance(70)) container["env"] = Variables();
      if (random_.Chance(25)) container["command"] = Json::array({"run"});
      if (random_.Chance(25)) container["ports"] = Ports();
      if (random_.Chance(15)) container["readinessProbe"] = Value(20, [&] { return Probe(); });
      if (random_.Chance(8)) container["securityContext"] = Value(50, [&] { return SecurityContext(); });
      if (random_.Chance(4)) container["$patch"] = "delete";
      out.push_back(container);
    }
    if (out.empty() && random_.Chance(90)) out.push_back({{"name", "side"}, {"image", "busybox"}});
    if (random_.Chance(3)) out.push_back({{"$patch", "replace"}});
    return out;
  }
  Json LaunchVolumes() {
    Json out = Json::array();
    for (const char* name : {"data", "mine"}) {
      if (!random_.Chance(60)) continue;
      Json volume = {{"name", name}};
      if (random_.Chance(80)) volume["emptyDir"] = Patched(EmptyDir());
      if (random_.Chance(15)) volume["secret"] = nullptr;
      if (random_.Chance(6)) volume["$patch"] = "delete";
      out.push_back(volume);
    }
    if (out.empty() && random_.Chance(90)) out.push_back({{"name", "mine"}, {"hostPath", {{"path", "/"}}}});
    return out;
  }

  Json HostAliases() {
    return Keyed({{{"ip", "10.0.0.1"}}, {{"ip", "10.0.0.2"}}}, [&](Json& alias) {
      if (random_.Chance(80)) alias["hostnames"] = Value(10, [&] { return SomeOf(random_, {"a", "b.c"}, 2); });
    });
  }

  Json Tolerations() {
    Json out = Json::array();
    for (size_t left = random_.Below(3); left > 0; --left) {
      Json toleration = {{"key", random_.Pick(kLabelKeys)}};
      if (random_.Chance(40)) toleration["operator"] = "Exists";
      if (random_.Chance(20)) toleration["effect"] = nullptr;
      out.push_back(toleration);
    }
    return out;
  }

 private:
  template <typename Make>
  Json Value(size_t null_percent, Make make) {
    return random_.Chance(null_percent) ? Json() : make();
  }

  // An object, now and then with a directive.
  Json Patched(Json object) {
    if (random_.Chance(7)) object["$patch"] = random_.Chance(55) ? "replace" : "delete";
    return object;
  }

  // A list that merges. `keys` are the members by which its elements are told apart, `fill` adds others.
  template <typename Fill>
  Json Keyed(std::vector<Json> keys, Fill fill) {
    if (random_.Chance(5)) return nullptr;
    Json out = Json::array();
    if (random_.Chance(4)) return out;
    for (size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random_.Below(i)]);
    for (Json& element : keys) {
      if (!random_.Chance(70)) continue;
      const bool removed = random_.Chance(12);
      if (!removed || random_.Chance(40)) fill(element);
      if (removed) element["$patch"] = "delete";
      out.push_back(element);
    }
    if (random_.Chance(5)) {
      const auto place = static_cast<std::ptrdiff_t>(random_.Below(out.size() + 1));
      out.insert(out.begin() + place, Json{{"$patch", "replace"}});
    }
    return out;
  }

  Json Labels() {
    Json map = Json::object();
    for (const std::string& key : kLabelKeys) {
      if (random_.Chance(45)) map[key] = Value(15, [&] { return Json(random_.Pick(Names{"a", "b", ""})); });
    }
    return map;
  }

  // One amount in one of many spellings.
  Json OddAmount() {
    if (random_.Chance(10)) return random_.Pick(std::vector<Json>{1, 2000, 1.5, 0.25});
    return random_.Pick(Names{"500m", "0.5",  "1",  "1000m", "+2",     "007",   ".5",    "1.",    "1.50", "1e3",
                              "1E3",  "12e6", "2k", "1Gi",   "1024Mi", "1.5Gi", "0.5Ki", " 1Gi ", "1G",   "0"});
  }
  Json OddAmounts(const Names& resources) {
    Json out = Json::object();
    for (const std::string& name : resources) {
      if (!random_.Chance(50)) continue;
      // Devices are counted in whole numbers.
      const bool whole = name.find('/') != std::string::npos;
      out[name] = Value(10, [&] { return whole ? Json(random_.Pick(Names{"1", "+2", "1e3", "2k"})) : OddAmount(); });
    }
    return Patched(out);
  }

  Json Resources() {
    Json out = Json::object();
    if (random_.Chance(60)) out["limits"] = Value(6, [&] { return OddAmounts({"cpu", "memory", "x.io/dev"}); });
    if (random_.Chance(40)) out["requests"] = Value(6, [&] { return OddAmounts({"cpu", "memory"}); });
    if (random_.Chance(5)) out["claims"] = Json::array({{{"name", "gpu"}}});
    return Patched(out);
  }
  // Of the main container: its CPU and memory are the sandbox's.
  Json MainResources() {
    Json resources = Json::object();
    Json limits = Json::object();
    // No request beside them is larger.
    const Names cpus = {"4", "8", "16", "4500m"};
    const Names memories = {"8Gi", "32Gi", "64Gi", "12e9"};
    if (random_.Chance(60)) limits["cpu"] = Value(8, [&] { return Amount(random_, cpus); });
    if (random_.Chance(60)) limits["memory"] = Value(8, [&] { return Amount(random_, memories); });
    if (random_.Chance(15)) limits["ephemeral-storage"] = Value(15, [&] { return OddAmount(); });
    if (random_.Chance(80)) resources["limits"] = Value(4, [&] { return Patched(limits); });
    if (random_.Chance(30)) {
      resources["requests"] = Value(8, [&] { return Patched({{"cpu", Value(8, [] { return Json("250m"); })}}); });
    }
    return Value(4, [&] { return Patched(resources); });
  }

  Json SecurityContext() {
    Json out = Json::object();
    if (random_.Chance(60)) out["privileged"] = Value(15, [&] { return Json(random_.Chance(50)); });
    if (random_.Chance(40)) {
      out["capabilities"] = Patched({{"add", random_.Chance(50) ? Json::array({"NET_ADMIN"}) : Json::array()}});
    }
    return Patched(out);
  }

  Json Variables() {
    return Keyed({{{"name", "A"}}, {{"name", "HOME"}}}, [&](Json& variable) {
      switch (random_.Below(10)) {
        case 0:
        case 1:
        case 2:
          variable["value"] = random_.Pick(Names{"x", "y", ""});
          break;
        case 3:
          variable["value"] = nullptr;
          break;
        case 4:
          variable["value"] = "z";
          variable["valueFrom"] = random_.Chance(50) ? Json() : Json{{"$patch", "delete"}};
          break;
        case 5:
          variable["valueFrom"] = nullptr;
          break;
        default:
          variable["valueFrom"] = VariableSource();
          if (random_.Chance(20)) variable["value"] = nullptr;
      }
    });
  }
  Json VariableSource() {
    const Names kinds = {"fieldRef", "secretKeyRef", "configMapKeyRef", "resourceFieldRef"};
    const std::string& kind = random_.Pick(kinds);
    Json source = Json::object();
    if (kind == "fieldRef") {
      source[kind] = {{"fieldPath", random_.Pick(Names{"spec.nodeName", "status.podIP"})}};
    } else if (kind == "resourceFieldRef") {
      source[kind] = {{"resource", "limits.cpu"}};
      if (random_.Chance(60)) source[kind]["divisor"] = Value(15, [&] { return OddAmount(); });
    } else {
      source[kind] = {{"name", random_.Pick(Names{"one", "two"})}};
      if (random_.Chance(70)) source[kind]["key"] = "k";
      if (random_.Chance(30)) source[kind]["optional"] = Value(30, [] { return Json(true); });
    }
    source[kind] = Value(12, [&] { return Patched(source[kind]); });
    const std::string& other = random_.Pick(kinds);
    if (other != kind && random_.Chance(15)) source[other] = nullptr;
    if (random_.Chance(4)) source = Json::object();
    return Patched(source);
  }

  Json Ports() {
    std::vector<Json> keys;
    for (const int number : {53, 80}) {
      for (const char* protocol : {"TCP", "UDP"}) keys.push_back({{"containerPort", number}, {"protocol", protocol}});
    }
    return Keyed(keys, [&](Json& port) {
      if (random_.Chance(40)) port["name"] = Value(20, [&] { return Json(random_.Pick(Names{"web", "dns"})); });
      if (random_.Chance(30)) port["hostPort"] = Value(20, [&] { return Json(8000 + random_.Below(2)); });
      // TCP is what goes without saying.
      if (port["protocol"] != "TCP" || random_.Chance(40)) return;
      if (random_.Chance(30)) {
        port["protocol"] = nullptr;
      } else {
        port.erase("protocol");
      }
    });
  }

  Json Mounts() {
    return Keyed({{{"mountPath", "/data"}}, {{"mountPath", "/tmp"}}}, [&](Json& mount) {
      if (random_.Chance(80)) mount["name"] = random_.Pick(Names{"data", "tmp"});
      if (random_.Chance(40)) mount["readOnly"] = Value(20, [&] { return Json(random_.Chance(50)); });
      if (random_.Chance(15)) mount["subPath"] = Value(30, [] { return Json(""); });
    });
  }

  Json Handler(const Names& kinds) {
    Json out = Json::object();
    const std::string& kind = random_.Pick(kinds);
    if (kind == "exec") out[kind] = {{"command", Json::array({"true"})}};
    if (kind == "httpGet") out[kind] = {{"port", random_.Chance(50) ? Json(80) : Json("web")}, {"path", "/"}};
    if (kind == "tcpSocket" || kind == "grpc") out[kind] = {{"port", 80}};
    if (kind == "sleep") out[kind] = {{"seconds", 1}};
    out[kind] = Value(12, [&] { return Patched(out[kind]); });
    const std::string& other = random_.Pick(kinds);
    if (other != kind && random_.Chance(15)) out[other] = nullptr;
    return out;
  }
  Json Probe() {
    Json out = random_.Chance(75) ? Handler({"exec", "grpc", "httpGet", "tcpSocket"}) : Json::object();
    if (random_.Chance(50)) out["periodSeconds"] = Value(15, [&] { return Json(5 + random_.Below(3)); });
    return Patched(out);
  }
  Json Lifecycle() {
    Json out = Json::object();
    for (const char* hook : {"postStart", "preStop"}) {
      if (!random_.Chance(60)) continue;
      out[hook] = Value(10, [&] { return Patched(Handler({"exec", "httpGet", "sleep", "tcpSocket"})); });
    }
    return Patched(out);
  }

  // Members of a container but its name, image and resources.
  void AddMembers(Json& container) {
    if (Has("env", 35)) container["env"] = Variables();
    if (Has("ports", 20)) container["ports"] = Ports();
    if (Has("volumeMounts", 20)) container["volumeMounts"] = Mounts();
    if (Has("volumeDevices", 4)) {
      container["volumeDevices"] = Keyed({{{"devicePath", "/dev/a"}}}, [](Json& device) { device["name"] = "data"; });
    }
    if (Has("command", 12)) container["command"] = Value(15, [&] { return SomeOf(random_, {"run", "-v"}, 2); });
    for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
      if (Has(probe, 8)) container[probe] = Value(10, [&] { return Probe(); });
    }
    if (Has("lifecycle", 10)) container["lifecycle"] = Value(10, [&] { return Lifecycle(); });
    if (Has("securityContext", 20)) container["securityContext"] = Value(8, [&] { return SecurityContext(); });
    if (Has("envFrom", 5)) {
      container["envFrom"] = Json::array({{{"secretRef", {{"name", "s"}, {"optional", nullptr}}}}});
    }
    if (Has("aFutureMember", 5)) container["aFutureMember"] = Value(10, [&] { return Anything(); });
  }

  Json Containers() {
    return Keyed({{{"name", ""}}, {{"name", "side"}}}, [&](Json& container) {
      if (container["name"] != "") {
        if (random_.Chance(50)) container["image"] = Value(8, [] { return Json("busybox"); });
        if (Has("resources", 25)) container["resources"] = Value(5, [&] { return Resources(); });
        AddMembers(container);
        return;
      }
      if (Has("image", 50)) container["image"] = Value(8, [&] { return Json(random_.Pick(kImages)); });
      if (Has("resources", 60)) container["resources"] = MainResources();
      if (!focus_.empty() || random_.Chance(45)) AddMembers(container);
    });
  }
  Json OtherContainers(const Names& names) {
    std::vector<Json> keys;
    for (const std::string& name : names) keys.push_back({{"name", name}});
    return Keyed(keys, [&](Json& container) {
      if (random_.Chance(50)) container["image"] = Value(8, [] { return Json("busybox"); });
      AddMembers(container);
    });
  }

  Json EmptyDir() {
    Json out = Json::object();
    if (random_.Chance(40)) out["medium"] = Value(20, [&] { return Json(random_.Pick(Names{"Memory", ""})); });
    if (random_.Chance(40)) out["sizeLimit"] = Value(20, [&] { return OddAmount(); });
    return out;
  }
  Json VolumeSource(const std::string& kind) {
    if (kind == "emptyDir") return EmptyDir();
    if (kind == "hostPath") return {{"path", "/srv"}};
    if (kind == "persistentVolumeClaim") return {{"claimName", random_.Pick(Names{"one", "two"})}};
    if (kind == "configMap") return {{"name", "one"}, {"items", Json::array({{{"key", "k"}, {"path", "p"}}})}};
    if (kind == "secret") return {{"secretName", "two"}, {"optional", random_.Chance(50) ? Json() : Json(true)}};
    if (kind == "projected") {
      const Json item = {{"path", "p"}, {"resourceFieldRef", {{"resource", "limits.cpu"}, {"divisor", OddAmount()}}}};
      return {{"sources", Json::array({{{"downwardAPI", {{"items", Json::array({item})}}}}})}};
    }
    return {{"volumeClaimTemplate", {{"spec", {{"resources", {{"requests", OddAmounts({"storage"})}}}}}}}};
  }
  Json Volumes() {
    const Names kinds = {"emptyDir",  "emptyDir", "hostPath",  "persistentVolumeClaim",
                         "configMap", "secret",   "projected", "ephemeral"};
    return Keyed({{{"name", "data"}}, {{"name", "tmp"}}}, [&](Json& volume) {
      const std::string& kind = random_.Pick(kinds);
      if (random_.Chance(85)) volume[kind] = Value(10, [&] { return Patched(VolumeSource(kind)); });
      const std::string& other = random_.Pick(kinds);
      if (other != kind && random_.Chance(15)) volume[other] = nullptr;
      if (random_.Chance(5)) volume["aFutureSource"] = Value(10, [&] { return Anything(); });
    });
  }

  void AddSmallLists(Json& spec) {
    if (Has("hostAliases", 10)) spec["hostAliases"] = HostAliases();
    if (Has("imagePullSecrets", 8)) {
      spec["imagePullSecrets"] = Keyed({{{"name", "one"}}, {{"name", "two"}}}, [](Json&) {});
    }
    if (Has("schedulingGates", 3)) spec["schedulingGates"] = Keyed({{{"name", "x.io/a"}}}, [](Json&) {});
    if (Has("resourceClaims", 6)) {
      spec["resourceClaims"] = Keyed({{{"name", "gpu"}}, {{"name", "nic"}}}, [&](Json& claim) {
        const Names kinds = {"resourceClaimName", "resourceClaimTemplateName"};
        const size_t kind = random_.Below(2);
        if (random_.Chance(90)) claim[kinds[kind]] = Value(15, [] { return Json("c"); });
        if (random_.Chance(20)) claim[kinds[1 - kind]] = nullptr;
      });
    }
    if (Has("topologySpreadConstraints", 12)) spec["topologySpreadConstraints"] = TopologySpread();
    if (Has("tolerations", 25)) spec["tolerations"] = Value(10, [&] { return Tolerations(); });
    if (Has("readinessGates", 3)) spec["readinessGates"] = Json::array({{{"conditionType", "x.io/ready"}}});
  }
  Json TopologySpread() {
    std::vector<Json> keys;
    for (const char* key : {"zone", "host"}) {
      for (const char* when : {"DoNotSchedule", "ScheduleAnyway"}) {
        keys.push_back({{"topologyKey", key}, {"whenUnsatisfiable", when}});
      }
    }
    return Keyed(keys, [&](Json& constraint) {
      if (random_.Chance(70)) constraint["maxSkew"] = Value(10, [&] { return Json(1 + random_.Below(3)); });
      if (random_.Chance(30)) {
        constraint["labelSelector"] = Patched(
            {{"matchLabels", Patched(Labels())},
             {"matchExpressions", Json::array({{{"key", "pool"}, {"operator", "Exists"}, {"values", nullptr}}})}});
      }
    });
  }

  void AddObjects(Json& spec) {
    if (Has("affinity", 12)) spec["affinity"] = Value(10, [&] { return Affinity(); });
    if (Has("securityContext", 10)) {
      spec["securityContext"] = Value(8, [&] {
        Json out = Json::object();
        if (random_.Chance(50)) out["runAsUser"] = Value(15, [&] { return Json(1000 + random_.Below(2)); });
        if (random_.Chance(40)) out["fsGroup"] = 2000;
        if (random_.Chance(30)) out["supplementalGroups"] = random_.Chance(50) ? Json::array({1, 2}) : Json::array();
        if (random_.Chance(30)) out["seccompProfile"] = Patched({{"type", "RuntimeDefault"}});
        return Patched(out);
      });
    }
    if (Has("overhead", 6)) spec["overhead"] = Value(10, [&] { return OddAmounts({"cpu", "memory"}); });
    if (Has("resources", 4)) spec["resources"] = Value(10, [&] { return Resources(); });
    if (Has("dnsConfig", 6)) {
      Json dns = Json::object();
      if (random_.Chance(60)) dns["searches"] = SomeOf(random_, {"a.b", "c"}, 2);
      if (random_.Chance(40)) dns["options"] = Json::array({{{"name", "ndots"}, {"value", nullptr}}});
      spec["dnsConfig"] = Value(10, [&] { return Patched(dns); });
    }
  }
  Json Affinity() {
    Json out = Json::object();
    if (random_.Chance(60)) {
      const Json expression = {{"key", random_.Pick(kLabelKeys)}, {"operator", "In"}, {"values", {"a", "b"}}};
      const Json terms = Json::array({{{"matchExpressions", Json::array({expression})}, {"matchFields", nullptr}}});
      Json node = Json::object();
      if (random_.Chance(70)) {
        node["requiredDuringSchedulingIgnoredDuringExecution"] = Patched({{"nodeSelectorTerms", terms}});
      }
      if (random_.Chance(40)) node["preferredDuringSchedulingIgnoredDuringExecution"] = Json::array();
      out["nodeAffinity"] = Value(10, [&] { return Patched(node); });
    }
    if (random_.Chance(30)) {
      const Json term = {{"topologyKey", "host"}, {"namespaces", Json::array()}};
      out["podAffinity"] = Patched({{"requiredDuringSchedulingIgnoredDuringExecution", Json::array({term})}});
    }
    if (random_.Chance(30)) out["inner"] = Value(20, [&] { return Patched({{"deep", random_.Below(3)}}); });
    return Patched(out);
  }

  void AddScalars(Json& spec) {
    if (Has("terminationGracePeriodSeconds", 15)) {
      spec["terminationGracePeriodSeconds"] = Value(15, [&] { return Json(random_.Below(3)); });
    }
    if (Has("hostNetwork", 10)) spec["hostNetwork"] = random_.Chance(50);
    if (Has("schedulerName", 8)) {
      spec["schedulerName"] = Value(15, [&] { return Json(random_.Pick(Names{"own", ""})); });
    }
  }

  // Objects, lists and scalars under one name, so that kinds meet between layers.
  Json Anything() {
    switch (random_.Below(8)) {
      case 0:
        return Json::object();
      case 1:
        return Json::array({1, Json{{"a", nullptr}, {"b", "x"}}});
      case 2:
        return "text";
      case 3:
        return {{"inner", {{"deep", random_.Below(3)}, {"gone", nullptr}}}};
      case 4:
        return {{"inner", nullptr}, {"other", Json::object()}};
      case 5:
        return {{"inner", {{"$patch", random_.Chance(50) ? "replace" : "delete"}, {"deep", 9}}}, {"other", nullptr}};
      case 6:
        return {{"$patch", random_.Chance(50) ? "replace" : "delete"}, {"other", 1}};
      default:
        return {{"inner", {{"more", true}}}};
    }
  }
  void AddUnknownFields(Json& spec) {
    for (const char* name : {"aFutureField", "dFutureField"}) {  // open: no table knows their type
      if (Has(name, 25)) spec[name] = Value(10, [&] { return Anything(); });
    }
  }

  // Whether to write a part that is written in `percent` of the specs without a focus.
  bool Has(const char* part, size_t percent) {
    if (focus_.empty()) return random_.Chance(percent);
    const bool in_focus = std::find(focus_.begin(), focus_.end(), part) != focus_.end();
    return random_.Chance(in_focus ? 75 : percent / 8);
  }

  Random& random_;
  const Names& focus_;
};

}  // namespace

const std::vector<Names>& PodFocuses() {
  static const std::vector<Names> kFocuses = {{},
                                              {},
                                              {"containers", "env"},
                                              {"containers", "env", "aFutureMember"},
                                              {"containers", "ports", "volumeMounts", "volumeDevices"},
                                              {"containers", "image", "resources", "nodeSelector"},
                                              {"containers", "livenessProbe", "lifecycle", "command"},
                                              {"initContainers", "readinessProbe", "startupProbe", "env"},
                                              {"volumes"},
                                              {"volumes", "tolerations"},
                                              {"hostAliases", "topologySpreadConstraints", "imagePullSecrets"},
                                              {"resourceClaims", "schedulingGates", "ephemeralContainers"},
                                              {"affinity", "securityContext", "dnsConfig", "overhead"},
                                              {"aFutureField", "dFutureField", "resources"}};
  return kFocuses;
}

Json SpecMaker::PodSpec() { return PodMaker(random_, focus_).Make(); }
Json SpecMaker::LaunchContainers() { return PodMaker(random_, focus_).LaunchContainers(); }
Json SpecMaker::LaunchVolumes() { return PodMaker(random_, focus_).LaunchVolumes(); }
Json SpecMaker::HostAliases() { return PodMaker(random_, focus_).HostAliases(); }
Json SpecMaker::Tolerations() { return PodMaker(random_, focus_).Tolerations(); }

// One mistake of a kind that a pod.spec can be refused for: each kind as often as the others.
Json SpecMaker::SpoiltPodSpec() {
  static const std::vector<Names> kMistakes = {
      // Directives that are none.
      {R"({"$retainKeys": ["volumes"]})", R"({"$patch": "merge"})", R"({"affinity": {"$patch": null}})",
       R"({"aFutureField": {"inner": {"$patches": "delete"}}})", R"({"volumes": [{"name": "data", "$patch": true}]})",
       R"({"containers": [{"name": "side", "resources": {"limits": {"$patch": ""}}}]})",
       R"({"containers": [{"name": "side", "$setElementOrder/env": [{"name": "A"}]}]})",
       R"({"containers": [{"name": "side", "$deleteFromPrimitiveList/command": ["run"]}]})"},
      // Directives in lists that are replaced whole.
      {R"({"tolerations": [{"$patch": "delete"}]})", R"({"tolerations": [{"key": "pool", "$patch": "replace"}]})",
       R"({"aFutureField": [{"inner": {"$patch": "replace"}}]})",
       R"({"containers": [{"name": "side", "envFrom": [{"secretRef": {"$patch": "delete", "name": "s"}}]}]})",
       R"({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"$patch": "replace"}]}}})"},
      // Two elements with one key.
      {R"({"volumes": [{"name": "data"}, {"name": "data", "emptyDir": {}}]})",
       R"({"containers": [{"name": "", "stdin": true}, {"name": "", "tty": true}]})",
       R"({"containers": [{"name": "side", "env": [{"name": "A", "value": "x"}, {"name": "A", "$patch": "delete"}]}]})",
       R"({"containers": [{"name": "", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]}]})",
       R"({"containers": [{"name": "", "ports": [{"containerPort": 8, "protocol": null}, {"containerPort": 8}]}]})",
       R"({"hostAliases": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}]})",
       R"({"topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1},
           {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 2}]})"},
      // Elements without their key.
      {R"({"volumes": [{"emptyDir": {}}]})", R"({"containers": [{"name": null, "image": "busybox"}]})",
       R"({"containers": [{"name": "side", "ports": [{"protocol": "UDP"}]}]})",
       R"({"topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1}]})",
       R"({"topologySpreadConstraints": [{"whenUnsatisfiable": "DoNotSchedule"}]})",
       R"({"containers": [{"name": "", "env": [{"$patch": "delete"}]}]})",
       R"({"initContainers": [{"name": "setup", "volumeMounts": [{"name": "data"}]}]})"},
      // Empty keys.
      {R"({"initContainers": [{"name": "", "image": "busybox"}]})", R"({"ephemeralContainers": [{"name": ""}]})",
       R"({"volumes": [{"name": ""}]})", R"({"imagePullSecrets": [{"name": ""}]})",
       R"({"containers": [{"name": "", "volumeMounts": [{"mountPath": ""}]}]})"},
      // Two of what excludes each other.
      {R"({"volumes": [{"name": "data", "emptyDir": {}, "hostPath": {"path": "/"}}]})",
       R"({"containers": [{"name": "", "env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {}}}]}]})",
       R"({"containers": [{"name": "", "env": [{"name": "A", "valueFrom": {"fieldRef": {}, "secretKeyRef": {}}}]}]})",
       R"({"containers": [{"name": "side", "readinessProbe": {"exec": {}, "tcpSocket": {"port": 80}}}]})",
       R"({"containers": [{"name": "side", "lifecycle": {"preStop": {"exec": {}, "sleep": {"seconds": 1}}}}]})",
       R"({"resourceClaims": [{"name": "gpu", "resourceClaimName": "a", "resourceClaimTemplateName": "b"}]})"},
      // Nulls in lists.
      {R"({"volumes": [null]})", R"({"containers": [{"name": "side", "command": [null]}]})",
       R"({"tolerations": [{"key": "pool", "aFutureMember": [null]}]})", R"({"aFutureField": [null]})"},
      // A replacement of a list that says more.
      {R"({"containers": [{"name": "side", "$patch": "replace"}]})"},
      // GPUs come with the launch.
      {R"({"containers": [{"name": "", "resources": {"limits": {"nvidia.com/gpu": 1}}}]})"}};
  return Json::parse(random_.Pick(random_.Pick(kMistakes)));
}

// One mistake of a kind that a layer can be refused for.
void SpecMaker::Spoil(Json& spec) {
  const auto mode = [&](Json value) { spec["network"] = {{"egress", {{"default", "m"}, {"modes", {{"m", value}}}}}}; };
  switch (random_.Below(24)) {
    case 0:
      spec["containr_image"] = "x";
      break;
    case 1:
      spec["resource_defaults"] = {{"cpuLimit", random_.Pick(Names{"1.5.0", "-1", "1 Gi", "4x"})}};
      break;
    case 2:
      spec["container_image"] = random_.Pick(Names{"Not An Image", "UPPER/case", ""});
      break;
    case 3:
      mode({{"type", "allowlist"}, {"cidrs", {random_.Pick(Names{"10.0.0.1/8", "10.0.0.0", "::ffff:1.2.3.0/120"})}}});
      break;
    case 4:
      mode({{"type", "internet"}, {"cidrs", Json::array()}});
      break;
    case 5:
      mode({{"type", "everything"}});
      break;
    case 6:
      spec["node_selector"] = {{random_.Pick(Names{"bad key", "-x", "a/b/c"}), "v"}};
      break;
    case 7:
      spec["node_selector"] = {{"k", random_.Chance(50) ? Json("not a label value") : Json(true)}};
      break;
    case 8:
      spec["network"] = {{"ingress", {{"public", {{"service", {{"dnsAnnotation", {{"key", "a"}}}}}}}}}};
      break;
    case 9:
      spec["network"] = {{"ingress", {{"public", {{"ingress", {{"template", "{{.User}}.x"}}}}}}}};
      break;
    case 10:
      spec["tags"] = Json::array({"a", nullptr});
      break;
    case 11:
      spec["instance_types"] = "h100";
      break;
    case 12:
      spec["resource_defaults"] = {{"cpuLimit", "1"}, {"cpu_limit", "1"}};
      break;
    case 13:
      spec["namespace"] = {{"strategy", "static"}};
      break;
    case 14:
      spec["namespace"] = {{"namespacePrefix", random_.Pick(Names{"Upper", "-x", std::string(41, 'a')})}};
      break;
    default:
      spec["pod"] = {{"spec", SpoiltPodSpec()}};
      break;
  }
}

}  // namespace berth::generator
