// Every bound on input, in one place. Passing one is an error that names the limit; nothing is cut silently.

#ifndef BERTH_SPEC_LIMITS_H_
#define BERTH_SPEC_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace berth {

inline constexpr size_t kMaxFileBytes = size_t{256} << 20;
inline constexpr size_t kMaxRequestBytes = size_t{1} << 20;
inline constexpr size_t kMaxEmbeddedJsonBytes = size_t{256} << 10;
inline constexpr size_t kMaxDepth = 64;
inline constexpr size_t kMaxNodes = size_t{16} << 20;
inline constexpr size_t kMaxTextBytes = size_t{256} << 10;  // one string value
inline constexpr size_t kMaxKeyBytes = 1024;
inline constexpr size_t kMaxIssues = 1000;  // per file; a last one says how many were left out
inline constexpr size_t kMaxNameBytes = 253;
inline constexpr size_t kMaxEgressModes = 64;
inline constexpr size_t kMaxIngressLevels = 64;
inline constexpr size_t kMaxCidrs = 256;
inline constexpr size_t kMaxMapEntries = 256;
inline constexpr size_t kMaxListItems = 256;
inline constexpr size_t kMaxBindingsPerRunner = 256;
inline constexpr size_t kMaxProfileFilters = 64;
inline constexpr size_t kMaxRunnerFilters = 64;
inline constexpr size_t kMaxExposedPorts = 64;
inline constexpr size_t kMaxLaunchAnnotations = 100;
inline constexpr size_t kMaxAnnotationBytes = 262144;  // all keys and values of one object
inline constexpr size_t kMaxNamespaceBytes = 63;
inline constexpr size_t kMaxNamespacePrefixBytes = 40;
inline constexpr size_t kMaxAlternatives = 8;
inline constexpr size_t kMaxOffered = 50;       // names listed in one reason
inline constexpr size_t kMaxRemedyTrials = 16;  // edits tried for one kind of remedy
inline constexpr size_t kMaxRemediesPerAction = 3;
inline constexpr size_t kMaxImagePatterns = 64;
inline constexpr size_t kMaxLaunchOverrides = 64;
inline constexpr size_t kMaxTestCases = 10000;  // of one file of policy tests
inline constexpr size_t kMaxTokens = 100000;    // of the daemon's file of tokens

struct LimitInfo {
  std::string_view name;
  uint64_t value;
  std::string_view unit;
  std::string_view meaning;
};

// All limits above, for `berth limits` and the documentation.
std::span<const LimitInfo> Limits();

}  // namespace berth

#endif  // BERTH_SPEC_LIMITS_H_
