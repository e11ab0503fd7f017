// The laws of the merge, on random layers: who wins, what null does, what order and grouping may not change, and where
// the merge is JSON Merge Patch.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "berth/merge/merge.h"
#include "berth/spec/decode.h"
#include "gtest/gtest.h"
#include "tests/random_catalog.h"
#include "tests/random_pod.h"

namespace berth {
namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

constexpr int kRounds = 4000;

// ---- layers ----

// What a random layer may hold.
struct Shapes {
  bool nulls = true;
  bool modes = true;
  bool pairs = true;
  bool pod_spec = true;
  bool pods = false;  // pod.spec made of the fields of Kubernetes, with directives
};

constexpr Shapes kAll = {};
constexpr Shapes kPods = {true, true, true, true, true};
constexpr Shapes kMergePatch = {true, false, false, false};

class LayerMaker {
 public:
  LayerMaker(Random& random, const Shapes& shapes) : random_(random), shapes_(shapes) {}

  Json Make() {
    Json layer = Json::object();
    Maybe(layer, "container_image", [&] { return Text({"debian", "python:3.11"}); });
    Maybe(layer, "tags", [&] { return List(); });
    Maybe(layer, "node_selector", [&] { return Map(); });
    Maybe(layer, "resource_defaults", [&] {
      return Record({{"cpuLimit",
                      [&] {
                        return Text({"1", "2"});
                      }},
                     {"memoryLimit", [&] {
                        return Text({"1Gi", "2Gi"});
                      }}});
    });
    Maybe(layer, "namespace", [&] {
      return Record({{"strategy",
                      [&] {
                        return Text({"per-org", "per-user"});
                      }},
                     {"autoCreate", [&] { return Json(random_.Chance(50)); }},
                     {"labels", [&] { return Map(); }}});
    });
    Maybe(layer, "network", [&] {
      return Record(
          {{"egress", [&] { return Egress(); }}, {"ingress", [&] { return Named([&] { return Level(); }); }}});
    });
    Maybe(layer, "pod", [&] {
      return Record({{"metadata",
                      [&] {
                        return Record({{"labels", [&] { return Map(); }}});
                      }},
                     {"spec", [&] { return PodSpec(); }}});
    });
    return layer;
  }

 private:
  using Make1 = std::function<Json()>;

  void Maybe(Json& object, const std::string& name, const Make1& make) {
    if (!random_.Chance(55)) return;
    object[name] = shapes_.nulls && random_.Chance(15) ? Json() : make();
  }
  Json Record(const std::vector<std::pair<std::string, Make1>>& fields) {
    Json out = Json::object();
    for (const auto& [name, make] : fields) Maybe(out, name, make);
    return out;
  }
  Json Named(const Make1& make) { return Record({{"a", make}, {"b", make}, {"c", make}}); }
  Json Text(const std::vector<std::string>& pool) { return random_.Pick(pool); }
  Json List() {
    Json out = Json::array();
    for (size_t left = random_.Below(3); left > 0; --left)
      out.push_back(random_.Pick(std::vector<std::string>{"x", "y"}));
    return out;
  }
  Json Map() {
    return Named([&] { return Text({"x", "y", ""}); });
  }
  Json Egress() {
    return Record({{"default",
                    [&] {
                      return Text({"a", "b"});
                    }},
                   {"modes", [&] {
                      if (!shapes_.modes) return Json(Json::object());
                      return Named([&] {
                        return Record({{"type",
                                        [&] {
                                          return Text({"none", "internet", "allowlist"});
                                        }},
                                       {"cidrs", [&] { return Json::array({"10.0.0.0/8"}); }}});
                      });
                    }}});
  }
  Json Level() {
    Json level = Record({{"scope", [&] { return Text({"org", "any"}); }}});
    if (shapes_.pairs) {
      Maybe(level, "service", [&] {
        return Record(
            {{"dnsAnnotation", [&] {
                return random_.Chance(20) ? Json(Json::object()) : Json{{"key", "k"}, {"value", Text({"1", "2"})}};
              }}});
      });
    }
    return level;
  }
  Json PodSpec() {
    if (shapes_.pods) return MakeRandomPodSpec(random_, {.patch = shapes_.nulls});
    return shapes_.pod_spec ? Tree(3) : Json::object();
  }
  Json Tree(int depth) {
    switch (depth == 0 ? random_.Below(3) : random_.Below(6)) {
      case 0:
        return depth == 3 ? Json(Json::object()) : Json(random_.Below(3));
      case 1:
        return depth == 3 ? Json(Json::object()) : Text({"x", "y"});
      case 2:
        return depth == 3 ? Json(Json::object()) : List();
      default:
        return Named([&] { return Tree(depth - 1); });
    }
  }

