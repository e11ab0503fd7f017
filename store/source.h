// Where a catalog comes from, as its reader sees it: everything at one revision, then changes.
//
//   auto listing = source.List();
//   for (uint64_t at = listing->revision;;) {
//     auto batch = source.Watch(at);  // waits
//     if (!batch.ok() || batch->reset) break;
//     at = batch->revision;
//   }
//
// Guarantees:  List, followed by every batch of Watch in order, gives the objects as they are now; an object that did not
//              change does not come again; keys are distinct
// Fails when:  the source cannot be asked at all (then both may be called again), or was stopped (CANCELLED, for good).
//              What is wrong inside it is no failure: it is in status(), and what was good before stays
// Threads:     List and Watch belong to one reader; everything else may be called from any thread at any time
// Ownership:   objects are values; they share their immutable trees with those the source keeps

#ifndef BERTH_STORE_SOURCE_H_
#define BERTH_STORE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "berth/engine/engine.h"
#include "berth/spec/issue.h"
#include "berth/spec/objects.h"

namespace berth {

struct Listing {
  std::vector<Object> objects;
  uint64_t revision = 0;  // 0: there never was an object
};

struct Batch {
  std::vector<Change> changes;  // none: only status() has news
  uint64_t revision = 0;        // what the source is at with them; without changes, what it was at
  bool reset = false;           // the changes since are not known: ask for a new list
};

// A file whose newest version is not what it gives to the catalog.
struct StaleFile {
  std::string file;           // as its objects call it
  std::vector<Issue> issues;  // why: errors only, the first few
  size_t kept = 0;            // objects of an older version that stand in for what cannot be told
};

struct SourceStatus {
  std::vector<StaleFile> stale;       // sorted by file
  std::vector<std::string> problems;  // of the source as a whole, a sentence each; none when all is well
};

class CatalogSource {
 public:
  CatalogSource() = default;
  CatalogSource(const CatalogSource&) = delete;
  CatalogSource& operator=(const CatalogSource&) = delete;
  virtual ~CatalogSource() = default;

  // All objects as they are now.
  virtual absl::StatusOr<Listing> List() = 0;
  // Waits until there is something newer than revision `from`, or news in status().
  virtual absl::StatusOr<Batch> Watch(uint64_t from) = 0;

  // Looks again now, and trusts nothing it remembers about what did not change.
  virtual void Refresh() = 0;
  // Ends the List or Watch that is under way, and all later ones.
  virtual void Stop() = 0;

  [[nodiscard]] virtual SourceStatus status() const = 0;
};

}  // namespace berth

#endif  // BERTH_STORE_SOURCE_H_
