// The door: who a call comes from, whether they may make it, and whether anybody is answered at all. Every call of every
// transport enters here.
//
// Without tokens everybody is let in as `anonymous`; berthd accepts that only where others cannot reach it, or where
// clients prove themselves with a certificate.
//
// Guarantees: an answer never says more than that the credential is missing, unknown, or without a role
// Threads:    any; Set may run beside Check
// Tested by:  tests/daemon_access_test.cc, tests/daemon_tokens_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_ACCESS_H_
#define BERTH_DAEMON_ACCESS_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "berth/daemon/metrics.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/published.h"
#include "google/rpc/status.pb.h"

namespace berth {

// What the door is told of a call.
struct Visit {
  Method method;
  std::string_view authorization;         // the header's value, empty when there is none
  absl::FunctionRef<std::string()> peer;  // asked of those who are refused alone
};

// Who was refused, without anything of the credential. Views are valid during the call.
struct RefusedCall {
  Method method;
  AuthFailure why;
  std::string_view peer;
  std::string_view caller;  // the token's name; empty for a token that is missing or unknown
};
using RefusalObserver = std::function<void(const RefusedCall&)>;

class Access {
 public:
  // `observer` may be empty; it is called on the threads that answer.
  explicit Access(RefusalObserver observer = {}) : observer_(std::move(observer)) {}

  // Null: nobody needs a token.
  void Set(std::shared_ptr<const Tokens> tokens) { tokens_.Store(std::move(tokens)); }

  // There is a catalog from now on. Until then nobody gets an answer: that there is no runner would be a wrong one.
  void Open() { open_.store(true, std::memory_order_relaxed); }
  // The daemon is about to stop: nobody gets an answer any more.
  void Close() { closed_.store(true); }
  [[nodiscard]] bool open() const { return open_.load(std::memory_order_relaxed) && !closed_.load(); }

  // While it is not open: UNAVAILABLE, and when to try again.
  [[nodiscard]] google::rpc::Status NotOpen() const;

  // OK and who calls, or the error that answers the call.
  google::rpc::Status Enter(const Visit& visit, Caller& caller) const;
  // The caller, or why there is none. `authorization` is the header's value, empty when there is none. `forbidden`, if
  // given, gets the name of a token without a role.
  std::optional<AuthFailure> Check(std::string_view authorization, Caller& caller,
                                   std::string* forbidden = nullptr) const;

 private:
  const RefusalObserver observer_;
  Published<Tokens> tokens_;
  std::atomic<bool> open_ = false;
  std::atomic<bool> closed_ = false;
};

// UNAUTHENTICATED, or PERMISSION_DENIED for a token without a role.
google::rpc::Status StatusOf(AuthFailure failure);

}  // namespace berth

#endif  // BERTH_DAEMON_ACCESS_H_
