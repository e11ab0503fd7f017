// `berth profiles` and `berth runners`: what an organization could use.

#ifndef BERTH_CLI_DISCOVERY_H_
#define BERTH_CLI_DISCOVERY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"

namespace berth::cli {

struct DiscoveryOptions {
  std::string catalog;
  std::optional<std::string> organization;
  std::optional<std::string> fits;  // a file with a request: only what can take it
  Output output = Output::kText;
  // Filters; empty texts and zeros do not filter.
  std::string runner;
  std::string group;
  std::string profile;
  std::string gpu_type;
  std::string architecture;
  std::string egress_mode;
  std::string ingress_mode;
  std::string min_cpu;     // a quantity
  std::string min_memory;  // a quantity
  int64_t min_gpu = 0;
  bool healthy_only = false;
  bool exclude_shared = false;
  bool include_resources = false;
};

ExitCode PrintProfiles(const DiscoveryOptions& options, Console& console);
ExitCode PrintRunners(const DiscoveryOptions& options, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_DISCOVERY_H_
