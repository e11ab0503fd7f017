#include "berth/daemon/refusal_log.h"

namespace berth {

void RefusalLog::Write(const RefusedCall& refused) {
  Flush();
  {
    const std::lock_guard lock(mutex_);
    if (++seen_ > kMaxLines) return;
  }
  log_.Warn("caller refused", {{"method", MethodName(refused.method)},
                               {"peer", refused.peer},
                               {"reason", AuthFailureName(refused.why)},
                               {"caller", refused.caller}});
}

void RefusalLog::Flush() {
  uint64_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = now_();
    if (now - since_ < std::chrono::seconds(1)) return;
    since_ = now;
    left_out = seen_ > kMaxLines ? seen_ - kMaxLines : 0;
    seen_ = 0;
  }
  if (left_out > 0) log_.Warn("more callers were refused than are listed", {{"left_out", left_out}});
}

}  // namespace berth
