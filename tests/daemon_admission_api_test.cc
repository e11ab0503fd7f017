#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/admission_api.h"
#include "berth/engine/json.h"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kFleet = R"(
- {kind: Zone, zone: z1, defaults: {container_image: 'python:3'}}
- {kind: Profile, id: i-web, display_name: web, spec: {resource_defaults: {cpuLimit: 4},
    network: {egress: {default: off, modes: {off: {type: none}, net: {type: internet}}}}}}
- {kind: Profile, display_name: users, spec: {namespace: {strategy: per-user}}}
- {kind: Profile, display_name: broken, spec: {namespace: {strategy: static}}}
- {kind: Profile, display_name: theirs, organization_id: acme, spec: {tags: [secret-of-acme]}}
- kind: Runner
  runner_id: r1
  identity: {zone: z1, cluster_name: c1}
  capabilities: {max_cpu_millicores: 8000}
  resources: {available_cpu_millicores: 8000}
  profile_bindings: [{profile_template_id: i-web, is_default: true}, {profile_template_id: users}, {profile_template_id: broken}]
- kind: Runner
  runner_id: r2
  identity: {zone: z1, cluster_name: c2}
  capabilities: {max_cpu_millicores: 8000}
  resources: {available_cpu_millicores: 2000}
  profile_bindings: [{profile_template_id: i-web, profile_name: alias, is_default: true}]
- kind: Runner
  runner_id: r9
  organization_id: acme
  identity: {zone: z1, cluster_name: c9}
  profile_bindings: [{profile_template_id: theirs, is_default: true}]
)";

template <typename Proto>
Proto ProtoOf(const std::string& text) {
  Proto message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class AdmissionApiTest : public testing::Test {
 protected:
  AdmissionApiTest()
      : daemon_({{"fleet.yaml", std::string(kFleet)}}, [this](const DecisionEvent& event) {
          events_.push_back(std::string(event.id) + " " + event.request.organization_id + " " + event.request.user_id);
          EXPECT_GE(event.took.count(), 0);
        }) {}

  v1::AdmitResponse Admitted(const std::string& launch, const Caller& caller = CallerOf("default")) {
    v1::AdmitResponse response;
    EXPECT_EQ(ErrorOf(daemon_.admission.Admit(caller, ProtoOf<v1::LaunchRequest>(launch), response)), "");
    return response;
  }
  StatusDetails Refused(const std::string& launch, const Caller& caller = CallerOf("default")) {
    v1::AdmitResponse response;
    const google::rpc::Status status = daemon_.admission.Admit(caller, ProtoOf<v1::LaunchRequest>(launch), response);
    EXPECT_FALSE(IsOk(status));
    EXPECT_EQ(response.ByteSizeLong(), 0U);
    return Checked(status);
  }
  google::rpc::Status Resolve(const std::string& request, Json& resolved, const Caller& caller = CallerOf("default")) {
    v1::ResolveResponse response;
    google::rpc::Status status = daemon_.admission.Resolve(caller, ProtoOf<v1::ResolveRequest>(request), response);
    EXPECT_EQ(response.resolved_json().empty(), !IsOk(status));
    resolved = IsOk(status) ? Json::parse(response.resolved_json()) : Json();
    return status;
  }
  google::rpc::Status Explain(const std::string& request, Json& explanation,
                              const Caller& caller = CallerOf("default")) {
    v1::ExplainResponse response;
    google::rpc::Status status = daemon_.admission.Explain(caller, ProtoOf<v1::ExplainRequest>(request), response);
    const std::string& json = response.has_decision_json() ? response.decision_json() : response.explanation_json();
    EXPECT_EQ(json.empty(), !IsOk(status));
    explanation = IsOk(status) ? Json::parse(json) : Json();
    return status;
  }

  std::vector<std::string> events_;
  TestDaemon daemon_;
};

// ---- Admit ----

TEST_F(AdmissionApiTest, SaysWhereALaunchGoesAndWithWhichSpec) {
  const v1::AdmitResponse response =
      Admitted("sandbox_id: 'sb-1' profile_names: 'i-web' resource_requests { cpu: '1' }");
  EXPECT_EQ(response.placement().ShortDebugString(),
            R"(runner_id: "r1" profile_name: "web" profile_id: "i-web" zone: "z1")");
  ASSERT_EQ(response.alternatives_size(), 1);
  EXPECT_EQ(response.alternatives(0).ShortDebugString(),
            R"(runner_id: "r2" profile_name: "alias" profile_id: "i-web" zone: "z1")");
  const Json decision = Json::parse(response.decision_json());
  EXPECT_EQ(decision["schema"], "berth.decision/v1");
  EXPECT_EQ(decision["verdict"], "ADMITTED");
  EXPECT_EQ(decision["sandbox_id"], "sb-1");
  EXPECT_EQ(decision["placement"]["runner_id"], "r1");
  EXPECT_EQ(decision["spec"]["container_image"], "python:3");
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0], response.decision_id() + " default ");
}

