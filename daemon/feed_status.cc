#include "berth/daemon/feed_status.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "berth/engine/binding_errors.h"
#include "berth/store/same_object.h"

namespace berth {
namespace {

using Kind = FeedEvent::Kind;

constexpr size_t kMaxIssuesOfBinding = 3;
constexpr size_t kMaxBindingsWithIssues = 1000;

// What is wrong with one object or file.
struct Trouble {
  Kind kind;
  const std::vector<Issue>* issues;
  size_t kept;

  friend bool operator==(const Trouble& a, const Trouble& b) {
    return a.kind == b.kind && a.kept == b.kept && SameIssues(*a.issues, *b.issues);
  }
};
auto NameOf(const InvalidBinding& binding) {
  return std::tie(binding.runner_id, binding.organization_id, binding.profile_name);
}

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

// Those of `bindings` that `known` has not. Both are sorted.
void TellBindings(const std::vector<InvalidBinding>& bindings, const std::vector<InvalidBinding>& known, Kind one,
                  Kind more, const FeedStatus& status, std::vector<FeedEvent>& events) {
  size_t count = 0;
  auto at = known.begin();
  for (const InvalidBinding& binding : bindings) {
    while (at != known.end() && NameOf(*at) < NameOf(binding)) ++at;
    if (at != known.end() && NameOf(*at) == NameOf(binding)) continue;
    if (++count > kMaxBindingEvents) continue;
    const bool over = one == Kind::kBindingGood;
    FeedEvent& event = events.emplace_back(FeedEvent{one, {}, {}, status.served_revision, 0});
    if (!over) event.issues = binding.issues;
    event.binding = {binding.runner_id, binding.organization_id, binding.profile_name, {}};
  }
  if (count > kMaxBindingEvents) {
    events.push_back({more, {}, {}, status.served_revision, count - kMaxBindingEvents});
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

std::vector<InvalidBinding> InvalidBindingsOf(const Snapshot& snapshot) {
  std::vector<InvalidBinding> invalid;
  for (const CompiledBinding& binding : snapshot.bindings()) {
    if (binding.offer.valid) continue;
    const Runner& runner = *snapshot.RunnerOf(binding).runner;
    InvalidBinding& entry = invalid.emplace_back();
    entry.runner_id = runner.runner_id;
    entry.organization_id = runner.organization_id;
    entry.profile_name = binding.name;
    if (invalid.size() <= kMaxBindingsWithIssues) entry.issues = ErrorsOf(snapshot, binding, kMaxIssuesOfBinding);
  }
  std::ranges::sort(invalid, {}, NameOf);
  return invalid;
}

std::vector<FeedEvent> EventsBetween(const FeedStatus& before, const FeedStatus& after) {
  std::vector<FeedEvent> events;
  if (after.ready && !before.ready) events.push_back({Kind::kReady, {}, {}, after.served_revision, 0});
  Compare(OfObjects(before), OfObjects(after), Kind::kObjectGood, after, events);
  TellBindings(after.invalid_bindings, before.invalid_bindings, Kind::kBindingInvalid, Kind::kBindingsInvalid, after,
               events);
  TellBindings(before.invalid_bindings, after.invalid_bindings, Kind::kBindingGood, Kind::kBindingsGood, after, events);
  Compare(OfFiles(before), OfFiles(after), Kind::kFileGood, after, events);
  Tell(after.source.problems, before.source.problems, Kind::kProblem, after, events);
  Tell(before.source.problems, after.source.problems, Kind::kProblemOver, after, events);
  if (!after.last_error.empty() && after.last_error != before.last_error) {
    events.push_back({Kind::kFailed, after.last_error, {}, after.served_revision, 0});
  }
  return events;
}

}  // namespace berth
