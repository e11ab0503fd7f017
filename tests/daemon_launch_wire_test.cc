#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/launch_wire.h"
#include "berth/engine/json.h"
#include "berth/spec/launch.h"
#include "berth/spec/writer.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Json = nlohmann::json;
using testing::HasSubstr;

constexpr LaunchIdentity kNobody = {"default", "", ""};

LaunchRequest Parsed(std::string json) {
  return ParseLaunchRequest(std::make_shared<SourceText>("request.json", std::move(json)));
}

// ---- what a request holds, member by member ----

std::string TextOf(const NodeRef& node) {
  if (node == nullptr) return "none";
  std::string text;
  JsonWriter writer(text);
  WriteNode(*node, writer);
  return text;
}

std::string TextOf(const ResourceRequest& side) {
  const auto amount = [](const auto& quantity) { return quantity ? quantity->value.ToString() : "none"; };
  const auto number = [](const auto& value) { return value ? std::to_string(*value) : "none"; };
  return std::string(side.written ? "written" : "absent") + " cpu " + amount(side.cpu) + " memory " +
         amount(side.memory) + " gpu " + (side.gpu.written ? "written" : "absent") + " " + number(side.gpu.count) +
         " '" + side.gpu.type + "' " + number(side.gpu.memory_gb);
}

template <typename Items>
std::string TextOf(const Items& items) {
  return Json(items).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What is asked, without how it was spelled and where.
std::map<std::string, std::string> MembersOf(const LaunchRequest& request) {
  std::string dropped;
  for (const DroppedValue& value : request.dropped) dropped += value.path + "=" + TextOf(value.value) + "\n";
  return {
      {"organization_id", request.organization_id},
      {"user_id", request.user_id},
      {"sandbox_id", request.sandbox_id},
      {"profile_names", TextOf(request.profile_names)},
      {"runner_ids", TextOf(request.runner_ids)},
      {"runner_group_id", request.runner_group_id},
      {"zone", request.zone},
      {"container_image", request.container_image.value},
      {"requests", TextOf(request.requests)},
      {"limits", TextOf(request.limits)},
      {"resources", TextOf(request.resources)},
      {"architecture", request.architecture},
      {"privileged", request.privileged ? "true" : "false"},
      {"storage_classes", TextOf(request.storage_classes)},
      {"egress_mode", request.egress_mode},
      {"ingress_mode", request.ingress_mode},
      {"exposed_ports", TextOf(request.exposed_ports)},
      {"pod_annotations", TextOf(request.pod_annotations)},
      {"overrides", TextOf(request.overrides)},
      {"dropped", dropped},
  };
}

std::multiset<std::string> IssuesOf(const LaunchRequest& request) {
  std::multiset<std::string> issues;
  for (const Issue& issue : request.issues) {
    issues.insert(std::string(InfoOf(issue.code).id) + " " + issue.field + ": " + issue.message);
  }
  return issues;
}

template <typename Proto>
Proto ProtoOf(const std::string& text) {
  Proto message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

struct Row {
  std::string message;   // in protobuf's text format
  std::string document;  // the same request, as a person writes it
};

template <typename Proto>
void ExpectSame(const Row& row, const LaunchIdentity& identity = kNobody) {
  SCOPED_TRACE(row.message);
  const LaunchRequest from_wire = LaunchFromWire(ProtoOf<Proto>(row.message), identity);
  const LaunchRequest written = Parsed(row.document);
  EXPECT_EQ(MembersOf(from_wire), MembersOf(written));
  EXPECT_EQ(IssuesOf(from_wire), IssuesOf(written));
}

// Names of the message's fields that no row sets.
template <typename Proto>
std::set<std::string> FieldsWithoutRow(const std::vector<Row>& rows) {
  std::set<std::string> fields;
  const auto& descriptor = *Proto::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) fields.insert(descriptor.field(i)->name());
  for (const Row& row : rows) {
    const Proto message = ProtoOf<Proto>(row.message);
    std::vector<const FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const FieldDescriptor* field : set) fields.erase(field->name());
  }
  return fields;
}

// ---- each field ----

