#include "berth/engine/message.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "berth/engine/json.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

using C = ReasonCode;

// `a`, `b` and 3 more.
std::string Names(const std::vector<std::string>& names, size_t total) {
  constexpr size_t kShown = 4;
  std::string text;
  const size_t shown = std::min(names.size(), kShown);
  for (size_t i = 0; i < shown; ++i) text.append(i == 0 ? "" : ", ").append(Quoted(names[i]));
  if (total > shown) text.append(" and ").append(std::to_string(total - shown)).append(" more");
  return text;
}

std::string Offered(const ReasonDetail& detail) {
  return Names(detail.offered, std::max(detail.offered_total, detail.offered.size()));
}

std::string Best(const ReasonDetail& detail) {
  return detail.offered.empty() ? std::string("nothing") : detail.offered.front();
}

std::string_view ResourceName(ReasonCode code) {
  const std::optional<Resource> resource = ResourceOf(code);
  if (!resource) return "GPUs";
  return *resource == Resource::kCpu ? "CPU" : "memory";
}

// `96 CPU`, `64Gi of memory`, `1 GPU`.
std::string Of(std::string_view amount, ReasonCode code) {
  const std::string_view name = ResourceName(code);
  std::string text(amount);
  if (name == "memory") return text.append(" of memory");
  return text.append(" ").append(name == "GPUs" && amount == "1" ? "GPU" : name);
}

// " (`a`; `b`)", of the parts that are there.
std::string InParentheses(std::string_view first, std::string_view second = {}) {
  std::string text(first);
  text.append(first.empty() || second.empty() ? "" : "; ").append(second);
  return text.empty() ? text : " (" + text + ")";
}

// What is said of one binding, or of several.
class Clause {
 public:
  Clause(ReasonCode code, const ReasonDetail& detail, uint32_t count)
      : code_(code), detail_(detail), one_(count == 1) {}

  std::string Text() const;

 private:
  std::string Say(std::string_view one, std::string_view many) const { return std::string(one_ ? one : many); }
  std::string Asked() const { return detail_.requested.value_or("nothing"); }
  std::string Explained() const { return InParentheses(detail_.explanation, detail_.suggestion); }
  // The amount that is judged: the launch's own for every counted binding, unless some inherit it.
  std::string Judged() const { return detail_.judged ? detail_.judged->text : Asked(); }
  std::string By() const { return detail_.judged ? " (" + SetBy(detail_.judged->layer) + ")" : std::string(); }
  std::string Less() const { return ResourceName(code_) == "GPUs" ? "fewer than " : "less than "; }

  std::string NotOffered(std::string_view kind, std::string_view kinds, std::string_view asked) const;
  std::string Gpus() const;
  std::string Quota() const;
  std::string Ceiling() const;
  std::string RequestAboveLimit() const;
  std::string Maximum() const;
  std::string Insufficient() const;
  std::string Image() const;
  std::string Scope() const;
  std::string Unknown(std::string_view what, std::string_view known) const;

  ReasonCode code_;
  const ReasonDetail& detail_;
  bool one_;
};

// Names: one binding's can be listed as its own, those of several only together.
std::string Clause::NotOffered(std::string_view kind, std::string_view kinds, std::string_view asked) const {
  if (detail_.offered.empty()) {
    return Say("offers no ", "offer no ").append(kinds).append(", asked ").append(asked);
  }
  if (one_) {
    return std::string("offers ").append(kinds).append(" ").append(Offered(detail_)).append(" but not ").append(asked) +
           Explained();
  }
  return std::string("do not offer ").append(kind).append(" ").append(asked) +
         InParentheses("together they offer " + Offered(detail_), detail_.suggestion);
}

std::string Clause::Gpus() const {
  const bool by_memory = detail_.capability == "gpu.memory_gb";
  const std::string asked = by_memory ? "of at least " + Asked() + " GiB" : "type " + Quoted(Asked());
  if (detail_.offered.empty()) return Say("has no GPUs", "have no GPUs");
  if (one_) return "has GPUs " + Offered(detail_) + " but none " + (by_memory ? asked : "of " + asked);
  return "do not offer a GPU " + std::string(by_memory ? "" : "of ") + asked +
         InParentheses("together they offer " + Offered(detail_));
}

