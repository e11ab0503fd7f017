// A change to a launch request: smaller amounts, another profile, other filters; as a request and as a JSON Patch.
//
// The patch is for the document as it was sent: RFC 6902 operations in the document's own spelling (`resourceLimits` or
// `resource_limits`). A request that was filled in by hand is spelled in snake_case.
//
// Ownership:  values
// Threads:    pure functions
// Tested by:  tests/engine_request_edit_test.cc, the differential test

#ifndef BERTH_ENGINE_REQUEST_EDIT_H_
#define BERTH_ENGINE_REQUEST_EDIT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/policy/fit.h"
#include "berth/spec/launch.h"

namespace berth {

struct RequestEdit {
  AmountEdits amounts;
  std::optional<std::string> profile;  // its name, in place of the profile filter
  std::optional<std::string> runner;   // its id, in place of the runner filter
  bool drop_group = false;
  bool drop_zone = false;
};

// One RFC 6902 operation.
struct PatchOperation {
  enum class Op : uint8_t { kAdd, kReplace, kRemove };

  Op op = Op::kReplace;
  std::string path;   // RFC 6901
  std::string value;  // compact JSON; empty for kRemove
};
std::string_view PatchOpName(PatchOperation::Op op);

// Whether one number of the request sets both sides of a resource: the older `resources`.
[[nodiscard]] bool HasJoinedSides(const LaunchRequest& request);

// The request with the change made. Its `node` stays the document's.
[[nodiscard]] LaunchRequest Edited(const LaunchRequest& request, const RequestEdit& edit);

// The change as operations on the document: amounts first, then profiles, runners, group and zone.
[[nodiscard]] std::vector<PatchOperation> PatchOf(const LaunchRequest& request, const RequestEdit& edit);

}  // namespace berth

#endif  // BERTH_ENGINE_REQUEST_EDIT_H_
