// One admission, step by step: scope, match, count, select (semantics, "Admission").
//
// Not part of the public interface; see berth/engine/engine.h.

#ifndef BERTH_ENGINE_ADMISSION_H_
#define BERTH_ENGINE_ADMISSION_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "berth/engine/decision.h"
#include "berth/engine/snapshot.h"
#include "berth/policy/match.h"
#include "berth/spec/launch.h"

namespace berth {

// Whether `binding` is called `name`, by its effective name or its profile's id.
[[nodiscard]] bool IsCalled(const CompiledBinding& binding, std::string_view name);

class Admission {
 public:
  Admission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch);

  // Fills the scratch and a decision that views it.
  [[nodiscard]] Decision Run();

 private:
  // Violations of the request itself.
  [[nodiscard]] bool Validate();
  void FillNeed();

  // Collects the candidates; false, with the one reason, when there are none.
  [[nodiscard]] bool CollectCandidates();
  [[nodiscard]] uint32_t FilterBits(const CompiledBinding& binding) const;
  void RejectScope(bool any_visible, uint32_t matched_alone);

  void Judge(CandidateResult& candidate);
  [[nodiscard]] bool HostNameInvalid(const CompiledBinding& binding, bool user_known);
  [[nodiscard]] bool ImageAllowed(const CompiledBinding& binding) const;
  [[nodiscard]] bool OverridesInvalid(const CompiledBinding& binding) const;

  void CountReasons();
  void Select();
  [[nodiscard]] Rank RankOf(uint32_t order, uint64_t sandbox_hash) const;

  const Snapshot& snapshot_;
  const LaunchRequest& request_;
  const CompiledOrganization& organization_;
  Scratch& scratch_;
  Need need_;
  bool named_;             // the request names a profile
  NodeRef sandbox_layer_;  // only with overrides
};

}  // namespace berth

#endif  // BERTH_ENGINE_ADMISSION_H_
