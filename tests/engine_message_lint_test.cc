// Every text that people read about a rejection, linted and recorded.
//
// The texts come from real decisions: one situation or more for every reason and every remedy, each with one binding
// and with three. tests/golden/messages/messages.txt records all of them. After a wanted change:
//
//     BERTH_UPDATE_CASES=1 build/release/tests/engine_message_lint_test
//
// writes it anew; read the difference before it is committed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/message.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/reason_text.h"
#include "berth/engine/remedy.h"
#include "berth/engine/remedy_text.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"
#include "tests/message_examples.h"
#include "tests/message_lint.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using C = ReasonCode;

// ---- the texts ----

class Decided {
 public:
  Decided(const std::vector<Source>& sources, std::string_view request, AdviceOptions advice = {})
      : engine_(advice), request_(LaunchOf(request)) {
    EXPECT_TRUE(engine_.Publish(CatalogOf(sources), 1).ok());
    decision_ = engine_.AdmitInDetail(request_, scratch_);
    EXPECT_EQ(decision_.verdict, Verdict::kRejected) << MessageOf(decision_, request_);
  }
  Decided(const Situation& situation, size_t bindings, AdviceOptions advice = {})
      : Decided(SourcesOf(situation, bindings), situation.request, advice) {}

  const DetailedDecision& decision() const { return decision_; }
  const LaunchRequest& request() const { return request_; }
  std::vector<Remedy> Remedies() const { return FindRemedies(decision_, request_); }
  std::string Message() const { return MessageOf(decision_, request_); }
  std::string Message(std::span<const Remedy> remedies, std::string_view where = "anywhere") const {
    return MessageOf(decision_, request_, remedies, {.where = where});
  }
  std::string Text(const Remedy& remedy) const { return RemedyText(remedy, decision_, request_); }

 private:
  Engine engine_;
  LaunchRequest request_;
  Scratch scratch_;
  DetailedDecision decision_;
};

constexpr size_t kBindings[] = {1, 3};

std::string ActionsOf(const Remedy& remedy) {
  std::string text;
  for (const RemedyAction action : remedy.actions) {
    text.append(text.empty() ? "" : " + ").append(RemedyActionName(action));
  }
  return text;
}

void LintSentence(const std::string& text) {
  EXPECT_EQ(lint::Broken(lint::kSentenceRules, text), "") << "  in: " << text;
}
void LintMessage(const std::string& text) { EXPECT_EQ(lint::BrokenMessage(text), "") << "  in: " << text; }

// What follows a finding may be a question; in a message it stands in parentheses.
void LintDetail(std::string text) {
  if (text.ends_with('?')) text.pop_back();
  if (!text.empty()) LintSentence(text);
}

bool IsAboutAmounts(C code) {
  return ResourceOf(code) || code == C::kGpuQuota || code == C::kGpuCountExceedsRunner || code == C::kInsufficientGpu;
}

// What a person reads in place of a document's spelling.
std::string Shown(const std::string& amount) {
  static const std::map<std::string, std::string> kSpellings = {
      {"12e6", "12M"}, {"123456789", "123456789 bytes"}, {"68719476735", "68719476735 bytes"}};
  const auto found = kSpellings.find(amount);
  return found == kSpellings.end() ? amount : found->second;
}

// What was asked, and how much there is; `no` says nothing.
void LintAmounts(const ReasonDetail& detail, const std::string& text) {
  const std::string asked = Shown(detail.judged ? detail.judged->text : detail.requested.value_or("?"));
  const std::string most = Shown(detail.offered.at(0));
  EXPECT_TRUE(lint::States(text, asked)) << asked << " is not in: " << text;
  EXPECT_TRUE(lint::States(text, most) || (most == "0" && lint::States(text, "no"))) << most << " is not in: " << text;
}

