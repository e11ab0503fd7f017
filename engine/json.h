// The documents berth prints: decisions, resolved specs, explanations and lists, as JSON.
//
// Every document starts with its schema, is described by docs/schemas/, and is the same bytes for the same input.
//
// Threads:  pure functions

#ifndef BERTH_ENGINE_JSON_H_
#define BERTH_ENGINE_JSON_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/decision.h"
#include "berth/engine/discovery.h"
#include "berth/engine/engine.h"
#include "berth/engine/explanation.h"
#include "berth/engine/remedy.h"
#include "berth/engine/request_edit.h"
#include "berth/engine/why_not.h"
#include "berth/spec/issue.h"
#include "berth/spec/launch.h"
#include "berth/spec/node.h"
#include "berth/spec/writer.h"

namespace berth {

// berth.decision/v1. A rejection comes with its remedies, which are searched here, unless the decision was made without
// advice. `all`: with every candidate and its reasons.
std::string DecisionToJson(const DetailedDecision& decision, const LaunchRequest& request, bool all, JsonLayout layout);
// The same with the remedies at hand.
std::string DecisionToJson(const DetailedDecision& decision, const LaunchRequest& request,
                           std::span<const Remedy> remedies, bool all, JsonLayout layout);
// A decision about these bindings alone (berth/engine/why_not.h), with every candidate, and where they stood in the first
// place.
std::string WhyNotToJson(const DetailedDecision& decision, const LaunchRequest& request,
                         std::span<const Standing> standings, JsonLayout layout);

// berth.resolved/v1.
std::string ResolvedToJson(const Resolved& resolved, JsonLayout layout);

// berth.explanation/v1. `organization` is who asks.
std::string ExplanationToJson(const Resolved& resolved, std::string_view organization,
                              std::span<const ExplainedField> fields, JsonLayout layout);

// berth.profiles/v1 and berth.runners/v1.
std::string ProfilesToJson(std::span<const ProfileListing> profiles, JsonLayout layout);
std::string RunnersToJson(std::span<const RunnerListing> runners, bool with_resources, JsonLayout layout);

// berth.findings/v1.
struct FindingsSummary {
  size_t files = 0;
  size_t objects = 0;
};
std::string FindingsToJson(std::span<const Issue> issues, const FindingsSummary& summary, JsonLayout layout);

// A JSON Patch.
void WritePatch(std::span<const PatchOperation> patch, JsonWriter& writer);

// What decisions and resolved documents tell of a completed spec. An empty name, mode or host is printed as null.
void WriteNamespace(const Node& spec, std::string_view name, JsonWriter& writer);
void WriteEgress(const Node& spec, std::string_view mode, JsonWriter& writer);
void WriteIngress(const Node& spec, std::string_view level, std::string_view host, JsonWriter& writer);

// A spec or a part of it, keys sorted by bytes.
void WriteNode(const Node& node, JsonWriter& writer);

}  // namespace berth

#endif  // BERTH_ENGINE_JSON_H_
