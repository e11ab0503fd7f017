#include "berth/engine/guardrail_edit.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "berth/spec/field_path.h"
#include "berth/spec/limits.h"
#include "berth/spec/quantity.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

using C = ReasonCode;
using Path = std::vector<std::string>;

NodeRef MakeQuantity(Resource resource, int64_t units) {
  const Quantity quantity = resource == Resource::kCpu ? Quantity::FromMillicores(units) : Quantity::FromBytes(units);
  return MakeScalar(NodeKind::kQuantity, Layer::kDefault, {}, quantity.ToString());
}

NodeRef MakeText(std::string_view text) { return MakeScalar(NodeKind::kString, Layer::kDefault, {}, text); }

NodeRef MakeTexts(const std::vector<std::string>& texts) {
  auto list = std::make_shared<Node>();
  list->kind = NodeKind::kList;
  for (const std::string& text : texts) list->items.push_back(MakeText(text));
  return list;
}

NodeRef MakeMap(std::string_view key, NodeRef value) {
  return WithMember(nullptr, key, std::move(value), Layer::kDefault);
}

// The node at the end of `path`, or null; `deepest` becomes the place of the last one on the way.
const NodeRef* Follow(const NodeRef& root, const Path& path, Position& deepest) {
  const NodeRef* node = &root;
  for (const std::string& key : path) {
    if (*node == nullptr) return nullptr;
    if ((*node)->position.known()) deepest = (*node)->position;
    node = (*node)->Find(key);
    if (node == nullptr) return nullptr;
  }
  if (*node != nullptr && (*node)->position.known()) deepest = (*node)->position;
  return node;
}

NodeRef With(const NodeRef& map, std::span<const std::string> path, const NodeRef& value, Layer layer) {
  if (path.empty()) return value;
  const NodeRef* below = map == nullptr ? nullptr : map->Find(path.front());
  return WithMember(map, path.front(), With(below == nullptr ? nullptr : *below, path.subspan(1), value, layer), layer);
}

// A pattern that matches this text alone.
std::string LiteralPattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
    if (!plain) pattern.push_back('\\');
    pattern.push_back(c);
  }
  return pattern;
}

Path EgressPath(const LaunchRequest& request) { return {"network", "egress", "modes", request.egress_mode}; }
Path IngressPath(const LaunchRequest& request) { return {"network", "ingress", request.ingress_mode}; }

class EditFinder {
 public:
  EditFinder(const DetailedDecision& decision, const LaunchRequest& request, const CandidateResult& candidate,
             NodeRef declared)
      : declared_(std::move(declared)),
        snapshot_(*decision.snapshot),
        request_(request),
        organization_(snapshot_.OrganizationOf(request.organization_id)),
        binding_(snapshot_.bindings()[candidate.binding]),
        code_(candidate.failures.headline()),
        need_(NeedOf(request, folded_gpu_type_)) {
    edit_.binding = candidate.binding;
  }

  std::optional<GuardrailEdit> Run() {
    switch (code_) {
      case C::kCpuQuota:
        return Quota("cpu", Resource::kCpu, organization_.settings.quota_cpu);
      case C::kMemoryQuota:
        return Quota("memory", Resource::kMemory, organization_.settings.quota_memory);
      case C::kGpuQuota:
        return GpuQuota();
      case C::kImageNotAllowed:
        return Image();
      case C::kCpuExceedsProfile:
        return Ceiling("cpuLimit", Resource::kCpu, binding_.cpu_limit, Larger(need_.requests.cpu, need_.limits.cpu));
      case C::kMemoryExceedsProfile:
        return Ceiling("memoryLimit", Resource::kMemory, binding_.memory_limit,
                       Larger(need_.requests.memory, need_.limits.memory));
      case C::kLimitsRequired:
        return MissingLimit();
      case C::kGpuTypeUnavailable:
        return InstanceType();
      case C::kEgressModeNotOffered:
        return Declaration(EgressPath(request_), binding_.egress, kMaxEgressModes,
                           request_.egress_mode == "internet" ? MakeMap("type", MakeText("internet"))
                                                              : MakeMap("type", MakeText("none")));
      case C::kIngressModeNotOffered:
        return Declaration(IngressPath(request_), binding_.ingress, kMaxIngressLevels,
                           WithMember(MakeMap("scope", MakeText("user")), "service",
                                      MakeMap("serviceType", MakeText("ClusterIP")), Layer::kDefault));
      default:
        return std::nullopt;
    }
  }

