// Whether a launch request makes sense on its own (semantics, "What a caller may set").
//
// Everything wrong is reported, each at its field; any error makes the request CWSANDBOX_INVALID_REQUEST, never a
// capability reason. Decoding has already refused wrong types, unknown fields and unreadable numbers.
//
// Threads:  pure function
// Cost:     linear in the request; allocates only to report
// Tested by: tests/validate_request_test.cc, the differential test

#ifndef BERTH_VALIDATE_REQUEST_H_
#define BERTH_VALIDATE_REQUEST_H_

#include <span>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/launch.h"

namespace berth {

// `opened`: the spec paths the caller's organization opens to `overrides`; empty when its document was refused.
void CheckLaunch(const LaunchRequest& request, std::span<const std::string_view> opened, std::vector<Issue>& issues);

}  // namespace berth

#endif  // BERTH_VALIDATE_REQUEST_H_
