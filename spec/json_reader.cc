#include "berth/spec/json_reader.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "berth/spec/tree_builder.h"
#include "berth/spec/utf8.h"
#include "berth/spec/word_scan.h"

namespace berth {
namespace {

// How many bytes from `offset` on stand for themselves in a JSON string.
size_t PlainStringBytes(std::string_view text, size_t offset) {
  const size_t begin = offset;
  if constexpr (std::endian::native == std::endian::little) {
    for (; text.size() - offset >= sizeof(uint64_t); offset += sizeof(uint64_t)) {
      const auto word = LoadWord<uint64_t>(text.data() + offset);
      const uint64_t hits = WordHas(word, '"') | WordHas(word, '\\') | WordHasBelow(word, 0x20);
      if (hits != 0) return offset - begin + static_cast<size_t>(std::countr_zero(hits)) / 8;
    }
  }
  for (; offset < text.size(); ++offset) {
    const char byte = text[offset];
    if (byte == '"' || byte == '\\' || static_cast<unsigned char>(byte) < 0x20U) break;
  }
  return offset - begin;
}

constexpr bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
constexpr bool IsLetter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

class Reader {
 public:
  Reader(std::string_view text, uint32_t begin, IssueCode syntax_code, TreeBuilder& builder)
      : text_(text), offset_(begin), syntax_code_(syntax_code), builder_(builder) {}

  bool Run();

 private:
  enum class State { kValue, kFirstElement, kFirstKey, kKey, kAfterValue };

  bool CheckBytes();
  bool Fail(size_t offset, std::string message) {
    builder_.Fail(syntax_code_, static_cast<uint32_t>(offset), std::move(message));
    return false;
  }
  // Names what stands at the offset, and what should.
  bool FailHere(std::string_view wanted);
  void SkipSpace() {
    while (offset_ < text_.size() &&
           (text_[offset_] == ' ' || text_[offset_] == '\n' || text_[offset_] == '\t' || text_[offset_] == '\r')) {
      ++offset_;
    }
  }
  [[nodiscard]] bool At(char byte) const { return offset_ < text_.size() && text_[offset_] == byte; }
  void Close() {
    ++offset_;
    builder_.Close(Offset());
    state_ = State::kAfterValue;
  }
  [[nodiscard]] uint32_t Offset() const { return static_cast<uint32_t>(offset_); }

  bool ReadValue();
  bool ReadKey();
  bool ReadAfterValue();
  bool ReadString();
  bool ReadEscape();
  // Four hexadecimal digits from `offset` on; -1 when they are none.
  [[nodiscard]] int32_t HexAt(size_t offset) const;
  bool ReadNumber();
  bool ReadWord();
  // The scalar from `begin` up to here.
  bool AddAsWritten(ValueKind kind, size_t begin) {
    const auto first = static_cast<uint32_t>(begin);
    return builder_.Verbatim(kind, first, Offset(), first, Offset() - first);
  }

