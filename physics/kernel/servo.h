// Servos with a law of their own: pid, dcmotor, orientation; and angles that a servo takes on a circle. MuJoCo documentation, XML Reference,
// actuator/pid, /dcmotor, /orientation; Computation, "Actuation model". `h` is the timestep, l and v are length and velocity.
//
//   pid          u' = u_pos, at most slewmax h from the last;   x' = u' - l, not further out where |x| >= imax
//                force = kp u' + kv u_vel + u_ff + ki x + bias      gainprm: ki; dynprm: imax, slewmax; biasprm: 0 -kp -kv
//   dcmotor      torque = kp (u_pos - l) + kd (u_vel - v) + ki x + u_ff;   V = R0/K torque + K v, within Vmax;   V += u_voltage
//                R = R0 (1 + alpha (T + ambient - reference));   C T' = R i^2 - T / RT
//                te i' = (V - K v) / R - i, or i = (V - K v) / R without inductance;   force = K i, within its limits
//                + amplitude sin(poles l + phase) - (sigma0 z + sigma1 z'),   z' = v - sigma0 |v| / g z,  g = Coulomb + (static - Coulomb) exp(-(v / stribeck)^2)
//                gainprm: R0 K alpha reference kp ki kd Vmax; dynprm: te, most i', RT, C, ambient, sigma0, sigma1, slewmax, Imax;
//                biasprm: amplitude, poles, phase, Coulomb, static, stribeck
//   orientation  torque = kp log(q^-1 q_wanted) + constant - kv v, by components; limited as a vector
#pragma once
#include "physics/kernel/enums.h"
#include "physics/kernel/history.h"
#include "physics/kernel/transmission.h"

NURI_KERNEL_BEGIN

template <class R> NURI_VALUE R clamp(R x, R low, R high) { return max(low, min(high, x)); }

// Control u of actuator a as it sees it.
template <class L> NURI_FN typename L::Real control(const Pack<L>& p, int a, int u) {
  const auto& m = p.model;
  const auto given = control_of(p, a, u);
  return m.control_limited[u] && m.on(model::flag_clampctrl) ? clamp(given, m.actuator_ctrlrange[2 * u], m.actuator_ctrlrange[2 * u + 1]) : given;
}

// The angle equal to u, by whole turns of the actuator's length, that is nearest to `to`; of two, the one that std::round would leave.
template <class L> NURI_FN typename L::Real nearest_turn(const Pack<L>& p, int a, typename L::Real u, typename L::Real to) {
  using R = typename L::Real;
  const auto& m = p.model;
  if (!(m.actuator_limits[a] & model::actuator_circle)) return u;
  R radius;
  normalized(load3(m.actuator_gear, 2 * a + (m.actuator_transmission[a] == transmission::site ? 1 : 0)), zero3<R>(), radius);
  const R turn = max(p.tiny(), p.real(6.28318530717958647692) * radius), x = (u - to) / turn, size = abs(x), whole = floor(size);
  const R turns = where(p.half() <= size - whole, whole + R(1), whole);
  return where(R(0) < radius, u - turn * where(x < R(0), -turns, turns), u);
}

// What a pid or dcmotor is told; what it has no control for is 0.
template <class R> struct Told { R pos, vel, ff, voltage; };
template <class L> NURI_FN Told<typename L::Real> told(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const int inputs = p.model.actuator_inputs[a];
  int u = p.model.actuator_control_adr[a];
  const auto next = [&](int bit) { return inputs & bit ? control(p, a, u++) : R(0); };
  const R pos = next(actuator_input::pos), vel = next(actuator_input::vel), ff = next(actuator_input::ff);
  return {pos, vel, ff, next(actuator_input::voltage)};
}

// `wanted`, not faster than slewmax from the state at i; sets the state's rate.
template <class L> NURI_FN typename L::Real slewed(const Pack<L>& p, int i, typename L::Real wanted, typename L::Real slewmax) {
  const auto h = p.model.timestep[0], last = p.scratch.act()[i], most = slewmax * h;
  const auto now = clamp(wanted, last - most, last + most);
  p.scratch.act_dot()[i] = (now - last) / h;
  return now;
}
// The rate of an integral state: `error`, but for what would wind it up further.
template <class L> NURI_FN void integrate_error(const Pack<L>& p, int i, typename L::Real error, typename L::Real most) {
  using R = typename L::Real;
  const R x = p.scratch.act()[i];
  const auto limited = R(0) < most;
  p.scratch.act_dot()[i] = where(limited & (most <= x), min(error, R(0)), where(limited & (x <= -most), max(error, R(0)), error));
}

