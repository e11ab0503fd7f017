// Policy tests as files: launches, each with what is wanted of the decision on it.
//
// A file of tests is decoded strictly, along the field table (Record::kPolicyTest); what is wrong with it is an issue
// with its place. The requests in it are decided whatever they hold, because a case may want one to be refused.
//
// Threads:     one thread
// Not here:    comparing decisions with what is wanted (berth/cli/policy_judge.h)
// Tested by:   tests/cli_policy_test.py, golden files

#ifndef BERTH_CLI_POLICY_TEST_H_
#define BERTH_CLI_POLICY_TEST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/cli/findings.h"
#include "berth/spec/document.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"
#include "berth/spec/node.h"
#include "berth/spec/objects.h"

namespace berth::cli {

// What a runner reports during one case; nothing where it is as in the catalog.
struct RunnerState {
  std::string runner_id;
  std::optional<InstallStatus> install;
  std::optional<ConnectionStatus> connection;
  std::optional<int64_t> cpu_millicores;
  std::optional<int64_t> memory_bytes;
  std::optional<int64_t> gpu_count;
};

struct TestCase {
  std::string name;
  Position position;
  LaunchRequest request;
  std::vector<RunnerState> live;
  NodeRef want;  // of Record::kWanted, with one member to compare at least
};

struct PolicyTest {
  std::string file;
  std::string catalog;  // as written; empty: the file's folder
  Position catalog_position;
  std::vector<TestCase> cases;  // at least one
};

// The tests in a text; nothing when there is an error in it, and then `issues` hold every one. `texts` gets the files of
// requests that it names.
std::optional<PolicyTest> ReadPolicyTest(const std::shared_ptr<const SourceText>& source, SourceTexts& texts,
                                         std::vector<Issue>& issues);

// A path that the test file `file` names, as it is found from here; for the empty path, the file's folder.
std::string PathFrom(const std::string& file, const std::string& path);

}  // namespace berth::cli

#endif  // BERTH_CLI_POLICY_TEST_H_
