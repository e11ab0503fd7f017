#include "berth/engine/part.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "berth/engine/snapshot.h"

namespace berth {
namespace {

// The bytes of everything that a decision reads of a binding and its runner, but for live state and the runner's place.
class ClassKey {
 public:
  std::string_view Of(const Snapshot& snapshot, const CompiledBinding& binding) {
    key_.clear();
    const Runner& runner = *snapshot.RunnerOf(binding).runner;
    Add(static_cast<int64_t>(binding.is_default));
    Add(binding.name);
    Add(binding.profile_id);
    Add(binding.dangling);
    Add(binding.profile_display_name);
    AddOffer(binding.offer);
    Add(binding.container_image);
    Add(static_cast<int64_t>(binding.strategy));
    Add(binding.namespace_prefix);
    Add(binding.static_namespace);
    for (const auto& host : binding.host_templates) Add(host ? host->text() : std::string_view("\n"));
    AddRunner(runner);
    return key_;
  }
  // Tells the bindings of one runner apart that are alike otherwise.
  std::string_view WithOrdinal(int64_t ordinal) {
    Add(ordinal);
    return key_;
  }

 private:
  void Add(int64_t number) { key_.append(reinterpret_cast<const char*>(&number), sizeof(number)); }
  void Add(const std::optional<int64_t>& number) {
    Add(static_cast<int64_t>(number.has_value()));
    Add(number.value_or(0));
  }
  void Add(std::string_view text) {
    Add(static_cast<int64_t>(text.size()));
    key_.append(text);
  }
  void Add(const std::vector<std::string>& texts) {
    Add(static_cast<int64_t>(texts.size()));
    for (const std::string& text : texts) Add(std::string_view(text));
  }
  void Add(const Amounts& amounts) {
    Add(amounts.cpu);
    Add(amounts.memory);
  }

  void AddOffer(const Offer& offer) {
    Add(static_cast<int64_t>(offer.valid));
    Add(static_cast<int64_t>(offer.needs_user));
    Add(static_cast<int64_t>(offer.gpu_types.size()));
    for (const GpuType& type : offer.gpu_types) {
      Add(type.name);
      Add(type.memory_gb);
    }
    Add(offer.egress_modes);
    Add(offer.ingress_levels);
    Add(offer.requests);
    Add(offer.limits);
  }

  void AddRunner(const Runner& runner) {
    const Capabilities& capabilities = runner.capabilities;
    Add(capabilities.max_cpu_millicores.value);
    Add(capabilities.max_memory_bytes.value);
    Add(capabilities.max_gpu_count.value);
    Add(capabilities.architectures.value);
    Add(capabilities.storage_classes.value);
    Add(static_cast<int64_t>(capabilities.supports_privileged.value));
    Add(static_cast<int64_t>(runner.enforce_resource_limits.value));
  }

