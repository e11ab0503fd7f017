#include "tests/random_pod.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "berth/spec/pod_patch.h"

namespace berth {
namespace {

using Json = nlohmann::json;

const std::string kPatch(kPatchKey);
const std::vector<std::string> kTexts = {"a", "b", "c", ""};
const std::vector<std::string> kAmounts = {"1", "500m", "2Gi", "1k"};

class PodMaker {
 public:
  PodMaker(Random& random, const PodDialect& dialect) : random_(random), dialect_(dialect) {}

  Json Make() {
    Json spec = Object(PodRecord::kPodSpec, 0, /*whole=*/false);
    for (const char* name : {"containers", "volumes"}) {  // what most pods have, and most patches touch
      if (random_.Chance(60)) spec[name] = Elements(*FindPodField(PodRecord::kPodSpec, name), 1, false);
    }
    return spec;
  }

 private:
  // `whole`: inside a list that is replaced, where nulls and directives have nothing to act on.
  Json Object(PodRecord record, int depth, bool whole) {
    Json object = Json::object();
    bool chosen = false;  // one of the alternatives
    for (const PodField& field : PodFieldsOf(record)) {
      if (!dialect_.knows(field) || !random_.Chance(depth == 0 ? 20 : 25)) continue;
      if (!field.union_group.empty() && std::exchange(chosen, true)) continue;
      object[std::string(field.name)] = Edits(whole, 8) ? Json() : Value(field, depth + 1, whole);
    }
    if (depth > 0 && Edits(whole, 4)) object[kPatch] = Directive();
    return object;
  }

  // Whether to do here what only a patch does.
  bool Edits(bool whole, size_t percent) { return dialect_.patch && !whole && random_.Chance(percent); }
  std::string Directive() { return random_.Chance(50) ? "delete" : "replace"; }

  Json Scalar(const PodField& field) {
    switch (field.type) {
      case PodType::kBool:
        return random_.Chance(50);
      case PodType::kInteger:
      case PodType::kIntegerList:
        return std::clamp(static_cast<int64_t>(random_.Below(4)), field.range.low, field.range.high);
      case PodType::kIntegerOrString:
        return random_.Chance(50) ? Json(80 + random_.Below(3)) : Json("http");
      case PodType::kQuantity:
      case PodType::kQuantityMap:
        return random_.Pick(kAmounts);
      default:
        return random_.Pick(kTexts);
    }
  }

  Json Value(const PodField& field, int depth, bool whole) {
    Json list = Json::array();
    switch (field.type) {
      case PodType::kRecord:
        return Object(field.members, depth, whole);
      case PodType::kStringMap:
      case PodType::kQuantityMap:
        return Map(field, whole);
      case PodType::kStringList:
      case PodType::kIntegerList:
        while (random_.Chance(60)) list.push_back(Scalar(field));
        return list;
      case PodType::kRecordList:
        while (random_.Chance(50)) list.push_back(Object(field.members, depth, true));
        return list;
      case PodType::kKeyedList:
        return Elements(field, depth, whole);
      default:
        return Scalar(field);
    }
  }

  Json Map(const PodField& field, bool whole) {
    Json map = Json::object();
    for (const char* key : {"x", "y", "z"}) {
      if (random_.Chance(50)) map[key] = Edits(whole, 15) ? Json() : Scalar(field);
    }
    if (Edits(whole, 4)) map[kPatch] = Directive();
    return map;
  }

  // The first key decides the second one, so that an element is the same by one key and by two.
  Json Elements(const PodField& list, int depth, bool whole) {
    Json elements = Json::array();
    if (Edits(whole, 4)) elements.push_back({{kPatch, "replace"}});
    const std::string key(list.merge_keys[0]);
    const bool number = FindPodField(list.members, key)->type == PodType::kInteger;
    for (int i = 0; i < 4; ++i) {
      if (!random_.Chance(45)) continue;
      Json element = Object(list.members, depth, whole);
      if (element.value(kPatch, "") == "replace") element.erase(kPatch);
      element[key] = number ? Json(8000 + i) : Json(std::string(1, static_cast<char>('a' + i)));
      if (list.merge_keys[1] == "protocol") {
        element.erase("protocol");
        if (i > 1) element["protocol"] = "UDP";
      } else if (!list.merge_keys[1].empty()) {
        element[std::string(list.merge_keys[1])] = i > 1 ? "DoNotSchedule" : "ScheduleAnyway";
      }
      elements.push_back(std::move(element));
    }
    for (size_t i = elements.size(); i > 1; --i) std::swap(elements[i - 1], elements[random_.Below(i)]);
    return elements;
  }

  Random& random_;
  const PodDialect& dialect_;
};

}  // namespace

nlohmann::json MakeRandomPodSpec(Random& random, const PodDialect& dialect) { return PodMaker(random, dialect).Make(); }

}  // namespace berth
