// Rules over specs: what one layer may say, and what an effective or resolved spec must say.
//
// CheckLayer judges one layer alone: every name, label, image, CIDR and template in it, and what can only contradict
// itself. A layer is partial, so nothing is ever missing there. CheckEffective judges what the layers say together
// (semantics, "After the merge"); with an error-level issue the binding is PROFILE_INVALID.
//
// Threads:  pure functions
// Cost:     linear in the spec
// Tested by: tests/validate_spec_rules_test.cc, tests/cases/validate/

#ifndef BERTH_VALIDATE_SPEC_RULES_H_
#define BERTH_VALIDATE_SPEC_RULES_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/field.h"
#include "berth/spec/issue.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"

namespace berth {

// Where a decoded tree stands, for the issues about it.
struct Place {
  std::string_view file;
  std::string_view path;   // RFC 6901 pointer to the tree
  std::string_view field;  // the same in canonical names
};

// The format rules of every field of `record` below `node`: names, labels, images, CIDRs, templates, patterns.
// Specs inside other objects are left out: they are layers, and CheckLayer judges them folded.
void CheckFormats(const Node& node, Record record, const Place& place, std::vector<Issue>& issues);

// Every required member of a whole object and of the records in it, layers left out; `at` stands for the object itself.
void CheckRequired(const Node& object, Record record, Position at, const Place& place, std::vector<Issue>& issues);

// CheckFormats for one layer of a spec (after the fold), and the contradictions within it: a request above its limit,
// `cidrs` in a mode of another type, half a pair.
void CheckLayer(const Node& layer, const Place& place, std::vector<Issue>& issues);

// Where each layer of an effective spec comes from, by `Layer`.
struct LayerPlaces {
  std::array<std::string, kLayerCount> files;
  std::array<std::string, kLayerCount> paths;
};

struct EffectiveRules {
  bool allow_restricted_annotations = false;
  std::string_view runner_id;  // for messages; empty when checked without a runner
};

// `merged` is the finished merge of all layers, before defaults; null is an empty spec, which is fine.
void CheckEffective(const Node* merged, const EffectiveRules& rules, const LayerPlaces& places,
                    std::vector<Issue>& issues);

// Whether an annotation needs `allow_privileged_profile_annotations`.
[[nodiscard]] bool IsRestrictedAnnotation(std::string_view key);

}  // namespace berth

#endif  // BERTH_VALIDATE_SPEC_RULES_H_
