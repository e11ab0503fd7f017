#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "berth/engine/catalog.h"
#include "berth/store/directory.h"
#include "berth/store/folder_objects.h"
#include "berth/store/same_object.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/catalog_folder.h"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr seconds kPatience{60};  // a test that waits so long has failed

// Looks at intervals only where a test asks for it.
DirectoryOptions Patient() {
  DirectoryOptions options;
  options.quiet = milliseconds(10);
  options.at_most = milliseconds(100);
  options.poll = std::chrono::hours(1);
  options.blind_poll = std::chrono::hours(1);
  return options;
}

// Stops a source that does not come to an end.
class Watchdog {
 public:
  explicit Watchdog(CatalogSource& source)
      : thread_([this, &source] {
          std::unique_lock lock(mutex_);
          if (!over_.wait_for(lock, kPatience, [this] { return done_; })) source.Stop();
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    over_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false;
  std::thread thread_;
};

class StoreDirectory : public ::testing::Test {
 protected:
  // Opens the source and lists it.
  void Open(std::string_view name = "catalog", DirectoryOptions options = Patient()) {
    auto source = DirectorySource::Open(folder_.At(name), options);
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
    List();
  }

  void List() {
    const auto listing = source_->List();
    ASSERT_TRUE(listing.ok()) << listing.status();
    objects_.clear();
    for (const Object& object : listing->objects) {
      EXPECT_TRUE(objects_.emplace(object.key, object).second) << object.key;
    }
    revision_ = listing->revision;
  }

  // The next batch, taken into `objects_`.
  Batch Next() {
    const Watchdog watchdog(*source_);
    auto batch = source_->Watch(revision_);
    EXPECT_TRUE(batch.ok()) << batch.status();
    if (!batch.ok()) return {};
    EXPECT_FALSE(batch->reset);
    EXPECT_EQ(batch->revision, revision_ + (batch->changes.empty() ? 0 : 1));
    revision_ = batch->revision;
    for (const Change& change : batch->changes) {
      if (change.object) {
        EXPECT_EQ(change.key, change.object->key);
        objects_.insert_or_assign(change.key, *change.object);
      } else {
        EXPECT_EQ(objects_.erase(change.key), 1U) << change.key;
      }
    }
    return *std::move(batch);
  }

  // Batches until `reached`. The keys of what changed on the way.
  std::set<std::string> Until(const std::function<bool()>& reached) {
    std::set<std::string> changed;
    while (!reached() && !HasFailure()) {
      for (const Change& change : Next().changes) changed.insert(change.key);
    }
    return changed;
  }
  std::set<std::string> UntilKeys(const std::set<std::string>& keys) {
    return Until([&] { return Keys() == keys; });
  }
  std::set<std::string> UntilStale(const std::vector<std::string>& files) {
    return Until([&] { return StaleFiles() == files; });
  }

  std::set<std::string> Keys() const {
    std::set<std::string> keys;
    for (const auto& [key, object] : objects_) keys.insert(key);
    return keys;
  }
  std::vector<std::string> StaleFiles() const {
    std::vector<std::string> files;
    for (const StaleFile& file : source_->status().stale) files.push_back(file.file);
    return files;
  }
  std::string CpuLimit(const std::string& key) const {
    const auto object = objects_.find(key);
    if (object == objects_.end()) return "none";
    const Node* limit = At(std::get<Profile>(object->second.value).spec.get(), {"resource_defaults", "cpuLimit"});
    return limit == nullptr ? "unset" : std::string(limit->text);
  }
  bool Misses() const { return !source_->status().problems.empty(); }

  CatalogFolder folder_;
  std::unique_ptr<DirectorySource> source_;
  std::map<std::string, Object> objects_;
  uint64_t revision_ = 0;
};

// --- Objects come and go ---

TEST_F(StoreDirectory, ListsWhatIsThere) {
  folder_.Write("catalog/zones/z1.yaml", ZoneText("z1"));
  folder_.Write("catalog/a.json", "{\"kind\": \"Zone\", \"zone\": \"z2\"}");
  folder_.Write("catalog/a.test.yaml", "cases: []\n");
  folder_.Write("catalog/.hidden.yaml", ZoneText("z3"));
  folder_.Write("catalog/notes.txt", "none of ours\n");
  Open();
  EXPECT_THAT(Keys(), ElementsAre("a.json#zone/z2", "zones/z1.yaml#zone/z1"));
  EXPECT_EQ(revision_, 1U);
  EXPECT_THAT(source_->status().stale, IsEmpty());
  EXPECT_THAT(source_->status().problems, IsEmpty());
  const DirectoryStatistics statistics = source_->statistics();
  EXPECT_EQ(statistics.files, 2U);
  EXPECT_EQ(statistics.objects, 2U);
  EXPECT_EQ(statistics.watched_folders, 2U);
}

TEST_F(StoreDirectory, SendsOnlyTheObjectsThatChanged) {
  folder_.Write("catalog/p.yaml", Documents({ProfileText("p1", "1"), ProfileText("p2", "1"), ProfileText("p3", "1")}));
  folder_.Write("catalog/other.yaml", ZoneText("z1"));
  Open();
  folder_.Put("catalog/p.yaml", Documents({ProfileText("p1", "1"), ProfileText("p2", "2"), ProfileText("p4", "1")}));
  const Batch batch = Next();
  ASSERT_THAT(batch.changes, SizeIs(3));
  EXPECT_EQ(batch.changes[0].key, "p.yaml#profile/default/p2");
  EXPECT_EQ(batch.changes[1].key, "p.yaml#profile/default/p3");
  EXPECT_FALSE(batch.changes[1].object.has_value());
  EXPECT_EQ(batch.changes[2].key, "p.yaml#profile/default/p4");
  EXPECT_EQ(CpuLimit("p.yaml#profile/default/p2"), "2");
  EXPECT_EQ(revision_, 2U);
}

TEST_F(StoreDirectory, AnObjectThatMovedWithinItsFileIsAnotherVersion) {
  folder_.Write("catalog/p.yaml", Documents({ProfileText("p1"), ProfileText("p2")}));
  Open();
  folder_.Put("catalog/p.yaml", Documents({ProfileText("p1"), "\n" + ProfileText("p2")}));
  EXPECT_THAT(Next().changes, SizeIs(1));
  EXPECT_EQ(objects_.at("p.yaml#profile/default/p2").position.line, 4U);
}

TEST_F(StoreDirectory, ALookThatFindsNothingNewGivesNoRevision) {
  folder_.Write("catalog/z.yaml", ZoneText("z1"));
  Open();
  folder_.Put("catalog/z.yaml", ZoneText("z1"));  // the same text in a new file
  folder_.Write("catalog/notes.txt", "none of ours\n");
  folder_.Put("catalog/y.yaml", ZoneText("z2"));
  EXPECT_THAT(UntilKeys({"y.yaml#zone/z2", "z.yaml#zone/z1"}), ElementsAre("y.yaml#zone/z2"));
  EXPECT_EQ(source_->statistics().files_read, 3U);
  EXPECT_EQ(revision_, 2U);
}

TEST_F(StoreDirectory, WritesInPlaceAndDeletionsAreSeen) {
  folder_.Write("catalog/a.yaml", ProfileText("p1", "1"));
  Open();
  folder_.Write("catalog/a.yaml", ProfileText("p1", "2"));
  Until([&] { return CpuLimit("a.yaml#profile/default/p1") == "2"; });
  folder_.Write("catalog/b.yaml", ZoneText("z1"));
  UntilKeys({"a.yaml#profile/default/p1", "b.yaml#zone/z1"});
  folder_.Remove("catalog/a.yaml");
  UntilKeys({"b.yaml#zone/z1"});
  folder_.Remove("catalog/b.yaml");
  UntilKeys({});
  EXPECT_FALSE(Misses());
}

TEST_F(StoreDirectory, FoldersAreCreatedMovedAndDeleted) {
  folder_.MakeFolder("catalog");
  Open();
  EXPECT_EQ(revision_, 0U);
  folder_.Write("staged/a.yaml", ZoneText("a"));
  folder_.Write("staged/deep/b.yaml", ZoneText("b"));
  folder_.Move("staged", "catalog/one");
  EXPECT_THAT(Next().changes, SizeIs(2));  // one step, one batch
  EXPECT_THAT(Keys(), ElementsAre("one/a.yaml#zone/a", "one/deep/b.yaml#zone/b"));
  folder_.Move("catalog/one/deep", "catalog/two");
  UntilKeys({"one/a.yaml#zone/a", "two/b.yaml#zone/b"});
  folder_.Put("catalog/two/c.yaml", ZoneText("c"));  // in the folder under its new name
  UntilKeys({"one/a.yaml#zone/a", "two/b.yaml#zone/b", "two/c.yaml#zone/c"});
  folder_.Remove("catalog/two");
  UntilKeys({"one/a.yaml#zone/a"});
  folder_.Move("catalog/one", "outside");
  UntilKeys({});
  folder_.Put("outside/d.yaml", ZoneText("d"));  // none of ours any more
  folder_.Write("catalog/new/later/e.yaml", ZoneText("e"));
  UntilKeys({"new/later/e.yaml#zone/e"});
  EXPECT_EQ(source_->statistics().watched_folders, 3U);
}

// A mounted ConfigMap: every entry links through `..data`, which is exchanged in one step.
TEST_F(StoreDirectory, AVolumeExchangesAllItsEntriesAtOnce) {
  folder_.Write("catalog/..v1/a.yaml", ProfileText("a", "1"));
  folder_.Write("catalog/..v1/b.yaml", ProfileText("b", "1"));
  folder_.Link("..v1", "catalog/..data");
  folder_.Link("..data/a.yaml", "catalog/a.yaml");
  folder_.Link("..data/b.yaml", "catalog/b.yaml");
  Open();
  EXPECT_THAT(Keys(), ElementsAre("a.yaml#profile/default/a", "b.yaml#profile/default/b"));
  folder_.Write("catalog/..v2/a.yaml", ProfileText("a", "2"));
  folder_.Write("catalog/..v2/b.yaml", ProfileText("b", "2"));
  folder_.Link("..v2", "catalog/..data");
  folder_.Remove("catalog/..v1");
  Until([&] { return CpuLimit("a.yaml#profile/default/a") == "2"; });
  EXPECT_EQ(CpuLimit("b.yaml#profile/default/b"), "2");
  EXPECT_EQ(revision_, 2U);
}

// A folder or a file of such a volume is itself a link through `..data`, beside which nothing is ours.
TEST_F(StoreDirectory, ThePathItselfLeadsThroughAnExchangedLink) {
  for (const std::string_view version : {"1", "2"}) {
    folder_.Write("volume/..v" + std::string(version) + "/catalog/a.yaml", ProfileText("a", version));
    folder_.Write("volume/..v" + std::string(version) + "/one.yaml", ProfileText("one", version));
  }
  folder_.Link("..v1", "volume/..data");
  folder_.Link("..data/catalog", "volume/catalog");
  folder_.Link("..data/one.yaml", "volume/one.yaml");
  for (const auto& [path, key] : {std::pair("volume/catalog", "a.yaml#profile/default/a"),
                                  std::pair("volume/one.yaml", "one.yaml#profile/default/one")}) {
    folder_.Link("..v1", "volume/..data");
    Open(path);
    EXPECT_EQ(CpuLimit(key), "1");
    folder_.Link("..v2", "volume/..data");
    Until([&] { return CpuLimit(key) == "2"; });
  }
}

// As git-sync keeps a repository: `sync/current` leads to the folder of a commit, and is renamed over.
TEST_F(StoreDirectory, AFolderAboveThePathIsALinkThatIsExchanged) {
  for (const std::string_view version : {"1", "2", "3"}) {
    folder_.Write("trees/v" + std::string(version) + "/catalog/a.yaml", ProfileText("a", version));
    folder_.Write("trees/v" + std::string(version) + "/one.yaml", ProfileText("one", version));
  }
  folder_.MakeFolder("sync");
  folder_.MakeFolder("top");
  folder_.Link("../sync/./current", "top/first");  // a link through a link, and one that names its target in full
  folder_.Link(folder_.At("top/first"), "top/second");
  for (const auto& [path, key] :
       {std::pair("sync/current/catalog", "a.yaml#profile/default/a"),
        std::pair("sync/current/one.yaml", "one.yaml#profile/default/one"),
        std::pair("top/second/catalog", "a.yaml#profile/default/a"),
        std::pair("top/second/../v1/../../top/first/one.yaml", "one.yaml#profile/default/one")}) {
    SCOPED_TRACE(path);
    folder_.Link("../trees/v1", "sync/current");
    Open(path);
    EXPECT_EQ(CpuLimit(key), "1");
    folder_.Link("../trees/v2", "sync/current");
    Until([&] { return CpuLimit(key) == "2"; });
    folder_.Link("../trees/v3", "sync/current");
    Until([&] { return CpuLimit(key) == "3"; });
  }
}

TEST_F(StoreDirectory, AFileBehindALinkIsReplacedWhereItIs) {
  folder_.Write("outside/one.yaml", ProfileText("one", "1"));
  folder_.Link("outside/one.yaml", "one.yaml");
  Open("one.yaml");
  folder_.Put("outside/one.yaml", ProfileText("one", "2"));
  Until([&] { return CpuLimit("one.yaml#profile/default/one") == "2"; });
}

TEST_F(StoreDirectory, LinksInACircleOnTheWayAreOneProblem) {
  folder_.Link("b", "a");
  folder_.Link("a", "b");
  Open("a/catalog");
  EXPECT_THAT(source_->status().problems, SizeIs(1));
  folder_.Write("trees/catalog/a.yaml", ZoneText("a"));
  folder_.Link("trees", "b");
  UntilKeys({"a.yaml#zone/a"});
}

TEST_F(StoreDirectory, EditsBehindALinkThatLeadsOutAreFoundByLooking) {
  folder_.Write("outside/a.yaml", ProfileText("a", "1"));
  folder_.MakeFolder("catalog");
  folder_.Link("../outside/a.yaml", "catalog/a.yaml");
  DirectoryOptions options = Patient();
  options.poll = milliseconds(20);
  Open("catalog", options);
  folder_.Put("outside/a.yaml", ProfileText("a", "2"));
  Until([&] { return CpuLimit("a.yaml#profile/default/a") == "2"; });
}

TEST_F(StoreDirectory, OneFolderUnderTwoNamesKeepsTheFirst) {
  folder_.Write("catalog/real/a.yaml", ZoneText("a"));
  folder_.Link("real", "catalog/also");
  Open();
  EXPECT_THAT(Keys(), ElementsAre("also/a.yaml#zone/a"));
  folder_.Remove("catalog/also");
  UntilKeys({"real/a.yaml#zone/a"});
}

// --- Files that are not sound ---

TEST_F(StoreDirectory, AFileThatIsNotWellFormedKeepsItsObjects) {
  folder_.Write("catalog/a.yaml", Documents({ProfileText("a", "1"), ZoneText("z1")}));
  folder_.Write("catalog/b.yaml", ProfileText("b", "1"));
  Open();
  folder_.Put("catalog/a.yaml", "kind: Profile\nspec: {\n");
  folder_.Put("catalog/b.yaml", ProfileText("b", "2"));
  UntilStale({"a.yaml"});
  Until([&] { return CpuLimit("b.yaml#profile/default/b") == "2"; });  // the others go on
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/a"), "1");
  const StaleFile stale = source_->status().stale.at(0);
  EXPECT_EQ(stale.kept, 2U);
  ASSERT_THAT(stale.issues, SizeIs(1));
  EXPECT_EQ(stale.issues[0].code, IssueCode::kSyntax);
  EXPECT_EQ(stale.issues[0].file, "a.yaml");
  EXPECT_EQ(stale.issues[0].position.line, 3U);

  folder_.Put("catalog/a.yaml", "still: [wrong\n");
  Until([&] { return source_->status().stale.at(0).issues.at(0).position.line == 2; });
  folder_.Put("catalog/a.yaml", ProfileText("a", "2"));
  UntilStale({});
  EXPECT_THAT(Keys(), ElementsAre("a.yaml#profile/default/a", "b.yaml#profile/default/b"));  // sound: the zone is gone
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/a"), "2");

  folder_.Put("catalog/a.yaml", "{");
  UntilStale({"a.yaml"});
  folder_.Remove("catalog/a.yaml");
  UntilKeys({"b.yaml#profile/default/b"});
  EXPECT_THAT(StaleFiles(), IsEmpty());
}

TEST_F(StoreDirectory, WhatAnUnknownKindMayHaveBeenIsKept) {
  folder_.Write("catalog/a.yaml", Documents({ProfileText("a", "1"), ProfileText("b", "1")}));
  Open();
  folder_.Put("catalog/a.yaml", Documents({ProfileText("a", "2"), "{kind: Profil, display_name: b}\n"}));
  UntilStale({"a.yaml"});
  Until([&] { return CpuLimit("a.yaml#profile/default/a") == "2"; });
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/b"), "1");
  const StaleFile stale = source_->status().stale.at(0);
  EXPECT_EQ(stale.kept, 1U);
  EXPECT_EQ(stale.issues.at(0).code, IssueCode::kUnknownKind);
  EXPECT_EQ(PlaceText(stale.issues.at(0).file, stale.issues.at(0).position), "a.yaml:3:8");
}

TEST_F(StoreDirectory, ARefusedObjectThatIsStillCalledTheSameIsForTheEngine) {
  folder_.Write("catalog/a.yaml", Documents({ProfileText("a", "1"), ProfileText("b", "1")}));
  Open();
  folder_.Put("catalog/a.yaml", ProfileText("a", "lots"));
  UntilKeys({"a.yaml#profile/default/a"});
  EXPECT_TRUE(objects_.at("a.yaml#profile/default/a").refused);
  EXPECT_THAT(StaleFiles(), IsEmpty());
}

// An error can hide what an object is called; the one that is missed may be it.
TEST_F(StoreDirectory, ARefusedNewcomerDoesNotReplaceWhatIsMissed) {
  folder_.Write("catalog/a.yaml", RunnerText("r1", "p"));
  Open();
  const std::string key = "a.yaml#runner/default/r1";
  for (const std::string_view id : {"[r1]", "r1, organisation_id: acme, organization_id: acme"}) {
    folder_.Put("catalog/a.yaml", RunnerText(id, "p"));
    UntilStale({"a.yaml"});
    EXPECT_TRUE(objects_.contains(key));
    EXPECT_FALSE(objects_.at(key).refused);
    EXPECT_EQ(source_->status().stale.at(0).kept, 1U);
    EXPECT_EQ(source_->status().stale.at(0).issues.at(0).position.line, 1U);
    folder_.Put("catalog/a.yaml", RunnerText("r1", "p"));
    UntilStale({});
    EXPECT_THAT(Keys(), ElementsAre(key));
  }
  folder_.Put("catalog/a.yaml", RunnerText("r2", "p"));
  UntilKeys({"a.yaml#runner/default/r2"});
}

TEST_F(StoreDirectory, AFileThatNeverWasSoundIsReported) {
  folder_.Write("catalog/a.yaml", "{");
  folder_.Write("catalog/b.yaml", ZoneText("z1"));
  folder_.Write("catalog/c.json", "");
  Open();
  EXPECT_THAT(Keys(), ElementsAre("b.yaml#zone/z1"));
  EXPECT_THAT(StaleFiles(), ElementsAre("a.yaml", "c.json"));
  EXPECT_EQ(source_->status().stale[0].kept, 0U);
}

TEST_F(StoreDirectory, AnEmptiedFileKeepsItsObjectsUntilItIsDeleted) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  folder_.Write("catalog/empty.yaml", "\n");  // never had any: nothing to say
  Open();
  EXPECT_THAT(StaleFiles(), IsEmpty());
  folder_.Write("catalog/a.yaml", "");
  UntilStale({"a.yaml"});
  EXPECT_THAT(Keys(), ElementsAre("a.yaml#zone/a"));
  EXPECT_THAT(source_->status().stale[0].issues.at(0).message, HasSubstr("delete the file"));
  folder_.Remove("catalog/a.yaml");
  UntilKeys({});
  EXPECT_THAT(StaleFiles(), IsEmpty());
}

TEST_F(StoreDirectory, AFileOfCommentsGivesUpItsObjects) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  Open();
  folder_.Put("catalog/a.yaml", "# " + ZoneText("a"));
  UntilKeys({});
  EXPECT_THAT(StaleFiles(), IsEmpty());
}

