// Documents to a catalog: what is served, what is absent, what is invalid. NEVER USE THIS IN PRODUCTION; see
// reference.h.
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

using MemberMap = std::map<std::string, Json>;

struct Zone {
  std::string name;
  bool refused = false;
  Json spec = Json::object();
  std::map<std::string, std::int64_t> gpu_memory;
};

struct Profile {
  std::string organization, name, id;
  bool refused = false;
  Json spec = Json::object();
};

struct Documents {
  std::vector<Zone> zones;
  std::vector<Profile> profiles;
  std::vector<Runner> runners;
};

// The text of a member: "" when absent or null; anything but a text is a problem.
std::string TextOf(const MemberMap& members, const std::string& name, Problems* problems) {
  const auto found = members.find(name);
  if (found == members.end() || found->second.is_null()) return "";
  if (found->second.is_string() && found->second.get<std::string>().find('\0') == std::string::npos) {
    return found->second.get<std::string>();
  }
  problems->push_back({name, "is no text"});
  return "";
}

// A text that may be absent but, when written, not empty.
std::string NameOf(const MemberMap& members, const std::string& name, Problems* problems) {
  std::string text = TextOf(members, name, problems);
  const auto found = members.find(name);
  if (found != members.end() && found->second.is_string() && !IsPlainName(text)) {
    problems->push_back({name, "is no valid name"});
  }
  return text;
}

bool BoolOf(const MemberMap& members, const std::string& name, Problems* problems) {
  const auto found = members.find(name);
  if (found == members.end() || found->second.is_null()) return false;
  if (found->second.is_boolean()) return found->second.get<bool>();
  problems->push_back({name, "is no boolean"});
  return false;
}

std::optional<std::int64_t> CountOf(const MemberMap& members, const std::string& name, Problems* problems) {
  const auto found = members.find(name);
  if (found == members.end() || found->second.is_null()) return std::nullopt;
  const std::optional<std::int64_t> count = IntegerOf(found->second);
  if (count && *count >= 0) return count;
  problems->push_back({name, "is no count"});
  return std::nullopt;
}

Json ValueOf(const MemberMap& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? Json() : found->second;
}

// The members of a member that is an object; none when absent or null.
MemberMap ObjectOf(const MemberMap& members, const std::string& name, const Strings& known, Problems* problems) {
  const Json value = ValueOf(members, name);
  return value.is_null() ? MemberMap() : Members(value, known, name, problems);
}

std::string OrganizationIdOf(const MemberMap& members, Problems* problems) {
  const std::string id = TextOf(members, "organization_id", problems);
  return id.empty() ? "default" : id;
}

Zone ReadZone(const Json& document) {
  Problems problems;
  const MemberMap members = Members(document, {"kind", "zone", "defaults", "gpu_memory_gb"}, "", &problems);
  Zone zone;
  zone.name = NameOf(members, "zone", &problems);
  const Json defaults = ValueOf(members, "defaults");
  if (!defaults.is_null()) zone.spec = DecodeSpec(defaults, "defaults", &problems);
  const Json table = ValueOf(members, "gpu_memory_gb");
  if (!table.is_null() && !table.is_object()) problems.push_back({"gpu_memory_gb", "is no map"});
  const Json types = table.is_object() ? table : Json::object();
  for (const auto& [type, value] : types.items()) {
    const std::optional<std::int64_t> size = IntegerOf(value);
    if (type.empty() || !size || *size < 1) problems.push_back({AtKey("gpu_memory_gb", type), "is no size"});
    if (!zone.gpu_memory.emplace(Lower(type), size.value_or(0)).second) {
      problems.push_back({AtKey("gpu_memory_gb", type), "is given twice"});
    }
  }
  zone.refused = !problems.empty();
  return zone;
}

