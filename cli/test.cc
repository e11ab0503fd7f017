#include "berth/cli/test.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "berth/cli/admit.h"
#include "berth/cli/coverage.h"
#include "berth/cli/findings.h"
#include "berth/cli/policy_judge.h"
#include "berth/cli/policy_test.h"
#include "berth/cli/yaml_text.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/spec/quoted.h"
#include "berth/spec/writer.h"
#include "berth/store/files.h"

namespace berth::cli {
namespace {

constexpr std::string_view kTestFiles = "files named `*.test.yaml`, `*.test.yml` or `*.test.json`";
constexpr size_t kFlushBytes = size_t{64} << 10;
// Columns of a terminal.
constexpr size_t kMaxName = 160;
constexpr size_t kMaxPath = 160;
constexpr size_t kMaxValue = 160;

// A value in one line: as YAML where that takes one line, else as JSON.
std::string ValueText(const NodeRef& value) {
  if (value == nullptr || value->is_null()) return "nothing";
  std::string text = YamlInline(*value);
  if (text.empty()) {
    JsonWriter writer(text);
    WriteNode(*value, writer);
  }
  return Cut(text, kMaxValue);
}

void WriteValue(const NodeRef& value, JsonWriter& writer) {
  if (value == nullptr) {
    writer.Null();
  } else {
    WriteNode(*value, writer);
  }
}

// A catalog that files of tests ask, loaded once however they spell its path.
struct TestedCatalog {
  std::string path;  // as it was spelled first, without detours
  Engine engine;
  ExitCode loaded = kExitGood;
  std::optional<Coverage> coverage;
};

class TestRun {
 public:
  TestRun(const TestOptions& options, Console& console)
      : options_(options), console_(console), json_(json_text_, JsonLayout::kIndented) {}

  ExitCode Run() {
    if (json()) json_.BeginObject().Key("schema").String("berth.test/v1").Key("cases").BeginArray();
    for (const std::string& path : options_.paths) ReadPath(path);
    if (stopped()) return worst_;
    if (worst_ == kExitGood && passed_ == 0) Refuse("no case has " + Quoted(options_.run) + " in its name");
    if (json()) {
      json_.EndArray();
      WriteEnd();
      console_.out << json_text_ << "\n";
    } else {
      PrintEnd();
    }
    return worst_;
  }

 private:
  [[nodiscard]] bool json() const { return options_.output == Output::kJson; }
  void Worsen(ExitCode code) { worst_ = std::max(worst_, code); }
  // Nothing that follows could be said.
  [[nodiscard]] bool stopped() const { return worst_ == kExitInternal; }
  void Refuse(std::string_view why) {
    console_.Complain(why);
    Worsen(kExitUnreadable);
  }

  void ReadPath(const std::string& path) {
    SourceFiles sources = ReadSources(path, /*full_names=*/true, FolderFiles::kPolicyTests);
    for (const Issue& issue : sources.issues) PrintFindingLine(issue, console_.err);
    if (!sources.issues.empty()) Worsen(kExitUnreadable);
    if (sources.texts.empty() && sources.issues.empty()) {
      Refuse(Quoted(path) + " holds no tests: looked for " + std::string(kTestFiles) + " in it and below");
    }
    for (const auto& text : sources.texts) {
      // One that an earlier path brought already runs once.
      const std::string name = std::filesystem::path(text->name()).lexically_normal().string();
      if (seen_.insert(name).second && !stopped()) RunFile(text);
    }
  }

  void RunFile(const std::shared_ptr<const SourceText>& text) {
    SourceTexts texts = {{text->name(), text}};
    std::vector<Issue> issues;
    const std::optional<PolicyTest> test = ReadPolicyTest(text, texts, issues);
    TestedCatalog* const catalog = test ? CatalogOf(*test) : nullptr;
    const bool ready = catalog != nullptr && catalog->loaded == kExitGood;
    if (test && !ready) issues.push_back(WithoutCatalog(*test, *catalog));
    SortFindings(issues);
    BoundFindings(issues);
    for (const Issue& issue : issues) PrintFinding(issue, texts, console_.err);
    ++(ready ? files_ : not_run_);
    if (!ready) return Worsen(test ? catalog->loaded : kExitUnreadable);
    for (const TestCase& one : test->cases) {
      if (one.name.find(options_.run) != std::string::npos && !stopped()) RunCase(test->file, one, *catalog);
    }
  }

