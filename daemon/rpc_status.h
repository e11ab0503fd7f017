// Errors on the wire: google.rpc.Status with the details of AIP-193, made so that the message alone says what to do.
//
// One value serves every transport: gRPC sends it in `grpc-status-details-bin`, a stream inside its answer, HTTP as JSON.
// docs/daemon.md has the table of reasons and of the frozen metadata keys.
//
// Guarantees: at most kMaxStatusBytes as gRPC sends it, whatever the fleet and the request hold; no credential in it
// Threads:    pure functions
// Tested by:  tests/daemon_rpc_status_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_RPC_STATUS_H_
#define BERTH_DAEMON_RPC_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "berth/engine/decision.h"
#include "berth/engine/remedy.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"
#include "google/rpc/status.pb.h"

namespace berth {

// Message and details together. gRPC replaces an answer whose metadata passes 8 KiB by one that says nothing.
inline constexpr size_t kMaxStatusBytes = 4096;
inline constexpr std::string_view kErrorDomain = "cwsandbox.com";
inline constexpr std::string_view kBackendUnavailable = "CWSANDBOX_BACKEND_UNAVAILABLE";

// The numbers of google.rpc.Code that berth uses.
enum class RpcCode : int {
  kOk = 0,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};
// Of google.rpc.Code, from 0 on.
inline constexpr size_t kRpcCodeCount = 17;
// "NOT_FOUND"; "UNKNOWN" for a number that google.rpc.Code does not have.
std::string_view RpcCodeName(int code);
// The status that HTTP gives the code.
int HttpStatusOf(int code);

[[nodiscard]] inline bool IsOk(const google::rpc::Status& status) { return status.code() == 0; }

// An error with its reason (CWSANDBOX_...), metadata, and when to try again if that alone may help.
google::rpc::Status MakeStatus(RpcCode code, std::string_view reason, std::string message,
                               std::initializer_list<std::pair<std::string_view, std::string_view>> metadata = {},
                               std::optional<int64_t> retry_seconds = {});
// INVALID_ARGUMENT about fields of the call itself, at least one.
struct FieldProblem {
  std::string field;
  std::string description;  // "is missing"
};
google::rpc::Status InvalidFields(std::span<const FieldProblem> problems);
google::rpc::Status InvalidField(std::string_view field, std::string_view description);

// The code of a decision that is not an admission: INVALID_ARGUMENT, or FAILED_PRECONDITION, unless waiting alone helps
// (semantics, "Admission"): RESOURCE_EXHAUSTED where some binding lacks free resources, else UNAVAILABLE.
RpcCode CodeOf(const DetailedDecision& decision);

// A decision that is not an admission as an error. `remedies` are the decision's.
google::rpc::Status DecisionStatus(const DetailedDecision& decision, const LaunchRequest& request,
                                   std::span<const Remedy> remedies, std::string_view decision_id);

// What the status costs on the wire: its message as a percent-encoded header and all of it in base64.
size_t WireBytes(const google::rpc::Status& status);

}  // namespace berth

#endif  // BERTH_DAEMON_RPC_STATUS_H_