Profile ReadProfile(const Json& document) {
  Problems problems;
  const MemberMap members = Members(
      document,
      {"kind", "organization_id", "display_name", "description", "labels", "spec", "id", "created_at", "updated_at"},
      "", &problems);
  Profile profile;
  profile.organization = OrganizationIdOf(members, &problems);
  profile.name = NameOf(members, "display_name", &problems);
  if (profile.name.empty()) problems.push_back({"display_name", "is missing"});
  profile.id = TextOf(members, "id", &problems);
  TextOf(members, "description", &problems);
  const Json labels = ValueOf(members, "labels");
  if (!labels.is_null() && !labels.is_object()) problems.push_back({"labels", "is no map"});
  const Json entries = labels.is_object() ? labels : Json::object();
  for (const auto& [key, value] : entries.items()) {
    if (!IsPlainName(key) || !value.is_string()) problems.push_back({AtKey("labels", key), "is no label"});
  }
  const Json spec = ValueOf(members, "spec");
  if (spec.is_null()) {
    problems.push_back({"spec", "is missing"});
  } else {
    profile.spec = DecodeSpec(spec, "spec", &problems);
  }
  profile.refused = !problems.empty();
  return profile;
}

std::optional<Binding> ReadBinding(const Json& document, Problems* problems) {
  const std::size_t before = problems->size();
  const MemberMap members = Members(document, {"profile_template_id", "profile_name", "is_default", "overrides_json"},
                                    "profile_bindings", problems);
  Binding binding;
  binding.reference = NameOf(members, "profile_template_id", problems);
  if (binding.reference.empty()) problems->push_back({"profile_template_id", "is missing"});
  binding.name = NameOf(members, "profile_name", problems);
  binding.is_default = BoolOf(members, "is_default", problems);
  if (problems->size() != before) return std::nullopt;
  Json overrides = ValueOf(members, "overrides_json");
  if (overrides.is_string()) {
    const std::string text = overrides.get<std::string>();
    overrides = text.empty() ? Json() : Json::parse(text, nullptr, false);
    if (overrides.is_null() && !text.empty()) binding.invalid = true;  // the text `null`
  }
  Json spec = Json::object();
  if (!overrides.is_null()) {
    Problems bad;
    spec = overrides.is_object() ? DecodeSpec(overrides, "overrides_json", &bad) : Json::object();
    if (!overrides.is_object() || !bad.empty()) binding.invalid = true;
  }
  // Kept until the layers are put together.
  binding.merged[0].layers.push_back({"binding", spec});
  return binding;
}

void ReadManagedSpec(const MemberMap& members, Runner* runner, Problems* problems) {
  const MemberMap managed = ObjectOf(members, "managed_spec",
                                     {"release_channel", "maintenance_policy", "overrides", "enforce_resource_limits",
                                      "allow_privileged_profile_annotations"},
                                     problems);
  runner->enforce_limits = BoolOf(managed, "enforce_resource_limits", problems);
  runner->allow_restricted = BoolOf(managed, "allow_privileged_profile_annotations", problems);
  const MemberMap overrides = ObjectOf(managed, "overrides",
                                       {"node_selector", "tolerations", "resources", "annotations", "labels", "env",
                                        "args", "scaling", "cpu_runtime_class", "gpu_runtime_class"},
                                       problems);
  for (const auto& [name, to] :
       {std::pair{"cpu_runtime_class", &runner->cpu_class}, std::pair{"gpu_runtime_class", &runner->gpu_class}}) {
    const Json value = ValueOf(overrides, name);
    if (value.is_null()) continue;
    if (value.is_string() && IsDnsSubdomain(value.get<std::string>())) {
      *to = value;
    } else {
      problems->push_back({name, "is no runtime class"});
    }
  }
}

void ReadCapabilities(const MemberMap& members, Runner* runner, Problems* problems) {
  const MemberMap can = ObjectOf(members, "capabilities",
                                 {"max_cpu_millicores", "max_memory_bytes", "max_gpu_count", "supported_gpu_types",
                                  "supported_architectures", "supports_privileged", "available_storage_classes"},
                                 problems);
  runner->max_cpu = CountOf(can, "max_cpu_millicores", problems).value_or(0);
  runner->max_memory = CountOf(can, "max_memory_bytes", problems).value_or(0);
  runner->max_gpu = CountOf(can, "max_gpu_count", problems).value_or(0);
  runner->gpu_types = DecodeStrings(ValueOf(can, "supported_gpu_types"), "supported_gpu_types", problems);
  runner->architectures = DecodeStrings(ValueOf(can, "supported_architectures"), "supported_architectures", problems);
  runner->storage_classes =
      DecodeStrings(ValueOf(can, "available_storage_classes"), "available_storage_classes", problems);
  runner->privileged = BoolOf(can, "supports_privileged", problems);
  const MemberMap has = ObjectOf(
      members, "resources",
      {"available_cpu_millicores", "available_memory_bytes", "available_gpu_count", "running_sandboxes"}, problems);
  runner->available_cpu = CountOf(has, "available_cpu_millicores", problems);
  runner->available_memory = CountOf(has, "available_memory_bytes", problems);
  runner->available_gpu = CountOf(has, "available_gpu_count", problems);
  CountOf(has, "running_sandboxes", problems);
}

