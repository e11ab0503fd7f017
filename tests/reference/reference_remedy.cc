// What would help a rejected launch, found by trying: every change is made to the request's JSON, or to a copy of one
// layer, and decided again. NEVER USE THIS IN PRODUCTION; see reference.h.
#include <algorithm>
#include <deque>
#include <set>
#include <tuple>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

// ---- changes of the request ----

// The kinds of changes, in the order of the actions.
enum Kind { kFix, kShrink, kProfile, kRunner };
using Kinds = std::set<Kind>;

const Strings& Actions() {
  static const Strings kActions = {"FIX_REQUEST",      "RETRY_SMALLER", "USE_OTHER_PROFILE",
                                   "USE_OTHER_RUNNER", "WAIT",          "ASK_ADMIN"};
  return kActions;
}

// The values that can be edited, in the order of the operations.
enum Value { kCpuLimit, kCpuRequest, kMemoryLimit, kMemoryRequest, kGpuCount };

struct Edit {
  std::int64_t amount = 0;  // millicores, bytes or GPUs
  bool lowers = false;      // something becomes smaller
  bool adds = false;        // a limit that was missing is there
  Kinds kinds;
  friend bool operator==(const Edit&, const Edit&) = default;
};

// In the older `resources`, where one member sets both sides, the edit of it stands under the limit.
using Edits = std::map<Value, Edit>;

enum class Way { kNothing, kFix, kShrink, kBoth };

// What becomes of the filters that a scope drops and its winner does not pass.
struct FilterChange {
  std::optional<std::string> profile, runner;  // put in the place of the filter
  bool removes_group = false, removes_zone = false;
};

struct Amounts {
  std::optional<std::int64_t> limit, request;
};

struct Attempt {
  Edits edits;
  std::size_t dimensions = 0;
  double kept = 0;
};

struct Trial {
  std::size_t admits = 0;
  std::optional<Candidate> winner;
};

// A remedy, and what it is sorted by.
struct Found {
  Json document;
  std::size_t operations = 1;
  std::size_t admits = 0;
  std::vector<std::size_t> actions;  // indices into the table
  std::string bytes;
};

const Strings& FixCodes() {
  static const Strings kCodes = {"LIMITS_REQUIRED", "CPU_REQUEST_ABOVE_LIMIT", "MEMORY_REQUEST_ABOVE_LIMIT"};
  return kCodes;
}

const Strings& ShrinkCodes() {
  static const Strings kCodes = {
      "ORGANIZATION_QUOTA_EXCEEDED", "GPU_COUNT_EXCEEDS_RUNNER", "CPU_EXCEEDS_PROFILE",
      "MEMORY_EXCEEDS_PROFILE",      "CPU_REQUEST_ABOVE_LIMIT",  "MEMORY_REQUEST_ABOVE_LIMIT",
      "CPU_EXCEEDS_RUNNER",          "MEMORY_EXCEEDS_RUNNER",    "INSUFFICIENT_CPU",
      "INSUFFICIENT_MEMORY",         "INSUFFICIENT_GPU"};
  return kCodes;
}

