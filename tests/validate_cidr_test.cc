#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "berth/validate/cidr.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

constexpr std::string_view kStrict[] = {
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.9.8.0/24",
    "10.9.8.7/32",
    "127.0.0.0/8",
    "128.0.0.0/1",
    "169.254.169.254/32",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.168.1.128/25",
    "198.51.100.4/30",
    "203.0.113.254/31",
    "224.0.0.0/4",
    "255.255.255.255/32",
    "1.2.3.4/32",
    "1.0.0.0/9",
    "10.128.0.0/9",
    "100.64.0.0/10",
    "0.0.0.0/32",
    "0.0.0.1/32",
    "::/0",
    "::/128",
    "::1/128",
    "::2/127",
    "fe80::/10",
    "fe80::/64",
    "fc00::/7",
    "ff00::/8",
    "2001:db8::/32",
    "2001:db8::/64",
    "2001:db8::1/128",
    "2001:db8:0:1::/64",
    "2001:db8:1:2:3:4:5:6/128",
    "2001:db8:0:1:1:1:1:1/128",
    "2001:0:0:1::1/128",
    "2001:db8::1:0:0:1/128",
    "1::/16",
    "1:2::/32",
    "1:2:3:4:5:6:7:0/112",
    "1:2:3:4:5:6:7:8/128",
    "0:1:1:1:1:1:1:1/128",
    "1:1:1:1:1:1:1:0/128",
    "::1:1:1:1:1:1/128",
    "1:1:1:1:1:1::/128",
    "1:0:1:0:1:0:1:0/128",
    "64:ff9b::/96",
    "64:ff9b::c000:200/120",
    "::ffff:0:0:0/96",
    "::fffe:102:304/128",
    "1::ffff:0:0/96",
    "::102:304/128",
    "2002::/16",
    "8000::/1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
    "abcd:ef01:2345:6789::/64",
    "1000:200:30:4::/64",
};

TEST(Cidr, AcceptsStrictRanges) {
  for (const std::string_view text : kStrict) {
    const CidrCheck check = CheckCidr(text);
    EXPECT_EQ(check.error, CidrError::kNone) << check.message;
    EXPECT_EQ(check.message, "");
    EXPECT_EQ(check.corrected, "");
  }
}

struct FaultRow {
  std::string_view text;
  CidrError error;
  std::string_view corrected;
};

