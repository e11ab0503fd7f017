// Provenance is true: without the leaf that a row names, in the layer it names, the row is another one.

#ifndef BERTH_TESTS_PROVENANCE_CHECK_H_
#define BERTH_TESTS_PROVENANCE_CHECK_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/merge/merge.h"
#include "berth/merge/provenance.h"
#include "berth/merge/rule.h"
#include "berth/spec/pod_patch.h"

namespace berth {

inline std::vector<std::string> TokensOf(std::string_view pointer) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] == '~') {
      tokens.back() += pointer[++i] == '0' ? '~' : '/';
    } else {
      tokens.back() += pointer[i];
    }
  }
  return tokens;
}

// What a layer says without the value at the path into `result`, or without the null above it. Nothing when that cannot
// be left out alone: a merge key, what a directive did, or nothing at all.
inline std::optional<NodeRef> WithoutLeaf(const Rule& rule, const NodeRef& layer, const Node* result,
                                          std::span<const std::string> tokens, bool unset) {
  const auto directs = [&](const Node& node) {
    const PatchDirective directive = DirectiveOf(node);
    return directive == PatchDirective::kDelete || (unset && (directive == PatchDirective::kReplace || node.resets));
  };
  if (directs(*layer)) return std::nullopt;
  if (layer->is_list()) {
    const auto replaces = [&](const NodeRef& item) { return DirectiveOf(*item) == PatchDirective::kReplace; };
    if (unset && std::ranges::any_of(layer->items, replaces)) return std::nullopt;
    if (rule.elements == nullptr || result == nullptr || !result->is_list()) return std::nullopt;
    const NodeRef& wanted = result->items.at(std::stoul(tokens.front()));
    const std::optional<size_t> index =
        FindElement(*rule.elements, *layer, ElementKey(*rule.elements, *wanted).value_or(""));
    const bool is_key = tokens.size() == 2 &&
                        std::ranges::find(rule.elements->merge_keys, tokens[1]) != rule.elements->merge_keys.end();
    if (!index.has_value() || is_key) return std::nullopt;
    auto copy = std::make_shared<Node>(*layer);
    std::optional<NodeRef> item =
        WithoutLeaf(ElementRule(rule), layer->items[*index], wanted.get(), tokens.subspan(1), unset);
    if (!item.has_value()) return std::nullopt;
    copy->items[*index] = *item;
    return copy;
  }
  const NodeRef* member = layer->Find(tokens.front());
  if (member == nullptr) return std::nullopt;
  if (tokens.size() == 1 || (*member)->is_null()) return WithoutMember(layer, tokens.front());
  const NodeRef* below = result == nullptr ? nullptr : result->Find(tokens.front());
  std::optional<NodeRef> rest = WithoutLeaf(MemberRule(rule, tokens.front()), *member,
                                            below == nullptr ? nullptr : below->get(), tokens.subspan(1), unset);
  if (!rest.has_value()) return std::nullopt;
  return WithMember(layer, tokens.front(), *rest, layer->layer);
}

// What lower layers say and the row's layer hides, highest layer first.
inline std::vector<NodeRef> ShadowedOf(const FieldProvenance& field) {
  std::vector<NodeRef> shadowed;
  for (size_t below = std::min(static_cast<size_t>(field.layer), field.said.size()); below-- > 0;) {
    if (field.said[below] != nullptr && !field.said[below]->is_null()) shadowed.push_back(field.said[below]);
  }
  return shadowed;
}

struct ProvenanceCheck {
  std::string false_path;  // of the first row that is not true; empty: all are
  size_t checked = 0;
};

// Tries every `step`th row; each costs another explanation.
inline ProvenanceCheck CheckProvenance(const LayerStack& layers, size_t step = 1) {
  const auto same = [](const FieldProvenance& a, const FieldProvenance& b) {
    return a.path == b.path && a.layer == b.layer && (a.value == nullptr) == (b.value == nullptr) &&
           (a.value == nullptr || (SameValue(*a.value, *b.value) && a.value->position == b.value->position));
  };
  const NodeRef result = MergeLayers(layers);
  const std::vector<FieldProvenance> rows = ExplainFields(layers);
  ProvenanceCheck check;
  for (size_t i = 0; i < rows.size(); i += step) {
    const FieldProvenance& row = rows[i];
    if (row.layer == Layer::kDefault) continue;
    LayerStack changed = layers;
    NodeRef& layer = changed[static_cast<size_t>(row.layer)];
    std::optional<NodeRef> without =
        WithoutLeaf(kSpecRule, layer, result.get(), TokensOf(row.path), row.value == nullptr);
    if (row.path == "/instance_types") {  // may come from its other place
      const NodeRef rest = without.value_or(layer);
      const auto moved = WithoutLeaf(kSpecRule, rest, nullptr, TokensOf("/pod/placement/instanceTypes"), false);
      if (moved.has_value()) without = moved;
    }
    if (!without.has_value()) continue;
    layer = *without;
    ++check.checked;
    const std::vector<FieldProvenance> after = ExplainFields(changed);
    if (std::ranges::any_of(after, [&](const FieldProvenance& other) { return same(row, other); })) {
      check.false_path = row.path;
      return check;
    }
  }
  return check;
}

}  // namespace berth

#endif  // BERTH_TESTS_PROVENANCE_CHECK_H_
