// Integrators: Euler (semi-implicit, joint damping implicit), implicit, implicitfast, Runge-Kutta 4. MuJoCo documentation,
// Computation, "Numerical integration".
#pragma once
#include "physics/kernel/implicit.h"
#include "physics/kernel/implicit_bias.h"
#include "physics/kernel/plastic.h"
#include "physics/kernel/sleep.h"

NURI_KERNEL_BEGIN

namespace integrator { enum Type { euler, rk4, implicit, implicitfast }; }

// qpos <- qpos moved at v for time h. Free joints keep what rounding took (residual), so slow motion far from the origin is not lost.
template <class L> NURI_FN void move_positions(Pack<L>& p, const typename L::Real* v, typename L::Real h) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.joint_count, [&](int j) {
    R* q = s.qpos() + m.joint_qpos[j];
    const R* w = v + m.joint_dof[j];
    const int type = m.joint_type[j];
    if (may_sleep(p) && asleep(p, m.body_tree[m.joint_body[j]])) return;
    if (type >= joint::slide) {
      q[0] = mul_add(h, w[0], q[0]);
      return;
    }
    if (type == joint::free) {
      R* const residual = s.qpos_residual() + 3 * m.joint_free[j];
      for (int k = 0; k < 3; ++k) {
        const R step = mul_add(h, w[k], residual[k]), sum = q[k] + step;   // two-sum (Knuth): sum + error = q + step
        const R part = sum - q[k];
        residual[k] = (q[k] - (sum - part)) + (step - part);
        q[k] = sum;
      }
      q += 3;
      w += 3;
    }
    store4(q, 0, integrate(load4(q, 0), Vec3<R>{w[0], w[1], w[2]}, h));
  });
  p.lane.sync();
}

template <class L> NURI_FN void move_activations(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (!m.on(model::flag_actuation)) return;
  p.lane.each(m.actuator_count, [&](int a) {
    const int first = m.actuator_act_adr[a], end = m.actuator_act_adr[a + 1];
    const bool moved = !(m.actuator_limits[a] & model::actuator_disabled);
    for (int i = first; i < end; ++i) s.act()[i] = next_activation(p, a, i, moved ? s.act_dot()[i] : R(0));
    if (first == end || (m.actuator_gain[a] != gain::so3 && m.actuator_gain[a] != gain::fixed)) return;
    // setpoints that are angles stay within a turn
    if (m.actuator_gain[a] == gain::so3) {
      const R turn = p.real(6.28318530717958647692), angle = norm(load3(s.act() + first, 0));
      const R share = where(p.half() * turn < angle, (angle - turn * floor(angle / turn + p.half())) / max(angle, p.tiny()), R(1));
      store3(s.act() + first, 0, load3(s.act() + first, 0) * share);
    } else {
      s.act()[first] = nearest_turn(p, a, s.act()[first], s.actuator_length()[m.actuator_output_adr[a]]);
    }
  });
  p.lane.sync();
}

// qvel after a step with acceleration `acc`; whoever falls asleep loses it.
template <class L> NURI_FN void move_velocities(Pack<L>& p, const typename L::Real* acc) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  const auto h = m.timestep[0];
  const bool sleeps = may_sleep(p);
  if (sleeps) fall_asleep(p);
  p.lane.each(m.dof_count, [&](int i) {
    if (sleeps && dof_asleep(p, i)) return;
    s.qvel()[i] = mul_add(h, acc[i], s.qvel()[i]);
  });
  p.lane.sync();
}

// Velocity and position from acceleration `acc`, MuJoCo's mj_advance.
template <class L> NURI_FN void advance(Pack<L>& p, const typename L::Real* acc) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  const auto h = m.timestep[0];
  move_activations(p);
  move_velocities(p, acc);
  move_positions(p, s.qvel(), h);
  if (m.plastic_count) yield_springs<L>(p, s.qvel(), s.tendon_length(), nullptr);
}

template <class L> NURI_STAGE void integrate_euler(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const bool whole = m.integrator == integrator::implicit, implicit = whole || m.integrator == integrator::implicitfast;
  const bool damped = m.integrator == integrator::euler && m.on(model::flag_eulerdamp) && m.on(model::flag_damper) && m.on(model::flag_damping);
  if (!implicit && !damped) {
    advance(p, s.acc());
    return;
  }
  p.lane.each(m.dof_count, [&](int i) { s.search()[i] = s.smooth()[i] + s.constraint()[i]; });
  if (implicit) {
    load_implicit(p);
    if (whole) {
      add_bias_slope(p);
      solve_unsymmetric(p, s.search());
    } else {
      solve_free_bodies(p);
      factorize(p, tree_pattern(p));
      solve_factored(p, tree_pattern(p), s.search());
    }
  } else {
    const R h = m.timestep[0];
    factor_inertia(p, [&](int i, R diagonal) { return mul_add(h, dof_damping_slope(p, i), diagonal); });
    solve_inertia(p, s.search());
  }
  advance(p, s.search());
}

