#include "berth/spec/writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "berth/spec/utf8.h"
#include "berth/spec/word_scan.h"

namespace berth {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Printable ASCII that stands for itself in double quotes.
constexpr bool IsPlainAscii(char byte) { return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\'; }

constexpr bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
constexpr char ToLower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 0x20) : byte; }

// Characters that some YAML version refuses, or takes for the end of a line.
constexpr bool NeedsYamlEscape(uint32_t code_point) {
  return code_point < 0x20U || (code_point >= 0x7FU && code_point < 0xA0U) || code_point == 0x2028U ||
         code_point == 0x2029U || code_point == 0xFEFFU || code_point == 0xFFFEU || code_point == 0xFFFFU;
}

void AppendUnicodeEscape(uint32_t code_point, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.append("\\u");
  for (uint32_t shift = 16; shift > 0;) {
    shift -= 4U;
    out.push_back(kDigits[(code_point >> shift) & 0xFU]);
  }
}

// Both formats know these escapes. All code points to escape are below U+10000.
void AppendEscape(uint32_t code_point, std::string& out) {
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  const size_t simple = code_point < 0x80U ? kMeanings.find(static_cast<char>(code_point)) : std::string_view::npos;
  if (simple == std::string_view::npos) {
    AppendUnicodeEscape(code_point, out);
  } else {
    out.push_back('\\');
    out.push_back(kNames[simple]);
  }
}

bool IsPlainAscii(std::string_view text) {
  return !AnyWord(text, [](uint64_t word) {
    return WordHasBelow(word, ' ') | WordHas(word, '"') | WordHas(word, '\\') | WordHas(word, 0x7F) | WordHasHigh(word);
  });
}

void AppendQuoted(std::string_view text, bool yaml, std::string& out) {
  out.push_back('"');
  if (IsPlainAscii(text)) {
    out.append(text);
    out.push_back('"');
    return;
  }
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t begin = offset;
    while (offset < text.size() && IsPlainAscii(text[offset])) ++offset;
    out.append(text, begin, offset - begin);
    if (offset == text.size()) break;
    const CodePoint point = DecodeUtf8(text, offset);
    if (point.size == 0) {
      out.append(kReplacement);
      ++offset;
      continue;
    }
    const bool escape = point.value == '"' || point.value == '\\' || point.value < 0x20U ||
                        (point.value >= 0x7FU && point.value < 0xA0U) || (yaml && NeedsYamlEscape(point.value));
    if (escape) {
      AppendEscape(point.value, out);
    } else {
      out.append(text, offset, point.size);
    }
    offset += point.size;
  }
  out.push_back('"');
}

// Words that some YAML version reads as a null, a boolean, or its merge and default keys.
bool IsYamlWord(std::string_view text) {
  constexpr std::array<std::string_view, 13> kWords = {"null", "true", "false", "yes", "no", "on", "off",
                                                       "y",    "n",    "~",     "<<",  "=",  ""};
  if (text.size() > 5) return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ToLower);
  return std::find(kWords.begin(), kWords.end(), std::string_view(lower)) != kWords.end();
}

// True for every number, date and time of YAML 1.1 and 1.2 (decimal, octal, hexadecimal, binary, to the base 60, with
// underscores, infinities, not-a-number), and for some texts that only look alike.
bool LooksLikeNumber(std::string_view text) {
  const char first = text.front();
  if (!IsDigit(first) && first != '+' && first != '-' && first != '.') return false;
  constexpr std::string_view kLetters = "abcdefinotxz_+-.:";
  return std::all_of(text.begin(), text.end(), [&](char byte) {
    return IsDigit(byte) || kLetters.find(ToLower(byte)) != std::string_view::npos;
  });
}

bool IsPlainYaml(std::string_view text) {
  constexpr std::string_view kFirst = "-?:,[]{}#&*!|>'\"%@` ";
  if (IsYamlWord(text) || LooksLikeNumber(text)) return false;
  if (kFirst.find(text.front()) != std::string_view::npos || text.back() == ' ' || text.back() == ':') return false;
  if (text.starts_with("...")) return false;
  for (size_t offset = 0; offset < text.size();) {
    const CodePoint point = DecodeUtf8(text, offset);
    if (point.size == 0 || NeedsYamlEscape(point.value)) return false;
    const char byte = text[offset];
    // Inside brackets these end a scalar, the question mark in YAML 1.1 only.
    if (std::string_view(",[]{}?").find(byte) != std::string_view::npos) return false;
    // Before a quote some readers take the colon for the end of a key.
    if (byte == ':' && std::string_view(" \"'").find(text[offset + 1]) != std::string_view::npos) return false;
    if (byte == '#' && text[offset - 1] == ' ') return false;
    offset += point.size;
  }
  return true;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) { AppendQuoted(text, /*yaml=*/false, out); }

void AppendYamlScalar(std::string_view text, std::string& out) {
  // libyaml and its kin look for the colon of a key no further than this.
  constexpr size_t kMaxPlainBytes = 1000;
  if (text.size() <= kMaxPlainBytes && IsPlainYaml(text)) {
    out.append(text);
  } else {
    AppendQuoted(text, /*yaml=*/true, out);
  }
}

JsonWriter& JsonWriter::Begin(char bracket) {
  Separate();
  out_.push_back(bracket);
  has_members_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  const bool had_members = has_members_.back();
  has_members_.pop_back();
  if (had_members && layout_ == JsonLayout::kIndented) StartLine();
  out_.push_back(bracket);
  return *this;
}

void JsonWriter::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_members_.empty()) return;
  if (has_members_.back()) out_.push_back(',');
  has_members_.back() = true;
  if (layout_ == JsonLayout::kIndented) StartLine();
}

void JsonWriter::StartLine() {
  out_.push_back('\n');
  out_.append(has_members_.size() * 2, ' ');
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Separate();
  AppendJsonString(key, out_);
  out_.append(layout_ == JsonLayout::kIndented ? ": " : ":");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) {
  Separate();
  AppendJsonString(text, out_);
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return Raw({digits.data(), static_cast<size_t>(written.ptr - digits.data())});
}

JsonWriter& JsonWriter::Uint(uint64_t value) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return Raw({digits.data(), static_cast<size_t>(written.ptr - digits.data())});
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  out_.append(json);
  return *this;
}

}  // namespace berth
