// From the messages of the wire to the launch request that the engine decides.
//
// Both go through the request's JSON form, which the documents define: what a field means, how it is spelled and what is
// wrong with it has one home (berth/spec/launch.h), and a remedy's patch applies to a document that a person can see.
//
// Guarantees: never fails; what is wrong is in the request's issues. No text of a message can stand for more than its field
// Threads:    pure functions
// Tested by:  tests/daemon_launch_wire_test.cc, fuzz/wire_launch_fuzzer.cc

#ifndef BERTH_DAEMON_LAUNCH_WIRE_H_
#define BERTH_DAEMON_LAUNCH_WIRE_H_

#include <string>
#include <string_view>

#include "berth/spec/launch.h"
#include "berth/v1/admission.pb.h"
#include "coreweave/sandbox/v1beta2/gateway.pb.h"

namespace berth {

// Who launches, as the transport knows it.
struct LaunchIdentity {
  std::string_view organization_id;
  std::string_view user_id;     // empty: not known
  std::string_view sandbox_id;  // empty: none yet
};

// The document of a launch. `identity` stands where the message says nothing.
std::string LaunchJson(const v1::LaunchRequest& launch, const LaunchIdentity& identity);
LaunchRequest LaunchFromWire(const v1::LaunchRequest& launch, const LaunchIdentity& identity);

// The same for a launch as clients of the gateway send it; the identity is the transport's alone. Fields without meaning for
// admission are left out.
std::string LaunchJson(const coreweave::sandbox::v1beta2::StartSandboxRequest& start, const LaunchIdentity& identity);
LaunchRequest LaunchFromWire(const coreweave::sandbox::v1beta2::StartSandboxRequest& start,
                             const LaunchIdentity& identity);

}  // namespace berth

#endif  // BERTH_DAEMON_LAUNCH_WIRE_H_
