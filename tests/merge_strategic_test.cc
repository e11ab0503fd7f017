// pod.spec: strategic merge, layer by layer. Every expectation is worked out by hand from docs/semantics.md.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "berth/merge/merge.h"
#include "berth/merge/provenance.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"
#include "tests/provenance_check.h"

namespace berth {
namespace {

NodeRef PodSpec(std::string_view yaml, Layer layer) {
  if (yaml.empty()) return nullptr;
  const Decoded decoded = DecodeText(Record::kSpec, "{pod: {spec: " + std::string(yaml) + "}}", layer);
  EXPECT_TRUE(decoded.valid) << yaml << ": " << IssueText(decoded.issues);
  return decoded.node;
}

// The pod.spec that layers give, lowest first: of the profile, the binding and the launch.
std::string Merged(const std::vector<std::string_view>& layers) {
  constexpr Layer kLayers[] = {Layer::kProfile, Layer::kBinding, Layer::kSandbox};
  std::vector<NodeRef> specs;
  for (size_t i = 0; i < layers.size(); ++i) specs.push_back(PodSpec(layers[i], kLayers[i]));
  const NodeRef merged = MergeLayers(specs);
  const Node* spec = At(merged.get(), {"pod", "spec"});
  if (spec == nullptr) return TreeText(merged);
  std::string text;
  AppendTree(*spec, text);
  return text;
}

struct Row {
  std::string_view lower;
  std::string_view higher;
  std::string_view result;
};

void ExpectRows(std::span<const Row> rows) {
  for (const Row& row : rows)
    EXPECT_EQ(Merged({row.lower, row.higher}), row.result) << row.lower << " | " << row.higher;
}

TEST(StrategicMerge, MatchesElementsByTheirKeys) {
  constexpr Row kRows[] = {
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: b, emptyDir: {}}]}",
       R"({"volumes":[{"emptyDir":{},"name":"a"},{"emptyDir":{},"name":"b"}]})"},
      // The lower order stays, whatever order the higher layer has; new ones are appended in its order.
      {"{imagePullSecrets: [{name: a}, {name: b}]}", "{imagePullSecrets: [{name: d}, {name: b}, {name: c}, {name: a}]}",
       R"({"imagePullSecrets":[{"name":"a"},{"name":"b"},{"name":"d"},{"name":"c"}]})"},
      {"{containers: [{name: c, image: a, tty: true}]}", "{containers: [{name: c, image: b}]}",
       R"({"containers":[{"image":"b","name":"c","tty":true}]})"},
      {"{containers: [{name: '', tty: true}, {name: s}]}", "{containers: [{name: '', stdin: true}]}",
       R"({"containers":[{"name":"","stdin":true,"tty":true},{"name":"s"}]})"},
      {"{initContainers: [{name: i, image: a}]}", "{initContainers: [{name: i, args: [x]}]}",
       R"({"initContainers":[{"args":["x"],"image":"a","name":"i"}]})"},
      {"{hostAliases: [{ip: 10.0.0.1, hostnames: [a]}]}", "{hostAliases: [{ip: 10.0.0.1, hostnames: [b]}]}",
       R"({"hostAliases":[{"hostnames":["b"],"ip":"10.0.0.1"}]})"},
      {"{containers: [{name: c, env: [{name: A, value: '1'}, {name: B, value: '2'}]}]}",
       "{containers: [{name: c, env: [{name: B, value: '3'}]}]}",
       R"({"containers":[{"env":[{"name":"A","value":"1"},{"name":"B","value":"3"}],"name":"c"}]})"},
      {"{containers: [{name: c, volumeMounts: [{mountPath: /a, name: x}]}]}",
       "{containers: [{name: c, volumeMounts: [{mountPath: /a, name: x, readOnly: true}, {mountPath: /b, name: x}]}]}",
       R"({"containers":[{"name":"c","volumeMounts":[{"mountPath":"/a","name":"x","readOnly":true},)"
       R"({"mountPath":"/b","name":"x"}]}]})"},
      {"{containers: [{name: c, volumeDevices: [{devicePath: /a, name: x}]}]}",
       "{containers: [{name: c, volumeDevices: [{devicePath: /a, name: y}]}]}",
       R"({"containers":[{"name":"c","volumeDevices":[{"devicePath":"/a","name":"y"}]}]})"},
      {"{schedulingGates: [{name: a}]}", "{schedulingGates: [{name: a}, {name: b}]}",
       R"({"schedulingGates":[{"name":"a"},{"name":"b"}]})"},
  };
  ExpectRows(kRows);
}

