#include "berth/spec/limits.h"

#include <span>

namespace berth {
namespace {

constexpr LimitInfo kLimits[] = {
    {"file-bytes", kMaxFileBytes, "bytes", "one YAML or JSON file"},
    {"request-bytes", kMaxRequestBytes, "bytes", "one launch request"},
    {"embedded-json-bytes", kMaxEmbeddedJsonBytes, "bytes", "one JSON text inside a string"},
    {"depth", kMaxDepth, "levels", "lists and maps inside each other"},
    {"nodes", kMaxNodes, "values", "keys and values of one file"},
    {"text-bytes", kMaxTextBytes, "bytes", "one string value"},
    {"key-bytes", kMaxKeyBytes, "bytes", "one key"},
    {"issues", kMaxIssues, "issues", "reported for one file; a last one counts the others"},
    {"name-bytes", kMaxNameBytes, "bytes", "one name"},
    {"egress-modes", kMaxEgressModes, "entries", "egress modes of one spec"},
    {"ingress-levels", kMaxIngressLevels, "entries", "ingress levels of one spec"},
    {"cidrs", kMaxCidrs, "entries", "CIDRs of one list"},
    {"map-entries", kMaxMapEntries, "entries", "members of one map"},
    {"list-items", kMaxListItems, "entries", "items of one list"},
    {"bindings-per-runner", kMaxBindingsPerRunner, "entries", "profile bindings of one runner"},
    {"profile-filters", kMaxProfileFilters, "entries", "profiles one request names"},
    {"runner-filters", kMaxRunnerFilters, "entries", "runners one request names"},
    {"exposed-ports", kMaxExposedPorts, "entries", "ports one request exposes"},
    {"launch-annotations", kMaxLaunchAnnotations, "entries", "annotations of one request"},
    {"annotation-bytes", kMaxAnnotationBytes, "bytes", "keys and values of all annotations of one object"},
    {"namespace-bytes", kMaxNamespaceBytes, "bytes", "one namespace name"},
    {"namespace-prefix-bytes", kMaxNamespacePrefixBytes, "bytes", "one namespace prefix"},
    {"alternatives", kMaxAlternatives, "entries", "beside the winner of one admission"},
    {"offered", kMaxOffered, "names", "listed in one reason"},
    {"remedies", kMaxRemediesPerAction, "entries", "listed for one action"},
    {"remedy-trials", kMaxRemedyTrials, "trials", "of one kind of remedy"},
    {"image-patterns", kMaxImagePatterns, "entries", "image patterns of one organization"},
    {"launch-overrides", kMaxLaunchOverrides, "entries", "paths one organization opens to launches"},
    {"test-cases", kMaxTestCases, "entries", "cases of one file of policy tests"},
    {"tokens", kMaxTokens, "entries", "tokens of one file"},
};

}  // namespace

std::span<const LimitInfo> Limits() { return kLimits; }

}  // namespace berth
