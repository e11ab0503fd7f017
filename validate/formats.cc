// CheckFormats: walks a decoded tree along the field table and holds every text against its row's format.

#include <algorithm>
#include <string>
#include <utility>

#include "berth/spec/field_path.h"
#include "berth/spec/limits.h"
#include "berth/spec/quoted.h"
#include "berth/validate/cidr.h"
#include "berth/validate/host_template.h"
#include "berth/validate/image.h"
#include "berth/validate/names.h"
#include "berth/validate/override_path.h"
#include "berth/validate/pattern.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

class FormatChecker {
 public:
  FormatChecker(const Place& place, std::vector<Issue>& issues)
      : file_(place.file), path_(place.path, place.field), issues_(issues) {}

  void CheckRecord(const Node& node, Record record, bool in_spec);

 private:
  void CheckField(const Field& field, const Node& value);
  void CheckText(const Field& field, const Node& value);
  void CheckMap(const Field& field, const Node& value);
  void CheckCidrText(const Node& value);
  void CheckTemplateText(const Node& value);
  Issue& Report(IssueCode code, Position at, Layer layer, std::string message);
  // Reports `expectation` about `text` unless it is empty.
  void Expect(IssueCode code, Position at, Layer layer, std::string_view text, std::string_view expectation);

  std::string_view file_;
  FieldPath path_;
  bool in_spec_ = false;
  std::vector<Issue>& issues_;
};

Issue& FormatChecker::Report(IssueCode code, Position at, Layer layer, std::string message) {
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = file_;
  issue.position = at;
  issue.path = path_.Pointer();
  issue.field = path_.Field();
  if (in_spec_) issue.layer = layer;
  issues_.push_back(std::move(issue));
  return issues_.back();
}

void FormatChecker::Expect(IssueCode code, Position at, Layer layer, std::string_view text,
                           std::string_view expectation) {
  if (expectation.empty()) return;
  Report(code, at, layer, Quoted(text).append(" ").append(expectation));
}

void FormatChecker::CheckRecord(const Node& node, Record record, bool in_spec) {
  if (!node.is_map()) return;
  const bool was_in_spec = in_spec_;
  in_spec_ = in_spec_ || in_spec;
  for (const Member& member : node.members) {
    const Field* field = FindField(record, member.key);
    if (field == nullptr || field->members == Record::kSpec) continue;  // a layer is CheckLayer's
    const FieldPath::Step step(path_, member.written.empty() ? std::string_view(member.key) : member.written,
                               member.key);
    CheckField(*field, *member.value);
  }
  in_spec_ = was_in_spec;
}

std::string_view TypeName(FieldType type) {
  switch (type) {
    case FieldType::kStringMap:
      return "a mapping of text to text";
    case FieldType::kStringList:
      return "a list of text";
    default:
      return "text";
  }
}

// Decoding saw to the types of all fields; only a fold can bring another one, because pod.spec is open.
bool FitsType(const Field& field, const Node& value) {
  switch (value.kind) {
    case NodeKind::kInvalid:
    case NodeKind::kNull:
      return true;
    case NodeKind::kMap:
      return field.type == FieldType::kStringMap || field.type == FieldType::kIntegerMap ||
             field.type == FieldType::kRecordMap || field.type == FieldType::kRecord ||
             field.type == FieldType::kOpenTree || field.type == FieldType::kCarried;
    case NodeKind::kList:
      return field.type == FieldType::kStringList || field.type == FieldType::kIntegerList ||
             field.type == FieldType::kRecordList || field.type == FieldType::kCarried;
    default:
      return field.type != FieldType::kStringMap && field.type != FieldType::kStringList &&
             (field.type != FieldType::kString || value.kind == NodeKind::kString);
  }
}

void FormatChecker::CheckField(const Field& field, const Node& value) {
  if (!FitsType(field, value)) {
    Report(IssueCode::kWrongType, value.position, value.layer, "expected " + std::string(TypeName(field.type)));
    return;
  }
  switch (field.type) {
    case FieldType::kString:
      if (value.kind == NodeKind::kString) CheckText(field, value);
      return;
    case FieldType::kStringList:
    case FieldType::kRecordList:
      for (size_t i = 0; i < value.items.size(); ++i) {
        const FieldPath::Step step(path_, i);
        if (field.type == FieldType::kRecordList) {
          CheckRecord(*value.items[i], field.members, false);
        } else if (value.items[i]->kind == NodeKind::kString) {
          CheckText(field, *value.items[i]);
        }
      }
      return;
    case FieldType::kRecord:
      return CheckRecord(value, field.members, false);
    case FieldType::kStringMap:
    case FieldType::kIntegerMap:
    case FieldType::kRecordMap:
      return CheckMap(field, value);
    default:
      return;
  }
}

void FormatChecker::CheckMap(const Field& field, const Node& value) {
  if (value.members.size() > field.max_items) {
    Report(IssueCode::kLimitExceeded, value.position, value.layer,
           std::to_string(value.members.size()) + " entries are above the limit of " + std::to_string(field.max_items));
    return;
  }
  size_t bytes = 0;
  for (const Member& member : value.members) {
    const FieldPath::Step step(path_, member.key);
    const Node& item = *member.value;
    bytes += member.key.size() + item.text.size();
    const std::string_view key_rule = field.format == Format::kLabels        ? CheckLabelKey(member.key)
                                      : field.format == Format::kAnnotations ? CheckAnnotationKey(member.key)
                                                                             : CheckFreeName(member.key);
    const bool label = field.format == Format::kLabels || field.format == Format::kAnnotations;
    Expect(label ? IssueCode::kInvalidLabel : IssueCode::kInvalidName, member.position, item.layer, member.key,
           key_rule);
    if (field.type == FieldType::kRecordMap) {
      CheckRecord(item, field.members, false);
    } else if (label && !item.is_null() && item.kind != NodeKind::kString && item.kind != NodeKind::kInvalid) {
      // Only a fold can bring these: pod.spec is open, a label's value is text.
      Report(IssueCode::kWrongType, item.position, item.layer, "expected text; write the value in quotes");
    } else if (field.format == Format::kLabels && item.kind == NodeKind::kString) {
      Expect(IssueCode::kInvalidLabel, item.position, item.layer, item.text, CheckLabelValue(item.text));
    }
  }
  if (field.format == Format::kAnnotations && bytes > kMaxAnnotationBytes) {
    Report(IssueCode::kLimitExceeded, value.position, value.layer,
           "annotations of " + std::to_string(bytes) + " bytes are above the limit of " +
               std::to_string(kMaxAnnotationBytes));
  }
}

