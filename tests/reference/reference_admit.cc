// The decision: scope, every constraint of every candidate, selection, counts. NEVER USE THIS IN PRODUCTION; see
// reference.h.
#include <algorithm>
#include <set>
#include <tuple>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

Quantity CountQuantity(std::int64_t count) { return {std::to_string(count), count}; }

void ApplyLive(const Json& live, RunnerFacts* runner) {
  const Json* state = Find(live, {runner->organization + "/" + runner->id});
  if (state == nullptr) return;
  const Strings installs = {"PENDING", "PROVISIONING", "READY", "FAILED", "DELETING", "UNSPECIFIED"};
  if (state->contains("install_status")) {
    runner->install_status = StatusText((*state)["install_status"], "RUNNER_INSTALL_STATUS_", installs).value_or("");
  }
  if (state->contains("connection_status")) runner->connection_status = TextAt(*state, {"connection_status"});
  for (const auto& [name, to] : {std::pair{"available_cpu_millicores", &runner->available_cpu},
                                 std::pair{"available_memory_bytes", &runner->available_memory},
                                 std::pair{"available_gpu_count", &runner->available_gpu}}) {
    if (state->contains(name)) *to = IntegerOf((*state)[name]);
  }
  const Json* stale = Find(*state, {"stale"});
  if (stale != nullptr && *stale == true) runner->available_cpu = runner->available_memory = runner->available_gpu = 0;
}

