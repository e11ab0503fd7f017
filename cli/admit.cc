#include "berth/cli/admit.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "berth/cli/admit_html.h"
#include "berth/cli/findings.h"
#include "berth/cli/html.h"
#include "berth/cli/spec_text.h"
#include "berth/cli/waterfall.h"
#include "berth/cli/why_not.h"
#include "berth/engine/json.h"
#include "berth/engine/message.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/remedy.h"
#include "berth/policy/reason.h"

namespace berth::cli {
namespace {

constexpr size_t kFlushBytes = size_t{64} << 10;
constexpr size_t kOfferedColumns = 32;

std::string_view CheckMark(const Stream& out) { return out.shows_utf8() ? "\xE2\x9C\x93 " : ""; }
std::string_view CrossMark(const Stream& out) { return out.shows_utf8() ? "\xE2\x9C\x97 " : ""; }

ExitCode CodeOf(Verdict verdict) { return verdict == Verdict::kAdmitted ? kExitGood : kExitBad; }

// `binding` with its layer and line: who set the guardrail.
std::string GuardrailText(const ReasonExample& example) {
  std::string text(example.layer);
  if (!example.source.empty()) text.append(text.empty() ? "" : " ").append(Printable(example.source));
  return text;
}

void PrintReasons(const DetailedDecision& decision, const LaunchRequest& request, Stream& out) {
  Table table({"REASON", "ASKED", "OFFERED", "HEADLINE", "BLOCKED", "SOLE", "EXAMPLE", "SET BY"});
  for (const ReasonCount& reason : decision.reasons) {
    const ReasonDetail detail = DetailOf(decision, request, reason);
    std::string binding;
    std::string guardrail;
    if (detail.example) {
      binding = Printable(detail.example->runner_id) + "/" + Printable(detail.example->profile_name);
      guardrail = GuardrailText(*detail.example);
    }
    table.Add({{std::string(InfoOf(reason.code).name), Style::kStrong},
               detail.requested ? Cut(*detail.requested, kOfferedColumns) : "-",
               detail.offered.empty() ? "-" : NameList(detail.offered, kOfferedColumns),
               std::to_string(reason.headline),
               std::to_string(reason.blocked),
               std::to_string(reason.sole),
               std::move(binding),
               std::move(guardrail)});
  }
  out << "\n";
  table.Print(2, out);
}

std::string ActionsText(const Remedy& remedy) {
  std::string text;
  for (const RemedyAction action : remedy.actions) {
    text.append(text.empty() ? "" : " + ").append(RemedyActionName(action));
  }
  return text;
}

// What was tried and helps, the best first.
void PrintRemedies(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                   Stream& out) {
  Table table({"#", "REMEDY", "ADMITS", "FIRST", "CHANGE"});
  for (size_t i = 0; i < remedies.size(); ++i) {
    const Remedy& remedy = remedies[i];
    table.Add({std::to_string(i + 1),
               {ActionsText(remedy), Style::kGood},
               std::to_string(remedy.admits),
               remedy.placement ? BindingName(*decision.snapshot, *remedy.placement) : "-",
               Printable(RemedyText(remedy, decision, request))});
  }
  out << "\n";
  table.Print(2, out);
}

// What each reason asks for, when nothing that was tried helps.
void PrintHelp(const DetailedDecision& decision, const LaunchRequest& request, Stream& out) {
  out << "\n  no single change that was tried helps; what each reason asks for:\n";
  for (const Help& help : HelpAgainst(decision, request)) {
    out << "  ";
    out.Add("help:", Style::kNote) << " " << Printable(help.text) << " ";
    out.Add("(" + help.reasons + ")", Style::kFaint) << "\n";
  }
}

void PrintRejected(const DetailedDecision& decision, const LaunchRequest& request, bool all, Stream& out) {
  out << CrossMark(out);
  out.Add("REJECTED", Style::kBad) << " ";
  out.Add(decision.code, Style::kStrong) << "\n";
  const std::vector<Remedy> remedies = FindRemedies(decision, request);
  out << Printable(MessageOf(decision, request, remedies)) << "\n";
  PrintWhy(decision, request, remedies, out);
  if (all) PrintWaterfall(WaterfallOf(decision, request, remedies), remedies.size(), out);
}

Resolved ResolvedPlacement(const DetailedDecision& decision, const LaunchRequest& request) {
  return Engine::Resolve(*decision.snapshot, decision.placements.front(), &request, request.organization_id);
}

void PrintAdmitted(const DetailedDecision& decision, const LaunchRequest& request, Stream& out) {
  const Snapshot& snapshot = *decision.snapshot;
  const uint32_t placed = decision.placements.front();
  const CompiledBinding& binding = snapshot.bindings()[placed];
  out << CheckMark(out);
  out.Add("ADMITTED", Style::kGood) << " on ";
  out.Add(BindingName(snapshot, placed), Style::kStrong) << "\n\n";
  std::vector<std::string> alternatives;
  for (uint32_t index : decision.placements.subspan(1)) alternatives.push_back(BindingName(snapshot, index));
  const std::string& zone = snapshot.RunnerOf(binding).runner->zone;
  std::vector<HeaderLine> header = {
      {"placement", BindingName(snapshot, placed) + (zone.empty() ? "" : " in zone " + Printable(zone))},
      {"alternatives", alternatives.empty() ? "none" : NameList(alternatives, 100)},
  };
  for (HeaderLine& line : NetworkHeader(ResolvedPlacement(decision, request))) header.push_back(std::move(line));
  PrintHeader(header, "", out);
}

void PrintViolations(std::span<const Issue> errors, Stream& out) {
  out << CrossMark(out);
  out.Add("INVALID", Style::kBad) << " ";
  out.Add(VerdictCode(Verdict::kInvalid, false), Style::kStrong) << "\n";
  out << Counted(errors.size(), "thing is", "things are") << " wrong with the request:\n\n";
  Table table({"FIELD", "LINE", "WHAT IS WRONG"});
  for (const Issue& error : errors) {
    std::string text = Printable(error.message);
    if (!error.suggestion.empty()) text.append("; ").append(Printable(error.suggestion));
    table.Add({{error.field.empty() ? "(request)" : Printable(error.field), Style::kStrong},
               error.position.known() ? std::to_string(error.position.line) : "-",
               std::move(text)});
  }
  table.Print(2, out);
}

void PrintCandidates(const DetailedDecision& decision, Stream& out) {
  Table table({"RUNNER", "PROFILE", "REASONS"});
  for (const CandidateResult& candidate : decision.candidates) {
    const CompiledBinding& binding = decision.snapshot->bindings()[candidate.binding];
    std::string reasons;
    for (uint32_t rest = candidate.failures.bits(); rest != 0; rest &= rest - 1) {
      const std::string_view name = InfoOf(static_cast<ReasonCode>(std::countr_zero(rest))).name;
      reasons.append(reasons.empty() ? "" : ", ").append(name);
    }
    table.Add({Printable(decision.snapshot->RunnerOf(binding).runner->runner_id),
               Printable(binding.name),
               {reasons.empty() ? "none: it can take the sandbox" : reasons,
                reasons.empty() ? Style::kGood : Style::kPlain}});
  }
  if (table.empty()) return;
  out << "\n";
  table.Print(2, out);
}

void PrintDecision(const DetailedDecision& decision, const LaunchRequest& request, bool all, Stream& out) {
  if (decision.verdict == Verdict::kRejected) {
    PrintRejected(decision, request, all, out);
  } else {
    PrintVerdict(decision, request, out);
  }
  if (decision.verdict == Verdict::kAdmitted) {
    out << "\n";
    PrintSpec(ResolvedPlacement(decision, request), &request, out);
  }
  if (all && decision.verdict != Verdict::kInvalid) PrintCandidates(decision, out);
}

// One decision for people in one line.
std::string LineOf(const DetailedDecision& decision, const LaunchRequest& request) {
  return std::string(VerdictName(decision.verdict)) + " " +
         Printable(request.sandbox_id.empty() ? "-" : request.sandbox_id) + ": " +
         Printable(MessageOf(decision, request));
}

ExitCode AdmitOne(const Engine& engine, const AdmitOptions& options, Console& console) {
  const std::optional<LoadedRequest> loaded = LoadRequest(*options.request, console);
  if (!loaded) return kExitUnreadable;
  WarnOfOrganization(*engine.snapshot(), loaded->request, console);
  const Output output = options.output.value_or(Output::kText);
  if (options.why_not) return ExplainWhyNot(engine, loaded->request, *options.why_not, output, console);
  Scratch scratch;
  const DetailedDecision decision = engine.AdmitInDetail(loaded->request, scratch);
  if (options.html) {
    const std::string page = DecisionPage({decision, loaded->request, options.catalog, *options.request});
    return std::max(CodeOf(decision.verdict), WritePage(*options.html, page, console));
  }
  if (output == Output::kJson) {
    console.out << DecisionToJson(decision, loaded->request, options.all, JsonLayout::kIndented) << "\n";
  } else {
    PrintDecision(decision, loaded->request, options.all, console.out);
  }
  return CodeOf(decision.verdict);
}

// One line for each request.
ExitCode AdmitMany(const Engine& engine, const AdmitOptions& options, Console& console) {
  const std::optional<std::vector<LoadedRequest>> loaded = LoadRequests(*options.requests, console);
  if (!loaded) return kExitUnreadable;
  const bool text = options.output == Output::kText;
  ExitCode worst = kExitGood;
  Scratch scratch;
  std::set<std::string_view> organizations;
  for (const LoadedRequest& one : *loaded) {
    if (organizations.insert(one.request.organization_id).second) {
      WarnOfOrganization(*engine.snapshot(), one.request, console);
    }
    const DetailedDecision decision = engine.AdmitInDetail(one.request, scratch);
    console.out << (text ? LineOf(decision, one.request)
                         : DecisionToJson(decision, one.request, options.all, JsonLayout::kCompact))
                << "\n";
    worst = std::max(worst, one.readable ? CodeOf(decision.verdict) : kExitUnreadable);
    if (console.out.size() >= kFlushBytes && !console.Flush()) return kExitInternal;
  }
  return worst;
}

}  // namespace

std::vector<Help> HelpAgainst(const DetailedDecision& decision, const LaunchRequest& request) {
  std::vector<ReasonCount> reasons(decision.reasons.begin(), decision.reasons.end());
  std::ranges::stable_sort(reasons, std::greater(), &ReasonCount::headline);
  std::vector<Help> all;
  for (const ReasonCount& reason : reasons) {
    const std::string_view name = InfoOf(reason.code).name;
    std::string text = HelpText(reason.code, DetailOf(decision, request, reason));
    const auto same = std::ranges::find(all, text, &Help::text);
    if (same == all.end()) {
      all.push_back({std::move(text), std::string(name)});
    } else if (!same->reasons.ends_with(name)) {
      same->reasons.append(", ").append(name);
    }
  }
  return all;
}

void PrintWhy(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
              Stream& out) {
  PrintReasons(decision, request, out);
  if (remedies.empty()) {
    PrintHelp(decision, request, out);
  } else {
    PrintRemedies(decision, request, remedies, out);
  }
}

void PrintVerdict(const DetailedDecision& decision, const LaunchRequest& request, Stream& out) {
  switch (decision.verdict) {
    case Verdict::kAdmitted:
      PrintAdmitted(decision, request, out);
      return;
    case Verdict::kRejected:
      PrintRejected(decision, request, /*all=*/false, out);
      return;
    case Verdict::kInvalid:
      PrintViolations(decision.violations, out);
  }
}

void PrintInvalid(const DetailedDecision& decision, const LaunchRequest& request, Output output, Console& console) {
  if (output == Output::kJson) {
    console.out << DecisionToJson(decision, request, /*all=*/false, JsonLayout::kIndented) << "\n";
  } else {
    PrintViolations(decision.violations, console.out);
  }
}

ExitCode Admit(const AdmitOptions& options, Console& console) {
  if (const std::string mistake = HtmlFlagMistake(options.html); !mistake.empty()) {
    console.Complain(mistake);
    return kExitUsage;
  }
  Engine engine;
  if (const ExitCode code = LoadCatalog(options.catalog, engine, console); code != kExitGood) return code;
  return options.request ? AdmitOne(engine, options, console) : AdmitMany(engine, options, console);
}

}  // namespace berth::cli
