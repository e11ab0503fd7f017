#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "berth/validate/names.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

std::string Times(size_t count, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out.append(text);
  return out;
}

struct Table {
  std::string_view rule;
  std::string_view (*check)(std::string_view);
  std::vector<std::string> valid;
  std::vector<std::string> invalid;
};

std::string_view CheckHostNameForTest(std::string_view text) { return IsHostName(text) ? "" : "no"; }
std::string_view CheckWildcardForTest(std::string_view text) { return IsWildcardSubdomain(text) ? "" : "no"; }

const std::string kNul("a\0b", 3);

std::vector<Table> DnsTables() {
  const std::string a63(63, 'a');
  const std::string longest = Times(3, a63 + ".") + std::string(61, 'b');  // 253
  return {
      {"Dns1123Label",
       CheckDns1123Label,
       {"a", "0", "a-b", "a--b", "0a", "a0", "123", "a-0-z", a63, std::string(63, '9'), "xn--bcher-kva"},
       {"",   "-",        "-a",      "a-", "A", "aA",  "a.b", "a_b", "a b", " a", "a ", "a\n",
        kNul, "\xC3\xA9", a63 + "a", ".",  "*", "a/b", "a`",  "a{",  "/",   ":",  "@"}},
      {"Dns1123Subdomain",
       CheckDns1123Subdomain,
       {"a", "a.b", "a-b.c-d", "1.2.3.4", "0", a63 + "a", a63 + "a.b", std::string(253, 'a'), longest, "a.0"},
       {"", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a.-b", "a.b-", "A.b", "a_b.c", "*.a", "a b",
        std::string(254, 'a'), longest + "b", "a.b\n", "a/b"}},
      {"HostName",
       CheckHostNameForTest,
       {"a", "a.b", "1.2", a63, a63 + ".b", longest},
       {"", ".", "a.", ".a", "a..b", a63 + "a", "b." + a63 + "a", longest + "b", "A", "a_b", "-a", "a.-b", "*.a",
        Times(127, "a.") + "a"}},
      {"Dns1035Label", CheckDns1035Label, {"a", "a0", "a-b", a63}, {"", "0a", "0", "-a", "a-", "A", "a.b", a63 + "a"}},
      {"WildcardSubdomain",
       CheckWildcardForTest,
       {"*.a", "*.a.b", "*." + std::string(251, 'a')},
       {"", "*", "*.", "a", "a.*", "**.a", "*a.b", "*.*.a", "*." + std::string(252, 'a'), "*.A"}},
      {"PortName",
       CheckPortName,
       {"http", "a", "a1", "1a", "http-2", "a-b-c", "abcdefghijklmno"},
       {"", "1", "12", "1-2", "-a", "a-", "a--b", "A", "a_b", "a.b", "abcdefghijklmnop", " a"}},
      {"NamespacePrefix",
       CheckNamespacePrefix,
       {"", "a", "0", "sb-", "a-", "sb--", "a-b", std::string(40, 'a')},
       {"-", "-a", "A", "a_", "a.", "a b", std::string(41, 'a'), "\xC3\xA9"}},
  };
}

std::vector<Table> KeyTables() {
  const std::string name63 = "a" + std::string(61, '_') + "z";
  const std::string prefix253(253, 'p');
  return {
      {"LabelKey",
       CheckLabelKey,
       {"a", "A", "1", "a.b", "a_b", "a-b", "app.kubernetes.io/name", "example.com/Name", "a/b", "a/B_c.d-e", name63,
        "p/" + name63, prefix253 + "/a", "1/2", "a--b", "a..b"},
       {"",
        "/",
        "/a",
        "a/",
        "a/b/c",
        "a//b",
        "-a",
        "a-",
        "_a",
        "a_",
        ".a",
        "a.",
        "a b",
        "A.com/a",
        "a_b/c",
        "-a/b",
        "a./b",
        name63 + "z",
        "p/" + name63 + "z",
        prefix253 + "p/a",
        "\xC3\xA9",
        "a:b",
        "a/-b",
        "a/b-",
        kNul}},
      {"AnnotationKey",
       CheckAnnotationKey,
       {"a", "A", "Example.COM/Name", "example.com/name", "A/b", name63},
       {"", "/", "/a", "a/", "a/b/c", "-a", "a_b/c", "A-/b", "A./b", name63 + "z", prefix253 + "p/a", "a b"}},
      {"LabelValue",
       CheckLabelValue,
       {"", "a", "A", "0", "a.b_c-d", "true", name63, "a..b"},
       {"-", "-a", "a-", "_a", "a_", ".", "a.", "a b", "a/b", name63 + "z", "\xC3\xA9", "a\n", " "}},
      {"EnvName",
       CheckEnvName,
       {"A", "a", "_", "A_B", "1A", "A B", "..", ".", "a-b", "~", " ", "$", "\"", std::string(1000, 'A')},
       {"", "=", "A=", "A=B", "A\t", "A\n", "\x7F", "\xC3\xA9", kNul, "\x1F"}},
      {"PortableEnvName",
       CheckPortableEnvName,
       {"A", "a", "_", "-", "A_B", "A1", ".a", "a.b", "a-b", "a..b", "-.", "_1"},
       {"", "1A", "1", "A B", ".", "..", "..a", "...", "A=", "$A", "\xC3\xA9", "A\n"}},
      {"FreeName",
       CheckFreeName,
       {"a", "A B", "\xC3\xA9", "ci / nightly", std::string(253, 'x'), "\xC2\xA0", " ", "\xE2\x80\x94", "\xC2"},
       {"", std::string(254, 'x'), "a\n", "\t", "\x7F", kNul, "\xC2\x80", "a\xC2\x9F", "\x1B[0m"}},
  };
}

