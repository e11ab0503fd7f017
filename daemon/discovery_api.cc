#include "berth/daemon/discovery_api.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/daemon/page.h"
#include "berth/daemon/rpc_status.h"
#include "berth/engine/discovery.h"
#include "berth/spec/node_reader.h"
#include "berth/spec/quoted.h"

namespace berth {
namespace {

namespace wire = coreweave::sandbox::v1beta2;

template <typename Names>
void SetSorted(const Names& names, google::protobuf::RepeatedPtrField<std::string>& field) {
  std::vector<std::string_view> sorted(names.begin(), names.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const std::string_view name : sorted) field.Add(std::string(name));
}

void FillProfile(const ProfileListing& listing, wire::ProfileSummary& profile) {
  const Offer& offer = listing.binding->offer;
  profile.set_profile_name(listing.binding->name);
  profile.set_runner_id(listing.runner->runner->runner_id);
  for (const GpuType& type : offer.gpu_types) profile.add_supported_gpu_types(type.name);
  SetSorted(listing.runner->runner->capabilities.architectures.value, *profile.mutable_supported_architectures());
  for (const std::string& level : offer.ingress_levels) profile.add_service_exposure_modes()->set_name(level);
  for (const std::string& mode : offer.egress_modes) profile.add_egress_modes()->set_name(mode);
}

void FillCapabilities(const Capabilities& most, wire::RunnerCapabilitySummary& capabilities) {
  capabilities.set_max_cpu_millicores(most.max_cpu_millicores.value);
  capabilities.set_max_memory_bytes(most.max_memory_bytes.value);
  capabilities.set_max_gpu_count(most.max_gpu_count.value);
  SetSorted(most.gpu_types.value, *capabilities.mutable_supported_gpu_types());
  SetSorted(most.architectures.value, *capabilities.mutable_supported_architectures());
  capabilities.set_supports_privileged(most.supports_privileged.value);
  SetSorted(most.storage_classes.value, *capabilities.mutable_available_storage_classes());
}

// What the runner reports; the wire has no way to say that it reports nothing of one dimension.
void FillResources(const LiveState& live, const Available& available, wire::RunnerResourceSummary& resources) {
  resources.set_available_cpu_millicores(live.cpu.value_or(0));
  resources.set_available_memory_bytes(live.memory.value_or(0));
  resources.set_available_gpu_count(live.gpu.value_or(0));
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  resources.set_running_sandboxes(
      static_cast<int32_t>(std::clamp<int64_t>(available.running_sandboxes.value_or(0), 0, kMost)));
}

bool ReportsAny(const LiveState& live, const Available& available) {
  return live.cpu || live.memory || live.gpu || available.running_sandboxes;
}

// How much of a runner is told, and to whom.
struct View {
  std::string_view organization;
  bool full = false;
};

void FillRunner(const RunnerListing& listing, const View& view, wire::AvailableRunner& message) {
  const Runner& runner = *listing.runner->runner;
  message.set_runner_id(runner.runner_id);
  message.set_runner_group_id(runner.group);
  for (const std::string& tag : NodeReader(listing.runner->object->node.get()).Texts("tags")) message.add_tags(tag);
  message.set_healthy(listing.healthy);
  FillCapabilities(runner.capabilities, *message.mutable_capabilities());
  // A shared runner's load is not for its guests.
  const bool own = runner.organization_id == view.organization;
  if (view.full && own && ReportsAny(listing.live, runner.available)) {
    FillResources(listing.live, runner.available, *message.mutable_resources());
  }
  message.set_is_shared(runner.is_shared);
}

// The names of all profiles that each runner of the page has, whatever the list was filtered by.
void FillProfileNames(const Snapshot& snapshot, std::string_view organization, std::span<const RunnerListing> page,
                      google::protobuf::RepeatedPtrField<wire::AvailableRunner>& runners) {
  std::vector<std::pair<const CompiledRunner*, wire::AvailableRunner*>> by_runner;
  for (size_t i = 0; i < page.size(); ++i) by_runner.emplace_back(page[i].runner, &runners[static_cast<int>(i)]);
  std::ranges::sort(by_runner);
  snapshot.ForEachVisible(organization, [&](uint32_t index) {
    const CompiledBinding& binding = snapshot.bindings()[index];
    if (!binding.offer.valid) return;
    const CompiledRunner* runner = &snapshot.RunnerOf(binding);
    const auto found = std::ranges::lower_bound(by_runner, runner, {}, [](const auto& entry) { return entry.first; });
    if (found != by_runner.end() && found->first == runner) found->second->add_profile_names(binding.name);
  });
  for (wire::AvailableRunner& runner : runners) std::ranges::sort(*runner.mutable_profile_names());
}

// --- Pages ---

// Whose the runner is, as lists are sorted where runners of several organizations share an id: the caller's own first.
std::string OwnerKey(const CompiledRunner& runner, std::string_view organization) {
  const std::string& owner = runner.runner->organization_id;
  return owner == organization ? "" : owner;
}
PageKey KeyOf(const RunnerListing& listing, std::string_view organization) {
  return {listing.runner->runner->runner_id, OwnerKey(*listing.runner, organization)};
}
PageKey KeyOf(const ProfileListing& listing, std::string_view organization) {
  return {listing.runner->runner->runner_id, listing.binding->name, OwnerKey(*listing.runner, organization)};
}

template <typename Listing>
struct Page {
  std::span<const Listing> items;
  std::string next_token;
};

struct PageAsk {
  int32_t size = 0;
  std::string_view token;
  std::string_view organization;
  std::vector<std::string_view> bound_to;  // what must not change between pages
};

// The part of the sorted `all` that is asked for.
template <typename Listing>
google::rpc::Status TakePage(const std::vector<Listing>& all, const PageAsk& ask, Page<Listing>& page) {
  const std::optional<size_t> size = PageSizeOf(ask.size);
  if (!size) return InvalidField("page_size", "is negative: give 0 for the default, or up to 100");
  const auto key = [&](const Listing& listing) { return KeyOf(listing, ask.organization); };
  auto begin = all.begin();
  if (!ask.token.empty()) {
    const std::optional<PageKey> last = ReadPageToken(ask.token, ask.bound_to);
    if (!last) {
      return InvalidField("page_token",
                          "is not one that this list gave for these filters: repeat them unchanged, or leave it out to "
                          "start over");
    }
    begin = std::ranges::upper_bound(all, *last, {}, key);
  }
  const size_t rest = static_cast<size_t>(all.end() - begin);
  page.items = {begin, begin + static_cast<std::ptrdiff_t>(std::min(rest, *size))};
  if (rest > *size) page.next_token = MakePageToken(key(page.items.back()), ask.bound_to);
  return {};
}

std::string_view Flag(bool set) { return set ? "1" : "0"; }

google::rpc::Status NotFound(std::string_view kind, std::string_view reason, std::string_view key,
                             std::string_view name, std::string_view more = {}) {
  return MakeStatus(
      RpcCode::kNotFound, reason,
      std::string(kind) + " " + Quoted(name) + " is not among those that your organization sees" + std::string(more),
      {{key, name}});
}

}  // namespace

google::rpc::Status DiscoveryApi::ListAvailableRunners(const Caller& caller,
                                                       const wire::ListAvailableRunnersRequest& request,
                                                       wire::ListAvailableRunnersResponse& response) const {
  DiscoveryFilter filter;
  filter.runner_group_id = request.runner_group_id();
  filter.profile = request.profile_name();
  filter.gpu_type = request.gpu_type();
  filter.architecture = request.architecture();
  filter.exclude_shared = request.exclude_shared();
  filter.healthy_only = request.healthy_only();
  const std::shared_ptr<const Snapshot> snapshot = engine_.snapshot();
  const std::vector<RunnerListing> all = ListRunners(*snapshot, caller.organization_id, filter);
  const PageAsk ask = {request.page_size(),
                       request.page_token(),
                       caller.organization_id,
                       {"runners", caller.organization_id, filter.runner_group_id, filter.profile, filter.gpu_type,
                        filter.architecture, Flag(filter.exclude_shared), Flag(filter.healthy_only)}};
  Page<RunnerListing> page;
  if (google::rpc::Status status = TakePage(all, ask, page); !IsOk(status)) return status;
  const View view = {caller.organization_id, request.view() == wire::RUNNER_VIEW_FULL};
  for (const RunnerListing& listing : page.items) FillRunner(listing, view, *response.add_runners());
  FillProfileNames(*snapshot, caller.organization_id, page.items, *response.mutable_runners());
  response.set_next_page_token(std::move(page.next_token));
  return {};
}

google::rpc::Status DiscoveryApi::GetAvailableRunner(const Caller& caller,
                                                     const wire::GetAvailableRunnerRequest& request,
                                                     wire::AvailableRunner& response) const {
  if (request.runner_id().empty()) return InvalidField("runner_id", "is missing: name a runner");
  DiscoveryFilter filter;
  filter.runner_id = request.runner_id();
  const std::shared_ptr<const Snapshot> snapshot = engine_.snapshot();
  const std::vector<RunnerListing> found = ListRunners(*snapshot, caller.organization_id, filter);
  if (found.empty()) {
    return NotFound("runner", "CWSANDBOX_RUNNER_NOT_FOUND", "runner_id", request.runner_id());
  }
  FillRunner(found.front(), {caller.organization_id, request.view() == wire::RUNNER_VIEW_FULL}, response);
  for (const std::string_view name : found.front().profile_names) response.add_profile_names(std::string(name));
  return {};
}

google::rpc::Status DiscoveryApi::ListProfiles(const Caller& caller, const wire::ListProfilesRequest& request,
                                               wire::ListProfilesResponse& response) const {
  DiscoveryFilter filter;
  filter.runner_id = request.runner_id();
  filter.gpu_type = request.gpu_type();
  filter.architecture = request.architecture();
  filter.exclude_shared = request.exclude_shared();
  const std::shared_ptr<const Snapshot> snapshot = engine_.snapshot();
  const std::vector<ProfileListing> all = berth::ListProfiles(*snapshot, caller.organization_id, filter);
  const PageAsk ask = {request.page_size(),
                       request.page_token(),
                       caller.organization_id,
                       {"profiles", caller.organization_id, filter.runner_id, filter.gpu_type, filter.architecture,
                        Flag(filter.exclude_shared)}};
  Page<ProfileListing> page;
  if (google::rpc::Status status = TakePage(all, ask, page); !IsOk(status)) return status;
  for (const ProfileListing& listing : page.items) FillProfile(listing, *response.add_profiles());
  response.set_next_page_token(std::move(page.next_token));
  return {};
}

google::rpc::Status DiscoveryApi::GetProfile(const Caller& caller, const wire::GetProfileRequest& request,
                                             wire::ProfileSummary& response) const {
  if (request.profile_name().empty()) return InvalidField("profile_name", "is missing: name a profile");
  DiscoveryFilter filter;
  filter.profile = request.profile_name();
  filter.runner_id = request.runner_id();
  const std::shared_ptr<const Snapshot> snapshot = engine_.snapshot();
  const std::vector<ProfileListing> found = berth::ListProfiles(*snapshot, caller.organization_id, filter);
  if (found.empty()) {
    return NotFound("profile", "CWSANDBOX_PROFILE_NOT_FOUND", "profile_name", request.profile_name(),
                    request.runner_id().empty() ? "" : " on runner " + Quoted(request.runner_id()));
  }
  FillProfile(found.front(), response);
  return {};
}

}  // namespace berth
