#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/discovery_api.h"
#include "berth/daemon/page.h"
#include "berth/engine/discovery.h"
#include "berth/engine/reservation.h"
#include "tests/daemon_fixture.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kFleet = R"(
- {kind: Zone, zone: z1, gpu_memory_gb: {h100: 80}}
- {kind: Profile, display_name: web, spec: {network: {egress: {default: off, modes: {off: {type: none}, net: {type: internet}}},
    ingress: {public: {scope: any, service: {serviceType: LoadBalancer}}, lan: {scope: org, service: {serviceType: ClusterIP}}}}}}
- {kind: Profile, id: i-gpu, display_name: gpu, spec: {instance_types: [h100]}}
- {kind: Profile, display_name: broken, spec: {namespace: {strategy: static}}}
- {kind: Profile, display_name: theirs, organization_id: acme, spec: {}}
- {kind: Profile, display_name: web, organization_id: acme, spec: {}}
- kind: Runner
  runner_id: r2
  identity: {zone: z1, cluster_name: c2, runner_group_id: blue}
  tags: [gpu, prod]
  capabilities: {max_cpu_millicores: 96000, max_memory_bytes: 824633720832, max_gpu_count: 8, supported_gpu_types: [h100, A100],
    supported_architectures: [arm64, amd64, arm64], supports_privileged: true, available_storage_classes: [slow, fast]}
  resources: {available_cpu_millicores: 4000, available_memory_bytes: 1000, available_gpu_count: 2, running_sandboxes: 17}
  profile_bindings:
    - {profile_template_id: web, is_default: true}
    - {profile_template_id: i-gpu, profile_name: fast}
    - {profile_template_id: broken}
- kind: Runner
  runner_id: r1
  identity: {zone: z2, cluster_name: c1}
  connection_status: DISCONNECTED
  capabilities: {supported_architectures: [amd64]}
  profile_bindings: [{profile_template_id: web, is_default: true}]
- kind: Runner
  runner_id: r4
  identity: {zone: z2, cluster_name: c4}
  profile_bindings: [{profile_template_id: broken, is_default: true}]
- kind: Runner
  runner_id: r3
  organization_id: acme
  is_shared: true
  identity: {zone: z1, cluster_name: c3, runner_group_id: blue}
  capabilities: {supported_architectures: [amd64]}
  resources: {available_cpu_millicores: 7000}
  profile_bindings: [{profile_template_id: theirs, is_default: true}, {profile_template_id: web, profile_name: fast}]
- kind: Runner
  runner_id: r1
  organization_id: acme
  identity: {zone: z1, cluster_name: c5}
  resources: {available_cpu_millicores: 5}
  profile_bindings: [{profile_template_id: theirs, is_default: true}]
)";

// A member of a request and the value it gets: one filter.
template <typename Request>
using Ask = void (*)(Request&);

class DiscoveryApiTest : public testing::Test {
 protected:
  DiscoveryApiTest() : daemon_({{"fleet.yaml", std::string(kFleet)}}) {}

  wire::ListAvailableRunnersResponse RunnersOf(const wire::ListAvailableRunnersRequest& request,
                                               std::string_view organization = "default") {
    wire::ListAvailableRunnersResponse response;
    EXPECT_EQ(ErrorOf(daemon_.discovery.ListAvailableRunners(CallerOf(organization), request, response)), "");
    return response;
  }
  wire::ListProfilesResponse ProfilesOf(const wire::ListProfilesRequest& request,
                                        std::string_view organization = "default") {
    wire::ListProfilesResponse response;
    EXPECT_EQ(ErrorOf(daemon_.discovery.ListProfiles(CallerOf(organization), request, response)), "");
    return response;
  }
  std::vector<std::string> RunnerIds(
      Ask<wire::ListAvailableRunnersRequest> ask = [](auto&) {}, std::string_view organization = "default") {
    wire::ListAvailableRunnersRequest request;
    ask(request);
    std::vector<std::string> ids;
    const auto listed_runners = RunnersOf(request, organization);
    for (const auto& runner : listed_runners.runners()) ids.push_back(runner.runner_id());
    return ids;
  }
  // `runner/profile`, in the order of the list.
  std::vector<std::string> Profiles(
      Ask<wire::ListProfilesRequest> ask = [](auto&) {}, std::string_view organization = "default") {
    wire::ListProfilesRequest request;
    ask(request);
    std::vector<std::string> names;
    const auto listed_profiles = ProfilesOf(request, organization);
    for (const auto& profile : listed_profiles.profiles()) {
      names.push_back(profile.runner_id() + "/" + profile.profile_name());
    }
    return names;
  }
  wire::AvailableRunner Runner(const std::string& id, std::string_view organization = "default",
                               wire::RunnerView view = wire::RUNNER_VIEW_FULL) {
    wire::GetAvailableRunnerRequest request;
    request.set_runner_id(id);
    request.set_view(view);
    wire::AvailableRunner runner;
    EXPECT_EQ(ErrorOf(daemon_.discovery.GetAvailableRunner(CallerOf(organization), request, runner)), "");
    return runner;
  }
  google::rpc::Status GetProfile(const std::string& name, const std::string& runner_id, wire::ProfileSummary& profile,
                                 std::string_view organization = "default") {
    wire::GetProfileRequest request;
    request.set_profile_name(name);
    request.set_runner_id(runner_id);
    return daemon_.discovery.GetProfile(CallerOf(organization), request, profile);
  }

