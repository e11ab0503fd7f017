#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/daemon/access.h"
#include "berth/daemon/digest.h"
#include "berth/daemon/refusal_log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

using ::testing::ElementsAre;

std::string HexDigestOf(std::string_view text) {
  const Digest digest = Sha256(text);
  return HexOf({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::shared_ptr<const Tokens> SomeTokens() {
  const std::string text =
      "tokens:\n- {name: ci, sha256: " + HexDigestOf("token-of-ci") +
      ", organization_id: acme, roles: [SANDBOX_USER]}\n- {name: idle, sha256: " + HexDigestOf("token-of-idle") +
      ", roles: []}\n";
  std::vector<Issue> issues;
  std::shared_ptr<const Tokens> tokens = Tokens::Parse(std::make_shared<SourceText>("tokens.yaml", text), issues);
  EXPECT_NE(tokens, nullptr);
  return tokens;
}

TEST(Access, LetsCallersInUnderTheirNameAndTellsWhoIsRefused) {
  std::vector<std::string> refused;
  Access access([&refused](const RefusedCall& call) {
    refused.push_back(std::string(MethodName(call.method)) + " " + std::string(AuthFailureName(call.why)) + " " +
                      std::string(call.peer) + " " + std::string(call.caller));
  });
  int asked = 0;
  const auto peer = [&asked] { return "peer-" + std::to_string(++asked); };
  const auto enter = [&](Method method, std::string_view authorization, Caller& caller) {
    return static_cast<RpcCode>(access.Enter({method, authorization, peer}, caller).code());
  };
  Caller caller;
  EXPECT_EQ(enter(Method::kAdmit, "", caller), RpcCode::kUnavailable) << "there is no catalog yet";
  access.Open();
  EXPECT_EQ(enter(Method::kAdmit, "", caller), RpcCode::kOk);
  EXPECT_EQ(caller.name, "anonymous");
  EXPECT_EQ(caller.method, "Admit");
  access.Set(SomeTokens());
  EXPECT_EQ(enter(Method::kStart, "Bearer token-of-ci", caller), RpcCode::kOk);
  EXPECT_EQ(caller.name, "ci");
  EXPECT_EQ(caller.method, "Start");
  EXPECT_EQ(enter(Method::kHttp, "Bearer token-of-ci", caller), RpcCode::kOk);
  EXPECT_EQ(caller.method, "http");
  EXPECT_EQ(asked, 0) << "only those who are refused are looked at";
  EXPECT_EQ(enter(Method::kAdmit, "", caller), RpcCode::kUnauthenticated);
  EXPECT_EQ(enter(Method::kHttp, "Bearer token-of-mallory", caller), RpcCode::kUnauthenticated);
  EXPECT_EQ(enter(Method::kStart, "Bearer token-of-idle", caller), RpcCode::kPermissionDenied);
  EXPECT_THAT(refused, ElementsAre("berth.v1.AdmissionService/Admit missing peer-1 ", "http unknown peer-2 ",
                                   "coreweave.sandbox.v1beta2.GatewayService/Start forbidden peer-3 idle"));
}

// A log whose lines come back.
struct ReadLog {
  ReadLog() : file(std::tmpfile()), log(fileno(file), LogLevel::kInfo) {}
  ReadLog(const ReadLog&) = delete;
  ReadLog& operator=(const ReadLog&) = delete;
  ~ReadLog() { std::fclose(file); }

  // Those since the last time, without time and level.
  std::vector<nlohmann::json> Lines() {
    std::vector<nlohmann::json> lines;
    std::string line;
    char c = 0;
    while (pread(fileno(file), &c, 1, at) == 1) {
      ++at;
      line.push_back(c);
      if (c != '\n') continue;
      lines.push_back(nlohmann::json::parse(line));
      EXPECT_EQ(lines.back()["level"], "warn");
      lines.back().erase("time");
      lines.back().erase("level");
      line.clear();
    }
    return lines;
  }

  std::FILE* file;
  off_t at = 0;
  Log log;
};

TEST(RefusalLog, SaysFewLinesInASecondAndHowManyItLeftOut) {
  ReadLog read;
  RefusalLog::Clock::time_point now;
  RefusalLog refusals(read.log, [&now] { return now; });
  const RefusedCall call = {Method::kStart, AuthFailure::kForbidden, "10.0.0.7:1", "idle"};
  refusals.Write(call);
  std::vector<nlohmann::json> lines = read.Lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], nlohmann::json({{"message", "caller refused"},
                                      {"method", "coreweave.sandbox.v1beta2.GatewayService/Start"},
                                      {"peer", "10.0.0.7:1"},
                                      {"reason", "forbidden"},
                                      {"caller", "idle"}}));
  for (int i = 0; i < 1000; ++i) refusals.Write(call);
  EXPECT_EQ(read.Lines().size(), RefusalLog::kMaxLines - 1);
  now += std::chrono::milliseconds(999);
  refusals.Flush();
  EXPECT_EQ(read.Lines().size(), 0U);
  now += std::chrono::milliseconds(1);
  refusals.Flush();
  refusals.Flush();
  lines = read.Lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["left_out"], 1001 - RefusalLog::kMaxLines);
  // The next second begins anew, also without a flush.
  for (int i = 0; i < 6; ++i) refusals.Write(call);
  EXPECT_EQ(read.Lines().size(), RefusalLog::kMaxLines);
  now += std::chrono::seconds(5);
  refusals.Write(call);
  lines = read.Lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["left_out"], 1);
  EXPECT_EQ(lines[1]["message"], "caller refused");
}

}  // namespace
}  // namespace berth
