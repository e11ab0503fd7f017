// berthd: reads its settings, serves until it is told to stop. Also prints its settings, and makes tokens.

#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/daemon/ask.h"
#include "berth/daemon/berthd.h"
#include "berth/daemon/listen_address.h"
#include "berth/daemon/log.h"
#include "berth/daemon/rpc_status.h"
#include "berth/daemon/settings.h"
#include "berth/daemon/tokens.h"
#include "berth/store/files.h"

extern char** environ;

namespace berth {
namespace {

enum ExitCode : int { kExitGood = 0, kExitRejected = 1, kExitUsage = 2, kExitUnreadable = 3, kExitInternal = 4 };

constexpr int kTickMillis = 250;

constexpr std::string_view kUsage = R"(berthd: decides launches of sandboxes over gRPC and HTTP

  berthd --source /etc/berth/catalog                      on this machine alone, without tokens
  berthd --source /etc/berth/catalog --gateway-facade     also lets clients start sandboxes; runs nothing
  berthd --config /etc/berth/berthd.yaml
  berthd config --show-origin --config /etc/berth/berthd.yaml
  berthd token --name ci --organization acme >> new-token

commands:
  (none)      serves until SIGTERM or SIGINT; SIGHUP reads catalog, tokens and certificates again
  config      prints the settings: [--show-origin] [-o text|json], and the flags below
  token       makes a bearer token: --name NAME [--organization ID]
  admit FILE  asks a running berthd about one launch: [--address A] [--token-file F]
              [--ca F [--cert F --key F]]; exits 0 admitted, 1 rejected, 4 otherwise
  --help, --version

)";

// To standard output or standard error, whatever it takes.
void Print(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

int Misused(const std::string& what) {
  Print(STDERR_FILENO, "berthd: " + what + "; see `berthd --help`\n");
  return kExitUsage;
}

LoadedSettings Load(std::vector<std::string> arguments) {
  SettingSources sources;
  sources.arguments = std::move(arguments);
  for (char** variable = environ; *variable != nullptr; ++variable) sources.environment.emplace_back(*variable);
  return LoadSettings(sources);
}

bool Complain(std::span<const Issue> issues) {
  for (const Issue& issue : issues) Print(STDERR_FILENO, "berthd: " + SettingIssueText(issue) + "\n");
  return !issues.empty();
}

int PrintConfig(const std::vector<std::string>& arguments) {
  bool show_origin = false;
  bool json = false;
  std::vector<std::string> flags;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--show-origin") {
      show_origin = true;
    } else if (argument == "-o" || argument == "--output") {
      const std::string format = ++i < arguments.size() ? arguments[i] : "";
      if (format != "json" && format != "text") return Misused("`" + argument + "` takes `text` or `json`");
      json = format == "json";
    } else {
      flags.push_back(argument);
    }
  }
  const LoadedSettings loaded = Load(std::move(flags));
  if (Complain(loaded.issues)) return kExitUsage;
  Print(STDOUT_FILENO, json ? SettingsJson(loaded) + "\n" : SettingsText(loaded, show_origin));
  return Complain(CheckSettings(loaded)) ? kExitUsage : kExitGood;
}

int PrintToken(const std::vector<std::string>& arguments) {
  std::string name;
  std::string organization{kDefaultOrganization};
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string* value = arguments[i] == "--name" ? &name : arguments[i] == "--organization" ? &organization : nullptr;
    if (value == nullptr) return Misused("`token` knows no `" + arguments[i] + "`");
    if (++i == arguments.size()) return Misused("`" + arguments[i - 1] + "` needs a value");
    *value = arguments[i];
  }
  if (name.empty()) return Misused("`token` needs `--name`: what logs call it");
  const std::optional<NewToken> made = MakeToken(name, organization);
  if (!made) {
    Print(STDERR_FILENO, "berthd: the system gives no random bytes\n");
    return kExitInternal;
  }
  Print(STDERR_FILENO, "the token, shown this once; berthd keeps its digest alone:\n");
  Print(STDOUT_FILENO, made->token + "\n");
  Print(STDERR_FILENO, "add under `tokens:` in the tokens file:\n  " + made->entry + "\n");
  return kExitGood;
}