bool Contains(const Strings& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool Fails(const Candidate& candidate, const std::string& code) {
  return std::any_of(candidate.reasons.begin(), candidate.reasons.end(),
                     [&](const Reason& reason) { return reason.code == code; });
}

// Whether the candidate fails something of `codes`, and nothing else.
bool FailsOnly(const Candidate& candidate, const Strings& codes) {
  return !candidate.reasons.empty() && std::all_of(candidate.reasons.begin(), candidate.reasons.end(),
                                                   [&](const Reason& reason) { return Contains(codes, reason.code); });
}

bool FailsAny(const Candidate& candidate, const Strings& codes) {
  return std::any_of(codes.begin(), codes.end(), [&](const std::string& code) { return Fails(candidate, code); });
}

std::string AmountText(bool cpu, std::int64_t amount) { return cpu ? MillicoresText(amount) : BytesText(amount); }

Value LimitOf(bool cpu) { return cpu ? kCpuLimit : kMemoryLimit; }
Value RequestOf(bool cpu) { return cpu ? kCpuRequest : kMemoryRequest; }

Amounts ResolvedAmounts(const Candidate& candidate, bool cpu) {
  const std::string name = cpu ? "cpu" : "memory";
  const auto limit = QuantityAt(candidate.outcome.resolved.spec, name + "Limit");
  const auto request = QuantityAt(candidate.outcome.resolved.spec, name + "Request");
  Amounts out;
  if (limit) out.limit = limit->units;
  if (request) out.request = request->units;
  return out;
}

void LowerTo(std::optional<std::int64_t>* value, const std::optional<std::int64_t>& bound) {
  if (*value && bound && *bound < **value) *value = bound;
}

std::optional<std::int64_t> Units(const std::optional<Quantity>& quantity) {
  return quantity ? std::optional(quantity->units) : std::nullopt;
}

// Whether `a` lowers the same values as `b` or fewer, none of them further, and adds the same limits.
bool Dominates(const Edits& a, const Edits& b) {
  std::map<Value, std::int64_t> a_added, b_added;
  for (const auto& [value, edit] : b) {
    if (edit.adds) b_added[value] = edit.amount;
  }
  for (const auto& [value, edit] : a) {
    if (edit.adds) a_added[value] = edit.amount;
    if (!edit.lowers) continue;
    const auto other = b.find(value);
    if (other == b.end() || !other->second.lowers || other->second.amount > edit.amount) return false;
  }
  return a_added == b_added && a != b;
}

// The key that the object has for a member, in whatever spelling; empty when it has none.
std::string KeyOf(const Json& object, const std::string& name) {
  for (const auto& [key, value] : object.items()) {
    if (Snake(key) == name) return key;
  }
  return "";
}

// What the object says under a name: null also when it says nothing.
Json Said(const Json& object, const std::string& name) {
  const std::string key = KeyOf(object, name);
  return key.empty() ? Json() : object[key];
}

// What is null or an empty text is as good as absent.
bool IsAbsent(const Json& value) { return value.is_null() || (value.is_string() && TextAt(value, {}).empty()); }

// A launch request as it was given, and its edited copies.
class GivenRequest {
 public:
  explicit GivenRequest(const Json& document) : document_(document) {}

  const Json& document() const { return document_; }
  bool IsLegacy() const { return !Said(document_, "resources").is_null(); }

  // Without the filters that these kinds change.
  Json Without(const Kinds& kinds) const {
    Strings names;
    if (kinds.count(kProfile) > 0) names = {"profile_names", "profile_ids"};
    if (kinds.count(kRunner) > 0) {
      for (const char* name : {"runner_ids", "runner_group_id", "zone"}) names.push_back(name);
    }
    Json out = document_;
    for (const std::string& name : names) {
      const std::string key = KeyOf(out, name);
      if (!key.empty()) out.erase(key);
    }
    return out;
  }

  Json Changes(const Edits& edits, const FilterChange& filters) const {
    Json out = Json::array();
    for (const auto& [value, edit] : edits) {
      if (value == kGpuCount) {
        SetGpuCount(edit.amount, &out);
      } else {
        SetAmount(value, edit.amount, &out);
      }
    }
    if (filters.profile) SetProfile(*filters.profile, &out);
    if (filters.runner) Replace("/" + KeyOf(document_, "runner_ids"), Json::array({*filters.runner}), &out);
    if (filters.removes_group) Remove("/" + KeyOf(document_, "runner_group_id"), &out);
    if (filters.removes_zone) Remove("/" + KeyOf(document_, "zone"), &out);
    return out;
  }

 private:
  static void Replace(const std::string& path, const Json& value, Json* out) {
    out->push_back({{"op", "replace"}, {"path", path}, {"value", value}});
  }
  static void Remove(const std::string& path, Json* out) { out->push_back({{"op", "remove"}, {"path", path}}); }

  // A member that is absent is spelled as the request spells the others.
  std::string NewKey(const std::string& name) const {
    bool camel = false;
    for (const auto& [key, value] : document_.items()) camel = camel || Snake(key) != key;
    if (!camel) return name;
    return name == "resource_limits" ? "resourceLimits" : "resourceRequests";
  }

  void SetAmount(Value value, std::int64_t amount, Json* out) const {
    const bool cpu = value == kCpuLimit || value == kCpuRequest;
    const bool limit = value == kCpuLimit || value == kMemoryLimit;
    const std::string side = IsLegacy() ? "resources" : (limit ? "resource_limits" : "resource_requests");
    const std::string member = cpu ? "cpu" : "memory";
    const std::string text = AmountText(cpu, amount);
    const std::string key = KeyOf(document_, side);
    const Json parent = Said(document_, side);
    if (parent.is_object()) {
      const std::string op = IsAbsent(Said(parent, member)) ? "add" : "replace";
      out->push_back({{"op", op}, {"path", "/" + key + "/" + member}, {"value", text}});
      return;
    }
    // The parent comes with all its members in one operation, which stands where the first of them would. A null keeps
    // its key: a second spelling beside it would be a contradiction.
    const std::string path = "/" + (key.empty() ? NewKey(side) : key);
    for (Json& operation : *out) {
      if (operation["path"] != path) continue;
      operation["value"][member] = text;
      return;
    }
    out->push_back({{"op", "add"}, {"path", path}, {"value", {{member, text}}}});
  }

  void SetGpuCount(std::int64_t amount, Json* out) const {
    for (const char* side : {"resource_limits", "resource_requests", "resources"}) {
      const Json parent = Said(document_, side);
      if (!parent.is_object() || !parent.contains("gpu") || !parent["gpu"].is_object()) continue;
      for (const char* name : {"count", "gpu_count"}) {
        if (Said(parent["gpu"], name).is_null()) continue;
        Replace("/" + KeyOf(document_, side) + "/gpu/" + KeyOf(parent["gpu"], name), amount, out);
      }
    }
  }

  void SetProfile(const std::string& name, Json* out) const {
    const auto says = [&](const std::string& list) {
      const Json value = Said(document_, list);
      return !value.is_null() && !value.empty();
    };
    const bool by_name = says("profile_names");
    Replace("/" + KeyOf(document_, by_name ? "profile_names" : "profile_ids"), Json::array({name}), out);
    if (by_name && says("profile_ids")) Remove("/" + KeyOf(document_, "profile_ids"), out);
  }

  Json document_;
};

// ---- changes of a document ----

// One field of one document, and what it should say.
struct Proposal {
  std::string layer;
  Strings document;  // which one of that layer
  Path path;
  Json value, current;
  friend bool operator==(const Proposal& a, const Proposal& b) {
    return std::tie(a.layer, a.document, a.path, a.value) == std::tie(b.layer, b.document, b.path, b.value);
  }
};

// The document of a layer that a candidate is made of.
Strings DocumentOf(const std::string& layer, const Candidate& candidate, const Request& request) {
  if (layer == "organization") return {request.organization};
  if (layer == "zone") return {candidate.runner.zone};
  if (layer == "profile") return {candidate.runner.organization, candidate.binding->display_name};
  return {candidate.runner.organization, candidate.runner.id, candidate.binding->name};
}

// The zone's document lies below the runner's own runtime class, which is of layer `zone` too.
Layer* LayerNamed(std::vector<Layer>* layers, const std::string& name) {
  for (Layer& layer : *layers) {
    if (layer.name == name) return &layer;
  }
  return nullptr;
}

void SetAt(const Path& path, const Json& value, Json* root) {
  Json* at = root;
  for (const std::string& token : path) {
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[token];
  }
  *at = value;
}

// Whether the fields that a proposal may set are free of errors in a decoded layer.
bool IsSound(const Json& spec) {
  Json fields = Json::object();
  for (const char* name : {"resource_defaults", "instance_types", "network"}) {
    if (spec.contains(name)) fields[name] = spec[name];
  }
  const Json* placement = Find(spec, {"pod", "placement"});
  if (placement != nullptr) fields["pod"]["placement"] = *placement;
  Problems problems;
  DecodeSpec(fields, "", &problems);
  const auto count = [&](const Path& path) {
    const Json* value = Find(spec, path);
    return value == nullptr || value->is_null() ? 0 : value->size();
  };
  return problems.empty() && count({"network", "egress", "modes"}) <= 64 && count({"network", "ingress"}) <= 64 &&
         count({"instance_types"}) <= 256 && count({"pod", "placement", "instanceTypes"}) <= 256;
}

// The binding when the proposal has been accepted.
Binding Changed(const Proposal& proposal, const Candidate& candidate) {
  Binding out = *candidate.binding;
  for (int gpu = 0; gpu < 2; ++gpu) {
    std::vector<Layer> layers = out.merged[gpu].layers;
    Layer* changed = LayerNamed(&layers, proposal.layer);
    SetAt(proposal.path, proposal.value, &changed->spec);
    if (!IsSound(changed->spec)) out.refused = true;
    out.merged[gpu] = Merged();
    for (const Layer& layer : layers) AddLayer(&out.merged[gpu], layer.name, layer.spec);
    out.effective[gpu] = Finish(out.merged[gpu], candidate.runner.allow_restricted);
  }
  out.invalid = out.refused || !out.effective[0].errors.empty();
  return out;
}

Organization Changed(const Proposal& proposal, Organization organization) {
  if (proposal.path.back() == "cpu") organization.quota_cpu = QuantityOf(proposal.value, Resource::kCpu);
  if (proposal.path.back() == "memory") organization.quota_memory = QuantityOf(proposal.value, Resource::kMemory);
  if (proposal.path.back() == "gpu") organization.quota_gpu = IntegerOf(proposal.value);
  if (proposal.path.back() == "allowed_images") {
    organization.allowed_images = proposal.value.get<Strings>();
    if (proposal.value.size() > 64) organization.refused = true;
  }
  return organization;
}

// A pattern of this text alone.
std::string Quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                       static_cast<unsigned char>(c) >= 0x80;
    if (!plain) out += '\\';
    out += c;
  }
  return out;
}

