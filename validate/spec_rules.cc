#include "berth/validate/spec_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "berth/spec/field_path.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/validate/pod_rules.h"

namespace berth {
namespace {

struct ResourcePair {
  Resource resource;
  std::string_view request;
  std::string_view limit;
};

constexpr ResourcePair kResourcePairs[] = {{Resource::kCpu, "cpuRequest", "cpuLimit"},
                                           {Resource::kMemory, "memoryRequest", "memoryLimit"}};

// The units of a quantity node; nothing for null, refused and absent ones.
std::optional<int64_t> UnitsOf(const Node* node, Resource resource) {
  if (node == nullptr || node->kind != NodeKind::kQuantity) return std::nullopt;
  const std::optional<Quantity> quantity = Quantity::Parse(node->text);
  return quantity.has_value() ? quantity->UnitsOf(resource) : std::nullopt;
}

bool IsSet(const Node* node) { return node != nullptr && !node->is_null() && node->kind != NodeKind::kInvalid; }

std::string_view TypeOf(const Node& mode) {
  const Node* type = At(&mode, {"type"});
  return IsSet(type) ? std::string_view(type->text) : std::string_view();
}

class LayerChecker {
 public:
  LayerChecker(const Node& layer, const Place& place, std::vector<Issue>& issues)
      : layer_(layer), place_(place), issues_(issues) {}

  void Run() {
    CheckRequests();
    CheckModes();
    CheckPairs();
  }

 private:
  void Report(IssueCode code, const Node& at, std::string_view below, std::string_view field, std::string message) {
    Issue issue;
    issue.code = code;
    issue.message = std::move(message);
    issue.file = place_.file;
    issue.position = at.position;
    issue.path = std::string(place_.path).append(below);
    issue.field = std::string(place_.field).append(place_.field.empty() ? "" : ".").append(field);
    issue.layer = at.layer;
    issues_.push_back(std::move(issue));
  }

  void CheckRequests();
  void CheckModes();
  void CheckPairs();

  const Node& layer_;
  const Place& place_;
  std::vector<Issue>& issues_;
};

void LayerChecker::CheckRequests() {
  for (const ResourcePair& pair : kResourcePairs) {
    const Node* request = At(&layer_, {"resource_defaults", pair.request});
    const Node* limit = At(&layer_, {"resource_defaults", pair.limit});
    const auto request_units = UnitsOf(request, pair.resource);
    const auto limit_units = UnitsOf(limit, pair.resource);
    if (!request_units || !limit_units || *request_units <= *limit_units) continue;
    const std::string name(pair.request);
    Report(IssueCode::kRequestAboveLimit, *request, "/resource_defaults/" + name, "resource_defaults." + name,
           "`" + name + "` " + request->text + " is above `" + std::string(pair.limit) + "` " + limit->text);
  }
}

void LayerChecker::CheckModes() {
  const Node* modes = At(&layer_, {"network", "egress", "modes"});
  if (modes == nullptr) return;
  for (const Member& mode : modes->members) {
    const std::string_view type = TypeOf(*mode.value);
    const Node* cidrs = At(mode.value.get(), {"cidrs"});
    if (type.empty() || type == "allowlist" || !IsSet(cidrs)) continue;
    std::string path = "/network/egress/modes";
    AppendPointer(mode.key, path);
    Report(
        IssueCode::kCidrsWithoutAllowlist, *cidrs, path + "/cidrs", "network.egress.modes[\"" + mode.key + "\"].cidrs",
        "`cidrs` belong to type `allowlist`, and mode " + Quoted(mode.key) + " is of type `" + std::string(type) + "`");
  }
}

void LayerChecker::CheckPairs() {
  const Node* levels = At(&layer_, {"network", "ingress"});
  if (levels == nullptr) return;
  for (const Member& level : levels->members) {
    for (std::string_view name : {"serviceSelectorAnnotation", "dnsAnnotation"}) {
      const Node* pair = At(level.value.get(), {"service", name});
      if (pair == nullptr || pair->members.size() != 1) continue;
      const std::string given = pair->members.front().key;
      std::string path = "/network/ingress";
      AppendPointer(level.key, path);
      Report(IssueCode::kHalfPair, *pair, path + "/service/" + std::string(name),
             "network.ingress[\"" + level.key + "\"].service." + std::string(name),
             "`" + std::string(name) + "` has only `" + given + "`; it needs `key` and `value`");
    }
  }
}

class EffectiveChecker {
 public:
  EffectiveChecker(const Node& spec, const EffectiveRules& rules, const LayerPlaces& places, std::vector<Issue>& issues)
      : spec_(spec), rules_(rules), places_(places), issues_(issues) {}

  void Run() {
    CheckNamespace();
    CheckEgress();
    CheckIngress();
    CheckRequests();
    CheckInstanceTypes();
    CheckAnnotations();
  }

