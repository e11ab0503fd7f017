// The engine against the reference, on random catalogs: decisions, resolved specs and explanations must be equal.
//
// BERTH_DIFFERENTIAL_CASES   how many decisions (default 20000)
// BERTH_DIFFERENTIAL_SEED    the first world's seed (default 1); a failure names the world's seed
//
// A mismatch is shrunk before it is shown. The run prints how often each reason and each field in each layer was met;
// from 100000 decisions on it asserts that nothing was left out.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/merge/provenance.h"
#include "gtest/gtest.h"
#include "tests/comparable_explanation.h"
#include "tests/decoded.h"
#include "tests/provenance_check.h"
#include "tests/random_catalog.h"
#include "tests/reference/reference.h"
#include "tests/reference/reference_internal.h"

namespace berth {
namespace {

using Json = nlohmann::json;

constexpr size_t kRequestsPerWorld = 50;
constexpr size_t kResolvesPerWorld = 8;

size_t FromEnvironment(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<size_t>(std::strtoull(text, nullptr, 10));
}

// ---- the engine's side ----

InstallStatus InstallOf(const std::string& name, InstallStatus otherwise) {
  for (const auto status : {InstallStatus::kReady, InstallStatus::kPending, InstallStatus::kProvisioning,
                            InstallStatus::kFailed, InstallStatus::kDeleting, InstallStatus::kUnspecified}) {
    if (InstallStatusName(status) == name) return status;
  }
  return otherwise;
}

void ApplyLive(Engine& engine, const Json& live) {
  const auto snapshot = engine.snapshot();
  for (const CompiledRunner& compiled : snapshot->runners()) {
    const Runner& runner = *compiled.runner;
    const auto state = live.find(runner.organization_id + "/" + runner.runner_id);
    if (state == live.end()) continue;
    const std::string connection = state->value("connection_status", "");
    EXPECT_TRUE(engine
                    .UpdateHealth(runner.organization_id, runner.runner_id,
                                  InstallOf(state->value("install_status", ""), runner.install_status.value),
                                  connection.empty()          ? runner.connection_status.value
                                  : connection == "CONNECTED" ? ConnectionStatus::kConnected
                                                              : ConnectionStatus::kDisconnected)
                    .ok());
    Available available = runner.available;
    for (const auto& [name, to] : {std::pair{"available_cpu_millicores", &available.cpu_millicores},
                                   std::pair{"available_memory_bytes", &available.memory_bytes},
                                   std::pair{"available_gpu_count", &available.gpu_count}}) {
      if (state->contains(name)) *to = (*state)[name].get<int64_t>();
    }
    EXPECT_TRUE(engine.UpdateResources(runner.organization_id, runner.runner_id, available).ok());
    if (state->value("stale", false)) {
      EXPECT_TRUE(engine.MarkStale(runner.organization_id, runner.runner_id).ok());
    }
  }
}

// A request's text, decoded. The document must live as long as nothing else needs it: requests own what they keep.
LaunchRequest DecodeText(const Json& request) {
  const ParsedDocument parsed = ParseJson(std::make_shared<SourceText>("request.json", request.dump()));
  return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
}

Json FieldList(const std::set<std::string>& fields) {
  Json out = Json::array();
  for (const std::string& field : fields) out.push_back({{"field", field}});
  return out;
}

// One catalog in both implementations.
class World {
 public:
  World(const Json& objects, const Json& live) : live_(live), reference_(objects) {
    berth::Catalog catalog;
    AddSource(std::make_shared<SourceText>("catalog.json", objects.dump()), catalog);
    EXPECT_TRUE(engine_.Publish(catalog, 1).ok());
    ApplyLive(engine_, live);
  }

  const Engine& engine() const { return engine_; }
  const reference::Catalog& reference() const { return reference_; }

