// What both files with a shuffled lane make of it.
#pragma once
#include <functional>
#include "engine/lane/shuffled.h"
#include "tests/physics/kernel/lane_world.h"
#include "tests/physics/kernel/lanes.h"

NURI_KERNEL_BEGIN

template <class Lane> class Shuffled final : public bits_test::Beside {
 public:
  Shuffled(const World& like, bool shared) : world_(like, shared) {}
  void copy(World& from) override { world_.copy(from); }
  void step(int substeps) override { world_.step(substeps); }
  std::string difference(World& world) override { return world_.difference(world); }

 private:
  LaneWorld<Lane> world_;
};

NURI_KERNEL_END
