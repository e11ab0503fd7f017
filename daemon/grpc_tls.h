// TLS of the gRPC server, exchanged while it serves: new connections get the new certificate, open ones go on.
//
// gRPC's own watcher of files takes a certificate without asking whether the key fits, and then turns every client away.
//
// Threads:    any
// Tested by:  tests/daemon_operation_test.py

#ifndef BERTH_DAEMON_GRPC_TLS_H_
#define BERTH_DAEMON_GRPC_TLS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <utility>

#include "berth/daemon/http_tls.h"
#include "berth/engine/published.h"

namespace berth {

class GrpcTls {
 public:
  // Texts that CheckHttpTls accepts, here and below. Whether clients need certificates stays as it is here.
  explicit GrpcTls(HttpTls tls) { Replace(std::move(tls)); }

  void Replace(HttpTls tls) { tls_.Store(std::make_shared<const HttpTls>(std::move(tls))); }
  [[nodiscard]] std::shared_ptr<const HttpTls> tls() const { return tls_.Load(); }

  // For one address of a server; `tls` must outlive it.
  static std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const GrpcTls& tls);

 private:
  Published<HttpTls> tls_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_GRPC_TLS_H_
