// Layers to one spec, leaf by leaf, and what is wrong with the result. NEVER USE THIS IN PRODUCTION; see reference.h.
#include <algorithm>
#include <set>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

bool StartsWith(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

template <typename Value>
void EraseUnder(std::map<Path, Value>* map, const Path& prefix) {
  for (auto it = map->begin(); it != map->end();) it = StartsWith(it->first, prefix) ? map->erase(it) : std::next(it);
}

template <typename Value>
bool AnyUnder(const std::map<Path, Value>& map, const Path& prefix) {
  return std::any_of(map.begin(), map.end(), [&](const auto& entry) { return StartsWith(entry.first, prefix); });
}

bool IsInsidePodSpec(const Path& path) { return path.size() > 2 && path[0] == "pod" && path[1] == "spec"; }

bool IsEgressMode(const Path& path) {
  return path.size() == 4 && path[0] == "network" && path[1] == "egress" && path[2] == "modes";
}

bool IsPair(const Path& path) {
  return path.size() == 5 && path[0] == "network" && path[1] == "ingress" && path[3] == "service" &&
         (path[4] == "serviceSelectorAnnotation" || path[4] == "dnsAnnotation");
}

// Members with null are gone from what the result prints.
Json WithoutNulls(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& element : value) out.push_back(WithoutNulls(element));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, member] : value.items()) {
    if (!member.is_null()) out[key] = WithoutNulls(member);
  }
  return out;
}

void Unset(Merged* merged, const Path& at, std::size_t layer) {
  for (const auto& [path, leaf] : merged->leaves) {
    if (StartsWith(path, at)) merged->unset[path] = layer;
  }
  EraseUnder(&merged->leaves, at);
}

void SetLeaf(Merged* merged, const Path& at, const Json& value, std::size_t layer) {
  EraseUnder(&merged->leaves, at);
  EraseUnder(&merged->unset, at);
  merged->leaves[at] = {WithoutNulls(value), layer};
}

void Apply(Merged* merged, const Path& at, const Json& value, std::size_t layer) {
  if (value.is_null()) return Unset(merged, at, layer);
  if (!value.is_object() || IsPair(at)) return SetLeaf(merged, at, value, layer);
  if (IsEgressMode(at) && value.contains("type") && !value["type"].is_null()) {
    Path type = at;
    type.push_back("type");
    const auto lower = merged->leaves.find(type);
    if (lower != merged->leaves.end() && lower->second.value != value["type"]) {
      // Another type: the lower layers' members of this mode go, all but what is about to be written.
      EraseUnder(&merged->leaves, at);
      EraseUnder(&merged->unset, at);
    }
  }
  if (IsInsidePodSpec(at)) {
    // An object takes the place of a scalar, of a list, and of an empty object.
    merged->leaves.erase(at);
    merged->unset.erase(at);
  }
  for (const auto& [name, member] : value.items()) {
    Path below = at;
    below.push_back(name);
    Apply(merged, below, member, layer);
  }
  if (IsInsidePodSpec(at) && !AnyUnder(merged->leaves, at)) merged->leaves[at] = {Json::object(), layer};
}

Strings LowerSorted(const Json& names) {
  std::set<std::string> out;
  for (const Json& name : names) out.insert(Lower(name.get<std::string>()));
  return {out.begin(), out.end()};
}

const Path kInstanceTypes = {"instance_types"};
const Path kPlacement = {"pod", "placement", "instanceTypes"};

void MoveInstanceTypes(std::map<Path, Finished::Field>* fields, Strings* errors) {
  const auto placed = fields->find(kPlacement);
  if (placed == fields->end()) return;
  const auto structured = fields->find(kInstanceTypes);
  if (structured == fields->end()) {
    (*fields)[kInstanceTypes] = placed->second;
  } else if (LowerSorted(structured->second.value) != LowerSorted(placed->second.value)) {
    errors->push_back("instance_types and pod.placement.instanceTypes differ");
  }
  fields->erase(kPlacement);
}

void AddDefaults(std::map<Path, Finished::Field>* fields) {
  const auto set = [&](const Path& path, const Json& value) {
    if (fields->count(path) == 0) (*fields)[path] = {value, kDefaultLayer, path};
  };
  set({"namespace", "strategy"}, "per-org");
  set({"namespace", "autoCreate"}, true);
  for (const std::string side : {"cpu", "memory"}) {
    const auto limit = fields->find({"resource_defaults", side + "Limit"});
    if (limit != fields->end()) set({"resource_defaults", side + "Request"}, limit->second.value);
  }
}

void CheckEgress(const Json& spec, Strings* errors) {
  const Json* egress = Find(spec, {"network", "egress"});
  if (egress == nullptr) return;
  const std::string chosen = TextAt(*egress, {"default"});
  const Json* modes = Find(*egress, {"modes"});
  if (modes == nullptr) {
    errors->push_back("network.egress.default without modes");
    return;
  }
  if (chosen.empty() || !modes->contains(chosen)) errors->push_back("network.egress.default names no mode");
  for (const auto& [name, mode] : modes->items()) {
    const std::string type = TextAt(mode, {"type"});
    const Json* cidrs = Find(mode, {"cidrs"});
    if (type.empty()) errors->push_back("mode without type");
    if (type == "allowlist" && (cidrs == nullptr || cidrs->empty())) errors->push_back("allowlist without cidrs");
    if (type != "allowlist" && cidrs != nullptr) errors->push_back("cidrs under another type");
  }
}

