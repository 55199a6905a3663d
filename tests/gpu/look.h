// Two worlds that should hold the same bits: what of one environment differs.
#pragma once
#include "physics/world.h"

namespace nuri::gpu_test {

// The rows: state and outputs, as they are.
void compare_rows(World& cpu, World& other, int environment);
// A forward pass of each from its present state, array by array in the order of the stages.
void compare_stages(World& cpu, World& other, int environment);

}  // namespace nuri::gpu_test
