// Property: a template is accepted and rendered as the second implementation has it; a refused one has an error at one
// of its bytes; the variables it says it uses are those that change what it renders.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/validate/host_template.h"
#include "fuzz/property.h"
#include "tests/reference/reference_internal.h"

namespace berth {
namespace {

std::string Rendered(const HostTemplate& host, std::string_view sandbox_id, std::string_view namespace_name) {
  std::string name;
  host.Render(sandbox_id, namespace_name, name);
  return name;
}

void RequireRendersLikeTheReference(const HostTemplate& host, std::string_view text) {
  for (const std::string_view sandbox_id : {"sbx-1", "", "A.b", "x-"}) {
    for (const std::string_view namespace_name : {"sb-acme", "{{.SandboxID}}"}) {
      const std::string name = Rendered(host, sandbox_id, namespace_name);
      Require(name == reference::RenderHost(std::string(text), std::string(sandbox_id), std::string(namespace_name)),
              "both implementations render the same name", name);
      Require(IsValidHostName(name) == reference::IsHostName(name), "both implementations judge a name alike", name);
    }
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using berth::Require;
  const std::string_view text = berth::TextOf(data, size);
  if (text.find('\0') != std::string_view::npos) return 0;  // the second implementation marks variables with it
  berth::HostTemplateError error;
  const std::optional<berth::HostTemplate> host = berth::HostTemplate::Parse(text, &error);
  Require(host.has_value() == berth::HostTemplate::Parse(text).has_value(), "asking for the error changes nothing");
  Require(host.has_value() == berth::reference::IsHostTemplate(std::string(text)),
          "both implementations accept the same templates", text);
  if (!host.has_value()) {
    Require(!error.message.empty(), "an error has a message", text);
    Require(error.offset <= text.size(), "an error points into the template", text);
    return 0;
  }
  Require(host->text() == text, "a template keeps its text", text);
  Require(host->uses_sandbox_id() == (berth::Rendered(*host, "a", "n") != berth::Rendered(*host, "b", "n")),
          "a template knows whether it uses the sandbox id", text);
  Require(host->uses_namespace() == (berth::Rendered(*host, "a", "n") != berth::Rendered(*host, "a", "m")),
          "a template knows whether it uses the namespace", text);
  Require(host->uses_sandbox_id() == berth::reference::TemplateNeedsSandboxId(std::string(text)),
          "both implementations find the sandbox id", text);
  berth::RequireRendersLikeTheReference(*host, text);
  return 0;
}
