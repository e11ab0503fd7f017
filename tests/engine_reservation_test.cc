#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/engine/live_state.h"
#include "berth/engine/reservation.h"
#include "tests/engine_fixture.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

constexpr int64_t kGi = int64_t{1} << 30;
constexpr std::string_view kOffer =
    ", capabilities: {max_cpu_millicores: 10000, max_memory_bytes: 10737418240, max_gpu_count: 4, supported_gpu_types: "
    "[a100]}, resources: {available_cpu_millicores: 4000, available_memory_bytes: 8589934592, available_gpu_count: 2}";

bool operator==(const Shape& a, const Shape& b) { return a.cpu == b.cpu && a.memory == b.memory && a.gpu == b.gpu; }

std::string TextOf(const Shape& shape) {
  return std::to_string(shape.cpu) + " " + std::to_string(shape.memory) + " " + std::to_string(shape.gpu);
}

// One engine that launches are admitted by and reserved in.
class Fleet {
 public:
  explicit Fleet(const std::vector<Source>& sources) { Publish(sources); }
  void Publish(const std::vector<Source>& sources) {
    const absl::Status status = engine_.Publish(CatalogOf(sources), ++revision_);
    EXPECT_TRUE(status.ok()) << status;
  }

  Engine& engine() { return engine_; }
  LiveState Live(std::string_view id = "r1") { return engine_.snapshot()->FindRunner("default", id)->live->Read(); }
  std::string Reserved(std::string_view id = "r1") { return TextOf(Live(id).reserved); }
  std::optional<Reservation> Reserve(std::string_view request_yaml) {
    const LaunchRequest request = LaunchOf(request_yaml);
    return Reservation::Make(engine_.Admit(request, scratch_), request);
  }

 private:
  Engine engine_;
  Scratch scratch_;
  uint64_t revision_ = 0;
};

std::vector<Source> One(std::string_view spec = "{}", std::string_view more = kOffer) {
  return {ZoneSource(), ProfileSource(spec), RunnerSource("r1", more)};
}

constexpr std::string_view kHalf =
    "{resource_requests: {cpu: 2, memory: 4Gi, gpu: {count: 1}}, resource_limits: {cpu: 3, memory: 5Gi}}";

// ---- what is taken ----

TEST(Reservation, TakesTheResolvedRequests) {
  struct Row {
    std::string_view profile;
    std::string_view request;
    std::string reserved;
  };
  const std::vector<Row> rows = {
      {"{}", "{}", "0 0 0"},
      {"{}", kHalf, "2000 " + std::to_string(4 * kGi) + " 1"},
      {"{}", "{resource_limits: {cpu: 1500m}}", "1500 0 0"},  // a limit alone is a request too
      {"{}", "{resource_limits: {gpu: {count: 2}}}", "0 0 2"},
      {"{}", "{resources: {cpu: 1, memory: 1Gi, gpu: {count: 1, type: A100}}}", "1000 " + std::to_string(kGi) + " 1"},
      {"{resource_defaults: {cpuRequest: 500m, memoryLimit: 2Gi}}", "{}", "500 " + std::to_string(2 * kGi) + " 0"},
      {"{resource_defaults: {cpuRequest: 500m, cpuLimit: 3}}", "{resource_requests: {cpu: 2}}", "2000 0 0"},
      {"{resource_defaults: {cpuRequest: 500m, cpuLimit: 3}}", "{resource_limits: {cpu: 2}}", "500 0 0"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.request);
    Fleet fleet(One(row.profile));
    const auto reservation = fleet.Reserve(row.request);
    ASSERT_TRUE(reservation);
    EXPECT_EQ(fleet.Reserved(), row.reserved);
    EXPECT_EQ(TextOf(reservation->shape()), row.reserved);
    EXPECT_EQ(fleet.Live().cpu, 4000 - reservation->shape().cpu);
    EXPECT_EQ(fleet.Live().memory, 8 * kGi - reservation->shape().memory);
    EXPECT_EQ(fleet.Live().gpu, 2 - reservation->shape().gpu);
  }
}

