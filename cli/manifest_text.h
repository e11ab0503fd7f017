// Kubernetes objects as a stream of YAML documents, with the notes about them as comments.

#ifndef BERTH_CLI_MANIFEST_TEXT_H_
#define BERTH_CLI_MANIFEST_TEXT_H_

#include "berth/cli/terminal.h"
#include "berth/engine/manifest.h"

namespace berth::cli {

// What kubectl and its kin read: every document begins with `---` and apiVersion, kind, metadata. A note stands above
// the line it is about.
void PrintManifests(const Manifests& manifests, Stream& out);

}  // namespace berth::cli

#endif  // BERTH_CLI_MANIFEST_TEXT_H_