void CheckIngress(const Json& spec, Strings* errors) {
  const Json* levels = Find(spec, {"network", "ingress"});
  if (levels == nullptr) return;
  for (const auto& [name, level] : levels->items()) {
    if (TextAt(level, {"scope"}).empty()) errors->push_back("level without scope");
    const std::string type = TextAt(level, {"service", "serviceType"});
    if (type.empty()) errors->push_back("level without service type");
    const Json* ingress = Find(level, {"ingress"});
    if (ingress != nullptr &&
        (TextAt(*ingress, {"controllerName"}).empty() || TextAt(*ingress, {"template"}).empty())) {
      errors->push_back("ingress without controllerName or template");
    }
    const Json* external = Find(level, {"expectsExternalAddress"});
    if (external != nullptr && *external == true && type != "LoadBalancer" && ingress == nullptr) {
      errors->push_back("expectsExternalAddress without anything that gives one");
    }
  }
}

std::string Pointer(const Path& path) {
  std::string out;
  for (const std::string& token : path) {
    out += '/';
    for (const char c : token) {
      if (c == '~') {
        out += "~0";
      } else if (c == '/') {
        out += "~1";
      } else {
        out += c;
      }
    }
  }
  return out;
}

// What the layers below `layer` say at `path`, highest first.
Json Shadowed(const Merged& merged, const Path& path, std::size_t layer) {
  Json out = Json::array();
  for (std::size_t i = std::min(layer, merged.layers.size()); i-- > 0;) {
    const Json* value = Find(merged.layers[i].spec, path);
    if (value != nullptr && !value->is_null()) {
      // As the layer wrote it, nulls inside too.
      out.push_back({{"layer", merged.layers[i].name}, {"value", *value}});
    }
  }
  return out;
}

}  // namespace

const Json* Find(const Json& root, const Path& path) {
  const Json* at = &root;
  for (const std::string& token : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(token);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string TextAt(const Json& root, const Path& path) {
  const Json* value = Find(root, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::optional<Quantity> QuantityAt(const Json& spec, const std::string& member) {
  const std::string text = TextAt(spec, {"resource_defaults", member});
  return ParseQuantity(text, member.rfind("cpu", 0) == 0 ? Resource::kCpu : Resource::kMemory);
}

void AddLayer(Merged* merged, const std::string& name, const Json& spec) {
  merged->layers.push_back({name, spec});
  Apply(merged, {}, spec, merged->layers.size() - 1);
}

Json BuildTree(const std::map<Path, Json>& leaves) {
  Json root = Json::object();
  for (const auto& [path, value] : leaves) {
    Json* at = &root;
    for (const std::string& token : path) at = &(*at)[token];
    *at = value;
  }
  return root;
}

Finished Finish(const Merged& merged, bool allow_restricted_annotations) {
  Finished out;
  for (const auto& [path, leaf] : merged.leaves) out.fields[path] = {leaf.value, leaf.layer, path};
  MoveInstanceTypes(&out.fields, &out.errors);
  AddDefaults(&out.fields);
  std::map<Path, Json> leaves;
  for (const auto& [path, field] : out.fields) leaves[path] = field.value;
  out.spec = BuildTree(leaves);
  CheckEgress(out.spec, &out.errors);
  CheckIngress(out.spec, &out.errors);
  if (TextAt(out.spec, {"namespace", "strategy"}) == "static" &&
      TextAt(out.spec, {"namespace", "staticNamespace"}).empty()) {
    out.errors.push_back("strategy static without staticNamespace");
  }
  const Json* annotations = Find(out.spec, {"pod", "metadata", "annotations"});
  if (annotations != nullptr && !allow_restricted_annotations) {
    for (const auto& [key, value] : annotations->items()) {
      if (IsRestrictedKey(key)) out.errors.push_back("restricted annotation");
    }
  }
  return out;
}

Json FieldsOf(const Merged& merged, const Finished& finished) {
  std::map<std::string, Json> sorted;  // by the bytes of the pointer
  for (const auto& [path, layer] : merged.unset) {
    const std::string& name = merged.layers[layer].name;
    sorted[Pointer(path)] = {{"path", Pointer(path)},
                             {"value", nullptr},
                             {"layer", name},
                             {"unset_by", name},
                             {"shadowed", Shadowed(merged, path, layer)}};
  }
  for (const auto& [path, field] : finished.fields) {
    const bool is_default = field.layer == kDefaultLayer;
    sorted[Pointer(path)] = {{"path", Pointer(path)},
                             {"value", field.value},
                             {"layer", is_default ? "default" : merged.layers[field.layer].name},
                             {"shadowed", Shadowed(merged, field.written, field.layer)}};
  }
  Json out = Json::array();
  for (const auto& [pointer, entry] : sorted) out.push_back(entry);
  return out;
}

}  // namespace berth::reference
