// pod.spec against Kubernetes' own merge: random pods and patches, made from the field table, go through
// `kubectl patch --local` and through ours, and come out equal. What kubectl merges wrongly for our purpose is changed
// before it sees the input; these are the deviations of docs/semantics.md:
//
//   one-ofs           alternatives that the patch displaces are taken out of the pod (kubectl keeps both)
//   `[]`              of a list that merges becomes `[{$patch: replace}]` (kubectl ignores it)
//   `$patch: delete`  of an object becomes `null` (kubectl leaves `{}`)
//   new subtrees      lose their nulls and directives (kubectl copies them into the result), and lists of nothing but
//                     `$patch: delete` (kubectl has `[]`)
//   order             of lists that merge is not compared (kubectl puts new elements first)
//   two keys          a port's number decides its protocol here, a topology key its `whenUnsatisfiable` (kubectl looks at
//                     the first key only)
//
// BERTH_KUBECTL_PODS says how many pods are tried.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "berth/merge/merge.h"
#include "berth/spec/pod_field.h"
#include "berth/spec/pod_patch.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"
#include "tests/random_pod.h"

namespace berth {
namespace {

using Json = nlohmann::json;

const std::string kPatch(kPatchKey);

// Members of the table that kubectl 1.20 does not know, as `record name.member`; `*`: in every record.
const std::set<std::string, std::less<>> kNewerThanKubectl = {
    "pod spec.hostUsers",
    "pod spec.hostnameOverride",
    "pod spec.os",
    "pod spec.resourceClaims",
    "pod spec.resources",
    "pod spec.schedulingGates",
    "*.appArmorProfile",
    "*.claims",
    "*.clusterTrustBundle",
    "*.dataSourceRef",
    "*.fileKeyRef",
    "*.grpc",
    "*.hostProcess",
    "*.image/volume",
    "*.matchLabelKeys",
    "*.minDomains",
    "*.mismatchLabelKeys",
    "*.namespaceSelector",
    "*.nodeAffinityPolicy",
    "*.nodeTaintsPolicy",
    "*.podCertificate",
    "*.recursiveReadOnly",
    "*.resizePolicy",
    "*.restartPolicyRules",
    "*.seLinuxChangePolicy",
    "*.sleep",
    "*.stopSignal",
    "*.supplementalGroupsPolicy",
    "*.userAnnotations",
    "*.volumeAttributesClassName",
    "container.restartPolicy",
    "ephemeral container.restartPolicy",
    "probe.terminationGracePeriodSeconds",
    "volume.image",
};

bool Knows(const PodField& field) {
  const std::string name(field.name);
  return !kNewerThanKubectl.contains("*." + name) &&
         !kNewerThanKubectl.contains(std::string(PodRecordName(field.record)) + "." + name);
}

bool IsKeyed(const PodField* field) { return field != nullptr && field->type == PodType::kKeyedList; }
PodRecord RecordOf(const PodField* field) {
  return field != nullptr && (field->type == PodType::kRecord || IsKeyed(field)) ? field->members : PodRecord::kNone;
}
const PodField* FieldOf(PodRecord record, std::string_view name) {
  return record == PodRecord::kNone ? nullptr : FindPodField(record, name);
}
std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }
std::string KeyOf(const PodField& list, const Json& element) {
  const std::string key(list.merge_keys[0]);
  return element.contains(key) ? TextOf(element[key]) : std::string();
}
std::string DirectiveOf(const Json& value) { return value.is_object() ? value.value(kPatch, "") : ""; }

bool OnlyDeletes(const Json& value) {
  const auto deletes = [](const Json& item) { return DirectiveOf(item) == "delete"; };
  return deletes(value) || (value.is_array() && !value.empty() && std::ranges::all_of(value, deletes));
}

// What a value says where nothing is below it.
Json Settled(const Json& value) {
  Json settled = value;
  if (value.is_object()) {
    settled = Json::object();
    for (const auto& [name, member] : value.items()) {
      if (!member.is_null() && name != kPatch && !OnlyDeletes(member)) settled[name] = Settled(member);
    }
  } else if (value.is_array()) {
    settled = Json::array();
    for (const Json& item : value) {
      if (DirectiveOf(item).empty()) settled.push_back(Settled(item));
    }
  }
  return settled;
}

void NormaliseObject(PodRecord record, Json& pod, Json& patch);

void NormaliseElements(const PodField& list, Json& pod, Json& patch) {
  if (patch.empty()) {
    patch.push_back({{kPatch, "replace"}});
    return;
  }
  const bool replaces = std::ranges::any_of(patch, [](const Json& item) { return DirectiveOf(item) == "replace"; });
  for (Json& item : patch) {
    if (!DirectiveOf(item).empty()) continue;
    const auto same = [&](const Json& other) { return KeyOf(list, other) == KeyOf(list, item); };
    const auto below = std::ranges::find_if(pod, same);
    if (replaces || below == pod.end()) {
      item = Settled(item);
    } else {
      NormaliseObject(list.members, *below, item);
    }
  }
}

// Changes a pod and a patch so that kubectl gives what the law asks for.
void NormaliseObject(PodRecord record, Json& pod, Json& patch) {
  const auto is_alternative = [&](const std::string& name) {
    const PodField* field = FieldOf(record, name);
    return field != nullptr && !field->union_group.empty();
  };
  for (const auto& [name, member] : patch.items()) {
    if (!is_alternative(name) || member.is_null() || DirectiveOf(member) == "delete") continue;
    for (const PodField& other : PodFieldsOf(record)) {
      if (other.name != name && is_alternative(std::string(other.name))) pod.erase(std::string(other.name));
    }
  }
  const bool replaces = DirectiveOf(patch) == "replace";  // then its nulls have nothing to remove
  for (auto member = patch.begin(); member != patch.end(); ++member) {
    const std::string& name = member.key();
    const PodField* field = FieldOf(record, name);
    if (name == kPatch) continue;
    const bool is_new = replaces || !pod.contains(name);
    if (DirectiveOf(*member) == "delete" || (is_new && OnlyDeletes(*member))) *member = nullptr;
    if (member->is_null()) continue;
    if (is_new) {
      *member = Settled(*member);
    } else if (member->is_object() && pod[name].is_object()) {
      NormaliseObject(RecordOf(field), pod[name], *member);
    } else if (IsKeyed(field)) {
      NormaliseElements(*field, pod[name], *member);
    }
  }
  for (auto member = patch.begin(); replaces && member != patch.end();) {
    member = member->is_null() ? patch.erase(member) : std::next(member);
  }
}

// Lists that merge, sorted by key.
void SortElements(PodRecord record, Json& object) {
  for (auto& [name, member] : object.items()) {
    const PodField* field = FieldOf(record, name);
    if (member.is_object()) SortElements(RecordOf(field), member);
    if (!IsKeyed(field) || !member.is_array()) continue;
    for (Json& item : member) SortElements(field->members, item);
    std::sort(member.begin(), member.end(),
              [&](const Json& a, const Json& b) { return KeyOf(*field, a) < KeyOf(*field, b); });
  }
}

NodeRef SpecOfJson(const Json& spec, Layer layer) {
  const Decoded decoded = DecodeText(Record::kSpec, spec.dump(), layer, "a.json");
  EXPECT_TRUE(decoded.valid) << spec << IssueText(decoded.issues);
  return decoded.node;
}

NodeRef LayerOf(const Json& pod_spec, Layer layer) { return SpecOfJson({{"pod", {{"spec", pod_spec}}}}, layer); }

// Outside pod.spec a result holds no empty records and maps.
Json WithoutEmptyMaps(const Json& value) {
  if (!value.is_object()) return value;
  Json kept = Json::object();
  for (const auto& [key, member] : value.items()) {
    Json finished = WithoutEmptyMaps(member);
    if (!finished.is_object() || !finished.empty()) kept[key] = std::move(finished);
  }
  return kept;
}

Json Merged(const Json& pod, const Json& patch) {
  const std::array<NodeRef, 2> layers = {LayerOf(pod, Layer::kProfile), LayerOf(patch, Layer::kBinding)};
  const NodeRef merged = MergeLayers(layers);
  const Node* spec = At(merged.get(), {"pod", "spec"});
  if (spec == nullptr) return Json::object();
  std::string text;
  AppendTree(*spec, text);
  return Json::parse(text);
}

class Kubectl {
 public:
  Kubectl() {
    std::string folder = (std::filesystem::temp_directory_path() / "berth-kubectl-XXXXXX").string();
    folder_ = mkdtemp(folder.data()) == nullptr ? "" : folder;
  }
  ~Kubectl() { std::filesystem::remove_all(folder_); }
  Kubectl(const Kubectl&) = delete;
  Kubectl& operator=(const Kubectl&) = delete;