// In qvel of ball and free joints, for the angular velocity w (body axes), the rate of u where the orientation is q = qpos0 exp(u):
//   w + u x w / 2 + (1 - (t/2) cot(t/2)) n x (n x w),    u = t n the shortest turn, t <= pi
// Stages of Runge-Kutta are added up in u, where turns do add up; with w itself the order falls to 2. As MuJoCo since 4.0 does.
// H. Munthe-Kaas, High order Runge-Kutta methods on manifolds, 1999.
template <class L> NURI_FN void turn_rates(Pack<L>& p, const typename L::Real* qpos0) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.joint_count, [&](int j) {
    const int type = m.joint_type[j], shift = type == joint::free ? 3 : 0, q = m.joint_qpos[j] + shift;
    if (type >= joint::slide) return;
    R* const to = s.qvel() + m.joint_dof[j] + shift;
    const Vec3<R> w{to[0], to[1], to[2]};
    const Quat<R> turned = conjugate(load4(qpos0 + q, 0)) * load4(s.qpos() + q, 0);
    const R sign = where(turned.w < R(0), R(-1), R(1)), cosine = sign * turned.w;
    R sine;
    const Vec3<R> n = normalized(Vec3<R>{turned.x, turned.y, turned.z} * sign, Vec3<R>{R(1), R(0), R(0)}, sine);
    const auto still = sine < R(1e-15f);
    const R half = atan2(sine, cosine), bend = where(still, R(0), R(1) - half * cosine / where(still, R(1), sine));
    const Vec3<R> across = cross(n, w);
    store3(to, 0, mul_add(cross(n, across), bend, mul_add(across, half, w)));
  });
  p.lane.sync();
}

// Classic Runge-Kutta 4 with the state derivative (qvel, acc, act_dot); `forward` evaluates all stages at the current state.
// `stages` holds the start state, the weighted sums of qvel, acc and act_dot, the velocity of the stage, and lengths and velocities of actuators at the
// start: activations that follow these (circles, bristles) are advanced by them, as in MuJoCo; likewise lengths and arms of tendons whose springs give way.
template <class L, class F> NURI_FN void integrate_rk4(Pack<L>& p, F forward) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int nq = m.qpos_count, nv = m.dof_count, na = m.activation_count, nr = 3 * m.free_count;
  R *const qpos0 = s.stages(), *const qvel0 = qpos0 + nq, *const act0 = qvel0 + nv;
  R *const residual0 = act0 + na, *const sum_v = residual0 + nr, *const sum_a = sum_v + nv, *const sum_act = sum_a + nv, *const rate_v = sum_act + na;
  R *const length0 = rate_v + nv, *const velocity0 = length0 + m.output_count, *const tendon0 = velocity0 + m.output_count, *const arm0 = tendon0 + m.tendon_count;
  const bool yields = m.plastic_count > 0;
  const R h = m.timestep[0], sixth = R(1) / R(6), third = R(1) / R(3);
  const R weight[4] = {sixth, third, third, sixth}, part[3] = {p.half(), p.half(), R(1)};
  p.lane.each(nq, [&](int i) { qpos0[i] = s.qpos()[i]; });
  p.lane.each(nv, [&](int i) { qvel0[i] = s.qvel()[i]; });
  p.lane.each(na, [&](int i) { act0[i] = s.act()[i]; });
  p.lane.each(nr, [&](int i) { residual0[i] = s.qpos_residual()[i]; });
  p.lane.each(m.output_count, [&](int o) {
    length0[o] = s.actuator_length()[o];
    velocity0[o] = s.actuator_velocity()[o];
  });
  if (yields) p.lane.each(m.tendon_count, [&](int t) { tendon0[t] = s.tendon_length()[t]; });
  if (yields) p.lane.each(m.term_count, [&](int k) { arm0[k] = moment_arm(p, k); });
  p.lane.sync();
  auto accumulate = [&](int k) {
    p.lane.each(nv, [&](int i) {
      sum_v[i] = k ? mul_add(weight[k], s.qvel()[i], sum_v[i]) : weight[k] * s.qvel()[i];
      sum_a[i] = k ? mul_add(weight[k], s.acc()[i], sum_a[i]) : weight[k] * s.acc()[i];
      rate_v[i] = s.qvel()[i];
    });
    p.lane.each(na, [&](int i) { sum_act[i] = k ? mul_add(weight[k], s.act_dot()[i], sum_act[i]) : weight[k] * s.act_dot()[i]; });
    p.lane.sync();
  };
  accumulate(0);
  for (int k = 1; k < 4; ++k) {
    const R step = part[k - 1] * h;
    p.lane.each(nv, [&](int i) { s.qvel()[i] = mul_add(step, s.acc()[i], qvel0[i]); });
    p.lane.each(na, [&](int i) { s.act()[i] = mul_add(step, s.act_dot()[i], act0[i]); });
    p.lane.each(nq, [&](int i) { s.qpos()[i] = qpos0[i]; });
    p.lane.each(nr, [&](int i) { s.qpos_residual()[i] = residual0[i]; });
    p.lane.sync();
    move_positions(p, rate_v, step);
    p.late = k < 3 ? 0.5f : 1.0f;
    forward();
    turn_rates(p, qpos0);
    accumulate(k);
  }
  p.late = 0;
  p.lane.each(nq, [&](int i) { s.qpos()[i] = qpos0[i]; });
  p.lane.each(nr, [&](int i) { s.qpos_residual()[i] = residual0[i]; });
  p.lane.each(nv, [&](int i) { s.qvel()[i] = qvel0[i]; });
  p.lane.each(na, [&](int i) {
    s.act()[i] = act0[i];
    s.act_dot()[i] = sum_act[i];
  });
  p.lane.each(m.output_count, [&](int o) {
    s.actuator_length()[o] = length0[o];
    s.actuator_velocity()[o] = velocity0[o];
  });
  p.lane.sync();
  move_activations(p);
  move_velocities(p, sum_a);
  move_positions(p, sum_v, h);
  if (yields) yield_springs<L>(p, sum_v, tendon0, arm0);
}

NURI_KERNEL_END