  Json EngineDecision(const Json& request, Scratch& scratch, std::string* broken_promise) const {
    const LaunchRequest decoded = DecodeText(request);
    const DetailedDecision decision = engine_.AdmitInDetail(decoded, scratch);
    if (decision.verdict == Verdict::kInvalid) return InvalidAnswer(decoded, decision);
    const std::string text = DecisionToJson(decision, decoded, true, JsonLayout::kCompact);
    CheckPromises(decision, broken_promise);
    CheckIndexed(decision, decoded, broken_promise);
    const DetailedDecision again = engine_.AdmitInDetail(decoded, scratch);
    if (DecisionToJson(again, decoded, true, JsonLayout::kCompact) != text) {
      *broken_promise = "a second decision with the same scratch differs";
    }
    Json answer = Json::parse(text);
    answer.erase("message");
    answer.erase("catalog_revision");
    if (!answer.contains("reasons")) return answer;
    for (Json& remedy : answer["remedies"]) {
      if (remedy.contains("admin")) remedy["admin"]["source"] = nullptr;
    }
    for (Json& reason : answer["reasons"]) {
      if (reason["example"].is_object()) reason["example"]["source"] = nullptr;
      reason.erase("detail");
      reason.erase("offered_total");
    }
    return answer;
  }

  Json ReferenceDecision(const Json& request) const { return reference::Admit(reference_, request, live_, true); }

 private:
  // All that is wrong with the request, whichever step found it.
  static Json InvalidAnswer(const LaunchRequest& decoded, const DetailedDecision& decision) {
    std::set<std::string> fields;
    for (const Issue& issue : decision.violations) fields.insert(issue.field);
    const std::string& sandbox = decoded.sandbox_id;
    return {{"schema", "berth.decision/v1"},
            {"verdict", "INVALID"},
            {"code", "CWSANDBOX_INVALID_REQUEST"},
            {"sandbox_id", sandbox.empty() ? Json() : Json(sandbox)},
            {"candidates", 0},
            {"violations", FieldList(fields)}};
  }

  // What classes decide is what looking at every candidate decides.
  void CheckIndexed(const DetailedDecision& decision, const LaunchRequest& request, std::string* broken) const {
    Scratch scratch;
    const Decision indexed = engine_.Admit(request, scratch);
    const auto same_reason = [](const ReasonCount& a, const ReasonCount& b) {
      return std::tie(a.code, a.headline, a.blocked, a.sole, a.example) ==
             std::tie(b.code, b.headline, b.blocked, b.sole, b.example);
    };
    if (indexed.verdict != decision.verdict || indexed.code != decision.code) *broken = "index: another verdict";
    if (indexed.candidate_count != decision.candidate_count) *broken = "index: other candidates";
    if (!std::ranges::equal(indexed.placements, decision.placements)) *broken = "index: other placements";
    if (!std::ranges::equal(indexed.reasons, decision.reasons, same_reason)) {
      *broken = "index: other reasons\n  index    " + ReasonsText(indexed) + "\n  no index " + ReasonsText(decision);
    }
  }

  static std::string ReasonsText(const Decision& decision) {
    std::ostringstream text;
    for (const ReasonCount& reason : decision.reasons) {
      text << InfoOf(reason.code).name << "/" << InfoOf(reason.code).capability << " " << reason.headline << "/"
           << reason.blocked << "/" << reason.sole << " @" << reason.example << "; ";
    }
    return text.str();
  }

  static void CheckPromises(const DetailedDecision& decision, std::string* broken) {
    if (decision.verdict != Verdict::kRejected) return;
    size_t headlines = 0;
    for (const ReasonCount& reason : decision.reasons) {
      headlines += reason.headline;
      if (reason.sole > reason.headline || reason.headline > reason.blocked) *broken = "sole <= headline <= blocked";
    }
    if (headlines != decision.candidates.size()) *broken = "headlines do not add up to the candidates";
  }

