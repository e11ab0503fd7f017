// Sockets that listen, the names of those who connect to them, and descriptors that are closed with their owner.
//
// Threads:    values and pure functions
// Tested by:  tests/daemon_http_server_test.cc, tests/daemon_operation_test.py

#ifndef BERTH_DAEMON_SOCKETS_H_
#define BERTH_DAEMON_SOCKETS_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "berth/daemon/listen_address.h"

namespace berth {

// A file descriptor that is closed with its owner.
class OwnDescriptor {
 public:
  explicit OwnDescriptor(int number = -1) : number_(number) {}
  OwnDescriptor(OwnDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  OwnDescriptor& operator=(OwnDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~OwnDescriptor();

  [[nodiscard]] int number() const { return number_; }
  // The caller closes it.
  int Release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// A socket that listens and never blocks. UNAVAILABLE, naming the address and what to do, when it cannot be had.
//
// A Unix socket that nobody listens on any more is replaced; one that somebody listens on is not. It is open to its user
// and group alone from the moment that it can be connected to.
absl::StatusOr<OwnDescriptor> ListenOn(const ListenAddress& address);

// The port that an IP socket is bound to; 0 for others.
[[nodiscard]] uint16_t PortOf(int socket);

// `127.0.0.1:80`, `[::1]:80`; IPv4 clients of an IPv6 socket as what they are.
std::string PeerText(const sockaddr* peer);

// Both are open and the same socket or file.
[[nodiscard]] bool IsSameFile(int left, int right);

}  // namespace berth

#endif  // BERTH_DAEMON_SOCKETS_H_
