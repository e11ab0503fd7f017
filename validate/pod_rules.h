// The rules over one layer's `pod.spec`: every field that Kubernetes knows has the right type and a usable value, and
// the lists that merge by key can be merged.
//
// A field that the table (berth/spec/pod_field.h) does not know is a warning with a suggestion, for the cluster may be
// newer; what stands inside it is left alone, except for directives. Errors are: wrong types, values outside an
// enumeration or a range, unusable names, labels, images, ports and quantities; an element without its merge key, or
// two with one key; two members of which Kubernetes takes one; an empty container name outside `containers`; and
// directives. Of these `$patch: delete` and `$patch: replace` stand in objects that merge: `delete` also in an element
// of a list that merges by key, `replace` as an element of its own there. A layer is partial: nothing is required of it
// but the merge keys. `null` is fine everywhere else: it unsets.
//
// Threads:   pure function
// Cost:      linear in the tree, but for the names in one record; stops adding at kMaxIssues
// Not here:  null elements and broken syntax (the decoder refuses them), what the layers say together
// Tested by: tests/validate_pod_rules_test.cc

#ifndef BERTH_VALIDATE_POD_RULES_H_
#define BERTH_VALIDATE_POD_RULES_H_

#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"
#include "berth/validate/spec_rules.h"

namespace berth {

// `place` is where `pod_spec` stands: `/spec/pod/spec` and `pod.spec`.
void CheckPodSpec(const Node& pod_spec, const Place& place, Layer layer, std::vector<Issue>& issues);

}  // namespace berth

#endif  // BERTH_VALIDATE_POD_RULES_H_
