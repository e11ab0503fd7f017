#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "berth/engine/json.h"
#include "berth/engine/request_edit.h"
#include "berth/spec/document.h"
#include "berth/spec/writer.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

using Json = nlohmann::json;

constexpr int64_t kGi = int64_t{1} << 30;

LaunchRequest Decoded(const std::string& text) {
  return ParseLaunchRequest(std::make_shared<SourceText>("request.json", text));
}

std::string TextOf(const std::vector<PatchOperation>& patch) {
  std::string text;
  JsonWriter writer(text);
  WritePatch(patch, writer);
  return text;
}

// What an edit can change, for comparing two requests.
auto EditableOf(const LaunchRequest& request) {
  std::vector<std::optional<std::string>> amounts;
  std::vector<std::optional<int64_t>> gpus;
  for (const ResourceRequest* side : {&request.requests, &request.limits, &request.resources}) {
    for (const auto* amount : {&side->cpu, &side->memory}) {
      amounts.push_back(*amount ? std::optional((*amount)->value.ToString()) : std::nullopt);
    }
    gpus.push_back(side->gpu.count);
  }
  return std::tuple(amounts, gpus, request.profile_names, request.runner_ids, request.runner_group_id, request.zone);
}

// An edit as text: `c2000` the CPU limit, `C` its request, `m1` the memory limit in GiB, `M` its request, `g` GPUs;
// `profile=p`, `runner=r`, `-group`, `-zone`.
RequestEdit EditOf(const std::string& text) {
  RequestEdit edit;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word.starts_with("profile=")) {
      edit.profile = word.substr(8);
    } else if (word.starts_with("runner=")) {
      edit.runner = word.substr(7);
    } else if (word.starts_with("-")) {
      (word == "-group" ? edit.drop_group : edit.drop_zone) = true;
    } else {
      const auto amount = static_cast<Amount>(std::string_view("cCmMg").find(word[0]));
      const bool memory = amount == Amount::kMemoryLimit || amount == Amount::kMemoryRequest;
      edit.amounts[amount] = AmountEdit{std::stoll(word.substr(1)) * (memory ? kGi : 1), 0, true};
    }
  }
  return edit;
}

struct Row {
  std::string_view what;
  std::string request;
  std::string edit;
  std::string patch;
};

// The patch is as wanted, and the document it gives reads as the edited request does.
void ExpectRows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const LaunchRequest request = Decoded(row.request);
    const RequestEdit edit = EditOf(row.edit);
    ASSERT_TRUE(request.issues.empty()) << row.what;
    const std::string patch = TextOf(PatchOf(request, edit));
    EXPECT_EQ(patch, row.patch) << row.what;
    const Json patched = Json::parse(row.request).patch(Json::parse(patch));
    const LaunchRequest again = Decoded(patched.dump());
    EXPECT_TRUE(again.issues.empty()) << row.what << ": " << patched;
    EXPECT_EQ(EditableOf(again), EditableOf(Edited(request, edit))) << row.what << ": " << patched;
  }
}

