// Absent, null, "", [] and {} say five things, for every field of the table, in every layer, in YAML, in JSON, and in JSON
// inside a string. What each must do follows from the field's row.

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/merge/merge.h"
#include "berth/spec/field.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"

namespace berth {
namespace {

using Json = nlohmann::json;

// A field with its place in a spec; user's keys are `k`.
struct Place {
  const Field* field = nullptr;
  Json::json_pointer at;
  Json value;          // a value of it
  bool entry = false;  // the place is one key of the field's map
};

Json SampleScalar(const Field& field) {
  switch (field.type) {
    case FieldType::kBool:
      return true;
    case FieldType::kQuantity:
      return "2";
    case FieldType::kEnum:
      return std::string(field.values.substr(0, field.values.find(' ')));
    default:
      break;
  }
  switch (field.format) {
    case Format::kCidr:
      return "10.0.0.0/8";
    case Format::kHostTemplate:
      return "{{.SandboxID}}.example.com";
    default:
      return "a";
  }
}

void CollectPlaces(Record record, const Json::json_pointer& at, std::vector<Place>& places);

// The members of a record below a place, which is a place of its own as well.
Json CollectBelow(Record members, const Json::json_pointer& at, std::vector<Place>& places) {
  const size_t first = places.size();
  CollectPlaces(members, at, places);
  Json sample = Json::object();
  for (size_t i = first; i < places.size(); ++i) {
    if (places[i].at.parent_pointer() == at) sample[places[i].at.back()] = places[i].value;
  }
  return sample;
}

void CollectPlaces(Record record, const Json::json_pointer& at, std::vector<Place>& places) {
  for (const Field& field : FieldsOf(record)) {
    const Json::json_pointer here = at / std::string(field.name);
    Json value;
    switch (field.type) {
      case FieldType::kRecord:
        // A pair is one value.
        value = field.merge == MergeKind::kWhole ? Json{{"key", "k"}, {"value", "v"}}
                                                 : CollectBelow(field.members, here, places);
        break;
      case FieldType::kRecordMap:
        value = {{"k", CollectBelow(field.members, here / "k", places)}};
        places.push_back({&field, here / "k", value["k"], true});
        break;
      case FieldType::kStringMap:
        value = {{"k", "v"}};
        places.push_back({&field, here / "k", "v", true});
        break;
      case FieldType::kStringList:
        value = {SampleScalar(field)};
        break;
      case FieldType::kOpenTree:
        value = {{"hostname", "h"}};
        break;
      default:
        value = SampleScalar(field);
    }
    places.push_back({&field, here, value, false});
  }
}

// What an input must do to the value below it; nothing: the layer is refused.
enum class Effect { kKeeps, kRemoves, kReplaces };

std::optional<Effect> EffectOf(const Place& place, std::string_view input) {
  const Field& field = *place.field;
  const bool is_map = field.type == FieldType::kRecord || field.type == FieldType::kOpenTree ||
                      field.type == FieldType::kRecordMap || (field.type == FieldType::kStringMap && !place.entry);
  const bool is_list = field.type == FieldType::kStringList;
  if (input == "absent") return Effect::kKeeps;
  if (input == "null") return Effect::kRemoves;
  if (input == "[]") return is_list ? std::optional(Effect::kReplaces) : std::nullopt;
  if (input == "{}") return is_map ? std::optional(Effect::kKeeps) : std::nullopt;
  const bool text = field.type == FieldType::kString || field.type == FieldType::kStringMap;
  if (!text || is_map || is_list) return std::nullopt;
  return field.empty == EmptyText::kValue || (place.entry && field.format != Format::kText)
             ? std::optional(Effect::kReplaces)
             : std::nullopt;
}

// A spec that says `input` at the place and nothing else.
Json Saying(const Place& place, std::string_view input) {
  Json spec = Json::object();
  if (input == "absent") {
    spec[place.at.parent_pointer()] = Json::object();
  } else {
    spec[place.at] = Json::parse(input == "empty" ? "\"\"" : std::string(input));
  }
  return spec;
}

// The same spec, written in each way. YAML reads JSON too; the blocks can stand in strings; so can a binding's layer.
std::vector<Decoded> InEveryForm(const Json& spec, Layer layer) {
  std::vector<Decoded> forms;
  for (const char* name : {"a.yaml", "a.json"}) {
    forms.push_back(DecodeText(Record::kSpec, spec.dump(), layer, name));
    Json in_strings = spec;
    for (const auto& [block, text] : {std::pair("namespace", "namespaceConfigJson"),
                                      {"network", "networkConfigJson"},
                                      {"pod", "podTemplateJson"}}) {
      if (!spec.contains(block) || !spec[block].is_object()) continue;
      in_strings.erase(block);
      in_strings[text] = spec[block].dump();
    }
    if (in_strings != spec) forms.push_back(DecodeText(Record::kSpec, in_strings.dump(), layer, name));
    if (layer != Layer::kBinding) continue;
    const Json runner = {{"profile_bindings", {{{"profile_template_id", "p"}, {"overrides_json", spec.dump()}}}}};
    Decoded decoded = DecodeText(Record::kRunner, runner.dump(), Layer::kRunner, name);
    const Node* bindings = At(decoded.node.get(), {"profile_bindings"});
    const NodeRef* overrides = bindings == nullptr ? nullptr : bindings->items.at(0)->Find("overrides_json");
    decoded.valid = overrides != nullptr && (*overrides)->is_map() && !(*overrides)->refused;
    decoded.node = overrides == nullptr ? nullptr : *overrides;
    forms.push_back(std::move(decoded));
  }
  return forms;
}

Json JsonOf(const NodeRef& spec) { return spec == nullptr ? Json::object() : Json::parse(TreeText(spec)); }

// The lower layer's spec and what is wanted of it, without what became empty outside pod.spec.
Json Wanted(const Place& place, Effect effect, std::string_view input) {
  Json spec = Json::object();
  spec[place.at] = place.value;
  if (effect == Effect::kKeeps) return spec;
  if (effect == Effect::kReplaces) {
    spec[place.at] = Json::parse(input == "empty" ? "\"\"" : std::string(input));
    return spec;
  }
  Json::json_pointer at = place.at;
  spec[at.parent_pointer()].erase(at.back());
  for (at = at.parent_pointer(); !at.empty() && spec[at].empty(); at = at.parent_pointer()) {
    spec[at.parent_pointer()].erase(at.back());
  }
  return spec;
}

TEST(FiveInputs, AreKeptApartForEveryField) {
  std::vector<Place> places;
  CollectPlaces(Record::kSpec, Json::json_pointer(), places);
  ASSERT_GT(places.size(), 45U);
  std::map<std::string, int> met;
  for (const Place& place : places) {
    Json below = Json::object();
    below[place.at] = place.value;
    const Decoded lower = DecodeText(Record::kSpec, below.dump(), Layer::kZone, "a.json");
    ASSERT_TRUE(lower.valid) << below << " " << IssueText(lower.issues);
    for (const std::string input : {"absent", "null", "empty", "[]", "{}"}) {
      const std::optional<Effect> effect = EffectOf(place, input);
      const Json spec = Saying(place, input);
      for (const Layer layer : {Layer::kZone, Layer::kProfile, Layer::kBinding, Layer::kSandbox}) {
        for (const Decoded& higher : InEveryForm(spec, layer)) {
          EXPECT_EQ(higher.valid, effect.has_value()) << spec << " in " << LayerName(layer);
          ++met[effect.has_value() ? "accepted" : "refused"];
          if (!higher.valid || !effect.has_value()) continue;
          const std::array<NodeRef, 2> layers = {lower.node, higher.node};
          EXPECT_EQ(JsonOf(MergeLayers(layers)), Wanted(place, *effect, input)) << spec << " in " << LayerName(layer);
          // Nothing is below the zone: a note says so.
          const bool noted = IssueText(higher.issues).find("misplaced-null") != std::string::npos;
          EXPECT_EQ(noted, input == "null" && layer == Layer::kZone) << spec << " in " << LayerName(layer);
        }
      }
    }
  }
  EXPECT_GT(met["accepted"], 1500);
  EXPECT_GT(met["refused"], 1000);
}

// Protobuf JSON does not tell "", null and [] from absence; the text of a block in it is a document all the same.
TEST(FiveInputs, AreAbsenceInTypedBodies) {
  const auto decode = [](const Json& spec) {
    const ParsedDocument parsed = ParseJson(std::make_shared<SourceText>("body.json", spec.dump()));
    std::vector<Issue> issues;
    const DecodedRecord decoded =
        DecodeRecord(Record::kSpec, parsed.document->root(0), Layer::kProfile, "", issues, Source::kTypedBody);
    EXPECT_TRUE(decoded.valid) << spec << " " << IssueText(issues);
    EXPECT_TRUE(issues.empty()) << spec << " " << IssueText(issues);
    return TreeText(decoded.node);
  };
  std::vector<Place> places;
  CollectPlaces(Record::kSpec, Json::json_pointer(), places);
  for (const Place& place : places) {
    if (place.entry || place.at.parent_pointer() != Json::json_pointer()) continue;
    for (const Json& input : {Json(), Json(""), Json::array()}) {
      EXPECT_EQ(decode({{place.at.back(), input}}), "{}") << place.at << " " << input;
    }
    EXPECT_NE(decode({{place.at.back(), place.value}}), "{}") << place.at;
  }
  EXPECT_EQ(decode({{"networkConfigJson", R"({"egress":null,"ingress":{}})"}}),
            R"({"network":{"egress":null,"ingress":{}}})");
}

// The four texts that stand for blocks are absent when they are exactly empty, and hold objects otherwise.
TEST(FiveInputs, EmptyTextForABlockIsAbsent) {
  for (const char* name : {"namespaceConfigJson", "networkConfigJson", "podTemplateJson"}) {
    for (const char* file : {"a.yaml", "a.json"}) {
      const auto decode = [&](const Json& value) {
        return DecodeText(Record::kSpec, Json{{name, value}}.dump(), Layer::kProfile, file);
      };
      EXPECT_TRUE(decode("").valid);
      EXPECT_EQ(TreeText(decode("").node), "{}");
      for (const char* text : {" ", "null", "[]", "\"\""}) EXPECT_FALSE(decode(text).valid) << name << " " << text;
      EXPECT_TRUE(decode("{}").valid);
    }
  }
}

}  // namespace
}  // namespace berth
