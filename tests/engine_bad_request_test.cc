// Requests that nobody should send: too long, too deep, too many, out of range, or no request at all.
//
// Each is answered INVALID with the fields that are wrong, in time and in a bounded answer, and never with a reason that
// speaks of capabilities. Its neighbour, one step away, is a request like any other.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/spec/limits.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace berth {
namespace {

using Json = nlohmann::json;
using namespace std::string_literals;

struct Row {
  std::string what;
  std::string bad;
  std::string fields;  // that are wrong; empty: the document itself
  std::string good;    // one step away; not invalid
};

class BadRequest : public testing::Test {
 protected:
  BadRequest() {
    const Source organization = {"organization",
                                 "{kind: Organization, launch_overrides: [pod.spec.tolerations, tags]}"};
    EXPECT_TRUE(engine_.Publish(CatalogOf({ZoneSource(), ProfileSource(), RunnerSource(), organization}), 1).ok());
  }

  Json Decide(const std::string& text, const std::string& name = "request.json") {
    const LaunchRequest request = Decode(std::make_shared<SourceText>(name, text));
    Scratch scratch;
    const DetailedDecision decision = engine_.AdmitInDetail(request, scratch);
    const std::string answer = DecisionToJson(decision, request, /*all=*/true, JsonLayout::kCompact);
    return Json::parse(answer);
  }

  // Without the bound on a request's bytes, as for one of many in a file: every other bound must hold alone.
  static LaunchRequest Decode(const std::shared_ptr<const SourceText>& source) {
    const ParsedDocument parsed = ParseDocument(source);
    if (parsed.document == nullptr || parsed.document->root_count() != 1) return ParseLaunchRequest(source);
    return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
  }

  // The distinct fields that are wrong, with `,` between them; for an answer that is not INVALID, its verdict.
  std::string Fields(const std::string& text, const std::string& name = "request.json") {
    const Json decision = Decide(text, name);
    if (decision["verdict"] != "INVALID") return decision["verdict"];
    EXPECT_EQ(decision["code"], "CWSANDBOX_INVALID_REQUEST");
    EXPECT_EQ(decision["candidates"], 0);
    EXPECT_FALSE(decision.contains("reasons") || decision.contains("remedies"));
    EXPECT_FALSE(decision["violations"].empty());
    EXPECT_LE(decision["violations"].size(), kMaxIssues + 1);
    std::set<std::string> fields;
    for (const Json& violation : decision["violations"]) {
      EXPECT_NE(violation["description"], "");
      fields.insert(violation["field"].get<std::string>());
    }
    std::string joined;
    for (const std::string& field : fields) joined.append(joined.empty() ? "" : ",").append(field);
    return joined;
  }

  // The files' names say whether they are JSON.
  void ExpectRows(const std::vector<Row>& rows, const std::string& name = "request.json") {
    for (const Row& row : rows) {
      EXPECT_EQ(Fields(row.bad, name), row.fields) << row.what;
      EXPECT_NE(Decide(row.good, name)["verdict"], "INVALID") << row.what;
    }
  }

