// An issue: this document is wrong, here, for this reason, and this is how to mend it.
//
// Codes are stable: `B` and three digits, grouped by hundreds, each with a kebab-case name and a level. They live in
// the one table below; a code's level never depends on where it is found. Structure first (code, place, path), text
// last. Issues are values; nothing here is thread-bound.
// Not here: reasons why a candidate cannot take a request (berth/policy/reason.h).

#ifndef BERTH_SPEC_ISSUE_H_
#define BERTH_SPEC_ISSUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/layer.h"
#include "berth/spec/position.h"

namespace berth {

enum class IssueLevel : uint8_t { kError, kWarning, kNote };

enum class IssueCode : uint8_t {
  // 1xx: syntax and schema.
  kUnreadable,
  kSyntax,
  kLimitExceeded,
  kUnknownKind,
  kUnknownField,
  kDuplicateKey,
  kWrongType,
  kUnknownValue,
  kMissingField,
  kYamlFeature,
  kMisplacedNull,
  kEmptyValue,
  kEmbeddedJson,
  kFragmentInCatalog,
  // 2xx: names and values.
  kInvalidQuantity,
  kInvalidName,
  kInvalidLabel,
  kInvalidImage,
  kRequestAboveLimit,
  kRequestAboveInheritedLimit,
  kFractionalBytes,
  kInvalidInteger,
  kDuplicateItem,
  kControlCharacter,
  kInvalidLaunch,
  // 3xx: namespace and network.
  kStaticNamespaceMissing,
  kInvalidNamespacePrefix,
  kInvalidCidr,
  kAllowlistWithoutCidrs,
  kCidrsWithoutAllowlist,
  kEgressDefaultMissing,
  kEgressDefaultUnknown,
  kExternalAddressImpossible,
  kHalfPair,
  kHostTemplate,
  kHostTemplateNotUnique,
  // 4xx: pod.
  kReservedKeyDropped,
  kRestrictedAnnotation,
  kPodContradiction,
  kInstanceTypesContradiction,
  kPodDirective,
  kMainContainer,
  kUnknownPodField,
  kPodAlternatives,
  kUnportableEnvName,
  // 5xx: catalog.
  kZoneRequired,
  kClusterRequired,
  kRunnerIdRequired,
  kNoBinding,
  kNotOneDefault,
  kDuplicateBinding,
  kDuplicateBindingName,
  kUnknownProfile,
  kDuplicateObject,
  kClusterTaken,
  kClusterShared,
  kUnknownZone,
  kCheckSkipped,
  kNoObjects,
  // 6xx: organization.
  kInvalidPattern,
  kUnknownOverridePath,
  kClosedOverridePath,
  kInertOverridePath,
};

inline constexpr size_t kIssueCodeCount = static_cast<size_t>(IssueCode::kInertOverridePath) + 1;

struct IssueCodeInfo {
  IssueCode code;
  std::string_view id;    // "B104"
  std::string_view name;  // "unknown-field"
  IssueLevel level;
  std::string_view summary;  // one line: what is wrong
};

// The whole table, in enumerator order.
std::span<const IssueCodeInfo> IssueCodes();
const IssueCodeInfo& InfoOf(IssueCode code);
std::string_view IssueLevelName(IssueLevel level);

// Replaces the bytes [start, end) of the file, counted from 0, by `text`.
struct TextEdit {
  uint32_t start = 0;
  uint32_t end = 0;
  std::string text;
};

struct Issue {
  IssueCode code = IssueCode::kSyntax;
  std::string message;  // lower case, no final period, user text in backticks
  std::string file;     // as the caller named it
  Position position;
  std::string path;   // RFC 6901 pointer into the document, in the document's own spelling
  std::string field;  // the same place as dotted canonical names: `resource_limits.memory`
  std::optional<Layer> layer;
  std::string suggestion;  // "did you mean `cpuLimit`?"; empty when there is none
  std::vector<TextEdit> fix;

  [[nodiscard]] IssueLevel level() const { return InfoOf(code).level; }
};

[[nodiscard]] bool HasError(std::span<const Issue> issues);

}  // namespace berth

#endif  // BERTH_SPEC_ISSUE_H_
