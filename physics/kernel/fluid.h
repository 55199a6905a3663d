// Drag of the medium on a body, as if it were the box of equal inertia. MuJoCo: mj_inertiaBoxFluidModel.
//
// With sides s, density rho, viscosity mu, and the body's velocity relative to the medium (w, v) in its inertial axes:
//   drag, axis x:    F = -1/2 rho s_y s_z |v_x| v_x             T = -1/64 rho s_x (s_y^4 + s_z^4) |w_x| w_x
//   viscous sphere:  F = -3 pi mu d v                           T = -pi mu d^3 w           d = (s_x + s_y + s_z) / 3
// The medium moves with `wind`, without turning. Bodies whose geoms say so are ellipsoids instead: fluid_ellipsoid.h.
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

// Drag on body b: torque about its centre of mass, and force, world axes.
template <class L> NURI_FN Twist<typename L::Real> fluid_drag(const Pack<L>& p, int b) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Mat3<R> axes = matrix(load4(s.xquat(), b) * load4(m.body_iquat, b));
  const Vec3<R> box = load3(m.body_fluid_box, b);
  const R density = m.density[0], viscosity = m.viscosity[0];

  // velocity relative to the medium at the centre of mass, inertial axes
  const Twist<R> twist = load6(s.cvel(), b);
  const Vec3<R> arm = load3(s.xipos(), b) - load3(s.com(), m.body_frame[b]);
  const Vec3<R> w = transposed_times(axes, twist.w);
  const Vec3<R> v = transposed_times(axes, cross_add(twist.w, arm, twist.v) - load3(m.wind, 0));

  // viscous sphere
  const R d = (box.x + box.y + box.z) * p.real(1.0 / 3.0), pi_mu_d = p.real(3.14159265358979323846) * viscosity * d;
  Vec3<R> torque = w * -(pi_mu_d * d * d), force = v * -(p.real(3) * pi_mu_d);

  // drag
  const R x2 = box.x * box.x, y2 = box.y * box.y, z2 = box.z * box.z, x4 = x2 * x2, y4 = y2 * y2, z4 = z2 * z2;
  const R by_force = p.half() * density, by_torque = density * p.real(1.0 / 64.0);
  force.x = sub_mul(force.x, by_force * box.y * box.z * abs(v.x), v.x);
  force.y = sub_mul(force.y, by_force * box.x * box.z * abs(v.y), v.y);
  force.z = sub_mul(force.z, by_force * box.x * box.y * abs(v.z), v.z);
  torque.x = sub_mul(torque.x, by_torque * box.x * (y4 + z4) * abs(w.x), w.x);
  torque.y = sub_mul(torque.y, by_torque * box.y * (x4 + z4) * abs(w.y), w.y);
  torque.z = sub_mul(torque.z, by_torque * box.z * (x4 + y4) * abs(w.z), w.z);

  const auto massless = m.body_mass[b] < p.tiny();
  return {where(massless, zero3<R>(), axes * torque), where(massless, zero3<R>(), axes * force)};
}

NURI_KERNEL_END
