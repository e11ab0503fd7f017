#include "berth/validate/catalog.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "berth/spec/field_path.h"
#include "berth/spec/limits.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"

namespace berth {
namespace {

constexpr size_t kNone = BindingLink::kNone;

// A suggestion compares a name with all others; a broken catalog misses thousands.
constexpr size_t kMaxSuggestions = 20;

using OrganizationAnd = std::pair<std::string_view, std::string_view>;  // organization id, another name

using Names = std::initializer_list<std::string_view>;

// Where an object holds a value, for findings.
struct Place {
  Position position;
  std::string path;  // below the object, in the document's spelling
};

// The value at a path of canonical names; with `of_key` its key. What is not there is placed at what holds it.
Place PlaceOf(const Object& object, Names names, bool of_key = false) {
  Place place{object.position, {}};
  const Node* node = object.node.get();
  for (std::string_view name : names) {
    if (node == nullptr || !node->is_map()) break;
    const auto member = std::ranges::find(node->members, name, &Member::key);
    if (member == node->members.end()) break;
    node = member->value.get();
    place.position = of_key || node == nullptr ? member->position : node->position;
    AppendPointer(member->written.empty() ? std::string_view(member->key) : member->written, place.path);
  }
  return place;
}

class Linker {
 public:
  Linker(std::span<Object> objects, CatalogUse use)
      : objects_(objects), use_(use), suggestions_left_(use == CatalogUse::kLint ? kMaxSuggestions : 0) {
    for (const Object& object : objects) files_[object.file].listed += object.issues.size();
  }

  CatalogLinks Run();

 private:
  template <typename T>
  const T* As(size_t index) const {
    const Object& object = objects_[index];
    return object.form == ObjectForm::kWhole ? std::get_if<T>(&object.value) : nullptr;
  }

  // What is found in one file. Issues past the limit are counted for the last object that has one.
  struct FileIssues {
    size_t listed = 0;
    size_t left_out = 0;
    size_t last_object = 0;
  };

  Issue& Report(size_t index, IssueCode code, std::string message, const Place& at = {});
  Issue& ReportBinding(size_t index, size_t binding, Names names, IssueCode code, std::string message);
  void ReportLeftOut();
  void SortByPlace(std::vector<size_t>& parties) const;
  template <typename Groups>
  void Collide(Groups& groups, IssueCode code, Names names, std::string_view what);
  std::string Suggestion(std::string_view wanted, const std::vector<std::string_view>& known);

  void CheckFragments();
  void CheckNames();
  void CheckRequired(size_t index, const Runner& runner);
  void CheckBindings(size_t index, const Runner& runner);
  void CheckDefaults(size_t index, const Runner& runner, const Node* list);
  void CheckClusters();
  void CheckSharedClusters();
  void IndexProfiles();
  size_t FindProfile(const Runner& runner, std::string_view reference) const;
  RunnerLink Link(size_t index, const Runner& runner);
  void LinkZone(size_t index, const Runner& runner, RunnerLink& link);
  void ReportUnknownProfile(size_t index, size_t binding, const Runner& runner, std::string_view reference);

