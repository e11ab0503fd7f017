#include "berth/cli/explain.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/cli/explain_html.h"
#include "berth/cli/launch_words.h"
#include "berth/cli/output_file.h"
#include "berth/engine/explanation.h"
#include "berth/engine/json.h"
#include "berth/engine/launch_access.h"
#include "berth/engine/spec_path.h"
#include "berth/spec/quoted.h"
#include "berth/spec/writer.h"

namespace berth::cli {
namespace {

// Columns of a terminal.
constexpr size_t kMaxPath = 160;
constexpr size_t kMaxValue = 48;
constexpr size_t kMaxOnlyValue = 400;  // of the one field that was asked for

// `network.egress` is as good as `/network/egress`.
std::string PointerOf(std::string_view path) {
  if (path.empty() || path.front() == '/') return std::string(path);
  std::string pointer = "/";
  for (const char c : path) pointer += c == '.' ? '/' : c;
  return pointer;
}

// Says why nothing is printed, and which field is near; the exit code that follows.
ExitCode ComplainOfPath(const Resolved& resolved, const SpecPath& path, const std::string& written, Console& console) {
  std::vector<std::string> near = path.Siblings();
  for (const ExplainedField& field : ExplainResolved(resolved, nullptr, "")) {
    for (size_t end = field.path.find('/', 1); end != std::string::npos; end = field.path.find('/', end + 1)) {
      near.push_back(field.path.substr(0, end));
    }
    near.push_back(field.path);
  }
  if (!path.known()) {
    console.Complain(Quoted(written) + " names no field of a spec" + DidYouMean(written, near));
    return kExitUsage;
  }
  console.Complain("nothing is set at " + Quoted(path.canonical()) + ": see what is without `--path`");
  return kExitGood;
}

// The rows of a table: a field's path once, then every layer that says something about it, highest first.
class FieldRows {
 public:
  FieldRows(std::span<const std::string_view> opened, bool all_layers, size_t max_value)
      : opened_(opened), all_layers_(all_layers), max_value_(max_value) {}

  void Add(const ExplainedField& field) {
    path_ = Cut(field.path, kMaxPath);
    for (size_t i = kLayerCount; i-- > 0;) {
      const auto layer = static_cast<Layer>(i);
      bool silent = layer != Layer::kDefault && layer != Layer::kRunner;
      for (const ExplainedLayer& row : field.layers) {
        if (row.layer != layer) continue;
        AddRow(row);
        silent = false;
      }
      if (all_layers_ && silent) AddSilent(field, layer);
    }
  }

  [[nodiscard]] const Table& table() const { return table_; }

 private:
  void AddRow(const ExplainedLayer& row) {
    const bool hidden = row.says == Says::kShadowed || row.says == Says::kDropped;
    const Style style = row.decides ? Style::kStrong : hidden ? Style::kFaint : Style::kPlain;
    const Style says = row.says == Says::kUnset || row.says == Says::kDropped ? Style::kWarning : style;
    std::string value;
    if (row.value != nullptr) {
      JsonWriter writer(value);
      WriteNode(*row.value, writer);
    }
    AddCells(LayerCell(row.decides, row.layer, style), {std::string(SaysName(row.says)), says},
             {Cut(value, max_value_), style}, {Printable(row.source), hidden ? Style::kFaint : Style::kPlain});
  }

  void AddSilent(const ExplainedField& field, Layer layer) {
    const std::string note =
        layer == Layer::kSandbox ? LaunchNote(WhatLaunchMay(SpecPath(field.path), opened_)) : std::string();
    AddCells(LayerCell(false, layer, Style::kFaint), {"not set", Style::kFaint}, {note, Style::kFaint}, "");
  }

  static Table::Cell LayerCell(bool decides, Layer layer, Style style) {
    return {std::string(decides ? "> " : "  ").append(LayerName(layer)), style};
  }

  void AddCells(Table::Cell layer, Table::Cell says, Table::Cell value, Table::Cell source) {
    table_.Add({std::exchange(path_, {}), std::move(layer), std::move(says), std::move(value), std::move(source)});
  }

  std::span<const std::string_view> opened_;
  bool all_layers_;
  size_t max_value_;
  std::string path_;  // until its first row is there
  Table table_{{"FIELD", "  LAYER", "SAYS", "VALUE", "SOURCE"}};
};

void PrintText(const ExplainOptions& options, const Resolution& resolution, const SpecPath& path,
               std::vector<ExplainedField> fields, Stream& out) {
  const std::span<const std::string_view> opened =
      resolution.resolved().snapshot->OrganizationOf(resolution.organization()).opened;
  const bool one = fields.size() == 1 && fields.front().path == path.canonical();
  if (fields.empty() && options.all_layers) fields.push_back({path.canonical(), {}});
  FieldRows rows(opened, options.all_layers, one ? kMaxOnlyValue : kMaxValue);
  for (const ExplainedField& field : fields) rows.Add(field);
  if (!rows.table().empty()) rows.table().Print(0, out);
  if (options.path.empty()) return;
  if (!rows.table().empty()) out << "\n";
  out << Printable(WhoMaySet(path.canonical(), WhatLaunchMay(path, opened), resolution.organization())) << "\n";
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

}  // namespace

ExitCode ExplainSpec(const ExplainOptions& options, Console& console) {
  Resolution resolution(options.target, console);
  if (const ExitCode code = resolution.Run(/*needs_user=*/false); code != kExitGood) return code;
  const Resolved& resolved = resolution.resolved();
  const std::string written = PointerOf(options.path);
  const SpecPath path(written);
  std::vector<ExplainedField> fields =
      ExplainResolved(resolved, resolution.launch(), path.known() ? path.canonical() : written);
  if (fields.empty() && !written.empty() && ComplainOfPath(resolved, path, written, console) != kExitGood) {
    return kExitUsage;
  }
  const ExitCode code = resolution.Verdict();
  if (options.html) {
    const ExplanationFacts facts = {resolved, resolution.launch(), resolution.organization(), path.canonical()};
    return std::max(code, WritePage(*options.html, ExplanationPage(facts, fields), console));
  }
  if (options.target.output == Output::kJson) {
    console.out << ExplanationToJson(fields, JsonLayout::kIndented) << "\n";
  } else {
    PrintText(options, resolution, path, std::move(fields), console.out);
  }
  return code;
}

}  // namespace berth::cli
