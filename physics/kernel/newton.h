// Newton's method on the primal problem, with exact line search. MuJoCo documentation, Computation, "Solvers".
//
//   minimise over a:  1/2 (a - a_smooth)' M (a - a_smooth) + s(J a - aref)
//
// Every environment has its own step lengths and tests; one that has converged is frozen (its step is 0) until the pack is
// done. An environment without rows ends exactly at a_smooth. In float some of MuJoCo's tests lie below the noise; what
// replaces them is said where it stands (measured: same iteration counts, a fifth less time).
#pragma once
#include "physics/kernel/articulated.h"

NURI_KERNEL_BEGIN

template <int N, class L, class F> NURI_FN void sum_dofs(const Pack<L>& p, typename L::Real (&out)[N], F f) {
  p.lane.template sums<N>(p.model.dof_count, ByItem{}, out, f);
}
// rows [first, end): keys are static ids of the rows
template <int N, class L, class F> NURI_FN void sum_rows(const Pack<L>& p, int first, int end, typename L::Real (&out)[N], F f) {
  const int* const key = p.scratch.row_key() + first;
  p.lane.template sums<N>(end - first, [&](int i) { return key[i]; }, out, [&](int i, typename L::Real* acc) { f(first + i, acc); });
}

// Rows of one kind lie together: two-sided, dry friction, one-sided, and for elliptic cones the contacts.
template <class L> NURI_FN int one_sided_end(const Pack<L>& p) { return p.model.elliptic ? p.single_rows : p.row_count; }

// Cost of a row at residual x.
template <class L> NURI_FN typename L::Real row_cost(const Pack<L>& p, int i, typename L::Real x) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const R D = s.D()[i], half = p.half();
  if (i < p.equality_rows) return half * D * x * x;
  if (i < p.equality_rows + p.friction_rows) {
    const R loss = s.row_loss()[i], reach = loss / D;              // beyond reach the cost is linear
    return where(abs(x) < reach, half * D * x * x, loss * sub_mul(abs(x), half, reach));
  }
  const R below = min(x, R(0));
  return half * D * below * below;
}

template <int Dim, class L> NURI_FN typename L::Real cone_cost(const Pack<L>& p, int slot, const typename L::Real* x) {
  using R = typename L::Real;
  const int row = p.scratch.slot_row()[slot];
  if constexpr (Dim == 1) return row_cost(p, row, x[0]);
  const ConeState<L, Dim> c = cone_state<Dim>(p, slot, x);
  R square = R(0);
  NURI_UNROLL for (int k = 0; k < Dim; ++k) square = mul_add(p.scratch.D()[row + k] * x[k], x[k], square);
  return p.half() * where(c.middle, c.dm * c.excess * c.excess, where(c.bottom, square, R(0)));
}

// Cost and first two derivatives of a contact's cost along x + alpha v.
template <int Dim, class L> NURI_FN void cone_along(const Pack<L>& p, int slot, typename L::Real alpha, typename L::Real& out_slope, typename L::Real& out_bend) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int row = s.slot_row()[slot];
  const R *const x0 = s.jar() + row, *const v = s.jv() + row;
  if constexpr (Dim == 1) {
    const R x = mul_add(alpha, v[0], x0[0]), t = where(x < R(0), s.D()[row] * v[0], R(0));
    out_slope = t * x;
    out_bend = t * v[0];
    return;
  }
  R x[Dim];
  NURI_UNROLL for (int k = 0; k < Dim; ++k) x[k] = mul_add(alpha, v[k], x0[k]);
  const ConeState<L, Dim> c = cone_state<Dim>(p, slot, x);
  R slope = R(0), bend = R(0), uv = R(0), vv = R(0);
  NURI_UNROLL for (int k = 0; k < Dim; ++k) {
    const R t = s.D()[row + k] * v[k];
    slope = mul_add(t, x[k], slope);
    bend = mul_add(t, v[k], bend);
  }
  NURI_UNROLL for (int k = 1; k < Dim; ++k) {
    const R w = c.friction[k] * v[k];
    uv = mul_add(c.u[k], w, uv);
    vv = mul_add(w, w, vv);
  }
  const R inverse = R(1) / where(c.middle, c.tangent, R(1)), t1 = uv * inverse, t2 = sub_mul(vv, t1, t1) * inverse;
  const R e1 = sub_mul(c.mu * v[0], c.mu, t1);
  out_slope = where(c.middle, c.dm * c.excess * e1, where(c.bottom, slope, R(0)));
  out_bend = where(c.middle, c.dm * sub_mul(e1 * e1, c.excess * c.mu, t2), where(c.bottom, bend, R(0)));
}

