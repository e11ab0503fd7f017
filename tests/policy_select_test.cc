#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "berth/policy/select.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Fraction, ComparesExactly) {
  EXPECT_TRUE(Less({1, 3}, {1, 2}));
  EXPECT_FALSE(Less({1, 2}, {1, 3}));
  EXPECT_FALSE(Less({2, 4}, {1, 2}));
  EXPECT_FALSE(Less({1, 2}, {2, 4}));
  EXPECT_TRUE(Less({0, kMax}, {1, kMax}));
  // Nearer together than a double can tell.
  EXPECT_TRUE(Less({kMax - 2, kMax - 1}, {kMax - 1, kMax}));
  EXPECT_FALSE(Less({kMax - 1, kMax}, {kMax - 2, kMax - 1}));
  EXPECT_FALSE(Less({0, 1}, {0, kMax}));
}

struct World {
  Need need;
  Offer offer;
  Runner runner;
  LiveState live;

  Fraction Room() { return RoomLeft(need, {offer, runner, live}); }
};

bool Same(const Fraction& a, const Fraction& b) { return !Less(a, b) && !Less(b, a); }

TEST(RoomLeft, IsTheScarcestDimension) {
  World world;
  EXPECT_TRUE(Same(world.Room(), {1, 1}));  // nothing known
  world.runner.capabilities.max_cpu_millicores.value = 1000;
  EXPECT_TRUE(Same(world.Room(), {1, 1}));  // unreported: all of it
  world.live.cpu = 600;
  EXPECT_TRUE(Same(world.Room(), {6, 10}));
  world.need.requests.cpu = 100;
  EXPECT_TRUE(Same(world.Room(), {5, 10}));
  world.live.memory = 1;  // without a maximum memory does not count
  EXPECT_TRUE(Same(world.Room(), {5, 10}));
  world.runner.capabilities.max_memory_bytes.value = 10;
  EXPECT_TRUE(Same(world.Room(), {1, 10}));
  world.runner.capabilities.max_gpu_count.value = 8;
  world.live.gpu = 1;
  EXPECT_TRUE(Same(world.Room(), {1, 10}));  // no GPU asked
  world.need.gpu_count = 1;
  EXPECT_TRUE(Same(world.Room(), {0, 8}));
}

TEST(RoomLeft, CountsWhatTheLaunchWouldGet) {
  World world;
  world.runner.capabilities.max_cpu_millicores.value = 1000;
  world.offer.requests.cpu = 250;
  EXPECT_TRUE(Same(world.Room(), {3, 4}));
  world.offer.requests.cpu = std::nullopt;
  world.offer.limits.cpu = 500;  // a limit without a request is a request
  EXPECT_TRUE(Same(world.Room(), {1, 2}));
  world.need.requests.cpu = 1000;
  EXPECT_TRUE(Same(world.Room(), {0, 1}));
}

TEST(Before, PrefersDefaultsThenRoomThenHashThenCatalogOrder) {
  const Rank base = {.preferred = false, .room = {1, 2}, .tie = 5, .order = 5};
  Rank preferred = base;
  preferred.preferred = true;
  preferred.room = {1, 9};
  Rank roomy = base;
  roomy.room = {2, 3};
  roomy.tie = 0;
  roomy.order = 9;
  Rank lucky = base;
  lucky.tie = 6;
  lucky.order = 9;
  Rank first = base;
  first.order = 1;
  for (const Strategy strategy : {Strategy::kSpread, Strategy::kPack, Strategy::kFirst}) {
    EXPECT_TRUE(Before(preferred, base, strategy));
    EXPECT_FALSE(Before(base, preferred, strategy));
    EXPECT_TRUE(Before(first, base, strategy));
    EXPECT_FALSE(Before(base, base, strategy));
  }
  EXPECT_TRUE(Before(roomy, base, Strategy::kSpread));
  EXPECT_TRUE(Before(base, roomy, Strategy::kPack));
  EXPECT_TRUE(Before(base, roomy, Strategy::kFirst));
  EXPECT_TRUE(Before(lucky, base, Strategy::kSpread));
  EXPECT_TRUE(Before(lucky, base, Strategy::kPack));
  EXPECT_TRUE(Before(base, lucky, Strategy::kFirst));
}

TEST(Before, IsATotalOrder) {
  std::mt19937_64 random(1);
  for (const Strategy strategy : {Strategy::kSpread, Strategy::kPack, Strategy::kFirst}) {
    std::vector<Rank> ranks;
    for (uint32_t i = 0; i < 40; ++i) {
      ranks.push_back({random() % 2 == 0,
                       {static_cast<int64_t>(random() % 4), static_cast<int64_t>(1 + random() % 4)},
                       random() % 3,
                       i});
    }
    for (const Rank& a : ranks) {
      for (const Rank& b : ranks) {
        EXPECT_EQ(Before(a, b, strategy) || Before(b, a, strategy), a.order != b.order);
        EXPECT_FALSE(Before(a, b, strategy) && Before(b, a, strategy));
        for (const Rank& c : ranks) {
          if (Before(a, b, strategy) && Before(b, c, strategy)) {
            EXPECT_TRUE(Before(a, c, strategy));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace berth
