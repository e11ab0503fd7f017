// Who set every field of a resolved spec, what that hid, and what else was said about the field.
//
// A view of provenance (berth/merge/provenance.h) ready to print: every layer that says something about a field has a
// row, also what a layer says twice or in vain.
//
// Ownership: rows share the values of the snapshot's trees and keep them alive
// Threads:   pure functions
// Cost:      that of ExplainFields; not for the admission path
// Tested by: tests/engine_explanation_test.cc, the differential test

#ifndef BERTH_ENGINE_EXPLANATION_H_
#define BERTH_ENGINE_EXPLANATION_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/spec/launch.h"
#include "berth/spec/layer.h"
#include "berth/spec/node.h"

namespace berth {

// What one layer says about a field.
enum class Says : uint8_t {
  kSet,       // the value that counts
  kShadowed,  // a value that a higher layer hides
  kUnset,     // its null or `$patch` removes what is below
  kDropped,   // a value that counts for nothing: a reserved key, or the loser of a contradiction inside the layer
};
// set, shadowed, unset or dropped.
std::string_view SaysName(Says says);

struct ExplainedLayer {
  Layer layer = Layer::kDefault;  // Layer::kRunner has rows of its own
  Says says = Says::kSet;
  NodeRef value;         // null where it unsets
  std::string source;    // `file:line:column`; empty where no file says it
  bool decides = false;  // it set the value of the field, or unset the field
  bool emptied = false;  // it set an empty list by removing what lower layers had there

  // What a reader is told: SaysName, or emptied.
  [[nodiscard]] std::string_view word() const { return emptied ? "emptied" : SaysName(says); }
};

struct ExplainedField {
  std::string path;                    // RFC 6901 pointer into the resolved spec
  std::vector<ExplainedLayer> layers;  // lowest first; a layer that says nothing has none

  // The row that decides; null for a field of which no layer says anything that counts.
  [[nodiscard]] const ExplainedLayer* decider() const;
};

// Every field at or below `path` (a pointer; empty: all), sorted by the bytes of its path; of an invalid binding those
// that could be read. `request` is the launch that was resolved, or null.
std::vector<ExplainedField> ExplainResolved(const Resolved& resolved, const LaunchRequest* request,
                                            std::string_view path);

}  // namespace berth

#endif  // BERTH_ENGINE_EXPLANATION_H_
