#include "berth/daemon/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "berth/spec/quoted.h"

namespace berth {
namespace {

constexpr mode_t kUnixSocketMode = 0660;

// An address as the system takes it.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress ToSocketAddress(const ListenAddress& address) {
  SocketAddress result;
  if (address.kind == ListenAddress::Kind::kUnix) {
    sockaddr_un local = {};
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, address.path.data(), address.path.size());  // a ListenAddress fits, with its NUL
    std::memcpy(&result.storage, &local, result.size = sizeof(local));
  } else if (address.kind == ListenAddress::Kind::kIpv6) {
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    std::memcpy(&result.storage, &v6, result.size = sizeof(v6));
  } else {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr);
    std::memcpy(&result.storage, &v4, result.size = sizeof(v4));
  }
  return result;
}

absl::Status CannotListen(const ListenAddress& address, int error) {
  const bool is_unix = address.kind == ListenAddress::Kind::kUnix;
  std::string message = "cannot listen on " + Quoted(address.text) + ": ";
  if (error == EADDRINUSE && is_unix) {
    message += "another server listens there, or it is a file that is no socket: stop that, or choose another path";
  } else if (error == EADDRINUSE) {
    message += "it is in use: stop the other server, or choose another port";
  } else if (error == EADDRNOTAVAIL) {
    message += "it is no address of this machine";
  } else if (error == EACCES && is_unix) {
    message += "permission is missing: allow the daemon's user to write in that folder";
  } else if (error == EACCES) {
    message += "the port needs a privilege: choose one from 1024 upwards";
  } else if (is_unix && (error == ENOENT || error == ENOTDIR)) {
    message += "there is no such folder: create it";
  } else if (is_unix && error == EROFS) {
    message += "the disk is read-only: choose a path on another, such as below `/run`";
  } else {
    message += "system error " + std::to_string(error);
  }
  return absl::UnavailableError(message);
}

// Removes a socket that a killed process left behind: one that refuses connections.
void RemoveStaleSocket(const ListenAddress& address, const SocketAddress& wanted) {
  struct stat status = {};
  if (lstat(address.path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const OwnDescriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (probe.number() < 0 || connect(probe.number(), wanted.get(), wanted.size) == 0) return;
  if (errno == ECONNREFUSED) unlink(address.path.c_str());
}

}  // namespace

OwnDescriptor::~OwnDescriptor() {
  if (number_ >= 0) close(number_);
}

absl::StatusOr<OwnDescriptor> ListenOn(const ListenAddress& address) {
  const SocketAddress wanted = ToSocketAddress(address);
  OwnDescriptor listener(socket(wanted.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (listener.number() < 0) return CannotListen(address, errno);
  const int on = 1;
  if (address.kind == ListenAddress::Kind::kUnix) {
    RemoveStaleSocket(address, wanted);
  } else {
    setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(listener.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // its connections inherit it
  }
  if (address.kind == ListenAddress::Kind::kIpv6) {
    const int v6_only = address.host == "::" ? 0 : 1;  // `[::]` is every address of the machine
    setsockopt(listener.number(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
  }
  if (bind(listener.number(), wanted.get(), wanted.size) != 0) return CannotListen(address, errno);
  // Nobody can connect before it listens.
  if (address.kind == ListenAddress::Kind::kUnix && chmod(address.path.c_str(), kUnixSocketMode) != 0) {
    return CannotListen(address, errno);
  }
  if (listen(listener.number(), SOMAXCONN) != 0) return CannotListen(address, errno);
  return listener;
}

uint16_t PortOf(int socket) {
  sockaddr_storage bound = {};
  socklen_t size = sizeof(bound);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  sockaddr_in v4 = {};
  sockaddr_in6 v6 = {};
  std::memcpy(&v4, &bound, sizeof(v4));
  std::memcpy(&v6, &bound, sizeof(v6));
  if (bound.ss_family == AF_INET6) return ntohs(v6.sin6_port);
  return bound.ss_family == AF_INET ? ntohs(v4.sin_port) : uint16_t{0};
}

std::string PeerText(const sockaddr* peer) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (peer->sa_family == AF_INET) {
    sockaddr_in v4 = {};
    std::memcpy(&v4, peer, sizeof(v4));
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (peer->sa_family != AF_INET6) return "unknown";
  sockaddr_in6 v6 = {};
  std::memcpy(&v6, peer, sizeof(v6));
  const std::string port = std::to_string(ntohs(v6.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    return std::string(text.data()) + ":" + port;
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + port;
}

bool IsSameFile(int left, int right) {
  struct stat one = {};
  struct stat other = {};
  return fstat(left, &one) == 0 && fstat(right, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace berth
