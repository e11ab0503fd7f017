#include "berth/store/directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "berth/spec/quoted.h"
#include "berth/store/same_object.h"

namespace berth {
namespace {

using std::chrono::steady_clock;
using Wake = FolderWatch::Wake;

constexpr size_t kMaxShownPathBytes = 256;

absl::Status Stopped() { return absl::CancelledError("the source was stopped"); }

bool SameStatus(const SourceStatus& a, const SourceStatus& b) {
  return a.problems == b.problems && std::ranges::equal(a.stale, b.stale, [](const StaleFile& x, const StaleFile& y) {
           return x.file == y.file && x.kept == y.kept && SameIssues(x.issues, y.issues);
         });
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectorySource>> DirectorySource::Open(std::string path, DirectoryOptions options) {
  auto watch = FolderWatch::Open(options.max_watched_folders);
  if (!watch.ok()) return watch.status();
  return absl::WrapUnique(new DirectorySource(std::move(path), options, *std::move(watch)));
}

DirectorySource::DirectorySource(std::string path, DirectoryOptions options, std::unique_ptr<FolderWatch> watch)
    : path_(std::move(path)), options_(options), watch_(std::move(watch)) {}

absl::StatusOr<Listing> DirectorySource::List() {
  const steady_clock::time_point end = steady_clock::now() + options_.at_most;
  deadline_ = end;
  absl::Status looked = Look();
  while (looked.ok() && unsettled_ && steady_clock::now() < end) {
    if (watch_->Wait(options_.quiet) == Wake::kRefresh) distrust_ = true;
    looked = Look();
  }
  if (!looked.ok()) return looked;
  news_ = false;
  changes_.clear();
  Listing listing;
  listing.revision = revision_;
  listing.objects.reserve(objects_.objects().size());
  for (const auto& object : objects_.objects()) listing.objects.push_back(*object);
  return listing;
}

absl::StatusOr<Batch> DirectorySource::Watch(uint64_t from) {
  if (from != revision_) return Batch{{}, revision_, true};
  while (!news_) {
    if (const absl::Status awaited = Await(); !awaited.ok()) return awaited;
    if (const absl::Status looked = Look(); !looked.ok()) return looked;
    if (!changes_.empty()) break;
  }
  if (watch_->stopped()) return Stopped();
  news_ = false;
  return Batch{std::exchange(changes_, {}), revision_, false};
}

// Until it is time for a look.
absl::Status DirectorySource::Await() {
  Wake wake = Wake::kChange;
  if (!unsettled_) {
    const bool blind = watch_->blind() || !problem_.empty();
    wake = watch_->Wait(blind ? std::min(options_.poll, options_.blind_poll) : options_.poll);
    deadline_ = steady_clock::now() + options_.at_most;
  }
  if (wake == Wake::kChange) wake = Settle();
  if (wake == Wake::kStop) return Stopped();
  if (wake == Wake::kRefresh) distrust_ = true;
  return absl::OkStatus();
}

// After a change: until nothing more happens, or for as long as a change may wait.
Wake DirectorySource::Settle() {
  Wake wake = Wake::kChange;
  do {
    wake = watch_->Wait(options_.quiet);
  } while (wake == Wake::kChange && steady_clock::now() < deadline_);
  return wake;
}

// Looks at everything once. `changes_` then hold what is new.
absl::Status DirectorySource::Look() {
  changes_.clear();
  unsettled_ = false;
  watch_->Begin();
  watch_->AddEntry(path_);
  const std::optional<Found> found = Find();
  watch_->End();
  FolderObjects::Update update;
  if (found && objects_.IsBeingWritten(found->listing) && steady_clock::now() < deadline_) {
    update.unsettled = true;
  } else if (found) {
    update = objects_.TakeIn(found->folder, found->listing, std::exchange(distrust_, false),
                             [this] { return watch_->stopped(); });
    if (update.unsettled) deadline_ = steady_clock::now() + options_.at_most;
  }
  if (watch_->stopped()) return Stopped();
  changes_ = std::move(update.changes);
  unsettled_ = update.unsettled;
  if (!changes_.empty()) ++revision_;
  Report(update.files_read);
  return absl::OkStatus();
}

// Lists the path, watching its folders from before they are read.
std::optional<DirectorySource::Found> DirectorySource::Find() {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) return Miss(UnreadablePath(path_, path_, errno).message);
  Found found;
  if (!S_ISDIR(status.st_mode)) {
    found.folder = FolderAbove(path_);
    found.listing.files.push_back({std::string(BaseName(path_)), StampOf(status)});
    problem_.clear();
    id_.reset();
    return found;
  }
  const FolderId id = IdOf(path_);
  found.folder = path_;
  found.listing =
      ListFolder(path_, FolderFiles::kCatalog, [this](const std::string& folder) { watch_->AddFolder(folder); });
  const FolderListing& listing = found.listing;
  const auto itself = std::ranges::find(listing.unlisted, std::string(), &UnlistedEntry::name);
  if (itself != listing.unlisted.end()) return Miss(itself->issue.message);
  if (listing.files.empty() && listing.unlisted.empty() && objects_.files() > 0 && id_ != id) {
    return Miss("is another folder than before, and empty: put the files there");
  }
  problem_.clear();
  id_ = id;
  return found;
}

std::optional<DirectorySource::Found> DirectorySource::Miss(const std::string& why) {
  problem_ = "the source " + Quoted(path_, kMaxShownPathBytes) + ": " + why;
  if (const size_t count = objects_.objects().size(); count > 0) {
    problem_ += "; what was read before is kept: " + std::to_string(count) + (count == 1 ? " object" : " objects");
  }
  return std::nullopt;
}

DirectorySource::FolderId DirectorySource::IdOf(const std::string& path) {
  struct statx status = {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return {};
  constexpr uint64_t kMinorBits = 32;
  constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
  return {(uint64_t{status.stx_dev_major} << kMinorBits) | status.stx_dev_minor, status.stx_ino,
          status.stx_btime.tv_sec * kNanosecondsPerSecond + status.stx_btime.tv_nsec};
}

void DirectorySource::Report(size_t files_read) {
  SourceStatus status;
  status.stale = objects_.stale();
  if (!problem_.empty()) status.problems.push_back(problem_);
  if (!watch_->problem().empty()) status.problems.push_back(watch_->problem());
  const std::lock_guard lock(mutex_);
  ++statistics_.looks;
  statistics_.files_read += files_read;
  statistics_.queue_overflows = watch_->overflows();
  statistics_.files = objects_.files();
  statistics_.objects = objects_.objects().size();
  statistics_.watched_folders = watch_->folders();
  if (SameStatus(status_, status)) return;
  news_ = true;
  status_ = std::move(status);
}

void DirectorySource::Refresh() { watch_->Refresh(); }

void DirectorySource::Stop() { watch_->Stop(); }

SourceStatus DirectorySource::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

DirectoryStatistics DirectorySource::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace berth
