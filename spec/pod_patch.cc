#include "berth/spec/pod_patch.h"

namespace berth {

PatchDirective DirectiveOf(const Node& node) {
  const NodeRef* directive = node.Find(kPatchKey);
  if (directive == nullptr) return PatchDirective::kNone;
  if ((*directive)->text == "delete") return PatchDirective::kDelete;
  return (*directive)->text == "replace" ? PatchDirective::kReplace : PatchDirective::kNone;
}

std::optional<std::string> ElementKey(const PodField& list, const Node& element) {
  std::string identity;
  for (std::string_view name : list.merge_keys) {
    if (name.empty()) continue;
    const bool second = name == list.merge_keys[1];
    if (second) identity += kBetweenKeys;
    const NodeRef* key = element.Find(name);
    if (key != nullptr && !(*key)->is_null()) {
      identity.append((*key)->text);
    } else if (second && !list.default_key.empty()) {
      identity.append(list.default_key);
    } else {
      return std::nullopt;
    }
  }
  return identity;
}

std::optional<size_t> FindElement(const PodField& list, const Node& elements, std::string_view key) {
  for (size_t i = 0; i < elements.items.size(); ++i) {
    const Node& element = *elements.items[i];
    if (DirectiveOf(element) == PatchDirective::kNone && ElementKey(list, element) == key) return i;
  }
  return std::nullopt;
}

}  // namespace berth
