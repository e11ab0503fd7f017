// The bindings of one part of the catalog that a launch is about, and what their classes fail.
//
// Not part of the public interface; see IndexedAdmission.
//
// Threads:    one at a time; its memory is used again by the next launch
// Cost:       Open and Match take a few operations for each 64 classes; with a filter by runner also for each binding
//             that it leaves

#ifndef BERTH_ENGINE_PART_SCOPE_H_
#define BERTH_ENGINE_PART_SCOPE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "berth/engine/launch_terms.h"
#include "berth/engine/part.h"
#include "berth/policy/offer_table.h"

namespace berth {

// Strings to work in.
struct TextScratch {
  std::string namespace_name;
  std::string host;
};

class PartScope {
 public:
  // What the launch's filters leave of the part. Candidates are numbered over all parts, from `first_order` on.
  // `left_out` are runners that do not count.
  void Open(const LaunchTerms& terms, const Part& part, uint32_t first_order, std::span<const uint32_t> left_out);
  // Judges the classes by everything but live state.
  void Match(const LaunchTerms& terms, TextScratch& texts);

  [[nodiscard]] const Part& part() const { return *part_; }
  [[nodiscard]] const LiveTable& live() const { return part_->live(); }
  [[nodiscard]] uint32_t first_order() const { return first_order_; }
  [[nodiscard]] uint32_t candidates() const { return candidates_; }
  // The live table as it was when the scope was opened: what was read since belongs together.
  [[nodiscard]] bool live_unchanged() const { return live().version() == version_; }

  // --- Classes ---
  [[nodiscard]] size_t words() const { return classes_.size(); }
  [[nodiscard]] const RowWords& classes() const { return classes_; }
  [[nodiscard]] bool all_classes() const { return all_classes_; }
  [[nodiscard]] const FailingRows& failing() const { return failing_; }
  // Those that fail anything.
  [[nodiscard]] const RowWords& failed() const { return failed_; }

  // --- Bindings of each class that are in scope, by the health of their runners; the last three only with some that
  // are not healthy ---
  [[nodiscard]] const uint32_t* total() const { return total_; }
  [[nodiscard]] const uint32_t* healthy() const { return healthy_; }
  [[nodiscard]] bool all_healthy() const { return all_healthy_; }
  [[nodiscard]] const uint32_t* not_ready() const { return by_health_.not_ready.data(); }
  [[nodiscard]] const uint32_t* disconnected() const { return by_health_.disconnected.data(); }
  [[nodiscard]] const uint32_t* both() const { return by_health_.both.data(); }

  // --- Runners ---
  [[nodiscard]] size_t runner_words() const { return live().words(); }
  // Those that pass the filters.
  [[nodiscard]] uint64_t RunnersAt(size_t word) const { return some_runners_ ? runners_[word] : live().Runners(word); }

  // Memory for who works on the scope: sets of classes, and sets of runners.
  RowWords class_sets;
  RowWords group;
  RowWords runner_sets;
  RowWords slices;

 private:
  void FilterClasses(const LaunchTerms& terms);
  void FilterRunners(const LaunchTerms& terms, std::span<const uint32_t> left_out);
  void CountByHealth();
  void CountFiltered();
  void MatchTexts(const LaunchTerms& terms, TextScratch& texts);

  const Part* part_ = nullptr;
  uint64_t version_ = 0;
  uint32_t first_order_ = 0;
  uint32_t candidates_ = 0;
  RowWords classes_;
  bool all_classes_ = true;
  RowWords runners_;
  bool some_runners_ = false;
  FailingRows failing_;
  RowWords failed_;
  bool all_healthy_ = true;
  const uint32_t* total_ = nullptr;
  const uint32_t* healthy_ = nullptr;
  std::vector<uint32_t> counts_;
  LiveTable::ClassCounts by_health_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_PART_SCOPE_H_
