// Remedies followed the way a caller follows them: by the printed decision alone.
//
// Every remedy of every rejection is carried out. A change to the request is applied to the document that was sent, as
// the JSON Patch it is; a field to ask an administrator for is set in the catalog's documents; waiting is played by
// giving everything back. What the remedy promised must come true, to the candidate, and no part of it may do.
//
// BERTH_REMEDY_CASES   how many random rejections (default 5000)
// BERTH_REMEDY_SEED    the first world's seed (default 1)

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/engine/remedy.h"
#include "berth/spec/document.h"
#include "berth/spec/launch.h"
#include "berth/spec/quantity.h"
#include "gtest/gtest.h"
#include "tests/case_files.h"
#include "tests/random_catalog.h"
#include "tests/random_spec.h"

namespace berth {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;
using Names = std::vector<std::string>;

const Names kActions = {"FIX_REQUEST", "RETRY_SMALLER", "USE_OTHER_PROFILE", "USE_OTHER_RUNNER", "WAIT", "ASK_ADMIN"};
constexpr size_t kRejections = 5000;
constexpr size_t kRequestsPerWorld = 50;
constexpr size_t kFewestCombinations = 5;

size_t FromEnvironment(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<size_t>(std::strtoull(text, nullptr, 10));
}

size_t RankOf(const std::string& action) {
  return static_cast<size_t>(std::ranges::find(kActions, action) - kActions.begin());
}

// A catalog's objects, the runners' news (as in RandomWorld), and a launch.
struct Situation {
  Json objects = Json::array();
  Json live = Json::object();
  Json request = Json::object();
};

// ---- engines ----

constexpr const char* kCatalogFile = "catalog.json";

template <typename Status, typename NameOf>
Status Named(const Json& state, const char* member, Status otherwise, std::vector<Status> all, NameOf name_of) {
  const std::string wanted = state.value(member, "");
  const auto found = std::ranges::find_if(all, [&](Status status) { return name_of(status) == wanted; });
  return found == all.end() ? otherwise : *found;
}

void ApplyLive(Engine& engine, const Json& live) {
  const auto snapshot = engine.snapshot();
  for (const CompiledRunner& compiled : snapshot->runners()) {
    const Runner& runner = *compiled.runner;
    const auto state = live.find(runner.organization_id + "/" + runner.runner_id);
    if (state == live.end()) continue;
    const auto install = Named(*state, "install_status", runner.install_status.value,
                               {InstallStatus::kReady, InstallStatus::kPending, InstallStatus::kProvisioning,
                                InstallStatus::kFailed, InstallStatus::kDeleting},
                               InstallStatusName);
    const auto connection =
        Named(*state, "connection_status", runner.connection_status.value,
              {ConnectionStatus::kConnected, ConnectionStatus::kDisconnected}, ConnectionStatusName);
    EXPECT_TRUE(engine.UpdateHealth(runner.organization_id, runner.runner_id, install, connection).ok());
    Available available = runner.available;
    for (const auto& [name, to] : {std::pair{"available_cpu_millicores", &available.cpu_millicores},
                                   std::pair{"available_memory_bytes", &available.memory_bytes},
                                   std::pair{"available_gpu_count", &available.gpu_count}}) {
      if (state->contains(name)) *to = (*state)[name].get<int64_t>();
    }
    EXPECT_TRUE(engine.UpdateResources(runner.organization_id, runner.runner_id, available).ok());
    if (!state->value("stale", false)) continue;
    EXPECT_TRUE(engine.MarkStale(runner.organization_id, runner.runner_id).ok());
  }
}

std::unique_ptr<Engine> EngineOf(const Situation& situation, AdviceOptions advice = {}) {
  auto engine = std::make_unique<Engine>(advice);
  Catalog catalog;
  AddSource(std::make_shared<SourceText>(kCatalogFile, situation.objects.dump(2)), catalog);
  EXPECT_TRUE(engine->Publish(catalog, 1).ok());
  ApplyLive(*engine, situation.live);
  return engine;
}

// The printed decision about a request as it is sent.
std::string Decide(const Engine& engine, const Json& request) {
  const LaunchRequest decoded = ParseLaunchRequest(std::make_shared<SourceText>("request.json", request.dump()));
  Scratch scratch;
  const DetailedDecision decision = engine.AdmitInDetail(decoded, scratch);
  return DecisionToJson(decision, decoded, /*all=*/true, JsonLayout::kCompact);
}

Json DecideJson(const Engine& engine, const Json& request) { return Json::parse(Decide(engine, request)); }

bool Admits(const Engine& engine, const Json& request) { return DecideJson(engine, request)["verdict"] == "ADMITTED"; }

size_t CandidatesWithoutFailure(const Json& decision) {
  const Json candidates = decision.value("per_candidate", Json::array());
  return static_cast<size_t>(std::ranges::count_if(candidates, [](const Json& c) { return c["reasons"].empty(); }));
}

// What is wrong with an admission that a remedy promised; empty when nothing is.
std::string Unlike(const Json& decision, const Json& remedy) {
  if (decision["verdict"] != "ADMITTED") return "the launch is not admitted: " + decision.dump();
  const Json& placement = decision["placement"];
  if (Json(CandidatesWithoutFailure(decision)) != remedy["admits"]) return "another number: " + decision.dump();
  return placement == remedy["placement"] ? "" : "the placement is another one: " + placement.dump();
}

bool IsEmptyText(const Json& value) { return value.is_string() && value.get_ref<const std::string&>().empty(); }

// ---- changes to the request ----

// The top-level member that an operation changes, in snake_case.
std::string MemberOf(const Json& operation) {
  const std::string path = operation["path"];
  const std::string member = path.substr(1, path.find('/', 1) - 1);
  return member.find('_') == std::string::npos ? generator::OtherSpelling(member) : member;
}

// The kind of change: of amounts, or of filters.
std::string ActionOfFilter(const Json& operation) {
  const std::string member = MemberOf(operation);
  if (member == "profile_names" || member == "profile_ids") return "USE_OTHER_PROFILE";
  if (member == "runner_ids" || member == "runner_group_id" || member == "zone") return "USE_OTHER_RUNNER";
  return {};
}

bool IsFilter(const Json& operation) { return !ActionOfFilter(operation).empty(); }

Json Only(const Json& patch, const auto& keep) {
  Json kept = Json::array();
  std::ranges::copy_if(patch, std::back_inserter(kept), keep);
  return kept;
}

// One unit more: millicore, byte or GPU.
Json OneMore(const std::string& name, const Json& value) {
  if (value.is_number()) return value.get<int64_t>() + 1;
  const auto quantity = Quantity::Parse(value.get<std::string>());
  const bool cpu = name == "cpu";
  const int64_t units = quantity->UnitsOf(cpu ? Resource::kCpu : Resource::kMemory).value() + 1;
  return cpu ? std::to_string(units) + "m" : std::to_string(units);
}

class RequestFollower {
 public:
  RequestFollower(const Engine& engine, const Json& request, const Json& remedy)
      : engine_(engine), request_(request), remedy_(remedy), changes_(remedy["changes"]) {
    for (const Json& action : remedy["actions"]) actions_.insert(action.get<std::string>());
  }

