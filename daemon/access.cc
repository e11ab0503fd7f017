#include "berth/daemon/access.h"

#include <memory>

#include "berth/daemon/rpc_status.h"

namespace berth {

std::optional<AuthFailure> Access::Check(std::string_view authorization, Caller& caller) const {
  const std::shared_ptr<const Tokens> tokens = tokens_.Load();
  if (tokens == nullptr) {
    caller = {};
    return std::nullopt;
  }
  if (authorization.empty()) return AuthFailure::kMissing;
  const Caller* found = tokens->Find(authorization);
  if (found == nullptr) return AuthFailure::kUnknown;
  if (!found->may_use) return AuthFailure::kForbidden;
  caller = *found;
  return std::nullopt;
}

google::rpc::Status StatusOf(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::kMissing:
      return MakeStatus(RpcCode::kUnauthenticated, "CWSANDBOX_UNAUTHENTICATED",
                        "a bearer token is missing: send `authorization: Bearer <token>`");
    case AuthFailure::kUnknown:
      return MakeStatus(RpcCode::kUnauthenticated, "CWSANDBOX_UNAUTHENTICATED",
                        "the bearer token is unknown: it may have been revoked, or belong to another deployment");
    case AuthFailure::kForbidden:
      break;
  }
  return MakeStatus(RpcCode::kPermissionDenied, "CWSANDBOX_PERMISSION_DENIED",
                    "the token has no role: ask an administrator for `SANDBOX_USER` or `SANDBOX_ADMIN`");
}

google::rpc::Status Access::NotOpen() const {
  return MakeStatus(RpcCode::kUnavailable, kBackendUnavailable,
                    closed_.load() ? "this berthd is about to stop: try again, at another one if there is one"
                                   : "berthd has not loaded a catalog yet: try again; `/readyz` says what it waits for",
                    {}, /*retry_seconds=*/1);
}

}  // namespace berth
