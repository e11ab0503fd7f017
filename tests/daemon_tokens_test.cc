#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/access.h"
#include "berth/daemon/digest.h"
#include "berth/daemon/tokens.h"
#include "tests/daemon_fixture.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string HexDigestOf(std::string_view text) {
  const Digest digest = Sha256(text);
  return HexOf({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

struct Read {
  std::shared_ptr<const Tokens> tokens;
  std::vector<Issue> issues;

  // "line:column: message", one for each.
  [[nodiscard]] std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const Issue& issue : issues) {
      texts.push_back(std::to_string(issue.position.line) + ":" + std::to_string(issue.position.column) + ": " +
                      issue.message);
    }
    return texts;
  }
};

Read ReadTokens(std::string text, const std::string& name = "tokens.yaml") {
  Read read;
  read.tokens = Tokens::Parse(std::make_shared<SourceText>(name, std::move(text)), read.issues);
  return read;
}

// A file of tokens that each are their own name.
std::shared_ptr<const Tokens> TokensOf(const std::vector<std::string>& names) {
  std::string file = "tokens:\n";
  for (const std::string& name : names) {
    file += "- {name: " + name + ", sha256: " + HexDigestOf(name) + ", roles: [SANDBOX_USER]}\n";
  }
  Read read = ReadTokens(file);
  EXPECT_THAT(read.Texts(), IsEmpty());
  return read.tokens;
}

// ---- SHA-256 and its spelling ----

TEST(Digest, IsSha256) {
  EXPECT_EQ(HexDigestOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexDigestOf("test"), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
}

TEST(Digest, ReadsItsHexadecimalDigitsAndNothingElse) {
  const std::string hex = HexDigestOf("test");
  ASSERT_TRUE(DigestOfHex(hex));
  EXPECT_TRUE(SameDigest(*DigestOfHex(hex), Sha256("test")));
  EXPECT_FALSE(SameDigest(*DigestOfHex(hex), Sha256("tesu")));
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  ASSERT_TRUE(DigestOfHex(upper));
  EXPECT_TRUE(SameDigest(*DigestOfHex(upper), Sha256("test")));
  for (const std::string& wrong : {std::string(), hex.substr(1), hex + "0", "0x" + hex.substr(2), " " + hex.substr(1),
                                   "g" + hex.substr(1), hex.substr(0, 63) + std::string(1, '\0')}) {
    EXPECT_FALSE(DigestOfHex(wrong)) << wrong;
  }
}

TEST(Digest, ComparesEveryByte) {
  for (size_t i = 0; i < 32; ++i) {
    Digest other = Sha256("test");
    other[i] = static_cast<unsigned char>(other[i] ^ 1U);
    EXPECT_FALSE(SameDigest(other, Sha256("test"))) << i;
  }
}

TEST(RandomBytes, AreNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto bytes = RandomBytes(16);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->size(), 16U);
    EXPECT_TRUE(seen.insert(*bytes).second);
  }
}

// ---- the file ----

TEST(Tokens, SayWhoTheySpeakFor) {
  const Read read = ReadTokens(
      "tokens:\n"
      "  - name: ci\n    sha256: " +
      HexDigestOf("one") +
      "\n    organization_id: acme\n    user_id: u-42\n    roles: [SANDBOX_USER]\n"
      "  - {name: admin, sha256: " +
      HexDigestOf("two") +
      ", roles: [SANDBOX_ADMIN], any_organization: true}\n"
      "  - {name: idle, sha256: " +
      HexDigestOf("three") + ", roles: [], organizationId: \"\", userId: u-1}\n");
  ASSERT_THAT(read.Texts(), IsEmpty());
  ASSERT_EQ(read.tokens->size(), 3U);
  const Caller* ci = read.tokens->Find("Bearer one");
  ASSERT_NE(ci, nullptr);
  EXPECT_EQ(ci->name, "ci");
  EXPECT_EQ(ci->organization_id, "acme");
  EXPECT_EQ(ci->user_id, "u-42");
  EXPECT_TRUE(ci->may_use);
  EXPECT_FALSE(ci->any_organization);
  const Caller* admin = read.tokens->Find("Bearer two");
  ASSERT_NE(admin, nullptr);
  EXPECT_EQ(admin->organization_id, "default");
  EXPECT_EQ(admin->user_id, "");
  EXPECT_TRUE(admin->may_use);
  EXPECT_TRUE(admin->any_organization);
  const Caller* idle = read.tokens->Find("Bearer three");
  ASSERT_NE(idle, nullptr);
  EXPECT_FALSE(idle->may_use);
  EXPECT_EQ(idle->organization_id, "default");
}