  Json live_;
  reference::Catalog reference_;
  Engine engine_;
};

// ---- resolve and explain ----

struct Target {
  std::string organization, runner, profile;
  bool effective_only = false;
};

// Whether the rows of layers, lowest first, tell the same as the rest of the field.
bool LayersAgree(const Json& field) {
  const std::vector<std::string> order = {"zone", "profile", "binding", "sandbox", "default"};
  const std::string wanted = field.contains("unset_by") ? "unset" : "set";
  Json shadowed = Json::array();
  auto highest = order.begin();
  bool decided = false;
  for (const Json& row : field["layers"]) {
    const auto layer = std::ranges::find(order, row["layer"].get<std::string>());
    if (layer == order.end() || layer < highest) return false;
    highest = layer;
    const std::string says = row["says"];
    if (says == wanted && row["layer"] == field["layer"]) {
      if (says == "set" && (decided || row["source"] != field["source"])) return false;
      decided = true;
      if (row["value"] != field["value"]) return false;
    } else if (says == "set" || (says == "shadowed" && decided) || (says == "unset" && !row["value"].is_null())) {
      return false;
    } else if (says == "shadowed") {
      const Json told = {{"layer", row["layer"]}, {"value", row["value"]}, {"source", row["source"]}};
      shadowed.insert(shadowed.begin(), told);
    }
  }
  return decided && shadowed == field["shadowed"];
}

// What differs between the two resolved specs and explanations; empty when nothing does.
std::string CompareResolved(const World& world, const Target& target, const Json& request) {
  const Json* asked = target.effective_only ? nullptr : &request;
  const Json wanted = reference::Resolve(world.reference(), target.organization, target.runner, target.profile, asked,
                                         target.effective_only);
  LaunchRequest decoded;
  if (asked != nullptr) decoded = DecodeText(request);
  if (HasError(decoded.issues) || wanted.contains("violations")) return {};
  // The request's own organization wins.
  const bool names_one = request.contains("organization_id") || request.contains("organizationId");
  const std::string organization = asked != nullptr && names_one ? decoded.organization_id : target.organization;
  const absl::StatusOr<Resolved> resolved =
      world.engine().Resolve({organization, target.runner, target.profile}, asked == nullptr ? nullptr : &decoded);
  if (wanted.contains("unknown") != !resolved.ok()) return "one knows the target: " + wanted.dump();
  if (!resolved.ok()) return {};
  if (wanted.contains("invalid") != !resolved->valid) return "one says the binding is invalid";
  if (!resolved->valid) return {};
  const Json given = Json::parse(ResolvedToJson(*resolved, JsonLayout::kCompact));
  if (given.dump() != wanted.dump()) return "resolve\n  engine    " + given.dump() + "\n  reference " + wanted.dump();
  const Json explanation = Json::parse(
      ExplanationToJson(*resolved, organization, ExplainResolved(*resolved, asked == nullptr ? nullptr : &decoded, ""),
                        JsonLayout::kCompact));
  for (const Json& field : explanation["fields"]) {
    if (!LayersAgree(field)) return "explain: layers and field differ\n  engine    " + field.dump();
  }
  const Json explained = ComparableExplanation(explanation);
  const Json expected = ComparableExplanation(reference::Explain(world.reference(), target.organization, target.runner,
                                                                 target.profile, asked, target.effective_only));
  if (explained.dump() != expected.dump()) {
    return "explain\n  engine    " + explained.dump() + "\n  reference " + expected.dump();
  }
  return {};
}

// ---- the histogram ----

struct FieldCounts {
  size_t set = 0, null = 0, shadowed = 0;  // decisions
};

struct ReasonCounts {
  size_t seen = 0, headline = 0, sole = 0;  // decisions
};

// The field a leaf belongs to: user's keys are `*`, and pod.spec is cut at its members.
std::string FieldOf(const reference::Path& path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool in_pod_spec = i >= 3 && path[0] == "pod" && path[1] == "spec";
    if (in_pod_spec) break;
    const bool user_key = (i == 1 && path[0] == "node_selector") ||
                          (i == 2 && path[0] == "namespace" && (path[1] == "labels" || path[1] == "annotations")) ||
                          (i == 3 && path[0] == "pod" && path[1] == "metadata") ||
                          (i == 3 && path[0] == "network" && path[1] == "egress" && path[2] == "modes") ||
                          (i == 2 && path[0] == "network" && path[1] == "ingress");
    const bool pod_member = i == 2 && path[0] == "pod" && path[1] == "spec";
    out += (out.empty() ? "" : ".") + (user_key || pod_member ? "*" : path[i]);
  }
  return out;
}

// What one layer does with one field.
struct FieldState {
  enum Kind { kSet, kNull, kShadowed };
  std::string layer, field;
  Kind kind;
  friend auto operator<=>(const FieldState&, const FieldState&) = default;
};
using FieldStates = std::set<FieldState>;

// `higher`: the layers above this one.
void CollectStates(const std::string& layer, const Json& node, const reference::Path& path,
                   const std::vector<const Json*>& higher, FieldStates& out) {
  if (node.is_object() && !node.empty()) {
    for (const auto& [name, member] : node.items()) {
      reference::Path below = path;
      below.push_back(name);
      CollectStates(layer, member, below, higher, out);
    }
    return;
  }
  if (path.empty()) return;
  out.insert({layer, FieldOf(path), node.is_null() ? FieldState::kNull : FieldState::kSet});
  const auto speaks = [&](const Json* other) { return reference::Find(*other, path) != nullptr; };
  if (!node.is_null() && std::ranges::any_of(higher, speaks)) out.insert({layer, FieldOf(path), FieldState::kShadowed});
}

// What the layers of each binding do with their fields, by runner id and binding name.
using BindingStates = std::map<std::pair<std::string, std::string>, FieldStates>;

BindingStates StatesOf(const reference::CatalogData& data) {
  BindingStates out;
  for (const reference::Runner& runner : data.runners) {
    for (const reference::Binding& binding : runner.bindings) {
      const auto& layers = binding.merged[0].layers;
      for (size_t i = 0; i < layers.size(); ++i) {
        std::vector<const Json*> higher;
        for (size_t j = i + 1; j < layers.size(); ++j) higher.push_back(&layers[j].spec);
        CollectStates(layers[i].name, layers[i].spec, {}, higher, out[{runner.id, binding.name}]);
      }
    }
  }
  return out;
}

struct Histogram {
  std::map<std::string, size_t> verdicts;
  std::map<std::string, ReasonCounts> reasons;
  std::map<std::string, size_t> remedies;                            // rejections that list the actions; `none`
  std::map<std::string, std::map<std::string, FieldCounts>> fields;  // by layer, then field
  size_t decisions = 0, candidates = 0, resolves = 0, provenances = 0;

