// Why a binding is PROFILE_INVALID, as findings of the catalog.
//
// Threads:    pure function
// Cost:       one check of the binding's spec
// Tested by:  tests/daemon_catalog_feed_test.cc

#ifndef BERTH_ENGINE_BINDING_ERRORS_H_
#define BERTH_ENGINE_BINDING_ERRORS_H_

#include <cstddef>
#include <vector>

#include "berth/engine/snapshot.h"
#include "berth/spec/issue.h"

namespace berth {

// The first `most` findings that make the binding invalid: of the objects that it is made of, else of what they say
// together. Empty for a valid one.
std::vector<Issue> ErrorsOf(const Snapshot& snapshot, const CompiledBinding& binding, size_t most);

}  // namespace berth

#endif  // BERTH_ENGINE_BINDING_ERRORS_H_
