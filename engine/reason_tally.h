// Why candidates cannot take a launch, counted over the classes of all parts: how many each constraint blocks, is the
// headline of, and is the only obstacle of.
//
// Not part of the public interface; see IndexedAdmission.
//
// What live state does not decide is summed over classes. Free resources come last in the order of precedence, so
// runners that are short of something only add to what they block, and take away from what others block alone: that is
// counted on sets of runners, for the classes that fail nothing else, or one thing.
//
// Threads:    one at a time
// Cost:       a few operations for each constraint that fails and 64 classes; with short runners also a pass over the
//             runners, and one over the runners of each class with at most one failure

#ifndef BERTH_ENGINE_REASON_TALLY_H_
#define BERTH_ENGINE_REASON_TALLY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/launch_terms.h"
#include "berth/engine/part_scope.h"
#include "berth/policy/reason.h"

namespace berth {

// Of a runner.
enum class Health : uint8_t { kAny, kHealthy, kNotReady, kDisconnected, kOnlyDisconnected };

class ReasonTally {
 public:
  // Parts must come in the order of their candidates. No candidate of any part may take the launch.
  void Add(const LaunchTerms& terms, PartScope& scope);
  // Appends what was counted, in order of precedence. `scopes` are those that were added.
  void AppendTo(std::span<const PartScope> scopes, std::vector<ReasonCount>& reasons) const;

 private:
  struct Row {
    uint32_t headline = 0;
    uint32_t blocked = 0;
    uint32_t sole = 0;
    // The first candidate of which it is the headline, and that fails it, by their numbers.
    uint32_t first_headline = kNone;
    uint32_t first_blocked = kNone;
  };
  static constexpr uint32_t kNone = static_cast<uint32_t>(-1);
  class Shortages;

  Row& RowOf(ReasonCode code) { return rows_[static_cast<size_t>(code)]; }
  void AddConstraints(const PartScope& scope, uint64_t* failed, uint64_t* twice, uint64_t* work);
  void AddHealth(const PartScope& scope, const uint64_t* early, uint64_t* clean);
  static void Note(Row& row, const PartScope& scope, const uint64_t* headline, Health headline_health,
                   const uint64_t* blocked, Health blocked_health);
  void AddSoles(const PartScope& scope, const uint64_t* single, uint64_t* rows);

  std::array<Row, kConstraintCount> rows_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_REASON_TALLY_H_