  void CountDecision(const Json& decision) {
    ++decisions;
    ++verdicts[decision["verdict"]];
    candidates += decision["candidates"].get<size_t>();
    if (!decision.contains("reasons")) return;
    for (const Json& reason : decision["reasons"]) {
      std::string name = reason["code"];
      if (name == "ORGANIZATION_QUOTA_EXCEEDED") name += " " + reason["capability"].get<std::string>();
      ReasonCounts& counts = reasons[name];
      ++counts.seen;
      counts.headline += reason["headline"] > 0 ? 1 : 0;
      counts.sole += reason["sole"] > 0 ? 1 : 0;
    }
    std::set<std::string> listed;
    for (const Json& remedy : decision["remedies"]) {
      std::string actions;
      for (const Json& action : remedy["actions"]) {
        actions.append(actions.empty() ? "" : " + ").append(action.get<std::string>());
      }
      listed.insert(std::move(actions));
    }
    if (listed.empty()) listed.insert("none");
    for (const std::string& actions : listed) ++remedies[actions];
  }

  void CountFields(const FieldStates& met) {
    for (const FieldState& state : met) {
      FieldCounts& counts = fields[state.layer][state.field];
      ++(state.kind == FieldState::kSet ? counts.set : state.kind == FieldState::kNull ? counts.null : counts.shadowed);
    }
  }

  void Add(const Histogram& other) {
    decisions += other.decisions;
    candidates += other.candidates;
    resolves += other.resolves;
    provenances += other.provenances;
    for (const auto& [name, count] : other.verdicts) verdicts[name] += count;
    for (const auto& [name, counts] : other.reasons) {
      ReasonCounts& sum = reasons[name];
      sum.seen += counts.seen;
      sum.headline += counts.headline;
      sum.sole += counts.sole;
    }
    for (const auto& [actions, count] : other.remedies) remedies[actions] += count;
    for (const auto& [layer, names] : other.fields) {
      for (const auto& [name, counts] : names) {
        FieldCounts& sum = fields[layer][name];
        sum.set += counts.set;
        sum.null += counts.null;
        sum.shadowed += counts.shadowed;
      }
    }
  }

