#include "berth/daemon/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "berth/daemon/timestamp.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

constexpr std::string_view kCut = ",\"cut\":true";
constexpr std::string_view kEnd = "}\n";
constexpr size_t kRoom = kMaxLogLineBytes - kCut.size() - kEnd.size();

void AppendValue(const LogField& field, std::string& out) {
  JsonWriter json(out);
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    json.String(*text);
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    json.Int(*integer);
  } else if (const auto* natural = std::get_if<uint64_t>(&field.value)) {
    json.Uint(*natural);
  } else {
    json.Bool(std::get<bool>(field.value));
  }
}

// A start of `text`, ended between characters, that takes at most `room` bytes as a JSON string.
std::string FittingString(std::string_view text, size_t room) {
  std::string quoted;
  // Escapes and U+FFFD take up to six bytes for one.
  for (size_t size = std::min(text.size(), room);; size /= 2) {
    while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    quoted.clear();
    AppendJsonString(text.substr(0, size), quoted);
    if (quoted.size() <= room) return quoted;
  }
}

std::string Line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  constexpr size_t kMaxMessage = kMaxLogLineBytes / 2;
  std::string line = "{\"time\":\"" + Timestamp(std::chrono::system_clock::now()) + "\",\"level\":\"";
  line.append(kLogLevelNames[static_cast<size_t>(level)]).append("\",\"message\":");
  bool cut = false;
  std::string text;
  // Nothing is quoted whole that could not fit: a text may be as long as a request.
  const auto append_text = [&](std::string_view whole, size_t room) {
    text.clear();
    if (whole.size() <= room) AppendJsonString(whole, text);
    if (text.empty() || text.size() > room) {
      text = FittingString(whole, room);
      cut = true;
    }
    line += text;
  };
  append_text(message, kMaxMessage);
  for (const LogField& field : fields) {
    const size_t start = line.size();
    line.push_back(',');
    AppendJsonString(field.name, line);
    line.push_back(':');
    const auto* value = std::get_if<std::string_view>(&field.value);
    if (value != nullptr && line.size() + 2 <= kRoom) {
      append_text(*value, kRoom - line.size());
    } else if (value == nullptr) {
      AppendValue(field, line);
    }
    if (line.size() > kRoom || line.back() == ':') {
      line.resize(start);
      cut = true;
    }
  }
  if (cut) line += kCut;
  return line.append(kEnd);
}

bool HasRoom(int descriptor) {
  pollfd wanted = {.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLOUT) != 0;
}

}  // namespace

Log::Log(int descriptor, LogLevel level) : descriptor_(descriptor), level_(level) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0 || S_ISREG(status.st_mode)) return;
  if (S_ISSOCK(status.st_mode)) {
    target_ = Target::kSocket;
    return;
  }
  // O_NONBLOCK belongs to the open file, which other processes may share: a way of our own leaves theirs alone.
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const int own = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
  target_ = own >= 0 ? Target::kReopened : Target::kPolled;
  if (own >= 0) descriptor_ = own;
}

Log::~Log() {
  if (target_ == Target::kReopened) close(descriptor_);
}

void Log::Write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!Writes(level)) return;
  const std::string line = Line(level, message, fields);
  const std::lock_guard lock(mutex_);
  if (!Send(line)) {
    ++unreported_;
    dropped_.fetch_add(1, std::memory_order_relaxed);
  } else if (unreported_ > 0 && Send(Line(LogLevel::kWarn, "lines were dropped: nobody reads the log fast enough",
                                          {{"dropped", unreported_}}))) {
    unreported_ = 0;
  }
}

bool Log::Send(std::string_view line) {
  if (target_ == Target::kPolled && !HasRoom(descriptor_)) return false;
  std::string repaired;
  if (torn_) line = repaired.append("\n").append(line);
  ssize_t written = 0;
  do {
    written = target_ == Target::kSocket ? send(descriptor_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                         : write(descriptor_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written > 0) torn_ = written < static_cast<ssize_t>(line.size());
  return written == static_cast<ssize_t>(line.size());
}

}  // namespace berth
