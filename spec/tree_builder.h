// What the YAML and the JSON parser share: building the tree, its bounds, duplicate keys and the list of issues.
//
// A parser calls Verbatim or Unescaped, Open and Close in the order of the text; in a mapping every second value is a
// key. Offsets are those of the text being read; issues are placed in the file.
//
// Guarantees:  at most kMaxDepth levels, kMaxNodes nodes and kMaxIssues issues (and one that counts the rest); a member
//              whose key is not a text, or is a repeated text, is not in the tree
// Cost:        amortised O(1) for a value, O(n log n) to close a mapping of n members

#ifndef BERTH_SPEC_TREE_BUILDER_H_
#define BERTH_SPEC_TREE_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/embedded_text.h"
#include "berth/spec/issue.h"
#include "berth/spec/limits.h"

namespace berth {

// User text for a message: in backticks, shortened, without control characters.
std::string QuoteForMessage(std::string_view text);
// `U+0085`, in backticks.
std::string CodePointName(uint32_t code_point);

class TreeBuilder {
 public:
  // `embedded` is null when the text being read is the file itself. `text_size` is a hint.
  TreeBuilder(std::shared_ptr<const SourceText> source, std::shared_ptr<const EmbeddedText> embedded, size_t text_size);

  // Where the parser puts a scalar's text before it calls Unescaped.
  [[nodiscard]] std::string& arena() { return arena_; }

  // Each returns false when a limit is passed; the document is then refused and the parser must stop.

  // A scalar whose text stands in the text being read, as it is.
  bool Verbatim(ValueKind kind, uint32_t begin, uint32_t end, uint32_t text_begin, uint32_t text_size) {
    return Scalar({kind, /*in_arena=*/false, begin, end, text_begin, text_size});
  }
  // One whose text is what stands in the arena from `text_begin` on.
  bool Unescaped(ValueKind kind, uint32_t begin, uint32_t end, size_t text_begin) {
    const size_t size = arena_.size() - text_begin;
    return Scalar(
        {kind, /*in_arena=*/true, begin, end, static_cast<uint32_t>(text_begin), static_cast<uint32_t>(size)});
  }
  // A value that an issue reported by the caller has spoiled.
  bool Invalid(uint32_t begin, uint32_t end);
  // Starts a sequence or mapping. Its values are read and checked, and left out when it is `spoiled`.
  bool Open(ValueKind kind, uint32_t begin, bool spoiled = false);
  void Close(uint32_t end);

  [[nodiscard]] size_t depth() const { return frames_.size(); }
  // True inside a mapping that waits for a key.
  [[nodiscard]] bool at_key() const {
    return !frames_.empty() && frames_.back().kind == ValueKind::kMapping && PendingCount(frames_.size() - 1) % 2 == 0;
  }
  [[nodiscard]] bool in_mapping() const { return frames_.back().kind == ValueKind::kMapping; }
  // True before the first value of the innermost sequence or mapping.
  [[nodiscard]] bool empty() const { return PendingCount(frames_.size() - 1) == 0; }

  // An issue of the value added or opened last.
  void Report(IssueCode code, uint32_t offset, std::string message);
  // The text is not well formed: only this issue will be left.
  void Fail(IssueCode code, uint32_t offset, std::string message);
  [[nodiscard]] Position PositionAt(uint32_t offset) const;

  // The result. The builder is used up.
  ParsedDocument Finish();

 private:
  struct Frame {
    ValueKind kind;
    bool spoiled;
    size_t first_child;  // in pending_; the frame's own node stands before it
  };
  struct FoundIssue {
    uint32_t offset;
    Issue issue;
  };

  [[nodiscard]] size_t PendingCount(size_t frame) const {
    const size_t end = frame + 1 < frames_.size() ? frames_[frame + 1].first_child : pending_.size();
    return end - frames_[frame].first_child;
  }
  [[nodiscard]] std::string_view TextOf(const Document::Node& scalar) const {
    return (scalar.in_arena ? std::string_view(arena_) : text_).substr(scalar.first, scalar.count);
  }
  [[nodiscard]] static bool IsText(const Document::Node& node) {
    return node.kind == ValueKind::kString || node.kind == ValueKind::kPlain;
  }
  bool Add(const Document::Node& node) {
    if (node_count_ >= kMaxNodes) return FailAtNode(node);
    ++node_count_;
    pending_.push_back(node);
    return true;
  }
  bool Scalar(const Document::Node& scalar) {
    if (scalar.count > kMaxKeyBytes && IsTooLong(scalar)) return AddTooLong(scalar);
    if (!Add(scalar)) return false;
    if (frames_.empty()) EndRoot();
    return true;
  }
  [[nodiscard]] bool IsTooLong(const Document::Node& scalar) const {
    return scalar.count > (at_key() ? kMaxKeyBytes : kMaxTextBytes);
  }
  // Reports it, and adds an invalid value instead.
  bool AddTooLong(const Document::Node& scalar);
  bool FailAtNode(const Document::Node& node);
  void EndRoot();
  void AddIssue(IssueCode code, uint32_t offset, std::string message, std::string path);
  // Pointer to the value being read inside the first `frames` frames.
  [[nodiscard]] std::string PathOf(size_t frames) const;
  // Reports repeated keys of the innermost mapping and spoils their values.
  void SpoilRepeatedKeys(const Frame& frame);
  // Both are places in pending_.
  void ReportRepeatedKey(size_t first, size_t second);

  std::shared_ptr<const SourceText> source_;
  std::shared_ptr<const EmbeddedText> embedded_;
  std::string_view text_;              // the one being read
  std::vector<Document::Node> nodes_;  // the children of what is closed, and the roots
  std::vector<uint32_t> roots_;
  std::string arena_;
  std::vector<Frame> frames_;
  std::vector<Document::Node> pending_;  // of all open frames, innermost last: the frame's node and its children so far
  size_t node_count_ = 0;                // all that were ever added
  std::vector<size_t> order_;            // for sorting keys
  std::vector<FoundIssue> issues_;
  size_t issues_left_out_ = 0;
  bool failed_ = false;
};

}  // namespace berth

#endif  // BERTH_SPEC_TREE_BUILDER_H_
