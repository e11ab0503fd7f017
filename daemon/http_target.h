// What a request line asks for: the path and the query, decoded.
//
// Guarantees:  path and query are UTF-8 without control characters; the path starts with `/`
// Fails when:  an escape is broken, or the decoded text is not such a text: nothing comes back
// Tested by:   tests/daemon_http_server_test.cc

#ifndef BERTH_DAEMON_HTTP_TARGET_H_
#define BERTH_DAEMON_HTTP_TARGET_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth {

struct HttpTarget {
  std::string path;                                        // decoded: `%2F` is a slash like any other
  std::vector<std::string> segments;                       // between the path's slashes, each decoded: `%2F` is in one
  std::vector<std::pair<std::string, std::string>> query;  // as it is ordered; `+` is a blank; `a` is `a=`
};

// `/path?query`, or that behind `http://host` as a proxy sends it.
std::optional<HttpTarget> ParseHttpTarget(std::string_view text);

}  // namespace berth

#endif  // BERTH_DAEMON_HTTP_TARGET_H_
