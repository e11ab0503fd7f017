// `berth resolve` and `berth explain`: the spec a launch gets on one binding, and who set every value of it.

#ifndef BERTH_CLI_RESOLVE_H_
#define BERTH_CLI_RESOLVE_H_

#include <optional>
#include <string>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"

namespace berth::cli {

struct ResolveOptions {
  std::string catalog;
  std::string runner;
  std::string profile;                      // name or id; empty: the runner's default binding
  std::optional<std::string> request;       // a file
  std::optional<std::string> organization;  // absent: `default`; a request's own wins
  bool effective = false;                   // without the request's own layer
  std::string path;                         // explain: only fields at or below it
  Output output = Output::kText;
};

ExitCode ResolveSpec(const ResolveOptions& options, Console& console);
ExitCode ExplainSpec(const ResolveOptions& options, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_RESOLVE_H_