TEST_F(AdmissionApiTest, RefusesWithTheDecisionsStatus) {
  const StatusDetails told = Refused("network { egress_mode: 'vpn' }");
  EXPECT_EQ(told.rpc_code(), RpcCode::kFailedPrecondition);
  EXPECT_EQ(told.info.reason(), "CWSANDBOX_NO_SUITABLE_RUNNER");
  EXPECT_EQ(told.At("candidates"), "4");
  EXPECT_TRUE(NamesNextStep(told.message));
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0], told.At("decision_id") + " default ");
  const StatusDetails invalid = Refused("resource_limits { gpu { type: 'a100' } }");
  EXPECT_EQ(invalid.rpc_code(), RpcCode::kInvalidArgument);
  EXPECT_EQ(invalid.Field(), "resource_limits.gpu.count");
  EXPECT_EQ(Refused("overrides_json: '{\"tags\": []} x'").rpc_code(), RpcCode::kInvalidArgument);
}

TEST_F(AdmissionApiTest, AnswersTheSameTwiceButForTheId) {
  for (const std::string launch : {"", "network { egress_mode: 'vpn' }"}) {
    v1::AdmitResponse first;
    v1::AdmitResponse second;
    const auto request = ProtoOf<v1::LaunchRequest>(launch);
    const google::rpc::Status a = daemon_.admission.Admit(CallerOf("default"), request, first);
    const google::rpc::Status b = daemon_.admission.Admit(CallerOf("default"), request, second);
    EXPECT_EQ(a.message(), b.message());
    EXPECT_EQ(first.decision_json(), second.decision_json());
    EXPECT_EQ(IsOk(a), first.decision_id() != second.decision_id());
  }
}

// ---- for whom ----

TEST_F(AdmissionApiTest, SpeaksForTheCallersOrganizationUnlessItMaySpeakForAny) {
  Caller any = CallerOf("default", "u-1");
  any.any_organization = true;
  EXPECT_EQ(Admitted("", CallerOf("acme")).placement().runner_id(), "r9");
  EXPECT_EQ(Admitted("organization_id: 'acme'", CallerOf("acme")).placement().runner_id(), "r9");
  EXPECT_EQ(Admitted("organization_id: 'acme'", any).placement().runner_id(), "r9");
  EXPECT_NE(Admitted("", any).placement().runner_id(), "r9");
  const std::string theirs = "organization_id: 'acme'";
  const std::string target = "runner_id: 'r9' ";
  Json json;
  v1::AdmitResponse admitted;
  const std::vector<google::rpc::Status> refused = {
      daemon_.admission.Admit(CallerOf("default"), ProtoOf<v1::LaunchRequest>(theirs), admitted),
      Resolve(target + theirs, json),
      Resolve(target + "launch { " + theirs + " }", json),
      Explain("spec { target { " + target + theirs + " } }", json),
      Explain("spec { target { " + target + "launch { " + theirs + " } } }", json),
  };
  for (const google::rpc::Status& status : refused) {
    const StatusDetails told = Checked(status);
    EXPECT_EQ(told.rpc_code(), RpcCode::kPermissionDenied);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_PERMISSION_DENIED");
    EXPECT_THAT(told.message, HasSubstr("leave `organization_id` out"));
  }
  EXPECT_EQ(ErrorOf(Resolve(target + theirs, json, any)), "");
  EXPECT_EQ(json["runner_id"], "r9");
  // One organization in the launch and another beside it: the launch's counts.
  EXPECT_EQ(ErrorOf(Resolve("runner_id: 'r1' organization_id: 'acme' launch {}", json)), "");
}

// Runners of another organization are as unknown as those that are nobody's, in every call.
TEST_F(AdmissionApiTest, ShowsNothingOfAnotherOrganization) {
  Json json;
  for (const std::string runner : {"r9", "r8"}) {
    for (const google::rpc::Status& status :
         {Resolve("runner_id: '" + runner + "'", json),
          Explain("spec { target { runner_id: '" + runner + "' profile_name: 'theirs' } }", json)}) {
      const StatusDetails told = Checked(status);
      EXPECT_EQ(told.rpc_code(), RpcCode::kNotFound);
      EXPECT_EQ(told.info.reason(), "CWSANDBOX_RUNNER_NOT_FOUND");
      EXPECT_EQ(told.At("runner_id"), runner);
    }
  }
  const StatusDetails told = Refused("runner_ids: 'r9'");
  EXPECT_EQ(told.At("headline_reason"), "RUNNER_NOT_FOUND");
  EXPECT_EQ(told.At("offered"), "r1,r2");
}

