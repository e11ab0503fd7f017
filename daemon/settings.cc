#include "berth/daemon/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "berth/spec/document.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"
#include "berth/store/files.h"

namespace berth {
namespace {

constexpr std::string_view kVariablePrefix = "BERTHD_";
constexpr std::string_view kConfig = "config";  // no setting: it cannot stand in the file
constexpr std::string_view kConfigVariable = "BERTHD_CONFIG";
constexpr std::string_view kConfigFlag = "--config";
constexpr size_t kMaxConfigBytes = size_t{1} << 20;
constexpr int64_t kDaySeconds = 86400;

using S = Settings;

constexpr SettingInfo kSettings[] = {
    {"listen", &S::listen, "127.0.0.1:7444", "addresses of the gRPC services: host:port, [v6]:port or unix:/path"},
    {"http_listen", &S::http_listen, "127.0.0.1:7445", "address of the HTTP paths and metrics; empty: none"},
    {"source", &S::source, "", "the catalog: a file or a folder; required to serve"},
    {"tokens", &S::tokens, "", "file of the callers' tokens; empty: no tokens are asked for"},
    {"tls_cert", &S::tls_cert, "", "file of the certificate chain in PEM; together with tls_key"},
    {"tls_key", &S::tls_key, "", "file of the certificate's private key in PEM"},
    {"tls_client_ca", &S::tls_client_ca, "",
     "file of the authorities in PEM that callers' certificates must come from"},
    {"allow_plaintext", &S::allow_plaintext, "false", "serve other machines without TLS"},
    {"gateway_facade", &S::gateway_facade, "false", "also serve the gateway's calls, to develop clients against"},
    {"log_level", &S::log_level, "info", "the least that is logged: debug, info, warn or error"},
    {"decision_log", &S::decision_log, "", "file that gets one line for each decision; empty: none"},
    {"decision_log_mode", &S::decision_log_mode, "all", "which decisions it gets: all, or only what was not admitted"},
    {"decision_log_sample", &S::decision_log_sample, "1", "of the admitted ones it gets one in so many", 1, 1000000000},
    {"decision_log_max_bytes", &S::decision_log_max_bytes, "104857600", "size at which the file is put aside", 65536,
     int64_t{1} << 40},
    {"decision_log_files", &S::decision_log_files, "5", "how many files that were put aside are kept", 0, 1000},
    {"recent_decisions_bytes", &S::recent_decisions_bytes, "16777216", "memory for the decisions that can be explained",
     0, int64_t{1} << 34},
    {"recent_decisions_seconds", &S::recent_decisions_seconds, "600", "how long a decision can be explained", 1,
     kDaySeconds},
    {"retry_delay_seconds", &S::retry_delay_seconds, "30", "what a launch that must wait is told to wait", 1, 3600},
    {"grace_seconds", &S::grace_seconds, "10", "how long calls may go on when the daemon is told to stop", 0, 3600},
    {"max_message_bytes", &S::max_message_bytes, "4194304", "the largest gRPC message that is taken", 1024, 104857600},
    {"source_poll_seconds", &S::source_poll_seconds, "30", "how often the source is read without news of a change", 1,
     kDaySeconds},
    {"max_http_connections", &S::max_http_connections, "1024", "HTTP connections at one time", 16, 65536},
    {"max_http_connections_per_address", &S::max_http_connections_per_address, "256",
     "of these, from one address; behind a proxy as many as it opens", 1, 65536},
    {"max_sandboxes", &S::max_sandboxes, "100000", "sandboxes of the gateway facade at one time", 1, 10000000},
};

constexpr size_t kSettingCount = std::size(kSettings);

// Kubernetes gives these to every pod beside a service called `berthd`. Nobody meant them as settings.
bool IsServiceLink(std::string_view name) {
  return name.starts_with("BERTHD_SERVICE_") || name == "BERTHD_PORT" || name.starts_with("BERTHD_PORT_");
}

// `name` as the environment and the command line spell it.
std::string WithCase(std::string_view prefix, std::string_view name, bool upper, char separator) {
  std::string text(prefix);
  for (const char c : name) {
    if (c == '_') {
      text.push_back(separator);
    } else {
      text.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
  }
  return text;
}

std::string FlagName(std::string_view name) { return name.empty() ? "" : WithCase("--", name, /*upper=*/false, '-'); }
std::string VariableName(std::string_view name) {
  return name.empty() ? "" : WithCase(kVariablePrefix, name, /*upper=*/true, '_');
}

std::vector<std::string_view> SettingNames() {
  std::vector<std::string_view> names;
  for (const SettingInfo& info : kSettings) names.push_back(info.name);
  return names;
}

// Compared without the prefix, which would make all names alike. Empty when none is near.
std::string_view NearestSetting(std::string_view wanted) {
  std::vector<std::string_view> names = SettingNames();
  names.push_back(kConfig);
  return NearestName(wanted, names);
}

template <typename Enum>
constexpr std::span<const std::string_view> NamesOf() {
  if constexpr (std::is_same_v<Enum, LogLevel>) {
    return kLogLevelNames;
  } else {
    return kDecisionLogModeNames;
  }
}

// What keeps a text from being a setting's value.
struct Refusal {
  IssueCode code = IssueCode::kUnknownValue;
  std::string message = {};
  std::string suggestion = {};
};

std::string DidYouMean(std::string_view nearest) {
  return nearest.empty() ? std::string() : "did you mean " + Quoted(nearest) + "?";
}

std::string Range(const SettingInfo& info) {
  return "a whole number from " + std::to_string(info.min) + " to " + std::to_string(info.max);
}

// Sets one member of Settings from a text: the environment's, a flag's, or a scalar's of the config file.
class TextReader {
 public:
  TextReader(const SettingInfo& info, std::string_view text, Settings& settings)
      : info_(info), text_(text), settings_(settings) {}

  std::optional<Refusal> Read() {
    return std::visit([this](auto member) { return Set(settings_.*member); }, info_.member);
  }

  // One item of a list.
  static std::optional<Refusal> Append(const SettingInfo& info, std::string_view text,
                                       std::vector<ListenAddress>& list) {
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) return Refuse(info, std::string(address.status().message()));
    // Each port 0 is another port.
    if ((address->port != 0 || address->kind == ListenAddress::Kind::kUnix) && std::ranges::count(list, *address) > 0) {
      return Refusal{.code = IssueCode::kDuplicateItem,
                     .message = Name(info) + " holds " + Quoted(text) + " twice: remove one"};
    }
    list.push_back(*std::move(address));
    return std::nullopt;
  }

 private:
  static std::string Name(const SettingInfo& info) { return Quoted(info.name); }
  static Refusal Refuse(const SettingInfo& info, const std::string& why) {
    return {.message = Name(info) + ": " + why};
  }
  [[nodiscard]] Refusal Needs(IssueCode code, const std::string& what) const {
    return {.code = code, .message = Name(info_) + " is " + Quoted(text_) + ", needs " + what};
  }

  std::optional<Refusal> Set(std::string& value) const {
    if (text_.find('\0') != std::string_view::npos) return Refuse(info_, "a path holds no NUL byte: remove it");
    value = text_;
    return std::nullopt;
  }

  std::optional<Refusal> Set(bool& value) const {
    if (text_ != "true" && text_ != "false") return Needs(IssueCode::kWrongType, "`true` or `false`");
    value = text_ == "true";
    return std::nullopt;
  }

  std::optional<Refusal> Set(int64_t& value) const {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    const bool whole = end == text_.data() + text_.size() && !text_.empty() && error != std::errc::invalid_argument;
    if (!whole || error != std::errc() || number < info_.min || number > info_.max) {
      return Needs(IssueCode::kInvalidInteger, Range(info_));
    }
    value = number;
    return std::nullopt;
  }

  template <typename Enum>
  requires std::is_enum_v<Enum> std::optional<Refusal> Set(Enum& value)
  const {
    const std::span<const std::string_view> names = NamesOf<Enum>();
    const auto found = std::ranges::find(names, text_);
    if (found == names.end()) {
      std::string choices;
      for (size_t i = 0; i < names.size(); ++i) {
        choices.append(i == 0 ? "" : i + 1 == names.size() ? " or " : ", ").append(Quoted(names[i]));
      }
      Refusal refusal = Needs(IssueCode::kUnknownValue, choices);
      refusal.suggestion = DidYouMean(NearestName(text_, names));
      return refusal;
    }
    value = static_cast<Enum>(found - names.begin());
    return std::nullopt;
  }

  std::optional<Refusal> Set(std::vector<ListenAddress>& value) const {
    std::vector<ListenAddress> list;
    for (size_t start = 0; start <= text_.size();) {
      const size_t comma = std::min(text_.find(',', start), text_.size());
      std::string_view item = text_.substr(start, comma - start);
      while (item.starts_with(' ')) item.remove_prefix(1);
      while (item.ends_with(' ')) item.remove_suffix(1);
      if (std::optional<Refusal> refusal = Append(info_, item, list)) return refusal;
      start = comma + 1;
    }
    value = std::move(list);
    return std::nullopt;
  }

  std::optional<Refusal> Set(std::optional<ListenAddress>& value) const {
    if (text_.empty()) {
      value.reset();
      return std::nullopt;
    }
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text_);
    if (!address.ok()) return Refuse(info_, std::string(address.status().message()));
    if (address->kind == ListenAddress::Kind::kUnix) {
      return Refuse(info_, "HTTP is served on IP addresses only: write `127.0.0.1:7445`");
    }
    value = *std::move(address);
    return std::nullopt;
  }