  // The spec of an object of the kind after the patch.
  Json Patch(std::string_view type, std::string_view kind, const Json& spec, const Json& patch) const {
    const Json pod = {{"apiVersion", "v1"}, {"kind", kind}, {"metadata", {{"name", "p"}}}, {"spec", spec}};
    std::ofstream(folder_ / "pod.json") << pod;
    // kubectl 1.20 has no --patch-file; patches here hold no `'`.
    const std::string command = "kubectl patch --local --type=" + std::string(type) + " -o json -f " +
                                (folder_ / "pod.json").string() + " -p '" + Json({{"spec", patch}}).dump() + "' > " +
                                (folder_ / "out.json").string() + " 2> " + (folder_ / "err").string();
    if (std::system(command.c_str()) != 0) {  // NOLINT: a test's own command
      std::ostringstream error;
      error << std::ifstream(folder_ / "err").rdbuf();
      ADD_FAILURE() << "kubectl: " << error.str() << "\npatch " << patch;
      return {};
    }
    return Json::parse(std::ifstream(folder_ / "out.json")).value("spec", Json::object());
  }

 private:
  std::filesystem::path folder_;
};

int PodCount() {
  const char* text = std::getenv("BERTH_KUBECTL_PODS");
  return text == nullptr ? 100 : std::atoi(text);  // NOLINT: a test's own setting
}

class KubectlDifferential : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v kubectl > /dev/null") != 0) FAIL() << "kubectl is missing: see packaging/packages.txt";
  }
  Kubectl kubectl_;
};

