#include "berth/daemon/grpc_tls.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <string>

namespace berth {
namespace {

// Asked by gRPC before every handshake. One for each address: each has to be told of every exchange.
class ExchangedCredentials final : public grpc::ServerCredentials {
 public:
  explicit ExchangedCredentials(const GrpcTls& tls) : tls_(tls) {
    const auto request = tls.tls()->client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                      : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    // The options are the credentials' from then on.
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(request, &Fetch, this));
  }
  ~ExchangedCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // Called with gRPC's lock of this address held. What gRPC cannot use leaves the certificate before in force.
  static grpc_ssl_certificate_config_reload_status Fetch(void* self, grpc_ssl_server_certificate_config** config) {
    auto& credentials = *static_cast<ExchangedCredentials*>(self);
    const std::shared_ptr<const HttpTls> tls = credentials.tls_.tls();
    if (tls == credentials.given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {.private_key = tls->key.c_str(), .cert_chain = tls->certificate.c_str()};
    // gRPC insists on authorities also where no client is asked; they are then never used.
    const std::string& authorities = tls->client_ca.empty() ? tls->certificate : tls->client_ca;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    credentials.given_ = tls;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const GrpcTls& tls_;
  std::shared_ptr<const HttpTls> given_;  // what gRPC has
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> GrpcTls::CredentialsOf(const GrpcTls& tls) {
  return std::make_shared<ExchangedCredentials>(tls);
}

}  // namespace berth
