#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/access.h"
#include "berth/daemon/http_target.h"
#include "berth/daemon/rest.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Source> Fleet() {
  return {ZoneSource(), ProfileSource(), RunnerSource("r1"), RunnerSource("r2"), RunnerSource("a/b")};
}

class RestTest : public testing::Test {
 protected:
  RestTest() { access_.Open(); }

  HttpResponse Get(std::string_view target, const std::string& authorization = "") {
    std::optional<HttpTarget> parsed = ParseHttpTarget(target);
    EXPECT_TRUE(parsed.has_value()) << target;
    HttpRequest request;
    request.method = "GET";
    request.path = parsed->path;
    request.segments = parsed->segments;
    request.query = parsed->query;
    request.authorization = authorization;
    request.peer = "127.0.0.1:1";
    return rest_.Handle(request);
  }
  // The google.rpc.Status of an error page.
  static StatusDetails ErrorIn(const HttpResponse& page) {
    EXPECT_EQ(page.content_type, "application/json");
    google::rpc::Status status;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(page.body, &status).ok()) << page.body;
    return Checked(status);
  }

  TestDaemon daemon_{Fleet()};
  std::vector<std::string> refused_;
  Access access_{[this](const RefusedCall& call) {
    refused_.push_back(std::string(AuthFailureName(call.why)).append(" ").append(call.peer));
  }};
  bool ready_ = true;
  Rest rest_{access_,
             daemon_.discovery,
             {[this] {
                return OperatorPage{ready_ ? 200 : 503, "application/json", "readiness"};
              },
              [] {
                return OperatorPage{200, "text/plain", "metrics"};
              }}};
};

TEST_F(RestTest, ListsAndGivesOne) {
  const auto ids = [this](std::string_view target) {
    const HttpResponse page = Get(target);
    EXPECT_EQ(page.status, 200) << target << " " << page.body;
    std::vector<std::string> found;
    for (const json& runner : json::parse(page.body).value("runners", json::array()))
      found.push_back(runner["runnerId"]);
    return found;
  };
  EXPECT_EQ(ids("/v1beta2/runners"), (std::vector<std::string>{"a/b", "r1", "r2"}));
  EXPECT_EQ(ids("/v1beta2/runners?pageSize=1"), std::vector<std::string>{"a/b"});
  EXPECT_EQ(ids("/v1beta2/runners?page_size=2"), (std::vector<std::string>{"a/b", "r1"}));
  EXPECT_EQ(ids("/v1beta2/runners?excludeShared=true&view=RUNNER_VIEW_BASIC").size(), 3U);
  EXPECT_EQ(json::parse(Get("/v1beta2/runners/r1").body)["runnerId"], "r1");
  EXPECT_EQ(json::parse(Get("/v1beta2/runners/a%2Fb").body)["runnerId"], "a/b");
  EXPECT_EQ(json::parse(Get("/v1beta2/profiles").body)["profiles"].size(), 3U);
  EXPECT_EQ(json::parse(Get("/v1beta2/profiles/p1?runnerId=r2").body)["runnerId"], "r2");
}

TEST_F(RestTest, AnEnumerationIsANameOrANumber) {
  for (const auto& [value, status] : std::vector<std::pair<std::string, int>>{{"RUNNER_VIEW_FULL", 200},
                                                                              {"2", 200},
                                                                              {"0", 200},
                                                                              {"77", 200},
                                                                              {"-1", 200},
                                                                              {"FULL", 400},
                                                                              {"2.0", 400},
                                                                              {"2x", 400},
                                                                              {"99999999999", 400},
                                                                              {"", 400}}) {
    EXPECT_EQ(Get("/v1beta2/runners/r1?view=" + value).status, status) << value;
  }
  ASSERT_TRUE(
      daemon_.engine.UpdateResources("default", "r1", {1000, std::nullopt, std::nullopt, std::nullopt, {}}).ok());
  EXPECT_EQ(Get("/v1beta2/runners/r1?view=2").body, Get("/v1beta2/runners/r1?view=RUNNER_VIEW_FULL").body);
  EXPECT_NE(Get("/v1beta2/runners/r1?view=2").body, Get("/v1beta2/runners/r1?view=1").body);
}

TEST_F(RestTest, WrongParametersAreNamed) {
  const std::pair<std::string_view, std::string_view> kRows[] = {
      {"/v1beta2/runners?pageSize=x", "pageSize"},
      {"/v1beta2/runners?pageSize=1.5", "pageSize"},
      {"/v1beta2/runners?pageSize=99999999999", "pageSize"},
      {"/v1beta2/runners?pageSize=", "pageSize"},
      {"/v1beta2/runners?excludeShared=yes", "excludeShared"},
      {"/v1beta2/runners?nosuch=1", "nosuch"},
      {"/v1beta2/runners/r1?runner_id=r2", "runner_id"},
      {"/v1beta2/runners/r1?runnerId=r2", "runnerId"},
      {"/v1beta2/profiles/p1?profileName=p2", "profileName"},
      {"/v1beta2/runners?pageSize=1&pageSize=1", "pageSize"},
      {"/v1beta2/runners?page_size=1&pageSize=2", "pageSize"},
      {"/v1beta2/runners?gpuType=a&gpuType=b", "gpuType"},
  };
  for (const auto& [target, field] : kRows) {
    SCOPED_TRACE(target);
    const HttpResponse page = Get(target);
    EXPECT_EQ(page.status, 400);
    const StatusDetails told = ErrorIn(page);
    EXPECT_EQ(told.rpc_code(), RpcCode::kInvalidArgument);
    EXPECT_EQ(told.Field(), field);
  }
}