TEST(MessageLint, EveryReason) {
  std::set<C> seen;
  for (const auto& [code, situation] : ReasonSituations()) {
    for (const size_t bindings : kBindings) {
      SCOPED_TRACE(std::string(InfoOf(code).name) + " " + situation.name + " " + std::to_string(bindings));
      const Decided decided(situation, bindings);
      ASSERT_FALSE(decided.decision().reasons.empty());
      const ReasonCount& reason = decided.decision().reasons.front();
      EXPECT_EQ(reason.code, code);
      seen.insert(code);
      const ReasonDetail detail = DetailOf(decided.decision(), decided.request(), reason, CountedBy::kHeadline);
      const std::string text = ReasonText(code, detail);
      const std::string message = decided.Message();
      LintSentence(text);
      LintSentence(HelpText(code, detail));
      LintDetail(detail.explanation);
      LintMessage(message);
      LintMessage(decided.Message({}));
      LintMessage(decided.Message({}, "there"));
      LintMessage(Decided(situation, bindings, {.remedies = false}).Message());
      if (IsAboutAmounts(code)) LintAmounts(detail, text);
      if (detail.example && !detail.example->layer.empty()) {
        const std::string clause = lint::Parse(message).clauses.at(0);
        EXPECT_TRUE(lint::NamesOwner(clause, detail.example->layer, detail.example->source)) << clause;
      }
    }
  }
  EXPECT_EQ(seen.size(), kReasonCount);
}

TEST(MessageLint, EveryRemedy) {
  std::set<std::string> seen;
  for (const auto& [actions, situation] : RemedySituations()) {
    for (const size_t bindings : kBindings) {
      SCOPED_TRACE(actions + " " + situation.name + " " + std::to_string(bindings));
      const Decided decided(situation, bindings);
      const std::vector<Remedy> remedies = decided.Remedies();
      bool found = false;
      for (size_t i = 0; i < remedies.size(); ++i) {
        const std::string text = decided.Text(remedies[i]);
        LintSentence(text);
        LintMessage(decided.Message(std::span(remedies).subspan(i)));
        found = found || ActionsOf(remedies[i]) == actions;
        if (remedies[i].admin) {
          EXPECT_TRUE(text.ends_with(" [" + remedies[i].admin->source + "]")) << text;
        }
      }
      EXPECT_TRUE(found) << decided.Message();
      seen.insert(actions);
    }
  }
  // Each alone, and all combinations that there can be.
  EXPECT_EQ(seen.size(), 6U + 10U);
}

TEST(MessageLint, EverySummary) {
  for (const ReasonInfo& info : Reasons()) LintSentence(std::string(info.summary));
}

