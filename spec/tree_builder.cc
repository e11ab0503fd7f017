#include "berth/spec/tree_builder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/limits.h"
#include "berth/spec/utf8.h"

namespace berth {
namespace {

// Most texts hold no more than one value for so many bytes.
constexpr size_t kBytesPerNode = 8;
// Mappings of so many members or fewer are searched for repeated keys pair by pair.
constexpr size_t kFewMembers = 12;
constexpr size_t kMaxQuotedBytes = 64;

void AppendPointerToken(std::string_view token, std::string& out) {
  out.push_back('/');
  for (const char byte : token) {
    if (byte == '~') {
      out.append("~0");
    } else if (byte == '/') {
      out.append("~1");
    } else {
      out.push_back(byte);
    }
  }
}

}  // namespace

std::string QuoteForMessage(std::string_view text) {
  size_t size = std::min(text.size(), kMaxQuotedBytes);
  while (size < text.size() && size > 0 && IsUtf8Continuation(text[size])) --size;
  std::string out = "`";
  for (const char byte : text.substr(0, size)) {
    const auto code = static_cast<unsigned char>(byte);
    out.push_back(code < 0x20U || code == 0x7FU || byte == '`' ? ' ' : byte);
  }
  if (size < text.size()) out.append("...");
  out.push_back('`');
  return out;
}

std::string CodePointName(uint32_t code_point) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "`U+";
  for (uint32_t shift = code_point > 0xFFFFFU ? 24U : code_point > 0xFFFFU ? 20U : 16U; shift > 0;) {
    shift -= 4U;
    out.push_back(kDigits[(code_point >> shift) & 0xFU]);
  }
  out.push_back('`');
  return out;
}

TreeBuilder::TreeBuilder(std::shared_ptr<const SourceText> source, std::shared_ptr<const EmbeddedText> embedded,
                         size_t text_size)
    : source_(std::move(source)), embedded_(std::move(embedded)) {
  const size_t nodes = std::min(text_size / kBytesPerNode + 8, kMaxNodes);
  nodes_.reserve(nodes);
  children_.reserve(nodes);
  arena_.reserve(text_size);
}

bool TreeBuilder::Add(const Document::Node& node) {
  if (nodes_.size() >= kMaxNodes) {
    Fail(IssueCode::kLimitExceeded, node.begin,
         "the text holds more than " + std::to_string(kMaxNodes) + " keys and values: split it into several files");
    return false;
  }
  const auto index = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back(node);
  (frames_.empty() ? roots_ : pending_).push_back(index);
  return true;
}

bool TreeBuilder::Scalar(ValueKind kind, uint32_t begin, uint32_t end, size_t text_begin) {
  const size_t size = arena_.size() - text_begin;
  const bool is_key = at_key();
  const size_t limit = is_key ? kMaxKeyBytes : kMaxTextBytes;
  if (size > limit) {
    arena_.resize(text_begin);
    if (!Invalid(begin, end)) return false;
    Report(IssueCode::kLimitExceeded, begin,
           std::string(is_key ? "the key" : "the value") + " has " + std::to_string(size) + " bytes: shorten it to " +
               std::to_string(limit));
    return true;
  }
  return Add({.kind = kind,
              .begin = begin,
              .end = end,
              .text_begin = static_cast<uint32_t>(text_begin),
              .text_size = static_cast<uint32_t>(size)});
}

bool TreeBuilder::Invalid(uint32_t begin, uint32_t end) {
  return Add({.kind = ValueKind::kInvalid, .begin = begin, .end = end});
}

bool TreeBuilder::Open(ValueKind kind, uint32_t begin, bool spoiled) {
  if (frames_.size() >= kMaxDepth) {
    Fail(IssueCode::kLimitExceeded, begin,
         "lists and maps stand more than " + std::to_string(kMaxDepth) + " deep inside each other: nest them less");
    return false;
  }
  const auto index = static_cast<uint32_t>(nodes_.size());
  if (!Add({.kind = spoiled ? ValueKind::kInvalid : kind, .begin = begin, .end = begin})) return false;
  frames_.push_back({kind, spoiled, index, pending_.size()});
  return true;
}

void TreeBuilder::Close(uint32_t end) {
  const Frame frame = frames_.back();
  if (frame.kind == ValueKind::kMapping) SpoilRepeatedKeys(frame);
  Document::Node& node = nodes_[frame.node];
  node.end = end;
  node.first_child = static_cast<uint32_t>(children_.size());
  if (!frame.spoiled && frame.kind == ValueKind::kSequence) {
    children_.insert(children_.end(), pending_.begin() + static_cast<ptrdiff_t>(frame.pending_begin), pending_.end());
  } else if (!frame.spoiled) {
    for (size_t i = frame.pending_begin; i + 1 < pending_.size(); i += 2) {
      if (!IsText(pending_[i])) continue;
      children_.push_back(pending_[i]);
      children_.push_back(pending_[i + 1]);
    }
  }
  node.child_count = static_cast<uint32_t>(children_.size()) - node.first_child;
  pending_.resize(frame.pending_begin);
  frames_.pop_back();
}

