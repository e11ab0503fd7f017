// NEVER USE THIS IN PRODUCTION: IT IS SLOW ON PURPOSE AND ONLY TESTS LINK IT.
//
// The reference answers: what a catalog, a live state and a launch request must give, computed the obvious way.
//
// Guarantees:  written from the semantics alone; shares no code with the libraries it checks. The same inputs give
//              the same documents, whatever the order of the catalog's objects.
// Fails when:  never for bad catalogs or requests (those are answers); std::bad_alloc apart, nothing is thrown.
// Ownership:   takes and returns JSON values; a Catalog keeps what it needs of its objects.
// Threads:     const functions may run concurrently.
// Cost:        thousands of allocations for each candidate. That is the point.
// Example:     reference::Catalog c(objects); Json decision = reference::Admit(c, request, Json::object(), true);
// Not here:    messages, positions, revisions, finding codes, YAML.
// Tested by:   tests/reference/reference_test.cc
#ifndef BERTH_TESTS_REFERENCE_REFERENCE_H_
#define BERTH_TESTS_REFERENCE_REFERENCE_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace berth::reference {

using Json = nlohmann::json;

struct CatalogData;

// A catalog: a JSON array of documents, each with `kind` (Zone, Profile, Runner, Organization), in either spelling.
// Documents that are refused leave the traces that the catalog rules ask for: an absent runner, an invalid binding.
class Catalog {
 public:
  explicit Catalog(const Json& objects);
  const CatalogData& data() const { return *data_; }

 private:
  std::shared_ptr<const CatalogData> data_;
};

// The `berth.decision/v1` document without `message` and `catalog_revision`; every `source` is null; `violations` are
// the sorted, distinct `{"field"}` objects; each rejection has its `remedies`. `live` maps "<organization>/<runner_id>"
// to members that replace the runner document's (`install_status`, `connection_status`, `available_*`;
// `"stale": true`).
// `all` adds `per_candidate`.
Json Admit(const Catalog& catalog, const Json& request, const Json& live, bool all);

// The `berth.resolved/v1` document, or `{"violations": [...]}` for an invalid request, `{"invalid": true}` for an
// invalid binding, `{"unknown": "runner" | "profile"}` for a name that is not there. An empty `profile` is the default
// binding; `request` may be null; `effective_only` leaves the sandbox layer out.
Json Resolve(const Catalog& catalog, const std::string& organization, const std::string& runner,
             const std::string& profile, const Json* request, bool effective_only);

// The `berth.explanation/v1` document without any `source`. An invalid binding shows the fields that could be read
// and carries `"invalid": true`; other failures are those of Resolve.
Json Explain(const Catalog& catalog, const std::string& organization, const std::string& runner,
             const std::string& profile, const Json* request, bool effective_only);

}  // namespace berth::reference

#endif  // BERTH_TESTS_REFERENCE_REFERENCE_H_