void ExpectTables(const std::vector<Table>& tables) {
  for (const Table& table : tables) {
    for (const std::string& text : table.valid)
      EXPECT_EQ(table.check(text), "") << table.rule << " of `" << text << "`";
    for (const std::string& text : table.invalid) {
      EXPECT_NE(table.check(text), "") << table.rule << " of `" << text << "`";
    }
  }
}

TEST(Names, FollowTheDnsRules) { ExpectTables(DnsTables()); }

TEST(Names, FollowTheKeyAndValueRules) { ExpectTables(KeyTables()); }

TEST(Names, FastAnswersAgreeWithExplanations) {
  std::vector<Table> tables = DnsTables();
  for (const Table& table : KeyTables()) tables.push_back(table);
  for (const Table& table : tables) {
    for (const auto* texts : {&table.valid, &table.invalid}) {
      for (const std::string& text : *texts) {
        EXPECT_EQ(IsDns1123Label(text), CheckDns1123Label(text).empty()) << text;
        EXPECT_EQ(IsDns1123Subdomain(text), CheckDns1123Subdomain(text).empty()) << text;
        EXPECT_EQ(IsDns1035Label(text), CheckDns1035Label(text).empty()) << text;
        if (IsDns1035Label(text)) {
          EXPECT_TRUE(IsDns1123Label(text)) << text;
        }
        if (IsDns1123Label(text)) {
          EXPECT_TRUE(IsHostName(text)) << text;
        }
        if (IsHostName(text)) {
          EXPECT_TRUE(IsDns1123Subdomain(text)) << text;
        }
        if (CheckPortableEnvName(text).empty()) {
          EXPECT_EQ(CheckEnvName(text), "") << text;
        }
        if (CheckLabelKey(text).empty()) {
          EXPECT_EQ(CheckAnnotationKey(text), "") << text;
        }
      }
    }
  }
}

TEST(Names, ExplanationsSayWhatIsNeeded) {
  EXPECT_EQ(CheckDns1123Label(""), "needs at least one character");
  EXPECT_EQ(CheckDns1123Label(std::string(64, 'a')), "needs at most 63 characters");
  EXPECT_EQ(CheckDns1123Label("Sandbox"), "needs lower-case letters, digits and `-` only");
  EXPECT_EQ(CheckDns1123Label("-a"), "needs a lower-case letter or a digit at the start and the end");
  EXPECT_EQ(CheckLabelKey("a/b/c"), "needs at most one `/`");
  EXPECT_EQ(CheckLabelKey("/c"), "needs a DNS name before its `/`");
  EXPECT_EQ(CheckPortName("8080"), "needs at least one letter");
}

TEST(Names, PortNumbersGoFromOneTo65535) {
  EXPECT_FALSE(IsPortNumber(-1));
  EXPECT_FALSE(IsPortNumber(0));
  EXPECT_TRUE(IsPortNumber(1));
  EXPECT_TRUE(IsPortNumber(65535));
  EXPECT_FALSE(IsPortNumber(65536));
}

TEST(Names, KubernetesKeysAreKnownByTheirPrefix) {
  for (const char* key : {"kubernetes.io/arch", "k8s.io/a", "node.kubernetes.io/instance-type", "a.b.k8s.io/c"}) {
    EXPECT_TRUE(IsKubernetesKey(key)) << key;
  }
  for (const char* key : {"kubernetes.io", "arch", "mykubernetes.io/a", "kubernetes.io.example.com/a", "xk8s.io/a",
                          "example.com/kubernetes.io", "/kubernetes.io", ""}) {
    EXPECT_FALSE(IsKubernetesKey(key)) << key;
  }
}

TEST(Names, EveryByteIsJudgedAsTheRuleSays) {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    const bool lower = value >= 'a' && value <= 'z';
    const bool upper = value >= 'A' && value <= 'Z';
    const bool digit = value >= '0' && value <= '9';
    const std::string inner = std::string("a") + c + "z";
    EXPECT_EQ(IsDns1123Label(inner), lower || digit || c == '-') << value;
    EXPECT_EQ(IsDns1123Subdomain(inner), lower || digit || c == '-' || c == '.') << value;
    EXPECT_EQ(CheckLabelValue(inner).empty(), lower || upper || digit || c == '-' || c == '_' || c == '.') << value;
    EXPECT_EQ(CheckEnvName(inner).empty(), value >= 32 && value <= 126 && c != '=') << value;
    EXPECT_EQ(CheckFreeName(inner).empty(), value >= 32 && value != 127) << value;
    EXPECT_EQ(IsDns1123Label(std::string(1, c)), lower || digit) << value;
  }
}

}  // namespace
}  // namespace berth
