#include "berth/engine/binding_errors.h"

#include <string>
#include <utility>

#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

class Errors {
 public:
  explicit Errors(size_t most) : most_(most) {}

  void Add(const std::vector<Issue>& issues) {
    for (const Issue& issue : issues) {
      if (issue.level() == IssueLevel::kError && issues_.size() < most_) issues_.push_back(issue);
    }
  }
  std::vector<Issue> Take() { return std::move(issues_); }

 private:
  const size_t most_;
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> ErrorsOf(const Snapshot& snapshot, const CompiledBinding& binding, size_t most) {
  if (binding.offer.valid) return {};
  Errors errors(most);
  const CompiledRunner& runner = snapshot.RunnerOf(binding);
  if (binding.documents_valid) {
    std::vector<Issue> issues;
    CheckEffective(binding.effective.get(),
                   {runner.runner->allow_privileged_profile_annotations, runner.runner->runner_id},
                   snapshot.PlacesOf(binding), issues);
    errors.Add(issues);
    return errors.Take();
  }
  // The document's own spelling of the key is not known here; the ordinal and what is below it are.
  const std::string below = "indings/" + std::to_string(binding.ordinal) + "/";
  for (const Issue& issue : runner.object->issues) {
    if (issue.path.find(below) != std::string::npos) errors.Add({issue});
  }
  for (const auto& object : {binding.profile_object, runner.zone_object}) {
    if (object != nullptr && object->refused) errors.Add(object->issues);
  }
  return errors.Take();
}

}  // namespace berth
