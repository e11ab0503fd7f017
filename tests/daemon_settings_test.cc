#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "berth/daemon/listen_address.h"
#include "berth/daemon/settings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace berth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A config file that is gone with the test.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) {
    std::string name = testing::TempDir() + "berthd-XXXXXX";
    close(mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_) << text;
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  ~ConfigFile() { unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Issues as people read them; the config file's name is `FILE`.
std::vector<std::string> Texts(const std::vector<Issue>& issues, const std::string& path = "") {
  std::vector<std::string> texts;
  for (const Issue& issue : issues) {
    std::string text = SettingIssueText(issue);
    if (!path.empty() && text.starts_with(path)) text.replace(0, path.size(), "FILE");
    texts.push_back(std::move(text));
  }
  return texts;
}

LoadedSettings FromConfig(std::string_view text, std::vector<std::string>* issues = nullptr) {
  const ConfigFile file(text);
  LoadedSettings loaded = LoadSettings({.arguments = {"--config", file.path()}, .environment = {}});
  if (issues != nullptr) *issues = Texts(loaded.issues, file.path());
  return loaded;
}

SettingRow RowOf(const LoadedSettings& loaded, std::string_view name) {
  for (SettingRow& row : SettingRows(loaded)) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "no setting " << name;
  return {};
}

TEST(SettingTable, HasUniqueNamesUsableDefaultsAndOneLineOfDocumentation) {
  std::set<std::string_view> names;
  for (const SettingInfo& info : SettingTable()) {
    SCOPED_TRACE(info.name);
    EXPECT_TRUE(names.insert(info.name).second);
    EXPECT_FALSE(info.documentation.empty());
    EXPECT_EQ(info.documentation.find_first_of("\n`"), std::string_view::npos);
    // These belong to Kubernetes' service links.
    EXPECT_FALSE(info.name.starts_with("service_") || info.name.starts_with("port")) << info.name;
    const LoadedSettings loaded =
        LoadSettings({.arguments = {}, .environment = {info.Environment() + "=" + std::string(info.default_text)}});
    EXPECT_THAT(Texts(loaded.issues), IsEmpty());
    EXPECT_EQ(RowOf(loaded, info.name).value, info.default_text);
    EXPECT_EQ(RowOf(loaded, info.name).origin, "environment " + info.Environment());
  }
}

TEST(SettingTable, DerivesFlagAndVariable) {
  const SettingInfo& http = SettingTable()[1];
  EXPECT_EQ(http.name, "http_listen");
  EXPECT_EQ(http.Flag(), "--http-listen");
  EXPECT_EQ(http.Environment(), "BERTHD_HTTP_LISTEN");
}

TEST(Settings, DefaultsAreTheDocumentedOnes) {
  const LoadedSettings loaded = LoadSettings({});
  EXPECT_THAT(Texts(loaded.issues), IsEmpty());
  const Settings& s = loaded.settings;
  ASSERT_EQ(s.listen.size(), 1U);
  EXPECT_EQ(s.listen[0].text, "127.0.0.1:7444");
  EXPECT_EQ(s.http_listen.value().text, "127.0.0.1:7445");
  EXPECT_EQ(s.source, "");
  EXPECT_FALSE(s.allow_plaintext);
  EXPECT_EQ(s.log_level, LogLevel::kInfo);
  EXPECT_EQ(s.decision_log_mode, DecisionLogMode::kAll);
  EXPECT_EQ(s.decision_log_sample, 1);
  EXPECT_EQ(s.recent_decisions_bytes, 16777216);
  EXPECT_EQ(s.recent_decisions_seconds, 600);
  EXPECT_EQ(s.retry_delay_seconds, 30);
  EXPECT_EQ(s.grace_seconds, 10);
  EXPECT_EQ(s.max_message_bytes, 4194304);
  EXPECT_EQ(s.source_poll_seconds, 30);
  EXPECT_EQ(s.max_http_connections, 1024);
  EXPECT_EQ(s.max_http_connections_per_address, 256);
  EXPECT_EQ(s.max_sandboxes, 100000);
  EXPECT_EQ(RowOf(loaded, "listen").origin, "default");
}

TEST(Settings, LaterSourcesWin) {
  const ConfigFile file("grace_seconds: 1\nretry_delay_seconds: 2\nlog_level: warn\n");
  const LoadedSettings loaded = LoadSettings({.arguments = {"--config=" + file.path(), "--log-level=error"},
                                              .environment = {"BERTHD_RETRY_DELAY_SECONDS=3", "BERTHD_LOG_LEVEL=debug",
                                                              "HOME=/", "berthd_x=1", "BERTHD_CONFIG=/nowhere.yaml"}});
  EXPECT_THAT(Texts(loaded.issues), IsEmpty());
  EXPECT_EQ(loaded.settings.grace_seconds, 1);
  EXPECT_EQ(loaded.settings.retry_delay_seconds, 3);
  EXPECT_EQ(loaded.settings.log_level, LogLevel::kError);
  EXPECT_EQ(RowOf(loaded, "grace_seconds").origin, file.path() + ":1:16");
  EXPECT_EQ(RowOf(loaded, "retry_delay_seconds").origin, "environment BERTHD_RETRY_DELAY_SECONDS");
  EXPECT_EQ(RowOf(loaded, "log_level").origin, "flag --log-level");
  EXPECT_EQ(RowOf(loaded, "tokens").origin, "default");
}

TEST(Settings, TheEnvironmentNamesTheConfigFileToo) {
  const ConfigFile file("gateway_facade: true\n");
  const LoadedSettings loaded = LoadSettings({.arguments = {}, .environment = {"BERTHD_CONFIG=" + file.path()}});
  EXPECT_THAT(Texts(loaded.issues), IsEmpty());
  EXPECT_TRUE(loaded.settings.gateway_facade);
  const LoadedSettings none = LoadSettings({.arguments = {}, .environment = {"BERTHD_CONFIG="}});
  EXPECT_THAT(Texts(none.issues), IsEmpty());
}

TEST(Settings, ReadsEveryTypeFromTheConfigFile) {
  const LoadedSettings loaded = FromConfig(R"(
listen:
  - 127.0.0.1:1
  - "[::1]:2"
  - unix:/run/berthd.sock
http_listen: ''
source: /etc/berth/catalog
tokens: 010
allow_plaintext: true
gateway_facade: false
log_level: "debug"
decision_log_mode: rejected
max_message_bytes: 1024
)");
  EXPECT_THAT(Texts(loaded.issues), IsEmpty());
  EXPECT_EQ(RowOf(loaded, "listen").value, "127.0.0.1:1, [::1]:2, unix:/run/berthd.sock");
  EXPECT_FALSE(loaded.settings.http_listen.has_value());
  EXPECT_EQ(loaded.settings.tokens, "010");
  EXPECT_TRUE(loaded.settings.allow_plaintext);
  EXPECT_EQ(loaded.settings.log_level, LogLevel::kDebug);
  EXPECT_EQ(loaded.settings.decision_log_mode, DecisionLogMode::kRejected);
  EXPECT_EQ(loaded.settings.max_message_bytes, 1024);
}

TEST(Settings, TakesJsonAsConfigFileAndEmptyFiles) {
  EXPECT_EQ(FromConfig(R"({"grace_seconds": 7, "listen": ["127.0.0.1:1"]})").settings.grace_seconds, 7);
  for (const std::string_view text : {"", "# nothing\n", "---\n", "{}"}) {
    std::vector<std::string> issues;
    FromConfig(text, &issues);
    EXPECT_THAT(issues, IsEmpty()) << text;
  }
}

TEST(Settings, ListsFromTheEnvironmentAndFlags) {
  LoadedSettings loaded = LoadSettings({.arguments = {}, .environment = {"BERTHD_LISTEN=127.0.0.1:1, [::1]:2"}});
  EXPECT_EQ(RowOf(loaded, "listen").value, "127.0.0.1:1, [::1]:2");
  loaded = LoadSettings({.arguments = {"--listen", "127.0.0.1:1,127.0.0.1:2", "--listen=unix:/x", "--allow-plaintext"},
                         .environment = {"BERTHD_LISTEN=127.0.0.1:9"}});
  EXPECT_THAT(Texts(loaded.issues), IsEmpty());
  EXPECT_EQ(RowOf(loaded, "listen").value, "127.0.0.1:1, 127.0.0.1:2, unix:/x");
  EXPECT_TRUE(loaded.settings.allow_plaintext);
  loaded = LoadSettings({.arguments = {"--allow-plaintext=false", "--listen=127.0.0.1:0,127.0.0.1:0"},
                         .environment = {"BERTHD_ALLOW_PLAINTEXT=true"}});
  EXPECT_THAT(Texts(loaded.issues), IsEmpty());
  EXPECT_FALSE(loaded.settings.allow_plaintext);
  EXPECT_EQ(loaded.settings.listen.size(), 2U) << "each port 0 is another port";
}

TEST(Settings, RefusesWhatTheConfigFileGetsWrong) {
  struct Row {
    std::string_view text;
    std::string_view issue;
  };
  const Row kRows[] = {
      {"grace_second: 1\n", "FILE:1:1: `grace_second` is no setting: remove it; did you mean `grace_seconds`?"},
      {"http-listen: ''\n", "FILE:1:1: `http-listen` is no setting: remove it; did you mean `http_listen`?"},
      {"xyz: 1\n", "FILE:1:1: `xyz` is no setting: remove it"},
      {"grace_seconds: 3601\n", "FILE:1:16: `grace_seconds` is `3601`, needs a whole number from 0 to 3600"},
      {"grace_seconds: -1\n", "FILE:1:16: `grace_seconds` is `-1`, needs a whole number from 0 to 3600"},
      {"grace_seconds: 1.5\n", "FILE:1:16: `grace_seconds` is `1.5`, needs a whole number from 0 to 3600"},
      {"grace_seconds: 0x10\n", "FILE:1:16: `grace_seconds` is `0x10`, needs a whole number from 0 to 3600"},
      {"grace_seconds: 99999999999999999999\n",
       "FILE:1:16: `grace_seconds` is `99999999999999999999`, needs a whole number from 0 to 3600"},
      {"grace_seconds: '1'\n", "FILE:1:16: `grace_seconds` is a text: write it without quotes"},
      {"grace_seconds:\n", "FILE:1:15: `grace_seconds` has no value: give one, or remove the line"},
      {"tokens: ~\n", "FILE:1:9: `tokens` has no value: give one, or remove the line"},
      {"grace_seconds: [1]\n", "FILE:1:16: `grace_seconds` is a list: write one value"},
      {"listen: {a: b}\n", "FILE:1:9: `listen` is a mapping: write one value, or a list of them"},
      {"listen: []\n", "FILE:1:9: `listen` is empty: name an address, or remove the line"},
      {"listen: [127.0.0.1:1, [x]]\n", "FILE:1:23: `listen` holds something that is no text: write an address"},
      {"listen: [127.0.0.1:1, 127.0.0.1:1]\n", "FILE:1:23: `listen` holds `127.0.0.1:1` twice: remove one"},
      {"listen: [127.0.0.1:1, localhost:1]\n", "FILE:1:23: `listen` holds `localhost:1` twice: remove one"},
      {"allow_plaintext: yes\n", "FILE:1:18: `allow_plaintext` is `yes`, needs `true` or `false`"},
      {"log_level: info2\n",
       "FILE:1:12: `log_level` is `info2`, needs `debug`, `info`, `warn` or `error`; did you mean `info`?"},
      {"decision_log_mode: some\n", "FILE:1:20: `decision_log_mode` is `some`, needs `all` or `rejected`"},
      {"http_listen: unix:/x\n",
       "FILE:1:14: `http_listen`: HTTP is served on IP addresses only: write `127.0.0.1:7445`"},
      {"- listen\n", "FILE:1:1: the file holds no mapping: write a line `setting: value` for each setting"},
      {"listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2\n",
       "FILE:3:1: the file holds a second document: put all settings into the first"},
  };
  for (const Row& row : kRows) {
    std::vector<std::string> issues;
    FromConfig(row.text, &issues);
    EXPECT_THAT(issues, ElementsAre(row.issue)) << row.text;
  }
}

TEST(Settings, ReportsEveryMistakeAtOnceAlsoWhereAnotherSourceWins) {
  const ConfigFile file("grace_seconds: x\ngrace_seconds: 1\nlog_lvel: info\n");
  const LoadedSettings loaded = LoadSettings({.arguments = {"--config", file.path(), "--grace-seconds=2", "--lsten=x"},
                                              .environment = {"BERTHD_GRACE_SECONDS=-", "BERTHD_TOKNS=secret"}});
  const std::vector<std::string> texts = Texts(loaded.issues, file.path());
  EXPECT_THAT(texts, ElementsAre("command line: `--lsten` is no flag: `--help` lists them; did you mean `--listen`?",
                                 "environment: `BERTHD_TOKNS` is no setting: unset it; did you mean `BERTHD_TOKENS`?",
                                 HasSubstr("FILE:2:1: "), HasSubstr("FILE:1:16: `grace_seconds` is `x`"),
                                 "FILE:3:1: `log_lvel` is no setting: remove it; did you mean `log_level`?",
                                 "environment BERTHD_GRACE_SECONDS: `grace_seconds` is `-`, needs a whole number from "
                                 "0 to 3600"));
  for (const std::string& text : texts) EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST(Settings, RefusesWhatTheCommandLineGetsWrong) {
  struct Row {
    std::vector<std::string> arguments;
    std::string_view issue;
  };
  const Row kRows[] = {
      {{"--listen"}, "flag --listen: has no value: write `--listen=value`"},
      {{"--listen", "--allow-plaintext"}, "flag --listen: has no value: write `--listen=value`"},
      {{"--config="}, "flag --config: names no file: write `--config=/etc/berthd.yaml`"},
      {{"--grace-seconds=1", "--grace-seconds=1"}, "flag --grace-seconds: is given twice: remove one"},
      {{"--allow-plaintext", "false"}, "command line: `false` is no flag: settings are given as `--name=value`"},
      {{"--grace_seconds=1"},
       "command line: `--grace_seconds` is no flag: `--help` lists them; did you mean `--grace-seconds`?"},
      {{"--lissten", "127.0.0.1:1"},
       "command line: `--lissten` is no flag: `--help` lists them; did you mean `--listen`?"},
      {{"--confg=x"}, "command line: `--confg` is no flag: `--help` lists them; did you mean `--config`?"},
      {{"-l"}, "command line: `-l` is no flag: `--help` lists them"},
      {{"--listen=127.0.0.1:1", "--listen=127.0.0.1:1"},
       "flag --listen: `listen` holds `127.0.0.1:1` twice: remove one"},
      {{"--grace-seconds="}, "flag --grace-seconds: `grace_seconds` is ``, needs a whole number from 0 to 3600"},
      {{"--config=/nowhere/berthd.yaml"},
       "/nowhere/berthd.yaml: no such file or folder: check the spelling of the path"},
  };
  for (const Row& row : kRows) {
    EXPECT_THAT(Texts(LoadSettings({.arguments = row.arguments, .environment = {}}).issues), ElementsAre(row.issue))
        << testing::PrintToString(row.arguments);
  }
}

TEST(Settings, TakesNoServiceLinkForASetting) {
  EXPECT_THAT(Texts(LoadSettings({.arguments = {},
                                  .environment = {"BERTHD_SERVICE_HOST=10.0.0.1", "BERTHD_SERVICE_PORT_GRPC=7444",
                                                  "BERTHD_PORT=tcp://10.0.0.1:7444", "BERTHD_PORT_7444_TCP_PROTO=tcp"}})
                        .issues),
              IsEmpty());
  EXPECT_THAT(Texts(LoadSettings({.arguments = {}, .environment = {"BERTHD_PORTS=1"}}).issues),
              ElementsAre("environment: `BERTHD_PORTS` is no setting: unset it"));
}

TEST(ListenAddress, ParsesWhatItShould) {
  struct Row {
    std::string_view text;
    ListenAddress::Kind kind;
    std::string_view canonical;
    bool local;
  };
  constexpr Row kRows[] = {
      {"127.0.0.1:7444", ListenAddress::Kind::kIpv4, "127.0.0.1:7444", true},
      {"127.8.9.1:0", ListenAddress::Kind::kIpv4, "127.8.9.1:0", true},
      {"localhost:65535", ListenAddress::Kind::kIpv4, "127.0.0.1:65535", true},
      {"0.0.0.0:80", ListenAddress::Kind::kIpv4, "0.0.0.0:80", false},
      {"10.0.0.1:80", ListenAddress::Kind::kIpv4, "10.0.0.1:80", false},
      {"[::1]:80", ListenAddress::Kind::kIpv6, "[::1]:80", true},
      {"[::]:80", ListenAddress::Kind::kIpv6, "[::]:80", false},
      {"[2001:db8::1]:80", ListenAddress::Kind::kIpv6, "[2001:db8::1]:80", false},
      {"[::ffff:127.0.0.1]:80", ListenAddress::Kind::kIpv6, "[::ffff:127.0.0.1]:80", true},
      {"[::ffff:10.0.0.1]:80", ListenAddress::Kind::kIpv6, "[::ffff:10.0.0.1]:80", false},
      {"unix:/run/b.sock", ListenAddress::Kind::kUnix, "unix:/run/b.sock", true},
      {"unix:///run/b.sock", ListenAddress::Kind::kUnix, "unix:/run/b.sock", true},
      {"unix:b.sock", ListenAddress::Kind::kUnix, "unix:b.sock", true},
  };
  for (const Row& row : kRows) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(row.text);
    ASSERT_TRUE(address.ok()) << row.text << ": " << address.status();
    EXPECT_EQ(address->kind, row.kind) << row.text;
    EXPECT_EQ(address->text, row.canonical) << row.text;
    EXPECT_EQ(IsLocal(*address), row.local) << row.text;
  }
}

TEST(ListenAddress, RefusesTheRestAndSaysWhatToWrite) {
  struct Row {
    std::string_view text;
    std::string_view why;
  };
  constexpr Row kRows[] = {
      {"", "has no port"},
      {"127.0.0.1", "has no port"},
      {"[::1]", "has no port"},
      {"[", "has no port"},
      {":", "has no usable port"},
      {"127.0.0.1:", "has no usable port"},
      {"127.0.0.1:65536", "has no usable port"},
      {"127.0.0.1:-1", "has no usable port"},
      {"127.0.0.1:+1", "has no usable port"},
      {"127.0.0.1: 1", "has no usable port"},
      {"127.0.0.1:1 ", "has no usable port"},
      {":7444", "write `0.0.0.0` or `[::]`"},
      {"::1:80", "brackets"},
      {"example.com:80", "names are not looked up"},
      {"127.1:80", "names are not looked up"},
      {"0x7f.0.0.1:80", "names are not looked up"},
      {"127.0.0.01:80", "names are not looked up"},
      {"[127.0.0.1]:80", "names are not looked up"},
      {"[localhost]:80", "names are not looked up"},
      {"[]:80", "names are not looked up"},
      {"]:80", "names are not looked up"},
      {"[::1%lo]:80", "names are not looked up"},
      {"http://127.0.0.1:80", "names are not looked up"},
      {std::string_view("127.0.0.1\0:80", 13), "names are not looked up"},
      {"unix:", "names no path"},
  };
  for (const Row& row : kRows) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(row.text);
    ASSERT_FALSE(address.ok()) << row.text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(row.why)) << row.text;
  }
  EXPECT_TRUE(ParseListenAddress("unix:" + std::string(107, 'x')).ok());
  EXPECT_FALSE(ParseListenAddress("unix:" + std::string(108, 'x')).ok());
}

