// The one field of a zone, profile, binding or organization that keeps a candidate out, and the value that would let it
// in: what to ask an administrator for (semantics, "Remedies").
//
// Threads:    pure functions
// Cost:       a supposed catalog is one merge for every candidate that the changed document reaches
// Tested by:  the differential test, tests/engine_remedy_test.cc

#ifndef BERTH_ENGINE_GUARDRAIL_EDIT_H_
#define BERTH_ENGINE_GUARDRAIL_EDIT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "berth/engine/admission.h"
#include "berth/engine/decision.h"
#include "berth/spec/launch.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"

namespace berth {

struct GuardrailEdit {
  uint32_t binding = 0;        // of the candidate that it is for
  std::optional<Layer> layer;  // nothing: the caller's organization
  std::string path;            // RFC 6901, into the layer's spec or the organization's document
  NodeRef value;               // the new one
  NodeRef current;             // what the document says now; null when nothing
  std::string source;          // file:line:column of the field, else of what it goes into; empty when unknown
};

// Finds them for the candidates of one decision.
class GuardrailEdits {
 public:
  // Both must outlive it.
  GuardrailEdits(const DetailedDecision& decision, const LaunchRequest& request);
  // The field that would mend the candidate's one failure; nothing when it fails more, or no one field would.
  [[nodiscard]] std::optional<GuardrailEdit> For(const CandidateResult& candidate);

 private:
  // The mode or level of the request as the first visible binding that has it declares it; null when none does. Looked
  // for once.
  NodeRef Declared(ReasonCode code);

  const DetailedDecision& decision_;
  const LaunchRequest& request_;
  std::optional<NodeRef> egress_mode_;
  std::optional<NodeRef> ingress_level_;
};

// Whether both change the same document in the same way.
[[nodiscard]] bool SameChange(const Snapshot& snapshot, const GuardrailEdit& a, const GuardrailEdit& b);

// The catalog as it would be after an edit, as far as the decision's candidates see it.
class SupposedCatalog {
 public:
  SupposedCatalog(const DetailedDecision& decision, const LaunchRequest& request, const GuardrailEdit& edit);
  // False: the changed document would be in error.
  [[nodiscard]] bool valid() const { return valid_; }
  // Views this object.
  [[nodiscard]] Supposition supposition() const;

 private:
  void ChangeLayer(const DetailedDecision& decision, const GuardrailEdit& edit);
  void ChangeOrganization(const GuardrailEdit& edit);

  bool valid_ = true;
  std::map<uint32_t, CompiledBinding> bindings_;
  std::optional<CompiledOrganization> organization_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_GUARDRAIL_EDIT_H_
