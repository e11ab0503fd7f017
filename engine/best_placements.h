// The best candidates of those that can take a launch, over all parts of the catalog.
//
// Not part of the public interface; see IndexedAdmission.
//
// Threads:    one at a time; its memory is used again by the next launch
// Cost:       a pass over the runners that have a fitting binding; ranks are compared exactly only for those that may be
//             among the best

#ifndef BERTH_ENGINE_BEST_PLACEMENTS_H_
#define BERTH_ENGINE_BEST_PLACEMENTS_H_

#include <cstdint>
#include <vector>

#include "berth/engine/launch_terms.h"
#include "berth/engine/part_scope.h"
#include "berth/policy/select.h"

namespace berth {

class BestPlacements {
 public:
  struct Placed {
    Rank rank;
    uint32_t binding = 0;  // index into the snapshot's
  };

  void Clear() { placed_.clear(); }
  // Looks at the default bindings that fit, or at the others: the former first. Where no binding is preferred, all are
  // others.
  void Add(const LaunchTerms& terms, PartScope& scope, bool preferred);

  [[nodiscard]] bool full() const;
  // The best first.
  [[nodiscard]] const std::vector<Placed>& placed() const { return placed_; }

 private:
  // What the runners of one scan have in common.
  struct Scan {
    const LaunchTerms& terms;
    const PartScope& scope;
    const uint64_t* classes;
    LiveTable::Amount amount;
    Rank rank;  // what does not depend on the runner
  };

  void ScanRunners(const Scan& scan, const uint64_t* runners);
  void ScanWord(const Scan& scan, size_t word, uint64_t runners);
  void Consider(const Scan& scan, uint32_t runner);
  void Place(const Scan& scan, const Rank& rank, uint32_t position);

  std::vector<Placed> placed_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_BEST_PLACEMENTS_H_
