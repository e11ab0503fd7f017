#include "berth/engine/message.h"

#include <algorithm>
#include <vector>

#include "berth/spec/quoted.h"

namespace berth {
namespace {

using C = ReasonCode;

// `a`, `b` and 3 more; or what to say when there is none.
std::string Names(const std::vector<std::string>& names, std::string_view none) {
  constexpr size_t kShown = 4;
  if (names.empty()) return std::string(none);
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text.append(i == 0 ? "" : ", ").append(Quoted(names[i]));
  }
  if (names.size() > kShown) text.append(" and ").append(std::to_string(names.size() - kShown)).append(" more");
  return text;
}

std::string_view First(const std::vector<std::string>& names) {
  return names.empty() ? std::string_view("nothing") : std::string_view(names.front());
}

// " (96Gi asked)", or nothing when the value came from a profile.
std::string Asked(const ReasonDetail& detail) { return detail.requested ? " (" + *detail.requested + " asked)" : ""; }

std::string_view ResourceName(ReasonCode code) {
  switch (code) {
    case C::kCpuQuota:
    case C::kCpuExceedsProfile:
    case C::kCpuRequestAboveLimit:
    case C::kCpuExceedsRunner:
    case C::kInsufficientCpu:
      return "CPU";
    case C::kMemoryQuota:
    case C::kMemoryExceedsProfile:
    case C::kMemoryRequestAboveLimit:
    case C::kMemoryExceedsRunner:
    case C::kInsufficientMemory:
      return "memory";
    default:
      return "GPUs";
  }
}

// A clause about the sandbox request as a whole, for an empty scope.
std::string ScopeText(ReasonCode code, const ReasonDetail& detail) {
  const std::string asked = Quoted(detail.requested.value_or(""));
  switch (code) {
    case C::kProfileNotBound:
      return "profile " + asked + " is bound to no runner of the organization; bound: " + Names(detail.offered, "none");
    case C::kRunnerNotFound:
      return "runner " + asked + " is unknown in the organization; known: " + Names(detail.offered, "none");
    case C::kRunnerGroupNotFound:
      return "runner group " + asked + " is unknown in the organization; known: " + Names(detail.offered, "none");
    case C::kZoneNotFound:
      return "zone " + asked + " has no runner of the organization; zones: " + Names(detail.offered, "none");
    case C::kFiltersDisjoint:
      return "each filter matches something, but no binding matches them all";
    default:
      return "the organization has no runner";
  }
}

std::string CapText(std::string_view verb, ReasonCode code, const ReasonDetail& detail) {
  std::string text(verb);
  return text.append(" ").append(ResourceName(code)).append(" at ").append(First(detail.offered)).append(Asked(detail));
}

}  // namespace

std::string ReasonText(ReasonCode code, const ReasonDetail& detail, uint32_t count) {
  const bool one = count == 1;
  const auto verb = [&](std::string_view singular, std::string_view plural) {
    return std::string(one ? singular : plural);
  };
  const std::string asked = Quoted(detail.requested.value_or(""));
  switch (code) {
    case C::kOrganizationInvalid:
      return verb("is", "are") + " closed because the organization's document was refused";
    case C::kCpuQuota:
    case C::kMemoryQuota:
    case C::kGpuQuota:
      return verb("exceeds", "exceed") + " the organization's quota of " + std::string(First(detail.offered)) + " " +
             std::string(ResourceName(code)) + " for one sandbox" + Asked(detail);
    case C::kProfileInvalid:
      return verb("has", "have") + " an error in the profile, its override or its zone";
    case C::kUserRequired:
      return verb("needs", "need") + " a `user_id`, for a namespace per user";
    case C::kOverrideInvalid:
      return verb("is", "are") + " made invalid by the request's `overrides`";
    case C::kRunnerNotReady:
      return verb("is on a runner that is ", "are on runners that are ") + Names(detail.offered, "not ready") +
             " instead of `READY`";
    case C::kRunnerDisconnected:
      return verb("is on a runner that is", "are on runners that are") + " disconnected";
    case C::kArchitectureUnsupported:
      return verb("runs", "run") + " on " + Names(detail.offered, "an unknown architecture") + ", asked " + asked;
    case C::kPrivilegedUnsupported:
      return verb("takes", "take") + " unprivileged sandboxes only";
    case C::kStorageClassUnavailable:
      return verb("has", "have") + " storage classes " + Names(detail.offered, "none") + ", asked " + asked;
    case C::kGpuTypeUnavailable:
      return verb("has", "have") + " GPUs " + Names(detail.offered, "none") + ", asked " +
             (detail.capability == "gpu.memory_gb" ? "at least " + *detail.requested + " GiB each" : asked);
    case C::kGpuCountExceedsRunner:
      return CapText(verb("caps", "cap"), code, detail);
    case C::kEgressModeNotOffered:
      return verb("offers", "offer") + " egress modes " + Names(detail.offered, "none") + ", asked " + asked;
    case C::kIngressModeNotOffered:
      return verb("offers", "offer") + " ingress levels " + Names(detail.offered, "none") + ", asked " + asked;
    case C::kHostNameInvalid:
      return verb("makes", "make") + " an invalid host name for ingress level " + asked;
    case C::kLimitsRequired:
      return verb("needs", "need") + " both a CPU and a memory limit";
    case C::kCpuExceedsProfile:
    case C::kMemoryExceedsProfile:
      return CapText(verb("caps", "cap"), code, detail);
    case C::kCpuRequestAboveLimit:
    case C::kMemoryRequestAboveLimit:
      return verb("limits ", "limit ") + std::string(ResourceName(code)) + " to " + std::string(First(detail.offered)) +
             ", below the request" + Asked(detail);
    case C::kCpuExceedsRunner:
    case C::kMemoryExceedsRunner:
      return verb("is on a runner that gives at most ", "are on runners that give at most ") +
             std::string(First(detail.offered)) + " " + std::string(ResourceName(code)) + Asked(detail);
    case C::kImageNotAllowed:
      return verb("is", "are") + " closed to image " + (detail.requested ? asked : "of the profile") +
             "; allowed: " + Names(detail.offered, "none");
    case C::kInsufficientCpu:
    case C::kInsufficientMemory:
    case C::kInsufficientGpu:
      return verb("has", "have") + " at most " + std::string(First(detail.offered)) + " " +
             std::string(ResourceName(code)) + " free now" + Asked(detail);
    default:
      return ScopeText(code, detail);
  }
}

