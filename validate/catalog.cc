#include "berth/validate/catalog.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"

namespace berth {
namespace {

constexpr size_t kNone = BindingLink::kNone;

using OrganizationAnd = std::pair<std::string_view, std::string_view>;  // organization id, another name

std::string Place(const Object& object) { return object.file + ":" + std::to_string(object.position.line); }

class Linker {
 public:
  Linker(std::span<Object> objects, CatalogUse use) : objects_(objects), use_(use) {}

  CatalogLinks Run();

 private:
  template <typename T>
  const T* As(size_t index) const {
    const Object& object = objects_[index];
    return object.form == ObjectForm::kWhole ? std::get_if<T>(&object.value) : nullptr;
  }

  Issue& Report(size_t index, IssueCode code, std::string message, Position at = {});
  Issue& ReportBinding(size_t index, size_t binding, IssueCode code, std::string message);
  void Collide(const std::vector<size_t>& parties, IssueCode code, std::string_view message, bool refuse);
  template <typename Key>
  void CollideAll(const std::map<Key, std::vector<size_t>>& groups, IssueCode code, std::string_view message,
                  bool refuse = true);

  void CheckFragments();
  void CheckNames();
  void CheckRequired(size_t index, const Runner& runner);
  void CheckBindings(size_t index, const Runner& runner);
  void CheckClusters();
  void IndexProfiles();
  size_t FindProfile(const Runner& runner, std::string_view reference) const;
  RunnerLink Link(size_t index, const Runner& runner);
  void LinkZone(size_t index, const Runner& runner, RunnerLink& link);
  void ReportUnknownProfile(size_t index, size_t binding, const Runner& runner, std::string_view reference);

  std::span<Object> objects_;
  CatalogUse use_;
  std::map<OrganizationAnd, size_t> profiles_by_reference_;
  std::set<std::string_view> organizations_with_profiles_;
  std::map<std::string_view, size_t> zones_;
};

Issue& Linker::Report(size_t index, IssueCode code, std::string message, Position at) {
  Object& object = objects_[index];
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = object.file;
  issue.position = at.known() ? at : object.position;
  issue.path = object.path;
  object.issues.push_back(std::move(issue));
  return object.issues.back();
}

Issue& Linker::ReportBinding(size_t index, size_t binding, IssueCode code, std::string message) {
  const auto& runner = std::get<Runner>(objects_[index].value);
  Issue& issue = Report(index, code, std::move(message), runner.bindings[binding].position);
  issue.path += "/profile_bindings/" + std::to_string(binding);
  return issue;
}

// Each party but the first names the first; the first names the second.
void Linker::Collide(const std::vector<size_t>& parties, IssueCode code, std::string_view message, bool refuse) {
  for (size_t index : parties) {
    const size_t other = index == parties.front() ? parties[1] : parties.front();
    Report(index, code, std::string(message) + "; the other one is at " + Place(objects_[other]));
    if (refuse) objects_[index].refused = true;
  }
}

template <typename Key>
void Linker::CollideAll(const std::map<Key, std::vector<size_t>>& groups, IssueCode code, std::string_view message,
                        bool refuse) {
  for (const auto& [key, parties] : groups) {
    if (parties.size() > 1) Collide(parties, code, message, refuse);
  }
}

void Linker::CheckFragments() {
  if (use_ == CatalogUse::kLint) return;
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i].form == ObjectForm::kWhole) continue;
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
  CollideAll(runners, IssueCode::kDuplicateObject, "the runner id is taken in its organization");
  CollideAll(display_names, IssueCode::kDuplicateObject, "the profile's display name is taken in its organization");
  CollideAll(profile_ids, IssueCode::kDuplicateObject, "the profile's id is taken in its organization");
  CollideAll(zones, IssueCode::kDuplicateObject, "the zone has two documents");
  CollideAll(organizations, IssueCode::kDuplicateObject, "the organization has two documents");
}

