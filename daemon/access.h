// The door: who a call comes from, whether they may make it, and whether anybody is answered at all.
//
// Without tokens everybody is let in as `anonymous`; berthd accepts that only where others cannot reach it, or where
// clients prove themselves with a certificate.
//
// Guarantees: an answer never says more than that the credential is missing, unknown, or without a role
// Threads:    any; Set may run beside Check
// Tested by:  tests/daemon_tokens_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_ACCESS_H_
#define BERTH_DAEMON_ACCESS_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "berth/daemon/metrics.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/published.h"
#include "google/rpc/status.pb.h"

namespace berth {

class Access {
 public:
  Access() = default;

  // Null: nobody needs a token.
  void Set(std::shared_ptr<const Tokens> tokens) { tokens_.Store(std::move(tokens)); }

  // There is a catalog from now on. Until then nobody gets an answer: that there is no runner would be a wrong one.
  void Open() { open_.store(true, std::memory_order_relaxed); }
  // The daemon is about to stop: nobody gets an answer any more.
  void Close() { closed_.store(true); }
  [[nodiscard]] bool open() const { return open_.load(std::memory_order_relaxed) && !closed_.load(); }

  // While it is not open: UNAVAILABLE, and when to try again.
  [[nodiscard]] google::rpc::Status NotOpen() const;

  // The caller, or why there is none. `authorization` is the header's value, empty when there is none.
  std::optional<AuthFailure> Check(std::string_view authorization, Caller& caller) const;

 private:
  Published<Tokens> tokens_;
  std::atomic<bool> open_ = false;
  std::atomic<bool> closed_ = false;
};

// UNAUTHENTICATED, or PERMISSION_DENIED for a token without a role.
google::rpc::Status StatusOf(AuthFailure failure);

}  // namespace berth

#endif  // BERTH_DAEMON_ACCESS_H_
