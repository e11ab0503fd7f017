#include <cstddef>
#include <cstdint>
#include <string>

#include "berth/spec/word_scan.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

TEST(WordScan, FindsEveryByteAtEveryPlace) {
  for (size_t size = 0; size < 40; ++size) {
    for (int value = 0; value < 256; ++value) {
      const auto byte = static_cast<unsigned char>(value);
      const auto has = [&](const std::string& text) {
        const auto wanted = [&](uint64_t word) { return WordHas(word, byte); };
        return AnyWord(text, wanted);
      };
      const std::string others(size, static_cast<char>(value ^ 1));
      ASSERT_FALSE(has(others)) << size << ' ' << value;
      for (size_t place = 0; place < size; ++place) {
        std::string text = others;
        text[place] = static_cast<char>(byte);
        ASSERT_TRUE(has(text)) << size << ' ' << value << ' ' << place;
      }
    }
  }
}

TEST(WordScan, TellsBytesBelowALimitAndBeyondAscii) {
  for (int value = 0; value < 256; ++value) {
    std::string text(11, 'a');
    text[7] = static_cast<char>(value);
    EXPECT_EQ(AnyWord(text, [](uint64_t word) { return WordHasBelow(word, 0x20); }), value < 0x20) << value;
    EXPECT_EQ(AnyWord(text, [](uint64_t word) { return WordHasBelow(word, 0x61); }), value < 0x61) << value;
    EXPECT_EQ(AnyWord(text, [](uint64_t word) { return WordHasHigh(word); }), value >= 0x80) << value;
  }
}

TEST(WordScan, ComparesEveryByte) {
  for (size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(SameBytes(text.data(), std::string(text).data(), size));
    for (size_t place = 0; place < size; ++place) {
      std::string other = text;
      other[place] = 'y';
      EXPECT_FALSE(SameBytes(text.data(), other.data(), size)) << size << ' ' << place;
    }
  }
}

}  // namespace
}  // namespace berth
