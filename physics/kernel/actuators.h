// Actuators: control -> activation -> force -> generalised force, and the sum of all smooth forces.
// MuJoCo: mj_transmission, mj_fwdActuation, mj_fwdAcceleration.
//
//   force = gain(length, velocity) * input + bias(length, velocity),  input = control, or activation if it has dynamics
//   generalised force = moment' force, moment = gear * d(length)/d(position)
#pragma once
#include "physics/kernel/adhesion.h"
#include "physics/kernel/articulated.h"
#include "physics/kernel/enums.h"
#include "physics/kernel/tendons.h"
#include "physics/kernel/velocity.h"

NURI_KERNEL_BEGIN

// How many dofs an actuator pushes; component k pushes dof `moment_dof` with `moment`.
template <class L> NURI_FN int moment_count(const Pack<L>& p, int a) {
  const auto& m = p.model;
  const int target = m.actuator_target[a];
  if (m.actuator_transmission[a] == transmission::tendon) return m.term_adr[target + 1] - m.term_adr[target];
  if (m.actuator_transmission[a] == transmission::body) return m.dof_count;
  const int type = m.joint_type[target];
  return type == joint::free ? 6 : type == joint::ball ? 3 : 1;
}
template <class L> NURI_FN int moment_dof(const Pack<L>& p, int a, int k) {
  const auto& m = p.model;
  const int target = m.actuator_target[a];
  if (m.actuator_transmission[a] == transmission::body) return k;
  return m.actuator_transmission[a] == transmission::tendon ? m.term_dof[m.term_adr[target] + k] : m.joint_dof[target] + k;
}
template <class L> NURI_FN typename L::Real moment(const Pack<L>& p, int a, int k) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int target = m.actuator_target[a], kind = m.actuator_transmission[a];
  if (kind == transmission::body) return p.scratch.body_moment()[m.actuator_body_row[a] * m.dof_count + k];   // whatever its gear
  if (kind == transmission::tendon) return m.actuator_gear[6 * a] * m.term_coef[m.term_adr[target] + k];
  const int type = m.joint_type[target];
  if (type >= joint::slide || kind == transmission::joint) return m.actuator_gear[6 * a + k];
  // the rotational gear is given in the parent's frame: turn it into the body's
  const int turn_at = type == joint::free ? 3 : 0;
  if (k < turn_at) return m.actuator_gear[6 * a + k];
  const Vec3<R> gear{m.actuator_gear[6 * a + turn_at], m.actuator_gear[6 * a + turn_at + 1], m.actuator_gear[6 * a + turn_at + 2]};
  const Vec3<R> turned = rotate(conjugate(unit(load4(p.scratch.qpos() + m.joint_qpos[target] + turn_at, 0))), gear);
  return k == turn_at ? turned.x : k == turn_at + 1 ? turned.y : turned.z;
}

template <class L> NURI_FN typename L::Real actuator_length(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int target = m.actuator_target[a];
  if (m.actuator_transmission[a] == transmission::body) return R(0);
  if (m.actuator_transmission[a] == transmission::tendon) return m.actuator_gear[6 * a] * p.scratch.tendon_length()[target];
  const int type = m.joint_type[target];
  const R* const q = p.scratch.qpos() + m.joint_qpos[target];
  if (type >= joint::slide) return m.actuator_gear[6 * a] * q[0];
  if (type == joint::free) return R(0);
  Vec3<R> gear{m.actuator_gear[6 * a], m.actuator_gear[6 * a + 1], m.actuator_gear[6 * a + 2]};
  const Quat<R> turned = unit(load4(q, 0));
  if (m.actuator_transmission[a] == transmission::joint_in_parent) gear = rotate(conjugate(turned), gear);
  return dot(rotation_vector(turned), gear);
}

template <class R> NURI_VALUE R clamp(R x, R low, R high) { return max(low, min(high, x)); }

// The activation after this substep if its rate is act_dot.
template <class L> NURI_FN typename L::Real next_activation(const Pack<L>& p, int a, typename L::Real rate) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int i = m.actuator_act[a];
  const R h = m.timestep[0];
  R step = rate * h;
  if (m.actuator_dynamics[a] == dynamics::filterexact) {
    const R tau = max(p.tiny(), m.actuator_dynprm[3 * a]);
    step = rate * tau * (R(1) - exp(-h / tau));
  }
  R act = p.scratch.act()[i] + step;
  if (m.actuator_limits[a] & 4) act = clamp(act, m.actuator_actrange[2 * a], m.actuator_actrange[2 * a + 1]);
  return act;
}

