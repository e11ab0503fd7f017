#include "berth/daemon/http_server.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <list>
#include <mutex>
#include <thread>

#include "berth/daemon/http_target.h"
#include "berth/daemon/sockets.h"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Answers so small are sent whoever waits: refusals, and what operators ask first.
constexpr size_t kMaxRefusalBytes = 1024;

// Only current versions, whatever the system's defaults are.
constexpr const char* kTlsPriorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

// What the headers of a request say that matters here.
struct RequestHeaders {
  bool has_body = false;
  int authorizations = 0;
  std::string_view authorization;  // the library's, while the request is handled
};

bool SameHeader(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

MHD_Result OnHeader(void* cls, MHD_ValueKind /*kind*/, const char* key, size_t key_size, const char* value,
                    size_t value_size) {
  auto& headers = *static_cast<RequestHeaders*>(cls);
  const std::string_view name(key, key_size);
  const std::string_view text(value == nullptr ? "" : value, value == nullptr ? 0 : value_size);
  if (SameHeader(name, MHD_HTTP_HEADER_TRANSFER_ENCODING)) headers.has_body = true;
  if (SameHeader(name, MHD_HTTP_HEADER_CONTENT_LENGTH) && text.find_first_not_of("0 \t") != std::string_view::npos) {
    headers.has_body = true;
  }
  if (SameHeader(name, MHD_HTTP_HEADER_AUTHORIZATION)) {
    ++headers.authorizations;
    headers.authorization = text;
  }
  return MHD_YES;
}

RequestHeaders ReadHeaders(MHD_Connection* connection) {
  RequestHeaders headers;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &OnHeader, &headers);
  return headers;
}

int64_t MillisFromNow(milliseconds delay) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count() + delay.count();
}

// An answer's bytes until the library has sent them.
struct WaitingBody {
  WaitingBody(std::string body, std::atomic<size_t>& all)
      : text(std::move(body)), waiting(all), before(all.fetch_add(text.size())) {}
  WaitingBody(const WaitingBody&) = delete;
  WaitingBody& operator=(const WaitingBody&) = delete;
  ~WaitingBody() { waiting.fetch_sub(text.size()); }

  std::string text;
  std::atomic<size_t>& waiting;  // bytes of all
  const size_t before;           // bytes of the others, when this one came
};

void FreeBody(void* cls) { delete static_cast<WaitingBody*>(cls); }

}  // namespace

// The server. The library calls back on its threads; exceptions end at these callbacks, since it is written in C.
class HttpServer::Core {
 public:
  Core(HttpServerOptions options, HttpHandler handler) : options_(std::move(options)), handler_(std::move(handler)) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  absl::Status Start(const ListenAddress& address);
  absl::Status ReplaceTls(HttpTls tls, milliseconds grace);
  void Stop(milliseconds grace);
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] size_t connections() const;

 private:
  // One run of the library, with one set of certificates.
  struct Generation {
    Core* core = nullptr;
    std::optional<HttpTls> tls;  // the library reads the texts while it runs
    MHD_Daemon* daemon = nullptr;
    std::atomic<int> answering = 0;  // requests that have begun and are not yet answered
    std::atomic<bool> retiring = false;
  };

  struct Connection {
    Generation* generation = nullptr;
    int socket = -1;
    std::string peer;
    std::atomic<int64_t> deadline = 0;  // of the request or the answer, in milliseconds of the steady clock
    // The request at hand; touched by one thread of the library.
    std::string target;
    bool begun = false;
    steady_clock::time_point began;
    bool counted = false;  // in Generation::answering
    std::list<Connection>::iterator self;
  };

  absl::StatusOr<std::unique_ptr<Generation>> Run(std::optional<HttpTls> tls);
  void End(Generation& generation, milliseconds grace);
  void CutLateConnections();
  MHD_Result Serve(MHD_Connection* raw, Connection& connection, std::string_view method);
  HttpResponse Answer(MHD_Connection* raw, const Connection& connection, std::string_view method);
  absl::StatusOr<std::string> ClientCertificate(MHD_Connection* raw, const Generation& generation) const;
  [[nodiscard]] HttpResponse Refusal(int status, std::string_view message) const;
  MHD_Result Send(MHD_Connection* raw, const Connection& connection, HttpResponse response, bool close);
  std::optional<MHD_Result> Queue(MHD_Connection* raw, const Connection& connection, const HttpResponse& response,
                                  std::unique_ptr<WaitingBody> body, bool close);
  void Complain(std::string_view message);
  static void Finish(Connection& connection);

  static void OnComplaint(void* cls, const char* format, va_list arguments);
  static void OnConnection(void* cls, MHD_Connection* raw, void** context, MHD_ConnectionNotificationCode event);
  static void* OnTarget(void* cls, const char* target, MHD_Connection* raw);
  static MHD_Result OnRequest(void* cls, MHD_Connection* raw, const char* url, const char* method, const char* version,
                              const char* upload, size_t* upload_size, void** state);
  static void OnCompleted(void* cls, MHD_Connection* raw, void** state, MHD_RequestTerminationCode code);

  const HttpServerOptions options_;
  const HttpHandler handler_;
  uint16_t port_ = 0;
  std::atomic<size_t> waiting_bytes_ = 0;

  std::mutex mutex_;  // one start, exchange or stop at a time; guards the next two
  OwnDescriptor listener_;
  std::unique_ptr<Generation> generation_;

  mutable std::mutex connections_mutex_;  // guards what is below; a socket is closed by the library only after its
                                          // connection has left the list
  std::list<Connection> connections_;
  std::string last_complaint_;
  bool stopping_ = false;
  std::condition_variable stop_;
  std::thread watch_;
};