TEST_F(StoreDirectory, AHalfWrittenFileSettles) {
  folder_.Write("catalog/a.yaml", Documents({ProfileText("a", "1"), ProfileText("b", "1")}));
  Open();
  const std::string text = Documents({ProfileText("a", "2"), ProfileText("b", "2")});
  std::ofstream file(folder_.At("catalog/a.yaml"), std::ios::trunc);
  file << text.substr(0, 20) << std::flush;
  UntilStale({"a.yaml"});  // seen as it stands; whoever writes it takes their time
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/a"), "1");
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/b"), "1");
  file << text.substr(20) << std::flush;
  file.close();
  UntilStale({});
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/a"), "2");
  EXPECT_EQ(CpuLimit("a.yaml#profile/default/b"), "2");
}

TEST(FolderObjectsNames, AFileWhoseNameBeginsWithASlashIsForgottenLikeAnyOther) {
  const CatalogFolder folder;
  folder.Write("a.yaml", ZoneText("a"));
  FolderObjects objects;
  const auto never = [] { return false; };
  FolderListing listing = ListFolder(folder.At(""), FolderFiles::kCatalog);
  ASSERT_THAT(listing.files, SizeIs(1));
  listing.files[0].name = "/a.yaml";
  while (objects.TakeIn(folder.At(""), listing, true, never).unsettled) std::this_thread::yield();
  ASSERT_EQ(objects.files(), 1U);
  EXPECT_THAT(objects.TakeIn(folder.At(""), {}, false, never).changes, SizeIs(1));
  EXPECT_EQ(objects.files(), 0U);
}

