// What `resolve` and `explain` do before they print: find the binding and resolve its spec, or say why not.

#ifndef BERTH_CLI_RESOLUTION_H_
#define BERTH_CLI_RESOLUTION_H_

#include <optional>
#include <string>

#include "berth/cli/load.h"
#include "berth/cli/terminal.h"
#include "berth/engine/engine.h"

namespace berth::cli {

struct ResolveOptions {
  std::string catalog;
  std::string runner;
  std::string profile;                      // name or id; empty: the runner's default binding
  std::optional<std::string> request;       // a file
  std::optional<std::string> organization;  // absent: `default`; a request's own wins
  bool effective = false;                   // without the request's own layer
  Output output = Output::kText;
};

class Resolution {
 public:
  Resolution(const ResolveOptions& options, Console& console) : options_(options), console_(console) {}

  // kExitGood when there is something to print. `needs_user`: a binding with a namespace per user needs to know whose.
  ExitCode Run(bool needs_user);
  // Says what is wrong with the binding; the exit code that follows.
  ExitCode Verdict();

  [[nodiscard]] const Resolved& resolved() const { return resolved_; }
  [[nodiscard]] const std::string& organization() const { return organization_; }
  // The launch whose own layer counts, or null.
  [[nodiscard]] const LaunchRequest* launch() const {
    return loaded_ && !options_.effective ? &loaded_->request : nullptr;
  }

 private:
  // False, after saying why, when the request is invalid whatever it would be resolved on.
  bool CheckRequest();
  // Why the runner or the profile was not found, and what is near.
  ExitCode ExplainUnknown();

  const ResolveOptions& options_;
  Console& console_;
  Engine engine_;
  std::optional<LoadedRequest> loaded_;
  std::string organization_;
  Resolved resolved_;
};

}  // namespace berth::cli

#endif  // BERTH_CLI_RESOLUTION_H_
