#include "berth/engine/resolved_template.h"

#include <utility>

#include "berth/engine/json.h"
#include "berth/merge/merge.h"
#include "berth/spec/layer.h"
#include "berth/spec/quantity.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::string_view kImage = "container_image";
constexpr std::string_view kResources = "resource_defaults";
constexpr std::string_view kRuntimeClass = "runtime_class";

// A completed spec always has a namespace, so what is printed before it can end with a comma, and what is printed after it
// can begin with one.
constexpr std::string_view kNamespace = "namespace";
static_assert(kImage < kNamespace && kNamespace < kResources && kResources < kRuntimeClass);

constexpr std::array<std::string_view, 4> kAmountNames = {"cpuLimit", "cpuRequest", "memoryLimit", "memoryRequest"};
// With the quote that begins the value.
constexpr std::array<std::string_view, 4> kAmountKeys = {R"("cpuLimit":")", R"("cpuRequest":")", R"("memoryLimit":")",
                                                         R"("memoryRequest":")"};

void AppendJsonStringOrNull(std::string_view text, std::string& out) {
  if (text.empty()) {
    out.append(kNull);
  } else {
    AppendJsonString(text, out);
  }
}

}  // namespace

ResolvedTemplate ResolvedTemplate::Make(const CompiledBinding& binding, const Runner& runner) {
  LayerStack gpu_layers = binding.layers;
  gpu_layers[static_cast<size_t>(Layer::kRunner)] = runner.gpu_runtime_class;
  // INVARIANT: a runner's layer sets a runtime class and nothing else.
  const NodeRef gpu_spec = MergeLayers(gpu_layers);
  const NodeRef spec = Complete(binding.effective);
  ResolvedTemplate made;
  made.AddNetwork(*spec);
  made.AddSpec(*spec, binding.effective.get(), At(gpu_spec.get(), {kRuntimeClass}));
  made.text_.shrink_to_fit();
  return made;
}

ResolvedTemplate::Piece ResolvedTemplate::PieceFrom(size_t begin) const {
  return {static_cast<uint32_t>(begin), static_cast<uint32_t>(text_.size() - begin)};
}

ResolvedTemplate::Piece ResolvedTemplate::AddText(std::string_view text) {
  const size_t begin = text_.size();
  text_.append(text);
  return PieceFrom(begin);
}

ResolvedTemplate::Piece ResolvedTemplate::AddMember(std::string_view key, const Node& value) {
  const size_t begin = text_.size();
  AppendJsonString(key, text_);
  text_.push_back(':');
  JsonWriter writer(text_);
  WriteNode(value, writer);
  return PieceFrom(begin);
}

void ResolvedTemplate::AddNetwork(const Node& spec) {
  // Written without a name and without a host, and cut where they belong.
  constexpr auto kNoName = static_cast<uint32_t>(std::string_view(R"({"name":null)").size());
  constexpr auto kNoHost = static_cast<uint32_t>(std::string_view("null}").size());
  const auto add = [&](auto write) {
    const size_t begin = text_.size();
    JsonWriter writer(text_);
    write(writer);
    return PieceFrom(begin);
  };
  after_namespace_ = add([&](JsonWriter& writer) { WriteNamespace(spec, "", writer); });
  after_namespace_ = {after_namespace_.begin + kNoName, after_namespace_.size - kNoName};

  const Node* default_mode = At(&spec, {"network", "egress", "default"});
  const std::string_view default_name = default_mode == nullptr ? std::string_view() : default_mode->text.view();
  default_egress_ = add([&](JsonWriter& writer) { WriteEgress(spec, default_name, writer); });
  if (const Node* modes = At(&spec, {"network", "egress", "modes"}); modes != nullptr) {
    for (const Member& mode : modes->members) {
      egress_modes_.push_back(
          {AddText(mode.key), add([&](JsonWriter& writer) { WriteEgress(spec, mode.key, writer); })});
    }
  }
  if (const Node* levels = At(&spec, {"network", "ingress"}); levels != nullptr) {
    for (const Member& level : levels->members) {
      const Node* host = At(level.value.get(), {"ingress", "template"});
      IngressLevel& added = ingress_levels_.emplace_back();
      added.name = AddText(level.key);
      added.json = add([&](JsonWriter& writer) { WriteIngress(spec, level.key, "", writer); });
      added.json.size -= kNoHost;
      if (host != nullptr) added.host = HostTemplate::Parse(host->text);
    }
  }
}

