#include "fuzz/document_checks.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/limits.h"
#include "fuzz/property.h"

namespace berth {
namespace {

bool Before(Position left, Position right) {
  return left.line < right.line || (left.line == right.line && left.column < right.column);
}

}  // namespace

void RequireValuesInside(Value root, ByteRange range) {
  std::vector<std::pair<Value, ByteRange>> open = {{root, range}};
  const SourceText& source = root.document().source();
  while (!open.empty()) {
    const auto [value, around] = open.back();
    open.pop_back();
    const ByteRange own = {value.begin(), value.end()};
    Require(around.begin <= own.begin && own.begin <= own.end && own.end <= around.end,
            "a value lies inside the value around it", value.text());
    Require(value.position() == source.PositionAt(own.begin), "a value's position is that of its first byte");
    Require(value.position().known(), "a value has a position");
    size_t previous_end = own.begin;
    for (size_t i = 0; i < value.size(); ++i) {
      if (value.kind() == ValueKind::kMapping) {
        const Value key = value.key(i);
        Require(key.kind() == ValueKind::kString || key.kind() == ValueKind::kPlain, "a key is a text");
        Require(previous_end <= key.begin(), "members stand in the order of the file", key.text());
        previous_end = key.end();
        open.emplace_back(key, own);
      }
      Require(previous_end <= value[i].begin(), "elements stand in the order of the file", value[i].text());
      previous_end = value[i].end();
      open.emplace_back(value[i], own);
    }
  }
}

void RequireIssuesInside(std::span<const Issue> issues, const SourceText& source, ByteRange range) {
  const Position first = source.PositionAt(range.begin);
  const Position last = source.PositionAt(range.end);
  for (const Issue& issue : issues) {
    Require(!issue.message.empty(), "an issue has a message", InfoOf(issue.code).name);
    if (!issue.position.known()) continue;
    Require(!Before(issue.position, first) && !Before(last, issue.position), "an issue points into the text",
            issue.message);
    for (const TextEdit& edit : issue.fix) {
      Require(edit.start <= edit.end && edit.end <= source.bytes().size(), "a fix edits bytes of the file", edit.text);
    }
  }
}

void RequireSound(const ParsedDocument& parsed, const SourceText& source) {
  const ByteRange all = {0, source.bytes().size()};
  RequireIssuesInside(parsed.issues, source, all);
  Require(parsed.issues.size() <= kMaxIssues + 1, "a parser reports a bounded number of issues");
  if (parsed.document == nullptr) {
    Require(parsed.issues.size() == 1, "a text that is not well formed has one issue");
    return;
  }
  for (size_t i = 0; i < parsed.document->root_count(); ++i) RequireValuesInside(parsed.document->root(i), all);
}

}  // namespace berth
