#include "berth/engine/indexed_admission.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "berth/engine/admission.h"
#include "berth/engine/text_checks.h"
#include "berth/engine/tie_hash.h"
#include "berth/policy/select.h"

namespace berth {
namespace {

constexpr int kMaxAttempts = 8;
constexpr uint32_t kNowhere = std::numeric_limits<uint32_t>::max();
constexpr ReasonCode kShortCodes[kSupplyCount] = {ReasonCode::kInsufficientCpu, ReasonCode::kInsufficientMemory,
                                                  ReasonCode::kInsufficientGpu};

// Health is judged after these, so they are the headline also of unhealthy candidates.
constexpr bool GoesBeforeHealth(ReasonCode code) { return code < ReasonCode::kRunnerNotReady; }

// The sum of the weights of the rows. Written so that compilers make vectors of it.
uint64_t SumOf(const uint64_t* rows, const uint32_t* weights, size_t words) {
  uint64_t sum = 0;
  for (size_t i = 0; i < words; ++i) {
    if (rows[i] == 0) continue;
    const uint32_t* const block = weights + i * 64;
    const auto low = static_cast<uint32_t>(rows[i]);
    const auto high = static_cast<uint32_t>(rows[i] >> 32U);
    uint32_t part = 0;
    for (uint32_t bit = 0; bit < 32; ++bit) part += block[bit] & (0U - (low >> bit & 1U));
    for (uint32_t bit = 0; bit < 32; ++bit) part += block[32 + bit] & (0U - (high >> bit & 1U));
    sum += part;
  }
  return sum;
}

void Keep(const uint64_t* others, RowWords& words) {
  for (size_t i = 0; i < words.size(); ++i) words[i] &= others[i];
}

// The rows of `words` that are in `set`; none without a set.
void KeepOnly(const RowSet* set, RowWords& words, RowWords& buffer) {
  buffer.assign(words.size(), 0);
  if (set != nullptr) set->AddTo(buffer.data());
  Keep(buffer.data(), words);
}

bool HasBit(const uint64_t* words, uint32_t index) { return (words[index / 64] >> (index % 64) & 1) != 0; }

double PartOf(const Fraction& room) {
  return static_cast<double>(room.numerator) / static_cast<double>(room.denominator);
}

}  // namespace

bool IndexedAdmission::Decides(const LaunchRequest& request) {
  return request.overrides == nullptr || request.overrides->members.empty();
}

IndexedAdmission::IndexedAdmission(const Snapshot& snapshot, const LaunchRequest& request, Scratch& scratch)
    : snapshot_(snapshot),
      request_(request),
      organization_(snapshot.OrganizationOf(request.organization_id)),
      scratch_(scratch),
      named_(!request.profile_names.empty()) {
  scratch_.reasons_.clear();
  scratch_.placements_.clear();
  scratch_.placed_.clear();
  scratch_.violations_.clear();
}

Decision IndexedAdmission::Run() {
  Decision decision;
  decision.snapshot = &snapshot_;
  if (IsValidLaunch(request_, organization_, scratch_.violations_)) {
    need_ = NeedOf(request_, scratch_.gpu_type_);
    sandbox_hash_ = Fnv1a64(request_.sandbox_id);
    // What counts must have been read of one live state; heartbeats are short and seldom.
    bool decided = false;
    for (int attempt = 0; attempt < kMaxAttempts && !decided; ++attempt) {
      decided = TryDecide(decision);
      if (decision.candidate_count == 0) break;
    }
    if (!decided) return Admission(snapshot_, request_, scratch_).Run();
    decision.verdict = scratch_.placed_.empty() ? Verdict::kRejected : Verdict::kAdmitted;
  }
  decision.code = VerdictCode(decision.verdict, named_);
  decision.reasons = scratch_.reasons_;
  decision.placements = scratch_.placements_;
  decision.violations = scratch_.violations_;
  return decision;
}

// False when a candidate's live state changed meanwhile, or classes cannot tell.
bool IndexedAdmission::TryDecide(Decision& decision) {
  scratch_.placed_.clear();
  part_count_ = 0;
  decision.candidate_count = 0;
  Open(organization_.part.get(), {});
  Open(snapshot_.shared_part(), organization_.own_shared_runners);
  const std::span<PartScratch> scopes(scratch_.parts_.data(), part_count_);
  for (const PartScratch& scope : scopes) decision.candidate_count += scope.candidates;
  if (decision.candidate_count == 0) {
    // Which filter matches none of the default bindings, only these can tell.
    if (DefaultsOnly(organization_, request_)) return false;
    scratch_.reasons_.push_back({EmptyScope()});
    return true;
  }
  for (PartScratch& scope : scopes) MatchPart(scope);
  for (const bool preferred : {true, false}) {
    if (Full()) break;
    for (PartScratch& scope : scopes) SelectIn(scope, preferred);
  }
  for (const Placed& placed : scratch_.placed_) scratch_.placements_.push_back(placed.binding);
  if (!scratch_.placed_.empty()) return true;
  counts_.fill({});
  first_headline_.fill(kNowhere);
  first_blocked_.fill(kNowhere);
  for (PartScratch& scope : scopes) CountReasons(scope);
  const auto unchanged = [](const PartScratch& scope) { return scope.part->live().version() == scope.version; };
  if (!std::ranges::all_of(scopes, unchanged)) return false;
  PutReasons();
  return true;
}

// --- Scope ---

void IndexedAdmission::Open(const Part* part, std::span<const uint32_t> left_out) {
  if (part == nullptr) return;
  PartScratch& scope = scratch_.parts_[part_count_];
  scope.first_order = part_count_ == 0 ? 0 : static_cast<uint32_t>(scratch_.parts_[0].part->size());
  ++part_count_;
  scope.part = part;
  scope.version = part->live().version() & ~uint64_t{1};
  FilterClasses(scope);
  FilterRunners(left_out, scope);
  CountScope(scope);
  scope.candidates = static_cast<uint32_t>(SumOf(scope.scope.data(), scope.total, scope.scope.size()));
}

void IndexedAdmission::FilterClasses(PartScratch& scope) const {
  const Part& part = *scope.part;
  if (named_) {
    scope.scope.assign(part.offers().words(), 0);
    for (const std::string& name : request_.profile_names) {
      if (const RowSet* called = part.Called(name); called != nullptr) called->AddTo(scope.scope.data());
    }
  } else {
    scope.scope = DefaultsOnly(organization_, request_) ? part.defaults() : part.offers().all();
  }
}

void IndexedAdmission::FilterRunners(std::span<const uint32_t> left_out, PartScratch& scope) const {
  const Part& part = *scope.part;
  scope.filtered =
      !left_out.empty() || !request_.runner_ids.empty() || !request_.runner_group_id.empty() || !request_.zone.empty();
  if (!scope.filtered) return;
  scope.within.assign(part.live().words(), 0);
  if (request_.runner_ids.empty()) {
    for (size_t i = 0; i < scope.within.size(); ++i) scope.within[i] = part.live().Runners(i);
  }
  for (const std::string& id : request_.runner_ids) part.AddRunnersCalled(id, scope.within.data());
  if (!request_.runner_group_id.empty()) KeepOnly(part.InGroup(request_.runner_group_id), scope.within, scope.runners);
  if (!request_.zone.empty()) KeepOnly(part.InZone(request_.zone), scope.within, scope.runners);
  for (const uint32_t runner : left_out) scope.within[runner / 64] &= ~(uint64_t{1} << (runner % 64));
}

// Counts the bindings of each class that are in scope, by the health of their runners.
void IndexedAdmission::CountScope(PartScratch& scope) const {
  const Part& part = *scope.part;
  const size_t rows = part.populations().size();
  // Of a refused organization nothing else is judged.
  scope.all_healthy = organization_.refused || part.live().all_healthy();
  if (scope.filtered) {
    CountFiltered(scope);
    scope.total = scope.counted.data();
  } else {
    scope.total = part.populations().data();
    if (!scope.all_healthy) {
      for (std::vector<uint32_t>* counts : {&scope.not_ready, &scope.disconnected, &scope.both}) counts->resize(rows);
      for (uint32_t i = 0; i < part.class_count(); ++i) {
        const LiveTable::Unhealthy unhealthy = part.live().UnhealthyOf(i);
        scope.not_ready[i] = unhealthy.not_ready;
        scope.disconnected[i] = unhealthy.disconnected;
        scope.both[i] = unhealthy.both;
      }
    }
  }
  scope.healthy = scope.total;
  if (scope.all_healthy) return;
  scope.healthy_counted.resize(rows);
  for (size_t i = 0; i < part.class_count(); ++i) {
    scope.healthy_counted[i] = scope.total[i] - scope.not_ready[i] - scope.disconnected[i] + scope.both[i];
  }
  scope.healthy = scope.healthy_counted.data();
}

void IndexedAdmission::CountFiltered(PartScratch& scope) const {
  const Part& part = *scope.part;
  const LiveTable& live = part.live();
  for (std::vector<uint32_t>* counts : {&scope.counted, &scope.not_ready, &scope.disconnected, &scope.both}) {
    counts->assign(part.populations().size(), 0);
  }
  for (size_t word = 0; word < scope.within.size(); ++word) {
    const uint64_t not_ready = live.NotReady(word);
    const uint64_t disconnected = live.Disconnected(word);
    ForEachBit(scope.within[word], word, [&](uint32_t runner) {
      const auto is = [&](uint64_t bits) { return static_cast<uint32_t>(bits >> (runner % 64) & 1); };
      for (uint32_t i = part.first_binding(runner); i < part.first_binding(runner + 1); ++i) {
        const uint32_t row = part.class_of(i);
        ++scope.counted[row];
        scope.not_ready[row] += is(not_ready);
        scope.disconnected[row] += is(disconnected);
        scope.both[row] += is(not_ready & disconnected);
      }
    });
  }
}

// Of the filters that select nothing together: the first that selects nothing alone.
ReasonCode IndexedAdmission::EmptyScope() const {
  bool any_visible = false;
  uint32_t matched = 0;
  for (size_t i = 0; i < part_count_; ++i) {
    const Part& part = *scratch_.parts_[i].part;
    any_visible = any_visible || part.size() > 0;
    const auto is_called = [&](const std::string& name) { return part.Called(name) != nullptr; };
    const auto has_runner = [&](const std::string& id) { return part.HasRunner(id); };
    const auto add = [&](Filter filter, bool matches) { matched |= matches ? BitOf(filter) : 0; };
    add(Filter::kProfile, !named_ || std::ranges::any_of(request_.profile_names, is_called));
    add(Filter::kRunner, request_.runner_ids.empty() || std::ranges::any_of(request_.runner_ids, has_runner));
    add(Filter::kGroup, request_.runner_group_id.empty() || part.InGroup(request_.runner_group_id) != nullptr);
    add(Filter::kZone, request_.zone.empty() || part.InZone(request_.zone) != nullptr);
  }
  return EmptyScopeReason(any_visible, matched);
}

// --- Match ---

void IndexedAdmission::MatchPart(PartScratch& scope) {
  const OfferTable& offers = scope.part->offers();
  if (organization_.refused) {
    scope.failing.Reset(offers.words());
    scope.failing.Put(ReasonCode::kOrganizationInvalid, [&](size_t i) { return offers.all()[i]; });
  } else {
    offers.Match(need_, organization_.rules, scope.failing);
    MatchTexts(scope);
  }
  scope.failed.assign(offers.words(), 0);
  const Failures codes = scope.failing.codes();
  for (uint32_t rest = codes.bits(); rest != 0; rest &= rest - 1) {
    const uint64_t* const rows = scope.failing.Of(static_cast<ReasonCode>(std::countr_zero(rest)));
    for (size_t i = 0; i < scope.failed.size(); ++i) scope.failed[i] |= rows[i];
  }
}

void IndexedAdmission::MatchTexts(PartScratch& scope) {
  const bool asks_host = !request_.ingress_mode.empty();
  if (!asks_host && !organization_.images) return;
  const Part& part = *scope.part;
  const RowWords& valid = part.offers().valid();
  const bool users_missed = scope.failing.codes().Has(ReasonCode::kUserRequired);
  scope.rows.assign(2 * valid.size(), 0);
  uint64_t* const bad_hosts = scope.rows.data();
  uint64_t* const bad_images = bad_hosts + valid.size();
  for (size_t i = 0; i < valid.size(); ++i) {
    ForEachBit(valid[i] & scope.scope[i], i, [&](uint32_t row) {
      const CompiledBinding& binding = snapshot_.bindings()[part.Example(row)];
      const uint64_t bit = uint64_t{1} << (row % 64);
      const bool user_known = !users_missed || !HasBit(scope.failing.Of(ReasonCode::kUserRequired), row);
      if (HostNameInvalid(binding, request_, user_known, scratch_.namespace_, scratch_.host_)) bad_hosts[i] |= bit;
      if (!ImageAllowed(organization_, binding, request_)) bad_images[i] |= bit;
    });
  }
  scope.failing.Put(ReasonCode::kHostNameInvalid, [&](size_t i) { return bad_hosts[i]; });
  scope.failing.Put(ReasonCode::kImageNotAllowed, [&](size_t i) { return bad_images[i]; });
}

IndexedAdmission::Amount IndexedAdmission::AmountOf(const PartScratch& scope, uint32_t class_index) const {
  const CompiledBinding& binding = snapshot_.bindings()[scope.part->Example(class_index)];
  // An invalid spec has no amounts, and what is free does not matter.
  if (!binding.offer.valid) return {};
  const Amounts requests = ResolveAmounts(need_, binding.offer).requests;
  return {requests.cpu, requests.memory, need_.gpu_count > 0 ? std::optional(need_.gpu_count) : std::nullopt};
}

// --- Select ---

bool IndexedAdmission::Full() const { return scratch_.placed_.size() == kMaxAlternatives + 1; }

void IndexedAdmission::SelectIn(PartScratch& scope, bool preferred) {
  const Part& part = *scope.part;
  const size_t words = scope.scope.size();
  scope.rows.resize(2 * words);
  uint64_t* const fitting = scope.rows.data();
  uint64_t any = 0;
  for (size_t i = 0; i < words; ++i) {
    const uint64_t defaults = named_ ? 0 : part.defaults()[i];
    fitting[i] = scope.scope[i] & ~scope.failed[i] & (preferred ? defaults : ~defaults);
    any |= fitting[i];
  }
  if (any == 0) return;
  const auto add_runners = [&](uint32_t row) {
    if (part.is_listed(row)) {
      for (const uint32_t runner : part.ListOf(row)) scope.runners[runner / 64] |= uint64_t{1} << (runner % 64);
    } else {
      const uint64_t* const bits = part.BitsOf(row);
      for (size_t i = 0; i < scope.runners.size(); ++i) scope.runners[i] |= bits[i];
    }
  };
  scope.runners.assign(part.live().words(), 0);
  // Where the launch brings both amounts, they are the same for all classes.
  if (need_.requests.cpu && need_.requests.memory) {
    Amount amount{};
    for (size_t i = 0; i < words; ++i) {
      ForEachBit(fitting[i], i, [&](uint32_t row) {
        amount = AmountOf(scope, row);
        add_runners(row);
      });
    }
    ScanRunners(scope, fitting, scope.runners.data(), amount, preferred);
    return;
  }
  uint64_t* const one = fitting + words;
  std::fill_n(one, words, 0);
  for (size_t i = 0; i < words; ++i) {
    ForEachBit(fitting[i], i, [&](uint32_t row) {
      one[i] = uint64_t{1} << (row % 64);
      add_runners(row);
      ScanRunners(scope, one, scope.runners.data(), AmountOf(scope, row), preferred);
      scope.runners.assign(scope.runners.size(), 0);
    });
    one[i] = 0;
  }
}

// Ranks the candidates of `classes` on `runners`. All of them take `amount`.
void IndexedAdmission::ScanRunners(PartScratch& scope, const uint64_t* classes, const uint64_t* runners,
                                   const Amount& amount, bool preferred) {
  const Part& part = *scope.part;
  const LiveTable& live = part.live();
  const Strategy strategy = organization_.settings.strategy;
  // Ranks compare exactly. Numbers of floating point keep out what is farther off than their errors can be.
  const auto is_far = [](double room, double than) { return room < than - 1e-9 * (1 + std::abs(than)); };
  const auto hopeless = [&](double room) {
    const double worst = PartOf(scratch_.placed_.back().rank.room);
    return strategy == Strategy::kSpread ? is_far(room, worst) : is_far(worst, room);
  };
  for (size_t word = 0; word < live.words(); ++word) {
    uint64_t able = runners[word];
    if (able == 0) continue;
    if (scope.filtered) able &= scope.within[word];
    able &= ~(live.NotReady(word) | live.Disconnected(word));
    for (size_t i = 0; i < kSupplyCount && able != 0; ++i) {
      if (amount[i]) able &= ~live.Short(static_cast<Supply>(i), word, *amount[i]);
    }
    for (; able != 0; able &= able - 1) {
      const auto runner = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(able)));
      const bool full = Full();
      Rank rank;
      rank.preferred = preferred;
      if (strategy == Strategy::kFirst) {
        const uint32_t first = scope.first_order + part.first_binding(runner);
        if (full && first > scratch_.placed_.back().rank.order) return;
      } else {
        if (full && hopeless(live.RoomPart(runner, amount))) continue;
        const CompiledRunner& compiled = snapshot_.runners()[part.runner(runner)];
        rank.tie = TieHash(sandbox_hash_, compiled.tie_hash);
        rank.room = live.Room(runner, amount);
      }
      for (uint32_t i = part.first_binding(runner); i < part.first_binding(runner + 1); ++i) {
        if (!HasBit(classes, part.class_of(i))) continue;
        rank.order = scope.first_order + i;
        Place(scope, i, rank);
      }
    }
  }
}