  TestDaemon daemon_;
};

// ---- filters ----

TEST_F(DiscoveryApiTest, FiltersRunners) {
  using Request = wire::ListAvailableRunnersRequest;
  EXPECT_THAT(RunnerIds(), ElementsAre("r1", "r2", "r3"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_runner_group_id("blue"); }), ElementsAre("r2", "r3"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_profile_name("web"); }), ElementsAre("r1", "r2"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_profile_name("fast"); }), ElementsAre("r2", "r3"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_profile_name("i-gpu"); }), ElementsAre("r2"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_profile_name("broken"); }), IsEmpty());
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_gpu_type("H100"); }), ElementsAre("r2"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_architecture("amd64"); }), ElementsAre("r1", "r2", "r3"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_architecture("arm64"); }), ElementsAre("r2"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_exclude_shared(true); }), ElementsAre("r1", "r2"));
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_healthy_only(true); }), ElementsAre("r2", "r3"));
  // All filters together, on one and the same profile.
  EXPECT_THAT(RunnerIds([](Request& r) {
                r.set_profile_name("fast");
                r.set_gpu_type("a100");
              }),
              IsEmpty());
  EXPECT_THAT(RunnerIds([](Request& r) {
                r.set_profile_name("fast");
                r.set_architecture("amd64");
                r.set_healthy_only(true);
                r.set_exclude_shared(true);
                r.set_runner_group_id("blue");
              }),
              ElementsAre("r2"));
  // What is not known is not there, and no error.
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_runner_group_id("nowhere"); }), IsEmpty());
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_profile_name("nothing"); }), IsEmpty());
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_gpu_type("abacus"); }), IsEmpty());
  EXPECT_THAT(RunnerIds([](Request& r) { r.set_architecture("pdp11"); }), IsEmpty());
}

TEST_F(DiscoveryApiTest, FiltersProfiles) {
  using Request = wire::ListProfilesRequest;
  EXPECT_THAT(Profiles(), ElementsAre("r1/web", "r2/fast", "r2/web", "r3/fast", "r3/theirs"));
  EXPECT_THAT(Profiles([](Request& r) { r.set_runner_id("r2"); }), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles([](Request& r) { r.set_gpu_type("h100"); }), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles([](Request& r) { r.set_gpu_type("a100"); }), ElementsAre("r2/web"));
  EXPECT_THAT(Profiles([](Request& r) { r.set_architecture("arm64"); }), ElementsAre("r2/fast", "r2/web"));
  EXPECT_THAT(Profiles([](Request& r) { r.set_exclude_shared(true); }), ElementsAre("r1/web", "r2/fast", "r2/web"));
  EXPECT_THAT(Profiles([](Request& r) {
                r.set_runner_id("r2");
                r.set_gpu_type("a100");
                r.set_architecture("amd64");
              }),
              ElementsAre("r2/web"));
  EXPECT_THAT(Profiles([](Request& r) { r.set_runner_id("r9"); }), IsEmpty());
  EXPECT_THAT(Profiles([](Request& r) { r.set_gpu_type("abacus"); }), IsEmpty());
}

// ---- messages ----

