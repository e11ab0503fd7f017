#include "tests/random_catalog.h"

#include <algorithm>
#include <utility>

#include "tests/random_spec.h"

namespace berth::generator {
namespace {

// ---- worlds ----

class WorldMaker {
 public:
  explicit WorldMaker(uint64_t seed) : random_(seed), focus_(random_.Pick(PodFocuses())) {}

  RandomWorld Make() {
    world_.objects = Json::array();
    world_.live = Json::object();
    for (const std::string& zone : {kZones[0], kZones[1]}) {
      if (random_.Chance(85)) AddZone(zone);
    }
    if (random_.Chance(1)) AddZone(kZones[0]);
    AddOrganization("default", 2 + random_.Below(4));
    if (random_.Chance(50)) AddOrganization(random_.Pick(kOtherOrganizations), random_.Below(4));
    // Order must not matter.
    for (size_t i = world_.objects.size(); i > 1; --i)
      std::swap(world_.objects[i - 1], world_.objects[random_.Below(i)]);
    return std::move(world_);
  }

 private:
  void AddZone(const std::string& name) {
    Json zone = {{"kind", "Zone"}, {"zone", name}};
    if (random_.Chance(90)) zone["defaults"] = SpecMaker(random_, random_.Chance(40), focus_).Make();
    if (random_.Chance(80)) {
      Json sizes = Json::object();
      for (const auto& [type, size] : {std::pair{"h100", 80}, std::pair{"A100", 40}, std::pair{"l40", 48}}) {
        if (random_.Chance(80)) sizes[type] = Integer(random_, size);
      }
      if (random_.Chance(1)) sizes["a100"] = 40;
      Put(random_, zone, "gpu_memory_gb", sizes);
    }
    world_.objects.push_back(zone);
  }

  void AddOrganization(const std::string& id, size_t runners) {
    world_.organizations.push_back(id);
    if (random_.Chance(85)) AddSettings(id);
    if (random_.Chance(1)) AddSettings(id);
    Names references;
    const size_t profiles = runners == 0 ? random_.Below(2) : 1 + random_.Below(kProfileNames.size());
    for (size_t i = 0; i < profiles; ++i) references.push_back(AddProfile(id, i));
    if (!references.empty() && random_.PerMille(12)) AddProfile(id, 0);
    for (size_t i = 0; i < runners; ++i) AddRunner(id, kRunnerIds[i], references);
    if (runners > 0 && random_.PerMille(12)) AddRunner(id, kRunnerIds[0], references);
  }

  void AddSettings(const std::string& id) {
    Json out = {{"kind", "Organization"}};
    if (id != "default" || random_.Chance(50)) Put(random_, out, "organization_id", id);
    if (random_.Chance(45)) {
      Json quota = Json::object();
      if (random_.Chance(50)) quota["cpu"] = Amount(random_, {"6", "12", "32"});
      if (random_.Chance(50)) quota["memory"] = Amount(random_, {"24Gi", "48Gi", "512Gi"});
      if (random_.Chance(50)) quota["gpu"] = Integer(random_, random_.Chance(50) ? 1 : 2);
      out["quota"] = quota;
    }
    if (random_.Chance(40)) Put(random_, out, "limits_are", random_.Pick(Names{"ceiling", "default", "default"}));
    if (random_.Chance(30)) {
      Put(random_, out, "unnamed_requests", random_.Pick(Names{"any_binding", "default_binding_only"}));
    }
    if (random_.Chance(14)) {
      Put(random_, out, "allowed_images",
          random_.Chance(5) ? Json::array() : Json::array({"ghcr\\.io/acme/.*", "python:3\\.[0-9]+", "debian"}));
    }
    if (random_.Chance(60)) Put(random_, out, "strategy", random_.Pick(Names{"spread", "pack", "first"}));
    if (random_.Chance(70)) AddOpenedPaths(id, out);
    if (random_.Chance(2)) {
      switch (random_.Below(4)) {
        case 0:
          out["allowed_images"] = {"(unclosed"};
          break;
        case 1:
          out["launch_overrides"] = {
              random_.Pick(Names{"namespace", "pod.spec.securityContext", "node_selector.pool", "no_such_field"})};
          break;
        case 2:
          out["strategy"] = "random";
          break;
        default:
          out["quota"] = {{"cpu", "many"}};
          break;
      }
    }
    world_.objects.push_back(out);
  }

