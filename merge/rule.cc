#include "berth/merge/rule.h"

namespace berth {
namespace {

constexpr Rule kOpenRule = {MergeKind::kMembers, nullptr, Record::kNone, true};

}  // namespace

Rule MemberRule(const Rule& rule, std::string_view key) {
  if (rule.open) return kOpenRule;
  if (rule.entries != nullptr) return {rule.entries->entry_merge, nullptr, rule.entries->members, false};
  const Field* field = rule.members == Record::kNone ? nullptr : FindField(rule.members, key);
  if (field == nullptr) return {};
  if (field->type == FieldType::kOpenTree) return kOpenRule;
  if (field->type == FieldType::kRecordMap) return {field->merge, field, Record::kNone, false};
  return {field->merge, nullptr, field->members, false};
}

bool SetsAnotherType(const Node& lower, const Node& higher) {
  const Node* was = At(&lower, {"type"});
  const Node* is = At(&higher, {"type"});
  if (was == nullptr || is == nullptr || was->is_null() || is->is_null()) return false;
  return was->text != is->text;
}

}  // namespace berth
