#include "berth/daemon/required_fields.h"

#include <algorithm>

#include "google/api/field_behavior.pb.h"
#include "google/protobuf/descriptor.h"

namespace berth {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Search {
 public:
  Search(size_t max, std::vector<std::string>& missing) : max_(max), missing_(missing) {}

  // Ends, because no message of the wire holds itself.
  void Visit(const Message& message, const std::string& path) {
    const auto& reflection = *message.GetReflection();
    const auto& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count() && missing_.size() < max_; ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      const std::string name = path.empty() ? field.name() : path + "." + field.name();
      if (field.is_map()) continue;
      if (field.is_repeated()) {
        if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
        for (int j = 0; j < reflection.FieldSize(message, &field); ++j) {
          Visit(reflection.GetRepeatedMessage(message, &field, j), name + "[" + std::to_string(j) + "]");
        }
      } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        if (reflection.HasField(message, &field)) Visit(reflection.GetMessage(message, &field), name);
      } else if (IsRequired(field) && !reflection.HasField(message, &field)) {
        missing_.push_back(name);
      }
    }
  }

 private:
  static bool IsRequired(const FieldDescriptor& field) {
    const auto& behaviors = field.options().GetRepeatedExtension(google::api::field_behavior);
    return field.type() != FieldDescriptor::TYPE_BYTES &&
           std::ranges::find(behaviors, google::api::REQUIRED) != behaviors.end();
  }

  const size_t max_;
  std::vector<std::string>& missing_;
};

}  // namespace

std::vector<std::string> MissingFields(const Message& message, size_t max) {
  std::vector<std::string> missing;
  Search(max, missing).Visit(message, {});
  return missing;
}

}  // namespace berth
