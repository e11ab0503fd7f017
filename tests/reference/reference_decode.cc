// One layer: from a document's members to a partial spec in one spelling. NEVER USE THIS IN PRODUCTION; see
// reference.h.
#include <algorithm>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

using Check = bool (*)(const std::string&);

bool IsNonEmpty(const std::string& text) { return !text.empty() && text.find('\0') == std::string::npos; }
bool IsStrategy(const std::string& t) {
  return t == "per-user" || t == "per-org" || t == "per-profile" || t == "static";
}
bool IsEgressType(const std::string& t) {
  return t == "none" || t == "internet" || t == "user" || t == "org" || t == "profile" || t == "allowlist";
}
bool IsScope(const std::string& t) { return t == "user" || t == "profile" || t == "org" || t == "any"; }
bool IsServiceType(const std::string& t) { return t == "ClusterIP" || t == "NodePort" || t == "LoadBalancer"; }

std::string Camel(const std::string& name) {
  std::string out;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

// Puts members of one object into `out` after checking them; null stays null, what is wrong is left out.
class Record {
 public:
  Record(const Json& in, const Strings& known, std::string at, Problems* problems)
      : at_(std::move(at)), problems_(problems), members_(Members(in, known, at_, problems)) {}

  void Text(const std::string& name, Check check) {
    Each(name, [&](const Json& v, const std::string& at) -> Json {
      if (v.is_string() && check(v.get<std::string>())) return v;
      problems_->push_back({at, "is no valid text"});
      return Json(Json::value_t::discarded);
    });
  }
  void Bool(const std::string& name) {
    Each(name, [&](const Json& v, const std::string& at) -> Json {
      if (v.is_boolean()) return v;
      problems_->push_back({at, "is no boolean"});
      return Json(Json::value_t::discarded);
    });
  }
  void Amount(const std::string& name, Resource resource) {
    Each(name, [&](const Json& v, const std::string& at) -> Json {
      const std::optional<Quantity> quantity = QuantityOf(v, resource);
      if (quantity) return quantity->text;
      problems_->push_back({at, "is no quantity"});
      return Json(Json::value_t::discarded);
    });
  }
  void List(const std::string& name, Check check) {
    Each(name, [&](const Json& v, const std::string& at) -> Json {
      const std::size_t before = problems_->size();
      if (!v.is_array()) problems_->push_back({at, "is no list"});
      for (std::size_t i = 0; v.is_array() && i < v.size(); ++i) {
        if (!v[i].is_string() || !check(v[i].get<std::string>()))
          problems_->push_back({AtIndex(at, i), "is not valid"});
      }
      return problems_->size() == before ? v : Json(Json::value_t::discarded);
    });
  }
  void Map(const std::string& name, Check key_check, Check value_check, bool reserved) {
    Each(name, [&](const Json& v, const std::string& at) -> Json {
      Json map = Json::object();
      if (!v.is_object()) {
        problems_->push_back({at, "is no map"});
        return Json(Json::value_t::discarded);
      }
      std::size_t bytes = 0;
      for (const auto& [key, value] : v.items()) {
        if (reserved && IsReservedKey(key)) continue;
        bytes += key.size() + (value.is_string() ? value.get<std::string>().size() : 0);
        if (!key_check(key)) {
          problems_->push_back({AtKey(at, key), "is no valid key"});
        } else if (!value.is_null() && !(value.is_string() && value_check(value.get<std::string>()))) {
          problems_->push_back({AtKey(at, key), "is no valid value"});
        } else {
          map[key] = value;
        }
      }
      if (key_check == IsAnnotationKey && bytes > 262144) problems_->push_back({at, "is larger than 262144 bytes"});
      return map;
    });
  }
  // A member decoded by a function of (value, at).
  template <typename Decode>
  void Each(const std::string& name, Decode decode) {
    const auto found = members_.find(name);
    if (found == members_.end()) return;
    if (found->second.is_null()) {
      out[name] = nullptr;
      return;
    }
    Json value = decode(found->second, Join(at_, name));
    if (!value.is_discarded()) out[name] = std::move(value);
  }

  Json out = Json::object();

 private:
  std::string at_;
  Problems* problems_;
  std::map<std::string, Json> members_;
};

Json DecodePair(const Json& in, const std::string& at, Problems* problems) {
  const std::map<std::string, Json> members = Members(in, {"key", "value"}, at, problems);
  if (!in.is_object() || members.empty()) return Json(Json::value_t::discarded);
  const auto key = members.find("key");
  const auto value = members.find("value");
  if (key == members.end() || value == members.end()) {
    problems->push_back({at, "needs both `key` and `value`"});
  } else if (!key->second.is_string() || !IsAnnotationKey(key->second.get<std::string>())) {
    problems->push_back({Join(at, "key"), "is no annotation key"});
  } else if (!value->second.is_string() || !IsAnnotationValue(value->second.get<std::string>())) {
    problems->push_back({Join(at, "value"), "is no text"});
  } else {
    return in;
  }
  return Json(Json::value_t::discarded);
}

// A map of the user's names to records.
template <typename Decode>
Json DecodeNamed(const Json& in, const std::string& at, Problems* problems, Decode decode) {
  Json out = Json::object();
  if (!in.is_object()) {
    problems->push_back({at, "is no map"});
    return out;
  }
  for (const auto& [name, value] : in.items()) {
    if (!IsPlainName(name)) {
      problems->push_back({AtKey(at, name), "is no valid name"});
    } else if (value.is_null()) {
      out[name] = nullptr;
    } else {
      out[name] = decode(value, AtKey(at, name));
    }
  }
  return out;
}

Json DecodeMode(const Json& in, const std::string& at, Problems* problems) {
  Record mode(in, {"type", "cidrs"}, at, problems);
  mode.Text("type", IsEgressType);
  mode.List("cidrs", IsStrictCidr);
  const Json* type = Find(mode.out, {"type"});
  const Json* cidrs = Find(mode.out, {"cidrs"});
  if (type && type->is_string() && *type != "allowlist" && cidrs && cidrs->is_array()) {
    problems->push_back({Join(at, "cidrs"), "belongs to type `allowlist` only"});
  }
  return mode.out;
}

Json DecodeLevel(const Json& in, const std::string& at, Problems* problems) {
  Record level(in, {"scope", "expectsExternalAddress", "service", "ingress"}, at, problems);
  level.Text("scope", IsScope);
  level.Bool("expectsExternalAddress");
  level.Each("service", [&](const Json& v, const std::string& where) {
    Record service(v, {"serviceType", "serviceSelectorAnnotation", "dnsAnnotation"}, where, problems);
    service.Text("serviceType", IsServiceType);
    for (const char* name : {"serviceSelectorAnnotation", "dnsAnnotation"}) {
      service.Each(name, [&](const Json& p, const std::string& w) { return DecodePair(p, w, problems); });
    }
    return service.out;
  });
  level.Each("ingress", [&](const Json& v, const std::string& where) {
    Record ingress(v, {"controllerName", "template"}, where, problems);
    ingress.Text("controllerName", IsDnsSubdomain);
    ingress.Text("template", IsHostTemplate);
    return ingress.out;
  });
  return level.out;
}

Json DecodeNetwork(const Json& in, const std::string& at, Problems* problems) {
  Record network(in, {"egress", "ingress"}, at, problems);
  network.Each("egress", [&](const Json& v, const std::string& where) {
    Record egress(v, {"default", "modes"}, where, problems);
    egress.Text("default", IsPlainName);
    egress.Each("modes", [&](const Json& m, const std::string& w) {
      return DecodeNamed(m, w, problems,
                         [&](const Json& x, const std::string& y) { return DecodeMode(x, y, problems); });
    });
    return egress.out;
  });
  network.Each("ingress", [&](const Json& v, const std::string& where) {
    return DecodeNamed(v, where, problems,
                       [&](const Json& x, const std::string& y) { return DecodeLevel(x, y, problems); });
  });
  return network.out;
}

Json DecodeNamespace(const Json& in, const std::string& at, Problems* problems) {
  Record out(in, {"strategy", "namespacePrefix", "staticNamespace", "autoCreate", "labels", "annotations"}, at,
             problems);
  out.Text("strategy", IsStrategy);
  out.Text("namespacePrefix", IsNamespacePrefix);
  out.Text("staticNamespace", IsDnsLabel);
  out.Bool("autoCreate");
  out.Map("labels", IsLabelKey, IsLabelValue, false);
  out.Map("annotations", IsAnnotationKey, IsAnnotationValue, false);
  return out.out;
}

Json DecodePod(const Json& in, const std::string& at, Problems* problems) {
  Record pod(in, {"metadata", "spec", "placement"}, at, problems);
  pod.Each("metadata", [&](const Json& v, const std::string& where) {
    Record metadata(v, {"labels", "annotations"}, where, problems);
    metadata.Map("labels", IsLabelKey, IsLabelValue, true);
    metadata.Map("annotations", IsAnnotationKey, IsAnnotationValue, true);
    return metadata.out;
  });
  pod.Each("placement", [&](const Json& v, const std::string& where) {
    Record placement(v, {"instanceTypes"}, where, problems);
    placement.List("instanceTypes", IsPlainName);
    return placement.out;
  });
  pod.Each("spec", [&](const Json& v, const std::string& where) -> Json {
    if (!v.is_object()) {
      problems->push_back({where, "is no object"});
      return Json(Json::value_t::discarded);
    }
    return DecodePodSpec(v, where, problems);
  });
  return pod.out;
}

// ---- folds: the pod spellings of structured fields ----

void FoldNodeSelector(Json* spec, Json* pod, const std::string& at, Problems* problems) {
  if (!pod->contains("nodeSelector")) return;
  Json written = (*pod)["nodeSelector"];
  pod->erase("nodeSelector");
  const bool replaces = IsReplace(written);
  if (IsDelete(written)) written = nullptr;
  if (written.is_object()) written.erase("$patch");
  Record one(Json{{"nodeSelector", written}}, {"nodeSelector"}, at, problems);
  one.Map("nodeSelector", IsLabelKey, IsLabelValue, false);
  if (!one.out.contains("nodeSelector")) return;
  Json& folded = one.out["nodeSelector"];
  if (replaces) folded["$patch"] = "replace";
  if (!spec->contains("node_selector")) {
    (*spec)["node_selector"] = folded;
    return;
  }
  Json& structured = (*spec)["node_selector"];
  if (structured.is_null() || folded.is_null()) return;
  for (const auto& [key, value] : folded.items()) {
    if (!structured.contains(key)) structured[key] = value;
  }
}

void FoldRuntimeClass(Json* spec, Json* pod, const std::string& at, Problems* problems) {
  if (!pod->contains("runtimeClassName")) return;
  Record one(Json{{"runtimeClassName", (*pod)["runtimeClassName"]}}, {"runtimeClassName"}, at, problems);
  pod->erase("runtimeClassName");
  one.Text("runtimeClassName", IsDnsSubdomain);
  if (one.out.contains("runtimeClassName") && !spec->contains("runtime_class")) {
    (*spec)["runtime_class"] = one.out["runtimeClassName"];
  }
}

// The structured field wins, also as null; so does `resource_defaults: null`.
void SetAmount(Json* spec, const std::string& member, const Json& value) {
  if (spec->contains("resource_defaults") && (*spec)["resource_defaults"].is_null()) return;
  Json& defaults = (*spec)["resource_defaults"];
  if (!defaults.is_object()) defaults = Json::object();
  if (!defaults.contains(member)) defaults[member] = value;
}

// Moves the amounts of one side (`requests` or `limits`) of the main container; says whether that emptied the side.
// `replaces`: an object around it has `$patch: replace`, so what it does not set is unset.
bool FoldSide(Json* spec, Json* side, const std::string& suffix, bool replaces, const std::string& at,
              Problems* problems) {
  if (side->contains("nvidia.com/gpu")) problems->push_back({AtKey(at, "nvidia.com/gpu"), "comes with the launch"});
  bool moved = false;
  for (const char* name : {"cpu", "memory"}) {
    if (side->contains(name)) {
      Record one(Json{{name, (*side)[name]}}, {name}, at, problems);
      one.Amount(name, std::string(name) == "cpu" ? Resource::kCpu : Resource::kMemory);
      side->erase(name);
      moved = true;
      if (one.out.contains(name)) SetAmount(spec, name + suffix, one.out[name]);
    } else if (replaces) {
      SetAmount(spec, name + suffix, nullptr);
    }
  }
  return moved && side->empty();
}

void UnsetSide(Json* spec, const std::string& suffix) {
  for (const char* name : {"cpu", "memory"}) SetAmount(spec, name + suffix, nullptr);
}

// Moves the amounts out of `resources`, which stays where something else is left; says whether that emptied it. What a
// null or a directive does to other resources than CPU and memory it does in place, so it stays too.
bool FoldResources(Json* spec, Json* resources, const std::string& at, Problems* problems) {
  const bool replaces = IsReplace(*resources);
  bool emptied = false;
  for (const auto& [side, suffix] : {std::pair{"requests", "Request"}, std::pair{"limits", "Limit"}}) {
    const bool given = resources->is_object() && resources->contains(side);
    if (Removes(*resources) || (given && Removes((*resources)[side])) || (replaces && !given)) {
      UnsetSide(spec, suffix);
    } else if (given && (*resources)[side].is_object()) {
      Json& amounts = (*resources)[side];
      if (!FoldSide(spec, &amounts, suffix, replaces || IsReplace(amounts), Join(at, side), problems)) continue;
      resources->erase(side);
      emptied = true;
    }
  }
  return emptied && resources->empty();
}

// Says whether the fold left nothing of the container but its name.
bool FoldMainContainer(Json* spec, Json* container, const std::string& at, Problems* problems) {
  bool moved = false;
  if (container->contains("image")) {
    Record one(Json{{"image", (*container)["image"]}}, {"image"}, at, problems);
    one.Text("image", IsImageReference);
    container->erase("image");
    moved = true;
    if (one.out.contains("image") && !spec->contains("container_image")) (*spec)["container_image"] = one.out["image"];
  }
  if (container->contains("resources")) {
    if (FoldResources(spec, &(*container)["resources"], Join(at, "resources"), problems)) {
      container->erase("resources");
      moved = true;
    }
  }
  return moved && container->size() == 1;
}

void FoldContainers(Json* spec, Json* pod, const std::string& at, Problems* problems) {
  if (!pod->contains("containers") || (*pod)["containers"].is_null()) return;
  Json kept = Json::array();
  bool removed = false;
  for (std::size_t i = 0; i < (*pod)["containers"].size(); ++i) {
    Json container = (*pod)["containers"][i];
    const std::string where = AtIndex(Join(at, "containers"), i);
    const bool is_main = container.contains("name") && container["name"] == "" && !IsDelete(container);
    if (is_main && FoldMainContainer(spec, &container, where, problems)) {
      removed = true;
    } else {
      kept.push_back(container);
    }
  }
  if (removed && kept.empty()) {
    pod->erase("containers");
  } else {
    (*pod)["containers"] = kept;
  }
}

void Fold(Json* spec, const std::string& at, Problems* problems) {
  if (!spec->contains("pod") || !(*spec)["pod"].is_object()) return;
  Json& pod = (*spec)["pod"];
  if (!pod.contains("spec") || !pod["spec"].is_object() || IsDelete(pod["spec"])) return;
  Json inner = pod["spec"];
  const std::string where = Join(at, "pod.spec");
  FoldNodeSelector(spec, &inner, where, problems);
  FoldRuntimeClass(spec, &inner, where, problems);
  FoldContainers(spec, &inner, where, problems);
  (*spec)["pod"]["spec"] = inner;
}

// The structured block or the JSON text of it; both are one field written twice.
Json BlockOf(const std::map<std::string, Json>& members, const std::string& name, const std::string& text_name,
             const std::string& at, Problems* problems) {
  const Json absent(Json::value_t::discarded);
  const auto block = members.find(name);
  const auto text = members.find(text_name);
  if (block != members.end() && text != members.end()) {
    problems->push_back({Join(at, name), "is given twice"});
    return absent;
  }
  if (block != members.end()) return block->second;
  if (text == members.end() || text->second == "") return absent;
  if (text->second.is_null()) return nullptr;
  Json parsed = absent;
  if (text->second.is_string()) parsed = Json::parse(text->second.get<std::string>(), nullptr, false);
  if (parsed.is_object()) return parsed;
  problems->push_back({Join(at, text_name), "is no JSON text of an object"});
  return absent;
}

}  // namespace

