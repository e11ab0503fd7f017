#include "berth/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace berth::cli {
namespace {

constexpr int kMaxNames = 100;  // files that a killed process of the same number may have left

// A descriptor that is closed once.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Close(); }

  [[nodiscard]] bool open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }
  // False when the system reports a failed write only now.
  bool Close() { return number_ < 0 || close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

bool WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

std::string LastError() { return std::system_category().message(errno); }

// A device or a pipe has no whole to keep.
std::string WriteThrough(const std::string& path, std::string_view bytes) {
  Descriptor out(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!out.open() || !WriteAll(out.number(), bytes) || !out.Close()) return LastError();
  return {};
}

}  // namespace

std::string WriteWholeFile(const std::string& path, std::string_view bytes) {
  std::error_code error;
  const std::filesystem::path followed = std::filesystem::canonical(path, error);
  const std::filesystem::path target = error ? std::filesystem::path(path) : followed;
  struct stat there = {};
  const bool exists = stat(target.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) return "it is a folder";
  if (exists && !S_ISREG(there.st_mode)) return WriteThrough(target, bytes);
  if (exists && access(target.c_str(), W_OK) != 0) return LastError();

  std::string fresh;
  int number = -1;
  for (int i = 0; i < kMaxNames && number < 0; ++i) {
    fresh = target.parent_path() / (".berth-" + std::to_string(getpid()) + "-" + std::to_string(i) + ".tmp");
    number = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (number < 0 && errno != EEXIST) return LastError();
  }
  Descriptor out(number);
  if (!out.open()) return LastError();
  if (exists) fchmod(out.number(), there.st_mode & 07777U);
  if (WriteAll(out.number(), bytes) && fsync(out.number()) == 0 && out.Close() &&
      std::rename(fresh.c_str(), target.c_str()) == 0) {
    return {};
  }
  std::string why = LastError();
  unlink(fresh.c_str());
  return why;
}

}  // namespace berth::cli
