#include <chrono>
#include <string>
#include <vector>

#include "berth/daemon/readiness.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace berth {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Issue IssueAt(const std::string& file, const std::string& message) {
  Issue issue;
  issue.code = IssueCode::kUnknownValue;
  issue.file = file;
  issue.position = {3, 9};
  issue.message = message;
  return issue;
}

json Read(const FeedStatus& status, size_t objects = 0, bool draining = false) {
  const std::string text = ReadinessJson(status, objects, draining);
  EXPECT_TRUE(json::accept(text)) << text;
  EXPECT_TRUE(text.ends_with("}\n"));
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

TEST(Readiness, BeforeAnythingIsLoadedEveryKeyIsThere) {
  const json none = {{"total", 0}, {"listed", json::array()}};
  const json page = Read({});
  const json wanted = {
      {"schema", "berth.readiness/v1"}, {"ready", false},      {"draining", false},         {"catalog_revision", 0},
      {"source_revision", 0},           {"objects", 0},        {"applied_at", nullptr},     {"stale_objects", none},
      {"refused_objects", none},        {"stale_files", none}, {"problems", json::array()}, {"last_error", nullptr}};
  for (const auto& [key, value] : wanted.items()) EXPECT_EQ(page.value(key, json("absent")), value) << key;
}

TEST(Readiness, IsCompleteAndNamesPlaces) {
  FeedStatus status;
  status.ready = true;
  status.served_revision = 7;
  status.source_revision = 9;
  status.applied_at = std::chrono::system_clock::time_point(std::chrono::microseconds(1767323045123456));
  status.stale.push_back({"Profile acme/base", {IssueAt("fleet.yaml", "is \"wrong\"")}});
  status.refused.push_back({"Runner acme/r1", {}});
  status.source.stale.push_back({.file = "broken.yaml", .issues = {IssueAt("broken.yaml", "no")}, .kept = 4});
  status.source.problems = {"too many files"};
  status.last_error = "it failed";
  const json page = Read(status, 12);
  EXPECT_EQ(page["ready"], true);
  EXPECT_EQ(page["catalog_revision"], 7);
  EXPECT_EQ(page["source_revision"], 9);
  EXPECT_EQ(page["objects"], 12);
  EXPECT_EQ(page["applied_at"], "2026-01-02T03:04:05.123456Z");
  EXPECT_EQ(page["stale_objects"]["total"], 1);
  const json& stale = page["stale_objects"]["listed"][0];
  EXPECT_EQ(stale["object"], "Profile acme/base");
  EXPECT_EQ(stale["issues"][0]["source"], "fleet.yaml:3:9");
  EXPECT_EQ(stale["issues"][0]["message"], "is \"wrong\"");
  EXPECT_EQ(stale["issues"][0]["code"], InfoOf(IssueCode::kUnknownValue).id);
  EXPECT_EQ(page["refused_objects"]["listed"][0]["object"], "Runner acme/r1");
  EXPECT_EQ(page["refused_objects"]["listed"][0]["issues"], json::array());
  EXPECT_EQ(page["stale_files"]["listed"][0]["file"], "broken.yaml");
  EXPECT_EQ(page["stale_files"]["listed"][0]["kept_objects"], 4);
  EXPECT_EQ(page["stale_files"]["listed"][0]["issues"][0]["source"], "broken.yaml:3:9");
  EXPECT_EQ(page["problems"], json::array({"too many files"}));
  EXPECT_EQ(page["last_error"], "it failed");
}

TEST(Readiness, IsNotReadyWhileItDrains) {
  FeedStatus status;
  status.ready = true;
  EXPECT_EQ(Read(status)["ready"], true);
  const json page = Read(status, 0, /*draining=*/true);
  EXPECT_EQ(page["ready"], false);
  EXPECT_EQ(page["draining"], true);
}

TEST(Readiness, IsBoundedWhateverIsWrongAndCountsAll) {
  const std::vector<Issue> issues(2 * kMaxListed, IssueAt("fleet.yaml", "m"));
  FeedStatus status;
  for (size_t i = 0; i < 3 * kMaxListed; ++i) {
    status.stale.push_back({"s" + std::to_string(i), issues});
    status.refused.push_back({"r" + std::to_string(i), issues});
    status.source.stale.push_back({.file = "f" + std::to_string(i), .issues = issues, .kept = i});
    status.source.problems.push_back("p" + std::to_string(i));
  }
  const json page = Read(status);
  for (const char* kind : {"stale_objects", "refused_objects", "stale_files"}) {
    EXPECT_EQ(page[kind]["total"], 3 * kMaxListed) << kind;
    EXPECT_EQ(page[kind]["listed"].size(), kMaxListed) << kind;
    for (const json& entry : page[kind]["listed"]) EXPECT_LE(entry["issues"].size(), kMaxListed);
  }
  EXPECT_EQ(page["problems"].size(), kMaxListed);
  EXPECT_EQ(page["stale_objects"]["listed"][0]["object"], "s0");
}

}  // namespace
}  // namespace berth