TEST(Reservation, IsMadeOfAdmissionsOnly) {
  Fleet fleet(One());
  EXPECT_FALSE(fleet.Reserve("{resource_requests: {cpu: 5}}"));
  EXPECT_FALSE(fleet.Reserve("{zonne: a}"));
  EXPECT_FALSE(Reservation::Make({}, LaunchRequest()));
  EXPECT_EQ(fleet.Reserved(), "0 0 0");
}

TEST(Reservation, LeavesTheNextLaunchWhatIsLeft) {
  Fleet fleet(One());
  const auto first = fleet.Reserve(kHalf);
  const auto second = fleet.Reserve(kHalf);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(fleet.Reserve(kHalf));
  EXPECT_EQ(Answer(fleet.engine(), kHalf), "INSUFFICIENT_CPU");
  EXPECT_EQ(Answer(fleet.engine(), "{resource_requests: {gpu: {count: 1}}}"), "INSUFFICIENT_GPU");
  EXPECT_EQ(Answer(fleet.engine(), "{}"), "r1");
}

// Two decisions that were both right: the second one comes too late.
TEST(Reservation, IsNothingWhenAnotherWasFaster) {
  Fleet fleet(One());
  const LaunchRequest request = LaunchOf("{resource_requests: {cpu: 3}}");
  Scratch first_scratch;
  Scratch second_scratch;
  const Decision first = fleet.engine().Admit(request, first_scratch);
  const Decision second = fleet.engine().Admit(request, second_scratch);
  const auto taken = Reservation::Make(first, request);
  EXPECT_TRUE(taken);
  EXPECT_FALSE(Reservation::Make(second, request));
  EXPECT_EQ(fleet.Reserved(), "3000 0 0");
}

TEST(LiveCell, PromisesAllDimensionsOrNone) {
  Runner runner;
  runner.available = {1000, 2000, 3, std::nullopt, {}};
  LiveCell cell(runner);
  const Shape half = {500, 1000, 1};
  ASSERT_TRUE(cell.Reserve(half));
  const std::vector<Shape> too_much = {{501, 1, 1},
                                       {1, 1001, 1},
                                       {1, 1, 3},
                                       {501, 1001, 3},
                                       {500, 1001, 0},
                                       {500, 1000, 3},
                                       {501, 1000, 2},
                                       {std::numeric_limits<int64_t>::max(), 0, 0},
                                       {0, std::numeric_limits<int64_t>::max(), 0},
                                       {0, 0, std::numeric_limits<int64_t>::max()}};
  for (const Shape& shape : too_much) {
    EXPECT_FALSE(cell.Reserve(shape)) << TextOf(shape);
    EXPECT_TRUE(cell.Read().reserved == half) << TextOf(cell.Read().reserved);
  }
  ASSERT_TRUE(cell.Reserve({500, 1000, 2}));
  EXPECT_EQ(cell.Read().cpu, 0);
  EXPECT_EQ(cell.Read().memory, 0);
  EXPECT_EQ(cell.Read().gpu, 0);
  EXPECT_FALSE(cell.Reserve({1, 0, 0}));
  EXPECT_TRUE(cell.Reserve({0, 0, 0})) << "nothing is always there";
  cell.Release({500, 1000, 2});
  cell.Release(half);
  EXPECT_TRUE(cell.Read().reserved == Shape());
}

// ---- what is not reported ----

