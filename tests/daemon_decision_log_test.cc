#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "berth/daemon/decision_log.h"
#include "berth/daemon/rotating_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "berthd-log-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }
  [[nodiscard]] std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.insert(entry.path().filename());
    return names;
  }

 private:
  std::string path_;
};

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<nlohmann::json> ReadLines(const std::string& path) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(Read(path));
  for (std::string line; std::getline(text, line);) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    lines.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
  }
  return lines;
}

// Every file the test's process writes ends here, as on a disk that is full; the rest of a write is not taken.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit low = before_;
    low.rlim_cur = bytes;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

template <typename Condition>
bool Eventually(Condition good) {
  for (const auto end = steady_clock::now() + seconds(20); steady_clock::now() < end;) {
    if (good()) return true;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return good();
}

DecisionRecord Record(Verdict verdict, std::string_view id = "d-1") {
  DecisionRecord record;
  record.time = std::chrono::system_clock::time_point(std::chrono::microseconds(1767323045123456));
  record.decision_id = id;
  record.verdict = verdict;
  return record;
}

// What a log told, for reading after Close.
struct Told {
  std::mutex mutex;
  std::vector<std::string> changes;

  std::function<void(const absl::Status&)> Listener() {
    return [this](const absl::Status& status) {
      const std::lock_guard lock(mutex);
      changes.push_back(status.ok() ? "OK" : std::string(status.message()));
    };
  }
  size_t count() {
    const std::lock_guard lock(mutex);
    return changes.size();
  }
};

TEST(DecisionLog, WritesOneObjectForEachDecision) {
  const Folder folder;
  const std::string path = folder.File("decisions");
  DecisionLog log({.path = path, .on_change = {}});
  log.Write({.time = std::chrono::system_clock::time_point(std::chrono::microseconds(1767323045123456)),
             .decision_id = "d-1",
             .caller = "ci",
             .method = "Admit",
             .organization = "acme",
             .user = "u \"1\"\n",
             .sandbox_id = "s",
             .verdict = Verdict::kRejected,
             .code = "CWSANDBOX_NO_SUITABLE_RUNNER",
             .reason = "INSUFFICIENT_GPU",
             .runner = "",
             .profile = "gpu",
             .revision = 18446744073709551615U,
             .latency = std::chrono::nanoseconds(12999)});
  log.Close();
  EXPECT_EQ(
      Read(path),
      R"({"time":"2026-01-02T03:04:05.123456Z","decision_id":"d-1","caller":"ci","method":"Admit",)"
      R"("organization":"acme","user":"u \"1\"\n","sandbox_id":"s","verdict":"REJECTED","code":"CWSANDBOX_NO_SUITABLE_RUNNER",)"
      R"("reason":"INSUFFICIENT_GPU","runner":"","profile":"gpu","revision":18446744073709551615,)"
      R"("latency_microseconds":12})"
      "\n");
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::others_all,
            std::filesystem::perms::none);
  EXPECT_EQ(log.dropped(), 0U);
  EXPECT_EQ(log.errors(), 0U);
}

