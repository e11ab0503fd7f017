// From the paths on the command line to a catalog that answers and requests that can be asked.
//
// What is wrong is said on the message stream as it is found; the callers only pass the exit code on.

#ifndef BERTH_CLI_LOAD_H_
#define BERTH_CLI_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/cli/terminal.h"
#include "berth/engine/engine.h"
#include "berth/spec/document.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"

namespace berth::cli {

enum class Output : uint8_t { kText, kJson, kYaml, kPod };

// Text from standard input has no name to tell its format: it is JSON when it reads as JSON, else YAML.
ParsedDocument ParseText(std::shared_ptr<const SourceText> source);

// Publishes the catalog at `path` as revision 1. One bad object never blocks the others: findings are printed (unless
// the console is quiet) and the rest is served. kExitUnreadable when no object can be read at all.
ExitCode LoadCatalog(const std::string& path, Engine& engine, Console& console);

struct LoadedRequest {
  LaunchRequest request;
  bool readable = true;  // false: its text is not well formed; the request's issues hold why
};

// The one request of a file; nothing, after a message, when its text cannot be read.
std::optional<LoadedRequest> LoadRequest(const std::string& path, Console& console);
// Many requests: YAML documents, a JSON array, or JSON lines. Nothing, after a message, when the text as a whole cannot
// be read or holds none; a JSON line that cannot be read is a request that is not `readable`.
std::optional<std::vector<LoadedRequest>> LoadRequests(const std::string& path, Console& console);

// The request that a `Value` of a parsed text spells. `issues` are the parser's.
LoadedRequest DecodeRequest(Value value, std::string_view base_path, std::span<const Issue> issues, Console* console);

// The organization a command speaks for: the request's own, else the one given. False, after a message, when the flag
// names an organization that no object carries.
bool ChooseOrganization(const Snapshot& snapshot, const std::optional<std::string>& given, LoadedRequest* request,
                        std::string& organization, Console& console);

// A launch for an organization that no object carries is decided like any other, but is probably misspelled: what to say
// about it, or nothing.
std::string OrganizationWarning(const Snapshot& snapshot, const LaunchRequest& request);
// Says it on the message stream.
void WarnOfOrganization(const Snapshot& snapshot, const LaunchRequest& request, Console& console);

// Every organization that an object carries, sorted.
std::vector<std::string> OrganizationsOf(const Snapshot& snapshot);

// ", did you mean `x`?" or nothing.
std::string DidYouMean(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace berth::cli

#endif  // BERTH_CLI_LOAD_H_
