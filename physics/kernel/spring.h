// Coefficients of springs and dampers. They may grow with the stretch x and the speed v. MuJoCo: mju_polyForce, mjd_xPolyForce.
//
//   spring   force = -x (k + k1 s + k2 s^2)       s = x of slides, hinges, tendons; |x| of balls, of free joints' translation and rotation
//   damper   force = -v (b + b1 |v| + b2 v^2)     -d(force)/dv = b + 2 b1 |v| + 3 b2 v^2, which may be negative
//
// Models without such polynomials read k and b and take none of the rest.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

// first + higher[0] s + higher[1] s^2 of item i
template <class R> NURI_FN R grown(R first, const Field<R>& higher, int i, R s) {
  return mul_add(mul_add(higher[2 * i + 1], s, higher[2 * i]), s, first);
}

template <class L> NURI_FN typename L::Real joint_stiffness_at(const Pack<L>& p, int j, typename L::Real stretch) {
  const auto& m = p.model;
  return m.on(model::flag_polynomial) ? grown(m.joint_stiffness[j], m.joint_stiffness_poly, j, stretch) : m.joint_stiffness[j];
}
template <class L> NURI_FN typename L::Real tendon_stiffness_at(const Pack<L>& p, int t, typename L::Real stretch) {
  const auto& m = p.model;
  return m.on(model::flag_polynomial) ? grown(m.tendon_stiffness[t], m.tendon_stiffness_poly, t, stretch) : m.tendon_stiffness[t];
}
template <class L> NURI_FN typename L::Real dof_damping_at(const Pack<L>& p, int i) {
  const auto& m = p.model;
  return m.on(model::flag_polynomial) ? grown(m.dof_damping[i], m.dof_damping_poly, i, abs(p.scratch.qvel()[i])) : m.dof_damping[i];
}
template <class L> NURI_FN typename L::Real tendon_damping_at(const Pack<L>& p, int t) {
  const auto& m = p.model;
  if (!m.on(model::flag_polynomial)) return m.tendon_damping[t];
  return grown(m.tendon_damping[t], m.tendon_damping_poly, t, abs(p.scratch.tendon_velocity()[t]));
}

// -d(force)/d(speed)
template <class R> NURI_FN R damper_slope(R first, const Field<R>& higher, int i, R speed) {
  return mul_add(mul_add(R(3) * higher[2 * i + 1], speed, R(2) * higher[2 * i]), speed, first);
}
template <class L> NURI_FN typename L::Real dof_damping_slope(const Pack<L>& p, int i) {
  const auto& m = p.model;
  return m.on(model::flag_polynomial) ? damper_slope(m.dof_damping[i], m.dof_damping_poly, i, abs(p.scratch.qvel()[i])) : m.dof_damping[i];
}
template <class L> NURI_FN typename L::Real tendon_damping_slope(const Pack<L>& p, int t) {
  const auto& m = p.model;
  if (!m.on(model::flag_polynomial)) return m.tendon_damping[t];
  return damper_slope(m.tendon_damping[t], m.tendon_damping_poly, t, abs(p.scratch.tendon_velocity()[t]));
}

// What the higher coefficients add to the energy k/2 s^2: k1/3 s^3 + k2/4 s^4.
template <class L, class F> NURI_FN typename L::Real grown_energy(const Pack<L>& p, const F& higher, int i, typename L::Real s) {
  return s * s * s * mul_add(p.real(0.25) * higher[2 * i + 1], s, p.real(1.0 / 3.0) * higher[2 * i]);
}

NURI_KERNEL_END
