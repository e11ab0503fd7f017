#include "berth/daemon/rest.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "berth/daemon/rpc_status.h"
#include "berth/spec/quoted.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kRunners = "/v1beta2/runners";
constexpr std::string_view kProfiles = "/v1beta2/profiles";

std::string JsonOf(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) json = "{}";
  return json + "\n";
}

HttpResponse ErrorPage(const google::rpc::Status& status) {
  HttpResponse response;
  response.status = HttpStatusOf(status.code());
  response.body = JsonOf(status);
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

// `text` as the value of `field`; false when it is none.
bool SetFromText(const std::string& text, const FieldDescriptor& field, Message& message) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &field, text);
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return false;
      reflection.SetBool(&message, &field, text == "true");
      return true;
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return false;
      reflection.SetInt32(&message, &field, number);
      return true;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = field.enum_type()->FindValueByName(text);
      if (value == nullptr) return false;
      reflection.SetEnum(&message, &field, value);
      return true;
    }
    default:
      return false;
  }
}

// The request's fields from the query. `in_path` is the field that the path gives.
google::rpc::Status ReadQuery(const HttpRequest& request, std::string_view in_path, Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  for (const auto& [name, value] : request.query) {
    const FieldDescriptor* field = descriptor.FindFieldByName(name);
    if (field == nullptr) field = descriptor.FindFieldByCamelcaseName(name);
    if (field == nullptr || field->name() == in_path) {
      return InvalidField(name, "is no query parameter of this list");
    }
    if (!SetFromText(value, *field, message)) {
      return InvalidField(name, "has the value " + Quoted(value) + ", which is no " + field->type_name());
    }
  }
  return {};
}

// `/v1beta2/runners/x` below `/v1beta2/runners`: `x`. Nothing for another path, empty for the list itself.
std::optional<std::string_view> Below(std::string_view path, std::string_view list) {
  if (!path.starts_with(list)) return std::nullopt;
  path.remove_prefix(list.size());
  if (path.empty()) return path;
  if (path.front() != '/' || path.size() == 1) return std::nullopt;
  return path.substr(1);
}

// Answers with `call(caller, request, response)`.
template <typename Request, typename Response, typename Call>
HttpResponse Answer(const Access& access, Metrics& metrics, const HttpRequest& http, Request message,
                    std::string_view in_path, const Call& call) {
  Caller caller;
  if (const std::optional<AuthFailure> failure = access.Check(http.authorization, caller)) {
    metrics.CountAuthFailure(*failure);
    return ErrorPage(StatusOf(*failure));
  }
  if (!access.open()) return ErrorPage(access.NotOpen());
  Response response;
  google::rpc::Status status = ReadQuery(http, in_path, message);
  if (IsOk(status)) status = call(caller, message, response);
  if (!IsOk(status)) return ErrorPage(status);
  return {.body = JsonOf(response)};
}

HttpResponse PageOf(OperatorPage page) { return {page.status, std::move(page.content_type), std::move(page.body), {}}; }

HttpResponse NoSuchPage(const std::string& path) {
  return ErrorPage(MakeStatus(RpcCode::kNotFound, "CWSANDBOX_NOT_FOUND",
                              "there is no " + Quoted(path) +
                                  " here: try `/v1beta2/runners`, `/v1beta2/profiles`, `/healthz`, `/readyz` or "
                                  "`/metrics`"));
}

}  // namespace

HttpResponse Rest::Handle(const HttpRequest& request) const {
  const auto began = std::chrono::steady_clock::now();
  HttpResponse response = Route(request);
  metrics_.CountRequest(Method::kHttp, response.status, std::chrono::steady_clock::now() - began);
  return response;
}

HttpResponse Rest::Route(const HttpRequest& request) const {
  if (request.path == "/healthz") return {.content_type = "text/plain; charset=utf-8", .body = "ok\n"};
  if (request.path == "/readyz") return PageOf(pages_.readiness());
  if (request.path == "/metrics") return PageOf(pages_.metrics());
  if (const auto runner = Below(request.path, kRunners)) {
    if (runner->empty()) {
      return Answer<wire::ListAvailableRunnersRequest, wire::ListAvailableRunnersResponse>(
          access_, metrics_, request, {}, {}, [&](const Caller& caller, const auto& message, auto& answer) {
            return discovery_.ListAvailableRunners(caller, message, answer);
          });
    }
    wire::GetAvailableRunnerRequest get;
    get.set_runner_id(std::string(*runner));
    return Answer<wire::GetAvailableRunnerRequest, wire::AvailableRunner>(
        access_, metrics_, request, std::move(get), "runner_id",
        [&](const Caller& caller, const auto& message, auto& answer) {
          return discovery_.GetAvailableRunner(caller, message, answer);
        });
  }
  if (const auto profile = Below(request.path, kProfiles)) {
    if (profile->empty()) {
      return Answer<wire::ListProfilesRequest, wire::ListProfilesResponse>(
          access_, metrics_, request, {}, {}, [&](const Caller& caller, const auto& message, auto& answer) {
            return discovery_.ListProfiles(caller, message, answer);
          });
    }
    wire::GetProfileRequest get;
    get.set_profile_name(std::string(*profile));
    return Answer<wire::GetProfileRequest, wire::ProfileSummary>(
        access_, metrics_, request, std::move(get), "profile_name",
        [&](const Caller& caller, const auto& message, auto& answer) {
          return discovery_.GetProfile(caller, message, answer);
        });
  }
  return NoSuchPage(request.path);
}

}  // namespace berth
