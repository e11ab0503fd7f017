// A decision with a warm Scratch allocates nothing. Every allocation of this program is counted; a test shows that the
// counter counts.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "berth/engine/engine.h"
#include "berth/engine/resolved_template.h"
#include "berth/spec/launch_reader.h"
#include "berth/validate/request.h"
#include "gtest/gtest.h"
#include "tests/engine_fixture.h"

namespace {

std::atomic<size_t> g_allocations{0};

void* Allocate(size_t size, size_t alignment) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  const size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = alignment <= alignof(std::max_align_t) ? std::malloc(size == 0 ? 1 : size)
                                                        : std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

// GCC pairs new with delete by name and does not see that both are replaced together.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void* operator new(size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new[](size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size, alignof(std::max_align_t)); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size, alignof(std::max_align_t)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace berth {
namespace {

template <typename Work>
size_t AllocationsOf(Work work) {
  const size_t before = g_allocations.load(std::memory_order_relaxed);
  work();
  return g_allocations.load(std::memory_order_relaxed) - before;
}

TEST(AllocationCounter, Counts) {
  EXPECT_EQ(AllocationsOf([] {}), 0U);
  EXPECT_EQ(AllocationsOf([] { delete new int(1); }), 1U);
  struct alignas(64) Wide {
    std::array<char, 64> bytes{};
  };
  EXPECT_EQ(AllocationsOf([] { const auto wide = std::make_unique<Wide>(); }), 1U);
  EXPECT_GE(AllocationsOf([] { std::vector<std::string> texts(3, std::string(100, 'x')); }), 4U);
  EXPECT_GE(AllocationsOf([] { auto shared = std::make_shared<std::string>(100, 'x'); }), 2U);
}

// Several runners, most with a reason of their own against most launches.
constexpr std::string_view kFleet = R"(
- {kind: Zone, zone: z1, gpu_memory_gb: {h100: 80}}
- {kind: Organization, quota: {cpu: 64, memory: 512Gi, gpu: 8}}
- kind: Profile
  display_name: p1
  spec:
    container_image: ghcr.io/acme/a-rather-long-name-of-an-image/with-parts:1.4
    namespace: {strategy: per-user, namespacePrefix: sandboxes-}
    resource_defaults: {cpuRequest: 500m, cpuLimit: 8, memoryRequest: 1Gi, memoryLimit: 64Gi}
    network:
      egress: {default: deny-all, modes: {deny-all: {type: none}, internet: {type: internet}}}
      ingress:
        public:
          scope: any
          service: {serviceType: ClusterIP}
          ingress: {controllerName: nginx, template: '{{.SandboxID}}.{{.Namespace}}.sandboxes.acme.example'}
- {kind: Profile, display_name: p2, spec: {instance_types: [h100], namespace: {strategy: per-profile}}}
- {kind: Profile, display_name: p3, spec: {namespace: {strategy: static}}}
- kind: Runner
  runner_id: runner-with-a-name-beyond-short-strings-1
  identity: {zone: z1, cluster_name: c1}
  capabilities: {max_cpu_millicores: 96000, max_gpu_count: 8, supported_gpu_types: [H100], supported_architectures: [amd64]}
  resources: {available_cpu_millicores: 40000, available_gpu_count: 2}
  profile_bindings: [{profile_template_id: p1, is_default: true}, {profile_template_id: p2}, {profile_template_id: p3}]
- kind: Runner
  runner_id: runner-with-a-name-beyond-short-strings-2
  identity: {zone: z1, cluster_name: c2}
  connection_status: DISCONNECTED
  profile_bindings: [{profile_template_id: p1, is_default: true}, {profile_template_id: p2}]
- kind: Runner
  runner_id: runner-with-a-name-beyond-short-strings-3
  identity: {zone: z1, cluster_name: c3}
  managed_spec: {enforce_resource_limits: true}
  profile_bindings: [{profile_template_id: p2, is_default: true}, {profile_template_id: p1}]
)";

struct Launch {
  std::string_view what;
  std::string_view yaml;
  Verdict verdict;
};

constexpr Launch kLaunches[] = {
    {"plain", "{user_id: u-42, sandbox_id: sb-7f3a}", Verdict::kAdmitted},
    {"ingress with a host template and a namespace per user",
     "{user_id: a-user-with-a-name-beyond-short-strings, sandbox_id: sb-7f3a, "
     "network: {egress_mode: internet, ingress_mode: public, exposed_ports: [8080, 8081]}}",
     Verdict::kAdmitted},
    {"resources, GPUs, names and annotations",
     "{user_id: u-42, sandbox_id: sandbox-with-a-name-beyond-short-strings, profile_names: [p1, p2], "
     "container_image: ghcr.io/acme/another-rather-long-name-of-an-image:1.4, "
     "resource_requests: {cpu: 2, memory: 4Gi, gpu: {count: 1, type: H100}}, resource_limits: {cpu: 4, memory: 8Gi}, "
     "architecture: amd64, pod_annotations: {team-with-a-long-name.acme.example/label: some-text-that-is-long-too}}",
     Verdict::kAdmitted},
    {"GPUs by memory", "{user_id: u, resource_requests: {gpu: {count: 2, memory_gb: 80}}}", Verdict::kAdmitted},
    {"many reasons",
     "{resource_requests: {cpu: 70, memory: 600Gi, gpu: {count: 9, type: an-unknown-gpu-type-with-a-long-name}}, "
     "architecture: riscv64, privileged: true, storage_classes: [fast, a-storage-class-with-a-long-name], "
     "network: {egress_mode: a-mode-that-nobody-declares-anywhere, ingress_mode: public, exposed_ports: [1]}}",
     Verdict::kRejected},
    {"no such zone", "{user_id: u, sandbox_id: s, profile_names: [p1], zone: nowhere}", Verdict::kRejected},
    {"no user", "{profile_names: [p1]}", Verdict::kRejected},
    {"no such profile", "{profile_names: [a-profile-that-nobody-binds-anywhere]}", Verdict::kRejected},
    {"disjoint filters", "{runner_ids: [runner-with-a-name-beyond-short-strings-3], profile_names: [p3]}",
     Verdict::kRejected},
};

TEST(Admit, AllocatesNothingOnceItsScratchIsWarm) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf({{"fleet.yaml", std::string(kFleet)}}), 1).ok());
  for (const Launch& launch : kLaunches) {
    const LaunchRequest request = LaunchOf(launch.yaml);
    ASSERT_TRUE(request.issues.empty()) << launch.what;
    Scratch scratch;
    EXPECT_EQ(engine.Admit(request, scratch).verdict, launch.verdict) << launch.what;
    size_t candidates = 0;
    EXPECT_EQ(AllocationsOf([&] { candidates += engine.Admit(request, scratch).candidate_count; }), 0U) << launch.what;
  }
}