// Members that a launch can set become pieces of their own; what stands between two of them is one piece.
void ResolvedTemplate::AddSpec(const Node& spec, const Node* effective, const Node* gpu_runtime_class) {
  const auto add_between = [&](std::string_view after, std::string_view before) {
    const size_t begin = text_.size();
    for (const Member& member : spec.members) {
      const std::string_view key = member.key;
      if (key <= after || (!before.empty() && key >= before)) continue;
      if (key > kNamespace) text_.push_back(',');
      AddMember(key, *member.value);
      if (key < kNamespace) text_.push_back(',');
    }
    return PieceFrom(begin);
  };
  const auto add_after_comma = [&](std::string_view key, const Node* value) {
    if (value == nullptr) return Piece();
    const size_t begin = text_.size();
    text_.push_back(',');
    AddMember(key, *value);
    return PieceFrom(begin);
  };
  if (const Node* image = At(&spec, {kImage}); image != nullptr) {
    image_ = AddMember(kImage, *image);
    text_.push_back(',');
    ++image_.size;
  }
  before_resources_ = add_between(kImage, kResources);
  resources_ = add_after_comma(kResources, At(&spec, {kResources}));
  for (size_t i = 0; i < kAmountCount; ++i) {
    const Node* amount = At(effective, {kResources, kAmountNames[i]});
    if (amount != nullptr) amounts_[i] = AddText(amount->text);
  }
  before_runtime_class_ = add_between(kResources, kRuntimeClass);
  runtime_class_ = add_after_comma(kRuntimeClass, At(&spec, {kRuntimeClass}));
  gpu_runtime_class_ = add_after_comma(kRuntimeClass, gpu_runtime_class);
  after_runtime_class_ = add_between(kRuntimeClass, "");
  text_.push_back('}');
  ++after_runtime_class_.size;
}

void ResolvedTemplate::Append(const ResolvedNames& names, const LaunchRequest& request, std::string& out) const {
  out.append(R"({"schema":"berth.resolved/v1","runner_id":)");
  AppendJsonString(names.runner_id, out);
  out.append(R"(,"profile_name":)");
  AppendJsonString(names.profile_name, out);
  out.push_back(',');
  AppendParts(names.namespace_name, request, out);
  out.push_back('}');
}

void ResolvedTemplate::AppendParts(std::string_view namespace_name, const LaunchRequest& request,
                                   std::string& out) const {
  out.append(R"("namespace":{"name":)");
  AppendJsonStringOrNull(namespace_name, out);
  out.append(TextOf(after_namespace_));
  out.append(R"(,"egress":)");
  AppendEgress(request, out);
  out.append(R"(,"ingress":)");
  AppendIngress(namespace_name, request, out);
  out.append(R"(,"spec":{)");
  if (request.container_image.value.empty()) {
    out.append(TextOf(image_));
  } else {
    out.append(R"("container_image":)");
    AppendJsonString(request.container_image.value, out);
    out.push_back(',');
  }
  out.append(TextOf(before_resources_));
  AppendResources(request, out);
  out.append(TextOf(before_runtime_class_));
  out.append(TextOf(request.wants_gpu() ? gpu_runtime_class_ : runtime_class_));
  out.append(TextOf(after_runtime_class_));
}

void ResolvedTemplate::AppendEgress(const LaunchRequest& request, std::string& out) const {
  if (request.egress_mode.empty()) {
    out.append(TextOf(default_egress_));
    return;
  }
  for (const EgressMode& mode : egress_modes_) {
    if (TextOf(mode.name) != request.egress_mode) continue;
    out.append(TextOf(mode.json));
    return;
  }
  out.append(kNull);
}

void ResolvedTemplate::AppendIngress(std::string_view namespace_name, const LaunchRequest& request,
                                     std::string& out) const {
  for (const IngressLevel& level : ingress_levels_) {
    if (TextOf(level.name) != request.ingress_mode) continue;
    out.append(TextOf(level.json));
    const bool known = level.host && (!level.host->uses_sandbox_id() || !request.sandbox_id.empty()) &&
                       (!level.host->uses_namespace() || !namespace_name.empty());
    const size_t begin = out.size();
    out.push_back('"');
    if (known) level.host->Render(request.sandbox_id, namespace_name, out);
    if (IsValidHostName(std::string_view(out).substr(begin + 1))) {  // and so needs no escape
      out.append("\"}");
    } else {
      out.resize(begin);
      out.append("null}");
    }
    return;
  }
  out.append(kNull);
}

void ResolvedTemplate::AppendResources(const LaunchRequest& request, std::string& out) const {
  const ResourceRequest& requests = request.effective_requests();
  const ResourceRequest& limits = request.effective_limits();
  if (!requests.cpu && !requests.memory && !limits.cpu && !limits.memory) {
    out.append(TextOf(resources_));
    return;
  }
  out.append(R"(,"resource_defaults":{)");
  const auto append = [&](Amount amount, const std::optional<Located<Quantity>>& own, Piece inherited) {
    if (!own && inherited.size == 0) return;
    out.append(kAmountKeys[amount]);
    if (own) {
      own->value.AppendCanonical(out);
    } else {
      out.append(TextOf(inherited));
    }
    out.append("\",");
  };
  const auto append_pair = [&](Amount limit, const std::optional<Located<Quantity>>& own_limit, Amount demand,
                               const std::optional<Located<Quantity>>& own_demand) {
    append(limit, own_limit, amounts_[limit]);
    if (own_demand || amounts_[demand].size > 0) {
      append(demand, own_demand, amounts_[demand]);
    } else {
      append(demand, own_limit, amounts_[limit]);  // a limit without a request stands for both
    }
  };
  append_pair(kCpuLimit, limits.cpu, kCpuRequest, requests.cpu);
  append_pair(kMemoryLimit, limits.memory, kMemoryRequest, requests.memory);
  out.back() = '}';
}

}  // namespace berth
