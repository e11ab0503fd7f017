#include "berth/cli/html.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "berth/cli/output_file.h"
#include "berth/engine/json.h"
#include "berth/spec/quoted.h"
#include "berth/spec/utf8.h"
#include "berth/spec/writer.h"

namespace berth::cli {

namespace {

constexpr size_t kMaxLineBytes = 60;  // a longer list or map gets a line for each member

constexpr Markup kHead = R"(<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
)";

constexpr Markup kStyle = R"(<style>
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --faint: #5a636d; --line: #d3d9e0; --head: #f3f5f8;
  --set: #1a7f37; --set-paper: #e9f6ed; --warn: #8a5a00; --link: #0b57b5; --target: #fff6d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1318; --ink: #e6ebf1; --faint: #9ba6b2; --line: #333b45; --head: #181e26;
    --set: #56d07a; --set-paper: #12281a; --warn: #e3b341; --link: #7ab7ff; --target: #33290a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.25rem 1.5rem 3rem; background: var(--paper); color: var(--ink);
  font: 0.9375rem/1.45 system-ui, sans-serif; }
code, .path, .source { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; unicode-bidi: isolate; }
code { font-size: 0.875rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -200vw; padding: 0.5rem 1rem; background: var(--paper); z-index: 3; }
.skip:focus { left: 0.5rem; top: 0.5rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h1 { margin: 0 0 0.75rem; font-size: 1.375rem; line-height: 1.25; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 0.1rem 2rem;
  margin: 0 0 1rem; }
.facts div { display: grid; grid-template-columns: 8rem 1fr; }
.facts dt { color: var(--faint); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.problem { border: 2px solid var(--warn); border-radius: 4px; padding: 0.5rem 0.75rem; font-weight: 600; }
.legend, .groups { list-style: none; display: flex; flex-wrap: wrap; gap: 0.15rem 1.5rem; margin: 0 0 0.75rem;
  padding: 0; }
.groups { gap: 0.15rem 1rem; }
.legend { color: var(--faint); }
table { width: 100%; border-collapse: separate; border-spacing: 0; table-layout: fixed; }
caption { text-align: left; padding: 0 0 0.5rem; color: var(--faint); }
th, td { border: 0 solid var(--line); border-width: 0 1px 1px 0; padding: 0.4rem 0.55rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
tr > :first-child { border-left-width: 1px; }
th { font-weight: inherit; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--head); border-width: 1px 1px 2px 0; }
thead .name { display: block; font-weight: 700; }
)";

constexpr Markup kPrintStyle = R"(@media print {
  :root { --paper: #fff; --ink: #000; --faint: #444; --line: #999; --head: #eee; --set: #1a7f37; --set-paper: #eef7f0;
    --warn: #8a5a00; --link: #000; --target: #fff; }
)";

struct CodePointRange {
  uint32_t first;
  uint32_t last;
};

// What a reader cannot see or would be misled by, and what no HTML document may hold: controls, marks that turn the
// direction of writing, what has no shape, line and paragraph separators, noncharacters, tags.
bool IsSpelled(uint32_t code_point) {
  constexpr std::array<CodePointRange, 12> kRanges = {{{0, 0x1F},
                                                       {0x7F, 0x9F},
                                                       {0xAD, 0xAD},
                                                       {0x61C, 0x61C},
                                                       {0x180E, 0x180E},
                                                       {0x200B, 0x200F},
                                                       {0x2028, 0x202E},
                                                       {0x2060, 0x206F},
                                                       {0xFDD0, 0xFDEF},
                                                       {0xFEFF, 0xFEFF},
                                                       {0xFFF9, 0xFFFB},
                                                       {0xE0000, 0xE0FFF}}};
  return (code_point & 0xFFFEU) == 0xFFFE || std::ranges::any_of(kRanges, [&](const CodePointRange& range) {
           return range.first <= code_point && code_point <= range.last;
         });
}

// As JSON spells it.
void AppendSpelled(uint32_t code_point, std::string& out) {
  const auto unit = [&](uint32_t value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(value >> static_cast<unsigned>(shift)) & 0xFU];
  };
  if (code_point < 0x10000) return unit(code_point);
  unit(0xD800 + ((code_point - 0x10000) >> 10U));
  unit(0xDC00 + ((code_point - 0x10000) & 0x3FFU));
}