  std::string Problem() {
    const Json changed = request_.patch(changes_);
    if (std::string unlike = Unlike(DecideJson(engine_, changed), remedy_); !unlike.empty()) return unlike;
    std::string problem = OfOperations();
    if (problem.empty()) problem = OfUndoing();
    if (problem.empty()) problem = OfActionsAlone();
    if (problem.empty()) problem = OfAskingForMore();
    return problem;
  }

 private:
  [[nodiscard]] bool Has(const std::string& action) const { return actions_.contains(action); }
  [[nodiscard]] bool AdmitsWith(const Json& patch) const { return Admits(engine_, request_.patch(patch)); }

  // `replace` and `remove` where something is, `add` where nothing is that counts.
  std::string OfOperations() const {
    for (const Json& operation : changes_) {
      const Json::json_pointer path(operation["path"].get<std::string>());
      const Json found = request_.contains(path) ? request_[path] : Json();
      const bool present = !found.is_null() && !IsEmptyText(found);
      if (present != (operation["op"] != "add")) return "the operation is another one: " + operation.dump();
      if (operation.contains("value") && operation["value"] == found) return "nothing changes: " + operation.dump();
    }
    return {};
  }

  // Every operation on an amount is needed, and so is every member that one sets together with others.
  std::string OfUndoing() const {
    for (size_t i = 0; i < changes_.size(); ++i) {
      if (IsFilter(changes_[i])) continue;
      Json undone = changes_;
      undone.erase(i);
      if (AdmitsWith(undone)) return "not needed: " + changes_[i].dump();
      if (changes_[i]["op"] != "add" || !changes_[i]["value"].is_object()) continue;
      for (const auto& [name, value] : changes_[i]["value"].items()) {
        undone = changes_;
        undone[i]["value"].erase(name);
        if (AdmitsWith(undone)) return "not needed: " + name + " of " + changes_[i].dump();
      }
    }
    return {};
  }

  // The actions that an operation belongs to. Only of adding and lowering together it can be unclear which.
  [[nodiscard]] std::set<std::string> ActionsOf(const Json& operation) const {
    if (IsFilter(operation)) return {ActionOfFilter(operation)};
    std::set<std::string> amounts;
    for (const char* action : {"FIX_REQUEST", "RETRY_SMALLER"}) {
      if (Has(action)) amounts.insert(action);
    }
    return amounts;
  }