  std::span<Object> objects_;
  CatalogUse use_;
  size_t suggestions_left_;
  std::map<std::string_view, FileIssues> files_;
  Issue left_out_;                                // what Report gives for an issue past the limit
  std::set<std::pair<size_t, size_t>> collided_;  // parties of a reported B510
  std::map<OrganizationAnd, size_t> profiles_by_reference_;
  std::map<OrganizationAnd, size_t> profiles_with_id_by_name_;
  std::set<std::string_view> organizations_with_profiles_;
  std::set<std::string_view> organizations_not_looked_up_;
  std::map<std::string_view, size_t> zones_;
};

Issue& Linker::Report(size_t index, IssueCode code, std::string message, const Place& at) {
  Object& object = objects_[index];
  FileIssues& file = files_[object.file];
  if (file.listed >= kMaxIssues) {
    ++file.left_out;
    file.last_object = index;
    left_out_ = {};
    return left_out_;
  }
  ++file.listed;
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = object.file;
  issue.position = at.position.known() ? at.position : object.position;
  issue.path = object.path + at.path;
  object.issues.push_back(std::move(issue));
  return object.issues.back();
}

// At the value of a binding, or at the binding itself where it is not there.
Issue& Linker::ReportBinding(size_t index, size_t binding, Names names, IssueCode code, std::string message) {
  const Object& object = objects_[index];
  Place at = PlaceOf(object, {"profile_bindings"});
  AppendPointer(std::to_string(binding), at.path);
  at.position = std::get<Runner>(object.value).bindings[binding].position;
  const Node* list = At(object.node.get(), {"profile_bindings"});
  const Node* node = list == nullptr || binding >= list->items.size() ? nullptr : list->items[binding].get();
  for (std::string_view name : names) {
    if (node == nullptr || !node->is_map()) break;
    const auto member = std::ranges::find(node->members, name, &Member::key);
    if (member == node->members.end() || member->value == nullptr) break;
    at.position = member->value->position;
    AppendPointer(member->written.empty() ? std::string_view(member->key) : member->written, at.path);
    node = member->value.get();
  }
  return Report(index, code, std::move(message), at);
}

void Linker::ReportLeftOut() {
  for (const auto& [name, file] : files_) {
    if (file.left_out == 0) continue;
    Object& object = objects_[file.last_object];
    Issue& last = object.issues.emplace_back();
    last.code = IssueCode::kLimitExceeded;
    last.message = std::to_string(file.left_out) + " more issues of this file are left out: mend these first";
    last.file = object.file;
    last.position = object.position;
    last.path = object.path;
  }
}

std::string Linker::Suggestion(std::string_view wanted, const std::vector<std::string_view>& known) {
  const std::string_view nearest = NearestName(wanted, known);
  return nearest.empty() ? std::string() : "did you mean " + Quoted(nearest) + "?";
}

void Linker::SortByPlace(std::vector<size_t>& parties) const {
  std::ranges::stable_sort(parties, {}, [&](size_t index) {
    const Object& object = objects_[index];
    return std::tuple(std::string_view(object.file), object.position.line, object.position.column);
  });
}

// Refuses all parties of every group of more than one. Each but the earliest says so, at the value at `names`.
template <typename Groups>
void Linker::Collide(Groups& groups, IssueCode code, Names names, std::string_view what) {
  for (auto& [key, parties] : groups) {
    if (parties.size() < 2) continue;
    SortByPlace(parties);
    const Object& first = objects_[parties.front()];
    for (size_t index : parties) {
      objects_[index].refused = true;
      if (index == parties.front()) continue;
      if (code == IssueCode::kClusterTaken && !collided_.emplace(parties.front(), index).second) continue;
      const Place at = PlaceOf(objects_[index], names);
      // The control plane's own words for a cluster that has its runner.
      std::string message(code == IssueCode::kClusterTaken ? "a managed runner already exists for this cluster: " : "");
      message.append(what);
      if constexpr (std::is_same_v<decltype(key), const OrganizationAnd>) {
        message.append(" ").append(Quoted(key.second)).append(" of organization ").append(Quoted(key.first));
      } else {
        message.append(" ").append(Quoted(key));
      }
      message.append(" is taken, the one at ").append(first.file).append(":");
      message.append(std::to_string(first.position.line));
      Report(index, code, std::move(message), at);
    }
  }
}

void Linker::CheckFragments() {
  if (use_ == CatalogUse::kLint) return;
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i].form == ObjectForm::kWhole || objects_[i].withheld) continue;
    Report(i, IssueCode::kFragmentInCatalog,
           std::string("a part of a ") + std::string(ObjectKindName(objects_[i])) + " is no object of a catalog");
    objects_[i].refused = true;
  }
}

// Names that must be unique: a collision refuses every party.
void Linker::CheckNames() {
  std::map<OrganizationAnd, std::vector<size_t>> runners;
  std::map<OrganizationAnd, std::vector<size_t>> display_names;
  std::map<OrganizationAnd, std::vector<size_t>> profile_ids;
  std::map<std::string_view, std::vector<size_t>> zones;
  std::map<std::string_view, std::vector<size_t>> organizations;
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i].withheld) continue;
    if (const auto* runner = As<Runner>(i); runner != nullptr && !runner->runner_id.empty()) {
      runners[{runner->organization_id, runner->runner_id}].push_back(i);
    } else if (const auto* profile = As<Profile>(i); profile != nullptr) {
      if (!profile->display_name.empty()) display_names[{profile->organization_id, profile->display_name}].push_back(i);
      if (!profile->id.empty()) profile_ids[{profile->organization_id, profile->id}].push_back(i);
    } else if (const auto* zone = As<Zone>(i); zone != nullptr && !zone->zone.empty()) {
      zones[zone->zone].push_back(i);
    } else if (const auto* organization = As<Organization>(i); organization != nullptr) {
      organizations[organization->organization_id].push_back(i);
    }
  }
  constexpr IssueCode kCode = IssueCode::kDuplicateObject;
  Collide(runners, kCode, {"runner_id"}, "runner id");
  Collide(display_names, kCode, {"display_name"}, "display name");
  Collide(profile_ids, kCode, {"id"}, "profile id");
  Collide(zones, kCode, {"zone"}, "zone");
  Collide(organizations, kCode, {"organization_id"}, "organization");
}

