// Who a bearer token speaks for: the tokens file, and the look-up that every call makes.
//
//   tokens:
//     - name: ci                      # for logs; never secret
//       sha256: 9f86d081884c7d65...   # of the token, in hexadecimal; `berthd token` makes one
//       organization_id: acme         # absent: `default`
//       user_id: u-42                 # absent: none
//       roles: [SANDBOX_USER]         # SANDBOX_ADMIN implies it; a token without a role may do nothing
//       any_organization: false       # true: launches may name any organization; for gateways
//
// Only digests are kept. A token has 256 bits of randomness, so a plain digest cannot be turned back.
//
// Guarantees: no token is ever part of an issue, a message or a log line
// Threads:    Tokens is immutable; share it by pointer
// Cost:       one SHA-256 and one look-up by the digest's first bytes, which tell nothing of the token; the rest of the
//             digest is compared in constant time
// Tested by:  tests/daemon_tokens_test.cc

#ifndef BERTH_DAEMON_TOKENS_H_
#define BERTH_DAEMON_TOKENS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "berth/daemon/digest.h"
#include "berth/spec/document.h"
#include "berth/spec/issue.h"
#include "berth/spec/objects.h"

namespace berth {

// Whom a call comes from.
struct Caller {
  std::string name = "anonymous";  // of the token, for logs
  std::string_view method;         // what they call, for logs: `Admit`; set at the door, static
  std::string organization_id{kDefaultOrganization};
  std::string user_id;
  bool may_use = true;  // SANDBOX_USER or SANDBOX_ADMIN
  bool any_organization = true;
};

class Tokens {
 public:
  // All tokens of the file, or nothing and why.
  static std::shared_ptr<const Tokens> Parse(std::shared_ptr<const SourceText> source, std::vector<Issue>& issues);

  // The caller behind the value of an `authorization` header, `Bearer <token>`; null for anything else.
  [[nodiscard]] const Caller* Find(std::string_view authorization) const;
  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Digest digest{};
    Caller caller;
  };

  static std::shared_ptr<const Tokens> Decode(std::shared_ptr<const SourceText> source, std::vector<Issue>& issues);
  [[nodiscard]] const Entry* EntryOf(const Digest& digest) const;

  std::vector<Entry> entries_;
  std::unordered_multimap<uint64_t, size_t> by_prefix_;  // of the digest
};

// A new token and the entry for the tokens file that admits it; nothing when the system has no randomness to give.
struct NewToken {
  std::string token;
  std::string entry;
};
std::optional<NewToken> MakeToken(std::string_view name, std::string_view organization_id);

}  // namespace berth

#endif  // BERTH_DAEMON_TOKENS_H_
