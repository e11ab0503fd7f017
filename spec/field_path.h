// The place of a value while a document or a spec is walked, in the two spellings that findings use.
//
// `pointer` is an RFC 6901 pointer in the document's own spelling (`/resourceLimits/memory`); `field` is the same place
// in canonical names (`resource_limits.memory`, `exposed_ports[1]`, `pod_annotations["a/b"]`).

#ifndef BERTH_SPEC_FIELD_PATH_H_
#define BERTH_SPEC_FIELD_PATH_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace berth {

// Appends one reference token to an RFC 6901 pointer.
void AppendPointer(std::string_view token, std::string& pointer);

class FieldPath {
 public:
  // Extends a path while it lives.
  class Step {
   public:
    // A record's member.
    Step(FieldPath& path, std::string_view written, std::string_view canonical) : Step(path) {
      AppendPointer(written, path_.pointer_);
      if (!path_.field_.empty()) path_.field_ += '.';
      path_.field_ += canonical;
    }
    // A user's key.
    Step(FieldPath& path, std::string_view key) : Step(path) {
      AppendPointer(key, path_.pointer_);
      path_.field_.append("[\"").append(key).append("\"]");
    }
    // A list's element.
    Step(FieldPath& path, size_t index) : Step(path) {
      const std::string digits = std::to_string(index);
      AppendPointer(digits, path_.pointer_);
      path_.field_.append("[").append(digits).append("]");
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() {
      path_.pointer_.resize(pointer_size_);
      path_.field_.resize(field_size_);
    }

   private:
    explicit Step(FieldPath& path)
        : path_(path), pointer_size_(path.pointer_.size()), field_size_(path.field_.size()) {}

    FieldPath& path_;
    size_t pointer_size_;
    size_t field_size_;
  };

  explicit FieldPath(std::string_view pointer, std::string_view field = {}) : pointer_(pointer), field_(field) {}

  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] const std::string& field() const { return field_; }

 private:
  std::string pointer_;
  std::string field_;
};

}  // namespace berth

#endif  // BERTH_SPEC_FIELD_PATH_H_
