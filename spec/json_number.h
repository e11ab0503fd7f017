// The grammar of JSON numbers, and the integers that fields take.
//
// Threads:  pure functions
// Cost:     one pass over the text, no allocation; fit for the admission path
// Tested by: tests/spec_decode_test.cc, tests/spec_launch_reader_test.cc

#ifndef BERTH_SPEC_JSON_NUMBER_H_
#define BERTH_SPEC_JSON_NUMBER_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace berth {

constexpr bool IsDecimalDigit(char c) { return c >= '0' && c <= '9'; }

constexpr size_t SkipDecimalDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDecimalDigit(text[at])) ++at;
  return at;
}

// The JSON grammar's integer part: no plus sign, no leading zero. Returns its end, or 0.
constexpr size_t JsonIntegerEnd(std::string_view text) {
  const size_t at = text.starts_with('-') ? 1 : 0;
  if (at == text.size() || !IsDecimalDigit(text[at])) return 0;
  return text[at] == '0' ? at + 1 : SkipDecimalDigits(text, at);
}

constexpr bool IsJsonNumber(std::string_view text) {
  size_t at = JsonIntegerEnd(text);
  if (at == 0) return false;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = SkipDecimalDigits(text, at + 1);
    if (fraction == at + 1) return false;
    at = fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = SkipDecimalDigits(text, at);
    if (exponent == at) return false;
    at = exponent;
  }
  return at == text.size();
}

// Plain decimal as a field of integers takes it: in range, zero or more. Nothing for anything else.
inline std::optional<int64_t> ParseFieldInteger(std::string_view text) {
  int64_t number = 0;
  const size_t end = JsonIntegerEnd(text);
  if (end == 0 || end != text.size()) return std::nullopt;
  if (std::from_chars(text.data(), text.data() + end, number).ec != std::errc() || number < 0) return std::nullopt;
  return number;
}

}  // namespace berth

#endif  // BERTH_SPEC_JSON_NUMBER_H_
