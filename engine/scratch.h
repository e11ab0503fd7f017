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
#include <optional>
#include <string>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/live_table.h"
#include "berth/policy/offer_table.h"
#include "berth/policy/select.h"
#include "berth/spec/issue.h"

namespace berth {

class Part;

// What IndexedAdmission works with for one part of the catalog.
struct PartScratch {
  const Part* part = nullptr;
  uint64_t version = 0;      // of its live table
  uint32_t first_order = 0;  // of its first binding among all that are visible
  uint32_t candidates = 0;
  RowWords scope;         // classes that pass the filters
  bool filtered = false;  // by runner: only those in `within` count
  RowWords within;        // runners
  FailingRows failing;    // classes, by what does not depend on live state
  RowWords failed;        // those that fail something of it
  // Bindings of each class that are in scope: all, and on runners that are healthy, not ready, disconnected, both.
  const uint32_t* total = nullptr;
  const uint32_t* healthy = nullptr;
  bool all_healthy = true;
  std::vector<uint32_t> counted;
  std::vector<uint32_t> healthy_counted;
  std::vector<uint32_t> not_ready;
  std::vector<uint32_t> disconnected;
  std::vector<uint32_t> both;
  RowWords runners;  // sets of runners, one after another
  RowWords rows;     // sets of classes, likewise
  // For each supply, the runners that have less than `short_of`.
  std::optional<LiveTable::Amount> short_of;
  RowWords short_words;
};

// A candidate that takes the launch.
struct Placed {
  Rank rank;
  uint32_t binding = 0;
};

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
  std::vector<Placed> placed_;
  std::vector<Issue> violations_;
  std::array<PartScratch, 2> parts_;  // own, shared
  std::string gpu_type_;
  std::string namespace_;
  std::string host_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_SCRATCH_H_
