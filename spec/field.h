// The one field table: every field of every object berth reads, one row each.
//
// Decoding, merging, provenance, validation, writing and "did you mean" read these rows; none of them knows a field by
// name unless the law gives that very field a rule of its own. A new field is one row. `pod.spec` is one row too: its
// inside is an open tree, since the cluster may know fields that we do not.
//
// Threads:  constant data
// Not here: the values (berth/spec/node.h), the checks behind `Format` (berth/validate)

#ifndef BERTH_SPEC_FIELD_H_
#define BERTH_SPEC_FIELD_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "berth/spec/limits.h"

namespace berth {

// A record: an object with fixed keys.
enum class Record : uint8_t {
  kNone,
  kZone,
  kProfile,
  kRunner,
  kOrganization,
  kLaunchRequest,
  // A partial or resolved spec and its parts.
  kSpec,
  kResourceDefaults,
  kNamespace,
  kNetwork,
  kEgress,
  kEgressMode,
  kIngressLevel,
  kService,
  kAnnotationPair,
  kIngress,
  kPod,
  kPodMetadata,
  kPlacement,
  // Parts of a runner.
  kIdentity,
  kManagedSpec,
  kMaintenancePolicy,
  kMaintenanceWindow,
  kMaintenanceExclusion,
  kRunnerOverrides,
  kCapabilities,
  kResources,
  kBinding,
  // Parts of an organization and of a launch request.
  kQuota,
  kResourceRequest,
  kGpuRequest,
  kNetworkOptions,
  // A file of policy tests and its parts.
  kPolicyTest,
  kTestCase,
  kRunnerState,
  kWanted,
  kWantedPlacement,
  kWantedNamespace,
  kWantedEgress,
  kWantedIngress,
  // The daemon's file of tokens and one of its entries.
  kTokensFile,
  kToken,
};

inline constexpr size_t kRecordCount = static_cast<size_t>(Record::kToken) + 1;

enum class FieldType : uint8_t {
  kString,
  kEnum,        // one of `values`
  kBool,        //
  kInteger,     // int64 in decimal, or a decimal string as protobuf JSON writes it
  kQuantity,    // a Kubernetes quantity; `resource` says of what
  kStringList,  //
  kIntegerList,
  kStringMap,   // user's keys to strings
  kIntegerMap,  // user's keys to integers
  kRecord,      // fixed keys, `members`
  kRecordMap,   // user's keys to records
  kRecordList,
  kOpenTree,  // any object: a partial PodSpec
  kCarried,   // kept as it is, never interpreted
};

// How a higher layer's value combines with what the lower layers set (semantics, "Layers and merge").
enum class MergeKind : uint8_t {
  kReplace,  // scalars and lists: the higher value replaces
  kMembers,  // records: field by field; user's keys: key by key
  kUnion,    // kMembers, but another `type` first discards the lower layers' other members
  kWhole,    // `{key, value}` pairs: replaced whole, half a pair means nothing
};

// What a launch may do with a spec field.
enum class LaunchAccess : uint8_t {
  kNotSpec,   // no spec field
  kSets,      // has its own request field
  kChooses,   // a launch chooses a declared entry by name, never defines one
  kOpenable,  // through `overrides`, where the organization opens it
  kNever,     // no organization can open it
};

// The rule its text, its keys or its elements follow.
enum class Format : uint8_t {
  kText,
  kName,  // non-empty, at most 253 bytes, no control characters; of maps: the keys
  kImage,
  kDnsLabel,
  kDnsSubdomain,
  kNamespacePrefix,
  kLabels,
  kAnnotations,
  kAnnotationKey,
  kCidr,
  kHostTemplate,
  kCpu,
  kMemory,
  kPattern,  // an RE2 pattern
  kOverridePath,
};

// What the empty string means.
enum class EmptyText : uint8_t { kError, kValue, kAbsent };

struct Field {
  Record record = Record::kNone;
  std::string_view name;                         // canonical: as printed
  std::array<std::string_view, 5> aliases = {};  // the other accepted spellings
  // The spellings under which the value comes as JSON text in a string (`networkConfigJson`).
  std::array<std::string_view, 2> json_names = {};
  FieldType type = FieldType::kString;
  Record members = Record::kNone;
  MergeKind merge = MergeKind::kReplace;
  MergeKind entry_merge = MergeKind::kMembers;  // kRecordMap: how the values of one key combine
  LaunchAccess launch = LaunchAccess::kNotSpec;
  Format format = Format::kText;
  EmptyText empty = EmptyText::kError;
  bool required = false;      // checked on complete objects and on the effective spec, never on one layer
  bool or_json_text = false;  // the same key takes the block or JSON text in a string (`overrides_json`)
  bool contained = false;     // an error inside spoils this value alone, not the object around it
  bool null_counts = false;   // outside a spec: null is a value here, and not the same as absent
  size_t max_items = kMaxListItems;
  std::string_view values = {};         // kEnum: the values, blank-separated
  std::string_view values_prefix = {};  // a prefix the wire puts before each value
  std::string_view capability = {};     // what it feeds in admission
  std::string_view doc = {};
};

// A row and one spelling of it, canonical or not; in static storage.
struct FieldSpelling {
  const Field* field = nullptr;
  std::string_view text;
};

// All rows, grouped by record.
std::span<const Field> Fields();
std::span<const Field> FieldsOf(Record record);
// The row a key spells, canonical or not, or null. O(1).
const Field* FindField(Record record, std::string_view key);
const FieldSpelling* FindSpelling(Record record, std::string_view key);
// What messages call a record: `runner`, `egress mode`.
std::string_view RecordName(Record record);

}  // namespace berth

#endif  // BERTH_SPEC_FIELD_H_
