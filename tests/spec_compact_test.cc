#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/compact_text.h"
#include "berth/spec/compact_vector.h"

namespace berth {
namespace {

constexpr std::string_view kTexts[] = {"", "a", "fifteen bytes..", "sixteen bytes...", "a text that is on the heap"};

TEST(CompactText, KeepsItsBytesInCopiesAndMoves) {
  for (const std::string_view bytes : kTexts) {
    for (CompactText text : {CompactText(bytes), CompactText::Static(bytes)}) {
      const CompactText copy = text;
      EXPECT_EQ(text, bytes);
      EXPECT_EQ(copy, text);
      CompactText moved = std::move(text);
      EXPECT_EQ(moved, bytes);
      text = moved;
      moved = CompactText("another text that is on the heap");
      EXPECT_EQ(text, bytes);
      text = std::move(moved);
      EXPECT_EQ(text, "another text that is on the heap");
    }
  }
}

TEST(CompactText, ComparesAndConvertsAsAString) {
  for (const std::string_view left : kTexts) {
    const CompactText text(left);
    EXPECT_EQ(text.size(), left.size());
    EXPECT_EQ(text.empty(), left.empty());
    EXPECT_EQ(std::string(text), left);
    EXPECT_EQ("<" + text + ">", "<" + std::string(left) + ">");
    EXPECT_EQ(text + ">", std::string(left) + ">");
    for (const std::string_view right : kTexts) {
      EXPECT_EQ(text == CompactText(right), left == right);
      EXPECT_EQ(text < CompactText(right), left < right);
      EXPECT_EQ(text < right, left < right);
    }
  }
}

using Items = CompactVector<std::shared_ptr<const int>>;

std::vector<int> ValuesOf(const Items& items) {
  std::vector<int> values;
  for (const auto& item : items) values.push_back(item == nullptr ? -1 : *item);
  return values;
}

Items MakeItems(int count) {
  Items items;
  for (int i = 0; i < count; ++i) items.push_back(std::make_shared<const int>(i));
  return items;
}

TEST(CompactVector, ChangesAsAVectorDoes) {
  Items items = MakeItems(6);
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 1, 2, 3, 4, 5}));
  items.insert(items.begin() + 2, std::make_shared<const int>(9));
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 1, 9, 2, 3, 4, 5}));
  EXPECT_EQ(**items.erase(items.begin() + 1), 9);
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 9, 2, 3, 4, 5}));
  items.erase(items.begin() + 1, items.begin() + 3);
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 3, 4, 5}));
  const Items more = MakeItems(2);
  items.insert(items.begin() + 1, more.begin(), more.end());
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 0, 1, 3, 4, 5}));
  items[2] = nullptr;
  erase(items, nullptr);
  erase_if(items, [](const auto& item) { return *item == 4; });
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 0, 3, 5}));
  items.clear();
  EXPECT_TRUE(items.empty());
}

TEST(CompactVector, OwnsItsElements) {
  Items items = MakeItems(3);
  const std::weak_ptr<const int> last = items.back();
  Items copy = items;
  EXPECT_EQ(last.use_count(), 2);
  const Items moved = std::move(copy);
  EXPECT_EQ(last.use_count(), 2);
  items.push_back(items.front());  // of itself, while it grows
  items.erase(items.begin() + 2);
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(last.use_count(), 1);
  items = moved;
  EXPECT_EQ(ValuesOf(items), (std::vector<int>{0, 1, 2}));
  items = {};
  EXPECT_TRUE(items.empty());
  EXPECT_EQ(items.begin(), items.end());
}

}  // namespace
}  // namespace berth
