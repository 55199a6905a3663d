// Centre of mass, its velocity, and angular momentum about it, of every body with all below it. MuJoCo: mj_comPos,
// mj_subtreeVel.
//
// One sweep from the leaves; children in ascending order. With M, C, V of a subtree:
//   C = (m x + sum M_c C_c) / M     V = (m v + sum M_c V_c) / M
//   H = I w + m (x - C) x (v - V) + sum [ H_c + M_c (C_c - C) x (V_c - V) ]
#pragma once
#include "physics/sensor/frame.h"

NURI_KERNEL_BEGIN

// The solver's stiffness matrices are free by now; the results lie there (the centres of mass: camera.h).
template <class L> NURI_FN typename L::Real* subtree_velocity(const Pack<L>& p) { return p.scratch.stiff() + 3 * p.model.body_count; }
template <class L> NURI_FN typename L::Real* subtree_momentum(const Pack<L>& p) { return p.scratch.stiff() + 6 * p.model.body_count; }

template <class L> NURI_FN void sense_subtree(const Pack<L>& p, int b) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R *const coms = subtree_com(p), *const velocities = subtree_velocity(p), *const momenta = subtree_momentum(p);
  const int first = m.child_adr[b], end = m.child_adr[b + 1];
  const R mass = m.body_mass[b], all = m.body_subtree_mass[b];
  const Vec3<R> x = load3(s.xipos(), b);
  const Twist<R> twist = load6(s.cvel(), b);
  const Vec3<R> v = cross_add(twist.w, arm_to(p, b, x), twist.v);

  Vec3<R> com = x * mass, velocity = v * mass;
  for (int i = first; i < end; ++i) {
    com = mul_add(load3(coms, m.child[i]), m.body_subtree_mass[m.child[i]], com);
    velocity = mul_add(load3(velocities, m.child[i]), m.body_subtree_mass[m.child[i]], velocity);
  }
  const auto massless = all < p.tiny();
  const R share = R(1) / where(massless, p.tiny(), all);
  com = where(massless, x, com * share);
  velocity = velocity * share;

  const Mat3<R> axes = load9(s.xmat(), b);
  const Vec3<R> w = transposed_times(axes, twist.w);
  R I[6];
  NURI_UNROLL for (int k = 0; k < 6; ++k) I[k] = m.body_inertia6[6 * b + k];
  const Vec3<R> spin{mul_add(I[4], w.z, mul_add(I[3], w.y, I[0] * w.x)), mul_add(I[5], w.z, mul_add(I[1], w.y, I[3] * w.x)),
                     mul_add(I[2], w.z, mul_add(I[5], w.y, I[4] * w.x))};
  Vec3<R> momentum = cross_add(x - com, (v - velocity) * mass, axes * spin);
  for (int i = first; i < end; ++i) {
    const int c = m.child[i];
    const Vec3<R> carried = (load3(velocities, c) - velocity) * m.body_subtree_mass[c];
    momentum = momentum + cross_add(load3(coms, c) - com, carried, load3(momenta, c));
  }
  store3(coms, b, com);
  store3(velocities, b, velocity);
  store3(momenta, b, momentum);
}

template <class L> NURI_STAGE void subtrees(Pack<L>& p) {
  const auto& m = p.model;
  for (int level = m.level_count - 1; level >= 0; --level) {
    const int* const bodies = m.level_body + m.level_adr[level];
    p.lane.each(m.level_adr[level + 1] - m.level_adr[level], [&](int k) { sense_subtree(p, bodies[k]); });
    p.lane.sync();
  }
  p.lane.once([&] { sense_subtree(p, 0); });
  p.lane.sync();
}

NURI_KERNEL_END
