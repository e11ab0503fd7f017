// GatewayService without its transport, for developing clients: what is started is admitted and accounted for, and
// nothing runs.
//
// A started sandbox counts against its runner's free resources until it is stopped, deleted, or past its lifetime. Its
// organization and user are the caller's. Everything is gone when the process ends.
//
// Guarantees: a runner's free resources are never promised twice; at most `max_sandboxes` are kept, and those that ended
//             longest ago make room; an organization sees its own sandboxes alone
// Threads:    any
// Cost:       Start is an admission; the others look up one sandbox
// Tested by:  tests/daemon_gateway_api_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_GATEWAY_API_H_
#define BERTH_DAEMON_GATEWAY_API_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "berth/daemon/decider.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/reservation.h"
#include "coreweave/sandbox/v1beta2/gateway.pb.h"
#include "google/rpc/status.pb.h"

namespace berth {

class GatewayApi {
 public:
  using Clock = std::chrono::system_clock;

  // `now` is for tests.
  GatewayApi(const Decider& decider, size_t max_sandboxes, std::function<Clock::time_point()> now = Clock::now)
      : decider_(decider), max_sandboxes_(max_sandboxes), now_(std::move(now)) {}

  google::rpc::Status Start(const Caller& caller, const coreweave::sandbox::v1beta2::StartSandboxRequest& request,
                            coreweave::sandbox::v1beta2::StartSandboxResponse& response);
  google::rpc::Status Get(const Caller& caller, const coreweave::sandbox::v1beta2::GetSandboxRequest& request,
                          coreweave::sandbox::v1beta2::GetSandboxResponse& response);
  google::rpc::Status Stop(const Caller& caller, const coreweave::sandbox::v1beta2::StopSandboxRequest& request,
                           coreweave::sandbox::v1beta2::StopSandboxResponse& response);
  google::rpc::Status List(const Caller& caller, const coreweave::sandbox::v1beta2::ListSandboxesRequest& request,
                           coreweave::sandbox::v1beta2::ListSandboxesResponse& response);
  google::rpc::Status Delete(const Caller& caller, const coreweave::sandbox::v1beta2::DeleteSandboxRequest& request,
                             coreweave::sandbox::v1beta2::DeleteSandboxResponse& response);

  // Ends those that are past their lifetime; every call does so first. How many are running then.
  size_t Sweep();

 private:
  using Key = std::pair<std::string, std::string>;  // organization and sandbox id
  struct Sandbox {
    coreweave::sandbox::v1beta2::GetSandboxResponse state;
    std::optional<Reservation> reservation;  // while it runs
    std::optional<Clock::time_point> deadline;
    Clock::time_point ended;
  };
  using Sandboxes = std::map<Key, Sandbox>;

  // All with `mutex_` held.
  void EndOverdue();
  void End(Sandboxes::iterator sandbox, const std::string& why);
  bool MakeRoom();
  Sandboxes::iterator FindLocked(const Caller& caller, const std::string& sandbox_id);

  const Decider& decider_;
  const size_t max_sandboxes_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;  // guards what follows
  Sandboxes sandboxes_;
  size_t starting_ = 0;                                    // admitted or not yet, but not among them
  std::set<std::pair<Clock::time_point, Key>> deadlines_;  // of those that run
  std::set<std::pair<Clock::time_point, Key>> ended_;      // the others, by when they ended
};

}  // namespace berth

#endif  // BERTH_DAEMON_GATEWAY_API_H_
