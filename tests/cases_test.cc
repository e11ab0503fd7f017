// The law as data: every file below tests/cases/ is one claim about decisions, resolved specs, explanations or findings.
//
// A case names its catalog, its request and what it wants to see; the file's name is the claim. The format is described
// in tests/cases/README.md.

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/spec/document.h"
#include "berth/spec/launch.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/case_files.h"

namespace berth {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAreas[] = {"admission", "catalog", "explain",   "merge",   "namespace",
                                  "requests",  "scope",   "selection", "validate"};
constexpr size_t kFewestCases = 120;

// --- Comparing: what is wanted is a part of what is there ---

using Differences = std::vector<std::string>;

void Compare(const Json& wanted, const Json& found, const std::string& path, Differences& differences);

bool Matches(const Json& wanted, const Json& found) {
  Differences differences;
  Compare(wanted, found, "", differences);
  return differences.empty();
}

std::string Shown(const Json& value) {
  const std::string text = value.dump();
  return text.size() > 600 ? text.substr(0, 600) + "..." : text;
}

void CompareList(const Json& wanted, const Json& found, const std::string& path, Differences& differences) {
  if (!found.is_array() || found.size() != wanted.size()) {
    differences.push_back(path + ": wanted " + Shown(wanted) + ", found " + Shown(found));
    return;
  }
  for (size_t i = 0; i < wanted.size(); ++i) Compare(wanted[i], found[i], path + "/" + std::to_string(i), differences);
}

// `{"$exactly": ...}` and its kin; false when `wanted` is a plain object.
bool CompareSpecial(const Json& wanted, const Json& found, const std::string& path, Differences& differences) {
  bool special = false;
  for (const auto& [key, value] : wanted.items()) {
    if (!key.starts_with("$")) continue;
    special = true;
    const auto differ = [&] { differences.push_back(path + ": wanted " + Shown(wanted) + ", found " + Shown(found)); };
    if (key == "$exactly") {
      // Key order is not part of a JSON value.
      if (nlohmann::json(value) != nlohmann::json(found)) differ();
    } else if (key == "$length") {
      if (!found.is_array() || Json(found.size()) != value) differ();
    } else if (key == "$contains") {
      for (const Json& element : value) {
        const auto matches = [&](const Json& candidate) { return Matches(element, candidate); };
        if (found.is_array() && std::ranges::any_of(found, matches)) continue;
        differences.push_back(path + ": wanted an element " + Shown(element) + ", found " + Shown(found));
      }
    } else if (key == "$without") {
      for (const Json& element : value) {
        const auto matches = [&](const Json& candidate) { return Matches(element, candidate); };
        if (found.is_array() && std::ranges::none_of(found, matches)) continue;
        differences.push_back(path + ": wanted no element " + Shown(element) + ", found " + Shown(found));
      }
    } else {
      differences.push_back(absl::StrCat(path, ": `", key, "` is no operator of case files"));
    }
  }
  return special;
}

void Compare(const Json& wanted, const Json& found, const std::string& path, Differences& differences) {
  if (wanted.is_array()) return CompareList(wanted, found, path, differences);
  if (!wanted.is_object()) {
    if (wanted != found) differences.push_back(path + ": wanted " + Shown(wanted) + ", found " + Shown(found));
    return;
  }
  if (CompareSpecial(wanted, found, path, differences)) return;
  if (!found.is_object()) {
    differences.push_back(path + ": wanted " + Shown(wanted) + ", found " + Shown(found));
    return;
  }
  for (const auto& [key, value] : wanted.items()) {
    const std::string below = absl::StrCat(path, "/", key);
    if (value.is_object() && value.contains("$absent")) {
      if (found.contains(key)) differences.push_back(below + ": wanted absent, found " + Shown(found[key]));
    } else if (!found.contains(key)) {
      differences.push_back(below + ": wanted " + Shown(value) + ", found nothing in " + Shown(found));
    } else {
      Compare(value, found[key], below, differences);
    }
  }
}

// --- Running one case ---

Catalog CatalogOf(const Json& description) {
  const Json objects = ObjectsOf(description);
  Catalog catalog;
  if (!objects.empty()) AddSource(std::make_shared<SourceText>("catalog.json", objects.dump(2)), catalog);
  if (description.contains("files")) {
    for (const auto& [name, lines] : description["files"].items()) {
      AddSource(std::make_shared<SourceText>(name, TextOfLines(lines)), catalog);
    }
  }
  return catalog;
}

class CaseRun {
 public:
  explicit CaseRun(const Json& description) : catalog_(CatalogOf(description)) {
    const bool lint = description.value("use", "serve") == "lint";
    if (lint) {
      Snapshot::LiveCells live;
      linted_ = Snapshot::Compile({catalog_.objects, CatalogUse::kLint, 1}, live);
    }
    EXPECT_TRUE(engine_.Publish(catalog_, 1).ok());
    has_request_ = description.contains("request");
    const Json request = description.value("request", Json::object());
    const auto source = std::make_shared<SourceText>("request.json", request.dump(2));
    ParsedDocument parsed = ParseJson(source);
    EXPECT_NE(parsed.document, nullptr);
    if (parsed.document != nullptr) request_ = DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
    const Json target = description.value("target", Json::object());
    runner_id_ = target.value("runner_id", "r1");
    profile_ = target.value("profile", "");
    organization_ = target.value("organization", request_.organization_id);
  }

