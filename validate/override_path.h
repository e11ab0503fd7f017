// Paths that an organization may open to launches: `node_selector`, `pod.spec.tolerations`.
//
// A path is dotted, in the spelling of the field table (snake_case and camelCase are both understood), and opens
// everything below it. Some fields can never be opened, not even by opening an ancestor: `namespace`, `network`, what
// has a request field of its own (image, resources, pod annotations), security contexts of the pod and of every
// container, host namespaces, and `hostPath` volumes.
//
// Threads:  pure functions

#ifndef BERTH_VALIDATE_OVERRIDE_PATH_H_
#define BERTH_VALIDATE_OVERRIDE_PATH_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/issue.h"
#include "berth/spec/node.h"

namespace berth {

struct OverridePathCheck {
  IssueCode code = IssueCode::kUnknownOverridePath;
  std::string message;
  std::string suggestion;

  [[nodiscard]] bool ok() const { return message.empty(); }
};

// Whether the path names a field that an organization can open.
[[nodiscard]] OverridePathCheck CheckOverridePath(std::string_view path);

// What else there is to say of such a path: it may open nothing as it is written, or name what no PodSpec is known to
// have. Of level warning.
[[nodiscard]] OverridePathCheck OverridePathAdvice(std::string_view path);

// The field of the first leaf of `overrides`, in byte order of its keys, that none of the opened paths covers, as a
// dotted canonical path without users' keys and without what lies below a member of pod.spec; nothing when all are open.
// `null` and `$patch` are leaves, a list is one, `{}` is not. What would remove something that can never be opened is closed.
[[nodiscard]] std::optional<std::string> FirstClosedPath(const Node& overrides,
                                                         std::span<const std::string_view> opened);

// A value that no launch can set, and that the resolved spec lacks or has otherwise.
struct ClosedLoss {
  std::string path;  // dotted, without elements: `pod.spec.volumes.hostPath`
  Layer layer = Layer::kProfile;
};
// The first value of the effective spec that the launch's overrides took away though it can never be opened, as a volume's
// new source displaces a `hostPath`. Either spec may be null.
[[nodiscard]] std::optional<ClosedLoss> FindClosedLoss(const Node* effective, const Node* resolved);

}  // namespace berth

#endif  // BERTH_VALIDATE_OVERRIDE_PATH_H_
