// implicitfast: the velocity after the step from (M - h D) acc = force, D = d(smooth force)/d(velocity). MuJoCo: mj_implicitSkip,
// mjd_smooth_vel.
//
// D holds joint damping, tendon damping, actuators whose force depends on velocity, and drag of the medium: all symmetric, on the tree
// pattern. The derivative of the bias force is not symmetric and is left out, but for free bodies: alone in their tree (or with bodies
// fixed to them) they are a system of 6 equations of their own, which gets it and is solved by elimination. Without it a body that
// spins fast gains energy. The bias derivative of whole trees is `implicit`'s: implicit_bias.h.
#pragma once
#include "physics/kernel/actuators.h"
#include "physics/kernel/fluid_ellipsoid.h"
#include "physics/kernel/spring.h"

NURI_KERNEL_BEGIN

// A 6x6 symmetric damping (out): -d(wrench)/d(twist) of the drag on body b, about its tree's centre of mass, world axes. With the box of fluid.h, in inertial axes:
//   axis x:  -dF/dv = 3 pi mu d + rho s_y s_z |v_x|        -dT/dw = pi mu d^3 + 1/32 rho s_x (s_y^4 + s_z^4) |w_x|
template <class L> NURI_FN void fluid_damping(const Pack<L>& p, int b, typename L::Real* out) {
  using R = typename L::Real;
  if (has_ellipsoids(p, b)) {
    R slope[36];
    ellipsoids_slope(p, b, true, slope);
    int at = 0;
    for (int r = 0; r < 3; ++r) for (int c = r; c < 3; ++c) out[at++] = -slope[6 * c + r];
    for (int r = 0; r < 3; ++r) for (int c = 3; c < 6; ++c) out[at++] = -slope[6 * c + r];
    for (int r = 3; r < 6; ++r) for (int c = r; c < 6; ++c) out[at++] = -slope[6 * c + r];
    return;
  }
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Mat3<R> axes = matrix(load4(s.xquat(), b) * load4(m.body_iquat, b));
  const Vec3<R> box = load3(m.body_fluid_box, b), arm = load3(s.xipos(), b) - load3(s.com(), m.body_frame[b]);
  const Twist<R> twist = load6(s.cvel(), b);
  const Vec3<R> w = transposed_times(axes, twist.w), v = transposed_times(axes, cross_add(twist.w, arm, twist.v) - load3(m.wind, 0));

  const R d = (box.x + box.y + box.z) * p.real(1.0 / 3.0), pi_mu_d = p.real(3.14159265358979323846) * m.viscosity[0] * d;
  auto fourth = [](R x) { return (x * x) * (x * x); };
  const R x4 = fourth(box.x), y4 = fourth(box.y), z4 = fourth(box.z);
  const R rho = m.density[0], by_torque = rho * p.real(1.0 / 32.0), push = p.real(3) * pi_mu_d, twirl = pi_mu_d * d * d;
  const Vec3<R> linear{mul_add(rho * box.y * box.z, abs(v.x), push), mul_add(rho * box.x * box.z, abs(v.y), push), mul_add(rho * box.x * box.y, abs(v.z), push)};
  const Vec3<R> angular{mul_add(by_torque * box.x * (y4 + z4), abs(w.x), twirl), mul_add(by_torque * box.y * (x4 + z4), abs(w.y), twirl),
                        mul_add(by_torque * box.z * (x4 + y4), abs(w.z), twirl)};

  // P = axes diag(linear) axes', Q = axes diag(angular) axes', by rows; force = P (v + w x arm), torque = Q w + arm x force
  const Vec3<R> r0 = row(axes, 0), r1 = row(axes, 1), r2 = row(axes, 2);
  auto turned = [&](Vec3<R> k, Vec3<R> r) { return axes * Vec3<R>{k.x * r.x, k.y * r.y, k.z * r.z}; };
  const Vec3<R> g0 = turned(linear, r0), g1 = turned(linear, r1), g2 = turned(linear, r2);
  const Vec3<R> q0 = turned(angular, r0), q1 = turned(angular, r1), q2 = turned(angular, r2);
  const Vec3<R> c0 = cross(arm, g0), c1 = cross(arm, g1), c2 = cross(arm, g2);      // columns of [arm] P
  const Vec3<R> x0{c0.x, c1.x, c2.x}, x1{c0.y, c1.y, c2.y}, x2{c0.z, c1.z, c2.z};
  const Vec3<R> a0 = q0 + cross(arm, x0), a1 = q1 + cross(arm, x1), a2 = q2 + cross(arm, x2);
  const R all[symmetric6_size] = {a0.x, a0.y, a0.z, a1.y, a1.z, a2.z, x0.x, x0.y, x0.z, x1.x, x1.y, x1.z, x2.x, x2.y, x2.z, g0.x, g0.y, g0.z, g1.y, g1.z, g2.z};
  const auto massless = m.body_mass[b] < p.tiny();
  NURI_UNROLL for (int k = 0; k < symmetric6_size; ++k) out[k] = where(massless, R(0), all[k]);
}