// Keeps the best, in order.
void IndexedAdmission::Place(const PartScratch& scope, uint32_t position, const Rank& rank) {
  std::vector<Placed>& placed = scratch_.placed_;
  const Strategy strategy = organization_.settings.strategy;
  if (Full()) {
    if (!Before(rank, placed.back().rank, strategy)) return;
    placed.pop_back();
  }
  const auto after =
      std::ranges::find_if(placed, [&](const Placed& other) { return Before(rank, other.rank, strategy); });
  placed.insert(after, {rank, scope.part->binding(position)});
}

// --- Count ---

void IndexedAdmission::CountReasons(PartScratch& scope) {
  const Part& part = *scope.part;
  const LiveTable& live = part.live();
  const size_t words = scope.scope.size();
  const size_t runner_words = live.words();

  // Which runners count, and which of those are healthy, not ready, disconnected, disconnected but ready.
  const uint64_t* within = scope.filtered ? scope.within.data() : nullptr;
  const uint64_t* healthy = within;
  const uint64_t* not_ready = nullptr;
  const uint64_t* disconnected = nullptr;
  const uint64_t* only_disconnected = nullptr;
  if (!scope.all_healthy) {
    scope.runners.resize(4 * runner_words);
    uint64_t* const sets = scope.runners.data();
    for (size_t i = 0; i < runner_words; ++i) {
      const uint64_t counted = within == nullptr ? live.Runners(i) : within[i];
      sets[i] = counted & ~live.NotReady(i) & ~live.Disconnected(i);
      sets[runner_words + i] = counted & live.NotReady(i);
      sets[2 * runner_words + i] = counted & live.Disconnected(i);
      sets[3 * runner_words + i] = counted & live.Disconnected(i) & ~live.NotReady(i);
    }
    healthy = sets;
    not_ready = healthy + runner_words;
    disconnected = not_ready + runner_words;
    only_disconnected = disconnected + runner_words;
  }
  // The first binding of these classes on these runners; any runner without a set.
  const auto first_of = [&](const uint64_t* classes, const uint64_t* runners) {
    auto best = static_cast<uint32_t>(part.size());
    for (size_t i = 0; i < words; ++i) {
      for (uint64_t rest = classes[i]; rest != 0; rest &= rest - 1) {
        const auto row = static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(rest)));
        if (part.first_of_class(row) >= best) return best;
        best = std::min(best, runners == nullptr ? part.first_of_class(row) : part.First(row, runners, best));
      }
    }
    return best;
  };

  const auto note = [&](ReasonCode code, const uint64_t* headline_classes, const uint64_t* headline_runners,
                        const uint64_t* blocked_classes, const uint64_t* blocked_runners) {
    const uint32_t found = first_of(headline_classes, headline_runners);
    const bool has_headline = found < part.size();
    NoteExample(scope, code, found, has_headline ? found : first_of(blocked_classes, blocked_runners));
  };

  // Rows: those met so far that fail, those that fail something before health, those that fail more than once.
  scope.rows.assign(5 * words, 0);
  uint64_t* const failed = scope.rows.data();
  uint64_t* const early = failed + words;
  uint64_t* const twice = early + words;
  uint64_t* const blocked = twice + words;
  uint64_t* const headline = blocked + words;

  const auto count_health = [&] {
    if (scope.all_healthy) return;
    std::ranges::copy(failed, failed + words, early);
    for (size_t i = 0; i < words; ++i) headline[i] = scope.scope[i] & ~early[i];
    const auto count = [&](ReasonCode code, const std::vector<uint32_t>& weights, const uint64_t* runners,
                           const uint64_t* headline_runners) {
      ReasonCount& counted = counts_[static_cast<size_t>(code)];
      const auto all = static_cast<uint32_t>(SumOf(scope.scope.data(), weights.data(), words));
      if (all == 0) return;
      counted.blocked += all;
      counted.headline += static_cast<uint32_t>(SumOf(headline, weights.data(), words));
      if (code == ReasonCode::kRunnerDisconnected) {
        // Not ready goes before.
        counted.headline -= static_cast<uint32_t>(SumOf(headline, scope.both.data(), words));
      }
      note(code, headline, headline_runners, scope.scope.data(), runners);
    };
    count(ReasonCode::kRunnerNotReady, scope.not_ready, not_ready, not_ready);
    count(ReasonCode::kRunnerDisconnected, scope.disconnected, disconnected, only_disconnected);
  };

  const Failures codes = scope.failing.codes();
  bool health_counted = false;
  for (uint32_t rest = codes.bits(); rest != 0; rest &= rest - 1) {
    const auto code = static_cast<ReasonCode>(std::countr_zero(rest));
    if (!GoesBeforeHealth(code) && !health_counted) {
      count_health();
      health_counted = true;
    }
    const uint64_t* const rows = scope.failing.Of(code);
    for (size_t i = 0; i < words; ++i) {
      blocked[i] = rows[i] & scope.scope[i];
      headline[i] = blocked[i] & ~failed[i];
      twice[i] |= blocked[i] & failed[i];
      failed[i] |= blocked[i];
    }
    const bool early_code = GoesBeforeHealth(code);
    ReasonCount& counted = counts_[static_cast<size_t>(code)];
    const auto all = static_cast<uint32_t>(SumOf(blocked, scope.total, words));
    if (all == 0) continue;
    counted.blocked += all;
    counted.headline += static_cast<uint32_t>(SumOf(headline, early_code ? scope.total : scope.healthy, words));
    note(code, headline, early_code ? within : healthy, blocked, within);
  }
  if (!health_counted) count_health();

  // Sole blockers are on healthy runners.
  uint64_t* const single = headline;
  for (size_t i = 0; i < words; ++i) single[i] = failed[i] & ~twice[i];
  for (uint32_t rest = codes.bits(); rest != 0; rest &= rest - 1) {
    const auto code = static_cast<ReasonCode>(std::countr_zero(rest));
    const uint64_t* const rows = scope.failing.Of(code);
    for (size_t i = 0; i < words; ++i) blocked[i] = rows[i] & single[i];
    counts_[static_cast<size_t>(code)].sole += static_cast<uint32_t>(SumOf(blocked, scope.healthy, words));
  }
  if (!scope.all_healthy) {
    for (size_t i = 0; i < words; ++i) blocked[i] = scope.scope[i] & ~failed[i];
    const auto both = static_cast<uint32_t>(SumOf(blocked, scope.both.data(), words));
    counts_[static_cast<size_t>(ReasonCode::kRunnerNotReady)].sole +=
        static_cast<uint32_t>(SumOf(blocked, scope.not_ready.data(), words)) - both;
    counts_[static_cast<size_t>(ReasonCode::kRunnerDisconnected)].sole +=
        static_cast<uint32_t>(SumOf(blocked, scope.disconnected.data(), words)) - both;
  }
  if (!organization_.refused && MayRunShort(scope)) CountShort(scope, failed, single);
}