TEST(PatchOf, ReplacesWhatIsThereAndAddsWhatIsNot) {
  ExpectRows({
      {"nothing", R"({"resource_limits":{"cpu":"8"}})", "", "[]"},
      {"one amount", R"({"resource_limits":{"cpu":"8"}})", "c2500",
       R"([{"op":"replace","path":"/resource_limits/cpu","value":"2500m"}])"},
      {"a number is replaced by a text", R"({"resource_requests":{"cpu":8}})", "C4000",
       R"([{"op":"replace","path":"/resource_requests/cpu","value":"4"}])"},
      {"every amount, in order",
       R"({"resource_requests":{"cpu":"8","memory":"9Gi","gpu":{"count":4}},"resource_limits":{"cpu":"8","memory":"9Gi"}})",
       "g2 M1 m2 C3000 c4000",
       R"([{"op":"replace","path":"/resource_limits/cpu","value":"4"},)"
       R"({"op":"replace","path":"/resource_requests/cpu","value":"3"},)"
       R"({"op":"replace","path":"/resource_limits/memory","value":"2Gi"},)"
       R"({"op":"replace","path":"/resource_requests/memory","value":"1Gi"},)"
       R"({"op":"replace","path":"/resource_requests/gpu/count","value":2}])"},
      {"a member of a side that is there", R"({"resource_limits":{"cpu":"8"}})", "m1",
       R"([{"op":"add","path":"/resource_limits/memory","value":"1Gi"}])"},
      {"an empty side is there", R"({"resource_limits":{}})", "c1000 m1",
       R"([{"op":"add","path":"/resource_limits/cpu","value":"1"},)"
       R"({"op":"add","path":"/resource_limits/memory","value":"1Gi"}])"},
      {"an absent side with one member", R"({})", "M1",
       R"([{"op":"add","path":"/resource_requests","value":{"memory":"1Gi"}}])"},
      {"an absent side with both members", R"({"resource_requests":{"cpu":"8"}})", "c1000 C1000 m2",
       R"([{"op":"add","path":"/resource_limits","value":{"cpu":"1","memory":"2Gi"}},)"
       R"({"op":"replace","path":"/resource_requests/cpu","value":"1"}])"},
      {"both sides absent", R"({"zone":"z"})", "c1000 C1000 M1",
       R"([{"op":"add","path":"/resource_limits","value":{"cpu":"1"}},)"
       R"({"op":"add","path":"/resource_requests","value":{"cpu":"1","memory":"1Gi"}}])"},
      {"the other side's GPUs make no amount of this one", R"({"resource_limits":{"gpu":{"count":1}}})", "c1000 C1000",
       R"([{"op":"add","path":"/resource_limits/cpu","value":"1"},)"
       R"({"op":"add","path":"/resource_requests","value":{"cpu":"1"}}])"},
  });
}

TEST(PatchOf, TakesNullAndEmptyTextsForAbsent) {
  ExpectRows({
      {"a side of null", R"({"resource_limits":null})", "c1000 m1",
       R"([{"op":"add","path":"/resource_limits","value":{"cpu":"1","memory":"1Gi"}}])"},
      {"a side of null in camelCase", R"({"resourceLimits":null})", "c1000",
       R"([{"op":"add","path":"/resourceLimits","value":{"cpu":"1"}}])"},
      {"an amount of null", R"({"resource_limits":{"cpu":null,"memory":"9Gi"}})", "c1000 m1",
       R"([{"op":"add","path":"/resource_limits/cpu","value":"1"},)"
       R"({"op":"replace","path":"/resource_limits/memory","value":"1Gi"}])"},
      {"a GPU side of null", R"({"resource_limits":{"gpu":null},"resource_requests":{"gpu":{"count":4}}})", "g1",
       R"([{"op":"replace","path":"/resource_requests/gpu/count","value":1}])"},
      {"a list of null beside the one that filters", R"({"profile_names":null,"profile_ids":["a"]})", "profile=p",
       R"([{"op":"replace","path":"/profile_ids","value":["p"]}])"},
      {"an empty list beside the one that filters", R"({"profile_names":["a"],"profile_ids":[]})", "profile=p",
       R"([{"op":"replace","path":"/profile_names","value":["p"]}])"},
  });
}

