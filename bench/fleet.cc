#include "bench/fleet.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "berth/engine/tie_hash.h"

namespace berth::bench {
namespace {

using Json = nlohmann::json;

constexpr size_t kProfiles = 10;
constexpr size_t kZones = 4;
constexpr size_t kBindingsPerRunner = 4;
constexpr size_t kRunnersPerSource = 5000;
constexpr int64_t kGibi = int64_t{1} << 30;
constexpr std::array<std::string_view, 5> kGpus = {"a100", "b200", "h100", "h200", "l40s"};

std::string Numbered(std::string_view name, size_t number) { return std::string(name) + "-" + std::to_string(number); }

FleetProfile MakeProfile(size_t index, bool alike) {
  const size_t kind = alike ? kProfiles - 2 : index;
  FleetProfile profile;
  profile.name = Numbered("profile", index);
  profile.cpu_limit_millicores = static_cast<int64_t>(4 + kind * 4) * 1000;
  profile.memory_limit_bytes = static_cast<int64_t>(16 + kind * 16) * kGibi;
  profile.egress_modes = {"deny-all"};
  if (kind % 2 == 0) profile.egress_modes.emplace_back("internet");
  return profile;
}

void SetFree(size_t index, Capacity capacity, FleetRunner& runner) {
  runner.reports_free = capacity != Capacity::kUnreported;
  runner.free_cpu_millicores = runner.max_cpu_millicores;
  runner.free_memory_bytes = runner.max_memory_bytes;
  runner.free_gpus = runner.max_gpus;
  if (capacity != Capacity::kScattered) return;
  // At least a quarter is free, but never all GPUs.
  const uint64_t random = Mix64(index + 1);
  runner.free_cpu_millicores -= static_cast<int64_t>(random % 96001);
  runner.free_memory_bytes -= static_cast<int64_t>((random >> 20U) % 769) * kGibi;
  runner.free_gpus -= static_cast<int64_t>(1 + (random >> 40U) % 6);
}

// The only kind when all are alike; its bindings have no overrides, and launches that fit anywhere fit it.
constexpr size_t kTypicalKind = 2;

FleetBinding MakeBinding(size_t kind, size_t ordinal, bool own_limits) {
  FleetBinding binding;
  binding.profile = (kind + ordinal * 3) % kProfiles;
  binding.is_default = ordinal == 0;
  const size_t number = kind * kBindingsPerRunner + ordinal;
  if (own_limits) {
    binding.cpu_limit_millicores = 4000 + static_cast<int64_t>(number);
  } else if (number % 5 == 2) {
    binding.cpu_limit_millicores = 48000;
  }
  return binding;
}

FleetRunner MakeRunner(size_t index, size_t bindings, const FleetOptions& options) {
  const size_t kind = options.runner_kinds == 1 ? kTypicalKind : index % options.runner_kinds;
  const bool own_limits = options.runner_kinds > FleetOptions::kUsualRunnerKinds;
  FleetRunner runner;
  runner.id = Numbered("runner", index);
  runner.zone = Numbered("zone", index / 8 % kZones);
  runner.ready = index % 67 != 13;
  runner.connected = index % 67 != 29;
  runner.architecture = kind % 8 >= 6 ? "arm64" : "amd64";
  runner.gpu_type = kGpus[kind % kGpus.size()];
  runner.storage_classes = {"nvme"};
  if (kind % 3 == 0) runner.storage_classes.emplace_back("vast");
  runner.max_cpu_millicores = 128000;
  runner.max_memory_bytes = 1024 * kGibi;
  runner.max_gpus = 8;
  SetFree(index, options.capacity, runner);
  for (size_t i = 0; i < bindings; ++i) runner.bindings.push_back(MakeBinding(kind, i, own_limits));
  return runner;
}

// As the next of the catalog's sources.
void AddDocuments(const Json& documents, Catalog& catalog) {
  const std::string name = Numbered("fleet", catalog.files) + ".json";
  AddSource(std::make_shared<const SourceText>(name, documents.dump()), catalog);
}

int64_t CpuLimitOf(const FleetBinding& binding, const Fleet& fleet) {
  return binding.cpu_limit_millicores > 0 ? binding.cpu_limit_millicores
                                          : fleet.profiles[binding.profile].cpu_limit_millicores;
}

Json ZoneDocument(const std::string& zone) {
  return {{"kind", "Zone"}, {"zone", zone}, {"defaults", {{"node_selector", {{"zone", zone}}}}}};
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
  Json document = {
      {"kind", "Runner"},
      {"organization_id", "acme"},
      {"runner_id", runner.id},
      {"identity", {{"zone", runner.zone}, {"cluster_name", "cluster-of-" + runner.id}, {"runner_group_id", "all"}}},
      {"install_status", runner.ready ? "READY" : "PROVISIONING"},
      {"connection_status", runner.connected ? "CONNECTED" : "DISCONNECTED"},
      {"capabilities",
       {{"max_cpu_millicores", runner.max_cpu_millicores},
        {"max_memory_bytes", runner.max_memory_bytes},
        {"max_gpu_count", runner.max_gpus},
        {"supported_gpu_types", {runner.gpu_type}},
        {"supported_architectures", {runner.architecture}},
        {"available_storage_classes", runner.storage_classes}}},
      {"profile_bindings", std::move(bindings)}};
  if (runner.reports_free) {
    document["resources"] = {{"available_cpu_millicores", runner.free_cpu_millicores},
                             {"available_memory_bytes", runner.free_memory_bytes},
                             {"available_gpu_count", runner.free_gpus}};
  }
  return document;
}

}  // namespace

Fleet MakeFleet(const FleetOptions& options) {
  Fleet fleet;
  for (size_t i = 0; i < kZones; ++i) fleet.zones.push_back(Numbered("zone", i));
  for (size_t i = 0; i < kProfiles; ++i) fleet.profiles.push_back(MakeProfile(i, options.runner_kinds == 1));
  for (size_t made = 0; made < options.bindings; made += fleet.runners.back().bindings.size()) {
    const size_t bindings = std::min(kBindingsPerRunner, options.bindings - made);
    fleet.runners.push_back(MakeRunner(fleet.runners.size(), bindings, options));
  }
  return fleet;
}

size_t ShapesOf(const Fleet& fleet) {
  std::set<std::tuple<std::string_view, std::string_view, size_t, int64_t, int64_t, size_t>> shapes;
  for (const FleetRunner& runner : fleet.runners) {
    for (const FleetBinding& binding : runner.bindings) {
      const FleetProfile& profile = fleet.profiles[binding.profile];
      shapes.emplace(runner.architecture, runner.gpu_type, runner.storage_classes.size(), CpuLimitOf(binding, fleet),
                     profile.memory_limit_bytes, profile.egress_modes.size());
    }
  }
  return shapes.size();
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

Json DocumentsOf(const Fleet& fleet) {
  Json documents = Json::array();
  for (const std::string& zone : fleet.zones) documents.push_back(ZoneDocument(zone));
  for (const FleetProfile& profile : fleet.profiles) documents.push_back(DocumentOf(profile));
  for (const FleetRunner& runner : fleet.runners) documents.push_back(DocumentOf(runner, fleet));
  return documents;
}

Catalog CatalogOf(const Fleet& fleet) {
  Catalog catalog;
  Json documents = DocumentsOf({fleet.zones, fleet.profiles, {}});
  for (size_t i = 0; i < fleet.runners.size(); ++i) {
    documents.push_back(DocumentOf(fleet.runners[i], fleet));
    if ((i + 1) % kRunnersPerSource != 0 && i + 1 < fleet.runners.size()) continue;
    AddDocuments(documents, catalog);
    documents = Json::array();
  }
  return catalog;
}

Object ObjectOf(const FleetProfile& profile) {
  Catalog catalog;
  AddDocuments(DocumentOf(profile), catalog);
  return std::move(catalog.objects.front());
}

}  // namespace berth::bench
