// Decides one launch from files: reads a catalog and a request, prints the decision in one line.
//
//   example_admit_cc examples/catalog examples/requests/agent.yaml
//
// Exit codes as the tool's: 0 admitted, 1 rejected or invalid, 2 usage, 3 unreadable input, 4 internal error.

#include <iostream>

#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/engine/message.h"
#include "berth/spec/launch.h"
#include "berth/store/files.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: example_admit_cc CATALOG REQUEST\n";
    return 2;
  }
  const berth::SourceFiles files = berth::ReadSources(argv[1], /*full_names=*/false);
  const berth::SourceFiles asked = berth::ReadSources(argv[2], /*full_names=*/true);
  if (files.texts.empty() || asked.texts.empty()) {
    std::cerr << "nothing to read: give a catalog and a request that exist\n";
    return 3;
  }

  // The eight lines that README.md shows.
  berth::Catalog catalog;
  for (const auto& text : files.texts) berth::AddSource(text, catalog);
  berth::Engine engine;
  if (!engine.Publish(catalog, /*revision=*/1).ok()) return 4;
  const berth::LaunchRequest request = berth::ParseLaunchRequest(asked.texts.front());
  berth::Scratch scratch;  // one per thread: decisions reuse its memory
  const berth::DetailedDecision decision = engine.AdmitInDetail(request, scratch);
  std::cout << berth::MessageOf(decision, request) << '\n';

  return decision.verdict == berth::Verdict::kAdmitted ? 0 : 1;
}
