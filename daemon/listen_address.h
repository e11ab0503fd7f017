// Where a server listens: an IP address with a port, or a path in the file system.
//
// Guarantees:  nothing is resolved; `localhost` is 127.0.0.1, and every other name is refused
// Threads:     values and pure functions
// Tested by:   tests/daemon_settings_test.cc

#ifndef BERTH_DAEMON_LISTEN_ADDRESS_H_
#define BERTH_DAEMON_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace berth {

struct ListenAddress {
  enum class Kind : uint8_t { kIpv4, kIpv6, kUnix };

  Kind kind = Kind::kIpv4;
  std::string text;  // `127.0.0.1:7444`, `[::1]:7444`, `unix:/run/berthd.sock`: what gRPC takes, too
  std::string host;  // IP addresses: numeric, without brackets
  uint16_t port = 0;
  std::string path;  // kUnix

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// `host:port`, `[v6]:port` or `unix:/path`; port 0 is one that the system chooses. INVALID_ARGUMENT says what is wrong
// and what to write.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// Reached from this machine only: an address of the loopback interface, or a path.
[[nodiscard]] bool IsLocal(const ListenAddress& address);

}  // namespace berth

#endif  // BERTH_DAEMON_LISTEN_ADDRESS_H_