 private:
  Issue& Report(IssueCode code, Layer layer, Position position, std::string_view below, std::string message) {
    Issue issue;
    issue.code = code;
    issue.message = std::move(message);
    const auto index = static_cast<size_t>(layer);
    issue.file = places_.files[index];
    issue.position = position;
    issue.path = std::string(places_.paths[index]).append(below);
    issue.layer = layer;
    issues_.push_back(std::move(issue));
    return issues_.back();
  }
  Issue& Report(IssueCode code, const Node& at, std::string_view below, std::string message) {
    return Report(code, at.layer, at.position, below, std::move(message));
  }

  std::string PlaceOf(const Node& node) const {
    return PlaceText(places_.files[static_cast<size_t>(node.layer)], node.position);
  }

  void CheckRequired(const Node& node, Record record, const std::string& path, std::string_view what);
  void CheckNamespace();
  void CheckEgress();
  void CheckMode(const Member& mode);
  void CheckIngress();
  void CheckLevel(const Member& level);
  void CheckRequests();
  void CheckInstanceTypes();
  void CheckAnnotations();

  const Node& spec_;
  const EffectiveRules& rules_;
  const LayerPlaces& places_;
  std::vector<Issue>& issues_;
};

// Every required row of `record` must be set in `node`.
void EffectiveChecker::CheckRequired(const Node& node, Record record, const std::string& path, std::string_view what) {
  for (const Field& field : FieldsOf(record)) {
    if (!field.required || node.Find(field.name) != nullptr) continue;
    std::string message(what);
    message.append(" needs `").append(field.name).append("`");
    if (!field.values.empty()) message.append(" (one of: ").append(field.values).append(")");
    Report(IssueCode::kMissingField, node, path, std::move(message));
  }
}

void EffectiveChecker::CheckNamespace() {
  const Node* strategy = At(&spec_, {"namespace", "strategy"});
  if (strategy == nullptr || strategy->text != "static" || IsSet(At(&spec_, {"namespace", "staticNamespace"}))) return;
  Report(IssueCode::kStaticNamespaceMissing, *strategy, "/namespace/strategy",
         "strategy `static` needs `staticNamespace`");
}

void EffectiveChecker::CheckEgress() {
  const Node* egress = At(&spec_, {"network", "egress"});
  if (egress == nullptr) return;
  const Node* mode_name = At(egress, {"default"});
  const Node* modes = At(egress, {"modes"});
  if (mode_name != nullptr && (modes == nullptr || modes->Find(mode_name->text) == nullptr)) {
    std::string message = "the default egress mode " + Quoted(mode_name->text) + " is not declared; declared: ";
    std::string names;
    if (modes != nullptr) {
      for (const Member& mode : modes->members) names.append(names.empty() ? "" : ", ").append(Quoted(mode.key));
    }
    Report(IssueCode::kEgressDefaultUnknown, *mode_name, "/network/egress/default",
           message + (names.empty() ? "none" : names));
  }
  if (modes == nullptr) return;
  if (mode_name == nullptr) {
    Report(IssueCode::kEgressDefaultMissing, *modes, "/network/egress/modes",
           "egress modes need a `default` that names one of them");
  }
  for (const Member& mode : modes->members) CheckMode(mode);
}

void EffectiveChecker::CheckMode(const Member& mode) {
  std::string path = "/network/egress/modes";
  AppendPointer(mode.key, path);
  CheckRequired(*mode.value, Record::kEgressMode, path, "egress mode " + Quoted(mode.key));
  const std::string_view type = TypeOf(*mode.value);
  const Node* cidrs = At(mode.value.get(), {"cidrs"});
  if (type == "allowlist" && (cidrs == nullptr || cidrs->items.empty())) {
    Report(IssueCode::kAllowlistWithoutCidrs, *At(mode.value.get(), {"type"}), path + "/type",
           "mode " + Quoted(mode.key) + " of type `allowlist` needs `cidrs`");
  }
  if (!type.empty() && type != "allowlist" && cidrs != nullptr) {
    Report(
        IssueCode::kCidrsWithoutAllowlist, *cidrs, path + "/cidrs",
        "`cidrs` belong to type `allowlist`, and mode " + Quoted(mode.key) + " is of type `" + std::string(type) + "`");
  }
}

void EffectiveChecker::CheckIngress() {
  const Node* levels = At(&spec_, {"network", "ingress"});
  if (levels == nullptr) return;
  for (const Member& level : levels->members) CheckLevel(level);
}

void EffectiveChecker::CheckLevel(const Member& level) {
  const Node& node = *level.value;
  std::string path = "/network/ingress";
  AppendPointer(level.key, path);
  const std::string what = "ingress level " + Quoted(level.key);
  CheckRequired(node, Record::kIngressLevel, path, what);
  const Node* service = At(&node, {"service"});
  const Node* ingress = At(&node, {"ingress"});
  if (service != nullptr) CheckRequired(*service, Record::kService, path + "/service", "the service of " + what);
  if (ingress != nullptr) CheckRequired(*ingress, Record::kIngress, path + "/ingress", "the ingress of " + what);
  const Node* expects = At(&node, {"expectsExternalAddress"});
  const Node* type = At(&node, {"service", "serviceType"});
  const bool balanced = type != nullptr && type->text == "LoadBalancer";
  if (expects != nullptr && expects->text == "true" && !balanced && ingress == nullptr) {
    Report(IssueCode::kExternalAddressImpossible, *expects, path + "/expectsExternalAddress",
           what + " waits for an address that nothing assigns")
        .suggestion = "use service type `LoadBalancer`, or add an `ingress` block";
  }
}

// Requests and limits of different layers: a launch can still set them right, so this warns.
void EffectiveChecker::CheckRequests() {
  for (const ResourcePair& pair : kResourcePairs) {
    const Node* request = At(&spec_, {"resource_defaults", pair.request});
    const Node* limit = At(&spec_, {"resource_defaults", pair.limit});
    const auto request_units = UnitsOf(request, pair.resource);
    const auto limit_units = UnitsOf(limit, pair.resource);
    if (!request_units || !limit_units || *request_units <= *limit_units || request->layer == limit->layer) continue;
    Report(IssueCode::kRequestAboveInheritedLimit, *request, "/resource_defaults/" + std::string(pair.request),
           "`" + std::string(pair.request) + "` " + request->text + " is above `" + std::string(pair.limit) + "` " +
               limit->text + " set by the " + std::string(LayerName(limit->layer)) + " layer at " + PlaceOf(*limit) +
               "; every launch that brings no resources of its own is rejected");
  }
}

std::vector<std::string> FoldedSet(const Node& list) {
  std::vector<std::string> set;
  for (const NodeRef& item : list.items) {
    set.push_back(absl::AsciiStrToLower(std::string(item->text)));
  }
  std::ranges::sort(set);
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

void EffectiveChecker::CheckInstanceTypes() {
  const Node* structured = At(&spec_, {"instance_types"});
  const Node* placement = At(&spec_, {"pod", "placement", "instanceTypes"});
  if (structured == nullptr || placement == nullptr || FoldedSet(*structured) == FoldedSet(*placement)) return;
  Report(
      IssueCode::kInstanceTypesContradiction, *placement, "/pod/placement/instanceTypes",
      "`pod.placement.instanceTypes` differs from `instance_types` at " + PlaceOf(*structured) + "; set one of them");
}

void EffectiveChecker::CheckAnnotations() {
  const Node* annotations = At(&spec_, {"pod", "metadata", "annotations"});
  if (annotations == nullptr || rules_.allow_restricted_annotations) return;
  for (const Member& member : annotations->members) {
    if (!IsRestrictedAnnotation(member.key)) continue;
    std::string path = "/pod/metadata/annotations";
    AppendPointer(member.key, path);
    std::string message = "annotation " + Quoted(member.key) + " is restricted";
    if (!rules_.runner_id.empty()) message += ", and runner " + Quoted(rules_.runner_id) + " does not allow it";
    Report(IssueCode::kRestrictedAnnotation, member.value->layer, member.position, path, std::move(message))
        .suggestion = "remove it, or set `managed_spec.allow_privileged_profile_annotations` on the runner";
  }
}

}  // namespace

void CheckLayer(const Node& layer, const Place& place, std::vector<Issue>& issues) {
  CheckFormats(layer, Record::kSpec, place, issues);
  LayerChecker(layer, place, issues).Run();
  if (const Node* pod_spec = At(&layer, {"pod", "spec"}); pod_spec != nullptr && pod_spec->is_map()) {
    const std::string path = std::string(place.path).append("/pod/spec");
    const std::string field = std::string(place.field).append(place.field.empty() ? "" : ".").append("pod.spec");
    CheckPodSpec(*pod_spec, {place.file, path, field}, layer.layer, issues);
  }
}

void CheckEffective(const Node* merged, const EffectiveRules& rules, const LayerPlaces& places,
                    std::vector<Issue>& issues) {
  if (merged != nullptr) EffectiveChecker(*merged, rules, places, issues).Run();
}

bool IsRestrictedAnnotation(std::string_view key) {
  constexpr std::string_view kPrefixes[] = {"container.apparmor.security.beta.kubernetes.io/",
                                            "seccomp.security.alpha.kubernetes.io/", "io.katacontainers.",
                                            "k8s.v1.cni.cncf.io/"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return key.starts_with(prefix); });
}

}  // namespace berth
