#include "berth/spec/embedded_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/spec/utf8.h"

namespace berth {
namespace {

constexpr bool IsLineEnd(char byte) { return byte == '\n' || byte == '\r'; }
constexpr bool IsBlank(char byte) { return byte == ' ' || byte == '\t'; }
// Stands for itself in every scalar.
constexpr bool IsOrdinary(char byte) {
  return !IsLineEnd(byte) && !IsBlank(byte) && byte != '"' && byte != '\'' && byte != '\\';
}

// Decodes one scalar, byte by byte, as libyaml and the JSON reader do.
class Decoder {
 public:
  Decoder(std::string_view raw, uint32_t raw_begin) : raw_(raw), raw_begin_(raw_begin) {}

  void ReadPlain() { ReadLines('\0'); }
  void ReadQuoted() {
    const char quote = raw_[at_++];
    ReadLines(quote);
  }
  // `decoded` tells how far the block is indented.
  void ReadBlock(std::string_view decoded);

  std::string text;
  OffsetMap map;

 private:
  // A line end that waits to be written, or not, as a line feed.
  struct Break {
    size_t begin;
    size_t end;
  };

  [[nodiscard]] bool More() const { return at_ < raw_.size(); }
  [[nodiscard]] bool AtLineEnd() const { return More() && IsLineEnd(raw_[at_]); }
  [[nodiscard]] uint32_t Source(size_t raw_offset) const { return raw_begin_ + static_cast<uint32_t>(raw_offset); }

  // Up to `end`, as it is.
  void CopyTo(size_t end) {
    map.Copy(static_cast<uint32_t>(end - at_), Source(at_));
    text.append(raw_, at_, end - at_);
    at_ = end;
  }
  void Replace(std::string_view decoded, size_t begin, size_t end) {
    if (decoded.empty()) return;
    map.Replace(static_cast<uint32_t>(decoded.size()), Source(begin), Source(end));
    text.append(decoded);
  }
  void WriteBreaks(const std::vector<Break>& breaks) {
    for (const Break& line : breaks) Replace("\n", line.begin, line.end);
  }
  Break ReadBreak() {
    const size_t begin = at_;
    at_ += raw_.substr(at_).starts_with("\r\n") ? 2 : 1;
    return {begin, at_};
  }

  void ReadLines(char quote);
  void ReadEscape();
  void Fold(bool escaped_break);
  [[nodiscard]] uint32_t HexAt(size_t offset, size_t digits) const;
  [[nodiscard]] size_t IndentOf(std::string_view decoded) const;
  void SkipIndent(size_t indent, std::vector<Break>& breaks);

