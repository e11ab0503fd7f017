#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "berth/validate/host_template.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

struct RenderRow {
  std::string text;
  std::string want;  // for sandbox `sb1` in namespace `acme`
  bool uses_sandbox_id;
  bool uses_namespace;
};

TEST(HostTemplate, RendersItsVariables) {
  const RenderRow rows[] = {
      {"{{.SandboxID}}.example.com", "sb1.example.com", true, false},
      {"{{ .SandboxID }}.example.com", "sb1.example.com", true, false},
      {"{{\t.SandboxID  }}.{{.Namespace}}.example.com", "sb1.acme.example.com", true, true},
      {"{{.Namespace}}.example.com", "acme.example.com", false, true},
      {"example.com", "example.com", false, false},
      {"a", "a", false, false},
      {"{{.SandboxID}}", "sb1", true, false},
      {"{{.SandboxID}}{{.Namespace}}", "sb1acme", true, true},
      {"{{.SandboxID}}-{{.SandboxID}}.a", "sb1-sb1.a", true, false},
      {"sb-{{.SandboxID}}-x.example.com", "sb-sb1-x.example.com", true, false},
      {"a.{{.SandboxID}}", "a.sb1", true, false},
      // With a variable in the label only a rendered name can be judged.
      {"{{.SandboxID}}}}.example.com", "sb1}}.example.com", true, false},
      {"{{.SandboxID}}_.example.com", "sb1_.example.com", true, false},
      {"-{{.SandboxID}}.example.com", "-sb1.example.com", true, false},
      {std::string(63, 'a') + ".{{.SandboxID}}", std::string(63, 'a') + ".sb1", true, false},
      {std::string(64, 'a') + "{{.SandboxID}}", std::string(64, 'a') + "sb1", true, false},
  };
  for (const RenderRow& row : rows) {
    HostTemplateError error;
    const std::optional<HostTemplate> host = HostTemplate::Parse(row.text, &error);
    ASSERT_TRUE(host.has_value()) << row.text << ": " << error.message;
    std::string out = "host=";
    host->Render("sb1", "acme", out);
    EXPECT_EQ(out, "host=" + row.want) << row.text;
    EXPECT_EQ(host->uses_sandbox_id(), row.uses_sandbox_id) << row.text;
    EXPECT_EQ(host->uses_namespace(), row.uses_namespace) << row.text;
    EXPECT_EQ(host->text(), row.text);
  }
}

struct ErrorRow {
  std::string text;
  size_t offset;
};

