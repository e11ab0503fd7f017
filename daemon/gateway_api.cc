#include "berth/daemon/gateway_api.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "berth/daemon/digest.h"
#include "berth/daemon/launch_wire.h"
#include "berth/daemon/page.h"
#include "berth/daemon/required_fields.h"
#include "berth/daemon/rpc_status.h"
#include "berth/spec/limits.h"
#include "berth/spec/quoted.h"
#include "google/protobuf/util/time_util.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;

constexpr std::string_view kRunsNothing = "admitted by berthd, which runs nothing";
constexpr size_t kMaxMissing = 16;

google::rpc::Status CheckStart(const wire::StartSandboxRequest& request) {
  std::vector<FieldProblem> problems;
  for (std::string& field : MissingFields(request, kMaxMissing)) {
    // An image that is not given comes from the profile.
    if (field != "container_image") problems.push_back({std::move(field), "is missing"});
  }
  // They are kept with the sandbox.
  if (static_cast<size_t>(request.ports_size()) > kMaxExposedPorts) {
    problems.push_back({"ports", "are more than " + std::to_string(kMaxExposedPorts)});
  }
  for (const wire::Port& port : request.ports()) {
    if (port.name().size() <= kMaxNameBytes && port.protocol().size() <= kMaxNameBytes) continue;
    problems.push_back({"ports", "have a name or protocol of more than " + std::to_string(kMaxNameBytes) + " bytes"});
    break;
  }
  if (request.max_lifetime_seconds() < 0) problems.push_back({"max_lifetime_seconds", "is negative"});
  if (request.max_timeout_seconds() < 0) problems.push_back({"max_timeout_seconds", "is negative"});
  return problems.empty() ? google::rpc::Status() : InvalidFields(problems);
}

google::rpc::Status NotFound(const std::string& sandbox_id) {
  return MakeStatus(RpcCode::kNotFound, "CWSANDBOX_SANDBOX_NOT_FOUND",
                    "sandbox " + Quoted(sandbox_id) +
                        " is not among those of your organization that this berthd has started and still knows",
                    {{"sandbox_id", sandbox_id}});
}

google::rpc::Status NoRoom(size_t max_sandboxes) {
  return MakeStatus(RpcCode::kResourceExhausted, "CWSANDBOX_RUNNER_CAPACITY_EXHAUSTED",
                    "this berthd keeps at most " + std::to_string(max_sandboxes) +
                        " running sandboxes: stop some, or raise `max_sandboxes`");
}

google::rpc::Status NoRandomness() {
  return MakeStatus(RpcCode::kInternal, "CWSANDBOX_INTERNAL",
                    "no sandbox id could be made: the system gives no random bytes");
}

