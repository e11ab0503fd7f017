#include <yaml.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/limits.h"
#include "berth/spec/tree_builder.h"
#include "berth/spec/utf8.h"
#include "berth/spec/yaml_prescan.h"

namespace berth {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::string_view kTabIndents = "a tab cannot indent: use spaces";

struct Problem {
  std::string_view libyaml;  // how libyaml calls it
  std::string_view message;
  bool at_context = false;  // libyaml's context is the better place
  bool has_begin = false;   // the message ends with the line where the construct begins
};

constexpr Problem kProblems[] = {
    {"could not find expected ':'", "a colon must follow the key: write `key: value`", true},
    {"did not find expected key",
     "this line fits no key of the map: check its indentation and the quotes of the line before", false, true},
    {"did not find expected '-' indicator", "a list item must start with `- `: check the indentation", false, true},
    {"did not find expected ',' or ']'", "a comma or `]` is missing in the list", false, true},
    {"did not find expected ',' or '}'", "a comma or `}` is missing in the map", false, true},
    {"did not find expected node content", "a value must stand here"},
    {"did not find expected <document start>", "a new document must start with a line `---`"},
    {"mapping values are not allowed in this context",
     "a second `: ` stands in one line: put the value in quotes or the key on its own line"},
    {"block sequence entries are not allowed in this context", "a list item must start on its own line"},
    {"mapping keys are not allowed in this context", "a key must start on its own line"},
    {"found character that cannot start any token", "this character cannot start a value: put the value in quotes"},
    {"found a tab character that violates indentation", kTabIndents},
    {"found a tab character where an indentation space is expected", kTabIndents},
    {"found unexpected end of stream", "the text ends inside quotes: a closing quote is missing", false, true},
    {"found unexpected document indicator", "a line `---` or `...` stands inside quotes: indent it", false, true},
    {"found unknown escape character", "a backslash starts an unknown escape: double it or use single quotes"},
    {"did not find expected hexdecimal number", "an escape has too few hexadecimal digits"},
    {"found invalid Unicode character escape code", "the escape stands for no Unicode character"},
    {"found unexpected ':'", "a colon stands inside a plain value: put the value in quotes"},
    {"found an indentation indicator equal to 0", "the indentation after `|` or `>` must be 1 to 9"},
    {"did not find expected comment or line break", "the line must end here, but for a comment after a blank"},
    {"did not find expected alphabetic or numeric character",
     "`&` and `*` start anchors and aliases, which berth's YAML is without: put the value in quotes"},
    {"found duplicate %YAML directive", "the directive `%YAML` stands twice: remove one"},
};

const Problem* FindProblem(std::string_view libyaml) {
  const auto* const found =
      std::find_if(std::begin(kProblems), std::end(kProblems), [&](const Problem& p) { return p.libyaml == libyaml; });
  return found == std::end(kProblems) ? nullptr : found;
}

// Turns libyaml's positions, counted in code points from `begin` on, into bytes. Fast while positions mostly grow.
class ByteCursor {
 public:
  ByteCursor(std::string_view text, size_t begin, bool is_ascii)
      : text_(text), begin_(begin), is_ascii_(is_ascii), byte_(begin) {}

  uint32_t At(size_t code_point) {
    if (is_ascii_) return static_cast<uint32_t>(std::min(begin_ + code_point, text_.size()));
    while (code_point_ < code_point && byte_ < text_.size()) {
      ++byte_;
      while (byte_ < text_.size() && IsUtf8Continuation(text_[byte_])) ++byte_;
      ++code_point_;
    }
    while (code_point_ > code_point) {
      --byte_;
      while (IsUtf8Continuation(text_[byte_])) --byte_;
      --code_point_;
    }
    return static_cast<uint32_t>(byte_);
  }