TEST(LaunchWire, BringsEveryFieldOfAdmission) {
  const std::vector<Row> rows = {
      {"", "{}"},
      {"organization_id: 'acme'", R"({"organization_id": "acme"})"},
      {"user_id: 'u-1'", R"({"user_id": "u-1"})"},
      {"sandbox_id: 'sb-1'", R"({"sandbox_id": "sb-1"})"},
      {"profile_names: 'b' profile_names: 'a'", R"({"profile_names": ["a", "b"]})"},
      {"runner_ids: 'r2' runner_ids: 'r1'", R"({"runner_ids": ["r1", "r2"]})"},
      {"runner_group_id: 'blue'", R"({"runner_group_id": "blue"})"},
      {"zone: 'z1'", R"({"zone": "z1"})"},
      {"container_image: 'python:3'", R"({"container_image": "python:3"})"},
      {"resource_requests { cpu: '4' memory: '16Gi' }", R"({"resource_requests": {"cpu": "4", "memory": "16Gi"}})"},
      {"resource_limits { cpu: '500m' memory: '1Gi' }", R"({"resource_limits": {"cpu": "500m", "memory": "1Gi"}})"},
      {"resource_requests { gpu { count: 2 type: 'h100' } }",
       R"({"resource_requests": {"gpu": {"count": 2, "type": "h100"}}})"},
      {"resource_limits { gpu { count: 1 memory_gb: 80 } }",
       R"({"resource_limits": {"gpu": {"count": 1, "memory_gb": 80}}})"},
      {"resource_limits { cpu: 'many' }", R"({"resource_limits": {"cpu": "many"}})"},
      {"resource_limits { gpu { count: -1 memory_gb: -9223372036854775808 } }",
       R"({"resource_limits": {"gpu": {"count": -1, "memory_gb": -9223372036854775808}}})"},
      {"architecture: 'arm64'", R"({"architecture": "arm64"})"},
      {"privileged: true", R"({"privileged": true})"},
      {"storage_classes: 'fast' storage_classes: 'local'", R"({"storage_classes": ["fast", "local"]})"},
      {"network { egress_mode: 'net' }", R"({"network": {"egress_mode": "net"}})"},
      {"network { ingress_mode: 'pub' exposed_ports: 80 exposed_ports: 8080 }",
       R"({"network": {"ingress_mode": "pub", "exposed_ports": [80, 8080]}})"},
      {"network { exposed_ports: -5 exposed_ports: 80 exposed_ports: 80 }",
       R"({"network": {"exposed_ports": [-5, 80, 80]}})"},
      {"pod_annotations { key: 'team' value: 'ml' }", R"({"pod_annotations": {"team": "ml"}})"},
      {"pod_annotations { key: 'sandbox-id' value: 'x' }", R"({"pod_annotations": {"sandbox-id": "x"}})"},
      {"pod_annotations { key: '' value: '' }", R"({"pod_annotations": {"": ""}})"},
      {R"(overrides_json: '{"tags": ["a"]}')", R"({"overrides": {"tags": ["a"]}})"},
      {"profile_names: ''", R"({"profile_names": [""]})"},
      {"resources { cpu: '2' memory: '4Gi' }", R"({"resources": {"cpu": "2", "memory": "4Gi"}})"},
      {"profile_ids: 'p1' profile_names: 'a'", R"({"profile_names": ["a", "p1"]})"},
  };
  for (const Row& row : rows) ExpectSame<v1::LaunchRequest>(row);
  EXPECT_THAT(FieldsWithoutRow<v1::LaunchRequest>(rows), testing::IsEmpty());
}

