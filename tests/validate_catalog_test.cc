#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/validate/catalog.h"
#include "gmock/gmock.h"
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

TEST(LinkCatalog, AcceptsAWholeCatalog) {
  const Linked linked = Link({std::string(kZone), std::string(kProfile), RunnerText("r1", "c1", kDefault)});
  EXPECT_EQ(linked.Summary(), "");
  ASSERT_EQ(linked.links.runners.size(), 1U);
  EXPECT_EQ(linked.links.runners[0].runner, 2U);
  EXPECT_EQ(linked.links.runners[0].zone, 0U);
  ASSERT_EQ(linked.links.runners[0].bindings.size(), 1U);
  EXPECT_EQ(linked.links.runners[0].bindings[0].profile, 1U);
  EXPECT_TRUE(linked.links.runners[0].bindings[0].valid);
  EXPECT_EQ(linked.links.runners[0].bindings[0].name, "p1");
  EXPECT_TRUE(linked.links.unbound_profiles.empty());
}

TEST(LinkCatalog, RefusesWhomTheLawRefuses) {
  struct Row {
    std::vector<std::string> objects;  // after the zone and the profile p1
    std::string_view summary;
  };
  const std::string second = "{kind: Profile, display_name: p2, spec: {}}";
  const Row rows[] = {
      {{RunnerText("r1", "c1", "")}, "x2 no-binding"},
      {{RunnerText("r1", "c1", "{profile_template_id: p1}")}, "x2 not-one-default"},
      {{second, RunnerText("r1", "c1", std::string(kDefault) + ", {profile_template_id: p2, is_default: true}")},
       "x3 not-one-default"},
      {{RunnerText("r1", "c1", std::string(kDefault) + ", {profile_template_id: p1, profile_name: q}")},
       "x2 duplicate-binding"},
      {{second, RunnerText("r1", "c1", std::string(kDefault) + ", {profile_template_id: p2, profile_name: p1}")},
       "x3 duplicate-binding-name"},
      {{RunnerText("r1", "c1", std::string(kDefault) + ", {profile_template_id: p9}")}, "unknown-profile"},
      {{RunnerText("r1", "c1", std::string(kDefault) + ", {profile_name: q}")}, "x2 missing-field"},
      {{"{kind: Runner, runner_id: r1, identity: {cluster_name: c}, profile_bindings: [" + std::string(kDefault) +
        "]}"},
       "x2 zone-required"},
      {{"{kind: Runner, runner_id: r1, identity: {zone: z1}, profile_bindings: [" + std::string(kDefault) + "]}"},
       "x2 cluster-required"},
      {{"{kind: Runner, runner_id: r1, profile_bindings: [" + std::string(kDefault) + "]}"},
       "x2 zone-required cluster-required"},
      {{"{kind: Runner, identity: {zone: z1, cluster_id: k}, profile_bindings: [" + std::string(kDefault) + "]}"},
       "x2 runner-id-required"},
      {{RunnerText("r1", "a", kDefault), RunnerText("r1", "b", kDefault)}, "x2 x3 duplicate-object"},
      {{RunnerText("r1", "a", kDefault), RunnerText("r2", "a", kDefault)}, "x2 x3 cluster-taken"},
      {{std::string(kProfile), RunnerText("r1", "a", kDefault)}, "x1 x2 duplicate-object"},
      {{std::string(kZone), RunnerText("r1", "a", kDefault)}, "x0 x2 duplicate-object"},
      {{"{kind: Organization}", "{kind: Organization, organization_id: default}"}, "x2 x3 duplicate-object"},
      {{"{profile_bindings: [" + std::string(kDefault) + "]}"}, "x2 fragment-in-catalog"},
      {{"{spec: {}}"}, "x2 fragment-in-catalog"},
  };
  for (const Row& row : rows) {
    std::vector<std::string> objects = {std::string(kZone), std::string(kProfile)};
    objects.insert(objects.end(), row.objects.begin(), row.objects.end());
    EXPECT_EQ(Link(objects).Summary(), row.summary) << row.objects[0];
  }
}

