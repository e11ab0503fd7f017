#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/rpc_status.h"
#include "berth/engine/engine.h"
#include "berth/engine/message.h"
#include "berth/engine/remedy.h"
#include "tests/daemon_fixture.h"
#include "tests/message_examples.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

#ifdef BERTH_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// One decision and what the wire says of it.
class Asked {
 public:
  Asked(const std::vector<Source>& sources, std::string_view request, AdviceOptions advice = {})
      : engine_(advice),
        request_(ParseLaunchRequest(std::make_shared<SourceText>("request.yaml", std::string(request)))) {
    EXPECT_TRUE(engine_.Publish(CatalogOf(sources), 42).ok());
    decision_ = engine_.AdmitInDetail(request_, scratch_);
    if (advice.remedies) remedies_ = FindRemedies(decision_, request_);
  }

  const DetailedDecision& decision() const { return decision_; }
  const std::vector<Remedy>& remedies() const { return remedies_; }
  google::rpc::Status Status(std::string_view id = "d-1") const {
    return DecisionStatus(decision_, request_, remedies_, id);
  }

 private:
  Engine engine_;
  LaunchRequest request_;
  Scratch scratch_;
  DetailedDecision decision_;
  std::vector<Remedy> remedies_;
};

// ---- codes ----

constexpr std::string_view kDown = ", connection_status: DISCONNECTED";
constexpr std::string_view kFull = ", resources: {available_cpu_millicores: 1000}";
constexpr std::string_view kDownAndFull =
    ", connection_status: DISCONNECTED, resources: {available_cpu_millicores: 1000}";
constexpr std::string_view kSmall = ", capabilities: {max_cpu_millicores: 1000}";
constexpr std::string_view kSmallAndFull =
    ", capabilities: {max_cpu_millicores: 1000}, resources: {available_cpu_millicores: 1000}";
constexpr std::string_view kSmallAndDown =
    ", capabilities: {max_cpu_millicores: 1000}, connection_status: DISCONNECTED";
constexpr std::string_view kPendingAndDown = ", install_status: PENDING, connection_status: DISCONNECTED";
constexpr std::string_view kFourCpus = "{resource_requests: {cpu: 4}}";

struct CodeRow {
  std::string_view name;
  std::vector<std::string_view> runners;  // their members besides id, identity and the binding
  std::string_view request;
  RpcCode code;
  std::string_view reason;
};

std::vector<Source> FleetOf(const std::vector<std::string_view>& runners) {
  std::vector<Source> sources = {ZoneSource(), ProfileSource()};
  for (size_t i = 0; i < runners.size(); ++i) {
    sources.push_back(RunnerSource("r" + std::to_string(i + 1), runners[i]));
  }
  return sources;
}

