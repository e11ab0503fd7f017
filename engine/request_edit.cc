#include "berth/engine/request_edit.h"

#include <algorithm>
#include <utility>

#include "berth/spec/field.h"
#include "berth/spec/field_path.h"
#include "berth/spec/node_reader.h"
#include "berth/spec/quantity.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

Quantity QuantityOf(Amount amount, int64_t value) {
  const bool cpu = amount == Amount::kCpuLimit || amount == Amount::kCpuRequest;
  return cpu ? Quantity::FromMillicores(value) : Quantity::FromBytes(value);
}

std::string_view NameOf(Amount amount) {
  return amount == Amount::kCpuLimit || amount == Amount::kCpuRequest ? "cpu" : "memory";
}

// How the document spells a member, or null when it does not have it. Members that say nothing have a spelling too.
const Member* FindMember(const Node* node, std::string_view name) {
  if (node == nullptr || !node->is_map()) return nullptr;
  const auto found = std::ranges::find(node->members, name, [](const Member& m) { return m.key.view(); });
  return found == node->members.end() ? nullptr : &*found;
}

// `resource_limits` as `resourceLimits`.
std::string CamelCase(std::string_view name) {
  std::string camel;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    camel.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    upper = false;
  }
  return camel;
}

// Spells pointers into the request's document.
class Spelling {
 public:
  explicit Spelling(const LaunchRequest& request) : root_(request.node.get()) {
    if (root_ == nullptr) return;
    // Every other spelling of a top-level member is its camelCase.
    camel_case_ = std::ranges::any_of(root_->members, [](const Member& member) { return !member.written.empty(); });
  }

  // The pointer to a top-level member, and to one below it.
  [[nodiscard]] std::string PointerTo(std::string_view name) const {
    std::string pointer;
    AppendPointer(KeyOf(root_, name), pointer);
    return pointer;
  }
  [[nodiscard]] std::string PointerTo(std::string_view side, std::string_view name) const {
    std::string pointer = PointerTo(side);
    AppendPointer(KeyOf(At(root_, {side}), name), pointer);
    return pointer;
  }
  [[nodiscard]] std::string PointerToGpuCount(std::string_view side) const {
    std::string pointer = PointerTo(side, "gpu");
    AppendPointer(KeyOf(At(root_, {side, "gpu"}), "count"), pointer);
    return pointer;
  }

 private:
  [[nodiscard]] std::string KeyOf(const Node* parent, std::string_view name) const {
    const Member* member = FindMember(parent, name);
    if (member != nullptr) return std::string(member->written.empty() ? member->key.view() : member->written);
    return camel_case_ ? CamelCase(name) : std::string(name);
  }

  const Node* root_;
  bool camel_case_ = false;  // some top-level member is spelled so
};