TEST(LiveCell, CountsWhatIsPromisedOfUnreportedDimensions) {
  LiveCell cell{Runner()};
  ASSERT_TRUE(cell.Reserve({1000, 1000, 10}));
  EXPECT_EQ(cell.Read().cpu, std::nullopt);
  EXPECT_TRUE((cell.Read().reserved == Shape{1000, 1000, 10}));
  // Once it is reported, what was promised counts; it may be more than there is.
  cell.SetCpu(1500);
  cell.SetGpu(4);
  EXPECT_EQ(cell.Read().cpu, 500);
  EXPECT_EQ(cell.Read().gpu, 0);
  EXPECT_EQ(cell.Read().memory, std::nullopt);
  EXPECT_TRUE(cell.Reserve({500, 5000, 0}));
  EXPECT_FALSE(cell.Reserve({1, 0, 0}));
  EXPECT_FALSE(cell.Reserve({0, 0, 1}));
  EXPECT_TRUE((cell.Read().reserved == Shape{1500, 6000, 10}));
}

TEST(LiveCell, NeverAddsUpToMoreThanANumberHolds) {
  LiveCell cell{Runner()};
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  ASSERT_TRUE(cell.Reserve({kMost - 1, kMost, 1}));
  EXPECT_FALSE(cell.Reserve({2, 0, 0}));
  EXPECT_FALSE(cell.Reserve({1, 1, 0}));
  EXPECT_TRUE((cell.Read().reserved == Shape{kMost - 1, kMost, 1})) << TextOf(cell.Read().reserved);
  EXPECT_TRUE(cell.Reserve({1, 0, 0}));
  cell.Release({kMost, kMost, 1});
  EXPECT_TRUE(cell.Read().reserved == Shape());
}

TEST(LiveCell, OfAStaleReportPromisesNothingMore) {
  Runner runner;
  runner.available = {1000, 1000, 1, std::nullopt, {}};
  LiveCell cell(runner);
  ASSERT_TRUE(cell.Reserve({100, 100, 0}));
  cell.SetStale();
  EXPECT_FALSE(cell.Reserve({1, 0, 0}));
  EXPECT_EQ(cell.Read().cpu, 0);
  cell.SetAvailable(runner.available);
  EXPECT_EQ(cell.Read().cpu, 900);
}

// ---- when it is given back ----

TEST(Reservation, IsGivenBackOnEveryPath) {
  Fleet fleet(One());
  const std::string one = "2000 " + std::to_string(4 * kGi) + " 1";
  const std::string two = "4000 " + std::to_string(8 * kGi) + " 2";
  {
    const auto reservation = fleet.Reserve(kHalf);
    EXPECT_EQ(fleet.Reserved(), one);
  }
  EXPECT_EQ(fleet.Reserved(), "0 0 0") << "at the end of its scope";

  auto a = fleet.Reserve(kHalf);
  auto b = fleet.Reserve(kHalf);
  EXPECT_EQ(fleet.Reserved(), two);
  *a = std::move(*b);
  EXPECT_EQ(fleet.Reserved(), one) << "what is assigned to gives back its own";
  b.reset();
  EXPECT_EQ(fleet.Reserved(), one) << "what was moved from has nothing to give";
  Reservation& self = *a;
  *a = std::move(self);
  EXPECT_EQ(fleet.Reserved(), one) << "not even itself";
  Reservation moved = *std::move(a);
  a.reset();
  EXPECT_EQ(fleet.Reserved(), one);
  EXPECT_EQ(TextOf(moved.shape()), one);
  std::vector<Reservation> many;
  many.push_back(std::move(moved));
  for (int i = 0; i < 20; ++i) many.push_back(*fleet.Reserve("{}"));  // the vector grows and moves them
  EXPECT_EQ(fleet.Reserved(), one);
  many.erase(many.begin());
  EXPECT_EQ(fleet.Reserved(), "0 0 0");
}

