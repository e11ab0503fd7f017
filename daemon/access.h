// The door: who a call comes from, and whether they may make it.
//
// Without tokens everybody is let in as `anonymous`; berthd accepts that only where others cannot reach it, or where
// clients prove themselves with a certificate.
//
// Guarantees: an answer never says more than that the credential is missing, unknown, or without a role
// Threads:    any; Set may run beside Check
// Tested by:  tests/daemon_tokens_test.cc, tests/daemon_wire_test.py

#ifndef BERTH_DAEMON_ACCESS_H_
#define BERTH_DAEMON_ACCESS_H_

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

  // The caller, or why there is none. `authorization` is the header's value, empty when there is none.
  std::optional<AuthFailure> Check(std::string_view authorization, Caller& caller) const;

 private:
  Published<Tokens> tokens_;
};

// UNAUTHENTICATED, or PERMISSION_DENIED for a token without a role.
google::rpc::Status StatusOf(AuthFailure failure);

}  // namespace berth

#endif  // BERTH_DAEMON_ACCESS_H_
