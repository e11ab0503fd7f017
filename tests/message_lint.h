// What a sentence about a rejection must be like, as rules that can fail.
//
// A rule reads the text as people do. What documents say (in backticks) and places (in brackets, or `file:line:column`)
// are not the sentence's own words: most rules look past them.

#ifndef BERTH_TESTS_MESSAGE_LINT_H_
#define BERTH_TESTS_MESSAGE_LINT_H_

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/policy/reason.h"

namespace berth::lint {

inline constexpr size_t kMaxMessageBytes = 4000;
inline constexpr size_t kMaxClauseBytes = 400;  // names and places apart

// Compiled once: every text meets every pattern.
inline const RE2& Compiled(const char* pattern) {
  static std::map<std::string, std::unique_ptr<const RE2>> all;
  std::unique_ptr<const RE2>& compiled = all[pattern];
  if (compiled == nullptr) compiled = std::make_unique<const RE2>(pattern);
  return *compiled;
}

inline bool Contains(const std::string& text, const char* pattern) {
  return RE2::PartialMatch(text, Compiled(pattern));
}

inline std::string Replaced(std::string text, const char* pattern, const char* with) {
  RE2::GlobalReplace(&text, Compiled(pattern), with);
  return text;
}

// What the pattern's one group matches, each time.
inline std::vector<std::string> AllOf(const std::string& text, const char* pattern) {
  std::vector<std::string> all;
  re2::StringPiece rest(text);
  for (std::string found; RE2::FindAndConsume(&rest, Compiled(pattern), &found);) all.push_back(found);
  return all;
}

// The sentence without what documents say: names and places stay as "``".
inline std::string Plain(const std::string& text) {
  std::string plain = Replaced(text, "`[^`]*`", "``");
  plain = Replaced(plain, R"( ?\[[^\]]*\])", "");
  plain = Replaced(plain, R"([^ ()]+:\d+(:\d+)?)", "``");
  return Replaced(plain, R"(\bB\d{3}\b)", "``");
}

// The parts between separators that stand outside names, parentheses and brackets.
inline std::vector<std::string> SplitOutside(const std::string& text, std::string_view separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  bool name = false;
  for (size_t i = 0; i < text.size();) {
    if (!name && depth == 0 && std::string_view(text).substr(i).starts_with(separator)) {
      parts.emplace_back();
      i += separator.size();
      continue;
    }
    const char c = text[i++];
    if (c == '`') name = !name;
    if (!name && (c == '(' || c == '[')) ++depth;
    if (!name && (c == ')' || c == ']')) --depth;
    parts.back().push_back(c);
  }
  return parts;
}

// ---- rules for every text ----

inline std::string NotOneLine(const std::string& text) {
  const bool control = std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  return control ? "a control character" : "";
}

inline std::string NotUtf8(const std::string& text) {
  size_t rest = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0U) == 0x80U;
    if (continues != (rest > 0)) return "a broken character";
    if (continues) {
      --rest;
    } else {
      rest = byte < 0x80 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    }
  }
  return rest > 0 ? "a broken character at the end" : "";
}

inline std::string Misspaced(const std::string& text) {
  if (text.empty()) return "empty";
  if (text.front() == ' ' || text.back() == ' ') return "a space at one end";
  const std::string plain = Plain(text);
  if (Contains(plain, "  ")) return "two spaces";
  return Contains(plain, R"( [,;:.)\]]|[(\[] )") ? "a space beside punctuation" : "";
}

inline std::string Punctuated(const std::string& text) {
  static const std::string kEnds = ".,;:!?-";
  return !text.empty() && kEnds.find(text.back()) != std::string::npos ? "punctuation at the end" : "";
}

inline std::string Unbalanced(const std::string& text) {
  std::string open;
  bool name = false;
  for (const char c : text) {
    if (c == '`') name = !name;
    if (name) continue;
    if (c == '(') open.push_back(')');
    if (c == '[') open.push_back(']');
    if (c == '{') open.push_back('}');
    if (c != ')' && c != ']' && c != '}') continue;
    if (open.empty() || open.back() != c) return "a bracket that nothing opens";
    open.pop_back();
  }
  if (name) return "a backtick without its other";
  return open.empty() ? "" : "a bracket that nothing closes";
}

inline std::string Internal(const std::string& text) {
  static constexpr const char* kWords[] = {
      R"(\b([Cc]andidates?)\b)",  R"(\b(nodes?)\b)",
      R"(\b(snapshots?)\b)",      R"(\b(scratch)\b)",
      R"(\b(nullopt|nullptr)\b)", R"(\b(headlines?)\b)",
      R"(\b(binding index)\b)",   R"(\b([Gg]uardrails?)\b)",
      R"(\b(ordinals?)\b)",       R"(\b((?:an?|the|its|their|this|each|every|largest|best) offers?)\b)",
      R"(\b(judged?)\b)",         R"(\b(\w+_)(?:\W|$))",
      R"(\b(k[A-Z]\w*))",         R"(\b(\w+::))",
      R"(\b([a-z]+[A-Z]\w*))",
  };
  const std::string plain = Plain(text);
  for (const char* word : kWords) {
    if (const auto found = AllOf(plain, word); !found.empty()) return "an internal word: " + found.front();
  }
  if (Contains(plain, R"(\b[A-Z]{2,}_[A-Z]+)")) return "the name of a code";
  // Codes are for programs, in backticks too.
  for (const ReasonInfo& info : Reasons()) {
    if (text.find("`" + std::string(info.name) + "`") != std::string::npos) return "the name of a code";
  }
  return {};
}

