// UTF-8, one code point at a time.
//
// Guarantees:  "valid" is the Unicode definition: shortest form, no surrogate, at most U+10FFFF
// Cost:        no allocation but the growth of an output string; linear

#ifndef BERTH_SPEC_UTF8_H_
#define BERTH_SPEC_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth {

struct CodePoint {
  uint32_t value = 0;
  uint32_t size = 0;  // in bytes; 0 when the bytes are not valid UTF-8
};

// The code point that starts at `offset`, which must be inside the text.
[[nodiscard]] CodePoint DecodeUtf8(std::string_view text, size_t offset);

// The offset of the first byte that is not part of a valid code point, or the text's size.
[[nodiscard]] size_t FirstInvalidUtf8(std::string_view text);

// The offset of the first DEL or C1 control character (U+007F to U+009F), or the text's size. `text` must be valid UTF-8.
[[nodiscard]] size_t FirstHighControl(std::string_view text);

// `code_point` must be a Unicode scalar value.
void AppendUtf8(uint32_t code_point, std::string& out);

[[nodiscard]] constexpr bool IsUtf8Continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace berth

#endif  // BERTH_SPEC_UTF8_H_
