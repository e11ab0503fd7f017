#include "berth/daemon/berthd.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/access.h"
#include "berth/daemon/admission_api.h"
#include "berth/daemon/catalog_feed.h"
#include "berth/daemon/decider.h"
#include "berth/daemon/decision_log.h"
#include "berth/daemon/discovery_api.h"
#include "berth/daemon/gateway_api.h"
#include "berth/daemon/grpc_server.h"
#include "berth/daemon/http_server.h"
#include "berth/daemon/metrics.h"
#include "berth/daemon/readiness.h"
#include "berth/daemon/recent_decisions.h"
#include "berth/daemon/rest.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/engine.h"
#include "berth/spec/quoted.h"
#include "berth/store/directory.h"
#include "berth/store/files.h"

namespace berth {
namespace {

constexpr size_t kMaxLoggedIssues = 10;  // of one object or file
constexpr size_t kMaxPemBytes = size_t{1} << 20;

// Files that are read again when one of them changes.
class WatchedFiles {
 public:
  explicit WatchedFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // Whether any is another than when this was last asked. The first time: true.
  bool Changed() {
    std::vector<std::optional<FileStamp>> stamps;
    for (const std::string& path : paths_) {
      struct stat status = {};
      stamps.push_back(stat(path.c_str(), &status) == 0 ? std::optional(StampOf(status)) : std::nullopt);
    }
    if (seen_ && stamps == stamps_) return false;
    seen_ = true;
    stamps_ = std::move(stamps);
    return true;
  }

