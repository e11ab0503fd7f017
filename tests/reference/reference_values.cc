// Single values: quantities, names, ranges, images, templates, hashes. NEVER USE THIS IN PRODUCTION; see reference.h.
#include <arpa/inet.h>
#include <openssl/sha.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "tests/reference/reference_internal.h"

namespace berth::reference {
namespace {

enum class Form { kDecimal, kBinary, kExponent };

constexpr std::int64_t kNano = 1000000000;

std::string Digits(Int128 value) {
  if (value == 0) return "0";
  std::string out;
  while (value > 0) {
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  }
  return out;
}

// `nano` is the value in units of 10^-9, not negative.
std::string CanonicalText(Int128 nano, Form form) {
  if (nano == 0) return "0";
  if (form == Form::kBinary && (nano % kNano != 0 || nano < static_cast<Int128>(1024) * kNano)) form = Form::kDecimal;
  if (form == Form::kBinary) {
    static const char* const kSuffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    Int128 value = nano / kNano;
    int power = 0;
    while (value % 1024 == 0 && power < 6) {
      value /= 1024;
      ++power;
    }
    return Digits(value) + kSuffixes[power];
  }
  int exponent = -9;
  while (nano % 1000 == 0 && (form == Form::kExponent || exponent < 18)) {
    nano /= 1000;
    exponent += 3;
  }
  if (exponent == 0) return Digits(nano);
  if (form == Form::kExponent) return Digits(nano) + "e" + std::to_string(exponent);
  static const std::map<int, std::string> kSuffixes = {{-9, "n"}, {-6, "u"}, {-3, "m"}, {3, "k"}, {6, "M"},
                                                       {9, "G"},  {12, "T"}, {15, "P"}, {18, "E"}};
  return Digits(nano) + kSuffixes.at(exponent);
}

std::string TimesSmall(const std::string& digits, int factor) {
  std::string out;
  int carry = 0;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    const int value = (*it - '0') * factor + carry;
    out.insert(out.begin(), static_cast<char>('0' + value % 10));
    carry = value / 10;
  }
  while (carry > 0) {
    out.insert(out.begin(), static_cast<char>('0' + carry % 10));
    carry /= 10;
  }
  return out;
}

std::string StripZeros(const std::string& digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string::npos ? "" : digits.substr(first);
}

// digits * 10^exponent in units of 10^-9, rounded up; nothing when it is far too large.
std::optional<Int128> NanoValue(std::string digits, int exponent) {
  digits = StripZeros(digits);
  if (digits.empty()) return Int128{0};
  bool round_up = false;
  const int shift = exponent + 9;
  if (shift >= 0) {
    digits.append(static_cast<std::size_t>(shift), '0');
  } else {
    const std::size_t cut = static_cast<std::size_t>(-shift);
    const std::size_t keep = digits.size() > cut ? digits.size() - cut : 0;
    round_up = digits.find_first_not_of('0', keep) != std::string::npos;
    digits = digits.substr(0, keep);
  }
  digits = StripZeros(digits);
  if (digits.size() > 36) return std::nullopt;
  Int128 value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value + (round_up ? 1 : 0);
}

struct Suffix {
  Form form;
  int exponent;
  int kibi;
};

std::optional<Suffix> ParseSuffix(const std::string& text) {
  static const std::map<std::string, Suffix> kKnown = {
      {"", {Form::kDecimal, 0, 0}},   {"n", {Form::kDecimal, -9, 0}}, {"u", {Form::kDecimal, -6, 0}},
      {"m", {Form::kDecimal, -3, 0}}, {"k", {Form::kDecimal, 3, 0}},  {"M", {Form::kDecimal, 6, 0}},
      {"G", {Form::kDecimal, 9, 0}},  {"T", {Form::kDecimal, 12, 0}}, {"P", {Form::kDecimal, 15, 0}},
      {"E", {Form::kDecimal, 18, 0}}, {"Ki", {Form::kBinary, 0, 1}},  {"Mi", {Form::kBinary, 0, 2}},
      {"Gi", {Form::kBinary, 0, 3}},  {"Ti", {Form::kBinary, 0, 4}},  {"Pi", {Form::kBinary, 0, 5}},
      {"Ei", {Form::kBinary, 0, 6}}};
  const auto found = kKnown.find(text);
  if (found != kKnown.end()) return found->second;
  if (!Matches(text, "[eE][+-]?[0-9]+")) return std::nullopt;
  const bool negative = text[1] == '-';
  const std::string digits = StripZeros(text.substr(text[1] == '-' || text[1] == '+' ? 2 : 1));
  if (digits.size() > 4) return std::nullopt;
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  if (value > 1000) return std::nullopt;
  return Suffix{Form::kExponent, negative ? -value : value, 0};
}

}  // namespace

