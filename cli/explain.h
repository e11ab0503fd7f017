// `berth explain`: for every field of a resolved spec, what each layer says about it, which one counts, and who could.

#ifndef BERTH_CLI_EXPLAIN_H_
#define BERTH_CLI_EXPLAIN_H_

#include <optional>
#include <string>

#include "berth/cli/resolution.h"
#include "berth/cli/terminal.h"

namespace berth::cli {

struct ExplainOptions {
  ResolveOptions target;
  std::string path;                 // only fields at or below it: a pointer, or dotted; what folds is followed
  bool all_layers = false;          // also the layers that say nothing
  std::optional<std::string> html;  // write a page to this file, or to standard output (`-`), and print nothing else
};

ExitCode ExplainSpec(const ExplainOptions& options, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_EXPLAIN_H_
