// A client for one question: `berthd admit` asks a running berthd, to see that it answers.
//
// Threads:   one
// Tested by: tests/daemon_operation_test.py

#ifndef BERTH_DAEMON_ASK_H_
#define BERTH_DAEMON_ASK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "berth/v1/admission.pb.h"
#include "google/rpc/status.pb.h"

namespace berth {

struct AskOptions {
  std::string address = "127.0.0.1:7444";  // or unix:/path
  std::string token;                       // empty: none
  std::string ca;                          // PEM of who signed the server's certificate; empty: no TLS
  std::string certificate;                 // PEM of the client's own, and its key, where the server asks for one
  std::string key;
  int timeout_seconds = 10;  // waits so long for a server that is only starting
};

struct Asked {
  google::rpc::Status status;  // OK when admitted
  v1::AdmitResponse response;
};

// The launch of a file that `berth admit --request` reads. INVALID_ARGUMENT, naming the place, when it is none, or uses
// what the wire has no field for.
absl::StatusOr<v1::LaunchRequest> ReadLaunch(const std::string& path);

// The engine said so: a rejection, or that the launch is invalid.
bool IsDecision(const google::rpc::Status& status);

// What the server answers.
Asked Ask(const AskOptions& options, const v1::LaunchRequest& launch);

}  // namespace berth

#endif  // BERTH_DAEMON_ASK_H_
