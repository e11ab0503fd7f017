// What a runner can do now: health and free resources, beside the snapshot and shared by every snapshot.
//
// A heartbeat changes these words and nothing else; a publish keeps them, as long as the runner's document does not say
// something new.
//
// Threads:  any number of readers and writers; each word is atomic on its own
// Cost:     a read is five relaxed loads

#ifndef BERTH_ENGINE_LIVE_STATE_H_
#define BERTH_ENGINE_LIVE_STATE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "berth/policy/match.h"
#include "berth/spec/objects.h"

namespace berth {

class LiveCell {
 public:
  explicit LiveCell(const Runner& runner) {
    SetHealth(runner.install_status.value, runner.connection_status.value);
    SetAvailable(runner.available);
  }

  void SetInstall(InstallStatus install) { install_.store(install, std::memory_order_relaxed); }
  void SetConnection(ConnectionStatus connection) { connection_.store(connection, std::memory_order_relaxed); }
  // Nothing: not reported. Below zero counts as nothing free.
  void SetCpu(std::optional<int64_t> millicores) { Store(cpu_, millicores); }
  void SetMemory(std::optional<int64_t> bytes) { Store(memory_, bytes); }
  void SetGpu(std::optional<int64_t> count) { Store(gpu_, count); }
  void SetHealth(InstallStatus install, ConnectionStatus connection) {
    SetInstall(install);
    SetConnection(connection);
  }
  void SetAvailable(const Available& available) {
    SetCpu(available.cpu_millicores);
    SetMemory(available.memory_bytes);
    SetGpu(available.gpu_count);
  }
  // A report that is too old counts as nothing available: decisions read no clock, so a sweep says so.
  void SetStale() { SetAvailable({0, 0, 0, std::nullopt, {}}); }

  [[nodiscard]] LiveState Read() const {
    return {install_.load(std::memory_order_relaxed), connection_.load(std::memory_order_relaxed), Reported(cpu_),
            Reported(memory_), Reported(gpu_)};
  }

 private:
  static constexpr int64_t kUnreported = -1;

  static void Store(std::atomic<int64_t>& word, std::optional<int64_t> value) {
    word.store(value ? std::max<int64_t>(*value, 0) : kUnreported, std::memory_order_relaxed);
  }
  static std::optional<int64_t> Reported(const std::atomic<int64_t>& word) {
    const int64_t value = word.load(std::memory_order_relaxed);
    return value == kUnreported ? std::nullopt : std::optional(value);
  }

  std::atomic<InstallStatus> install_;
  std::atomic<ConnectionStatus> connection_;
  std::atomic<int64_t> cpu_;
  std::atomic<int64_t> memory_;
  std::atomic<int64_t> gpu_;
};

// A runner's cell and what its document said when the cell was last set from it.
struct LiveEntry {
  std::shared_ptr<LiveCell> cell;
  InstallStatus install = InstallStatus::kReady;
  ConnectionStatus connection = ConnectionStatus::kConnected;
  Available available;

  // Makes the cell, or sets from the document what the document says differently from before; a heartbeat's news on
  // everything else stay.
  void Follow(const Runner& runner) {
    const LiveEntry before = *this;
    install = runner.install_status.value;
    connection = runner.connection_status.value;
    available = runner.available;
    if (cell == nullptr) {
      cell = std::make_shared<LiveCell>(runner);
      return;
    }
    if (before.install != install) cell->SetInstall(install);
    if (before.connection != connection) cell->SetConnection(connection);
    if (before.available.cpu_millicores != available.cpu_millicores) cell->SetCpu(available.cpu_millicores);
    if (before.available.memory_bytes != available.memory_bytes) cell->SetMemory(available.memory_bytes);
    if (before.available.gpu_count != available.gpu_count) cell->SetGpu(available.gpu_count);
  }
};

}  // namespace berth

#endif  // BERTH_ENGINE_LIVE_STATE_H_
