// One launch request: what it asks, and what is wrong with it. NEVER USE THIS IN PRODUCTION; see reference.h.
#include <algorithm>
#include <set>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

using MemberMap = std::map<std::string, Json>;

const Json* MemberOf(const MemberMap& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() || found->second.is_null() ? nullptr : &found->second;
}

std::string Text(const MemberMap& members, const std::string& name, const std::string& at, Problems* problems) {
  const Json* value = MemberOf(members, name);
  if (value == nullptr) return "";
  if (value->is_string() && value->get<std::string>().find('\0') == std::string::npos) return value->get<std::string>();
  problems->push_back({Join(at, name), "is no text"});
  return "";
}

struct Gpu {
  bool given = false, sound = true;
  std::int64_t count = 0, memory_gb = 0;
  std::string type;
};

struct Side {
  std::optional<Quantity> cpu, memory;
  Gpu gpu;
};

// A member of the GPU block under its contract name or its wire name.
const Json* GpuMember(const MemberMap& members, const std::string& name, const std::string& wire, const std::string& at,
                      Gpu* gpu, Problems* problems) {
  if (members.count(name) > 0 && members.count(wire) > 0) {
    problems->push_back({Join(at, name), "is given in two spellings"});
    gpu->sound = false;
    return nullptr;
  }
  const Json* value = MemberOf(members, name);
  return value != nullptr ? value : MemberOf(members, wire);
}

Gpu DecodeGpu(const Json& in, const std::string& at, Problems* problems) {
  Gpu gpu;
  const std::size_t before = problems->size();
  const MemberMap members =
      Members(in, {"count", "type", "memory_gb", "gpu_count", "gpu_type", "gpu_memory_gb"}, at, problems);
  const Json* count = GpuMember(members, "count", "gpu_count", at, &gpu, problems);
  const Json* type = GpuMember(members, "type", "gpu_type", at, &gpu, problems);
  const Json* memory = GpuMember(members, "memory_gb", "gpu_memory_gb", at, &gpu, problems);
  if (type != nullptr && *type == "") type = nullptr;
  if (count != nullptr) {
    const auto number = IntegerOf(*count);
    if (!number || *number < 1) problems->push_back({Join(at, "count"), "is no count"});
    gpu.count = number.value_or(0);
  }
  if (type != nullptr) {
    if (!type->is_string()) problems->push_back({Join(at, "type"), "is no text"});
    gpu.type = type->is_string() ? type->get<std::string>() : "";
  }
  if (memory != nullptr) {
    const auto number = IntegerOf(*memory);
    if (!number || *number < 1) problems->push_back({Join(at, "memory_gb"), "is no size"});
    gpu.memory_gb = number.value_or(0);
  }
  if (count == nullptr && (type != nullptr || memory != nullptr)) {
    problems->push_back({Join(at, "count"), "is missing"});
  }
  if (type != nullptr && memory != nullptr) problems->push_back({Join(at, "memory_gb"), "is given beside a type"});
  gpu.given = count != nullptr;
  gpu.sound = problems->size() == before;
  return gpu;
}

Side DecodeSide(const Json& in, const std::string& at, Problems* problems) {
  Side side;
  const MemberMap members = Members(in, {"cpu", "memory", "gpu"}, at, problems);
  for (const auto& [name, resource, to] :
       {std::tuple{"cpu", Resource::kCpu, &side.cpu}, std::tuple{"memory", Resource::kMemory, &side.memory}}) {
    const Json* value = MemberOf(members, name);
    if (value == nullptr || *value == "") continue;
    *to = QuantityOf(*value, resource);
    if (!*to) problems->push_back({Join(at, name), "is no quantity"});
  }
  const Json* gpu = MemberOf(members, "gpu");
  if (gpu != nullptr) side.gpu = DecodeGpu(*gpu, Join(at, "gpu"), problems);
  return side;
}

