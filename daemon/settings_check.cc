#include <algorithm>
#include <array>
#include <utility>

#include "berth/daemon/settings.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

// Gathers what is said of settings, each at its origin.
class SettingCheck {
 public:
  explicit SettingCheck(const LoadedSettings& loaded) : loaded_(loaded), settings_(loaded.settings) {}

  std::vector<Issue> Run() {
    if (settings_.source.empty()) {
      Report(IssueCode::kMissingField, "source", "`source` is not set: name the catalog's file or folder");
    }
    CheckTls();
    for (const ListenAddress& address : settings_.listen) CheckReach("listen", address);
    if (settings_.http_listen.has_value()) {
      CheckReach("http_listen", *settings_.http_listen);
      const bool taken =
          settings_.http_listen->port != 0 && std::ranges::count(settings_.listen, *settings_.http_listen);
      if (taken) {
        Report(IssueCode::kDuplicateItem, "http_listen",
               "`http_listen` is " + Quoted(settings_.http_listen->text) + " as in `listen`: choose another port");
      }
    }
    return std::move(issues_);
  }

 private:
  void Report(IssueCode code, std::string_view setting, std::string message) {
    const std::span<const SettingInfo> table = SettingTable();
    const auto info = std::ranges::find(table, setting, &SettingInfo::name);
    const SettingOrigin& origin = loaded_.origins[static_cast<size_t>(info - table.begin())];
    Issue issue;
    issue.code = code;
    issue.message = std::move(message);
    issue.file = origin.source;
    issue.position = origin.position;
    issue.field = setting;
    if (origin.position.known()) issue.path = "/" + std::string(setting);
    issues_.push_back(std::move(issue));
  }

  void CheckTls() {
    const auto& [cert, key, authority] = std::tie(settings_.tls_cert, settings_.tls_key, settings_.tls_client_ca);
    if (!cert.empty() && key.empty()) {
      Report(IssueCode::kHalfPair, "tls_cert", "`tls_cert` is set without its key: set `tls_key`, or remove both");
    }
    if (cert.empty() && !key.empty()) {
      Report(IssueCode::kHalfPair, "tls_key",
             "`tls_key` is set without its certificate: set `tls_cert`, or remove both");
    }
    if (!authority.empty() && cert.empty()) {
      Report(IssueCode::kHalfPair, "tls_client_ca",
             "`tls_client_ca` is set without TLS: set `tls_cert` and `tls_key`, or remove it");
    }
  }

  void CheckReach(std::string_view setting, const ListenAddress& address) {
    if (IsLocal(address)) return;
    const std::string open = Quoted(setting) + " opens " + Quoted(address.text) + " to other machines without ";
    if (settings_.tls_cert.empty() && settings_.tls_key.empty() && !settings_.allow_plaintext) {
      Report(IssueCode::kMissingField, setting,
             open + "TLS: set `tls_cert` and `tls_key`, or `allow_plaintext`, or listen on `127.0.0.1`");
    }
    if (settings_.tokens.empty() && settings_.tls_client_ca.empty()) {
      Report(IssueCode::kMissingField, setting,
             open + "asking who calls: set `tokens` or `tls_client_ca`, or listen on `127.0.0.1`");
    }
  }

  const LoadedSettings& loaded_;
  const Settings& settings_;
  std::vector<Issue> issues_;
};

}  // namespace

std::vector<Issue> CheckSettings(const LoadedSettings& loaded) { return SettingCheck(loaded).Run(); }

}  // namespace berth
