#include "berth/spec/launch.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "berth/spec/decode.h"
#include "berth/spec/field.h"
#include "berth/spec/field_path.h"
#include "berth/spec/fold.h"
#include "berth/spec/limits.h"
#include "berth/spec/node_reader.h"

namespace berth {
namespace {

std::vector<std::string> SortedDistinct(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::optional<Located<Quantity>> ReadQuantity(const NodeReader& reader, std::string_view name) {
  const std::optional<Quantity> quantity = reader.QuantityOf(name);
  if (!quantity.has_value()) return std::nullopt;
  return Located<Quantity>{*quantity, reader.PositionOf(name)};
}

ResourceRequest ReadResources(const NodeReader& request, std::string_view name) {
  const NodeReader reader = request.Record(name);
  ResourceRequest resources;
  resources.written = request.Has(name);
  resources.cpu = ReadQuantity(reader, "cpu");
  resources.memory = ReadQuantity(reader, "memory");
  const NodeReader gpu = reader.Record("gpu");
  // `gpu: {}` asks for nothing.
  const bool asks = gpu.Has("count") || gpu.Has("type") || gpu.Has("memory_gb");
  resources.gpu = {asks, gpu.Integer("count"), gpu.Text("type"), gpu.Integer("memory_gb")};
  return resources;
}

NodeRef MakeQuantity(const Located<Quantity>& quantity) {
  return MakeScalar(NodeKind::kQuantity, Layer::kSandbox, quantity.position, quantity.value.ToString());
}

// `/resource_limits/memory` as `resource_limits.memory`, for findings that know only the pointer.
std::string FieldOfPointer(std::string_view pointer) {
  std::string field;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    const bool index = !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
    if (index) {
      field.append("[").append(token).append("]");
    } else {
      field.append(field.empty() ? "" : ".").append(token);
    }
  }
  return field;
}

// What the parser found inside the value: the tree alone may not show it.
void TakeOver(std::span<const Issue> parser_issues, Value value, std::string_view base_path,
              std::vector<Issue>& issues) {
  const auto before = [](Position a, Position b) { return std::tie(a.line, a.column) < std::tie(b.line, b.column); };
  const Position begin = value.position();
  const Position end = value.document().source().PositionAt(value.end());
  for (const Issue& issue : parser_issues) {
    if (before(issue.position, begin) || before(end, issue.position)) continue;
    Issue& taken = issues.emplace_back(issue);
    std::string_view pointer = issue.path;
    if (pointer.starts_with(base_path)) pointer.remove_prefix(base_path.size());
    if (taken.field.empty()) taken.field = FieldOfPointer(pointer);
  }
}

}  // namespace

LaunchRequest ParseLaunchRequest(std::shared_ptr<const SourceText> source) {
  LaunchRequest request;
  request.file = source->name();
  if (source->bytes().size() > kMaxRequestBytes) {
    Issue& issue = request.issues.emplace_back();
    issue.code = IssueCode::kLimitExceeded;
    issue.file = request.file;
    issue.message = "a request of " + std::to_string(source->bytes().size()) + " bytes is above the limit of " +
                    std::to_string(kMaxRequestBytes);
    return request;
  }
  ParsedDocument parsed = ParseDocument(std::move(source));
  if (parsed.document == nullptr) {
    request.issues = std::move(parsed.issues);
  } else if (parsed.document->root_count() == 1) {
    return DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
  } else {
    Issue& issue = request.issues.emplace_back();
    issue.code = IssueCode::kInvalidLaunch;
    issue.file = request.file;
    issue.message = "expected one request, found " + std::to_string(parsed.document->root_count());
  }
  return request;
}

LaunchRequest DecodeLaunchRequest(Value value, std::span<const Issue> parser_issues, std::string_view base_path) {
  LaunchRequest request;
  TakeOver(parser_issues, value, base_path, request.issues);
  const DecodedRecord decoded = DecodeRecord(Record::kLaunchRequest, value, Layer::kSandbox, base_path, request.issues);
  request.node = decoded.node;
  if (!decoded.valid && !HasError(request.issues)) {
    // The parser spoiled a value and its issues were not passed on; the request must not pass for a smaller one.
    Issue& issue = request.issues.emplace_back();
    issue.code = IssueCode::kInvalidLaunch;
    issue.file = value.document().source().name();
    issue.position = value.position();
    issue.message = "the request holds a value that cannot be read";
  }
  const NodeReader reader(request.node.get());
  request.file = value.document().source().name();
  if (const std::string id = reader.Text("organization_id"); !id.empty()) request.organization_id = id;
  request.user_id = reader.Text("user_id");
  request.sandbox_id = reader.Text("sandbox_id");
  std::vector<std::string> profiles = reader.Texts("profile_names");
  std::ranges::copy(reader.Texts("profile_ids"), std::back_inserter(profiles));
  request.profile_names = SortedDistinct(std::move(profiles));
  request.runner_ids = SortedDistinct(reader.Texts("runner_ids"));
  request.runner_group_id = reader.Text("runner_group_id");
  request.zone = reader.Text("zone");
  request.container_image = {reader.Text("container_image"), reader.PositionOf("container_image")};
  request.requests = ReadResources(reader, "resource_requests");
  request.limits = ReadResources(reader, "resource_limits");
  request.resources = ReadResources(reader, "resources");
  request.architecture = reader.Text("architecture");
  request.privileged = reader.Bool("privileged");
  request.storage_classes = SortedDistinct(reader.Texts("storage_classes"));
  const NodeReader network = reader.Record("network");
  request.egress_mode = network.Text("egress_mode");
  request.ingress_mode = network.Text("ingress_mode");
  for (const NodeRef& port : network.Records("exposed_ports")) {
    int64_t number = 0;  // a refused port keeps its place, so that ports stay paired with a level
    std::from_chars(port->text.data(), port->text.data() + port->text.size(), number);
    request.exposed_ports.push_back(number);
  }
  request.pod_annotations = reader.Tree("pod_annotations");
  request.overrides = reader.Tree("overrides");
  if (request.overrides != nullptr) {
    std::string path(base_path);
    AppendPointer("overrides", path);
    const size_t first = request.issues.size();
    FoldedLayer folded = FoldLayer(request.overrides, request.file, path, request.issues);
    request.overrides = std::move(folded.layer);
    request.dropped = std::move(folded.dropped);
    for (size_t i = first; i < request.issues.size(); ++i) request.issues[i].field = "overrides";
  }
  if (request.pod_annotations != nullptr) {
    for (const Member& member : request.pod_annotations->members) {
      if (!IsReservedKey(member.key)) continue;
      std::string path = "/pod/metadata/annotations";
      AppendPointer(member.key, path);
      request.dropped.push_back({std::move(path), member.value});
    }
  }
  return request;
}

NodeRef SandboxLayer(const LaunchRequest& request) {
  constexpr Layer kLayer = Layer::kSandbox;
  NodeRef layer = request.overrides;
  if (!request.container_image.value.empty()) {
    layer = WithMember(
        layer, "container_image",
        MakeScalar(NodeKind::kString, kLayer, request.container_image.position, request.container_image.value), kLayer);
  }
  NodeRef resources;
  const ResourceRequest& requests = request.effective_requests();
  const ResourceRequest& limits = request.effective_limits();
  if (limits.cpu) resources = WithMember(resources, "cpuLimit", MakeQuantity(*limits.cpu), kLayer);
  if (limits.memory) resources = WithMember(resources, "memoryLimit", MakeQuantity(*limits.memory), kLayer);
  if (requests.cpu) resources = WithMember(resources, "cpuRequest", MakeQuantity(*requests.cpu), kLayer);
  if (requests.memory) resources = WithMember(resources, "memoryRequest", MakeQuantity(*requests.memory), kLayer);
  if (resources != nullptr) layer = WithMember(layer, "resource_defaults", resources, kLayer);
  if (request.pod_annotations != nullptr && !request.pod_annotations->members.empty()) {
    auto annotations = std::make_shared<Node>(*request.pod_annotations);
    erase_if(annotations->members, [](const Member& member) { return IsReservedKey(member.key); });
    const Node* pod = At(layer.get(), {"pod"});
    const NodeRef pod_ref = pod == nullptr ? nullptr : *layer->Find("pod");
    const NodeRef* metadata = pod_ref == nullptr ? nullptr : pod_ref->Find("metadata");
    const NodeRef new_metadata =
        WithMember(metadata == nullptr ? nullptr : *metadata, "annotations", std::move(annotations), kLayer);
    layer = WithMember(layer, "pod", WithMember(pod_ref, "metadata", new_metadata, kLayer), kLayer);
  }
  return layer;
}

}  // namespace berth
