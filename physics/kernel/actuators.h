// Actuators: control -> activation -> force -> generalised force, and the sum of all smooth forces.
// MuJoCo: mj_fwdActuation, mj_nextActivation, mj_fwdAcceleration.
//
//   force = gain(length, velocity) * input + bias(length, velocity),  input = control, or activation if it has dynamics
// pid, dcmotor and orientation have laws of their own (servo.h). A setpoint that is an angle on a circle (model::actuator_circle) is taken for the
// nearest of its equals: the control by the activation it is filtered into, the input by the length.
#pragma once
#include "physics/kernel/articulated.h"
#include "physics/kernel/muscle.h"
#include "physics/kernel/servo.h"
#include "physics/kernel/transmission.h"

NURI_KERNEL_BEGIN

// Activation i of actuator a after this substep if its rate is `rate`.
template <class L> NURI_FN typename L::Real next_activation(const Pack<L>& p, int a, int i, typename L::Real rate) {
  using R = typename L::Real;
  const auto& m = p.model;
  const R h = m.timestep[0], now = p.scratch.act()[i];
  const int at = model::actuator_parameters * a, kind = m.actuator_dynamics[a], states = m.actuator_states[a];
  if (kind == dynamics::dcmotor && states & model::state_bristle && i == bristle_at(p, a)) {   // exactly, for a speed that stays
    const R speed = p.scratch.actuator_velocity()[m.actuator_output_adr[a]], decay = bristle_decay(p, a, speed), left = exp(-decay * h);
    const auto decays = p.tiny() < decay;
    return left * now + where(decays, (R(1) - left) / where(decays, decay, R(1)), h) * speed;
  }
  R step = rate * h;
  if (kind == dynamics::filterexact || (kind == dynamics::dcmotor && states & model::state_current && i + 1 == m.actuator_act_adr[a + 1])) {
    const R tau = max(p.tiny(), R(m.actuator_dynprm[at]));
    step = rate * tau * (R(1) - exp(-h / tau));
  }
  R act = now + step;
  if (kind == dynamics::dcmotor) {
    const int integral = m.actuator_act_adr[a] + ((states & model::state_slew) != 0);
    const R most = m.actuator_dynprm[at + 8];
    return states & model::state_integral && i == integral ? where(R(0) < most, clamp(act, -most, most), act) : act;
  }
  if (m.actuator_limits[a] & model::actuator_act_limited) act = clamp(act, m.actuator_actrange[2 * a], m.actuator_actrange[2 * a + 1]);
  return act;
}

// Of an actuator with one output and a gain; sets the rate of its activation.
template <class L> NURI_FN typename L::Real plain_force(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int at = model::actuator_parameters * a, act = m.actuator_act_adr[a], kind = m.actuator_dynamics[a];
  R input = control(p, a, m.actuator_control_adr[a]);
  if (act < m.actuator_act_adr[a + 1]) {
    R rate = input;
    if (kind == dynamics::muscle) rate = muscle_rate(p, a, input, s.act()[act]);
    else if (kind != dynamics::integrator) rate = (nearest_turn(p, a, input, s.act()[act]) - s.act()[act]) / max(p.tiny(), R(m.actuator_dynprm[at]));
    s.act_dot()[act] = rate;
    input = m.actuator_limits[a] & model::actuator_early ? next_activation(p, a, act, rate) : s.act()[act];
  }
  input = nearest_turn(p, a, input, length);
  R gain = m.actuator_gainprm[at];
  if (m.actuator_gain[a] == gain::affine) gain = mul_add(m.actuator_gainprm[at + 2], velocity, mul_add(m.actuator_gainprm[at + 1], length, gain));
  if (m.actuator_gain[a] == gain::muscle) gain = muscle_gain(p, a, length, velocity);
  R force = gain * input;
  if (m.actuator_bias[a] == bias::affine)
    force = force + mul_add(m.actuator_biasprm[at + 2], velocity, mul_add(m.actuator_biasprm[at + 1], length, m.actuator_biasprm[at]));
  if (m.actuator_bias[a] == bias::muscle) force = force + muscle_bias(p, a, length, velocity);
  return force;
}

