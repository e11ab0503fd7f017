#include "berth/merge/rule.h"

#include <algorithm>

#include "berth/spec/pod_patch.h"

namespace berth {
namespace {

Rule PodRule(PodRecord record, const PodField* elements) {
  return {MergeKind::kMembers, nullptr, Record::kNone, true, record, elements};
}

Rule PodMemberRule(PodRecord record, std::string_view key) {
  const PodField* field = record == PodRecord::kNone ? nullptr : FindPodField(record, key);
  if (field != nullptr && field->type == PodType::kKeyedList) return PodRule(field->members, field);
  return PodRule(field != nullptr && field->type == PodType::kRecord ? field->members : PodRecord::kNone, nullptr);
}

}  // namespace

Rule MemberRule(const Rule& rule, std::string_view key) {
  if (rule.open) return PodMemberRule(rule.pod, key);
  if (rule.entries != nullptr) return {rule.entries->entry_merge, nullptr, rule.entries->members};
  const Field* field = rule.members == Record::kNone ? nullptr : FindField(rule.members, key);
  if (field == nullptr) return {};
  if (field->type == FieldType::kOpenTree) return PodRule(PodRecord::kPodSpec, nullptr);
  if (field->type == FieldType::kRecordMap) return {field->merge, field, Record::kNone};
  return {field->merge, nullptr, field->members};
}

Rule ElementRule(const Rule& rule) { return PodRule(rule.pod, nullptr); }

bool SetsAnotherType(const Node& lower, const Node& higher) {
  const Node* was = At(&lower, {"type"});
  const Node* is = At(&higher, {"type"});
  if (was == nullptr || is == nullptr || was->is_null() || is->is_null()) return false;
  return was->text != is->text;
}

bool IsAlternative(const Rule& rule, std::string_view key) {
  const PodField* field = rule.pod == PodRecord::kNone ? nullptr : FindPodField(rule.pod, key);
  return field != nullptr && !field->union_group.empty();
}

bool SetsAlternative(const Rule& rule, const Node& map) {
  if (rule.pod == PodRecord::kNone) return false;
  return std::ranges::any_of(map.members, [&](const Member& member) {
    return IsAlternative(rule, member.key) && !member.value->is_null() &&
           DirectiveOf(*member.value) != PatchDirective::kDelete;
  });
}

}  // namespace berth
