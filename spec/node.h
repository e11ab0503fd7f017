// One value of a partial or merged spec, with the layer and the place that set it.
//
// A decoded document becomes a tree of nodes in canonical spelling: keys as the field table prints them, quantities in
// canonical text, embedded JSON opened. Trees are immutable and share their subtrees: a merge copies only the maps on
// the way to a change, so provenance costs one layer and one position per value, wherever the value ends up.
//
// Ownership:   shared; a tree never changes, so it may be read from any thread
// Cost:        Find is O(log members)
// Not here:    which fields exist (berth/spec/field.h), how layers combine (berth/merge/merge.h)

#ifndef BERTH_SPEC_NODE_H_
#define BERTH_SPEC_NODE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/compact_text.h"
#include "berth/spec/compact_vector.h"
#include "berth/spec/layer.h"
#include "berth/spec/position.h"

namespace berth {

enum class NodeKind : uint8_t {
  kInvalid,   // was reported while decoding; never part of a valid object
  kNull,      // unsets what lower layers set
  kBool,      // text is `true` or `false`
  kNumber,    // text is a JSON number; integers of records are decimal
  kString,    //
  kQuantity,  // text is a canonical Kubernetes quantity
  kList,      //
  kMap,       // members sorted by key
};

struct Node;
using NodeRef = std::shared_ptr<const Node>;

struct Member {
  CompactText key;           // canonical spelling
  std::string_view written;  // the spelling in the document where it differs; static storage
  Position position;         // of the key
  NodeRef value;
};

struct Node {
  NodeKind kind = NodeKind::kInvalid;
  Layer layer = Layer::kDefault;
  // On a map: nothing of the lower layers shows through (a partial merge met a `null` below it).
  bool resets = false;
  // On a binding's overrides: something in them was refused, so they spoil their binding; what could be read is there.
  bool refused = false;
  Position position;              // of the value's first character
  CompactText text;               // scalars
  CompactVector<Member> members;  // kMap
  CompactVector<NodeRef> items;   // kList

  [[nodiscard]] bool is_null() const { return kind == NodeKind::kNull; }
  [[nodiscard]] bool is_map() const { return kind == NodeKind::kMap; }
  [[nodiscard]] bool is_list() const { return kind == NodeKind::kList; }

  // The member's value, or null when the node is no map or has no such member.
  [[nodiscard]] const NodeRef* Find(std::string_view key) const;
};

// The node at a path of canonical names, or null: `At(spec, {"network", "egress", "modes"})`.
const Node* At(const Node* node, std::initializer_list<std::string_view> path);

// A scalar made by berth itself.
NodeRef MakeScalar(NodeKind kind, Layer layer, Position position, std::string_view text);

// Copies of `map` with one member set or removed; `map` may be null (an empty map of `layer` is made then).
NodeRef WithMember(const NodeRef& map, std::string_view key, NodeRef value, Layer layer);
NodeRef WithoutMember(const NodeRef& map, std::string_view key);

// The same kind, text, members and items, wherever they came from.
[[nodiscard]] bool SameValue(const Node& a, const Node& b);

}  // namespace berth

#endif  // BERTH_SPEC_NODE_H_