  // Of several actions each has its operation, and without any of them the others are not enough.
  std::string OfActionsAlone() const {
    std::set<std::string> seen;
    for (const Json& operation : changes_) seen.merge(ActionsOf(operation));
    if (seen != actions_) return "the operations are not those of the actions";
    if (actions_.size() == 1) return {};
    for (const std::string& action : actions_) {
      const auto of_others = [&](const Json& operation) { return !ActionsOf(operation).contains(action); };
      if (AdmitsWith(Only(changes_, of_others))) return "enough without " + action;
      const auto of_it = [&](const Json& operation) { return ActionsOf(operation).contains(action); };
      if (!std::ranges::all_of(changes_, of_it) && AdmitsWith(Only(changes_, of_it))) return "enough: " + action;
    }
    return {};
  }

  // One unit more of a value that was lowered is too much.
  std::string OfAskingForMore() const {
    Json more_gpus = changes_;
    bool gpus = false;
    for (size_t i = 0; i < changes_.size(); ++i) {
      const Json& operation = changes_[i];
      if (IsFilter(operation)) continue;
      const std::string member = MemberOf(operation);
      const Json::json_pointer path(operation["path"].get<std::string>());
      if (operation["value"].is_number()) {
        more_gpus[i]["value"] = operation["value"].get<int64_t>() + 1;
        gpus = true;
      } else if (operation["value"].is_object()) {
        for (const auto& [name, value] : operation["value"].items()) {
          if (CanBeMissingLimit(member)) continue;
          Json more = changes_;
          more[i]["value"][name] = OneMore(name, value);
          if (AdmitsWith(more)) return "more is admitted: " + name + " of " + operation.dump();
        }
      } else if (operation["op"] == "replace" || !CanBeMissingLimit(member)) {
        Json more = changes_;
        more[i]["value"] = OneMore(path.back(), operation["value"]);
        if (AdmitsWith(more)) return "more is admitted: " + operation.dump();
      }
    }
    if (gpus && AdmitsWith(more_gpus)) return "more GPUs are admitted";
    return {};
  }

  // Whether a member that is added may stand for a limit that was missing: such a one could be larger.
  [[nodiscard]] bool CanBeMissingLimit(const std::string& side) const {
    return Has("FIX_REQUEST") && side != "resource_requests";
  }

  const Engine& engine_;
  const Json& request_;
  const Json& remedy_;
  const Json& changes_;
  std::set<std::string> actions_;
};

// ---- one field of the catalog ----

// How `record` spells the member, or how it would. Blocks may be texts under a name of their own.
std::string KeyOf(const Json& record, const std::string& name) {
  static const std::map<std::string, Names> kTexts = {{"network", {"networkConfigJson", "network_config_json"}},
                                                      {"pod", {"podTemplateJson", "pod_template_json"}}};
  Names spellings = {name, generator::OtherSpelling(name)};
  if (kTexts.contains(name)) std::ranges::copy(kTexts.at(name), std::back_inserter(spellings));
  for (const std::string& spelling : spellings) {
    if (record.contains(spelling)) return spelling;
  }
  return name;
}

// A place in a document: the keys as it spells them, and how often the way leads into JSON inside a string.
struct Way {
  const Json* value = nullptr;   // null when there is nothing
  const Json* parent = nullptr;  // the deepest thing that there is
  size_t texts = 0;
};

// Documents are read through this: it keeps the texts that it opened.
class Reader {
 public:
  // Names of modes and levels have one spelling.
  static bool IsUserKey(std::span<const std::string> before) {
    if (before.size() < 2) return false;
    const std::string& parent = before[before.size() - 1];
    const std::string& above = before[before.size() - 2];
    return (above == "egress" && parent == "modes") || (above == "network" && parent == "ingress");
  }

  Way Follow(const Json& root, const Names& path) {
    Way way = {&root, &root, 0};
    for (size_t i = 0; i <= path.size(); ++i) {
      if (IsEmptyText(*way.value) && i < path.size()) break;  // an empty text is no block
      if (way.value->is_string() && i < path.size()) {
        opened_.push_back(std::make_unique<Json>(Json::parse(way.value->get<std::string>(), nullptr, false)));
        way.value = opened_.back().get();
        ++way.texts;
      }
      way.parent = way.value;
      if (i == path.size()) return way;
      const std::string key =
          IsUserKey(std::span(path).first(i)) ? path[i] : (way.value->is_object() ? KeyOf(*way.value, path[i]) : "");
      if (!way.value->is_object() || !way.value->contains(key)) break;
      way.value = &(*way.value)[key];
    }
    way.value = nullptr;
    return way;
  }