google::protobuf::Timestamp TimestampOf(GatewayApi::Clock::time_point time) {
  const auto since = time.time_since_epoch();
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

// What the launch exposes: the ports that its ingress level opens, and those it declares itself.
void FillPorts(const wire::StartSandboxRequest& request, google::protobuf::RepeatedPtrField<wire::Port>& ports) {
  for (const wire::Port& port : request.ports()) *ports.Add() = port;
  for (const int32_t number : request.network().exposed_ports()) {
    if (std::ranges::find(ports, number, &wire::Port::container_port) != ports.end()) continue;
    wire::Port& port = *ports.Add();
    port.set_container_port(number);
    port.set_protocol("TCP");
  }
}

// The sandbox as Get shows it while it runs.
void FillState(const wire::StartSandboxRequest& request, const LaunchRequest& launch, const Decision& decision,
               wire::GetSandboxResponse& state) {
  const uint32_t index = decision.placements.front();
  const CompiledBinding& binding = decision.snapshot->bindings()[index];
  const Runner& runner = *decision.snapshot->RunnerOf(binding).runner;
  const Resolved resolved = Engine::Resolve(*decision.snapshot, index, &launch, launch.organization_id);
  state.set_sandbox_id(launch.sandbox_id);
  state.set_sandbox_status(wire::SANDBOX_STATUS_RUNNING);
  state.set_runner_id(runner.runner_id);
  state.set_runner_group_id(runner.group);
  state.set_profile_id(binding.profile_id);
  state.set_service_address(resolved.host);
  FillPorts(request, *state.mutable_exposed_ports());
  state.set_applied_ingress_mode(resolved.ingress_mode.value_or(""));
  state.set_applied_egress_mode(resolved.egress_mode.value_or(""));
  state.set_status_reason(std::string(kRunsNothing));
}

void FillStarted(const wire::StartSandboxRequest& request, const wire::GetSandboxResponse& state,
                 wire::StartSandboxResponse& response) {
  response.set_sandbox_id(state.sandbox_id());
  *response.mutable_started_at_time() = state.started_at_time();
  response.set_service_address(state.service_address());
  *response.mutable_exposed_ports() = state.exposed_ports();
  response.set_profile_id(state.profile_id());
  response.set_runner_id(state.runner_id());
  response.set_sandbox_status(state.sandbox_status());
  response.set_applied_ingress_mode(state.applied_ingress_mode());
  response.set_applied_egress_mode(state.applied_egress_mode());
  // What was asked for, on the sides where it was asked.
  if (request.has_resources()) *response.mutable_requested_resources() = request.resources();
  const bool legacy = request.has_resources() && !request.has_resource_limits() && !request.has_resource_requests();
  if (legacy || request.has_resource_limits()) {
    *response.mutable_requested_resource_limits() = legacy ? request.resources() : request.resource_limits();
  }
  if (legacy || request.has_resource_requests()) {
    *response.mutable_requested_resource_requests() = legacy ? request.resources() : request.resource_requests();
  }
}

}  // namespace

google::rpc::Status GatewayApi::Start(const Caller& caller, const wire::StartSandboxRequest& request,
                                      wire::StartSandboxResponse& response) {
  if (google::rpc::Status status = CheckStart(request); !IsOk(status)) return status;
  const std::optional<std::string> random = RandomBytes(8);
  if (!random) return NoRandomness();
  const std::string sandbox_id = "sb-" + HexOf(*random);
  const LaunchRequest launch = LaunchFromWire(request, {caller.organization_id, caller.user_id, sandbox_id});

  {
    const std::lock_guard lock(mutex_);
    EndOverdue();  // what has ended must not stand in the way of this one
    if (!MakeRoom()) return NoRoom(max_sandboxes_);
    ++starting_;
  }
  // Outside the lock: an admission may take long.
  thread_local Scratch scratch;
  std::optional<Reservation> reservation;
  Decided decided = decider_.Decide(caller, launch, scratch, [&](const Decision& decision) {
    reservation = Reservation::Make(decision, launch);
    return reservation.has_value();
  });
  const std::lock_guard lock(mutex_);
  --starting_;
  if (!IsOk(decided.status)) return std::move(decided.status);
  Sandbox sandbox;
  FillState(request, launch, decided.decision, sandbox.state);
  const Clock::time_point now = now_();
  *sandbox.state.mutable_started_at_time() = TimestampOf(now);
  sandbox.reservation = std::move(reservation);
  FillStarted(request, sandbox.state, response);
  const Key key = {caller.organization_id, sandbox_id};
  if (request.max_lifetime_seconds() > 0) {
    sandbox.deadline = now + std::chrono::seconds(request.max_lifetime_seconds());
    deadlines_.emplace(*sandbox.deadline, key);
  }
  sandboxes_.emplace(key, std::move(sandbox));
  return {};
}

google::rpc::Status GatewayApi::Get(const Caller& caller, const wire::GetSandboxRequest& request,
                                    wire::GetSandboxResponse& response) {
  if (request.sandbox_id().empty()) return InvalidField("sandbox_id", "is missing");
  const std::lock_guard lock(mutex_);
  const auto found = FindLocked(caller, request.sandbox_id());
  if (found == sandboxes_.end()) return NotFound(request.sandbox_id());
  response = found->second.state;
  return {};
}

