// What the explanations of berth and of the reference have in common.

#ifndef BERTH_TESTS_COMPARABLE_EXPLANATION_H_
#define BERTH_TESTS_COMPARABLE_EXPLANATION_H_

#include <nlohmann/json.hpp>

namespace berth {

// Fields without sources, and without what the reference does not print: what it is about, the rows of layers, and what
// was dropped.
inline nlohmann::json ComparableExplanation(nlohmann::json explanation) {
  for (const char* key : {"runner_id", "profile_name", "organization_id", "valid", "dropped"}) explanation.erase(key);
  for (nlohmann::json& field : explanation["fields"]) {
    field.erase("source");
    field.erase("layers");
    for (nlohmann::json& shadowed : field["shadowed"]) shadowed.erase("source");
  }
  return explanation;
}

}  // namespace berth

#endif  // BERTH_TESTS_COMPARABLE_EXPLANATION_H_