TEST_F(StoreDirectory, AFileThatWasJustWrittenIsLeftAlone) {
  folder_.MakeFolder("catalog");
  bool left = false;
  for (int i = 0; i < 1000 && !left; ++i) {  // a busy machine may take too long between the two
    folder_.Write("catalog/a.yaml", ZoneText("a"));
    FolderObjects objects;
    const std::string catalog = folder_.At("catalog");
    const auto update =
        objects.TakeIn(catalog, ListFolder(catalog, FolderFiles::kCatalog), false, [] { return false; });
    left = update.unsettled;
    EXPECT_EQ(update.changes.empty(), left);
    EXPECT_EQ(objects.files(), left ? 0U : 1U);
  }
  EXPECT_TRUE(left);
}

TEST_F(StoreDirectory, LinksToNothingKeepWhatTheyLedTo) {
  folder_.Write("outside/a.yaml", ZoneText("a"));
  folder_.Write("outside/more/b.yaml", ZoneText("b"));
  folder_.Write("outside/more/c.yaml", ZoneText("c"));
  folder_.MakeFolder("catalog");
  folder_.Link("../outside/a.yaml", "catalog/a.yaml");
  folder_.Link("../outside/more", "catalog/more");
  folder_.Link("nowhere", "catalog/notes");  // was never one of ours
  Open();
  const std::set<std::string> all = {"a.yaml#zone/a", "more/b.yaml#zone/b", "more/c.yaml#zone/c"};
  EXPECT_EQ(Keys(), all);
  EXPECT_THAT(StaleFiles(), IsEmpty());
  folder_.Remove("outside");
  source_->Refresh();
  UntilStale({"a.yaml", "more"});
  EXPECT_EQ(Keys(), all);
  EXPECT_EQ(source_->status().stale[0].kept, 1U);
  EXPECT_EQ(source_->status().stale[1].kept, 2U);
  folder_.Remove("catalog/more");
  UntilKeys({"a.yaml#zone/a"});
  folder_.Write("outside/a.yaml", ZoneText("a"));
  source_->Refresh();
  UntilStale({});
  EXPECT_THAT(Keys(), ElementsAre("a.yaml#zone/a"));
}