void DecodeResources(const MemberMap& members, Request* request) {
  Problems* problems = &request->violations;
  const Json* legacy = MemberOf(members, "resources");
  const Json* requests = MemberOf(members, "resource_requests");
  const Json* limits = MemberOf(members, "resource_limits");
  Side asked, limited;
  if (requests != nullptr) asked = DecodeSide(*requests, "resource_requests", problems);
  if (limits != nullptr) limited = DecodeSide(*limits, "resource_limits", problems);
  if (legacy != nullptr) {
    if (requests != nullptr || limits != nullptr) problems->push_back({"resources", "excludes the other two"});
    const Side both = DecodeSide(*legacy, "resources", problems);
    if (requests == nullptr && limits == nullptr) asked = limited = both;
  }
  if (asked.cpu && limited.cpu && asked.cpu->units > limited.cpu->units) {
    problems->push_back({"resource_requests.cpu", "is above the limit"});
  }
  if (asked.memory && limited.memory && asked.memory->units > limited.memory->units) {
    problems->push_back({"resource_requests.memory", "is above the limit"});
  }
  const Gpu& a = asked.gpu;
  const Gpu& b = limited.gpu;
  if (a.given && b.given && a.sound && b.sound &&
      (a.count != b.count || a.memory_gb != b.memory_gb || Lower(a.type) != Lower(b.type))) {
    problems->push_back({"resource_requests.gpu", "differs from the limit side"});
  }
  request->request_cpu = asked.cpu;
  request->request_memory = asked.memory;
  request->limit_cpu = limited.cpu;
  request->limit_memory = limited.memory;
  const Gpu& gpu = a.given ? a : b;
  request->gpu = gpu.given;
  request->gpu_count = gpu.count;
  request->gpu_type = gpu.type;
  request->gpu_memory_gb = gpu.memory_gb;
}

void DecodeNetwork(const Json& in, Request* request) {
  Problems* problems = &request->violations;
  const MemberMap members = Members(in, {"egress_mode", "ingress_mode", "exposed_ports"}, "network", problems);
  request->egress_mode = Text(members, "egress_mode", "network", problems);
  const std::size_t before = problems->size();
  request->ingress_mode = Text(members, "ingress_mode", "network", problems);
  const bool mode_sound = problems->size() == before;
  const Json* ports = MemberOf(members, "exposed_ports");
  if (ports != nullptr && !ports->is_array()) {
    problems->push_back({"network.exposed_ports", "is no list"});
    return;
  }
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; ports != nullptr && i < ports->size(); ++i) {
    const auto port = IntegerOf((*ports)[i]);
    if (!port || *port < 1 || *port > 65535) {
      problems->push_back({AtIndex("network.exposed_ports", i), "is no port"});
    } else if (!seen.insert(*port).second) {
      problems->push_back({AtIndex("network.exposed_ports", i), "is given twice"});
    }
  }
  const bool has_ports = ports != nullptr && !ports->empty();
  if (has_ports && request->ingress_mode.empty() && mode_sound) {
    problems->push_back({"network.ingress_mode", "is missing"});
  }
  if (!has_ports && !request->ingress_mode.empty()) problems->push_back({"network.exposed_ports", "is missing"});
}

Json DecodeAnnotations(const Json& in, Problems* problems) {
  Json out = Json::object();
  const std::string at = "pod_annotations";
  if (!in.is_object()) {
    problems->push_back({at, "is no map"});
    return out;
  }
  if (in.size() > 100) problems->push_back({at, "holds more than 100 entries"});
  std::size_t bytes = 0;
  for (const auto& [key, value] : in.items()) {
    if (!value.is_string() || value == "" || !IsAnnotationValue(value.get<std::string>())) {
      problems->push_back({AtKey(at, key), "has no value"});
      continue;
    }
    if (IsReservedKey(key)) continue;
    bytes += key.size() + value.get<std::string>().size();
    if (!IsAnnotationKey(key) || IsRestrictedKey(key)) {
      problems->push_back({AtKey(at, key), "is no key a launch may set"});
    } else {
      out[key] = value;
    }
  }
  if (bytes > 262144) problems->push_back({at, "is larger than 262144 bytes"});
  return out;
}

bool StartsWith(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

const std::vector<Path>& NeverOpened() {
  static const std::vector<Path> kPaths = {{"container_image"},
                                           {"resource_defaults"},
                                           {"namespace"},
                                           {"network"},
                                           {"pod", "metadata", "annotations"},
                                           {"pod", "spec", "securityContext"},
                                           {"pod", "spec", "hostNetwork"},
                                           {"pod", "spec", "hostPID"},
                                           {"pod", "spec", "hostIPC"},
                                           {"pod", "spec", "hostUsers"},
                                           {"pod", "spec", "containers", "securityContext"},
                                           {"pod", "spec", "initContainers", "securityContext"},
                                           {"pod", "spec", "ephemeralContainers", "securityContext"},
                                           {"pod", "spec", "volumes", "hostPath"}};
  return kPaths;
}

// Something that overrides say, and that needs its path to be open. An empty object says nothing.
struct OverrideLeaf {
  Path path;             // elements of lists stand under the path of their list
  bool removes = false;  // a null, an empty list, or a `$patch`, which stands at the path of its object
};

// `place` is `path` with a token for each element.
void CollectLeaves(const Json& value, const Path& path, const Path& place, std::vector<OverrideLeaf>* out) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      if (name == "$patch" && member.is_string()) {
        out->push_back({path, true});
        continue;
      }
      Path below = path, place_below = place;
      below.push_back(name);
      place_below.push_back(name);
      const Strings alternatives = OneOf(place);
      const bool chooses = std::find(alternatives.begin(), alternatives.end(), name) != alternatives.end();
      if (chooses && member.is_object()) out->push_back({below, false});  // displaces the others, also as `{}`
      CollectLeaves(member, below, place_below, out);
    }
    return;
  }
  if (!value.is_array() || value.empty() || MergeKeys(place).empty()) {
    out->push_back({path, value.is_null() || (value.is_array() && value.empty())});
    return;
  }
  Path place_below = place;
  place_below.push_back("*");
  for (const Json& element : value) CollectLeaves(element, path, place_below, out);
}

