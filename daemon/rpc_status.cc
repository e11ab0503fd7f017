#include "berth/daemon/rpc_status.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "berth/engine/json.h"
#include "berth/engine/message.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/wording.h"
#include "berth/spec/quoted.h"
#include "google/rpc/error_details.pb.h"

namespace berth {
namespace {

constexpr size_t kMaxMessageBytes = 1000;
constexpr size_t kMinMessageBytes = 100;
constexpr size_t kMaxMetadataBytes = 256;  // one value
constexpr size_t kMaxFieldBytes = 256;
constexpr size_t kMaxDescriptionBytes = 400;
constexpr size_t kMaxViolations = 16;

struct CodeRow {
  std::string_view name;
  int http;
};
// In the order of google.rpc.Code.
constexpr std::array<CodeRow, kRpcCodeCount> kCodes = {{
    {"OK", 200},
    {"CANCELLED", 499},
    {"UNKNOWN", 500},
    {"INVALID_ARGUMENT", 400},
    {"DEADLINE_EXCEEDED", 504},
    {"NOT_FOUND", 404},
    {"ALREADY_EXISTS", 409},
    {"PERMISSION_DENIED", 403},
    {"RESOURCE_EXHAUSTED", 429},
    {"FAILED_PRECONDITION", 400},
    {"ABORTED", 409},
    {"OUT_OF_RANGE", 400},
    {"UNIMPLEMENTED", 501},
    {"INTERNAL", 500},
    {"UNAVAILABLE", 503},
    {"DATA_LOSS", 500},
    {"UNAUTHENTICATED", 401},
}};

const CodeRow& RowOf(int code) {
  const bool known = code >= 0 && static_cast<size_t>(code) < kCodes.size();
  return kCodes[static_cast<size_t>(known ? code : static_cast<int>(RpcCode::kUnknown))];
}

using Metadata = google::protobuf::Map<std::string, std::string>;

void Put(Metadata& metadata, std::string_view key, std::string_view value) {
  if (!value.empty()) metadata[std::string(key)] = Shortened(OneLine(value), kMaxMetadataBytes);
}

google::rpc::ErrorInfo InfoWith(std::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  return info;
}

google::rpc::BadRequest::FieldViolation ViolationOf(std::string_view field, std::string_view description) {
  google::rpc::BadRequest::FieldViolation violation;
  violation.set_field(Shortened(OneLine(field), kMaxFieldBytes));
  violation.set_description(Shortened(OneLine(description), kMaxDescriptionBytes));
  return violation;
}

// A status before it is known how much of it there is room for.
struct Parts {
  RpcCode code;
  google::rpc::ErrorInfo info;
  std::span<const std::string_view> expendable;  // keys of its metadata, the most valuable first
  std::function<std::string(size_t)> message;    // in at most so many bytes
  std::vector<google::rpc::BadRequest::FieldViolation> violations = {};
  size_t unlisted = 0;  // further violations
  std::optional<int64_t> retry_seconds = {};
};

google::rpc::Status Assembled(const Parts& parts, std::string message) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(parts.code));
  status.set_message(std::move(message));
  status.add_details()->PackFrom(parts.info);
  if (!parts.violations.empty()) {
    google::rpc::BadRequest bad;
    for (const auto& violation : parts.violations) *bad.add_field_violations() = violation;
    if (parts.unlisted > 0) {
      const std::string more = parts.unlisted == 1 ? " more violation is" : " more violations are";
      bad.add_field_violations()->set_description(std::to_string(parts.unlisted) + more +
                                                  " not listed: correct these first");
    }
    status.add_details()->PackFrom(bad);
  }
  if (parts.retry_seconds) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(*parts.retry_seconds);
    status.add_details()->PackFrom(retry);
  }
  return status;
}

