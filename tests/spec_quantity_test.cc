#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "berth/spec/quantity.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

constexpr std::string_view kMaxText = "9223372036854775807";

std::string Canonical(std::string_view text) {
  QuantityError error = QuantityError::kEmpty;
  const std::optional<Quantity> quantity = Quantity::Parse(text, &error);
  if (!quantity.has_value()) return "error " + std::to_string(static_cast<int>(error));
  EXPECT_EQ(error, QuantityError::kNone) << text;
  return quantity->ToString();
}

struct CanonicalRow {
  std::string_view text;
  std::string_view want;
};

constexpr CanonicalRow kCanonicalRows[] = {
    // The tables of the Kubernetes rules.
    {"1.5", "1500m"},
    {"1000m", "1"},
    {".5", "500m"},
    {"0.0001", "100u"},
    {"1.5Gi", "1536Mi"},
    {"2000", "2k"},
    {"1023Ki", "1023Ki"},
    {"100Ki", "100Ki"},
    {"-1.5", "-1500m"},
    {"00", "0"},
    {"1e3", "1e3"},
    {"0.5", "500m"},
    {"0.1m", "100u"},
    {"12e6", "12e6"},
    {"1e-1", "100e-3"},
    {"1024Mi", "1Gi"},
    {"0.5Ki", "512"},
    {"1.1Ki", "1126400m"},
    {"1.500", "1500m"},
    {"+5", "5"},
    {"007", "7"},
    {"1.", "1"},
    {"12E6", "12e6"},
    {"1.G", "1G"},
    {"0.5n", "1n"},
    {"400m", "400m"},
    // Zero, however it is spelled.
    {"0", "0"},
    {"-0", "0"},
    {"+0", "0"},
    {"0.", "0"},
    {".0", "0"},
    {"-.0", "0"},
    {"0.000", "0"},
    {"0n", "0"},
    {"0Ki", "0"},
    {"0Ei", "0"},
    {"0E", "0"},
    {"0e0", "0"},
    {"0e1000", "0"},
    {"0e-1000", "0"},
    {"-0e5", "0"},
    {"0000000000000000000000000000000000000000000000000000", "0"},
    {"0.0000000000000000000000000000000000000000000000000Gi", "0"},
    // Numbers.
    {"1", "1"},
    {"9", "9"},
    {"10", "10"},
    {"100", "100"},
    {"999", "999"},
    {"1000", "1k"},
    {"1001", "1001"},
    {"1500", "1500"},
    {"10000", "10k"},
    {"123456", "123456"},
    {"1000000", "1M"},
    {"1000000000", "1G"},
    {"1000000000000", "1T"},
    {"1000000000000000", "1P"},
    {"1000000000000000000", "1E"},
    {"1234567890123456789", "1234567890123456789"},
    {"0001", "1"},
    {"+1", "1"},
    {"-1", "-1"},
    {"-007", "-7"},
    {"1.0", "1"},
    {"1.00000000000000000000000000000000000000000", "1"},
    {"1.25", "1250m"},
    {"0.125", "125m"},
    {"0.001", "1m"},
    {"0.0015", "1500u"},
    {"0.000001", "1u"},
    {"0.000000001", "1n"},
    {"1.000000001", "1000000001n"},
    {"3.14159", "3141590u"},
    {"+.5", "500m"},
    {"-.5", "-500m"},
    // Every suffix.
    {"1n", "1n"},
    {"1u", "1u"},
    {"1m", "1m"},
    {"1k", "1k"},
    {"1M", "1M"},
    {"1G", "1G"},
    {"1T", "1T"},
    {"1P", "1P"},
    {"1E", "1E"},
    {"9E", "9E"},
    {"1Ki", "1Ki"},
    {"1Mi", "1Mi"},
    {"1Gi", "1Gi"},
    {"1Ti", "1Ti"},
    {"1Pi", "1Pi"},
    {"1Ei", "1Ei"},
    {"7Ei", "7Ei"},
    {"1000n", "1u"},
    {"1000u", "1m"},
    {"1000k", "1M"},
    {"1000M", "1G"},
    {"1000G", "1T"},
    {"1000T", "1P"},
    {"1000P", "1E"},
    {"1500n", "1500n"},
    {"1500u", "1500u"},
    {"1500m", "1500m"},
    {"1500k", "1500k"},
    {"1.5k", "1500"},
    {"1.5M", "1500k"},
    {"1.5G", "1500M"},
    {"1.5T", "1500G"},
    {"1.5P", "1500T"},
    {"1.5E", "1500P"},
    {"0.5k", "500"},
    {"0.001k", "1"},
    {"0.0001k", "100m"},
    {"0.1n", "1n"},
    {"1.1n", "2n"},
    {"1.5u", "1500n"},
    {"0.5u", "500n"},
    {"0.0005u", "1n"},
    {"2.5E", "2500P"},
    {"-1k", "-1k"},
    {"-1Ki", "-1Ki"},
    {"+1Ki", "1Ki"},
    {"001Gi", "1Gi"},
    {"1.Gi", "1Gi"},
    {".5Gi", "512Mi"},
    {"1.50Gi", "1536Mi"},
    // Binary: below 1024 or not whole prints as decimal.
    {"1024Ki", "1Mi"},
    {"1024Gi", "1Ti"},
    {"1024Ti", "1Pi"},
    {"1024Pi", "1Ei"},
    {"1025Ki", "1025Ki"},
    {"1048576Ki", "1Gi"},
    {"1536Ki", "1536Ki"},
    {"2048Ki", "2Mi"},
    {"0.25Ki", "256"},
    {"0.9990234375Ki", "1023"},
    {"0.9765625Ki", "1k"},
    {"1.0009765625Ki", "1025"},
    {"1.5Ki", "1536"},
    {"1.953125Ki", "2000"},
    {"0.001Ki", "1024m"},
    {"0.0001Ki", "102400u"},
    {"0.1Ki", "102400m"},
    {"0.1Mi", "104857600m"},
    {"0.1Gi", "107374182400m"},
    {"0.1Ti", "109951162777600m"},
    {"0.1Pi", "112589990684262400m"},
    {"0.1Ei", "115292150460684697600m"},
    {"0.3Ei", "345876451382054092800m"},
    {"-0.5Ki", "-512"},
    {"-1.5Gi", "-1536Mi"},
    {"0.000000000001Ki", "2n"},
    {"0.0000000000009765625Ki", "1n"},
    {"0.00000000000097656250000000000000000000000000000000000000000000000000000000000000000001Ki", "2n"},
    {"0.0000000000000001Ki", "1n"},
    {"0.00000000000000000000000000000000000000000000000000000000000000000000000000000001Ei", "1n"},
    // 2^-60 Ei is one byte, exactly; 2^-69 * 5^-9 Ei is one nano, the finest value that is exact.
    {"0.000000000000000000867361737988403547205962240695953369140625Ei", "1"},
    {"0.000000000000000000000000000867361737988403547205962240695953369140625Ei", "1n"},
    {"0.0000000000000000000000000008673617379884035472059622406959533691406250000Ei", "1n"},
    {"0.0000000000000000000000000008673617379884035472059622406959533691406250001Ei", "2n"},
    {"0.000000000000000000000000000867361737988403547205962240695953369140624Ei", "1n"},
    {"0.000000000000000000000000000867361737988403547205962240695953369140626Ei", "2n"},
    // Exponents.
    {"1e0", "1"},
    {"1E0", "1"},
    {"1e1", "10"},
    {"1e2", "100"},
    {"1E3", "1e3"},
    {"1e+3", "1e3"},
    {"1e4", "10e3"},
    {"1e03", "1e3"},
    {"1e0000000000000003", "1e3"},
    {"1e-0", "1"},
    {"1e-3", "1e-3"},
    {"1e-2", "10e-3"},
    {"1e-9", "1e-9"},
    {"1e-10", "1e-9"},
    {"1e-1000", "1e-9"},
    {"-1e-1000", "-1e-9"},
    {"1.5e3", "1500"},
    {"1.5e1", "15"},
    {"1.5e0", "1500e-3"},
    {".5e3", "500"},
    {"5.e3", "5e3"},
    {"0.000000001e9", "1"},
    {"0.0000000000000000001e19", "1"},
    {"1000e-3", "1"},
    {"1000000e-3", "1e3"},
    {"100e-3", "100e-3"},
    {"1e18", "1e18"},
    {"9e18", "9e18"},
    {"9.2e18", "9200e15"},
    {"-12e6", "-12e6"},
    {"1500e3", "1500e3"},
    {"1500000e0", "1500e3"},
    {"1000000000000000000000000000000e-30", "1"},
    {"1000000000000000000000000000001e-30", "1000000001e-9"},
    {"0e1", "0"},
    // White space around.
    {" 1Gi ", "1Gi"},
    {"\t1\n", "1"},
    {"\r\n1m\r\n", "1m"},
    {"  0.5", "500m"},
    {"7   ", "7"},
    // Rounding to one nano, away from zero.
    {"0.0000000001", "1n"},
    {"0.0000000019", "2n"},
    {"0.0000000010", "1n"},
    {"0.00000000100000000000000000000000000000000001", "2n"},
    {"1.0000000001", "1000000001n"},
    {"-0.0000000001", "-1n"},
    {"-1.0000000001", "-1000000001n"},
    {"0.9999999999", "1"},
    {"0.99999999999999999999999999999999999", "1"},
    // The limit: 2^63-1, in every format.
    {"9223372036854775807", "9223372036854775807"},
    {"+9223372036854775807", "9223372036854775807"},
    {"-9223372036854775807", "-9223372036854775807"},
    {"0009223372036854775807.000", "9223372036854775807"},
    {"9223372036854775806.999999999", "9223372036854775806999999999n"},
    {"9223372036854775806.9999999999", "9223372036854775807"},
    {"9223372036854775807e0", "9223372036854775807"},
    {"9.223372036854775807e18", "9223372036854775807"},
    {"9223372036854775807000e-3", "9223372036854775807"},
    {"9223372036854775807000m", "9223372036854775807"},
    {"9223372036854775807000000000n", "9223372036854775807"},
    {"9223372036854775.807k", "9223372036854775807"},
    {"9.223372036854775807E", "9223372036854775807"},
    {"9007199254740991Ki", "9007199254740991Ki"},
    {"8191Pi", "8191Pi"},
    {"7.9999Ei", "9223256744704315123302400u"},
    {"8388607Ti", "8388607Ti"},
};