HttpServer::Core::~Core() {
  Stop(milliseconds(0));
  {
    const std::lock_guard lock(connections_mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (watch_.joinable()) watch_.join();
}

absl::Status HttpServer::Core::Start(const ListenAddress& address) {
  if (address.kind == ListenAddress::Kind::kUnix) {
    return absl::InvalidArgumentError("HTTP is served on IP addresses only");
  }
  const std::lock_guard lock(mutex_);
  if (options_.tls.has_value()) {
    if (absl::Status status = CheckHttpTls(*options_.tls); !status.ok()) return status;
  }
  absl::StatusOr<OwnDescriptor> listener = ListenOn(address);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  port_ = PortOf(listener_.number());
  absl::StatusOr<std::unique_ptr<Generation>> generation = Run(options_.tls);
  if (!generation.ok()) return generation.status();
  generation_ = *std::move(generation);
  watch_ = std::thread([this] { CutLateConnections(); });
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<HttpServer::Core::Generation>> HttpServer::Core::Run(std::optional<HttpTls> tls) {
  // The library closes the socket it is given, so it gets one of its own.
  OwnDescriptor socket(fcntl(listener_.number(), F_DUPFD_CLOEXEC, 0));
  if (socket.number() < 0) return absl::ResourceExhaustedError("too many files are open: raise the limit");
  auto generation = std::make_unique<Generation>();
  generation->core = this;
  generation->tls = std::move(tls);
  const unsigned threads = std::max(options_.threads, 1U);
  const auto idle_seconds = std::max<int64_t>(options_.idle_timeout.count() / 1000, 1);
  const auto pointer = [](const auto& text) { return const_cast<char*>(text); };
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_LISTEN_SOCKET, socket.number(), nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, std::max(options_.max_connections, threads), nullptr},
      {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options_.max_connections_per_address, nullptr},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, static_cast<intptr_t>(options_.max_request_bytes), nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, static_cast<intptr_t>(idle_seconds), nullptr},
      {MHD_OPTION_STRICT_FOR_CLIENT, 1, nullptr},
      {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&OnConnection), generation.get()},
      {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&OnCompleted), generation.get()},
      {MHD_OPTION_URI_LOG_CALLBACK, reinterpret_cast<intptr_t>(&OnTarget), generation.get()},
  };
  if (threads > 1) items.push_back({MHD_OPTION_THREAD_POOL_SIZE, threads, nullptr});
  // Not epoll: the library waits for edges there, and misses an end that comes together with part of a request.
  unsigned flags = MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;
  if (generation->tls.has_value()) {
    flags |= MHD_USE_TLS;
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, pointer(generation->tls->certificate.c_str())});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, pointer(generation->tls->key.c_str())});
    items.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, pointer(kTlsPriorities)});
    if (!generation->tls->client_ca.empty()) {
      items.push_back({MHD_OPTION_HTTPS_MEM_TRUST, 0, pointer(generation->tls->client_ca.c_str())});
    }
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  generation->daemon = MHD_start_daemon(flags, 0, nullptr, nullptr, &OnRequest, generation.get(),
                                        MHD_OPTION_EXTERNAL_LOGGER, &OnComplaint, this,  // first, so that it hears all
                                        MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  if (generation->daemon == nullptr) {
    // On some ways to fail the library has closed the socket, and another thread may have its number by now.
    if (!IsSameFile(socket.number(), listener_.number())) socket.Release();
    const std::lock_guard lock(connections_mutex_);
    return absl::InternalError("the HTTP server does not start: " + last_complaint_);
  }
  socket.Release();
  return generation;
}