TEST(RpcStatus, HasTheCodeOfEachKindOfDecision) {
  constexpr std::string_view kNone = "CWSANDBOX_NO_SUITABLE_RUNNER";
  constexpr std::string_view kMismatch = "CWSANDBOX_PROFILE_MISMATCH";
  constexpr std::string_view kInvalid = "CWSANDBOX_INVALID_REQUEST";
  constexpr std::string_view kGpus = ", capabilities: {max_gpu_count: 8, supported_gpu_types: [a100]}, resources: ";
  const std::string no_gpus = std::string(kGpus) + "{available_gpu_count: 0}";
  constexpr auto kPrecondition = RpcCode::kFailedPrecondition;
  const std::vector<CodeRow> rows = {
      {"only disconnected", {kDown}, kFourCpus, RpcCode::kUnavailable, kNone},
      {"all disconnected", {kDown, kDown}, "{}", RpcCode::kUnavailable, kNone},
      {"disconnected, a profile named", {kDown}, "{profile_names: [p1]}", RpcCode::kUnavailable, kMismatch},
      {"only CPU", {kFull}, kFourCpus, RpcCode::kResourceExhausted, kNone},
      {"only memory",
       {", resources: {available_memory_bytes: 1}"},
       "{resource_requests: {memory: 1Gi}}",
       RpcCode::kResourceExhausted,
       kNone},
      {"only GPUs", {no_gpus}, "{resource_requests: {gpu: {count: 1}}}", RpcCode::kResourceExhausted, kNone},
      {"both ways, on two runners", {kDown, kFull}, kFourCpus, RpcCode::kResourceExhausted, kNone},
      {"both ways, in the other order", {kFull, kDown}, kFourCpus, RpcCode::kResourceExhausted, kNone},
      {"both ways at once on one runner", {kDownAndFull}, kFourCpus, RpcCode::kResourceExhausted, kNone},
      {"disconnected, and both at once elsewhere",
       {kDown, kDownAndFull},
       kFourCpus,
       RpcCode::kResourceExhausted,
       kNone},
      {"full, but never large enough", {kSmallAndFull}, kFourCpus, kPrecondition, kNone},
      {"down, and never large enough", {kSmallAndDown}, kFourCpus, kPrecondition, kNone},
      {"pending and disconnected", {kPendingAndDown}, "{}", kPrecondition, kNone},
      {"never large enough", {kSmall}, kFourCpus, kPrecondition, kNone},
      {"never here, but there in a while", {kSmall, kDown}, kFourCpus, RpcCode::kUnavailable, kNone},
      {"what hopeless runners lack does not count", {kSmallAndFull, kDown}, kFourCpus, RpcCode::kUnavailable, kNone},
      {"nor that they are down", {kSmallAndDown, kFull}, kFourCpus, RpcCode::kResourceExhausted, kNone},
      {"no runners", {}, "{}", kPrecondition, kNone},
      {"no such profile", {""}, "{profile_names: [p9]}", kPrecondition, kMismatch},
      {"no such runner", {""}, "{runner_ids: [r9]}", kPrecondition, kNone},
      {"filters apart", {""}, "{runner_ids: [r1], zone: z9}", kPrecondition, kNone},
      {"invalid", {""}, "{network: {exposed_ports: [80]}}", RpcCode::kInvalidArgument, kInvalid},
      {"invalid where nothing could run it", {}, "{zonne: a}", RpcCode::kInvalidArgument, kInvalid},
  };
  for (const CodeRow& row : rows) {
    SCOPED_TRACE(row.name);
    for (const bool remedies : {true, false}) {
      const Asked asked(FleetOf(row.runners), row.request, {.remedies = remedies, .retry_delay_seconds = 17});
      const StatusDetails told = Checked(asked.Status());
      EXPECT_EQ(RpcCodeName(told.code), RpcCodeName(static_cast<int>(row.code)));
      EXPECT_EQ(CodeOf(asked.decision()), row.code);
      EXPECT_EQ(told.info.reason(), row.reason);
      const bool waits = row.code == RpcCode::kResourceExhausted || row.code == RpcCode::kUnavailable;
      ASSERT_EQ(told.retry.has_value(), waits);
      EXPECT_EQ(told.retry ? told.retry->retry_delay().seconds() : 17, 17);
      EXPECT_EQ(told.bad.field_violations().empty(), row.code != RpcCode::kInvalidArgument);
    }
  }
}

TEST(RpcStatus, OfAnAdmissionIsOk) { EXPECT_EQ(CodeOf(Asked(FleetOf({""}), "{}").decision()), RpcCode::kOk); }

TEST(RpcStatus, OfAnOrganizationThatWasRefusedIsAPrecondition) {
  std::vector<Source> sources = FleetOf({kDown});
  sources.push_back({"org", "{kind: Organization, organization_id: default, quotas: {}}"});
  const StatusDetails told = Checked(Asked(sources, "{}").Status());
  EXPECT_EQ(told.rpc_code(), RpcCode::kFailedPrecondition);
  EXPECT_EQ(told.At("headline_reason"), "ORGANIZATION_INVALID");
}

// A report that is too old counts as nothing free, which passes.
TEST(RpcStatus, OfAStaleRunnerIsExhausted) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf(FleetOf({""})), 1).ok());
  ASSERT_TRUE(engine.MarkStale("default", "r1").ok());
  Scratch scratch;
  EXPECT_EQ(CodeOf(engine.AdmitInDetail(LaunchOf(kFourCpus), scratch)), RpcCode::kResourceExhausted);
}