TEST(Reservation, SurvivesPublishHeartbeatAndItsRunner) {
  Fleet fleet(One());
  auto reservation = fleet.Reserve(kHalf);
  const std::string one = fleet.Reserved();
  // The same catalog, another profile, and another number in the runner's own document.
  fleet.Publish(One());
  EXPECT_EQ(fleet.Reserved(), one);
  fleet.Publish(One("{resource_defaults: {cpuRequest: 1}}"));
  EXPECT_EQ(fleet.Reserved(), one);
  std::string more(kOffer);
  more.replace(more.find("available_cpu_millicores: 4000"), 30, "available_cpu_millicores: 5000");
  fleet.Publish(One("{}", more));
  EXPECT_EQ(fleet.Reserved(), one);
  EXPECT_EQ(fleet.Live().cpu, 3000);
  // A heartbeat reports what the runner knows of, which is not what was promised since.
  ASSERT_TRUE(fleet.engine().UpdateResources("default", "r1", {2500, 5 * kGi, 1, 3, {}}).ok());
  EXPECT_EQ(fleet.Reserved(), one);
  EXPECT_EQ(fleet.Live().cpu, 500);
  EXPECT_EQ(fleet.Live().gpu, 0);
  ASSERT_TRUE(
      fleet.engine().UpdateHealth("default", "r1", InstallStatus::kReady, ConnectionStatus::kDisconnected).ok());
  ASSERT_TRUE(fleet.engine().MarkStale("default", "r1").ok());
  EXPECT_EQ(fleet.Reserved(), one);
  EXPECT_EQ(fleet.Live().cpu, 0) << "never below nothing";
  // The runner goes and comes back: as its document says, less what is still promised.
  fleet.Publish({ZoneSource()});
  fleet.Publish({ZoneSource()});
  fleet.Publish(One());
  EXPECT_EQ(fleet.Reserved(), one);
  EXPECT_EQ(fleet.Live().connection, ConnectionStatus::kConnected);
  EXPECT_EQ(fleet.Live().gpu, 0);
  fleet.Publish({ZoneSource()});
  reservation.reset();
  fleet.Publish(One());
  EXPECT_EQ(fleet.Reserved(), "0 0 0");
}

TEST(Reservation, OutlivesTheEngine) {
  std::optional<Reservation> reservation;
  {
    Fleet fleet(One());
    reservation = fleet.Reserve(kHalf);
  }
  ASSERT_TRUE(reservation);
  EXPECT_EQ(reservation->shape().gpu, 1);
}

// ---- what selection makes of it ----

// Launches spread over two runners that are alike, or fill one after the other, as if the runners had reported it.
TEST(Reservation, IsSeenByTheScore) {
  constexpr std::string_view kReported =
      ", capabilities: {max_cpu_millicores: 8000}, resources: {available_cpu_millicores: 8000}";
  constexpr std::string_view kUnreported = ", capabilities: {max_cpu_millicores: 8000}";
  for (const std::string_view runner : {kReported, kUnreported}) {
    for (const std::string strategy : {"spread", "pack"}) {
      SCOPED_TRACE(strategy + std::string(runner));
      Fleet fleet({ZoneSource(),
                   ProfileSource(),
                   RunnerSource("r1", runner),
                   RunnerSource("r2", runner),
                   {"org", "{kind: Organization, organization_id: default, strategy: " + strategy + "}"}});
      std::vector<Reservation> reservations;
      for (int i = 0; i < 4; ++i) reservations.push_back(*fleet.Reserve("{resource_requests: {cpu: 2}}"));
      const int64_t one = fleet.Live("r1").reserved.cpu;
      const int64_t other = fleet.Live("r2").reserved.cpu;
      EXPECT_EQ(one + other, 8000);
      EXPECT_EQ(std::max(one, other), strategy == "spread" ? 4000 : 8000);
    }
  }
}

// ---- threads ----

