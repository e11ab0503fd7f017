// Layers to one spec, leaf by leaf, and what is wrong with the result. NEVER USE THIS IN PRODUCTION; see reference.h.
#include <algorithm>
#include <set>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

bool StartsWith(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

// Paths below one path stand together in a map.
template <typename Value>
void EraseUnder(std::map<Path, Value>* map, const Path& prefix) {
  auto it = map->lower_bound(prefix);
  while (it != map->end() && StartsWith(it->first, prefix)) it = map->erase(it);
}

template <typename Value>
bool AnyUnder(const std::map<Path, Value>& map, const Path& prefix) {
  const auto it = map.lower_bound(prefix);
  return it != map.end() && StartsWith(it->first, prefix);
}

Path Below(const Path& path, const std::string& token) {
  Path below = path;
  below.push_back(token);
  return below;
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

// What stands at `at` is gone as if no layer had spoken of it.
void Forget(Merged* merged, const Path& at) {
  EraseUnder(&merged->leaves, at);
  EraseUnder(&merged->lists, at);
  EraseUnder(&merged->unset, at);
}

// What stands at `at` is gone because `layer` removed it: leaves, and lists that merge.
void Unset(Merged* merged, const Path& at, std::size_t layer) {
  for (const auto& [path, leaf] : merged->leaves) {
    if (StartsWith(path, at)) merged->unset[path] = layer;
  }
  for (const auto& [path, keys] : merged->lists) {
    if (StartsWith(path, at)) merged->unset[path] = layer;
  }
  EraseUnder(&merged->leaves, at);
  EraseUnder(&merged->lists, at);
}

void SetLeaf(Merged* merged, const Path& at, const Json& value, std::size_t layer) {
  Forget(merged, at);
  merged->leaves[at] = {WithoutNulls(value), layer};
}

bool UnsetsUnder(const Merged& merged, const Path& at, std::size_t layer) {
  return std::any_of(merged.unset.begin(), merged.unset.end(),
                     [&](const auto& entry) { return StartsWith(entry.first, at) && entry.second == layer; });
}

// Where Kubernetes takes one of several members, the one that a layer sets displaces those that lower layers set, also
// when the same layer has just removed them. What an earlier layer removed is not there to be displaced, and stays
// unset.
void Displace(Merged* merged, const Path& at, const Json& value, std::size_t layer) {
  const Strings alternatives = OneOf(at);
  const auto sets = [&](const std::string& name) { return value.contains(name) && !Removes(value[name]); };
  if (std::none_of(alternatives.begin(), alternatives.end(), sets)) return;
  for (const std::string& name : alternatives) {
    const Path below = Below(at, name);
    if (sets(name)) continue;
    if (AnyUnder(merged->leaves, below) || UnsetsUnder(*merged, below, layer)) Forget(merged, below);
  }
}

void Apply(Merged* merged, const Path& at, const Json& value, std::size_t layer);

// A list that merges: element by element, each under its key.
void ApplyElements(Merged* merged, const Path& at, const Json& elements, std::size_t layer) {
  if (elements.empty()) return SetLeaf(merged, at, elements, layer);
  const auto lower = merged->lists.find(at);
  Strings keys = lower == merged->lists.end() ? Strings() : lower->second;
  bool changed = false;
  if (std::any_of(elements.begin(), elements.end(), IsReplace)) {
    Unset(merged, at, layer);
    keys.clear();
    changed = true;
  }
  for (const Json& element : elements) {
    const std::optional<std::string> key = ElementKey(at, element);
    if (!key) continue;  // `{$patch: replace}`
    const auto place = std::find(keys.begin(), keys.end(), *key);
    if (IsDelete(element)) {
      if (place == keys.end()) continue;
      Forget(merged, Below(at, *key));
      keys.erase(place);
    } else {
      if (place == keys.end()) keys.push_back(*key);
      Apply(merged, Below(at, *key), element, layer);
    }
    changed = true;
  }
  if (!changed) return;
  merged->lists.erase(at);
  merged->leaves.erase(at);  // an empty list below
  merged->unset.erase(at);
  if (keys.empty()) {
    merged->leaves[at] = {Json::array(), layer};
  } else {
    merged->lists[at] = keys;
  }
}

void Apply(Merged* merged, const Path& at, const Json& value, std::size_t layer) {
  if (Removes(value)) return Unset(merged, at, layer);
  if (value.is_array() && !MergeKeys(at).empty()) return ApplyElements(merged, at, value, layer);
  if (!value.is_object() || IsPair(at)) return SetLeaf(merged, at, value, layer);
  if (IsEgressMode(at) && value.contains("type") && !value["type"].is_null()) {
    const auto lower = merged->leaves.find(Below(at, "type"));
    // Another type: the lower layers' members of this mode go, all but what is about to be written.
    if (lower != merged->leaves.end() && lower->second.value != value["type"]) Forget(merged, at);
  }
  if (IsReplace(value)) Unset(merged, at, layer);
  Displace(merged, at, value, layer);
  if (IsInsidePodSpec(at)) {
    // An object takes the place of a scalar, of a list, and of an empty object.
    merged->leaves.erase(at);
    merged->unset.erase(at);
  }
  for (const auto& [name, member] : value.items()) {
    if (name == "$patch" && member.is_string()) continue;
    Apply(merged, Below(at, name), member, layer);
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

// What one layer says at `path`; nothing where it is silent and where it removes.
const Json* SaidAt(const Json& layer, const Path& path) {
  const Json* at = &layer;
  Path here;
  for (const std::string& token : path) {
    if (Removes(*at)) return nullptr;
    const Json* below = nullptr;
    if (at->is_object() && at->contains(token)) below = &*at->find(token);
    for (std::size_t i = 0; at->is_array() && i < at->size(); ++i) {
      if (ElementKey(here, (*at)[i]) == token) below = &(*at)[i];
    }
    if (below == nullptr) return nullptr;
    at = below;
    here.push_back(token);
  }
  return Removes(*at) ? nullptr : at;
}

// What the layers below `layer` say at `path`, highest first.
Json Shadowed(const Merged& merged, const Path& path, std::size_t layer) {
  Json out = Json::array();
  for (std::size_t i = std::min(layer, merged.layers.size()); i-- > 0;) {
    const Json* value = SaidAt(merged.layers[i].spec, path);
    // As the layer wrote it, nulls and directives inside too.
    if (value != nullptr) out.push_back({{"layer", merged.layers[i].name}, {"value", *value}});
  }
  return out;
}

// Whether every element that `path` goes through is in its list.
bool ElementsAreThere(const Merged& merged, const Path& path) {
  Path here;
  for (const std::string& token : path) {
    if (!MergeKeys(here).empty()) {
      const auto list = merged.lists.find(here);
      if (list == merged.lists.end()) return false;
      if (std::find(list->second.begin(), list->second.end(), token) == list->second.end()) return false;
    }
    here.push_back(token);
  }
  return true;
}

// The path in the result, where elements have an index.
Path ResultPath(const Merged& merged, const Path& path) {
  Path out, here;
  for (const std::string& token : path) {
    const auto list = merged.lists.find(here);
    if (list == merged.lists.end()) {
      out.push_back(token);
    } else {
      const auto place = std::find(list->second.begin(), list->second.end(), token);
      out.push_back(std::to_string(place - list->second.begin()));
    }
    here.push_back(token);
  }
  return out;
}

}  // namespace

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
  // An element that is gone leaves no trace, also when a higher layer brings its key again.
  for (auto it = merged->unset.begin(); it != merged->unset.end();) {
    it = ElementsAreThere(*merged, it->first) ? std::next(it) : merged->unset.erase(it);
  }
}

Json BuildTree(const std::map<Path, Json>& leaves, const std::map<Path, Strings>& lists) {
  Json root = Json::object();
  for (const auto& [path, value] : leaves) {
    Json* at = &root;
    Path here;
    for (const std::string& token : path) {
      const auto list = lists.find(here);
      if (list == lists.end()) {
        at = &(*at)[token];
      } else {
        const auto place = std::find(list->second.begin(), list->second.end(), token);
        at = &(*at)[static_cast<std::size_t>(place - list->second.begin())];
      }
      here.push_back(token);
    }
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
  out.spec = BuildTree(leaves, merged.lists);
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
    const std::string pointer = Pointer(ResultPath(merged, path));
    const std::string& name = merged.layers[layer].name;
    sorted[pointer] = {{"path", pointer},
                       {"value", nullptr},
                       {"layer", name},
                       {"unset_by", name},
                       {"shadowed", Shadowed(merged, path, layer)}};
  }
  for (const auto& [path, field] : finished.fields) {
    const std::string pointer = Pointer(ResultPath(merged, path));
    const bool is_default = field.layer == kDefaultLayer;
    sorted[pointer] = {{"path", pointer},
                       {"value", field.value},
                       {"layer", is_default ? "default" : merged.layers[field.layer].name},
                       {"shadowed", Shadowed(merged, field.written, field.layer)}};
  }
  Json out = Json::array();
  for (const auto& [pointer, entry] : sorted) out.push_back(entry);
  return out;
}

}  // namespace berth::reference
