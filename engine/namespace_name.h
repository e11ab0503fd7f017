// The name of the namespace a launch gets, derived from who asks and how the profile shares namespaces.
//
// The name is `namespacePrefix` and a body. The body is the organization itself when the strategy is `per-org` and the
// organization is a DNS-1123 label, fits behind the prefix in 63 characters, and does not look hashed. Otherwise it is
// readable text, `-`, and 16 characters a-z and 2-7: the first 80 bits of a SHA-256 over the strategy and the identity.
//
// Guarantees:  with a valid prefix, a DNS-1123 label of at most 63; the same in every version and on every machine; two
//              identities with one prefix get two names (up to 80-bit collisions), whatever their characters and
//              lengths
// Threads:     a pure function
// Cost:        a hashed name costs one SHA-256; allocates only what `out` grows; fit for the admission path
// Not here:    the prefix's own rule (CheckNamespacePrefix in berth/validate/names.h)

#ifndef BERTH_ENGINE_NAMESPACE_NAME_H_
#define BERTH_ENGINE_NAMESPACE_NAME_H_

#include <string>
#include <string_view>

#include "berth/spec/namespace_strategy.h"

namespace berth {

// Appends the name. `user` counts for kPerUser only, `profile_display_name` for kPerProfile only. kStatic derives
// nothing and appends nothing: its namespace is the spec's `staticNamespace`.
void AppendNamespaceName(NamespaceStrategy strategy, std::string_view prefix, std::string_view organization,
                         std::string_view user, std::string_view profile_display_name, std::string& out);

}  // namespace berth

#endif  // BERTH_ENGINE_NAMESPACE_NAME_H_
