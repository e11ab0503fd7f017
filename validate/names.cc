#include "berth/validate/names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "berth/spec/limits.h"
#include "berth/spec/word_scan.h"

namespace berth {
namespace {

constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kMaxSubdomainBytes = 253;
constexpr size_t kMaxPortNameBytes = 15;

constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLowerOrDigit(char c) { return IsLower(c) || IsDigit(c); }
constexpr bool IsAlphanumeric(char c) { return IsLowerOrDigit(c) || IsUpper(c); }
constexpr bool IsKeyByte(char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; }

// Labels are checked for every launch; a table is the quickest way.
constexpr std::array<bool, 256> kLabelBytes = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[static_cast<size_t>(c)] = IsLowerOrDigit(static_cast<char>(c)) || c == '-';
  return table;
}();
constexpr bool IsLabelByte(char c) { return kLabelBytes[static_cast<unsigned char>(c)]; }

template <typename Predicate>
bool All(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

// One label of a subdomain, of any length.
bool IsLabelShape(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' && All(text, [](char c) { return IsLabelByte(c); });
}

// `upper` lets upper-case letters through.
std::string_view CheckSubdomainShape(std::string_view text, bool upper) {
  if (text.empty()) return "needs at least one character";
  if (text.size() > kMaxSubdomainBytes) return "needs at most 253 characters";
  // A dot before the text and after it would begin and end an empty label.
  char before = '.';
  for (const char c : text) {
    if (!IsLabelByte(c) && c != '.' && !(upper && IsUpper(c))) {
      return "needs lower-case letters, digits, `-` and `.` only";
    }
    if ((before == '.' && (c == '.' || c == '-')) || (before == '-' && c == '.')) {
      return "needs a lower-case letter or a digit at the start and the end, and on both sides of each `.`";
    }
    before = c;
  }
  if (before == '.' || before == '-') {
    return "needs a lower-case letter or a digit at the start and the end, and on both sides of each `.`";
  }
  return {};
}

std::string_view CheckKeyName(std::string_view name) {
  if (name.size() > kMaxLabelBytes) return "needs at most 63 characters in its name";
  if (!All(name, IsKeyByte)) return "needs letters, digits, `-`, `_` and `.` only in its name";
  if (!IsAlphanumeric(name.front()) || !IsAlphanumeric(name.back())) {
    return "needs a letter or a digit at the start and the end of its name";
  }
  return {};
}

std::string_view CheckKey(std::string_view text, bool upper_prefix) {
  if (text.empty()) return "needs at least one character";
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return CheckKeyName(text);
  const std::string_view prefix = text.substr(0, slash);
  const std::string_view name = text.substr(slash + 1);
  if (name.find('/') != std::string_view::npos) return "needs at most one `/`";
  if (prefix.empty()) return "needs a DNS name before its `/`";
  if (name.empty()) return "needs a name after its `/`";
  if (!CheckSubdomainShape(prefix, upper_prefix).empty()) {
    return "needs a DNS name of at most 253 lower-case letters, digits, `-` and `.` before its `/`";
  }
  return CheckKeyName(name);
}

}  // namespace

bool IsDns1123Label(std::string_view text) { return text.size() <= kMaxLabelBytes && IsLabelShape(text); }

std::string_view CheckDns1123Label(std::string_view text) {
  if (IsDns1123Label(text)) return {};
  if (text.empty()) return "needs at least one character";
  if (text.size() > kMaxLabelBytes) return "needs at most 63 characters";
  if (!All(text, IsLabelByte)) return "needs lower-case letters, digits and `-` only";
  return "needs a lower-case letter or a digit at the start and the end";
}

bool IsDns1123Subdomain(std::string_view text) { return CheckSubdomainShape(text, false).empty(); }

std::string_view CheckDns1123Subdomain(std::string_view text) { return CheckSubdomainShape(text, false); }

bool IsHostName(std::string_view text) {
  if (text.size() > kMaxSubdomainBytes) return false;
  for (size_t begin = 0;;) {
    const size_t dot = text.find('.', begin);
    if (!IsDns1123Label(text.substr(begin, dot - begin))) return false;
    if (dot == std::string_view::npos) return true;
    begin = dot + 1;
  }
}

bool IsDns1035Label(std::string_view text) { return IsDns1123Label(text) && IsLower(text.front()); }

std::string_view CheckDns1035Label(std::string_view text) {
  const std::string_view need = CheckDns1123Label(text);
  if (!need.empty()) return need;
  if (!IsLower(text.front())) return "needs a lower-case letter at the start";
  return {};
}

bool IsWildcardSubdomain(std::string_view text) {
  return text.size() <= kMaxSubdomainBytes && text.starts_with("*.") && IsDns1123Subdomain(text.substr(2));
}

std::string_view CheckPortName(std::string_view text) {
  if (text.empty()) return "needs at least one character";
  if (text.size() > kMaxPortNameBytes) return "needs at most 15 characters";
  if (!All(text, IsLabelByte)) return "needs lower-case letters, digits and `-` only";
  if (std::none_of(text.begin(), text.end(), IsLower)) return "needs at least one letter";
  if (text.front() == '-' || text.back() == '-') return "needs a lower-case letter or a digit at the start and the end";
  if (text.find("--") != std::string_view::npos) return "needs a letter or a digit between two `-`";
  return {};
}

std::string_view CheckLabelKey(std::string_view text) { return CheckKey(text, false); }

std::string_view CheckLabelValue(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > kMaxLabelBytes) return "needs at most 63 characters";
  if (!All(text, IsKeyByte)) return "needs letters, digits, `-`, `_` and `.` only";
  if (!IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) {
    return "needs a letter or a digit at the start and the end";
  }
  return {};
}

