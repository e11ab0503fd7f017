#include "berth/daemon/acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

namespace berth {
namespace {

constexpr rlim_t kReservedDescriptors = 2048;  // or a quarter, if that is less
constexpr int kPauseMillis = 100;              // when the system has no descriptors or memory
constexpr int kBatch = 64;                     // of one socket, before the others have their turn

// The first descriptor of the reserve: the system gives out the lowest one that is free.
int FirstReserved() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
  const rlim_t most = std::min(limit.rlim_cur, static_cast<rlim_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(most - std::min(most / 4, kReservedDescriptors));
}

}  // namespace

absl::Status Acceptor::Listen(const std::vector<ListenAddress>& addresses) {
  most_ = FirstReserved();
  stop_ = OwnDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stop_.number() < 0) return absl::ResourceExhaustedError("too many files are open: raise the limit");
  for (const ListenAddress& address : addresses) {
    absl::StatusOr<OwnDescriptor> listener = ListenOn(address);
    if (!listener.ok()) return listener.status();
    if (address.kind == ListenAddress::Kind::kUnix) {
      struct stat status = {};
      if (stat(address.path.c_str(), &status) == 0) {
        unix_sockets_.push_back({address.path, status.st_dev, status.st_ino});
      }
      addresses_.push_back(address.text);
    } else {
      const std::string host = address.text.substr(0, address.text.rfind(':') + 1);
      addresses_.push_back(host + std::to_string(PortOf(listener->number())));
    }
    listeners_.push_back(*std::move(listener));
  }
  return absl::OkStatus();
}

void Acceptor::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(stop_.number(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  listeners_.clear();
  for (const UnixSocket& ours : std::exchange(unix_sockets_, {})) {
    // Another may have taken the name since.
    struct stat status = {};
    const bool there = lstat(ours.path.c_str(), &status) == 0;
    if (there && status.st_dev == ours.device && status.st_ino == ours.inode) unlink(ours.path.c_str());
  }
}

void Acceptor::Run() {
  std::vector<pollfd> waiting = {{.fd = stop_.number(), .events = POLLIN, .revents = 0}};
  for (const OwnDescriptor& listener : listeners_) {
    waiting.push_back({.fd = listener.number(), .events = POLLIN, .revents = 0});
  }
  for (;;) {
    if (poll(waiting.data(), waiting.size(), -1) < 0)
      continue;  // EINTR; the kernel has no memory: nothing to do but ask
    if (waiting.front().revents != 0) return;
    for (size_t i = 1; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      for (int taken = 0; taken < kBatch && TakeOne(i - 1); ++taken) {
      }
    }
  }
}

bool Acceptor::TakeOne(size_t index) {
  OwnDescriptor connection(accept4(listeners_[index].number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection.number() < 0) {
    const bool short_of = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (!short_of) return errno == EINTR || errno == ECONNABORTED;
    SetCrowded(true);
    // The socket stays readable, so that poll() would not wait.
    pollfd stop = {.fd = stop_.number(), .events = POLLIN, .revents = 0};
    poll(&stop, 1, kPauseMillis);
    return false;
  }
  const bool taken = connection.number() < most_;
  SetCrowded(!taken);
  if (taken) take_(index, std::move(connection));
  return true;
}

void Acceptor::SetCrowded(bool crowded) {
  if (std::exchange(crowded_, crowded) != crowded && on_crowded_) on_crowded_(crowded);
}

}  // namespace berth
