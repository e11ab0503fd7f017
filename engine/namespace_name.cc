#include "berth/engine/namespace_name.h"

#include <nettle/sha2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "berth/spec/limits.h"
#include "berth/validate/names.h"

namespace berth {
namespace {

constexpr size_t kHashCharacters = 16;
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

bool IsBase32(char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); }

// 16 base32 characters, alone or after a `-`, as our own hashed bodies end.
bool LooksHashed(std::string_view text) {
  if (text.size() < kHashCharacters) return false;
  const std::string_view end = text.substr(text.size() - kHashCharacters);
  const bool stands_alone = text.size() == kHashCharacters || text[text.size() - kHashCharacters - 1] == '-';
  return stands_alone && std::all_of(end.begin(), end.end(), IsBase32);
}

// Length-prefixed, so that no two lists of parts give the same bytes.
void HashPart(std::string_view part, sha256_ctx& context) {
  std::array<uint8_t, 8> length;
  for (size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<uint8_t>(uint64_t{part.size()} >> (56 - 8 * i));
  }
  sha256_update(&context, length.size(), length.data());
  sha256_update(&context, part.size(), reinterpret_cast<const uint8_t*>(part.data()));
}

void AppendHash(sha256_ctx& context, std::string& out) {
  std::array<uint8_t, 10> bytes;  // 80 bits: 16 characters of 5
  sha256_digest(&context, bytes.size(), bytes.data());
  uint32_t bits = 0;
  uint32_t held = 0;
  for (const uint8_t byte : bytes) {
    bits = (bits << 8U | byte) & 0xFFFU;
    held += 8;
    for (; held >= 5; held -= 5) out.push_back(kBase32[bits >> (held - 5) & 31U]);
  }
}

// Appends the readable form of `part`: lower case, every run of other characters one hyphen, none at the front of the
// whole text, which begins at `begin`, and at most `limit` characters in it.
void AppendReadable(std::string_view part, size_t begin, size_t limit, std::string& out) {
  for (const char c : part) {
    if (out.size() - begin >= limit) return;
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
      out.push_back(lower);
    } else if (out.size() > begin && out.back() != '-') {
      out.push_back('-');
    }
  }
}

}  // namespace

void AppendNamespaceName(NamespaceStrategy strategy, std::string_view prefix, std::string_view organization,
                         std::string_view user, std::string_view profile_display_name, std::string& out) {
  if (strategy == NamespaceStrategy::kStatic) return;
  out.append(prefix);
  if (strategy == NamespaceStrategy::kPerOrg && prefix.size() + organization.size() <= kMaxNamespaceBytes &&
      IsDns1123Label(organization) && !LooksHashed(organization)) {
    out.append(organization);
    return;
  }

  std::optional<std::string_view> second;
  if (strategy == NamespaceStrategy::kPerUser) second = user;
  if (strategy == NamespaceStrategy::kPerProfile) second = profile_display_name;

  const size_t begin = out.size();
  const size_t taken = prefix.size() + 1 + kHashCharacters;
  const size_t limit = taken < kMaxNamespaceBytes ? kMaxNamespaceBytes - taken : 0;
  AppendReadable(organization, begin, limit, out);
  if (second.has_value()) {
    AppendReadable("-", begin, limit, out);
    AppendReadable(*second, begin, limit, out);
  }
  if (out.size() > begin && out.back() == '-') out.pop_back();
  if (out.size() > begin) out.push_back('-');

  sha256_ctx context;
  sha256_init(&context);
  HashPart(NamespaceStrategyName(strategy), context);
  HashPart(organization, context);
  if (second.has_value()) HashPart(*second, context);
  AppendHash(context, out);
}

}  // namespace berth