bool IndexedAdmission::MayRunShort(const PartScratch& scope) const {
  const LiveTable& live = scope.part->live();
  const auto suffices = [&](Supply supply, std::optional<int64_t> Amounts::*side) {
    // No class takes more: its own request, or in its place a limit.
    std::optional<int64_t> most = need_.requests.*side;
    if (!most)
      most = std::max({scope.part->most_requested().*side, need_.limits.*side, scope.part->most_limited().*side});
    return !most || live.SufficesEverywhere(supply, *most);
  };
  return !suffices(Supply::kCpu, &Amounts::cpu) || !suffices(Supply::kMemory, &Amounts::memory) ||
         !live.SufficesEverywhere(Supply::kGpu, need_.gpu_count);
}

// Corrects the counts for runners that are short of what the launch takes: the last constraints in the order.
void IndexedAdmission::CountShort(PartScratch& scope, const uint64_t* failed, const uint64_t* single) {
  scope.short_of.reset();
  const Failures codes = scope.failing.codes();
  const auto take = [&](ReasonCode code, uint32_t count) { counts_[static_cast<size_t>(code)].sole -= count; };
  for (size_t i = 0; i < scope.scope.size(); ++i) {
    ForEachBit(scope.scope[i], i, [&](uint32_t row) {
      const bool fails = HasBit(failed, row);
      const ShortCounts counts = CountShortOf(scope, row, AmountOf(scope, row), !fails);
      for (size_t supply = 0; supply < kSupplyCount; ++supply) {
        ReasonCount& counted = counts_[static_cast<size_t>(kShortCodes[supply])];
        counted.blocked += counts.blocked[supply];
        if (fails) continue;
        counted.headline += counts.headline[supply];
        counted.sole += counts.only[supply];
      }
      if (!fails) {
        take(ReasonCode::kRunnerNotReady, counts.not_ready);
        take(ReasonCode::kRunnerDisconnected, counts.disconnected);
      } else if (HasBit(single, row)) {
        for (uint32_t rest = codes.bits(); rest != 0; rest &= rest - 1) {
          const auto code = static_cast<ReasonCode>(std::countr_zero(rest));
          if (HasBit(scope.failing.Of(code), row)) take(code, counts.healthy);
        }
      }
    });
  }
}

