#include "berth/merge/provenance.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
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

// The elements of lists that merge, by their keys: looking through the list for each of its leaves would be quadratic.
class Elements {
 public:
  struct List {
    NodeRef list;  // kept, so that its address stays its own
    std::map<std::string, size_t, std::less<>> places;
    NodeRef replaces;  // the element that replaces the lower list, or null
  };

  const List& Of(const PodField& field, const NodeRef& list) {
    const auto [place, added] = lists_.try_emplace(list.get());
    List& elements = place->second;
    if (!added) return elements;
    elements.list = list;
    for (size_t i = 0; i < list->items.size(); ++i) {
      if (DirectiveOf(*list->items[i]) == PatchDirective::kReplace) elements.replaces = list->items[i];
      if (auto key = ElementKey(field, *list->items[i]); key.has_value()) elements.places.emplace(*std::move(key), i);
    }
    return elements;
  }

  std::optional<size_t> Find(const PodField& field, const NodeRef& list, std::string_view key) {
    const List& elements = Of(field, list);
    const auto place = elements.places.find(key);
    return place == elements.places.end() ? std::nullopt : std::optional(place->second);
  }

 private:
  std::map<const Node*, List> lists_;
};

// A place in a merged spec.
struct Place {
  std::string pointer;
  // Set where an element on the way is not there: how many steps lead to its list, and whether the list still has others.
  std::optional<size_t> missing_in;
  bool list_stays = false;
};

Place Locate(const NodeRef& spec, const Steps& steps, Elements& elements) {
  Place place;
  Rule rule = kSpecRule;
  NodeRef at = spec;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (!step.element) {
      AppendPointer(step.name, place.pointer);
      const NodeRef* member = at == nullptr ? nullptr : at->Find(step.name);
      at = member == nullptr ? nullptr : *member;
      rule = MemberRule(rule, step.name);
      continue;
    }
    place.list_stays = at != nullptr && !at->items.empty() && rule.elements != nullptr;
    const std::optional<size_t> index = place.list_stays ? elements.Find(*rule.elements, at, step.name) : std::nullopt;
    if (!index.has_value()) {
      place.missing_in = i;
      return place;
    }
    AppendPointer(std::to_string(*index), place.pointer);
    at = NodeRef(at->items[*index]);
    rule = ElementRule(rule);
  }
  return place;
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
  static NodeRef Read(const NodeRef& layer, const Steps& steps, Elements& elements) {
    if (layer == nullptr) return nullptr;
    LayerReader reader(layer, elements);
    for (const Step& step : steps) {
      if (!(step.element ? reader.EnterElement(step.name) : reader.EnterMember(step.name))) return reader.otherwise_;
    }
    // Outside pod.spec `{}` says nothing.
    const bool says_nothing = !reader.rule_.open && reader.at_->is_map() && reader.at_->members.empty();
    return says_nothing ? reader.otherwise_ : reader.at_;
  }

 private:
  LayerReader(NodeRef layer, Elements& elements) : elements_(elements), at_(std::move(layer)) {}

  bool EnterMember(std::string_view name) {
    if (at_->resets || DirectiveOf(*at_) == PatchDirective::kReplace) otherwise_ = Unset(*at_);
    const NodeRef* member = at_->Find(name);
    if (member == nullptr) return false;
    rule_ = MemberRule(rule_, name);
    return EnterValue(*member);
  }

  bool EnterElement(std::string_view key) {
    if (rule_.elements == nullptr || !at_->is_list()) return false;
    const Elements::List& list = elements_.Of(*rule_.elements, at_);
    if (list.replaces != nullptr || at_->items.empty()) otherwise_ = Unset(list.replaces ? *list.replaces : *at_);
    const auto place = list.places.find(key);
    if (place == list.places.end()) return false;
    rule_ = ElementRule(rule_);
    return EnterValue(at_->items[place->second]);
  }

  bool EnterValue(NodeRef value) {
    const bool unsets = value->is_null() || (rule_.open && DirectiveOf(*value) == PatchDirective::kDelete);
    if (unsets) otherwise_ = Unset(*value);
    at_ = std::move(value);
    return !unsets;
  }

  Elements& elements_;
  Rule rule_ = kSpecRule;
  NodeRef at_;
  NodeRef otherwise_;  // what it says where it has no value
};

using Places = std::set<std::string, std::less<>>;  // identities

// Finds what `higher` displaces in `lower` by choosing another alternative.
class DisplacementFinder {
 public:
  explicit DisplacementFinder(Elements& elements) : elements_(elements) {}

  Places Find(const NodeRef& lower, const NodeRef& higher) {
    if (lower != nullptr) Visit(kSpecRule, lower, higher);
    return std::move(displaced_);
  }

 private:
  void Enter(Step step, const Rule& below, const NodeRef& lower, const NodeRef& higher) {
    steps_.push_back(std::move(step));
    Visit(below, lower, higher);
    steps_.pop_back();
  }