// The one field that would mend each candidate.
class Proposer {
 public:
  Proposer(const Decision& decision, const std::vector<Candidate>& visible)
      : decision_(decision), request_(decision.request), visible_(visible) {}

  std::optional<Proposal> For(const Candidate& candidate) const {
    if (candidate.reasons.size() != 1) return std::nullopt;
    const Reason& reason = candidate.reasons[0];
    if (reason.code == "ORGANIZATION_QUOTA_EXCEEDED") return Quota(candidate, reason.capability);
    if (reason.code == "IMAGE_NOT_ALLOWED") return Image(candidate);
    if (reason.code == "CPU_EXCEEDS_PROFILE") return Ceiling(candidate, true);
    if (reason.code == "MEMORY_EXCEEDS_PROFILE") return Ceiling(candidate, false);
    if (reason.code == "LIMITS_REQUIRED") return MissingLimit(candidate);
    if (reason.code == "GPU_TYPE_UNAVAILABLE") return GpuType(candidate);
    if (reason.code == "EGRESS_MODE_NOT_OFFERED") return Mode(candidate, true);
    if (reason.code == "INGRESS_MODE_NOT_OFFERED") return Mode(candidate, false);
    return std::nullopt;
  }

 private:
  const Finished& EffectiveOf(const Candidate& candidate) const {
    return candidate.binding->effective[request_.gpu ? 1 : 0];
  }