// A launch that every binding refuses for another reason: as many clauses as a message can well have.
TEST(MessageLint, ManyReasonsAtOnce) {
  using Json = nlohmann::ordered_json;
  const Json level = Json::parse(R"({"scope": "any", "service": {"serviceType": "ClusterIP"},
      "ingress": {"controllerName": "c", "template": "{{.SandboxID}}.example.com"}})");
  Json spec = Json::parse(R"({"container_image": "python:3", "instance_types": ["h100"],
      "resource_defaults": {"cpuLimit": "16", "memoryLimit": "16Gi"},
      "network": {"egress": {"default": "open", "modes": {"open": {"type": "internet"}}}, "ingress": {}}})");
  spec["network"]["ingress"]["web"] = level;
  const Json runner = Json::parse(R"({"kind": "Runner", "identity": {"zone": "z1"}, "capabilities": {
      "max_cpu_millicores": 64000, "max_memory_bytes": 68719476736, "max_gpu_count": 8, "supported_gpu_types": ["h100"],
      "supported_architectures": ["amd64"], "supports_privileged": true, "available_storage_classes": ["fast"]}})");
  const std::string long_label(60, 'x');
  // What is wrong with each: in its spec, or in its runner.
  const std::pair<std::string, std::string> wrong[] = {
      {R"({"resource_defaults": {"cpuLimit": "100"}})", "{}"},
      {R"({"resource_defaults": {"memoryLimit": "100Gi"}})", "{}"},
      {R"({"network": {"egress": {"default": "gone"}}})", "{}"},
      {R"({"namespace": {"strategy": "per-user"}})", "{}"},
      {R"({"instance_types": ["h100", "a100"]})", "{}"},
      {"{}", R"({"install_status": "PENDING"})"},
      {"{}", R"({"connection_status": "DISCONNECTED"})"},
      {"{}", R"({"capabilities": {"supported_architectures": ["arm64"]}})"},
      {"{}", R"({"capabilities": {"supports_privileged": false}})"},
      {"{}", R"({"capabilities": {"available_storage_classes": ["slow"]}})"},
      {"{}", R"({"capabilities": {"supported_gpu_types": ["a100"]}})"},
      {"{}", R"({"capabilities": {"max_gpu_count": 1}})"},
      {R"({"network": {"egress": {"default": "o", "modes": {"open": null, "o": {"type": "none"}}}}})", "{}"},
      {R"({"network": {"ingress": {"web": null}}})", "{}"},
      {R"({"network": {"ingress": {"web": {"ingress": {"template": "{{.SandboxID}})" + long_label + R"("}}}}})", "{}"},
      {R"({"resource_defaults": {"memoryLimit": null}})", R"({"managed_spec": {"enforce_resource_limits": true}})"},
      {R"({"resource_defaults": {"cpuLimit": "4"}})", "{}"},
      {R"({"resource_defaults": {"memoryLimit": "4Gi"}})", "{}"},
      {"{}", R"({"capabilities": {"max_cpu_millicores": 4000}})"},
      {"{}", R"({"capabilities": {"max_memory_bytes": 4294967296}})"},
      {R"({"container_image": "ruby:3"})", "{}"},
      {"{}", R"({"resources": {"available_cpu_millicores": 500}})"},
      {"{}", R"({"resources": {"available_memory_bytes": 0}})"},
      {"{}", R"({"resources": {"available_gpu_count": 1}})"},
  };
  std::vector<Source> sources = {
      {"zones/z1.yaml", ZoneText()},
      {"profiles/p1.yaml", "{kind: Profile, display_name: p1, spec: {resource_defaults: {memoryRequest: 8Gi}}}"},
      {"organizations.yaml", OrganizationText("quota: {cpu: 64, memory: 64Gi}, allowed_images: ['python:.*'], "
                                              "launch_overrides: [pod.placement]")}};
  for (const auto& [of_spec, of_runner] : wrong) {
    Json document = runner;
    document.merge_patch(Json::parse(of_runner));
    const std::string id = "runner-with-a-longer-name-" + std::to_string(sources.size());
    document["runner_id"] = id;
    document["identity"]["cluster_name"] = id;
    Json layer = spec;
    layer.merge_patch(Json::parse(of_spec));
    document["profile_bindings"] = {{{"profile_template_id", "p1"}, {"is_default", true}, {"overrides_json", layer}}};
    sources.push_back({"runners/" + id + ".yaml", document.dump(2)});
  }
  const Decided decided(sources, R"({sandbox_id: sb-1, architecture: amd64, privileged: true, storage_classes: [fast],
      network: {egress_mode: open, ingress_mode: web, exposed_ports: [80]},
      resource_requests: {cpu: 8, gpu: {count: 2, type: h100}},
      overrides: {pod: {placement: {instanceTypes: [h100]}}}})");
  const std::string message = decided.Message();
  LintMessage(message);
  EXPECT_EQ(lint::Parse(message).clauses.size(), std::size(wrong)) << message;
}

// Whatever a message is about, it keeps the rules. The words of findings are not its own.
TEST(MessageLint, RandomRejections) {
  const auto own = [](const std::string& text) { return !lint::Contains(text, R"(\bB\d{3} at )"); };
  size_t linted = 0;
  for (uint64_t seed = 1; linted < 2000; ++seed) {
    const RandomWorld world = MakeRandomWorld(seed);
    Catalog catalog;
    AddSource(std::make_shared<SourceText>("catalog.json", world.objects.dump(2)), catalog);
    Engine engine;
    ASSERT_TRUE(engine.Publish(catalog, 1).ok());
    Random random(seed);
    for (int i = 0; i < 20; ++i) {
      const std::string text = MakeRandomRequest(world, random).dump();
      const LaunchRequest request = ParseLaunchRequest(std::make_shared<SourceText>("request.json", text));
      Scratch scratch;
      const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
      const std::string message = MessageOf(decision, request);
      if (decision.verdict != Verdict::kRejected || !own(message)) continue;
      ++linted;
      SCOPED_TRACE("world " + std::to_string(seed) + ", request " + text);
      LintMessage(message);
      LintMessage(MessageOf(decision, request, {}));
      for (const Remedy& remedy : FindRemedies(decision, request)) LintSentence(RemedyText(remedy, decision, request));
      for (const ReasonCount& reason : decision.reasons) {
        const std::string help = HelpText(reason.code, DetailOf(decision, request, reason));
        if (own(help)) LintSentence(help);
      }
    }
  }
}