TEST(LaunchWire, BringsEveryFieldOfTheGateway) {
  const std::vector<Row> rows = {
      {"", "{}"},
      {"container_image: 'python:3'", R"({"container_image": "python:3"})"},
      {"profile_ids: 'i1' profile_names: 'a'", R"({"profile_names": ["a", "i1"]})"},
      {"profile_ids: 'i2' profile_ids: 'i1'", R"({"profile_names": ["i1", "i2"]})"},
      {"runner_ids: 'r1'", R"({"runner_ids": ["r1"]})"},
      {"resources { cpu: '4' memory: '16Gi' gpu { gpu_count: 1 gpu_type: 'h100' } }",
       R"({"resources": {"cpu": "4", "memory": "16Gi", "gpu": {"count": 1, "type": "h100"}}})"},
      {"resource_limits { cpu: '1' gpu { gpu_count: 1 gpu_memory_gb: 40 } }",
       R"({"resource_limits": {"cpu": "1", "gpu": {"count": 1, "memory_gb": 40}}})"},
      {"resource_requests { memory: '1Gi' }", R"({"resource_requests": {"memory": "1Gi"}})"},
      {"resource_requests { gpu { gpu_count: -1 } }", R"({"resource_requests": {"gpu": {"count": -1}}})"},
      {"network { ingress_mode: 'pub' exposed_ports: 80 egress_mode: 'net' }",
       R"({"network": {"egress_mode": "net", "ingress_mode": "pub", "exposed_ports": [80]}})"},
      {"pod_annotations { key: 'team' value: 'ml' }", R"({"pod_annotations": {"team": "ml"}})"},
  };
  for (const Row& row : rows) ExpectSame<wire::StartSandboxRequest>(row);
  // What belongs to the sandbox alone says nothing to an admission.
  const std::vector<Row> carried = {
      {"command: 'sh' args: '-c' tags: 't' environment_variables { key: 'A' value: 'b' }", "{}"},
      {"ports { container_port: 80 } mounted_files { mount_path: '/a' file_content: '\\377' }", "{}"},
      {"s3_mount { bucket: 'b' directory: 'd' mount_path: '/m' } file_system { mount_path: '/m' size: '1' }", "{}"},
      {"max_lifetime_seconds: 5 max_timeout_seconds: 6", "{}"},
      {"runner_cluster_secrets { env_var: 'E' } secret_stores { store_name: 's' }", "{}"},
      {"object_storage_access { buckets: 'b' } volumes { volume_id: 'v' mount_path: '/m' }", "{}"},
  };
  for (const Row& row : carried) ExpectSame<wire::StartSandboxRequest>(row);
  std::vector<Row> all = rows;
  all.insert(all.end(), carried.begin(), carried.end());
  EXPECT_THAT(FieldsWithoutRow<wire::StartSandboxRequest>(all), testing::IsEmpty());
}

TEST(LaunchWire, TakesWhatIsEmptyForAbsent) {
  const std::vector<Row> rows = {
      {"organization_id: '' user_id: '' sandbox_id: '' runner_group_id: '' zone: '' container_image: ''", "{}"},
      {"architecture: '' privileged: false overrides_json: ''", "{}"},
      {"network {}", "{}"},
      {"network { egress_mode: '' ingress_mode: '' }", "{}"},
      // A side that is there asks for nothing, but it is there.
      {"resource_requests {}", R"({"resource_requests": {}})"},
      {"resource_limits { cpu: '' memory: '' gpu {} }", R"({"resource_limits": {"gpu": {}}})"},
      {"resource_limits { gpu { type: '' } }", R"({"resource_limits": {"gpu": {}}})"},
      // Numbers with presence are not.
      {"resource_limits { gpu { count: 0 } }", R"({"resource_limits": {"gpu": {"count": 0}}})"},
      {"resource_limits { gpu { count: 1 memory_gb: 0 } }",
       R"({"resource_limits": {"gpu": {"count": 1, "memory_gb": 0}}})"},
  };
  for (const Row& row : rows) ExpectSame<v1::LaunchRequest>(row);
  const std::vector<Row> start = {
      // Clients of the gateway send a count without presence: 0 is none.
      {"resource_limits { gpu { gpu_count: 0 } }", R"({"resource_limits": {"gpu": {}}})"},
      {"resource_limits { gpu { gpu_type: 'a' } }", R"({"resource_limits": {"gpu": {"type": "a"}}})"},
      {"resource_limits { gpu { gpu_count: 1 gpu_type: '' } }", R"({"resource_limits": {"gpu": {"count": 1}}})"},
      {"resource_limits { gpu { gpu_count: 1 gpu_memory_gb: 0 } }",
       R"({"resource_limits": {"gpu": {"count": 1, "memory_gb": 0}}})"},
      {"resources {}", R"({"resources": {}})"},
      {"network {}", "{}"},
  };
  for (const Row& row : start) ExpectSame<wire::StartSandboxRequest>(row);
}

