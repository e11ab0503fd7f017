#include "berth/store/folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

namespace berth {
namespace {

// `ending` in lower case; ASCII letters of `name` in either.
bool EndsWith(std::string_view name, std::string_view ending) {
  if (name.size() <= ending.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(name.substr(name.size() - ending.size()), ending, {}, lower);
}

bool IsPolicyTest(std::string_view name) {
  return EndsWith(name, ".test.yaml") || EndsWith(name, ".test.yml") || EndsWith(name, ".test.json");
}

bool IsCatalogFile(std::string_view name) {
  return !IsPolicyTest(name) && (EndsWith(name, ".yaml") || EndsWith(name, ".yml") || EndsWith(name, ".json"));
}

// A link to nothing and a name of nothing fail alike, but are mended in different places.
bool IsDanglingLink(const std::string& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

Issue Unreadable(std::string_view file, std::string message) {
  Issue issue;
  issue.code = IssueCode::kUnreadable;
  issue.file = file;
  issue.message = std::move(message);
  return issue;
}

class FolderWalk {
 public:
  FolderWalk(const std::string& root, FolderFiles wanted, const std::function<void(const std::string&)>& entering)
      : root_(root), wanted_(wanted), entering_(entering) {}

  FolderListing Run() {
    folders_.emplace();
    while (!folders_.empty()) Enter(folders_.extract(folders_.begin()).value());
    std::ranges::sort(listing_.files, {}, &ListedFile::name);
    std::ranges::sort(listing_.unlisted, {}, &UnlistedEntry::name);
    return std::move(listing_);
  }

 private:
  void Enter(const std::string& folder) {
    const std::string path = PathBelow(root_, folder);
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) return Refuse(folder, errno);
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return;
    if (entering_) entering_(path);
    DIR* stream = opendir(path.c_str());
    if (stream == nullptr) return Refuse(folder, errno);
    errno = 0;
    while (const dirent* entry = readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (!name.empty() && name.front() != '.') {
        Add(folder.empty() ? std::string(name) : PathBelow(folder, name), entry->d_type == DT_DIR);
      }
      errno = 0;
    }
    if (errno != 0) Refuse(folder, errno);  // what was not reached is not known to be gone
    closedir(stream);
  }

  void Add(std::string name, bool folder) {
    struct stat status = {};
    if (stat(PathBelow(root_, name).c_str(), &status) != 0) {
      const int error = errno;
      Refuse(name, error, folder || IsWanted(name));
    } else if (S_ISDIR(status.st_mode)) {
      folders_.insert(std::move(name));
    } else if (IsWanted(name)) {
      // A pipe would wait for a writer that never comes.
      if (!S_ISREG(status.st_mode)) {
        listing_.unlisted.push_back({name, true, Unreadable(name, "is no regular file: move it out of the folder")});
      } else {
        listing_.files.push_back({std::move(name), StampOf(status)});
      }
    }
  }

  [[nodiscard]] bool IsWanted(std::string_view name) const {
    return wanted_ == FolderFiles::kCatalog ? IsCatalogFile(name) : IsPolicyTest(name);
  }

  void Refuse(const std::string& name, int error, bool wanted = true) {
    listing_.unlisted.push_back({name, wanted, UnreadablePath(PathBelow(root_, name), name, error)});
  }

  const std::string& root_;
  const FolderFiles wanted_;
  const std::function<void(const std::string&)>& entering_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  // Still to be entered, in byte order: the order of the file system must not choose among the names of one folder.
  std::set<std::string> folders_;
  FolderListing listing_;
};

}  // namespace

FileStamp StampOf(const struct stat& status) {
  constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
  const auto nanoseconds = [](const timespec& time) { return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec; };
  return {status.st_dev, status.st_ino, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), status.st_size};
}

FolderListing ListFolder(const std::string& folder, FolderFiles wanted,
                         const std::function<void(const std::string& path)>& entering) {
  return FolderWalk(folder, wanted, entering).Run();
}

std::string PathErrorText(int error) {
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

Issue UnreadablePath(const std::string& path, std::string_view file, int error) {
  if (error == ENOENT && IsDanglingLink(path)) {
    return Unreadable(file, "is a link to a missing file: mend the link, or remove it");
  }
  return Unreadable(file, PathErrorText(error));
}

std::string_view BaseName(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

std::string FolderAbove(std::string_view path) {
  const std::string_view base = BaseName(path);
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  path.remove_suffix(std::min(base.size(), path.size()));
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? "." : std::string(path);
}

std::string PathBelow(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (name.empty()) return path;
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

}  // namespace berth
