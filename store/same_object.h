// Whether two versions of an object are one: the same to every decision, and to every message and place printed.
//
// Threads:    pure functions
// Cost:       linear in the object
// Tested by:  tests/store_directory_test.cc

#ifndef BERTH_STORE_SAME_OBJECT_H_
#define BERTH_STORE_SAME_OBJECT_H_

#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/objects.h"

namespace berth {

// For objects as a catalog is loaded with them: what they hold follows from their tree. Positions count: an object that
// moved down a line is another version of itself.
[[nodiscard]] bool SameObject(const Object& a, const Object& b);

[[nodiscard]] bool SameIssues(const std::vector<Issue>& a, const std::vector<Issue>& b);

}  // namespace berth

#endif  // BERTH_STORE_SAME_OBJECT_H_
