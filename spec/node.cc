#include "berth/spec/node.h"

#include <algorithm>

namespace berth {
namespace {

template <typename Members>
auto LowerBound(Members& members, std::string_view key) {
  return std::lower_bound(members.begin(), members.end(), key,
                          [](const Member& member, std::string_view wanted) { return member.key.compare(wanted) < 0; });
}

}  // namespace

const NodeRef* Node::Find(std::string_view key) const {
  if (kind != NodeKind::kMap) return nullptr;
  // In a small map most keys are told apart by their length, without a look at their bytes.
  constexpr size_t kSmall = 16;
  const auto it = members.size() <= kSmall ? std::ranges::find(members, key, &Member::key) : LowerBound(members, key);
  return it != members.end() && it->key == key ? &it->value : nullptr;
}

const Node* At(const Node* node, std::initializer_list<std::string_view> path) {
  for (std::string_view key : path) {
    if (node == nullptr) return nullptr;
    const NodeRef* next = node->Find(key);
    if (next == nullptr) return nullptr;
    node = next->get();
  }
  return node;
}

NodeRef MakeScalar(NodeKind kind, Layer layer, Position position, std::string_view text) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->layer = layer;
  node->position = position;
  node->text = CompactText(text);
  return node;
}

NodeRef WithMember(const NodeRef& map, std::string_view key, NodeRef value, Layer layer) {
  auto copy = map != nullptr && map->is_map() ? std::make_shared<Node>(*map) : std::make_shared<Node>();
  if (!copy->is_map()) {
    copy->kind = NodeKind::kMap;
    copy->layer = layer;
    copy->position = value->position;
  }
  const auto it = LowerBound(copy->members, key);
  if (it != copy->members.end() && it->key == key) {
    it->value = std::move(value);
  } else {
    const Position position = value->position;
    copy->members.insert(it, Member{CompactText(key), {}, position, std::move(value)});
  }
  return copy;
}

NodeRef WithoutMember(const NodeRef& map, std::string_view key) {
  if (map == nullptr || map->Find(key) == nullptr) return map;
  auto copy = std::make_shared<Node>(*map);
  copy->members.erase(LowerBound(copy->members, key));
  return copy;
}

bool SameValue(const Node& a, const Node& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.text != b.text) return false;
  return std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    [](const Member& x, const Member& y) { return x.key == y.key && SameValue(*x.value, *y.value); }) &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    [](const NodeRef& x, const NodeRef& y) { return SameValue(*x, *y); });
}

}  // namespace berth
