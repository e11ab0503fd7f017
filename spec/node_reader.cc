#include "berth/spec/node_reader.h"

#include <charconv>

namespace berth {
namespace {

std::optional<int64_t> ToInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

const Node* NodeReader::Find(std::string_view name) const {
  if (node_ == nullptr) return nullptr;
  const NodeRef* found = node_->Find(name);
  if (found == nullptr || (*found)->is_null() || (*found)->kind == NodeKind::kInvalid) return nullptr;
  return found->get();
}

bool NodeReader::IsInvalid(std::string_view name) const {
  const NodeRef* found = node_ == nullptr ? nullptr : node_->Find(name);
  return found != nullptr && (*found)->kind == NodeKind::kInvalid;
}

NodeRef NodeReader::Tree(std::string_view name) const { return Find(name) == nullptr ? nullptr : *node_->Find(name); }

std::string NodeReader::Text(std::string_view name) const {
  const Node* found = Find(name);
  return found == nullptr ? std::string() : found->text;
}

bool NodeReader::Bool(std::string_view name) const {
  const Node* found = Find(name);
  return found != nullptr && found->text == "true";
}

std::optional<int64_t> NodeReader::Integer(std::string_view name) const {
  const Node* found = Find(name);
  return found == nullptr ? std::nullopt : ToInteger(found->text);
}

std::optional<Quantity> NodeReader::QuantityOf(std::string_view name) const {
  const Node* found = Find(name);
  return found == nullptr ? std::nullopt : Quantity::Parse(found->text);
}

std::vector<std::string> NodeReader::Texts(std::string_view name) const {
  std::vector<std::string> texts;
  if (const Node* found = Find(name); found != nullptr) {
    for (const NodeRef& item : found->items) {
      if (item->kind == NodeKind::kString) texts.push_back(item->text);
    }
  }
  return texts;
}

std::span<const NodeRef> NodeReader::Records(std::string_view name) const {
  const Node* found = Find(name);
  return found == nullptr ? std::span<const NodeRef>() : std::span<const NodeRef>(found->items);
}

Position NodeReader::PositionOf(std::string_view name) const {
  const Node* found = Find(name);
  return found == nullptr ? Position() : found->position;
}

}  // namespace berth