 private:
  static int64_t Larger(std::optional<int64_t> a, std::optional<int64_t> b) {
    return std::max(a.value_or(0), b.value_or(0));
  }

  // --- organization ---

  GuardrailEdit OfOrganization(std::string path, Position position, NodeRef value, NodeRef current) {
    edit_.path = std::move(path);
    edit_.value = std::move(value);
    edit_.current = std::move(current);
    if (organization_.object != nullptr) edit_.source = PlaceText(organization_.object->file, position);
    return std::move(edit_);
  }

  std::optional<GuardrailEdit> Quota(std::string_view name, Resource resource,
                                     const std::optional<Located<Quantity>>& quota) {
    const ResolvedAmounts resolved = ResolveAmounts(need_, binding_.offer);
    const bool cpu = resource == Resource::kCpu;
    const auto limit = cpu ? resolved.limits.cpu : resolved.limits.memory;
    const auto judged = limit ? limit : (cpu ? resolved.requests.cpu : resolved.requests.memory);
    if (!quota || !judged) return std::nullopt;
    return OfOrganization("/quota/" + std::string(name), quota->position, MakeQuantity(resource, *judged),
                          MakeScalar(NodeKind::kQuantity, Layer::kDefault, {}, quota->value.ToString()));
  }

  std::optional<GuardrailEdit> GpuQuota() {
    const auto& quota = organization_.settings.quota_gpu;
    if (!quota) return std::nullopt;
    const auto number = [](int64_t value) {
      return MakeScalar(NodeKind::kNumber, Layer::kDefault, {}, std::to_string(value));
    };
    return OfOrganization("/quota/gpu", quota->position, number(need_.gpu_count), number(quota->value));
  }

  std::optional<GuardrailEdit> Image() {
    const auto& allowed = organization_.settings.allowed_images;
    const std::string& asked = request_.container_image.value;
    const std::string& image = asked.empty() ? binding_.container_image : asked;
    if (!allowed || image.empty() || allowed->value.size() >= kMaxImagePatterns) return std::nullopt;
    std::vector<std::string> patterns = allowed->value;
    patterns.push_back(LiteralPattern(image));
    return OfOrganization("/allowed_images", allowed->position, MakeTexts(patterns), MakeTexts(allowed->value));
  }

  // --- a layer of the spec ---

  GuardrailEdit OfLayer(const Path& path, Layer layer, NodeRef value) {
    edit_.layer = layer;
    for (const std::string& key : path) AppendPointer(key, edit_.path);
    edit_.value = std::move(value);
    const NodeRef& spec = binding_.layers[static_cast<size_t>(layer)];
    Position place;
    if (layer == Layer::kBinding) {
      place = snapshot_.RunnerOf(binding_).runner->bindings[binding_.ordinal].position;
    }
    if (const NodeRef* current = Follow(spec, path, place); current != nullptr) edit_.current = *current;
    edit_.source = snapshot_.SourceOf(binding_, layer, place);
    return std::move(edit_);
  }

  std::optional<GuardrailEdit> Ceiling(std::string_view name, Resource resource, const Guardrail& limit,
                                       int64_t needed) {
    if (!limit.layer) return std::nullopt;
    return OfLayer({"resource_defaults", std::string(name)}, *limit.layer, MakeQuantity(resource, needed));
  }

  std::optional<GuardrailEdit> MissingLimit() {
    const ResolvedAmounts resolved = ResolveAmounts(need_, binding_.offer);
    const bool cpu = !resolved.limits.cpu;
    if (cpu && !resolved.limits.memory) return std::nullopt;  // two fields
    const auto request = cpu ? resolved.requests.cpu : resolved.requests.memory;
    if (!request) return std::nullopt;
    return OfLayer({"resource_defaults", cpu ? "cpuLimit" : "memoryLimit"}, Layer::kBinding,
                   MakeQuantity(cpu ? Resource::kCpu : Resource::kMemory, *request));
  }

