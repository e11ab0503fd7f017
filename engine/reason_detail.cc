#include "berth/engine/reason_detail.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "berth/spec/limits.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"

namespace berth {
namespace {

using C = ReasonCode;

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined.append(joined.empty() ? "" : ",").append(name);
  return joined;
}

std::string_view CapabilityOf(ReasonCode code, const LaunchRequest& request) {
  if (code == C::kGpuTypeUnavailable && request.gpu().memory_gb) return "gpu.memory_gb";
  return InfoOf(code).capability;
}

std::optional<std::string> Text(const std::optional<Located<Quantity>>& quantity) {
  return quantity ? std::optional(quantity->value.ToString()) : std::nullopt;
}

std::optional<std::string> NonEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

// The request's own numbers of one resource.
struct Asked {
  std::optional<Located<Quantity>> request;
  std::optional<Located<Quantity>> limit;
};

Asked AskedOf(const LaunchRequest& request, Resource resource) {
  const ResourceRequest& requests = request.effective_requests();
  const ResourceRequest& limits = request.effective_limits();
  return resource == Resource::kCpu ? Asked{requests.cpu, limits.cpu} : Asked{requests.memory, limits.memory};
}

std::optional<std::string> LargerOf(const Asked& asked, Resource resource) {
  if (!asked.request || !asked.limit) return Text(asked.request ? asked.request : asked.limit);
  return Text(asked.request->value.UnitsOf(resource) > asked.limit->value.UnitsOf(resource) ? asked.request
                                                                                            : asked.limit);
}

std::optional<std::string> RequestedGpu(const GpuRequest& gpu) {
  if (!gpu.type.empty()) return gpu.type;
  return gpu.memory_gb ? std::to_string(*gpu.memory_gb) : "any";
}

// The names that the request asked for, of which a near one may have been meant.
std::vector<std::string> NamesAsked(ReasonCode code, const LaunchRequest& request) {
  switch (code) {
    case C::kArchitectureUnsupported:
      return {request.architecture};
    case C::kStorageClassUnavailable:
      return request.storage_classes;
    case C::kEgressModeNotOffered:
      return {request.egress_mode};
    case C::kIngressModeNotOffered:
      return {request.ingress_mode};
    case C::kProfileNotBound:
      return request.profile_names;
    case C::kRunnerNotFound:
      return request.runner_ids;
    case C::kRunnerGroupNotFound:
      return {request.runner_group_id};
    case C::kZoneNotFound:
      return {request.zone};
    default:
      return {};
  }
}

std::optional<std::string> RequestedOf(ReasonCode code, const LaunchRequest& request) {
  const Asked cpu = AskedOf(request, Resource::kCpu);
  const Asked memory = AskedOf(request, Resource::kMemory);
  switch (code) {
    case C::kCpuQuota:
      return Text(cpu.limit ? cpu.limit : cpu.request);
    case C::kMemoryQuota:
      return Text(memory.limit ? memory.limit : memory.request);
    case C::kGpuQuota:
    case C::kGpuCountExceedsRunner:
    case C::kInsufficientGpu:
      return std::to_string(request.gpu().count.value_or(0));
    case C::kRunnerNotReady:
      return "READY";
    case C::kRunnerDisconnected:
      return "CONNECTED";
    case C::kPrivilegedUnsupported:
      return "true";
    case C::kGpuTypeUnavailable:
      return RequestedGpu(request.gpu());
    case C::kHostNameInvalid:
      return request.ingress_mode;
    case C::kCpuExceedsProfile:
      return LargerOf(cpu, Resource::kCpu);
    case C::kMemoryExceedsProfile:
      return LargerOf(memory, Resource::kMemory);
    case C::kCpuRequestAboveLimit:
      return Text(cpu.request);
    case C::kMemoryRequestAboveLimit:
      return Text(memory.request);
    case C::kCpuExceedsRunner:
    case C::kInsufficientCpu:
      return Text(cpu.request ? cpu.request : cpu.limit);
    case C::kMemoryExceedsRunner:
    case C::kInsufficientMemory:
      return Text(memory.request ? memory.request : memory.limit);
    case C::kImageNotAllowed:
      return NonEmpty(request.container_image.value);
    default:
      const std::vector<std::string> names = NamesAsked(code, request);
      return names.empty() ? std::nullopt : std::optional(Joined(names));
  }
}

// Gathers names, or the largest of values, over the blocked candidates.
class Offered {
 public:
  void AddName(std::string_view name) { names_.emplace(name); }
  void AddNames(const std::vector<std::string>& names) { names_.insert(names.begin(), names.end()); }
  // Of equal values the first text stays.
  void AddValue(std::optional<int64_t> units, std::string text) {
    if (!units || (largest_ && *units <= *largest_)) return;
    largest_ = units;
    text_ = std::move(text);
  }
  void AddCpu(int64_t millicores) { AddValue(millicores, Quantity::FromMillicores(millicores).ToString()); }
  void AddMemory(int64_t bytes) { AddValue(bytes, Quantity::FromBytes(bytes).ToString()); }
  void AddCount(int64_t count) { AddValue(count, std::to_string(count)); }

