// The front door: a catalog goes in, answers come out.
//
// An Engine holds one immutable snapshot at a time. Apply edits the set of objects and publishes a new snapshot; calls
// that are under way finish on the one they started with. Health and free resources change beside the snapshot and
// rebuild nothing.
//
//   berth::Engine engine;
//   engine.Publish(catalog, /*revision=*/1);
//   berth::Scratch scratch;  // one per thread
//   berth::Decision decision = engine.Admit(request, scratch);
//
// Guarantees:  decisions are pure: the same snapshot, live state and request give the same bytes; no clock is read.
//              A refused object never replaces a good one: the last good version is served and listed as stale
// Threads:     every method may be called concurrently; Admit never waits for Apply, but for the first call after it, for as
//              long as a pointer takes to copy
// Cost:        Admit grows with the distinct offers that the caller may see, not with the bindings, unless free resources
//              decide (berth/engine/indexed_admission.h); with a warm Scratch it allocates nothing. Requests with
//              `overrides` are linear in the bindings, and allocate
// Tested by:   tests/engine_*_test.cc, the differential test

#ifndef BERTH_ENGINE_ENGINE_H_
#define BERTH_ENGINE_ENGINE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "berth/engine/catalog.h"
#include "berth/engine/decision.h"
#include "berth/engine/published.h"
#include "berth/engine/scratch.h"
#include "berth/engine/snapshot.h"
#include "berth/spec/launch.h"

namespace berth {

// One edit: the object its source keeps under `key`, or its removal.
struct Change {
  std::string key;
  std::optional<Object> object;
};

// An object whose newest version was refused, and why. Its last good version is served.
struct StaleObject {
  std::string key;
  std::vector<Issue> issues;
};

// Which binding to resolve.
struct ResolveTarget {
  std::string_view organization = kDefaultOrganization;  // who sees it
  std::string_view runner_id;
  std::string_view profile;  // name or id; empty: the runner's default binding
};

// The spec one launch gets. Values know their layer; berth/engine/json.h prints it.
struct Resolved {
  std::shared_ptr<const Snapshot> snapshot;
  uint32_t binding = 0;
  bool valid = true;           // false: the binding is PROFILE_INVALID; `spec` is then the merge as it stands
  LayerStack layers;           // with the launch's own layer
  NodeRef spec;                // completed
  std::string namespace_name;  // empty: not known without a user
  std::optional<std::string> egress_mode;  // nothing: none declared, or the one asked for is not offered
  bool egress_offered = true;
  std::optional<std::string> ingress_mode;
  bool ingress_offered = true;
  std::string host;  // empty: no host
};

class Engine {
 public:
  explicit Engine(AdviceOptions advice = {});
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Edits objects and publishes the result as `revision`. A change that refuses an object keeps its last good version.
  // FAILED_PRECONDITION when `revision` is below the published one; then nothing changes.
  absl::Status Apply(std::vector<Change> changes, uint64_t revision);
  // Replaces all objects: what the catalog does not hold is removed. INVALID_ARGUMENT when two objects have one key (two
  // sources with one name); then nothing changes.
  absl::Status Publish(const Catalog& catalog, uint64_t revision);

  // Decides. The decision views `scratch`; the request need not outlive the call.
  [[nodiscard]] Decision Admit(const LaunchRequest& request, Scratch& scratch) const;
  // The same with every candidate, for explanations and remedies: linear in the bindings that the caller may see.
  [[nodiscard]] DetailedDecision AdmitInDetail(const LaunchRequest& request, Scratch& scratch) const;
  // The decision on a launch that is invalid; nothing for a valid one. Looks at no candidate.
  [[nodiscard]] std::optional<DetailedDecision> CheckRequest(const LaunchRequest& request, Scratch& scratch) const;
  // AdmitInDetail against a snapshot of the caller's choice.
  [[nodiscard]] static DetailedDecision AdmitInDetail(std::shared_ptr<const Snapshot> snapshot,
                                                      const LaunchRequest& request, Scratch& scratch,
                                                      AdviceOptions advice = {});

  // The spec a launch would get on one binding, whatever the live state. `request` may be null. NOT_FOUND for an
  // unknown runner or profile. The request's own filters do not count; the caller has validated it.
  [[nodiscard]] absl::StatusOr<Resolved> Resolve(const ResolveTarget& target, const LaunchRequest* request) const;
  // The same for one binding of a snapshot.
  [[nodiscard]] static Resolved Resolve(const Snapshot& snapshot, uint32_t binding, const LaunchRequest* request,
                                        std::string_view organization);

  // A heartbeat's news. NOT_FOUND for an unknown runner.
  absl::Status UpdateHealth(std::string_view organization, std::string_view runner_id, InstallStatus install,
                            ConnectionStatus connection);
  absl::Status UpdateResources(std::string_view organization, std::string_view runner_id, const Available& available);
  // The last report is too old: nothing counts as available.
  absl::Status MarkStale(std::string_view organization, std::string_view runner_id);

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const { return snapshot_.Load(); }
  // Objects whose last good version is served in place of a refused one, sorted by key.
  [[nodiscard]] std::vector<StaleObject> stale() const;

 private:
  enum class Version : uint8_t { kLatest, kGood, kWithheld };

  // What a source keeps under one key.
  struct Slot {
    Object latest;
    std::optional<Object> good;  // the version last served
    Version version = Version::kLatest;
    std::vector<Issue> refused;  // why `latest` is not served, when it is not
  };

  absl::Status ApplyLocked(std::vector<Change> changes, uint64_t revision);
  void Compile(uint64_t revision);
  std::vector<Object> Gather() const;
  bool FallBack(std::span<const Object* const> objects);
  void ForgetRunnersBut(const Snapshot& snapshot);
  absl::StatusOr<std::shared_ptr<LiveCell>> CellOf(std::string_view organization, std::string_view runner_id) const;

  const AdviceOptions advice_;
  mutable std::mutex mutex_;  // guards the members below; never held while deciding
  std::map<std::string, Slot> slots_;
  Snapshot::LiveCells live_;
  Published<Snapshot> snapshot_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_ENGINE_H_
