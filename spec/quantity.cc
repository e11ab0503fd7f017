#include "berth/spec/quantity.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <limits>

#include "absl/numeric/int128.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

constexpr int64_t kMaxUnits = std::numeric_limits<int64_t>::max();
constexpr int64_t kNanosPerUnit = 1'000'000'000;
constexpr uint64_t kNanosPerMilli = 1'000'000;
constexpr int kNanoDigits = 9;
constexpr int kMaxExponent = 1000;

// A fraction times 1024^6 times 10^9 = 2^69 * 5^9 can be whole only if it has at most this many decimals. So further
// decimals never decide which step is the next one up; they only matter for being there at all.
constexpr size_t kDecidingDecimals = 69;

constexpr std::string_view kDecimalSuffixes = "num kMGTPE";  // 10^-9, 10^-6, ... 10^18; a blank stands for none
constexpr size_t kUnitsPlace = 3;                            // of the blank
constexpr std::string_view kBinarySuffixes = " KMGTPE";      // 1024^0, ... 1024^6

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
uint32_t DigitValue(char c) { return static_cast<uint32_t>(c - '0'); }

// Of -2^63, too.
uint64_t Magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}
int64_t Signed(bool negative, uint64_t magnitude) { return static_cast<int64_t>(negative ? 0 - magnitude : magnitude); }

absl::uint128 MaxNanos() { return absl::uint128(static_cast<uint64_t>(kMaxUnits)) * kNanosPerUnit; }