  // Everything; the caller bounds it.
  std::vector<std::string> Take() {
    if (largest_) return {text_};
    return {names_.begin(), names_.end()};
  }

 private:
  std::set<std::string, std::less<>> names_;
  std::optional<int64_t> largest_;
  std::string text_;
};

// Types that differ only in case count once, in the spelling that is first by bytes.
class OfferedGpus {
 public:
  void Add(const std::vector<GpuType>& types) {
    for (const GpuType& type : types) {
      auto& name = by_folded_[type.folded];
      if (name.empty() || type.name < name) name = type.name;
    }
  }
  void AppendTo(Offered& offered) const {
    for (const auto& [folded, name] : by_folded_) offered.AddName(name);
  }

 private:
  std::map<std::string, std::string> by_folded_;
};

class DetailBuilder {
 public:
  DetailBuilder(const DetailedDecision& decision, const LaunchRequest& request, ReasonCode code, CountedBy counted)
      : snapshot_(*decision.snapshot),
        candidates_(decision.candidates),
        request_(request),
        organization_(snapshot_.OrganizationOf(request.organization_id)),
        code_(code),
        counted_(counted) {}

  std::vector<std::string> OfferedNames() {
    if (static_cast<size_t>(code_) >= kConstraintCount) return ScopeNames();
    Offered offered;
    OfferedGpus gpus;
    for (const CandidateResult& candidate : candidates_) {
      if (!Counts(candidate)) continue;
      const CompiledBinding& binding = snapshot_.bindings()[candidate.binding];
      if (code_ == C::kGpuTypeUnavailable) {
        gpus.Add(binding.offer.gpu_types);
      } else {
        AddOffered(candidate, binding, offered);
      }
    }
    gpus.AppendTo(offered);
    return offered.Take();
  }

  std::optional<int64_t> LargestGpuMemory() {
    std::optional<int64_t> largest;
    for (const CandidateResult& candidate : candidates_) {
      if (!Counts(candidate)) continue;
      for (const GpuType& gpu : snapshot_.bindings()[candidate.binding].offer.gpu_types) {
        largest = std::max(largest, gpu.memory_gb);
      }
    }
    return largest;
  }

  // Whether a counted candidate is judged by an amount that the launch did not bring.
  bool Inherits() const {
    return ResourceOf(code_) && std::ranges::any_of(candidates_, [&](const CandidateResult& candidate) {
             if (!Counts(candidate)) return false;
             const auto judged = JudgedAmountOf(code_, snapshot_, snapshot_.bindings()[candidate.binding], request_);
             return judged && judged->layer != Layer::kSandbox;
           });
  }

  ReasonExample ExampleOf(uint32_t index) const;

 private:
  bool Counts(const CandidateResult& candidate) const {
    const Failures& failures = candidate.failures;
    if (!failures.Has(code_) || candidate.binding >= snapshot_.bindings().size()) return false;
    return counted_ == CountedBy::kBlocked || failures.headline() == code_;
  }
  void AddOffered(const CandidateResult& candidate, const CompiledBinding& binding, Offered& offered) const;
  void AddLimit(const CompiledBinding& binding, Resource resource, Offered& offered) const;
  std::vector<std::string> ScopeNames() const;
  std::pair<std::string_view, std::string> OrganizationGuardrail() const;
  Position RunnerPosition(const Runner& runner) const;
  std::optional<Guardrail> SpecGuardrail(const CompiledBinding& binding) const;