// What matters least gives way until the rest fits: metadata from the end of `expendable`, violations from the end, and
// then the message. When to retry and one violation stay; with the metadata that stays too, they take less than half.
google::rpc::Status Fitted(Parts parts) {
  size_t room = kMaxMessageBytes;
  std::string message = parts.message(room);
  while (true) {
    google::rpc::Status status = Assembled(parts, message);
    if (WireBytes(status) <= kMaxStatusBytes) return status;
    if (!parts.expendable.empty()) {
      parts.info.mutable_metadata()->erase(std::string(parts.expendable.back()));
      parts.expendable = parts.expendable.first(parts.expendable.size() - 1);
    } else if (parts.violations.size() > 1) {
      parts.violations.pop_back();
      ++parts.unlisted;
    } else if (room > kMinMessageBytes) {
      room = std::max(room / 4 * 3, kMinMessageBytes);
      message = parts.message(room);
    } else {
      return status;
    }
  }
}

// "EGRESS_MODE_NOT_OFFERED=7,MEMORY_EXCEEDS_PROFILE=5": headlines, the most frequent first. Codes that exist for several
// resources are added up.
std::string HeadlinesText(const DetailedDecision& decision) {
  std::vector<std::pair<std::string_view, uint32_t>> counts;
  for (const ReasonCount& reason : decision.reasons) {
    const std::string_view name = InfoOf(reason.code).name;
    const auto same = std::ranges::find(counts, name, &std::pair<std::string_view, uint32_t>::first);
    if (same == counts.end()) {
      counts.emplace_back(name, reason.headline);
    } else {
      same->second += reason.headline;
    }
  }
  if (!decision.candidates.empty()) std::erase_if(counts, [](const auto& count) { return count.second == 0; });
  std::ranges::stable_sort(counts, std::greater(), &std::pair<std::string_view, uint32_t>::second);
  std::string text;
  for (const auto& [name, count] : counts) {
    const std::string one = std::string(text.empty() ? "" : ",").append(name) + "=" + std::to_string(count);
    if (text.size() + one.size() > kMaxMetadataBytes) break;
    text += one;
  }
  return text;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ",").append(name);
  return text;
}

// The reason that keeps most candidates out, with what it asked and what is offered.
void PutHeadline(const DetailedDecision& decision, const LaunchRequest& request, Metadata& metadata) {
  const auto first = std::ranges::max_element(decision.reasons, {}, &ReasonCount::headline);
  if (first == decision.reasons.end()) return;
  const ReasonDetail detail = DetailOf(decision, request, *first, CountedBy::kHeadline);
  Put(metadata, "headline_reason", InfoOf(first->code).name);
  Put(metadata, "headline_class", ReasonClassName(InfoOf(first->code).reason_class));
  Put(metadata, "capability", detail.capability);
  Put(metadata, "requested", detail.requested.value_or(""));
  Put(metadata, "offered", Joined(detail.offered));
}

void PutRemedy(const Remedy& remedy, Metadata& metadata) {
  Put(metadata, "remedy_action", RemedyActionName(remedy.actions.front()));
  std::string changes;
  JsonWriter writer(changes);
  WritePatch(remedy.changes, writer);
  // Half a patch, or one with another name in it, is worse than none.
  if (!remedy.changes.empty() && changes.size() <= kMaxMetadataBytes && OneLine(changes) == changes) {
    Put(metadata, "remedy_changes", changes);
  }
}

// What waiting alone would take away from some candidate.
Failures WaitedFor(const DetailedDecision& decision) {
  Failures live;
  for (const ReasonCode code : {ReasonCode::kRunnerDisconnected, ReasonCode::kInsufficientCpu,
                                ReasonCode::kInsufficientMemory, ReasonCode::kInsufficientGpu}) {
    live.Add(code);
  }
  Failures waited;
  for (const CandidateResult& candidate : decision.candidates) {
    const bool only_live = !candidate.failures.none() && (candidate.failures.bits() & ~live.bits()) == 0;
    if (only_live) waited.AddAll(candidate.failures);
  }
  return waited;
}

}  // namespace

std::string_view RpcCodeName(int code) { return RowOf(code).name; }
int HttpStatusOf(int code) { return RowOf(code).http; }

