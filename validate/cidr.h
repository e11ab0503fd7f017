// IP addresses and strict CIDR ranges: `10.9.8.0/24`, `2001:db8::/64`.
//
// Strict means that a range has one spelling: no host bits, no leading zeros, no IPv4-mapped IPv6, and IPv6 as RFC 5952
// writes it, without a dotted tail. Two ranges are therefore equal exactly when their texts are.
//
// Guarantees:  the corrected text repairs every fault at once and is itself strict
// Fails when:  the text is not a strict range; `corrected` is empty when no range can be read from it
// Threads:     pure functions
// Cost:        linear; allocates; for loading, not for the admission path

#ifndef BERTH_VALIDATE_CIDR_H_
#define BERTH_VALIDATE_CIDR_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

// As read from any of its spellings.
struct IpAddress {
  std::array<uint8_t, 16> bytes = {};  // network order; IPv4 has 4
  bool v4 = false;
  bool leading_zeros = false;  // in a decimal part, which is then still read as decimal
  bool dotted_tail = false;    // IPv6 with its last four bytes written as IPv4
};

// IPv4 in four decimal parts, or IPv6 without a zone.
[[nodiscard]] std::optional<IpAddress> ParseIpAddress(std::string_view text);
// Dotted IPv4, or IPv6 in RFC 5952 form without a dotted tail.
void AppendIpAddress(const IpAddress& address, std::string& out);

enum class CidrError : uint8_t {
  kNone,
  kNotACidr,
  // Repairable. With several faults in one text, the first in this order.
  kWhiteSpace,
  kNoPrefixLength,  // a bare address
  kLeadingZeros,
  kMappedIpv4,
  kHostBits,
  kNotCanonical,
};

struct CidrCheck {
  CidrError error = CidrError::kNone;
  std::string message;    // the fault, and what to write instead; empty for kNone
  std::string corrected;  // empty for kNone and when there is no way to repair the text

  [[nodiscard]] bool ok() const { return error == CidrError::kNone; }
};

[[nodiscard]] CidrCheck CheckCidr(std::string_view text);

}  // namespace berth

#endif  // BERTH_VALIDATE_CIDR_H_
