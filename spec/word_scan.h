// Questions about all bytes of a text, answered eight bytes at a time.
//
// The tests of a word are exact as a yes or no; which byte it was they only tell of the lowest.
//
// Threads:  pure functions
// Cost:     about a nanosecond for eight bytes; no allocation, no byte read outside the text
// Tested by: tests/spec_word_scan_test.cc

#ifndef BERTH_SPEC_WORD_SCAN_H_
#define BERTH_SPEC_WORD_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace berth {

inline constexpr uint64_t kEveryByte = 0x0101010101010101U;
inline constexpr uint64_t kHighBits = 0x8080808080808080U;

// Not 0: a byte of the word is `byte`; is below `limit`, which is at most 0x80; is beyond ASCII.
constexpr uint64_t WordHas(uint64_t word, unsigned char byte) {
  const uint64_t zero_where_equal = word ^ (kEveryByte * byte);
  return (zero_where_equal - kEveryByte) & ~zero_where_equal & kHighBits;
}
constexpr uint64_t WordHasBelow(uint64_t word, unsigned char limit) {
  return (word - kEveryByte * limit) & ~word & kHighBits;
}
constexpr uint64_t WordHasHigh(uint64_t word) { return word & kHighBits; }

template <typename Word>
Word LoadWord(const char* bytes) {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Whether `test` is not 0 for a word of the text's bytes; every byte is in one of the words it sees, and nothing else is.
template <typename Test>
bool AnyWord(std::string_view text, Test test) {
  const char* const bytes = text.data();
  const size_t size = text.size();
  if (size >= 8) {
    for (size_t i = 0; i + 8 < size; i += 8) {
      if (test(LoadWord<uint64_t>(bytes + i)) != 0) return true;
    }
    return test(LoadWord<uint64_t>(bytes + size - 8)) != 0;
  }
  if (size >= 4) {
    const uint64_t last = LoadWord<uint32_t>(bytes + size - 4);
    return test(LoadWord<uint32_t>(bytes) | last << 32U) != 0;
  }
  if (size == 0) return false;
  const auto at = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])); };
  return test((at(0) * 0x0101010101000001U) | at(size / 2) << 8U | at(size - 1) << 16U) != 0;
}

// The same bytes. Both sizes are known to be equal; quicker than memcmp for names.
inline bool SameBytes(const char* a, const char* b, size_t size) {
  if (size >= 8) {
    for (size_t i = 0; i + 8 < size; i += 8) {
      if (LoadWord<uint64_t>(a + i) != LoadWord<uint64_t>(b + i)) return false;
    }
    return LoadWord<uint64_t>(a + size - 8) == LoadWord<uint64_t>(b + size - 8);
  }
  if (size >= 4) {
    return LoadWord<uint32_t>(a) == LoadWord<uint32_t>(b) &&
           LoadWord<uint32_t>(a + size - 4) == LoadWord<uint32_t>(b + size - 4);
  }
  for (size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace berth

#endif  // BERTH_SPEC_WORD_SCAN_H_