// One managed runner per cluster: within an organization by id or name, across organizations only a warning.
void Linker::CheckClusters() {
  std::map<OrganizationAnd, std::vector<size_t>> by_id;
  std::map<OrganizationAnd, std::vector<size_t>> by_name;
  for (size_t i = 0; i < objects_.size(); ++i) {
    const auto* runner = As<Runner>(i);
    if (runner == nullptr || objects_[i].withheld) continue;
    if (!runner->cluster_id.empty()) by_id[{runner->organization_id, runner->cluster_id}].push_back(i);
    if (!runner->cluster_name.empty()) by_name[{runner->organization_id, runner->cluster_name}].push_back(i);
  }
  Collide(by_id, IssueCode::kClusterTaken, {"identity", "cluster_id"}, "cluster");
  Collide(by_name, IssueCode::kClusterTaken, {"identity", "cluster_name"}, "cluster");
  CheckSharedClusters();
}

void Linker::CheckSharedClusters() {
  std::map<std::string_view, std::vector<size_t>> clusters;
  for (size_t i = 0; i < objects_.size(); ++i) {
    const auto* runner = As<Runner>(i);
    if (runner != nullptr && !objects_[i].withheld && !runner->cluster_id.empty()) {
      clusters[runner->cluster_id].push_back(i);
    }
  }
  const auto organization = [&](size_t index) -> const std::string& {
    return std::get<Runner>(objects_[index].value).organization_id;
  };
  for (auto& [cluster, parties] : clusters) {
    SortByPlace(parties);
    // The first of another organization, of all before it: the first, or the first that differs from it.
    const std::string& first = organization(parties.front());
    const auto other =
        std::find_if(parties.begin(), parties.end(), [&](size_t index) { return organization(index) != first; });
    for (auto party = other; party != parties.end(); ++party) {
      const size_t earlier = organization(*party) == first ? *other : parties.front();
      const Object& object = objects_[earlier];
      Report(*party, IssueCode::kClusterShared,
             "a runner of organization " + Quoted(organization(earlier)) + " names cluster " + Quoted(cluster) +
                 " too, the one at " + object.file + ":" + std::to_string(object.position.line),
             PlaceOf(objects_[*party], {"identity", "cluster_id"}));
    }
  }
}

void Linker::CheckRequired(size_t index, const Runner& runner) {
  Object& object = objects_[index];
  const auto require = [&](bool present, IssueCode code, std::string_view message) {
    if (present) return;
    Report(index, code, std::string(message));
    object.refused = true;
  };
  const Node* identity = At(object.node.get(), {"identity"});
  // A value that failed to decode is not missing.
  const auto given = [&](std::string_view name) { return identity != nullptr && identity->Find(name) != nullptr; };
  const bool readable = identity == nullptr || identity->is_map();
  require(!readable || given("zone"), IssueCode::kZoneRequired, "runner.identity.zone is required");
  require(!readable || given("cluster_id") || given("cluster_name"), IssueCode::kClusterRequired,
          "runner.identity.cluster_id or cluster_name is required");
  const bool has_id = !runner.runner_id.empty() || At(object.node.get(), {"runner_id"}) != nullptr;
  require(use_ == CatalogUse::kLint || has_id, IssueCode::kRunnerIdRequired,
          "a runner of a catalog needs `runner_id`: add it to the document");
}