TEST_F(DiscoveryApiTest, TellsEverythingOfARunner) {
  const wire::AvailableRunner runner = Runner("r2");
  EXPECT_EQ(runner.runner_id(), "r2");
  EXPECT_EQ(runner.runner_group_id(), "blue");
  EXPECT_THAT(runner.tags(), ElementsAre("gpu", "prod"));
  EXPECT_TRUE(runner.healthy());
  EXPECT_FALSE(runner.is_shared());
  EXPECT_FALSE(runner.has_connected_at());  // nobody knows
  EXPECT_EQ(runner.capabilities().max_cpu_millicores(), 96000);
  EXPECT_EQ(runner.capabilities().max_memory_bytes(), 824633720832);
  EXPECT_EQ(runner.capabilities().max_gpu_count(), 8);
  EXPECT_THAT(runner.capabilities().supported_gpu_types(), ElementsAre("A100", "h100"));
  EXPECT_THAT(runner.capabilities().supported_architectures(), ElementsAre("amd64", "arm64"));
  EXPECT_TRUE(runner.capabilities().supports_privileged());
  EXPECT_THAT(runner.capabilities().available_storage_classes(), ElementsAre("fast", "slow"));
  EXPECT_EQ(runner.resources().available_cpu_millicores(), 4000);
  EXPECT_EQ(runner.resources().available_memory_bytes(), 1000);
  EXPECT_EQ(runner.resources().available_gpu_count(), 2);
  EXPECT_EQ(runner.resources().running_sandboxes(), 17);
  EXPECT_THAT(runner.profile_names(), ElementsAre("fast", "web"));
  EXPECT_FALSE(Runner("r1").healthy());
  EXPECT_TRUE(Runner("r3").is_shared());
}

TEST_F(DiscoveryApiTest, TellsEverythingOfAProfile) {
  wire::ProfileSummary profile;
  ASSERT_EQ(ErrorOf(GetProfile("web", "r2", profile)), "");
  EXPECT_EQ(profile.profile_name(), "web");
  EXPECT_EQ(profile.runner_id(), "r2");
  EXPECT_THAT(profile.supported_gpu_types(), ElementsAre("A100", "h100"));
  EXPECT_THAT(profile.supported_architectures(), ElementsAre("amd64", "arm64"));
  ASSERT_EQ(profile.egress_modes_size(), 2);
  EXPECT_EQ(profile.egress_modes(0).name(), "net");
  EXPECT_EQ(profile.egress_modes(1).name(), "off");
  ASSERT_EQ(profile.service_exposure_modes_size(), 2);
  EXPECT_EQ(profile.service_exposure_modes(0).name(), "lan");
  EXPECT_EQ(profile.service_exposure_modes(1).name(), "public");
  // Only the types that the profile's instances have.
  wire::ProfileSummary fast;
  ASSERT_EQ(ErrorOf(GetProfile("fast", "r2", fast)), "");
  EXPECT_THAT(fast.supported_gpu_types(), ElementsAre("h100"));
}

TEST_F(DiscoveryApiTest, TellsFreeResourcesInTheFullViewOnly) {
  for (const auto view : {wire::RUNNER_VIEW_UNSPECIFIED, wire::RUNNER_VIEW_BASIC, wire::RUNNER_VIEW_FULL}) {
    const bool full = view == wire::RUNNER_VIEW_FULL;
    EXPECT_EQ(Runner("r2", "default", view).has_resources(), full);
    EXPECT_FALSE(Runner("r1", "default", view).has_resources()) << "it reports none";
    EXPECT_FALSE(Runner("r3", "default", view).has_resources()) << "a shared one's load is not for its guests";
    EXPECT_EQ(Runner("r3", "acme", view).has_resources(), full) << "but for its owner";
    wire::ListAvailableRunnersRequest request;
    request.set_view(view);
    std::map<std::string, bool> listed;
    const auto listed_runners = RunnersOf(request);
    for (const auto& runner : listed_runners.runners()) listed[runner.runner_id()] = runner.has_resources();
    EXPECT_EQ(listed, (std::map<std::string, bool>{{"r1", false}, {"r2", full}, {"r3", false}}));
  }
}

TEST_F(DiscoveryApiTest, TellsWhatIsFreeNow) {
  ASSERT_TRUE(
      daemon_.engine.UpdateResources("default", "r1", {6000, std::nullopt, std::nullopt, std::nullopt, {}}).ok());
  ASSERT_TRUE(daemon_.engine.UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kConnected).ok());
  EXPECT_EQ(Runner("r1").resources().available_cpu_millicores(), 6000);
  EXPECT_EQ(Runner("r1").resources().available_memory_bytes(), 0);
  EXPECT_TRUE(Runner("r1").healthy());
  // What is promised to a launch is not free.
  Scratch scratch;
  const LaunchRequest request = LaunchOf("{runner_ids: [r1], resource_requests: {cpu: 2500m}}");
  const auto reservation = Reservation::Make(daemon_.engine.AdmitInDetail(request, scratch), request);
  ASSERT_TRUE(reservation);
  EXPECT_EQ(Runner("r1").resources().available_cpu_millicores(), 3500);
}

