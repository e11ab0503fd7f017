#include "berth/daemon/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "berth/daemon/acceptor.h"
#include "berth/daemon/grpc_tls.h"
#include "berth/daemon/rpc_status.h"
#include "berth/v1/admission.grpc.pb.h"
#include "coreweave/sandbox/v1beta2/discovery.grpc.pb.h"
#include "coreweave/sandbox/v1beta2/gateway.grpc.pb.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;
using Clock = std::chrono::steady_clock;

// Bounds of one connection and of all together.
constexpr int kMaxHeaderBytes = 16 << 10;
constexpr int kMaxCallsPerConnection = 256;
constexpr int kHandshakeMillis = 10'000;
constexpr int kIdleMillis = 30 * 60'000;
constexpr int kPingAfterMillis = 60'000;  // to find out that a peer is gone
constexpr int kPingTimeoutMillis = 20'000;
constexpr int kMinPeerPingMillis = 10'000;
constexpr size_t kMaxTransportBytes = size_t{512} << 20;
// Of one stream; no more is read until they are sent.
constexpr size_t kMaxUnsentAnswers = 256;
constexpr size_t kMaxUnsentBytes = size_t{256} << 10;
constexpr std::chrono::seconds kDrainSlack(3);  // for cutting off what is left, after the grace period
constexpr std::chrono::milliseconds kDrainPoll(10);
constexpr std::chrono::seconds kFlushSeconds(1);

grpc::Status ToGrpc(const google::rpc::Status& status) {
  if (IsOk(status)) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

// Decoding is ours and not gRPC's: it answers what it cannot decode with UNIMPLEMENTED, and decodes before it is asked
// who calls.
template <typename Message>
bool Decode(const grpc::ByteBuffer& bytes, Message& message) {
  grpc::ByteBuffer copy(bytes);  // shares the bytes
  return grpc::SerializationTraits<Message>::Deserialize(&copy, &message).ok();
}

template <typename Message>
void Encode(const Message& message, grpc::ByteBuffer& bytes) {
  bool own_buffer = false;
  grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own_buffer);
}

google::rpc::Status Undecodable(const google::protobuf::Message& message) {
  return MakeStatus(RpcCode::kInvalidArgument, "CWSANDBOX_INVALID_REQUEST",
                    "the bytes of the request are no " + message.GetDescriptor()->full_name() +
                        ": it is cut off, or text in it is not UTF-8");
}

google::rpc::Status NoLaunch() { return InvalidField("launch", "is missing: say what to launch, if only `{}`"); }

// The one authorization header; two are as good as none.
std::string_view AuthorizationOf(const grpc::CallbackServerContext& context) {
  const auto [begin, end] = context.client_metadata().equal_range("authorization");
  if (begin == end || std::next(begin) != end) return {};
  return {begin->second.data(), begin->second.size()};
}

// Who says that they call; of a stream, kept while it is open.
struct Stranger {
  std::string authorization;
  std::string peer;
};

// What every call goes through: who calls, the answer, and its count.
class Front {
 public:
  explicit Front(const GrpcServer::Apis& apis) : apis_(apis) {}

  [[nodiscard]] const GrpcServer::Apis& apis() const { return apis_; }

  // Answers with `answer(caller)`, a google.rpc.Status.
  template <typename Answer>
  google::rpc::Status Answered(const Visit& visit, const Answer& answer) const {
    const Clock::time_point began = Clock::now();
    Caller caller;
    google::rpc::Status status = apis_.access.Enter(visit, caller);
    if (IsOk(status)) status = answer(caller);
    apis_.metrics.CountRequest(visit.method, status.code(), Clock::now() - began);
    return status;
  }

  // A call with one request and one answer. Nothing of a stranger's is decoded.
  template <typename Request, typename Response, typename Answer>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext& context, Method method, const grpc::ByteBuffer& in,
                                  grpc::ByteBuffer& out, const Answer& answer) const {
    ++under_way_;
    const auto peer = [&context] { return context.peer(); };
    const google::rpc::Status status = Answered({method, AuthorizationOf(context), peer}, [&](const Caller& caller) {
      Request request;
      if (!Decode(in, request)) return Undecodable(request);
      Response response;
      google::rpc::Status answered = answer(caller, request, response);
      if (IsOk(answered)) Encode(response, out);
      return answered;
    });
    grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
    reactor->Finish(ToGrpc(status));
    --under_way_;
    return reactor;
  }

  // Calls with one answer that are being answered now.
  [[nodiscard]] int under_way() const { return under_way_.load(); }

 private:
  const GrpcServer::Apis apis_;
  mutable std::atomic<int> under_way_ = 0;
};