// ---- the linter ----

struct BadTexts {
  std::string_view rule;
  std::vector<std::string> texts;
};

const BadTexts kBadSentences[] = {
    {"one line", {"has\na line", "has\tcolumns", std::string("has \x7F")}},
    {"UTF-8", {"cut \xC3", "\xA9 alone", "cut \xE2\x82, then"}},
    {"spaces", {"", " has room", "has room ", "has  room", "has room ; needs more", "has ( room)", "has room (now )"}},
    {"end", {"has room.", "has room;", "has room:", "has room,", "did you mean it?"}},
    {"balance", {"has `one", "has (one", "has one)", "has [one)", "has {one"}},
    {"internal words",
     {"no candidate is left", "the runner has no nodes", "of this snapshot", "in the scratch", "it is nullopt",
      "the headline is another", "the binding index is there", "its offer is small", "the largest offer", "is kWait",
      "a std::string", "the need_ of it", "judged by the request", "the effectiveLimit of it",
      "fails CPU_EXCEEDS_PROFILE", "lacks only what passes (`INSUFFICIENT_GPU`)"}},
    {"filled in",
     {"asks %s of it", "asks {} of it", "asks `` of it", "gives () now", "it is refused: ; next", "TODO say it",
      "is (null) now"}},
    {"negations",
     {"does not offer none", "no runner without limits", "cannot be admitted unless it waits", "is not never there",
      "no image is not allowed", "doesn't take nothing"}},
    {"plain numbers", {"gives 1e+06 bytes", "gives 12e6", "gives 1.5E9 CPU"}},
    {"no number below zero", {"gives -0 CPU", "gives -1 GPU", "(-2Gi)"}},
    {"units",
     {"gives at most 4 (8 CPU asked)", "gives 64Gi (900 asked)", "lower it from 96 CPU to 64", "retry in 30",
      "the limit 1500m", "at most 253"}},
    {"quantities", {"gives 4000m CPU", "gives 4294967296 bytes", "gives 12000000 bytes"}},
    {"agreement",
     {"1 bindings left", "2 binding left", "gives 1 GPUs", "gives 4 GPU", "1 binding lack it", "3 bindings lacks it"}},
};

const BadTexts kBadMessages[] = {
    {"head",
     {"1 of 2 bindings can take this sandbox: 2 have no GPUs; next: wait",
      "0 of 1 bindings can take this sandbox: 1 has no GPUs; next: wait", "nothing: it is so; next: wait"}},
    {"sum",
     {"0 of 3 bindings can take this sandbox: 2 have no GPUs; next: wait",
      "0 of 2 bindings can take this sandbox: have no GPUs; next: wait"}},
    {"verbs",
     {"0 of 1 binding can take this sandbox: 1 have no GPUs; next: wait",
      "0 of 2 bindings can take this sandbox: 2 has no GPUs; next: wait",
      "0 of 2 bindings can take this sandbox: 2 lately fail; next: wait"}},
    {"next step",
     {"0 of 1 binding can take this sandbox: 1 has no GPUs",
      "0 of 1 binding can take this sandbox: 1 has no GPUs; next: the runner",
      "0 of 1 binding can take this sandbox: 1 has no GPUs; next: waiting",
      "no binding matches the request: it is so; wait"}},
    {"length",
     {"no binding matches the request: " + std::string(401, 'x') + "; next: wait",
      "no binding matches the request: `" + std::string(4000, 'x') + "`; next: wait"}},
};

template <typename Rules, typename Bad>
void ExpectEveryRuleToFail(const Rules& rules, const Bad& bad) {
  ASSERT_EQ(std::size(rules), std::size(bad));
  for (size_t i = 0; i < std::size(rules); ++i) {
    ASSERT_EQ(rules[i].name, bad[i].rule);
    for (const std::string& text : bad[i].texts) EXPECT_NE(rules[i].problem(text), "") << rules[i].name << ": " << text;
  }
}

