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
constexpr size_t kBytesPerNode = 12;
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
    : source_(std::move(source)),
      embedded_(std::move(embedded)),
      text_(embedded_ == nullptr ? source_->bytes() : std::string_view(embedded_->text)) {
  nodes_.reserve(std::min(text_size / kBytesPerNode + 8, kMaxNodes));
}

bool TreeBuilder::FailAtNode(const Document::Node& node) {
  Fail(IssueCode::kLimitExceeded, node.begin,
       "the text holds more than " + std::to_string(kMaxNodes) + " keys and values: split it into several files");
  return false;
}

void TreeBuilder::EndRoot() {
  roots_.push_back(static_cast<uint32_t>(nodes_.size()));
  nodes_.push_back(pending_.back());
  pending_.pop_back();
}

bool TreeBuilder::AddTooLong(const Document::Node& scalar) {
  const bool is_key = at_key();
  if (scalar.in_arena) arena_.resize(scalar.first);
  if (!Invalid(scalar.begin, scalar.end)) return false;
  Report(IssueCode::kLimitExceeded, scalar.begin,
         std::string(is_key ? "the key" : "the value") + " has " + std::to_string(scalar.count) +
             " bytes: shorten it to " + std::to_string(is_key ? kMaxKeyBytes : kMaxTextBytes));
  return true;
}

bool TreeBuilder::Invalid(uint32_t begin, uint32_t end) {
  if (!Add({.kind = ValueKind::kInvalid, .begin = begin, .end = end})) return false;
  if (frames_.empty()) EndRoot();
  return true;
}

bool TreeBuilder::Open(ValueKind kind, uint32_t begin, bool spoiled) {
  if (frames_.size() >= kMaxDepth) {
    Fail(IssueCode::kLimitExceeded, begin,
         "lists and maps stand more than " + std::to_string(kMaxDepth) + " deep inside each other: nest them less");
    return false;
  }
  if (!Add({.kind = spoiled ? ValueKind::kInvalid : kind, .begin = begin, .end = begin})) return false;
  frames_.push_back({kind, spoiled, pending_.size()});
  return true;
}

void TreeBuilder::Close(uint32_t end) {
  const Frame frame = frames_.back();
  if (frame.kind == ValueKind::kMapping) SpoilRepeatedKeys(frame);
  const auto first = static_cast<uint32_t>(nodes_.size());
  const auto children = pending_.begin() + static_cast<ptrdiff_t>(frame.first_child);
  if (!frame.spoiled && frame.kind == ValueKind::kSequence) {
    nodes_.insert(nodes_.end(), children, pending_.end());
  } else if (!frame.spoiled) {
    for (auto key = children; key + 1 < pending_.end(); key += 2) {
      if (!IsText(*key)) continue;
      nodes_.push_back(key[0]);
      nodes_.push_back(key[1]);
    }
  }
  pending_.resize(frame.first_child);
  Document::Node& node = pending_.back();
  node.end = end;
  node.first = first;
  node.count = static_cast<uint32_t>(nodes_.size()) - first;
  frames_.pop_back();
  if (frames_.empty()) EndRoot();
}

void TreeBuilder::SpoilRepeatedKeys(const Frame& frame) {
  const size_t end = pending_.size() - (pending_.size() - frame.first_child) % 2;
  if (end - frame.first_child <= 2 * kFewMembers) {
    for (size_t second = frame.first_child + 2; second < end; second += 2) {
      if (!IsText(pending_[second])) continue;
      const std::string_view text = TextOf(pending_[second]);
      for (size_t first = frame.first_child; first < second; first += 2) {
        const Document::Node& key = pending_[first];
        if (key.count != text.size() || !IsText(key) || TextOf(key) != text) continue;
        ReportRepeatedKey(first, second);
        break;
      }
    }
    return;
  }
  order_.clear();
  for (size_t key = frame.first_child; key < end; key += 2) {
    if (IsText(pending_[key])) order_.push_back(key);
  }
  // Shorter keys first: equal keys still meet, and most comparisons need no text. Equal ones stay in the text's order.
  std::sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
    if (pending_[a].count != pending_[b].count) return pending_[a].count < pending_[b].count;
    const int order = TextOf(pending_[a]).compare(TextOf(pending_[b]));
    return order != 0 ? order < 0 : a < b;
  });
  size_t first = 0;
  for (size_t i = 1; i < order_.size(); ++i) {
    if (TextOf(pending_[order_[i]]) == TextOf(pending_[order_[first]])) {
      ReportRepeatedKey(order_[first], order_[i]);
    } else {
      first = i;
    }
  }
}

void TreeBuilder::ReportRepeatedKey(size_t first, size_t second) {
  // The member stays, spoiled, so that its reader knows of it.
  Document::Node& value = pending_[second + 1];
  value = {.kind = ValueKind::kInvalid, .begin = value.begin, .end = value.end};
  if (issues_.size() >= kMaxIssues) {  // its path can be long, and there can be as many as keys
    ++issues_left_out_;
    return;
  }
  const std::string_view text = TextOf(pending_[second]);
  std::string path = PathOf(frames_.size() - 1);
  AppendPointerToken(text, path);
  std::string message = "key " + QuoteForMessage(text) + " is already set at line " +
                        std::to_string(PositionAt(pending_[first].begin).line) + ": keep one of the two";
  AddIssue(IssueCode::kDuplicateKey, pending_[second].begin, std::move(message), std::move(path));
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
    const Document::Node& key = pending_[frames_[i].first_child + (count - 1) / 2 * 2];
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
                                                       std::move(roots_), std::move(arena_));
  }
  return result;
}

}  // namespace berth
