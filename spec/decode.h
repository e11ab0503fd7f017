// Strict decoding: a document value becomes a tree of nodes in canonical spelling, or issues say why not.
//
// Everything the field table does not know is refused with the place and, when one is near, the name that was probably
// meant: unknown fields, duplicate keys (also one field in both spellings), wrong types, unknown enum values, integers
// and quantities that are none. JSON text in a string (`overrides_json`, `networkConfigJson`) is opened and decoded
// like the rest, with positions in the outer file. What failed becomes a kInvalid node, so that one mistake gives one
// issue.
//
// The five inputs people confuse stay apart inside a spec: absent (no member), null (a kNull node), "" (a value where
// the field allows it), [] and {} (a list, a map without members). Outside a spec null means absent, but where the
// field's row says that it counts.
//
// Threads:  free functions over constant data
// Not here: what values mean together (berth/validate), folding pod spellings (berth/spec/fold.h)

#ifndef BERTH_SPEC_DECODE_H_
#define BERTH_SPEC_DECODE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/field.h"
#include "berth/spec/issue.h"
#include "berth/spec/node.h"

namespace berth {

struct DecodedRecord {
  NodeRef node;        // a kMap, or kInvalid when the value is no mapping
  bool valid = false;  // no error outside contained fields
};

// What a value came in.
enum class Source : uint8_t {
  kDocument,   // a file or a request: the five inputs stay apart
  kTypedBody,  // a JSON body of the control plane: in a spec "", null and [] mean absent, as protobuf JSON has it
};

// Decodes `value` as `record`. Values get `layer`, those of a binding's overrides Layer::kBinding. `base_path` is the
// pointer of `value` in its document. Depth is bounded by the document's. JSON text inside a string is a document also in
// a typed body.
DecodedRecord DecodeRecord(Record record, Value value, Layer layer, std::string_view base_path,
                           std::vector<Issue>& issues, Source source = Source::kDocument);

}  // namespace berth

#endif  // BERTH_SPEC_DECODE_H_
