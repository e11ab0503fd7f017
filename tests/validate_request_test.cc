#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/validate/request.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

// The distinct fields that are wrong, `,` between them.
std::string Fields(std::string_view yaml, std::vector<std::string_view> opened = {}) {
  const ParsedDocument parsed = ParseYaml(std::make_shared<SourceText>("r.yaml", std::string(yaml)));
  if (parsed.document == nullptr) return "(not well formed)";
  const LaunchRequest request = DecodeLaunchRequest(parsed.document->root(0));
  std::vector<Issue> issues = request.issues;
  CheckLaunch(request, opened, issues);
  std::set<std::string> fields;
  for (const Issue& issue : issues) {
    if (issue.level() == IssueLevel::kError) fields.insert(issue.field);
  }
  std::string joined;
  for (const std::string& field : fields) joined.append(joined.empty() ? "" : ",").append(field);
  return joined;
}

struct Row {
  std::string_view bad;
  std::string_view fields;
  std::string_view good;
};

TEST(CheckLaunch, NamesTheFieldOfEachViolation) {
  constexpr Row kRows[] = {
      {"{sandbox_id: A}", "sandbox_id", "{sandbox_id: a}"},
      {"{sandbox_id: a.b}", "sandbox_id", "{sandbox_id: a-b}"},
      {"{container_image: 'a b'}", "container_image", "{container_image: ''}"},
      {"{zone: \"a\\tb\"}", "zone", "{zone: a b}"},
      {"{profile_names: [a, '']}", "profile_names[1]", "{profile_names: [a]}"},
      {"{profile_ids: ['']}", "profile_ids[0]", "{profile_ids: []}"},
      {"{runner_ids: ['']}", "runner_ids[0]", "{runner_ids: null}"},
      {"{storage_classes: ['']}", "storage_classes[0]", "{storage_classes: [a]}"},
      {"{network: {exposed_ports: [80]}}", "network.ingress_mode", "{network: {exposed_ports: []}}"},
      {"{network: {ingress_mode: w}}", "network.exposed_ports", "{network: {ingress_mode: w, exposed_ports: [80]}}"},
      {"{network: {ingress_mode: w, exposed_ports: [0]}}", "network.exposed_ports[0]",
       "{network: {ingress_mode: w, exposed_ports: [1]}}"},
      {"{network: {ingress_mode: w, exposed_ports: [65536]}}", "network.exposed_ports[0]",
       "{network: {ingress_mode: w, exposed_ports: [65535]}}"},
      {"{network: {ingress_mode: w, exposed_ports: [1, 2, 1, 1]}}", "network.exposed_ports[2],network.exposed_ports[3]",
       "{network: {ingress_mode: w, exposed_ports: [1, 2]}}"},
      {"{resource_requests: {cpu: 2}, resource_limits: {cpu: 1}}", "resource_requests.cpu",
       "{resource_requests: {cpu: 1}, resource_limits: {cpu: 1}}"},
      {"{resource_requests: {memory: 2Gi}, resource_limits: {memory: 2G}}", "resource_requests.memory",
       "{resource_requests: {memory: 2G}, resource_limits: {memory: 2Gi}}"},
      {"{resources: {cpu: 1}, resource_requests: {}}", "resources", "{resources: {cpu: 1}}"},
      {"{resource_requests: {gpu: {type: a}}}", "resource_requests.gpu.count", "{resource_requests: {gpu: {}}}"},
      {"{resource_requests: {gpu: {memory_gb: 80}}}", "resource_requests.gpu.count",
       "{resource_requests: {gpu: {count: 1, memory_gb: 80}}}"},
      {"{resource_limits: {gpu: {count: 0}}}", "resource_limits.gpu.count", "{resource_limits: {gpu: {count: 1}}}"},
      {"{resources: {gpu: {count: 1, type: a, memory_gb: 1}}}", "resources.gpu.memory_gb",
       "{resources: {gpu: {count: 1, type: a}}}"},
      {"{resource_requests: {gpu: {count: 1, type: a}}, resource_limits: {gpu: {count: 1, type: b}}}",
       "resource_requests.gpu",
       "{resource_requests: {gpu: {count: 1, type: a}}, resource_limits: {gpu: {count: 1, type: A}}}"},
      {"{resource_requests: {gpu: {count: 1, memory_gb: 1}}, resource_limits: {gpu: {count: 1}}}",
       "resource_requests.gpu", "{resource_requests: {gpu: {count: 1, memory_gb: 1}}, resource_limits: {cpu: 1}}"},
      {"{pod_annotations: {a: ''}}", "pod_annotations[\"a\"]", "{pod_annotations: {a: b}}"},
      {"{pod_annotations: {a b: c}}", "pod_annotations[\"a b\"]", "{pod_annotations: {a.b: c}}"},
      {"{pod_annotations: {io.katacontainers.x: c}}", "pod_annotations[\"io.katacontainers.x\"]",
       "{pod_annotations: {io.katacontainersx: c}}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Fields(row.bad), row.fields) << row.bad;
    EXPECT_EQ(Fields(row.good), "") << row.good;
  }
}

TEST(CheckLaunch, ListsEveryViolation) {
  EXPECT_EQ(Fields("{sandbox_id: A, zonee: x, network: {exposed_ports: [0]}, pod_annotations: {a: ''}}"),
            "network.exposed_ports[0],network.ingress_mode,pod_annotations[\"a\"],sandbox_id,zonee");
}

TEST(CheckLaunch, HoldsAtMost100Annotations) {
  const auto annotations = [](int count) {
    std::string yaml = "{pod_annotations: {";
    for (int i = 0; i < count; ++i) yaml += "a" + std::to_string(i) + ": x, ";
    return yaml + "}}";
  };
  EXPECT_EQ(Fields(annotations(100)), "");
  EXPECT_EQ(Fields(annotations(101)), "pod_annotations");
}

TEST(CheckLaunch, HoldsOverridesAgainstTheOpenedPaths) {
  struct Case {
    std::string_view overrides;
    std::vector<std::string_view> opened;
    std::string_view field;
  };
  const Case cases[] = {
      {"{tags: [a]}", {}, "overrides.tags"},
      {"{tags: [a]}", {"tags"}, ""},
      {"{tags: null}", {}, "overrides.tags"},
      {"{node_selector: {}}", {}, ""},
      {"{node_selector: {a: b}}", {"tags"}, "overrides.node_selector"},
      {"{pod: {spec: {nodeSelector: {a: b}}}}", {"pod.spec"}, "overrides.node_selector"},
      {"{pod: {spec: {nodeSelector: {a: b}}}}", {"node_selector"}, ""},
      {"{container_image: a}", {"container_image"}, "overrides.container_image"},
      // The overrides are a layer, with the rules of one.
      {"{runtime_class: A}", {"runtime_class"}, "overrides.runtime_class"},
      {"{runtime_class: a}", {"runtime_class"}, ""},
      {"{tagz: []}", {"tags"}, "overrides.tagz"},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(Fields("{overrides: " + std::string(row.overrides) + "}", row.opened), row.field) << row.overrides;
  }
}

TEST(CheckLaunch, ChecksARequestThatWasFilledInByHand) {
  LaunchRequest request;
  std::vector<Issue> issues;
  CheckLaunch(request, {}, issues);
  EXPECT_TRUE(issues.empty());
  request.sandbox_id = "A";
  request.container_image.value = "a b";
  request.profile_names = {"a\tb"};
  request.egress_mode = "e";
  CheckLaunch(request, {}, issues);
  std::set<std::string> fields;
  for (const Issue& issue : issues) fields.insert(issue.field);
  EXPECT_EQ(fields, (std::set<std::string>{"container_image", "profile_names", "sandbox_id"}));
}

}  // namespace
}  // namespace berth
