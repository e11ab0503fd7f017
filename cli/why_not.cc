#include "berth/cli/why_not.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "berth/cli/admit.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/json.h"
#include "berth/engine/remedy.h"
#include "berth/engine/why_not.h"
#include "berth/spec/quoted.h"

namespace berth::cli {
namespace {

struct Target {
  std::string runner;
  std::string profile;  // empty: all that the runner binds
};

// What the caller may see, for finding the target and for naming near ones.
class Visible {
 public:
  Visible(const Snapshot& snapshot, std::string_view organization) {
    snapshot.ForEachVisible(organization, [&](uint32_t index) {
      const CompiledBinding& binding = snapshot.bindings()[index];
      const std::string& runner = snapshot.RunnerOf(binding).runner->runner_id;
      runners_.insert(runner);
      profiles_.emplace(runner, binding.name);
    });
  }

  // Ids and names may hold slashes, so the longest runner that is there is meant.
  [[nodiscard]] std::optional<Target> Find(const std::string& text) const {
    if (runners_.contains(text)) return Target{text, ""};
    for (size_t slash = text.rfind('/'); slash != std::string::npos && slash > 0; slash = text.rfind('/', slash - 1)) {
      if (runners_.contains(text.substr(0, slash))) return Target{text.substr(0, slash), text.substr(slash + 1)};
    }
    return std::nullopt;
  }
  [[nodiscard]] std::vector<std::string> runners() const { return {runners_.begin(), runners_.end()}; }
  [[nodiscard]] std::vector<std::string> ProfilesOf(const std::string& runner) const {
    std::vector<std::string> profiles;
    for (const auto& [id, profile] : profiles_) {
      if (id == runner) profiles.push_back(profile);
    }
    return profiles;
  }

 private:
  std::set<std::string> runners_;
  std::set<std::pair<std::string, std::string>> profiles_;
};

ExitCode Unknown(std::string_view what, const std::string& name, const std::vector<std::string>& known,
                 Console& console) {
  constexpr size_t kColumns = 80;
  const std::string near = DidYouMean(name, known);
  const std::string all = known.empty() ? "; there is none" : "; known: " + NameList(known, kColumns);
  console.Complain(std::string(what) + " " + Quoted(name) + " is unknown in the request's organization" +
                   (near.empty() ? all : near));
  return kExitUsage;
}

// Why the request as sent does not look at the binding.
std::string LeftOutText(const Standing& standing, const Snapshot& snapshot, const LaunchRequest& request) {
  const CompiledBinding& binding = snapshot.bindings()[standing.binding];
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  std::vector<std::string> parts;
  const auto misses = [&](Filter filter) { return (standing.missed_filters & BitOf(filter)) != 0; };
  constexpr size_t kColumns = 60;
  if (standing.is_default_needed) parts.emplace_back("names no profile, and then only default bindings count");
  if (misses(Filter::kProfile)) parts.push_back("asks for profile " + NameList(request.profile_names, kColumns));
  if (misses(Filter::kRunner)) parts.push_back("asks for runner " + NameList(request.runner_ids, kColumns));
  if (misses(Filter::kGroup)) {
    parts.push_back("asks for runner group " + Quoted(request.runner_group_id) + " (this one is in " +
                    (runner.group.empty() ? "none" : Quoted(runner.group)) + ")");
  }
  if (misses(Filter::kZone)) {
    parts.push_back("asks for zone " + Quoted(request.zone) + " (this one is in " + Quoted(runner.zone) + ")");
  }
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

void PrintStanding(const Standing& standing, bool fits, const DetailedDecision& decision, const LaunchRequest& request,
                   Stream& out) {
  const Snapshot& snapshot = *decision.snapshot;
  out.Add(BindingName(snapshot, standing.binding), Style::kStrong);
  // An own runner and a shared one may have the same id.
  const std::string& owner = snapshot.RunnerOf(snapshot.bindings()[standing.binding]).runner->organization_id;
  if (owner != request.organization_id) out << " (shared by organization " << Printable(owner) << ")";
  out << ": ";
  if (standing.place == 1) {
    out.Add("gets this sandbox", Style::kGood) << "\n";
  } else if (fits) {
    out.Add("can take this sandbox", Style::kGood);
    if (standing.place) out << ", as number " << std::to_string(*standing.place) << " of those that can";
    if (standing.in_scope() && !decision.placements.empty())
      out << "; " << BindingName(snapshot, decision.placements.front()) << " comes first";
    out << "\n";
  } else {
    out.Add("cannot take this sandbox", Style::kBad) << "\n";
  }
  if (standing.in_scope()) return;
  out << "  left out: the request " << Printable(LeftOutText(standing, snapshot, request)) << "\n";
}

}  // namespace

ExitCode ExplainWhyNot(const Engine& engine, const LaunchRequest& request, const std::string& target, Output output,
                       Console& console) {
  Scratch scratch;
  const DetailedDecision decision = engine.AdmitInDetail(request, scratch);
  if (decision.verdict == Verdict::kInvalid) {
    PrintInvalid(decision, request, output, console);
    return kExitBad;
  }
  const Visible visible(*decision.snapshot, request.organization_id);
  const std::optional<Target> found = visible.Find(target);
  if (!found) return Unknown("runner", target, visible.runners(), console);
  const std::vector<Standing> standings = StandingsOf(decision, request, found->runner, found->profile);
  if (standings.empty()) return Unknown("profile", found->profile, visible.ProfilesOf(found->runner), console);
  std::vector<uint32_t> bindings;
  bindings.reserve(standings.size());
  for (const Standing& standing : standings) bindings.push_back(standing.binding);
  Scratch narrow_scratch;
  const DetailedDecision narrow = DecideAt(decision, request, bindings, narrow_scratch);
  const ExitCode code = narrow.verdict == Verdict::kAdmitted ? kExitGood : kExitBad;
  if (output == Output::kJson) {
    console.out << WhyNotToJson(narrow, request, standings, JsonLayout::kIndented) << "\n";
    return code;
  }
  for (const Standing& standing : standings) {
    const std::span<const uint32_t> one(&standing.binding, 1);
    Scratch one_scratch;
    const DetailedDecision about_one = DecideAt(decision, request, one, one_scratch);
    if (&standing != &standings.front()) console.out << "\n";
    PrintStanding(standing, about_one.verdict == Verdict::kAdmitted, decision, request, console.out);
    if (about_one.verdict == Verdict::kRejected) {
      PrintWhy(about_one, request, FindRemediesAt(about_one, request, one), console.out);
    }
  }
  return code;
}

}  // namespace berth::cli