constexpr FaultRow kFaults[] = {
    // Host bits.
    {"10.0.0.1/8", CidrError::kHostBits, "10.0.0.0/8"},
    {"10.9.8.1/24", CidrError::kHostBits, "10.9.8.0/24"},
    {"255.255.255.255/0", CidrError::kHostBits, "0.0.0.0/0"},
    {"255.255.255.255/31", CidrError::kHostBits, "255.255.255.254/31"},
    {"0.0.0.1/31", CidrError::kHostBits, "0.0.0.0/31"},
    {"192.168.1.129/25", CidrError::kHostBits, "192.168.1.128/25"},
    {"10.127.0.0/9", CidrError::kHostBits, "10.0.0.0/9"},
    {"2001:db8::1/64", CidrError::kHostBits, "2001:db8::/64"},
    {"2001:db8::1/127", CidrError::kHostBits, "2001:db8::/127"},
    {"fe80::1/10", CidrError::kHostBits, "fe80::/10"},
    {"fec0::/9", CidrError::kHostBits, "fe80::/9"},
    {"::1/0", CidrError::kHostBits, "::/0"},
    {"1:2:3:4:5:6:7:8/65", CidrError::kHostBits, "1:2:3:4::/65"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127", CidrError::kHostBits,
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"},
    // Leading zeros, read as decimal.
    {"010.0.0.0/8", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"10.0.0.0/08", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"10.00.0.0/8", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"10.000.000.000/8", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"00.0.0.0/0", CidrError::kLeadingZeros, "0.0.0.0/0"},
    {"0.0.0.0/00", CidrError::kLeadingZeros, "0.0.0.0/0"},
    {"192.168.001.000/024", CidrError::kLeadingZeros, "192.168.1.0/24"},
    {"0000000010.0.0.0/8", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"0377.0.0.0/8", CidrError::kNotACidr, ""},
    {"2001:db8::/032", CidrError::kLeadingZeros, "2001:db8::/32"},
    {"::/00", CidrError::kLeadingZeros, "::/0"},
    // IPv4-mapped IPv6.
    {"::ffff:1.2.3.0/120", CidrError::kMappedIpv4, "1.2.3.0/24"},
    {"::ffff:102:300/120", CidrError::kMappedIpv4, "1.2.3.0/24"},
    {"::FFFF:1.2.3.4/128", CidrError::kMappedIpv4, "1.2.3.4/32"},
    {"0:0:0:0:0:ffff:1.2.3.4/128", CidrError::kMappedIpv4, "1.2.3.4/32"},
    {"::ffff:0:0/96", CidrError::kMappedIpv4, "0.0.0.0/0"},
    {"::ffff:0.0.0.0/96", CidrError::kMappedIpv4, "0.0.0.0/0"},
    {"::ffff:1.2.3.4/97", CidrError::kMappedIpv4, "0.0.0.0/1"},
    {"::ffff:0:0/95", CidrError::kMappedIpv4, ""},
    {"::ffff:0:0/80", CidrError::kMappedIpv4, ""},
    {"::ffff:1.2.3.4/0", CidrError::kMappedIpv4, ""},
    // Not as RFC 5952 writes it.
    {"FE80:0::/64", CidrError::kNotCanonical, "fe80::/64"},
    {"FE80::/64", CidrError::kNotCanonical, "fe80::/64"},
    {"2001:DB8::/32", CidrError::kNotCanonical, "2001:db8::/32"},
    {"2001:0db8::/32", CidrError::kNotCanonical, "2001:db8::/32"},
    {"0:0:0:0:0:0:0:0/0", CidrError::kNotCanonical, "::/0"},
    {"0::/0", CidrError::kNotCanonical, "::/0"},
    {"::0/0", CidrError::kNotCanonical, "::/0"},
    {"::0001/128", CidrError::kNotCanonical, "::1/128"},
    {"1:2:3:4:5:6:7::/128", CidrError::kNotCanonical, "1:2:3:4:5:6:7:0/128"},
    {"::2:3:4:5:6:7:8/128", CidrError::kNotCanonical, "0:2:3:4:5:6:7:8/128"},
    {"1::3:4:5:6:7:8/128", CidrError::kNotCanonical, "1:0:3:4:5:6:7:8/128"},
    {"1:0:0:4:0:0:0:8/128", CidrError::kNotCanonical, "1:0:0:4::8/128"},
    {"1:0:0:4:5:0:0:8/128", CidrError::kNotCanonical, "1::4:5:0:0:8/128"},
    {"1:0:0:4:5::8/128", CidrError::kNotCanonical, "1::4:5:0:0:8/128"},
    {"64:ff9b::192.0.2.0/120", CidrError::kNotCanonical, "64:ff9b::c000:200/120"},
    {"::1.2.3.4/128", CidrError::kNotCanonical, "::102:304/128"},
    {"::0.0.0.1/128", CidrError::kNotCanonical, "::1/128"},
    {"1:2:3:4:5:6:1.2.3.4/128", CidrError::kNotCanonical, "1:2:3:4:5:6:102:304/128"},
    // White space.
    {" 10.0.0.0/8", CidrError::kWhiteSpace, "10.0.0.0/8"},
    {"10.0.0.0/8 ", CidrError::kWhiteSpace, "10.0.0.0/8"},
    {"\t10.0.0.0/8\r\n", CidrError::kWhiteSpace, "10.0.0.0/8"},
    {" ::/0", CidrError::kWhiteSpace, "::/0"},
    // A bare address.
    {"10.0.0.1", CidrError::kNoPrefixLength, "10.0.0.1/32"},
    {"0.0.0.0", CidrError::kNoPrefixLength, "0.0.0.0/32"},
    {"::1", CidrError::kNoPrefixLength, "::1/128"},
    {"2001:DB8::1", CidrError::kNoPrefixLength, "2001:db8::1/128"},
    {"::ffff:1.2.3.4", CidrError::kNoPrefixLength, "1.2.3.4/32"},
    // Several at once.
    {" 010.1.2.3/08 ", CidrError::kWhiteSpace, "10.0.0.0/8"},
    {"010.1.2.3", CidrError::kNoPrefixLength, "10.1.2.3/32"},
    {" 10.0.0.1 ", CidrError::kWhiteSpace, "10.0.0.1/32"},
    {"010.1.2.3/8", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"::FFFF:010.1.2.3/0104", CidrError::kLeadingZeros, "10.0.0.0/8"},
    {"::ffff:10.1.2.3/104", CidrError::kMappedIpv4, "10.0.0.0/8"},
    {"2001:DB8:0::1/64", CidrError::kHostBits, "2001:db8::/64"},
    {"2001:DB8::1/064", CidrError::kLeadingZeros, "2001:db8::/64"},
    {"64:ff9b::192.0.2.1/120", CidrError::kHostBits, "64:ff9b::c000:200/120"},
    {"64:ff9b::192.000.2.1/120", CidrError::kLeadingZeros, "64:ff9b::c000:200/120"},
};

constexpr std::string_view kGarbage[] = {
    "",
    " ",
    "/",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/033",
    "10.0.0.0/128",
    "10.0.0.0/-1",
    "10.0.0.0/+8",
    "10.0.0.0/8/8",
    "10.0.0.0//8",
    "10.0.0.0/8.0",
    "10.0.0.0/0x8",
    "10.0.0.0/a",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/4294967304",
    "10.0.0.0/18446744073709551624",
    "10.0.0.0 /8",
    "10.0.0.0/ 8",
    "10. 0.0.0/8",
    "10.0.0/8",
    "10.0/8",
    "10/8",
    "10.0.0.0.0/8",
    "10.0.0./8",
    ".0.0.0/8",
    "10..0.0/8",
    "256.0.0.0/8",
    "1000.0.0.0/8",
    "4294967296.0.0.0/8",
    "10.0.0.256/32",
    "0x0a.0.0.0/8",
    "-1.0.0.0/8",
    "+1.0.0.0/8",
    "a.b.c.d/8",
    "167772160/8",
    "10.0.0.0-10.0.0.255",
    "10.0.0.*",
    "example.com",
    "example.com/8",
    "any",
    "*",
    "::/129",
    "::/0129",
    "::/-1",
    "::/",
    ":/0",
    ":::/0",
    "::1::/0",
    "1::2::3/128",
    "1:2:3:4:5:6:7/128",
    "1:2:3:4:5:6:7:8:9/128",
    "1:2:3:4:5:6:7:8::/128",
    "::1:2:3:4:5:6:7:8/128",
    "1:2:3:4::5:6:7:8/128",
    ":1:2:3:4:5:6:7:8/128",
    "1:2:3:4:5:6:7:8:/128",
    "1:2:3:4:5:6:7:/128",
    ":1::/128",
    "1::2:/128",
    "12345::/16",
    "00001::/16",
    "g::/16",
    "1:2:3:4:5:6:7:1.2.3.4/128",
    "1.2.3.4::/128",
    "1.2.3.4::1/128",
    "::1.2.3/128",
    "::1.2.3.4.5/128",
    "::1.2.3.256/128",
    "::1.2.3.4:5/128",
    "::a.b.c.d/128",
    "1:2:3:4:5:6::1.2.3.4/128",
    "fe80::1%eth0/64",
    "fe80::%1/64",
    "[::1]/128",
    "[::]/0",
    "::ffff:/128",
    "\xC2\xA0::/0",
    "1\xD9\xA0.0.0.0/8",
};

TEST(Cidr, RefusesEachFaultAndWritesItsRepair) {
  for (const FaultRow& row : kFaults) {
    const CidrCheck check = CheckCidr(row.text);
    EXPECT_EQ(check.error, row.error) << row.text << ": " << check.message;
    EXPECT_EQ(check.corrected, row.corrected) << row.text;
    EXPECT_NE(check.message, "") << row.text;
    if (!check.corrected.empty()) {
      EXPECT_TRUE(CheckCidr(check.corrected).ok()) << row.text;
    }
  }
}

TEST(Cidr, RefusesWhatIsNoRange) {
  for (const std::string_view text : kGarbage) {
    const CidrCheck check = CheckCidr(text);
    EXPECT_EQ(check.error, CidrError::kNotACidr) << text;
    EXPECT_EQ(check.corrected, "") << text;
    EXPECT_NE(check.message, "") << text;
  }
  EXPECT_EQ(CheckCidr(std::string_view("10.0.0.0/8\0", 11)).error, CidrError::kNotACidr);
  EXPECT_EQ(CheckCidr(std::string(100'000, '1')).error, CidrError::kNotACidr);
  EXPECT_EQ(CheckCidr(std::string(100'000, ':')).error, CidrError::kNotACidr);
  EXPECT_EQ(CheckCidr(std::string(100'000, '0') + ".0.0.0/8").corrected, "0.0.0.0/8");
}

TEST(Cidr, MessagesCarryTheRepair) {
  EXPECT_EQ(CheckCidr("10.0.0.1/8").message,
            "`10.0.0.1/8` as a CIDR needs all bits after the prefix to be zero: write `10.0.0.0/8`");
  EXPECT_EQ(CheckCidr("any").message,
            "`any` as a CIDR needs an address and a prefix length, such as `10.9.8.0/24` or `2001:db8::/64`");
  EXPECT_EQ(CheckCidr("\n::/0").message,
            "`?::/0` as a CIDR needs to stand without white space around it: write `::/0`");
}

TEST(Cidr, EveryPrefixLengthMasksItsBits) {
  for (uint32_t length = 0; length <= 32; ++length) {
    const uint32_t network = length == 0 ? 0 : ~uint32_t{0} << (32 - length);
    const std::string want = std::to_string(network >> 24U) + "." + std::to_string(network >> 16U & 255U) + "." +
                             std::to_string(network >> 8U & 255U) + "." + std::to_string(network & 255U) + "/" +
                             std::to_string(length);
    EXPECT_TRUE(CheckCidr(want).ok()) << want;
    const CidrCheck check = CheckCidr("255.255.255.255/" + std::to_string(length));
    EXPECT_EQ(check.corrected, length == 32 ? "" : want);
  }
  for (int length = 0; length <= 128; ++length) {
    const CidrCheck check = CheckCidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/" + std::to_string(length));
    EXPECT_EQ(check.ok(), length == 128);
    if (length < 128) {
      EXPECT_TRUE(CheckCidr(check.corrected).ok()) << check.corrected;
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------
// Against the C library.

std::optional<IpAddress> FromLibrary(const std::string& text) {
  IpAddress address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

TEST(Cidr, StrictAddressesReadAsTheLibraryReadsThem) {
  for (const std::string_view text : kStrict) {
    const std::string address(text.substr(0, text.find('/')));
    const std::optional<IpAddress> ours = ParseIpAddress(address);
    const std::optional<IpAddress> theirs = FromLibrary(address);
    ASSERT_TRUE(ours.has_value() && theirs.has_value()) << text;
    EXPECT_EQ(ours->bytes, theirs->bytes) << text;
    EXPECT_EQ(ours->v4, theirs->v4) << text;
  }
}

TEST(Cidr, PrintsAddressesAsTheLibraryDoes) {
  std::mt19937_64 random(7);
  int compared = 0;
  for (int round = 0; round < 40'000; ++round) {
    IpAddress address;
    address.v4 = random() % 8 == 0;
    for (size_t group = 0; group < 8; ++group) {
      const uint64_t value = random() % 3 == 0 ? random() & 0xFFFFU : random() % 2 == 0 ? 0 : random() & 0xFFU;
      address.bytes[2 * group] = static_cast<uint8_t>(value >> 8U);
      address.bytes[2 * group + 1] = static_cast<uint8_t>(value & 0xFFU);
    }
    if (address.v4) std::memset(address.bytes.data() + 4, 0, 12);
    std::array<char, INET6_ADDRSTRLEN> buffer = {};
    ASSERT_NE(inet_ntop(address.v4 ? AF_INET : AF_INET6, address.bytes.data(), buffer.data(), buffer.size()), nullptr);
    const std::string theirs = buffer.data();
    std::string ours;
    AppendIpAddress(address, ours);
    if (!address.v4 && theirs.find('.') != std::string::npos) {
      EXPECT_EQ(ours.find('.'), std::string::npos);
    } else {
      ++compared;
      EXPECT_EQ(ours, theirs);
    }
    const std::optional<IpAddress> back = ParseIpAddress(ours);
    ASSERT_TRUE(back.has_value()) << ours;
    EXPECT_EQ(back->bytes, address.bytes) << ours;
  }
  EXPECT_GT(compared, 30'000);
}

TEST(Cidr, ReadsWhatTheLibraryReads) {
  std::mt19937_64 random(11);
  const std::string_view alphabet = "0011:::.f2a5";
  const std::string_view seeds[] = {"1:2:3:4:5:6:7:8", "::", "1::8", "10.0.0.1", "::ffff:1.2.3.4", "1:2:3::6:7:8"};
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text(seeds[random() % std::size(seeds)]);
    const size_t edits = random() % 5;
    for (size_t i = 0; i < edits; ++i) {
      const size_t place = random() % (text.size() + 1);
      const char c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0 && place < text.size()) {
        text.erase(place, 1);
      } else if (random() % 2 == 0 && place < text.size()) {
        text[place] = c;
      } else {
        text.insert(place, 1, c);
      }
    }
    const std::optional<IpAddress> ours = ParseIpAddress(text);
    const std::optional<IpAddress> theirs = FromLibrary(text);
    ASSERT_EQ(ours.has_value() && !ours->leading_zeros, theirs.has_value()) << text;
    if (!theirs.has_value()) continue;
    ++accepted;
    ASSERT_EQ(ours->bytes, theirs->bytes) << text;
    ASSERT_EQ(ours->v4, theirs->v4) << text;
  }
  EXPECT_GT(accepted, 20'000);
}

TEST(Cidr, OneRepairIsEnough) {
  std::mt19937_64 random(13);
  const std::string_view alphabet = "0123456789abcdefABCDEF:./ ";
  int repaired = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string text(kFaults[random() % std::size(kFaults)].text);
    const size_t edits = random() % 4;
    for (size_t i = 0; i < edits && !text.empty(); ++i) {
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    }
    const CidrCheck check = CheckCidr(text);
    if (check.corrected.empty()) continue;
    ++repaired;
    ASSERT_NE(check.corrected, text);
    ASSERT_TRUE(CheckCidr(check.corrected).ok()) << text << " -> " << check.corrected;
  }
  EXPECT_GT(repaired, 10'000);
}

}  // namespace
}  // namespace berth
