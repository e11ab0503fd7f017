#include "berth/engine/launch_access.h"

#include <algorithm>

#include "berth/spec/fold.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"
#include "berth/validate/override_path.h"

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

// `overrides` that set something at the path, or the list that the path leads into.
NodeRef OverridesAt(const SpecPath& path) {
  std::span<const SpecPath::Step> steps = path.steps();
  const auto element = std::ranges::find(steps, true, &SpecPath::Step::element);
  steps = steps.first(static_cast<size_t>(element - steps.begin()));
  NodeRef node = MakeScalar(NodeKind::kString, Layer::kSandbox, {}, "x");
  const bool whole_pod_spec =
      path.fields().back()->type == FieldType::kOpenTree && path.steps().size() == path.fields().size();
  if (whole_pod_spec) node = WithMember(nullptr, "*", node, Layer::kSandbox);
  for (size_t i = steps.size(); i-- > 0;) node = WithMember(nullptr, steps[i].name, node, Layer::kSandbox);
  return node;
}

}  // namespace

LaunchMay WhatLaunchMay(const SpecPath& path, std::span<const std::string_view> opened) {
  LaunchMay may;
  may.access = LaunchAccess::kNotSpec;
  may.reserved = IsReserved(path);
  if (path.fields().empty() || may.reserved) return may;
  // What is said of a field holds for everything in it, unless it can be opened.
  may.access = LaunchAccess::kOpenable;
  for (const Field* field : path.fields()) {
    if (may.access == LaunchAccess::kOpenable) may.access = field->launch;
  }
  if (may.access == LaunchAccess::kSets || may.access == LaunchAccess::kChooses) {
    may.request_fields = RequestFieldsOf(path.canonical());
  }
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
  return may;
}

}  // namespace berth
