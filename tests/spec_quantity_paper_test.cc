// Quantities against a slow second implementation: decimal digits in a vector, everything computed as on paper.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/quantity.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

// Decimal digits, least significant first.
using Digits = std::vector<int>;

void Times(Digits& digits, int factor) {
  int carry = 0;
  for (int& digit : digits) {
    const int product = digit * factor + carry;
    digit = product % 10;
    carry = product / 10;
  }
  for (; carry != 0; carry /= 10) digits.push_back(carry % 10);
}

void Increment(Digits& digits) {
  size_t place = 0;
  while (place < digits.size() && digits[place] == 9) digits[place++] = 0;
  if (place == digits.size()) digits.push_back(0);
  ++digits[place];
}

std::string Written(const Digits& digits) {
  std::string text;
  for (const int digit : digits) text.insert(text.begin(), static_cast<char>('0' + digit));
  const size_t first = text.find_first_not_of('0');
  return first == std::string::npos ? "0" : text.substr(first);
}

// Decimal number texts without leading zeros.
bool Above(const std::string& left, const std::string& right) {
  return left.size() != right.size() ? left.size() > right.size() : left > right;
}

// The nanos of `number` (digits with at most one dot) times 10^exponent times 1024^power, rounded up.
std::string PaperNanos(const std::string& number, int exponent, int power) {
  Digits digits;
  int decimals = 0;
  bool after_dot = false;
  for (const char c : number) {
    if (c == '.') {
      after_dot = true;
      continue;
    }
    digits.insert(digits.begin(), c - '0');
    if (after_dot) ++decimals;
  }
  for (int i = 0; i < power; ++i) Times(digits, 1024);
  int shift = exponent + 9 - decimals;
  for (; shift > 0; --shift) digits.insert(digits.begin(), 0);
  bool finer = false;
  for (; shift < 0 && !digits.empty(); ++shift) {
    finer = finer || digits.front() != 0;
    digits.erase(digits.begin());
  }
  if (finer) Increment(digits);
  return Written(digits);
}

std::string DividedBy(const std::string& number, int divisor, int& rest) {
  std::string quotient;
  rest = 0;
  for (const char c : number) {
    rest = rest * 10 + (c - '0');
    quotient.push_back(static_cast<char>('0' + rest / divisor));
    rest %= divisor;
  }
  const size_t first = quotient.find_first_not_of('0');
  return first == std::string::npos ? "0" : quotient.substr(first);
}

std::string PaperCanonical(std::string nanos, QuantityFormat format) {
  if (nanos == "0") return "0";
  const bool whole = nanos.size() > 9 && nanos.substr(nanos.size() - 9) == "000000000";
  if (format == QuantityFormat::kBinarySi && whole && !Above("1024000000000", nanos)) {
    std::string units = nanos.substr(0, nanos.size() - 9);
    const std::string suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t power = 0;
    for (;;) {
      int rest = 0;
      const std::string quotient = DividedBy(units, 1024, rest);
      if (rest != 0) return units + suffixes[power];
      units = quotient;
      ++power;
    }
  }
  int exponent = -9;
  while (nanos.size() > 3 && nanos.substr(nanos.size() - 3) == "000") {
    nanos.resize(nanos.size() - 3);
    exponent += 3;
  }
  if (exponent == 0) return nanos;
  if (format == QuantityFormat::kDecimalExponent) return nanos + "e" + std::to_string(exponent);
  return nanos + std::string("num kMGTPE").substr(static_cast<size_t>(exponent + 9) / 3, 1);
}

struct PaperSuffix {
  std::string text;
  QuantityFormat format;
  int exponent;
  int power;
};

PaperSuffix RandomSuffix(std::mt19937_64& random) {
  const std::string decimal = "num kMGTPE";
  const std::string binary = "KMGTPE";
  const int place = static_cast<int>(random() % 10);
  switch (random() % 3) {
    case 0:
      return {place == 3 ? "" : std::string(1, decimal[static_cast<size_t>(place)]), QuantityFormat::kDecimalSi,
              (place - 3) * 3, 0};
    case 1: {
      const int exponent = static_cast<int>(random() % 61) - 30;
      const std::string sign = exponent < 0 ? "-" : (random() % 2 == 0 ? "+" : "");
      return {(random() % 2 == 0 ? "e" : "E") + sign + std::to_string(std::abs(exponent)),
              QuantityFormat::kDecimalExponent, exponent, 0};
    }
    default: {
      const int power = static_cast<int>(random() % 6) + 1;
      return {std::string(1, binary[static_cast<size_t>(power - 1)]) + "i", QuantityFormat::kBinarySi, 0, power};
    }
  }
}

std::string RandomNumber(std::mt19937_64& random) {
  // Runs of equal digits reach the carries and the exact cases that random digits never do.
  const auto digits = [&random](size_t most) {
    std::string text;
    const size_t size = random() % (most + 1);
    while (text.size() < size) {
      const char digit = "0005999"[random() % 7];
      if (random() % 3 == 0) {
        text.append(std::min<size_t>(size - text.size(), random() % 12), digit);
      } else {
        text.push_back(static_cast<char>('0' + random() % 10));
      }
    }
    return text;
  };
  std::string whole = digits(random() % 4 == 0 ? 30 : 8);
  std::string decimals = digits(random() % 4 == 0 ? 90 : 12);
  if (random() % 8 == 0) {
    // k * 2^-n: exact in binary.
    Digits exact = {static_cast<int>(random() % 9) + 1};
    const size_t places = random() % 75;
    for (size_t i = 0; i < places; ++i) Times(exact, 5);
    decimals = Written(exact);
    if (decimals.size() < places) decimals.insert(0, places - decimals.size(), '0');
  }
  if (whole.empty() && decimals.empty()) whole = "1";
  return decimals.empty() && random() % 2 == 0 ? whole : whole + "." + decimals;
}

TEST(Quantity, AgreesWithArithmeticOnPaper) {
  std::mt19937_64 random(20240611);
  const std::string limit = "9223372036854775807000000000";
  int accepted = 0;
  int refused = 0;
  for (int round = 0; round < 60'000; ++round) {
    const std::string number = RandomNumber(random);
    const PaperSuffix suffix = RandomSuffix(random);
    const std::string nanos = PaperNanos(number, suffix.exponent, suffix.power);
    const bool negative = random() % 5 == 0;
    const std::string text = (negative ? "-" : "") + number + suffix.text;
    const std::optional<Quantity> quantity = Quantity::Parse(text);
    ASSERT_EQ(quantity.has_value(), !Above(nanos, limit)) << text;
    if (!quantity.has_value()) {
      ++refused;
      continue;
    }
    ++accepted;
    const std::string sign = negative && nanos != "0" ? "-" : "";
    ASSERT_EQ(quantity->ToString(), sign + PaperCanonical(nanos, suffix.format)) << text;
  }
  EXPECT_GT(accepted, 20'000);
  EXPECT_GT(refused, 2'000);
}

}  // namespace
}  // namespace berth