  void Print(std::ostream& out) const {
    out << decisions << " decisions, " << candidates << " candidates, " << resolves << " resolved, " << provenances
        << " explanations with each leaf deleted\n";
    for (const auto& [name, count] : verdicts) out << "  " << name << " " << 100 * count / decisions << " %\n";
    out << "reasons: decisions that give it, as a headline, as a sole blocker\n";
    for (const auto& [name, counts] : reasons) {
      out << "  " << name << " " << counts.seen << " " << counts.headline << " " << counts.sole << "\n";
    }
    out << "remedies: rejections that list them\n";
    for (const auto& [actions, count] : remedies) out << "  " << actions << " " << count << "\n";
    out << "fields: decisions with the layer setting, unsetting, being shadowed\n";
    for (const auto& [layer, names] : fields) {
      for (const auto& [name, counts] : names) {
        out << "  " << layer << " " << name << " " << counts.set << " " << counts.null << " " << counts.shadowed
            << "\n";
      }
    }
  }
};

// ---- shrinking ----

// Every place in `value` that could be left out, the outermost first.
void CollectPlaces(const Json& value, const Json::json_pointer& at, std::vector<Json::json_pointer>& out) {
  if (value.is_array()) {
    for (size_t i = value.size(); i-- > 0;) {
      out.push_back(at / i);
      CollectPlaces(value[i], at / i, out);
    }
  } else if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      out.push_back(at / name);
      CollectPlaces(member, at / name, out);
    }
  }
}

Json Without(Json value, const Json::json_pointer& place) {
  Json& parent = value[place.parent_pointer()];
  if (parent.is_array()) {
    parent.erase(static_cast<size_t>(std::stoul(place.back())));
  } else {
    parent.erase(place.back());
  }
  return value;
}

// Turns JSON texts into blocks, so that they can be shrunk too.
Json Opened(Json value) {
  if (value.is_array()) {
    for (Json& element : value) element = Opened(element);
    return value;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    const bool block = name == "overrides_json" || name == "overridesJson";
    Json text = block && member.is_string() ? Json::parse(member.get<std::string>(), nullptr, false) : Json();
    out[name] = text.is_object() ? Opened(text) : Opened(member);
  }
  return out;
}

struct Case {
  Json objects, live, request;
};

// Leaves out whatever can go while the case still fails, for at most half a minute.
Case Shrunk(Case failing, const std::function<bool(const Case&)>& fails) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  Case opened = failing;
  opened.objects = Opened(opened.objects);
  if (fails(opened)) failing = opened;
  bool changed = true;
  while (changed) {
    changed = false;
    for (Json Case::*part : {&Case::objects, &Case::request, &Case::live}) {
      std::vector<Json::json_pointer> places;
      CollectPlaces(failing.*part, Json::json_pointer(), places);
      for (const Json::json_pointer& place : places) {
        if (std::chrono::steady_clock::now() > end) return failing;
        if (place.back() == "kind" || !(failing.*part).contains(place)) continue;
        Case smaller = failing;
        smaller.*part = Without(failing.*part, place);
        if (!fails(smaller)) continue;
        failing = std::move(smaller);
        changed = true;
      }
    }
  }
  return failing;
}

// ---- the run ----

class Comparison {
 public:
  Comparison(size_t cases, uint64_t seed) : worlds_((cases + kRequestsPerWorld - 1) / kRequestsPerWorld), seed_(seed) {}

  void Work() {
    Histogram histogram;
    Scratch scratch;
    while (!failed_) {
      const size_t index = next_.fetch_add(1);
      if (index >= worlds_) break;
      OneWorld(seed_ + index, scratch, histogram);
    }
    const std::lock_guard lock(mutex_);
    histogram_.Add(histogram);
  }

  const Histogram& histogram() const { return histogram_; }
  const std::string& failure() const { return failure_; }

