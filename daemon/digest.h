// SHA-256, comparing secrets, and random bytes: the daemon's use of libcrypto.
//
// Threads:  any

#ifndef BERTH_DAEMON_DIGEST_H_
#define BERTH_DAEMON_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest Sha256(std::string_view bytes);
// In time that depends on nothing.
[[nodiscard]] bool SameDigest(const Digest& a, const Digest& b);

// `count` bytes from the system's generator; nothing when it fails.
[[nodiscard]] std::optional<std::string> RandomBytes(size_t count);

// Lower-case hexadecimal.
[[nodiscard]] std::string HexOf(std::string_view bytes);
// Nothing unless it is 64 hexadecimal digits.
[[nodiscard]] std::optional<Digest> DigestOfHex(std::string_view hex);

}  // namespace berth

#endif  // BERTH_DAEMON_DIGEST_H_
