// A file of lines that is put aside when it has its size: `log` becomes `log.1`, `log.1` becomes `log.2`, and the
// oldest is removed.
//
// Guarantees:  only whole lines are added, after a full disk and a killed process too; a file that somebody else moved or
//              removed is begun anew. What is no regular file (a pipe, a device) is never put aside and never waited for
// Fails when:  the file cannot be opened, written or put aside: the status says why, the lines stay with the caller,
//              and the next call tries again
// Threads:     one thread
// Tested by:   tests/daemon_decision_log_test.cc

#ifndef BERTH_DAEMON_ROTATING_FILE_H_
#define BERTH_DAEMON_ROTATING_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace berth {

class RotatingFile {
 public:
  // Keeps `old_files` files beside the current one. A line above `max_bytes` gets a file of its own.
  RotatingFile(std::string path, uint64_t max_bytes, unsigned old_files);
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;
  ~RotatingFile();

  // Writes lines, each with its end, from the front of `lines`, and removes them there. Opens the file also for none.
  absl::Status Append(std::string_view& lines);

 private:
  absl::Status Open();
  absl::Status Write(std::string_view& lines);
  absl::Status PutAside();
  void Close();
  [[nodiscard]] bool IsMoved() const;
  [[nodiscard]] std::string OldName(unsigned number) const;
  [[nodiscard]] absl::Status Failure(int error) const;

  const std::string path_;
  const uint64_t max_bytes_;
  const unsigned old_files_;
  int file_ = -1;
  bool regular_ = true;
  bool torn_ = false;  // the last line in the file has no end
  uint64_t size_ = 0;
};

}  // namespace berth

#endif  // BERTH_DAEMON_ROTATING_FILE_H_
