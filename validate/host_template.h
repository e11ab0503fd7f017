// The template of an exposure level's host name: `{{.SandboxID}}.{{.Namespace}}.example.com`.
//
// Two variables, with blanks allowed inside the braces; no functions, no trimming, no comments. Everything else is
// literal text, `}}` alone included.
//
// Fails when:  an action is unknown or unclosed, or a label without a variable is not a DNS label; the error says at
//              which byte. A label with a variable can only be judged once it is rendered: see IsHostName in
//              berth/validate/names.h
// Ownership:   owns its text
// Threads:     immutable
// Cost:        rendering allocates only what `out` grows

#ifndef BERTH_VALIDATE_HOST_TEMPLATE_H_
#define BERTH_VALIDATE_HOST_TEMPLATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

struct HostTemplateError {
  size_t offset = 0;  // bytes from the start of the template
  std::string message;
};

class HostTemplate {
 public:
  // On failure returns nothing and sets `*error` unless that is null.
  static std::optional<HostTemplate> Parse(std::string_view text, HostTemplateError* error = nullptr);

  // Appends the host name, whatever it turns out to be.
  void Render(std::string_view sandbox_id, std::string_view namespace_name, std::string& out) const;

  // Without the sandbox id, two sandboxes can get the same host.
  [[nodiscard]] bool uses_sandbox_id() const { return Uses(Variable::kSandboxId); }
  [[nodiscard]] bool uses_namespace() const { return Uses(Variable::kNamespace); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class Variable : uint8_t { kNone, kSandboxId, kNamespace };
  // A run of literal text, then a variable.
  struct Piece {
    size_t begin = 0;
    size_t size = 0;
    Variable variable = Variable::kNone;
  };

  explicit HostTemplate(std::string_view text) : text_(text) {}

  static Variable VariableOf(std::string_view action);
  [[nodiscard]] bool Uses(Variable variable) const;
  // The offset of the first label that has no variable and is not a DNS label.
  [[nodiscard]] std::optional<size_t> InvalidLabel() const;

  std::string text_;
  std::vector<Piece> pieces_;  // never empty
};

// Whether a rendered name can be a host: a DNS-1123 subdomain with labels of at most 63.
[[nodiscard]] bool IsValidHostName(std::string_view name);

}  // namespace berth

#endif  // BERTH_VALIDATE_HOST_TEMPLATE_H_
