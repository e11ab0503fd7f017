#include "berth/daemon/tokens.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "berth/spec/decode.h"
#include "berth/spec/field.h"
#include "berth/spec/node_reader.h"
#include "berth/spec/quoted.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kMaxTokenTextBytes = 1024;
constexpr std::string_view kScheme = "Bearer ";

uint64_t PrefixOf(const Digest& digest) {
  uint64_t prefix = 0;
  std::memcpy(&prefix, digest.data(), sizeof(prefix));
  return prefix;
}

void Report(IssueCode code, const SourceText& source, Position position, std::string message,
            std::vector<Issue>& issues) {
  Issue& issue = issues.emplace_back();
  issue.code = code;
  issue.file = source.name();
  issue.position = position;
  issue.message = std::move(message);
}

// Of a token nothing is repeated, wherever in the file it was pasted: no text, and no part of a path, that is as long as
// a token.
bool IsAsLongAsAToken(std::string_view text) { return text.size() >= 40; }
void HideTokens(std::string_view separators, std::string& text) {
  std::string hidden;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    hidden.append(IsAsLongAsAToken(part) ? "..." : part);
    if (end < text.size()) hidden.push_back(text[end]);
    begin = end + 1;
  }
  text = std::move(hidden);
}
void HideTokens(Issue& issue) {
  for (std::string* text : {&issue.message, &issue.suggestion}) {
    // User text stands in backticks, which it cannot hold.
    std::string hidden;
    for (size_t begin = 0, part = 0; begin <= text->size(); ++part) {
      const size_t end = std::min(text->find('`', begin), text->size());
      std::string between = text->substr(begin, end - begin);
      if (part % 2 == 1) HideTokens(" ,:[]{}\"'", between);
      hidden += between;
      if (end < text->size()) hidden.push_back('`');
      begin = end + 1;
    }
    *text = std::move(hidden);
  }
  HideTokens("/", issue.path);
  HideTokens(".[", issue.field);
  issue.fix.clear();
}

bool IsRole(std::string_view role) { return role == "SANDBOX_USER" || role == "SANDBOX_ADMIN"; }

Caller CallerOf(const NodeReader& token) {
  Caller caller;
  caller.name = token.Text("name");
  if (const std::string id = token.Text("organization_id"); !id.empty()) caller.organization_id = id;
  caller.user_id = token.Text("user_id");
  caller.may_use = !token.Texts("roles").empty();
  caller.any_organization = token.Bool("any_organization");
  return caller;
}

}  // namespace

std::shared_ptr<const Tokens> Tokens::Parse(std::shared_ptr<const SourceText> source, std::vector<Issue>& issues) {
  std::vector<Issue> found;
  std::shared_ptr<const Tokens> tokens = Decode(std::move(source), found);
  for (Issue& issue : found) {
    HideTokens(issue);
    issues.push_back(std::move(issue));
  }
  return tokens;
}

std::shared_ptr<const Tokens> Tokens::Decode(std::shared_ptr<const SourceText> source, std::vector<Issue>& issues) {
  const ParsedDocument parsed = ParseDocument(source);
  issues.insert(issues.end(), parsed.issues.begin(), parsed.issues.end());
  if (parsed.document == nullptr) return nullptr;
  if (parsed.document->root_count() != 1) {
    Report(IssueCode::kMissingField, *source, {1, 1}, "expected one document with `tokens`", issues);
    return nullptr;
  }
  const Value root = parsed.document->root(0);
  const NodeRef file = DecodeRecord(Record::kTokensFile, root, Layer::kDefault, "", issues).node;
  const NodeReader reader(file.get());
  if (!reader.Has("tokens") && !HasError(issues)) {
    Report(IssueCode::kMissingField, *source, root.position(), "`tokens` is missing: list who may call", issues);
  }
  auto tokens = std::make_shared<Tokens>();
  std::set<std::string> names;
  for (const NodeRef& node : reader.Records("tokens")) {
    if (node->kind != NodeKind::kMap) continue;  // reported already
    const NodeReader token(node.get());
    const auto refuse = [&](std::string_view field, std::string message) {
      const bool there = token.Has(field);
      Report(there ? IssueCode::kUnknownValue : IssueCode::kMissingField, *source,
             there ? token.PositionOf(field) : node->position, std::move(message), issues);
    };
    for (const std::string_view field : {"name", "sha256", "roles"}) {
      if (!token.Has(field) && !token.IsInvalid(field)) refuse(field, Quoted(field) + " is missing");
    }
    for (const std::string& role : token.Texts("roles")) {
      if (!IsRole(role)) refuse("roles", "role " + Quoted(role) + " is neither `SANDBOX_USER` nor `SANDBOX_ADMIN`");
    }
    Entry entry;
    entry.caller = CallerOf(token);
    if (!entry.caller.name.empty() && !names.insert(entry.caller.name).second) {
      refuse("name", "token " + Quoted(entry.caller.name) + " is there twice: give each a name of its own");
    }
    // The value is not repeated: it may be the token itself, pasted by mistake.
    const std::optional<Digest> digest = DigestOfHex(token.Text("sha256"));
    if (!digest) {
      if (token.Has("sha256")) refuse("sha256", "`sha256` must be 64 hexadecimal digits, the token's SHA-256");
      continue;
    }
    entry.digest = *digest;
    if (SameDigest(*digest, Sha256({}))) {
      refuse("sha256", "this `sha256` is that of no token at all: hash the token, as `berthd token` does");
    }
    if (tokens->EntryOf(*digest) != nullptr) {
      refuse("sha256", "this `sha256` stands in another entry as well: give each caller a token of its own");
    }
    tokens->by_prefix_.emplace(PrefixOf(*digest), tokens->entries_.size());
    tokens->entries_.push_back(std::move(entry));
  }
  if (HasError(issues)) return nullptr;
  return tokens;
}

const Caller* Tokens::Find(std::string_view authorization) const {
  if (authorization.size() > kScheme.size() + kMaxTokenTextBytes) return nullptr;
  if (!absl::StartsWithIgnoreCase(absl::string_view(authorization.data(), authorization.size()),
                                  absl::string_view(kScheme.data(), kScheme.size()))) {
    return nullptr;
  }
  const Entry* entry = EntryOf(Sha256(authorization.substr(kScheme.size())));
  return entry == nullptr ? nullptr : &entry->caller;
}

const Tokens::Entry* Tokens::EntryOf(const Digest& digest) const {
  const auto [begin, end] = by_prefix_.equal_range(PrefixOf(digest));
  for (auto it = begin; it != end; ++it) {
    const Entry& entry = entries_[it->second];
    if (SameDigest(entry.digest, digest)) return &entry;
  }
  return nullptr;
}

std::optional<NewToken> MakeToken(std::string_view name, std::string_view organization_id) {
  const std::optional<std::string> bytes = RandomBytes(kTokenBytes);
  if (!bytes) return std::nullopt;
  NewToken made;
  made.token = "berth_" + absl::WebSafeBase64Escape(absl::string_view(bytes->data(), bytes->size()));
  const Digest digest = Sha256(made.token);
  made.entry = "- {name: ";
  AppendYamlScalar(name, made.entry);
  made.entry.append(", sha256: ").append(HexOf({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  made.entry.append(", organization_id: ");
  AppendYamlScalar(organization_id, made.entry);
  made.entry.append(", roles: [SANDBOX_USER]}");
  return made;
}

}  // namespace berth
