// Property: any bytes that are a launch of the wire become one JSON document that says who launches as the transport
// does, a request that is decided, and, where it is not admitted, a status in UTF-8 that is no longer than gRPC can send.
// Input: a byte, then a message: 0 or 1 in its lowest bit say which of the two.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "berth/daemon/launch_wire.h"
#include "berth/daemon/rpc_status.h"
#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/remedy.h"
#include "berth/spec/utf8.h"
#include "fuzz/property.h"
#include "google/rpc/error_details.pb.h"

namespace berth {
namespace {

using Json = nlohmann::json;

// Small, and with something for every field of a launch to meet.
constexpr std::string_view kCatalog = R"(
- {kind: Zone, zone: z1, defaults: {container_image: 'python:3'}, gpu_memory_gb: {a100: 40}}
- kind: Profile
  id: i-web
  display_name: web
  spec: {resource_defaults: {cpuLimit: 4, memoryLimit: 8Gi}, network: {egress: {default: off, modes: {off: {type: none}}},
    ingress: {pub: {scope: any, service: {serviceType: ClusterIP}, ingress: {controllerName: c, template: '{{.SandboxID}}.a.b'}}}}}
- {kind: Profile, display_name: users, spec: {namespace: {strategy: per-user}, instance_types: [a100]}}
- {kind: Profile, display_name: broken, spec: {namespace: {strategy: static}}}
- kind: Runner
  runner_id: r1
  identity: {zone: z1, cluster_name: c1, runner_group_id: blue}
  capabilities: {max_cpu_millicores: 8000, max_gpu_count: 2, supported_gpu_types: [a100], supported_architectures: [amd64],
    available_storage_classes: [fast]}
  resources: {available_cpu_millicores: 2000, available_gpu_count: 1}
  profile_bindings: [{profile_template_id: i-web, is_default: true}, {profile_template_id: users}, {profile_template_id: broken}]
- kind: Runner
  runner_id: r2
  identity: {zone: z1, cluster_name: c2}
  connection_status: DISCONNECTED
  managed_spec: {enforce_resource_limits: true}
  profile_bindings: [{profile_template_id: users, is_default: true}]
- {kind: Organization, organization_id: default, quota: {cpu: 6, memory: 64Gi, gpu: 1}, allowed_images: ['python.*'],
    launch_overrides: [node_selector, tags, pod.placement, pod.spec]}
)";

const Engine& TheEngine() {
  static const Engine* const kEngine = [] {
    auto* engine = new Engine();
    Catalog catalog;
    AddSource(std::make_shared<const SourceText>("catalog.yaml", std::string(kCatalog)), catalog);
    Require(engine->Publish(catalog, 1).ok(), "the catalog is published");
    return engine;
  }();
  return *kEngine;
}

void RequireStatus(const google::rpc::Status& status, const DetailedDecision& decision) {
  const auto text = [](const std::string& value) {
    Require(FirstInvalidUtf8(value) == value.size(), "a status is UTF-8", value);
    Require(value.find('\n') == std::string::npos, "a status is one line", value);
  };
  Require(WireBytes(status) <= kMaxStatusBytes, "a status fits", status.ShortDebugString());
  Require(!status.message().empty(), "a status says something");
  text(status.message());
  Require(status.details_size() >= 1, "a status has details");
  google::rpc::ErrorInfo info;
  Require(status.details(0).UnpackTo(&info), "the first detail is an ErrorInfo");
  Require(!info.reason().empty(), "a status has a reason");
  for (const auto& [key, value] : info.metadata()) text(value);
  bool retry = false;
  bool violations = false;
  for (const auto& detail : status.details()) {
    retry = retry || detail.Is<google::rpc::RetryInfo>();
    google::rpc::BadRequest bad;
    if (!detail.UnpackTo(&bad)) continue;
    violations = !bad.field_violations().empty();
    for (const auto& violation : bad.field_violations()) {
      text(violation.field());
      text(violation.description());
    }
  }
  const auto code = static_cast<RpcCode>(status.code());
  const bool waits = code == RpcCode::kResourceExhausted || code == RpcCode::kUnavailable;
  Require(retry == waits, "a status says when to retry, where that helps", status.ShortDebugString());
  Require(violations == (decision.verdict == Verdict::kInvalid), "an invalid request has violations");
}

template <typename Message>
void Run(std::string_view bytes, const LaunchIdentity& identity) {
  Message message;
  // Strings that are not UTF-8 do not parse.
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const std::string text = LaunchJson(message, identity);
  const Json document = Json::parse(text, nullptr, false);
  Require(document.is_object(), "a launch is one document", text);
  std::string organization(identity.organization_id);
  if constexpr (std::is_same_v<Message, v1::LaunchRequest>) {
    if (!message.organization_id().empty()) organization = message.organization_id();
  } else {
    Require(document.value("user_id", "") == identity.user_id, "the user is the transport's", text);
    Require(document.value("sandbox_id", "") == identity.sandbox_id, "the sandbox is the transport's", text);
  }
  Require(document.value("organization_id", "") == organization, "the organization is the transport's", text);

  const LaunchRequest request = LaunchFromWire(message, identity);
  Require(request.organization_id == organization, "and the request's", text);
  Scratch scratch;
  const DetailedDecision decision = TheEngine().AdmitInDetail(request, scratch);
  if (decision.verdict == Verdict::kAdmitted) {
    Require(CodeOf(decision) == RpcCode::kOk && !decision.placements.empty(), "an admission is OK and has a place");
    return;
  }
  RequireStatus(DecisionStatus(decision, request, FindRemedies(decision, request), "d-1"), decision);
  RequireStatus(DecisionStatus(decision, request, {}, {}), decision);
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  google::protobuf::SetLogHandler(nullptr);  // it complains of each message that does not parse
  const std::string_view bytes = berth::TextOf(data + 1, size - 1);
  const berth::LaunchIdentity identity = {"default", "u-1", "sb-1"};
  if ((data[0] & 1U) == 0) {
    berth::Run<berth::v1::LaunchRequest>(bytes, identity);
  } else {
    berth::Run<coreweave::sandbox::v1beta2::StartSandboxRequest>(bytes, identity);
  }
  return 0;
}
