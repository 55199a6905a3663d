// implicit: the velocity after the step from (M - h D) acc = force, D as implicitfast has it and with the derivative of the bias force.
// MuJoCo: mj_implicitSkip, mjd_rne_vel, mju_factorLUSparse.
//
// The recursion of velocity.h, differentiated. All twists are about the tree's centre of mass, world axes; x is cross_motion, x* cross_force.
// Dof j with axis S_j turns all that hangs on it; v_j is the twist of its body when its joint has moved:
//   d(v_b)/d(qvel_j) = S_j          d(a_b)/d(qvel_j) = E_j + S_j x v_b,     E_j = d(S_j)/dt - S_j x v_j
//   d(f_b)/d(qvel_j) = I_b E_j + B_b S_j,     B_b y = I_b (y x v_b) + y x* (I_b v_b) + v_b x* (I_b y)
// I and B add up over subtrees, as inertia does in M, so that with the lower of two bodies' sums
//   d(bias_i)/d(qvel_j) = S_i . (I E_j + B S_j)
// which is zero unless one dof is above the other: the pattern of M, not its symmetry. O(dofs x depth), where MuJoCo carries the
// derivatives of every body along its chain. Elimination from the last dof to the first fills nothing in; no rows are exchanged, as in MuJoCo:
// the pivots are those of M but for terms in h.
#pragma once
#include "physics/kernel/factor.h"
#include "physics/kernel/fluid_ellipsoid.h"
#include "physics/kernel/inertia.h"
#include "physics/kernel/velocity.h"

NURI_KERNEL_BEGIN

// E of a body's dofs.
template <class L> NURI_FN void axis_slopes(Pack<L>& p, int b) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  Twist<R> vel = load6(s.cvel(), m.body_parent[b]);
  for (int d = m.body_dof_adr[b], first = d, end = d + m.body_dof_num[b]; d < end;) {
    const int type = m.joint_type[m.dof_joint[d]], count = type >= joint::slide ? 1 : 3;
    const bool translates = type == joint::free && d == first;     // its axes stand still
    const Twist<R> before = vel;
    for (int c = 0; c < count; ++c) vel = mul_add(load6(s.cdof(), d + c), s.qvel()[d + c], vel);
    for (int c = 0; c < count; ++c, ++d) {
      const Twist<R> axis = load6(s.cdof(), d);
      store6(s.axis_slope(), d, cross_motion(translates ? vel : before + vel, axis));
    }
  }
}