  Random& random_;
  Shapes shapes_;
};

// ---- between JSON and trees ----

// JSON text with the keys of every object in random order.
void WriteShuffled(const Json& value, Random& random, std::string& out) {
  if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      WriteShuffled(value[i], random, out);
    }
    out += ']';
    return;
  }
  if (!value.is_object()) {
    out += value.dump();
    return;
  }
  std::vector<std::string> keys;
  for (const auto& [key, member] : value.items()) keys.push_back(key);
  for (size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.Below(i)]);
  out += '{';
  for (const std::string& key : keys) {
    if (out.back() != '{') out += ',';
    out += Json(key).dump() + ':';
    WriteShuffled(value[key], random, out);
  }
  out += '}';
}

NodeRef FromText(const std::string& text, Layer layer) {
  const ParsedDocument parsed = ParseJson(std::make_shared<SourceText>("layer.json", text));
  std::vector<Issue> issues;
  const DecodedRecord decoded = DecodeRecord(Record::kSpec, parsed.document->root(0), layer, "", issues);
  EXPECT_TRUE(decoded.valid) << text;
  return decoded.node;
}

NodeRef FromJson(const Json& json, Layer layer = Layer::kProfile) { return FromText(json.dump(), layer); }

Json ToJson(const NodeRef& node) {
  if (node == nullptr) return Json::object();
  switch (node->kind) {
    case NodeKind::kNull:
    case NodeKind::kInvalid:
      return nullptr;
    case NodeKind::kBool:
    case NodeKind::kNumber:
      return Json::parse(node->text);
    case NodeKind::kString:
    case NodeKind::kQuantity:
      return node->text;
    case NodeKind::kList: {
      Json out = Json::array();
      for (const NodeRef& item : node->items) out.push_back(ToJson(item));
      return out;
    }
    case NodeKind::kMap:
      break;
  }
  Json out = Json::object();
  for (const Member& member : node->members) out[member.key] = ToJson(member.value);
  return out;
}

Json MergedJson(const std::vector<Json>& layers) {
  std::vector<NodeRef> nodes;
  for (const Json& layer : layers) nodes.push_back(FromJson(layer));
  return ToJson(MergeLayers(nodes));
}

Json Finished(const NodeRef& merged) { return ToJson(Finish(merged)); }

bool InPodSpec(const Pointer& at) { return at.to_string().starts_with("/pod/spec/"); }

// Every place in the tree, and whether it is a leaf: a scalar, a list, an empty object.
void Walk(const Json& value, const Pointer& at, const std::function<void(const Pointer&, const Json&)>& visit) {
  visit(at, value);
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) Walk(member, at / key, visit);
}

// Without empty records and maps outside pod.spec.
Json Pruned(const Json& value, const Pointer& at = Pointer()) {
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, member] : value.items()) {
    Json kept = Pruned(member, at / key);
    if (kept.is_object() && kept.empty() && !InPodSpec(at / key)) continue;
    out[key] = std::move(kept);
  }
  return out;
}

// JSON Merge Patch, from the RFC's own description: a patch object is applied member by member, anything else replaces.
Json MergePatch(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null()) {
      target.erase(name);
    } else {
      target[name] = MergePatch(target.contains(name) ? target[name] : Json(), value);
    }
  }
  return target;
}

class MergeLaws : public testing::Test {
 protected:
  Json Layer(const Shapes& shapes = kAll) { return LayerMaker(random_, shapes).Make(); }

  Random random_{20260101};
};

// ---- laws ----

TEST_F(MergeLaws, TheLastLayerThatSetsAValueWins) {
  for (int round = 0; round < kRounds; ++round) {
    const Json lower = Layer();
    const Json higher = Layer();
    const Json merged = MergedJson({lower, higher});
    Walk(higher, Pointer(), [&](const Pointer& at, const Json& value) {
      if (value.is_object() || value.is_null()) return;
      ASSERT_TRUE(merged.contains(at)) << at << "\n" << lower << "\n" << higher;
      ASSERT_EQ(merged[at], value) << at << "\n" << lower << "\n" << higher;
    });
  }
}

