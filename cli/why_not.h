// `berth admit --why-not RUNNER[/PROFILE]`: what keeps a launch from the place somebody expected.

#ifndef BERTH_CLI_WHY_NOT_H_
#define BERTH_CLI_WHY_NOT_H_

#include <string>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"
#include "berth/engine/engine.h"
#include "berth/spec/launch.h"

namespace berth::cli {

// kExitGood when one of these bindings can take the launch, kExitBad when none can; kExitUsage when there is no such
// binding.
ExitCode ExplainWhyNot(const Engine& engine, const LaunchRequest& request, const std::string& target, Output output,
                       Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_WHY_NOT_H_