std::string_view CheckAnnotationKey(std::string_view text) { return CheckKey(text, true); }

std::string_view CheckEnvName(std::string_view text) {
  if (text.empty()) return "needs at least one character";
  if (!All(text, [](char c) { return c >= ' ' && c <= '~' && c != '='; })) {
    return "needs printable ASCII characters other than `=`";
  }
  return {};
}

std::string_view CheckPortableEnvName(std::string_view text) {
  if (text.empty()) return "needs at least one character";
  if (!All(text, IsKeyByte)) return "needs letters, digits, `_`, `-` and `.` only";
  if (IsDigit(text.front())) return "needs a letter, `_`, `-` or `.` at the start";
  if (text == "." || text.starts_with("..")) return "needs more than `.` and at most one `.` at the start";
  return {};
}

std::string_view CheckNamespacePrefix(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > kMaxNamespacePrefixBytes) return "needs at most 40 characters";
  if (!All(text, IsLabelByte)) return "needs lower-case letters, digits and `-` only";
  if (text.front() == '-') return "needs a lower-case letter or a digit at the start";
  return {};
}

bool HasControlCharacter(std::string_view text) {
  // Almost no name has one, or a byte that could begin one.
  const bool may_have =
      AnyWord(text, [](uint64_t word) { return WordHasBelow(word, 0x20) | WordHas(word, 0x7F) | WordHas(word, 0xC2); });
  if (!may_have) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[i + 1]);
      if (next >= 0x80 && next < 0xA0) return true;
    }
  }
  return false;
}

std::string_view CheckFreeName(std::string_view text) {
  if (text.empty()) return "needs at least one character";
  if (text.size() > kMaxNameBytes) return "needs at most 253 bytes";
  if (HasControlCharacter(text)) return "needs text without control characters";
  return {};
}

bool IsKubernetesKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view prefix = key.substr(0, slash);
  constexpr std::array<std::string_view, 2> kDomains = {"kubernetes.io", "k8s.io"};
  return std::any_of(kDomains.begin(), kDomains.end(), [prefix](std::string_view domain) {
    return prefix.ends_with(domain) &&
           (prefix.size() == domain.size() || prefix[prefix.size() - domain.size() - 1] == '.');
  });
}

}  // namespace berth
