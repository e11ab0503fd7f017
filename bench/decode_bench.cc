// Reading a catalog of about 10 MB: parsing with positions, and decoding and checking every object on top, beside what
// any reader of these bytes must do at least: libyaml's events without a tree, and simdjson's DOM without positions.

#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <yaml.h>

#include <cstdint>
#include <memory>
#include <string>

#include "bench/allocation_counter.h"
#include "bench/fleet.h"
#include "berth/engine/catalog.h"
#include "berth/spec/document.h"

namespace berth::bench {
namespace {

constexpr size_t kBindings = 40000;

struct Texts {
  std::shared_ptr<const SourceText> json;
  std::shared_ptr<const SourceText> yaml;
  size_t objects = 0;
};

const Texts& CatalogTexts() {
  static const Texts texts = [] {
    const nlohmann::json documents = DocumentsOf(MakeFleet(kBindings));
    Texts made;
    made.json = std::make_shared<const SourceText>("fleet.json", documents.dump());
    made.yaml = std::make_shared<const SourceText>("fleet.yaml", ToYaml(documents));
    made.objects = documents.size();
    return made;
  }();
  return texts;
}

void Report(benchmark::State& state, const SourceText& source, uint64_t allocations) {
  state.SetBytesProcessed(static_cast<int64_t>(source.bytes().size()) * static_cast<int64_t>(state.iterations()));
  state.counters["allocs/op"] =
      benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
  state.counters["bytes"] = static_cast<double>(source.bytes().size());
}

// Every object is read, and none is refused; else there is nothing to time.
bool ReadsWell(benchmark::State& state, const std::shared_ptr<const SourceText>& source) {
  Catalog catalog;
  AddSource(source, catalog);
  size_t refused = catalog.issues.size();
  for (const Object& object : catalog.objects) refused += object.refused ? 1 : 0;
  if (refused == 0 && catalog.objects.size() == CatalogTexts().objects && AllocationsAreCounted()) return true;
  state.SkipWithError("the catalog is not read as it was made");
  return false;
}

void BM_ParseJson(benchmark::State& state) {
  const auto& source = CatalogTexts().json;
  if (!ReadsWell(state, source)) return;
  const uint64_t before = AllocationCount();
  for (auto _ : state) benchmark::DoNotOptimize(ParseJson(source));
  Report(state, *source, AllocationCount() - before);
}

void BM_ParseYaml(benchmark::State& state) {
  const auto& source = CatalogTexts().yaml;
  if (!ReadsWell(state, source)) return;
  const uint64_t before = AllocationCount();
  for (auto _ : state) benchmark::DoNotOptimize(ParseYaml(source));
  Report(state, *source, AllocationCount() - before);
}

void Load(benchmark::State& state, const std::shared_ptr<const SourceText>& source) {
  if (!ReadsWell(state, source)) return;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    Catalog catalog;
    AddSource(source, catalog);
    benchmark::DoNotOptimize(catalog);
  }
  Report(state, *source, AllocationCount() - before);
}

void BM_LoadJson(benchmark::State& state) { Load(state, CatalogTexts().json); }
void BM_LoadYaml(benchmark::State& state) { Load(state, CatalogTexts().yaml); }

void BM_PeerSimdjsonDom(benchmark::State& state) {
  const SourceText& source = *CatalogTexts().json;
  const simdjson::padded_string text(source.bytes());
  simdjson::dom::parser parser;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    simdjson::dom::element root;
    if (parser.parse(text).get(root) != simdjson::SUCCESS) state.SkipWithError("simdjson refuses the catalog");
    benchmark::DoNotOptimize(root);
  }
  Report(state, source, AllocationCount() - before);
}

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

void BM_PeerLibyamlEvents(benchmark::State& state) {
  const SourceText& source = *CatalogTexts().yaml;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    const size_t events = CountEvents(source.bytes());
    if (events == 0) state.SkipWithError("libyaml refuses the catalog");
    benchmark::DoNotOptimize(events);
  }
  Report(state, source, AllocationCount() - before);
}

BENCHMARK(BM_ParseJson)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LoadJson)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerSimdjsonDom)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ParseYaml)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LoadYaml)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeerLibyamlEvents)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace berth::bench
