#include "berth/daemon/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "berth/daemon/rpc_status.h"

namespace berth {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array<std::string_view, kMethodCount> kMethodNames = {
    "coreweave.sandbox.v1beta2.DiscoveryService/ListAvailableRunners",
    "coreweave.sandbox.v1beta2.DiscoveryService/GetAvailableRunner",
    "coreweave.sandbox.v1beta2.DiscoveryService/ListProfiles",
    "coreweave.sandbox.v1beta2.DiscoveryService/GetProfile",
    "berth.v1.AdmissionService/Admit",
    "berth.v1.AdmissionService/AdmitStream",
    "berth.v1.AdmissionService/Resolve",
    "berth.v1.AdmissionService/Explain",
    "coreweave.sandbox.v1beta2.GatewayService/Start",
    "coreweave.sandbox.v1beta2.GatewayService/Get",
    "coreweave.sandbox.v1beta2.GatewayService/List",
    "coreweave.sandbox.v1beta2.GatewayService/Stop",
    "coreweave.sandbox.v1beta2.GatewayService/Delete",
    "http",
};

constexpr std::array<std::string_view, kAuthFailureCount> kAuthFailureNames = {"missing", "unknown", "forbidden"};

constexpr std::array<int, kRpcCodeCount> kHttpCodes = {200, 204, 304, 400, 401, 403, 404, 405, 406,
                                                       409, 412, 413, 414, 429, 431, 500, 503};
constexpr size_t kOtherCode = kRpcCodeCount;
constexpr size_t kCodeCount = kOtherCode + 1;

size_t CodeIndex(Method method, int code) {
  if (method == Method::kHttp) return static_cast<size_t>(std::ranges::find(kHttpCodes, code) - kHttpCodes.begin());
  return code >= 0 && static_cast<size_t>(code) < kOtherCode ? static_cast<size_t>(code) : kOtherCode;
}

std::string CodeName(Method method, size_t index) {
  if (index == kOtherCode) return "other";
  return method == Method::kHttp ? std::to_string(kHttpCodes[index])
                                 : std::string(RpcCodeName(static_cast<int>(index)));
}

// Upper bounds of the buckets; a last one has no bound. From decisions of microseconds to stuck calls.
constexpr std::array<int64_t, 19> kBucketNanos = {
    5000,     10000,    25000,    50000,     100000,    250000,    500000,     1000000,    2500000,    5000000,
    10000000, 25000000, 50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000, 10000000000};
constexpr size_t kBucketCount = kBucketNanos.size() + 1;
static_assert(std::ranges::is_sorted(kBucketNanos));
constexpr double kNanosPerSecond = 1e9;

constexpr size_t kAdmittedIndex = kReasonCount;
constexpr size_t kInvalidIndex = kReasonCount + 1;
constexpr size_t kAdmissionCount = kReasonCount + 2;

// Threads share a shard only when there are more of them.
constexpr size_t kShardCount = 32;
constexpr size_t kCacheLine = 64;

// All counters; T is an atomic in a shard, a number in a sum.
template <typename T>
struct Counters {
  std::array<T, kAdmissionCount> admissions = {};
  std::array<T, kAuthFailureCount> auth_failures = {};
  std::array<std::array<T, kCodeCount>, kMethodCount> codes = {};
  std::array<std::array<T, kBucketCount>, kMethodCount> buckets = {};
  std::array<T, kMethodCount> nanos = {};
};

void Bump(std::atomic<uint64_t>& counter, uint64_t by = 1) { counter.fetch_add(by, std::memory_order_relaxed); }

using Labels = std::vector<ClientMetric::Label>;

MetricFamily Family(std::string name, std::string help, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

void AddCounter(MetricFamily& family, Labels labels, uint64_t value) {
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(value);
}

MetricFamily Counter(std::string name, std::string help, uint64_t value) {
  MetricFamily family = Family(std::move(name), std::move(help), MetricType::Counter);
  AddCounter(family, {}, value);
  return family;
}

MetricFamily Gauge(std::string name, std::string help, double value, Labels labels = {}) {
  MetricFamily family = Family(std::move(name), std::move(help), MetricType::Gauge);
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return family;
}

}  // namespace

struct alignas(kCacheLine) Metrics::Shard : Counters<std::atomic<uint64_t>> {};
struct Metrics::Totals : Counters<uint64_t> {};

std::string_view MethodName(Method method) { return kMethodNames[static_cast<size_t>(method)]; }

std::string_view ShortMethodName(Method method) {
  const std::string_view name = MethodName(method);
  return name.substr(name.find('/') + 1);
}

std::string_view AuthFailureName(AuthFailure failure) { return kAuthFailureNames[static_cast<size_t>(failure)]; }

std::optional<ReasonCode> MainReason(const Decision& decision) {
  const auto main = std::ranges::max_element(decision.reasons, {}, &ReasonCount::headline);
  if (main == decision.reasons.end()) return std::nullopt;
  return main->code;
}

Metrics::Metrics(std::string version) : version_(std::move(version)), shards_(new Shard[kShardCount]) {}

Metrics::~Metrics() = default;

Metrics::Shard& Metrics::Mine() const {
  static std::atomic<size_t> next = 0;
  thread_local size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kShardCount;
  return shards_[mine];
}

void Metrics::CountAdmission(Verdict verdict, std::optional<ReasonCode> reason) {
  size_t index = kInvalidIndex;
  if (verdict == Verdict::kAdmitted) index = kAdmittedIndex;
  if (verdict == Verdict::kRejected) index = static_cast<size_t>(reason.value_or(ReasonCode::kNoRunners));
  Bump(Mine().admissions[index]);
}

void Metrics::CountRequest(Method method, int code, std::chrono::nanoseconds latency) {
  const int64_t nanos = std::max<int64_t>(latency.count(), 0);  // no clock is trusted to go forward
  const size_t bucket = static_cast<size_t>(std::ranges::lower_bound(kBucketNanos, nanos) - kBucketNanos.begin());
  const auto index = static_cast<size_t>(method);
  Shard& shard = Mine();
  Bump(shard.codes[index][CodeIndex(method, code)]);
  Bump(shard.buckets[index][bucket]);
  Bump(shard.nanos[index], static_cast<uint64_t>(nanos));
}

void Metrics::CountAuthFailure(AuthFailure reason) { Bump(Mine().auth_failures[static_cast<size_t>(reason)]); }

Metrics::Totals Metrics::Sum() const {
  const auto add = [](auto& totals, const auto& counters) {
    for (size_t i = 0; i < counters.size(); ++i) totals[i] += counters[i].load(std::memory_order_relaxed);
  };
  Totals totals;
  for (const Shard& shard : std::span(shards_.get(), kShardCount)) {
    add(totals.admissions, shard.admissions);
    add(totals.auth_failures, shard.auth_failures);
    add(totals.nanos, shard.nanos);
    for (size_t i = 0; i < kMethodCount; ++i) {
      add(totals.codes[i], shard.codes[i]);
      add(totals.buckets[i], shard.buckets[i]);
    }
  }
  return totals;
}

namespace {

MetricFamily Admissions(std::span<const uint64_t> counts) {
  MetricFamily family =
      Family("berthd_admissions_total", "Decisions by verdict, and for rejections by the headline of most candidates.",
             MetricType::Counter);
  const auto add = [&](Verdict verdict, std::string_view reason, uint64_t count) {
    AddCounter(family, {{"verdict", std::string(VerdictName(verdict))}, {"reason", std::string(reason)}}, count);
  };
  add(Verdict::kAdmitted, "", counts[kAdmittedIndex]);
  add(Verdict::kInvalid, "", counts[kInvalidIndex]);
  std::map<std::string_view, uint64_t> by_name;  // codes of several dimensions share one
  for (const ReasonInfo& info : Reasons()) by_name[info.name] += counts[static_cast<size_t>(info.code)];
  for (const auto& [name, count] : by_name) add(Verdict::kRejected, name, count);
  return family;
}

template <typename Codes>
MetricFamily Requests(const Codes& codes) {
  MetricFamily family = Family("berthd_requests_total", "Requests by method and code.", MetricType::Counter);
  for (size_t i = 0; i < kMethodCount; ++i) {
    for (size_t code = 0; code < kCodeCount; ++code) {
      if (codes[i][code] == 0 && code != 0) continue;  // success is there from the start
      const auto method = static_cast<Method>(i);
      AddCounter(family, {{"method", std::string(MethodName(method))}, {"code", CodeName(method, code)}},
                 codes[i][code]);
    }
  }
  return family;
}

template <typename Buckets>
MetricFamily Durations(const Buckets& buckets, std::span<const uint64_t> nanos) {
  MetricFamily family =
      Family("berthd_request_duration_seconds", "Time from a request to its answer, by method.", MetricType::Histogram);
  for (size_t i = 0; i < kMethodCount; ++i) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = {{"method", std::string(kMethodNames[i])}};
    uint64_t sum = 0;
    for (size_t bucket = 0; bucket < kBucketNanos.size(); ++bucket) {
      sum += buckets[i][bucket];
      metric.histogram.bucket.push_back({sum, static_cast<double>(kBucketNanos[bucket]) / kNanosPerSecond});
    }
    // The serializer adds the bucket without a bound: it is the count.
    metric.histogram.sample_count = sum + buckets[i][kBucketNanos.size()];
    metric.histogram.sample_sum = static_cast<double>(nanos[i]) / kNanosPerSecond;
  }
  return family;
}

void AddGauges(const MetricGauges& gauges, std::vector<MetricFamily>& families) {
  const auto gauge = [&](std::string name, std::string help, uint64_t value) {
    families.push_back(Gauge(std::move(name), std::move(help), static_cast<double>(value)));
  };
  gauge("berthd_catalog_revision", "Revision of the catalog that is served.", gauges.catalog_revision);
  gauge("berthd_catalog_objects", "Objects of the catalog that is served.", gauges.catalog_objects);
  gauge("berthd_catalog_stale_objects", "Objects whose newest version is refused, whether an older is served or none.",
        gauges.catalog_stale_objects);
  gauge("berthd_catalog_stale_files", "Files of the source that cannot be read or are not well formed.",
        gauges.catalog_stale_files);
  if (gauges.catalog_last_apply.has_value()) {
    const std::chrono::duration<double> since = gauges.catalog_last_apply->time_since_epoch();
    families.push_back(Gauge("berthd_catalog_last_apply_timestamp_seconds",
                             "When the catalog that is served was taken over.", since.count()));
  }
  gauge("berthd_catalog_invalid_bindings", "Profile bindings that no launch gets, because their spec is invalid.",
        gauges.catalog_invalid_bindings);
  gauge("berthd_catalog_problems", "Problems of the source, such as a folder that is gone.", gauges.catalog_problems);
  gauge("berthd_catalog_failing", "1 while the catalog cannot be taken over, else 0.", gauges.catalog_failing ? 1 : 0);
  gauge("berthd_tokens_reload_failed", "1 while the tokens on disk are not those in force, else 0.",
        gauges.tokens_reload_failed ? 1 : 0);
  gauge("berthd_tls_reload_failed", "1 while the certificates on disk are not those in force, else 0.",
        gauges.tls_reload_failed ? 1 : 0);
  if (gauges.tls_not_after.has_value()) {
    const std::chrono::duration<double> since = gauges.tls_not_after->time_since_epoch();
    families.push_back(Gauge("berthd_tls_not_after_timestamp_seconds", "When the certificate that is served runs out.",
                             since.count()));
  }
  gauge("berthd_sandboxes", "Sandboxes that the gateway facade holds.", gauges.sandboxes);
}

void AddProcess(const ProcessStats& process, std::vector<MetricFamily>& families) {
  if (process.resident_memory_bytes.has_value()) {
    families.push_back(Gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                             static_cast<double>(*process.resident_memory_bytes)));
  }
  if (process.open_fds.has_value()) {
    families.push_back(
        Gauge("process_open_fds", "Number of open file descriptors.", static_cast<double>(*process.open_fds)));
  }
  if (process.start_time_seconds.has_value()) {
    families.push_back(Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                             *process.start_time_seconds));
  }
}

}  // namespace

