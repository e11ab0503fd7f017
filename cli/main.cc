// The `berth` command: flags in, one command run, its exit code out. What the commands do is in the files they name.

#include <algorithm>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "berth/cli/admit.h"
#include "berth/cli/discovery.h"
#include "berth/cli/explain.h"
#include "berth/cli/lint.h"
#include "berth/cli/load.h"
#include "berth/cli/resolve.h"
#include "berth/cli/terminal.h"
#include "berth/cli/test.h"
#include "berth/spec/quoted.h"

namespace berth::cli {
namespace {

// Help with the examples before the options: most readers look for the line to copy.
class ExamplesFirst : public CLI::Formatter {
 public:
  ExamplesFirst() { column_width(34); }

  std::string make_description(const CLI::App* app) const override {
    std::string text = app->get_description() + "\n";
    if (!app->get_footer().empty()) text.append("\nExamples:\n").append(app->get_footer()).append("\n\n");
    return text;
  }
  std::string make_footer(const CLI::App*) const override { return {}; }
};

// The words a flag takes, the usual one first.
template <typename T>
using Choices = std::vector<std::pair<std::string, T>>;

const Choices<Output> kTextOrJson = {{"text", Output::kText}, {"json", Output::kJson}};
const Choices<Output> kSpecOutputs = {
    {"text", Output::kText}, {"yaml", Output::kYaml}, {"json", Output::kJson}, {"pod", Output::kPod}};
const Choices<ColorChoice> kColors = {
    {"auto", ColorChoice::kAuto}, {"always", ColorChoice::kAlways}, {"never", ColorChoice::kNever}};

template <typename T>
void AddChoice(CLI::App& command, const std::string& flags, const Choices<T>& choices, std::function<void(T)> set,
               const std::string& description) {
  std::string words;
  for (const auto& [word, value] : choices) words.append(words.empty() ? "" : ",").append(word);
  const auto read = [&choices, flags, words, set = std::move(set)](const std::string& word) {
    const auto found = std::ranges::find(choices, word, &std::pair<std::string, T>::first);
    if (found == choices.end()) throw CLI::ValidationError(flags, Quoted(word) + " is none of " + words);
    set(found->second);
  };
  command.add_option_function<std::string>(flags, read, description)->option_text(words);
}

// What is wrong with a command line before any value is looked at, in the order in which it was written.
//
// CLI11 reports what is missing before what is unknown, and in its own words; a mistyped flag is then called missing.
class Arguments {
 public:
  Arguments(const CLI::App& app, int argc, const char* const* argv) : command_(&app), words_(argv + 1, argv + argc) {}

  // The first mistake, or nothing.
  std::optional<std::string> FindMistake() {
    if (AsksForHelp()) return std::nullopt;
    for (size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      std::optional<std::string> mistake;
      if (only_words_ || word == "-" || !word.starts_with('-')) {
        mistake = CheckWord(word);
      } else if (word == "--") {
        only_words_ = true;
      } else {
        mistake = CheckFlag(word, i);
      }
      if (mistake) return mistake;
    }
    return FindMissing();
  }
  // The command, as far as it was understood; the whole tool before one is named.
  [[nodiscard]] const CLI::App& command() const { return *command_; }

 private:
  [[nodiscard]] bool chosen() const { return command_->get_parent() != nullptr; }
  [[nodiscard]] std::string Title() const {
    return "`berth" + (chosen() ? " " + command_->get_name() : std::string()) + "`";
  }

  [[nodiscard]] bool AsksForHelp() const {
    return std::ranges::any_of(
        words_, [](const std::string& word) { return word == "-h" || word == "--help" || word == "--version"; });
  }

  std::optional<std::string> CheckWord(const std::string& word) {
    if (!chosen()) {
      std::vector<std::string> known;
      for (const CLI::App* command : command_->get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_name() == word) {
          command_ = command;
          return std::nullopt;
        }
        known.push_back(command->get_name());
      }
      return Quoted(word) + " is no command" + DidYouMean(word, known);
    }
    for (const CLI::Option* option : command_->get_options()) {
      if (!option->get_positional()) continue;
      given_.insert(option);
      return std::nullopt;
    }
    return Quoted(word) + " is one argument too many for " + Title();
  }

