#include "berth/validate/image.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "berth/validate/cidr.h"

namespace berth {
namespace {

constexpr size_t kMaxPathBytes = 255;
constexpr size_t kMaxTagBytes = 128;
constexpr size_t kImageIdDigits = 64;
constexpr std::string_view kLibraryPrefix = "library/";

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLowerHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }

// What a byte can be part of; every launch with an image asks for each of its bytes.
enum ByteClass : uint8_t { kLowerOrDigit = 1, kAlphanumeric = 2, kTag = 4 };
constexpr std::array<uint8_t, 256> kByteClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789")) {
    classes[static_cast<unsigned char>(c)] = kLowerOrDigit | kAlphanumeric | kTag;
  }
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    classes[static_cast<unsigned char>(c)] = kAlphanumeric | kTag;
  }
  for (const char c : std::string_view("_.-")) classes[static_cast<unsigned char>(c)] = kTag;
  return classes;
}();
constexpr bool IsOf(ByteClass wanted, char c) { return (kByteClasses[static_cast<unsigned char>(c)] & wanted) != 0; }
constexpr bool IsLowerOrDigit(char c) { return IsOf(kLowerOrDigit, c); }
constexpr bool IsAlphanumeric(char c) { return IsOf(kAlphanumeric, c); }
constexpr bool IsTagByte(char c) { return IsOf(kTag, c); }

template <typename Predicate>
bool All(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

template <typename Predicate>
bool Any(std::string_view text, Predicate predicate) {
  return std::any_of(text.begin(), text.end(), predicate);
}

std::string_view CheckDigest(std::string_view digest) {
  struct Algorithm {
    std::string_view name;
    size_t digits;
  };
  constexpr std::array<Algorithm, 3> kAlgorithms = {{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};
  const size_t colon = digest.find(':');
  const std::string_view name = digest.substr(0, colon);
  for (const Algorithm& algorithm : kAlgorithms) {
    if (colon == std::string_view::npos || name != algorithm.name) continue;
    const std::string_view hex = digest.substr(colon + 1);
    if (hex.size() == algorithm.digits && All(hex, IsLowerHex)) return {};
    return "needs 64 (sha256), 96 (sha384) or 128 (sha512) lower-case hexadecimal digits in its digest";
  }
  return "needs a digest such as `@sha256:` and 64 lower-case hexadecimal digits after its `@`";
}

std::string_view CheckTag(std::string_view tag) {
  if (tag.empty()) return "needs a tag after its last `:`";
  if (tag.size() > kMaxTagBytes) return "needs at most 128 characters in its tag";
  if (!All(tag, [](char c) { return IsTagByte(c); })) return "needs letters, digits, `_`, `.` and `-` only in its tag";
  if (tag.front() == '.' || tag.front() == '-') return "needs a letter, a digit or `_` at the start of its tag";
  return {};
}

bool IsHostPart(std::string_view part) {
  return !part.empty() && part.front() != '-' && part.back() != '-' &&
         All(part, [](char c) { return IsAlphanumeric(c) || c == '-'; });
}

bool IsHost(std::string_view host) {
  for (;;) {
    const size_t dot = host.find('.');
    if (!IsHostPart(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

std::string_view CheckDomain(std::string_view domain) {
  std::string_view port;
  if (domain.starts_with('[')) {
    const size_t end = domain.find(']');
    const std::optional<IpAddress> address =
        end == std::string_view::npos ? std::nullopt : ParseIpAddress(domain.substr(1, end - 1));
    if (!address.has_value() || address->v4 || address->dotted_tail) {
      return "needs an IPv6 address of hexadecimal groups in its `[...]`";
    }
    port = domain.substr(end + 1);
    if (port.empty()) return {};
    if (port.front() != ':') return "needs `:` and a port, or `/`, after its `[...]`";
  } else {
    const size_t colon = domain.find(':');
    if (!IsHost(domain.substr(0, colon))) {
      return "needs letters, digits and `-` joined by `.` as the host before its first `/`";
    }
    if (colon == std::string_view::npos) return {};
    port = domain.substr(colon);
  }
  port.remove_prefix(1);
  if (port.empty() || !All(port, IsDigit)) return "needs digits as the port of its host";
  return {};
}

// The size of the separator at the start of `text` (`.`, `_`, `__` or hyphens), or 0.
size_t SeparatorSize(std::string_view text) {
  if (text.starts_with('.')) return 1;
  if (text.starts_with('_')) return text.starts_with("__") ? 2 : 1;
  return std::min(text.find_first_not_of('-'), text.size());
}

// Runs of letters and digits with one separator between two of them.
bool IsPathComponent(std::string_view text) {
  for (;;) {
    size_t run = 0;
    while (run < text.size() && IsLowerOrDigit(text[run])) ++run;
    if (run == 0) return false;
    text.remove_prefix(run);
    if (text.empty()) return true;
    const size_t separator = SeparatorSize(text);
    if (separator == 0) return false;
    text.remove_prefix(separator);
  }
}

bool IsPath(std::string_view path) {
  for (;;) {
    const size_t slash = path.find('/');
    if (!IsPathComponent(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string_view CheckPath(std::string_view path, bool default_registry) {
  const bool library = default_registry && path.find('/') == std::string_view::npos;
  const size_t size = path.size() + (library ? kLibraryPrefix.size() : 0);
  if (IsPath(path) && size <= kMaxPathBytes) return {};
  if (path.empty()) return "needs a repository name";
  if (Any(path, IsUpper)) return "needs a repository name in lower case";
  if (size > kMaxPathBytes) return "needs a repository name of at most 255 characters, counting `library/`";
  return "needs lower-case letters and digits in each part of its repository name, with `.`, `_`, `__` or `-` only "
         "between them";
}

bool IsDomain(std::string_view component) {
  return component == "localhost" || Any(component, [](char c) { return c == '.' || c == ':' || IsUpper(c); });
}

}  // namespace

std::string_view CheckImage(std::string_view text) {
  if (text.empty()) return "needs a repository name";
  if (IsBlank(text.front()) || IsBlank(text.back())) return "needs to stand without white space around it";
  if (text.size() == kImageIdDigits && All(text, IsLowerHex)) {
    return "needs a repository name; 64 hexadecimal digits alone are an image id";
  }

  // No other part contains `@`.
  const size_t at = text.find('@');
  if (at != std::string_view::npos) {
    const std::string_view need = CheckDigest(text.substr(at + 1));
    if (!need.empty()) return need;
  }
  std::string_view rest = text.substr(0, at);

  bool default_registry = true;
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && IsDomain(rest.substr(0, slash))) {
    const std::string_view domain = rest.substr(0, slash);
    const std::string_view need = CheckDomain(domain);
    if (!need.empty()) return need;
    default_registry = domain == "docker.io" || domain == "index.docker.io";
    rest.remove_prefix(slash + 1);
  }

  const size_t colon = rest.find(':');
  const std::string_view need = CheckPath(rest.substr(0, colon), default_registry);
  if (!need.empty() || colon == std::string_view::npos) return need;
  return CheckTag(rest.substr(colon + 1));
}

}  // namespace berth
