// One admission for the wire: decided by the engine, told to whoever counts and logs, and kept for later questions.
//
// Threads:  any; the caller brings the Scratch
// Cost:     the engine's admission; of a rejection also the search for remedies, of everything its document

#ifndef BERTH_DAEMON_DECIDER_H_
#define BERTH_DAEMON_DECIDER_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "berth/daemon/recent_decisions.h"
#include "berth/daemon/tokens.h"
#include "berth/engine/decision.h"
#include "berth/engine/engine.h"
#include "berth/spec/launch.h"
#include "google/rpc/status.pb.h"

namespace berth {

// What observers are told of each decision. Views are valid during the call.
struct DecisionEvent {
  std::string_view id;
  const Caller& caller;
  const LaunchRequest& request;
  const Decision& decision;
  std::chrono::nanoseconds took;
};
using DecisionObserver = std::function<void(const DecisionEvent&)>;

struct Decided {
  std::string id;
  DetailedDecision decision;   // views the Scratch; of an admission without its candidates
  google::rpc::Status status;  // OK when admitted
  std::string json;            // berth.decision/v1
};

class Decider {
 public:
  static constexpr int kMaxAttempts = 8;

  Decider(const Engine& engine, RecentDecisions& recent, DecisionObserver observer)
      : engine_(engine), recent_(recent), observer_(std::move(observer)) {}

  // `take` gets what an admission promises, such as a part of the runner's free resources; false when another was faster,
  // and the launch is decided anew. After kMaxAttempts it is RESOURCE_EXHAUSTED, and nobody is told of it.
  using Take = std::function<bool(const Decision&)>;
  [[nodiscard]] Decided Decide(const Caller& caller, const LaunchRequest& request, Scratch& scratch,
                               const Take& take = {}) const;

 private:
  const Engine& engine_;
  RecentDecisions& recent_;
  const DecisionObserver observer_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_DECIDER_H_
