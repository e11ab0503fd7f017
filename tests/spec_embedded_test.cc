#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/embedded_text.h"
#include "berth/spec/limits.h"
#include "tests/document_outline.h"

namespace berth {
namespace {

ParsedDocument ParseOuter(std::string name, std::string text) {
  return ParseDocument(std::make_shared<SourceText>(std::move(name), std::move(text)));
}

// The value that the last member of the first root has.
Value LastMember(const ParsedDocument& parsed) {
  const Value root = parsed.document->root(0);
  return root[root.size() - 1];
}

TEST(EmbeddedJson, PlacesEveryScalarInTheOuterFile) {
  const struct {
    std::string_view name;
    std::string_view text;
    std::string_view places;
  } kRows[] = {
      {"a.json", R"({"o": "{\"a\": 1, \"b\": [\"x\\n\", null]}"})",
       "a@1:9[\\\"a\\\"]\n1@1:16[1]\nb@1:19[\\\"b\\\"]\nx\n@1:27[\\\"x\\\\n\\\"]\nnull@1:37[null]\n"},
      {"a.json", "{\"\xC3\xA9\": \"{\\u0022a\\u0022:\\n \\\"\\ud83d\\ude00\\\"}\"}",
       "a@1:9[\\u0022a\\u0022]\n\xF0\x9F\x98\x80@1:26[\\\"\\ud83d\\ude00\\\"]\n"},
      {"a.yaml", "o: '{\"a''b\": 1,\n\n   \"c\": 2}'", "a'b@1:6[\"a''b\"]\n1@1:14[1]\nc@3:4[\"c\"]\n2@3:9[2]\n"},
      {"a.yaml", "o: \"{\\\"a\\\": 1, \\\n    \\x22c\\\"  \n  :\\t2}\"",
       "a@1:6[\\\"a\\\"]\n1@1:13[1]\nc@2:5[\\x22c\\\"]\n2@3:6[2]\n"},
      {"a.yaml", "o: |\n  {\n    \"a\": 1,\n\n    \"\xC3\xA9\": \"\xC3\xA9\", \"b\": 2\n  }\n",
       "a@3:5[\"a\"]\n1@3:10[1]\n\xC3\xA9@5:5[\"\xC3\xA9\"]\n\xC3\xA9@5:10[\"\xC3\xA9\"]\nb@5:15[\"b\"]\n2@5:20[2]\n"},
      {"a.yaml", "o: |2-\n    {\"a\":\n   1}", "a@2:6[\"a\"]\n1@3:4[1]\n"},
      {"a.yaml", "x:\n  o: >+ # c\n\n\n     {\"a\":\n     1,\n\n      \"b\":\n     2}\n\n", "(below)"},
      {"a.yaml", "o: >-\r\n  {\"a\":\r\n  1,\r\n\r\n  \"b\": 2}\r\n",
       "a@2:4[\"a\"]\n1@3:3[1]\nb@5:3[\"b\"]\n2@5:8[2]\n"},
      {"a.yaml", "o: 15", "15@1:4[15]\n"},
      {"a.yaml", "\xEF\xBB\xBFo: '[1]'", "1@1:6[1]\n"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument outer = ParseOuter(std::string(row.name), std::string(row.text));
    ASSERT_NE(outer.document, nullptr) << row.text;
    if (row.places == "(below)") {
      const ParsedDocument inner = ParseEmbeddedJson(LastMember(outer)[0]);
      ASSERT_NE(inner.document, nullptr) << IssueList(inner);
      EXPECT_EQ(Places(inner.document->root(0)), "a@5:7[\"a\"]\n1@6:6[1]\nb@8:7[\"b\"]\n2@9:6[2]\n");
      continue;
    }
    const ParsedDocument inner = ParseEmbeddedJson(LastMember(outer));
    ASSERT_NE(inner.document, nullptr) << row.text << IssueList(inner);
    EXPECT_EQ(Places(inner.document->root(0)), row.places) << row.text;
  }
}

TEST(EmbeddedJson, PlacesIssuesInTheOuterFile) {
  const struct {
    std::string_view name;
    std::string_view text;
    std::string_view issues;
  } kRows[] = {
      {"a.json", R"({"o": "{\"a\": tru}"})", "embedded-json 1:16"},
      {"a.json", R"({"o": "{\"a\": 1"})", "embedded-json 1:17"},
      {"a.json", R"({"o": " "})", "embedded-json 1:9"},
      {"a.json", R"({"o": "{\"a\": 1, \"a\": 2}"})", "duplicate-key 1:19 /a"},
      {"a.json", R"({"o": "[\"\\ud800\"]"})", "embedded-json 1:11"},
      {"a.json", R"({"o": "[\"\u007f\"]"})", "embedded-json 1:11"},
      {"a.json", R"({"o": "\ufeff[]"})", "embedded-json 1:8"},
      {"a.json", R"({"o": "[1]\u0000"})", "embedded-json 1:11"},
      {"a.yaml", "o: '{\"a\": 1,}'", "embedded-json 1:13"},
      {"a.yaml", "o: |\n   {\"a\":\n\n     x}\n", "embedded-json 4:6"},
      {"a.yaml", "o: |\n  {\"a\": 1", "embedded-json 2:10"},
      {"a.yaml", "o: >\n  {\"a\": 1,\n   \"a\": 2}", "duplicate-key 3:4 /a"},
      {"a.yaml", "o: yes", "embedded-json 1:4"},
      {"a.yaml", "o: ' '", "embedded-json 1:6"},
      {"a.yaml", "o: a\n  b", "embedded-json 1:4"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument outer = ParseOuter(std::string(row.name), std::string(row.text));
    ASSERT_NE(outer.document, nullptr) << row.text;
    const ParsedDocument inner = ParseEmbeddedJson(LastMember(outer));
    EXPECT_EQ(IssueList(inner), row.issues) << row.text;
    EXPECT_EQ(inner.document == nullptr, row.issues.starts_with("embedded-json")) << row.text;
  }
}

TEST(EmbeddedJson, MayStandInsideEmbeddedJson) {
  const struct {
    std::string_view name;
    std::string_view text;
    std::string_view places;
  } kRows[] = {
      {"a.json", R"({"o": "{\"networkConfigJson\": \"{\\\"a\\\": [1, \\\"\\u00e9\\\"]}\"}"})",
       "a@1:35[\\\\\\\"a\\\\\\\"]\n1@1:47[1]\n\xC3\xA9@1:50[\\\\\\\"\\\\u00e9\\\\\\\"]\n"},
      {"a.yaml", "o: |\n  {\n    \"n\":\n      \"{\\\"a\\\": [1,\\n 2]}\"\n  }\n",
       "a@4:9[\\\"a\\\"]\n1@4:17[1]\n2@4:22[2]\n"},
      {"a.yaml", "o: '{\"n\": \"{\\\"a\\\":\n\n   1}\"}'", "(none)"},
      {"a.yaml", "o: '{\"n\":\n  \"{\\\"a\\\":\n  1}\"}'", "a@2:5[\\\"a\\\"]\n1@3:3[1]\n"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument outer = ParseOuter(std::string(row.name), std::string(row.text));
    ASSERT_NE(outer.document, nullptr) << row.text;
    const ParsedDocument middle = ParseEmbeddedJson(LastMember(outer));
    if (row.places == "(none)") {
      EXPECT_EQ(IssueList(middle), "embedded-json 2:1") << "a line end inside an inner string";
      continue;
    }
    ASSERT_NE(middle.document, nullptr) << row.text;
    const ParsedDocument inner = ParseEmbeddedJson(LastMember(middle));
    ASSERT_NE(inner.document, nullptr) << row.text;
    EXPECT_EQ(Places(inner.document->root(0)), row.places) << row.text;
  }
}

TEST(EmbeddedJson, OutlivesNothingButTheSource) {
  ParsedDocument inner;
  {
    const ParsedDocument outer = ParseOuter("a.json", R"({"o": "{\"n\": \"[1, x]\"}"})");
    const ParsedDocument middle = ParseEmbeddedJson(LastMember(outer));
    inner = ParseEmbeddedJson(LastMember(middle));
  }
  EXPECT_EQ(IssueList(inner), "embedded-json 1:22");
}

TEST(EmbeddedJson, KeepsToTheLimits) {
  const auto parse = [](std::string text) {
    return ParseEmbeddedJson(LastMember(ParseOuter("a.yaml", "o: '" + text + "'")));
  };
  EXPECT_EQ(IssueList(parse(std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']'))), "");
  EXPECT_EQ(IssueList(parse(std::string(kMaxDepth + 1, '[') + std::string(kMaxDepth + 1, ']'))), "limit-exceeded 1:69");
  EXPECT_EQ(IssueList(parse(std::string(kMaxEmbeddedJsonBytes - 1, ' ') + "1")), "");
}

// Any scalar, in any style: decoding it again must give what the parser read, and each byte copied as it is must be
// found at its place.
TEST(EmbeddedJson, DecodesScalarsAsTheParsersDo) {
  std::mt19937 random(7);
  const std::vector<std::string> kParts = {
      "a",   "b",           " ",  "  ",   "\t",  "\n",       "\n  ",   "\n   ",   "\r\n  ", "\r  ", "{",    "}",
      "'",   "''",          "\"", "\\\"", "\\n", "\\\\",     "\\x41",  "\\u00e9", "\\\n  ", "\\/",  "\\\t", "\\ ",
      "\\e", "\\U0001F600", "#",  " #",   ":",   "\xC3\xA9", "\n\n  ", "\\N",     "\\L",    "\\_",  "\\0"};
  const std::vector<std::string> kHeads = {"",       "'",      "\"",     "|\n  ",   ">\n  ",
                                           "|-\n  ", ">+\n  ", "|2\n  ", ">1-\n  ", "|+ # c\r\n\n   "};
  int decoded = 0;
  for (int round = 0; round < 60000; ++round) {
    const std::string& head = kHeads[random() % kHeads.size()];
    std::string text = "k: " + head;
    for (size_t parts = random() % 9; parts > 0; --parts) text += kParts[random() % kParts.size()];
    if (head == "'" || head == "\"") text += head;
    text += round % 2 == 0 ? "\n" : "\nz: 1\n";
    const ParsedDocument outer = ParseOuter("a.yaml", text);
    if (outer.document == nullptr || outer.document->root_count() != 1) continue;
    const Value root = outer.document->root(0);
    if (root.kind() != ValueKind::kMapping || root.size() == 0) continue;
    const Value value = root[0];
    if (value.kind() != ValueKind::kString && value.kind() != ValueKind::kPlain) continue;
    // A block of blanks alone does not show its indentation; it holds no JSON to place either.
    if (value.text().find_first_not_of(" \n") == std::string_view::npos) continue;
    const std::string_view raw = std::string_view(text).substr(value.begin(), value.end() - value.begin());
    const EmbeddedText mapped = MapScalar(raw, value.begin(), value.kind() == ValueKind::kString, value.text());
    ASSERT_EQ(mapped.text, value.text()) << text;
    ++decoded;
    uint32_t last = value.begin();
    for (uint32_t offset = 0; offset < mapped.text.size(); ++offset) {
      const uint32_t begin = mapped.FileBegin(offset);
      const uint32_t end = mapped.FileEnd(offset + 1);
      ASSERT_LE(last, begin) << text;
      ASSERT_LT(begin, end) << text;
      ASSERT_LE(end, value.end()) << text;
      last = begin;
      const char byte = mapped.text[offset];
      const bool is_copy = end == begin + 1 && byte != ' ' && byte != '\n';
      ASSERT_TRUE(!is_copy || text[begin] == byte) << text;
      // The fallback for a text decoded otherwise maps all bytes to one place.
      ASSERT_FALSE(mapped.text.size() > 4 && end - begin == raw.size()) << text;
    }
  }
  EXPECT_GT(decoded, 10000);
}

}  // namespace
}  // namespace berth