template <class L> NURI_STAGE typename L::Real pid_force(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int at = model::actuator_parameters * a, states = m.actuator_states[a];
  int i = m.actuator_act_adr[a];
  Told<R> u = told(p, a);
  if (states & model::state_slew) u.pos = slewed(p, i, nearest_turn(p, a, u.pos, s.act()[i]), m.actuator_dynprm[at + 1]), ++i;
  const R wanted = nearest_turn(p, a, u.pos, length);
  R force = -m.actuator_biasprm[at + 1] * wanted - m.actuator_biasprm[at + 2] * u.vel + u.ff;
  if (states & model::state_integral) {
    integrate_error(p, i, wanted - length, R(m.actuator_dynprm[at]));
    const R x = m.actuator_limits[a] & model::actuator_early ? next_activation(p, a, i, s.act_dot()[i]) : s.act()[i];
    force = mul_add(m.actuator_gainprm[at], x, force);
  }
  return force + (m.actuator_biasprm[at] + m.actuator_biasprm[at + 1] * length + m.actuator_biasprm[at + 2] * velocity);
}

// Resistance at the winding's temperature.
template <class L> NURI_FN typename L::Real resistance(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int at = model::actuator_parameters * a, states = m.actuator_states[a];
  R ohm = m.actuator_gainprm[at];
  if (states & model::state_temperature) {
    const int i = m.actuator_act_adr[a] + ((states & model::state_slew) != 0) + ((states & model::state_integral) != 0);
    ohm = ohm * (R(1) + m.actuator_gainprm[at + 2] * (p.scratch.act()[i] + m.actuator_dynprm[at + 4] - m.actuator_gainprm[at + 3]));
  }
  return ohm;
}
// LuGre: -z'/z at rest, 1/s
template <class L> NURI_FN typename L::Real bristle_decay(const Pack<L>& p, int a, typename L::Real velocity) {
  using R = typename L::Real;
  const auto& m = p.model;
  const int at = model::actuator_parameters * a;
  const R ratio = velocity / max(p.tiny(), R(m.actuator_biasprm[at + 5])), coulomb = m.actuator_biasprm[at + 3];
  const R g = coulomb + (m.actuator_biasprm[at + 4] - coulomb) * exp(-ratio * ratio);
  return m.actuator_dynprm[at + 5] * abs(velocity) / max(p.tiny(), g);
}
template <class L> NURI_FN int bristle_at(const Pack<L>& p, int a) {
  return p.model.actuator_act_adr[a + 1] - 1 - ((p.model.actuator_states[a] & model::state_current) != 0);
}
inline constexpr int controlled = actuator_input::pos | actuator_input::vel | actuator_input::ff;