TEST_F(StoreDirectory, APipeInTheFolderIsReportedAndNotWaitedFor) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  Open();
  folder_.Remove("catalog/a.yaml");
  ASSERT_EQ(mkfifo(folder_.At("catalog/a.yaml").c_str(), 0600), 0);
  UntilStale({"a.yaml"});
}

TEST_F(StoreDirectory, OfTwoObjectsWithOneKeyTheFirstIsGiven) {
  folder_.Write("catalog/a.yaml",
                Documents({RunnerText("r1", "p"), RunnerText("r1", "p"), RunnerText("\"r1#2\"", "p")}));
  Open();
  EXPECT_THAT(Keys(), ElementsAre("a.yaml#runner/default/r1", "a.yaml#runner/default/r1#2"));
  EXPECT_EQ(objects_.at("a.yaml#runner/default/r1#2").position.line, 3U);
  ASSERT_THAT(StaleFiles(), ElementsAre("a.yaml"));
  EXPECT_THAT(source_->status().stale[0].issues.at(0).message, HasSubstr("a.yaml:3:2"));
  EXPECT_EQ(source_->status().stale[0].issues.at(0).position.line, 5U);
  folder_.Put("catalog/a.yaml", Documents({RunnerText("r1", "p"), RunnerText("r2", "p")}));
  UntilKeys({"a.yaml#runner/default/r1", "a.yaml#runner/default/r2"});
  EXPECT_THAT(StaleFiles(), IsEmpty());
}