bool Matches(const std::string& text, const std::string& pattern) {
  // Compiled once for each thread: compiling dominates everything else here.
  static thread_local std::map<std::string, std::unique_ptr<RE2>> patterns;
  std::unique_ptr<RE2>& compiled = patterns[pattern];
  if (compiled == nullptr) compiled = std::make_unique<RE2>(pattern, RE2::Quiet);
  return RE2::FullMatch(text, *compiled);
}

std::optional<Quantity> ParseQuantity(const std::string& text, Resource resource) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return std::nullopt;
  const std::string trimmed = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  std::string sign, whole, fraction, tail;
  static const RE2 kShape("([+-]?)([0-9]*)(?:\\.([0-9]*))?([a-zA-Z][a-zA-Z0-9+-]*)?");
  if (!RE2::FullMatch(trimmed, kShape, &sign, &whole, &fraction, &tail)) return std::nullopt;
  if (whole.empty() && fraction.empty()) return std::nullopt;
  const std::optional<Suffix> suffix = ParseSuffix(tail);
  if (!suffix) return std::nullopt;
  std::string digits = whole + fraction;
  for (int i = 0; i < suffix->kibi; ++i) digits = TimesSmall(digits, 1024);
  const std::optional<Int128> nano = NanoValue(digits, suffix->exponent - static_cast<int>(fraction.size()));
  if (!nano) return std::nullopt;
  if (sign == "-" && *nano != 0) return std::nullopt;
  const Int128 step = resource == Resource::kCpu ? kNano / 1000 : kNano;
  const Int128 units = (*nano + step - 1) / step;
  if (units > static_cast<Int128>(INT64_MAX)) return std::nullopt;
  return Quantity{CanonicalText(*nano, suffix->form), static_cast<std::int64_t>(units)};
}

std::optional<Quantity> QuantityOf(const Json& value, Resource resource) {
  if (value.is_string()) return ParseQuantity(value.get<std::string>(), resource);
  if (value.is_number()) return ParseQuantity(value.dump(), resource);
  return std::nullopt;
}

std::string MillicoresText(std::int64_t millicores) {
  return CanonicalText(static_cast<Int128>(millicores) * 1000000, Form::kDecimal);
}

std::string BytesText(std::int64_t bytes) { return CanonicalText(static_cast<Int128>(bytes) * kNano, Form::kBinary); }

