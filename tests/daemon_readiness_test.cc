#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "berth/daemon/readiness.h"
#include "nlohmann/json.hpp"

namespace berth {
namespace {

Issue IssueAt(std::string file, Position position) {
  Issue issue;
  issue.code = IssueCode::kMissingField;
  issue.file = std::move(file);
  issue.position = position;
  issue.message = "`zone` is missing";
  return issue;
}

nlohmann::json Document(const FeedStatus& status, size_t objects = 0, bool draining = false) {
  const std::string text = ReadinessJson(status, objects, draining);
  EXPECT_TRUE(text.ends_with("}\n"));
  return nlohmann::json::parse(text);
}

TEST(Readiness, SaysWhatThereIs) {
  FeedStatus status;
  status.ready = true;
  status.served_revision = 7;
  status.source_revision = 9;
  status.applied_at = std::chrono::system_clock::time_point(std::chrono::seconds(1));
  status.stale = {{"Runner/default/a", {IssueAt("a.yaml", {3, 5})}}};
  status.refused = {{"Runner/default/b", {IssueAt("b.yaml", {})}}};
  status.source.stale = {{"c.yaml", {IssueAt("c.yaml", {1, 1})}, 4}};
  status.source.problems = {"the folder is gone"};
  const nlohmann::json document = Document(status, 12);
  EXPECT_EQ(document["schema"], "berth.readiness/v1");
  EXPECT_EQ(document["ready"], true);
  EXPECT_EQ(document["catalog_revision"], 7);
  EXPECT_EQ(document["source_revision"], 9);
  EXPECT_EQ(document["objects"], 12);
  EXPECT_EQ(document["applied_at"], "1970-01-01T00:00:01.000000Z");
  EXPECT_EQ(document["stale_objects"]["listed"][0]["issues"][0]["source"], "a.yaml:3:5");
  EXPECT_EQ(document["refused_objects"]["listed"][0]["issues"][0]["source"], "b.yaml");  // no place is known
  EXPECT_EQ(document["stale_files"]["listed"][0]["kept_objects"], 4);
  EXPECT_EQ(document["problems"], nlohmann::json({"the folder is gone"}));
  EXPECT_TRUE(document["last_error"].is_null());
}

TEST(Readiness, IsNeverReadyWhileItDrains) {
  FeedStatus status;
  EXPECT_EQ(Document(status)["ready"], false);
  EXPECT_TRUE(Document(status)["applied_at"].is_null());
  status.ready = true;
  EXPECT_EQ(Document(status, 1, /*draining=*/true)["ready"], false);
  EXPECT_EQ(Document(status, 1, /*draining=*/true)["draining"], true);
  status.last_error = "revision 6 is below 7";
  EXPECT_EQ(Document(status, 1)["ready"], true);  // what is served is served on
  EXPECT_EQ(Document(status, 1)["last_error"], "revision 6 is below 7");
}

TEST(Readiness, IsBoundedWhateverIsWrong) {
  FeedStatus status;
  const std::vector<Issue> issues(kMaxListed + 50, IssueAt("a.yaml", {1, 1}));
  for (size_t i = 0; i < 10 * kMaxListed; ++i) {
    status.stale.push_back({"Runner/default/" + std::to_string(i), issues});
    status.refused.push_back({"Runner/acme/" + std::to_string(i), issues});
    status.source.stale.push_back({std::to_string(i) + ".yaml", issues, i});
    status.source.problems.push_back("problem \xff \"" + std::to_string(i));
  }
  const nlohmann::json document = Document(status);
  for (const char* key : {"stale_objects", "refused_objects", "stale_files"}) {
    EXPECT_EQ(document[key]["total"], 10 * kMaxListed) << key;
    EXPECT_EQ(document[key]["listed"].size(), kMaxListed) << key;
    EXPECT_EQ(document[key]["listed"][0]["issues"].size(), kMaxListed) << key;
  }
  EXPECT_EQ(document["problems"].size(), kMaxListed);
}

}  // namespace
}  // namespace berth