TEST(CheckSettings, SaysWhatIsUnsafeOrHalf) {
  const std::string kCert = "--tls-cert=c";
  const std::string kKey = "--tls-key=k";
  const std::string kTokens = "--tokens=t";
  const std::string kOpen = "--listen=0.0.0.0:1";
  struct Row {
    std::vector<std::string> arguments;  // besides a source
    std::vector<std::string> issues;
  };
  const Row kRows[] = {
      {{}, {}},
      {{kCert, kKey}, {}},
      {{kCert, kKey, "--tls-client-ca=a", kOpen}, {}},
      {{kCert, kKey, kTokens, kOpen}, {}},
      {{"--allow-plaintext", kTokens, kOpen, "--http-listen=[::]:1"}, {}},
      {{"--listen=unix:/x,localhost:1,[::1]:1"}, {}},
      {{kCert}, {"flag --tls-cert: `tls_cert` is set without its key: set `tls_key`, or remove both"}},
      {{kKey}, {"flag --tls-key: `tls_key` is set without its certificate: set `tls_cert`, or remove both"}},
      {{"--tls-client-ca=a"},
       {"flag --tls-client-ca: `tls_client_ca` is set without TLS: set `tls_cert` and `tls_key`, or remove it"}},
      {{kOpen},
       {"flag --listen: `listen` opens `0.0.0.0:1` to other machines without TLS: set `tls_cert` and `tls_key`, or "
        "`allow_plaintext`, or listen on `127.0.0.1`",
        "flag --listen: `listen` opens `0.0.0.0:1` to other machines without asking who calls: set `tokens` or "
        "`tls_client_ca`, or listen on `127.0.0.1`"}},
      {{"--http-listen=[2001:db8::1]:1", kTokens},
       {"flag --http-listen: `http_listen` opens `[2001:db8::1]:1` to other machines without TLS: set `tls_cert` and "
        "`tls_key`, or `allow_plaintext`, or listen on `127.0.0.1`"}},
      {{"--allow-plaintext", kOpen},
       {"flag --listen: `listen` opens `0.0.0.0:1` to other machines without asking who calls: set `tokens` or "
        "`tls_client_ca`, or listen on `127.0.0.1`"}},
      {{kCert, kKey, kOpen},
       {"flag --listen: `listen` opens `0.0.0.0:1` to other machines without asking who calls: set `tokens` or "
        "`tls_client_ca`, or listen on `127.0.0.1`"}},
      {{"--http-listen=127.0.0.1:7444"},
       {"flag --http-listen: `http_listen` is `127.0.0.1:7444` as in `listen`: choose another port"}},
      {{"--http-listen=127.0.0.1:0", "--listen=127.0.0.1:0"}, {}},
  };
  for (const Row& row : kRows) {
    std::vector<std::string> arguments = row.arguments;
    arguments.emplace_back("--source=s");
    const LoadedSettings loaded = LoadSettings({.arguments = arguments, .environment = {}});
    ASSERT_THAT(Texts(loaded.issues), IsEmpty());
    EXPECT_EQ(Texts(CheckSettings(loaded)), row.issues) << testing::PrintToString(row.arguments);
  }
}