inline std::string Unfilled(const std::string& text) {
  const std::string plain = Plain(text);
  if (Contains(text, "``")) return "an empty name";
  return Contains(plain, R"(%[sdu]|\(null\)|\{\d?\}|\$\d|\(\)|\[\]|TODO|: ?;|; ?;|:$)")
             ? "a place that was not filled in"
             : "";
}

// Between commas, colons, semicolons and parentheses, one negation is what people can follow.
inline std::string NegatedTwice(const std::string& text) {
  constexpr const char* kNegations =
      R"((\b(?:not|no|none|nothing|never|nobody|neither|nor|without|cannot|unless)\b|n't\b))";
  for (const std::string& part : AllOf(Plain(text), "([^,:;()]+)")) {
    if (AllOf(part, kNegations).size() > 1) return "a double negation: " + part;
  }
  return {};
}

inline std::string Scientific(const std::string& text) {
  return Contains(Plain(text), R"(\b\d+(\.\d+)?[eE][-+]?\d)") ? "a number in scientific notation" : "";
}

inline std::string NegativeZero(const std::string& text) {
  return Contains(Plain(text), R"((^|[^\w])-\d)") ? "a number below zero" : "";
}

inline std::string WithoutUnit(const std::string& text) {
  std::string rest = Plain(text);
  for (const char* good : {R"(\b\d+(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)\b)", R"(\b\d+[mun]? CPU\b)",
                           R"(\b\d+ (GPUs?|GiB|s|bytes?|characters?|bindings?|alternatives?|(or )?more)\b)",
                           R"(\bGPU count from \d+ to \d+\b)", R"(\b0 of )",
                           R"(\b[A-Za-z][\w-]*)"}) {  // last words with digits, such as `IPv6`
    rest = Replaced(rest, good, "");
  }
  const std::vector<std::string> left = AllOf(rest, R"((\d\S*))");
  return left.empty() ? "" : "an amount without a unit: " + left.front();
}

// Millicores and bytes where a shorter quantity says the same.
inline std::string Raw(const std::string& text) {
  const std::string plain = Plain(text);
  if (Contains(plain, R"(\b\d+000[mun] CPU)")) return "raw millicores";
  for (const std::string& digits : AllOf(plain, R"((\d+) bytes)")) {
    const int64_t bytes = std::stoll(digits);
    if (bytes > 0 && (bytes % 1024 == 0 || bytes % 1000 == 0)) return "raw bytes: " + digits;
  }
  return {};
}

inline std::string Disagreeing(const std::string& text) {
  // What is counted in `0 of 1 binding` is the one.
  const std::string counted = Replaced(Plain(text), R"(\b0 of )", "");
  for (const char* wrong :
       {R"(\b1 (bindings|GPUs|alternatives|characters|bytes)\b)",
        R"(\b(0|[2-9]|\d\d+) (binding|GPU|alternative|character|byte)\b)", R"(\b1 binding (are|have|do|lack|need)\b)",
        R"(\b(0|[2-9]|\d\d+) bindings (is|has|does|lacks|needs)\b)"}) {
    if (Contains(counted, wrong)) return "number and word disagree";
  }
  return {};
}

struct Rule {
  std::string_view name;
  std::string (*problem)(const std::string& text);  // empty when the text keeps the rule
};

inline constexpr Rule kSentenceRules[] = {
    {"one line", NotOneLine},      {"UTF-8", NotUtf8},
    {"spaces", Misspaced},         {"end", Punctuated},
    {"balance", Unbalanced},       {"internal words", Internal},
    {"filled in", Unfilled},       {"negations", NegatedTwice},
    {"plain numbers", Scientific}, {"no number below zero", NegativeZero},
    {"units", WithoutUnit},        {"quantities", Raw},
    {"agreement", Disagreeing},
};

inline std::string Broken(std::span<const Rule> rules, const std::string& text) {
  std::string broken;
  for (const Rule& rule : rules) {
    const std::string problem = rule.problem(text);
    if (!problem.empty()) broken.append(rule.name).append(": ").append(problem).append("\n");
  }
  return broken;
}

// ---- rules for a whole message ----

struct Message {
  std::string head;
  std::vector<std::string> clauses;  // without the last one
  std::string step;                  // the last one
};

