#include "berth/daemon/feed_status.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "berth/store/same_object.h"

namespace berth {
namespace {

using Kind = FeedEvent::Kind;

// What is wrong with one object or file.
struct Trouble {
  Kind kind;
  const std::vector<Issue>* issues;
  size_t kept;

  friend bool operator==(const Trouble& a, const Trouble& b) {
    return a.kind == b.kind && a.kept == b.kept && SameIssues(*a.issues, *b.issues);
  }
};
using Troubles = std::map<std::string_view, Trouble>;

Troubles OfObjects(const FeedStatus& status) {
  Troubles troubles;
  for (const StaleObject& object : status.stale) troubles[object.key] = {Kind::kObjectStale, &object.issues, 0};
  for (const StaleObject& object : status.refused) troubles[object.key] = {Kind::kObjectRefused, &object.issues, 0};
  return troubles;
}

Troubles OfFiles(const FeedStatus& status) {
  Troubles troubles;
  for (const StaleFile& file : status.source.stale) troubles[file.file] = {Kind::kFileStale, &file.issues, file.kept};
  return troubles;
}

void Compare(const Troubles& before, const Troubles& after, Kind over, const FeedStatus& status,
             std::vector<FeedEvent>& events) {
  for (const auto& [name, trouble] : after) {
    const auto known = before.find(name);
    if (known != before.end() && known->second == trouble) continue;
    events.push_back({trouble.kind, std::string(name), *trouble.issues, status.served_revision, trouble.kept});
  }
  for (const auto& [name, trouble] : before) {
    if (!after.contains(name)) events.push_back({over, std::string(name), {}, status.served_revision, 0});
  }
}

// Those of `problems` that `known` has not.
void Tell(const std::vector<std::string>& problems, const std::vector<std::string>& known, Kind kind,
          const FeedStatus& status, std::vector<FeedEvent>& events) {
  for (const std::string& problem : problems) {
    if (std::ranges::find(known, problem) != known.end()) continue;
    events.push_back({kind, problem, {}, status.served_revision, 0});
  }
}

}  // namespace

std::vector<FeedEvent> EventsBetween(const FeedStatus& before, const FeedStatus& after) {
  std::vector<FeedEvent> events;
  if (after.ready && !before.ready) events.push_back({Kind::kReady, {}, {}, after.served_revision, 0});
  Compare(OfObjects(before), OfObjects(after), Kind::kObjectGood, after, events);
  Compare(OfFiles(before), OfFiles(after), Kind::kFileGood, after, events);
  Tell(after.source.problems, before.source.problems, Kind::kProblem, after, events);
  Tell(before.source.problems, after.source.problems, Kind::kProblemOver, after, events);
  if (!after.last_error.empty() && after.last_error != before.last_error) {
    events.push_back({Kind::kFailed, after.last_error, {}, after.served_revision, 0});
  }
  return events;
}

}  // namespace berth