// f(slot, Dim as a constant) for every elliptic contact, inside a sum over slots
template <int N, class L, class F> NURI_FN void sum_cones(const Pack<L>& p, typename L::Real (&out)[N], F f) {
  const auto& s = p.scratch;
  p.lane.template sums<N>(p.slot_count, [&](int i) { return s.row_key()[s.slot_row()[i]]; }, out, [&](int i, typename L::Real* acc) {
    with_dim(p, i, [&]<int Dim>() { f.template operator()<Dim>(i, acc); });
  });
}

// Slope and curvature of the constraint cost at alpha along jv.
template <class L> NURI_FN void cost_along(Pack<L>& p, typename L::Real alpha, typename L::Real (&out)[2]) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int sided = p.equality_rows + p.friction_rows;
  sum_rows(p, sided, one_sided_end(p), out, [&](int i, R* acc) {
    const R v = s.jv()[i], x = mul_add(alpha, v, s.jar()[i]), t = where(x < R(0), s.D()[i] * v, R(0));
    acc[0] = mul_add(t, x, acc[0]);
    acc[1] = mul_add(t, v, acc[1]);
  });
  R more[2];
  if (sided) {
    sum_rows(p, 0, sided, more, [&](int i, R* acc) {
      const R v = s.jv()[i], x = mul_add(alpha, v, s.jar()[i]), D = s.D()[i];
      if (i < p.equality_rows) {
        acc[0] = mul_add(D * v, x, acc[0]);
        acc[1] = mul_add(D * v, v, acc[1]);
      } else {
        const R loss = s.row_loss()[i], force = max(-loss, min(loss, D * x));
        acc[0] = mul_add(force, v, acc[0]);
        acc[1] = mul_add(where(abs(D * x) < loss, D * v, R(0)), v, acc[1]);
      }
    });
    out[0] = out[0] + more[0];
    out[1] = out[1] + more[1];
  }
  if (p.model.elliptic && p.slot_count) {
    sum_cones(p, more, [&]<int Dim>(int i, R* acc) {
      R slope, bend;
      cone_along<Dim>(p, i, alpha, slope, bend);
      acc[0] = acc[0] + slope;
      acc[1] = acc[1] + bend;
    });
    out[0] = out[0] + more[0];
    out[1] = out[1] + more[1];
  }
}

// Newton on the slope of a convex function of one number, kept inside a bracket. `start`: slope at 0; q1, q2: the quadratic part.
template <class L> NURI_STAGE typename L::Real line_search(Pack<L>& p, typename L::Real start, typename L::Real q1, typename L::Real q2, typename L::Real tolerance, typename L::Truth run) {
  using R = typename L::Real;
  // A float cannot see MuJoCo's slope tolerance: 54 evaluations instead of 13, the same iterations.
  const R big = R(1e10f), still = p.real(p.in_float ? 1e-5 : 1e-14), reach = p.in_float ? max(tolerance, R(1e-3f) * abs(start)) : tolerance;
  R alpha = R(1), low = R(0), high = big;                          // alpha = 1 is Newton's own step
  for (int k = 0; k < p.model.ls_iterations && any(run); ++k) {
    ++p.evaluations;
    R d[2];
    cost_along(p, alpha, d);
    const R slope = q1 + mul_add(alpha, q2, d[0]), bend = q2 + d[1];
    run = run & !(abs(slope) < reach);
    low = where(run & (slope < R(0)), alpha, low);
    high = where(run & (R(0) < slope), alpha, high);
    R next = alpha - slope / max(bend, R(1e-30f));
    const R middle = where(high < big, p.half() * (low + high), alpha + alpha);
    next = where((low < next) & (next < high), next, middle);
    run = run & !(abs(next - alpha) <= still * alpha);
    alpha = where(run, next, alpha);
  }
  return alpha;
}