uint64_t PowerOfTen(int64_t exponent) {  // up to 9
  constexpr std::array<uint64_t, 10> kPowers = {1,       10,        100,        1'000,       10'000,
                                                100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
  return kPowers[static_cast<size_t>(exponent)];
}

// A quantity's text taken apart; the views point into it.
struct Parts {
  bool negative = false;
  std::string_view whole;     // digits before the dot
  std::string_view decimals;  // digits after it
  QuantityFormat format = QuantityFormat::kDecimalSi;
  int exponent = 0;  // of 10, or of 1024 for binary SI
};

std::string_view TakeDigits(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && IsDigit(text[size])) ++size;
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// `text` begins after the `e`.
QuantityError ReadExponent(std::string_view text, Parts& parts) {
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  const std::string_view digits = TakeDigits(text);
  if (digits.empty() || !text.empty()) return QuantityError::kUnknownSuffix;
  int exponent = 0;
  for (const char c : digits) {
    exponent = exponent * 10 + static_cast<int>(DigitValue(c));
    if (exponent > kMaxExponent) return QuantityError::kExponentRange;
  }
  parts.exponent = negative ? -exponent : exponent;
  parts.format = QuantityFormat::kDecimalExponent;
  return QuantityError::kNone;
}

QuantityError ReadSuffix(std::string_view text, Parts& parts) {
  if (text.empty()) return QuantityError::kNone;
  if (text.size() == 1 && text[0] != ' ') {
    const size_t place = kDecimalSuffixes.find(text[0]);
    if (place == std::string_view::npos) return QuantityError::kUnknownSuffix;
    parts.exponent = (static_cast<int>(place) - 3) * 3;
    return QuantityError::kNone;
  }
  if (text.size() == 2 && text[1] == 'i' && text[0] != ' ') {
    const size_t place = kBinarySuffixes.find(text[0]);
    if (place == std::string_view::npos) return QuantityError::kUnknownSuffix;
    parts.exponent = static_cast<int>(place);
    parts.format = QuantityFormat::kBinarySi;
    return QuantityError::kNone;
  }
  if (text.size() > 1 && (text[0] == 'e' || text[0] == 'E')) return ReadExponent(text.substr(1), parts);
  return QuantityError::kUnknownSuffix;
}

QuantityError TakeApart(std::string_view text, Parts& parts) {
  text = Trim(text);
  if (text.empty()) return QuantityError::kEmpty;
  if (text.front() == '-' || text.front() == '+') {
    parts.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  parts.whole = TakeDigits(text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    parts.decimals = TakeDigits(text);
  }
  if (parts.whole.empty() && parts.decimals.empty()) return QuantityError::kNotANumber;
  if (!text.empty() && text.front() == '.') return QuantityError::kNotANumber;
  return ReadSuffix(text, parts);
}

// Appends `digits` to the decimal number in `value`. False when it grows beyond `limit`, which is at most 2^94.
bool AppendDigits(std::string_view digits, absl::uint128 limit, absl::uint128& value) {
  for (const char c : digits) {
    value = value * 10 + DigitValue(c);
    if (value > limit) return false;
  }
  return true;
}

bool AnyNonZero(std::string_view digits) { return digits.find_first_not_of('0') != std::string_view::npos; }

// |value| in nanos, rounded up; false when beyond the limit. Written out, the nanos are the first `wanted` digits of
// the whole part and the decimals; what follows them is rounded up, what lacks is zeros.
bool DecimalNanos(const Parts& parts, absl::uint128& nanos) {
  const absl::uint128 limit = MaxNanos();
  const int64_t wanted = static_cast<int64_t>(parts.whole.size()) + parts.exponent + kNanoDigits;
  const size_t used = static_cast<size_t>(std::max<int64_t>(wanted, 0));
  const size_t used_whole = std::min(used, parts.whole.size());
  const size_t used_decimals = std::min(used - used_whole, parts.decimals.size());
  if (!AppendDigits(parts.whole.substr(0, used_whole), limit, nanos)) return false;
  if (!AppendDigits(parts.decimals.substr(0, used_decimals), limit, nanos)) return false;
  if (nanos != 0) {
    // Never past the limit by more than 10^9, so never past 128 bits.
    for (int64_t lacking = static_cast<int64_t>(used - used_whole - used_decimals); lacking > 0;) {
      const int64_t step = std::min<int64_t>(lacking, kNanoDigits);
      nanos *= PowerOfTen(step);
      if (nanos > limit) return false;
      lacking -= step;
    }
  }
  if (AnyNonZero(parts.whole.substr(used_whole)) || AnyNonZero(parts.decimals.substr(used_decimals))) ++nanos;
  return nanos <= limit;
}

// |value| in nanos, rounded up; false when beyond the limit. The decimals are multiplied digit by digit, as on paper.
bool BinaryNanos(const Parts& parts, absl::uint128& nanos) {
  absl::uint128 units = 0;
  if (!AppendDigits(parts.whole, static_cast<uint64_t>(kMaxUnits), units)) return false;
  const size_t size = std::min(parts.decimals.size(), kDecidingDecimals);
  std::array<uint8_t, kDecidingDecimals> digits;
  for (size_t i = 0; i < size; ++i) digits[i] = static_cast<uint8_t>(DigitValue(parts.decimals[i]));
  for (int i = 0; i < parts.exponent; ++i) {
    uint32_t carry = 0;
    for (size_t place = size; place-- > 0;) {
      const uint32_t product = digits[place] * uint32_t{1024} + carry;
      digits[place] = static_cast<uint8_t>(product % 10);
      carry = product / 10;
    }
    units = units * 1024 + carry;
    if (units > static_cast<uint64_t>(kMaxUnits)) return false;
  }
  uint64_t fraction = 0;
  for (size_t place = 0; place < kNanoDigits; ++place) fraction = fraction * 10 + (place < size ? digits[place] : 0);
  bool finer = AnyNonZero(parts.decimals.substr(size));
  for (size_t place = kNanoDigits; place < size; ++place) finer = finer || digits[place] != 0;
  nanos = units * kNanosPerUnit + fraction + (finer ? 1 : 0);
  return nanos <= MaxNanos();
}

// What has no decimals, no exponent beyond its suffix and a usual size, in 64 bits; false for the rest.
bool QuickMagnitude(const Parts& parts, uint64_t& units, uint32_t& nanos) {
  constexpr size_t kSafeDigits = 18;
  constexpr int kSafeExponent = 18;
  if (!parts.decimals.empty() || parts.whole.size() > kSafeDigits) return false;
  uint64_t number = 0;
  for (const char c : parts.whole) number = number * 10 + DigitValue(c);
  if (parts.format == QuantityFormat::kBinarySi) {
    const auto shift = static_cast<uint32_t>(parts.exponent) * 10;
    units = number << shift;
    return units >> shift == number && units <= static_cast<uint64_t>(kMaxUnits);
  }
  if (parts.exponent < -kNanoDigits || parts.exponent > kSafeExponent) return false;
  if (parts.exponent < 0) {
    const uint64_t divisor = PowerOfTen(-parts.exponent);
    units = number / divisor;
    nanos = static_cast<uint32_t>(number % divisor * PowerOfTen(kNanoDigits + parts.exponent));
    return true;
  }
  units = number;
  for (int left = parts.exponent; left > 0; left -= 3) {
    const uint64_t step = PowerOfTen(std::min(left, 3));
    if (units > static_cast<uint64_t>(kMaxUnits) / step) return false;
    units *= step;
  }
  return true;
}

// The canonical text of one quantity, written from its end: two numbers of at most 20 digits, a sign and a suffix.
class CanonicalText {
 public:
  void Prepend(char c) { bytes_[--begin_] = c; }
  // The digits of `number`, with zeros in front of them up to `width`.
  void Prepend(uint64_t number, size_t width = 1) {
    const size_t end = begin_;
    do {
      Prepend(static_cast<char>('0' + static_cast<int>(number % 10)));
      number /= 10;
    } while (number != 0);
    while (end - begin_ < width) Prepend('0');
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data() + begin_, bytes_.size() - begin_}; }

 private:
  std::array<char, 48> bytes_;
  size_t begin_ = bytes_.size();
};

}  // namespace

