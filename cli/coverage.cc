#include "berth/cli/coverage.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <tuple>
#include <utility>

#include "berth/cli/load.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/reason_detail.h"
#include "berth/policy/reason.h"
#include "berth/policy/verdict.h"
#include "berth/spec/limits.h"
#include "berth/validate/host_template.h"

namespace berth::cli {
namespace {

using C = ReasonCode;

struct KindName {
  std::string_view key;     // in JSON
  std::string_view plural;  // in texts
  std::string_view singular;
};
constexpr std::array<KindName, kCoveredKinds> kKindNames = {{{"bindings", "bindings", "binding"},
                                                             {"egress_modes", "egress modes", "egress mode"},
                                                             {"ingress_levels", "ingress levels", "ingress level"},
                                                             {"guardrails", "guardrails", "guardrail"}}};

// A constraint and the field that says no. GPU types and host templates have more than one field.
struct Guarded {
  C code;
  std::string_view field;
};
constexpr Guarded kGuardedByRunner[] = {
    {C::kArchitectureUnsupported, "capabilities.supported_architectures"},
    {C::kPrivilegedUnsupported, "capabilities.supports_privileged"},
    {C::kStorageClassUnavailable, "capabilities.available_storage_classes"},
    {C::kGpuCountExceedsRunner, "capabilities.max_gpu_count"},
};
// Judged only where the binding's spec is valid.
constexpr Guarded kGuardedBySpec[] = {
    {C::kUserRequired, "namespace.strategy"},
    {C::kEgressModeNotOffered, "network.egress"},
    {C::kIngressModeNotOffered, "network.ingress"},
    {C::kLimitsRequired, "managed_spec.enforce_resource_limits"},
    {C::kCpuExceedsProfile, "resource_defaults.cpuLimit"},
    {C::kMemoryExceedsProfile, "resource_defaults.memoryLimit"},
    {C::kCpuExceedsRunner, "capabilities.max_cpu_millicores"},
    {C::kMemoryExceedsRunner, "capabilities.max_memory_bytes"},
};

// Whether the field, as it is set, can say no to any launch.
bool CanBlock(C code, const CompiledBinding& binding, const Runner& runner) {
  switch (code) {
    case C::kPrivilegedUnsupported:
      return !runner.capabilities.supports_privileged.value;
    case C::kUserRequired:
      return binding.offer.needs_user;
    case C::kLimitsRequired:
      return runner.enforce_resource_limits.value && !(binding.offer.limits.cpu && binding.offer.limits.memory);
    case C::kCpuExceedsRunner:
      return runner.capabilities.max_cpu_millicores.value > 0;
    case C::kMemoryExceedsRunner:
      return runner.capabilities.max_memory_bytes.value > 0;
    default:
      return true;
  }
}

// Whether the template makes a host name out of the longest names that is none.
bool CanBeTooLong(const std::optional<HostTemplate>& host_template) {
  if (!host_template) return false;
  const std::string longest(kMaxNamespaceBytes, 'a');
  std::string host;
  host_template->Render(longest, longest, host);
  return !IsValidHostName(host);
}

// `a.yaml:9:1` before `a.yaml:10:1`.
auto Order(std::string_view source) {
  uint32_t numbers[2] = {0, 0};
  for (uint32_t& number : numbers) {
    const size_t colon = std::min(source.rfind(':'), source.size());
    const std::string_view digits = source.substr(std::min(colon + 1, source.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    source = source.substr(0, colon);
  }
  return std::tuple(source, numbers[1], numbers[0]);
}

std::string CountText(const CoverageCount& count) {
  return std::to_string(count.exercised) + "/" + std::to_string(count.total);
}

}  // namespace

Coverage::Coverage(std::shared_ptr<const Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  of_catalog_.snapshot = snapshot_.get();
  const std::span<const CompiledBinding> bindings = of_catalog_.snapshot->bindings();
  for (uint32_t i = 0; i < bindings.size(); ++i) FindNames(i);
  FindGuardrails();
}

void Coverage::FindNames(uint32_t index) {
  const Snapshot& snapshot = *of_catalog_.snapshot;
  const CompiledBinding& binding = snapshot.bindings()[index];
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  ItemsOf(Covered::kBindings)
      .push_back(
          {index, {}, {}, snapshot.SourceOf(binding, Layer::kBinding, runner.bindings[binding.ordinal].position)});
  const auto add = [&](Covered kind, const Node* names) {
    if (names == nullptr || !binding.offer.valid) return;
    for (const Member& name : names->members) {
      ItemsOf(kind).push_back({index, name.key, {}, snapshot.SourceOf(binding, name.value->layer, name.position)});
    }
  };
  add(Covered::kEgressModes, At(binding.effective.get(), {"network", "egress", "modes"}));
  add(Covered::kIngressLevels, At(binding.effective.get(), {"network", "ingress"}));
}

void Coverage::FindGuardrails() {
  const Snapshot& snapshot = *of_catalog_.snapshot;
  const LaunchRequest anybody;
  for (uint32_t i = 0; i < snapshot.bindings().size(); ++i) {
    const CompiledBinding& binding = snapshot.bindings()[i];
    const Runner& runner = *snapshot.RunnerOf(binding).runner;
    const auto add = [&](const Guarded& guarded) {
      if (CanBlock(guarded.code, binding, runner)) AddGuardrail(guarded.code, i, anybody, guarded.field);
    };
    std::ranges::for_each(kGuardedByRunner, add);
    if (!binding.offer.valid) continue;
    std::ranges::for_each(kGuardedBySpec, add);
    AddGuardrail(C::kGpuTypeUnavailable, i, anybody,
                 binding.instance_types.layer ? "instance_types" : "capabilities.supported_gpu_types");
    for (size_t j = 0; j < binding.offer.ingress_levels.size(); ++j) {
      if (!CanBeTooLong(binding.host_templates[j])) continue;
      const std::string& level = binding.offer.ingress_levels[j];
      LaunchRequest request;
      request.ingress_mode = level;
      AddGuardrail(C::kHostNameInvalid, i, request, "network.ingress." + level + ".ingress.template");
    }
  }
  if (!snapshot.bindings().empty()) {
    for (const std::string& id : OrganizationsOf(snapshot)) AddOrganization(id);
  }
  std::vector<CoverageItem>& items = ItemsOf(Covered::kGuardrails);
  std::ranges::sort(items, {}, [](const CoverageItem& item) { return Order(item.source); });
  for (size_t i = 0; i < items.size(); ++i) guardrails_[items[i].source] = i;
}

// What an organization says is the same for every binding, so any one will do.
void Coverage::AddOrganization(const std::string& id) {
  const Organization& settings = of_catalog_.snapshot->OrganizationOf(id).settings;
  LaunchRequest request;
  request.organization_id = id;
  if (settings.quota_cpu) AddGuardrail(C::kCpuQuota, 0, request, "quota.cpu");
  if (settings.quota_memory) AddGuardrail(C::kMemoryQuota, 0, request, "quota.memory");
  if (settings.quota_gpu) AddGuardrail(C::kGpuQuota, 0, request, "quota.gpu");
  if (settings.allowed_images) AddGuardrail(C::kImageNotAllowed, 0, request, "allowed_images");
}

void Coverage::AddGuardrail(ReasonCode code, uint32_t binding, const LaunchRequest& request, std::string_view field) {
  ReasonExample guardrail = GuardrailOf(of_catalog_, request, code, binding);
  if (guardrail.source.empty()) return;  // nobody set it
  std::vector<CoverageItem>& items = ItemsOf(Covered::kGuardrails);
  if (!guardrails_.emplace(guardrail.source, items.size()).second) return;
  items.push_back({0, std::string(field), guardrail.layer, std::move(guardrail.source)});
}

void Coverage::Exercise(Covered kind, uint32_t binding, std::string_view name) {
  for (CoverageItem& item : ItemsOf(kind)) {
    if (item.binding == binding && item.name == name) item.exercised = true;
  }
}

void Coverage::Add(const DetailedDecision& decision, const LaunchRequest& request, std::optional<uint32_t> compared) {
  if (compared) Exercise(Covered::kBindings, *compared, "");
  if (decision.verdict == Verdict::kAdmitted) {
    const uint32_t placed = decision.placements.front();
    Exercise(Covered::kBindings, placed, "");
    Exercise(Covered::kEgressModes, placed, request.egress_mode);
    Exercise(Covered::kIngressLevels, placed, request.ingress_mode);
    return;
  }
  for (const ReasonCount& reason : decision.reasons) {
    if (reason.example != ReasonCount::kNoExample) Exercise(Covered::kBindings, reason.example, "");
  }
  for (const CandidateResult& candidate : decision.candidates) {
    for (uint32_t rest = candidate.failures.bits(); rest != 0; rest &= rest - 1) {
      const auto code = static_cast<ReasonCode>(std::countr_zero(rest));
      const ReasonExample guardrail = GuardrailOf(decision, request, code, candidate.binding);
      const auto found = guardrails_.find(guardrail.source);
      const bool of_launch = guardrail.layer == LayerName(Layer::kSandbox);  // a place in the request's file
      if (!of_launch && found != guardrails_.end()) ItemsOf(Covered::kGuardrails)[found->second].exercised = true;
    }
  }
}

CoverageCount Coverage::CountOf(Covered kind) const {
  const std::span<const CoverageItem> items = ItemsOf(kind);
  return {static_cast<size_t>(std::ranges::count(items, true, &CoverageItem::exercised)), items.size()};
}

CoverageCount Coverage::total() const {
  CoverageCount total;
  for (size_t i = 0; i < kCoveredKinds; ++i) total += CountOf(static_cast<Covered>(i));
  return total;
}

void Coverage::Print(std::string_view catalog, Stream& out) const {
  out << "coverage of ";
  out.Add(Printable(catalog), Style::kStrong) << "\n";
  Table counts({});
  const auto add = [&](std::string_view name, const CoverageCount& count) {
    counts.Add({name, CountText(count), std::to_string(count.percent()) + "%"});
  };
  Table missing({"NOT EXERCISED", "NAME", "SET AT"});
  for (size_t i = 0; i < kCoveredKinds; ++i) {
    const auto kind = static_cast<Covered>(i);
    add(kKindNames[i].plural, CountOf(kind));
    for (const CoverageItem& item : ItemsOf(kind)) {
      if (item.exercised) continue;
      std::string name = kind == Covered::kGuardrails ? "" : BindingName(*of_catalog_.snapshot, item.binding) + " ";
      name += Printable(item.name);
      if (name.ends_with(' ')) name.pop_back();
      missing.Add({kKindNames[i].singular, std::move(name), Printable(item.source)});
    }
  }
  add("total", total());
  counts.Print(2, out);
  if (missing.empty()) return;
  out << "\n";
  missing.Print(2, out);
}

void Coverage::Write(std::string_view catalog, JsonWriter& writer) const {
  const auto count = [&](const CoverageCount& of) {
    writer.Key("exercised").Uint(of.exercised).Key("total").Uint(of.total).Key("percent").Uint(of.percent());
  };
  writer.BeginObject().Key("catalog").String(catalog);
  count(total());
  for (size_t i = 0; i < kCoveredKinds; ++i) {
    const auto kind = static_cast<Covered>(i);
    writer.Key(kKindNames[i].key).BeginObject();
    count(CountOf(kind));
    writer.Key("missing").BeginArray();
    for (const CoverageItem& item : ItemsOf(kind)) {
      if (item.exercised) continue;
      writer.BeginObject();
      if (kind == Covered::kGuardrails) {
        writer.Key("field").String(item.name).Key("layer").String(item.layer);
      } else {
        const CompiledBinding& binding = of_catalog_.snapshot->bindings()[item.binding];
        const Runner& runner = *of_catalog_.snapshot->RunnerOf(binding).runner;
        writer.Key("organization_id").String(runner.organization_id).Key("runner_id").String(runner.runner_id);
        writer.Key("profile_name").String(binding.name);
        if (kind != Covered::kBindings) writer.Key("name").String(item.name);
      }
      writer.Key("source").String(item.source).EndObject();
    }
    writer.EndArray().EndObject();
  }
  writer.EndObject();
}

}  // namespace berth::cli
