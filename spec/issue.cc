#include "berth/spec/issue.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace berth {
namespace {

constexpr IssueLevel kError = IssueLevel::kError;
constexpr IssueLevel kWarning = IssueLevel::kWarning;
constexpr IssueLevel kNote = IssueLevel::kNote;

using C = IssueCode;

constexpr IssueCodeInfo kCodes[] = {
    {C::kUnreadable, "B101", "unreadable", kError, "the file cannot be read"},
    {C::kSyntax, "B102", "syntax", kError, "the text is not well-formed YAML or JSON"},
    {C::kLimitExceeded, "B103", "limit-exceeded", kError, "a bound on the input is passed"},
    {C::kUnknownKind, "B104", "unknown-kind", kError, "the object has no known shape"},
    {C::kUnknownField, "B105", "unknown-field", kError, "the object has no such field"},
    {C::kDuplicateKey, "B106", "duplicate-key", kError, "a key stands twice in one object"},
    {C::kWrongType, "B107", "wrong-type", kError, "the value has another type than the field"},
    {C::kUnknownValue, "B108", "unknown-value", kError, "the field has no such value"},
    {C::kMissingField, "B109", "missing-field", kError, "a required field is absent"},
    {C::kYamlFeature, "B110", "yaml-feature", kError,
     "anchors, aliases, tags, directives and keys that are no text are outside berth's YAML"},
    {C::kMisplacedNull, "B111", "misplaced-null", kNote, "a `null` stands where there is nothing below to unset"},
    {C::kEmptyValue, "B112", "empty-value", kError, "the field takes no empty value"},
    {C::kEmbeddedJson, "B113", "embedded-json", kError, "the JSON text inside a string is not well formed"},
    {C::kFragmentInCatalog, "B114", "fragment-in-catalog", kError,
     "a part of an object stands where a catalog needs the whole object"},

    {C::kInvalidQuantity, "B201", "invalid-quantity", kError, "the value is no usable quantity"},
    {C::kInvalidName, "B202", "invalid-name", kError, "the value is no usable name"},
    {C::kInvalidLabel, "B203", "invalid-label", kError, "a label or annotation breaks the Kubernetes rules"},
    {C::kInvalidImage, "B204", "invalid-image", kError, "the value is no image reference"},
    {C::kRequestAboveLimit, "B205", "request-above-limit", kError, "a request is greater than its limit"},
    {C::kRequestAboveInheritedLimit, "B206", "request-above-inherited-limit", kWarning,
     "a request is greater than the limit of another layer"},
    {C::kFractionalBytes, "B207", "fractional-bytes", kWarning, "an amount of bytes has a fraction and is rounded up"},
    {C::kInvalidInteger, "B208", "invalid-integer", kError,
     "the value is no plain decimal integer in the field's range"},
    {C::kDuplicateItem, "B209", "duplicate-item", kError, "an item stands twice in one list"},
    {C::kControlCharacter, "B210", "control-character", kError, "the value holds a control character"},
    {C::kInvalidLaunch, "B211", "invalid-launch", kError, "the launch request contradicts itself"},

    {C::kStaticNamespaceMissing, "B301", "static-namespace-missing", kError, "a static namespace has no name"},
    {C::kInvalidNamespacePrefix, "B302", "invalid-namespace-prefix", kError,
     "the prefix makes no usable namespace name"},
    {C::kInvalidCidr, "B303", "invalid-cidr", kError, "the value is no canonical CIDR"},
    {C::kAllowlistWithoutCidrs, "B304", "allowlist-without-cidrs", kError, "an allowlist has no CIDRs"},
    {C::kCidrsWithoutAllowlist, "B305", "cidrs-without-allowlist", kError,
     "CIDRs stand in a mode that does not use them"},
    {C::kEgressDefaultMissing, "B306", "egress-default-missing", kError, "egress modes without a default"},
    {C::kEgressDefaultUnknown, "B307", "egress-default-unknown", kError, "the default egress names no offered mode"},
    {C::kExternalAddressImpossible, "B308", "external-address-impossible", kError,
     "an external address has nothing that could serve it"},
    {C::kHalfPair, "B309", "half-pair", kError, "one of two fields that belong together is absent"},
    {C::kHostTemplate, "B310", "host-template", kError, "the host template cannot be filled in"},
    {C::kHostTemplateNotUnique, "B311", "host-template-not-unique", kWarning,
     "the host template gives several sandboxes one name"},

    {C::kReservedKeyDropped, "B401", "reserved-key-dropped", kNote, "a reserved label or annotation is dropped"},
    {C::kRestrictedAnnotation, "B402", "restricted-annotation", kError, "the runner does not allow this annotation"},
    {C::kPodContradiction, "B403", "pod-contradiction", kWarning, "the pod template and a field of the spec differ"},
    {C::kInstanceTypesContradiction, "B404", "instance-types-contradiction", kError,
     "instance types are set in two places that differ"},
    {C::kPodDirective, "B405", "pod-directive", kError, "a merge directive is not usable here"},
    {C::kMainContainer, "B406", "main-container", kError, "the main container asks for what only a launch may ask"},
    {C::kUnknownPodField, "B407", "unknown-pod-field", kWarning,
     "Kubernetes, as far as berth knows it, has no such field in a pod spec"},
    {C::kPodAlternatives, "B408", "pod-alternatives", kError, "members that exclude each other stand in one object"},
    {C::kUnportableEnvName, "B409", "unportable-env-name", kWarning,
     "only newer clusters take this name of an environment variable"},

    {C::kZoneRequired, "B501", "zone-required", kError, "the runner names no zone"},
    {C::kClusterRequired, "B502", "cluster-required", kError, "the runner names no cluster"},
    {C::kRunnerIdRequired, "B503", "runner-id-required", kError, "the runner has no id"},
    {C::kNoBinding, "B504", "no-binding", kError, "the runner has no profile binding"},
    {C::kNotOneDefault, "B505", "not-one-default", kError, "the runner has not exactly one default binding"},
    {C::kDuplicateBinding, "B506", "duplicate-binding", kError, "two bindings of a runner use one profile"},
    {C::kDuplicateBindingName, "B507", "duplicate-binding-name", kError, "two bindings of a runner have one name"},
    {C::kUnknownProfile, "B508", "unknown-profile", kError, "no profile has this name"},
    {C::kDuplicateObject, "B509", "duplicate-object", kError, "two objects have one name or id"},
    {C::kClusterTaken, "B510", "cluster-taken", kError, "another runner has this cluster"},
    {C::kClusterShared, "B511", "cluster-shared", kWarning, "a runner of another organization names the same cluster"},
    {C::kUnknownZone, "B512", "unknown-zone", kWarning, "no zone has this name"},
    {C::kCheckSkipped, "B513", "check-skipped", kNote, "a check is left out because its objects are not given"},
    {C::kNoObjects, "B514", "no-objects", kError, "the given path holds no object"},

    {C::kInvalidPattern, "B601", "invalid-pattern", kError, "the pattern cannot be used"},
    {C::kUnknownOverridePath, "B602", "unknown-override-path", kError, "the path names no field"},
    {C::kClosedOverridePath, "B603", "closed-override-path", kError, "the path names a field that a launch cannot set"},
    {C::kInertOverridePath, "B604", "inert-override-path", kWarning, "the path opens nothing as it is written"},
};

constexpr bool TableIsComplete() {
  if (std::size(kCodes) != kIssueCodeCount) return false;
  char group = '0';
  int number = 0;
  for (size_t i = 0; i < std::size(kCodes); ++i) {
    const IssueCodeInfo& info = kCodes[i];
    if (static_cast<size_t>(info.code) != i || info.name.empty() || info.summary.empty()) {
      return false;
    }
    if (info.id.size() != 4 || info.id[0] != 'B' || info.id[1] < group) return false;
    number = info.id[1] == group ? number + 1 : 1;
    group = info.id[1];
    if ((info.id[2] - '0') * 10 + (info.id[3] - '0') != number) return false;
  }
  return true;
}
static_assert(TableIsComplete(), "one row for each code, in the enumerators' order, ids counting up");

}  // namespace

std::span<const IssueCodeInfo> IssueCodes() { return kCodes; }

const IssueCodeInfo& InfoOf(IssueCode code) { return kCodes[static_cast<size_t>(code)]; }

std::string_view IssueLevelName(IssueLevel level) {
  switch (level) {
    case IssueLevel::kError:
      return "error";
    case IssueLevel::kWarning:
      return "warning";
    case IssueLevel::kNote:
      return "note";
  }
  return "error";
}

bool HasError(std::span<const Issue> issues) {
  return std::any_of(issues.begin(), issues.end(),
                     [](const Issue& issue) { return issue.level() == IssueLevel::kError; });
}

}  // namespace berth
