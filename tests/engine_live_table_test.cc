// LiveTable against the live states that it was told, over random runners and changes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "berth/engine/live_table.h"
#include "berth/policy/select.h"
#include "gtest/gtest.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

constexpr std::array<std::optional<int64_t> LiveState::*, kSupplyCount> kFree = {&LiveState::cpu, &LiveState::memory,
                                                                                 &LiveState::gpu};

struct Fleet {
  std::vector<uint32_t> first;
  std::vector<uint32_t> classes;
  std::vector<Runner> runners;
  std::vector<Shape> maxima;
};

Fleet MakeFleet(Random& random, size_t runners, size_t classes) {
  Fleet fleet;
  for (size_t i = 0; i < runners; ++i) {
    fleet.first.push_back(static_cast<uint32_t>(fleet.classes.size()));
    for (size_t bindings = random.Below(4); bindings > 0; --bindings) {
      fleet.classes.push_back(static_cast<uint32_t>(random.Below(classes)));
    }
    Runner& runner = fleet.runners.emplace_back();
    Capabilities& most = runner.capabilities;
    most.max_cpu_millicores.value = random.Chance(20) ? 0 : static_cast<int64_t>(1 + random.Below(64'000));
    most.max_memory_bytes.value = random.Chance(20) ? 0 : static_cast<int64_t>(1 + random.Below(1 << 30));
    most.max_gpu_count.value = static_cast<int64_t>(random.Below(9));
    fleet.maxima.push_back({most.max_cpu_millicores.value, most.max_memory_bytes.value, most.max_gpu_count.value});
  }
  fleet.first.push_back(static_cast<uint32_t>(fleet.classes.size()));
  return fleet;
}

LiveState RandomState(Random& random) {
  LiveState live;
  if (random.Chance(15)) live.install = InstallStatus::kFailed;
  if (random.Chance(15)) live.connection = ConnectionStatus::kDisconnected;
  for (const auto free : kFree) {
    if (random.Chance(70)) live.*free = static_cast<int64_t>(random.Below(random.Chance(50) ? 9 : 70'000));
  }
  live.reserved = {static_cast<int64_t>(random.Below(1000)), static_cast<int64_t>(random.Below(1000)),
                   static_cast<int64_t>(random.Below(3))};
  return live;
}

LiveTable::Amount RandomAmount(Random& random) {
  LiveTable::Amount amount;
  for (std::optional<int64_t>& each : amount) {
    if (random.Chance(70)) each = static_cast<int64_t>(random.Below(random.Chance(50) ? 9 : 70'000));
  }
  return amount;
}

bool Has(uint64_t bits, size_t runner) { return (bits >> (runner % 64) & 1) != 0; }

void ExpectSame(const LiveTable& table, const Fleet& fleet, const std::vector<LiveState>& live, Random& random) {
  std::array<uint32_t, 4> unhealthy{};
  LiveTable::ClassCounts counts;
  table.CopyCounts(counts);
  LiveTable::ClassCounts wanted;
  for (auto* each : {&wanted.healthy, &wanted.not_ready, &wanted.disconnected, &wanted.both}) {
    each->resize(counts.healthy.size());
  }
  const LiveTable::Amount amount = RandomAmount(random);
  std::array<bool, kSupplyCount> suffices = {true, true, true};
  for (uint32_t i = 0; i < live.size(); ++i) {
    const bool not_ready = live[i].install != InstallStatus::kReady;
    const bool disconnected = live[i].connection != ConnectionStatus::kConnected;
    EXPECT_TRUE(Has(table.Runners(i / 64), i));
    EXPECT_EQ(Has(table.NotReady(i / 64), i), not_ready);
    EXPECT_EQ(Has(table.Disconnected(i / 64), i), disconnected);
    ++unhealthy[(not_ready ? 1U : 0U) + (disconnected ? 2U : 0U)];
    for (uint32_t binding = fleet.first[i]; binding < fleet.first[i + 1]; ++binding) {
      const uint32_t row = fleet.classes[binding];
      wanted.healthy[row] += !not_ready && !disconnected ? 1 : 0;
      wanted.not_ready[row] += not_ready ? 1 : 0;
      wanted.disconnected[row] += disconnected ? 1 : 0;
      wanted.both[row] += not_ready && disconnected ? 1 : 0;
    }
    bool any_short = false;
    for (size_t supply = 0; supply < kSupplyCount; ++supply) {
      const auto which = static_cast<Supply>(supply);
      if (!amount[supply]) continue;
      const std::optional<int64_t> free = live[i].*kFree[supply];
      const bool is_short = free && *free < *amount[supply];
      EXPECT_EQ(Has(table.Short(which, i / 64, *amount[supply]), i), is_short);
      EXPECT_EQ(table.IsShort(which, i, *amount[supply]), is_short);
      suffices[supply] = suffices[supply] && !is_short;
      any_short = any_short || is_short;
    }
    EXPECT_EQ(table.IsShort(i, amount), any_short);
    // The room of a candidate that can take the launch is that of policy/select.h.
    Need need;
    need.requests = {amount[0], amount[1]};
    need.gpu_count = amount[2].value_or(0);
    LiveTable::Amount asked = amount;
    if (need.gpu_count == 0) asked[2].reset();
    const Offer offer;
    const Fraction exact = RoomLeft(need, {offer, fleet.runners[i], live[i]});
    const Fraction room = table.Room(i, asked);
    EXPECT_FALSE(Less(exact, room) || Less(room, exact)) << i;
    const double number = static_cast<double>(exact.numerator) / static_cast<double>(exact.denominator);
    EXPECT_NEAR(table.RoomPart(i, asked), number, 1e-9 * (1 + number));
    std::array<double, 64> rooms;
    table.RoomParts(i / 64, asked, rooms);
    EXPECT_NEAR(rooms[i % 64], number, 1e-9 * (1 + number));
  }
  for (size_t supply = 0; supply < kSupplyCount; ++supply) {
    if (amount[supply]) {
      EXPECT_EQ(table.SufficesEverywhere(static_cast<Supply>(supply), *amount[supply]), suffices[supply]);
    }
  }
  EXPECT_EQ(table.all_healthy(), unhealthy[0] == live.size());
  EXPECT_EQ(counts.healthy, wanted.healthy);
  EXPECT_EQ(counts.not_ready, wanted.not_ready);
  EXPECT_EQ(counts.disconnected, wanted.disconnected);
  EXPECT_EQ(counts.both, wanted.both);
  // There are no others.
  for (size_t word = 0; word < table.words(); ++word) {
    const size_t here = std::min<size_t>(live.size() - word * 64, 64);
    const uint64_t all = here == 64 ? ~uint64_t{0} : (uint64_t{1} << here) - 1;
    EXPECT_EQ(table.Runners(word), all);
    EXPECT_EQ((table.NotReady(word) | table.Disconnected(word)) & ~all, 0U);
    EXPECT_EQ(table.Short(Supply::kCpu, word, LiveTable::kUnreported) & ~all, 0U);
  }
}

TEST(LiveTable, RepeatsWhatItWasTold) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const size_t runners = 1 + random.Below(200);
    const Fleet fleet = MakeFleet(random, runners, 1 + random.Below(70));
    LiveTable table(fleet.first, fleet.classes, fleet.maxima, 70);
    std::vector<LiveState> live(runners);
    ExpectSame(table, fleet, live, random);
    for (int round = 0; round < 20; ++round) {
      for (size_t changes = random.Below(runners) + 1; changes > 0; --changes) {
        const auto runner = static_cast<uint32_t>(random.Below(runners));
        live[runner] = RandomState(random);
        const uint64_t before = table.version();
        table.Set(runner, live[runner]);
        EXPECT_GT(table.version(), before);
        EXPECT_EQ(table.version() % 2, 0U);
      }
      ExpectSame(table, fleet, live, random);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", round " << round;
    }
  }
}

TEST(LiveTable, OfNoRunnersIsHealthyAndSuffices) {
  const LiveTable table({0}, {}, {}, 0);
  EXPECT_EQ(table.words(), 0U);
  EXPECT_TRUE(table.all_healthy());
  EXPECT_TRUE(table.SufficesEverywhere(Supply::kGpu, 1));
}

}  // namespace
}  // namespace berth