 private:
  void OneWorld(uint64_t seed, Scratch& scratch, Histogram& histogram) {
    const RandomWorld random_world = MakeRandomWorld(seed);
    const World world(random_world.objects, random_world.live);
    const BindingStates states = StatesOf(world.reference().data());
    Random random(~seed);
    for (size_t i = 0; i < kRequestsPerWorld && !failed_; ++i) {
      const Json request = MakeRandomRequest(random_world, random);
      std::string difference;
      const Json wanted = CompareDecisions(world, request, scratch, difference);
      histogram.CountDecision(wanted);
      CountFields(world, request, wanted, states, histogram);
      if (!difference.empty()) {
        return Fail(seed, {random_world.objects, random_world.live, request}, [](const Case& c) {
          Scratch fresh;
          std::string text;
          CompareDecisions(World(c.objects, c.live), c.request, fresh, text);
          return text;
        });
      }
      if (i >= kResolvesPerWorld) continue;
      const Target target = MakeTarget(random_world, random);
      ++histogram.resolves;
      if (!CompareResolved(world, target, request).empty()) {
        return Fail(seed, {random_world.objects, random_world.live, request},
                    [target](const Case& c) { return CompareResolved(World(c.objects, c.live), target, c.request); });
      }
      CheckProvenanceOf(seed, world, target, request, histogram);
    }
  }

  // The fields that the layers of a decision's candidates, and its own, set, unset or hide.
  static void CountFields(const World& world, const Json& request, const Json& decision, const BindingStates& states,
                          Histogram& histogram) {
    if (decision["verdict"] == "INVALID") return;
    FieldStates met;
    for (const Json& candidate : decision["per_candidate"]) {
      const auto found = states.find({candidate["runner_id"], candidate["profile_name"]});
      if (found != states.end()) met.insert(found->second.begin(), found->second.end());
    }
    CollectStates("sandbox", reference::DecodeRequest(world.reference().data(), request, "default").layer, {}, {}, met);
    histogram.CountFields(met);
  }

  static Json CompareDecisions(const World& world, const Json& request, Scratch& scratch, std::string& difference) {
    std::string broken_promise;
    const Json given = world.EngineDecision(request, scratch, &broken_promise);
    Json wanted = world.ReferenceDecision(request);
    const bool scope = wanted.contains("reasons") && wanted["candidates"] == 0;
    if (!broken_promise.empty() && !scope) difference = broken_promise;
    if (given.dump() != wanted.dump()) {
      difference = "decision\n  engine    " + given.dump() + "\n  reference " + wanted.dump();
    }
    return wanted;
  }

  static Target MakeTarget(const RandomWorld& world, Random& random) {
    Target target;
    target.organization = random.Pick(world.organizations);
    target.runner = "r-" + std::to_string(1 + random.Below(3));
    if (random.Chance(50)) {
      target.profile = random.Pick(std::vector<std::string>{"agent", "ci", "gpu", "main", "id-0", "id-1"});
    }
    target.effective_only = random.Chance(25);
    return target;
  }

  void CheckProvenanceOf(uint64_t seed, const World& world, const Target& target, const Json& request,
                         Histogram& histogram) {
    const LaunchRequest decoded = DecodeText(request);
    if (HasError(decoded.issues)) return;
    const absl::StatusOr<Resolved> resolved =
        world.engine().Resolve({decoded.organization_id, target.runner, target.profile}, &decoded);
    if (!resolved.ok() || !resolved->valid) return;
    ++histogram.provenances;
    const std::string path = CheckProvenance(resolved->layers, 3).false_path;
    if (path.empty()) return;
    const std::lock_guard lock(mutex_);
    failed_ = true;
    failure_ = "seed " + std::to_string(seed) + ": the provenance of " + path + " on runner " + target.runner +
               ", profile `" + target.profile + "` is not true; layers";
    for (const NodeRef& layer : resolved->layers) failure_ += "\n  " + TreeText(layer);
  }