  const Snapshot& snapshot_;
  std::span<const CandidateResult> candidates_;
  const LaunchRequest& request_;
  const CompiledOrganization& organization_;
  ReasonCode code_;
  CountedBy counted_;
};

void DetailBuilder::AddLimit(const CompiledBinding& binding, Resource resource, Offered& offered) const {
  const std::optional<Located<Quantity>> own = AskedOf(request_, resource).limit;
  if (own) return offered.AddValue(own->value.UnitsOf(resource), own->value.ToString());
  const bool cpu = resource == Resource::kCpu;
  offered.AddValue(cpu ? binding.offer.limits.cpu : binding.offer.limits.memory,
                   cpu ? binding.cpu_limit_text : binding.memory_limit_text);
}

void DetailBuilder::AddOffered(const CandidateResult& candidate, const CompiledBinding& binding,
                               Offered& offered) const {
  const Capabilities& runner = snapshot_.RunnerOf(binding).runner->capabilities;
  const Organization& organization = organization_.settings;
  switch (code_) {
    case C::kCpuQuota:
      if (organization.quota_cpu) offered.AddName(organization.quota_cpu->value.ToString());
      return;
    case C::kMemoryQuota:
      if (organization.quota_memory) offered.AddName(organization.quota_memory->value.ToString());
      return;
    case C::kGpuQuota:
      if (organization.quota_gpu) offered.AddCount(organization.quota_gpu->value);
      return;
    case C::kRunnerNotReady:
      return offered.AddName(InstallStatusName(candidate.live.install));
    case C::kRunnerDisconnected:
      return offered.AddName(ConnectionStatusName(candidate.live.connection));
    case C::kArchitectureUnsupported:
      return offered.AddNames(runner.architectures.value);
    case C::kPrivilegedUnsupported:
      return offered.AddName("false");
    case C::kStorageClassUnavailable:
      return offered.AddNames(runner.storage_classes.value);
    case C::kGpuCountExceedsRunner:
      return offered.AddCount(runner.max_gpu_count.value);
    case C::kEgressModeNotOffered:
      return offered.AddNames(binding.offer.egress_modes);
    case C::kIngressModeNotOffered:
      return offered.AddNames(binding.offer.ingress_levels);
    case C::kCpuExceedsProfile:
      return offered.AddValue(binding.offer.limits.cpu, binding.cpu_limit_text);
    case C::kMemoryExceedsProfile:
      return offered.AddValue(binding.offer.limits.memory, binding.memory_limit_text);
    case C::kCpuRequestAboveLimit:
      return AddLimit(binding, Resource::kCpu, offered);
    case C::kMemoryRequestAboveLimit:
      return AddLimit(binding, Resource::kMemory, offered);
    case C::kCpuExceedsRunner:
      return offered.AddCpu(runner.max_cpu_millicores.value);
    case C::kMemoryExceedsRunner:
      return offered.AddMemory(runner.max_memory_bytes.value);
    case C::kImageNotAllowed:
      if (organization.allowed_images) offered.AddNames(organization.allowed_images->value);
      return;
    case C::kInsufficientCpu:
      return offered.AddCpu(candidate.live.cpu.value_or(0));
    case C::kInsufficientMemory:
      return offered.AddMemory(candidate.live.memory.value_or(0));
    case C::kInsufficientGpu:
      return offered.AddCount(candidate.live.gpu.value_or(0));
    default:
      return;
  }
}

// What the caller could have filtered by instead.
std::vector<std::string> DetailBuilder::ScopeNames() const {
  Offered offered;
  snapshot_.ForEachVisible(request_.organization_id, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot_.bindings()[index];
    const Runner& runner = *snapshot_.RunnerOf(binding).runner;
    if (code_ == C::kProfileNotBound) offered.AddName(binding.name);
    if (code_ == C::kRunnerNotFound) offered.AddName(runner.runner_id);
    if (code_ == C::kRunnerGroupNotFound && !runner.group.empty()) offered.AddName(runner.group);
    if (code_ == C::kZoneNotFound) offered.AddName(runner.zone);
  });
  return offered.Take();
}