TEST_F(RestTest, WhatIsNotThere) {
  const std::pair<std::string_view, std::string_view> kRows[] = {
      {"/v1beta2/runners/r9", "CWSANDBOX_RUNNER_NOT_FOUND"},
      {"/v1beta2/profiles/p9", "CWSANDBOX_PROFILE_NOT_FOUND"},
      {"/v1beta2/runners/a/b", "CWSANDBOX_NOT_FOUND"},  // two segments are no `{runner_id}`
      {"/v1beta2/runners/r1/", "CWSANDBOX_NOT_FOUND"},
      {"/v1beta2/runners/", "CWSANDBOX_NOT_FOUND"},
      {"/v1beta2/runners//r1", "CWSANDBOX_NOT_FOUND"},
      {"//v1beta2/runners", "CWSANDBOX_NOT_FOUND"},
      {"/v1beta2%2Frunners", "CWSANDBOX_NOT_FOUND"},
      {"/v1beta2/profiles/p1/x", "CWSANDBOX_NOT_FOUND"},
      {"/v1beta2/runnersx", "CWSANDBOX_NOT_FOUND"},
      {"/v1beta2", "CWSANDBOX_NOT_FOUND"},
      {"/healthz/", "CWSANDBOX_NOT_FOUND"},
      {"/", "CWSANDBOX_NOT_FOUND"},
  };
  for (const auto& [target, reason] : kRows) {
    SCOPED_TRACE(target);
    const HttpResponse page = Get(target);
    EXPECT_EQ(page.status, 404);
    EXPECT_EQ(ErrorIn(page).info.reason(), reason);
  }
}

TEST_F(RestTest, TheDoorIsBeforeTheListsAlone) {
  access_.Set(std::make_shared<Tokens>());  // nobody's
  for (const auto& [authorization, refused] : std::vector<std::pair<std::string, std::string>>{
           {"", "missing 127.0.0.1:1"}, {"Bearer x", "unknown 127.0.0.1:1"}}) {
    for (const std::string_view target : {"/v1beta2/runners", "/v1beta2/profiles/p1", "/v1beta2/runners?nosuch=1"}) {
      refused_.clear();
      const HttpResponse page = Get(target, authorization);
      EXPECT_EQ(page.status, 401);
      EXPECT_EQ(ErrorIn(page).rpc_code(), RpcCode::kUnauthenticated);
      EXPECT_EQ(page.headers, (std::vector<std::pair<std::string, std::string>>{{"WWW-Authenticate", "Bearer"}}));
      EXPECT_EQ(refused_, std::vector<std::string>{refused});
    }
  }
  refused_.clear();
  EXPECT_EQ(Get("/healthz").body, "ok\n");
  EXPECT_EQ(Get("/readyz").body, "readiness");
  EXPECT_EQ(Get("/metrics").body, "metrics");
  ready_ = false;
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(refused_.size(), 0U);
}

TEST_F(RestTest, NothingIsListedBeforeThereIsACatalog) {
  const Access closed;
  const Rest rest(closed, daemon_.discovery, {});
  HttpRequest request;
  request.path = "/v1beta2/runners";
  request.segments = {"v1beta2", "runners"};
  const HttpResponse page = rest.Handle(request);
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(ErrorIn(page).info.reason(), "CWSANDBOX_BACKEND_UNAVAILABLE");
}

TEST_F(RestTest, RefusalsOfTheServerAreErrorsLikeAllOthers) {
  struct Row {
    int status;
    RpcCode code;
  };
  const Row kRows[] = {{400, RpcCode::kInvalidArgument}, {403, RpcCode::kPermissionDenied},
                       {405, RpcCode::kUnimplemented},   {413, RpcCode::kInvalidArgument},
                       {414, RpcCode::kInvalidArgument}, {500, RpcCode::kInternal},
                       {503, RpcCode::kUnavailable}};
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.status);
    const HttpResponse page = RefusalPage(row.status, "only GET and HEAD are served here");
    EXPECT_EQ(page.status, row.status);
    EXPECT_LT(page.body.size(), 1024U);
    const StatusDetails told = ErrorIn(page);
    EXPECT_EQ(told.rpc_code(), row.code);
    EXPECT_EQ(told.message, "only GET and HEAD are served here");
    EXPECT_EQ(told.retry.has_value(), row.status == 503);
  }
}

}  // namespace
}  // namespace berth
