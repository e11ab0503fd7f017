#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "berth/daemon/log.h"
#include "berth/daemon/timestamp.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace berth {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

// Both ends of a pipe or a pair of sockets.
struct Ends {
  int read_end = -1;
  int write_end = -1;

  static Ends Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    return {ends[0], ends[1]};
  }
  static Ends Sockets() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {ends[0], ends[1]};
  }
  Ends(int reading, int writing) : read_end(reading), write_end(writing) {}
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    close(read_end);
    close(write_end);
  }

  // What can be read without waiting.
  [[nodiscard]] std::string Drain() const {
    fcntl(read_end, F_SETFL, O_NONBLOCK);
    std::string text;
    char chunk[65536];
    for (ssize_t count = 0; (count = read(read_end, chunk, sizeof(chunk))) > 0;) {
      text.append(chunk, static_cast<size_t>(count));
    }
    return text;
  }
};

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = text.find('\n', start);
    EXPECT_NE(end, std::string_view::npos) << "the last line has no end";
    if (end == std::string_view::npos) break;
    lines.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

TEST(Timestamp, IsRfc3339WithMicroseconds) {
  struct Row {
    int64_t micros;
    std::string_view text;
  };
  constexpr Row kRows[] = {
      {0, "1970-01-01T00:00:00.000000Z"},
      {1767323045123456, "2026-01-02T03:04:05.123456Z"},
      {-1, "1969-12-31T23:59:59.999999Z"},
      {951782399999999, "2000-02-28T23:59:59.999999Z"},
      {951782400000000, "2000-02-29T00:00:00.000000Z"},
      {4102444799000001, "2099-12-31T23:59:59.000001Z"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Timestamp(system_clock::time_point(microseconds(row.micros))), row.text);
}

TEST(Log, WritesOneObjectForEachLine) {
  const Ends ends = Ends::Pipe();
  Log log(ends.write_end, LogLevel::kInfo);
  log.Info("serving", {{"address", "127.0.0.1:7444"}, {"revision", uint64_t{18446744073709551615U}}});
  log.Error("failed", {{"error", int64_t{-5}}, {"again", true}});
  log.Debug("not shown");
  const std::vector<std::string> lines = Lines(ends.Drain());
  ASSERT_EQ(lines.size(), 2U);
  const auto without_time = [](std::string line) {
    constexpr size_t kStart = std::string_view(R"({"time":")").size();
    EXPECT_EQ(line[kStart + 26], 'Z');
    return line.replace(kStart, 27, "TIME");
  };
  EXPECT_EQ(without_time(lines[0]), R"({"time":"TIME","level":"info","message":"serving","address":"127.0.0.1:7444",)"
                                    R"("revision":18446744073709551615})");
  EXPECT_EQ(without_time(lines[1]), R"({"time":"TIME","level":"error","message":"failed","error":-5,"again":true})");
  EXPECT_EQ(log.dropped(), 0U);
}

TEST(Log, FiltersByLevel) {
  const Ends ends = Ends::Pipe();
  for (const auto& [level, lines] : {std::pair(LogLevel::kDebug, 4U), std::pair(LogLevel::kInfo, 3U),
                                     std::pair(LogLevel::kWarn, 2U), std::pair(LogLevel::kError, 1U)}) {
    Log log(ends.write_end, level);
    EXPECT_EQ(log.Writes(LogLevel::kWarn), level <= LogLevel::kWarn);
    log.Debug("d");
    log.Info("i");
    log.Warn("w");
    log.Error("e");
    EXPECT_EQ(Lines(ends.Drain()).size(), lines);
  }
}

TEST(Log, LinesAreValidAndBoundedWhateverTheTextsHold) {
  const std::string kTexts[] = {
      std::string("a\0b", 3),    "line\nbreak\r\"quoted\"\\",  "\xff\xfe\x80",
      std::string(5000, 'x'),    std::string(5000, '\x01'),    std::string(5000, '\xff'),
      std::string(1 << 20, 'y'), std::string(2047, '"') + "z",
  };
  const Ends ends = Ends::Pipe();
  Log log(ends.write_end, LogLevel::kInfo);
  for (const std::string& text : kTexts) {
    std::string thousand_e;
    for (int i = 0; i < 1000; ++i) thousand_e += "\xc3\xa9";
    log.Info(text, {{"field", text}, {"e", thousand_e}, {"f", thousand_e}, {"g", thousand_e}, {"last", true}});
    const std::vector<std::string> lines = Lines(ends.Drain());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_LE(lines[0].size() + 1, kMaxLogLineBytes);
    const nlohmann::json json = nlohmann::json::parse(lines[0]);  // throws, and so fails, on broken UTF-8 too
    EXPECT_TRUE(json.value("cut", false)) << "three fields of 2 KB cannot fit";
    EXPECT_TRUE(json.contains("field"));
  }
  log.Info("fits", {{"field", std::string(3000, 'x')}});
  EXPECT_FALSE(nlohmann::json::parse(ends.Drain()).contains("cut"));
}

TEST(Log, ThreadsDoNotMixTheirLines) {
  const Ends ends = Ends::Pipe();
  ASSERT_GE(fcntl(ends.write_end, F_SETPIPE_SZ, 1 << 20), 1 << 20);
  Log log(ends.write_end, LogLevel::kInfo);
  std::vector<std::thread> threads;
  constexpr int kThreads = 4;
  constexpr int kLinesEach = 500;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&log, i] {
      for (int64_t j = 0; j < kLinesEach; ++j) log.Info("m", {{"thread", int64_t{i}}, {"line", j}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::pair<int, int>> seen;
  for (const std::string& line : Lines(ends.Drain())) {
    const nlohmann::json json = nlohmann::json::parse(line);
    seen.emplace(json["thread"].get<int>(), json["line"].get<int>());
  }
  EXPECT_EQ(seen.size(), size_t{kThreads} * kLinesEach);
}

// Writes until lines are dropped, within a time that no waiting call would keep.
void FillUntilDropped(Log& log) {
  auto filled = std::async(std::launch::async, [&log] {
    for (int i = 0; i < 20000 && log.dropped() < 10; ++i) log.Info("fill", {{"text", std::string(300, 'x')}});
  });
  if (filled.wait_for(seconds(30)) != std::future_status::ready) {
    std::fprintf(stderr, "the log waits for its reader\n");
    std::abort();  // nothing else ends the thread
  }
}

void ExpectDropsAndRecovers(const Ends& ends) {
  Log log(ends.write_end, LogLevel::kInfo);
  FillUntilDropped(log);
  EXPECT_EQ(log.dropped(), 10U);
  for (const std::string& line : Lines(ends.Drain())) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  log.Info("again");
  const std::vector<std::string> lines = Lines(ends.Drain());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["message"], "again");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["dropped"], 10);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["level"], "warn");
  log.Info("once more");
  EXPECT_EQ(Lines(ends.Drain()).size(), 1U) << "the number is told once";
  EXPECT_EQ(log.dropped(), 10U);
}