  void Fail(uint64_t seed, Case failing, const std::function<std::string(const Case&)>& difference) {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = true;
    // The same kind of difference: shrinking must not slide from one fault into another.
    const std::string kind = difference(failing).substr(0, 7);
    const Case smallest = Shrunk(std::move(failing), [&](const Case& c) { return difference(c).substr(0, 7) == kind; });
    std::ostringstream out;
    out << "seed " << seed << "\ncatalog:\n";
    for (const Json& object : smallest.objects) out << "  " << object.dump() << "\n";
    out << "live " << smallest.live.dump() << "\nrequest " << smallest.request.dump() << "\n" << difference(smallest);
    failure_ = out.str();
  }

  const size_t worlds_;
  const uint64_t seed_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Histogram histogram_;
  std::string failure_;
};

constexpr std::array kConstraints = {"ORGANIZATION_INVALID",    "ORGANIZATION_QUOTA_EXCEEDED cpu",
                                     "PROFILE_INVALID",         "ORGANIZATION_QUOTA_EXCEEDED memory",
                                     "USER_REQUIRED",           "ORGANIZATION_QUOTA_EXCEEDED gpu",
                                     "OVERRIDE_INVALID",        "RUNNER_NOT_READY",
                                     "RUNNER_DISCONNECTED",     "ARCHITECTURE_UNSUPPORTED",
                                     "PRIVILEGED_UNSUPPORTED",  "STORAGE_CLASS_UNAVAILABLE",
                                     "GPU_TYPE_UNAVAILABLE",    "GPU_COUNT_EXCEEDS_RUNNER",
                                     "EGRESS_MODE_NOT_OFFERED", "INGRESS_MODE_NOT_OFFERED",
                                     "HOST_NAME_INVALID",       "LIMITS_REQUIRED",
                                     "CPU_EXCEEDS_PROFILE",     "MEMORY_EXCEEDS_PROFILE",
                                     "CPU_REQUEST_ABOVE_LIMIT", "MEMORY_REQUEST_ABOVE_LIMIT",
                                     "CPU_EXCEEDS_RUNNER",      "MEMORY_EXCEEDS_RUNNER",
                                     "IMAGE_NOT_ALLOWED",       "INSUFFICIENT_CPU",
                                     "INSUFFICIENT_MEMORY",     "INSUFFICIENT_GPU"};

constexpr std::array kScopeReasons = {"NO_RUNNERS",     "PROFILE_NOT_BOUND",      "RUNNER_NOT_FOUND",
                                      "ZONE_NOT_FOUND", "RUNNER_GROUP_NOT_FOUND", "FILTERS_DISJOINT"};

constexpr std::array kActions = {"FIX_REQUEST",      "RETRY_SMALLER", "USE_OTHER_PROFILE",
                                 "USE_OTHER_RUNNER", "WAIT",          "ASK_ADMIN"};
constexpr std::array kCombinations = {"FIX_REQUEST + RETRY_SMALLER",
                                      "FIX_REQUEST + USE_OTHER_PROFILE",
                                      "FIX_REQUEST + USE_OTHER_RUNNER",
                                      "RETRY_SMALLER + USE_OTHER_PROFILE",
                                      "RETRY_SMALLER + USE_OTHER_RUNNER",
                                      "USE_OTHER_PROFILE + USE_OTHER_RUNNER",
                                      "FIX_REQUEST + RETRY_SMALLER + USE_OTHER_PROFILE",
                                      "FIX_REQUEST + RETRY_SMALLER + USE_OTHER_RUNNER",
                                      "FIX_REQUEST + USE_OTHER_PROFILE + USE_OTHER_RUNNER",
                                      "RETRY_SMALLER + USE_OTHER_PROFILE + USE_OTHER_RUNNER"};

