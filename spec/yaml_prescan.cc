#include "berth/spec/yaml_prescan.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "berth/spec/limits.h"
#include "berth/spec/tree_builder.h"
#include "berth/spec/utf8.h"

namespace berth {
namespace {

// True for the bytes that may start something of interest.
constexpr std::array<bool, 256> kLookTwice = [] {
  std::array<bool, 256> table{};
  for (size_t byte = 0; byte < 0x20; ++byte) table[byte] = byte != '\t' && byte != '\n' && byte != '\r';
  table['%'] = true;
  table[0x7F] = true;
  table[0xC2] = true;  // U+0080 to U+00BF
  table[0xE2] = true;  // U+2028, U+2029
  table[0xEF] = true;  // U+FEFF, U+FFFE, U+FFFF
  return table;
}();

bool IsLineEnd(char byte) { return byte == '\n' || byte == '\r'; }
bool IsBlank(char byte) { return byte == ' ' || byte == '\t'; }

bool IsVersionDirective(std::string_view line) {
  constexpr std::string_view kName = "%YAML";
  if (!line.starts_with(kName)) return false;
  size_t offset = kName.size();
  while (offset < line.size() && IsBlank(line[offset])) ++offset;
  const std::string_view version = line.substr(offset, 3);
  if (offset == kName.size() || (version != "1.1" && version != "1.2")) return false;
  offset += version.size();
  const size_t rest = offset;
  while (offset < line.size() && IsBlank(line[offset])) ++offset;
  return offset == line.size() || (line[offset] == '#' && offset > rest);
}

std::string_view LineAt(std::string_view text, size_t offset) {
  const size_t end = text.find_first_of("\r\n", offset);
  return text.substr(offset, end == std::string_view::npos ? end : end - offset);
}

// Why the code point is refused; empty when it is not.
std::string RefusalOf(uint32_t code_point) {
  const std::string name = CodePointName(code_point);
  if (code_point == 0x85U || code_point == 0x2028U || code_point == 0x2029U) {
    return "line separator " + name + " ends a line in some YAML versions only: write it as an escape in double quotes";
  }
  if (code_point == 0xFEFFU) {
    return "byte order mark " + name + " stands after the start of the file: remove it";
  }
  if (code_point < 0xA0U) {
    return "control character " + name + " stands in the text: remove it";
  }
  if (code_point == 0xFFFEU || code_point == 0xFFFFU) return name + " is no character: remove it";
  return {};
}

}  // namespace

YamlPrescan PrescanYaml(std::string_view text, uint32_t begin) {
  YamlPrescan result;
  if (const size_t invalid = FirstInvalidUtf8(text); invalid < text.size()) {
    result.refused = {static_cast<uint32_t>(invalid), "the bytes are not UTF-8: save the file as UTF-8"};
    return result;
  }
  for (size_t offset = begin; offset < text.size(); ++offset) {
    const auto byte = static_cast<unsigned char>(text[offset]);
    if (!kLookTwice[byte]) continue;
    if (byte == '%') {
      const bool starts_line = offset == begin || IsLineEnd(text[offset - 1]);
      if (!starts_line || IsVersionDirective(LineAt(text, offset))) continue;
      if (result.directives.size() == kMaxIssues) {
        result.refused = {static_cast<uint32_t>(offset),
                          "more than " + std::to_string(kMaxIssues) + " lines start with `%`: remove these directives"};
        return result;
      }
      result.directives.push_back(static_cast<uint32_t>(offset));
      continue;
    }
    const uint32_t value = DecodeUtf8(text, offset).value;
    if (value >= 0xA0U && value != 0x2028U && value != 0x2029U && value < 0xFEFFU) continue;
    std::string message = RefusalOf(value);
    if (message.empty()) continue;
    result.refused = {static_cast<uint32_t>(offset), std::move(message)};
    return result;
  }
  return result;
}

}  // namespace berth