TEST(Linter, EveryRuleCanFail) {
  ExpectEveryRuleToFail(lint::kSentenceRules, kBadSentences);
  ExpectEveryRuleToFail(lint::kMessageRules, kBadMessages);
}

TEST(Linter, GoodTextsPass) {
  for (const char* text :
       {"caps memory at 64Gi, below the 900Gi asked", "has no GPUs (a GPU of type `NO_SUCH_3` asked)",
        "retry in 30 s (1 binding lacks only free CPU)", "offers `a`, `b` but not `c  d.` (did you mean `a`?)",
        "lower the GPU count from 4 to 1", "gives 4294967297 bytes, 12M, 500m CPU and 96 CPU",
        "B307 at profiles/p1.yaml:1:70: the default is not declared", "is on x86-64",
        "offers no modes: none is there"}) {
    LintSentence(text);
  }
  LintMessage(
      "0 of 12 bindings can take this sandbox: 11 have no GPUs (4 GPUs asked) [e.g. runner `r;1`]; 1 is made invalid "
      "(it is "
      "`a; b`; set one) [sandbox, request.yaml:1:2]; it cannot be admitted there as written: wait for the runner");
}

TEST(Linter, AmountsAndOwnersCanBeMissing) {
  EXPECT_TRUE(lint::States("caps CPU at 4 CPU, below 8 CPU", "4"));
  EXPECT_FALSE(lint::States("caps CPU at 64 CPU, below 1400m CPU", "4"));
  EXPECT_TRUE(lint::NamesOwner("caps CPU [e.g. profile, p.yaml:1:2]", "profile", "p.yaml:1:2"));
  EXPECT_TRUE(lint::NamesOwner("has no GPUs [runner `r1`]", "runner", ""));
  EXPECT_FALSE(lint::NamesOwner("has no GPUs [runner]", "runner", ""));
  EXPECT_FALSE(lint::NamesOwner("caps CPU", "profile", "p.yaml:1:2"));
  EXPECT_FALSE(lint::NamesOwner("caps CPU [profile, p.yaml:1:23]", "profile", "p.yaml:1:2"));
  EXPECT_FALSE(lint::NamesOwner("caps CPU [zone, p.yaml:1:2]", "profile", "p.yaml:1:2"));
}

// ---- the record ----

std::string RecordOf(const std::string& heading, const Situation& situation) {
  std::string record = "== " + heading + (situation.name.empty() ? "" : ": " + situation.name) + "\n";
  for (const size_t bindings : kBindings) {
    const Decided decided(situation, bindings);
    record += decided.Message() + "\n";
    for (const ReasonCount& reason : decided.decision().reasons) {
      const ReasonDetail detail = DetailOf(decided.decision(), decided.request(), reason);
      record += "  help: " + HelpText(reason.code, detail) + "\n";
      if (!detail.explanation.empty()) record += "  detail: " + detail.explanation + "\n";
    }
    for (const Remedy& remedy : decided.Remedies()) {
      record += "  " + ActionsOf(remedy) + ": " + decided.Text(remedy) + "\n";
    }
  }
  return record + "\n";
}

TEST(MessageGolden, IsAsRecorded) {
  std::string now;
  for (const auto& [code, situation] : ReasonSituations()) {
    now += RecordOf(std::string(InfoOf(code).name) + " " + std::string(InfoOf(code).capability), situation);
  }
  for (const auto& [actions, situation] : RemedySituations()) now += RecordOf(actions, situation);
  const std::filesystem::path path =
      std::filesystem::path(__FILE__).parent_path() / "golden" / "messages" / "messages.txt";
  const char* update = std::getenv("BERTH_UPDATE_CASES");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream(path) << now;
    return;
  }
  std::stringstream recorded;
  recorded << std::ifstream(path).rdbuf();
  EXPECT_EQ(recorded.str(), now) << "if this is wanted, see the head of " << __FILE__;
}

}  // namespace
}  // namespace berth
