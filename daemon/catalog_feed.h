// Keeps an engine at the newest catalog of a source, in a thread of its own.
//
// The first list is published, then every batch is applied. Nothing that goes wrong ends the feed: the engine serves what
// it has, the feed tries again, and status() says what is wrong. A batch that brings nothing but refused versions of
// objects that are served changes no answer, so the revision that is served stays. A refused newcomer moves it, for it
// may change answers (an organization that cannot be read is closed); so does what only other objects make bad.
//
//   CatalogFeed feed(source, engine, [](const FeedEvent& event) { ... });
//   if (feed.status()->ready) ...
//
// Guarantees:  ready once a catalog with an object that can be served was published, and from then on
//              every state of an object, binding or file is told as an event when it comes and when it goes, right after status()
//              shows it
// Threads:     status() and Refresh() from any thread; Stop() from one, not from within the callback. Events come from
//              the feed's thread, one at a time
// Ownership:   source and engine outlive the feed; the source is stopped with it, for good
// Tested by:   tests/daemon_catalog_feed_test.cc

#ifndef BERTH_DAEMON_CATALOG_FEED_H_
#define BERTH_DAEMON_CATALOG_FEED_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "berth/daemon/feed_status.h"
#include "berth/engine/engine.h"
#include "berth/engine/published.h"
#include "berth/store/source.h"

namespace berth {

struct FeedOptions {
  std::chrono::milliseconds retry{1'000};  // after the source or the engine refused
};

class CatalogFeed {
 public:
  // Starts at once. `on_event` must not throw.
  CatalogFeed(CatalogSource& source, Engine& engine, std::function<void(const FeedEvent&)> on_event,
              FeedOptions options = {});
  CatalogFeed(const CatalogFeed&) = delete;
  CatalogFeed& operator=(const CatalogFeed&) = delete;
  ~CatalogFeed() { Stop(); }

  // Makes the source look again, whatever it remembers.
  void Refresh() { source_.Refresh(); }
  // Ends the thread; takes no longer than one file's parsing, or one publish.
  void Stop();

  [[nodiscard]] std::shared_ptr<const FeedStatus> status() const { return status_.Load(); }

 private:
  void Run();
  absl::StatusOr<bool> Publish();
  absl::StatusOr<bool> Follow();
  void Succeed(std::optional<size_t> changes);
  void Fail(const absl::Status& status);
  void Show(FeedStatus status, std::optional<size_t> changes);
  bool WaitToRetry();

  CatalogSource& source_;
  Engine& engine_;
  const std::function<void(const FeedEvent&)> on_event_;
  const FeedOptions options_;
  Published<FeedStatus> status_;
  uint64_t at_ = 0;  // the source's revision up to which all is taken; the thread's

  std::mutex mutex_;  // guards stopped_
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace berth

#endif  // BERTH_DAEMON_CATALOG_FEED_H_
