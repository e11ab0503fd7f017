// Words that texts about decisions share: amounts with their units, names, and who set a value.
//
// Threads:   pure functions
// Tested by: tests/engine_message_test.cc

#ifndef BERTH_ENGINE_WORDING_H_
#define BERTH_ENGINE_WORDING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/layer.h"
#include "berth/spec/quantity.h"

namespace berth {

// "96 CPU", "500m CPU"; "64Gi", "12M", "4294967297 bytes": never an exponent, and never a number without a unit.
std::string AmountText(int64_t units, Resource resource);
std::string AmountText(std::string_view quantity, Resource resource);
// "1 GPU", "4 GPUs".
std::string GpusText(std::string_view count);

// "1 binding", "4 bindings".
std::string BindingsText(size_t count);

// "`a`, `b` and 3 more": the first few of `total` names.
std::string NamesText(const std::vector<std::string>& names, size_t total);
inline std::string NamesText(const std::vector<std::string>& names) { return NamesText(names, names.size()); }

// "sent with the launch", "set by the profile at profiles/agent.yaml:14:18".
std::string SetBy(Layer layer, std::string_view source = {});

// The text on one line and in UTF-8: control characters, line separators and bytes that are not UTF-8 become `?`.
std::string OneLine(std::string_view text);

// The text in at most `max_bytes`, at least 3: what is longer is cut between UTF-8 characters and ends with `...`.
std::string Shortened(std::string text, size_t max_bytes);

}  // namespace berth

#endif  // BERTH_ENGINE_WORDING_H_
