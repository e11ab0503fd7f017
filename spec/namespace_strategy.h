// How the namespace of a sandbox is chosen: one per organization, per user, per profile, or a fixed one.

#ifndef BERTH_SPEC_NAMESPACE_STRATEGY_H_
#define BERTH_SPEC_NAMESPACE_STRATEGY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth {

enum class NamespaceStrategy : uint8_t { kPerOrg, kPerUser, kPerProfile, kStatic };

// As written in documents, in enumerator order. The names go into the hash of derived namespaces: never change them.
inline constexpr std::array<std::string_view, 4> kNamespaceStrategyNames = {"per-org", "per-user", "per-profile",
                                                                            "static"};
static_assert(kNamespaceStrategyNames.size() == static_cast<size_t>(NamespaceStrategy::kStatic) + 1);

constexpr std::string_view NamespaceStrategyName(NamespaceStrategy strategy) {
  return kNamespaceStrategyNames[static_cast<size_t>(strategy)];
}

constexpr std::optional<NamespaceStrategy> NamespaceStrategyOf(std::string_view name) {
  for (size_t i = 0; i < kNamespaceStrategyNames.size(); ++i) {
    if (kNamespaceStrategyNames[i] == name) return static_cast<NamespaceStrategy>(i);
  }
  return std::nullopt;
}

static_assert(NamespaceStrategyOf("per-profile") == NamespaceStrategy::kPerProfile);

}  // namespace berth

#endif  // BERTH_SPEC_NAMESPACE_STRATEGY_H_
