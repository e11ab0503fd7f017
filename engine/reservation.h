// What an admitted launch takes of its runner's free resources, until it is given back.
//
// Ownership:  gives back on destruction; outlives the snapshot that it was made from
// Threads:    a value; any number of reservations at a time. Two that race for the last unit: one gets it
// Cost:       three compare-and-swaps
// Tested by:  tests/engine_reservation_test.cc

#ifndef BERTH_ENGINE_RESERVATION_H_
#define BERTH_ENGINE_RESERVATION_H_

#include <memory>
#include <optional>
#include <utility>

#include "berth/engine/decision.h"
#include "berth/engine/live_state.h"
#include "berth/policy/match.h"
#include "berth/spec/launch.h"

namespace berth {

class Reservation {
 public:
  // Takes the resolved requests and the GPUs of `request` at the decision's first placement: all dimensions or none, and
  // never more than the runner reports. Nothing when they are not free any more, or nothing was admitted.
  [[nodiscard]] static std::optional<Reservation> Make(const Decision& decision, const LaunchRequest& request);

  Reservation(Reservation&&) noexcept = default;
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      Release();
      cell_ = std::move(other.cell_);
      shape_ = other.shape_;
    }
    return *this;
  }
  ~Reservation() { Release(); }

  [[nodiscard]] const Shape& shape() const { return shape_; }

 private:
  Reservation(std::shared_ptr<LiveCell> cell, const Shape& shape) : cell_(std::move(cell)), shape_(shape) {}
  void Release() {
    if (cell_ != nullptr) cell_->Release(shape_);
    cell_.reset();
  }

  std::shared_ptr<LiveCell> cell_;  // null when it was moved from
  Shape shape_;
};

}  // namespace berth

#endif  // BERTH_ENGINE_RESERVATION_H_
