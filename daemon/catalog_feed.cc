#include "berth/daemon/catalog_feed.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "berth/engine/catalog.h"

namespace berth {
namespace {

// Whether all that the changes bring is refused, by itself, where the snapshot serves a good version.
bool ServesTheSame(const std::vector<Change>& changes, const Snapshot& snapshot) {
  const auto objects = snapshot.objects();  // in the order of their keys
  return std::ranges::all_of(changes, [&](const Change& change) {
    if (!change.object || !change.object->refused) return false;
    const auto served = std::ranges::lower_bound(objects, change.key, {},
                                                 [](const auto& object) -> const std::string& { return object->key; });
    return served != objects.end() && (*served)->key == change.key && !(*served)->refused;
  });
}

}  // namespace

CatalogFeed::CatalogFeed(CatalogSource& source, Engine& engine, std::function<void(const FeedEvent&)> on_event,
                         FeedOptions options)
    : source_(source), engine_(engine), on_event_(std::move(on_event)), options_(options) {
  status_.Store(std::make_shared<const FeedStatus>());
  thread_ = std::thread([this] { Run(); });
}

void CatalogFeed::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  source_.Stop();
  if (thread_.joinable()) thread_.join();
}

void CatalogFeed::Run() {
  for (;;) {
    absl::StatusOr<bool> follows = Publish();
    while (follows.ok() && *follows) follows = Follow();
    if (follows.ok()) continue;
    const bool stopped = absl::IsCancelled(follows.status());
    if (!stopped) Fail(follows.status());
    if (stopped || !WaitToRetry()) return;
  }
}

// Takes everything. True, or why that failed.
absl::StatusOr<bool> CatalogFeed::Publish() {
  absl::StatusOr<Listing> listing = source_.List();
  if (!listing.ok()) return listing.status();
  at_ = listing->revision;
  // Before the source has seen anything, there is nothing to publish either.
  if (at_ == 0) {
    Succeed(std::nullopt);
    return true;
  }
  Catalog catalog;
  catalog.objects = std::move(listing->objects);
  if (const absl::Status status = engine_.Publish(catalog, at_); !status.ok()) return status;
  Succeed(catalog.objects.size());
  return true;
}

// Waits for a batch and takes it. False when everything has to be taken anew.
absl::StatusOr<bool> CatalogFeed::Follow() {
  absl::StatusOr<Batch> batch = source_.Watch(at_);
  if (!batch.ok()) return batch.status();
  if (batch->reset) return false;
  at_ = batch->revision;
  const size_t count = batch->changes.size();
  if (count == 0) {
    Succeed(std::nullopt);
    return true;
  }
  const std::shared_ptr<const Snapshot> served = engine_.snapshot();
  const uint64_t revision = ServesTheSame(batch->changes, *served) ? served->revision() : at_;
  if (const absl::Status status = engine_.Apply(std::move(batch->changes), revision); !status.ok()) return status;
  Succeed(count);
  return true;
}

// `changes`: how many the engine took; nothing when only the source has news.
void CatalogFeed::Succeed(std::optional<size_t> changes) {
  FeedStatus status = *status_.Load();
  status.source_revision = at_;
  status.last_error.clear();
  if (changes) {
    const std::shared_ptr<const Snapshot> snapshot = engine_.snapshot();
    status.served_revision = snapshot->revision();
    status.applied_at = std::chrono::system_clock::now();
    status.stale = engine_.stale();
    status.refused.clear();
    for (const auto& object : snapshot->objects()) {
      if (object->refused) status.refused.push_back({object->key, object->issues});
    }
    status.invalid_bindings = InvalidBindingsOf(*snapshot);
    status.ready = status.ready || status.refused.size() < snapshot->objects().size();
  }
  Show(std::move(status), changes);
}

void CatalogFeed::Fail(const absl::Status& error) {
  FeedStatus status = *status_.Load();
  status.last_error = std::string(error.message());
  Show(std::move(status), std::nullopt);
}

void CatalogFeed::Show(FeedStatus status, std::optional<size_t> changes) {
  status.source = source_.status();
  const std::shared_ptr<const FeedStatus> before = status_.Load();
  const auto after = std::make_shared<const FeedStatus>(std::move(status));
  status_.Store(after);
  if (!on_event_) return;
  if (changes) on_event_({FeedEvent::Kind::kApplied, {}, {}, after->served_revision, *changes});
  for (const FeedEvent& event : EventsBetween(*before, *after)) on_event_(event);
}

// False when the feed was stopped.
bool CatalogFeed::WaitToRetry() {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, options_.retry, [this] { return stopped_; });
}

}  // namespace berth
