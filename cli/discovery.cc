#include "berth/cli/discovery.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "berth/cli/admit.h"
#include "berth/engine/discovery.h"
#include "berth/engine/json.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"

namespace berth::cli {
namespace {

constexpr size_t kNameColumns = 40;

template <typename Names>
std::string List(const Names& names) {
  return names.empty() ? "-" : NameList({names.begin(), names.end()}, kNameColumns);
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : Printable(text); }

Table::Cell State(const LiveState& live) {
  if (live.install != InstallStatus::kReady) return {std::string(InstallStatusName(live.install)), Style::kWarning};
  if (live.connection != ConnectionStatus::kConnected) {
    return {std::string(ConnectionStatusName(live.connection)), Style::kWarning};
  }
  return {"READY", Style::kGood};
}

// What both lists need first.
class Discovery {
 public:
  Discovery(const DiscoveryOptions& options, Console& console) : options_(options), console_(console) {}

  ExitCode Run() {
    if (!ReadQuantity("--min-cpu", options_.min_cpu, Resource::kCpu, filter_.min_cpu_millicores) ||
        !ReadQuantity("--min-memory", options_.min_memory, Resource::kMemory, filter_.min_memory_bytes)) {
      return kExitUsage;
    }
    if (const ExitCode code = LoadCatalog(options_.catalog, engine_, console_); code != kExitGood) return code;
    snapshot_ = engine_.snapshot();
    std::optional<LoadedRequest> loaded;
    if (options_.fits) {
      loaded = LoadRequest(*options_.fits, console_);
      if (!loaded) return kExitUnreadable;
    }
    if (!ChooseOrganization(*snapshot_, options_.organization, loaded ? &*loaded : nullptr, organization_, console_)) {
      return kExitUsage;
    }
    filter_.runner_id = options_.runner;
    filter_.runner_group_id = options_.group;
    filter_.profile = options_.profile;
    filter_.gpu_type = options_.gpu_type;
    filter_.architecture = options_.architecture;
    filter_.egress_mode = options_.egress_mode;
    filter_.ingress_mode = options_.ingress_mode;
    filter_.min_gpu_count = options_.min_gpu;
    filter_.healthy_only = options_.healthy_only;
    filter_.exclude_shared = options_.exclude_shared;
    return loaded ? AskAdmission(*loaded) : kExitGood;
  }

  [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }
  [[nodiscard]] const std::string& organization() const { return organization_; }
  [[nodiscard]] const DiscoveryFilter& filter() const { return filter_; }

 private:
  bool ReadQuantity(std::string_view flag, const std::string& text, Resource resource, int64_t& units) {
    if (text.empty()) return true;
    QuantityError error = QuantityError::kNone;
    const std::optional<Quantity> quantity = ParseQuantity(text, resource, &error);
    if (!quantity) {
      console_.Complain(std::string(flag).append(": ").append(QuantityErrorMessage(error, text)));
      return false;
    }
    units = quantity->UnitsOf(resource).value_or(0);
    return true;
  }

  // The candidates that nothing keeps from taking the request.
  ExitCode AskAdmission(LoadedRequest& loaded) {
    Scratch scratch;
    const DetailedDecision decision = engine_.AdmitInDetail(loaded.request, scratch);
    if (decision.verdict != Verdict::kInvalid) {
      fitting_ = FittingBindings(decision);
      filter_.fitting = &fitting_;
      return kExitGood;
    }
    PrintInvalid(decision, loaded.request, options_.output, console_);
    return kExitBad;
  }

