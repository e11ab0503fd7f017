// The log's lines about callers that were refused: few, however many callers there are.
//
//   {...,"level":"warn","message":"caller refused","method":"berth.v1.AdmissionService/Admit",
//    "peer":"ipv4:10.0.0.7:51234","reason":"unknown","caller":""}                                     (on one line)
//
// Guarantees: at most kMaxLines lines in a second; how many calls have no line is said once the second is over
// Ownership:  borrows the log
// Threads:    any
// Not here:   anything of a token but its name, which is no secret
// Tested by:  tests/daemon_access_test.cc

#ifndef BERTH_DAEMON_REFUSAL_LOG_H_
#define BERTH_DAEMON_REFUSAL_LOG_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

#include "berth/daemon/access.h"
#include "berth/daemon/log.h"

namespace berth {

class RefusalLog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr uint64_t kMaxLines = 5;

  // `now` is for tests.
  explicit RefusalLog(Log& log, std::function<Clock::time_point()> now = Clock::now)
      : log_(log), now_(std::move(now)), since_(now_()) {}

  void Write(const RefusedCall& refused);
  // Says how many were left out, unless their second goes on. To be called now and then: perhaps nobody else is refused.
  void Flush();

 private:
  Log& log_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;  // guards what follows
  Clock::time_point since_;
  uint64_t seen_ = 0;  // since then
};

}  // namespace berth

#endif  // BERTH_DAEMON_REFUSAL_LOG_H_