// L, so far M - h D, gets h d(bias)/d(qvel); what is above the diagonal comes to `upper`, by columns.
template <class L> NURI_STAGE void add_bias_slope(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R h = m.timestep[0];
  R *const inertia = s.stiff(), *const slope = s.body_slope();     // the solver is done with the first
  const bool whirls = m.fluid_geom_count && (m.on(model::flag_damper) || m.on(model::flag_spring));
  p.lane.each(m.body_count, [&](int b) {
    const R* const own = s.cinert() + inertia_size * b;
    NURI_UNROLL for (int c = 0; c < inertia_size; ++c) inertia[inertia_size * b + c] = own[c];
    const Twist<R> v = load6(s.cvel(), b), momentum = times_inertia(own, v);
    for (int c = 0; c < 6; ++c) {                                  // a column of B
      auto unit_at = [&](int k) { return R(c == k ? 1.0f : 0.0f); };
      const Twist<R> y{{unit_at(0), unit_at(1), unit_at(2)}, {unit_at(3), unit_at(4), unit_at(5)}};
      store6(slope + 36 * b, c, times_inertia(own, cross_motion(y, v)) + cross_force(y, momentum) + cross_force(v, times_inertia(own, y)));
    }
    if (whirls && has_ellipsoids(p, b)) {                          // what implicit.h's drag leaves out
      R rest[36];
      ellipsoids_slope(p, b, false, rest);
      for (int c = 0; c < 36; ++c) slope[36 * b + c] = slope[36 * b + c] - rest[c];
    }
    if (b) axis_slopes(p, b);
  });
  p.lane.sync();
  for (int level = m.level_count - 2; level >= 0; --level) {
    const int* const bodies = m.level_body + m.level_adr[level];
    p.lane.each(m.level_adr[level + 1] - m.level_adr[level], [&](int k) {
      const int b = bodies[k];
      for (int i = m.child_adr[b]; i < m.child_adr[b + 1]; ++i) {
        const int from = m.child[i];
        for (int c = 0; c < inertia_size; ++c) inertia[inertia_size * b + c] = inertia[inertia_size * b + c] + inertia[inertia_size * from + c];
        for (int c = 0; c < 36; ++c) slope[36 * b + c] = slope[36 * b + c] + slope[36 * from + c];
      }
    });
    p.lane.sync();
  }
  p.lane.each(m.dof_count, [&](int i) {
    const R *const I = inertia + inertia_size * m.dof_body[i], *const B = slope + 36 * m.dof_body[i];
    const Twist<R> axis = load6(s.cdof(), i), momentum = times_inertia(I, axis);
    const R part[6] = {axis.w.x, axis.w.y, axis.w.z, axis.v.x, axis.v.y, axis.v.z};
    Twist<R> force = times_inertia(I, load6(s.axis_slope(), i));
    for (int c = 0; c < 6; ++c) force = mul_add(load6(B, c), part[c], force);
    const Twist<R> back{{dot(load6(B, 0), axis), dot(load6(B, 1), axis), dot(load6(B, 2), axis)}, {dot(load6(B, 3), axis), dot(load6(B, 4), axis), dot(load6(B, 5), axis)}};
    R *const row = s.lower() + triangle(i), *const column = s.upper() + triangle(i);
    for (int k = m.ancestor_adr[i]; k < m.ancestor_adr[i + 1]; ++k) {
      const int j = m.ancestor[k];
      const Twist<R> above = load6(s.cdof(), j);
      column[j] = mul_add(h, dot(above, force), row[j]);
      row[j] = mul_add(h, dot(load6(s.axis_slope(), j), momentum) + dot(above, back), row[j]);
    }
    row[i] = mul_add(h, dot(axis, force), row[i]);
  });
  p.lane.sync();
}

// x = inv(A) x, A in `lower` and `upper`, which it destroys
template <class L> NURI_STAGE void solve_unsymmetric(Pack<L>& p, typename L::Real* const x) {
  using R = typename L::Real;
  const auto& m = p.model;
  R *const lower = p.scratch.lower(), *const upper = p.scratch.upper();
  for (int i = m.dof_count - 1; i >= 0; --i) {
    const int* const above = m.ancestor + m.ancestor_adr[i];
    const int n = m.ancestor_adr[i + 1] - m.ancestor_adr[i];
    const R *const row = lower + triangle(i), *const column = upper + triangle(i);
    const R inverse = R(1) / row[i];
    p.lane.each(n, [&](int k) {                                    // row j -= A(j, i) / A(i, i) row i
      const int j = above[k];
      const R factor = column[j] * inverse;
      for (int e = 0; e < n; ++e) {
        const int c = above[e];
        R& entry = c <= j ? lower[triangle(j) + c] : upper[triangle(c) + j];
        entry = sub_mul(entry, factor, row[c]);
      }
      x[j] = sub_mul(x[j], factor, x[i]);
    });
    p.lane.sync();
  }
  const Pattern tree = tree_pattern(p);
  for (int level = 0; level < tree.level_count; ++level) {
    const int* const dofs = tree.level_dof + tree.level_adr[level];
    p.lane.each(tree.level_adr[level + 1] - tree.level_adr[level], [&](int k) {
      const int d = dofs[k];
      const R* const row = lower + triangle(d);
      R sum = x[d];
      for (int e = tree.adr[d]; e < tree.end[d]; ++e) sum = sub_mul(sum, row[tree.column[e]], x[tree.column[e]]);
      x[d] = sum / row[d];
    });
    p.lane.sync();
  }
}

NURI_KERNEL_END