std::string Lower(const std::string& text) {
  std::string out = text;
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool IsDnsLabel(const std::string& text) {
  return text.size() <= 63 && Matches(text, "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?");
}

bool IsDnsSubdomain(const std::string& text) {
  return text.size() <= 253 && Matches(text, "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*");
}

bool IsLabelKey(const std::string& text) {
  const std::size_t slash = text.find('/');
  std::string name = text;
  if (slash != std::string::npos) {
    if (!IsDnsSubdomain(text.substr(0, slash))) return false;
    name = text.substr(slash + 1);
  }
  return name.size() <= 63 && Matches(name, "(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]");
}

bool IsAnnotationKey(const std::string& text) { return IsLabelKey(Lower(text)); }

bool IsLabelValue(const std::string& text) {
  return text.size() <= 63 && Matches(text, "(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?");
}

bool IsAnnotationValue(const std::string& text) { return text.find('\0') == std::string::npos; }

bool IsPlainName(const std::string& text) {
  if (text.empty() || text.size() > 253) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return false;
    // C1 controls are U+0080 to U+009F: C2 80 to C2 9F.
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

bool IsNamespacePrefix(const std::string& text) {
  return text.empty() || (text.size() <= 40 && Matches(text, "[a-z0-9][a-z0-9-]*"));
}

namespace {

bool IsDigest(const std::string& text) {
  return Matches(text, "sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}");
}

bool IsRegistry(const std::string& text) {
  std::string address;
  if (RE2::FullMatch(text, RE2("\\[([0-9a-fA-F:]+)\\](?::[0-9]+)?"), &address)) {
    in6_addr bytes;
    return inet_pton(AF_INET6, address.c_str(), &bytes) == 1;
  }
  return Matches(text,
                 "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
                 "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?");
}

}  // namespace

bool IsImageReference(const std::string& text) {
  if (Matches(text, "[0-9a-f]{64}")) return false;
  std::string name = text;
  const std::size_t at = name.find('@');
  if (at != std::string::npos) {
    if (!IsDigest(name.substr(at + 1))) return false;
    name = name.substr(0, at);
  }
  const std::size_t colon = name.rfind(':');
  const std::size_t last_slash = name.rfind('/');
  if (colon != std::string::npos && (last_slash == std::string::npos || colon > last_slash)) {
    if (!Matches(name.substr(colon + 1), "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")) return false;
    name = name.substr(0, colon);
  }
  std::string path = name, registry;
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos) {
    const std::string first = name.substr(0, slash);
    if (first.find_first_of(".:") != std::string::npos || first == "localhost" || first != Lower(first)) {
      if (!IsRegistry(first)) return false;
      registry = first;
      path = name.substr(slash + 1);
    }
  }
  if (registry.empty() && path.find('/') == std::string::npos) path = "library/" + path;
  const char* const kPath = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*";
  return path.size() <= 255 && Matches(path, kPath);
}

namespace {

// RFC 5952 text of sixteen bytes; never a dotted tail.
std::string Ipv6Text(const unsigned char* bytes) {
  unsigned groups[8];
  for (int i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
  int best = -1, best_length = 1;  // a single zero group is not shortened
  for (int i = 0; i < 8; ++i) {
    int length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) {
      best = i;
      best_length = length;
    }
  }
  static const char kHex[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::string group;
    for (unsigned value = groups[i]; value > 0; value /= 16) group.insert(group.begin(), kHex[value % 16]);
    out += group.empty() ? "0" : group;
  }
  return out;
}

bool HostBitsClear(const unsigned char* bytes, int size, int prefix) {
  for (int bit = prefix; bit < size * 8; ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8)) & 1) return false;
  }
  return true;
}

}  // namespace

bool IsStrictCidr(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || text.find('\0') != std::string::npos) return false;
  const std::string address = text.substr(0, slash), length = text.substr(slash + 1);
  if (!Matches(length, "0|[1-9][0-9]{0,2}")) return false;
  const int prefix = std::stoi(length);
  unsigned char bytes[16];
  if (address.find(':') == std::string::npos) {
    const char* const kIpv4 = "(?:0|[1-9][0-9]{0,2})(?:\\.(?:0|[1-9][0-9]{0,2})){3}";
    if (!Matches(address, kIpv4) || prefix > 32) return false;
    return inet_pton(AF_INET, address.c_str(), bytes) == 1 && HostBitsClear(bytes, 4, prefix);
  }
  if (prefix > 128 || inet_pton(AF_INET6, address.c_str(), bytes) != 1) return false;
  static const unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(bytes, kMapped, sizeof(kMapped)) == 0) return false;
  return Ipv6Text(bytes) == address && HostBitsClear(bytes, 16, prefix);
}

bool IsReservedKey(const std::string& key) {
  return key == "sandbox-id" || key.rfind("sandbox.coreweave.com/", 0) == 0;
}

