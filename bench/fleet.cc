#include "bench/fleet.h"

#include <array>
#include <string_view>

namespace berth::bench {
namespace {

using Json = nlohmann::json;

constexpr size_t kProfiles = 10;
constexpr size_t kBindingsPerRunner = 4;
constexpr int64_t kGibi = int64_t{1} << 30;
constexpr std::array<std::string_view, 5> kGpus = {"a100", "b200", "h100", "h200", "l40s"};

// splitmix64's finaliser: a value for each index, without a state.
uint64_t Scatter(uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

FleetProfile MakeProfile(size_t index) {
  FleetProfile profile;
  profile.name = "profile-" + std::to_string(index);
  profile.cpu_limit_millicores = static_cast<int64_t>(4 + index * 4) * 1000;
  profile.memory_limit_bytes = static_cast<int64_t>(16 + index * 16) * kGibi;
  profile.egress_modes = {"deny-all"};
  if (index % 2 == 0) profile.egress_modes.emplace_back("internet");
  return profile;
}

FleetRunner MakeRunner(size_t index) {
  const uint64_t random = Scatter(index);
  FleetRunner runner;
  runner.id = "runner-" + std::to_string(index);
  runner.ready = index % 67 != 13;
  runner.connected = index % 67 != 29;
  runner.architecture = index % 4 == 3 ? "arm64" : "amd64";
  runner.gpu_type = kGpus[index % kGpus.size()];
  runner.storage_classes = {"nvme"};
  if (index % 3 == 0) runner.storage_classes.emplace_back("vast");
  runner.max_cpu_millicores = 128000;
  runner.max_memory_bytes = 1024 * kGibi;
  runner.max_gpus = 8;
  runner.free_cpu_millicores = static_cast<int64_t>(random % 128000);
  runner.free_memory_bytes = static_cast<int64_t>((random >> 20U) % 1024) * kGibi;
  runner.free_gpus = static_cast<int64_t>((random >> 40U) % 9);
  for (size_t i = 0; i < kBindingsPerRunner; ++i) {
    FleetBinding binding;
    binding.profile = (index + i * 3) % kProfiles;
    binding.is_default = i == 0;
    if ((index * kBindingsPerRunner + i) % 5 == 0) binding.cpu_limit_millicores = 48000;
    runner.bindings.push_back(binding);
  }
  return runner;
}

Json DocumentOf(const FleetProfile& profile) {
  Json modes = Json::object();
  for (const std::string& mode : profile.egress_modes) modes[mode] = {{"type", mode == "internet" ? mode : "none"}};
  return {{"kind", "Profile"},
          {"organization_id", "acme"},
          {"display_name", profile.name},
          {"spec",
           {{"container_image", "registry.example.com/acme/" + profile.name + ":1.0"},
            {"resource_defaults",
             {{"cpuRequest", "1"},
              {"memoryRequest", "1Gi"},
              {"cpuLimit", std::to_string(profile.cpu_limit_millicores) + "m"},
              {"memoryLimit", std::to_string(profile.memory_limit_bytes / kGibi) + "Gi"}}},
            {"node_selector", {{"pool", profile.name}}},
            {"network", {{"egress", {{"default", "deny-all"}, {"modes", modes}}}}}}}};
}

Json DocumentOf(const FleetRunner& runner, const Fleet& fleet) {
  Json bindings = Json::array();
  for (const FleetBinding& binding : runner.bindings) {
    Json document = {{"profile_template_id", fleet.profiles[binding.profile].name}, {"is_default", binding.is_default}};
    if (binding.cpu_limit_millicores > 0) {
      const Json override_spec = {
          {"resource_defaults", {{"cpuLimit", std::to_string(binding.cpu_limit_millicores) + "m"}}}};
      document["overrides_json"] = override_spec.dump();
    }
    bindings.push_back(std::move(document));
  }
  return {{"kind", "Runner"},
          {"organization_id", "acme"},
          {"runner_id", runner.id},
          {"identity", {{"zone", "zone-1"}, {"cluster_name", "cluster-of-" + runner.id}, {"runner_group_id", "all"}}},
          {"install_status", runner.ready ? "READY" : "PROVISIONING"},
          {"connection_status", runner.connected ? "CONNECTED" : "DISCONNECTED"},
          {"capabilities",
           {{"max_cpu_millicores", runner.max_cpu_millicores},
            {"max_memory_bytes", runner.max_memory_bytes},
            {"max_gpu_count", runner.max_gpus},
            {"supported_gpu_types", {runner.gpu_type}},
            {"supported_architectures", {runner.architecture}},
            {"available_storage_classes", runner.storage_classes}}},
          {"resources",
           {{"available_cpu_millicores", runner.free_cpu_millicores},
            {"available_memory_bytes", runner.free_memory_bytes},
            {"available_gpu_count", runner.free_gpus}}},
          {"profile_bindings", std::move(bindings)}};
}

}  // namespace

Fleet MakeFleet(size_t bindings) {
  Fleet fleet;
  for (size_t i = 0; i < kProfiles; ++i) fleet.profiles.push_back(MakeProfile(i));
  for (size_t i = 0; i < bindings / kBindingsPerRunner; ++i) fleet.runners.push_back(MakeRunner(i));
  return fleet;
}

Json DocumentsOf(const Fleet& fleet) {
  Json documents = Json::array();
  documents.push_back({{"kind", "Zone"}, {"zone", "zone-1"}, {"defaults", {{"node_selector", {{"zone", "zone-1"}}}}}});
  for (const FleetProfile& profile : fleet.profiles) documents.push_back(DocumentOf(profile));
  for (const FleetRunner& runner : fleet.runners) documents.push_back(DocumentOf(runner, fleet));
  return documents;
}

}  // namespace berth::bench
