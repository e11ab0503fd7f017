// What a person sees: colours, aligned tables, and two streams that are written once a command knows its answer.
//
// Data goes to `out`, messages to `err`. Text from files passes through Printable before it is shown, so that no file
// can drive the terminal. Widths are those of a fixed-width terminal, by code point; no locale is asked.
//
// Threads:  one thread

#ifndef BERTH_CLI_TERMINAL_H_
#define BERTH_CLI_TERMINAL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::cli {

// Exit codes of the contract.
enum ExitCode : int { kExitGood = 0, kExitBad = 1, kExitUsage = 2, kExitUnreadable = 3, kExitInternal = 4 };

enum class Style : uint8_t { kPlain, kStrong, kFaint, kGood, kBad, kWarning, kNote };
enum class ColorChoice : uint8_t { kAuto, kAlways, kNever };

// `text` with `?` for control characters, characters without width or that turn the direction of writing, and bytes that
// are not UTF-8. Tabs stay.
std::string Printable(std::string_view text);
// How many columns a terminal gives the text.
size_t DisplayWidth(std::string_view text);
void AppendSpaces(size_t count, std::string& out);

// One output stream: a buffer that knows whether it may use colour.
class Stream {
 public:
  Stream(int descriptor, ColorChoice choice);

  Stream& operator<<(std::string_view text) {
    buffer_.append(text);
    return *this;
  }
  Stream& Add(std::string_view text, Style style);
  [[nodiscard]] std::string Styled(std::string_view text, Style style) const;
  [[nodiscard]] size_t size() const { return buffer_.size(); }
  // Moves the lines behind the first `start` bytes of the buffer to the right; empty ones stay empty.
  void IndentFrom(size_t start, size_t columns);
  // The terminal shows UTF-8.
  [[nodiscard]] bool shows_utf8() const { return utf8_; }
  // Writes the buffer. False when the reader is gone or the disk is full; what could not be written is dropped.
  bool Flush();

 private:
  int descriptor_;
  bool color_ = false;
  bool utf8_ = false;
  std::string buffer_;
};

// The two streams of one command.
struct Console {
  explicit Console(ColorChoice choice) : out(1, choice), err(2, choice) {}

  // `berth: message` on the message stream.
  void Complain(std::string_view message);
  // Writes both; messages first, so that the answer is what is seen last.
  bool Flush();

  Stream out;
  Stream err;
  bool quiet = false;  // findings about a catalog that is served all the same are not printed
};

// Rows of cells under headings, each column as wide as its widest cell. A cell wider than kMaxCell does not widen its
// column: the rest of its row goes to the next line, so that columns stay columns.
class Table {
 public:
  static constexpr size_t kMaxCell = 56;

  struct Cell {
    Cell(std::string cell_text, Style cell_style = Style::kPlain)  // NOLINT: a text is a cell
        : text(std::move(cell_text)), style(cell_style) {}
    Cell(std::string_view cell_text) : text(cell_text) {}  // NOLINT
    Cell(const char* cell_text) : text(cell_text) {}       // NOLINT
    std::string text;
    Style style = Style::kPlain;
  };
  using Row = std::vector<Cell>;

  explicit Table(std::vector<std::string_view> headings) : headings_(std::move(headings)) {}
  void Add(Row row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // Each line starts with `indent` spaces. Without headings, only the rows.
  void Print(size_t indent, Stream& out) const;

 private:
  std::vector<std::string_view> headings_;
  std::vector<Row> rows_;
};

// `text`, printable, in at most `width` columns; what is longer ends with `...`.
std::string Cut(std::string_view text, size_t width);

// Names separated by `, `; what does not fit into `width` columns is counted.
std::string NameList(const std::vector<std::string>& names, size_t width);

}  // namespace berth::cli

#endif  // BERTH_CLI_TERMINAL_H_
