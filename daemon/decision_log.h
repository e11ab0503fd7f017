// The decision log: one JSON object for each decision, one to a line, in a file that rotates by size.
//
//   {"time":"2026-01-02T03:04:05.123456Z","decision_id":"...","caller":"ci","method":"Admit",
//    "organization":"acme","user":"u1","sandbox_id":"","verdict":"REJECTED","code":"CWSANDBOX_NO_SUITABLE_RUNNER","reason":"INSUFFICIENT_GPU","runner":"","profile":"",
//    "revision":7,"latency_microseconds":12}                                                          (on one line)
//
// Write puts the line into a bounded queue; a thread of the log's own writes to the file. When the file has its size it
// becomes `<path>.1`, what was `.1` becomes `.2`, and so on; the oldest is removed.
//
// Guarantees:  a caller of Write never waits for the disk; only whole lines are in the file, after a full disk too;
//              lines without room in the queue are dropped and counted; Close leaves nothing in the queue
// Fails when:  the disk is full or read-only: `on_change` hears it once, writing is tried again every `retry`, and
//              `on_change` hears OK when it works. Meanwhile the queue fills
// Threads:     every method may be called concurrently; `on_change` is called on the log's thread
// Cost:        Write: building one line, a lock, and a copy of some 300 bytes; no allocation once warm
// Tested by:   tests/daemon_decision_log_test.cc

#ifndef BERTH_DAEMON_DECISION_LOG_H_
#define BERTH_DAEMON_DECISION_LOG_H_

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "berth/daemon/rotating_file.h"
#include "berth/policy/verdict.h"

namespace berth {

enum class DecisionLogMode : uint8_t { kAll, kRejected };
inline constexpr std::array<std::string_view, 2> kDecisionLogModeNames = {"all", "rejected"};

// One decision. Texts are cut after 256 bytes.
struct DecisionRecord {
  std::chrono::system_clock::time_point time;
  std::string_view decision_id;
  std::string_view caller;  // the token's name, or `anonymous`
  std::string_view method;  // `Admit`
  std::string_view organization;
  std::string_view user;
  std::string_view sandbox_id;
  Verdict verdict = Verdict::kInvalid;
  std::string_view code;
  std::string_view reason;   // the headline of most candidates; empty when admitted or invalid
  std::string_view runner;   // the placement's; empty otherwise
  std::string_view profile;  // the placement's, or the one that was asked for
  uint64_t revision = 0;
  std::chrono::nanoseconds latency = {};
};

struct DecisionLogOptions {
  std::string path;
  DecisionLogMode mode = DecisionLogMode::kAll;
  uint64_t sample = 1;  // of the admitted ones, one in so many is written; at least 1
  uint64_t max_bytes = uint64_t{100} << 20;
  unsigned old_files = 5;
  size_t max_queue_bytes = size_t{4} << 20;  // twice as much while the disk fails
  std::chrono::milliseconds retry = std::chrono::seconds(1);
  std::function<void(const absl::Status&)> on_change;  // may be empty
};

class DecisionLog {
 public:
  explicit DecisionLog(DecisionLogOptions options);
  DecisionLog(const DecisionLog&) = delete;
  DecisionLog& operator=(const DecisionLog&) = delete;
  ~DecisionLog();

  void Write(const DecisionRecord& record);
  // Writes what is queued, once more if the disk fails, and ends the thread. Later lines are dropped.
  void Close();

  // Lines that are in no file and never will be; attempts to write that failed.
  [[nodiscard]] uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t errors() const { return errors_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void Tell(const absl::Status& status);

  const DecisionLogOptions options_;
  std::atomic<uint64_t> admitted_ = 0;
  std::atomic<uint64_t> dropped_ = 0;
  std::atomic<uint64_t> errors_ = 0;
  RotatingFile file_;     // of the thread, as is the next
  bool failing_ = false;  // and has been told

  std::mutex mutex_;  // guards what is below
  std::condition_variable wake_;
  std::string queue_;
  bool closing_ = false;
  std::once_flag closed_;
  std::thread thread_;
};

}  // namespace berth

#endif  // BERTH_DAEMON_DECISION_LOG_H_