  const SettingInfo& info_;
  std::string_view text_;
  Settings& settings_;
};

// Gathers values from one source after the other.
class SettingLoader {
 public:
  LoadedSettings Run(const SettingSources& sources) {
    loaded_.origins.resize(kSettingCount);
    for (const SettingInfo& info : kSettings) TextReader(info, info.default_text, loaded_.settings).Read();
    const std::vector<Given> flags = ReadArguments(sources.arguments);
    const std::vector<Given> variables = ReadEnvironment(sources.environment);
    if (!config_.empty()) ReadConfig();
    for (const std::vector<Given>& source : {variables, flags}) {
      for (const Given& given : source) Assign(*given.info, given.text, {.source = given.origin});
    }
    return std::move(loaded_);
  }

 private:
  // A value of the environment or the command line.
  struct Given {
    const SettingInfo* info;
    std::string text;
    std::string origin;
  };

  void Report(IssueCode code, const SettingOrigin& origin, std::string message, std::string suggestion = {},
              std::string_view setting = {}) {
    Issue issue;
    issue.code = code;
    issue.message = std::move(message);
    issue.file = origin.source;
    issue.position = origin.position;
    if (origin.position.known() && !setting.empty()) issue.path = "/" + std::string(setting);
    issue.field = setting;
    issue.suggestion = std::move(suggestion);
    loaded_.issues.push_back(std::move(issue));
  }