TEST(Tokens, AreReadFromJsonToo) {
  const Read read = ReadTokens(
      R"({"tokens": [{"name": "ci", "sha256": ")" + HexDigestOf("one") + R"(", "roles": ["SANDBOX_USER"]}]})",
      "tokens.json");
  ASSERT_THAT(read.Texts(), IsEmpty());
  EXPECT_NE(read.tokens->Find("Bearer one"), nullptr);
}

TEST(Tokens, MayBeNone) {
  const Read read = ReadTokens("tokens: []\n");
  ASSERT_THAT(read.Texts(), IsEmpty());
  EXPECT_EQ(read.tokens->size(), 0U);
  EXPECT_EQ(read.tokens->Find("Bearer "), nullptr);
}

// Every mistake, where it stands. One that is found lets no other token in.
TEST(Tokens, SayWhereEachMistakeIs) {
  const std::string one = HexDigestOf("one");
  const std::string good = "- {name: a, sha256: " + one + ", roles: [SANDBOX_USER]}\n";
  struct Row {
    std::string file;
    std::string issue;  // how the only one begins, or a part of it
  };
  const std::vector<Row> rows = {
      {"", "1:1: "},
      {"a: 1\n---\ntokens: []\n", "1:1: expected one document with `tokens`"},
      {"{}", "1:1: `tokens` is missing"},
      {"tokens: 7", "1:9: "},
      {"tokens:\n- 7\n", "2:3: "},
      {"tokens: []\nusers: []\n", "2:1: unknown field `users`"},
      {"tokens:\n- {sha256: " + one + ", roles: []}\n", "2:3: `name` is missing"},
      {"tokens:\n- {name: a, roles: []}\n", "2:3: `sha256` is missing"},
      {"tokens:\n- {name: a, sha256: " + one + "}\n", "2:3: `roles` is missing"},
      {"tokens:\n- {name: \"\", sha256: " + one + ", roles: []}\n", "2:10: "},
      {"tokens:\n- {name: null, sha256: " + one + ", roles: []}\n", "2:3: `name` is missing"},
      {"tokens:\n- {name: a, sha256: " + one + ", roles: SANDBOX_USER}\n", "2:94: expected a list"},
      {"tokens:\n- name: a\n  sha256: " + one + "\n  roles: [SANDBOX_USER, ROOT]\n", "4:10: role `ROOT` is neither"},
      {"tokens:\n- name: a\n  sha256: " + one + "\n  roles: [sandbox_user]\n", "4:10: role `sandbox_user` is neither"},
      {"tokens:\n- name: a\n  sha256: " + one.substr(1) + "\n  roles: []\n", "3:11: `sha256` must be 64"},
      {"tokens:\n- name: a\n  sha256: \"\"\n  roles: []\n", "3:11: "},
      {"tokens:\n" + good + "- {name: b, sha256: " + one + ", roles: []}\n", "3:21: this `sha256` stands in another"},
      {"tokens:\n" + good + "- {name: a, sha256: " + HexDigestOf("two") + ", roles: []}\n",
       "3:10: token `a` is there twice"},
      {"tokens:\n- name: a\n  sha256: " + HexDigestOf("") + "\n  roles: []\n",
       "3:11: this `sha256` is that of no token"},
      {"tokens:\n- {name: a, sha256: " + one + ", roles: [], any_organization: perhaps}\n",
       "2:116: expected `true` or `false`"},
      {"tokens:\n- {name: a, sha256: " + one + ", roles: [], organisation_id: x}\n", "unknown field `organisation_id`"},
      {"tokens:\n- {name: a, name: b, sha256: " + one + ", roles: []}\n", "2:13: "},
      {"tokens: [\n", ":"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.file);
    const Read read = ReadTokens(row.file);
    EXPECT_EQ(read.tokens, nullptr);
    ASSERT_EQ(read.issues.size(), 1U) << testing::PrintToString(read.Texts());
    EXPECT_THAT(read.Texts().front(), HasSubstr(row.issue));
    EXPECT_TRUE(row.issue.front() < '0' || row.issue.front() > '9' || read.Texts().front().starts_with(row.issue));
    EXPECT_TRUE(read.issues.front().position.known());
    EXPECT_EQ(read.issues.front().file, "tokens.yaml");
    EXPECT_EQ(read.issues.front().level(), IssueLevel::kError);
  }
}

TEST(Tokens, SayAllMistakesAtOnce) {
  const Read read = ReadTokens("tokens:\n- {name: a, sha256: x, roles: [ROOT]}\n- {name: b, roles: []}\n- {name: b}\n");
  EXPECT_EQ(read.tokens, nullptr);
  EXPECT_EQ(read.issues.size(), 6U) << testing::PrintToString(read.Texts());
}