TEST(LaunchWire, PutsTheTransportsIdentityWhereTheMessageSaysNothing) {
  constexpr LaunchIdentity kSomebody = {"acme", "u-7", "sb-7"};
  const std::string whole = R"({"organization_id": "acme", "user_id": "u-7", "sandbox_id": "sb-7"})";
  ExpectSame<v1::LaunchRequest>({"", whole}, kSomebody);
  ExpectSame<wire::StartSandboxRequest>({"", whole}, kSomebody);
  ExpectSame<v1::LaunchRequest>({"organization_id: 'other' user_id: 'u-1' sandbox_id: 'sb-1'",
                                 R"({"organization_id": "other", "user_id": "u-1", "sandbox_id": "sb-1"})"},
                                kSomebody);
  ExpectSame<v1::LaunchRequest>(
      {"user_id: 'u-1'", R"({"organization_id": "acme", "user_id": "u-1", "sandbox_id": "sb-7"})"}, kSomebody);
}

// ---- no text stands for more than its field ----

const std::vector<std::string>& Attacks() {
  static const std::vector<std::string> kAttacks = {
      "\"",
      "\\",
      "\\\"",
      "a\nb\r\t\b\f",
      std::string("a\0b", 3),
      "\x01\x1F\x7F",
      "\", \"organization_id\": \"other",
      "\"}, \"organization_id\": \"other\"",
      "\"}}]}, {\"organization_id\": \"other\"}",
      "x\",\"privileged\":true,\"zone\":\"y",
      "\\u0022,\\u0022privileged\\u0022:true",
      "{\"privileged\": true}",
      "[\"a\"]",
      "null",
      "true",
      "1e999",
      "# comment",
      "/* comment */",
      "---\norganization_id: other",
      "\xE2\x80\xA8\xE2\x80\xA9\xEF\xBB\xBF",
      "\xC2\x80\xC2\x9B\xF4\x8F\xBF\xBF",
      "organization_id",
      "../../etc/passwd",
      "{{.SandboxID}}",
      std::string(2000, '"'),
      std::string(2000, '['),
  };
  return kAttacks;
}

// One of everything, of a oneof the last, with the texts that `text` gives for their paths. A map's keys and values are
// texts of their own.
using TextAt = std::function<std::string(const std::string& path)>;
void FillOne(Message& message, const std::string& path, const TextAt& text) {
  const auto& reflection = *message.GetReflection();
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const std::string name = path + "/" + field.name();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      FillOne(
          field.is_repeated() ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
          name, text);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      if (field.is_repeated()) {
        reflection.AddString(&message, &field, text(name));
      } else {
        reflection.SetString(&message, &field, text(name));
      }
    } else if (field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      reflection.AddInt32(&message, &field, 80);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      reflection.SetInt32(&message, &field, 7);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      reflection.SetInt64(&message, &field, 7);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      reflection.SetBool(&message, &field, true);
    }
  }
}

// The document with `text` where `mark` was, as a value or as a key.
Json Substituted(const Json& json, const std::string& mark, const std::string& text) {
  if (json.is_string()) return json.get<std::string>() == mark ? Json(text) : json;
  Json result = json;
  if (json.is_array()) {
    for (Json& item : result) item = Substituted(item, mark, text);
  } else if (json.is_object()) {
    result = Json::object();
    for (const auto& [key, value] : json.items()) result[key == mark ? text : key] = Substituted(value, mark, text);
  }
  return result;
}

template <typename Proto>
void ExpectNoInjection() {
  // The paths themselves tell the texts apart.
  std::vector<std::string> paths;
  Proto benign;
  FillOne(benign, "", [&](const std::string& path) { return paths.emplace_back(path); });
  // An identity that the transport knows must not be talked over either.
  const LaunchIdentity identity = {"acme", "u-7", "sb-7"};
  const Json before = Json::parse(LaunchJson(benign, identity));
  const auto members = MembersOf(LaunchFromWire(benign, identity));
  EXPECT_GE(paths.size(), 15U);
  for (const std::string& attacked : paths) {
    for (const std::string& attack : Attacks()) {
      SCOPED_TRACE(attacked + " = " + attack.substr(0, 100));
      Proto message;
      FillOne(message, "", [&](const std::string& path) { return path == attacked ? attack : path; });
      const Json after = Json::parse(LaunchJson(message, identity), nullptr, false);
      ASSERT_FALSE(after.is_discarded());
      ASSERT_EQ(after, Substituted(before, attacked, attack));
      for (const auto& [name, text] : MembersOf(LaunchFromWire(message, identity))) {
        const bool own = members.at(name).find(attacked) != std::string::npos;
        const bool overrides = attacked == "/overrides_json" && (name == "overrides" || name == "dropped");
        if (!own && !overrides) {
          ASSERT_EQ(text, members.at(name)) << name;
        }
      }
    }
  }
}

