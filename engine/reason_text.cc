#include "berth/engine/reason_text.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "berth/engine/wording.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

using C = ReasonCode;

std::string Offered(const ReasonDetail& detail) {
  return NamesText(detail.offered, std::max(detail.offered_total, detail.offered.size()));
}

// The largest amount that one of the bindings gives.
std::string Most(const ReasonDetail& detail) {
  return detail.offered.empty() ? std::string("0") : detail.offered.front();
}

std::string_view ResourceName(ReasonCode code) {
  const std::optional<Resource> resource = ResourceOf(code);
  if (!resource) return "GPUs";
  return *resource == Resource::kCpu ? "CPU" : "memory";
}

// "96 CPU", "64Gi", "1 GPU".
std::string Amount(std::string_view amount, ReasonCode code) {
  const std::optional<Resource> resource = ResourceOf(code);
  return resource ? AmountText(amount, *resource) : GpusText(amount);
}

// The same where nothing else says what it is an amount of: "64Gi of memory".
std::string AmountOf(std::string_view amount, ReasonCode code) {
  return Amount(amount, code) + (ResourceOf(code) == Resource::kMemory ? " of memory" : "");
}

// " (`a`; `b`)", of the parts that are there.
std::string InParentheses(std::initializer_list<std::string> parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!part.empty()) text.append(text.empty() ? " (" : "; ").append(part);
  }
  return text.empty() ? text : text.append(")");
}

// What is said of one binding, or of several.
class Clause {
 public:
  Clause(ReasonCode code, const ReasonDetail& detail) : code_(code), detail_(detail), one_(detail.count == 1) {}

  std::string Text() const;

 private:
  std::string Say(std::string_view one, std::string_view many) const { return std::string(one_ ? one : many); }
  // What only the example shows.
  std::string Example(const std::string& text) const { return text.empty() || one_ ? text : "e.g. " + text; }
  std::string Finding() const { return InParentheses({Example(detail_.explanation)}); }
  std::string Together(std::string_view verb) const {
    return "together they " + std::string(verb) + " " + Offered(detail_);
  }

  std::string Asked() const { return Amount(detail_.requested.value_or("0"), code_); }
  std::string MostOf() const { return Amount(Most(detail_), code_); }
  // The example's amount: "e.g. 8 CPU set by the profile".
  std::string Inherited(std::string_view separator = " ") const {
    if (!detail_.judged) return {};
    return Example(Amount(detail_.judged->text, code_).append(separator).append(SetBy(detail_.judged->layer)));
  }
  std::string Less() const { return ResourceOf(code_) ? "less" : "fewer"; }
  std::string InheritedRequest() const {
    return "requests " + AmountOf(detail_.judged ? detail_.judged->text : "0", code_) +
           (detail_.judged ? " (" + SetBy(detail_.judged->layer) + ")" : std::string());
  }

  std::string NotOffered(const std::string& kind, const std::string& kinds) const;
  std::string Architecture() const;
  std::string Gpus() const;
  std::string Quota() const;
  std::string Ceiling() const;
  std::string RequestAboveLimit() const;
  std::string Maximum() const;
  std::string Insufficient() const;
  std::string Image() const;
  std::string Scope() const;

  ReasonCode code_;
  const ReasonDetail& detail_;
  bool one_;
};

// One binding's names can be listed as its own, those of several only together.
std::string Clause::NotOffered(const std::string& kind, const std::string& kinds) const {
  const std::string asked = NamesText(detail_.asked);
  const bool all = detail_.asked.size() > 1;
  if (detail_.offered.empty()) return Say("offers no ", "offer no ") + kinds + " (" + asked + " asked)";
  if (!one_) {
    return "do not offer " + (all ? "all of the " + kinds : kind) + " " + asked +
           InParentheses({Together("offer"), detail_.suggestion});
  }
  return "offers " + (detail_.offered.size() == 1 ? kind : kinds) + " " + Offered(detail_) + " but not " +
         (all ? "all of " : "") + asked + InParentheses({detail_.explanation, detail_.suggestion});
}

