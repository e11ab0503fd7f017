#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/limits.h"

namespace berth {
namespace {

bool IsKebabCase(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.back() == '-') return false;
  for (const char byte : text) {
    if (byte != '-' && (byte < 'a' || byte > 'z')) return false;
  }
  return true;
}

TEST(Limits, AreNamedOnceAndExplained) {
  std::set<std::string_view> names;
  for (const LimitInfo& limit : Limits()) {
    EXPECT_TRUE(IsKebabCase(limit.name)) << limit.name;
    EXPECT_TRUE(names.insert(limit.name).second) << limit.name;
    EXPECT_GT(limit.value, 0U) << limit.name;
    EXPECT_FALSE(limit.unit.empty()) << limit.name;
    EXPECT_FALSE(limit.meaning.empty()) << limit.name;
  }
  EXPECT_EQ(Limits().size(), 30U);
}

TEST(IssueCodes, AreUniqueAndExplained) {
  std::set<std::string_view> names;
  std::set<std::string_view> ids;
  for (const IssueCodeInfo& info : IssueCodes()) {
    EXPECT_TRUE(IsKebabCase(info.name)) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(ids.insert(info.id).second) << info.id;
    EXPECT_EQ(&InfoOf(info.code), &info);
    EXPECT_NE(info.summary.back(), '.') << info.name;
  }
  EXPECT_EQ(IssueCodes().size(), kIssueCodeCount);
}

TEST(IssueCodes, StartEachGroupAtItsHundred) {
  EXPECT_EQ(InfoOf(IssueCode::kUnreadable).id, "B101");
  EXPECT_EQ(InfoOf(IssueCode::kInvalidQuantity).id, "B201");
  EXPECT_EQ(InfoOf(IssueCode::kStaticNamespaceMissing).id, "B301");
  EXPECT_EQ(InfoOf(IssueCode::kReservedKeyDropped).id, "B401");
  EXPECT_EQ(InfoOf(IssueCode::kZoneRequired).id, "B501");
  EXPECT_EQ(InfoOf(IssueCode::kInvalidPattern).id, "B601");
}

TEST(Issues, HaveTheLevelOfTheirCode) {
  std::vector<Issue> issues(2);
  issues[0].code = IssueCode::kMisplacedNull;
  issues[1].code = IssueCode::kClusterShared;
  EXPECT_EQ(IssueLevelName(issues[0].level()), "note");
  EXPECT_EQ(IssueLevelName(issues[1].level()), "warning");
  EXPECT_FALSE(HasError(issues));
  issues[1].code = IssueCode::kSyntax;
  EXPECT_EQ(IssueLevelName(issues[1].level()), "error");
  EXPECT_TRUE(HasError(issues));
}

}  // namespace
}  // namespace berth