template <class L> NURI_STAGE void actuator_forces(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const bool acts = m.on(model::flag_actuation);
  if (m.body_actuator_count) body_moments(p);
  p.lane.each(m.actuator_count, [&](int a) {
    const R length = actuator_length(p, a);
    R velocity = R(0);
    for (int k = 0, n = moment_count(p, a); k < n; ++k) velocity = mul_add(moment(p, a, k), s.qvel()[moment_dof(p, a, k)], velocity);
    s.actuator_length()[a] = length;
    s.actuator_velocity()[a] = velocity;
    R input = s.ctrl()[a];
    if ((m.actuator_limits[a] & 1) && m.on(model::flag_clampctrl)) input = clamp(input, m.actuator_ctrlrange[2 * a], m.actuator_ctrlrange[2 * a + 1]);
    const int act = m.actuator_act[a];
    if (act >= 0) {
      R rate = input;
      if (m.actuator_dynamics[a] != dynamics::integrator) rate = (input - s.act()[act]) / max(p.tiny(), m.actuator_dynprm[3 * a]);
      s.act_dot()[act] = acts ? rate : R(0);
      input = m.actuator_limits[a] & 8 ? next_activation(p, a, rate) : s.act()[act];
    }
    R gain = m.actuator_gainprm[3 * a];
    if (m.actuator_gain[a] == gain::affine) gain = mul_add(m.actuator_gainprm[3 * a + 2], velocity, mul_add(m.actuator_gainprm[3 * a + 1], length, gain));
    R force = gain * input;
    if (m.actuator_bias[a] == bias::affine)
      force = force + mul_add(m.actuator_biasprm[3 * a + 2], velocity, mul_add(m.actuator_biasprm[3 * a + 1], length, m.actuator_biasprm[3 * a]));
    if (m.actuator_limits[a] & 2) force = clamp(force, m.actuator_forcerange[2 * a], m.actuator_forcerange[2 * a + 1]);
    s.actuator_force()[a] = acts ? force : R(0);
  });
  p.lane.each(m.dof_count, [&](int i) { s.actuation()[i] = R(0); });
  p.lane.sync();
  if (acts)
    for (int a = 0; a < m.actuator_count; ++a) {                   // several actuators may push one dof: one after another
      p.lane.each(moment_count(p, a), [&](int k) {
        const int d = moment_dof(p, a, k);
        s.actuation()[d] = mul_add(moment(p, a, k), s.actuator_force()[a], s.actuation()[d]);
      });
      p.lane.sync();
    }
  if (acts && m.on(model::flag_actuator_gravcomp)) {
    p.lane.each(m.dof_count, [&](int d) { s.actuation()[d] = s.actuation()[d] + s.gravcomp()[d]; });
    p.lane.sync();
  }
  p.lane.each(m.joint_count, [&](int j) {
    if (!m.joint_force_limited[j] || m.joint_type[j] < joint::slide) return;
    const int d = m.joint_dof[j];
    s.actuation()[d] = clamp(s.actuation()[d], m.joint_force_range[2 * j], m.joint_force_range[2 * j + 1]);
  });
  p.lane.sync();
}

// smooth = passive - bias + applied + actuation + J' body forces; acc_smooth = inv(M) smooth
template <class L> NURI_STAGE void smooth_acceleration(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (p.pushed) {
    gather_bodies(p, [&](int b) {
      const R* const x = s.body_applied() + 6 * b;
      const Vec3<R> force{x[0], x[1], x[2]}, torque{x[3], x[4], x[5]};
      return Twist<R>{cross_add(load3(s.xipos(), b) - load3(s.com(), m.body_frame[b]), force, torque), force};
    });
    gather_up(p);
  }
  p.lane.each(m.dof_count, [&](int i) {
    R f = s.passive()[i] - s.bias()[i] + s.applied()[i] + s.actuation()[i];
    if (p.pushed) f = f + dot(load6(s.cdof(), i), load6(s.body6(), m.dof_body[i]));
    s.smooth()[i] = f;
    s.acc_smooth()[i] = f;
  });
  p.lane.sync();
  solve_inertia(p, s.acc_smooth());
}

NURI_KERNEL_END
