#include "berth/cli/policy_judge.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "berth/cli/load.h"
#include "berth/engine/json.h"
#include "berth/engine/spec_path.h"
#include "berth/policy/reason.h"
#include "berth/policy/verdict.h"
#include "berth/spec/decode.h"
#include "berth/spec/field.h"
#include "berth/spec/quantity.h"

namespace berth::cli {
namespace {

NodeRef MakeText(std::string_view text) { return MakeScalar(NodeKind::kString, Layer::kDefault, {}, text); }

NodeRef MakeList(const std::set<std::string>& texts) {
  auto list = std::make_shared<Node>();
  list->kind = NodeKind::kList;
  for (const std::string& text : texts) list->items.push_back(MakeText(text));
  return list;
}

bool IsNothing(const Node* node) { return node == nullptr || node->is_null(); }

// Whether the value is the wanted one. Amounts are compared as amounts; where a spec holds text, a number or a boolean
// that is spelled alike will do, as YAML has it.
bool Same(const Node* wanted, const Node* given) {
  if (IsNothing(wanted) || IsNothing(given)) return IsNothing(wanted) && IsNothing(given);
  if (wanted->is_map() || given->is_map()) {
    return wanted->is_map() && given->is_map() &&
           std::ranges::equal(wanted->members, given->members, [](const Member& a, const Member& b) {
             return a.key == b.key && Same(a.value.get(), b.value.get());
           });
  }
  if (wanted->is_list() || given->is_list()) {
    return wanted->is_list() && given->is_list() &&
           std::ranges::equal(wanted->items, given->items,
                              [](const NodeRef& a, const NodeRef& b) { return Same(a.get(), b.get()); });
  }
  if (given->kind == NodeKind::kQuantity) {
    const std::optional<Quantity> amount = Quantity::Parse(wanted->text);
    return amount && amount == Quantity::Parse(given->text);
  }
  return wanted->text == given->text && (wanted->kind == given->kind || given->kind == NodeKind::kString);
}

// What stands at a path of a spec, or null.
NodeRef ValueAt(NodeRef node, const SpecPath& path) {
  for (const SpecPath::Step& step : path.steps()) {
    if (node->is_list()) {
      size_t index = node->items.size();
      std::from_chars(step.name.data(), step.name.data() + step.name.size(), index);
      if (!step.element || index >= node->items.size()) return nullptr;
      node = NodeRef(node->items[index]);
      continue;
    }
    const NodeRef* below = node->Find(step.name);
    if (below == nullptr) return nullptr;
    node = NodeRef(*below);
  }
  return node;
}

// The parts of an admission that a case can want, and how they are read.
constexpr std::pair<std::string_view, Record> kParts[] = {{"placement", Record::kWantedPlacement},
                                                          {"namespace", Record::kWantedNamespace},
                                                          {"egress", Record::kWantedEgress},
                                                          {"ingress", Record::kWantedIngress}};

class CaseJudge {
 public:
  CaseJudge(const TestCase& test, const DetailedDecision& decision) : test_(test), decision_(decision) {}

  Judgement Run() {
    Compare("verdict", MakeText(VerdictName(decision_.verdict)));
    Compare("code", decision_.code.empty() ? nullptr : MakeText(decision_.code));
    CompareReasons();
    CompareViolations();
    CompareParts();
    CompareFields();
    // A further member of `want`, the actions of a rejection's remedies in order, has its place here.
    return std::move(judgement_);
  }

 private:
  [[nodiscard]] const NodeRef* Wanted(std::string_view name) const { return test_.want->Find(name); }

  void Add(std::string path, const NodeRef& wanted, NodeRef given, std::string hint = {}) {
    judgement_.differences.push_back({std::move(path), wanted, std::move(given), std::move(hint)});
  }

  void Compare(std::string_view name, NodeRef given) {
    const NodeRef* wanted = Wanted(name);
    if (wanted != nullptr && !Same(wanted->get(), given.get())) Add(std::string(name), *wanted, std::move(given));
  }

  void CompareSet(std::string_view name, const std::set<std::string>& given) {
    const NodeRef* wanted = Wanted(name);
    if (wanted == nullptr) return;
    std::set<std::string> texts;
    for (const NodeRef& item : (*wanted)->items) texts.insert(item->text);
    if (texts != given) Add(std::string(name), MakeList(texts), MakeList(given));
  }

  void CompareReasons() {
    std::set<std::string> all;
    std::set<std::string> headlines;
    for (const ReasonCount& reason : decision_.reasons) {
      all.emplace(InfoOf(reason.code).name);
      if (reason.headline > 0) headlines.emplace(InfoOf(reason.code).name);
    }
    CompareSet("reasons", all);
    CompareSet("headlines", headlines);
  }

  void CompareViolations() {
    std::set<std::string> fields;
    // What is wrong with the request as a whole has the name that `berth admit` gives it.
    for (const Issue& issue : decision_.violations) fields.insert(issue.field.empty() ? "(request)" : issue.field);
    CompareSet("violations", fields);
  }

  // The decision's document says what there is to compare; reading it as the case is read makes the two alike.
  void CompareParts() {
    std::map<std::string_view, NodeRef> given;
    if (decision_.verdict == Verdict::kAdmitted) {
      const std::string json = DecisionToJson(decision_, test_.request, /*all=*/false, JsonLayout::kCompact);
      const ParsedDocument parsed = ParseJson(std::make_shared<SourceText>("decision", json));
      for (const auto& [name, record] : kParts) {
        if (parsed.document != nullptr) given[name] = PartOf(parsed.document->root(0), name, record);
      }
    }
    for (const auto& [name, record] : kParts) ComparePart(name, given[name]);
  }

