// Pages of HTML that stand alone: the head, the look and the small elements that the pages of this tool share.
//
// What is not a literal of the source can only be added as text, so no name of a file or document becomes markup.
//
// Guarantees:  nothing in a page loads, links to or runs anything; text is escaped, also for a quoted attribute, and
//              characters that have no shape or turn the direction of writing are spelled `\u202e`
// Cost:        linear in what is added
// Tested by:   tests/cli_explain_test.py, tests/cli_admit_html_test.py, golden files

#ifndef BERTH_CLI_HTML_H_
#define BERTH_CLI_HTML_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "berth/cli/terminal.h"
#include "berth/spec/node.h"

namespace berth::cli {

// Markup or style: a literal of the source.
class Markup {
 public:
  template <size_t kSize>
  consteval Markup(const char (&literal)[kSize]) : text_(literal, kSize - 1) {}  // NOLINT: a literal is markup
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// What is shown as it is, whatever it holds: all texts that are no literals.
template <typename T>
concept PageText = std::convertible_to<const T&, std::string_view> && !std::is_array_v<T> && !std::is_pointer_v<T>;

// A page under construction.
class Html {
 public:
  // Everything before the content of <body>. The style of all pages (colours by name, for light, dark and print; text,
  // links, headings, `facts`, `problem`, lists in a line, tables, `unseen`) comes before the page's own.
  void Begin(std::string_view title, Markup style, Markup print_style);
  // The footer and what closes the page.
  [[nodiscard]] std::string End(Markup footer) &&;

  Html& operator<<(Markup markup) {
    out_.append(markup.text());
    return *this;
  }
  Html& operator<<(const PageText auto& text) {
    AppendText(text);
    return *this;
  }
  Html& operator<<(std::unsigned_integral auto number) {
    out_.append(std::to_string(number));
    return *this;
  }
  // `tag` may have attributes.
  Html& Element(Markup tag, std::string_view text);
  // Line ends of the text stay.
  Html& Lines(std::string_view text);
  // What stands in backticks is code.
  Html& Words(std::string_view text);
  // `file:line:column`. It breaks after a `/` and before its line, and elsewhere only where a part is wider than the
  // page.
  Html& Place(std::string_view place);
  // One entry of `<dl class="facts">`.
  Html& Fact(std::string_view name, std::string_view value);

 private:
  void AppendText(std::string_view text);

  std::string out_;
};

// A value as JSON, on one line where that is short.
std::string JsonForPage(const Node& node);

// What is wrong with the flag `--html` as given, or nothing: `file` names a file, or is `-` for standard output.
std::string HtmlFlagMistake(const std::optional<std::string>& file);
// Writes a page where that flag says; kExitInternal, after a message, when it cannot be written.
ExitCode WritePage(const std::string& file, std::string_view page, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_HTML_H_