TEST(StrategicMerge, MatchesPortsAndConstraintsByTwoKeys) {
  constexpr Row kRows[] = {
      {"{containers: [{name: c, ports: [{containerPort: 53}]}]}",
       "{containers: [{name: c, ports: [{containerPort: 53, protocol: TCP, name: dns}]}]}",
       R"({"containers":[{"name":"c","ports":[{"containerPort":53,"name":"dns","protocol":"TCP"}]}]})"},
      {"{containers: [{name: c, ports: [{containerPort: 53}]}]}",
       "{containers: [{name: c, ports: [{containerPort: 53, protocol: UDP}]}]}",
       R"({"containers":[{"name":"c","ports":[{"containerPort":53},{"containerPort":53,"protocol":"UDP"}]}]})"},
      {"{containers: [{name: c, ports: [{containerPort: 53, protocol: TCP}]}]}",
       "{containers: [{name: c, ports: [{containerPort: 53, protocol: null, hostPort: 1}]}]}",
       R"({"containers":[{"name":"c","ports":[{"containerPort":53,"hostPort":1}]}]})"},
      {"{topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}]}",
       "{topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: ScheduleAnyway, maxSkew: 2}]}",
       R"({"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"},)"
       R"({"maxSkew":2,"topologyKey":"z","whenUnsatisfiable":"ScheduleAnyway"}]})"},
      {"{topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}]}",
       "{topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}]}",
       R"({"topologySpreadConstraints":[{"maxSkew":2,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"}]})"},
  };
  ExpectRows(kRows);
}

TEST(StrategicMerge, ReplacesOtherLists) {
  constexpr Row kRows[] = {
      {"{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}", R"({"tolerations":[{"key":"b"}]})"},
      {"{containers: [{name: c, args: [a, b]}]}", "{containers: [{name: c, args: [d]}]}",
       R"({"containers":[{"args":["d"],"name":"c"}]})"},
      {"{volumes: [{name: v, projected: {sources: [{secret: {name: a}}]}}]}",
       "{volumes: [{name: v, projected: {sources: [{secret: {name: b}}]}}]}",
       R"({"volumes":[{"name":"v","projected":{"sources":[{"secret":{"name":"b"}}]}}]})"},
      {"{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
       "[{matchExpressions: [{key: a, operator: Exists}]}]}}}}",
       "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
       "[{matchExpressions: [{key: b, operator: Exists}]}]}}}}",
       R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":)"
       R"([{"matchExpressions":[{"key":"b","operator":"Exists"}]}]}}}})"},
      {"{newer: [{name: a}], more: {l: [1], m: 1}}", "{newer: [{name: b}], more: {l: [2]}}",
       R"({"more":{"l":[2],"m":1},"newer":[{"name":"b"}]})"},
  };
  ExpectRows(kRows);
}

