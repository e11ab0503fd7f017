// One reason in words: what is said of the bindings that fail it, and what would help.
//
// Guarantees: what is said of a number of bindings is true of each one of them; what only holds for all together, for
//             the one that gives most, or for an example, is said to be so
// Threads:    pure functions
// Tested by:  tests/engine_message_test.cc, tests/engine_message_lint_test.cc

#ifndef BERTH_ENGINE_REASON_TEXT_H_
#define BERTH_ENGINE_REASON_TEXT_H_

#include <string>

#include "berth/engine/reason_detail.h"
#include "berth/policy/reason.h"

namespace berth {

// What the bindings of `detail` fail, to go after their number: "cap memory below the 900Gi asked (the largest cap is
// 512Gi)". For an empty scope, what is wrong with the filters.
std::string ReasonText(ReasonCode code, const ReasonDetail& detail);

// What would help against this reason: "ask for at most 512Gi of memory". With the most that one of the bindings in
// `detail` gives, so that it can help at least that one.
std::string HelpText(ReasonCode code, const ReasonDetail& detail);

}  // namespace berth

#endif  // BERTH_ENGINE_REASON_TEXT_H_