TEST(LinkCatalog, OneMistakeIsOneIssue) {
  // A zone that failed to decode is not missing as well.
  EXPECT_EQ(Link({"{kind: Runner, runner_id: r1, identity: {zone: [z], cluster_name: c}, profile_bindings: [" +
                      std::string(kDefault) + "]}",
                  std::string(kProfile)})
                .Summary(),
            "x0 wrong-type");
  EXPECT_EQ(Link({"{kind: Runner, runner_id: r1, identity: {zone: z1, cluster_name: c}, profile_bindings: 3}",
                  std::string(kZone)})
                .Summary(),
            "x0 wrong-type");
}

TEST(LinkCatalog, SeparatesOrganizations) {
  const std::string theirs = ", organization_id: acme";
  const std::vector<std::string> objects = {std::string(kZone), std::string(kProfile),
                                            "{kind: Profile, display_name: p1, spec: {}, organization_id: acme}",
                                            RunnerText("r1", "c1", kDefault), RunnerText("r1", "c1", kDefault, theirs)};
  const Linked linked = Link(objects);
  EXPECT_EQ(linked.Summary(), "");
  ASSERT_EQ(linked.links.runners.size(), 2U);
  EXPECT_EQ(linked.links.runners[0].bindings[0].profile, 1U);
  EXPECT_EQ(linked.links.runners[1].bindings[0].profile, 2U);
}

TEST(LinkCatalog, WarnsOfAClusterIdThatTwoOrganizationsName) {
  const auto runner = [](std::string_view id, std::string_view organization) {
    return "{kind: Runner, runner_id: " + std::string(id) + ", organization_id: " + std::string(organization) +
           ", identity: {zone: z1, cluster_id: k}, profile_bindings: [{profile_template_id: p1, is_default: true}]}";
  };
  const auto profile = [](std::string_view organization) {
    return "{kind: Profile, display_name: p1, spec: {}, organization_id: " + std::string(organization) + "}";
  };
  EXPECT_EQ(Link({std::string(kZone), profile("a"), profile("b"), runner("r1", "a"), runner("r2", "b")}).Summary(),
            "cluster-shared");
  EXPECT_EQ(Link({std::string(kZone), profile("a"), runner("r1", "a"), runner("r2", "a")}).Summary(),
            "x2 x3 cluster-taken");
}

TEST(LinkCatalog, KeepsTheDocumentedMessages) {
  struct Row {
    std::string runner;  // a second one, beside r1 on cluster c1
    std::string_view message;
  };
  const Row rows[] = {
      {RunnerText("r2", "c1", kDefault), "a managed runner already exists for this cluster"},
      {RunnerText("r2", "c2", std::string(kDefault) + ", {profile_template_id: q}"),
       "one or more profile_bindings reference a template that does not exist"},
      {RunnerText("r2", "c2", std::string(kDefault) + ", {profile_template_id: q, is_default: true}"),
       "runner cannot have more than one default profile binding"},
      {RunnerText("r2", "c2", std::string(kDefault) + ", {profile_template_id: p1, profile_name: x}"),
       "profile_template_id \"p1\" appears more than once; each binding must reference a distinct profile template."},
      {"{kind: Runner, runner_id: r2, identity: {cluster_name: x}, profile_bindings: [" + std::string(kDefault) + "]}",
       "runner.identity.zone is required"},
      {"{kind: Runner, runner_id: r2, identity: {zone: z1}, profile_bindings: [" + std::string(kDefault) + "]}",
       "runner.identity.cluster_id or cluster_name is required"},
  };
  for (const Row& row : rows) {
    const Linked linked =
        Link({std::string(kZone), std::string(kProfile), RunnerText("r1", "c1", kDefault), row.runner});
    ASSERT_FALSE(linked.objects[3].issues.empty()) << row.runner;
    EXPECT_THAT(linked.objects[3].issues[0].message, testing::StartsWith(std::string(row.message)));
  }
}

