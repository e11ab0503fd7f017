// The constraints that need work on text: host names and images. They read the launch and a binding, no live state.
//
// Not part of the public interface.

#ifndef BERTH_ENGINE_TEXT_CHECKS_H_
#define BERTH_ENGINE_TEXT_CHECKS_H_

#include <string>

#include "berth/engine/snapshot.h"
#include "berth/spec/launch.h"

namespace berth {

// Whether the launch would get a host name that is none. `user_known`: the namespace can be made; else the rest is
// judged. The strings are memory to work in.
[[nodiscard]] bool HostNameInvalid(const CompiledBinding& binding, const LaunchRequest& request, bool user_known,
                                   std::string& namespace_name, std::string& host);

// Whether the organization lets the launch run its image here.
[[nodiscard]] bool ImageAllowed(const CompiledOrganization& organization, const CompiledBinding& binding,
                                const LaunchRequest& request);

}  // namespace berth

#endif  // BERTH_ENGINE_TEXT_CHECKS_H_