std::pair<std::string_view, std::string> DetailBuilder::OrganizationGuardrail() const {
  Position position;
  const Organization& settings = organization_.settings;
  const auto take = [&](ReasonCode code, const auto& setting) {
    if (code_ == code && setting) position = setting->position;
  };
  take(C::kCpuQuota, settings.quota_cpu);
  take(C::kMemoryQuota, settings.quota_memory);
  take(C::kGpuQuota, settings.quota_gpu);
  take(C::kImageNotAllowed, settings.allowed_images);
  if (organization_.object == nullptr) return {"organization", ""};
  if (!position.known()) position = organization_.object->position;
  return {"organization", PlaceText(organization_.object->file, position)};
}

Position DetailBuilder::RunnerPosition(const Runner& runner) const {
  const Capabilities& capabilities = runner.capabilities;
  switch (code_) {
    case C::kRunnerNotReady:
      return runner.install_status.position;
    case C::kRunnerDisconnected:
      return runner.connection_status.position;
    case C::kArchitectureUnsupported:
      return capabilities.architectures.position;
    case C::kPrivilegedUnsupported:
      return capabilities.supports_privileged.position;
    case C::kStorageClassUnavailable:
      return capabilities.storage_classes.position;
    case C::kGpuTypeUnavailable:
      return capabilities.gpu_types.position;
    case C::kGpuCountExceedsRunner:
      return capabilities.max_gpu_count.position;
    case C::kCpuExceedsRunner:
      return capabilities.max_cpu_millicores.position;
    case C::kMemoryExceedsRunner:
      return capabilities.max_memory_bytes.position;
    case C::kLimitsRequired:
      return runner.enforce_resource_limits.position;
    default:
      return runner.available.position;
  }
}

// The guardrail in the binding's spec, for codes that have one there.
std::optional<Guardrail> DetailBuilder::SpecGuardrail(const CompiledBinding& binding) const {
  const auto limit = [&](Resource resource, const Guardrail& inherited) {
    const std::optional<Located<Quantity>> own = AskedOf(request_, resource).limit;
    return own ? Guardrail{Layer::kSandbox, own->position} : inherited;
  };
  switch (code_) {
    case C::kUserRequired:
      return binding.strategy_guardrail;
    case C::kOverrideInvalid:
      return Guardrail{Layer::kSandbox, request_.overrides == nullptr ? Position() : request_.overrides->position};
    case C::kGpuTypeUnavailable:
      return binding.instance_types.layer ? std::optional(binding.instance_types) : std::nullopt;
    case C::kEgressModeNotOffered:
      return binding.egress;
    case C::kIngressModeNotOffered:
      return binding.ingress;
    case C::kHostNameInvalid: {
      const auto& levels = binding.offer.ingress_levels;
      const auto level = static_cast<size_t>(std::ranges::find(levels, request_.ingress_mode) - levels.begin());
      return level < binding.host_guardrails.size() ? binding.host_guardrails[level] : Guardrail{};
    }
    case C::kCpuExceedsProfile:
      return binding.cpu_limit;
    case C::kMemoryExceedsProfile:
      return binding.memory_limit;
    case C::kCpuRequestAboveLimit:
      return limit(Resource::kCpu, binding.cpu_limit);
    case C::kMemoryRequestAboveLimit:
      return limit(Resource::kMemory, binding.memory_limit);
    case C::kProfileInvalid:
      return Guardrail{};
    default:
      return std::nullopt;
  }
}

