// How one layer's pod.spec edits the one below: `$patch` directives, and which elements of two lists are the same.
//
// Threads:  pure functions
// Not here: the merge (berth/merge/merge.h), the checks (berth/validate/pod_rules.h)

#ifndef BERTH_SPEC_POD_PATCH_H_
#define BERTH_SPEC_POD_PATCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/spec/node.h"
#include "berth/spec/pod_field.h"

namespace berth {

// The member of an object that holds its directive. Kubernetes has more that begin with `$`; they are for tools.
inline constexpr std::string_view kPatchKey = "$patch";
[[nodiscard]] inline bool IsDirectiveKey(std::string_view key) { return key.starts_with('$'); }

enum class PatchDirective : uint8_t {
  kNone,
  kDelete,   // what lower layers say here goes; this object says nothing else
  kReplace,  // what lower layers say here goes; of an element of a keyed list: the lower list
};
// The directive of an object; kNone for other values, and for a `$patch` that is neither.
PatchDirective DirectiveOf(const Node& node);

// Between the parts of an identity with two keys. No key of the table holds it.
inline constexpr char kBetweenKeys = '\n';
// What an element of a keyed list is matched by: the texts of its merge keys. Nothing when a key is missing.
std::optional<std::string> ElementKey(const PodField& list, const Node& element);
// The index of the element with this key, those with a directive left out. Cost: linear.
std::optional<size_t> FindElement(const PodField& list, const Node& elements, std::string_view key);

}  // namespace berth

#endif  // BERTH_SPEC_POD_PATCH_H_
