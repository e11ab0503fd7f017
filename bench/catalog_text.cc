#include "bench/catalog_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/writer.h"

namespace berth::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kProfilesPerOrganization = 12;
constexpr size_t kRunnersPerOrganization = 40;
constexpr int64_t kGibi = int64_t{1} << 30;
constexpr std::array<std::string_view, 5> kGpus = {"A100", "B200", "H100", "H200", "L40S"};
constexpr std::array<std::string_view, 4> kZones = {"us-east-1", "us-west-2", "eu-west-1", "ap-south-1"};
constexpr std::array<std::string_view, 6> kPurposes = {"agent", "ci", "etl", "render", "web-service", "workspace"};

void AppendYaml(const Json& value, size_t indent, std::string& out);

void AppendYamlText(const std::string& text, std::string& out) {
  // JSON in a string is what people put in single quotes.
  if (text.starts_with('{') && text.find('\'') == std::string::npos) {
    out.append("'").append(text).append("'");
  } else {
    AppendYamlScalar(text, out);
  }
}

void AppendYamlLeaf(const Json& value, std::string& out) {
  if (value.is_string()) {
    AppendYamlText(value.get_ref<const std::string&>(), out);
  } else {
    out.append(value.dump());
  }
}

// In brackets: what is empty, and lists of a few texts.
bool FitsALine(const Json& value) {
  if (!value.is_structured() || value.empty()) return true;
  return value.is_array() && value.size() <= 3 &&
         std::ranges::none_of(value, [](const Json& item) { return item.is_structured(); });
}

void AppendYamlLine(const Json& value, std::string& out) {
  if (!value.is_structured()) {
    AppendYamlLeaf(value, out);
  } else if (value.is_object()) {
    out.append("{}");
  } else {
    out.push_back('[');
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out.append(", ");
      AppendYamlLeaf(value[i], out);
    }
    out.push_back(']');
  }
  out.push_back('\n');
}

// Members or elements, the first where the text ends, the others in lines of their own.
void AppendYaml(const Json& value, size_t indent, std::string& out) {
  bool first = true;
  for (const auto& [key, member] : value.items()) {
    if (!first) out.append(indent, ' ');
    first = false;
    if (value.is_array()) {
      out.append("- ");
      if (FitsALine(member)) {
        AppendYamlLine(member, out);
      } else {
        AppendYaml(member, indent + 2, out);
      }
      continue;
    }
    AppendYamlScalar(key, out);
    if (FitsALine(member)) {
      out.append(": ");
      AppendYamlLine(member, out);
    } else {
      out.append(":\n").append(indent + 2, ' ');
      AppendYaml(member, indent + 2, out);
    }
  }
}

class Generator {
 public:
  explicit Generator(CatalogContent content) : content_(content) {}

  CatalogText Run(size_t organizations) {
    text_.json = "[";
    for (std::string_view zone : kZones) Add(Zone(zone), "");
    for (size_t i = 0; i < organizations; ++i) AddOrganization("org-" + std::to_string(i));
    text_.json.append("\n]\n");
    return std::move(text_);
  }

 private:
  // The standard says what this engine gives, unlike the distributions.
  size_t Random(size_t bound) { return random_() % bound; }
  bool Chance(size_t percent) { return Random(100) < percent; }
  template <typename T, size_t kSize>
  std::string OneOf(const std::array<T, kSize>& choices) {
    return std::string(choices[Random(kSize)]);
  }

  void Add(const Json& object, std::string_view comment);
  void AddOrganization(const std::string& name);
  static Json Zone(std::string_view name);
  Json Profile(const std::string& organization, const std::string& name);
  Json Spec(const std::string& organization, const std::string& name);
  Json Pod();
  Json Runner(const std::string& organization, size_t index, std::span<const std::string> profiles);
  Json Binding(const std::string& profile);
  Json Override();

  CatalogContent content_;
  CatalogText text_;
  std::mt19937_64 random_{20240229};
};

void Generator::Add(const Json& object, std::string_view comment) {
  text_.json.append(text_.objects == 0 ? "\n" : ",\n").append(object.dump());
  text_.yaml.append("---\n").append(comment);
  AppendYaml(object, 0, text_.yaml);
  ++text_.objects;
}