  void AddOpenedPaths(const std::string& id, Json& organization) {
    Names& opened = world_.opened[id];
    for (const char* path : {"runtime_class", "instance_types", "node_selector", "tags", "pod.metadata.labels",
                             "pod.placement.instanceTypes", "pod.spec.tolerations", "pod.spec.affinity"}) {
      if (random_.Chance(75)) opened.emplace_back(path);
    }
    for (const char* path : {"pod.spec.containers", "pod.spec.volumes", "pod.spec.hostAliases"}) {
      if (random_.Chance(50)) opened.emplace_back(path);
    }
    for (const char* path : {"pod.spec.containers.env", "pod.spec.containers.name", "pod.spec.volumes.emptyDir"}) {
      if (random_.Chance(20)) opened.emplace_back(path);
    }
    if (random_.Chance(15)) opened.emplace_back("pod.spec");
    if (random_.Chance(10)) opened.emplace_back("pod");
    if (random_.Chance(10)) opened.emplace_back("pod.spec.affinity.inner");
    Put(random_, organization, "launch_overrides", opened);
  }

  // Returns how bindings refer to it.
  std::string AddProfile(const std::string& organization, size_t index) {
    const std::string& name = kProfileNames[index];
    Json profile = {{"kind", "Profile"}};
    Put(random_, profile, "display_name", name);
    std::string reference = name;
    if (random_.Chance(50)) {
      reference = "id-" + std::to_string(index);
      profile["id"] = reference;
    }
    if (organization != "default" || random_.Chance(30)) Put(random_, profile, "organization_id", organization);
    profile["spec"] = SpecMaker(random_, true, focus_).Make();
    if (random_.Chance(20)) profile["labels"] = {{"owner", ""}};
    if (random_.Chance(10)) profile["description"] = "";
    if (random_.Chance(10)) {
      profile = {{"profileTemplate", profile}};
    }
    world_.objects.push_back(profile);
    return reference;
  }

  Json Binding(const std::string& reference, bool is_default) {
    Json out = Json::object();
    Put(random_, out, "profile_template_id", reference);
    // Two bindings of one name refuse their runner.
    if (random_.Chance(35))
      Put(random_, out, "profile_name", random_.Chance(8) ? "gpu" : (is_default ? "main" : "as-" + reference));
    if (is_default || random_.Chance(20)) Put(random_, out, "is_default", is_default);
    if (random_.Chance(55)) {
      const Json spec = SpecMaker(random_, true, focus_).Make();
      Json block = random_.Chance(50) ? spec : Json(spec.dump());
      if (random_.Chance(2)) block = random_.Pick(Names{"", "null", "[]", "{\"tags\":"});
      Put(random_, out, "overrides_json", block);
    }
    return out;
  }

  void AddBindings(Json& runner, Names references) {
    Json bindings = Json::array();
    while (references.size() > 1 && random_.Chance(30)) {
      references.erase(references.begin() + static_cast<std::ptrdiff_t>(random_.Below(references.size())));
    }
    if (random_.Chance(2)) references.push_back("no-such-profile");
    const size_t chosen = references.empty() ? 0 : random_.Below(references.size());
    for (size_t i = 0; i < references.size(); ++i) bindings.push_back(Binding(references[i], i == chosen));
    if (random_.Chance(1) && !references.empty()) bindings.push_back(Binding(references[0], true));
    Put(random_, runner, "profile_bindings", bindings);
  }

  void AddRunner(const std::string& organization, const std::string& id, const Names& references) {
    Json runner = {{"kind", "Runner"}};
    Put(random_, runner, "runner_id", id);
    if (organization != "default" || random_.Chance(30)) Put(random_, runner, "organization_id", organization);
    Json identity = {{"zone", random_.Pick(kZones)}};
    Put(random_, identity, random_.Chance(50) ? "cluster_id" : "cluster_name",
        random_.PerMille(10) ? "c" : "c-" + organization + id);
    if (random_.Chance(60)) Put(random_, identity, "runner_group_id", random_.Pick(kGroups));
    if (random_.PerMille(8)) identity.erase("zone");
    runner["identity"] = identity;
    if (random_.Chance(25)) Put(random_, runner, "is_shared", true);
    AddManagedSpec(runner);
    AddCapabilities(runner);
    AddBindings(runner, references);
    AddStatus(runner);
    world_.objects.push_back(runner);
    if (random_.Chance(20)) AddLive(organization + "/" + id);
  }

