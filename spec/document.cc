#include "berth/spec/document.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/embedded_text.h"
#include "berth/spec/limits.h"
#include "berth/spec/utf8.h"

namespace berth {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kBlockBytes = 1024;

size_t CountCodePoints(std::string_view bytes) {
  return static_cast<size_t>(
      std::count_if(bytes.begin(), bytes.end(), [](char byte) { return !IsUtf8Continuation(byte); }));
}

bool IsAscii(std::string_view bytes) {
  unsigned all = 0;
  for (const char byte : bytes) all |= static_cast<unsigned char>(byte);
  return all < 0x80U;
}

// Lines end with LF, CR LF or CR, as in YAML.
std::vector<uint32_t> FindLines(std::string_view bytes) {
  std::vector<uint32_t> starts;
  starts.push_back(bytes.starts_with(kByteOrderMark) ? static_cast<uint32_t>(kByteOrderMark.size()) : 0);
  const bool only_line_feeds = bytes.find('\r') == std::string_view::npos;
  size_t offset = 0;
  while (true) {
    offset = only_line_feeds ? bytes.find('\n', offset) : bytes.find_first_of("\r\n", offset);
    if (offset == std::string_view::npos) break;
    offset += bytes[offset] == '\r' && offset + 1 < bytes.size() && bytes[offset + 1] == '\n' ? 2U : 1U;
    starts.push_back(static_cast<uint32_t>(offset));
  }
  return starts;
}

}  // namespace

SourceText::SourceText(std::string name, std::string bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {
  // Parsers refuse a larger text, so nobody asks for places in it.
  if (bytes_.size() > kMaxFileBytes) {
    line_starts_.push_back(0);
    return;
  }
  line_starts_ = FindLines(bytes_);
  if (IsAscii(bytes_)) return;
  code_points_before_block_.reserve(bytes_.size() / kBlockBytes + 1);
  size_t count = 0;
  for (size_t begin = 0; begin <= bytes_.size(); begin += kBlockBytes) {
    code_points_before_block_.push_back(static_cast<uint32_t>(count));
    count += CountCodePoints(std::string_view(bytes_).substr(begin, kBlockBytes));
  }
}

size_t SourceText::CodePointsBefore(size_t offset) const {
  if (code_points_before_block_.empty()) return offset;
  const size_t block = offset / kBlockBytes;
  return code_points_before_block_[block] +
         CountCodePoints(std::string_view(bytes_).substr(block * kBlockBytes, offset % kBlockBytes));
}

Position SourceText::PositionAt(size_t offset) const {
  if (bytes_.size() > kMaxFileBytes) return {1, 1};
  offset = std::min(offset, bytes_.size());
  const auto next = std::upper_bound(line_starts_.begin() + 1, line_starts_.end(), offset);
  const size_t start = *(next - 1);
  const size_t column = offset <= start ? 1 : CodePointsBefore(offset) - CodePointsBefore(start) + 1;
  return {static_cast<uint32_t>(next - line_starts_.begin()), static_cast<uint32_t>(column)};
}

std::string_view SourceText::Line(uint32_t line) const {
  if (line == 0 || line > line_starts_.size()) return {};
  const size_t begin = line_starts_[line - 1];
  const size_t end = line < line_starts_.size() ? line_starts_[line] : bytes_.size();
  std::string_view text = std::string_view(bytes_).substr(begin, end - begin);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

ValueKind Value::kind() const { return document_->nodes_[index_].kind; }

std::string_view Value::text() const {
  const Document::Node& node = document_->nodes_[index_];
  return std::string_view(document_->arena_).substr(node.text_begin, node.text_size);
}

size_t Value::size() const {
  const Document::Node& node = document_->nodes_[index_];
  return node.kind == ValueKind::kMapping ? node.child_count / 2 : node.child_count;
}

Value Value::operator[](size_t index) const {
  const Document::Node& node = document_->nodes_[index_];
  const size_t child = node.kind == ValueKind::kMapping ? index * 2 + 1 : index;
  return {document_, document_->children_[node.first_child + child]};
}

Value Value::key(size_t index) const {
  const Document::Node& node = document_->nodes_[index_];
  return {document_, document_->children_[node.first_child + index * 2]};
}

uint32_t Value::begin() const {
  const uint32_t offset = document_->nodes_[index_].begin;
  return document_->embedded_ == nullptr ? offset : document_->embedded_->FileBegin(offset);
}

uint32_t Value::end() const {
  const uint32_t offset = document_->nodes_[index_].end;
  return document_->embedded_ == nullptr ? offset : document_->embedded_->FileEnd(offset);
}

Position Value::position() const { return document_->source_->PositionAt(begin()); }

Document::Document(std::shared_ptr<const SourceText> source, std::shared_ptr<const EmbeddedText> embedded,
                   std::vector<Node> nodes, std::vector<uint32_t> children, std::vector<uint32_t> roots,
                   std::string arena)
    : source_(std::move(source)),
      embedded_(std::move(embedded)),
      nodes_(std::move(nodes)),
      children_(std::move(children)),
      roots_(std::move(roots)),
      arena_(std::move(arena)) {}

Value Document::root(size_t index) const { return {this, roots_[index]}; }

ParsedDocument ParseDocument(std::shared_ptr<const SourceText> source) {
  return source->name().ends_with(".json") ? ParseJson(std::move(source)) : ParseYaml(std::move(source));
}

}  // namespace berth