 private:
  std::vector<std::unique_ptr<Json>> opened_;
};

// Sets the value at the path from `depth` on, and makes what is missing on the way.
void SetAt(Json& node, const Names& path, size_t depth, const Json& value) {
  if (depth == path.size()) {
    node = value;
    return;
  }
  if (node.is_string()) {
    Json block = Json::parse(node.get<std::string>(), nullptr, false);
    SetAt(block, path, depth, value);
    node = block.dump();
    return;
  }
  if (!node.is_object()) node = Json::object();
  const bool user_key = Reader::IsUserKey(std::span(path).first(depth));
  SetAt(node[user_key ? path[depth] : KeyOf(node, path[depth])], path, depth + 1, value);
}

Names TokensOf(const std::string& pointer) {
  Names tokens;
  for (Json::json_pointer left(pointer); !left.empty(); left.pop_back()) tokens.insert(tokens.begin(), left.back());
  return tokens;
}

// Null when there is none.
const Json& Member(const Json& record, const std::string& name) {
  static const Json kNone;
  const std::string key = KeyOf(record, name);
  return record.contains(key) ? record[key] : kNone;
}

std::string TextOf(const Json& record, const std::string& name, const std::string& otherwise = "") {
  const Json& text = Member(record, name);
  return text.is_string() && !IsEmptyText(text) ? text.get<std::string>() : otherwise;
}

// The object inside the wrapper that some documents have.
Json& Unwrapped(Json& object) { return object.contains("profileTemplate") ? object["profileTemplate"] : object; }

// Where `source`, `file:line:column`, points in the printed catalog.
struct Spot {
  size_t object = 0;
  std::string rest;  // the text from there on
};

std::optional<Spot> SpotOf(const Json& objects, const std::string& source) {
  const size_t second_colon = source.rfind(':');
  const size_t first_colon = source.rfind(':', second_colon - 1);
  if (source.substr(0, first_colon) != kCatalogFile) return std::nullopt;
  const int line = std::stoi(source.substr(first_colon + 1));
  const int column = std::stoi(source.substr(second_colon + 1));
  std::istringstream text(objects.dump(2));
  Spot spot;
  int first = 2;  // line 1 is the bracket
  for (const Json& object : objects) {
    const std::string dumped = object.dump(2);
    const int next = first + 1 + static_cast<int>(std::ranges::count(dumped, '\n'));
    if (line < next) break;
    first = next;
    ++spot.object;
  }
  if (spot.object == objects.size()) return std::nullopt;
  std::string found;
  for (int i = 0; i < line; ++i) std::getline(text, found);
  // Columns count code points.
  size_t offset = 0;
  for (int at = 1; at < column && offset < found.size(); ++at) {
    ++offset;
    while (offset < found.size() && (found[offset] & 0xc0) == 0x80) ++offset;
  }
  std::string rest(std::istreambuf_iterator<char>(text), {});
  spot.rest = found.substr(offset) + "\n" + rest;
  return spot;
}

// Past the end of the string that `text` is inside of.
size_t EndOfString(std::string_view text, size_t at) {
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

// The JSON value that begins here, `texts` strings deep; discarded when none does.
Json ValueAt(std::string text, size_t texts) {
  for (; texts > 0; --texts) {
    const Json inside = Json::parse("\"" + text.substr(0, EndOfString(text, 0)), nullptr, false);
    if (!inside.is_string()) return Json::value_t::discarded;
    text = inside.get<std::string>();
  }
  size_t end = 0;
  for (size_t depth = 0; end < text.size();) {
    const char c = text[end];
    if (depth == 0 && end > 0 && std::string_view(",]} \n").find(c) != std::string_view::npos) break;
    depth += c == '{' || c == '[' ? 1 : 0;
    depth -= depth > 0 && (c == '}' || c == ']') ? 1 : 0;
    end = c == '"' ? EndOfString(text, end + 1) : end + 1;
    if (depth == 0 && (c == '}' || c == ']' || c == '"')) break;
  }
  return Json::parse(text.substr(0, end), nullptr, false);
}

class AdminFollower {
 public:
  AdminFollower(const Situation& situation, const Json& remedy)
      : changed_(situation), remedy_(remedy), admin_(remedy["admin"]), path_(TokensOf(admin_["path"])) {}

  std::string Problem() {
    if (admin_["source"].is_null()) return "no source";
    const std::optional<Spot> spot = SpotOf(changed_.objects, admin_["source"]);
    if (!spot) return "the source is no place in the catalog";
    Json& object = Unwrapped(changed_.objects[spot->object]);
    Json* root = RootIn(object);
    if (root == nullptr) return "the source is in the wrong document: " + object.dump();
    std::string problem = OfWhatIs(*root, spot->rest);
    if (!problem.empty()) return problem;
    SetAt(*root, Prefixed(), 0, admin_["value"]);
    problem = Unlike(DecideJson(*EngineOf(changed_), changed_.request), remedy_);
    return problem.empty() ? problem : problem + "\nwith " + object.dump();
  }

 private:
  // What holds the layer's spec, or the organization's document; null when `object` is not the one it should be.
  Json* RootIn(Json& object) {
    const std::string layer = admin_["layer"];
    const std::string organization = TextOf(object, "organization_id", "default");
    if (layer == "organization") {
      return organization == TextOf(changed_.request, "organization_id", "default") ? &object : nullptr;
    }
    if (layer == "zone") return object.contains("zone") ? &object : nullptr;
    if (layer == "profile") return Member(object, "display_name").is_string() ? &object : nullptr;
    if (TextOf(object, "runner_id") != admin_["runner_id"]) return nullptr;
    for (Json& binding : object[KeyOf(object, "profile_bindings")]) {
      if (NameOf(binding, organization) == admin_["profile_name"]) return &binding;
    }
    return nullptr;
  }

  [[nodiscard]] std::string NameOf(const Json& binding, const std::string& organization) {
    const std::string reference = TextOf(binding, "profile_template_id");
    std::string name = reference;
    for (Json& object : changed_.objects) {
      const Json& profile = Unwrapped(object);
      if (!Member(profile, "display_name").is_string()) continue;
      if (TextOf(profile, "organization_id", "default") != organization) continue;
      const std::string display = TextOf(profile, "display_name");
      if (TextOf(profile, "id", display) == reference) name = display;
    }
    return TextOf(binding, "profile_name", name);
  }

  // The path below the object or the binding.
  [[nodiscard]] Names Prefixed() const {
    static const std::map<std::string, std::string> kSpecs = {
        {"zone", "defaults"}, {"profile", "spec"}, {"binding", "overrides_json"}};
    Names path = path_;
    const auto spec = kSpecs.find(admin_["layer"].get<std::string>());
    if (spec != kSpecs.end()) path.insert(path.begin(), spec->second);
    return path;
  }

  // `current` is what the document says, and `source` is where it says so, or what the field goes into.
  std::string OfWhatIs(const Json& root, const std::string& rest) {
    Reader reader;
    Way way = reader.Follow(root, Prefixed());
    const Way folded = way.value == nullptr ? FoldedLimit(reader, root) : Way();
    if (folded.value != nullptr) way = folded;
    const bool says = way.value != nullptr && !way.value->is_null();
    if (says == admin_["current"].is_null()) return "`current` is not what the document says";
    if (says && !SameValue(*way.value, admin_["current"])) {
      return "`current` is not what the document says: " + way.value->dump();
    }
    // What is folded stands anywhere in the pod.
    if (!says && folded.parent != nullptr) return {};
    const Json found = ValueAt(rest, way.texts);
    if (found.is_discarded()) return "the source points at nothing";
    return found == (says ? *way.value : *way.parent) ? std::string() : "the source points at " + found.dump();
  }

  // A declaration in the spelling that berth prints.
  static Json InCamelCase(const Json& value) {
    if (!value.is_object()) return value;
    Json out = Json::object();
    for (const auto& [name, member] : value.items()) {
      std::string spelled;
      for (size_t i = 0; i < name.size(); ++i) {
        const bool joint = name[i] == '_' && i + 1 < name.size();
        spelled += joint ? static_cast<char>(std::toupper(static_cast<unsigned char>(name[++i]))) : name[i];
      }
      out[spelled] = InCamelCase(member);
    }
    return out;
  }

  static bool SameValue(const Json& a, const Json& b) {
    if (a == b || InCamelCase(a) == b) return true;
    const auto text = [](const Json& v) { return v.is_string() ? v.get<std::string>() : v.dump(); };
    const auto quantity_a = Quantity::Parse(text(a));
    const auto quantity_b = Quantity::Parse(text(b));
    return quantity_a && quantity_b && *quantity_a == *quantity_b;
  }

  // The older place of a limit: the main container of the pod. Its resources are the parent.
  Way FoldedLimit(Reader& reader, const Json& root) {
    if (path_.front() != "resource_defaults") return {};
    Names path = Prefixed();
    path.resize(path.size() - 2);
    for (const char* name : {"pod", "spec", "containers"}) path.emplace_back(name);
    const Way way = reader.Follow(root, path);
    if (way.value == nullptr || !way.value->is_array()) return {};
    for (const Json& container : *way.value) {
      if (!container.value("name", "x").empty() || !container.contains("resources")) continue;
      const Json& resources = container["resources"];
      Way folded = {nullptr, &resources, way.texts};
      const Json::json_pointer limit(path_[1] == "cpuLimit" ? "/limits/cpu" : "/limits/memory");
      if (!resources.contains(limit)) return folded;
      const bool says = !Deletes(container) && !Deletes(resources) && !Deletes(resources["limits"]);
      if (says) folded.value = &resources[limit];
      return folded;
    }
    return {};
  }

  static bool Deletes(const Json& object) { return object.value("$patch", "") == "delete"; }

  Situation changed_;
  const Json& remedy_;
  const Json& admin_;
  const Names path_;
};

// ---- waiting ----

const Names kLiveReasons = {"RUNNER_DISCONNECTED", "INSUFFICIENT_CPU", "INSUFFICIENT_MEMORY", "INSUFFICIENT_GPU"};

// The live reasons of the candidates that fail nothing else, in order of precedence; and how many those are.
std::pair<Json, size_t> LiveOnly(const Json& decision) {
  std::set<std::string> met;
  size_t candidates = 0;
  const auto live = [](const Json& reason) {
    return std::ranges::find(kLiveReasons, reason.get<std::string>()) != kLiveReasons.end();
  };
  for (const Json& candidate : decision["per_candidate"]) {
    if (!std::ranges::all_of(candidate["reasons"], live)) continue;
    ++candidates;
    for (const Json& reason : candidate["reasons"]) met.insert(reason.get<std::string>());
  }
  Json reasons = Json::array();
  std::ranges::copy_if(kLiveReasons, std::back_inserter(reasons), [&](const auto& name) { return met.contains(name); });
  return {reasons, candidates};
}

std::string WaitProblem(const Situation& situation, const Json& decision, const Json& remedy, int64_t delay) {
  const auto [reasons, candidates] = LiveOnly(decision);
  if (remedy["wait"]["reasons"] != reasons) return "the reasons to wait are " + reasons.dump();
  if (remedy["admits"] != Json(candidates)) return "waiting helps others";
  if (remedy["wait"]["retry_delay_seconds"] != Json(delay)) return "the delay is another one";
  const std::unique_ptr<Engine> engine = EngineOf(situation);
  for (const CompiledRunner& compiled : engine->snapshot()->runners()) {
    const Runner& runner = *compiled.runner;
    const InstallStatus install = compiled.live->Read().install;
    EXPECT_TRUE(
        engine->UpdateHealth(runner.organization_id, runner.runner_id, install, ConnectionStatus::kConnected).ok());
    EXPECT_TRUE(engine->UpdateResources(runner.organization_id, runner.runner_id, {}).ok());
  }
  const Json later = DecideJson(*engine, situation.request);
  return CandidatesWithoutFailure(later) == candidates ? "" : "waiting gives " + later.dump();
}

// ---- the list ----

// What decides between two remedies, the first one listed first.
auto OrderOf(const Ordered& remedy) {
  Ordered compared = remedy["changes"];
  if (remedy.contains("admin")) {
    compared = remedy["admin"];
    compared.erase("source");
    compared.erase("current");
  }
  return std::tuple(std::max<size_t>(remedy["changes"].size(), 1), RankOf(remedy["action"]),
                    -remedy["admits"].get<int64_t>(), compared.dump());
}

// Sorted, each once, at most three of an action, and nothing that has a part of itself beside it.
std::string ListProblem(const Ordered& remedies) {
  std::map<std::string, size_t> listed;
  std::set<std::string> seen;
  for (size_t i = 0; i < remedies.size(); ++i) {
    const Ordered& remedy = remedies[i];
    if (remedy["action"] != remedy["actions"][0]) return "`action` is not the first of `actions`";
    if (++listed[remedy["action"]] > kMaxRemediesPerAction) return "too many of one action";
    const Ordered& change = remedy.contains("admin") ? remedy["admin"] : remedy["changes"];
    if (!seen.insert(change.dump()).second) return "a duplicate: " + change.dump();
    if (i > 0 && OrderOf(remedies[i - 1]) > OrderOf(remedy)) return "not in order";
    std::vector<size_t> ranks;
    for (const Ordered& action : remedy["actions"]) ranks.push_back(RankOf(action));
    const auto misplaced = std::ranges::adjacent_find(ranks, std::ranges::greater_equal());
    if (misplaced != ranks.end()) return "actions not in order, or twice";
    if (ranks.size() > 1 && ranks.back() >= RankOf("WAIT")) return "what cannot be combined is";
    for (const Ordered& other : remedies) {
      std::vector<size_t> part;
      for (const Ordered& action : other["actions"]) part.push_back(RankOf(action));
      if (part.size() < ranks.size() && std::ranges::includes(ranks, part)) return "a part of a combination is enough";
    }
  }
  return {};
}

// ---- the run ----

// `binding /network/egress/modes/*`.
std::string FieldOf(const Json& admin) {
  std::string path = admin["path"];
  if (path.starts_with("/network/")) path = path.substr(0, path.rfind('/')) + "/*";
  return admin["layer"].get<std::string>() + " " + path;
}

struct Histogram {
  size_t decisions = 0, rejections = 0, without = 0, remedies = 0;
  std::map<std::string, size_t> rejections_with;  // an action, as the first of a remedy
  std::map<std::string, size_t> kinds;            // remedies, by their actions
  std::map<std::string, size_t> fields;           // for an administrator: layer and path, without names of modes

  void Count(const Json& remedies_of_one) {
    ++rejections;
    without += remedies_of_one.empty() ? 1 : 0;
    std::set<std::string> met;
    for (const Json& remedy : remedies_of_one) {
      ++remedies;
      std::string name;
      for (const Json& action : remedy["actions"]) name += (name.empty() ? "" : " + ") + action.get<std::string>();
      ++kinds[name];
      met.insert(name);
      if (remedy.contains("admin")) ++fields[FieldOf(remedy["admin"])];
    }
    for (const std::string& name : met) ++rejections_with[name];
  }

  [[nodiscard]] size_t combinations() const {
    return static_cast<size_t>(
        std::ranges::count_if(kinds, [](const auto& kind) { return kind.first.find('+') != std::string::npos; }));
  }

  void Print() const {
    std::cout << decisions << " decisions, " << rejections << " rejections, " << without
              << " of them without a remedy, " << remedies << " remedies followed\n";
    for (const auto& [name, count] : kinds) {
      std::cout << "  " << name << ": " << count << " for " << rejections_with.at(name) << " rejections\n";
    }
    std::cout << "fields to ask an administrator for\n";
    for (const auto& [name, count] : fields) std::cout << "  " << name << ": " << count << "\n";
  }
};

class Follower {
 public:
  // `situation.request` is set for each launch.
  explicit Follower(Situation situation)
      : situation_(std::move(situation)),
        engine_(EngineOf(situation_)),
        bare_(EngineOf(situation_, {.remedies = false})) {}

  // What is wrong with the answer to one launch; empty when nothing is.
  std::string Problem(const Json& request, Histogram& histogram) {
    situation_.request = request;
    ++histogram.decisions;
    const std::string text = Decide(*engine_, request);
    if (Decide(*engine_, request) != text) return Told("the second answer differs", {});
    const Json decision = Json::parse(text);
    if (decision["verdict"] != "REJECTED") {
      return decision.contains("remedies") ? Told("remedies without a rejection", {}) : std::string();
    }
    const Json& remedies = decision["remedies"];
    histogram.Count(remedies);
    std::string problem = ListProblem(Ordered::parse(text)["remedies"]);
    if (problem.empty()) problem = BareProblem(decision);
    if (!problem.empty()) return Told(problem, remedies);
    const std::string message = decision["message"];
    const bool hopeless = message.find("cannot be admitted anywhere as written") != std::string::npos;
    if (hopeless != remedies.empty()) return Told("the message says otherwise: " + message, remedies);
    const auto waits = [](const Json& remedy) { return remedy["action"] == "WAIT"; };
    const bool could_wait = LiveOnly(decision).second > 0;
    if (could_wait != std::ranges::any_of(remedies, waits)) return Told("`WAIT` is wrong", remedies);
    for (const Json& remedy : remedies) {
      problem = OfOne(decision, remedy);
      if (!problem.empty()) return Told(problem, remedy);
    }
    return {};
  }

 private:
  std::string OfOne(const Json& decision, const Json& remedy) {
    const std::string action = remedy["action"];
    const bool changes_request = RankOf(action) < RankOf("WAIT");
    const bool well_formed = remedy["changes"].empty() != changes_request && remedy["admits"] > 0 &&
                             remedy.contains("admin") == (action == "ASK_ADMIN") &&
                             remedy.contains("wait") == (action == "WAIT") &&
                             remedy.contains("placement") == (action != "WAIT");
    if (!well_formed) return "the wrong members";
    if (action == "WAIT") return WaitProblem(situation_, decision, remedy, AdviceOptions().retry_delay_seconds);
    if (action == "ASK_ADMIN") return AdminFollower(situation_, remedy).Problem();
    return RequestFollower(*engine_, situation_.request, remedy).Problem();
  }

  // Without advice the answer is the same, but for remedies and the text that speaks of them.
  std::string BareProblem(const Json& decision) const {
    Json bare = DecideJson(*bare_, situation_.request);
    if (bare.contains("remedies")) return "remedies without advice";
    Json with = decision;
    with.erase("remedies");
    with.erase("message");
    bare.erase("message");
    return bare == with ? "" : "without advice the answer is another one: " + bare.dump();
  }

  [[nodiscard]] std::string Told(const std::string& problem, const Json& remedy) const {
    std::string out = problem + "\nremedy " + remedy.dump() + "\nrequest " + situation_.request.dump() + "\nlive " +
                      situation_.live.dump() + "\ncatalog\n";
    for (const Json& object : situation_.objects) out += "  " + object.dump() + "\n";
    return out;
  }

  Situation situation_;
  const std::unique_ptr<Engine> engine_;
  const std::unique_ptr<Engine> bare_;
};

// ---- tests ----

// The launches and catalogs of the case files, their neighbours too.
std::vector<std::pair<std::string, Situation>> CaseSituations() {
  std::vector<std::pair<std::string, Situation>> situations;
  const auto add = [&](const std::string& name, const Ordered& description) {
    Ordered objects = ObjectsOf(description);
    if (description.contains("files")) {
      for (const auto& [file, lines] : description["files"].items()) {
        Ordered content = Ordered::parse(TextOfLines(lines), nullptr, false);
        if (content.is_discarded()) return;  // YAML; the cases with remedies are JSON
        if (!content.is_array()) content = Ordered::array({content});
        std::ranges::copy(content, std::back_inserter(objects));
      }
    }
    Situation situation;
    situation.objects = objects;
    situation.request = description.value("request", Ordered::object());
    situations.emplace_back(name, std::move(situation));
  };
  for (const std::string& name : CaseNames()) {
    if (!name.starts_with("admission/") && !name.starts_with("scope/")) continue;
    const Ordered description = ReadCase(name);
    add(name, description);
    if (description.contains("neighbour")) {
      add(name + " (neighbour)", description.patch(description["neighbour"]["patch"]));
    }
  }
  return situations;
}

// What the law lets an administrator be asked for; the layers of a spec's fields do not matter.
const Names kFields = {"/quota/cpu",
                       "/quota/memory",
                       "/quota/gpu",
                       "/allowed_images",
                       "/resource_defaults/cpuLimit",
                       "/resource_defaults/memoryLimit",
                       "/instance_types",
                       "/pod/placement/instanceTypes",
                       "/network/egress/modes/*",
                       "/network/ingress/*"};

void ExpectReach(const Histogram& histogram, size_t fewest) {
  histogram.Print();
  for (const std::string& action : kActions) EXPECT_TRUE(histogram.kinds.contains(action)) << action;
  EXPECT_GE(histogram.combinations(), kFewestCombinations);
  for (const std::string& field : kFields) {
    size_t met = 0;
    for (const auto& [name, count] : histogram.fields) met += name.ends_with(" " + field) ? count : 0;
    EXPECT_GE(met, fewest) << field;
  }
}

TEST(Remedy, IsTrueInEveryCaseFile) {
  Histogram histogram;
  for (const auto& [name, situation] : CaseSituations()) {
    const std::string problem = Follower(situation).Problem(situation.request, histogram);
    EXPECT_TRUE(problem.empty()) << name << ": " << problem;
  }
  ExpectReach(histogram, 2);
}

TEST(Remedy, IsTrueOnRandomCatalogs) {
  const size_t wanted = FromEnvironment("BERTH_REMEDY_CASES", kRejections);
  uint64_t seed = FromEnvironment("BERTH_REMEDY_SEED", 1);
  Histogram histogram;
  for (; histogram.rejections < wanted; ++seed) {
    const RandomWorld world = MakeRandomWorld(seed);
    Follower follower({world.objects, world.live, {}});
    Random random(~seed);
    for (size_t i = 0; i < kRequestsPerWorld && histogram.rejections < wanted; ++i) {
      const std::string problem = follower.Problem(MakeRandomRequest(world, random), histogram);
      ASSERT_TRUE(problem.empty()) << "seed " << seed << ": " << problem;
    }
  }
  ExpectReach(histogram, 1);
}

TEST(Remedy, SaysTheConfiguredDelay) {
  Situation situation;
  situation.objects = Json::parse(R"([
    {"kind": "Zone", "zone": "z1"},
    {"kind": "Profile", "display_name": "p1", "spec": {}},
    {"kind": "Runner", "runner_id": "r1", "identity": {"zone": "z1", "cluster_name": "c1"},
     "connection_status": "DISCONNECTED", "profile_bindings": [{"profile_template_id": "p1", "is_default": true}]}
  ])");
  const auto engine = EngineOf(situation, {.retry_delay_seconds = 7});
  const Json decision = DecideJson(*engine, situation.request);
  ASSERT_EQ(decision["remedies"].size(), 1U) << decision;
  EXPECT_EQ(WaitProblem(situation, decision, decision["remedies"][0], 7), "");
}

TEST(Remedy, NamesItsActions) {
  for (size_t i = 0; i < kActions.size(); ++i) {
    EXPECT_EQ(RemedyActionName(static_cast<RemedyAction>(i)), kActions[i]);
  }
}

}  // namespace
}  // namespace berth
