// Property: JSON in a string, in whatever quoting style, reads as the same JSON in a file of its own, and every value
// points at the bytes of the outer file that spell it: unescaped, they are the value's token. Strings that hold JSON
// again are followed one level further. Input: one byte that varies the spelling, then the JSON.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/limits.h"
#include "berth/spec/utf8.h"
#include "fuzz/document_checks.h"
#include "fuzz/property.h"
#include "fuzz/scalar_style.h"
#include "tests/document_outline.h"

namespace berth {
namespace {

constexpr size_t kMaxTokenBytes = 4096;  // longer ones are only checked at their ends, or time would be quadratic

using Styles = std::vector<ScalarStyle>;  // outermost first

std::string TokenOf(Value value, const Styles& styles) {
  const std::string_view bytes = value.document().source().bytes();
  std::string token(bytes.substr(value.begin(), value.end() - value.begin()));
  for (const ScalarStyle style : styles) token = Unescaped(token, style);
  return token;
}

void RequireToken(Value value, const Styles& styles) {
  if (value.end() - value.begin() > kMaxTokenBytes) return;
  const std::string token = TokenOf(value, styles);
  switch (value.kind()) {
    case ValueKind::kInvalid:
    case ValueKind::kPlain:
      return;
    case ValueKind::kMapping:
      Require(token.starts_with('{') && token.ends_with('}'), "a map points at its braces", token);
      return;
    case ValueKind::kSequence:
      Require(token.starts_with('[') && token.ends_with(']'), "a list points at its brackets", token);
      return;
    case ValueKind::kString: {
      const auto parsed = ParseJson(std::make_shared<const SourceText>("token.json", token));
      Require(token.starts_with('"') && parsed.document != nullptr, "a text points at its quotes", token);
      Require(parsed.document->root(0).text() == value.text(), "a text points at its own bytes", token);
      return;
    }
    default:
      Require(token == value.text(), "a value points at its own bytes", token);
  }
}

// All values of the tree, and of the trees in its strings `further` levels down.
void RequireTokens(Value root, const Styles& styles, int further);

void RequireEmbedded(Value outer, const Styles& styles, int further) {
  const SourceText& source = outer.document().source();
  const ParsedDocument inner = ParseEmbeddedJson(outer);
  const ByteRange range = {outer.begin(), outer.end()};
  RequireIssuesInside(inner.issues, source, range);
  if (outer.text().size() <= kMaxEmbeddedJsonBytes && !outer.text().starts_with("\xEF\xBB\xBF")) {
    const auto alone = ParseJson(std::make_shared<const SourceText>("alone.json", std::string(outer.text())));
    Require(Outline(inner) == Outline(alone), "JSON in a string reads as it does alone", outer.text());
    Require(inner.issues.size() == alone.issues.size(), "JSON in a string has the same issues", outer.text());
  }
  if (inner.document == nullptr) return;
  RequireValuesInside(inner.document->root(0), range);
  RequireTokens(inner.document->root(0), styles, further);
}

void RequireTokens(Value root, const Styles& styles, int further) {
  std::vector<Value> open = {root};
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    RequireToken(value, styles);
    for (size_t i = 0; i < value.size(); ++i) {
      if (value.kind() == ValueKind::kMapping) RequireToken(value.key(i), styles);
      open.push_back(value[i]);
    }
    const bool may_hold_json = value.kind() == ValueKind::kString && value.text().find_first_of("{[") == 0;
    if (further > 0 && may_hold_json) {
      Styles inner_styles = styles;
      inner_styles.push_back(ScalarStyle::kJson);
      RequireEmbedded(value, inner_styles, further - 1);
    }
  }
}

void Check(std::string_view text, ScalarStyle style, uint64_t variation) {
  const bool json = style == ScalarStyle::kJson;
  auto source =
      std::make_shared<const SourceText>(json ? "outer.json" : "outer.yaml", DocumentWith(text, style, variation));
  const ParsedDocument outer = ParseDocument(source);
  const bool escapes_all = json || style == ScalarStyle::kDouble;
  const bool fits = text.size() <= kMaxTextBytes;
  Require(!escapes_all || !fits || outer.document != nullptr, "a text with escapes is well formed", source->bytes());
  // With an issue, what the outer text means is open: a line of quoted text that begins with `%` is refused.
  if (outer.document == nullptr || !outer.issues.empty() || outer.document->root_count() != 1) return;
  const Value root = outer.document->root(0);
  if (root.kind() != ValueKind::kMapping || root.size() == 0) return;
  const Value value = root[0];
  // A plain text that begins with a quote is not plain.
  if (value.kind() != (style == ScalarStyle::kPlain ? ValueKind::kPlain : ValueKind::kString)) return;
  Require(!escapes_all || value.text() == text, "a text with escapes is read as it was", source->bytes());
  RequireEmbedded(value, {style}, 1);
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text = berth::TextOf(data + 1, size - 1);
  if (berth::FirstInvalidUtf8(text) < text.size()) return 0;
  for (const berth::ScalarStyle style : berth::kScalarStyles) berth::Check(text, style, data[0]);
  return 0;
}
