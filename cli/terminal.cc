#include "berth/cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "berth/spec/utf8.h"

namespace berth::cli {
namespace {

struct CodePointRange {
  uint32_t first;
  uint32_t last;
};

// Marks that combine with the character before them.
constexpr std::array<CodePointRange, 5> kNoWidth = {
    {{0x300, 0x36F}, {0x483, 0x489}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};
// East Asian wide characters and pictographs.
constexpr std::array<CodePointRange, 10> kTwoColumns = {{{0x1100, 0x115F},
                                                         {0x2E80, 0x303E},
                                                         {0x3041, 0xA4CF},
                                                         {0xAC00, 0xD7A3},
                                                         {0xF900, 0xFAFF},
                                                         {0xFE30, 0xFE6F},
                                                         {0xFF00, 0xFF60},
                                                         {0xFFE0, 0xFFE6},
                                                         {0x1F300, 0x1FAFF},
                                                         {0x20000, 0x3FFFD}}};

template <size_t N>
bool Contains(const std::array<CodePointRange, N>& ranges, uint32_t code_point) {
  return std::ranges::any_of(
      ranges, [&](const CodePointRange& range) { return range.first <= code_point && code_point <= range.last; });
}

size_t WidthOf(uint32_t code_point) {
  if (Contains(kNoWidth, code_point)) return 0;
  return Contains(kTwoColumns, code_point) ? 2 : 1;
}

// C0 but tab, DEL, C1, what has no width, what YAML 1.1 takes for the end of a line, and what turns the direction of
// writing.
bool Deceives(uint32_t code_point) {
  constexpr std::array<CodePointRange, 6> kRanges = {
      {{0, 0x08}, {0x0A, 0x1F}, {0x7F, 0x9F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}}};
  return Contains(kRanges, code_point) || code_point == 0xFEFF;
}

std::string_view EscapeOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kStrong:
      return "\x1b[1m";
    case Style::kFaint:
      return "\x1b[2m";
    case Style::kGood:
      return "\x1b[1;32m";
    case Style::kBad:
      return "\x1b[1;31m";
    case Style::kWarning:
      return "\x1b[1;33m";
    case Style::kNote:
      return "\x1b[1;36m";
  }
  return "";
}

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool WantsColor(ColorChoice choice, bool terminal) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  return terminal && Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
}

// By the environment's word alone, as POSIX orders the variables.
bool LocaleIsUtf8() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = Environment(name);
    if (!locale.empty()) break;
  }
  for (char& c : locale) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint code_point = DecodeUtf8(text, i);
    const size_t size = std::max<size_t>(code_point.size, 1);
    if (code_point.size == 0 || Deceives(code_point.value)) {
      printable += '?';
    } else {
      printable.append(text.substr(i, size));
    }
    i += size;
  }
  return printable;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint code_point = DecodeUtf8(text, i);
    width += code_point.size == 0 ? 1 : WidthOf(code_point.value);
    i += std::max<size_t>(code_point.size, 1);
  }
  return width;
}

void AppendSpaces(size_t count, std::string& out) { out.append(count, ' '); }

Stream::Stream(int descriptor, ColorChoice choice) : descriptor_(descriptor) {
  const bool terminal = isatty(descriptor) == 1;
  color_ = WantsColor(choice, terminal);
  utf8_ = terminal && LocaleIsUtf8();
}

std::string Stream::Styled(std::string_view text, Style style) const {
  if (!color_ || style == Style::kPlain || text.empty()) return std::string(text);
  return std::string(EscapeOf(style)).append(text).append("\x1b[0m");
}

Stream& Stream::Add(std::string_view text, Style style) {
  buffer_ += Styled(text, style);
  return *this;
}

void Stream::IndentFrom(size_t start, size_t columns) {
  std::string indented;
  for (std::string_view rest = std::string_view(buffer_).substr(start); !rest.empty();) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
    if (line != "\n") AppendSpaces(columns, indented);
    indented += line;
    rest.remove_prefix(line.size());
  }
  buffer_.replace(start, std::string::npos, indented);
}

bool Stream::Flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t count = write(descriptor_, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    left.remove_prefix(static_cast<size_t>(count));
  }
  // A reader that went away has seen what it wanted.
  const bool good = left.empty() || errno == EPIPE;
  buffer_.clear();
  return good;
}

void Console::Complain(std::string_view message) { err << "berth: " << message << "\n"; }

bool Console::Flush() {
  err.Flush();
  if (out.Flush()) return true;
  Complain("the output cannot be written: make room, or write elsewhere");
  err.Flush();
  return false;
}

void Table::Print(size_t indent, Stream& out) const {
  std::vector<Row> rows;
  if (!headings_.empty()) {
    Row headings;
    for (std::string_view heading : headings_) headings.emplace_back(std::string(heading), Style::kStrong);
    rows.push_back(std::move(headings));
  }
  std::ranges::copy(rows_, std::back_inserter(rows));
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t width = DisplayWidth(row[i].text);
      if (width <= kMaxCell) widths[i] = std::max(widths[i], width);
    }
  }
  for (const Row& row : rows) {
    std::string line;
    size_t at = 0;           // columns of the line that are written
    size_t column = indent;  // where the cell starts
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].text.empty()) {
        // What a wide cell leaves no room for stands below it, in its own column.
        if (at + (at > indent ? 2 : 0) > column) {
          out << line << "\n";
          line.clear();
          at = 0;
        }
        // Blanks are written only before a text, so that lines have none at their ends.
        AppendSpaces(column - at, line);
        line += out.Styled(row[i].text, row[i].style);
        at = column + DisplayWidth(row[i].text);
      }
      column += widths[i] + 2;
    }
    out << line << "\n";
  }
}

std::string Cut(std::string_view text, size_t width) {
  std::string cut;
  size_t columns = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint code_point = DecodeUtf8(text, i);
    const std::string shown = Printable(text.substr(i, std::max<size_t>(code_point.size, 1)));
    columns += DisplayWidth(shown);
    if (columns > width) {
      while (!cut.empty() && DisplayWidth(cut) + 3 > width) {
        while (cut.size() > 1 && IsUtf8Continuation(cut.back())) cut.pop_back();
        cut.pop_back();
      }
      return cut.append("...");
    }
    cut += shown;
    i += std::max<size_t>(code_point.size, 1);
  }
  return cut;
}

std::string NameList(const std::vector<std::string>& names, size_t width) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = i == 0 ? Cut(names[i], width) : Printable(names[i]);
    if (i > 0 && DisplayWidth(list) + DisplayWidth(name) + 2 > width) {
      return list.append(" and ").append(std::to_string(names.size() - i)).append(" more");
    }
    list.append(i == 0 ? "" : ", ").append(name);
  }
  return list;
}

}  // namespace berth::cli
