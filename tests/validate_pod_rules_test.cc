#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/limits.h"
#include "berth/validate/pod_rules.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

using ::testing::HasSubstr;

std::vector<Issue> CheckTree(const Node* pod_spec) {
  std::vector<Issue> issues;
  EXPECT_NE(pod_spec, nullptr);
  if (pod_spec != nullptr) CheckPodSpec(*pod_spec, {"a.yaml", "/p", "pod.spec"}, Layer::kProfile, issues);
  return issues;
}

// `text` is a pod spec, in YAML or JSON by the ending of `name`.
std::vector<Issue> IssuesOf(std::string_view text, std::string_view name = "a.yaml") {
  const std::string key = name.ends_with(".json") ? R"({"pod": {"spec": )" : "{pod: {spec: ";
  const Decoded decoded = DecodeText(Record::kSpec, key + std::string(text) + "}}", Layer::kProfile, name);
  EXPECT_TRUE(decoded.valid) << text << ": " << IssueText(decoded.issues);
  return CheckTree(At(decoded.node.get(), {"pod", "spec"}));
}

// The same with directives in it, which a field that is only carried lets through.
std::vector<Issue> DirectiveIssuesOf(std::string_view yaml) {
  const Decoded decoded = DecodeText(Record::kRunner, "{deployment_spec: " + std::string(yaml) + "}");
  return CheckTree(At(decoded.node.get(), {"deployment_spec"}));
}

// `wrong-type /p/a`, one for each issue.
std::string Findings(const std::vector<Issue>& issues) {
  std::string out;
  for (const Issue& issue : issues) {
    if (!out.empty()) out += "; ";
    out.append(InfoOf(issue.code).name).append(" ").append(issue.path);
  }
  return out;
}

// Each row's `bad` has one mistake, and `good` is one step away.
struct Row {
  std::string_view bad;
  std::string_view findings;
  std::string_view good;
};

// A pod spec with one container, whose members are `members`.
std::string Container(std::string_view members) { return "{containers: [{name: c, " + std::string(members) + "}]}"; }

TEST(PodRules, EveryTypeIsHeld) {
  constexpr Row kRows[] = {
      {"{hostNetwork: 'true'}", "wrong-type /p/hostNetwork", "{hostNetwork: true}"},
      {"{hostNetwork: yes}", "wrong-type /p/hostNetwork", "{hostNetwork: null}"},
      {"{priority: high}", "wrong-type /p/priority", "{priority: -5}"},
      {"{priority: '5'}", "wrong-type /p/priority", "{priority: 5}"},
      {"{priority: 2147483648}", "invalid-integer /p/priority", "{priority: 2147483647}"},
      {"{priority: 1.0}", "invalid-integer /p/priority", "{priority: 1}"},
      {"{terminationGracePeriodSeconds: -1}", "invalid-integer /p/terminationGracePeriodSeconds",
       "{terminationGracePeriodSeconds: 0}"},
      {"{securityContext: {runAsUser: -1}}", "invalid-integer /p/securityContext/runAsUser",
       "{securityContext: {runAsUser: 0}}"},
      {"{securityContext: {supplementalGroups: [1, -2]}}", "invalid-integer /p/securityContext/supplementalGroups/1",
       "{securityContext: {supplementalGroups: [1, 2]}}"},
      {"{securityContext: []}", "wrong-type /p/securityContext", "{securityContext: {}}"},
      {"{nodeSelector: [a]}", "wrong-type /p/nodeSelector", "{nodeSelector: {a: b}}"},
      {"{containers: {name: a}}", "wrong-type /p/containers", "{containers: [{name: a}]}"},
      {"{containers: [a]}", "wrong-type /p/containers/0", "{containers: []}"},
      {"{tolerations: [NoSchedule]}", "wrong-type /p/tolerations/0", "{tolerations: [{effect: NoSchedule}]}"},
      {"{dnsConfig: {searches: a}}", "wrong-type /p/dnsConfig/searches", "{dnsConfig: {searches: [a]}}"},
      {"{dnsConfig: {searches: [[a]]}}", "wrong-type /p/dnsConfig/searches/0", "{dnsConfig: {searches: []}}"},
      {"{hostname: [a]}", "wrong-type /p/hostname", "{hostname: 1}"},
      {"{overhead: {cpu: {}}}", "wrong-type /p/overhead/cpu", "{overhead: {cpu: 1}}"},
      {"{volumes: [{name: a, csi: {volumeAttributes: {a: [b]}}}]}", "wrong-type /p/volumes/0/csi/volumeAttributes/a",
       "{volumes: [{name: a, csi: {volumeAttributes: {a: true}}}]}"},
      {"{volumes: [{name: a, secret: {defaultMode: 0644}}]}", "wrong-type /p/volumes/0/secret/defaultMode",
       "{volumes: [{name: a, secret: {defaultMode: 420}}]}"},
      {"{volumes: [{name: a, secret: {defaultMode: 644}}]}", "invalid-integer /p/volumes/0/secret/defaultMode",
       "{volumes: [{name: a, secret: {defaultMode: 511}}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good)), "") << row.good;
  }
}

TEST(PodRules, JsonNumbersAreNoText) {
  constexpr Row kRows[] = {
      {R"({"containers": [{"name": "c", "env": [{"name": "A", "value": 8080}]}]})",
       "wrong-type /p/containers/0/env/0/value",
       R"({"containers": [{"name": "c", "env": [{"name": "A", "value": "8080"}]}]})"},
      {R"({"nodeSelector": {"gpu": true}})", "wrong-type /p/nodeSelector/gpu", R"({"nodeSelector": {"gpu": "true"}})"},
      {R"({"priority": "1"})", "wrong-type /p/priority", R"({"priority": 1})"},
      {R"({"overhead": {"cpu": true}})", "wrong-type /p/overhead/cpu", R"({"overhead": {"cpu": 0.5}})"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad, "a.json")), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good, "a.json")), "") << row.good;
  }
  EXPECT_EQ(Findings(IssuesOf(Container("env: [{name: A, value: 8080}]"))), "");
}