TEST(Quantity, PrintsTheCanonicalForm) {
  for (const CanonicalRow& row : kCanonicalRows) EXPECT_EQ(Canonical(row.text), row.want) << row.text;
}

TEST(Quantity, PrintedTextParsesToTheSameValue) {
  for (const CanonicalRow& row : kCanonicalRows) {
    const std::optional<Quantity> first = Quantity::Parse(row.text);
    ASSERT_TRUE(first.has_value()) << row.text;
    const std::string printed = first->ToString();
    const std::optional<Quantity> second = Quantity::Parse(printed);
    ASSERT_TRUE(second.has_value()) << printed;
    EXPECT_EQ(first, second) << row.text;
    // Without a suffix the format is not seen: 2000 bytes print `2000` when written in Ki and `2k` when not.
    if (first->format() == second->format()) {
      EXPECT_EQ(second->ToString(), printed);
    }
  }
}

struct ErrorRow {
  std::string_view text;
  QuantityError want;
};

constexpr ErrorRow kErrorRows[] = {
    {"", QuantityError::kEmpty},
    {" ", QuantityError::kEmpty},
    {" \t\r\n", QuantityError::kEmpty},
    {".", QuantityError::kNotANumber},
    {"-", QuantityError::kNotANumber},
    {"+", QuantityError::kNotANumber},
    {"-.", QuantityError::kNotANumber},
    {"+.", QuantityError::kNotANumber},
    {"..5", QuantityError::kNotANumber},
    {"1.2.3", QuantityError::kNotANumber},
    {"1..2", QuantityError::kNotANumber},
    {"1.5.", QuantityError::kNotANumber},
    {"--1", QuantityError::kNotANumber},
    {"+-1", QuantityError::kNotANumber},
    {"++1", QuantityError::kNotANumber},
    {"- 1", QuantityError::kNotANumber},
    {"NaN", QuantityError::kNotANumber},
    {"Inf", QuantityError::kNotANumber},
    {"-Inf", QuantityError::kNotANumber},
    {"abc", QuantityError::kNotANumber},
    {"m", QuantityError::kNotANumber},
    {"Gi", QuantityError::kNotANumber},
    {"e3", QuantityError::kNotANumber},
    {"E", QuantityError::kNotANumber},
    {".e3", QuantityError::kNotANumber},
    {"null", QuantityError::kNotANumber},
    {"$1", QuantityError::kNotANumber},
    {",5", QuantityError::kNotANumber},
    {"\v1", QuantityError::kNotANumber},
    {"\xC2\xA0"
     "1",
     QuantityError::kNotANumber},
    {"\xD9\xA1", QuantityError::kNotANumber},
    {"1K", QuantityError::kUnknownSuffix},
    {"1ki", QuantityError::kUnknownSuffix},
    {"1i", QuantityError::kUnknownSuffix},
    {"1e", QuantityError::kUnknownSuffix},
    {"1e1.5", QuantityError::kUnknownSuffix},
    {"1e3Ki", QuantityError::kUnknownSuffix},
    {"1e3m", QuantityError::kUnknownSuffix},
    {"1e+", QuantityError::kUnknownSuffix},
    {"1e-", QuantityError::kUnknownSuffix},
    {"1E+", QuantityError::kUnknownSuffix},
    {"1e+-3", QuantityError::kUnknownSuffix},
    {"1e 3", QuantityError::kUnknownSuffix},
    {"1ee3", QuantityError::kUnknownSuffix},
    {"1Ee3", QuantityError::kUnknownSuffix},
    {"0x10", QuantityError::kUnknownSuffix},
    {"1_000", QuantityError::kUnknownSuffix},
    {"1,000", QuantityError::kUnknownSuffix},
    {"1 Gi", QuantityError::kUnknownSuffix},
    {"1 000", QuantityError::kUnknownSuffix},
    {"1G i", QuantityError::kUnknownSuffix},
    {"1gi", QuantityError::kUnknownSuffix},
    {"1GI", QuantityError::kUnknownSuffix},
    {"1GB", QuantityError::kUnknownSuffix},
    {"1GiB", QuantityError::kUnknownSuffix},
    {"1mi", QuantityError::kUnknownSuffix},
    {"1ni", QuantityError::kUnknownSuffix},
    {"1ei", QuantityError::kUnknownSuffix},
    {"1Zi", QuantityError::kUnknownSuffix},
    {"1Z", QuantityError::kUnknownSuffix},
    {"1Y", QuantityError::kUnknownSuffix},
    {"1g", QuantityError::kUnknownSuffix},
    {"1t", QuantityError::kUnknownSuffix},
    {"1U", QuantityError::kUnknownSuffix},
    {"1N", QuantityError::kUnknownSuffix},
    {"1mm", QuantityError::kUnknownSuffix},
    {"1km", QuantityError::kUnknownSuffix},
    {"1-", QuantityError::kUnknownSuffix},
    {"1+1", QuantityError::kUnknownSuffix},
    {"1\xC2\xB5", QuantityError::kUnknownSuffix},
    {std::string_view("1\0", 2), QuantityError::kUnknownSuffix},
    {"1e1001", QuantityError::kExponentRange},
    {"1e-1001", QuantityError::kExponentRange},
    {"0e1001", QuantityError::kExponentRange},
    {"0e-1001", QuantityError::kExponentRange},
    {"1e-99999999999", QuantityError::kExponentRange},
    {"0e99999999999", QuantityError::kExponentRange},
    {"1e99999999999999999999999999999999", QuantityError::kExponentRange},
    {"1e1000", QuantityError::kTooLarge},
    {"1e30", QuantityError::kTooLarge},
    {"-1e30", QuantityError::kTooLarge},
    {"0.0000000000000000000000001e1000", QuantityError::kTooLarge},
    {"8Ei", QuantityError::kTooLarge},
    {"8192Pi", QuantityError::kTooLarge},
    {"8388608Ti", QuantityError::kTooLarge},
    {"9007199254740992Ki", QuantityError::kTooLarge},
    {"10E", QuantityError::kTooLarge},
    {"1000E", QuantityError::kTooLarge},
    {"9223372036854775808", QuantityError::kTooLarge},
    {"-9223372036854775808", QuantityError::kTooLarge},
    {"9223372036854775807.0000000001", QuantityError::kTooLarge},
    {"9223372036854775807.000000001", QuantityError::kTooLarge},
    {"9223372036854775807.1", QuantityError::kTooLarge},
    {"9223372036854775807001m", QuantityError::kTooLarge},
    {"9223372036854775807000000001n", QuantityError::kTooLarge},
    {"9.3E", QuantityError::kTooLarge},
    {"9.3e18", QuantityError::kTooLarge},
    {"9223372036854775808Ki", QuantityError::kTooLarge},
    {"99999999999999999999999999999999999999999999999999999999999999", QuantityError::kTooLarge},
    {"99999999999999999999999999999999999999999999999999999999999999Gi", QuantityError::kTooLarge},
    {"340282366920938463463374607431768211456", QuantityError::kTooLarge},
};

