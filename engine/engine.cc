#include "berth/engine/engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "berth/engine/admission.h"
#include "berth/merge/merge.h"

namespace berth {
namespace {

absl::Status NotFound(std::string_view what, std::string_view name) {
  std::string message(what);
  message.append(" `").append(name).append("` is unknown");
  return absl::NotFoundError(message);
}

}  // namespace

Engine::Engine() { snapshot_.store(Snapshot::Compile({}, live_)); }

absl::Status Engine::Apply(std::vector<Change> changes, uint64_t revision) {
  const std::lock_guard lock(mutex_);
  if (revision < snapshot()->revision()) {
    return absl::FailedPreconditionError("revision " + std::to_string(revision) + " is below the published " +
                                         std::to_string(snapshot()->revision()));
  }
  for (Change& change : changes) {
    if (change.object) {
      slots_[change.key].latest = std::move(*change.object);
    } else {
      slots_.erase(change.key);
    }
  }
  return Compile(revision);
}

absl::Status Engine::Publish(const Catalog& catalog, uint64_t revision) {
  std::vector<Change> changes;
  std::set<std::string_view> kept;
  for (const Object& object : catalog.objects) {
    kept.insert(object.key);
    changes.push_back({object.key, object});
  }
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, slot] : slots_) {
      if (!kept.contains(key)) changes.push_back({key, std::nullopt});
    }
  }
  return Apply(std::move(changes), revision);
}

// Compiles the newest objects; where one is refused and an older version was good, once more with the older one.
absl::Status Engine::Compile(uint64_t revision) {
  std::vector<Slot*> slots;
  for (auto& [key, slot] : slots_) {
    slot.stale = slot.latest.refused && slot.good.has_value();
    slots.push_back(&slot);
  }
  const auto compile = [&] {
    Snapshot::Input input;
    input.revision = revision;
    for (const Slot* slot : slots) input.objects.push_back(slot->stale ? *slot->good : slot->latest);
    return Snapshot::Compile(std::move(input), live_);
  };
  std::shared_ptr<const Snapshot> compiled = compile();
  bool again = false;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!compiled->objects()[i]->refused || slots[i]->stale || !slots[i]->good) continue;
    slots[i]->stale = true;
    again = true;
  }
  if (again) compiled = compile();
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!compiled->objects()[i]->refused && !slots[i]->stale) slots[i]->good = slots[i]->latest;
  }
  snapshot_.store(std::move(compiled));
  return absl::OkStatus();
}

Decision Engine::Admit(const LaunchRequest& request, Scratch& scratch) const {
  return Admit(snapshot(), request, scratch);
}

Decision Engine::Admit(std::shared_ptr<const Snapshot> snapshot, const LaunchRequest& request, Scratch& scratch) {
  Decision decision = Admission(*snapshot, request, scratch).Run();
  decision.snapshot = std::move(snapshot);
  return decision;
}

absl::StatusOr<Resolved> Engine::Resolve(const ResolveTarget& target, const LaunchRequest* request) const {
  std::shared_ptr<const Snapshot> current = snapshot();
  std::optional<uint32_t> found;
  std::optional<uint32_t> runner;  // of several with one id the first: the organization's own
  current->ForEachVisible(target.organization, [&](uint32_t index) {
    const CompiledBinding& binding = current->bindings()[index];
    if (found || current->RunnerOf(binding).runner->runner_id != target.runner_id) return;
    if (runner.value_or(binding.runner) != binding.runner) return;
    runner = binding.runner;
    if (target.profile.empty() ? binding.is_default : IsCalled(binding, target.profile)) found = index;
  });
  if (!runner) return NotFound("runner", target.runner_id);
  if (!found) return NotFound("profile", target.profile);
  return Resolve(std::move(current), *found, request, target.organization);
}

Resolved Engine::Resolve(std::shared_ptr<const Snapshot> snapshot, uint32_t binding_index, const LaunchRequest* request,
                         std::string_view organization) {
  const CompiledBinding& binding = snapshot->bindings()[binding_index];
  Resolved resolved;
  resolved.binding = binding_index;
  resolved.valid = binding.offer.valid;
  resolved.layers = binding.layers;
  const Runner& runner = *snapshot->RunnerOf(binding).runner;
  if (request != nullptr) {
    resolved.layers[static_cast<size_t>(Layer::kSandbox)] = SandboxLayer(*request);
    if (request->wants_gpu()) resolved.layers[static_cast<size_t>(Layer::kRunner)] = runner.gpu_runtime_class;
  }
  resolved.spec = Complete(MergeLayers(resolved.layers));

  const std::string_view user = request == nullptr ? std::string_view() : request->user_id;
  if (!binding.offer.needs_user || !user.empty()) {
    AppendNamespaceOf(binding, organization, user, resolved.namespace_name);
  }

  const std::string_view egress = request == nullptr ? std::string_view() : request->egress_mode;
  const Node* default_mode = At(resolved.spec.get(), {"network", "egress", "default"});
  if (!egress.empty()) {
    resolved.egress_offered = Offers(binding.offer.egress_modes, egress);
    if (resolved.egress_offered) resolved.egress_mode = egress;
  } else if (default_mode != nullptr) {
    resolved.egress_mode = default_mode->text;
  }

  if (request != nullptr && !request->ingress_mode.empty()) {
    const auto& levels = binding.offer.ingress_levels;
    const auto level = std::ranges::find(levels, request->ingress_mode);
    resolved.ingress_offered = level != levels.end();
    if (resolved.ingress_offered) {
      resolved.ingress_mode = request->ingress_mode;
      const auto& host = binding.host_templates[static_cast<size_t>(level - levels.begin())];
      const bool sandbox_known = host && (!host->uses_sandbox_id() || !request->sandbox_id.empty());
      const bool namespace_known = host && (!host->uses_namespace() || !resolved.namespace_name.empty());
      if (sandbox_known && namespace_known) host->Render(request->sandbox_id, resolved.namespace_name, resolved.host);
      if (!IsValidHostName(resolved.host)) resolved.host.clear();
    }
  }
  resolved.snapshot = std::move(snapshot);
  return resolved;
}

absl::StatusOr<std::shared_ptr<LiveCell>> Engine::CellOf(std::string_view organization,
                                                         std::string_view runner_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find({std::string(organization), std::string(runner_id)});
  if (found == live_.end()) return NotFound("runner", runner_id);
  return found->second.cell;
}

absl::Status Engine::UpdateHealth(std::string_view organization, std::string_view runner_id, InstallStatus install,
                                  ConnectionStatus connection) {
  auto cell = CellOf(organization, runner_id);
  if (cell.ok()) (*cell)->SetHealth(install, connection);
  return cell.status();
}

absl::Status Engine::UpdateResources(std::string_view organization, std::string_view runner_id,
                                     const Available& available) {
  auto cell = CellOf(organization, runner_id);
  if (cell.ok()) (*cell)->SetAvailable(available);
  return cell.status();
}

absl::Status Engine::MarkStale(std::string_view organization, std::string_view runner_id) {
  auto cell = CellOf(organization, runner_id);
  if (cell.ok()) (*cell)->SetStale();
  return cell.status();
}

std::vector<std::string> Engine::stale() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, slot] : slots_) {
    if (slot.stale) keys.push_back(key);
  }
  return keys;
}

}  // namespace berth
