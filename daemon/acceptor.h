// Takes connections off listening sockets and hands them over, whatever comes: a thread of its own.
//
// Connections may use up the descriptors of the process but for a reserve, so that HTTP, the catalog and the logs keep
// working; those beyond are closed at once. When the system has none left to give, it waits until there are again.
//
// Threads:    `take` and `on_crowded` are called on the acceptor's thread; Stop() from another, once
// Tested by:  tests/daemon_abuse_test.py

#ifndef BERTH_DAEMON_ACCEPTOR_H_
#define BERTH_DAEMON_ACCEPTOR_H_

#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "berth/daemon/listen_address.h"
#include "berth/daemon/sockets.h"

namespace berth {

class Acceptor {
 public:
  // `take(i, connection)` gets a connection to the i-th address. `on_crowded`, which may be empty, hears when connections
  // are turned away, and when one is taken again.
  Acceptor(std::function<void(size_t, OwnDescriptor)> take, std::function<void(bool)> on_crowded)
      : take_(std::move(take)), on_crowded_(std::move(on_crowded)) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() { Stop(); }

  // Listens; clients can connect from then on. UNAVAILABLE, naming the address, when one cannot be had.
  absl::Status Listen(const std::vector<ListenAddress>& addresses);
  // Where it listens: as asked, with the port that the system chose in place of 0.
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }
  // Begins to take connections.
  void Start();
  // Listens no more and removes its Unix sockets; connections that nobody has taken are refused.
  void Stop();

 private:
  struct UnixSocket {
    std::string path;
    dev_t device;
    ino_t inode;
  };

  void Run();
  // Whether there may be more.
  bool TakeOne(size_t index);
  void SetCrowded(bool crowded);

  const std::function<void(size_t, OwnDescriptor)> take_;
  const std::function<void(bool)> on_crowded_;
  std::vector<OwnDescriptor> listeners_;
  std::vector<UnixSocket> unix_sockets_;
  std::vector<std::string> addresses_;
  OwnDescriptor stop_;  // an event
  int most_ = 0;        // descriptors from here on are the reserve
  bool crowded_ = false;
  std::thread thread_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_ACCEPTOR_H_