TEST(DecisionLog, CutsLongTextsAndKeepsLinesValid) {
  const Folder folder;
  DecisionLog log({.path = folder.File("decisions"), .on_change = {}});
  std::string euros;
  for (int i = 0; i < 1000; ++i) euros += "\xe2\x82\xac";
  DecisionRecord record = Record(Verdict::kInvalid, euros);
  const std::string kOdd = std::string(5000, '\xff');
  record.user = kOdd;
  record.sandbox_id = std::string_view("a\0b", 3);
  log.Write(record);
  log.Close();
  const std::vector<nlohmann::json> lines = ReadLines(folder.File("decisions"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["decision_id"].get<std::string>(), euros.substr(0, 255) + "...");
  EXPECT_EQ(lines[0]["user"].get<std::string>().size(), 256 * 3 + 3U);
}

TEST(DecisionLog, KeepsWhatModeAndSampleSay) {
  struct Row {
    DecisionLogMode mode;
    uint64_t sample;
    int admitted;  // of 100
    int others;    // of 20
  };
  constexpr Row kRows[] = {
      {DecisionLogMode::kAll, 1, 100, 20}, {DecisionLogMode::kAll, 10, 10, 20},    {DecisionLogMode::kAll, 1000, 1, 20},
      {DecisionLogMode::kAll, 0, 100, 20}, {DecisionLogMode::kRejected, 1, 0, 20},
  };
  for (const Row& row : kRows) {
    const Folder folder;
    DecisionLog log({.path = folder.File("d"), .mode = row.mode, .sample = row.sample, .on_change = {}});
    for (int i = 0; i < 100; ++i) {
      log.Write(Record(Verdict::kAdmitted));
      if (i % 10 == 0) log.Write(Record(Verdict::kRejected));
      if (i % 10 == 5) log.Write(Record(Verdict::kInvalid));
    }
    log.Close();
    int admitted = 0;
    int others = 0;
    for (const nlohmann::json& line : ReadLines(folder.File("d")))
      ++(line["verdict"] == "ADMITTED" ? admitted : others);
    EXPECT_EQ(admitted, row.admitted) << row.sample;
    EXPECT_EQ(others, row.others) << row.sample;
    EXPECT_EQ(log.dropped(), 0U) << "what is left out on purpose is not dropped";
  }
}

TEST(DecisionLog, RotatesBySizeAndKeepsSoManyFiles) {
  const Folder folder;
  const std::string path = folder.File("d");
  constexpr int kLines = 100;
  constexpr uint64_t kMaxBytes = 1000;  // four lines
  {
    DecisionLog log({.path = path, .max_bytes = kMaxBytes, .old_files = 3, .on_change = {}});
    for (int i = 0; i < kLines; ++i) log.Write(Record(Verdict::kRejected, std::to_string(1000 + i)));
  }
  EXPECT_EQ(folder.Names(), (std::set<std::string>{"d", "d.1", "d.2", "d.3"}));
  int next = 1000 + kLines;
  for (const std::string name : {"d", "d.1", "d.2", "d.3"}) {
    EXPECT_LE(std::filesystem::file_size(folder.File(name)), kMaxBytes);
    const std::vector<nlohmann::json> lines = ReadLines(folder.File(name));
    EXPECT_FALSE(lines.empty());
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      EXPECT_EQ((*line)["decision_id"], std::to_string(--next)) << "newest last, newest file first, nothing missing";
    }
  }
  // A new log goes on with the file that is there.
  const size_t before = ReadLines(path).size();
  DecisionLog log({.path = path, .max_bytes = 1 << 20, .old_files = 3, .on_change = {}});
  log.Write(Record(Verdict::kRejected));
  log.Close();
  EXPECT_EQ(ReadLines(path).size(), before + 1);
}

