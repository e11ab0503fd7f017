#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/json.h"
#include "berth/engine/message.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/reason_text.h"
#include "berth/engine/remedy.h"
#include "berth/engine/remedy_text.h"
#include "berth/engine/wording.h"
#include "tests/engine_fixture.h"
#include "tests/message_lint.h"

namespace berth {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// A published catalog and one decision from it.
class Asking {
 public:
  explicit Asking(const std::vector<Source>& sources) { EXPECT_TRUE(engine_.Publish(CatalogOf(sources), 7).ok()); }

  DetailedDecision Decide(std::string_view request_yaml) {
    request_ = LaunchOf(request_yaml);
    return engine_.AdmitInDetail(request_, scratch_);
  }
  std::string Message(std::string_view request_yaml) { return MessageOf(Decide(request_yaml), request_); }
  // What is said after "can take this sandbox: ", without who set it and what to do next.
  std::string Clauses(std::string_view request_yaml) {
    const lint::Message message = lint::Parse(Message(request_yaml));
    std::string clauses;
    for (const std::string& clause : message.clauses) {
      clauses.append(clauses.empty() ? "" : "; ").append(clause, 0, clause.rfind(" ["));
    }
    return clauses;
  }
  ReasonDetail Detail(std::string_view request_yaml, ReasonCode code) {
    const DetailedDecision decision = Decide(request_yaml);
    for (const ReasonCount& reason : decision.reasons) {
      if (reason.code == code) return DetailOf(decision, request_, reason);
    }
    ADD_FAILURE() << "no reason " << InfoOf(code).name << " for " << request_yaml;
    return {};
  }
  std::string Json(std::string_view request_yaml) {
    return DecisionToJson(Decide(request_yaml), request_, false, JsonLayout::kCompact);
  }
  const LaunchRequest& request() const { return request_; }

