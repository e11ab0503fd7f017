#include "berth/validate/host_template.h"

#include <algorithm>
#include <utility>

#include "berth/spec/quoted.h"
#include "berth/validate/names.h"

namespace berth {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kVariables = "`{{.SandboxID}}` or `{{.Namespace}}`";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

void Report(size_t offset, std::string message, HostTemplateError* error) {
  if (error == nullptr) return;
  error->offset = offset;
  error->message = std::move(message);
}

}  // namespace

HostTemplate::Variable HostTemplate::VariableOf(std::string_view action) {
  while (!action.empty() && IsBlank(action.front())) action.remove_prefix(1);
  while (!action.empty() && IsBlank(action.back())) action.remove_suffix(1);
  if (action == ".SandboxID") return Variable::kSandboxId;
  if (action == ".Namespace") return Variable::kNamespace;
  return Variable::kNone;
}

std::optional<HostTemplate> HostTemplate::Parse(std::string_view text, HostTemplateError* error) {
  HostTemplate host(text);
  for (size_t begin = 0;;) {
    const size_t open = text.find(kOpen, begin);
    if (open == std::string_view::npos) {
      host.pieces_.push_back({.begin = begin, .size = text.size() - begin});
      break;
    }
    const size_t action_begin = open + kOpen.size();
    const size_t close = text.find(kClose, action_begin);
    if (close == std::string_view::npos) {
      Report(open, "`{{` needs a closing `}}` in a host template", error);
      return std::nullopt;
    }
    const size_t end = close + kClose.size();
    const Variable variable = VariableOf(text.substr(action_begin, close - action_begin));
    if (variable == Variable::kNone) {
      std::string message;
      AppendQuoted(text.substr(open, end - open), message);
      message.append(" needs to be ").append(kVariables).append(" in a host template");
      Report(open, std::move(message), error);
      return std::nullopt;
    }
    host.pieces_.push_back({.begin = begin, .size = open - begin, .variable = variable});
    begin = end;
  }
  const std::optional<size_t> label = host.InvalidLabel();
  if (label.has_value()) {
    const std::string_view rest = text.substr(*label);
    std::string message = "the label ";
    AppendQuoted(rest.substr(0, rest.find('.')), message);
    message.append(" of a host template needs 1 to 63 lower-case letters, digits and inner `-`");
    Report(*label, std::move(message), error);
    return std::nullopt;
  }
  return host;
}

std::optional<size_t> HostTemplate::InvalidLabel() const {
  // Where the current label began, if all of it so far is literal.
  std::optional<size_t> label = 0;
  const std::string_view text = text_;
  for (const Piece& piece : pieces_) {
    const size_t end = piece.begin + piece.size;
    for (size_t i = piece.begin; i < end; ++i) {
      if (text[i] != '.') continue;
      if (label.has_value() && !IsDns1123Label(text.substr(*label, i - *label))) return label;
      label = i + 1;
    }
    if (piece.variable != Variable::kNone) label.reset();
  }
  if (label.has_value() && !IsDns1123Label(text.substr(*label))) return label;
  return std::nullopt;
}

void HostTemplate::Render(std::string_view sandbox_id, std::string_view namespace_name, std::string& out) const {
  for (const Piece& piece : pieces_) {
    out.append(text_, piece.begin, piece.size);
    if (piece.variable == Variable::kSandboxId) out.append(sandbox_id);
    if (piece.variable == Variable::kNamespace) out.append(namespace_name);
  }
}

bool HostTemplate::Uses(Variable variable) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [variable](const Piece& piece) { return piece.variable == variable; });
}

bool IsValidHostName(std::string_view name) { return IsHostName(name); }

}  // namespace berth