 private:
  Engine engine_;
};

std::string List(const std::string& prefix, size_t count) {
  Json names = Json::array();
  for (size_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
  return names.dump();
}

std::string Ports(size_t count) {
  Json ports = Json::array();
  for (size_t i = 0; i < count; ++i) ports.push_back(i + 1);
  return R"({"network":{"ingress_mode":"web","exposed_ports":)" + ports.dump() + "}}";
}

// `{"pod_annotations":{"k0":"VALUE",...}}`
std::string Annotations(size_t count, const std::string& value) {
  std::string text = R"({"pod_annotations":{)";
  for (size_t i = 0; i < count; ++i) {
    text.append(i == 0 ? "" : ",").append("\"k").append(std::to_string(i)).append("\":\"").append(value).append("\"");
  }
  return text + "}}";
}

std::string Nested(size_t lists) { return R"({"tags":)" + std::string(lists, '[') + std::string(lists, ']') + "}"; }

TEST_F(BadRequest, TooMany) {
  const auto list = [](const std::string& name, size_t count) { return "{\"" + name + "\":" + List("n", count) + "}"; };
  const auto tags = [](size_t count) { return R"({"overrides":{"tags":)" + List("t", count) + "}}"; };
  const auto tolerations = [](size_t count) {
    return R"({"overrides":{"pod":{"spec":{"tolerations":)" + Json(std::vector<Json>(count, Json::object())).dump() +
           "}}}}";
  };
  ExpectRows({
      {"names", list("profile_names", 1000), "profile_names", list("profile_names", kMaxProfileFilters)},
      {"one name", list("profile_names", kMaxProfileFilters + 1), "profile_names", list("profile_names", 1)},
      {"ids", list("profileIds", 1000), "profile_ids", list("profileIds", kMaxProfileFilters)},
      {"runners", list("runner_ids", 1000), "runner_ids", list("runner_ids", kMaxRunnerFilters)},
      {"storage classes", list("storage_classes", kMaxListItems + 1), "storage_classes",
       list("storage_classes", kMaxListItems)},
      {"ports", Ports(kMaxExposedPorts + 1), "network.exposed_ports", Ports(kMaxExposedPorts)},
      {"very many ports", Ports(100'000), "network.exposed_ports", Ports(1)},
      {"annotations", Annotations(kMaxLaunchAnnotations + 1, "x"), "pod_annotations",
       Annotations(kMaxLaunchAnnotations, "x")},
      {"a million annotations", Annotations(1'000'000, "x"), "pod_annotations", Annotations(1, "x")},
      {"a million empty annotations", Annotations(1'000'000, ""), "pod_annotations", Annotations(1, "x")},
      {"bytes of annotations", Annotations(90, std::string(4000, 'x')), "pod_annotations",
       Annotations(60, std::string(4000, 'x'))},
      {"values of an override", tags(kMaxListItems + 1), "overrides.tags", tags(kMaxListItems)},
      {"elements inside pod.spec", tolerations(20'000), "overrides.pod.spec.tolerations", tolerations(1)},
  });
}

TEST_F(BadRequest, OutOfRange) {
  const auto gpu = [](const std::string& count) { return R"({"resource_requests":{"gpu":{"count":)" + count + "}}}"; };
  const auto gpu_memory = [](const std::string& gb) {
    return R"({"resource_limits":{"gpu":{"count":1,"memory_gb":)" + gb + "}}}";
  };
  const auto port = [](const std::string& number) {
    return R"({"network":{"ingress_mode":"web","exposed_ports":[)" + number + "]}}";
  };
  const auto cpu = [](const std::string& amount) { return R"({"resource_limits":{"cpu":)" + amount + "}}"; };
  const auto memory = [](const std::string& amount) { return R"({"resource_requests":{"memory":)" + amount + "}}"; };
  const std::string count = "resource_requests.gpu.count";
  const std::string ports = "network.exposed_ports[0]";
  ExpectRows({
      {"a negative count", gpu("-1"), count, gpu("1")},
      {"no GPU", gpu("-0"), count, gpu("1")},
      {"a count of 2^63", gpu("9223372036854775808"), count, gpu("9223372036854775807")},
      {"the same in a text", gpu("\"9223372036854775808\""), count, gpu("\"9223372036854775807\"")},
      {"a count with a fraction", gpu("1.5"), count, gpu("1")},
      {"a count with an exponent", gpu("1e3"), count, gpu("1000")},
      {"a count without a number", gpu("\"many\""), count, gpu("\"1\"")},
      {"a negative memory", gpu_memory("-1"), "resource_limits.gpu.memory_gb", gpu_memory("1")},
      {"a memory of 2^64", gpu_memory("18446744073709551616"), "resource_limits.gpu.memory_gb", gpu_memory("80")},
      {"a negative port", port("-1"), ports, port("1")},
      {"a port of 2^16", port("65536"), ports, port("65535")},
      {"a port of 10^20", port("100000000000000000000"), ports, port("80")},
      {"negative CPU", cpu("-1"), "resource_limits.cpu", cpu("1")},
      {"CPU of 2^63", cpu("\"9223372036854775808\""), "resource_limits.cpu", cpu("\"9223372036854775\"")},
      {"CPU whose millicores are too many", cpu("\"9223372036854776\""), "resource_limits.cpu",
       cpu("\"9223372036854775\"")},
      {"CPU beyond a double", cpu("1e400"), "resource_limits.cpu", cpu("1e3")},
      {"CPU with an absurd exponent", cpu("1e9999999999"), "resource_limits.cpu", cpu("1e-3")},
      {"CPU of 200000 digits", cpu("\"" + std::string(200'000, '9') + "\""), "resource_limits.cpu",
       cpu("\"" + std::string(200'000, '0') + "1\"")},
      {"CPU that is no number", cpu("\"NaN\""), "resource_limits.cpu", cpu("null")},
      {"memory of 8Ei", memory("\"8Ei\""), "resource_requests.memory", memory("\"7Ei\"")},
      {"negative memory", memory("\"-1Gi\""), "resource_requests.memory", memory("\"0\"")},
      {"an unknown value", R"({"overrides":{"pod":{"spec":{"tolerations":[{"operator":"Sometimes"}]}}}})",
       "overrides.pod.spec.tolerations[0].operator",
       R"({"overrides":{"pod":{"spec":{"tolerations":[{"operator":"Exists"}]}}}})"},
      {"neither true nor false", R"({"privileged":"maybe"})", "privileged", R"({"privileged":true})"},
  });
}

TEST_F(BadRequest, ControlCharacters) {
  std::vector<Row> rows;
  for (const char* name :
       {"organization_id", "user_id", "zone", "runner_group_id", "sandbox_id", "container_image", "architecture"}) {
    const std::string field = name;
    rows.push_back({field, "{\"" + field + R"(":"a\u0000b"})", field, "{\"" + field + R"(":"ab"})"});
  }
  for (const char* name : {"profile_names", "profile_ids", "runner_ids", "storage_classes"}) {
    const std::string field = name;
    rows.push_back(
        {field, "{\"" + field + R"(":["ok","a\u0000b"]})", field + "[1]", "{\"" + field + R"(":["ok","ab"]})"});
  }
  const std::vector<Row> more = {
      {"a mode", R"({"network":{"egress_mode":"a\u0000"}})", "network.egress_mode",
       R"({"network":{"egress_mode":"a"}})"},
      {"a level", R"({"network":{"ingress_mode":"a\u0000","exposed_ports":[1]}})", "network.ingress_mode",
       R"({"network":{"ingress_mode":"a","exposed_ports":[1]}})"},
      {"an annotation", R"({"pod_annotations":{"a":"b\u0000"}})", R"(pod_annotations["a"])",
       R"({"pod_annotations":{"a":"b"}})"},
      {"its key", R"({"pod_annotations":{"a\u0000":"b"}})", "pod_annotations[\"a\0\"]"s,
       R"({"pod_annotations":{"a":"b"}})"},
      {"an amount", R"({"resource_limits":{"cpu":"1\u0000"}})", "resource_limits.cpu",
       R"({"resource_limits":{"cpu":"1"}})"},
      {"a type of GPU", R"({"resource_limits":{"gpu":{"count":1,"type":"h\u0000"}}})", "resource_limits.gpu.type",
       R"({"resource_limits":{"gpu":{"count":1,"type":"h"}}})"},
      {"a name of a field", R"({"zone\u0000":"b"})", "zone\0"s, R"({"zone":"b"})"},
      {"a byte of 0", "{\"zone\":\"a\0b\"}"s, "", R"({"zone":"ab"})"},
  };
  rows.insert(rows.end(), more.begin(), more.end());
  ExpectRows(rows);
}

TEST_F(BadRequest, TooLong) {
  const auto text = [](const std::string& name, size_t size) {
    return "{\"" + name + "\":\"" + std::string(size, 'z') + "\"}";
  };
  constexpr size_t kMiB = size_t{1} << 20;
  ExpectRows({
      {"a name", text("zone", kMaxNameBytes + 1), "zone", text("zone", kMaxNameBytes)},
      {"a name that is read to its end", text("zone", kMaxTextBytes), "zone", text("zone", 1)},
      {"a name of 1 MiB", text("zone", kMiB), "zone", text("zone", 1)},
      {"a name of 10 MiB", text("user_id", 10 * kMiB), "user_id", text("user_id", 1)},
      {"an image", text("container_image", 200'000), "container_image", text("container_image", 200)},
      {"an image of 1 MiB", text("container_image", kMiB), "container_image", text("container_image", 1)},
      {"what is only carried", text("tags", kMaxTextBytes + 1), "tags", text("tags", kMaxTextBytes)},
      {"a label", text("sandbox_id", 64), "sandbox_id", text("sandbox_id", 63)},
      {"an annotation's key", R"({"pod_annotations":{")" + std::string(64, 'k') + R"(":"x"}})",
       "pod_annotations[\"" + std::string(64, 'k') + "\"]",
       R"({"pod_annotations":{")" + std::string(63, 'k') + R"(":"x"}})"},
      {"a key of the document", "{\"" + std::string(kMaxKeyBytes + 1, 'z') + "\":1}", "", "{}"},
      {"a key of 1 MiB", "{\"" + std::string(kMiB, 'z') + "\":1}", "", "{}"},
  });
}

TEST_F(BadRequest, TooDeep) {
  ExpectRows({
      {"one too deep", Nested(kMaxDepth), "", Nested(kMaxDepth - 1)},
      {"a million lists", Nested(1'000'000), "", Nested(1)},
      {"a million lists that do not end", std::string(1'000'000, '['), "", "{}"},
      {"maps",
       [] {
         std::string maps = R"({"overrides":)";
         for (size_t i = 0; i < 100'000; ++i) maps += R"({"a":)";
         return maps;
       }(),
       "", "{}"},
  });
}

TEST_F(BadRequest, IsNoRequest) {
  ExpectRows({
      {"nothing", "", "", "{}"},
      {"null", "null", "", "{}"},
      {"a list", "[{}]", "", "{}"},
      {"a number", "1", "", "{}"},
      {"a text", "\"{}\"", "", "{}"},
      {"two", "{}{}", "", "{}"},
      {"half", R"({"zone":)", "", R"({"zone":""})"},
      {"a comma too many", R"({"zone":"a",})", "", R"({"zone":"a"})"},
      {"one key twice", R"({"zone":"a","zone":"a"})", "zone", R"({"zone":"a"})"},
      {"one field in two spellings", R"({"runner_ids":["a"],"runnerIds":["a"]})", "runner_ids",
       R"({"runnerIds":["a"]})"},
      {"half a character", R"({"zone":"\ud800"})", "", R"({"zone":"\ud83d\ude00"})"},
      {"no UTF-8", "{\"zone\":\"a\xff\"}", "", "{\"zone\":\"\xc3\xbc\"}"},
      {"a map for a text", R"({"zone":{}})", "zone", R"({"zone":null})"},
      {"a text for a list", R"({"profile_names":"p1"})", "profile_names", R"({"profile_names":["p1"]})"},
      {"all but texts in a list", R"({"runner_ids":[1,null,[],{}]})",
       "runner_ids[0],runner_ids[1],runner_ids[2],runner_ids[3]", R"({"runner_ids":["1"]})"},
      {"a list for a record", R"({"network":[],"resource_limits":[]})", "network,resource_limits", R"({"network":{}})"},
      {"a number for a record", R"({"resources":1})", "resources", R"({"resources":{}})"},
      {"all at once", R"({"zone":1,"privileged":2,"sandbox_id":"A","resource_limits":{"cpu":"x"},"what":0})",
       "privileged,resource_limits.cpu,sandbox_id,what,zone", "{}"},
  });
}

TEST_F(BadRequest, IsNoRequestInYaml) {
  ExpectRows(
      {
          {"nothing", "", "", "{}"},
          {"two documents", "---\n{}\n---\n{}\n", "", "---\n{}\n"},
          {"an alias", "zone: &a x\nrunner_group_id: *a\n", "runner_group_id,zone", "zone: x\nrunner_group_id: x\n"},
          {"a tag", "zone: !!str x", "zone", "zone: x"},
          {"a merge key", "<<: {zone: a}", "<<", "zone: a"},
          {"a list as a key", "? [a]\n: b", "", "? zone\n: b"},
          {"lines in a name", "zone: |\n  a\n  b\n", "zone", "zone: >-\n  a\n  b\n"},
          {"half", "{zone: a", "", "{zone: a}"},
          {"a tab", "network:\n\tegress_mode: a", "", "network:\n  egress_mode: a"},
      },
      "request.yaml");
}

// Ten levels of ten aliases each would be 10^10 values.
TEST_F(BadRequest, DoesNotGrow) {
  std::string yaml = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'l'; ++c) {
    yaml.append(1, c).append(": &").append(1, c).append(" [");
    for (int i = 0; i < 10; ++i) yaml.append(i == 0 ? "*" : ", *").append(1, static_cast<char>(c - 1));
    yaml.append("]\n");
  }
  EXPECT_NE(Fields(yaml, "request.yaml"), "ADMITTED");
}

TEST_F(BadRequest, HasABoundedAnswer) {
  std::string fields = "{";
  for (size_t i = 0; i < 100'000; ++i)
    fields.append(i == 0 ? "" : ",").append("\"k").append(std::to_string(i)).append("\":1");
  const Json decision = Decide(fields + "}");
  EXPECT_EQ(decision["verdict"], "INVALID");
  ASSERT_EQ(decision["violations"].size(), kMaxIssues + 1);
  // One counts the others.
  const auto counts = [](const Json& violation) { return violation["field"].get<std::string>().empty(); };
  EXPECT_EQ(std::ranges::count_if(decision["violations"].begin(), decision["violations"].end(), counts), 1);
}

// Filters that contradict each other or name nothing are no mistake of form, and no matter of capabilities.
TEST_F(BadRequest, AboveTheLimitOfBytesIsNotParsed) {
  const std::string text = R"({"user_id": ")" + std::string(kMaxRequestBytes, 'a') + R"("})";
  const LaunchRequest request = ParseLaunchRequest(std::make_shared<SourceText>("request.json", text));
  ASSERT_EQ(request.issues.size(), 1U);
  EXPECT_EQ(request.issues[0].code, IssueCode::kLimitExceeded);
  EXPECT_EQ(request.node, nullptr);
  Scratch scratch;
  EXPECT_EQ(Engine().AdmitInDetail(request, scratch).verdict, Verdict::kInvalid);
}

TEST_F(BadRequest, ProfilesAreBoundedInBothListsTogether) {
  const auto names = [](int first) {
    std::string list;
    for (int i = first; i < first + 40; ++i)
      list.append(list.empty() ? "" : ",").append("\"p" + std::to_string(i) + "\"");
    return "[" + list + "]";
  };
  EXPECT_EQ(Fields(R"({"profile_names":)" + names(0) + R"(,"profile_ids":)" + names(40) + "}"), "profile_names");
  EXPECT_EQ(Fields(R"({"profile_names":)" + names(0) + R"(,"profile_ids":)" + names(0) + "}"), "ADMITTED");
}

TEST_F(BadRequest, ContradictoryFiltersAreAMatterOfScope) {
  const std::pair<const char*, const char*> kRows[] = {
      {R"({"profile_names":["p1"],"runner_ids":["r9"]})", "RUNNER_NOT_FOUND"},
      {R"({"profile_names":["p9"],"runner_ids":["r9"],"zone":"z9"})", "PROFILE_NOT_BOUND"},
      {R"({"runner_ids":["r2"],"zone":"z1"})", "FILTERS_DISJOINT"},
      {R"({"profile_ids":["p2"],"runner_ids":["r1"],"architecture":"vax","privileged":true})", "FILTERS_DISJOINT"},
  };
  Source second = RunnerSource("r2");
  second.text =
      "{kind: Runner, runner_id: r2, identity: {zone: z2, cluster_name: c2}, "
      "profile_bindings: [{profile_template_id: p2, is_default: true}]}";
  Engine engine;
  ASSERT_TRUE(
      engine.Publish(CatalogOf({ZoneSource(), ProfileSource(), ProfileSource("{}", "p2"), RunnerSource(), second}), 1)
          .ok());
  for (const auto& [request, code] : kRows) EXPECT_EQ(Answer(engine, request), code) << request;
}

}  // namespace
}  // namespace berth
