#include "berth/cli/resolve.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "berth/cli/admit.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/json.h"
#include "berth/spec/field.h"
#include "berth/spec/field_path.h"
#include "berth/spec/quoted.h"
#include "berth/validate/request.h"

namespace berth::cli {
namespace {

// What both commands do before they print.
class Resolution {
 public:
  Resolution(const ResolveOptions& options, Console& console) : options_(options), console_(console) {}

  // kExitGood when there is something to print. `needs_user`: a binding with a namespace per user needs to know whose.
  ExitCode Run(bool needs_user) {
    if (const ExitCode code = LoadCatalog(options_.catalog, engine_, console_); code != kExitGood) return code;
    if (options_.request) {
      loaded_ = LoadRequest(*options_.request, console_);
      if (!loaded_) return kExitUnreadable;
    }
    if (!ChooseOrganization(*engine_.snapshot(), options_.organization, loaded_ ? &*loaded_ : nullptr, organization_,
                            console_)) {
      return kExitUsage;
    }
    if (loaded_ && !CheckRequest()) return kExitBad;
    const LaunchRequest* request = loaded_ && !options_.effective ? &loaded_->request : nullptr;
    absl::StatusOr<Resolved> resolved = engine_.Resolve({organization_, options_.runner, options_.profile}, request);
    if (!resolved.ok()) return ExplainUnknown();
    resolved_ = *std::move(resolved);
    const CompiledBinding& binding = resolved_.snapshot->bindings()[resolved_.binding];
    if (needs_user && request != nullptr && binding.offer.needs_user && request->user_id.empty()) {
      Issue issue;
      issue.code = IssueCode::kInvalidLaunch;
      issue.field = "user_id";
      issue.message = "a user is missing: the profile gives each user a namespace, so say who launches";
      loaded_->request.issues.push_back(std::move(issue));
      if (!CheckRequest()) return kExitBad;
    }
    return kExitGood;
  }

  // Says what is wrong with the binding; the exit code that follows.
  ExitCode Verdict() {
    const std::string name = Quoted(BindingName(*resolved_.snapshot, resolved_.binding));
    if (!resolved_.valid) {
      console_.Complain("binding " + name + " is PROFILE_INVALID: mend what `berth lint " +
                        Printable(options_.catalog) + "` says about it");
      return kExitBad;
    }
    const auto warn = [&](std::string_view what, std::string_view asked) {
      console_.Complain(
          std::string("warning: ").append(what).append(" ").append(Quoted(asked)).append(" is not offered by ") + name);
    };
    if (!resolved_.egress_offered) warn("egress mode", loaded_->request.egress_mode);
    if (!resolved_.ingress_offered) warn("ingress level", loaded_->request.ingress_mode);
    return kExitGood;
  }

  [[nodiscard]] const Resolved& resolved() const { return resolved_; }
  [[nodiscard]] std::string_view request_file() const {
    return loaded_ ? std::string_view(loaded_->request.file) : std::string_view();
  }

 private:
  // False, after saying why, when the request is invalid whatever it would be resolved on.
  bool CheckRequest() {
    Scratch scratch;
    const Decision decision = engine_.Admit(loaded_->request, scratch);
    if (decision.verdict != berth::Verdict::kInvalid) return true;
    PrintInvalid(decision, loaded_->request, options_.output, console_);
    return false;
  }

