#include "berth/policy/offer_table.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "berth/policy/dimension.h"

namespace berth {
namespace {

// Sets of the rows below each number are made where they take no more words than the column of the numbers would, or so
// few that it does not matter.
constexpr size_t kWordsThatDoNotMatter = 4096;

constexpr uint64_t BitOf(size_t row) { return uint64_t{1} << (row % 64); }

void Set(RowWords& words, size_t row, bool value = true) {
  if (value) words[row / 64] |= BitOf(row);
}

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RowSet::RowSet(std::vector<uint32_t> rows, size_t row_count) {
  // A row of a list takes half a word.
  if (rows.size() / 2 < WordsFor(row_count)) {
    rows.shrink_to_fit();
    list_ = std::move(rows);
    return;
  }
  words_.resize(WordsFor(row_count));
  for (const uint32_t row : rows) Set(words_, row);
}

void RowSet::AddTo(uint64_t* words) const {
  for (size_t i = 0; i < words_.size(); ++i) words[i] |= words_[i];
  for (const uint32_t row : list_) words[row / 64] |= BitOf(row);
}

void RowSet::RemoveFrom(uint64_t* words) const {
  for (size_t i = 0; i < words_.size(); ++i) words[i] &= ~words_[i];
  for (const uint32_t row : list_) words[row / 64] &= ~BitOf(row);
}

bool RowSet::Meets(const uint64_t* words) const {
  for (size_t i = 0; i < words_.size(); ++i) {
    if ((words[i] & words_[i]) != 0) return true;
  }
  return std::ranges::any_of(list_, [&](uint32_t row) { return (words[row / 64] & BitOf(row)) != 0; });
}

void NamedRows::Add(std::string_view name, uint32_t row) {
  const auto [entry, is_new] = index_.try_emplace(Absl(name), static_cast<uint32_t>(lists_.size()));
  if (is_new) lists_.emplace_back();
  std::vector<uint32_t>& rows = lists_[entry->second];
  if (rows.empty() || rows.back() != row) rows.push_back(row);
}

void NamedRows::Finish(size_t row_count) {
  sets_.reserve(lists_.size());
  for (std::vector<uint32_t>& rows : lists_) sets_.emplace_back(std::move(rows), row_count);
  lists_.clear();
  lists_.shrink_to_fit();
}

const RowSet* NamedRows::Find(std::string_view name) const {
  const auto found = index_.find(Absl(name));
  return found == index_.end() ? nullptr : &sets_[found->second];
}

void RowNumbers::Finish(std::span<const std::optional<int64_t>> numbers) {
  words_ = WordsFor(numbers.size());
  std::vector<std::pair<int64_t, uint32_t>> known;
  for (uint32_t row = 0; row < numbers.size(); ++row) {
    if (numbers[row]) known.emplace_back(*numbers[row], row);
  }
  std::ranges::sort(known);
  for (const auto& [number, row] : known) {
    if (distinct_.empty() || distinct_.back() != number) distinct_.push_back(number);
  }
  if ((distinct_.size() + 1) * words_ > std::max(numbers.size(), kWordsThatDoNotMatter)) {
    distinct_ = std::vector<int64_t>();
    column_.assign(words_ * 64, std::numeric_limits<int64_t>::max());
    for (const auto& [number, row] : known) column_[row] = number;
    return;
  }
  distinct_.shrink_to_fit();
  below_.reserve((distinct_.size() + 1) * words_);
  RowWords below(words_);
  auto next = known.begin();
  for (const int64_t number : distinct_) {
    below_.insert(below_.end(), below.begin(), below.end());
    for (; next != known.end() && next->first == number; ++next) Set(below, next->second);
  }
  below_.insert(below_.end(), below.begin(), below.end());
}

const uint64_t* RowNumbers::Below(int64_t bound, uint64_t* buffer) const {
  if (column_.empty()) {
    // The rows below the first number that the bound does not pass are the rows below the bound.
    const auto at = std::ranges::lower_bound(distinct_, bound) - distinct_.begin();
    return below_.data() + static_cast<size_t>(at) * words_;
  }
  for (size_t i = 0; i < words_; ++i) {
    const int64_t* const numbers = column_.data() + i * 64;
    uint64_t word = 0;
    for (size_t bit = 0; bit < 64; ++bit) word |= static_cast<uint64_t>(numbers[bit] < bound) << bit;
    buffer[i] = word;
  }
  return buffer;
}

const uint64_t* RowNumbers::NotAbove(int64_t bound, uint64_t* buffer) const {
  if (bound < std::numeric_limits<int64_t>::max()) return Below(bound + 1, buffer);
  std::fill_n(buffer, words_, ~uint64_t{0});
  return buffer;
}

void FailingRows::Reset(size_t words) {
  words_ = words;
  codes_ = Failures();
  const size_t needed = (kConstraintCount + kBuffers) * words;
  if (bits_.size() < needed) bits_.resize(needed);
}

OfferTable::OfferTable(std::vector<Row> rows) : rows_(std::move(rows)) {
  const size_t words = WordsFor(rows_.size());
  for (RowWords* set : {&all_, &valid_, &invalid_, &needs_user_, &without_privileged_, &enforcing_limits_}) {
    set->resize(words);
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto& [offer, runner] = rows_[i];
    Set(all_, i);
    Set(valid_, i, offer->valid);
    Set(invalid_, i, !offer->valid);
    Set(needs_user_, i, offer->valid && offer->needs_user);
    Set(without_privileged_, i, !runner->capabilities.supports_privileged.value);
    Set(enforcing_limits_, i, offer->valid && runner->enforce_resource_limits.value);
  }
  BuildNames();
  BuildGpus();
  for (size_t i = 0; i < std::size(kDimensions); ++i) BuildDimension(i);
}

void OfferTable::BuildNames() {
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    const auto& [offer, runner] = rows_[i];
    for (const std::string& name : runner->capabilities.architectures.value) architectures_.Add(name, i);
    for (const std::string& name : runner->capabilities.storage_classes.value) storage_classes_.Add(name, i);
    if (!offer->valid) continue;
    for (const std::string& name : offer->egress_modes) egress_modes_.Add(name, i);
    for (const std::string& name : offer->ingress_levels) ingress_levels_.Add(name, i);
    for (const GpuType& type : offer->gpu_types) gpu_types_.Add(type.folded, i);
  }
  for (NamedRows* names : {&architectures_, &storage_classes_, &egress_modes_, &ingress_levels_, &gpu_types_}) {
    names->Finish(rows_.size());
  }
}

void OfferTable::BuildGpus() {
  const auto before = [](std::span<const GpuType> a, std::span<const GpuType> b) {
    return std::ranges::lexicographical_compare(a, b, [](const GpuType& x, const GpuType& y) {
      return std::tie(x.folded, x.memory_gb) < std::tie(y.folded, y.memory_gb);
    });
  };
  std::map<std::span<const GpuType>, std::vector<uint32_t>, decltype(before)> rows(before);
  std::vector<std::optional<int64_t>> maxima(rows_.size());
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    const auto& [offer, runner] = rows_[i];
    maxima[i] = runner->capabilities.max_gpu_count.value;
    if (offer->valid && !offer->gpu_types.empty()) rows[offer->gpu_types].push_back(i);
  }
  gpu_maximum_.Finish(maxima);
  gpus_.reserve(rows.size());
  for (auto& [types, list] : rows) gpus_.push_back({types, RowSet(std::move(list), rows_.size())});
}