// --- The path itself ---

TEST_F(StoreDirectory, KeepsEverythingWhileThePathIsGone) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  folder_.Write("catalog/b/b.yaml", ZoneText("b"));
  Open();
  const std::set<std::string> all = {"a.yaml#zone/a", "b/b.yaml#zone/b"};
  folder_.Move("catalog", "away");
  EXPECT_THAT(Next().changes, IsEmpty());
  ASSERT_THAT(source_->status().problems, SizeIs(1));
  EXPECT_THAT(source_->status().problems[0], HasSubstr("catalog`: no such file or folder"));
  EXPECT_THAT(source_->status().problems[0], HasSubstr("2 objects"));
  EXPECT_EQ(Keys(), all);

  // Somebody prepares another folder in its place.
  folder_.MakeFolder("catalog");
  Until([&] { return source_->status().problems.at(0).find("another folder") != std::string::npos; });
  EXPECT_EQ(Keys(), all);
  folder_.Put("catalog/c.yaml", ZoneText("c"));
  UntilKeys({"c.yaml#zone/c"});
  EXPECT_FALSE(Misses());

  folder_.Remove("catalog");
  Until([&] { return Misses() || Keys().empty(); });
  folder_.Move("away", "catalog");
  UntilKeys(all);
  EXPECT_FALSE(Misses());
  const uint64_t read = source_->statistics().files_read;
  folder_.Move("catalog", "away");
  Until([&] { return Misses(); });
  folder_.Move("away", "catalog");
  Until([&] { return !Misses(); });
  EXPECT_EQ(Keys(), all);
  EXPECT_EQ(source_->statistics().files_read, read);  // nothing had changed
}