TEST(StrategicMerge, KeepsTheFiveInputsApart) {
  constexpr Row kRows[] = {
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: []}", R"({"volumes":[]})"},
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: null}", "(none)"},
      {"{volumes: [{name: a, emptyDir: {}}]}", "{}", R"({"volumes":[{"emptyDir":{},"name":"a"}]})"},
      {"{volumes: []}", "{volumes: [{name: a, emptyDir: {}}]}", R"({"volumes":[{"emptyDir":{},"name":"a"}]})"},
      {"{volumes: null}", "{volumes: [{name: a, emptyDir: {}}]}", R"({"volumes":[{"emptyDir":{},"name":"a"}]})"},
      {"{tolerations: [{key: a}]}", "{tolerations: []}", R"({"tolerations":[]})"},
      {"{containers: [{name: c, image: a}]}", "{containers: [{name: c, image: null}]}",
       R"({"containers":[{"name":"c"}]})"},
      {"{containers: [{name: c, env: [{name: A, value: x}]}]}",
       "{containers: [{name: c, env: [{name: A, value: ''}]}]}",
       R"({"containers":[{"env":[{"name":"A","value":""}],"name":"c"}]})"},
      {"{securityContext: {runAsUser: 1}}", "{securityContext: {}}", R"({"securityContext":{"runAsUser":1}})"},
      {"{securityContext: {runAsUser: 1}}", "{securityContext: {runAsUser: null}}", R"({"securityContext":{}})"},
      // A null in a new element, and in a list that replaces, is gone as well.
      {"{}", "{containers: [{name: c, image: null, args: [a]}]}", R"({"containers":[{"args":["a"],"name":"c"}]})"},
      {"{}", "{tolerations: [{key: a, value: null}]}", R"({"tolerations":[{"key":"a"}]})"},
      {"{a: [1]}", "{a: {b: 1}}", R"({"a":{"b":1}})"},
      {"{a: {b: 1}}", "{a: [1]}", R"({"a":[1]})"},
  };
  ExpectRows(kRows);
}

TEST(StrategicMerge, DisplacesAlternatives) {
  constexpr Row kRows[] = {
      {"{volumes: [{name: v, emptyDir: {medium: Memory}}]}", "{volumes: [{name: v, hostPath: {path: /x}}]}",
       R"({"volumes":[{"hostPath":{"path":"/x"},"name":"v"}]})"},
      {"{volumes: [{name: v, emptyDir: {medium: Memory}}]}", "{volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}]}",
       R"({"volumes":[{"emptyDir":{"medium":"Memory","sizeLimit":"1Gi"},"name":"v"}]})"},
      {"{volumes: [{name: v, emptyDir: {}}]}", "{volumes: [{name: v, emptyDir: null}]}",
       R"({"volumes":[{"name":"v"}]})"},
      {"{volumes: [{name: v, emptyDir: {}}]}", "{volumes: [{name: v, hostPath: null}]}",
       R"({"volumes":[{"emptyDir":{},"name":"v"}]})"},
      {"{containers: [{name: c, env: [{name: A, value: x}]}]}",
       "{containers: [{name: c, env: [{name: A, valueFrom: {fieldRef: {fieldPath: p}}}]}]}",
       R"({"containers":[{"env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"p"}}}],"name":"c"}]})"},
      {"{containers: [{name: c, env: [{name: A, valueFrom: {fieldRef: {fieldPath: p}}}]}]}",
       "{containers: [{name: c, env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}",
       R"({"containers":[{"env":[{"name":"A","valueFrom":{"secretKeyRef":{"key":"k","name":"s"}}}],"name":"c"}]})"},
      {"{containers: [{name: c, livenessProbe: {periodSeconds: 5, httpGet: {port: 80}}}]}",
       "{containers: [{name: c, livenessProbe: {tcpSocket: {port: 81}}}]}",
       R"({"containers":[{"livenessProbe":{"periodSeconds":5,"tcpSocket":{"port":81}},"name":"c"}]})"},
      {"{containers: [{name: c, lifecycle: {preStop: {exec: {command: [a]}}, postStart: {sleep: {seconds: 1}}}}]}",
       "{containers: [{name: c, lifecycle: {preStop: {sleep: {seconds: 2}}}}]}",
       R"({"containers":[{"lifecycle":{"postStart":{"sleep":{"seconds":1}},"preStop":{"sleep":{"seconds":2}}},)"
       R"("name":"c"}]})"},
      {"{resourceClaims: [{name: r, resourceClaimName: a}]}",
       "{resourceClaims: [{name: r, resourceClaimTemplateName: b}]}",
       R"({"resourceClaims":[{"name":"r","resourceClaimTemplateName":"b"}]})"},
      // Not a one-of: as Kubernetes merges it.
      {"{securityContext: {seccompProfile: {type: Localhost, localhostProfile: p}}}",
       "{securityContext: {seccompProfile: {type: RuntimeDefault}}}",
       R"({"securityContext":{"seccompProfile":{"localhostProfile":"p","type":"RuntimeDefault"}}})"},
  };
  ExpectRows(kRows);
}

