#include "berth/validate/override_path.h"

#include <algorithm>
#include <array>

#include "berth/spec/field.h"
#include "berth/spec/pod_field.h"
#include "berth/spec/pod_patch.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"

namespace berth {
namespace {

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = path.find('.', begin);
    parts.push_back(path.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

// Members of a PodSpec that no organization can open, wherever the path stops.
constexpr std::array<std::string_view, 5> kClosedPodFields = {"securityContext", "hostNetwork", "hostPID", "hostIPC",
                                                              "hostUsers"};
constexpr std::array<std::string_view, 3> kContainerLists = {"containers", "initContainers", "ephemeralContainers"};

// Whether `keys` below pod.spec, without list indices, is or lies below something that is never open.
bool NeverOpenInPod(std::span<const std::string_view> keys) {
  if (keys.empty()) return false;
  if (std::ranges::find(kClosedPodFields, keys[0]) != kClosedPodFields.end()) return true;
  if (keys.size() < 2) return false;
  if (keys[0] == "volumes") return keys[1] == "hostPath";
  return std::ranges::find(kContainerLists, keys[0]) != kContainerLists.end() && keys[1] == "securityContext";
}

// Whether something that is never open stands below `keys`, so that removing all of it would remove that too.
bool HoldsNeverOpen(std::span<const std::string_view> keys) {
  if (keys.empty()) return true;
  return keys.size() == 1 &&
         (keys[0] == "volumes" || std::ranges::find(kContainerLists, keys[0]) != kContainerLists.end());
}

// A path in canonical spelling, with the row it ends in.
struct CanonicalPath {
  std::string text;
  bool known = true;
  bool never = false;
  std::string_view unknown_part;
  Record unknown_in = Record::kNone;
};

CanonicalPath Canonical(std::string_view path) {
  CanonicalPath canonical;
  const std::vector<std::string_view> parts = Split(path);
  Record record = Record::kSpec;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Field* field = record == Record::kNone ? nullptr : FindField(record, parts[i]);
    if (field == nullptr) {
      canonical.known = false;
      canonical.unknown_part = parts[i];
      canonical.unknown_in = record;
      return canonical;
    }
    canonical.text.append(canonical.text.empty() ? "" : ".").append(field->name);
    canonical.never = canonical.never || field->launch != LaunchAccess::kOpenable;
    record = field->members;
    const std::span<const std::string_view> rest = std::span(parts).subspan(i + 1);
    if (field->type == FieldType::kOpenTree) {
      canonical.never = canonical.never || NeverOpenInPod(rest);
      for (std::string_view part : rest) canonical.text.append(".").append(part);
      canonical.known = std::ranges::none_of(rest, [](std::string_view part) { return part.empty(); });
      return canonical;
    }
  }
  return canonical;
}

// Whether removing the whole value would also remove something that is never open.
bool HoldsClosedFields(const Field& field) {
  if (field.type == FieldType::kOpenTree) return true;
  if (field.type != FieldType::kRecord) return false;
  return std::ranges::any_of(FieldsOf(field.members), [](const Field& member) {
    return member.launch != LaunchAccess::kOpenable || HoldsClosedFields(member);
  });
}

// `{}` says nothing, and neither does a map of such; what could not be decoded is reported elsewhere.
bool HoldsLeaf(const Node& node) {
  if (!node.is_map()) return node.kind != NodeKind::kInvalid;
  if (node.resets) return true;
  return std::ranges::any_of(node.members, [](const Member& member) { return HoldsLeaf(*member.value); });
}

bool Covers(std::string_view opened, std::string_view path) {
  return path.starts_with(opened) && (path.size() == opened.size() || path[opened.size()] == '.');
}

class ClosedPathFinder {
 public:
  explicit ClosedPathFinder(std::span<const std::string_view> opened) {
    for (std::string_view path : opened) {
      const CanonicalPath canonical = Canonical(path);
      if (canonical.known && !canonical.never) opened_.push_back(canonical.text);
    }
  }

  std::optional<std::string> Find(const Node& node, Record record, const std::string& path) {
    for (const Member& member : node.members) {
      const Field* field = FindField(record, member.key);
      if (field == nullptr) continue;  // refused while decoding
      const std::string below = path.empty() ? member.key : path + "." + member.key;
      const Node& value = *member.value;
      std::optional<std::string> closed;
      if (field->type == FieldType::kRecord && value.is_map()) {
        closed = Find(value, field->members, below);
      } else if (field->type == FieldType::kOpenTree && value.is_map()) {
        closed = FindInPod(value, below);
      } else if (HoldsLeaf(value)) {
        const bool closable = field->launch != LaunchAccess::kOpenable || HoldsClosedFields(*field);
        if (closable || !IsOpen(below)) closed = below;
      }
      if (closed.has_value()) return closed;
    }
    return std::nullopt;
  }

 private:
  bool IsOpen(std::string_view path) const {
    return std::ranges::any_of(opened_, [&](const std::string& opened) { return Covers(opened, path); });
  }

  // Each member of pod.spec is one field: what is closed below it is named by it. A directive acts on all of them.
  std::optional<std::string> FindInPod(const Node& pod_spec, const std::string& path) const {
    for (const Member& member : pod_spec.members) {
      if (IsDirectiveKey(member.key)) return path;
      const std::string below = path + "." + member.key;
      std::vector<std::string_view> keys = {member.key};
      if (HoldsClosedLeaf(*member.value, FindPodField(PodRecord::kPodSpec, member.key), below, keys)) return below;
    }
    return std::nullopt;
  }

