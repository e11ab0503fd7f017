#include "berth/spec/decode.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "berth/spec/field_path.h"
#include "berth/spec/json_number.h"
#include "berth/spec/limits.h"
#include "berth/spec/pod_field.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"

namespace berth {
namespace {

bool IsYamlNull(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> YamlBool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

bool IsNull(Value value) {
  return value.kind() == ValueKind::kNull || (value.kind() == ValueKind::kPlain && IsYamlNull(value.text()));
}

std::string_view KindName(Value value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return "null";
    case ValueKind::kBool:
      return "a boolean";
    case ValueKind::kNumber:
      return "a number";
    case ValueKind::kString:
    case ValueKind::kPlain:
      return IsNull(value) ? "null" : "text";
    case ValueKind::kSequence:
      return "a list";
    case ValueKind::kMapping:
      return "a mapping";
    case ValueKind::kInvalid:
      break;
  }
  return "nothing";
}

bool IsText(Value value) { return value.kind() == ValueKind::kString || value.kind() == ValueKind::kPlain; }

bool HasControlCharacter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
  });
}

// Splits off the first of blank-separated words.
std::string_view NextWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

bool HasWord(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    if (NextWord(text) == wanted) return true;
  }
  return false;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) words.push_back(NextWord(text));
  return words;
}

// `one of`, and the values in backticks.
std::string Alternatives(const std::vector<std::string_view>& values) {
  std::string text = values.size() == 1 ? "" : "one of ";
  for (size_t i = 0; i < values.size(); ++i) text.append(i == 0 ? "" : ", ").append(Quoted(values[i]));
  return text;
}

// A key that came twice, perhaps in two spellings.
struct Duplicate {
  std::string key;
  Position first;
  Position later;
};

// Stable. Most maps are small, and many are in order already.
void SortByKey(CompactVector<Member>& members) {
  constexpr size_t kSmall = 32;
  if (members.size() > kSmall) {
    std::ranges::stable_sort(members, {}, &Member::key);
    return;
  }
  const auto before = [](std::string_view key, const Member& member) { return key < member.key.view(); };
  for (auto next = members.begin(); next != members.end(); ++next) {
    if (next == members.begin() || !before(next->key, next[-1])) continue;
    const auto place = std::upper_bound(members.begin(), next, next->key.view(), before);
    Member moved = std::move(*next);
    std::move_backward(place, next, next + 1);
    *place = std::move(moved);
  }
}

// Sorts a map's members by key and drops the later ones of a key.
std::vector<Duplicate> SortMembers(Node& map) {
  std::vector<Duplicate> duplicates;
  SortByKey(map.members);
  const auto same = [&](const Member& a, const Member& b) {
    if (a.key != b.key) return false;
    // The parser reported keys that are equal to the letter, and spoiled the later value.
    if (b.value == nullptr || b.value->kind != NodeKind::kInvalid)
      duplicates.push_back({b.key, a.position, b.position});
    return true;
  };
  map.members.erase(std::unique(map.members.begin(), map.members.end(), same), map.members.end());
  return duplicates;
}

// What protobuf JSON does not tell from an absent field: the default of a string and of a list, and null.
bool IsUnsetInProtobuf(Value value) {
  return IsNull(value) || (IsText(value) && value.text().empty()) ||
         (value.kind() == ValueKind::kSequence && value.size() == 0);
}

class Decoder {
 public:
  Decoder(Layer layer, std::string_view base_path, std::vector<Issue>& issues, Source source)
      : layer_(layer), source_(source), path_(base_path), issues_(issues) {}

  NodeRef DecodeMembers(Record record, Value value);
  [[nodiscard]] size_t errors() const { return errors_; }

 private:
  // The issue, to add to.
  Issue& Report(IssueCode code, Value at, std::string message);
  Issue& LeaveOut(Value at);
  NodeRef Fail(IssueCode code, Value at, std::string message, std::string suggestion = {});
  NodeRef WrongType(Value value, std::string_view wanted, std::string suggestion = {});
  NodeRef Spoiled();

  std::shared_ptr<Node> Make(NodeKind kind, Value at, std::string_view text = {}) const;
  void UnknownField(Record record, Value key);

