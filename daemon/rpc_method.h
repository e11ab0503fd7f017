// The calls that berthd answers: a closed set, so that metrics stay bounded.

#ifndef BERTH_DAEMON_RPC_METHOD_H_
#define BERTH_DAEMON_RPC_METHOD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth {

enum class RpcMethod : uint8_t {
  kListAvailableRunners,
  kGetAvailableRunner,
  kListProfiles,
  kGetProfile,
  kAdmit,
  kAdmitStream,  // one request of a stream
  kResolve,
  kExplain,
  kStart,
  kGet,
  kStop,
  kList,
  kDelete,
};

inline constexpr std::array<std::string_view, 13> kRpcMethodNames = {"ListAvailableRunners",
                                                                     "GetAvailableRunner",
                                                                     "ListProfiles",
                                                                     "GetProfile",
                                                                     "Admit",
                                                                     "AdmitStream",
                                                                     "Resolve",
                                                                     "Explain",
                                                                     "Start",
                                                                     "Get",
                                                                     "Stop",
                                                                     "List",
                                                                     "Delete"};

}  // namespace berth

#endif  // BERTH_DAEMON_RPC_METHOD_H_
