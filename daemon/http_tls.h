// TLS of the HTTP server: its certificate, and the certificates of its clients.

#ifndef BERTH_DAEMON_HTTP_TLS_H_
#define BERTH_DAEMON_HTTP_TLS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace berth {

// Texts in PEM.
struct HttpTls {
  std::string certificate;  // the chain, the server's own first
  std::string key;
  // Who shows no certificate of theirs is turned away with 403. Empty: clients are not asked for one.
  std::string client_ca;
};

// INVALID_ARGUMENT when a text is no PEM, or the key does not belong to the certificate.
absl::Status CheckHttpTls(const HttpTls& tls);

// When the server's own certificate runs out, in seconds since 1970; 0 when that cannot be read.
int64_t NotAfterOf(const HttpTls& tls);

// The certificate that the client of a connection showed, in PEM; empty when it showed none. UNAUTHENTICATED when it
// comes from no authority of ours, has expired, or is not meant for clients. `session` is a gnutls_session_t.
absl::StatusOr<std::string> VerifiedClientCertificate(void* session);

}  // namespace berth

#endif  // BERTH_DAEMON_HTTP_TLS_H_