std::optional<Quantity> Quantity::Parse(std::string_view text, QuantityError* error) {
  Parts parts;
  uint64_t units = 0;
  uint32_t nanos = 0;
  QuantityError outcome = TakeApart(text, parts);
  if (outcome == QuantityError::kNone && !QuickMagnitude(parts, units, nanos)) {
    absl::uint128 all_nanos = 0;
    const bool fits =
        parts.format == QuantityFormat::kBinarySi ? BinaryNanos(parts, all_nanos) : DecimalNanos(parts, all_nanos);
    if (!fits) outcome = QuantityError::kTooLarge;
    units = static_cast<uint64_t>(all_nanos / kNanosPerUnit);
    nanos = static_cast<uint32_t>(all_nanos % kNanosPerUnit);
  }
  if (error != nullptr) *error = outcome;
  if (outcome != QuantityError::kNone) return std::nullopt;
  return Quantity(parts.negative, units, nanos, parts.format);
}

Quantity Quantity::FromMillicores(int64_t millicores) {
  const uint64_t magnitude = Magnitude(millicores);
  return {millicores < 0, magnitude / 1000, static_cast<uint32_t>(magnitude % 1000 * kNanosPerMilli),
          QuantityFormat::kDecimalSi};
}

Quantity Quantity::FromBytes(int64_t bytes) { return {bytes < 0, Magnitude(bytes), 0, QuantityFormat::kBinarySi}; }

