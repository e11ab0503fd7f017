// One admission over classes of bindings in place of bindings: the same decision as Admission, without its candidates.
//
// What does not depend on live state is judged once for each class. Counts then are sums over classes; bindings on
// unhealthy runners are counted beforehand (LiveTable). Only where free resources decide are runners looked at: 64 at a
// time by bits, those of a class by its own bits. Candidates that take the launch are ranked in one pass over the
// runners that have one.
//
// Not part of the public interface; see berth/engine/engine.h.
//
// Threads:    one at a time for each Scratch
// Cost:       without free resources to compare, some operations for each constraint and 64 classes, whatever the number
//             of bindings; else also a pass over the runners in scope. Allocates nothing with a warm Scratch, but for
//             organizations that restrict images
// Tested by:  the differential test

#ifndef BERTH_ENGINE_INDEXED_ADMISSION_H_
#define BERTH_ENGINE_INDEXED_ADMISSION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "berth/engine/decision.h"
#include "berth/engine/part.h"
#include "berth/engine/scratch.h"
#include "berth/engine/snapshot.h"
#include "berth/policy/match.h"
#include "berth/spec/launch.h"

namespace berth {

class IndexedAdmission {
 public:
  IndexedAdmission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch);

  // Whether classes can decide it: the bindings of a class are judged alike, but not what `overrides` make of them.
  [[nodiscard]] static bool Decides(const LaunchRequest& request);

  // Fills the scratch and a decision that views it.
  [[nodiscard]] Decision Run();

 private:
  using Short = std::array<uint64_t, kSupplyCount>;  // a set of runners for each supply
  using Amount = LiveTable::Amount;
  // Bindings of one class on runners that are short of something.
  struct ShortCounts {
    std::array<uint32_t, kSupplyCount> blocked{};
    std::array<uint32_t, kSupplyCount> headline{};  // healthy, and not short of what goes before
    std::array<uint32_t, kSupplyCount> only{};      // healthy, and short of nothing else
    uint32_t healthy = 0;                           // healthy, and short of anything
    uint32_t not_ready = 0;                         // short, and otherwise only not ready
    uint32_t disconnected = 0;
  };

  [[nodiscard]] bool TryDecide(Decision& decision);

  // --- Scope ---
  void Open(const Part* part, std::span<const uint32_t> left_out);
  void FilterClasses(PartScratch& scope) const;
  void FilterRunners(std::span<const uint32_t> left_out, PartScratch& scope) const;
  void CountScope(PartScratch& scope) const;
  void CountFiltered(PartScratch& scope) const;
  [[nodiscard]] ReasonCode EmptyScope() const;

  // --- Match ---
  void MatchPart(PartScratch& scope);
  void MatchTexts(PartScratch& scope);

  // --- Select ---
  void SelectIn(PartScratch& scope, bool preferred);
  void ScanRunners(PartScratch& scope, const uint64_t* classes, const uint64_t* runners, const Amount& amount,
                   bool preferred);
  void Place(const PartScratch& scope, uint32_t position, const Rank& rank);
  [[nodiscard]] bool Full() const;

  // --- Count ---
  void CountReasons(PartScratch& scope);
  void CountShort(PartScratch& scope, const uint64_t* failed, const uint64_t* single);
  [[nodiscard]] ShortCounts CountShortOf(PartScratch& scope, uint32_t class_index, const Amount& amount,
                                         bool is_headline);
  [[nodiscard]] bool MayRunShort(const PartScratch& scope) const;
  void NoteExample(const PartScratch& scope, ReasonCode code, uint32_t headline_at, uint32_t blocked_at);
  void PutReasons();

  [[nodiscard]] Amount AmountOf(const PartScratch& scope, uint32_t class_index) const;

  const Snapshot& snapshot_;
  const LaunchRequest& request_;
  const CompiledOrganization& organization_;
  Scratch& scratch_;
  Need need_;
  bool named_;
  size_t part_count_ = 0;
  uint64_t sandbox_hash_ = 0;
  std::array<ReasonCount, kConstraintCount> counts_;
  // The first candidate of which it is the headline, and that fails it, by their order.
  std::array<uint32_t, kConstraintCount> first_headline_;
  std::array<uint32_t, kConstraintCount> first_blocked_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_INDEXED_ADMISSION_H_
