// A launch request: who asks, where it may run, and what it asks for.
//
// A plain value decoded from a document (YAML or JSON, snake_case or camelCase, or the wire's StartSandboxRequest).
// Empty strings and empty lists mean absent. Fields without meaning for admission are accepted and carried.
//
// Not here: whether the request makes sense (berth/validate/request.h)

#ifndef BERTH_SPEC_LAUNCH_H_
#define BERTH_SPEC_LAUNCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/fold.h"
#include "berth/spec/issue.h"
#include "berth/spec/node.h"
#include "berth/spec/objects.h"
#include "berth/spec/quantity.h"

namespace berth {

struct GpuRequest {
  bool written = false;  // stands in the document, even if nothing in it could be read
  std::optional<int64_t> count;
  std::string type;  // empty: any
  std::optional<int64_t> memory_gb;

  [[nodiscard]] bool asked() const { return written || count.has_value() || !type.empty() || memory_gb.has_value(); }
};

struct ResourceRequest {
  bool written = false;
  std::optional<Located<Quantity>> cpu;
  std::optional<Located<Quantity>> memory;
  GpuRequest gpu;

  [[nodiscard]] bool asked() const { return written || cpu.has_value() || memory.has_value() || gpu.asked(); }
};

struct LaunchRequest {
  std::string file;
  std::string organization_id{kDefaultOrganization};
  std::string user_id;
  std::string sandbox_id;
  std::vector<std::string> profile_names;  // union of names and ids, sorted, distinct
  std::vector<std::string> runner_ids;     // sorted, distinct
  std::string runner_group_id;
  std::string zone;
  Located<std::string> container_image;
  ResourceRequest requests;
  ResourceRequest limits;
  ResourceRequest resources;  // the older spelling: sets both
  std::string architecture;
  bool privileged = false;
  std::vector<std::string> storage_classes;  // sorted, distinct
  std::string egress_mode;
  std::string ingress_mode;
  std::vector<int64_t> exposed_ports;
  NodeRef pod_annotations;            // null when absent
  NodeRef overrides;                  // folded; null when absent
  std::vector<DroppedValue> dropped;  // of `overrides` and `pod_annotations`
  NodeRef node;                       // as decoded
  // What decoding found. With an error among them the request is invalid, whatever else it says.
  std::vector<Issue> issues;

  // The requests and limits that count: `resources` stands for both sides.
  [[nodiscard]] const ResourceRequest& effective_requests() const { return resources.asked() ? resources : requests; }
  [[nodiscard]] const ResourceRequest& effective_limits() const { return resources.asked() ? resources : limits; }
  // The GPUs asked for, on whichever side.
  [[nodiscard]] const GpuRequest& gpu() const {
    return effective_requests().gpu.asked() ? effective_requests().gpu : effective_limits().gpu;
  }
  [[nodiscard]] bool wants_gpu() const { return gpu().count.value_or(0) > 0; }
};

// One request from a text (JSON by its `.json` name, else YAML). Never fails: what is wrong, from grammar to values, is in
// the request's issues, and a request with errors is answered INVALID.
LaunchRequest ParseLaunchRequest(std::shared_ptr<const SourceText> source);

// The same from a value of a parsed document. `parser_issues` are all the document's; those that stand in `value` are
// taken over. `base_path` is the pointer of `value` in its document.
LaunchRequest DecodeLaunchRequest(Value value, std::span<const Issue> parser_issues = {},
                                  std::string_view base_path = {});

// The launch's own layer: image, resources, annotations and overrides as one spec tree; null when it sets nothing.
NodeRef SandboxLayer(const LaunchRequest& request);

}  // namespace berth

#endif  // BERTH_SPEC_LAUNCH_H_