google::rpc::Status MakeStatus(RpcCode code, std::string_view reason, std::string message,
                               std::initializer_list<std::pair<std::string_view, std::string_view>> metadata,
                               std::optional<int64_t> retry_seconds) {
  Parts parts = {code, InfoWith(reason), {}, [&](size_t room) { return Shortened(OneLine(message), room); }};
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : metadata) {
    Put(*parts.info.mutable_metadata(), key, value);
    keys.push_back(key);
  }
  parts.expendable = keys;
  parts.retry_seconds = retry_seconds;
  return Fitted(std::move(parts));
}

google::rpc::Status InvalidFields(std::span<const FieldProblem> problems) {
  const FieldProblem& first = problems.front();
  const size_t more = problems.size() - 1;
  const std::string others = more == 0 ? "" : "; and " + std::to_string(more) + " more, listed in the details";
  const std::string message = OneLine(Quoted(first.field, kMaxFieldBytes) + " " + first.description);
  Parts parts = {RpcCode::kInvalidArgument, InfoWith("CWSANDBOX_INVALID_REQUEST"), {}, [&](size_t room) {
                   return Shortened(message, room - std::min(others.size(), room)) + others;
                 }};
  for (const FieldProblem& problem : problems.first(std::min(problems.size(), kMaxViolations))) {
    parts.violations.push_back(ViolationOf(problem.field, problem.description));
  }
  parts.unlisted = problems.size() - parts.violations.size();
  return Fitted(std::move(parts));
}

google::rpc::Status InvalidField(std::string_view field, std::string_view description) {
  const FieldProblem problem = {std::string(field), std::string(description)};
  return InvalidFields({&problem, 1});
}

RpcCode CodeOf(const DetailedDecision& decision) {
  if (decision.verdict == Verdict::kAdmitted) return RpcCode::kOk;
  if (decision.verdict == Verdict::kInvalid) return RpcCode::kInvalidArgument;
  Failures waited = WaitedFor(decision);
  if (waited.none()) return RpcCode::kFailedPrecondition;
  return waited.single() && waited.Has(ReasonCode::kRunnerDisconnected) ? RpcCode::kUnavailable
                                                                        : RpcCode::kResourceExhausted;
}

google::rpc::Status DecisionStatus(const DetailedDecision& decision, const LaunchRequest& request,
                                   std::span<const Remedy> remedies, std::string_view decision_id) {
  static constexpr std::string_view kExpendable[] = {"reasons",    "offered",    "requested",     "headline_class",
                                                     "sandbox_id", "capability", "remedy_changes"};
  Parts parts = {CodeOf(decision), InfoWith(decision.code), kExpendable,
                 [&](size_t room) { return MessageOf(decision, request, remedies, {.max_bytes = room}); }};
  Metadata& metadata = *parts.info.mutable_metadata();
  Put(metadata, "decision_id", decision_id);
  Put(metadata, "sandbox_id", request.sandbox_id);
  if (decision.snapshot != nullptr) {
    Put(metadata, "catalog_revision", std::to_string(decision.snapshot->revision()));
  }
  if (decision.verdict == Verdict::kRejected) {
    Put(metadata, "candidates", std::to_string(decision.candidates.size()));
    Put(metadata, "reasons", HeadlinesText(decision));
    PutHeadline(decision, request, metadata);
    if (!remedies.empty()) PutRemedy(remedies.front(), metadata);
  }
  if (decision.verdict == Verdict::kInvalid) {
    const size_t listed = std::min(decision.violations.size(), kMaxViolations);
    for (const Issue& issue : decision.violations.first(listed)) {
      parts.violations.push_back(ViolationOf(issue.field, issue.message));
    }
    parts.unlisted = decision.violations.size() - listed;
  }
  if (parts.code == RpcCode::kResourceExhausted || parts.code == RpcCode::kUnavailable) {
    parts.retry_seconds = decision.advice.retry_delay_seconds;
  }
  return Fitted(std::move(parts));
}

size_t WireBytes(const google::rpc::Status& status) {
  size_t message = 0;
  for (const char c : status.message()) message += c < ' ' || c > '~' || c == '%' ? 3 : 1;
  return message + (status.ByteSizeLong() + 2) / 3 * 4;
}

}  // namespace berth
