// What a runner can do now: health and free resources, beside the snapshot and shared by every snapshot.
//
// A heartbeat changes these words and nothing else; a publish keeps them, as long as the runner's document does not say
// something new.
//
// Reservations are kept beside what the runner reports, so that a heartbeat does not undo them.
//
// Threads:  any number of readers and writers; each word is atomic on its own. Writers take a lock for a moment
// Cost:     a read is eight relaxed loads; a write is told to the live tables that repeat the cell

#ifndef BERTH_ENGINE_LIVE_STATE_H_
#define BERTH_ENGINE_LIVE_STATE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "berth/engine/live_table.h"
#include "berth/policy/match.h"
#include "berth/spec/objects.h"

namespace berth {

class LiveCell {
 public:
  explicit LiveCell(const Runner& runner) {
    SetHealth(runner.install_status.value, runner.connection_status.value);
    SetAvailable(runner.available);
  }

  void SetHealth(std::optional<InstallStatus> install, std::optional<ConnectionStatus> connection) {
    if (install) install_.store(*install, std::memory_order_relaxed);
    if (connection) connection_.store(*connection, std::memory_order_relaxed);
    Tell();
  }
  // Nothing: not reported. Below zero counts as nothing free.
  void SetCpu(std::optional<int64_t> millicores) { Store(cpu_, millicores), Tell(); }
  void SetMemory(std::optional<int64_t> bytes) { Store(memory_, bytes), Tell(); }
  void SetGpu(std::optional<int64_t> count) { Store(gpu_, count), Tell(); }
  void SetAvailable(const Available& available) {
    Store(cpu_, available.cpu_millicores);
    Store(memory_, available.memory_bytes);
    Store(gpu_, available.gpu_count);
    Tell();
  }
  // A report that is too old counts as nothing available: decisions read no clock, so a sweep says so.
  void SetStale() { SetAvailable({0, 0, 0, std::nullopt, {}}); }

  // Promises all of `shape` or nothing: false when a dimension that the runner reports does not hold it any more, on top
  // of what is promised already. Release gives back what was promised.
  [[nodiscard]] bool Reserve(const Shape& shape) {
    if (!Take(cpu_, reserved_cpu_, shape.cpu)) return false;
    if (!Take(memory_, reserved_memory_, shape.memory)) {
      Give(reserved_cpu_, shape.cpu);
      return false;
    }
    if (!Take(gpu_, reserved_gpu_, shape.gpu)) {
      Give(reserved_cpu_, shape.cpu);
      Give(reserved_memory_, shape.memory);
      return false;
    }
    Tell();
    return true;
  }
  // Somebody holds a part of it.
  [[nodiscard]] bool reserved() const {
    return reserved_cpu_.load(std::memory_order_relaxed) != 0 ||
           reserved_memory_.load(std::memory_order_relaxed) != 0 || reserved_gpu_.load(std::memory_order_relaxed) != 0;
  }
  void Release(const Shape& shape) {
    Give(reserved_cpu_, shape.cpu);
    Give(reserved_memory_, shape.memory);
    Give(reserved_gpu_, shape.gpu);
    Tell();
  }

  // From now on these tables repeat the cell, and no others.
  struct Seat {
    std::shared_ptr<LiveTable> table;
    uint32_t runner = 0;
  };
  void Follow(std::vector<Seat> seats) {
    const std::lock_guard lock(mutex_);
    seats_ = std::move(seats);
    TellLocked();
  }

  [[nodiscard]] LiveState Read() const {
    const Shape reserved = {reserved_cpu_.load(std::memory_order_relaxed),
                            reserved_memory_.load(std::memory_order_relaxed),
                            reserved_gpu_.load(std::memory_order_relaxed)};
    return {install_.load(std::memory_order_relaxed),
            connection_.load(std::memory_order_relaxed),
            Free(cpu_, reserved.cpu),
            Free(memory_, reserved.memory),
            Free(gpu_, reserved.gpu),
            reserved};
  }

 private:
  static constexpr int64_t kUnreported = -1;

  // Adds to what is reserved unless that passes what is reported. An amount that no sum can hold is never there.
  static bool Take(const std::atomic<int64_t>& reported, std::atomic<int64_t>& reserved, int64_t amount) {
    int64_t before = reserved.load(std::memory_order_relaxed);
    do {
      const int64_t most = Reported(reported).value_or(std::numeric_limits<int64_t>::max());
      if (amount > 0 && (before > most || amount > most - before)) return false;
    } while (!reserved.compare_exchange_weak(before, before + amount, std::memory_order_relaxed));
    return true;
  }
  static void Give(std::atomic<int64_t>& reserved, int64_t amount) {
    reserved.fetch_sub(amount, std::memory_order_relaxed);
  }
  static std::optional<int64_t> Free(const std::atomic<int64_t>& reported, int64_t reserved) {
    const std::optional<int64_t> most = Reported(reported);
    return most ? std::optional(std::max<int64_t>(*most - reserved, 0)) : std::nullopt;
  }

  static void Store(std::atomic<int64_t>& word, std::optional<int64_t> value) {
    word.store(value ? std::max<int64_t>(*value, 0) : kUnreported, std::memory_order_relaxed);
  }
  static std::optional<int64_t> Reported(const std::atomic<int64_t>& word) {
    const int64_t value = word.load(std::memory_order_relaxed);
    return value == kUnreported ? std::nullopt : std::optional(value);
  }

  // After each change: the last one to get here has seen them all.
  void Tell() {
    const std::lock_guard lock(mutex_);
    TellLocked();
  }
  void TellLocked() {
    for (const Seat& seat : seats_) seat.table->Set(seat.runner, Read());
  }

  std::mutex mutex_;  // guards the seats
  std::vector<Seat> seats_;
  std::atomic<InstallStatus> install_;
  std::atomic<ConnectionStatus> connection_;
  std::atomic<int64_t> cpu_;
  std::atomic<int64_t> memory_;
  std::atomic<int64_t> gpu_;
  std::atomic<int64_t> reserved_cpu_ = 0;
  std::atomic<int64_t> reserved_memory_ = 0;
  std::atomic<int64_t> reserved_gpu_ = 0;
};

// A runner's cell and what its document said when the cell was last set from it.
struct LiveEntry {
  std::shared_ptr<LiveCell> cell;
  InstallStatus install = InstallStatus::kReady;
  ConnectionStatus connection = ConnectionStatus::kConnected;
  Available available;
  bool gone = false;  // no document of the runner is served; the cell stays while something of it is reserved

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
    if (std::exchange(gone, false)) {
      cell->SetHealth(install, connection);
      cell->SetAvailable(available);
      return;
    }
    const bool new_install = before.install != install;
    const bool new_connection = before.connection != connection;
    if (new_install || new_connection) {
      cell->SetHealth(new_install ? std::optional(install) : std::nullopt,
                      new_connection ? std::optional(connection) : std::nullopt);
    }
    if (before.available.cpu_millicores != available.cpu_millicores) cell->SetCpu(available.cpu_millicores);
    if (before.available.memory_bytes != available.memory_bytes) cell->SetMemory(available.memory_bytes);
    if (before.available.gpu_count != available.gpu_count) cell->SetGpu(available.gpu_count);
  }
};

}  // namespace berth

#endif  // BERTH_ENGINE_LIVE_STATE_H_