bool IsRestrictedKey(const std::string& key) {
  for (const char* prefix : {"container.apparmor.security.beta.kubernetes.io/", "seccomp.security.alpha.kubernetes.io/",
                             "io.katacontainers.", "k8s.v1.cni.cncf.io/"}) {
    if (key.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

namespace {

enum class Variable { kNone, kSandboxId, kNamespace };

struct Piece {
  Variable variable;
  std::string text;
};

std::optional<std::vector<Piece>> ParseTemplate(const std::string& text) {
  std::vector<Piece> pieces;
  std::size_t at = 0;
  while (true) {
    const std::size_t open = text.find("{{", at);
    pieces.push_back({Variable::kNone, text.substr(at, open == std::string::npos ? open : open - at)});
    if (open == std::string::npos) return pieces;
    const std::size_t close = text.find("}}", open + 2);
    if (close == std::string::npos) return std::nullopt;
    const std::string inside = text.substr(open + 2, close - open - 2);
    if (Matches(inside, "[ \\t]*\\.SandboxID[ \\t]*")) {
      pieces.push_back({Variable::kSandboxId, ""});
    } else if (Matches(inside, "[ \\t]*\\.Namespace[ \\t]*")) {
      pieces.push_back({Variable::kNamespace, ""});
    } else {
      return std::nullopt;
    }
    at = close + 2;
  }
}

Strings Split(const std::string& text, char separator) {
  Strings out(1);
  for (const char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

}  // namespace

bool IsHostTemplate(const std::string& text) {
  const auto pieces = ParseTemplate(text);
  if (!pieces || text.empty()) return false;
  // A NUL stands for a variable: no label of a real name holds one.
  std::string marked;
  for (const Piece& piece : *pieces) marked += piece.variable == Variable::kNone ? piece.text : std::string(1, '\0');
  for (const std::string& label : Split(marked, '.')) {
    if (label.find('\0') == std::string::npos && !IsDnsLabel(label)) return false;
  }
  return true;
}

bool TemplateNeedsSandboxId(const std::string& text) {
  const auto pieces = ParseTemplate(text);
  return pieces && std::any_of(pieces->begin(), pieces->end(),
                               [](const Piece& piece) { return piece.variable == Variable::kSandboxId; });
}

std::string RenderHost(const std::string& text, const std::string& sandbox_id, const std::string& name_space) {
  std::string out;
  const auto pieces = ParseTemplate(text);
  if (!pieces) return out;
  for (const Piece& piece : *pieces) {
    if (piece.variable == Variable::kNone) out += piece.text;
    if (piece.variable == Variable::kSandboxId) out += sandbox_id;
    if (piece.variable == Variable::kNamespace) out += name_space;
  }
  return out;
}

bool IsHostName(const std::string& text) {
  if (text.size() > 253) return false;
  const Strings labels = Split(text, '.');
  return std::all_of(labels.begin(), labels.end(), IsDnsLabel);
}

std::uint64_t Fnv1a64(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

namespace {

// The first 80 bits of SHA-256 over length-prefixed parts, as 16 characters of a-z and 2-7.
std::string IdentityHash(const std::string& strategy, const Strings& parts) {
  Strings all = parts;
  all.insert(all.begin(), strategy);
  std::string input;
  for (const std::string& part : all) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      input += static_cast<char>(static_cast<unsigned char>((static_cast<std::uint64_t>(part.size()) >> shift) & 0xff));
    }
    input += part;
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
  std::string out;
  for (int start = 0; start < 80; start += 5) {
    unsigned value = 0;
    for (int bit = start; bit < start + 5; ++bit) value = value * 2 + ((digest[bit / 8] >> (7 - bit % 8)) & 1U);
    out += "abcdefghijklmnopqrstuvwxyz234567"[value];
  }
  return out;
}

std::string TrimDashes(const std::string& text) {
  const std::size_t first = text.find_first_not_of('-');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of('-') - first + 1);
}

}  // namespace

std::string NamespaceName(const std::string& prefix, const std::string& strategy, const Strings& parts) {
  if (strategy == "per-org") {
    const std::string& organization = parts[0];
    if (IsDnsLabel(organization) && IsDnsLabel(prefix + organization) &&
        !Matches(organization, "(?:.*-)?[a-z2-7]{16}")) {
      return prefix + organization;
    }
  }
  std::string joined;
  for (const std::string& part : parts) joined += (&part == &parts[0] ? "" : "-") + part;
  std::string text;
  for (const char c : Lower(joined)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      text += c;
    } else if (text.empty() || text.back() != '-') {
      text += '-';
    }
  }
  text = TrimDashes(text);
  text = TrimDashes(text.substr(0, 63 - prefix.size() - 17));
  const std::string hash = IdentityHash(strategy, parts);
  return text.empty() ? prefix + hash : prefix + text + "-" + hash;
}

std::optional<std::int64_t> IntegerOf(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  if (!Matches(text, "0|-?[1-9][0-9]{0,18}")) return std::nullopt;
  std::int64_t number = 0;
  return RE2::FullMatch(text, "(.*)", &number) ? std::optional<std::int64_t>(number) : std::nullopt;
}

}  // namespace berth::reference
