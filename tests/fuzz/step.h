// What every model must stand: a hundred steps, after which every number of the state is finite, or the environment is flagged.
#pragma once
#include <algorithm>
#include <cmath>
#include <memory>
#include "physics/world.h"
#include "tests/fuzz/fuzz.h"

namespace nuri::fuzz {

// Models larger than a fuzzer has time for are left alone.
inline void step(model::Model model) {
  if (model.dof_count > 40 || model.body_count > 60 || model.geom_count > 60 || model.hit_count > 400 || model.row_count > 200) return;
  model.iterations = std::min(model.iterations, 10);
  model.ls_iterations = std::min(model.ls_iterations, 10);
  const auto made = World::create(std::make_shared<const model::Model>(std::move(model)), {.environments = 1, .backend = "cpu", .precision = Precision::f64, .threads = 1});
  if (!made) return (void)refused(made.errors());
  World& world = **made;
  for (int a = 0; a < world.model().control_count; ++a) world.set(StateField::ctrl, 0, a, a % 2 ? 0.7 : -0.4);
  world.step(100);
  for (int f = 0; f < int(StateField::qacc); ++f)
    for (int i = 0; i < world.columns(StateField(f)); ++i)
      must(std::isfinite(world.get(StateField(f), 0, i)) || world.fault(0), "a number of the state is not finite, and no fault says so");
}

}  // namespace nuri::fuzz
