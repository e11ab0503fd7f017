// A served fleet of which one profile is edited over and over.
//
// Each profile's bindings have 100 overrides, each many times. An edit is one object given to Engine::Apply: the odd
// ones halve the profile's memory, the even ones leave it as it was.
//
// Threads:  the engine's; edits come from one thread at a time

#ifndef BERTH_BENCH_EDITED_FLEET_H_
#define BERTH_BENCH_EDITED_FLEET_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/fleet.h"
#include "berth/engine/engine.h"

namespace berth::bench {

class EditedFleet {
 public:
  static constexpr size_t kRunnerKinds = 250;
  static constexpr size_t kProfile = 4;  // the edited one

  explicit EditedFleet(size_t bindings);

  // False when the engine refuses the edit.
  bool Edit(uint64_t number);
  // Whether the fleet is served as it was made, and a launch that asks the whole memory of the profile is decided by
  // the edits.
  [[nodiscard]] bool Works();

  [[nodiscard]] const Fleet& fleet() const { return fleet_; }
  [[nodiscard]] Engine& engine() { return engine_; }

 private:
  Fleet fleet_;
  Engine engine_{AdviceOptions{.remedies = false}};
  std::array<Object, 2> versions_;
  uint64_t revision_ = 0;
  bool served_ = false;
};

}  // namespace berth::bench

#endif  // BERTH_BENCH_EDITED_FLEET_H_
