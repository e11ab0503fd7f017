#include "berth/engine/remedy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "berth/engine/admission.h"
#include "berth/engine/json.h"
#include "berth/policy/fit.h"
#include "berth/spec/limits.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

using C = ReasonCode;

// Which of the first four actions a remedy is made of.
using Kinds = uint32_t;
constexpr Kinds KindOf(RemedyAction action) { return Kinds{1} << static_cast<uint32_t>(action); }
constexpr Kinds kFix = KindOf(RemedyAction::kFixRequest);
constexpr Kinds kShrink = KindOf(RemedyAction::kRetrySmaller);
constexpr Kinds kProfile = KindOf(RemedyAction::kUseOtherProfile);
constexpr Kinds kRunner = KindOf(RemedyAction::kUseOtherRunner);

// Each alone, then two together, then three.
constexpr Kinds kSearched[] = {
    kFix,
    kShrink,
    kProfile,
    kRunner,
    kFix | kShrink,
    kFix | kProfile,
    kFix | kRunner,
    kShrink | kProfile,
    kShrink | kRunner,
    kProfile | kRunner,
    kFix | kShrink | kProfile,
    kFix | kShrink | kRunner,
    kFix | kProfile | kRunner,
    kShrink | kProfile | kRunner,
};

constexpr uint32_t LiveCodes() {
  Failures live;
  for (const C code : {C::kRunnerDisconnected, C::kInsufficientCpu, C::kInsufficientMemory, C::kInsufficientGpu}) {
    live.Add(code);
  }
  return live.bits();
}

bool OnlyLive(Failures failures) { return !failures.none() && (failures.bits() & ~LiveCodes()) == 0; }

// One view of the live state, by runner: that of the decision, where it looked.
std::vector<LiveState> LiveStatesOf(const DetailedDecision& decision) {
  const Snapshot& snapshot = *decision.snapshot;
  std::vector<LiveState> live;
  for (const CompiledRunner& runner : snapshot.runners()) live.push_back(runner.live->Read());
  for (const CandidateResult& candidate : decision.candidates) {
    live[snapshot.bindings()[candidate.binding].runner] = candidate.live;
  }
  return live;
}

// What one number of the request is made of: an amount, or the two that a joined side sets.
using Number = std::vector<Amount>;

std::vector<Number> NumbersOf(bool joined) {
  if (joined) {
    return {
        {Amount::kCpuLimit, Amount::kCpuRequest}, {Amount::kMemoryLimit, Amount::kMemoryRequest}, {Amount::kGpuCount}};
  }
  return {{Amount::kCpuLimit},
          {Amount::kCpuRequest},
          {Amount::kMemoryLimit},
          {Amount::kMemoryRequest},
          {Amount::kGpuCount}};
}

bool Edits(const AmountEdits& edits, const Number& number) {
  return std::ranges::any_of(number, [&](Amount amount) { return edits[amount].has_value(); });
}

bool Lowers(const AmountEdits& edits, const Number& number) {
  return std::ranges::any_of(number, [&](Amount amount) { return edits[amount] && edits[amount]->lowered; });
}

bool Adds(const AmountEdits& edits, const Number& number) {
  return std::ranges::any_of(number, [&](Amount amount) { return edits[amount] && !edits[amount]->lowered; });
}

AmountEdits Without(AmountEdits edits, const Number& number) {
  for (const Amount amount : number) edits[amount].reset();
  return edits;
}

AmountEdits WithOneMore(AmountEdits edits, const Number& number) {
  for (const Amount amount : number) {
    if (edits[amount]) ++edits[amount]->value;
  }
  return edits;
}

// One way to change the amounts, for the first candidate that asks for it.
struct Trial {
  AmountEdits edits;
  int dimensions = 0;
  double kept = 0;
};

class Search {
 public:
  // `scope`: the only bindings that count, whatever the filters say; empty: as the request says.
  Search(const DetailedDecision& decision, const LaunchRequest& request, std::span<const uint32_t> scope)
      : decision_(decision),
        scope_(scope),
        snapshot_(*decision.snapshot),
        request_(request),
        numbers_(NumbersOf(HasJoinedSides(request))),
        live_(LiveStatesOf(decision)) {}

