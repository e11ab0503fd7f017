// What a runner can do now: health and free resources, beside the snapshot and shared by every snapshot.
//
// A heartbeat changes these words and nothing else; a publish keeps them, as long as the runner's document does not say
// something new.
//
// Threads:  any number of readers and writers; each word is atomic on its own
// Cost:     a read is five relaxed loads

#ifndef BERTH_ENGINE_LIVE_STATE_H_
#define BERTH_ENGINE_LIVE_STATE_H_

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

  void SetHealth(InstallStatus install, ConnectionStatus connection) {
    install_.store(install, std::memory_order_relaxed);
    connection_.store(connection, std::memory_order_relaxed);
  }
  void SetAvailable(const Available& available) {
    cpu_.store(available.cpu_millicores.value_or(kUnreported), std::memory_order_relaxed);
    memory_.store(available.memory_bytes.value_or(kUnreported), std::memory_order_relaxed);
    gpu_.store(available.gpu_count.value_or(kUnreported), std::memory_order_relaxed);
  }
  // A report that is too old counts as nothing available: decisions read no clock, so a sweep says so.
  void SetStale() { SetAvailable({0, 0, 0, std::nullopt, {}}); }

  [[nodiscard]] LiveState Read() const {
    return {install_.load(std::memory_order_relaxed), connection_.load(std::memory_order_relaxed), Reported(cpu_),
            Reported(memory_), Reported(gpu_)};
  }

 private:
  static constexpr int64_t kUnreported = -1;

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

  // Makes the cell, or sets from the document what the document says differently from before.
  void Follow(const Runner& runner) {
    const bool same_health = install == runner.install_status.value && connection == runner.connection_status.value;
    const bool same_available = available.cpu_millicores == runner.available.cpu_millicores &&
                                available.memory_bytes == runner.available.memory_bytes &&
                                available.gpu_count == runner.available.gpu_count;
    install = runner.install_status.value;
    connection = runner.connection_status.value;
    available = runner.available;
    if (cell == nullptr) {
      cell = std::make_shared<LiveCell>(runner);
      return;
    }
    if (!same_health) cell->SetHealth(install, connection);
    if (!same_available) cell->SetAvailable(available);
  }
};

}  // namespace berth

#endif  // BERTH_ENGINE_LIVE_STATE_H_