TEST(HostTemplate, RefusesWhatItCannotRender) {
  const ErrorRow rows[] = {
      // Unknown actions.
      {"{{.SandboxId}}.example.com", 0},
      {"{{.sandboxID}}.example.com", 0},
      {"{{.Name}}.example.com", 0},
      {"{{SandboxID}}.example.com", 0},
      {"{{}}.example.com", 0},
      {"{{ }}.example.com", 0},
      {"{{.}}.example.com", 0},
      {"{{. SandboxID}}.example.com", 0},
      {"{{.SandboxID.x}}.example.com", 0},
      {"{{-.SandboxID}}.example.com", 0},
      {"{{- .SandboxID}}.example.com", 0},
      {"{{.SandboxID -}}.example.com", 0},
      {"{{.SandboxID | lower}}.example.com", 0},
      {"{{lower .SandboxID}}.example.com", 0},
      {"{{/* note */}}.example.com", 0},
      {"{{\"a\"}}.example.com", 0},
      {"{{if .SandboxID}}a{{end}}", 0},
      {"{{.SandboxID\n}}.example.com", 0},
      {"{{{.SandboxID}}}.example.com", 0},
      {"{{{{.SandboxID}}}}", 0},
      {"{{.SandboxID}}.{{.Nope}}.example.com", 15},
      {"a-{{.Nope}}", 2},
      // Unclosed.
      {"{{", 0},
      {"{{.SandboxID", 0},
      {"{{.SandboxID}", 0},
      {"{{.SandboxID} }", 0},
      {"example.{{.SandboxID", 8},
      {"{{.SandboxID}}.{{", 15},
      // Labels without a variable.
      {"", 0},
      {".", 0},
      {"{{.SandboxID}}.", 15},
      {".{{.SandboxID}}", 0},
      {"{{.SandboxID}}..com", 15},
      {"{{.SandboxID}}.Example.com", 15},
      {"{{.SandboxID}}.exa_mple.com", 15},
      {"{{.SandboxID}}.-example.com", 15},
      {"{{.SandboxID}}.example-.com", 15},
      {"{{.SandboxID}}.example.com.", 27},
      {"{{.SandboxID}}.example.com:443", 23},
      {"{{.SandboxID}}.example.com/a", 23},
      {"*.{{.SandboxID}}.com", 0},
      {"}}", 0},
      {"a.}}.{{.SandboxID}}", 2},
      {"{{.SandboxID}}.{x}.com", 15},
      {"{{.SandboxID}}.a b.com", 15},
      {" {{.SandboxID}}. com", 16},
      {"{{.SandboxID}}.{{.Namespace}}.X", 30},
      {"{{.SandboxID}}." + std::string(64, 'a'), 15},
      {"{{.SandboxID}}.\xC3\xA9.com", 15},
  };
  for (const ErrorRow& row : rows) {
    HostTemplateError error{.offset = 999, .message = {}};
    EXPECT_FALSE(HostTemplate::Parse(row.text, &error).has_value()) << row.text;
    EXPECT_EQ(error.offset, row.offset) << row.text << ": " << error.message;
    EXPECT_NE(error.message, "") << row.text;
    EXPECT_FALSE(HostTemplate::Parse(row.text).has_value());
  }
}

TEST(HostTemplate, MessagesSayWhatIsNeeded) {
  HostTemplateError error;
  EXPECT_FALSE(HostTemplate::Parse("{{.Sandbox}}.a", &error).has_value());
  EXPECT_EQ(error.message, "`{{.Sandbox}}` needs to be `{{.SandboxID}}` or `{{.Namespace}}` in a host template");
  EXPECT_FALSE(HostTemplate::Parse("a{{.SandboxID", &error).has_value());
  EXPECT_EQ(error.message, "`{{` needs a closing `}}` in a host template");
  EXPECT_FALSE(HostTemplate::Parse("{{.SandboxID}}.A.b", &error).has_value());
  EXPECT_EQ(error.message, "the label `A` of a host template needs 1 to 63 lower-case letters, digits and inner `-`");
}

TEST(HostTemplate, LoadsWithTheLongestIdAndNamespace) {
  const std::optional<HostTemplate> host = HostTemplate::Parse("{{.SandboxID}}.{{.Namespace}}.example.com");
  ASSERT_TRUE(host.has_value());
  std::string out;
  host->Render("123e4567-e89b-12d3-a456-426614174000", std::string(63, 'n'), out);
  EXPECT_TRUE(IsValidHostName(out)) << out;
}

TEST(HostTemplate, HostNamesAreBoundedPerLabelAndInAll) {
  const std::string label(63, 'a');
  EXPECT_TRUE(IsValidHostName("a"));
  EXPECT_TRUE(IsValidHostName(label + ".b"));
  EXPECT_FALSE(IsValidHostName(label + "a.b"));
  EXPECT_TRUE(IsValidHostName(label + "." + label + "." + label + "." + std::string(61, 'b')));
  EXPECT_FALSE(IsValidHostName(label + "." + label + "." + label + "." + std::string(62, 'b')));
  EXPECT_FALSE(IsValidHostName(""));
  EXPECT_FALSE(IsValidHostName("A.b"));
  EXPECT_FALSE(IsValidHostName("a..b"));
  EXPECT_FALSE(IsValidHostName("a.b."));
  EXPECT_FALSE(IsValidHostName("sb1}}.example.com"));
}

}  // namespace
}  // namespace berth