  void AddManagedSpec(Json& runner) {
    Json managed = Json::object();
    if (random_.Chance(15)) Put(random_, managed, "enforce_resource_limits", random_.Chance(80));
    if (random_.Chance(50)) Put(random_, managed, "allow_privileged_profile_annotations", random_.Chance(70));
    if (random_.Chance(30)) {
      Json overrides = Json::object();
      if (random_.Chance(60)) Put(random_, overrides, "cpu_runtime_class", random_.Pick(kClasses));
      if (random_.Chance(60)) Put(random_, overrides, "gpu_runtime_class", random_.Pick(kClasses));
      if (random_.Chance(20)) overrides["node_selector"] = {{"own", "pod"}};
      managed["overrides"] = overrides;
    }
    if (random_.PerMille(8)) managed["overrides"] = {{"gpu_runtime_class", "Not A Class"}};
    if (!managed.empty()) Put(random_, runner, "managed_spec", managed);
  }

  void AddCapabilities(Json& runner) {
    constexpr int64_t kGi = int64_t{1} << 30;
    Json can = Json::object();
    const auto integer = [&](size_t percent, const char* name, std::vector<int64_t> pool) {
      if (random_.Chance(percent)) Put(random_, can, name, Integer(random_, random_.Pick(pool)));
    };
    integer(85, "max_cpu_millicores", {6000, 16000, 96000, 96000, 96000, 0});
    integer(85, "max_memory_bytes", {12 * kGi, 24 * kGi, 64 * kGi, 768 * kGi, 768 * kGi, 0});
    integer(95, "max_gpu_count", {1, 4, 8, 8});
    if (random_.Chance(90)) Put(random_, can, "supported_gpu_types", SomeOf(random_, kGpuTypes, 6));
    if (random_.Chance(95)) {
      Put(random_, can, "supported_architectures",
          random_.Chance(60) ? Json(kArchitectures) : Json::array({random_.Pick(kArchitectures)}));
    }
    if (random_.Chance(70)) Put(random_, can, "supports_privileged", random_.Chance(70));
    if (random_.Chance(90)) Put(random_, can, "available_storage_classes", SomeOf(random_, kStorage, 4));
    if (random_.Chance(97)) runner["capabilities"] = can;
    if (random_.Chance(60)) return;
    Json has = Json::object();
    if (random_.Chance(70)) {
      Put(random_, has, "available_cpu_millicores",
          Integer(random_, random_.Pick(std::vector<int64_t>{0, 3000, 40000, 40000})));
    }
    if (random_.Chance(70)) {
      Put(random_, has, "available_memory_bytes",
          Integer(random_, random_.Pick(std::vector<int64_t>{0, 6 * kGi, 400 * kGi, 400 * kGi})));
    }
    if (random_.Chance(70))
      Put(random_, has, "available_gpu_count", Integer(random_, random_.Pick(std::vector<int64_t>{0, 1, 8})));
    runner["resources"] = has;
  }

  void AddStatus(Json& runner) {
    if (random_.Chance(35)) {
      Put(random_, runner, "install_status",
          random_.Chance(92) ? random_.Pick(Names{"READY", "RUNNER_INSTALL_STATUS_READY"})
                             : random_.Pick(Names{"PENDING", "RUNNER_INSTALL_STATUS_FAILED", "DELETING"}));
    }
    if (random_.Chance(35)) {
      Put(random_, runner, "connection_status", random_.Chance(86) ? "CONNECTED" : "DISCONNECTED");
    }
    if (random_.PerMille(6)) runner["connection_status"] = "LOST";
  }

