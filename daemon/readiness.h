// Whether the daemon can answer, and how its catalog stands, as a document: berth.readiness/v1.
//
// Guarantees: bounded, whatever is wrong with the catalog: at most kMaxListed entries of each kind are listed and all
//             are counted
// Threads:    pure function
// Tested by:  tests/daemon_operation_test.py, docs/schemas/readiness.schema.json

#ifndef BERTH_DAEMON_READINESS_H_
#define BERTH_DAEMON_READINESS_H_

#include <cstddef>
#include <string>

#include "berth/daemon/feed_status.h"

namespace berth {

inline constexpr size_t kMaxListed = 100;

// Stale objects and files, and invalid bindings, carry the place of each finding as `file:line:column`. `objects` is how
// many are served; `draining`: the daemon is about to stop.
std::string ReadinessJson(const FeedStatus& status, size_t objects, bool draining);

}  // namespace berth

#endif  // BERTH_DAEMON_READINESS_H_