// ---- names ----

// A runner's names are those of its profiles, whatever the list was filtered by.
TEST_F(DiscoveryApiTest, NamesTheProfilesOfARunnerAlikeEverywhere) {
  using Request = wire::ListAvailableRunnersRequest;
  const std::vector<Ask<Request>> filters = {
      [](Request&) {},
      [](Request& r) { r.set_profile_name("fast"); },
      [](Request& r) { r.set_gpu_type("a100"); },
      [](Request& r) { r.set_page_size(1); },
  };
  for (const std::string_view organization : {"default", "acme", "nobody"}) {
    for (const auto ask : filters) {
      Request request;
      ask(request);
      const auto listed_runners = RunnersOf(request, organization);
      for (const auto& runner : listed_runners.runners()) {
        wire::ListProfilesRequest of_runner;
        of_runner.set_runner_id(runner.runner_id());
        std::vector<std::string> names;
        const auto listed_profiles = ProfilesOf(of_runner, organization);
        for (const auto& profile : listed_profiles.profiles()) {
          EXPECT_EQ(profile.runner_id(), runner.runner_id());
          names.push_back(profile.profile_name());
        }
        EXPECT_THAT(runner.profile_names(), testing::ElementsAreArray(names)) << runner.runner_id();
        const auto one = Runner(runner.runner_id(), organization);
        EXPECT_THAT(one.profile_names(), testing::ElementsAreArray(names)) << runner.runner_id();
      }
    }
  }
}

TEST_F(DiscoveryApiTest, GetsTheProfileOfTheLowestRunnerId) {
  struct Row {
    std::string_view organization;
    std::string name;
    std::string runner_id;
    std::string found;  // runner/profile, or nothing
  };
  const std::vector<Row> rows = {
      {"default", "web", "", "r1/web"},    {"default", "web", "r2", "r2/web"},   {"default", "fast", "", "r2/fast"},
      {"default", "i-gpu", "", "r2/fast"}, {"default", "fast", "r3", "r3/fast"}, {"default", "theirs", "", "r3/theirs"},
      {"acme", "theirs", "", "r1/theirs"}, {"acme", "fast", "", "r3/fast"},      {"default", "gpu", "", ""},
      {"default", "broken", "", ""},       {"default", "web", "r3", ""},         {"acme", "web", "", ""},
      {"default", "web", "r4", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.organization) + " " + row.name + " " + row.runner_id);
    wire::ProfileSummary profile;
    const google::rpc::Status status = GetProfile(row.name, row.runner_id, profile, row.organization);
    EXPECT_EQ(IsOk(status), !row.found.empty());
    if (!row.found.empty()) {
      EXPECT_EQ(profile.runner_id() + "/" + profile.profile_name(), row.found);
      continue;
    }
    const StatusDetails told = Checked(status);
    EXPECT_EQ(told.rpc_code(), RpcCode::kNotFound);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_PROFILE_NOT_FOUND");
    EXPECT_EQ(told.At("profile_name"), row.name);
    EXPECT_THAT(told.message, HasSubstr("`" + row.name + "`"));
  }
}

TEST_F(DiscoveryApiTest, SaysWhichRunnerIsNotFound) {
  wire::GetAvailableRunnerRequest request;
  wire::AvailableRunner runner;
  // One that all bindings of which are broken can take nothing.
  for (const std::string id : {"r9", "r4", "R1"}) {
    request.set_runner_id(id);
    const StatusDetails told = Checked(daemon_.discovery.GetAvailableRunner(CallerOf("default"), request, runner));
    EXPECT_EQ(told.rpc_code(), RpcCode::kNotFound);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_RUNNER_NOT_FOUND");
    EXPECT_EQ(told.At("runner_id"), id);
  }
  request.set_runner_id("");
  EXPECT_EQ(Checked(daemon_.discovery.GetAvailableRunner(CallerOf("default"), request, runner)).Field(), "runner_id");
  wire::ProfileSummary profile;
  EXPECT_EQ(Checked(GetProfile("", "", profile)).Field(), "profile_name");
}

// ---- tenancy ----