google::rpc::Status GatewayApi::Stop(const Caller& caller, const wire::StopSandboxRequest& request,
                                     wire::StopSandboxResponse& response) {
  if (request.sandbox_id().empty()) return InvalidField("sandbox_id", "is missing");
  const std::lock_guard lock(mutex_);
  const auto found = FindLocked(caller, request.sandbox_id());
  if (found == sandboxes_.end()) return NotFound(request.sandbox_id());
  if (request.file_system_snapshot_on_stop()) {
    response.set_success(false);
    response.set_error_message("berthd runs nothing and so has no file system to take a snapshot of");
    return {};
  }
  End(found, "stopped by the caller");
  response.set_success(true);
  return {};
}

google::rpc::Status GatewayApi::List(const Caller& caller, const wire::ListSandboxesRequest& request,
                                     wire::ListSandboxesResponse& response) {
  const std::optional<size_t> size = PageSizeOf(request.page_size());
  if (!size) return InvalidField("page_size", "is negative: give 0 for the default, or up to 100");
  const std::vector<std::string_view> bound_to = {"sandboxes", caller.organization_id};
  Key after = {caller.organization_id, ""};
  if (!request.page_token().empty()) {
    std::optional<PageKey> last = ReadPageToken(request.page_token(), bound_to);
    if (!last || last->size() != 1) {
      return InvalidField("page_token", "is not one that this list gave: leave it out to start over");
    }
    after.second = std::move(last->front());
  }
  const std::lock_guard lock(mutex_);
  EndOverdue();
  for (auto it = sandboxes_.upper_bound(after); it != sandboxes_.end() && it->first.first == after.first; ++it) {
    if (static_cast<size_t>(response.sandboxes_size()) == *size) {
      response.set_next_page_token(MakePageToken({response.sandboxes().rbegin()->sandbox_id()}, bound_to));
      break;
    }
    *response.add_sandboxes() = it->second.state;
  }
  return {};
}

google::rpc::Status GatewayApi::Delete(const Caller& caller, const wire::DeleteSandboxRequest& request,
                                       wire::DeleteSandboxResponse& response) {
  if (request.sandbox_id().empty()) return InvalidField("sandbox_id", "is missing");
  const std::lock_guard lock(mutex_);
  const auto found = FindLocked(caller, request.sandbox_id());
  if (found == sandboxes_.end()) return NotFound(request.sandbox_id());
  End(found, "deleted by the caller");
  ended_.erase({found->second.ended, found->first});
  sandboxes_.erase(found);
  response.set_success(true);
  return {};
}

size_t GatewayApi::Sweep() {
  const std::lock_guard lock(mutex_);
  EndOverdue();
  return sandboxes_.size() - ended_.size();
}

GatewayApi::Sandboxes::iterator GatewayApi::FindLocked(const Caller& caller, const std::string& sandbox_id) {
  EndOverdue();
  return sandboxes_.find({caller.organization_id, sandbox_id});
}

void GatewayApi::EndOverdue() {
  const Clock::time_point now = now_();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    End(sandboxes_.find(deadlines_.begin()->second), "its lifetime has passed");
  }
}

void GatewayApi::End(Sandboxes::iterator sandbox, const std::string& why) {
  Sandbox& ended = sandbox->second;
  if (!ended.reservation) return;
  ended.reservation.reset();
  if (ended.deadline) deadlines_.erase({*ended.deadline, sandbox->first});
  ended.deadline.reset();
  ended.ended = now_();
  ended_.emplace(ended.ended, sandbox->first);
  ended.state.set_sandbox_status(wire::SANDBOX_STATUS_COMPLETED);
  ended.state.set_status_reason(why);
}

bool GatewayApi::MakeRoom() {
  while (sandboxes_.size() + starting_ >= max_sandboxes_ && !ended_.empty()) {
    sandboxes_.erase(ended_.begin()->second);
    ended_.erase(ended_.begin());
  }
  return sandboxes_.size() + starting_ < max_sandboxes_;
}

}  // namespace berth
