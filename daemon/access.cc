#include "berth/daemon/access.h"

#include "berth/daemon/rpc_status.h"
#include "berth/spec/quoted.h"

namespace berth {

google::rpc::Status Access::Check(std::string_view authorization, Caller& caller) const {
  const std::shared_ptr<const Tokens> tokens = tokens_.Load();
  if (tokens == nullptr) {
    caller = {};
    return {};
  }
  if (authorization.empty()) {
    return MakeStatus(RpcCode::kUnauthenticated, "CWSANDBOX_UNAUTHENTICATED",
                      "a bearer token is missing: send `authorization: Bearer <token>`");
  }
  const Caller* found = tokens->Find(authorization);
  if (found == nullptr) {
    return MakeStatus(RpcCode::kUnauthenticated, "CWSANDBOX_UNAUTHENTICATED",
                      "the bearer token is unknown: it may have been revoked, or be another deployment's");
  }
  if (!found->may_use) {
    return MakeStatus(
        RpcCode::kPermissionDenied, "CWSANDBOX_PERMISSION_DENIED",
        "token " + Quoted(found->name) + " has no role: ask an administrator for `SANDBOX_USER` or `SANDBOX_ADMIN`");
  }
  caller = *found;
  return {};
}

}  // namespace berth
