// A Kubernetes resource quantity: `500m`, `1.5`, `2Gi`, `12e6`.
//
// Exact decimal arithmetic in steps of 10^-9; never floating point. What is finer than one step is rounded away from
// zero. A quantity remembers the format it was written in (decimal SI, binary SI, decimal exponent) and prints in that
// format, canonically; `007` prints `7` and `0.5Gi` prints `512Mi`. Comparison is by value alone: `1` = `1000m`.
//
// Guarantees:  nothing is ever capped; the magnitude is at most 2^63-1; parse, print, parse gives the same value
// Fails when:  the text is not a quantity, its exponent is beyond +-1000, or its magnitude is beyond 2^63-1
// Threads:     a plain value
// Cost:        parsing is linear and never allocates, printing allocates only what `out` grows; both are fit for the
//              admission path

#ifndef BERTH_SPEC_QUANTITY_H_
#define BERTH_SPEC_QUANTITY_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace berth {

enum class QuantityFormat : uint8_t { kDecimalSi, kDecimalExponent, kBinarySi };

enum class QuantityError : uint8_t {
  kNone,
  kEmpty,          // nothing but white space
  kNotANumber,     // no digit where the number should stand, or a second dot
  kUnknownSuffix,  // `1K`, `1 Gi`, `1e1.5`
  kExponentRange,  // an exponent beyond +-1000
  kTooLarge,       // a magnitude beyond 2^63-1
  // Only from CheckQuantity and ParseQuantity:
  kNegative,
  kTooManyMillicores,  // CPU beyond 2^63-1 millicores
};

enum class Resource : uint8_t { kCpu, kMemory };

class Quantity {
 public:
  // Zero, decimal SI.
  constexpr Quantity() = default;

  // Trims spaces, tabs, CR and LF at both ends. On failure returns nothing and sets `*error` unless that is null; on
  // success leaves kNone there. Negative values parse; see CheckQuantity.
  static std::optional<Quantity> Parse(std::string_view text, QuantityError* error = nullptr);

  // Decimal SI: 1500 prints `1500m`, 96000 prints `96`.
  static Quantity FromMillicores(int64_t millicores);
  // Binary SI: 2147483648 prints `2Gi`.
  static Quantity FromBytes(int64_t bytes);

  // The canonical text: no fraction digits, the largest suffix that loses nothing.
  void AppendCanonical(std::string& out) const;
  [[nodiscard]] std::string ToString() const;

  // Rounded up (away from zero); nothing when the result is beyond 2^63-1.
  [[nodiscard]] std::optional<int64_t> Millicores() const;
  [[nodiscard]] std::optional<int64_t> Bytes() const;
  // Millicores of CPU, bytes of memory: the unit in which `resource` is compared.
  [[nodiscard]] std::optional<int64_t> UnitsOf(Resource resource) const;

  [[nodiscard]] bool negative() const { return negative_; }
  // False for `400m` of memory: legal, and almost always a typing error.
  [[nodiscard]] bool whole_bytes() const { return nanos_ == 0; }
  [[nodiscard]] QuantityFormat format() const { return format_; }

  friend bool operator==(const Quantity& left, const Quantity& right) { return std::is_eq(left <=> right); }
  friend std::strong_ordering operator<=>(const Quantity& left, const Quantity& right) {
    if (left.negative_ != right.negative_) return right.negative_ <=> left.negative_;
    const Quantity& first = left.negative_ ? right : left;  // of two below zero the greater magnitude is the lesser
    const Quantity& second = left.negative_ ? left : right;
    return std::tie(first.units_, first.nanos_) <=> std::tie(second.units_, second.nanos_);
  }

 private:
  constexpr Quantity(bool negative, uint64_t units, uint32_t nanos, QuantityFormat format)
      : units_(units), nanos_(nanos), negative_(negative && (units > 0 || nanos > 0)), format_(format) {}

  // The magnitude in 64 bits for whole units and 10^-9 of a unit each, because dividing 128 bits takes longer than all the
  // rest of an amount's way from text to text.
  // INVARIANT: units_ <= 2^63-1, and nanos_ is 0 at that; nanos_ < 10^9; zero is not negative.
  uint64_t units_ = 0;
  uint32_t nanos_ = 0;
  bool negative_ = false;
  QuantityFormat format_ = QuantityFormat::kDecimalSi;
};

// kNone when `quantity` can be a request or a limit of `resource`: not negative, and it fits the resource's unit.
[[nodiscard]] QuantityError CheckQuantity(const Quantity& quantity, Resource resource);

// Quantity::Parse, then CheckQuantity.
std::optional<Quantity> ParseQuantity(std::string_view text, Resource resource, QuantityError* error = nullptr);

// What the text would need, without the text itself: "needs a value of 0 or more". Empty for kNone.
std::string_view QuantityErrorText(QuantityError error);
// The same with the text before it, clipped when it is long: "`-1` as a quantity needs a value of 0 or more".
std::string QuantityErrorMessage(QuantityError error, std::string_view text);

}  // namespace berth

#endif  // BERTH_SPEC_QUANTITY_H_
