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
constexpr size_t kBlockBytes = 64;

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
  line_at_block_.reserve(bytes_.size() / kBlockBytes + 1);
  uint32_t line = 0;
  for (size_t begin = 0; begin <= bytes_.size(); begin += kBlockBytes) {
    while (line + 1 < line_starts_.size() && line_starts_[line + 1] <= begin) ++line;
    line_at_block_.push_back(line);
  }
  if (IsAscii(bytes_)) return;
  code_points_before_block_.reserve(line_at_block_.size());
  size_t count = 0;
  for (size_t begin = 0; begin <= bytes_.size(); begin += kBlockBytes) {
    code_points_before_block_.push_back(static_cast<uint32_t>(count));
    count += CountCodePoints(std::string_view(bytes_).substr(begin, kBlockBytes));
  }
}

size_t SourceText::CodePointsBefore(size_t offset) const {
  if (is_ascii()) return offset;
  const size_t block = offset / kBlockBytes;
  return code_points_before_block_[block] +
         CountCodePoints(std::string_view(bytes_).substr(block * kBlockBytes, offset % kBlockBytes));
}

Position SourceText::PositionAt(size_t offset) const {
  if (bytes_.size() > kMaxFileBytes) return {1, 1};
  offset = std::min(offset, bytes_.size());
  size_t line = line_at_block_[offset / kBlockBytes];
  while (line + 1 < line_starts_.size() && line_starts_[line + 1] <= offset) ++line;
  const size_t start = line_starts_[line];
  const size_t column = offset <= start ? 1 : CodePointsBefore(offset) - CodePointsBefore(start) + 1;
  return {static_cast<uint32_t>(line + 1), static_cast<uint32_t>(column)};
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

uint32_t Value::begin() const {
  const uint32_t offset = document_->nodes_[index_].begin;
  return document_->embedded_ == nullptr ? offset : document_->embedded_->FileBegin(offset);
}

uint32_t Value::end() const {
  const uint32_t offset = document_->nodes_[index_].end;
  return document_->embedded_ == nullptr ? offset : document_->embedded_->FileEnd(offset);
}

Document::Document(std::shared_ptr<const SourceText> source, std::shared_ptr<const EmbeddedText> embedded,
                   std::vector<Node> nodes, std::vector<uint32_t> roots, std::string arena)
    : source_(std::move(source)),
      embedded_(std::move(embedded)),
      text_(embedded_ == nullptr ? source_->bytes() : std::string_view(embedded_->text)),
      nodes_(std::move(nodes)),
      roots_(std::move(roots)),
      arena_(std::move(arena)) {}

ParsedDocument ParseDocument(std::shared_ptr<const SourceText> source) {
  return source->name().ends_with(".json") ? ParseJson(std::move(source)) : ParseYaml(std::move(source));
}

}  // namespace berth
