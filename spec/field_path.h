// The place of a value while a document or a spec is walked, in the two spellings that findings use.
//
// `Pointer` is an RFC 6901 pointer in the document's own spelling (`/resourceLimits/memory`); `Field` is the same place
// in canonical names (`resource_limits.memory`, `exposed_ports[1]`, `pod_annotations["a/b"]`). Walking costs nothing:
// the steps stay on the stack, and text is made only when a finding asks for it.

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
  // Extends a path while it lives. The names it is made of must outlive it.
  class Step {
   public:
    // A record's member.
    Step(FieldPath& path, std::string_view written, std::string_view canonical)
        : Step(path, Kind::kMember, written, canonical, 0) {}
    // A user's key.
    Step(FieldPath& path, std::string_view key) : Step(path, Kind::kKey, key, key, 0) {}
    // A list's element.
    Step(FieldPath& path, size_t index) : Step(path, Kind::kIndex, {}, {}, index) {}
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { path_.last_ = before_; }

   private:
    friend class FieldPath;
    enum class Kind : unsigned char { kMember, kKey, kIndex };

    Step(FieldPath& path, Kind kind, std::string_view written, std::string_view canonical, size_t index)
        : path_(path), before_(path.last_), kind_(kind), written_(written), canonical_(canonical), index_(index) {
      path_.last_ = this;
    }

    void AppendPointerTo(std::string& pointer) const;
    void AppendFieldTo(std::string& field) const;

    FieldPath& path_;
    const Step* before_;
    Kind kind_;
    std::string_view written_;
    std::string_view canonical_;
    size_t index_;
  };

  // Starts below `pointer` and `field`, which must outlive the path.
  explicit FieldPath(std::string_view pointer, std::string_view field = {}) : pointer_(pointer), field_(field) {}
  FieldPath(const FieldPath&) = delete;
  FieldPath& operator=(const FieldPath&) = delete;

  [[nodiscard]] std::string Pointer() const;
  [[nodiscard]] std::string Field() const;

 private:
  std::string_view pointer_;
  std::string_view field_;
  const Step* last_ = nullptr;
};

}  // namespace berth

#endif  // BERTH_SPEC_FIELD_PATH_H_
