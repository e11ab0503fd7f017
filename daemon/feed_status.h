// How the feed of a catalog stands, and what happens to it: values for readiness, metrics and logs.
//
// Threads:    values and pure functions
// Tested by:  tests/daemon_catalog_feed_test.cc

#ifndef BERTH_DAEMON_FEED_STATUS_H_
#define BERTH_DAEMON_FEED_STATUS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/engine/snapshot.h"
#include "berth/spec/issue.h"
#include "berth/store/source.h"

namespace berth {

// A binding that is PROFILE_INVALID: no launch gets it.
struct InvalidBinding {
  std::string runner_id;
  std::string organization_id;
  std::string profile_name;   // as launches call it
  std::vector<Issue> issues;  // the first ones; none are gathered once there are very many such bindings
};

struct FeedStatus {
  bool ready = false;            // a catalog with an object that can be served was published
  uint64_t served_revision = 0;  // what decisions carry
  uint64_t source_revision = 0;  // what the source is at; ahead while all that is newer is refused
  std::optional<std::chrono::system_clock::time_point> applied_at;  // the last time the engine took something
  // Sorted by key.
  std::vector<StaleObject> stale;                // newest version refused, the last good one served
  std::vector<StaleObject> refused;              // refused without a good version: not served
  std::vector<InvalidBinding> invalid_bindings;  // sorted by runner, organization, profile
  SourceStatus source;                           // its stale files and problems
  std::string last_error;                        // why the last attempt failed; empty when it did not
};

struct FeedEvent {
  enum class Kind : uint8_t {
    kReady,            // for the first time
    kApplied,          // `count` changes make `revision`
    kObjectStale,      // `subject` is its key
    kObjectRefused,    // `subject` is its key
    kObjectGood,       // neither any more, or gone
    kBindingInvalid,   // `binding`
    kBindingsInvalid,  // `count` more at the same time
    kBindingGood,      // `binding` is valid again, or gone
    kBindingsGood,     // `count` more at the same time
    kFileStale,        // `subject` is its name; `count` objects are kept
    kFileGood,         // not any more, or gone
    kProblem,          // `subject` is what the source says of itself
    kProblemOver,      // `subject` is what it said
    kFailed,           // `subject` is the error
  };
  Kind kind = Kind::kApplied;
  std::string subject;
  std::vector<Issue> issues;  // why, with file, line and column
  uint64_t revision = 0;      // that is served by now
  size_t count = 0;
  InvalidBinding binding = {};  // without its issues: they are above
};

// Of bindings that become invalid, or good, at the same time, so many are told of one by one.
inline constexpr size_t kMaxBindingEvents = 20;

// The bindings of a snapshot that are invalid.
std::vector<InvalidBinding> InvalidBindingsOf(const Snapshot& snapshot);

// What tells `after` from `before`, except for kApplied.
std::vector<FeedEvent> EventsBetween(const FeedStatus& before, const FeedStatus& after);

}  // namespace berth

#endif  // BERTH_DAEMON_FEED_STATUS_H_