std::string JsonText(std::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

std::string JsonListOf(std::string_view text) { return "[" + JsonText(text) + "]"; }

class PatchWriter {
 public:
  PatchWriter(const LaunchRequest& request, const RequestEdit& edit)
      : request_(request), edit_(edit), spelling_(request) {}

  std::vector<PatchOperation> Run() {
    for (const Amount amount : {Amount::kCpuLimit, Amount::kCpuRequest, Amount::kMemoryLimit, Amount::kMemoryRequest}) {
      if (edit_.amounts[amount]) SetAmount(amount);
    }
    if (const auto& gpus = edit_.amounts[Amount::kGpuCount]; gpus) {
      for (const auto& [name, side] : Sides()) {
        if (!side->gpu.count) continue;
        Add(PatchOperation::Op::kReplace, spelling_.PointerToGpuCount(name), std::to_string(gpus->value));
      }
    }
    if (edit_.profile) SetProfiles(*edit_.profile);
    if (edit_.runner) Add(PatchOperation::Op::kReplace, spelling_.PointerTo("runner_ids"), JsonListOf(*edit_.runner));
    if (edit_.drop_group) Add(PatchOperation::Op::kRemove, spelling_.PointerTo("runner_group_id"), {});
    if (edit_.drop_zone) Add(PatchOperation::Op::kRemove, spelling_.PointerTo("zone"), {});
    return std::move(patch_);
  }

 private:
  using Side = std::pair<std::string_view, const ResourceRequest*>;

  void Add(PatchOperation::Op op, std::string path, std::string value) {
    patch_.push_back({op, std::move(path), std::move(value)});
  }

  [[nodiscard]] std::vector<Side> Sides() const {
    return {{"resource_limits", &request_.limits},
            {"resource_requests", &request_.requests},
            {"resources", &request_.resources}};
  }

  [[nodiscard]] Side SideOf(Amount amount) const {
    if (HasJoinedSides(request_)) return Sides()[2];
    return IsLimit(amount) ? Sides()[0] : Sides()[1];
  }

  [[nodiscard]] std::string TextOf(Amount amount) const {
    return JsonText(QuantityOf(amount, edit_.amounts[amount]->value).ToString());
  }

  void SetAmount(Amount amount) {
    const auto [name, side] = SideOf(amount);
    const bool other_side_set = HasJoinedSides(request_) && !IsLimit(amount);
    if (other_side_set && edit_.amounts[amount == Amount::kCpuRequest ? Amount::kCpuLimit : Amount::kMemoryLimit]) {
      return;  // one member stands for both
    }
    if (!side->asked()) return AddSide(amount, name);
    const bool present = (IsCpu(amount) ? side->cpu : side->memory).has_value();
    Add(present ? PatchOperation::Op::kReplace : PatchOperation::Op::kAdd, spelling_.PointerTo(name, NameOf(amount)),
        TextOf(amount));
  }

  // An absent parent comes with all its members in one operation.
  void AddSide(Amount amount, std::string_view name) {
    const Amount memory = IsLimit(amount) ? Amount::kMemoryLimit : Amount::kMemoryRequest;
    if (amount == memory) {
      const Amount cpu = IsLimit(amount) ? Amount::kCpuLimit : Amount::kCpuRequest;
      if (edit_.amounts[cpu]) return;
    }
    std::string value = "{" + JsonText(NameOf(amount)) + ":" + TextOf(amount);
    if (amount != memory && edit_.amounts[memory]) value += ",\"memory\":" + TextOf(memory);
    Add(PatchOperation::Op::kAdd, spelling_.PointerTo(name), value + "}");
  }

  void SetProfiles(std::string_view profile) {
    const NodeReader reader(request_.node.get());
    const bool by_name = request_.node == nullptr || !reader.Texts("profile_names").empty();
    const std::string_view list = by_name ? "profile_names" : "profile_ids";
    Add(PatchOperation::Op::kReplace, spelling_.PointerTo(list), JsonListOf(profile));
    if (by_name && !reader.Texts("profile_ids").empty()) {
      Add(PatchOperation::Op::kRemove, spelling_.PointerTo("profile_ids"), {});
    }
  }

  const LaunchRequest& request_;
  const RequestEdit& edit_;
  const Spelling spelling_;
  std::vector<PatchOperation> patch_;
};

}  // namespace

std::string_view PatchOpName(PatchOperation::Op op) {
  switch (op) {
    case PatchOperation::Op::kAdd:
      return "add";
    case PatchOperation::Op::kReplace:
      return "replace";
    case PatchOperation::Op::kRemove:
      break;
  }
  return "remove";
}

bool HasJoinedSides(const LaunchRequest& request) { return request.resources.asked(); }

LaunchRequest Edited(const LaunchRequest& request, const RequestEdit& edit) {
  LaunchRequest edited = request;
  const auto set = [&](Amount amount) {
    const auto& change = edit.amounts[amount];
    if (!change) return;
    ResourceRequest& side = HasJoinedSides(request) ? edited.resources
                            : IsLimit(amount)       ? edited.limits
                                                    : edited.requests;
    (IsCpu(amount) ? side.cpu : side.memory) = Located<Quantity>{QuantityOf(amount, change->value), {}};
  };
  // A joined side has one value for both of its amounts.
  set(Amount::kCpuLimit);
  set(Amount::kCpuRequest);
  set(Amount::kMemoryLimit);
  set(Amount::kMemoryRequest);
  if (const auto& gpus = edit.amounts[Amount::kGpuCount]; gpus) {
    for (ResourceRequest* side : {&edited.requests, &edited.limits, &edited.resources}) {
      if (side->gpu.count) side->gpu.count = gpus->value;
    }
  }
  if (edit.profile) edited.profile_names = {*edit.profile};
  if (edit.runner) edited.runner_ids = {*edit.runner};
  if (edit.drop_group) edited.runner_group_id.clear();
  if (edit.drop_zone) edited.zone.clear();
  return edited;
}

std::vector<PatchOperation> PatchOf(const LaunchRequest& request, const RequestEdit& edit) {
  return PatchWriter(request, edit).Run();
}

}  // namespace berth
