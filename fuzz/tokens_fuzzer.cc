// Property: any bytes are a file of tokens or have an error with its place; no issue repeats a text as long as a token;
// whoever is let in has the digest of the token that was shown, and a new token's entry admits that token.
// Input: a tokens file; before a NUL or 0x1E byte, where there is one, the name of a new token.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/daemon/access.h"
#include "berth/daemon/rpc_status.h"
#include "berth/daemon/tokens.h"
#include "berth/spec/utf8.h"
#include "berth/validate/names.h"
#include "fuzz/document_checks.h"
#include "fuzz/property.h"

namespace berth {
namespace {

constexpr size_t kLeastTokenBytes = 43;  // 256 bits in base64

// Whether the text holds anything that could be a token.
bool HoldsToken(std::string_view text) {
  size_t run = 0;
  for (const char c : text) {
    const bool inside = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    run = inside ? run + 1 : 0;
    if (run >= kLeastTokenBytes) return true;
  }
  return false;
}

std::shared_ptr<const Tokens> ReadTokens(const char* name, std::string_view text) {
  const auto source = std::make_shared<const SourceText>(name, std::string(text));
  std::vector<Issue> issues;
  std::shared_ptr<const Tokens> tokens = Tokens::Parse(std::make_shared<SourceText>(name, std::string(text)), issues);
  RequireIssuesInside(issues, *source, {0, text.size()});
  Require((tokens == nullptr) == HasError(issues), "tokens are read or have an error");
  for (const Issue& issue : issues) {
    for (const std::string& said : {issue.message, issue.path, issue.field, issue.suggestion}) {
      Require(!HoldsToken(said), "no issue repeats a token", said);
    }
    Require(issue.fix.empty(), "no edit repeats a token");
  }
  return tokens;
}

void RequireShut(const Tokens& tokens, std::string_view authorization) {
  Require(tokens.Find(authorization) == nullptr, "what is no bearer token lets nobody in", authorization);
}

void Run(std::string_view file) {
  for (const char* name : {"tokens.yaml", "tokens.json"}) {
    const auto tokens = ReadTokens(name, file);
    if (tokens == nullptr) continue;
    RequireShut(*tokens, "");
    RequireShut(*tokens, "Bearer ");
    RequireShut(*tokens, file.substr(0, 6) == "Bearer" ? "x" : file);
    Access access;
    access.Set(tokens);
    Caller caller;
    const auto failure = access.Check("Bearer " + std::string(file.substr(0, 64)), caller);
    Require(!failure || WireBytes(StatusOf(*failure)) <= kMaxStatusBytes, "a refusal fits");
    Require(failure || tokens->size() > 0, "without tokens nobody is let in");
  }
}

void RunNew(std::string_view name) {
  if (!CheckFreeName(name).empty() || FirstInvalidUtf8(name) != name.size()) return;
  const auto made = MakeToken(name, name);
  if (!made) return;
  std::vector<Issue> issues;
  const auto tokens =
      Tokens::Parse(std::make_shared<SourceText>("tokens.yaml", "tokens:\n" + made->entry + "\n"), issues);
  Require(tokens != nullptr && issues.empty(), "a new token's entry is read", made->entry);
  const Caller* caller = tokens->Find("Bearer " + made->token);
  Require(caller != nullptr, "a new token is let in", made->entry);
  Require(caller->name == name && caller->organization_id == name, "as whom it was made for", made->entry);
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = berth::TextOf(data, size);
  const size_t split = text.find_first_of(std::string_view("\0\x1E", 2));
  if (split == std::string_view::npos) {
    berth::Run(text);
  } else {
    berth::RunNew(text.substr(0, split));
    berth::Run(text.substr(split + 1));
  }
  return 0;
}