std::string HelpText(ReasonCode code, const ReasonDetail& detail) {
  const std::string best(First(detail.offered));
  switch (code) {
    case C::kOrganizationInvalid:
      return "ask the administrator to mend the organization's document";
    case C::kProfileInvalid:
      return "ask the administrator: `berth lint` shows what is wrong";
    case C::kUserRequired:
      return "send a `user_id`";
    case C::kOverrideInvalid:
      return "correct `overrides`";
    case C::kGpuCountExceedsRunner:
      if (best == "0") return "choose a runner with GPUs";
      [[fallthrough]];
    case C::kCpuQuota:
    case C::kMemoryQuota:
    case C::kGpuQuota:
    case C::kCpuExceedsProfile:
    case C::kMemoryExceedsProfile:
    case C::kCpuExceedsRunner:
    case C::kMemoryExceedsRunner:
      return "ask for at most " + best + " " + std::string(ResourceName(code));
    case C::kCpuRequestAboveLimit:
    case C::kMemoryRequestAboveLimit:
      return "ask for at most " + best + " " + std::string(ResourceName(code)) + ", or send a higher limit";
    case C::kLimitsRequired:
      return "send `resource_limits` with `cpu` and `memory`";
    case C::kRunnerNotReady:
    case C::kArchitectureUnsupported:
    case C::kPrivilegedUnsupported:
    case C::kStorageClassUnavailable:
      return "choose another runner";
    case C::kGpuTypeUnavailable:
      return detail.offered.empty() ? "choose a profile with GPUs"
                                    : "choose another profile, or GPUs " + Names(detail.offered, "");
    case C::kEgressModeNotOffered:
      return detail.offered.empty() ? "choose another profile"
                                    : "choose another profile, or egress mode " + Names(detail.offered, "");
    case C::kIngressModeNotOffered:
      return detail.offered.empty() ? "choose another profile"
                                    : "choose another profile, or ingress level " + Names(detail.offered, "");
    case C::kHostNameInvalid:
      return "ask the administrator to shorten the host template, or send a shorter `sandbox_id`";
    case C::kImageNotAllowed:
      return detail.requested ? "choose an allowed image"
                              : "send an allowed `container_image`, or ask the administrator";
    case C::kRunnerDisconnected:
      return "wait for the runner, or choose another one";
    case C::kInsufficientCpu:
    case C::kInsufficientMemory:
    case C::kInsufficientGpu:
      return "wait, or ask for at most " + best + " " + std::string(ResourceName(code));
    case C::kNoRunners:
      return "ask the administrator for a runner";
    case C::kFiltersDisjoint:
      return "drop one of the filters";
    default:
      return detail.offered.empty() ? "drop the filter" : "use one of " + Names(detail.offered, "");
  }
}

namespace {

std::string AdmittedText(const Decision& decision) {
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

std::string RejectedText(const Decision& decision, const LaunchRequest& request) {
  const auto detail = [&](const ReasonCount& reason) { return DetailOf(decision, request, reason); };
  if (decision.candidates.empty()) {
    const ReasonCount& scope = decision.reasons.front();
    return "no binding to consider: " + ReasonText(scope.code, detail(scope), 0);
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
    text.append(ReasonText(headlines[i].code, detail(headlines[i]), headlines[i].headline));
  }
  return text;
}

}  // namespace

std::string MessageOf(const Decision& decision, const LaunchRequest& request) {
  switch (decision.verdict) {
    case Verdict::kAdmitted:
      return AdmittedText(decision);
    case Verdict::kRejected:
      return RejectedText(decision, request);
    case Verdict::kInvalid:
      break;
  }
  return InvalidText(decision);
}

}  // namespace berth