// The field a leaf belongs to: without the user's keys, and without what lies below a member of pod.spec.
std::string FieldText(const Path& path) {
  static const std::vector<Path> kOuter = {{"node_selector"},
                                           {"namespace", "labels"},
                                           {"namespace", "annotations"},
                                           {"network", "egress", "modes"},
                                           {"network", "ingress"},
                                           {"pod", "metadata", "labels"},
                                           {"pod", "metadata", "annotations"}};
  std::size_t size = path.size();
  for (const Path& outer : kOuter) {
    if (StartsWith(path, outer)) size = outer.size();
  }
  if (StartsWith(path, {"pod", "spec"})) size = std::min<std::size_t>(size, 3);
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out = Join(out, path[i]);
  return out;
}

bool IsClosed(const OverrideLeaf& leaf, const std::vector<Path>& opened) {
  const auto opens = [&](const Path& path) { return StartsWith(leaf.path, path); };
  if (std::none_of(opened.begin(), opened.end(), opens)) return true;
  return std::any_of(NeverOpened().begin(), NeverOpened().end(), [&](const Path& never) {
    // What removes must not remove what is never open either.
    return StartsWith(leaf.path, never) || (leaf.removes && StartsWith(never, leaf.path));
  });
}

}  // namespace

std::optional<std::string> FirstClosedPath(const Json& overrides, const std::vector<Path>& opened) {
  std::vector<OverrideLeaf> leaves;
  CollectLeaves(overrides, {}, {}, &leaves);
  std::set<std::string> closed;
  for (const OverrideLeaf& leaf : leaves) {
    if (IsClosed(leaf, opened)) closed.insert(FieldText(leaf.path));
  }
  if (closed.empty()) return std::nullopt;
  return *closed.begin();
}

std::optional<Path> ParseOpenedPath(const std::string& text) {
  Path path(1);
  for (const char c : text) {
    if (c == '.') {
      path.emplace_back();
    } else {
      path.back() += c;
    }
  }
  for (const std::string& token : path) {
    if (token.empty()) return std::nullopt;
  }
  if (path.size() > 1 && Snake(path.back()) == "instance_types" && path[0] == "pod") path.back() = "instanceTypes";
  for (const char* name :
       {"container_image", "runtime_class", "resource_defaults", "instance_types", "node_selector"}) {
    if (Snake(path[0]) == name) path[0] = name;
  }
  for (const Path& never : NeverOpened()) {
    if (StartsWith(path, never)) return std::nullopt;
  }
  static const std::set<Path> kFields = {{"runtime_class"},
                                         {"instance_types"},
                                         {"node_selector"},
                                         {"tags"},
                                         {"pod"},
                                         {"pod", "metadata"},
                                         {"pod", "metadata", "labels"},
                                         {"pod", "placement"},
                                         {"pod", "placement", "instanceTypes"},
                                         {"pod", "spec"}};
  if (kFields.count(path) > 0) return path;
  static const std::set<std::string> kPodFields = {"activeDeadlineSeconds",
                                                   "affinity",
                                                   "automountServiceAccountToken",
                                                   "containers",
                                                   "dnsConfig",
                                                   "dnsPolicy",
                                                   "enableServiceLinks",
                                                   "ephemeralContainers",
                                                   "hostAliases",
                                                   "hostUsers",
                                                   "hostname",
                                                   "hostnameOverride",
                                                   "imagePullSecrets",
                                                   "initContainers",
                                                   "nodeName",
                                                   "nodeSelector",
                                                   "os",
                                                   "overhead",
                                                   "preemptionPolicy",
                                                   "priority",
                                                   "priorityClassName",
                                                   "readinessGates",
                                                   "resourceClaims",
                                                   "resources",
                                                   "restartPolicy",
                                                   "runtimeClassName",
                                                   "schedulerName",
                                                   "schedulingGates",
                                                   "serviceAccount",
                                                   "serviceAccountName",
                                                   "setHostnameAsFQDN",
                                                   "shareProcessNamespace",
                                                   "subdomain",
                                                   "terminationGracePeriodSeconds",
                                                   "tolerations",
                                                   "topologySpreadConstraints",
                                                   "volumes"};
  if (path.size() >= 3 && path[0] == "pod" && path[1] == "spec" && kPodFields.count(path[2]) > 0) return path;
  return std::nullopt;
}

