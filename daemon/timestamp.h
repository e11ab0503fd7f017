// A point of time as the log files write it: `2026-01-02T03:04:05.123456Z`, always 27 bytes, so that lines sort.

#ifndef BERTH_DAEMON_TIMESTAMP_H_
#define BERTH_DAEMON_TIMESTAMP_H_

#include <chrono>
#include <string>

namespace berth {

// RFC 3339 in UTC with microseconds, for the years 0 to 9999.
std::string Timestamp(std::chrono::system_clock::time_point time);

}  // namespace berth

#endif  // BERTH_DAEMON_TIMESTAMP_H_
