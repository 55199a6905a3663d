// Whole steps with items in random order, one environment, double: the bits of the World's kernel.
#include <functional>
#include "engine/lane/shuffled.h"
#include "tests/physics/kernel/shuffled_steps.h"

TEST_CASE("items in any order give the bits of PackLane: double, one environment") {
  nuri::bits_test::compare_steps<nuri::ShuffledLane<double, 1>, nuri::ShuffledLane<double, 1>>(nuri::Precision::f64, 2, 120);
}
