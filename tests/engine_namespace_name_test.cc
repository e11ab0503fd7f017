#include <cstddef>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "berth/engine/namespace_name.h"
#include "berth/spec/namespace_strategy.h"
#include "berth/validate/names.h"
#include "gtest/gtest.h"
#include "tests/reference/reference_internal.h"

namespace berth {
namespace {

struct Identity {
  NamespaceStrategy strategy = NamespaceStrategy::kPerOrg;
  std::string organization;
  std::string second;  // user or profile display name
};

std::string NameOf(const Identity& identity, std::string_view prefix) {
  std::string out;
  const bool user = identity.strategy == NamespaceStrategy::kPerUser;
  AppendNamespaceName(identity.strategy, prefix, identity.organization, user ? identity.second : "not used",
                      user ? "not used" : identity.second, out);
  return out;
}

std::string ReferenceName(const Identity& identity, const std::string& prefix) {
  std::vector<std::string> parts = {identity.organization};
  if (identity.strategy != NamespaceStrategy::kPerOrg) parts.push_back(identity.second);
  return reference::NamespaceName(prefix, std::string(NamespaceStrategyName(identity.strategy)), parts);
}

TEST(NamespaceName, PerOrgStaysBareWhenItFits) {
  const struct {
    std::string prefix;
    std::string organization;
    bool bare;
  } rows[] = {
      {"", "acme", true},
      {"sb-", "acme", true},
      {"sb", "acme", true},
      {"", "0", true},
      {"", std::string(63, 'a'), true},
      {"", std::string(64, 'a'), false},
      {"sb-", std::string(60, 'a'), true},
      {"sb-", std::string(61, 'a'), false},
      {std::string(40, 'p'), std::string(23, 'a'), true},
      {std::string(40, 'p'), std::string(24, 'a'), false},
      {"", "Acme", false},
      {"", "acme inc", false},
      {"", "acme.inc", false},
      {"", "-acme", false},
      {"", "acme-", false},
      {"", "a\xC3\xA9", false},
      {"", "", false},
      // Looks hashed, or one step from it.
      {"", "acme-abcdefghijklmnop", false},
      {"", "acme-abcdefghijklmno7", false},
      {"", "acme-abcdefghijklmno1", true},
      {"", "acme-abcdefghijklmno8", true},
      {"", "acme-abcdefghijklmno", true},
      {"", "acme-abcdefghijklmnopq", true},
      {"", "acme0abcdefghijklmnop", true},
      {"", "abcdefghijklmnop", false},
      {"sb-", "abcdefghijklmnop", false},
  };
  for (const auto& row : rows) {
    const Identity identity{NamespaceStrategy::kPerOrg, row.organization, ""};
    const std::string name = NameOf(identity, row.prefix);
    EXPECT_EQ(name == row.prefix + row.organization, row.bare) << row.organization;
    EXPECT_EQ(name, ReferenceName(identity, row.prefix));
    EXPECT_TRUE(IsDns1123Label(name)) << name;
  }
}

TEST(NamespaceName, HashedNamesStayReadable) {
  const struct {
    Identity identity;
    std::string prefix;
    std::string before_hash;
  } rows[] = {
      {{NamespaceStrategy::kPerUser, "acme", "ann"}, "sb-", "sb-acme-ann-"},
      {{NamespaceStrategy::kPerProfile, "acme", "GPU Large"}, "", "acme-gpu-large-"},
      {{NamespaceStrategy::kPerOrg, "Acme  Inc.", ""}, "", "acme-inc-"},
      {{NamespaceStrategy::kPerOrg, "--Acme--", ""}, "", "acme-"},
      {{NamespaceStrategy::kPerOrg, "\xC3\xA9", ""}, "", ""},
      {{NamespaceStrategy::kPerOrg, "\xC3\xA9", ""}, "sb-", "sb-"},
      {{NamespaceStrategy::kPerUser, "acme", ""}, "", "acme-"},
      {{NamespaceStrategy::kPerUser, "", "ann"}, "", "ann-"},
      {{NamespaceStrategy::kPerUser, "", ""}, "", ""},
      {{NamespaceStrategy::kPerUser, "acme", "ann@example.com"}, "", "acme-ann-example-com-"},
      {{NamespaceStrategy::kPerOrg, std::string(100, 'A'), ""}, "", std::string(46, 'a') + "-"},
      {{NamespaceStrategy::kPerOrg, std::string(100, 'A'), ""}, "sb-", "sb-" + std::string(43, 'a') + "-"},
      {{NamespaceStrategy::kPerUser, std::string(45, 'a'), "b"}, "", std::string(45, 'a') + "-"},
      {{NamespaceStrategy::kPerUser, std::string(44, 'a'), "b"}, "", std::string(44, 'a') + "-b-"},
      {{NamespaceStrategy::kPerUser, "acme", "ann"}, std::string(40, 'p'), std::string(40, 'p') + "acme-a-"},
  };
  for (const auto& row : rows) {
    const std::string name = NameOf(row.identity, row.prefix);
    ASSERT_GT(name.size(), 15U);
    EXPECT_EQ(name.substr(0, name.size() - 16), row.before_hash);
    EXPECT_EQ(name, ReferenceName(row.identity, row.prefix));
    EXPECT_TRUE(IsDns1123Label(name)) << name;
  }
}

// Computed once with another program; these must never change.
TEST(NamespaceName, IsTheSameForEver) {
  EXPECT_EQ(NameOf({NamespaceStrategy::kPerUser, "acme", "ann"}, "sb-"), "sb-acme-ann-pzmzw7qmw64nvwp7");
  EXPECT_EQ(NameOf({NamespaceStrategy::kPerProfile, "acme", "ann"}, "sb-"), "sb-acme-ann-hvg66cnpnroznm25");
  EXPECT_EQ(NameOf({NamespaceStrategy::kPerOrg, "Acme", ""}, ""), "acme-6wtkcj7rce5zr7ne");
}

TEST(NamespaceName, StaticDerivesNothing) {
  std::string out = "kept";
  AppendNamespaceName(NamespaceStrategy::kStatic, "sb-", "acme", "ann", "gpu", out);
  EXPECT_EQ(out, "kept");
}

TEST(NamespaceName, AppendsBehindWhatIsThere) {
  std::string out = "ns=-";
  AppendNamespaceName(NamespaceStrategy::kPerOrg, "", "--Acme", "", "", out);
  EXPECT_EQ(out, "ns=-" + NameOf({NamespaceStrategy::kPerOrg, "--Acme", ""}, ""));
}

TEST(NamespaceName, StrategyNamesReadBack) {
  for (size_t i = 0; i < kNamespaceStrategyNames.size(); ++i) {
    const auto strategy = static_cast<NamespaceStrategy>(i);
    EXPECT_EQ(NamespaceStrategyOf(NamespaceStrategyName(strategy)), strategy);
  }
  EXPECT_EQ(NamespaceStrategyOf("Per-Org"), std::nullopt);
  EXPECT_EQ(NamespaceStrategyOf(""), std::nullopt);
}

// Few and confusable words: separators inside, case pairs, characters that look or read alike, nothing at all.
std::string RandomWord(std::mt19937_64& random) {
  static constexpr std::string_view kAtoms[] = {
      "a",  "A",       "b", "-",        ".",  "_",      "/", " ",  "1", "\xC3\xA9", "e\xCC\x81",       "\xC3\xA4",
      "ab", "per-org", "@", "\xD0\xB0", "sb", "-user-", ":", "z7", "",  "--",       "\xF0\x9F\x9A\xA2"};
  std::string word;
  const size_t atoms = random() % 8;
  for (size_t i = 0; i < atoms; ++i) word.append(kAtoms[random() % std::size(kAtoms)]);
  if (random() % 50 == 0) word.append(253 - word.size() % 253, "aB-"[random() % 3]);
  return word;
}

TEST(NamespaceName, TwoIdentitiesNeverShareOne) {
  const struct {
    std::string prefix;
    size_t identities;
  } rows[] = {{"", 1'000'000}, {"sb-", 100'000}, {std::string(40, 'p'), 100'000}};
  for (const auto& row : rows) {
    std::mt19937_64 random(5);
    std::unordered_set<std::string> identities;
    std::unordered_map<std::string, std::string> names;
    names.reserve(row.identities);
    std::string last;
    while (identities.size() < row.identities) {
      Identity identity{static_cast<NamespaceStrategy>(random() % 3), RandomWord(random), ""};
      // An organization that is called like another one's namespace.
      if (random() % 50 == 0 && !last.empty()) identity.organization = last.substr(row.prefix.size());
      if (identity.strategy != NamespaceStrategy::kPerOrg) identity.second = RandomWord(random);
      std::string key(NamespaceStrategyName(identity.strategy));
      key.append(1, '\0').append(identity.organization).append(1, '\0').append(identity.second);
      if (!identities.insert(key).second) continue;
      last = NameOf(identity, row.prefix);
      const auto [place, added] = names.emplace(last, key);
      ASSERT_TRUE(added) << last << " for `" << key << "` and `" << place->second << "`";
      ASSERT_TRUE(IsDns1123Label(last)) << last;
      ASSERT_TRUE(last.starts_with(row.prefix));
      if (identities.size() % 20 == 0) {
        ASSERT_EQ(last, ReferenceName(identity, row.prefix));
      }
    }
  }
}

}  // namespace
}  // namespace berth
