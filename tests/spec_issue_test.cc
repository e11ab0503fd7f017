#include <set>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

TEST(IssueCodes, HaveUniqueIdsAndNames) {
  std::set<std::string_view> ids;
  std::set<std::string_view> names;
  for (const IssueCodeInfo& info : IssueCodes()) {
    EXPECT_TRUE(ids.insert(info.id).second) << info.id;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_THAT(std::string(info.id), testing::MatchesRegex("B[1-6][0-9][0-9]"));
    EXPECT_THAT(std::string(info.name), testing::MatchesRegex("[a-z]+(-[a-z]+)*"));
  }
  EXPECT_EQ(ids.size(), kIssueCodeCount);
}

TEST(IssueCodes, SummariesAreOneLineWithoutFullStop) {
  for (const IssueCodeInfo& info : IssueCodes()) {
    EXPECT_FALSE(info.summary.empty()) << info.id;
    EXPECT_FALSE(info.summary.ends_with('.')) << info.id;
    EXPECT_EQ(info.summary.find('\n'), std::string_view::npos) << info.id;
  }
}

TEST(IssueCodes, InfoOfFindsTheRow) {
  EXPECT_EQ(InfoOf(IssueCode::kUnknownField).name, "unknown-field");
  EXPECT_EQ(InfoOf(IssueCode::kClosedOverridePath).id, "B603");
  for (const IssueCodeInfo& info : IssueCodes()) EXPECT_EQ(&InfoOf(info.code), &info);
}

TEST(Issue, TakesItsLevelFromTheCode) {
  struct Row {
    IssueCode code;
    IssueLevel level;
    std::string_view name;
  };
  constexpr Row kRows[] = {
      {IssueCode::kUnknownField, IssueLevel::kError, "error"},
      {IssueCode::kPodContradiction, IssueLevel::kWarning, "warning"},
      {IssueCode::kFractionalBytes, IssueLevel::kWarning, "warning"},
      {IssueCode::kUnknownZone, IssueLevel::kWarning, "warning"},
      {IssueCode::kReservedKeyDropped, IssueLevel::kNote, "note"},
      {IssueCode::kMisplacedNull, IssueLevel::kNote, "note"},
  };
  for (const Row& row : kRows) {
    Issue issue;
    issue.code = row.code;
    EXPECT_EQ(issue.level(), row.level) << InfoOf(row.code).id;
    EXPECT_EQ(IssueLevelName(issue.level()), row.name);
  }
}

TEST(HasError, LooksForErrorsOnly) {
  std::vector<Issue> issues(2);
  issues[0].code = IssueCode::kFractionalBytes;
  issues[1].code = IssueCode::kMisplacedNull;
  EXPECT_FALSE(HasError({}));
  EXPECT_FALSE(HasError(issues));
  issues[1].code = IssueCode::kSyntax;
  EXPECT_TRUE(HasError(issues));
}

}  // namespace
}  // namespace berth
