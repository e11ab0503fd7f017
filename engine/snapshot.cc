#include "berth/engine/snapshot.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "berth/engine/namespace_name.h"
#include "berth/engine/tie_hash.h"
#include "berth/merge/merge.h"
#include "berth/spec/quantity.h"

namespace berth {
namespace {

Guardrail GuardrailOf(const Node* node) {
  return node == nullptr ? Guardrail{} : Guardrail{node->layer, node->position};
}

// The leaf of the highest layer below `node`: who declared the last of a map's entries.
void HighestLeaf(const Node& node, Guardrail& highest) {
  if (!node.is_map()) {
    const bool higher = !highest.layer || node.layer > *highest.layer;
    if (higher) highest = {node.layer, node.position};
    return;
  }
  for (const Member& member : node.members) HighestLeaf(*member.value, highest);
}

Guardrail HighestLeafOf(const Node* node) {
  Guardrail highest;
  if (node != nullptr) HighestLeaf(*node, highest);
  return highest;
}

// Takes out of a binding's effective spec what admission needs.
class OfferBuilder {
 public:
  OfferBuilder(CompiledBinding& binding, const Runner& runner, const Zone* zone)
      : binding_(binding), spec_(binding.effective.get()), runner_(runner), zone_(zone) {}

  void Build() {
    ReadResources();
    ReadNamespace();
    ReadNetwork();
    ReadGpuTypes();
    if (const Node* image = At(spec_, {"container_image"}); image != nullptr) binding_.container_image = image->text;
  }

 private:
  void ReadQuantity(std::string_view name, Resource resource, std::optional<int64_t>& units, std::string& text) {
    const Node* node = At(spec_, {"resource_defaults", name});
    if (node == nullptr) return;
    text = node->text;
    if (const auto quantity = Quantity::Parse(node->text); quantity.has_value()) units = quantity->UnitsOf(resource);
  }

  void ReadResources() {
    Offer& offer = binding_.offer;
    ReadQuantity("cpuRequest", Resource::kCpu, offer.requests.cpu, binding_.cpu_request_text);
    ReadQuantity("memoryRequest", Resource::kMemory, offer.requests.memory, binding_.memory_request_text);
    ReadQuantity("cpuLimit", Resource::kCpu, offer.limits.cpu, binding_.cpu_limit_text);
    ReadQuantity("memoryLimit", Resource::kMemory, offer.limits.memory, binding_.memory_limit_text);
    binding_.cpu_limit = GuardrailOf(At(spec_, {"resource_defaults", "cpuLimit"}));
    binding_.memory_limit = GuardrailOf(At(spec_, {"resource_defaults", "memoryLimit"}));
  }

  void ReadNamespace() {
    const Node* strategy = At(spec_, {"namespace", "strategy"});
    if (strategy != nullptr) {
      binding_.strategy = NamespaceStrategyOf(strategy->text).value_or(NamespaceStrategy::kPerOrg);
    }
    binding_.strategy_guardrail = GuardrailOf(strategy);
    binding_.offer.needs_user = binding_.strategy == NamespaceStrategy::kPerUser;
    if (const Node* prefix = At(spec_, {"namespace", "namespacePrefix"}); prefix != nullptr) {
      binding_.namespace_prefix = prefix->text;
    }
    if (const Node* name = At(spec_, {"namespace", "staticNamespace"}); name != nullptr) {
      binding_.static_namespace = name->text;
    }
  }

  void ReadNetwork() {
    if (const Node* modes = At(spec_, {"network", "egress", "modes"}); modes != nullptr) {
      for (const Member& mode : modes->members) binding_.offer.egress_modes.push_back(mode.key);
      binding_.egress = HighestLeafOf(modes);
    }
    const Node* levels = At(spec_, {"network", "ingress"});
    if (levels == nullptr) return;
    binding_.ingress = HighestLeafOf(levels);
    for (const Member& level : levels->members) {
      binding_.offer.ingress_levels.push_back(level.key);
      const Node* text = At(level.value.get(), {"ingress", "template"});
      binding_.host_templates.push_back(text == nullptr ? std::nullopt : HostTemplate::Parse(text->text));
      binding_.host_guardrails.push_back(GuardrailOf(text));
    }
  }

  // The runner's types, restricted to the instance types when those are set to something.
  void ReadGpuTypes() {
    const Node* types = At(spec_, {"instance_types"});
    if (types == nullptr) types = At(spec_, {"pod", "placement", "instanceTypes"});
    std::set<std::string> allowed;
    if (types != nullptr) {
      for (const NodeRef& type : types->items) allowed.insert(absl::AsciiStrToLower(std::string(type->text)));
    }
    if (!allowed.empty()) binding_.instance_types = GuardrailOf(types);
    std::vector<std::string> names = runner_.capabilities.gpu_types.value;
    std::ranges::sort(names);
    std::set<std::string> seen;
    for (const std::string& name : names) {
      const std::string folded = absl::AsciiStrToLower(name);
      if ((!allowed.empty() && !allowed.contains(folded)) || !seen.insert(folded).second) continue;
      binding_.offer.gpu_types.push_back({name, folded, MemoryOf(folded)});
    }
  }