TEST(Log, NeverWaitsForAFullPipe) { ExpectDropsAndRecovers(Ends::Pipe()); }

TEST(Log, NeverWaitsForAFullSocket) {
  const Ends ends = Ends::Sockets();
  Log log(ends.write_end, LogLevel::kInfo);
  FillUntilDropped(log);
  EXPECT_EQ(log.dropped(), 10U);
}

TEST(Log, LeavesTheDescriptorsOwnFlagsAlone) {
  const Ends ends = Ends::Pipe();
  const int flags = fcntl(ends.write_end, F_GETFL);
  Log log(ends.write_end, LogLevel::kInfo);
  log.Info("x");
  EXPECT_EQ(fcntl(ends.write_end, F_GETFL), flags);
}

TEST(Log, CountsWhatAFullDiskDoesNotTake) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  {
    Log log(full, LogLevel::kInfo);
    for (int i = 0; i < 3; ++i) log.Info("x");
    EXPECT_EQ(log.dropped(), 3U);
  }
  close(full);
  Log closed(full, LogLevel::kInfo);  // a descriptor that is not open
  closed.Info("x");
  EXPECT_EQ(closed.dropped(), 1U);
}

TEST(Log, AppendsToAFile) {
  const std::string path = testing::TempDir() + "daemon_log_test." + std::to_string(getpid());
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  {
    Log log(file, LogLevel::kInfo);
    log.Info("one");
    log.Info("two");
  }
  char text[1024];
  const ssize_t size = pread(file, text, sizeof(text), 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(Lines(std::string_view(text, static_cast<size_t>(size))).size(), 2U);
  close(file);
  unlink(path.c_str());
}

}  // namespace
}  // namespace berth
