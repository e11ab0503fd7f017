// A small HTTP/1.1 server for questions: GET and HEAD, no bodies, over TCP with or without TLS.
//
// The server binds its socket itself and keeps it while certificates are exchanged: connections that wait in it are
// served with the new ones, and requests under way are answered first.
//
// Guarantees:  nothing a client sends ends the process or keeps others from being served: every connection has bounded
//              memory, an idle timeout, and a deadline for its request and for taking the answer, however it trickles;
//              answers that wait for slow readers have a bound together
// Fails when:  a request has a body: 413; another method: 405; a line or header is too long: 414 and 431; broken: 400;
//              answers that wait are too many bytes: 503. The handler is not called then. It throws: 500
// Threads:     the handler is called on `threads` threads of the server at once, and should not block; the methods may
//              be called concurrently, but not from the handler
// Tested by:   tests/daemon_http_server_test.cc

#ifndef BERTH_DAEMON_HTTP_SERVER_H_
#define BERTH_DAEMON_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "berth/daemon/http_tls.h"
#include "berth/daemon/listen_address.h"

namespace berth {

struct HttpRequest {
  std::string_view method;                                 // `GET` or `HEAD`
  std::string path;                                        // decoded, starts with `/`
  std::vector<std::string> segments;                       // of the path as it was sent, each decoded
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order of the request
  std::string authorization;                               // the header's value; empty: none
  std::string client_certificate;                          // PEM, verified; empty: none
  std::string peer;                                        // `127.0.0.1:51234`, `[::1]:51234`
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;  // of a HEAD request too: the server sends its length alone
  std::vector<std::pair<std::string, std::string>> headers = {};
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;
// What the server says when it refuses a request itself: the page for a status and a sentence.
using HttpRefusalPage = std::function<HttpResponse(int status, std::string_view message)>;

struct HttpServerOptions {
  std::optional<HttpTls> tls;
  unsigned threads = 2;
  unsigned max_connections = 1024;
  unsigned max_connections_per_address = 256;
  size_t max_request_bytes = size_t{16} << 10;  // request line and headers, and the answer's headers
  size_t max_target_bytes = size_t{4} << 10;    // path and query
  size_t max_waiting_answer_bytes = size_t{64} << 20;
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(15);     // whole seconds; nothing moves
  std::chrono::milliseconds request_timeout = std::chrono::seconds(30);  // from the connection or the last answer
  std::chrono::milliseconds answer_timeout = std::chrono::seconds(60);
  // Gives refusals their body and content type; empty: the sentence as text. A few hundred bytes: they are always sent.
  HttpRefusalPage refusal_page;
  // Hears of each answer, before it is sent, its status and how long it took from the request's headers; may be empty.
  // What cannot be read as HTTP, or has headers that are too long, is refused underneath: it is not heard of, and has no
  // page.
  std::function<void(int status, std::chrono::nanoseconds took)> on_answer;
  // What the library underneath complains of, such as failed handshakes; may be empty.
  std::function<void(std::string_view)> on_complaint;
};

class HttpServer {
 public:
  // UNAVAILABLE when the address cannot be bound, INVALID_ARGUMENT when the TLS texts cannot be used.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const ListenAddress& address, HttpServerOptions options,
                                                           HttpHandler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Stops without grace.
  ~HttpServer();

  // The port that is listened on, also when port 0 was asked for.
  [[nodiscard]] uint16_t port() const;
  // Connections that are open now.
  [[nodiscard]] size_t connections() const;
  // New connections get the new certificates, or the old ones when this fails. Waits up to `grace` for requests under
  // way; then the connections with the old certificates are closed. FAILED_PRECONDITION without TLS or once stopped.
  absl::Status ReplaceTls(HttpTls tls, std::chrono::milliseconds grace);
  // Takes no new connections, waits up to `grace` for requests under way, then closes all.
  void Stop(std::chrono::milliseconds grace);

 private:
  class Core;
  explicit HttpServer(std::unique_ptr<Core> core);

  const std::unique_ptr<Core> core_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_HTTP_SERVER_H_
