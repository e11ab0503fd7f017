// Random partial PodSpecs, made from the field table: every list that merges, every one-of, nulls and directives.
//
// Shapes only: texts come from a small pool, whatever the field takes. Elements draw their keys from four, so that
// layers meet.
//
// Guarantees:  the same draws give the same spec with every compiler and library
// Threads:     pure functions
#ifndef BERTH_TESTS_RANDOM_POD_H_
#define BERTH_TESTS_RANDOM_POD_H_

#include <functional>
#include <nlohmann/json.hpp>

#include "berth/spec/pod_field.h"
#include "tests/random_catalog.h"

namespace berth {

struct PodDialect {
  bool patch = false;  // with nulls and directives, as a layer above others has them
  std::function<bool(const PodField&)> knows = [](const PodField&) { return true; };
};

nlohmann::json MakeRandomPodSpec(Random& random, const PodDialect& dialect);

}  // namespace berth

#endif  // BERTH_TESTS_RANDOM_POD_H_
