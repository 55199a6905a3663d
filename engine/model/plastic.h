// Where springs that give way rest at first: where the others always do. Joints first, then both ends of tendons' slack ranges.
#pragma once
#include <vector>
#include "engine/model/model.h"

namespace nuri::model {

// number(field, values, item): the model's number, or an environment's own.
template <class F> std::vector<double> initial_plastic(const Model& m, F number) {
  std::vector<double> out;
  if (m.plastic_count == 0) return out;
  for (int j = 0; j < m.joint_count; ++j)
    for (int k = 0; m.joint_plastic[size_t(j)] >= 0 && k < (m.joint_type[size_t(j)] == 1 ? 4 : 1); ++k)
      out.push_back(number("qpos_spring", m.qpos_spring, m.joint_qpos[size_t(j)] + k));
  for (int t = 0; t < m.tendon_count; ++t)
    for (int k = 0; m.tendon_plastic[size_t(t)] >= 0 && k < 2; ++k) out.push_back(number("tendon_spring", m.tendon_spring, 2 * t + k));
  return out;
}

}  // namespace nuri::model
