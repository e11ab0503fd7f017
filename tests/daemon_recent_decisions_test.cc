#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "berth/daemon/recent_decisions.h"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

using std::chrono::seconds;

const RecentDecisions::Clock::time_point kStart{std::chrono::hours(1)};
constexpr size_t kPlenty = size_t{1} << 20;

std::string Found(const RecentDecisions& recent, const std::string& id, seconds after = seconds(0),
                  const Caller& caller = CallerOf("default")) {
  return recent.Find(id, caller, kStart + after).value_or("gone");
}

TEST(RecentDecisions, AreFoundByTheirId) {
  RecentDecisions recent(kPlenty, seconds(60));
  recent.Keep("d-1", "default", "one", kStart);
  recent.Keep("d-2", "default", "two", kStart);
  EXPECT_EQ(Found(recent, "d-1"), "one");
  EXPECT_EQ(Found(recent, "d-2"), "two");
  EXPECT_EQ(Found(recent, "d-3"), "gone");
  EXPECT_EQ(Found(recent, ""), "gone");
}

TEST(RecentDecisions, AreForTheOrganizationThatAsked) {
  RecentDecisions recent(kPlenty, seconds(60));
  recent.Keep("d-1", "acme", "one", kStart);
  EXPECT_EQ(Found(recent, "d-1", seconds(0), CallerOf("acme")), "one");
  EXPECT_EQ(Found(recent, "d-1", seconds(0), CallerOf("default")), "gone");
  EXPECT_EQ(Found(recent, "d-1", seconds(0), CallerOf("")), "gone");
  Caller gateway = CallerOf("default");
  gateway.any_organization = true;
  EXPECT_EQ(Found(recent, "d-1", seconds(0), gateway), "one");
}

TEST(RecentDecisions, AreForgottenWithAge) {
  RecentDecisions recent(kPlenty, seconds(60));
  recent.Keep("d-1", "default", "one", kStart);
  EXPECT_EQ(Found(recent, "d-1", seconds(60)), "one");
  EXPECT_EQ(Found(recent, "d-1", seconds(61)), "gone");
  // Whether or not a newer one came to push it out.
  recent.Keep("d-2", "default", "two", kStart + seconds(50));
  EXPECT_EQ(Found(recent, "d-1", seconds(61)), "gone");
  EXPECT_EQ(Found(recent, "d-2", seconds(61)), "two");
  recent.Keep("d-3", "default", "three", kStart + seconds(111));
  EXPECT_EQ(Found(recent, "d-2", seconds(100)), "gone");
}

// The oldest make room, one by one, and nothing is ever kept that has none.
TEST(RecentDecisions, AreNeverMoreThanTheirBytes) {
  constexpr size_t kBytes = 20000;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{3000}, size_t{19000}}) {
    RecentDecisions recent(kBytes, seconds(60));
    for (int i = 0; i < 300; ++i) recent.Keep("d-" + std::to_string(i), "default", std::string(size, 'x'), kStart);
    size_t kept = 0;
    size_t bytes = 0;
    bool begun = false;
    for (int i = 0; i < 300; ++i) {
      const std::string found = Found(recent, "d-" + std::to_string(i));
      EXPECT_FALSE(begun && found == "gone") << "an older one was kept before " << i;
      if (found == "gone") continue;
      begun = true;
      ++kept;
      bytes += found.size();
    }
    EXPECT_GE(kept, 1U) << size;
    EXPECT_LE(bytes, kBytes) << size;
    EXPECT_LT(kept, 80U) << "small ones are not free";
  }
  RecentDecisions recent(kBytes, seconds(60));
  recent.Keep("d-1", "default", "one", kStart);
  recent.Keep("d-2", "default", std::string(kBytes, 'x'), kStart);
  EXPECT_EQ(Found(recent, "d-2"), "gone");
  EXPECT_EQ(Found(recent, "d-1"), "one") << "what cannot be kept pushes nothing out";
  recent.Keep("d-3", "default", std::string(18000, 'x'), kStart);
  recent.Keep("d-4", "default", std::string(18000, 'y'), kStart);
  EXPECT_EQ(Found(recent, "d-3"), "gone");
  EXPECT_EQ(Found(recent, "d-4").size(), 18000U);
}

TEST(RecentDecisions, MayBeNone) {
  RecentDecisions recent(0, seconds(60));
  recent.Keep("d-1", "default", "", kStart);
  EXPECT_EQ(Found(recent, "d-1"), "gone");
}

// An id is one decision's: a second one neither takes its place nor spoils the accounts.
TEST(RecentDecisions, KeepTheFirstOfAnId) {
  RecentDecisions recent(2000, seconds(60));
  for (int i = 0; i < 100; ++i) recent.Keep("d-1", i == 0 ? "default" : "acme", i == 0 ? "one" : "other", kStart);
  EXPECT_EQ(Found(recent, "d-1"), "one");
  for (int i = 2; i < 100; ++i) recent.Keep("d-" + std::to_string(i), "default", std::string(500, 'x'), kStart);
  EXPECT_EQ(Found(recent, "d-1"), "gone");
  EXPECT_EQ(Found(recent, "d-99").size(), 500U);
}

TEST(RecentDecisions, HaveIdsOfTheirOwn) {
  RecentDecisions one(kPlenty, seconds(60));
  RecentDecisions other(kPlenty, seconds(60));
  std::set<std::string> ids;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const std::string a = one.NextId();
        const std::string b = other.NextId();
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(ids.insert(a).second && ids.insert(b).second);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 4000U);
}

TEST(RecentDecisions, MayBeKeptAndFoundFromManyThreads) {
  RecentDecisions recent(10000, seconds(60));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&recent, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        recent.Keep(id, "default", id, kStart + seconds(i / 5));
        const std::optional<std::string> found = recent.Find(id, CallerOf("default"), kStart + seconds(i / 5));
        EXPECT_EQ(found.value_or(id), id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace berth