std::string Clause::Quota() const {
  const std::string quota = "the organization's quota of " + Of(Best(detail_), code_) + " for one sandbox";
  if (!detail_.inherited) return "would exceed " + quota + " (" + Asked() + " asked)";
  if (one_) return "gives the sandbox " + Of(Judged(), code_) + By() + ", above " + quota;
  return "give the sandbox more than " + quota;
}

std::string Clause::Ceiling() const {
  const std::string name(ResourceName(code_));
  if (one_) return "caps " + name + " at " + Best(detail_) + ", below the " + Asked() + " asked";
  return "cap " + name + " below " + Asked() + " (the largest cap is " + Best(detail_) + ")";
}

// Who brought which side is the same for all bindings, except that bindings inherit from different layers.
std::string Clause::RequestAboveLimit() const {
  const std::string name(ResourceName(code_));
  const bool own_limit = detail_.limit && detail_.limit->layer == Layer::kSandbox;
  const std::string limited_by = detail_.limit ? " (" + SetBy(detail_.limit->layer) + ")" : std::string();
  if (one_) return "requests " + Of(Judged(), code_) + By() + ", above the limit " + Best(detail_) + limited_by;
  if (!detail_.inherited) {
    return "limit " + name + " below the " + Asked() + " requested (the largest limit is " + Best(detail_) + ")";
  }
  if (own_limit) return "request more " + name + " than the limit " + Best(detail_) + " sent with the launch";
  return "request more " + name + " than they limit it to (the largest limit is " + Best(detail_) + ")";
}

std::string Clause::Maximum() const {
  const std::string best = Best(detail_);
  if (code_ == C::kGpuCountExceedsRunner && best == "0") return Say("has no GPUs", "have no GPUs");
  if (detail_.inherited) {
    if (one_) return "requests " + Of(Judged(), code_) + By() + ", above the runner's " + best;
    return "request more " + std::string(ResourceName(code_)) + " than their runner gives (the largest gives " + best +
           ")";
  }
  if (one_) return "is on a runner that gives at most " + Of(best, code_) + " (" + Asked() + " asked)";
  return "are on runners that give " + Less() + Of(Asked(), code_) + " (the largest gives " + best + ")";
}

std::string Clause::Insufficient() const {
  const std::string best = Best(detail_);
  if (detail_.inherited) {
    if (one_) return "requests " + Of(Judged(), code_) + By() + ", above the " + best + " free now";
    return "request more " + std::string(ResourceName(code_)) + " than is free now (at most " + best + " is)";
  }
  if (one_) return "has " + Of(best, code_) + " free now (" + Asked() + " asked)";
  return "have " + Less() + Of(Asked(), code_) + " free now (at most " + best + ")";
}

std::string Clause::Image() const {
  const std::string allowed = detail_.offered.empty() ? "no image is allowed" : "allowed: " + Offered(detail_);
  if (detail_.requested) return Say("does", "do") + " not take image " + Quoted(*detail_.requested) + "; " + allowed;
  return Say("brings", "bring") + " no allowed image" + (one_ ? Explained() : "") + "; " + allowed;
}

std::string Clause::Unknown(std::string_view what, std::string_view known) const {
  const std::string guess = detail_.suggestion.empty() ? "" : "; " + detail_.suggestion;
  const std::string names = detail_.offered.empty() ? "none" : Offered(detail_);
  return std::string(what) + guess + (guess.empty() ? "; " : " ") + std::string(known) + ": " + names;
}

