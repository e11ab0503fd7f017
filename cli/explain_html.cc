#include "berth/cli/explain_html.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "berth/cli/launch_words.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/json.h"
#include "berth/engine/launch_access.h"
#include "berth/engine/spec_path.h"
#include "berth/spec/utf8.h"
#include "berth/spec/writer.h"

namespace berth::cli {
namespace {

// A longer value gets a box of its own that scrolls.
constexpr size_t kMaxOpenBytes = 300;
constexpr size_t kMaxOpenLines = 10;
constexpr size_t kMaxLineBytes = 60;  // a longer list or map gets a line for each member

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
)";

constexpr std::string_view kStyle = R"(<style>
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
.field { width: 22%; }
.quiet { width: 6.5rem; }
.noted { width: 11rem; }
tbody + tbody > tr:first-child > * { border-top: 1px solid var(--faint); }
tbody th { background: var(--head); scroll-margin-top: 7rem; }
.path { font-size: 0.8125rem; color: var(--ink); text-decoration: none; }
.path:hover { text-decoration: underline; }
th a { scroll-margin-top: 7rem; }
.at:target th, .at:target td { background: var(--target); }
.at:target { scroll-margin-top: 7rem; }
.wins { background: var(--set-paper); box-shadow: inset 4px 0 var(--set); }
.wins .says { color: var(--set); font-weight: 700; }
.wins.unset { box-shadow: inset 4px 0 var(--warn); background: none; }
.says { font-size: 0.75rem; letter-spacing: 0.02em; }
.unset .says, .wins.unset .says { color: var(--warn); font-weight: 700; }
.value { display: block; white-space: pre-wrap; }
s.value { color: var(--faint); text-decoration-thickness: 1px; }
.shadowed .says, .dropped .says { color: var(--faint); }
.box { max-height: 12rem; overflow: auto; border: 1px dashed var(--line); padding: 0.25rem; }
.source { display: block; font-size: 0.75rem; color: var(--faint); }
.part { display: inline-block; max-width: 100%; }
.say + .say { margin-top: 0.5rem; padding-top: 0.4rem; border-top: 1px dotted var(--line); }
td.none { color: var(--faint); font-size: 0.75rem; }
td.none code { font-size: inherit; }
.dash::before { content: "\2013"; }
footer { margin-top: 1.5rem; color: var(--faint); font-size: 0.8125rem; }
@media screen and (max-width: 60rem) {
  body { padding: 1rem 0.75rem 2rem; }
  table, caption, tbody, tr, th, td { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border: 1px solid var(--line); margin: 0 0 0.75rem; }
  th, td, tr > :first-child, tbody + tbody > tr:first-child > * { border: 0 solid var(--line); border-width: 1px 0 0; }
  tbody th { border-width: 0; font-weight: 700; }
  td { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr); }
  td::before { content: attr(data-layer); grid-row: 1 / span 9; font-weight: 700; font-size: 0.875rem; }
  td > * { grid-column: 2; }
  td.none.dash { display: none; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --faint: #444; --line: #999; --head: #eee; --set: #1a7f37; --set-paper: #eef7f0;
    --warn: #8a5a00; --link: #000; --target: #fff; }
  @page { size: landscape; margin: 10mm; }
  body { padding: 0; font-size: 8.5pt; print-color-adjust: exact; }
  th, td { padding: 2pt 4pt; }
  .quiet { width: 5rem; }
  .noted { width: 8rem; }
  code, .path { font-size: 8pt; }
  .says, .source, td.none { font-size: 7pt; }
  .skip, .groups { display: none; }
  thead th { position: static; }
  tr { break-inside: avoid; }
  .box { max-height: none; overflow: visible; }
  .wins { outline: 1.5px solid #000; outline-offset: -1.5px; }
}
</style>
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

// On one line where that is short.
std::string JsonOf(const Node& node) {
  std::string json;
  JsonWriter compact(json);
  WriteNode(node, compact);
  if (json.size() <= kMaxLineBytes) return json;
  json.clear();
  JsonWriter writer(json, JsonLayout::kIndented);
  WriteNode(node, writer);
  return json;
}

bool IsLong(std::string_view json) {
  return json.size() > kMaxOpenBytes || std::ranges::count(json, '\n') >= static_cast<std::ptrdiff_t>(kMaxOpenLines);
}

// An address inside the page; nothing where the path holds what an address cannot.
std::string_view AddressOf(std::string_view path) {
  const bool plain = std::ranges::all_of(path, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~/").find(c) != std::string_view::npos;
  });
  return plain ? path : std::string_view();
}

// `network` of `/network/egress/default`.
std::string_view GroupOf(std::string_view path) {
  path.remove_prefix(std::min<size_t>(1, path.size()));
  return path.substr(0, path.find('/'));
}

struct Column {
  Layer layer;
  std::string name;
  std::vector<std::string> below;  // what the layer is, and its file
  bool quiet = true;               // says nothing about any field
};

class Page {
 public:
  Page(const ExplanationFacts& facts, std::span<const ExplainedField> fields)
      : facts_(facts),
        fields_(fields),
        snapshot_(*facts.resolved.snapshot),
        binding_(snapshot_.bindings()[facts.resolved.binding]),
        runner_(snapshot_.RunnerOf(binding_)),
        opened_(snapshot_.OrganizationOf(facts.organization).opened) {}

