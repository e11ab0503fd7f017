#include "berth/engine/remedy_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "berth/engine/json.h"
#include "berth/engine/wording.h"
#include "berth/spec/quoted.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

using C = ReasonCode;

// ---- changes to the request ----

// Says an edit verb by verb: "add C of 8Gi, and lower A from 2 to 1 and B from 4 to 2".
class RequestEditWriter {
 public:
  RequestEditWriter(const RequestEdit& edit, const LaunchRequest& request) : edit_(edit), request_(request) {}

  std::string Run() {
    AddResource(Amount::kCpuLimit, Amount::kCpuRequest);
    AddResource(Amount::kMemoryLimit, Amount::kMemoryRequest);
    if (const auto& gpus = edit_.amounts[Amount::kGpuCount]; gpus) {
      Add("lower", "the GPU count from " + std::to_string(gpus->before) + " to " + std::to_string(gpus->value));
    }
    if (edit_.profile) {
      Add("use", "profile " + Quoted(*edit_.profile) + " instead of " + NamesText(request_.profile_names));
    }
    if (edit_.runner) Add("use", "runner " + Quoted(*edit_.runner) + " instead of " + NamesText(request_.runner_ids));
    if (edit_.drop_group) Add("drop", "the runner group filter " + Quoted(request_.runner_group_id));
    if (edit_.drop_zone) Add("drop", "the zone filter " + Quoted(request_.zone));
    return Text();
  }

 private:
  struct Verb {
    std::string_view verb;
    std::vector<std::string> objects;
  };

  void Add(std::string_view verb, std::string object) {
    auto said = std::ranges::find(verbs_, verb, &Verb::verb);
    if (said == verbs_.end()) said = verbs_.insert(said, {verb, {}});
    said->objects.push_back(std::move(object));
  }

  std::string Text() const {
    std::string text;
    for (const auto& [verb, objects] : verbs_) {
      text.append(text.empty() ? "" : ", and ").append(verb);
      for (size_t i = 0; i < objects.size(); ++i) {
        text.append(i == 0 ? " " : i + 1 < objects.size() ? ", " : " and ").append(objects[i]);
      }
    }
    return text;
  }

  // The request's own number, where it has one: what is inherited cannot be lowered, only outdone.
  bool IsOwn(Amount amount) const {
    const ResourceRequest& side = IsLimit(amount) ? request_.effective_limits() : request_.effective_requests();
    return (IsCpu(amount) ? side.cpu : side.memory).has_value();
  }

  // `resource_limits.memory`, as the request spells it.
  std::string FieldOf(Amount amount) const {
    const std::string side = HasJoinedSides(request_) ? "resources"
                             : IsLimit(amount)        ? "resource_limits"
                                                      : "resource_requests";
    return "`" + side + (IsCpu(amount) ? ".cpu`" : ".memory`");
  }

  static std::string Text(Amount amount, int64_t units) {
    return AmountText(units, IsCpu(amount) ? Resource::kCpu : Resource::kMemory);
  }

  void AddAmount(Amount amount, const AmountEdit& edit, int64_t before, const std::string& fields) {
    const std::string value = Text(amount, edit.value);
    if (!edit.lowered) {
      Add("add", fields + " of " + value);
    } else if (IsOwn(amount)) {
      Add("lower", fields + " from " + Text(amount, before) + " to " + value);
    } else {
      Add("add", fields + " of " + value + " in place of the inherited " + Text(amount, before));
    }
  }

  // Both sides of one resource, together where they change alike.
  void AddResource(Amount limit, Amount request_side) {
    const auto& of_limit = edit_.amounts[limit];
    const auto& of_request = edit_.amounts[request_side];
    if (HasJoinedSides(request_)) {
      // One number stands for both; where no layer sets a limit, it is the request that is outdone.
      if (of_limit) {
        const int64_t before = of_limit->before == 0 && of_request ? of_request->before : of_limit->before;
        AddAmount(limit, *of_limit, before, FieldOf(limit));
      } else if (of_request) {
        AddAmount(request_side, *of_request, of_request->before, FieldOf(request_side));
      }
      return;
    }
    const bool alike = of_limit && of_request && *of_limit == *of_request && of_limit->before == of_request->before &&
                       IsOwn(limit) == IsOwn(request_side);
    if (alike) return AddAmount(limit, *of_limit, of_limit->before, FieldOf(limit) + " and " + FieldOf(request_side));
    if (of_limit) AddAmount(limit, *of_limit, of_limit->before, FieldOf(limit));
    if (of_request) AddAmount(request_side, *of_request, of_request->before, FieldOf(request_side));
  }

