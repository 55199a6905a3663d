// Passive forces: springs and dampers of joints and tendons, gravity compensation, drag of the medium. MuJoCo: mj_passive.
//
//   joint    tau = -k (q - q_spring) - b qvel       k, b: spring.h; rotations of ball and free joints: q - q_spring is the rotation vector
//   tendon   f = k (nearest end of the slack range - length) - b velocity,     tau_d = arm_d f
//   body     a wrench about the tree's centre of mass, gathered up the tree:   tau_d = axis_d . wrench
//
// Gravity compensation, drag and adhesion are off together with springs AND dampers, as in MuJoCo. Compensation of joints whose actuators
// are said to do it (actuatorgravcomp) waits in `gravcomp` for actuators.h.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/adhesion.h"
#include "physics/kernel/fluid.h"
#include "physics/kernel/fluid_ellipsoid.h"
#include "physics/kernel/kinematics.h"
#include "physics/kernel/plastic.h"
#include "physics/kernel/spring.h"
#include "physics/kernel/tendons.h"
#include "physics/kernel/velocity.h"

NURI_KERNEL_BEGIN

// add(d, axis_d . wrench) for gravity compensation and drag of all bodies.
template <class L, class F> NURI_FN void body_forces(Pack<L>& p, bool lifted, bool dragged, F add) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  gather_bodies(p, [&](int b) {
    Twist<R> wrench = zero6<R>();
    if (lifted) wrench.v = load3(m.gravity, 0) * -(m.body_mass[b] * m.body_gravcomp[b]);
    const bool ellipsoids = dragged && has_ellipsoids(p, b);
    if (dragged && !ellipsoids) wrench = wrench + fluid_drag(p, b);
    wrench.w = cross_add(load3(s.xipos(), b) - load3(s.com(), m.body_frame[b]), wrench.v, wrench.w);
    return ellipsoids ? wrench + ellipsoids_force(p, b) : wrench;
  });
  gather_up(p);
  p.lane.each(m.dof_count, [&](int d) { add(d, dot(load6(s.cdof(), d), load6(s.body6(), m.dof_body[d]))); });
  p.lane.sync();
}

template <class L> NURI_STAGE void passive_forces(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R* const passive = s.passive();
  const bool spring = m.on(model::flag_spring), damper = m.on(model::flag_damper);
  const bool by_actuators = m.on(model::flag_actuator_gravcomp);
  if (by_actuators) p.lane.each(m.dof_count, [&](int d) { s.gravcomp()[d] = R(0); });
  if (!spring && !damper) {
    p.lane.each(m.dof_count, [&](int d) { passive[d] = R(0); });
    p.lane.sync();
    return;
  }

  // joints
  p.lane.each(m.joint_count, [&](int j) {
    const int type = m.joint_type[j], count = type == joint::free ? 6 : type == joint::ball ? 3 : 1;
    const int dof = m.joint_dof[j], at = m.joint_qpos[j];
    if (count == 1) {
      R tau = R(0);
      const R stretch = s.qpos()[at] - joint_rest(p, j, 0);
      if (spring) tau = sub_mul(tau, joint_stiffness_at(p, j, stretch), stretch);
      if (damper) tau = sub_mul(tau, dof_damping_at(p, dof), s.qvel()[dof]);
      passive[dof] = tau;
      return;
    }
    for (int c = 0; c < count; ++c) passive[dof + c] = damper ? sub_mul(R(0), dof_damping_at(p, dof + c), s.qvel()[dof + c]) : R(0);
    if (!spring) return;
    R stiffness = m.joint_stiffness[j];
    auto stiff = R(0) < abs(stiffness);
    const bool grows = m.on(model::flag_polynomial);
    if (grows) stiff = stiff | (R(0) < max(abs(R(m.joint_stiffness_poly[2 * j])), abs(R(m.joint_stiffness_poly[2 * j + 1]))));
    if (!any(stiff)) return;
    const auto pull = [&](int d, R stretch) { passive[d] = where(stiff, sub_mul(passive[d], stiffness, stretch), passive[d]); };
    const auto pull3 = [&](int d, Vec3<R> stretch) {
      if (grows) stiffness = joint_stiffness_at(p, j, norm(stretch));
      pull(d, stretch.x);
      pull(d + 1, stretch.y);
      pull(d + 2, stretch.z);
    };
    if (type == joint::free) pull3(dof, Vec3<R>{s.qpos()[at] - m.qpos_spring[at], s.qpos()[at + 1] - m.qpos_spring[at + 1], s.qpos()[at + 2] - m.qpos_spring[at + 2]});
    pull3(dof + (type == joint::free ? 3 : 0), ball_stretch(p, j));
  });
  p.lane.sync();

  // tendons, one after the other: they share dofs
  for (int t = 0; t < m.tendon_count; ++t) {
    const R lacks = slack_lack(p, t, s.tendon_length()[t]);
    const R stiffness = spring ? tendon_stiffness_at(p, t, -lacks) : R(0), damping = damper ? tendon_damping_at(p, t) : R(0);
    const auto acts = R(0) < max(abs(stiffness), abs(damping));
    if (!any(acts)) continue;
    const R force = sub_mul(stiffness * lacks, damping, s.tendon_velocity()[t]);
    p.lane.each(m.term_adr[t + 1] - m.term_adr[t], [&](int k) {
      const int term = m.term_adr[t] + k, d = m.term_dof[term];
      passive[d] = where(acts, mul_add(moment_arm(p, term), force, passive[d]), passive[d]);
    });
    p.lane.sync();
  }

  // forces on bodies
  const bool lifted = m.on(model::flag_gravcomp) && m.on(model::flag_gravity), dragged = m.on(model::flag_fluid);
  const auto add = [&](int d, R tau) { passive[d] = passive[d] + tau; };
  if (lifted && by_actuators) {
    body_forces(p, true, false, [&](int d, R tau) {
      if (m.joint_actuator_gravcomp[m.dof_joint[d]]) s.gravcomp()[d] = tau;
      else add(d, tau);
    });
    if (dragged) body_forces(p, false, true, add);
  } else if (lifted || dragged) {
    body_forces(p, lifted, dragged, add);
  }
  if (m.on(model::flag_adhesion)) add_adhesion(p);
}

NURI_KERNEL_END
