// AdmissionService without its transport.
//
// Threads:   any
// Tested by: tests/daemon_admission_api_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_ADMISSION_API_H_
#define BERTH_DAEMON_ADMISSION_API_H_

#include "berth/daemon/decider.h"
#include "berth/daemon/recent_decisions.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/engine.h"
#include "berth/v1/admission.pb.h"
#include "google/rpc/status.pb.h"

namespace berth {

class AdmissionApi {
 public:
  AdmissionApi(const Engine& engine, const RecentDecisions& recent, const Decider& decider)
      : engine_(engine), recent_(recent), decider_(decider) {}

  google::rpc::Status Admit(const Caller& caller, const v1::LaunchRequest& launch, v1::AdmitResponse& response) const;
  google::rpc::Status Resolve(const Caller& caller, const v1::ResolveRequest& request,
                              v1::ResolveResponse& response) const;
  google::rpc::Status Explain(const Caller& caller, const v1::ExplainRequest& request,
                              v1::ExplainResponse& response) const;

 private:
  const Engine& engine_;
  const RecentDecisions& recent_;
  const Decider& decider_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_ADMISSION_API_H_
