#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "berth/daemon/catalog_feed.h"
#include "berth/engine/catalog.h"
#include "berth/store/directory.h"
#include "berth/store/same_object.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/catalog_folder.h"
#include "tests/engine_fixture.h"
#include "tests/random_catalog.h"

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr seconds kPatience{60};  // a test that waits so long has failed

// The events of a feed; waiting for them is waiting for its states.
class EventLog {
 public:
  void Add(const FeedEvent& event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
    }
    changed_.notify_all();
  }

  // Waits until `reached`, which is asked after every event and now and then.
  [[nodiscard]] bool WaitFor(const std::function<bool()>& reached) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!reached()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, milliseconds(2));
    }
    return true;
  }

  std::vector<std::string> Subjects(FeedEvent::Kind kind) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> subjects;
    for (const FeedEvent& event : events_) {
      if (event.kind == kind) subjects.push_back(event.subject);
    }
    return subjects;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<FeedEvent> events_;
};

class CatalogFeedTest : public ::testing::Test {
 protected:
  void Start() {
    DirectoryOptions options;
    options.quiet = milliseconds(5);
    options.at_most = milliseconds(50);
    options.blind_poll = milliseconds(20);
    auto source = DirectorySource::Open(folder_.At("catalog"), options);
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
    feed_ = std::make_unique<CatalogFeed>(*source_, engine_, [this](const FeedEvent& event) { log_.Add(event); });
  }

  void Until(const std::function<bool(const FeedStatus&)>& reached) {
    ASSERT_TRUE(log_.WaitFor([&] { return reached(*feed_->status()); }));
  }
  // A state is shown before it is told.
  void UntilTold(FeedEvent::Kind kind, const std::vector<std::string>& subjects) {
    ASSERT_TRUE(log_.WaitFor([&] { return log_.Subjects(kind) == subjects; }));
  }
  // The CPU limit of the only runner, as launches meet it.
  bool Takes(std::string_view cpu) {
    return Answer(engine_, "{resource_limits: {cpu: " + std::string(cpu) + "}}") == "r1";
  }
  void UntilTakes(std::string_view cpu, bool takes = true) {
    ASSERT_TRUE(log_.WaitFor([&] { return Takes(cpu) == takes; }));
  }

  static std::vector<std::string> StaleKeys(const FeedStatus& status) {
    std::vector<std::string> keys;
    for (const StaleObject& object : status.stale) keys.push_back(object.key);
    return keys;
  }
  static std::vector<std::string> StaleFiles(const FeedStatus& status) {
    std::vector<std::string> files;
    for (const StaleFile& file : status.source.stale) files.push_back(file.file);
    return files;
  }
  static std::string PlaceOf(const Issue& issue) { return PlaceText(issue.file, issue.position); }

  CatalogFolder folder_;
  Engine engine_;
  EventLog log_;
  std::unique_ptr<DirectorySource> source_;
  std::unique_ptr<CatalogFeed> feed_;  // last: goes first
};

TEST_F(CatalogFeedTest, ServesTheCatalogAndItsEdits) {
  folder_.Write("catalog/a.yaml", Documents({ZoneText("z1"), ProfileText("p1", "4"), RunnerText("r1", "p1")}));
  const auto before = std::chrono::system_clock::now();
  Start();
  Until([](const FeedStatus& status) { return status.ready; });
  EXPECT_EQ(feed_->status()->served_revision, 1U);
  EXPECT_EQ(engine_.snapshot()->revision(), 1U);
  ASSERT_TRUE(feed_->status()->applied_at.has_value());
  EXPECT_GE(*feed_->status()->applied_at, before);
  EXPECT_TRUE(Takes("4"));
  EXPECT_FALSE(Takes("5"));
  folder_.Put("catalog/a.yaml", Documents({ZoneText("z1"), ProfileText("p1", "5"), RunnerText("r1", "p1")}));
  Until([](const FeedStatus& status) { return status.served_revision == 2; });
  EXPECT_TRUE(Takes("5"));
  EXPECT_THAT(feed_->status()->stale, IsEmpty());
  EXPECT_THAT(feed_->status()->refused, IsEmpty());
  EXPECT_EQ(feed_->status()->last_error, "");
  UntilTold(FeedEvent::Kind::kReady, {""});
}

