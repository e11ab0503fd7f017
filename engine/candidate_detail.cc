#include "berth/engine/candidate_detail.h"

#include <algorithm>
#include <span>
#include <utility>

#include "berth/engine/binding_errors.h"
#include "berth/engine/wording.h"
#include "berth/merge/merge.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/validate/names.h"
#include "berth/validate/override_path.h"
#include "berth/validate/spec_rules.h"

namespace berth {
namespace {

using C = ReasonCode;

constexpr size_t kMaxHostBytes = 253;
constexpr size_t kMaxShownBytes = 320;  // of hosts and fields, where every byte matters

// "unknown field `quotas` in organization; did you mean `quota`?".
std::string MessageText(const Issue& issue) {
  return issue.suggestion.empty() ? issue.message : issue.message + "; " + issue.suggestion;
}

// "B109 at profiles/agent.yaml:6:14: the mode needs `type`".
std::string FindingText(const Issue& issue) {
  std::string text(InfoOf(issue.code).id);
  if (const std::string place = PlaceText(issue.file, issue.position); !place.empty())
    text.append(" at ").append(place);
  return text.append(": ").append(MessageText(issue));
}

const Issue* FirstError(std::span<const Issue> issues) {
  const auto found =
      std::ranges::find_if(issues, [](const Issue& issue) { return issue.level() == IssueLevel::kError; });
  return found == issues.end() ? nullptr : &*found;
}

std::string RefusedText(std::string_view what, const Object& object) {
  std::string text(what);
  text.append(" was refused");
  const Issue* error = FirstError(object.issues);
  return error == nullptr ? text : text.append(": ").append(FindingText(*error));
}

// `/pod/metadata/labels/a~1b` as `pod.metadata.labels["a/b"]`.
std::string FieldOfPointer(std::string_view pointer) {
  std::string field;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t size = std::min(pointer.find('/'), pointer.size());
    std::string key;
    for (size_t i = 0; i < size; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < size;
      key.push_back(escaped ? (pointer[i + 1] == '1' ? '/' : '~') : pointer[i]);
      i += escaped ? 1 : 0;
    }
    pointer.remove_prefix(size);
    const bool plain = key.find_first_of("./\" []") == std::string::npos;
    if (plain) {
      field.append(field.empty() ? "" : ".").append(key);
    } else {
      field.append("[\"").append(key).append("\"]");
    }
  }
  return field;
}

struct Side {
  const std::optional<Located<Quantity>>& own;
  std::string_view inherited;  // below `resource_defaults`
};

std::optional<JudgedAmount> AmountOf(const Side& side, const Snapshot& snapshot, const CompiledBinding& binding,
                                     const LaunchRequest& request, Resource resource) {
  JudgedAmount amount;
  std::optional<int64_t> units;
  if (side.own) {
    amount.text = side.own->value.ToString();
    units = side.own->value.UnitsOf(resource);
    if (side.own->position.known()) amount.source = PlaceText(request.file, side.own->position);
  } else {
    const Node* node = At(binding.effective.get(), {"resource_defaults", side.inherited});
    const std::optional<Quantity> quantity = node == nullptr ? std::nullopt : Quantity::Parse(node->text);
    if (!quantity) return std::nullopt;
    amount.text = node->text;
    units = quantity->UnitsOf(resource);
    amount.layer = node->layer;
    amount.source = snapshot.SourceOf(binding, node->layer, node->position);
  }
  if (!units) return std::nullopt;
  amount.units = *units;
  return amount;
}

// "the request of 8 CPU"; what set it is for the caller to add.
std::string SideText(std::string_view side, const JudgedAmount& amount, Resource resource) {
  return "the " + std::string(side) + " of " + AmountText(amount.text, resource) +
         (resource == Resource::kMemory ? " of memory" : "");
}

// What is judged, where that is not simply the launch's own number.
std::string AmountExplanation(C code, const Snapshot& snapshot, const CompiledBinding& binding,
                              const LaunchRequest& request) {
  const std::optional<Resource> resource = ResourceOf(code);
  const std::optional<JudgedAmount> judged = JudgedAmountOf(code, snapshot, binding, request);
  if (!resource || !judged) return {};
  const JudgedAmounts amounts = ResolvedAmountsOf(snapshot, binding, request, *resource);
  const std::string set_by = SetBy(judged->layer, judged->source);
  if (code == C::kCpuRequestAboveLimit || code == C::kMemoryRequestAboveLimit) {
    if (!amounts.limit) return {};
    return SideText("request", *judged, *resource) + ", " + set_by + ", is above the limit of " +
           AmountText(amounts.limit->text, *resource) + ", " + SetBy(amounts.limit->layer, amounts.limit->source);
  }
  if (judged->layer == Layer::kSandbox) return {};
  const bool is_limit = (code == C::kCpuQuota || code == C::kMemoryQuota) && amounts.limit;
  return SideText(is_limit ? "limit" : "request", *judged, *resource) + " is " + set_by;
}

std::string HostExplanation(const CompiledBinding& binding, const LaunchRequest& request) {
  const auto& levels = binding.offer.ingress_levels;
  const auto level = static_cast<size_t>(std::ranges::find(levels, request.ingress_mode) - levels.begin());
  if (level >= binding.host_templates.size() || !binding.host_templates[level]) return {};
  const HostTemplate& host_template = *binding.host_templates[level];
  std::string namespace_name;
  const bool user_known = !binding.offer.needs_user || !request.user_id.empty();
  if (!user_known) {
    namespace_name = "a";  // as admission judges it
  } else if (host_template.uses_namespace()) {
    AppendNamespaceOf(binding, request.organization_id, request.user_id, namespace_name);
  }
  std::string host;
  host_template.Render(request.sandbox_id, namespace_name, host);
  if (IsValidHostName(host)) return {};
  std::string text = "the host comes out as " + Quoted(host, kMaxShownBytes);
  for (size_t begin = 0; begin <= host.size();) {
    const size_t end = std::min(host.find('.', begin), host.size());
    const std::string_view label = std::string_view(host).substr(begin, end - begin);
    if (const std::string_view needs = CheckDns1123Label(label); !needs.empty()) {
      if (label.empty()) return text.append(", with an empty label");
      return text.append(", but its label ")
          .append(Quoted(label, kMaxShownBytes))
          .append(" of ")
          .append(std::to_string(label.size()))
          .append(" characters ")
          .append(needs);
    }
    begin = end + 1;
  }
  return text.append(", with ")
      .append(std::to_string(host.size()))
      .append(" characters, but a host has at most ")
      .append(std::to_string(kMaxHostBytes))
      .append(" characters");
}

std::string OverrideExplanation(const Snapshot& snapshot, const CompiledBinding& binding,
                                const LaunchRequest& request) {
  const std::vector<Issue> issues = OverrideIssues(snapshot, binding, request, SandboxLayer(request));
  const Issue* error = FirstError(issues);
  if (error == nullptr) return {};
  return (error->field.empty() ? "" : Quoted(error->field, kMaxShownBytes) + ": ") + MessageText(*error);
}

std::string ImageExplanation(const Snapshot& snapshot, const CompiledBinding& binding, const LaunchRequest& request) {
  if (!request.container_image.value.empty()) return {};
  const Node* image = At(binding.effective.get(), {"container_image"});
  if (image == nullptr) return "no layer sets an image";
  return "the image " + Quoted(image->text) + " is " +
         SetBy(image->layer, snapshot.SourceOf(binding, image->layer, image->position));
}

std::string LimitsExplanation(const Snapshot& snapshot, const CompiledBinding& binding, const LaunchRequest& request) {
  const bool cpu = ResolvedAmountsOf(snapshot, binding, request, Resource::kCpu).limit.has_value();
  const bool memory = ResolvedAmountsOf(snapshot, binding, request, Resource::kMemory).limit.has_value();
  if (cpu && memory) return {};
  return std::string("no layer sets a ") + (cpu ? "memory limit" : memory ? "CPU limit" : "CPU or a memory limit");
}

std::string StorageExplanation(const Runner& runner, const LaunchRequest& request) {
  std::string missing;
  for (const std::string& name : request.storage_classes) {
    if (Offers(runner.capabilities.storage_classes.value, name)) continue;
    missing.append(missing.empty() ? "" : ", ").append(Quoted(name));
  }
  return request.storage_classes.size() < 2 || missing.empty() ? std::string() : "missing: " + missing;
}

std::string Explained(C code, const Snapshot& snapshot, const CompiledBinding& binding, const LaunchRequest& request) {
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  switch (code) {
    case C::kOrganizationInvalid: {
      const CompiledOrganization& organization = snapshot.OrganizationOf(request.organization_id);
      const Issue* error = organization.object == nullptr ? nullptr : FirstError(organization.object->issues);
      return error == nullptr ? std::string() : FindingText(*error);
    }
    case C::kProfileInvalid:
      if (binding.offer.valid || runner.organization_id != request.organization_id) return {};
      return ProfileFinding(snapshot, binding);
    case C::kOverrideInvalid:
      return OverrideExplanation(snapshot, binding, request);
    case C::kHostNameInvalid:
      return HostExplanation(binding, request);
    case C::kLimitsRequired:
      return LimitsExplanation(snapshot, binding, request);
    case C::kImageNotAllowed:
      return ImageExplanation(snapshot, binding, request);
    case C::kStorageClassUnavailable:
      return StorageExplanation(runner, request);
    default:
      return AmountExplanation(code, snapshot, binding, request);
  }
}

}  // namespace

