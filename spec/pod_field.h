// What Kubernetes knows about `pod.spec`: its fields, how its lists merge, and which fields exclude each other.
//
// The table is no law of what may stand there, because a cluster can be newer than it. A field without a row is
// accepted with a warning: its objects merge key by key, its lists are replaced whole. A field with a row is checked,
// and it merges as Kubernetes' strategic merge does where the law does not say otherwise (semantics, "Layers and
// merge"): ports are matched by number and protocol, topology constraints by key and `whenUnsatisfiable`, and where
// Kubernetes takes one of several members, a new one displaces the old.
//
// Covers:   PodSpec v1 core of Kubernetes 1.32, and later members that are known by now
// Threads:  constant data
// Not here: the checks (berth/validate/pod_rules.h), the merge (berth/merge)

#ifndef BERTH_SPEC_POD_FIELD_H_
#define BERTH_SPEC_POD_FIELD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace berth {

// The objects of a PodSpec, outermost first. Objects of one shape share a record.
enum class PodRecord : uint8_t {
  kNone,
  kPodSpec,
  // Containers.
  kContainer,
  kEphemeralContainer,
  kEnv,
  kEnvSource,
  kEnvFrom,
  kPort,
  kVolumeMount,
  kVolumeDevice,
  kResources,
  kResourceClaimUse,
  kResizePolicy,
  kRestartRule,
  kRestartExitCodes,
  kProbe,
  kLifecycle,
  kLifecycleHandler,
  kExec,
  kHttpGet,
  kHttpHeader,
  kTcpSocket,
  kGrpc,
  kSleep,
  // References to other objects.
  kReference,
  kOptionalReference,
  kKeyReference,
  kFileKeyReference,
  kFieldReference,
  kResourceReference,
  kTypedReference,
  // Security.
  kSecurityContext,
  kPodSecurityContext,
  kCapabilities,
  kSeLinux,
  kConfinement,
  kWindows,
  kSysctl,
  // Volumes.
  kVolume,
  kAwsElasticBlockStore,
  kAzureDisk,
  kAzureFile,
  kCephFs,
  kCinder,
  kConfigMap,
  kCsi,
  kDownwardApi,
  kEmptyDir,
  kEphemeral,
  kFibreChannel,
  kFlexVolume,
  kFlocker,
  kGcePersistentDisk,
  kGitRepo,
  kGlusterFs,
  kHostPath,
  kImageVolume,
  kIscsi,
  kNfs,
  kPersistentVolumeClaim,
  kPhotonPersistentDisk,
  kPortworx,
  kProjected,
  kQuobyte,
  kRbd,
  kScaleIo,
  kSecret,
  kStorageOs,
  kVsphere,
  // Parts of volumes.
  kKeyToPath,
  kDownwardApiFile,
  kProjection,
  kProjectedKeys,
  kProjectedDownwardApi,
  kClusterTrustBundle,
  kPodCertificate,
  kServiceAccountToken,
  kClaimTemplate,
  kClaimMetadata,
  kClaimSpec,
  kClaimResources,
  // Placement.
  kAffinity,
  kNodeAffinity,
  kNodeSelector,
  kNodeSelectorTerm,
  kPreferredNodeTerm,
  kPodAffinity,
  kPodAffinityTerm,
  kWeightedPodTerm,
  kNodeExpression,
  kLabelSelector,
  kLabelExpression,
  kToleration,
  kTopologySpread,
  // The rest.
  kHostAlias,
  kDnsConfig,
  kDnsOption,
  kReadinessGate,
  kSchedulingGate,
  kResourceClaim,
  kOs,
};

inline constexpr size_t kPodRecordCount = static_cast<size_t>(PodRecord::kOs) + 1;

enum class PodType : uint8_t {
  kString,
  kBool,
  kInteger,
  kQuantity,
  kIntegerOrString,  // a port by number or by name
  kRecord,           // `members`
  kStringMap,        // keys of the user's choice to strings
  kQuantityMap,      // resource names to quantities
  // Lists that are replaced whole.
  kStringList,
  kIntegerList,
  kRecordList,
  // Elements are matched by `merge_keys` and merged one by one.
  kKeyedList,
};

// The rule its text, its elements or its keys and values follow.
enum class PodFormat : uint8_t {
  kText,
  kDnsLabel,
  kDnsSubdomain,
  kLabelKey,
  kLabels,       // of maps: label keys and label values
  kAnnotations,  // of maps: annotation keys
  kEnvName,
  kPortName,
  kImage,
  kBytes,  // of quantities: an amount of bytes
};

struct IntegerRange {
  int64_t low = std::numeric_limits<int32_t>::min();
  int64_t high = std::numeric_limits<int32_t>::max();
};

struct PodField {
  PodRecord record = PodRecord::kNone;
  std::string_view name;
  PodType type = PodType::kString;
  PodRecord members = PodRecord::kNone;  // of the object, or of the list's elements
  // kKeyedList: the members that identify an element; the second may be empty. (Spelled out, because GCC 12 cannot read
  // `{}` here in a constant expression.)
  std::array<std::string_view, 2> merge_keys = {std::string_view(), std::string_view()};
  std::string_view default_key = {};  // what an absent or null second key counts as; empty: it must be given
  bool empty_key = false;             // `""` is a key as well: the main container
  // Members of one record in the same group exclude each other, and a new one displaces the old.
  std::string_view union_group = {};
  // Texts: the allowed values, blank-separated; empty: any. A final `*` stands for any ending.
  std::string_view values = {};
  PodFormat format = PodFormat::kText;
  IntegerRange range = {};
  bool closed = false;    // no organization can open it to launches
  bool required = false;  // Kubernetes refuses the object without it; a layer may leave it to another one
};

// All rows, grouped by record.
std::span<const PodField> PodFields();
std::span<const PodField> PodFieldsOf(PodRecord record);
// The row of a name, or null. Cost: linear in the record's fields.
const PodField* FindPodField(PodRecord record, std::string_view name);
// Whether a field of the record, or one further below, is closed. Cost: constant.
bool HoldsClosedField(PodRecord record);
// What messages call one of them: `container`, `node affinity`.
std::string_view PodRecordName(PodRecord record);

// How the values below one place of a pod.spec are read: as members of a record, as text, or as they look.
struct PodShape {
  PodRecord record = PodRecord::kNone;
  bool text = false;      // an unquoted YAML scalar is text: `value: 8080`
  bool quantity = false;  // a scalar is an amount, in canonical form
};

// The shape of a member's value. A list's elements have the list's shape.
PodShape PodShapeOf(PodShape object, std::string_view member);

}  // namespace berth

#endif  // BERTH_SPEC_POD_FIELD_H_
