#include "berth/engine/spec_path.h"

#include <utility>

#include "berth/spec/field_path.h"

namespace berth {
namespace {

std::string Unescaped(std::string_view token) {
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    text += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return text;
}

bool IsIndex(std::string_view token) {
  return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

// Whether `index` names the element of pod.spec.containers whose name is empty.
bool IsMainContainer(const Node* spec, std::string_view index) {
  const Node* containers = At(spec, {"pod", "spec", "containers"});
  if (containers == nullptr || containers->items.empty()) return index == "0";
  for (size_t i = 0; i < containers->items.size(); ++i) {
    const Node* name = At(containers->items[i].get(), {"name"});
    if (name != nullptr && name->text.empty() && std::to_string(i) == index) return true;
  }
  return false;
}

}  // namespace

SpecPath::SpecPath(std::string_view pointer) {
  while (known_ && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    Enter(Unescaped(token));
  }
}

std::vector<std::string> SpecPath::Siblings() const {
  std::vector<std::string> paths;
  if (next_ != Next::kMember) return paths;
  for (const Field& row : FieldsOf(record_)) AppendPointer(row.name, paths.emplace_back(canonical_));
  return paths;
}

void SpecPath::Enter(std::string token) {
  const Field* field = next_ == Next::kMember ? FindField(record_, token) : nullptr;
  known_ = next_ == Next::kMember ? field != nullptr : next_ == Next::kIndex ? IsIndex(token) : next_ != Next::kNothing;
  if (!known_) return;
  if (field != nullptr) token = field->name;
  const bool in_pod = next_ == Next::kPodMember || next_ == Next::kPodIndex || next_ == Next::kPodNothing;
  if (in_pod && !doubt_) Question(token);
  AppendPointer(token, canonical_);
  steps_.push_back({token, next_ == Next::kIndex || (next_ == Next::kPodIndex && IsIndex(token))});
  if (in_pod) return EnterPod(token);
  if (field == nullptr) {
    next_ = record_ == Record::kNone ? Next::kNothing : Next::kMember;
    return;
  }
  fields_.push_back(field);
  record_ = field->members;
  switch (field->type) {
    case FieldType::kRecord:
      next_ = Next::kMember;
      return;
    case FieldType::kStringMap:
    case FieldType::kIntegerMap:
    case FieldType::kRecordMap:
      next_ = Next::kKey;
      return;
    case FieldType::kStringList:
    case FieldType::kIntegerList:
    case FieldType::kRecordList:
      next_ = Next::kIndex;
      return;
    case FieldType::kOpenTree:
      pod_ = PodRecord::kPodSpec;
      next_ = Next::kPodMember;
      return;
    default:
      next_ = Next::kNothing;
  }
}

void SpecPath::Question(const std::string& token) {
  const bool in_list = next_ == Next::kPodIndex;
  if (in_list ? IsIndex(token)
              : next_ == Next::kPodMember && (pod_ == PodRecord::kNone || FindPodField(pod_, token) != nullptr)) {
    return;
  }
  doubt_ = Doubt{canonical_, token, next_ == Next::kPodMember ? pod_ : PodRecord::kNone, in_list};
}

// The cluster may know what the table does not, so nothing is unknown here.
void SpecPath::EnterPod(const std::string& token) {
  if (steps_.back().element) {
    next_ = pod_ == PodRecord::kNone ? Next::kPodNothing : Next::kPodMember;
    return;
  }
  const PodField* field = FindPodField(pod_, token);
  pod_ = field == nullptr ? PodRecord::kNone : field->members;
  const bool list = field != nullptr && (field->type == PodType::kStringList || field->type == PodType::kIntegerList ||
                                         field->type == PodType::kRecordList || field->type == PodType::kKeyedList);
  const bool open = field == nullptr || field->type == PodType::kRecord || field->type == PodType::kStringMap ||
                    field->type == PodType::kQuantityMap;
  next_ = list ? Next::kPodIndex : open ? Next::kPodMember : Next::kPodNothing;
}

std::string PointerOf(std::string_view path) {
  if (path.empty() || path.front() == '/') return std::string(path);
  std::string pointer = "/";
  for (const char c : path) pointer += c == '.' ? '/' : c;
  return pointer;
}

FoldOfPath FoldOf(const SpecPath& path, const Node* spec) {
  FoldOfPath fold;
  const std::span<const SpecPath::Step> steps = path.steps();
  const auto is = [&](size_t i, std::string_view name) { return i < steps.size() && steps[i].name == name; };
  if (!path.known() || !is(0, "pod")) return fold;
  const auto move = [&](std::string_view pointer, size_t taken) {
    fold.pointer = pointer;
    for (const SpecPath::Step& step : steps.subspan(taken)) AppendPointer(step.name, fold.pointer);
  };
  if (is(1, "placement") && is(2, "instanceTypes")) move("/instance_types", 3);
  if (!is(1, "spec")) return fold;
  if (is(2, "nodeSelector")) move("/node_selector", 3);
  if (is(2, "runtimeClassName")) move("/runtime_class", 3);
  if (!is(2, "containers") || steps.size() < 5 || !IsMainContainer(spec, steps[3].name)) return fold;
  if (is(4, "image")) move("/container_image", 5);
  if (!is(4, "resources")) return fold;
  if (steps.size() == 5) fold.amounts = "/resource_defaults";
  if (!is(5, "requests") && !is(5, "limits")) return fold;
  const bool limits = is(5, "limits");
  if (steps.size() == 6) fold.amounts = "/resource_defaults";
  if (is(6, "cpu")) move(limits ? "/resource_defaults/cpuLimit" : "/resource_defaults/cpuRequest", 7);
  if (is(6, "memory")) move(limits ? "/resource_defaults/memoryLimit" : "/resource_defaults/memoryRequest", 7);
  fold.gpus = is(6, "nvidia.com/gpu");
  return fold;
}

}  // namespace berth