// Waits for what is being answered, then closes everything of one run.
void HttpServer::Core::End(Generation& generation, milliseconds grace) {
  constexpr milliseconds kPause(2);
  generation.retiring = true;
  const OwnDescriptor socket(MHD_quiesce_daemon(generation.daemon));
  for (const auto end = steady_clock::now() + grace; generation.answering > 0 && steady_clock::now() < end;) {
    std::this_thread::sleep_for(kPause);
  }
  MHD_stop_daemon(generation.daemon);
}

absl::Status HttpServer::Core::ReplaceTls(HttpTls tls, milliseconds grace) {
  if (absl::Status status = CheckHttpTls(tls); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  if (generation_ == nullptr) return absl::FailedPreconditionError("the HTTP server is stopped");
  if (!generation_->tls.has_value()) {
    return absl::FailedPreconditionError("the HTTP server was started without TLS: restart it to change that");
  }
  absl::StatusOr<std::unique_ptr<Generation>> next = Run(std::move(tls));
  if (!next.ok()) return next.status();
  const std::unique_ptr<Generation> last = std::exchange(generation_, *std::move(next));
  End(*last, grace);
  return absl::OkStatus();
}

void HttpServer::Core::Stop(milliseconds grace) {
  const std::lock_guard lock(mutex_);
  if (generation_ != nullptr) End(*generation_, grace);
  generation_.reset();
  listener_ = OwnDescriptor();
}

size_t HttpServer::Core::connections() const {
  const std::lock_guard lock(connections_mutex_);
  return connections_.size();
}

// The library's own timeout begins anew with every byte; these deadlines do not.
void HttpServer::Core::CutLateConnections() {
  const milliseconds shortest = std::min(options_.request_timeout, options_.answer_timeout);
  const milliseconds pause = std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
  std::unique_lock lock(connections_mutex_);
  while (!stop_.wait_for(lock, pause, [this] { return stopping_; })) {
    const int64_t now = MillisFromNow(milliseconds(0));
    for (Connection& connection : connections_) {
      if (connection.deadline > now) continue;
      shutdown(connection.socket, SHUT_RDWR);  // the library sees the end and closes
      connection.deadline = std::numeric_limits<int64_t>::max();
    }
  }
}

MHD_Result HttpServer::Core::Serve(MHD_Connection* raw, Connection& connection, std::string_view method) {
  if (!connection.begun) {
    connection.begun = true;
    connection.began = steady_clock::now();
    connection.counted = true;
    ++connection.generation->answering;
    connection.deadline = MillisFromNow(options_.answer_timeout);
    const bool has_body = ReadHeaders(raw).has_body;
    if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
      HttpResponse refusal = Refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are served here");
      refusal.headers.emplace_back(MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
      return Send(raw, connection, std::move(refusal), has_body);
    }
    if (has_body) {
      return Send(raw, connection, Refusal(MHD_HTTP_CONTENT_TOO_LARGE, "a request with a body is not served here"),
                  true);
    }
    return MHD_YES;  // the library asks again when it has read to the request's end
  }
  return Send(raw, connection, Answer(raw, connection, method), false);
}

HttpResponse HttpServer::Core::Answer(MHD_Connection* raw, const Connection& connection, std::string_view method) {
  if (connection.target.size() > options_.max_target_bytes) {
    return Refusal(MHD_HTTP_URI_TOO_LONG,
                   "the path and query take more than " + std::to_string(options_.max_target_bytes) + " bytes");
  }
  std::optional<HttpTarget> target = ParseHttpTarget(connection.target);
  if (!target.has_value()) return Refusal(MHD_HTTP_BAD_REQUEST, "the path or query is not well formed");
  const RequestHeaders headers = ReadHeaders(raw);
  if (headers.authorizations > 1) return Refusal(MHD_HTTP_BAD_REQUEST, "the request has two Authorization headers");
  absl::StatusOr<std::string> certificate = ClientCertificate(raw, *connection.generation);
  if (!certificate.ok()) return Refusal(MHD_HTTP_FORBIDDEN, std::string(certificate.status().message()));
  const HttpRequest request = {.method = method,
                               .path = std::move(target->path),
                               .segments = std::move(target->segments),
                               .query = std::move(target->query),
                               .authorization = std::string(headers.authorization),
                               .client_certificate = *std::move(certificate),
                               .peer = connection.peer};
  try {
    return handler_(request);
  } catch (...) {
    return Refusal(MHD_HTTP_INTERNAL_SERVER_ERROR, "the request could not be answered");
  }
}

absl::StatusOr<std::string> HttpServer::Core::ClientCertificate(MHD_Connection* raw,
                                                                const Generation& generation) const {
  if (!generation.tls.has_value() || generation.tls->client_ca.empty()) return std::string();
  const MHD_ConnectionInfo* info = MHD_get_connection_info(raw, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  if (info == nullptr) return absl::UnauthenticatedError("the connection has no TLS session");
  absl::StatusOr<std::string> certificate = VerifiedClientCertificate(info->tls_session);
  if (certificate.ok() && certificate->empty()) {
    return absl::UnauthenticatedError("a client certificate is needed");
  }
  return certificate;
}

HttpResponse HttpServer::Core::Refusal(int status, std::string_view message) const {
  HttpResponse page = {.content_type = "text/plain; charset=utf-8", .body = std::string(message) + "\n"};
  if (options_.refusal_page) page = options_.refusal_page(status, message);
  page.status = status;
  return page;
}

MHD_Result HttpServer::Core::Send(MHD_Connection* raw, const Connection& connection, HttpResponse response,
                                  bool close) {
  constexpr int kMinStatus = 200;
  constexpr int kMaxStatus = 599;
  constexpr std::string_view kFailed = "the request could not be answered";
  if (response.status < kMinStatus || response.status > kMaxStatus) {
    response = Refusal(MHD_HTTP_INTERNAL_SERVER_ERROR, kFailed);
  }
  if (response.status == MHD_HTTP_NO_CONTENT || response.status == MHD_HTTP_NOT_MODIFIED) response.body.clear();
  const size_t size = response.body.size();
  auto body = std::make_unique<WaitingBody>(std::move(response.body), waiting_bytes_);
  if (body->before > 0 && body->before + size > options_.max_waiting_answer_bytes && size > kMaxRefusalBytes) {
    body.reset();
    response = Refusal(MHD_HTTP_SERVICE_UNAVAILABLE, "too many answers wait for their readers: try again");
    response.headers.emplace_back(MHD_HTTP_HEADER_RETRY_AFTER, "1");
    body = std::make_unique<WaitingBody>(std::move(response.body), waiting_bytes_);
  }
  if (const auto result = Queue(raw, connection, response, std::move(body), close)) return *result;
  response = Refusal(MHD_HTTP_INTERNAL_SERVER_ERROR, kFailed);
  body = std::make_unique<WaitingBody>(std::move(response.body), waiting_bytes_);
  return Queue(raw, connection, response, std::move(body), close).value_or(MHD_NO);
}

// Nothing when the answer has headers that cannot be sent. That is the handler's mistake: it is not sent without them.
std::optional<MHD_Result> HttpServer::Core::Queue(MHD_Connection* raw, const Connection& connection,
                                                  const HttpResponse& response, std::unique_ptr<WaitingBody> body,
                                                  bool close) {
  MHD_Response* answer = MHD_create_response_from_buffer_with_free_callback_cls(body->text.size(), body->text.data(),
                                                                                &FreeBody, body.get());
  if (answer == nullptr) return MHD_NO;
  static_cast<void>(body.release());  // the library frees it
  bool good = MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str()) == MHD_YES;
  for (const auto& [name, value] : response.headers) {
    good = good && MHD_add_response_header(answer, name.c_str(), value.c_str()) == MHD_YES;
  }
  if (close || connection.generation->retiring) MHD_add_response_header(answer, MHD_HTTP_HEADER_CONNECTION, "close");
  std::optional<MHD_Result> result;
  if (good) {
    if (options_.on_answer) options_.on_answer(response.status, steady_clock::now() - connection.began);
    result = MHD_queue_response(raw, static_cast<unsigned>(response.status), answer);
  }
  MHD_destroy_response(answer);
  return result;
}

void HttpServer::Core::Complain(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  {
    const std::lock_guard lock(connections_mutex_);
    last_complaint_ = message;
  }
  if (options_.on_complaint) options_.on_complaint(message);
}

void HttpServer::Core::Finish(Connection& connection) {
  if (std::exchange(connection.counted, false)) --connection.generation->answering;
}

void HttpServer::Core::OnComplaint(void* cls, const char* format, va_list arguments) {
  std::array<char, 512> text = {};
  vsnprintf(text.data(), text.size(), format, arguments);
  try {
    static_cast<Core*>(cls)->Complain(text.data());
  } catch (...) {  // nobody is left to be told
  }
}

void HttpServer::Core::OnConnection(void* cls, MHD_Connection* raw, void** context,
                                    MHD_ConnectionNotificationCode event) {
  auto* generation = static_cast<Generation*>(cls);
  Core& core = *generation->core;
  if (event == MHD_CONNECTION_NOTIFY_CLOSED) {
    auto* connection = static_cast<Connection*>(std::exchange(*context, nullptr));
    if (connection == nullptr) return;
    Finish(*connection);
    const std::lock_guard lock(core.connections_mutex_);
    core.connections_.erase(connection->self);
    return;
  }
  *context = nullptr;
  const MHD_ConnectionInfo* socket = MHD_get_connection_info(raw, MHD_CONNECTION_INFO_CONNECTION_FD);
  const MHD_ConnectionInfo* peer = MHD_get_connection_info(raw, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (socket == nullptr || peer == nullptr) return;
  try {
    std::string peer_text = PeerText(peer->client_addr);
    const std::lock_guard lock(core.connections_mutex_);
    Connection& connection = core.connections_.emplace_front();
    connection.self = core.connections_.begin();
    connection.generation = generation;
    connection.socket = socket->connect_fd;
    connection.peer = std::move(peer_text);
    connection.deadline = MillisFromNow(core.options_.request_timeout);
    *context = &connection;
  } catch (...) {  // no memory: the connection's first request ends it
  }
}

void* HttpServer::Core::OnTarget(void* cls, const char* target, MHD_Connection* raw) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(raw, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  if (info == nullptr || info->socket_context == nullptr) return nullptr;
  auto* connection = static_cast<Connection*>(info->socket_context);
  connection->begun = false;
  try {
    const size_t most = static_cast<Generation*>(cls)->core->options_.max_target_bytes + 1;
    connection->target.assign(target, strnlen(target, most));
  } catch (...) {
    return nullptr;
  }
  return connection;
}

MHD_Result HttpServer::Core::OnRequest(void* cls, MHD_Connection* raw, const char* /*url*/, const char* method,
                                       const char* /*version*/, const char* /*upload*/, size_t* upload_size,
                                       void** state) {
  auto* connection = static_cast<Connection*>(*state);
  if (connection == nullptr || *upload_size != 0) return MHD_NO;
  try {
    return static_cast<Generation*>(cls)->core->Serve(raw, *connection, method);
  } catch (...) {
    return MHD_NO;  // no memory: the library closes the connection
  }
}

void HttpServer::Core::OnCompleted(void* cls, MHD_Connection* /*raw*/, void** state,
                                   MHD_RequestTerminationCode /*code*/) {
  auto* connection = static_cast<Connection*>(*state);
  if (connection == nullptr) return;
  Finish(*connection);
  connection->deadline = MillisFromNow(static_cast<Generation*>(cls)->core->options_.request_timeout);
}

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const ListenAddress& address, HttpServerOptions options,
                                                              HttpHandler handler) {
  auto core = std::make_unique<Core>(std::move(options), std::move(handler));
  if (absl::Status status = core->Start(address); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

uint16_t HttpServer::port() const { return core_->port(); }

size_t HttpServer::connections() const { return core_->connections(); }

absl::Status HttpServer::ReplaceTls(HttpTls tls, std::chrono::milliseconds grace) {
  return core_->ReplaceTls(std::move(tls), grace);
}

void HttpServer::Stop(std::chrono::milliseconds grace) { core_->Stop(grace); }

}  // namespace berth
