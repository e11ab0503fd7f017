#include "berth/cli/spec_text.h"

#include <algorithm>
#include <map>
#include <utility>

#include "berth/cli/yaml_text.h"
#include "berth/engine/explanation.h"
#include "berth/spec/field_path.h"
#include "berth/spec/quoted.h"

namespace berth::cli {
namespace {

constexpr size_t kMaxAligned = 64;  // a longer line pushes its own comment

struct Line {
  std::string text;
  const ExplainedLayer* source = nullptr;
};

// Lays out a spec as block YAML.
class SpecLines {
 public:
  explicit SpecLines(const std::vector<ExplainedField>& fields) {
    for (const ExplainedField& field : fields) {
      const ExplainedLayer* decider = field.decider();
      if (decider != nullptr && decider->says == Says::kSet) sources_.emplace(field.path, decider);
    }
  }

  std::vector<Line> Of(const Node& spec) {
    lines_.push_back({spec.members.empty() ? "spec: {}" : "spec:", nullptr});
    AddMembers(spec, 2, "", nullptr);
    return std::move(lines_);
  }

 private:
  [[nodiscard]] const ExplainedLayer* SourceOf(const std::string& path, const ExplainedLayer* inherited) const {
    const auto found = sources_.find(path);
    return found == sources_.end() ? inherited : found->second;
  }

  // Puts a value behind `head` (`key:` or `-`); what does not fit there goes below, deeper than `indent`.
  void AddValue(std::string head, const Node& node, size_t indent, const std::string& path,
                const ExplainedLayer* inherited) {
    const ExplainedLayer* source = SourceOf(path, inherited);
    if (const std::string text = YamlInline(node); !text.empty()) {
      lines_.push_back({std::move(head.append(" ").append(text)), source});
      return;
    }
    // A list or a pair that one layer set as a whole shows its source once, at its head.
    const bool whole = source != nullptr && source != inherited;
    lines_.push_back({std::move(head), whole ? source : nullptr});
    if (node.is_map()) {
      AddMembers(node, indent + 2, path, source);
    } else {
      AddItems(node, indent + 2, path, source);
    }
  }

  void AddMembers(const Node& map, size_t indent, const std::string& path, const ExplainedLayer* inherited) {
    for (const Member& member : map.members) {
      std::string below = path;
      AppendPointer(member.key, below);
      AddInherited(std::string(indent, ' ') + YamlKey(member.key), *member.value, indent, below, inherited);
    }
  }

  void AddItems(const Node& list, size_t indent, const std::string& path, const ExplainedLayer* inherited) {
    for (size_t i = 0; i < list.items.size(); ++i) {
      const std::string below = path + "/" + std::to_string(i);
      const Node& item = *list.items[i];
      if (!item.is_map() || item.members.empty()) {
        AddInherited(std::string(indent, ' ') + "-", item, indent, below, inherited);
        continue;
      }
      // The first member stands on the line of the dash.
      const size_t first = lines_.size();
      AddMembers(item, indent + 2, below, SourceOf(below, inherited));
      lines_[first].text[indent] = '-';
    }
  }

  // As AddValue, but a source that was shown above is not shown again.
  void AddInherited(std::string head, const Node& node, size_t indent, const std::string& path,
                    const ExplainedLayer* inherited) {
    const size_t first = lines_.size();
    AddValue(std::move(head), node, indent, path, inherited);
    if (inherited != nullptr && lines_[first].source == inherited) lines_[first].source = nullptr;
  }

  std::map<std::string, const ExplainedLayer*, std::less<>> sources_;
  std::vector<Line> lines_;
};

std::string EgressText(const Resolved& resolved) {
  if (!resolved.egress_offered) return "not offered by this binding";
  if (!resolved.egress_mode) return "none (no mode is declared)";
  const Node* mode = At(resolved.spec.get(), {"network", "egress", "modes", *resolved.egress_mode});
  const Node* type = At(mode, {"type"});
  std::string text = Printable(*resolved.egress_mode);
  text.append(" (type ").append(type == nullptr ? "none" : Printable(type->text)).append(")");
  const Node* cidrs = At(mode, {"cidrs"});
  if (cidrs == nullptr) return text;
  std::vector<std::string> names;
  for (const NodeRef& cidr : cidrs->items) names.push_back(cidr->text);
  return text.append(" ").append(NameList(names, 60));
}

std::string IngressText(const Resolved& resolved) {
  if (!resolved.ingress_offered) return "not offered by this binding";
  if (!resolved.ingress_mode) return "none asked";
  const Node* scope = At(resolved.spec.get(), {"network", "ingress", *resolved.ingress_mode, "scope"});
  std::string text = Printable(*resolved.ingress_mode);
  if (scope != nullptr) text.append(" (scope ").append(Printable(scope->text)).append(")");
  if (!resolved.host.empty()) text.append(" at ").append(Printable(resolved.host));
  return text;
}

std::string NamespaceText(const Resolved& resolved) {
  if (resolved.namespace_name.empty()) return "one for each user: name one with a request's `user_id`";
  const Node* auto_create = At(resolved.spec.get(), {"namespace", "autoCreate"});
  const bool created = auto_create == nullptr || auto_create->text == "true";
  return Printable(resolved.namespace_name) + (created ? " (created when missing)" : " (must exist)");
}

}  // namespace

std::string BindingName(const Snapshot& snapshot, uint32_t binding) {
  const CompiledBinding& compiled = snapshot.bindings()[binding];
  return Printable(snapshot.RunnerOf(compiled).runner->runner_id) + "/" + Printable(compiled.name);
}

std::vector<HeaderLine> NetworkHeader(const Resolved& resolved) {
  return {{"namespace", NamespaceText(resolved)}, {"egress", EgressText(resolved)}, {"ingress", IngressText(resolved)}};
}

void PrintHeader(const std::vector<HeaderLine>& lines, std::string_view prefix, Stream& out) {
  size_t width = 0;
  for (const HeaderLine& line : lines) width = std::max(width, line.name.size());
  for (const HeaderLine& line : lines) {
    out << prefix;
    out.Add(line.name, Style::kStrong) << std::string(width - line.name.size() + 2, ' ') << line.text << "\n";
  }
}

void PrintSpec(const Resolved& resolved, const LaunchRequest* request, Stream& out) {
  const std::vector<ExplainedField> fields = ExplainResolved(resolved, request, "");
  const std::vector<Line> lines = SpecLines(fields).Of(*resolved.spec);
  size_t width = 0;
  for (const Line& line : lines) {
    const size_t own = DisplayWidth(line.text);
    if (line.source != nullptr && own <= kMaxAligned) width = std::max(width, own);
  }
  for (const Line& line : lines) {
    out << line.text;
    if (line.source != nullptr) {
      const size_t own = DisplayWidth(line.text);
      const std::string_view layer = LayerName(line.source->layer);
      std::string comment = "# ";
      comment.append(layer);
      if (!line.source->source.empty()) {
        comment.append(9 - std::min<size_t>(layer.size(), 8), ' ').append(Printable(line.source->source));
      }
      out << std::string(own < width ? width - own + 2 : 2, ' ');
      out.Add(comment, Style::kFaint);
    }
    out << "\n";
  }
}

}  // namespace berth::cli