 private:
  std::string_view text_;
  size_t begin_;
  bool is_ascii_;
  size_t byte_;
  size_t code_point_ = 0;
};

struct ParserDeleter {
  void operator()(yaml_parser_t* parser) const { yaml_parser_delete(parser); }
};

std::string_view ViewOf(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

class Loader {
 public:
  // Offsets before `begin` are a byte order mark.
  Loader(const SourceText& source, uint32_t begin, TreeBuilder& builder)
      : text_(source.bytes()), cursor_(text_, begin, source.is_ascii()), builder_(builder), last_end_(begin) {}

  // Returns when the stream has ended or the builder has failed.
  void Run(yaml_parser_t& parser);

 private:
  // Each returns false when the builder has failed.
  bool Handle(const yaml_event_t& event);
  bool HandleScalar(const yaml_event_t& event);
  bool AddText(ValueKind kind, uint32_t begin, uint32_t end, std::string_view value);
  bool HandleAlias(const yaml_event_t& event);
  bool HandleStart(const yaml_event_t& event, ValueKind kind, std::string_view anchor, std::string_view tag);
  bool HandleEnd(const yaml_event_t& event, bool flow);
  // Reports an anchor and a tag that start at `begin`.
  void ReportProperties(uint32_t begin, std::string_view anchor, std::string_view tag);
  [[nodiscard]] uint32_t AfterAnchor(uint32_t anchor) const;
  // What is written from `offset` on, up to a blank, a line end or a flow indicator.
  [[nodiscard]] std::string_view WordAt(uint32_t offset) const;
  [[nodiscard]] std::optional<uint32_t> LongKeyBefore(uint32_t place) const;
  // What is wrong with a character that starts nothing, said of that very character; empty when there is no more to say.
  [[nodiscard]] std::string_view MisplacedAt(uint32_t place) const;
  void FailWith(const yaml_parser_t& parser);

  std::string_view text_;
  ByteCursor cursor_;
  TreeBuilder& builder_;
  uint32_t last_end_;  // of the last scalar or flow collection
  std::string flow_;   // for each open collection, `f` when it has brackets
};

void Loader::Run(yaml_parser_t& parser) {
  while (true) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      FailWith(parser);
      return;
    }
    const bool more = event.type != YAML_STREAM_END_EVENT && Handle(event);
    yaml_event_delete(&event);
    if (!more) return;
  }
}

bool Loader::Handle(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_SCALAR_EVENT:
      return HandleScalar(event);
    case YAML_ALIAS_EVENT:
      return HandleAlias(event);
    case YAML_SEQUENCE_START_EVENT: {
      const auto& start = event.data.sequence_start;
      flow_.push_back(start.style == YAML_FLOW_SEQUENCE_STYLE ? 'f' : 'b');
      return HandleStart(event, ValueKind::kSequence, ViewOf(start.anchor), ViewOf(start.tag));
    }
    case YAML_MAPPING_START_EVENT: {
      const auto& start = event.data.mapping_start;
      flow_.push_back(start.style == YAML_FLOW_MAPPING_STYLE ? 'f' : 'b');
      return HandleStart(event, ValueKind::kMapping, ViewOf(start.anchor), ViewOf(start.tag));
    }
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: {
      const bool flow = flow_.back() == 'f';
      flow_.pop_back();
      return HandleEnd(event, flow);
    }
    default:
      return true;
  }
}

bool Loader::HandleScalar(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const std::string_view value(reinterpret_cast<const char*>(scalar.value), scalar.length);
  const std::string_view anchor = ViewOf(scalar.anchor);
  const std::string_view tag = ViewOf(scalar.tag);
  const bool spoiled = !anchor.empty() || !tag.empty();
  const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
  if (builder_.depth() == 0 && plain && value.empty() && !spoiled) return true;  // an empty document

  const uint32_t begin = cursor_.At(event.start_mark.index);
  const uint32_t end = cursor_.At(event.end_mark.index);
  last_end_ = std::max(last_end_, end);
  const bool is_key = builder_.at_key();
  // A key keeps its text: what is wrong with it leaves no doubt about its name.
  const bool invalid = is_key ? value.empty() : spoiled;
  if (invalid) {
    if (!builder_.Invalid(begin, end)) return false;
  } else if (!AddText(plain ? ValueKind::kPlain : ValueKind::kString, begin, end, value)) {
    return false;
  }
  if (spoiled) {
    ReportProperties(begin, anchor, tag);
  } else if (invalid) {
    builder_.Report(IssueCode::kYamlFeature, begin, "the key is empty: write a name before the colon");
  }
  return true;
}

// Most scalars say what is written, between quotes or without; the others' texts are libyaml's.
bool Loader::AddText(ValueKind kind, uint32_t begin, uint32_t end, std::string_view value) {
  const uint32_t text_begin = kind == ValueKind::kString ? begin + 1 : begin;
  if (text_.substr(text_begin, value.size()) == value) {
    return builder_.Verbatim(kind, begin, end, text_begin, static_cast<uint32_t>(value.size()));
  }
  const size_t arena_begin = builder_.arena().size();
  builder_.arena().append(value);
  return builder_.Unescaped(kind, begin, end, arena_begin);
}

