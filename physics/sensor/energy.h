// Energy of an environment. MuJoCo: mj_energyPos, mj_energyVel.
//   potential   sum -mass gravity . x + sum 1/2 k stretch^2 over joint and tendon springs (spring.h)
//   kinetic     1/2 qvel' M qvel
// Read by a sensor or not at all, so one thread adds up, in ascending order.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/passive.h"

NURI_KERNEL_BEGIN

template <class L> NURI_FN typename L::Real potential_energy(const Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R sum = R(0);
  if (m.on(model::flag_gravity))
    for (int b = 1; b < m.body_count; ++b) sum = sub_mul(sum, m.body_mass[b], dot(load3(m.gravity, 0), load3(s.xipos(), b)));
  if (!m.on(model::flag_spring)) return sum;
  const bool grows = m.on(model::flag_polynomial);
  for (int j = 0; j < m.joint_count; ++j) {
    const R half_k = p.half() * m.joint_stiffness[j];
    const int type = m.joint_type[j], at = m.joint_qpos[j], single = type == joint::free ? 3 : type == joint::ball ? 0 : 1;
    for (int c = at; c < at + single; ++c) {
      const R stretch = s.qpos()[c] - joint_rest(p, j, c - at);
      sum = mul_add(half_k * stretch, stretch, sum);
      if (grows && single == 1) sum = sum + grown_energy(p, m.joint_stiffness_poly, j, stretch);
    }
    if (single == 1 || (!grows && !any(R(0) < abs(half_k)))) continue;
    const Vec3<R> stretch = ball_stretch(p, j);
    sum = where(R(0) < abs(half_k), mul_add(half_k, dot(stretch, stretch), sum), sum);
    if (!grows) continue;
    sum = sum + grown_energy(p, m.joint_stiffness_poly, j, norm(stretch));
    if (type == joint::free)
      sum = sum + grown_energy(p, m.joint_stiffness_poly, j, norm(Vec3<R>{s.qpos()[at] - m.qpos_spring[at], s.qpos()[at + 1] - m.qpos_spring[at + 1], s.qpos()[at + 2] - m.qpos_spring[at + 2]}));
  }
  for (int t = 0; t < m.tendon_count; ++t) {
    const R stretch = slack_lack(p, t, s.tendon_length()[t]);
    sum = mul_add(p.half() * m.tendon_stiffness[t] * stretch, stretch, sum);
    if (grows) sum = sum + grown_energy(p, m.tendon_stiffness_poly, t, -stretch);
  }
  return sum;
}

template <class L> NURI_FN typename L::Real kinetic_energy(const Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R sum = R(0);
  for (int i = 0; i < m.dof_count; ++i) {
    const R* const row = s.mass() + m.mass_adr[i];
    const int* const above = m.ancestor + m.ancestor_adr[i];
    const int n = m.ancestor_adr[i + 1] - m.ancestor_adr[i];
    R momentum = p.half() * row[n] * s.qvel()[i];                  // M is symmetric: entries off the diagonal count twice
    for (int k = 0; k < n; ++k) momentum = mul_add(row[k], s.qvel()[above[k]], momentum);
    sum = mul_add(momentum, s.qvel()[i], sum);
  }
  return sum;
}

NURI_KERNEL_END