// About the request as a whole, for an empty scope.
std::string Clause::Scope() const {
  const std::string asked = Quoted(detail_.requested.value_or(""));
  switch (code_) {
    case C::kProfileNotBound:
      return Unknown("profile " + asked + " is bound to no runner of the organization", "bound");
    case C::kRunnerNotFound:
      return Unknown("runner " + asked + " is unknown in the organization", "known");
    case C::kRunnerGroupNotFound:
      return Unknown("runner group " + asked + " is unknown in the organization", "known");
    case C::kZoneNotFound:
      return Unknown("zone " + asked + " has no runner of the organization", "zones");
    case C::kFiltersDisjoint:
      return "each filter matches something, but no binding matches them all";
    default:
      return "the organization has no runner";
  }
}

std::string Clause::Text() const {
  const std::string asked = Quoted(Asked());
  // A finding is about the example: of several bindings it is one case.
  const std::string finding =
      detail_.explanation.empty() ? std::string() : (one_ ? ": " : ", for example: ") + detail_.explanation;
  switch (code_) {
    case C::kOrganizationInvalid:
      return Say("is", "are") + " closed because the organization's document was refused";
    case C::kCpuQuota:
    case C::kMemoryQuota:
    case C::kGpuQuota:
      return Quota();
    case C::kProfileInvalid:
      return Say("has", "have") + " an error in the profile, its override or its zone" + finding;
    case C::kUserRequired:
      return Say("needs", "need") + " a `user_id`, for a namespace per user";
    case C::kOverrideInvalid:
      return Say("is", "are") + " made invalid by the request's `overrides`" + finding;
    case C::kRunnerNotReady:
      if (one_) return "is on a runner that is " + Offered(detail_) + " instead of `READY`";
      return "are on runners that are not `READY`" + InParentheses(Offered(detail_));
    case C::kRunnerDisconnected:
      return Say("is on a runner that is ", "are on runners that are ") +
             (Best(detail_) == "DISCONNECTED" && detail_.offered.size() == 1 ? "disconnected" : "not connected");
    case C::kArchitectureUnsupported:
      if (detail_.offered.empty())
        return Say("is on a runner", "are on runners") + " of no known architecture, asked " + asked;
      if (one_) return "runs on " + Offered(detail_) + " but not on " + asked + Explained();
      return "do not run on " + asked + InParentheses("together they run on " + Offered(detail_), detail_.suggestion);
    case C::kPrivilegedUnsupported:
      return Say("takes", "take") + " unprivileged sandboxes only";
    case C::kStorageClassUnavailable:
      return NotOffered(detail_.explanation.empty() ? "storage class" : "all of the storage classes", "storage classes",
                        (one_ && !detail_.explanation.empty() ? "all of " : "") + asked);
    case C::kGpuTypeUnavailable:
      return Gpus();
    case C::kGpuCountExceedsRunner:
    case C::kCpuExceedsRunner:
    case C::kMemoryExceedsRunner:
      return Maximum();
    case C::kEgressModeNotOffered:
      return NotOffered("egress mode", "egress modes", asked);
    case C::kIngressModeNotOffered:
      return NotOffered("ingress level", "ingress levels", asked);
    case C::kHostNameInvalid:
      return Say("makes", "make") + " an invalid host name for ingress level " + asked + finding;
    case C::kLimitsRequired:
      return Say("needs", "need") + " both a CPU and a memory limit" + (one_ ? Explained() : "");
    case C::kCpuExceedsProfile:
    case C::kMemoryExceedsProfile:
      return Ceiling();
    case C::kCpuRequestAboveLimit:
    case C::kMemoryRequestAboveLimit:
      return RequestAboveLimit();
    case C::kImageNotAllowed:
      return Image();
    case C::kInsufficientCpu:
    case C::kInsufficientMemory:
    case C::kInsufficientGpu:
      return Insufficient();
    default:
      return Scope();
  }
}

// "ask for at most 64Gi of memory": where bindings inherit the amount, that `side` is to be sent.
std::string AskForAtMost(ReasonCode code, const ReasonDetail& detail, std::string_view side) {
  const std::string best = Best(detail);
  if (!detail.inherited) return "ask for at most " + Of(best, code);
  std::string text = "send a ";
  text.append(ResourceName(code)).append(" ").append(side).append(" of at most ").append(best);
  return detail.explanation.empty() ? text : text.append(": ").append(detail.explanation);
}

