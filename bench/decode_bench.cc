// Reading a catalog: text to document (with positions), document to objects, the whole way until the catalog is ready
// to publish, and on until a fleet of 100 000 bindings is served; beside what any reader of these bytes must do at
// least: libyaml's events without a tree, and simdjson's DOM without positions. And the heap bytes that a read catalog
// takes.
//
// BERTH_BENCH_CATALOG_MB is the size of the JSON text (10 unless set). Freeing the results is not timed.

#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <yaml.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bench/allocation_counter.h"
#include "bench/catalog_text.h"
#include "bench/fleet.h"
#include "berth/engine/catalog.h"
#include "berth/engine/engine.h"
#include "berth/spec/document.h"
#include "berth/spec/objects.h"

namespace berth::bench {
namespace {

size_t CatalogBytes() {
  const char* const set = std::getenv("BERTH_BENCH_CATALOG_MB");
  return std::max<size_t>(set == nullptr ? 10 : std::strtoul(set, nullptr, 10), 1) * 1'000'000;
}

const CatalogText& Text() {
  static const CatalogText kText = [] {
    const size_t bytes_of_ten = MakeCatalogText(10, CatalogContent::kAll).json.size();
    return MakeCatalogText(std::max<size_t>(CatalogBytes() * 10 / bytes_of_ten, 1), CatalogContent::kAll);
  }();
  return kText;
}

const Fleet& LargeFleet() {
  static const Fleet kFleet = MakeFleet({.bindings = 100'000});
  return kFleet;
}

const CatalogText& FleetText() {
  static const CatalogText kText = [] {
    CatalogText text;
    const nlohmann::json documents = DocumentsOf(LargeFleet());
    text.objects = documents.size();
    text.json = documents.dump();
    for (const nlohmann::json& document : documents) {
      text.yaml.append("---\n");
      AppendYamlObject(document, text.yaml);
    }
    return text;
  }();
  return kText;
}

// How many specs the fleet's bindings merge from: combinations of zone, profile and override.
size_t DistinctSpecs() {
  std::set<std::tuple<std::string_view, size_t, int64_t>> specs;
  for (const FleetRunner& runner : LargeFleet().runners) {
    for (const FleetBinding& binding : runner.bindings) {
      specs.emplace(runner.zone, binding.profile, binding.cpu_limit_millicores);
    }
  }
  return specs.size();
}

struct Format {
  const char* file;
  std::string CatalogText::*text;
};
constexpr Format kJson = {"catalog.json", &CatalogText::json};
constexpr Format kYaml = {"catalog.yaml", &CatalogText::yaml};

std::shared_ptr<const SourceText> SourceOf(const Format& format, std::string text) {
  return std::make_shared<const SourceText>(format.file, std::move(text));
}

Catalog Load(const Format& format, std::string text) {
  Catalog catalog;
  AddSource(SourceOf(format, std::move(text)), catalog);
  return catalog;
}

// Every object is read, and none is refused; else there is nothing to time.
bool ReadsWell(benchmark::State& state, const Format& format) {
  const auto reads_well = [](const Format& each) {
    const Catalog catalog = Load(each, Text().*each.text);
    const auto refused = std::ranges::count_if(catalog.objects, [](const Object& object) { return object.refused; });
    return refused == 0 && catalog.issues.empty() && catalog.objects.size() == Text().objects &&
           AllocationsAreCounted();
  };
  static const bool kJsonReadsWell = reads_well(kJson);
  static const bool kYamlReadsWell = reads_well(kYaml);
  if (&format == &kJson ? kJsonReadsWell : kYamlReadsWell) return true;
  state.SkipWithError("the catalog is not read as it was made");
  return false;
}

void Report(benchmark::State& state, size_t size, uint64_t allocations) {
  state.SetBytesProcessed(static_cast<int64_t>(size) * state.iterations());
  state.counters["allocs/op"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(size);
}

// glibc's heap puts off a good part of freeing many small blocks until somebody asks for a large one.
void FinishFreeing() { ::operator delete(::operator new(1'000'000)); }

// Times `work(input)`, of which each run gets an input of its own.
template <typename MakeInput, typename Work>
void Run(benchmark::State& state, const Format& format, MakeInput make_input, Work work) {
  if (!ReadsWell(state, format)) return;
  uint64_t allocations = 0;
  for (auto _ : state) {
    state.PauseTiming();
    {
      auto input = make_input();
      const uint64_t before = AllocationCount();
      state.ResumeTiming();
      auto output = work(std::move(input));
      benchmark::DoNotOptimize(output);
      state.PauseTiming();
      allocations += AllocationCount() - before;
    }
    FinishFreeing();
    state.ResumeTiming();
  }
  Report(state, (Text().*format.text).size(), allocations);
}

void Parse(benchmark::State& state, const Format& format) {
  Run(
      state, format, [&] { return Text().*format.text; },
      [&](std::string text) { return ParseDocument(SourceOf(format, std::move(text))); });
}

void Decode(benchmark::State& state, const Format& format) {
  const ParsedDocument parsed = ParseDocument(SourceOf(format, Text().*format.text));
  std::vector<Issue> issues;
  Run(
      state, format, [] { return 0; }, [&](int) { return DecodeObjects(*parsed.document, issues); });
}

void LoadWhole(benchmark::State& state, const Format& format) {
  Run(
      state, format, [&] { return Text().*format.text; },
      [&](std::string text) { return Load(format, std::move(text)); });
}

void BM_ParseJson(benchmark::State& state) { Parse(state, kJson); }
void BM_ParseYaml(benchmark::State& state) { Parse(state, kYaml); }
void BM_DecodeJson(benchmark::State& state) { Decode(state, kJson); }
void BM_DecodeYaml(benchmark::State& state) { Decode(state, kYaml); }
void BM_LoadJson(benchmark::State& state) { LoadWhole(state, kJson); }
void BM_LoadYaml(benchmark::State& state) { LoadWhole(state, kYaml); }

// From the bytes until the engine serves them, with an engine that served nothing.
void Serve(benchmark::State& state, const Format& format) {
  const std::string& text = FleetText().*format.text;
  uint64_t allocations = 0;
  for (auto _ : state) {
    state.PauseTiming();
    {
      std::string input = text;
      Engine engine;
      const uint64_t before = AllocationCount();
      state.ResumeTiming();
      Catalog catalog = Load(format, std::move(input));
      const absl::Status published = engine.Publish(catalog, 1);
      state.PauseTiming();
      allocations += AllocationCount() - before;
      if (!published.ok() || engine.snapshot()->bindings().size() != 100'000) {
        state.SkipWithError("the fleet is not served as it was made");
      }
    }
    FinishFreeing();
    state.ResumeTiming();
  }
  Report(state, text.size(), allocations);
  state.counters["specs"] = static_cast<double>(DistinctSpecs());
}

void BM_ServeJson(benchmark::State& state) { Serve(state, kJson); }
void BM_ServeYaml(benchmark::State& state) { Serve(state, kYaml); }

void SimdjsonDom(benchmark::State& state, const std::string& json) {
  const simdjson::padded_string text(json);
  simdjson::dom::parser parser;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    simdjson::dom::element root;
    if (parser.parse(text).get(root) != simdjson::SUCCESS) state.SkipWithError("simdjson refuses the catalog");
    benchmark::DoNotOptimize(root);
  }
  Report(state, json.size(), AllocationCount() - before);
}

void BM_PeerSimdjsonDom(benchmark::State& state) { SimdjsonDom(state, Text().json); }
void BM_PeerSimdjsonDomOfFleet(benchmark::State& state) { SimdjsonDom(state, FleetText().json); }

// The number of events, or 0 when the text is refused.
size_t CountEvents(std::string_view text) {
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  size_t count = 0;
  bool more = true;
  while (more) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      count = 0;
      break;
    }
    more = event.type != YAML_STREAM_END_EVENT;
    ++count;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return count;
}

void LibyamlEvents(benchmark::State& state, const std::string& yaml) {
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    const size_t events = CountEvents(yaml);
    if (events == 0) state.SkipWithError("libyaml refuses the catalog");
    benchmark::DoNotOptimize(events);
  }
  Report(state, yaml.size(), AllocationCount() - before);
}

void BM_PeerLibyamlEvents(benchmark::State& state) { LibyamlEvents(state, Text().yaml); }
void BM_PeerLibyamlEventsOfFleet(benchmark::State& state) { LibyamlEvents(state, FleetText().yaml); }

// What is in use when `text` has been read and its bytes are gone.
double BytesKept(const std::string& text) {
  const HeapMeter meter;
  const Catalog catalog = Load(kJson, text);
  return static_cast<double>(meter.bytes());
}

// Of everything that is allocated from the text's bytes on, these included.
double PeakPerByte(const Format& format) {
  const std::string& text = Text().*format.text;
  const HeapMeter meter;
  const Catalog catalog = Load(format, text);
  return static_cast<double>(meter.peak()) / static_cast<double>(text.size());
}

void BM_CatalogMemory(benchmark::State& state) {
  if (!ReadsWell(state, kJson) || !ReadsWell(state, kYaml)) return;
  constexpr size_t kOrganizations = 20;
  for (auto _ : state) {
    const CatalogText profiles = MakeCatalogText(kOrganizations, CatalogContent::kProfiles);
    const CatalogText runners = MakeCatalogText(kOrganizations, CatalogContent::kRunners);
    const CatalogText unbound = MakeCatalogText(kOrganizations, CatalogContent::kRunnersWithoutBindings);
    const double runner_bytes = BytesKept(unbound.json);
    state.counters["heap bytes per profile"] = BytesKept(profiles.json) / static_cast<double>(profiles.profiles);
    state.counters["heap bytes per runner"] = runner_bytes / static_cast<double>(unbound.runners);
    state.counters["heap bytes per binding"] =
        (BytesKept(runners.json) - runner_bytes) / static_cast<double>(runners.bindings);
    state.counters["peak bytes per byte of JSON"] = PeakPerByte(kJson);
    state.counters["peak bytes per byte of YAML"] = PeakPerByte(kYaml);
  }
}

BENCHMARK(BM_ParseJson)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_DecodeJson)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LoadJson)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerSimdjsonDom)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ParseYaml)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_DecodeYaml)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LoadYaml)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerLibyamlEvents)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ServeJson)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerSimdjsonDomOfFleet)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ServeYaml)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerLibyamlEventsOfFleet)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CatalogMemory)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace berth::bench
