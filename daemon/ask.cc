#include "berth/daemon/ask.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "berth/daemon/rpc_status.h"
#include "berth/engine/json.h"
#include "berth/spec/launch.h"
#include "berth/spec/limits.h"
#include "berth/store/files.h"
#include "berth/v1/admission.grpc.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kPause(100);

absl::Status Unusable(const Issue& issue) {
  return absl::InvalidArgumentError(PlaceText(issue.file, issue.position) + ": " + issue.message);
}

google::rpc::Status StatusFrom(const grpc::Status& status) {
  google::rpc::Status full;
  if (!full.ParseFromString(status.error_details())) full.Clear();
  full.set_code(status.error_code());
  full.set_message(status.error_message());
  return full;
}

std::string ReasonOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  return status.details_size() > 0 && status.details(0).UnpackTo(&info) ? info.reason() : std::string();
}

}  // namespace

absl::StatusOr<v1::LaunchRequest> ReadLaunch(const std::string& path) {
  const SourceFiles files = ReadOneSource(path, kMaxRequestBytes, /*full_name=*/true);
  if (files.texts.empty()) return Unusable(files.issues.front());
  const LaunchRequest request = ParseLaunchRequest(files.texts.front());
  for (const Issue& issue : request.issues) {
    if (issue.level() == IssueLevel::kError) return Unusable(issue);
  }
  v1::LaunchRequest launch;
  Node fields = *request.node;
  if (const NodeRef* overrides = fields.Find("overrides"); overrides != nullptr) {
    JsonWriter writer(*launch.mutable_overrides_json());
    WriteNode(**overrides, writer);
    erase_if(fields.members, [](const Member& member) { return member.key == "overrides"; });
  }
  std::string json;
  JsonWriter writer(json);
  WriteNode(fields, writer);
  v1::LaunchRequest rest;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &rest);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(path + ": not all of it has a field on the wire: " + parsed.ToString());
  }
  launch.MergeFrom(rest);
  return launch;
}

bool IsDecision(const google::rpc::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason == "CWSANDBOX_NO_SUITABLE_RUNNER" || reason == "CWSANDBOX_PROFILE_MISMATCH" ||
         reason == "CWSANDBOX_INVALID_REQUEST";
}

Asked Ask(const AskOptions& options, const v1::LaunchRequest& launch) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!options.ca.empty()) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = options.ca;
    tls.pem_cert_chain = options.certificate;
    tls.pem_private_key = options.key;
    credentials = grpc::SslCredentials(tls);
  }
  const auto stub = v1::AdmissionService::NewStub(grpc::CreateChannel(options.address, credentials));
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(options.timeout_seconds);
  v1::AdmitRequest request;
  *request.mutable_launch() = launch;
  for (;;) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    context.set_wait_for_ready(true);
    if (!options.token.empty()) context.AddMetadata("authorization", "Bearer " + options.token);
    Asked asked;
    const grpc::Status status = stub->Admit(&context, request, &asked.response);
    asked.status = StatusFrom(status);
    if (ReasonOf(asked.status) == kBackendUnavailable && std::chrono::system_clock::now() + kPause < deadline) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      asked.status.set_message("no answer from `" + options.address + "` within " +
                               std::to_string(options.timeout_seconds) + " s: is berthd running there, with this TLS?");
    }
    return asked;
  }
}

}  // namespace berth
