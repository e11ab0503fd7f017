// A made-up catalog as text, the same on every machine: the objects of a number of organizations, as YAML and as JSON.
//
// Each organization has profiles with specs, and runners with bindings, of which a third have overrides: JSON in a
// string and blocks, about as many of the one as of the other. All organizations share a few zones. Keys stand in the
// order in which people write them; the YAML has comments, quotes and short lists in brackets as hand-written files do.

#ifndef BERTH_BENCH_CATALOG_TEXT_H_
#define BERTH_BENCH_CATALOG_TEXT_H_

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace berth::bench {

enum class CatalogContent { kAll, kProfiles, kRunners, kRunnersWithoutBindings };

struct CatalogText {
  std::string yaml;  // a document for each object
  std::string json;  // an array
  size_t objects = 0;
  size_t profiles = 0;
  size_t runners = 0;
  size_t bindings = 0;
};

CatalogText MakeCatalogText(size_t organizations, CatalogContent content);

// The object as the catalog's YAML writes its own.
void AppendYamlObject(const nlohmann::ordered_json& object, std::string& out);

}  // namespace berth::bench

#endif  // BERTH_BENCH_CATALOG_TEXT_H_