TEST_F(MergeLaws, WhatAHigherLayerDoesNotMentionStays) {
  for (int round = 0; round < kRounds; ++round) {
    const Json lower = MergedJson({Layer({false, true, true, true})});
    const Json higher = Layer({true, false, false, true});
    const Json merged = MergedJson({lower, higher});
    Walk(lower, Pointer(), [&](const Pointer& at, const Json& value) {
      if (value.is_object()) return;
      // Neither the value nor anything above it, other than an object.
      Pointer above = at;
      while (!above.empty()) {
        if (higher.contains(above) && !higher[above].is_object()) return;
        above = above.parent_pointer();
      }
      if (higher.contains(at)) return;
      ASSERT_TRUE(merged.contains(at)) << at << "\n" << lower << "\n" << higher;
      ASSERT_EQ(merged[at], value) << at;
    });
  }
}

TEST_F(MergeLaws, AnEmptyOrMissingLayerChangesNothing) {
  for (int round = 0; round < kRounds; ++round) {
    const NodeRef layer = FromJson(Layer(kPods));
    const NodeRef empty = FromJson(Json::object());
    EXPECT_TRUE(SameValue(*Merge(layer, empty), *layer));
    EXPECT_TRUE(SameValue(*Merge(empty, layer), *layer));
    EXPECT_EQ(Merge(layer, nullptr), layer);
    EXPECT_EQ(Merge(nullptr, layer), layer);
  }
}

TEST_F(MergeLaws, NullRemovesAtAnyDepthAndNothingElse) {
  for (int round = 0; round < kRounds; ++round) {
    const Json lower = MergedJson({Layer(), Layer()});
    std::vector<Pointer> places;
    Walk(lower, Pointer(), [&](const Pointer& at, const Json&) {
      const bool in_pair = at.to_string().find("Annotation/") != std::string::npos;  // a pair is one value
      if (!at.empty() && !in_pair) places.push_back(at);
    });
    if (places.empty()) continue;
    const Pointer& place = places[random_.Below(places.size())];
    Json higher = Json::object();
    higher[place] = nullptr;
    Json wanted = lower;
    wanted[place.parent_pointer()].erase(place.back());
    EXPECT_EQ(MergedJson({lower, higher}), Pruned(wanted)) << place << "\n" << lower;
  }
}

TEST_F(MergeLaws, ResultsHoldNoNullAndNoEmptyRecord) {
  for (int round = 0; round < kRounds; ++round) {
    const Json merged = MergedJson({Layer(kPods), Layer(kPods), Layer(kPods)});
    EXPECT_EQ(Pruned(merged), merged);
    const std::string text = merged.dump();
    EXPECT_EQ(text.find("null"), std::string::npos) << text;
    EXPECT_EQ(text.find("$patch"), std::string::npos) << text;
  }
}

TEST_F(MergeLaws, KeyOrderDoesNotMatter) {
  for (int round = 0; round < kRounds; ++round) {
    std::vector<NodeRef> sorted;
    std::vector<NodeRef> shuffled;
    for (int i = 0; i < 3; ++i) {
      const Json layer = Layer(kPods);
      sorted.push_back(FromJson(layer));
      std::string text;
      WriteShuffled(layer, random_, text);
      shuffled.push_back(FromText(text, berth::Layer::kProfile));
    }
    EXPECT_EQ(ToJson(MergeLayers(sorted)), ToJson(MergeLayers(shuffled)));
  }
}

TEST_F(MergeLaws, MergingALayerAgainChangesNothing) {
  for (int round = 0; round < kRounds; ++round) {
    const NodeRef lower = FromJson(Layer(kPods));
    const NodeRef higher = FromJson(Layer(kPods));
    const NodeRef once = Merge(lower, higher);
    EXPECT_EQ(Finished(Merge(once, higher)), Finished(once)) << ToJson(lower) << "\n" << ToJson(higher);
    EXPECT_EQ(Finished(Finish(once)), Finished(once));
    // What a merge left merges on as its finished form does.
    const NodeRef third = FromJson(Layer(kPods));
    EXPECT_EQ(Finished(Merge(once, third)), Finished(Merge(Finish(once), third)));
  }
}

TEST_F(MergeLaws, GroupingDoesNotMatterOutsideModesAndPodSpec) {
  for (int round = 0; round < kRounds; ++round) {
    const Shapes shapes = {true, false, true, false};
    const NodeRef a = FromJson(Layer(shapes));
    const NodeRef b = FromJson(Layer(shapes));
    const NodeRef c = FromJson(Layer(shapes));
    EXPECT_EQ(Finished(Merge(Merge(a, b), c)), Finished(Merge(a, Merge(b, c)))) << ToJson(a) << "\n"
                                                                                << ToJson(b) << "\n"
                                                                                << ToJson(c);
  }
}