  Proposal InSpec(const Candidate& candidate, const std::string& layer, const Path& path, const Json& value) const {
    std::vector<Layer> layers = candidate.binding->merged[request_.gpu ? 1 : 0].layers;
    const Json* current = Find(LayerNamed(&layers, layer)->spec, path);
    return {layer, DocumentOf(layer, candidate, request_), path, value, current == nullptr ? Json() : *current};
  }

  std::string LayerName(const Candidate& candidate, std::size_t layer) const {
    return candidate.binding->merged[request_.gpu ? 1 : 0].layers[layer].name;
  }

  Proposal Quota(const Candidate& candidate, const std::string& dimension) const {
    const Organization& organization = decision_.organization;
    Json value, current;
    if (dimension == "gpu") {
      value = request_.gpu_count;
      current = *organization.quota_gpu;
    } else {
      const bool cpu = dimension == "cpu";
      const Amounts amounts = ResolvedAmounts(candidate, cpu);
      value = AmountText(cpu, amounts.limit ? *amounts.limit : *amounts.request);
      current = cpu ? organization.quota_cpu->text : organization.quota_memory->text;
    }
    return {"organization",
            DocumentOf("organization", candidate, request_),
            {"quota", dimension},
            std::move(value),
            std::move(current)};
  }

  std::optional<Proposal> Image(const Candidate& candidate) const {
    const std::string image = TextAt(candidate.outcome.resolved.spec, {"container_image"});
    if (image.empty()) return std::nullopt;
    const Json current = *decision_.organization.allowed_images;
    Json value = current;
    value.push_back(Quoted(image));
    return Proposal{
        "organization", DocumentOf("organization", candidate, request_), {"allowed_images"}, value, current};
  }

  Proposal Ceiling(const Candidate& candidate, bool cpu) const {
    const Path path = {"resource_defaults", cpu ? "cpuLimit" : "memoryLimit"};
    const std::size_t layer = EffectiveOf(candidate).fields.at(path).layer;
    const auto request = Units(cpu ? request_.request_cpu : request_.request_memory);
    const auto limit = Units(cpu ? request_.limit_cpu : request_.limit_memory);
    const std::int64_t larger = std::max(request.value_or(0), limit.value_or(0));
    return InSpec(candidate, LayerName(candidate, layer), path, AmountText(cpu, larger));
  }

  std::optional<Proposal> MissingLimit(const Candidate& candidate) const {
    const Amounts cpu = ResolvedAmounts(candidate, true), memory = ResolvedAmounts(candidate, false);
    if (!cpu.limit && !memory.limit) return std::nullopt;
    const bool misses_cpu = !cpu.limit;
    const auto& request = misses_cpu ? cpu.request : memory.request;
    if (!request) return std::nullopt;
    return InSpec(candidate, "binding", {"resource_defaults", misses_cpu ? "cpuLimit" : "memoryLimit"},
                  AmountText(misses_cpu, *request));
  }

  std::optional<Proposal> GpuType(const Candidate& candidate) const {
    const auto& fields = EffectiveOf(candidate).fields;
    const auto restriction = fields.find({"instance_types"});
    if (restriction == fields.end() || restriction->second.value.empty()) return std::nullopt;
    std::set<std::string> types;
    for (const std::string& type : candidate.runner.gpu_types) {
      if (GpuTypeWouldDo(candidate.runner, type, request_)) types.insert(type);
    }
    if (types.empty()) return std::nullopt;
    Json value = restriction->second.value;
    value.push_back(*types.begin());
    return InSpec(candidate, LayerName(candidate, restriction->second.layer), restriction->second.written, value);
  }

  std::optional<Proposal> Mode(const Candidate& candidate, bool egress) const {
    const std::string& name = egress ? request_.egress_mode : request_.ingress_mode;
    Path path = egress ? Path{"network", "egress", "modes"} : Path{"network", "ingress"};
    const auto highest = HighestLayerBelow(EffectiveOf(candidate), path);
    path.push_back(name);
    Json value = Json::parse(R"({"scope": "user", "service": {"serviceType": "ClusterIP"}})");
    if (egress) value = {{"type", name == "internet" ? "internet" : "none"}};
    for (const Candidate& other : visible_) {
      const Json* declared = other.binding->invalid ? nullptr : Find(EffectiveOf(other).spec, path);
      if (declared == nullptr) continue;
      value = *declared;
      break;
    }
    return InSpec(candidate, highest ? LayerName(candidate, *highest) : "binding", path, value);
  }

