#include "berth/policy/fit.h"

#include <algorithm>
#include <iterator>

#include "berth/policy/dimension.h"

namespace berth {
namespace {

using C = ReasonCode;

constexpr uint32_t BitsOf(std::initializer_list<ReasonCode> codes) {
  Failures failures;
  for (const ReasonCode code : codes) failures.Add(code);
  return failures.bits();
}

constexpr uint32_t kFixable = BitsOf({C::kLimitsRequired, C::kCpuRequestAboveLimit, C::kMemoryRequestAboveLimit});
constexpr uint32_t kShrinkable =
    BitsOf({C::kCpuQuota, C::kMemoryQuota, C::kGpuQuota, C::kGpuCountExceedsRunner, C::kCpuExceedsProfile,
            C::kMemoryExceedsProfile, C::kCpuRequestAboveLimit, C::kMemoryRequestAboveLimit, C::kCpuExceedsRunner,
            C::kMemoryExceedsRunner, C::kInsufficientCpu, C::kInsufficientMemory, C::kInsufficientGpu});

bool CanFit(Failures failures, FitWay way) {
  const uint32_t bits = failures.bits();
  switch (way) {
    case FitWay::kFix:
      return bits != 0 && (bits & ~kFixable) == 0;
    case FitWay::kShrink:
      return bits != 0 && (bits & ~kShrinkable) == 0;
    case FitWay::kBoth:
      break;
  }
  return (bits & kFixable) != 0 && (bits & kShrinkable) != 0 && (bits & ~(kFixable | kShrinkable)) == 0;
}

using Value = std::optional<int64_t>;

// The smallest of what is known.
Value Least(Value a, Value b) { return a && b ? Value(std::min(*a, *b)) : (a ? a : b); }

// The edit from one value to a smaller one.
void Lower(Value before, Value after, std::optional<AmountEdit>& edit) {
  if (before && after && *after < *before) edit = AmountEdit{*after, *before, /*lowered=*/true};
}

bool LeavesNothing(const std::optional<AmountEdit>& edit) { return edit && edit->lowered && edit->value == 0; }

class Fitter {
 public:
  Fitter(const Candidate& candidate, Failures failures, const Need& need, const CallerRules& caller, FitWay way,
         bool joined)
      : candidate_(candidate), failures_(failures), need_(need), caller_(caller), way_(way), joined_(joined) {}

  std::optional<AmountEdits> Run() {
    static_assert(std::size(kDimensions) == 2);
    const bool fits = FitDimension(kDimensions[0], edits_[Amount::kCpuLimit], edits_[Amount::kCpuRequest]) &&
                      FitDimension(kDimensions[1], edits_[Amount::kMemoryLimit], edits_[Amount::kMemoryRequest]) &&
                      FitGpus();
    if (!fits) return std::nullopt;
    return edits_;
  }

 private:
  bool FitDimension(const Dimension& dimension, std::optional<AmountEdit>& limit_edit,
                    std::optional<AmountEdit>& request_edit) const {
    const ResolvedAmounts resolved = ResolveAmounts(need_, candidate_.offer);
    const Value limit = resolved.limits.*dimension.amount;
    const Value request = resolved.requests.*dimension.amount;
    Value new_limit = limit;
    Value new_request = request;
    if (way_ == FitWay::kFix) {
      if (failures_.Has(dimension.above_limit)) new_request = limit;
    } else {
      const Value quota = caller_.quota.*dimension.quota;
      const Value ceiling = caller_.limits_are_ceilings ? candidate_.offer.limits.*dimension.amount : std::nullopt;
      if (limit) new_limit = Least(limit, Least(quota, ceiling));
      const Value most = Least(KnownMaximum((candidate_.runner.capabilities.*dimension.maximum).value),
                               candidate_.live.*dimension.free);
      if (request) new_request = Least(request, Least(new_limit ? new_limit : quota, most));
    }
    Lower(limit, new_limit, limit_edit);
    Lower(request, new_request, request_edit);
    // A limit of nothing that the launch itself sets is what it wants; nothing that is left over helps nobody.
    if (way_ != FitWay::kFix && (LeavesNothing(limit_edit) || LeavesNothing(request_edit))) return false;
    if (way_ != FitWay::kShrink && failures_.Has(C::kLimitsRequired) && !limit) {
      if (!new_request) return false;
      limit_edit = AmountEdit{*new_request, 0, /*lowered=*/false};
    }
    if (joined_ && (limit_edit || request_edit)) Join(limit, request, limit_edit, request_edit);
    return true;
  }

  // One number for both sides: the smaller one.
  static void Join(Value limit, Value request, std::optional<AmountEdit>& limit_edit,
                   std::optional<AmountEdit>& request_edit) {
    const int64_t value =
        *Least(limit_edit ? Value(limit_edit->value) : limit, request_edit ? Value(request_edit->value) : request);
    if (limit_edit && !limit_edit->lowered) {
      limit_edit->value = value;
    } else {
      limit_edit.reset();
      Lower(limit, value, limit_edit);
    }
    request_edit.reset();
    Lower(request, value, request_edit);
  }

  bool FitGpus() {
    if (need_.gpu_count == 0 || way_ == FitWay::kFix) return true;
    const Value most = Least(caller_.quota.gpu, candidate_.live.gpu);
    const Value count = Least(most, candidate_.runner.capabilities.max_gpu_count.value);
    Lower(need_.gpu_count, count, edits_[Amount::kGpuCount]);
    return !LeavesNothing(edits_[Amount::kGpuCount]);
  }

  const Candidate& candidate_;
  const Failures failures_;
  const Need& need_;
  const CallerRules& caller_;
  const FitWay way_;
  const bool joined_;
  AmountEdits edits_;
};

}  // namespace

int AmountEdits::dimensions() const {
  const auto edited = [&](Amount amount) { return (*this)[amount].has_value(); };
  return static_cast<int>(edited(Amount::kCpuLimit) || edited(Amount::kCpuRequest)) +
         static_cast<int>(edited(Amount::kMemoryLimit) || edited(Amount::kMemoryRequest)) +
         static_cast<int>(edited(Amount::kGpuCount));
}

double AmountEdits::kept() const {
  double sum = 0;
  for (const auto& edit : edits_) {
    const bool lowered = edit && edit->lowered && edit->before > 0;
    sum += lowered ? static_cast<double>(edit->value) / static_cast<double>(edit->before) : 1;
  }
  return sum;
}

bool IsDominated(const AmountEdits& edits, const AmountEdits& other) {
  bool less = false;
  for (size_t i = 0; i < kAmountCount; ++i) {
    const auto& mine = edits[static_cast<Amount>(i)];
    const auto& theirs = other[static_cast<Amount>(i)];
    const bool added = (mine && !mine->lowered) || (theirs && !theirs->lowered);
    if (added) {
      if (!mine || !theirs || mine->lowered != theirs->lowered || mine->value != theirs->value) return false;
      continue;
    }
    // Nothing lowered is as much as there can be.
    if (theirs && (!mine || theirs->value < mine->value)) return false;
    less = less || (mine && (!theirs || theirs->value > mine->value));
  }
  return less;
}

std::optional<AmountEdits> FitTo(const Candidate& candidate, Failures failures, const Need& need,
                                 const CallerRules& caller, FitWay way, bool joined) {
  if (!CanFit(failures, way)) return std::nullopt;
  return Fitter(candidate, failures, need, caller, way, joined).Run();
}

}  // namespace berth
