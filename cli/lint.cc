#include "berth/cli/lint.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <span>
#include <utility>

#include "berth/cli/findings.h"
#include "berth/engine/catalog.h"
#include "berth/engine/json.h"
#include "berth/engine/snapshot.h"
#include "berth/spec/field.h"
#include "berth/spec/limits.h"
#include "berth/spec/quoted.h"
#include "berth/store/files.h"
#include "berth/validate/request.h"

namespace berth::cli {
namespace {

bool IsObjectKey(std::string_view key) {
  constexpr Record kObjects[] = {Record::kZone, Record::kProfile, Record::kRunner, Record::kOrganization};
  return std::ranges::any_of(kObjects, [&](Record record) { return FindField(record, key) != nullptr; });
}

// A key that only launches have, or one that only objects have, settles what a mapping without `kind` is. Beside an
// organization every key of a launch settles it: `zone` stands in zones too, but they belong to no organization.
bool LooksLikeLaunch(Value value) {
  if (value.kind() != ValueKind::kMapping) return false;
  bool own = false;  // a key that only launches have
  bool organization = false;
  size_t asked = 0;    // keys of launches that mean something to admission
  size_t carried = 0;  // the others, such as `command`, stand in many kinds of files
  for (size_t i = 0; i < value.size(); ++i) {
    const std::string_view key = value.key(i).text();
    if (key == "kind" || key == "runner" || key == "profileTemplate" || key == "profile_template") return false;
    const bool object = IsObjectKey(key);
    const Field* field = FindField(Record::kLaunchRequest, key);
    if (field == nullptr || field->type == FieldType::kCarried) {
      if (object) return false;
      carried += field == nullptr ? 0 : 1;
    } else if (field->name == "organization_id") {
      organization = true;
    } else {
      ++asked;
      own = own || !object;
    }
  }
  return own || asked > 1 || (organization && asked + carried > 0);
}

// Whether `name` is a finding's code or name, and then which.
std::optional<IssueCode> FindCode(std::string_view name) {
  for (const IssueCodeInfo& info : IssueCodes()) {
    if (name == info.id || name == info.name) return info.code;
  }
  return std::nullopt;
}

class Linter {
 public:
  explicit Linter(const LintOptions& options) : options_(options) {}

  ExitCode Run(Console& console) {
    std::set<IssueCode> selected;
    std::set<IssueCode> ignored;
    if (!ReadCodes(options_.selected, selected, console) || !ReadCodes(options_.ignored, ignored, console)) {
      return kExitUsage;
    }
    for (const std::string& path : options_.paths) AddPath(path);
    CheckTogether();
    std::erase_if(findings_, [&](const Issue& finding) {
      return (!selected.empty() && !selected.contains(finding.code)) || ignored.contains(finding.code);
    });
    std::ranges::move(unreadable_, std::back_inserter(findings_));  // never left out: the answer is not whole
    SortFindings(findings_);
    BoundFindings(findings_);
    Print(console);
    if (!unreadable_.empty()) return kExitUnreadable;
    return CountOf(IssueLevel::kError) > 0 || (options_.strict && CountOf(IssueLevel::kWarning) > 0) ? kExitBad
                                                                                                     : kExitGood;
  }

 private:
  static bool ReadCodes(const std::vector<std::string>& names, std::set<IssueCode>& codes, Console& console) {
    for (const std::string& name : names) {
      const std::optional<IssueCode> code = FindCode(name);
      if (!code) {
        std::vector<std::string> known;
        for (const IssueCodeInfo& info : IssueCodes()) known.emplace_back(info.name);
        console.Complain(Quoted(name) + " is no code of a finding" + DidYouMean(name, known));
        return false;
      }
      codes.insert(*code);
    }
    return true;
  }

  // Everything a path brought, good or bad.
  [[nodiscard]] size_t Found() const {
    return catalog_.objects.size() + launches_.size() + catalog_.issues.size() + unreadable_.size();
  }

  void AddPath(const std::string& path) {
    SourceFiles sources = ReadSources(path, /*full_names=*/true);
    const size_t found_before = Found();
    std::ranges::move(sources.issues, std::back_inserter(unreadable_));
    bool repeated = false;
    for (auto& text : sources.texts) repeated = !AddText(std::move(text)) || repeated;
    if (Found() > found_before || repeated) return;
    Issue issue;
    issue.code = IssueCode::kNoObjects;
    issue.file = path == "-" ? std::string(kStandardInputName) : path;
    issue.message = "no object here: name a file or folder with profiles, runners, zones, organizations or requests";
    unreadable_.push_back(std::move(issue));
  }

