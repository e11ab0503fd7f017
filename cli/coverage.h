// What of a catalog the cases of policy tests exercise, and what none of them does.
//
// Counted are bindings, each binding's egress modes and ingress levels, and guardrails: the places that can say no to a
// launch. What can say no to nobody, such as a maximum that is not set, is no guardrail.
//
// Guarantees:  the same cases give the same report, in whatever order they ran
// Threads:     one thread
// Cost:        Add is linear in the decision's candidates and their failures
// Tested by:   tests/cli_policy_test.py, golden files

#ifndef BERTH_CLI_COVERAGE_H_
#define BERTH_CLI_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/cli/terminal.h"
#include "berth/engine/decision.h"
#include "berth/engine/snapshot.h"
#include "berth/spec/launch.h"
#include "berth/spec/writer.h"

namespace berth::cli {

enum class Covered : uint8_t { kBindings, kEgressModes, kIngressLevels, kGuardrails };
inline constexpr size_t kCoveredKinds = static_cast<size_t>(Covered::kGuardrails) + 1;

struct CoverageCount {
  size_t exercised = 0;
  size_t total = 0;

  // Rounded down, so that 100 is all; 100 also where there is nothing to exercise.
  [[nodiscard]] size_t percent() const { return total == 0 ? 100 : exercised * 100 / total; }
  [[nodiscard]] bool below(size_t wanted) const { return exercised * 100 < wanted * total; }
  CoverageCount& operator+=(const CoverageCount& other) {
    exercised += other.exercised;
    total += other.total;
    return *this;
  }
};

struct CoverageItem {
  uint32_t binding = 0;    // but for guardrails, which many bindings can share
  std::string name;        // of a mode or level; the field of a guardrail
  std::string_view layer;  // of a guardrail: who set it
  std::string source;      // file:line:column
  bool exercised = false;
};

class Coverage {
 public:
  explicit Coverage(std::shared_ptr<const Snapshot> snapshot);

  // A case's launch, the decision on it, and the binding whose fields the case compares by name.
  void Add(const DetailedDecision& decision, const LaunchRequest& request, std::optional<uint32_t> compared);

  [[nodiscard]] CoverageCount CountOf(Covered kind) const;
  [[nodiscard]] CoverageCount total() const;

  // The counts, then what is missing. `catalog` is what the catalog is called.
  void Print(std::string_view catalog, Stream& out) const;
  void Write(std::string_view catalog, JsonWriter& writer) const;

 private:
  void FindNames(uint32_t index);
  void FindGuardrails();
  void AddGuardrail(ReasonCode code, uint32_t binding, const LaunchRequest& request, std::string_view field);
  void AddOrganization(const std::string& id);

  [[nodiscard]] std::vector<CoverageItem>& ItemsOf(Covered kind) { return items_[static_cast<size_t>(kind)]; }
  [[nodiscard]] std::span<const CoverageItem> ItemsOf(Covered kind) const { return items_[static_cast<size_t>(kind)]; }
  void Exercise(Covered kind, uint32_t binding, std::string_view name);

  std::shared_ptr<const Snapshot> snapshot_;
  DetailedDecision of_catalog_;  // guardrails are looked up with it
  std::array<std::vector<CoverageItem>, kCoveredKinds> items_;
  std::map<std::string, size_t, std::less<>> guardrails_;  // by source, among the items
};

}  // namespace berth::cli

#endif  // BERTH_CLI_COVERAGE_H_
