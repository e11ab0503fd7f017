// A text that never changes, in 16 bytes: up to 15 bytes stand in it, longer ones on the heap, and names of fields stay
// in the field table.
//
// Values and keys are many and mostly short; as std::strings they would be half of a catalog's memory.
//
// Ownership:  a copy owns its own bytes, but for static ones
// Cost:       moving is two words; copying allocates for more than 15 bytes that are not static

#ifndef BERTH_SPEC_COMPACT_TEXT_H_
#define BERTH_SPEC_COMPACT_TEXT_H_

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace berth {

class CompactText {
 public:
  CompactText() = default;
  explicit CompactText(std::string_view text) : storage_(Store(text)) {}
  // The bytes must live as long as the program.
  static CompactText Static(std::string_view text) {
    CompactText made;
    made.storage_.outside = {kStatic, static_cast<uint32_t>(text.size()), text.data()};
    return made;
  }

  CompactText(const CompactText& other) : storage_(other.tag() == kHeap ? Store(other.view()) : other.storage_) {}
  CompactText(CompactText&& other) noexcept : storage_(std::exchange(other.storage_, {})) {}
  CompactText& operator=(CompactText other) noexcept {
    std::swap(storage_, other.storage_);
    return *this;
  }
  ~CompactText() {
    if (tag() == kHeap) delete[] storage_.outside.data;
  }

  [[nodiscard]] std::string_view view() const {
    if (tag() <= kInlineBytes) return {storage_.in_place.bytes, storage_.in_place.size};
    return {storage_.outside.data, storage_.outside.size};
  }
  operator std::string_view() const { return view(); }          // NOLINT(google-explicit-constructor)
  operator std::string() const { return std::string(view()); }  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool empty() const { return view().empty(); }
  [[nodiscard]] size_t size() const { return view().size(); }
  [[nodiscard]] const char* data() const { return view().data(); }
  [[nodiscard]] const char* begin() const { return view().data(); }
  [[nodiscard]] const char* end() const { return begin() + size(); }
  [[nodiscard]] char operator[](size_t index) const { return view()[index]; }
  [[nodiscard]] bool starts_with(std::string_view prefix) const { return view().starts_with(prefix); }
  [[nodiscard]] int compare(std::string_view other) const { return view().compare(other); }

  friend bool operator==(const CompactText& a, const CompactText& b) { return a.view() == b.view(); }
  friend bool operator==(const CompactText& a, std::string_view b) { return a.view() == b; }
  friend auto operator<=>(const CompactText& a, const CompactText& b) { return a.view() <=> b.view(); }
  friend auto operator<=>(const CompactText& a, std::string_view b) { return a.view() <=> b; }
  friend std::string operator+(std::string a, const CompactText& b) { return std::move(a.append(b.view())); }
  friend std::string operator+(const CompactText& a, std::string_view b) { return std::string(a).append(b); }

 private:
  static constexpr uint8_t kInlineBytes = 15;
  static constexpr uint8_t kStatic = 16;
  static constexpr uint8_t kHeap = 17;

  // Both begin with the byte that tells which one it is: a size up to kInlineBytes, or one of the tags above.
  struct InPlace {
    uint8_t size;
    char bytes[kInlineBytes];
  };
  struct Outside {
    uint8_t tag;
    uint32_t size;
    const char* data;
  };
  union Storage {
    InPlace in_place = {};
    Outside outside;
  };

  static Storage Store(std::string_view text) {
    Storage storage;
    if (text.size() <= kInlineBytes) {
      storage.in_place.size = static_cast<uint8_t>(text.size());
      std::copy(text.begin(), text.end(), storage.in_place.bytes);
    } else {
      char* const bytes = new char[text.size()];
      std::copy(text.begin(), text.end(), bytes);
      storage.outside = {kHeap, static_cast<uint32_t>(text.size()), bytes};
    }
    return storage;
  }
  [[nodiscard]] uint8_t tag() const { return storage_.in_place.size; }

  Storage storage_;
};
static_assert(sizeof(CompactText) == 16);

}  // namespace berth

#endif  // BERTH_SPEC_COMPACT_TEXT_H_
