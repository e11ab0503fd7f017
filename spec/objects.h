// The objects a catalog is made of: zones, profiles, runners with their bindings, and organizations.
//
// Plain values decoded from documents. Where a value can be a guardrail, its position is kept with it, so that an
// answer can say which line refused. A refused object still lends its names, as far as they were readable.
//
// Ownership:  values; spec trees are shared and immutable
// Not here:   what one launch asks (berth/spec/launch.h), rules between objects (berth/validate/catalog.h)

#ifndef BERTH_SPEC_OBJECTS_H_
#define BERTH_SPEC_OBJECTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/fold.h"
#include "berth/spec/issue.h"
#include "berth/spec/node.h"
#include "berth/spec/position.h"
#include "berth/spec/quantity.h"

namespace berth {

inline constexpr std::string_view kDefaultOrganization = "default";

// A value and the place that set it; the position is unknown where nothing did.
template <typename T>
struct Located {
  T value{};
  Position position;
};

// The amount in the unit in which `resource` is compared; nothing where nothing is set.
inline std::optional<int64_t> UnitsOf(const std::optional<Located<Quantity>>& quantity, Resource resource) {
  return quantity ? quantity->value.UnitsOf(resource) : std::nullopt;
}

struct Zone {
  std::string zone;
  NodeRef defaults;                                           // layer 1, folded; null when absent
  std::vector<DroppedValue> dropped;                          // of `defaults`
  std::map<std::string, int64_t, std::less<>> gpu_memory_gb;  // GPU type in lower case to GiB
};

struct Profile {
  std::string id;  // empty when the document has none
  std::string organization_id;
  std::string display_name;
  std::string description;
  NodeRef spec;                       // layer 2, folded
  std::vector<DroppedValue> dropped;  // of `spec`
};

struct Binding {
  std::string profile_template_id;
  std::string profile_name;  // alias, or empty
  bool is_default = false;
  NodeRef overrides;                  // layer 3, folded; null when absent
  std::vector<DroppedValue> dropped;  // of `overrides`
  bool overrides_valid = true;        // false: only this binding is refused
  Position position;
};

enum class InstallStatus : uint8_t { kReady, kPending, kProvisioning, kFailed, kDeleting, kUnspecified };
enum class ConnectionStatus : uint8_t { kConnected, kDisconnected, kUnspecified };
std::string_view InstallStatusName(InstallStatus status);
std::string_view ConnectionStatusName(ConnectionStatus status);
// The status of this name; kUnspecified for any other.
InstallStatus InstallStatusOf(std::string_view name);
ConnectionStatus ConnectionStatusOf(std::string_view name);

// What a runner's cluster can do at most. Zero CPU or memory means unknown: no limit.
struct Capabilities {
  Located<int64_t> max_cpu_millicores;
  Located<int64_t> max_memory_bytes;
  Located<int64_t> max_gpu_count;
  Located<std::vector<std::string>> gpu_types;  // the runner's spelling
  Located<std::vector<std::string>> architectures;
  Located<bool> supports_privileged;
  Located<std::vector<std::string>> storage_classes;
};

// What is free now; nothing where the runner does not report it.
struct Available {
  std::optional<int64_t> cpu_millicores;
  std::optional<int64_t> memory_bytes;
  std::optional<int64_t> gpu_count;
  std::optional<int64_t> running_sandboxes;
  Position position;
};

struct Runner {
  std::string runner_id;
  std::string organization_id;
  std::string display_name;
  bool has_identity = false;
  std::string zone;
  std::string cluster_id;
  std::string cluster_name;
  std::string group;
  bool is_shared = false;
  Located<InstallStatus> install_status;
  Located<ConnectionStatus> connection_status;
  Capabilities capabilities;
  Available available;
  Located<bool> enforce_resource_limits;
  bool allow_privileged_profile_annotations = false;
  NodeRef cpu_runtime_class;  // Layer::kRunner; null when absent
  NodeRef gpu_runtime_class;
  std::vector<Binding> bindings;
};

enum class LimitsAre : uint8_t { kCeiling, kDefault };
enum class UnnamedRequests : uint8_t { kAnyBinding, kDefaultBindingOnly };
enum class Strategy : uint8_t { kSpread, kPack, kFirst };

struct Organization {
  std::string organization_id;
  std::optional<Located<Quantity>> quota_cpu;
  std::optional<Located<Quantity>> quota_memory;
  std::optional<Located<int64_t>> quota_gpu;
  LimitsAre limits_are = LimitsAre::kCeiling;
  UnnamedRequests unnamed_requests = UnnamedRequests::kAnyBinding;
  Strategy strategy = Strategy::kSpread;
  std::optional<Located<std::vector<std::string>>> allowed_images;  // nothing: any image
  std::vector<Located<std::string>> launch_overrides;
};

// A runner document without identity (a patch) or a spec alone (a fragment): checked by lint, never served.
enum class ObjectForm : uint8_t { kWhole, kFragment };

struct Object {
  std::string key;   // where its source keeps it: `runners/a.yaml#runner/acme/us-east-1`
  std::string file;  // for messages and sources
  Position position;
  std::string path;  // pointer to it in its document
  ObjectForm form = ObjectForm::kWhole;
  NodeRef node;          // as decoded; null when it could not be
  bool refused = false;  // has an error of its own; never served
  // Refused by rules that were already applied: it lends its names, and takes part in no rule any more.
  bool withheld = false;
  std::variant<Zone, Profile, Runner, Organization> value;
  std::vector<Issue> issues;
};

std::string_view ObjectKindName(const Object& object);

// Every object of one document, by `kind` or by shape, also inside `{"profileTemplate": ...}` and
// `{"runnerId": ..., "runner": ...}`, and as elements of a top-level list. What is no object at all becomes an issue in
// `issues`; what is wrong inside an object is in that object's own issues. `finish` sees each object as soon as it is
// decoded: while its tree is still in the processor's cache.
std::vector<Object> DecodeObjects(const Document& document, std::vector<Issue>& issues,
                                  const std::function<void(Object&)>& finish = {});

}  // namespace berth

#endif  // BERTH_SPEC_OBJECTS_H_