TEST(Quantity, RefusesWhatIsNoQuantity) {
  for (const ErrorRow& row : kErrorRows) {
    QuantityError error = QuantityError::kNone;
    EXPECT_FALSE(Quantity::Parse(row.text, &error).has_value()) << row.text;
    EXPECT_EQ(error, row.want) << row.text << " got " << static_cast<int>(error);
    EXPECT_FALSE(Quantity::Parse(row.text).has_value()) << row.text;
    EXPECT_FALSE(QuantityErrorText(error).empty());
  }
}

TEST(Quantity, ReadsVeryLongTexts) {
  const std::string zeros(100'000, '0');
  EXPECT_EQ(Canonical(zeros + "5Gi"), "5Gi");
  EXPECT_EQ(Canonical("5." + zeros + "Gi"), "5Gi");
  EXPECT_EQ(Canonical("5." + zeros + "1"), "5000000001n");
  EXPECT_EQ(Canonical("1." + zeros + "1Gi"), "1073741824000000001n");
  EXPECT_EQ(Canonical("1" + zeros), "error " + std::to_string(static_cast<int>(QuantityError::kTooLarge)));
  EXPECT_EQ(Canonical("1" + std::string(1000, '0') + "e-1000"), "1");
  EXPECT_EQ(Canonical("0." + std::string(999, '0') + "1e1000"), "1");
}

struct UnitRow {
  std::string_view text;
  std::optional<int64_t> millicores;
  int64_t bytes;
  bool whole_bytes;
};

TEST(Quantity, RoundsUpToItsUnit) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const UnitRow rows[] = {
      {"0", 0, 0, true},
      {"1", 1000, 1, true},
      {"1n", 1, 1, false},
      {"0.0001", 1, 1, false},
      {"1m", 1, 1, false},
      {"1.0001", 1001, 2, false},
      {"1001u", 2, 1, false},
      {"400m", 400, 1, false},
      {"1500m", 1500, 2, false},
      {"2", 2000, 2, true},
      {"1Gi", 1073741824000, 1073741824, true},
      {"1.1Ki", 1126400, 1127, false},
      {"1e3", 1'000'000, 1000, true},
      {"-1", -1000, -1, true},
      {"-1m", -1, -1, false},
      {"-1n", -1, -1, false},
      {"9223372036854775807", std::nullopt, kMax, true},
      {"-9223372036854775807", std::nullopt, -kMax, true},
      {"9223372036854775806.1", std::nullopt, kMax, false},
      {"9223372036854775.807", kMax, 9223372036854776, false},
      {"9223372036854775.806999999", kMax, 9223372036854776, false},
      {"9223372036854775.807000001", std::nullopt, 9223372036854776, false},
      {"9223372036854775.808", std::nullopt, 9223372036854776, false},
  };
  for (const UnitRow& row : rows) {
    const std::optional<Quantity> quantity = Quantity::Parse(row.text);
    ASSERT_TRUE(quantity.has_value()) << row.text;
    EXPECT_EQ(quantity->Millicores(), row.millicores) << row.text;
    EXPECT_EQ(quantity->Bytes(), row.bytes) << row.text;
    EXPECT_EQ(quantity->UnitsOf(Resource::kCpu), row.millicores) << row.text;
    EXPECT_EQ(quantity->UnitsOf(Resource::kMemory), row.bytes) << row.text;
    EXPECT_EQ(quantity->whole_bytes(), row.whole_bytes) << row.text;
  }
}

