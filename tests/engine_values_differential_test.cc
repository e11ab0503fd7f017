// Single values (quantities, names, ranges, images, templates, hashes) against the reference, on texts a few edits away
// from good ones.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/engine/tie_hash.h"
#include "berth/spec/quantity.h"
#include "berth/validate/cidr.h"
#include "berth/validate/host_template.h"
#include "berth/validate/image.h"
#include "berth/validate/names.h"
#include "gtest/gtest.h"
#include "tests/reference/reference_internal.h"

namespace berth {
namespace {

class Texts {
 public:
  Texts(std::vector<std::string> seeds, std::string_view alphabet, uint64_t start)
      : seeds_(std::move(seeds)), alphabet_(alphabet), random_(start) {}

  std::string Next() {
    std::string text = seeds_[random_() % seeds_.size()];
    for (uint64_t edits = random_() % 5; edits > 0; --edits) {
      const size_t place = random_() % (text.size() + 1);
      const char c = alphabet_[random_() % alphabet_.size()];
      switch (random_() % 4) {
        case 0:
          text.insert(place, 1, c);
          break;
        case 1:
          if (place < text.size()) text[place] = c;
          break;
        case 2:
          text.erase(place, 1);
          break;
        default:
          if (random_() % 8 == 0) text.insert(place, random_() % 70, c);
      }
    }
    return text;
  }

 private:
  std::vector<std::string> seeds_;
  std::string_view alphabet_;
  std::mt19937_64 random_;
};

constexpr int kRounds = 40'000;

TEST(Values, QuantitiesAgreeWithTheReference) {
  Texts texts({"1", "500m", "1.5Gi", "2Gi", "12e6", "1e-3", ".5", "0.1Ki", "9223372036854775807",
               "9223372036854775.807", "7.9Ei", "1E", "-1", " 1 ", "0e5", "100000n", "1e999", "0.000000001"},
              "0123456789.+-eEinumkKMGTPi \t", 1);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = texts.Next();
    for (const Resource resource : {Resource::kCpu, Resource::kMemory}) {
      const std::optional<Quantity> ours = ParseQuantity(text, resource);
      const auto theirs = reference::ParseQuantity(
          text, resource == Resource::kCpu ? reference::Resource::kCpu : reference::Resource::kMemory);
      ASSERT_EQ(ours.has_value(), theirs.has_value()) << text;
      if (!ours.has_value()) continue;
      ++accepted;
      ASSERT_EQ(ours->ToString(), theirs->text) << text;
      ASSERT_EQ(ours->UnitsOf(resource), theirs->units) << text;
    }
  }
  EXPECT_GT(accepted, kRounds / 10);
}

TEST(Values, RunnerIntegersPrintAsInTheReference) {
  std::mt19937_64 random(2);
  for (int round = 0; round < kRounds; ++round) {
    auto value = static_cast<int64_t>((random() >> 1U) >> (random() % 63));
    if (round % 2 == 0) value &= ~int64_t{0xFFFF};
    if (round % 3 == 0) value -= value % 1000;
    ASSERT_EQ(Quantity::FromMillicores(value).ToString(), reference::MillicoresText(value));
    ASSERT_EQ(Quantity::FromBytes(value).ToString(), reference::BytesText(value));
  }
}

TEST(Values, NamesAgreeWithTheReference) {
  Texts texts(
      {"a", "a-b", "a.b.c", "example.com/name", "A_b.c", "", "a/b/c", std::string(63, 'a'), std::string(62, 'b'),
       std::string(253, 'c'), std::string(251, 'd') + "/e", "\xC2\x80", "\xC2\xA0", "sb-", std::string(40, 'p')},
      std::string_view("abzAZ09-_./ \n\x7F\xC2\x85\0", 17), 3);
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = texts.Next();
    ASSERT_EQ(IsDns1123Label(text), reference::IsDnsLabel(text)) << text;
    ASSERT_EQ(IsDns1123Subdomain(text), reference::IsDnsSubdomain(text)) << text;
    ASSERT_EQ(IsHostName(text), reference::IsHostName(text)) << text;
    ASSERT_EQ(CheckLabelKey(text).empty(), reference::IsLabelKey(text)) << text;
    ASSERT_EQ(CheckAnnotationKey(text).empty(), reference::IsAnnotationKey(text)) << text;
    ASSERT_EQ(CheckLabelValue(text).empty(), reference::IsLabelValue(text)) << text;
    ASSERT_EQ(CheckNamespacePrefix(text).empty(), reference::IsNamespacePrefix(text)) << text;
  }
}

