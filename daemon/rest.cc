#include "berth/daemon/rest.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

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

constexpr std::string_view kInvalidRequest = "CWSANDBOX_INVALID_REQUEST";
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

bool ReadNumber(std::string_view text, int32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
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
      if (!ReadNumber(text, number)) return false;
      reflection.SetInt32(&message, &field, number);
      return true;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      // A number without a name is one of a later version, as in protobuf JSON.
      const auto* value = field.enum_type()->FindValueByName(text);
      int32_t number = value == nullptr ? 0 : value->number();
      if (value == nullptr && !ReadNumber(text, number)) return false;
      reflection.SetEnumValue(&message, &field, number);
      return true;
    }
    default:
      return false;
  }
}

// The request's fields from the query. `in_path` is the field that the path gives.
google::rpc::Status ReadQuery(const HttpRequest& request, std::string_view in_path, Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  std::vector<const FieldDescriptor*> seen;
  for (const auto& [name, value] : request.query) {
    const FieldDescriptor* field = descriptor.FindFieldByName(name);
    if (field == nullptr) field = descriptor.FindFieldByCamelcaseName(name);
    if (field == nullptr || field->name() == in_path) {
      return InvalidField(name, "is no query parameter of this list");
    }
    if (std::ranges::find(seen, field) != seen.end()) return InvalidField(name, "is given twice: give it once");
    seen.push_back(field);
    if (!SetFromText(value, *field, message)) {
      return InvalidField(name, "has the value " + Quoted(value) + ", which is no " + field->type_name());
    }
  }
  return {};
}

// `x` of `{list}/x`, empty for the list itself; nothing for another path.
std::optional<std::string> Below(const HttpRequest& request, std::string_view list) {
  const std::vector<std::string>& path = request.segments;
  if (path.size() < 2 || path.size() > 3 || "/" + path[0] + "/" + path[1] != list) return std::nullopt;
  if (path.size() == 2) return std::string();
  return path[2].empty() ? std::nullopt : std::optional(path[2]);
}

// Answers with `call(caller, request, response)`.
template <typename Request, typename Response, typename Call>
HttpResponse Answer(const Access& access, const HttpRequest& http, Request message, std::string_view in_path,
                    const Call& call) {
  Caller caller;
  Response response;
  const auto peer = [&http] { return http.peer; };
  google::rpc::Status status = access.Enter({Method::kHttp, http.authorization, peer}, caller);
  if (IsOk(status)) status = ReadQuery(http, in_path, message);
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
  if (request.path == "/healthz") return {.content_type = "text/plain; charset=utf-8", .body = "ok\n"};
  if (request.path == "/readyz") return PageOf(pages_.readiness());
  if (request.path == "/metrics") return PageOf(pages_.metrics());
  if (const auto runner = Below(request, kRunners)) {
    if (runner->empty()) {
      return Answer<wire::ListAvailableRunnersRequest, wire::ListAvailableRunnersResponse>(
          access_, request, {}, {}, [&](const Caller& caller, const auto& message, auto& answer) {
            return discovery_.ListAvailableRunners(caller, message, answer);
          });
    }
    wire::GetAvailableRunnerRequest get;
    get.set_runner_id(*runner);
    return Answer<wire::GetAvailableRunnerRequest, wire::AvailableRunner>(
        access_, request, std::move(get), "runner_id", [&](const Caller& caller, const auto& message, auto& answer) {
          return discovery_.GetAvailableRunner(caller, message, answer);
        });
  }
  if (const auto profile = Below(request, kProfiles)) {
    if (profile->empty()) {
      return Answer<wire::ListProfilesRequest, wire::ListProfilesResponse>(
          access_, request, {}, {}, [&](const Caller& caller, const auto& message, auto& answer) {
            return discovery_.ListProfiles(caller, message, answer);
          });
    }
    wire::GetProfileRequest get;
    get.set_profile_name(*profile);
    return Answer<wire::GetProfileRequest, wire::ProfileSummary>(
        access_, request, std::move(get), "profile_name", [&](const Caller& caller, const auto& message, auto& answer) {
          return discovery_.GetProfile(caller, message, answer);
        });
  }
  return NoSuchPage(request.path);
}

HttpResponse RefusalPage(int status, std::string_view message) {
  struct Row {
    int status;
    RpcCode code;
    std::string_view reason;
  };
  static constexpr Row kRows[] = {
      {403, RpcCode::kPermissionDenied, "CWSANDBOX_PERMISSION_DENIED"},
      {405, RpcCode::kUnimplemented, kInvalidRequest},
      {500, RpcCode::kInternal, "CWSANDBOX_INTERNAL"},
      {503, RpcCode::kUnavailable, kBackendUnavailable},
  };
  const auto* row = std::ranges::find(kRows, status, &Row::status);
  const bool known = row != std::end(kRows);
  HttpResponse page =
      ErrorPage(MakeStatus(known ? row->code : RpcCode::kInvalidArgument, known ? row->reason : kInvalidRequest,
                           std::string(message), {}, status == 503 ? std::optional<int64_t>(1) : std::nullopt));
  page.status = status;
  return page;
}

}  // namespace berth