TEST(Admit, AllocatesNothingWhateverLaunchWarmedTheScratch) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf({{"fleet.yaml", std::string(kFleet)}}), 1).ok());
  std::vector<LaunchRequest> requests;
  for (const Launch& launch : kLaunches) requests.push_back(LaunchOf(launch.yaml));
  Scratch scratch;
  size_t candidates = 0;
  const auto admit_all = [&] {
    for (const LaunchRequest& request : requests) candidates += engine.Admit(request, scratch).candidate_count;
  };
  admit_all();
  EXPECT_EQ(AllocationsOf(admit_all), 0U);
  // Heartbeats cost nothing to readers either, once one launch met what they brought.
  ASSERT_TRUE(engine.MarkStale("default", "runner-with-a-name-beyond-short-strings-1").ok());
  admit_all();
  EXPECT_EQ(AllocationsOf(admit_all), 0U);
}

// The way of one launch whose binding is known: read, checked, written.
TEST(Launch, AllocatesNothingOnceItsReaderIsWarm) {
  Engine engine;
  ASSERT_TRUE(engine.Publish(CatalogOf({{"fleet.yaml", std::string(kFleet)}}), 1).ok());
  const auto snapshot = engine.snapshot();
  const CompiledBinding& binding = snapshot->bindings()[0];
  const Runner& runner = *snapshot->RunnerOf(binding).runner;
  const ResolvedTemplate resolved = ResolvedTemplate::Make(binding, runner);
  const std::vector<std::string> launches = {
      R"({})",
      R"({"user_id":"u-42","sandbox_id":"sandbox-with-a-name-beyond-short-strings","profile_names":["p2","p1","p2"],
          "container_image":"ghcr.io/acme/another-rather-long-name-of-an-image:1.4",
          "resource_requests":{"cpu":"1.5","memory":"0.5Gi","gpu":{"count":1,"type":"a-gpu-with-a-rather-long-name"}},
          "resource_limits":{"cpu":4,"memory":"8Gi"},"architecture":"amd64","command":["sh","-c","echo \"a\""],
          "storage_classes":["a-class-with-a-rather-long-name","another-class-with-a-rather-long-name"],
          "environment_variables":{"B":"1","A":{"C":[null]}}})",
      R"({"profileIds":["a-profile-with-a-rather-long-name"],"runner_ids":["a-runner-with-a-rather-long-name","r"],
          "network":{"egressMode":"a-mode-with-a-rather-long-name","ingress_mode":"public","exposed_ports":[80,443]}})",
  };
  LaunchReader reader;
  LaunchRequest request;
  std::vector<Issue> issues;
  std::string place;
  std::string out;
  size_t clean = 0;
  const auto serve_all = [&] {
    for (const std::string& launch : launches) {
      if (!reader.Read(launch, request)) continue;
      CheckLaunch(request, {}, issues);
      place.clear();
      if (!request.user_id.empty()) {
        AppendNamespaceOf(binding, request.organization_id, request.user_id, place);
      }
      out.clear();
      resolved.Append({.runner_id = runner.runner_id, .profile_name = binding.name, .namespace_name = place}, request,
                      out);
      if (issues.empty()) ++clean;
    }
  };
  for (int round = 0; round < 10; ++round) serve_all();  // names of lists take turns in the memory that is there
  EXPECT_EQ(clean, 10 * launches.size()) << (issues.empty() ? "" : issues.front().message);
  EXPECT_EQ(AllocationsOf(serve_all), 0U);
}

}  // namespace
}  // namespace berth
