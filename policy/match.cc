#include "berth/policy/match.h"

#include <algorithm>

#include "berth/policy/dimension.h"

namespace berth {
namespace {

// Above a limit that is known. Nothing asked is never above.
bool Above(std::optional<int64_t> asked, std::optional<int64_t> limit) { return asked && limit && *asked > *limit; }

void MatchDimension(const Dimension& dimension, const Need& need, const Candidate& candidate, const CallerRules& caller,
                    Failures& failures) {
  const ResolvedAmounts resolved = ResolveAmounts(need, candidate.offer);
  const auto request = resolved.requests.*dimension.amount;
  const auto limit = resolved.limits.*dimension.amount;
  const auto ceiling = candidate.offer.limits.*dimension.amount;
  const bool above_ceiling = caller.limits_are_ceilings && (Above(need.requests.*dimension.amount, ceiling) ||
                                                            Above(need.limits.*dimension.amount, ceiling));
  failures.AddIf(Above(limit ? limit : request, caller.quota.*dimension.quota), dimension.above_quota);
  failures.AddIf(above_ceiling, dimension.above_profile);
  // A request above the ceiling is above the inherited limit too; one change mends both, so it counts once.
  failures.AddIf(!above_ceiling && Above(request, limit), dimension.above_limit);
  failures.AddIf(Above(request, KnownMaximum((candidate.runner.capabilities.*dimension.maximum).value)),
                 dimension.above_runner);
  failures.AddIf(Above(request, candidate.live.*dimension.free), dimension.insufficient);
}

void MatchRunner(const Need& need, const Candidate& candidate, Failures& failures) {
  const Capabilities& capabilities = candidate.runner.capabilities;
  failures.AddIf(candidate.live.install != InstallStatus::kReady, ReasonCode::kRunnerNotReady);
  failures.AddIf(candidate.live.connection != ConnectionStatus::kConnected, ReasonCode::kRunnerDisconnected);
  failures.AddIf(!need.architecture.empty() && !Offers(capabilities.architectures.value, need.architecture),
                 ReasonCode::kArchitectureUnsupported);
  failures.AddIf(need.privileged && !capabilities.supports_privileged.value, ReasonCode::kPrivilegedUnsupported);
  const auto lacks = [&](const std::string& name) { return !Offers(capabilities.storage_classes.value, name); };
  failures.AddIf(std::ranges::any_of(need.storage_classes, lacks), ReasonCode::kStorageClassUnavailable);
  failures.AddIf(need.gpu_count > capabilities.max_gpu_count.value, ReasonCode::kGpuCountExceedsRunner);
}

void MatchSpec(const Need& need, const Candidate& candidate, const CallerRules& caller, Failures& failures) {
  const Offer& offer = candidate.offer;
  failures.AddIf(need.gpu_count > 0 && Above(need.gpu_count, caller.quota.gpu), ReasonCode::kGpuQuota);
  failures.AddIf(offer.needs_user && !need.has_user, ReasonCode::kUserRequired);
  failures.AddIf(need.gpu_count > 0 && !OffersGpu(offer.gpu_types, need.gpu_type, need.gpu_memory_gb),
                 ReasonCode::kGpuTypeUnavailable);
  failures.AddIf(!need.egress_mode.empty() && !Offers(offer.egress_modes, need.egress_mode),
                 ReasonCode::kEgressModeNotOffered);
  failures.AddIf(!need.ingress_mode.empty() && !Offers(offer.ingress_levels, need.ingress_mode),
                 ReasonCode::kIngressModeNotOffered);
  for (const Dimension& dimension : kDimensions) MatchDimension(dimension, need, candidate, caller, failures);
  const ResolvedAmounts resolved = ResolveAmounts(need, offer);
  failures.AddIf(candidate.runner.enforce_resource_limits.value && !(resolved.limits.cpu && resolved.limits.memory),
                 ReasonCode::kLimitsRequired);
  failures.AddIf(need.gpu_count > 0 && Above(need.gpu_count, candidate.live.gpu), ReasonCode::kInsufficientGpu);
}

std::optional<int64_t> First(std::optional<int64_t> a, std::optional<int64_t> b) { return a ? a : b; }

}  // namespace

ResolvedAmounts ResolveAmounts(const Need& need, const Offer& offer) {
  ResolvedAmounts resolved;
  for (auto amount : {&Amounts::cpu, &Amounts::memory}) {
    resolved.limits.*amount = First(need.limits.*amount, offer.limits.*amount);
    resolved.requests.*amount = First(First(need.requests.*amount, offer.requests.*amount), resolved.limits.*amount);
  }
  return resolved;
}

Failures Match(const Need& need, const Candidate& candidate, const CallerRules& caller) {
  Failures failures;
  failures.AddIf(!candidate.offer.valid, ReasonCode::kProfileInvalid);
  MatchRunner(need, candidate, failures);
  // An invalid spec cannot be read: only the runner and the request are judged.
  if (candidate.offer.valid) MatchSpec(need, candidate, caller, failures);
  return failures;
}

bool OffersGpu(std::span<const GpuType> types, std::string_view folded_type, std::optional<int64_t> memory_gb) {
  return std::ranges::any_of(types, [&](const GpuType& gpu) {
    const bool type_fits = folded_type.empty() || gpu.folded == folded_type;
    const bool memory_fits = !memory_gb || (gpu.memory_gb && *gpu.memory_gb >= *memory_gb);
    return type_fits && memory_fits;
  });
}

bool Offers(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace berth
