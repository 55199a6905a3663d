// One scene by every lane; scenes_long_test.cpp has all.
#include "tests/physics/kernel/scene_steps.h"

TEST_CASE("a scene steps by other lanes as by the World's kernels") { nuri::bits_test::compare_scene("scenes/quadruped.yaml", {8, 32}, {.warm_up = 20, .rounds = 1}); }
