// DiscoveryService over HTTP, as its descriptor maps it: `GET /v1beta2/runners`, `/v1beta2/runners/{runner_id}`,
// `/v1beta2/profiles`, `/v1beta2/profiles/{profile_name}`; and the operator's `/healthz`, `/readyz` and `/metrics`.
//
// Query parameters are the request's fields in either spelling (`pageSize`, `page_size`), each once; a value of an
// enumeration is its name or its number. Answers are protobuf JSON. `{...}` is one segment of the path; `%2F` may stand
// in it. An error is a google.rpc.Status with the HTTP status of its code. The operator's pages need no token.
//
// Threads:   any
// Tested by: tests/daemon_rest_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_REST_H_
#define BERTH_DAEMON_REST_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "berth/daemon/access.h"
#include "berth/daemon/discovery_api.h"
#include "berth/daemon/http_server.h"

namespace berth {

// A page of the operator's.
struct OperatorPage {
  int status = 200;
  std::string content_type;
  std::string body;
};

class Rest {
 public:
  struct Pages {
    std::function<OperatorPage()> readiness;
    std::function<OperatorPage()> metrics;
  };
  Rest(const Access& access, const DiscoveryApi& discovery, Pages pages)
      : access_(access), discovery_(discovery), pages_(std::move(pages)) {}

  [[nodiscard]] HttpResponse Handle(const HttpRequest& request) const;

 private:
  const Access& access_;
  const DiscoveryApi& discovery_;
  const Pages pages_;
};

// The page of a request that the server refuses itself: HttpServerOptions::refusal_page.
HttpResponse RefusalPage(int status, std::string_view message);

}  // namespace berth

#endif  // BERTH_DAEMON_REST_H_
