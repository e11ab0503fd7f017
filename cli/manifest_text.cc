#include "berth/cli/manifest_text.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/cli/yaml_text.h"
#include "berth/spec/field_path.h"

namespace berth::cli {
namespace {

constexpr size_t kMaxLine = 100;  // of a comment; one word may be longer

// `text` as comment lines.
std::vector<std::string> CommentLines(std::string_view text, size_t indent) {
  const std::string start = std::string(indent, ' ') + "#";
  const std::string printable = Printable(text);
  std::vector<std::string> lines;
  std::string line = start;
  for (std::string_view rest = printable; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (line.size() > start.size() && DisplayWidth(line) + 1 + DisplayWidth(word) > kMaxLine) {
      lines.push_back(std::exchange(line, start));
    }
    line.append(" ").append(word);
  }
  lines.push_back(std::move(line));
  return lines;
}

// Lays out one object as block YAML.
class ManifestLines {
 public:
  explicit ManifestLines(const Manifest& manifest) : notes_(manifest.notes) {
    AddNotes("", 0);
    AddMembers(*manifest.document, 0, "");
  }

  void Print(Stream& out) const {
    for (const Line& line : lines_) {
      out.Add(line.text, line.comment ? Style::kFaint : Style::kPlain) << "\n";
    }
  }

 private:
  struct Line {
    std::string text;
    bool comment = false;
  };

  void AddNotes(std::string_view path, size_t indent) {
    for (const ManifestNote& note : notes_) {
      if (note.path != path) continue;
      for (std::string& line : CommentLines(note.text, indent)) lines_.push_back({std::move(line), true});
    }
  }

  // Keys stay sorted, but for the name, by which people know an object, and its namespace.
  static std::vector<const Member*> InOrder(const Node& map) {
    std::vector<const Member*> members;
    for (const Member& member : map.members) members.push_back(&member);
    std::ranges::stable_sort(members, {}, [](const Member* member) {
      return member->key == "name" ? 0 : member->key == "namespace" ? 1 : 2;
    });
    return members;
  }

  void AddMembers(const Node& map, size_t indent, const std::string& path) {
    for (const Member* member : InOrder(map)) {
      std::string below = path;
      AppendPointer(member->key, below);
      AddNotes(below, indent);
      std::string head = std::string(indent, ' ') + YamlKey(member->key);
      if (const std::string text = YamlInline(*member->value); !text.empty()) {
        lines_.push_back({head.append(" ").append(text)});
        continue;
      }
      lines_.push_back({std::move(head)});
      AddBelow(*member->value, indent + 2, below);
    }
  }

  void AddBelow(const Node& node, size_t indent, const std::string& path) {
    if (node.is_map()) return AddMembers(node, indent, path);
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string below = path + "/" + std::to_string(i);
      const Node& item = *node.items[i];
      AddNotes(below, indent);
      const size_t first = lines_.size();
      if (const std::string text = YamlInline(item); !text.empty()) {
        lines_.push_back({std::string(indent + 2, ' ') + text});
      } else {
        AddBelow(item, indent + 2, below);
      }
      // The dash stands on the first line that is no comment.
      const auto line = std::find_if(lines_.begin() + static_cast<std::ptrdiff_t>(first), lines_.end(),
                                     [](const Line& added) { return !added.comment; });
      line->text[indent] = '-';
    }
  }

  const std::vector<ManifestNote>& notes_;
  std::vector<Line> lines_;
};

void PrintComment(std::string_view text, Stream& out) {
  for (const std::string& line : CommentLines(text, 0)) out.Add(line, Style::kFaint) << "\n";
}

}  // namespace

void PrintManifests(const Manifests& manifests, Stream& out) {
  out << "#\n";
  PrintComment(
      "A preview: the platform makes the real objects. It fills in what stands here as `placeholder...`, and may "
      "differ where a comment says `assumed`. The pod is not validated as the API server would.",
      out);
  for (const std::string& note : manifests.notes) {
    out << "#\n";
    PrintComment(note, out);
  }
  for (const Manifest& manifest : manifests.documents) {
    out << "---\n";
    ManifestLines(manifest).Print(out);
  }
}

}  // namespace berth::cli