TEST_F(StoreDirectory, WaitsForThePathToAppear) {
  Open();
  EXPECT_EQ(revision_, 0U);
  EXPECT_TRUE(Misses());
  folder_.Write("staged/a.yaml", ZoneText("a"));
  folder_.Move("staged", "catalog");
  UntilKeys({"a.yaml#zone/a"});
  EXPECT_EQ(revision_, 1U);
  EXPECT_FALSE(Misses());
}

TEST_F(StoreDirectory, WaitsForThePathsOwnFolderToo) {
  DirectoryOptions options = Patient();
  options.blind_poll = milliseconds(20);
  Open("not/yet/catalog", options);
  folder_.Write("not/yet/catalog/a.yaml", ZoneText("a"));
  UntilKeys({"a.yaml#zone/a"});
}

TEST_F(StoreDirectory, ServesOneFile) {
  folder_.Write("dir/catalog.txt", ProfileText("a", "1"));
  folder_.Write("dir/other.yaml", ProfileText("b", "1"));
  Open("dir/catalog.txt");
  const std::string key = "catalog.txt#profile/default/a";
  EXPECT_THAT(Keys(), ElementsAre(key));
  folder_.Write("dir/catalog.txt", ProfileText("a", "2"));
  Until([&] { return CpuLimit(key) == "2"; });
  folder_.Put("dir/catalog.txt", ProfileText("a", "3"));
  Until([&] { return CpuLimit(key) == "3"; });
  folder_.Remove("dir/catalog.txt");
  Until([&] { return Misses(); });
  EXPECT_EQ(CpuLimit(key), "3");
  folder_.Put("dir/catalog.txt", ProfileText("a", "4"));
  Until([&] { return CpuLimit(key) == "4"; });
  EXPECT_FALSE(Misses());
}

