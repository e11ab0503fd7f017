#include "berth/merge/merge.h"

#include <tuple>
#include <utility>

#include "berth/merge/rule.h"

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
  if (higher->members.empty()) {
    // `{}` sets nothing; inside pod.spec it is a value, and the higher layer's when both say so.
    if (!rule.open || !lower->members.empty()) return lower;
    return lower->resets ? Resetting(higher) : higher;
  }
  auto merged = std::make_shared<Node>();
  merged->kind = NodeKind::kMap;
  merged->layer = higher->layer;
  merged->position = higher->position;
  merged->resets = lower->resets;
  merged->members.reserve(lower->members.size() + higher->members.size());
  auto low = lower->members.begin();
  auto high = higher->members.begin();
  while (low != lower->members.end() || high != higher->members.end()) {
    if (high == higher->members.end() || (low != lower->members.end() && low->key < high->key)) {
      merged->members.push_back(*low++);
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

NodeRef MergeValue(const Rule& rule, const NodeRef& lower, const NodeRef& higher) {
  if (!higher->is_map() || higher->resets || rule.merge == MergeKind::kReplace) return higher;
  // An empty pair says nothing.
  if (rule.merge == MergeKind::kWhole) return higher->members.empty() ? lower : higher;
  if (!lower->is_map()) return Resetting(higher);
  if (rule.merge == MergeKind::kUnion && SetsAnotherType(*lower, *higher)) return Resetting(higher);
  return MergeMembers(rule, lower, higher);
}

NodeRef FinishValue(const Rule& rule, const NodeRef& value) {
  if (value->is_list() && rule.open) {
    auto list = std::make_shared<Node>(*value);
    for (NodeRef& item : list->items) item = FinishValue(rule, item);
    return list;
  }
  if (!value->is_map()) return value;
  auto map = std::make_shared<Node>(*value);
  map->members.clear();
  map->resets = false;
  bool changed = value->resets;
  for (const Member& member : value->members) {
    const Rule member_rule = MemberRule(rule, member.key);
    NodeRef finished = member.value->is_null() ? nullptr : FinishValue(member_rule, member.value);
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

NodeRef WithNamespaceDefaults(NodeRef spec) {
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
  return WithNamespaceDefaults(std::move(completed));
}

}  // namespace berth
