// How much of a gRPC call the engine takes: berthd's server against a server of the same kind that answers every launch
// with a constant of the same size, over TCP and a Unix socket, one call at a time, many at once, and on a stream.
//
// Both servers and the client are processes of their own; the servers take turns, a round each, so that what else the
// machine does falls on both. A table of medians goes to standard output.
//
//   rpc_bench [--bindings N] [--rounds N] [--seconds S]

#include <grpcpp/grpcpp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/fleet.h"
#include "berth/daemon/access.h"
#include "berth/daemon/admission_api.h"
#include "berth/daemon/grpc_server.h"
#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/v1/admission.grpc.pb.h"

namespace berth::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kInFlight = 64;

struct Options {
  size_t bindings = 1000;
  int rounds = 7;
  double seconds = 1.0;
};

v1::LaunchRequest Launch() {
  v1::LaunchRequest launch;
  launch.set_organization_id("acme");
  launch.set_user_id("u-1");
  launch.set_sandbox_id("sb-bench");
  launch.mutable_resource_requests()->set_cpu("2");
  launch.mutable_resource_requests()->set_memory("4Gi");
  launch.mutable_resource_limits()->set_cpu("4");
  launch.mutable_resource_limits()->set_memory("8Gi");
  launch.mutable_network()->set_egress_mode("deny-all");
  return launch;
}

// --- The two servers ---

std::vector<ListenAddress> Addresses(std::string_view name) {
  const std::string path = "unix:/tmp/berth-rpc-bench-" + std::to_string(getpid()) + "-" + std::string(name);
  return {*ParseListenAddress("127.0.0.1:0"), *ParseListenAddress(path)};
}

