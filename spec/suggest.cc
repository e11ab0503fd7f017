#include "berth/spec/suggest.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace berth {
namespace {

constexpr size_t kLongest = 64;

// Letters in lower case, without `_` and `-`: spelling styles are no mistakes worth counting.
struct Folded {
  std::array<char, kLongest> text{};
  size_t size = 0;
};

bool Fold(std::string_view text, Folded& folded) {
  folded.size = 0;
  if (text.size() > kLongest) return false;
  for (char c : text) {
    if (c == '_' || c == '-') continue;
    folded.text[folded.size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return true;
}

// Optimal string alignment distance.
size_t Distance(const Folded& a, const Folded& b) {
  std::array<std::array<size_t, kLongest + 1>, 3> rows{};
  for (size_t j = 0; j <= b.size; ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size; ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size; ++j) {
      const size_t replace = above[j - 1] + (a.text[i - 1] == b.text[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a.text[i - 1] == b.text[j - 2] && a.text[i - 2] == b.text[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
    }
  }
  return rows[a.size % 3][b.size];
}

}  // namespace

std::string_view NearestName(std::string_view wanted, std::span<const std::string_view> candidates) {
  Folded from;
  if (!Fold(wanted, from) || from.size == 0) return {};
  std::string_view best;
  size_t best_distance = kLongest;
  for (std::string_view candidate : candidates) {
    Folded to;
    if (candidate.empty() || !Fold(candidate, to)) continue;
    const size_t distance = Distance(from, to);
    const size_t allowed = std::max<size_t>(1, std::max(from.size, to.size) / 3);
    if (distance <= allowed && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace berth
