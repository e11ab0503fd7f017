#include "berth/daemon/rotating_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "berth/spec/quoted.h"

namespace berth {
namespace {

constexpr mode_t kMode = 0640;
constexpr size_t kMaxShownPath = 256;

bool Exists(const std::string& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) == 0;
}

}  // namespace

RotatingFile::RotatingFile(std::string path, uint64_t max_bytes, unsigned old_files)
    : path_(std::move(path)), max_bytes_(max_bytes), old_files_(old_files) {}

RotatingFile::~RotatingFile() { Close(); }

void RotatingFile::Close() {
  if (file_ >= 0) close(std::exchange(file_, -1));
}

std::string RotatingFile::OldName(unsigned number) const {
  return number == 0 ? path_ : path_ + "." + std::to_string(number);
}

absl::Status RotatingFile::Failure(int error) const {
  std::string message = Quoted(path_, kMaxShownPath) + " cannot be written: ";
  if (error == ENOSPC || error == EDQUOT) {
    message += "the disk is full: free some space";
  } else if (error == EROFS) {
    message += "the disk is read-only: mount it for writing";
  } else if (error == EACCES || error == EPERM) {
    message += "permission is missing: allow the daemon's user to write there";
  } else if (error == ENOENT || error == ENOTDIR) {
    message += "there is no such folder: create it";
  } else if (error == EFBIG) {
    message += "it is as large as a file may be: raise the limit";
  } else if (error == EAGAIN || error == ENXIO) {
    message += "nobody reads it";
  } else {
    message += "system error " + std::to_string(error);
  }
  return absl::UnavailableError(message);
}

absl::Status RotatingFile::Open() {
  // Without O_NONBLOCK a pipe would be waited for.
  file_ = open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, kMode);
  if (file_ < 0) file_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file_ < 0) return Failure(errno);
  struct stat status = {};
  if (fstat(file_, &status) != 0) return Failure(errno);
  regular_ = S_ISREG(status.st_mode);
  size_ = regular_ ? static_cast<uint64_t>(status.st_size) : 0;
  char last = '\n';
  torn_ = size_ > 0 && pread(file_, &last, 1, status.st_size - 1) == 1 && last != '\n';
  return absl::OkStatus();
}

bool RotatingFile::IsMoved() const {
  struct stat ours = {};
  struct stat theirs = {};
  return fstat(file_, &ours) != 0 || stat(path_.c_str(), &theirs) != 0 || ours.st_dev != theirs.st_dev ||
         ours.st_ino != theirs.st_ino;
}

absl::Status RotatingFile::PutAside() {
  // Names are only moved up as far as a free one, so that a failure below does not move them again at every attempt.
  unsigned free = 1;
  while (free < old_files_ && Exists(OldName(free))) ++free;
  if (old_files_ == 0 && unlink(path_.c_str()) != 0 && errno != ENOENT) return Failure(errno);
  for (unsigned to = std::min(free, old_files_); to > 0; --to) {
    if (rename(OldName(to - 1).c_str(), OldName(to).c_str()) != 0 && errno != ENOENT) return Failure(errno);
  }
  Close();
  return absl::OkStatus();
}

absl::Status RotatingFile::Write(std::string_view& lines) {
  if (torn_) {
    if (write(file_, "\n", 1) != 1) return Failure(errno);
    torn_ = false;
    ++size_;
  }
  // As many whole lines as the file has room for, or one that is longer than a file.
  size_t size = lines.size();
  if (regular_ && size_ + size > max_bytes_) {
    const uint64_t room = max_bytes_ > size_ ? max_bytes_ - size_ : 0;
    size = lines.rfind('\n', room == 0 ? 0 : room - 1) + 1;
    if (size > room) size = 0;  // `rfind` finds an end at 0 when there is no room
    if (size == 0 && size_ > 0) return PutAside();
    if (size == 0) size = std::min(lines.find('\n'), lines.size() - 1) + 1;
  }
  size_t written = 0;
  int error = 0;
  while (written < size && error == 0) {
    const ssize_t count = write(file_, lines.data() + written, size - written);
    if (count > 0) written += static_cast<size_t>(count);
    if (count == 0) error = ENOSPC;
    if (count < 0 && errno != EINTR) error = errno;
  }
  if (regular_ && written < size) {
    const size_t whole = lines.substr(0, written).rfind('\n') + 1;
    const bool repaired = ftruncate(file_, static_cast<off_t>(size_ + whole)) == 0;
    torn_ = !repaired && written > whole;
    if (!repaired) size_ += written - whole;
    written = whole;
  }
  size_ += written;
  lines.remove_prefix(written);
  return error == 0 ? absl::OkStatus() : Failure(error);
}

absl::Status RotatingFile::Append(std::string_view& lines) {
  if (file_ >= 0 && regular_ && IsMoved()) Close();
  for (;;) {
    if (file_ < 0) {
      if (absl::Status status = Open(); !status.ok()) {
        Close();
        return status;
      }
    }
    if (lines.empty()) return absl::OkStatus();
    if (absl::Status status = Write(lines); !status.ok()) return status;
  }
}

}  // namespace berth
