#include "berth/validate/pattern.h"

#include <re2/re2.h>

#include "berth/spec/quoted.h"

namespace berth {

std::string CheckPattern(std::string_view pattern) {
  const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
  if (compiled.ok()) return {};
  return "pattern " + Quoted(pattern) + " is no RE2 regular expression: " + compiled.error();
}

}  // namespace berth