  const Decision& decision_;
  const Request& request_;
  const std::vector<Candidate>& visible_;
};

// ---- the search ----

class Search {
 public:
  Search(const CatalogData& data, const Json& request, const Json& live)
      : data_(data), given_(request), live_(live), rejection_(Decide(data, request, live)) {}

  Json Run() {
    const Request& request = rejection_.request;
    const bool has_profile = !request.profiles.empty();
    const bool has_runner = !request.runners.empty() || !request.group.empty() || !request.zone.empty();
    for (const Kinds& kinds : Combinations()) {
      if (kinds.count(kProfile) > 0 && !has_profile) continue;
      if (kinds.count(kRunner) > 0 && !has_runner) continue;
      const auto is_part = [&](const Kinds& other) {
        return std::includes(kinds.begin(), kinds.end(), other.begin(), other.end());
      };
      if (std::any_of(helpful_.begin(), helpful_.end(), is_part)) continue;
      if (TryKinds(kinds)) helpful_.push_back(kinds);
    }
    Wait();
    AskAdmin();
    return Listed();
  }

 private:
  // One kind alone, then two, then three, each in the order of the actions.
  static std::vector<Kinds> Combinations() {
    std::vector<Kinds> out;
    for (unsigned mask = 1; mask < 15; ++mask) {
      Kinds kinds;
      for (const Kind kind : {kFix, kShrink, kProfile, kRunner}) {
        if ((mask >> kind) & 1U) kinds.insert(kind);
      }
      out.push_back(kinds);
    }
    std::sort(out.begin(), out.end(),
              [](const Kinds& a, const Kinds& b) { return std::tuple(a.size(), a) < std::tuple(b.size(), b); });
    return out;
  }

  // ---- edits ----

  // Records what becomes smaller; false when something would become 0.
  bool Lower(bool cpu, const Amounts& now, const Amounts& then, const Kinds& kinds, Edits* edits) const {
    const bool lowers_limit = now.limit && *then.limit < *now.limit;
    const bool lowers_request = now.request && *then.request < *now.request;
    if (!lowers_limit && !lowers_request) return true;
    if (given_.IsLegacy()) {
      const std::int64_t amount =
          std::min(then.limit.value_or(INT64_MAX), then.request.value_or(INT64_MAX));  // of the two values
      (*edits)[LimitOf(cpu)] = {amount, true, false, kinds};
      return amount > 0;
    }
    if (lowers_limit) (*edits)[LimitOf(cpu)] = {*then.limit, true, false, kinds};
    if (lowers_request) (*edits)[RequestOf(cpu)] = {*then.request, true, false, kinds};
    return (!lowers_limit || *then.limit > 0) && (!lowers_request || *then.request > 0);
  }

  std::optional<Edits> Shrunk(const Candidate& candidate, const Decision& decision) const {
    Edits edits;
    const Organization& organization = decision.organization;
    const RunnerFacts& runner = candidate.runner;
    const Finished& effective = candidate.binding->effective[decision.request.gpu ? 1 : 0];
    for (const bool cpu : {true, false}) {
      const Amounts now = ResolvedAmounts(candidate, cpu);
      const auto quota = Units(cpu ? organization.quota_cpu : organization.quota_memory);
      const std::int64_t maximum = cpu ? runner.max_cpu : runner.max_memory;
      Amounts then = now;
      LowerTo(&then.limit, quota);
      if (organization.ceiling) {
        LowerTo(&then.limit, Units(QuantityAt(effective.spec, cpu ? "cpuLimit" : "memoryLimit")));
      }
      LowerTo(&then.request, then.limit ? then.limit : quota);
      if (maximum > 0) LowerTo(&then.request, maximum);
      LowerTo(&then.request, cpu ? runner.available_cpu : runner.available_memory);
      if (!Lower(cpu, now, then, {kShrink}, &edits)) return std::nullopt;
    }
    if (decision.request.gpu) {
      std::optional<std::int64_t> count = decision.request.gpu_count;
      LowerTo(&count, organization.quota_gpu);
      LowerTo(&count, runner.max_gpu);
      LowerTo(&count, runner.available_gpu);
      if (*count == 0) return std::nullopt;
      if (*count < decision.request.gpu_count) edits[kGpuCount] = {*count, true, false, {kShrink}};
    }
    return edits;
  }