  // `i` is the flag's word; moves to the value's when that is one of its own.
  std::optional<std::string> CheckFlag(const std::string& word, size_t& i) {
    const bool is_long = word.starts_with("--");
    const size_t name_end = is_long ? std::min(word.find('='), word.size()) : 2;
    const std::string name = word.substr(0, name_end);
    const CLI::Option* option = command_->get_option_no_throw(name);
    if (option == nullptr || option->get_positional()) return UnknownFlag(name);
    if (option->get_items_expected_max() == 0) {
      if (name_end == word.size()) return std::nullopt;
      return is_long ? Quoted(name) + " takes no value" : UnknownFlag(word);
    }
    const bool many = option->get_items_expected_max() > 1;
    if (!given_.insert(option).second && !many) return Quoted(name) + " is given twice: keep one of the two";
    if (name_end + 1 < word.size() || (!is_long && name_end < word.size())) return std::nullopt;
    const bool follows =
        name_end == word.size() && i + 1 < words_.size() && (words_[i + 1] == "-" || !words_[i + 1].starts_with('-'));
    if (!follows) return Quoted(name) + " needs a value: " + Quoted(name + " " + option->get_option_text());
    ++i;
    return std::nullopt;
  }

  [[nodiscard]] std::string UnknownFlag(const std::string& name) const {
    std::vector<std::string> known;
    for (const CLI::Option* option : command_->get_options()) {
      for (const std::string& lname : option->get_lnames()) known.push_back("--" + lname);
    }
    if (!chosen()) {
      for (const CLI::App* command : command_->get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_option_no_throw(name) == nullptr) continue;
        if (std::ranges::find(words_, command->get_name()) == words_.end()) continue;
        return Quoted(name) + " stands before the command: write `berth " + command->get_name() + " " +
               Printable(name) + " ...`";
      }
    }
    return Quoted(name) + " is no flag of " + Title() + DidYouMean(name, known);
  }

  [[nodiscard]] std::optional<std::string> FindMissing() const {
    if (!chosen()) return "a command is needed";
    for (const CLI::Option* option : command_->get_options()) {
      if (!option->get_required() || given_.contains(option)) continue;
      if (option->get_positional())
        return Quoted(option->get_name(true)) + " is missing: name a file, a folder, or `-`";
      return Quoted(option->get_name() + " " + option->get_option_text()) + " is missing";
    }
    return std::nullopt;
  }

  const CLI::App* command_;
  std::vector<std::string> words_;
  std::set<const CLI::Option*> given_;
  bool only_words_ = false;  // behind `--`
};

class CommandLine {
 public:
  CommandLine() : app_("Decides where a sandbox may run, and explains why.", "berth") {
    app_.formatter(std::make_shared<ExamplesFirst>());
    app_.footer(
        "  berth lint catalog/                                         is the catalog sound?\n"
        "  berth admit --catalog catalog/ --request launch.yaml        would this launch be admitted?\n"
        "  berth explain --catalog catalog/ --runner r1                who set every value?\n"
        "  berth test catalog/                                         does it still decide what we want?\n"
        "  berth profiles --catalog catalog/                           what is there to use?");
    app_.set_version_flag("--version", "berth " BERTH_VERSION, "Print the version and stop");
    app_.set_help_flag("-h,--help", "Print this help and stop");
    app_.require_subcommand(0, 1);  // `berth lint admit` is a file called `admit`
    AddColor(app_);
    AddLint();
    AddResolve();
    AddExplain();
    AddAdmit();
    AddTest();
    AddDiscovery();
  }