TEST_F(DiscoveryApiTest, ShowsNothingOfAnotherOrganization) {
  EXPECT_THAT(RunnerIds([](auto&) {}, "acme"), ElementsAre("r1", "r3"));
  EXPECT_THAT(Profiles([](auto&) {}, "acme"), ElementsAre("r1/theirs", "r3/fast", "r3/theirs"));
  EXPECT_THAT(RunnerIds([](auto&) {}, "nobody"), ElementsAre("r3"));
  EXPECT_THAT(Profiles([](auto&) {}, "nobody"), ElementsAre("r3/fast", "r3/theirs"));
  // One id, two runners: each organization has its own.
  EXPECT_THAT(Runner("r1", "default").profile_names(), ElementsAre("web"));
  EXPECT_THAT(Runner("r1", "acme").profile_names(), ElementsAre("theirs"));
  EXPECT_EQ(Runner("r1", "acme").resources().available_cpu_millicores(), 5);
  EXPECT_FALSE(Runner("r1", "default").has_resources());
  // What is another's is as unknown as what is nobody's, to the word.
  const auto error = [&](const std::string& id, std::string_view organization) {
    wire::GetAvailableRunnerRequest request;
    request.set_runner_id(id);
    wire::AvailableRunner runner;
    return daemon_.discovery.GetAvailableRunner(CallerOf(organization), request, runner).DebugString();
  };
  std::string of_other = error("r2", "acme");
  std::replace(of_other.begin(), of_other.end(), '2', '9');
  EXPECT_EQ(of_other, error("r9", "acme"));
}

// A shared runner whose id another organization has too: both are listed, each with its own profiles.
TEST_F(DiscoveryApiTest, ListsARunnerOfItsOwnAndASharedOneOfTheSameId) {
  std::string fleet(kFleet);
  const std::string private_one = "  runner_id: r1\n  organization_id: acme\n";
  fleet.insert(fleet.find(private_one) + private_one.size(), "  is_shared: true\n");
  daemon_.Publish({{"fleet.yaml", fleet}}, 2);
  wire::ListAvailableRunnersRequest request;
  const auto response = RunnersOf(request);
  ASSERT_EQ(response.runners_size(), 4);
  EXPECT_EQ(response.runners(0).runner_id(), "r1");
  EXPECT_FALSE(response.runners(0).is_shared()) << "its own comes first";
  EXPECT_THAT(response.runners(0).profile_names(), ElementsAre("web"));
  EXPECT_EQ(response.runners(1).runner_id(), "r1");
  EXPECT_TRUE(response.runners(1).is_shared());
  EXPECT_THAT(response.runners(1).profile_names(), ElementsAre("theirs"));
  EXPECT_THAT(Profiles([](auto& r) { r.set_runner_id("r1"); }), ElementsAre("r1/theirs", "r1/web"));
  EXPECT_FALSE(Runner("r1").is_shared());
}

// ---- pages ----

std::string Number(size_t i) { return std::string(i < 10 ? "00" : i < 100 ? "0" : "") + std::to_string(i); }

