#include "berth/cli/policy_test.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "berth/cli/load.h"
#include "berth/engine/spec_path.h"
#include "berth/policy/reason.h"
#include "berth/spec/decode.h"
#include "berth/spec/field.h"
#include "berth/spec/limits.h"
#include "berth/spec/node_reader.h"
#include "berth/spec/pod_field.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"
#include "berth/store/files.h"

namespace berth::cli {
namespace {

// The value of the member that spells the field `name`; the parser reports a second one.
std::optional<Value> MemberOf(Value map, Record record, std::string_view name) {
  for (size_t i = 0; map.kind() == ValueKind::kMapping && i < map.size(); ++i) {
    const Field* field = FindField(record, map.key(i).text());
    if (field != nullptr && field->name == name) return map[i];
  }
  return std::nullopt;
}

class PolicyTestReader {
 public:
  PolicyTestReader(const std::shared_ptr<const SourceText>& source, SourceTexts& texts, std::vector<Issue>& issues)
      : source_(source), texts_(texts), issues_(issues) {}

  std::optional<PolicyTest> Read() {
    ParsedDocument parsed = ParseText(source_);
    issues_ = std::move(parsed.issues);
    if (parsed.document == nullptr) return std::nullopt;
    const Document& document = *parsed.document;
    if (document.root_count() == 0) {
      Report(IssueCode::kMissingField, {}, "the file holds no test: `cases` is missing");
      return std::nullopt;
    }
    if (document.root_count() > 1) {
      Report(IssueCode::kWrongType, document.root(1).position(), "expected one document, found another one here");
      return std::nullopt;
    }
    const Value root = document.root(0);
    file_ = DecodeRecord(Record::kPolicyTest, root, Layer::kDefault, "", issues_).node;
    const NodeReader reader(file_.get());
    test_.file = source_->name();
    test_.catalog = reader.Text("catalog");
    test_.catalog_position = reader.PositionOf("catalog");
    ReadCases(root);
    if (HasError(issues_)) return std::nullopt;
    return std::move(test_);
  }

 private:
  void Report(IssueCode code, Position at, std::string message, std::string suggestion = {}) {
    Issue& issue = issues_.emplace_back();
    issue.code = code;
    issue.file = source_->name();
    issue.position = at;
    issue.message = std::move(message);
    issue.suggestion = std::move(suggestion);
  }

  void ReadCases(Value root) {
    if (!file_->is_map() || NodeReader(file_.get()).IsInvalid("cases")) return;
    const std::optional<Value> values = MemberOf(root, Record::kPolicyTest, "cases");
    const NodeRef* cases = file_->Find("cases");
    if (cases == nullptr) {
      Report(IssueCode::kMissingField, file_->position, "the file holds no test: `cases` is missing");
    } else if ((*cases)->items.empty()) {
      Report(IssueCode::kEmptyValue, (*cases)->position, "the file holds no test: `cases` is empty");
    } else {
      for (size_t i = 0; i < (*cases)->items.size(); ++i) {
        if ((*cases)->items[i]->is_map()) ReadCase(*(*cases)->items[i], (*values)[i], i);
      }
    }
  }

  void ReadCase(const Node& node, Value value, size_t index) {
    const NodeReader reader(&node);
    TestCase test;
    test.position = node.position;
    test.name = reader.Text("name");
    ReadName(node, test.name);
    ReadRequest(node, value, index, test);
    ReadLive(node, test);
    if (const NodeRef* want = node.Find("want"); want == nullptr) {
      Report(IssueCode::kMissingField, node.position, "a test case needs `want`");
    } else if ((*want)->is_map()) {
      CheckWanted(**want);
      test.want = *want;
    }
    test_.cases.push_back(std::move(test));
  }