std::optional<Resource> ResourceOf(ReasonCode code) {
  switch (code) {
    case C::kCpuQuota:
    case C::kCpuExceedsProfile:
    case C::kCpuRequestAboveLimit:
    case C::kCpuExceedsRunner:
    case C::kInsufficientCpu:
      return Resource::kCpu;
    case C::kMemoryQuota:
    case C::kMemoryExceedsProfile:
    case C::kMemoryRequestAboveLimit:
    case C::kMemoryExceedsRunner:
    case C::kInsufficientMemory:
      return Resource::kMemory;
    default:
      return std::nullopt;
  }
}

JudgedAmounts ResolvedAmountsOf(const Snapshot& snapshot, const CompiledBinding& binding, const LaunchRequest& request,
                                Resource resource) {
  const ResourceRequest& requests = request.effective_requests();
  const ResourceRequest& limits = request.effective_limits();
  const bool cpu = resource == Resource::kCpu;
  const Side request_side{cpu ? requests.cpu : requests.memory, cpu ? "cpuRequest" : "memoryRequest"};
  const Side limit_side{cpu ? limits.cpu : limits.memory, cpu ? "cpuLimit" : "memoryLimit"};
  JudgedAmounts amounts;
  amounts.request = AmountOf(request_side, snapshot, binding, request, resource);
  amounts.limit = AmountOf(limit_side, snapshot, binding, request, resource);
  if (!amounts.request) amounts.request = amounts.limit;  // a limit alone is the request too
  return amounts;
}