TEST(Values, FreeNamesAgreeWithTheReference) {
  // Valid UTF-8 only: documents and requests hold no other.
  const std::string_view pieces[] = {"a", " ", "\xC3\xA9", "\xC2\x80", "\xC2\x9F", "\xC2\xA0", "\n", "\x7F", "~"};
  std::mt19937_64 random(4);
  for (int round = 0; round < kRounds; ++round) {
    std::string text;
    for (uint64_t i = random() % 5; i > 0; --i) text.append(pieces[random() % std::size(pieces)]);
    if (random() % 20 == 0) text.append(250, 'x');
    ASSERT_EQ(CheckFreeName(text).empty(), reference::IsPlainName(text)) << text;
  }
}

TEST(Values, RangesAgreeWithTheReference) {
  Texts texts({"10.0.0.0/8", "192.168.1.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "1:2:3:4:5:6:7:8/128", "fe80::/10",
               "64:ff9b::c000:200/120", "1::8/128", "::ffff:1.2.3.4/128", "10.9.8.7/32"},
              "0123489abfF:./ ", 5);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = texts.Next();
    const CidrCheck check = CheckCidr(text);
    ASSERT_EQ(check.ok(), reference::IsStrictCidr(text)) << text;
    if (check.ok()) ++accepted;
    if (!check.corrected.empty()) {
      ASSERT_TRUE(reference::IsStrictCidr(check.corrected)) << text << " -> " << check.corrected;
    }
  }
  EXPECT_GT(accepted, kRounds / 10);
}

TEST(Values, ImagesAgreeWithTheReference) {
  const std::string digest(64, 'a');
  Texts texts({"ubuntu", "ubuntu:22.04", "ghcr.io/team/app:v1", "localhost:5000/a/b", "[::1]:5000/app", "Foo/bar",
               "a__b/c--d.e", "app@sha256:" + digest, "app:t@sha512:" + digest + digest, digest, std::string(247, 'a'),
               "quay.io/" + std::string(255, 'a'), "app:" + std::string(128, 't')},
              "abfA0159-_.:/@[] ", 6);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = texts.Next();
    const bool ours = CheckImage(text).empty();
    ASSERT_EQ(ours, reference::IsImageReference(text)) << text << ": " << CheckImage(text);
    if (ours) ++accepted;
  }
  EXPECT_GT(accepted, kRounds / 10);
}

TEST(Values, HostTemplatesAgreeWithTheReference) {
  Texts texts({"{{.SandboxID}}.example.com", "{{ .SandboxID }}.{{.Namespace}}.a-b.com", "sb-{{.SandboxID}}.x",
               "example.com", "{{.Namespace}}", "{{.SandboxID}}-{{.Namespace}}.a"},
              "{{}}. -aA_\tS", 7);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = texts.Next();
    const std::optional<HostTemplate> ours = HostTemplate::Parse(text);
    ASSERT_EQ(ours.has_value(), reference::IsHostTemplate(text)) << text;
    if (!ours.has_value()) continue;
    ++accepted;
    ASSERT_EQ(ours->uses_sandbox_id(), reference::TemplateNeedsSandboxId(text)) << text;
    std::string host;
    ours->Render("sb1", "acme", host);
    ASSERT_EQ(host, reference::RenderHost(text, "sb1", "acme")) << text;
    ASSERT_EQ(IsValidHostName(host), reference::IsHostName(host)) << text;
  }
  EXPECT_GT(accepted, kRounds / 10);
}

TEST(Values, HashesAgreeWithTheReference) {
  std::mt19937_64 random(8);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t value = random();
    ASSERT_EQ(Mix64(value), reference::Mix(value));
    const std::string text = std::to_string(value);
    ASSERT_EQ(Fnv1a64(text), reference::Fnv1a64(text));
  }
}

}  // namespace
}  // namespace berth
