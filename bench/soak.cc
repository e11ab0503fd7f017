// Everything at once for a while: two threads decide, one edits the catalog as often as it can, one brings heartbeats.
//
//   soak [--seconds N] [--bindings N]
//
// A row for each tenth of the time goes to standard output: what was done in a second, how long decisions took, and the
// memory of the process. Fails when a decision is wrong, or when memory still grows after the first third.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/edited_fleet.h"
#include "bench/fleet.h"
#include "bench/paced_thread.h"
#include "bench/peers.h"
#include "berth/engine/engine.h"

namespace berth::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int64_t kGibi = int64_t{1} << 30;
constexpr int kRows = 10;
constexpr int kSamplesPerRow = 10;
constexpr int64_t kEditsPerSecond = 1000;
constexpr int64_t kHeartbeatsPerSecond = 10'000;
constexpr int64_t kHeartbeatBursts = 1000;  // a second: a thread cannot sleep for less

struct Options {
  double seconds = 120;
  size_t bindings = 10'000;
};

// Durations in steps of a sixteenth of an octave, so a percentile is right within 5 %.
class Histogram {
 public:
  void Add(double nanoseconds) {
    const double step = std::max(0.0, std::log2(nanoseconds) * kStepsPerOctave);
    counts_[std::min(static_cast<size_t>(step), kSteps - 1)].fetch_add(1, std::memory_order_relaxed);
  }

  // Moves everything from `other` here.
  void Take(Histogram& other) {
    for (size_t i = 0; i < kSteps; ++i) counts_[i] += other.counts_[i].exchange(0, std::memory_order_relaxed);
  }

  [[nodiscard]] uint64_t count() const {
    uint64_t count = 0;
    for (const auto& each : counts_) count += each.load(std::memory_order_relaxed);
    return count;
  }

  // In microseconds.
  [[nodiscard]] double At(double share) const {
    const double wanted = share * static_cast<double>(count());
    double seen = 0;
    size_t i = 0;
    for (; i + 1 < kSteps; ++i) {
      seen += static_cast<double>(counts_[i].load(std::memory_order_relaxed));
      if (seen >= wanted) break;
    }
    return std::exp2(static_cast<double>(i + 1) / kStepsPerOctave) / 1000;
  }

 private:
  static constexpr double kStepsPerOctave = 16;
  static constexpr size_t kSteps = 16 * 36;  // up to a minute

  std::array<std::atomic<uint64_t>, kSteps> counts_{};
};

double ResidentMebibytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// Decides until it is stopped: launches that fit by turns, and launches that fit nowhere, whose reasons must add up.
class Reader {
 public:
  Reader(const EditedFleet& fleet, const Engine& engine)
      : fleet_(fleet), engine_(engine), thread_([this](const std::stop_token& stop) { Decide(stop); }) {}

  [[nodiscard]] Histogram& durations() { return durations_; }
  [[nodiscard]] bool wrong() const { return wrong_.load(std::memory_order_relaxed); }

 private:
  void Decide(const std::stop_token& stop) {
    Launch launch;
    launch.profile_name = fleet_.fleet().profiles[EditedFleet::kProfile].name;
    launch.cpu = 1000;
    launch.memory = fleet_.fleet().profiles[EditedFleet::kProfile].memory_limit_bytes;
    const LaunchRequest edited = ReadRequest(DocumentOf(launch).dump());
    launch.profile_name.clear();
    launch.storage_classes = {"tape"};
    const LaunchRequest nowhere = ReadRequest(DocumentOf(launch).dump());
    size_t bindings = 0;
    for (const FleetRunner& runner : fleet_.fleet().runners) bindings += runner.bindings.size();
    Scratch scratch;
    while (!stop.stop_requested()) {
      const Clock::time_point begin = Clock::now();
      const bool valid = engine_.Admit(edited, scratch).verdict != Verdict::kInvalid;
      const Clock::time_point between = Clock::now();
      size_t headlines = 0;
      for (const ReasonCount& reason : engine_.Admit(nowhere, scratch).reasons) headlines += reason.headline;
      const Clock::time_point end = Clock::now();
      durations_.Add(std::chrono::duration<double, std::nano>(between - begin).count());
      durations_.Add(std::chrono::duration<double, std::nano>(end - between).count());
      if (!valid || headlines != bindings) wrong_.store(true, std::memory_order_relaxed);
    }
  }

  const EditedFleet& fleet_;
  const Engine& engine_;
  Histogram durations_;
  std::atomic<bool> wrong_{false};
  std::jthread thread_;  // the last member: stopped and joined before the others go
};

