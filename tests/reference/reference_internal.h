// The parts that the reference answers are made of. NEVER USE THIS IN PRODUCTION; see reference.h.
#ifndef BERTH_TESTS_REFERENCE_REFERENCE_INTERNAL_H_
#define BERTH_TESTS_REFERENCE_REFERENCE_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/reference/reference.h"

namespace berth::reference {

__extension__ typedef __int128 Int128;

using Path = std::vector<std::string>;
using Strings = std::vector<std::string>;

// Something wrong in a document: where, in the spelling of violations (`network.exposed_ports[1]`), and why.
struct Problem {
  std::string field;
  std::string what;
};
using Problems = std::vector<Problem>;

// ---- reference_values.cc: single values ----

enum class Resource { kCpu, kMemory };

struct Quantity {
  std::string text;        // canonical
  std::int64_t units = 0;  // millicores or bytes, rounded up
};

std::optional<Quantity> ParseQuantity(const std::string& text, Resource resource);
std::optional<Quantity> QuantityOf(const Json& value, Resource resource);  // a string or a number
std::string MillicoresText(std::int64_t millicores);
std::string BytesText(std::int64_t bytes);

bool Matches(const std::string& text, const std::string& pattern);  // RE2, the whole text
std::string Lower(const std::string& text);                         // ASCII only
bool IsDnsLabel(const std::string& text);
bool IsDnsSubdomain(const std::string& text);
bool IsLabelKey(const std::string& text);
bool IsAnnotationKey(const std::string& text);
bool IsLabelValue(const std::string& text);
bool IsAnnotationValue(const std::string& text);
bool IsPlainName(const std::string& text);  // modes, levels, tags
bool IsNamespacePrefix(const std::string& text);
bool IsImageReference(const std::string& text);
bool IsStrictCidr(const std::string& text);
bool IsReservedKey(const std::string& key);
bool IsRestrictedKey(const std::string& key);
bool IsHostTemplate(const std::string& text);  // syntax, and every label without a variable
bool TemplateNeedsSandboxId(const std::string& text);
std::string RenderHost(const std::string& text, const std::string& sandbox_id, const std::string& name_space);
bool IsHostName(const std::string& text);

std::uint64_t Fnv1a64(const std::string& text);
std::uint64_t Mix(std::uint64_t value);  // the splitmix64 finaliser

// The namespace of one identity; `parts` are organization[, user or profile display name].
std::string NamespaceName(const std::string& prefix, const std::string& strategy, const Strings& parts);

std::optional<std::int64_t> IntegerOf(const Json& value);  // an integer or a plain decimal string

// ---- reference_decode.cc: one layer ----

std::string Join(const std::string& at, const std::string& name);
std::string AtKey(const std::string& at, const std::string& key);
std::string AtIndex(const std::string& at, std::size_t index);
std::string Snake(const std::string& name);

// The known members of `object` by their canonical names; both spellings are accepted, and both at once refused.
std::map<std::string, Json> Members(const Json& object, const Strings& known, const std::string& at,
                                    Problems* problems);
// A list of non-empty strings; null is an empty list.
Strings DecodeStrings(const Json& value, const std::string& at, Problems* problems);
// A partial spec in the structured spelling, quantities canonical, nulls kept, pod spellings folded, reserved keys
// dropped. What is wrong is left out and added to `problems`.
Json DecodeSpec(const Json& in, const std::string& at, Problems* problems);

// ---- reference_pod.cc: inside `pod.spec` ----

// In a path, an element of a list that merges stands under its key: `pod`, `spec`, `containers`, `side`, `image`.

// The members by which the elements of the list at `path` are told apart; none where a list is replaced whole.
Strings MergeKeys(const Path& path);
// The key of an element of the list at `list`; nothing when a part of it is absent, or empty where it may not be.
std::optional<std::string> ElementKey(const Path& list, const Json& element);
// The members of the object at `path` of which Kubernetes takes one.
Strings OneOf(const Path& path);
bool IsDelete(const Json& value);   // an object with `$patch: delete`
bool IsReplace(const Json& value);  // an object with `$patch: replace`
bool Removes(const Json& value);    // null, or an object with `$patch: delete`
Json DecodePodSpec(const Json& in, const std::string& at, Problems* problems);

// ---- reference_merge.cc: layers to one spec ----

struct Layer {
  std::string name;  // zone, profile, binding, sandbox
  Json spec;
};

// The leaves that the layers so far give, and the leaves (and lists that merge) that a `null` or a `$patch` took away.
struct Merged {
  struct Leaf {
    Json value;
    std::size_t layer = 0;  // index into `layers`
  };
  std::vector<Layer> layers;
  std::map<Path, Leaf> leaves;
  std::map<Path, Strings> lists;  // the lists that merge and have elements: their keys in the order of the result
  std::map<Path, std::size_t> unset;
};

void AddLayer(Merged* merged, const std::string& name, const Json& spec);

inline constexpr std::size_t kDefaultLayer = static_cast<std::size_t>(-1);

// A merged spec after the rules of "after the merge": folded instance types, defaults, and what is wrong with it.
struct Finished {
  struct Field {
    Json value;
    std::size_t layer = 0;  // kDefaultLayer for a default
    Path written;           // the path at which the layer wrote it
  };
  std::map<Path, Field> fields;
  Json spec = Json::object();
  Strings errors;
};

Finished Finish(const Merged& merged, bool allow_restricted_annotations);
Json BuildTree(const std::map<Path, Json>& leaves, const std::map<Path, Strings>& lists);
const Json* Find(const Json& root, const Path& path);  // null when absent
std::string Pointer(const Path& path);                 // RFC 6901
std::string TextAt(const Json& root, const Path& path);
std::optional<Quantity> QuantityAt(const Json& spec, const std::string& member);  // of resource_defaults
Json FieldsOf(const Merged& merged, const Finished& finished);                    // berth.explanation/v1 `fields`

// ---- reference_catalog.cc: documents ----

struct Binding {
  std::string name;
  std::string reference;
  Json profile_id;  // null without one
  std::string display_name;
  bool is_default = false;
  bool dangling = false;
  bool refused = false;  // a document that it is made of is wrong, or missing
  bool invalid = false;  // refused, or its effective spec has an error
  Merged merged[2];      // CPU launches, GPU launches
  Finished effective[2];
};

// What a runner says of itself; the live state may be written over a copy of it.
struct RunnerFacts {
  std::string organization, id, zone, group;
  Json cpu_class, gpu_class;  // null when not set
  bool refused = false, shared = false, enforce_limits = false, allow_restricted = false, privileged = false;
  std::int64_t max_cpu = 0, max_memory = 0, max_gpu = 0;
  std::optional<std::int64_t> available_cpu, available_memory, available_gpu;
  Strings gpu_types, architectures, storage_classes;
  std::string install_status = "READY", connection_status = "CONNECTED";
  std::map<std::string, std::int64_t> gpu_memory;  // of its zone, keys in lower case
  Json cluster_id, cluster_name;
};

struct Runner : RunnerFacts {
  std::vector<Binding> bindings;
};

struct Organization {
  bool refused = false;
  std::optional<Quantity> quota_cpu, quota_memory;
  std::optional<std::int64_t> quota_gpu;
  bool ceiling = true;
  bool default_binding_only = false;
  std::optional<Strings> allowed_images;
  std::string strategy = "spread";
  std::vector<Path> launch_overrides;
};

struct CatalogData {
  std::vector<Runner> runners;  // those that are served
  std::map<std::string, Organization> organizations;
  Organization OrganizationOf(const std::string& id) const;
};

std::optional<std::string> StatusText(const Json& value, const std::string& prefix, const Strings& known);

// ---- reference_request.cc: one launch ----

struct Request {
  std::string organization = "default", user, sandbox_id, group, zone, image, architecture;
  Strings profiles, runners, storage_classes;
  std::optional<Quantity> request_cpu, request_memory, limit_cpu, limit_memory;
  bool gpu = false, privileged = false;
  std::int64_t gpu_count = 0, gpu_memory_gb = 0;
  std::string gpu_type, egress_mode, ingress_mode;
  Json layer = Json::object();  // the sandbox layer
  Problems violations;
};

Request DecodeRequest(const CatalogData& catalog, const Json& in, const std::string& default_organization);
Json ViolationList(const Problems& problems);
// The first leaf of decoded overrides that `opened` does not open, in the spelling of violations.
std::optional<std::string> FirstClosedPath(const Json& overrides, const std::vector<Path>& opened);
// A path of `launch_overrides`, or nothing when it names no field or one that can never be opened.
std::optional<Path> ParseOpenedPath(const std::string& text);

// ---- reference_resolve.cc: one launch on one binding ----

// What a launch gets from its candidate: shared by Admit and Resolve. A null `name_space` could not be computed.
struct Outcome {
  Merged merged;
  Finished resolved;
  Json name_space;  // the name, or null
  Json host;        // the rendered name, or null
  bool host_invalid = false;
};

Outcome ResolveCandidate(const RunnerFacts& runner, const Binding& binding, const Request& request,
                         bool effective_only);
Json NamespaceObject(const Outcome& outcome);
Json EgressObject(const Finished& effective, const std::string& mode);
Json IngressObject(const Finished& effective, const std::string& level, const Json& host);

// ---- reference_admit.cc: one decision ----

// One constraint that one candidate fails.
struct Reason {
  int rank = 0;  // row and dimension: precedence
  std::string code, action, capability;
  Json requested;
  Strings names;                     // what this candidate offers, as names
  std::optional<Quantity> quantity;  // or as one amount
  Json layer;
};

struct Candidate {
  RunnerFacts runner;  // with the live state written over the document's
  const Binding* binding = nullptr;
  Outcome outcome;
  std::vector<Reason> reasons;
};

// What a decision is made of. An invalid request has neither candidates nor an organization.
struct Decision {
  Request request;
  Organization organization;
  std::vector<Candidate> visible;     // in catalog order, not judged
  std::vector<Candidate> candidates;  // those of them that are in scope, judged
};

Decision Decide(const CatalogData& data, const Json& request, const Json& live);
// All that the caller may see, in catalog order, not judged.
std::vector<Candidate> VisibleCandidates(const CatalogData& data, const Request& request, const Json& live,
                                         bool defaults_only);
bool MatchesProfile(const Candidate& candidate, const Request& request);
bool MatchesRunner(const Candidate& candidate, const Request& request);
bool MatchesGroup(const Candidate& candidate, const Request& request);
bool MatchesZone(const Candidate& candidate, const Request& request);
// Evaluates every constraint for a candidate without reasons.
void JudgeCandidate(const Organization& organization, const Request& request, Candidate* candidate);
// Whether a GPU of this type is what the launch asks for.
bool GpuTypeWouldDo(const RunnerFacts& runner, const std::string& type, const Request& request);
// The highest layer, as an index, that set an effective leaf below `path`.
std::optional<std::size_t> HighestLayerBelow(const Finished& effective, const Path& path);
// The candidates without reasons, best first. `candidates` is in catalog order.
std::vector<const Candidate*> Ranked(const std::vector<Candidate>& candidates, const Request& request,
                                     const std::string& strategy);
Json PlacementOf(const Candidate& candidate);

// ---- reference_remedy.cc: what would help ----

// The `remedies` of a request that is rejected.
Json Remedies(const CatalogData& data, const Json& request, const Json& live);

}  // namespace berth::reference

#endif  // BERTH_TESTS_REFERENCE_REFERENCE_INTERNAL_H_
