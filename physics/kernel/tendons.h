// Fixed tendons: length = sum coef * position. Their moment arms are the coefficients. MuJoCo: mj_tendon.
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

template <class L> NURI_STAGE void tendons(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.tendon_count, [&](int t) {
    R sum = R(0);
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) sum = mul_add(m.term_coef[k], s.qpos()[m.term_qpos[k]], sum);
    s.tendon_length()[t] = sum;
  });
  p.lane.sync();
}

template <class L> NURI_STAGE void tendon_velocities(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.tendon_count, [&](int t) {
    R sum = R(0);
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) sum = mul_add(m.term_coef[k], s.qvel()[m.term_dof[k]], sum);
    s.tendon_velocity()[t] = sum;
  });
  p.lane.sync();
}

NURI_KERNEL_END
