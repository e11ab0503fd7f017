// One admission, step by step: scope, match, count, select (semantics, "Admission").
//
// Not part of the public interface; see berth/engine/engine.h.

#ifndef BERTH_ENGINE_ADMISSION_H_
#define BERTH_ENGINE_ADMISSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "berth/engine/decision.h"
#include "berth/engine/snapshot.h"
#include "berth/policy/match.h"
#include "berth/spec/launch.h"

namespace berth {

// What the request asks, in the units in which it is compared; views the request and `folded_gpu_type`, which is set to
// the GPU type in lower case.
[[nodiscard]] Need NeedOf(const LaunchRequest& request, std::string& folded_gpu_type);

// Whether `binding` is called `name`, by its effective name or its profile's id.
[[nodiscard]] bool IsCalled(const CompiledBinding& binding, std::string_view name);

// What an admission is to suppose in place of what is: for questions of the kind "what if". Its parts must outlive it.
struct Supposition {
  std::span<const LiveState> live;                                // by runner; empty: as the runners report it now
  const CompiledOrganization* organization = nullptr;             // the caller's, with other settings
  const std::map<uint32_t, CompiledBinding>* bindings = nullptr;  // by index; those not in it are the snapshot's
};

class Admission {
 public:
  Admission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch,
            const Supposition& supposition = {});

  // Fills the scratch and a decision that views it.
  [[nodiscard]] Decision Run();

  // What keeps one binding from the request, which must be valid, whatever the filters say.
  [[nodiscard]] Failures FailuresOf(uint32_t binding);

 private:
  // Violations of the request itself.
  [[nodiscard]] bool Validate();
  void ReadNeed();

  // Collects the candidates; false, with the one reason, when there are none.
  [[nodiscard]] bool CollectCandidates();
  [[nodiscard]] uint32_t FilterBits(const CompiledBinding& binding) const;
  void RejectScope(bool any_visible, uint32_t matched_alone);

  [[nodiscard]] const CompiledBinding& BindingAt(uint32_t index) const;
  [[nodiscard]] LiveState LiveOf(const CompiledBinding& binding) const;
  void Judge(CandidateResult& candidate);
  [[nodiscard]] bool HostNameInvalid(const CompiledBinding& binding, bool user_known);
  [[nodiscard]] bool ImageAllowed(const CompiledBinding& binding) const;
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
