#include "bench/peer_loop.h"

#include <algorithm>

#include "berth/engine/tie_hash.h"

namespace berth::bench {
namespace {

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::vector<std::string> ReasonsAgainst(const PeerBinding& binding, const PeerRequest& request) {
  std::vector<std::string> reasons;
  if (!binding.ready) reasons.emplace_back("RUNNER_NOT_READY");
  if (!binding.connected) reasons.emplace_back("RUNNER_DISCONNECTED");
  if (!Contains(binding.architectures, request.architecture)) reasons.emplace_back("ARCHITECTURE_UNSUPPORTED");
  for (const std::string& storage_class : request.storage_classes) {
    if (Contains(binding.storage_classes, storage_class)) continue;
    reasons.emplace_back("STORAGE_CLASS_UNAVAILABLE");
    break;
  }
  if (!Contains(binding.gpu_types, request.gpu_type)) reasons.emplace_back("GPU_TYPE_UNAVAILABLE");
  if (request.gpus > binding.max_gpus) reasons.emplace_back("GPU_COUNT_EXCEEDS_RUNNER");
  if (!Contains(binding.egress_modes, request.egress_mode)) reasons.emplace_back("EGRESS_MODE_NOT_OFFERED");
  if (request.cpu > binding.cpu_limit) reasons.emplace_back("CPU_EXCEEDS_PROFILE");
  if (request.memory > binding.memory_limit) reasons.emplace_back("MEMORY_EXCEEDS_PROFILE");
  if (request.cpu > binding.max_cpu) reasons.emplace_back("CPU_EXCEEDS_RUNNER");
  if (request.memory > binding.max_memory) reasons.emplace_back("MEMORY_EXCEEDS_RUNNER");
  if (request.cpu > binding.free_cpu) reasons.emplace_back("INSUFFICIENT_CPU");
  if (request.memory > binding.free_memory) reasons.emplace_back("INSUFFICIENT_MEMORY");
  if (request.gpus > binding.free_gpus) reasons.emplace_back("INSUFFICIENT_GPU");
  return reasons;
}

double ScoreOf(const PeerBinding& binding, const PeerRequest& request) {
  const auto left = [](int64_t available, int64_t wanted, int64_t most) {
    return static_cast<double>(available - wanted) / static_cast<double>(most);
  };
  return std::min({left(binding.free_cpu, request.cpu, binding.max_cpu),
                   left(binding.free_memory, request.memory, binding.max_memory),
                   left(binding.free_gpus, request.gpus, binding.max_gpus)});
}

bool IsBetter(const PeerBinding& binding, double score, const PeerBinding& best, double best_score,
              const PeerRequest& request) {
  if (binding.is_default != best.is_default) return binding.is_default;
  if (score != best_score) return score > best_score;
  const uint64_t sandbox_hash = Fnv1a64(request.sandbox_id);
  return TieHash(sandbox_hash, Fnv1a64(binding.runner_id)) > TieHash(sandbox_hash, Fnv1a64(best.runner_id));
}

}  // namespace

std::vector<PeerBinding> PeerBindingsOf(const Fleet& fleet) {
  std::vector<PeerBinding> bindings;
  for (const FleetRunner& runner : fleet.runners) {
    for (const FleetBinding& bound : runner.bindings) {
      const FleetProfile& profile = fleet.profiles[bound.profile];
      PeerBinding& binding = bindings.emplace_back();
      binding.runner_id = runner.id;
      binding.profile_name = profile.name;
      binding.is_default = bound.is_default;
      binding.ready = runner.ready;
      binding.connected = runner.connected;
      binding.architectures = {runner.architecture};
      binding.gpu_types = {runner.gpu_type};
      binding.storage_classes = runner.storage_classes;
      binding.egress_modes = profile.egress_modes;
      binding.cpu_limit = bound.cpu_limit_millicores > 0 ? bound.cpu_limit_millicores : profile.cpu_limit_millicores;
      binding.memory_limit = profile.memory_limit_bytes;
      binding.max_cpu = runner.max_cpu_millicores;
      binding.max_memory = runner.max_memory_bytes;
      binding.max_gpus = runner.max_gpus;
      binding.free_cpu = runner.free_cpu_millicores;
      binding.free_memory = runner.free_memory_bytes;
      binding.free_gpus = runner.free_gpus;
    }
  }
  return bindings;
}

PeerAnswer PeerAdmit(const std::vector<PeerBinding>& bindings, const PeerRequest& request) {
  PeerAnswer answer;
  const PeerBinding* best = nullptr;
  double best_score = 0;
  for (const PeerBinding& binding : bindings) {
    const std::vector<std::string> reasons = ReasonsAgainst(binding, request);
    for (size_t i = 0; i < reasons.size(); ++i) {
      PeerCount& count = answer.reasons[reasons[i]];
      ++count.blocked;
      if (i == 0) ++count.headline;
      if (reasons.size() == 1) ++count.sole;
    }
    if (!reasons.empty()) continue;
    const double score = ScoreOf(binding, request);
    if (best != nullptr && !IsBetter(binding, score, *best, best_score, request)) continue;
    best = &binding;
    best_score = score;
  }
  if (best == nullptr) return answer;
  answer.admitted = true;
  answer.runner_id = best->runner_id;
  answer.profile_name = best->profile_name;
  answer.reasons.clear();
  return answer;
}

}  // namespace berth::bench
