#include "berth/daemon/rpc_status.h"

#include <algorithm>
#include <functional>
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
constexpr size_t kMaxMetadataBytes = 256;  // one value
constexpr size_t kMaxFieldBytes = 256;
constexpr size_t kMaxDescriptionBytes = 400;
constexpr size_t kMaxViolations = 16;

struct CodeRow {
  RpcCode code;
  std::string_view name;
  int http;
};
constexpr CodeRow kCodes[] = {
    {RpcCode::kOk, "OK", 200},
    {RpcCode::kUnknown, "UNKNOWN", 500},
    {RpcCode::kInvalidArgument, "INVALID_ARGUMENT", 400},
    {RpcCode::kNotFound, "NOT_FOUND", 404},
    {RpcCode::kPermissionDenied, "PERMISSION_DENIED", 403},
    {RpcCode::kResourceExhausted, "RESOURCE_EXHAUSTED", 429},
    {RpcCode::kFailedPrecondition, "FAILED_PRECONDITION", 400},
    {RpcCode::kUnimplemented, "UNIMPLEMENTED", 501},
    {RpcCode::kInternal, "INTERNAL", 500},
    {RpcCode::kUnavailable, "UNAVAILABLE", 503},
    {RpcCode::kUnauthenticated, "UNAUTHENTICATED", 401},
};

const CodeRow& RowOf(int code) {
  const auto* row = std::ranges::find(kCodes, static_cast<RpcCode>(code), &CodeRow::code);
  return row == std::end(kCodes) ? kCodes[1] : *row;
}

using Metadata = google::protobuf::Map<std::string, std::string>;

void Put(Metadata& metadata, std::string_view key, std::string_view value) {
  if (!value.empty()) metadata[std::string(key)] = Shortened(OneLine(std::string(value)), kMaxMetadataBytes);
}

google::rpc::ErrorInfo InfoWith(std::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kErrorDomain));
  return info;
}

// Drops what matters least until the status fits: metadata from the end of `expendable`, then the message's end.
void Fit(google::rpc::Status& status, google::rpc::ErrorInfo& info, std::span<const std::string_view> expendable) {
  while (WireBytes(status) > kMaxStatusBytes) {
    if (!expendable.empty()) {
      info.mutable_metadata()->erase(std::string(expendable.back()));
      expendable = expendable.first(expendable.size() - 1);
      status.mutable_details(0)->PackFrom(info);
    } else if (status.details_size() > 1) {
      status.mutable_details()->RemoveLast();
    } else if (status.message().size() > 64) {
      status.set_message(Shortened(status.message(), status.message().size() / 2));
    } else {
      return;
    }
  }
}

google::rpc::BadRequest ViolationsOf(const Decision& decision) {
  google::rpc::BadRequest bad;
  for (const Issue& issue : decision.violations) {
    auto* violation = bad.add_field_violations();
    violation->set_field(Shortened(OneLine(issue.field), kMaxFieldBytes));
    if (static_cast<size_t>(bad.field_violations_size()) > kMaxViolations) {
      violation->set_field("");
      const size_t rest = decision.violations.size() - kMaxViolations;
      violation->set_description(std::to_string(rest) + " more violations are not listed: correct these first");
      break;
    }
    violation->set_description(Shortened(OneLine(issue.message), kMaxDescriptionBytes));
  }
  return bad;
}

// "EGRESS_MODE_NOT_OFFERED=7,MEMORY_EXCEEDS_PROFILE=5": headlines, the most frequent first. Codes that exist for several
// resources are added up.
std::string HeadlinesText(const Decision& decision) {
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
void PutHeadline(const Decision& decision, const LaunchRequest& request, Metadata& metadata) {
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
  // Half a patch is worse than none.
  if (!remedy.changes.empty() && changes.size() <= kMaxMetadataBytes) Put(metadata, "remedy_changes", changes);
}

// What waiting alone would take away from some candidate.
Failures WaitedFor(const Decision& decision) {
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
                               std::initializer_list<std::pair<std::string_view, std::string_view>> metadata) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(code));
  status.set_message(Shortened(OneLine(std::move(message)), kMaxMessageBytes));
  google::rpc::ErrorInfo info = InfoWith(reason);
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : metadata) {
    Put(*info.mutable_metadata(), key, value);
    keys.push_back(key);
  }
  status.add_details()->PackFrom(info);
  Fit(status, info, keys);
  return status;
}

google::rpc::Status InvalidField(std::string_view field, std::string_view description) {
  google::rpc::Status status = MakeStatus(RpcCode::kInvalidArgument, "CWSANDBOX_INVALID_REQUEST",
                                          Quoted(field) + " " + std::string(description));
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(Shortened(OneLine(std::string(field)), kMaxFieldBytes));
  violation->set_description(Shortened(OneLine(std::string(description)), kMaxDescriptionBytes));
  status.add_details()->PackFrom(bad);
  return status;
}

RpcCode CodeOf(const Decision& decision) {
  if (decision.verdict == Verdict::kAdmitted) return RpcCode::kOk;
  if (decision.verdict == Verdict::kInvalid) return RpcCode::kInvalidArgument;
  Failures waited = WaitedFor(decision);
  if (waited.none()) return RpcCode::kFailedPrecondition;
  return waited.single() && waited.Has(ReasonCode::kRunnerDisconnected) ? RpcCode::kUnavailable
                                                                        : RpcCode::kResourceExhausted;
}

google::rpc::Status DecisionStatus(const Decision& decision, const LaunchRequest& request,
                                   std::span<const Remedy> remedies, std::string_view decision_id) {
  const RpcCode code = CodeOf(decision);
  google::rpc::Status status;
  status.set_code(static_cast<int>(code));
  status.set_message(MessageOf(decision, request, remedies, {.max_bytes = kMaxMessageBytes}));

  google::rpc::ErrorInfo info = InfoWith(decision.code);
  Metadata& metadata = *info.mutable_metadata();
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
  status.add_details()->PackFrom(info);
  if (decision.verdict == Verdict::kInvalid) status.add_details()->PackFrom(ViolationsOf(decision));
  if (code == RpcCode::kResourceExhausted || code == RpcCode::kUnavailable) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(decision.advice.retry_delay_seconds);
    status.add_details()->PackFrom(retry);
  }
  constexpr std::string_view kExpendable[] = {"reasons",    "offered",    "requested",     "headline_class",
                                              "sandbox_id", "capability", "remedy_changes"};
  Fit(status, info, kExpendable);
  return status;
}

size_t WireBytes(const google::rpc::Status& status) {
  size_t message = 0;
  for (const char c : status.message()) message += c < ' ' || c > '~' || c == '%' ? 3 : 1;
  return message + (status.ByteSizeLong() + 2) / 3 * 4;
}

}  // namespace berth
