// Decisions of the last minutes, kept as documents so that their full explanation can be asked for by id.
//
// Guarantees: never more bytes or older decisions than the bounds; an organization sees its own alone
// Threads:    any
// Cost:       a lock that is held for a map insertion; no decision is computed under it
// Tested by:  tests/daemon_recent_decisions_test.cc

#ifndef BERTH_DAEMON_RECENT_DECISIONS_H_
#define BERTH_DAEMON_RECENT_DECISIONS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "berth/daemon/tokens.h"

namespace berth {

class RecentDecisions {
 public:
  using Clock = std::chrono::steady_clock;

  RecentDecisions(size_t max_bytes, Clock::duration max_age);

  // An id that no other decision of this or any other process has.
  [[nodiscard]] std::string NextId();

  // Keeps the document; older ones make room.
  void Keep(const std::string& id, std::string_view organization, std::string json, Clock::time_point now);
  // The document, or nothing when it is unknown, gone, or not for this caller.
  [[nodiscard]] std::optional<std::string> Find(const std::string& id, const Caller& caller,
                                                Clock::time_point now) const;

 private:
  struct Kept {
    std::string organization;
    std::string json;
    Clock::time_point at;
  };
  void Forget();

  const size_t max_bytes_;
  const Clock::duration max_age_;
  const std::string prefix_;
  std::atomic<uint64_t> next_ = 0;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, Kept> by_id_;
  std::deque<std::string> order_;  // the oldest first
  size_t bytes_ = 0;
};

}  // namespace berth

#endif  // BERTH_DAEMON_RECENT_DECISIONS_H_
