// The layers a spec is merged from, lowest first: a later layer wins.
//
// `kRunner` is part of the zone layer: a runner's own CPU and GPU runtime classes, which stand above the zone's class
// and below the profile. It prints as `zone`, and its source is the runner's document. `kDefault` marks the values
// berth itself supplies after the merge.

#ifndef BERTH_SPEC_LAYER_H_
#define BERTH_SPEC_LAYER_H_

#include <cstdint>
#include <string_view>

namespace berth {

enum class Layer : uint8_t { kZone, kRunner, kProfile, kBinding, kSandbox, kDefault };

inline constexpr int kLayerCount = 6;

// The name in every output: zone, profile, binding, sandbox or default.
constexpr std::string_view LayerName(Layer layer) {
  switch (layer) {
    case Layer::kZone:
    case Layer::kRunner:
      return "zone";
    case Layer::kProfile:
      return "profile";
    case Layer::kBinding:
      return "binding";
    case Layer::kSandbox:
      return "sandbox";
    case Layer::kDefault:
      return "default";
  }
  return "default";
}

}  // namespace berth

#endif  // BERTH_SPEC_LAYER_H_
