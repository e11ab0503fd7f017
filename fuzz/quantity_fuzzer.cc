// Property: parsing, printing and parsing again gives the same value; what is printed prints as itself in the same
// format; the second implementation accepts the same texts and agrees in units and in print.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/spec/quantity.h"
#include "fuzz/property.h"
#include "tests/reference/reference_internal.h"

namespace berth {
namespace {

void RequireRoundTrip(const Quantity& quantity) {
  const std::string printed = quantity.ToString();
  QuantityError error = QuantityError::kEmpty;
  const std::optional<Quantity> again = Quantity::Parse(printed, &error);
  Require(again.has_value() && error == QuantityError::kNone, "a printed quantity can be parsed", printed);
  Require(*again == quantity, "printing keeps the value", printed);
  // Binary SI without a suffix is read as decimal SI: `12000000` prints `12M`.
  const bool same_format = again->format() == quantity.format();
  Require(!same_format || again->ToString() == printed, "a printed quantity prints as itself", printed);
  Require(Quantity::Parse(again->ToString()) == again, "printing twice keeps the value", printed);
}

void CompareWithReference(std::string_view text, Resource resource) {
  QuantityError error = QuantityError::kNone;
  const std::optional<Quantity> ours = ParseQuantity(text, resource, &error);
  const auto theirs = reference::ParseQuantity(
      std::string(text), resource == Resource::kCpu ? reference::Resource::kCpu : reference::Resource::kMemory);
  Require(ours.has_value() == (error == QuantityError::kNone), "a refused quantity has an error", text);
  Require(ours.has_value() == theirs.has_value(), "both implementations accept the same texts", text);
  if (!ours.has_value()) {
    Require(!QuantityErrorMessage(error, text).empty(), "an error has a message", text);
    return;
  }
  Require(ours->ToString() == theirs->text, "both implementations print the same text", text);
  Require(ours->UnitsOf(resource) == theirs->units, "both implementations count the same units", text);
  if (resource == Resource::kCpu) RequireRoundTrip(Quantity::FromMillicores(theirs->units));
  if (resource == Resource::kMemory) RequireRoundTrip(Quantity::FromBytes(theirs->units));
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = berth::TextOf(data, size);
  if (const std::optional<berth::Quantity> quantity = berth::Quantity::Parse(text); quantity.has_value()) {
    berth::RequireRoundTrip(*quantity);
  }
  berth::CompareWithReference(text, berth::Resource::kCpu);
  berth::CompareWithReference(text, berth::Resource::kMemory);
  return 0;
}
