// Readers decide while a writer publishes and heartbeats: for ThreadSanitizer, and for answers that fit one snapshot.

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "berth/engine/discovery.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace berth {
namespace {

constexpr int kPublishes = 60;
constexpr int kReaders = 2;

// At odd revisions the profile limits CPU to 1, at even ones to 3.
std::vector<Source> Fleet(uint64_t revision) {
  const std::string limit = revision % 2 == 1 ? "1" : "3";
  return {ZoneSource(),
          ProfileSource("{resource_defaults: {cpuLimit: " + limit + "}, namespace: {strategy: per-user}}"),
          RunnerSource("r1"), RunnerSource("r2", ", capabilities: {max_cpu_millicores: 8000}")};
}

TEST(Threads, ReadersSeeWholeSnapshotsWhileAWriterPublishes) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf(Fleet(1)), 1).ok());
  std::atomic<bool> done{false};
  std::atomic<int> decisions{0};
  std::atomic<int> wrong{0};

  const auto read = [&](int reader) {
    const LaunchRequest request =
        LaunchOf("{user_id: u-" + std::to_string(reader) + ", sandbox_id: s, resource_limits: {cpu: 2}}");
    Scratch scratch;
    Scratch detail_scratch;
    uint64_t last = 0;
    do {
      const Decision decision = engine.Admit(request, scratch);
      const uint64_t revision = decision.snapshot->revision();
      const bool fits = decision.verdict == (revision % 2 == 0 ? Verdict::kAdmitted : Verdict::kRejected);
      // A runner may be disconnected at any moment; the other one never is.
      if (!fits || revision < last || decision.candidate_count != 2) ++wrong;
      last = revision;
      if (decisions.fetch_add(1, std::memory_order_relaxed) % 16 != 0) continue;
      const DetailedDecision detail = engine.AdmitInDetail(request, detail_scratch);
      if (DecisionToJson(detail, request, true, JsonLayout::kCompact).empty()) ++wrong;
      if (ListProfiles(*decision.snapshot, kDefaultOrganization, {}).size() != 2) ++wrong;
      if (!engine.Resolve({kDefaultOrganization, "r1", ""}, &request).ok()) ++wrong;
    } while (!done.load(std::memory_order_relaxed));
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) readers.emplace_back(read, i);

  for (uint64_t revision = 2; revision <= kPublishes; ++revision) {
    EXPECT_TRUE(engine.Publish(CatalogOf(Fleet(revision)), revision).ok());
    const bool connected = revision % 3 == 0;
    EXPECT_TRUE(engine
                    .UpdateHealth(kDefaultOrganization, "r1", InstallStatus::kReady,
                                  connected ? ConnectionStatus::kConnected : ConnectionStatus::kDisconnected)
                    .ok());
    Available available;
    available.cpu_millicores = static_cast<int64_t>(4000 + revision);
    EXPECT_TRUE(engine.UpdateResources(kDefaultOrganization, "r2", available).ok());
    if (revision % 5 == 0) {
      EXPECT_TRUE(engine.MarkStale(kDefaultOrganization, "r1").ok());
    }
    EXPECT_TRUE(engine.stale().empty());
  }
  done.store(true, std::memory_order_relaxed);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_GE(decisions.load(), kReaders);
}

// What is counted belongs together, however often runners change meanwhile.
TEST(Threads, CountsAddUpWhileRunnersChange) {
  constexpr int kRunners = 200;
  constexpr int kHeartbeats = 150000;
  Engine engine;
  std::vector<Source> fleet = {ZoneSource(), ProfileSource("{resource_defaults: {cpuLimit: 2}}")};
  for (int i = 0; i < kRunners; ++i) fleet.push_back(RunnerSource("r" + std::to_string(i)));
  ASSERT_TRUE(engine.Publish(CatalogOf(fleet), 1).ok());
  const auto set = [&](int runner, int state) {
    const std::string id = "r" + std::to_string(runner);
    const bool healthy = state % 3 != 0;
    Available available;
    available.cpu_millicores = healthy ? 500 : 4000;  // not enough where it is healthy
    EXPECT_TRUE(engine.UpdateResources(kDefaultOrganization, id, available).ok());
    EXPECT_TRUE(engine
                    .UpdateHealth(kDefaultOrganization, id, healthy ? InstallStatus::kReady : InstallStatus::kFailed,
                                  ConnectionStatus::kConnected)
                    .ok());
  };
  for (int i = 0; i < kRunners; ++i) set(i, 1);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      const LaunchRequest request = LaunchOf("{sandbox_id: s, resource_requests: {cpu: 2}}");
      Scratch scratch;
      do {
        const Decision decision = engine.Admit(request, scratch);
        if (decision.verdict == Verdict::kAdmitted) continue;
        uint32_t headlines = 0;
        for (const ReasonCount& reason : decision.reasons) {
          headlines += reason.headline;
          if (reason.sole > reason.headline || reason.headline > reason.blocked || reason.blocked > kRunners) ++wrong;
        }
        if (headlines != kRunners || decision.candidate_count != kRunners) ++wrong;
      } while (!done.load(std::memory_order_relaxed));
    });
  }
  for (int i = 0; i < kHeartbeats; ++i) set(i % kRunners, i / kRunners + i % kRunners);
  done.store(true, std::memory_order_relaxed);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Threads, WritersTakeTurns) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf(Fleet(1)), 1).ok());
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&engine, writer] {
      for (int i = 0; i < 20; ++i) {
        const std::string id = "w" + std::to_string(writer) + "-" + std::to_string(i);
        std::vector<Change> changes;
        changes.push_back(ChangeOf(RunnerSource(id)));
        EXPECT_TRUE(engine.Apply(std::move(changes), 1).ok());
        EXPECT_TRUE(
            engine.UpdateHealth(kDefaultOrganization, id, InstallStatus::kReady, ConnectionStatus::kConnected).ok());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(engine.snapshot()->runners().size(), 2U + 40U);
}

}  // namespace
}  // namespace berth
