#include "fuzz/scalar_style.h"

#include <cstddef>
#include <nlohmann/json.hpp>

#include "fuzz/property.h"

namespace berth {
namespace {

// splitmix64: the same choices on every machine.
class Choices {
 public:
  explicit Choices(uint64_t seed) : state_(seed) {}

  bool OneIn(uint64_t count) { return Next() % count == 0; }
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15U;
    uint64_t value = state_;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
  }

 private:
  uint64_t state_;
};

// The code point that starts at `offset`, in text that nlohmann has accepted as UTF-8.
uint32_t CodePointAt(std::string_view text, size_t offset, size_t& size) {
  const auto first = static_cast<unsigned char>(text[offset]);
  size = first < 0x80U ? 1 : first < 0xE0U ? 2 : first < 0xF0U ? 3 : 4;
  uint32_t value = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) value = (value << 6U) | (static_cast<unsigned char>(text[offset + i]) & 0x3FU);
  return value;
}

void AppendHex(uint32_t value, int digits, std::string& out) {
  for (int digit = digits - 1; digit >= 0; --digit) out.push_back("0123456789abcdef"[(value >> (4 * digit)) & 0xFU]);
}

void AppendCodePoint(uint32_t value, std::string& out) {
  const auto push = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (value < 0x80U) {
    push(value);
  } else if (value < 0x800U) {
    push(0xC0U | (value >> 6U));
    push(0x80U | (value & 0x3FU));
  } else if (value < 0x10000U) {
    push(0xE0U | (value >> 12U));
    push(0x80U | ((value >> 6U) & 0x3FU));
    push(0x80U | (value & 0x3FU));
  } else {
    push(0xF0U | (value >> 18U));
    push(0x80U | ((value >> 12U) & 0x3FU));
    push(0x80U | ((value >> 6U) & 0x3FU));
    push(0x80U | (value & 0x3FU));
  }
}

void AppendYamlEscape(uint32_t value, uint64_t way, std::string& out) {
  if (value < 0x100U && way % 3 == 0) {
    AppendHex(value, 2, out.append("\\x"));
  } else if (value < 0x10000U && way % 3 != 2) {
    AppendHex(value, 4, out.append("\\u"));
  } else {
    AppendHex(value, 8, out.append("\\U"));
  }
}

std::string DoubleQuoted(std::string_view text, Choices& choices) {
  std::string out = "\"";
  bool after_break = false;
  size_t size = 0;
  for (size_t offset = 0; offset < text.size(); offset += size) {
    const uint32_t value = CodePointAt(text, offset, size);
    const bool blank_after_break = after_break && (value == ' ' || value == '\t');
    after_break = false;
    if (value == '"' || value == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(value));
    } else if (value == '\n' && choices.OneIn(2)) {
      out.append("\\n");
    } else if (value < 0x20U || (value >= 0x7FU && value < 0xA0U) || value == 0x2028U || value == 0x2029U ||
               value >= 0xFDD0U || blank_after_break || choices.OneIn(16)) {
      AppendYamlEscape(value, choices.Next(), out);
    } else {
      out.append(text.substr(offset, size));
    }
    if (choices.OneIn(24)) {
      out.append("\\\n    ");
      after_break = true;
    }
  }
  return out.append("\"\n");
}

std::string JsonQuoted(std::string_view text, Choices& choices) {
  std::string out = "\"";
  size_t size = 0;
  for (size_t offset = 0; offset < text.size(); offset += size) {
    const uint32_t value = CodePointAt(text, offset, size);
    if (value == '"' || value == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(value));
    } else if (value >= 0x10000U && choices.OneIn(2)) {
      AppendHex(0xD800U + ((value - 0x10000U) >> 10U), 4, out.append("\\u"));
      AppendHex(0xDC00U + ((value - 0x10000U) & 0x3FFU), 4, out.append("\\u"));
    } else if (value < 0x20U || (value >= 0x7FU && value < 0xA0U) || (value < 0x10000U && choices.OneIn(16))) {
      AppendHex(value, 4, out.append("\\u"));
    } else {
      out.append(text.substr(offset, size));
    }
  }
  return out.append("\"");
}

