#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/rest.h"
#include "nlohmann/json.hpp"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kFleet = R"(
- {kind: Profile, display_name: base, spec: {}}
- {kind: Runner, runner_id: alpha, identity: {zone: z, cluster_name: a, runner_group_id: blue}, profile_bindings: [
   {profile_template_id: base, is_default: true}]}
- {kind: Runner, runner_id: a/b, identity: {zone: z, cluster_name: b}, profile_bindings: [{profile_template_id: base,
   is_default: true}]}
)";

class RestTest : public testing::Test {
 protected:
  RestTest() { access_.Open(); }

  using Query = std::vector<std::pair<std::string, std::string>>;

  HttpResponse Ask(std::string path, Query query = {}, std::string authorization = {}) {
    HttpRequest request;
    request.method = "GET";
    request.path = std::move(path);
    request.query = std::move(query);
    request.authorization = std::move(authorization);
    return rest_.Handle(request);
  }

  // Its document, after it was seen to be one, with this status.
  nlohmann::json Document(int status, const std::string& path, Query query = {}) {
    const HttpResponse response = Ask(path, std::move(query));
    EXPECT_EQ(response.status, status) << path << ": " << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  std::string ReasonOf(int status, const std::string& path, Query query = {}) {
    const nlohmann::json document = Document(status, path, std::move(query));
    return document.value("/details/0/reason"_json_pointer, "");
  }

  TestDaemon daemon_{{{"fleet.yaml", std::string(kFleet)}}};
  Access access_;
  Metrics metrics_{"test"};
  Rest rest_{access_,
             daemon_.discovery,
             metrics_,
             {[] {
                return OperatorPage{503, "application/json", "{}\n"};
              },
              [] {
                return OperatorPage{200, "text/plain", "m 1\n"};
              }}};
};

TEST_F(RestTest, ListsTakeFieldsInEitherSpelling) {
  for (const char* name : {"pageSize", "page_size"}) {
    const nlohmann::json page = Document(200, "/v1beta2/runners", {{name, "1"}, {"view", "RUNNER_VIEW_FULL"}});
    EXPECT_EQ(page["runners"].size(), 1U) << page;
    EXPECT_NE(page["nextPageToken"], "") << page;
  }
  EXPECT_EQ(Document(200, "/v1beta2/runners", {{"runnerGroupId", "blue"}})["runners"][0]["runnerId"], "alpha");
  EXPECT_EQ(Document(200, "/v1beta2/runners", {{"healthyOnly", "true"}})["runners"].size(), 2U);
  EXPECT_EQ(Document(200, "/v1beta2/profiles", {{"runnerId", "alpha"}})["profiles"].size(), 1U);
}

TEST_F(RestTest, PathsNameOneThing) {
  EXPECT_EQ(Document(200, "/v1beta2/runners/alpha")["runnerGroupId"], "blue");
  EXPECT_EQ(Document(200, "/v1beta2/runners/a/b")["runnerId"], "a/b");  // decoded before, slash and all
  EXPECT_EQ(Document(200, "/v1beta2/profiles/base")["profileName"], "base");
  for (const char* path : {"/", "", "/v1beta2", "/v1beta2/runners/", "/v1beta2/runnersx", "/V1beta2/runners",
                           "/readyz/", "/metrics/x", "/v1beta2/profiles/"}) {
    EXPECT_EQ(ReasonOf(404, path), "CWSANDBOX_NOT_FOUND") << path;
  }
  EXPECT_EQ(ReasonOf(404, "/v1beta2/runners/none"), "CWSANDBOX_RUNNER_NOT_FOUND");
  EXPECT_EQ(ReasonOf(404, "/v1beta2/profiles/none"), "CWSANDBOX_PROFILE_NOT_FOUND");
}

TEST_F(RestTest, WrongQueriesAreNamedByTheirKey) {
  for (const auto& [name, value] : Query{{"page_size", ""},
                                         {"page_size", "1x"},
                                         {"page_size", "99999999999"},
                                         {"page_size", "-1"},
                                         {"view", "runner_view_full"},
                                         {"healthyOnly", "1"},
                                         {"healthyOnly", "True"},
                                         {"secret", "hidden"},
                                         {"", "hidden"}}) {
    const HttpResponse response = Ask("/v1beta2/runners", {{name, value}});
    EXPECT_EQ(response.status, 400) << name << "=" << value << ": " << response.body;
    EXPECT_THAT(response.body, HasSubstr("CWSANDBOX_INVALID_REQUEST"));
    EXPECT_THAT(response.body, Not(HasSubstr("hidden")));
  }
  // What the path says cannot be said again.
  EXPECT_EQ(ReasonOf(400, "/v1beta2/runners/alpha", {{"runner_id", "alpha"}}), "CWSANDBOX_INVALID_REQUEST");
}

TEST_F(RestTest, WhateverIsAskedTheAnswerIsJson) {
  const std::string hostile[] = {"\xff\xfe", std::string("\0", 1), "\xed\xa0\x80", "\"}\n", std::string(4000, 'x')};
  for (const std::string& text : hostile) {
    for (const std::string& path : {"/v1beta2/runners/" + text, "/v1beta2/profiles/" + text, "/" + text}) {
      EXPECT_NE(ReasonOf(404, path), "") << path;
    }
    for (const char* name : {"runner_group_id", "gpu_type", "page_token", "profile_name"}) {
      const HttpResponse response = Ask("/v1beta2/runners", {{name, text}});
      EXPECT_TRUE(nlohmann::json::accept(response.body)) << response.body;
      EXPECT_NE(response.body, "{}\n") << name << " " << text;
    }
    EXPECT_NE(ReasonOf(400, "/v1beta2/runners", {{text, "x"}}), "");
  }
}

TEST_F(RestTest, TokensAreAskedForWhereTheyMatter) {
  std::vector<Issue> issues;
  access_.Set(
      Tokens::Parse(std::make_shared<const SourceText>(
                        "t.yaml",
                        "tokens: [{name: a, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, "
                        "roles: [SANDBOX_USER]}]"),  // of `abc`
                    issues));
  EXPECT_TRUE(issues.empty());
  EXPECT_EQ(Ask("/v1beta2/runners", {}, "Bearer abc").status, 200);
  for (const char* path :
       {"/v1beta2/runners", "/v1beta2/runners/alpha", "/v1beta2/profiles", "/v1beta2/profiles/base"}) {
    const HttpResponse response = Ask(path, {{"nosuch", "1"}}, "Bearer abd");
    EXPECT_EQ(response.status, 401) << path;
    EXPECT_THAT(response.headers, testing::Contains(testing::Pair("WWW-Authenticate", "Bearer")));
  }
  EXPECT_EQ(Ask("/healthz").body, "ok\n");
  EXPECT_EQ(Ask("/readyz").status, 503);
  EXPECT_EQ(Ask("/metrics").body, "m 1\n");
}

TEST_F(RestTest, NobodyIsAnsweredBeforeThereIsACatalog) {
  const Access closed;
  const Rest rest(closed, daemon_.discovery, metrics_, {});
  HttpRequest request;
  request.path = "/v1beta2/runners";
  const HttpResponse response = rest.Handle(request);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("CWSANDBOX_BACKEND_UNAVAILABLE"));
}

TEST_F(RestTest, EveryRequestIsCounted) {
  Ask("/healthz");
  Ask("/readyz");
  Ask("/nosuch");
  const std::string text = metrics_.Text({});
  for (const char* line :
       {R"(berthd_requests_total{method="http",code="200"} 1)", R"(berthd_requests_total{method="http",code="503"} 1)",
        R"(berthd_requests_total{method="http",code="404"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace berth
