#include "berth/daemon/launch_wire.h"

#include <memory>
#include <utility>

#include "berth/spec/document.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;

void WriteText(JsonWriter& json, std::string_view key, std::string_view text) {
  if (!text.empty()) json.Key(key).String(text);
}

template <typename Texts>
void WriteTexts(JsonWriter& json, std::string_view key, const Texts& texts) {
  if (texts.empty()) return;
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

void WriteGpu(JsonWriter& json, const v1::Gpu& gpu) {
  if (gpu.has_count()) json.Key("count").Int(gpu.count());
  WriteText(json, "type", gpu.type());
  if (gpu.has_memory_gb()) json.Key("memory_gb").Int(gpu.memory_gb());
}

void WriteGpu(JsonWriter& json, const wire::GpuRequest& gpu) {
  if (gpu.gpu_count() != 0) json.Key("count").Int(gpu.gpu_count());
  WriteText(json, "type", gpu.gpu_type());
  if (gpu.spec_case() == wire::GpuRequest::kGpuMemoryGb) json.Key("memory_gb").Int(gpu.gpu_memory_gb());
}

template <typename Resources>
void WriteResources(JsonWriter& json, std::string_view key, const Resources& resources) {
  json.Key(key).BeginObject();
  WriteText(json, "cpu", resources.cpu());
  WriteText(json, "memory", resources.memory());
  if (resources.has_gpu()) {
    json.Key("gpu").BeginObject();
    WriteGpu(json, resources.gpu());
    json.EndObject();
  }
  json.EndObject();
}

// What both messages have under the same names.
template <typename Message>
void WriteShared(JsonWriter& json, const Message& message) {
  WriteTexts(json, "profile_names", message.profile_names());
  WriteTexts(json, "profile_ids", message.profile_ids());
  WriteTexts(json, "runner_ids", message.runner_ids());
  WriteText(json, "container_image", message.container_image());
  if (message.has_resources()) WriteResources(json, "resources", message.resources());
  if (message.has_resource_requests()) WriteResources(json, "resource_requests", message.resource_requests());
  if (message.has_resource_limits()) WriteResources(json, "resource_limits", message.resource_limits());
  if (message.has_network()) {
    json.Key("network").BeginObject();
    WriteText(json, "egress_mode", message.network().egress_mode());
    WriteText(json, "ingress_mode", message.network().ingress_mode());
    if (!message.network().exposed_ports().empty()) {
      json.Key("exposed_ports").BeginArray();
      for (const int32_t port : message.network().exposed_ports()) json.Int(port);
      json.EndArray();
    }
    json.EndObject();
  }
  if (!message.pod_annotations().empty()) {
    json.Key("pod_annotations").BeginObject();
    for (const auto& [key, value] : message.pod_annotations()) json.Key(key).String(value);
    json.EndObject();
  }
}

// A document that cannot be read is still somebody's: what is said of it must not reach another organization.
LaunchRequest Parsed(std::string json, std::string_view organization_id) {
  LaunchRequest request = ParseLaunchRequest(std::make_shared<SourceText>("request.json", std::move(json)));
  if (HasError(request.issues)) request.organization_id = organization_id;
  return request;
}

std::string_view Or(std::string_view text, std::string_view otherwise) { return text.empty() ? otherwise : text; }

}  // namespace

std::string LaunchJson(const v1::LaunchRequest& launch, const LaunchIdentity& identity) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  WriteText(json, "organization_id", Or(launch.organization_id(), identity.organization_id));
  WriteText(json, "user_id", Or(launch.user_id(), identity.user_id));
  WriteText(json, "sandbox_id", Or(launch.sandbox_id(), identity.sandbox_id));
  WriteText(json, "runner_group_id", launch.runner_group_id());
  WriteText(json, "zone", launch.zone());
  WriteText(json, "architecture", launch.architecture());
  if (launch.privileged()) json.Key("privileged").Bool(true);
  WriteTexts(json, "storage_classes", launch.storage_classes());
  WriteShared(json, launch);
  // As a string: a text that is no JSON must not be able to end the document and start another.
  WriteText(json, "overrides_json", launch.overrides_json());
  json.EndObject();
  return text;
}

std::string LaunchJson(const wire::StartSandboxRequest& start, const LaunchIdentity& identity) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  WriteText(json, "organization_id", identity.organization_id);
  WriteText(json, "user_id", identity.user_id);
  WriteText(json, "sandbox_id", identity.sandbox_id);
  WriteShared(json, start);
  json.EndObject();
  return text;
}

LaunchRequest LaunchFromWire(const v1::LaunchRequest& launch, const LaunchIdentity& identity) {
  return Parsed(LaunchJson(launch, identity), Or(launch.organization_id(), identity.organization_id));
}

LaunchRequest LaunchFromWire(const wire::StartSandboxRequest& start, const LaunchIdentity& identity) {
  return Parsed(LaunchJson(start, identity), identity.organization_id);
}

}  // namespace berth