TEST(RpcStatus, KnowsTheNamesAndHttpStatusesOfItsCodes) {
  const std::vector<std::tuple<RpcCode, std::string_view, int>> rows = {
      {RpcCode::kOk, "OK", 200},
      {RpcCode::kInvalidArgument, "INVALID_ARGUMENT", 400},
      {RpcCode::kNotFound, "NOT_FOUND", 404},
      {RpcCode::kPermissionDenied, "PERMISSION_DENIED", 403},
      {RpcCode::kResourceExhausted, "RESOURCE_EXHAUSTED", 429},
      {RpcCode::kFailedPrecondition, "FAILED_PRECONDITION", 400},
      {RpcCode::kUnimplemented, "UNIMPLEMENTED", 501},
      {RpcCode::kInternal, "INTERNAL", 500},
      {RpcCode::kUnavailable, "UNAVAILABLE", 503},
      {RpcCode::kUnauthenticated, "UNAUTHENTICATED", 401},
      {static_cast<RpcCode>(99), "UNKNOWN", 500},
      {static_cast<RpcCode>(-1), "UNKNOWN", 500},
  };
  for (const auto& [code, name, http] : rows) {
    EXPECT_EQ(RpcCodeName(static_cast<int>(code)), name);
    EXPECT_EQ(HttpStatusOf(static_cast<int>(code)), http) << name;
  }
}

// ---- what it says ----

TEST(RpcStatus, SaysWhatWasAskedWhatIsOfferedAndWhatWouldHelp) {
  const Asked asked(
      {ZoneSource(), ProfileSource("{network: {egress: {default: off, modes: {off: {type: none}, lan: {type: org}}}}}"),
       RunnerSource("r1"), RunnerSource("r2"), RunnerSource("r3", ", install_status: PENDING")},
      "{sandbox_id: sb-1, network: {egress_mode: internet}}");
  const StatusDetails told = Checked(asked.Status("d-77"));
  EXPECT_EQ(told.At("decision_id"), "d-77");
  EXPECT_EQ(told.At("sandbox_id"), "sb-1");
  EXPECT_EQ(told.At("catalog_revision"), "42");
  EXPECT_EQ(told.At("candidates"), "3");
  EXPECT_EQ(told.At("reasons"), "EGRESS_MODE_NOT_OFFERED=2,RUNNER_NOT_READY=1");
  EXPECT_EQ(told.At("headline_reason"), "EGRESS_MODE_NOT_OFFERED");
  EXPECT_EQ(told.At("headline_class"), "OTHER_PROFILE");
  EXPECT_EQ(told.At("capability"), "network.egress_mode");
  EXPECT_EQ(told.At("requested"), "internet");
  EXPECT_EQ(told.At("offered"), "lan,off");
  EXPECT_EQ(told.At("remedy_action"), "ASK_ADMIN");
  EXPECT_THAT(told.message, StartsWith("0 of 3 bindings can take this sandbox: 2 do not offer egress mode `internet`"));
  EXPECT_TRUE(NamesNextStep(told.message)) << told.message;
}

TEST(RpcStatus, CarriesTheFirstRemedyAsAPatch) {
  const Asked asked({ZoneSource(), ProfileSource("{resource_defaults: {memoryLimit: 4Gi}}"), RunnerSource()},
                    "{resource_limits: {memory: 8Gi}}");
  const StatusDetails told = Checked(asked.Status());
  EXPECT_EQ(told.At("remedy_action"), "RETRY_SMALLER");
  EXPECT_EQ(told.At("remedy_changes"), R"([{"op":"replace","path":"/resource_limits/memory","value":"4Gi"}])");
}

// CPU and memory have codes of their own inside, and one on the wire.
TEST(RpcStatus, AddsUpTheCodesOfSeveralResources) {
  std::vector<Source> sources = {
      ZoneSource(),
      ProfileSource("{resource_defaults: {cpuLimit: 4}}"),
      ProfileSource("{resource_defaults: {memoryLimit: 4Gi}}", "p2"),
      RunnerSource("r1"),
      {"r2",
       "{kind: Runner, runner_id: r2, identity: {zone: z1, cluster_name: c2}, profile_bindings: "
       "[{profile_template_id: p2, is_default: true}]}"},
      {"org", "{kind: Organization, organization_id: default, quota: {cpu: 2, memory: 2Gi}}"}};
  const StatusDetails told = Checked(Asked(sources, "{}").Status());
  EXPECT_EQ(told.At("reasons"), "ORGANIZATION_QUOTA_EXCEEDED=2");
}

