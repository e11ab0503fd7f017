// Which decisions the decision log gets.

#ifndef BERTH_DAEMON_DECISION_LOG_H_
#define BERTH_DAEMON_DECISION_LOG_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace berth {

enum class DecisionLogMode : uint8_t { kAll, kRejected };
inline constexpr std::array<std::string_view, 2> kDecisionLogModeNames = {"all", "rejected"};

}  // namespace berth

#endif  // BERTH_DAEMON_DECISION_LOG_H_