  // The runner has such GPUs, and the binding's instance types leave them out.
  std::optional<GuardrailEdit> InstanceType() {
    if (!binding_.instance_types.layer) return std::nullopt;
    const bool own_field = At(binding_.effective.get(), {"instance_types"}) != nullptr;
    const Path path = own_field ? Path{"instance_types"} : Path{"pod", "placement", "instanceTypes"};
    const Node* list = own_field ? At(binding_.effective.get(), {"instance_types"})
                                 : At(binding_.effective.get(), {"pod", "placement", "instanceTypes"});
    if (list == nullptr || list->items.size() >= kMaxListItems) return std::nullopt;
    const std::optional<std::string> missing = FirstGpuThatWouldDo();
    if (!missing) return std::nullopt;
    std::vector<std::string> types;
    for (const NodeRef& item : list->items) types.emplace_back(item->text);
    types.push_back(*missing);
    return OfLayer(path, *binding_.instance_types.layer, MakeTexts(types));
  }

  [[nodiscard]] std::optional<std::string> FirstGpuThatWouldDo() const {
    const CompiledRunner& runner = snapshot_.RunnerOf(binding_);
    const Zone* zone = runner.zone_object == nullptr ? nullptr : &std::get<Zone>(runner.zone_object->value);
    std::vector<std::string> names = runner.runner->capabilities.gpu_types.value;
    std::ranges::sort(names);
    for (const std::string& name : names) {
      const std::string folded = absl::AsciiStrToLower(name);
      if (!need_.gpu_type.empty() && folded != need_.gpu_type) continue;
      if (need_.gpu_memory_gb) {
        if (zone == nullptr) continue;
        const auto memory = zone->gpu_memory_gb.find(folded);
        if (memory == zone->gpu_memory_gb.end() || memory->second < *need_.gpu_memory_gb) continue;
      }
      return name;
    }
    return std::nullopt;
  }

  // A mode or level, declared as the first binding that has it declares it.
  std::optional<GuardrailEdit> Declaration(const Path& path, const Guardrail& declared, size_t most,
                                           const NodeRef& otherwise) {
    const Layer layer = declared.layer.value_or(Layer::kBinding);
    Position ignored;
    const Path parent(path.begin(), path.end() - 1);
    const NodeRef* map = Follow(binding_.layers[static_cast<size_t>(layer)], parent, ignored);
    if (map != nullptr && *map != nullptr && (*map)->members.size() >= most) return std::nullopt;
    return OfLayer(path, layer, declared_ == nullptr ? otherwise : declared_);
  }

  const NodeRef declared_;  // the mode or level that is missing, as another binding has it; or null
  const Snapshot& snapshot_;
  const LaunchRequest& request_;
  const CompiledOrganization& organization_;
  const CompiledBinding& binding_;
  const ReasonCode code_;
  std::string folded_gpu_type_;
  const Need need_;
  GuardrailEdit edit_;
};

// The document whose layer the edit changes.
const Object* DocumentOf(const Snapshot& snapshot, const CompiledBinding& binding, Layer layer) {
  switch (layer) {
    case Layer::kZone:
      return snapshot.RunnerOf(binding).zone_object.get();
    case Layer::kProfile:
      return binding.profile_object.get();
    default:
      return snapshot.RunnerOf(binding).object.get();
  }
}

// Whether a change of `layer` of one binding's document changes the other binding too.
bool Reaches(const Snapshot& snapshot, uint32_t changed, Layer layer, uint32_t other) {
  if (changed == other) return true;
  if (layer == Layer::kBinding) return false;
  return DocumentOf(snapshot, snapshot.bindings()[changed], layer) ==
         DocumentOf(snapshot, snapshot.bindings()[other], layer);
}

Path TokensOf(std::string_view pointer) {
  Path tokens;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t size = std::min(pointer.find('/'), pointer.size());
    std::string& token = tokens.emplace_back();
    for (size_t i = 0; i < size; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < size;
      token.push_back(escaped ? (pointer[i + 1] == '1' ? '/' : '~') : pointer[i]);
      i += escaped ? 1 : 0;
    }
    pointer.remove_prefix(size);
  }
  return tokens;
}

}  // namespace