std::string Join(const std::string& at, const std::string& name) { return at.empty() ? name : at + "." + name; }
std::string AtKey(const std::string& at, const std::string& key) { return at + "[\"" + key + "\"]"; }
std::string AtIndex(const std::string& at, std::size_t index) { return at + "[" + std::to_string(index) + "]"; }

std::string Snake(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

std::map<std::string, Json> Members(const Json& object, const Strings& known, const std::string& at,
                                    Problems* problems) {
  std::map<std::string, Json> out;
  if (!object.is_object()) {
    problems->push_back({at, "is no object"});
    return out;
  }
  for (const auto& [key, value] : object.items()) {
    std::string name;
    for (const std::string& candidate : known) {
      if (key == candidate || key == Snake(candidate) || key == Camel(candidate)) name = candidate;
    }
    if (name.empty()) {
      problems->push_back({Join(at, key), "is no known field"});
    } else if (out.count(name) > 0) {
      problems->push_back({Join(at, name), "is given in two spellings"});
    } else {
      out[name] = value;
    }
  }
  return out;
}

Strings DecodeStrings(const Json& value, const std::string& at, Problems* problems) {
  Strings out;
  if (value.is_null()) return out;
  if (!value.is_array()) {
    problems->push_back({at, "is no list"});
    return out;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i].is_string() && IsNonEmpty(value[i].get<std::string>())) {
      out.push_back(value[i].get<std::string>());
    } else {
      problems->push_back({AtIndex(at, i), "is no text"});
    }
  }
  return out;
}

