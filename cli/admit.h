// `berth admit`: the decision on one launch, or on many.

#ifndef BERTH_CLI_ADMIT_H_
#define BERTH_CLI_ADMIT_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"
#include "berth/engine/decision.h"
#include "berth/engine/remedy.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"

namespace berth::cli {

struct AdmitOptions {
  std::string catalog;
  std::optional<std::string> request;   // a file with one
  std::optional<std::string> requests;  // a file with many
  bool all = false;                     // every candidate with every reason
  std::optional<std::string> why_not;   // RUNNER[/PROFILE]: about this place alone
  std::optional<Output> output;         // absent: text for one request, JSON for many
  std::optional<std::string> html;  // write a page to this file, or to standard output (`-`), and print nothing else
};

ExitCode Admit(const AdmitOptions& options, Console& console);

// The decision for people: where and with what reach, why not, or what is wrong with the request. Without the spec.
void PrintVerdict(const DetailedDecision& decision, const LaunchRequest& request, Stream& out);

// Why not, of a rejection: every reason, and the remedies.
void PrintWhy(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
              Stream& out);

// What helps against reasons of a rejection, in words.
struct Help {
  std::string text;
  std::string reasons;  // their names
};
// What each reason asks for, once; what would help most candidates comes first. For when there are no remedies.
std::vector<Help> HelpAgainst(const DetailedDecision& decision, const LaunchRequest& request);

// Prints it for a command that was given such a request.
void PrintInvalid(const DetailedDecision& decision, const LaunchRequest& request, Output output, Console& console);

}  // namespace berth::cli

#endif  // BERTH_CLI_ADMIT_H_