  // What is wrong with the catalog itself was said when it was loaded.
  static Issue WithoutCatalog(const PolicyTest& test, const TestedCatalog& catalog) {
    Issue issue;
    issue.code = IssueCode::kUnreadable;
    issue.file = test.file;
    issue.position = test.catalog_position;
    issue.message = "the tests cannot run without their catalog, " + Quoted(catalog.path);
    issue.suggestion = "name it with `catalog`, from the folder of this file, or with `--catalog`";
    return issue;
  }

  TestedCatalog* CatalogOf(const PolicyTest& test) {
    const std::string path = options_.catalog ? *options_.catalog : PathFrom(test.file, test.catalog);
    std::error_code error;
    const std::filesystem::path found = std::filesystem::weakly_canonical(path, error);
    std::unique_ptr<TestedCatalog>& catalog = catalogs_[error || path == "-" ? path : found.string()];
    if (catalog == nullptr) {
      catalog = std::make_unique<TestedCatalog>();
      catalog->path = std::filesystem::path(path).lexically_normal().string();
      catalog->loaded = LoadCatalog(path, catalog->engine, console_);
      if (catalog->loaded == kExitGood && options_.coverage) catalog->coverage.emplace(catalog->engine.snapshot());
    }
    return catalog.get();
  }

  void RunCase(const std::string& file, const TestCase& test, TestedCatalog& catalog) {
    const CaseState state(test, catalog.engine);
    const DetailedDecision decision = catalog.engine.AdmitInDetail(test.request, scratch_);
    Judgement judgement = Judge(test, decision);
    judgement.differences.insert(judgement.differences.begin(), state.unknown().begin(), state.unknown().end());
    if (catalog.coverage) catalog.coverage->Add(decision, test.request, judgement.binding);
    const bool passed = judgement.differences.empty();
    ++(passed ? passed_ : failed_);
    if (!passed) Worsen(kExitBad);
    if (json()) {
      WriteCase(file, test, judgement.differences, decision);
    } else if (!passed || options_.verbose) {
      PrintCase(file, test, judgement.differences, decision);
    }
    if (console_.out.size() >= kFlushBytes && !console_.Flush()) Worsen(kExitInternal);
  }

  void PrintCase(const std::string& file, const TestCase& test, const std::vector<Difference>& differences,
                 const DetailedDecision& decision) {
    Stream& out = console_.out;
    const bool passed = differences.empty();
    out.Add(PlaceText(Printable(file), test.position), Style::kStrong) << ": ";
    out.Add(passed ? "passed" : "FAILED", passed ? Style::kGood : Style::kBad) << " " << Cut(test.name, kMaxName);
    out << "\n";
    if (passed) return;
    Table table({});
    for (const Difference& difference : differences) {
      const std::string hint = difference.hint.empty() ? "" : " (" + Printable(difference.hint) + ")";
      table.Add({Table::Cell(Cut(difference.path, kMaxPath), Style::kStrong), "wanted " + ValueText(difference.wanted),
                 "got " + ValueText(difference.given) + hint});
    }
    table.Print(2, out);
    if (const std::string note = OrganizationWarning(*decision.snapshot, test.request); !note.empty()) {
      out << "  ";
      out.Add("note:", Style::kNote) << " " << Printable(note) << "\n";
    }
    out << "\n";
    const size_t start = out.size();
    PrintVerdict(decision, test.request, out);
    out.IndentFrom(start, 4);
    out << "\n";
  }

