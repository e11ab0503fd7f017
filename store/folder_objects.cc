#include "berth/store/folder_objects.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "berth/engine/catalog.h"
#include "berth/spec/document.h"
#include "berth/spec/limits.h"
#include "berth/spec/quoted.h"
#include "berth/store/files.h"
#include "berth/store/same_object.h"

namespace berth {
namespace {

constexpr size_t kMaxIssuesOfStaleFile = 20;

// Two writes within one tick of the file system's clock leave the same stamp. What is older than this cannot be written
// again without a new one; and who wrote so lately may not be done.
constexpr std::chrono::milliseconds kSettled{20};

bool IsYoung(const FileStamp& stamp) {
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
  const std::chrono::nanoseconds age = now - std::chrono::nanoseconds(stamp.changed_ns);
  return age.count() >= 0 && age < kSettled;
}

// Where the name of the folder ends that `name` is in; 0 when it is in none.
size_t EndOfFolderAbove(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? 0 : slash;
}

bool IsBlank(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void AddErrors(const std::vector<Issue>& from, std::vector<Issue>& to) {
  for (const Issue& issue : from) {
    if (to.size() < kMaxIssuesOfStaleFile && issue.level() == IssueLevel::kError) to.push_back(issue);
  }
}

Issue IssueOf(IssueCode code, std::string_view file, Position position, std::string message) {
  Issue issue;
  issue.code = code;
  issue.file = file;
  issue.position = position;
  issue.message = std::move(message);
  return issue;
}

}  // namespace

FolderObjects::Update FolderObjects::TakeIn(const std::string& folder, const FolderListing& listing, bool distrust,
                                            const std::function<bool()>& stopped) {
  Update update;
  bool touched = DropUnlisted(listing);
  for (const ListedFile& listed : listing.files) {
    if (stopped()) return {};
    if (!distrust && IsRead(listed)) continue;
    if (IsYoung(listed.stamp)) {
      update.unsettled = true;
      continue;
    }
    ++update.files_read;
    FileVersion version = ReadVersion(PathBelow(folder, listed.name), listed.name, kMaxFileBytes);
    if (version.written || IsYoung(version.stamp)) {
      update.unsettled = true;
      continue;
    }
    touched = true;
    File& file = files_[listed.name];
    if (version.issue) {
      file.issues = {*std::move(version.issue)};
      file.kept = file.entries.size();
      file.stamp.reset();
      if (version.too_large) file.stamp = version.stamp;
      continue;
    }
    file.stamp = version.stamp;
    Catalog catalog;
    AddSource(version.text, catalog);
    std::vector<Issue> errors;
    AddErrors(catalog.issues, errors);
    Replace(*version.text, std::move(catalog.objects), std::move(errors), file);
  }
  if (touched) update.changes = Diff();
  return update;
}

bool FolderObjects::IsBeingWritten(const FolderListing& listing) const {
  return std::ranges::any_of(listing.files,
                             [&](const ListedFile& listed) { return IsYoung(listed.stamp) && !IsRead(listed); });
}

bool FolderObjects::IsRead(const ListedFile& listed) const {
  const auto known = files_.find(listed.name);
  return known != files_.end() && known->second.stamp == listed.stamp;
}

// Forgets the files that are gone; not those that could only not be looked at. True when there were any.
bool FolderObjects::DropUnlisted(const FolderListing& listing) {
  unlisted_.clear();
  for (const UnlistedEntry& entry : listing.unlisted) unlisted_[entry.name] = {entry.name, {entry.issue}, 0};
  const size_t dropped = std::erase_if(files_, [&](const auto& known) {
    const auto& [name, file] = known;
    if (std::ranges::binary_search(listing.files, name, {}, &ListedFile::name)) return false;
    // The file itself, or a folder that it is in.
    for (std::string_view above = name; !above.empty(); above = above.substr(0, EndOfFolderAbove(above))) {
      const auto unlisted = unlisted_.find(above);
      if (unlisted == unlisted_.end()) continue;
      unlisted->second.kept += file.entries.size();
      return false;
    }
    return true;
  });
  for (const UnlistedEntry& entry : listing.unlisted) {
    if (!entry.wanted && unlisted_[entry.name].kept == 0) unlisted_.erase(entry.name);
  }
  return dropped > 0;
}

// Gives the file the objects of its newest version, and keeps those before it that this version cannot be trusted to
// have dropped.
void FolderObjects::Replace(const SourceText& text, std::vector<Object> objects, std::vector<Issue> errors,
                            File& file) {
  absl::flat_hash_map<std::string_view, const Entry*> before;
  for (const Entry& entry : file.entries) before.emplace(entry.object->key, &entry);
  if (errors.empty() && IsBlank(text.bytes()) && !before.empty()) {
    errors.push_back(
        IssueOf(IssueCode::kNoObjects, text.name(), {}, "is empty: delete the file to remove its objects"));
  }
  std::vector<Entry> entries;
  std::vector<Issue> newcomers;  // errors of objects that never were good
  bool doubtful = !errors.empty();
  for (Object& object : objects) {
    const auto same = before.find(object.key);
    const Entry* old = same == before.end() ? nullptr : same->second;
    Entry& entry = entries.emplace_back();
    entry.was_good = !object.refused || (old != nullptr && old->was_good);
    if (!entry.was_good) {
      doubtful = true;
      AddErrors(object.issues, newcomers);
    }
    const bool changed = old == nullptr || !SameObject(*old->object, object);
    entry.object = changed ? std::make_shared<const Object>(std::move(object)) : old->object;
  }
  const size_t given = entries.size();
  if (doubtful) {
    for (const Entry& entry : entries) before.erase(entry.object->key);
    for (const Entry& old : file.entries) {
      if (before.contains(old.object->key) && (!errors.empty() || old.was_good)) entries.push_back(old);
    }
  }
  file.kept = entries.size() - given;
  if (file.kept > 0) AddErrors(newcomers, errors);
  file.issues = std::move(errors);
  file.entries = std::move(entries);
}

// Gathers the objects of all files, and says how they differ from those before.
std::vector<Change> FolderObjects::Diff() {
  std::vector<std::shared_ptr<const Object>> now;
  now.reserve(given_.size());
  for (const auto& [name, file] : files_) {
    for (const Entry& entry : file.entries) now.push_back(entry.object);
  }
  const auto key_of = [](const std::shared_ptr<const Object>& object) { return std::string_view(object->key); };
  std::ranges::stable_sort(now, {}, key_of);
  collisions_.clear();
  size_t kept = 0;
  for (auto& object : now) {
    if (kept == 0 || now[kept - 1]->key != object->key) {
      now[kept++] = std::move(object);
      continue;
    }
    const Object& first = *now[kept - 1];
    Issue issue = IssueOf(IssueCode::kDuplicateObject, object->file, object->position,
                          "has the key of another object, at " + PlaceText(first.file, first.position) +
                              ": rename one of them, or its file");
    collisions_.push_back({object->file, {std::move(issue)}, 0});
  }
  now.resize(kept);

  std::vector<Change> changes;
  auto old = given_.begin();
  for (const auto& object : now) {
    for (; old != given_.end() && (*old)->key < object->key; ++old) changes.push_back({(*old)->key, std::nullopt});
    const bool known = old != given_.end() && (*old)->key == object->key;
    if (!known || *old != object) changes.push_back({object->key, *object});
    if (known) ++old;
  }
  for (; old != given_.end(); ++old) changes.push_back({(*old)->key, std::nullopt});
  given_ = std::move(now);
  return changes;
}

std::vector<StaleFile> FolderObjects::stale() const {
  std::map<std::string_view, StaleFile> stale;
  for (const auto& [name, entry] : unlisted_) stale.emplace(name, entry);
  for (const auto& [name, file] : files_) {
    if (!file.issues.empty()) stale.emplace(name, StaleFile{name, file.issues, file.kept});
  }
  for (const StaleFile& entry : collisions_) stale.emplace(entry.file, entry);
  std::vector<StaleFile> sorted;
  sorted.reserve(stale.size());
  for (auto& [name, entry] : stale) sorted.push_back(std::move(entry));
  return sorted;
}

}  // namespace berth
