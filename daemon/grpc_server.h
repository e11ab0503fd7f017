// The gRPC side of the daemon: sockets, TLS, and each call handed to the API that answers it.
//
// Calls are answered on gRPC's own threads. A caller that is slow, idle, dead or greedy costs its own connection: calls
// for each connection, bytes for each message and headers, and unsent answers of a stream are all bounded. Compressed
// messages are refused: gRPC inflates them before it asks how large they may be, or who sends them.
//
// Threads:   Start, ReplaceTls and Drain from one thread; the APIs are called from many
// Tested by: tests/daemon_wire_test.py, tests/daemon_operation_test.py, tests/daemon_abuse_test.py

#ifndef BERTH_DAEMON_GRPC_SERVER_H_
#define BERTH_DAEMON_GRPC_SERVER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "berth/daemon/access.h"
#include "berth/daemon/admission_api.h"
#include "berth/daemon/discovery_api.h"
#include "berth/daemon/gateway_api.h"
#include "berth/daemon/http_tls.h"
#include "berth/daemon/listen_address.h"
#include "berth/daemon/log.h"
#include "berth/daemon/metrics.h"

namespace berth {

struct GrpcServerOptions {
  std::vector<ListenAddress> listen;
  std::optional<HttpTls> tls;  // for all addresses but Unix sockets
  size_t max_message_bytes = size_t{4} << 20;
  // Hears, on a thread of the server, when connections are turned away because descriptors are short, and when that is
  // over; may be empty.
  std::function<void(bool)> on_crowded;
};

class GrpcServer {
 public:
  // What answers. `gateway` may be null: its calls are then UNIMPLEMENTED. All must outlive the server.
  struct Apis {
    const Access& access;
    const DiscoveryApi& discovery;
    const AdmissionApi& admission;
    Metrics& metrics;
    GatewayApi* gateway = nullptr;
  };

  // Listens and answers. UNAVAILABLE, naming the address, when one cannot be listened on.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options, const Apis& apis);
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;
  virtual ~GrpcServer() = default;

  // Where it listens: as asked, with the port that the system chose in place of 0.
  [[nodiscard]] virtual const std::vector<std::string>& addresses() const = 0;
  // What grpc.health.v1 says.
  virtual void SetServing(bool serving) = 0;
  // New connections get the new certificate; open ones go on. FAILED_PRECONDITION without TLS.
  virtual absl::Status ReplaceTls(HttpTls tls) = 0;
  // Takes no new calls, lets those under way finish within the grace period, then cuts them off. False when a connection
  // does not end even so: the process must then end without destroying this.
  [[nodiscard]] virtual bool Drain(std::chrono::seconds grace) = 0;

 protected:
  GrpcServer() = default;
};

// Has gRPC write what it has to say to `log`, as debug lines; null: nowhere. Of the whole process.
void SendGrpcLogTo(Log* log);

}  // namespace berth

#endif  // BERTH_DAEMON_GRPC_SERVER_H_
