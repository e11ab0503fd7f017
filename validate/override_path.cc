#include "berth/validate/override_path.h"

#include <algorithm>

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

// A place below pod.spec, where elements of lists that merge stand under their list.
struct PodPlace {
  const PodField* field = nullptr;  // null: pod.spec itself, or what the table does not know
  PodRecord record = PodRecord::kPodSpec;
  bool closed = false;  // it is, or stands in, what can never be opened

  [[nodiscard]] PodPlace Member(std::string_view name) const {
    const PodField* member = record == PodRecord::kNone ? nullptr : FindPodField(record, name);
    return {member, member == nullptr ? PodRecord::kNone : member->members,
            closed || (member != nullptr && member->closed)};
  }
};

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
      PodPlace place;
      for (std::string_view part : rest) {
        canonical.text.append(".").append(part);
        place = place.Member(part);
      }
      canonical.never = canonical.never || place.closed;
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
      if (HoldsClosedLeaf(*member.value, PodPlace().Member(member.key), below)) return below;
    }
    return std::nullopt;
  }

  bool HoldsClosedLeaf(const Node& node, const PodPlace& place, const std::string& path) const {
    if (node.is_map()) {
      return std::ranges::any_of(node.members, [&](const Member& member) {
        if (IsDirectiveKey(member.key)) return IsClosed(path, place, /*removes=*/true);
        const PodPlace below = place.Member(member.key);
        const std::string below_path = path + "." + member.key;
        // An alternative displaces the others, also as `{}`.
        const bool chooses = below.field != nullptr && !below.field->union_group.empty() && member.value->is_map();
        return (chooses && IsClosed(below_path, below, /*removes=*/false)) ||
               HoldsClosedLeaf(*member.value, below, below_path);
      });
    }
    if (place.field != nullptr && place.field->type == PodType::kKeyedList && !node.items.empty()) {
      return std::ranges::any_of(node.items, [&](const NodeRef& item) { return HoldsClosedLeaf(*item, place, path); });
    }
    return IsClosed(path, place, node.is_null() || (node.is_list() && node.items.empty()));
  }

  // What removes needs everything below it to be open.
  bool IsClosed(const std::string& path, const PodPlace& place, bool removes) const {
    return place.closed || (removes && HoldsClosedField(place.record)) || !IsOpen(path);
  }

  std::vector<std::string> opened_;
};

std::optional<ClosedLoss> LossIn(const Node& before, const Node* after, PodRecord record, const std::string& path) {
  for (const Member& member : before.members) {
    const PodField* field = FindPodField(record, member.key);
    if (field == nullptr || !(field->closed || HoldsClosedField(field->members))) continue;
    const std::string below = path + "." + member.key;
    const NodeRef* found = after == nullptr ? nullptr : after->Find(member.key);
    const Node* kept = found == nullptr ? nullptr : found->get();
    std::optional<ClosedLoss> loss;
    if (field->closed) {
      if (kept == nullptr || !SameValue(*kept, *member.value)) loss = ClosedLoss{below, member.value->layer};
    } else if (field->type == PodType::kKeyedList) {
      for (const NodeRef& item : member.value->items) {
        const std::optional<std::string> key = ElementKey(*field, *item);
        const auto place = kept == nullptr || !key.has_value() ? std::nullopt : FindElement(*field, *kept, *key);
        loss = LossIn(*item, place.has_value() ? kept->items[*place].get() : nullptr, field->members, below);
        if (loss.has_value()) break;
      }
    } else {
      loss = LossIn(*member.value, kept, field->members, below);
    }
    if (loss.has_value()) return loss;
  }
  return std::nullopt;
}

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

std::optional<ClosedLoss> FindClosedLoss(const Node* effective, const Node* resolved) {
  const Node* before = At(effective, {"pod", "spec"});
  if (before == nullptr) return std::nullopt;
  return LossIn(*before, At(resolved, {"pod", "spec"}), PodRecord::kPodSpec, "pod.spec");
}

std::optional<std::string> FirstClosedPath(const Node& overrides, std::span<const std::string_view> opened) {
  return ClosedPathFinder(opened).Find(overrides, Record::kSpec, {});
}

}  // namespace berth
