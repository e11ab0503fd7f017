#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "berth/spec/document.h"
#include "berth/spec/limits.h"
#include "tests/document_outline.h"

namespace berth {
namespace {

ParsedDocument Parse(std::string text) { return ParseYaml(std::make_shared<SourceText>("a.yaml", std::move(text))); }

TEST(Yaml, ReadsEveryStyleAsTheSameTree) {
  const struct {
    std::string_view text;
    std::string_view outline;
  } kRows[] = {
      {"a: 1", "{p=a: p=1}"},
      {"a: no\nb: 010\nc: ~\nd:\ne: null", "{p=a: p=no, p=b: p=010, p=c: p=~, p=d: p=, p=e: p=null}"},
      {"'a': \"b\"", "{s=a: s=b}"},
      {"{a: [1, 'x'], b: {}, \"c\":1}", "{p=a: [p=1, s=x], p=b: {}, s=c: p=1}"},
      {"- a\n- - b\n  - c\n-", "[p=a, [p=b, p=c], p=]"},
      {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{p=a: s=x\ny\n, p=b: s=x y}"},
      {"a: ''", "{p=a: s=}"},
      {"1: a\ntrue: b\n", "{p=1: p=a, p=true: p=b}"},
      {"<<: {a: 1}", "{p=<<: {p=a: p=1}}"},
      {"? a\n: b", "{p=a: p=b}"},
      {"a:\r\n  - 1\r\n  - 2\r\n", "{p=a: [p=1, p=2]}"},
      {"\xEF\xBB\xBF"
       "a: 1",
       "{p=a: p=1}"},
      {"%YAML 1.1\n---\na: 1", "{p=a: p=1}"},
      {"%YAML 1.2 # x\n---\na: 1", "{p=a: p=1}"},
      {"a: x%y", "{p=a: p=x%y}"},
      {"a: \"\\u00e9\\U0001F600\"", "{p=a: s=\xC3\xA9\xF0\x9F\x98\x80}"},
      {"a: b\tc", "{p=a: p=b\tc}"},
      {"just text", "p=just text"},
      {"~", "p=~"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument parsed = Parse(std::string(row.text));
    EXPECT_EQ(Outline(parsed), row.outline) << row.text;
    EXPECT_EQ(IssueList(parsed), "") << row.text;
  }
}

TEST(Yaml, SkipsEmptyDocuments) {
  for (const std::string_view text : {"", "# c\n", "---", "---\n---\n", "--- # c\n...\n", "\xEF\xBB\xBF", " \n\n  "}) {
    const ParsedDocument parsed = Parse(std::string(text));
    ASSERT_NE(parsed.document, nullptr) << text;
    EXPECT_EQ(parsed.document->root_count(), 0U) << text;
    EXPECT_TRUE(parsed.issues.empty()) << text;
  }
  EXPECT_EQ(Outline(Parse("a: 1\n---\n---\n# c\n---\nb: 2\n...\n")), "{p=a: p=1} --- {p=b: p=2}");
}

TEST(Yaml, KnowsWhereEveryScalarStands) {
  const struct {
    std::string_view text;
    std::string_view places;
  } kRows[] = {
      {"a: b", "a@1:1[a]\nb@1:4[b]\n"},
      {"a: b  # c", "a@1:1[a]\nb@1:4[b]\n"},
      {"\n\n  a:\n    - 'b'", "a@3:3[a]\nb@4:7['b']\n"},
      {"a:\r\n  b: \"c\"\r\n", "a@1:1[a]\nb@2:3[b]\nc@2:6[\"c\"]\n"},
      {"a:\rb: c", "a@1:1[a]\n@1:3[]\nb@2:1[b]\nc@2:4[c]\n"},
      {"\xC3\xA9: \xF0\x9F\x98\x80 # \xC3\xA9\nx: \xE2\x82\xAC",
       "\xC3\xA9@1:1[\xC3\xA9]\n"
       "\xF0\x9F\x98\x80@1:4[\xF0\x9F\x98\x80]\n"
       "x@2:1[x]\n\xE2\x82\xAC@2:4[\xE2\x82\xAC]\n"},
      {"\xEF\xBB\xBF"
       "a: b\nc: d",
       "a@1:1[a]\nb@1:4[b]\nc@2:1[c]\nd@2:4[d]\n"},
      {"a:\t'b'", "a@1:1[a]\nb@1:4['b']\n"},
      {"a: |\n  x\n  y\nb: c", "a@1:1[a]\nx\ny\n@1:4[|\n  x\n  y\n]\nb@4:1[b]\nc@4:4[c]\n"},
      {"a: x\n  y\nb: {c: \"d\n  e\"}", "a@1:1[a]\nx y@1:4[x\n  y]\nb@3:1[b]\nc@3:5[c]\nd e@3:8[\"d\n  e\"]\n"},
      {"a:\nb:", "a@1:1[a]\n@1:3[]\nb@2:1[b]\n@2:3[]\n"},
      {"x: 1\n---\ny: 2", "y@3:1[y]\n2@3:4[2]\n"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument parsed = Parse(std::string(row.text));
    ASSERT_NE(parsed.document, nullptr) << row.text;
    EXPECT_EQ(Places(parsed.document->root(parsed.document->root_count() - 1)), row.places) << row.text;
  }
}

TEST(Yaml, CollectionsSpanFromTheirFirstToTheirLastByte) {
  const ParsedDocument parsed = Parse("a:\n  b: [1, 2]  # c\n\nd: {e: f}\n");
  ASSERT_NE(parsed.document, nullptr);
  const Value root = parsed.document->root(0);
  const auto bytes = [&](Value value) {
    return parsed.document->source().bytes().substr(value.begin(), value.end() - value.begin());
  };
  EXPECT_EQ(bytes(root), "a:\n  b: [1, 2]  # c\n\nd: {e: f}");
  EXPECT_EQ(bytes(root[0]), "b: [1, 2]");
  EXPECT_EQ(bytes(root[0][0]), "[1, 2]");
  EXPECT_EQ(bytes(root[1]), "{e: f}");
}

TEST(Yaml, ReportsFeaturesItIsWithout) {
  const struct {
    std::string_view text;
    std::string_view outline;
    std::string_view issues;
  } kRows[] = {
      {"a: &x 1", "{p=a: !}", "yaml-feature 1:4 /a"},
      {"a: &x {b: 1}", "{p=a: !}", "yaml-feature 1:4 /a"},
      {"a: &x\n  b: 1\nc: 2", "{p=a: !, p=c: p=2}", "yaml-feature 1:4 /a"},
      {"a: 1\nb: *x", "{p=a: p=1, p=b: !}", "yaml-feature 2:4 /b"},
      {"- *x\n- 1", "[!, p=1]", "yaml-feature 1:3 /0"},
      {"*x : 1\nb: 2", "{p=b: p=2}", "yaml-feature 1:1"},
      {"&x a: 1", "{p=a: p=1}", "yaml-feature 1:1 /a"},
      {"!!str a: 1", "{p=a: p=1}", "yaml-feature 1:1 /a"},
      {"a: !!str 1", "{p=a: !}", "yaml-feature 1:4 /a"},
      {"a: ! 1", "{p=a: !}", "yaml-feature 1:4 /a"},
      {"a: !<tag:x> [1]", "{p=a: !}", "yaml-feature 1:4 /a"},
      {"a: !!map {b: c}", "{p=a: !}", "yaml-feature 1:4 /a"},
      {"a: &x !y 1", "{p=a: !}", "yaml-feature 1:4 /a; yaml-feature 1:7 /a"},
      {"a: !y &x 1", "{p=a: !}", "yaml-feature 1:4 /a; yaml-feature 1:7 /a"},
      {"a: !y # c &\n  &x 1", "{p=a: !}", "yaml-feature 1:4 /a; yaml-feature 2:3 /a"},
      {"? [a]\n: 1\nb: 2", "{p=b: p=2}", "yaml-feature 1:3"},
      {"{? {a: 1} : 1, b: 2}", "{p=b: p=2}", "yaml-feature 1:4"},
      {"x: {? : 1, b: 2}", "{p=x: {p=b: p=2}}", "yaml-feature 1:7 /x"},
      {"'': 1\nb: 2", "{p=b: p=2}", "yaml-feature 1:1"},
      {"a: !x!y 1", "(none)", "yaml-feature 1:4"},
      {"%TAG !x! y\n---\na: 1", "{p=a: p=1}", "yaml-feature 1:1"},
      {"%YAML 1.3\n---\na: 1", "{p=a: p=1}", "yaml-feature 1:1"},
      {"%FOO\n---\na: 1", "{p=a: p=1}", "yaml-feature 1:1"},
      {"a: 1\n...\n%FOO\n---\nb: 1", "{p=a: p=1} --- {p=b: p=1}", "yaml-feature 3:1"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument parsed = Parse(std::string(row.text));
    EXPECT_EQ(Outline(parsed), row.outline) << row.text;
    EXPECT_EQ(IssueList(parsed), row.issues) << row.text;
  }
}

TEST(Yaml, ReportsTheSecondOfTwoEqualKeys) {
  const struct {
    std::string_view text;
    std::string_view outline;
    std::string_view issues;
  } kRows[] = {
      {"a: 1\nb: 2", "{p=a: p=1, p=b: p=2}", ""},
      {"a: 1\nA: 2", "{p=a: p=1, p=A: p=2}", ""},
      {"a: 1\na: 2", "{p=a: p=1, p=a: !}", "duplicate-key 2:1 /a"},
      {"\"a\": 1\n\"\\u0061\": 2\n'a': 3\na: 4", "{s=a: p=1, s=a: !, s=a: !, p=a: !}",
       "duplicate-key 2:1 /a; duplicate-key 3:1 /a; duplicate-key 4:1 /a"},
      {"- {x: {p/q~: 1, p/q~: 2}}", "[{p=x: {p=p/q~: p=1, p=p/q~: !}}]", "duplicate-key 1:17 /0/x/p~1q~0"},
      {"a: {b: 1, b: 2}\na: {c: 1, c: 1}", "{p=a: {p=b: p=1, p=b: !}, p=a: !}",
       "duplicate-key 1:11 /a/b; duplicate-key 2:1 /a; duplicate-key 2:11 /a/c"},
      {"1: a\n'1': b", "{p=1: p=a, s=1: !}", "duplicate-key 2:1 /1"},
      {"a: 1\n---\na: 2", "{p=a: p=1} --- {p=a: p=2}", ""},
  };
  for (const auto& row : kRows) {
    const ParsedDocument parsed = Parse(std::string(row.text));
    EXPECT_EQ(Outline(parsed), row.outline) << row.text;
    EXPECT_EQ(IssueList(parsed), row.issues) << row.text;
  }
  EXPECT_EQ(Parse("a: 1\n\na: 2").issues[0].message, "key `a` is already set at line 1: keep one of the two");
}

TEST(Yaml, FindsRepeatedKeysAmongMany) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(IssueList(Parse(text)), "");
  EXPECT_EQ(IssueList(Parse(text + "k17: 2\nk3: 2\nk17: 3\n")),
            "duplicate-key 41:1 /k17; duplicate-key 42:1 /k3; duplicate-key 43:1 /k17");
}

TEST(Yaml, RefusesBrokenText) {
  const struct {
    std::string_view text;
    std::string_view place;
    std::string_view words;
  } kRows[] = {
      {"a: b: c", "1:5", "second `: `"},
      {"a: 1\n b: 2", "2:3", "second `: `"},
      {"a: [1, 2", "1:9", "`]` is missing in the list (it begins at line 1)"},
      {"a: {b: 1\nc: 2", "2:2", "`}` is missing"},
      {"a: \"x\n\ny", "3:2", "closing quote is missing (it begins at line 1)"},
      {"a: 'x", "1:6", "closing quote"},
      {"a: 1\n\tb: 2", "2:1", "a tab cannot indent: use spaces"},
      {"a:\n\tb: 2", "2:1", "a tab cannot indent: use spaces"},
      {"a: @x", "1:4", "`@` cannot start a value: put the value in quotes"},
      {"a: `x`", "1:4", "a backtick cannot start a value: put the value in quotes"},
      {"a: %x", "1:4", "`%` cannot start a value: put the value in quotes"},
      {"a: \"\\q\"", "1:5", "unknown escape"},
      {"a: \"\\ud800\"", "1:7", "no Unicode character"},
      {"- a\nb: 1", "2:1", "`- `"},
      {"a: 1\nfoo\nb: 2", "2:1", "colon must follow"},
      {"a: 1\n: y", "2:1", "colon has no key"},
      {"x: {: 1}", "1:5", "colon has no key"},
      {"a: |0\n  x", "1:5", "1 to 9"},
      {"a: | x\n  y", "1:6", "must end here"},
      {"]", "1:1", ""},
      {"a: - b", "1:4", "own line"},
      {"\xC3\xA9: [\xC3\xA9", "1:6", "`]` is missing"},
      {"%YAML 1.1\na: 1", "2:1", "`---`"},
      {"a: &", "1:5", "quotes"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument parsed = Parse(std::string(row.text));
    EXPECT_EQ(parsed.document, nullptr) << row.text;
    ASSERT_EQ(parsed.issues.size(), 1U) << row.text;
    const Issue& issue = parsed.issues[0];
    EXPECT_EQ(issue.code, IssueCode::kSyntax) << row.text;
    EXPECT_EQ(issue.file, "a.yaml");
    EXPECT_EQ(PlaceText(issue.position), row.place) << row.text << "\n" << issue.message;
    EXPECT_NE(issue.message.find(row.words), std::string::npos) << row.text << "\n" << issue.message;
  }
}

TEST(Yaml, RefusesBytesThatAreNoPlainText) {
  using std::string_literals::operator""s;
  const struct {
    std::string text;
    std::string_view place;
  } kRows[] = {
      {"a: \0"s, "1:4"},
      {"a: x\x01", "1:5"},
      {"a: x\x7F", "1:5"},
      {"\xC3\xA9: x\xC2\x85y", "1:5"},
      {"a: x\xC2\x9Fy", "1:5"},
      {"a: x\xE2\x80\xA8y", "1:5"},
      {"a: 'x\xE2\x80\xA9y'", "1:6"},
      {"# c\n\xEF\xBB\xBF", "2:1"},
      {"\xEF\xBB\xBF\xEF\xBB\xBF", "1:1"},
      {"a: \xEF\xBF\xBF", "1:4"},
      {"a: \xFF", "1:4"},
      {"a: \xC3", "1:4"},
      {"a: \xED\xA0\x80", "1:4"},
      {"a: \xC0\x80", "1:4"},
      {"\xFF\xFE"
       "a\0"s,
       "1:1"},
      {"a\0:\0"s, "1:2"},
  };
  for (const auto& row : kRows) {
    const ParsedDocument parsed = Parse(row.text);
    EXPECT_EQ(parsed.document, nullptr) << row.text;
    EXPECT_EQ(IssueList(parsed), "syntax " + std::string(row.place)) << row.text;
  }
  EXPECT_EQ(IssueList(Parse("a: \"\\0\\x01\\N\\L\\P\\ufeff\" # \xC2\xA0\xE2\x82\xAC\xEF\xBF\xBD")), "");
}

TEST(Yaml, KeepsToTheLimits) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(IssueList(Parse(nested(kMaxDepth))), "");
  EXPECT_EQ(IssueList(Parse(nested(kMaxDepth + 1))), "limit-exceeded 1:65");
  EXPECT_EQ(Parse(nested(kMaxDepth + 1)).document, nullptr);

  EXPECT_EQ(IssueList(Parse("? " + std::string(kMaxKeyBytes, 'k') + "\n: 1")), "");
  const ParsedDocument long_key = Parse("b: 1\n? " + std::string(kMaxKeyBytes + 1, 'k') + "\n: 1");
  EXPECT_EQ(IssueList(long_key), "limit-exceeded 2:3");
  EXPECT_EQ(Outline(long_key), "{p=b: p=1}");
  // libyaml looks no further for the colon of a key, and complains of the colon.
  const std::string key(kMaxKeyBytes + 1, 'k');
  const struct {
    std::string text;
    std::string_view place;
  } kLongKeys[] = {
      {key + ": 1", "1:1"},        {"a: 1\n" + key + ": 1", "2:1"},
      {"- " + key + ":\n", "1:3"}, {"a: {b: 1, " + key + ": 1}", "1:11"},
      {"'" + key + "': 1", "1:1"},
  };
  for (const auto& row : kLongKeys) {
    const ParsedDocument parsed = Parse(row.text);
    EXPECT_EQ(IssueList(parsed), "limit-exceeded " + std::string(row.place)) << row.text.substr(0, 20);
    EXPECT_EQ(parsed.issues.at(0).message, "the key is longer than 1024 bytes: shorten it");
  }
  EXPECT_EQ(IssueList(Parse("a: " + key + ": 1")), "syntax 1:1029");

  EXPECT_EQ(IssueList(Parse("a: " + std::string(kMaxTextBytes, 'v'))), "");
  const ParsedDocument long_text = Parse("a: " + std::string(kMaxTextBytes + 1, 'v'));
  EXPECT_EQ(IssueList(long_text), "limit-exceeded 1:4 /a");
  EXPECT_EQ(Outline(long_text), "{p=a: !}");
}

TEST(Yaml, CountsIssuesPastTheLimit) {
  const std::string aliases = "[" + Repeat("*x,", kMaxIssues * 3) + "]";
  EXPECT_EQ(Parse(aliases).issues.size(), kMaxIssues);
  const ParsedDocument parsed = Parse("[" + Repeat("*x,", (kMaxIssues + 7) * 3) + "]");
  ASSERT_EQ(parsed.issues.size(), kMaxIssues + 1);
  EXPECT_EQ(parsed.issues.back().code, IssueCode::kLimitExceeded);
  EXPECT_EQ(parsed.issues.back().message, "7 more issues of this file are left out: mend these first");
}

// A parser that is slow on some text of a megabyte is a way to stop the service.
TEST(Yaml, EndsSoonOnHostileText) {
  constexpr size_t kMegabyte = size_t{1} << 20;
  std::string bomb = "a: &a [x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" + static_cast<char>(c - 1) + "]\n";
  }
  std::string keys;
  for (int i = 0; keys.size() < kMegabyte; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  const std::string texts[] = {
      Repeat("[", kMegabyte),
      Repeat("{a: ", kMegabyte),
      Repeat("{", kMegabyte),
      Repeat("- ", kMegabyte),
      Repeat("? ", kMegabyte),
      Repeat("? a\n: ", kMegabyte),
      Repeat("%TAG ! x\n", kMegabyte) + "---\na: 1",
      Repeat("%YAML 1.1\n", kMegabyte),
      "a: 1\n" + Repeat("%TAG ! x\n", kMegabyte),
      Repeat("---\n", kMegabyte),
      Repeat("a: 1\n", kMegabyte),
      Repeat("a,", kMegabyte),
      "[" + Repeat("a,", kMegabyte) + "]",
      "[" + Repeat("[],", kMegabyte) + "]",
      "{" + Repeat("a,", kMegabyte) + "}",
      "[" + Repeat("{a: 1},", kMegabyte) + "]",
      Repeat(" ", kMegabyte),
      Repeat("\t", kMegabyte),
      Repeat("\n", kMegabyte),
      Repeat("#\n", kMegabyte),
      Repeat("#", kMegabyte),
      "\"" + Repeat("\\\n", kMegabyte),
      "'" + Repeat("\n", kMegabyte) + "'",
      "a: |\n" + Repeat(" \n", kMegabyte),
      "a: |\n" + Repeat(" x\n", kMegabyte),
      "a: >\n" + Repeat(" x\n\n", kMegabyte),
      "a" + Repeat(" \n", kMegabyte) + "b",
      Repeat("&a ", kMegabyte),
      Repeat("!", kMegabyte),
      "!<" + Repeat("%41", kMegabyte),
      Repeat("*a ", kMegabyte),
      "[" + Repeat("&a *b,", kMegabyte),
      "[" + Repeat("&a b,", kMegabyte) + "]",
      Repeat(": ", kMegabyte),
      Repeat("\"a\" ", kMegabyte),
      Repeat("a: \xC3\xA9\n", kMegabyte),
      Repeat("\xC3\xA9", kMegabyte),
      bomb,
      keys,
  };
  // Quadratic work on any of these would take hours: the time limit of the test program ends it.
  for (const std::string& text : texts) {
    const ParsedDocument parsed = Parse(text);
    EXPECT_LE(parsed.issues.size(), kMaxIssues + 1) << text.substr(0, 40);
  }
}

TEST(ParseDocument, GoesByTheName) {
  const auto parse = [](std::string name) {
    return Outline(ParseDocument(std::make_shared<SourceText>(std::move(name), "{\"a\": 1}")));
  };
  EXPECT_EQ(parse("a.json"), "{s=a: n=1}");
  EXPECT_EQ(parse("a.yaml"), "{s=a: p=1}");
  EXPECT_EQ(parse("-"), "{s=a: p=1}");
}

TEST(SourceText, FindsPlacesInLongLines) {
  const std::string line = Repeat("a\xC3\xA9", 9000);
  const SourceText source("a", line + "\r\n" + line + "\n");
  EXPECT_EQ(source.PositionAt(0), (Position{1, 1}));
  EXPECT_EQ(source.PositionAt(6000), (Position{1, 4001}));
  EXPECT_EQ(source.PositionAt(line.size() + 2 + 3000), (Position{2, 2001}));
  EXPECT_EQ(source.PositionAt(source.bytes().size()), (Position{3, 1}));
  EXPECT_EQ(source.Line(1), line);
  EXPECT_EQ(source.Line(2), line);
  EXPECT_EQ(source.Line(3), "");
  EXPECT_EQ(source.Line(4), "");
  EXPECT_EQ(source.Line(0), "");
}

}  // namespace
}  // namespace berth
