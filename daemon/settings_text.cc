#include <algorithm>
#include <array>
#include <utility>

#include "berth/daemon/settings.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

std::string TextOf(const std::string& value) { return value; }
std::string TextOf(bool value) { return value ? "true" : "false"; }
std::string TextOf(int64_t value) { return std::to_string(value); }
std::string TextOf(LogLevel value) { return std::string(kLogLevelNames[static_cast<size_t>(value)]); }
std::string TextOf(DecisionLogMode value) { return std::string(kDecisionLogModeNames[static_cast<size_t>(value)]); }
std::string TextOf(const std::optional<ListenAddress>& value) { return value.has_value() ? value->text : ""; }
std::string TextOf(const std::vector<ListenAddress>& value) {
  std::string text;
  for (const ListenAddress& address : value) text.append(text.empty() ? "" : ", ").append(address.text);
  return text;
}

template <typename T>
void Write(const T& value, JsonWriter& json) {
  json.String(TextOf(value));
}
void Write(const bool& value, JsonWriter& json) { json.Bool(value); }
void Write(const int64_t& value, JsonWriter& json) { json.Int(value); }
void Write(const std::vector<ListenAddress>& value, JsonWriter& json) {
  json.BeginArray();
  for (const ListenAddress& address : value) json.String(address.text);
  json.EndArray();
}

// Bytes that move a terminal's cursor, or are not seen, as `?`.
std::string Shown(std::string_view text) {
  std::string shown(text.empty() ? "-" : text);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F; }, '?');
  return shown;
}

template <size_t kColumns>
std::string Aligned(const std::vector<std::array<std::string, kColumns>>& rows, size_t columns = kColumns) {
  std::array<size_t, kColumns> widths = {};
  for (const auto& row : rows) {
    for (size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < columns; ++i) {
      text += row[i];
      if (i + 1 < columns) text.append(widths[i] - row[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::vector<SettingRow> SettingRows(const LoadedSettings& loaded) {
  std::vector<SettingRow> rows;
  for (const SettingInfo& info : SettingTable()) {
    rows.push_back({.name = info.name,
                    .value = std::visit([&](auto member) { return TextOf(loaded.settings.*member); }, info.member),
                    .origin = loaded.origins[rows.size()].Text()});
  }
  return rows;
}

std::string SettingsText(const LoadedSettings& loaded, bool show_origin) {
  std::vector<std::array<std::string, 3>> rows = {{"SETTING", "VALUE", "ORIGIN"}};
  for (const SettingRow& row : SettingRows(loaded)) {
    rows.push_back({std::string(row.name), Shown(row.value), Shown(row.origin)});
  }
  return Aligned(rows, show_origin ? 3 : 2);
}

std::string SettingsJson(const LoadedSettings& loaded) {
  std::string text;
  JsonWriter json(text, JsonLayout::kIndented);
  json.BeginObject().Key("schema").String("berth.config/v1").Key("settings").BeginArray();
  size_t row = 0;
  for (const SettingInfo& info : SettingTable()) {
    json.BeginObject().Key("name").String(info.name).Key("value");
    std::visit([&](auto member) { Write(loaded.settings.*member, json); }, info.member);
    json.Key("origin").String(loaded.origins[row++].Text()).EndObject();
  }
  json.EndArray().EndObject();
  return text + "\n";
}

std::string SettingsHelp() {
  std::vector<std::array<std::string, 3>> rows;
  for (const SettingInfo& info : SettingTable()) {
    const bool is_switch = std::holds_alternative<bool Settings::*>(info.member);
    std::string line(info.documentation);
    if (!is_switch && !info.default_text.empty()) line.append(" (default: ").append(info.default_text).append(")");
    rows.push_back({"  " + info.Flag() + (is_switch ? "" : "=VALUE"), std::move(line), ""});
  }
  return Aligned(rows, 2);
}

}  // namespace berth