std::string HelpWithAmount(ReasonCode code, const ReasonDetail& detail) {
  const std::string best = Best(detail);
  const bool nothing = detail.offered.empty() || best == "0";
  switch (code) {
    case C::kCpuQuota:
    case C::kMemoryQuota:
    case C::kGpuQuota:
      return nothing ? "ask the administrator for a quota" : AskForAtMost(code, detail, "limit");
    case C::kGpuCountExceedsRunner:
      return nothing ? "choose a runner with GPUs" : AskForAtMost(code, detail, "request");
    case C::kCpuExceedsProfile:
    case C::kMemoryExceedsProfile:
      return nothing ? "choose another profile" : AskForAtMost(code, detail, "limit");
    case C::kInsufficientCpu:
    case C::kInsufficientMemory:
    case C::kInsufficientGpu:
      return nothing ? "wait" : "wait, or " + AskForAtMost(code, detail, "request");
    case C::kCpuRequestAboveLimit:
    case C::kMemoryRequestAboveLimit:
      if (nothing) return "send a higher limit";
      return detail.inherited ? AskForAtMost(code, detail, "request")
                              : AskForAtMost(code, detail, "request") + ", or send a higher limit";
    default:
      return AskForAtMost(code, detail, "request");
  }
}

std::string Finding(std::string_view advice, const ReasonDetail& detail) {
  std::string text(advice);
  return detail.explanation.empty() ? text : text.append(": ").append(detail.explanation);
}

std::string Guessing(std::string advice, const ReasonDetail& detail) {
  return detail.suggestion.empty() ? advice : advice.append("; ").append(detail.suggestion);
}

std::string OneOf(std::string_view advice, std::string_view kind, const ReasonDetail& detail) {
  std::string text(advice);
  if (detail.offered.empty()) return text;
  text.append(", or ").append(kind).append(" ").append(Offered(detail));
  return Guessing(std::move(text), detail);
}

}  // namespace

std::string ReasonText(ReasonCode code, const ReasonDetail& detail, uint32_t count) {
  return Clause(code, detail, count).Text();
}

std::string HelpText(ReasonCode code, const ReasonDetail& detail) {
  switch (code) {
    case C::kOrganizationInvalid:
      return Finding("ask the administrator to mend the organization's document", detail);
    case C::kProfileInvalid:
      return detail.explanation.empty() ? "ask the administrator: `berth lint` shows what is wrong"
                                        : Finding("ask the administrator to mend it", detail);
    case C::kUserRequired:
      return "send a `user_id`";
    case C::kOverrideInvalid:
      return Finding("correct `overrides`", detail);
    case C::kLimitsRequired:
      return "send `resource_limits` with `cpu` and `memory`";
    case C::kArchitectureUnsupported:
    case C::kStorageClassUnavailable:
      return Guessing("choose another runner", detail);
    case C::kRunnerNotReady:
    case C::kPrivilegedUnsupported:
      return "choose another runner";
    case C::kGpuTypeUnavailable:
      return detail.offered.empty() ? "choose a profile with GPUs"
                                    : OneOf("choose another profile", "one of the GPU types that some offer:", detail);
    case C::kEgressModeNotOffered:
      return OneOf("choose another profile", "one of the egress modes that some offer:", detail);
    case C::kIngressModeNotOffered:
      return OneOf("choose another profile", "one of the ingress levels that some offer:", detail);
    case C::kHostNameInvalid:
      return Finding("ask the administrator to shorten the host template, or send a shorter `sandbox_id`", detail);
    case C::kImageNotAllowed:
      return detail.requested ? "choose an allowed image"
                              : "send an allowed `container_image`, or ask the administrator";
    case C::kRunnerDisconnected:
      return "wait for the runner, or choose another one";
    case C::kNoRunners:
      return "ask the administrator for a runner";
    case C::kFiltersDisjoint:
      return "drop one of the filters";
    case C::kProfileNotBound:
    case C::kRunnerNotFound:
    case C::kRunnerGroupNotFound:
    case C::kZoneNotFound:
      return detail.offered.empty() ? "drop the filter" : Guessing("use one of " + Offered(detail), detail);
    default:
      return HelpWithAmount(code, detail);
  }
}