 private:
  Engine engine_;
  Scratch scratch_;
  LaunchRequest request_;
};

// Two runners with one binding each to profile p1.
std::vector<Source> Two(std::string_view spec, std::string_view first = "", std::string_view second = "") {
  return {ZoneSource(), ProfileSource(spec), RunnerSource("r1", first), RunnerSource("r2", second)};
}
std::vector<Source> One(std::string_view spec, std::string_view more = "") {
  return {ZoneSource(), ProfileSource(spec), RunnerSource("r1", more)};
}

constexpr std::string_view kGpus = ", capabilities: {max_gpu_count: 4, supported_gpu_types: [a100]}";

TEST(Message, OfSeveralBindingsSaysOnlyWhatIsTrueOfEach) {
  const std::string_view gpu = "{resource_requests: {gpu: {count: 1, type: h100}}}";
  EXPECT_EQ(Asking(Two("{}", kGpus)).Clauses(gpu), "2 do not offer a GPU of type `h100` (together they offer `a100`)");
  EXPECT_EQ(Asking(Two("{}")).Clauses(gpu), "2 offer no GPUs (a GPU of type `h100` asked)");
  EXPECT_EQ(Asking(One("{}")).Clauses(gpu), "1 offers no GPUs (a GPU of type `h100` asked)");
  EXPECT_EQ(Asking(One("{}", kGpus)).Clauses(gpu), "1 offers GPUs of type `a100` but none of type `h100`");
}

TEST(Message, NamesTheLargestCapAsTheLargest) {
  std::vector<Source> sources = Two("{resource_defaults: {memoryLimit: 64Gi}}");
  const std::string_view big = "{resource_requests: {memory: 900Gi}}";
  EXPECT_EQ(Asking(sources).Clauses(big), "2 cap memory below the 900Gi asked (the largest cap is 64Gi)");
  sources.pop_back();
  EXPECT_EQ(Asking(sources).Clauses(big), "1 caps memory at 64Gi, below the 900Gi asked");
}

TEST(Message, CountsOffersOfTheHeadlineOnly) {
  // The one runner with arm64 is pending, which comes first.
  const auto sources = Two("{}", ", capabilities: {supported_architectures: [amd64]}",
                           ", install_status: PENDING, capabilities: {supported_architectures: [s390x]}");
  Asking asking(sources);
  EXPECT_THAT(asking.Clauses("{architecture: arm64}"), HasSubstr("1 runs on `amd64` but not on `arm64`"));
  EXPECT_THAT(asking.Detail("{architecture: arm64}", ReasonCode::kArchitectureUnsupported).offered,
              testing::ElementsAre("amd64", "s390x"));
}

TEST(Message, NamesEgressModesTogether) {
  std::string modes;
  for (const char c : std::string_view("abcde"))
    modes.append(modes.empty() ? "" : ", ").append(1, c).append("x: {type: none}");
  const std::string spec = "{network: {egress: {default: ax, modes: {" + modes + "}}}}";
  EXPECT_EQ(Asking(Two(spec)).Clauses("{network: {egress_mode: internet}}"),
            "2 do not offer egress mode `internet` (together they offer `ax`, `bx`, `cx`, `dx` and 1 more)");
  EXPECT_EQ(Asking(One("{}")).Clauses("{network: {egress_mode: internet}}"),
            "1 offers no egress modes (`internet` asked)");
}

TEST(Message, SaysWhoSetARequestAboveALimit) {
  Asking asking(One("{resource_defaults: {cpuRequest: \"2\"}}"));
  const std::string_view launch = "{resource_limits: {cpu: \"1\"}}";
  EXPECT_EQ(asking.Clauses(launch),
            "1 requests 2 CPU (set by the profile), above the limit of 1 CPU (sent with the launch)");
  const ReasonDetail detail = asking.Detail(launch, ReasonCode::kCpuRequestAboveLimit);
  EXPECT_EQ(detail.requested, std::nullopt);
  EXPECT_THAT(detail.explanation, HasSubstr("request of 2 CPU, set by the profile at profile-p1:1:"));
  EXPECT_THAT(detail.explanation, HasSubstr("limit of 1 CPU, sent with the launch at request.yaml:1:"));
  EXPECT_THAT(HelpText(ReasonCode::kCpuRequestAboveLimit, detail), HasSubstr("send a request of at most 1 CPU ("));
}

TEST(Message, SaysWhoSetARequestAboveTheRunner) {
  const std::string_view small = ", capabilities: {max_cpu_millicores: 4000}";
  Asking inherited(One("{resource_defaults: {cpuRequest: \"8\"}}", small));
  EXPECT_EQ(inherited.Clauses("{}"), "1 requests 8 CPU (set by the profile), above the runner's maximum of 4 CPU");
  EXPECT_THAT(inherited.Json("{}"),
              HasSubstr("\"detail\":\"the request of 8 CPU is set by the profile at profile-p1:1:"));
  EXPECT_EQ(Asking(Two("{resource_defaults: {cpuRequest: \"8\"}}", small, small)).Clauses("{}"),
            "2 request more CPU than their runners give (e.g. 8 CPU set by the profile; the largest gives 4 CPU)");
  Asking own(One("{}", small));
  EXPECT_EQ(own.Clauses("{resource_requests: {cpu: \"8\"}}"),
            "1 is on a runner that gives at most 4 CPU (8 CPU asked)");
  EXPECT_THAT(own.Json("{resource_requests: {cpu: \"8\"}}"), Not(HasSubstr("\"detail\"")));
}

TEST(Message, SaysWhatIsJudgedWhereALimitIsSentAndTheRequestInherited) {
  // The launch's limit stands in `requested`; what exceeds the free amount is the profile's request.
  Asking asking(One("{resource_defaults: {memoryRequest: 8Gi}}", ", resources: {available_memory_bytes: 4294967296}"));
  EXPECT_EQ(asking.Clauses("{resource_limits: {memory: 9Gi}}"),
            "1 requests 8Gi of memory (set by the profile), above the 4Gi free now");
}

TEST(Message, NamesTheFindingOfAnInvalidProfile) {
  const std::string_view broken = "{network: {egress: {default: gone, modes: {a: {type: none}}}}}";
  EXPECT_THAT(Asking(One(broken)).Clauses("{}"), HasSubstr("B307 at profile-p1:1:"));
  EXPECT_THAT(Asking(One(broken)).Clauses("{}"), HasSubstr("`gone` is not declared"));
  const std::vector<Source> refused = One("{runtime_clas: x}");
  EXPECT_THAT(Asking(refused).Clauses("{}"), HasSubstr("profile `p1` was refused: B105 at profile-p1:1:"));
  EXPECT_THAT(Asking({ZoneSource(), RunnerSource("r1")}).Clauses("{}"),
              HasSubstr("profile reference `p1` names no profile of organization `default`"));
  EXPECT_THAT(Asking({{"zone", "{kind: Zone, zone: z1, typo: 1}"}, ProfileSource(), RunnerSource("r1")}).Clauses("{}"),
              HasSubstr("zone `z1` was refused: B105 at zone:1:"));
}

TEST(Message, KeepsFindingsOfAnotherOrganizationsProfile) {
  Asking asking(One("{runtime_clas: x}", ", is_shared: true"));
  EXPECT_THAT(asking.Clauses("{}"), HasSubstr("runtime_clas"));
  EXPECT_THAT(asking.Clauses("{organization_id: acme}"), EndsWith("has an error in its profile, overrides or zone"));
}

TEST(Message, NamesTheFieldThatAnOverrideBreaks) {
  std::vector<Source> sources = One("{instance_types: [a100]}");
  sources.push_back({"org", "{kind: Organization, organization_id: default, launch_overrides: [pod.placement]}"});
  Asking asking(sources);
  const std::string_view launch = "{overrides: {pod: {placement: {instanceTypes: [h100]}}}}";
  EXPECT_THAT(asking.Clauses(launch), HasSubstr("`overrides.pod.placement.instanceTypes`: "));
  EXPECT_THAT(HelpText(ReasonCode::kOverrideInvalid, asking.Detail(launch, ReasonCode::kOverrideInvalid)),
              HasSubstr("correct `overrides` (`overrides.pod.placement.instanceTypes`: "));
}

TEST(Message, ShowsTheHostThatIsNoHost) {
  const std::string spec =
      "{network: {ingress: {public: {scope: any, service: {serviceType: ClusterIP}, ingress: {controllerName: c, "
      "template: \"{{.SandboxID}}" +
      std::string(60, 'x') + ".example.com\"}}}}}";
  Asking asking(One(spec));
  const std::string launch = "{sandbox_id: sb-12345, network: {ingress_mode: public, exposed_ports: [80]}}";
  EXPECT_THAT(asking.Clauses(launch), HasSubstr("`sb-12345" + std::string(60, 'x') + ".example.com`, but its label"));
  EXPECT_THAT(asking.Clauses(launch), HasSubstr(" of 68 characters "));
}

TEST(Message, SuggestsTheNameThatWasMeant) {
  std::vector<Source> sources = {ZoneSource(), ProfileSource()};
  for (int i = 0; i < 60; ++i) sources.push_back(RunnerSource("runner-number-" + std::to_string(100 + i)));
  sources.push_back(RunnerSource("zebra", ", capabilities: {supported_architectures: [amd64]}"));
  Asking asking(sources);
  // Behind the names that are listed.
  EXPECT_THAT(asking.Json("{runner_ids: [zebre]}"), HasSubstr("did you mean `zebra`?"));
  EXPECT_THAT(asking.Json("{runner_ids: [zebre]}"), HasSubstr("\"offered_total\":61"));
  EXPECT_THAT(asking.Message("{runner_ids: [zebre]}"), HasSubstr("and 57 more; did you mean `zebra`?);"));
  EXPECT_THAT(asking.Json("{runner_ids: [unlike]}"), Not(HasSubstr("did you mean")));
  EXPECT_THAT(asking.Clauses("{architecture: AMD64}"), HasSubstr("did you mean `amd64`?"));
  EXPECT_THAT(asking.Clauses("{architecture: x86_64}"), HasSubstr("did you mean `amd64`?"));
  EXPECT_THAT(asking.Clauses("{architecture: arm64}"), Not(HasSubstr("did you mean")));
}

TEST(Message, ListsNoTotalWhenNothingIsCut) {
  EXPECT_THAT(Asking(One("{}")).Json("{runner_ids: [other]}"), Not(HasSubstr("offered_total")));
}

TEST(Message, NeverAdvisesNothing) {
  Asking asking(One("{}", ", resources: {available_cpu_millicores: 0}"));
  const std::string_view launch = "{resource_requests: {cpu: \"1\"}}";
  EXPECT_EQ(HelpText(ReasonCode::kInsufficientCpu, asking.Detail(launch, ReasonCode::kInsufficientCpu)),
            "wait for free CPU");
}

// Texts of every reason, about a request that the decision was not made from.
TEST(Message, OfAnotherRequestIsLessAndNoCrash) {
  std::vector<Source> sources = Two("{network: {ingress: {web: {scope: any, service: {serviceType: ClusterIP}}}}}");
  sources.push_back({"org", "{kind: Organization, organization_id: default, quota: {cpu: \"1\"}, allowed_images: []}"});
  Asking asking(sources);
  const DetailedDecision made = asking.Decide("{resource_requests: {cpu: \"4\"}}");
  for (const std::string_view other :
       {"{}", "{organization_id: acme}", "{network: {ingress_mode: gone}}", "{overrides: {tags: [a]}}"}) {
    const LaunchRequest request = LaunchOf(other);
    for (const ReasonInfo& info : Reasons()) {
      for (const uint32_t example : {uint32_t{0}, uint32_t{99}, ReasonCount::kNoExample}) {
        std::vector<CandidateResult> candidates(made.candidates.begin(), made.candidates.end());
        for (CandidateResult& candidate : candidates)
          candidate.failures.AddIf(info.code <= ReasonCode::kInsufficientGpu, info.code);
        candidates.push_back({12345, candidates.front().failures, {}});
        const std::vector<ReasonCount> reasons = {{info.code, 1, 1, 1, example}};
        DetailedDecision decision = made;
        decision.candidates = candidates;
        decision.reasons = reasons;
        EXPECT_FALSE(MessageOf(decision, request).empty()) << info.name;
        EXPECT_FALSE(HelpText(info.code, DetailOf(decision, request, reasons.front())).empty()) << info.name;
        decision.snapshot = nullptr;
        EXPECT_FALSE(MessageOf(decision, request).empty()) << info.name;
      }
    }
  }
}

TEST(Message, SaysOfWhichBindingsAnAmountIsTheLargest) {
  Asking asking(Two("{}", ", capabilities: {max_cpu_millicores: 4000}", ", capabilities: {max_cpu_millicores: 6500}"));
  EXPECT_EQ(asking.Clauses("{resource_requests: {cpu: 8}}"),
            "2 are on runners that give less than the 8 CPU asked (the largest gives 6500m CPU)");
}

TEST(Message, AsksNobodyToOfferAMisspelledName) {
  const std::string_view launch = "{network: {egress_mode: internt}}";
  Asking near(One("{network: {egress: {default: internet, modes: {internet: {type: internet}}}}}"));
  EXPECT_THAT(near.Message(launch), HasSubstr("next: correct the name, or ask the administrator to add `internt`"));
  Asking far(One("{network: {egress: {default: closed, modes: {closed: {type: none}}}}}"));
  EXPECT_THAT(far.Message(launch), HasSubstr("next: ask the administrator to add `internt`"));
}

TEST(Message, SaysEachThingOnce) {
  const std::string broken = Asking(One("{runtime_clas: x}")).Message("{}");
  EXPECT_EQ(broken.find("B105"), broken.rfind("B105")) << broken;
  // What the clause leaves out, the advice says.
  const std::string refused = "{kind: Organization, organization_id: default, quotas: {}}";
  EXPECT_THAT(Asking({ZoneSource(), ProfileSource(), RunnerSource(), {"org", refused}}).Message("{}"),
              HasSubstr("the organization's document (B105 at org:1:"));
}

TEST(Message, IsOneLineWhateverNamesHold) {
  std::vector<Source> sources = One("{resource_defaults: {cpuLimit: 4}, instance_types: [a100]}");
  for (Source& source : sources) source.name += "\n\x1B.yaml";
  sources.push_back({"org\r\n", "{kind: Organization, organization_id: default, launch_overrides: [pod.placement]}"});
  for (const std::string launch : {"{resource_limits: {cpu: 8}}", "{\"runner_ids\": [\"a`b\"]}",
                                   "{overrides: {pod: {placement: {instanceTypes: [h100]}}}}"}) {
    Asking asking(sources);
    const std::string message = asking.Message(launch);
    EXPECT_EQ(lint::NotOneLine(message), "") << message;
    EXPECT_EQ(lint::Unbalanced(lint::Plain(message)), "") << message;
    const DetailedDecision decision = asking.Decide(launch);
    for (const Remedy& remedy : FindRemedies(decision, asking.request())) {
      EXPECT_EQ(lint::NotOneLine(RemedyText(remedy, decision, asking.request())), "");
    }
  }
}

TEST(Message, OfAnInvalidRequestSaysWhatIsWrongAndHowMuch) {
  Asking asking(One("{}"));
  EXPECT_EQ(asking.Message("{network: {exposed_ports: [80]}}"),
            "the request is invalid at `network.ingress_mode`: exposed ports need an ingress mode; next: "
            "correct `network.ingress_mode`");
  EXPECT_THAT(asking.Message("{network: {exposed_ports: [0]}, zonne: a}"), EndsWith("` and 2 more"));
  EXPECT_THAT(asking.Message("{zonne: a}"),
              HasSubstr("unknown field `zonne` in launch request (did you mean `zone`?)"));
}

TEST(Message, OfAnAdmissionNamesThePlace) {
  EXPECT_EQ(Asking(One("{}")).Message("{}"), "admitted on runner `r1` with profile `p1`");
  EXPECT_THAT(Asking(Two("{}")).Message("{}"), EndsWith(" with profile `p1`, 1 alternative"));
}

// Quantities as people read them.
TEST(Wording, OfAmountsHasAUnit) {
  const auto cpu = [](std::string_view text) { return AmountText(text, Resource::kCpu); };
  const auto memory = [](std::string_view text) { return AmountText(text, Resource::kMemory); };
  EXPECT_EQ(cpu("96"), "96 CPU");
  EXPECT_EQ(cpu("1500m"), "1500m CPU");
  EXPECT_EQ(cpu("2000m"), "2 CPU");
  EXPECT_EQ(cpu("1e3"), "1000 CPU");
  EXPECT_EQ(cpu("1k"), "1000 CPU");
  EXPECT_EQ(cpu("100u"), "100u CPU");
  EXPECT_EQ(memory("64Gi"), "64Gi");
  EXPECT_EQ(memory("1.5Gi"), "1536Mi");
  EXPECT_EQ(memory("12e6"), "12M");
  EXPECT_EQ(memory("12000000000"), "12G");
  EXPECT_EQ(memory("1073741824"), "1Gi");
  EXPECT_EQ(memory("12000000"), "12M");
  EXPECT_EQ(memory("1073741825"), "1073741825 bytes");
  EXPECT_EQ(memory("1"), "1 byte");
  EXPECT_EQ(memory("0"), "0 bytes");
  EXPECT_EQ(memory("400m"), "1 byte");
  EXPECT_EQ(AmountText(int64_t{9223372036854775807}, Resource::kMemory), "9223372036854775807 bytes");
  EXPECT_EQ(AmountText(int64_t{1500}, Resource::kCpu), "1500m CPU");
}

// ---- within a bound ----

// Runners with one flaw each, so that there are as many reasons as runners.
std::vector<Source> FiveReasons(const std::string& directory = "") {
  std::vector<Source> sources = {ZoneSource(),
                                 ProfileSource("{resource_defaults: {cpuLimit: 4}}"),
                                 RunnerSource("r1", ", install_status: PENDING"),
                                 RunnerSource("r2", ", connection_status: DISCONNECTED"),
                                 RunnerSource("r3", ", capabilities: {supported_architectures: [amd64]}"),
                                 RunnerSource("r4", ", capabilities: {supported_architectures: [arm64]}"),
                                 RunnerSource("r5", ", capabilities: {supported_architectures: [arm64, amd64]}"),
                                 RunnerSource("r6", ", capabilities: {supported_architectures: [amd64, s390x]}")};
  for (Source& source : sources) source.name.insert(0, directory);
  return sources;
}
constexpr std::string_view kFiveReasons =
    "{architecture: arm64, privileged: true, resource_limits: {cpu: 8}, resource_requests: {cpu: 2}}";

struct Bounded {
  const DetailedDecision& decision;
  const LaunchRequest& request;
  std::vector<Remedy> remedies = FindRemedies(decision, request);