// Cost of all rows at the residuals in x.
template <class L> NURI_FN typename L::Real rows_cost(const Pack<L>& p, const typename L::Real* x) {
  using R = typename L::Real;
  R cost[1], cones[1];
  sum_rows(p, 0, one_sided_end(p), cost, [&](int i, R* acc) { acc[0] = acc[0] + row_cost(p, i, x[i]); });
  if (p.model.elliptic && p.slot_count) {
    sum_cones(p, cones, [&]<int Dim>(int i, R* acc) { acc[0] = acc[0] + cone_cost<Dim>(p, i, x + p.scratch.slot_row()[i]); });
    cost[0] = cost[0] + cones[0];
  }
  return cost[0];
}

// Start from the last acceleration or from a_smooth, whichever is cheaper: acc, jar, Ma. (a_smooth plus what the constraints added
// last time was tried: 12 % fewer iterations where limbs flail, up to 60 % more where a robot lies or stands.) Returns which
// environments have rows.
template <class L> NURI_STAGE typename L::Truth warm_start(Pack<L>& p, typename L::Real& out_inverse_scale) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (m.along_tree) times_jacobian(p, s.acc_smooth(), s.jv(), s.body6());   // from solving for it
  else times_jacobian(p, s.acc_smooth(), s.jv());
  times_jacobian(p, s.warm(), s.jar());
  times_mass(p, s.warm(), s.Ma());
  p.lane.each(p.row_count, [&](int i) {
    s.jv()[i] = s.jv()[i] - s.aref()[i];
    s.jar()[i] = s.jar()[i] - s.aref()[i];
  });
  p.lane.sync();
  const R warm = rows_cost(p, s.jar()), cold = rows_cost(p, s.jv());
  R gauss[2];
  sum_dofs(p, gauss, [&](int i, R* acc) {
    acc[0] = mul_add(s.Ma()[i] - s.smooth()[i], s.warm()[i] - s.acc_smooth()[i], acc[0]);
    acc[1] = acc[1] + s.mass()[m.mass_adr[i + 1] - 1];
  });
  R live = R(0);
  for (int i = 0; i < p.row_count; ++i) live = max(live, s.D()[i]);
  const auto has = R(0) < live;
  auto reset = (cold < mul_add(p.half(), gauss[0], warm)) | !has;
  if (!m.on(model::flag_warmstart)) reset = p.yes();
  p.lane.sync();
  p.lane.each(m.dof_count, [&](int i) {                            // M a_smooth is the smooth force
    s.acc()[i] = where(reset, s.acc_smooth()[i], s.warm()[i]);
    s.Ma()[i] = where(reset, s.smooth()[i], s.Ma()[i]);
  });
  p.lane.each(p.row_count, [&](int i) { s.jar()[i] = where(reset, s.jv()[i], s.jar()[i]); });
  p.lane.sync();
  out_inverse_scale = m.on(model::flag_island) && m.tree_count == 1 ? gauss[1] : m.mean_inertia[0] * R(float(m.dof_count));
  return has;
}

// grad = M a - smooth - J' f; returns its norm
template <class L> NURI_STAGE typename L::Real gradient(Pack<L>& p) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  constraint_forces(p);
  p.lane.each(p.model.dof_count, [&](int i) { s.grad()[i] = s.Ma()[i] - s.smooth()[i] - s.constraint()[i]; });
  p.lane.sync();
  R square[1];
  sum_dofs(p, square, [&](int i, R* acc) { acc[0] = mul_add(s.grad()[i], s.grad()[i], acc[0]); });
  return sqrt(square[0]);
}

