#include "berth/store/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "berth/spec/quoted.h"

namespace berth {
namespace {

constexpr std::string_view kStandardInput = "-";

// Why the last system call failed. Not strerror: its texts depend on the locale.
std::string ErrorText(int error) {
  switch (error) {
    case ENOENT:
      return "no such file or folder: check the spelling of the path";
    case ENOTDIR:
      return "a part of the path is a file, not a folder: check the spelling of the path";
    case EACCES:
    case EPERM:
      return "permission to read is missing: allow it, or read as another user";
    case EISDIR:
      return "is a folder where a file is expected: name a file in it";
    case ELOOP:
      return "the links lead in a circle: name the file itself";
    case ENAMETOOLONG:
      return "the path is longer than the system allows: shorten it";
    case EMFILE:
    case ENFILE:
      return "too many files are open: close some, or raise the limit";
    default:
      return "cannot be read: system error " + std::to_string(error);
  }
}

Issue MakeIssue(IssueCode code, std::string_view file, std::string message) {
  Issue issue;
  issue.code = code;
  issue.file = file;
  issue.message = std::move(message);
  return issue;
}

// A link to nothing and a name of nothing fail alike, but are mended in different places.
bool IsDanglingLink(const std::string& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

Issue Unreadable(std::string_view file, int error) {
  if (error == ENOENT && IsDanglingLink(std::string(file))) {
    return MakeIssue(IssueCode::kUnreadable, file, "is a link to a missing file: mend the link, or remove it");
  }
  return MakeIssue(IssueCode::kUnreadable, file, ErrorText(error));
}

// `ending` in lower case; ASCII letters of `name` in either.
bool EndsWith(std::string_view name, std::string_view ending) {
  if (name.size() <= ending.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(name.substr(name.size() - ending.size()), ending, {}, lower);
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

bool IsPolicyTest(std::string_view name) {
  return EndsWith(name, ".test.yaml") || EndsWith(name, ".test.yml") || EndsWith(name, ".test.json");
}

bool IsCatalogFile(std::string_view name) {
  return !IsPolicyTest(name) && (EndsWith(name, ".yaml") || EndsWith(name, ".yml") || EndsWith(name, ".json"));
}

std::string_view BaseName(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

std::string Joined(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
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

// Reads `path` and adds it as `name`. Issues call it `path`.
void ReadFile(const std::string& path, std::string name, size_t max_bytes, SourceFiles& sources) {
  const bool standard_input = path == kStandardInput;
  const std::string_view shown = standard_input ? kStandardInputName : std::string_view(path);
  const Descriptor file(standard_input ? STDIN_FILENO : OpenToRead(path));
  struct stat status = {};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) {
    sources.issues.push_back(Unreadable(shown, errno));
    return;
  }
  // Its writer may never come.
  if (S_ISFIFO(status.st_mode) && !standard_input && !IsOpenDescriptor(path)) {
    sources.issues.push_back(
        MakeIssue(IssueCode::kUnreadable, shown, "is a named pipe: name a file, or `-` for standard input"));
    return;
  }
  std::string bytes;
  if (const int error =
          ReadAll(file.number(), static_cast<size_t>(std::max<off_t>(status.st_size, 0)), max_bytes, bytes);
      error != 0) {
    sources.issues.push_back(Unreadable(shown, error));
  } else if (bytes.size() > max_bytes) {
    sources.issues.push_back(TooLarge(shown, max_bytes));
  } else {
    sources.texts.push_back(std::make_shared<SourceText>(std::move(name), std::move(bytes)));
  }
}

// Finds the files below a folder.
class FolderWalk {
 public:
  FolderWalk(std::string root, FolderFiles wanted, SourceFiles& sources)
      : root_(std::move(root)), wanted_(wanted), sources_(sources) {}

  // Names below the root, in byte order.
  std::vector<std::string> Run() {
    folders_.emplace_back();
    while (!folders_.empty()) {
      const std::string folder = std::move(folders_.back());
      folders_.pop_back();
      Enter(folder);
    }
    std::ranges::sort(files_);
    return std::move(files_);
  }

 private:
  void Enter(const std::string& folder) {
    const std::string path = folder.empty() ? root_ : Joined(root_, folder);
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) return Refuse(path, errno);
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return;
    DIR* stream = opendir(path.c_str());
    if (stream == nullptr) return Refuse(path, errno);
    while (const dirent* entry = readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (!name.empty() && name.front() != '.') Add(folder.empty() ? std::string(name) : Joined(folder, name));
    }
    closedir(stream);
  }

  void Add(std::string name) {
    const std::string path = Joined(root_, name);
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) {
      if (IsWanted(name)) Refuse(path, errno);
    } else if (S_ISDIR(status.st_mode)) {
      folders_.push_back(std::move(name));
    } else if (IsWanted(name)) {
      // A pipe would wait for a writer that never comes.
      if (!S_ISREG(status.st_mode)) {
        sources_.issues.push_back(
            MakeIssue(IssueCode::kUnreadable, path, "is no regular file: move it out of the folder"));
      } else {
        files_.push_back(std::move(name));
      }
    }
  }

  [[nodiscard]] bool IsWanted(std::string_view name) const {
    return wanted_ == FolderFiles::kCatalog ? IsCatalogFile(name) : IsPolicyTest(name);
  }

  void Refuse(const std::string& path, int error) { sources_.issues.push_back(Unreadable(path, error)); }

  std::string root_;
  FolderFiles wanted_;
  SourceFiles& sources_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::vector<std::string> folders_;
  std::vector<std::string> files_;
};

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
  return IsFolder(path) ? Joined(path, name) : path == kStandardInput ? std::string(name) : path;
}

SourceFiles ReadSources(const std::string& path, bool full_names, FolderFiles wanted) {
  SourceFiles sources;
  if (!IsFolder(path)) {
    ReadFile(path, NameOf(path, full_names), kMaxFileBytes, sources);
    return sources;
  }
  for (const std::string& name : FolderWalk(path, wanted, sources).Run()) {
    const std::string full = Joined(path, name);
    ReadFile(full, full_names ? full : name, kMaxFileBytes, sources);
  }
  std::ranges::sort(sources.issues, {}, &Issue::file);
  return sources;
}

SourceFiles ReadOneSource(const std::string& path, size_t max_bytes, bool full_name) {
  SourceFiles sources;
  if (IsFolder(path)) {
    sources.issues.push_back(Unreadable(path, EISDIR));
  } else {
    ReadFile(path, NameOf(path, full_name), max_bytes, sources);
  }
  return sources;
}

}  // namespace berth
