#include "tests/physics/kernel/shuffled_lane.h"

std::unique_ptr<nuri::bits_test::Beside> nuri::bits_test::shuffled_f64(World& like, bool shared) {
  return std::make_unique<Shuffled<ShuffledLane<double, 1>>>(like, shared);
}