  std::string Write() && {
    ChooseColumns();
    WriteHead();
    WriteFacts();
    out_ += "<main>\n";
    WriteGroups();
    WriteLegend();
    WriteTable();
    out_ += "</main>\n<footer>Places are file:line:column. Made by <code>berth explain</code>.</footer>\n";
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void Text(std::string_view text) { AppendHtml(text, out_); }
  void Element(std::string_view tag, std::string_view text) {
    out_.append("<").append(tag).append(">");
    Text(text);
    out_.append("</").append(tag.substr(0, tag.find(' '))).append(">");
  }
  void Lines(std::string_view text) {
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      Text(text.substr(0, end));
      out_ += "\n";
      text.remove_prefix(end + 1);
    }
    Text(text);
  }
  // What stands in backticks is code.
  void Words(std::string_view text) {
    for (bool code = false;; code = !code) {
      const size_t end = std::min(text.find('`'), text.size());
      if (code) {
        Element("code", text.substr(0, end));
      } else {
        Text(text.substr(0, end));
      }
      if (end == text.size()) return;
      text.remove_prefix(end + 1);
    }
  }

  // A place breaks after a `/` and before its line, and elsewhere only where a part is wider than the page.
  void Place(std::string_view place) {
    size_t line = place.rfind(':');
    if (line != std::string_view::npos && line > 0) line = place.rfind(':', line - 1);
    line = std::min(line, place.size());
    out_ += "<span class=\"source\">";
    for (size_t begin = 0; begin < place.size();) {
      const size_t slash = place.find('/', begin);
      const size_t end = begin >= line ? place.size() : slash < line ? slash + 1 : line;
      Element("span class=\"part\"", place.substr(begin, end - begin));
      begin = end;
    }
    out_ += "</span>";
  }

  void ChooseColumns() {
    const auto file_of = [](const std::shared_ptr<const Object>& object) {
      return object == nullptr ? std::string("no document") : object->file;
    };
    const std::string runner_file = file_of(runner_.object);
    columns_ = {{Layer::kZone, "zone", {runner_.runner->zone, file_of(runner_.zone_object)}},
                {Layer::kRunner, "zone", {"class of the runner", runner_file}},
                {Layer::kProfile, "profile", {binding_.profile_display_name, file_of(binding_.profile_object)}},
                {Layer::kBinding, "binding", {binding_.name, runner_file}},
                {Layer::kSandbox, "sandbox", {facts_.request == nullptr ? "no launch" : facts_.request->file}},
                {Layer::kDefault, "default", {"when no layer says"}}};
    for (const ExplainedField& field : fields_) {
      for (const ExplainedLayer& row : field.layers) ColumnOf(row.layer)->quiet = false;
    }
    if (ColumnOf(Layer::kRunner)->quiet) columns_.erase(ColumnOf(Layer::kRunner));
  }
  std::vector<Column>::iterator ColumnOf(Layer layer) { return std::ranges::find(columns_, layer, &Column::layer); }

  void WriteHead() {
    const std::string name = runner_.runner->runner_id + "/" + binding_.name;
    out_ += kHead;
    Element("title", name + ": who set every field");
    out_.append("\n").append(kStyle).append(
        "</head>\n<body>\n<a class=\"skip\" href=\"#fields\">Skip to the fields</a>\n");
    out_ += "<header>\n";
    Element("h1", name + ": who set every field");
    out_ += "\n";
  }

