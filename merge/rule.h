// What the field table says about the value at hand while a tree is walked from the top of a spec.

#ifndef BERTH_MERGE_RULE_H_
#define BERTH_MERGE_RULE_H_

#include <string_view>

#include "berth/spec/field.h"
#include "berth/spec/node.h"

namespace berth {

struct Rule {
  MergeKind merge = MergeKind::kReplace;
  const Field* entries = nullptr;  // user's keys: the row that says what each value is
  Record members = Record::kNone;  // fixed keys: the record whose rows they are
  bool open = false;               // inside pod.spec: every object merges
};

inline constexpr Rule kSpecRule = {MergeKind::kMembers, nullptr, Record::kSpec, false};

// The rule of the member `key` of a value under `rule`.
Rule MemberRule(const Rule& rule, std::string_view key);

// Whether `higher` turns a tagged union into another alternative, which displaces all of `lower`.
[[nodiscard]] bool SetsAnotherType(const Node& lower, const Node& higher);

}  // namespace berth

#endif  // BERTH_MERGE_RULE_H_