// Runners of three organizations, some shared, some with an id that others have too; with one to three profiles each.
// An architecture of its own tells each apart. `keep` says which are there.
std::vector<Source> ManyRunners(size_t count, const std::function<bool(size_t)>& keep) {
  std::vector<Source> sources = {ZoneSource()};
  for (const std::string organization : {"default", "acme", "beta", "core"}) {
    for (const std::string profile : {"a", "b", "c"}) {
      sources.push_back({organization + "/" + profile, "{kind: Profile, organization_id: " + organization +
                                                           ", display_name: " + profile + ", spec: {}}"});
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (!keep(i)) continue;
    const size_t kind = i % 10;
    const std::string organization = kind < 6 ? "default" : kind == 6 ? "acme" : kind == 7 ? "beta" : "core";
    // The last four of ten share one id: of another organization, shared.
    const std::string id = "r" + Number(kind < 6 ? i : i - kind + 5);
    const bool gpu = i % 3 == 0;
    std::string bindings = "{profile_template_id: a, is_default: true}";
    if (i % 2 == 0) bindings += ", {profile_template_id: c, profile_name: \"\xC3\xA4/ \"}";
    if (i % 4 == 0) bindings += ", {profile_template_id: b}";
    if (kind == 9) continue;
    sources.push_back({"runner-" + Number(i), "{kind: Runner, runner_id: " + id + ", organization_id: " + organization +
                                                  ", is_shared: " + (kind < 6 ? "false" : "true") +
                                                  ", identity: {zone: z1, cluster_name: c" + Number(i) +
                                                  "}, capabilities: {supported_architectures: [amd64, own-" +
                                                  Number(i) + "], supported_gpu_types: [" + (gpu ? "a100" : "") +
                                                  "]}, profile_bindings: [" + bindings + "]}"});
  }
  return sources;
}
bool Every(size_t) { return true; }

// Both lists under one face.
struct RunnersList {
  using Request = wire::ListAvailableRunnersRequest;
  using Response = wire::ListAvailableRunnersResponse;
  static google::rpc::Status Ask(const DiscoveryApi& api, const Caller& caller, const Request& request,
                                 Response& response) {
    return api.ListAvailableRunners(caller, request, response);
  }
  static const auto& Items(const Response& response) { return response.runners(); }
};
struct ProfilesList {
  using Request = wire::ListProfilesRequest;
  using Response = wire::ListProfilesResponse;
  static google::rpc::Status Ask(const DiscoveryApi& api, const Caller& caller, const Request& request,
                                 Response& response) {
    return api.ListProfiles(caller, request, response);
  }
  static const auto& Items(const Response& response) { return response.profiles(); }
};

template <typename List>
class Pages : public testing::Test {
 protected:
  using Request = typename List::Request;
  using Response = typename List::Response;

  Response Page(const Request& request, std::string_view organization = "default") {
    Response response;
    EXPECT_EQ(ErrorOf(List::Ask(daemon_.discovery, CallerOf(organization), request, response)), "");
    return response;
  }
  StatusDetails Refused(const Request& request, std::string_view organization = "default") {
    Response response;
    const google::rpc::Status status = List::Ask(daemon_.discovery, CallerOf(organization), request, response);
    EXPECT_FALSE(IsOk(status));
    EXPECT_EQ(List::Items(response).size(), 0);
    EXPECT_EQ(response.next_page_token(), "");
    const StatusDetails told = Checked(status);
    EXPECT_EQ(told.rpc_code(), RpcCode::kInvalidArgument);
    EXPECT_EQ(told.info.reason(), "CWSANDBOX_INVALID_REQUEST");
    return told;
  }
  static std::vector<std::string> NamesIn(const Response& response) {
    std::vector<std::string> names;
    for (const auto& item : List::Items(response)) names.push_back(item.ShortDebugString());
    return names;
  }
  // All pages, one after another. `between` is called before each page but the first.
  std::vector<std::string> All(Request request, int32_t size, const std::function<void(size_t page)>& between = {}) {
    std::vector<std::string> names;
    std::set<std::string> tokens;
    request.set_page_size(size);
    for (size_t page = 0; page < 1000; ++page) {
      if (page > 0 && between) between(page);
      const Response response = Page(request);
      const auto more = NamesIn(response);
      EXPECT_LE(more.size(), static_cast<size_t>(size));
      names.insert(names.end(), more.begin(), more.end());
      if (response.next_page_token().empty()) return names;
      EXPECT_EQ(more.size(), static_cast<size_t>(size)) << "only the last page is short";
      // Clients give up on a token that comes again.
      EXPECT_TRUE(tokens.insert(response.next_page_token()).second);
      request.set_page_token(response.next_page_token());
    }
    ADD_FAILURE() << "the pages do not end";
    return names;
  }

  TestDaemon daemon_{ManyRunners(240, Every)};
};

using Lists = testing::Types<RunnersList, ProfilesList>;
TYPED_TEST_SUITE(Pages, Lists);

TYPED_TEST(Pages, OfEverySizeAreTheWholeList) {
  typename TestFixture::Request request;
  for (const bool filtered : {false, true}) {
    if (filtered) request.set_gpu_type("a100");
    const std::vector<std::string> whole = this->All(request, 100);
    ASSERT_GT(whole.size(), filtered ? 60U : 200U);
    EXPECT_EQ(std::set<std::string>(whole.begin(), whole.end()).size(), whole.size())
        << "the fleet has no two items alike";
    for (int32_t size = 1; size < 100; ++size) ASSERT_EQ(this->All(request, size), whole) << size;
  }
}

TYPED_TEST(Pages, HaveTheSizeThatIsAskedForWithinBounds) {
  struct Row {
    int32_t asked;
    int given;
  };
  for (const Row& row :
       {Row{0, 50}, {1, 1}, {99, 99}, {100, 100}, {101, 100}, {std::numeric_limits<int32_t>::max(), 100}}) {
    typename TestFixture::Request request;
    request.set_page_size(row.asked);
    EXPECT_EQ(TypeParam::Items(this->Page(request)).size(), row.given) << row.asked;
  }
  for (const int32_t negative : {-1, std::numeric_limits<int32_t>::min()}) {
    typename TestFixture::Request request;
    request.set_page_size(negative);
    EXPECT_EQ(this->Refused(request).Field(), "page_size");
  }
}

TYPED_TEST(Pages, MayChangeTheirSizeOnTheWay) {
  typename TestFixture::Request request;
  const std::vector<std::string> whole = this->All(request, 100);
  std::vector<std::string> names;
  for (int32_t size = 1;; size = size % 100 + 13) {
    request.set_page_size(size);
    const auto response = this->Page(request);
    const auto more = this->NamesIn(response);
    names.insert(names.end(), more.begin(), more.end());
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  EXPECT_EQ(names, whole);
}

// Whatever comes and goes between two pages: what is there all the time is listed once, and in order.
TYPED_TEST(Pages, SurviveEditsBetweenThem) {
  typename TestFixture::Request request;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto size = static_cast<int32_t>(1 + random.Below(60));
    // A third of the runners comes and goes; the others stay.
    const auto stays = [&](size_t i) { return (i * 7 + seed) % 3 != 0; };
    uint64_t state = random.Next();
    const auto now = [&](size_t i) { return stays(i) || ((state >> (i % 64)) & 1U) != 0; };
    uint64_t revision = this->daemon_.engine.snapshot()->revision();
    this->daemon_.Publish(ManyRunners(240, stays), ++revision);
    const std::vector<std::string> staying = this->All(request, 100);
    this->daemon_.Publish(ManyRunners(240, now), ++revision);
    const std::vector<std::string> listed = this->All(request, size, [&](size_t page) {
      if (page % 3 != 0) return;  // each publish costs a compilation
      state = random.Next();
      this->daemon_.Publish(ManyRunners(240, now), ++revision);
    });
    std::map<std::string, size_t> seen;
    for (const std::string& name : listed) ++seen[name];
    for (const std::string& name : staying) ASSERT_EQ(seen[name], 1U) << name;
    for (const auto& [name, times] : seen) ASSERT_EQ(times, 1U) << name;
  }
}

TYPED_TEST(Pages, EndWhenEverythingIsGone) {
  typename TestFixture::Request request;
  request.set_page_size(10);
  request.set_page_token(this->Page(request).next_page_token());
  this->daemon_.Publish({ZoneSource()}, 2);
  const auto response = this->Page(request);
  EXPECT_EQ(TypeParam::Items(response).size(), 0);
  EXPECT_EQ(response.next_page_token(), "");
}

TYPED_TEST(Pages, AreForOneCallerAndOneFilter) {
  typename TestFixture::Request request;
  request.set_page_size(5);
  request.set_architecture("amd64");
  const std::string token = this->Page(request).next_page_token();
  ASSERT_NE(token, "");
  request.set_page_token(token);
  EXPECT_NE(this->Page(request).next_page_token(), token);
  EXPECT_EQ(this->Refused(request, "acme").Field(), "page_token") << "it is another caller's";
  request.set_architecture("arm64");
  EXPECT_EQ(this->Refused(request).Field(), "page_token");
  request.set_architecture("amd64");
  request.set_gpu_type("a100");
  EXPECT_EQ(this->Refused(request).Field(), "page_token");
  request.set_gpu_type("");
  request.set_exclude_shared(true);
  EXPECT_EQ(this->Refused(request).Field(), "page_token");
  // The value of one filter in another.
  request.set_exclude_shared(false);
  request.set_architecture("");
  request.set_gpu_type("amd64");
  EXPECT_EQ(this->Refused(request).Field(), "page_token");
}

TEST(PageTokens, AreForOneMethodAndEachOfItsFilters) {
  TestDaemon daemon(ManyRunners(240, Every));
  wire::ListAvailableRunnersRequest runners;
  runners.set_page_size(5);
  wire::ListAvailableRunnersResponse page;
  ASSERT_TRUE(IsOk(daemon.discovery.ListAvailableRunners(CallerOf("default"), runners, page)));
  wire::ListProfilesRequest profiles;
  profiles.set_page_token(page.next_page_token());
  wire::ListProfilesResponse none;
  EXPECT_EQ(Checked(daemon.discovery.ListProfiles(CallerOf("default"), profiles, none)).Field(), "page_token");
  runners.set_page_token(page.next_page_token());
  using Request = wire::ListAvailableRunnersRequest;
  const std::vector<Ask<Request>> others = {
      [](Request& r) { r.set_runner_group_id("g"); },
      [](Request& r) { r.set_profile_name("a"); },
      [](Request& r) { r.set_healthy_only(true); },
  };
  for (const auto ask : others) {
    Request other = runners;
    ask(other);
    page.Clear();
    EXPECT_EQ(Checked(daemon.discovery.ListAvailableRunners(CallerOf("default"), other, page)).Field(), "page_token");
  }
  // How much is told of each item may change.
  runners.set_view(wire::RUNNER_VIEW_FULL);
  EXPECT_TRUE(IsOk(daemon.discovery.ListAvailableRunners(CallerOf("default"), runners, page)));
  profiles.clear_page_token();
  profiles.set_page_size(1);
  none.Clear();
  ASSERT_TRUE(IsOk(daemon.discovery.ListProfiles(CallerOf("default"), profiles, none)));
  profiles.set_page_token(none.next_page_token());
  profiles.set_runner_id("r001");
  none.Clear();
  EXPECT_EQ(Checked(daemon.discovery.ListProfiles(CallerOf("default"), profiles, none)).Field(), "page_token");
}

// ---- tokens ----

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

TEST(PageTokens, BringBackTheKey) {
  const std::vector<PageKey> keys = {
      {},
      {""},
      {"r1"},
      {"r1", ""},
      {"", "r1"},
      {"r1", "web", "acme"},
      {std::string(253, '\xFF'), std::string(253, 'n'), std::string(253, 'o')},
      {std::string("a\0b", 3), "\n"},
  };
  const std::vector<std::string_view> asked = {"runners", "default", ""};
  std::set<std::string> tokens;
  for (const PageKey& key : keys) {
    const std::string token = MakePageToken(key, asked);
    EXPECT_TRUE(tokens.insert(token).second) << "two keys have one token";
    EXPECT_EQ(token.find_first_not_of(kDigits), std::string::npos) << token;
    const auto read = ReadPageToken(token, asked);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, key);
  }
}