  std::vector<Remedy> Run() {
    std::vector<Kinds> helped;
    for (const Kinds kinds : kSearched) {
      const bool part_helps = std::ranges::any_of(helped, [&](Kinds part) { return (part & ~kinds) == 0; });
      if (!part_helps && SearchKinds(kinds)) helped.push_back(kinds);
    }
    AddWait();
    AddGuardrails();
    return Best();
  }

 private:
  struct Outcome {
    uint32_t admits = 0;
    uint32_t winner = 0;          // binding; only when admits > 0
    uint32_t first_admitted = 0;  // likewise: the first in catalog order
  };

  Outcome Try(const LaunchRequest& request, Supposition supposition = {}) {
    supposition.live = live_;
    supposition.scope = scope_;
    const DetailedDecision decision = Admission(snapshot_, request, scratch_, supposition).Run();
    Outcome outcome;
    for (const CandidateResult& candidate : decision.candidates) {
      if (!candidate.failures.none()) continue;
      if (outcome.admits == 0) outcome.first_admitted = candidate.binding;
      ++outcome.admits;
    }
    if (outcome.admits > 0) outcome.winner = decision.placements.front();
    return outcome;
  }

  bool Admits(const RequestEdit& edit) { return Try(Edited(request_, edit)).admits > 0; }

  // The request without the filters that the kinds replace.
  LaunchRequest InScopeOf(Kinds kinds) const {
    LaunchRequest request = request_;
    if ((kinds & kProfile) != 0) request.profile_names.clear();
    if ((kinds & kRunner) != 0) {
      request.runner_ids.clear();
      request.runner_group_id.clear();
      request.zone.clear();
    }
    return request;
  }

  bool HasFiltersOf(Kinds kinds) const {
    if (!scope_.empty() && (kinds & (kProfile | kRunner)) != 0) return false;
    const bool runner = !request_.runner_ids.empty() || !request_.runner_group_id.empty() || !request_.zone.empty();
    return ((kinds & kProfile) == 0 || !request_.profile_names.empty()) && ((kinds & kRunner) == 0 || runner);
  }

  // Whether there is a remedy of just these kinds.
  bool SearchKinds(Kinds kinds) {
    if (!HasFiltersOf(kinds)) return false;
    if ((kinds & (kFix | kShrink)) == 0) return Consider(kinds, {});
    std::vector<Trial> trials = TrialsOf(kinds);
    std::ranges::stable_sort(trials, [](const Trial& a, const Trial& b) {
      return a.dimensions != b.dimensions ? a.dimensions < b.dimensions : a.kept > b.kept;
    });
    size_t tried = 0;
    size_t passed = 0;
    for (const Trial& trial : trials) {
      const auto dominates = [&](const Trial& other) { return IsDominated(trial.edits, other.edits); };
      if (std::ranges::any_of(trials, dominates)) continue;
      if (tried++ == kMaxRemedyTrials) break;
      passed += Consider(kinds, trial.edits) ? 1 : 0;
      if ((kinds & kShrink) != 0 && passed == kMaxRemediesPerAction) break;
    }
    return passed > 0;
  }

