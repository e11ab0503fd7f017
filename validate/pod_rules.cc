#include "berth/validate/pod_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "berth/spec/field_path.h"
#include "berth/spec/limits.h"
#include "berth/spec/pod_field.h"
#include "berth/spec/pod_patch.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"
#include "berth/validate/image.h"
#include "berth/validate/names.h"

namespace berth {
namespace {

bool IsSet(const Node* node) { return node != nullptr && !node->is_null(); }

const Node* MemberOf(const Node& map, std::string_view key) {
  const NodeRef* found = map.Find(key);
  return found == nullptr ? nullptr : found->get();
}

std::string_view KindName(const Node& node) {
  switch (node.kind) {
    case NodeKind::kBool:
      return "a boolean";
    case NodeKind::kNumber:
      return "a number";
    case NodeKind::kString:
      return "text";
    case NodeKind::kQuantity:
      return "a quantity";
    case NodeKind::kList:
      return "a list";
    case NodeKind::kMap:
      return "a mapping";
    case NodeKind::kNull:
    case NodeKind::kInvalid:
      break;
  }
  return "null";
}

// Calls `use` for each of the blank-separated words.
template <typename Use>
void ForEachWord(std::string_view words, Use use) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    use(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

bool IsOneOf(std::string_view values, std::string_view text) {
  bool found = false;
  ForEachWord(values, [&](std::string_view value) {
    const bool open = value.ends_with('*');
    if (open) value.remove_suffix(1);
    found = found || (open ? text.size() > value.size() && text.starts_with(value) : text == value);
  });
  return found;
}

std::optional<int64_t> DecimalInteger(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// YAML 1.1 reads `0644` as octal, and YAML 1.2 reads `0o644` so; neither is a number here.
std::string OctalSuggestion(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return {};
  const std::string_view digits = text.substr(text[1] == 'o' ? 2 : 1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 8);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return {};
  return "write `" + std::to_string(number) + "` if octal " + std::string(digits) + " is meant";
}

// The resources that Kubernetes itself knows; others have a domain (`nvidia.com/gpu`).
constexpr std::string_view kResources[] = {"cpu", "memory", "ephemeral-storage", "storage"};

bool IsKnownResource(std::string_view resource) {
  return std::ranges::find(kResources, resource) != std::end(kResources) || resource.starts_with("hugepages-") ||
         resource.find('/') != std::string_view::npos;
}

bool CountsBytes(std::string_view resource) {
  return resource == "memory" || resource == "ephemeral-storage" || resource == "storage" ||
         resource.starts_with("hugepages-");
}

// Devices and the like, which Kubernetes counts in whole numbers.
bool IsExtendedResource(std::string_view resource) {
  return resource.find('/') != std::string_view::npos && !IsKubernetesKey(resource);
}

// What may be done with a map by a directive.
enum class Slot : uint8_t {
  kObject,   // it merges with the one below: `delete`, `replace`
  kElement,  // of a keyed list: `delete`, or `replace` for the list
  kWhole,    // it is part of a list that is replaced whole: nothing
};

class PodChecker {
 public:
  PodChecker(const Place& place, Layer layer, std::vector<Issue>& issues)
      : file_(place.file), path_(place.path, place.field), layer_(layer), issues_(issues), before_(issues.size()) {}

  void CheckRecord(const Node& node, PodRecord record, Slot slot);

 private:
  [[nodiscard]] bool IsFull() const { return issues_.size() - before_ > kMaxIssues; }
  void Report(IssueCode code, Position at, std::string message, std::string suggestion = {});
  void WrongType(const Node& node, std::string_view wanted, std::string suggestion = {});
  // Reports `expectation` about `text` unless it is empty.
  void Expect(IssueCode code, Position at, std::string_view text, std::string_view expectation);

  bool IsBounded(const Node& value);
  void CheckDirective(const Node& map, const Member& member, Slot slot);
  void CheckUnknownField(PodRecord record, const Member& member);
  void CheckUnknownValue(const Node& value, Slot slot);
  void CheckUnions(const Node& map, PodRecord record);

  void CheckField(const PodField& field, const Node& value, Slot slot);
  void CheckText(const PodField& field, const Node& value);
  void CheckFormat(PodFormat format, const Node& value);
  void CheckVariableName(const Node& value);
  void CheckInteger(const PodField& field, const Node& value);
  void CheckQuantity(const Node& value, std::string_view resource, bool bytes);
  void CheckPort(const PodField& field, const Node& value);
  void CheckMap(const PodField& field, const Node& value, Slot slot);
  void CheckMapEntry(const PodField& field, const Member& member);
  void CheckList(const PodField& field, const Node& value, Slot slot);
  // An element's merge keys as one text; nothing when it has none, which is reported.
  std::optional<std::string> KeyOf(const PodField& list, const Node& element);
  void CheckKeys(const PodField& list, const Node& value);

  std::string_view file_;
  FieldPath path_;
  Layer layer_;
  std::vector<Issue>& issues_;
  size_t warnings_ = 0;
  size_t before_;  // issues that stood there before: each pod spec has its own bound, so no error is lost unsaid
};

void PodChecker::Report(IssueCode code, Position at, std::string message, std::string suggestion) {
  if (IsFull()) return;
  // Warnings do not use up the room for what refuses the layer.
  if (InfoOf(code).level != IssueLevel::kError && ++warnings_ > kMaxIssues / 2) return;
  Issue& issue = issues_.emplace_back();
  issue.file = file_;
  issue.position = at;
  issue.layer = layer_;
  if (IsFull()) {
    issue.code = IssueCode::kLimitExceeded;
    issue.message = "more issues are left out: mend the first " + std::to_string(kMaxIssues);
    return;
  }
  issue.code = code;
  issue.message = std::move(message);
  issue.path = path_.Pointer();
  issue.field = path_.Field();
  issue.suggestion = std::move(suggestion);
}

void PodChecker::WrongType(const Node& node, std::string_view wanted, std::string suggestion) {
  std::string message = "expected ";
  message.append(wanted).append(", found ").append(KindName(node));
  if (!node.text.empty()) message.append(" ").append(Quoted(node.text));
  Report(IssueCode::kWrongType, node.position, std::move(message), std::move(suggestion));
}

void PodChecker::Expect(IssueCode code, Position at, std::string_view text, std::string_view expectation) {
  if (!expectation.empty()) Report(code, at, Quoted(text).append(" ").append(expectation));
}

// Whether the list or map keeps to its limit; without one, work on hostile layers would grow with their square.
bool PodChecker::IsBounded(const Node& value) {
  const size_t most = value.is_list() ? kMaxListItems : kMaxMapEntries;
  const size_t count = value.items.size() + value.members.size();
  if (count <= most) return true;
  Report(IssueCode::kLimitExceeded, value.position,
         std::to_string(count) + (value.is_list() ? " items are" : " entries are") + " above the limit of " +
             std::to_string(most));
  return false;
}

void PodChecker::CheckRecord(const Node& node, PodRecord record, Slot slot) {
  if (!IsBounded(node)) return;
  for (const Member& member : node.members) {
    const FieldPath::Step step(path_, member.key, member.key);
    if (IsDirectiveKey(member.key)) {
      CheckDirective(node, member, slot);
      continue;
    }
    const PodField* field = FindPodField(record, member.key);
    if (field == nullptr) {
      CheckUnknownField(record, member);
      CheckUnknownValue(*member.value, slot);
    } else {
      CheckField(*field, *member.value, slot);
    }
  }
  CheckUnions(node, record);
}

void PodChecker::CheckDirective(const Node& map, const Member& member, Slot slot) {
  const auto refuse = [&](std::string message) {
    Report(IssueCode::kPodDirective, member.position, std::move(message));
  };
  if (member.key != kPatchKey) {
    return refuse("the directive " + Quoted(member.key) + " is for tools; `$patch` is the one to write");
  }
  if (member.value->kind == NodeKind::kInvalid) return;
  const std::string_view text = member.value->text;
  if (member.value->kind != NodeKind::kString || (text != "delete" && text != "replace")) {
    return refuse("`$patch` takes `delete` or `replace`");
  }
  if (slot == Slot::kWhole) {
    return refuse("this list replaces the one below as a whole; `$patch` has nothing to act on in it");
  }
  if (slot == Slot::kElement && text == "replace" && map.members.size() > 1) {
    refuse("`$patch: replace` replaces the whole list, and stands in an element of its own");
  }
}

void PodChecker::CheckUnknownField(PodRecord record, const Member& member) {
  if (IsFull()) return;  // suggestions cost time
  std::vector<std::string_view> names;
  for (const PodField& row : PodFieldsOf(record)) names.push_back(row.name);
  const std::string_view nearest = NearestName(member.key, names);
  std::string message = "berth knows no field ";
  message.append(Quoted(member.key))
      .append(" of the ")
      .append(PodRecordName(record))
      .append("; the cluster may know it");
  Report(IssueCode::kUnknownPodField, member.position, std::move(message),
         nearest.empty() ? std::string() : "did you mean " + Quoted(nearest) + "?");
}

// Nothing is judged but directives.
void PodChecker::CheckUnknownValue(const Node& value, Slot slot) {
  if (!IsBounded(value)) return;
  const Slot below = slot == Slot::kWhole ? Slot::kWhole : Slot::kObject;
  for (const Member& member : value.members) {
    const FieldPath::Step step(path_, member.key, member.key);
    if (IsDirectiveKey(member.key)) {
      CheckDirective(value, member, below);
    } else {
      CheckUnknownValue(*member.value, below);
    }
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    const FieldPath::Step step(path_, i);
    CheckUnknownValue(*value.items[i], Slot::kWhole);
  }
}

void PodChecker::CheckUnions(const Node& map, PodRecord record) {
  // No record has two groups.
  std::string_view first;
  for (const Member& member : map.members) {
    const PodField* field = FindPodField(record, member.key);
    if (field == nullptr || field->union_group.empty()) continue;
    if (!IsSet(member.value.get()) || DirectiveOf(*member.value) == PatchDirective::kDelete) continue;
    if (first.empty()) {
      first = member.key;
      continue;
    }
    const FieldPath::Step step(path_, member.key, member.key);
    std::string message(Quoted(first));
    message.append(" and ").append(Quoted(member.key)).append(" exclude each other: the ");
    message.append(PodRecordName(record)).append(" takes one ").append(field->union_group);
    Report(IssueCode::kPodAlternatives, member.position, std::move(message), "keep one of them");
  }
}

void PodChecker::CheckField(const PodField& field, const Node& value, Slot slot) {
  if (value.is_null() || value.kind == NodeKind::kInvalid) return;
  switch (field.type) {
    case PodType::kString:
      return CheckText(field, value);
    case PodType::kBool:
      if (value.kind != NodeKind::kBool) WrongType(value, "`true` or `false`", "write it without quotes");
      return;
    case PodType::kInteger:
      return CheckInteger(field, value);
    case PodType::kQuantity:
      return CheckQuantity(value, {}, field.format == PodFormat::kBytes);
    case PodType::kIntegerOrString:
      return CheckPort(field, value);
    case PodType::kRecord:
      if (!value.is_map())
        return WrongType(value, std::string("a mapping (").append(PodRecordName(field.members)) + ")");
      return CheckRecord(value, field.members, slot == Slot::kWhole ? Slot::kWhole : Slot::kObject);
    case PodType::kStringMap:
    case PodType::kQuantityMap:
      if (!value.is_map()) return WrongType(value, "a mapping");
      return CheckMap(field, value, slot == Slot::kWhole ? Slot::kWhole : Slot::kObject);
    case PodType::kStringList:
    case PodType::kIntegerList:
    case PodType::kRecordList:
    case PodType::kKeyedList:
      if (!value.is_list()) return WrongType(value, "a list");
      return CheckList(field, value, slot);
  }
}

void PodChecker::CheckText(const PodField& field, const Node& value) {
  if (value.kind != NodeKind::kString) {
    const bool scalar = value.kind == NodeKind::kBool || value.kind == NodeKind::kNumber;
    return WrongType(value, "text", scalar ? "write `\"" + value.text + "\"`" : std::string());
  }
  if (value.text.empty()) return;  // means the default; where it is a merge key, CheckKeys has a say
  if (!field.values.empty() && !IsOneOf(field.values, value.text)) {
    std::vector<std::string_view> values;
    ForEachWord(field.values, [&](std::string_view word) { values.push_back(word); });
    std::string message = values.size() == 1 ? "expected " : "expected one of ";
    for (size_t i = 0; i < values.size(); ++i) message.append(i == 0 ? "" : ", ").append(Quoted(values[i]));
    const std::string_view nearest = NearestName(value.text, values);
    return Report(IssueCode::kUnknownValue, value.position, message + ", found " + Quoted(value.text),
                  nearest.empty() ? std::string() : "did you mean " + Quoted(nearest) + "?");
  }
  CheckFormat(field.format, value);
}

void PodChecker::CheckFormat(PodFormat format, const Node& value) {
  const std::string_view text = value.text;
  switch (format) {
    case PodFormat::kText:
    case PodFormat::kLabels:
    case PodFormat::kAnnotations:
    case PodFormat::kBytes:
      return;
    case PodFormat::kDnsLabel:
      return Expect(IssueCode::kInvalidName, value.position, text, CheckDns1123Label(text));
    case PodFormat::kDnsSubdomain:
      return Expect(IssueCode::kInvalidName, value.position, text, CheckDns1123Subdomain(text));
    case PodFormat::kLabelKey:
      return Expect(IssueCode::kInvalidLabel, value.position, text, CheckLabelKey(text));
    case PodFormat::kPortName:
      return Expect(IssueCode::kInvalidName, value.position, text, CheckPortName(text));
    case PodFormat::kImage:
      return Expect(IssueCode::kInvalidImage, value.position, text, CheckImage(text));
    case PodFormat::kEnvName:
      return CheckVariableName(value);
  }
}

void PodChecker::CheckVariableName(const Node& value) {
  const std::string_view refused = CheckEnvName(value.text);
  if (!refused.empty()) return Expect(IssueCode::kInvalidName, value.position, value.text, refused);
  Expect(IssueCode::kUnportableEnvName, value.position, value.text, CheckPortableEnvName(value.text));
}

void PodChecker::CheckInteger(const PodField& field, const Node& value) {
  if (value.kind != NodeKind::kNumber) {
    std::string suggestion;
    if (value.kind == NodeKind::kString) {
      suggestion = DecimalInteger(value.text).has_value() && (value.text[0] != '0' || value.text == "0")
                       ? "write it without quotes"
                       : OctalSuggestion(value.text);
    }
    return WrongType(value, "an integer", std::move(suggestion));
  }
  const std::optional<int64_t> number = DecimalInteger(value.text);
  if (number.has_value() && *number >= field.range.low && *number <= field.range.high) return;
  Report(IssueCode::kInvalidInteger, value.position,
         "expected an integer from " + std::to_string(field.range.low) + " to " + std::to_string(field.range.high) +
             ", found " + Quoted(value.text));
}

void PodChecker::CheckPort(const PodField& field, const Node& value) {
  if (value.kind == NodeKind::kNumber) return CheckInteger(field, value);
  if (value.kind != NodeKind::kString) return WrongType(value, "a port by number or by name");
  if (!value.text.empty()) CheckFormat(field.format, value);
}

void PodChecker::CheckQuantity(const Node& value, std::string_view resource, bool bytes) {
  if (value.kind != NodeKind::kString && value.kind != NodeKind::kNumber && value.kind != NodeKind::kQuantity) {
    return WrongType(value, "a quantity such as `500m` or `2Gi`");
  }
  QuantityError error = QuantityError::kNone;
  const std::optional<Quantity> quantity =
      ParseQuantity(value.text, resource == "cpu" ? Resource::kCpu : Resource::kMemory, &error);
  if (!quantity.has_value()) {
    return Report(IssueCode::kInvalidQuantity, value.position, QuantityErrorMessage(error, value.text));
  }
  if (quantity->whole_bytes()) return;
  if (bytes) {
    Report(IssueCode::kFractionalBytes, value.position,
           Quoted(value.text) + " is a fraction of a byte; it counts rounded up",
           "`m` means milli; did you mean `M` or `Mi`?");
  } else if (IsExtendedResource(resource)) {
    Report(IssueCode::kInvalidQuantity, value.position,
           Quoted(value.text) + " as an amount of " + Quoted(resource) + " needs to be a whole number");
  }
}

void PodChecker::CheckMap(const PodField& field, const Node& value, Slot slot) {
  if (!IsBounded(value)) return;
  for (const Member& member : value.members) {
    const FieldPath::Step step(path_, member.key);
    if (IsDirectiveKey(member.key)) {
      CheckDirective(value, member, slot);
    } else {
      CheckMapEntry(field, member);
    }
  }
}

void PodChecker::CheckMapEntry(const PodField& field, const Member& member) {
  const Node& item = *member.value;
  const bool labels = field.format == PodFormat::kLabels;
  if (labels || field.type == PodType::kQuantityMap) {
    Expect(IssueCode::kInvalidLabel, member.position, member.key, CheckLabelKey(member.key));
  } else if (field.format == PodFormat::kAnnotations) {
    Expect(IssueCode::kInvalidLabel, member.position, member.key, CheckAnnotationKey(member.key));
  }
  if (field.type == PodType::kQuantityMap && !IsKnownResource(member.key)) {
    const std::string_view nearest = NearestName(member.key, kResources);
    Report(IssueCode::kUnknownPodField, member.position,
           "Kubernetes knows no resource " + Quoted(member.key) + "; others than its own have a domain",
           nearest.empty() ? std::string() : "did you mean " + Quoted(nearest) + "?");
  }
  if (item.is_null() || item.kind == NodeKind::kInvalid) return;
  if (field.type == PodType::kQuantityMap) {
    CheckQuantity(item, member.key, CountsBytes(member.key));
  } else if (item.kind != NodeKind::kString) {
    CheckText(field, item);  // is no text, and says so
  } else if (labels) {
    Expect(IssueCode::kInvalidLabel, item.position, item.text, CheckLabelValue(item.text));
  }
}

void PodChecker::CheckList(const PodField& field, const Node& value, Slot slot) {
  if (!IsBounded(value)) return;
  const bool keyed = field.type == PodType::kKeyedList;
  const Slot below = keyed && slot != Slot::kWhole ? Slot::kElement : Slot::kWhole;
  for (size_t i = 0; i < value.items.size(); ++i) {
    const FieldPath::Step step(path_, i);
    const Node& item = *value.items[i];
    if (item.kind == NodeKind::kInvalid || item.is_null()) continue;  // the decoder's
    if (field.type == PodType::kStringList) {
      CheckText(field, item);
    } else if (field.type == PodType::kIntegerList) {
      CheckInteger(field, item);
    } else if (!item.is_map()) {
      WrongType(item, std::string("a mapping (").append(PodRecordName(field.members)) + ")");
    } else {
      CheckRecord(item, field.members, below);
    }
  }
  if (keyed) CheckKeys(field, value);
}

// The element's identity, if each of its keys is there and usable.
std::optional<std::string> PodChecker::KeyOf(const PodField& list, const Node& element) {
  for (std::string_view name : list.merge_keys) {
    if (name.empty()) continue;
    const Node* key = MemberOf(element, name);
    if (!IsSet(key)) {
      if (name == list.merge_keys[1] && !list.default_key.empty()) continue;
      std::string message("the ");
      message.append(PodRecordName(list.members)).append(" needs ").append(Quoted(name));
      message.append(", by which the elements of ").append(Quoted(list.name)).append(" are told apart");
      Report(IssueCode::kMissingField, element.position, std::move(message));
      return std::nullopt;
    }
    const bool integer = FindPodField(list.members, name)->type == PodType::kInteger;
    if (key->kind != (integer ? NodeKind::kNumber : NodeKind::kString)) return std::nullopt;  // is reported
    if (key->text.empty() && !list.empty_key) {
      const FieldPath::Step step(path_, name, name);
      const bool container = list.members == PodRecord::kContainer || list.members == PodRecord::kEphemeralContainer;
      Report(IssueCode::kEmptyValue, key->position,
             "the " + std::string(PodRecordName(list.members)) + " needs a " + Quoted(name) + " that is not empty",
             container ? "`\"\"` names the sandbox's main container, in `containers` only" : "");
      return std::nullopt;
    }
  }
  return ElementKey(list, element);
}

void PodChecker::CheckKeys(const PodField& list, const Node& value) {
  std::map<std::string, Position> seen;
  for (size_t i = 0; i < value.items.size(); ++i) {
    const Node& element = *value.items[i];
    if (!element.is_map() || DirectiveOf(element) == PatchDirective::kReplace) continue;
    const FieldPath::Step step(path_, i);
    std::optional<std::string> key = KeyOf(list, element);
    if (!key.has_value()) continue;
    const auto [first, is_new] = seen.emplace(std::move(*key), element.position);
    if (is_new) continue;
    const std::string_view keys = first->first;
    const size_t end = std::min(keys.find(kBetweenKeys), keys.size());
    std::string message("the ");
    message.append(PodRecordName(list.members)).append(" ").append(Quoted(keys.substr(0, end)));
    if (end < keys.size()) message.append(" with ").append(Quoted(keys.substr(end + 1)));
    message.append(" is given twice, first in line ").append(std::to_string(first->second.line));
    Report(IssueCode::kDuplicateItem, element.position, std::move(message), "keep one of them");
  }
}

}  // namespace

void CheckPodSpec(const Node& pod_spec, const Place& place, Layer layer, std::vector<Issue>& issues) {
  if (pod_spec.is_map()) PodChecker(place, layer, issues).CheckRecord(pod_spec, PodRecord::kPodSpec, Slot::kObject);
}

}  // namespace berth