  NodeRef DecodeField(const Field& field, std::string_view key, Value value);
  NodeRef DecodeJsonText(const Field& field, Value value);
  NodeRef DecodeValue(const Field& field, Value value);
  NodeRef DecodeString(EmptyText empty, Value value);
  NodeRef DecodeEnum(const Field& field, Value value);
  NodeRef DecodeBool(Value value);
  NodeRef DecodeInteger(Value value);
  NodeRef DecodeQuantity(const Field& field, Value value);
  NodeRef DecodeList(const Field& field, Value value);
  NodeRef DecodeMap(const Field& field, Value value);
  NodeRef DecodeTree(Value value, PodShape shape, bool open);
  NodeRef TreeQuantity(Value value);
  NodeRef DecodeElement(const Field& field, Value value);
  NodeRef DecodeNull(const Field& field, Value value);

  Layer layer_;
  Source source_;
  bool in_spec_ = false;
  FieldPath path_;
  std::vector<Issue>& issues_;
  Issue left_out_;  // the latest past the limit
  size_t errors_ = 0;
};

Issue& Decoder::Report(IssueCode code, Value at, std::string message) {
  if (InfoOf(code).level == IssueLevel::kError) ++errors_;
  if (issues_.size() >= kMaxIssues) return LeaveOut(at);
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = at.document().source().name();
  issue.position = at.position();
  issue.path = path_.Pointer();
  issue.field = path_.Field();
  if (in_spec_) issue.layer = layer_;
  issues_.push_back(std::move(issue));
  return issues_.back();
}

// Paths are not even made, because issues past the limit can be as many as the values of a file.
Issue& Decoder::LeaveOut(Value at) {
  if (issues_.size() == kMaxIssues) {
    ++errors_;
    Issue& last = issues_.emplace_back();
    last.code = IssueCode::kLimitExceeded;
    last.message = "more issues are left out: mend the first " + std::to_string(kMaxIssues);
    last.file = at.document().source().name();
    last.position = at.position();
  }
  left_out_ = {};
  return left_out_;
}

NodeRef Decoder::Spoiled() {
  static const NodeRef kInvalidNode = std::make_shared<const Node>();
  return kInvalidNode;
}

NodeRef Decoder::Fail(IssueCode code, Value at, std::string message, std::string suggestion) {
  Report(code, at, std::move(message)).suggestion = std::move(suggestion);
  return Spoiled();
}

NodeRef Decoder::WrongType(Value value, std::string_view wanted, std::string suggestion) {
  if (value.kind() == ValueKind::kInvalid) {
    ++errors_;  // reported by the parser
    return Spoiled();
  }
  std::string message = "expected ";
  message.append(wanted).append(", found ").append(KindName(value));
  if (value.size() == 0 && !value.text().empty()) message.append(" ").append(Quoted(value.text()));
  return Fail(IssueCode::kWrongType, value, std::move(message), std::move(suggestion));
}

std::shared_ptr<Node> Decoder::Make(NodeKind kind, Value at, std::string_view text) const {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->layer = layer_;
  node->position = at.position();
  node->text = CompactText(text);
  return node;
}

void Decoder::UnknownField(Record record, Value key) {
  if (issues_.size() >= kMaxIssues) {  // suggestions cost time
    ++errors_;
    LeaveOut(key);
    return;
  }
  std::vector<std::string_view> names;
  for (const Field& row : FieldsOf(record)) {
    names.push_back(row.name);
    names.insert(names.end(), row.json_names.begin(), row.json_names.end());
  }
  std::string message = "unknown field ";
  const std::string_view holder = record != Record::kSpec     ? RecordName(record)
                                  : layer_ == Layer::kZone    ? "zone defaults"
                                  : layer_ == Layer::kBinding ? "binding overrides"
                                                              : RecordName(record);
  message.append(Quoted(key.text())).append(" in ").append(holder);
  const std::string_view nearest = NearestName(key.text(), names);
  std::string suggestion;
  if (!nearest.empty()) suggestion.append("did you mean ").append(Quoted(nearest)).append("?");
  Fail(IssueCode::kUnknownField, key, std::move(message), std::move(suggestion));
}