std::string SingleQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
    if (c == '\n') out.append("\n   ");
  }
  return out.append("'\n");
}

std::string Block(std::string_view text, char indicator, Choices& choices) {
  std::string out(1, indicator);
  out.append("2");
  if (choices.OneIn(2)) out.push_back(choices.OneIn(2) ? '-' : '+');
  out.append("\n  ");
  for (const char c : text) {
    // A folded scalar may break a line at any single blank between words.
    out.push_back(c == ' ' && indicator == '>' && choices.OneIn(4) ? '\n' : c);
    if (out.back() == '\n') out.append("  ");
  }
  return out.append("\n");
}

bool IsBreak(char c) { return c == '\n' || c == '\r'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// One line break is a space, each further one a line feed; blanks around them are layout.
std::string Unfolded(std::string_view raw, bool single, bool keep_blanks_before) {
  std::string out;
  for (size_t i = 0; i < raw.size();) {
    if (!IsBreak(raw[i])) {
      if (single && raw.substr(i).starts_with("''")) ++i;
      out.push_back(raw[i++]);
      continue;
    }
    while (!keep_blanks_before && !out.empty() && IsBlank(out.back())) out.pop_back();
    size_t breaks = 0;
    while (i < raw.size() && (IsBreak(raw[i]) || IsBlank(raw[i]))) {
      if (IsBreak(raw[i])) ++breaks;
      i += raw.substr(i).starts_with("\r\n") ? 2 : 1;
    }
    out.append(breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n'));
  }
  return out;
}

uint32_t HexValue(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits) value = value * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return value;
}

// Only what DoubleQuoted writes.
std::string FromDoubleQuoted(std::string_view raw) {
  std::string out;
  for (size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      out.push_back(raw[i++]);
      continue;
    }
    Require(i + 1 < raw.size(), "a part of a scalar ends between two characters", raw);
    const char name = raw[i + 1];
    i += 2;
    if (name == '\n') {
      while (i < raw.size() && IsBlank(raw[i])) ++i;
    } else if (name == 'n') {
      out.push_back('\n');
    } else if (name == 'x' || name == 'u' || name == 'U') {
      const size_t digits = name == 'x' ? 2 : name == 'u' ? 4 : 8;
      Require(i + digits <= raw.size(), "a part of a scalar ends between two characters", raw);
      AppendCodePoint(HexValue(raw.substr(i, digits)), out);
      i += digits;
    } else {
      out.push_back(name);
    }
  }
  return out;
}

std::string FromJson(std::string_view raw) {
  const auto value = nlohmann::json::parse("\"" + std::string(raw) + "\"", nullptr, false);
  Require(value.is_string(), "a part of a scalar ends between two characters", raw);
  return value.get<std::string>();
}

}  // namespace

std::string DocumentWith(std::string_view text, ScalarStyle style, uint64_t variation) {
  Choices choices(variation);
  const std::string key = "overrides_json: ";
  switch (style) {
    case ScalarStyle::kPlain:
      return key + std::string(text) + "\n";
    case ScalarStyle::kSingle:
      return key + SingleQuoted(text);
    case ScalarStyle::kDouble:
      return key + DoubleQuoted(text, choices);
    case ScalarStyle::kLiteral:
      return key + Block(text, '|', choices);
    case ScalarStyle::kFolded:
      return key + Block(text, '>', choices);
    case ScalarStyle::kJson:
      return "{\"overrides_json\": " + JsonQuoted(text, choices) + "}";
  }
  return {};
}

std::string Unescaped(std::string_view raw, ScalarStyle style) {
  switch (style) {
    case ScalarStyle::kPlain:
      return Unfolded(raw, false, false);
    case ScalarStyle::kSingle:
      return Unfolded(raw, true, false);
    case ScalarStyle::kDouble:
      return FromDoubleQuoted(raw);
    case ScalarStyle::kLiteral:
      return std::string(raw);
    case ScalarStyle::kFolded:
      return Unfolded(raw, false, true);
    case ScalarStyle::kJson:
      return FromJson(raw);
  }
  return {};
}

}  // namespace berth
