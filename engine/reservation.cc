#include "berth/engine/reservation.h"

#include <string>

#include "berth/engine/admission.h"

namespace berth {

std::optional<Reservation> Reservation::Make(const Decision& decision, const LaunchRequest& request) {
  if (decision.verdict != Verdict::kAdmitted || decision.placements.empty()) return std::nullopt;
  const CompiledBinding& binding = decision.snapshot->bindings()[decision.placements.front()];
  std::string folded_gpu_type;
  const Need need = NeedOf(request, folded_gpu_type);
  const Amounts requests = ResolveAmounts(need, binding.offer).requests;
  const Shape shape = {requests.cpu.value_or(0), requests.memory.value_or(0), need.gpu_count};
  const std::shared_ptr<LiveCell>& cell = decision.snapshot->RunnerOf(binding).live;
  if (!cell->Reserve(shape)) return std::nullopt;
  return Reservation(cell, shape);
}

}  // namespace berth