namespace {

// `resource_limits.memory`, as the request spells it.
std::string_view SideOf(Amount amount, bool joined) {
  if (joined) return "resources";
  return amount == Amount::kCpuLimit || amount == Amount::kMemoryLimit ? "resource_limits" : "resource_requests";
}

std::string AmountText(Amount amount, int64_t value) {
  switch (amount) {
    case Amount::kCpuLimit:
    case Amount::kCpuRequest:
      return Quantity::FromMillicores(value).ToString() + " CPU";
    case Amount::kMemoryLimit:
    case Amount::kMemoryRequest:
      return Quantity::FromBytes(value).ToString();
    case Amount::kGpuCount:
      break;
  }
  return std::to_string(value) + (value == 1 ? " GPU" : " GPUs");
}

// The request's own number, where it has one: what is inherited cannot be lowered, only outdone.
bool IsOwn(Amount amount, const LaunchRequest& request) {
  const ResourceRequest& limits = request.effective_limits();
  const ResourceRequest& requests = request.effective_requests();
  switch (amount) {
    case Amount::kCpuLimit:
      return limits.cpu.has_value();
    case Amount::kCpuRequest:
      return requests.cpu.has_value();
    case Amount::kMemoryLimit:
      return limits.memory.has_value();
    case Amount::kMemoryRequest:
      return requests.memory.has_value();
    case Amount::kGpuCount:
      break;
  }
  return true;
}

std::string FieldOf(Amount amount, const LaunchRequest& request) {
  const bool cpu = amount == Amount::kCpuLimit || amount == Amount::kCpuRequest;
  return "`" + std::string(SideOf(amount, HasJoinedSides(request))) + (cpu ? ".cpu`" : ".memory`");
}

std::string AmountEditText(Amount amount, const AmountEdit& edit, const LaunchRequest& request) {
  if (amount == Amount::kGpuCount) {
    return "ask for " + AmountText(amount, edit.value) + " instead of " + std::to_string(edit.before);
  }
  const bool cpu = amount == Amount::kCpuLimit || amount == Amount::kCpuRequest;
  const std::string field = "`" + std::string(SideOf(amount, HasJoinedSides(request))) + (cpu ? ".cpu`" : ".memory`");
  const std::string value = AmountText(amount, edit.value);
  if (!edit.lowered) return "add " + field + " of " + value;
  const std::string before = AmountText(amount, edit.before);
  if (IsOwn(amount, request)) return "lower " + field + " from " + before + " to " + value;
  return "add " + field + " of " + value + " in place of the inherited " + before;
}

void AppendStep(std::string step, std::string& text) { text.append(text.empty() ? "" : " and ").append(step); }

// Both sides of one resource, in one step where they change alike.
void AppendResource(Amount limit, Amount request_side, const RequestEdit& edit, const LaunchRequest& request,
                    std::string& text) {
  const auto& of_limit = edit.amounts[limit];
  const auto& of_request = edit.amounts[request_side];
  const bool alike = of_limit && of_request && of_limit->lowered && of_limit->value == of_request->value &&
                     of_limit->before == of_request->before && IsOwn(limit, request) && IsOwn(request_side, request);
  if (alike && !HasJoinedSides(request)) {
    AppendStep("lower " + FieldOf(limit, request) + " and " + FieldOf(request_side, request) + " from " +
                   AmountText(limit, of_limit->before) + " to " + AmountText(limit, of_limit->value),
               text);
    return;
  }
  if (of_limit) AppendStep(AmountEditText(limit, *of_limit, request), text);
  const bool said = of_limit && HasJoinedSides(request);
  if (of_request && !said) AppendStep(AmountEditText(request_side, *of_request, request), text);
}

std::string RequestEditText(const RequestEdit& edit, const LaunchRequest& request) {
  std::string text;
  AppendResource(Amount::kCpuLimit, Amount::kCpuRequest, edit, request, text);
  AppendResource(Amount::kMemoryLimit, Amount::kMemoryRequest, edit, request, text);
  if (const auto& gpus = edit.amounts[Amount::kGpuCount]; gpus) {
    AppendStep(AmountEditText(Amount::kGpuCount, *gpus, request), text);
  }
  if (edit.profile) {
    AppendStep("use profile " + Quoted(*edit.profile) + " instead of " +
                   Names(request.profile_names, request.profile_names.size()),
               text);
  }
  if (edit.runner) {
    AppendStep(
        "use runner " + Quoted(*edit.runner) + " instead of " + Names(request.runner_ids, request.runner_ids.size()),
        text);
  }
  if (edit.drop_group) AppendStep("drop the runner group " + Quoted(request.runner_group_id), text);
  if (edit.drop_zone) AppendStep("drop the zone " + Quoted(request.zone), text);
  return text;
}

// A value of a document: `64Gi`, `{"type":"none"}`.
std::string ValueText(const Node& node) {
  if (!node.is_map() && !node.is_list()) return std::string(node.text);
  std::string json;
  JsonWriter writer(json);
  WriteNode(node, writer);
  constexpr size_t kShown = 120;
  return json.size() > kShown ? json.substr(0, kShown) + "..." : json;
}

std::string GuardrailText(const GuardrailEdit& edit, const Decision& decision) {
  const CompiledBinding& binding = decision.snapshot->bindings()[edit.binding];
  const Runner& runner = *decision.snapshot->RunnerOf(binding).runner;
  const std::string path = Quoted(edit.path);
  const bool grows = edit.current != nullptr && edit.current->is_list() && !edit.value->items.empty();
  std::string text = "ask the administrator to ";
  text.append(grows ? "add " + Quoted(edit.value->items.back()->text) + " to " + path : "set " + path).append(" of ");
  if (!edit.layer) {
    text.append("the organization");
  } else if (*edit.layer == Layer::kZone) {
    text.append("zone ").append(Quoted(runner.zone));
  } else if (*edit.layer == Layer::kProfile) {
    text.append("profile ").append(Quoted(binding.profile_display_name));
  } else {
    text.append("the binding of ").append(Quoted(binding.name)).append(" on runner ").append(Quoted(runner.runner_id));
  }
  if (!edit.source.empty()) text.append(" (").append(edit.source).append(")");
  if (grows) return text;
  text.append(" to ").append(ValueText(*edit.value));
  return edit.current == nullptr ? text : text.append(", now ").append(ValueText(*edit.current));
}

std::string WaitText(const Remedy& remedy, int64_t delay_seconds) {
  std::string reasons;
  for (const ReasonCode code : remedy.wait) {
    reasons.append(reasons.empty() ? "" : ", ").append("`").append(InfoOf(code).name).append("`");
  }
  return "retry in " + std::to_string(delay_seconds) + " s: " + std::to_string(remedy.admits) +
         (remedy.admits == 1 ? " binding lacks" : " bindings lack") + " only what passes (" + reasons + ")";
}

}  // namespace

