// A parsed YAML or JSON text: an immutable tree that knows where every value stands.
//
// Both formats become the same tree. A JSON scalar keeps its JSON type. A YAML plain scalar is `kPlain`: its type is
// decided later by the field it stands in, so that `no` and `010` stay text where text is wanted. Positions of values
// inside an embedded JSON string (`overrides_json`) point into the outer file.
//
// Guarantees:  a mapping's keys are texts; duplicate keys, anchors, aliases and tags are already reported as issues,
//              and what they spoiled is `kInvalid`, which readers skip silently (one mistake, one issue)
// Ownership:   Document owns everything; a Value is a handle into it and must not outlive it
// Threads:     immutable after parsing
// Cost:        parsing is linear; a value takes 20 bytes, and its text none where it is written without escapes;
//              size(), [], key(), text() and position() are O(1), position() in a quoted text O(log escapes)

#ifndef BERTH_SPEC_DOCUMENT_H_
#define BERTH_SPEC_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/position.h"

namespace berth {

enum class ValueKind : uint8_t { kInvalid, kNull, kBool, kNumber, kString, kPlain, kSequence, kMapping };

// A file's name and bytes with an index of its lines. Shared by the documents made from it.
class SourceText {
 public:
  SourceText(std::string name, std::string bytes);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  // `offset` may be the size of the text (its end).
  [[nodiscard]] Position PositionAt(size_t offset) const;
  // The line's bytes without its end; empty for a line that does not exist.
  [[nodiscard]] std::string_view Line(uint32_t line) const;

  // Every byte is a code point.
  [[nodiscard]] bool is_ascii() const { return code_points_before_block_.empty(); }

 private:
  [[nodiscard]] size_t CodePointsBefore(size_t offset) const;

  std::string name_;
  std::string bytes_;
  std::vector<uint32_t> line_starts_;
  // For every block of bytes, so that a lookup touches one block, whether lines are short or endless: the index of the
  // line that holds its first byte, and the code points before it (none when the text is ASCII).
  std::vector<uint32_t> line_at_block_;
  std::vector<uint32_t> code_points_before_block_;
};

class Document;
struct EmbeddedText;
struct ParsedDocument;

// A handle to one value of a document. Cheap to copy.
class Value {
 public:
  [[nodiscard]] ValueKind kind() const;
  // Scalars: the unescaped text (for kBool, kNumber and kPlain: as written).
  [[nodiscard]] std::string_view text() const;
  // Sequences: number of elements; mappings: number of members; scalars: 0.
  [[nodiscard]] size_t size() const;
  // The index-th element or member value, in the order of the file.
  [[nodiscard]] Value operator[](size_t index) const;
  // The index-th key of a mapping.
  [[nodiscard]] Value key(size_t index) const;
  // First byte of the value in the file and one past its last; a quoted scalar includes its quotes.
  [[nodiscard]] uint32_t begin() const;
  [[nodiscard]] uint32_t end() const;
  [[nodiscard]] Position position() const;
  [[nodiscard]] const Document& document() const { return *document_; }

 private:
  friend class Document;
  friend ParsedDocument ParseEmbeddedJson(Value outer);
  Value(const Document* document, uint32_t index) : document_(document), index_(index) {}
  const Document* document_;
  uint32_t index_;
};

class Document {
 public:
  // One value. The children of a sequence, and key, value, key, value... of a mapping, stand side by side in the
  // document's nodes.
  struct Node {
    ValueKind kind = ValueKind::kInvalid;
    bool in_arena = false;  // the text had to be unescaped
    uint32_t begin = 0;
    uint32_t end = 0;
    // Scalars: where the text begins in the parsed text or the arena, and its bytes. Lists and maps: the index of the
    // first child, and how many there are; a mapping's member counts as two.
    uint32_t first = 0;
    uint32_t count = 0;

    [[nodiscard]] bool is_container() const { return kind == ValueKind::kSequence || kind == ValueKind::kMapping; }
  };
  static_assert(sizeof(Node) == 20);

  // `embedded` is the text that the nodes point into; null when that is the file itself.
  Document(std::shared_ptr<const SourceText> source, std::shared_ptr<const EmbeddedText> embedded,
           std::vector<Node> nodes, std::vector<uint32_t> roots, std::string arena);

  [[nodiscard]] const SourceText& source() const { return *source_; }
  [[nodiscard]] const std::shared_ptr<const SourceText>& shared_source() const { return source_; }
  // The top-level values: one for JSON, one per non-empty document for YAML.
  [[nodiscard]] size_t root_count() const { return roots_.size(); }
  [[nodiscard]] Value root(size_t index) const { return {this, roots_[index]}; }

 private:
  friend class Value;
  friend ParsedDocument ParseEmbeddedJson(Value outer);

  std::shared_ptr<const SourceText> source_;
  std::shared_ptr<const EmbeddedText> embedded_;
  std::string_view text_;  // the embedded one, or the file's
  std::vector<Node> nodes_;
  std::vector<uint32_t> roots_;
  std::string arena_;
};

inline ValueKind Value::kind() const { return document_->nodes_[index_].kind; }

inline std::string_view Value::text() const {
  const Document::Node& node = document_->nodes_[index_];
  if (node.is_container()) return {};
  const std::string_view text = node.in_arena ? std::string_view(document_->arena_) : document_->text_;
  return {text.data() + node.first, node.count};
}

inline size_t Value::size() const {
  const Document::Node& node = document_->nodes_[index_];
  if (node.kind == ValueKind::kMapping) return node.count / 2;
  return node.kind == ValueKind::kSequence ? node.count : 0;
}

inline Value Value::operator[](size_t index) const {
  const Document::Node& node = document_->nodes_[index_];
  const size_t child = node.kind == ValueKind::kMapping ? index * 2 + 1 : index;
  return {document_, static_cast<uint32_t>(node.first + child)};
}

inline Value Value::key(size_t index) const {
  return {document_, static_cast<uint32_t>(document_->nodes_[index_].first + index * 2)};
}

inline Position Value::position() const { return document_->source_->PositionAt(begin()); }

struct ParsedDocument {
  // Null when the text is not well formed; `issues` then holds one syntax issue.
  std::unique_ptr<const Document> document;
  std::vector<Issue> issues;
};

// An issue's `path` starts at the value it is found in: one of the document's roots, or the embedded text's value.
// Issues stand in the order of the text. More than kMaxIssues are counted, not listed.

// YAML: UTF-8 only, bounded by berth/spec/limits.h, no anchors, aliases or tags.
ParsedDocument ParseYaml(std::shared_ptr<const SourceText> source);
// JSON: one value (RFC 8259), an optional byte order mark before it.
ParsedDocument ParseJson(std::shared_ptr<const SourceText> source);
// By the file's name: `.json` is JSON, everything else YAML.
ParsedDocument ParseDocument(std::shared_ptr<const SourceText> source);
// JSON inside the string `outer`; all positions point into the outer file. `outer` must be kString or kPlain.
ParsedDocument ParseEmbeddedJson(Value outer);

}  // namespace berth

#endif  // BERTH_SPEC_DOCUMENT_H_