TEST(PodRules, UnknownFieldsAreWarningsAndTheirInsidesAreLeftAlone) {
  const std::vector<Issue> issues = IssuesOf("{containers: [{name: c, imagePulPolicy: Never}]}");
  ASSERT_EQ(Findings(issues), "unknown-pod-field /p/containers/0/imagePulPolicy");
  EXPECT_EQ(issues[0].level(), IssueLevel::kWarning);
  EXPECT_EQ(issues[0].suggestion, "did you mean `imagePullPolicy`?");
  EXPECT_EQ(issues[0].message, "berth knows no field `imagePulPolicy` of the container; the cluster may know it");
  EXPECT_EQ(issues[0].field, "pod.spec.containers[0].imagePulPolicy");
  EXPECT_EQ(issues[0].file, "a.yaml");
  EXPECT_EQ(issues[0].position.column, 38U);
  EXPECT_EQ(issues[0].layer, Layer::kProfile);

  EXPECT_EQ(Findings(IssuesOf("{newer: {containers: 1, list: [1, a], priority: high}}")), "unknown-pod-field /p/newer");
  EXPECT_EQ(Findings(IssuesOf("{newer: null}")), "unknown-pod-field /p/newer");
  EXPECT_EQ(Findings(IssuesOf("{host_network: true}")), "unknown-pod-field /p/host_network");
  EXPECT_EQ(Findings(IssuesOf("{containers: [{name: c, targetContainerName: d}]}")),
            "unknown-pod-field /p/containers/0/targetContainerName");
  EXPECT_EQ(Findings(IssuesOf("{ephemeralContainers: [{name: c, targetContainerName: d}]}")), "");
}