NodeRef Decoder::DecodeMembers(Record record, Value value) {
  if (value.kind() != ValueKind::kMapping) {
    return WrongType(value, std::string("a mapping (").append(RecordName(record)).append(")"));
  }
  const bool was_in_spec = in_spec_;
  in_spec_ = in_spec_ || record == Record::kSpec;
  auto map = Make(NodeKind::kMap, value);
  map->members.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const Value key = value.key(i);
    if (key.kind() == ValueKind::kInvalid || value[i].kind() == ValueKind::kInvalid) ++errors_;
    if (key.kind() == ValueKind::kInvalid) continue;
    const FieldSpelling* const spelling = FindSpelling(record, key.text());
    const FieldPath::Step step(path_, key.text(), spelling != nullptr ? spelling->field->name : key.text());
    if (spelling == nullptr) {
      UnknownField(record, key);
      continue;
    }
    const Field& field = *spelling->field;
    // A field that says nothing (null here) stays until duplicates have been looked for.
    NodeRef node = value[i].kind() == ValueKind::kInvalid ? Spoiled() : DecodeField(field, key.text(), value[i]);
    const std::string_view written = spelling->text == field.name ? std::string_view() : spelling->text;
    map->members.push_back(Member{CompactText::Static(field.name), written, key.position(), std::move(node)});
  }
  for (const Duplicate& duplicate : SortMembers(*map)) {
    const FieldPath::Step step(path_, duplicate.key, duplicate.key);
    Report(IssueCode::kDuplicateKey, value,
           "field " + Quoted(duplicate.key) + " is given twice, first in line " + std::to_string(duplicate.first.line))
        .position = duplicate.later;
  }
  if (layer_ == Layer::kSandbox && !in_spec_) {
    // A request keeps what says nothing, so that a change to the document can be spelled as the document is.
    for (Member& member : map->members) {
      if (member.value == nullptr) member.value = Make(NodeKind::kNull, value);
    }
  }
  erase_if(map->members, [](const Member& member) { return member.value == nullptr; });
  in_spec_ = was_in_spec;
  return map;
}

// One member of a record. Null: the document says nothing with it.
NodeRef Decoder::DecodeField(const Field& field, std::string_view key, Value value) {
  const size_t errors_before = errors_;
  const Layer outer_layer = layer_;
  if (field.record == Record::kBinding && field.members == Record::kSpec) layer_ = Layer::kBinding;
  NodeRef node;
  if (source_ == Source::kTypedBody && in_spec_ && IsUnsetInProtobuf(value)) {
    // says nothing
  } else if (IsNull(value)) {
    node = DecodeNull(field, value);
  } else if (std::ranges::find(field.json_names, key) != field.json_names.end() ||
             (field.or_json_text && IsText(value))) {
    node = DecodeJsonText(field, value);
  } else if (!field.json_names.front().empty() && IsText(value)) {
    node = WrongType(value, "a mapping",
                     "write JSON text under " + Quoted(field.json_names.front()) + ", or the block itself here");
  } else {
    node = DecodeValue(field, value);
  }
  layer_ = outer_layer;
  if (field.contained && errors_ != errors_before) {
    errors_ = errors_before;
    if (node == nullptr || !node->is_map()) return Spoiled();
    auto refused = std::make_shared<Node>(*node);
    refused->refused = true;
    return refused;
  }
  return node;
}

NodeRef Decoder::DecodeNull(const Field& field, Value value) {
  if (field.merge == MergeKind::kReplace && field.record == Record::kAnnotationPair) return WrongType(value, "text");
  if (!in_spec_) return field.null_counts ? Make(NodeKind::kNull, value) : nullptr;
  if (layer_ == Layer::kZone) {
    Report(IssueCode::kMisplacedNull, value, "null unsets lower layers, and nothing is below zone defaults");
  }
  return Make(NodeKind::kNull, value);
}

