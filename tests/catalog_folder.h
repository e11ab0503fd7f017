// A folder of its own for tests that edit a catalog while it is served, and the objects that go into it.

#ifndef BERTH_TESTS_CATALOG_FOLDER_H_
#define BERTH_TESTS_CATALOG_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace berth {

// Holds everything below one temporary folder, which goes with it. Names are relative to that.
class CatalogFolder {
 public:
  CatalogFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "berth_catalog_XXXXXX").string();
    top_ = mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
  }
  CatalogFolder(const CatalogFolder&) = delete;
  CatalogFolder& operator=(const CatalogFolder&) = delete;
  ~CatalogFolder() {
    std::error_code ignored;
    if (!top_.empty()) std::filesystem::remove_all(top_, ignored);
  }

  [[nodiscard]] std::string At(std::string_view name) const { return top_ + "/" + std::string(name); }

  // In place, as an editor without care does it.
  void Write(std::string_view name, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(At(name)).parent_path());
    std::ofstream(At(name), std::ios::binary | std::ios::trunc) << text;
  }
  // In one step: readers see the old text or the new one.
  void Put(std::string_view name, std::string_view text) const {
    const std::filesystem::path path = At(name);
    Write(".staged", text);
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::rename(At(".staged"), path);
  }
  void Remove(std::string_view name) const { std::filesystem::remove_all(At(name)); }
  void Move(std::string_view from, std::string_view to) const { std::filesystem::rename(At(from), At(to)); }
  void MakeFolder(std::string_view name) const { std::filesystem::create_directories(At(name)); }
  // `target` as it is written into the link. Replaces the link in one step.
  void Link(std::string_view target, std::string_view name) const {
    std::filesystem::create_symlink(target, At(".link"));
    std::filesystem::rename(At(".link"), At(name));
  }

 private:
  std::string top_;
};

inline std::string ZoneText(std::string_view zone) { return "{kind: Zone, zone: " + std::string(zone) + "}\n"; }

inline std::string ProfileText(std::string_view name, std::string_view cpu_limit = "4") {
  return "{kind: Profile, display_name: " + std::string(name) +
         ", spec: {resource_defaults: {cpuLimit: " + std::string(cpu_limit) + "}}}\n";
}

inline std::string RunnerText(std::string_view id, std::string_view profile) {
  return "{kind: Runner, runner_id: " + std::string(id) + ", identity: {zone: z1, cluster_name: " + std::string(id) +
         "}, profile_bindings: [{profile_template_id: " + std::string(profile) + ", is_default: true}]}\n";
}

// Documents of one file.
inline std::string Documents(std::initializer_list<std::string> texts) {
  std::string all;
  for (const std::string& text : texts) all.append(all.empty() ? "" : "---\n").append(text);
  return all;
}

}  // namespace berth

#endif  // BERTH_TESTS_CATALOG_FOLDER_H_