TEST(LinkCatalog, ReferencesAProfileWithAnIdById) {
  const std::string with_id = "{kind: Profile, id: i1, display_name: p1, spec: {}}";
  EXPECT_EQ(Link({std::string(kZone), with_id, RunnerText("r1", "c", kDefault)}).Summary(), "unknown-profile");
  const Linked linked =
      Link({std::string(kZone), with_id, RunnerText("r1", "c", "{profile_template_id: i1, is_default: true}")});
  EXPECT_EQ(linked.Summary(), "");
  EXPECT_EQ(linked.links.runners[0].bindings[0].name, "p1");
}

TEST(LinkCatalog, RefusedProfilesLendTheirNames) {
  const Linked linked =
      Link({std::string(kZone), "{kind: Profile, display_name: p1, spec: 3}", RunnerText("r1", "c", kDefault)});
  ASSERT_EQ(linked.links.runners.size(), 1U);
  EXPECT_FALSE(linked.links.runners[0].bindings[0].valid);
  EXPECT_EQ(linked.links.runners[0].bindings[0].name, "p1");
}

TEST(LinkCatalog, NamesADanglingBindingByItsReference) {
  const Linked linked =
      Link({std::string(kZone), RunnerText("r1", "c", "{profile_template_id: gone, is_default: true}")});
  EXPECT_EQ(linked.Summary(), "unknown-profile");
  ASSERT_EQ(linked.links.runners.size(), 1U);
  EXPECT_EQ(linked.links.runners[0].bindings[0].name, "gone");
  EXPECT_EQ(linked.links.runners[0].bindings[0].profile, BindingLink::kNone);
}

TEST(LinkCatalog, WarnsOfAnUnknownZone) {
  const std::vector<std::string> objects = {
      "{kind: Zone, zone: us-east-1}", std::string(kProfile),
      "{kind: Runner, runner_id: r1, identity: {zone: us-east1, cluster_name: c}, "
      "profile_bindings: [{profile_template_id: p1, is_default: true}]}"};
  const Linked served = Link(objects);
  EXPECT_EQ(served.Summary(), "unknown-zone");
  EXPECT_EQ(served.links.runners.at(0).zone, BindingLink::kNone);
  EXPECT_TRUE(served.links.runners[0].bindings[0].valid);
  // A near name is for people who review files.
  const Linked linted = Link(objects, CatalogUse::kLint);
  EXPECT_EQ(linted.Summary(), "unknown-zone");
  EXPECT_EQ(linted.objects[2].issues[0].suggestion, "did you mean `us-east-1`?");
}

TEST(LinkCatalog, LintMissesOnlyWhatIsGiven) {
  const std::string no_id =
      "{identity: {zone: z1, cluster_name: c}, profile_bindings: [" + std::string(kDefault) + "]}";
  EXPECT_EQ(Link({no_id}, CatalogUse::kLint).Summary(), "check-skipped");
  EXPECT_EQ(Link({no_id}, CatalogUse::kServe).Summary(), "x0 runner-id-required unknown-zone unknown-profile");
  EXPECT_EQ(Link({no_id, std::string(kZone), std::string(kProfile)}, CatalogUse::kLint).Summary(), "");
  EXPECT_EQ(Link({"{profile_bindings: [" + std::string(kDefault) + "]}"}, CatalogUse::kLint).Summary(),
            "check-skipped");
}

TEST(LinkCatalog, FindsProfilesThatNothingBinds) {
  const Linked linked = Link({std::string(kZone), std::string(kProfile), "{kind: Profile, display_name: p2, spec: {}}",
                              "{kind: Profile, display_name: p3, spec: 3}", RunnerText("r1", "c", kDefault)});
  EXPECT_EQ(linked.links.unbound_profiles, std::vector<size_t>{2});
}

TEST(LinkCatalog, DoesNotDependOnTheOrderOfObjects) {
  const std::vector<std::string> objects = {RunnerText("r1", "c", kDefault), RunnerText("r2", "c", kDefault),
                                            std::string(kProfile), std::string(kZone)};
  const std::vector<std::string> reversed(objects.rbegin(), objects.rend());
  const Linked one = Link(objects);
  const Linked two = Link(reversed);
  for (size_t i = 0; i < objects.size(); ++i) {
    EXPECT_EQ(one.objects[i].refused, two.objects[objects.size() - 1 - i].refused) << objects[i];
  }
}

}  // namespace
}  // namespace berth