// The text of a small file, without blanks at its end.
std::optional<std::string> ReadText(const std::string& path) {
  const SourceFiles files = ReadOneSource(path, size_t{1} << 20, /*full_name=*/true);
  if (files.texts.empty()) {
    Print(STDERR_FILENO, "berthd: " + files.issues.front().file + ": " + files.issues.front().message + "\n");
    return std::nullopt;
  }
  std::string text(files.texts.front()->bytes());
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

int PrintAdmission(const std::vector<std::string>& arguments) {
  AskOptions options;
  std::string file;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) {
      if (!file.empty()) return Misused("`admit` takes one file");
      file = argument;
      continue;
    }
    if (argument != "--address" && argument != "--token-file" && argument != "--ca" && argument != "--cert" &&
        argument != "--key") {
      return Misused("`admit` knows no `" + argument + "`");
    }
    if (++i == arguments.size()) return Misused("`" + argument + "` needs a value");
    if (argument == "--address") {
      options.address = arguments[i];
      continue;
    }
    std::optional<std::string> text = ReadText(arguments[i]);
    if (!text) return kExitUnreadable;
    std::string& option = argument == "--ca"     ? options.ca
                          : argument == "--cert" ? options.certificate
                          : argument == "--key"  ? options.key
                                                 : options.token;
    option = *std::move(text);
  }
  if (file.empty()) return Misused("`admit` needs a file with a launch");
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(options.address);
  if (!options.token.empty() && options.ca.empty() && !(address.ok() && IsLocal(*address))) {
    return Misused(
        "a token goes to other machines over TLS alone: give `--ca`, the file of who signed its certificate");
  }
  const absl::StatusOr<v1::LaunchRequest> launch = ReadLaunch(file);
  if (!launch.ok()) {
    const absl::string_view message = launch.status().message();
    Print(STDERR_FILENO, "berthd: " + std::string(message.data(), message.size()) + "\n");
    return kExitUnreadable;
  }
  const Asked asked = Ask(options, *launch);
  if (IsOk(asked.status)) {
    Print(STDOUT_FILENO, asked.response.decision_json() + "\n");
    return kExitGood;
  }
  Print(STDERR_FILENO,
        "berthd: " + std::string(RpcCodeName(asked.status.code())) + ": " + asked.status.message() + "\n");
  return IsDecision(asked.status) ? kExitRejected : kExitInternal;
}

// Each connection takes a descriptor, and nothing here uses select(), for whose sake the usual limit is low.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Waits for a signal, or a tick.
int NextSignal(int descriptor) {
  pollfd waiting = {descriptor, POLLIN, 0};
  if (poll(&waiting, 1, kTickMillis) <= 0) return 0;
  signalfd_siginfo info = {};
  return read(descriptor, &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
}

int Serve(const std::vector<std::string>& arguments) {
  const LoadedSettings loaded = Load(arguments);
  if (Complain(loaded.issues) || Complain(CheckSettings(loaded))) return kExitUsage;

  // Blocked before any thread is started, so that all inherit it and only the loop below sees them.
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
  RaiseDescriptorLimit();

  Log log(STDERR_FILENO, loaded.settings.log_level);
  absl::StatusOr<std::unique_ptr<Berthd>> berthd = Berthd::Start(loaded.settings, BERTH_VERSION, log);
  if (!berthd.ok()) {
    const absl::string_view message = berthd.status().message();
    log.Error("cannot serve", {{"detail", std::string_view(message.data(), message.size())}});
    return kExitInternal;
  }
  for (;;) {
    const int number = NextSignal(descriptor);
    if (number == SIGTERM || number == SIGINT) break;
    if (number == SIGHUP) (*berthd)->Reload();
    (*berthd)->Tick();
  }
  (*berthd)->Drain();
  return kExitGood;
}

int Main(std::vector<std::string> arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      Print(STDOUT_FILENO, std::string(kUsage) + SettingsHelp());
      return kExitGood;
    }
    if (argument == "--version") {
      Print(STDOUT_FILENO, "berthd " BERTH_VERSION "\n");
      return kExitGood;
    }
  }
  const std::string command = !arguments.empty() && !arguments.front().starts_with("-") ? arguments.front() : "";
  if (!command.empty()) arguments.erase(arguments.begin());
  if (command.empty()) return Serve(arguments);
  if (command == "config") return PrintConfig(arguments);
  if (command == "token") return PrintToken(arguments);
  if (command == "admit") return PrintAdmission(arguments);
  return Misused("there is no command `" + command + "`");
}

}  // namespace
}  // namespace berth

int main(int argc, char** argv) { return berth::Main({argv + 1, argv + argc}); }
