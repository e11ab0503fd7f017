// RE2 patterns of `allowed_images`.

#ifndef BERTH_VALIDATE_PATTERN_H_
#define BERTH_VALIDATE_PATTERN_H_

#include <string>
#include <string_view>

namespace berth {

// What is wrong with the pattern, or empty. Linear in the pattern; memory is bounded by RE2's own budget.
[[nodiscard]] std::string CheckPattern(std::string_view pattern);

}  // namespace berth

#endif  // BERTH_VALIDATE_PATTERN_H_
