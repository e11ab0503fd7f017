#include "bench/peers.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "berth/engine/tie_hash.h"
#include "berth/spec/document.h"
#include "berth/spec/launch_reader.h"

namespace berth::bench {
namespace {

using Json = nlohmann::json;

constexpr int64_t kGibi = int64_t{1} << 30;
constexpr int64_t kUnreported = std::numeric_limits<int64_t>::max();

// In order of precedence.
enum Constraint : uint8_t {
  kNotReady,
  kDisconnected,
  kArchitecture,
  kStorageClass,
  kGpuType,
  kGpuCount,
  kEgressMode,
  kCpuProfile,
  kMemoryProfile,
  kCpuRunner,
  kMemoryRunner,
  kFreeCpu,
  kFreeMemory,
  kFreeGpu,
};
constexpr std::array<const char*, InternedLoop::kReasons> kReasonNames = {
    "RUNNER_NOT_READY",       "RUNNER_DISCONNECTED",      "ARCHITECTURE_UNSUPPORTED", "STORAGE_CLASS_UNAVAILABLE",
    "GPU_TYPE_UNAVAILABLE",   "GPU_COUNT_EXCEEDS_RUNNER", "EGRESS_MODE_NOT_OFFERED",  "CPU_EXCEEDS_PROFILE",
    "MEMORY_EXCEEDS_PROFILE", "CPU_EXCEEDS_RUNNER",       "MEMORY_EXCEEDS_RUNNER",    "INSUFFICIENT_CPU",
    "INSUFFICIENT_MEMORY",    "INSUFFICIENT_GPU",
};
constexpr uint32_t kLive = (1U << kFreeCpu) | (1U << kFreeMemory) | (1U << kFreeGpu);

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// The numbers of a binding have the same names in both loops.
template <typename Binding>
void SetNumbers(const FleetRunner& runner, const FleetProfile& profile, const FleetBinding& bound, Binding& binding) {
  binding.is_default = bound.is_default;
  binding.ready = runner.ready;
  binding.connected = runner.connected;
  binding.cpu_limit = bound.cpu_limit_millicores > 0 ? bound.cpu_limit_millicores : profile.cpu_limit_millicores;
  binding.memory_limit = profile.memory_limit_bytes;
  binding.max_cpu = runner.max_cpu_millicores;
  binding.max_memory = runner.max_memory_bytes;
  binding.max_gpus = runner.max_gpus;
  binding.free_cpu = runner.reports_free ? runner.free_cpu_millicores : kUnreported;
  binding.free_memory = runner.reports_free ? runner.free_memory_bytes : kUnreported;
  binding.free_gpus = runner.reports_free ? runner.free_gpus : kUnreported;
}

// What is left of the scarcest resource.
template <typename Binding, typename Asked>
double ScoreOf(const Binding& binding, const Asked& asked) {
  const auto left = [](int64_t available, int64_t wanted, int64_t most) {
    return static_cast<double>(std::min(available, most) - wanted) / static_cast<double>(most);
  };
  const double score = std::min(left(binding.free_cpu, asked.cpu, binding.max_cpu),
                                left(binding.free_memory, asked.memory, binding.max_memory));
  return asked.gpus == 0 ? score : std::min(score, left(binding.free_gpus, asked.gpus, binding.max_gpus));
}

int64_t MillicoresOf(const std::string& text) { return std::stoll(text); }
int64_t BytesOf(const std::string& text) { return std::stoll(text) * kGibi; }

Launch LaunchOf(const Json& document) {
  Launch launch;
  launch.sandbox_id = document.at("sandbox_id");
  const Json& resources = document.at("resource_requests");
  launch.cpu = MillicoresOf(resources.at("cpu"));
  launch.memory = BytesOf(resources.at("memory"));
  if (resources.contains("gpu")) {
    launch.gpus = resources.at("gpu").at("count");
    launch.gpu_type = resources.at("gpu").at("type");
  }
  launch.architecture = document.value("architecture", "");
  if (document.contains("storage_classes")) launch.storage_classes = document.at("storage_classes");
  if (document.contains("network")) launch.egress_mode = document.at("network").at("egress_mode");
  if (document.contains("runner_ids")) launch.runner_id = document.at("runner_ids").at(0);
  if (document.contains("profile_names")) launch.profile_name = document.at("profile_names").at(0);
  launch.zone = document.value("zone", "");
  return launch;
}

}  // namespace

Json DocumentOf(const Launch& launch) {
  Json document = {{"organization_id", "acme"}, {"user_id", "u-1"}, {"sandbox_id", launch.sandbox_id}};
  document["resource_requests"] = {{"cpu", std::to_string(launch.cpu) + "m"},
                                   {"memory", std::to_string(launch.memory / kGibi) + "Gi"}};
  if (launch.gpus > 0) {
    document["resource_requests"]["gpu"] = {{"count", launch.gpus}, {"type", launch.gpu_type}};
  }
  if (!launch.architecture.empty()) document["architecture"] = launch.architecture;
  if (!launch.storage_classes.empty()) document["storage_classes"] = launch.storage_classes;
  if (!launch.egress_mode.empty()) document["network"] = {{"egress_mode", launch.egress_mode}};
  if (!launch.runner_id.empty()) document["runner_ids"] = {launch.runner_id};
  if (!launch.profile_name.empty()) document["profile_names"] = {launch.profile_name};
  if (!launch.zone.empty()) document["zone"] = launch.zone;
  return document;
}

LaunchRequest ReadRequest(const std::string& json) {
  LaunchRequest request;
  LaunchReader reader;
  if (reader.Read(json, request)) return request;
  return ParseLaunchRequest(std::make_shared<const SourceText>("request.json", json));
}

// --- Strings ---

StringLoop::StringLoop(const Fleet& fleet) {
  for (const FleetRunner& runner : fleet.runners) {
    for (const FleetBinding& bound : runner.bindings) {
      const FleetProfile& profile = fleet.profiles[bound.profile];
      Binding& binding = bindings_.emplace_back();
      SetNumbers(runner, profile, bound, binding);
      binding.runner_id = runner.id;
      binding.profile_name = profile.name;
      binding.zone = runner.zone;
      binding.architectures = {runner.architecture};
      binding.gpu_types = {runner.gpu_type};
      binding.storage_classes = runner.storage_classes;
      binding.egress_modes = profile.egress_modes;
    }
  }
}

std::vector<std::string> StringLoop::ReasonsAgainst(const Binding& binding, const Launch& launch) {
  std::vector<std::string> reasons;
  const auto missing = [](const std::vector<std::string>& offered, const std::string& asked) {
    return !asked.empty() && !Contains(offered, asked);
  };
  if (!binding.ready) reasons.emplace_back("RUNNER_NOT_READY");
  if (!binding.connected) reasons.emplace_back("RUNNER_DISCONNECTED");
  if (missing(binding.architectures, launch.architecture)) reasons.emplace_back("ARCHITECTURE_UNSUPPORTED");
  for (const std::string& storage_class : launch.storage_classes) {
    if (!missing(binding.storage_classes, storage_class)) continue;
    reasons.emplace_back("STORAGE_CLASS_UNAVAILABLE");
    break;
  }
  if (missing(binding.gpu_types, launch.gpu_type)) reasons.emplace_back("GPU_TYPE_UNAVAILABLE");
  if (launch.gpus > binding.max_gpus) reasons.emplace_back("GPU_COUNT_EXCEEDS_RUNNER");
  if (missing(binding.egress_modes, launch.egress_mode)) reasons.emplace_back("EGRESS_MODE_NOT_OFFERED");
  if (launch.cpu > binding.cpu_limit) reasons.emplace_back("CPU_EXCEEDS_PROFILE");
  if (launch.memory > binding.memory_limit) reasons.emplace_back("MEMORY_EXCEEDS_PROFILE");
  if (launch.cpu > binding.max_cpu) reasons.emplace_back("CPU_EXCEEDS_RUNNER");
  if (launch.memory > binding.max_memory) reasons.emplace_back("MEMORY_EXCEEDS_RUNNER");
  if (launch.cpu > binding.free_cpu) reasons.emplace_back("INSUFFICIENT_CPU");
  if (launch.memory > binding.free_memory) reasons.emplace_back("INSUFFICIENT_MEMORY");
  if (launch.gpus > binding.free_gpus) reasons.emplace_back("INSUFFICIENT_GPU");
  return reasons;
}

PeerAnswer StringLoop::Admit(const Launch& launch) const {
  const uint64_t sandbox_hash = Fnv1a64(launch.sandbox_id);
  const auto is_better = [&](const Binding& binding, double score, const Binding& best, double best_score) {
    if (launch.profile_name.empty() && binding.is_default != best.is_default) return binding.is_default;
    if (score != best_score) return score > best_score;
    return TieHash(sandbox_hash, Fnv1a64(binding.runner_id)) > TieHash(sandbox_hash, Fnv1a64(best.runner_id));
  };
  PeerAnswer answer;
  const Binding* best = nullptr;
  double best_score = 0;
  for (const Binding& binding : bindings_) {
    if (!launch.runner_id.empty() && binding.runner_id != launch.runner_id) continue;
    if (!launch.profile_name.empty() && binding.profile_name != launch.profile_name) continue;
    if (!launch.zone.empty() && binding.zone != launch.zone) continue;
    const std::vector<std::string> reasons = ReasonsAgainst(binding, launch);
    for (size_t i = 0; i < reasons.size(); ++i) {
      PeerCount& count = answer.reasons[reasons[i]];
      ++count.blocked;
      if (i == 0) ++count.headline;
      if (reasons.size() == 1) ++count.sole;
    }
    if (!reasons.empty()) continue;
    const double score = ScoreOf(binding, launch);
    if (best != nullptr && !is_better(binding, score, *best, best_score)) continue;
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

std::string StringLoop::AdmitJson(const std::string& request) const {
  const PeerAnswer answer = Admit(LaunchOf(Json::parse(request)));
  Json document = {{"verdict", answer.admitted ? "ADMITTED" : "REJECTED"}};
  if (answer.admitted) {
    document["placement"] = {{"runner_id", answer.runner_id}, {"profile_name", answer.profile_name}};
    return document.dump();
  }
  Json reasons = Json::array();
  for (const auto& [code, count] : answer.reasons) {
    reasons.push_back({{"code", code}, {"headline", count.headline}, {"blocked", count.blocked}, {"sole", count.sole}});
  }
  document["reasons"] = std::move(reasons);
  return document.dump();
}

// --- Ids and bits ---

struct InternedLoop::Asked {
  std::optional<uint32_t> runner;
  std::optional<uint32_t> profile;
  std::optional<uint32_t> zone;
  uint64_t architecture = 0;
  uint64_t gpu_type = 0;
  uint64_t egress_mode = 0;
  uint64_t storage_classes = 0;
  int64_t cpu = 0;
  int64_t memory = 0;
  int64_t gpus = 0;

  [[nodiscard]] bool Admits(const Binding& binding) const {
    return runner.value_or(binding.runner) == binding.runner && profile.value_or(binding.profile) == binding.profile &&
           zone.value_or(binding.zone) == binding.zone;
  }
};

InternedLoop::InternedLoop(const Fleet& fleet) {
  const auto id_of = [](Ids& ids, const std::string& name) {
    return ids.try_emplace(name, static_cast<uint32_t>(ids.size())).first->second;
  };
  const auto bits_of = [&](const std::vector<std::string>& names) {
    uint64_t bits = 0;
    for (const std::string& name : names) bits |= uint64_t{1} << id_of(features_, name);
    return bits;
  };
  for (const FleetProfile& profile : fleet.profiles) {
    id_of(profiles_, profile.name);
    profile_names_.push_back(profile.name);
  }
  for (const FleetRunner& runner : fleet.runners) {
    runner_ids_.push_back(runner.id);
    const uint32_t runner_id = id_of(runners_, runner.id);
    for (const FleetBinding& bound : runner.bindings) {
      const FleetProfile& profile = fleet.profiles[bound.profile];
      Binding& binding = bindings_.emplace_back();
      SetNumbers(runner, profile, bound, binding);
      binding.runner = runner_id;
      binding.profile = id_of(profiles_, profile.name);
      binding.zone = id_of(zones_, runner.zone);
      binding.architectures = bits_of({runner.architecture});
      binding.gpu_types = bits_of({runner.gpu_type});
      binding.storage_classes = bits_of(runner.storage_classes);
      binding.egress_modes = bits_of(profile.egress_modes);
      binding.tie_hash = Fnv1a64(runner.id);
    }
  }
}

InternedLoop::Asked InternedLoop::Translate(const Launch& launch) const {
  const auto id_of = [](const Ids& ids, const std::string& name) -> std::optional<uint32_t> {
    if (name.empty()) return std::nullopt;
    const auto found = ids.find(name);
    return found == ids.end() ? kNone : found->second;
  };
  // What no binding has is the highest bit.
  const auto bit_of = [&](const std::string& name) {
    const auto id = id_of(features_, name);
    return id ? uint64_t{1} << std::min<uint32_t>(*id, 63) : 0;
  };
  Asked asked;
  asked.runner = id_of(runners_, launch.runner_id);
  asked.profile = id_of(profiles_, launch.profile_name);
  asked.zone = id_of(zones_, launch.zone);
  asked.architecture = bit_of(launch.architecture);
  asked.gpu_type = bit_of(launch.gpu_type);
  asked.egress_mode = bit_of(launch.egress_mode);
  for (const std::string& storage_class : launch.storage_classes) asked.storage_classes |= bit_of(storage_class);
  asked.cpu = launch.cpu;
  asked.memory = launch.memory;
  asked.gpus = launch.gpus;
  return asked;
}

uint32_t InternedLoop::FailuresOf(const Binding& binding, const Asked& asked) {
  uint32_t failures = 0;
  const auto add = [&](bool fails, Constraint constraint) {
    failures |= static_cast<uint32_t>(fails) << static_cast<uint32_t>(constraint);
  };
  add(!binding.ready, kNotReady);
  add(!binding.connected, kDisconnected);
  add((asked.architecture & ~binding.architectures) != 0, kArchitecture);
  add((asked.storage_classes & ~binding.storage_classes) != 0, kStorageClass);
  add((asked.gpu_type & ~binding.gpu_types) != 0, kGpuType);
  add(asked.gpus > binding.max_gpus, kGpuCount);
  add((asked.egress_mode & ~binding.egress_modes) != 0, kEgressMode);
  add(asked.cpu > binding.cpu_limit, kCpuProfile);
  add(asked.memory > binding.memory_limit, kMemoryProfile);
  add(asked.cpu > binding.max_cpu, kCpuRunner);
  add(asked.memory > binding.max_memory, kMemoryRunner);
  add(asked.cpu > binding.free_cpu, kFreeCpu);
  add(asked.memory > binding.free_memory, kFreeMemory);
  add(asked.gpus > binding.free_gpus, kFreeGpu);
  return failures;
}

InternedLoop::Answer InternedLoop::Admit(const Launch& launch) const {
  const Asked asked = Translate(launch);
  const uint64_t sandbox_hash = Fnv1a64(launch.sandbox_id);
  Answer answer;
  double best_score = 0;
  uint64_t best_tie = 0;
  for (uint32_t i = 0; i < bindings_.size(); ++i) {
    const Binding& binding = bindings_[i];
    if (!asked.Admits(binding)) continue;
    const uint32_t failures = FailuresOf(binding, asked);
    if (failures == 0) {
      const bool preferred = binding.is_default && !asked.profile;
      const double score = ScoreOf(binding, asked) + (preferred ? 2 : 0);  // a score is at most 1
      const uint64_t tie = TieHash(sandbox_hash, binding.tie_hash);
      if (answer.binding != kNone && (score != best_score ? score < best_score : tie <= best_tie)) continue;
      answer.binding = i;
      best_score = score;
      best_tie = tie;
      continue;
    }
    ++answer.counts[static_cast<size_t>(std::countr_zero(failures))].headline;
    const uint32_t sole = std::has_single_bit(failures) ? 1 : 0;
    for (uint32_t rest = failures; rest != 0; rest &= rest - 1) {
      PeerCount& count = answer.counts[static_cast<size_t>(std::countr_zero(rest))];
      ++count.blocked;
      count.sole += sole;
    }
  }
  return answer;
}

uint32_t InternedLoop::FirstFit(const Launch& launch) const {
  const Asked asked = Translate(launch);
  const auto found = std::ranges::find_if(
      bindings_, [&](const Binding& binding) { return asked.Admits(binding) && FailuresOf(binding, asked) == 0; });
  return found == bindings_.end() ? kNone : static_cast<uint32_t>(found - bindings_.begin());
}

size_t InternedLoop::FeasibleRunners(const Launch& launch) const {
  const Asked asked = Translate(launch);
  std::vector<bool> feasible(runner_ids_.size());
  for (const Binding& binding : bindings_) {
    if (asked.Admits(binding) && (FailuresOf(binding, asked) & ~kLive) == 0) feasible[binding.runner] = true;
  }
  return static_cast<size_t>(std::ranges::count(feasible, true));
}

PeerAnswer InternedLoop::Named(const Answer& answer) const {
  PeerAnswer named;
  named.admitted = answer.binding != kNone;
  if (named.admitted) {
    named.runner_id = runner_ids_[bindings_[answer.binding].runner];
    named.profile_name = profile_names_[bindings_[answer.binding].profile];
    return named;
  }
  for (size_t i = 0; i < kReasons; ++i) {
    if (answer.counts[i].blocked > 0) named.reasons[kReasonNames[i]] = answer.counts[i];
  }
  return named;
}

}  // namespace berth::bench