  // Adds the limits that the runner misses, equal to the requests as they are after `edits`.
  bool AddLimits(const Candidate& candidate, Edits* edits) const {
    if (!Fails(candidate, "LIMITS_REQUIRED")) return true;
    for (const bool cpu : {true, false}) {
      const Amounts now = ResolvedAmounts(candidate, cpu);
      if (now.limit) continue;
      if (!now.request) return false;
      const auto lowered = edits->find(given_.IsLegacy() ? LimitOf(cpu) : RequestOf(cpu));
      Edit edit = {*now.request, false, true, {kFix}};
      if (lowered != edits->end()) edit.amount = lowered->second.amount;
      if (lowered != edits->end() && given_.IsLegacy()) {
        // One member lowers the request and brings the limit.
        edit.lowers = true;
        edit.kinds = {kFix, kShrink};
      }
      (*edits)[LimitOf(cpu)] = edit;
    }
    return true;
  }

  std::optional<Edits> Fixed(const Candidate& candidate) const {
    Edits edits;
    for (const bool cpu : {true, false}) {
      if (!Fails(candidate, cpu ? "CPU_REQUEST_ABOVE_LIMIT" : "MEMORY_REQUEST_ABOVE_LIMIT")) continue;
      const std::int64_t limit = *ResolvedAmounts(candidate, cpu).limit;
      edits[given_.IsLegacy() ? LimitOf(cpu) : RequestOf(cpu)] = {limit, true, false, {kFix}};
    }
    if (!AddLimits(candidate, &edits)) return std::nullopt;
    return edits;
  }

  // What makes the launch fit the candidate; nothing when this way does not.
  std::optional<Edits> EditsFor(const Candidate& candidate, const Decision& decision, Way way) const {
    if (way == Way::kNothing) return candidate.reasons.empty() ? std::optional<Edits>(Edits()) : std::nullopt;
    if (way == Way::kFix) return FailsOnly(candidate, FixCodes()) ? Fixed(candidate) : std::nullopt;
    if (way == Way::kShrink) return FailsOnly(candidate, ShrinkCodes()) ? Shrunk(candidate, decision) : std::nullopt;
    Strings codes = FixCodes();
    codes.insert(codes.end(), ShrinkCodes().begin(), ShrinkCodes().end());
    if (!FailsOnly(candidate, codes)) return std::nullopt;
    if (!FailsAny(candidate, FixCodes()) || !FailsAny(candidate, ShrinkCodes())) return std::nullopt;
    std::optional<Edits> edits = Shrunk(candidate, decision);
    if (!edits || !AddLimits(candidate, &*edits)) return std::nullopt;
    return edits;
  }

  // kept/asked, over all values.
  double Kept(const Edits& edits, const Candidate& candidate, const Decision& decision) const {
    double sum = 0;
    const auto add = [&](Value value, std::optional<std::int64_t> asked) {
      const auto edit = edits.find(value);
      const bool lowered = edit != edits.end() && asked && edit->second.amount < *asked;
      sum += lowered ? static_cast<double>(edit->second.amount) / static_cast<double>(*asked) : 1;
    };
    for (const bool cpu : {true, false}) {
      const Amounts asked = ResolvedAmounts(candidate, cpu);
      add(LimitOf(cpu), asked.limit);
      add(given_.IsLegacy() ? LimitOf(cpu) : RequestOf(cpu), asked.request);
    }
    add(kGpuCount, decision.request.gpu_count);
    return sum;
  }

  static std::size_t Dimensions(const Edits& edits) {
    std::set<int> dimensions;
    for (const auto& [value, edit] : edits) dimensions.insert(value / 2);
    return dimensions.size();
  }

  bool Mends(const Edits& edits, const Candidate& candidate, const Decision& decision, const Json& stripped) const {
    const Json edited = stripped.patch(given_.Changes(edits, {}));
    const Request request = DecodeRequest(data_, edited, "default");
    if (!request.violations.empty()) return false;
    Candidate again;
    again.runner = candidate.runner;
    again.binding = candidate.binding;
    JudgeCandidate(decision.organization, request, &again);
    return again.reasons.empty();
  }

  // The edits that are tried in one way, in that order.
  std::vector<Attempt> Attempts(const Decision& decision, const Json& stripped, Way way) const {
    std::vector<Attempt> all;
    for (const Candidate& candidate : decision.candidates) {
      const std::optional<Edits> edits = EditsFor(candidate, decision, way);
      if (!edits || !Mends(*edits, candidate, decision, stripped)) continue;
      const auto same = [&](const Attempt& other) { return other.edits == *edits; };
      if (std::any_of(all.begin(), all.end(), same)) continue;
      all.push_back({*edits, Dimensions(*edits), Kept(*edits, candidate, decision)});
    }
    std::vector<Attempt> out;
    for (const Attempt& attempt : all) {
      const auto better = [&](const Attempt& other) { return Dominates(other.edits, attempt.edits); };
      if (std::none_of(all.begin(), all.end(), better)) out.push_back(attempt);
    }
    std::stable_sort(out.begin(), out.end(), [](const Attempt& a, const Attempt& b) {
      return std::tuple(a.dimensions, -a.kept) < std::tuple(b.dimensions, -b.kept);
    });
    if (out.size() > 16) out.resize(16);
    return out;
  }

