// An explanation as one page of HTML: a row for each field, a column for each layer.
//
// Guarantees:  the same bytes for the same input; nothing in the page loads, links to or runs anything; text from files
//              is escaped, and characters that have no shape or turn the direction of writing are spelled `\u202e`
// Cost:        linear in what it shows

#ifndef BERTH_CLI_EXPLAIN_HTML_H_
#define BERTH_CLI_EXPLAIN_HTML_H_

#include <span>
#include <string>
#include <string_view>

#include "berth/engine/engine.h"
#include "berth/engine/explanation.h"
#include "berth/spec/launch.h"

namespace berth::cli {

struct ExplanationFacts {
  const Resolved& resolved;
  const LaunchRequest* request = nullptr;  // the launch that was resolved, or null
  std::string_view organization;
  std::string_view path;  // only fields at or below it are shown; empty: all
};

std::string ExplanationPage(const ExplanationFacts& facts, std::span<const ExplainedField> fields);

}  // namespace berth::cli

#endif  // BERTH_CLI_EXPLAIN_HTML_H_
