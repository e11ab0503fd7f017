#include "berth/engine/message.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "berth/engine/reason_detail.h"
#include "berth/engine/wording.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

std::string AdmittedText(const DetailedDecision& decision) {
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

// The text and the next step in at most `max_bytes`. The text gives way, down to a quarter of the room: what to do is
// worth more than the end of a long reason.
std::string WithNext(std::string text, const std::string& next, size_t max_bytes) {
  const size_t before_next = max_bytes - std::min(next.size(), max_bytes);
  return Shortened(std::move(text), std::max(before_next, max_bytes / 4)) + next;
}

std::string InvalidText(const DetailedDecision& decision, size_t max_bytes) {
  if (decision.violations.empty()) return "the request is invalid";
  constexpr size_t kMaxFieldBytes = 320;
  const Issue& first = decision.violations.front();
  const size_t more = decision.violations.size() - 1;
  const std::string field = first.field.empty() ? std::string() : Quoted(first.field, kMaxFieldBytes);
  std::string text = "the request is invalid" + (field.empty() ? "" : " at " + field) + ": " + first.message;
  if (!first.suggestion.empty()) text += " (" + first.suggestion + ")";
  std::string next = "; next: correct " + (field.empty() ? "it" : field);
  if (more > 0) next += " and " + std::to_string(more) + " more";
  return WithNext(std::move(text), next, max_bytes);
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
  Rejection(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
            const MessageOptions& options)
      : decision_(decision), request_(request), remedies_(remedies), options_(options) {}

  std::string Text() {
    if (decision_.reasons.empty()) return "no binding can take this sandbox";
    if (decision_.candidate_count == 0) {
      const ReasonCount& scope = decision_.reasons.front();
      const std::string text = "no binding matches the request: " + ReasonText(scope.code, DetailOf(scope));
      return WithNext(text, NextStep(scope, text), options_.max_bytes);
    }
    std::vector<ReasonCount> headlines;
    std::ranges::copy_if(decision_.reasons, std::back_inserter(headlines),
                         [](const ReasonCount& reason) { return reason.headline > 0; });
    std::ranges::stable_sort(headlines, std::greater(), &ReasonCount::headline);
    const std::string head = "0 of " + BindingsText(decision_.candidate_count) + " can take this sandbox: ";
    std::vector<std::string> clauses;
    std::string all;
    for (const ReasonCount& reason : headlines) {
      const ReasonDetail detail = DetailOf(reason);
      clauses.push_back((clauses.empty() ? "" : "; ") + std::to_string(reason.headline) + " " +
                        ReasonText(reason.code, detail) + OwnerText(detail));
      all += clauses.back();
    }
    return Told(head, clauses, NextStep(headlines.front(), all));
  }

 private:
  ReasonDetail DetailOf(const ReasonCount& reason) const {
    return berth::DetailOf(decision_, request_, reason, CountedBy::kHeadline);
  }

  // The head, the clauses that fit before the next step, how many do not, and the step.
  std::string Told(const std::string& head, const std::vector<std::string>& clauses, const std::string& next) const {
    constexpr std::string_view kOthers = "; and 99 other reasons";
    const size_t most = options_.max_bytes;
    const size_t room = most - std::min(next.size(), most);
    std::string told = head;
    for (size_t i = 0; i < clauses.size(); ++i) {
      const size_t rest = i + 1 == clauses.size() ? 0 : kOthers.size();
      if (told.size() + clauses[i].size() + rest <= room) {
        told += clauses[i];
        continue;
      }
      size_t others = clauses.size() - i;
      if (i == 0) {
        // The most frequent reason is told as far as there is room for it.
        told += clauses[i];
        told = Shortened(std::move(told), std::max(room - std::min(rest, room), most / 4));
        --others;
      }
      if (others > 0) {
        told.append("; and ").append(std::to_string(others)).append(others == 1 ? " other reason" : " other reasons");
      }
      break;
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

  const DetailedDecision& decision_;
  const LaunchRequest& request_;
  const std::span<const Remedy> remedies_;
  const MessageOptions& options_;
};

}  // namespace

std::string MessageOf(const DetailedDecision& decision, const LaunchRequest& request) {
  return MessageOf(decision, request, FindRemedies(decision, request));
}

std::string MessageOf(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                      const MessageOptions& options) {
  switch (decision.verdict) {
    case Verdict::kAdmitted:
      return Shortened(OneLine(AdmittedText(decision)), options.max_bytes);
    case Verdict::kRejected:
      return Shortened(OneLine(Rejection(decision, request, remedies, options).Text()), options.max_bytes);
    case Verdict::kInvalid:
      break;
  }
  return Shortened(OneLine(InvalidText(decision, options.max_bytes)), options.max_bytes);
}

}  // namespace berth