// L += h * drag: composite damping of subtrees enters as composite inertia enters M.
template <class L> NURI_STAGE void add_fluid_damping(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R h = m.timestep[0];
  R* const damping = s.stiff();                                    // the solver is done with it
  p.lane.each(m.body_count, [&](int b) { if (b) fluid_damping(p, b, damping + symmetric6_size * b); });
  p.lane.sync();
  for (int level = m.level_count - 2; level >= 0; --level) {
    const int* const bodies = m.level_body + m.level_adr[level];
    p.lane.each(m.level_adr[level + 1] - m.level_adr[level], [&](int k) {
      R* const out = damping + symmetric6_size * bodies[k];
      for (int i = m.child_adr[bodies[k]]; i < m.child_adr[bodies[k] + 1]; ++i) {
        const R* const add = damping + symmetric6_size * m.child[i];
        NURI_UNROLL for (int c = 0; c < symmetric6_size; ++c) out[c] = out[c] + add[c];
      }
    });
    p.lane.sync();
  }
  p.lane.each(m.dof_count, [&](int i) {
    const Twist<R> axis = load6(s.cdof(), i), f = times_symmetric6(damping + symmetric6_size * m.dof_body[i], axis) * h;
    R* const out = s.lower() + triangle(i);
    for (int k = m.ancestor_adr[i]; k < m.ancestor_adr[i + 1]; ++k) out[m.ancestor[k]] = out[m.ancestor[k]] + dot(load6(s.cdof(), m.ancestor[k]), f);
    out[i] = out[i] + dot(axis, f);
  });
  p.lane.sync();
}

// L = M - h D on the tree pattern.
template <class L> NURI_FN void load_implicit(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R h = m.timestep[0];
  const bool damps = m.on(model::flag_damper);
  load_mass(p, [&](int i, R diagonal) { return damps ? mul_add(h, dof_damping_slope(p, i), diagonal) : diagonal; });
  if (m.on(model::flag_fluid) && (damps || m.on(model::flag_spring))) add_fluid_damping(p);
  // outer products b * moment moment' land where the tree pattern has an entry; others are dropped, as in MuJoCo
  auto above = [&](int i, int j) {
    for (int k = m.ancestor_adr[i]; k < m.ancestor_adr[i + 1]; ++k) if (m.ancestor[k] == j) return true;
    return i == j;
  };
  if (damps)
    for (int t = 0; t < m.tendon_count; ++t) {
      const int first = m.term_adr[t], n = m.term_adr[t + 1] - first;
      p.lane.once([&] {
        for (int a = 0; a < n; ++a)
          for (int b = 0; b < n; ++b) {
            const int i = m.term_dof[first + a], j = m.term_dof[first + b];
            if (j <= i && above(i, j)) s.lower()[triangle(i) + j] = mul_add(h * tendon_damping_slope(p, t), moment_arm(p, first + a) * moment_arm(p, first + b), s.lower()[triangle(i) + j]);
          }
      });
      p.lane.sync();
    }
  if (m.on(model::flag_actuation))
    for (int a = 0; a < m.actuator_count; ++a) {
      if (!follows_velocity(p, a)) continue;
      p.lane.once([&] {
        const R slope = free_slope(p, a);
        for (int o = m.actuator_output_adr[a]; o < m.actuator_output_adr[a + 1]; ++o)
          for (int k = 0, n = moment_count(p, o); k < n; ++k)
            for (int l = 0; l < n; ++l) {
              const int i = moment_dof(p, o, k), j = moment_dof(p, o, l);
              if (j <= i && above(i, j)) s.lower()[triangle(i) + j] = sub_mul(s.lower()[triangle(i) + j], h * slope, moment(p, o, k) * moment(p, o, l));
            }
      });
      p.lane.sync();
    }
}

