// Documents as short texts, for tests of what a parser made of its input.
//
// An outline names each scalar by the letter of its kind and its text: `p` plain, `s` string, `n` number, `b` boolean,
// `0` null; `!` is an invalid value. Positions are not in it.

#ifndef BERTH_TESTS_DOCUMENT_OUTLINE_H_
#define BERTH_TESTS_DOCUMENT_OUTLINE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "berth/spec/document.h"

namespace berth {

// `{p=a: [n=1, s=x]}`
inline std::string Outline(Value value) {
  switch (value.kind()) {
    case ValueKind::kInvalid:
      return "!";
    case ValueKind::kNull:
      return "0";
    case ValueKind::kBool:
      return "b=" + std::string(value.text());
    case ValueKind::kNumber:
      return "n=" + std::string(value.text());
    case ValueKind::kString:
      return "s=" + std::string(value.text());
    case ValueKind::kPlain:
      return "p=" + std::string(value.text());
    case ValueKind::kSequence:
    case ValueKind::kMapping:
      break;
  }
  const bool is_mapping = value.kind() == ValueKind::kMapping;
  std::string out = is_mapping ? "{" : "[";
  for (size_t i = 0; i < value.size(); ++i) {
    if (i > 0) out.append(", ");
    if (is_mapping) out.append(Outline(value.key(i))).append(": ");
    out.append(Outline(value[i]));
  }
  out.append(is_mapping ? "}" : "]");
  return out;
}

// The roots, ` --- ` between them; `(none)` without a document.
inline std::string Outline(const ParsedDocument& parsed) {
  if (parsed.document == nullptr) return "(none)";
  std::string out;
  for (size_t i = 0; i < parsed.document->root_count(); ++i) {
    if (i > 0) out.append(" --- ");
    out.append(Outline(parsed.document->root(i)));
  }
  return out;
}

// `3:14`
inline std::string PlaceText(Position position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

// `duplicate-key 3:14 /a; syntax 4:1`: name, place and path of each issue.
inline std::string IssueList(const ParsedDocument& parsed) {
  std::string out;
  for (const Issue& issue : parsed.issues) {
    if (!out.empty()) out.append("; ");
    out.append(InfoOf(issue.code).name).append(" ").append(PlaceText(issue.position));
    if (!issue.path.empty()) out.append(" ").append(issue.path);
  }
  return out;
}

// Every scalar as `text@line:column[bytes of the file]`, one a line, in the order of the file.
inline void AppendPlaces(Value value, std::string& out) {
  const bool is_mapping = value.kind() == ValueKind::kMapping;
  for (size_t i = 0; i < value.size(); ++i) {
    if (is_mapping) AppendPlaces(value.key(i), out);
    AppendPlaces(value[i], out);
  }
  if (is_mapping || value.kind() == ValueKind::kSequence) return;
  const std::string_view bytes = value.document().source().bytes();
  out.append(value.text()).append("@").append(PlaceText(value.position())).append("[");
  out.append(bytes.substr(value.begin(), value.end() - value.begin())).append("]\n");
}

inline std::string Places(Value value) {
  std::string out;
  AppendPlaces(value, out);
  return out;
}

// `part` again and again until there are `bytes`.
inline std::string Repeat(std::string_view part, size_t bytes) {
  std::string out;
  while (out.size() < bytes) out.append(part);
  return out;
}

}  // namespace berth

#endif  // BERTH_TESTS_DOCUMENT_OUTLINE_H_
