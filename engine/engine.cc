#include "berth/engine/engine.h"

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "berth/engine/admission.h"
#include "berth/engine/indexed_admission.h"
#include "berth/merge/merge.h"

namespace berth {
namespace {

absl::Status NotFound(std::string_view what, std::string_view name) {
  std::string message(what);
  message.append(" `").append(name).append("` is unknown");
  return absl::NotFoundError(message);
}

template <typename Objects>
std::vector<const Object*> PointersTo(const Objects& objects) {
  std::vector<const Object*> pointers;
  for (const auto& object : objects) {
    if constexpr (std::is_same_v<std::decay_t<decltype(object)>, Object>) {
      pointers.push_back(&object);
    } else {
      pointers.push_back(object.get());
    }
  }
  return pointers;
}

}  // namespace

Engine::Engine(AdviceOptions advice) : advice_(advice) { snapshot_.Store(Snapshot::Compile({}, live_)); }

absl::Status Engine::Apply(std::vector<Change> changes, uint64_t revision) {
  const std::lock_guard lock(mutex_);
  return ApplyLocked(std::move(changes), revision);
}

absl::Status Engine::ApplyLocked(std::vector<Change> changes, uint64_t revision) {
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
  Compile(revision);
  return absl::OkStatus();
}

absl::Status Engine::Publish(const Catalog& catalog, uint64_t revision) {
  std::vector<Change> changes;
  std::set<std::string_view> kept;
  for (const Object& object : catalog.objects) {
    if (!kept.insert(object.key).second) {
      return absl::InvalidArgumentError("two objects have the key `" + object.key +
                                        "`: give each source a name of its own");
    }
    changes.push_back({object.key, object});
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [key, slot] : slots_) {
    if (!kept.contains(key)) changes.push_back({key, std::nullopt});
  }
  return ApplyLocked(std::move(changes), revision);
}

// Compiles the newest objects. Where that refuses one that has a good version, once more with the older one; what is
// refused without one is withheld then, so that a newcomer cannot drag down what was served before it came.
void Engine::Compile(uint64_t revision) {
  for (auto& [key, slot] : slots_) {
    slot.version = Version::kLatest;
    slot.refused.clear();
  }
  std::shared_ptr<const Snapshot> compiled = Snapshot::Compile({Gather(), CatalogUse::kServe, revision}, live_);
  bool again = false;
  for (bool changed = FallBack(PointersTo(compiled->objects())); changed;) {
    again = true;
    std::vector<Object> linked = Gather();
    LinkCatalog(linked, CatalogUse::kServe);
    changed = FallBack(PointersTo(linked));
  }
  if (again) compiled = Snapshot::Compile({Gather(), CatalogUse::kServe, revision}, live_);
  size_t i = 0;
  for (auto& [key, slot] : slots_) {
    if (!compiled->objects()[i++]->refused && slot.version == Version::kLatest) slot.good = slot.latest;
  }
  ForgetRunnersBut(*compiled);
  compiled->FollowLive();
  snapshot_.Store(std::move(compiled));
}

// The version of every object that is to be served, in the order of the keys.
std::vector<Object> Engine::Gather() const {
  std::vector<Object> objects;
  objects.reserve(slots_.size());
  for (const auto& [key, slot] : slots_) {
    objects.push_back(slot.version == Version::kGood ? *slot.good : slot.latest);
    if (slot.version != Version::kWithheld) continue;
    objects.back().withheld = true;
    objects.back().refused = true;
    objects.back().issues = slot.refused;
  }
  return objects;
}

// Where a good version is refused or missed, every refused newest version gives way: to its good version, or to
// nothing. True when one did. Ends, because no version ever comes back.
bool Engine::FallBack(std::span<const Object* const> objects) {
  bool missed = false;
  size_t i = 0;
  for (const auto& [key, slot] : slots_) missed = (objects[i++]->refused && slot.good.has_value()) || missed;
  bool changed = false;
  i = 0;
  for (auto& [key, slot] : slots_) {
    const Object& object = *objects[i++];
    if (!missed || !object.refused || slot.version != Version::kLatest) continue;
    slot.version = slot.good ? Version::kGood : Version::kWithheld;
    slot.refused = object.issues;
    changed = true;
  }
  return changed;
}

// Live state outlives a publish, but not its runner; what is reserved outlives that, too, because the runner may come
// back while it is held.
void Engine::ForgetRunnersBut(const Snapshot& snapshot) {
  std::set<std::pair<std::string_view, std::string_view>> served;
  for (const CompiledRunner& runner : snapshot.runners()) {
    served.emplace(runner.runner->organization_id, runner.runner->runner_id);
  }
  for (auto& [key, entry] : live_) entry.gone = !served.contains({key.first, key.second});
  std::erase_if(live_, [](const auto& entry) { return entry.second.gone && !entry.second.cell->reserved(); });
}

Decision Engine::Admit(const LaunchRequest& request, Scratch& scratch) const {
  const Snapshot& snapshot = snapshot_.Newest(scratch.snapshot_);
  Decision decision = IndexedAdmission::Decides(request) ? IndexedAdmission(snapshot, request, scratch).Run()
                                                         : Admission(snapshot, request, scratch).Run();
  decision.advice = advice_;
  return decision;
}

DetailedDecision Engine::AdmitInDetail(const LaunchRequest& request, Scratch& scratch) const {
  return AdmitInDetail(snapshot(), request, scratch, advice_);
}

std::optional<DetailedDecision> Engine::CheckRequest(const LaunchRequest& request, Scratch& scratch) const {
  const Snapshot& snapshot = snapshot_.Newest(scratch.snapshot_);
  scratch.violations_.clear();
  if (IsValidLaunch(request, snapshot.OrganizationOf(request.organization_id), scratch.violations_)) return {};
  DetailedDecision decision;
  decision.code = VerdictCode(decision.verdict, !request.profile_names.empty());
  decision.snapshot = &snapshot;
  decision.violations = scratch.violations_;
  decision.advice = advice_;
  return decision;
}

DetailedDecision Engine::AdmitInDetail(std::shared_ptr<const Snapshot> snapshot, const LaunchRequest& request,
                                       Scratch& scratch, AdviceOptions advice) {
  scratch.snapshot_ = std::move(snapshot);
  DetailedDecision decision = Admission(*scratch.snapshot_, request, scratch).Run();
  decision.advice = advice;
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
  return Resolve(*current, *found, request, target.organization);
}

Resolved Engine::Resolve(const Snapshot& snapshot, uint32_t binding_index, const LaunchRequest* request,
                         std::string_view organization) {
  const CompiledBinding& binding = snapshot.bindings()[binding_index];
  Resolved resolved;
  resolved.binding = binding_index;
  resolved.valid = binding.offer.valid;
  resolved.layers = binding.layers;
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
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
  resolved.snapshot = snapshot.shared_from_this();
  return resolved;
}

// Without the lock: a heartbeat must not wait for a publish.
absl::StatusOr<std::shared_ptr<LiveCell>> Engine::CellOf(std::string_view organization,
                                                         std::string_view runner_id) const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  const CompiledRunner* runner = current->FindRunner(organization, runner_id);
  if (runner == nullptr) return NotFound("runner", runner_id);
  return runner->live;
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

std::vector<StaleObject> Engine::stale() const {
  const std::lock_guard lock(mutex_);
  std::vector<StaleObject> stale;
  for (const auto& [key, slot] : slots_) {
    if (slot.version == Version::kGood) stale.push_back({key, slot.refused});
  }
  return stale;
}

}  // namespace berth
