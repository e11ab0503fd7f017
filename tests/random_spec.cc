#include "tests/random_spec.h"

namespace berth::generator {

std::string OtherSpelling(const std::string& name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_') {
      ++i;
      out += i < name.size() && name[i] >= 'a' && name[i] <= 'z' ? static_cast<char>(name[i] - 'a' + 'A') : name[i];
    } else if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

void Put(Random& random, Json& record, const std::string& name, Json value) {
  record.erase(name);
  record.erase(OtherSpelling(name));
  record[random.Chance(20) ? OtherSpelling(name) : name] = std::move(value);
}

Json SomeOf(Random& random, const Names& pool, size_t most) {
  Json out = Json::array();
  for (size_t left = random.Below(most + 1); left > 0; --left) {
    const std::string& name = random.Pick(pool);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

Json Amount(Random& random, const Names& pool) {
  const std::string& text = random.Pick(pool);
  if (random.Chance(10) && text.find_first_not_of("0123456789.") == std::string::npos) return Json::parse(text);
  return text;
}

Json Integer(Random& random, int64_t value) { return random.Chance(15) ? Json(std::to_string(value)) : Json(value); }

Json SpecMaker::Metadata(bool annotations) {
  Json metadata = Json::object();
  const auto with_reserved = [&](Json map) {
    if (random_.Chance(10)) map["sandbox-id"] = "x";
    if (random_.Chance(10)) map["sandbox.coreweave.com/organization"] = nullptr;
    return map;
  };
  Member(metadata, 65, 7, "labels", [&] { return with_reserved(Labels()); });
  if (!annotations) return metadata;
  Member(metadata, 65, 7, "annotations", [&] {
    Json map = with_reserved(Labels());
    if (random_.Chance(4)) map["io.katacontainers.config"] = "x";
    if (random_.Chance(2)) map["io.katacontainers.config"] = nullptr;
    return map;
  });
  return metadata;
}

Json SpecMaker::MainContainer() {
  Json main = {{"name", ""}};
  if (random_.Chance(50)) main["image"] = Value(8, [&] { return Json(random_.Pick(kImages)); });
  if (random_.Chance(60)) {
    Json resources = Json::object();
    Json limits = Json::object();
    if (random_.Chance(60)) limits["cpu"] = Value(8, [&] { return Amount(random_, kCpuLimits); });
    if (random_.Chance(60)) limits["memory"] = Value(8, [&] { return Amount(random_, kMemoryLimits); });
    if (random_.Chance(15)) limits["ephemeral-storage"] = "1Gi";
    if (random_.Chance(80)) resources["limits"] = limits;
    if (random_.Chance(30)) resources["requests"] = {{"cpu", Value(8, [] { return Json("250m"); })}};
    main["resources"] = resources;
  }
  if (random_.Chance(30)) main["securityContext"] = {{"privileged", random_.Chance(50)}};
  return main;
}

// Objects, lists and scalars under one name, so that kinds meet between layers.
void SpecMaker::AddPodFields(Json& spec) {
  const auto any = [&]() -> Json {
    switch (random_.Below(6)) {
      case 0:
        return Json::object();
      case 1:
        return Json::array({1, Json{{"a", nullptr}, {"b", "x"}}});
      case 2:
        return "text";
      case 3:
        return {{"inner", {{"deep", random_.Below(3)}, {"gone", nullptr}}}};
      case 4:
        return {{"inner", nullptr}, {"other", Json::object()}};
      default:
        return {{"inner", {{"more", true}}}};
    }
  };
  for (const char* name : {"aFutureField", "dFutureField"}) {  // open: no table knows their type
    if (random_.Chance(30)) spec[name] = Value(10, any);
  }
  if (random_.Chance(25)) {
    spec["tolerations"] = Value(10, [&] { return Json::array({{{"key", random_.Pick(kLabelKeys)}}}); });
  }
  if (random_.Chance(15)) spec["terminationGracePeriodSeconds"] = Value(15, [&] { return Json(random_.Below(3)); });
  if (random_.Chance(10)) spec["hostNetwork"] = random_.Chance(50);
  if (random_.Chance(10)) spec["volumes"] = Json::array({{{"name", "v"}, {"emptyDir", Json::object()}}});
  if (random_.Chance(10)) spec["securityContext"] = {{"runAsUser", 1000}};
}

Json SpecMaker::PodSpec() {
  Json spec = Json::object();
  if (random_.Chance(25)) spec["nodeSelector"] = Value(8, [&] { return Labels(); });
  if (random_.Chance(20)) spec["runtimeClassName"] = Value(10, [&] { return Json(random_.Pick(kClasses)); });
  if (random_.Chance(25)) {
    Json containers = Json::array();
    if (random_.Chance(85)) containers.push_back(MainContainer());
    if (random_.Chance(30)) containers.push_back({{"name", "side"}, {"image", "busybox"}});
    spec["containers"] = containers;
  }
  AddPodFields(spec);
  return spec;
}

// One mistake of a kind that a layer can be refused for.
void SpecMaker::Spoil(Json& spec) {
  const auto mode = [&](Json value) { spec["network"] = {{"egress", {{"default", "m"}, {"modes", {{"m", value}}}}}}; };
  switch (random_.Below(18)) {
    case 0:
      spec["containr_image"] = "x";
      break;
    case 1:
      spec["resource_defaults"] = {{"cpuLimit", random_.Pick(Names{"1.5.0", "-1", "1 Gi", "4x"})}};
      break;
    case 2:
      spec["container_image"] = random_.Pick(Names{"Not An Image", "UPPER/case", ""});
      break;
    case 3:
      mode({{"type", "allowlist"}, {"cidrs", {random_.Pick(Names{"10.0.0.1/8", "10.0.0.0", "::ffff:1.2.3.0/120"})}}});
      break;
    case 4:
      mode({{"type", "internet"}, {"cidrs", Json::array()}});
      break;
    case 5:
      mode({{"type", "everything"}});
      break;
    case 6:
      spec["node_selector"] = {{random_.Pick(Names{"bad key", "-x", "a/b/c"}), "v"}};
      break;
    case 7:
      spec["node_selector"] = {{"k", random_.Chance(50) ? Json("not a label value") : Json(true)}};
      break;
    case 8:
      spec["network"] = {{"ingress", {{"public", {{"service", {{"dnsAnnotation", {{"key", "a"}}}}}}}}}};
      break;
    case 9:
      spec["network"] = {{"ingress", {{"public", {{"ingress", {{"template", "{{.User}}.x"}}}}}}}};
      break;
    case 10:
      spec["tags"] = Json::array({"a", nullptr});
      break;
    case 11:
      spec["instance_types"] = "h100";
      break;
    case 12:
      spec["resource_defaults"] = {{"cpuLimit", "1"}, {"cpu_limit", "1"}};
      break;
    case 13:
      spec["namespace"] = {{"strategy", "static"}};
      break;
    case 14:
      spec["namespace"] = {{"namespacePrefix", random_.Pick(Names{"Upper", "-x", std::string(41, 'a')})}};
      break;
    case 15:
      spec["pod"] = {{"spec", {{"volumes", Json::array({nullptr})}}}};
      break;
    case 16:
      spec["pod"] = {{"spec", {{"affinity", {{"$patch", "replace"}}}}}};
      break;
    default:
      spec["pod"] = {
          {"spec",
           {{"containers", Json::array({{{"name", ""}, {"resources", {{"limits", {{"nvidia.com/gpu", 1}}}}}}})}}}};
      break;
  }
}

}  // namespace berth::generator