  const DiscoveryOptions& options_;
  Console& console_;
  Engine engine_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::string organization_;
  DiscoveryFilter filter_;
  std::vector<uint32_t> fitting_;
};

std::string CpuText(std::optional<int64_t> millicores) {
  return millicores ? Quantity::FromMillicores(*millicores).ToString() : "-";
}
std::string MemoryText(std::optional<int64_t> bytes) { return bytes ? Quantity::FromBytes(*bytes).ToString() : "-"; }
std::string CountText(std::optional<int64_t> count) { return count ? std::to_string(*count) : "-"; }
// Zero means that nothing is known.
std::optional<int64_t> Known(int64_t value) { return value == 0 ? std::nullopt : std::optional(value); }

std::string GpuText(const Capabilities& capabilities) {
  if (capabilities.max_gpu_count.value == 0) return "-";
  return std::to_string(capabilities.max_gpu_count.value) + " " + NameList(capabilities.gpu_types.value, kNameColumns);
}

void PrintTable(const Table& table, std::string_view what, const Discovery& discovery, Console& console) {
  if (!table.empty()) {
    table.Print(0, console.out);
    return;
  }
  std::string message("no ");
  message.append(what).append(" passes the filters for organization ").append(Quoted(discovery.organization()));
  const std::vector<std::string> known = OrganizationsOf(discovery.snapshot());
  if (std::ranges::find(known, discovery.organization()) == known.end()) {
    message.append("; the catalog's are ").append(NameList(known, kNameColumns)).append(": add `--organization ID`");
  }
  console.Complain(message);
}

}  // namespace

ExitCode PrintProfiles(const DiscoveryOptions& options, Console& console) {
  Discovery discovery(options, console);
  if (const ExitCode code = discovery.Run(); code != kExitGood) return code;
  const std::vector<ProfileListing> listings =
      ListProfiles(discovery.snapshot(), discovery.organization(), discovery.filter());
  if (options.output == Output::kJson) {
    console.out << ProfilesToJson(listings, JsonLayout::kIndented) << "\n";
    return kExitGood;
  }
  Table table({"PROFILE", "RUNNER", "DEFAULT", "STATE", "GPU", "ARCHITECTURE", "EGRESS", "INGRESS"});
  for (const ProfileListing& listing : listings) {
    std::vector<std::string> gpus;
    for (const GpuType& type : listing.binding->offer.gpu_types) gpus.push_back(type.name);
    const Runner& runner = *listing.runner->runner;
    table.Add({Printable(listing.binding->name), Printable(runner.runner_id), listing.binding->is_default ? "yes" : "-",
               State(listing.runner->live->Read()), List(gpus), List(runner.capabilities.architectures.value),
               List(listing.binding->offer.egress_modes), List(listing.binding->offer.ingress_levels)});
  }
  PrintTable(table, "profile", discovery, console);
  return kExitGood;
}

ExitCode PrintRunners(const DiscoveryOptions& options, Console& console) {
  Discovery discovery(options, console);
  if (const ExitCode code = discovery.Run(); code != kExitGood) return code;
  const std::vector<RunnerListing> listings =
      ListRunners(discovery.snapshot(), discovery.organization(), discovery.filter());
  if (options.output == Output::kJson) {
    console.out << RunnersToJson(listings, options.include_resources, JsonLayout::kIndented) << "\n";
    return kExitGood;
  }
  std::vector<std::string_view> headings = {"RUNNER", "GROUP",  "ZONE", "STATE",        "SHARED",
                                            "CPU",    "MEMORY", "GPU",  "ARCHITECTURE", "PROFILES"};
  if (options.include_resources) {
    headings.insert(headings.end() - 1, {"FREE CPU", "FREE MEMORY", "FREE GPU", "SANDBOXES"});
  }
  Table table(std::move(headings));
  for (const RunnerListing& listing : listings) {
    const Runner& runner = *listing.runner->runner;
    const Capabilities& can = runner.capabilities;
    Table::Row row = {Printable(runner.runner_id),
                      OrDash(runner.group),
                      OrDash(runner.zone),
                      State(listing.live),
                      runner.is_shared ? "yes" : "-",
                      CpuText(Known(can.max_cpu_millicores.value)),
                      MemoryText(Known(can.max_memory_bytes.value)),
                      GpuText(can),
                      List(can.architectures.value)};
    if (options.include_resources) {
      row.emplace_back(CpuText(listing.live.cpu));
      row.emplace_back(MemoryText(listing.live.memory));
      row.emplace_back(CountText(listing.live.gpu));
      row.emplace_back(CountText(runner.available.running_sandboxes));
    }
    row.emplace_back(List(listing.profile_names));
    table.Add(std::move(row));
  }
  PrintTable(table, "runner", discovery, console);
  return kExitGood;
}

}  // namespace berth::cli