  // False for a text that an earlier path brought already.
  bool AddText(std::shared_ptr<const SourceText> text) {
    if (!texts_.emplace(text->name(), text).second) return false;
    ++files_;
    ParsedDocument parsed = ParseText(std::move(text));
    if (parsed.document == nullptr) {
      std::ranges::move(parsed.issues, std::back_inserter(unreadable_));
      return true;
    }
    if (!AddLaunches(*parsed.document, parsed.issues)) AddParsed(std::move(parsed), catalog_);
    return true;
  }

  // True when the file holds launches. A file is one or the other.
  bool AddLaunches(const Document& document, std::span<const Issue> parser_issues) {
    const bool list = document.root_count() == 1 && document.root(0).kind() == ValueKind::kSequence;
    const size_t count = list ? document.root(0).size() : document.root_count();
    const auto value = [&](size_t i) { return list ? document.root(0)[i] : document.root(i); };
    size_t launches = 0;
    while (launches < count && LooksLikeLaunch(value(launches))) ++launches;
    if (launches == 0 || launches < count) return false;
    if (count == 1 && !list && document.source().bytes().size() > kMaxRequestBytes) {
      unreadable_.push_back(TooLarge(document.source().name(), kMaxRequestBytes));
      return true;
    }
    for (size_t i = 0; i < count; ++i) {
      launches_.push_back(DecodeLaunchRequest(value(i), parser_issues, list ? "/" + std::to_string(i) : std::string()));
      std::ranges::copy(launches_.back().issues, std::back_inserter(findings_));
    }
    return true;
  }

  // Rules between objects, of merged specs, and of launches by their organization's settings.
  void CheckTogether() {
    const size_t objects = catalog_.objects.size();
    std::ranges::move(catalog_.issues, std::back_inserter(findings_));
    Snapshot::LiveCells live;
    Snapshot::Input input;
    input.objects = std::move(catalog_.objects);
    input.use = CatalogUse::kLint;
    const auto snapshot = Snapshot::Compile(std::move(input), live);
    for (const auto& object : snapshot->objects()) std::ranges::copy(object->issues, std::back_inserter(findings_));
    std::ranges::copy(snapshot->issues(), std::back_inserter(findings_));
    for (const LaunchRequest& launch : launches_) {
      CheckLaunch(launch, snapshot->OrganizationOf(launch.organization_id).opened, findings_);
    }
    summary_ = {files_, objects + launches_.size()};
  }

  [[nodiscard]] size_t CountOf(IssueLevel level) const {
    return static_cast<size_t>(std::ranges::count(findings_, level, &Issue::level));
  }

  void Print(Console& console) const {
    if (options_.output == Output::kJson) {
      console.out << FindingsToJson(findings_, summary_, JsonLayout::kIndented) << "\n";
      return;
    }
    for (const Issue& finding : findings_) PrintFinding(finding, texts_, console.out);
    const size_t errors = CountOf(IssueLevel::kError);
    const size_t warnings = CountOf(IssueLevel::kWarning);
    const size_t notes = CountOf(IssueLevel::kNote);
    std::string counts;
    const auto add = [&](size_t count, std::string_view singular, std::string_view plural) {
      if (count > 0) counts.append(counts.empty() ? "" : ", ").append(Counted(count, singular, plural));
    };
    add(errors, "error", "errors");
    add(warnings, "warning", "warnings");
    add(notes, "note", "notes");
    const Style style = errors > 0 ? Style::kBad : warnings > 0 ? Style::kWarning : Style::kGood;
    console.out << Counted(summary_.objects, "object", "objects") << " in " << Counted(summary_.files, "file", "files")
                << ": ";
    console.out.Add(counts.empty() ? "nothing to report" : counts, style) << "\n";
  }

  const LintOptions& options_;
  Catalog catalog_;
  std::vector<LaunchRequest> launches_;
  SourceTexts texts_;
  size_t files_ = 0;
  std::vector<Issue> unreadable_;  // findings that mean exit code 3
  std::vector<Issue> findings_;
  FindingsSummary summary_;
};

}  // namespace

ExitCode Lint(const LintOptions& options, Console& console) { return Linter(options).Run(console); }

}  // namespace berth::cli