GuardrailEdits::GuardrailEdits(const DetailedDecision& decision, const LaunchRequest& request)
    : decision_(decision), request_(request) {}

std::optional<GuardrailEdit> GuardrailEdits::For(const CandidateResult& candidate) {
  if (!candidate.failures.single()) return std::nullopt;
  return EditFinder(decision_, request_, candidate, Declared(candidate.failures.headline())).Run();
}

NodeRef GuardrailEdits::Declared(ReasonCode code) {
  const bool egress = code == C::kEgressModeNotOffered;
  if (!egress && code != C::kIngressModeNotOffered) return nullptr;
  std::optional<NodeRef>& declared = egress ? egress_mode_ : ingress_level_;
  if (declared) return *declared;
  declared.emplace();
  const Path path = egress ? EgressPath(request_) : IngressPath(request_);
  const Snapshot& snapshot = *decision_.snapshot;
  snapshot.ForEachVisible(request_.organization_id, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot.bindings()[index];
    if (*declared != nullptr || !binding.offer.valid) return;
    Position ignored;
    if (const NodeRef* found = Follow(binding.effective, path, ignored); found != nullptr) *declared = *found;
  });
  return *declared;
}

bool SameChange(const Snapshot& snapshot, const GuardrailEdit& a, const GuardrailEdit& b) {
  if (a.layer != b.layer || a.path != b.path || !SameValue(*a.value, *b.value)) return false;
  return !a.layer || Reaches(snapshot, a.binding, *a.layer, b.binding);
}

SupposedCatalog::SupposedCatalog(const DetailedDecision& decision, const LaunchRequest& request,
                                 const GuardrailEdit& edit) {
  if (edit.layer) {
    ChangeLayer(decision, edit);
    return;
  }
  const CompiledOrganization& now = decision.snapshot->OrganizationOf(request.organization_id);
  organization_.emplace();
  organization_->object = now.object;
  organization_->refused = now.refused;
  organization_->settings = now.settings;
  ChangeOrganization(edit);
}

void SupposedCatalog::ChangeLayer(const DetailedDecision& decision, const GuardrailEdit& edit) {
  const Snapshot& snapshot = *decision.snapshot;
  const Layer layer = *edit.layer;
  const Path path = TokensOf(edit.path);
  const NodeRef& now = snapshot.bindings()[edit.binding].layers[static_cast<size_t>(layer)];
  const NodeRef changed = With(now, path, edit.value, layer);
  std::vector<Issue> issues;
  CheckLayer(*changed, {}, issues);
  valid_ = !HasError(issues);
  if (!valid_) return;
  for (const CandidateResult& candidate : decision.candidates) {
    if (!Reaches(snapshot, edit.binding, layer, candidate.binding)) continue;
    bindings_.emplace(candidate.binding, WithLayer(snapshot, snapshot.bindings()[candidate.binding], layer, changed));
  }
}

void SupposedCatalog::ChangeOrganization(const GuardrailEdit& edit) {
  Organization& settings = organization_->settings;
  const auto quantity = [&] { return Located<Quantity>{Quantity::Parse(edit.value->text).value_or(Quantity()), {}}; };
  if (edit.path == "/quota/cpu") {
    settings.quota_cpu = quantity();
  } else if (edit.path == "/quota/memory") {
    settings.quota_memory = quantity();
  } else if (edit.path == "/quota/gpu") {
    int64_t count = 0;
    std::from_chars(edit.value->text.data(), edit.value->text.data() + edit.value->text.size(), count);
    settings.quota_gpu = Located<int64_t>{count, {}};
  } else {
    std::vector<std::string> patterns;
    for (const NodeRef& item : edit.value->items) patterns.emplace_back(item->text);
    settings.allowed_images = Located<std::vector<std::string>>{std::move(patterns), {}};
  }
  CompileSettings(*organization_);
}

Supposition SupposedCatalog::supposition() const {
  Supposition supposition;
  if (organization_) supposition.organization = &*organization_;
  if (!bindings_.empty()) supposition.bindings = &bindings_;
  return supposition;
}

}  // namespace berth