// Also notes the first of them as examples.
IndexedAdmission::ShortCounts IndexedAdmission::CountShortOf(PartScratch& scope, uint32_t class_index,
                                                             const Amount& amount, bool is_headline) {
  const Part& part = *scope.part;
  const LiveTable& live = part.live();
  ShortCounts counts;
  const auto count = [](uint64_t bits) { return static_cast<uint32_t>(std::popcount(bits)); };
  const auto add = [&](size_t word, uint64_t members, const Short& is_short) {
    const uint64_t any = is_short[0] | is_short[1] | is_short[2];
    if ((any & members) == 0) return;
    const uint64_t not_ready = live.NotReady(word);
    const uint64_t disconnected = live.Disconnected(word);
    const uint64_t healthy = members & ~not_ready & ~disconnected;
    counts.healthy += count(healthy & any);
    counts.not_ready += count(members & not_ready & ~disconnected & any);
    counts.disconnected += count(members & disconnected & ~not_ready & any);
    uint64_t before = 0;
    for (size_t i = 0; i < kSupplyCount; ++i) {
      const uint64_t others = is_short[(i + 1) % kSupplyCount] | is_short[(i + 2) % kSupplyCount];
      const uint64_t blocked = members & is_short[i];
      const uint64_t headline = is_headline ? healthy & is_short[i] & ~before : 0;
      before |= is_short[i];
      if (blocked == 0) continue;
      counts.blocked[i] += count(blocked);
      counts.headline[i] += count(headline);
      counts.only[i] += count(healthy & is_short[i] & ~others);
      const auto first = [&](uint64_t runners) {
        if (runners == 0) return kNowhere;
        return part.BindingOn(class_index,
                              static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(runners))));
      };
      NoteExample(scope, kShortCodes[i], first(headline), first(blocked));
    }
  };
  if (part.is_listed(class_index)) {
    for (const uint32_t runner : part.ListOf(class_index)) {
      const uint64_t bit = uint64_t{1} << (runner % 64);
      if (scope.filtered && (scope.within[runner / 64] & bit) == 0) continue;
      Short is_short{};
      for (size_t i = 0; i < kSupplyCount; ++i) {
        if (amount[i] && live.IsShort(static_cast<Supply>(i), runner, *amount[i])) is_short[i] = bit;
      }
      add(runner / 64, bit, is_short);
    }
    return counts;
  }
  const size_t words = live.words();
  if (scope.short_words.size() < kSupplyCount * words) scope.short_words.resize(kSupplyCount * words);
  if (scope.short_of != amount) {
    scope.short_of = amount;
    for (size_t i = 0; i < kSupplyCount; ++i) {
      uint64_t* const set = scope.short_words.data() + i * words;
      for (size_t word = 0; word < words; ++word) {
        set[word] = amount[i] ? live.Short(static_cast<Supply>(i), word, *amount[i]) : 0;
      }
    }
  }
  const uint64_t* const bits = part.BitsOf(class_index);
  for (size_t word = 0; word < words; ++word) {
    const uint64_t members = scope.filtered ? bits[word] & scope.within[word] : bits[word];
    if (members == 0) continue;
    const uint64_t* const set = scope.short_words.data() + word;
    add(word, members, {set[0], set[words], set[2 * words]});
  }
  return counts;
}

