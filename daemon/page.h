// Pages of a list: how many items a caller may have at a time, and an opaque token for the next ones (AIP-158).
//
// A token names the last item given, so an edit of the catalog between two pages neither repeats nor skips items that
// stay. It is bound to who asked and what was asked: another filter, another method or a garbled token is refused.
//
// Threads:   pure functions
// Tested by: tests/daemon_discovery_api_test.cc, fuzz/page_token_fuzzer.cc

#ifndef BERTH_DAEMON_PAGE_H_
#define BERTH_DAEMON_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

inline constexpr size_t kDefaultPageSize = 50;
inline constexpr size_t kMaxPageSize = 100;

// 0 is the default, too many are reduced; nothing when negative.
std::optional<size_t> PageSizeOf(int32_t asked);

// The sort key of an item; no two items of a list have the same.
using PageKey = std::vector<std::string>;

// The token for what comes after the item `last`. `asked` is everything that must stay the same between pages: method,
// caller, filters.
std::string MakePageToken(const PageKey& last, const std::vector<std::string_view>& asked);
// Nothing when the token is not, to the byte, one that MakePageToken gave for the same `asked`.
std::optional<PageKey> ReadPageToken(std::string_view token, const std::vector<std::string_view>& asked);

}  // namespace berth

#endif  // BERTH_DAEMON_PAGE_H_
