// Where in a source text something stands.
//
// Lines and columns start at 1. A column counts Unicode code points from the start of its line: a tab is one, a byte
// order mark at the start of the file is none. Line 0 means "no known place" (a value berth computed itself).

#ifndef BERTH_SPEC_POSITION_H_
#define BERTH_SPEC_POSITION_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace berth {

struct Position {
  uint32_t line = 0;
  uint32_t column = 0;

  [[nodiscard]] bool known() const { return line != 0; }
  friend bool operator==(const Position&, const Position&) = default;
};

// `file:line:column`; what is empty or not known is left out.
inline std::string PlaceText(std::string_view file, Position position) {
  std::string place(file);
  if (!position.known()) return place;
  if (!place.empty()) place += ':';
  return place.append(std::to_string(position.line)).append(":").append(std::to_string(position.column));
}

}  // namespace berth

#endif  // BERTH_SPEC_POSITION_H_