// --- The watch ---

TEST_F(StoreDirectory, AnOverflowingQueueLosesNothing) {
  folder_.Write("catalog/a.yaml", ProfileText("a", "1"));
  Open();
  std::ifstream limit_file("/proc/sys/fs/inotify/max_queued_events");
  int limit = 0;
  ASSERT_TRUE(limit_file >> limit);
  if (limit > 100'000) GTEST_SKIP() << "the queue is too long to fill";
  // Nobody reads the queue meanwhile. Each round is more than one event, and no two in a row are alike.
  for (int i = 0; i < limit; ++i) {
    folder_.Move(i % 2 == 0 ? "catalog/a.yaml" : "catalog/b.txt", i % 2 == 0 ? "catalog/b.txt" : "catalog/a.yaml");
  }
  folder_.Remove("catalog/b.txt");
  folder_.Put("catalog/a.yaml", ProfileText("a", "2"));
  folder_.Write("catalog/new/b.yaml", ZoneText("b"));
  UntilKeys({"a.yaml#profile/default/a", "new/b.yaml#zone/b"});
  Until([&] { return CpuLimit("a.yaml#profile/default/a") == "2"; });
  EXPECT_GE(source_->statistics().queue_overflows, 1U);
  folder_.Put("catalog/a.yaml", ProfileText("a", "3"));
  Until([&] { return CpuLimit("a.yaml#profile/default/a") == "3"; });
}

TEST_F(StoreDirectory, WithoutEnoughWatchesItLooksAtIntervals) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  folder_.Write("catalog/b/b.yaml", ZoneText("b"));
  DirectoryOptions options = Patient();
  options.max_watched_folders = 1;
  options.blind_poll = milliseconds(20);
  Open("catalog", options);
  ASSERT_THAT(source_->status().problems, SizeIs(1));
  EXPECT_THAT(source_->status().problems[0], HasSubstr("more than 1 folders"));
  EXPECT_EQ(source_->statistics().watched_folders, 1U);
  folder_.Put("catalog/b/c.yaml", ZoneText("c"));
  UntilKeys({"a.yaml#zone/a", "b/b.yaml#zone/b", "b/c.yaml#zone/c"});
  folder_.Remove("catalog/b");
  UntilKeys({"a.yaml#zone/a"});
  Until([&] { return !Misses(); });  // one folder is not too many
}

