#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "berth/daemon/http_server.h"
#include "berth/daemon/http_target.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

using namespace std::string_literals;  // NOLINT: for texts with NUL bytes
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr milliseconds kPatience = seconds(20);  // for what must happen; never waited for in full

ListenAddress Loopback(uint16_t port = 0) { return *ParseListenAddress("127.0.0.1:" + std::to_string(port)); }

// A client that writes and reads bytes.
class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  Client(Client&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_), pending_(std::move(other.pending_)) {}
  Client& operator=(Client&&) = delete;
  ~Client() { Close(); }

  void Close() {
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }
  [[nodiscard]] bool connected() const { return connected_; }

  // False when the server has hung up.
  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }

  // Reads until the server closes, or `patience` is over (then `closed` is false).
  std::string ReadToEnd(milliseconds patience = kPatience, bool* closed = nullptr) {
    const auto end = steady_clock::now() + patience;
    bool done = false;
    while (!done && Wait(end)) done = !Receive();
    if (closed != nullptr) *closed = done;
    return std::exchange(pending_, {});
  }

  // One answer with its Content-Length; what comes behind it waits for the next call.
  std::string ReadAnswer(bool has_body = true) {
    const auto end = steady_clock::now() + kPatience;
    for (;;) {
      const size_t head = pending_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t length = pending_.find("Content-Length: ");
        const size_t size =
            head + 4 + (has_body && length < head ? std::strtoul(pending_.c_str() + length + 16, nullptr, 10) : 0);
        if (pending_.size() >= size) {
          std::string answer = pending_.substr(0, size);
          pending_.erase(0, size);
          return answer;
        }
      }
      if (!Wait(end) || !Receive()) return std::exchange(pending_, {});
    }
  }

 private:
  [[nodiscard]] bool Wait(steady_clock::time_point end) const {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
    pollfd wanted = {.fd = socket_, .events = POLLIN, .revents = 0};
    return left > 0 && poll(&wanted, 1, static_cast<int>(left)) == 1;
  }
  bool Receive() {
    char chunk[65536];
    const ssize_t count = recv(socket_, chunk, sizeof(chunk), 0);
    if (count > 0) pending_.append(chunk, static_cast<size_t>(count));
    return count > 0;
  }

  int socket_;
  bool connected_ = false;
  std::string pending_;
};