  std::string key_;
};

}  // namespace

Part::Part(const Snapshot& snapshot, std::span<const uint32_t> bindings)
    : bindings_(bindings.begin(), bindings.end()), class_of_(bindings.size()) {
  GroupByRunner(snapshot);
  Classify(snapshot);
  KeepMembers();
  Name(snapshot);
  std::vector<OfferTable::Row> rows;
  rows.reserve(classes_.size());
  for (const Class& row : classes_) {
    const CompiledBinding& binding = snapshot.bindings()[bindings_[row.first]];
    rows.push_back({&binding.offer, snapshot.RunnerOf(binding).runner});
  }
  offers_ = OfferTable(std::move(rows));
  CompareAmounts();
  std::vector<Shape> maxima;
  maxima.reserve(runners_.size());
  for (const uint32_t runner : runners_) {
    const Capabilities& most = snapshot.runners()[runner].runner->capabilities;
    maxima.push_back({most.max_cpu_millicores.value, most.max_memory_bytes.value, most.max_gpu_count.value});
  }
  live_ = std::make_shared<LiveTable>(first_, class_of_, std::move(maxima), classes_.size());
  CountDigits();
  for (uint32_t i = 0; i < runners_.size(); ++i) live_->Set(i, snapshot.runners()[runners_[i]].live->Read());
}

void Part::GroupByRunner(const Snapshot& snapshot) {
  for (uint32_t i = 0; i < bindings_.size(); ++i) {
    const uint32_t runner = snapshot.bindings()[bindings_[i]].runner;
    if (!runners_.empty() && runners_.back() == runner) continue;
    runners_.push_back(runner);
    runner_ids_.push_back(snapshot.runners()[runner].runner->runner_id);
    tie_hashes_.push_back(snapshot.runners()[runner].tie_hash);
    first_.push_back(i);
  }
  first_.push_back(static_cast<uint32_t>(bindings_.size()));
}

void Part::Classify(const Snapshot& snapshot) {
  absl::flat_hash_map<std::string, uint32_t> known;
  ClassKey key;
  const auto class_of = [&](std::string_view text, uint32_t position, uint32_t runner) {
    const auto [entry, is_new] =
        known.try_emplace(absl::string_view(text.data(), text.size()), static_cast<uint32_t>(classes_.size()));
    if (is_new) classes_.push_back({position, runner});
    return entry->second;
  };
  for (uint32_t runner = 0; runner < runners_.size(); ++runner) {
    for (uint32_t i = first_[runner]; i < first_[runner + 1]; ++i) {
      const auto taken = [&](uint32_t class_index) {
        return std::find(class_of_.begin() + first_[runner], class_of_.begin() + i, class_index) !=
               class_of_.begin() + i;
      };
      const std::string_view text = key.Of(snapshot, snapshot.bindings()[bindings_[i]]);
      class_of_[i] = class_of(text, i, runner);
      for (int64_t ordinal = 1; taken(class_of_[i]); ++ordinal)
        class_of_[i] = class_of(key.WithOrdinal(ordinal), i, runner);
    }
  }
}

void Part::KeepMembers() {
  populations_.resize(WordsFor(classes_.size()) * 64);
  for (const uint32_t class_index : class_of_) ++populations_[class_index];
  const size_t words = WordsFor(runners_.size());
  uint32_t listed = 0;
  for (uint32_t i = 0; i < classes_.size(); ++i) {
    // An entry of a list takes half a word.
    if (populations_[i] / 2 < words) {
      classes_[i].list = listed;
      listed += populations_[i];
    } else {
      classes_[i].bits = bits_.size();
      bits_.resize(bits_.size() + words);
    }
  }
  lists_.resize(listed);
  std::vector<uint32_t> filled(classes_.size());
  for (uint32_t runner = 0; runner < runners_.size(); ++runner) {
    for (uint32_t i = first_[runner]; i < first_[runner + 1]; ++i) {
      const Class& row = classes_[class_of_[i]];
      if (row.bits == kNoBits) {
        lists_[row.list + filled[class_of_[i]]++] = runner;
      } else {
        bits_[row.bits + runner / 64] |= BitOf(runner);
      }
    }
  }
}

void Part::Name(const Snapshot& snapshot) {
  defaults_.resize(WordsFor(classes_.size()));
  for (uint32_t i = 0; i < classes_.size(); ++i) {
    const CompiledBinding& binding = snapshot.bindings()[Example(i)];
    if (binding.is_default) {
      defaults_[i / 64] |= BitOf(i);
      default_runners_.resize(WordsFor(runners_.size()));
      AddRunnersOf(i, default_runners_.data());
    }
    for (const std::string* name : {&binding.name, &binding.profile_id, &binding.dangling}) {
      if (!name->empty()) names_.Add(*name, i);
    }
  }
  names_.Finish(classes_.size());
  for (uint32_t i = 0; i < runners_.size(); ++i) {
    const Runner& runner = *snapshot.runners()[runners_[i]].runner;
    groups_.Add(runner.group, i);
    zones_.Add(runner.zone, i);
  }
  groups_.Finish(runners_.size());
  zones_.Finish(runners_.size());
}

uint32_t Part::BindingOn(uint32_t class_index, uint32_t runner) const {
  uint32_t position = first_[runner];
  while (class_of_[position] != class_index) ++position;
  return position;
}

void Part::AddRunnersOf(uint32_t class_index, uint64_t* runners) const {
  if (is_listed(class_index)) {
    for (const uint32_t runner : ListOf(class_index)) runners[runner / 64] |= BitOf(runner);
    return;
  }
  const uint64_t* const bits = BitsOf(class_index);
  for (size_t i = 0; i < runner_words(); ++i) runners[i] |= bits[i];
}

void Part::AddToDigits(uint32_t class_index, uint64_t* digits, uint64_t* carry) const {
  const size_t words = runner_words();
  if (is_listed(class_index)) {
    for (const uint32_t runner : ListOf(class_index)) {
      uint64_t* digit = digits + runner / 64;
      for (; (*digit & BitOf(runner)) != 0; digit += words) *digit &= ~BitOf(runner);
      *digit |= BitOf(runner);
    }
    return;
  }
  std::copy_n(BitsOf(class_index), words, carry);
  for (size_t i = 0; i < digits_; ++i) {
    uint64_t* const digit = digits + i * words;
    uint64_t any = 0;
    for (size_t word = 0; word < words; ++word) {
      const uint64_t sum = digit[word] ^ carry[word];
      carry[word] &= digit[word];
      digit[word] = sum;
      any |= carry[word];
    }
    if (any == 0) return;
  }
}

void Part::CountDigits() {
  uint32_t most = 0;
  for (uint32_t i = 0; i < runners_.size(); ++i) most = std::max(most, first_[i + 1] - first_[i]);
  digits_ = std::bit_width(most);
  const size_t words = runner_words();
  all_digits_.resize((digits_ + 1) * words);
  for (size_t i = 0; i < offers_.words(); ++i) {
    ForEachBit(offers_.valid()[i], i,
               [&](uint32_t row) { AddToDigits(row, all_digits_.data(), all_digits_.data() + digits_ * words); });
  }
}

LiveTable::Amount Part::AmountOf(const Need& need) {
  return {need.requests.cpu, need.requests.memory, need.gpu_count > 0 ? std::optional(need.gpu_count) : std::nullopt};
}

LiveTable::Amount Part::AmountOf(const Need& need, uint32_t class_index) const {
  const Amounts requests = ResolveAmounts(need, offers_.offer(class_index)).requests;
  return {requests.cpu, requests.memory, need.gpu_count > 0 ? std::optional(need.gpu_count) : std::nullopt};
}

void Part::CompareAmounts() {
  using Key = std::array<std::optional<int64_t>, 4>;
  std::map<Key, size_t> known;
  for (uint32_t i = 0; i < classes_.size(); ++i) {
    const Offer& offer = offers_.offer(i);
    if (!offer.valid) continue;
    for (const auto side : {&Amounts::cpu, &Amounts::memory}) {
      most_requested_.*side = std::max(most_requested_.*side, offer.requests.*side);
      most_limited_.*side = std::max(most_limited_.*side, offer.limits.*side);
    }
    const Key key = {offer.requests.cpu, offer.requests.memory, offer.limits.cpu, offer.limits.memory};
    const auto [entry, is_new] = known.try_emplace(key, same_amounts_.size());
    if (is_new) same_amounts_.emplace_back();
    SameAmounts& group = same_amounts_[entry->second];
    group.classes.push_back(i);
    group.bindings += populations_[i];
  }
}

std::pair<uint32_t, uint32_t> Part::RunnersCalled(std::string_view runner_id) const {
  const auto [begin, end] = std::equal_range(runner_ids_.begin(), runner_ids_.end(), runner_id);
  return {static_cast<uint32_t>(begin - runner_ids_.begin()), static_cast<uint32_t>(end - runner_ids_.begin())};
}

void Part::AddRunnersCalled(std::string_view runner_id, uint64_t* runners) const {
  const auto [begin, end] = RunnersCalled(runner_id);
  for (uint32_t i = begin; i < end; ++i) runners[i / 64] |= BitOf(i);
}

bool Part::HasRunner(std::string_view runner_id, bool defaults_only) const {
  auto [begin, end] = RunnersCalled(runner_id);
  if (!defaults_only) return begin < end;
  while (begin < end && (default_runners_.empty() || !HasBit(default_runners_.data(), begin))) ++begin;
  return begin < end;
}

bool Part::HasAny(const RowSet* runners, bool defaults_only) const {
  if (runners == nullptr) return false;
  return !defaults_only || (has_defaults() && runners->Meets(default_runners_.data()));
}

}  // namespace berth
