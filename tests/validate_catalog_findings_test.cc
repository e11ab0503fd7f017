// Where the findings of catalog rules stand, what they name, and how many there are.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/limits.h"
#include "berth/validate/catalog.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

constexpr std::string_view kZone = "{kind: Zone, zone: z1}";
constexpr std::string_view kProfile = "{kind: Profile, display_name: p1, spec: {}}";

std::string RunnerText(std::string_view id, std::string_view cluster, std::string_view bindings,
                       std::string_view more = "") {
  return "{kind: Runner, runner_id: " + std::string(id) +
         ", identity: {zone: z1, cluster_name: " + std::string(cluster) + "}, profile_bindings: [" +
         std::string(bindings) + "]" + std::string(more) + "}";
}
constexpr std::string_view kDefault = "{profile_template_id: p1, is_default: true}";

struct Linked {
  std::vector<Object> objects;
  CatalogLinks links;

  // `refused` objects by index, and the codes of all issues, in the order of the objects.
  [[nodiscard]] std::string Summary() const {
    std::string text;
    for (size_t i = 0; i < objects.size(); ++i) {
      if (objects[i].refused) text += "x" + std::to_string(i) + " ";
    }
    for (const Object& object : objects) {
      for (const Issue& issue : object.issues) text.append(InfoOf(issue.code).name).append(" ");
    }
    if (!text.empty()) text.pop_back();
    return text;
  }
};

Linked Link(const std::vector<std::string>& documents, CatalogUse use = CatalogUse::kServe) {
  Linked linked;
  std::string text;
  for (const std::string& document : documents) text += "- " + document + "\n";
  const ParsedDocument parsed = ParseYaml(std::make_shared<SourceText>("a.yaml", text));
  std::vector<Issue> issues;
  if (parsed.document != nullptr) linked.objects = DecodeObjects(*parsed.document, issues);
  EXPECT_EQ(linked.objects.size(), documents.size()) << text << IssueText(issues);
  linked.links = LinkCatalog(linked.objects, use);
  return linked;
}

TEST(LinkCatalogFindings, WriteTheIdOfAProfileThatHasOne) {
  const std::string profile = "{kind: Profile, id: i1, display_name: p1, spec: {}}";
  const Linked linked = Link({std::string(kZone), profile, RunnerText("r1", "c", kDefault)});
  EXPECT_EQ(linked.Summary(), "unknown-profile");
  EXPECT_EQ(linked.objects[2].issues[0].suggestion, "profile `p1` has an id: write `i1`");
}

TEST(LinkCatalogFindings, StandAtTheValueAndNameTheOtherOne) {
  const struct {
    std::vector<std::string> objects;
    std::string_view message;
    std::string_view place;  // line:column path
  } rows[] = {
      {{RunnerText("r1", "a", kDefault), RunnerText("r1", "b", kDefault)},
       "runner id `r1` of organization `default` is taken, the one at a.yaml:3",
       "4:29 /3/runner_id"},
      {{RunnerText("r1", "a", kDefault), RunnerText("r2", "a", kDefault)},
       "a managed runner already exists for this cluster: cluster `a` of organization `default` is taken, the one at "
       "a.yaml:3",
       "4:68 /3/identity/cluster_name"},
      {{RunnerText("r1", "a", std::string(kDefault) + ", {profile_template_id: p9, is_default: true}")},
       "runner cannot have more than one default profile binding",
       "3:174 /2/profile_bindings/1/is_default"},
      {{RunnerText("r1", "a", "")}, "runner must have at least one profile binding", "3:72 /2/profile_bindings"},
      {{RunnerText("r1", "a", std::string(kDefault) + ", {profile_template_id: p9, profile_name: p1}")},
       "the binding in line 3 is named `p1` too: give one of the two another `profile_name`",
       "3:176 /2/profile_bindings/1/profile_name"},
  };
  for (const auto& row : rows) {
    std::vector<std::string> objects = {std::string(kZone), std::string(kProfile)};
    objects.insert(objects.end(), row.objects.begin(), row.objects.end());
    const Linked linked = Link(objects, CatalogUse::kServe);
    const std::vector<Issue>& issues = linked.objects.back().issues;
    const auto found = std::ranges::find(issues, row.message, &Issue::message);
    ASSERT_NE(found, issues.end()) << IssueText(issues);
    const Issue& issue = *found;
    EXPECT_EQ(std::to_string(issue.position.line) + ":" + std::to_string(issue.position.column) + " " + issue.path,
              row.place)
        << row.message;
  }
}

TEST(LinkCatalogFindings, SayOnceForAnOrganizationThatItsProfilesAreNotGiven) {
  EXPECT_EQ(Link({RunnerText("r1", "a", kDefault), RunnerText("r2", "b", kDefault),
                  RunnerText("r3", "c", kDefault, ", organization_id: acme")},
                 CatalogUse::kLint)
                .Summary(),
            "check-skipped check-skipped");
}

TEST(LinkCatalogFindings, AreCountedPastTheLimitOfAFile) {
  std::vector<std::string> objects = {std::string(kZone)};
  for (size_t i = 0; i < kMaxIssues + 5; ++i) {
    objects.push_back(RunnerText("r" + std::to_string(i), "c" + std::to_string(i), kDefault));
  }
  const Linked linked = Link(objects);
  size_t count = 0;
  for (const Object& object : linked.objects) count += object.issues.size();
  EXPECT_EQ(count, kMaxIssues + 1);
  EXPECT_EQ(linked.objects.back().issues.back().message, "5 more issues of this file are left out: mend these first");
}

TEST(LinkCatalogFindings, DoNotDependOnTheOrderOfCollidingProfiles) {
  const std::string a = "{kind: Profile, id: i, display_name: a, spec: {}}";
  const std::string b = "{kind: Profile, id: i, display_name: b, spec: {}}";
  const std::string runner = RunnerText("r1", "c", "{profile_template_id: i, is_default: true}");
  const std::vector<std::vector<std::string>> orders = {{std::string(kZone), a, b, runner},
                                                        {std::string(kZone), b, a, runner}};
  for (const std::vector<std::string>& objects : orders) {
    EXPECT_EQ(Link(objects).links.runners.at(0).bindings.at(0).name, "a");
  }
}

}  // namespace
}  // namespace berth
