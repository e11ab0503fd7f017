#include "berth/engine/launch_access.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "berth/spec/fold.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"
#include "berth/spec/pod_field.h"
#include "berth/validate/override_path.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

struct RequestFields {
  std::string_view path;
  std::string_view names;
};
// What a request calls the fields that it sets or chooses from; SandboxLayer (berth/spec/launch.h) puts them there.
constexpr RequestFields kRequestFields[] = {
    {"/container_image", "`container_image`"},
    {"/resource_defaults", "`resource_requests` and `resource_limits`"},
    {"/resource_defaults/cpuRequest", "`resource_requests.cpu`"},
    {"/resource_defaults/memoryRequest", "`resource_requests.memory`"},
    {"/resource_defaults/cpuLimit", "`resource_limits.cpu`"},
    {"/resource_defaults/memoryLimit", "`resource_limits.memory`"},
    {"/network", "`network.egress_mode` and `network.ingress_mode`"},
    {"/network/egress", "`network.egress_mode`"},
    {"/network/ingress", "`network.ingress_mode`"},
    {"/pod/metadata/annotations", "`pod_annotations`"},
};

// Those of the longest of the table's paths that is or encloses `pointer`.
std::string_view RequestFieldsOf(std::string_view pointer) {
  const RequestFields* best = nullptr;
  for (const RequestFields& row : kRequestFields) {
    const bool encloses =
        pointer.starts_with(row.path) && (pointer.size() == row.path.size() || pointer[row.path.size()] == '/');
    if (encloses && (best == nullptr || row.path.size() > best->path.size())) best = &row;
  }
  return best == nullptr ? std::string_view() : best->names;
}

// Whether a launch may do the same with everything in the field.
bool IsUniform(const Field& field) {
  if (field.type != FieldType::kRecord) return true;
  return std::ranges::all_of(FieldsOf(field.members),
                             [&](const Field& member) { return member.launch == field.launch && IsUniform(member); });
}

bool IsReserved(const SpecPath& path) {
  const std::span<const SpecPath::Step> steps = path.steps();
  return steps.size() == 4 && steps[0].name == "pod" && steps[1].name == "metadata" && IsReservedKey(steps[3].name);
}

// Only a profile may set these, where the runner lets it.
bool IsRestricted(const SpecPath& path) {
  const std::span<const SpecPath::Step> steps = path.steps();
  return steps.size() == 4 && steps[0].name == "pod" && steps[2].name == "annotations" &&
         IsRestrictedAnnotation(steps[3].name);
}

// The path as `launch_overrides` spells it: without users' keys and elements.
std::string DottedPath(const SpecPath& path) {
  std::string dotted;
  for (const Field* field : path.fields()) dotted.append(dotted.empty() ? "" : ".").append(field->name);
  if (path.fields().back()->type != FieldType::kOpenTree) return dotted;
  for (const SpecPath::Step& step : path.steps().subspan(path.fields().size())) {
    if (!step.element) dotted.append(".").append(step.name);
  }
  return dotted;
}

// The rows of pod.spec's table along the path, one for each step; null outside and where the table has none. Elements
// have the row of their list.
std::vector<const PodField*> PodFieldsAlong(const SpecPath& path) {
  std::vector<const PodField*> rows(path.steps().size(), nullptr);
  if (path.fields().back()->type != FieldType::kOpenTree) return rows;
  PodRecord record = PodRecord::kPodSpec;
  for (size_t i = path.fields().size(); i < rows.size(); ++i) {
    if (path.steps()[i].element) {
      rows[i] = rows[i - 1];
      continue;
    }
    rows[i] = FindPodField(record, path.steps()[i].name);
    record = rows[i] == nullptr ? PodRecord::kNone : rows[i]->members;
  }
  return rows;
}

// An element with what a layer must say of it to name it.
NodeRef WithKeys(NodeRef element, const PodField& list) {
  for (const std::string_view key : list.merge_keys) {
    const bool optional = key == list.merge_keys[1] && !list.default_key.empty();
    if (key.empty() || optional || element->Find(key) != nullptr) continue;
    element = WithMember(element, key, MakeScalar(NodeKind::kString, Layer::kSandbox, {}, "x"), Layer::kSandbox);
  }
  return element;
}