  // Why the runner or the profile was not found, and what is near.
  ExitCode ExplainUnknown() {
    const auto snapshot = engine_.snapshot();
    std::vector<std::string> runners;
    std::vector<std::string> profiles;
    snapshot->ForEachVisible(organization_, [&](uint32_t index) {
      const CompiledBinding& binding = snapshot->bindings()[index];
      const std::string& id = snapshot->RunnerOf(binding).runner->runner_id;
      runners.push_back(id);
      if (id == options_.runner) profiles.push_back(binding.name);
    });
    const std::string runner = Quoted(options_.runner);
    if (!profiles.empty()) {
      console_.Complain("runner " + runner + " has no profile " + Quoted(options_.profile) + "; it has " +
                        NameList(profiles, 100) + DidYouMean(options_.profile, profiles));
      return kExitUsage;
    }
    for (const auto& object : snapshot->objects()) {
      const auto* other = std::get_if<Runner>(&object->value);
      if (other == nullptr || other->runner_id != options_.runner) continue;
      if (object->refused) {
        console_.Complain("runner " + runner + " is refused: mend what `berth lint " + Printable(options_.catalog) +
                          "` says about it");
      } else if (other->organization_id != organization_) {
        console_.Complain("runner " + runner + " belongs to organization " + Quoted(other->organization_id) +
                          " and is not shared with " + Quoted(organization_) + ": add `--organization " +
                          Printable(other->organization_id) + "`");
      } else {
        continue;
      }
      return kExitUsage;
    }
    console_.Complain("runner " + runner + " is unknown to organization " + Quoted(organization_) +
                      DidYouMean(options_.runner, runners));
    return kExitUsage;
  }

  const ResolveOptions& options_;
  Console& console_;
  Engine engine_;
  std::optional<LoadedRequest> loaded_;
  std::string organization_;
  Resolved resolved_;
};

// `network.egress` is as good as `/network/egress`.
std::string PointerOf(std::string_view path) {
  if (path.empty() || path.front() == '/') return std::string(path);
  std::string pointer = "/";
  for (const char c : path) pointer += c == '.' ? '/' : c;
  return pointer;
}

void PrintFields(const std::vector<ExplainedField>& fields, Stream& out) {
  Table table({"FIELD", "VALUE", "LAYER", "SOURCE"});
  for (const ExplainedField& field : fields) {
    table.Add({Printable(field.path),
               {field.unset ? "(unset)" : Printable(field.set.value), field.unset ? Style::kWarning : Style::kPlain},
               field.set.layer,
               Printable(field.set.source)});
    for (const ExplainedSource& hidden : field.shadowed) {
      table.Add({{"  hides", Style::kFaint},
                 {Printable(hidden.value), Style::kFaint},
                 {std::string(hidden.layer), Style::kFaint},
                 {Printable(hidden.source), Style::kFaint}});
    }
  }
  table.Print(0, out);
}

// What the tokens of a pointer into a spec name, token by token.
class SpecPath {
 public:
  explicit SpecPath(std::string_view pointer) {
    while (known_ && !pointer.empty()) {
      pointer.remove_prefix(1);
      const std::string_view token = pointer.substr(0, pointer.find('/'));
      pointer.remove_prefix(token.size());
      Enter(Unescaped(token));
    }
  }

  // The table has a field there, or a user's key may stand there.
  [[nodiscard]] bool known() const { return known_; }
  // The path in canonical names, as far as it is known.
  [[nodiscard]] const std::string& canonical() const { return canonical_; }
  // What could follow `canonical`.
  [[nodiscard]] std::vector<std::string> Siblings() const {
    std::vector<std::string> paths;
    if (next_ != Next::kMember) return paths;
    for (const Field& row : FieldsOf(record_)) AppendPointer(row.name, paths.emplace_back(canonical_));
    return paths;
  }

 private:
  enum class Next : uint8_t { kMember, kKey, kIndex, kAnything, kNothing };

  static std::string Unescaped(std::string_view token) {
    std::string text;
    for (size_t i = 0; i < token.size(); ++i) {
      const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
      text += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
    }
    return text;
  }

  void Enter(const std::string& token) {
    const Field* field = next_ == Next::kMember ? FindField(record_, token) : nullptr;
    const bool index = !token.empty() && token.find_first_not_of("0123456789") == std::string::npos;
    known_ = next_ == Next::kMember ? field != nullptr : next_ == Next::kIndex ? index : next_ != Next::kNothing;
    if (!known_) return;
    AppendPointer(field == nullptr ? std::string_view(token) : field->name, canonical_);
    if (next_ == Next::kAnything) return;
    if (field == nullptr) {
      next_ = record_ == Record::kNone ? Next::kNothing : Next::kMember;
      return;
    }
    record_ = field->members;
    next_ = Below(field->type);
  }

