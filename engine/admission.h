// One admission, step by step: scope, match, count, select (semantics, "Admission"). Every candidate is looked at.
//
// Not part of the public interface; see berth/engine/engine.h. IndexedAdmission decides the same without looking at
// every candidate.

#ifndef BERTH_ENGINE_ADMISSION_H_
#define BERTH_ENGINE_ADMISSION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/scratch.h"
#include "berth/engine/snapshot.h"
#include "berth/policy/match.h"
#include "berth/spec/launch.h"

namespace berth {

// What the request asks, in the units in which it is compared; views the request and `folded_gpu_type`, which is set to
// the GPU type in lower case.
[[nodiscard]] Need NeedOf(const LaunchRequest& request, std::string& folded_gpu_type);

// The request's filters, in the order in which an empty scope names them.
enum class Filter : uint8_t { kProfile, kRunner, kGroup, kZone };
inline constexpr size_t kFilterCount = static_cast<size_t>(Filter::kZone) + 1;

// Which filters the binding passes, a bit for each; one that the request does not set is passed.
[[nodiscard]] uint32_t FiltersPassed(const Snapshot& snapshot, const CompiledBinding& binding,
                                     const LaunchRequest& request);
[[nodiscard]] constexpr uint32_t BitOf(Filter filter) { return uint32_t{1} << static_cast<uint32_t>(filter); }
inline constexpr uint32_t kAllFilters = (uint32_t{1} << kFilterCount) - 1;

// Whether only default bindings are in scope: the organization wants that for requests that name no profile.
[[nodiscard]] bool DefaultsOnly(const CompiledOrganization& organization, const LaunchRequest& request);

// Whether `binding` is called `name`, by its effective name or its profile's id.
[[nodiscard]] bool IsCalled(const CompiledBinding& binding, std::string_view name);

// Fills `violations` with what is wrong with the request itself, in order; false when something is.
[[nodiscard]] bool IsValidLaunch(const LaunchRequest& request, const CompiledOrganization& organization,
                                 std::vector<Issue>& violations);

// The reason why nothing is in scope: `matched_alone` has a bit for each filter that some visible binding passes.
[[nodiscard]] ReasonCode EmptyScopeReason(bool any_visible, uint32_t matched_alone);

// What an admission is to suppose in place of what is: for questions of the kind "what if". Its parts must outlive it.
struct Supposition {
  std::span<const LiveState> live;                                // by runner; empty: as the runners report it now
  const CompiledOrganization* organization = nullptr;             // the caller's, with other settings
  const std::map<uint32_t, CompiledBinding>* bindings = nullptr;  // by index; those not in it are the snapshot's
  std::span<const uint32_t> scope;  // the only candidates, whatever the filters say; empty: as the request says
};

class Admission {
 public:
  Admission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch,
            const Supposition& supposition = {});

  // Fills the scratch and a decision that views it.
  [[nodiscard]] DetailedDecision Run();

  // What keeps one binding from the request, which must be valid, whatever the filters say.
  [[nodiscard]] Failures FailuresOf(uint32_t binding);

 private:
  void ReadNeed();

  // Collects the candidates; false, with the one reason, when there are none.
  [[nodiscard]] bool CollectCandidates();

  [[nodiscard]] const CompiledBinding& BindingAt(uint32_t index) const;
  [[nodiscard]] LiveState LiveOf(const CompiledBinding& binding) const;
  void Judge(CandidateResult& candidate);
  [[nodiscard]] bool OverridesInvalid(const CompiledBinding& binding) const;

  void CountReasons();
  void Select();
  [[nodiscard]] Rank RankOf(uint32_t order, uint64_t sandbox_hash) const;

  const Snapshot& snapshot_;
  const LaunchRequest& request_;
  const Supposition supposition_;
  const CompiledOrganization& organization_;
  Scratch& scratch_;
  Need need_;
  bool named_;             // the request names a profile
  NodeRef sandbox_layer_;  // only with overrides
};

}  // namespace berth

#endif  // BERTH_ENGINE_ADMISSION_H_
