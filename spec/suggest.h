// "Did you mean": the known name nearest to a mistyped one.

#ifndef BERTH_SPEC_SUGGEST_H_
#define BERTH_SPEC_SUGGEST_H_

#include <span>
#include <string_view>

namespace berth {

// The candidate with the fewest edits (insert, delete, replace, swap of neighbours; case and `_` are free), or empty
// when none is near: at most a third of the characters may differ. Ties go to the first candidate.
// Cost: O(candidates x length^2), lengths bounded; names longer than 64 bytes get no suggestion.
std::string_view NearestName(std::string_view wanted, std::span<const std::string_view> candidates);

}  // namespace berth

#endif  // BERTH_SPEC_SUGGEST_H_
