// A decision as one page of HTML: the verdict, where candidates are lost, what would help, and every reason.
//
// Guarantees:  the same bytes for the same input; the page stands alone (cli/html.h). Of names and candidates a bounded
//              part is shown, and what is left out is counted
// Cost:        that of the decision's document with its remedies, and one admission more for each remedy
// Tested by:   tests/cli_admit_html_test.py, golden files

#ifndef BERTH_CLI_ADMIT_HTML_H_
#define BERTH_CLI_ADMIT_HTML_H_

#include <string>
#include <string_view>

#include "berth/engine/decision.h"
#include "berth/spec/launch.h"

namespace berth::cli {

struct DecisionFacts {
  const DetailedDecision& decision;
  const LaunchRequest& request;
  // As on the command line, for the commands that the page names.
  std::string_view catalog_path;
  std::string_view request_path;
};

std::string DecisionPage(const DecisionFacts& facts);

}  // namespace berth::cli

#endif  // BERTH_CLI_ADMIT_HTML_H_