Json ViolationList(const Problems& problems) {
  std::set<std::string> fields;
  for (const Problem& problem : problems) fields.insert(problem.field);
  Json out = Json::array();
  for (const std::string& field : fields) out.push_back({{"field", field}});
  return out;
}

Request DecodeRequest(const CatalogData& catalog, const Json& in, const std::string& default_organization) {
  Request out;
  Problems* problems = &out.violations;
  const MemberMap members = Members(in,
                                    {"organization_id",
                                     "user_id",
                                     "sandbox_id",
                                     "profile_names",
                                     "profile_ids",
                                     "runner_ids",
                                     "runner_group_id",
                                     "zone",
                                     "container_image",
                                     "resource_requests",
                                     "resource_limits",
                                     "resources",
                                     "architecture",
                                     "privileged",
                                     "storage_classes",
                                     "network",
                                     "pod_annotations",
                                     "overrides",
                                     "command",
                                     "args",
                                     "tags",
                                     "environment_variables",
                                     "ports",
                                     "mounted_files",
                                     "s3_mount",
                                     "file_system",
                                     "max_lifetime_seconds",
                                     "max_timeout_seconds",
                                     "runner_cluster_secrets",
                                     "object_storage_access",
                                     "secret_stores",
                                     "volumes"},
                                    "", problems);
  const std::string organization = Text(members, "organization_id", "", problems);
  out.organization = organization.empty() ? default_organization : organization;
  out.user = Text(members, "user_id", "", problems);
  out.sandbox_id = Text(members, "sandbox_id", "", problems);
  if (!out.sandbox_id.empty() && !IsDnsLabel(out.sandbox_id)) problems->push_back({"sandbox_id", "is no DNS label"});
  for (const auto& [name, to] :
       {std::pair{"profile_names", &out.profiles}, std::pair{"profile_ids", &out.profiles},
        std::pair{"runner_ids", &out.runners}, std::pair{"storage_classes", &out.storage_classes}}) {
    const Json* value = MemberOf(members, name);
    if (value == nullptr) continue;
    for (const std::string& entry : DecodeStrings(*value, name, problems)) to->push_back(entry);
  }
  out.group = Text(members, "runner_group_id", "", problems);
  out.zone = Text(members, "zone", "", problems);
  out.architecture = Text(members, "architecture", "", problems);
  out.image = Text(members, "container_image", "", problems);
  if (!out.image.empty() && !IsImageReference(out.image)) problems->push_back({"container_image", "is no image"});
  const Json* privileged = MemberOf(members, "privileged");
  if (privileged != nullptr && !privileged->is_boolean()) problems->push_back({"privileged", "is no boolean"});
  out.privileged = privileged != nullptr && *privileged == true;
  DecodeResources(members, &out);
  const Json* network = MemberOf(members, "network");
  if (network != nullptr) DecodeNetwork(*network, &out);
  const Json* overrides = MemberOf(members, "overrides");
  if (overrides != nullptr) {
    out.layer = DecodeSpec(*overrides, "overrides", problems);
    const Organization owner = catalog.OrganizationOf(out.organization);
    const auto closed = FirstClosedPath(out.layer, owner.launch_overrides);
    if (closed) problems->push_back({"overrides." + *closed, "cannot be set by a launch"});
  }
  const Json* annotations = MemberOf(members, "pod_annotations");
  if (annotations != nullptr) {
    const Json kept = DecodeAnnotations(*annotations, problems);
    if (!kept.empty() && problems->empty()) out.layer["pod"]["metadata"]["annotations"] = kept;
  }
  if (!problems->empty()) return out;
  if (!out.image.empty()) out.layer["container_image"] = out.image;
  for (const auto& [name, quantity] :
       {std::pair{"cpuRequest", &out.request_cpu}, std::pair{"memoryRequest", &out.request_memory},
        std::pair{"cpuLimit", &out.limit_cpu}, std::pair{"memoryLimit", &out.limit_memory}}) {
    if (*quantity) out.layer["resource_defaults"][name] = (*quantity)->text;
  }
  return out;
}

}  // namespace berth::reference
