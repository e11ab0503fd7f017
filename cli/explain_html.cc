#include "berth/cli/explain_html.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "berth/cli/findings.h"
#include "berth/cli/html.h"
#include "berth/cli/launch_words.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/launch_access.h"
#include "berth/engine/spec_path.h"

namespace berth::cli {
namespace {

// A longer value gets a box of its own that scrolls.
constexpr size_t kMaxOpenBytes = 300;
constexpr size_t kMaxOpenLines = 10;

constexpr Markup kStyle = R"(.field { width: 22%; }
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
)";

constexpr Markup kPrintStyle = R"(  @page { size: landscape; margin: 10mm; }
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
)";

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
    out_ << "<main>\n";
    WriteGroups();
    WriteLegend();
    WriteTable();
    out_ << "</main>\n";
    return std::move(out_).End("Places are file:line:column. Made by <code>berth explain</code>.");
  }

 private:
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
    const std::string title = runner_.runner->runner_id + "/" + binding_.name + ": who set every field";
    out_.Begin(title, kStyle, kPrintStyle);
    out_ << "<a class=\"skip\" href=\"#fields\">Skip to the fields</a>\n<header>\n";
    out_.Element("h1", title) << "\n";
  }

  void WriteFacts() {
    out_ << "<dl class=\"facts\">\n";
    out_.Fact("runner", runner_.runner->runner_id);
    const bool alias = binding_.name != binding_.profile_display_name && !binding_.profile_display_name.empty();
    out_.Fact("profile", alias ? binding_.name + " (" + binding_.profile_display_name + ")" : binding_.name);
    out_.Fact("organization", facts_.organization);
    for (const HeaderLine& line : NetworkHeader(facts_.resolved)) out_.Fact(line.name, line.text);
    out_.Fact("launch", facts_.request == nullptr ? "none: zone, profile and binding only" : facts_.request->file);
    out_.Fact("catalog revision", std::to_string(snapshot_.revision()));
    if (!facts_.path.empty()) out_.Fact("shown", "only " + std::string(facts_.path) + " and what is below it");
    out_ << "</dl>\n";
    if (!facts_.resolved.valid) {
      out_ << "<p class=\"problem\">This binding is <code>PROFILE_INVALID</code>: <code>berth lint</code> says why. No "
              "launch gets this spec.</p>\n";
    }
    out_ << "</header>\n";
  }

  void WriteGroups() {
    std::vector<std::pair<std::string_view, size_t>> groups;
    for (const ExplainedField& field : fields_) {
      if (groups.empty() || groups.back().first != GroupOf(field.path)) groups.emplace_back(GroupOf(field.path), 0);
      ++groups.back().second;
    }
    if (groups.size() < 2) return;
    out_ << "<nav aria-label=\"Groups of fields\"><ul class=\"groups\">\n";
    for (size_t i = 0; i < groups.size(); ++i) {
      out_ << "<li><a href=\"#group-" << i + 1 << "\">";
      out_ << groups[i].first << "</a> " << groups[i].second << "</li>\n";
    }
    out_ << "</ul></nav>\n";
  }

  void WriteLegend() {
    const auto emptied = [](const ExplainedField& field) {
      return std::ranges::any_of(field.layers, &ExplainedLayer::emptied);
    };
    out_ << "<ul class=\"legend\">\n"
            "<li><b><span aria-hidden=\"true\">&gt; </span>set</b> the value that counts</li>\n"
            "<li><b>shadowed</b> hidden by a higher layer</li>\n"
            "<li><b>unset</b> removes what lower layers say</li>\n";
    if (std::ranges::any_of(fields_, emptied)) out_ << "<li><b>emptied</b> removes all elements of a list</li>\n";
    out_ << "<li><b>dropped</b> counts for nothing</li>\n</ul>\n";
  }

  void WriteTable() {
    out_ << "<table id=\"fields\" tabindex=\"-1\">\n<caption>";
    WriteCaption();
    out_ << "</caption>\n<thead>\n<tr>\n<th scope=\"col\" class=\"field\"><span class=\"name\">field</span></th>\n";
    for (const Column& column : columns_) {
      const bool noted = column.layer == Layer::kSandbox;  // it says what a launch may do
      const bool narrow = column.quiet || column.layer == Layer::kDefault;
      out_ << "<th scope=\"col\"";
      if (narrow) out_ << (noted ? Markup(" class=\"noted\"") : Markup(" class=\"quiet\""));
      (out_ << ">").Element("span class=\"name\"", column.name);
      for (const std::string& line : column.below) {
        if (!line.empty()) out_.Element("span class=\"source\"", line);
      }
      out_ << "</th>\n";
    }
    out_ << "</tr>\n</thead>\n";
    size_t groups = 0;
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (i == 0 || GroupOf(fields_[i].path) != GroupOf(fields_[i - 1].path)) {
        if (i > 0) out_ << "</tbody>\n";
        out_ << "<tbody id=\"group-" << ++groups << "\">\n";
      }
      WriteField(fields_[i], i);
    }
    if (!fields_.empty()) out_ << "</tbody>\n";
    out_ << "</table>\n";
  }

  // How many fields each layer decides; at a place where all is dropped there is none.
  void WriteCaption() {
    std::map<Layer, size_t> decided;
    for (const ExplainedField& field : fields_) {
      if (const ExplainedLayer* decider = field.decider(); decider != nullptr) ++decided[decider->layer];
    }
    size_t all = 0;
    for (const auto& [layer, count] : decided) all += count;
    out_ << Counted(all, "field", "fields");
    for (const auto& [layer, count] : decided) {
      out_ << (layer == decided.begin()->first ? Markup(", decided by ") : Markup(", "));
      if (layer == Layer::kRunner) {
        out_ << "the runner's class";
      } else {
        out_ << LayerName(layer);
      }
      out_ << " " << count;
    }
    if (const size_t dropped = fields_.size() - all; dropped > 0) {
      out_ << (all == 0 ? Markup(", and ") : Markup("; and "));
      out_ << Counted(dropped, "row", "rows") << " of what is only dropped";
    }
    out_ << ". Layers stand from left to right, each above the one before it; a default fills what they leave open.";
  }

  void WriteField(const ExplainedField& field, size_t index) {
    const std::string_view address = AddressOf(field.path);
    const std::string id = address.empty() ? "field-" + std::to_string(index + 1) : std::string(address);
    out_ << "<tr class=\"at\" id=\"" << id << "\">\n<th scope=\"row\"><a class=\"path\" href=\"#";
    out_ << id << "\">";
    // A long path breaks where a token ends.
    for (std::string_view rest = field.path; !rest.empty();) {
      const size_t end = std::min(rest.find('/', 1), rest.size());
      out_ << rest.substr(0, end);
      rest.remove_prefix(end);
      if (!rest.empty()) out_ << "<wbr>";
    }
    out_ << "</a></th>\n";
    for (const Column& column : columns_) WriteCell(field, column);
    out_ << "</tr>\n";
  }

  void WriteCell(const ExplainedField& field, const Column& column) {
    std::vector<const ExplainedLayer*> rows;
    for (const ExplainedLayer& row : field.layers) {
      if (row.layer == column.layer) rows.push_back(&row);
    }
    out_ << "<td data-layer=\"" << column.name << "\"";
    if (rows.empty()) {
      WriteSilence(field, column.layer);
    } else {
      const bool wins = std::ranges::any_of(rows, &ExplainedLayer::decides);
      const bool unset = wins && field.decider()->says == Says::kUnset;
      if (wins) out_ << (unset ? Markup(" class=\"wins unset\"") : Markup(" class=\"wins\""));
      out_ << ">";
      for (const ExplainedLayer* row : rows) WriteRow(*row);
    }
    out_ << "</td>\n";
  }

  // What a layer that says nothing could say: for the launch, whether it may.
  void WriteSilence(const ExplainedField& field, Layer layer) {
    if (layer != Layer::kSandbox) {
      out_ << " class=\"none dash\"><span class=\"unseen\">not set</span>";
      return;
    }
    out_ << " class=\"none\"><div><span class=\"unseen\">not set; </span>";
    out_.Words(LaunchNote(WhatLaunchMay(SpecPath(field.path), opened_))) << "</div>";
  }

  void WriteRow(const ExplainedLayer& row) {
    out_ << "<div class=\"say " << SaysName(row.says) << "\"><span class=\"says\">";
    if (row.decides) out_ << "<span aria-hidden=\"true\">&gt; </span>";
    out_ << row.word() << "</span> ";
    if (row.value != nullptr) {
      const std::string json = JsonForPage(*row.value);
      out_ << (row.decides ? Markup("<span class=\"value\">") : Markup("<s class=\"value\">"));
      out_ << (IsLong(json) ? Markup("<code class=\"value box\" tabindex=\"0\">") : Markup("<code>"));
      out_.Lines(json) << "</code>" << (row.decides ? Markup("</span> ") : Markup("</s> "));
    }
    if (!row.source.empty()) out_.Place(row.source);
    out_ << "</div>\n";
  }

  const ExplanationFacts& facts_;
  std::span<const ExplainedField> fields_;
  const Snapshot& snapshot_;
  const CompiledBinding& binding_;
  const CompiledRunner& runner_;
  std::span<const std::string_view> opened_;
  std::vector<Column> columns_;
  Html out_;
};

}  // namespace

std::string ExplanationPage(const ExplanationFacts& facts, std::span<const ExplainedField> fields) {
  return Page(facts, fields).Write();
}

}  // namespace berth::cli
