// What one launch gets from one binding, and the two documents that show it. NEVER USE THIS IN PRODUCTION; see
// reference.h.
#include <algorithm>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

// The namespace's name, or null for a per-user strategy without a user.
Json NamespaceOf(const Binding& binding, const Json& spec, const Request& request, bool effective_only) {
  const std::string strategy = TextAt(spec, {"namespace", "strategy"});
  if (strategy == "static") return TextAt(spec, {"namespace", "staticNamespace"});
  const std::string prefix = TextAt(spec, {"namespace", "namespacePrefix"});
  Strings parts = {request.organization};
  if (strategy == "per-user") {
    if (request.user.empty() || effective_only) return nullptr;
    parts.push_back(request.user);
  }
  if (strategy == "per-profile") parts.push_back(binding.display_name);
  return NamespaceName(prefix, strategy, parts);
}

}  // namespace

Outcome ResolveCandidate(const RunnerFacts& runner, const Binding& binding, const Request& request,
                         bool effective_only) {
  Outcome out;
  const int gpu = request.gpu && !effective_only ? 1 : 0;
  out.merged = binding.merged[gpu];
  if (!effective_only) AddLayer(&out.merged, "sandbox", request.layer);
  out.resolved = Finish(out.merged, runner.allow_restricted);
  out.name_space = NamespaceOf(binding, out.resolved.spec, request, effective_only);
  if (request.ingress_mode.empty() || effective_only) return out;
  const std::string pattern =
      TextAt(binding.effective[gpu].spec, {"network", "ingress", request.ingress_mode, "ingress", "template"});
  if (pattern.empty() || (request.sandbox_id.empty() && TemplateNeedsSandboxId(pattern))) return out;
  const std::string name_space = out.name_space.is_string() ? out.name_space.get<std::string>() : "a";
  const std::string host = RenderHost(pattern, request.sandbox_id, name_space);
  out.host_invalid = !IsHostName(host);
  if (!out.host_invalid) out.host = host;
  return out;
}

Json NamespaceObject(const Outcome& outcome) {
  const Json& spec = outcome.resolved.spec;
  Json out = {{"name", outcome.name_space},
              {"auto_create", *Find(spec, {"namespace", "autoCreate"})},
              {"labels", Json::object()},
              {"annotations", Json::object()}};
  for (const char* name : {"labels", "annotations"}) {
    const Json* map = Find(spec, {"namespace", name});
    if (map != nullptr) out[name] = *map;
  }
  return out;
}

Json EgressObject(const Finished& effective, const std::string& mode) {
  const Json& spec = effective.spec;
  const std::string chosen = mode.empty() ? TextAt(spec, {"network", "egress", "default"}) : mode;
  const Json* declared = Find(spec, {"network", "egress", "modes", chosen});
  if (declared == nullptr && !mode.empty()) return nullptr;
  if (declared == nullptr) return {{"mode", nullptr}, {"type", "none"}, {"cidrs", Json::array()}};
  const Json* cidrs = Find(*declared, {"cidrs"});
  return {{"mode", chosen}, {"type", TextAt(*declared, {"type"})}, {"cidrs", cidrs ? *cidrs : Json::array()}};
}

Json IngressObject(const Finished& effective, const std::string& level, const Json& host) {
  const Json* declared = level.empty() ? nullptr : Find(effective.spec, {"network", "ingress", level});
  if (declared == nullptr) return nullptr;
  return {{"mode", level}, {"scope", TextAt(*declared, {"scope"})}, {"host", host}};
}

namespace {

struct Target {
  Json failure;  // null when the target was found and the request is sound
  Request request;
  const Runner* runner = nullptr;
  const Binding* binding = nullptr;
};

bool GoesBefore(const Runner& a, const Runner& b, const std::string& organization) {
  const bool a_own = a.organization == organization, b_own = b.organization == organization;
  if (a_own != b_own) return a_own;
  return a.organization < b.organization;
}

Target FindTarget(const CatalogData& data, const std::string& organization, const std::string& runner,
                  const std::string& profile, const Json* request) {
  Target out;
  out.request.organization = organization.empty() ? "default" : organization;
  if (request != nullptr) out.request = DecodeRequest(data, *request, out.request.organization);
  if (!out.request.violations.empty()) {
    out.failure = {{"violations", ViolationList(out.request.violations)}};
    return out;
  }
  for (const Runner& candidate : data.runners) {
    if (candidate.id != runner) continue;
    if (candidate.organization != out.request.organization && !candidate.shared) continue;
    if (out.runner == nullptr || GoesBefore(candidate, *out.runner, out.request.organization)) out.runner = &candidate;
  }
  if (out.runner == nullptr) {
    out.failure = {{"unknown", "runner"}};
    return out;
  }
  const std::vector<Binding>& bindings = out.runner->bindings;
  for (const Binding& binding : bindings) {
    if (profile.empty() ? binding.is_default : binding.name == profile) out.binding = &binding;
  }
  for (const Binding& binding : bindings) {
    if (out.binding != nullptr || profile.empty()) break;
    if (binding.profile_id == profile || (binding.dangling && binding.reference == profile)) out.binding = &binding;
  }
  if (out.binding == nullptr) out.failure = {{"unknown", "profile"}};
  return out;
}

}  // namespace

Json Resolve(const Catalog& catalog, const std::string& organization, const std::string& runner,
             const std::string& profile, const Json* request, bool effective_only) {
  const Target target = FindTarget(catalog.data(), organization, runner, profile, request);
  if (!target.failure.is_null()) return target.failure;
  if (target.binding->invalid) return {{"invalid", true}};
  const Outcome outcome = ResolveCandidate(*target.runner, *target.binding, target.request, effective_only);
  if (!outcome.resolved.errors.empty()) return {{"violations", Json::array({{{"field", "overrides"}}})}};
  if (request != nullptr && !effective_only && outcome.name_space.is_null()) {
    return {{"violations", Json::array({{{"field", "user_id"}}})}};
  }
  const Finished& effective = target.binding->effective[target.request.gpu && !effective_only ? 1 : 0];
  const std::string egress = effective_only ? "" : target.request.egress_mode;
  const std::string ingress = effective_only ? "" : target.request.ingress_mode;
  return {{"schema", "berth.resolved/v1"},
          {"runner_id", target.runner->id},
          {"profile_name", target.binding->name},
          {"namespace", NamespaceObject(outcome)},
          {"egress", EgressObject(effective, egress)},
          {"ingress", IngressObject(effective, ingress, outcome.host)},
          {"spec", outcome.resolved.spec}};
}

Json Explain(const Catalog& catalog, const std::string& organization, const std::string& runner,
             const std::string& profile, const Json* request, bool effective_only) {
  const Target target = FindTarget(catalog.data(), organization, runner, profile, request);
  if (!target.failure.is_null()) return target.failure;
  const Outcome outcome = ResolveCandidate(*target.runner, *target.binding, target.request, effective_only);
  Json out = {{"schema", "berth.explanation/v1"}, {"fields", FieldsOf(outcome.merged, outcome.resolved)}};
  if (target.binding->invalid) out["invalid"] = true;
  return out;
}

}  // namespace berth::reference