TEST_F(CatalogFeedTest, IsNotReadyBeforeThereIsAGoodObject) {
  Start();  // nothing there at all
  Until([](const FeedStatus& status) { return status.source.problems.size() == 1; });
  EXPECT_FALSE(feed_->status()->ready);
  folder_.MakeFolder("catalog");
  Until([](const FeedStatus& status) { return status.source.problems.empty(); });
  EXPECT_FALSE(feed_->status()->ready);
  EXPECT_FALSE(feed_->status()->applied_at.has_value());
  folder_.Put("catalog/a.yaml", "{");
  Until([](const FeedStatus& status) { return StaleFiles(status).size() == 1; });
  EXPECT_FALSE(feed_->status()->ready);
  folder_.Put("catalog/a.yaml", ProfileText("p1", "lots"));
  Until([](const FeedStatus& status) { return status.refused.size() == 1; });
  EXPECT_FALSE(feed_->status()->ready);
  EXPECT_EQ(feed_->status()->refused[0].key, "a.yaml#profile/default/p1");
  EXPECT_EQ(PlaceOf(feed_->status()->refused[0].issues.at(0)).substr(0, 9), "a.yaml:1:");
  folder_.Put("catalog/a.yaml", ProfileText("p1", "4"));
  Until([](const FeedStatus& status) { return status.ready; });
  EXPECT_THAT(feed_->status()->refused, IsEmpty());
  UntilTold(FeedEvent::Kind::kObjectGood, {"a.yaml#profile/default/p1"});
  UntilTold(FeedEvent::Kind::kReady, {""});
  EXPECT_THAT(log_.Subjects(FeedEvent::Kind::kFileGood), ElementsAre("a.yaml"));
  EXPECT_THAT(log_.Subjects(FeedEvent::Kind::kProblem), SizeIs(1));
  EXPECT_EQ(log_.Subjects(FeedEvent::Kind::kProblemOver), log_.Subjects(FeedEvent::Kind::kProblem));
}

TEST_F(CatalogFeedTest, StaysReadyAndServesWhileThePathIsGone) {
  folder_.Write("catalog/a.yaml", Documents({ZoneText("z1"), ProfileText("p1", "4"), RunnerText("r1", "p1")}));
  Start();
  Until([](const FeedStatus& status) { return status.ready; });
  folder_.Move("catalog", "away");
  Until([](const FeedStatus& status) { return !status.source.problems.empty(); });
  EXPECT_TRUE(Takes("4"));
  EXPECT_TRUE(feed_->status()->ready);
  EXPECT_EQ(feed_->status()->served_revision, 1U);
  folder_.Move("away", "catalog");
  Until([](const FeedStatus& status) { return status.source.problems.empty(); });
  EXPECT_TRUE(Takes("4"));
  EXPECT_EQ(feed_->status()->served_revision, 1U);
}