void ReadStatus(const MemberMap& members, Runner* runner, Problems* problems) {
  const Strings installs = {"PENDING", "PROVISIONING", "READY", "FAILED", "DELETING", "UNSPECIFIED"};
  const std::string install = TextOf(members, "install_status", problems);
  const std::string connection = TextOf(members, "connection_status", problems);
  if (!install.empty()) {
    const auto status = StatusText(install, "RUNNER_INSTALL_STATUS_", installs);
    if (!status) problems->push_back({"install_status", "is no status"});
    runner->install_status = status.value_or("");
  }
  if (!connection.empty()) {
    const auto status = StatusText(connection, "", {"CONNECTED", "DISCONNECTED"});
    if (!status) problems->push_back({"connection_status", "is no status"});
    runner->connection_status = status.value_or("");
  }
}

Runner ReadRunner(const Json& document) {
  Problems problems;
  const MemberMap members = Members(document,
                                    {"kind",
                                     "organization_id",
                                     "runner_id",
                                     "id",
                                     "display_name",
                                     "identity",
                                     "managed_spec",
                                     "capabilities",
                                     "resources",
                                     "install_status",
                                     "connection_status",
                                     "is_shared",
                                     "profile_bindings",
                                     "install_error",
                                     "management_mode",
                                     "update_available",
                                     "rollout_in_progress",
                                     "active_revision",
                                     "target_revision",
                                     "active_config_version",
                                     "active_profile_spec_version",
                                     "last_heartbeat_at",
                                     "created_at",
                                     "updated_at",
                                     "deployment_spec"},
                                    "", &problems);
  Runner runner;
  runner.organization = OrganizationIdOf(members, &problems);
  runner.id = NameOf(members, "runner_id", &problems);
  if (runner.id.empty()) problems.push_back({"runner_id", "is missing"});
  TextOf(members, "id", &problems);
  TextOf(members, "display_name", &problems);
  const MemberMap identity =
      ObjectOf(members, "identity", {"zone", "cluster_id", "cluster_name", "runner_group_id"}, &problems);
  runner.zone = NameOf(identity, "zone", &problems);
  if (runner.zone.empty()) problems.push_back({"identity.zone", "is missing"});
  const std::string cluster_id = TextOf(identity, "cluster_id", &problems);
  const std::string cluster_name = TextOf(identity, "cluster_name", &problems);
  if (!cluster_id.empty()) runner.cluster_id = cluster_id;
  if (!cluster_name.empty()) runner.cluster_name = cluster_name;
  if (cluster_id.empty() && cluster_name.empty()) problems.push_back({"identity", "names no cluster"});
  runner.group = TextOf(identity, "runner_group_id", &problems);
  ReadManagedSpec(members, &runner, &problems);
  ReadCapabilities(members, &runner, &problems);
  ReadStatus(members, &runner, &problems);
  runner.shared = BoolOf(members, "is_shared", &problems);
  const Json bindings = ValueOf(members, "profile_bindings");
  if (!bindings.is_array() || bindings.empty()) problems.push_back({"profile_bindings", "is no list of bindings"});
  for (std::size_t i = 0; bindings.is_array() && i < bindings.size(); ++i) {
    const std::optional<Binding> binding = ReadBinding(bindings[i], &problems);
    if (binding) runner.bindings.push_back(*binding);
  }
  runner.refused = !problems.empty();
  return runner;
}