  std::string_view raw_;
  uint32_t raw_begin_;
  size_t at_ = 0;
};

// Plain (`quote` is NUL), single-quoted and double-quoted scalars.
void Decoder::ReadLines(char quote) {
  while (More()) {
    const char byte = raw_[at_];
    if (quote != '\0' && byte == quote) {
      if (quote == '"' || at_ + 1 >= raw_.size() || raw_[at_ + 1] != quote) return;
      Replace("'", at_, at_ + 2);
      at_ += 2;
    } else if (quote == '"' && byte == '\\' && at_ + 1 < raw_.size()) {
      if (IsLineEnd(raw_[at_ + 1])) {
        ++at_;
        Fold(true);
      } else {
        ReadEscape();
      }
    } else if (IsBlank(byte) || IsLineEnd(byte)) {
      Fold(false);
    } else {
      // A byte that means nothing here, and those behind it that never do.
      size_t end = at_ + 1;
      while (end < raw_.size() && IsOrdinary(raw_[end])) ++end;
      CopyTo(end);
    }
  }
}

// Blanks stay unless a line ends in them; one line end becomes a space, more become one line feed fewer. After an
// escaped line end not even the space is left.
void Decoder::Fold(bool escaped_break) {
  const size_t begin = at_;
  while (More() && IsBlank(raw_[at_])) ++at_;
  if (!AtLineEnd()) {
    at_ = begin;
    size_t end = begin;
    while (end < raw_.size() && IsBlank(raw_[end])) ++end;
    CopyTo(end);
    return;
  }
  ReadBreak();
  std::vector<Break> more_breaks;
  size_t end = at_;
  while (More() && (IsBlank(raw_[at_]) || IsLineEnd(raw_[at_]))) {
    if (IsLineEnd(raw_[at_])) {
      more_breaks.push_back(ReadBreak());
    } else {
      ++at_;
    }
    end = at_;
  }
  if (more_breaks.empty() && !escaped_break) Replace(" ", begin, end);
  WriteBreaks(more_breaks);
}

uint32_t Decoder::HexAt(size_t offset, size_t digits) const {
  uint32_t value = 0;
  for (size_t i = offset; i < std::min(offset + digits, raw_.size()); ++i) {
    const char byte = raw_[i];
    const int digit = byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
    value = value * 16 + (static_cast<uint32_t>(digit) & 0xFU);
  }
  return value;
}

// The scalar is known to be well formed, so an escape is one that its parser knows.
void Decoder::ReadEscape() {
  constexpr std::string_view kNames = "0abt\tnvfre";
  constexpr std::string_view kMeanings("\0\a\b\t\t\n\v\f\r\x1B", 10);
  const size_t begin = at_;
  const char name = raw_[at_ + 1];
  at_ += 2;
  std::string decoded;
  if (const size_t simple = kNames.find(name); simple != std::string_view::npos) {
    decoded.push_back(kMeanings[simple]);
  } else if (name == 'N') {
    AppendUtf8(0x85U, decoded);
  } else if (name == '_') {
    AppendUtf8(0xA0U, decoded);
  } else if (name == 'L') {
    AppendUtf8(0x2028U, decoded);
  } else if (name == 'P') {
    AppendUtf8(0x2029U, decoded);
  } else if (name == 'x' || name == 'u' || name == 'U') {
    const size_t digits = name == 'x' ? 2 : name == 'u' ? 4 : 8;
    uint32_t value = HexAt(at_, digits);
    at_ += digits;
    if (value >= 0xD800U && value < 0xDC00U) {  // only JSON has these pairs
      const uint32_t low = HexAt(at_ + 2, 4);
      at_ += 6;
      value = 0x10000U + ((value - 0xD800U) << 10U) + ((low - 0xDC00U) & 0x3FFU);
    }
    AppendUtf8(value & 0x1FFFFFU, decoded);
  } else {
    decoded.push_back(name);
  }
  at_ = std::min(at_, raw_.size());
  Replace(decoded, begin, at_);
}

// The header may leave the indentation to the first line, so compare that line before and after decoding.
size_t Decoder::IndentOf(std::string_view decoded) const {
  size_t offset = raw_.find_first_not_of(" \r\n", at_);
  if (offset == std::string_view::npos) return 0;
  size_t raw_spaces = 0;
  while (offset > at_ && raw_[offset - 1] == ' ') --offset, ++raw_spaces;
  offset = std::min(decoded.find_first_not_of(" \n"), decoded.size());
  size_t decoded_spaces = 0;
  while (offset > 0 && decoded[offset - 1] == ' ') --offset, ++decoded_spaces;
  return raw_spaces - std::min(raw_spaces, decoded_spaces);
}

void Decoder::SkipIndent(size_t indent, std::vector<Break>& breaks) {
  while (More()) {
    for (size_t column = 0; column < indent && More() && raw_[at_] == ' '; ++column) ++at_;
    if (!AtLineEnd()) return;
    breaks.push_back(ReadBreak());
  }
}

void Decoder::ReadBlock(std::string_view decoded) {
  const bool literal = raw_[0] == '|';
  while (More() && !IsLineEnd(raw_[at_])) ++at_;
  const std::string_view header = raw_.substr(0, std::min(raw_.find('#'), at_));
  const bool keep = header.find('+') != std::string_view::npos;
  const bool strip = header.find('-') != std::string_view::npos;
  if (More()) ReadBreak();
  const size_t indent = IndentOf(decoded);
  std::vector<Break> line_end;  // of the line read last: none or one
  std::vector<Break> blank_lines;
  bool previous_is_indented_more = false;
  SkipIndent(indent, blank_lines);
  while (More()) {
    const bool indented_more = IsBlank(raw_[at_]);
    if (literal || line_end.empty() || previous_is_indented_more || indented_more) {
      WriteBreaks(line_end);
    } else if (blank_lines.empty()) {
      Replace(" ", line_end[0].begin, at_);
    }
    WriteBreaks(blank_lines);
    line_end.clear();
    blank_lines.clear();
    previous_is_indented_more = indented_more;
    CopyTo(std::min(raw_.find_first_of("\r\n", at_), raw_.size()));
    if (!More()) break;
    line_end.push_back(ReadBreak());
    SkipIndent(indent, blank_lines);
  }
  if (!strip) WriteBreaks(line_end);
  if (keep) WriteBreaks(blank_lines);
}

}  // namespace

void OffsetMap::Copy(uint32_t size, uint32_t source) {
  const bool goes_on = !segments_.empty() && segments_.back().source_end == 0 &&
                       segments_.back().source + (size_ - segments_.back().begin) == source;
  if (!goes_on) segments_.push_back({.begin = size_, .source = source, .source_end = 0});
  size_ += size;
}

void OffsetMap::Replace(uint32_t size, uint32_t source, uint32_t source_end) {
  segments_.push_back({.begin = size_, .source = source, .source_end = source_end});
  size_ += size;
}

const OffsetMap::Segment& OffsetMap::At(uint32_t offset) const {
  const auto next = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                     [](uint32_t value, const Segment& segment) { return value < segment.begin; });
  return *(next - 1);
}

