// `berth lint`: what is wrong with these files, where, and how to mend it.

#ifndef BERTH_CLI_LINT_H_
#define BERTH_CLI_LINT_H_

#include <string>
#include <vector>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"

namespace berth::cli {

struct LintOptions {
  std::vector<std::string> paths;
  Output output = Output::kText;
  bool strict = false;                // warnings fail
  std::vector<std::string> selected;  // codes or names of findings; empty: all
  std::vector<std::string> ignored;
};

ExitCode Lint(const LintOptions& options, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_LINT_H_
