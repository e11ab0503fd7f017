#include "berth/validate/request.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "berth/spec/quoted.h"
#include "berth/validate/image.h"
#include "berth/validate/names.h"
#include "berth/validate/override_path.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

// Where a canonical field path leads in a decoded request: the value there, or the nearest one around it.
Position PlaceOf(const Node* node, std::string_view field) {
  Position place = node == nullptr ? Position() : node->position;
  while (node != nullptr && !field.empty()) {
    const size_t end = std::min(field.find_first_of(".[", 1), field.size());
    const std::string_view part = field.substr(0, end);
    field.remove_prefix(end);
    if (part.front() == '[') {
      size_t index = 0;
      std::from_chars(part.data() + 1, part.data() + part.size(), index);
      node = index < node->items.size() ? node->items[index].get() : nullptr;
    } else {
      node = At(node, {part.front() == '.' ? part.substr(1) : part});
    }
    if (node != nullptr) place = node->position;
  }
  return place;
}

class LaunchChecker {
 public:
  LaunchChecker(const LaunchRequest& request, std::span<const std::string_view> opened, std::vector<Issue>& issues)
      : request_(request), opened_(opened), issues_(issues) {}

  void Run() {
    CheckNames();
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
    issue.position = at.known() ? at : PlaceOf(request_.node.get(), field);
    issue.field = std::move(field);
    issues_.push_back(std::move(issue));
  }
  void Invalid(std::string field, std::string message, Position at = {}) {
    Report(IssueCode::kInvalidLaunch, std::move(field), std::move(message), at);
  }
  void CheckNames();
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

// A request with its tree is held against the field table; one that was read without a tree, name by name.
void LaunchChecker::CheckNames() {
  // Each of the two lists has the same bound when it is decoded; the union counts.
  if (request_.profile_names.size() > kMaxProfileFilters) {
    Report(IssueCode::kLimitExceeded, "profile_names",
           std::to_string(request_.profile_names.size()) + " profiles are above the limit of " +
               std::to_string(kMaxProfileFilters));
  }
  if (request_.node != nullptr) {
    CheckFormats(*request_.node, Record::kLaunchRequest, {request_.file, "", ""}, issues_);
    return;
  }
  const auto expect = [&](IssueCode code, std::string_view field, const std::string& text, auto check) {
    if (text.empty()) return;
    if (const std::string_view expectation = check(text); !expectation.empty()) {
      Report(code, std::string(field), Quoted(text).append(" ").append(expectation));
    }
  };
  const auto name = [&](std::string_view field, const std::string& text) {
    expect(IssueCode::kInvalidName, field, text, CheckFreeName);
  };
  expect(IssueCode::kInvalidName, "sandbox_id", request_.sandbox_id, CheckDns1123Label);
  expect(IssueCode::kInvalidImage, "container_image", request_.container_image.value, CheckImage);
  name("organization_id", request_.organization_id);
  name("user_id", request_.user_id);
  name("runner_group_id", request_.runner_group_id);
  name("zone", request_.zone);
  name("architecture", request_.architecture);
  name("resource_requests.gpu.type", request_.requests.gpu.type);
  name("resource_limits.gpu.type", request_.limits.gpu.type);
  name("resources.gpu.type", request_.resources.gpu.type);
  name("network.egress_mode", request_.egress_mode);
  name("network.ingress_mode", request_.ingress_mode);
  for (const std::string& text : request_.profile_names) name("profile_names", text);
  for (const std::string& text : request_.runner_ids) name("runner_ids", text);
  for (const std::string& text : request_.storage_classes) name("storage_classes", text);
}

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
  if (request_.resources.asked() && (request_.requests.asked() || request_.limits.asked())) {
    Invalid("resources", "`resources` sets requests and limits; give it alone, or the other two");
  }
  CheckPair("cpu", Resource::kCpu, request_.requests.cpu, request_.limits.cpu);
  CheckPair("memory", Resource::kMemory, request_.requests.memory, request_.limits.memory);
}

void LaunchChecker::CheckGpu(std::string_view side, const GpuRequest& gpu) {
  if (!gpu.asked()) return;
  const auto invalid = [&](std::string_view member, std::string_view message) {
    Invalid(std::string(side).append(".gpu.").append(member), std::string(message));
  };
  if (!gpu.count.has_value() && (!gpu.type.empty() || gpu.memory_gb.has_value())) {
    invalid("count", "a GPU type or memory needs a `count`");
  }
  if (gpu.count.has_value() && *gpu.count < 1) invalid("count", "the GPU count needs to be 1 or more");
  if (gpu.memory_gb.has_value() && *gpu.memory_gb < 1) invalid("memory_gb", "the GPU memory needs to be 1 GiB or more");
  if (!gpu.type.empty() && gpu.memory_gb.has_value()) {
    invalid("memory_gb", "give the GPU's `type` or its `memory_gb`, one of the two");
  }
}

// Nothing to report about this side alone.
bool IsSound(const GpuRequest& gpu) {
  if (!gpu.count.has_value() || *gpu.count < 1) return false;
  return !gpu.memory_gb.has_value() || (*gpu.memory_gb >= 1 && gpu.type.empty());
}

void LaunchChecker::CheckGpus() {
  CheckGpu("resource_requests", request_.requests.gpu);
  CheckGpu("resource_limits", request_.limits.gpu);
  CheckGpu("resources", request_.resources.gpu);
  const GpuRequest& a = request_.requests.gpu;
  const GpuRequest& b = request_.limits.gpu;
  if (!IsSound(a) || !IsSound(b)) return;
  if (a.count != b.count || !absl::EqualsIgnoreCase(a.type, b.type) || a.memory_gb != b.memory_gb) {
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
  const std::vector<int64_t>& ports = request_.exposed_ports;
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto invalid = [&](std::string_view what) {
      const std::string field = "network.exposed_ports[" + std::to_string(i) + "]";
      // One that could not be read stands here as 0, and was reported.
      if (std::ranges::find(request_.issues, field, &Issue::field) != request_.issues.end()) return;
      Invalid(field, "port " + std::to_string(ports[i]).append(" ").append(what));
    };
    if (!IsPortNumber(ports[i])) {
      invalid("is outside 1 to 65535");
    } else if (std::find(ports.begin(), ports.begin() + static_cast<std::ptrdiff_t>(i), ports[i]) !=
               ports.begin() + static_cast<std::ptrdiff_t>(i)) {
      invalid("is given twice");
    }
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