  int Run(int argc, const char* const* argv) {
    Arguments arguments(app_, argc, argv);
    if (const std::optional<std::string> mistake = arguments.FindMistake()) {
      return Misused(*mistake, &arguments.command());
    }
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return Answer(app_.help());
    } catch (const CLI::CallForVersion& version) {
      return Answer(std::string(version.what()) + "\n");
    } catch (const CLI::ParseError& error) {
      return Misused(error.what(), &Chosen());
    }
    if (!command_) return Misused("a command is needed", &Chosen());
    Console console(color_);
    console.quiet = quiet_;
    const ExitCode code = command_(console);
    return console.Flush() ? code : kExitInternal;
  }

 private:
  int Answer(const std::string& text) const {
    Console console(color_);
    console.out << text;
    return console.Flush() ? kExitGood : kExitInternal;
  }

  [[nodiscard]] const CLI::App& Chosen() const {
    const std::vector<CLI::App*> chosen = app_.get_subcommands();
    return chosen.empty() ? app_ : *chosen.front();
  }

  int Misused(std::string_view why, const CLI::App* command) const {
    Console console(color_);
    console.Complain(Printable(why));
    console.err << "run `berth " << (command == &app_ ? std::string() : command->get_name() + " ") << "--help`\n";
    console.Flush();
    return kExitUsage;
  }

  void AddColor(CLI::App& command) {
    AddChoice<ColorChoice>(
        command, "--color", kColors, [this](ColorChoice choice) { color_ = choice; },
        "Colour: auto, always or never (NO_COLOR counts for auto)");
  }

  CLI::App& AddCommand(const std::string& name, const std::string& description, const std::string& examples) {
    CLI::App& command = *app_.add_subcommand(name, description);
    command.footer(examples);
    command.set_help_flag("-h,--help", "Print this help and stop");
    AddColor(command);
    command.set_version_flag("--version", "berth " BERTH_VERSION, "Print the version and stop");
    return command;
  }

  void AddLint() {
    CLI::App& command =
        AddCommand("lint", "Checks catalogs, single objects, profile and runner fragments, and launch requests.",
                   "  berth lint catalog/\n"
                   "  berth lint profiles/agent.yaml zones/ --strict\n"
                   "  berth lint catalog/ --format json --ignore check-skipped");
    command.add_option("PATH", lint_.paths, "Files, folders, or - for standard input")->required()->option_text("...");
    AddChoice<Output>(
        command, "-o,--output,--format", kTextOrJson, [this](Output output) { lint_.output = output; }, "Format");
    command.add_flag("--strict", lint_.strict, "Warnings fail");
    command.add_option("--select", lint_.selected, "Report only these findings")
        ->delimiter(',')
        ->option_text("CODE,...");
    command.add_option("--ignore", lint_.ignored, "Leave these findings out")->delimiter(',')->option_text("CODE,...");
    command.callback([this] { command_ = [this](Console& console) { return Lint(lint_, console); }; });
  }

  void AddCatalog(CLI::App& command, std::string& catalog) {
    command.add_option("--catalog", catalog, "The catalog: a file, a folder, or -")->required()->option_text("PATH");
    command.add_flag("--quiet", quiet_, "Without findings about the catalog");
  }
  // Standard input can be read once.
  static void CheckInputs(const std::string& catalog, std::string_view flag, const std::optional<std::string>& file) {
    if (catalog == "-" && file == "-") {
      throw CLI::ValidationError("only one of `--catalog` and `" + std::string(flag) + "` can be `-`");
    }
  }
  static void AddOrganization(CLI::App& command, std::optional<std::string>& organization) {
    command
        .add_option_function<std::string>(
            "--organization", [&organization](const std::string& id) { organization = id; },
            "Who asks (default: default); a request's own organization wins")
        ->option_text("ID");
  }
  static void AddFile(CLI::App& command, const std::string& flag, std::optional<std::string>& file,
                      const std::string& description, const std::string& value = "FILE") {
    command
        .add_option_function<std::string>(
            flag, [&file](const std::string& path) { file = path; }, description)
        ->option_text(value);
  }

  void AddTarget(CLI::App& command, ResolveOptions& target) {
    AddCatalog(command, target.catalog);
    command.add_option("--runner", target.runner, "The runner")->required()->option_text("ID");
    command.add_option("--profile", target.profile, "A profile it binds, by name or id (default: its default)")
        ->option_text("NAME");
    AddFile(command, "--request", target.request, "A launch whose own settings count as well");
    AddOrganization(command, target.organization);
    command.add_flag("--effective", target.effective, "Without the launch's own settings");
  }

  void AddResolve() {
    CLI::App& resolve =
        AddCommand("resolve", "Prints the spec that launches get on a runner's profile.",
                   "  berth resolve --catalog catalog/ --runner r1\n"
                   "  berth resolve --catalog catalog/ --runner r1 --profile gpu --request launch.yaml\n"
                   "  berth resolve --catalog catalog/ --runner r1 -o json\n"
                   "  berth resolve --catalog catalog/ --runner r1 --request launch.yaml -o pod");
    AddTarget(resolve, resolve_);
    AddChoice<Output>(
        resolve, "-o,--output", kSpecOutputs, [this](Output output) { resolve_.output = output; },
        "Format; pod: a preview of the Kubernetes manifests");
    resolve.callback([this] {
      CheckInputs(resolve_.catalog, "--request", resolve_.request);
      command_ = [this](Console& console) { return ResolveSpec(resolve_, console); };
    });
  }

  void AddExplain() {
    CLI::App& explain =
        AddCommand("explain", "Prints what every layer says about each field, where, and which one counts.",
                   "  berth explain --catalog catalog/ --runner r1\n"
                   "  berth explain --catalog catalog/ --runner r1 --path /network/egress\n"
                   "  berth explain --catalog catalog/ --runner r1 --request launch.yaml --all-layers\n"
                   "  berth explain --catalog catalog/ --runner r1 --html explained.html");
    AddTarget(explain, explain_.target);
    explain.add_option("--path", explain_.path, "Only fields at or below this pointer, and who may set them")
        ->option_text("POINTER");
    explain.add_flag("--all-layers", explain_.all_layers, "Also the layers that say nothing about a field");
    AddFile(explain, "--html", explain_.html, "Write all layers as a page of HTML instead; - prints it");
    AddChoice<Output>(
        explain, "-o,--output", kTextOrJson, [this](Output output) { explain_.target.output = output; }, "Format");
    explain.callback([this] {
      CheckInputs(explain_.target.catalog, "--request", explain_.target.request);
      if (explain_.html && explain_.target.output != Output::kText) {
        throw CLI::ValidationError("`--html` and `--output` exclude each other: keep one of the two");
      }
      command_ = [this](Console& console) { return ExplainSpec(explain_, console); };
    });
  }

  void AddAdmit() {
    CLI::App& command = AddCommand("admit", "Decides whether and where a launch may run.",
                                   "  berth admit --catalog catalog/ --request launch.yaml\n"
                                   "  berth admit --catalog catalog/ --request launch.yaml --why-not r1/gpu\n"
                                   "  berth admit --catalog catalog/ --request launch.yaml --all -o json\n"
                                   "  berth admit --catalog catalog/ --request launch.yaml --html decision.html\n"
                                   "  berth admit --catalog catalog/ --requests launches.jsonl");
    AddCatalog(command, admit_.catalog);
    AddFile(command, "--request", admit_.request, "The launch, or -");
    AddFile(command, "--requests", admit_.requests,
            "Many launches: YAML documents, a JSON array, or JSON lines; a decision a line");
    command.add_flag("--all", admit_.all, "Also where candidates were lost, and every candidate with every reason");
    command
        .add_option_function<std::string>(
            "--why-not", [this](const std::string& target) { admit_.why_not = target; },
            "Only about this place: what keeps the launch from it")
        ->option_text("RUNNER[/PROFILE]");
    AddFile(command, "--html", admit_.html, "Write all of it as a page of HTML instead; - prints it");
    AddChoice<Output>(
        command, "-o,--output", kTextOrJson, [this](Output output) { admit_.output = output; }, "Format");
    command.callback([this] {
      if (!admit_.request && !admit_.requests) {
        throw CLI::ValidationError("`--request` or `--requests` is missing: name a file with launches");
      }
      if (admit_.request && admit_.requests) {
        throw CLI::ValidationError("`--request` and `--requests` exclude each other: keep one of the two");
      }
      if (admit_.why_not && admit_.requests) {
        throw CLI::ValidationError("`--why-not` is about one launch: name it with `--request`");
      }
      if (admit_.html) CheckHtml();
      CheckInputs(admit_.catalog, "--request", admit_.request);
      CheckInputs(admit_.catalog, "--requests", admit_.requests);
      command_ = [this](Console& console) { return Admit(admit_, console); };
    });
  }

  // A page is about one launch, and about all places.
  void CheckHtml() const {
    if (admit_.requests) throw CLI::ValidationError("`--html` is about one launch: name it with `--request`");
    if (admit_.why_not) throw CLI::ValidationError("`--html` and `--why-not` exclude each other: keep one of the two");
    if (admit_.output == Output::kJson) {
      throw CLI::ValidationError("`--html` and `--output` exclude each other: keep one of the two");
    }
  }

  void AddTest() {
    CLI::App& command = AddCommand("test", "Runs policy tests: launches, and the decision that is wanted on each.",
                                   "  berth test catalog/\n"
                                   "  berth test tests/gpu.test.yaml --run \"no internet\" --verbose\n"
                                   "  berth test tests/ --catalog catalog/ --coverage --fail-under 80\n"
                                   "  berth test tests/ -o json");
    command.add_option("PATH", test_.paths, "Files, folders with `*.test.yaml` (.yml, .json), or -")
        ->required()
        ->option_text("...");
    AddFile(command, "--catalog", test_.catalog, "The catalog, whatever the tests name: a file, a folder, or -",
            "PATH");
    command.add_option("--run", test_.run, "Only the cases with this in their name")->option_text("TEXT");
    command.add_flag("-v,--verbose", test_.verbose, "Also the cases that pass; in JSON, every decision");
    command.add_flag("--coverage", test_.coverage, "Also what of the catalog no case exercises");
    command
        .add_option_function<std::string>(
            "--fail-under",
            [this](const std::string& text) {
              const bool percent = !text.empty() && text.size() <= 3 &&
                                   text.find_first_not_of("0123456789") == std::string::npos && std::stoul(text) <= 100;
              if (!percent)
                throw CLI::ValidationError("--fail-under", Quoted(text) + " is no percentage from 0 to 100");
              test_.fail_under = std::stoul(text);
              test_.coverage = true;
            },
            "Fail when less than this much of the catalog is exercised")
        ->option_text("PERCENT");
    command.add_flag("--quiet", quiet_, "Without findings about catalogs");
    AddChoice<Output>(
        command, "-o,--output", kTextOrJson, [this](Output output) { test_.output = output; }, "Format");
    command.callback([this] {
      if (std::ranges::find(test_.paths, "-") != test_.paths.end()) CheckInputs("-", "PATH", test_.catalog);
      command_ = [this](Console& console) { return Test(test_, console); };
    });
  }

  // The flags that `profiles` and `runners` share.
  void AddFilters(CLI::App& command) {
    AddCatalog(command, discovery_.catalog);
    AddOrganization(command, discovery_.organization);
    AddFile(command, "--fits", discovery_.fits, "Only what can take this launch now, as admission says");
    const auto add = [&](const std::string& flag, std::string& text, const std::string& description) {
      command.add_option(flag, text, description)->option_text("NAME");
    };
    add("--gpu-type", discovery_.gpu_type, "With this GPU type");
    add("--architecture", discovery_.architecture, "With this architecture");
    add("--ingress-mode", discovery_.ingress_mode, "With this ingress level");
    add("--egress-mode", discovery_.egress_mode, "With this egress mode");
    AddChoice<Output>(
        command, "-o,--output", kTextOrJson, [this](Output output) { discovery_.output = output; }, "Format");
  }

  void AddDiscovery() {
    CLI::App& profiles = AddCommand("profiles", "Lists the profiles an organization can use, binding by binding.",
                                    "  berth profiles --catalog catalog/\n"
                                    "  berth profiles --catalog catalog/ --gpu-type h100 --egress-mode internet\n"
                                    "  berth profiles --catalog catalog/ --fits launch.yaml");
    AddFilters(profiles);
    profiles.add_option("--runner", discovery_.runner, "Of this runner")->option_text("ID");
    profiles.callback([this] {
      CheckInputs(discovery_.catalog, "--fits", discovery_.fits);
      command_ = [this](Console& console) { return PrintProfiles(discovery_, console); };
    });

    CLI::App& runners = AddCommand("runners", "Lists the runners an organization can use.",
                                   "  berth runners --catalog catalog/ --include-resources\n"
                                   "  berth runners --catalog catalog/ --healthy-only --min-cpu 16 --min-memory 64Gi\n"
                                   "  berth runners --catalog catalog/ --fits launch.yaml");
    AddFilters(runners);
    runners.add_option("--group", discovery_.group, "Of this runner group")->option_text("ID");
    runners.add_option("--profile", discovery_.profile, "That bind this profile, by name or id")->option_text("NAME");
    runners.add_option("--min-cpu", discovery_.min_cpu, "With this much CPU free")->option_text("QUANTITY");
    runners.add_option("--min-memory", discovery_.min_memory, "With this much memory free")->option_text("QUANTITY");
    runners.add_option("--min-gpu", discovery_.min_gpu, "With this many GPUs free")
        ->check([](const std::string& text) {
          const bool count = text.find_first_not_of("0123456789") == std::string::npos && text.size() <= 9;
          return count && !text.empty() ? std::string() : Quoted(text) + " is no count of GPUs";
        })
        ->option_text("COUNT");
    runners.add_flag("--healthy-only", discovery_.healthy_only, "Ready and connected");
    runners.add_flag("--exclude-shared", discovery_.exclude_shared, "Without other organizations' shared runners");
    runners.add_flag("--include-resources", discovery_.include_resources, "With what is free now");
    runners.callback([this] {
      CheckInputs(discovery_.catalog, "--fits", discovery_.fits);
      command_ = [this](Console& console) { return PrintRunners(discovery_, console); };
    });
  }

  CLI::App app_;
  ColorChoice color_ = ColorChoice::kAuto;
  bool quiet_ = false;
  LintOptions lint_;
  ResolveOptions resolve_;
  ExplainOptions explain_;
  AdmitOptions admit_;
  TestOptions test_;
  DiscoveryOptions discovery_;
  std::function<ExitCode(Console&)> command_;
};

}  // namespace
}  // namespace berth::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `berth ... | head` ends quietly
  try {
    return berth::cli::CommandLine().Run(argc, argv);
  } catch (const std::exception& error) {
    berth::cli::Console console(berth::cli::ColorChoice::kNever);
    console.Complain(std::string("internal error: ") + error.what());
    console.Flush();
    return berth::cli::kExitInternal;
  }
}