TEST(RpcStatus, OfAnInvalidRequestListsTheFields) {
  const StatusDetails told =
      Checked(Asked(FleetOf({""}), "{network: {exposed_ports: [0, 80]}, resource_limits: {gpu: {type: a}}}").Status());
  std::vector<std::string> fields;
  for (const auto& violation : told.bad.field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, ElementsAre("network.exposed_ports[0]", "network.ingress_mode", "resource_limits.gpu.count"));
  EXPECT_THAT(told.message, EndsWith("; next: correct `network.exposed_ports[0]` and 2 more"));
  EXPECT_EQ(told.At("candidates"), "");
}

TEST(RpcStatus, OfACallKeepsItsMetadataAndRetry) {
  const StatusDetails told =
      Checked(MakeStatus(RpcCode::kUnavailable, "CWSANDBOX_X", "a\nb", {{"runner_id", "r1"}, {"profile_name", ""}}, 5));
  EXPECT_EQ(told.message, "a?b");
  EXPECT_EQ(told.At("runner_id"), "r1");
  EXPECT_FALSE(told.info.metadata().contains("profile_name"));
  ASSERT_TRUE(told.retry);
  EXPECT_EQ(told.retry->retry_delay().seconds(), 5);
}

TEST(RpcStatus, OfAFieldNamesItTwice) {
  const StatusDetails told = Checked(InvalidField("page_size", "is negative"));
  EXPECT_EQ(told.rpc_code(), RpcCode::kInvalidArgument);
  EXPECT_EQ(told.info.reason(), "CWSANDBOX_INVALID_REQUEST");
  EXPECT_EQ(told.message, "`page_size` is negative");
  EXPECT_EQ(told.Field(), "page_size");
  EXPECT_EQ(told.bad.field_violations(0).description(), "is negative");
}

// ---- within its bytes ----

// What gRPC sends: `grpc-message`, where all but printable ASCII (and `%`) takes three bytes, and the status in base64.
TEST(RpcStatus, CountsItsBytesAsTheTransportDoes) {
  google::rpc::Status status;
  EXPECT_EQ(WireBytes(status), 0U);
  status.set_code(3);
  EXPECT_EQ(WireBytes(status), 4U);  // two bytes of protobuf in base64
  status.set_message("abc");
  EXPECT_EQ(WireBytes(status), 3U + 12U);
  status.set_message("a%\xC3\xA4");
  EXPECT_EQ(WireBytes(status), 1U + 3U + 6U + 12U);
}

