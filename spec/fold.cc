#include "berth/spec/fold.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "berth/spec/field_path.h"
#include "berth/spec/pod_patch.h"
#include "berth/spec/quantity.h"

namespace berth {
namespace {

// One side of the main container's resources, and where its amounts go.
struct Side {
  std::string_view name;
  std::string_view cpu;
  std::string_view memory;
};
constexpr Side kSides[] = {{"requests", "cpuRequest", "memoryRequest"}, {"limits", "cpuLimit", "memoryLimit"}};

// What removes the lower layers' value of a field that folds.
bool Unsets(const Node& node) { return node.is_null() || DirectiveOf(node) == PatchDirective::kDelete; }

NodeRef Null(const Node& at) { return MakeScalar(NodeKind::kNull, at.layer, at.position, {}); }

// A layer under change: values are replaced along a path, everything else stays shared.
class Folder {
 public:
  Folder(NodeRef layer, std::string_view file, std::string_view path, std::vector<Issue>& issues)
      : layer_(std::move(layer)), file_(file), path_(path), issues_(issues) {}

  FoldedLayer Run();

 private:
  using Target = std::initializer_list<std::string_view>;

  void Report(IssueCode code, const Node& at, std::string message, std::string_view below);
  void Lose(const NodeRef& pod, const Node& structured, std::string_view pod_name, Target field);
  void DropReserved(std::string_view map_name);
  void FoldNodeSelector();
  NodeRef WithoutWrongDirectives(NodeRef selector);
  NodeRef Union(const Node& structured, const Node& from_pod);
  [[nodiscard]] const Node* FoldablePodSpec() const;
  void FoldRuntimeClass();
  void FoldMainContainer();
  NodeRef FoldContainer(NodeRef container);
  NodeRef FoldResources(NodeRef resources);
  NodeRef FoldSide(NodeRef resources, const Side& side, bool replaces);
  bool FoldAmount(const NodeRef& value, const Side& side, std::string_view key);
  void UnsetAmounts(const Node& at, const Side& side);
  void MoveScalar(const NodeRef& value, std::string_view pod_name, Target target);
  void SetPodSpec(std::string_view key, NodeRef value);