// Solves n equations A x = b with row exchange; b is the last column and becomes x. False where a pivot vanishes.
template <int N, class R> NURI_FN auto eliminate(R (&A)[N][N + 1], R tiny) {
  auto regular = R(0) <= R(0);
  for (int k = 0; k < N; ++k) {
    for (int i = k + 1; i < N; ++i) {
      const auto larger = abs(A[k][k]) < abs(A[i][k]);
      for (int j = k; j <= N; ++j) {
        const R x = A[k][j], y = A[i][j];
        A[k][j] = where(larger, y, x);
        A[i][j] = where(larger, x, y);
      }
    }
    regular = regular & (tiny <= abs(A[k][k]));
    const R inverse = R(1) / A[k][k];
    for (int i = k + 1; i < N; ++i) {
      const R factor = A[i][k] * inverse;
      for (int j = k + 1; j <= N; ++j) A[i][j] = sub_mul(A[i][j], factor, A[k][j]);
    }
  }
  for (int k = N - 1; k >= 0; --k) {
    R x = A[k][N];
    for (int j = k + 1; j < N; ++j) x = sub_mul(x, A[k][j], A[j][N]);
    A[k][N] = x / A[k][k];
  }
  return regular;
}

// Free bodies: `search`, so far the force, becomes the acceleration, and their rows of L those of the identity, so that what follows
// leaves it alone. With the arm s from the joint to the centre of mass, inertia I about it, angular velocity w, all in world axes, the
// bias is the wrench (w x I w, m w x (w x s)) along the joint's motions, and its derivative along an axis r
//   d(torque) = r x I w + w x I r          d(force) = m (r x (w x s) + w x (r x s))
template <class L> NURI_STAGE void solve_free_bodies(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R h = m.timestep[0];
  p.lane.each(m.tree_count, [&](int t) {
    const int b = m.tree_body[m.tree_body_adr[t]], d = m.body_dof_adr[b];
    if (m.joint_type[m.body_joint_adr[b]] != joint::free || m.descendant_adr[d + 1] - m.descendant_adr[d] != 5) return;
    R inertia[inertia_size];
    NURI_UNROLL for (int c = 0; c < inertia_size; ++c) inertia[c] = R(0);
    for (int k = m.tree_body_adr[t]; k < m.tree_body_adr[t + 1]; ++k)
      NURI_UNROLL for (int c = 0; c < inertia_size; ++c) inertia[c] = inertia[c] + s.cinert()[inertia_size * m.tree_body[k] + c];
    auto turned = [&](Vec3<R> x) { return times_inertia(inertia, Twist<R>{x, zero3<R>()}).w; };
    const Vec3<R> w = load6(s.cvel(), b).w, spin = turned(w), swing = cross(w, load3(s.com(), t) - load3(s.xpos(), b));

    R A[6][7];
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j <= i; ++j) A[i][j] = A[j][i] = s.lower()[triangle(d + i) + d + j];
      A[i][6] = s.search()[d + i];
    }
    for (int c = 3; c < 6; ++c) {
      const Twist<R> axis = load6(s.cdof(), d + c);                // its linear part is r x s
      const Twist<R> slope{cross(axis.w, spin) + cross(w, turned(axis.w)), (cross(axis.w, swing) + cross(w, axis.v)) * inertia[9]};
      for (int i = 0; i < 6; ++i) A[i][c] = mul_add(h, dot(load6(s.cdof(), d + i), slope), A[i][c]);
    }
    if (m.fluid_geom_count && (m.on(model::flag_damper) || m.on(model::flag_spring)))
      for (int k = m.tree_body_adr[t]; k < m.tree_body_adr[t + 1]; ++k) {
        if (!has_ellipsoids(p, m.tree_body[k])) continue;
        R rest[36];                                                // drag has put in the symmetric part
        ellipsoids_slope(p, m.tree_body[k], false, rest);
        for (int c = 0; c < 6; ++c) {
          const Twist<R> force = times_columns(rest, load6(s.cdof(), d + c));
          for (int i = 0; i < 6; ++i) A[i][c] = sub_mul(A[i][c], h, dot(load6(s.cdof(), d + i), force));
        }
      }
    const auto solved = eliminate(A, p.tiny());
    for (int i = 0; i < 6; ++i) {
      s.search()[d + i] = where(solved, A[i][6], s.search()[d + i]);
      R* const row = s.lower() + triangle(d + i) + d;
      for (int j = 0; j <= i; ++j) row[j] = where(solved, R(i == j ? 1 : 0), row[j]);
    }
  });
  p.lane.sync();
}

NURI_KERNEL_END
