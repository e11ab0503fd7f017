// What the explanations of berth and of the reference have in common.

#ifndef BERTH_TESTS_COMPARABLE_EXPLANATION_H_
#define BERTH_TESTS_COMPARABLE_EXPLANATION_H_

#include <nlohmann/json.hpp>

namespace berth {

// Fields without sources, and without what the reference does not print: the rows of layers, and what was dropped.
inline nlohmann::json ComparableExplanation(nlohmann::json explanation) {
  explanation.erase("dropped");
  for (nlohmann::json& field : explanation["fields"]) {
    field.erase("source");
    field.erase("layers");
    for (nlohmann::json& shadowed : field["shadowed"]) shadowed.erase("source");
  }
  return explanation;
}

}  // namespace berth

#endif  // BERTH_TESTS_COMPARABLE_EXPLANATION_H_
