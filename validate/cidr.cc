#include "berth/validate/cidr.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "berth/spec/quoted.h"

namespace berth {
namespace {

constexpr size_t kV4Bytes = 4;
constexpr size_t kV6Bytes = 16;
constexpr size_t kGroups = 8;
constexpr uint32_t kMappedBits = 96;  // of ::ffff:0:0/96
constexpr size_t kLongestCidr = 43;   // eight groups of four, seven colons, `/128`

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The value of a hexadecimal digit, or 16.
uint32_t HexValue(char c) {
  if (IsDigit(c)) return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A') + 10;
  return 16;
}

// A decimal number of at most three digits after its leading zeros.
std::optional<uint32_t> ReadDecimal(std::string_view text, uint32_t most, bool& leading_zeros) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  while (text.size() > 1 && text.front() == '0') {
    leading_zeros = true;
    text.remove_prefix(1);
  }
  if (text.size() > 3) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<uint32_t>(c - '0');
  if (value > most) return std::nullopt;
  return value;
}

// Four decimal parts to `bytes`.
bool ReadDotted(std::string_view text, uint8_t* bytes, bool& leading_zeros) {
  for (size_t part = 0; part < kV4Bytes; ++part) {
    const size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == kV4Bytes - 1)) return false;
    const std::optional<uint32_t> value = ReadDecimal(text.substr(0, dot), 255, leading_zeros);
    if (!value.has_value()) return false;
    bytes[part] = static_cast<uint8_t>(*value);
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  }
  return true;
}

// One group of one to four hexadecimal digits.
bool ReadGroup(std::string_view text, uint8_t* bytes) {
  if (text.empty() || text.size() > 4) return false;
  uint32_t value = 0;
  for (const char c : text) {
    const uint32_t digit = HexValue(c);
    if (digit > 15) return false;
    value = value * 16 + digit;
  }
  bytes[0] = static_cast<uint8_t>(value >> 8U);
  bytes[1] = static_cast<uint8_t>(value & 0xFFU);
  return true;
}

// Groups joined by colons, from `bytes` on; the count of bytes read, or nothing. `tail`: the text ends the address, so
// its last four bytes may be dotted. Empty text has no groups.
std::optional<size_t> ReadGroups(std::string_view text, bool tail, uint8_t* bytes, IpAddress& address) {
  size_t size = 0;
  while (!text.empty()) {
    const size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (tail && colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      if (size + kV4Bytes > kV6Bytes || !ReadDotted(group, bytes + size, address.leading_zeros)) return std::nullopt;
      address.dotted_tail = true;
      return size + kV4Bytes;
    }
    if (size + 2 > kV6Bytes || !ReadGroup(group, bytes + size)) return std::nullopt;
    size += 2;
    if (colon == std::string_view::npos) return size;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;  // a colon at the end
  }
  return size;
}

bool ReadV6(std::string_view text, IpAddress& address) {
  const size_t gap = text.find("::");
  uint8_t* bytes = address.bytes.data();
  if (gap == std::string_view::npos) return ReadGroups(text, true, bytes, address) == kV6Bytes;
  const std::optional<size_t> before = ReadGroups(text.substr(0, gap), false, bytes, address);
  if (!before.has_value()) return false;
  std::array<uint8_t, kV6Bytes> end = {};
  const std::optional<size_t> after = ReadGroups(text.substr(gap + 2), true, end.data(), address);
  // The gap stands for one group of zeros at least.
  if (!after.has_value() || *before + *after + 2 > kV6Bytes) return false;
  std::copy_n(end.begin(), *after, address.bytes.end() - static_cast<ptrdiff_t>(*after));
  return true;
}