// JSON text in a string, decoded like the block it stands for.
NodeRef Decoder::DecodeJsonText(const Field& field, Value value) {
  if (!IsText(value)) return WrongType(value, "JSON text in a string", "write the block under " + Quoted(field.name));
  if (value.text().empty()) return nullptr;
  if (value.text().size() > kMaxEmbeddedJsonBytes) {
    return Fail(IssueCode::kLimitExceeded, value,
                "JSON text of " + std::to_string(value.text().size()) + " bytes is above the limit of " +
                    std::to_string(kMaxEmbeddedJsonBytes));
  }
  ParsedDocument parsed = ParseEmbeddedJson(value);
  for (Issue& issue : parsed.issues) {
    if (issue.level() == IssueLevel::kError) ++errors_;
    if (issues_.size() >= kMaxIssues) {
      LeaveOut(value);
      continue;
    }
    if (issue.path.empty()) issue.path = path_.Pointer();
    issue.field = path_.Field();
    if (in_spec_) issue.layer = layer_;
    issues_.push_back(std::move(issue));
  }
  if (parsed.document == nullptr) return Spoiled();
  const Value root = parsed.document->root(0);
  if (root.kind() != ValueKind::kMapping) {
    return Fail(IssueCode::kEmbeddedJson, root, std::string("expected a JSON object, found ").append(KindName(root)));
  }
  const Source outer_source = source_;
  source_ = Source::kDocument;
  NodeRef node = DecodeMembers(field.members, root);
  source_ = outer_source;
  return node;
}

NodeRef Decoder::DecodeValue(const Field& field, Value value) {
  switch (field.type) {
    case FieldType::kString:
      return DecodeString(field.empty, value);
    case FieldType::kEnum:
      return DecodeEnum(field, value);
    case FieldType::kBool:
      return DecodeBool(value);
    case FieldType::kInteger:
      return DecodeInteger(value);
    case FieldType::kQuantity:
      return DecodeQuantity(field, value);
    case FieldType::kStringList:
    case FieldType::kIntegerList:
    case FieldType::kRecordList:
      return DecodeList(field, value);
    case FieldType::kStringMap:
    case FieldType::kIntegerMap:
    case FieldType::kRecordMap:
      return DecodeMap(field, value);
    case FieldType::kRecord:
      return DecodeMembers(field.members, value);
    case FieldType::kOpenTree:
      if (value.kind() != ValueKind::kMapping) return WrongType(value, "a mapping (a partial PodSpec)");
      return DecodeTree(value, {.record = PodRecord::kPodSpec}, true);
    case FieldType::kCarried:
      return DecodeTree(value, {}, false);
  }
  return Spoiled();
}

NodeRef Decoder::DecodeString(EmptyText empty, Value value) {
  if (!IsText(value)) {
    const bool scalar = value.kind() == ValueKind::kBool || value.kind() == ValueKind::kNumber;
    return WrongType(value, "text", scalar ? "write `\"" + std::string(value.text()) + "\"`" : std::string());
  }
  if (value.text().empty()) {
    if (empty == EmptyText::kAbsent) return nullptr;
    if (empty == EmptyText::kError) {
      return Fail(IssueCode::kEmptyValue, value, "the value is empty", "leave the field out, or use null to unset it");
    }
  }
  if (HasControlCharacter(value.text())) {
    return Fail(IssueCode::kControlCharacter, value, "the text holds a control character");
  }
  return Make(NodeKind::kString, value, value.text());
}

NodeRef Decoder::DecodeEnum(const Field& field, Value value) {
  if (!IsText(value)) return WrongType(value, Alternatives(Words(field.values)));
  std::string_view text = value.text();
  if (text.empty() && field.empty == EmptyText::kAbsent) return nullptr;
  if (!field.values_prefix.empty() && text.starts_with(field.values_prefix)) {
    text.remove_prefix(field.values_prefix.size());
  }
  if (HasWord(field.values, text)) return Make(NodeKind::kString, value, text);
  const std::vector<std::string_view> values = Words(field.values);
  const std::string_view nearest = NearestName(text, values);
  return Fail(IssueCode::kUnknownValue, value, "expected " + Alternatives(values) + ", found " + Quoted(value.text()),
              nearest.empty() ? "" : "did you mean " + Quoted(nearest) + "?");
}

