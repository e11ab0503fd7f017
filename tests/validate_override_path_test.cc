#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/fold.h"
#include "berth/validate/override_path.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

TEST(OverridePath, OpensSpecFields) {
  for (const std::string_view path :
       {"node_selector", "nodeSelector", "tags", "runtime_class", "instance_types", "pod.metadata.labels",
        "pod.placement", "pod.placement.instanceTypes", "pod.spec", "pod.spec.tolerations", "pod.spec.containers.env",
        "pod.spec.volumes", "pod.spec.aNewField"}) {
    const OverridePathCheck check = CheckOverridePath(path);
    EXPECT_TRUE(check.ok()) << path << ": " << check.message;
  }
}

TEST(OverridePath, ClosesSomeFieldsForEver) {
  for (const std::string_view path :
       {"namespace", "namespace.labels", "network", "network.egress", "network.ingress", "container_image",
        "containerImage", "resource_defaults", "resource_defaults.cpuLimit", "pod.metadata.annotations",
        "pod.spec.securityContext", "pod.spec.securityContext.runAsUser", "pod.spec.hostNetwork", "pod.spec.hostPID",
        "pod.spec.hostIPC", "pod.spec.containers.securityContext", "pod.spec.initContainers.securityContext.privileged",
        "pod.spec.ephemeralContainers.securityContext", "pod.spec.volumes.hostPath"}) {
    const OverridePathCheck check = CheckOverridePath(path);
    EXPECT_FALSE(check.ok()) << path;
    EXPECT_EQ(check.code, IssueCode::kClosedOverridePath) << path;
  }
}

TEST(OverridePath, KnowsWhatIsNoField) {
  struct Row {
    std::string_view path;
    std::string_view suggestion;
  };
  constexpr Row kRows[] = {{"node_selectors", "did you mean `node_selector`?"},
                           {"pod.metadata.label", "did you mean `labels`?"},
                           {"", ""},
                           {".", ""},
                           {"tags.", ""},
                           {"tags.a", ""},
                           {"node_selector.pool", ""},
                           {"pod.", ""},
                           {"pod.spec.", ""},
                           {"pod..spec", ""},
                           {"/node_selector", ""}};
  for (const Row& row : kRows) {
    const OverridePathCheck check = CheckOverridePath(row.path);
    EXPECT_FALSE(check.ok()) << row.path;
    EXPECT_EQ(check.code, IssueCode::kUnknownOverridePath) << row.path;
    if (!row.suggestion.empty()) {
      EXPECT_EQ(check.suggestion, row.suggestion) << row.path;
    }
  }
}

TEST(OverridePath, IsAdvisedAgainstWhenItOpensNothing) {
  struct Row {
    std::string_view path;
    IssueCode code;
    std::string_view suggestion;
  };
  constexpr Row kRows[] = {
      {"pod.spec.nodeSelector", IssueCode::kInertOverridePath, "open `node_selector`"},
      {"pod.spec.nodeSelector.gpu", IssueCode::kInertOverridePath, "open `node_selector`"},
      {"pod.spec.runtimeClassName", IssueCode::kInertOverridePath, "open `runtime_class`"},
      {"pod.spec.containers.0.env", IssueCode::kInertOverridePath, "leave out `0`"},
      {"pod.spec.toleration", IssueCode::kUnknownPodField, "did you mean `tolerations`?"},
      {"pod.spec.containers.envv", IssueCode::kUnknownPodField, "did you mean `env`?"},
  };
  for (const Row& row : kRows) {
    EXPECT_TRUE(CheckOverridePath(row.path).ok()) << row.path;
    const OverridePathCheck advice = OverridePathAdvice(row.path);
    EXPECT_FALSE(advice.ok()) << row.path;
    EXPECT_EQ(advice.code, row.code) << row.path;
    EXPECT_EQ(advice.suggestion, row.suggestion) << row.path;
  }
  for (const std::string_view path : {"pod.spec", "pod.spec.tolerations", "pod.spec.containers.env.value", "tags",
                                      "pod.spec.overhead.x", "pod.metadata.labels"}) {
    EXPECT_TRUE(OverridePathAdvice(path).ok()) << path;
  }
}

