// Springs that give way: where they rest is part of the state (plastic), and moves along with what stretches them too far. MuJoCo: springyield.
//
//   joint    what |q - rest| exceeds the bearable stretch by, at the position after the step; of a ball joint the turn's angle, about its axis
//   tendon   what the length exceeds the slack range and the bearable stretch by; both ends of the range move, but a slack string (0 .. L)
//            that is pulled keeps its 0. The length after the step is that before it and, along the moment arms before it, the dofs' motion.
//
// Models without such springs read where they rest from their numbers and take none of the rest.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/tendons.h"

NURI_KERNEL_BEGIN

// Component k of where the spring of joint j rests.
template <class L> NURI_FN typename L::Real joint_rest(const Pack<L>& p, int j, int k) {
  const auto& m = p.model;
  const int at = m.plastic_count ? m.joint_plastic[j] : -1;
  return at < 0 ? m.qpos_spring[m.joint_qpos[j] + k] : p.scratch.plastic()[at + k];
}
// The lengths between which the spring of tendon t is slack: 0 the lower, 1 the upper.
template <class L> NURI_FN typename L::Real tendon_rest(const Pack<L>& p, int t, int end) {
  const auto& m = p.model;
  const int at = m.plastic_count ? m.tendon_plastic[t] : -1;
  return at < 0 ? m.tendon_spring[2 * t + end] : p.scratch.plastic()[at + end];
}

// How far a ball joint (or the rotation of a free joint) is from where its spring rests: rotation vector, body axes.
template <class L> NURI_FN Vec3<typename L::Real> ball_stretch(const Pack<L>& p, int j) {
  const int shift = p.model.joint_type[j] == joint::free ? 3 : 0;
  const Quat<typename L::Real> rest{joint_rest(p, j, shift), joint_rest(p, j, shift + 1), joint_rest(p, j, shift + 2), joint_rest(p, j, shift + 3)};
  return rotation_vector(conjugate(rest) * unit(load4(p.scratch.qpos() + p.model.joint_qpos[j] + shift, 0)));
}

// What a tendon's spring lacks to the nearest end of its slack range; 0 within.
template <class L> NURI_FN typename L::Real slack_lack(const Pack<L>& p, int t, typename L::Real length) {
  using R = typename L::Real;
  const R lower = tendon_rest(p, t, 0), upper = tendon_rest(p, t, 1);
  return where(length > upper, upper - length, where(length < lower, lower - length, R(0)));
}

// What of a stretch is more than is borne.
template <class R> NURI_FN R excess(R stretch, R bearable) {
  return where(stretch > bearable, stretch - bearable, where(stretch < -bearable, stretch + bearable, R(0)));
}

// After the positions have moved at v for a timestep; `length`, `arm`: tendons' lengths and terms' moment arms before.
template <class L> NURI_STAGE void yield_springs(Pack<L>& p, const typename L::Real* v, const typename L::Real* length, const typename L::Real* arm) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (!m.on(model::flag_spring)) return;
  p.lane.each(m.joint_count, [&](int j) {
    const int at = m.joint_plastic[j];
    if (at < 0) return;
    if (m.joint_type[j] != joint::ball) {
      s.plastic()[at] = s.plastic()[at] + excess(s.qpos()[m.joint_qpos[j]] - s.plastic()[at], R(m.joint_yield[j]));
      return;
    }
    const Vec3<R> stretch = ball_stretch(p, j);
    const R angle = norm(stretch), beyond = max(angle - m.joint_yield[j], R(0));
    const Quat<R> rest = load4(s.plastic() + at, 0), moved = integrate(rest, stretch * (beyond / max(angle, p.tiny())), R(1));
    const auto yields = R(0) < beyond;
    store4(s.plastic() + at, 0, where(yields, moved, rest));
  });
  p.lane.each(m.tendon_count, [&](int t) {
    const int at = m.tendon_plastic[t];
    if (at < 0) return;
    R speed = R(0);
    for (int k = m.term_adr[t]; k < m.term_adr[t + 1]; ++k) speed = mul_add(arm ? arm[k] : moment_arm(p, k), v[m.term_dof[k]], speed);
    const R beyond = excess(-slack_lack(p, t, mul_add(m.timestep[0], speed, length[t])), R(m.tendon_yield[t]));
    const R lower = s.plastic()[at], upper = s.plastic()[at + 1];
    const auto slack = (abs(lower) <= R(0)) & (R(0) < upper) & (R(0) < beyond);
    s.plastic()[at] = where(slack, lower, lower + beyond);
    s.plastic()[at + 1] = upper + beyond;
  });
  p.lane.sync();
}

NURI_KERNEL_END
