// One meaning, one place: a layer whose second spellings are moved into the structured fields.
//
// `pod.spec` can say again what structured fields say: `nodeSelector`, `runtimeClassName`, and the main container's
// (`name: ""`) image and CPU and memory. Within one layer the structured field wins, and a contradiction is a warning
// that names both places; across layers the higher layer wins, because the fold comes before the merge. Moved values
// keep their position. What the fold empties is removed; what was written empty stays. Reserved labels and annotations
// (`sandbox-id`, everything under `sandbox.coreweave.com/`) are dropped, each with a note.
//
// Fails when:  the main container asks for `nvidia.com/gpu`: GPUs come with the launch
// Cost:        linear in the layer; a layer without a pod is returned as it is

#ifndef BERTH_SPEC_FOLD_H_
#define BERTH_SPEC_FOLD_H_

#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/node.h"

namespace berth {

// A value that a layer wrote and that counts for nothing: a reserved key, or the loser of a contradiction.
struct DroppedValue {
  std::string path;  // pointer to the field of the spec that it spoke of
  NodeRef value;
};

struct FoldedLayer {
  NodeRef layer;
  std::vector<DroppedValue> dropped;
};

// `layer` is a decoded Record::kSpec or null; `path` is the pointer to it in `file`, for the issues.
FoldedLayer FoldLayer(const NodeRef& layer, std::string_view file, std::string_view path, std::vector<Issue>& issues);

// Whether the platform manages this label or annotation itself.
[[nodiscard]] bool IsReservedKey(std::string_view key);

}  // namespace berth

#endif  // BERTH_SPEC_FOLD_H_