TEST(PodRules, ValuesAreOfTheirEnumeration) {
  constexpr Row kRows[] = {
      {"{restartPolicy: always}", "unknown-value /p/restartPolicy", "{restartPolicy: Always}"},
      {"{dnsPolicy: Cluster}", "unknown-value /p/dnsPolicy", "{dnsPolicy: ''}"},
      {"{os: {name: darwin}}", "unknown-value /p/os/name", "{os: {name: linux}}"},
      {"{volumes: [{name: a, emptyDir: {medium: HugePages-}}]}", "unknown-value /p/volumes/0/emptyDir/medium",
       "{volumes: [{name: a, emptyDir: {medium: HugePages-2Mi}}]}"},
      {"{volumes: [{name: a, emptyDir: {medium: Memory-2Mi}}]}", "unknown-value /p/volumes/0/emptyDir/medium",
       "{volumes: [{name: a, emptyDir: {medium: ''}}]}"},
      {"{tolerations: [{operator: In}]}", "unknown-value /p/tolerations/0/operator",
       "{tolerations: [{operator: Exists, key: '', effect: ''}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good)), "") << row.good;
  }
  const std::vector<Issue> issues = IssuesOf("{restartPolicy: always}");
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].message, "expected one of `Always`, `OnFailure`, `Never`, found `always`");
  EXPECT_EQ(issues[0].suggestion, "did you mean `Always`?");
}

TEST(PodRules, NamesLabelsImagesAndPortsAreUsable) {
  constexpr Row kRows[] = {
      {"{hostname: a.b}", "invalid-name /p/hostname", "{hostname: a-b}"},
      {"{serviceAccountName: A}", "invalid-name /p/serviceAccountName", "{serviceAccountName: ''}"},
      {"{imagePullSecrets: [{name: a_b}]}", "invalid-name /p/imagePullSecrets/0/name",
       "{imagePullSecrets: [{name: a.b}]}"},
      {"{hostAliases: [{ip: 10.0.0.1, hostnames: [a, B]}]}", "invalid-name /p/hostAliases/0/hostnames/1",
       "{hostAliases: [{ip: 10.0.0.1, hostnames: [a, b]}]}"},
      {"{nodeSelector: {a/b/c: d}}", "invalid-label /p/nodeSelector/a~1b~1c", "{nodeSelector: {a/b: d}}"},
      {"{nodeSelector: {a: b c}}", "invalid-label /p/nodeSelector/a", "{nodeSelector: {a: ''}}"},
      {"{tolerations: [{key: a b}]}", "invalid-label /p/tolerations/0/key", "{tolerations: [{key: a/b}]}"},
      {"{containers: [{name: c, image: A/b}, {name: d, image: a b}]}", "invalid-image /p/containers/1/image",
       "{containers: [{name: c, image: ghcr.io/a/b:1}]}"},
      {"{containers: [{name: C_1}]}", "invalid-name /p/containers/0/name", "{containers: [{name: c-1}]}"},
      {"{containers: [{name: c, ports: [{containerPort: 65536}]}]}",
       "invalid-integer /p/containers/0/ports/0/containerPort",
       "{containers: [{name: c, ports: [{containerPort: 65535}]}]}"},
      {"{containers: [{name: c, ports: [{containerPort: 0}]}]}",
       "invalid-integer /p/containers/0/ports/0/containerPort",
       "{containers: [{name: c, ports: [{containerPort: 1, hostPort: 0}]}]}"},
      {"{containers: [{name: c, ports: [{containerPort: 80, name: '8080'}]}]}",
       "invalid-name /p/containers/0/ports/0/name",
       "{containers: [{name: c, ports: [{containerPort: 80, name: http}]}]}"},
      {"{containers: [{name: c, livenessProbe: {httpGet: {port: '80'}}}]}",
       "invalid-name /p/containers/0/livenessProbe/httpGet/port",
       "{containers: [{name: c, livenessProbe: {httpGet: {port: http}}}]}"},
      {"{containers: [{name: c, livenessProbe: {httpGet: {port: 0}}}]}",
       "invalid-integer /p/containers/0/livenessProbe/httpGet/port",
       "{containers: [{name: c, livenessProbe: {httpGet: {port: 80}}}]}"},
      {"{containers: [{name: c, livenessProbe: {grpc: {port: grpc}}}]}",
       "wrong-type /p/containers/0/livenessProbe/grpc/port",
       "{containers: [{name: c, livenessProbe: {grpc: {port: 80}}}]}"},
      {"{containers: [{name: c, livenessProbe: {tcpSocket: {port: [1]}}}]}",
       "wrong-type /p/containers/0/livenessProbe/tcpSocket/port",
       "{containers: [{name: c, livenessProbe: {tcpSocket: {port: null}}}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good)), "") << row.good;
  }
}

TEST(PodRules, EnvironmentNamesAreStrictOrWarnedOf) {
  struct Named {
    std::string_view name;
    std::string_view findings;
  };
  constexpr Named kRows[] = {
      {"A_1", ""},
      {"a.b-c", ""},
      {"1A", "unportable-env-name /p/containers/0/env/0/name"},
      {"A B", "unportable-env-name /p/containers/0/env/0/name"},
      {"A=B", "invalid-name /p/containers/0/env/0/name"},
      {"\u00e4", "invalid-name /p/containers/0/env/0/name"},
      {"", "empty-value /p/containers/0/env/0/name"},
  };
  for (const Named& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(Container("env: [{name: '" + std::string(row.name) + "'}]"))), row.findings)
        << row.name;
  }
}