NodeRef Decoder::DecodeBool(Value value) {
  if (value.kind() == ValueKind::kBool) return Make(NodeKind::kBool, value, value.text());
  if (value.kind() == ValueKind::kPlain) {
    const std::optional<bool> parsed = YamlBool(value.text());
    if (parsed.has_value()) return Make(NodeKind::kBool, value, *parsed ? "true" : "false");
  }
  return WrongType(value, "`true` or `false`", "write `true` or `false`, without quotes");
}

NodeRef Decoder::DecodeInteger(Value value) {
  if (value.kind() != ValueKind::kNumber && !IsText(value)) return WrongType(value, "an integer");
  const std::string_view text = value.text();
  const size_t end = JsonIntegerEnd(text);
  if (end == 0 || end != text.size()) {
    const std::optional<Quantity> quantity = ParseQuantity(text, Resource::kMemory, nullptr);
    const std::optional<int64_t> units = quantity ? quantity->UnitsOf(Resource::kMemory) : std::nullopt;
    return Fail(IssueCode::kInvalidInteger, value, "expected an integer in plain decimal, found " + Quoted(text),
                units ? "write `" + std::to_string(*units) + "`" : std::string());
  }
  int64_t number = 0;
  const auto [ptr, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    return Fail(IssueCode::kInvalidInteger, value,
                "the integer " + Quoted(text) + " is outside the range up to 9223372036854775807");
  }
  if (number < 0) return Fail(IssueCode::kInvalidInteger, value, "expected zero or more, found " + Quoted(text));
  return Make(NodeKind::kNumber, value, std::to_string(number));
}

NodeRef Decoder::DecodeQuantity(const Field& field, Value value) {
  if (value.kind() != ValueKind::kNumber && !IsText(value)) {
    return WrongType(value, "a quantity such as `500m` or `2Gi`");
  }
  if (value.text().empty() && field.empty == EmptyText::kAbsent) return nullptr;
  const Resource resource = field.format == Format::kCpu ? Resource::kCpu : Resource::kMemory;
  QuantityError error = QuantityError::kNone;
  const std::optional<Quantity> quantity = ParseQuantity(value.text(), resource, &error);
  if (!quantity.has_value()) {
    return Fail(IssueCode::kInvalidQuantity, value, QuantityErrorMessage(error, value.text()),
                resource == Resource::kCpu ? "write CPU as `500m` or `4`" : "write memory as `512Mi` or `2Gi`");
  }
  if (resource == Resource::kMemory && !quantity->whole_bytes()) {
    Report(IssueCode::kFractionalBytes, value,
           "memory " + Quoted(value.text()) + " is a fraction of a byte; it counts rounded up")
        .suggestion = "`m` means milli; did you mean `M` or `Mi`?";
  }
  return Make(NodeKind::kQuantity, value, quantity->ToString());
}

NodeRef Decoder::DecodeElement(const Field& field, Value value) {
  switch (field.type) {
    case FieldType::kIntegerList:
    case FieldType::kIntegerMap:
      return DecodeInteger(value);
    case FieldType::kRecordList:
    case FieldType::kRecordMap:
      return DecodeMembers(field.members, value);
    default:
      return DecodeString(field.type == FieldType::kStringList ? EmptyText::kError : field.empty, value);
  }
}

NodeRef Decoder::DecodeList(const Field& field, Value value) {
  if (value.kind() != ValueKind::kSequence) {
    const bool scalar = value.size() == 0 && !value.text().empty();
    return WrongType(value, "a list", scalar ? "write `[" + std::string(value.text()) + "]`" : std::string());
  }
  if (value.size() > field.max_items) {
    return Fail(IssueCode::kLimitExceeded, value,
                std::to_string(value.size()) + " entries are above the limit of " + std::to_string(field.max_items));
  }
  auto list = Make(NodeKind::kList, value);
  list->items.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const FieldPath::Step step(path_, i);
    const Value item = value[i];
    NodeRef node = IsNull(item) ? WrongType(item, "a value (a list has nothing to unset)") : DecodeElement(field, item);
    if (node != nullptr) list->items.push_back(std::move(node));
  }
  return list;
}