TEST(StrategicMerge, ObeysDirectives) {
  constexpr Row kRows[] = {
      {"{volumes: [{name: a, emptyDir: {}}, {name: b, emptyDir: {}}]}", "{volumes: [{name: a, $patch: delete}]}",
       R"({"volumes":[{"emptyDir":{},"name":"b"}]})"},
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: a, $patch: delete}]}", R"({"volumes":[]})"},
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: x, $patch: delete}]}",
       R"({"volumes":[{"emptyDir":{},"name":"a"}]})"},
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: b, emptyDir: {}}, {$patch: replace}]}",
       R"({"volumes":[{"emptyDir":{},"name":"b"}]})"},
      {"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{$patch: replace}]}", R"({"volumes":[]})"},
      {"{containers: [{name: c, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]}",
       "{containers: [{name: c, ports: [{containerPort: 53, $patch: delete}]}]}",
       R"({"containers":[{"name":"c","ports":[{"containerPort":53,"protocol":"UDP"}]}]})"},
      {"{securityContext: {runAsUser: 1, fsGroup: 2}}", "{securityContext: {$patch: replace, fsGroup: 3}}",
       R"({"securityContext":{"fsGroup":3}})"},
      {"{securityContext: {runAsUser: 1}, priority: 1}", "{securityContext: {$patch: delete, fsGroup: 3}}",
       R"({"priority":1})"},
      {"{containers: [{name: c, image: a, tty: true}]}", "{containers: [{name: c, $patch: replace}]}",
       R"({"containers":[]})"},
      // With nothing below, the members of `replace` are kept, and `delete` does nothing.
      {"{}", "{securityContext: {$patch: replace, fsGroup: 3}}", R"({"securityContext":{"fsGroup":3}})"},
      {"{}", "{securityContext: {$patch: delete}, volumes: [{name: a, $patch: delete}, {name: b, emptyDir: {}}]}",
       R"({"volumes":[{"emptyDir":{},"name":"b"}]})"},
      {"{priority: 1, volumes: [{name: a, emptyDir: {}}]}", "{$patch: replace, priority: 2}", R"({"priority":2})"},
      {"{priority: 1}", "{$patch: delete}", "(none)"},
      {"{newer: {a: {b: 1, c: 1}}}", "{newer: {a: {$patch: replace, c: 2}}}", R"({"newer":{"a":{"c":2}}})"},
  };
  ExpectRows(kRows);
}

TEST(StrategicMerge, LetsLowestDirectivesVanish) {
  EXPECT_EQ(Merged({"{volumes: [{name: a, $patch: delete}, {name: b, emptyDir: {}}]}",
                    "{volumes: [{name: a, emptyDir: {}}]}"}),
            R"({"volumes":[{"emptyDir":{},"name":"b"},{"emptyDir":{},"name":"a"}]})");
  EXPECT_EQ(Merged({"{volumes: [{$patch: replace}, {name: b, emptyDir: {}}]}", "{volumes: [{name: a, emptyDir: {}}]}"}),
            R"({"volumes":[{"emptyDir":{},"name":"b"},{"emptyDir":{},"name":"a"}]})");
  EXPECT_EQ(Merged({"{securityContext: {$patch: delete, fsGroup: 1}}", "{securityContext: {runAsUser: 1}}"}),
            R"({"securityContext":{"runAsUser":1}})");
  EXPECT_EQ(Merged({"{securityContext: {$patch: replace, fsGroup: 1}}", "{securityContext: {runAsUser: 1}}"}),
            R"({"securityContext":{"fsGroup":1,"runAsUser":1}})");
  EXPECT_EQ(Merged({"{$patch: delete, priority: 1}", "{priority: 2}"}), R"({"priority":2})");
}