  void AddLive(const std::string& key) {
    Json state = Json::object();
    if (random_.Chance(30)) state["install_status"] = random_.Pick(Names{"READY", "READY", "FAILED", "PROVISIONING"});
    if (random_.Chance(30)) state["connection_status"] = random_.Pick(Names{"CONNECTED", "CONNECTED", "DISCONNECTED"});
    if (random_.Chance(50)) {
      state["available_cpu_millicores"] = random_.Pick(std::vector<int64_t>{0, 2500, 64000, 64000});
      state["available_memory_bytes"] = random_.Pick(std::vector<int64_t>{0, 2684354560, 687194767360, 687194767360});
      state["available_gpu_count"] = random_.Pick(std::vector<int64_t>{0, 1, 8});
    }
    if (random_.Chance(15)) state["stale"] = true;
    world_.live[key] = state;
  }

  Random random_;
  const Names& focus_;
  RandomWorld world_;
};

// ---- requests ----

class RequestMaker {
 public:
  RequestMaker(const RandomWorld& world, Random& random) : world_(world), random_(random) {}

  Json Make() {
    Who();
    Where();
    if (random_.Chance(40)) Set("container_image", random_.Pick(kImages));
    if (random_.Chance(3)) Set("container_image", "");
    What();
    if (random_.Chance(24)) Network();
    if (random_.Chance(12)) Annotations();
    if (random_.Chance(22)) Overrides();
    if (random_.Chance(5)) request_["tags"] = Json::array({"carried", Json{{"any", nullptr}}});
    if (random_.Chance(5)) Spoil();
    return std::move(request_);
  }

 private:
  void Set(const std::string& name, Json value) { Put(random_, request_, name, std::move(value)); }

  void Who() {
    organization_ = random_.Chance(75) ? "default" : random_.Pick(world_.organizations);
    if (random_.Chance(1)) organization_ = "nobody";
    if (organization_ != "default" || random_.Chance(30)) Set("organization_id", organization_);
    if (random_.Chance(80)) Set("user_id", random_.Pick(Names{"u-1", "Jane Doe", "u.2", "42"}));
    if (random_.Chance(80)) {
      Set("sandbox_id",
          random_.Chance(25) ? std::string(56 + random_.Below(8), 's') : "sb-" + std::to_string(random_.Below(1000)));
    }
  }

  void Where() {
    if (random_.Chance(24)) {
      Json names = SomeOf(
          random_, {"agent", "agent", "ci", "main", "main", "as-ci", "id-0", "id-1", "gpu", "no-such-profile"}, 4);
      Set(random_.Chance(70) ? "profile_names" : "profile_ids", names);
    }
    if (random_.Chance(3)) Set("profile_ids", Json::array({"id-0"}));
    if (random_.Chance(16)) {
      Set("runner_ids", SomeOf(random_, random_.Chance(7) ? Names{"r-9"} : Names{"r-1", "r-2", "r-3"}, 3));
    }
    if (random_.Chance(10)) Set("runner_group_id", random_.Pick(Names{"blue", "blue", "green", "green", "red", ""}));
    if (random_.Chance(10)) Set("zone", random_.Pick(Names{"us-east", "us-east", "eu-west", "ap", "mars"}));
  }

  Json Gpu(bool wire) {
    Json gpu = Json::object();
    const std::string before = wire ? "gpu_" : "";
    Put(random_, gpu, before + "count", Integer(random_, random_.Pick(std::vector<int64_t>{1, 1, 1, 2, 4, 9})));
    if (random_.Chance(50)) {
      Put(random_, gpu, before + "type", random_.Pick(Names{"h100", "h100", "a100", "L40", "b200"}));
    } else if (random_.Chance(30)) {
      Put(random_, gpu, before + "memory_gb", Integer(random_, random_.Pick(std::vector<int64_t>{40, 48, 80, 141})));
    }
    return gpu;
  }

