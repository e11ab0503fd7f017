// Rules between the objects of a catalog, and the links they leave.
//
// Who is refused when a rule fails (semantics, "Catalog rules"): every party of a collision, so that the order of files
// never matters; a runner with a broken set of bindings; only the binding when its profile is the trouble.
//
// Threads:  a pure function over the objects it is given
// Cost:     O(objects log objects)
// Tested by: tests/validate_catalog_test.cc

#ifndef BERTH_VALIDATE_CATALOG_H_
#define BERTH_VALIDATE_CATALOG_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/objects.h"

namespace berth {

enum class CatalogUse : uint8_t {
  kLint,   // files under review: fragments are fine, what is not given is not missed
  kServe,  // a catalog that answers: everything must be there
};

struct BindingLink {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t profile = kNone;  // index of the profile's object, also of a refused one
  bool valid = false;      // false: the binding is PROFILE_INVALID before any spec is looked at
  std::string name;        // effective: alias, else the profile's display name, else the reference text
};

struct RunnerLink {
  size_t runner = 0;                  // index of the runner's object
  size_t zone = BindingLink::kNone;   // index of the zone's object; kNone when there is no document
  std::vector<BindingLink> bindings;  // one for each binding, in order
};

struct CatalogLinks {
  std::vector<RunnerLink> runners;       // those that are not refused
  std::vector<size_t> organizations;     // also refused ones
  std::vector<size_t> unbound_profiles;  // valid profiles that no served runner binds
};

// Marks refused objects, appends issues to the objects they belong to, and links what is left.
CatalogLinks LinkCatalog(std::span<Object> objects, CatalogUse use);

}  // namespace berth

#endif  // BERTH_VALIDATE_CATALOG_H_