TEST_F(StoreDirectory, AnUnknownRevisionAsksForANewList) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  Open();
  const auto batch = source_->Watch(revision_ + 7);
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(batch->reset);
  EXPECT_THAT(batch->changes, IsEmpty());
  List();
  EXPECT_EQ(revision_, 1U);
  EXPECT_THAT(Keys(), ElementsAre("a.yaml#zone/a"));
}

TEST_F(StoreDirectory, WatchCanBeTheFirstCall) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  auto source = DirectorySource::Open(folder_.At("catalog"), Patient());
  ASSERT_TRUE(source.ok());
  source_ = *std::move(source);
  UntilKeys({"a.yaml#zone/a"});
}

TEST_F(StoreDirectory, StopEndsAWaitFromAnotherThreadForGood) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  Open();
  std::thread stopper([this] { source_->Stop(); });
  EXPECT_TRUE(absl::IsCancelled(source_->Watch(revision_).status()));
  stopper.join();
  EXPECT_TRUE(absl::IsCancelled(source_->Watch(revision_).status()));
  EXPECT_TRUE(absl::IsCancelled(source_->List().status()));
}

TEST_F(StoreDirectory, RefreshReadsEverythingAndSendsNothingThatDidNotChange) {
  folder_.Write("catalog/a.yaml", ZoneText("a"));
  folder_.Write("catalog/b.yaml", ZoneText("b"));
  Open();
  EXPECT_EQ(source_->statistics().files_read, 2U);
  std::thread reader([this] { UntilKeys({"a.yaml#zone/a", "b.yaml#zone/b", "c.yaml#zone/c"}); });
  source_->Refresh();
  while (source_->statistics().files_read < 4 && !HasFailure()) std::this_thread::yield();
  folder_.Put("catalog/c.yaml", ZoneText("c"));
  reader.join();
  EXPECT_EQ(revision_, 2U);
  EXPECT_EQ(source_->statistics().files_read, 5U);
}

TEST_F(StoreDirectory, AnEditAmongThousandsOfFilesReadsOne) {
  constexpr int kFiles = 2000;
  for (int i = 0; i < kFiles; ++i) {
    const std::string n = std::to_string(i);
    folder_.Write("catalog/" + std::to_string(i % 20) + "/" + n + ".yaml", ProfileText("p" + n, "1"));
  }
  Open();
  Until([&] { return objects_.size() == kFiles; });
  const DirectoryStatistics before = source_->statistics();
  EXPECT_EQ(before.files_read, static_cast<uint64_t>(kFiles));
  EXPECT_EQ(before.watched_folders, 21U);
  folder_.Put("catalog/7/7.yaml", ProfileText("p7", "2"));
  const Batch batch = Next();
  ASSERT_THAT(batch.changes, SizeIs(1));
  EXPECT_EQ(batch.changes[0].key, "7/7.yaml#profile/default/p7");
  EXPECT_EQ(source_->statistics().files_read, before.files_read + 1);
}

// --- Versions of objects ---

Object OnlyObject(const std::string& text) {
  Catalog catalog;
  AddSource(std::make_shared<SourceText>("a.yaml", text), catalog);
  return catalog.objects.at(0);
}

TEST(SameObject, IsTheSameTextAtTheSamePlace) {
  const std::string text = "kind: Profile\ndisplay_name: a\nspec: {pod: {spec: {tolerations: [{key: a}]}}}\n";
  EXPECT_TRUE(SameObject(OnlyObject(text), OnlyObject(text)));
  EXPECT_TRUE(SameObject(OnlyObject(text), OnlyObject(text + "# a comment\n")));
  EXPECT_FALSE(SameObject(OnlyObject(text), OnlyObject("\n" + text)));
  for (const std::string_view other :
       {"kind: Profile\ndisplay_name: a\nspec: {pod: {spec: {tolerations: [{key: b}]}}}\n",
        "kind: Profile\ndisplay_name: a\nspec: {pod: {spec: {tolerations: [ {key: a}]}}}\n",
        "kind: Profile\ndisplay_name: a\nspec: {pod: {spec: {tolerations: [{key: a}, {key: b}]}}}\n",
        "kind: Profile\ndisplayName: a\nspec: {pod: {spec: {tolerations: [{key: a}]}}}\n",
        "kind: Profile\ndisplay_name: a\nspec: {pod: {spec: {tolerations: [{key: a}]}}, extra: 1}\n"}) {
    EXPECT_FALSE(SameObject(OnlyObject(text), OnlyObject(std::string(other)))) << other;
  }
}

}  // namespace
}  // namespace berth