  void Visit(const Rule& rule, const NodeRef& lower, const NodeRef& higher) {
    if (rule.open && DirectiveOf(*higher) == PatchDirective::kDelete) return;  // chooses nothing
    if (rule.merge == MergeKind::kUnion && SetsAnotherType(*lower, *higher)) {
      displaced_.insert(IdentityOf(steps_));
      return;
    }
    const bool displaces = rule.open && SetsAlternative(rule, *higher);
    for (const Member& member : lower->members) {
      const NodeRef* above = higher->Find(member.key);
      const bool set_above =
          above != nullptr && !(*above)->is_null() && DirectiveOf(**above) != PatchDirective::kDelete;
      if (displaces && IsAlternative(rule, member.key) && !set_above) {
        if (member.value->is_null()) continue;  // was unset before, and stays so
        steps_.push_back({member.key, false});
        displaced_.insert(IdentityOf(steps_));
        steps_.pop_back();
      } else if (above != nullptr) {
        Enter({member.key, false}, MemberRule(rule, member.key), member.value, *above);
      }
    }
    if (rule.elements == nullptr || !lower->is_list()) return;
    for (const NodeRef& item : higher->items) {
      std::string key = ElementKey(*rule.elements, *item).value_or("");
      const std::optional<size_t> place = elements_.Find(*rule.elements, lower, key);
      if (!place.has_value() || DirectiveOf(*lower->items[*place]) != PatchDirective::kNone) continue;
      Enter({std::move(key), true}, ElementRule(rule), lower->items[*place], item);
    }
  }

  Elements& elements_;
  Steps steps_;
  Places displaced_;
};

// Whether the place is one of these or in one of them.
bool IsInAny(std::string_view identity, const Places& places) {
  for (size_t end = identity.size(); end != std::string_view::npos && end > 0; end = identity.rfind('/', end - 1)) {
    if (places.contains(identity.substr(0, end))) return true;
  }
  return false;
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

struct Row {
  Steps steps;
  NodeRef value;
  Layer layer = Layer::kDefault;
};
using Rows = std::map<std::string, Row>;  // by identity

// Rows for what each layer removed from the merge of the layers below it. What another alternative displaced was
// removed by no null, whatever the layers say of it.
Rows UnsetRows(const LayerStack& stack, Elements& elements) {
  Rows rows;
  NodeRef merged;
  Leaves before;
  for (size_t layer = 0; layer < stack.size(); ++layer) {
    if (stack[layer] == nullptr) continue;
    const Places displaced = DisplacementFinder(elements).Find(merged, stack[layer]);
    std::erase_if(rows, [&](const auto& row) { return IsInAny(row.first, displaced); });
    merged = Merge(merged, stack[layer]);
    const NodeRef finished = Finish(merged);
    Leaves after = LeavesOf(finished);
    for (const auto& [identity, leaf] : before) {
      if (after.contains(identity) || IsInAny(identity, displaced)) continue;
      const NodeRef said = LayerReader::Read(stack[layer], leaf.steps, elements);
      // A list that only deletes says nothing either, so the directive above it has the word.
      const auto deletes = [](const NodeRef& item) { return DirectiveOf(*item) == PatchDirective::kDelete; };
      const bool removes =
          said != nullptr && (said->is_null() || (!said->items.empty() && std::ranges::all_of(said->items, deletes)));
      if (!removes) continue;
      // The leaf, or the list of elements that it was in; an element gone from a list that stays has no row.
      const Place place = Locate(finished, leaf.steps, elements);
      if (place.missing_in.has_value() && place.list_stays) continue;
      Steps gone = leaf.steps;
      if (place.missing_in.has_value()) gone.resize(*place.missing_in);
      std::string gone_identity = IdentityOf(gone);
      rows[std::move(gone_identity)] = {std::move(gone), nullptr, static_cast<Layer>(layer)};
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

std::vector<FieldProvenance> ExplainFields(const LayerStack& stack) {
  Elements elements;
  Rows rows = UnsetRows(stack, elements);
  const NodeRef merged = MergeLayers(stack);
  for (auto& [identity, leaf] : LeavesOf(merged)) rows[identity] = {leaf.steps, leaf.value, leaf.value->layer};
  for (auto& [identity, leaf] : LeavesOf(Complete(merged))) {
    // Where a row says who unset the field, the default takes its place, and what was hidden stays so.
    if (leaf.value->layer == Layer::kDefault) rows[identity] = {leaf.steps, leaf.value, Layer::kDefault};
  }
  std::vector<FieldProvenance> fields;
  fields.reserve(rows.size());
  for (auto& [identity, row] : rows) {
    Place place = Locate(merged, row.steps, elements);
    if (place.missing_in.has_value()) continue;  // unset in an element that a later layer removed
    FieldProvenance& field = fields.emplace_back();
    field.path = std::move(place.pointer);
    field.value = std::move(row.value);
    field.layer = row.layer;
    for (size_t layer = 0; layer < stack.size(); ++layer)
      field.said[layer] = LayerReader::Read(stack[layer], row.steps, elements);
  }
  MoveInstanceTypes(fields);
  std::ranges::sort(fields, {}, &FieldProvenance::path);
  return fields;
}

}  // namespace berth