TEST(CheckSettings, NeedsASourceAndNamesThePlaceInTheFile) {
  const LoadedSettings loaded = FromConfig("tls_key: k\nhttp_listen: 1.2.3.4:5\nallow_plaintext: true\ntokens: t\n");
  const std::vector<Issue> issues = CheckSettings(loaded);
  ASSERT_EQ(issues.size(), 2U);
  EXPECT_EQ(SettingIssueText(issues[0]), "default: `source` is not set: name the catalog's file or folder");
  EXPECT_EQ(issues[1].field, "tls_key");
  EXPECT_EQ(issues[1].path, "/tls_key");
  EXPECT_EQ(issues[1].position, (Position{.line = 1, .column = 10}));
}

TEST(SettingsText, AlignsColumns) {
  const LoadedSettings loaded = LoadSettings({.arguments = {"--source=a\x1b[2J"}, .environment = {"BERTHD_TOKENS=/t"}});
  const std::string text = SettingsText(loaded, /*show_origin=*/true);
  EXPECT_THAT(text, testing::StartsWith("SETTING                           VALUE           ORIGIN\n"
                                        "listen                            127.0.0.1:7444  default\n"
                                        "http_listen                       127.0.0.1:7445  default\n"
                                        "source                            a?[2J           flag --source\n"
                                        "tokens                            /t              environment BERTHD_TOKENS\n"
                                        "tls_cert                          -               default\n"));
  EXPECT_THAT(SettingsText(loaded, /*show_origin=*/false),
              testing::StartsWith(
                  "SETTING                           VALUE\nlisten                            127.0.0.1:7444\n"));
}