void TreeBuilder::SpoilRepeatedKeys(const Frame& frame) {
  const size_t members = (pending_.size() - frame.pending_begin) / 2;
  const auto key = [&](size_t member) { return pending_[frame.pending_begin + member * 2]; };
  if (members <= kFewMembers) {
    for (size_t second = 1; second < members; ++second) {
      if (!IsText(key(second))) continue;
      const std::string_view text = TextOf(key(second));
      for (size_t first = 0; first < second; ++first) {
        if (!IsText(key(first)) || TextOf(key(first)) != text) continue;
        ReportRepeatedKey(key(first), key(second));
        break;
      }
    }
    return;
  }
  order_.clear();
  for (size_t member = 0; member < members; ++member) {
    if (IsText(key(member))) order_.push_back(key(member));
  }
  // Shorter keys first: equal keys still meet, and most comparisons need no text. Equal ones stay in the text's order,
  // because nodes are numbered in it.
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    if (nodes_[a].text_size != nodes_[b].text_size) return nodes_[a].text_size < nodes_[b].text_size;
    const int order = TextOf(a).compare(TextOf(b));
    return order != 0 ? order < 0 : a < b;
  });
  size_t first = 0;
  for (size_t i = 1; i < order_.size(); ++i) {
    if (TextOf(order_[i]) == TextOf(order_[first])) {
      ReportRepeatedKey(order_[first], order_[i]);
    } else {
      first = i;
    }
  }
}

void TreeBuilder::ReportRepeatedKey(uint32_t first, uint32_t second) {
  // A member's value is the node after its key. The member stays, spoiled, so that its reader knows of it.
  nodes_[second + 1].kind = ValueKind::kInvalid;
  if (issues_.size() >= kMaxIssues) {  // its path can be long, and there can be as many as keys
    ++issues_left_out_;
    return;
  }
  std::string path = PathOf(frames_.size() - 1);
  AppendPointerToken(TextOf(second), path);
  std::string message = "key " + QuoteForMessage(TextOf(second)) + " is already set at line " +
                        std::to_string(PositionAt(nodes_[first].begin).line) + ": keep one of the two";
  AddIssue(IssueCode::kDuplicateKey, nodes_[second].begin, std::move(message), std::move(path));
}

std::string TreeBuilder::PathOf(size_t frames) const {
  std::string path;
  for (size_t i = 0; i < frames; ++i) {
    const size_t count = PendingCount(i);
    if (count == 0) break;
    if (frames_[i].kind == ValueKind::kSequence) {
      AppendPointerToken(std::to_string(count - 1), path);
      continue;
    }
    const uint32_t key = pending_[frames_[i].pending_begin + (count - 1) / 2 * 2];
    if (!IsText(key)) break;  // below a key that is no text there are no names
    AppendPointerToken(TextOf(key), path);
  }
  return path;
}

Position TreeBuilder::PositionAt(uint32_t offset) const {
  return source_->PositionAt(embedded_ == nullptr ? offset : embedded_->FileBegin(offset));
}

void TreeBuilder::AddIssue(IssueCode code, uint32_t offset, std::string message, std::string path) {
  if (issues_.size() >= kMaxIssues) {
    ++issues_left_out_;
    return;
  }
  FoundIssue& found = issues_.emplace_back();
  found.offset = offset;
  found.issue.code = code;
  found.issue.message = std::move(message);
  found.issue.file = source_->name();
  found.issue.position = PositionAt(offset);
  found.issue.path = std::move(path);
}

void TreeBuilder::Report(IssueCode code, uint32_t offset, std::string message) {
  AddIssue(code, offset, std::move(message), issues_.size() < kMaxIssues ? PathOf(frames_.size()) : std::string());
}

void TreeBuilder::Fail(IssueCode code, uint32_t offset, std::string message) {
  failed_ = true;
  issues_left_out_ = 0;
  issues_.clear();
  AddIssue(code, offset, std::move(message), {});
}

ParsedDocument TreeBuilder::Finish() {
  ParsedDocument result;
  std::stable_sort(issues_.begin(), issues_.end(),
                   [](const FoundIssue& a, const FoundIssue& b) { return a.offset < b.offset; });
  result.issues.reserve(issues_.size() + 1);
  for (FoundIssue& found : issues_) result.issues.push_back(std::move(found.issue));
  if (issues_left_out_ > 0) {
    Issue& last = result.issues.emplace_back();
    last.code = IssueCode::kLimitExceeded;
    last.message = std::to_string(issues_left_out_) + " more issues of this file are left out: mend these first";
    last.file = source_->name();
    last.position = result.issues[result.issues.size() - 2].position;
  }
  if (!failed_) {
    result.document = std::make_unique<const Document>(std::move(source_), std::move(embedded_), std::move(nodes_),
                                                       std::move(children_), std::move(roots_), std::move(arena_));
  }
  return result;
}

}  // namespace berth