  Json Decision() {
    Scratch scratch;
    const berth::DetailedDecision decision = engine_.AdmitInDetail(request_, scratch);
    return Json::parse(DecisionToJson(decision, request_, /*all=*/true, JsonLayout::kCompact));
  }

  Json Resolved() {
    return OfTarget([](const berth::Resolved& resolved) { return ResolvedToJson(resolved, JsonLayout::kCompact); });
  }

  Json Explanation() {
    return OfTarget([this](const berth::Resolved& resolved) {
      const LaunchRequest* request = has_request_ ? &request_ : nullptr;
      return ExplanationToJson(resolved, "", ExplainResolved(resolved, request, ""), JsonLayout::kCompact);
    });
  }

  // By place.
  Json Findings() {
    const std::shared_ptr<const Snapshot> snapshot = linted_ != nullptr ? linted_ : engine_.snapshot();
    std::vector<Issue> issues = catalog_.issues;
    for (const auto& object : snapshot->objects()) std::ranges::copy(object->issues, std::back_inserter(issues));
    std::ranges::copy(snapshot->issues(), std::back_inserter(issues));
    std::ranges::stable_sort(issues, {}, [](const Issue& issue) {
      return std::tie(issue.file, issue.position.line, issue.position.column, issue.code);
    });
    return Json::parse(FindingsToJson(issues, {}, JsonLayout::kCompact))["findings"];
  }

 private:
  template <typename Print>
  Json OfTarget(Print print) {
    const auto resolved = engine_.Resolve({organization_, runner_id_, profile_}, has_request_ ? &request_ : nullptr);
    if (!resolved.ok()) return std::string(resolved.status().message());
    return Json::parse(print(*resolved));
  }

