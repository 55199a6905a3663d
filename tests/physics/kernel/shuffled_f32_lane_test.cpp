// Whole steps with items in random order, four environments in a pack, float: the bits of the World's kernel.
#include <functional>
#include "engine/lane/shuffled.h"
#include "tests/physics/kernel/shuffled_steps.h"

TEST_CASE("items in any order give the bits of PackLane: float, packs of four") {
  nuri::bits_test::compare_steps<nuri::ShuffledLane<float, 4>, nuri::ShuffledLane<float, 1>>(nuri::Precision::f32, 6, 120);
}