TEST(DecisionLog, CallersNeverWaitAndLossesAreCounted) {
  const Folder folder;
  const std::string path = folder.File("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);  // which does not read
  ASSERT_GE(reader, 0);
  DecisionLog log({.path = path, .max_queue_bytes = 100000, .retry = milliseconds(10), .on_change = {}});
  constexpr int kLines = 20000;
  const auto start = steady_clock::now();
  for (int i = 0; i < kLines; ++i) log.Write(Record(Verdict::kRejected));
  EXPECT_LT(steady_clock::now() - start, seconds(10));
  EXPECT_GT(log.dropped(), 0U);
  EXPECT_LT(log.dropped(), static_cast<uint64_t>(kLines));
  EXPECT_TRUE(Eventually([&] { return log.errors() > 0; }));
  log.Close();  // does not wait either
  std::string text;
  char chunk[65536];
  for (ssize_t count = 0; (count = read(reader, chunk, sizeof(chunk))) > 0;) {
    text.append(chunk, static_cast<size_t>(count));
  }
  close(reader);
  const auto read_lines = static_cast<uint64_t>(std::ranges::count(text, '\n'));
  EXPECT_GT(read_lines, 0U);
  EXPECT_GE(read_lines + log.dropped(), uint64_t{kLines} - 1) << "one line may be torn by the pipe's end";
  EXPECT_LE(read_lines + log.dropped(), uint64_t{kLines} + 1);
}

TEST(DecisionLog, SaysOnceThatTheDiskIsFullAndRecovers) {
  const Folder folder;
  const std::string path = folder.File("d");
  Told told;
  uint64_t dropped_while_full = 0;
  {
    DecisionLog log({.path = path, .retry = milliseconds(5), .on_change = told.Listener()});
    log.Write(Record(Verdict::kRejected, "first"));
    ASSERT_TRUE(Eventually([&] { return !Read(path).empty(); }));
    {
      const FileSizeLimit full(1000);  // ends within a line
      for (int i = 0; i < 20; ++i) log.Write(Record(Verdict::kRejected, std::to_string(i)));
      ASSERT_TRUE(Eventually([&] { return log.errors() >= 5; }));
      log.Write(Record(Verdict::kRejected, "meanwhile"));
      EXPECT_LE(Read(path).size(), 1000U);
      ReadLines(path);  // whole lines only, now too
    }
    ASSERT_TRUE(Eventually([&] { return told.count() == 2; }));
    log.Write(Record(Verdict::kRejected, "after"));
    log.Close();
    dropped_while_full = log.dropped();
  }
  ASSERT_EQ(told.changes.size(), 2U);
  EXPECT_THAT(told.changes[0], HasSubstr("cannot be written: it is as large as a file may be"));
  EXPECT_EQ(told.changes[1], "OK");
  const std::vector<nlohmann::json> lines = ReadLines(path);
  EXPECT_EQ(lines.size(), 23U) << "nothing was lost: the queue had room";
  EXPECT_EQ(lines.back()["decision_id"], "after");
  EXPECT_EQ(dropped_while_full, 0U);
}

TEST(DecisionLog, CountsWhatAFullDiskNeverTook) {
  Told told;
  DecisionLog log({.path = "/dev/full", .retry = milliseconds(5), .on_change = told.Listener()});
  for (int i = 0; i < 7; ++i) log.Write(Record(Verdict::kRejected));
  ASSERT_TRUE(Eventually([&] { return log.errors() >= 3; }));
  log.Close();
  log.Write(Record(Verdict::kRejected));  // too late
  EXPECT_EQ(log.dropped(), 8U);
  EXPECT_THAT(told.changes, testing::ElementsAre("`/dev/full` cannot be written: the disk is full: free some space"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full")) << "a device is never put aside";
}

TEST(DecisionLog, TellsAWrongPathAtOnceAndTakesItWhenItIsMended) {
  const Folder folder;
  Told told;
  DecisionLog log({.path = folder.File("sub/d"), .retry = milliseconds(5), .on_change = told.Listener()});
  ASSERT_TRUE(Eventually([&] { return told.count() == 1; })) << "before any decision";
  EXPECT_THAT(told.changes[0], HasSubstr("there is no such folder: create it"));
  log.Write(Record(Verdict::kRejected));
  std::filesystem::create_directory(folder.File("sub"));
  ASSERT_TRUE(Eventually([&] { return told.count() == 2; }));
  log.Close();
  EXPECT_EQ(ReadLines(folder.File("sub/d")).size(), 1U);
}

TEST(DecisionLog, LosesNothingOfManyThreads) {
  const Folder folder;
  DecisionLog log({.path = folder.File("d"), .max_queue_bytes = 64 << 20, .on_change = {}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log, i] {
      for (int j = 0; j < 1000; ++j) log.Write(Record(Verdict::kRejected, std::to_string(i * 1000 + j)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  log.Close();
  std::set<std::string> seen;
  for (const nlohmann::json& line : ReadLines(folder.File("d"))) seen.insert(line["decision_id"].get<std::string>());
  EXPECT_EQ(seen.size(), 4000U);
}

TEST(RotatingFile, EndsALineThatAKilledProcessLeft) {
  const Folder folder;
  const std::string path = folder.File("f");
  std::ofstream(path) << "whole\nhalf";
  RotatingFile file(path, 1000, 1);
  std::string_view lines = "next\n";
  EXPECT_TRUE(file.Append(lines).ok());
  EXPECT_EQ(lines, "");
  EXPECT_EQ(Read(path), "whole\nhalf\nnext\n");
}

TEST(RotatingFile, FillsAFileToTheByte) {
  const Folder folder;
  const std::string path = folder.File("f");
  RotatingFile file(path, 8, 9);
  for (const std::string_view text : {"abc\n", "def\n", "ghi\n", "a long line\n", "j\n", "k\nl\nm\nn\no\n"}) {
    std::string_view lines = text;
    EXPECT_TRUE(file.Append(lines).ok());
  }
  EXPECT_EQ(Read(path), "n\no\n");
  EXPECT_EQ(Read(path + ".1"), "j\nk\nl\nm\n");
  EXPECT_EQ(Read(path + ".2"), "a long line\n");
  EXPECT_EQ(Read(path + ".3"), "ghi\n");
  EXPECT_EQ(Read(path + ".4"), "abc\ndef\n");
}

TEST(RotatingFile, KeepsNoOldFileWhenNoneIsWanted) {
  const Folder folder;
  RotatingFile file(folder.File("f"), 4, 0);
  std::string_view lines = "abc\ndef\nghi\n";
  EXPECT_TRUE(file.Append(lines).ok());
  EXPECT_EQ(folder.Names(), (std::set<std::string>{"f"}));
  EXPECT_EQ(Read(folder.File("f")), "ghi\n");
}

TEST(RotatingFile, BeginsAnewWhenSomebodyElseMovedIt) {
  const Folder folder;
  const std::string path = folder.File("f");
  RotatingFile file(path, 1000, 1);
  const auto append = [&file](std::string_view lines) { EXPECT_TRUE(file.Append(lines).ok()); };
  append("one\n");
  std::filesystem::rename(path, folder.File("moved"));
  append("two\n");
  std::filesystem::remove(path);
  append("three\n");
  EXPECT_EQ(Read(folder.File("moved")), "one\n");
  EXPECT_EQ(Read(path), "three\n");
}

TEST(RotatingFile, AFailureToPutAsideShiftsOldFilesOnlyOnce) {
  const Folder folder;
  const std::string path = folder.File("f");
  // What stands at `.1` cannot be replaced by a file.
  RotatingFile file(path, 4, 3);
  std::string_view lines = "abc\n";
  ASSERT_TRUE(file.Append(lines).ok());
  std::filesystem::create_directories(path + ".3/x");
  std::ofstream(path + ".1") << "old one\n";
  std::ofstream(path + ".2") << "old two\n";
  for (int i = 0; i < 3; ++i) {
    lines = "def\n";
    EXPECT_FALSE(file.Append(lines).ok());
    EXPECT_EQ(lines, "def\n") << "stays with the caller";
  }
  EXPECT_EQ(Read(path), "abc\n");
  EXPECT_EQ(Read(path + ".1"), "old one\n");
  EXPECT_EQ(Read(path + ".2"), "old two\n");
  std::filesystem::remove_all(path + ".3");
  EXPECT_TRUE(file.Append(lines).ok());
  EXPECT_EQ(Read(path), "def\n");
  EXPECT_EQ(Read(path + ".1"), "abc\n");
  EXPECT_EQ(Read(path + ".3"), "old two\n");
}

}  // namespace
}  // namespace berth