  // The distinct edits that fit a candidate of the scope, in catalog order.
  std::vector<Trial> TrialsOf(Kinds kinds) {
    const FitWay way = (kinds & kFix) == 0 ? FitWay::kShrink : (kinds & kShrink) == 0 ? FitWay::kFix : FitWay::kBoth;
    const LaunchRequest scope = InScopeOf(kinds);
    Supposition supposition;
    supposition.live = live_;
    supposition.scope = scope_;
    Scratch scratch;
    const DetailedDecision decision = Admission(snapshot_, scope, scratch, supposition).Run();
    std::string folded_gpu_type;
    const Need need = NeedOf(scope, folded_gpu_type);
    const CallerRules& caller = snapshot_.OrganizationOf(request_.organization_id).rules;
    std::vector<Trial> trials;
    std::set<AmountEdits> seen;
    for (const CandidateResult& candidate : decision.candidates) {
      const CompiledBinding& binding = snapshot_.bindings()[candidate.binding];
      const Candidate fitted = {binding.offer, *snapshot_.RunnerOf(binding).runner, candidate.live};
      const std::optional<AmountEdits> edits =
          FitTo(fitted, candidate.failures, need, caller, way, HasJoinedSides(request_));
      if (!edits || seen.contains(*edits)) continue;
      RequestEdit edit;
      edit.amounts = *edits;
      const LaunchRequest edited = Edited(scope, edit);
      if (!Admission(snapshot_, edited, scratch_, supposition).FailuresOf(candidate.binding).none()) continue;
      seen.insert(*edits);
      trials.push_back({*edits, edits->dimensions(), edits->kept()});
    }
    return trials;
  }

  // Adds the remedy, if that is what the edits make.
  bool Consider(Kinds kinds, const AmountEdits& amounts) {
    RequestEdit edit;
    edit.amounts = amounts;
    if (!ReplaceFilters(kinds, edit)) return false;
    LeaveOutNeedless(edit);
    const Outcome outcome = Try(Edited(request_, edit));
    if (outcome.admits == 0 || KindsOf(kinds, edit) != kinds) return false;
    if (CouldAskForMore(edit) || PartSuffices(kinds, edit)) return false;
    Add(kinds, std::move(edit), outcome);
    return true;
  }

  // Whether an edit helps as well without a number; then again without another one. The last ones go first.
  void LeaveOutNeedless(RequestEdit& edit) {
    for (auto number = numbers_.rbegin(); number != numbers_.rend();) {
      RequestEdit undone = edit;
      undone.amounts = Without(edit.amounts, *number);
      if (Edits(edit.amounts, *number) && Admits(undone)) {
        edit = std::move(undone);
        number = numbers_.rbegin();
      } else {
        ++number;
      }
    }
  }

  // Whether some of the kinds of change would do without the others. A number of two kinds belongs to neither alone.
  bool PartSuffices(Kinds kinds, const RequestEdit& edit) {
    for (Kinds part = (kinds - 1) & kinds; part != 0; part = (part - 1) & kinds) {
      RequestEdit without = edit;
      if ((part & kProfile) == 0) without.profile.reset();
      if ((part & kRunner) == 0) {
        without.runner.reset();
        without.drop_group = without.drop_zone = false;
      }
      for (const Number& number : numbers_) {
        if ((KindsOf(kinds, edit.amounts, number) & ~part) != 0) {
          without.amounts = Without(without.amounts, number);
        }
      }
      if (Admits(without)) return true;
    }
    return false;
  }

  // Puts the winner's names in place of the filters that it does not pass. False when nothing is admitted.
  bool ReplaceFilters(Kinds kinds, RequestEdit& edit) {
    if ((kinds & (kProfile | kRunner)) == 0) return true;
    const Outcome outcome = Try(Edited(InScopeOf(kinds), edit));
    if (outcome.admits == 0) return false;
    const CompiledBinding& binding = snapshot_.bindings()[outcome.winner];
    const Runner& runner = *snapshot_.RunnerOf(binding).runner;
    const auto called = [&](const std::string& name) { return IsCalled(binding, name); };
    const auto& ids = request_.runner_ids;
    if ((kinds & kProfile) != 0 && std::ranges::none_of(request_.profile_names, called)) edit.profile = binding.name;
    if ((kinds & kRunner) == 0) return true;
    if (!ids.empty() && std::ranges::find(ids, runner.runner_id) == ids.end()) edit.runner = runner.runner_id;
    edit.drop_group = !request_.runner_group_id.empty() && request_.runner_group_id != runner.group;
    edit.drop_zone = !request_.zone.empty() && request_.zone != runner.zone;
    return true;
  }