std::string RemedyText(const Remedy& remedy, const Decision& decision, const LaunchRequest& request) {
  if (remedy.admin) return GuardrailText(*remedy.admin, decision);
  if (!remedy.wait.empty()) return WaitText(remedy, decision.advice.retry_delay_seconds);
  return RequestEditText(remedy.edit, request);
}

namespace {

std::string AdmittedText(const Decision& decision) {
  if (decision.snapshot == nullptr || decision.placements.empty()) return "admitted";
  const CompiledBinding& binding = decision.snapshot->bindings()[decision.placements.front()];
  const Runner& runner = *decision.snapshot->RunnerOf(binding).runner;
  std::string text = "admitted on runner " + Quoted(runner.runner_id) + " with profile " + Quoted(binding.name);
  if (!binding.is_default) text += " (not the runner's default)";
  const size_t alternatives = decision.placements.size() - 1;
  if (alternatives > 0) {
    text.append(", ").append(std::to_string(alternatives)).append(alternatives == 1 ? " alternative" : " alternatives");
  }
  return text;
}

std::string InvalidText(const Decision& decision) {
  if (decision.violations.empty()) return "the request is invalid";
  const Issue& first = decision.violations.front();
  std::string text = "the request is invalid";
  if (!first.field.empty()) text.append(" at `").append(first.field).append("`");
  text.append(": ").append(first.message);
  const size_t more = decision.violations.size() - 1;
  if (more > 0) text.append(" (and ").append(std::to_string(more)).append(" more)");
  return text;
}

// Who set the limit that says no: " [profile, profiles/agent.yaml:14:18]". Of several bindings, the example's.
std::string OwnerText(const ReasonDetail& detail, uint32_t count) {
  if (!detail.example || detail.example->layer.empty()) return {};
  std::string text = count == 1 ? " [" : " [e.g. ";
  text.append(detail.example->layer);
  if (!detail.example->source.empty()) text.append(", ").append(detail.example->source);
  return text.append("]");
}

std::string Bindings(uint32_t count) { return std::to_string(count) + (count == 1 ? " binding" : " bindings"); }

// What to do now: the best remedy, or what the most frequent reason asks for.
std::string NextStep(const Decision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                     std::string_view where, const ReasonCount& first) {
  if (!remedies.empty()) {
    std::string text = "; next: " + RemedyText(remedies.front(), decision, request);
    const bool waits = remedies.front().actions.front() == RemedyAction::kWait;
    return waits ? text : text.append(" (then ").append(Bindings(remedies.front().admits)).append(" can take it)");
  }
  const std::string help = HelpText(first.code, DetailOf(decision, request, first, CountedBy::kHeadline));
  if (!decision.advice.remedies) return "; next: " + help;
  return std::string("; it cannot be admitted ").append(where).append(" as written: ").append(help);
}

std::string RejectedText(const Decision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                         std::string_view where) {
  const auto detail = [&](const ReasonCount& reason) {
    return DetailOf(decision, request, reason, CountedBy::kHeadline);
  };
  if (decision.reasons.empty()) return "no binding can take this sandbox";
  if (decision.candidates.empty()) {
    const ReasonCount& scope = decision.reasons.front();
    return "no binding to consider: " + ReasonText(scope.code, detail(scope), 0) +
           NextStep(decision, request, remedies, where, scope);
  }
  std::vector<ReasonCount> headlines;
  for (const ReasonCount& reason : decision.reasons) {
    if (reason.headline > 0) headlines.push_back(reason);
  }
  std::ranges::stable_sort(headlines,
                           [](const ReasonCount& a, const ReasonCount& b) { return a.headline > b.headline; });
  const size_t total = decision.candidates.size();
  std::string text =
      "0 of " + std::to_string(total) + (total == 1 ? " binding" : " bindings") + " can take this sandbox: ";
  for (size_t i = 0; i < headlines.size(); ++i) {
    text.append(i == 0 ? "" : "; ").append(std::to_string(headlines[i].headline)).append(" ");
    const ReasonDetail counted = detail(headlines[i]);
    text.append(ReasonText(headlines[i].code, counted, headlines[i].headline));
    text.append(OwnerText(counted, headlines[i].headline));
  }
  return text.append(NextStep(decision, request, remedies, where, headlines.front()));
}

}  // namespace

std::string MessageOf(const Decision& decision, const LaunchRequest& request) {
  return MessageOf(decision, request, FindRemedies(decision, request));
}

std::string MessageOf(const Decision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                      std::string_view where) {
  switch (decision.verdict) {
    case Verdict::kAdmitted:
      return AdmittedText(decision);
    case Verdict::kRejected:
      return RejectedText(decision, request, remedies, where);
    case Verdict::kInvalid:
      break;
  }
  return InvalidText(decision);
}

}  // namespace berth
