#include "berth/engine/explanation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "berth/merge/provenance.h"
#include "berth/spec/fold.h"

namespace berth {
namespace {

// `path` itself, or a member below it.
bool IsBelow(std::string_view pointer, std::string_view path) {
  return pointer.starts_with(path) && (pointer.size() == path.size() || pointer[path.size()] == '/');
}

// Where the layers of one resolved spec were written.
class Sources {
 public:
  Sources(const Resolved& resolved, const LaunchRequest* request)
      : snapshot_(*resolved.snapshot), binding_(snapshot_.bindings()[resolved.binding]), request_(request) {}

  [[nodiscard]] std::string Of(Layer layer, Position position) const {
    if (layer != Layer::kSandbox) {
      return layer == Layer::kDefault ? std::string() : snapshot_.SourceOf(binding_, layer, position);
    }
    if (request_ == nullptr || request_->file.empty() || !position.known()) return {};
    return PlaceText(request_->file, position);
  }

  template <typename Visit>
  void ForEachDropped(Visit visit) const {
    const auto visit_all = [&](Layer layer, const std::vector<DroppedValue>& dropped) {
      for (const DroppedValue& value : dropped) visit(layer, value);
    };
    const CompiledRunner& runner = snapshot_.RunnerOf(binding_);
    if (runner.zone_object != nullptr) visit_all(Layer::kZone, std::get<Zone>(runner.zone_object->value).dropped);
    if (binding_.profile_object != nullptr) {
      visit_all(Layer::kProfile, std::get<Profile>(binding_.profile_object->value).dropped);
    }
    visit_all(Layer::kBinding, runner.runner->bindings[binding_.ordinal].dropped);
    if (request_ != nullptr) visit_all(Layer::kSandbox, request_->dropped);
  }

 private:
  const Snapshot& snapshot_;
  const CompiledBinding& binding_;
  const LaunchRequest* request_;
};

std::vector<ExplainedLayer> RowsOf(const FieldProvenance& field, const Sources& sources) {
  std::vector<ExplainedLayer> rows;
  for (size_t i = 0; i < field.said.size(); ++i) {
    const auto layer = static_cast<Layer>(i);
    const NodeRef& said = field.said[i];
    if (layer == field.layer || said == nullptr || said->kind == NodeKind::kInvalid) continue;
    // What stands above the value that counts is a list that only removed elements.
    const Says says = said->is_null() || layer > field.layer ? Says::kUnset : Says::kShadowed;
    rows.push_back({layer, says, says == Says::kUnset ? nullptr : said, sources.Of(layer, said->position)});
  }
  ExplainedLayer decider = {field.layer, Says::kSet, field.value, {}, /*decides=*/true};
  const auto level = static_cast<size_t>(field.layer);
  const NodeRef said = level < field.said.size() ? field.said[level] : nullptr;
  if (field.value != nullptr) {
    decider.source = sources.Of(field.layer, field.value->position);
    decider.emptied = field.value->is_list() && field.value->items.empty() && said != nullptr && !said->items.empty();
  } else {
    decider.says = Says::kUnset;
    if (said != nullptr) decider.source = sources.Of(field.layer, said->position);
  }
  const auto place = std::ranges::upper_bound(rows, field.layer, {}, &ExplainedLayer::layer);
  rows.insert(place, std::move(decider));
  return rows;
}

}  // namespace

std::string_view SaysName(Says says) {
  switch (says) {
    case Says::kSet:
      return "set";
    case Says::kShadowed:
      return "shadowed";
    case Says::kUnset:
      return "unset";
    case Says::kDropped:
      return "dropped";
  }
  return "dropped";
}

const ExplainedLayer* ExplainedField::decider() const {
  const auto found = std::ranges::find(layers, true, &ExplainedLayer::decides);
  return found == layers.end() ? nullptr : &*found;
}

std::vector<ExplainedField> ExplainResolved(const Resolved& resolved, const LaunchRequest* request,
                                            std::string_view path) {
  const Sources sources(resolved, request);
  std::map<std::string, std::vector<ExplainedLayer>> by_path;
  for (const FieldProvenance& field : ExplainFields(resolved.layers)) {
    // What could not be read is the catalog's findings' to tell.
    const bool readable = field.value == nullptr || field.value->kind != NodeKind::kInvalid;
    if (readable && IsBelow(field.path, path)) by_path[field.path] = RowsOf(field, sources);
  }
  sources.ForEachDropped([&](Layer layer, const DroppedValue& dropped) {
    if (!IsBelow(dropped.path, path)) return;
    std::vector<ExplainedLayer>& rows = by_path[dropped.path];
    ExplainedLayer row = {layer, Says::kDropped, dropped.value, sources.Of(layer, dropped.value->position)};
    rows.insert(std::ranges::upper_bound(rows, layer, {}, &ExplainedLayer::layer), std::move(row));
  });
  std::vector<ExplainedField> fields;
  fields.reserve(by_path.size());
  for (auto& [pointer, rows] : by_path) fields.push_back({pointer, std::move(rows)});
  return fields;
}

}  // namespace berth