template <class L> NURI_FN void limit_forces(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const auto& m = p.model;
  R* const force = p.scratch.actuator_force() + m.actuator_output_adr[a];
  if (m.actuator_limits[a] & model::actuator_force_limited) {
    if (m.actuator_gain[a] == gain::so3) {
      const R most = m.actuator_forcerange[2 * a + 1], size = norm(load3(force, 0));
      store3(force, 0, load3(force, 0) * where(most < size, most / max(p.tiny(), size), R(1)));
    } else {
      force[0] = clamp(force[0], m.actuator_forcerange[2 * a], m.actuator_forcerange[2 * a + 1]);
    }
  }
}

// What is not subject to limits.
template <class L> NURI_FN void add_friction(const Pack<L>& p, int a) {
  if (p.model.actuator_bias[a] != bias::dcmotor) return;
  const int o = p.model.actuator_output_adr[a];
  p.scratch.actuator_force()[o] = p.scratch.actuator_force()[o] + dcmotor_friction(p, a, p.scratch.actuator_length()[o]);
}

// Actuators of a tendon whose forces together are beyond its actuatorfrcrange are all scaled alike; the range is one of forces along the
// actuators, whatever their gears.
template <class L> NURI_STAGE void limit_tendon_forces(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  R* const force = p.scratch.actuator_force();
  p.lane.each(m.tendon_count, [&](int t) {
    p.scratch.tendon_share()[t] = R(1);
    if (!m.tendon_force_limited[t]) return;
    const auto pulls = [&](int a) { return m.actuator_transmission[a] == transmission::tendon && m.actuator_target[a] == t; };
    R sum = R(0);
    for (int a = 0; a < m.actuator_count; ++a) if (pulls(a)) sum = sum + force[m.actuator_output_adr[a]];
    const R most = clamp(sum, m.tendon_force_range[2 * t], m.tendon_force_range[2 * t + 1]);
    const auto beyond = (R(0) < abs(most - sum)) & (R(0) < abs(sum));
    const R share = where(beyond, most / where(beyond, sum, R(1)), R(1));
    p.scratch.tendon_share()[t] = share;
    for (int a = 0; a < m.actuator_count; ++a) if (pulls(a)) force[m.actuator_output_adr[a]] = force[m.actuator_output_adr[a]] * share;
  });
  p.lane.sync();
  p.lane.each(m.actuator_count, [&](int a) { if (!(m.actuator_limits[a] & model::actuator_disabled)) add_friction(p, a); });
  p.lane.sync();
}

// Towards an end of an actuator's length (physics/compile.h): the force that accelerates all dofs, as a length, by gainprm[0], with the sign of its
// control; if gainprm[1] is not 0 the generalised force is not longer than that.
template <class L> NURI_STAGE void drive_forces(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R* const x = s.acc_smooth();
  const auto length_of_x = [&] {
    R square[1];
    p.lane.template sums<1>(m.dof_count, ByItem{}, square, [&](int i, R* acc) { acc[0] = mul_add(x[i], x[i], acc[0]); });
    return sqrt(square[0]);
  };
  for (int a = 0; a < m.actuator_count; ++a) {
    const R side = s.ctrl()[m.actuator_control_adr[a]];
    if (m.actuator_gain[a] != gain::drive || !any(R(0) < abs(side))) continue;
    const int o = m.actuator_output_adr[a], at = model::actuator_parameters * a;
    p.lane.each(m.dof_count, [&](int i) { x[i] = R(0); });
    p.lane.sync();
    p.lane.once([&] { for (int k = 0, n = moment_count(p, o); k < n; ++k) x[moment_dof(p, o, k)] = x[moment_dof(p, o, k)] + moment(p, o, k); });
    p.lane.sync();
    const R arm = length_of_x();
    p.lane.sync();
    solve_inertia(p, x);
    const R force = m.actuator_gainprm[at] / max(p.tiny(), length_of_x()), most = m.actuator_gainprm[at + 1];
    p.lane.sync();
    p.lane.once([&] { s.actuator_force()[o] = side * where((R(0) < most) & (most < force * arm), most / max(p.tiny(), arm), force); });
    p.lane.sync();
  }
}

