// A resolved spec for people: where it runs and what it may reach, then the spec as YAML, each value with its source.

#ifndef BERTH_CLI_SPEC_TEXT_H_
#define BERTH_CLI_SPEC_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "berth/cli/terminal.h"
#include "berth/engine/engine.h"
#include "berth/spec/launch.h"

namespace berth::cli {

// A heading and its text, printed as two aligned columns.
struct HeaderLine {
  std::string_view name;
  std::string text;
};

// `runner/profile`
std::string BindingName(const Snapshot& snapshot, uint32_t binding);
// Namespace, egress and ingress of a resolved spec.
std::vector<HeaderLine> NetworkHeader(const Resolved& resolved);
// Each line starts with `prefix`.
void PrintHeader(const std::vector<HeaderLine>& lines, std::string_view prefix, Stream& out);

// `spec:` and everything below it, as YAML that can be read again; behind each value a comment with the layer that set
// it and its place. `request` is the launch that was resolved, or null.
void PrintSpec(const Resolved& resolved, const LaunchRequest* request, Stream& out);

}  // namespace berth::cli

#endif  // BERTH_CLI_SPEC_TEXT_H_