  void What() {
    const bool wants_gpu = random_.Chance(20);
    const Json gpu = wants_gpu ? Gpu(random_.Chance(30)) : Json();
    if (random_.Chance(10)) {
      Json resources = Json::object();
      if (random_.Chance(80)) resources["cpu"] = Amount(random_, kCpus);
      if (random_.Chance(80)) resources["memory"] = Amount(random_, kMemories);
      if (wants_gpu) resources["gpu"] = gpu;
      request_["resources"] = resources;
    } else {
      Sides(gpu);
    }
    if (random_.Chance(25)) Set("architecture", random_.Pick(Names{"amd64", "amd64", "amd64", "amd64", "arm64", ""}));
    if (random_.Chance(10)) Set("privileged", random_.Chance(80));
    if (random_.Chance(10)) Set("storage_classes", SomeOf(random_, kStorage, 2));
  }

  void Sides(const Json& gpu) {
    Json requests = Json::object();
    Json limits = Json::object();
    if (random_.Chance(45)) requests["cpu"] = Amount(random_, kCpus);
    if (random_.Chance(45)) requests["memory"] = Amount(random_, kMemories);
    // A limit beside a request is the largest of the pool, mostly: a request above its limit is invalid.
    const auto limit = [&](const char* name, const Names& pool, const char* large) {
      if (random_.Chance(30))
        limits[name] = requests.contains(name) && random_.Chance(97) ? Json(large) : Amount(random_, pool);
    };
    limit("cpu", kCpus, "12");
    limit("memory", kMemories, "16Gi");
    if (!gpu.is_null()) {
      const size_t side = random_.Below(3);
      if (side != 0) requests["gpu"] = gpu;
      if (side != 1) limits["gpu"] = gpu;
    }
    if (!requests.empty()) Set("resource_requests", requests);
    if (!limits.empty()) Set("resource_limits", limits);
  }

  void Network() {
    Json network = Json::object();
    if (random_.Chance(60))
      Put(random_, network, "egress_mode", random_.Pick(Names{"deny", "web", "web", "list", "team", "", ""}));
    if (random_.Chance(60)) {
      Put(random_, network, "ingress_mode", random_.Chance(75) ? kLevels[0] : kLevels[1]);
      Put(random_, network, "exposed_ports", Json::array({Integer(random_, 8080)}));
    }
    request_["network"] = network;
  }

  void Annotations() {
    Json map = Json::object();
    for (const std::string& key : kLabelKeys) {
      if (random_.Chance(50)) map[key] = "x";
    }
    if (random_.Chance(10)) map["sandbox-id"] = "x";
    Set("pod_annotations", map);
  }

  void Overrides() {
    const auto found = world_.opened.find(organization_);
    SpecMaker maker(random_, false);
    if (random_.Chance(6)) {
      Set("overrides", maker.Make());
      return;
    }
    if (found == world_.opened.end() || found->second.empty()) return;
    Json spec = Json::object();
    for (size_t left = 1 + random_.Below(2); left > 0; --left) AddOverride(maker, random_.Pick(found->second), spec);
    request_["overrides"] = spec;
  }

  void AddOverride(SpecMaker& maker, const std::string& path, Json& spec) {
    const auto or_null = [&](Json value) { return random_.Chance(15) ? Json() : value; };
    const std::string value = random_.Pick(kClasses);
    if (path == "runtime_class") {
      if (random_.Chance(80))
        Put(random_, spec, path, or_null(value));
      else
        spec["pod"]["spec"]["runtimeClassName"] = value;
    } else if (path == "instance_types") {
      Put(random_, spec, path, or_null(maker.InstanceTypes()));
    } else if (path == "node_selector") {
      if (random_.Chance(80))
        Put(random_, spec, path, or_null(maker.Labels()));
      else
        spec["pod"]["spec"]["nodeSelector"] = maker.Labels();
    } else if (path == "tags") {
      spec["tags"] = or_null(Json::array({"mine"}));
    } else if (path == "pod.metadata.labels") {
      spec["pod"]["metadata"]["labels"] = or_null(maker.Labels());
    } else if (path == "pod.placement.instanceTypes") {
      spec["pod"]["placement"]["instanceTypes"] = or_null(maker.InstanceTypes());
    } else if (path == "pod.spec.affinity.inner") {
      spec["pod"]["spec"]["affinity"]["inner"] = or_null({{"deep", 9}});
    } else if (path == "pod.spec.affinity") {
      spec["pod"]["spec"]["affinity"] = or_null({{"inner", {{"deep", nullptr}}}});
    } else if (path == "pod.spec.tolerations") {
      spec["pod"]["spec"]["tolerations"] = or_null(maker.Tolerations());
    } else if (path == "pod.spec.hostAliases") {
      spec["pod"]["spec"]["hostAliases"] = or_null(maker.HostAliases());
    } else if (path.rfind("pod.spec.containers", 0) == 0) {
      spec["pod"]["spec"]["containers"] = random_.Chance(3) ? Json() : maker.LaunchContainers();
    } else if (path.rfind("pod.spec.volumes", 0) == 0) {
      spec["pod"]["spec"]["volumes"] = random_.Chance(3) ? Json() : maker.LaunchVolumes();
    } else if (random_.Chance(20)) {
      spec["pod"]["spec"] = or_null(maker.PodSpec());
    } else {
      spec["pod"]["spec"]["schedulerName"] = or_null("mine");
    }
  }

