// User text inside a message: in backticks, on one line, clipped when long.
//
// Guarantees:  at most `max_bytes` of the text, cut between UTF-8 characters and then followed by `...`; control
//              characters and backticks become `?`, so a message stays one line and cannot drive a terminal

#ifndef BERTH_SPEC_QUOTED_H_
#define BERTH_SPEC_QUOTED_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace berth {

inline constexpr size_t kMaxQuotedBytes = 64;

inline void AppendQuoted(std::string_view text, std::string& out, size_t max_bytes = kMaxQuotedBytes) {
  size_t shown = text.size();
  if (shown > max_bytes) {
    shown = max_bytes;
    while (shown > 0 && (static_cast<unsigned char>(text[shown]) & 0xC0U) == 0x80U) --shown;
  }
  out.push_back('`');
  for (const char c : text.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(byte < 0x20 || byte == 0x7F || c == '`' ? '?' : c);
  }
  if (shown < text.size()) out.append("...");
  out.push_back('`');
}

inline std::string Quoted(std::string_view text, size_t max_bytes = kMaxQuotedBytes) {
  std::string out;
  AppendQuoted(text, out, max_bytes);
  return out;
}

}  // namespace berth

#endif  // BERTH_SPEC_QUOTED_H_
