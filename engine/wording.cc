#include "berth/engine/wording.h"

#include <algorithm>
#include <optional>

#include "berth/spec/quoted.h"
#include "berth/spec/utf8.h"

namespace berth {
namespace {

std::string CpuText(int64_t millicores) {
  const bool whole = millicores % 1000 == 0;
  return std::to_string(whole ? millicores / 1000 : millicores) + (whole ? " CPU" : "m CPU");
}

// With the suffix that leaves the shorter number: `12G`, and not `11718750Ki`.
std::string MemoryText(int64_t bytes) {
  constexpr std::string_view kSuffixes = "kMGTPE";
  int64_t rest = bytes;
  size_t steps = 0;
  for (; rest != 0 && rest % 1000 == 0 && steps < kSuffixes.size(); ++steps) rest /= 1000;
  std::string decimal = std::to_string(rest);
  if (steps > 0) decimal.push_back(kSuffixes[steps - 1]);
  std::string binary = Quantity::FromBytes(bytes).ToString();
  if (binary.back() == 'i' && (steps == 0 || binary.size() <= decimal.size())) return binary;
  return steps > 0 ? decimal : decimal + (bytes == 1 ? " byte" : " bytes");
}

}  // namespace

std::string AmountText(int64_t units, Resource resource) {
  return resource == Resource::kCpu ? CpuText(units) : MemoryText(units);
}

std::string AmountText(std::string_view quantity, Resource resource) {
  const std::optional<Quantity> parsed = Quantity::Parse(quantity);
  const std::optional<int64_t> units = parsed ? parsed->UnitsOf(resource) : std::nullopt;
  if (!units) return std::string(quantity);
  if (parsed->format() == QuantityFormat::kDecimalExponent) return AmountText(*units, resource);
  // Otherwise people find their number as they wrote it, unless it lacks a suffix that it could have.
  const std::string written = parsed->ToString();
  if (resource == Resource::kCpu) {
    return *parsed == Quantity::FromMillicores(*units) ? CpuText(*units) : written + " CPU";
  }
  return std::string_view("ikMGTPE").find(written.back()) == std::string_view::npos ? MemoryText(*units) : written;
}

std::string GpusText(std::string_view count) { return std::string(count) + (count == "1" ? " GPU" : " GPUs"); }

std::string BindingsText(size_t count) { return std::to_string(count) + (count == 1 ? " binding" : " bindings"); }

std::string NamesText(const std::vector<std::string>& names, size_t total) {
  constexpr size_t kShown = 4;
  const size_t shown = std::min(names.size(), kShown);
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) text.append(", ");
    AppendQuoted(names[i], text);
  }
  if (total > shown) text.append(" and ").append(std::to_string(total - shown)).append(" more");
  return text;
}

std::string SetBy(Layer layer, std::string_view source) {
  std::string text =
      layer == Layer::kSandbox ? std::string("sent with the launch") : "set by the " + std::string(LayerName(layer));
  return source.empty() ? text : text.append(" at ").append(source);
}

std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const CodePoint point = DecodeUtf8(text, offset);
    const bool control = point.value < 0x20U || (point.value >= 0x7FU && point.value < 0xA0U);
    const bool separator = point.value == 0x2028U || point.value == 0x2029U;
    const size_t size = std::max<size_t>(point.size, 1);
    if (point.size == 0 || control || separator) {
      line.push_back('?');
    } else {
      line.append(text, offset, size);
    }
    offset += size;
  }
  return line;
}

std::string Shortened(std::string text, size_t max_bytes) {
  constexpr std::string_view kMark = "...";
  if (text.size() <= max_bytes) return text;
  size_t kept = std::max(max_bytes, kMark.size()) - kMark.size();
  while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
  text.resize(kept);
  return text.append(kMark);
}

}  // namespace berth