  void WriteFacts() {
    out_ += "<dl class=\"facts\">\n";
    const auto fact = [&](std::string_view name, std::string_view value) {
      out_ += "<div>";
      Element("dt", name);
      Element("dd", value);
      out_ += "</div>\n";
    };
    fact("runner", runner_.runner->runner_id);
    const bool alias = binding_.name != binding_.profile_display_name && !binding_.profile_display_name.empty();
    fact("profile", alias ? binding_.name + " (" + binding_.profile_display_name + ")" : binding_.name);
    fact("organization", facts_.organization);
    for (const HeaderLine& line : NetworkHeader(facts_.resolved)) fact(line.name, line.text);
    fact("launch", facts_.request == nullptr ? "none: zone, profile and binding only" : facts_.request->file);
    fact("catalog revision", std::to_string(snapshot_.revision()));
    if (!facts_.path.empty()) fact("shown", "only " + std::string(facts_.path) + " and what is below it");
    out_ += "</dl>\n";
    if (!facts_.resolved.valid) {
      out_ +=
          "<p class=\"problem\">This binding is <code>PROFILE_INVALID</code>: <code>berth lint</code> says why. No "
          "launch gets this spec.</p>\n";
    }
    out_ += "</header>\n";
  }

  void WriteGroups() {
    std::vector<std::pair<std::string_view, size_t>> groups;
    for (const ExplainedField& field : fields_) {
      if (groups.empty() || groups.back().first != GroupOf(field.path)) groups.emplace_back(GroupOf(field.path), 0);
      ++groups.back().second;
    }
    if (groups.size() < 2) return;
    out_ += "<nav aria-label=\"Groups of fields\"><ul class=\"groups\">\n";
    for (size_t i = 0; i < groups.size(); ++i) {
      out_.append("<li><a href=\"#group-").append(std::to_string(i + 1)).append("\">");
      Text(groups[i].first);
      out_.append("</a> ").append(std::to_string(groups[i].second)).append("</li>\n");
    }
    out_ += "</ul></nav>\n";
  }

  void WriteLegend() {
    const auto emptied = [](const ExplainedField& field) {
      return std::ranges::any_of(field.layers, &ExplainedLayer::emptied);
    };
    out_ +=
        "<ul class=\"legend\">\n"
        "<li><b><span aria-hidden=\"true\">&gt; </span>set</b> the value that counts</li>\n"
        "<li><b>shadowed</b> hidden by a higher layer</li>\n"
        "<li><b>unset</b> removes what lower layers say</li>\n";
    if (std::ranges::any_of(fields_, emptied)) out_ += "<li><b>emptied</b> removes all elements of a list</li>\n";
    out_ +=
        "<li><b>dropped</b> counts for nothing</li>\n"
        "</ul>\n";
  }

  void WriteTable() {
    out_ += "<table id=\"fields\" tabindex=\"-1\">\n<caption>";
    WriteCaption();
    out_ += "</caption>\n<thead>\n<tr>\n<th scope=\"col\" class=\"field\"><span class=\"name\">field</span></th>\n";
    for (const Column& column : columns_) {
      const bool noted = column.layer == Layer::kSandbox;  // it says what a launch may do
      const bool narrow = column.quiet || column.layer == Layer::kDefault;
      out_.append("<th scope=\"col\"");
      if (narrow) out_.append(" class=\"").append(noted ? "noted" : "quiet").append("\"");
      out_ += ">";
      Element("span class=\"name\"", column.name);
      for (const std::string& line : column.below) {
        if (!line.empty()) Element("span class=\"source\"", line);
      }
      out_ += "</th>\n";
    }
    out_ += "</tr>\n</thead>\n";
    size_t groups = 0;
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (i == 0 || GroupOf(fields_[i].path) != GroupOf(fields_[i - 1].path)) {
        out_.append(i == 0 ? "" : "</tbody>\n")
            .append("<tbody id=\"group-")
            .append(std::to_string(++groups))
            .append("\">\n");
      }
      WriteField(fields_[i], i);
    }
    out_ += fields_.empty() ? "</table>\n" : "</tbody>\n</table>\n";
  }