std::string Clause::Architecture() const {
  const std::string asked = NamesText(detail_.asked);
  if (detail_.offered.empty()) {
    return Say("is on a runner", "are on runners") + " with no architecture listed (" + asked + " asked)";
  }
  if (one_) return "runs on " + Offered(detail_) + " but not on " + asked + InParentheses({detail_.suggestion});
  return "do not run on " + asked + InParentheses({Together("run on"), detail_.suggestion});
}

std::string Clause::Gpus() const {
  const bool by_memory = detail_.capability == "gpu.memory_gb";
  const std::string requested = detail_.requested.value_or("any");
  const std::string none = Say("offers no GPUs (", "offer no GPUs (");
  if (detail_.offered.empty() && requested == "any") return none + "any GPU asked)";
  const std::string which = by_memory ? " with at least " + requested + " GiB" : " of type " + Quoted(requested);
  if (detail_.offered.empty()) return none + "a GPU" + which + " asked)";
  std::string largest;
  if (by_memory) {
    largest = detail_.largest_gpu_gb ? "the largest listed has " + std::to_string(*detail_.largest_gpu_gb) + " GiB"
                                     : "no memory size is listed for them";
  }
  if (one_) return "offers GPUs of type " + Offered(detail_) + " but none" + which + InParentheses({largest});
  return "do not offer a GPU" + which + InParentheses({Together("offer"), largest});
}

std::string Clause::Quota() const {
  const std::string quota = "the organization's quota of " + AmountOf(Most(detail_), code_) + " for one sandbox";
  return "would exceed " + quota + InParentheses({detail_.inherited ? Inherited() : Asked() + " asked"});
}

std::string Clause::Ceiling() const {
  const std::string name(ResourceName(code_));
  if (one_) return "caps " + name + " at " + MostOf() + ", below the " + Asked() + " asked";
  return "cap " + name + " below the " + Asked() + " asked (the largest cap is " + MostOf() + ")";
}

// Who brought which side is the same for all bindings, except that bindings inherit from different layers.
std::string Clause::RequestAboveLimit() const {
  const std::string name(ResourceName(code_));
  if (!detail_.inherited) {
    if (one_) return "limits " + name + " to " + MostOf() + ", below the " + Asked() + " requested";
    return "limit " + name + " to less than the " + Asked() + " requested (the largest limit is " + MostOf() + ")";
  }
  if (one_) {
    return InheritedRequest() + ", above the limit of " + MostOf() +
           (detail_.limit ? " (" + SetBy(detail_.limit->layer) + ")" : "");
  }
  if (detail_.limit && detail_.limit->layer == Layer::kSandbox) {
    return "request more " + name + " than the limit of " + MostOf() + " sent with the launch" +
           InParentheses({Inherited()});
  }
  return "request more " + name + " than they limit it to" +
         InParentheses({Inherited(), "the largest limit is " + MostOf()});
}

std::string Clause::Maximum() const {
  if (code_ == C::kGpuCountExceedsRunner && Most(detail_) == "0") {
    return Say("is on a runner that gives no GPUs (", "are on runners that give no GPUs (") + Asked() + " asked)";
  }
  if (!detail_.inherited) {
    if (one_) return "is on a runner that gives at most " + AmountOf(Most(detail_), code_) + " (" + Asked() + " asked)";
    return "are on runners that give " + Less() + " than the " + AmountOf(detail_.requested.value_or("0"), code_) +
           " asked (the largest gives " + MostOf() + ")";
  }
  if (one_) return InheritedRequest() + ", above the runner's maximum of " + MostOf();
  return "request more " + std::string(ResourceName(code_)) + " than their runners give" +
         InParentheses({Inherited(), "the largest gives " + MostOf()});
}

std::string Clause::Insufficient() const {
  const std::string name(ResourceName(code_));
  if (Most(detail_) == "0") {
    return Say("has no ", "have no ") + name + " free now" +
           InParentheses({detail_.inherited ? Inherited(" asked, ") : Asked() + " asked"});
  }
  if (!detail_.inherited) {
    if (one_) return "has " + AmountOf(Most(detail_), code_) + " free now (" + Asked() + " asked)";
    return "have " + Less() + " " + name + " free now than the " + Asked() + " asked (at most " + MostOf() + ")";
  }
  if (one_) return InheritedRequest() + ", above the " + MostOf() + " free now";
  return "request more " + name + " than is free now" +
         InParentheses({Inherited(), "at most " + MostOf() + " is free"});
}