TEST(StrategicMerge, GoesOnFromWhatADirectiveLeft) {
  EXPECT_EQ(Merged({"{volumes: [{name: a, emptyDir: {medium: Memory}}]}", "{volumes: [{name: a, $patch: delete}]}",
                    "{volumes: [{name: a, emptyDir: {}}]}"}),
            R"({"volumes":[{"emptyDir":{},"name":"a"}]})");
  EXPECT_EQ(Merged({"{securityContext: {fsGroup: 1}}", "{securityContext: {$patch: replace, runAsUser: 1}}",
                    "{securityContext: {runAsGroup: 2}}"}),
            R"({"securityContext":{"runAsGroup":2,"runAsUser":1}})");
  EXPECT_EQ(Merged({"{volumes: [{name: v, emptyDir: {}}]}", "{volumes: [{name: v, hostPath: {path: /x}}]}",
                    "{volumes: [{name: v, emptyDir: {medium: Memory}}]}"}),
            R"({"volumes":[{"emptyDir":{"medium":"Memory"},"name":"v"}]})");
}

// `path=value layer <shadowed`, a line for each field of pod.spec.
std::string Rows(const std::vector<std::string_view>& layers) {
  constexpr Layer kLayers[] = {Layer::kProfile, Layer::kBinding, Layer::kSandbox};
  LayerStack stack;
  for (size_t i = 0; i < layers.size(); ++i) {
    stack[static_cast<size_t>(kLayers[i])] = PodSpec(layers[i], kLayers[i]);
  }
  std::string rows;
  for (const FieldProvenance& field : ExplainFields(stack)) {
    if (!field.path.starts_with("/pod/spec")) continue;
    rows.append(field.path.substr(9)).append("=").append(field.value == nullptr ? "unset" : TreeText(field.value));
    rows.append(" ").append(LayerName(field.layer));
    for (const NodeRef& value : ShadowedOf(field)) {
      rows.append(" <").append(LayerName(value->layer)).append(" ").append(TreeText(value));
    }
    rows.append("\n");
  }
  return rows;
}

TEST(StrategicProvenance, FollowsElementsByKey) {
  EXPECT_EQ(Rows({"{containers: [{name: a, image: x}, {name: b, image: y}]}",
                  "{containers: [{name: b, image: z}, {name: c, image: w}]}"}),
            "/containers/0/image=\"x\" profile\n"
            "/containers/0/name=\"a\" profile\n"
            "/containers/1/image=\"z\" binding <profile \"y\"\n"
            "/containers/1/name=\"b\" binding <profile \"b\"\n"
            "/containers/2/image=\"w\" binding\n"
            "/containers/2/name=\"c\" binding\n");
  // The index is that of the result; the layers have their own.
  EXPECT_EQ(
      Rows({"{volumes: [{name: a, emptyDir: {}}, {name: b, emptyDir: {}}]}", "{volumes: [{name: a, $patch: delete}]}"}),
      "/volumes/0/emptyDir={} profile\n"
      "/volumes/0/name=\"b\" profile\n");
}

TEST(StrategicProvenance, ExplainsWhatIsGone) {
  EXPECT_EQ(Rows({"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: null}"}),
            "/volumes=unset binding <profile [{\"emptyDir\":{},\"name\":\"a\"}]\n");
  EXPECT_EQ(Rows({"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: []}"}),
            "/volumes=[] binding <profile [{\"emptyDir\":{},\"name\":\"a\"}]\n");
  EXPECT_EQ(Rows({"{volumes: [{name: a, emptyDir: {}}]}", "{volumes: [{name: a, $patch: delete}]}"}),
            "/volumes=[] binding <profile [{\"emptyDir\":{},\"name\":\"a\"}]\n");
  EXPECT_EQ(Rows({"{containers: [{name: c, image: x, env: [{name: A, value: v}]}]}",
                  "{containers: [{name: c, image: null, env: null}]}"}),
            "/containers/0/env=unset binding <profile [{\"name\":\"A\",\"value\":\"v\"}]\n"
            "/containers/0/image=unset binding <profile \"x\"\n"
            "/containers/0/name=\"c\" binding <profile \"c\"\n");
  EXPECT_EQ(
      Rows({"{securityContext: {fsGroup: 1, runAsUser: 2}}", "{securityContext: {$patch: replace, runAsUser: 3}}"}),
      "/securityContext/fsGroup=unset binding <profile 1\n"
      "/securityContext/runAsUser=3 binding <profile 2\n");
  EXPECT_EQ(Rows({"{securityContext: {fsGroup: 1}, priority: 1}", "{securityContext: {$patch: delete}}"}),
            "/priority=1 profile\n"
            "/securityContext/fsGroup=unset binding <profile 1\n");
  EXPECT_EQ(Rows({"{volumes: []}", "{$patch: replace, volumes: [{name: a, $patch: delete}]}"}),
            "/volumes=unset binding <profile []\n");
  // In an element that goes later, nothing is left to explain; in one that comes back, what it hid.
  EXPECT_EQ(Rows({"{containers: [{name: c, image: x}, {name: d, image: y}]}", "{containers: [{name: c, image: null}]}",
                  "{containers: [{name: c, $patch: delete}]}"}),
            "/containers/0/image=\"y\" profile\n"
            "/containers/0/name=\"d\" profile\n");
  EXPECT_EQ(Rows({"{containers: [{name: c, image: x}]}", "{containers: null}", "{containers: [{name: c, image: z}]}"}),
            "/containers/0/image=\"z\" sandbox <profile \"x\"\n"
            "/containers/0/name=\"c\" sandbox <profile \"c\"\n");
}