std::string Body(const std::string& answer) {
  const size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

// `404`; empty when there is no answer.
std::string Status(const std::string& answer) { return answer.starts_with("HTTP/1.") ? answer.substr(9, 3) : ""; }

std::string Get(uint16_t port, std::string_view target) {
  Client client(port);
  client.Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.ReadToEnd();
}

// Says back what it was asked; `/large` gives 8 MiB.
constexpr size_t kLarge = size_t{8} << 20;

HttpResponse Echo(const HttpRequest& request) {
  if (request.path == "/large") return {.status = 200, .content_type = "text/plain", .body = std::string(kLarge, 'x')};
  if (request.path == "/throw") throw std::runtime_error("secret");
  if (request.path == "/split") return {.body = "{}", .headers = {{"X-A", "a\r\nX-B: b"}}};
  if (request.path == "/status") return {.status = 7, .body = "{}"};
  if (request.path == "/nothing") return {.status = 204, .body = "not sent"};
  if (request.path == "/missing") return {.status = 404, .body = "{}", .headers = {{"Cache-Control", "no-store"}}};
  std::string text = std::string(request.method) + " " + request.path;
  for (const auto& [name, value] : request.query) text += " [" + name + "=" + value + "]";
  if (!request.authorization.empty()) text += " auth:" + request.authorization;
  if (!request.client_certificate.empty()) text += " certificate";
  return {.status = 200, .content_type = "text/plain", .body = text};
}

std::unique_ptr<HttpServer> StartServer(HttpServerOptions options = {}, HttpHandler handler = Echo) {
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(Loopback(), std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

// Waits until `good` holds.
template <typename Condition>
bool Eventually(Condition good) {
  for (const auto end = steady_clock::now() + kPatience; steady_clock::now() < end;) {
    if (good()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return good();
}

TEST(HttpTarget, DecodesPathAndQuery) {
  struct Row {
    std::string_view text;
    std::string_view path;  // empty: refused
    std::vector<std::pair<std::string, std::string>> query;
  };
  const Row kRows[] = {
      {"/", "/", {}},
      {"/a/b", "/a/b", {}},
      {"/a%20b%2Fc%e2%82%ac", "/a b/c\xe2\x82\xac", {}},
      {"/a+b", "/a+b", {}},
      {"/?", "/", {}},
      {"/?a", "/", {{"a", ""}}},
      {"/?a=1&b=2&a=3", "/", {{"a", "1"}, {"b", "2"}, {"a", "3"}}},
      {"/?&&a=&=b&", "/", {{"a", ""}, {"", "b"}}},
      {"/?a=b=c+d%2B%26?", "/", {{"a", "b=c d+&?"}}},
      {"http://host:80/x?y=z", "/x", {{"y", "z"}}},
      {"https://host/x", "/x", {}},
      {"/http://x", "/http://x", {}},
      {"", "", {}},
      {"*", "", {}},
      {"a", "", {}},
      {"?a", "", {}},
      {"http://host", "", {}},
      {"http://host?x", "", {}},
      {"/%", "", {}},
      {"/%4", "", {}},
      {"/%g0", "", {}},
      {"/%00", "", {}},
      {"/%0a", "", {}},
      {"/%7f", "", {}},
      {"/%ff", "", {}},
      {"/\xff", "", {}},
      {"/%c0%af", "", {}},  // an overlong slash
      {"/?a=%", "", {}},
      {"/?%zz=1", "", {}},
      {"/?a=%0d%0a", "", {}},
  };
  for (const Row& row : kRows) {
    const std::optional<HttpTarget> target = ParseHttpTarget(row.text);
    EXPECT_EQ(target.has_value(), !row.path.empty()) << row.text;
    if (!target.has_value()) continue;
    EXPECT_EQ(target->path, row.path) << row.text;
    EXPECT_EQ(target->query, row.query) << row.text;
  }
}

TEST(HttpTarget, SegmentsAreThoseOfThePathAsItWasSent) {
  const std::pair<std::string_view, std::vector<std::string>> kRows[] = {
      {"/", {""}},        {"/a", {"a"}},      {"/a/b?c/d", {"a", "b"}},   {"/a%2Fb/c", {"a/b", "c"}},
      {"/a/", {"a", ""}}, {"//a", {"", "a"}}, {"/a%20/%62", {"a ", "b"}},
  };
  for (const auto& [text, segments] : kRows) {
    const std::optional<HttpTarget> target = ParseHttpTarget(text);
    ASSERT_TRUE(target.has_value()) << text;
    EXPECT_EQ(target->segments, segments) << text;
  }
}

TEST(HttpServer, AnswersOverOneConnectionAgainAndAgain) {
  const auto server = StartServer();
  Client client(server->port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /a%20b?x=1&y=%32 HTTP/1.1\r\nHost: h\r\nauthorization: Bearer t\r\n\r\n");
    const std::string answer = client.ReadAnswer();
    EXPECT_EQ(Status(answer), "200");
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain\r\n"));
    EXPECT_EQ(Body(answer), "GET /a b [x=1] [y=2] auth:Bearer t");
  }
  client.Send("HEAD /head HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");  // both at once
  const std::string head = client.ReadAnswer(/*has_body=*/false);
  EXPECT_EQ(Status(head), "200");
  EXPECT_THAT(head, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_EQ(Body(client.ReadAnswer()), "GET /next");
  EXPECT_EQ(server->connections(), 1U);
  client.Close();
  EXPECT_TRUE(Eventually([&] { return server->connections() == 0; }));
}

TEST(HttpServer, TellsTheHandlerWhoAsks) {
  std::string peer;
  const auto server = StartServer({}, [&peer](const HttpRequest& request) {
    peer = request.peer;
    return HttpResponse{.body = "{}"};
  });
  EXPECT_EQ(Status(Get(server->port(), "/")), "200");
  EXPECT_THAT(peer, StartsWith("127.0.0.1:"));
}

TEST(HttpServer, SendsWhatTheHandlerSays) {
  const auto server = StartServer();
  const std::string missing = Get(server->port(), "/missing");
  EXPECT_EQ(Status(missing), "404");
  EXPECT_THAT(missing, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(missing, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_EQ(Body(missing), "{}");
  EXPECT_EQ(Body(Get(server->port(), "/large")).size(), kLarge);
  const std::string nothing = Get(server->port(), "/nothing");
  EXPECT_EQ(Status(nothing), "204");
  EXPECT_EQ(Body(nothing), "");
  for (const std::string_view target : {"/throw", "/split", "/status"}) {
    const std::string answer = Get(server->port(), target);
    EXPECT_EQ(Status(answer), "500") << target;
    EXPECT_EQ(Body(answer), "the request could not be answered\n");
    EXPECT_THAT(answer, Not(HasSubstr("secret")));
    EXPECT_THAT(answer, Not(HasSubstr("X-B")));
  }
}

TEST(HttpServer, RefusesWhatItDoesNotServe) {
  std::atomic<int> handled = 0;
  const auto server = StartServer({}, [&handled](const HttpRequest& request) {
    ++handled;
    return Echo(request);
  });
  const std::string kHost = "Host: h\r\n";
  struct Row {
    std::string name;
    std::string request;
    std::string status;  // empty: closed without an answer
    std::string shown = "";
  };
  const Row kRows[] = {
      {"POST", "POST / HTTP/1.1\r\n" + kHost + "\r\n", "405", "\r\nAllow: GET, HEAD\r\n"},
      {"POST with body", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\n\r\nabc", "405", "Connection: close"},
      {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", "405"},
      {"lower case", "get / HTTP/1.1\r\n" + kHost + "\r\n", "405"},
      {"CONNECT", "CONNECT h:1 HTTP/1.1\r\n" + kHost + "\r\n", "405"},
      {"GET with body", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\n\r\nabc", "413", "Connection: close"},
      {"announced body", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", "413"},
      {"huge body", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 99999999999\r\n\r\n", "413"},
      {"chunked body", "GET / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "413"},
      {"two lengths", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\nContent-Length: 3\r\n\r\nabc", "413"},
      {"bad length", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n\r\n", "400"},
      {"length and chunks",
       "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "413"},
      {"broken escape", "GET /% HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"escaped NUL", "GET /a%00b HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"no UTF-8", "GET /\xff HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"relative", "GET a HTTP/1.1\r\n" + kHost + "\r\n", "400"},
      {"long target", "GET /" + std::string(4096, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", "414"},
      {"endless target", "GET /" + std::string(100000, 'a'), "414"},
      {"endless query", "GET /?" + std::string(100000, '&'), "414"},
      {"long header", "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(100000, 'a'), "431"},
      {"many headers",
       [&] {
         std::string request = "GET / HTTP/1.1\r\n" + kHost;
         for (int i = 0; i < 5000; ++i) request += "X-" + std::to_string(i) + ": y\r\n";
         return request + "\r\n";
       }(),
       "431"},
      {"two authorizations", "GET / HTTP/1.1\r\n" + kHost + "Authorization: a\r\nAuthorization: b\r\n\r\n", "400"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
  };
  for (const Row& row : kRows) {
    Client client(server->port());
    client.Send(row.request);
    const std::string answer = client.ReadAnswer();
    EXPECT_EQ(Status(answer), row.status) << row.name << "\n" << answer;
    EXPECT_THAT(answer, HasSubstr(row.shown)) << row.name;
  }
  EXPECT_EQ(handled, 0);
  // One step away from the refused ones.
  EXPECT_EQ(Status(Get(server->port(), "/" + std::string(4095, 'a'))), "200");
  Client client(server->port());
  client.Send("GET / HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\nX: " + std::string(8000, 'a') + "\r\n\r\n");
  EXPECT_EQ(Status(client.ReadAnswer()), "200");
  EXPECT_EQ(handled, 2);
}

TEST(HttpServer, RefusalsAreThePagesOfItsUserAndAreToldLikeAllAnswers) {
  HttpServerOptions options;
  options.refusal_page = [](int status, std::string_view message) {
    return HttpResponse{.status = 200, .content_type = "text/x", .body = std::to_string(status).append(message)};
  };
  std::mutex mutex;
  std::vector<int> told;
  options.on_answer = [&](int status, std::chrono::nanoseconds took) {
    const std::lock_guard lock(mutex);
    told.push_back(status);
    EXPECT_GE(took.count(), 0);
  };
  const auto server = StartServer(options);
  const std::string kEnd = " HTTP/1.1\r\nHost: h\r\n";
  const std::pair<std::string, std::string> kRows[] = {
      {"POST /" + kEnd, "405"},      {"GET /" + kEnd + "Content-Length: 3\r\n", "413"},
      {"GET /%" + kEnd, "400"},      {"GET /" + std::string(4096, 'a') + kEnd, "414"},
      {"GET /throw" + kEnd, "500"},  {"GET /split" + kEnd, "500"},
      {"GET /status" + kEnd, "500"},
  };
  std::vector<int> wanted;
  for (const auto& [request, status] : kRows) {
    Client client(server->port());
    client.Send(request + "\r\n");
    const std::string answer = client.ReadAnswer();
    EXPECT_EQ(Status(answer), status) << request.substr(0, 80);
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/x\r\n"));
    EXPECT_THAT(Body(answer), StartsWith(status));
    wanted.push_back(std::stoi(status));
  }
  EXPECT_EQ(Status(Get(server->port(), "/missing")), "404");
  wanted.push_back(404);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told, wanted) << "each once";
}

TEST(HttpServer, OutlivesWhateverIsSentAndNoticesWhoLeaves) {
  HttpServerOptions options;
  options.idle_timeout = options.request_timeout = 4 * kPatience;  // only the clients' own ends close connections
  const auto server = StartServer(options);
  const std::string kGood = "GET /a?b=c HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\n\r\n";
  const std::string kOdd[] = {
      "",
      "\r\n\r\n\r\n",
      "\n",
      std::string(1, '\0'),
      std::string(5000, '\0'),
      "GET",
      "GET /",
      "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost h\r\n\r\n",
      "GET / HTTP/1.1\r\n: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
      "GET /\0x HTTP/1.1\r\nHost: h\r\n\r\n"s,
      "GET / HTTP/1.1\r\nHost: h\0\r\n\r\n"s,
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "GET  /  HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nCookie: " + std::string(3000, '=') + "\r\n\r\n",
  };
  for (const std::string& bytes : kOdd) {
    Client client(server->port());
    client.Send(bytes);
    client.ReadToEnd(milliseconds(20));
  }
  for (size_t size = 0; size < kGood.size(); ++size) {
    Client client(server->port());
    client.Send(kGood.substr(0, size));
  }
  std::mt19937 random(20261122);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = kGood + kGood;
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0; --edits) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, random() % 8);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
      }
      if (bytes.empty()) bytes = " ";
    }
    Client client(server->port());
    client.Send(bytes);
    if (i % 8 == 0) client.ReadToEnd(milliseconds(1));
  }
  EXPECT_EQ(Body(Get(server->port(), "/still?here")), "GET /still [here=]");
  EXPECT_TRUE(Eventually([&] { return server->connections() == 0; }));
}

TEST(HttpServer, CutsOffWhoTricklesARequest) {
  HttpServerOptions options;
  options.request_timeout = milliseconds(300);
  const auto server = StartServer(options);
  Client trickling(server->port());
  Client second(server->port());
  second.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(Status(second.ReadAnswer()), "200");
  const auto start = steady_clock::now();
  const auto trickle = [](const Client& client) {
    return client.Send("X") && (std::this_thread::sleep_for(milliseconds(10)), client.Send("Y"));
  };
  ASSERT_TRUE(trickling.Send("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: "));
  ASSERT_TRUE(second.Send("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: "));  // its second request
  bool first_alive = true;
  bool second_alive = true;
  while ((first_alive || second_alive) && steady_clock::now() - start < kPatience) {
    first_alive = first_alive && trickle(trickling);
    second_alive = second_alive && trickle(second);
    EXPECT_EQ(Status(Get(server->port(), "/")), "200") << "others are served meanwhile";
  }
  EXPECT_FALSE(first_alive || second_alive);
  EXPECT_GE(steady_clock::now() - start, milliseconds(250));
  EXPECT_TRUE(Eventually([&] { return server->connections() == 0; }));
}

TEST(HttpServer, ClosesIdleConnections) {
  HttpServerOptions options;
  options.idle_timeout = seconds(1);
  const auto server = StartServer(options);
  Client silent(server->port());
  Client kept(server->port());
  kept.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(Status(kept.ReadAnswer()), "200");
  bool closed = false;
  silent.ReadToEnd(kPatience, &closed);
  EXPECT_TRUE(closed);
  kept.ReadToEnd(kPatience, &closed);
  EXPECT_TRUE(closed);
}

TEST(HttpServer, ServesOthersBesideTwoThousandIdleConnections) {
  constexpr size_t kIdle = 2000;
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 3 * kIdle);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_GE(limit.rlim_cur, 3 * kIdle) << "this test needs open files";
  HttpServerOptions options;
  options.max_connections = 4096;
  options.max_connections_per_address = 4096;
  const auto server = StartServer(options);
  std::vector<Client> idle;
  for (size_t i = 0; i < kIdle; ++i) {
    idle.emplace_back(server->port());
    ASSERT_TRUE(idle.back().connected());
    if (i % 2 == 0) idle.back().Send("GET / HTTP/1.1\r\n");
  }
  ASSERT_TRUE(Eventually([&] { return server->connections() == kIdle; })) << server->connections();
  const auto start = steady_clock::now();
  constexpr int kRequests = 200;
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(Status(Get(server->port(), "/")), "200");
  EXPECT_LT(steady_clock::now() - start, seconds(10));
  idle.clear();
  EXPECT_TRUE(Eventually([&] { return server->connections() == 0; })) << server->connections();
}

TEST(HttpServer, ServesAgainWhenThereAreFilesAgain) {
  HttpServerOptions options;
  options.idle_timeout = seconds(2);
  const auto server = StartServer(options);
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low = limit;
  low.rlim_cur = 200;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  for (const bool with_another : {false, true}) {
    std::unique_ptr<Client> other;
    if (with_another) {
      other = std::make_unique<Client>(server->port());
      other->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_EQ(Status(other->ReadAnswer()), "200");
    }
    Client client(server->port());
    ASSERT_TRUE(client.connected());
    client.Send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(Status(client.ReadAnswer()), "200");
    // Once those of before have left theirs, the next connection finds no number for its socket.
    ASSERT_TRUE(Eventually([&] { return server->connections() == (with_another ? 2U : 1U); }));
    std::this_thread::sleep_for(milliseconds(50));
    const int next = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<int> taken;
    for (int copy = 0; (copy = dup(STDERR_FILENO)) >= 0;) taken.push_back(copy);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(next, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(server->connections(), with_another ? 2U : 1U);
    for (const int copy : taken) close(copy);
    close(next);
    EXPECT_EQ(Body(Get(server->port(), "/again")), "GET /again");
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(HttpServer, BoundsConnectionsOfOneAddress) {
  HttpServerOptions options;
  options.max_connections_per_address = 4;
  const auto server = StartServer(options);
  std::vector<Client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(server->port());
    clients.back().Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(Status(clients.back().ReadAnswer()), "200");
  }
  Client fifth(server->port());
  bool closed = false;
  EXPECT_EQ(fifth.ReadToEnd(kPatience, &closed), "");
  EXPECT_TRUE(closed);
  clients.pop_back();
  EXPECT_TRUE(Eventually([&] { return Status(Get(server->port(), "/")) == "200"; })) << "there is room again";
}

TEST(HttpServer, BoundsAllConnectionsAndServesTheNextWhenOneEnds) {
  HttpServerOptions options;
  options.threads = 1;
  options.max_connections = 4;
  options.max_connections_per_address = 100;
  const auto server = StartServer(options);
  std::vector<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(server->port());
  ASSERT_TRUE(Eventually([&] { return server->connections() == 4; }));
  Client waiting(server->port());
  waiting.Send("GET /waited HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  bool closed = true;
  EXPECT_EQ(waiting.ReadToEnd(milliseconds(100), &closed), "");
  EXPECT_FALSE(closed) << "it waits in the socket's queue";
  EXPECT_EQ(server->connections(), 4U);
  clients.clear();
  EXPECT_EQ(Body(waiting.ReadToEnd()), "GET /waited");
}

TEST(HttpServer, CutsOffWhoDoesNotTakeTheAnswer) {
  HttpServerOptions options;
  options.threads = 1;  // one answer after the other
  options.answer_timeout = seconds(2);
  options.max_waiting_answer_bytes = 2 * kLarge;
  std::atomic<int> large = 0;
  const auto server = StartServer(options, [&large](const HttpRequest& request) {
    large += request.path == "/large" ? 1 : 0;
    return Echo(request);
  });
  std::vector<Client> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(server->port(), /*receive_buffer=*/4096);
    clients.back().Send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  ASSERT_TRUE(Eventually([&] { return large == 2; }));
  EXPECT_TRUE(Eventually([&] { return Status(Get(server->port(), "/large")) == "503"; }))
      << "two large answers wait already";
  EXPECT_EQ(Body(Get(server->port(), "/small")), "GET /small") << "small ones are served all the same";
  EXPECT_TRUE(Eventually([&] { return server->connections() == 0; })) << "the deadline cuts them off";
  EXPECT_EQ(Body(Get(server->port(), "/large")).size(), kLarge) << "and their bytes are free again";
}

TEST(HttpServer, StopAnswersWhatIsUnderWay) {
  std::atomic<bool> entered = false;
  const auto server = StartServer({}, [&entered](const HttpRequest& request) {
    entered = true;
    std::this_thread::sleep_for(milliseconds(200));
    return Echo(request);
  });
  const uint16_t port = server->port();
  Client client(port);
  client.Send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return entered.load(); }));
  server->Stop(seconds(10));
  const std::string answer = client.ReadToEnd();
  EXPECT_EQ(Body(answer), "GET /slow");
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_FALSE(Client(port).connected());
  server->Stop(seconds(10));  // again: nothing
  EXPECT_EQ(server->ReplaceTls({}, seconds(0)).code(), absl::StatusCode::kInvalidArgument);
  const auto next = HttpServer::Start(Loopback(port), {}, Echo);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ((*next)->port(), port);
}

TEST(HttpServer, StopDoesNotWaitForIdleOrStuckClients) {
  const auto server = StartServer();
  Client idle(server->port());
  idle.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(Status(idle.ReadAnswer()), "200");
  Client stuck(server->port(), /*receive_buffer=*/4096);
  const auto start = steady_clock::now();
  server->Stop(seconds(10));
  EXPECT_LT(steady_clock::now() - start, seconds(5)) << "nothing is under way";
  bool closed = false;
  idle.ReadToEnd(kPatience, &closed);
  EXPECT_TRUE(closed);
}

TEST(HttpServer, SaysWhyItCannotListen) {
  const auto server = StartServer();
  const auto taken = HttpServer::Start(Loopback(server->port()), {}, Echo);
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(taken.status().message()), HasSubstr("it is in use: stop the other server"));
  const auto foreign = HttpServer::Start(*ParseListenAddress("192.0.2.1:0"), {}, Echo);
  EXPECT_THAT(std::string(foreign.status().message()), HasSubstr("it is no address of this machine"));
  EXPECT_FALSE(HttpServer::Start(*ParseListenAddress("unix:/tmp/x"), {}, Echo).ok());
}

// Certificates of a test, in a folder that goes with it. `openssl` makes them.
class Certificates {
 public:
  Certificates() {
    std::string name = testing::TempDir() + "berthd-tls-XXXXXX";
    folder_ = mkdtemp(name.data());
    Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority "
        "-keyout ca.key -out ca.pem");
    for (const std::string_view name_of : {"one", "two"}) {
      Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" +
          std::string(name_of) + " -keyout " + std::string(name_of) + ".key -out " + std::string(name_of) + ".pem");
    }
    std::ofstream(folder_ + "/client.ext") << "extendedKeyUsage=clientAuth\n";
    Run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=client "
        "-keyout client.key -out client.csr && openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key "
        "-CAcreateserial -days 2 -extfile client.ext -out client.pem");
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates() { std::filesystem::remove_all(folder_); }

  // The output of a shell command, run in the folder.
  std::string Run(const std::string& command) const {
    FILE* pipe = popen(("cd " + folder_ + " && { " + command + "; } 2>/dev/null").c_str(), "r");
    std::string output;
    char chunk[4096];
    while (const size_t count = fread(chunk, 1, sizeof(chunk), pipe)) output.append(chunk, count);
    pclose(pipe);
    return output;
  }

  [[nodiscard]] std::string Read(const std::string& file) const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + file).rdbuf();
    return text.str();
  }

  [[nodiscard]] HttpTls Tls(const std::string& name) const {
    return {.certificate = Read(name + ".pem"), .key = Read(name + ".key"), .client_ca = {}};
  }

  // What a client gets that trusts `authority` alone.
  [[nodiscard]] std::string Get(uint16_t port, const std::string& authority, const std::string& options = "") const {
    return Run(
        "printf 'GET /tls HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' | timeout 20 openssl s_client "
        "-quiet -verify_return_error -CAfile " +
        authority + ".pem " + options + " -connect 127.0.0.1:" + std::to_string(port));
  }

 private:
  std::string folder_;
};

TEST(HttpServerTls, ServesAndExchangesCertificatesWithoutClosingItsSocket) {
  const Certificates certificates;
  HttpServerOptions options;
  options.tls = certificates.Tls("one");
  std::atomic<int> complaints = 0;
  options.on_complaint = [&complaints](std::string_view) { ++complaints; };
  const auto server = StartServer(options);
  const uint16_t port = server->port();
  EXPECT_EQ(Body(certificates.Get(port, "one")), "GET /tls");
  EXPECT_EQ(certificates.Get(port, "two"), "") << "the client does not trust this one";
  EXPECT_EQ(certificates.Get(port, "one", "-tls1_1"), "");
  EXPECT_EQ(Status(Get(port, "/")), "") << "no TLS, no answer";
  EXPECT_EQ(Body(certificates.Get(port, "one", "-tls1_2")), "GET /tls");

  // A port that is never closed: somebody connects all the time.
  std::atomic<bool> done = false;
  std::atomic<int> refused = 0;
  std::thread connecting([&] {
    while (!done) refused += Client(port).connected() ? 0 : 1;
  });
  ASSERT_TRUE(server->ReplaceTls(certificates.Tls("two"), seconds(5)).ok());
  EXPECT_EQ(Body(certificates.Get(port, "two")), "GET /tls");
  EXPECT_EQ(certificates.Get(port, "one"), "");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(server->ReplaceTls(certificates.Tls(i % 2 == 0 ? "one" : "two"), seconds(5)).ok());
  }
  done = true;
  connecting.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(server->port(), port);
  EXPECT_EQ(Body(certificates.Get(port, "two")), "GET /tls");
}

TEST(HttpServerTls, KeepsServingWhenTheNewCertificatesAreUnusable) {
  const Certificates certificates;
  HttpServerOptions options;
  options.tls = certificates.Tls("one");
  const auto server = StartServer(options);
  HttpTls mixed = certificates.Tls("one");
  mixed.key = certificates.Tls("two").key;
  HttpTls garbage = certificates.Tls("two");
  garbage.certificate = "garbage";
  HttpTls authority = certificates.Tls("two");
  authority.client_ca = "garbage";
  for (const HttpTls& bad : {mixed, garbage, authority, HttpTls{}}) {
    const absl::Status status = server->ReplaceTls(bad, seconds(0));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    HttpServerOptions bad_options;
    bad_options.tls = bad;
    EXPECT_EQ(HttpServer::Start(Loopback(), bad_options, Echo).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(Body(certificates.Get(server->port(), "one")), "GET /tls");
  const auto plain = StartServer();
  EXPECT_EQ(plain->ReplaceTls(certificates.Tls("one"), seconds(0)).code(), absl::StatusCode::kFailedPrecondition);
  server->Stop(seconds(0));
  EXPECT_EQ(server->ReplaceTls(certificates.Tls("one"), seconds(0)).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(HttpServerTls, AsksForTheCertificatesOfClients) {
  const Certificates certificates;
  HttpServerOptions options;
  options.tls = certificates.Tls("one");
  options.tls->client_ca = certificates.Read("ca.pem");
  const auto server = StartServer(options);
  const std::string kGood = "-cert client.pem -key client.key";
  const std::string kForeign = "-cert two.pem -key two.key";
  EXPECT_EQ(Body(certificates.Get(server->port(), "one", kGood)), "GET /tls certificate");
  EXPECT_EQ(Status(certificates.Get(server->port(), "one", kForeign)), "403");
  EXPECT_EQ(Body(certificates.Get(server->port(), "one")), "a client certificate is needed\n");
}

TEST(HttpServer, ManyThreadsOfClients) {
  const auto server = StartServer();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) good += Body(Get(server->port(), "/x")) == "GET /x" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace berth