// Tells the parent where to call, and serves until it closes its end.
void ServeUntilClosed(const std::vector<std::string>& addresses, int read_end, int write_end) {
  std::string line;
  for (const std::string& address : addresses) line += address + "\n";
  if (write(write_end, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return;
  char byte = 0;
  while (read(read_end, &byte, 1) > 0) {
  }
  for (const std::string& address : addresses) {
    if (address.starts_with("unix:")) unlink(address.substr(5).c_str());
  }
}

void ServeBerth(size_t bindings, int read_end, int write_end) {
  Engine engine;
  if (!engine.Publish(CatalogOf(MakeFleet({.bindings = bindings})), 1).ok()) return;
  RecentDecisions recent(size_t{16} << 20, std::chrono::minutes(10));
  Metrics metrics("bench");
  const Decider decider(engine, recent, [&](const DecisionEvent& event) { metrics.CountAdmission(event.decision); });
  const DiscoveryApi discovery(engine);
  const AdmissionApi admission(engine, recent, decider);
  Access access;
  access.Open();
  GrpcServerOptions options;
  options.listen = Addresses("berth");
  auto server = GrpcServer::Start(options, {access, discovery, admission, metrics});
  if (!server.ok()) return;
  (*server)->SetServing(true);
  ServeUntilClosed((*server)->addresses(), read_end, write_end);
}

class ConstantService final : public v1::AdmissionService::CallbackService {
 public:
  explicit ConstantService(v1::AdmitResponse answer) : answer_(std::move(answer)) {}

  grpc::ServerUnaryReactor* Admit(grpc::CallbackServerContext* context, const v1::AdmitRequest*,
                                  v1::AdmitResponse* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerBidiReactor<v1::AdmitStreamRequest, v1::AdmitStreamResponse>* AdmitStream(
      grpc::CallbackServerContext*) override {
    return new Stream(answer_);
  }

 private:
  class Stream final : public grpc::ServerBidiReactor<v1::AdmitStreamRequest, v1::AdmitStreamResponse> {
   public:
    explicit Stream(const v1::AdmitResponse& answer) : answer_(answer) { StartRead(&request_); }

   private:
    void OnReadDone(bool ok) override {
      const std::lock_guard lock(mutex_);
      if (!ok) {
        read_all_ = true;
        if (!writing_) Finish(grpc::Status::OK);
        return;
      }
      v1::AdmitStreamResponse response;
      response.set_request_id(request_.request_id());
      *response.mutable_admitted() = answer_;
      unsent_.push_back(std::move(response));
      if (!writing_) Send();
      StartRead(&request_);
    }
    void OnWriteDone(bool) override {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      unsent_.pop_front();
      if (!unsent_.empty()) {
        Send();
      } else if (read_all_) {
        Finish(grpc::Status::OK);
      }
    }
    void OnDone() override { delete this; }
    void Send() {
      writing_ = true;
      StartWrite(&unsent_.front());
    }

    const v1::AdmitResponse& answer_;
    v1::AdmitStreamRequest request_;
    std::mutex mutex_;
    std::deque<v1::AdmitStreamResponse> unsent_;
    bool writing_ = false;
    bool read_all_ = false;
  };

  const v1::AdmitResponse answer_;
};

// The answer's bytes come first through the pipe.
void ServeConstant(int read_end, int write_end) {
  uint32_t size = 0;
  if (read(read_end, &size, sizeof(size)) != sizeof(size)) return;
  std::string bytes(size, '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = read(read_end, bytes.data() + done, bytes.size() - done);
    if (count <= 0) return;
    done += static_cast<size_t>(count);
  }
  v1::AdmitResponse answer;
  if (!answer.ParseFromString(bytes)) return;
  ConstantService service(std::move(answer));
  grpc::ServerBuilder builder;
  std::vector<ListenAddress> listen = Addresses("constant");
  std::vector<int> ports(listen.size(), 0);
  for (size_t i = 0; i < listen.size(); ++i) {
    builder.AddListeningPort(listen[i].text, grpc::InsecureServerCredentials(), &ports[i]);
  }
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return;
  ServeUntilClosed({"127.0.0.1:" + std::to_string(ports[0]), listen[1].text}, read_end, write_end);
}

// A server in a process of its own.
struct Child {
  pid_t pid = 0;
  int read_end = -1;
  int write_end = -1;

  template <typename Serve>
  static Child Fork(const Serve& serve) {
    int to_child[2];
    int to_parent[2];
    if (pipe(to_child) != 0 || pipe(to_parent) != 0) std::abort();
    const pid_t pid = fork();
    if (pid == 0) {
      close(to_child[1]);
      close(to_parent[0]);
      serve(to_child[0], to_parent[1]);
      _exit(0);
    }
    close(to_child[0]);
    close(to_parent[1]);
    return {pid, to_parent[0], to_child[1]};
  }

  // The addresses: TCP, then Unix.
  [[nodiscard]] std::vector<std::string> Await() const {
    std::vector<std::string> lines(1);
    char byte = 0;
    while (lines.size() < 3 && read(read_end, &byte, 1) == 1) {
      if (byte == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += byte;
      }
    }
    if (lines.size() < 3) {
      std::fprintf(stderr, "a server did not start\n");
      std::exit(1);
    }
    lines.pop_back();
    return lines;
  }
};

// --- The client ---

struct Round {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

Round Summed(std::vector<double>& latencies, double seconds) {
  std::ranges::sort(latencies);
  if (latencies.empty()) return {};
  const auto at = [&](double share) {
    return latencies[static_cast<size_t>(share * static_cast<double>(latencies.size() - 1))] * 1e6;
  };
  return {static_cast<double>(latencies.size()) / seconds, at(0.5), at(0.99)};
}

// Calls without end until the time is over, `in_flight` at once on one connection.
Round Unary(v1::AdmissionService::Stub& stub, int in_flight, double seconds) {
  struct Call {
    grpc::ClientContext context;
    v1::AdmitResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::AdmitResponse>> reader;
    Clock::time_point began;
  };
  v1::AdmitRequest request;
  *request.mutable_launch() = Launch();
  grpc::CompletionQueue queue;
  const auto start = [&] {
    auto* call = new Call;
    call->began = Clock::now();
    call->reader = stub.AsyncAdmit(&call->context, request, &queue);
    call->reader->Finish(&call->response, &call->status, call);
  };
  std::vector<double> latencies;
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < in_flight; ++i) start();
  int open = in_flight;
  void* tag = nullptr;
  bool ok = false;
  while (open > 0 && queue.Next(&tag, &ok)) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    if (!call->status.ok() || call->response.decision_json().empty()) {
      std::fprintf(stderr, "a call failed: %s\n", call->status.error_message().c_str());
      std::exit(1);
    }
    const Clock::time_point now = Clock::now();
    latencies.push_back(Seconds(now - call->began).count());
    if (Seconds(now - begin).count() < seconds) {
      start();
    } else {
      --open;
    }
  }
  const double took = Seconds(Clock::now() - begin).count();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return Summed(latencies, took);
}

// One stream with `in_flight` launches on the way.
class StreamClient final : public grpc::ClientBidiReactor<v1::AdmitStreamRequest, v1::AdmitStreamResponse> {
 public:
  StreamClient(v1::AdmissionService::Stub& stub, int in_flight, double seconds)
      : in_flight_(in_flight), seconds_(seconds), begin_(Clock::now()) {
    *request_.mutable_launch() = Launch();
    stub.async()->AdmitStream(&context_, this);
    AddHold();
    StartRead(&response_);
    Send();
    StartCall();
  }

  Round Result() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return finished_; });
    if (!status_.ok()) {
      std::fprintf(stderr, "the stream failed: %s\n", status_.error_message().c_str());
      std::exit(1);
    }
    return Summed(latencies_, took_);
  }

 private:
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) SendMoreLocked();
  }
  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    if (!ok) {
      RemoveHold();
      return;
    }
    if (!response_.has_admitted()) std::exit(1);
    latencies_.push_back(Seconds(Clock::now() - sent_.front()).count());
    sent_.pop_front();
    took_ = Seconds(Clock::now() - begin_).count();
    StartRead(&response_);
    if (!writing_) SendMoreLocked();
  }
  void OnDone(const grpc::Status& status) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
    finished_ = true;
    done_.notify_all();
  }

  void Send() {
    request_.set_request_id(++next_);
    writing_ = true;
    sent_.push_back(Clock::now());
    StartWrite(&request_);
  }
  void SendMoreLocked() {
    if (closed_) return;
    if (Seconds(Clock::now() - begin_).count() >= seconds_) {
      closed_ = true;
      StartWritesDone();
    } else if (sent_.size() < static_cast<size_t>(in_flight_)) {
      Send();
    }
  }

  const int in_flight_;
  const double seconds_;
  const Clock::time_point begin_;
  grpc::ClientContext context_;
  v1::AdmitStreamRequest request_;
  v1::AdmitStreamResponse response_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<Clock::time_point> sent_;  // answers come in order
  std::vector<double> latencies_;
  grpc::Status status_;
  double took_ = 0;
  uint64_t next_ = 0;
  bool writing_ = false;
  bool closed_ = false;
  bool finished_ = false;
};

