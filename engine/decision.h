// The answer to one launch: admitted where, rejected why, or what is wrong with the request.
//
// A Decision is numbers and indices into the snapshot it was made from; text comes later (berth/engine/json.h,
// berth/engine/message.h). Counts add up: the headlines of all reasons are the candidates.
//
// Ownership:   views into the Scratch it was made with, valid until that Scratch is used again or gone; the Scratch keeps
//              the snapshot
// Threads:     a value

#ifndef BERTH_ENGINE_DECISION_H_
#define BERTH_ENGINE_DECISION_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "berth/engine/snapshot.h"
#include "berth/policy/match.h"
#include "berth/policy/reason.h"
#include "berth/policy/verdict.h"
#include "berth/spec/issue.h"

namespace berth {

// One candidate with everything that keeps it from the launch, and the live state it was judged by.
struct CandidateResult {
  uint32_t binding = 0;  // index into Snapshot::bindings()
  Failures failures;
  LiveState live;
};

// One reason over all candidates.
struct ReasonCount {
  ReasonCode code = ReasonCode::kNoRunners;
  uint32_t headline = 0;  // candidates of which it is the first reason
  uint32_t blocked = 0;   // candidates that fail it
  uint32_t sole = 0;      // candidates that fail nothing else
  // The example, as an index into Snapshot::bindings(): the first candidate of which it is the headline, else the first
  // that fails it. None for scope reasons.
  static constexpr uint32_t kNoExample = static_cast<uint32_t>(-1);
  uint32_t example = kNoExample;
};

// What an engine says besides the bare decision.
struct AdviceOptions {
  bool remedies = true;              // look for changes that would help
  int64_t retry_delay_seconds = 30;  // what a launch is told to wait
};

struct Decision {
  Verdict verdict = Verdict::kInvalid;
  std::string_view code;  // CWSANDBOX_...; empty when admitted
  const Snapshot* snapshot = nullptr;
  uint32_t candidate_count = 0;          // 0 when invalid
  std::span<const ReasonCount> reasons;  // rejected: in order of precedence
  std::span<const uint32_t> placements;  // admitted: the winner, then alternatives; indices of bindings
  std::span<const Issue> violations;     // invalid: sorted by field, then text
  AdviceOptions advice;
};

// With every candidate looked at on its own: what explanations, remedies and lists are made from.
struct DetailedDecision : Decision {
  std::span<const CandidateResult> candidates;  // in catalog order; candidate_count of them
};

}  // namespace berth

#endif  // BERTH_ENGINE_DECISION_H_