  static Way WayOf(const Kinds& kinds) {
    if (kinds.count(kFix) > 0) return kinds.count(kShrink) > 0 ? Way::kBoth : Way::kFix;
    return kinds.count(kShrink) > 0 ? Way::kShrink : Way::kNothing;
  }

  // Whether these kinds of changes together have a remedy.
  bool TryKinds(const Kinds& kinds) {
    const Json stripped = given_.Without(kinds);
    const Decision decision = Decide(data_, stripped, live_);
    const Way way = WayOf(kinds);
    int passed = 0;
    for (const Attempt& attempt : Attempts(decision, stripped, way)) {
      if ((way == Way::kShrink || way == Way::kBoth) && passed == 3) break;
      const Json edited = stripped.patch(given_.Changes(attempt.edits, {}));
      if (Verify(attempt.edits, FiltersFor(kinds, *TryRequest(edited).winner), kinds)) ++passed;
    }
    return passed > 0;
  }

  // ---- verification ----

  FilterChange FiltersFor(const Kinds& kinds, const Candidate& winner) const {
    const Request& request = rejection_.request;
    FilterChange out;
    if (kinds.count(kProfile) > 0 && !MatchesProfile(winner, request)) out.profile = winner.binding->name;
    if (kinds.count(kRunner) > 0) {
      if (!MatchesRunner(winner, request)) out.runner = winner.runner.id;
      out.removes_group = !MatchesGroup(winner, request);
      out.removes_zone = !MatchesZone(winner, request);
    }
    return out;
  }

  // What becomes of a request; an invalid one is not admitted either.
  const Trial& TryRequest(const Json& request) {
    const auto [at, added] = trials_.try_emplace(request.dump());
    if (!added) return at->second;
    const Decision decision = Decide(data_, request, live_);
    const auto ranked = Ranked(decision.candidates, decision.request, decision.organization.strategy);
    at->second.admits = ranked.size();
    if (!ranked.empty()) at->second.winner = *ranked[0];
    return at->second;
  }

  const Trial& TryChanges(const Edits& edits, const FilterChange& filters) {
    return TryRequest(given_.document().patch(given_.Changes(edits, filters)));
  }

  static Kinds KindsOf(const Edits& edits, const FilterChange& filters) {
    Kinds out;
    for (const auto& [value, edit] : edits) out.insert(edit.kinds.begin(), edit.kinds.end());
    if (filters.profile) out.insert(kProfile);
    if (filters.runner || filters.removes_group || filters.removes_zone) out.insert(kRunner);
    return out;
  }

  bool AdmittedWithout(Value value, Edits edits, const FilterChange& filters) {
    edits.erase(value);
    return TryChanges(edits, filters).admits > 0;
  }

  Edits WithoutSuperfluous(Edits edits, const FilterChange& filters) {
    for (const Value value : {kGpuCount, kMemoryRequest, kMemoryLimit, kCpuRequest, kCpuLimit}) {
      if (edits.count(value) == 0 || !AdmittedWithout(value, edits, filters)) continue;
      edits.erase(value);
      return WithoutSuperfluous(edits, filters);
    }
    return edits;
  }

  bool MoreIsAdmitted(const Edits& edits, const FilterChange& filters) {
    for (const auto& [value, edit] : edits) {
      if (!edit.lowers) continue;
      Edits more = edits;
      ++more[value].amount;
      if (TryChanges(more, filters).admits > 0) return true;
    }
    return false;
  }

  // Whether some of the kinds of changes do without the others.
  bool PartIsAdmitted(const Edits& edits, const FilterChange& filters, const Kinds& kinds) {
    for (const Kinds& part : Combinations()) {
      if (part == kinds || !std::includes(kinds.begin(), kinds.end(), part.begin(), part.end())) continue;
      Edits some;
      for (const auto& [value, edit] : edits) {
        if (std::includes(part.begin(), part.end(), edit.kinds.begin(), edit.kinds.end())) some[value] = edit;
      }
      FilterChange changed;
      if (part.count(kProfile) > 0) changed.profile = filters.profile;
      if (part.count(kRunner) > 0) {
        changed = {changed.profile, filters.runner, filters.removes_group, filters.removes_zone};
      }
      if (TryChanges(some, changed).admits > 0) return true;
    }
    return false;
  }

  // Records the remedy when it is one, and uses all of `kinds`.
  bool Verify(const Edits& tried, const FilterChange& filters, const Kinds& kinds) {
    const Edits edits = WithoutSuperfluous(tried, filters);
    const Trial& trial = TryChanges(edits, filters);
    if (trial.admits == 0 || KindsOf(edits, filters) != kinds || MoreIsAdmitted(edits, filters)) return false;
    if (PartIsAdmitted(edits, filters, kinds)) return false;
    const Json changes = given_.Changes(edits, filters);
    Found found;
    found.operations = changes.size();
    found.admits = trial.admits;
    for (const Kind kind : kinds) found.actions.push_back(kind);
    found.bytes = changes.dump();  // the members of an operation stand in the order of the alphabet: op, path, value
    found.document = {{"changes", changes}, {"placement", PlacementOf(*trial.winner)}};
    // Equal changes are one remedy. The search met the action that comes first before the others.
    const auto same = [&](const Found& other) { return other.bytes == found.bytes; };
    if (std::none_of(found_.begin(), found_.end(), same)) found_.push_back(found);
    return true;
  }