TEST_F(AdmissionApiTest, LaunchesAsTheCallersUserUnlessTheMessageNamesOne) {
  const std::string launch = "profile_names: 'users' ";
  EXPECT_EQ(Refused(launch).At("headline_reason"), "USER_REQUIRED");
  const auto space = [&](const std::string& message, const Caller& caller) -> std::string {
    return Json::parse(Admitted(message, caller).decision_json())["namespace"]["name"];
  };
  const std::string one = space(launch, CallerOf("default", "u-1"));
  EXPECT_EQ(space(launch + "user_id: 'u-1'", CallerOf("default")), one);
  EXPECT_NE(space(launch, CallerOf("default", "u-2")), one);
  EXPECT_EQ(space(launch + "user_id: 'u-1'", CallerOf("default", "u-2")), one);
}

// ---- Resolve ----

TEST_F(AdmissionApiTest, ResolvesWithAndWithoutALaunch) {
  struct Row {
    std::string request;
    std::string profile;
    std::string image;
    std::string egress;
  };
  const std::vector<Row> rows = {
      {"runner_id: 'r1'", "web", "python:3", "off"},
      {"runner_id: 'r1' profile_name: 'web'", "web", "python:3", "off"},
      {"runner_id: 'r1' profile_name: 'i-web'", "web", "python:3", "off"},
      {"runner_id: 'r2' profile_name: 'alias'", "alias", "python:3", "off"},
      {"runner_id: 'r1' launch { container_image: 'ubuntu' network { egress_mode: 'net' } }", "web", "ubuntu", "net"},
      // The launch's own filters do not count, nor what is free.
      {"runner_id: 'r1' launch { runner_ids: 'r2' resource_requests { cpu: '900' } }", "web", "python:3", "off"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    Json json;
    ASSERT_EQ(ErrorOf(Resolve(row.request, json)), "");
    EXPECT_EQ(json["schema"], "berth.resolved/v1");
    EXPECT_EQ(json["profile_name"], row.profile);
    EXPECT_EQ(json["spec"]["container_image"], row.image);
    EXPECT_EQ(json["egress"]["mode"], row.egress);
  }
  EXPECT_THAT(events_, IsEmpty()) << "nothing was decided";
}

TEST_F(AdmissionApiTest, SaysWhyItCannotResolve) {
  struct Row {
    std::string request;
    RpcCode code;
    std::string reason;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"", RpcCode::kInvalidArgument, "CWSANDBOX_INVALID_REQUEST", "`runner_id` is missing"},
      {"runner_id: 'r1' profile_name: 'nope'", RpcCode::kNotFound, "CWSANDBOX_PROFILE_NOT_FOUND", "no profile `nope`"},
      {"runner_id: 'nope' profile_name: 'web'", RpcCode::kNotFound, "CWSANDBOX_RUNNER_NOT_FOUND", "runner `nope`"},
      {"runner_id: 'r1' profile_name: 'broken'", RpcCode::kFailedPrecondition, "CWSANDBOX_PROFILE_INVALID", "B301 at "},
      {"runner_id: 'r1' launch { network { exposed_ports: 80 } }", RpcCode::kInvalidArgument,
       "CWSANDBOX_INVALID_REQUEST", "network.ingress_mode"},
      {"runner_id: 'r1' profile_name: 'users' launch {}", RpcCode::kInvalidArgument, "CWSANDBOX_INVALID_REQUEST",
       "`launch.user_id` is missing"},
      {"runner_id: 'r1' launch { overrides_json: '{}}' }", RpcCode::kInvalidArgument, "CWSANDBOX_INVALID_REQUEST",
       "overrides"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    Json json;
    const StatusDetails told = Checked(Resolve(row.request, json));
    EXPECT_EQ(RpcCodeName(told.code), RpcCodeName(static_cast<int>(row.code)));
    EXPECT_EQ(told.info.reason(), row.reason);
    EXPECT_THAT(told.message, HasSubstr(row.says));
  }
  Json json;
  EXPECT_EQ(ErrorOf(Resolve("runner_id: 'r1' profile_name: 'users' launch { user_id: 'u' }", json)), "");
  EXPECT_EQ(ErrorOf(Resolve("runner_id: 'r1' profile_name: 'users'", json)), "");
}

// ---- Explain ----

TEST_F(AdmissionApiTest, ExplainsADecisionOfAWhileAgo) {
  const v1::AdmitResponse admitted = Admitted("sandbox_id: 'sb-1'");
  Json json;
  ASSERT_EQ(ErrorOf(Explain("decision_id: '" + admitted.decision_id() + "'", json)), "");
  EXPECT_EQ(json, Json::parse(admitted.decision_json()));
  const std::string refused = Refused("network { egress_mode: 'vpn' }").At("decision_id");
  ASSERT_EQ(ErrorOf(Explain("decision_id: '" + refused + "'", json)), "");
  EXPECT_EQ(json["verdict"], "REJECTED");
  EXPECT_EQ(json["per_candidate"].size(), 4U) << "what the error had no room for";
  const std::string invalid = Refused("network { exposed_ports: 80 }").At("decision_id");
  ASSERT_EQ(ErrorOf(Explain("decision_id: '" + invalid + "'", json)), "");
  EXPECT_EQ(json["verdict"], "INVALID");

  Caller any = CallerOf("acme");
  EXPECT_EQ(Checked(Explain("decision_id: '" + refused + "'", json, any)).rpc_code(), RpcCode::kNotFound);
  any.any_organization = true;
  EXPECT_EQ(ErrorOf(Explain("decision_id: '" + refused + "'", json, any)), "");
  for (const std::string id : {"", "d-1", "nonsense"}) {
    const StatusDetails told = Checked(Explain("decision_id: '" + id + "'", json));
    EXPECT_EQ(told.rpc_code(), RpcCode::kNotFound);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_DECISION_NOT_FOUND");
  }
}

// A gateway that launches for others: its decisions are kept for those it launched for.
TEST_F(AdmissionApiTest, KeepsADecisionForTheOrganizationItIsAbout) {
  Caller any = CallerOf("default");
  any.any_organization = true;
  const std::string id = Admitted("organization_id: 'acme'", any).decision_id();
  Json json;
  EXPECT_EQ(ErrorOf(Explain("decision_id: '" + id + "'", json, CallerOf("acme"))), "");
  EXPECT_EQ(Checked(Explain("decision_id: '" + id + "'", json)).rpc_code(), RpcCode::kNotFound);
}

// Not even one that could not be read.
TEST_F(AdmissionApiTest, KeepsARefusalForTheOrganizationThatAsked) {
  v1::LaunchRequest huge;
  huge.set_zone(std::string(2 << 20, 'z'));
  v1::AdmitResponse response;
  const std::string id = Checked(daemon_.admission.Admit(CallerOf("acme"), huge, response)).At("decision_id");
  Json json;
  EXPECT_EQ(Checked(Explain("decision_id: '" + id + "'", json)).rpc_code(), RpcCode::kNotFound);
  EXPECT_EQ(ErrorOf(Explain("decision_id: '" + id + "'", json, CallerOf("acme"))), "");
}

TEST_F(AdmissionApiTest, ExplainsASpecFieldByField) {
  Json json;
  ASSERT_EQ(ErrorOf(Explain("spec { target { runner_id: 'r1' } }", json)), "");
  EXPECT_EQ(json["schema"], "berth.explanation/v1");
  ASSERT_GT(json["fields"].size(), 2U);
  ASSERT_EQ(ErrorOf(Explain("spec { target { runner_id: 'r1' } path: '/resource_defaults/cpuLimit' }", json)), "");
  ASSERT_EQ(json["fields"].size(), 1U);
  EXPECT_EQ(json["fields"][0]["layer"], "profile");
  EXPECT_EQ(json["fields"][0]["value"], "4");
  ASSERT_EQ(ErrorOf(Explain("spec { target { runner_id: 'r1' launch { container_image: 'ubuntu' } } path: "
                            "'/container_image' }",
                            json)),
            "");
  ASSERT_EQ(json["fields"].size(), 1U);
  EXPECT_EQ(json["fields"][0]["layer"], "sandbox");
  EXPECT_EQ(json["fields"][0]["shadowed"][0]["layer"], "zone");
  EXPECT_EQ(Checked(Explain("", json)).Field(), "what");
  EXPECT_EQ(Checked(Explain("spec { target { runner_id: 'r1' } path: 'container_image' }", json)).Field(), "spec.path");
  EXPECT_EQ(Checked(Explain("spec {}", json)).Field(), "spec.target.runner_id");
  EXPECT_EQ(Checked(Explain("spec { target { runner_id: 'r1' profile_name: 'users' launch {} } }", json)).Field(),
            "spec.target.launch.user_id");
}

// The whole story of a rejection is kept only where it is short.
TEST(Decider, ListsEachCandidateOfAFewAlone) {
  for (const size_t runners : {size_t{64}, size_t{65}}) {
    std::vector<Source> sources = {ZoneSource(), ProfileSource()};
    for (size_t i = 0; i < runners; ++i) sources.push_back(RunnerSource("r" + std::to_string(i)));
    TestDaemon daemon(sources);
    Scratch scratch;
    const Decided decided = daemon.decider.Decide(LaunchOf("{architecture: arm64}"), scratch);
    EXPECT_EQ(decided.decision.verdict, Verdict::kRejected);
    EXPECT_EQ(Json::parse(decided.json).contains("per_candidate"), runners == 64);
    EXPECT_EQ(DetailsOf(decided.status).At("decision_id"), decided.id);
  }
}

}  // namespace
}  // namespace berth
