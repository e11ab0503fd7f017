// The grammar of container image references: `[domain/]path[:tag][@digest]`.
//
// The kubelet is the first in Kubernetes to check it, after the sandbox was placed; here a bad reference is found when
// it is written. The first path component is a domain when it contains `.`, `:` or an upper-case letter, or is
// `localhost`. Nothing is normalised: the reference is used as given.
//
// Guarantees:  the answer is a string literal
// Threads:     a pure function
// Cost:        one pass, no allocation; fit for the admission path
// Not here:    whether an organization allows the image

#ifndef BERTH_VALIDATE_IMAGE_H_
#define BERTH_VALIDATE_IMAGE_H_

#include <string_view>

namespace berth {

// What the reference needs, in words that can follow "`the text`" in a message; empty when it is fine.
[[nodiscard]] std::string_view CheckImage(std::string_view text);

}  // namespace berth

#endif  // BERTH_VALIDATE_IMAGE_H_
