#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "berth/daemon/metrics.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

MetricGauges SomeGauges() {
  MetricGauges gauges;
  gauges.catalog_revision = 7;
  gauges.catalog_objects = 30;
  gauges.catalog_stale_objects = 2;
  gauges.catalog_stale_files = 1;
  gauges.catalog_last_apply = std::chrono::system_clock::time_point(std::chrono::milliseconds(1500));
  gauges.catalog_invalid_bindings = 11;
  gauges.catalog_problems = 3;
  gauges.catalog_failing = true;
  gauges.tls_reload_failed = true;
  gauges.tls_not_after = std::chrono::system_clock::time_point(seconds(2'000'000'000));
  gauges.sandboxes = 4;
  gauges.decision_log_dropped = 5;
  gauges.decision_log_errors = 6;
  gauges.log_dropped = 8;
  gauges.process = {.resident_memory_bytes = 4096, .open_fds = 9, .start_time_seconds = 12.5};
  return gauges;
}

// The value of a series as it is printed; empty when it is not there.
std::string ValueOf(const std::string& text, const std::string& series) {
  const size_t at = ("\n" + text).find("\n" + series + " ");
  if (at == std::string::npos) return "";
  const size_t start = at + series.size() + 1;
  return text.substr(start, text.find('\n', start) - start);
}

TEST(Metrics, CountsAdmissionsByVerdictAndReason) {
  Metrics metrics("1.2.3");
  metrics.CountAdmission(Verdict::kAdmitted, std::nullopt);
  metrics.CountAdmission(Verdict::kAdmitted, ReasonCode::kCpuQuota);  // no reason counts here
  metrics.CountAdmission(Verdict::kInvalid, std::nullopt);
  metrics.CountAdmission(Verdict::kRejected, ReasonCode::kCpuQuota);
  metrics.CountAdmission(Verdict::kRejected, ReasonCode::kMemoryQuota);
  metrics.CountAdmission(Verdict::kRejected, ReasonCode::kFiltersDisjoint);
  const std::string text = metrics.Text({});
  EXPECT_EQ(ValueOf(text, R"(berthd_admissions_total{verdict="ADMITTED",reason=""})"), "2");
  EXPECT_EQ(ValueOf(text, R"(berthd_admissions_total{verdict="INVALID",reason=""})"), "1");
  // CPU and memory share a name.
  EXPECT_EQ(ValueOf(text, R"(berthd_admissions_total{verdict="REJECTED",reason="ORGANIZATION_QUOTA_EXCEEDED"})"), "2");
  EXPECT_EQ(ValueOf(text, R"(berthd_admissions_total{verdict="REJECTED",reason="FILTERS_DISJOINT"})"), "1");
  EXPECT_EQ(ValueOf(text, R"(berthd_admissions_total{verdict="REJECTED",reason="NO_RUNNERS"})"), "0");
}

TEST(Metrics, TakesTheHeadlineOfMostCandidatesAsTheReason) {
  Decision decision;
  EXPECT_EQ(MainReason(decision), std::nullopt);
  const ReasonCount reasons[] = {
      {.code = ReasonCode::kRunnerNotReady, .headline = 2, .blocked = 9, .sole = 0},
      {.code = ReasonCode::kGpuTypeUnavailable, .headline = 3, .blocked = 3, .sole = 0},
      {.code = ReasonCode::kInsufficientCpu, .headline = 3, .blocked = 9, .sole = 9},
  };
  decision.verdict = Verdict::kRejected;
  decision.reasons = reasons;
  EXPECT_EQ(MainReason(decision), ReasonCode::kGpuTypeUnavailable) << "of equals the first in precedence";
  Metrics metrics("");
  metrics.CountAdmission(decision);
  EXPECT_EQ(ValueOf(metrics.Text({}), R"(berthd_admissions_total{verdict="REJECTED",reason="GPU_TYPE_UNAVAILABLE"})"),
            "1");
}

TEST(Metrics, CountsRequestsByMethodAndCode) {
  Metrics metrics("");
  metrics.CountRequest(Method::kAdmit, 0, microseconds(1));
  metrics.CountRequest(Method::kAdmit, 16, microseconds(1));
  for (const int odd : {17, -1, 1 << 30}) metrics.CountRequest(Method::kAdmit, odd, microseconds(1));
  metrics.CountRequest(Method::kHttp, 200, microseconds(1));
  metrics.CountRequest(Method::kHttp, 503, microseconds(1));
  for (const int odd : {299, 0, -5}) metrics.CountRequest(Method::kHttp, odd, microseconds(1));
  const std::string text = metrics.Text({});
  const auto requests = [&text](std::string_view method, std::string_view code) {
    return ValueOf(text,
                   "berthd_requests_total{method=\"" + std::string(method) + "\",code=\"" + std::string(code) + "\"}");
  };
  EXPECT_EQ(requests("berth.v1.AdmissionService/Admit", "OK"), "1");
  EXPECT_EQ(requests("berth.v1.AdmissionService/Admit", "UNAUTHENTICATED"), "1");
  EXPECT_EQ(requests("berth.v1.AdmissionService/Admit", "other"), "3");
  EXPECT_EQ(requests("berth.v1.AdmissionService/Admit", "CANCELLED"), "");
  EXPECT_EQ(requests("http", "200"), "1");
  EXPECT_EQ(requests("http", "503"), "1");
  EXPECT_EQ(requests("http", "other"), "3");
  EXPECT_EQ(requests("coreweave.sandbox.v1beta2.GatewayService/Delete", "OK"), "0");
}

TEST(Metrics, SortsLatenciesIntoBuckets) {
  Metrics metrics("");
  const nanoseconds kLatencies[] = {nanoseconds(-1),
                                    nanoseconds(0),
                                    nanoseconds(5000),
                                    nanoseconds(5001),
                                    microseconds(10),
                                    seconds(10),
                                    seconds(10) + nanoseconds(1),
                                    seconds(3600)};
  for (const nanoseconds latency : kLatencies) metrics.CountRequest(Method::kResolve, 0, latency);
  const std::string text = metrics.Text({});
  const std::string method = R"({method="berth.v1.AdmissionService/Resolve")";
  const auto bucket = [&](std::string_view bound) {
    return ValueOf(text, "berthd_request_duration_seconds_bucket" + method + ",le=\"" + std::string(bound) + "\"}");
  };
  EXPECT_EQ(bucket("5e-06"), "3");
  EXPECT_EQ(bucket("1e-05"), "5");
  EXPECT_EQ(bucket("2.5"), "5");
  EXPECT_EQ(bucket("10"), "6");
  EXPECT_EQ(bucket("+Inf"), "8");
  EXPECT_EQ(ValueOf(text, "berthd_request_duration_seconds_count" + method + "}"), "8");
  EXPECT_EQ(std::stod(ValueOf(text, "berthd_request_duration_seconds_sum" + method + "}")), 3620.000020002);
}

TEST(Metrics, PrintsTheStateItIsGiven) {
  Metrics metrics("1.2.3\"\n");
  metrics.CountAuthFailure(AuthFailure::kForbidden);
  const std::string text = metrics.Text(SomeGauges());
  EXPECT_EQ(ValueOf(text, R"(berthd_auth_failures_total{reason="forbidden"})"), "1");
  EXPECT_EQ(ValueOf(text, R"(berthd_auth_failures_total{reason="missing"})"), "0");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_revision"), "7");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_objects"), "30");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_stale_objects"), "2");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_stale_files"), "1");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_last_apply_timestamp_seconds"), "1.5");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_invalid_bindings"), "11");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_problems"), "3");
  EXPECT_EQ(ValueOf(text, "berthd_catalog_failing"), "1");
  EXPECT_EQ(ValueOf(text, "berthd_tokens_reload_failed"), "0");
  EXPECT_EQ(ValueOf(text, "berthd_tls_reload_failed"), "1");
  EXPECT_EQ(ValueOf(text, "berthd_tls_not_after_timestamp_seconds"), "2000000000");
  EXPECT_EQ(ValueOf(text, "berthd_sandboxes"), "4");
  EXPECT_EQ(ValueOf(text, "berthd_decision_log_dropped_total"), "5");
  EXPECT_EQ(ValueOf(text, "berthd_decision_log_errors_total"), "6");
  EXPECT_EQ(ValueOf(text, "berthd_log_dropped_total"), "8");
  EXPECT_EQ(ValueOf(text, "process_resident_memory_bytes"), "4096");
  EXPECT_EQ(ValueOf(text, "process_open_fds"), "9");
  EXPECT_EQ(ValueOf(text, "process_start_time_seconds"), "12.5");
  EXPECT_EQ(ValueOf(text, R"(berthd_build_info{version="1.2.3\"\n"})"), "1");
  EXPECT_THAT(metrics.Text({}), Not(HasSubstr("last_apply_timestamp_seconds"))) << "not yet";
  EXPECT_THAT(metrics.Text({}), Not(HasSubstr("process_"))) << "not known";
}

