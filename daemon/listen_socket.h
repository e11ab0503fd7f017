// A listening TCP socket, and the names of those who connect to it.

#ifndef BERTH_DAEMON_LISTEN_SOCKET_H_
#define BERTH_DAEMON_LISTEN_SOCKET_H_

#include <sys/socket.h>
#include <unistd.h>

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
  ~OwnDescriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  void Release() { number_ = -1; }

 private:
  int number_;
};

// Binds and listens; never waits. UNAVAILABLE says why not. `[::]` takes IPv4 clients, too.
absl::StatusOr<OwnDescriptor> Listen(const ListenAddress& address);

// The port that a socket is bound to.
uint16_t PortOf(int socket);

// `127.0.0.1:80`, `[::1]:80`; IPv4 clients of an IPv6 socket as what they are.
std::string PeerText(const sockaddr* peer);

// Both are open and the same socket or file.
bool IsSameFile(int left, int right);

}  // namespace berth

#endif  // BERTH_DAEMON_LISTEN_SOCKET_H_