// K i, and how it follows the velocity where no limit holds it (out_slope). Cogging and friction come after its limits.
template <class L> NURI_STAGE typename L::Real dcmotor_force(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity, typename L::Real& out_slope) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int at = model::actuator_parameters * a, states = m.actuator_states[a], inputs = m.actuator_inputs[a];
  const auto& gain = m.actuator_gainprm;
  const auto& dyn = m.actuator_dynprm;
  int i = m.actuator_act_adr[a];
  Told<R> u = told(p, a);
  if (states & model::state_slew) {
    R& first = inputs & actuator_input::pos ? u.pos : inputs & actuator_input::vel ? u.vel : u.ff;
    first = slewed(p, i, first, R(dyn[at + 7]));
    ++i;
  }
  R x = R(0);
  if (states & model::state_integral) {
    x = s.act()[i];
    integrate_error(p, i, u.pos - length, R(dyn[at + 8]));
    ++i;
  }
  const R ohm = resistance(p, a), K = gain[at + 1];
  R voltage = u.voltage, by_voltage = R(0);
  if (inputs & controlled) {
    const R torque = gain[at + 4] * (u.pos - length) + gain[at + 6] * (u.vel - velocity) + gain[at + 5] * x + u.ff, most = gain[at + 7];
    const R drive = gain[at] / K * torque + K * velocity;
    const auto held = (R(0) < most) & (most <= abs(drive));
    voltage = where(held, clamp(drive, -most, most), drive) + voltage;
    by_voltage = where(held, R(0), K - gain[at + 6] * gain[at] / K);
  }
  const bool has_current = states & model::state_current;
  const int last = m.actuator_act_adr[a + 1] - 1;
  if (states & model::state_temperature) {
    const R current = has_current ? s.act()[last] : (voltage - K * velocity) / ohm;
    s.act_dot()[i] = (ohm * current * current - s.act()[i] / dyn[at + 2]) / dyn[at + 3];
    ++i;
  }
  if (states & model::state_bristle) s.act_dot()[i] = velocity - bristle_decay(p, a, velocity) * s.act()[i];
  out_slope = K * (by_voltage - K) / max(p.tiny(), ohm);
  if (!has_current) return K / max(p.tiny(), ohm) * (voltage - K * velocity);
  const R rate = (voltage / ohm - K / ohm * velocity - s.act()[last]) / dyn[at], most = dyn[at + 1];
  const auto held = (R(0) < most) & (most <= abs(rate));
  s.act_dot()[last] = where(held, clamp(rate, -most, most), rate);
  out_slope = where(held, R(0), out_slope * (R(1) - exp(-m.timestep[0] / dyn[at])));
  return K * (m.actuator_limits[a] & model::actuator_early ? next_activation(p, a, last, s.act_dot()[last]) : s.act()[last]);
}
template <class L> NURI_STAGE typename L::Real dcmotor_friction(const Pack<L>& p, int a, typename L::Real length) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int at = model::actuator_parameters * a;
  R force = m.actuator_biasprm[at] * sin(m.actuator_biasprm[at + 1] * length + m.actuator_biasprm[at + 2]);
  if (m.actuator_states[a] & model::state_bristle) {
    const int i = bristle_at(p, a);
    force = force - (m.actuator_dynprm[at + 5] * s.act()[i] + m.actuator_dynprm[at + 6] * s.act_dot()[i]);
  }
  return force;
}
// d(force)/d(velocity): of the current, if its force is within its limits; of friction sigma1 alone, as in MuJoCo. Sets the rates again, to what they are.
template <class L> NURI_FN typename L::Real dcmotor_slope(const Pack<L>& p, int a, typename L::Real length, typename L::Real velocity) {
  using R = typename L::Real;
  const auto& m = p.model;
  R slope;
  const R force = dcmotor_force(p, a, length, velocity, slope);
  if (m.actuator_limits[a] & model::actuator_force_limited)
    slope = where((force <= m.actuator_forcerange[2 * a]) | (m.actuator_forcerange[2 * a + 1] <= force), R(0), slope);
  if (m.on(model::flag_tendon_force)) slope = where(tendon_full(p, a), R(0), slope);
  return m.actuator_states[a] & model::state_bristle ? slope - m.actuator_dynprm[model::actuator_parameters * a + 6] : slope;
}

// An orientation servo's three forces.
template <class L> NURI_STAGE void orientation_forces(const Pack<L>& p, int a) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int at = model::actuator_parameters * a, u = m.actuator_control_adr[a], o = m.actuator_output_adr[a], i = m.actuator_act_adr[a];
  const Quat<R> identity{R(1), R(0), R(0), R(0)};
  Quat<R> wanted;
  if (m.actuator_inputs[a] & actuator_input::quat) {
    wanted = unit(Quat<R>{control(p, a, u), control(p, a, u + 1), control(p, a, u + 2), control(p, a, u + 3)});
  } else {
    R x[3];
    for (int k = 0; k < 3; ++k) {
      x[k] = control(p, a, u + k);
      if (m.actuator_dynamics[a] == dynamics::none) continue;
      s.act_dot()[i + k] = x[k];
      x[k] = m.actuator_limits[a] & model::actuator_early ? next_activation(p, a, i + k, x[k]) : s.act()[i + k];
    }
    wanted = integrate(identity, Vec3<R>{x[0], x[1], x[2]}, R(1));
  }
  const Quat<R> now = integrate(identity, load3(s.actuator_length() + o, 0), R(1));
  const Vec3<R> lack = rotation_vector(conjugate(now) * wanted), speed = load3(s.actuator_velocity() + o, 0);
  const R kp = m.actuator_gainprm[at], constant = m.actuator_biasprm[at], kv = m.actuator_biasprm[at + 2];
  store3(s.actuator_force() + o, 0, lack * kp + speed * kv + Vec3<R>{constant, constant, constant});
}

NURI_KERNEL_END