// Appends `text` so that HTML shows it as it is, in an element as well as in a quoted attribute.
void AppendHtml(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    const CodePoint code_point = DecodeUtf8(text, i);
    const size_t size = std::max<size_t>(code_point.size, 1);
    if (code_point.size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (text[i] == '&') {
      out += "&amp;";
    } else if (text[i] == '<') {
      out += "&lt;";
    } else if (text[i] == '>') {
      out += "&gt;";
    } else if (text[i] == '"') {
      out += "&quot;";
    } else if (text[i] == '\'') {
      out += "&#39;";
    } else if (IsSpelled(code_point.value)) {
      AppendSpelled(code_point.value, out);
    } else {
      out.append(text.substr(i, size));
    }
    i += size;
  }
}

}  // namespace

void Html::Begin(std::string_view title, Markup style, Markup print_style) {
  *this << kHead;
  Element("title", title) << "\n";
  *this << kStyle << style << kPrintStyle << print_style << "}\n</style>\n</head>\n<body>\n";
}

std::string Html::End(Markup footer) && {
  *this << "<footer>" << footer << "</footer>\n</body>\n</html>\n";
  return std::move(out_);
}

void Html::AppendText(std::string_view text) { AppendHtml(text, out_); }

Html& Html::Element(Markup tag, std::string_view text) {
  const std::string_view opened = tag.text();
  out_.append("<").append(opened).append(">");
  AppendHtml(text, out_);
  out_.append("</").append(opened.substr(0, opened.find(' '))).append(">");
  return *this;
}

Html& Html::Lines(std::string_view text) {
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    *this << text.substr(0, end) << "\n";
    text.remove_prefix(end + 1);
  }
  return *this << text;
}

Html& Html::Words(std::string_view text) {
  for (bool code = false;; code = !code) {
    const size_t end = std::min(text.find('`'), text.size());
    if (code) {
      Element("code", text.substr(0, end));
    } else {
      *this << text.substr(0, end);
    }
    if (end == text.size()) return *this;
    text.remove_prefix(end + 1);
  }
}

Html& Html::Place(std::string_view place) {
  size_t line = place.rfind(':');
  if (line != std::string_view::npos && line > 0) line = place.rfind(':', line - 1);
  line = std::min(line, place.size());
  *this << "<span class=\"source\">";
  for (size_t begin = 0; begin < place.size();) {
    const size_t slash = place.find('/', begin);
    const size_t end = begin >= line ? place.size() : slash < line ? slash + 1 : line;
    Element("span class=\"part\"", place.substr(begin, end - begin));
    begin = end;
  }
  return *this << "</span>";
}

Html& Html::Fact(std::string_view name, std::string_view value) {
  *this << "<div>";
  return Element("dt", name).Element("dd", value) << "</div>\n";
}

std::string JsonForPage(const Node& node) {
  std::string json;
  JsonWriter compact(json);
  WriteNode(node, compact);
  if (json.size() <= kMaxLineBytes) return json;
  json.clear();
  JsonWriter writer(json, JsonLayout::kIndented);
  WriteNode(node, writer);
  return json;
}

std::string HtmlFlagMistake(const std::optional<std::string>& file) {
  const bool named = !file || !file->empty();
  return named ? std::string() : "`--html` needs the name of a file, or `-` for standard output";
}

ExitCode WritePage(const std::string& file, std::string_view page, Console& console) {
  if (file == "-") {
    console.out << page;
  } else if (const std::string why = WriteWholeFile(file, page); !why.empty()) {
    console.Complain(Quoted(file) + " cannot be written: " + why);
    return kExitInternal;
  }
  return kExitGood;
}

}  // namespace berth::cli