void Linker::CheckBindings(size_t index, const Runner& runner) {
  Object& object = objects_[index];
  const Node* list = At(object.node.get(), {"profile_bindings"});
  if (list != nullptr && !list->is_list()) return;  // reported while decoding
  if (runner.bindings.empty()) {
    if (object.form == ObjectForm::kFragment && list == nullptr) return;
    Report(index, IssueCode::kNoBinding, "runner must have at least one profile binding",
           PlaceOf(object, {"profile_bindings"}, /*of_key=*/true));
    object.refused = true;
    return;
  }
  CheckDefaults(index, runner, list);
  std::set<std::string_view> references;
  for (size_t i = 0; i < runner.bindings.size(); ++i) {
    const std::string& reference = runner.bindings[i].profile_template_id;
    const Node* binding = list == nullptr || i >= list->items.size() ? nullptr : list->items[i].get();
    if (reference.empty()) {
      if (binding != nullptr && binding->Find("profile_template_id") != nullptr) continue;
      ReportBinding(index, i, {}, IssueCode::kMissingField, "a profile binding needs `profile_template_id`");
      object.refused = true;
    } else if (!references.insert(reference).second) {
      ReportBinding(index, i, {"profile_template_id"}, IssueCode::kDuplicateBinding,
                    "profile_template_id \"" + reference +
                        "\" appears more than once; each binding must reference a distinct profile template.");
      object.refused = true;
    }
  }
}

void Linker::CheckDefaults(size_t index, const Runner& runner, const Node* list) {
  const auto is_default = [&](size_t i) { return runner.bindings[i].is_default; };
  std::vector<size_t> defaults;
  for (size_t i = 0; i < runner.bindings.size(); ++i) {
    if (is_default(i)) defaults.push_back(i);
  }
  if (defaults.size() > 1) {
    ReportBinding(index, defaults[1], {"is_default"}, IssueCode::kNotOneDefault,
                  "runner cannot have more than one default profile binding")
        .suggestion = "the first default is in line " + std::to_string(runner.bindings[defaults[0]].position.line) +
                      ": keep one of the two";
    objects_[index].refused = true;
    return;
  }
  // A value that failed to decode may have been the default.
  const bool readable =
      list == nullptr || std::ranges::none_of(list->items, [](const NodeRef& item) {
        const Node* value = At(item.get(), {"is_default"});
        return item->kind == NodeKind::kInvalid || (value != nullptr && value->kind == NodeKind::kInvalid);
      });
  if (!defaults.empty() || !readable) return;
  Report(index, IssueCode::kNotOneDefault, "runner must have exactly one default profile binding",
         PlaceOf(objects_[index], {"profile_bindings"}, /*of_key=*/true))
      .suggestion = "add `is_default: true` to one of them";
  objects_[index].refused = true;
}

// A profile that has an id is referenced by it; one without, by its display name. What is withheld yields its name.
void Linker::IndexProfiles() {
  std::vector<size_t> order(objects_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](size_t index) { return !objects_[index].withheld; });
  for (size_t i : order) {
    if (const auto* zone = As<Zone>(i); zone != nullptr && !zone->zone.empty()) zones_.emplace(zone->zone, i);
    const auto* profile = As<Profile>(i);
    if (profile == nullptr) continue;
    organizations_with_profiles_.insert(profile->organization_id);
    const std::string& reference = profile->id.empty() ? profile->display_name : profile->id;
    if (!profile->id.empty()) {
      profiles_with_id_by_name_.emplace(OrganizationAnd(profile->organization_id, profile->display_name), i);
    }
    if (reference.empty()) continue;
    const auto [known, is_new] =
        profiles_by_reference_.emplace(OrganizationAnd(profile->organization_id, reference), i);
    // Of several the one with the smallest name lends it, so that the order of files never matters.
    const Object& other = objects_[known->second];
    if (!is_new && other.withheld == objects_[i].withheld &&
        profile->display_name < std::get<Profile>(other.value).display_name) {
      known->second = i;
    }
  }
}

size_t Linker::FindProfile(const Runner& runner, std::string_view reference) const {
  const auto found = profiles_by_reference_.find({runner.organization_id, reference});
  return found == profiles_by_reference_.end() ? kNone : found->second;
}

void Linker::ReportUnknownProfile(size_t index, size_t binding, const Runner& runner, std::string_view reference) {
  Issue& issue =
      ReportBinding(index, binding, {"profile_template_id"}, IssueCode::kUnknownProfile,
                    "one or more profile_bindings reference a template that does not exist: " + Quoted(reference));
  const auto named = profiles_with_id_by_name_.find({runner.organization_id, reference});
  if (named != profiles_with_id_by_name_.end()) {
    const std::string& id = std::get<Profile>(objects_[named->second].value).id;
    issue.suggestion = "profile " + Quoted(reference) + " has an id: write " + Quoted(id);
    return;
  }
  if (suggestions_left_ == 0) return;
  --suggestions_left_;
  std::vector<std::string_view> known;
  for (auto at = profiles_by_reference_.lower_bound({runner.organization_id, {}});
       at != profiles_by_reference_.end() && at->first.first == runner.organization_id; ++at) {
    known.push_back(at->first.second);
  }
  issue.suggestion = Suggestion(reference, known);
}

