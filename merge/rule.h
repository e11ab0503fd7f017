// What the field table says about the value at hand while a tree is walked from the top of a spec.

#ifndef BERTH_MERGE_RULE_H_
#define BERTH_MERGE_RULE_H_

#include <string_view>

#include "berth/spec/field.h"
#include "berth/spec/node.h"
#include "berth/spec/pod_field.h"

namespace berth {

struct Rule {
  MergeKind merge = MergeKind::kReplace;
  const Field* entries = nullptr;      // user's keys: the row that says what each value is
  Record members = Record::kNone;      // fixed keys: the record whose rows they are
  bool open = false;                   // in pod.spec: every object merges
  PodRecord pod = PodRecord::kNone;    // in pod.spec: the record whose rows the members, or the elements' members, are
  const PodField* elements = nullptr;  // in pod.spec: the row of a list whose elements merge
};

inline constexpr Rule kSpecRule = {MergeKind::kMembers, nullptr, Record::kSpec};

// The rule of the member `key` of a value under `rule`, and of an element of a list under it.
Rule MemberRule(const Rule& rule, std::string_view key);
Rule ElementRule(const Rule& rule);

// Whether `higher` turns a tagged union into another alternative, which displaces all of `lower`.
[[nodiscard]] bool SetsAnotherType(const Node& lower, const Node& higher);

// Inside pod.spec: whether the member is one of several that exclude each other, and whether a map sets one of these.
// A lower map's alternatives go when the higher map sets one that is not theirs.
[[nodiscard]] bool IsAlternative(const Rule& rule, std::string_view key);
[[nodiscard]] bool SetsAlternative(const Rule& rule, const Node& map);

}  // namespace berth

#endif  // BERTH_MERGE_RULE_H_