  const RequestEdit& edit_;
  const LaunchRequest& request_;
  std::vector<Verb> verbs_;
};

// ---- what to ask an administrator for ----

// A value of a document: `64Gi`, `{"type":"none"}`; amounts with their unit.
std::string ValueText(const Node& node, std::string_view path) {
  if (path.ends_with("/gpu")) return GpusText(node.text);
  if (node.kind == NodeKind::kQuantity) {
    return AmountText(node.text, path.find("cpu") == std::string_view::npos ? Resource::kMemory : Resource::kCpu);
  }
  constexpr size_t kShownBytes = 120;
  std::string json;
  JsonWriter writer(json);
  WriteNode(node, writer);
  return Quoted(json, kShownBytes);
}

// The document whose field it is, as its administrator knows it.
std::string OwnerText(const GuardrailEdit& edit, const DetailedDecision& decision, const LaunchRequest& request) {
  const CompiledBinding& binding = decision.snapshot->bindings()[edit.binding];
  const Runner& runner = *decision.snapshot->RunnerOf(binding).runner;
  if (!edit.layer) return "organization " + Quoted(request.organization_id);
  switch (*edit.layer) {
    case Layer::kZone:
      return "zone " + Quoted(runner.zone);
    case Layer::kProfile:
      return "profile " + Quoted(binding.profile_display_name);
    default:
      return "the binding of " + Quoted(binding.name) + " on runner " + Quoted(runner.runner_id);
  }
}

// Whose administrator, where it is not the caller's: of a shared runner, its profiles and bindings. Zones have no owner.
std::string OfOtherOrganization(const GuardrailEdit& edit, const DetailedDecision& decision,
                                const LaunchRequest& request) {
  if (!edit.layer || *edit.layer == Layer::kZone) return {};
  const CompiledBinding& binding = decision.snapshot->bindings()[edit.binding];
  const std::string& owner = decision.snapshot->RunnerOf(binding).runner->organization_id;
  return owner == request.organization_id ? "" : " of organization " + Quoted(owner);
}

std::string GuardrailText(const GuardrailEdit& edit, const DetailedDecision& decision, const LaunchRequest& request) {
  const Node& value = *edit.value;
  const bool replaces = edit.current != nullptr && edit.current->kind != NodeKind::kNull;
  const std::string of_owner = " of " + OwnerText(edit, decision, request);
  const size_t slash = edit.path.rfind('/');
  std::string text = "ask the administrator" + OfOtherOrganization(edit, decision, request) + " to ";
  if (value.is_list() && !value.items.empty() && replaces) {
    text += "add " + Quoted(value.items.back()->text) + " to " + Quoted(edit.path) + of_owner;
  } else if (value.is_map() && !replaces && slash != std::string::npos) {
    const std::string name = absl::StrReplaceAll(edit.path.substr(slash + 1), {{"~1", "/"}, {"~0", "~"}});
    text += "add " + Quoted(name) + " to " + Quoted(edit.path.substr(0, slash)) + of_owner + " as " +
            ValueText(value, edit.path);
  } else {
    const bool amount = value.kind == NodeKind::kQuantity || value.kind == NodeKind::kNumber;
    text += (replaces && amount ? "raise " : "set ") + Quoted(edit.path) + of_owner;
    if (replaces) text += " from " + ValueText(*edit.current, edit.path);
    text += " to " + ValueText(value, edit.path);
  }
  return edit.source.empty() ? text : text + " [" + edit.source + "]";
}

// ---- waiting ----

std::string_view Lacked(C code) {
  switch (code) {
    case C::kInsufficientCpu:
      return "free CPU";
    case C::kInsufficientMemory:
      return "free memory";
    case C::kInsufficientGpu:
      return "free GPUs";
    default:
      return "a connected runner";
  }
}

std::string WaitText(const Remedy& remedy, int64_t delay_seconds) {
  std::string lacked;
  for (size_t i = 0; i < remedy.wait.size(); ++i) {
    if (i > 0) lacked += i + 1 < remedy.wait.size() ? ", " : " or ";
    lacked += Lacked(remedy.wait[i]);
  }
  return "retry in " + std::to_string(delay_seconds) + " s (" + BindingsText(remedy.admits) +
         (remedy.admits == 1 ? " lacks only " : " lack only ") + lacked + ")";
}

}  // namespace

std::string RemedyText(const Remedy& remedy, const DetailedDecision& decision, const LaunchRequest& request) {
  if (remedy.admin) return OneLine(GuardrailText(*remedy.admin, decision, request));
  if (!remedy.wait.empty()) return WaitText(remedy, decision.advice.retry_delay_seconds);
  return RequestEditWriter(remedy.edit, request).Run();
}

}  // namespace berth