template <class L> NURI_STAGE void actuator_forces(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const bool acts = m.on(model::flag_actuation), shared = m.on(model::flag_tendon_force);
  if (m.moment_count) computed_moments(p);
  p.lane.each(m.actuator_count, [&](int a) {
    const int first = m.actuator_output_adr[a], end = m.actuator_output_adr[a + 1];
    for (int o = first; o < end; ++o) {
      R velocity = R(0);
      for (int k = 0, n = moment_count(p, o); k < n; ++k) velocity = mul_add(moment(p, o, k), s.qvel()[moment_dof(p, o, k)], velocity);
      s.actuator_length()[o] = actuator_length(p, o);
      s.actuator_velocity()[o] = velocity;
    }
    const R length = s.actuator_length()[first], velocity = s.actuator_velocity()[first];
    R slope;
    switch (m.actuator_gain[a]) {
      case gain::so3: orientation_forces(p, a); break;
      case gain::pid: s.actuator_force()[first] = pid_force(p, a, length, velocity); break;
      case gain::dcmotor: s.actuator_force()[first] = dcmotor_force(p, a, length, velocity, slope); break;
      default: s.actuator_force()[first] = plain_force(p, a, length, velocity);
    }
    limit_forces(p, a);
    if (!shared) add_friction(p, a);
    if (!acts || m.actuator_limits[a] & model::actuator_disabled) for (int o = first; o < end; ++o) s.actuator_force()[o] = R(0);
    if (!acts) for (int i = m.actuator_act_adr[a]; i < m.actuator_act_adr[a + 1]; ++i) s.act_dot()[i] = R(0);
  });
  p.lane.each(m.dof_count, [&](int i) { s.actuation()[i] = R(0); });
  p.lane.sync();
  if (acts && shared) limit_tendon_forces(p);
  if (m.on(model::flag_drive)) drive_forces(p);
  if (acts)
    for (int o = 0; o < m.output_count; ++o) {                     // several may push one dof: one after another
      p.lane.each(moment_count(p, o), [&](int k) {
        const int d = moment_dof(p, o, k);
        s.actuation()[d] = mul_add(moment(p, o, k), s.actuator_force()[o], s.actuation()[d]);
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

// d(force)/d(velocity) of each output.
template <class L> NURI_FN typename L::Real force_slope(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int at = model::actuator_parameters * a, kind = m.actuator_gain[a], o = m.actuator_output_adr[a];
  R slope = m.actuator_bias[a] == bias::affine || m.actuator_bias[a] == bias::so3 ? m.actuator_biasprm[at + 2] : R(0);
  if (kind != gain::affine && kind != gain::muscle) return slope;
  const int act = m.actuator_act_adr[a];
  R input;
  if (act == m.actuator_act_adr[a + 1]) input = control(p, a, m.actuator_control_adr[a]);
  else input = m.actuator_limits[a] & model::actuator_early ? next_activation(p, a, act, s.act_dot()[act]) : s.act()[act];
  const R by_gain = kind == gain::affine ? m.actuator_gainprm[at + 2] : muscle_gain_slope(p, a, s.actuator_length()[o], s.actuator_velocity()[o]);
  return mul_add(by_gain, input, slope);
}

// Whether forces follow the velocity; a model's own, not its state's.
template <class L> NURI_FN bool follows_velocity(const Pack<L>& p, int a) {
  const auto& m = p.model;
  if (m.actuator_limits[a] & model::actuator_disabled) return false;
  return m.actuator_gain[a] == gain::affine || m.actuator_gain[a] == gain::muscle || m.actuator_gain[a] == gain::dcmotor || m.actuator_bias[a] == bias::affine ||
         m.actuator_bias[a] == bias::so3;
}

// A force at its limit does not: its slope is 0 there.
template <class L> NURI_FN typename L::Real free_slope(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int o = m.actuator_output_adr[a];
  if (m.actuator_gain[a] == gain::dcmotor) return dcmotor_slope(p, a, p.scratch.actuator_length()[o], p.scratch.actuator_velocity()[o]);
  R slope = force_slope(p, a);
  if (m.on(model::flag_tendon_force)) slope = where(tendon_full(p, a), R(0), slope);
  if (!(m.actuator_limits[a] & model::actuator_force_limited)) return slope;
  const R* const force = p.scratch.actuator_force() + o;
  if (m.actuator_gain[a] == gain::so3) {                           // at its limit but for rounding
    const R most = m.actuator_forcerange[2 * a + 1] * p.real(p.in_float ? 1 - 1e-6 : 1 - 1e-14);
    return where(most <= norm(load3(force, 0)), R(0), slope);
  }
  return where((force[0] <= m.actuator_forcerange[2 * a]) | (m.actuator_forcerange[2 * a + 1] <= force[0]), R(0), slope);
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
