#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "berth/engine/tie_hash.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

TEST(TieHash, FnvHasItsPublishedValues) {
  EXPECT_EQ(Fnv1a64(""), 0xcbf29ce484222325U);
  EXPECT_EQ(Fnv1a64("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(Fnv1a64("b"), 0xaf63df4c8601f1a5U);
  EXPECT_EQ(Fnv1a64("foobar"), 0x85944171f73967e8U);
}

TEST(TieHash, FnvReadsBytesAsUnsigned) {
  EXPECT_EQ(Fnv1a64("\xFF"), (0xcbf29ce484222325U ^ 0xFFU) * 0x100000001b3U);
  EXPECT_NE(Fnv1a64(std::string_view("a\0", 2)), Fnv1a64("a"));
}

// splitmix64's generator is the finaliser of a state that grows by 0x9e3779b97f4a7c15; these are its first numbers.
TEST(TieHash, MixIsTheFinaliserWithoutTheIncrement) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15U;
  EXPECT_EQ(Mix64(kStep), 0xe220a8397b1dcdafU);
  EXPECT_EQ(Mix64(kStep * 2), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(Mix64(kStep * 3), 0x06c45d188009454fU);
  EXPECT_EQ(Mix64(0), 0U);
}

TEST(TieHash, IsTheMixOfBothIds) {
  EXPECT_EQ(TieHash(Fnv1a64("sb1"), Fnv1a64("runner-a")), Mix64(Fnv1a64("sb1") ^ Fnv1a64("runner-a")));
  EXPECT_EQ(TieHash(Fnv1a64("x"), Fnv1a64("x")), 0U);
}

TEST(TieHash, SpreadsSandboxesOverRunners) {
  constexpr size_t kRunners = 8;
  constexpr int kSandboxes = 8000;
  std::array<uint64_t, kRunners> runners = {};
  for (size_t i = 0; i < kRunners; ++i) runners[i] = Fnv1a64("runner-" + std::to_string(i));
  std::array<int, kRunners> wins = {};
  for (int i = 0; i < kSandboxes; ++i) {
    const uint64_t sandbox = Fnv1a64("sandbox-" + std::to_string(i));
    size_t best = 0;
    for (size_t runner = 1; runner < kRunners; ++runner) {
      if (TieHash(sandbox, runners[runner]) > TieHash(sandbox, runners[best])) best = runner;
    }
    ++wins[best];
  }
  for (const int count : wins) {
    EXPECT_GT(count, kSandboxes / 16);
    EXPECT_LT(count, kSandboxes / 4);
  }
}

}  // namespace
}  // namespace berth
