// The decision on a case of a policy test, compared with what the case wants.
//
// Guarantees:  what is named is compared and nothing else; the same input gives the same differences
// Threads:     one thread
// Cost:        a document of the decision, and one merge for the fields
// Tested by:   tests/cli_policy_test.py, golden files

#ifndef BERTH_CLI_POLICY_JUDGE_H_
#define BERTH_CLI_POLICY_JUDGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/cli/policy_test.h"
#include "berth/engine/decision.h"
#include "berth/engine/engine.h"
#include "berth/spec/node.h"
#include "berth/spec/objects.h"

namespace berth::cli {

// Something wanted that is otherwise.
struct Difference {
  std::string path;  // `placement.runner_id`
  NodeRef wanted;    // null or a kNull node: nothing
  NodeRef given;     // likewise
  std::string hint;  // why, or what may have been meant; may be empty
};

struct Judgement {
  std::vector<Difference> differences;  // none: the case passes
  std::optional<uint32_t> binding;      // whose fields were compared, where the case names one
};

// What of `test.want` the decision on `test.request` does not have.
Judgement Judge(const TestCase& test, const DetailedDecision& decision);

// Sets the live state that a case wants, and puts back what was there when the case is over.
class CaseState {
 public:
  CaseState(const TestCase& test, Engine& engine);
  CaseState(const CaseState&) = delete;
  CaseState& operator=(const CaseState&) = delete;
  ~CaseState();

  // One for each runner that the launch cannot see.
  [[nodiscard]] const std::vector<Difference>& unknown() const { return unknown_; }

 private:
  struct Saved {
    const Runner* runner;
    LiveState state;
  };

  void Set(const Runner& runner, const LiveState& state);

  Engine& engine_;
  std::shared_ptr<const Snapshot> snapshot_;  // holds the runners
  std::vector<Saved> saved_;
  std::vector<Difference> unknown_;
};

}  // namespace berth::cli

#endif  // BERTH_CLI_POLICY_JUDGE_H_
