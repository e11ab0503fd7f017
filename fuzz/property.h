// How a fuzz target says that a promise broke: in words, on standard error, then by aborting.

#ifndef BERTH_FUZZ_PROPERTY_H_
#define BERTH_FUZZ_PROPERTY_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace berth {

// `detail` is the value that broke the promise; it may hold any bytes.
inline void Require(bool holds, std::string_view promise, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  if (!detail.empty()) std::fprintf(stderr, "  by: %.*s\n", static_cast<int>(detail.size()), detail.data());
  std::abort();
}

inline std::string_view TextOf(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

}  // namespace berth

#endif  // BERTH_FUZZ_PROPERTY_H_
