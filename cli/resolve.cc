#include "berth/cli/resolve.h"

#include <utility>
#include <vector>

#include "berth/cli/manifest_text.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/json.h"
#include "berth/engine/manifest.h"

namespace berth::cli {

ExitCode ResolveSpec(const ResolveOptions& options, Console& console) {
  Resolution resolution(options, console);
  if (const ExitCode code = resolution.Run(/*needs_user=*/true); code != kExitGood) return code;
  if (const ExitCode code = resolution.Verdict(); code != kExitGood) return code;
  const Resolved& resolved = resolution.resolved();
  if (options.output == Output::kJson) {
    console.out << ResolvedToJson(resolved, JsonLayout::kIndented) << "\n";
    return kExitGood;
  }
  const CompiledBinding& binding = resolved.snapshot->bindings()[resolved.binding];
  std::vector<HeaderLine> header = {
      {"runner", Printable(resolved.snapshot->RunnerOf(binding).runner->runner_id)},
      {"profile", Printable(binding.name)},
  };
  for (HeaderLine& line : NetworkHeader(resolved)) header.push_back(std::move(line));
  // As YAML the whole output can be read again: a profile's spec, or Kubernetes objects.
  PrintHeader(header, options.output == Output::kText ? "" : "# ", console.out);
  if (options.output == Output::kPod) {
    PrintManifests(ManifestsOf(resolved, resolution.organization(), resolution.launch()), console.out);
    return kExitGood;
  }
  console.out << "\n";
  PrintSpec(resolved, resolution.launch(), console.out);
  return kExitGood;
}

}  // namespace berth::cli