// The promise ends there for a reason: a mode that turns into `internet` and back loses what it had.
TEST_F(MergeLaws, GroupingMattersInModes) {
  const auto mode = [](Json value) { return FromJson({{"network", {{"egress", {{"modes", {{"m", value}}}}}}}}); };
  const NodeRef zone = mode({{"type", "internet"}});
  const NodeRef profile = mode({{"cidrs", {"10.0.0.0/8"}}});
  const NodeRef binding = mode({{"type", "allowlist"}});
  const Pointer cidrs("/network/egress/modes/m/cidrs");
  EXPECT_FALSE(Finished(Merge(Merge(zone, profile), binding)).contains(cidrs));
  EXPECT_TRUE(Finished(Merge(zone, Merge(profile, binding))).contains(cidrs));
}

TEST_F(MergeLaws, OutsideModesPairsAndPodSpecItIsJsonMergePatch) {
  for (int round = 0; round < kRounds; ++round) {
    Json patched = Json::object();
    std::vector<Json> layers;
    for (int i = 0; i < 4; ++i) {
      layers.push_back(Layer(kMergePatch));
      patched = MergePatch(patched, layers.back());
    }
    EXPECT_EQ(MergedJson(layers), Pruned(patched));
  }
}

// Inside pod.spec too, where `{}` is a value.
TEST_F(MergeLaws, PodSpecIsJsonMergePatchToo) {
  const auto pod = [&] { return LayerMaker(random_, kAll).Make().value("pod", Json::object()); };
  for (int round = 0; round < kRounds; ++round) {
    Json patched = Json::object();
    std::vector<Json> layers;
    for (int i = 0; i < 4; ++i) {
      Json layer = Json::object();
      const Json block = pod();
      if (block.is_object() && block.contains("spec") && block["spec"].is_object())
        layer["pod"]["spec"] = block["spec"];
      layers.push_back(layer);
      patched = MergePatch(patched, layer);
    }
    EXPECT_EQ(MergedJson(layers), Pruned(patched));
  }
}

// The examples that RFC 7396 publishes, those that are objects, as a pod.spec.
TEST_F(MergeLaws, AnswersThePublishedExamples) {
  struct Example {
    const char* original;
    const char* patch;
    const char* result;
  };
  constexpr Example kExamples[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"a":"foo"})", R"({"a":{"b":1}})", R"({"a":{"b":1}})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const Example& example : kExamples) {
    const auto spec = [](const char* text) { return Json{{"pod", {{"spec", Json::parse(text)}}}}; };
    const Json merged = MergedJson({spec(example.original), spec(example.patch)});
    EXPECT_EQ(merged.value(Pointer("/pod/spec"), Json::object()), Json::parse(example.result)) << example.patch;
  }
}

TEST_F(MergeLaws, AnotherTypeDiscardsWhatTheModeHad) {
  const auto mode = [](Json value) { return Json{{"network", {{"egress", {{"modes", {{"m", value}}}}}}}}; };
  const Json list = {{"type", "allowlist"}, {"cidrs", {"10.0.0.0/8"}}};
  EXPECT_EQ(MergedJson({mode(list), mode({{"type", "internet"}})}), mode({{"type", "internet"}}));
  // The same type, and no type at all, keep it.
  EXPECT_EQ(MergedJson({mode(list), mode({{"type", "allowlist"}})}), mode(list));
  EXPECT_EQ(MergedJson({mode({{"type", "allowlist"}}), mode({{"cidrs", {"10.0.0.0/8"}}})}), mode(list));
}

TEST_F(MergeLaws, APairIsReplacedWhole) {
  const auto pair = [](Json value) {
    return Json{{"network", {{"ingress", {{"l", {{"service", {{"dnsAnnotation", value}}}}}}}}}};
  };
  const Json first = {{"key", "a"}, {"value", "1"}};
  const Json second = {{"key", "b"}, {"value", "2"}};
  EXPECT_EQ(MergedJson({pair(first), pair(second)}), pair(second));
  EXPECT_EQ(MergedJson({pair(first), pair(Json::object())}), pair(first));
  EXPECT_EQ(MergedJson({pair(first), pair(nullptr)}), Json::object());
}

}  // namespace
}  // namespace berth
