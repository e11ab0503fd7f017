#include "berth/daemon/recent_decisions.h"

#include <utility>

#include "berth/daemon/digest.h"

namespace berth {
namespace {

constexpr size_t kOverheadBytes = 256;  // of one entry, beside its texts

std::string NewPrefix() { return "d-" + HexOf(RandomBytes(8).value_or("")) + "-"; }

}  // namespace

RecentDecisions::RecentDecisions(size_t max_bytes, Clock::duration max_age)
    : max_bytes_(max_bytes), max_age_(max_age), prefix_(NewPrefix()) {}

std::string RecentDecisions::NextId() {
  return prefix_ + std::to_string(next_.fetch_add(1, std::memory_order_relaxed) + 1);
}

void RecentDecisions::Keep(const std::string& id, std::string_view organization, std::string json,
                           Clock::time_point now) {
  const size_t size = json.size() + organization.size() + 2 * id.size() + kOverheadBytes;
  if (size > max_bytes_) return;
  const std::lock_guard lock(mutex_);
  if (by_id_.contains(id)) return;  // ids are for one decision each
  while (!order_.empty() && (bytes_ + size > max_bytes_ || now - by_id_[order_.front()].at > max_age_)) Forget();
  by_id_.insert_or_assign(id, Kept{std::string(organization), std::move(json), now});
  order_.push_back(id);
  bytes_ += size;
}

void RecentDecisions::Forget() {
  const auto oldest = by_id_.find(order_.front());
  bytes_ -= oldest->second.json.size() + oldest->second.organization.size() + 2 * oldest->first.size() + kOverheadBytes;
  by_id_.erase(oldest);
  order_.pop_front();
}

std::optional<std::string> RecentDecisions::Find(const std::string& id, const Caller& caller,
                                                 Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || now - found->second.at > max_age_) return std::nullopt;
  const bool visible = caller.any_organization || found->second.organization == caller.organization_id;
  return visible ? std::optional(found->second.json) : std::nullopt;
}

}  // namespace berth