struct ResourceRow {
  std::string_view text;
  Resource resource;
  QuantityError want;
};

TEST(Quantity, ChecksWhatAResourceCanHold) {
  const ResourceRow rows[] = {
      {"0", Resource::kCpu, QuantityError::kNone},
      {"-0", Resource::kCpu, QuantityError::kNone},
      {"-0.0", Resource::kMemory, QuantityError::kNone},
      {"1", Resource::kCpu, QuantityError::kNone},
      {"-1", Resource::kCpu, QuantityError::kNegative},
      {"-1", Resource::kMemory, QuantityError::kNegative},
      {"-0.0000000001", Resource::kCpu, QuantityError::kNegative},
      {"-1e-1000", Resource::kMemory, QuantityError::kNegative},
      {"-99P", Resource::kCpu, QuantityError::kNegative},
      {"9223372036854775807", Resource::kMemory, QuantityError::kNone},
      {"9223372036854775808", Resource::kMemory, QuantityError::kTooLarge},
      {"8Ei", Resource::kMemory, QuantityError::kTooLarge},
      {"7Ei", Resource::kMemory, QuantityError::kNone},
      {"7Ei", Resource::kCpu, QuantityError::kTooManyMillicores},
      {"9223372036854775.807", Resource::kCpu, QuantityError::kNone},
      {"9223372036854775.8070000001", Resource::kCpu, QuantityError::kTooManyMillicores},
      {"9223372036854775.808", Resource::kCpu, QuantityError::kTooManyMillicores},
      {"9223372036854775.808", Resource::kMemory, QuantityError::kNone},
      {"x", Resource::kMemory, QuantityError::kNotANumber},
      {"", Resource::kCpu, QuantityError::kEmpty},
  };
  for (const ResourceRow& row : rows) {
    QuantityError error = QuantityError::kEmpty;
    const std::optional<Quantity> quantity = ParseQuantity(row.text, row.resource, &error);
    EXPECT_EQ(error, row.want) << row.text;
    EXPECT_EQ(quantity.has_value(), row.want == QuantityError::kNone) << row.text;
    EXPECT_EQ(ParseQuantity(row.text, row.resource).has_value(), quantity.has_value());
  }
}