void Generator::AddOrganization(const std::string& name) {
  const bool all = content_ == CatalogContent::kAll;
  if (all) {
    Add({{"kind", "Organization"},
         {"organization_id", name},
         {"quota", {{"cpu", "64"}, {"memory", "512Gi"}, {"gpu", 8}}},
         {"strategy", "spread"}},
        "");
  }
  std::vector<std::string> profiles;
  for (size_t i = 0; i < kProfilesPerOrganization; ++i) {
    profiles.push_back(OneOf(kPurposes) + "-" + std::to_string(i));
    const Json profile = Profile(name, profiles.back());
    if (!all && content_ != CatalogContent::kProfiles) continue;
    Add(profile, Chance(30) ? "# Agreed with the platform team; ask there before the limits are raised.\n" : "");
    ++text_.profiles;
  }
  if (content_ == CatalogContent::kProfiles) return;
  for (size_t i = 0; i < kRunnersPerOrganization; ++i) {
    Json runner = Runner(name, i, profiles);
    if (content_ == CatalogContent::kRunnersWithoutBindings) {
      runner.erase("profile_bindings");
    } else {
      text_.bindings += runner["profile_bindings"].size();
    }
    Add(runner, "");
    ++text_.runners;
  }
}

Json Generator::Zone(std::string_view name) {
  return {{"kind", "Zone"},
          {"zone", name},
          {"defaults",
           {{"container_image", "mirror." + std::string(name) + ".example.com/library/python:3.11"},
            {"resource_defaults",
             {{"cpuRequest", "500m"}, {"memoryRequest", "1Gi"}, {"cpuLimit", "2"}, {"memoryLimit", "4Gi"}}},
            {"node_selector", {{"node-pool", "sandbox"}}}}},
          {"gpu_memory_gb", {{"A100", 80}, {"B200", 192}, {"H100", 80}, {"H200", 141}, {"L40S", 48}}}};
}

Json Generator::Pod() {
  Json pod = {
      {"metadata",
       {{"labels", {{"app.kubernetes.io/part-of", OneOf(kPurposes)}, {"cost-center", std::to_string(Random(9000))}}},
        {"annotations", {{"example.com/owner", "team-" + std::to_string(Random(40)) + "@example.com"}}}}}};
  if (Chance(50)) {
    pod["spec"] = {{"priorityClassName", "sandbox-" + OneOf(kPurposes)},
                   {"terminationGracePeriodSeconds", 30},
                   {"tolerations", {{{"key", "sandbox"}, {"operator", "Exists"}, {"effect", "NoSchedule"}}}}};
  }
  return pod;
}

Json Generator::Spec(const std::string& organization, const std::string& name) {
  const size_t cores = 1 + Random(16);
  Json spec = {
      {"container_image", "registry.example.com/" + organization + "/" + name + ":1." + std::to_string(Random(40))},
      {"resource_defaults",
       {{"cpuRequest", std::to_string(cores * 500) + "m"},
        {"memoryRequest", std::to_string(cores) + "Gi"},
        {"cpuLimit", std::to_string(cores * 2)},
        {"memoryLimit", std::to_string(cores * 4) + "Gi"}}},
      {"node_selector", {{"node-pool", OneOf(kPurposes)}, {"topology.kubernetes.io/region", OneOf(kZones)}}}};
  if (Chance(30)) spec["runtime_class"] = "gvisor";
  if (Chance(30)) spec["tags"] = {name, "tier-" + std::to_string(Random(4))};
  spec["namespace"] = {{"strategy", "per-user"}, {"namespacePrefix", "sb-"}, {"labels", {{"team", OneOf(kPurposes)}}}};
  Json modes = {{"deny-all", {{"type", "none"}}}, {"internet", {{"type", "internet"}}}};
  if (Chance(30)) {
    Json cidrs = Json::array();
    for (size_t i = 0; i < 1 + Random(6); ++i) cidrs.push_back("10." + std::to_string(i) + ".0.0/16");
    modes["office"] = {{"type", "allowlist"}, {"cidrs", std::move(cidrs)}};
  }
  spec["network"] = {{"egress", {{"default", "deny-all"}, {"modes", std::move(modes)}}}};
  if (Chance(40)) {
    spec["network"]["ingress"] = {
        {"public",
         {{"scope", "any"},
          {"expectsExternalAddress", true},
          {"service",
           {{"serviceType", "LoadBalancer"},
            {"dnsAnnotation",
             {{"key", "external-dns.alpha.kubernetes.io/hostname"}, {"value", "{{.SandboxID}}.example.com"}}}}},
          {"ingress",
           {{"controllerName", "nginx"}, {"template", "{{.SandboxID}}." + organization + ".example.com"}}}}}};
  }
  if (Chance(60)) spec["pod"] = Pod();
  return spec;
}