  std::optional<int64_t> MemoryOf(const std::string& folded) const {
    if (zone_ == nullptr) return std::nullopt;
    const auto found = zone_->gpu_memory_gb.find(folded);
    return found == zone_->gpu_memory_gb.end() ? std::nullopt : std::optional(found->second);
  }

  CompiledBinding& binding_;
  const Node* spec_;
  const Runner& runner_;
  const Zone* zone_;
};

// From the layers of a binding to what it offers. Finds what is wrong with the merge.
void CompileSpec(const Snapshot& snapshot, CompiledBinding& binding, std::vector<Issue>& issues) {
  binding.offer.valid = binding.documents_valid;
  if (!binding.documents_valid) return;
  const CompiledRunner& runner = snapshot.RunnerOf(binding);
  const Zone* zone = runner.zone_object == nullptr ? nullptr : &std::get<Zone>(runner.zone_object->value);
  binding.effective = MergeLayers(binding.layers);
  const EffectiveRules rules = {runner.runner->allow_privileged_profile_annotations, runner.runner->runner_id};
  CheckEffective(binding.effective.get(), rules, snapshot.PlacesOf(binding), issues);
  binding.offer.valid = !HasError(issues);
  if (binding.offer.valid) OfferBuilder(binding, *runner.runner, zone).Build();
}

}  // namespace

class SnapshotCompiler {
 public:
  SnapshotCompiler(Snapshot::Input input, Snapshot::LiveCells& live)
      : input_(std::move(input)), live_(live), snapshot_(new Snapshot) {}

  std::shared_ptr<const Snapshot> Run();

 private:
  void CompileRunner(const RunnerLink& link);
  void CompileBinding(const RunnerLink& link, uint32_t ordinal);
  void CheckUnbound(const Object& object);
  void CompileOrganization(const std::shared_ptr<const Object>& object);
  CompiledOrganization& OrganizationFor(const std::string& id);
  void Arrange();
  void AddIssues(std::vector<Issue> issues);

