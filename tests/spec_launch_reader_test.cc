// The short way to a launch request against the long one: whatever it accepts, ParseLaunchRequest reads alike and without
// an issue.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/field.h"
#include "berth/spec/launch_reader.h"
#include "berth/spec/limits.h"
#include "gtest/gtest.h"
#include "tests/decoded.h"
#include "tests/same_launch.h"

namespace berth {
namespace {

using Json = nlohmann::ordered_json;

LaunchRequest Parse(const std::string& text) {
  return ParseLaunchRequest(std::make_shared<SourceText>("request.json", text));
}

// What is wrong with an accepted text, or nothing.
std::string WhyNotClean(const std::string& text, const LaunchRequest& fast) {
  const LaunchRequest slow = Parse(text);
  if (!slow.issues.empty()) return "has issues:\n" + IssueText(slow.issues);
  return LaunchDifference(fast, slow);
}

struct Row {
  std::string_view what;
  std::string text;
};

TEST(LaunchReader, AcceptsCleanRequests) {
  const std::vector<Row> rows = {
      {"nothing", "{}"},
      {"white space everywhere", " \t\r\n{ \"zone\" : \"z\" , \"privileged\"\n:\ttrue , \"runner_ids\" : [ ] } \n"},
      {"every field",
       R"({"organization_id":"acme","user_id":"u","sandbox_id":"sb","profile_names":["b","a"],"runner_ids":["r2","r1"],
           "runner_group_id":"g","zone":"z","container_image":"python:3.11",
           "resource_requests":{"cpu":"500m","memory":"1Gi","gpu":{"count":2,"type":"H100"}},
           "resource_limits":{"cpu":1,"memory":2147483648},"resources":{"gpu":{"count":"1","memory_gb":80}},
           "architecture":"amd64","privileged":true,"storage_classes":["b","a","b"],
           "network":{"egress_mode":"e","ingress_mode":"i","exposed_ports":[8080,"80"]}})"},
      {"the wire's spelling",
       R"({"organizationId":"acme","profileNames":["a"],"containerImage":"x","runnerGroupId":"g","storageClasses":["s"],
           "resources":{"cpu":"2","gpu":{"gpuCount":"1","gpuMemoryGb":80}},
           "network":{"exposedPorts":[80],"ingressMode":"web","egressMode":"e"},"maxLifetimeSeconds":"60"})"},
      {"the older name of the list of profiles", R"({"profile_ids":["b","a","b"]})"},
      {"empty texts",
       R"({"organization_id":"","zone":"","container_image":"","resource_limits":{"cpu":"","gpu":{"type":""}}})"},
      {"nulls", R"({"organization_id":null,"profile_names":null,"privileged":null,"network":null,"command":null,
                    "resource_limits":{"cpu":null,"gpu":null},"resources":{"gpu":{"count":null}}})"},
      {"empty records", R"({"resource_limits":{},"resources":{"gpu":{}},"network":{}})"},
      {"quantities", R"({"resource_requests":{"cpu":1.5,"memory":"1.5Gi"},"resource_limits":{"cpu":" 2 "}})"},
      {"odd spellings of quantities",
       R"({"resource_requests":{"cpu":"+007","memory":1e9},"resource_limits":{"cpu":"12e-3","memory":" 0.5Gi "}})"},
      {"carried fields",
       R"({"command":["sh","-c","echo \"a\\b\" \n\u0041"],"args":[],"tags":["x",1,true,null],"ports":[{"port":1}],
           "environment_variables":{"A":"1","B":"","é":"é"},"max_timeout_seconds":-1.5e3})"},
      {"text beyond ASCII", R"({"user_id":"Zoë","profile_names":["größe","日本"]})"},
      {"a list at its limit", Json{{"runner_ids", std::vector<std::string>(kMaxRunnerFilters, "r")}}.dump()},
  };
  LaunchReader reader;
  LaunchRequest request;  // one for all, so that nothing of the last one may be left
  for (const Row& row : rows) {
    ASSERT_TRUE(reader.Read(row.text, request)) << row.what;
    EXPECT_EQ(WhyNotClean(row.text, request), "") << row.what;
  }
}