TEST(LaunchWire, OfAdmissionLetsNoTextChangeAnotherField) { ExpectNoInjection<v1::LaunchRequest>(); }
TEST(LaunchWire, OfTheGatewayLetsNoTextChangeAnotherField) { ExpectNoInjection<wire::StartSandboxRequest>(); }

// The identity is the transport's, and may hold anything that a token's entry may.
TEST(LaunchWire, LetsNoIdentityChangeAnotherField) {
  for (const std::string& attack : Attacks()) {
    SCOPED_TRACE(attack);
    const LaunchIdentity identity = {attack, attack, attack};
    const Json expected = {{"organization_id", attack}, {"user_id", attack}, {"sandbox_id", attack}};
    EXPECT_EQ(Json::parse(LaunchJson(v1::LaunchRequest(), identity)), expected);
    EXPECT_EQ(Json::parse(LaunchJson(wire::StartSandboxRequest(), identity)), expected);
  }
}

struct OverridesRow {
  std::string text;
  std::string issue;      // part of what is said; empty: nothing is wrong
  std::string overrides;  // what is taken of it
};

TEST(LaunchWire, TakesOneObjectForOverrides) {
  const std::vector<OverridesRow> rows = {
      {R"({"tags": ["a"]})", "", R"({"tags":["a"]})"},
      {R"( {"tags": ["a"]}  )", "", R"({"tags":["a"]})"},
      {"{}", "", "{}"},
      {" ", "overrides", "none"},
      {R"({"tags": ["a"]} x)", "overrides", "none"},
      {R"({"tags": ["a"]} {"tags": ["b"]})", "overrides", "none"},
      {R"({"tags": ["a"]}, "organization_id": "other")", "overrides", "none"},
      {R"({"tags": ["a"]}})", "overrides", "none"},
      {R"({"tags": ["a"]}", "organization_id": "other", "zone": "z)", "overrides", "none"},
      {R"({"tags": ["a"])", "overrides", "none"},
      {R"({"tags": ["a"],})", "overrides", "none"},
      {R"({'tags': ['a']})", "overrides", "none"},
      {"tags: [a]", "overrides", "none"},
      {"null", "overrides", "none"},
      {"[]", "overrides", "none"},
      {R"("{}")", "overrides", "none"},
      {"7", "overrides", "none"},
      {R"({"tags": ["a"], "tags": ["b"]})", "tags", ""},
      {R"({"container_image": "a", "containerImage": "b"})", "container", ""},
      {R"({"organization_id": "other"})", "organization_id", ""},
      {"{\"tags\": [\"a\xFF\"]}", "", ""},
      {std::string("{\"tags\": [\"a\"]}\0", 16), "overrides", "none"},
  };
  for (const OverridesRow& row : rows) {
    SCOPED_TRACE(row.text);
    v1::LaunchRequest message;
    message.set_zone("z1");
    message.set_overrides_json(row.text);
    const LaunchRequest request = LaunchFromWire(message, kNobody);
    std::string said;
    for (const Issue& issue : request.issues) said += issue.field + ": " + issue.message + "\n";
    EXPECT_EQ(HasError(request.issues), !row.issue.empty()) << said;
    EXPECT_THAT(said, HasSubstr(row.issue));
    if (!row.overrides.empty()) {
      EXPECT_EQ(TextOf(request.overrides), row.overrides);
    }
    auto members = MembersOf(request);
    message.clear_overrides_json();
    for (const auto& [name, text] : MembersOf(LaunchFromWire(message, kNobody))) {
      if (name != "overrides") {
        EXPECT_EQ(members[name], text) << name;
      }
    }
  }
}