TEST(SettingsJson, KeepsTypes) {
  const LoadedSettings loaded = LoadSettings({.arguments = {"--http-listen="}, .environment = {}});
  const nlohmann::json json = nlohmann::json::parse(SettingsJson(loaded));
  EXPECT_EQ(json["schema"], "berth.config/v1");
  ASSERT_EQ(json["settings"].size(), SettingTable().size());
  const auto& settings = json["settings"];
  EXPECT_EQ(settings[0].dump(), R"({"name":"listen","origin":"default","value":["127.0.0.1:7444"]})");
  EXPECT_EQ(settings[1].dump(), R"({"name":"http_listen","origin":"flag --http-listen","value":""})");
  EXPECT_EQ(settings[7].dump(), R"({"name":"allow_plaintext","origin":"default","value":false})");
  EXPECT_EQ(settings[9].dump(), R"({"name":"log_level","origin":"default","value":"info"})");
  EXPECT_EQ(settings[12].dump(), R"({"name":"decision_log_sample","origin":"default","value":1})");
}

TEST(SettingsHelp, NamesEveryFlag) {
  const std::string help = SettingsHelp();
  for (const SettingInfo& info : SettingTable()) EXPECT_THAT(help, HasSubstr("  " + info.Flag()));
  EXPECT_THAT(help,
              HasSubstr("--grace-seconds=VALUE                     how long calls may go on when the daemon is told to "
                        "stop (default: 10)\n"));
}

}  // namespace
}  // namespace berth
