#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "berth/store/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "berth_files_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, std::string_view text = "a: 1\n") {
    const std::filesystem::path path = std::filesystem::path(root_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string At(const std::string& name) const { return root_ + "/" + name; }

  static std::vector<std::string> NamesOf(const SourceFiles& sources) {
    std::vector<std::string> names;
    for (const auto& text : sources.texts) names.push_back(text->name());
    return names;
  }

  std::string root_;
};

TEST_F(StoreFiles, ReadsAFolderInByteOrderOfItsNames) {
  for (const char* name : {"zones/b.yml", "zones/a.json", "a.yaml", "Z.yaml", "a/deep/er/c.yaml"}) Write(name);
  const SourceFiles sources = ReadSources(root_, false);
  EXPECT_THAT(NamesOf(sources), ElementsAre("Z.yaml", "a.yaml", "a/deep/er/c.yaml", "zones/a.json", "zones/b.yml"));
  EXPECT_THAT(sources.issues, IsEmpty());
}

TEST_F(StoreFiles, LeavesOutOtherFilesAndHiddenNames) {
  for (const char* name : {"readme.md", ".hidden.yaml", ".git/x.yaml", "x.yaml~", ".yaml", "kept.yaml"}) Write(name);
  EXPECT_THAT(NamesOf(ReadSources(root_, false)), ElementsAre("kept.yaml"));
}

TEST_F(StoreFiles, PolicyTestsAreNoPartOfACatalog) {
  for (const char* name : {"a.yaml", "a.test.yaml", "deep/b.TEST.yml", "c.test.json", ".d.test.yaml", "test.yaml"}) {
    Write(name);
  }
  EXPECT_THAT(NamesOf(ReadSources(root_, false)), ElementsAre("a.yaml", "test.yaml"));
  EXPECT_THAT(NamesOf(ReadSources(root_, false, FolderFiles::kPolicyTests)),
              ElementsAre("a.test.yaml", "c.test.json", "deep/b.TEST.yml"));
  EXPECT_THAT(NamesOf(ReadSources(At("a.test.yaml"), false)), ElementsAre("a.test.yaml"));
  EXPECT_THAT(NamesOf(ReadSources(At("a.yaml"), false, FolderFiles::kPolicyTests)), ElementsAre("a.yaml"));
}

TEST_F(StoreFiles, FullNamesStartWithThePathAsGiven) {
  Write("runners/a.yaml");
  EXPECT_THAT(NamesOf(ReadSources(root_, true)), ElementsAre(At("runners/a.yaml")));
  EXPECT_THAT(NamesOf(ReadSources(root_ + "/", true)), ElementsAre(At("runners/a.yaml")));
  EXPECT_THAT(NamesOf(ReadSources(At("runners/a.yaml"), true)), ElementsAre(At("runners/a.yaml")));
}

TEST_F(StoreFiles, AFileIsCalledByItsBaseNameWhateverItsEnding) {
  Write("deep/catalog.txt", "kind: Zone\n");
  const SourceFiles sources = ReadSources(At("deep/catalog.txt"), false);
  ASSERT_THAT(NamesOf(sources), ElementsAre("catalog.txt"));
  EXPECT_EQ(sources.texts[0]->bytes(), "kind: Zone\n");
}

TEST_F(StoreFiles, AnUnreadablePathIsOneIssueAndTheOthersAreRead) {
  Write("good.yaml");
  std::filesystem::create_symlink("nowhere.yaml", At("dangling.yaml"));
  const SourceFiles sources = ReadSources(root_, false);
  EXPECT_THAT(NamesOf(sources), ElementsAre("good.yaml"));
  ASSERT_THAT(sources.issues, SizeIs(1));
  EXPECT_EQ(sources.issues[0].code, IssueCode::kUnreadable);
  EXPECT_EQ(sources.issues[0].file, At("dangling.yaml"));
  EXPECT_THAT(sources.issues[0].message, HasSubstr("link to a missing file"));
  EXPECT_THAT(ReadSources(At("dangling.yaml"), false).issues.at(0).message, HasSubstr("link to a missing file"));
}

TEST_F(StoreFiles, EndingsCountInEitherCase) {
  for (const char* name : {"UP.YAML", "a.Yml", "b.JSON", "c.YAMLX"}) Write(name);
  EXPECT_THAT(NamesOf(ReadSources(root_, false)), ElementsAre("UP.YAML", "a.Yml", "b.JSON"));
}

TEST_F(StoreFiles, NamesCanBeOpened) {
  Write("runners/a.yaml");
  EXPECT_EQ(OpenableName(root_, "runners/a.yaml"), At("runners/a.yaml"));
  EXPECT_EQ(OpenableName(At("runners/a.yaml"), "a.yaml"), At("runners/a.yaml"));
  EXPECT_EQ(OpenableName("-", kStandardInputName), kStandardInputName);
}

