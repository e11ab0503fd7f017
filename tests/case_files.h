// The case files of tests/cases (see the README there): finding them, reading them, and the objects that one describes.

#ifndef BERTH_TESTS_CASE_FILES_H_
#define BERTH_TESTS_CASE_FILES_H_

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace berth {

inline std::filesystem::path CasesFolder() {
  const std::filesystem::path folder = "tests/cases";
  return std::filesystem::exists(folder) ? folder : std::filesystem::path(__FILE__).parent_path() / "cases";
}

// `merge/binding-sets-only-node-selector` of every case, sorted.
inline std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CasesFolder())) {
    if (entry.path().extension() != ".json") continue;
    names.push_back(std::filesystem::relative(entry.path(), CasesFolder()).replace_extension().generic_string());
  }
  std::ranges::sort(names);
  return names;
}

// Discarded when the file is not well formed.
inline nlohmann::ordered_json ReadCase(const std::string& name) {
  std::ifstream file(CasesFolder() / (name + ".json"));
  std::stringstream text;
  text << file.rdbuf();
  return nlohmann::ordered_json::parse(text.str(), nullptr, /*allow_exceptions=*/false);
}

// The catalog of a case that only says what each layer holds.
inline nlohmann::ordered_json ObjectsOfLayers(const nlohmann::ordered_json& layers) {
  using Json = nlohmann::ordered_json;
  Json zone = {{"kind", "Zone"}, {"zone", "z1"}};
  if (layers.contains("zone")) zone["defaults"] = layers["zone"];
  const Json profile = {{"kind", "Profile"}, {"display_name", "p1"}, {"spec", layers.value("profile", Json::object())}};
  Json binding = {{"profile_template_id", "p1"}, {"is_default", true}};
  if (layers.contains("binding")) binding["overrides_json"] = layers["binding"];
  Json runner = {{"kind", "Runner"}, {"runner_id", "r1"}, {"identity", {{"zone", "z1"}, {"cluster_name", "c1"}}}};
  if (layers.contains("runner")) runner["managed_spec"] = {{"overrides", layers["runner"]}};
  runner["profile_bindings"] = Json::array({binding});
  return Json::array({zone, profile, runner});
}

// The objects that a case gives as JSON: those of `catalog` and of `layers`, not those of `files`.
inline nlohmann::ordered_json ObjectsOf(const nlohmann::ordered_json& description) {
  nlohmann::ordered_json objects = description.value("catalog", nlohmann::ordered_json::array());
  if (!description.contains("layers")) return objects;
  for (const auto& object : ObjectsOfLayers(description["layers"])) objects.push_back(object);
  return objects;
}

// The text of one of a case's `files`.
inline std::string TextOfLines(const nlohmann::ordered_json& lines) {
  std::string text;
  for (const auto& line : lines) text.append(line.get<std::string>()).append("\n");
  return text;
}

}  // namespace berth

#endif  // BERTH_TESTS_CASE_FILES_H_