using RawDiscoveryFront = wire::DiscoveryService::WithRawCallbackMethod_ListAvailableRunners<
    wire::DiscoveryService::WithRawCallbackMethod_GetAvailableRunner<
        wire::DiscoveryService::WithRawCallbackMethod_ListProfiles<
            wire::DiscoveryService::WithRawCallbackMethod_GetProfile<wire::DiscoveryService::Service>>>>;

class DiscoveryFront final : public RawDiscoveryFront {
 public:
  explicit DiscoveryFront(const Front& front) : front_(front), api_(front.apis().discovery) {}

 private:
  grpc::ServerUnaryReactor* ListAvailableRunners(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) override {
    return front_.Unary<wire::ListAvailableRunnersRequest, wire::ListAvailableRunnersResponse>(
        *context, Method::kListAvailableRunners, *in, *out,
        [this](const Caller& caller, const auto& request, auto& response) {
          return api_.ListAvailableRunners(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* GetAvailableRunner(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                               grpc::ByteBuffer* out) override {
    return front_.Unary<wire::GetAvailableRunnerRequest, wire::AvailableRunner>(
        *context, Method::kGetAvailableRunner, *in, *out,
        [this](const Caller& caller, const auto& request, auto& response) {
          return api_.GetAvailableRunner(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* ListProfiles(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override {
    return front_.Unary<wire::ListProfilesRequest, wire::ListProfilesResponse>(
        *context, Method::kListProfiles, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.ListProfiles(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* GetProfile(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                       grpc::ByteBuffer* out) override {
    return front_.Unary<wire::GetProfileRequest, wire::ProfileSummary>(
        *context, Method::kGetProfile, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.GetProfile(caller, request, response);
        });
  }

  const Front& front_;
  const DiscoveryApi& api_;
};

class AdmitStreamReactor;

// The streams that are open, so that draining can end them.
class OpenStreams {
 public:
  // False when they have been ended already.
  bool Add(AdmitStreamReactor* stream) {
    const std::lock_guard lock(mutex_);
    if (!ended_) streams_.insert(stream);
    return !ended_;
  }
  void Remove(AdmitStreamReactor* stream) {
    const std::lock_guard lock(mutex_);
    streams_.erase(stream);
  }
  void EndAll(const grpc::Status& status);
  [[nodiscard]] bool empty() const {
    const std::lock_guard lock(mutex_);
    return streams_.empty();
  }

 private:
  mutable std::mutex mutex_;  // taken before a stream's own
  std::set<AdmitStreamReactor*> streams_;
  bool ended_ = false;
};

// One stream of launches: each is decided as it arrives and answered in order.
class AdmitStreamReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  AdmitStreamReactor(const Front& front, OpenStreams& open, Stranger stranger)
      : front_(front), open_(open), stranger_(std::move(stranger)) {
    if (open_.Add(this)) {
      StartRead(&in_);
    } else {
      End(ToGrpc(front_.apis().access.NotOpen()));
    }
  }

  // Reads no more launches, sends the answers to those that were read, and ends with `status`.
  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (read_all_) return;
    final_ = status;
    read_all_ = true;
    FinishIfDone();
  }

 private:
  void OnReadDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      if (!ok) {
        read_all_ = true;
        FinishIfDone();
      }
      if (read_all_) return;
      deciding_ = true;
    }
    v1::AdmitStreamResponse response;
    // Checked anew for each launch: a token may be revoked while the stream is open.
    const auto peer = [this] { return stranger_.peer; };
    const Visit visit = {Method::kAdmitStream, stranger_.authorization, peer};
    google::rpc::Status status = front_.Answered(visit, [&](const Caller& caller) {
      v1::AdmitStreamRequest request;
      if (!Decode(in_, request)) return Undecodable(request);
      response.set_request_id(request.request_id());
      if (!request.has_launch()) return NoLaunch();
      return front_.apis().admission.Admit(caller, request.launch(), *response.mutable_admitted());
    });
    const bool stranger = status.code() == static_cast<int>(RpcCode::kUnauthenticated);
    const std::lock_guard lock(mutex_);
    deciding_ = false;
    if (stranger) {
      final_ = ToGrpc(status);
      read_all_ = true;
      FinishIfDone();
      return;
    }
    if (!IsOk(status)) *response.mutable_refused() = std::move(status);
    Encode(response, unsent_.emplace_back());
    unsent_bytes_ += unsent_.back().Length();
    if (!writing_) StartWriteLocked();
    if (read_all_) return;
    if (HasRoom()) {
      StartRead(&in_);
    } else {
      paused_ = true;
    }
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    unsent_bytes_ -= unsent_.front().Length();
    unsent_.pop_front();
    if (!ok) {
      unsent_.clear();
      unsent_bytes_ = 0;
    }
    if (!unsent_.empty()) StartWriteLocked();
    if (paused_ && !read_all_ && HasRoom()) {
      paused_ = false;
      StartRead(&in_);
    }
    FinishIfDone();
  }

  void OnDone() override {
    open_.Remove(this);
    delete this;
  }

  [[nodiscard]] bool HasRoom() const { return unsent_.size() < kMaxUnsentAnswers && unsent_bytes_ < kMaxUnsentBytes; }

  void StartWriteLocked() {
    writing_ = true;
    StartWrite(&unsent_.front());
  }

  void FinishIfDone() {
    if (!read_all_ || deciding_ || writing_ || finished_) return;
    finished_ = true;
    Finish(final_);
  }

  const Front& front_;
  OpenStreams& open_;
  const Stranger stranger_;
  grpc::ByteBuffer in_;
  std::mutex mutex_;                     // guards what follows
  std::deque<grpc::ByteBuffer> unsent_;  // the first is being written
  size_t unsent_bytes_ = 0;
  grpc::Status final_;
  bool deciding_ = false;  // a launch was read and is not answered yet
  bool writing_ = false;
  bool paused_ = false;
  bool read_all_ = false;
  bool finished_ = false;
};

void OpenStreams::EndAll(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  for (AdmitStreamReactor* stream : streams_) stream->End(status);
}

using RawAdmissionFront = v1::AdmissionService::WithRawCallbackMethod_Admit<
    v1::AdmissionService::WithRawCallbackMethod_AdmitStream<v1::AdmissionService::WithRawCallbackMethod_Resolve<
        v1::AdmissionService::WithRawCallbackMethod_Explain<v1::AdmissionService::Service>>>>;

class AdmissionFront final : public RawAdmissionFront {
 public:
  explicit AdmissionFront(const Front& front) : front_(front), api_(front.apis().admission) {}

  OpenStreams& streams() { return streams_; }

 private:
  grpc::ServerUnaryReactor* Admit(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                  grpc::ByteBuffer* out) override {
    return front_.Unary<v1::AdmitRequest, v1::AdmitResponse>(
        *context, Method::kAdmit, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return request.has_launch() ? api_.Admit(caller, request.launch(), response) : NoLaunch();
        });
  }
  grpc::ServerUnaryReactor* Resolve(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                    grpc::ByteBuffer* out) override {
    return front_.Unary<v1::ResolveRequest, v1::ResolveResponse>(
        *context, Method::kResolve, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.Resolve(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                    grpc::ByteBuffer* out) override {
    return front_.Unary<v1::ExplainRequest, v1::ExplainResponse>(
        *context, Method::kExplain, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.Explain(caller, request, response);
        });
  }
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AdmitStream(
      grpc::CallbackServerContext* context) override {
    return new AdmitStreamReactor(front_, streams_, {std::string(AuthorizationOf(*context)), context->peer()});
  }

  const Front& front_;
  const AdmissionApi& api_;
  OpenStreams streams_;
};

using RawGatewayFront =
    wire::GatewayService::WithRawCallbackMethod_Start<wire::GatewayService::WithRawCallbackMethod_Get<
        wire::GatewayService::WithRawCallbackMethod_Stop<wire::GatewayService::WithRawCallbackMethod_List<
            wire::GatewayService::WithRawCallbackMethod_Delete<wire::GatewayService::Service>>>>>;

class GatewayFront final : public RawGatewayFront {
 public:
  GatewayFront(const Front& front, GatewayApi& api) : front_(front), api_(api) {}

 private:
  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                  grpc::ByteBuffer* out) override {
    return front_.Unary<wire::StartSandboxRequest, wire::StartSandboxResponse>(
        *context, Method::kStart, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.Start(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                grpc::ByteBuffer* out) override {
    return front_.Unary<wire::GetSandboxRequest, wire::GetSandboxResponse>(
        *context, Method::kGet, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.Get(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                 grpc::ByteBuffer* out) override {
    return front_.Unary<wire::StopSandboxRequest, wire::StopSandboxResponse>(
        *context, Method::kStop, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.Stop(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                 grpc::ByteBuffer* out) override {
    return front_.Unary<wire::ListSandboxesRequest, wire::ListSandboxesResponse>(
        *context, Method::kList, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.List(caller, request, response);
        });
  }
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                   grpc::ByteBuffer* out) override {
    return front_.Unary<wire::DeleteSandboxRequest, wire::DeleteSandboxResponse>(
        *context, Method::kDelete, *in, *out, [this](const Caller& caller, const auto& request, auto& response) {
          return api_.Delete(caller, request, response);
        });
  }

  const Front& front_;
  GatewayApi& api_;
};

class GrpcServerImpl final : public GrpcServer {
 public:
  explicit GrpcServerImpl(const Apis& apis) : front_(apis), discovery_(front_), admission_(front_) {
    if (apis.gateway != nullptr) gateway_ = std::make_unique<GatewayFront>(front_, *apis.gateway);
  }
  ~GrpcServerImpl() override {
    if (acceptor_ != nullptr) acceptor_->Stop();
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  absl::Status Listen(const GrpcServerOptions& options) {
    acceptor_ = std::make_unique<Acceptor>(
        [this](size_t address, OwnDescriptor connection) { Take(address, std::move(connection)); }, options.on_crowded);
    if (absl::Status status = acceptor_->Listen(options.listen); !status.ok()) return status;
    if (options.tls) tls_ = std::make_unique<GrpcTls>(*options.tls);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    Bound(options, builder);
    builder.RegisterService(&discovery_);
    builder.RegisterService(&admission_);
    if (gateway_ != nullptr) builder.RegisterService(gateway_.get());
    for (const ListenAddress& address : options.listen) {
      const bool plain = tls_ == nullptr || address.kind == ListenAddress::Kind::kUnix;
      credentials_.push_back(plain ? grpc::InsecureServerCredentials() : GrpcTls::CredentialsOf(*tls_));
      connections_.push_back(builder.experimental().AddExternalConnectionAcceptor(
          grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials_.back()));
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InvalidArgumentError("gRPC does not start: it cannot use the certificate");
    SetServing(false);
    acceptor_->Start();
    return absl::OkStatus();
  }

  const std::vector<std::string>& addresses() const override { return acceptor_->addresses(); }

  void SetServing(bool serving) override {
    grpc::HealthCheckServiceInterface& health = *server_->GetHealthCheckService();
    health.SetServingStatus(serving);  // of the server, and of those services whose names were told
    for (const char* service :
         {wire::DiscoveryService::service_full_name(), v1::AdmissionService::service_full_name()}) {
      health.SetServingStatus(service, serving);
    }
    if (gateway_ != nullptr) health.SetServingStatus(wire::GatewayService::service_full_name(), serving);
  }

  absl::Status ReplaceTls(HttpTls tls) override {
    if (tls_ == nullptr) return absl::FailedPreconditionError("gRPC was started without TLS: restart to change that");
    tls_->Replace(std::move(tls));
    return absl::OkStatus();
  }

  bool Drain(std::chrono::seconds grace) override {
    SetServing(false);
    acceptor_->Stop();
    const Clock::time_point end = Clock::now() + grace;
    if (grace.count() > 0) admission_.streams().EndAll(ToGrpc(front_.apis().access.NotOpen()));
    while ((front_.under_way() > 0 || !admission_.streams().empty()) && Clock::now() < end) {
      std::this_thread::sleep_for(kDrainPoll);
    }
    // What is left to gRPC is to send; and calls that never end, such as those that watch the health.
    const std::chrono::seconds flush = std::min(grace, kFlushSeconds);
    // gRPC waits for a connection whose bytes it is still reading, however long that takes.
    auto ended = std::make_shared<std::promise<void>>();
    const std::future<void> done = ended->get_future();
    std::thread([this, flush, ended] {
      server_->Shutdown(std::chrono::system_clock::now() + flush);
      server_->Wait();
      ended->set_value();
    }).detach();
    if (done.wait_for(flush + kDrainSlack) != std::future_status::ready) return false;
    server_.reset();
    return true;
  }

 private:
  static void Bound(const GrpcServerOptions& options, grpc::ServerBuilder& builder) {
    grpc::ResourceQuota quota("berthd");
    quota.Resize(kMaxTransportBytes);
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxHeaderBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxCallsPerConnection);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMillis);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMillis);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfterMillis);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMillis);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPeerPingMillis);
  }

  // gRPC's own listener gives up for good when it is once short of descriptors.
  void Take(size_t address, OwnDescriptor connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = connection.Release();
    connections_[address]->HandleNewConnection(&parameters);
  }

  const Front front_;
  DiscoveryFront discovery_;
  AdmissionFront admission_;
  std::unique_ptr<GatewayFront> gateway_;
  std::unique_ptr<GrpcTls> tls_;
  std::vector<std::shared_ptr<grpc::ServerCredentials>> credentials_;  // of each address, as long as there is a server
  std::vector<std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor>> connections_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Acceptor> acceptor_;
};

std::atomic<Log*> grpc_log = nullptr;  // gRPC's hook takes no context

void WriteGrpcLog(gpr_log_func_args* args) {
  Log* log = grpc_log.load();
  if (log == nullptr) return;
  const std::string_view level = gpr_log_severity_string(args->severity);
  log->Debug("gRPC", {{"severity", level}, {"detail", std::string_view(args->message)}});
}

}  // namespace

void SendGrpcLogTo(Log* log) {
  grpc_log = log;
  gpr_set_log_function(WriteGrpcLog);
}

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options, const Apis& apis) {
  auto server = std::make_unique<GrpcServerImpl>(apis);
  if (const absl::Status status = server->Listen(options); !status.ok()) return status;
  return server;
}

}  // namespace berth
