#include "berth/engine/json.h"

#include <algorithm>
#include <utility>

#include "berth/engine/message.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/remedy.h"

namespace berth {
namespace {

JsonWriter& StringOrNull(JsonWriter& writer, std::string_view text) {
  return text.empty() ? writer.Null() : writer.String(text);
}

template <typename Texts>
void WriteTexts(JsonWriter& writer, const Texts& texts) {
  writer.BeginArray();
  for (const auto& text : texts) writer.String(text);
  writer.EndArray();
}

void WriteMapOrEmpty(JsonWriter& writer, const Node* map) {
  if (map == nullptr) {
    writer.BeginObject().EndObject();
  } else {
    WriteNode(*map, writer);
  }
}

// The parts that a decision and a resolved spec share.
void WriteResolvedParts(JsonWriter& writer, const Resolved& resolved) {
  writer.Key("namespace");
  WriteNamespace(*resolved.spec, resolved.namespace_name, writer);
  writer.Key("egress");
  if (resolved.egress_offered) {
    WriteEgress(*resolved.spec, resolved.egress_mode.value_or(""), writer);
  } else {
    writer.Null();
  }
  writer.Key("ingress");
  if (resolved.ingress_mode) {
    WriteIngress(*resolved.spec, *resolved.ingress_mode, resolved.host, writer);
  } else {
    writer.Null();
  }
  writer.Key("spec");
  WriteNode(*resolved.spec, writer);
}

// --- Decisions ---

class DecisionWriter {
 public:
  DecisionWriter(const DetailedDecision& decision, const LaunchRequest& request, std::span<const Remedy> remedies,
                 JsonWriter& writer)
      : decision_(decision), request_(request), remedies_(remedies), writer_(writer) {}

  // With `standings`: about these bindings alone.
  void Write(bool all, std::span<const Standing> standings = {}) {
    writer_.BeginObject().Key("schema").String("berth.decision/v1");
    writer_.Key("verdict").String(VerdictName(decision_.verdict));
    if (!decision_.code.empty()) writer_.Key("code").String(decision_.code);
    writer_.Key("message").String(
        MessageOf(decision_, request_, remedies_, {.where = standings.empty() ? "anywhere" : "there"}));
    writer_.Key("catalog_revision").Uint(decision_.snapshot == nullptr ? 0 : decision_.snapshot->revision());
    writer_.Key("sandbox_id");
    StringOrNull(writer_, request_.sandbox_id);
    writer_.Key("candidates").Uint(decision_.candidate_count);
    if (decision_.verdict == Verdict::kAdmitted) WriteAdmission();
    if (decision_.verdict == Verdict::kRejected) WriteReasons();
    if (decision_.verdict == Verdict::kInvalid) WriteViolations();
    if (all && decision_.verdict != Verdict::kInvalid) WriteCandidates();
    if (!standings.empty()) WriteStandings(standings);
    writer_.EndObject();
  }

 private:
  void WritePlacement(uint32_t index) {
    const CompiledBinding& binding = decision_.snapshot->bindings()[index];
    const Runner& runner = *decision_.snapshot->RunnerOf(binding).runner;
    writer_.BeginObject().Key("runner_id").String(runner.runner_id).Key("profile_name").String(binding.name);
    writer_.Key("profile_id");
    StringOrNull(writer_, binding.profile_id).Key("zone").String(runner.zone).EndObject();
  }

  void WriteAdmission() {
    if (decision_.snapshot == nullptr || decision_.placements.empty()) return;
    writer_.Key("placement");
    WritePlacement(decision_.placements.front());
    writer_.Key("alternatives").BeginArray();
    for (uint32_t index : decision_.placements.subspan(1)) WritePlacement(index);
    writer_.EndArray();
    WriteResolvedParts(writer_, Engine::Resolve(*decision_.snapshot, decision_.placements.front(), &request_,
                                                request_.organization_id));
  }

  void WriteReasons() {
    writer_.Key("reasons").BeginArray();
    for (const ReasonCount& reason : decision_.reasons) WriteReason(reason);
    writer_.EndArray();
    if (!decision_.advice.remedies) return;
    writer_.Key("remedies").BeginArray();
    for (const Remedy& remedy : remedies_) WriteRemedy(remedy);
    writer_.EndArray();
  }

