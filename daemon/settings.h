// The settings of berthd: one table, and the values that the defaults, the config file, the environment and the flags
// give them.
//
// A setting `http_listen` is the key `http_listen` of the config file (a YAML mapping), the environment variable
// BERTHD_HTTP_LISTEN and the flag `--http-listen`. Later ones win: default, config file, environment, flag. The config
// file is named by `--config` or BERTHD_CONFIG; there is none otherwise. Relative paths start at the working directory.
//
// Guarantees:  strict: what is unknown, given twice, of another type or out of range is an issue, also where another
//              source wins; every value knows its origin (`default`, `/etc/berthd.yaml:3:9`, `environment
//              BERTHD_LISTEN`, `flag --listen`), and so does every issue, in `file` and `position`
// Threads:     values and pure functions; LoadSettings reads the config file
// Example:     const LoadedSettings loaded = LoadSettings({.arguments = arguments, .environment = environment});
//              std::vector<Issue> issues = loaded.issues.empty() ? CheckSettings(loaded) : loaded.issues;
// Tested by:   tests/daemon_settings_test.cc

#ifndef BERTH_DAEMON_SETTINGS_H_
#define BERTH_DAEMON_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "berth/daemon/decision_log.h"
#include "berth/daemon/listen_address.h"
#include "berth/daemon/log.h"
#include "berth/spec/issue.h"
#include "berth/spec/position.h"

namespace berth {

// Defaults stand in the table, not here. An empty path is none.
struct Settings {
  std::vector<ListenAddress> listen;
  std::optional<ListenAddress> http_listen;
  std::string source;
  std::string tokens;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  bool allow_plaintext = false;
  bool gateway_facade = false;
  LogLevel log_level = LogLevel::kInfo;
  std::string decision_log;
  DecisionLogMode decision_log_mode = DecisionLogMode::kAll;
  int64_t decision_log_sample = 0;
  int64_t decision_log_max_bytes = 0;
  int64_t decision_log_files = 0;
  int64_t recent_decisions_bytes = 0;
  int64_t recent_decisions_seconds = 0;
  int64_t retry_delay_seconds = 0;
  int64_t grace_seconds = 0;
  int64_t max_message_bytes = 0;
  int64_t source_poll_seconds = 0;
  int64_t max_http_connections = 0;
  int64_t max_http_connections_per_address = 0;
  int64_t max_sandboxes = 0;
};

// Where a setting's value stands. Its type is the setting's type.
using SettingMember = std::variant<std::string Settings::*, bool Settings::*, int64_t Settings::*, LogLevel Settings::*,
                                   DecisionLogMode Settings::*, std::vector<ListenAddress> Settings::*,
                                   std::optional<ListenAddress> Settings::*>;

struct SettingInfo {
  std::string_view name;  // `http_listen`
  SettingMember member;
  std::string_view default_text;  // as the environment would say it
  std::string_view documentation;
  int64_t min = 0;  // whole numbers only
  int64_t max = 0;

  [[nodiscard]] std::string Flag() const;         // `--http-listen`
  [[nodiscard]] std::string Environment() const;  // `BERTHD_HTTP_LISTEN`
};

// The whole table.
std::span<const SettingInfo> SettingTable();

struct SettingOrigin {
  std::string source = "default";  // or `flag --listen`, `environment BERTHD_LISTEN`, the config file's name
  Position position = {};          // in the config file

  [[nodiscard]] std::string Text() const { return PlaceText(source, position); }
};

struct SettingSources {
  std::vector<std::string> arguments;  // flags of the command line: `--listen=[::1]:7444`, or `--listen`, `[::1]:7444`
  std::vector<std::string> environment;  // `NAME=value`; only names that start with BERTHD_ count
};

struct LoadedSettings {
  Settings settings;
  std::vector<SettingOrigin> origins;  // one for each row of the table
  std::vector<Issue> issues;           // with any, `settings` must not be used; `field` is the setting's name
};

LoadedSettings LoadSettings(const SettingSources& sources);

// What speaks against serving with these settings: a certificate without its key, an address that others reach without
// TLS or without knowing who calls, no source. To be asked only when LoadSettings found no issue.
std::vector<Issue> CheckSettings(const LoadedSettings& loaded);

// `origin: message; suggestion`, the line for people.
std::string SettingIssueText(const Issue& issue);

// What is set, for people: a row for each setting in the table's order, lists joined by `, `.
struct SettingRow {
  std::string_view name;
  std::string value;
  std::string origin;
};
std::vector<SettingRow> SettingRows(const LoadedSettings& loaded);
// The rows as aligned columns, `-` for what is empty.
std::string SettingsText(const LoadedSettings& loaded, bool show_origin);
// {"schema":"berth.config/v1","settings":[{"name":...,"value":...,"origin":...}]}; values keep their types.
std::string SettingsJson(const LoadedSettings& loaded);
// Every flag with its default and its line of documentation, for `--help`.
std::string SettingsHelp();

}  // namespace berth

#endif  // BERTH_DAEMON_SETTINGS_H_
