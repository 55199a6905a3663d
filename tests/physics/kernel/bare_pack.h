// A pack of one environment without a World, for tests of parts of a step: of the model its counts and indices, no numbers, and an arena in
// which every field of scratch has a place of its own.
#pragma once
#include <cstddef>
#include <vector>
#include "physics/kernel/pack.h"
#include "physics/scratch_layout.h"

NURI_KERNEL_BEGIN

class BarePack {
 public:
  using Lane = PackLane<double, 1>;
  using Real = Lane::Real;

  explicit BarePack(const model::Model& m) : BarePack(m, hard_bound(m)) {}
  BarePack(const model::Model& m, const Room& room)
      : layout_(lay_out_unshared(m, room, sizeof(Real), sizeof(Lane::Int))), arena_(layout_.bytes / sizeof(std::max_align_t) + 1) {
#define NURI_COUNT(name, doc) view_.name = m.name;
#define NURI_INDEX(name, count, doc) view_.name = m.name.data();
#define NURI_REAL(name, count, unit, doc)
#define NURI_DERIVED(name, count, unit, doc)
#include "engine/model/model_fields.inl"
  }
  BarePack(const BarePack&) = delete;
  BarePack& operator=(const BarePack&) = delete;

  // One whose counts begin at 0; scratch keeps what was written there.
  Pack<Lane> pack() { return {lane_, view_, {reinterpret_cast<char*>(arena_.data()), &layout_}}; }

 private:
  const Lane lane_;
  ModelView<Real> view_{};
  const ScratchLayout layout_;
  std::vector<std::max_align_t> arena_;
};

NURI_KERNEL_END