// A token that was pasted where its digest, or anything else, belongs is never said again.
TEST(Tokens, AreNeverRepeatedByAMistake) {
  const std::string token = "berth_" + std::string(20, 'S') + "ecret" + std::string(18, 'T');
  const std::vector<std::string> files = {
      "tokens:\n- {name: a, sha256: " + token + ", roles: []}\n",
      "tokens:\n- {name: a, sha256: [" + token + "], roles: []}\n",
      "tokens:\n- {name: a, sha256: {" + token + ": x}, roles: []}\n",
      "tokens:\n- {name: a, sha256:" + token + ", roles: []}\n",
      "tokens:\n- {name: a, sha256: '" + token + "\n', roles: []}\n",
      "tokens:\n- " + token + "\n",
      "tokens: " + token + "\n",
      token,
      "{\"tokens\": [{\"name\": \"a\", \"sha256\": \"" + token + "}]}",
  };
  for (const std::string& file : files) {
    for (const char* name : {"tokens.yaml", "tokens.json"}) {
      SCOPED_TRACE(file);
      const Read read = ReadTokens(file, name);
      EXPECT_EQ(read.tokens, nullptr);
      EXPECT_THAT(read.Texts(), Not(IsEmpty()));
      for (const Issue& issue : read.issues) {
        for (const std::string& text : {issue.message, issue.path, issue.suggestion, issue.field}) {
          EXPECT_THAT(text, Not(HasSubstr("ecret"))) << name;
        }
      }
    }
  }
}

// ---- looking one up ----

TEST(Tokens, AreFoundByTheWholeTokenOnly) {
  const auto tokens = TokensOf({"one", "two"});
  struct Row {
    std::string header;
    std::string found;  // empty: nobody
  };
  const std::vector<Row> rows = {
      {"Bearer one", "one"},
      {"bearer one", "one"},
      {"BEARER two", "two"},
      {"Bearer  one", ""},
      {"Bearer one ", ""},
      {"Bearer one\n", ""},
      {"Bearer One", ""},
      {"Bearer on", ""},
      {"Bearer onee", ""},
      {"Bearer", ""},
      {"Bearer ", ""},
      {"", ""},
      {"one", ""},
      {"Basic one", ""},
      {"Bearerone", ""},
      {"Bearer\tone", ""},
      {"Bearer " + HexDigestOf("one"), ""},
      {"Bearer one, Bearer two", ""},
      {"Bearer " + std::string(1 << 20, 'a'), ""},
      {std::string("Bearer one\0", 11), ""},
  };
  for (const Row& row : rows) {
    const Caller* caller = tokens->Find(row.header);
    EXPECT_EQ(caller == nullptr ? "" : caller->name, row.found) << row.header.substr(0, 50);
  }
}

// Digests are looked up by their first bytes; two that share these are two tokens all the same.
TEST(Tokens, ThatBeginAlikeAreToldApart) {
  const std::string one = HexDigestOf("one");
  const std::string like_one = one.substr(0, 16) + std::string(48, '0');
  const std::string like_one_too = one.substr(0, 63) + (one.back() == '0' ? "1" : "0");
  for (const bool first : {true, false}) {
    const std::string entry = "- {name: one, sha256: " + one + ", roles: []}\n";
    const std::string others =
        "- {name: like, sha256: " + like_one + ", roles: []}\n- {name: too, sha256: " + like_one_too + ", roles: []}\n";
    const Read read = ReadTokens("tokens:\n" + (first ? entry + others : others + entry));
    ASSERT_THAT(read.Texts(), IsEmpty());
    ASSERT_EQ(read.tokens->size(), 3U);
    const Caller* caller = read.tokens->Find("Bearer one");
    ASSERT_NE(caller, nullptr);
    EXPECT_EQ(caller->name, "one");
  }
  const Read alone = ReadTokens("tokens:\n- {name: like, sha256: " + like_one + ", roles: []}\n");
  ASSERT_NE(alone.tokens, nullptr);
  EXPECT_EQ(alone.tokens->Find("Bearer one"), nullptr);
}

TEST(Tokens, AreManyAtATime) {
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i) names.push_back("token-" + std::to_string(i));
  const auto tokens = TokensOf(names);
  for (const std::string& name : names) {
    const Caller* caller = tokens->Find("Bearer " + name);
    ASSERT_NE(caller, nullptr);
    ASSERT_EQ(caller->name, name);
  }
  EXPECT_EQ(tokens->Find("Bearer token-2000"), nullptr);
}

// ---- a new one ----

