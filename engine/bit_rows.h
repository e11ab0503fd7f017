// Sets of classes or runners as words of 64 bits, the first in the lowest bit.
//
// Threads:  pure functions

#ifndef BERTH_ENGINE_BIT_ROWS_H_
#define BERTH_ENGINE_BIT_ROWS_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace berth {

[[nodiscard]] constexpr uint64_t BitOf(uint32_t index) { return uint64_t{1} << (index % 64); }
[[nodiscard]] constexpr bool HasBit(const uint64_t* words, uint32_t index) {
  return (words[index / 64] & BitOf(index)) != 0;
}

// Calls `visit(index)` for each bit of the word that is set, in ascending order. `word` counts words.
template <typename Visit>
constexpr void ForEachBit(uint64_t bits, size_t word, Visit visit) {
  for (; bits != 0; bits &= bits - 1) {
    visit(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits))));
  }
}

// The sum of the weights of the rows; `weights` has 64 for each word. Written so that compilers make vectors of it.
[[nodiscard]] constexpr uint32_t SumOf(const uint64_t* rows, const uint32_t* weights, size_t words) {
  uint32_t sum = 0;
  for (size_t i = 0; i < words; ++i) {
    if (rows[i] == 0) continue;
    const uint32_t* const block = weights + i * 64;
    const auto low = static_cast<uint32_t>(rows[i]);
    const auto high = static_cast<uint32_t>(rows[i] >> 32U);
    uint32_t part = 0;
    for (uint32_t bit = 0; bit < 32; ++bit) part += block[bit] & (0U - (low >> bit & 1U));
    for (uint32_t bit = 0; bit < 32; ++bit) part += block[32 + bit] & (0U - (high >> bit & 1U));
    sum += part;
  }
  return sum;
}

}  // namespace berth

#endif  // BERTH_ENGINE_BIT_ROWS_H_
