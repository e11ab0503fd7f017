#include "berth/spec/fold.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "berth/spec/quantity.h"

namespace berth {
namespace {

// A layer under change: values are replaced along a path, everything else stays shared.
class Folder {
 public:
  Folder(NodeRef layer, std::string_view file, std::string_view path, std::vector<Issue>& issues)
      : layer_(std::move(layer)), file_(file), path_(path), issues_(issues) {}

  NodeRef Run();

 private:
  void Report(IssueCode code, const Node& at, std::string message, std::string_view below);
  void Warn(const Node& pod, const Node& structured, std::string_view pod_name, std::string_view field);
  void DropReserved(std::string_view map_name);
  void FoldNodeSelector();
  NodeRef Union(const Node& structured, const Node& from_pod);
  void FoldRuntimeClass();
  void FoldMainContainer();
  NodeRef FoldContainer(NodeRef container);
  NodeRef FoldResources(NodeRef resources, std::string_view side, std::string_view cpu, std::string_view memory);
  void MoveScalar(const NodeRef& value, std::string_view pod_name, std::initializer_list<std::string_view> target);
  void SetPodSpec(std::string_view key, NodeRef value);

  NodeRef layer_;
  std::string_view file_;
  std::string_view path_;
  std::vector<Issue>& issues_;
};

std::string Place(const Node& node) {
  return std::to_string(node.position.line) + ":" + std::to_string(node.position.column);
}

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

void Folder::Warn(const Node& pod, const Node& structured, std::string_view pod_name, std::string_view field) {
  if (SameValue(pod, structured)) return;
  std::string message = "`";
  message.append(pod_name).append("` contradicts `").append(field).append("` at ").append(Place(structured));
  message.append("; within one layer `").append(field).append("` wins");
  Report(IssueCode::kPodContradiction, pod, std::move(message), "/pod/spec");
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
  }
  const NodeRef& pod = *layer_->Find("pod");
  const NodeRef metadata = WithMember(*pod->Find("metadata"), map_name, std::move(kept), layer_->layer);
  layer_ = WithMember(layer_, "pod", WithMember(pod, "metadata", metadata, layer_->layer), layer_->layer);
}

// The members of both maps, in one pass; where both set a key, the structured one.
NodeRef Folder::Union(const Node& structured, const Node& from_pod) {
  auto both = std::make_shared<Node>(structured);
  both->members.clear();
  auto low = from_pod.members.begin();
  for (const Member& member : structured.members) {
    while (low != from_pod.members.end() && low->key < member.key) both->members.push_back(*low++);
    if (low != from_pod.members.end() && low->key == member.key) {
      Warn(*low->value, *member.value, "pod.spec.nodeSelector." + low->key, "node_selector." + member.key);
      ++low;
    }
    both->members.push_back(member);
  }
  both->members.insert(both->members.end(), low, from_pod.members.end());
  return both;
}

void Folder::FoldNodeSelector() {
  const Node* spec = At(layer_.get(), {"pod", "spec"});
  const NodeRef* found = spec == nullptr ? nullptr : spec->Find("nodeSelector");
  if (found == nullptr) return;
  const NodeRef from_pod = *found;
  const NodeRef* structured = layer_->Find("node_selector");
  NodeRef result = structured == nullptr ? from_pod : *structured;
  if (structured != nullptr && (*structured)->is_map() && from_pod->is_map()) result = Union(**structured, *from_pod);
  // An empty map says nothing either way; inside pod.spec it would stay as a value.
  layer_ = WithMember(layer_, "node_selector", std::move(result), layer_->layer);
  SetPodSpec("nodeSelector", nullptr);
}

void Folder::MoveScalar(const NodeRef& value, std::string_view pod_name,
                        std::initializer_list<std::string_view> target) {
  const Node* structured = At(layer_.get(), target);
  if (structured != nullptr && structured->kind == NodeKind::kInvalid) return;  // was reported
  std::string field;
  for (std::string_view part : target) field.append(field.empty() ? "" : ".").append(part);
  if (structured != nullptr) {
    Warn(*value, *structured, pod_name, field);
    return;
  }
  if (target.size() == 1) {
    layer_ = WithMember(layer_, *target.begin(), value, layer_->layer);
    return;
  }
  const std::string_view record = *target.begin();
  const std::string_view member = *(target.begin() + 1);
  const NodeRef* parent = layer_->Find(record);
  if (parent != nullptr && (*parent)->is_null()) {
    // The structured record is unset as a whole in this layer, and the structured field wins.
    Warn(*value, **parent, pod_name, record);
    return;
  }
  layer_ = WithMember(layer_, record, WithMember(parent == nullptr ? nullptr : *parent, member, value, layer_->layer),
                      layer_->layer);
}

void Folder::FoldRuntimeClass() {
  const Node* spec = At(layer_.get(), {"pod", "spec"});
  const NodeRef* found = spec == nullptr ? nullptr : spec->Find("runtimeClassName");
  if (found == nullptr) return;
  const NodeRef value = *found;
  MoveScalar(value, "pod.spec.runtimeClassName", {"runtime_class"});
  SetPodSpec("runtimeClassName", nullptr);
}

NodeRef Folder::FoldResources(NodeRef resources, std::string_view side, std::string_view cpu, std::string_view memory) {
  const NodeRef* found = resources->Find(side);
  if (found == nullptr || !(*found)->is_map()) return resources;
  NodeRef map = *found;
  for (const auto& [key, field] : {std::pair(std::string_view("cpu"), cpu), {"memory", memory}}) {
    const NodeRef* value = map->Find(key);
    if (value == nullptr) continue;
    const Resource resource = key == "cpu" ? Resource::kCpu : Resource::kMemory;
    const Node& written = **value;
    const bool text = written.kind == NodeKind::kString || written.kind == NodeKind::kNumber;
    QuantityError error = QuantityError::kNotANumber;
    const std::optional<Quantity> quantity =
        text ? ParseQuantity(written.text, resource, &error) : std::optional<Quantity>();
    if (written.is_null() || quantity.has_value()) {
      NodeRef moved = written.is_null()
                          ? *value
                          : MakeScalar(NodeKind::kQuantity, written.layer, written.position, quantity->ToString());
      MoveScalar(moved, std::string("the main container's resources.").append(side).append(".").append(key),
                 {"resource_defaults", field});
    } else {
      Report(IssueCode::kInvalidQuantity, written, QuantityErrorMessage(error, written.text), "/pod/spec/containers");
    }
    map = WithoutMember(map, key);
  }
  if (const NodeRef* gpu = map->Find("nvidia.com/gpu"); gpu != nullptr) {
    Report(IssueCode::kMainContainer, **gpu, "the main container's GPUs come with the launch request",
           "/pod/spec/containers");
  }
  return map->members.empty() && !(*found)->members.empty() ? WithoutMember(resources, side)
                                                            : WithMember(resources, side, map, layer_->layer);
}

// The main container without what moved into structured fields; null when nothing but its name is left.
NodeRef Folder::FoldContainer(NodeRef container) {
  const size_t members_before = container->members.size();
  if (const NodeRef* image = container->Find("image"); image != nullptr) {
    const NodeRef value = *image;
    if (value->kind == NodeKind::kString || value->is_null()) {
      MoveScalar(value, "the main container's image", {"container_image"});
      container = WithoutMember(container, "image");
    } else {
      Report(IssueCode::kWrongType, *value, "expected text as the main container's image", "/pod/spec/containers");
    }
  }
  if (const NodeRef* found = container->Find("resources"); found != nullptr && (*found)->is_map()) {
    NodeRef resources = *found;
    const bool was_empty = resources->members.empty();
    resources = FoldResources(resources, "requests", "cpuRequest", "memoryRequest");
    resources = FoldResources(resources, "limits", "cpuLimit", "memoryLimit");
    container = resources->members.empty() && !was_empty ? WithoutMember(container, "resources")
                                                         : WithMember(container, "resources", resources, layer_->layer);
  }
  const bool emptied = container->members.size() < members_before && container->members.size() <= 1;
  return emptied ? nullptr : container;
}

void Folder::FoldMainContainer() {
  const Node* spec = At(layer_.get(), {"pod", "spec"});
  const NodeRef* found = spec == nullptr ? nullptr : spec->Find("containers");
  if (found == nullptr || !(*found)->is_list()) return;
  const NodeRef containers = *found;
  const auto is_main = [](const NodeRef& container) {
    const NodeRef* name = container->Find("name");
    return name != nullptr && (*name)->kind == NodeKind::kString && (*name)->text.empty();
  };
  const auto main = std::ranges::find_if(containers->items, is_main);
  if (main == containers->items.end()) return;
  if (const auto again = std::find_if(std::next(main), containers->items.end(), is_main);
      again != containers->items.end()) {
    Report(IssueCode::kMainContainer, **again, "the main container (`name: \"\"`) is given twice in one layer",
           "/pod/spec/containers");
  }
  auto kept = std::make_shared<Node>(*containers);
  const auto slot = kept->items.begin() + (main - containers->items.begin());
  NodeRef folded = FoldContainer(*main);
  if (folded == nullptr) {
    kept->items.erase(slot);
  } else {
    *slot = std::move(folded);
  }
  SetPodSpec("containers", kept->items.empty() ? nullptr : NodeRef(kept));
}

NodeRef Folder::Run() {
  FoldNodeSelector();
  FoldRuntimeClass();
  FoldMainContainer();
  DropReserved("labels");
  DropReserved("annotations");
  return layer_;
}

}  // namespace

NodeRef FoldLayer(const NodeRef& layer, std::string_view file, std::string_view path, std::vector<Issue>& issues) {
  if (layer == nullptr || !layer->is_map() || layer->Find("pod") == nullptr) return layer;
  return Folder(layer, file, path, issues).Run();
}

bool IsReservedKey(std::string_view key) { return key == "sandbox-id" || key.starts_with("sandbox.coreweave.com/"); }

}  // namespace berth
