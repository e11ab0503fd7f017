#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "berth/daemon/gateway_api.h"
#include "berth/daemon/required_fields.h"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view kSpec =
    "{network: {egress: {default: off, modes: {off: {type: none}, net: {type: internet}}}, ingress: {pub: {scope: any, "
    "service: {serviceType: LoadBalancer}, ingress: {controllerName: c, template: '{{.SandboxID}}.example.com'}}}}}";
constexpr std::string_view kOffer =
    ", capabilities: {max_cpu_millicores: 8000, max_gpu_count: 8, supported_gpu_types: [a100]}, resources: "
    "{available_cpu_millicores: 4000, available_memory_bytes: 8589934592, available_gpu_count: 1}";

std::vector<Source> OneRunner(std::string_view more = kOffer) {
  return {ZoneSource(), ProfileSource(kSpec), RunnerSource("r1", more)};
}

wire::StartSandboxRequest StartOf(const std::string& more = "") {
  wire::StartSandboxRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("command: 'sh' " + more, &request)) << more;
  return request;
}
const std::string kOneCpu = "resource_requests { cpu: '1' } ";
const std::string kOneGpu = "resource_requests { gpu { gpu_count: 1 } } resource_limits { gpu { gpu_count: 1 } } ";

// A gateway whose clock stands still until it is moved.
class Gateway {
 public:
  explicit Gateway(const std::vector<Source>& sources = OneRunner(), size_t max_sandboxes = 100,
                   DecisionObserver observer = {})
      : daemon(sources, std::move(observer)), api(daemon.decider, max_sandboxes, [this] { return now.load(); }) {}

