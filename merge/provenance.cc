#include "berth/merge/provenance.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "berth/merge/merge.h"
#include "berth/merge/rule.h"
#include "berth/spec/field_path.h"
#include "berth/spec/pod_patch.h"

namespace berth {
namespace {

constexpr std::string_view kPlacement = "/pod/placement/instanceTypes";
constexpr std::string_view kInstanceTypes = "/instance_types";

// One step from a value to one in it: to the member of a map, or to the element with a key.
struct Step {
  std::string name;
  bool element = false;
};
using Steps = std::vector<Step>;

// Names the place whatever the order of elements. No member's name begins with the mark of an element's.
std::string IdentityOf(const Steps& steps) {
  std::string identity;
  for (const Step& step : steps) AppendPointer(step.element ? "\x01" + step.name : step.name, identity);
  return identity;
}

// The pointer to the place in `spec`; nothing when an element on the way is not there.
std::optional<std::string> PointerIn(const Node* spec, const Steps& steps) {
  std::string pointer;
  Rule rule = kSpecRule;
  for (const Step& step : steps) {
    if (step.element) {
      const std::optional<size_t> index =
          spec == nullptr || rule.elements == nullptr ? std::nullopt : FindElement(*rule.elements, *spec, step.name);
      if (!index.has_value()) return std::nullopt;
      AppendPointer(std::to_string(*index), pointer);
      spec = spec->items[*index].get();
      rule = ElementRule(rule);
    } else {
      AppendPointer(step.name, pointer);
      const NodeRef* member = spec == nullptr ? nullptr : spec->Find(step.name);
      spec = member == nullptr ? nullptr : member->get();
      rule = MemberRule(rule, step.name);
    }
  }
  return pointer;
}

struct Leaf {
  Steps steps;
  NodeRef value;
};

using Leaves = std::map<std::string, Leaf>;  // by identity

void CollectLeaves(const Rule& rule, const NodeRef& node, Steps& steps, Leaves& leaves) {
  const auto enter = [&](Step step, const Rule& below, const NodeRef& value) {
    steps.push_back(std::move(step));
    CollectLeaves(below, value, steps, leaves);
    steps.pop_back();
  };
  if (node->is_map() && !node->members.empty() && rule.merge != MergeKind::kWhole) {
    for (const Member& member : node->members) {
      enter({member.key, false}, MemberRule(rule, member.key), member.value);
    }
  } else if (node->is_list() && !node->items.empty() && rule.elements != nullptr) {
    for (const NodeRef& item : node->items) {
      enter({ElementKey(*rule.elements, *item).value_or(""), true}, ElementRule(rule), item);
    }
  } else {
    leaves.emplace(IdentityOf(steps), Leaf{steps, node});
  }
}

Leaves LeavesOf(const NodeRef& spec) {
  Leaves leaves;
  Steps steps;
  if (spec != nullptr && !spec->members.empty()) CollectLeaves(kSpecRule, spec, steps, leaves);
  return leaves;
}

NodeRef Unset(const Node& by) { return MakeScalar(NodeKind::kNull, by.layer, by.position, {}); }

// What one layer says at a place, as FieldProvenance::said has it.
class LayerReader {
 public:
  static NodeRef Read(const NodeRef& layer, const Steps& steps) {
    if (layer == nullptr) return nullptr;
    LayerReader reader(layer);
    for (const Step& step : steps) {
      if (!(step.element ? reader.EnterElement(step.name) : reader.EnterMember(step.name))) return reader.otherwise_;
    }
    // Outside pod.spec `{}` says nothing.
    const bool says_nothing = !reader.rule_.open && reader.at_->is_map() && reader.at_->members.empty();
    return says_nothing ? reader.otherwise_ : reader.at_;
  }

 private:
  explicit LayerReader(NodeRef layer) : at_(std::move(layer)) {}

  bool EnterMember(std::string_view name) {
    if (at_->resets || DirectiveOf(*at_) == PatchDirective::kReplace) otherwise_ = Unset(*at_);
    const NodeRef* member = at_->Find(name);
    if (member == nullptr) return false;
    rule_ = MemberRule(rule_, name);
    return EnterValue(*member);
  }