void OfferTable::BuildDimension(size_t index) {
  const Dimension& dimension = kDimensions[index];
  DimensionRows& built = dimensions_[index];
  for (RowWords* set : {&built.has_request, &built.has_limit, &built.request_above_limit, &built.request_above_maximum,
                        &built.default_above_maximum}) {
    set->resize(words());
  }
  std::vector<std::optional<int64_t>> requests(rows_.size());
  std::vector<std::optional<int64_t>> limits(rows_.size());
  std::vector<std::optional<int64_t>> maxima(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto& [offer, runner] = rows_[i];
    if (!offer->valid) continue;
    requests[i] = offer->requests.*dimension.amount;
    limits[i] = offer->limits.*dimension.amount;
    maxima[i] = KnownMaximum((runner->capabilities.*dimension.maximum).value);
    const std::optional<int64_t> standing = requests[i] ? requests[i] : limits[i];
    Set(built.has_request, i, requests[i].has_value());
    Set(built.has_limit, i, limits[i].has_value());
    Set(built.request_above_limit, i, requests[i] && limits[i] && *requests[i] > *limits[i]);
    Set(built.request_above_maximum, i, requests[i] && maxima[i] && *requests[i] > *maxima[i]);
    Set(built.default_above_maximum, i, standing && maxima[i] && *standing > *maxima[i]);
  }
  built.request.Finish(requests);
  built.limit.Finish(limits);
  built.maximum.Finish(maxima);
}

