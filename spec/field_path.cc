#include "berth/spec/field_path.h"

namespace berth {

void AppendPointer(std::string_view token, std::string& pointer) {
  pointer += '/';
  for (char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace berth
