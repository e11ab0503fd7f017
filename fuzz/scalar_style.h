// A text as a YAML or JSON scalar in each quoting style, and back from any part of one.
//
// Written apart from berth's own reading of scalars, to check it.

#ifndef BERTH_FUZZ_SCALAR_STYLE_H_
#define BERTH_FUZZ_SCALAR_STYLE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth {

enum class ScalarStyle : uint8_t { kPlain, kSingle, kDouble, kLiteral, kFolded, kJson };

inline constexpr std::array<ScalarStyle, 6> kScalarStyles = {ScalarStyle::kPlain,  ScalarStyle::kSingle,
                                                             ScalarStyle::kDouble, ScalarStyle::kLiteral,
                                                             ScalarStyle::kFolded, ScalarStyle::kJson};

// A document with the one member `overrides_json`. `variation` picks among spellings that mean the same: which bytes
// are escaped and how, and where lines are broken. Some texts cannot be said in some styles; the document then holds
// another text, or none.
std::string DocumentWith(std::string_view text, ScalarStyle style, uint64_t variation);

// `raw` is a part of the scalar that begins and ends between two characters of its text.
std::string Unescaped(std::string_view raw, ScalarStyle style);

}  // namespace berth

#endif  // BERTH_FUZZ_SCALAR_STYLE_H_