void FormatChecker::CheckText(const Field& field, const Node& value) {
  const std::string_view text = value.text;
  const auto expect = [&](IssueCode code, std::string_view expectation) {
    Expect(code, value.position, value.layer, text, expectation);
  };
  switch (field.format) {
    case Format::kText:
    case Format::kLabels:
    case Format::kAnnotations:
    case Format::kCpu:
    case Format::kMemory:
      return;
    case Format::kName:
      return expect(IssueCode::kInvalidName, CheckFreeName(text));
    case Format::kAnnotationKey:
      return expect(IssueCode::kInvalidLabel, CheckAnnotationKey(text));
    case Format::kImage:
      return expect(IssueCode::kInvalidImage, CheckImage(text));
    case Format::kDnsLabel:
      return expect(IssueCode::kInvalidName, CheckDns1123Label(text));
    case Format::kDnsSubdomain:
      return expect(IssueCode::kInvalidName, CheckDns1123Subdomain(text));
    case Format::kNamespacePrefix:
      return expect(IssueCode::kInvalidNamespacePrefix, text.empty() ? "" : CheckNamespacePrefix(text));
    case Format::kCidr:
      return CheckCidrText(value);
    case Format::kHostTemplate:
      return CheckTemplateText(value);
    case Format::kPattern:
      if (std::string error = CheckPattern(text); !error.empty()) {
        Report(IssueCode::kInvalidPattern, value.position, value.layer, std::move(error));
      }
      return;
    case Format::kOverridePath: {
      OverridePathCheck check = CheckOverridePath(text);
      if (check.ok()) check = OverridePathAdvice(text);
      if (check.ok()) return;
      Report(check.code, value.position, value.layer, check.message).suggestion = check.suggestion;
      return;
    }
  }
}

void FormatChecker::CheckCidrText(const Node& value) {
  CidrCheck check = CheckCidr(value.text);
  if (check.ok()) return;
  Issue& issue = Report(IssueCode::kInvalidCidr, value.position, value.layer, std::move(check.message));
  if (!check.corrected.empty()) issue.suggestion = "write " + Quoted(check.corrected);
}

void FormatChecker::CheckTemplateText(const Node& value) {
  HostTemplateError error;
  const std::optional<HostTemplate> parsed = HostTemplate::Parse(value.text, &error);
  if (!parsed.has_value()) {
    Report(IssueCode::kHostTemplate, value.position, value.layer,
           "host template " + Quoted(value.text) + ", byte " + std::to_string(error.offset + 1) + ": " + error.message);
    return;
  }
  if (!parsed->uses_sandbox_id()) {
    Report(IssueCode::kHostTemplateNotUnique, value.position, value.layer,
           "host template " + Quoted(value.text) + " gives every sandbox the same host name")
        .suggestion = "put `{{.SandboxID}}` into it";
  }
}

// Reports the required members that a whole object lacks, in it and in the records below it.
class RequiredChecker {
 public:
  RequiredChecker(const Place& place, std::vector<Issue>& issues)
      : file_(place.file), path_(place.path, place.field), issues_(issues) {}

  void Check(const Node& node, Record record, Position at) {
    // A value that failed to decode is not missing; layers are partial; and what the control plane documents words for
    // is said in them, by the catalog's rules.
    const bool documented = record == Record::kIdentity || record == Record::kBinding;
    if (!node.is_map() || record == Record::kSpec) return;
    for (const Field& field : FieldsOf(record)) {
      const NodeRef* value = node.Find(field.name);
      if (value != nullptr) {
        CheckBelow(field, **value);
      } else if (field.required && !documented) {
        Issue& issue = issues_.emplace_back();
        issue.code = IssueCode::kMissingField;
        issue.message = std::string(RecordName(record)).append(" needs `").append(field.name).append("`");
        issue.file = file_;
        issue.position = at;
        issue.path = path_.Pointer();
        issue.field = path_.Field();
      }
    }
  }

 private:
  void CheckBelow(const Field& field, const Node& value) {
    const FieldPath::Step step(path_, field.name, field.name);
    if (field.type == FieldType::kRecord) Check(value, field.members, value.position);
    if (field.type != FieldType::kRecordList) return;
    for (size_t i = 0; i < value.items.size(); ++i) {
      const FieldPath::Step item(path_, i);
      Check(*value.items[i], field.members, value.items[i]->position);
    }
  }

  std::string_view file_;
  FieldPath path_;
  std::vector<Issue>& issues_;
};

}  // namespace

void CheckFormats(const Node& node, Record record, const Place& place, std::vector<Issue>& issues) {
  FormatChecker(place, issues).CheckRecord(node, record, record == Record::kSpec);
}

void CheckRequired(const Node& object, Record record, Position at, const Place& place, std::vector<Issue>& issues) {
  RequiredChecker(place, issues).Check(object, record, at);
}

}  // namespace berth
