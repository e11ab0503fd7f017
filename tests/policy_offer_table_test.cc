// OfferTable against Match, row by row, over random offers and needs.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "berth/policy/match.h"
#include "berth/policy/offer_table.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  bool Chance(int percent) { return Below(100) < percent; }
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(engine_); }
  std::string Name(int names) { return std::string(1, static_cast<char>('a' + Below(names))); }
  // Few numbers, so that equal ones meet; now and then the largest.
  int64_t Number(int numbers) { return Chance(2) ? std::numeric_limits<int64_t>::max() - Below(2) : Below(numbers); }
  std::optional<int64_t> MaybeNumber(int numbers) { return Chance(35) ? std::nullopt : std::optional(Number(numbers)); }
  Amounts MaybeAmounts(int numbers) { return {MaybeNumber(numbers), MaybeNumber(numbers)}; }
  std::vector<std::string> Names(int most, int names) {
    std::vector<std::string> chosen;
    for (int i = Below(most + 1); i > 0; --i) chosen.push_back(Name(names));
    return chosen;
  }

 private:
  std::mt19937 engine_;
};

Offer RandomOffer(Random& random, int numbers) {
  Offer offer;
  offer.valid = random.Chance(90);
  if (!offer.valid) return offer;
  offer.needs_user = random.Chance(20);
  for (const std::string& name : random.Names(3, 4)) {
    offer.gpu_types.push_back({name, name, random.Chance(50) ? std::nullopt : std::optional<int64_t>(random.Below(3))});
  }
  offer.egress_modes = random.Names(3, 4);
  offer.ingress_levels = random.Names(3, 4);
  offer.requests = random.MaybeAmounts(numbers);
  offer.limits = random.MaybeAmounts(numbers);
  return offer;
}

Runner RandomRunner(Random& random, int numbers) {
  Runner runner;
  Capabilities& capabilities = runner.capabilities;
  capabilities.max_cpu_millicores.value = random.Number(numbers);
  capabilities.max_memory_bytes.value = random.Number(numbers);
  capabilities.max_gpu_count.value = random.Below(4);
  capabilities.architectures.value = random.Names(2, 3);
  capabilities.storage_classes.value = random.Names(4, 4);
  capabilities.supports_privileged.value = random.Chance(50);
  runner.enforce_resource_limits.value = random.Chance(50);
  return runner;
}

// The strings that a need views.
struct NeedTexts {
  std::vector<std::string> storage_classes;
  std::string architecture, gpu_type, egress, ingress;
};

Need RandomNeed(Random& random, int numbers, NeedTexts& texts) {
  const auto maybe_name = [&] { return random.Chance(50) ? std::string() : random.Name(5); };
  texts = {random.Names(2, 5), maybe_name(), maybe_name(), maybe_name(), maybe_name()};
  Need need;
  need.requests = random.MaybeAmounts(numbers);
  need.limits = random.MaybeAmounts(numbers);
  need.gpu_count = random.Chance(50) ? 0 : random.Below(5);
  need.gpu_type = texts.gpu_type;
  need.gpu_memory_gb = random.Chance(60) ? std::nullopt : std::optional<int64_t>(random.Below(4));
  need.architecture = texts.architecture;
  need.privileged = random.Chance(30);
  need.storage_classes = texts.storage_classes;
  need.egress_mode = texts.egress;
  need.ingress_mode = texts.ingress;
  need.has_user = random.Chance(50);
  return need;
}

struct Shape {
  size_t rows;
  int numbers;  // how many distinct amounts
};

class OfferTableOfShape : public testing::TestWithParam<Shape> {};