ReasonExample DetailBuilder::ExampleOf(uint32_t index) const {
  const CompiledBinding& binding = snapshot_.bindings()[index];
  const CompiledRunner& runner = snapshot_.RunnerOf(binding);
  ReasonExample example;
  example.runner_id = runner.runner->runner_id;
  example.profile_name = binding.name;
  if (const std::optional<Guardrail> guardrail = SpecGuardrail(binding); guardrail) {
    if (!guardrail->layer) return example;
    example.layer = LayerName(*guardrail->layer);
    if (*guardrail->layer != Layer::kSandbox) {
      example.source = snapshot_.SourceOf(binding, *guardrail->layer, guardrail->position);
    } else if (guardrail->position.known()) {
      example.source = PlaceText(request_.file, guardrail->position);
    }
    return example;
  }
  const bool of_organization = code_ == C::kOrganizationInvalid || code_ == C::kCpuQuota || code_ == C::kMemoryQuota ||
                               code_ == C::kGpuQuota || code_ == C::kImageNotAllowed;
  if (of_organization) {
    std::tie(example.layer, example.source) = OrganizationGuardrail();
    return example;
  }
  example.layer = "runner";
  example.source = snapshot_.SourceOf(binding, Layer::kRunner, RunnerPosition(*runner.runner));
  return example;
}

// Other names for the architectures as catalogs write them.
std::string_view ArchitectureAlias(std::string_view architecture) {
  if (architecture == "x86_64" || architecture == "x86-64") return "amd64";
  return architecture == "aarch64" ? "arm64" : "";
}

bool SameWithoutCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()), absl::string_view(b.data(), b.size()));
}

// A guess at what was meant, among everything offered. Architectures and storage classes that are near are still
// other ones, so there only the spelling counts.
std::string SuggestionOf(ReasonCode code, const LaunchRequest& request, const std::vector<std::string>& offered) {
  const bool spelling_only = code == C::kArchitectureUnsupported || code == C::kStorageClassUnavailable;
  const std::vector<std::string_view> known(offered.begin(), offered.end());
  for (const std::string& name : NamesAsked(code, request)) {
    if (name.empty() || Offers(offered, name)) continue;
    std::string_view meant;
    if (spelling_only) {
      const std::string_view alias = code == C::kArchitectureUnsupported ? ArchitectureAlias(name) : "";
      const auto found = std::ranges::find_if(
          known, [&](std::string_view other) { return SameWithoutCase(name, other) || alias == other; });
      if (found != known.end()) meant = *found;
    } else {
      meant = NearestName(name, known);
    }
    if (!meant.empty()) return "did you mean " + Quoted(meant) + "?";
  }
  return {};
}

}  // namespace

ReasonDetail DetailOf(const DetailedDecision& decision, const LaunchRequest& request, const ReasonCount& reason,
                      CountedBy counted) {
  ReasonDetail detail;
  detail.count = counted == CountedBy::kHeadline ? reason.headline : reason.blocked;
  detail.organization = request.organization_id;
  detail.capability = CapabilityOf(reason.code, request);
  detail.requested = RequestedOf(reason.code, request);
  detail.asked = NamesAsked(reason.code, request);
  if (decision.snapshot == nullptr) return detail;
  DetailBuilder builder(decision, request, reason.code, counted);
  detail.offered = builder.OfferedNames();
  detail.offered_total = detail.offered.size();
  detail.suggestion = SuggestionOf(reason.code, request, detail.offered);
  if (detail.offered.size() > kMaxOffered) detail.offered.resize(kMaxOffered);
  if (reason.code == C::kGpuTypeUnavailable) detail.largest_gpu_gb = builder.LargestGpuMemory();
  const Snapshot& snapshot = *decision.snapshot;
  const auto example = std::ranges::find(decision.candidates, reason.example, &CandidateResult::binding);
  if (example == decision.candidates.end() || example->binding >= snapshot.bindings().size()) return detail;
  const CandidateResult& candidate = *example;
  const CompiledBinding& binding = snapshot.bindings()[candidate.binding];
  detail.example = builder.ExampleOf(candidate.binding);
  detail.inherited = builder.Inherits();
  detail.explanation = ExplanationOf(reason.code, snapshot, candidate, request);
  detail.judged = JudgedAmountOf(reason.code, snapshot, binding, request);
  if (const std::optional<Resource> resource = ResourceOf(reason.code); resource) {
    detail.limit = ResolvedAmountsOf(snapshot, binding, request, *resource).limit;
  }
  return detail;
}

ReasonExample GuardrailOf(const DetailedDecision& decision, const LaunchRequest& request, ReasonCode code,
                          uint32_t binding) {
  return DetailBuilder(decision, request, code, CountedBy::kBlocked).ExampleOf(binding);
}

}  // namespace berth