struct Mode {
  const char* name;
  Round (*run)(v1::AdmissionService::Stub& stub, double seconds);
};

constexpr Mode kModes[] = {
    {"unary, 1 at a time", [](v1::AdmissionService::Stub& stub, double seconds) { return Unary(stub, 1, seconds); }},
    {"unary, 64 at once",
     [](v1::AdmissionService::Stub& stub, double seconds) { return Unary(stub, kInFlight, seconds); }},
    {"stream, 64 at once",
     [](v1::AdmissionService::Stub& stub, double seconds) { return StreamClient(stub, kInFlight, seconds).Result(); }},
};

template <typename Member>
double Median(std::vector<Round> rounds, Member member) {
  std::ranges::sort(rounds, {}, member);
  return rounds[rounds.size() / 2].*member;
}

int Run(const Options& options) {
  // Before this process starts a thread of gRPC's: what has threads must not fork.
  const Child berth =
      Child::Fork([&](int read_end, int write_end) { ServeBerth(options.bindings, read_end, write_end); });
  const Child constant = Child::Fork([&](int read_end, int write_end) {
    close(berth.write_end);
    ServeConstant(read_end, write_end);
  });
  const std::vector<std::string> berth_at = berth.Await();

  v1::AdmitRequest request;
  *request.mutable_launch() = Launch();
  v1::AdmitResponse answer;
  {
    const auto channel = grpc::CreateChannel(berth_at[0], grpc::InsecureChannelCredentials());
    grpc::ClientContext context;
    const grpc::Status status = v1::AdmissionService::NewStub(channel)->Admit(&context, request, &answer);
    if (!status.ok()) {
      std::fprintf(stderr, "the launch is not admitted: %s\n", status.error_message().c_str());
      return 1;
    }
  }
  const std::string bytes = answer.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  if (write(constant.write_end, &size, sizeof(size)) != sizeof(size) ||
      write(constant.write_end, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return 1;
  }
  const std::vector<std::string> constant_at = constant.Await();

  std::printf("%zu bindings, answers of %u bytes, medians of %d rounds of %.1f s\n\n", options.bindings, size,
              options.rounds, options.seconds);
  std::printf("%-6s %-20s %12s %12s %7s   %9s %9s   %9s %9s\n", "", "", "berthd/s", "constant/s", "ratio", "p50 us",
              "constant", "p99 us", "constant");
  for (size_t transport = 0; transport < 2; ++transport) {
    const auto channel = [&](const std::string& at) {
      return v1::AdmissionService::NewStub(grpc::CreateChannel(at, grpc::InsecureChannelCredentials()));
    };
    const auto ours = channel(berth_at[transport]);
    const auto peer = channel(constant_at[transport]);
    for (const Mode& mode : kModes) {
      std::vector<Round> our_rounds;
      std::vector<Round> peer_rounds;
      for (int round = -1; round < options.rounds; ++round) {
        const Round our_round = mode.run(*ours, options.seconds);
        const Round peer_round = mode.run(*peer, options.seconds);
        if (round < 0) continue;  // to warm up
        our_rounds.push_back(our_round);
        peer_rounds.push_back(peer_round);
      }
      const double our_rate = Median(our_rounds, &Round::per_second);
      const double peer_rate = Median(peer_rounds, &Round::per_second);
      std::printf("%-6s %-20s %12.0f %12.0f %6.3fx   %9.0f %9.0f   %9.0f %9.0f\n", transport == 0 ? "TCP" : "Unix",
                  mode.name, our_rate, peer_rate, our_rate / peer_rate, Median(our_rounds, &Round::p50_us),
                  Median(peer_rounds, &Round::p50_us), Median(our_rounds, &Round::p99_us),
                  Median(peer_rounds, &Round::p99_us));
      std::fflush(stdout);
    }
  }
  for (const Child& child : {berth, constant}) {
    close(child.write_end);
    waitpid(child.pid, nullptr, 0);
  }
  return 0;
}

}  // namespace
}  // namespace berth::bench

int main(int argc, char** argv) {
  berth::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--bindings") {
      options.bindings = std::strtoul(argv[i + 1], nullptr, 10);
    } else if (flag == "--rounds") {
      options.rounds = std::atoi(argv[i + 1]);
    } else if (flag == "--seconds") {
      options.seconds = std::atof(argv[i + 1]);
    }
  }
  signal(SIGPIPE, SIG_IGN);
  return berth::bench::Run(options);
}
