// Memory for one decision after another. Keep one per thread: once it has grown, a decision allocates nothing.
//
// It also keeps the snapshot that it decided by last, so that a decision finds out with one load whether that is still
// the newest.
//
// Threads:  belongs to one thread at a time
// Cost:     while it is not used, it keeps a snapshot that may have been replaced: Release gives that back

#ifndef BERTH_ENGINE_SCRATCH_H_
#define BERTH_ENGINE_SCRATCH_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "berth/engine/best_placements.h"
#include "berth/engine/decision.h"
#include "berth/engine/part_scope.h"
#include "berth/policy/select.h"
#include "berth/spec/issue.h"

namespace berth {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Gives back the snapshot; decisions made with it are gone.
  void Release() { snapshot_.reset(); }

 private:
  friend class Admission;
  friend class IndexedAdmission;
  friend class Engine;

  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<CandidateResult> candidates_;
  std::vector<ReasonCount> reasons_;
  std::vector<uint32_t> placements_;
  std::vector<Rank> ranks_;
  std::vector<Issue> violations_;
  std::array<PartScope, 2> scopes_;  // own, shared
  BestPlacements best_;
  TextScratch texts_;
  std::string gpu_type_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_SCRATCH_H_
