// One admission over classes of bindings in place of bindings: the same decision as Admission, without its candidates.
//
// Not part of the public interface; see berth/engine/engine.h. The steps are those of Admission: scope and match
// (berth/engine/part_scope.h), select (best_placements.h), count (reason_tally.h), for the caller's own runners and for
// the shared ones.
//
// Threads:    one at a time for each Scratch
// Cost:       without free resources to compare, some operations for each constraint and 64 classes, whatever the number
//             of bindings; else also a pass over the runners in scope. Allocates nothing with a warm Scratch, but for
//             organizations that restrict images
// Tested by:  tests/engine_index_test.cc, the differential test

#ifndef BERTH_ENGINE_INDEXED_ADMISSION_H_
#define BERTH_ENGINE_INDEXED_ADMISSION_H_

#include <cstdint>
#include <span>

#include "berth/engine/decision.h"
#include "berth/engine/launch_terms.h"
#include "berth/engine/scratch.h"

namespace berth {

class IndexedAdmission {
 public:
  IndexedAdmission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch);

  // Whether classes can decide it: the bindings of a class are judged alike, but not what `overrides` make of them.
  [[nodiscard]] static bool Decides(const LaunchRequest& request);

  // Fills the scratch and a decision that views it.
  [[nodiscard]] Decision Run();

 private:
  [[nodiscard]] bool TryDecide(Decision& decision);
  std::span<PartScope> OpenScopes();
  [[nodiscard]] ReasonCode EmptyScope(std::span<const PartScope> scopes) const;

  Scratch& scratch_;
  LaunchTerms terms_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_INDEXED_ADMISSION_H_
