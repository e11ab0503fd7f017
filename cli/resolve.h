// `berth resolve`: the spec a launch gets on one binding.

#ifndef BERTH_CLI_RESOLVE_H_
#define BERTH_CLI_RESOLVE_H_

#include "berth/cli/resolution.h"
#include "berth/cli/terminal.h"

namespace berth::cli {

ExitCode ResolveSpec(const ResolveOptions& options, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_RESOLVE_H_
