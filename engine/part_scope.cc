#include "berth/engine/part_scope.h"

#include <algorithm>
#include <bit>

#include "berth/engine/admission.h"
#include "berth/engine/bit_rows.h"
#include "berth/engine/text_checks.h"

namespace berth {
namespace {

// Leaves those of `words` that are in `set`; none without a set.
void KeepOnly(const RowSet* set, RowWords& words, RowWords& buffer) {
  buffer.assign(words.size(), 0);
  if (set != nullptr) set->AddTo(buffer.data());
  for (size_t i = 0; i < words.size(); ++i) words[i] &= buffer[i];
}

}  // namespace

void PartScope::Open(const LaunchTerms& terms, const Part& part, uint32_t first_order,
                     std::span<const uint32_t> left_out) {
  part_ = &part;
  first_order_ = first_order;
  version_ = live().version() & ~uint64_t{1};  // an odd one is being changed
  FilterClasses(terms);
  FilterRunners(terms, left_out);
  // Of a refused organization nothing else is judged.
  all_healthy_ = terms.organization.refused || live().all_healthy();
  CountByHealth();
  if (some_runners_) {
    // Nobody need look at classes that have no candidate.
    for (size_t i = 0; i < classes_.size(); ++i) {
      ForEachBit(classes_[i], i, [&](uint32_t row) { classes_[i] &= counts_[row] > 0 ? ~uint64_t{0} : ~BitOf(row); });
    }
    all_classes_ = false;
  }
  candidates_ = SumOf(classes_.data(), total_, classes_.size());
}

void PartScope::FilterClasses(const LaunchTerms& terms) {
  all_classes_ = false;
  if (terms.named) {
    classes_.assign(part_->offers().words(), 0);
    for (const std::string& name : terms.request.profile_names) {
      if (const RowSet* called = part_->Called(name); called != nullptr) called->AddTo(classes_.data());
    }
  } else if (DefaultsOnly(terms.organization, terms.request)) {
    classes_ = part_->defaults();
  } else {
    classes_ = part_->offers().all();
    all_classes_ = true;
  }
}

void PartScope::FilterRunners(const LaunchTerms& terms, std::span<const uint32_t> left_out) {
  const LaunchRequest& request = terms.request;
  some_runners_ =
      !left_out.empty() || !request.runner_ids.empty() || !request.runner_group_id.empty() || !request.zone.empty();
  if (!some_runners_) return;
  runners_.assign(live().words(), 0);
  for (const std::string& id : request.runner_ids) part_->AddRunnersCalled(id, runners_.data());
  if (request.runner_ids.empty()) {
    for (size_t i = 0; i < runners_.size(); ++i) runners_[i] = live().Runners(i);
  }
  if (!request.runner_group_id.empty()) KeepOnly(part_->InGroup(request.runner_group_id), runners_, runner_sets);
  if (!request.zone.empty()) KeepOnly(part_->InZone(request.zone), runners_, runner_sets);
  for (const uint32_t runner : left_out) runners_[runner / 64] &= ~BitOf(runner);
}

void PartScope::CountByHealth() {
  if (some_runners_) {
    CountFiltered();
    total_ = counts_.data();
  } else {
    total_ = part_->populations().data();
    if (!all_healthy_) live().CopyCounts(by_health_);
  }
  healthy_ = all_healthy_ ? total_ : by_health_.healthy.data();
}

void PartScope::CountFiltered() {
  for (std::vector<uint32_t>* counts :
       {&counts_, &by_health_.healthy, &by_health_.not_ready, &by_health_.disconnected, &by_health_.both}) {
    counts->assign(part_->populations().size(), 0);
  }
  for (size_t word = 0; word < runners_.size(); ++word) {
    if (runners_[word] == 0) continue;
    const uint64_t not_ready_here = live().NotReady(word);
    const uint64_t disconnected_here = live().Disconnected(word);
    ForEachBit(runners_[word], word, [&](uint32_t runner) {
      const uint32_t is_not_ready = (not_ready_here & BitOf(runner)) != 0 ? 1 : 0;
      const uint32_t is_disconnected = (disconnected_here & BitOf(runner)) != 0 ? 1 : 0;
      for (uint32_t i = part_->first_binding(runner); i < part_->first_binding(runner + 1); ++i) {
        const uint32_t row = part_->class_of(i);
        ++counts_[row];
        by_health_.healthy[row] += 1 - (is_not_ready | is_disconnected);
        by_health_.not_ready[row] += is_not_ready;
        by_health_.disconnected[row] += is_disconnected;
        by_health_.both[row] += is_not_ready & is_disconnected;
      }
    });
  }
}

void PartScope::Match(const LaunchTerms& terms, TextScratch& texts) {
  const OfferTable& offers = part_->offers();
  if (terms.organization.refused) {
    failing_.Reset(offers.words());
    failing_.Put(ReasonCode::kOrganizationInvalid, [&](size_t i) { return offers.all()[i]; });
  } else {
    offers.Match(terms.need, terms.organization.rules, failing_);
    MatchTexts(terms, texts);
  }
  failed_.assign(offers.words(), 0);
  for (uint32_t rest = failing_.codes().bits(); rest != 0; rest &= rest - 1) {
    const uint64_t* const rows = failing_.Of(static_cast<ReasonCode>(std::countr_zero(rest)));
    for (size_t i = 0; i < failed_.size(); ++i) failed_[i] |= rows[i];
  }
}

void PartScope::MatchTexts(const LaunchTerms& terms, TextScratch& texts) {
  if (terms.request.ingress_mode.empty() && !terms.organization.images) return;
  const RowWords& valid = part_->offers().valid();
  const bool users_missed = failing_.codes().Has(ReasonCode::kUserRequired);
  class_sets.assign(2 * valid.size(), 0);
  uint64_t* const bad_hosts = class_sets.data();
  uint64_t* const bad_images = bad_hosts + valid.size();
  for (size_t i = 0; i < valid.size(); ++i) {
    ForEachBit(valid[i] & classes_[i], i, [&](uint32_t row) {
      const CompiledBinding& binding = terms.snapshot.bindings()[part_->Example(row)];
      const bool user_known = !users_missed || !HasBit(failing_.Of(ReasonCode::kUserRequired), row);
      if (HostNameInvalid(binding, terms.request, user_known, texts.namespace_name, texts.host)) {
        bad_hosts[i] |= BitOf(row);
      }
      if (!ImageAllowed(terms.organization, binding, terms.request)) bad_images[i] |= BitOf(row);
    });
  }
  failing_.Put(ReasonCode::kHostNameInvalid, [&](size_t i) { return bad_hosts[i]; });
  failing_.Put(ReasonCode::kImageNotAllowed, [&](size_t i) { return bad_images[i]; });
}

}  // namespace berth