  // How many fields each layer decides; at a place where all is dropped there is none.
  void WriteCaption() {
    std::map<Layer, size_t> decided;
    for (const ExplainedField& field : fields_) {
      if (const ExplainedLayer* decider = field.decider(); decider != nullptr) ++decided[decider->layer];
    }
    size_t all = 0;
    for (const auto& [layer, count] : decided) all += count;
    out_.append(std::to_string(all)).append(all == 1 ? " field" : " fields");
    for (const auto& [layer, count] : decided) {
      out_.append(layer == decided.begin()->first ? ", decided by " : ", ");
      out_.append(layer == Layer::kRunner ? "the runner's class" : LayerName(layer)).append(" ");
      out_ += std::to_string(count);
    }
    if (const size_t dropped = fields_.size() - all; dropped > 0) {
      out_.append(all == 0 ? ", and " : "; and ").append(std::to_string(dropped));
      out_.append(dropped == 1 ? " row" : " rows").append(" of what is only dropped");
    }
    out_ += ". Layers stand from left to right, each above the one before it; a default fills what they leave open.";
  }

  void WriteField(const ExplainedField& field, size_t index) {
    const std::string_view address = AddressOf(field.path);
    const std::string id = address.empty() ? "field-" + std::to_string(index + 1) : std::string(address);
    out_.append("<tr class=\"at\" id=\"").append(id).append("\">\n<th scope=\"row\"><a class=\"path\" href=\"#");
    out_.append(id).append("\">");
    // A long path breaks where a token ends.
    for (std::string_view rest = field.path; !rest.empty();) {
      const size_t end = std::min(rest.find('/', 1), rest.size());
      Text(rest.substr(0, end));
      rest.remove_prefix(end);
      if (!rest.empty()) out_ += "<wbr>";
    }
    out_ += "</a></th>\n";
    for (const Column& column : columns_) WriteCell(field, column);
    out_ += "</tr>\n";
  }

  void WriteCell(const ExplainedField& field, const Column& column) {
    std::vector<const ExplainedLayer*> rows;
    for (const ExplainedLayer& row : field.layers) {
      if (row.layer == column.layer) rows.push_back(&row);
    }
    out_.append("<td data-layer=\"").append(column.name).append("\"");
    if (rows.empty()) {
      WriteSilence(field, column.layer);
    } else {
      const bool wins = std::ranges::any_of(rows, &ExplainedLayer::decides);
      const bool unset = wins && field.decider()->says == Says::kUnset;
      out_.append(wins ? (unset ? " class=\"wins unset\"" : " class=\"wins\"") : "").append(">");
      for (const ExplainedLayer* row : rows) WriteRow(*row);
    }
    out_ += "</td>\n";
  }

  // What a layer that says nothing could say: for the launch, whether it may.
  void WriteSilence(const ExplainedField& field, Layer layer) {
    if (layer != Layer::kSandbox) {
      out_ += " class=\"none dash\"><span class=\"unseen\">not set</span>";
      return;
    }
    out_ += " class=\"none\"><div><span class=\"unseen\">not set; </span>";
    Words(LaunchNote(WhatLaunchMay(SpecPath(field.path), opened_)));
    out_ += "</div>";
  }

  void WriteRow(const ExplainedLayer& row) {
    out_.append("<div class=\"say ").append(SaysName(row.says)).append("\"><span class=\"says\">");
    if (row.decides) out_ += "<span aria-hidden=\"true\">&gt; </span>";
    out_.append(row.word()).append("</span> ");
    if (row.value != nullptr) {
      const std::string json = JsonOf(*row.value);
      const std::string_view tag = row.decides ? "span" : "s";
      out_.append("<").append(tag).append(" class=\"value\">");
      out_ += IsLong(json) ? "<code class=\"value box\" tabindex=\"0\">" : "<code>";
      Lines(json);
      out_.append("</code></").append(tag).append("> ");
    }
    if (!row.source.empty()) Place(row.source);
    out_ += "</div>\n";
  }

  const ExplanationFacts& facts_;
  std::span<const ExplainedField> fields_;
  const Snapshot& snapshot_;
  const CompiledBinding& binding_;
  const CompiledRunner& runner_;
  std::span<const std::string_view> opened_;
  std::vector<Column> columns_;
  std::string out_;
};

}  // namespace

std::string ExplanationPage(const ExplanationFacts& facts, std::span<const ExplainedField> fields) {
  return Page(facts, fields).Write();
}

}  // namespace berth::cli
