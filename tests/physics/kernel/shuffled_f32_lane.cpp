#include "tests/physics/kernel/shuffled_lane.h"

std::unique_ptr<nuri::bits_test::Beside> nuri::bits_test::shuffled_f32(World& like, bool alone, bool shared) {
  if (alone) return std::make_unique<Shuffled<ShuffledLane<float, 1>>>(like, shared);
  return std::make_unique<Shuffled<ShuffledLane<float, 4>>>(like, shared);
}
