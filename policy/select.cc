#include "berth/policy/select.h"

#include <algorithm>
#include <optional>

#include "absl/numeric/int128.h"

namespace berth {
namespace {

// The room of one dimension; nothing when the runner's maximum is unknown. Unreported means that all of it is free, but
// for what is reserved.
std::optional<Fraction> Room(std::optional<int64_t> free, int64_t reserved, int64_t maximum, int64_t request) {
  if (maximum <= 0) return std::nullopt;
  const int64_t available = free.value_or(std::max<int64_t>(maximum - reserved, 0));
  return RoomOf(available, maximum, request);
}

}  // namespace

Fraction RoomOf(int64_t available, int64_t maximum, int64_t request) {
  return {std::max<int64_t>(available - request, 0), maximum};
}

bool Less(const Fraction& a, const Fraction& b) {
  if (a.denominator == b.denominator) return a.numerator < b.numerator;
  return absl::int128(a.numerator) * b.denominator < absl::int128(b.numerator) * a.denominator;
}

Fraction RoomLeft(const Need& need, const Candidate& candidate) {
  const ResolvedAmounts resolved = ResolveAmounts(need, candidate.offer);
  const Capabilities& most = candidate.runner.capabilities;
  const LiveState& live = candidate.live;
  std::optional<Fraction> least;
  const auto consider = [&](std::optional<Fraction> room) {
    if (room && (!least || Less(*room, *least))) least = room;
  };
  consider(Room(live.cpu, live.reserved.cpu, most.max_cpu_millicores.value, resolved.requests.cpu.value_or(0)));
  consider(Room(live.memory, live.reserved.memory, most.max_memory_bytes.value, resolved.requests.memory.value_or(0)));
  if (need.gpu_count > 0) consider(Room(live.gpu, live.reserved.gpu, most.max_gpu_count.value, need.gpu_count));
  return least.value_or(Fraction{});
}

bool Before(const Rank& a, const Rank& b, Strategy strategy) {
  if (a.preferred != b.preferred) return a.preferred;
  if (strategy != Strategy::kFirst) {
    if (Less(a.room, b.room)) return strategy == Strategy::kPack;
    if (Less(b.room, a.room)) return strategy == Strategy::kSpread;
    if (a.tie != b.tie) return a.tie > b.tie;
  }
  return a.order < b.order;
}

}  // namespace berth
