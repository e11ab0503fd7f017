#include "berth/daemon/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace berth {
namespace {

// A file of /proc that has one line, or begins with the wanted part.
std::string ReadStart(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string text(size_t{1} << 16, '\0');
  size_t size = 0;
  for (ssize_t count = 0; size < text.size(); size += static_cast<size_t>(count)) {
    count = read(file, text.data() + size, text.size() - size);
    if (count <= 0) break;
  }
  close(file);
  text.resize(size);
  return text;
}

// The index-th word, counted from 0, as a number.
std::optional<uint64_t> NumberAt(std::string_view text, size_t index) {
  for (; index > 0; --index) {
    const size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    text.remove_prefix(blank + 1);
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

std::optional<uint64_t> OpenDescriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  uint64_t count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.' ? 1U : 0U;
  closedir(folder);
  return count - 1;  // the folder's own
}

std::optional<double> StartTime() {
  // The command's name stands in parentheses and may hold blanks and parentheses itself.
  const std::string process = ReadStart("/proc/self/stat");
  const std::string machine = ReadStart("/proc/stat");
  const size_t name_end = process.rfind(')');
  const size_t boot = machine.find("\nbtime ");
  if (name_end == std::string::npos || name_end + 2 > process.size() || boot == std::string::npos) return std::nullopt;
  constexpr size_t kStartTime = 22 - 3;  // counted from the word after the name, which is the third
  const std::optional<uint64_t> ticks = NumberAt(std::string_view(process).substr(name_end + 2), kStartTime);
  const std::optional<uint64_t> boot_seconds = NumberAt(std::string_view(machine).substr(boot + 1), 1);
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (!ticks.has_value() || !boot_seconds.has_value() || ticks_per_second <= 0) return std::nullopt;
  return static_cast<double>(*boot_seconds) + static_cast<double>(*ticks) / ticks_per_second;
}

}  // namespace

ProcessStats ReadProcessStats() {
  ProcessStats stats;
  stats.resident_memory_bytes = NumberAt(ReadStart("/proc/self/statm"), 1);
  if (stats.resident_memory_bytes.has_value()) {
    *stats.resident_memory_bytes *= static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  }
  stats.open_fds = OpenDescriptors();
  stats.start_time_seconds = StartTime();
  return stats;
}

}  // namespace berth
