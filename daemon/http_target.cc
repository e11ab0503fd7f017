#include "berth/daemon/http_target.h"

#include <algorithm>
#include <cstddef>

#include "berth/spec/utf8.h"

namespace berth {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool Decode(std::string_view text, bool plus_is_blank, std::string& out) {
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
    }
  }
  const bool has_control = std::ranges::any_of(out, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  return !has_control && FirstInvalidUtf8(out) == out.size();
}

}  // namespace

std::optional<HttpTarget> ParseHttpTarget(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const size_t path = text.find_first_of("/?", scheme.size());
    text.remove_prefix(std::min(path, text.size()));
    if (!text.starts_with('/')) return std::nullopt;
    break;
  }
  HttpTarget target;
  const size_t question = text.find('?');
  const std::string_view path = text.substr(0, question);
  if (!path.starts_with('/')) return std::nullopt;
  for (size_t slash = 0; slash != std::string_view::npos;) {
    const size_t next = path.find('/', slash + 1);
    std::string& segment = target.segments.emplace_back();
    if (!Decode(path.substr(slash + 1, next - slash - 1), /*plus_is_blank=*/false, segment)) return std::nullopt;
    target.path.append("/").append(segment);
    slash = next;
  }
  if (question == std::string_view::npos) return target;
  for (std::string_view rest = text.substr(question + 1); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto& [name, value] = target.query.emplace_back();
    if (!Decode(pair.substr(0, equals), /*plus_is_blank=*/true, name)) return std::nullopt;
    if (equals < pair.size() && !Decode(pair.substr(equals + 1), /*plus_is_blank=*/true, value)) return std::nullopt;
  }
  return target;
}

}  // namespace berth
