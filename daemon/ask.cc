#include "berth/daemon/ask.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "berth/engine/json.h"
#include "berth/spec/launch.h"
#include "berth/spec/limits.h"
#include "berth/store/files.h"
#include "berth/v1/admission.grpc.pb.h"
#include "google/protobuf/util/json_util.h"

namespace berth {
namespace {

absl::Status Unusable(const Issue& issue) {
  return absl::InvalidArgumentError(PlaceText(issue.file, issue.position) + ": " + issue.message);
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

Asked Ask(const AskOptions& options, const v1::LaunchRequest& launch) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!options.ca.empty()) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = options.ca;
    credentials = grpc::SslCredentials(tls);
  }
  const auto stub = v1::AdmissionService::NewStub(grpc::CreateChannel(options.address, credentials));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(options.timeout_seconds));
  context.set_wait_for_ready(true);
  if (!options.token.empty()) context.AddMetadata("authorization", "Bearer " + options.token);
  v1::AdmitRequest request;
  *request.mutable_launch() = launch;
  Asked asked;
  const grpc::Status status = stub->Admit(&context, request, &asked.response);
  if (!status.ok() && !asked.status.ParseFromString(status.error_details())) asked.status.Clear();
  asked.status.set_code(status.error_code());
  asked.status.set_message(status.error_message());
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    asked.status.set_message("no answer from `" + options.address + "` within " +
                             std::to_string(options.timeout_seconds) + " s: is berthd running there, with this TLS?");
  }
  return asked;
}

}  // namespace berth