std::string Metrics::Text(const MetricGauges& gauges) const {
  const Totals totals = Sum();
  std::vector<MetricFamily> families;
  families.push_back(Admissions(totals.admissions));
  families.push_back(Requests(totals.codes));
  families.push_back(Durations(totals.buckets, totals.nanos));
  MetricFamily auth_failures =
      Family("berthd_auth_failures_total", "Calls that were turned away, by what was wrong with the credential.",
             MetricType::Counter);
  for (size_t i = 0; i < kAuthFailureCount; ++i) {
    AddCounter(auth_failures, {{"reason", std::string(kAuthFailureNames[i])}}, totals.auth_failures[i]);
  }
  families.push_back(std::move(auth_failures));
  AddGauges(gauges, families);
  families.push_back(Counter("berthd_decision_log_dropped_total", "Lines of the decision log that were lost.",
                             gauges.decision_log_dropped));
  families.push_back(Counter("berthd_decision_log_errors_total", "Failed attempts to write the decision log.",
                             gauges.decision_log_errors));
  families.push_back(
      Counter("berthd_log_dropped_total", "Lines of the log that nobody read in time.", gauges.log_dropped));
  AddProcess(gauges.process, families);
  families.push_back(Gauge("berthd_build_info", "Always 1; the version is the label.", 1, {{"version", version_}}));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace berth