void ReadSettings(const MemberMap& members, Organization* out, Problems* problems) {
  const std::string limits = TextOf(members, "limits_are", problems);
  if (members.count("limits_are") > 0 && !ValueOf(members, "limits_are").is_null()) {
    out->ceiling = limits == "ceiling";
    if (limits != "ceiling" && limits != "default") problems->push_back({"limits_are", "is no setting"});
  }
  const std::string unnamed = TextOf(members, "unnamed_requests", problems);
  if (members.count("unnamed_requests") > 0 && !ValueOf(members, "unnamed_requests").is_null()) {
    out->default_binding_only = unnamed == "default_binding_only";
    if (unnamed != "any_binding" && unnamed != "default_binding_only") {
      problems->push_back({"unnamed_requests", "is no setting"});
    }
  }
  const std::string strategy = TextOf(members, "strategy", problems);
  if (members.count("strategy") > 0 && !ValueOf(members, "strategy").is_null()) {
    out->strategy = strategy;
    if (strategy != "spread" && strategy != "pack" && strategy != "first") {
      problems->push_back({"strategy", "is no setting"});
    }
  }
  const Json images = ValueOf(members, "allowed_images");
  if (!images.is_null()) out->allowed_images = DecodeStrings(images, "allowed_images", problems);
  for (const std::string& pattern : out->allowed_images.value_or(Strings())) {
    if (!RE2(pattern, RE2::Quiet).ok()) problems->push_back({"allowed_images", "holds a pattern that RE2 refuses"});
  }
  const Strings opened = DecodeStrings(ValueOf(members, "launch_overrides"), "launch_overrides", problems);
  for (const std::string& text : opened) {
    const std::optional<Path> path = ParseOpenedPath(text);
    if (path) {
      out->launch_overrides.push_back(*path);
    } else {
      problems->push_back({"launch_overrides", "holds a path that cannot be opened"});
    }
  }
}

void ReadOrganization(const Json& document, std::map<std::string, Organization>* organizations) {
  Problems problems;
  const MemberMap members = Members(document,
                                    {"kind", "organization_id", "quota", "limits_are", "unnamed_requests",
                                     "allowed_images", "strategy", "launch_overrides"},
                                    "", &problems);
  const std::string id = OrganizationIdOf(members, &problems);
  Organization out;
  const MemberMap quota = ObjectOf(members, "quota", {"cpu", "memory", "gpu"}, &problems);
  for (const auto& [name, resource, to] : {std::tuple{"cpu", Resource::kCpu, &out.quota_cpu},
                                           std::tuple{"memory", Resource::kMemory, &out.quota_memory}}) {
    const Json value = ValueOf(quota, name);
    if (value.is_null()) continue;
    *to = QuantityOf(value, resource);
    if (!*to) problems.push_back({name, "is no quantity"});
  }
  out.quota_gpu = CountOf(quota, "gpu", &problems);
  ReadSettings(members, &out, &problems);
  if (!problems.empty() || organizations->count(id) > 0) {
    out = Organization();
    out.refused = true;
  }
  (*organizations)[id] = out;
}

// `{"profileTemplate": {...}}` and `{"runnerId": ..., "runner": {...}}`.
Json Unwrapped(const Json& document) {
  for (const char* wrapper : {"profileTemplate", "profile_template", "runner"}) {
    if (!document.contains(wrapper) || !document[wrapper].is_object()) continue;
    Json inner = document[wrapper];
    for (const auto& [key, value] : document.items()) {
      if (key != wrapper) inner[key] = value;
    }
    return inner;
  }
  return document;
}

Documents ReadDocuments(const Json& objects, std::map<std::string, Organization>* organizations) {
  Documents out;
  for (const Json& object : objects) {
    if (!object.is_object()) continue;
    const Json document = Unwrapped(object);
    const std::string kind = TextAt(document, {"kind"});
    if (kind == "Zone") out.zones.push_back(ReadZone(document));
    if (kind == "Profile") out.profiles.push_back(ReadProfile(document));
    if (kind == "Runner") out.runners.push_back(ReadRunner(document));
    if (kind == "Organization") ReadOrganization(document, organizations);
  }
  return out;
}

// All parties of a collision are refused.
void RefuseCollisions(Documents* documents) {
  for (Zone& a : documents->zones) {
    for (const Zone& b : documents->zones) a.refused = a.refused || (&a != &b && a.name == b.name);
  }
  for (Profile& a : documents->profiles) {
    for (const Profile& b : documents->profiles) {
      if (&a == &b || a.organization != b.organization) continue;
      if ((!a.name.empty() && a.name == b.name) || (!a.id.empty() && a.id == b.id)) a.refused = true;
    }
  }
  for (Runner& a : documents->runners) {
    for (const Runner& b : documents->runners) {
      if (&a == &b || a.organization != b.organization) continue;
      if (!a.id.empty() && a.id == b.id) a.refused = true;
      if (!a.cluster_id.is_null() && a.cluster_id == b.cluster_id) a.refused = true;
      if (!a.cluster_name.is_null() && a.cluster_name == b.cluster_name) a.refused = true;
    }
  }
}

