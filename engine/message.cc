#include "berth/engine/message.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <vector>

#include "berth/engine/reason_detail.h"
#include "berth/engine/wording.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

std::string AdmittedText(const Decision& decision) {
  if (decision.snapshot == nullptr || decision.placements.empty()) return "admitted";
  const CompiledBinding& binding = decision.snapshot->bindings()[decision.placements.front()];
  const Runner& runner = *decision.snapshot->RunnerOf(binding).runner;
  std::string text = "admitted on runner " + Quoted(runner.runner_id) + " with profile " + Quoted(binding.name);
  if (!binding.is_default) text += " (not the runner's default)";
  const size_t alternatives = decision.placements.size() - 1;
  if (alternatives > 0) {
    text.append(", ").append(std::to_string(alternatives)).append(alternatives == 1 ? " alternative" : " alternatives");
  }
  return text;
}

std::string InvalidText(const Decision& decision) {
  if (decision.violations.empty()) return "the request is invalid";
  constexpr size_t kMaxFieldBytes = 320;
  const Issue& first = decision.violations.front();
  const size_t more = decision.violations.size() - 1;
  const std::string field = first.field.empty() ? std::string() : Quoted(first.field, kMaxFieldBytes);
  std::string text = "the request is invalid" + (field.empty() ? "" : " at " + field) + ": " + first.message;
  if (!first.suggestion.empty()) text += " (" + first.suggestion + ")";
  text += "; next: correct " + (field.empty() ? "it" : field);
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

// Who set the limit that says no: " [profile, profiles/agent.yaml:14:18]". Of several bindings the example's, unless it
// is one for all.
std::string OwnerText(const ReasonDetail& detail) {
  if (!detail.example || detail.example->layer.empty()) return {};
  const ReasonExample& example = *detail.example;
  const bool of_caller = example.layer == "organization" || example.layer == LayerName(Layer::kSandbox);
  std::string text = detail.count == 1 || of_caller ? " [" : " [e.g. ";
  text.append(example.layer);
  if (!example.source.empty()) {
    text.append(", ").append(example.source);
  } else if (example.layer == "runner") {
    text.append(" ").append(Quoted(example.runner_id));  // its document says nothing of what is asked
  }
  return text.append("]");
}

class Rejection {
 public:
  Rejection(const Decision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
            const MessageOptions& options)
      : decision_(decision), request_(request), remedies_(remedies), options_(options) {}

  std::string Text() {
    if (decision_.reasons.empty()) return "no binding can take this sandbox";
    if (decision_.candidates.empty()) {
      const ReasonCount& scope = decision_.reasons.front();
      const std::string text = "no binding matches the request: " + ReasonText(scope.code, DetailOf(scope));
      return text + NextStep(scope, text);
    }
    std::vector<ReasonCount> headlines;
    std::ranges::copy_if(decision_.reasons, std::back_inserter(headlines),
                         [](const ReasonCount& reason) { return reason.headline > 0; });
    std::ranges::stable_sort(headlines, std::greater(), &ReasonCount::headline);
    const std::string head = "0 of " + BindingsText(decision_.candidates.size()) + " can take this sandbox: ";
    std::vector<std::string> clauses;
    std::string all;
    for (const ReasonCount& reason : headlines) {
      const ReasonDetail detail = DetailOf(reason);
      clauses.push_back((clauses.empty() ? "" : "; ") + std::to_string(reason.headline) + " " +
                        ReasonText(reason.code, detail) + OwnerText(detail));
      all += clauses.back();
    }
    return head + Told(clauses, head.size(), NextStep(headlines.front(), all));
  }

 private:
  ReasonDetail DetailOf(const ReasonCount& reason) const {
    return berth::DetailOf(decision_, request_, reason, CountedBy::kHeadline);
  }

  // The clauses that fit between `used` bytes and the next step, and how many do not.
  std::string Told(const std::vector<std::string>& clauses, size_t used, const std::string& next) const {
    constexpr std::string_view kOthers = "; and 99 other reasons";
    std::string told;
    for (size_t i = 0; i < clauses.size(); ++i) {
      const size_t rest = i + 1 == clauses.size() ? 0 : kOthers.size();
      const size_t needed = used + told.size() + clauses[i].size() + rest + next.size();
      if (i > 0 && needed > options_.max_bytes) {
        const size_t others = clauses.size() - i;
        told.append("; and ").append(std::to_string(others)).append(others == 1 ? " other reason" : " other reasons");
        break;
      }
      told += clauses[i];
    }
    return told + next;
  }

  // What to do now: the best remedy, or what the most frequent reason asks for, unless `told` has said it.
  std::string NextStep(const ReasonCount& first, std::string_view told) const {
    std::string step;
    if (!remedies_.empty()) {
      const Remedy& best = remedies_.front();
      step = "; next: ";
      // Nobody should be asked to offer what was only misspelled.
      if (best.admin && !DetailOf(first).suggestion.empty()) step += "correct the name, or ";
      step += RemedyText(best, decision_, request_);
      if (best.wait.empty()) step += " (then " + BindingsText(best.admits) + " can take it)";
      return step;
    }
    ReasonDetail detail = DetailOf(first);
    for (std::string* once : {&detail.explanation, &detail.suggestion}) {
      if (told.find(*once) != std::string_view::npos) once->clear();
    }
    step = decision_.advice.remedies ? "; it cannot be admitted " + std::string(options_.where) + " as written: "
                                     : "; next: ";
    return step + HelpText(first.code, detail);
  }

  const Decision& decision_;
  const LaunchRequest& request_;
  const std::span<const Remedy> remedies_;
  const MessageOptions& options_;
};

}  // namespace

std::string MessageOf(const Decision& decision, const LaunchRequest& request) {
  return MessageOf(decision, request, FindRemedies(decision, request));
}

std::string MessageOf(const Decision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                      const MessageOptions& options) {
  switch (decision.verdict) {
    case Verdict::kAdmitted:
      return Shortened(OneLine(AdmittedText(decision)), options.max_bytes);
    case Verdict::kRejected:
      return Shortened(OneLine(Rejection(decision, request, remedies, options).Text()), options.max_bytes);
    case Verdict::kInvalid:
      break;
  }
  return Shortened(OneLine(InvalidText(decision)), options.max_bytes);
}

}  // namespace berth