TEST(FirstClosedPath, LooksAtLeavesOnly) {
  struct Row {
    std::string_view overrides;
    std::vector<std::string_view> opened;
    std::string_view closed;  // empty: all open
  };
  const Row rows[] = {
      {"{}", {}, ""},
      {"{node_selector: {}, network: {egress: {}}, pod: {spec: {}}}", {}, ""},
      {"{tags: []}", {}, "tags"},
      {"{tags: []}", {"tags"}, ""},
      {"{tags: null}", {"tags"}, ""},
      {"{tags: []}", {"node_selector"}, "tags"},
      {"{node_selector: {a: b}}", {"nodeSelector"}, ""},
      // A path that names no field opens nothing.
      {"{node_selector: {a: b}}", {"node_selector.a"}, "node_selector"},
      {"{runtime_class: a, tags: [b]}", {}, "runtime_class"},
      {"{pod: {metadata: {labels: {a: b}}}}", {"pod.metadata.labels"}, ""},
      {"{pod: {metadata: {labels: {a: b}}}}", {"pod.metadata"}, ""},
      {"{pod: {metadata: {annotations: {a: b}}}}", {"pod.metadata"}, "pod.metadata.annotations"},
      {"{pod: {spec: {tolerations: [{key: a}]}}}", {"pod.spec"}, ""},
      {"{pod: {spec: {tolerations: [{key: a}]}}}", {"pod.spec.tolerations"}, ""},
      {"{pod: {spec: {tolerations: [], hostname: a}}}", {"pod.spec.tolerations"}, "pod.spec.hostname"},
      // Prefixes are whole names.
      {"{pod: {spec: {hostnames: a}}}", {"pod.spec.hostname"}, "pod.spec.hostnames"},
      // What can never be opened stays closed below an opened ancestor, whoever writes `null` over it.
      {"{pod: {spec: {securityContext: {runAsUser: 0}}}}", {"pod.spec"}, "pod.spec.securityContext"},
      {"{pod: {spec: {securityContext: null}}}", {"pod.spec"}, "pod.spec.securityContext"},
      {"{pod: {spec: {hostPID: true}}}", {"pod.spec"}, "pod.spec.hostPID"},
      {"{pod: {spec: null}}", {"pod.spec"}, "pod.spec"},
      {"{pod: null}", {"pod"}, "pod"},
      {"{pod: {placement: null}}", {"pod.placement"}, ""},
      {"{network: null}", {"network"}, "network"},
      {"{namespace: {autoCreate: true}}", {"namespace"}, "namespace.autoCreate"},
      {"{container_image: a}", {"container_image"}, "container_image"},
      {"{resource_defaults: {cpuLimit: null}}", {"resource_defaults"}, "resource_defaults.cpuLimit"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(FirstClosedPath(*SpecOf(row.overrides, Layer::kSandbox), row.opened).value_or(""), row.closed)
        << row.overrides;
  }
}

TEST(FirstClosedPath, ClosesRemovalsOfWhatHoldsClosedFields) {
  struct Row {
    std::string_view pod_spec;
    std::string_view closed;  // empty: all open
  };
  constexpr Row kRows[] = {
      {"{containers: null}", "pod.spec.containers"},
      {"{containers: []}", "pod.spec.containers"},
      {"{containers: [{$patch: replace}, {name: a}]}", "pod.spec.containers"},
      {"{containers: [{name: a, $patch: delete}]}", "pod.spec.containers"},
      {"{initContainers: null}", "pod.spec.initContainers"},
      {"{ephemeralContainers: []}", "pod.spec.ephemeralContainers"},
      {"{volumes: []}", "pod.spec.volumes"},
      {"{volumes: [{name: a, $patch: delete}]}", "pod.spec.volumes"},
      {"{$patch: replace}", "pod.spec"},
      {"{$patch: delete}", "pod.spec"},
      {"{containers: [{name: a, securityContext: {$patch: delete}}]}", "pod.spec.containers"},
      {"{hostUsers: true}", "pod.spec.hostUsers"},
      // `{}` is a value where it displaces another one.
      {"{volumes: [{name: a, hostPath: {}}]}", "pod.spec.volumes"},
      // Nothing closed stands below these.
      {"{containers: [{name: a, env: []}]}", ""},
      {"{containers: [{name: a, env: [{$patch: replace}]}]}", ""},
      {"{tolerations: []}", ""},
      {"{affinity: {$patch: delete}}", ""},
      {"{imagePullSecrets: [{name: a, $patch: delete}]}", ""},
  };
  const std::vector<std::string_view> opened = {"pod.spec"};
  for (const Row& row : kRows) {
    const std::string overrides = "{pod: {spec: " + std::string(row.pod_spec) + "}}";
    EXPECT_EQ(FirstClosedPath(*SpecOf(overrides, Layer::kSandbox), opened).value_or(""), row.closed) << row.pod_spec;
  }
  // A directive needs its object open, and so does one that the fold took.
  const std::vector<std::string_view> tolerations = {"pod.spec.tolerations"};
  EXPECT_EQ(FirstClosedPath(*SpecOf("{pod: {spec: {affinity: {$patch: delete}}}}", Layer::kSandbox), tolerations),
            "pod.spec.affinity");
  std::vector<Issue> issues;
  const FoldedLayer folded =
      FoldLayer(SpecOf("{pod: {spec: {nodeSelector: {$patch: replace}}}}", Layer::kSandbox), "", "", issues);
  EXPECT_EQ(FirstClosedPath(*folded.layer, tolerations), "node_selector");
}

TEST(FirstClosedPath, NeedsThePathOfAnAlternative) {
  const std::vector<std::string_view> names = {"pod.spec.volumes.name", "pod.spec.containers.name",
                                               "pod.spec.containers.env.name"};
  for (const std::string_view spec :
       {"{volumes: [{name: a, emptyDir: {}}]}", "{containers: [{name: a, livenessProbe: {exec: {}}}]}",
        "{containers: [{name: a, env: [{name: A, valueFrom: {}}]}]}"}) {
    const std::string overrides = "{pod: {spec: " + std::string(spec) + "}}";
    EXPECT_TRUE(FirstClosedPath(*SpecOf(overrides, Layer::kSandbox), names).has_value()) << spec;
  }
  EXPECT_EQ(FirstClosedPath(*SpecOf("{pod: {spec: {containers: [{name: a, resources: {}}]}}}", Layer::kSandbox), names),
            std::nullopt);
}

TEST(FindClosedLoss, FindsWhatALaunchTookAway) {
  const auto spec = [](std::string_view text) { return SpecOf("{pod: {spec: " + std::string(text) + "}}"); };
  const auto loss = [&](std::string_view before, std::string_view after) {
    const auto found = FindClosedLoss(spec(before).get(), spec(after).get());
    return found.has_value() ? found->path : "";
  };
  constexpr std::string_view kHost = "{volumes: [{name: a, hostPath: {path: /x}}]}";
  EXPECT_EQ(loss(kHost, kHost), "");
  EXPECT_EQ(loss("{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: a, emptyDir: {medium: ''}}]}"), "");
  EXPECT_EQ(loss(kHost, "{volumes: [{name: b, emptyDir: {}}, {name: a, hostPath: {path: /x}}]}"), "");
  EXPECT_EQ(loss(kHost, "{volumes: [{name: a, emptyDir: {}}]}"), "pod.spec.volumes.hostPath");
  EXPECT_EQ(loss(kHost, "{volumes: [{name: a, hostPath: {path: /y}}]}"), "pod.spec.volumes.hostPath");
  EXPECT_EQ(loss(kHost, "{}"), "pod.spec.volumes.hostPath");
  EXPECT_EQ(loss("{containers: [{name: c, securityContext: {runAsUser: 1}}]}", "{containers: [{name: c}]}"),
            "pod.spec.containers.securityContext");
  EXPECT_EQ(loss("{hostUsers: false}", "{hostUsers: true}"), "pod.spec.hostUsers");
  EXPECT_FALSE(FindClosedLoss(nullptr, spec(kHost).get()).has_value());
  EXPECT_TRUE(FindClosedLoss(spec(kHost).get(), nullptr).has_value());
}

TEST(FirstClosedPath, FindsSecurityContextsOfContainersAndHostVolumes) {
  const std::vector<std::string_view> opened = {"pod.spec"};
  for (const std::string_view overrides :
       {"{pod: {spec: {containers: [{name: a, securityContext: {privileged: true}}]}}}",
        "{pod: {spec: {containers: [{name: a}, {name: b, securityContext: {runAsUser: 0}}]}}}",
        "{pod: {spec: {initContainers: [{name: a, securityContext: {privileged: true}}]}}}",
        "{pod: {spec: {volumes: [{name: a, hostPath: {path: /}}]}}}"}) {
    const auto closed = FirstClosedPath(*SpecOf(overrides, Layer::kSandbox), opened);
    EXPECT_TRUE(closed.has_value()) << overrides;
  }
  for (const std::string_view overrides :
       {"{pod: {spec: {containers: [{name: a, env: [{name: securityContext, value: x}]}]}}}",
        "{pod: {spec: {containers: [{name: a, securityContext: {}}]}}}",
        "{pod: {spec: {volumes: [{name: hostPath, emptyDir: {}}]}}}"}) {
    EXPECT_EQ(FirstClosedPath(*SpecOf(overrides, Layer::kSandbox), opened), std::nullopt) << overrides;
  }
}

}  // namespace
}  // namespace berth