  // ---- what changes nothing of the request ----

  void Wait() {
    std::map<int, std::string> codes;
    Found found;
    for (const Candidate& candidate : rejection_.candidates) {
      if (!FailsOnly(candidate, {"RUNNER_DISCONNECTED", "INSUFFICIENT_CPU", "INSUFFICIENT_MEMORY", "INSUFFICIENT_GPU"}))
        continue;
      ++found.admits;
      for (const Reason& reason : candidate.reasons) codes[reason.rank] = reason.code;
    }
    if (found.admits == 0) return;
    Json reasons = Json::array();
    for (const auto& [rank, code] : codes) reasons.push_back(code);
    found.actions = {4};
    found.document = {{"changes", Json::array()}, {"wait", {{"reasons", reasons}, {"retry_delay_seconds", 30}}}};
    found_.push_back(found);
  }

  void AskAdmin() {
    const std::vector<Candidate> visible = VisibleCandidates(data_, rejection_.request, live_, false);
    const Proposer proposer(rejection_, visible);
    std::vector<Proposal> proposals;
    for (const Candidate& candidate : rejection_.candidates) {
      const std::optional<Proposal> proposal = proposer.For(candidate);
      if (!proposal || std::find(proposals.begin(), proposals.end(), *proposal) != proposals.end()) continue;
      proposals.push_back(*proposal);
    }
    if (proposals.size() > 16) proposals.resize(16);
    for (const Proposal& proposal : proposals) Propose(proposal);
  }

  // Records the proposal when it helps.
  void Propose(const Proposal& proposal) {
    const bool of_organization = proposal.layer == "organization";
    const Organization organization =
        of_organization ? Changed(proposal, rejection_.organization) : rejection_.organization;
    std::deque<Binding> bindings;
    std::vector<Candidate> candidates;  // that the changed document reaches
    for (const Candidate& candidate : rejection_.candidates) {
      if (DocumentOf(proposal.layer, candidate, rejection_.request) != proposal.document) continue;
      if (!of_organization) bindings.push_back(Changed(proposal, candidate));
      Candidate again;
      again.runner = candidate.runner;
      again.binding = of_organization ? candidate.binding : &bindings.back();
      JudgeCandidate(organization, rejection_.request, &again);
      candidates.push_back(again);
    }
    const auto ranked = Ranked(candidates, rejection_.request, organization.strategy);
    if (ranked.empty()) return;
    const auto first = std::find_if(candidates.begin(), candidates.end(),
                                    [](const Candidate& candidate) { return candidate.reasons.empty(); });
    const Strings members = {"runner_id", "profile_name", "organization_id", "path", "layer", "value"};
    const std::string owner = of_organization ? rejection_.request.organization : first->runner.organization;
    const Json admin = {
        {"runner_id", first->runner.id},  {"organization_id", owner},   {"profile_name", first->binding->name},
        {"path", Pointer(proposal.path)}, {"layer", proposal.layer},    {"source", nullptr},
        {"value", proposal.value},        {"current", proposal.current}};
    Found found;
    found.admits = ranked.size();
    found.actions = {5};
    for (const std::string& member : members) {
      found.bytes += (found.bytes.empty() ? "{" : ",") + Json(member).dump() + ":" + admin[member].dump();
    }
    found.bytes += "}";
    found.document = {{"changes", Json::array()}, {"placement", PlacementOf(*ranked[0])}, {"admin", admin}};
    found_.push_back(found);
  }

  // ---- the list ----

  Json Listed() {
    std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      if (a.operations != b.operations) return a.operations < b.operations;
      if (a.actions[0] != b.actions[0]) return a.actions[0] < b.actions[0];
      if (a.admits != b.admits) return a.admits > b.admits;
      return a.bytes < b.bytes;
    });
    std::map<std::size_t, int> listed;
    Json out = Json::array();
    for (Found& found : found_) {
      if (++listed[found.actions[0]] > 3) continue;
      Json actions = Json::array();
      for (const std::size_t action : found.actions) actions.push_back(Actions()[action]);
      found.document["action"] = actions[0];
      found.document["actions"] = actions;
      found.document["admits"] = found.admits;
      out.push_back(found.document);
    }
    return out;
  }

  const CatalogData& data_;
  const GivenRequest given_;
  const Json& live_;
  const Decision rejection_;
  std::map<std::string, Trial> trials_;  // by the request's text
  std::vector<Kinds> helpful_;           // that have a remedy
  std::vector<Found> found_;
};

}  // namespace

Json Remedies(const CatalogData& data, const Json& request, const Json& live) {
  return Search(data, request, live).Run();
}

}  // namespace berth::reference