  // The id of the new sandbox, or "" and a failure.
  std::string Start(const std::string& more = "", const Caller& caller = CallerOf("default")) {
    wire::StartSandboxResponse response;
    EXPECT_EQ(ErrorOf(api.Start(caller, StartOf(more), response)), "");
    return response.sandbox_id();
  }
  StatusDetails Refused(const std::string& more = "", const Caller& caller = CallerOf("default")) {
    wire::StartSandboxResponse response;
    const google::rpc::Status status = api.Start(caller, StartOf(more), response);
    EXPECT_FALSE(IsOk(status));
    return Checked(status);
  }
  wire::GetSandboxResponse Get(const std::string& id, const Caller& caller = CallerOf("default")) {
    wire::GetSandboxRequest request;
    request.set_sandbox_id(id);
    wire::GetSandboxResponse response;
    EXPECT_EQ(ErrorOf(api.Get(caller, request, response)), "");
    return response;
  }
  bool Knows(const std::string& id, const Caller& caller = CallerOf("default")) {
    wire::GetSandboxRequest request;
    request.set_sandbox_id(id);
    wire::GetSandboxResponse response;
    const google::rpc::Status status = api.Get(caller, request, response);
    if (!IsOk(status)) ExpectNotFound(status, id);
    return IsOk(status);
  }
  google::rpc::Status Stop(const std::string& id, const Caller& caller = CallerOf("default")) {
    wire::StopSandboxRequest request;
    request.set_sandbox_id(id);
    wire::StopSandboxResponse response;
    google::rpc::Status status = api.Stop(caller, request, response);
    EXPECT_EQ(response.success(), IsOk(status));
    return status;
  }
  google::rpc::Status Delete(const std::string& id, const Caller& caller = CallerOf("default")) {
    wire::DeleteSandboxRequest request;
    request.set_sandbox_id(id);
    wire::DeleteSandboxResponse response;
    google::rpc::Status status = api.Delete(caller, request, response);
    EXPECT_EQ(response.success(), IsOk(status));
    return status;
  }
  std::set<std::string> List(const Caller& caller = CallerOf("default"), int32_t page_size = 100) {
    std::set<std::string> ids;
    wire::ListSandboxesRequest request;
    request.set_page_size(page_size);
    do {
      wire::ListSandboxesResponse response;
      EXPECT_EQ(ErrorOf(api.List(caller, request, response)), "");
      EXPECT_LE(response.sandboxes_size(), page_size);
      for (const auto& sandbox : response.sandboxes()) EXPECT_TRUE(ids.insert(sandbox.sandbox_id()).second);
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
  LiveState Live(std::string_view id = "r1") {
    return daemon.engine.snapshot()->FindRunner("default", id)->live->Read();
  }

  static void ExpectNotFound(const google::rpc::Status& status, const std::string& id) {
    const StatusDetails told = Checked(status);
    EXPECT_EQ(told.rpc_code(), RpcCode::kNotFound);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_SANDBOX_NOT_FOUND");
    EXPECT_EQ(told.At("sandbox_id"), id);
  }

  TestDaemon daemon;
  std::atomic<GatewayApi::Clock::time_point> now{GatewayApi::Clock::time_point(std::chrono::seconds(1700000000))};
  GatewayApi api;
};

// ---- the life of a sandbox ----

TEST(Gateway, TellsWhatItStarted) {
  Gateway gateway;
  wire::StartSandboxResponse started;
  const auto request = StartOf(
      "resource_requests { cpu: '1' memory: '1Gi' gpu { gpu_count: 1 gpu_type: 'a100' } } resource_limits { cpu: '2' "
      "gpu "
      "{ gpu_count: 1 gpu_type: 'a100' } } network { ingress_mode: 'pub' exposed_ports: 8080 exposed_ports: 80 "
      "egress_mode: 'net' } ports { container_port: 80 name: 'web' } ports { container_port: 90 } profile_names: 'p1'");
  ASSERT_EQ(ErrorOf(gateway.api.Start(CallerOf("default"), request, started)), "");
  EXPECT_THAT(started.sandbox_id(), StartsWith("sb-"));
  EXPECT_EQ(started.started_at_time().seconds(), 1700000000);
  EXPECT_EQ(started.runner_id(), "r1");
  EXPECT_EQ(started.sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
  EXPECT_EQ(started.applied_ingress_mode(), "pub");
  EXPECT_EQ(started.applied_egress_mode(), "net");
  EXPECT_EQ(started.service_address(), started.sandbox_id() + ".example.com");
  ASSERT_EQ(started.exposed_ports_size(), 3);
  EXPECT_EQ(started.exposed_ports(0).ShortDebugString(), "container_port: 80 name: \"web\"");
  EXPECT_EQ(started.exposed_ports(1).container_port(), 90);
  EXPECT_EQ(started.exposed_ports(2).ShortDebugString(), "container_port: 8080 protocol: \"TCP\"");

  const wire::GetSandboxResponse state = gateway.Get(started.sandbox_id());
  EXPECT_EQ(state.sandbox_id(), started.sandbox_id());
  EXPECT_EQ(state.sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
  EXPECT_EQ(state.started_at_time().seconds(), 1700000000);
  EXPECT_EQ(state.service_address(), started.service_address());
  EXPECT_EQ(state.exposed_ports_size(), 3);
  EXPECT_EQ(state.applied_egress_mode(), "net");
  EXPECT_FALSE(state.has_exit_code());
  EXPECT_EQ(gateway.List(), std::set<std::string>{started.sandbox_id()});
}

TEST(Gateway, AppliesTheDefaultsOfTheProfile) {
  Gateway gateway;
  const auto state = gateway.Get(gateway.Start());
  EXPECT_EQ(state.applied_egress_mode(), "off");
  EXPECT_EQ(state.applied_ingress_mode(), "");
  EXPECT_EQ(state.service_address(), "");
}

TEST(Gateway, EndsWhatIsStopped) {
  Gateway gateway;
  const std::string id = gateway.Start(kOneCpu);
  EXPECT_EQ(gateway.api.Sweep(), 1U);
  EXPECT_EQ(ErrorOf(gateway.Stop(id)), "");
  EXPECT_EQ(gateway.api.Sweep(), 0U);
  EXPECT_EQ(gateway.Get(id).sandbox_status(), wire::SANDBOX_STATUS_COMPLETED);
  EXPECT_EQ(gateway.List(), std::set<std::string>{id});
  EXPECT_EQ(ErrorOf(gateway.Stop(id)), "") << "stopping is idempotent";
  EXPECT_EQ(ErrorOf(gateway.Delete(id)), "");
  EXPECT_FALSE(gateway.Knows(id));
  EXPECT_THAT(gateway.List(), IsEmpty());
  Gateway::ExpectNotFound(gateway.Stop(id), id);
  Gateway::ExpectNotFound(gateway.Delete(id), id);
}

TEST(Gateway, DeletesWhatStillRuns) {
  Gateway gateway;
  const std::string id = gateway.Start(kOneCpu + "max_lifetime_seconds: 5");
  EXPECT_EQ(ErrorOf(gateway.Delete(id)), "");
  EXPECT_EQ(gateway.api.Sweep(), 0U);
  EXPECT_EQ(gateway.Live().cpu, 4000);
  gateway.now = gateway.now.load() + std::chrono::seconds(10);
  EXPECT_EQ(gateway.api.Sweep(), 0U) << "its lifetime has nothing to end any more";
}

TEST(Gateway, TakesNoSnapshotOfWhatIsNotThere) {
  Gateway gateway;
  wire::StopSandboxRequest request;
  request.set_sandbox_id(gateway.Start());
  request.set_file_system_snapshot_on_stop(true);
  wire::StopSandboxResponse response;
  EXPECT_TRUE(IsOk(gateway.api.Stop(CallerOf("default"), request, response)));
  EXPECT_FALSE(response.success());
  EXPECT_NE(response.error_message(), "");
  EXPECT_EQ(gateway.Get(request.sandbox_id()).sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
}

TEST(Gateway, GivesEachSandboxAnIdOfItsOwn) {
  Gateway gateway(OneRunner(""), 1000);
  std::set<std::string> ids;
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(ids.insert(gateway.Start()).second);
  EXPECT_EQ(gateway.List(CallerOf("default"), 7), ids);
}

// ---- resources ----

TEST(Gateway, CountsWhatRunsAgainstTheRunnerOnce) {
  Gateway gateway;
  EXPECT_EQ(gateway.Live().cpu, 4000);
  const std::string a = gateway.Start(kOneCpu);
  const std::string b = gateway.Start(kOneCpu + "container_image: 'python:3'");
  EXPECT_EQ(gateway.Live().cpu, 2000);
  gateway.Refused("resource_requests { cpu: '3' }");
  EXPECT_EQ(gateway.Live().cpu, 2000) << "what is refused takes nothing";
  (void)gateway.Get(a);
  (void)gateway.List();
  EXPECT_EQ(gateway.Live().cpu, 2000);
  EXPECT_EQ(ErrorOf(gateway.Stop(a)), "");
  EXPECT_EQ(gateway.Live().cpu, 3000);
  EXPECT_EQ(ErrorOf(gateway.Stop(a)), "");
  EXPECT_EQ(gateway.Live().cpu, 3000) << "what is stopped again gives nothing back again";
  EXPECT_EQ(ErrorOf(gateway.Delete(a)), "");
  EXPECT_EQ(gateway.Live().cpu, 3000);
  EXPECT_EQ(ErrorOf(gateway.Delete(b)), "");
  EXPECT_EQ(gateway.Live().cpu, 4000);
  // An admission that nobody starts takes nothing at all.
  v1::AdmitResponse admitted;
  v1::LaunchRequest launch;
  launch.mutable_resource_requests()->set_cpu("2");
  ASSERT_EQ(ErrorOf(gateway.daemon.admission.Admit(CallerOf("default"), launch, admitted)), "");
  EXPECT_EQ(gateway.Live().cpu, 4000);
}

TEST(Gateway, SaysThatNothingIsFreeAndWhenToRetry) {
  Gateway gateway;
  const std::string id = gateway.Start(kOneGpu);
  const StatusDetails told = gateway.Refused(kOneGpu);
  EXPECT_EQ(told.rpc_code(), RpcCode::kResourceExhausted);
  EXPECT_EQ(told.info.reason(), "CWSANDBOX_NO_SUITABLE_RUNNER");
  EXPECT_EQ(told.At("headline_reason"), "INSUFFICIENT_GPU");
  EXPECT_TRUE(told.retry);
  EXPECT_EQ(ErrorOf(gateway.Stop(id)), "");
  EXPECT_NE(gateway.Start(kOneGpu), "");
}

TEST(Gateway, StartsOneOfManyThatWantTheLastGpu) {
  for (int round = 0; round < 20; ++round) {
    Gateway gateway;
    std::atomic<int> started = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5; ++i) {
          wire::StartSandboxResponse response;
          const google::rpc::Status status = gateway.api.Start(CallerOf("default"), StartOf(kOneGpu), response);
          if (IsOk(status)) {
            started.fetch_add(1);
          } else {
            EXPECT_EQ(Checked(status).rpc_code(), RpcCode::kResourceExhausted);
            EXPECT_EQ(response.sandbox_id(), "");
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(started.load(), 1);
    EXPECT_EQ(gateway.api.Sweep(), 1U);
    EXPECT_EQ(gateway.Live().gpu, 0);
    EXPECT_EQ(gateway.Live().reserved.gpu, 1);
  }
}

// Everything at once, from several threads and organizations: in the end the accounts are right.
TEST(Gateway, KeepsItsAccountsUnderThreads) {
  Gateway gateway(OneRunner(", is_shared: true, resources: {available_cpu_millicores: 16000}"), 12);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&gateway, t] {
      const Caller caller = CallerOf(t % 2 == 0 ? "default" : "acme");
      std::vector<std::string> ids;
      for (int i = 0; i < 100; ++i) {
        wire::StartSandboxResponse response;
        const auto request = StartOf(kOneCpu + (i % 3 == 0 ? "max_lifetime_seconds: 1" : ""));
        if (IsOk(gateway.api.Start(caller, request, response))) ids.push_back(response.sandbox_id());
        if (i % 2 == 0 && !ids.empty()) {
          wire::StopSandboxRequest stop;
          stop.set_sandbox_id(ids.back());
          wire::StopSandboxResponse stopped;
          (void)gateway.api.Stop(caller, stop, stopped);
        }
        if (i % 5 == 0 && !ids.empty()) {
          wire::DeleteSandboxRequest erase;
          erase.set_sandbox_id(ids.front());
          wire::DeleteSandboxResponse erased;
          (void)gateway.api.Delete(caller, erase, erased);
          ids.erase(ids.begin());
        }
        wire::ListSandboxesResponse listed;
        EXPECT_TRUE(IsOk(gateway.api.List(caller, {}, listed)));
        gateway.now = gateway.now.load() + std::chrono::milliseconds(50);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(gateway.Live().reserved.cpu, static_cast<int64_t>(gateway.api.Sweep()) * 1000);
  for (const std::string organization : {"default", "acme"}) {
    for (const std::string& id : gateway.List(CallerOf(organization))) {
      EXPECT_EQ(ErrorOf(gateway.Delete(id, CallerOf(organization))), "");
    }
  }
  EXPECT_EQ(gateway.api.Sweep(), 0U);
  EXPECT_EQ(gateway.Live().reserved.cpu, 0);
}

// What is promised is gone each time by the time it is taken; the launch is decided anew, but not for ever, and told of
// once it has what it was promised.
TEST(Gateway, DecidesAnewWhenAnotherWasFasterAndThenSaysSo) {
  for (const int losses : {0, 1, Decider::kMaxAttempts - 1, Decider::kMaxAttempts, 1000}) {
    SCOPED_TRACE(losses);
    int told_of = 0;
    int attempts = 0;
    Gateway gateway({ZoneSource(), ProfileSource(), RunnerSource("r1")}, 100, [&](const DecisionEvent&) { ++told_of; });
    const LaunchRequest launch = LaunchFromWire(v1::LaunchRequest(), LaunchIdentity{"default", "u", "sb-1"});
    Scratch scratch;
    const Decided decided =
        gateway.daemon.decider.Decide(launch, scratch, [&](const Decision&) { return ++attempts > losses; });
    if (losses < Decider::kMaxAttempts) {
      EXPECT_EQ(ErrorOf(decided.status), "");
      EXPECT_EQ(attempts, losses + 1);
      EXPECT_EQ(told_of, 1);
      continue;
    }
    const StatusDetails told = Checked(decided.status);
    EXPECT_EQ(told.rpc_code(), RpcCode::kResourceExhausted);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_RUNNER_OVERLOADED");
    EXPECT_TRUE(told.retry);
    EXPECT_EQ(attempts, Decider::kMaxAttempts);
    EXPECT_EQ(told_of, 0);
  }
}

TEST(Gateway, TellsOfNoAdmissionThatItHasNoRoomFor) {
  int told_of = 0;
  Gateway gateway({ZoneSource(), ProfileSource(), RunnerSource("r1")}, 1, [&](const DecisionEvent&) { ++told_of; });
  EXPECT_NE(gateway.Start(), "");
  EXPECT_EQ(gateway.Refused().info.reason(), "CWSANDBOX_RUNNER_CAPACITY_EXHAUSTED");
  EXPECT_EQ(told_of, 1);
}

TEST(Gateway, BoundsThePortsThatItKeeps) {
  Gateway gateway({ZoneSource(), ProfileSource(), RunnerSource("r1")});
  std::string ports;
  for (size_t i = 0; i < kMaxExposedPorts; ++i) ports += " ports { container_port: " + std::to_string(i + 1) + " }";
  EXPECT_NE(gateway.Start(ports), "");
  EXPECT_EQ(gateway.Refused(ports + " ports { container_port: 9000 }").bad.field_violations(0).field(), "ports");
  const std::string long_name(kMaxNameBytes + 1, 'a');
  EXPECT_EQ(gateway.Refused("ports { container_port: 1 name: '" + long_name + "' }").bad.field_violations(0).field(),
            "ports");
}

// ---- lifetime ----

TEST(Gateway, EndsWhatIsPastItsLifetime) {
  Gateway gateway;
  const std::string brief = gateway.Start(kOneCpu + "max_lifetime_seconds: 10");
  const std::string longer = gateway.Start(kOneCpu + "max_lifetime_seconds: 20");
  const std::string forever = gateway.Start(kOneCpu);
  const auto start = gateway.now.load();
  gateway.now = start + std::chrono::milliseconds(9999);
  EXPECT_EQ(gateway.Get(brief).sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
  gateway.now = start + std::chrono::seconds(10);
  const auto ended = gateway.Get(brief);
  EXPECT_EQ(ended.sandbox_status(), wire::SANDBOX_STATUS_COMPLETED);
  EXPECT_THAT(ended.status_reason(), HasSubstr("lifetime"));
  EXPECT_EQ(gateway.Get(longer).sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
  EXPECT_EQ(gateway.Live().cpu, 2000);
  gateway.now = start + std::chrono::hours(24 * 365);
  EXPECT_EQ(gateway.api.Sweep(), 1U);
  EXPECT_EQ(gateway.Get(forever).sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
  EXPECT_EQ(gateway.Live().cpu, 3000);
}

// Nobody asks for the one that ended: the next launch finds its resources free all the same.
TEST(Gateway, FreesWhatIsPastItsLifetimeForTheNextLaunch) {
  Gateway gateway;
  const std::string first = gateway.Start(kOneGpu + "max_lifetime_seconds: 10");
  gateway.Refused(kOneGpu);
  gateway.now = gateway.now.load() + std::chrono::seconds(10);
  const std::string second = gateway.Start(kOneGpu);
  EXPECT_NE(second, "");
  EXPECT_EQ(gateway.Get(first).sandbox_status(), wire::SANDBOX_STATUS_COMPLETED);
}

TEST(Gateway, LivesAsLongAsANumberCanSay) {
  Gateway gateway;
  const std::string id = gateway.Start("max_lifetime_seconds: " + std::to_string(std::numeric_limits<int32_t>::max()));
  gateway.now = gateway.now.load() + std::chrono::hours(24 * 365 * 60);
  EXPECT_EQ(gateway.Get(id).sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
}

// ---- how many ----

TEST(Gateway, KeepsAtMostSoManyAndForgetsTheLongestEnded) {
  Gateway gateway(OneRunner(""), 3);
  const std::string a = gateway.Start();
  const std::string b = gateway.Start();
  const std::string c = gateway.Start();
  const StatusDetails told = gateway.Refused("");
  EXPECT_EQ(told.rpc_code(), RpcCode::kResourceExhausted);
  EXPECT_EQ(told.info.reason(), "CWSANDBOX_RUNNER_CAPACITY_EXHAUSTED");
  EXPECT_THAT(told.message, HasSubstr("at most 3"));
  EXPECT_EQ(gateway.api.Sweep(), 3U);

  const auto later = [&] { gateway.now = gateway.now.load() + std::chrono::seconds(1); };
  EXPECT_EQ(ErrorOf(gateway.Stop(c)), "");
  later();
  EXPECT_EQ(ErrorOf(gateway.Stop(a)), "");
  EXPECT_TRUE(gateway.Knows(c)) << "while there is room, what ended is still known";
  later();
  const std::string d = gateway.Start();
  EXPECT_FALSE(gateway.Knows(c)) << "it ended first";
  EXPECT_TRUE(gateway.Knows(a));
  const std::string e = gateway.Start();
  EXPECT_FALSE(gateway.Knows(a));
  EXPECT_EQ(gateway.List(), (std::set<std::string>{b, d, e}));
  gateway.Refused("");
  EXPECT_EQ(ErrorOf(gateway.Delete(b)), "");
  EXPECT_NE(gateway.Start(), "");
}

TEST(Gateway, TakesNothingForWhatItCannotKeep) {
  Gateway gateway(OneRunner(), 1);
  gateway.Start(kOneCpu);
  gateway.Refused(kOneCpu);
  EXPECT_EQ(gateway.Live().cpu, 3000);
  Gateway none(OneRunner(), 0);
  none.Refused(kOneCpu);
  EXPECT_EQ(none.Live().cpu, 4000);
  EXPECT_EQ(none.api.Sweep(), 0U);
}

// ---- pages ----

TEST(Gateway, ListsPageByPage) {
  Gateway gateway(OneRunner(""), 1000);
  std::set<std::string> ids;
  for (int i = 0; i < 120; ++i) ids.insert(gateway.Start());
  for (const int32_t size : {1, 7, 60, 99, 100}) EXPECT_EQ(gateway.List(CallerOf("default"), size), ids) << size;
  wire::ListSandboxesRequest request;
  wire::ListSandboxesResponse response;
  ASSERT_TRUE(IsOk(gateway.api.List(CallerOf("default"), request, response)));
  EXPECT_EQ(response.sandboxes_size(), 50);
  // What goes between two pages is not missed, and what stays is there once.
  request.set_page_token(response.next_page_token());
  EXPECT_EQ(ErrorOf(gateway.Delete(response.sandboxes(49).sandbox_id())), "");
  EXPECT_EQ(ErrorOf(gateway.Delete(response.sandboxes(3).sandbox_id())), "");
  wire::ListSandboxesResponse second;
  request.set_page_size(100);
  ASSERT_TRUE(IsOk(gateway.api.List(CallerOf("default"), request, second)));
  EXPECT_EQ(second.sandboxes_size(), 70);
  EXPECT_EQ(second.next_page_token(), "");
  for (const auto& sandbox : response.sandboxes()) {
    for (const auto& other : second.sandboxes()) EXPECT_NE(sandbox.sandbox_id(), other.sandbox_id());
  }
  wire::ListSandboxesResponse none;
  EXPECT_EQ(Checked(gateway.api.List(CallerOf("acme"), request, none)).Field(), "page_token");
  request.set_page_token("x");
  EXPECT_EQ(Checked(gateway.api.List(CallerOf("default"), request, none)).Field(), "page_token");
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(Checked(gateway.api.List(CallerOf("default"), request, none)).Field(), "page_size");
  EXPECT_EQ(none.sandboxes_size(), 0);
}

// ---- tenancy ----

TEST(Gateway, ShowsAnOrganizationItsOwnSandboxesAlone) {
  Gateway gateway(OneRunner(", is_shared: true, resources: {available_cpu_millicores: 4000}"));
  const Caller ours = CallerOf("default", "u-1");
  const Caller theirs = CallerOf("acme", "u-2");
  const std::string a = gateway.Start(kOneCpu, ours);
  const std::string b = gateway.Start(kOneCpu, theirs);
  EXPECT_EQ(gateway.Live().cpu, 2000) << "one runner for both";
  EXPECT_EQ(gateway.List(ours), std::set<std::string>{a});
  EXPECT_EQ(gateway.List(theirs), std::set<std::string>{b});
  EXPECT_FALSE(gateway.Knows(a, theirs));
  Gateway::ExpectNotFound(gateway.Stop(a, theirs), a);
  Gateway::ExpectNotFound(gateway.Delete(a, theirs), a);
  EXPECT_EQ(gateway.Get(a, ours).sandbox_status(), wire::SANDBOX_STATUS_RUNNING);
  // Another user of the same organization may; a caller for any organization is of one all the same.
  EXPECT_TRUE(gateway.Knows(a, CallerOf("default", "u-9")));
  Caller any = CallerOf("acme");
  any.any_organization = true;
  EXPECT_FALSE(gateway.Knows(a, any));
  EXPECT_EQ(ErrorOf(gateway.Stop(a, CallerOf("default"))), "");
}

TEST(Gateway, LaunchesAsTheCaller) {
  std::vector<Source> sources = {ZoneSource(), ProfileSource("{namespace: {strategy: per-user}}"), RunnerSource()};
  Gateway gateway(sources);
  EXPECT_EQ(gateway.Refused("").At("headline_reason"), "USER_REQUIRED");
  EXPECT_NE(gateway.Start("", CallerOf("default", "u-1")), "");
  EXPECT_EQ(gateway.Refused("", CallerOf("acme", "u-1")).At("headline_reason"), "NO_RUNNERS");
}

// ---- what a request must have ----

TEST(Gateway, NamesEveryFieldThatIsMissing) {
  Gateway gateway;
  struct Row {
    std::string request;
    std::vector<std::string> fields;
  };
  const std::vector<Row> rows = {
      {"", {"command"}},
      {"command: 'sh' container_image: ''", {}},
      {"command: 'sh' mounted_files {} mounted_files { mount_path: '/a' }", {"mounted_files[0].mount_path"}},
      {"command: 'sh' ports { name: 'a' }", {"ports[0].container_port"}},
      {"s3_mount { bucket: 'b' }", {"command", "s3_mount.directory", "s3_mount.mount_path"}},
      {"command: 'sh' file_system {}", {"file_system.mount_path"}},
      {"command: 'sh' volumes { volume_id: 'v' mount_path: '/m' } volumes {}",
       {"volumes[1].volume_id", "volumes[1].mount_path"}},
      {"command: 'sh' runner_cluster_secrets { kubernetes {} }",
       {"runner_cluster_secrets[0].kubernetes.secret_key", "runner_cluster_secrets[0].env_var"}},
      {"command: 'sh' max_lifetime_seconds: -1 max_timeout_seconds: -2",
       {"max_lifetime_seconds", "max_timeout_seconds"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    wire::StartSandboxRequest request;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(row.request, &request));
    wire::StartSandboxResponse response;
    const google::rpc::Status status = gateway.api.Start(CallerOf("default"), request, response);
    EXPECT_EQ(IsOk(status), row.fields.empty());
    if (row.fields.empty()) continue;
    const StatusDetails told = Checked(status);
    EXPECT_EQ(told.rpc_code(), RpcCode::kInvalidArgument);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_INVALID_REQUEST");
    std::vector<std::string> fields;
    for (const auto& violation : told.bad.field_violations()) fields.push_back(violation.field());
    EXPECT_EQ(fields, row.fields);
    EXPECT_THAT(told.message, StartsWith("`" + row.fields.front() + "` is "));
    EXPECT_EQ(told.message.find("more, listed in the details") != std::string::npos, row.fields.size() > 1);
  }
  const auto missing_id = [](const google::rpc::Status& status) { return Checked(status).Field() == "sandbox_id"; };
  wire::GetSandboxResponse got;
  EXPECT_TRUE(missing_id(gateway.api.Get(CallerOf("default"), {}, got)));
  wire::StopSandboxResponse stopped;
  EXPECT_TRUE(missing_id(gateway.api.Stop(CallerOf("default"), {}, stopped)));
  wire::DeleteSandboxResponse deleted;
  EXPECT_TRUE(missing_id(gateway.api.Delete(CallerOf("default"), {}, deleted)));
}

TEST(Gateway, BoundsWhatItSaysOfMissingFields) {
  wire::StartSandboxRequest request;
  for (int i = 0; i < 5000; ++i) request.add_mounted_files();
  EXPECT_EQ(MissingFields(request, 16).size(), 16U);
  EXPECT_THAT(MissingFields(request, 0), IsEmpty());
  Gateway gateway;
  wire::StartSandboxResponse response;
  EXPECT_LE(Checked(gateway.api.Start(CallerOf("default"), request, response)).bad.field_violations_size(), 17);
}

TEST(Gateway, RefusesWhatAdmissionFindsInvalid) {
  Gateway gateway;
  const StatusDetails told =
      gateway.Refused("resource_limits { gpu { gpu_type: 'a100' } } network { exposed_ports: 80 }");
  EXPECT_EQ(told.rpc_code(), RpcCode::kInvalidArgument);
  EXPECT_EQ(told.info.reason(), "CWSANDBOX_INVALID_REQUEST");
  EXPECT_EQ(told.bad.field_violations_size(), 2);
}

// ---- the echo ----

TEST(Gateway, EchoesWhatWasAskedForOnTheSidesWhereItWas) {
  Gateway gateway(OneRunner(""));
  const std::string amounts = "{ cpu: '1' memory: '1Gi' }";
  struct Row {
    std::string request;
    bool both;      // `requested_resources`
    bool limits;    // `requested_resource_limits`
    bool requests;  // `requested_resource_requests`
  };
  const std::vector<Row> rows = {
      {"", false, false, false},
      {"resource_limits " + amounts, false, true, false},
      {"resource_requests " + amounts, false, false, true},
      {"resource_limits " + amounts + " resource_requests " + amounts, false, true, true},
      // The older spelling asks on both sides.
      {"resources " + amounts, true, true, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    wire::StartSandboxResponse response;
    ASSERT_EQ(ErrorOf(gateway.api.Start(CallerOf("default"), StartOf(row.request), response)), "");
    EXPECT_EQ(response.has_requested_resources(), row.both);
    EXPECT_EQ(response.has_requested_resource_limits(), row.limits);
    EXPECT_EQ(response.has_requested_resource_requests(), row.requests);
    for (const auto& [there, echo] : {std::pair(row.both, response.requested_resources()),
                                      std::pair(row.limits, response.requested_resource_limits()),
                                      std::pair(row.requests, response.requested_resource_requests())}) {
      EXPECT_EQ(echo.ShortDebugString(), there ? "cpu: \"1\" memory: \"1Gi\"" : "");
    }
  }
}

}  // namespace
}  // namespace berth