TEST_F(KubectlDifferential, StrategicMergeAgrees) {
  for (int seed = 0; seed < PodCount() && !HasFailure(); ++seed) {
    Random random(static_cast<uint64_t>(seed));
    const Json pod = MakeRandomPodSpec(random, {false, Knows});
    const Json patch = MakeRandomPodSpec(random, {true, Knows});
    Json ours = Merged(pod, patch);
    SortElements(PodRecord::kPodSpec, ours);
    Json kubectl_pod = pod;
    Json kubectl_patch = patch;
    NormaliseObject(PodRecord::kPodSpec, kubectl_pod, kubectl_patch);
    Json theirs = kubectl_.Patch("strategic", "Pod", kubectl_pod, kubectl_patch);
    SortElements(PodRecord::kPodSpec, theirs);
    ASSERT_EQ(theirs, ours) << "seed " << seed << "\npod   " << pod << "\npatch " << patch << "\nkubectl's patch "
                            << kubectl_patch << "\n"
                            << Json::diff(theirs, ours);
  }
}

// Outside pod.spec, where no two things exclude each other, the merge is JSON Merge Patch. kubectl merges kinds it does
// not know as they are, so a whole spec can go through it.
TEST_F(KubectlDifferential, MergePatchAgrees) {
  const auto pick = [](Random& random, const std::vector<Json>& values) { return values[random.Below(values.size())]; };
  const auto make = [&](Random& random, bool patch) {
    Json spec = Json::object();
    const auto maybe = [&](const char* pointer, const std::vector<Json>& values) {
      const Json::json_pointer at(pointer);
      if (!random.Chance(45) || (spec.contains(at.parent_pointer()) && !spec[at.parent_pointer()].is_object())) return;
      spec[at] = patch && random.Chance(20) ? Json() : pick(random, values);
    };
    maybe("/container_image", {"debian", "python:3.11"});
    maybe("/tags", {Json::array(), {"a"}, {"b", "c"}});
    maybe("/instance_types", {Json::array(), {"h100"}});
    for (const char* map :
         {"/node_selector", "/namespace/labels", "/pod/metadata/labels", "/pod/metadata/annotations"}) {
      for (const char* key : {"/x", "/y"}) maybe((std::string(map) + key).c_str(), {"1", "2"});
      if (patch && random.Chance(10)) spec[Json::json_pointer(map)] = nullptr;
    }
    if (spec.contains("/namespace"_json_pointer)) maybe("/namespace/strategy", {"per-org", "per-user"});
    maybe("/network/egress/default", {"a", "b"});
    maybe("/network/ingress/web/scope", {"org", "any"});
    maybe("/network/ingress/web/service/serviceType", {"NodePort", "LoadBalancer"});
    return spec;
  };
  for (int seed = 0; seed < PodCount() / 4 && !HasFailure(); ++seed) {
    Random random(static_cast<uint64_t>(seed));
    const Json lower = make(random, false);
    const Json higher = make(random, true);
    const std::array<NodeRef, 2> layers = {SpecOfJson(lower, Layer::kProfile), SpecOfJson(higher, Layer::kBinding)};
    const NodeRef merged = MergeLayers(layers);
    const Json ours = merged == nullptr ? Json::object() : Json::parse(TreeText(merged));
    ASSERT_EQ(WithoutEmptyMaps(kubectl_.Patch("merge", "Spec", lower, higher)), ours) << lower << "\n" << higher;
  }
}

}  // namespace
}  // namespace berth
