// The resolved document of a binding as text with holes for what a launch sets: what remains of Resolve on the hot path.
//
// Layers 1 to 3 of a binding, merged and completed, are written once; a launch without `overrides` and `pod_annotations`
// fills in its image and amounts, and chooses an egress mode, an ingress level and the runtime class of CPU or GPU. No tree
// is walked or merged.
//
// Guarantees:  for every such launch on a valid binding the same bytes as ResolvedToJson of Engine::Resolve, compact
// Ownership:   owns its text; depends on the two effective specs alone, so bindings that have the same can share one
// Threads:     immutable
// Cost:        making it: two merges; in memory: little more than the document, every egress mode and ingress level once.
//              Appending: a copy of the document; a comparison for each declared mode when the launch names one; allocates
//              only what `out` grows
// Example:     const ResolvedTemplate resolved = ResolvedTemplate::Make(binding, runner);
//              resolved.Append({.runner_id = id, .profile_name = name, .namespace_name = place}, request, out);
// Tested by:   tests/engine_resolved_template_test.cc, tests/engine_allocation_test.cc
// Not here:    whether the launch is admitted; launches with `overrides` or `pod_annotations` (berth/engine/engine.h)

#ifndef BERTH_ENGINE_RESOLVED_TEMPLATE_H_
#define BERTH_ENGINE_RESOLVED_TEMPLATE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/snapshot.h"
#include "berth/spec/launch.h"
#include "berth/spec/node.h"
#include "berth/validate/host_template.h"

namespace berth {

// What a resolved document says of its binding and its caller beside the spec.
struct ResolvedNames {
  std::string_view runner_id;
  std::string_view profile_name;    // the binding's effective name
  std::string_view namespace_name;  // AppendNamespaceOf; empty: not known without a user
};

class ResolvedTemplate {
 public:
  // Of a valid binding.
  static ResolvedTemplate Make(const CompiledBinding& binding, const Runner& runner);

  // Appends the whole document, berth.resolved/v1.
  void Append(const ResolvedNames& names, const LaunchRequest& request, std::string& out) const;
  // Appends the members that an admission shares with it, from `"namespace":` to the end of `spec`.
  void AppendParts(std::string_view namespace_name, const LaunchRequest& request, std::string& out) const;

 private:
  // A piece of text_.
  struct Piece {
    uint32_t begin = 0;
    uint32_t size = 0;
  };
  struct EgressMode {
    Piece name;
    Piece json;
  };
  struct IngressLevel {
    Piece name;
    Piece json;  // up to the host
    std::optional<HostTemplate> host;
  };
  // Amounts of resource_defaults, in the order in which they are printed.
  enum Amount : uint8_t { kCpuLimit, kCpuRequest, kMemoryLimit, kMemoryRequest };
  static constexpr size_t kAmountCount = 4;

  ResolvedTemplate() = default;

  void AddNetwork(const Node& spec);
  // `effective` is null for an empty spec; `spec` is the same, completed.
  void AddSpec(const Node& spec, const Node* effective, const Node* gpu_runtime_class);
  // The piece that begins at `begin` and ends with the text.
  [[nodiscard]] Piece PieceFrom(size_t begin) const;
  Piece AddText(std::string_view text);
  Piece AddMember(std::string_view key, const Node& value);
  [[nodiscard]] std::string_view TextOf(Piece piece) const { return {text_.data() + piece.begin, piece.size}; }

  void AppendEgress(const LaunchRequest& request, std::string& out) const;
  void AppendIngress(std::string_view namespace_name, const LaunchRequest& request, std::string& out) const;
  void AppendResources(const LaunchRequest& request, std::string& out) const;

  std::string text_;
  Piece after_namespace_;  // the rest of `namespace`
  Piece default_egress_;
  Piece image_;                                // inherited, with the comma after it; empty without one
  Piece before_resources_;                     // members of the spec
  std::array<Piece, kAmountCount> amounts_{};  // inherited; empty where nothing is
  Piece resources_;                            // inherited and completed, with the comma before it; empty without any
  Piece before_runtime_class_;                 // members of the spec
  Piece runtime_class_;                        // with the comma before it
  Piece gpu_runtime_class_;
  Piece after_runtime_class_;  // members of the spec, and its end
  std::vector<EgressMode> egress_modes_;
  std::vector<IngressLevel> ingress_levels_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_RESOLVED_TEMPLATE_H_
