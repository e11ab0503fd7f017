#include "berth/cli/explain.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/cli/explain_html.h"
#include "berth/cli/html.h"
#include "berth/cli/launch_words.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/explanation.h"
#include "berth/engine/json.h"
#include "berth/engine/launch_access.h"
#include "berth/engine/spec_path.h"
#include "berth/spec/field_path.h"
#include "berth/spec/node.h"
#include "berth/spec/pod_field.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"
#include "berth/spec/writer.h"

namespace berth::cli {
namespace {

// Columns of a terminal.
constexpr size_t kMaxPath = 160;
constexpr size_t kMaxValue = 48;
constexpr size_t kMaxOnlyValue = 400;  // of the one field that was asked for

// `0` of `containers[0]`, or empty.
std::string_view BracketedIndex(std::string_view name) {
  const size_t open = name.find('[');
  if (open == std::string_view::npos || name.back() != ']') return {};
  const std::string_view index = name.substr(open + 1, name.size() - open - 2);
  return index.find_first_not_of("0123456789") == std::string_view::npos ? index : std::string_view();
}

// What berth knows of a place in pod.spec that its table does not have.
std::string WordsOfDoubt(const SpecPath::Doubt& doubt) {
  if (doubt.in_list) {
    return "the elements of " + Quoted(doubt.above) + " are named by their index in the result, as in " +
           Quoted(doubt.above + "/0") + ", not by " + Quoted(doubt.name);
  }
  if (doubt.record == PodRecord::kNone) return Quoted(doubt.above) + " has no fields below it";
  std::vector<std::string_view> names;
  for (const PodField& field : PodFieldsOf(doubt.record)) names.push_back(field.name);
  const std::string_view index = BracketedIndex(doubt.name);
  const std::string_view bare =
      index.empty() ? std::string_view(doubt.name) : std::string_view(doubt.name).substr(0, doubt.name.find('['));
  const std::string_view nearest = NearestName(bare, names);
  std::string written = doubt.above;
  AppendPointer(doubt.name, written);
  std::string text = "nothing is set at " + Quoted(written) + ", and berth knows no such field";
  if (nearest.empty()) return text;
  text.append(", did you mean ")
      .append(Quoted(doubt.above + "/" + std::string(nearest) + (index.empty() ? "" : "/") + std::string(index)));
  return text.append(index.empty() ? "?" : "? Elements are named by their index in the result");
}

// Says why nothing is printed, and which field is near; the exit code that follows.
ExitCode ComplainOfPath(const Resolved& resolved, const SpecPath& path, const std::string& written, Console& console) {
  if (path.doubt()) {
    console.Complain(WordsOfDoubt(*path.doubt()));
    return kExitGood;
  }
  if (path.known()) {
    console.Complain("nothing is set at " + Quoted(path.canonical()) + ": see what is without `--path`");
    return kExitGood;
  }
  std::vector<std::string> near = path.Siblings();
  for (const ExplainedField& field : ExplainResolved(resolved, nullptr, "")) {
    for (size_t end = field.path.find('/', 1); end != std::string::npos; end = field.path.find('/', end + 1)) {
      near.push_back(field.path.substr(0, end));
    }
    near.push_back(field.path);
  }
  console.Complain(Quoted(written) + " names no field of a spec" + DidYouMean(written, near));
  return kExitUsage;
}

// The field that was asked for, where a fold puts it.
struct Asked {
  SpecPath path{""};  // as written
  FoldOfPath fold;
  SpecPath shown{""};
};

Asked AskedOf(const std::string& written, const Resolved& resolved) {
  Asked asked;
  asked.path = SpecPath(written);
  asked.fold = FoldOf(asked.path, resolved.spec.get());
  asked.shown = asked.fold.pointer.empty() ? asked.path : SpecPath(asked.fold.pointer);
  return asked;
}

// One line about a fold, or nothing.
std::string WordsOfFold(const Asked& asked) {
  const std::string path = Quoted(asked.path.canonical());
  if (!asked.fold.pointer.empty()) return path + " folds into " + Quoted(asked.fold.pointer);
  if (!asked.fold.amounts.empty()) return "CPU and memory of " + path + " fold into " + Quoted(asked.fold.amounts);
  return {};
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
    AddCells(LayerCell(row.decides, row.layer, style), {std::string(row.word()), says}, {Cut(value, max_value_), style},
             {Printable(row.source), hidden ? Style::kFaint : Style::kPlain});
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

// Which profile it is about, and what the launch gets of the network; of a single field only what was not asked for.
void PrintTarget(const ExplainOptions& options, const Resolved& resolved, Stream& out) {
  const CompiledBinding& binding = resolved.snapshot->bindings()[resolved.binding];
  std::vector<HeaderLine> header;
  if (options.path.empty()) {
    header.push_back({"runner", Printable(resolved.snapshot->RunnerOf(binding).runner->runner_id)});
    header.push_back({"profile", Printable(binding.name)});
    for (HeaderLine& line : NetworkHeader(resolved)) header.push_back(std::move(line));
  } else if (options.target.profile.empty()) {
    header.push_back({"profile", Printable(binding.name)});
  }
  if (header.empty()) return;
  PrintHeader(header, "", out);
  out << "\n";
}

// Who may set what was asked for.
void PrintWho(const Asked& asked, std::span<const std::string_view> opened, std::string_view organization,
              Stream& out) {
  if (const std::string fold = WordsOfFold(asked); !fold.empty()) out << Printable(fold) << "\n";
  if (asked.fold.gpus) {
    out << Printable(Quoted(asked.path.canonical())) << " can be set by no layer: a launch asks for GPUs with "
        << "`resource_limits.gpu`\n";
    return;
  }
  const LaunchMay may = WhatLaunchMay(asked.shown, opened);
  out << Printable(WhoMaySet(asked.shown.canonical(), may, organization)) << "\n";
  // What folds after the merge is opened under its own name.
  if (asked.path.canonical().starts_with("/pod/placement") && !asked.fold.pointer.empty()) {
    const LaunchMay own = WhatLaunchMay(asked.path, opened);
    if (own.opened != may.opened) {
      out << Printable(WhoMaySet(asked.path.canonical(), own, organization)) << "\n";
    }
  }
}

void PrintText(const ExplainOptions& options, const Resolution& resolution, const Asked& asked,
               std::vector<ExplainedField> fields, Stream& out) {
  const std::span<const std::string_view> opened =
      resolution.resolved().snapshot->OrganizationOf(resolution.organization()).opened;
  PrintTarget(options, resolution.resolved(), out);
  const std::string& path = asked.shown.canonical();
  const bool one = fields.size() == 1 && fields.front().path == path;
  if (fields.empty() && options.all_layers) fields.push_back({path, {}});
  FieldRows rows(opened, options.all_layers, one ? kMaxOnlyValue : kMaxValue);
  for (const ExplainedField& field : fields) rows.Add(field);
  if (!rows.table().empty()) rows.table().Print(0, out);
  if (options.path.empty()) return;
  if (!rows.table().empty()) out << "\n";
  PrintWho(asked, opened, resolution.organization(), out);
}

}  // namespace

ExitCode ExplainSpec(const ExplainOptions& options, Console& console) {
  if (const std::string mistake = HtmlFlagMistake(options.html); !mistake.empty()) {
    console.Complain(mistake);
    return kExitUsage;
  }
  Resolution resolution(options.target, console);
  if (const ExitCode code = resolution.Run(/*needs_user=*/false); code != kExitGood) return code;
  const Resolved& resolved = resolution.resolved();
  const std::string written = PointerOf(options.path);
  const Asked asked = AskedOf(written, resolved);
  const std::string& path = asked.shown.canonical();
  std::vector<ExplainedField> fields =
      ExplainResolved(resolved, resolution.launch(), asked.shown.known() ? path : written);
  const bool nothing = fields.empty() && !written.empty();
  if (nothing && ComplainOfPath(resolved, asked.shown, written, console) != kExitGood) return kExitUsage;
  const ExitCode code = resolution.Verdict();
  const bool text = !options.html && options.target.output != Output::kJson;
  if (const std::string fold = WordsOfFold(asked); !text && !fold.empty()) console.Complain(fold);
  if (options.html) {
    const ExplanationFacts facts = {resolved, resolution.launch(), resolution.organization(), path};
    return std::max(code, WritePage(*options.html, ExplanationPage(facts, fields), console));
  }
  if (!text) {
    console.out << ExplanationToJson(resolved, resolution.organization(), fields, JsonLayout::kIndented) << "\n";
  } else if (!nothing || !asked.shown.doubt()) {
    PrintText(options, resolution, asked, std::move(fields), console.out);
  }
  return code;
}

}  // namespace berth::cli
