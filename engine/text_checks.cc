#include "berth/engine/text_checks.h"

#include <algorithm>

#include "berth/validate/request.h"

namespace berth {

bool HostNameInvalid(const CompiledBinding& binding, const LaunchRequest& request, bool user_known,
                     std::string& namespace_name, std::string& host) {
  if (request.ingress_mode.empty()) return false;
  const auto& levels = binding.offer.ingress_levels;
  const auto level = std::ranges::find(levels, request.ingress_mode);
  if (level == levels.end()) return false;
  const auto& host_template = binding.host_templates[static_cast<size_t>(level - levels.begin())];
  if (!host_template || (host_template->uses_sandbox_id() && request.sandbox_id.empty())) return false;
  namespace_name.clear();
  if (!user_known) {
    namespace_name = "a";
  } else if (host_template->uses_namespace()) {
    AppendNamespaceOf(binding, request.organization_id, request.user_id, namespace_name);
  }
  host.clear();
  host_template->Render(request.sandbox_id, namespace_name, host);
  return !IsValidHostName(host);
}

bool ImageAllowed(const CompiledOrganization& organization, const CompiledBinding& binding,
                  const LaunchRequest& request) {
  if (!organization.images) return true;
  const std::string& asked = request.container_image.value;
  const std::string& image = asked.empty() ? binding.container_image : asked;
  return !image.empty() && organization.images->Allows(image);
}

}  // namespace berth
