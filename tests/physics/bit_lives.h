// What befalls an environment in tests of bits: its start and its controls come from its id alone, so any width, batch, place and
// machine sees the same ones. Needs nothing but the step library.
#pragma once
#include <doctest/doctest.h>
#include <memory>
#include "engine/core/random.h"
#include "physics/world.h"

namespace nuri::bits_test {

inline std::unique_ptr<World> make_world(std::shared_ptr<const model::Model> model, const WorldOptions& options) {
  auto world = World::create(std::move(model), options);
  if (!world) FAIL(to_string(world.errors()[0]));
  return std::move(*world);
}

// What happens to environment `id` depends on its id alone: initial state and controls.
inline void scatter(World& world, int environment, uint64_t id) {
  const model::Model& m = world.model(environment);
  const auto draw = [&](uint32_t stream, int i) { return 2 * uniform(11, id, stream, 0, uint32_t(i)) - 1; };
  for (int j = 0; j < m.joint_count; ++j) {
    const int at = m.joint_qpos[j], free = m.joint_type[j] == 0;
    if (free) for (int k = 0; k < 3; ++k) world.set(StateField::qpos, environment, at + k, m.qpos0[at + k] + 0.05 * draw(1, at + k));
    if (m.joint_type[j] >= 2) world.set(StateField::qpos, environment, at, m.qpos0[at] + 0.2 * draw(1, at));
    else for (int k = 0; k < 4; ++k) world.set(StateField::qpos, environment, at + 3 * free + k, m.qpos0[at + 3 * free + k] + 0.2 * draw(1, at + 3 + k));
  }
  for (int i = 0; i < m.dof_count; ++i) world.set(StateField::qvel, environment, i, 0.5 * draw(2, i));
  for (int i = 0; i < m.equality_count; ++i) if (draw(3, i) > 0.8) world.set(StateField::equality_active, environment, i, 1 - m.equality_active[i]);
}
inline void drive(World& world, int environment, uint64_t id, uint64_t step) {
  const model::Model& m = world.model(environment);
  for (int i = 0; i < m.control_count; ++i) world.set(StateField::ctrl, environment, i, 2 * uniform(12, id, 4, step / 10, uint32_t(i)) - 1);
  // only some are pushed, now and then
  const bool pushed = uniform(12, id, 7, step / 10, 0) < 0.3;
  for (int k = 0; k < 3 && m.body_count > 1; ++k) world.set(StateField::xfrc_applied, environment, 6 + k, pushed ? 3 * (2 * uniform(12, id, 5, step / 10, uint32_t(k)) - 1) : 0);
  for (int i = 0; i < 3 * m.mocap_count; ++i) world.set(StateField::mocap_pos, environment, i, m.mocap_pos0[i] + 0.1 * (2 * uniform(12, id, 6, step / 50, uint32_t(i)) - 1));
}

}  // namespace nuri::bits_test