constexpr std::array kCatalogFields = {"container_image",
                                       "runtime_class",
                                       "resource_defaults.cpuRequest",
                                       "resource_defaults.memoryRequest",
                                       "resource_defaults.cpuLimit",
                                       "resource_defaults.memoryLimit",
                                       "instance_types",
                                       "node_selector.*",
                                       "tags",
                                       "namespace.strategy",
                                       "namespace.namespacePrefix",
                                       "namespace.staticNamespace",
                                       "namespace.autoCreate",
                                       "namespace.labels.*",
                                       "namespace.annotations.*",
                                       "network.egress.default",
                                       "network.egress.modes.*.type",
                                       "network.egress.modes.*.cidrs",
                                       "network.ingress.*.scope",
                                       "network.ingress.*.expectsExternalAddress",
                                       "network.ingress.*.service.serviceType",
                                       "network.ingress.*.service.serviceSelectorAnnotation.key",
                                       "network.ingress.*.service.dnsAnnotation.key",
                                       "network.ingress.*.ingress.controllerName",
                                       "network.ingress.*.ingress.template",
                                       "pod.metadata.labels.*",
                                       "pod.metadata.annotations.*",
                                       "pod.placement.instanceTypes",
                                       "pod.spec.*"};
constexpr std::array kOpenableFields = {"runtime_class", "instance_types",        "node_selector.*",
                                        "tags",          "pod.metadata.labels.*", "pod.placement.instanceTypes",
                                        "pod.spec.*"};
constexpr std::array kRequestFields = {"container_image",
                                       "resource_defaults.cpuRequest",
                                       "resource_defaults.cpuLimit",
                                       "resource_defaults.memoryRequest",
                                       "resource_defaults.memoryLimit",
                                       "pod.metadata.annotations.*"};

// Nothing was left out, in proportion to 10^6 decisions.
void ExpectFullReach(Histogram histogram) {
  const size_t cases = histogram.decisions;
  const size_t reasons = cases / 2000;  // 500
  const size_t fields = cases / 1000;   // 1000
  const size_t admitted = histogram.verdicts["ADMITTED"];
  EXPECT_GE(admitted, cases * 30 / 100);
  EXPECT_LE(admitted, cases * 70 / 100);
  for (const char* name : kConstraints) {
    EXPECT_GE(histogram.reasons[name].headline, reasons) << name;
    EXPECT_GE(histogram.reasons[name].sole, reasons) << name;
  }
  for (const char* name : kScopeReasons) EXPECT_GE(histogram.reasons[name].seen, reasons) << name;
  for (const char* action : kActions) EXPECT_GE(histogram.remedies[action], reasons) << action;
  for (const char* actions : kCombinations) EXPECT_GE(histogram.remedies[actions], cases / 20'000) << actions;
  EXPECT_GE(histogram.remedies["none"], reasons);
  for (const char* layer : {"zone", "profile", "binding"}) {
    for (const char* name : kCatalogFields) {
      const FieldCounts& counts = histogram.fields[layer][name];
      // The members of a pair are never null; the pair is, as a whole.
      const std::string field = name;
      const bool pair = field.ends_with(".key");
      const size_t nulls = pair ? histogram.fields[layer][field.substr(0, field.size() - 4)].null : counts.null;
      EXPECT_GE(counts.set, fields) << layer << " " << name;
      EXPECT_GE(nulls, fields) << layer << " " << name;
      // Nothing of the catalog is above the binding; what a launch sets is shadowing of its own.
      if (layer == std::string("binding")) continue;
      EXPECT_GE(counts.shadowed, fields) << layer << " " << name;
    }
  }
  for (const char* name : kOpenableFields) {
    EXPECT_GE(histogram.fields["sandbox"][name].set, fields) << name;
    EXPECT_GE(histogram.fields["sandbox"][name].null, fields) << name;
  }
  for (const char* name : kRequestFields) EXPECT_GE(histogram.fields["sandbox"][name].set, fields) << name;
}

TEST(AdmissionDifferential, EngineAndReferenceAgree) {
  const size_t cases = FromEnvironment("BERTH_DIFFERENTIAL_CASES", 20'000);
  Comparison run(cases, FromEnvironment("BERTH_DIFFERENTIAL_SEED", 1));
  std::thread other([&] { run.Work(); });
  run.Work();
  other.join();
  run.histogram().Print(std::cout);
  ASSERT_TRUE(run.failure().empty()) << run.failure();
  if (cases >= 100'000) ExpectFullReach(run.histogram());
}

}  // namespace
}  // namespace berth
