// Findings for people: one line each, with the source line and a caret where there is room for them.

#ifndef BERTH_CLI_FINDINGS_H_
#define BERTH_CLI_FINDINGS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/cli/terminal.h"
#include "berth/spec/document.h"
#include "berth/spec/issue.h"

namespace berth::cli {

// Texts by the name that findings call them.
using SourceTexts = std::map<std::string, std::shared_ptr<const SourceText>, std::less<>>;

// By file, position, code, path and message; what says the same twice is kept once.
void SortFindings(std::vector<Issue>& findings);
// Keeps the first kMaxIssues of each file of sorted findings; one more, the file's last, counts the others.
void BoundFindings(std::vector<Issue>& findings);

// `file:line:column: error: message [B108 unknown-value]`
void PrintFindingLine(const Issue& finding, Stream& out);
// The line, the source with a caret under the column, and the suggestion.
void PrintFinding(const Issue& finding, const SourceTexts& sources, Stream& out);

// Errors and warnings of a catalog that is served all the same: the first few, and how to see the others.
void PrintServedFindings(std::vector<Issue> findings, std::string_view path, Stream& out);

// "2 errors", "1 error"
std::string Counted(size_t count, std::string_view singular, std::string_view plural);

}  // namespace berth::cli

#endif  // BERTH_CLI_FINDINGS_H_