TEST_F(StoreFiles, AMissingPathIsAnIssue) {
  const SourceFiles sources = ReadSources(At("missing"), false);
  EXPECT_THAT(sources.texts, IsEmpty());
  ASSERT_THAT(sources.issues, SizeIs(1));
  EXPECT_EQ(sources.issues[0].file, At("missing"));
}

TEST_F(StoreFiles, LinksThatLeadInACircleEnd) {
  Write("runners/a.yaml");
  std::filesystem::create_directory_symlink(root_, At("runners/again"));
  std::filesystem::create_symlink("loop.yaml", At("loop.yaml"));
  const SourceFiles sources = ReadSources(root_, false);
  EXPECT_THAT(NamesOf(sources), ElementsAre("runners/a.yaml"));
  EXPECT_THAT(sources.issues, SizeIs(1));  // loop.yaml
}

TEST_F(StoreFiles, FollowsALinkToAFile) {
  Write("data/.v1/a.yaml", "b: 2\n");
  std::filesystem::create_symlink(".v1/a.yaml", At("data/a.yaml"));
  const SourceFiles sources = ReadSources(At("data"), false);
  ASSERT_THAT(NamesOf(sources), ElementsAre("a.yaml"));
  EXPECT_EQ(sources.texts[0]->bytes(), "b: 2\n");
}

TEST_F(StoreFiles, APipeInAFolderIsReportedAndNotWaitedFor) {
  ASSERT_EQ(mkfifo(At("pipe.yaml").c_str(), 0600), 0);
  const SourceFiles sources = ReadSources(root_, false);
  EXPECT_THAT(sources.texts, IsEmpty());
  EXPECT_THAT(sources.issues, SizeIs(1));
}

TEST_F(StoreFiles, APipeIsNotWaitedForEither) {
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0600), 0);
  const SourceFiles sources = ReadOneSource(At("pipe"), kMaxFileBytes, true);
  EXPECT_THAT(sources.texts, IsEmpty());
  ASSERT_THAT(sources.issues, SizeIs(1));
  EXPECT_THAT(sources.issues[0].message, HasSubstr("named pipe"));
}

// `--request <(...)` of a shell.
TEST_F(StoreFiles, APipeThatIsOpenAlreadyIsRead) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "a: 1\n", 5), 5);
  close(ends[1]);
  const SourceFiles sources = ReadOneSource("/dev/fd/" + std::to_string(ends[0]), kMaxFileBytes, true);
  close(ends[0]);
  ASSERT_THAT(sources.texts, SizeIs(1));
  EXPECT_EQ(sources.texts[0]->bytes(), "a: 1\n");
}

TEST_F(StoreFiles, AnEmptyFolderHasNothing) {
  const SourceFiles sources = ReadSources(root_, false);
  EXPECT_THAT(sources.texts, IsEmpty());
  EXPECT_THAT(sources.issues, IsEmpty());
}

TEST_F(StoreFiles, ReadsUpToTheLimitAndRefusesOneByteMore) {
  constexpr size_t kLimit = 100000;
  Write("full.yaml", std::string(kLimit, '#'));
  Write("over.yaml", std::string(kLimit + 1, '#'));
  EXPECT_THAT(ReadOneSource(At("full.yaml"), kLimit, true).texts, SizeIs(1));
  const SourceFiles over = ReadOneSource(At("over.yaml"), kLimit, true);
  EXPECT_THAT(over.texts, IsEmpty());
  ASSERT_THAT(over.issues, SizeIs(1));
  EXPECT_EQ(over.issues[0].code, IssueCode::kLimitExceeded);
  EXPECT_THAT(over.issues[0].message, HasSubstr("100000"));
}

TEST_F(StoreFiles, AnEndlessDeviceIsRefusedAtTheLimit) {
  const SourceFiles sources = ReadOneSource("/dev/zero", size_t{1} << 20, true);
  EXPECT_THAT(sources.texts, IsEmpty());
  ASSERT_THAT(sources.issues, SizeIs(1));
  EXPECT_EQ(sources.issues[0].code, IssueCode::kLimitExceeded);
}

TEST_F(StoreFiles, AFolderIsNoOneSource) {
  const SourceFiles sources = ReadOneSource(root_, kMaxFileBytes, true);
  ASSERT_THAT(sources.issues, SizeIs(1));
  EXPECT_THAT(sources.issues[0].message, HasSubstr("folder"));
}

TEST_F(StoreFiles, KeepsBytesAsTheyAre) {
  const std::string bytes("\xEF\xBB\xBF\0\xFF\r\n", 7);
  Write("raw.yaml", bytes);
  EXPECT_EQ(ReadSources(At("raw.yaml"), false).texts.at(0)->bytes(), bytes);
}

}  // namespace
}  // namespace berth
