// What differs between two launch requests, but for places and the tree they were decoded from.

#ifndef BERTH_TESTS_SAME_LAUNCH_H_
#define BERTH_TESTS_SAME_LAUNCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "berth/spec/launch.h"

namespace berth {

inline std::string LaunchText(const std::string& text) { return text; }
inline std::string LaunchText(const Located<std::string>& text) { return text.value; }
inline std::string LaunchText(bool value) { return value ? "true" : "false"; }
inline std::string LaunchText(const std::optional<int64_t>& number) {
  return number.has_value() ? std::to_string(*number) : "none";
}
// A quantity counts as it prints.
inline std::string LaunchText(const std::optional<Located<Quantity>>& quantity) {
  return quantity.has_value() ? quantity->value.ToString() : "none";
}
inline std::string LaunchText(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined.append(std::to_string(text.size())).append(":").append(text);
  return joined;
}
inline std::string LaunchText(const std::vector<int64_t>& numbers) {
  std::string joined;
  for (const int64_t number : numbers) joined.append(std::to_string(number)).append(" ");
  return joined;
}
inline std::string LaunchText(const ResourceRequest& side) {
  return LaunchText(side.written) + " " + LaunchText(side.cpu) + " " + LaunchText(side.memory) + " " +
         LaunchText(side.gpu.written) + " " + LaunchText(side.gpu.count) + " " + side.gpu.type + " " +
         LaunchText(side.gpu.memory_gb);
}
inline std::string LaunchText(const NodeRef& tree) { return tree == nullptr ? "none" : "a tree"; }

// The first field that differs, with both values; empty when none does.
inline std::string LaunchDifference(const LaunchRequest& a, const LaunchRequest& b) {
  std::string difference;
  const auto compare = [&](const char* name, const auto& one, const auto& other) {
    if (!difference.empty() || LaunchText(one) == LaunchText(other)) return;
    difference.append(name).append(": ").append(LaunchText(one)).append(" | ").append(LaunchText(other));
  };
  compare("organization_id", a.organization_id, b.organization_id);
  compare("user_id", a.user_id, b.user_id);
  compare("sandbox_id", a.sandbox_id, b.sandbox_id);
  compare("profile_names", a.profile_names, b.profile_names);
  compare("runner_ids", a.runner_ids, b.runner_ids);
  compare("runner_group_id", a.runner_group_id, b.runner_group_id);
  compare("zone", a.zone, b.zone);
  compare("container_image", a.container_image, b.container_image);
  compare("resource_requests", a.requests, b.requests);
  compare("resource_limits", a.limits, b.limits);
  compare("resources", a.resources, b.resources);
  compare("architecture", a.architecture, b.architecture);
  compare("privileged", a.privileged, b.privileged);
  compare("storage_classes", a.storage_classes, b.storage_classes);
  compare("egress_mode", a.egress_mode, b.egress_mode);
  compare("ingress_mode", a.ingress_mode, b.ingress_mode);
  compare("exposed_ports", a.exposed_ports, b.exposed_ports);
  compare("pod_annotations", a.pod_annotations, b.pod_annotations);
  compare("overrides", a.overrides, b.overrides);
  return difference;
}

}  // namespace berth

#endif  // BERTH_TESTS_SAME_LAUNCH_H_
