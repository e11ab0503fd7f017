// What one launch is judged by. Not part of the public interface.

#ifndef BERTH_ENGINE_LAUNCH_TERMS_H_
#define BERTH_ENGINE_LAUNCH_TERMS_H_

#include <cstdint>

#include "berth/engine/snapshot.h"
#include "berth/policy/match.h"
#include "berth/spec/launch.h"

namespace berth {

struct LaunchTerms {
  const Snapshot& snapshot;
  const LaunchRequest& request;
  const CompiledOrganization& organization;
  Need need;
  bool named = false;         // the request names a profile
  uint64_t sandbox_hash = 0;  // Fnv1a64 of its id

  // The launch brings both amounts that a runner must have free, so they are the same for all bindings.
  [[nodiscard]] bool brings_amounts() const {
    return need.requests.cpu.has_value() && need.requests.memory.has_value();
  }
};

}  // namespace berth

#endif  // BERTH_ENGINE_LAUNCH_TERMS_H_