  void WriteRemedy(const Remedy& remedy) {
    writer_.BeginObject().Key("action").String(RemedyActionName(remedy.actions.front()));
    writer_.Key("actions").BeginArray();
    for (const RemedyAction action : remedy.actions) writer_.String(RemedyActionName(action));
    writer_.EndArray().Key("changes");
    WritePatch(remedy.changes, writer_);
    writer_.Key("admits").Uint(remedy.admits);
    if (remedy.placement) {
      writer_.Key("placement");
      WritePlacement(*remedy.placement);
    }
    if (remedy.admin) WriteGuardrail(*remedy.admin);
    if (!remedy.wait.empty()) WriteWait(remedy.wait);
    writer_.EndObject();
  }

  void WriteGuardrail(const GuardrailEdit& edit) {
    const CompiledBinding& binding = decision_.snapshot->bindings()[edit.binding];
    const Runner& runner = *decision_.snapshot->RunnerOf(binding).runner;
    writer_.Key("admin").BeginObject().Key("runner_id").String(runner.runner_id);
    writer_.Key("profile_name").String(binding.name).Key("organization_id");
    writer_.String(edit.layer ? runner.organization_id : request_.organization_id).Key("path").String(edit.path);
    writer_.Key("layer").String(edit.layer ? LayerName(*edit.layer) : "organization").Key("source");
    StringOrNull(writer_, edit.source).Key("value");
    WriteNode(*edit.value, writer_);
    writer_.Key("current");
    if (edit.current == nullptr) {
      writer_.Null();
    } else {
      WriteNode(*edit.current, writer_);
    }
    writer_.EndObject();
  }

  void WriteWait(std::span<const ReasonCode> codes) {
    writer_.Key("wait").BeginObject().Key("reasons").BeginArray();
    for (const ReasonCode code : codes) writer_.String(InfoOf(code).name);
    writer_.EndArray().Key("retry_delay_seconds").Int(decision_.advice.retry_delay_seconds).EndObject();
  }

  void WriteReason(const ReasonCount& reason) {
    const ReasonDetail detail = DetailOf(decision_, request_, reason);
    const ReasonInfo& info = InfoOf(reason.code);
    writer_.BeginObject().Key("code").String(info.name).Key("class").String(ReasonClassName(ClassOf(reason.code)));
    writer_.Key("capability").String(detail.capability).Key("requested");
    if (detail.requested) {
      writer_.String(*detail.requested);
    } else {
      writer_.Null();
    }
    writer_.Key("offered");
    WriteTexts(writer_, detail.offered);
    if (detail.offered_total > detail.offered.size()) writer_.Key("offered_total").Uint(detail.offered_total);
    writer_.Key("headline").Uint(reason.headline).Key("blocked").Uint(reason.blocked).Key("sole").Uint(reason.sole);
    writer_.Key("example");
    if (detail.example) {
      WriteExample(*detail.example);
    } else {
      writer_.Null();
    }
    std::string text = detail.explanation;
    if (!detail.suggestion.empty()) text.append(text.empty() ? "" : "; ").append(detail.suggestion);
    if (!text.empty()) writer_.Key("detail").String(text);
    writer_.EndObject();
  }

  // An image that no layer of the request set is the admin's to mend.
  ReasonClass ClassOf(ReasonCode code) const {
    const bool inherited = code == ReasonCode::kImageNotAllowed && request_.container_image.value.empty();
    return inherited ? ReasonClass::kAskAdmin : InfoOf(code).reason_class;
  }

  void WriteExample(const ReasonExample& example) {
    writer_.BeginObject().Key("runner_id").String(example.runner_id);
    writer_.Key("profile_name").String(example.profile_name).Key("layer");
    StringOrNull(writer_, example.layer).Key("source");
    StringOrNull(writer_, example.source).EndObject();
  }

  void WriteViolations() {
    writer_.Key("violations").BeginArray();
    for (const Issue& issue : decision_.violations) {
      writer_.BeginObject().Key("field").String(issue.field).Key("description").String(issue.message).EndObject();
    }
    writer_.EndArray();
  }

  void WriteCandidates() {
    writer_.Key("per_candidate").BeginArray();
    for (const CandidateResult& candidate : decision_.candidates) {
      if (decision_.snapshot == nullptr) break;
      const CompiledBinding& binding = decision_.snapshot->bindings()[candidate.binding];
      writer_.BeginObject().Key("runner_id").String(decision_.snapshot->RunnerOf(binding).runner->runner_id);
      writer_.Key("profile_name").String(binding.name).Key("reasons").BeginArray();
      for (uint32_t rest = candidate.failures.bits(); rest != 0; rest &= rest - 1) {
        writer_.String(InfoOf(static_cast<ReasonCode>(std::countr_zero(rest))).name);
      }
      writer_.EndArray().EndObject();
    }
    writer_.EndArray();
  }

