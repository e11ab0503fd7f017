#include "berth/merge/merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "berth/merge/rule.h"
#include "berth/spec/pod_patch.h"

namespace berth {
namespace {

NodeRef Resetting(const NodeRef& map) {
  if (map->resets) return map;
  auto copy = std::make_shared<Node>(*map);
  copy->resets = true;
  return copy;
}

NodeRef MergeValue(const Rule& rule, const NodeRef& lower, const NodeRef& higher);

// Both are maps: one pass over the two sorted member lists.
NodeRef MergeMembers(const Rule& rule, const NodeRef& lower, const NodeRef& higher) {
  if (higher->members.empty() && !rule.open) return lower;  // in pod.spec `{}` is a value, if nothing is below it
  auto merged = std::make_shared<Node>();
  merged->kind = NodeKind::kMap;
  merged->layer = higher->layer;
  merged->position = higher->position;
  merged->resets = lower->resets;
  merged->members.reserve(lower->members.size() + higher->members.size());
  auto low = lower->members.begin();
  auto high = higher->members.begin();
  const bool displaces = SetsAlternative(rule, *higher);
  while (low != lower->members.end() || high != higher->members.end()) {
    if (high == higher->members.end() || (low != lower->members.end() && low->key < high->key)) {
      if (!displaces || !IsAlternative(rule, low->key)) merged->members.push_back(*low);
      ++low;
    } else if (low == lower->members.end() || high->key < low->key) {
      merged->members.push_back(*high++);
    } else {
      merged->members.push_back(*high);
      merged->members.back().value = MergeValue(MemberRule(rule, high->key), low->value, high->value);
      ++low;
      ++high;
    }
  }
  return merged;
}

// Lists of pod.spec whose elements merge: the lower order stays, new elements are appended.
NodeRef MergeElements(const Rule& rule, const NodeRef& lower, const NodeRef& higher) {
  const auto directive_is = [](PatchDirective wanted) {
    return [wanted](const NodeRef& item) { return DirectiveOf(*item) == wanted; };
  };
  if (higher->items.empty() || std::ranges::any_of(higher->items, directive_is(PatchDirective::kReplace))) {
    return higher;
  }
  auto merged = std::make_shared<Node>(*higher);
  merged->items.clear();
  std::map<std::string, size_t> places;
  for (const NodeRef& item : lower->items) {
    if (DirectiveOf(*item) != PatchDirective::kNone) continue;  // of the lowest layer: has nothing to act on
    if (std::optional<std::string> key = ElementKey(*rule.elements, *item); key.has_value()) {
      places.emplace(*std::move(key), merged->items.size());
    }
    merged->items.push_back(item);
  }
  bool changed = false;
  for (const NodeRef& item : higher->items) {
    const std::optional<std::string> key = ElementKey(*rule.elements, *item);
    const auto place = key.has_value() ? places.find(*key) : places.end();
    const bool deletes = DirectiveOf(*item) == PatchDirective::kDelete;
    changed = changed || !deletes || place != places.end();
    if (deletes) {
      if (place != places.end()) merged->items[place->second] = nullptr;
    } else if (place != places.end() && merged->items[place->second] != nullptr) {
      merged->items[place->second] = MergeValue(ElementRule(rule), merged->items[place->second], item);
    } else {
      merged->items.push_back(item);
    }
  }
  erase(merged->items, nullptr);
  return changed ? NodeRef(std::move(merged)) : lower;
}

// `higher` is a map with `$patch`, or one that merges over a map of pod.spec.
NodeRef MergePodMap(const Rule& rule, const NodeRef& lower, const NodeRef& higher) {
  switch (DirectiveOf(*higher)) {
    case PatchDirective::kDelete:
      return MakeScalar(NodeKind::kNull, higher->layer, higher->position, {});
    case PatchDirective::kReplace:
      return Resetting(higher);
    case PatchDirective::kNone:
      break;
  }
  // In the lowest layer a directive had nothing to act on; what stands beside `delete` says nothing.
  if (!lower->is_map() || DirectiveOf(*lower) == PatchDirective::kDelete) return Resetting(higher);
  return MergeMembers(rule, lower, higher);
}

NodeRef MergeValue(const Rule& rule, const NodeRef& lower, const NodeRef& higher) {
  if (rule.elements != nullptr && lower->is_list() && higher->is_list()) return MergeElements(rule, lower, higher);
  if (rule.open && higher->is_map() && !higher->resets) return MergePodMap(rule, lower, higher);
  if (!higher->is_map() || higher->resets || rule.merge == MergeKind::kReplace) return higher;
  // An empty pair says nothing.
  if (rule.merge == MergeKind::kWhole) return higher->members.empty() ? lower : higher;
  if (!lower->is_map()) return Resetting(higher);
  if (rule.merge == MergeKind::kUnion && SetsAnotherType(*lower, *higher)) return Resetting(higher);
  return MergeMembers(rule, lower, higher);
}

NodeRef FinishValue(const Rule& rule, const NodeRef& value);

// Whether a value inside pod.spec is nothing but directives that delete; over nothing it says nothing.
bool OnlyDeletes(const Rule& rule, const Node& value) {
  const auto deletes = [](const Node& node) { return DirectiveOf(node) == PatchDirective::kDelete; };
  if (deletes(value)) return rule.open;
  return rule.elements != nullptr && !value.items.empty() &&
         std::ranges::all_of(value.items, [&](const NodeRef& item) { return deletes(*item); });
}

// A list inside pod.spec: its elements without nulls, and no element that was a directive.
NodeRef FinishList(const Rule& rule, const NodeRef& value) {
  auto list = std::make_shared<Node>(*value);
  list->items.clear();
  bool changed = false;
  for (const NodeRef& item : value->items) {
    changed = changed || DirectiveOf(*item) != PatchDirective::kNone;
    if (DirectiveOf(*item) != PatchDirective::kNone) continue;
    list->items.push_back(FinishValue(ElementRule(rule), item));
    changed = changed || list->items.back() != item;
  }
  return changed ? NodeRef(std::move(list)) : value;
}

NodeRef FinishValue(const Rule& rule, const NodeRef& value) {
  if (value->is_list() && rule.open) return FinishList(rule, value);
  if (!value->is_map()) return value;
  auto map = std::make_shared<Node>(*value);
  map->members.clear();
  map->resets = false;
  bool changed = value->resets;
  for (const Member& member : value->members) {
    const Rule member_rule = MemberRule(rule, member.key);
    if (rule.open && IsDirectiveKey(member.key)) {
      changed = true;
      continue;
    }
    const bool unset = member.value->is_null() || OnlyDeletes(member_rule, *member.value);
    NodeRef finished = unset ? nullptr : FinishValue(member_rule, member.value);
    const bool vanishes = finished == nullptr || (!member_rule.open && finished->is_map() && finished->members.empty());
    changed = changed || vanishes || finished != member.value;
    if (vanishes) continue;
    map->members.push_back(member);
    map->members.back().value = std::move(finished);
  }
  return changed ? NodeRef(std::move(map)) : value;
}

NodeRef MoveInstanceTypes(NodeRef spec) {
  const Node* placement = At(spec.get(), {"pod", "placement", "instanceTypes"});
  if (placement == nullptr) return spec;
  const NodeRef pod = *spec->Find("pod");
  if (spec->Find("instance_types") == nullptr) {
    spec = WithMember(spec, "instance_types", *(*pod->Find("placement"))->Find("instanceTypes"), placement->layer);
  }
  // `instanceTypes` is the only member of `placement`.
  const NodeRef rest = WithoutMember(pod, "placement");
  return rest->members.empty() ? WithoutMember(spec, "pod") : WithMember(spec, "pod", rest, rest->layer);
}

NodeRef Default(NodeKind kind, std::string_view text) { return MakeScalar(kind, Layer::kDefault, {}, text); }

NodeRef CopyLimitToRequest(const NodeRef& spec, std::string_view limit, std::string_view request) {
  const Node* found = At(spec.get(), {"resource_defaults", limit});
  if (found == nullptr) return spec;
  const NodeRef& resources = *spec->Find("resource_defaults");
  if (resources->Find(request) != nullptr) return spec;
  const NodeRef copy = Default(NodeKind::kQuantity, found->text);
  return WithMember(spec, "resource_defaults", WithMember(resources, request, copy, resources->layer),
                    resources->layer);
}

NodeRef WithNamespaceDefaults(const NodeRef& spec) {
  const NodeRef* found = spec->Find("namespace");
  NodeRef record = found == nullptr ? nullptr : *found;
  for (const auto& [name, kind, text] :
       {std::tuple("strategy", NodeKind::kString, "per-org"), std::tuple("autoCreate", NodeKind::kBool, "true")}) {
    if (record == nullptr || record->Find(name) == nullptr) {
      record = WithMember(record, name, Default(kind, text), Layer::kDefault);
    }
  }
  return WithMember(spec, "namespace", std::move(record), Layer::kDefault);
}

}  // namespace

NodeRef Merge(const NodeRef& lower, const NodeRef& higher) {
  if (lower == nullptr) return higher;
  if (higher == nullptr) return lower;
  return MergeValue(kSpecRule, lower, higher);
}

NodeRef Finish(const NodeRef& merged) {
  if (merged == nullptr || !merged->is_map()) return nullptr;
  NodeRef finished = FinishValue(kSpecRule, merged);
  // `pod.spec` itself is a record like any other: empty, it goes, and may leave `pod` empty.
  if (const Node* pod_spec = At(finished.get(), {"pod", "spec"}); pod_spec != nullptr && pod_spec->members.empty()) {
    const NodeRef pod = WithoutMember(*finished->Find("pod"), "spec");
    finished = pod->members.empty() ? WithoutMember(finished, "pod") : WithMember(finished, "pod", pod, pod->layer);
  }
  return finished->members.empty() ? nullptr : finished;
}

NodeRef MergeLayers(std::span<const NodeRef> layers) {
  NodeRef merged;
  for (const NodeRef& layer : layers) merged = Merge(merged, layer);
  return Finish(merged);
}

NodeRef Complete(const NodeRef& spec) {
  NodeRef completed = spec;
  if (completed != nullptr) {
    completed = MoveInstanceTypes(std::move(completed));
    completed = CopyLimitToRequest(completed, "cpuLimit", "cpuRequest");
    completed = CopyLimitToRequest(completed, "memoryLimit", "memoryRequest");
  } else {
    auto empty = std::make_shared<Node>();
    empty->kind = NodeKind::kMap;
    completed = std::move(empty);
  }
  return WithNamespaceDefaults(completed);
}

}  // namespace berth
