#include "berth/daemon/decision_log.h"

#include <algorithm>
#include <utility>

#include "berth/daemon/timestamp.h"
#include "berth/spec/utf8.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

constexpr size_t kMaxTextBytesOfRecord = 256;

// Not through a JsonWriter: its stack of brackets is memory of its own.
void AppendText(std::string_view name, std::string_view text, std::string& line) {
  line.append(",\"").append(name).append("\":");
  if (text.size() <= kMaxTextBytesOfRecord) return AppendJsonString(text, line);
  size_t size = kMaxTextBytesOfRecord;
  while (size > 0 && IsUtf8Continuation(text[size])) --size;
  AppendJsonString(text.substr(0, size), line);
  line.insert(line.size() - 1, "...");
}

void AppendLine(const DecisionRecord& record, std::string& line) {
  line.append("{\"time\":\"").append(Timestamp(record.time)).append("\"");
  AppendText("decision_id", record.decision_id, line);
  AppendText("caller", record.caller, line);
  AppendText("method", record.method, line);
  AppendText("organization", record.organization, line);
  AppendText("user", record.user, line);
  AppendText("sandbox_id", record.sandbox_id, line);
  AppendText("verdict", VerdictName(record.verdict), line);
  AppendText("code", record.code, line);
  AppendText("reason", record.reason, line);
  AppendText("runner", record.runner, line);
  AppendText("profile", record.profile, line);
  line.append(",\"revision\":").append(std::to_string(record.revision));
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(record.latency).count();
  line.append(",\"latency_microseconds\":").append(std::to_string(micros)).append("}\n");
}

}  // namespace

DecisionLog::DecisionLog(DecisionLogOptions options)
    : options_(std::move(options)), file_(options_.path, options_.max_bytes, options_.old_files) {
  thread_ = std::thread([this] { Run(); });
}

DecisionLog::~DecisionLog() { Close(); }

void DecisionLog::Write(const DecisionRecord& record) {
  if (record.verdict == Verdict::kAdmitted) {
    if (options_.mode == DecisionLogMode::kRejected) return;
    if (admitted_.fetch_add(1, std::memory_order_relaxed) % std::max<uint64_t>(options_.sample, 1) != 0) return;
  }
  thread_local std::string line;
  line.clear();
  AppendLine(record, line);
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || queue_.size() + line.size() > options_.max_queue_bytes) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    was_empty = queue_.empty();
    queue_ += line;
  }
  if (was_empty) wake_.notify_one();
}

void DecisionLog::Close() {
  std::call_once(closed_, [this] {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
  });
}

void DecisionLog::Run() {
  std::string batch;
  std::string_view left;     // of `batch`, not yet written
  Tell(file_.Append(left));  // opens it: a wrong path is told before the first decision
  for (bool closing = false; !closing || !left.empty();) {
    {
      std::unique_lock lock(mutex_);
      if (left.empty()) {
        wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
        batch.clear();
        batch.swap(queue_);
        left = batch;
      } else {
        wake_.wait_for(lock, options_.retry, [this] { return closing_; });
      }
      closing = closing_;
    }
    const absl::Status status = file_.Append(left);
    Tell(status);
    if (closing && !status.ok()) {
      // Nobody will be there when the disk works again.
      const std::lock_guard lock(mutex_);
      const auto lines = std::ranges::count(left, '\n') + std::ranges::count(queue_, '\n');
      dropped_.fetch_add(static_cast<uint64_t>(lines), std::memory_order_relaxed);
      return;
    }
    if (closing) {
      const std::lock_guard lock(mutex_);
      closing = queue_.empty();
    }
  }
}

void DecisionLog::Tell(const absl::Status& status) {
  if (!status.ok()) errors_.fetch_add(1, std::memory_order_relaxed);
  if (failing_ == !status.ok()) return;
  failing_ = !status.ok();
  if (options_.on_change) options_.on_change(status);
}

}  // namespace berth