  std::string_view text_;
  size_t offset_;
  IssueCode syntax_code_;
  TreeBuilder& builder_;
  State state_ = State::kValue;
};

bool Reader::FailHere(std::string_view wanted) {
  std::string message;
  if (offset_ >= text_.size()) {
    message = "the text ends early: ";
  } else {
    const CodePoint point = DecodeUtf8(text_, offset_);
    message = point.value < 0x20U || point.value == 0xFEFFU
                  ? CodePointName(point.value)
                  : QuoteForMessage(text_.substr(offset_, IsLetter(text_[offset_]) ? 1 : point.size));
    message.append(" is out of place: ");
  }
  message.append(wanted);
  return Fail(offset_, std::move(message));
}

// What no JSON text may hold anywhere, whether in a string or not.
bool Reader::CheckBytes() {
  const size_t invalid = FirstInvalidUtf8(text_);
  if (invalid < text_.size()) return Fail(invalid, "the bytes are not UTF-8: save the file as UTF-8");
  const size_t found = FirstHighControl(text_);
  if (found == text_.size()) return true;
  return Fail(found, "control character " + CodePointName(DecodeUtf8(text_, found).value) +
                         " stands in the text: write it as an escape");
}

bool Reader::Run() {
  if (!CheckBytes()) return false;
  while (true) {
    SkipSpace();
    switch (state_) {
      case State::kFirstElement:
        if (At(']')) {
          Close();
        } else if (!ReadValue()) {
          return false;
        }
        break;
      case State::kValue:
        if (!ReadValue()) return false;
        break;
      case State::kFirstKey:
        if (At('}')) {
          Close();
        } else if (!ReadKey()) {
          return false;
        }
        break;
      case State::kKey:
        if (!ReadKey()) return false;
        break;
      case State::kAfterValue:
        if (builder_.depth() == 0) {
          if (offset_ == text_.size()) return true;
          return FailHere("one JSON value is allowed, remove what follows it");
        }
        if (!ReadAfterValue()) return false;
        break;
    }
  }
}

bool Reader::ReadValue() {
  if (offset_ >= text_.size()) return FailHere("a value is missing");
  const char byte = text_[offset_];
  state_ = State::kAfterValue;
  if (byte == '"') return ReadString();
  if (byte == '{') {
    state_ = State::kFirstKey;
    return builder_.Open(ValueKind::kMapping, static_cast<uint32_t>(offset_++));
  }
  if (byte == '[') {
    state_ = State::kFirstElement;
    return builder_.Open(ValueKind::kSequence, static_cast<uint32_t>(offset_++));
  }
  if (byte == '-' || IsDigit(byte)) return ReadNumber();
  if (IsLetter(byte)) return ReadWord();
  if (byte == ']' && builder_.depth() > 0 && !builder_.in_mapping()) {
    return FailHere("a value must follow the comma, remove the comma or add the value");
  }
  if (byte == '\'') return FailHere("texts stand in double quotes");
  return FailHere("a value must stand here");
}

bool Reader::ReadKey() {
  if (At('"')) {
    if (!ReadString()) return false;
    SkipSpace();
    if (!At(':')) return FailHere("a colon must follow the key");
    ++offset_;
    state_ = State::kValue;
    return true;
  }
  if (At('}')) return FailHere("a member must follow the comma, remove the comma or add the member");
  return FailHere("a key in double quotes must stand here");
}

bool Reader::ReadAfterValue() {
  const bool in_mapping = builder_.in_mapping();
  if (At(in_mapping ? '}' : ']')) {
    Close();
    return true;
  }
  if (!At(','))
    return FailHere(in_mapping ? "a comma or `}` must follow the member" : "a comma or `]` must follow the value");
  ++offset_;
  state_ = in_mapping ? State::kKey : State::kValue;
  return true;
}

bool Reader::ReadString() {
  const uint32_t begin = Offset();
  ++offset_;
  offset_ += PlainStringBytes(text_, offset_);
  if (At('"')) {
    ++offset_;
    return builder_.Verbatim(ValueKind::kString, begin, Offset(), begin + 1, Offset() - begin - 2);
  }
  std::string& arena = builder_.arena();
  const size_t text_begin = arena.size();
  arena.append(text_, begin + 1, offset_ - begin - 1);
  while (!At('"')) {
    if (offset_ >= text_.size()) {
      return Fail(offset_, "the text ends inside a string that begins at line " +
                               std::to_string(builder_.PositionAt(begin).line) + ": a double quote is missing");
    }
    if (text_[offset_] != '\\') return FailHere("a string holds control characters as escapes only");
    if (!ReadEscape()) return false;
    const size_t plain = PlainStringBytes(text_, offset_);
    arena.append(text_, offset_, plain);
    offset_ += plain;
  }
  ++offset_;
  return builder_.Unescaped(ValueKind::kString, begin, Offset(), text_begin);
}

int32_t Reader::HexAt(size_t offset) const {
  if (text_.size() - offset < 4) return -1;
  int32_t value = 0;
  for (size_t i = offset; i < offset + 4; ++i) {
    const char byte = text_[i];
    int32_t digit = 0;
    if (IsDigit(byte)) {
      digit = byte - '0';
    } else if (byte >= 'a' && byte <= 'f') {
      digit = byte - 'a' + 10;
    } else if (byte >= 'A' && byte <= 'F') {
      digit = byte - 'A' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

bool Reader::ReadEscape() {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const size_t begin = offset_;
  if (begin + 1 >= text_.size()) {
    ++offset_;
    return FailHere("an escape and a double quote are missing");
  }
  const char name = text_[begin + 1];
  if (const size_t simple = kNames.find(name); simple != std::string_view::npos) {
    builder_.arena().push_back(kMeanings[simple]);
    offset_ += 2;
    return true;
  }
  if (name != 'u') return Fail(begin, "a backslash starts an unknown escape: double it if you mean a backslash");
  const int32_t first = HexAt(begin + 2);
  if (first < 0) return Fail(begin, "the escape `\\u` needs four hexadecimal digits");
  offset_ += 6;
  auto value = static_cast<uint32_t>(first);
  if (value >= 0xD800U && value <= 0xDFFFU) {
    const bool pair = value < 0xDC00U && text_.substr(offset_).starts_with("\\u");
    const int32_t second = pair ? HexAt(offset_ + 2) : -1;
    if (second < 0xDC00 || second > 0xDFFF) {
      return Fail(begin, "the escape " + QuoteForMessage(text_.substr(begin, 6)) +
                             " is half of a surrogate pair: write both halves");
    }
    offset_ += 6;
    value = 0x10000U + ((value - 0xD800U) << 10U) + (static_cast<uint32_t>(second) - 0xDC00U);
  }
  AppendUtf8(value, builder_.arena());
  return true;
}

bool Reader::ReadNumber() {
  const size_t begin = offset_;
  const auto skip_digits = [&] {
    const size_t first = offset_;
    while (offset_ < text_.size() && IsDigit(text_[offset_])) ++offset_;
    return offset_ > first;
  };
  if (At('-')) ++offset_;
  if (At('0')) {
    ++offset_;
    if (offset_ < text_.size() && IsDigit(text_[offset_])) {
      return Fail(begin, "a number has no leading zero: remove it or write a text in double quotes");
    }
  } else if (!skip_digits()) {
    return FailHere("a digit must follow the minus sign");
  }
  if (At('.')) {
    ++offset_;
    if (!skip_digits()) return FailHere("a digit must follow the decimal point");
  }
  if (At('e') || At('E')) {
    ++offset_;
    if (At('+') || At('-')) ++offset_;
    if (!skip_digits()) return FailHere("a digit must stand in the exponent");
  }
  return AddAsWritten(ValueKind::kNumber, begin);
}

bool Reader::ReadWord() {
  const size_t begin = offset_;
  while (offset_ < text_.size() && (IsLetter(text_[offset_]) || IsDigit(text_[offset_]))) ++offset_;
  const std::string_view word = text_.substr(begin, offset_ - begin);
  const bool is_null = word == "null";
  if (!is_null && word != "true" && word != "false") {
    return Fail(begin, "the word " + QuoteForMessage(word) +
                           " is no JSON value: use `true`, `false` or `null`, or a text in double quotes");
  }
  return AddAsWritten(is_null ? ValueKind::kNull : ValueKind::kBool, begin);
}

}  // namespace

bool ReadJson(std::string_view text, uint32_t begin, IssueCode syntax_code, TreeBuilder& builder) {
  return Reader(text, begin, syntax_code, builder).Run();
}

}  // namespace berth
