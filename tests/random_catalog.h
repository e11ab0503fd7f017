// Random catalogs, live states and launch requests: small, full of collisions, and now and then wrong.
//
// Everything is drawn from small pools, so that names match, layers touch the same fields and runners compete. The
// probabilities are set so that about half of the launches are admitted and every reason is met often, alone too.
//
// Guarantees:  the same seed gives the same documents with every compiler and library
// Threads:     pure functions
#ifndef BERTH_TESTS_RANDOM_CATALOG_H_
#define BERTH_TESTS_RANDOM_CATALOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace berth {

// splitmix64 with the few draws that tests need; the standard distributions differ between libraries.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // In [0, count); `count` is at least 1.
  size_t Below(size_t count) { return static_cast<size_t>(Next() % count); }
  bool Chance(size_t percent) { return Below(100) < percent; }
  bool PerMille(size_t per_mille) { return Below(1000) < per_mille; }
  template <typename T>
  const T& Pick(const std::vector<T>& pool) {
    return pool[Below(pool.size())];
  }

 private:
  uint64_t state_;
};

struct RandomWorld {
  nlohmann::json objects;  // an array of documents, each with `kind`
  nlohmann::json live;     // "<organization>/<runner_id>" to members that replace the document's
  std::vector<std::string> organizations;
  std::map<std::string, std::vector<std::string>> opened;  // organization to `launch_overrides`
};

RandomWorld MakeRandomWorld(uint64_t seed);

// A launch request that often fits the world.
nlohmann::json MakeRandomRequest(const RandomWorld& world, Random& random);

}  // namespace berth

#endif  // BERTH_TESTS_RANDOM_CATALOG_H_