  bool EnterElement(std::string_view key) {
    for (const NodeRef& item : at_->items) {
      if (DirectiveOf(*item) == PatchDirective::kReplace) otherwise_ = Unset(*item);
    }
    if (rule_.elements == nullptr) return false;
    if (at_->is_list() && at_->items.empty()) otherwise_ = Unset(*at_);
    const auto has_key = [&](const NodeRef& item) { return ElementKey(*rule_.elements, *item) == key; };
    const auto item = std::ranges::find_if(at_->items, has_key);
    if (item == at_->items.end()) return false;
    rule_ = ElementRule(rule_);
    return EnterValue(*item);
  }

  bool EnterValue(NodeRef value) {
    const bool unsets = value->is_null() || (rule_.open && DirectiveOf(*value) == PatchDirective::kDelete);
    if (unsets) otherwise_ = Unset(*value);
    at_ = std::move(value);
    return !unsets;
  }

  Rule rule_ = kSpecRule;
  NodeRef at_;
  NodeRef otherwise_;  // what it says where it has no value
};

// The places of what `higher` displaces by choosing another alternative.
void CollectDisplaced(const Rule& rule, const Node& lower, const Node& higher, Steps& steps,
                      std::vector<std::string>& displaced) {
  const auto enter = [&](Step step, const Rule& below, const Node& low, const Node& high) {
    steps.push_back(std::move(step));
    CollectDisplaced(below, low, high, steps, displaced);
    steps.pop_back();
  };
  if (rule.open && DirectiveOf(higher) == PatchDirective::kDelete) return;  // chooses nothing
  if (rule.merge == MergeKind::kUnion && SetsAnotherType(lower, higher)) {
    displaced.push_back(IdentityOf(steps));
    return;
  }
  const bool displaces = rule.open && SetsAlternative(rule, higher);
  for (const Member& member : lower.members) {
    const NodeRef* above = higher.Find(member.key);
    const bool set_above = above != nullptr && !(*above)->is_null() && DirectiveOf(**above) != PatchDirective::kDelete;
    if (displaces && IsAlternative(rule, member.key) && !set_above) {
      if (member.value->is_null()) continue;  // was unset before, and stays so
      steps.push_back({member.key, false});
      displaced.push_back(IdentityOf(steps));
      steps.pop_back();
    } else if (above != nullptr) {
      enter({member.key, false}, MemberRule(rule, member.key), *member.value, **above);
    }
  }
  if (rule.elements == nullptr) return;
  for (const NodeRef& item : higher.items) {
    const std::string key = ElementKey(*rule.elements, *item).value_or("");
    const std::optional<size_t> below = FindElement(*rule.elements, lower, key);
    if (below.has_value()) enter({key, true}, ElementRule(rule), *lower.items[*below], *item);
  }
}

// Whether the place is one of these or in one of them.
bool IsInAny(std::string_view identity, std::span<const std::string> places) {
  return std::ranges::any_of(places, [&](const std::string& place) {
    return identity.starts_with(place) && (identity.size() == place.size() || identity[place.size()] == '/');
  });
}

// Whether a leaf stands at the place or in it, or one that is no map around it: then nothing there is unset.
bool SaysSomethingAt(const Leaves& leaves, const std::string& identity) {
  if (leaves.contains(identity)) return true;
  const std::string inside = identity + "/";
  const auto below = leaves.lower_bound(inside);
  if (below != leaves.end() && below->first.starts_with(inside)) return true;
  for (size_t end = identity.rfind('/'); end != std::string::npos && end > 0; end = identity.rfind('/', end - 1)) {
    const auto above = leaves.find(identity.substr(0, end));
    if (above != leaves.end() && !above->second.value->is_map()) return true;
  }
  return false;
}

// What is gone from `spec` when the leaf at `steps` is: the leaf, or the list of elements that it was in. Nothing when
// its element is gone from a list that stays.
std::optional<Steps> GoneFrom(const Node* spec, const Steps& steps) {
  Rule rule = kSpecRule;
  for (auto step = steps.begin(); step != steps.end(); ++step) {
    if (step->element) {
      if (spec == nullptr || spec->items.empty() || rule.elements == nullptr) return Steps(steps.begin(), step);
      const std::optional<size_t> index = FindElement(*rule.elements, *spec, step->name);
      if (!index.has_value()) return std::nullopt;
      spec = spec->items[*index].get();
      rule = ElementRule(rule);
    } else {
      const NodeRef* member = spec == nullptr ? nullptr : spec->Find(step->name);
      spec = member == nullptr ? nullptr : member->get();
      rule = MemberRule(rule, step->name);
    }
  }
  return steps;
}

struct Row {
  Steps steps;
  NodeRef value;
  Layer layer = Layer::kDefault;
};
using Rows = std::map<std::string, Row>;  // by identity

// Rows for what each layer removed from the merge of the layers below it. What another alternative displaced was
// removed by no null, whatever the layers say of it.
Rows UnsetRows(const LayerStack& stack) {
  Rows rows;
  NodeRef merged;
  Leaves before;
  for (size_t layer = 0; layer < stack.size(); ++layer) {
    if (stack[layer] == nullptr) continue;
    std::vector<std::string> displaced;
    Steps steps;
    if (merged != nullptr) CollectDisplaced(kSpecRule, *merged, *stack[layer], steps, displaced);
    std::erase_if(rows, [&](const auto& row) { return IsInAny(row.first, displaced); });
    merged = Merge(merged, stack[layer]);
    const NodeRef finished = Finish(merged);
    Leaves after = LeavesOf(finished);
    for (const auto& [identity, leaf] : before) {
      if (after.contains(identity) || IsInAny(identity, displaced)) continue;
      const NodeRef said = LayerReader::Read(stack[layer], leaf.steps);
      // A list that only deletes says nothing either, so the directive above it has the word.
      const auto deletes = [](const NodeRef& item) { return DirectiveOf(*item) == PatchDirective::kDelete; };
      const bool removes =
          said != nullptr && (said->is_null() || (!said->items.empty() && std::ranges::all_of(said->items, deletes)));
      if (!removes) continue;
      std::optional<Steps> gone = GoneFrom(finished.get(), leaf.steps);
      if (gone.has_value()) rows[IdentityOf(*gone)] = {*gone, nullptr, static_cast<Layer>(layer)};
    }
    std::erase_if(rows, [&](const auto& row) { return SaysSomethingAt(after, row.first); });
    before = std::move(after);
  }
  return rows;
}

// `pod.placement.instanceTypes` is `instance_types` in the result, or hidden by it.
void MoveInstanceTypes(std::vector<FieldProvenance>& fields) {
  const auto placement = std::ranges::find(fields, kPlacement, &FieldProvenance::path);
  if (placement == fields.end() || placement->value == nullptr) return;
  FieldProvenance moved = std::move(*placement);
  fields.erase(placement);
  moved.path = kInstanceTypes;
  const auto structured = std::ranges::find(fields, kInstanceTypes, &FieldProvenance::path);
  if (structured == fields.end()) {
    fields.push_back(std::move(moved));
  } else if (structured->value == nullptr) {
    for (size_t layer = 0; layer < moved.said.size(); ++layer) {  // who unset the field that counts
      const NodeRef& unset = structured->said[layer];
      if (moved.said[layer] == nullptr && unset != nullptr && unset->is_null()) moved.said[layer] = unset;
    }
    *structured = std::move(moved);
  }
}

}  // namespace

std::vector<NodeRef> FieldProvenance::Shadowed() const {
  std::vector<NodeRef> shadowed;
  for (size_t below = std::min(static_cast<size_t>(layer), said.size()); below-- > 0;) {
    if (said[below] != nullptr && !said[below]->is_null()) shadowed.push_back(said[below]);
  }
  return shadowed;
}

std::vector<FieldProvenance> ExplainFields(const LayerStack& stack) {
  Rows rows = UnsetRows(stack);
  const NodeRef merged = MergeLayers(stack);
  for (auto& [identity, leaf] : LeavesOf(merged)) rows[identity] = {leaf.steps, leaf.value, leaf.value->layer};
  for (auto& [identity, leaf] : LeavesOf(Complete(merged))) {
    // Where a row says who unset the field, the default takes its place, and what was hidden stays so.
    if (leaf.value->layer == Layer::kDefault) rows[identity] = {leaf.steps, leaf.value, Layer::kDefault};
  }
  std::vector<FieldProvenance> fields;
  fields.reserve(rows.size());
  for (auto& [identity, row] : rows) {
    std::optional<std::string> pointer = PointerIn(merged.get(), row.steps);
    if (!pointer.has_value()) continue;  // unset in an element that a later layer removed
    FieldProvenance& field = fields.emplace_back();
    field.path = *std::move(pointer);
    field.value = std::move(row.value);
    field.layer = row.layer;
    for (size_t layer = 0; layer < stack.size(); ++layer)
      field.said[layer] = LayerReader::Read(stack[layer], row.steps);
  }
  MoveInstanceTypes(fields);
  std::ranges::sort(fields, {}, &FieldProvenance::path);
  return fields;
}

}  // namespace berth