  void WriteCase(const std::string& file, const TestCase& test, const std::vector<Difference>& differences,
                 const DetailedDecision& decision) {
    json_.BeginObject().Key("file").String(file).Key("line").Uint(test.position.line);
    json_.Key("column").Uint(test.position.column).Key("name").String(test.name);
    json_.Key("passed").Bool(differences.empty()).Key("differences").BeginArray();
    for (const Difference& difference : differences) {
      json_.BeginObject().Key("path").String(difference.path).Key("wanted");
      WriteValue(difference.wanted, json_);
      json_.Key("given");
      WriteValue(difference.given, json_);
      json_.EndObject();
    }
    json_.EndArray();
    if (!differences.empty() || options_.verbose) {
      json_.Key("decision").Raw(DecisionToJson(decision, test.request, /*all=*/false, JsonLayout::kCompact));
    }
    json_.EndObject();
  }

  // The catalogs that were asked, by path.
  [[nodiscard]] std::vector<const TestedCatalog*> Covered() const {
    std::vector<const TestedCatalog*> covered;
    for (const auto& [key, catalog] : catalogs_) {
      if (catalog->coverage) covered.push_back(catalog.get());
    }
    std::ranges::sort(covered, {}, [](const TestedCatalog* catalog) { return catalog->path; });
    return covered;
  }

  CoverageCount CheckCoverage() {
    CoverageCount total;
    for (const TestedCatalog* catalog : Covered()) total += catalog->coverage->total();
    if (options_.fail_under && total.below(*options_.fail_under)) {
      console_.Complain("the coverage of " + std::to_string(total.percent()) + "% is below the wanted " +
                        std::to_string(*options_.fail_under) + "%");
      Worsen(kExitBad);
    }
    return total;
  }

  void PrintEnd() {
    Stream& out = console_.out;
    if (options_.coverage) {
      for (const TestedCatalog* catalog : Covered()) {
        catalog->coverage->Print(catalog->path, out);
        out << "\n";
      }
      CheckCoverage();
    }
    if (files_ + not_run_ == 0) return;
    out.Add(std::to_string(passed_) + " passed", passed_ > 0 ? Style::kGood : Style::kPlain) << ", ";
    out.Add(std::to_string(failed_) + " failed", failed_ > 0 ? Style::kBad : Style::kPlain);
    out << " in " << Counted(files_, "file", "files");
    if (not_run_ > 0) {
      out << "; ";
      out.Add(Counted(not_run_, "file", "files") + (not_run_ == 1 ? " was not run" : " were not run"), Style::kBad);
    }
    out << "\n";
  }

  void WriteEnd() {
    json_.Key("summary").BeginObject().Key("files").Uint(files_).Key("files_not_run").Uint(not_run_);
    json_.Key("passed").Uint(passed_).Key("failed").Uint(failed_).EndObject().Key("coverage");
    if (!options_.coverage) {
      json_.Null().EndObject();
      return;
    }
    const CoverageCount total = CheckCoverage();
    json_.BeginObject().Key("exercised").Uint(total.exercised).Key("total").Uint(total.total);
    json_.Key("percent").Uint(total.percent()).Key("catalogs").BeginArray();
    for (const TestedCatalog* catalog : Covered()) catalog->coverage->Write(catalog->path, json_);
    json_.EndArray().EndObject().EndObject();
  }

  const TestOptions& options_;
  Console& console_;
  std::string json_text_;
  JsonWriter json_;
  std::set<std::string> seen_;  // files of tests
  std::map<std::string, std::unique_ptr<TestedCatalog>> catalogs_;
  Scratch scratch_;
  size_t passed_ = 0;
  size_t failed_ = 0;
  size_t files_ = 0;    // that were run
  size_t not_run_ = 0;  // that could not be
  ExitCode worst_ = kExitGood;
};

}  // namespace

ExitCode Test(const TestOptions& options, Console& console) { return TestRun(options, console).Run(); }

}  // namespace berth::cli