TEST(NewToken, IsAdmittedByItsEntry) {
  for (const std::string name : {"ci", "a b", "a, b: {c}", "null", "123", "0x10", "~", "- x", "# no comment", "\"q\"",
                                 "'", "\xC3\xA4\xE6\x9D\xB1", "true", "a: b", "[x]", "*x", "&y", "!z", "%"}) {
    for (const std::string organization : {"default", "acme", "o: {x}", "12"}) {
      SCOPED_TRACE(name + " of " + organization);
      const auto made = MakeToken(name, organization);
      ASSERT_TRUE(made);
      EXPECT_THAT(made->token, StartsWith("berth_"));
      EXPECT_GE(made->token.size(), 6U + 43U) << "256 bits";
      EXPECT_THAT(made->entry, Not(HasSubstr(made->token)));
      EXPECT_THAT(made->entry, Not(HasSubstr("\n")));
      const Read read = ReadTokens("tokens:\n" + made->entry + "\n");
      ASSERT_THAT(read.Texts(), IsEmpty()) << made->entry;
      const Caller* caller = read.tokens->Find("Bearer " + made->token);
      ASSERT_NE(caller, nullptr);
      EXPECT_EQ(caller->name, name);
      EXPECT_EQ(caller->organization_id, organization);
      EXPECT_EQ(caller->user_id, "");
      EXPECT_TRUE(caller->may_use);
      EXPECT_FALSE(caller->any_organization);
    }
  }
}

TEST(NewToken, IsNeverTheSameAndPassesThroughAHeader) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const auto made = MakeToken("a", "default");
    ASSERT_TRUE(made);
    EXPECT_TRUE(seen.insert(made->token).second);
    for (const char c : made->token) EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-');
  }
}

// ---- the door ----

TEST(Access, WithoutTokensLetsEverybodyIn) {
  const Access access;
  for (const char* header : {"", "Bearer x", "nonsense"}) {
    Caller caller = CallerOf("other", "u");
    EXPECT_FALSE(access.Check(header, caller));
    EXPECT_EQ(caller.name, "anonymous");
    EXPECT_EQ(caller.organization_id, "default");
    EXPECT_EQ(caller.user_id, "");
    EXPECT_TRUE(caller.any_organization);
  }
}

TEST(Access, SaysWhyACallerMayNotIn) {
  Access access;
  access.Set(ReadTokens("tokens:\n- {name: ci, sha256: " + HexDigestOf("one") + ", roles: [SANDBOX_USER]}\n" +
                        "- {name: idle, sha256: " + HexDigestOf("two") + ", roles: []}\n")
                 .tokens);
  struct Row {
    std::string header;
    RpcCode code;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"", RpcCode::kUnauthenticated, "a bearer token is missing"},
      {"Bearer secret", RpcCode::kUnauthenticated, "the bearer token is unknown"},
      {"Basic b25l", RpcCode::kUnauthenticated, "the bearer token is unknown"},
      {"Bearer two", RpcCode::kPermissionDenied, "the token has no role"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.header);
    Caller caller = CallerOf("before", "u");
    const std::optional<AuthFailure> failure = access.Check(row.header, caller);
    ASSERT_TRUE(failure);
    const StatusDetails told = Checked(StatusOf(*failure));
    EXPECT_EQ(told.rpc_code(), row.code);
    EXPECT_EQ(told.info.reason(),
              row.code == RpcCode::kUnauthenticated ? "CWSANDBOX_UNAUTHENTICATED" : "CWSANDBOX_PERMISSION_DENIED");
    EXPECT_THAT(told.message, HasSubstr(row.message));
    EXPECT_THAT(told.message, Not(HasSubstr("secret")));
    EXPECT_EQ(caller.organization_id, "before") << "nobody is taken for somebody";
  }
  Caller caller;
  EXPECT_FALSE(access.Check("Bearer one", caller));
  EXPECT_EQ(caller.name, "ci");
  EXPECT_FALSE(caller.any_organization);
}

TEST(Access, FollowsTheFile) {
  Access access;
  access.Set(TokensOf({"one"}));
  Caller caller;
  EXPECT_FALSE(access.Check("Bearer one", caller));
  access.Set(TokensOf({"two"}));
  EXPECT_TRUE(access.Check("Bearer one", caller));
  EXPECT_FALSE(access.Check("Bearer two", caller));
  // An empty file lets nobody in; no file lets everybody in.
  access.Set(ReadTokens("tokens: []").tokens);
  EXPECT_TRUE(access.Check("Bearer two", caller));
  access.Set(nullptr);
  EXPECT_FALSE(access.Check("", caller));
}

}  // namespace
}  // namespace berth
