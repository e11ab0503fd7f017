// Short ways to make decoded trees from text, and to show trees and issues as text, for tests.

#ifndef BERTH_TESTS_DECODED_H_
#define BERTH_TESTS_DECODED_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/decode.h"
#include "berth/spec/document.h"
#include "berth/spec/field.h"
#include "berth/spec/issue.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"
#include "berth/spec/writer.h"

namespace berth {

struct Decoded {
  NodeRef node;
  bool valid = false;
  std::vector<Issue> issues;
};

// The first document of `text`, by the ending of `name`, as `record`.
inline Decoded DecodeText(Record record, std::string_view text, Layer layer = Layer::kProfile,
                          std::string_view name = "a.yaml") {
  Decoded decoded;
  ParsedDocument parsed = ParseDocument(std::make_shared<SourceText>(std::string(name), std::string(text)));
  decoded.issues = std::move(parsed.issues);
  if (parsed.document == nullptr || parsed.document->root_count() == 0) return decoded;
  const DecodedRecord result = DecodeRecord(record, parsed.document->root(0), layer, "", decoded.issues);
  decoded.node = result.node;
  decoded.valid = result.valid;
  return decoded;
}

// A partial spec of `layer`; issues are dropped.
inline NodeRef SpecOf(std::string_view yaml, Layer layer = Layer::kProfile) {
  return DecodeText(Record::kSpec, yaml, layer).node;
}

inline void AppendTree(const Node& node, std::string& out) {
  switch (node.kind) {
    case NodeKind::kInvalid:
      out += '!';
      return;
    case NodeKind::kNull:
      out += "null";
      return;
    case NodeKind::kBool:
    case NodeKind::kNumber:
      out += node.text;
      return;
    case NodeKind::kString:
    case NodeKind::kQuantity:
      AppendJsonString(node.text, out);
      return;
    case NodeKind::kList:
      out += '[';
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += ',';
        AppendTree(*node.items[i], out);
      }
      out += ']';
      return;
    case NodeKind::kMap:
      out += '{';
      for (size_t i = 0; i < node.members.size(); ++i) {
        if (i > 0) out += ',';
        AppendJsonString(node.members[i].key, out);
        out += ':';
        AppendTree(*node.members[i].value, out);
      }
      out += '}';
      return;
  }
}

// Compact JSON; `!` for an invalid value, `(none)` for no tree.
inline std::string TreeText(const NodeRef& node) {
  if (node == nullptr) return "(none)";
  std::string out;
  AppendTree(*node, out);
  return out;
}

// `unknown-field 3:14 /a`, one for each issue, `; ` between them.
inline std::string IssueText(std::span<const Issue> issues) {
  std::string out;
  for (const Issue& issue : issues) {
    if (!out.empty()) out += "; ";
    out.append(InfoOf(issue.code).name).append(" ").append(std::to_string(issue.position.line)).append(":");
    out.append(std::to_string(issue.position.column));
    if (!issue.path.empty()) out.append(" ").append(issue.path);
  }
  return out;
}

}  // namespace berth

#endif  // BERTH_TESTS_DECODED_H_
