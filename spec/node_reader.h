// Reading typed values out of a decoded record. What is absent, or was refused while decoding, reads as nothing.

#ifndef BERTH_SPEC_NODE_READER_H_
#define BERTH_SPEC_NODE_READER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/node.h"
#include "berth/spec/position.h"
#include "berth/spec/quantity.h"

namespace berth {

// Views one record's members. The node must outlive the reader; a null node reads as an empty record.
class NodeReader {
 public:
  explicit NodeReader(const Node* node) : node_(node) {}

  [[nodiscard]] NodeReader Record(std::string_view name) const { return NodeReader(Find(name)); }
  // A map or list as decoded, or null.
  [[nodiscard]] NodeRef Tree(std::string_view name) const;
  [[nodiscard]] std::string Text(std::string_view name) const;
  [[nodiscard]] bool Bool(std::string_view name) const;
  [[nodiscard]] std::optional<int64_t> Integer(std::string_view name) const;
  [[nodiscard]] std::optional<Quantity> QuantityOf(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> Texts(std::string_view name) const;
  // The elements of a list; they live as long as the node.
  [[nodiscard]] std::span<const NodeRef> Records(std::string_view name) const;
  [[nodiscard]] Position PositionOf(std::string_view name) const;
  // Present, but refused while decoding.
  [[nodiscard]] bool IsInvalid(std::string_view name) const;
  [[nodiscard]] bool Has(std::string_view name) const { return Find(name) != nullptr; }

 private:
  // Null for absent, null and refused values.
  [[nodiscard]] const Node* Find(std::string_view name) const;

  const Node* node_;
};

}  // namespace berth

#endif  // BERTH_SPEC_NODE_READER_H_