// What cannot be read at all is refused as its sender's, and not as the default organization's.
TEST(LaunchWire, StaysWithItsOrganizationWhenItCannotBeRead) {
  const LaunchIdentity acme = {"acme", "u-1", "sb-1"};
  v1::LaunchRequest launch;
  launch.set_zone(std::string(2 << 20, 'z'));
  wire::StartSandboxRequest start;
  start.set_container_image(std::string(2 << 20, 'i'));
  for (const LaunchRequest& request : {LaunchFromWire(launch, acme), LaunchFromWire(start, acme)}) {
    EXPECT_TRUE(HasError(request.issues));
    EXPECT_EQ(request.organization_id, "acme");
  }
  launch.set_organization_id("other");
  EXPECT_EQ(LaunchFromWire(launch, acme).organization_id, "other");
}

TEST(LaunchWire, RefusesWhatIsTooLarge) {
  v1::LaunchRequest message;
  for (int i = 0; i < 90; ++i) (*message.mutable_pod_annotations())["k" + std::to_string(i)] = std::string(20000, 'v');
  EXPECT_TRUE(HasError(LaunchFromWire(message, kNobody).issues));
  v1::LaunchRequest deep;
  deep.set_overrides_json(std::string(100000, '['));
  EXPECT_TRUE(HasError(LaunchFromWire(deep, kNobody).issues));
}

// ---- random messages ----

std::string RandomText(Random& random, bool utf8) {
  std::string text;
  for (size_t pieces = random.Below(4); pieces > 0; --pieces) {
    if (!utf8 && random.Chance(30)) {
      text.push_back(static_cast<char>(random.Below(256)));
    } else {
      text += random.Pick(Attacks()).substr(0, 200);
    }
  }
  return text;
}

void FillRandom(Message& message, Random& random, bool utf8) {
  const auto& reflection = *message.GetReflection();
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (random.Chance(40)) continue;
    for (size_t count = field.is_repeated() ? random.Below(4) : 1; count > 0; --count) {
      const auto number = static_cast<int64_t>(random.Next());
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          FillRandom(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                         : *reflection.MutableMessage(&message, &field),
                     random, utf8);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          if (field.is_repeated()) {
            reflection.AddString(&message, &field, RandomText(random, utf8));
          } else {
            reflection.SetString(&message, &field, RandomText(random, utf8));
          }
          break;
        case FieldDescriptor::CPPTYPE_INT32:
          if (field.is_repeated()) {
            reflection.AddInt32(&message, &field, static_cast<int32_t>(number));
          } else {
            reflection.SetInt32(&message, &field, static_cast<int32_t>(number));
          }
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          reflection.SetInt64(&message, &field, number);
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection.SetBool(&message, &field, random.Chance(50));
          break;
        default:
          break;
      }
    }
  }
}

template <typename Proto>
void ExpectOneDocumentOfEach() {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    const bool utf8 = seed % 3 != 0;
    Proto message;
    FillRandom(message, random, utf8);
    const LaunchIdentity identity = {"acme", "", "sb-1"};
    const std::string text = LaunchJson(message, identity);
    // Strict: one value, with nothing before or after it.
    ASSERT_TRUE(Json::accept(text)) << seed << ": " << text;
    const LaunchRequest request = LaunchFromWire(message, identity);
    if (!utf8) continue;
    for (const Issue& issue : request.issues) {
      // What stands in `overrides_json` is the caller's own to get wrong.
      if (issue.field == "overrides" || issue.field.starts_with("overrides")) continue;
      ASSERT_NE(issue.code, IssueCode::kSyntax) << seed << ": " << issue.message;
      ASSERT_NE(issue.code, IssueCode::kDuplicateKey) << seed << ": " << issue.message;
      ASSERT_NE(issue.code, IssueCode::kUnknownField) << seed << ": " << issue.message;
      ASSERT_NE(issue.code, IssueCode::kWrongType) << seed << ": " << issue.message;
    }
  }
}

TEST(LaunchWire, OfAdmissionIsAlwaysOneDocument) { ExpectOneDocumentOfEach<v1::LaunchRequest>(); }
TEST(LaunchWire, OfTheGatewayIsAlwaysOneDocument) { ExpectOneDocumentOfEach<wire::StartSandboxRequest>(); }

}  // namespace
}  // namespace berth