  // Null where the decision has no such part, or has null there.
  static NodeRef PartOf(Value decision, std::string_view name, Record record) {
    std::vector<Issue> ignored;
    for (size_t i = 0; i < decision.size(); ++i) {
      if (decision.key(i).text() != name || decision[i].kind() != ValueKind::kMapping) continue;
      return DecodeRecord(record, decision[i], Layer::kDefault, "", ignored).node;
    }
    return nullptr;
  }

  void ComparePart(std::string_view name, const NodeRef& given) {
    const NodeRef* wanted = Wanted(name);
    if (wanted == nullptr) return;
    if (given == nullptr || (*wanted)->is_null()) return Compare(name, given);
    for (const Member& member : (*wanted)->members) {
      const NodeRef* found = given->Find(member.key);
      const NodeRef value = found == nullptr ? nullptr : *found;
      if (Same(member.value.get(), value.get())) continue;
      Add(std::string(name).append(".").append(member.key), member.value, value);
    }
  }

  void CompareFields() {
    const NodeRef* fields = Wanted("fields");
    if (fields == nullptr) return;
    const std::optional<uint32_t> binding = BindingOfFields(*fields);
    if (!binding) return;
    const LaunchRequest& request = test_.request;
    const Resolved resolved = Engine::Resolve(*decision_.snapshot, *binding, &request, request.organization_id);
    for (const Member& field : (*fields)->members) {
      const SpecPath path(PointerOf(field.key));
      const FoldOfPath fold = FoldOf(path, resolved.spec.get());
      NodeRef given = ValueAt(resolved.spec, fold.pointer.empty() ? path : SpecPath(fold.pointer));
      if (Same(field.value.get(), given.get())) continue;
      std::string shown = field.key.starts_with("/") ? "fields" : "fields.";
      Add(std::move(shown.append(field.key)), field.value, std::move(given));
    }
  }

  // Nothing, after a difference, when there is none.
  std::optional<uint32_t> BindingOfFields(const NodeRef& fields) {
    if (decision_.verdict == Verdict::kInvalid) {
      Add("fields", fields, nullptr, "an invalid request gets no spec");
      return std::nullopt;
    }
    if (const NodeRef* name = Wanted("binding"); name != nullptr) return judgement_.binding = NamedBinding(*name);
    if (decision_.verdict == Verdict::kAdmitted) return decision_.placements.front();
    Add("fields", fields, nullptr, "a rejected launch has no placement: say with `binding` whose fields are meant");
    return std::nullopt;
  }

  std::optional<uint32_t> NamedBinding(const NodeRef& name) {
    const Snapshot& snapshot = *decision_.snapshot;
    std::optional<uint32_t> found;
    std::vector<std::string> names;
    snapshot.ForEachVisible(test_.request.organization_id, [&](uint32_t index) {
      const CompiledBinding& binding = snapshot.bindings()[index];
      const std::string runner = snapshot.RunnerOf(binding).runner->runner_id + "/";
      names.push_back(runner + binding.name);
      const bool by_id = !binding.profile_id.empty() && name->text == runner + binding.profile_id;
      if (!found && (name->text == names.back() || by_id)) found = index;
    });
    if (!found) Add("binding", name, nullptr, "no such binding" + DidYouMean(name->text, names));
    return found;
  }

  const TestCase& test_;
  const DetailedDecision& decision_;
  Judgement judgement_;
};

}  // namespace

Judgement Judge(const TestCase& test, const DetailedDecision& decision) { return CaseJudge(test, decision).Run(); }

CaseState::CaseState(const TestCase& test, Engine& engine) : engine_(engine), snapshot_(engine.snapshot()) {
  for (const RunnerState& wanted : test.live) {
    std::map<uint32_t, const CompiledRunner*> runners;
    std::vector<std::string> known;
    snapshot_->ForEachVisible(test.request.organization_id, [&](uint32_t index) {
      const uint32_t runner = snapshot_->bindings()[index].runner;
      known.push_back(snapshot_->runners()[runner].runner->runner_id);
      if (known.back() == wanted.runner_id) runners.emplace(runner, &snapshot_->runners()[runner]);
    });
    if (runners.empty()) {
      unknown_.push_back({"live." + wanted.runner_id, MakeText("a runner that the organization sees"), nullptr,
                          "no such runner" + DidYouMean(wanted.runner_id, known)});
    }
    for (const auto& [index, compiled] : runners) {
      LiveState state = compiled->live->Read();
      saved_.push_back({compiled->runner, state});
      state.install = wanted.install.value_or(state.install);
      state.connection = wanted.connection.value_or(state.connection);
      if (wanted.cpu_millicores) state.cpu = wanted.cpu_millicores;
      if (wanted.memory_bytes) state.memory = wanted.memory_bytes;
      if (wanted.gpu_count) state.gpu = wanted.gpu_count;
      Set(*compiled->runner, state);
    }
  }
}

CaseState::~CaseState() {
  for (const Saved& saved : saved_) Set(*saved.runner, saved.state);
}

// The runner is the snapshot's own, so it is known.
void CaseState::Set(const Runner& runner, const LiveState& state) {
  const Available available = {state.cpu, state.memory, state.gpu, std::nullopt, {}};
  engine_.UpdateHealth(runner.organization_id, runner.runner_id, state.install, state.connection).IgnoreError();
  engine_.UpdateResources(runner.organization_id, runner.runner_id, available).IgnoreError();
}

}  // namespace berth::cli