  void Spoil();

  const RandomWorld& world_;
  Random& random_;
  std::string organization_;
  Json request_ = Json::object();
};

// One mistake of each kind that makes a request invalid.
void RequestMaker::Spoil() {
  switch (random_.Below(24)) {
    case 0:
      Set("sandbox_id", random_.Pick(Names{"Upper", "a.b", std::string(64, 'a')}));
      break;
    case 1:
      Set("resource_requests", {{"cpu", "8"}});
      Set("resource_limits", {{"cpu", "4"}});
      break;
    case 2:
      Set("resource_requests", {{"memory", random_.Pick(Names{"8Q", "-1Gi", "1 Gi"})}});
      break;
    case 3:
      Set("resources", {{"cpu", "1"}});
      Set("resource_limits", {{"cpu", "1"}});
      break;
    case 4:
      Set("resource_requests", {{"gpu", {{"type", "h100"}}}});
      break;
    case 5:
      Set("resource_requests", {{"gpu", {{"count", 0}}}});
      break;
    case 6:
      Set("resource_requests", {{"gpu", {{"count", 1}, {"type", "h100"}, {"memory_gb", 80}}}});
      break;
    case 7:
      Set("resource_requests", {{"gpu", {{"count", 1}}}});
      Set("resource_limits", {{"gpu", {{"count", 2}}}});
      break;
    case 8:
      Set("network", {{"exposed_ports", {80}}});
      break;
    case 9:
      Set("network", {{"ingress_mode", "public"}});
      break;
    case 10:
      Set("network", {{"ingress_mode", "public"}, {"exposed_ports", {0, 70000, 80, 80}}});
      break;
    case 11:
      Set("pod_annotations", {{"team", ""}, {"bad key", "x"}});
      break;
    case 12:
      Set("pod_annotations", {{"io.katacontainers.config", "x"}});
      break;
    case 13:
      Set("container_image", "Not An Image");
      break;
    case 14:
      request_["unknown"] = 1;
      break;
    case 15:
      Set("overrides", {{"container_image", "debian"}});
      break;
    case 16:
      Set("overrides", {{"namespace", {{"strategy", "static"}}}});
      break;
    case 17:
      Set("overrides", {{"pod", nullptr}});
      break;
    case 18:
      Set("profile_names", Json::array({""}));
      break;
    case 19:
      Set("privileged", "true");
      break;
    case 20:
      Set("overrides",
          {{"pod",
            {{"spec",
              {{"containers", Json::array({{{"name", "x"}, {"securityContext", {{"privileged", true}}}}})}}}}}});
      break;
    case 21:
      Set("overrides", {{"resource_defaults", {{"cpuLimit", nullptr}}}});
      break;
    case 22: {
      Json many = Json::object();
      for (int i = 0; i < 101; ++i) many["k" + std::to_string(i)] = "x";
      Set("pod_annotations", many);
      break;
    }
    default:
      request_["userId"] = "x";
      request_["user_id"] = "x";
      break;
  }
}

}  // namespace
}  // namespace berth::generator

namespace berth {

RandomWorld MakeRandomWorld(uint64_t seed) { return generator::WorldMaker(seed).Make(); }

nlohmann::json MakeRandomRequest(const RandomWorld& world, Random& random) {
  return generator::RequestMaker(world, random).Make();
}

}  // namespace berth