TEST(Quantity, ComparesByValueWhateverTheFormat) {
  const std::pair<std::string_view, std::string_view> equal[] = {
      {"1", "1000m"}, {"1", "1e0"},    {"1Gi", "1024Mi"},    {"1Gi", "1073741824"}, {"0", "-0"},   {"0", "0Gi"},
      {"1k", "1e3"},  {"1024", "1Ki"}, {"0.5Ki", "512000m"}, {"1n", "0.1n"},        {"1E", "1e18"}};
  for (const auto& [left, right] : equal) EXPECT_EQ(Quantity::Parse(left), Quantity::Parse(right)) << left;
  const std::string_view ascending[] = {"-9E", "-1Gi", "-1", "-1n", "0",   "1n",  "1u", "1m",  "999m", "1",
                                        "1k",  "1Ki",  "1M", "1Mi", "1e9", "1Gi", "1T", "1Ti", "7Ei",  kMaxText};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      const Quantity left = Quantity::Parse(ascending[i]).value_or(Quantity());
      const Quantity right = Quantity::Parse(ascending[j]).value_or(Quantity());
      EXPECT_EQ(left < right, i < j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(left == right, i == j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(left >= right, i >= j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Quantity, RemembersItsFormat) {
  EXPECT_EQ(Quantity::Parse("1m").value_or(Quantity()).format(), QuantityFormat::kDecimalSi);
  EXPECT_EQ(Quantity::Parse("1").value_or(Quantity()).format(), QuantityFormat::kDecimalSi);
  EXPECT_EQ(Quantity::Parse("1E").value_or(Quantity()).format(), QuantityFormat::kDecimalSi);
  EXPECT_EQ(Quantity::Parse("1E0").value_or(Quantity()).format(), QuantityFormat::kDecimalExponent);
  EXPECT_EQ(Quantity::Parse("1Ei").value_or(Quantity()).format(), QuantityFormat::kBinarySi);
  EXPECT_EQ(Quantity().format(), QuantityFormat::kDecimalSi);
}

TEST(Quantity, PrintsRunnerIntegers) {
  EXPECT_EQ(Quantity::FromMillicores(96'000).ToString(), "96");
  EXPECT_EQ(Quantity::FromMillicores(1500).ToString(), "1500m");
  EXPECT_EQ(Quantity::FromMillicores(0).ToString(), "0");
  EXPECT_EQ(Quantity::FromMillicores(2'000'000).ToString(), "2k");
  EXPECT_EQ(Quantity::FromBytes(int64_t{768} << 30).ToString(), "768Gi");
  EXPECT_EQ(Quantity::FromBytes(1536).ToString(), "1536");
  EXPECT_EQ(Quantity::FromBytes(1023).ToString(), "1023");
  EXPECT_EQ(Quantity::FromBytes(1000).ToString(), "1k");
  EXPECT_EQ(Quantity::FromBytes(2000).ToString(), "2000");
  EXPECT_EQ(Quantity::FromBytes(0).ToString(), "0");
  const int64_t values[] = {0, 1, 999, 1000, 1024, -5, std::numeric_limits<int64_t>::max()};
  for (const int64_t value : values) {
    EXPECT_EQ(Quantity::FromMillicores(value).Millicores(), value);
    EXPECT_EQ(Quantity::FromBytes(value).Bytes(), value);
  }
  EXPECT_EQ(Quantity::FromBytes(std::numeric_limits<int64_t>::min()).ToString(), "-8Ei");
}

TEST(Quantity, MessagesNameTheTextAndWhatItNeeds) {
  EXPECT_EQ(QuantityErrorMessage(QuantityError::kNegative, "-1"), "`-1` as a quantity needs a value of 0 or more");
  EXPECT_EQ(QuantityErrorText(QuantityError::kNone), "");
  const std::string clipped =
      QuantityErrorMessage(QuantityError::kTooLarge, std::string(63, '9') + "\xC3\xA9 and more");
  EXPECT_EQ(clipped.substr(0, 68), "`" + std::string(63, '9') + "...`");
}

}  // namespace
}  // namespace berth
