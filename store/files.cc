#include "berth/store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace berth {
namespace {

constexpr std::string_view kStandardInput = "-";

Issue MakeIssue(IssueCode code, std::string_view file, std::string message) {
  Issue issue;
  issue.code = code;
  issue.file = file;
  issue.message = std::move(message);
  return issue;
}

// A pipe that the shell made for this very command: `--request <(...)`.
bool IsOpenDescriptor(std::string_view path) {
  return path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/") || path == "/dev/stdin";
}

// Opens without waiting for the writer of a pipe.
int OpenToRead(const std::string& path) {
  if (IsOpenDescriptor(path)) return open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor >= 0) fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  return descriptor;
}

// Closes its file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ > STDERR_FILENO) close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// Reads to the end, or one byte past `max_bytes`. 0 or the error.
int ReadAll(int descriptor, size_t expected, size_t max_bytes, std::string& bytes) {
  constexpr size_t kChunk = size_t{64} << 10;
  size_t size = 0;
  bytes.resize(std::min(std::max(expected, kChunk), max_bytes) + 1);
  while (size <= max_bytes) {
    if (size == bytes.size()) bytes.resize(std::min(size * 2, max_bytes + 1));
    const ssize_t count = read(descriptor, bytes.data() + size, bytes.size() - size);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    size += static_cast<size_t>(count);
  }
  bytes.resize(size);
  return 0;
}

// Issues call the file `shown`.
FileVersion ReadAs(const std::string& path, std::string name, std::string_view shown, size_t max_bytes) {
  FileVersion version;
  const bool standard_input = path == kStandardInput;
  const Descriptor file(standard_input ? STDIN_FILENO : OpenToRead(path));
  struct stat status = {};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) {
    version.issue = UnreadablePath(path, shown, errno);
    return version;
  }
  version.stamp = StampOf(status);
  // Its writer may never come.
  if (S_ISFIFO(status.st_mode) && !standard_input && !IsOpenDescriptor(path)) {
    version.issue = MakeIssue(IssueCode::kUnreadable, shown, "is a named pipe: name a file, or `-` for standard input");
    return version;
  }
  std::string bytes;
  const auto expected = static_cast<size_t>(std::max<off_t>(status.st_size, 0));
  if (const int error = ReadAll(file.number(), expected, max_bytes, bytes); error != 0) {
    version.issue = UnreadablePath(path, shown, error);
  } else if (bytes.size() > max_bytes) {
    version.issue = TooLarge(shown, max_bytes);
    version.too_large = true;
  } else {
    version.text = std::make_shared<SourceText>(std::move(name), std::move(bytes));
  }
  version.written = fstat(file.number(), &status) == 0 && StampOf(status) != version.stamp;
  return version;
}

// Reads `path` and adds it as `name`. Issues call it `path`.
void ReadFile(const std::string& path, std::string name, size_t max_bytes, SourceFiles& sources) {
  const std::string_view shown = path == kStandardInput ? kStandardInputName : std::string_view(path);
  FileVersion version = ReadAs(path, std::move(name), shown, max_bytes);
  if (version.text != nullptr) sources.texts.push_back(std::move(version.text));
  if (version.issue) sources.issues.push_back(*std::move(version.issue));
}

std::string NameOf(const std::string& path, bool full_name) {
  if (path == kStandardInput) return std::string(kStandardInputName);
  return full_name ? path : std::string(BaseName(path));
}

bool IsFolder(const std::string& path) {
  struct stat status = {};
  return path != kStandardInput && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Issue TooLarge(std::string_view file, size_t max_bytes) {
  return MakeIssue(IssueCode::kLimitExceeded, file,
                   "holds more than " + std::to_string(max_bytes) +
                       (max_bytes < kMaxFileBytes ? " bytes: shorten it" : " bytes: split it"));
}

std::string OpenableName(const std::string& path, std::string_view name) {
  return IsFolder(path) ? PathBelow(path, name) : path == kStandardInput ? std::string(name) : path;
}

SourceFiles ReadSources(const std::string& path, bool full_names, FolderFiles wanted) {
  SourceFiles sources;
  if (!IsFolder(path)) {
    ReadFile(path, NameOf(path, full_names), kMaxFileBytes, sources);
    return sources;
  }
  FolderListing listing = ListFolder(path, wanted);
  for (const ListedFile& file : listing.files) {
    const std::string full = PathBelow(path, file.name);
    ReadFile(full, full_names ? full : file.name, kMaxFileBytes, sources);
  }
  for (UnlistedEntry& entry : listing.unlisted) {
    if (!entry.wanted) continue;
    entry.issue.file = PathBelow(path, entry.name);
    sources.issues.push_back(std::move(entry.issue));
  }
  std::ranges::sort(sources.issues, {}, &Issue::file);
  return sources;
}

FileVersion ReadVersion(const std::string& path, std::string name, size_t max_bytes) {
  const std::string shown = name;
  return ReadAs(path, std::move(name), shown, max_bytes);
}

SourceFiles ReadOneSource(const std::string& path, size_t max_bytes, bool full_name) {
  SourceFiles sources;
  if (IsFolder(path)) {
    sources.issues.push_back(UnreadablePath(path, path, EISDIR));
  } else {
    ReadFile(path, NameOf(path, full_name), max_bytes, sources);
  }
  return sources;
}

}  // namespace berth
