// The one field of a zone, profile, binding or organization that keeps a candidate out, and the value that would let it
// in: what to ask an administrator for (semantics, "Remedies").
//
// Threads:    pure functions
// Cost:       at most one merge for every candidate that the changed document reaches
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

// The field that would mend the candidate's one failure; nothing when it fails more, or no one field would.
[[nodiscard]] std::optional<GuardrailEdit> GuardrailEditFor(const Decision& decision, const LaunchRequest& request,
                                                            const CandidateResult& candidate);

// Whether both change the same document in the same way.
[[nodiscard]] bool SameChange(const Snapshot& snapshot, const GuardrailEdit& a, const GuardrailEdit& b);

// Calls `admit` with the catalog as it would be; false, without a call, when the changed document would be in error.
class SupposedCatalog {
 public:
  SupposedCatalog(const Decision& decision, const LaunchRequest& request, const GuardrailEdit& edit);
  // False: the changed document would be in error.
  [[nodiscard]] bool valid() const { return valid_; }
  // Views this object.
  [[nodiscard]] Supposition supposition() const;

 private:
  void ChangeLayer(const Decision& decision, const GuardrailEdit& edit);
  void ChangeOrganization(const GuardrailEdit& edit);

  bool valid_ = true;
  std::map<uint32_t, CompiledBinding> bindings_;
  std::optional<CompiledOrganization> organization_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_GUARDRAIL_EDIT_H_
