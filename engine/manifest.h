// The Kubernetes objects that a resolved spec stands for, as a preview for whoever runs the cluster: Namespace, Pod,
// NetworkPolicies, Service, Ingress (docs/manifests.md).
//
// The platform makes the real ones. What only it knows (the id of a sandbox that is not launched yet, an image that no
// layer sets) stands here as a placeholder, a name that begins with `placeholder`, with a note that says what comes in
// its place. What berth had to assume, because no document says it, has a note with the word `assumed`. Nothing else is
// added to what the spec and the launch say.
//
// Guarantees:  every name and label that berth makes is one that Kubernetes takes; the container `""` has a name;
//              policies and the Service select this pod by its labels; the path of a note exists
// Ownership:   documents share subtrees with the spec
// Threads:     a pure function
// Cost:        linear in the pod spec
// Not here:    whether the launch is admitted (Engine::Admit), the text (berth/cli/manifest_text.h)
// Tested by:   tests/engine_manifest_test.cc, golden files

#ifndef BERTH_ENGINE_MANIFEST_H_
#define BERTH_ENGINE_MANIFEST_H_

#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/spec/launch.h"
#include "berth/spec/node.h"

namespace berth {

// A remark for people, on one line.
struct ManifestNote {
  std::string path;  // RFC 6901 pointer into the document; empty: the whole document
  std::string text;
};

// One Kubernetes object.
struct Manifest {
  NodeRef document;  // apiVersion, kind, metadata, and mostly spec
  std::vector<ManifestNote> notes;
};

struct Manifests {
  std::vector<std::string> notes;   // why an object is not there
  std::vector<Manifest> documents;  // in the order Namespace, Pod, NetworkPolicy, Service, Ingress
};

// The objects of one launch, or of any launch on this binding when `request` is null. The binding is valid, and the
// request is one that `resolved` was made with and that a decision does not call invalid. `organization` launches.
[[nodiscard]] Manifests ManifestsOf(const Resolved& resolved, std::string_view organization,
                                    const LaunchRequest* request);

}  // namespace berth

#endif  // BERTH_ENGINE_MANIFEST_H_
