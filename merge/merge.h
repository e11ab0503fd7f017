// The merge: layers of partial specs become one spec, and every value still knows which layer set it.
//
// Later layers win field by field, by the rule in each field's row of the field table (semantics, "Layers and merge"):
// values and lists replace, records and user's keys merge member by member, an egress mode that changes its `type`
// drops what it had, a pair is replaced whole. Outside egress modes, pairs and pod.spec this is JSON Merge Patch (RFC
// 7396). `pod.spec` merges as `kubectl patch --type=strategic` does, by the table in berth/spec/pod_field.h, with the
// deviations that docs/semantics.md lists: lists by their elements' keys, one-ofs displaced, `$patch` obeyed.
//
// Guarantees:  deterministic; independent of key order; idempotent; partial merges keep their nulls, so outside egress
//              modes and pod.spec Merge(Merge(a, b), c) says the same as Merge(a, Merge(b, c))
// Fails when:  never; nonsense between layers is for berth/validate/spec_rules.h to report
// Ownership:   results share subtrees with their inputs
// Threads:     pure functions
// Cost:        linear in the members of the maps that both sides set; n log n in the elements of keyed lists
// Tested by:   tests/merge_merge_test.cc, tests/cases/merge/, the differential test

#ifndef BERTH_MERGE_MERGE_H_
#define BERTH_MERGE_MERGE_H_

#include <span>

#include "berth/spec/node.h"

namespace berth {

// `higher` over `lower`, both partial specs; either may be null (it says nothing). Keeps nulls. For pod.spec, `lower` is
// the lowest layer or a merge that began with it, because directives act on what is below them.
NodeRef Merge(const NodeRef& lower, const NodeRef& higher);

// What a merge of all layers says in the end: no nulls, no directives, and outside pod.spec no empty maps. Null when
// nothing is left.
NodeRef Finish(const NodeRef& merged);

// Merges layers, lowest first, and finishes. Null layers are skipped.
NodeRef MergeLayers(std::span<const NodeRef> layers);

// What follows after the merge (semantics, "After the merge"): `pod.placement.instanceTypes` moves to
// `instance_types`; a limit without a request gives an equal request; a namespace gets its strategy and `autoCreate`.
// The added values are of Layer::kDefault. Never null.
NodeRef Complete(const NodeRef& spec);

}  // namespace berth

#endif  // BERTH_MERGE_MERGE_H_