void Quantity::AppendCanonical(std::string& out) const {
  CanonicalText text;
  if (format_ == QuantityFormat::kBinarySi && nanos_ == 0 && units_ >= 1024) {
    const size_t power = static_cast<size_t>(std::countr_zero(units_)) / 10;
    if (power > 0) {
      text.Prepend('i');
      text.Prepend(kBinarySuffixes[power]);
    }
    text.Prepend(units_ >> (power * 10));
  } else if (units_ == 0 && nanos_ == 0) {
    text.Prepend('0');
  } else {
    // The place of the last three digits that are not all zeros, and what stands before and at it.
    size_t place = nanos_ == 0 ? kUnitsPlace : 0;
    uint64_t number = nanos_ == 0 ? units_ : nanos_;
    for (; number % 1000 == 0; number /= 1000) ++place;
    if (place != kUnitsPlace && format_ != QuantityFormat::kDecimalExponent) text.Prepend(kDecimalSuffixes[place]);
    if (place != kUnitsPlace && format_ == QuantityFormat::kDecimalExponent) {
      const bool below_one = place < kUnitsPlace;
      text.Prepend((below_one ? kUnitsPlace - place : place - kUnitsPlace) * 3);
      if (below_one) text.Prepend('-');
      text.Prepend('e');
    }
    const bool both = nanos_ > 0 && units_ > 0;
    text.Prepend(number, both ? (kUnitsPlace - place) * 3 : 1);
    if (both) text.Prepend(units_);
  }
  if (negative_) text.Prepend('-');
  out.append(text.view());
}

std::string Quantity::ToString() const {
  std::string out;
  AppendCanonical(out);
  return out;
}

std::optional<int64_t> Quantity::Millicores() const {
  const uint64_t millis = (nanos_ + kNanosPerMilli - 1) / kNanosPerMilli;
  if (units_ > (static_cast<uint64_t>(kMaxUnits) - millis) / 1000) return std::nullopt;
  return Signed(negative_, units_ * 1000 + millis);
}

std::optional<int64_t> Quantity::Bytes() const { return Signed(negative_, units_ + (nanos_ > 0 ? 1 : 0)); }

std::optional<int64_t> Quantity::UnitsOf(Resource resource) const {
  return resource == Resource::kCpu ? Millicores() : Bytes();
}

QuantityError CheckQuantity(const Quantity& quantity, Resource resource) {
  if (quantity.negative()) return QuantityError::kNegative;
  if (quantity.UnitsOf(resource).has_value()) return QuantityError::kNone;
  // INVARIANT: every quantity fits in bytes, so this is CPU.
  return QuantityError::kTooManyMillicores;
}

std::optional<Quantity> ParseQuantity(std::string_view text, Resource resource, QuantityError* error) {
  QuantityError outcome = QuantityError::kNone;
  std::optional<Quantity> quantity = Quantity::Parse(text, &outcome);
  if (quantity.has_value()) outcome = CheckQuantity(*quantity, resource);
  if (error != nullptr) *error = outcome;
  if (outcome != QuantityError::kNone) return std::nullopt;
  return quantity;
}

std::string_view QuantityErrorText(QuantityError error) {
  switch (error) {
    case QuantityError::kNone:
      return "";
    case QuantityError::kEmpty:
      return "needs a number such as `500m`, `1.5` or `2Gi`";
    case QuantityError::kNotANumber:
      return "needs digits with at most one dot, such as `500m`, `1.5` or `2Gi`";
    case QuantityError::kUnknownSuffix:
      return "needs one of the suffixes `n`, `u`, `m`, `k`, `M`, `G`, `T`, `P`, `E`, `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, "
             "`Ei`, an exponent such as `e3`, or none, right after the number";
    case QuantityError::kExponentRange:
      return "needs an exponent from -1000 to 1000";
    case QuantityError::kTooLarge:
      return "needs a value of at most 9223372036854775807";
    case QuantityError::kNegative:
      return "needs a value of 0 or more";
    case QuantityError::kTooManyMillicores:
      return "needs at most 9223372036854775807 millicores of CPU";
  }
  return "";
}

std::string QuantityErrorMessage(QuantityError error, std::string_view text) {
  std::string message;
  AppendQuoted(text, message);
  message.append(" as a quantity ").append(QuantityErrorText(error));
  return message;
}

}  // namespace berth