TEST_F(CatalogFeedTest, PoisonBetweenGoodCatalogsMovesNothing) {
  const auto catalog = [](std::string_view cpu) {
    return Documents({ZoneText("z1"), ProfileText("p1", cpu), RunnerText("r1", "p1")});
  };
  folder_.Write("catalog/a.yaml", catalog("10"));
  Start();
  Until([](const FeedStatus& status) { return status.ready; });
  const auto poisons_of = [&](const std::string& good) -> std::vector<std::string> {
    return {
        catalog("lots"),                                                           // refused by itself
        good + "---\n{kind: Runer}\n",                                             // an error outside the objects
        good + "---\n- &anchor {kind: Zone}\n",                                    // another one
        good.substr(0, 60),                                                        // cut off
        "",                                                                        // emptied
        std::string(100'000, '['),                                                 // too deep
        std::string("\0\xFF\xFE", 3),                                              // no text
        Documents({ZoneText("z1"), "{kind: Profile}\n", RunnerText("r1", "p1")}),  // it lost its name
    };
  };
  const int poisons = static_cast<int>(poisons_of("").size());
  const std::string profile = "a.yaml#profile/default/p1";
  for (int round = 11; round < 11 + 3 * poisons; ++round) {
    const std::shared_ptr<const FeedStatus> good = feed_->status();
    EXPECT_THAT(good->stale, IsEmpty());
    EXPECT_THAT(good->source.stale, IsEmpty());
    const std::string cpu = std::to_string(round - 1);
    const int poison = round % poisons;
    folder_.Put("catalog/a.yaml", poisons_of(catalog(cpu)).at(static_cast<size_t>(poison)));
    Until([](const FeedStatus& status) { return !status.stale.empty() || !status.source.stale.empty(); });
    const std::shared_ptr<const FeedStatus> bad = feed_->status();
    if (poison == 0) {
      EXPECT_THAT(StaleKeys(*bad), ElementsAre(profile));
      EXPECT_EQ(PlaceOf(bad->stale[0].issues.at(0)).substr(0, 9), "a.yaml:3:");
    } else {
      EXPECT_THAT(StaleFiles(*bad), ElementsAre("a.yaml"));
      EXPECT_EQ(bad->source.stale[0].issues.at(0).file, "a.yaml");
    }
    EXPECT_TRUE(Takes(cpu)) << poison;
    EXPECT_FALSE(Takes(std::to_string(round))) << poison;
    if (poison != poisons - 1) {  // there a newcomer is refused, for which nothing stands in
      EXPECT_EQ(bad->served_revision, good->served_revision) << poison;
      EXPECT_EQ(engine_.snapshot()->revision(), good->served_revision) << poison;
    }
    folder_.Put("catalog/a.yaml", catalog(std::to_string(round)));
    Until([&](const FeedStatus& status) {
      return status.served_revision > good->served_revision && status.stale.empty() && status.source.stale.empty() &&
             status.refused.empty();
    });
    UntilTakes(std::to_string(round));
  }
  EXPECT_THAT(log_.Subjects(FeedEvent::Kind::kObjectStale), Contains(profile));
  EXPECT_THAT(log_.Subjects(FeedEvent::Kind::kFailed), IsEmpty());
}

TEST_F(CatalogFeedTest, WhatOnlyOtherObjectsMakeBadIsStaleToo) {
  folder_.Write("catalog/a.yaml", Documents({ZoneText("z1"), ProfileText("p1", "4"), RunnerText("r1", "p1")}));
  Start();
  Until([](const FeedStatus& status) { return status.ready; });
  folder_.Put("catalog/b.yaml", RunnerText("r1", "p1"));  // the same runner once more
  Until([](const FeedStatus& status) { return status.refused.size() == 1; });
  EXPECT_EQ(feed_->status()->refused[0].key, "b.yaml#runner/default/r1");
  EXPECT_TRUE(Takes("4"));
  folder_.Remove("catalog/b.yaml");
  Until([](const FeedStatus& status) { return status.refused.empty(); });
}

TEST_F(CatalogFeedTest, BindingsThatNoLaunchGetsAreToldOfWhenTheyComeAndGo) {
  const std::string others = Documents({ZoneText("z1"), RunnerText("r1", "p1"), RunnerText("r2", "p1")});
  const auto put = [&](std::string_view spec) {
    folder_.Put("catalog/p.yaml", "{kind: Profile, display_name: p1, spec: " + std::string(spec) + "}\n");
  };
  const auto until = [&](size_t count) {
    Until([&](const FeedStatus& status) { return status.invalid_bindings.size() == count; });
  };
  folder_.Write("catalog/a.yaml", others);
  put("{}");
  Start();
  Until([](const FeedStatus& status) { return status.ready; });
  EXPECT_THAT(feed_->status()->invalid_bindings, IsEmpty());
  for (const bool gone : {false, true}) {
    gone ? folder_.Remove("catalog/p.yaml") : put("{network: {egress: {default: b, modes: {a: {type: none}}}}}");
    until(2);
    const std::shared_ptr<const FeedStatus> status = feed_->status();
    EXPECT_THAT(status->refused, IsEmpty());
    EXPECT_THAT(status->stale, IsEmpty());
    for (size_t i = 0; i < 2; ++i) {
      const InvalidBinding& binding = status->invalid_bindings[i];
      EXPECT_EQ(binding.runner_id, i == 0 ? "r1" : "r2");
      EXPECT_EQ(binding.organization_id, "default");
      EXPECT_EQ(binding.profile_name, "p1");
      ASSERT_THAT(binding.issues, SizeIs(1));
      EXPECT_EQ(binding.issues[0].code, gone ? IssueCode::kUnknownProfile : IssueCode::kEgressDefaultUnknown);
      const std::string place = gone ? "a.yaml:" + std::to_string(i * 2 + 3) + ":" : "p.yaml:1:";
      EXPECT_EQ(PlaceOf(binding.issues[0]).substr(0, place.size()), place);
    }
    put("{}");
    until(0);
  }
  UntilTold(FeedEvent::Kind::kBindingGood, {"", "", "", ""});
  EXPECT_THAT(log_.Subjects(FeedEvent::Kind::kBindingInvalid), SizeIs(4));
  EXPECT_THAT(log_.Subjects(FeedEvent::Kind::kBindingsInvalid), IsEmpty());
}

TEST(InvalidBindings, SayWhichOfTheirDocumentsIsWrong) {
  const std::string zone = "{kind: Zone, zone: z1, defaults: {}}\n";
  const std::string profile = "{kind: Profile, display_name: p1, spec: {}}\n";
  const auto runner = [](std::string_view overrides) {
    return "{kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: c}, profile_bindings: [" +
           std::string("{profile_template_id: p1, is_default: true, overrides_json: '") + std::string(overrides) +
           "'}]}\n";
  };
  const auto places = [](const std::string& a, const std::string& b, const std::string& c) {
    Catalog catalog;
    AddSource(std::make_shared<SourceText>("zone.yaml", a), catalog);
    AddSource(std::make_shared<SourceText>("profile.yaml", b), catalog);
    AddSource(std::make_shared<SourceText>("runner.yaml", c), catalog);
    Engine engine;
    EXPECT_TRUE(engine.Publish(catalog, 1).ok());
    std::vector<std::string> files;
    for (const InvalidBinding& binding : InvalidBindingsOf(*engine.snapshot())) {
      for (const Issue& issue : binding.issues) files.push_back(issue.file);
    }
    return files;
  };
  EXPECT_THAT(places(zone, profile, runner("{}")), IsEmpty());
  EXPECT_THAT(places("{kind: Zone, zone: z1, defaults: {tags: 1}}", profile, runner("{}")), ElementsAre("zone.yaml"));
  EXPECT_THAT(places(zone, "{kind: Profile, display_name: p1, spec: {tags: 1}}", runner("{}")),
              ElementsAre("profile.yaml"));
  EXPECT_THAT(places(zone, profile, runner(R"({"tags": 1})")), ElementsAre("runner.yaml"));
  EXPECT_THAT(places(zone, "", runner("{}")), ElementsAre("runner.yaml"));
}

TEST(FeedEvents, ManyBindingsAtOnceAreANumber) {
  FeedStatus before;
  FeedStatus after;
  for (int i = 0; i < 60; ++i) {
    const std::string runner = "r" + std::to_string(100 + i);
    if (i < 30) before.invalid_bindings.push_back({runner, "default", "p", {}});
    if (i % 2 == 0) after.invalid_bindings.push_back({runner, "default", "p", {}});
  }
  // 15 are both; 15 came, and 15 went.
  EXPECT_THAT(EventsBetween(before, after), SizeIs(30));
  EXPECT_THAT(EventsBetween(after, after), IsEmpty());
  const std::vector<FeedEvent> came = EventsBetween({}, before);
  ASSERT_THAT(came, SizeIs(kMaxBindingEvents + 1));
  EXPECT_EQ(came.front().kind, FeedEvent::Kind::kBindingInvalid);
  EXPECT_EQ(came.front().binding.runner_id, "r100");
  EXPECT_EQ(came.back().kind, FeedEvent::Kind::kBindingsInvalid);
  EXPECT_EQ(came.back().count, 30 - kMaxBindingEvents);
  const std::vector<FeedEvent> went = EventsBetween(before, {});
  ASSERT_THAT(went, SizeIs(kMaxBindingEvents + 1));
  EXPECT_EQ(went.front().kind, FeedEvent::Kind::kBindingGood);
  EXPECT_EQ(went.back().kind, FeedEvent::Kind::kBindingsGood);
}

TEST_F(CatalogFeedTest, StopsWhileItWaits) {
  Start();
  Until([](const FeedStatus& status) { return !status.source.problems.empty(); });
  feed_->Stop();
  feed_->Stop();
}

// --- A source that fails ---

// Answers as it is told, then waits to be stopped.
class ScriptedSource final : public CatalogSource {
 public:
  std::deque<absl::StatusOr<Listing>> listings;
  std::deque<absl::StatusOr<Batch>> batches;

  absl::StatusOr<Listing> List() override { return Take(listings); }
  absl::StatusOr<Batch> Watch(uint64_t) override { return Take(batches); }
  void Refresh() override {}
  void Stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
  }
  [[nodiscard]] SourceStatus status() const override { return {}; }

 private:
  template <typename T>
  absl::StatusOr<T> Take(std::deque<absl::StatusOr<T>>& answers) {
    std::unique_lock lock(mutex_);
    if (answers.empty()) changed_.wait(lock, [this] { return stopped_; });
    if (stopped_) return absl::CancelledError("stopped");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

Listing ListingOf(uint64_t revision, std::string_view cpu) {
  return {CatalogOf({ZoneSource(), ProfileSource("{resource_defaults: {cpuLimit: " + std::string(cpu) + "}}"),
                     RunnerSource("r1")})
              .objects,
          revision};
}

TEST(CatalogFeedScript, TriesAgainAndStartsAnewWhenAskedTo) {
  ScriptedSource source;
  source.listings = {absl::UnavailableError("no answer"), ListingOf(5, "1"), ListingOf(7, "2"), ListingOf(6, "9"),
                     ListingOf(8, "3")};
  source.batches = {Batch{{}, 5, false}, Batch{{}, 6, true}, absl::UnavailableError("lost"), Batch{{}, 8, false}};
  Engine engine;
  EventLog log;
  FeedOptions options;
  options.retry = milliseconds(1);
  CatalogFeed feed(
      source, engine, [&](const FeedEvent& event) { log.Add(event); }, options);
  ASSERT_TRUE(log.WaitFor([&] { return feed.status()->served_revision == 8; }));
  EXPECT_EQ(Answer(engine, "{resource_limits: {cpu: 3}}"), "r1");
  feed.Stop();
  // The list of revision 6 came after 7 was published: the engine keeps what is newer.
  EXPECT_THAT(log.Subjects(FeedEvent::Kind::kFailed),
              ElementsAre("no answer", "lost", "revision 6 is below the published 7"));
  EXPECT_EQ(feed.status()->last_error, "");
  EXPECT_THAT(log.Subjects(FeedEvent::Kind::kReady), SizeIs(1));
}

TEST(CatalogFeedScript, StopsWhileItWaitsToTryAgain) {
  ScriptedSource source;
  source.listings = {absl::UnavailableError("no answer")};
  Engine engine;
  EventLog log;
  FeedOptions options;
  options.retry = std::chrono::hours(1);
  CatalogFeed feed(
      source, engine, [&](const FeedEvent& event) { log.Add(event); }, options);
  ASSERT_TRUE(log.WaitFor([&] { return feed.status()->last_error == "no answer"; }));
  EXPECT_FALSE(feed.status()->ready);
  feed.Stop();
}

// --- Random edits ---

// What is in a file, and what of it is to be served.
struct ModelFile {
  bool corrupt = false;  // as a file
  bool refused = false;  // its profile, while a version before it is served
  bool served = false;   // the three below stand for something
  int identity = 0;      // of its profile, runner and cluster
  int profile = 0;       // versions
  int runner = 0;

  [[nodiscard]] std::string Text() const {
    const std::string id = std::to_string(identity);
    return Documents({ProfileText("p" + id, std::to_string(profile)),
                      "{kind: Runner, runner_id: r" + id + ", display_name: v" + std::to_string(runner) +
                          ", identity: {zone: z1, cluster_name: c" + id +
                          "}, profile_bindings: [{profile_template_id: p" + id + ", is_default: true}]}\n"});
  }
  [[nodiscard]] std::string RefusedText() const {
    std::string text = Text();
    const std::string limit = "cpuLimit: " + std::to_string(profile);
    return text.replace(text.find(limit), limit.size(), "cpuLimit: -" + std::to_string(profile));
  }
};

class RandomEdits {
 public:
  RandomEdits(CatalogFolder& folder, uint64_t seed) : folder_(folder), random_(seed) {}

  // One operation on files that none of this round has touched.
  void Edit(std::set<std::string>& touched) {
    const std::string name = Untouched(touched);
    const auto found = files_.find(name);
    const bool known = found != files_.end();
    switch (random_.Below(9)) {
      case 0:
      case 1:
        return WriteGood(name);
      case 2:
        if (!known) return WriteGood(name);
        return Corrupt(name);
      case 3:
        return Corrupt(name);
      case 4:
        if (!known || found->second.corrupt || found->second.refused) return WriteGood(name);
        return Refuse(found->second, name);
      case 5:
        folder_.Remove("catalog/" + name);
        files_.erase(name);
        return;
      case 6:
        return Exchange(name, Untouched(touched));
      default:
        return Rename(name, Untouched(touched));
    }
  }

  // A fresh engine with exactly what is to be served.
  [[nodiscard]] std::unique_ptr<Engine> Expected() const {
    auto engine = std::make_unique<Engine>();
    Catalog catalog;
    AddSource(std::make_shared<SourceText>("zone.yaml", ZoneText("z1")), catalog);
    for (const auto& [name, file] : files_) {
      if (file.served) AddSource(std::make_shared<SourceText>(name, file.Text()), catalog);
    }
    EXPECT_TRUE(engine->Publish(catalog, 1).ok());
    return engine;
  }
  [[nodiscard]] std::set<std::string> CorruptFiles() const {
    std::set<std::string> names;
    for (const auto& [name, file] : files_) {
      if (file.corrupt) names.insert(name);
    }
    return names;
  }
  [[nodiscard]] size_t refused() const {
    return static_cast<size_t>(std::ranges::count_if(files_, [](const auto& file) { return file.second.refused; }));
  }

 private:
  std::string Untouched(std::set<std::string>& touched) {
    static const std::vector<std::string> kNames = {"a.yaml",   "b.yaml",   "c.yaml",      "d.json.yaml", "s/a.yaml",
                                                    "s/b.yaml", "s/c.yaml", "s/t/a.yaml",  "u/a.yaml",    "u/b.yaml",
                                                    "u/c.yaml", "v.yml",    "w/w/w/w.yml", "x.yaml"};
    std::string name = random_.Pick(kNames);
    while (!touched.insert(name).second) name = random_.Pick(kNames);
    return name;
  }

  void Save(const std::string& name, const std::string& text) {
    if (random_.Chance(50)) return folder_.Put("catalog/" + name, text);
    folder_.Write("catalog/" + name, text);
  }

  // The file keeps its identity, or takes one that no other file has.
  void WriteGood(const std::string& name) {
    ModelFile& file = files_[name];
    std::set<int> taken;
    for (const auto& [other, content] : files_) {
      if (other != name && content.served) taken.insert(content.identity);
    }
    if (!file.served || random_.Chance(20)) {
      do {
        file.identity = static_cast<int>(random_.Below(40));
      } while (taken.contains(file.identity));
    }
    ++version_;
    file = {false, false, true, file.identity, version_, version_};
    Save(name, file.Text());
  }

  void Corrupt(const std::string& name) {
    ModelFile& file = files_[name];
    file.corrupt = true;
    const std::vector<std::string> texts = {"{", "a: [b", "kind: Zone\n\tzone: z\n", "\xFF",
                                            "{kind: Profil, display_name: p}\n"};
    Save(name, random_.Pick(texts));
  }

  // The runner is new and good, the profile is neither.
  void Refuse(ModelFile& file, const std::string& name) {
    file.refused = true;
    file.runner = ++version_;
    Save(name, file.RefusedText());
  }

  void Rename(const std::string& from, const std::string& to) {
    const auto source = files_.find(from);
    if (source == files_.end() || source->second.refused) return WriteGood(from);
    std::filesystem::create_directories(std::filesystem::path(folder_.At("catalog/" + to)).parent_path());
    folder_.Move("catalog/" + from, "catalog/" + to);
    const ModelFile moved = source->second;
    files_.erase(source);
    if (moved.corrupt) {
      files_[to].corrupt = true;  // it keeps what it served, and takes nothing with it
    } else {
      files_[to] = moved;
    }
  }

  // In one step.
  void Exchange(const std::string& a, const std::string& b) {
    const auto good = [&](const std::string& name) {
      const auto file = files_.find(name);
      return file != files_.end() && !file->second.corrupt && !file->second.refused;
    };
    if (!good(a) || !good(b)) return WriteGood(a);
    ASSERT_EQ(renameat2(AT_FDCWD, folder_.At("catalog/" + a).c_str(), AT_FDCWD, folder_.At("catalog/" + b).c_str(),
                        RENAME_EXCHANGE),
              0);
    std::swap(files_[a], files_[b]);
  }

  CatalogFolder& folder_;
  Random random_;
  std::map<std::string, ModelFile> files_;
  int version_ = 0;
};

std::vector<std::shared_ptr<const Object>> GoodObjects(const Engine& engine) {
  std::vector<std::shared_ptr<const Object>> good;
  for (const auto& object : engine.snapshot()->objects()) {
    if (!object->refused) good.push_back(object);
  }
  return good;
}

bool ServeTheSame(const Engine& a, const Engine& b) {
  return std::ranges::equal(GoodObjects(a), GoodObjects(b),
                            [](const auto& x, const auto& y) { return SameObject(*x, *y); });
}

TEST_F(CatalogFeedTest, RandomEditsEndAtWhatShouldBeServed) {
  constexpr int kEdits = 500;
  folder_.Write("catalog/zone.yaml", ZoneText("z1"));
  Start();
  Until([](const FeedStatus& status) { return status.ready; });
  RandomEdits edits(folder_, 20240229);
  Random random(7);
  for (int done = 0; done < kEdits;) {
    std::set<std::string> touched;
    for (size_t i = 1 + random.Below(5); i > 0; --i, ++done) edits.Edit(touched);
    const std::unique_ptr<Engine> expected = edits.Expected();
    const std::set<std::string> corrupt = edits.CorruptFiles();
    Until([&](const FeedStatus& status) {
      const std::vector<std::string> stale = StaleFiles(status);
      return std::ranges::equal(stale, corrupt) && status.stale.size() == edits.refused() &&
             ServeTheSame(engine_, *expected);
    });
    ASSERT_FALSE(HasFatalFailure()) << "after " << done
                                    << " edits; stale: " << testing::PrintToString(StaleFiles(*feed_->status()))
                                    << testing::PrintToString(StaleKeys(*feed_->status())) << " wanted "
                                    << testing::PrintToString(corrupt) << " and " << edits.refused() << " refused; "
                                    << GoodObjects(engine_).size() << " good objects, wanted "
                                    << GoodObjects(*expected).size();
  }
  const std::shared_ptr<const FeedStatus> status = feed_->status();
  EXPECT_TRUE(status->ready);
  EXPECT_EQ(status->served_revision, engine_.snapshot()->revision());
  EXPECT_EQ(status->last_error, "");
}

}  // namespace
}  // namespace berth
