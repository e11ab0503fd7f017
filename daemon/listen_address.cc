#include "berth/daemon/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr size_t kMaxUnixPathBytes = sizeof(sockaddr_un::sun_path) - 1;

absl::Status Refused(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(Quoted(text).append(" ").append(why));
}

bool ParsePort(std::string_view text, uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

absl::StatusOr<ListenAddress> ParseUnix(std::string_view text) {
  std::string_view path = text.substr(kUnixPrefix.size());
  while (path.starts_with("//")) path.remove_prefix(1);  // `unix:///run/x` is the same path
  if (path.empty()) return Refused(text, "names no path: write `unix:/run/berthd.sock`");
  if (path.size() > kMaxUnixPathBytes) {
    return Refused(text, "has a path of more than " + std::to_string(kMaxUnixPathBytes) + " bytes: use a shorter one");
  }
  if (path.find('\0') != std::string_view::npos) return Refused(text, "has a path with a NUL byte: remove it");
  return ListenAddress{.kind = ListenAddress::Kind::kUnix,
                       .text = std::string(kUnixPrefix).append(path),
                       .host = {},
                       .port = 0,
                       .path = std::string(path)};
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return ParseUnix(text);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || (text.starts_with('[') && text[colon - 1] != ']')) {
    return Refused(text, "has no port: write `address:port`, `[v6-address]:port` or `unix:/path`");
  }
  ListenAddress address;
  if (!ParsePort(text.substr(colon + 1), address.port)) {
    return Refused(text, "has no usable port: write a number from 0 to 65535 after the last colon");
  }
  std::string_view host = text.substr(0, colon);
  if (host.empty()) return Refused(text, "has no address: write `0.0.0.0` or `[::]` for all interfaces");
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  address.host = host;
  in6_addr v6 = {};
  in_addr v4 = {};
  const bool whole = host.find('\0') == std::string_view::npos;  // inet_pton stops there
  if (whole && inet_pton(AF_INET6, address.host.c_str(), &v6) == 1) {
    if (!bracketed) return Refused(text, "has an IPv6 address without brackets: write `[address]:port`");
    address.kind = ListenAddress::Kind::kIpv6;
    address.text = "[" + address.host + "]:" + std::to_string(address.port);
  } else if (whole && !bracketed && inet_pton(AF_INET, address.host.c_str(), &v4) == 1) {
    address.kind = ListenAddress::Kind::kIpv4;
    address.text = address.host + ":" + std::to_string(address.port);
  } else {
    return Refused(text, "has no numeric address: names are not looked up, write an IP address or `localhost`");
  }
  return address;
}

bool IsLocal(const ListenAddress& address) {
  constexpr uint8_t kLoopbackNet = 127;
  in6_addr v6 = {};
  in_addr v4 = {};
  switch (address.kind) {
    case ListenAddress::Kind::kUnix:
      return true;
    case ListenAddress::Kind::kIpv4:
      return inet_pton(AF_INET, address.host.c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24U) == kLoopbackNet;
    case ListenAddress::Kind::kIpv6:
      if (inet_pton(AF_INET6, address.host.c_str(), &v6) != 1) return false;
      return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == kLoopbackNet);
  }
  return false;
}

}  // namespace berth
