#include "berth/cli/yaml_text.h"

#include <cstddef>

#include "berth/spec/writer.h"

namespace berth::cli {
namespace {

constexpr size_t kMaxInlineList = 60;  // a longer list gets a line for each item

bool IsLeaf(const Node& node) {
  return !(node.is_map() && !node.members.empty()) && !(node.is_list() && !node.items.empty());
}

std::string Leaf(const Node& node) {
  if (node.is_map()) return "{}";
  if (node.is_list()) return "[]";
  if (node.kind == NodeKind::kBool || node.kind == NodeKind::kNumber) return node.text;
  if (node.is_null()) return "null";
  std::string text;
  AppendYamlScalar(node.text, text);
  return text;
}

}  // namespace

std::string YamlKey(std::string_view key) {
  std::string text;
  AppendYamlScalar(key, text);
  return text + ":";
}

std::string YamlInline(const Node& node) {
  if (IsLeaf(node)) return Leaf(node);
  if (!node.is_list()) return {};
  std::string text = "[";
  for (const NodeRef& item : node.items) {
    if (!IsLeaf(*item)) return {};
    text.append(text.size() == 1 ? "" : ", ").append(Leaf(*item));
    if (text.size() > kMaxInlineList) return {};
  }
  return text + "]";
}

}  // namespace berth::cli