// Texts that cost the most on the wire.
std::vector<std::string> WideTexts(size_t bytes) {
  std::vector<std::string> texts;
  for (const std::string_view unit : {"x", "%", "\"", "\xC3\xA4", "\xE6\x9D\xB1", "\xF0\x9F\x9A\xA2", "\n", "\xFF"}) {
    std::string text;
    while (text.size() + unit.size() <= bytes) text += unit;
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST(RpcStatus, OfACallStaysWithinItsBytes) {
  for (const size_t bytes : {size_t{253}, size_t{5000}, size_t{100000}}) {
    for (const std::string& text : WideTexts(bytes)) {
      const StatusDetails told = Checked(MakeStatus(RpcCode::kUnavailable, "CWSANDBOX_X", text,
                                                    {{"a1", text}, {"a2", text}, {"a3", text}, {"a4", text}}, 9));
      EXPECT_TRUE(told.retry) << "when to retry matters more than metadata";
      const StatusDetails field = Checked(InvalidField(text, text));
      EXPECT_EQ(field.bad.field_violations_size(), 1);
    }
  }
}

TEST(RpcStatus, NeverCutsInsideACharacter) {
  for (size_t pad = 0; pad < 8; ++pad) {
    for (const std::string& text : WideTexts(4000)) {
      Checked(MakeStatus(RpcCode::kNotFound, "CWSANDBOX_X", std::string(pad, 'p') + text, {{"key", text}}));
    }
  }
}

// Names as long as names may be, in everything that a message can quote.
TEST(RpcStatus, OfLongNamesStaysWithinItsBytesAndKeepsTheNextStep) {
  for (const std::string_view unit : {"x", "%", "\xC3\xA4", "\xE6\x9D\xB1", "\xF0\x9F\x9A\xA2"}) {
    SCOPED_TRACE(unit);
    const auto name = [&](const std::string& begin) {
      std::string text = begin;
      while (text.size() + unit.size() <= 253) text += unit;
      return "\"" + text + "\"";
    };
    std::string modes;
    for (int i = 0; i < 64; ++i) modes += (i > 0 ? ", " : "") + name("m" + std::to_string(i)) + ": {type: none}";
    const std::string profile = "{kind: Profile, display_name: " + name("p") +
                                ", spec: {instance_types: [a100], network: {egress: {default: " + name("m0") +
                                ", modes: {" + modes + "}}}}}";
    // Paths of files may be longer than any name.
    const std::string path = name("dir/") + "/" + name("dir/") + "/" + name("dir/");
    std::vector<Source> sources = {{path + "zone", "{kind: Zone, zone: " + name("z") + "}"},
                                   {path + "profile", profile}};
    constexpr std::array<std::string_view, 5> kFlaws = {
        "", ", connection_status: DISCONNECTED", ", install_status: PENDING",
        ", capabilities: {supported_architectures: [amd64]}",
        ", capabilities: {supported_architectures: [arm64], supported_gpu_types: [A100, B200], max_gpu_count: 8}"};
    for (size_t i = 0; i < kFlaws.size(); ++i) {
      const std::string id = std::to_string(i);
      sources.push_back({path + "runner" + id, "{kind: Runner, runner_id: " + name("r" + id) +
                                                   ", identity: {zone: " + name("z") + ", cluster_name: c" + id +
                                                   "}, profile_bindings: " + "[{profile_template_id: " + name("p") +
                                                   ", profile_name: " + name("alias") + ", is_default: true}]" +
                                                   std::string(kFlaws[i]) + "}"});
    }
    const std::vector<std::string> requests = {
        "{network: {egress_mode: " + name("n") + "}, architecture: " + name("arch") + ", sandbox_id: sb-1}",
        "{storage_classes: [" + name("s1") + ", " + name("s2") +
            "], resource_requests: {gpu: {count: 2, type: " + name("g") + "}}}",
        "{profile_names: [" + name("q1") + ", " + name("q2") + "], runner_ids: [" + name("r9") + "]}",
        "{runner_ids: [" + name("r1") + "], zone: " + name("y") + ", runner_group_id: " + name("g") + "}",
        "{runner_ids: [" + name("r1") + "]}",
        "{runner_ids: [" + name("r1") + ", " + name("r3") + "], architecture: arm64}",
        "{architecture: arm64, network: {ingress_mode: " + name("in") + ", exposed_ports: [80]}}",
        "{}",
    };
    for (const std::string& request : requests) {
      for (const bool remedies : {true, false}) {
        const Asked asked(sources, request, {.remedies = remedies});
        if (asked.decision().verdict == Verdict::kAdmitted) continue;
        const StatusDetails told = Checked(asked.Status(std::string(500, 'd')));
        EXPECT_TRUE(NamesNextStep(told.message)) << request << "\n" << told.message;
        const RpcCode code = CodeOf(asked.decision());
        EXPECT_EQ(told.retry.has_value(), code == RpcCode::kResourceExhausted || code == RpcCode::kUnavailable);
      }
    }
  }
}

// A runner that only time keeps out among those that never fit: whatever gives way, when to retry does not.
TEST(RpcStatus, KeepsWhenToRetryWhateverTheNames) {
  std::string wide;
  while (wide.size() < 240) wide += "\xE6\x9D\xB1";
  std::vector<Source> sources = {{wide + wide + wide, "{kind: Zone, zone: z1}"}, ProfileSource()};
  for (int i = 0; i < 6; ++i) {
    const std::string id = std::to_string(i);
    sources.push_back(RunnerSource("r" + id, ", capabilities: {supported_architectures: [\"" + wide + id + "\"]}"));
    sources.back().name = wide + wide + wide + id;
  }
  sources.push_back(
      RunnerSource("r9", ", connection_status: DISCONNECTED, capabilities: {supported_architectures: [arm64]}"));
  for (const bool remedies : {true, false}) {
    const StatusDetails told = Checked(Asked(sources, "{architecture: arm64}", {.remedies = remedies}).Status());
    EXPECT_EQ(told.rpc_code(), RpcCode::kUnavailable);
    EXPECT_TRUE(told.retry);
    EXPECT_TRUE(NamesNextStep(told.message)) << told.message;
  }
}

// Bytes that are not UTF-8 come from file names alone; clients cannot read a status that holds them.
TEST(RpcStatus, IsUtf8WhateverTheFilesAreCalled) {
  std::vector<Source> sources = FleetOf({""});
  for (Source& source : sources) source.name += "\xFF\xC3\n\xE2\x80\xA8.yaml";
  sources[1].text = "{kind: Profile, display_name: p1, spec: {resource_defaults: {cpuLimit: 1}}}";
  const StatusDetails told = Checked(Asked(sources, kFourCpus).Status());
  EXPECT_THAT(told.message, HasSubstr("profile-p1????.yaml"));
}

TEST(RpcStatus, BoundsTheViolations) {
  for (const size_t count : {size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{18}, size_t{64}}) {
    SCOPED_TRACE(count);
    std::string request = "{network: {ingress_mode: a, exposed_ports: [";
    for (size_t i = 0; i < count; ++i) request += std::to_string(70000 + i) + ",";
    const Asked asked(FleetOf({""}), request + "]}}");
    ASSERT_EQ(asked.decision().violations.size(), count);
    const StatusDetails told = Checked(asked.Status());
    // All of the first sixteen, which are short; a last one counts the others.
    ASSERT_EQ(static_cast<size_t>(told.bad.field_violations_size()), std::min<size_t>(count, 17));
    for (size_t i = 0; i < std::min<size_t>(count, 16); ++i) {
      const auto& violation = told.bad.field_violations(static_cast<int>(i));
      EXPECT_EQ(violation.field(), asked.decision().violations[i].field);
      EXPECT_EQ(violation.description(), asked.decision().violations[i].message);
    }
    if (count > 16) {
      const auto& last = told.bad.field_violations(16);
      EXPECT_EQ(last.field(), "");
      EXPECT_THAT(last.description(), StartsWith(std::to_string(count - 16) + " more violation"));
    }
    EXPECT_TRUE(NamesNextStep(told.message));
  }
}

// Long ones give way one by one: some always stay, and the count of the others is right.
TEST(RpcStatus, OfLongViolationsTellsAsManyAsThereIsRoomFor) {
  for (const std::string_view unit : {"k", "\xC3\xA4", "\xE6\x9D\xB1"}) {
    SCOPED_TRACE(unit);
    std::string request = "{pod_annotations: {";
    for (int i = 0; i < 99; ++i) {
      std::string key = "k" + std::to_string(i);
      while (key.size() + unit.size() <= 1000) key += unit;
      request += "\"" + key + "\": \"\", ";
    }
    const Asked asked(FleetOf({""}), request + "}}");
    ASSERT_EQ(asked.decision().verdict, Verdict::kInvalid);
    const StatusDetails told = Checked(asked.Status());
    const int shown = told.bad.field_violations_size() - 1;
    ASSERT_GE(shown, 1);
    const size_t rest = asked.decision().violations.size() - static_cast<size_t>(shown);
    EXPECT_THAT(told.bad.field_violations(shown).description(), StartsWith(std::to_string(rest) + " more violation"));
    EXPECT_TRUE(NamesNextStep(told.message)) << told.message;
  }
}

TEST(RpcStatus, OfAThousandViolationsStaysWithinItsBytes) {
  std::string request = "{";
  for (int i = 0; i < 1500; ++i) request += "unknown_" + std::to_string(i) + ": 1, ";
  const Asked asked(FleetOf({""}), request + "}");
  ASSERT_GE(asked.decision().violations.size(), 1000U);
  const StatusDetails told = Checked(asked.Status());
  EXPECT_LE(told.bad.field_violations_size(), 17);
  EXPECT_TRUE(NamesNextStep(told.message));
}

TEST(RpcStatus, OfHugeAnnotationsStaysWithinItsBytes) {
  const std::string huge(200000, 'v');
  for (const std::string& annotations :
       {"{a: \"" + huge + "\", b: \"" + huge + "\"}", "{\"" + huge + "\": x}", "{a: \"" + huge + huge + "\"}"}) {
    const Asked asked(FleetOf({""}), "{pod_annotations: " + annotations + "}");
    ASSERT_EQ(asked.decision().verdict, Verdict::kInvalid);
    Checked(asked.Status());
  }
}

// Every reason and every remedy there is, as the wire tells it.
TEST(RpcStatus, OfEveryReasonAndRemedyKeepsItsPromises) {
  std::vector<std::pair<std::string, Situation>> all;
  for (const ReasonSituation& reason : ReasonSituations()) {
    all.emplace_back(std::string(InfoOf(reason.code).name), reason.situation);
  }
  for (const RemedySituation& remedy : RemedySituations()) all.emplace_back(remedy.actions, remedy.situation);
  for (const auto& [name, situation] : all) {
    for (const size_t bindings : {size_t{1}, size_t{3}}) {
      SCOPED_TRACE(name + ": " + situation.name);
      const Asked asked(SourcesOf(situation, bindings), situation.request);
      ASSERT_EQ(asked.decision().verdict, Verdict::kRejected);
      const StatusDetails told = Checked(asked.Status());
      EXPECT_TRUE(NamesNextStep(told.message)) << told.message;
      EXPECT_EQ(told.At("headline_reason"),
                InfoOf(std::ranges::max_element(asked.decision().reasons, {}, &ReasonCount::headline)->code).name);
    }
  }
}

// ---- a large fleet ----

// Runners with every flaw that a runner can have, and profiles with every flaw that a profile can have, so that each
// reason is the headline of some of the bindings.
std::vector<Source> LargeFleet(size_t runners, size_t profiles) {
  constexpr std::string_view kGood =
      "network: {egress: {default: net, modes: {net: {type: internet}}}, ingress: {pub: {scope: any, service: "
      "{serviceType: ClusterIP}}}}";
  constexpr std::string_view kHost =
      "network: {egress: {default: net, modes: {net: {type: internet}}}, ingress: {pub: {scope: any, service: "
      "{serviceType: ClusterIP}, ingress: {controllerName: c, template: "
      "'{{.SandboxID}}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example.com'}}}}";
  const std::string good(kGood);
  const std::vector<std::string> profile_flaws = {
      good + ", resource_defaults: {cpuLimit: 64, memoryLimit: 64Gi}, container_image: python",
      good + ", resource_defaults: {cpuLimit: 96}",       // the organization's quota
      good + ", resource_defaults: {memoryLimit: 96Gi}",  // the same
      "network: {egress: {default: gone, modes: {a: {type: none}}}}",
      good + ", namespace: {strategy: per-user}",
      good + ", instance_types: [h100]",  // what the launch overrides
      "network: {egress: {default: off, modes: {off: {type: none}}}}",
      "network: {egress: {default: net, modes: {net: {type: internet}}}}",
      std::string(kHost),
      good,  // no limits, where the runner wants them
      good + ", resource_defaults: {cpuLimit: 2}",
      good + ", resource_defaults: {memoryLimit: 2Gi, cpuLimit: 64}",
      good + ", resource_defaults: {memoryRequest: 48Gi, cpuLimit: 64}",
      good + ", resource_defaults: {cpuRequest: 48, memoryLimit: 64Gi}",
  };
  const std::vector<std::string> runner_flaws = {
      "",
      "install_status: PENDING",
      "connection_status: DISCONNECTED",
      "capabilities: {supported_architectures: [amd64]}",
      "capabilities: {supported_architectures: [arm64], supports_privileged: false}",
      "capabilities: {supported_architectures: [arm64], supports_privileged: true, available_storage_classes: [slow]}",
  };
  const std::string able =
      "supported_architectures: [arm64], supports_privileged: true, available_storage_classes: [fast], ";
  const std::string gpus = able + "supported_gpu_types: [a100, h100], max_gpu_count: 8";
  const std::vector<std::string> able_flaws = {
      "capabilities: {" + able + "supported_gpu_types: [t4], max_gpu_count: 8}",
      "capabilities: {" + able + "supported_gpu_types: [a100, h100], max_gpu_count: 1}",
      "capabilities: {" + gpus +
          "}, managed_spec: {enforce_resource_limits: true}, resources: {available_gpu_count: 0}",
      "capabilities: {" + gpus + ", max_cpu_millicores: 4000}",
      "capabilities: {" + gpus + ", max_memory_bytes: 4000}",
      "capabilities: {" + gpus + "}, resources: {available_cpu_millicores: 10}",
      "capabilities: {" + gpus + "}, resources: {available_memory_bytes: 10}",
      "capabilities: {" + gpus + "}, resources: {available_gpu_count: 1}",
  };
  std::vector<std::string> flaws = runner_flaws;
  flaws.insert(flaws.end(), able_flaws.begin(), able_flaws.end());

  std::vector<Source> sources = {
      {"zones.yaml", "{kind: Zone, zone: z1}"},
      {"org.yaml",
       "{kind: Organization, organization_id: default, quota: {cpu: 80, memory: 80Gi, gpu: 6}, allowed_images: "
       "['python.*'], launch_overrides: [pod.placement]}"}};
  std::string bindings;
  for (size_t i = 0; i < profiles; ++i) {
    const std::string name = "profile-" + std::to_string(i);
    sources.push_back({"profiles/" + name + ".yaml", "{kind: Profile, display_name: " + name + ", spec: {" +
                                                         profile_flaws[i % profile_flaws.size()] + "}}"});
    bindings.append(i == 0 ? "" : ", ").append("{profile_template_id: ").append(name);
    bindings.append(i == 0 ? ", is_default: true}" : "}");
  }
  for (size_t i = 0; i < runners; ++i) {
    const std::string id = "runner-" + std::to_string(i);
    const std::string& flaw = flaws[i % flaws.size()];
    sources.push_back({"runners/" + id + ".yaml",
                       "{kind: Runner, runner_id: " + id + ", identity: {zone: z1, cluster_name: " + id + "}, " + flaw +
                           (flaw.empty() ? "" : ", ") + "profile_bindings: [" + bindings + "]}"});
  }
  return sources;
}

TEST(RpcStatus, OfALargeFleetWithEveryReasonStaysWithinItsBytes) {
  const size_t runners = kSanitized ? 28 : 400;
  const size_t profiles = kSanitized ? 28 : 250;
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf(LargeFleet(runners, profiles)), 1).ok());
  const LaunchRequest request = LaunchOf(
      "{sandbox_id: sb-1234567, architecture: arm64, privileged: true, storage_classes: [fast], container_image: "
      "ubuntu, network: {egress_mode: net, ingress_mode: pub, exposed_ports: [80]}, resource_requests: {gpu: {count: "
      "4, type: a100}}, resource_limits: {cpu: 8, memory: 16Gi}, overrides: {pod: {placement: {instanceTypes: "
      "[a100]}}}}");
  // Overrides cost a merge for each binding; the reasons that need them are met without them too.
  const LaunchRequest inherited = LaunchOf(
      "{sandbox_id: sb-1234567, architecture: arm64, privileged: true, storage_classes: [fast], network: {egress_mode: "
      "net, ingress_mode: pub, exposed_ports: [80]}, resource_requests: {gpu: {count: 4, type: a100}}}");
  std::set<ReasonCode> met;
  for (const LaunchRequest* asked : {&request, &inherited}) {
    Scratch scratch;
    const DetailedDecision decision = engine.AdmitInDetail(*asked, scratch);
    ASSERT_EQ(decision.verdict, Verdict::kRejected);
    ASSERT_EQ(decision.candidates.size(), runners * profiles);
    for (const ReasonCount& reason : decision.reasons) met.insert(reason.code);
    const std::vector<Remedy> remedies = FindRemedies(decision, *asked);
    for (const std::span<const Remedy> some : {std::span(remedies), std::span<const Remedy>()}) {
      const StatusDetails told = Checked(DecisionStatus(decision, *asked, some, "d-1"));
      EXPECT_TRUE(NamesNextStep(told.message)) << told.message;
      EXPECT_THAT(told.message, HasSubstr(" other reasons; "));
      EXPECT_EQ(told.At("candidates"), std::to_string(runners * profiles));
    }
  }
  for (const ReasonInfo& info : Reasons()) {
    // A refused organization keeps out everything; a quota on GPUs, what is asked, does as well.
    if (info.code == ReasonCode::kOrganizationInvalid || info.code == ReasonCode::kGpuQuota) continue;
    if (info.code > ReasonCode::kInsufficientGpu) continue;
    EXPECT_TRUE(met.contains(info.code)) << info.name << " " << info.capability;
  }
}

}  // namespace
}  // namespace berth