  std::string In(size_t max_bytes) const { return MessageOf(decision, request, remedies, {.max_bytes = max_bytes}); }
};

TEST(Message, WithinABoundKeepsTheNextStepAndCountsWhatItLeavesOut) {
  Asking asking(FiveReasons());
  const DetailedDecision decision = asking.Decide(kFiveReasons);
  for (const bool remedies : {true, false}) {
    Bounded bounded = {decision, asking.request()};
    if (!remedies) bounded.remedies.clear();
    const std::string whole = bounded.In(SIZE_MAX);
    const lint::Message parsed = lint::Parse(whole);
    ASSERT_GE(parsed.clauses.size(), 4U) << whole;
    EXPECT_EQ(bounded.In(whole.size()), whole);
    size_t told_before = 0;
    // From where there is room for the first reason as a whole.
    const size_t least = parsed.head.size() + parsed.clauses[0].size() + parsed.step.size() + 30;
    for (size_t room = least; room < whole.size(); ++room) {
      const std::string message = bounded.In(room);
      ASSERT_LE(message.size(), room);
      ASSERT_THAT(message, EndsWith("; " + parsed.step));
      const lint::Message shorter = lint::Parse(message);
      ASSERT_EQ(shorter.head, parsed.head);
      ASSERT_FALSE(shorter.clauses.empty());
      // The first reasons as they were, and then how many others there are.
      const size_t told = shorter.clauses.size() - 1;
      for (size_t i = 0; i < told; ++i) ASSERT_EQ(shorter.clauses[i], parsed.clauses[i]) << message;
      const size_t others = parsed.clauses.size() - told;
      ASSERT_EQ(shorter.clauses.back(),
                "and " + std::to_string(others) + (others == 1 ? " other reason" : " other reasons"));
      ASSERT_GE(told, told_before) << "more room tells no less";
      told_before = told;
    }
    EXPECT_EQ(told_before, parsed.clauses.size() - 1) << "the last byte missing costs one reason";
  }
}

TEST(Message, WithinAnyBoundIsCutAtACharacter) {
  std::string wide;
  while (wide.size() < 300) wide += "\xE6\x9D\xB1\xC3\xA4";
  Asking asking(FiveReasons(wide));
  for (const std::string_view request : {kFiveReasons, std::string_view("{runner_ids: [\xC3\xA4\xC3\xA4]}"),
                                         std::string_view("{zone: \xC3\xA4, \xC3\xA4: 1}")}) {
    const DetailedDecision decision = asking.Decide(request);
    const Bounded bounded = {decision, asking.request()};
    for (size_t room = 3; room < 900; ++room) {
      const std::string message = bounded.In(room);
      ASSERT_LE(message.size(), room);
      ASSERT_EQ(lint::NotUtf8(message), "") << message;
    }
  }
}

// What is too long in a reason is cut before the next step is.
TEST(Message, WithinABoundCutsTheReasonBeforeTheStep) {
  const std::string deep(600, 'd');
  std::vector<Source> sources = One("{resource_defaults: {cpuLimit: 4}}");
  for (Source& source : sources) source.name += deep;
  struct Row {
    std::string request;
    std::string step;
  };
  const std::string long_id(250, 'r');
  const std::vector<Row> rows = {
      // One reason, whose place is long.
      {"{resource_limits: {cpu: 8}}", "; next: "},
      // No candidate.
      {"{runner_ids: [" + long_id + "], profile_names: [" + long_id + "]}", "; "},
      // Invalid: a long explanation.
      {"{pod_annotations: {" + std::string(900, 'k') + ": \"\"}}", "; next: correct `pod_annotations"},
  };
  for (const Row& row : rows) {
    Asking asking(sources);
    const DetailedDecision decision = asking.Decide(row.request);
    ASSERT_NE(decision.verdict, Verdict::kAdmitted);
    const Bounded bounded = {decision, asking.request()};
    const std::string whole = bounded.In(SIZE_MAX);
    const size_t at = whole.rfind(row.step);
    ASSERT_NE(at, std::string::npos) << whole;
    const std::string step = whole.substr(at);
    const size_t room = whole.size() - 40;
    ASSERT_GT(room, step.size() + room / 4) << "a quarter is the text's in any case";
    const std::string message = bounded.In(room);
    EXPECT_LE(message.size(), room);
    EXPECT_THAT(message, EndsWith(step));
    EXPECT_THAT(message, HasSubstr("..."));
  }
}

TEST(Message, WithinABoundOfAnAdmissionIsCut) {
  Asking asking(One("{}"));
  const DetailedDecision decision = asking.Decide("{}");
  EXPECT_EQ(MessageOf(decision, asking.request(), {}, {.max_bytes = 20}), "admitted on runne...");
}

TEST(Wording, OfOneLineHoldsNoControlCharacterAndNothingButUtf8) {
  EXPECT_EQ(OneLine("a\tb\r\n\x7F"), "a?b???");
  EXPECT_EQ(OneLine("\xC2\x85\xC2\x9B\xE2\x80\xA8\xE2\x80\xA9"), "????");  // C1, line and paragraph separators
  EXPECT_EQ(OneLine("\xFF\xC3x\xED\xA0\x80"),
            "??"
            "x???");
  EXPECT_EQ(OneLine("\xC3\xA4\xC2\xA0\xE6\x9D\xB1\xF0\x9F\x9A\xA2"), "\xC3\xA4\xC2\xA0\xE6\x9D\xB1\xF0\x9F\x9A\xA2");
  EXPECT_EQ(OneLine(""), "");
}

TEST(Wording, OfShortenedTextsIsWithinTheBound) {
  EXPECT_EQ(Shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(Shortened("abcdef", 5), "ab...");
  EXPECT_EQ(Shortened("abcdef", 3), "...");
  EXPECT_EQ(Shortened("\xC3\xA4\xC3\xA4\xC3\xA4", 5), "\xC3\xA4...");
  EXPECT_EQ(Shortened("\xC3\xA4\xC3\xA4\xC3\xA4", 4), "...");
}

TEST(Message, OfNoDecisionIsAnAnswerAllTheSame) {
  const LaunchRequest request;
  DetailedDecision decision;
  for (const Verdict verdict : {Verdict::kInvalid, Verdict::kRejected, Verdict::kAdmitted}) {
    decision.verdict = verdict;
    EXPECT_FALSE(MessageOf(decision, request).empty());
    EXPECT_THAT(DecisionToJson(decision, request, true, JsonLayout::kCompact), HasSubstr("\"catalog_revision\":0"));
  }
}

}  // namespace
}  // namespace berth