void OfferTable::Match(const Need& need, const CallerRules& caller, FailingRows& failing) const {
  failing.Reset(words());
  failing.Put(ReasonCode::kProfileInvalid, [&](size_t i) { return invalid_[i]; });
  MatchRunner(need, failing);
  MatchSpec(need, caller, failing);
  for (size_t i = 0; i < std::size(kDimensions); ++i) MatchDimension(i, need, caller, failing);
}

void OfferTable::PutLacking(ReasonCode code, const RowWords& universe, const RowSet* offering,
                            FailingRows& failing) const {
  uint64_t* const lacking = failing.Buffer(0);
  std::ranges::copy(universe, lacking);
  if (offering != nullptr) offering->RemoveFrom(lacking);
  const bool has_some = failing.codes().Has(code);  // of a name before
  failing.Put(code, [&](size_t i) { return lacking[i] | (has_some ? failing.Of(code)[i] : 0); });
}

void OfferTable::MatchRunner(const Need& need, FailingRows& failing) const {
  if (!need.architecture.empty()) {
    PutLacking(ReasonCode::kArchitectureUnsupported, all_, architectures_.Find(need.architecture), failing);
  }
  if (need.privileged) {
    failing.Put(ReasonCode::kPrivilegedUnsupported, [&](size_t i) { return without_privileged_[i]; });
  }
  for (const std::string& name : need.storage_classes) {
    PutLacking(ReasonCode::kStorageClassUnavailable, all_, storage_classes_.Find(name), failing);
  }
  const uint64_t* const too_few = gpu_maximum_.Below(need.gpu_count, failing.Buffer(0));
  failing.Put(ReasonCode::kGpuCountExceedsRunner, [&](size_t i) { return too_few[i]; });
}

void OfferTable::PutLackingGpu(const Need& need, FailingRows& failing) const {
  if (!need.gpu_type.empty() && !need.gpu_memory_gb) {
    PutLacking(ReasonCode::kGpuTypeUnavailable, valid_, gpu_types_.Find(need.gpu_type), failing);
    return;
  }
  uint64_t* const lacking = failing.Buffer(0);
  std::ranges::copy(valid_, lacking);
  for (const GpuRows& gpu : gpus_) {
    if (OffersGpu(gpu.types, need.gpu_type, need.gpu_memory_gb)) gpu.rows.RemoveFrom(lacking);
  }
  failing.Put(ReasonCode::kGpuTypeUnavailable, [&](size_t i) { return lacking[i]; });
}