NodeRef Decoder::DecodeMap(const Field& field, Value value) {
  if (value.kind() != ValueKind::kMapping) return WrongType(value, "a mapping");
  if (value.size() > field.max_items) {
    return Fail(IssueCode::kLimitExceeded, value,
                std::to_string(value.size()) + " entries are above the limit of " + std::to_string(field.max_items));
  }
  auto map = Make(NodeKind::kMap, value);
  map->members.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const Value key = value.key(i);
    if (key.kind() == ValueKind::kInvalid) {
      ++errors_;
      continue;
    }
    const FieldPath::Step step(path_, key.text());
    if (key.text().empty()) {
      Fail(IssueCode::kEmptyValue, key, "the key is empty");
      continue;
    }
    const Value item = value[i];
    NodeRef node;
    if (item.kind() == ValueKind::kInvalid) {
      ++errors_;
      node = Spoiled();
    } else if (IsNull(item)) {
      node = in_spec_ ? DecodeNull(field, item) : WrongType(item, "a value");
    } else {
      node = DecodeElement(field, item);
    }
    if (node != nullptr) map->members.push_back(Member{CompactText(key.text()), {}, key.position(), std::move(node)});
  }
  SortMembers(*map);  // duplicates were refused by the parser
  return map;
}

// An amount inside pod.spec in canonical form; what is none stays as written, for the checks of pod.spec to report.
NodeRef Decoder::TreeQuantity(Value value) {
  const std::optional<Quantity> quantity = ParseQuantity(value.text(), Resource::kMemory);
  if (quantity.has_value()) return Make(NodeKind::kQuantity, value, quantity->ToString());
  return Make(value.kind() == ValueKind::kNumber ? NodeKind::kNumber : NodeKind::kString, value, value.text());
}

// Any value as it is. YAML plain scalars are text where `shape` says so, and else get their JSON type. `open` refuses
// what pod.spec refuses.
NodeRef Decoder::DecodeTree(Value value, PodShape shape, bool open) {
  const std::string_view text = value.text();
  switch (value.kind()) {
    case ValueKind::kInvalid:
      ++errors_;
      return Spoiled();
    case ValueKind::kNull:
      return Make(NodeKind::kNull, value);
    case ValueKind::kBool:
      return Make(NodeKind::kBool, value, text);
    case ValueKind::kNumber:
      return shape.quantity ? TreeQuantity(value) : Make(NodeKind::kNumber, value, text);
    case ValueKind::kString:
      return shape.quantity ? TreeQuantity(value) : Make(NodeKind::kString, value, text);
    case ValueKind::kPlain: {
      if (IsYamlNull(text)) return Make(NodeKind::kNull, value);
      if (shape.quantity) return TreeQuantity(value);
      if (shape.text) return Make(NodeKind::kString, value, text);
      const std::optional<bool> boolean = YamlBool(text);
      if (boolean.has_value()) return Make(NodeKind::kBool, value, *boolean ? "true" : "false");
      return Make(IsJsonNumber(text) ? NodeKind::kNumber : NodeKind::kString, value, text);
    }
    case ValueKind::kSequence: {
      auto list = Make(NodeKind::kList, value);
      list->items.reserve(value.size());
      for (size_t i = 0; i < value.size(); ++i) {
        const FieldPath::Step step(path_, i);
        list->items.push_back(open && IsNull(value[i]) ? WrongType(value[i], "a value (a list has nothing to unset)")
                                                       : DecodeTree(value[i], shape, open));
      }
      return list;
    }
    case ValueKind::kMapping:
      break;
  }
  auto map = Make(NodeKind::kMap, value);
  map->members.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const Value key = value.key(i);
    if (key.kind() == ValueKind::kInvalid) {
      ++errors_;
      continue;
    }
    const FieldPath::Step step(path_, key.text());
    NodeRef node = DecodeTree(value[i], PodShapeOf(shape, key.text()), open);
    map->members.push_back(Member{CompactText(key.text()), {}, key.position(), std::move(node)});
  }
  SortMembers(*map);
  return map;
}

}  // namespace

DecodedRecord DecodeRecord(Record record, Value value, Layer layer, std::string_view base_path,
                           std::vector<Issue>& issues, Source source) {
  Decoder decoder(layer, base_path, issues, source);
  DecodedRecord decoded;
  decoded.node = decoder.DecodeMembers(record, value);
  decoded.valid = decoder.errors() == 0;
  return decoded;
}

}  // namespace berth