  // What a number's change is, when it was made for `kinds`.
  static Kinds KindsOf(Kinds kinds, const AmountEdits& amounts, const Number& number) {
    if (!Edits(amounts, number)) return 0;
    const Kinds of_amounts = kinds & (kFix | kShrink);
    if (of_amounts != (kFix | kShrink)) return of_amounts;
    return (Adds(amounts, number) ? kFix : 0) | (Lowers(amounts, number) ? kShrink : 0);
  }

  Kinds KindsOf(Kinds kinds, const RequestEdit& edit) const {
    Kinds used = 0;
    for (const Number& number : numbers_) used |= KindsOf(kinds, edit.amounts, number);
    used |= edit.profile ? kProfile : 0;
    used |= edit.runner || edit.drop_group || edit.drop_zone ? kRunner : 0;
    return used;
  }

  bool CouldAskForMore(const RequestEdit& edit) {
    return std::ranges::any_of(numbers_, [&](const Number& number) {
      if (!Lowers(edit.amounts, number)) return false;
      RequestEdit more = edit;
      more.amounts = WithOneMore(edit.amounts, number);
      return Admits(more);
    });
  }

  void Add(Kinds kinds, RequestEdit edit, const Outcome& outcome) {
    Remedy remedy;
    for (const RemedyAction action : {RemedyAction::kFixRequest, RemedyAction::kRetrySmaller,
                                      RemedyAction::kUseOtherProfile, RemedyAction::kUseOtherRunner}) {
      if ((kinds & KindOf(action)) != 0) remedy.actions.push_back(action);
    }
    remedy.changes = PatchOf(request_, edit);
    remedy.edit = std::move(edit);
    remedy.admits = outcome.admits;
    remedy.placement = outcome.winner;
    remedies_.push_back(std::move(remedy));
  }

  void AddWait() {
    Failures met;
    Remedy remedy;
    for (const CandidateResult& candidate : decision_.candidates) {
      if (!OnlyLive(candidate.failures)) continue;
      ++remedy.admits;
      met.AddAll(candidate.failures);
    }
    if (met.none()) return;
    remedy.actions = {RemedyAction::kWait};
    for (uint32_t rest = met.bits(); rest != 0; rest &= rest - 1) {
      remedy.wait.push_back(static_cast<C>(std::countr_zero(rest)));
    }
    remedies_.push_back(std::move(remedy));
  }

  void AddGuardrails() {
    std::vector<GuardrailEdit> tried;
    GuardrailEdits edits(decision_, request_);
    for (const CandidateResult& candidate : decision_.candidates) {
      if (tried.size() == kMaxRemedyTrials) return;
      std::optional<GuardrailEdit> edit = edits.For(candidate);
      if (!edit) continue;
      const auto same = [&](const GuardrailEdit& other) { return SameChange(snapshot_, other, *edit); };
      if (std::ranges::any_of(tried, same)) continue;
      tried.push_back(*edit);
      const SupposedCatalog supposed(decision_, request_, *edit);
      if (!supposed.valid()) continue;
      const Outcome outcome = Try(request_, supposed.supposition());
      if (outcome.admits == 0) continue;
      Remedy remedy;
      remedy.actions = {RemedyAction::kAskAdmin};
      remedy.admits = outcome.admits;
      remedy.placement = outcome.winner;
      remedy.admin = std::move(edit);
      remedy.admin->binding = outcome.first_admitted;
      remedies_.push_back(std::move(remedy));
    }
  }

  // What decides between remedies that are alike otherwise.
  std::string BytesOf(const Remedy& remedy) const {
    std::string text;
    JsonWriter writer(text);
    if (!remedy.admin) {
      WritePatch(remedy.changes, writer);
      return text;
    }
    const CompiledBinding& binding = snapshot_.bindings()[remedy.admin->binding];
    const Runner& runner = *snapshot_.RunnerOf(binding).runner;
    writer.BeginObject().Key("runner_id").String(runner.runner_id).Key("profile_name").String(binding.name);
    writer.Key("organization_id").String(remedy.admin->layer ? runner.organization_id : request_.organization_id);
    writer.Key("path").String(remedy.admin->path);
    writer.Key("layer").String(remedy.admin->layer ? LayerName(*remedy.admin->layer) : "organization").Key("value");
    WriteNode(*remedy.admin->value, writer);
    writer.EndObject();
    return text;
  }