std::optional<JudgedAmount> JudgedAmountOf(ReasonCode code, const Snapshot& snapshot, const CompiledBinding& binding,
                                           const LaunchRequest& request) {
  const std::optional<Resource> resource = ResourceOf(code);
  if (!resource) return std::nullopt;
  JudgedAmounts amounts = ResolvedAmountsOf(snapshot, binding, request, *resource);
  switch (code) {
    case C::kCpuQuota:
    case C::kMemoryQuota:
      return amounts.limit ? amounts.limit : amounts.request;
    case C::kCpuExceedsProfile:
    case C::kMemoryExceedsProfile: {
      // Only what the launch brings is judged: the larger side of it.
      for (auto* side : {&amounts.request, &amounts.limit}) {
        if (*side && (*side)->layer != Layer::kSandbox) side->reset();
      }
      const bool request_is_larger =
          amounts.request && (!amounts.limit || amounts.request->units > amounts.limit->units);
      return request_is_larger ? amounts.request : amounts.limit;
    }
    default:
      return amounts.request;
  }
}

std::vector<Issue> OverrideIssues(const Snapshot& snapshot, const CompiledBinding& binding,
                                  const LaunchRequest& request, const NodeRef& sandbox_layer) {
  std::vector<Issue> issues;
  if (request.overrides == nullptr || request.overrides->members.empty()) return issues;
  const NodeRef resolved = Finish(Merge(binding.effective, sandbox_layer));
  const Runner& runner = *snapshot.RunnerOf(binding).runner;
  LayerPlaces places = snapshot.PlacesOf(binding);
  constexpr auto kSandbox = static_cast<size_t>(Layer::kSandbox);
  places.files[kSandbox] = request.file;
  places.paths[kSandbox] = "/overrides";
  CheckEffective(resolved.get(), {runner.allow_privileged_profile_annotations, runner.runner_id}, places, issues);
  if (const auto loss = FindClosedLoss(binding.effective.get(), resolved.get()); loss.has_value()) {
    Issue& issue = issues.emplace_back();
    issue.code = IssueCode::kClosedOverridePath;
    issue.message = Quoted(loss->path) + " of the " + std::string(LayerName(loss->layer)) +
                    " layer would be gone, and no launch can take that away";
    issue.file = request.file;
    issue.field = loss->path;
    issue.layer = Layer::kSandbox;
  }
  for (Issue& issue : issues) {
    if (!issue.field.empty() || !issue.layer) continue;
    std::string_view pointer = issue.path;
    if (*issue.layer != Layer::kSandbox) {
      const std::string& above = places.paths[static_cast<size_t>(*issue.layer)];
      if (pointer.starts_with(above)) pointer.remove_prefix(above.size());
    }
    issue.field = FieldOfPointer(pointer);
  }
  return issues;
}

std::string ProfileFinding(const Snapshot& snapshot, const CompiledBinding& binding) {
  const CompiledRunner& runner = snapshot.RunnerOf(binding);
  const Binding& source = runner.runner->bindings[binding.ordinal];
  if (binding.profile_object == nullptr) {
    return "profile reference " + Quoted(source.profile_template_id) + " names no profile of organization " +
           Quoted(runner.runner->organization_id);
  }
  if (binding.profile_object->refused) {
    return RefusedText("profile " + Quoted(binding.profile_display_name), *binding.profile_object);
  }
  if (runner.zone_object != nullptr && runner.zone_object->refused) {
    return RefusedText("zone " + Quoted(runner.runner->zone), *runner.zone_object);
  }
  const std::vector<Issue> errors = ErrorsOf(snapshot, binding, 1);
  if (!source.overrides_valid) {
    return errors.empty() ? "the binding's overrides were refused"
                          : "the binding's overrides: " + FindingText(errors.front());
  }
  return errors.empty() ? std::string() : FindingText(errors.front());
}

std::string ExplanationOf(ReasonCode code, const Snapshot& snapshot, const CandidateResult& candidate,
                          const LaunchRequest& request) {
  if (candidate.binding >= snapshot.bindings().size()) return {};
  return OneLine(Explained(code, snapshot, snapshot.bindings()[candidate.binding], request));
}

}  // namespace berth
