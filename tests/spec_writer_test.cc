#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/utf8.h"
#include "berth/spec/writer.h"
#include "tests/document_outline.h"

namespace berth {
namespace {

using std::string_literals::operator""s;

std::string YamlScalar(std::string_view text) {
  std::string out;
  AppendYamlScalar(text, out);
  return out;
}

void WriteSample(JsonWriter& json) {
  json.BeginObject().Key("a").BeginArray().Int(-1).Uint(2).Bool(true).Bool(false).Null().EndArray();
  json.Key("b").BeginObject().EndObject().Key("c").BeginArray().EndArray();
  json.Key("d\n").BeginObject().Key("").String("x").Key("y").Raw("{\"z\":1}").EndObject().EndObject();
}

TEST(JsonWriter, WritesCompactText) {
  std::string out = "> ";
  JsonWriter json(out);
  WriteSample(json);
  EXPECT_EQ(out, R"(> {"a":[-1,2,true,false,null],"b":{},"c":[],"d\n":{"":"x","y":{"z":1}}})");
}

TEST(JsonWriter, WritesIndentedText) {
  std::string out;
  JsonWriter json(out, JsonLayout::kIndented);
  WriteSample(json);
  EXPECT_EQ(out,
            "{\n  \"a\": [\n    -1,\n    2,\n    true,\n    false,\n    null\n  ],\n  \"b\": {},\n  \"c\": [],\n"
            "  \"d\\n\": {\n    \"\": \"x\",\n    \"y\": {\"z\":1}\n  }\n}");
}

TEST(JsonWriter, WritesTheLargestNumbers) {
  std::string out;
  JsonWriter json(out);
  json.BeginArray().Int(std::numeric_limits<int64_t>::min()).Int(std::numeric_limits<int64_t>::max());
  json.Uint(std::numeric_limits<uint64_t>::max()).Uint(0).EndArray();
  EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807,18446744073709551615,0]");
}

TEST(JsonWriter, WritesScalarsAtTheTop) {
  std::string out;
  JsonWriter(out).String("a");
  EXPECT_EQ(out, "\"a\"");
}

TEST(JsonString, EscapesWhatNeedsIt) {
  const struct {
    std::string text;
    std::string_view json;
  } kRows[] = {
      {"", R"("")"},
      {"plain /text", R"("plain /text")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\0\x01\x1F\x7F"s, R"("\u0000\u0001\u001f\u007f")"},
      {"\xC2\x85\xC2\xA0", "\"\\u0085\xC2\xA0\""},
      {"\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
      {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
      {"\xC3", "\"\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const auto& row : kRows) {
    std::string out;
    AppendJsonString(row.text, out);
    EXPECT_EQ(out, row.json);
  }
}

TEST(JsonString, IsValidForAnyBytes) {
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t size = random() % 12; size > 0; --size) text.push_back(static_cast<char>(random() & 0xFFU));
    std::string out;
    AppendJsonString(text, out);
    ASSERT_TRUE(nlohmann::json::accept(out)) << out;
    const ParsedDocument parsed = ParseJson(std::make_shared<SourceText>("a.json", out));
    ASSERT_NE(parsed.document, nullptr) << out;
    ASSERT_EQ(parsed.document->root(0).text(), nlohmann::json::parse(out).get<std::string>()) << out;
    const bool is_utf8 = FirstInvalidUtf8(text) == text.size();
    ASSERT_EQ(parsed.document->root(0).text() == text, is_utf8) << out;
  }
}

TEST(YamlScalar, StaysPlainWhereAllReadersAgree) {
  for (const std::string_view text : {"a",
                                      "default",
                                      "500m",
                                      "1Gi",
                                      "10.0.0.0/8",
                                      "fd00::/8",
                                      "sandbox.coreweave.com/x",
                                      "us-east-1",
                                      "A100",
                                      "/bin/sh",
                                      "a b",
                                      "a:b",
                                      "a#b",
                                      "http://x/y",
                                      "ghcr.io/x/y:v1.2",
                                      "nullx",
                                      "yesterday",
                                      "it's",
                                      "\xC3\xA9",
                                      "a=b",
                                      "x-",
                                      "_",
                                      "$(A)",
                                      "(x)",
                                      "a\"b",
                                      "1-abc-g",
                                      "<x>",
                                      "C++",
                                      "^a",
                                      "a;b"}) {
    EXPECT_EQ(YamlScalar(text), text);
  }
}

TEST(YamlScalar, QuotesWhatSomeReaderTakesForSomethingElse) {
  for (const std::string_view text : {"",
                                      "null",
                                      "Null",
                                      "NULL",
                                      "~",
                                      "true",
                                      "True",
                                      "FALSE",
                                      "yes",
                                      "Yes",
                                      "no",
                                      "NO",
                                      "on",
                                      "Off",
                                      "y",
                                      "N",
                                      "<<",
                                      "=",
                                      "0",
                                      "1",
                                      "-1",
                                      "+1",
                                      "010",
                                      "0o10",
                                      "0x1F",
                                      "0b11",
                                      "1_000",
                                      "1.0",
                                      ".5",
                                      "5.",
                                      "1e3",
                                      "1E-3",
                                      "-.inf",
                                      ".Inf",
                                      ".NaN",
                                      "+.INF",
                                      "190:20:30",
                                      "20:30.15",
                                      "2001-12-14",
                                      "2001-12-14t21:59:43.10-05:00",
                                      "10.0.0.1",
                                      ".",
                                      "..",
                                      "...",
                                      "---",
                                      "-",
                                      "- a",
                                      "-a",
                                      "?",
                                      "? a",
                                      ":",
                                      ": a",
                                      "a:",
                                      "a: b",
                                      "a #b",
                                      "#a",
                                      " a",
                                      "a ",
                                      "&a",
                                      "*a",
                                      "!a",
                                      "|",
                                      ">",
                                      "'a",
                                      "\"a",
                                      "%a",
                                      "@a",
                                      "`a",
                                      "[a",
                                      "]",
                                      "{a",
                                      "}",
                                      "a,b",
                                      "a]b",
                                      ",",
                                      "a\nb",
                                      "a\tb",
                                      "\n",
                                      "a\r",
                                      "\x7F",
                                      "\xC2\x85",
                                      "a\xE2\x80\xA8",
                                      "\xEF\xBB\xBF",
                                      "\xEF\xBF\xBF",
                                      "a:\"b\"",
                                      "a?b",
                                      "a\xFF"}) {
    EXPECT_EQ(YamlScalar(text).front(), '"') << text;
  }
  EXPECT_EQ(YamlScalar("a\"b\\c: \n\x01\xC2\x85\xE2\x80\xA8\xC3\xA9"),
            "\"a\\\"b\\\\c: \\n\\u0001\\u0085\\u2028\xC3\xA9\"");
}

TEST(YamlScalar, IsReadBackAsTheSameText) {
  std::mt19937 random(5);
  const std::vector<std::string> kParts = {"a", "1", "0",  ".",  "-",  ":",   " ",        "#",        ",",
                                           "[", "]", "{",  "}",  "'",  "\"",  "\\",       "\n",       "\t",
                                           "%", "&", "*",  "!",  "|",  ">",   "@",        "`",        "?",
                                           "~", "=", "<<", "\r", "no", "\0"s, "\xC3\xA9", "\xC2\x85", "\xEF\xBB\xBF"};
  for (int round = 0; round < 30000; ++round) {
    std::string text;
    for (size_t parts = random() % 6; parts > 0; --parts) text += kParts[random() % kParts.size()];
    const std::string scalar = YamlScalar(text);
    // In a block, in brackets, and as keys.
    for (const std::string& file :
         {"k: " + scalar + "\n", "- " + scalar, "{k: " + scalar + "}", "[" + scalar + ", " + scalar + "]", scalar}) {
      const ParsedDocument parsed = ParseYaml(std::make_shared<SourceText>("a.yaml", file));
      ASSERT_NE(parsed.document, nullptr) << file;
      ASSERT_EQ(IssueList(parsed), "") << file;
      const Value root = parsed.document->root(0);
      const Value value = root.size() == 0 ? root : root[0];
      ASSERT_EQ(value.text(), text) << file;
      ASSERT_EQ(value.kind(), scalar.front() == '"' ? ValueKind::kString : ValueKind::kPlain) << file;
    }
    if (text.empty()) continue;
    for (const std::string& file : {scalar + ": 1\n", "{" + scalar + ": 1}"}) {
      const ParsedDocument parsed = ParseYaml(std::make_shared<SourceText>("a.yaml", file));
      ASSERT_NE(parsed.document, nullptr) << file;
      ASSERT_EQ(parsed.document->root(0).key(0).text(), text) << file;
    }
  }
}

}  // namespace
}  // namespace berth