bool Loader::HandleAlias(const yaml_event_t& event) {
  const uint32_t begin = cursor_.At(event.start_mark.index);
  const uint32_t end = cursor_.At(event.end_mark.index);
  last_end_ = std::max(last_end_, end);
  if (!builder_.Invalid(begin, end)) return false;
  builder_.Report(IssueCode::kYamlFeature, begin,
                  "berth's YAML is without aliases: write the value out in place of " +
                      QuoteForMessage(text_.substr(begin, end - begin)));
  return true;
}

bool Loader::HandleStart(const yaml_event_t& event, ValueKind kind, std::string_view anchor, std::string_view tag) {
  const uint32_t begin = cursor_.At(event.start_mark.index);
  const bool is_key = builder_.at_key();
  const bool spoiled = is_key || !anchor.empty() || !tag.empty();
  if (!builder_.Open(kind, begin, spoiled)) return false;
  if (is_key) {
    builder_.Report(IssueCode::kYamlFeature, begin, "a key must be a text, not a list or map: write a name");
  } else if (spoiled) {
    ReportProperties(begin, anchor, tag);
  }
  return true;
}

bool Loader::HandleEnd(const yaml_event_t& event, bool flow) {
  // The end of a block is where the next token starts; its text ends with its last value.
  if (flow) last_end_ = std::max(last_end_, cursor_.At(event.end_mark.index));
  builder_.Close(last_end_);
  return true;
}

void Loader::ReportProperties(uint32_t begin, std::string_view anchor, std::string_view tag) {
  const bool anchor_first = begin < text_.size() && text_[begin] == '&';
  const uint32_t second = anchor.empty() || tag.empty() ? begin : AfterAnchor(begin);
  if (!anchor.empty()) {
    const uint32_t offset = anchor_first ? begin : second;
    builder_.Report(IssueCode::kYamlFeature, offset,
                    "berth's YAML is without anchors: remove " + QuoteForMessage(WordAt(offset)) +
                        " and write the value out wherever it is needed");
  }
  if (!tag.empty()) {
    const uint32_t offset = anchor_first ? second : begin;
    builder_.Report(
        IssueCode::kYamlFeature, offset,
        "berth's YAML is without tags: remove " + QuoteForMessage(WordAt(offset)) + ", and write a text in quotes");
  }
}

uint32_t Loader::AfterAnchor(uint32_t anchor) const {
  size_t offset = anchor + WordAt(anchor).size();
  while (offset < text_.size()) {
    const char byte = text_[offset];
    if (byte == '#') {
      offset = std::min(text_.find_first_of("\r\n", offset), text_.size());
    } else if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
      ++offset;
    } else {
      break;
    }
  }
  return static_cast<uint32_t>(offset);
}

std::string_view Loader::WordAt(uint32_t offset) const {
  const size_t end = std::min(text_.find_first_of(" \t\r\n,[]{}", offset), text_.size());
  return text_.substr(offset, end - offset);
}

// libyaml takes a colon behind a longer key for one that has no key. Where the first long key of the line starts.
std::optional<uint32_t> Loader::LongKeyBefore(uint32_t place) const {
  const size_t line_end = text_.substr(0, place).find_last_of("\r\n");
  const size_t line = line_end == std::string_view::npos ? 0 : line_end + 1;
  size_t begin = line;
  bool value = false;  // behind a colon, so no key starts
  for (size_t at = line; at < text_.size() && text_[at] != '\n' && text_[at] != '\r'; ++at) {
    const char byte = text_[at];
    const bool ends_word = at + 1 == text_.size() || std::string_view(" \t\r\n").find(text_[at + 1]) != text_.npos;
    const bool colon = byte == ':' && ends_word;
    if (colon && !value && at - begin > kMaxKeyBytes) return static_cast<uint32_t>(begin);
    const bool item = byte == '-' && ends_word && at == begin;
    const bool restarts = byte == ',' || byte == '{' || byte == '[';
    value = colon || (value && !restarts);
    if (item || restarts || colon) begin = at + 1;
    if ((byte == ' ' || byte == '\t') && at == begin) ++begin;
  }
  return std::nullopt;
}

std::string_view Loader::MisplacedAt(uint32_t place) const {
  switch (place < text_.size() ? text_[place] : '\0') {
    case '\t':
      return kTabIndents;
    case '@':
      return "`@` cannot start a value: put the value in quotes";
    case '`':
      return "a backtick cannot start a value: put the value in quotes";
    case '%':
      return "`%` cannot start a value: put the value in quotes";
    default:
      return {};
  }
}