// The examples of a part go before those of the next; of one part the first binding counts.
void IndexedAdmission::NoteExample(const PartScratch& scope, ReasonCode code, uint32_t headline_at,
                                   uint32_t blocked_at) {
  const auto note = [&](uint32_t position, uint32_t& noted) {
    if (position < scope.part->size()) noted = std::min(noted, scope.first_order + position);
  };
  note(headline_at, first_headline_[static_cast<size_t>(code)]);
  note(blocked_at, first_blocked_[static_cast<size_t>(code)]);
}

void IndexedAdmission::PutReasons() {
  const auto binding_at = [&](uint32_t order) {
    const bool in_second = part_count_ == 2 && order >= scratch_.parts_[1].first_order;
    const PartScratch& scope = scratch_.parts_[in_second ? 1 : 0];
    return scope.part->binding(order - scope.first_order);
  };
  for (size_t i = 0; i < kConstraintCount; ++i) {
    ReasonCount& count = counts_[i];
    if (count.blocked == 0) continue;
    count.code = static_cast<ReasonCode>(i);
    const uint32_t example = first_headline_[i] != kNowhere ? first_headline_[i] : first_blocked_[i];
    count.example = binding_at(example);
    scratch_.reasons_.push_back(count);
  }
}

}  // namespace berth
