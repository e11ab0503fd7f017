// The daemon's metrics: counters and latencies that callers bump, and their text for Prometheus.
//
// Every series has labels from closed tables (verdicts, reasons, methods, codes), so their number is bounded whatever
// callers send. What is a state and no event, such as the catalog's revision, comes with the scrape.
//
// Guarantees:  no event is lost; one scrape is consistent in itself: a histogram's count is its last bucket
// Threads:     every method may be called concurrently
// Cost:        an event is two or three relaxed atomic additions to counters of the thread's own shard: no lock, no
//              allocation, no cache line that other threads write. A scrape adds up all shards
// Tested by:   tests/daemon_metrics_test.cc

#ifndef BERTH_DAEMON_METRICS_H_
#define BERTH_DAEMON_METRICS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "berth/daemon/process_stats.h"
#include "berth/engine/decision.h"
#include "berth/policy/reason.h"
#include "berth/policy/verdict.h"

namespace berth {

// What clients call.
enum class Method : uint8_t {
  kListAvailableRunners,
  kGetAvailableRunner,
  kListProfiles,
  kGetProfile,
  kAdmit,
  kAdmitStream,  // each message of a stream is a request
  kResolve,
  kExplain,
  kStart,
  kGet,
  kList,
  kStop,
  kDelete,
  kHttp,
};
inline constexpr size_t kMethodCount = static_cast<size_t>(Method::kHttp) + 1;
// `berth.v1.AdmissionService/Admit`; `http`.
std::string_view MethodName(Method method);
// `Admit`; `http`.
std::string_view ShortMethodName(Method method);

// Why a caller was turned away before anything was decided.
enum class AuthFailure : uint8_t { kMissing, kUnknown, kForbidden };
inline constexpr size_t kAuthFailureCount = static_cast<size_t>(AuthFailure::kForbidden) + 1;
// `missing`, `unknown`, `forbidden`.
std::string_view AuthFailureName(AuthFailure failure);

// The reason that is the headline of most candidates, the first of them in precedence; none without reasons.
std::optional<ReasonCode> MainReason(const Decision& decision);

// The state at the time of a scrape.
struct MetricGauges {
  uint64_t catalog_revision = 0;
  uint64_t catalog_objects = 0;
  uint64_t catalog_stale_objects = 0;
  uint64_t catalog_stale_files = 0;
  uint64_t catalog_invalid_bindings = 0;
  uint64_t catalog_problems = 0;
  bool catalog_failing = false;
  std::optional<std::chrono::system_clock::time_point> catalog_last_apply;  // none: not yet
  bool tokens_reload_failed = false;
  bool tls_reload_failed = false;
  std::optional<std::chrono::system_clock::time_point> tls_not_after;  // none: no TLS
  uint64_t sandboxes = 0;
  uint64_t decision_log_dropped = 0;
  uint64_t decision_log_errors = 0;
  uint64_t log_dropped = 0;
  ProcessStats process;
};

class Metrics {
 public:
  explicit Metrics(std::string version);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  // `reason` counts for rejections only.
  void CountAdmission(Verdict verdict, std::optional<ReasonCode> reason);
  void CountAdmission(const Decision& decision) { CountAdmission(decision.verdict, MainReason(decision)); }
  // `code` is a google.rpc.Code, or the status of an HTTP answer.
  void CountRequest(Method method, int code, std::chrono::nanoseconds latency);
  void CountAuthFailure(AuthFailure reason);

  // Text exposition format 0.0.4; kMetricsContentType says so.
  [[nodiscard]] std::string Text(const MetricGauges& gauges) const;

 private:
  struct Shard;
  struct Totals;

  [[nodiscard]] Shard& Mine() const;
  [[nodiscard]] Totals Sum() const;

  const std::string version_;
  const std::unique_ptr<Shard[]> shards_;
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace berth

#endif  // BERTH_DAEMON_METRICS_H_
