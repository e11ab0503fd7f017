// What one would write without berth, on the fleet of bench/fleet.h: the loops that decisions are compared with.
//
// They know the constraints that the benchmarks' launches meet, and no others. Each is the plain way at its level:
// structs with strings; structs with numbers and bits; the first that fits; JSON in, JSON out.
//
// Ownership:  values; answers copy what they name
// Threads:    const functions may run concurrently
// Tested by:  every benchmark, which compares them with tests/reference and with each other before it times anything

#ifndef BERTH_BENCH_PEERS_H_
#define BERTH_BENCH_PEERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/fleet.h"
#include "berth/spec/launch.h"

namespace berth::bench {

// What a launch asks; an empty name asks nothing. CPU and memory are always asked.
struct Launch {
  std::string sandbox_id = "sandbox-1";
  std::string runner_id;
  std::string profile_name;
  std::string zone;
  std::string architecture;
  std::string gpu_type;
  std::string egress_mode;
  std::vector<std::string> storage_classes;
  int64_t cpu = 0;
  int64_t memory = 0;
  int64_t gpus = 0;
};

// As the request that berth gets.
nlohmann::json DocumentOf(const Launch& launch);
// What berth reads from the text of that.
LaunchRequest ReadRequest(const std::string& json);

struct PeerCount {
  uint32_t headline = 0;
  uint32_t blocked = 0;
  uint32_t sole = 0;

  friend bool operator==(const PeerCount&, const PeerCount&) = default;
};

struct PeerAnswer {
  bool admitted = false;
  std::string runner_id;
  std::string profile_name;
  std::map<std::string, PeerCount> reasons;  // by code; empty when admitted

  friend bool operator==(const PeerAnswer&, const PeerAnswer&) = default;
};

// Structs with strings, and reasons as strings.
class StringLoop {
 public:
  explicit StringLoop(const Fleet& fleet);

  [[nodiscard]] PeerAnswer Admit(const Launch& launch) const;
  // From the text of DocumentOf(launch) to a document with verdict, placement and reasons.
  [[nodiscard]] std::string AdmitJson(const std::string& request) const;

 private:
  struct Binding {
    std::string runner_id;
    std::string profile_name;
    std::string zone;
    bool is_default = false;
    bool ready = false;
    bool connected = false;
    std::vector<std::string> architectures;
    std::vector<std::string> gpu_types;
    std::vector<std::string> storage_classes;
    std::vector<std::string> egress_modes;
    int64_t cpu_limit = 0;
    int64_t memory_limit = 0;
    int64_t max_cpu = 0;
    int64_t max_memory = 0;
    int64_t max_gpus = 0;
    int64_t free_cpu = 0;
    int64_t free_memory = 0;
    int64_t free_gpus = 0;
  };

  static std::vector<std::string> ReasonsAgainst(const Binding& binding, const Launch& launch);

  std::vector<Binding> bindings_;
};

// Structs with ids and bits; a launch's names are looked up once.
class InternedLoop {
 public:
  static constexpr size_t kReasons = 14;
  static constexpr uint32_t kNone = static_cast<uint32_t>(-1);

  struct Answer {
    uint32_t binding = kNone;                  // kNone: rejected
    std::array<PeerCount, kReasons> counts{};  // in order of precedence
  };

  explicit InternedLoop(const Fleet& fleet);

  [[nodiscard]] Answer Admit(const Launch& launch) const;
  // The first binding without a failing constraint, or kNone; counts nothing.
  [[nodiscard]] uint32_t FirstFit(const Launch& launch) const;
  // How many runners have a binding that could take the launch if enough were free.
  [[nodiscard]] size_t FeasibleRunners(const Launch& launch) const;
  // The answer in words.
  [[nodiscard]] PeerAnswer Named(const Answer& answer) const;

 private:
  struct Binding {
    uint32_t runner = 0;
    uint32_t profile = 0;
    uint32_t zone = 0;
    bool is_default = false;
    bool ready = false;
    bool connected = false;
    uint64_t architectures = 0;
    uint64_t gpu_types = 0;
    uint64_t storage_classes = 0;
    uint64_t egress_modes = 0;
    int64_t cpu_limit = 0;
    int64_t memory_limit = 0;
    int64_t max_cpu = 0;
    int64_t max_memory = 0;
    int64_t max_gpus = 0;
    int64_t free_cpu = 0;
    int64_t free_memory = 0;
    int64_t free_gpus = 0;
    uint64_t tie_hash = 0;
  };
  struct Asked;
  using Ids = std::map<std::string, uint32_t, std::less<>>;

  [[nodiscard]] Asked Translate(const Launch& launch) const;
  // Bit i: the i-th constraint fails.
  static uint32_t FailuresOf(const Binding& binding, const Asked& asked);

  std::vector<Binding> bindings_;
  std::vector<std::string> runner_ids_;
  std::vector<std::string> profile_names_;
  Ids runners_;
  Ids profiles_;
  Ids zones_;
  Ids features_;  // architectures, GPU types, storage classes and egress modes: the numbers of their bits
};

}  // namespace berth::bench

#endif  // BERTH_BENCH_PEERS_H_
