#include "berth/spec/utf8.h"

#include <simdjson.h>

#include <algorithm>

namespace berth {

CodePoint DecodeUtf8(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  const uint32_t first = byte(offset);
  if (first < 0x80U) return {first, 1};
  uint32_t size = 0;
  uint32_t least = 0;
  uint32_t value = 0;
  if ((first & 0xE0U) == 0xC0U) {
    size = 2, least = 0x80U, value = first & 0x1FU;
  } else if ((first & 0xF0U) == 0xE0U) {
    size = 3, least = 0x800U, value = first & 0x0FU;
  } else if ((first & 0xF8U) == 0xF0U) {
    size = 4, least = 0x10000U, value = first & 0x07U;
  } else {
    return {};
  }
  if (text.size() - offset < size) return {};
  for (uint32_t i = 1; i < size; ++i) {
    if (!IsUtf8Continuation(text[offset + i])) return {};
    value = (value << 6U) | (byte(offset + i) & 0x3FU);
  }
  if (value < least || value > 0x10FFFFU || (value >= 0xD800U && value <= 0xDFFFU)) return {};
  return {value, size};
}

size_t FirstInvalidUtf8(std::string_view text) {
  // The fast check says only yes or no; the slow walk is for texts that are refused anyway.
  if (simdjson::validate_utf8(text.data(), text.size())) return text.size();
  size_t offset = 0;
  while (offset < text.size()) {
    const CodePoint point = DecodeUtf8(text, offset);
    if (point.size == 0) break;
    offset += point.size;
  }
  return offset;
}

size_t FirstHighControl(std::string_view text) {
  size_t found = std::min(text.find('\x7F'), text.size());
  for (size_t at = text.find('\xC2'); at < found; at = text.find('\xC2', at + 1)) {
    if (static_cast<unsigned char>(text[at + 1]) < 0xA0U) found = at;
  }
  return found;
}

void AppendUtf8(uint32_t code_point, std::string& out) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80U) {
    put(code_point);
  } else if (code_point < 0x800U) {
    put(0xC0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000U) {
    put(0xE0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3FU));
    put(0x80U | ((code_point >> 6U) & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
}

}  // namespace berth
