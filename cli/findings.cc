#include "berth/cli/findings.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "berth/spec/limits.h"
#include "berth/spec/utf8.h"

namespace berth::cli {
namespace {

constexpr size_t kExcerptColumns = 120;

auto Order(const Issue& issue) {
  return std::tie(issue.file, issue.position.line, issue.position.column, issue.code, issue.path, issue.message);
}

Style StyleOf(IssueLevel level) {
  switch (level) {
    case IssueLevel::kError:
      return Style::kBad;
    case IssueLevel::kWarning:
      return Style::kWarning;
    case IssueLevel::kNote:
      break;
  }
  return Style::kNote;
}

// The byte at which code point number `count` starts, or the end.
size_t SkipCodePoints(std::string_view text, size_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    at += std::max<size_t>(DecodeUtf8(text, at).size, 1);
  }
  return at;
}

// A line and the mark under one of its columns. A long line is cut around it.
void PrintExcerpt(std::string_view line, uint32_t column, Stream& out) {
  size_t before = column - 1;
  std::string_view left;
  if (before > kExcerptColumns - 20) {
    constexpr size_t kKept = kExcerptColumns / 2;
    line.remove_prefix(SkipCodePoints(line, before - kKept));
    before = kKept;
    left = "...";
  }
  const size_t end = SkipCodePoints(line, kExcerptColumns);
  const std::string shown = Printable(line.substr(0, end));
  out << "  " << left << shown << (end < line.size() ? "..." : "") << "\n";
  std::string mark(left.size() + 2, ' ');
  for (const char c : std::string_view(shown).substr(0, SkipCodePoints(shown, before))) {
    // A tab stays a tab, so that the mark stands below its column whatever the tab width.
    if (c == '\t') mark += c;
    if (c == '\t' || IsUtf8Continuation(c)) continue;
    mark += ' ';
  }
  const std::string_view prefix = std::string_view(shown).substr(0, SkipCodePoints(shown, before));
  const size_t tabs = static_cast<size_t>(std::ranges::count(prefix, '\t'));
  const size_t wide = DisplayWidth(prefix) - tabs;
  const size_t written = mark.size() - left.size() - 2 - tabs;
  if (wide > written) AppendSpaces(wide - written, mark);
  out << mark;
  out.Add("^", Style::kGood) << "\n";
}

// Whether the finding stands for others that a reader of the file did not list, and for how many.
std::optional<size_t> LeftOut(const Issue& finding) {
  if (finding.code != IssueCode::kLimitExceeded || finding.message.find("are left out: mend") == std::string::npos) {
    return std::nullopt;
  }
  size_t count = 0;
  for (const char c : finding.message) {
    if (c < '0' || c > '9') break;
    count = count * 10 + static_cast<size_t>(c - '0');
  }
  return count;
}

// The findings of one file: the first kMaxIssues, then one that counts the others.
void AppendBounded(std::span<Issue> findings, std::vector<Issue>& bounded) {
  size_t listed = 0;
  size_t left_out = 0;
  bool counted = true;  // false: one of the file's readers stopped counting
  for (Issue& finding : findings) {
    if (const std::optional<size_t> others = LeftOut(finding); others.has_value()) {
      left_out += std::max<size_t>(*others, 1);
      counted = counted && *others > 0;
    } else if (listed < kMaxIssues) {
      ++listed;
      bounded.push_back(std::move(finding));
    } else {
      ++left_out;
    }
  }
  if (left_out == 0) return;
  Issue last;
  last.code = IssueCode::kLimitExceeded;
  if (listed > 0) {
    last.file = bounded.back().file;
    last.position = bounded.back().position;
  } else {
    last.file = findings.back().file;
  }
  last.message = (counted ? "" : "at least ") + std::to_string(left_out) +
                 (left_out == 1 ? " more finding of this file is left out: mend these first"
                                : " more findings of this file are left out: mend these first");
  bounded.push_back(std::move(last));
}

}  // namespace

void SortFindings(std::vector<Issue>& findings) {
  std::ranges::stable_sort(findings, [](const Issue& a, const Issue& b) { return Order(a) < Order(b); });
  const auto same = [](const Issue& a, const Issue& b) { return Order(a) == Order(b); };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
}

void BoundFindings(std::vector<Issue>& findings) {
  std::vector<Issue> bounded;
  bounded.reserve(findings.size());
  for (size_t begin = 0; begin < findings.size();) {
    size_t end = begin;
    while (end < findings.size() && findings[end].file == findings[begin].file) ++end;
    AppendBounded(std::span(findings).subspan(begin, end - begin), bounded);
    begin = end;
  }
  findings = std::move(bounded);
}

void PrintFindingLine(const Issue& finding, Stream& out) {
  const std::string place = PlaceText(Printable(finding.file), finding.position);
  const IssueCodeInfo& info = InfoOf(finding.code);
  out.Add(place, Style::kStrong) << ": ";
  out.Add(IssueLevelName(info.level), StyleOf(info.level)) << ": " << Printable(finding.message) << " ";
  out.Add(std::string("[").append(info.id).append(" ").append(info.name).append("]"), Style::kFaint) << "\n";
}

void PrintFinding(const Issue& finding, const SourceTexts& sources, Stream& out) {
  PrintFindingLine(finding, out);
  const auto source = sources.find(finding.file);
  if (source != sources.end() && finding.position.known()) {
    const std::string_view line = source->second->Line(finding.position.line);
    if (!line.empty()) PrintExcerpt(line, finding.position.column, out);
  }
  if (finding.suggestion.empty()) return;
  out << "  ";
  out.Add("help:", Style::kNote) << " " << Printable(finding.suggestion) << "\n";
}

void PrintServedFindings(std::vector<Issue> findings, std::string_view path, Stream& out) {
  constexpr size_t kShown = 10;
  std::erase_if(findings, [](const Issue& finding) { return finding.level() == IssueLevel::kNote; });
  SortFindings(findings);
  BoundFindings(findings);
  // Errors say why something is not served; they come first.
  std::stable_partition(findings.begin(), findings.end(),
                        [](const Issue& finding) { return finding.level() == IssueLevel::kError; });
  for (size_t i = 0; i < std::min(findings.size(), kShown); ++i) PrintFindingLine(findings[i], out);
  if (findings.size() <= kShown) return;
  out << "and " << std::to_string(findings.size() - kShown) << " more: run `berth lint " << Printable(path) << "`\n";
}

std::string Counted(size_t count, std::string_view singular, std::string_view plural) {
  return std::to_string(count).append(" ").append(count == 1 ? singular : plural);
}

}  // namespace berth::cli