std::string Clause::Image() const {
  const std::string allowed =
      detail_.offered.empty() ? std::string("the list of allowed images is empty") : "allowed: " + Offered(detail_);
  if (detail_.requested) {
    return "may not use image " + Quoted(*detail_.requested) + " in this organization" + InParentheses({allowed});
  }
  return Say("brings", "bring") + " no image that the organization allows" +
         InParentheses({Example(detail_.explanation), allowed});
}

// About the request as a whole, for an empty scope.
std::string Clause::Scope() const {
  const std::string organization = "organization " + Quoted(detail_.organization);
  const std::string asked = NamesText(detail_.asked);
  const std::string known = detail_.offered.empty() ? std::string() : "known: " + Offered(detail_);
  const std::string others = InParentheses({known, detail_.suggestion});
  const bool several = detail_.asked.size() > 1;
  switch (code_) {
    case C::kProfileNotBound:
      return (several ? "profiles " + asked + " are" : "profile " + asked + " is") + " bound nowhere in " +
             organization + others;
    case C::kRunnerNotFound:
      return (several ? "runners " + asked + " are" : "runner " + asked + " is") + " unknown in " + organization +
             others;
    case C::kRunnerGroupNotFound:
      return "runner group " + asked + " is unknown in " + organization + others;
    case C::kZoneNotFound:
      return "zone " + asked + " has no runner in " + organization + others;
    case C::kFiltersDisjoint:
      return "each filter alone matches a binding, but all together match none";
    default:
      return organization + " sees no runner, its own or shared";
  }
}