// One managed runner per cluster: within an organization by id or name, across organizations only a warning.
void Linker::CheckClusters() {
  std::map<OrganizationAnd, std::vector<size_t>> by_id;
  std::map<OrganizationAnd, std::vector<size_t>> by_name;
  std::map<std::string_view, std::vector<size_t>> everywhere;
  for (size_t i = 0; i < objects_.size(); ++i) {
    const auto* runner = As<Runner>(i);
    if (runner == nullptr) continue;
    if (!runner->cluster_name.empty()) by_name[{runner->organization_id, runner->cluster_name}].push_back(i);
    if (runner->cluster_id.empty()) continue;
    by_id[{runner->organization_id, runner->cluster_id}].push_back(i);
    everywhere[runner->cluster_id].push_back(i);
  }
  constexpr std::string_view kTaken = "a managed runner already exists for this cluster";
  CollideAll(by_id, IssueCode::kClusterTaken, kTaken);
  CollideAll(by_name, IssueCode::kClusterTaken, kTaken);
  for (const auto& [cluster, parties] : everywhere) {
    std::set<std::string_view> organizations;
    for (size_t index : parties) organizations.insert(std::get<Runner>(objects_[index].value).organization_id);
    if (organizations.size() > 1) {
      Collide(parties, IssueCode::kClusterShared, "a runner of another organization names the same cluster", false);
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
    Report(index, IssueCode::kNoBinding, "runner must have at least one profile binding");
    object.refused = true;
    return;
  }
  const auto defaults = std::ranges::count_if(runner.bindings, &Binding::is_default);
  // A value that failed to decode may have been the default.
  const bool readable = list == nullptr || std::ranges::none_of(list->items, [](const NodeRef& item) {
    const Node* value = At(item.get(), {"is_default"});
    return item->kind == NodeKind::kInvalid || (value != nullptr && value->kind == NodeKind::kInvalid);
  });
  if (defaults > 1 || (defaults == 0 && readable)) {
    Report(index, IssueCode::kNotOneDefault,
           defaults == 0 ? "runner must have exactly one default profile binding"
                         : "runner cannot have more than one default profile binding",
           list == nullptr ? Position() : list->position);
    object.refused = true;
  }
  std::set<std::string_view> references;
  for (size_t i = 0; i < runner.bindings.size(); ++i) {
    const std::string& reference = runner.bindings[i].profile_template_id;
    const Node* binding = list == nullptr || i >= list->items.size() ? nullptr : list->items[i].get();
    if (reference.empty()) {
      if (binding != nullptr && binding->Find("profile_template_id") != nullptr) continue;
      ReportBinding(index, i, IssueCode::kMissingField, "a profile binding needs `profile_template_id`");
      object.refused = true;
    } else if (!references.insert(reference).second) {
      ReportBinding(index, i, IssueCode::kDuplicateBinding,
                    "profile_template_id \"" + reference +
                        "\" appears more than once; each binding must reference a distinct profile template.");
      object.refused = true;
    }
  }
}

// A profile that has an id is referenced by it; one without, by its display name.
void Linker::IndexProfiles() {
  for (size_t i = 0; i < objects_.size(); ++i) {
    const auto* profile = As<Profile>(i);
    if (profile == nullptr) continue;
    organizations_with_profiles_.insert(profile->organization_id);
    const std::string& reference = profile->id.empty() ? profile->display_name : profile->id;
    if (!reference.empty()) profiles_by_reference_.emplace(OrganizationAnd(profile->organization_id, reference), i);
  }
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (const auto* zone = As<Zone>(i); zone != nullptr && !zone->zone.empty()) zones_.emplace(zone->zone, i);
  }
}

size_t Linker::FindProfile(const Runner& runner, std::string_view reference) const {
  const auto found = profiles_by_reference_.find({runner.organization_id, reference});
  return found == profiles_by_reference_.end() ? kNone : found->second;
}

void Linker::ReportUnknownProfile(size_t index, size_t binding, const Runner& runner, std::string_view reference) {
  std::vector<std::string_view> known;
  for (const auto& [key, profile] : profiles_by_reference_) {
    if (key.first == runner.organization_id) known.push_back(key.second);
  }
  Issue& issue =
      ReportBinding(index, binding, IssueCode::kUnknownProfile,
                    "one or more profile_bindings reference a template that does not exist: " + Quoted(reference));
  const Node* list = At(objects_[index].node.get(), {"profile_bindings"});
  const Node* at = list == nullptr ? nullptr : At(list->items[binding].get(), {"profile_template_id"});
  if (at != nullptr) issue.position = at->position;
  const std::string_view nearest = NearestName(reference, known);
  if (!nearest.empty()) issue.suggestion = "did you mean " + Quoted(nearest) + "?";
}

void Linker::LinkZone(size_t index, const Runner& runner, RunnerLink& link) {
  const auto zone = zones_.find(runner.zone);
  if (zone != zones_.end()) {
    link.zone = zone->second;
    return;
  }
  if (runner.zone.empty() || (use_ == CatalogUse::kLint && zones_.empty())) return;
  std::vector<std::string_view> known;
  for (const auto& [name, object] : zones_) known.push_back(name);
  const Node* at = At(objects_[index].node.get(), {"identity", "zone"});
  Issue& issue = Report(index, IssueCode::kUnknownZone,
                        "zone " + Quoted(runner.zone) + " has no document, so its sandboxes have no zone defaults",
                        at == nullptr ? Position() : at->position);
  const std::string_view nearest = NearestName(runner.zone, known);
  if (!nearest.empty()) issue.suggestion = "did you mean " + Quoted(nearest) + "?";
}

RunnerLink Linker::Link(size_t index, const Runner& runner) {
  RunnerLink link;
  link.runner = index;
  LinkZone(index, runner, link);
  const bool zone_refused = link.zone != kNone && objects_[link.zone].refused;
  const bool check_profiles =
      use_ == CatalogUse::kServe || organizations_with_profiles_.contains(runner.organization_id);
  if (!check_profiles && !runner.bindings.empty()) {
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
    ReportBinding(index, i, IssueCode::kDuplicateBindingName,
                  "bindings " + std::to_string(other->second) + " and " + std::to_string(i) + " are both named " +
                      Quoted(linked.name) + "; give one of them a `profile_name`");
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
    if (As<Organization>(i) != nullptr) links.organizations.push_back(i);
    const auto* runner = std::get_if<Runner>(&objects_[i].value);
    if (runner == nullptr) continue;
    if (objects_[i].form == ObjectForm::kWhole) CheckRequired(i, *runner);
    CheckBindings(i, *runner);
    if (use_ == CatalogUse::kServe && objects_[i].form == ObjectForm::kFragment) continue;
    RunnerLink link = Link(i, *runner);
    if (objects_[i].refused || objects_[i].form != ObjectForm::kWhole) continue;
    for (const BindingLink& binding : link.bindings) bound.insert(binding.profile);
    links.runners.push_back(std::move(link));
  }
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