  void Report(Refusal refusal, const SettingInfo& info, const SettingOrigin& origin) {
    Report(refusal.code, origin, std::move(refusal.message), std::move(refusal.suggestion), info.name);
  }

  SettingOrigin& OriginOf(const SettingInfo& info) { return loaded_.origins[static_cast<size_t>(&info - kSettings)]; }

  void Assign(const SettingInfo& info, std::string_view text, SettingOrigin origin) {
    if (std::optional<Refusal> refusal = TextReader(info, text, loaded_.settings).Read()) {
      Report(*std::move(refusal), info, origin);
    } else {
      OriginOf(info) = std::move(origin);
    }
  }

  std::vector<Given> ReadArguments(std::span<const std::string> arguments);
  std::vector<Given> ReadEnvironment(std::span<const std::string> environment);
  void ReadConfig();
  void ReadMember(Value key, Value value);
  void ReadList(const SettingInfo& info, Value list, SettingOrigin origin);

  LoadedSettings loaded_;
  std::string config_;  // the file's path; empty: none
};

std::vector<SettingLoader::Given> SettingLoader::ReadArguments(std::span<const std::string> arguments) {
  std::vector<Given> given;
  std::map<std::string, const SettingInfo*, std::less<>> flags;
  for (const SettingInfo& info : kSettings) flags.emplace(info.Flag(), &info);
  bool config_given = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const size_t equals = argument.find('=');
    const std::string name(argument.substr(0, equals));
    const SettingOrigin origin = {.source = "flag " + name};
    const auto flag = flags.find(name);
    if (flag == flags.end() && name != kConfigFlag) {
      const bool is_flag = argument.starts_with("-");
      // What follows the equals sign may be a secret at the wrong place.
      Report(IssueCode::kUnknownField, {.source = "command line"},
             Quoted(name) +
                 (is_flag ? " is no flag: `--help` lists them" : " is no flag: settings are given as `--name=value`"),
             is_flag ? DidYouMean(FlagName(NearestSetting(name.substr(std::min<size_t>(name.size(), 2))))) : "");
      // Its value, if that stands apart, would only be reported again.
      const bool value_follows = i + 1 < arguments.size() && !arguments[i + 1].starts_with("-");
      if (is_flag && equals == std::string_view::npos && value_follows) ++i;
      continue;
    }
    const SettingInfo* info = flag == flags.end() ? nullptr : flag->second;
    std::string value;
    if (equals != std::string_view::npos) {
      value = argument.substr(equals + 1);
    } else if (info != nullptr && std::holds_alternative<bool Settings::*>(info->member)) {
      value = "true";
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      value = arguments[++i];
    } else {
      Report(IssueCode::kMissingField, origin, "has no value: write `" + name + "=value`", {},
             info == nullptr ? "" : info->name);
      continue;
    }
    const auto earlier = std::ranges::find(given, info, &Given::info);
    if (info == nullptr) {
      if (config_given) Report(IssueCode::kDuplicateKey, origin, "is given twice: remove one");
      config_given = true;
      config_ = value;
      if (value.empty()) Report(IssueCode::kMissingField, origin, "names no file: write `--config=/etc/berthd.yaml`");
    } else if (earlier == given.end()) {
      given.push_back({.info = info, .text = std::move(value), .origin = origin.source});
    } else if (std::holds_alternative<std::vector<ListenAddress> Settings::*>(info->member)) {
      earlier->text.append(",").append(value);
    } else {
      Report(IssueCode::kDuplicateKey, origin, "is given twice: remove one", {}, info->name);
    }
  }
  return given;
}