bool Contains(const Strings& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

std::vector<Candidate> VisibleCandidates(const CatalogData& data, const Request& request, const Json& live,
                                         bool defaults_only) {
  std::vector<const Runner*> runners;
  for (const Runner& runner : data.runners) {
    if (runner.organization == request.organization || runner.shared) runners.push_back(&runner);
  }
  std::sort(runners.begin(), runners.end(), [&](const Runner* a, const Runner* b) {
    const bool a_shared = a->organization != request.organization;
    const bool b_shared = b->organization != request.organization;
    return std::tie(a_shared, a->id, a->organization) < std::tie(b_shared, b->id, b->organization);
  });
  std::vector<Candidate> out;
  for (const Runner* runner : runners) {
    for (const Binding& binding : runner->bindings) {
      if (defaults_only && !binding.is_default) continue;
      Candidate candidate;
      candidate.runner = *runner;
      ApplyLive(live, &candidate.runner);
      candidate.binding = &binding;
      out.push_back(candidate);
    }
  }
  return out;
}

// ---- scope ----

bool MatchesProfile(const Candidate& candidate, const Request& request) {
  const Binding& binding = *candidate.binding;
  if (request.profiles.empty() || Contains(request.profiles, binding.name)) return true;
  if (binding.dangling && Contains(request.profiles, binding.reference)) return true;
  return binding.profile_id.is_string() && Contains(request.profiles, binding.profile_id.get<std::string>());
}

bool MatchesRunner(const Candidate& candidate, const Request& request) {
  return request.runners.empty() || Contains(request.runners, candidate.runner.id);
}

bool MatchesGroup(const Candidate& candidate, const Request& request) {
  return request.group.empty() || candidate.runner.group == request.group;
}

bool MatchesZone(const Candidate& candidate, const Request& request) {
  return request.zone.empty() || candidate.runner.zone == request.zone;
}

// ---- constraints, in parts that remedies share ----

bool GpuTypeWouldDo(const RunnerFacts& runner, const std::string& type, const Request& request) {
  if (!request.gpu_type.empty()) return Lower(type) == Lower(request.gpu_type);
  if (request.gpu_memory_gb == 0) return true;
  const auto memory = runner.gpu_memory.find(Lower(type));
  return memory != runner.gpu_memory.end() && memory->second >= request.gpu_memory_gb;
}

std::optional<std::size_t> HighestLayerBelow(const Finished& effective, const Path& path) {
  std::optional<std::size_t> highest;
  for (const auto& [leaf, field] : effective.fields) {
    if (leaf.size() <= path.size() || !std::equal(path.begin(), path.end(), leaf.begin())) continue;
    highest = std::max(highest.value_or(0), field.layer);
  }
  return highest;
}

namespace {

std::string Joined(const Strings& names) {
  const std::set<std::string> sorted(names.begin(), names.end());
  std::string out;
  for (const std::string& name : sorted) out += (out.empty() ? "" : ",") + name;
  return out;
}

Json ScopeReason(const std::vector<Candidate>& visible, const Request& request) {
  std::string code = "FILTERS_DISJOINT", action = "FIX_REQUEST", capability = "filters";
  Json requested;
  std::set<std::string> offered;
  const auto none = [&](bool (*matches)(const Candidate&, const Request&)) {
    return std::none_of(visible.begin(), visible.end(), [&](const Candidate& c) { return matches(c, request); });
  };
  if (visible.empty()) {
    code = "NO_RUNNERS", action = "ASK_ADMIN", capability = "runners";
  } else if (none(MatchesProfile)) {
    code = "PROFILE_NOT_BOUND", action = "OTHER_PROFILE", capability = "profile_names";
    requested = Joined(request.profiles);
    for (const Candidate& c : visible) offered.insert(c.binding->name);
  } else if (none(MatchesRunner)) {
    code = "RUNNER_NOT_FOUND", action = "OTHER_RUNNER", capability = "runner_ids";
    requested = Joined(request.runners);
    for (const Candidate& c : visible) offered.insert(c.runner.id);
  } else if (none(MatchesGroup)) {
    code = "RUNNER_GROUP_NOT_FOUND", action = "OTHER_RUNNER", capability = "runner_group_id";
    requested = request.group;
    for (const Candidate& c : visible) offered.insert(c.runner.group);
  } else if (none(MatchesZone)) {
    code = "ZONE_NOT_FOUND", action = "OTHER_RUNNER", capability = "zone";
    requested = request.zone;
    for (const Candidate& c : visible) offered.insert(c.runner.zone);
  }
  offered.erase("");
  Json names = Json::array();
  for (const std::string& name : offered) {
    if (names.size() < 50) names.push_back(name);
  }
  return {{"code", code},           {"class", action},  {"capability", capability},
          {"requested", requested}, {"offered", names}, {"headline", 0},
          {"blocked", 0},           {"sole", 0},        {"example", nullptr}};
}

// ---- constraints ----

// Evaluates the rows of the table for one candidate, in precedence order.
class Judge {
 public:
  Judge(const Organization& organization, const Request& request, Candidate* candidate)
      : organization_(organization),
        request_(request),
        candidate_(*candidate),
        runner_(candidate->runner),
        binding_(*candidate->binding),
        effective_(binding_.effective[request.gpu ? 1 : 0]) {}

  // Whether a volume of the effective spec lost its `hostPath`.
  bool DisplacesHostPath() const {
    const auto host_paths = [](const Json& spec) {
      std::map<std::string, Json> paths;
      const Json* volumes = Find(spec, {"pod", "spec", "volumes"});
      for (const Json& volume : volumes == nullptr ? Json::array() : *volumes) {
        if (volume.contains("hostPath")) paths[volume["name"].get<std::string>()] = volume["hostPath"];
      }
      return paths;
    };
    const auto after = host_paths(candidate_.outcome.resolved.spec);
    for (const auto& [name, path] : host_paths(effective_.spec)) {
      const auto kept = after.find(name);
      if (kept == after.end() || kept->second != path) return true;
    }
    return false;
  }

  void Run() {
    if (organization_.refused) {
      Fail(0, "ORGANIZATION_INVALID", "ASK_ADMIN", "organization").layer = "organization";
      return;
    }
    if (binding_.invalid) {
      Fail(20, "PROFILE_INVALID", "ASK_ADMIN", "profile");
    } else {
      candidate_.outcome = ResolveCandidate(runner_, binding_, request_, false);
      Quotas();
      User();
      if (!candidate_.outcome.resolved.errors.empty() || DisplacesHostPath()) {
        Fail(26, "OVERRIDE_INVALID", "FIX_REQUEST", "overrides").layer = "sandbox";
      }
    }
    RunnerRows();
    if (!binding_.invalid) GpuType();
    if (request_.gpu && request_.gpu_count > runner_.max_gpu) {
      Reason& reason = Fail(90, "GPU_COUNT_EXCEEDS_RUNNER", "SMALLER_REQUEST", "gpu.count");
      reason.requested = std::to_string(request_.gpu_count);
      reason.quantity = CountQuantity(runner_.max_gpu);
      reason.layer = "runner";
    }
    if (binding_.invalid) return;
    Modes();
    Limits();
    Image();
    Available();
  }

 private:
  Reason& Fail(int rank, const std::string& code, const std::string& action, const std::string& capability) {
    candidate_.reasons.push_back({rank, code, action, capability, nullptr, {}, std::nullopt, nullptr});
    return candidate_.reasons.back();
  }

  const Json& resolved() const { return candidate_.outcome.resolved.spec; }

  std::string LayerName(std::size_t layer) const {
    return layer == kDefaultLayer ? "default" : candidate_.outcome.merged.layers[layer].name;
  }

  // The layer that supplied one resolved field; null when there is none.
  Json LayerOf(const Path& path) const {
    const auto found = candidate_.outcome.resolved.fields.find(path);
    return found == candidate_.outcome.resolved.fields.end() ? Json() : Json(LayerName(found->second.layer));
  }

  static Json TextOf(const std::optional<Quantity>& first, const std::optional<Quantity>& second) {
    if (first) return first->text;
    return second ? Json(second->text) : Json();
  }

  void Quotas() {
    for (const std::string name : {"cpu", "memory"}) {
      const bool cpu = name == "cpu";
      const auto& quota = cpu ? organization_.quota_cpu : organization_.quota_memory;
      auto value = QuantityAt(resolved(), name + "Limit");
      if (!value) value = QuantityAt(resolved(), name + "Request");
      if (!quota || !value || value->units <= quota->units) continue;
      Reason& reason = Fail(cpu ? 10 : 11, "ORGANIZATION_QUOTA_EXCEEDED", "SMALLER_REQUEST", name);
      reason.requested = cpu ? TextOf(request_.limit_cpu, request_.request_cpu)
                             : TextOf(request_.limit_memory, request_.request_memory);
      reason.quantity = quota;
      reason.layer = "organization";
    }
    if (request_.gpu && organization_.quota_gpu && request_.gpu_count > *organization_.quota_gpu) {
      Reason& reason = Fail(12, "ORGANIZATION_QUOTA_EXCEEDED", "SMALLER_REQUEST", "gpu");
      reason.requested = std::to_string(request_.gpu_count);
      reason.quantity = CountQuantity(*organization_.quota_gpu);
      reason.layer = "organization";
    }
  }

  void User() {
    if (TextAt(resolved(), {"namespace", "strategy"}) != "per-user" || !request_.user.empty()) return;
    Fail(23, "USER_REQUIRED", "FIX_REQUEST", "user_id").layer = LayerOf({"namespace", "strategy"});
  }

  void RunnerRow(int rank, const std::string& code, const std::string& action, const std::string& capability,
                 const std::string& requested, const Strings& names) {
    Reason& reason = Fail(rank, code, action, capability);
    reason.requested = requested;
    reason.names = names;
    reason.layer = "runner";
  }

  void RunnerRows() {
    if (runner_.install_status != "READY") {
      RunnerRow(30, "RUNNER_NOT_READY", "OTHER_RUNNER", "runner", "READY", {runner_.install_status});
    }
    if (runner_.connection_status != "CONNECTED") {
      RunnerRow(40, "RUNNER_DISCONNECTED", "WAIT", "runner", "CONNECTED", {runner_.connection_status});
    }
    if (!request_.architecture.empty() && !Contains(runner_.architectures, request_.architecture)) {
      RunnerRow(50, "ARCHITECTURE_UNSUPPORTED", "OTHER_RUNNER", "architecture", request_.architecture,
                runner_.architectures);
    }
    if (request_.privileged && !runner_.privileged) {
      RunnerRow(60, "PRIVILEGED_UNSUPPORTED", "OTHER_RUNNER", "privileged", "true", {"false"});
    }
    for (const std::string& name : request_.storage_classes) {
      if (Contains(runner_.storage_classes, name)) continue;
      RunnerRow(70, "STORAGE_CLASS_UNAVAILABLE", "OTHER_RUNNER", "storage_classes", Joined(request_.storage_classes),
                runner_.storage_classes);
      break;
    }
  }

  void GpuType() {
    if (!request_.gpu) return;
    const Json* restricted = Find(effective_.spec, {"instance_types"});
    if (restricted != nullptr && restricted->empty()) restricted = nullptr;
    Strings types;
    for (const std::string& type : runner_.gpu_types) {
      bool allowed = restricted == nullptr;
      for (const Json& name : restricted ? *restricted : Json::array()) {
        allowed = allowed || Lower(name.get<std::string>()) == Lower(type);
      }
      if (allowed) types.push_back(type);
    }
    const bool fits = std::any_of(types.begin(), types.end(),
                                  [&](const std::string& type) { return GpuTypeWouldDo(runner_, type, request_); });
    if (fits) return;
    const bool by_memory = request_.gpu_memory_gb > 0;
    Reason& reason = Fail(80, "GPU_TYPE_UNAVAILABLE", "OTHER_PROFILE", by_memory ? "gpu.memory_gb" : "gpu.type");
    reason.requested =
        by_memory ? std::to_string(request_.gpu_memory_gb) : (request_.gpu_type.empty() ? "any" : request_.gpu_type);
    reason.names = types;
    reason.layer =
        restricted != nullptr ? Json(LayerName(effective_.fields.at({"instance_types"}).layer)) : Json("runner");
  }

  void Modes() {
    for (const bool egress : {true, false}) {
      const std::string& asked = egress ? request_.egress_mode : request_.ingress_mode;
      const Path path = egress ? Path{"network", "egress", "modes"} : Path{"network", "ingress"};
      const Json* declared = Find(effective_.spec, path);
      if (asked.empty() || (declared != nullptr && declared->contains(asked))) continue;
      Reason& reason = Fail(egress ? 100 : 110, egress ? "EGRESS_MODE_NOT_OFFERED" : "INGRESS_MODE_NOT_OFFERED",
                            "OTHER_PROFILE", egress ? "network.egress_mode" : "network.ingress_mode");
      reason.requested = asked;
      for (const auto& [name, mode] : declared ? declared->items() : kNothing.items()) reason.names.push_back(name);
      const auto highest = HighestLayerBelow(effective_, path);
      if (highest) reason.layer = LayerName(*highest);
    }
    if (!candidate_.outcome.host_invalid) return;
    Reason& reason = Fail(115, "HOST_NAME_INVALID", "ASK_ADMIN", "network.ingress_mode");
    reason.requested = request_.ingress_mode;
    reason.layer = LayerOf({"network", "ingress", request_.ingress_mode, "ingress", "template"});
  }

  // Rows 12 to 15.
  void Limits() {
    const auto cpu_limit = QuantityAt(resolved(), "cpuLimit"), memory_limit = QuantityAt(resolved(), "memoryLimit");
    if (runner_.enforce_limits && (!cpu_limit || !memory_limit)) {
      Fail(120, "LIMITS_REQUIRED", "FIX_REQUEST", "resource_limits").layer = "runner";
    }
    bool above_ceiling[2] = {false, false};
    for (const bool cpu : {true, false}) above_ceiling[cpu ? 0 : 1] = Ceiling(cpu);
    for (const bool cpu : {true, false}) {
      const std::string name = cpu ? "cpu" : "memory";
      const auto request = QuantityAt(resolved(), name + "Request");
      const auto limit = cpu ? cpu_limit : memory_limit;
      if (above_ceiling[cpu ? 0 : 1] || !request || !limit || request->units <= limit->units) continue;
      Reason& reason =
          Fail(cpu ? 140 : 141, cpu ? "CPU_REQUEST_ABOVE_LIMIT" : "MEMORY_REQUEST_ABOVE_LIMIT", "FIX_REQUEST", name);
      reason.requested = TextOf(cpu ? request_.request_cpu : request_.request_memory, std::nullopt);
      reason.quantity = limit;
      reason.layer = LayerOf({"resource_defaults", name + "Limit"});
    }
    for (const bool cpu : {true, false}) {
      const std::string name = cpu ? "cpu" : "memory";
      const auto request = QuantityAt(resolved(), name + "Request");
      const std::int64_t maximum = cpu ? runner_.max_cpu : runner_.max_memory;
      if (!request || maximum == 0 || request->units <= maximum) continue;
      Reason& reason =
          Fail(cpu ? 150 : 151, cpu ? "CPU_EXCEEDS_RUNNER" : "MEMORY_EXCEEDS_RUNNER", "SMALLER_REQUEST", name);
      reason.requested = OwnRequest(cpu);
      reason.quantity = Quantity{cpu ? MillicoresText(maximum) : BytesText(maximum), maximum};
      reason.layer = "runner";
    }
  }

  Json OwnRequest(bool cpu) const {
    return cpu ? TextOf(request_.request_cpu, request_.limit_cpu)
               : TextOf(request_.request_memory, request_.limit_memory);
  }

  bool Ceiling(bool cpu) {
    const std::string name = cpu ? "cpu" : "memory";
    const auto ceiling = QuantityAt(effective_.spec, name + "Limit");
    const auto& asked = cpu ? request_.request_cpu : request_.request_memory;
    const auto& limit = cpu ? request_.limit_cpu : request_.limit_memory;
    const auto& larger = !limit || (asked && asked->units > limit->units) ? asked : limit;
    if (!organization_.ceiling || !ceiling || !larger || larger->units <= ceiling->units) return false;
    Reason& reason =
        Fail(cpu ? 130 : 131, cpu ? "CPU_EXCEEDS_PROFILE" : "MEMORY_EXCEEDS_PROFILE", "SMALLER_REQUEST", name);
    reason.requested = larger->text;
    reason.quantity = ceiling;
    reason.layer = LayerName(effective_.fields.at({"resource_defaults", name + "Limit"}).layer);
    return true;
  }

  void Image() {
    if (!organization_.allowed_images) return;
    const std::string image = TextAt(resolved(), {"container_image"});
    for (const std::string& pattern : *organization_.allowed_images) {
      if (!image.empty() && Matches(image, pattern)) return;
    }
    Reason& reason =
        Fail(160, "IMAGE_NOT_ALLOWED", request_.image.empty() ? "ASK_ADMIN" : "FIX_REQUEST", "container_image");
    if (!request_.image.empty()) reason.requested = request_.image;
    reason.names = *organization_.allowed_images;
    reason.layer = "organization";
  }

  void Available() {
    for (const bool cpu : {true, false}) {
      const std::string name = cpu ? "cpu" : "memory";
      const auto request = QuantityAt(resolved(), name + "Request");
      const auto& available = cpu ? runner_.available_cpu : runner_.available_memory;
      if (!request || !available || request->units <= *available) continue;
      Reason& reason = Fail(cpu ? 170 : 171, cpu ? "INSUFFICIENT_CPU" : "INSUFFICIENT_MEMORY", "WAIT", name);
      reason.requested = OwnRequest(cpu);
      reason.quantity = Quantity{cpu ? MillicoresText(*available) : BytesText(*available), *available};
      reason.layer = "runner";
    }
    if (!request_.gpu || !runner_.available_gpu || request_.gpu_count <= *runner_.available_gpu) return;
    Reason& reason = Fail(172, "INSUFFICIENT_GPU", "WAIT", "gpu.count");
    reason.requested = std::to_string(request_.gpu_count);
    reason.quantity = CountQuantity(*runner_.available_gpu);
    reason.layer = "runner";
  }

  inline static const Json kNothing = Json::object();

  const Organization& organization_;
  const Request& request_;
  Candidate& candidate_;
  const RunnerFacts& runner_;
  const Binding& binding_;
  const Finished& effective_;
};

// ---- reasons together ----

Json ReasonList(const std::vector<Candidate>& candidates) {
  std::set<int> ranks;
  for (const Candidate& candidate : candidates) {
    for (const Reason& reason : candidate.reasons) ranks.insert(reason.rank);
  }
  Json out = Json::array();
  for (const int rank : ranks) {
    int headline = 0, blocked = 0, sole = 0;
    const Reason* first = nullptr;
    const Reason* shown = nullptr;
    const Candidate* example = nullptr;
    bool example_is_headline = false;
    std::map<std::string, std::string> names;  // lower case -> text, for GPU types; else text -> text
    std::optional<Quantity> best;
    for (const Candidate& candidate : candidates) {
      for (const Reason& reason : candidate.reasons) {
        if (reason.rank != rank) continue;
        const bool is_headline = &reason == &candidate.reasons.front();
        ++blocked;
        if (is_headline) ++headline;
        if (candidate.reasons.size() == 1) ++sole;
        if (first == nullptr) first = &reason;
        if (example == nullptr || (is_headline && !example_is_headline)) {
          example = &candidate;
          shown = &reason;
          example_is_headline = is_headline;
        }
        for (const std::string& name : reason.names) {
          const std::string key = reason.code == "GPU_TYPE_UNAVAILABLE" ? Lower(name) : name;
          const auto [at, added] = names.emplace(key, name);
          if (!added && name < at->second) at->second = name;
        }
        if (reason.quantity && (!best || reason.quantity->units > best->units)) best = reason.quantity;
      }
    }
    if (first == nullptr) continue;  // for analyzers: each rank is some reason's
    std::set<std::string> offered;
    for (const auto& [key, name] : names) offered.insert(name);
    if (best) offered.insert(best->text);
    out.push_back({{"code", first->code},
                   {"class", first->action},
                   {"capability", first->capability},
                   {"requested", first->requested},
                   {"offered", Json(offered)},
                   {"headline", headline},
                   {"blocked", blocked},
                   {"sole", sole},
                   {"example",
                    {{"runner_id", example->runner.id},
                     {"profile_name", example->binding->name},
                     {"layer", shown->layer},
                     {"source", nullptr}}}});
  }
  return out;
}

// ---- selection ----

struct Fraction {
  Int128 top = 1, bottom = 1;
};

bool Less(const Fraction& a, const Fraction& b) { return a.top * b.bottom < b.top * a.bottom; }

Fraction ScoreOf(const Candidate& candidate, const Request& request) {
  const RunnerFacts& runner = candidate.runner;
  const Json& spec = candidate.outcome.resolved.spec;
  const auto cpu = QuantityAt(spec, "cpuRequest"), memory = QuantityAt(spec, "memoryRequest");
  Fraction best;
  bool any = false;
  const auto consider = [&](std::int64_t maximum, std::optional<std::int64_t> available, std::int64_t asked) {
    if (maximum == 0) return;
    const Fraction score = {static_cast<Int128>(available.value_or(maximum)) - asked, maximum};
    if (!any || Less(score, best)) best = score;
    any = true;
  };
  consider(runner.max_cpu, runner.available_cpu, cpu ? cpu->units : 0);
  consider(runner.max_memory, runner.available_memory, memory ? memory->units : 0);
  if (request.gpu) consider(runner.max_gpu, runner.available_gpu, request.gpu_count);
  return best;
}

}  // namespace

std::vector<const Candidate*> Ranked(const std::vector<Candidate>& candidates, const Request& request,
                                     const std::string& strategy) {
  std::vector<const Candidate*> out;
  for (const Candidate& candidate : candidates) {
    if (candidate.reasons.empty()) out.push_back(&candidate);
  }
  const auto hash = [&](const Candidate* c) { return Mix(Fnv1a64(request.sandbox_id) ^ Fnv1a64(c->runner.id)); };
  std::stable_sort(out.begin(), out.end(), [&](const Candidate* a, const Candidate* b) {
    if (request.profiles.empty() && a->binding->is_default != b->binding->is_default) return a->binding->is_default;
    if (strategy == "first") return false;
    const Fraction x = ScoreOf(*a, request), y = ScoreOf(*b, request);
    if (Less(x, y)) return strategy == "pack";
    if (Less(y, x)) return strategy == "spread";
    return hash(a) > hash(b);
  });
  return out;
}

Json PlacementOf(const Candidate& candidate) {
  return {{"runner_id", candidate.runner.id},
          {"profile_name", candidate.binding->name},
          {"profile_id", candidate.binding->profile_id},
          {"zone", candidate.runner.zone}};
}

namespace {

void AddAdmission(const std::vector<const Candidate*>& ranked, const Request& request, Json* out) {
  const Candidate& winner = *ranked[0];
  const Finished& effective = winner.binding->effective[request.gpu ? 1 : 0];
  (*out)["placement"] = PlacementOf(winner);
  (*out)["alternatives"] = Json::array();
  for (std::size_t i = 1; i < ranked.size() && i <= 8; ++i) (*out)["alternatives"].push_back(PlacementOf(*ranked[i]));
  (*out)["namespace"] = NamespaceObject(winner.outcome);
  (*out)["egress"] = EgressObject(effective, request.egress_mode);
  (*out)["ingress"] = IngressObject(effective, request.ingress_mode, winner.outcome.host);
  (*out)["spec"] = winner.outcome.resolved.spec;
}

}  // namespace

void JudgeCandidate(const Organization& organization, const Request& request, Candidate* candidate) {
  Judge(organization, request, candidate).Run();
}

Decision Decide(const CatalogData& data, const Json& request_document, const Json& live) {
  Decision out;
  out.request = DecodeRequest(data, request_document, "default");
  if (!out.request.violations.empty()) return out;
  out.organization = data.OrganizationOf(out.request.organization);
  const bool defaults_only = out.organization.default_binding_only && out.request.profiles.empty();
  out.visible = VisibleCandidates(data, out.request, live, defaults_only);
  for (const Candidate& candidate : out.visible) {
    if (!MatchesProfile(candidate, out.request) || !MatchesRunner(candidate, out.request)) continue;
    if (!MatchesGroup(candidate, out.request) || !MatchesZone(candidate, out.request)) continue;
    out.candidates.push_back(candidate);
    JudgeCandidate(out.organization, out.request, &out.candidates.back());
  }
  return out;
}

Json Admit(const Catalog& catalog, const Json& request_document, const Json& live, bool all) {
  const Decision decision = Decide(catalog.data(), request_document, live);
  const Request& request = decision.request;
  const std::vector<Candidate>& candidates = decision.candidates;
  Json out = {{"schema", "berth.decision/v1"}, {"sandbox_id", nullptr}, {"candidates", candidates.size()}};
  if (!request.sandbox_id.empty()) out["sandbox_id"] = request.sandbox_id;
  if (!request.violations.empty()) {
    out["verdict"] = "INVALID";
    out["code"] = "CWSANDBOX_INVALID_REQUEST";
    out["violations"] = ViolationList(request.violations);
    return out;
  }
  if (all) {
    out["per_candidate"] = Json::array();
    for (const Candidate& candidate : candidates) {
      Json codes = Json::array();
      for (const Reason& reason : candidate.reasons) codes.push_back(reason.code);
      out["per_candidate"].push_back(
          {{"runner_id", candidate.runner.id}, {"profile_name", candidate.binding->name}, {"reasons", codes}});
    }
  }
  const std::vector<const Candidate*> ranked = Ranked(candidates, request, decision.organization.strategy);
  if (!ranked.empty()) {
    out["verdict"] = "ADMITTED";
    AddAdmission(ranked, request, &out);
    return out;
  }
  out["verdict"] = "REJECTED";
  out["code"] = request.profiles.empty() ? "CWSANDBOX_NO_SUITABLE_RUNNER" : "CWSANDBOX_PROFILE_MISMATCH";
  out["reasons"] = candidates.empty() ? Json::array({ScopeReason(decision.visible, request)}) : ReasonList(candidates);
  out["remedies"] = Remedies(catalog.data(), request_document, live);
  return out;
}

}  // namespace berth::reference