TEST(PodRules, QuantitiesAreQuantities) {
  constexpr Row kRows[] = {
      {"{overhead: {cpu: lots}}", "invalid-quantity /p/overhead/cpu", "{overhead: {cpu: 500m}}"},
      {"{overhead: {cpu: -1}}", "invalid-quantity /p/overhead/cpu", "{overhead: {cpu: 0}}"},
      {"{overhead: {memory: ''}}", "invalid-quantity /p/overhead/memory", "{overhead: {memory: null}}"},
      {"{overhead: {memory: 400m}}", "fractional-bytes /p/overhead/memory", "{overhead: {memory: 400M}}"},
      {"{overhead: {hugepages-2Mi: 400m}}", "fractional-bytes /p/overhead/hugepages-2Mi",
       "{overhead: {hugepages-2Mi: 4Mi}}"},
      {"{overhead: {nvidia.com/gpu: 1.5}}", "invalid-quantity /p/overhead/nvidia.com~1gpu",
       "{overhead: {nvidia.com/gpu: 1}}"},
      {"{overhead: {x.io/a b: 1}}", "invalid-label /p/overhead/x.io~1a b", "{overhead: {cpu: 1.5}}"},
      {"{volumes: [{name: a, emptyDir: {sizeLimit: 1K}}]}", "invalid-quantity /p/volumes/0/emptyDir/sizeLimit",
       "{volumes: [{name: a, emptyDir: {sizeLimit: 1k}}]}"},
      {"{volumes: [{name: a, emptyDir: {sizeLimit: 1m}}]}", "fractional-bytes /p/volumes/0/emptyDir/sizeLimit",
       "{volumes: [{name: a, emptyDir: {sizeLimit: 1M}}]}"},
      {"{containers: [{name: c, resources: {limits: {cpu: 1 }, requests: {cpu: x}}}]}",
       "invalid-quantity /p/containers/0/resources/requests/cpu",
       "{containers: [{name: c, resources: {limits: {cpu: 1}, requests: {cpu: 0.5}}}]}"},
      {"{containers: [{name: c, env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: x}}}]}]}",
       "invalid-quantity /p/containers/0/env/0/valueFrom/resourceFieldRef/divisor",
       "{containers: [{name: c, env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "
       "1m}}}]}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good)), "") << row.good;
  }
}

TEST(PodRules, ElementsHaveTheirMergeKeyOnce) {
  constexpr Row kRows[] = {
      {"{containers: [{image: a}]}", "missing-field /p/containers/0", "{containers: [{name: a}]}"},
      {"{containers: [{name: null}]}", "missing-field /p/containers/0", "{containers: []}"},
      {"{containers: [{name: a}, {name: b}, {name: a}]}", "duplicate-item /p/containers/2",
       "{containers: [{name: a}, {name: b}], initContainers: [{name: a}]}"},
      {"{containers: [{name: ''}, {name: ''}]}", "duplicate-item /p/containers/1",
       "{containers: [{name: ''}, {name: a}]}"},
      {"{initContainers: [{name: ''}]}", "empty-value /p/initContainers/0/name", "{initContainers: [{name: a}]}"},
      {"{ephemeralContainers: [{name: ''}]}", "empty-value /p/ephemeralContainers/0/name",
       "{ephemeralContainers: [{name: a}]}"},
      {"{volumes: [{name: ''}]}", "empty-value /p/volumes/0/name", "{volumes: [{name: a}]}"},
      {"{hostAliases: [{hostnames: [a]}]}", "missing-field /p/hostAliases/0", "{hostAliases: [{ip: 10.0.0.1}]}"},
      {"{containers: [{name: c, ports: [{containerPort: 53}, {containerPort: 53, protocol: TCP}]}]}",
       "duplicate-item /p/containers/0/ports/1",
       "{containers: [{name: c, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]}"},
      {"{containers: [{name: c, ports: [{containerPort: 53}, {containerPort: 53, protocol: null}]}]}",
       "duplicate-item /p/containers/0/ports/1",
       "{containers: [{name: c, ports: [{containerPort: 53}, {containerPort: 54}]}]}"},
      {"{containers: [{name: c, ports: [{protocol: UDP}]}]}", "missing-field /p/containers/0/ports/0",
       "{containers: [{name: c, ports: [{containerPort: 1, protocol: UDP}]}]}"},
      {"{topologySpreadConstraints: [{topologyKey: zone}]}", "missing-field /p/topologySpreadConstraints/0",
       "{topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]}"},
      {"{topologySpreadConstraints: [{topologyKey: a, whenUnsatisfiable: DoNotSchedule}, {topologyKey: a, "
       "whenUnsatisfiable: DoNotSchedule}]}",
       "duplicate-item /p/topologySpreadConstraints/1",
       "{topologySpreadConstraints: [{topologyKey: a, whenUnsatisfiable: DoNotSchedule}, {topologyKey: a, "
       "whenUnsatisfiable: ScheduleAnyway}]}"},
      {"{containers: [{name: c, volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /a}]}]}",
       "duplicate-item /p/containers/0/volumeMounts/1",
       "{containers: [{name: c, volumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /b}]}]}"},
      // One mistake, one issue.
      {"{containers: [{name: [a]}, {name: [a]}]}", "wrong-type /p/containers/0/name; wrong-type /p/containers/1/name",
       "{tolerations: [{key: a}, {key: a}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good)), "") << row.good;
  }
  // However long the keys are, all of them counts.
  const std::string path(100, 'a');
  EXPECT_EQ(Findings(IssuesOf(
                Container("volumeMounts: [{name: a, mountPath: " + path + "b}, {name: a, mountPath: " + path + "c}]"))),
            "");
  EXPECT_EQ(IssuesOf("{containers: [{name: c, ports: [{containerPort: 53}, {containerPort: 53}]}]}").at(0).message,
            "the container port `53` with `TCP` is given twice, first in line 1");
  EXPECT_EQ(IssuesOf("{containers: [{image: a}]}").at(0).message,
            "the container needs `name`, by which the elements of `containers` are told apart");
}

TEST(PodRules, AlternativesAreNotGivenTogether) {
  constexpr Row kRows[] = {
      {"{volumes: [{name: a, emptyDir: {}, hostPath: {path: /a}}]}", "pod-alternatives /p/volumes/0/hostPath",
       "{volumes: [{name: a, emptyDir: null, hostPath: {path: /a}}]}"},
      {"{volumes: [{name: a, emptyDir: {}, hostPath: {path: /a}, nfs: {path: /a}}]}",
       "pod-alternatives /p/volumes/0/hostPath; pod-alternatives /p/volumes/0/nfs",
       "{volumes: [{name: a, hostPath: {path: /a}}]}"},
      {"{containers: [{name: c, env: [{name: A, value: '', valueFrom: {}}]}]}",
       "pod-alternatives /p/containers/0/env/0/valueFrom",
       "{containers: [{name: c, env: [{name: A, value: '', valueFrom: null}]}]}"},
      {"{containers: [{name: c, env: [{name: A, valueFrom: {fieldRef: {}, secretKeyRef: {}}}]}]}",
       "pod-alternatives /p/containers/0/env/0/valueFrom/secretKeyRef",
       "{containers: [{name: c, env: [{name: A, valueFrom: {fieldRef: {}}}]}]}"},
      {"{containers: [{name: c, readinessProbe: {exec: {}, tcpSocket: {port: 1}}}]}",
       "pod-alternatives /p/containers/0/readinessProbe/tcpSocket",
       "{containers: [{name: c, readinessProbe: {exec: {}, periodSeconds: 1}}]}"},
      {"{containers: [{name: c, lifecycle: {preStop: {exec: {}, sleep: {seconds: 1}}}}]}",
       "pod-alternatives /p/containers/0/lifecycle/preStop/sleep",
       "{containers: [{name: c, lifecycle: {preStop: {exec: {}}, postStart: {sleep: {seconds: 1}}}}]}"},
      {"{resourceClaims: [{name: a, resourceClaimName: b, resourceClaimTemplateName: c}]}",
       "pod-alternatives /p/resourceClaims/0/resourceClaimTemplateName",
       "{resourceClaims: [{name: a, resourceClaimName: b}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(IssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(IssuesOf(row.good)), "") << row.good;
  }
  EXPECT_EQ(IssuesOf("{volumes: [{name: a, emptyDir: {}, nfs: {}}]}").at(0).message,
            "`emptyDir` and `nfs` exclude each other: the volume takes one source");
}

TEST(PodRules, DirectivesStandWhereTheyAct) {
  constexpr Row kRows[] = {
      {"{$patch: merge}", "pod-directive /p/$patch", "{$patch: replace, hostname: a}"},
      {"{affinity: {$patch: true}}", "pod-directive /p/affinity/$patch", "{affinity: {$patch: delete}}"},
      {"{affinity: {$retainKeys: [a]}}", "pod-directive /p/affinity/$retainKeys", "{affinity: {$patch: replace}}"},
      {"{$setElementOrder/containers: []}", "pod-directive /p/$setElementOrder~1containers",
       "{containers: [{name: a, $patch: delete}]}"},
      {"{containers: [{name: a, $patch: replace}]}", "pod-directive /p/containers/0/$patch",
       "{containers: [{$patch: replace}, {name: a}]}"},
      {"{containers: [{$patch: delete}]}", "missing-field /p/containers/0", "{containers: [{$patch: replace}]}"},
      {"{nodeSelector: {$patch: none}}", "pod-directive /p/nodeSelector/$patch",
       "{nodeSelector: {$patch: replace, a: b}}"},
      {"{overhead: {$other: 1}}", "pod-directive /p/overhead/$other", "{overhead: {$patch: delete}}"},
      {"{tolerations: [{$patch: replace}]}", "pod-directive /p/tolerations/0/$patch",
       "{containers: [{name: a, securityContext: {$patch: delete}}]}"},
      {"{volumes: [{name: a, projected: {sources: [{secret: {$patch: delete}}]}}]}",
       "pod-directive /p/volumes/0/projected/sources/0/secret/$patch",
       "{volumes: [{name: a, projected: {$patch: delete}, emptyDir: {}}]}"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Findings(DirectiveIssuesOf(row.bad)), row.findings) << row.bad;
    EXPECT_EQ(Findings(DirectiveIssuesOf(row.good)), "") << row.good;
  }
}

TEST(PodRules, DirectivesAreHeldInsideUnknownFieldsToo) {
  EXPECT_EQ(Findings(DirectiveIssuesOf("{newer: {a: {$patch: delete}}}")), "unknown-pod-field /p/newer");
  EXPECT_EQ(Findings(DirectiveIssuesOf("{newer: {a: {$x: delete}}}")),
            "unknown-pod-field /p/newer; pod-directive /p/newer/a/$x");
  EXPECT_EQ(Findings(DirectiveIssuesOf("{newer: [{$patch: delete}]}")),
            "unknown-pod-field /p/newer; pod-directive /p/newer/0/$patch");
}

TEST(PodRules, OctalNumbersAreShownInDecimal) {
  const std::vector<Issue> issues = IssuesOf("{volumes: [{name: a, secret: {defaultMode: 0644}}]}");
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].suggestion, "write `420` if octal 644 is meant");
  EXPECT_EQ(IssuesOf("{volumes: [{name: a, secret: {defaultMode: 0o600}}]}").at(0).suggestion,
            "write `384` if octal 600 is meant");
  EXPECT_EQ(IssuesOf("{priority: '0'}").at(0).suggestion, "write it without quotes");
}

TEST(PodRules, IssuesAreBoundedAndTheLastSaysSo) {
  std::string many = "{containers: [";
  for (size_t i = 0; i < kMaxIssues / kMaxListItems + 1; ++i) {
    many += "{name: c" + std::to_string(i) + ", envFrom: [";
    for (size_t j = 1; j < kMaxListItems; ++j) many += "a, ";
    many += "a]}, ";
  }
  const std::vector<Issue> issues = IssuesOf(many + "{name: d, envFrom: [a]}]}");
  ASSERT_EQ(issues.size(), kMaxIssues + 1);
  EXPECT_EQ(issues.back().code, IssueCode::kLimitExceeded);
  EXPECT_THAT(issues.back().message, HasSubstr("more issues"));
}

TEST(PodRules, WarningsLeaveRoomForErrors) {
  std::string many = "{containers: [";
  for (size_t i = 0; i < kMaxIssues / 100; ++i) {
    many += "{name: c" + std::to_string(i);
    for (int j = 0; j < 110; ++j) many += ", x" + std::to_string(j) + ": 1";
    many += "}, ";
  }
  const std::vector<Issue> issues = IssuesOf(many + "{name: d, tty: x}]}");
  EXPECT_EQ(issues.back().code, IssueCode::kWrongType);
  EXPECT_LT(issues.size(), kMaxIssues);
}

TEST(PodRules, ListsAndMapsAreBounded) {
  const auto list = [](size_t count) {
    std::string text = "{tolerations: [";
    for (size_t i = 1; i < count; ++i) text += "{operator: Exists}, ";
    return text + "{operator: Exists}]}";
  };
  EXPECT_EQ(Findings(IssuesOf(list(kMaxListItems))), "");
  EXPECT_EQ(Findings(IssuesOf(list(kMaxListItems + 1))), "limit-exceeded /p/tolerations");
  const auto map = [](size_t count) {
    std::string text = "{nodeSelector: {";
    for (size_t i = 1; i < count; ++i) text += "k" + std::to_string(i) + ": v, ";
    return text + "k: v}}";
  };
  EXPECT_EQ(Findings(IssuesOf(map(kMaxMapEntries))), "");
  EXPECT_EQ(Findings(IssuesOf(map(kMaxMapEntries + 1))), "limit-exceeded /p/nodeSelector");
}

TEST(PodRules, AWholePodSpecIsFine) {
  EXPECT_EQ(Findings(IssuesOf(R"({
    serviceAccountName: runner, automountServiceAccountToken: false, priorityClassName: high, hostUsers: false,
    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, sysctls: [{name: a.b, value: 1}]},
    affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
      {matchExpressions: [{key: node.kubernetes.io/instance-type, operator: In, values: [a, b]}]}]},
      preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchFields: [
      {key: metadata.name, operator: NotIn, values: [n]}]}}]},
      podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [
      {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: sandbox}}}]}},
    tolerations: [{operator: Exists}, {key: gpu, value: 'true', effect: NoExecute, tolerationSeconds: 30}],
    volumes: [{name: scratch, emptyDir: {sizeLimit: 1Gi}}, {name: token, projected: {defaultMode: 288, sources: [
      {serviceAccountToken: {path: t, expirationSeconds: 600}}, {configMap: {name: c, items: [{key: a, path: b}]}}]}},
      {name: work, ephemeral: {volumeClaimTemplate: {metadata: {labels: {a: b}}, spec: {storageClassName: '',
      accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}}}],
    containers: [{name: '', workingDir: /w, resources: {limits: {hugepages-2Mi: 2Mi}},
      env: [{name: PORT, value: 8080}, {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}],
      envFrom: [{prefix: A_, secretRef: {name: s, optional: true}}],
      ports: [{containerPort: 8080, name: http}, {containerPort: 53, protocol: UDP}],
      livenessProbe: {httpGet: {path: /, port: http, scheme: HTTP}, periodSeconds: 5},
      lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 1']}}},
      volumeMounts: [{name: scratch, mountPath: /scratch, readOnly: false}]}],
    initContainers: [{name: warm, image: busybox, restartPolicy: Always}],
    topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}],
    dnsConfig: {nameservers: [10.0.0.1], options: [{name: ndots, value: 2}]}, readinessGates: [{conditionType: a/b}]
  })")),
            "");
}

}  // namespace
}  // namespace berth
