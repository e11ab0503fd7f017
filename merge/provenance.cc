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

// Pointers to the unions that `higher` turns into another alternative.
void CollectDisplaced(const Rule& rule, const Node& lower, const Node& higher, Keys& keys,
                      std::vector<std::string>& displaced) {
  if (!lower.is_map() || !higher.is_map() || rule.open) return;
  if (rule.merge == MergeKind::kUnion && SetsAnotherType(lower, higher)) {
    displaced.push_back(PointerOf(keys));
    return;
  }
  for (const Member& member : higher.members) {
    const NodeRef* below = lower.Find(member.key);
    if (below == nullptr) continue;
    keys.push_back(member.key);
    CollectDisplaced(MemberRule(rule, member.key), **below, *member.value, keys, displaced);
    keys.pop_back();
  }
}

// Whether `path` lies below one of the pointers.
bool IsBelowAny(std::string_view path, std::span<const std::string> pointers) {
  return std::ranges::any_of(pointers, [&](const std::string& pointer) {
    return path.size() > pointer.size() && path.starts_with(pointer) && path[pointer.size()] == '/';
  });
}

// Whether a leaf stands at the path or below it, or one that is no object above it: then nothing there is unset.
bool SaysSomethingAt(const Leaves& leaves, const std::string& path) {
  if (leaves.contains(path)) return true;
  const std::string inside = path + "/";
  const auto below = leaves.lower_bound(inside);
  if (below != leaves.end() && below->first.starts_with(inside)) return true;
  for (size_t end = path.rfind('/'); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
    const auto above = leaves.find(path.substr(0, end));
    if (above != leaves.end() && !above->second.value->is_map()) return true;
  }
  return false;
}

using Rows = std::map<std::string, FieldProvenance>;

// Rows for what the nulls of each layer removed from the merge of the layers below it. What another type displaced was
// removed by no null, whatever the layers say of it.
void AddUnset(const LayerStack& stack, Rows& rows) {
  NodeRef merged;
  Leaves before;
  for (size_t layer = 0; layer < stack.size(); ++layer) {
    if (stack[layer] == nullptr) continue;
    std::vector<std::string> displaced;
    Keys keys;
    if (merged != nullptr) CollectDisplaced(kSpecRule, *merged, *stack[layer], keys, displaced);
    std::erase_if(rows, [&](const auto& row) { return IsBelowAny(row.first, displaced); });
    merged = Merge(merged, stack[layer]);
    Leaves after = LeavesOf(Finish(merged));
    for (const auto& [path, leaf] : before) {
      if (after.contains(path) || IsBelowAny(path, displaced) || !Unsets(stack[layer], leaf.keys)) continue;
      rows[path] = {path, nullptr, static_cast<Layer>(layer), ShadowedBelow(stack, layer, leaf.keys)};
    }
    std::erase_if(rows, [&](const auto& row) { return SaysSomethingAt(after, row.first); });
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