  void WriteStandings(std::span<const Standing> standings) {
    constexpr std::string_view kFilterFields[] = {"profile_names", "runner_ids", "runner_group_id", "zone"};
    writer_.Key("why_not").BeginArray();
    for (const Standing& standing : standings) {
      const CompiledBinding& binding = decision_.snapshot->bindings()[standing.binding];
      writer_.BeginObject().Key("runner_id").String(decision_.snapshot->RunnerOf(binding).runner->runner_id);
      writer_.Key("profile_name").String(binding.name).Key("left_out_by").BeginArray();
      if (standing.is_default_needed) writer_.String("unnamed_requests");
      for (size_t i = 0; i < kFilterCount; ++i) {
        if ((standing.missed_filters & BitOf(static_cast<Filter>(i))) != 0) writer_.String(kFilterFields[i]);
      }
      writer_.EndArray().Key("place");
      if (standing.place) {
        writer_.Uint(*standing.place);
      } else {
        writer_.Null();
      }
      writer_.EndObject();
    }
    writer_.EndArray();
  }

  const DetailedDecision& decision_;
  const LaunchRequest& request_;
  const std::span<const Remedy> remedies_;
  JsonWriter& writer_;
};

// --- Explanations ---

void WriteValueOrNull(JsonWriter& writer, const NodeRef& value) {
  writer.Key("value");
  if (value == nullptr) {
    writer.Null();
  } else {
    WriteNode(*value, writer);
  }
}

void WriteSource(JsonWriter& writer, std::string_view source) {
  writer.Key("source");
  StringOrNull(writer, source);
}

void WriteField(JsonWriter& writer, const ExplainedField& field, const ExplainedLayer& decider) {
  const bool unset = decider.says == Says::kUnset;
  writer.BeginObject().Key("path").String(field.path);
  WriteValueOrNull(writer, decider.value);
  writer.Key("layer").String(LayerName(decider.layer));
  WriteSource(writer, unset ? std::string_view() : std::string_view(decider.source));
  writer.Key("shadowed").BeginArray();
  for (auto row = field.layers.rbegin(); row != field.layers.rend(); ++row) {
    if (row->says != Says::kShadowed) continue;
    writer.BeginObject().Key("layer").String(LayerName(row->layer));
    WriteValueOrNull(writer, row->value);
    WriteSource(writer, row->source);
    writer.EndObject();
  }
  writer.EndArray();
  if (unset) writer.Key("unset_by").String(LayerName(decider.layer));
  writer.Key("layers").BeginArray();
  for (const ExplainedLayer& row : field.layers) {
    writer.BeginObject().Key("layer").String(LayerName(row.layer)).Key("says").String(SaysName(row.says));
    WriteValueOrNull(writer, row.value);
    WriteSource(writer, row.source);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
}

void WriteOptional(JsonWriter& writer, std::string_view key, std::optional<int64_t> value) {
  if (value) writer.Key(key).Int(*value);
}

template <typename Texts>
std::vector<std::string> Sorted(const Texts& texts) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

void WriteCapabilities(JsonWriter& writer, const Capabilities& capabilities) {
  writer.BeginObject();
  writer.Key("max_cpu_millicores").Int(capabilities.max_cpu_millicores.value);
  writer.Key("max_memory_bytes").Int(capabilities.max_memory_bytes.value);
  writer.Key("max_gpu_count").Int(capabilities.max_gpu_count.value);
  writer.Key("supported_gpu_types");
  WriteTexts(writer, Sorted(capabilities.gpu_types.value));
  writer.Key("supported_architectures");
  WriteTexts(writer, Sorted(capabilities.architectures.value));
  writer.Key("supports_privileged").Bool(capabilities.supports_privileged.value);
  writer.Key("available_storage_classes");
  WriteTexts(writer, Sorted(capabilities.storage_classes.value));
  writer.EndObject();
}

}  // namespace

void WriteNamespace(const Node& spec, std::string_view name, JsonWriter& writer) {
  const Node* record = At(&spec, {"namespace"});
  const Node* auto_create = At(record, {"autoCreate"});
  writer.BeginObject().Key("name");
  StringOrNull(writer, name);
  writer.Key("auto_create").Bool(auto_create == nullptr || auto_create->text == "true");
  writer.Key("labels");
  WriteMapOrEmpty(writer, At(record, {"labels"}));
  writer.Key("annotations");
  WriteMapOrEmpty(writer, At(record, {"annotations"}));
  writer.EndObject();
}

void WriteEgress(const Node& spec, std::string_view mode, JsonWriter& writer) {
  const Node* record = mode.empty() ? nullptr : At(&spec, {"network", "egress", "modes", mode});
  const Node* type = At(record, {"type"});
  const Node* cidrs = At(record, {"cidrs"});
  writer.BeginObject().Key("mode");
  StringOrNull(writer, mode);
  writer.Key("type").String(type == nullptr ? "none" : type->text.view()).Key("cidrs").BeginArray();
  if (cidrs != nullptr) {
    for (const NodeRef& cidr : cidrs->items) writer.String(cidr->text);
  }
  writer.EndArray().EndObject();
}

void WriteIngress(const Node& spec, std::string_view level, std::string_view host, JsonWriter& writer) {
  const Node* scope = At(&spec, {"network", "ingress", level, "scope"});
  writer.BeginObject().Key("mode").String(level).Key("scope");
  StringOrNull(writer, scope == nullptr ? std::string_view() : scope->text.view());
  writer.Key("host");
  StringOrNull(writer, host);
  writer.EndObject();
}

void WriteNode(const Node& node, JsonWriter& writer) {
  switch (node.kind) {
    case NodeKind::kInvalid:
    case NodeKind::kNull:
      writer.Null();
      return;
    case NodeKind::kBool:
    case NodeKind::kNumber:
      writer.Raw(node.text);
      return;
    case NodeKind::kString:
    case NodeKind::kQuantity:
      writer.String(node.text);
      return;
    case NodeKind::kList:
      writer.BeginArray();
      for (const NodeRef& item : node.items) WriteNode(*item, writer);
      writer.EndArray();
      return;
    case NodeKind::kMap:
      writer.BeginObject();
      for (const Member& member : node.members) {
        writer.Key(member.key);
        WriteNode(*member.value, writer);
      }
      writer.EndObject();
      return;
  }
}

void WritePatch(std::span<const PatchOperation> patch, JsonWriter& writer) {
  writer.BeginArray();
  for (const PatchOperation& operation : patch) {
    writer.BeginObject().Key("op").String(PatchOpName(operation.op)).Key("path").String(operation.path);
    if (!operation.value.empty()) writer.Key("value").Raw(operation.value);
    writer.EndObject();
  }
  writer.EndArray();
}

std::string DecisionToJson(const DetailedDecision& decision, const LaunchRequest& request, bool all,
                           JsonLayout layout) {
  return DecisionToJson(decision, request, FindRemedies(decision, request), all, layout);
}

std::string DecisionToJson(const DetailedDecision& decision, const LaunchRequest& request,
                           std::span<const Remedy> remedies, bool all, JsonLayout layout) {
  std::string json;
  JsonWriter writer(json, layout);
  DecisionWriter(decision, request, remedies, writer).Write(all);
  return json;
}

std::string WhyNotToJson(const DetailedDecision& decision, const LaunchRequest& request,
                         std::span<const Standing> standings, JsonLayout layout) {
  std::string json;
  JsonWriter writer(json, layout);
  std::vector<uint32_t> bindings;
  for (const Standing& standing : standings) bindings.push_back(standing.binding);
  const std::vector<Remedy> remedies = FindRemediesAt(decision, request, bindings);
  DecisionWriter(decision, request, remedies, writer).Write(/*all=*/true, standings);
  return json;
}

std::string ResolvedToJson(const Resolved& resolved, JsonLayout layout) {
  const CompiledBinding& binding = resolved.snapshot->bindings()[resolved.binding];
  std::string json;
  JsonWriter writer(json, layout);
  writer.BeginObject().Key("schema").String("berth.resolved/v1");
  writer.Key("runner_id").String(resolved.snapshot->RunnerOf(binding).runner->runner_id);
  writer.Key("profile_name").String(binding.name);
  WriteResolvedParts(writer, resolved);
  writer.EndObject();
  return json;
}

std::string ExplanationToJson(const Resolved& resolved, std::string_view organization,
                              std::span<const ExplainedField> fields, JsonLayout layout) {
  const CompiledBinding& binding = resolved.snapshot->bindings()[resolved.binding];
  std::string json;
  JsonWriter writer(json, layout);
  writer.BeginObject().Key("schema").String("berth.explanation/v1");
  writer.Key("runner_id").String(resolved.snapshot->RunnerOf(binding).runner->runner_id);
  writer.Key("profile_name").String(binding.name).Key("organization_id").String(organization);
  writer.Key("valid").Bool(resolved.valid).Key("fields").BeginArray();
  for (const ExplainedField& field : fields) {
    if (const ExplainedLayer* decider = field.decider(); decider != nullptr) WriteField(writer, field, *decider);
  }
  writer.EndArray().Key("dropped").BeginArray();
  for (const ExplainedField& field : fields) {
    if (field.decider() != nullptr) continue;
    for (const ExplainedLayer& row : field.layers) {
      writer.BeginObject().Key("path").String(field.path).Key("layer").String(LayerName(row.layer));
      WriteValueOrNull(writer, row.value);
      WriteSource(writer, row.source);
      writer.EndObject();
    }
  }
  writer.EndArray().EndObject();
  return json;
}

std::string ProfilesToJson(std::span<const ProfileListing> profiles, JsonLayout layout) {
  std::string json;
  JsonWriter writer(json, layout);
  writer.BeginObject().Key("schema").String("berth.profiles/v1").Key("profiles").BeginArray();
  for (const ProfileListing& profile : profiles) {
    const CompiledBinding& binding = *profile.binding;
    const Runner& runner = *profile.runner->runner;
    writer.BeginObject().Key("profile_name").String(binding.name).Key("runner_id").String(runner.runner_id);
    writer.Key("profile_id");
    StringOrNull(writer, binding.profile_id).Key("is_default").Bool(binding.is_default);
    writer.Key("healthy").Bool(profile.healthy).Key("supported_gpu_types").BeginArray();
    for (const GpuType& type : binding.offer.gpu_types) writer.String(type.name);
    writer.EndArray().Key("supported_architectures");
    WriteTexts(writer, Sorted(runner.capabilities.architectures.value));
    writer.Key("service_exposure_modes");
    WriteTexts(writer, binding.offer.ingress_levels);
    writer.Key("egress_modes");
    WriteTexts(writer, binding.offer.egress_modes);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return json;
}

std::string RunnersToJson(std::span<const RunnerListing> runners, bool with_resources, JsonLayout layout) {
  std::string json;
  JsonWriter writer(json, layout);
  writer.BeginObject().Key("schema").String("berth.runners/v1").Key("runners").BeginArray();
  for (const RunnerListing& listing : runners) {
    const Runner& runner = *listing.runner->runner;
    writer.BeginObject().Key("runner_id").String(runner.runner_id).Key("runner_group_id");
    StringOrNull(writer, runner.group).Key("zone").String(runner.zone);
    writer.Key("healthy").Bool(listing.healthy).Key("is_shared").Bool(runner.is_shared).Key("capabilities");
    WriteCapabilities(writer, runner.capabilities);
    writer.Key("resources");
    if (with_resources) {
      writer.BeginObject();
      WriteOptional(writer, "available_cpu_millicores", listing.live.cpu);
      WriteOptional(writer, "available_memory_bytes", listing.live.memory);
      WriteOptional(writer, "available_gpu_count", listing.live.gpu);
      WriteOptional(writer, "running_sandboxes", runner.available.running_sandboxes);
      writer.EndObject();
    } else {
      writer.Null();
    }
    writer.Key("profile_names");
    WriteTexts(writer, listing.profile_names);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return json;
}

std::string FindingsToJson(std::span<const Issue> issues, const FindingsSummary& summary, JsonLayout layout) {
  std::string json;
  JsonWriter writer(json, layout);
  size_t counts[3] = {0, 0, 0};
  writer.BeginObject().Key("schema").String("berth.findings/v1").Key("findings").BeginArray();
  for (const Issue& issue : issues) {
    ++counts[static_cast<size_t>(issue.level())];
    writer.BeginObject().Key("code").String(InfoOf(issue.code).id).Key("name").String(InfoOf(issue.code).name);
    writer.Key("level").String(IssueLevelName(issue.level())).Key("message").String(issue.message);
    writer.Key("file").String(issue.file).Key("line").Uint(issue.position.line);
    writer.Key("column").Uint(issue.position.column).Key("path").String(issue.path);
    if (issue.layer) writer.Key("layer").String(LayerName(*issue.layer));
    if (!issue.suggestion.empty()) writer.Key("suggestion").String(issue.suggestion);
    if (!issue.fix.empty()) {
      writer.Key("fix").BeginArray();
      for (const TextEdit& edit : issue.fix) {
        writer.BeginObject().Key("start").Uint(edit.start).Key("end").Uint(edit.end);
        writer.Key("text").String(edit.text).EndObject();
      }
      writer.EndArray();
    }
    writer.EndObject();
  }
  writer.EndArray().Key("summary").BeginObject().Key("files").Uint(summary.files);
  writer.Key("objects").Uint(summary.objects).Key("errors").Uint(counts[0]).Key("warnings").Uint(counts[1]);
  writer.Key("notes").Uint(counts[2]).EndObject().EndObject();
  return json;
}

}  // namespace berth
