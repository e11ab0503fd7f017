#include "berth/cli/load.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "berth/cli/findings.h"
#include "berth/engine/catalog.h"
#include "berth/spec/limits.h"
#include "berth/spec/node_reader.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"
#include "berth/store/files.h"
#include "berth/validate/request.h"

namespace berth::cli {
namespace {

constexpr uint64_t kCatalogRevision = 1;
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// `ending` in lower case; ASCII letters of `name` in either.
bool EndsWith(std::string_view name, std::string_view ending) {
  if (name.size() < ending.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(name.substr(name.size() - ending.size()), ending, {}, lower);
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool StartsLikeJson(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  const std::string_view trimmed = Trimmed(text.substr(0, 4096));
  return !trimmed.empty() && (trimmed.front() == '{' || trimmed.front() == '[');
}

// Whether the text is a sequence of lines that each start an object.
bool IsJsonLines(const SourceText& source) {
  if (EndsWith(source.name(), ".jsonl") || EndsWith(source.name(), ".ndjson")) return true;
  if (EndsWith(source.name(), ".yaml") || EndsWith(source.name(), ".yml")) return false;
  std::string_view rest = source.bytes();
  size_t objects = 0;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = Trimmed(rest.substr(0, end));
    if (!line.empty() && line.front() != '{') return false;
    objects += line.empty() ? 0 : 1;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return objects > 0;
}

LoadedRequest Unreadable(std::string_view file, std::vector<Issue> issues, uint32_t line) {
  LoadedRequest loaded;
  loaded.readable = false;
  loaded.request.issues = std::move(issues);
  for (Issue& issue : loaded.request.issues) {
    issue.file = file;
    issue.position.line = line;
    issue.field.clear();
  }
  return loaded;
}

// Every line of JSON lines is a request of its own.
std::vector<LoadedRequest> DecodeLines(const SourceText& source, std::string_view file, Console& console) {
  std::vector<LoadedRequest> requests;
  std::string_view rest = source.bytes();
  for (uint32_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = Trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    auto one = std::make_shared<SourceText>(source.name(), std::string(text));
    ParsedDocument parsed = ParseJson(one);
    if (parsed.document == nullptr) {
      requests.push_back(Unreadable(file, std::move(parsed.issues), line));
      for (const Issue& issue : requests.back().request.issues) PrintFindingLine(issue, console.err);
      continue;
    }
    requests.push_back(DecodeRequest(parsed.document->root(0), {}, parsed.issues, nullptr));
  }
  return requests;
}

void PrintAs(std::vector<Issue> issues, std::string_view file, Console& console) {
  for (Issue& issue : issues) {
    issue.file = file;
    PrintFindingLine(issue, console.err);
  }
}

std::string_view ShownName(const std::string& path) {
  return path == "-" ? kStandardInputName : std::string_view(path);
}

// Reads and parses the text at `path`; nothing, after a message, when that fails.
std::shared_ptr<const SourceText> ReadText(const std::string& path, size_t max_bytes, Console& console) {
  SourceFiles sources = ReadOneSource(path, max_bytes, /*full_name=*/false);
  for (const Issue& issue : sources.issues) PrintFindingLine(issue, console.err);
  return sources.texts.empty() ? nullptr : std::move(sources.texts.front());
}

// The requests of a parsed document: its roots, or the elements of the one list it is.
std::vector<LoadedRequest> DecodeAll(const Document& document, const std::vector<Issue>& issues, Console& console) {
  std::vector<LoadedRequest> requests;
  const bool list = document.root_count() == 1 && document.root(0).kind() == ValueKind::kSequence;
  const size_t count = list ? document.root(0).size() : document.root_count();
  for (size_t i = 0; i < count; ++i) {
    const Value value = list ? document.root(0)[i] : document.root(i);
    std::string base_path;
    if (list) base_path.append("/").append(std::to_string(i));
    requests.push_back(DecodeRequest(value, base_path, issues, &console));
  }
  return requests;
}

}  // namespace

ParsedDocument ParseText(std::shared_ptr<const SourceText> source) {
  if (source->name() == kStandardInputName && StartsLikeJson(source->bytes())) {
    ParsedDocument parsed = ParseJson(source);
    if (parsed.document != nullptr) return parsed;
    ParsedDocument as_yaml = ParseYaml(std::move(source));
    return as_yaml.document != nullptr ? std::move(as_yaml) : std::move(parsed);
  }
  return EndsWith(source->name(), ".json") ? ParseJson(std::move(source)) : ParseYaml(std::move(source));
}

ExitCode LoadCatalog(const std::string& path, Engine& engine, Console& console) {
  SourceFiles sources = ReadSources(path, /*full_names=*/false);
  std::vector<Issue> findings = std::move(sources.issues);
  const auto add = [&](std::span<const Issue> issues) {
    for (const Issue& issue : issues) findings.emplace_back(issue).file = OpenableName(path, issue.file);
  };
  Catalog catalog;
  for (auto& text : sources.texts) AddParsed(ParseText(std::move(text)), catalog);
  add(catalog.issues);
  if (catalog.objects.empty()) {
    PrintServedFindings(std::move(findings), path, console.err);
    console.Complain("the catalog " + Quoted(path) +
                     " holds no object that can be read: name a file or folder with profiles and runners");
    return kExitUnreadable;
  }
  if (const absl::Status status = engine.Publish(catalog, kCatalogRevision); !status.ok()) {
    console.Complain(std::string_view(status.message().data(), status.message().size()));
    return kExitInternal;
  }
  if (console.quiet) return kExitGood;
  const auto snapshot = engine.snapshot();
  for (const auto& object : snapshot->objects()) add(object->issues);
  add(snapshot->issues());
  PrintServedFindings(std::move(findings), path, console.err);
  return kExitGood;
}

LoadedRequest DecodeRequest(Value value, std::string_view base_path, std::span<const Issue> issues, Console* console) {
  LoadedRequest loaded;
  loaded.request = DecodeLaunchRequest(value, issues, base_path);
  for (const Issue& issue : loaded.request.issues) {
    if (console != nullptr && issue.level() != IssueLevel::kError) PrintFindingLine(issue, console->err);
  }
  return loaded;
}

std::optional<LoadedRequest> LoadRequest(const std::string& path, Console& console) {
  const auto source = ReadText(path, kMaxRequestBytes, console);
  if (source == nullptr) return std::nullopt;
  ParsedDocument parsed = ParseText(source);
  if (parsed.document == nullptr) {
    PrintAs(std::move(parsed.issues), ShownName(path), console);
    return std::nullopt;
  }
  if (parsed.document->root_count() != 1) {
    console.Complain(Quoted(ShownName(path)) + " holds " + std::to_string(parsed.document->root_count()) +
                     " requests where one is expected" +
                     (parsed.document->root_count() > 1 ? ": ask about all of them with `admit --requests`" : ""));
    return std::nullopt;
  }
  return DecodeRequest(parsed.document->root(0), {}, parsed.issues, &console);
}

std::optional<std::vector<LoadedRequest>> LoadRequests(const std::string& path, Console& console) {
  const auto source = ReadText(path, kMaxFileBytes, console);
  if (source == nullptr) return std::nullopt;
  std::optional<std::vector<LoadedRequest>> requests;
  if (StartsLikeJson(source->bytes()) || EndsWith(source->name(), ".json")) {
    const ParsedDocument parsed = ParseJson(source);
    if (parsed.document != nullptr) requests = DecodeAll(*parsed.document, parsed.issues, console);
  }
  if (!requests && IsJsonLines(*source)) requests = DecodeLines(*source, ShownName(path), console);
  if (!requests) {
    ParsedDocument parsed = ParseText(source);
    if (parsed.document == nullptr) {
      PrintAs(std::move(parsed.issues), ShownName(path), console);
      return std::nullopt;
    }
    requests = DecodeAll(*parsed.document, parsed.issues, console);
  }
  if (requests->empty()) {
    console.Complain(Quoted(ShownName(path)) + " holds no request: name a file with one launch or more");
    return std::nullopt;
  }
  return requests;
}

std::string OrganizationWarning(const Snapshot& snapshot, const LaunchRequest& request) {
  if (snapshot.KnowsOrganization(request.organization_id) || HasError(request.issues)) return {};
  const std::vector<std::string> known = OrganizationsOf(snapshot);
  const std::string near = DidYouMean(request.organization_id, known);
  return "the request's organization " + Quoted(request.organization_id) + " is carried by no object of the catalog" +
         (near.empty() && !known.empty() ? "; the catalog's are " + NameList(known, 60) : near);
}

void WarnOfOrganization(const Snapshot& snapshot, const LaunchRequest& request, Console& console) {
  const std::string warning = OrganizationWarning(snapshot, request);
  if (!warning.empty()) console.Complain("warning: " + warning);
}

bool ChooseOrganization(const Snapshot& snapshot, const std::optional<std::string>& given, LoadedRequest* request,
                        std::string& organization, Console& console) {
  organization = given.value_or(std::string(kDefaultOrganization));
  if (request != nullptr) {
    const bool own = !NodeReader(request->request.node.get()).Text("organization_id").empty();
    if (own) {
      organization = request->request.organization_id;
      WarnOfOrganization(snapshot, request->request, console);
      return true;
    }
    request->request.organization_id = organization;
  }
  if (!given || snapshot.KnowsOrganization(organization)) return true;
  console.Complain("organization " + Quoted(organization) + " is carried by no object of the catalog" +
                   DidYouMean(organization, OrganizationsOf(snapshot)));
  return false;
}

std::vector<std::string> OrganizationsOf(const Snapshot& snapshot) {
  std::set<std::string> known;
  for (const auto& object : snapshot.objects()) {
    if (const auto* runner = std::get_if<Runner>(&object->value)) known.insert(runner->organization_id);
    if (const auto* profile = std::get_if<Profile>(&object->value)) known.insert(profile->organization_id);
    if (const auto* owner = std::get_if<Organization>(&object->value)) known.insert(owner->organization_id);
  }
  known.erase("");
  return {known.begin(), known.end()};
}

std::string DidYouMean(std::string_view wanted, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view near = NearestName(wanted, views);
  return near.empty() ? std::string() : ", did you mean " + Quoted(near) + "?";
}

}  // namespace berth::cli
