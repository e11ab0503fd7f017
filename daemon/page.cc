#include "berth/daemon/page.h"

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "berth/daemon/digest.h"

namespace berth {
namespace {

constexpr size_t kCheckBytes = 12;  // of the digest
constexpr size_t kMaxTokenBytes = 4096;
constexpr size_t kMaxKeyParts = 4;

void AppendCount(uint32_t value, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xFF));
}

// Takes a count off the front of `bytes`.
std::optional<uint32_t> TakeCount(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  bytes.remove_prefix(4);
  return value;
}

void AppendText(std::string_view text, std::string& out) {
  AppendCount(static_cast<uint32_t>(text.size()), out);
  out.append(text);
}

std::string TextOf(std::string_view bytes) {
  return absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::string CheckOf(std::string_view body, const std::vector<std::string_view>& asked) {
  std::string all;
  for (const std::string_view part : asked) AppendText(part, all);
  AppendText(body, all);
  const Digest digest = Sha256(all);
  return {digest.begin(), digest.begin() + kCheckBytes};
}

}  // namespace

std::optional<size_t> PageSizeOf(int32_t asked) {
  if (asked < 0) return std::nullopt;
  return asked == 0 ? kDefaultPageSize : std::min(static_cast<size_t>(asked), kMaxPageSize);
}

std::string MakePageToken(const PageKey& last, const std::vector<std::string_view>& asked) {
  std::string body;
  for (const std::string& part : last) AppendText(part, body);
  return TextOf(CheckOf(body, asked) + body);
}

std::optional<PageKey> ReadPageToken(std::string_view token, const std::vector<std::string_view>& asked) {
  std::string bytes;
  if (token.size() > kMaxTokenBytes ||
      !absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes) ||
      bytes.size() < kCheckBytes || TextOf(bytes) != token) {  // the decoder lets blanks, padding and spare bits pass
    return std::nullopt;
  }
  std::string_view body = std::string_view(bytes).substr(kCheckBytes);
  if (CheckOf(body, asked) != bytes.substr(0, kCheckBytes)) return std::nullopt;
  PageKey last;
  while (!body.empty()) {
    const std::optional<uint32_t> size = TakeCount(body);
    if (!size || *size > body.size() || last.size() == kMaxKeyParts) return std::nullopt;
    last.emplace_back(body.substr(0, *size));
    body.remove_prefix(*size);
  }
  return last;
}

}  // namespace berth