void OfferTable::MatchSpec(const Need& need, const CallerRules& caller, FailingRows& failing) const {
  const auto put_valid = [&](ReasonCode code) { failing.Put(code, [&](size_t i) { return valid_[i]; }); };
  if (need.gpu_count > 0) {
    if (caller.quota.gpu && need.gpu_count > *caller.quota.gpu) put_valid(ReasonCode::kGpuQuota);
    PutLackingGpu(need, failing);
  }
  if (!need.has_user) failing.Put(ReasonCode::kUserRequired, [&](size_t i) { return needs_user_[i]; });
  if (!need.egress_mode.empty()) {
    PutLacking(ReasonCode::kEgressModeNotOffered, valid_, egress_modes_.Find(need.egress_mode), failing);
  }
  if (!need.ingress_mode.empty()) {
    PutLacking(ReasonCode::kIngressModeNotOffered, valid_, ingress_levels_.Find(need.ingress_mode), failing);
  }
  const bool brings_cpu = need.limits.cpu.has_value();
  const bool brings_memory = need.limits.memory.has_value();
  if (brings_cpu && brings_memory) return;
  failing.Put(ReasonCode::kLimitsRequired, [&](size_t i) {
    const uint64_t has_cpu = brings_cpu ? ~uint64_t{0} : dimensions_[0].has_limit[i];
    const uint64_t has_memory = brings_memory ? ~uint64_t{0} : dimensions_[1].has_limit[i];
    return enforcing_limits_[i] & ~(has_cpu & has_memory);
  });
}

// MatchDimension of match.cc, with the rows that know an amount in place of one that may.
void OfferTable::MatchDimension(size_t index, const Need& need, const CallerRules& caller, FailingRows& failing) const {
  const Dimension& dimension = kDimensions[index];
  const DimensionRows& rows = dimensions_[index];
  const std::optional<int64_t> request = need.requests.*dimension.amount;
  const std::optional<int64_t> limit = need.limits.*dimension.amount;
  const std::optional<int64_t> quota = caller.quota.*dimension.quota;
  uint64_t* const buffer = failing.Buffer(0);
  uint64_t* const other = failing.Buffer(1);

  if (quota && limit) {
    if (*limit > *quota) failing.Put(dimension.above_quota, [&](size_t i) { return valid_[i]; });
  } else if (quota) {
    const uint64_t* const within = rows.limit.NotAbove(*quota, buffer);
    const uint64_t* const asks_within = rows.request.NotAbove(*quota, other);
    failing.Put(dimension.above_quota, [&](size_t i) {
      const uint64_t asks = request ? (*request > *quota ? valid_[i] : 0) : rows.has_request[i] & ~asks_within[i];
      return (rows.has_limit[i] & ~within[i]) | (asks & ~rows.has_limit[i]);
    });
  }

  const bool judges_ceiling = caller.limits_are_ceilings && (request || limit);
  if (judges_ceiling) {
    const int64_t asked = std::max(request ? *request : *limit, limit ? *limit : *request);
    const uint64_t* const below = rows.limit.Below(asked, buffer);
    failing.Put(dimension.above_profile, [&](size_t i) { return below[i]; });
  }

  const bool has_ceilings = failing.codes().Has(dimension.above_profile);
  const auto put_above_limit = [&](auto word) {
    const uint64_t* const ceilings = failing.Of(dimension.above_profile);
    failing.Put(dimension.above_limit, [&](size_t i) { return has_ceilings ? word(i) & ~ceilings[i] : word(i); });
  };
  if (request && limit) {
    if (*request > *limit) put_above_limit([&](size_t i) { return valid_[i]; });
  } else if (limit) {
    const uint64_t* const within = rows.request.NotAbove(*limit, buffer);
    put_above_limit([&](size_t i) { return rows.has_request[i] & ~within[i]; });
  } else if (request) {
    const uint64_t* const below = rows.limit.Below(*request, buffer);
    put_above_limit([&](size_t i) { return below[i]; });
  } else {
    put_above_limit([&](size_t i) { return rows.request_above_limit[i]; });
  }

  if (request) {
    const uint64_t* const below = rows.maximum.Below(*request, buffer);
    failing.Put(dimension.above_runner, [&](size_t i) { return below[i]; });
  } else if (limit) {
    const uint64_t* const below = rows.maximum.Below(*limit, buffer);
    failing.Put(dimension.above_runner,
                [&](size_t i) { return rows.request_above_maximum[i] | (below[i] & ~rows.has_request[i]); });
  } else {
    failing.Put(dimension.above_runner, [&](size_t i) { return rows.default_above_maximum[i]; });
  }
}

}  // namespace berth
