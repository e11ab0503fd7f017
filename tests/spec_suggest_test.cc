#include <array>
#include <string>
#include <string_view>

#include "berth/spec/suggest.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"container_image", "runtime_class", "cpuLimit",
                                                    "cpuRequest",      "tags",          "id"};

TEST(NearestName, FindsWhatWasMeant) {
  struct Row {
    std::string_view wanted;
    std::string_view nearest;
  };
  constexpr Row kRows[] = {
      {"container_image", "container_image"},
      {"contaner_image", "container_image"},    // a letter left out
      {"containerr_image", "container_image"},  // one too many
      {"container_imaeg", "container_image"},   // neighbours swapped
      {"ContainerImage", "container_image"},    // spelling style
      {"container-image", "container_image"},
      {"cpu_limit", "cpuLimit"},
      {"cpu", ""},  // more than a third is missing
      {"cpuLimits", "cpuLimit"},
      {"tag", "tags"},
      {"tgas", "tags"},
      {"ix", "id"},  // one edit is always allowed
      {"xy", ""},
      {"", ""},
      {"_", ""},
      {"completely_different", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(NearestName(row.wanted, kNames), row.nearest) << row.wanted;
}

TEST(NearestName, GivesTiesToTheFirst) {
  constexpr std::array<std::string_view, 2> kTwins = {"abcd", "abce"};
  EXPECT_EQ(NearestName("abcf", kTwins), "abcd");
}

TEST(NearestName, IsSilentAboutLongNames) {
  const std::string longest(64, 'a');
  const std::string longer(65, 'a');
  const std::array<std::string_view, 1> one = {longest};
  EXPECT_EQ(NearestName(longest, one), longest);
  EXPECT_EQ(NearestName(longer, one), "");
  const std::array<std::string_view, 1> long_candidate = {longer};
  EXPECT_EQ(NearestName(longest, long_candidate), "");
}

TEST(NearestName, NeedsCandidates) { EXPECT_EQ(NearestName("a", {}), ""); }

}  // namespace
}  // namespace berth