// Change of the constraint cost from jar to jar + alpha jv, and how many rows changed sides (a curved cone always counts).
template <class L> NURI_FN void cost_change(Pack<L>& p, typename L::Real alpha, typename L::Real (&out)[2]) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int sided = p.equality_rows + p.friction_rows;
  sum_rows(p, sided, one_sided_end(p), out, [&](int i, R* acc) {
    const R D = s.D()[i], x0 = s.jar()[i], x1 = mul_add(alpha, s.jv()[i], x0), m0 = min(x0, R(0)), m1 = min(x1, R(0));
    acc[0] = mul_add(p.half() * D * (m1 - m0), m1 + m0, acc[0]);   // a difference of squares does not cancel
    acc[1] = acc[1] + where(x0 < R(0), where(x1 < R(0), R(0), D), where(x1 < R(0), D, R(0)));
  });
  R more[2];
  if (sided) {
    sum_rows(p, 0, sided, more, [&](int i, R* acc) {
      const R D = s.D()[i], x0 = s.jar()[i], x1 = mul_add(alpha, s.jv()[i], x0), square = p.half() * D * (x1 - x0) * (x1 + x0);
      if (i < p.equality_rows) {
        acc[0] = acc[0] + square;
      } else {
        const R loss = s.row_loss()[i];
        const auto in0 = abs(D * x0) < loss, in1 = abs(D * x1) < loss, same = (in0 & in1) | (!in0 & !in1 & (R(0) < x0 * x1));
        acc[0] = acc[0] + where(in0 & in1, square, row_cost(p, i, x1) - row_cost(p, i, x0));
        acc[1] = acc[1] + where(same, R(0), D);
      }
    });
    out[0] = out[0] + more[0];
    out[1] = out[1] + more[1];
  }
  if (p.model.elliptic && p.slot_count) {
    sum_cones(p, more, [&]<int Dim>(int i, R* acc) {
      const int row = s.slot_row()[i];
      const R D = s.D()[row];
      R x0[Dim], x1[Dim];
      NURI_UNROLL for (int k = 0; k < Dim; ++k) {
        x0[k] = s.jar()[row + k];
        x1[k] = mul_add(alpha, s.jv()[row + k], x0[k]);
      }
      acc[0] = acc[0] + (cone_cost<Dim>(p, i, x1) - cone_cost<Dim>(p, i, x0));
      if constexpr (Dim == 1) {
        acc[1] = acc[1] + where(x0[0] < R(0), where(x1[0] < R(0), R(0), D), where(x1[0] < R(0), D, R(0)));
      } else {
        const auto a = cone_state<Dim>(p, i, x0), b = cone_state<Dim>(p, i, x1);
        acc[1] = acc[1] + where(a.middle | b.middle | (a.bottom & !b.bottom) | (!a.bottom & b.bottom), D, R(0));
      }
    });
    out[0] = out[0] + more[0];
    out[1] = out[1] + more[1];
  }
}

// What a step along the search direction did, per environment.
template <class R> struct StepTaken {
  R alpha, better, turned;                                         // its length; fall of the scaled cost; not 0 if a row changed sides
};

// Goes along `search` to the least cost: moves acc, Ma and jar. q: grad.search, search.search; jv and Mv hold J and M times search.
template <class L> NURI_FN StepTaken<typename L::Real> step_along(Pack<L>& p, const typename L::Real (&q)[2], typename L::Real inverse_scale, typename L::Truth done) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R along[2], change[2];
  sum_dofs(p, along, [&](int i, R* acc) {
    const R v = s.search()[i];
    acc[0] = mul_add(v, s.Ma()[i] - s.smooth()[i], acc[0]);
    acc[1] = mul_add(v, s.Mv()[i], acc[1]);
  });
  const R length = sqrt(q[1]);
  const auto still = length < p.tiny();
  R alpha = line_search(p, q[0], along[0], along[1], m.tolerance[0] * m.ls_tolerance[0] * length * inverse_scale, !done & !still);
  alpha = where(done | still, R(0), alpha);
  cost_change(p, alpha, change);
  const R better = -(mul_add(alpha, mul_add(p.half() * alpha, along[1], along[0]), change[0])) * (R(1) / inverse_scale);
  p.iterations = where(done, p.iterations, p.iterations + R(1));
  p.lane.sync();
  p.lane.each(p.row_count, [&](int i) { s.jar()[i] = mul_add(alpha, s.jv()[i], s.jar()[i]); });
  p.lane.each(m.dof_count, [&](int i) {
    s.acc()[i] = mul_add(alpha, s.search()[i], s.acc()[i]);
    s.Ma()[i] = mul_add(alpha, s.Mv()[i], s.Ma()[i]);
  });
  p.lane.sync();
  return {alpha, better, change[1]};
}

// H, ready to be solved with by the environments that are `live`
template <class L> NURI_FN void factorize_hessian(Pack<L>& p, bool first, typename L::Truth live) {
  stiffen_links(p, first);
  ++p.factorizations;
  if (p.model.along_tree) {
    articulate(p, true);
    couple_branches(p, live);
  } else {
    hessian(p);
    factorize(p, pack_pattern(p));
  }
}