Json Generator::Profile(const std::string& organization, const std::string& name) {
  return {{"kind", "Profile"},
          {"organization_id", organization},
          {"display_name", name},
          {"description", "Sandboxes of " + name + ": offline unless the launch asks for the internet"},
          {"labels", {{"owner", OneOf(kPurposes) + "-team"}}},
          {"spec", Spec(organization, name)}};
}

Json Generator::Override() {
  Json spec = Json::object();
  const size_t kind = Random(4);
  if (kind != 1) {
    spec["resource_defaults"] = {{"cpuLimit", std::to_string(32 + Random(8)) + "000m"}, {"memoryLimit", "128Gi"}};
  }
  if (kind >= 1) spec["node_selector"] = {{"topology.kubernetes.io/region", OneOf(kZones)}};
  if (kind >= 3) spec["network"] = {{"egress", {{"default", "internet"}}}};
  return spec;
}

Json Generator::Binding(const std::string& profile) {
  Json binding = {{"profile_template_id", profile}};
  if (Chance(30)) binding["profile_name"] = profile + "-here";
  if (Chance(30)) {
    Json spec = Override();
    if (Chance(50)) {
      binding["overrides_json"] = spec.dump();
    } else {
      binding["overrides_json"] = std::move(spec);
    }
  }
  return binding;
}

Json Generator::Runner(const std::string& organization, size_t index, std::span<const std::string> profiles) {
  const std::string zone = OneOf(kZones);
  const std::string id = zone + "-runner-" + std::to_string(index);
  const int64_t free_cores = static_cast<int64_t>(Random(128));
  Json bindings = Json::array();
  const size_t first = Random(profiles.size());
  const size_t count = 2 + Random(7);
  for (size_t i = 0; i < count; ++i) bindings.push_back(Binding(profiles[(first + i) % profiles.size()]));
  bindings[0]["is_default"] = true;
  Json runner = {{"kind", "Runner"},
                 {"organization_id", organization},
                 {"runner_id", id},
                 {"identity",
                  {{"zone", zone},
                   {"cluster_name", organization + "-" + id},
                   {"runner_group_id", "group-" + std::to_string(Random(5))}}}};
  if (Chance(50)) {
    runner["managed_spec"] = {{"release_channel", "STABLE"},
                              {"overrides", {{"cpu_runtime_class", "gvisor"}, {"gpu_runtime_class", "kata-qemu"}}},
                              {"enforce_resource_limits", true}};
  }
  runner["install_status"] = "READY";
  runner["connection_status"] = Chance(95) ? "CONNECTED" : "DISCONNECTED";
  runner["capabilities"] = {{"max_cpu_millicores", 128000},
                            {"max_memory_bytes", 1024 * kGibi},
                            {"max_gpu_count", 8},
                            {"supported_gpu_types", {OneOf(kGpus)}},
                            {"supported_architectures", {Chance(20) ? "arm64" : "amd64"}},
                            {"available_storage_classes", {"nvme", "shared-vast"}}};
  runner["resources"] = {{"available_cpu_millicores", free_cores * 1000},
                         {"available_memory_bytes", free_cores * 8 * kGibi},
                         {"available_gpu_count", static_cast<int64_t>(Random(9))},
                         {"running_sandboxes", static_cast<int64_t>(Random(60))}};
  runner["profile_bindings"] = std::move(bindings);
  runner["created_at"] = "2024-02-29T08:" + std::to_string(10 + Random(50)) + ":00Z";
  return runner;
}

}  // namespace

CatalogText MakeCatalogText(size_t organizations, CatalogContent content) {
  return Generator(content).Run(organizations);
}

void AppendYamlObject(const nlohmann::ordered_json& object, std::string& out) { AppendYaml(object, 0, out); }

}  // namespace berth::bench