  NodeRef layer_;
  std::string_view file_;
  std::string_view path_;
  std::vector<Issue>& issues_;
  std::vector<DroppedValue> dropped_;
};

void Folder::Report(IssueCode code, const Node& at, std::string message, std::string_view below) {
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = file_;
  issue.position = at.position;
  issue.path = std::string(path_).append(below);
  issue.layer = layer_->layer;
  issues_.push_back(std::move(issue));
}

// The pod spelling counts for nothing; where it says something else than the structured field, the reader is told.
void Folder::Lose(const NodeRef& pod, const Node& structured, std::string_view pod_name, Target field) {
  if (SameValue(*pod, structured)) return;
  std::string name;
  std::string pointer;
  for (std::string_view part : field) {
    name.append(name.empty() ? "" : ".").append(part);
    AppendPointer(part, pointer);
  }
  std::string message = "`";
  message.append(pod_name)
      .append("` contradicts `")
      .append(name)
      .append("` at ")
      .append(PlaceText({}, structured.position));
  message.append("; within one layer `").append(name).append("` wins");
  Report(IssueCode::kPodContradiction, *pod, std::move(message), "/pod/spec");
  dropped_.push_back({std::move(pointer), pod});
}

// Replaces or (null) removes a member of pod.spec; pod.spec and pod themselves go when the fold emptied them.
void Folder::SetPodSpec(std::string_view key, NodeRef value) {
  const NodeRef& pod = *layer_->Find("pod");
  NodeRef spec = *pod->Find("spec");
  spec = value == nullptr ? WithoutMember(spec, key) : WithMember(spec, key, std::move(value), layer_->layer);
  NodeRef new_pod = spec->members.empty() ? WithoutMember(pod, "spec") : WithMember(pod, "spec", spec, layer_->layer);
  layer_ = new_pod->members.empty() ? WithoutMember(layer_, "pod") : WithMember(layer_, "pod", new_pod, layer_->layer);
}

void Folder::DropReserved(std::string_view map_name) {
  const Node* map = At(layer_.get(), {"pod", "metadata", map_name});
  if (map == nullptr || !map->is_map()) return;
  const bool any = std::ranges::any_of(map->members, [](const Member& m) { return IsReservedKey(m.key); });
  if (!any) return;
  auto kept = std::make_shared<Node>(*map);
  kept->members.clear();
  for (const Member& member : map->members) {
    if (!IsReservedKey(member.key)) {
      kept->members.push_back(member);
      continue;
    }
    Node at;
    at.position = member.position;
    Report(IssueCode::kReservedKeyDropped, at, "`" + member.key + "` is managed by the platform and is dropped",
           "/pod/metadata/" + std::string(map_name));
    std::string pointer = "/pod/metadata/" + std::string(map_name);
    AppendPointer(member.key, pointer);
    dropped_.push_back({std::move(pointer), member.value});
  }
  const NodeRef& pod = *layer_->Find("pod");
  const NodeRef metadata = WithMember(*pod->Find("metadata"), map_name, std::move(kept), layer_->layer);
  layer_ = WithMember(layer_, "pod", WithMember(pod, "metadata", metadata, layer_->layer), layer_->layer);
}

// The members of both maps, in one pass; where both set a key, the structured one.
NodeRef Folder::Union(const Node& structured, const Node& from_pod) {
  auto both = std::make_shared<Node>(structured);
  both->members.clear();
  both->resets = from_pod.resets;
  auto low = from_pod.members.begin();
  for (const Member& member : structured.members) {
    while (low != from_pod.members.end() && low->key < member.key) both->members.push_back(*low++);
    if (low != from_pod.members.end() && low->key == member.key) {
      Lose(low->value, *member.value, "pod.spec.nodeSelector." + low->key, {"node_selector", member.key});
      ++low;
    }
    both->members.push_back(member);
  }
  both->members.insert(both->members.end(), low, from_pod.members.end());
  return both;
}

// The layer's pod.spec, if anything in it counts.
const Node* Folder::FoldablePodSpec() const {
  const Node* spec = At(layer_.get(), {"pod", "spec"});
  return spec == nullptr || !spec->is_map() || Unsets(*spec) ? nullptr : spec;
}

// A node selector leaves pod.spec, and the checks of directives with it.
NodeRef Folder::WithoutWrongDirectives(NodeRef selector) {
  for (const Member& member : std::vector<Member>(selector->members)) {
    if (!IsDirectiveKey(member.key)) continue;
    if (member.key == kPatchKey && DirectiveOf(*selector) != PatchDirective::kNone) continue;
    Node at;
    at.position = member.position;
    Report(IssueCode::kPodDirective, at, "the only directive is `$patch`, and it takes `delete` or `replace`",
           "/pod/spec/nodeSelector");
    selector = WithoutMember(selector, member.key);
  }
  return selector;
}

void Folder::FoldNodeSelector() {
  const Node* spec = FoldablePodSpec();
  const NodeRef* found = spec == nullptr ? nullptr : spec->Find("nodeSelector");
  if (found == nullptr) return;
  NodeRef from_pod = WithoutWrongDirectives(*found);
  if (Unsets(*from_pod)) {
    from_pod = Null(*from_pod);
  } else if (DirectiveOf(*from_pod) == PatchDirective::kReplace) {
    auto replaces = std::make_shared<Node>(*WithoutMember(from_pod, kPatchKey));
    replaces->resets = true;
    from_pod = std::move(replaces);
  }
  const NodeRef* structured = layer_->Find("node_selector");
  NodeRef result = structured == nullptr ? from_pod : *structured;
  if (structured != nullptr && (*structured)->is_map() && from_pod->is_map()) result = Union(**structured, *from_pod);
  // An empty map says nothing either way; inside pod.spec it would stay as a value.
  layer_ = WithMember(layer_, "node_selector", std::move(result), layer_->layer);
  SetPodSpec("nodeSelector", nullptr);
}

void Folder::MoveScalar(const NodeRef& value, std::string_view pod_name, Target target) {
  const Node* structured = At(layer_.get(), target);
  if (structured != nullptr && structured->kind == NodeKind::kInvalid) return;  // was reported
  if (structured != nullptr) return Lose(value, *structured, pod_name, target);
  const std::string_view first = *target.begin();
  if (target.size() == 1) {
    layer_ = WithMember(layer_, first, value, layer_->layer);
    return;
  }
  const NodeRef* parent = layer_->Find(first);
  // When the structured record is unset as a whole in this layer, that wins.
  if (parent != nullptr && (*parent)->is_null()) return Lose(value, **parent, pod_name, {first});
  const std::string_view member = *(target.begin() + 1);
  layer_ = WithMember(layer_, first, WithMember(parent == nullptr ? nullptr : *parent, member, value, layer_->layer),
                      layer_->layer);
}

void Folder::FoldRuntimeClass() {
  const Node* spec = FoldablePodSpec();
  const NodeRef* found = spec == nullptr ? nullptr : spec->Find("runtimeClassName");
  if (found == nullptr) return;
  const NodeRef value = *found;
  MoveScalar(value, "pod.spec.runtimeClassName", {"runtime_class"});
  SetPodSpec("runtimeClassName", nullptr);
}

// False when it is no amount, which the checks of pod.spec report in its place.
bool Folder::FoldAmount(const NodeRef& value, const Side& side, std::string_view key) {
  const bool cpu = key == "cpu";
  const bool amount =
      value->kind == NodeKind::kString || value->kind == NodeKind::kNumber || value->kind == NodeKind::kQuantity;
  const std::optional<Quantity> quantity =
      amount ? ParseQuantity(value->text, cpu ? Resource::kCpu : Resource::kMemory) : std::nullopt;
  if (!value->is_null() && !quantity.has_value()) return false;
  const NodeRef moved =
      value->is_null() ? value : MakeScalar(NodeKind::kQuantity, value->layer, value->position, quantity->ToString());
  MoveScalar(moved, std::string("the main container's resources.").append(side.name).append(".").append(key),
             {"resource_defaults", cpu ? side.cpu : side.memory});
  return true;
}

// What was said of all amounts at `at` unsets those that this layer does not set.
void Folder::UnsetAmounts(const Node& at, const Side& side) {
  const NodeRef* record = layer_->Find("resource_defaults");
  if (record != nullptr && !(*record)->is_map()) return;
  for (std::string_view field : {side.cpu, side.memory}) {
    if (At(layer_.get(), {"resource_defaults", field}) == nullptr)
      MoveScalar(Null(at), "", {"resource_defaults", field});
  }
}

NodeRef Folder::FoldSide(NodeRef resources, const Side& side, bool replaces) {
  const NodeRef* found = resources->Find(side.name);
  if (found == nullptr || Unsets(**found)) {
    if (found != nullptr || replaces) UnsetAmounts(found != nullptr ? **found : *resources, side);
    return resources;
  }
  if (!(*found)->is_map()) return resources;
  NodeRef map = *found;
  for (std::string_view key : {"cpu", "memory"}) {
    const NodeRef* value = map->Find(key);
    if (value != nullptr && FoldAmount(*value, side, key)) map = WithoutMember(map, key);
  }
  if (replaces || DirectiveOf(*map) == PatchDirective::kReplace) UnsetAmounts(*map, side);
  if (const NodeRef* gpu = map->Find("nvidia.com/gpu"); gpu != nullptr) {
    Report(IssueCode::kMainContainer, **gpu, "the main container's GPUs come with the launch request",
           "/pod/spec/containers");
  }
  return map->members.empty() && !(*found)->members.empty() ? WithoutMember(resources, side.name)
                                                            : WithMember(resources, side.name, map, layer_->layer);
}

NodeRef Folder::FoldResources(NodeRef resources) {
  const bool replaces = DirectiveOf(*resources) == PatchDirective::kReplace;
  for (const Side& side : kSides) {
    if (Unsets(*resources)) {
      UnsetAmounts(*resources, side);
    } else if (resources->is_map()) {
      resources = FoldSide(resources, side, replaces);
    }
  }
  return resources;
}

// The main container without what moved into structured fields; null when nothing but its name is left.
NodeRef Folder::FoldContainer(NodeRef container) {
  const size_t members_before = container->members.size();
  if (const NodeRef* image = container->Find("image"); image != nullptr) {
    const NodeRef value = *image;
    if (value->kind == NodeKind::kString || value->is_null()) {  // else the checks of pod.spec have a say
      MoveScalar(value, "the main container's image", {"container_image"});
      container = WithoutMember(container, "image");
    }
  }
  if (const NodeRef* found = container->Find("resources"); found != nullptr) {
    const bool was_empty = (*found)->members.empty();
    NodeRef resources = FoldResources(*found);
    container = resources->members.empty() && !was_empty ? WithoutMember(container, "resources")
                                                         : WithMember(container, "resources", resources, layer_->layer);
  }
  const bool emptied = container->members.size() < members_before && container->members.size() <= 1;
  return emptied ? nullptr : container;
}

void Folder::FoldMainContainer() {
  const Node* spec = FoldablePodSpec();
  const NodeRef* found = spec == nullptr ? nullptr : spec->Find("containers");
  if (found == nullptr || !(*found)->is_list()) return;
  const NodeRef containers = *found;
  const auto is_main = [](const NodeRef& container) {
    const NodeRef* name = container->Find("name");
    return name != nullptr && (*name)->kind == NodeKind::kString && (*name)->text.empty() && !Unsets(*container);
  };
  // Given twice, it is for the checks of pod.spec to report.
  if (std::ranges::count_if(containers->items, is_main) != 1) return;
  auto kept = std::make_shared<Node>(*containers);
  const auto slot = std::ranges::find_if(kept->items, is_main);
  NodeRef folded = FoldContainer(*slot);
  if (folded == nullptr) {
    kept->items.erase(slot);
  } else {
    *slot = std::move(folded);
  }
  SetPodSpec("containers", kept->items.empty() ? nullptr : NodeRef(kept));
}

FoldedLayer Folder::Run() {
  FoldNodeSelector();
  FoldRuntimeClass();
  FoldMainContainer();
  DropReserved("labels");
  DropReserved("annotations");
  return {std::move(layer_), std::move(dropped_)};
}

}  // namespace

FoldedLayer FoldLayer(const NodeRef& layer, std::string_view file, std::string_view path, std::vector<Issue>& issues) {
  if (layer == nullptr || !layer->is_map() || layer->Find("pod") == nullptr) return {layer, {}};
  return Folder(layer, file, path, issues).Run();
}

bool IsReservedKey(std::string_view key) { return key == "sandbox-id" || key.starts_with("sandbox.coreweave.com/"); }

}  // namespace berth
