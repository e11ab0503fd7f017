// Callers, statuses and a daemon without a transport, for tests of berthd's APIs.

#ifndef BERTH_TESTS_DAEMON_FIXTURE_H_
#define BERTH_TESTS_DAEMON_FIXTURE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/admission_api.h"
#include "berth/daemon/decider.h"
#include "berth/daemon/discovery_api.h"
#include "berth/daemon/recent_decisions.h"
#include "berth/daemon/rpc_status.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/engine.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"
#include "tests/message_lint.h"

namespace berth {

// A caller that speaks for one organization.
inline Caller CallerOf(std::string_view organization, std::string_view user = {}) {
  Caller caller;
  caller.name = "test";
  caller.organization_id = organization;
  caller.user_id = user;
  caller.any_organization = false;
  return caller;
}

// ---- statuses ----

// A status with its details taken out of their wrappers.
struct StatusDetails {
  int code = 0;
  std::string message;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  std::optional<google::rpc::RetryInfo> retry;

  [[nodiscard]] RpcCode rpc_code() const { return static_cast<RpcCode>(code); }
  // The value of a key of the metadata; empty when it is not there.
  [[nodiscard]] std::string At(const std::string& key) const {
    const auto found = info.metadata().find(key);
    return found == info.metadata().end() ? "" : found->second;
  }
  // The field of the first violation; empty when there is none.
  [[nodiscard]] std::string Field() const {
    return bad.field_violations().empty() ? "" : bad.field_violations(0).field();
  }
};

inline StatusDetails DetailsOf(const google::rpc::Status& status) {
  StatusDetails told;
  told.code = status.code();
  told.message = status.message();
  for (const auto& detail : status.details()) {
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&retry)) told.retry = retry;
    if (!detail.UnpackTo(&told.info)) detail.UnpackTo(&told.bad);
  }
  return told;
}

// AIP-193: `[A-Z][A-Z0-9_]+[A-Z0-9]`, at most 63.
inline bool IsReasonSyntax(std::string_view reason) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto inner = [&](char c) { return upper(c) || (c >= '0' && c <= '9') || c == '_'; };
  return reason.size() >= 3 && reason.size() <= 63 && upper(reason.front()) && reason.back() != '_' &&
         std::ranges::all_of(reason, inner);
}

// AIP-193: `[a-z][a-zA-Z0-9-_]+`, at most 64.
inline bool IsMetadataKeySyntax(std::string_view key) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto inner = [&](char c) {
    return lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return key.size() >= 2 && key.size() <= 64 && lower(key.front()) && std::ranges::all_of(key, inner);
}

// The promises that every error keeps, whatever it is about; empty when it does, else what it breaks.
inline std::string BrokenPromise(const google::rpc::Status& status) {
  constexpr std::string_view kTypes[] = {"type.googleapis.com/google.rpc.ErrorInfo",
                                         "type.googleapis.com/google.rpc.BadRequest",
                                         "type.googleapis.com/google.rpc.RetryInfo"};
  if (IsOk(status)) return "it is no error";
  if (RpcCodeName(status.code()) == "UNKNOWN") return "its code is not berth's: " + std::to_string(status.code());
  if (WireBytes(status) > kMaxStatusBytes) return "it has " + std::to_string(WireBytes(status)) + " bytes";
  if (status.message().empty()) return "it has no message";
  if (status.details().empty()) return "it has no details";
  std::vector<std::string> types;
  for (const auto& detail : status.details()) {
    if (std::ranges::find(kTypes, detail.type_url()) == std::end(kTypes)) return "a detail of " + detail.type_url();
    if (std::ranges::find(types, detail.type_url()) != types.end()) return "two details of " + detail.type_url();
    types.push_back(detail.type_url());
  }
  // Clients take the first entry that holds one.
  if (types.front() != kTypes[0]) return "its first detail is " + types.front();
  const StatusDetails told = DetailsOf(status);
  if (!IsReasonSyntax(told.info.reason())) return "its reason is `" + told.info.reason() + "`";
  if (told.info.domain() != kErrorDomain) return "its domain is `" + told.info.domain() + "`";
  std::vector<std::string> texts = {told.message};
  for (const auto& [key, value] : told.info.metadata()) {
    if (!IsMetadataKeySyntax(key)) return "a key of its metadata is `" + key + "`";
    if (value.empty()) return "the metadata `" + key + "` is empty";
    texts.push_back(value);
  }
  for (const auto& violation : told.bad.field_violations()) {
    if (violation.description().empty()) return "a violation says nothing";
    texts.push_back(violation.field());
    texts.push_back(violation.description());
  }
  for (const std::string& text : texts) {
    if (const std::string broken = lint::NotUtf8(text) + lint::NotOneLine(text); !broken.empty()) {
      return broken + " in: " + text;
    }
  }
  const bool may_wait = status.code() == static_cast<int>(RpcCode::kResourceExhausted) ||
                        status.code() == static_cast<int>(RpcCode::kUnavailable);
  if (told.retry && !may_wait) return "it says when to retry, but retrying does not help";
  if (!told.bad.field_violations().empty() && status.code() != static_cast<int>(RpcCode::kInvalidArgument)) {
    return "it has violations, but the request is not invalid";
  }
  return {};
}

// What a status says, once it keeps the promises of all statuses.
inline StatusDetails Checked(const google::rpc::Status& status) {
  EXPECT_EQ(BrokenPromise(status), "") << status.ShortDebugString();
  return DetailsOf(status);
}

// "" when the status is OK, so that a failed expectation says why it is not.
inline std::string ErrorOf(const google::rpc::Status& status) {
  return IsOk(status) ? "" : std::string(RpcCodeName(status.code())) + ": " + status.message();
}

// Whether the message says what to do; only the place of the document to edit, which comes last, may be cut.
inline bool NamesNextStep(std::string_view message) {
  for (const std::string_view begin : {"; next: ", "; it cannot be admitted anywhere as written: "}) {
    const size_t at = message.rfind(begin);
    if (at == std::string_view::npos) continue;
    const std::string_view step = message.substr(at + begin.size());
    return !step.empty() && (!step.ends_with("...") || step.find(" [") != std::string_view::npos);
  }
  return false;
}

// ---- a daemon ----

// An engine with the APIs over it.
struct TestDaemon {
  explicit TestDaemon(const std::vector<Source>& sources, DecisionObserver observer = {})
      : decider(engine, recent, std::move(observer)) {
    Publish(sources, 1);
  }

  void Publish(const std::vector<Source>& sources, uint64_t revision) {
    const absl::Status status = engine.Publish(CatalogOf(sources), revision);
    EXPECT_TRUE(status.ok()) << status;
  }

  Engine engine;
  RecentDecisions recent{size_t{1} << 20, std::chrono::minutes(10)};
  Decider decider;
  DiscoveryApi discovery{engine};
  AdmissionApi admission{engine, recent, decider};
};

}  // namespace berth

#endif  // BERTH_TESTS_DAEMON_FIXTURE_H_
