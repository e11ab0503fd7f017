// Reads one JSON text (RFC 8259) into a tree, keeping where everything stands.
//
// Guarantees:  accepts exactly the grammar, whatever the size of its numbers; numbers keep their spelling
// Fails when:  the text is not well formed (an issue of `syntax_code`), or a limit is passed; the builder holds the
//              issue
// Cost:        one pass over the text, no recursion
// Not here:    the search for a byte order mark

#ifndef BERTH_SPEC_JSON_READER_H_
#define BERTH_SPEC_JSON_READER_H_

#include <cstdint>
#include <string_view>

#include "berth/spec/issue.h"
#include "berth/spec/tree_builder.h"

namespace berth {

// Reads `text` from `begin` on. Returns false when the builder has failed.
bool ReadJson(std::string_view text, uint32_t begin, IssueCode syntax_code, TreeBuilder& builder);

}  // namespace berth

#endif  // BERTH_SPEC_JSON_READER_H_