TEST(PatchOf, SpellsAsTheRequestDoes) {
  ExpectRows({
      {"what is there, as it is there", R"({"resourceRequests":{"cpu":"8"},"resource_limits":{"cpu":"8"}})",
       "c1000 C1000",
       R"([{"op":"replace","path":"/resource_limits/cpu","value":"1"},)"
       R"({"op":"replace","path":"/resourceRequests/cpu","value":"1"}])"},
      {"absent ones in camelCase when any top-level member is", R"({"sandboxId":"sb","zone":"z"})", "c1000 C1000",
       R"([{"op":"add","path":"/resourceLimits","value":{"cpu":"1"}},)"
       R"({"op":"add","path":"/resourceRequests","value":{"cpu":"1"}}])"},
      {"also when that one says nothing", R"({"userId":null})", "c1000",
       R"([{"op":"add","path":"/resourceLimits","value":{"cpu":"1"}}])"},
      {"members inside do not count", R"({"resource_requests":{"gpu":{"gpuCount":4}},"network":{"egressMode":"e"}})",
       "c1000 g1",
       R"([{"op":"add","path":"/resource_limits","value":{"cpu":"1"}},)"
       R"({"op":"replace","path":"/resource_requests/gpu/gpuCount","value":1}])"},
      {"names with one spelling do not count", R"({"zone":"z","architecture":"amd64","privileged":false})", "M1",
       R"([{"op":"add","path":"/resource_requests","value":{"memory":"1Gi"}}])"},
      {"filters in camelCase",
       R"({"profileIds":["a"],"profileNames":["b"],"runnerIds":["r"],"runnerGroupId":"g","zone":"z"})",
       "profile=p runner=q -group -zone",
       R"([{"op":"replace","path":"/profileNames","value":["p"]},{"op":"remove","path":"/profileIds"},)"
       R"({"op":"replace","path":"/runnerIds","value":["q"]},{"op":"remove","path":"/runnerGroupId"},)"
       R"({"op":"remove","path":"/zone"}])"},
  });
}

TEST(PatchOf, ChangesTheGpuCountOnEachSideThatHasIt) {
  ExpectRows({
      {"both sides, limits first",
       R"({"resource_requests":{"gpu":{"count":4,"type":"h100"}},"resource_limits":{"gpu":{"gpu_count":4,"gpu_type":"H100"}}})",
       "g2",
       R"([{"op":"replace","path":"/resource_limits/gpu/gpu_count","value":2},)"
       R"({"op":"replace","path":"/resource_requests/gpu/count","value":2}])"},
      {"a count in a text", R"({"resource_limits":{"gpu":{"count":"4"}}})", "g2",
       R"([{"op":"replace","path":"/resource_limits/gpu/count","value":2}])"},
      {"an empty GPU asks for none",
       R"({"resource_requests":{"gpu":{}},"resource_limits":{"gpu":{"count":4,"memoryGb":80}}})", "g2",
       R"([{"op":"replace","path":"/resource_limits/gpu/count","value":2}])"},
      {"the older resources", R"({"resources":{"gpu":{"gpuCount":4}}})", "g2",
       R"([{"op":"replace","path":"/resources/gpu/gpuCount","value":2}])"},
  });
}

TEST(PatchOf, SetsBothSidesWithOneMemberOfTheOlderResources) {
  ExpectRows({
      {"one operation for both", R"({"resources":{"cpu":"8","memory":"9Gi"}})", "c1000 C1000 m1 M1",
       R"([{"op":"replace","path":"/resources/cpu","value":"1"},)"
       R"({"op":"replace","path":"/resources/memory","value":"1Gi"}])"},
      {"of a limit alone", R"({"resources":{"cpu":"8"}})", "m1",
       R"([{"op":"add","path":"/resources/memory","value":"1Gi"}])"},
      {"of a request alone", R"({"resources":{"cpu":"8"}})", "C1000",
       R"([{"op":"replace","path":"/resources/cpu","value":"1"}])"},
      {"empty ones", R"({"resources":{}})", "c1000 C1000 m1",
       R"([{"op":"add","path":"/resources/cpu","value":"1"},{"op":"add","path":"/resources/memory","value":"1Gi"}])"},
      {"null is not the older spelling", R"({"resources":null})", "c1000",
       R"([{"op":"add","path":"/resource_limits","value":{"cpu":"1"}}])"},
  });
}

