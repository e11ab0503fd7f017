#include "berth/spec/field_path.h"

namespace berth {

void AppendPointer(std::string_view token, std::string& pointer) {
  pointer += '/';
  for (char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

// Depth is bounded by the document's, so recursion is too.
void FieldPath::Step::AppendPointerTo(std::string& pointer) const {
  if (before_ != nullptr) before_->AppendPointerTo(pointer);
  AppendPointer(kind_ == Kind::kIndex ? std::to_string(index_) : std::string(written_), pointer);
}

void FieldPath::Step::AppendFieldTo(std::string& field) const {
  if (before_ != nullptr) before_->AppendFieldTo(field);
  switch (kind_) {
    case Kind::kMember:
      if (!field.empty()) field += '.';
      field += canonical_;
      return;
    case Kind::kKey:
      field.append("[\"").append(canonical_).append("\"]");
      return;
    case Kind::kIndex:
      field.append("[").append(std::to_string(index_)).append("]");
      return;
  }
}

std::string FieldPath::Pointer() const {
  std::string pointer(pointer_);
  if (last_ != nullptr) last_->AppendPointerTo(pointer);
  return pointer;
}

std::string FieldPath::Field() const {
  std::string field(field_);
  if (last_ != nullptr) last_->AppendFieldTo(field);
  return field;
}

}  // namespace berth
