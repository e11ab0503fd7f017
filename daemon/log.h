// The daemon's log: one JSON object for each line, written to a file descriptor.
//
//   {"time":"2026-01-02T03:04:05.123456Z","level":"info","message":"serving","address":"127.0.0.1:7444"}
//
// Guarantees:  one write(2) for each line, at most kMaxLogLineBytes of valid JSON whatever the texts hold; what does not
//              fit is cut, and the line says so (`"cut":true`). Nobody waits for a reader: while a pipe, terminal or
//              socket is full, lines are dropped and counted, and the first line that fits again is followed by one
//              that says how many are missing
// Ownership:   borrows the descriptor, which must stay open; texts are copied
// Threads:     every method may be called concurrently
// Not here:    secrets: callers pass none. A closed pipe raises SIGPIPE, which the program ignores
// Tested by:   tests/daemon_log_test.cc

#ifndef BERTH_DAEMON_LOG_H_
#define BERTH_DAEMON_LOG_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

namespace berth {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };
inline constexpr std::array<std::string_view, 4> kLogLevelNames = {"debug", "info", "warn", "error"};

// As many bytes as a pipe takes in one piece.
inline constexpr size_t kMaxLogLineBytes = 4096;

struct LogField {
  std::string_view name;  // not `time`, `level`, `message` or `cut`
  std::variant<std::string_view, int64_t, uint64_t, bool> value;
};

class Log {
 public:
  // Lines below `level` are not written.
  Log(int descriptor, LogLevel level);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();

  void Write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
  void Debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kWarn, message, fields);
  }
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kError, message, fields);
  }

  [[nodiscard]] bool Writes(LogLevel level) const { return level >= level_; }
  // Lines that nobody could be given, ever.
  [[nodiscard]] uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  enum class Target : uint8_t {
    kFile,      // takes every line at once
    kReopened,  // our own way to a pipe or terminal, which never waits
    kSocket,
    kPolled,  // asked before each line whether it has room
  };

  [[nodiscard]] bool Send(std::string_view line);

  int descriptor_;
  Target target_ = Target::kFile;
  const LogLevel level_;
  std::atomic<uint64_t> dropped_ = 0;
  std::mutex mutex_;  // guards what is below, and keeps lines whole
  uint64_t unreported_ = 0;
  bool torn_ = false;  // the last line was written in part: a full disk
};

}  // namespace berth

#endif  // BERTH_DAEMON_LOG_H_