Json DecodeSpec(const Json& in, const std::string& at, Problems* problems) {
  const Strings known = {"container_image",
                         "runtime_class",
                         "resource_defaults",
                         "instance_types",
                         "node_selector",
                         "tags",
                         "namespace",
                         "network",
                         "pod",
                         "namespace_config_json",
                         "network_config_json",
                         "pod_template_json"};
  const std::map<std::string, Json> members = Members(in, known, at, problems);
  if (!in.is_object()) return Json::object();
  Json flat = Json::object();
  for (const auto& [name, value] : members) flat[name] = value;
  for (const auto& [name, text] :
       {std::pair{"namespace", "namespace_config_json"}, std::pair{"network", "network_config_json"},
        std::pair{"pod", "pod_template_json"}}) {
    const Json block = BlockOf(members, name, text, at, problems);
    flat.erase(name);
    flat.erase(text);
    if (!block.is_discarded()) flat[name] = block;
  }
  Record spec(flat, known, at, problems);
  spec.Text("container_image", IsImageReference);
  spec.Text("runtime_class", IsDnsSubdomain);
  spec.List("instance_types", IsPlainName);
  spec.List("tags", IsPlainName);
  spec.Map("node_selector", IsLabelKey, IsLabelValue, false);
  spec.Each("resource_defaults", [&](const Json& v, const std::string& where) {
    Record defaults(v, {"cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit"}, where, problems);
    defaults.Amount("cpuRequest", Resource::kCpu);
    defaults.Amount("cpuLimit", Resource::kCpu);
    defaults.Amount("memoryRequest", Resource::kMemory);
    defaults.Amount("memoryLimit", Resource::kMemory);
    return defaults.out;
  });
  spec.Each("namespace", [&](const Json& v, const std::string& w) { return DecodeNamespace(v, w, problems); });
  spec.Each("network", [&](const Json& v, const std::string& w) { return DecodeNetwork(v, w, problems); });
  spec.Each("pod", [&](const Json& v, const std::string& w) { return DecodePod(v, w, problems); });
  Fold(&spec.out, at, problems);
  for (const std::string side : {"cpu", "memory"}) {
    const auto request = QuantityAt(spec.out, side + "Request");
    const auto limit = QuantityAt(spec.out, side + "Limit");
    if (request && limit && request->units > limit->units) {
      problems->push_back({Join(at, "resource_defaults." + side + "Request"), "is above the limit"});
    }
  }
  return spec.out;
}

}  // namespace berth::reference
