// The daemon put together: a catalog that follows its source, an engine, and the servers that ask it.
//
// Holds no decision: every answer is the engine's. What the daemon adds is who may ask, for how long an explanation is
// kept, and what operators see of it.
//
// Threads:   its methods from one thread; servers, feed and logs have their own
// Tested by: tests/daemon_wire_test.py, tests/daemon_operation_test.py

#ifndef BERTH_DAEMON_BERTHD_H_
#define BERTH_DAEMON_BERTHD_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "berth/daemon/log.h"
#include "berth/daemon/settings.h"

namespace berth {

class Berthd {
 public:
  // Serves at once; answers are right once the catalog is loaded, which readiness tells. The settings have been checked;
  // `log` must outlive it. Fails when a file cannot be read or an address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Berthd>> Start(const Settings& settings, std::string version, Log& log);
  Berthd(const Berthd&) = delete;
  Berthd& operator=(const Berthd&) = delete;
  virtual ~Berthd() = default;

  // Looks at the catalog, the tokens and the certificates again.
  virtual void Reload() = 0;
  // What is due a few times a second: changed files, overdue sandboxes, health.
  virtual void Tick() = 0;
  // Says that it is not ready, lets calls under way finish within the grace period, and stops. Ends the process, with
  // 0, when a connection cannot be ended.
  virtual void Drain() = 0;

 protected:
  Berthd() = default;
};

}  // namespace berth

#endif  // BERTH_DAEMON_BERTHD_H_
