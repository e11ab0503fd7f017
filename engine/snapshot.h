// A compiled catalog: what admission reads, prepared once so that a decision only compares.
//
// Layers 1 to 3 of every binding are merged and judged here; what admission needs of them is taken out as numbers and
// names, with the place of each guardrail. A snapshot never changes. Live state hangs beside it, one cell per runner,
// and outlives it.
//
// Guarantees:  equal catalogs give equal snapshots, whatever the order of their files
// Ownership:   owns everything it points to; live cells are shared with the snapshots before and after
// Threads:     immutable
// Cost:        one merge per binding, and sorting

#ifndef BERTH_ENGINE_SNAPSHOT_H_
#define BERTH_ENGINE_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "berth/engine/live_state.h"
#include "berth/engine/part.h"
#include "berth/merge/provenance.h"
#include "berth/policy/image_rules.h"
#include "berth/policy/match.h"
#include "berth/spec/namespace_strategy.h"
#include "berth/spec/objects.h"
#include "berth/validate/catalog.h"
#include "berth/validate/host_template.h"
#include "berth/validate/spec_rules.h"

namespace berth {

// Where a guardrail was set: the layer that set it, or nothing, and its place.
struct Guardrail {
  std::optional<Layer> layer;
  Position position;
};

struct CompiledRunner {
  std::shared_ptr<const Object> object;
  const Runner* runner = nullptr;             // inside `object`
  std::shared_ptr<const Object> zone_object;  // null when the zone has no document
  std::shared_ptr<LiveCell> live;
  uint64_t tie_hash = 0;
};

struct CompiledBinding {
  uint32_t runner = 0;   // index into Snapshot::runners()
  uint32_t ordinal = 0;  // among the runner's bindings
  bool is_default = false;
  std::string name;        // effective: what launches call it
  std::string profile_id;  // empty when the profile has none
  std::string dangling;    // the reference, when no such profile exists: launches may call the binding by it
  std::string profile_display_name;
  std::shared_ptr<const Object> profile_object;  // null when the reference dangles
  LayerStack layers;                             // zone, runner's CPU class, profile, binding
  bool documents_valid = true;                   // none that it is made of was refused
  NodeRef effective;                             // merged and finished, before defaults; null when empty or invalid
  Offer offer;
  // Of the effective spec, beside the offer.
  std::string container_image;
  std::vector<std::optional<HostTemplate>> host_templates;  // for each of offer.ingress_levels
  std::vector<Guardrail> host_guardrails;
  NamespaceStrategy strategy = NamespaceStrategy::kPerOrg;
  std::string namespace_prefix;
  std::string static_namespace;
  // The limits as written, for people.
  std::string cpu_limit_text;
  std::string memory_limit_text;
  std::string cpu_request_text;
  std::string memory_request_text;
  Guardrail cpu_limit;
  Guardrail memory_limit;
  Guardrail strategy_guardrail;
  Guardrail instance_types;  // no layer when the types are not restricted
  Guardrail egress;
  Guardrail ingress;
};

struct CompiledOrganization {
  std::shared_ptr<const Object> object;  // null for an organization without a document
  bool refused = false;
  Organization settings;
  CallerRules rules;
  std::optional<ImageRules> images;
  std::vector<std::string_view> opened;  // paths open to `overrides`; into `settings`
  std::vector<uint32_t> bindings;        // of its own runners, in catalog order
  std::unique_ptr<const Part> part;      // the same, arranged; null without bindings
  // Of the shared part, its own runners: they are in its own part, too.
  std::vector<uint32_t> own_shared_runners;
};

class Snapshot : public std::enable_shared_from_this<Snapshot> {
 public:
  // `objects` are marked and linked in place; issues found on the way are added to them, those about effective specs
  // to `issues`. `live` finds or makes the cell of a runner.
  struct Input {
    std::vector<Object> objects;
    CatalogUse use = CatalogUse::kServe;
    uint64_t revision = 0;
  };
  using LiveCells = std::map<std::pair<std::string, std::string>, LiveEntry>;  // by organization and runner id

  static std::shared_ptr<const Snapshot> Compile(Input input, LiveCells& live);

  [[nodiscard]] uint64_t revision() const { return revision_; }
  [[nodiscard]] std::span<const std::shared_ptr<const Object>> objects() const { return objects_; }
  [[nodiscard]] std::span<const Issue> issues() const { return issues_; }
  [[nodiscard]] std::span<const CompiledRunner> runners() const { return runners_; }
  [[nodiscard]] std::span<const CompiledBinding> bindings() const { return bindings_; }
  [[nodiscard]] const CompiledRunner& RunnerOf(const CompiledBinding& binding) const {
    return runners_[binding.runner];
  }

  // Settings of an organization; of one without a document, the defaults.
  [[nodiscard]] const CompiledOrganization& OrganizationOf(std::string_view id) const;
  // Whether any object carries this organization, or it is the default one.
  [[nodiscard]] bool KnowsOrganization(std::string_view id) const;
  // The organization's own runner of this id, or null. O(log runners).
  [[nodiscard]] const CompiledRunner* FindRunner(std::string_view organization, std::string_view runner_id) const;
  // Bindings of shared runners, of all organizations, in catalog order.
  [[nodiscard]] std::span<const uint32_t> shared_bindings() const { return shared_bindings_; }

  [[nodiscard]] const Part* shared_part() const { return shared_part_.get(); }

  // From now on the runners' live cells keep the live tables of this snapshot, and no other's.
  void FollowLive() const;

  // Calls `visit(index)` for every binding the organization may see, in catalog order.
  template <typename Visit>
  void ForEachVisible(std::string_view organization, Visit visit) const {
    for (uint32_t index : OrganizationOf(organization).bindings) visit(index);
    for (uint32_t index : shared_bindings_) {
      if (RunnerOf(bindings_[index]).runner->organization_id != organization) visit(index);
    }
  }

  // The files of a binding's layers; Layer::kSandbox is left to the caller.
  [[nodiscard]] LayerPlaces PlacesOf(const CompiledBinding& binding) const;
  // `file:line:column`, or empty when the place is unknown.
  [[nodiscard]] std::string SourceOf(const CompiledBinding& binding, Layer layer, Position position) const;

 private:
  Snapshot() = default;
  friend class SnapshotCompiler;

  uint64_t revision_ = 0;
  std::vector<std::shared_ptr<const Object>> objects_;
  std::vector<Issue> issues_;
  std::vector<CompiledRunner> runners_;
  std::vector<CompiledBinding> bindings_;
  std::vector<uint32_t> shared_bindings_;
  absl::node_hash_map<std::string, CompiledOrganization> organizations_;
  std::unique_ptr<const Part> shared_part_;
  CompiledOrganization undocumented_;
};

// The binding as it would be if `spec` were its `layer`: merged, judged and offered anew. One merge.
CompiledBinding WithLayer(const Snapshot& snapshot, const CompiledBinding& binding, Layer layer, NodeRef spec);

// Makes what admission reads of an organization's settings. `organization` must stay where it is.
void CompileSettings(CompiledOrganization& organization);

// Appends the namespace that launches of this identity land in on this binding.
void AppendNamespaceOf(const CompiledBinding& binding, std::string_view organization, std::string_view user,
                       std::string& out);

}  // namespace berth

#endif  // BERTH_ENGINE_SNAPSHOT_H_