  Catalog catalog_;
  Engine engine_;
  std::shared_ptr<const Snapshot> linted_;
  LaunchRequest request_;
  bool has_request_ = false;
  std::string runner_id_;
  std::string profile_;
  std::string organization_;
};

void Check(const std::string& name, const Json& description, const Json& want) {
  CaseRun run(description);
  ASSERT_TRUE(want.is_object() && !want.empty()) << name << ": `want` says nothing";
  for (const auto& [part, wanted] : want.items()) {
    Json found;
    if (part == "decision") {
      found = run.Decision();
    } else if (part == "resolved") {
      found = run.Resolved();
    } else if (part == "explanation") {
      found = run.Explanation();
    } else if (part == "findings") {
      found = run.Findings();
    } else {
      FAIL() << name << ": a case cannot want `" << part << "`";
    }
    Differences differences;
    Compare(wanted, found, "", differences);
    for (const std::string& difference : differences) ADD_FAILURE() << name << ": " << part << difference;
    if (!differences.empty()) ADD_FAILURE() << name << ": note: " << description.value("note", "");
  }
}

class Case : public testing::TestWithParam<std::string> {};

TEST_P(Case, Holds) {
  const Json description = ReadCase(GetParam());
  ASSERT_TRUE(description.is_object()) << GetParam() << " is no JSON object";
  const std::set<std::string> known = {"note",    "catalog", "layers",    "files", "use",
                                       "request", "target",  "neighbour", "want"};
  for (const auto& [key, value] : description.items()) {
    ASSERT_TRUE(known.contains(key)) << GetParam() << ": `" << key << "` is no member of a case";
  }
  ASSERT_TRUE(description.contains("want")) << GetParam() << " wants nothing";
  ASSERT_FALSE(description.value("note", "").empty()) << GetParam() << " has no note";
  Check(GetParam(), description, description["want"]);
  if (!description.contains("neighbour")) return;
  // One step away the answer is another one: by default, the launch is admitted.
  const Json& neighbour = description["neighbour"];
  const Json admitted = {{"decision", {{"verdict", "ADMITTED"}}}};
  Check(GetParam() + " (neighbour)", description.patch(neighbour["patch"]), neighbour.value("want", admitted));
}

INSTANTIATE_TEST_SUITE_P(Cases, Case, testing::ValuesIn(CaseNames()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace_if(
      name, [](char c) { return c == '-' || c == '/' || c == '.'; }, '_');
  return name;
});

TEST(CaseFolder, HoldsEveryArea) {
  const std::vector<std::string> names = CaseNames();
  EXPECT_GE(names.size(), kFewestCases);
  for (const std::string area : kAreas) {
    const auto inside = [&](const std::string& name) { return name.starts_with(area + "/"); };
    EXPECT_TRUE(std::ranges::any_of(names, inside)) << "no case in " << area;
  }
}

// How many cases give each reason as a headline; of rejections that `counts` accepts.
template <typename Counts>
std::map<std::pair<std::string, std::string>, size_t> CasesOfReasons(Counts counts) {
  std::map<std::pair<std::string, std::string>, size_t> cases;
  for (const std::string& name : CaseNames()) {
    const Json description = ReadCase(name);
    const Json want = description.value("want", Json::object());
    if (!want.contains("decision") || !counts(name, want["decision"])) continue;
    const Json decision = CaseRun(description).Decision();
    if (!decision.contains("reasons")) continue;
    for (const Json& reason : decision["reasons"]) {
      const bool headline = reason["headline"] > 0 || decision["candidates"] == 0;
      if (headline) ++cases[{reason["code"].get<std::string>(), reason["capability"].get<std::string>()}];
    }
  }
  return cases;
}

TEST(CaseFolder, EveryReasonIsAHeadlineSomewhere) {
  auto cases = CasesOfReasons([](const std::string&, const Json& wanted) { return wanted.contains("reasons"); });
  for (const ReasonInfo& reason : Reasons()) {
    const size_t found = cases[{std::string(reason.name), std::string(reason.capability)}];
    EXPECT_GT(found, 0U) << reason.name << " " << reason.capability << " is the headline of no case";
  }
}

TEST(CaseFolder, TwoCasesSayWhatHelpsAgainstEveryReason) {
  auto cases = CasesOfReasons([](const std::string& name, const Json& wanted) {
    return name.starts_with("admission/") && wanted.contains("remedies");
  });
  for (const ReasonInfo& reason : Reasons()) {
    const size_t found = cases[{std::string(reason.name), std::string(reason.capability)}];
    EXPECT_GE(found, 2U) << reason.name << " " << reason.capability;
  }
}

// The comparison itself is tested, for a check that accepts everything would hide everything.
TEST(Comparison, WantsAPartOfWhatIsThere) {
  const Json found = Json::parse(R"({"a": 1, "b": [1, {"c": 2, "d": 3}], "e": {"f": null}})");
  for (const char* wanted : {R"({})", R"({"a": 1})", R"({"b": [1, {"c": 2}]})", R"({"b": {"$length": 2}})",
                             R"({"b": {"$contains": [{"d": 3}]}})", R"({"e": {"$exactly": {"f": null}}})",
                             R"({"x": {"$absent": true}})", R"({"b": {"$without": [{"d": 4}, 2]}})"}) {
    EXPECT_TRUE(Matches(Json::parse(wanted), found)) << wanted;
  }
  for (const char* wanted : {R"({"a": 2})", R"({"a": "1"})", R"({"x": 1})", R"({"b": [1]})", R"({"b": [{"c": 2}, 1]})",
                             R"({"b": {"$length": 1}})", R"({"b": {"$contains": [{"d": 2}]}})",
                             R"({"e": {"$exactly": {}}})", R"({"a": {"$absent": true}})", R"({"a": {"$what": 1}})",
                             R"({"b": {"$without": [1]}})", R"({"a": {"$contains": []}, "e": 1})", R"([])"}) {
    EXPECT_FALSE(Matches(Json::parse(wanted), found)) << wanted;
  }
}

}  // namespace
}  // namespace berth