void BringHeartbeats(const Fleet& fleet, Engine& engine, uint64_t burst) {
  constexpr uint64_t kEach = kHeartbeatsPerSecond / kHeartbeatBursts;
  for (uint64_t number = burst * kEach; number < (burst + 1) * kEach; ++number) {
    const FleetRunner& runner = fleet.runners[number % fleet.runners.size()];
    const ConnectionStatus connection =
        number % 97 == 0 ? ConnectionStatus::kDisconnected : ConnectionStatus::kConnected;
    const Available available = {static_cast<int64_t>(number % 128'000), static_cast<int64_t>(number % 1024) * kGibi,
                                 static_cast<int64_t>(number % 9), std::nullopt, Position()};
    engine.UpdateHealth("acme", runner.id, InstallStatus::kReady, connection).IgnoreError();
    engine.UpdateResources("acme", runner.id, available).IgnoreError();
  }
}

double MedianOf(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Whether the last third of the samples lies above the middle one by more than heaps breathe.
bool KeepsGrowing(const std::vector<double>& resident) {
  const auto third = static_cast<std::ptrdiff_t>(resident.size() / 3);
  const double middle = MedianOf({resident.begin() + third, resident.begin() + 2 * third});
  const double last = MedianOf({resident.begin() + 2 * third, resident.end()});
  std::printf("\nResident memory, medians: %.1f MiB in the middle third, %.1f MiB in the last.\n", middle, last);
  return last > middle * 1.03 + 4;
}

int Run(const Options& options) {
  EditedFleet fleet(options.bindings);
  if (!fleet.Works()) {
    std::fputs("the edits do not decide launches\n", stderr);
    return 1;
  }
  Engine& engine = fleet.engine();
  std::array<std::optional<Reader>, 2> readers;
  for (auto& reader : readers) reader.emplace(fleet, engine);
  std::optional<PacedThread> writer(std::in_place, kEditsPerSecond, [&](uint64_t before) { fleet.Edit(before + 1); });
  std::optional<PacedThread> heart(std::in_place, kHeartbeatBursts,
                                   [&](uint64_t before) { BringHeartbeats(fleet.fleet(), engine, before); });

  std::printf("%zu bindings, %zu runners, 2 readers, up to %lld edits/s\n\n", options.bindings,
              fleet.fleet().runners.size(), static_cast<long long>(kEditsPerSecond));
  std::printf("| second | decisions/s | edits/s | heartbeats/s | p50 us | p99 us | p99.9 us | resident MiB |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  const double row_seconds = options.seconds / kRows;
  const Clock::time_point begin = Clock::now();
  std::vector<double> resident;
  Histogram whole;
  uint64_t edits = 0;
  uint64_t bursts = 0;
  for (int row = 1; row <= kRows; ++row) {
    for (int i = 1; i <= kSamplesPerRow; ++i) {
      std::this_thread::sleep_until(begin + Seconds(row_seconds * (row - 1 + static_cast<double>(i) / kSamplesPerRow)));
      resident.push_back(ResidentMebibytes());
    }
    Histogram part;
    for (auto& reader : readers) part.Take(reader->durations());
    const auto per_second = [&](uint64_t count) { return static_cast<double>(count) / row_seconds; };
    std::printf("| %.0f | %.0f | %.1f | %.0f | %.1f | %.1f | %.1f | %.1f |\n", row * row_seconds,
                per_second(part.count()), per_second(writer->count() - edits),
                per_second((heart->count() - bursts) * (kHeartbeatsPerSecond / kHeartbeatBursts)), part.At(0.5),
                part.At(0.99), part.At(0.999), resident.back());
    std::fflush(stdout);
    edits = writer->count();
    bursts = heart->count();
    whole.Take(part);
  }
  writer.reset();
  heart.reset();
  bool wrong = false;
  for (auto& reader : readers) {
    wrong = wrong || reader->wrong();
    reader.reset();
  }
  std::printf("\n%llu decisions: p50 %.1f us, p99 %.1f us, p99.9 %.1f us; %llu edits, %.1f a second.\n",
              static_cast<unsigned long long>(whole.count()), whole.At(0.5), whole.At(0.99), whole.At(0.999),
              static_cast<unsigned long long>(edits), static_cast<double>(edits) / options.seconds);
  const bool grows = KeepsGrowing(resident);
  if (wrong) std::fputs("a decision was wrong\n", stderr);
  if (grows) std::fputs("memory keeps growing\n", stderr);
  return wrong || grows ? 1 : 0;
}

}  // namespace
}  // namespace berth::bench

int main(int argc, char** argv) {
  berth::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const double value = std::strtod(argv[i + 1], nullptr);
    if (flag == "--seconds" && value >= 1) options.seconds = value;
    if (flag == "--bindings" && value >= 1) options.bindings = static_cast<size_t>(value);
  }
  return berth::bench::Run(options);
}