TEST(PageTokens, AreBoundToEachThingAskedAndItsPlace) {
  const std::string token = MakePageToken({"r1"}, {"runners", "default", "a", "b"});
  const std::vector<std::vector<std::string_view>> others = {
      {},
      {"runners"},
      {"runners", "default", "a"},
      {"runners", "default", "a", ""},
      {"runners", "default", "a", "b", ""},
      {"runners", "default", "b", "a"},
      {"runners", "default", "ab", ""},
      {"runners", "default", "", "ab"},
      {"runners", "defaulta", "", "b"},
      {"profiles", "default", "a", "b"},
      {"runners", "acme", "a", "b"},
  };
  for (const auto& other : others) EXPECT_FALSE(ReadPageToken(token, other));
}

TEST(PageTokens, RefuseWhatIsNotOneToTheByte) {
  const std::vector<std::string_view> asked = {"runners", "default"};
  for (const PageKey& key : {PageKey{"r1"}, PageKey{"r22"}, PageKey{"r333"}, PageKey{"r1", "web"}}) {
    const std::string token = MakePageToken(key, asked);
    for (size_t i = 0; i < token.size(); ++i) {
      EXPECT_FALSE(ReadPageToken(token.substr(0, i), asked)) << "cut after " << i;
      EXPECT_FALSE(ReadPageToken(token.substr(i + 1), asked)) << "cut before " << i;
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = token;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
        EXPECT_FALSE(ReadPageToken(flipped, asked)) << i << ", bit " << bit;
      }
      for (const char digit : kDigits) {
        std::string other = token;
        other[i] = digit;
        if (other != token) {
          EXPECT_FALSE(ReadPageToken(other, asked)) << other;
        }
      }
      for (const char blank : {' ', '\n', '=', '.', '\0'}) {
        std::string with = token;
        with.insert(i, 1, blank);
        EXPECT_FALSE(ReadPageToken(with, asked)) << i << ", with " << static_cast<int>(blank);
      }
    }
    for (const std::string_view end : {"=", "==", "A", " ", "\n"})
      EXPECT_FALSE(ReadPageToken(token + std::string(end), asked)) << end;
    EXPECT_FALSE(ReadPageToken(token + token, asked));
  }
  for (const std::string& text : {std::string(), std::string("x"), std::string(1 << 20, 'A'), std::string("../.."),
                                  std::string("\xFF\xFE"), std::string(16, 'A'), std::string(4, '\0')}) {
    EXPECT_FALSE(ReadPageToken(text, asked));
  }
}

}  // namespace
}  // namespace berth
