#include "berth/validate/request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "berth/spec/quoted.h"
#include "berth/validate/names.h"
#include "berth/validate/override_path.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

class LaunchChecker {
 public:
  LaunchChecker(const LaunchRequest& request, std::span<const std::string_view> opened, std::vector<Issue>& issues)
      : request_(request), opened_(opened), issues_(issues) {}

  void Run() {
    if (request_.node != nullptr)
      CheckFormats(*request_.node, Record::kLaunchRequest, {request_.file, "", ""}, issues_);
    CheckResources();
    CheckGpus();
    CheckPorts();
    CheckAnnotations();
    CheckOverrides();
  }

 private:
  void Report(IssueCode code, std::string field, std::string message, Position at = {}) {
    Issue issue;
    issue.code = code;
    issue.message = std::move(message);
    issue.file = request_.file;
    issue.position = at;
    issue.field = std::move(field);
    issues_.push_back(std::move(issue));
  }
  void Invalid(std::string field, std::string message, Position at = {}) {
    Report(IssueCode::kInvalidLaunch, std::move(field), std::move(message), at);
  }
  void CheckResources();
  void CheckPair(std::string_view dimension, Resource resource, const std::optional<Located<Quantity>>& request,
                 const std::optional<Located<Quantity>>& limit);
  void CheckGpu(std::string_view side, const GpuRequest& gpu);
  void CheckGpus();
  void CheckPorts();
  void CheckAnnotations();
  void CheckOverrides();

  const LaunchRequest& request_;
  std::span<const std::string_view> opened_;
  std::vector<Issue>& issues_;
};

void LaunchChecker::CheckPair(std::string_view dimension, Resource resource,
                              const std::optional<Located<Quantity>>& request,
                              const std::optional<Located<Quantity>>& limit) {
  if (!request || !limit || request->value.UnitsOf(resource) <= limit->value.UnitsOf(resource)) return;
  std::string message = "resource request for ";
  message.append(dimension).append(" (").append(request->value.ToString()).append(") exceeds limit (");
  message.append(limit->value.ToString()).append(")");
  Invalid("resource_requests." + std::string(dimension), std::move(message), request->position);
}

void LaunchChecker::CheckResources() {
  if (request_.resources.present && (request_.requests.present || request_.limits.present)) {
    Invalid("resources", "`resources` sets requests and limits; give it alone, or the other two");
  }
  CheckPair("cpu", Resource::kCpu, request_.requests.cpu, request_.limits.cpu);
  CheckPair("memory", Resource::kMemory, request_.requests.memory, request_.limits.memory);
}

void LaunchChecker::CheckGpu(std::string_view side, const GpuRequest& gpu) {
  if (!gpu.present) return;
  const std::string base = std::string(side) + ".gpu.";
  if (!gpu.count.has_value() && (!gpu.type.empty() || gpu.memory_gb.has_value())) {
    Invalid(base + "count", "a GPU type or memory needs a `count`");
  }
  if (gpu.count.has_value() && *gpu.count < 1) Invalid(base + "count", "the GPU count needs to be 1 or more");
  if (gpu.memory_gb.has_value() && *gpu.memory_gb < 1) {
    Invalid(base + "memory_gb", "the GPU memory needs to be 1 GiB or more");
  }
  if (!gpu.type.empty() && gpu.memory_gb.has_value()) {
    Invalid(base + "memory_gb", "give the GPU's `type` or its `memory_gb`, one of the two");
  }
}

bool SameWithoutCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

void LaunchChecker::CheckGpus() {
  CheckGpu("resource_requests", request_.requests.gpu);
  CheckGpu("resource_limits", request_.limits.gpu);
  CheckGpu("resources", request_.resources.gpu);
  const GpuRequest& a = request_.requests.gpu;
  const GpuRequest& b = request_.limits.gpu;
  if (!a.present || !b.present) return;
  if (a.count != b.count || !SameWithoutCase(a.type, b.type) || a.memory_gb != b.memory_gb) {
    Invalid("resource_requests.gpu", "the GPUs of requests and limits need to be equal");
  }
}

void LaunchChecker::CheckPorts() {
  if (!request_.exposed_ports.empty() && request_.ingress_mode.empty()) {
    Invalid("network.ingress_mode", "exposed ports need an ingress mode");
  }
  if (request_.exposed_ports.empty() && !request_.ingress_mode.empty()) {
    Invalid("network.exposed_ports", "ingress mode " + Quoted(request_.ingress_mode) + " needs ports to expose");
  }
  std::vector<int64_t> seen;
  for (size_t i = 0; i < request_.exposed_ports.size(); ++i) {
    const int64_t port = request_.exposed_ports[i];
    const std::string field = "network.exposed_ports[" + std::to_string(i) + "]";
    if (!IsPortNumber(port)) {
      Invalid(field, "port " + std::to_string(port) + " is outside 1 to 65535");
    } else if (std::ranges::find(seen, port) != seen.end()) {
      Invalid(field, "port " + std::to_string(port) + " is given twice");
    }
    seen.push_back(port);
  }
}

void LaunchChecker::CheckAnnotations() {
  if (request_.pod_annotations == nullptr) return;
  for (const Member& member : request_.pod_annotations->members) {
    if (!IsRestrictedAnnotation(member.key)) continue;
    Invalid("pod_annotations[\"" + member.key + "\"]",
            "annotation " + Quoted(member.key) + " is restricted; only an administrator can set it", member.position);
  }
}

void LaunchChecker::CheckOverrides() {
  if (request_.overrides == nullptr) return;
  if (const auto closed = FirstClosedPath(*request_.overrides, opened_); closed.has_value()) {
    Report(IssueCode::kClosedOverridePath, "overrides." + *closed,
           Quoted(*closed) + " is not open to launches in organization " + Quoted(request_.organization_id),
           request_.overrides->position);
  }
  CheckLayer(*request_.overrides, {request_.file, "/overrides", "overrides"}, issues_);
}

}  // namespace

void CheckLaunch(const LaunchRequest& request, std::span<const std::string_view> opened, std::vector<Issue>& issues) {
  LaunchChecker(request, opened, issues).Run();
}

}  // namespace berth
