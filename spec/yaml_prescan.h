// What is wrong with the bytes of a YAML text, found before its grammar is looked at.
//
// YAML versions differ about a few characters, and a text full of directives is slow to parse; both are settled here.
//
// Guarantees:  a text without `refused` is UTF-8 without NUL, control characters other than tab, CR and LF, U+0085,
//              U+2028, U+2029, noncharacters of the first plane, or a byte order mark after its start
// Cost:        one pass

#ifndef BERTH_SPEC_YAML_PRESCAN_H_
#define BERTH_SPEC_YAML_PRESCAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

struct YamlPrescan {
  struct Refusal {
    uint32_t offset = 0;
    std::string message;
  };
  std::optional<Refusal> refused;
  // Where a line starts with `%` and is no `%YAML 1.1` or `%YAML 1.2`.
  std::vector<uint32_t> directives;
};

// Looks at the bytes from `begin` on.
YamlPrescan PrescanYaml(std::string_view text, uint32_t begin);

}  // namespace berth

#endif  // BERTH_SPEC_YAML_PRESCAN_H_
