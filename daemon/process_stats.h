// What the kernel knows of this process, for its metrics.

#ifndef BERTH_DAEMON_PROCESS_STATS_H_
#define BERTH_DAEMON_PROCESS_STATS_H_

#include <cstdint>
#include <optional>

namespace berth {

struct ProcessStats {
  std::optional<uint64_t> resident_memory_bytes;
  std::optional<uint64_t> open_fds;
  std::optional<double> start_time_seconds;  // since 1970
};

// Reads /proc; what cannot be read stays unknown. Linear in the open descriptors.
ProcessStats ReadProcessStats();

}  // namespace berth

#endif  // BERTH_DAEMON_PROCESS_STATS_H_