TEST(Metrics, NamesEverySeriesOnce) {
  Metrics metrics("v");
  for (size_t method = 0; method < kMethodCount; ++method) {
    for (int code = -1; code < 600; ++code) metrics.CountRequest(static_cast<Method>(method), code, seconds(1));
  }
  for (const ReasonInfo& info : Reasons()) metrics.CountAdmission(Verdict::kRejected, info.code);
  std::set<std::string> series;
  std::istringstream lines(metrics.Text(SomeGauges()));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second || line.starts_with("#")) << line;
  }
  EXPECT_LT(series.size(), 800U) << "bounded";
}

TEST(Metrics, LosesNoEventOfAnyThread) {
  Metrics metrics("");
  constexpr int kThreads = 40;  // more than shards
  constexpr int kEvents = 2000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics] {
      for (int j = 0; j < kEvents; ++j) {
        metrics.CountRequest(Method::kAdmit, 0, microseconds(1));
        metrics.CountAdmission(Verdict::kAdmitted, std::nullopt);
        if (j % 500 == 0) {
          EXPECT_FALSE(metrics.Text({}).empty());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.Text({});
  EXPECT_EQ(ValueOf(text, R"(berthd_admissions_total{verdict="ADMITTED",reason=""})"), "80000");
  EXPECT_EQ(ValueOf(text, R"(berthd_requests_total{method="berth.v1.AdmissionService/Admit",code="OK"})"), "80000");
  EXPECT_EQ(ValueOf(text, R"(berthd_request_duration_seconds_count{method="berth.v1.AdmissionService/Admit"})"),
            "80000");
}

TEST(Metrics, PleasePromtool) {
  Metrics metrics("1.2.3");
  metrics.CountRequest(Method::kAdmit, 0, microseconds(3));
  metrics.CountRequest(Method::kHttp, 404, seconds(30));
  MetricGauges gauges = SomeGauges();
  gauges.process = ReadProcessStats();
  const std::string path = testing::TempDir() + "daemon_metrics_test." + std::to_string(getpid());
  std::ofstream(path) << metrics.Text(gauges);
  const auto check = [](const std::string& file) {
    const std::string command = "/usr/bin/promtool check metrics < " + file + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    std::string output(4096, '\0');
    output.resize(fread(output.data(), 1, output.size(), pipe));
    return std::pair(pclose(pipe), output);
  };
  EXPECT_EQ(check(path), std::pair(0, std::string()));
  std::ofstream(path) << "# TYPE berthd_x_total gauge\nberthd_x_total 1\n";
  EXPECT_NE(check(path).first, 0) << "promtool finds what is wrong";
  unlink(path.c_str());
}

TEST(ProcessStats, KnowsThisProcess) {
  const ProcessStats before = ReadProcessStats();
  ASSERT_TRUE(before.resident_memory_bytes.has_value() && before.open_fds.has_value() &&
              before.start_time_seconds.has_value());
  EXPECT_GT(*before.resident_memory_bytes, uint64_t{1} << 20);
  EXPECT_LT(*before.resident_memory_bytes, uint64_t{1} << 36);
  const double now = static_cast<double>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  EXPECT_LE(*before.start_time_seconds, now + 2);
  EXPECT_GE(*before.start_time_seconds, now - 600);
  const int extra = dup(STDERR_FILENO);
  EXPECT_EQ(ReadProcessStats().open_fds, *before.open_fds + 1);
  close(extra);
}

}  // namespace
}  // namespace berth
