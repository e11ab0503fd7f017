// Property: a text is a page token only if it is, to the byte, the one that is made of what it says, for what is asked;
// every key comes back from its token; for anything else asked, the token is refused.
// Input: parts between 0x1E bytes: a token, then a key of up to four parts, then what is asked.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "berth/daemon/page.h"
#include "fuzz/property.h"

namespace berth {
namespace {

constexpr size_t kKeyParts = 4;
// Longer tokens than any list gives are refused unread: names of a key have bounds.
constexpr size_t kMostTokenBytes = 4096;

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = std::min(text.find('\x1E'), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

void RequireSound(std::string_view token, const std::vector<std::string_view>& asked) {
  const auto key = ReadPageToken(token, asked);
  if (key) Require(MakePageToken(*key, asked) == token, "a key has one token", token);
}

void Run(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text);
  const size_t key_end = std::min(parts.size(), kKeyParts + 1);
  const PageKey key(parts.begin() + 1, parts.begin() + static_cast<std::ptrdiff_t>(key_end));
  const std::vector<std::string_view> asked(parts.begin() + static_cast<std::ptrdiff_t>(key_end), parts.end());
  RequireSound(parts[0], asked);

  const std::string token = MakePageToken(key, asked);
  if (token.size() > kMostTokenBytes) {
    Require(!ReadPageToken(token, asked), "what is too long is refused");
    return;
  }
  const auto read = ReadPageToken(token, asked);
  Require(read && *read == key, "a key comes back from its token", token);
  std::vector<std::string_view> other = asked;
  other.emplace_back("");
  Require(!ReadPageToken(token, other), "a token is for what was asked", token);
  if (!asked.empty()) {
    other.resize(asked.size() - 1);
    Require(!ReadPageToken(token, other), "a token is for all that was asked", token);
  }
  // The input's own bytes in place of the token's.
  std::string changed = token;
  for (size_t i = 0; i < parts[0].size() && i < changed.size(); ++i) {
    changed[changed.size() - 1 - i] = parts[0][i];
    if (changed != token) Require(!ReadPageToken(changed, asked), "a changed token is refused", changed);
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  int32_t asked = 0;
  for (size_t i = 0; i < std::min<size_t>(size, 4); ++i)
    asked = static_cast<int32_t>(static_cast<uint32_t>(asked) << 8U | data[i]);
  const auto page = berth::PageSizeOf(asked);
  berth::Require(page.has_value() == (asked >= 0), "a page has a size unless it is negative");
  berth::Require(!page || (*page >= 1 && *page <= berth::kMaxPageSize), "a page has a size within bounds");
  berth::Run(berth::TextOf(data, size));
  return 0;
}