void Loader::FailWith(const yaml_parser_t& parser) {
  if (parser.error == YAML_MEMORY_ERROR) {
    builder_.Fail(IssueCode::kUnreadable, last_end_, "the text needs more memory than there is: split the file");
    return;
  }
  const std::string_view libyaml = parser.problem == nullptr ? std::string_view() : parser.problem;
  const std::string_view context = parser.context == nullptr ? std::string_view() : parser.context;
  const uint32_t place = cursor_.At(parser.problem_mark.index);
  const uint32_t begin = parser.context == nullptr ? place : cursor_.At(parser.context_mark.index);
  if (libyaml == "found undefined tag handle" || context.find("a tag") != std::string_view::npos) {
    builder_.Fail(IssueCode::kYamlFeature, begin,
                  "berth's YAML is without tags: remove " + QuoteForMessage(WordAt(begin)));
    return;
  }
  const bool no_key = libyaml == "did not find expected key" || libyaml == "did not find expected node content";
  if (no_key && text_.substr(place).starts_with(':')) {
    builder_.Fail(IssueCode::kSyntax, place,
                  "this colon has no key: write a name before it or put the value in quotes");
    return;
  }
  const bool no_colon = libyaml == "could not find expected ':'";
  if (no_colon || libyaml == "mapping values are not allowed in this context" ||
      libyaml == "did not find expected ',' or '}'") {
    if (const std::optional<uint32_t> key = LongKeyBefore(no_colon ? begin : place); key.has_value()) {
      builder_.Fail(IssueCode::kLimitExceeded, *key,
                    "the key is longer than " + std::to_string(kMaxKeyBytes) + " bytes: shorten it");
      return;
    }
  }
  if (libyaml == "found character that cannot start any token" && !MisplacedAt(place).empty()) {
    builder_.Fail(IssueCode::kSyntax, place, std::string(MisplacedAt(place)));
    return;
  }
  const Problem* const problem = FindProblem(libyaml);
  std::string message(problem == nullptr ? "the YAML grammar is broken here: check indentation, quotes and brackets"
                                         : problem->message);
  const Position started = builder_.PositionAt(begin);
  if (problem != nullptr && problem->has_begin && begin != place) {
    message.append(" (it begins at line ").append(std::to_string(started.line)).append(")");
  }
  builder_.Fail(IssueCode::kSyntax, problem != nullptr && problem->at_context ? begin : place, std::move(message));
}

std::string WithCommentsAt(std::string_view text, const std::vector<uint32_t>& directives) {
  std::string copy(text);
  for (const uint32_t offset : directives) copy[offset] = '#';
  return copy;
}

}  // namespace

ParsedDocument ParseYaml(std::shared_ptr<const SourceText> source) {
  const SourceText& file = *source;  // which the builder keeps alive
  const std::string_view text = file.bytes();
  TreeBuilder builder(std::move(source), nullptr, text.size() > kMaxFileBytes ? 0 : text.size());
  if (text.size() > kMaxFileBytes) {
    builder.Fail(IssueCode::kLimitExceeded, 0,
                 "the file has more than " + std::to_string(kMaxFileBytes) + " bytes: split it into several files");
    return builder.Finish();
  }
  const uint32_t begin = text.starts_with(kByteOrderMark) ? static_cast<uint32_t>(kByteOrderMark.size()) : 0;
  const YamlPrescan prescan = PrescanYaml(text, begin);
  if (prescan.refused.has_value()) {
    builder.Fail(IssueCode::kSyntax, prescan.refused->offset, prescan.refused->message);
    return builder.Finish();
  }
  // A refused directive leaves the file well formed; libyaml sees a comment in its place.
  std::string without_directives;
  std::string_view input = text;
  if (!prescan.directives.empty()) {
    without_directives = WithCommentsAt(text, prescan.directives);
    input = without_directives;
  }
  for (const uint32_t offset : prescan.directives) {
    const size_t end = std::min(text.find_first_of("\r\n", offset), text.size());
    builder.Report(IssueCode::kYamlFeature, offset,
                   "berth's YAML has no directive but `%YAML 1.1` and `%YAML 1.2`: remove " +
                       QuoteForMessage(text.substr(offset, end - offset)));
  }
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) {
    builder.Fail(IssueCode::kUnreadable, 0, "the text needs more memory than there is: split the file");
    return builder.Finish();
  }
  const std::unique_ptr<yaml_parser_t, ParserDeleter> owner(&parser);
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(input.data()) + begin,
                               input.size() - begin);
  Loader(file, begin, builder).Run(parser);
  return builder.Finish();
}

}  // namespace berth