// search = -inv(H) grad
template <class L> NURI_FN void newton_direction(Pack<L>& p) {
  const auto& s = p.scratch;
  if constexpr (L::width == 1) {
    if (p.ordered) {                                               // there and back through Mv, which is computed from the direction
      const int* const position = s.position();
      p.lane.each(p.model.dof_count, [&](int i) { s.Mv()[position[i]] = -s.grad()[i]; });
      p.lane.sync();
      solve_factored(p, pack_pattern(p), s.Mv());
      p.lane.each(p.model.dof_count, [&](int i) { s.search()[i] = s.Mv()[position[i]]; });
      p.lane.sync();
      return;
    }
  }
  p.lane.each(p.model.dof_count, [&](int i) { s.search()[i] = -s.grad()[i]; });
  p.lane.sync();
  if (p.model.along_tree) solve_articulated(p, s.search(), p.coupled);
  else solve_factored(p, pack_pattern(p), s.search());
}

// 128 rounding errors: what may be left of forces that cancel. Over 800 states of humanoids and ants, without a warm start, 99 in 100
// constraint forces are then within 1.4e-4 of the solution (2e-3 without refinement), for 1 % more rounds.
constexpr float cancelled = 128 * 1.2e-7f;

template <class L> NURI_STAGE void solve_newton(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R half = p.half(), tolerance = m.tolerance[0];
  R inverse_scale;
  const auto has = warm_start(p, inverse_scale);
  const R scale = R(1) / inverse_scale;
  // A float never sees MuJoCo's gradient tolerance; the duality gap, which bounds what is left to gain, it does.
  const auto flat = scale * gradient(p) < (p.in_float ? R(1e-3f) : tolerance);
  auto done = !has, exact = p.no();                               // exact: no row changed sides in the last step, H stands
  if (any(flat & !done)) {                                         // zero iterations: gradient and duality gap are small (M's factor is still there)
    p.lane.each(m.dof_count, [&](int i) { s.search()[i] = s.grad()[i]; });
    p.lane.sync();
    solve_inertia(p, s.search());
    R gap[1];
    sum_dofs(p, gap, [&](int i, R* acc) { acc[0] = mul_add(s.grad()[i], s.search()[i], acc[0]); });
    done = done | (flat & (half * scale * gap[0] < tolerance));
  }
  if (any(!done) && !m.along_tree) fill_pattern(p);
  if (p.no_room) return;                                           // nothing of this substep will be kept
  for (int iteration = 0; iteration < m.iterations && any(!done); ++iteration) {
    if (any(!done & !exact)) factorize_hessian(p, iteration == 0, !done);
    newton_direction(p);
    R q[2];
    sum_dofs(p, q, [&](int i, R* acc) {
      const R v = s.search()[i];
      acc[0] = mul_add(s.grad()[i], v, acc[0]);
      acc[1] = mul_add(v, v, acc[1]);
    });
    const auto small = -(half * scale * q[0]) < tolerance;         // expected improvement; at first only if the gradient is flat too
    done = done | (iteration ? small : flat & small);
    if (!any(!done)) break;
    ++p.rounds;
    if (m.along_tree) {                                            // body6: from solving for it
      times_jacobian(p, s.search(), s.jv(), s.body6());
      times_inertias(p, s.search(), s.Mv());
    } else {
      times_jacobian(p, s.search(), s.jv());
      times_mass(p, s.search(), s.Mv());
    }
    const auto step = step_along(p, q, inverse_scale, done);
    const R norm = scale * gradient(p);
    done = done | (norm < tolerance) | ((R(0) < step.better) & (step.better < tolerance)) | (step.alpha <= R(0));
    exact = step.turned <= R(0);
    if (any(exact & !done)) {
      // Then only rounding is left: c eps of the forces that should cancel, and the acceleration is as good as any. More: of a long
      // step, whose own forces were far larger; the next step, by the same H, ends it.
      R forces[1];
      sum_dofs(p, forces, [&](int i, R* acc) {
        acc[0] = mul_add(s.Ma()[i], s.Ma()[i], mul_add(s.smooth()[i], s.smooth()[i], mul_add(s.constraint()[i], s.constraint()[i], acc[0])));
      });
      done = done | (exact & (norm < scale * R(cancelled) * sqrt(forces[0])));
    }
  }
}

NURI_KERNEL_END