std::vector<SettingLoader::Given> SettingLoader::ReadEnvironment(std::span<const std::string> environment) {
  std::vector<Given> given;
  std::map<std::string, const SettingInfo*, std::less<>> variables;
  for (const SettingInfo& info : kSettings) variables.emplace(info.Environment(), &info);
  for (const std::string_view entry : environment) {
    const size_t equals = entry.find('=');
    if (!entry.starts_with(kVariablePrefix) || equals == std::string_view::npos) continue;
    const std::string_view name = entry.substr(0, equals);
    const std::string_view value = entry.substr(equals + 1);
    const std::string origin = "environment " + std::string(name);
    if (const auto variable = variables.find(name); variable != variables.end()) {
      given.push_back({.info = variable->second, .text = std::string(value), .origin = origin});
    } else if (name == kConfigVariable) {
      if (config_.empty()) config_ = value;  // the flag wins
    } else if (!IsServiceLink(name)) {
      Report(IssueCode::kUnknownField, {.source = "environment"}, Quoted(name) + " is no setting: unset it",
             DidYouMean(VariableName(NearestSetting(name.substr(kVariablePrefix.size())))));
    }
  }
  return given;
}

void SettingLoader::ReadConfig() {
  SourceFiles files = ReadOneSource(config_, kMaxConfigBytes, /*full_name=*/true);
  std::ranges::move(files.issues, std::back_inserter(loaded_.issues));
  if (files.texts.empty()) return;
  ParsedDocument parsed = ParseYaml(files.texts.front());
  std::ranges::move(parsed.issues, std::back_inserter(loaded_.issues));
  if (parsed.document == nullptr) return;
  const Document& document = *parsed.document;
  const std::string& file = document.source().name();
  if (document.root_count() == 0) return;
  if (document.root_count() > 1) {
    Report(IssueCode::kWrongType, {.source = file, .position = document.root(1).position()},
           "the file holds a second document: put all settings into the first");
  }
  const Value root = document.root(0);
  if (root.kind() == ValueKind::kInvalid) return;
  if (root.kind() != ValueKind::kMapping) {
    Report(IssueCode::kWrongType, {.source = file, .position = root.position()},
           "the file holds no mapping: write a line `setting: value` for each setting");
    return;
  }
  for (size_t i = 0; i < root.size(); ++i) ReadMember(root.key(i), root[i]);
}