std::string Clause::Text() const {
  switch (code_) {
    case C::kOrganizationInvalid:
      return Say("is", "are") + " closed because the document of organization " + Quoted(detail_.organization) +
             " was refused";
    case C::kCpuQuota:
    case C::kMemoryQuota:
    case C::kGpuQuota:
      return Quota();
    case C::kProfileInvalid:
      return Say("has an error in its", "have errors in their") + " profile, overrides or zone" + Finding();
    case C::kUserRequired:
      return Say("needs", "need") + " a `user_id`, for a namespace per user";
    case C::kOverrideInvalid:
      return Say("is", "are") + " made invalid by the `overrides` of the request" + Finding();
    case C::kRunnerNotReady:
      if (one_) return "is on a runner that is " + Offered(detail_) + " instead of `READY`";
      return "are on runners that are not `READY`" + InParentheses({"they are " + Offered(detail_)});
    case C::kRunnerDisconnected:
      return Say("is on a runner that is ", "are on runners that are ") +
             (detail_.offered == std::vector<std::string>{"DISCONNECTED"} ? "disconnected" : "not connected");
    case C::kArchitectureUnsupported:
      return Architecture();
    case C::kPrivilegedUnsupported:
      return Say("takes", "take") + " unprivileged sandboxes only (a privileged one asked)";
    case C::kStorageClassUnavailable:
      return NotOffered("storage class", "storage classes");
    case C::kGpuTypeUnavailable:
      return Gpus();
    case C::kGpuCountExceedsRunner:
    case C::kCpuExceedsRunner:
    case C::kMemoryExceedsRunner:
      return Maximum();
    case C::kEgressModeNotOffered:
      return NotOffered("egress mode", "egress modes");
    case C::kIngressModeNotOffered:
      return NotOffered("ingress level", "ingress levels");
    case C::kHostNameInvalid:
      return Say("makes an invalid host name", "make invalid host names") + " for ingress level " +
             Quoted(detail_.requested.value_or("")) + Finding();
    case C::kLimitsRequired:
      return Say("needs", "need") + " both a CPU and a memory limit" +
             (one_ ? InParentheses({detail_.explanation}) : "");
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

// What would help.
class Help {
 public:
  Help(ReasonCode code, const ReasonDetail& detail) : code_(code), detail_(detail) {}

  std::string Text() const;

 private:
  std::string AboutAmount() const;
  // "ask for at most 64Gi of memory": where bindings inherit the amount, that `side` is to be sent.
  std::string AskForAtMost(std::string_view side) const;
  std::string With(const std::string& advice) const { return advice + InParentheses({detail_.explanation}); }
  std::string Guessing(const std::string& advice) const { return advice + InParentheses({detail_.suggestion}); }
  // "choose another profile, or an egress mode that is offered: `a`, `b`".
  std::string OrOffered(const std::string& advice, const std::string& kind) const {
    return detail_.offered.empty() ? advice
                                   : Guessing(advice + ", or " + kind + " that is offered: " + Offered(detail_));
  }

  ReasonCode code_;
  const ReasonDetail& detail_;
};

std::string Help::AskForAtMost(std::string_view side) const {
  const std::string most = AmountOf(Most(detail_), code_);
  if (!detail_.inherited) return "ask for at most " + most;
  const bool several = detail_.count != 1 && !detail_.explanation.empty();
  return "send a " + std::string(side) + " of at most " + most +
         InParentheses({(several ? "e.g. " : "") + detail_.explanation});
}

std::string Help::AboutAmount() const {
  const bool nothing = Most(detail_) == "0";
  switch (code_) {
    case C::kCpuQuota:
    case C::kMemoryQuota:
    case C::kGpuQuota:
      return nothing ? "ask the administrator for a quota" : AskForAtMost("limit");
    case C::kGpuCountExceedsRunner:
      return nothing ? "choose a runner with GPUs" : AskForAtMost("request");
    case C::kCpuExceedsProfile:
    case C::kMemoryExceedsProfile:
      return nothing ? "choose another profile" : AskForAtMost("limit");
    case C::kInsufficientCpu:
    case C::kInsufficientMemory:
    case C::kInsufficientGpu:
      return "wait for free " + std::string(ResourceName(code_)) + (nothing ? "" : ", or " + AskForAtMost("request"));
    case C::kCpuRequestAboveLimit:
    case C::kMemoryRequestAboveLimit:
      if (nothing) return "send a higher limit";
      return AskForAtMost("request") + (detail_.inherited ? "" : ", or send a higher limit");
    default:
      return AskForAtMost("request");
  }
}

std::string Help::Text() const {
  switch (code_) {
    case C::kOrganizationInvalid:
      return With("ask the administrator to correct the organization's document");
    case C::kProfileInvalid:
      return detail_.explanation.empty() ? "ask the administrator to correct what `berth lint` finds"
                                         : With("ask the administrator to correct it");
    case C::kUserRequired:
      return "send a `user_id`";
    case C::kOverrideInvalid:
      return With("correct `overrides`");
    case C::kLimitsRequired:
      return "send `resource_limits` with `cpu` and `memory`";
    case C::kArchitectureUnsupported:
    case C::kStorageClassUnavailable:
      return Guessing("choose another runner");
    case C::kRunnerNotReady:
    case C::kPrivilegedUnsupported:
      return "choose another runner";
    case C::kGpuTypeUnavailable:
      return detail_.offered.empty() ? "choose a profile with GPUs" : OrOffered("choose another profile", "a GPU type");
    case C::kEgressModeNotOffered:
      return OrOffered("choose another profile", "an egress mode");
    case C::kIngressModeNotOffered:
      return OrOffered("choose another profile", "an ingress level");
    case C::kHostNameInvalid:
      return With("ask the administrator to shorten the host template, or send a shorter `sandbox_id`");
    case C::kImageNotAllowed:
      if (detail_.offered.empty()) return "ask the administrator to allow an image";
      return detail_.requested ? "choose an allowed image"
                               : "send an allowed `container_image`, or ask the administrator for an allowed default";
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
      if (detail_.offered.empty()) return "drop the filter";
      return detail_.offered.size() == 1 ? "use " + Offered(detail_) : Guessing("use one of " + Offered(detail_));
    default:
      return AboutAmount();
  }
}

}  // namespace

std::string ReasonText(ReasonCode code, const ReasonDetail& detail) { return Clause(code, detail).Text(); }

std::string HelpText(ReasonCode code, const ReasonDetail& detail) { return Help(code, detail).Text(); }

}  // namespace berth