void Linker::LinkZone(size_t index, const Runner& runner, RunnerLink& link) {
  const auto zone = zones_.find(runner.zone);
  if (zone != zones_.end()) {
    link.zone = zone->second;
    return;
  }
  if (runner.zone.empty() || (use_ == CatalogUse::kLint && zones_.empty())) return;
  Issue& issue = Report(index, IssueCode::kUnknownZone,
                        "zone " + Quoted(runner.zone) + " has no document, so its sandboxes have no zone defaults",
                        PlaceOf(objects_[index], {"identity", "zone"}));
  if (suggestions_left_ == 0) return;
  --suggestions_left_;
  std::vector<std::string_view> known;
  for (const auto& [name, object] : zones_) known.push_back(name);
  issue.suggestion = Suggestion(runner.zone, known);
}

RunnerLink Linker::Link(size_t index, const Runner& runner) {
  RunnerLink link;
  link.runner = index;
  LinkZone(index, runner, link);
  const bool zone_refused = link.zone != kNone && objects_[link.zone].refused;
  const bool check_profiles =
      use_ == CatalogUse::kServe || organizations_with_profiles_.contains(runner.organization_id);
  if (!check_profiles && !runner.bindings.empty() &&
      organizations_not_looked_up_.insert(runner.organization_id).second) {
    Report(index, IssueCode::kCheckSkipped,
           "no profile of organization " + Quoted(runner.organization_id) +
               " is given, so its bindings' profiles are not looked up");
  }
  std::map<std::string, size_t> names;
  for (size_t i = 0; i < runner.bindings.size(); ++i) {
    const Binding& binding = runner.bindings[i];
    BindingLink& linked = link.bindings.emplace_back();
    linked.profile = FindProfile(runner, binding.profile_template_id);
    const auto* profile = linked.profile == kNone ? nullptr : std::get_if<Profile>(&objects_[linked.profile].value);
    linked.name = !binding.profile_name.empty()                          ? binding.profile_name
                  : profile != nullptr && !profile->display_name.empty() ? profile->display_name
                                                                         : binding.profile_template_id;
    linked.valid = profile != nullptr && !objects_[linked.profile].refused && binding.overrides_valid && !zone_refused;
    if (profile == nullptr && check_profiles && !binding.profile_template_id.empty()) {
      ReportUnknownProfile(index, i, runner, binding.profile_template_id);
    }
    const auto [other, is_new] = names.emplace(linked.name, i);
    if (is_new || linked.name.empty()) continue;
    ReportBinding(index, i, {binding.profile_name.empty() ? "profile_template_id" : "profile_name"},
                  IssueCode::kDuplicateBindingName,
                  "the binding in line " + std::to_string(runner.bindings[other->second].position.line) + " is named " +
                      Quoted(linked.name) + " too: give one of the two another `profile_name`");
    objects_[index].refused = true;
  }
  return link;
}

CatalogLinks Linker::Run() {
  CheckFragments();
  CheckNames();
  CheckClusters();
  IndexProfiles();
  CatalogLinks links;
  std::set<size_t> bound;
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (As<Organization>(i) != nullptr) {
      // Of several with one id the last one counts.
      links.organizations.insert(objects_[i].withheld ? links.organizations.begin() : links.organizations.end(), i);
    }
    const auto* runner = std::get_if<Runner>(&objects_[i].value);
    if (runner == nullptr || objects_[i].withheld) continue;
    if (objects_[i].form == ObjectForm::kWhole) CheckRequired(i, *runner);
    CheckBindings(i, *runner);
    if (use_ == CatalogUse::kServe && objects_[i].form == ObjectForm::kFragment) continue;
    RunnerLink link = Link(i, *runner);
    if (objects_[i].refused || objects_[i].form != ObjectForm::kWhole) continue;
    for (const BindingLink& binding : link.bindings) bound.insert(binding.profile);
    links.runners.push_back(std::move(link));
  }
  ReportLeftOut();
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (std::holds_alternative<Profile>(objects_[i].value) && !objects_[i].refused && !bound.contains(i)) {
      links.unbound_profiles.push_back(i);
    }
  }
  return links;
}

}  // namespace

CatalogLinks LinkCatalog(std::span<Object> objects, CatalogUse use) { return Linker(objects, use).Run(); }

}  // namespace berth
