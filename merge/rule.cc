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

}  // namespace berth