const Profile* ProfileOf(const Documents& documents, const Runner& runner, const std::string& reference) {
  const Profile* found = nullptr;
  bool by_id = false;
  for (const Profile& profile : documents.profiles) {
    if (profile.organization != runner.organization) continue;
    const bool id_match = !profile.id.empty() && profile.id == reference;
    const bool name_match = profile.id.empty() && profile.name == reference;
    if (!id_match && !name_match) continue;
    // An id goes before a name; of colliding profiles the name that is first by bytes is lent.
    if (found == nullptr || (id_match && !by_id) || (id_match == by_id && profile.name < found->name)) {
      found = &profile;
      by_id = id_match;
    }
  }
  return found;
}

void Assemble(const Documents& documents, const Runner& runner, Binding* binding) {
  const Json override_spec = binding->merged[0].layers[0].spec;
  const Profile* profile = ProfileOf(documents, runner, binding->reference);
  binding->dangling = profile == nullptr;
  if (profile != nullptr) {
    binding->display_name = profile->name;
    if (!profile->id.empty()) binding->profile_id = profile->id;
    if (profile->refused) binding->invalid = true;
  } else {
    binding->invalid = true;
  }
  if (binding->name.empty()) binding->name = profile != nullptr ? profile->name : binding->reference;
  if (binding->name.empty()) binding->name = binding->reference;
  for (int gpu = 0; gpu < 2; ++gpu) {
    Merged merged;
    for (const Zone& zone : documents.zones) {
      if (zone.name != runner.zone) continue;
      if (zone.refused) binding->invalid = true;
      AddLayer(&merged, "zone", zone.spec);
    }
    const Json& runtime_class = gpu == 1 ? runner.gpu_class : runner.cpu_class;
    if (!runtime_class.is_null()) AddLayer(&merged, "zone", Json{{"runtime_class", runtime_class}});
    if (profile != nullptr) AddLayer(&merged, "profile", profile->spec);
    AddLayer(&merged, "binding", override_spec);
    binding->merged[gpu] = merged;
    binding->effective[gpu] = Finish(merged, runner.allow_restricted);
  }
  binding->refused = binding->invalid;
  if (!binding->effective[0].errors.empty()) binding->invalid = true;
}

bool BindingsAreSound(const Documents& documents, const Runner& runner) {
  std::set<std::string> names, references;
  std::set<const Profile*> profiles;
  int defaults = 0;
  for (const Binding& binding : runner.bindings) {
    const Profile* profile = ProfileOf(documents, runner, binding.reference);
    if (!names.insert(binding.name).second || !references.insert(binding.reference).second) return false;
    if (profile != nullptr && !profiles.insert(profile).second) return false;
    if (binding.is_default) ++defaults;
  }
  return defaults == 1;
}

}  // namespace

std::optional<std::string> StatusText(const Json& value, const std::string& prefix, const Strings& known) {
  if (!value.is_string()) return std::nullopt;
  std::string text = value.get<std::string>();
  if (!prefix.empty() && text.rfind(prefix, 0) == 0) text = text.substr(prefix.size());
  if (std::find(known.begin(), known.end(), text) == known.end()) return std::nullopt;
  return text;
}

Organization CatalogData::OrganizationOf(const std::string& id) const {
  const auto found = organizations.find(id);
  return found == organizations.end() ? Organization() : found->second;
}

Catalog::Catalog(const Json& objects) {
  auto data = std::make_shared<CatalogData>();
  Documents documents = ReadDocuments(objects, &data->organizations);
  RefuseCollisions(&documents);
  for (const Runner& document : documents.runners) {
    Runner runner = document;
    for (Binding& binding : runner.bindings) Assemble(documents, runner, &binding);
    if (runner.refused || !BindingsAreSound(documents, runner)) continue;
    for (const Zone& zone : documents.zones) {
      if (zone.name == runner.zone) runner.gpu_memory = zone.gpu_memory;
    }
    data->runners.push_back(runner);
  }
  data_ = data;
}

}  // namespace berth::reference