  void ReadName(const Node& node, const std::string& name) {
    if (NodeReader(&node).IsInvalid("name")) return;
    if (name.empty()) {
      Report(IssueCode::kMissingField, node.position, "a test case needs a `name`");
      return;
    }
    const Position at = NodeReader(&node).PositionOf("name");
    const auto [other, is_new] = names_.emplace(name, at);
    if (is_new) return;
    Report(IssueCode::kDuplicateItem, at,
           "the case of line " + std::to_string(other->second.line) + " is called " + Quoted(name) + " too",
           "give each case of a file a name of its own");
  }

  void ReadRequest(const Node& node, Value value, size_t index, TestCase& test) {
    const std::optional<Value> request = MemberOf(value, Record::kTestCase, "request");
    const NodeReader reader(&node);
    const bool inside = node.Find("request") != nullptr;
    if (inside && reader.Has("request_file")) {
      Report(IssueCode::kDuplicateKey, reader.PositionOf("request_file"),
             "`request` and `request_file` exclude each other: keep one of the two");
    } else if (inside) {
      test.request = DecodeLaunchRequest(*request, {}, "/cases/" + std::to_string(index) + "/request");
    } else if (reader.Has("request_file")) {
      ReadRequestFile(reader.Text("request_file"), reader.PositionOf("request_file"), test);
    } else if (!reader.IsInvalid("request_file")) {
      Report(IssueCode::kMissingField, node.position, "a test case needs a `request` or a `request_file`");
    }
  }

  void ReadRequestFile(const std::string& name, Position at, TestCase& test) {
    const SourceFiles sources = ReadOneSource(PathFrom(source_->name(), name), kMaxRequestBytes, /*full_name=*/true);
    for (const Issue& issue : sources.issues) Report(issue.code, at, Quoted(name) + ": " + issue.message);
    if (sources.texts.empty()) return;
    texts_.emplace(sources.texts.front()->name(), sources.texts.front());
    ParsedDocument parsed = ParseText(sources.texts.front());
    if (parsed.document == nullptr) {
      std::ranges::move(parsed.issues, std::back_inserter(issues_));
    } else if (const size_t count = parsed.document->root_count(); count != 1) {
      Report(IssueCode::kWrongType, at,
             Quoted(name) + " holds " + std::to_string(count) + " requests where one is expected");
    } else {
      test.request = DecodeLaunchRequest(parsed.document->root(0), parsed.issues);
    }
  }

  static void ReadLive(const Node& node, TestCase& test) {
    const NodeRef* live = node.Find("live");
    if (live == nullptr) return;
    for (const Member& member : (*live)->members) {
      const NodeReader reader(member.value.get());
      RunnerState& state = test.live.emplace_back();
      state.runner_id = member.key;
      if (reader.Has("install_status")) state.install = InstallStatusOf(reader.Text("install_status"));
      if (reader.Has("connection_status")) state.connection = ConnectionStatusOf(reader.Text("connection_status"));
      state.cpu_millicores = reader.Integer("available_cpu_millicores");
      state.memory_bytes = reader.Integer("available_memory_bytes");
      state.gpu_count = reader.Integer("available_gpu_count");
    }
  }

  // --- What is wanted ---

  void CheckWanted(const Node& want) {
    if (want.members.empty()) {
      Report(IssueCode::kEmptyValue, want.position, "the case wants nothing: name a verdict, reasons or a placement");
    }
    for (const Member& member : want.members) {
      // Of a list, an empty one is wanted too; of a record, nothing would be compared.
      if (member.value->is_map() && member.value->members.empty()) {
        Report(IssueCode::kEmptyValue, member.value->position,
               Quoted(member.key) + " compares nothing: name what is wanted of it, or leave it out");
      }
    }
    CheckNames(want, "reasons", /*reasons=*/true);
    CheckNames(want, "headlines", /*reasons=*/true);
    CheckNames(want, "violations", /*reasons=*/false);
    CheckFields(want);
  }

