// `berth test`: whether a catalog decides what its administrators want it to decide.

#ifndef BERTH_CLI_TEST_H_
#define BERTH_CLI_TEST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"

namespace berth::cli {

struct TestOptions {
  std::vector<std::string> paths;
  std::optional<std::string> catalog;  // in place of what the files name
  std::string run;                     // only cases with this in their name
  bool verbose = false;                // also the cases that pass
  bool coverage = false;
  std::optional<size_t> fail_under;  // percent of the coverage
  Output output = Output::kText;
};

ExitCode Test(const TestOptions& options, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_TEST_H_