TEST(LaunchReader, LeavesToTheOtherWhatIsOutOfTheOrdinary) {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  const std::vector<Row> rows = {
      {"nothing at all", ""},
      {"blanks", "  \n"},
      {"a list", "[]"},
      {"a text", "\"a\""},
      {"a number", "1"},
      {"an open object", "{"},
      {"an open member", R"({"zone":)"},
      {"an open inner object", R"({"network":{})"},
      {"two objects", "{}{}"},
      {"trailing bytes", R"({"zone":"z"} x)"},
      {"a closing bracket too many", R"({"zone":"z"}})"},
      {"a comma too many", R"({"zone":"z",})"},
      {"a comma in front", R"({,"zone":"z"})"},
      {"no comma", R"({"zone":"z" "user_id":"u"})"},
      {"no colon", R"({"zone" "z"})"},
      {"a key that is no text", R"({zone:"z"})"},
      {"text after text", R"({"zone":"z"x})"},
      {"the wrong bracket", R"({"runner_ids":["a"}})"},
      {"an open text", R"({"zone":"z)"},
      {"a byte order mark", "\xEF\xBB\xBF{}"},
      {"bytes that are not UTF-8", "{\"zone\":\"\xFF\"}"},
      {"half a character", "{\"zone\":\"\xC3\"}"},
      {"a raw line end in a text", "{\"zone\":\"a\nb\"}"},
      {"a raw DEL", "{\"zone\":\"a\x7F\"}"},
      {"a raw C1 control character", "{\"zone\":\"\xC2\x85\"}"},
      {"a zero byte", std::string("{}\0", 3)},
      {"an unknown field", R"({"zones":"z"})"},
      {"an empty key", R"({"":"z"})"},
      {"a field twice", R"({"zone":"z","zone":"z"})"},
      {"a field twice, once null", R"({"zone":null,"zone":"z"})"},
      {"both spellings", R"({"user_id":"u","userId":"u"})"},
      {"a key with an escape", R"({"zon\u0065":"z"})"},
      {"a name with an escape", R"({"zone":"z\u0041"})"},
      {"both lists of profiles", R"({"profile_names":["a"],"profile_ids":["b"]})"},
      {"overrides", R"({"overrides":{}})"},
      {"overrides in a string", R"({"overrides_json":"{}"})"},
      {"annotations", R"({"pod_annotations":{"a":"b"}})"},
      {"a number for a text", R"({"zone":1})"},
      {"a text for a list", R"({"profile_names":"a"})"},
      {"null in a list", R"({"profile_names":[null]})"},
      {"an empty text in a list", R"({"profile_names":[""]})"},
      {"a text for a boolean", R"({"privileged":"true"})"},
      {"a word", R"({"privileged":yes})"},
      {"a word that begins like null", R"({"privileged":nul})"},
      {"a list for a record", R"({"network":[]})"},
      {"a fraction for an integer", R"({"resources":{"gpu":{"count":1.0}}})"},
      {"a negative integer", R"({"resources":{"gpu":{"count":-1}}})"},
      {"an integer out of range", R"({"resources":{"gpu":{"count":9223372036854775808}}})"},
      {"an integer with a leading zero", R"({"resources":{"gpu":{"count":"01"}}})"},
      {"an empty integer", R"({"resources":{"gpu":{"count":""}}})"},
      {"a number with a leading zero", R"({"resources":{"cpu":01}})"},
      {"a number that is none", R"({"max_timeout_seconds":1.})"},
      {"no quantity", R"({"resources":{"cpu":"many"}})"},
      {"a negative quantity", R"({"resources":{"cpu":-1}})"},
      {"a fraction of a byte", R"({"resources":{"memory":"400m"}})"},
      {"a binary amount that prints without a suffix", R"({"resources":{"memory":"11718.75Ki"}})"},
      {"a list beyond its limit", Json{{"runner_ids", std::vector<std::string>(kMaxRunnerFilters + 1, "r")}}.dump()},
      {"a text beyond the limit", Json{{"zone", std::string(kMaxTextBytes + 1, 'z')}}.dump()},
      {"a request beyond the limit", "{}" + std::string(kMaxRequestBytes, ' ')},
      {"depth", R"({"command":)" + deep + "}"},
      {"an unknown escape", R"({"command":"\x"})"},
      {"half an escape", R"({"command":"\u00"})"},
      {"half of a surrogate pair", R"({"command":"\uD83D"})"},
      {"a key twice in a carried field", R"({"environment_variables":{"A":"1","B":"2","A":"3"}})"},
      {"a long key in a carried field", Json{{"tags", {{std::string(kMaxKeyBytes + 1, 'k'), 1}}}}.dump()},
  };
  LaunchReader reader;
  LaunchRequest request;
  for (const Row& row : rows) EXPECT_FALSE(reader.Read(row.text, request)) << row.what;
}

TEST(LaunchReader, ReadsNothingPastTheText) {
  const std::string_view whole = R"({"zone":"z","command":[1]} "left")";
  LaunchReader reader;
  LaunchRequest request;
  for (size_t size = 0; size <= whole.size(); ++size) {
    const std::unique_ptr<char[]> exact(new char[size]);  // for the address sanitizer
    std::copy_n(whole.data(), size, exact.get());
    EXPECT_EQ(reader.Read({exact.get(), size}, request), size == 26 || size == 27) << size;
  }
}

