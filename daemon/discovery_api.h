// DiscoveryService without its transport: the lists of an organization as the public wire has them.
//
// What is listed and what matches is the engine's (berth/engine/discovery.h). This adds the wire's pages, views and
// errors.
//
// Guarantees: runners and profiles that the caller's organization does not see are as unknown as those that do not exist
// Threads:    any
// Cost:       linear in the visible bindings for each page, and sorting those that match
// Tested by:  tests/daemon_discovery_api_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_DISCOVERY_API_H_
#define BERTH_DAEMON_DISCOVERY_API_H_

#include "berth/daemon/tokens.h"
#include "berth/engine/engine.h"
#include "coreweave/sandbox/v1beta2/discovery.pb.h"
#include "google/rpc/status.pb.h"

namespace berth {

class DiscoveryApi {
 public:
  explicit DiscoveryApi(const Engine& engine) : engine_(engine) {}

  google::rpc::Status ListAvailableRunners(const Caller& caller,
                                           const coreweave::sandbox::v1beta2::ListAvailableRunnersRequest& request,
                                           coreweave::sandbox::v1beta2::ListAvailableRunnersResponse& response) const;
  google::rpc::Status GetAvailableRunner(const Caller& caller,
                                         const coreweave::sandbox::v1beta2::GetAvailableRunnerRequest& request,
                                         coreweave::sandbox::v1beta2::AvailableRunner& response) const;
  google::rpc::Status ListProfiles(const Caller& caller,
                                   const coreweave::sandbox::v1beta2::ListProfilesRequest& request,
                                   coreweave::sandbox::v1beta2::ListProfilesResponse& response) const;
  google::rpc::Status GetProfile(const Caller& caller, const coreweave::sandbox::v1beta2::GetProfileRequest& request,
                                 coreweave::sandbox::v1beta2::ProfileSummary& response) const;

 private:
  const Engine& engine_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_DISCOVERY_API_H_
