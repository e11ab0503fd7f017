#include "berth/engine/catalog.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "berth/spec/fold.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

// Folds one layer in place and checks it. The tree stays null when the object has none.
void PrepareLayer(const Object& object, std::string_view below, NodeRef& layer, std::vector<DroppedValue>& dropped,
                  std::vector<Issue>& issues) {
  if (layer == nullptr) return;
  const std::string path = std::string(object.path).append(below);
  FoldedLayer folded = FoldLayer(layer, object.file, path, issues);
  layer = std::move(folded.layer);
  dropped = std::move(folded.dropped);
  CheckLayer(*layer, {object.file, path, {}}, issues);
}

void PrepareBindings(Object& object, Runner& runner) {
  for (size_t i = 0; i < runner.bindings.size(); ++i) {
    Binding& binding = runner.bindings[i];
    std::vector<Issue> issues;
    PrepareLayer(object, "/profile_bindings/" + std::to_string(i) + "/overrides_json", binding.overrides,
                 binding.dropped, issues);
    // A bad override spoils its binding, not the runner.
    binding.overrides_valid = binding.overrides_valid && !HasError(issues);
    std::ranges::move(issues, std::back_inserter(object.issues));
  }
}

Record RecordOf(const Object& object) {
  constexpr Record kRecords[] = {Record::kZone, Record::kProfile, Record::kRunner, Record::kOrganization};
  return kRecords[object.value.index()];
}

void Prepare(Object& object) {
  std::vector<Issue> issues;
  if (auto* zone = std::get_if<Zone>(&object.value); zone != nullptr) {
    PrepareLayer(object, "/defaults", zone->defaults, zone->dropped, issues);
  } else if (auto* profile = std::get_if<Profile>(&object.value); profile != nullptr) {
    PrepareLayer(object, "/spec", profile->spec, profile->dropped, issues);
  } else if (auto* runner = std::get_if<Runner>(&object.value); runner != nullptr) {
    PrepareBindings(object, *runner);
  }
  const Record record = RecordOf(object);
  const Place place = {object.file, object.path, {}};
  CheckFormats(*object.node, record, place, issues);
  if (object.form == ObjectForm::kWhole) CheckRequired(*object.node, record, object.position, place, issues);
  object.refused = object.refused || HasError(issues);
  std::ranges::move(issues, std::back_inserter(object.issues));
}

bool StandsAtOrAfter(Position a, Position b) { return std::tie(a.line, a.column) >= std::tie(b.line, b.column); }

// An error of the parser refuses the object it stands in, even where the tree does not show it (a key that is no text,
// a tagged key). A repeated key is left to decoding, which knows whether it spoils more than one binding.
void RefuseSpoiled(std::span<const Issue> issues, std::span<Object> objects) {
  for (const Issue& issue : issues) {
    if (issue.level() != IssueLevel::kError || issue.code == IssueCode::kDuplicateKey) continue;
    const auto after = std::ranges::find_if(
        objects, [&](const Object& object) { return !StandsAtOrAfter(issue.position, object.position); });
    if (after != objects.begin()) std::prev(after)->refused = true;
  }
}

}  // namespace

void AddParsed(ParsedDocument parsed, Catalog& catalog) {
  ++catalog.files;
  if (parsed.document == nullptr) {
    ++catalog.unreadable_files;
  } else {
    std::vector<Object> objects = DecodeObjects(*parsed.document, catalog.issues, [](Object& object) {
      if (object.node != nullptr && object.node->is_map()) Prepare(object);
    });
    RefuseSpoiled(parsed.issues, objects);
    std::ranges::move(objects, std::back_inserter(catalog.objects));
  }
  std::ranges::move(parsed.issues, std::back_inserter(catalog.issues));
}

void AddSource(std::shared_ptr<const SourceText> source, Catalog& catalog) {
  AddParsed(ParseDocument(std::move(source)), catalog);
}

}  // namespace berth
