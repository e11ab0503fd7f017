// Property: an accepted range is one that inet_pton reads and inet_ntop writes the same way, without host bits; the
// correction of a refused range is accepted; the second implementation accepts the same texts.

#include <arpa/inet.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "berth/validate/cidr.h"
#include "fuzz/property.h"
#include "tests/reference/reference_internal.h"

namespace berth {
namespace {

bool HasHostBits(const std::array<uint8_t, 16>& bytes, size_t size, size_t prefix_length) {
  for (size_t bit = prefix_length; bit < size * 8; ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
  }
  return false;
}

void RequireStrict(std::string_view text) {
  const size_t slash = text.find('/');
  Require(slash != std::string_view::npos, "an accepted range has a prefix length", text);
  const std::string address(text.substr(0, slash));
  const std::string length(text.substr(slash + 1));
  const bool v4 = address.find(':') == std::string::npos;
  std::array<uint8_t, 16> bytes = {};
  Require(inet_pton(v4 ? AF_INET : AF_INET6, address.c_str(), bytes.data()) == 1, "inet_pton reads the address", text);
  const size_t prefix_length = std::strtoul(length.c_str(), nullptr, 10);
  Require(std::to_string(prefix_length) == length, "the prefix length has one spelling", text);
  Require(prefix_length <= (v4 ? 32U : 128U), "the prefix length fits the address", text);
  Require(!HasHostBits(bytes, v4 ? 4 : 16, prefix_length), "an accepted range has no host bits", text);

  const auto parsed = ParseIpAddress(address);
  Require(parsed.has_value() && parsed->v4 == v4 && parsed->bytes == bytes, "inet_pton reads the same bytes", text);
  std::string written;
  AppendIpAddress(*parsed, written);
  Require(written == address, "an accepted address is written as it was", text);
  // inet_ntop writes ::/96 addresses with a dotted tail, against RFC 5952.
  std::array<char, INET6_ADDRSTRLEN> theirs = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data(), theirs.data(), theirs.size());
  const std::string_view peer = theirs.data();
  if (v4 || peer.find('.') == std::string_view::npos) Require(written == peer, "inet_ntop writes the same", text);
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using berth::Require;
  const std::string_view text = berth::TextOf(data, size);
  const berth::CidrCheck check = berth::CheckCidr(text);
  Require(check.ok() == berth::reference::IsStrictCidr(std::string(text)), "both implementations accept the same texts",
          text);
  if (check.ok()) {
    Require(check.message.empty() && check.corrected.empty(), "a good range needs no words", text);
    berth::RequireStrict(text);
    return 0;
  }
  Require(!check.message.empty(), "a refused range has a message", text);
  if (!check.corrected.empty()) {
    Require(berth::CheckCidr(check.corrected).ok(), "the corrected text is accepted", check.corrected);
    berth::RequireStrict(check.corrected);
  }
  return 0;
}