uint32_t OffsetMap::Begin(uint32_t offset) const {
  if (size_ == 0) return start_;
  if (offset >= size_) return End(offset);
  const Segment& segment = At(offset);
  return segment.source_end != 0 ? segment.source : segment.source + (offset - segment.begin);
}

uint32_t OffsetMap::End(uint32_t offset) const {
  if (size_ == 0) return start_;
  if (offset == 0) return Begin(0);
  const uint32_t last = std::min(offset, size_) - 1;
  const Segment& segment = At(last);
  return segment.source_end != 0 ? segment.source_end : segment.source + (last - segment.begin) + 1;
}

uint32_t EmbeddedText::FileBegin(uint32_t offset) const {
  const bool past_the_end = offset >= map.decoded_size();
  const uint32_t outer = past_the_end ? map.End(offset) : map.Begin(offset);
  if (parent == nullptr) return outer;
  return past_the_end ? parent->FileEnd(outer) : parent->FileBegin(outer);
}

uint32_t EmbeddedText::FileEnd(uint32_t offset) const {
  const uint32_t outer = map.End(offset);
  return parent == nullptr ? outer : parent->FileEnd(outer);
}

EmbeddedText MapScalar(std::string_view raw, uint32_t raw_begin, bool quoted, std::string_view decoded) {
  Decoder decoder(raw, raw_begin);
  if (!raw.empty()) {
    if (!quoted) {
      decoder.ReadPlain();
    } else if (raw[0] == '|' || raw[0] == '>') {
      decoder.ReadBlock(decoded);
    } else {
      decoder.ReadQuoted();
    }
  }
  EmbeddedText result;
  if (decoder.text == decoded) {
    result.text = std::move(decoder.text);
    result.map = std::move(decoder.map);
  } else {
    result.text = std::string(decoded);
    result.map.Replace(static_cast<uint32_t>(decoded.size()), raw_begin, raw_begin + static_cast<uint32_t>(raw.size()));
  }
  if (decoded.empty()) result.map.StartAt(raw_begin);
  return result;
}

}  // namespace berth
