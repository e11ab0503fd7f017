#include "berth/daemon/http_tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <ctime>
#include <limits>
#include <memory>
#include <string_view>

namespace berth {
namespace {

// Views the text; GnuTLS does not write through it.
gnutls_datum_t DatumOf(const std::string& text) {
  return {.data = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
          .size = static_cast<unsigned>(text.size())};
}

absl::Status Unusable(std::string_view what, int error) {
  return absl::InvalidArgumentError(std::string(what).append(": ").append(gnutls_strerror(error)));
}

}  // namespace

absl::Status CheckHttpTls(const HttpTls& tls) {
  constexpr size_t kMost = std::numeric_limits<unsigned>::max();
  if (tls.certificate.size() > kMost || tls.key.size() > kMost || tls.client_ca.size() > kMost) {
    return absl::InvalidArgumentError("the TLS files are too large: check their names");
  }
  gnutls_certificate_credentials_t raw = nullptr;
  if (const int error = gnutls_certificate_allocate_credentials(&raw); error != GNUTLS_E_SUCCESS) {
    return absl::ResourceExhaustedError(gnutls_strerror(error));
  }
  const std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>,
                        decltype(&gnutls_certificate_free_credentials)>
      credentials(raw, &gnutls_certificate_free_credentials);
  const gnutls_datum_t certificate = DatumOf(tls.certificate);
  const gnutls_datum_t key = DatumOf(tls.key);
  if (const int error = gnutls_certificate_set_x509_key_mem(raw, &certificate, &key, GNUTLS_X509_FMT_PEM); error < 0) {
    return Unusable("the TLS certificate and its key cannot be used", error);
  }
  if (tls.client_ca.empty()) return absl::OkStatus();
  const gnutls_datum_t authority = DatumOf(tls.client_ca);
  const int count = gnutls_certificate_set_x509_trust_mem(raw, &authority, GNUTLS_X509_FMT_PEM);
  if (count < 0) return Unusable("the authorities of client certificates cannot be used", count);
  if (count == 0) return absl::InvalidArgumentError("the authorities of client certificates hold no certificate");
  return absl::OkStatus();
}

int64_t NotAfterOf(const HttpTls& tls) {
  gnutls_x509_crt_t raw = nullptr;
  if (gnutls_x509_crt_init(&raw) != GNUTLS_E_SUCCESS) return 0;
  const std::unique_ptr<std::remove_pointer_t<gnutls_x509_crt_t>, decltype(&gnutls_x509_crt_deinit)> certificate(
      raw, &gnutls_x509_crt_deinit);
  const gnutls_datum_t text = DatumOf(tls.certificate);
  if (gnutls_x509_crt_import(raw, &text, GNUTLS_X509_FMT_PEM) != GNUTLS_E_SUCCESS) return 0;
  const time_t expires = gnutls_x509_crt_get_expiration_time(raw);
  return expires == static_cast<time_t>(-1) ? 0 : expires;
}

absl::StatusOr<std::string> VerifiedClientCertificate(void* session) {
  const auto tls = static_cast<gnutls_session_t>(session);
  unsigned count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(tls, &count);
  if (chain == nullptr || count == 0) return std::string();
  std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
  gnutls_typed_vdata_st wanted = {
      .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = reinterpret_cast<unsigned char*>(purpose.data()), .size = 0};
  unsigned findings = 0;
  if (gnutls_certificate_verify_peers(tls, &wanted, 1, &findings) != GNUTLS_E_SUCCESS || findings != 0) {
    return absl::UnauthenticatedError("the client's certificate is not one that is trusted here");
  }
  gnutls_datum_t pem = {};
  if (gnutls_pem_base64_encode2("CERTIFICATE", &chain[0], &pem) != GNUTLS_E_SUCCESS) {
    return absl::UnauthenticatedError("the client's certificate cannot be read");
  }
  std::string text(reinterpret_cast<const char*>(pem.data), pem.size);
  gnutls_free(pem.data);
  return text;
}

}  // namespace berth
