#include "berth/merge/provenance.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "berth/merge/merge.h"
#include "berth/merge/rule.h"
#include "berth/spec/field_path.h"

namespace berth {
namespace {

using Keys = std::vector<std::string>;

constexpr std::string_view kPlacementPath = "/pod/placement/instanceTypes";
constexpr std::string_view kInstanceTypesPath = "/instance_types";

std::string PointerOf(const Keys& keys) {
  std::string pointer;
  for (const std::string& key : keys) AppendPointer(key, pointer);
  return pointer;
}

struct Leaf {
  Keys keys;
  NodeRef value;
};

using Leaves = std::map<std::string, Leaf>;  // by pointer

void CollectLeaves(const Rule& rule, const NodeRef& node, Keys& keys, Leaves& leaves) {
  const bool inner = node->is_map() && !node->members.empty() && rule.merge != MergeKind::kWhole;
  if (!inner) {
    leaves.emplace(PointerOf(keys), Leaf{keys, node});
    return;
  }
  for (const Member& member : node->members) {
    keys.push_back(member.key);
    CollectLeaves(MemberRule(rule, member.key), member.value, keys, leaves);
    keys.pop_back();
  }
}

Leaves LeavesOf(const NodeRef& spec) {
  Leaves leaves;
  Keys keys;
  if (spec != nullptr && !spec->members.empty()) CollectLeaves(kSpecRule, spec, keys, leaves);
  return leaves;
}

// What the layer says at the path: null where it says nothing. Outside pod.spec `{}` says nothing.
NodeRef ValueAt(const NodeRef& layer, const Keys& keys) {
  if (layer == nullptr) return nullptr;
  Rule rule = kSpecRule;
  const NodeRef* at = &layer;
  for (const std::string& key : keys) {
    rule = MemberRule(rule, key);
    at = (*at)->Find(key);
    if (at == nullptr) return nullptr;
  }
  const bool says_nothing = (*at)->is_null() || (!rule.open && (*at)->is_map() && (*at)->members.empty());
  return says_nothing ? nullptr : *at;
}

// Whether the layer says null at the path or above it.
bool Unsets(const NodeRef& layer, const Keys& keys) {
  const NodeRef* at = &layer;
  for (const std::string& key : keys) {
    at = (*at)->Find(key);
    if (at == nullptr) return false;
    if ((*at)->is_null()) return true;
  }
  return false;
}

// What layers below `layer` say at the path, highest first.
std::vector<NodeRef> ShadowedBelow(const LayerStack& stack, size_t layer, const Keys& keys) {
  std::vector<NodeRef> shadowed;
  while (layer-- > 0) {
    NodeRef value = ValueAt(stack[layer], keys);
    if (value != nullptr) shadowed.push_back(std::move(value));
  }
  return shadowed;
}

using Rows = std::map<std::string, FieldProvenance>;

// Rows for what the nulls of each layer removed from the merge of the layers below it.
void AddUnset(const LayerStack& stack, Rows& rows) {
  NodeRef merged;
  Leaves before;
  for (size_t layer = 0; layer < stack.size(); ++layer) {
    if (stack[layer] == nullptr) continue;
    merged = Merge(merged, stack[layer]);
    Leaves after = LeavesOf(Finish(merged));
    for (const auto& [path, leaf] : before) {
      if (after.contains(path) || !Unsets(stack[layer], leaf.keys)) continue;
      rows[path] = {path, nullptr, static_cast<Layer>(layer), ShadowedBelow(stack, layer, leaf.keys)};
    }
    for (const auto& [path, leaf] : after) rows.erase(path);
    before = std::move(after);
  }
}

// `pod.placement.instanceTypes` is `instance_types` in the result, or hidden by it.
void MoveInstanceTypes(Rows& rows) {
  const auto placement = rows.find(std::string(kPlacementPath));
  if (placement == rows.end() || placement->second.value == nullptr) return;
  FieldProvenance moved = std::move(placement->second);
  rows.erase(placement);
  moved.path = kInstanceTypesPath;
  const auto structured = rows.find(moved.path);
  if (structured == rows.end() || structured->second.value == nullptr) rows[moved.path] = std::move(moved);
}

}  // namespace

std::vector<FieldProvenance> ExplainFields(const LayerStack& stack) {
  Rows rows;
  AddUnset(stack, rows);
  const NodeRef merged = MergeLayers(stack);
  for (const auto& [path, leaf] : LeavesOf(merged)) {
    const Layer layer = leaf.value->layer;
    rows[path] = {path, leaf.value, layer, ShadowedBelow(stack, static_cast<size_t>(layer), leaf.keys)};
  }
  MoveInstanceTypes(rows);
  for (const auto& [path, leaf] : LeavesOf(Complete(merged))) {
    if (leaf.value->layer != Layer::kDefault) continue;
    FieldProvenance& row = rows[path];  // a row here says who unset the field; what it hid stays shadowed
    row.path = path;
    row.value = leaf.value;
    row.layer = Layer::kDefault;
  }
  std::vector<FieldProvenance> fields;
  fields.reserve(rows.size());
  for (auto& [path, row] : rows) fields.push_back(std::move(row));
  return fields;
}

}  // namespace berth