inline Message Parse(const std::string& message) {
  Message parsed;
  const size_t colon = message.find(": ");
  if (colon == std::string::npos) return parsed;
  parsed.head = message.substr(0, colon);
  parsed.clauses = SplitOutside(message.substr(colon + 2), "; ");
  parsed.step = parsed.clauses.back();
  parsed.clauses.pop_back();
  return parsed;
}

inline uint32_t CountOf(const std::string& clause) {
  const size_t digits = std::min(clause.find_first_not_of("0123456789"), clause.size());
  return digits == 0 || digits > 9 ? 0 : static_cast<uint32_t>(std::stoul(clause.substr(0, digits)));
}

inline std::string WithoutCount(const std::string& clause) {
  const uint32_t count = CountOf(clause);
  return count == 0 ? clause : clause.substr(std::to_string(count).size() + 1);
}

inline std::string BadHead(const std::string& message) {
  const std::string head = Parse(message).head;
  if (head == "no binding matches the request") return {};
  return Contains(head, "^0 of (1 binding|[2-9] bindings|\\d\\d+ bindings) can take this sandbox$") ? ""
                                                                                                    : "head: " + head;
}

inline std::string BadSum(const std::string& message) {
  const Message parsed = Parse(message);
  if (!parsed.head.starts_with("0 of ")) return {};
  uint32_t sum = 0;
  for (const std::string& clause : parsed.clauses) sum += CountOf(clause);
  const uint32_t total = CountOf(parsed.head.substr(5));
  return sum == total ? "" : "the counts add up to " + std::to_string(sum);
}

inline std::string BadVerb(const std::string& message) {
  static constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {
      {"is", "are"},           {"has", "have"}, {"does", "do"},      {"offers", "offer"}, {"needs", "need"},
      {"takes", "take"},       {"caps", "cap"}, {"limits", "limit"}, {"gives", "give"},   {"makes", "make"},
      {"requests", "request"}, {"runs", "run"}, {"brings", "bring"}, {"would", "would"},  {"may", "may"},
  };
  const Message parsed = Parse(message);
  if (!parsed.head.starts_with("0 of ")) return {};
  for (const std::string& clause : parsed.clauses) {
    const std::string words = WithoutCount(clause);
    const std::string verb = words.substr(0, words.find(' '));
    const bool known = std::ranges::any_of(
        kVerbs, [&](const auto& pair) { return verb == (CountOf(clause) == 1 ? pair.first : pair.second); });
    if (!known) return "the verb of: " + clause.substr(0, 40);
  }
  return {};
}

inline std::string BadStep(const std::string& message) {
  const std::string step = Parse(message).step;
  const bool begins = Contains(step,
                               "^(next|it cannot be admitted (anywhere|there) as written): "
                               "(add|ask|choose|correct|drop|lower|retry|send|use|wait)\\b");
  return begins ? "" : "no next step: " + step;
}

inline std::string TooLong(const std::string& message) {
  if (message.size() > kMaxMessageBytes) return "a message of " + std::to_string(message.size()) + " bytes";
  for (const std::string& clause : SplitOutside(message, "; ")) {
    const size_t bytes = Plain(clause).size();
    if (bytes > kMaxClauseBytes) return "a clause of " + std::to_string(bytes) + " bytes: " + clause;
  }
  return {};
}

inline constexpr Rule kMessageRules[] = {
    {"head", BadHead}, {"sum", BadSum}, {"verbs", BadVerb}, {"next step", BadStep}, {"length", TooLong},
};

// Everything that is wrong with a message, one line each.
inline std::string BrokenMessage(const std::string& message) {
  std::string broken = Broken(kMessageRules, message);
  // The numbers before clauses count bindings, which the head says.
  std::string sentence = Parse(message).head + ": ";
  const Message parsed = Parse(message);
  for (const std::string& clause : parsed.clauses) sentence.append(WithoutCount(clause)).append("; ");
  return broken + Broken(kSentenceRules, sentence + parsed.step);
}

// ---- rules for one reason ----

// The amount as a word of its own: `4` is not in `64 CPU`.
inline bool States(const std::string& text, std::string_view amount) {
  for (size_t at = text.find(amount); at != std::string::npos; at = text.find(amount, at + 1)) {
    const size_t end = at + amount.size();
    const auto word = [&](size_t i) {
      return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
    };
    if (!(at > 0 && word(at - 1)) && !word(end)) return true;
  }
  return false;
}

// "[profile, profiles/agent.yaml:14:18]", or the thing itself where its document does not say it: "[runner `r1`]".
inline bool NamesOwner(const std::string& clause, std::string_view layer, std::string_view source) {
  const size_t open = clause.rfind(" [");
  if (open == std::string::npos || clause.back() != ']') return false;
  const std::string owner = clause.substr(open);
  const bool right_layer = owner.find("[" + std::string(layer)) == 1 || owner.find("[e.g. " + std::string(layer)) == 1;
  return right_layer && owner.ends_with(source.empty() ? "`]" : ", " + std::string(source) + "]");
}

}  // namespace berth::lint

#endif  // BERTH_TESTS_MESSAGE_LINT_H_