// A plain scalar that YAML reads as nothing.
bool IsNull(const Value& value) {
  if (value.kind() == ValueKind::kNull) return true;
  constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
  return value.kind() == ValueKind::kPlain && std::ranges::count(kNulls, value.text()) > 0;
}

void SettingLoader::ReadMember(Value key, Value value) {
  const std::string& file = key.document().source().name();
  const auto info = std::ranges::find(kSettings, key.text(), &SettingInfo::name);
  if (info == std::end(kSettings)) {
    Report(IssueCode::kUnknownField, {.source = file, .position = key.position()},
           Quoted(key.text()) + " is no setting: remove it", DidYouMean(NearestName(key.text(), SettingNames())));
    return;
  }
  SettingOrigin origin = {.source = file, .position = value.position()};
  const std::string name = Quoted(info->name);
  const bool is_list = std::holds_alternative<std::vector<ListenAddress> Settings::*>(info->member);
  const bool takes_text = !std::holds_alternative<bool Settings::*>(info->member) &&
                          !std::holds_alternative<int64_t Settings::*>(info->member);
  if (value.kind() == ValueKind::kInvalid) return;
  if (IsNull(value)) {
    Report(IssueCode::kWrongType, origin, name + " has no value: give one, or remove the line", {}, info->name);
  } else if (is_list && value.kind() == ValueKind::kSequence) {
    ReadList(*info, value, std::move(origin));
  } else if (value.kind() == ValueKind::kSequence || value.kind() == ValueKind::kMapping) {
    Report(IssueCode::kWrongType, origin,
           name + " is a " + (value.kind() == ValueKind::kMapping ? "mapping" : "list") + ": write one value" +
               (is_list ? ", or a list of them" : ""),
           {}, info->name);
  } else if (value.kind() == ValueKind::kString && !takes_text) {
    Report(IssueCode::kWrongType, origin, name + " is a text: write it without quotes", {}, info->name);
  } else {
    Assign(*info, value.text(), std::move(origin));
  }
}

void SettingLoader::ReadList(const SettingInfo& info, Value list, SettingOrigin origin) {
  std::vector<ListenAddress> addresses;
  bool good = true;
  for (size_t i = 0; i < list.size(); ++i) {
    const Value item = list[i];
    const SettingOrigin place = {.source = origin.source, .position = item.position()};
    std::optional<Refusal> refusal;
    if (item.kind() == ValueKind::kSequence || item.kind() == ValueKind::kMapping || IsNull(item)) {
      refusal = Refusal{.code = IssueCode::kWrongType,
                        .message = Quoted(info.name) + " holds something that is no text: write an address"};
    } else if (item.kind() != ValueKind::kInvalid) {
      refusal = TextReader::Append(info, item.text(), addresses);
    }
    good = good && !refusal.has_value();
    if (refusal.has_value()) Report(*std::move(refusal), info, place);
  }
  if (good && addresses.empty()) {
    good = false;
    Report(IssueCode::kEmptyValue, origin, Quoted(info.name) + " is empty: name an address, or remove the line", {},
           info.name);
  }
  if (!good) return;
  loaded_.settings.*std::get<std::vector<ListenAddress> Settings::*>(info.member) = std::move(addresses);
  OriginOf(info) = std::move(origin);
}

}  // namespace

std::string SettingInfo::Flag() const { return FlagName(name); }

std::string SettingInfo::Environment() const { return VariableName(name); }

std::span<const SettingInfo> SettingTable() { return kSettings; }

LoadedSettings LoadSettings(const SettingSources& sources) { return SettingLoader().Run(sources); }

std::string SettingIssueText(const Issue& issue) {
  std::string text = PlaceText(issue.file, issue.position) + ": " + issue.message;
  if (!issue.suggestion.empty()) text.append("; ").append(issue.suggestion);
  return text;
}

}  // namespace berth