 private:
  const std::vector<std::string> paths_;
  std::vector<std::optional<FileStamp>> stamps_;
  bool seen_ = false;
};

std::string Described(const Issue& issue) {
  return PlaceText(issue.file, issue.position) + ": " + issue.message +
         (issue.suggestion.empty() ? "" : ", " + issue.suggestion);
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  const SourceFiles files = ReadOneSource(path, kMaxPemBytes, /*full_name=*/true);
  if (files.texts.empty()) return absl::NotFoundError(Described(files.issues.front()));
  return std::string(files.texts.front()->bytes());
}

absl::StatusOr<HttpTls> ReadTls(const Settings& settings) {
  absl::StatusOr<std::string> certificate = ReadPem(settings.tls_cert);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadPem(settings.tls_key);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> client_ca = ReadPem(settings.tls_client_ca);
  if (!client_ca.ok()) return client_ca.status();
  HttpTls tls = {*std::move(certificate), *std::move(key), *std::move(client_ca)};
  if (const absl::Status status = CheckHttpTls(tls); !status.ok()) return status;
  return tls;
}

DecisionRecord RecordOf(const DecisionEvent& event) {
  const Decision& decision = event.decision;
  DecisionRecord record;
  record.time = std::chrono::system_clock::now();
  record.decision_id = event.id;
  record.organization = event.request.organization_id;
  record.user = event.request.user_id;
  record.sandbox_id = event.request.sandbox_id;
  record.verdict = decision.verdict;
  record.code = decision.code;
  if (const std::optional<ReasonCode> reason = MainReason(decision)) record.reason = InfoOf(*reason).name;
  if (!decision.placements.empty()) {
    const CompiledBinding& binding = decision.snapshot->bindings()[decision.placements.front()];
    record.runner = decision.snapshot->RunnerOf(binding).runner->runner_id;
    record.profile = binding.name;
  } else if (!event.request.profile_names.empty()) {
    record.profile = event.request.profile_names.front();
  }
  record.revision = decision.snapshot == nullptr ? 0 : decision.snapshot->revision();
  record.latency = event.took;
  return record;
}

std::string_view Text(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

class BerthdImpl final : public Berthd {
 public:
  BerthdImpl(const Settings& settings, std::string version, Log& log)
      : settings_(settings),
        log_(log),
        metrics_(std::move(version)),
        engine_({.retry_delay_seconds = settings.retry_delay_seconds}),
        recent_(static_cast<size_t>(settings.recent_decisions_bytes),
                std::chrono::seconds(settings.recent_decisions_seconds)),
        decider_(engine_, recent_, [this](const DecisionEvent& event) { Observe(event); }),
        discovery_(engine_),
        admission_(engine_, recent_, decider_),
        gateway_(decider_, static_cast<size_t>(settings.max_sandboxes)),
        rest_(access_, discovery_, metrics_, {[this] { return Readiness(); }, [this] { return MetricsPage(); }}),
        token_files_({settings.tokens}),
        tls_files_({settings.tls_cert, settings.tls_key, settings.tls_client_ca}) {}

  ~BerthdImpl() override {
    if (grpc_ != nullptr) Drain();
    SendGrpcLogTo(nullptr);
  }

  absl::Status Serve() {
    if (!settings_.tokens.empty()) {
      token_files_.Changed();
      if (absl::Status status = LoadTokens(); !status.ok()) return status;
    }
    std::optional<HttpTls> tls;
    if (!settings_.tls_cert.empty()) {
      tls_files_.Changed();
      absl::StatusOr<HttpTls> read = ReadTls(settings_);
      if (!read.ok()) return read.status();
      tls = *std::move(read);
    }
    if (!settings_.decision_log.empty()) OpenDecisionLog();
    absl::StatusOr<std::unique_ptr<DirectorySource>> source =
        DirectorySource::Open(settings_.source, {.poll = std::chrono::seconds(settings_.source_poll_seconds)});
    if (!source.ok()) return source.status();
    source_ = *std::move(source);
    feed_ = std::make_unique<CatalogFeed>(*source_, engine_, [this](const FeedEvent& event) { LogFeed(event); });

    GrpcServerOptions options;
    options.listen = settings_.listen;
    options.tls = tls;
    options.max_message_bytes = static_cast<size_t>(settings_.max_message_bytes);
    options.on_crowded = [this](bool crowded) {
      if (crowded) {
        log_.Warn("gRPC connections are turned away: descriptors are short, raise the limit of open files");
      } else {
        log_.Info("gRPC connections are taken again");
      }
    };
    GatewayApi* gateway = settings_.gateway_facade ? &gateway_ : nullptr;
    SendGrpcLogTo(&log_);
    absl::StatusOr<std::unique_ptr<GrpcServer>> grpc =
        GrpcServer::Start(options, {access_, discovery_, admission_, metrics_, gateway});
    if (!grpc.ok()) return grpc.status();
    grpc_ = *std::move(grpc);
    for (const std::string& address : grpc_->addresses()) {
      log_.Info("serving gRPC", {{"address", std::string_view(address)}, {"tls", tls.has_value()}});
    }
    if (settings_.http_listen) {
      if (absl::Status status = ServeHttp(std::move(tls)); !status.ok()) return status;
    }
    if (settings_.tokens.empty() && settings_.tls_client_ca.empty()) {
      log_.Warn("no tokens are configured: everybody who reaches berthd may ask for any organization");
    }
    if (gateway != nullptr) log_.Info("the gateway facade admits and accounts for sandboxes, and runs none");
    return absl::OkStatus();
  }

  void Reload() override {
    log_.Info("reloading");
    feed_->Refresh();
    // What is read now is not read again at the next tick.
    token_files_.Changed();
    tls_files_.Changed();
    if (!settings_.tokens.empty()) ReloadTokens();
    if (!settings_.tls_cert.empty()) ReloadTls();
  }

  void Tick() override {
    if (!settings_.tokens.empty() && token_files_.Changed()) ReloadTokens();
    if (!settings_.tls_cert.empty() && tls_files_.Changed()) ReloadTls();
    gateway_.Sweep();
    const bool ready = feed_->status()->ready;
    if (ready != serving_) grpc_->SetServing(ready);
    serving_ = ready;
  }

  void Drain() override {
    draining_ = true;
    access_.Close();
    const std::chrono::seconds grace(settings_.grace_seconds);
    log_.Info("draining", {{"grace_seconds", settings_.grace_seconds}});
    const bool drained = grpc_->Drain(grace);
    if (http_ != nullptr) http_->Stop(std::chrono::seconds(1));
    feed_->Stop();
    if (!drained) {
      // Its thread may still decide something, and must find everything in its place.
      if (decision_log_ != nullptr) decision_log_->Close();
      log_.Error("a connection does not end: stopped without it");
      std::_Exit(0);
    }
    decision_log_.reset();
    SendGrpcLogTo(nullptr);
    grpc_.reset();
    log_.Info("stopped");
  }

 private:
  absl::Status ServeHttp(std::optional<HttpTls> tls) {
    HttpServerOptions options;
    options.tls = std::move(tls);
    options.max_connections = static_cast<unsigned>(settings_.max_http_connections);
    options.on_complaint = [this](std::string_view complaint) { log_.Debug("http", {{"detail", complaint}}); };
    absl::StatusOr<std::unique_ptr<HttpServer>> http =
        HttpServer::Start(*settings_.http_listen, std::move(options),
                          [this](const HttpRequest& request) { return rest_.Handle(request); });
    if (!http.ok()) return http.status();
    http_ = *std::move(http);
    const std::string& text = settings_.http_listen->text;
    const std::string address = text.substr(0, text.rfind(':') + 1) + std::to_string(http_->port());
    log_.Info("serving HTTP", {{"address", std::string_view(address)}});
    return absl::OkStatus();
  }

  // --- Tokens and certificates ---

  absl::Status LoadTokens() {
    const SourceFiles files = ReadOneSource(settings_.tokens, kMaxFileBytes, /*full_name=*/true);
    if (files.texts.empty()) return absl::NotFoundError(Described(files.issues.front()));
    std::vector<Issue> issues;
    const std::shared_ptr<const Tokens> tokens = Tokens::Parse(files.texts.front(), issues);
    if (tokens == nullptr) {  // never given to the door: without tokens it lets everybody in
      const auto error = std::ranges::find(issues, IssueLevel::kError, &Issue::level);
      return absl::InvalidArgumentError(error == issues.end() ? settings_.tokens + ": no tokens" : Described(*error));
    }
    access_.Set(tokens);
    log_.Info("tokens loaded", {{"tokens", static_cast<uint64_t>(tokens->size())}});
    return absl::OkStatus();
  }

  // What was good before stays in force.
  void ReloadTokens() {
    const absl::Status status = LoadTokens();
    if (!status.ok()) log_.Error("the tokens before stay in force", {{"detail", Text(status)}});
  }

  void ReloadTls() {
    absl::StatusOr<HttpTls> tls = ReadTls(settings_);
    absl::Status status = tls.status();
    if (status.ok()) status = grpc_->ReplaceTls(*tls);
    if (status.ok() && http_ != nullptr) status = http_->ReplaceTls(*std::move(tls), std::chrono::seconds(1));
    if (status.ok()) {
      log_.Info("certificates loaded");
    } else {
      log_.Error("the certificates before stay in force", {{"detail", Text(status)}});
    }
  }

  // --- What operators see ---

  void Observe(const DecisionEvent& event) {
    metrics_.CountAdmission(event.decision);
    if (decision_log_ != nullptr) decision_log_->Write(RecordOf(event));
  }

  void OpenDecisionLog() {
    DecisionLogOptions options;
    options.path = settings_.decision_log;
    options.mode = settings_.decision_log_mode;
    options.sample = static_cast<uint64_t>(settings_.decision_log_sample);
    options.max_bytes = static_cast<uint64_t>(settings_.decision_log_max_bytes);
    options.old_files = static_cast<unsigned>(settings_.decision_log_files);
    options.on_change = [this](const absl::Status& status) {
      if (status.ok()) {
        log_.Info("the decision log is written again");
      } else {
        log_.Error("the decision log cannot be written; decisions are served without it", {{"detail", Text(status)}});
      }
    };
    decision_log_ = std::make_unique<DecisionLog>(std::move(options));
  }

  void LogFeed(const FeedEvent& event) {
    using Kind = FeedEvent::Kind;
    const std::string_view subject = event.subject;
    switch (event.kind) {
      case Kind::kReady:
        access_.Open();
        log_.Info("ready", {{"catalog_revision", event.revision}});
        return;
      case Kind::kApplied:
        log_.Info("catalog applied",
                  {{"catalog_revision", event.revision}, {"changes", static_cast<uint64_t>(event.count)}});
        return;
      case Kind::kObjectStale:
        log_.Error("object refused, its last good version is served", {{"object", subject}});
        break;
      case Kind::kObjectRefused:
        log_.Error("object refused, it is not served", {{"object", subject}});
        break;
      case Kind::kObjectGood:
        log_.Info("object is good again, or gone", {{"object", subject}});
        return;
      case Kind::kFileStale:
        log_.Error("file refused, its last good objects are served",
                   {{"file", subject}, {"kept_objects", static_cast<uint64_t>(event.count)}});
        break;
      case Kind::kFileGood:
        log_.Info("file is good again, or gone", {{"file", subject}});
        return;
      case Kind::kProblem:
        log_.Warn("the source has a problem", {{"detail", subject}});
        return;
      case Kind::kProblemOver:
        log_.Info("a problem of the source is over", {{"detail", subject}});
        return;
      case Kind::kFailed:
        log_.Error("the catalog cannot be read", {{"detail", subject}});
        return;
    }
    for (size_t i = 0; i < std::min(event.issues.size(), kMaxLoggedIssues); ++i) {
      const Issue& issue = event.issues[i];
      if (issue.level() != IssueLevel::kError) continue;
      log_.Error("finding", {{"source", std::string_view(PlaceText(issue.file, issue.position))},
                             {"code", InfoOf(issue.code).id},
                             {"detail", std::string_view(issue.message)}});
    }
  }

  OperatorPage Readiness() const {
    const std::shared_ptr<const FeedStatus> status = feed_->status();
    const bool draining = draining_.load();
    const size_t objects = engine_.snapshot()->objects().size();
    return {status->ready && !draining ? 200 : 503, "application/json", ReadinessJson(*status, objects, draining)};
  }

  OperatorPage MetricsPage() {
    const std::shared_ptr<const FeedStatus> status = feed_->status();
    MetricGauges gauges;
    gauges.catalog_revision = status->served_revision;
    gauges.catalog_objects = engine_.snapshot()->objects().size();
    gauges.catalog_stale_objects = status->stale.size() + status->refused.size();
    gauges.catalog_stale_files = status->source.stale.size();
    gauges.catalog_last_apply = status->applied_at;
    gauges.sandboxes = gateway_.Sweep();
    if (decision_log_ != nullptr) {
      gauges.decision_log_dropped = decision_log_->dropped();
      gauges.decision_log_errors = decision_log_->errors();
    }
    gauges.log_dropped = log_.dropped();
    gauges.process = ReadProcessStats();
    return {200, std::string(kMetricsContentType), metrics_.Text(gauges)};
  }

  const Settings settings_;
  Log& log_;
  Metrics metrics_;
  Engine engine_;
  RecentDecisions recent_;
  Access access_;
  Decider decider_;
  DiscoveryApi discovery_;
  AdmissionApi admission_;
  GatewayApi gateway_;
  Rest rest_;
  WatchedFiles token_files_;
  WatchedFiles tls_files_;
  std::unique_ptr<DecisionLog> decision_log_;
  std::unique_ptr<DirectorySource> source_;
  std::unique_ptr<CatalogFeed> feed_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<GrpcServer> grpc_;
  std::atomic<bool> draining_ = false;
  bool serving_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Berthd>> Berthd::Start(const Settings& settings, std::string version, Log& log) {
  auto berthd = std::make_unique<BerthdImpl>(settings, std::move(version), log);
  if (const absl::Status status = berthd->Serve(); !status.ok()) return status;
  return berthd;
}

}  // namespace berth
