// Who set each value of a merged spec, what it hid, and who unset what is gone.
//
// Provenance is true: deleting the named leaf from the layer it names changes the value or its provenance.
//
// A leaf is a scalar, a whole list, a `{key, value}` pair, and inside pod.spec also `{}`. Elements of lists that merge
// are followed by their keys, wherever they stand in each layer, and are named by their index in the result.
//
// Threads:  pure functions
// Cost:     one merge per layer, and n log n in the leaves of each; not for the admission path
// Tested by: tests/merge_provenance_test.cc, the differential test

#ifndef BERTH_MERGE_PROVENANCE_H_
#define BERTH_MERGE_PROVENANCE_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "berth/spec/layer.h"
#include "berth/spec/node.h"

namespace berth {

// One partial spec per layer, by `Layer`; null where a layer says nothing. Layer::kDefault has none.
using LayerStack = std::array<NodeRef, kLayerCount - 1>;

struct FieldProvenance {
  std::string path;               // RFC 6901 pointer into the resolved spec
  NodeRef value;                  // null: unset
  Layer layer = Layer::kDefault;  // who set it, or who unset it
  // What each layer says at the same place, by `Layer`: null where it says nothing, a kNull node where it unsets what is
  // below it, else its value as written.
  LayerStack said;
};

// Every leaf of Complete(MergeLayers(stack)), and every leaf that a null or a `$patch` removed, sorted by path bytes.
std::vector<FieldProvenance> ExplainFields(const LayerStack& stack);

}  // namespace berth

#endif  // BERTH_MERGE_PROVENANCE_H_