  static Next Below(FieldType type) {
    switch (type) {
      case FieldType::kRecord:
        return Next::kMember;
      case FieldType::kStringMap:
      case FieldType::kIntegerMap:
      case FieldType::kRecordMap:
        return Next::kKey;
      case FieldType::kStringList:
      case FieldType::kIntegerList:
      case FieldType::kRecordList:
        return Next::kIndex;
      case FieldType::kOpenTree:
      case FieldType::kCarried:
        return Next::kAnything;
      default:
        return Next::kNothing;
    }
  }

  Record record_ = Record::kSpec;
  Next next_ = Next::kMember;
  std::string canonical_;
  bool known_ = true;
};

// Says why nothing is printed, and which field is near; the exit code that follows.
ExitCode ComplainOfPath(const Resolved& resolved, const SpecPath& path, const std::string& written, Console& console) {
  std::vector<std::string> near = path.Siblings();
  for (const ExplainedField& field : ExplainResolved(resolved, "", "")) {
    for (size_t end = field.path.find('/', 1); end != std::string::npos; end = field.path.find('/', end + 1)) {
      near.push_back(field.path.substr(0, end));
    }
    near.push_back(field.path);
  }
  if (!path.known()) {
    console.Complain(Quoted(written) + " names no field of a spec" + DidYouMean(written, near));
    return kExitUsage;
  }
  console.Complain("nothing is set at " + Quoted(path.canonical()) + ": see what is without `--path`");
  return kExitGood;
}

}  // namespace

ExitCode ResolveSpec(const ResolveOptions& options, Console& console) {
  Resolution resolution(options, console);
  if (const ExitCode code = resolution.Run(/*needs_user=*/true); code != kExitGood) return code;
  if (const ExitCode code = resolution.Verdict(); code != kExitGood) return code;
  const Resolved& resolved = resolution.resolved();
  if (options.output == Output::kJson) {
    console.out << ResolvedToJson(resolved, JsonLayout::kIndented) << "\n";
    return kExitGood;
  }
  const CompiledBinding& binding = resolved.snapshot->bindings()[resolved.binding];
  std::vector<HeaderLine> header = {
      {"runner", Printable(resolved.snapshot->RunnerOf(binding).runner->runner_id)},
      {"profile", Printable(binding.name)},
  };
  for (HeaderLine& line : NetworkHeader(resolved)) header.push_back(std::move(line));
  // As YAML the whole output can be read again: a profile's spec.
  PrintHeader(header, options.output == Output::kYaml ? "# " : "", console.out);
  console.out << "\n";
  PrintSpec(resolved, resolution.request_file(), console.out);
  return kExitGood;
}

ExitCode ExplainSpec(const ResolveOptions& options, Console& console) {
  Resolution resolution(options, console);
  if (const ExitCode code = resolution.Run(/*needs_user=*/false); code != kExitGood) return code;
  const std::string written = PointerOf(options.path);
  const SpecPath path(written);
  const std::vector<ExplainedField> fields =
      ExplainResolved(resolution.resolved(), resolution.request_file(), path.known() ? path.canonical() : written);
  if (fields.empty() && !written.empty() &&
      ComplainOfPath(resolution.resolved(), path, written, console) != kExitGood) {
    return kExitUsage;
  }
  const ExitCode code = resolution.Verdict();
  if (options.output == Output::kJson) {
    console.out << ExplanationToJson(fields, JsonLayout::kIndented) << "\n";
  } else if (!fields.empty()) {
    PrintFields(fields, console.out);
  }
  return code;
}

}  // namespace berth::cli
