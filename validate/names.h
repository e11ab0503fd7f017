// The spelling rules of Kubernetes and of the catalog: names, labels, annotations, ports, environment variables.
//
// Each `Check...` answers what the text needs, in words that can follow "`the text`" in a message ("needs at most 63
// characters"), and an empty view when the text is fine. Each `Is...` gives the bare answer.
//
// Guarantees:  rules are on bytes; no locale, no allocation; the answers are string literals
// Threads:     pure functions
// Cost:        one pass over the text, cheap enough for the admission path
// Not here:    uniqueness (the rules over whole lists do that); which keys a profile must not set

#ifndef BERTH_VALIDATE_NAMES_H_
#define BERTH_VALIDATE_NAMES_H_

#include <cstdint>
#include <string_view>

namespace berth {

// DNS-1123 label, at most 63: namespaces, containers, volumes, sandbox ids.
[[nodiscard]] bool IsDns1123Label(std::string_view text);
[[nodiscard]] std::string_view CheckDns1123Label(std::string_view text);

// DNS-1123 subdomain, at most 253: service accounts, secrets, claims, runtime, priority and ingress classes,
// controllers. Its labels may be longer than 63; IsHostName is the check that also bounds them.
[[nodiscard]] bool IsDns1123Subdomain(std::string_view text);
[[nodiscard]] std::string_view CheckDns1123Subdomain(std::string_view text);

// A DNS-1123 subdomain whose labels are each at most 63: a name that DNS can carry.
[[nodiscard]] bool IsHostName(std::string_view text);

// DNS-1035 label, at most 63: services. Begins with a letter.
[[nodiscard]] bool IsDns1035Label(std::string_view text);
[[nodiscard]] std::string_view CheckDns1035Label(std::string_view text);

// `*.` before a DNS-1123 subdomain.
[[nodiscard]] bool IsWildcardSubdomain(std::string_view text);

// A container port's name: at most 15 of a-z, 0-9 and single inner hyphens, with a letter.
[[nodiscard]] std::string_view CheckPortName(std::string_view text);
[[nodiscard]] constexpr bool IsPortNumber(int64_t number) { return number >= 1 && number <= 65535; }

// Label, taint and node selector key: optional subdomain and `/`, then a name of at most 63.
[[nodiscard]] std::string_view CheckLabelKey(std::string_view text);
// Empty, or as the name in a key.
[[nodiscard]] std::string_view CheckLabelValue(std::string_view text);
// As a label key, with upper-case letters let through in the prefix.
[[nodiscard]] std::string_view CheckAnnotationKey(std::string_view text);

// An environment variable must pass the first (printable ASCII without `=`) and should pass the second
// (`[-._a-zA-Z][-._a-zA-Z0-9]*`, not `.`, nor beginning with `..`), which every cluster accepts.
[[nodiscard]] std::string_view CheckEnvName(std::string_view text);
[[nodiscard]] std::string_view CheckPortableEnvName(std::string_view text);

// The prefix of derived namespaces: empty, or a-z, 0-9 and hyphens, not beginning with one, at most 40.
[[nodiscard]] std::string_view CheckNamespacePrefix(std::string_view text);

// Names of modes, levels, tags, profiles: 1 to 253 bytes without control characters (C0, DEL, and C1 in UTF-8).
[[nodiscard]] std::string_view CheckFreeName(std::string_view text);
[[nodiscard]] bool HasControlCharacter(std::string_view text);

// Whether the key's prefix is `kubernetes.io`, `k8s.io` or a subdomain of these.
[[nodiscard]] bool IsKubernetesKey(std::string_view key);

}  // namespace berth

#endif  // BERTH_VALIDATE_NAMES_H_