TEST(PatchOf, ReplacesTheListThatFilters) {
  ExpectRows({
      {"names", R"({"profile_names":["a","b"]})", "profile=p",
       R"([{"op":"replace","path":"/profile_names","value":["p"]}])"},
      {"ids", R"({"profile_ids":["a","b"]})", "profile=p", R"([{"op":"replace","path":"/profile_ids","value":["p"]}])"},
      {"ids beside an empty list of names", R"({"profile_names":[],"profile_ids":["a"]})", "profile=p",
       R"([{"op":"replace","path":"/profile_ids","value":["p"]}])"},
      {"both", R"({"profile_names":["a"],"profile_ids":["b"]})", "profile=p",
       R"([{"op":"replace","path":"/profile_names","value":["p"]},{"op":"remove","path":"/profile_ids"}])"},
      {"a runner", R"({"runner_ids":["a","b"],"zone":"z"})", "runner=r",
       R"([{"op":"replace","path":"/runner_ids","value":["r"]}])"},
      {"a group", R"({"runner_group_id":"g","zone":"z"})", "-group", R"([{"op":"remove","path":"/runner_group_id"}])"},
      {"a zone", R"({"runner_group_id":"g","zone":"z"})", "-zone", R"([{"op":"remove","path":"/zone"}])"},
      {"amounts come before filters", R"({"profile_names":["a"],"resources":{"cpu":"2"}})", "c1000 C1000 profile=p",
       R"([{"op":"replace","path":"/resources/cpu","value":"1"},{"op":"replace","path":"/profile_names","value":["p"]}])"},
      {"a name that JSON escapes", R"({"profile_names":["a"]})", "profile=a\"b\"\\/ü",
       R"([{"op":"replace","path":"/profile_names","value":["a\"b\"\\/ü"]}])"},
  });
}

TEST(PatchOf, SpellsRequestsWithoutADocumentInSnakeCase) {
  LaunchRequest request;
  request.profile_names = {"a"};
  request.runner_ids = {"r"};
  request.runner_group_id = "g";
  request.zone = "z";
  request.requests.cpu = Located<Quantity>{Quantity::FromMillicores(8000), {}};
  request.requests.gpu.count = 4;
  const RequestEdit edit = EditOf("c1000 C1000 g2 profile=p runner=q -group -zone");
  EXPECT_EQ(TextOf(PatchOf(request, edit)),
            R"([{"op":"add","path":"/resource_limits","value":{"cpu":"1"}},)"
            R"({"op":"replace","path":"/resource_requests/cpu","value":"1"},)"
            R"({"op":"replace","path":"/resource_requests/gpu/count","value":2},)"
            R"({"op":"replace","path":"/profile_names","value":["p"]},)"
            R"({"op":"replace","path":"/runner_ids","value":["q"]},)"
            R"({"op":"remove","path":"/runner_group_id"},{"op":"remove","path":"/zone"}])");
  const LaunchRequest edited = Edited(request, edit);
  EXPECT_EQ(edited.limits.cpu->value.ToString(), "1");
  EXPECT_EQ(edited.requests.cpu->value.ToString(), "1");
  EXPECT_EQ(edited.requests.gpu.count, 2);
  EXPECT_FALSE(edited.limits.gpu.count.has_value());
  EXPECT_EQ(edited.profile_names, std::vector<std::string>{"p"});
  EXPECT_EQ(edited.runner_ids, std::vector<std::string>{"q"});
  EXPECT_EQ(edited.runner_group_id, "");
  EXPECT_EQ(edited.zone, "");
}

TEST(Edited, LeavesTheRestAsItIs) {
  const LaunchRequest request = Decoded(
      R"({"organization_id":"acme","user_id":"u","sandbox_id":"sb","container_image":"a","architecture":"arm64",)"
      R"("privileged":true,"storage_classes":["s"],"network":{"egress_mode":"e"},"resource_requests":{"cpu":"8"}})");
  const LaunchRequest edited = Edited(request, EditOf("C1000"));
  EXPECT_EQ(edited.requests.cpu->value.ToString(), "1");
  EXPECT_EQ(std::tie(edited.organization_id, edited.user_id, edited.sandbox_id, edited.container_image.value),
            std::tie(request.organization_id, request.user_id, request.sandbox_id, request.container_image.value));
  EXPECT_EQ(std::tie(edited.architecture, edited.privileged, edited.storage_classes, edited.egress_mode),
            std::tie(request.architecture, request.privileged, request.storage_classes, request.egress_mode));
  EXPECT_EQ(edited.node, request.node);
}

}  // namespace
}  // namespace berth