void AppendDecimal(uint32_t value, std::string& out) {  // up to 999
  if (value >= 100) out.push_back(static_cast<char>('0' + value / 100));
  if (value >= 10) out.push_back(static_cast<char>('0' + value / 10 % 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

void AppendGroup(uint32_t value, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  bool begun = false;
  for (uint32_t shift = 16; shift > 0;) {
    shift -= 4;
    const uint32_t digit = (value >> shift) & 0xFU;
    begun = begun || digit != 0 || shift == 0;
    if (begun) out.push_back(kDigits[digit]);
  }
}

// The longest run of two or more zero groups, the leftmost of equals; without one, `size` is 0.
struct ZeroRun {
  size_t begin = 0;
  size_t size = 0;
};

ZeroRun LongestZeroRun(const std::array<uint8_t, 16>& bytes) {
  ZeroRun longest;
  size_t begin = 0;
  for (size_t group = 0; group < kGroups; ++group) {
    if (bytes[2 * group] != 0 || bytes[2 * group + 1] != 0) {
      begin = group + 1;
    } else if (group + 1 - begin > std::max<size_t>(longest.size, 1)) {
      longest = {begin, group + 1 - begin};
    }
  }
  return longest;
}

struct Range {
  IpAddress address;
  uint32_t prefix_length = 0;
};

bool IsMapped(const IpAddress& address) {
  return !address.v4 &&
         std::all_of(address.bytes.begin(), address.bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         address.bytes[10] == 0xFF && address.bytes[11] == 0xFF;
}

// Clears what follows the prefix; true when there was something.
bool ClearHostBits(Range& range) {
  bool cleared = false;
  const size_t size = range.address.v4 ? kV4Bytes : kV6Bytes;
  for (size_t i = 0; i < size; ++i) {
    const uint32_t bits = static_cast<uint32_t>(8 * i);
    const uint32_t kept = range.prefix_length <= bits ? 0 : std::min<uint32_t>(range.prefix_length - bits, 8);
    const auto mask = static_cast<uint8_t>(0xFF00U >> kept);
    uint8_t& byte = range.address.bytes[i];
    const auto network = static_cast<uint8_t>(byte & mask);
    cleared = cleared || network != byte;
    byte = network;
  }
  return cleared;
}

// ::ffff:a.b.c.d/n as a.b.c.d/(n-96); false for n below 96, which is no range of IPv4.
bool Unmap(Range& range) {
  if (range.prefix_length < kMappedBits) return false;
  IpAddress v4;
  v4.v4 = true;
  std::copy_n(range.address.bytes.begin() + 12, kV4Bytes, v4.bytes.begin());
  range = {v4, range.prefix_length - kMappedBits};
  return true;
}

std::string Written(const Range& range) {
  std::string text;
  text.reserve(kLongestCidr);
  AppendIpAddress(range.address, text);
  text.push_back('/');
  AppendDecimal(range.prefix_length, text);
  return text;
}

std::string_view Need(CidrError error) {
  switch (error) {
    case CidrError::kNone:
      return "";
    case CidrError::kNotACidr:
      return "needs an address and a prefix length, such as `10.9.8.0/24` or `2001:db8::/64`";
    case CidrError::kWhiteSpace:
      return "needs to stand without white space around it";
    case CidrError::kNoPrefixLength:
      return "needs a prefix length";
    case CidrError::kLeadingZeros:
      return "needs numbers without leading zeros";
    case CidrError::kMappedIpv4:
      return "needs the IPv4 form, not IPv4-mapped IPv6";
    case CidrError::kHostBits:
      return "needs all bits after the prefix to be zero";
    case CidrError::kNotCanonical:
      return "needs the canonical IPv6 form";
  }
  return "";
}

CidrCheck Refused(CidrError error, std::string_view text, std::string corrected) {
  CidrCheck check{.error = error, .message = {}, .corrected = std::move(corrected)};
  AppendQuoted(text, check.message);
  check.message.append(" as a CIDR ").append(Need(error));
  if (!check.corrected.empty()) check.message.append(": write `").append(check.corrected).append("`");
  return check;
}

// Notes the first fault only.
void Note(CidrError error, CidrError& first) {
  if (first == CidrError::kNone) first = error;
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  IpAddress address;
  if (text.find(':') != std::string_view::npos) {
    if (!ReadV6(text, address)) return std::nullopt;
    return address;
  }
  address.v4 = true;
  if (!ReadDotted(text, address.bytes.data(), address.leading_zeros)) return std::nullopt;
  return address;
}

void AppendIpAddress(const IpAddress& address, std::string& out) {
  if (address.v4) {
    for (size_t i = 0; i < kV4Bytes; ++i) {
      if (i > 0) out.push_back('.');
      AppendDecimal(address.bytes[i], out);
    }
    return;
  }
  const ZeroRun run = LongestZeroRun(address.bytes);
  for (size_t group = 0; group < kGroups;) {
    if (run.size > 0 && group == run.begin) {
      out.append("::");
      group += run.size;
      continue;
    }
    if (group > 0 && !(run.size > 0 && group == run.begin + run.size)) out.push_back(':');
    AppendGroup(static_cast<uint32_t>(address.bytes[2 * group] << 8) | address.bytes[2 * group + 1], out);
    ++group;
  }
}

CidrCheck CheckCidr(std::string_view text) {
  CidrError fault = CidrError::kNone;
  std::string_view core = text;
  while (!core.empty() && IsBlank(core.front())) core.remove_prefix(1);
  while (!core.empty() && IsBlank(core.back())) core.remove_suffix(1);
  if (core.size() != text.size()) Note(CidrError::kWhiteSpace, fault);

  const size_t slash = core.find('/');
  const std::optional<IpAddress> address = ParseIpAddress(core.substr(0, slash));
  if (!address.has_value()) return Refused(CidrError::kNotACidr, text, {});
  const uint32_t bits = address->v4 ? 8 * kV4Bytes : 8 * kV6Bytes;
  Range range{*address, bits};
  bool leading_zeros = address->leading_zeros;
  if (slash == std::string_view::npos) {
    Note(CidrError::kNoPrefixLength, fault);
  } else {
    const std::optional<uint32_t> length = ReadDecimal(core.substr(slash + 1), bits, leading_zeros);
    if (!length.has_value()) return Refused(CidrError::kNotACidr, text, {});
    range.prefix_length = *length;
  }
  if (leading_zeros) Note(CidrError::kLeadingZeros, fault);
  if (IsMapped(range.address)) {
    Note(CidrError::kMappedIpv4, fault);
    if (!Unmap(range)) return Refused(fault, text, {});
  }
  if (ClearHostBits(range)) Note(CidrError::kHostBits, fault);
  std::string corrected = Written(range);
  if (fault == CidrError::kNone && corrected == text) return {};
  Note(CidrError::kNotCanonical, fault);
  return Refused(fault, text, std::move(corrected));
}

}  // namespace berth