  std::vector<Remedy> Best() {
    using Key = std::tuple<size_t, RemedyAction, int64_t, std::string>;
    std::vector<std::pair<Key, Remedy>> ordered;
    for (Remedy& remedy : remedies_) {
      const size_t operations = std::max<size_t>(remedy.changes.size(), 1);
      Key key = {operations, remedy.actions.front(), -int64_t{remedy.admits}, BytesOf(remedy)};
      ordered.emplace_back(std::move(key), std::move(remedy));
    }
    std::ranges::stable_sort(ordered, {}, &std::pair<Key, Remedy>::first);
    std::vector<Remedy> best;
    std::set<std::string> changes;
    std::array<size_t, static_cast<size_t>(RemedyAction::kAskAdmin) + 1> listed = {};
    for (auto& [key, remedy] : ordered) {
      size_t& of_action = listed[static_cast<size_t>(remedy.actions.front())];
      if (of_action == kMaxRemediesPerAction) continue;
      if (!remedy.changes.empty() && !changes.insert(std::get<std::string>(key)).second) continue;
      ++of_action;
      best.push_back(std::move(remedy));
    }
    return best;
  }

  const DetailedDecision& decision_;
  const std::span<const uint32_t> scope_;
  const Snapshot& snapshot_;
  const LaunchRequest& request_;
  const std::vector<Number> numbers_;
  const std::vector<LiveState> live_;
  Scratch scratch_;
  std::vector<Remedy> remedies_;
};

}  // namespace

std::string_view RemedyActionName(RemedyAction action) {
  constexpr std::string_view kNames[] = {"FIX_REQUEST",      "RETRY_SMALLER", "USE_OTHER_PROFILE",
                                         "USE_OTHER_RUNNER", "WAIT",          "ASK_ADMIN"};
  return kNames[static_cast<size_t>(action)];
}

std::vector<Remedy> FindRemedies(const DetailedDecision& decision, const LaunchRequest& request) {
  return FindRemediesAt(decision, request, {});
}

std::vector<Remedy> FindRemediesAt(const DetailedDecision& decision, const LaunchRequest& request,
                                   std::span<const uint32_t> bindings) {
  if (decision.verdict != Verdict::kRejected || decision.snapshot == nullptr || !decision.advice.remedies) return {};
  // A decision that was put together by hand may name bindings that there are not.
  const size_t known = decision.snapshot->bindings().size();
  const auto is_known = [&](const CandidateResult& candidate) { return candidate.binding < known; };
  if (!std::ranges::all_of(decision.candidates, is_known)) return {};
  return Search(decision, request, bindings).Run();
}

std::vector<uint32_t> AdmittedBy(const Remedy& remedy, const DetailedDecision& decision, const LaunchRequest& request) {
  std::vector<uint32_t> admitted;
  if (!remedy.wait.empty()) {
    for (const CandidateResult& candidate : decision.candidates) {
      if (OnlyLive(candidate.failures)) admitted.push_back(candidate.binding);
    }
    return admitted;
  }
  std::optional<SupposedCatalog> supposed;
  if (remedy.admin) supposed.emplace(decision, request, *remedy.admin);
  Supposition supposition = supposed ? supposed->supposition() : Supposition();
  const std::vector<LiveState> live = LiveStatesOf(decision);
  supposition.live = live;
  const LaunchRequest edited = Edited(request, remedy.edit);
  Scratch scratch;
  const DetailedDecision decided = Admission(*decision.snapshot, edited, scratch, supposition).Run();
  for (const CandidateResult& candidate : decided.candidates) {
    if (candidate.failures.none()) admitted.push_back(candidate.binding);
  }
  return admitted;
}

}  // namespace berth