TEST(LaunchReader, KnowsEveryFieldThatARequestOwns) {
  LaunchReader reader;
  LaunchRequest request;
  for (const Field& field : FieldsOf(Record::kLaunchRequest)) {
    const bool left_out = field.name == "overrides" || field.name == "pod_annotations";
    EXPECT_EQ(reader.Read(Json{{std::string(field.name), nullptr}}.dump(), request), !left_out) << field.name;
  }
}

// --- Random requests, clean and a few edits away ---

class RandomLaunch {
 public:
  explicit RandomLaunch(uint64_t seed) : random_(seed) {}

  size_t Below(size_t count) { return static_cast<size_t>(random_() % count); }
  bool Chance(size_t percent) { return Below(100) < percent; }

  Json Record(berth::Record record) {
    Json object = Json::object();
    const std::string_view left_out = Chance(50) ? "profile_ids" : "profile_names";  // both are one list
    std::vector<const Field*> fields;
    for (const Field& field : FieldsOf(record)) fields.push_back(&field);
    std::shuffle(fields.begin(), fields.end(), random_);
    for (const Field* field : fields) {
      if (field->name == "overrides" || field->name == "pod_annotations") continue;
      if (field->name == left_out) continue;
      if (Chance(60)) continue;
      std::string_view name = field->name;
      if (!field->aliases.front().empty() && Chance(30)) name = field->aliases.front();
      object[std::string(name)] = Value(*field);
    }
    return object;
  }

  // Some bytes inserted, removed, exchanged or repeated.
  std::string Mutated(std::string text) {
    constexpr std::string_view kBytes = "{}[]:,\"\\ \n0129-+.eEmGinulltrue\x7F\xC2\x85\xFF";
    for (size_t edits = 1 + Below(3); edits > 0; --edits) {
      const size_t place = Below(text.size() + 1);
      switch (Below(4)) {
        case 0:
          text.insert(place, 1, kBytes[Below(kBytes.size())]);
          break;
        case 1:
          if (place < text.size()) text[place] = kBytes[Below(kBytes.size())];
          break;
        case 2:
          text.erase(place, 1 + Below(4));
          break;
        default:
          text.insert(place, text.substr(Below(text.size() + 1), Below(30)));
      }
    }
    return text;
  }

 private:
  template <size_t kCount>
  std::string Pick(const char* const (&pool)[kCount]) {
    return pool[Below(kCount)];
  }
  std::string Text() {
    return Pick(
        {"a", "b", "internet", "acme", "ghcr.io/acme/app:1.4", "Zoë", "a-name-that-is-longer-than-short-strings"});
  }
  Json Value(const Field& field) {
    if (Chance(4)) return nullptr;
    switch (field.type) {
      case FieldType::kBool:
        return Chance(50);
      case FieldType::kInteger:
        return Chance(50) ? Json(Below(100)) : Json(std::to_string(Below(100)));
      case FieldType::kQuantity:
        if (Chance(30)) return Below(64);
        if (field.format == Format::kCpu && Chance(50)) return Pick({"500m", "0.5", "1e-3", "300u"});
        return Pick({"1", "1.5Gi", "64Gi", "12e6", "2e3", "100M", "+1", " 1 ", "0"});
      case FieldType::kStringList: {
        Json list = Json::array();
        for (size_t items = Below(4); items > 0; --items) list.push_back(Text());
        return list;
      }
      case FieldType::kIntegerList:
        return Json::array({Below(70000), Below(70000)});
      case FieldType::kRecord:
        return Record(field.members);
      case FieldType::kCarried:
        return Chance(50) ? Json::array({"python", "-c", "print(\"a\\n\")"}) : Json{{"A", "1"}, {"B", {{"C", 1.5}}}};
      default:
        return Chance(5) ? "" : Text();
    }
  }

  std::mt19937_64 random_;
};

TEST(LaunchReader, AgreesWithTheOtherOnRandomRequests) {
  constexpr int kRounds = 20'000;
  RandomLaunch random(7);
  LaunchReader reader;
  LaunchRequest request;
  int clean = 0;
  int mutated = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = random.Record(Record::kLaunchRequest).dump(random.Chance(20) ? 2 : -1);
    ASSERT_TRUE(reader.Read(text, request)) << text;
    ASSERT_EQ(WhyNotClean(text, request), "") << text;
    ++clean;
    const std::string odd = random.Mutated(text);
    if (!reader.Read(odd, request)) continue;
    ASSERT_EQ(WhyNotClean(odd, request), "") << odd;
    ++mutated;
  }
  EXPECT_EQ(clean, kRounds);
  EXPECT_GT(mutated, kRounds / 20);
}

}  // namespace
}  // namespace berth
