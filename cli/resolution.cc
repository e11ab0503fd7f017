#include "berth/cli/resolution.h"

#include <utility>
#include <variant>
#include <vector>

#include "berth/cli/admit.h"
#include "berth/cli/spec_text.h"
#include "berth/spec/quoted.h"

namespace berth::cli {

ExitCode Resolution::Run(bool needs_user) {
  if (const ExitCode code = LoadCatalog(options_.catalog, engine_, console_); code != kExitGood) return code;
  if (options_.request) {
    loaded_ = LoadRequest(*options_.request, console_);
    if (!loaded_) return kExitUnreadable;
  }
  if (!ChooseOrganization(*engine_.snapshot(), options_.organization, loaded_ ? &*loaded_ : nullptr, organization_,
                          console_)) {
    return kExitUsage;
  }
  if (loaded_ && !CheckRequest()) return kExitBad;
  const LaunchRequest* request = launch();
  absl::StatusOr<Resolved> resolved = engine_.Resolve({organization_, options_.runner, options_.profile}, request);
  if (!resolved.ok()) return ExplainUnknown();
  resolved_ = *std::move(resolved);
  const CompiledBinding& binding = resolved_.snapshot->bindings()[resolved_.binding];
  if (needs_user && request != nullptr && binding.offer.needs_user && request->user_id.empty()) {
    Issue issue;
    issue.code = IssueCode::kInvalidLaunch;
    issue.field = "user_id";
    issue.message = "a user is missing: the profile gives each user a namespace, so say who launches";
    loaded_->request.issues.push_back(std::move(issue));
    if (!CheckRequest()) return kExitBad;
  }
  return kExitGood;
}

ExitCode Resolution::Verdict() {
  const std::string name = Quoted(BindingName(*resolved_.snapshot, resolved_.binding));
  if (!resolved_.valid) {
    console_.Complain("binding " + name + " is PROFILE_INVALID: mend what `berth lint " + Printable(options_.catalog) +
                      "` says about it");
    return kExitBad;
  }
  const auto warn = [&](std::string_view what, std::string_view asked) {
    console_.Complain(
        std::string("warning: ").append(what).append(" ").append(Quoted(asked)).append(" is not offered by ") + name);
  };
  if (!resolved_.egress_offered) warn("egress mode", loaded_->request.egress_mode);
  if (!resolved_.ingress_offered) warn("ingress level", loaded_->request.ingress_mode);
  return kExitGood;
}

bool Resolution::CheckRequest() {
  Scratch scratch;
  const std::optional<DetailedDecision> invalid = engine_.CheckRequest(loaded_->request, scratch);
  if (!invalid) return true;
  PrintInvalid(*invalid, loaded_->request, options_.output, console_);
  return false;
}

ExitCode Resolution::ExplainUnknown() {
  const auto snapshot = engine_.snapshot();
  std::vector<std::string> runners;
  std::vector<std::string> profiles;
  snapshot->ForEachVisible(organization_, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot->bindings()[index];
    const std::string& id = snapshot->RunnerOf(binding).runner->runner_id;
    runners.push_back(id);
    if (id == options_.runner) profiles.push_back(binding.name);
  });
  const std::string runner = Quoted(options_.runner);
  if (!profiles.empty()) {
    console_.Complain("runner " + runner + " has no profile " + Quoted(options_.profile) + "; it has " +
                      NameList(profiles, 100) + DidYouMean(options_.profile, profiles));
    return kExitUsage;
  }
  for (const auto& object : snapshot->objects()) {
    const auto* other = std::get_if<Runner>(&object->value);
    if (other == nullptr || other->runner_id != options_.runner) continue;
    if (object->refused) {
      console_.Complain("runner " + runner + " is refused: mend what `berth lint " + Printable(options_.catalog) +
                        "` says about it");
    } else if (other->organization_id != organization_) {
      console_.Complain("runner " + runner + " belongs to organization " + Quoted(other->organization_id) +
                        " and is not shared with " + Quoted(organization_) + ": add `--organization " +
                        Printable(other->organization_id) + "`");
    } else {
      continue;
    }
    return kExitUsage;
  }
  console_.Complain("runner " + runner + " is unknown to organization " + Quoted(organization_) +
                    DidYouMean(options_.runner, runners));
  return kExitUsage;
}

}  // namespace berth::cli