  // A list that stands for a set.
  void CheckNames(const Node& want, std::string_view name, bool reasons) {
    std::vector<std::string_view> known;
    for (const ReasonInfo& info : Reasons()) known.push_back(info.name);
    std::set<std::string_view> seen;
    for (const NodeRef& item : NodeReader(&want).Records(name)) {
      if (item->kind != NodeKind::kString) continue;
      if (!seen.insert(item->text).second) {
        Report(IssueCode::kDuplicateItem, item->position, Quoted(item->text) + " stands in the list already");
      } else if (reasons && std::ranges::find(known, item->text.view()) == known.end()) {
        const std::string_view near = NearestName(item->text, known);
        Report(IssueCode::kUnknownValue, item->position, Quoted(item->text) + " is no code of a reason",
               near.empty() ? std::string() : "did you mean " + Quoted(near) + "?");
      }
    }
  }

  void CheckFields(const Node& want) {
    const NodeReader reader(&want);
    const NodeRef* fields = want.Find("fields");
    if (reader.Has("binding")) {
      const Position at = reader.PositionOf("binding");
      if (fields == nullptr) {
        Report(IssueCode::kMissingField, at, "`binding` says whose `fields` are compared, and there are none");
      } else if (reader.Text("binding").find('/') == std::string::npos) {
        Report(IssueCode::kInvalidName, at, "expected `RUNNER/PROFILE`, found " + Quoted(reader.Text("binding")));
      }
    }
    if (fields == nullptr) return;
    if (!(*fields)->is_map()) {
      Report(IssueCode::kWrongType, (*fields)->position, "expected a mapping of paths to values");
      return;
    }
    for (const Member& field : (*fields)->members) {
      const SpecPath path(PointerOf(field.key));
      if (!path.known()) {
        Report(IssueCode::kUnknownField, field.position, Quoted(field.key) + " names no field of a spec",
               NearField(path, PointerOf(field.key)));
      } else if (path.doubt()) {
        ReportDoubt(*path.doubt(), field.position);
      }
    }
  }

  // The cluster may know the field; but if not, wanting it to be unset would always pass.
  void ReportDoubt(const SpecPath::Doubt& doubt, Position at) {
    if (doubt.in_list) {
      Report(IssueCode::kUnknownPodField, at,
             "the elements of " + Quoted(doubt.above) + " are named by their index, not by " + Quoted(doubt.name));
      return;
    }
    std::vector<std::string_view> names;
    for (const PodField& field : PodFieldsOf(doubt.record)) names.push_back(field.name);
    const std::string_view near = NearestName(doubt.name, names);
    Report(IssueCode::kUnknownPodField, at,
           Quoted(doubt.name) + " is no field that berth knows in " + Quoted(doubt.above),
           near.empty() ? std::string() : "did you mean " + Quoted(near) + "?");
  }

  // What `pointer` may have been meant to name; `path` is as much of it as is known.
  static std::string NearField(const SpecPath& path, std::string_view pointer) {
    size_t end = 0;  // of the first token that is unknown
    for (size_t i = 0; i <= path.steps().size(); ++i) end = std::min(pointer.find('/', end + 1), pointer.size());
    const std::vector<std::string> siblings = path.Siblings();
    const std::string_view near =
        NearestName(pointer.substr(0, end), std::vector<std::string_view>(siblings.begin(), siblings.end()));
    return near.empty() ? std::string() : "did you mean " + Quoted(std::string(near).append(pointer.substr(end))) + "?";
  }

  const std::shared_ptr<const SourceText>& source_;
  SourceTexts& texts_;
  std::vector<Issue>& issues_;
  NodeRef file_;
  PolicyTest test_;
  std::map<std::string, Position> names_;
};

}  // namespace

std::optional<PolicyTest> ReadPolicyTest(const std::shared_ptr<const SourceText>& source, SourceTexts& texts,
                                         std::vector<Issue>& issues) {
  return PolicyTestReader(source, texts, issues).Read();
}

std::string PathFrom(const std::string& file, const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (path.empty()) return folder.empty() ? "." : folder.string();
  return (folder / path).string();
}

}  // namespace berth::cli