TEST_P(OfferTableOfShape, AgreesWithMatchOnEveryRow) {
  const auto [row_count, numbers] = GetParam();
  size_t failures_seen = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    std::vector<Offer> offers;
    std::vector<Runner> runners;
    for (size_t i = 0; i < row_count; ++i) {
      offers.push_back(RandomOffer(random, numbers));
      runners.push_back(RandomRunner(random, numbers));
    }
    std::vector<OfferTable::Row> rows;
    for (size_t i = 0; i < row_count; ++i) rows.push_back({&offers[i], &runners[i]});
    const OfferTable table(std::move(rows));
    FailingRows failing;
    for (int round = 0; round < 50; ++round) {
      NeedTexts texts;
      const Need need = RandomNeed(random, numbers, texts);
      CallerRules caller;
      caller.quota = {random.MaybeNumber(numbers), random.MaybeNumber(numbers), random.MaybeNumber(4)};
      caller.limits_are_ceilings = random.Chance(50);
      table.Match(need, caller, failing);
      for (size_t row = 0; row < row_count; ++row) {
        Failures found;
        for (size_t code = 0; code < kConstraintCount; ++code) {
          const auto reason = static_cast<ReasonCode>(code);
          if (!failing.codes().Has(reason)) continue;
          found.AddIf((failing.Of(reason)[row / 64] >> (row % 64) & 1) != 0, reason);
        }
        const Failures wanted = Match(need, {offers[row], runners[row], LiveState()}, caller);
        ASSERT_EQ(found.bits(), wanted.bits()) << "seed " << seed << " round " << round << " row " << row;
        failures_seen |= wanted.bits();
      }
    }
  }
  // Everything but what reads live state or text.
  for (const ReasonCode code :
       {ReasonCode::kCpuQuota, ReasonCode::kMemoryQuota, ReasonCode::kGpuQuota, ReasonCode::kProfileInvalid,
        ReasonCode::kUserRequired, ReasonCode::kArchitectureUnsupported, ReasonCode::kPrivilegedUnsupported,
        ReasonCode::kStorageClassUnavailable, ReasonCode::kGpuTypeUnavailable, ReasonCode::kGpuCountExceedsRunner,
        ReasonCode::kEgressModeNotOffered, ReasonCode::kIngressModeNotOffered, ReasonCode::kLimitsRequired,
        ReasonCode::kCpuExceedsProfile, ReasonCode::kMemoryExceedsProfile, ReasonCode::kCpuRequestAboveLimit,
        ReasonCode::kMemoryRequestAboveLimit, ReasonCode::kCpuExceedsRunner, ReasonCode::kMemoryExceedsRunner}) {
    EXPECT_NE(failures_seen & (size_t{1} << static_cast<size_t>(code)), 0U) << InfoOf(code).name;
  }
}

// One word and its edge, several words; few numbers (prepared sets), and more than sets are made for (columns).
INSTANTIATE_TEST_SUITE_P(Shapes, OfferTableOfShape,
                         testing::Values(Shape{5, 4}, Shape{64, 6}, Shape{65, 6}, Shape{300, 8}, Shape{1000, 100'000}));

TEST(OfferTable, OfNothingFailsNothing) {
  const OfferTable table;
  FailingRows failing;
  table.Match(Need(), CallerRules(), failing);
  EXPECT_TRUE(failing.codes().none());
}

TEST(RowSet, AddsAndRemovesItsRowsAsBitsAndAsAList) {
  for (const size_t step : {1, 3, 40}) {
    std::vector<uint32_t> rows;
    for (size_t row = 1; row < 200; row += step) rows.push_back(static_cast<uint32_t>(row));
    const RowSet set(rows, 200);
    RowWords words(WordsFor(200));
    set.AddTo(words.data());
    for (size_t row = 0; row < 200; ++row) {
      EXPECT_EQ(words[row / 64] >> (row % 64) & 1, row % step == 1 % step && row > 0 ? 1U : 0U) << step << " " << row;
    }
    EXPECT_TRUE(set.Meets(words.data()));
    EXPECT_FALSE(set.Meets(RowWords(WordsFor(200)).data()));
    set.RemoveFrom(words.data());
    EXPECT_EQ(words, RowWords(WordsFor(200)));
  }
}

}  // namespace
}  // namespace berth