TEST(StrategicProvenance, HasNoRowForWhatAnAlternativeDisplaced) {
  EXPECT_EQ(
      Rows({"{volumes: [{name: v, emptyDir: {medium: Memory}}]}", "{volumes: [{name: v, hostPath: {path: /x}}]}"}),
      "/volumes/0/hostPath/path=\"/x\" binding\n"
      "/volumes/0/name=\"v\" binding <profile \"v\"\n");
  EXPECT_EQ(Rows({"{volumes: [{name: v, emptyDir: {medium: Memory}}]}", "{volumes: [{name: v, hostPath: {path: /x}}]}",
                  "{volumes: [{name: v, emptyDir: {medium: ''}}]}"}),
            "/volumes/0/emptyDir/medium=\"\" sandbox <profile \"Memory\"\n"
            "/volumes/0/name=\"v\" sandbox <binding \"v\" <profile \"v\"\n");
}

// What an earlier layer unset was not there to be displaced.
TEST(StrategicProvenance, KeepsTheRowOfWhatWasUnsetBefore) {
  EXPECT_EQ(Rows({"{volumes: [{name: v, emptyDir: {medium: Memory}}]}", "{volumes: [{name: v, emptyDir: null}]}",
                  "{volumes: [{name: v, hostPath: {path: /x}}]}"}),
            "/volumes/0/emptyDir/medium=unset binding <profile \"Memory\"\n"
            "/volumes/0/hostPath/path=\"/x\" sandbox\n"
            "/volumes/0/name=\"v\" sandbox <binding \"v\" <profile \"v\"\n");
}

TEST(StrategicProvenance, KnowsWhatEachLayerSays) {
  LayerStack stack;
  stack[static_cast<size_t>(Layer::kProfile)] = PodSpec("{securityContext: {fsGroup: 1}}", Layer::kProfile);
  stack[static_cast<size_t>(Layer::kBinding)] = PodSpec("{securityContext: {$patch: replace}}", Layer::kBinding);
  stack[static_cast<size_t>(Layer::kSandbox)] = PodSpec("{securityContext: {fsGroup: 2}}", Layer::kSandbox);
  for (const FieldProvenance& field : ExplainFields(stack)) {
    if (field.path != "/pod/spec/securityContext/fsGroup") continue;
    EXPECT_EQ(TreeText(field.said[static_cast<size_t>(Layer::kZone)]), "(none)");
    EXPECT_EQ(TreeText(field.said[static_cast<size_t>(Layer::kProfile)]), "1");
    EXPECT_EQ(TreeText(field.said[static_cast<size_t>(Layer::kBinding)]), "null");
    EXPECT_TRUE(field.said[static_cast<size_t>(Layer::kBinding)]->position.known());
    EXPECT_EQ(TreeText(field.said[static_cast<size_t>(Layer::kSandbox)]), "2");
    return;
  }
  FAIL() << "no row";
}

}  // namespace
}  // namespace berth