// Nobody ever sees more promised than there is, and in the end all of it is back.
TEST(LiveCell, NeverPromisesMoreThanIsReportedToManyThreads) {
  const Shape offer = {1000, 5000, 7};
  Runner runner;
  runner.available = {offer.cpu, offer.memory, offer.gpu, std::nullopt, {}};
  LiveCell cell(runner);
  std::atomic<bool> done = false;
  std::atomic<int64_t> granted = 0;
  std::thread watcher([&] {
    while (!done.load()) {
      const Shape reserved = cell.Read().reserved;
      ASSERT_TRUE(reserved.cpu >= 0 && reserved.cpu <= offer.cpu) << reserved.cpu;
      ASSERT_TRUE(reserved.memory >= 0 && reserved.memory <= offer.memory) << reserved.memory;
      ASSERT_TRUE(reserved.gpu >= 0 && reserved.gpu <= offer.gpu) << reserved.gpu;
    }
  });
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Random random(t);
      std::vector<Shape> held;
      for (int i = 0; i < 20000; ++i) {
        if (!held.empty() && random.Chance(50)) {
          cell.Release(held.back());
          held.pop_back();
          continue;
        }
        const Shape shape = {static_cast<int64_t>(random.Below(600)), static_cast<int64_t>(random.Below(3000)),
                             static_cast<int64_t>(random.Below(5))};
        if (!cell.Reserve(shape)) continue;
        held.push_back(shape);
        granted.fetch_add(1);
      }
      for (const Shape& shape : held) cell.Release(shape);
    });
  }
  for (std::thread& thread : threads) thread.join();
  done.store(true);
  watcher.join();
  EXPECT_GT(granted.load(), 0);
  EXPECT_TRUE(cell.Read().reserved == Shape()) << TextOf(cell.Read().reserved);
}

// Four threads admit and reserve until nothing is left: what they hold together is what there was, to the unit.
TEST(Reservation, GivesTheLastUnitToOne) {
  for (int round = 0; round < 20; ++round) {
    Fleet fleet({ZoneSource(), ProfileSource(), RunnerSource("r1", ", resources: {available_cpu_millicores: 17000}"),
                 RunnerSource("r2", ", resources: {available_cpu_millicores: 5000}")});
    std::atomic<int> held = 0;
    std::vector<std::thread> threads;
    std::vector<std::vector<Reservation>> reservations(4);
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        const LaunchRequest request = LaunchOf("{resource_requests: {cpu: 1}}");
        Scratch scratch;
        while (true) {
          const Decision decision = fleet.engine().Admit(request, scratch);
          if (decision.verdict != Verdict::kAdmitted) return;
          if (auto reservation = Reservation::Make(decision, request)) {
            reservations[t].push_back(*std::move(reservation));
            held.fetch_add(1);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(held.load(), 22);
    EXPECT_EQ(fleet.Live("r1").cpu, 0);
    EXPECT_EQ(fleet.Live("r2").cpu, 0);
    reservations.clear();
    EXPECT_EQ(fleet.Live("r1").cpu, 17000);
  }
}

// ---- admission and reservation mean the same ----

// What is admitted can be reserved, in every catalog: the two must not count differently.
TEST(Reservation, IsMadeOfEveryAdmission) {
  size_t admitted = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const RandomWorld world = MakeRandomWorld(seed);
    Engine engine;
    ASSERT_TRUE(engine.Publish(CatalogOf({{"world.json", world.objects.dump()}}), 1).ok());
    Random random(seed);
    Scratch scratch;
    std::vector<Reservation> held;
    for (int i = 0; i < 20; ++i) {
      const LaunchRequest request = LaunchOf(MakeRandomRequest(world, random).dump());
      const Decision decision = engine.Admit(request, scratch);
      if (decision.verdict != Verdict::kAdmitted) continue;
      ++admitted;
      auto reservation = Reservation::Make(decision, request);
      ASSERT_TRUE(reservation) << seed << " " << i;
      held.push_back(*std::move(reservation));
    }
    held.clear();
    for (const CompiledRunner& runner : engine.snapshot()->runners()) {
      ASSERT_TRUE(runner.live->Read().reserved == Shape()) << seed;
    }
  }
  EXPECT_GT(admitted, 1000U);
}

}  // namespace
}  // namespace berth