// `overrides` that set something at the path, or, where it ends at an element, the list.
NodeRef OverridesAt(const SpecPath& path) {
  std::span<const SpecPath::Step> steps = path.steps();
  const std::vector<const PodField*> rows = PodFieldsAlong(path);
  while (!steps.empty() && steps.back().element) steps = steps.first(steps.size() - 1);
  NodeRef node = MakeScalar(NodeKind::kString, Layer::kSandbox, {}, "x");
  const bool whole_pod_spec =
      path.fields().back()->type == FieldType::kOpenTree && path.steps().size() == path.fields().size();
  if (whole_pod_spec) node = WithMember(nullptr, "*", node, Layer::kSandbox);
  for (size_t i = steps.size(); i-- > 0;) {
    if (!steps[i].element) {
      node = WithMember(nullptr, steps[i].name, node, Layer::kSandbox);
      continue;
    }
    auto list = std::make_shared<Node>();
    list->kind = NodeKind::kList;
    list->layer = Layer::kSandbox;
    const bool keyed = rows[i] != nullptr && rows[i]->type == PodType::kKeyedList;
    list->items.push_back(keyed ? WithKeys(std::move(node), *rows[i]) : std::move(node));
    node = std::move(list);
  }
  return node;
}

// `below` is `path` or stands below it; both are dotted.
bool Encloses(std::string_view path, std::string_view below) {
  return below.starts_with(path) && (below.size() == path.size() || below[path.size()] == '.');
}

// The organization's paths in canonical names.
std::vector<std::string> CanonicalPaths(std::span<const std::string_view> opened) {
  std::vector<std::string> paths;
  for (const std::string_view written : opened) {
    std::string pointer = "/";
    for (const char c : written) pointer += c == '.' ? '/' : c;
    const SpecPath path(pointer);
    if (path.known() && !path.fields().empty()) paths.push_back(DottedPath(path));
  }
  return paths;
}

}  // namespace

LaunchMay WhatLaunchMay(const SpecPath& path, std::span<const std::string_view> opened) {
  LaunchMay may;
  may.access = LaunchAccess::kNotSpec;
  may.reserved = IsReserved(path);
  if (path.fields().empty() || may.reserved) return may;
  // What is said of a field holds for everything in it, unless it can be opened, or an entry of it chosen.
  may.access = LaunchAccess::kOpenable;
  bool chosen = false;
  for (const Field* field : path.fields()) {
    chosen = chosen || field->launch == LaunchAccess::kChooses;
    if (may.access == LaunchAccess::kOpenable || may.access == LaunchAccess::kChooses) may.access = field->launch;
  }
  if (IsRestricted(path)) may.access = LaunchAccess::kNever;
  if (may.access == LaunchAccess::kSets || chosen) may.request_fields = RequestFieldsOf(path.canonical());
  if (may.access != LaunchAccess::kOpenable) return may;
  const Field& last = *path.fields().back();
  if (!IsUniform(last)) {
    may.access = LaunchAccess::kNotSpec;
    return may;
  }
  const OverridePathCheck check = CheckOverridePath(DottedPath(path));
  if (!check.ok() && check.code == IssueCode::kClosedOverridePath) {
    may.access = LaunchAccess::kNever;
    return may;
  }
  // Each member of pod.spec counts as one field there.
  may.opened_as = DottedPath(path);
  if (last.type == FieldType::kOpenTree && path.steps().size() > path.fields().size()) {
    const SpecPath::Step& member = path.steps()[path.fields().size()];
    may.opened_as = "pod.spec." + member.name;
  }
  may.opened = !FirstClosedPath(*OverridesAt(path), opened).has_value();
  const std::string dotted = DottedPath(path);
  for (const std::string& one : CanonicalPaths(opened)) {
    if (may.opened && Encloses(one, dotted)) may.opened_as = one;
    may.partly = may.partly || (!may.opened && Encloses(dotted, one));
  }
  return may;
}

}  // namespace berth
