// Situations for every reason and every remedy, small enough to judge their messages by eye.

#ifndef BERTH_TESTS_MESSAGE_EXAMPLES_H_
#define BERTH_TESTS_MESSAGE_EXAMPLES_H_

#include <array>
#include <string>
#include <vector>

#include "berth/policy/reason.h"
#include "tests/engine_fixture.h"

namespace berth {

// Runners `r1` to `r3` bind profile `p1`. With one binding only `r1` is there.
struct Situation {
  std::string name = {};                    // what is special about it; may be empty
  std::string profile = "{}";               // the spec of `p1`
  std::array<std::string, 3> runners = {};  // their members besides id, identity and the binding
  std::string more = {};                    // further documents
  std::string request = "{}";
};

struct ReasonSituation {
  ReasonCode code;  // the headline of every binding
  Situation situation;
};

struct RemedySituation {
  std::string actions;  // of a remedy that is found: `FIX_REQUEST + RETRY_SMALLER`
  Situation situation;
};

inline std::array<std::string, 3> Each(const std::string& members) { return {members, members, members}; }

inline std::string ZoneText() {
  return "{kind: Zone, zone: z1, defaults: {container_image: 'python:3'}, gpu_memory_gb: {a100: 40, l4: 24}}";
}
inline std::string RunnerText(const std::string& id, const std::string& members) {
  const bool binds = members.find("profile_bindings") != std::string::npos;
  return "{kind: Runner, runner_id: " + id + ", identity: {zone: z1, cluster_name: " + id + ", runner_group_id: g1}, " +
         (binds ? "" : "profile_bindings: [{profile_template_id: p1, is_default: true}], ") + members + "}";
}

inline std::vector<Source> SourcesOf(const Situation& situation, size_t bindings) {
  std::vector<Source> sources = {
      {"zones/z1.yaml", ZoneText()},
      {"profiles/p1.yaml", "{kind: Profile, display_name: p1, spec: " + situation.profile + "}"},
  };
  for (size_t i = 0; i < bindings; ++i) {
    const std::string id = "r" + std::to_string(i + 1);
    sources.push_back({"runners/" + id + ".yaml", RunnerText(id, situation.runners.at(i))});
  }
  if (!situation.more.empty()) sources.push_back({"more.yaml", situation.more});
  return sources;
}

inline std::string OrganizationText(const std::string& members) {
  return "{kind: Organization, organization_id: default, " + members + "}";
}

inline std::vector<ReasonSituation> ReasonSituations() {
  using C = ReasonCode;
  const std::string gpus = "capabilities: {max_gpu_count: 8, supported_gpu_types: [a100]}";
  const auto bound = [](const std::string& spec) {
    return "profile_bindings: [{profile_template_id: p1, is_default: true, overrides_json: " + spec + "}]";
  };
  const auto host = [](const std::string& host_template) {
    return "{network: {ingress: {public: {scope: any, service: {serviceType: ClusterIP}, ingress: {controllerName: c, "
           "template: '" +
           host_template + "'}}}}}";
  };
  const std::string expose = "{sandbox_id: sb-1, network: {ingress_mode: public, exposed_ports: [80]}}";
  return {
      {C::kOrganizationInvalid, {.more = OrganizationText("quotas: {cpu: 1}")}},
      {C::kCpuQuota, {.more = OrganizationText("quota: {cpu: 64}"), .request = "{resource_limits: {cpu: 96}}"}},
      {C::kCpuQuota,
       {.name = "inherited",
        .profile = "{resource_defaults: {cpuLimit: 96}}",
        .more = OrganizationText("quota: {cpu: 1500m}")}},
      {C::kCpuQuota,
       {.name = "of nothing", .more = OrganizationText("quota: {cpu: 0}"), .request = "{resource_limits: {cpu: 1}}"}},
      {C::kMemoryQuota,
       {.more = OrganizationText("quota: {memory: 64Gi}"), .request = "{resource_requests: {memory: 96Gi}}"}},
      {C::kMemoryQuota,
       {.name = "inherited",
        .profile = "{resource_defaults: {memoryRequest: 96Gi}}",
        .more = OrganizationText("quota: {memory: 68719476735}")}},
      {C::kGpuQuota,
       {.runners = Each(gpus),
        .more = OrganizationText("quota: {gpu: 1}"),
        .request = "{resource_requests: {gpu: {count: 4, type: a100}}}"}},
      {C::kProfileInvalid,
       {.name = "the effective spec", .profile = "{network: {egress: {default: gone, modes: {a: {type: none}}}}}"}},
      {C::kProfileInvalid, {.name = "the profile's document", .profile = "{runtime_clas: x}"}},
      {C::kProfileInvalid,
       {.name = "a profile that is not there",
        .runners = Each("profile_bindings: [{profile_template_id: p7, is_default: true}]")}},
      {C::kProfileInvalid,
       {.name = "of another organization",
        .profile = "{runtime_clas: x}",
        .runners = Each("is_shared: true"),
        .request = "{organization_id: acme}"}},
      {C::kUserRequired, {.profile = "{namespace: {strategy: per-user}}"}},
      {C::kOverrideInvalid,
       {.profile = "{instance_types: [a100]}",
        .more = OrganizationText("launch_overrides: [pod.placement]"),
        .request = "{overrides: {pod: {placement: {instanceTypes: [h100]}}}}"}},
      {C::kRunnerNotReady,
       {.runners = {"install_status: PENDING", "install_status: FAILED", "install_status: PENDING"}}},
      {C::kRunnerDisconnected, {.runners = Each("connection_status: DISCONNECTED")}},
      {C::kArchitectureUnsupported,
       {.runners = {"capabilities: {supported_architectures: [amd64]}",
                    "capabilities: {supported_architectures: [amd64, s390x]}", ""},
        .request = "{architecture: arm64}"}},
      {C::kArchitectureUnsupported,
       {.name = "another spelling",
        .runners = Each("capabilities: {supported_architectures: [amd64]}"),
        .request = "{architecture: x86_64}"}},
      {C::kArchitectureUnsupported, {.name = "none listed", .request = "{architecture: arm64}"}},
      {C::kPrivilegedUnsupported,
       {.runners = Each("capabilities: {supports_privileged: false}"), .request = "{privileged: true}"}},
      {C::kStorageClassUnavailable,
       {.runners = {"capabilities: {available_storage_classes: [fast, local]}",
                    "capabilities: {available_storage_classes: [local]}",
                    "capabilities: {available_storage_classes: [fast]}"},
        .request = "{storage_classes: [shared]}"}},
      {C::kStorageClassUnavailable,
       {.name = "of several",
        .runners = Each("capabilities: {available_storage_classes: [fast]}"),
        .request = "{storage_classes: [shared, fast]}"}},
      {C::kStorageClassUnavailable, {.name = "none", .request = "{storage_classes: [shared]}"}},
      {C::kGpuTypeUnavailable,
       {.profile = "{instance_types: [a100, l4]}",
        .runners = Each("capabilities: {max_gpu_count: 8, supported_gpu_types: [a100, h100]}"),
        .request = "{resource_requests: {gpu: {count: 1, type: h100}}}"}},
      {C::kGpuTypeUnavailable,
       {.name = "memory",
        .runners = {gpus, "capabilities: {max_gpu_count: 8, supported_gpu_types: [l4]}", gpus},
        .request = "{resource_requests: {gpu: {count: 1, memory_gb: 80}}}"}},
      {C::kGpuTypeUnavailable,
       {.name = "memory that is not known",
        .runners = Each("capabilities: {max_gpu_count: 8, supported_gpu_types: [t4]}"),
        .request = "{resource_requests: {gpu: {count: 1, memory_gb: 80}}}"}},
      {C::kGpuTypeUnavailable, {.name = "any", .request = "{resource_requests: {gpu: {count: 1}}}"}},
      {C::kGpuTypeUnavailable, {.name = "no GPUs", .request = "{resource_requests: {gpu: {count: 1, type: h100}}}"}},
      {C::kGpuCountExceedsRunner,
       {.runners = {"capabilities: {max_gpu_count: 1, supported_gpu_types: [a100]}",
                    "capabilities: {max_gpu_count: 2, supported_gpu_types: [a100]}",
                    "capabilities: {max_gpu_count: 1, supported_gpu_types: [a100]}"},
        .request = "{resource_requests: {gpu: {count: 4, type: a100}}}"}},
      {C::kGpuCountExceedsRunner,
       {.name = "none",
        .runners = Each("capabilities: {supported_gpu_types: [a100]}"),
        .request = "{resource_requests: {gpu: {count: 1, type: a100}}}"}},
      {C::kEgressModeNotOffered,
       {.profile = "{network: {egress: {default: closed, modes: {closed: {type: none}, internet: {type: internet}}}}}",
        .request = "{network: {egress_mode: internt}}"}},
      {C::kEgressModeNotOffered, {.name = "none declared", .request = "{network: {egress_mode: internet}}"}},
      {C::kIngressModeNotOffered,
       {.profile = "{network: {ingress: {internal: {scope: user, service: {serviceType: ClusterIP}}}}}",
        .request = "{network: {ingress_mode: public, exposed_ports: [80]}}"}},
      {C::kIngressModeNotOffered,
       {.name = "none declared", .request = "{network: {ingress_mode: public, exposed_ports: [80]}}"}},
      {C::kHostNameInvalid,
       {.name = "a label",
        .profile = host("{{.SandboxID}}-" + std::string(60, 'x') + ".example.com"),
        .request = expose}},
      {C::kHostNameInvalid,
       {.name = "the whole",
        .profile = host("{{.SandboxID}}" + ("." + std::string(60, 'x')) + ("." + std::string(60, 'y')) +
                        ("." + std::string(60, 'z')) + ("." + std::string(63, 'w')) + ".com"),
        .request = expose}},
      {C::kLimitsRequired,
       {.profile = "{resource_defaults: {cpuLimit: 4}}",
        .runners = Each("managed_spec: {enforce_resource_limits: true}")}},
      {C::kLimitsRequired, {.name = "both", .runners = Each("managed_spec: {enforce_resource_limits: true}")}},
      {C::kCpuExceedsProfile,
       {.profile = "{resource_defaults: {cpuLimit: 4}}",
        .runners = {"", bound("{resource_defaults: {cpuLimit: 500m}}"), ""},
        .request = "{resource_limits: {cpu: 8}}"}},
      {C::kMemoryExceedsProfile,
       {.profile = "{resource_defaults: {memoryLimit: 8Gi}}",
        .runners = {"", "", bound("{resource_defaults: {memoryLimit: 64Gi}}")},
        .request = "{resource_requests: {memory: 900Gi}}"}},
      {C::kMemoryExceedsProfile,
       {.name = "odd spellings",
        .profile = "{resource_defaults: {memoryLimit: 12e6}}",
        .request = "{resource_requests: {memory: 123456789}}"}},
      {C::kCpuRequestAboveLimit,
       {.profile = "{resource_defaults: {cpuLimit: 4}}",
        .more = OrganizationText("limits_are: default"),
        .request = "{resource_requests: {cpu: 8}}"}},
      {C::kCpuRequestAboveLimit,
       {.name = "inherited",
        .profile = "{resource_defaults: {cpuRequest: 2}}",
        .request = "{resource_limits: {cpu: 1}}"}},
      {C::kMemoryRequestAboveLimit,
       {.profile = "{resource_defaults: {memoryLimit: 4Gi}}",
        .more = OrganizationText("limits_are: default"),
        .request = "{resource_requests: {memory: 8Gi}}"}},
      {C::kMemoryRequestAboveLimit,
       {.name = "both inherited",
        .profile = "{resource_defaults: {memoryRequest: 8Gi}}",
        .runners = {bound("{resource_defaults: {memoryLimit: 4Gi}}"), bound("{resource_defaults: {memoryLimit: 2Gi}}"),
                    bound("{resource_defaults: {memoryLimit: 1Gi}}")}}},
      {C::kCpuExceedsRunner,
       {.runners = {"capabilities: {max_cpu_millicores: 4000}", "capabilities: {max_cpu_millicores: 6500}",
                    "capabilities: {max_cpu_millicores: 2000}"},
        .request = "{resource_requests: {cpu: 8}}"}},
      {C::kCpuExceedsRunner,
       {.name = "inherited",
        .profile = "{resource_defaults: {cpuRequest: 8}}",
        .runners = Each("capabilities: {max_cpu_millicores: 4000}")}},
      {C::kMemoryExceedsRunner,
       {.runners = Each("capabilities: {max_memory_bytes: 68719476736}"),
        .request = "{resource_requests: {memory: 96Gi}}"}},
      {C::kMemoryExceedsRunner,
       {.name = "inherited",
        .profile = "{resource_defaults: {memoryLimit: 96Gi}}",
        .runners = Each("capabilities: {max_memory_bytes: 68719476736}")}},
      {C::kImageNotAllowed,
       {.more = OrganizationText("allowed_images: ['python:.*', 'ghcr\\.io/acme/.+']"),
        .request = "{container_image: 'ubuntu:24.04'}"}},
      {C::kImageNotAllowed, {.name = "inherited", .more = OrganizationText("allowed_images: ['ghcr\\.io/acme/.+']")}},
      {C::kImageNotAllowed,
       {.name = "unset",
        .profile = "{container_image: null}",
        .more = OrganizationText("allowed_images: ['python:.*']")}},
      {C::kImageNotAllowed,
       {.name = "none allowed",
        .more = OrganizationText("allowed_images: []"),
        .request = "{container_image: python}"}},
      {C::kInsufficientCpu,
       {.runners = {"resources: {available_cpu_millicores: 4000}", "resources: {available_cpu_millicores: 500}",
                    "resources: {available_cpu_millicores: 0}"},
        .request = "{resource_requests: {cpu: 8}}"}},
      {C::kInsufficientCpu,
       {.name = "nothing free",
        .runners = Each("resources: {available_cpu_millicores: 0}"),
        .request = "{resource_requests: {cpu: 8}}"}},
      {C::kInsufficientMemory,
       {.runners = Each("resources: {available_memory_bytes: 8589934592}"),
        .request = "{resource_requests: {memory: 96Gi}}"}},
      {C::kInsufficientMemory,
       {.name = "inherited",
        .profile = "{resource_defaults: {memoryRequest: 8Gi}}",
        .runners = Each("resources: {available_memory_bytes: 4294967296}"),
        .request = "{resource_limits: {memory: 9Gi}}"}},
      {C::kInsufficientMemory,
       {.name = "inherited, nothing free",
        .profile = "{resource_defaults: {memoryRequest: 8Gi}}",
        .runners = Each("resources: {available_memory_bytes: 0}")}},
      {C::kInsufficientGpu,
       {.runners = {gpus + ", resources: {available_gpu_count: 1}", gpus + ", resources: {available_gpu_count: 3}",
                    gpus + ", resources: {available_gpu_count: 0}"},
        .request = "{resource_requests: {gpu: {count: 4}}}"}},
      {C::kNoRunners, {.request = "{organization_id: acme}"}},
      {C::kProfileNotBound, {.request = "{profile_names: [p2]}"}},
      {C::kProfileNotBound, {.name = "of several", .request = "{profile_names: [alpha, beta]}"}},
      {C::kRunnerNotFound, {.request = "{runner_ids: [r12]}"}},
      {C::kRunnerGroupNotFound, {.request = "{runner_group_id: gpu}"}},
      {C::kZoneNotFound, {.request = "{zone: z9}"}},
      {C::kFiltersDisjoint,
       {.more =
            RunnerText("other", "profile_bindings: [{profile_template_id: p1, profile_name: web, is_default: true}]"),
        .request = "{profile_names: [web], runner_ids: [r1, r2, r3]}"}},
  };
}

inline std::vector<RemedySituation> RemedySituations() {
  const std::string per_user = "{namespace: {strategy: per-user}}";
  const std::string enforced = "managed_spec: {enforce_resource_limits: true}";
  const std::string two_profiles =
      "profile_bindings: [{profile_template_id: p1, is_default: true}, {profile_template_id: p2}]";
  const std::string p2 = "{kind: Profile, display_name: p2, spec: {}}";
  const std::string p2_only = "profile_bindings: [{profile_template_id: p2, is_default: true}]";
  const std::string small = "capabilities: {max_cpu_millicores: 4000, max_memory_bytes: 4294967296}";
  const std::string gpus = "capabilities: {max_gpu_count: 8, supported_gpu_types: [a100]}";
  const std::string here = "runner_ids: [r1, r2, r3]";
  const std::string pending = "install_status: PENDING";
  const auto documents = [](const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all.append(all.empty() ? "" : "\n---\n").append(text);
    return all;
  };
  return {
      {"FIX_REQUEST",
       {.name = "both limits", .runners = Each(enforced), .request = "{resource_requests: {cpu: 500m, memory: 2Gi}}"}},
      {"FIX_REQUEST",
       {.name = "a request above its limit",
        .profile = "{resource_defaults: {memoryLimit: 4Gi}}",
        .more = OrganizationText("limits_are: default"),
        .request = "{resource_requests: {memory: 8Gi}}"}},
      {"FIX_REQUEST",
       {.name = "an inherited request",
        .profile = "{resource_defaults: {cpuRequest: 2}}",
        .request = "{resource_limits: {cpu: 1}}"}},
      {"RETRY_SMALLER",
       {.name = "both sides alike",
        .profile = "{resource_defaults: {memoryLimit: 8Gi}}",
        .request = "{resource_requests: {memory: 16Gi}, resource_limits: {memory: 16Gi}}"}},
      {"RETRY_SMALLER",
       {.name = "both sides, two resources and GPUs",
        .profile = "{resource_defaults: {cpuLimit: 16, memoryLimit: 8Gi}}",
        .runners = Each("capabilities: {max_cpu_millicores: 4000, max_gpu_count: 1, supported_gpu_types: [a100]}"),
        .request =
            "{resource_requests: {cpu: 8, memory: 12Gi, gpu: {count: 2}}, resource_limits: {cpu: 32, memory: 16Gi}}"}},
      {"RETRY_SMALLER",
       {.name = "inherited amounts",
        .profile = "{resource_defaults: {cpuRequest: 8, memoryLimit: 8Gi}}",
        .runners = Each(small)}},
      {"RETRY_SMALLER",
       {.name = "bytes that no suffix shortens",
        .runners = Each("capabilities: {max_memory_bytes: 4294967297}"),
        .request = "{resource_requests: {memory: 8Gi}}"}},
      {"RETRY_SMALLER",
       {.name = "the older `resources`",
        .profile = "{resource_defaults: {memoryRequest: 8Gi}}",
        .runners = Each(small),
        .request = "{resources: {cpu: 8}}"}},
      {"RETRY_SMALLER",
       {.name = "GPUs",
        .runners = Each("capabilities: {max_gpu_count: 1, supported_gpu_types: [a100]}"),
        .request = "{resource_requests: {gpu: {count: 4}}}"}},
      {"USE_OTHER_PROFILE",
       {.profile = per_user, .runners = Each(two_profiles), .more = p2, .request = "{profile_names: [p1]}"}},
      {"USE_OTHER_PROFILE", {.name = "of none that is bound", .request = "{profile_names: [alpha, beta]}"}},
      {"USE_OTHER_RUNNER", {.runners = Each(pending), .more = RunnerText("r9", ""), .request = "{" + here + "}"}},
      {"USE_OTHER_RUNNER", {.name = "a group", .request = "{runner_group_id: gpu}"}},
      {"USE_OTHER_RUNNER", {.name = "a zone", .request = "{zone: z9}"}},
      {"WAIT", {.name = "a connection", .runners = Each("connection_status: DISCONNECTED")}},
      {"WAIT",
       {.name = "free amounts",
        .runners = {"resources: {available_cpu_millicores: 0}",
                    "resources: {available_cpu_millicores: 0, available_memory_bytes: 0}",
                    "connection_status: DISCONNECTED"},
        .request = "{resource_requests: {cpu: 1, memory: 1Gi}}"}},
      {"WAIT",
       {.name = "GPUs",
        .runners = Each(gpus + ", resources: {available_gpu_count: 0}"),
        .request = "{resource_requests: {gpu: {count: 1}}}"}},
      {"ASK_ADMIN",
       {.name = "a CPU quota",
        .more = OrganizationText("quota: {cpu: 64}"),
        .request = "{resource_limits: {cpu: 96}}"}},
      {"ASK_ADMIN",
       {.name = "a memory quota",
        .profile = "{resource_defaults: {memoryLimit: 96Gi}}",
        .more = OrganizationText("quota: {memory: 64Gi}")}},
      {"ASK_ADMIN",
       {.name = "a GPU quota",
        .runners = Each(gpus),
        .more = OrganizationText("quota: {gpu: 1}"),
        .request = "{resource_requests: {gpu: {count: 4}}}"}},
      {"ASK_ADMIN",
       {.name = "an image",
        .more = OrganizationText("allowed_images: ['python:.*']"),
        .request = "{container_image: 'ubuntu:24.04'}"}},
      {"ASK_ADMIN",
       {.name = "a CPU limit",
        .profile = "{resource_defaults: {cpuLimit: 4}}",
        .request = "{resource_limits: {cpu: 8}}"}},
      {"ASK_ADMIN",
       {.name = "a memory limit of bindings",
        .runners = Each("profile_bindings: [{profile_template_id: p1, is_default: true, overrides_json: "
                        "{resource_defaults: {memoryLimit: 4Gi}}}]"),
        .request = "{resource_limits: {memory: 8Gi}}"}},
      {"ASK_ADMIN",
       {.name = "a limit that is missing",
        .profile = "{resource_defaults: {cpuLimit: 4, memoryRequest: 2Gi}}",
        .runners = Each(enforced)}},
      {"ASK_ADMIN",
       {.name = "instance types",
        .profile = "{instance_types: [l4]}",
        .runners = Each("capabilities: {max_gpu_count: 8, supported_gpu_types: [h100, l4]}"),
        .request = "{resource_requests: {gpu: {count: 1, type: h100}}}"}},
      {"ASK_ADMIN",
       {.name = "an egress mode",
        .profile = "{network: {egress: {default: closed, modes: {closed: {type: none}}}}}",
        .request = "{network: {egress_mode: internet}}"}},
      {"ASK_ADMIN",
       {.name = "another organization's profile",
        .profile = "{network: {egress: {default: closed, modes: {closed: {type: none}}}}}",
        .runners = Each("is_shared: true"),
        .request = "{organization_id: acme, network: {egress_mode: internet}}"}},
      {"ASK_ADMIN",
       {.name = "an ingress level with a long name",
        .request = "{network: {ingress_mode: " + std::string(60, 'l') + ", exposed_ports: [80]}}"}},
      {"FIX_REQUEST + RETRY_SMALLER",
       {.profile = "{resource_defaults: {memoryLimit: 8Gi}}",
        .runners = Each(enforced + ", " + small),
        .request = "{resource_requests: {cpu: 8}}"}},
      {"FIX_REQUEST + USE_OTHER_PROFILE",
       {.profile = per_user,
        .runners = Each(enforced + ", " + two_profiles),
        .more = p2,
        .request = "{profile_names: [p1], resource_requests: {cpu: 1, memory: 1Gi}}"}},
      {"FIX_REQUEST + USE_OTHER_RUNNER",
       {.runners = Each(pending),
        .more = RunnerText("r9", enforced),
        .request = "{" + here + ", resource_requests: {cpu: 1, memory: 1Gi}}"}},
      {"RETRY_SMALLER + USE_OTHER_PROFILE",
       {.profile = per_user,
        .runners = Each(small + ", " + two_profiles),
        .more = p2,
        .request = "{profile_names: [p1], resource_requests: {cpu: 8}}"}},
      {"RETRY_SMALLER + USE_OTHER_RUNNER",
       {.runners = Each(pending),
        .more = RunnerText("r9", small),
        .request = "{" + here + ", runner_group_id: g1, resource_requests: {cpu: 8}}"}},
      {"USE_OTHER_PROFILE + USE_OTHER_RUNNER",
       {.runners = Each(pending),
        .more = documents({p2, RunnerText("r9", p2_only)}),
        .request = "{profile_names: [p1], " + here + "}"}},
      {"FIX_REQUEST + RETRY_SMALLER + USE_OTHER_PROFILE",
       {.profile = per_user,
        .runners = Each(enforced + ", " + small + ", " + two_profiles),
        .more = p2,
        .request = "{profile_names: [p1], resource_requests: {cpu: 8, memory: 1Gi}}"}},
      {"FIX_REQUEST + RETRY_SMALLER + USE_OTHER_RUNNER",
       {.runners = Each(pending),
        .more = RunnerText("r9", enforced + ", " + small),
        .request = "{" + here + ", resource_requests: {cpu: 8, memory: 1Gi}}"}},
      {"FIX_REQUEST + USE_OTHER_PROFILE + USE_OTHER_RUNNER",
       {.runners = Each(pending),
        .more = documents({p2, RunnerText("r9", enforced + ", " + p2_only)}),
        .request = "{profile_names: [p1], " + here + ", resource_requests: {cpu: 1, memory: 1Gi}}"}},
      {"RETRY_SMALLER + USE_OTHER_PROFILE + USE_OTHER_RUNNER",
       {.runners = Each(pending),
        .more = documents({p2, RunnerText("r9", small + ", " + p2_only)}),
        .request = "{profile_names: [p1], " + here + ", resource_requests: {cpu: 8}}"}},
  };
}

}  // namespace berth

#endif  // BERTH_TESTS_MESSAGE_EXAMPLES_H_
