// The best candidates of those that can take a launch, over all parts of the catalog.
//
// Not part of the public interface; see IndexedAdmission.
//
// Threads:    one at a time; its memory is used again by the next launch
// Cost:       a pass over the runners that have a fitting binding; ranks are compared exactly only for those that may be
//             among the best

#ifndef BERTH_ENGINE_BEST_PLACEMENTS_H_
#define BERTH_ENGINE_BEST_PLACEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "berth/engine/launch_terms.h"
#include "berth/engine/part_scope.h"
#include "berth/policy/select.h"
#include "berth/spec/objects.h"

namespace berth {

class BestPlacements {
 public:
  struct Placed {
    Rank rank;
    double room = 0;       // of the rank, as a number
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
    bool preferred;
    LiveTable::Amount amount;
  };

  void ScanRunners(const Scan& scan, const uint64_t* runners);
  void ScanWord(const Scan& scan, size_t word, uint64_t runners);
  [[nodiscard]] bool IsHopeful(double room, Strategy strategy) const;
  [[nodiscard]] uint64_t HopefulOf(std::span<const double, 64> rooms, Strategy strategy) const;
  // `room` is its RoomPart.
  void Consider(const Scan& scan, uint32_t runner, double room);
  void Place(const Placed& placed, Strategy strategy);
  [[nodiscard]] static bool GoesBefore(const Placed& a, const Placed& b, Strategy strategy);

  std::vector<Placed> placed_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_BEST_PLACEMENTS_H_