  Snapshot::Input input_;
  Snapshot::LiveCells& live_;
  std::shared_ptr<Snapshot> snapshot_;
  std::set<std::tuple<IssueCode, std::string, uint32_t, uint32_t, std::string, std::string>> seen_issues_;
};

// One mistake in a profile shows once, however many bindings inherit it.
void SnapshotCompiler::AddIssues(std::vector<Issue> issues) {
  for (Issue& issue : issues) {
    const bool is_new =
        seen_issues_
            .emplace(issue.code, issue.file, issue.position.line, issue.position.column, issue.path, issue.message)
            .second;
    if (is_new) snapshot_->issues_.push_back(std::move(issue));
  }
}

CompiledOrganization& SnapshotCompiler::OrganizationFor(const std::string& id) {
  return snapshot_->organizations_.try_emplace(id).first->second;
}

void SnapshotCompiler::CompileOrganization(const std::shared_ptr<const Object>& object) {
  const auto& settings = std::get<Organization>(object->value);
  CompiledOrganization& organization = OrganizationFor(settings.organization_id);
  organization.object = object;
  organization.refused = object->refused;
  // Nothing of a refused document counts, and of two colliding ones neither comes first.
  organization.settings = organization.refused ? Organization() : settings;
  organization.settings.organization_id = settings.organization_id;
  if (organization.refused) return;
  CompileSettings(organization);
}

void SnapshotCompiler::CompileBinding(const RunnerLink& link, uint32_t ordinal) {
  const auto& objects = snapshot_->objects_;
  const BindingLink& linked = link.bindings[ordinal];
  const CompiledRunner& runner = snapshot_->runners_.back();
  const Binding& source = runner.runner->bindings[ordinal];
  CompiledBinding binding;
  binding.runner = static_cast<uint32_t>(snapshot_->runners_.size() - 1);
  binding.ordinal = ordinal;
  binding.is_default = source.is_default;
  binding.name = linked.name;
  if (linked.profile == BindingLink::kNone) binding.dangling = source.profile_template_id;
  if (linked.profile != BindingLink::kNone) {
    binding.profile_object = objects[linked.profile];
    const auto& profile = std::get<Profile>(binding.profile_object->value);
    binding.profile_id = profile.id;
    binding.profile_display_name = profile.display_name;
    binding.layers[static_cast<size_t>(Layer::kProfile)] = profile.spec;
  }
  const Zone* zone = runner.zone_object == nullptr ? nullptr : &std::get<Zone>(runner.zone_object->value);
  if (zone != nullptr) binding.layers[static_cast<size_t>(Layer::kZone)] = zone->defaults;
  binding.layers[static_cast<size_t>(Layer::kRunner)] = runner.runner->cpu_runtime_class;
  binding.layers[static_cast<size_t>(Layer::kBinding)] = source.overrides;
  binding.documents_valid = linked.valid;
  std::vector<Issue> issues;
  CompileSpec(*snapshot_, binding, issues);
  AddIssues(std::move(issues));
  snapshot_->bindings_.push_back(std::move(binding));
}

void SnapshotCompiler::CompileRunner(const RunnerLink& link) {
  CompiledRunner compiled;
  compiled.object = snapshot_->objects_[link.runner];
  compiled.runner = &std::get<Runner>(compiled.object->value);
  if (link.zone != BindingLink::kNone) compiled.zone_object = snapshot_->objects_[link.zone];
  LiveEntry& live = live_[{compiled.runner->organization_id, compiled.runner->runner_id}];
  live.Follow(*compiled.runner);
  compiled.live = live.cell;
  compiled.tie_hash = Fnv1a64(compiled.runner->runner_id);
  snapshot_->runners_.push_back(std::move(compiled));
  for (uint32_t i = 0; i < link.bindings.size(); ++i) CompileBinding(link, i);
}

// A profile that nothing binds is judged as if it were bound alone.
void SnapshotCompiler::CheckUnbound(const Object& object) {
  LayerPlaces places;
  const auto layer = static_cast<size_t>(Layer::kProfile);
  places.files[layer] = object.file;
  places.paths[layer] = object.path + "/spec";
  const NodeRef spec = Finish(std::get<Profile>(object.value).spec);
  EffectiveRules rules;
  rules.allow_restricted_annotations = true;  // which runner decides is not known
  std::vector<Issue> issues;
  CheckEffective(spec.get(), rules, places, issues);
  AddIssues(std::move(issues));
}

std::shared_ptr<const Snapshot> SnapshotCompiler::Run() {
  const CatalogLinks links = LinkCatalog(input_.objects, input_.use);
  snapshot_->revision_ = input_.revision;
  for (Object& object : input_.objects) {
    snapshot_->objects_.push_back(std::make_shared<const Object>(std::move(object)));
    const Object& kept = *snapshot_->objects_.back();
    if (const auto* runner = std::get_if<Runner>(&kept.value)) OrganizationFor(runner->organization_id);
    if (const auto* profile = std::get_if<Profile>(&kept.value)) OrganizationFor(profile->organization_id);
  }
  std::vector<const RunnerLink*> ordered;
  for (const RunnerLink& link : links.runners) ordered.push_back(&link);
  std::ranges::sort(ordered, {}, [&](const RunnerLink* link) {
    const auto& runner = std::get<Runner>(snapshot_->objects_[link->runner]->value);
    return std::tie(runner.runner_id, runner.organization_id);
  });
  for (const RunnerLink* link : ordered) CompileRunner(*link);
  for (uint32_t i = 0; i < snapshot_->bindings_.size(); ++i) {
    const Runner& runner = *snapshot_->RunnerOf(snapshot_->bindings_[i]).runner;
    OrganizationFor(runner.organization_id).bindings.push_back(i);
    if (runner.is_shared) snapshot_->shared_bindings_.push_back(i);
  }
  for (size_t index : links.organizations) CompileOrganization(snapshot_->objects_[index]);
  Arrange();
  for (size_t index : links.unbound_profiles) CheckUnbound(*snapshot_->objects_[index]);
  return snapshot_;
}

// Groups bindings for IndexedAdmission.
void SnapshotCompiler::Arrange() {
  Snapshot& snapshot = *snapshot_;
  for (auto& [id, organization] : snapshot.organizations_) {
    if (!organization.bindings.empty()) {
      organization.part = std::make_unique<const Part>(snapshot, organization.bindings);
    }
  }
  if (snapshot.shared_bindings_.empty()) return;
  snapshot.shared_part_ = std::make_unique<const Part>(snapshot, snapshot.shared_bindings_);
  const Part& shared = *snapshot.shared_part_;
  for (uint32_t i = 0; i < shared.runner_count(); ++i) {
    const Runner& runner = *snapshot.runners_[shared.runner(i)].runner;
    OrganizationFor(runner.organization_id).own_shared_runners.push_back(i);
  }
}

std::shared_ptr<const Snapshot> Snapshot::Compile(Input input, LiveCells& live) {
  return SnapshotCompiler(std::move(input), live).Run();
}

const CompiledOrganization& Snapshot::OrganizationOf(std::string_view id) const {
  const auto found = organizations_.find(absl::string_view(id.data(), id.size()));
  return found == organizations_.end() ? undocumented_ : found->second;
}

const CompiledRunner* Snapshot::FindRunner(std::string_view organization, std::string_view runner_id) const {
  const std::pair<std::string_view, std::string_view> wanted = {runner_id, organization};
  const auto found = std::ranges::lower_bound(runners_, wanted, {}, [](const CompiledRunner& compiled) {
    return std::pair<std::string_view, std::string_view>(compiled.runner->runner_id, compiled.runner->organization_id);
  });
  const bool same = found != runners_.end() && found->runner->runner_id == runner_id &&
                    found->runner->organization_id == organization;
  return same ? &*found : nullptr;
}

bool Snapshot::KnowsOrganization(std::string_view id) const {
  return id == kDefaultOrganization || organizations_.contains(absl::string_view(id.data(), id.size()));
}

void Snapshot::FollowLive() const {
  std::vector<std::vector<LiveCell::Seat>> seats(runners_.size());
  const auto add = [&](const Part* part) {
    if (part == nullptr) return;
    for (uint32_t i = 0; i < part->runner_count(); ++i) seats[part->runner(i)].push_back({part->shared_live(), i});
  };
  for (const auto& [id, organization] : organizations_) add(organization.part.get());
  add(shared_part_.get());
  for (size_t i = 0; i < runners_.size(); ++i) runners_[i].live->Follow(std::move(seats[i]));
}

LayerPlaces Snapshot::PlacesOf(const CompiledBinding& binding) const {
  LayerPlaces places;
  const CompiledRunner& runner = RunnerOf(binding);
  const auto set = [&](Layer layer, const std::shared_ptr<const Object>& object, std::string_view below) {
    if (object == nullptr) return;
    places.files[static_cast<size_t>(layer)] = object->file;
    places.paths[static_cast<size_t>(layer)] = object->path + std::string(below);
  };
  set(Layer::kZone, runner.zone_object, "/defaults");
  set(Layer::kRunner, runner.object, "/managed_spec/overrides");
  set(Layer::kProfile, binding.profile_object, "/spec");
  set(Layer::kBinding, runner.object, "/profile_bindings/" + std::to_string(binding.ordinal) + "/overrides_json");
  return places;
}

std::string Snapshot::SourceOf(const CompiledBinding& binding, Layer layer, Position position) const {
  if (!position.known()) return {};
  const CompiledRunner& runner = RunnerOf(binding);
  const Object* object = layer == Layer::kZone      ? runner.zone_object.get()
                         : layer == Layer::kProfile ? binding.profile_object.get()
                                                    : runner.object.get();
  return object == nullptr ? std::string() : PlaceText(object->file, position);
}

CompiledBinding WithLayer(const Snapshot& snapshot, const CompiledBinding& binding, Layer layer, NodeRef spec) {
  CompiledBinding changed;
  changed.runner = binding.runner;
  changed.ordinal = binding.ordinal;
  changed.is_default = binding.is_default;
  changed.name = binding.name;
  changed.profile_id = binding.profile_id;
  changed.dangling = binding.dangling;
  changed.profile_display_name = binding.profile_display_name;
  changed.profile_object = binding.profile_object;
  changed.layers = binding.layers;
  changed.layers[static_cast<size_t>(layer)] = std::move(spec);
  changed.documents_valid = binding.documents_valid;
  std::vector<Issue> issues;
  CompileSpec(snapshot, changed, issues);
  return changed;
}

void CompileSettings(CompiledOrganization& organization) {
  const Organization& settings = organization.settings;
  organization.rules = {{UnitsOf(settings.quota_cpu, Resource::kCpu), UnitsOf(settings.quota_memory, Resource::kMemory),
                         settings.quota_gpu ? std::optional(settings.quota_gpu->value) : std::nullopt},
                        settings.limits_are == LimitsAre::kCeiling};
  organization.images.reset();
  if (settings.allowed_images) organization.images.emplace(settings.allowed_images->value);
  organization.opened.clear();
  for (const auto& path : settings.launch_overrides) organization.opened.push_back(path.value);
}

void AppendNamespaceOf(const CompiledBinding& binding, std::string_view organization, std::string_view user,
                       std::string& out) {
  if (binding.strategy == NamespaceStrategy::kStatic) {
    out += binding.static_namespace;
  } else {
    AppendNamespaceName(binding.strategy, binding.namespace_prefix, organization, user, binding.profile_display_name,
                        out);
  }
}

}  // namespace berth
