#include "berth/engine/spec_path.h"

#include <utility>

#include "berth/spec/field_path.h"

namespace berth {
namespace {

std::string Unescaped(std::string_view token) {
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    text += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return text;
}

bool IsIndex(std::string_view token) {
  return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

SpecPath::SpecPath(std::string_view pointer) {
  while (known_ && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    Enter(Unescaped(token));
  }
}

std::vector<std::string> SpecPath::Siblings() const {
  std::vector<std::string> paths;
  if (next_ != Next::kMember) return paths;
  for (const Field& row : FieldsOf(record_)) AppendPointer(row.name, paths.emplace_back(canonical_));
  return paths;
}

void SpecPath::Enter(std::string token) {
  const Field* field = next_ == Next::kMember ? FindField(record_, token) : nullptr;
  known_ = next_ == Next::kMember ? field != nullptr : next_ == Next::kIndex ? IsIndex(token) : next_ != Next::kNothing;
  if (!known_) return;
  if (field != nullptr) token = field->name;
  AppendPointer(token, canonical_);
  steps_.push_back({token, next_ == Next::kIndex || (next_ == Next::kPodIndex && IsIndex(token))});
  if (next_ == Next::kPodMember || next_ == Next::kPodIndex) return EnterPod(token);
  if (field == nullptr) {
    next_ = record_ == Record::kNone ? Next::kNothing : Next::kMember;
    return;
  }
  fields_.push_back(field);
  record_ = field->members;
  switch (field->type) {
    case FieldType::kRecord:
      next_ = Next::kMember;
      return;
    case FieldType::kStringMap:
    case FieldType::kIntegerMap:
    case FieldType::kRecordMap:
      next_ = Next::kKey;
      return;
    case FieldType::kStringList:
    case FieldType::kIntegerList:
    case FieldType::kRecordList:
      next_ = Next::kIndex;
      return;
    case FieldType::kOpenTree:
      pod_ = PodRecord::kPodSpec;
      next_ = Next::kPodMember;
      return;
    default:
      next_ = Next::kNothing;
  }
}

// The cluster may know what the table does not, so nothing is unknown here.
void SpecPath::EnterPod(const std::string& token) {
  if (steps_.back().element) {
    next_ = Next::kPodMember;
    return;
  }
  const PodField* field = FindPodField(pod_, token);
  pod_ = field == nullptr ? PodRecord::kNone : field->members;
  const bool list = field != nullptr && (field->type == PodType::kStringList || field->type == PodType::kIntegerList ||
                                         field->type == PodType::kRecordList || field->type == PodType::kKeyedList);
  next_ = list ? Next::kPodIndex : Next::kPodMember;
}

}  // namespace berth