  // `keys` is the path below pod.spec, in which elements of lists that merge stand under their list; `field` is its row
  // in the table, or null.
  bool HoldsClosedLeaf(const Node& node, const PodField* field, const std::string& path,
                       std::vector<std::string_view>& keys) const {
    if (node.is_map()) {
      const PodRecord record = field == nullptr ? PodRecord::kNone : field->members;
      for (const Member& member : node.members) {
        if (IsDirectiveKey(member.key)) {
          if (IsClosed(path, keys, /*removes=*/true)) return true;
          continue;
        }
        keys.push_back(member.key);
        const PodField* below = record == PodRecord::kNone ? nullptr : FindPodField(record, member.key);
        const std::string place = path + "." + member.key;
        // An alternative displaces the others, also as `{}`.
        const bool chooses = below != nullptr && !below->union_group.empty() && member.value->is_map();
        if (chooses && IsClosed(place, keys, /*removes=*/false)) return true;
        if (HoldsClosedLeaf(*member.value, below, place, keys)) return true;
        keys.pop_back();
      }
      return false;
    }
    if (field != nullptr && field->type == PodType::kKeyedList && !node.items.empty()) {
      return std::ranges::any_of(node.items,
                                 [&](const NodeRef& item) { return HoldsClosedLeaf(*item, field, path, keys); });
    }
    return IsClosed(path, keys, node.is_null() || (node.is_list() && node.items.empty()));
  }

  bool IsClosed(const std::string& path, std::span<const std::string_view> keys, bool removes) const {
    return NeverOpenInPod(keys) || (removes && HoldsNeverOpen(keys)) || !IsOpen(path);
  }

  std::vector<std::string> opened_;
};

}  // namespace

OverridePathCheck CheckOverridePath(std::string_view path) {
  OverridePathCheck check;
  const CanonicalPath canonical = Canonical(path);
  if (!canonical.known) {
    check.message = "path " + Quoted(path) + " names no field of a profile spec";
    std::vector<std::string_view> names;
    for (const Field& field : FieldsOf(canonical.unknown_in)) names.push_back(field.name);
    const std::string_view nearest = NearestName(canonical.unknown_part, names);
    if (!nearest.empty()) check.suggestion = "did you mean " + Quoted(nearest) + "?";
  } else if (canonical.never) {
    check.code = IssueCode::kClosedOverridePath;
    check.message = Quoted(path) + " is closed to launches in every organization";
  }
  return check;
}

OverridePathCheck OverridePathAdvice(std::string_view path) {
  constexpr std::string_view kPodSpec = "pod.spec.";
  constexpr std::pair<std::string_view, std::string_view> kFolded[] = {{"nodeSelector", "node_selector"},
                                                                       {"runtimeClassName", "runtime_class"}};
  OverridePathCheck advice;
  advice.code = IssueCode::kInertOverridePath;
  if (!path.starts_with(kPodSpec)) return advice;
  const std::vector<std::string_view> parts = Split(path.substr(kPodSpec.size()));
  for (const auto& [name, structured] : kFolded) {
    if (parts[0] != name) continue;
    advice.message = Quoted(path) + " opens nothing: it folds into " + Quoted(structured);
    advice.suggestion = "open " + Quoted(structured);
    return advice;
  }
  PodRecord record = PodRecord::kPodSpec;
  for (std::string_view part : parts) {
    if (record == PodRecord::kNone) return advice;  // user's keys, or what no table knows
    const PodField* field = FindPodField(record, part);
    if (field != nullptr) {
      record = field->members;
      continue;
    }
    if (part.find_first_not_of("0123456789") == std::string_view::npos) {
      advice.message = Quoted(path) + " opens nothing: elements of a list stand under the path of their list";
      advice.suggestion = "leave out " + Quoted(part);
      return advice;
    }
    std::vector<std::string_view> names;
    for (const PodField& row : PodFieldsOf(record)) names.push_back(row.name);
    advice.code = IssueCode::kUnknownPodField;
    advice.message = "berth knows no field " + Quoted(part) + " of the " + std::string(PodRecordName(record));
    if (const std::string_view nearest = NearestName(part, names); !nearest.empty()) {
      advice.suggestion = "did you mean " + Quoted(nearest) + "?";
    }
    return advice;
  }
  return advice;
}

const Node* DisplacedHostPath(const Node* effective, const Node* resolved) {
  const PodField* list = FindPodField(PodRecord::kPodSpec, "volumes");
  const Node* before = At(effective, {"pod", "spec", "volumes"});
  const Node* after = At(resolved, {"pod", "spec", "volumes"});
  if (before == nullptr) return nullptr;
  for (const NodeRef& volume : before->items) {
    const NodeRef* host_path = volume->Find("hostPath");
    const std::optional<std::string> key = ElementKey(*list, *volume);
    if (host_path == nullptr || !key.has_value()) continue;
    const std::optional<size_t> place = after == nullptr ? std::nullopt : FindElement(*list, *after, *key);
    const NodeRef* kept = place.has_value() ? after->items[*place]->Find("hostPath") : nullptr;
    if (kept == nullptr || !SameValue(**kept, **host_path)) return volume.get();
  }
  return nullptr;
}

std::optional<std::string> FirstClosedPath(const Node& overrides, std::span<const std::string_view> opened) {
  return ClosedPathFinder(opened).Find(overrides, Record::kSpec, {});
}

}  // namespace berth
