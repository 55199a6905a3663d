// Newton's method on the primal problem, with exact line search. MuJoCo documentation, Computation, "Solvers".
//
//   minimise over a:  1/2 (a - a_smooth)' M (a - a_smooth) + s(J a - aref)
//
// Every environment has its own step lengths and tests; one that has converged is frozen (its step is 0) until the pack is
// done. An environment without rows ends exactly at a_smooth. In float some of MuJoCo's tests lie below the noise; what
// replaces them is said where it stands (measured: same iteration counts, a fifth less time).
//
// A heap's environment is minimised island by island (part.h): each has its own start, step lengths and end, and its matrix is small.
#pragma once
#include "physics/kernel/articulated.h"

NURI_KERNEL_BEGIN

template <int N, class L, class P, class F> NURI_FN void sum_dofs(const Pack<L>& p, const P& part, typename L::Real (&out)[N], F f) {
  p.lane.template sums<N>(part.dofs(), ByItem{}, out, [&](int k, typename L::Real* acc) { f(part.dof(k), acc); });
}
template <int N, class L, class F> NURI_FN void sum_dofs(const Pack<L>& p, typename L::Real (&out)[N], F f) { sum_dofs(p, Everything<L>(p), out, f); }
// rows [first, end): keys are static ids of the rows
template <int N, class L, class F> NURI_FN void sum_rows(const Pack<L>& p, int first, int end, typename L::Real (&out)[N], F f) {
  const int* const key = p.scratch.row_key() + first;
  p.lane.template sums<N>(end - first, [&](int i) { return key[i]; }, out, [&](int i, typename L::Real* acc) { f(first + i, acc); });
}

// Rows of one kind lie together: two-sided, dry friction, one-sided, and for elliptic cones the contacts.
template <class L> NURI_FN int one_sided_end(const Pack<L>& p) { return p.model.elliptic ? p.single_rows : p.row_count; }

// f(row, acc) for two-sided rows and dry friction
template <int N, class L, class P, class F> NURI_FN void sum_sided(const Pack<L>& p, const P& part, typename L::Real (&out)[N], F f) {
  if constexpr (P::is_island) p.lane.template sums<N>(part.sided(), ByItem{}, out, [&](int k, typename L::Real* acc) { f(part.listed_row(k), acc); });
  else sum_rows(p, 0, part.sided(), out, f);
}
// f.operator()<V>(row, acc) for one-sided rows; an island's come eight at once (lane.sweep)
template <int N, class L, class P, class F> NURI_FN void sum_one_sided(const Pack<L>& p, const P& part, typename L::Real (&out)[N], F f) {
  using R = typename L::Real;
  if constexpr (P::is_island) {
    p.lane.template sweep<N>(part.first_row(), p.model.elliptic ? 0 : part.rows(), out, f);
    const int sided = part.sided(), limits = part.listed() - sided;
    if (!limits) return;
    R more[N];
    p.lane.template sums<N>(limits, ByItem{}, more, [&](int k, R* acc) { f.template operator()<R>(part.listed_row(sided + k), acc); });
    for (int k = 0; k < N; ++k) out[k] = out[k] + more[k];
  } else {
    sum_rows(p, part.sided(), one_sided_end(p), out, [&](int i, R* acc) { f.template operator()<R>(i, acc); });
  }
}
// f(row) for every row
template <class L, class P, class F> NURI_FN void each_row(const Pack<L>& p, const P& part, F f) {
  if constexpr (P::is_island) {
    p.lane.each(part.listed(), [&](int k) { f(part.listed_row(k)); });
    p.lane.each(part.rows(), [&](int k) { f(part.first_row() + k); });
  } else {
    p.lane.each(p.row_count, f);
  }
}

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
template <int N, class L, class P, class F> NURI_FN void sum_cones(const Pack<L>& p, const P& part, typename L::Real (&out)[N], F f) {
  const auto& s = p.scratch;
  p.lane.template sums<N>(part.slots(), [&](int k) { return s.row_key()[s.slot_row()[part.slot(k)]]; }, out, [&](int k, typename L::Real* acc) {
    with_dim(p, part.slot(k), [&]<int Dim>() { f.template operator()<Dim>(part.slot(k), acc); });
  });
}

// Slope and curvature of the constraint cost at alpha along jv.
template <class L, class P> NURI_FN void cost_along(Pack<L>& p, const P& part, typename L::Real alpha, typename L::Real (&out)[2]) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const R *const jar = s.jar(), *const jv = s.jv(), *const stiff = s.D();
  sum_one_sided(p, part, out, [&]<class V>(int i, V* acc) {
    const V v = at<V>(jv, i), x = mul_add(spread<V>(alpha), v, at<V>(jar, i)), t = where(x < V(0), at<V>(stiff, i) * v, V(0));
    acc[0] = mul_add(t, x, acc[0]);
    acc[1] = mul_add(t, v, acc[1]);
  });
  R more[2];
  if (part.sided()) {
    sum_sided(p, part, more, [&](int i, R* acc) {
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
  if (p.model.elliptic && part.slots()) {
    sum_cones(p, part, more, [&]<int Dim>(int i, R* acc) {
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
template <class L, class P> NURI_STAGE typename L::Real line_search(Pack<L>& p, const P part, typename L::Real start, typename L::Real q1, typename L::Real q2, typename L::Real tolerance, typename L::Truth run) {
  using R = typename L::Real;
  // A float cannot see MuJoCo's slope tolerance: 54 evaluations instead of 13, the same iterations.
  const R big = R(1e10f), still = p.real(p.in_float ? 1e-5 : 1e-14), reach = p.in_float ? max(tolerance, R(1e-3f) * abs(start)) : tolerance;
  R alpha = R(1), low = R(0), high = big;                          // alpha = 1 is Newton's own step
  for (int k = 0; k < p.model.ls_iterations && any(run); ++k) {
    ++p.evaluations;
    R d[2];
    cost_along(p, part, alpha, d);
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
template <class L, class P> NURI_FN typename L::Real rows_cost(const Pack<L>& p, const P& part, const typename L::Real* x) {
  using R = typename L::Real;
  R cost[1], cones[1];
  if constexpr (P::is_island) {
    const R* const stiff = p.scratch.D();
    sum_one_sided(p, part, cost, [&]<class V>(int i, V* acc) {
      const V below = min(at<V>(x, i), V(0));
      acc[0] = acc[0] + V(0.5f) * at<V>(stiff, i) * below * below;
    });
    if (part.sided()) {
      sum_sided(p, part, cones, [&](int i, R* acc) { acc[0] = acc[0] + row_cost(p, i, x[i]); });
      cost[0] = cost[0] + cones[0];
    }
  } else {
    sum_rows(p, 0, one_sided_end(p), cost, [&](int i, R* acc) { acc[0] = acc[0] + row_cost(p, i, x[i]); });
  }
  if (p.model.elliptic && part.slots()) {
    sum_cones(p, part, cones, [&]<int Dim>(int i, R* acc) { acc[0] = acc[0] + cone_cost<Dim>(p, i, x + p.scratch.slot_row()[i]); });
    cost[0] = cost[0] + cones[0];
  }
  return cost[0];
}

// Residuals at the last acceleration (jar, with its Ma) and at a_smooth (jv).
template <class L> NURI_FN void residuals_at_starts(Pack<L>& p) {
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
}

// Start from the last acceleration or from a_smooth, whichever is cheaper: acc, jar, Ma. (a_smooth plus what the constraints added
// last time was tried: 12 % fewer iterations where limbs flail, up to 60 % more where a robot lies or stands.) Returns which
// environments have rows.
template <class L, class P> NURI_STAGE typename L::Truth choose_start(Pack<L>& p, const P part, typename L::Real& out_inverse_scale) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R warm = rows_cost(p, part, s.jar()), cold = rows_cost(p, part, s.jv());
  R gauss[2];
  sum_dofs(p, part, gauss, [&](int i, R* acc) {
    acc[0] = mul_add(s.Ma()[i] - s.smooth()[i], s.warm()[i] - s.acc_smooth()[i], acc[0]);
    acc[1] = acc[1] + s.mass()[m.mass_adr[i + 1] - 1];
  });
  R live = R(0);
  if constexpr (P::is_island) {
    for (int k = 0; k < part.listed(); ++k) live = max(live, s.D()[part.listed_row(k)]);
    for (int k = 0; k < part.rows(); ++k) live = max(live, s.D()[part.first_row() + k]);
  } else {
    for (int i = 0; i < p.row_count; ++i) live = max(live, s.D()[i]);
  }
  const auto has = R(0) < live;
  auto reset = (cold < mul_add(p.half(), gauss[0], warm)) | !has;
  if (!m.on(model::flag_warmstart)) reset = p.yes();
  p.lane.sync();
  p.lane.each(part.dofs(), [&](int k) {                            // M a_smooth is the smooth force
    const int i = part.dof(k);
    s.acc()[i] = where(reset, s.acc_smooth()[i], s.warm()[i]);
    s.Ma()[i] = where(reset, s.smooth()[i], s.Ma()[i]);
  });
  each_row(p, part, [&](int i) { s.jar()[i] = where(reset, s.jv()[i], s.jar()[i]); });
  p.lane.sync();
  const bool alone = P::is_island || m.tree_count == 1;
  out_inverse_scale = m.on(model::flag_island) && alone ? gauss[1] : m.mean_inertia[0] * R(float(m.dof_count));
  return has;
}
template <class L> NURI_FN typename L::Truth warm_start(Pack<L>& p, typename L::Real& out_inverse_scale) {
  residuals_at_starts(p);
  return choose_start(p, Everything<L>(p), out_inverse_scale);
}

// grad = M a - smooth - J' f; returns its norm
template <class L, class P> NURI_STAGE typename L::Real gradient(Pack<L>& p, const P part) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  constraint_forces(p, part);
  p.lane.each(part.dofs(), [&](int k) {
    const int i = part.dof(k);
    s.grad()[i] = s.Ma()[i] - s.smooth()[i] - s.constraint()[i];
  });
  p.lane.sync();
  R square[1];
  sum_dofs(p, part, square, [&](int i, R* acc) { acc[0] = mul_add(s.grad()[i], s.grad()[i], acc[0]); });
  return sqrt(square[0]);
}
template <class L> NURI_FN typename L::Real gradient(Pack<L>& p) { return gradient(p, Everything<L>(p)); }

// Change of the constraint cost from jar to jar + alpha jv, and how many rows changed sides (a curved cone always counts).
template <class L, class P> NURI_FN void cost_change(Pack<L>& p, const P& part, typename L::Real alpha, typename L::Real (&out)[2]) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const R *const jar = s.jar(), *const jv = s.jv(), *const stiff = s.D();
  sum_one_sided(p, part, out, [&]<class V>(int i, V* acc) {
    const V D = at<V>(stiff, i), x0 = at<V>(jar, i), x1 = mul_add(spread<V>(alpha), at<V>(jv, i), x0), m0 = min(x0, V(0)), m1 = min(x1, V(0));
    acc[0] = mul_add(V(0.5f) * D * (m1 - m0), m1 + m0, acc[0]);    // a difference of squares does not cancel
    acc[1] = acc[1] + where(x0 < V(0), where(x1 < V(0), V(0), D), where(x1 < V(0), D, V(0)));
  });
  R more[2];
  if (part.sided()) {
    sum_sided(p, part, more, [&](int i, R* acc) {
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
  if (p.model.elliptic && part.slots()) {
    sum_cones(p, part, more, [&]<int Dim>(int i, R* acc) {
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
template <class L, class P> NURI_FN StepTaken<typename L::Real> step_along(Pack<L>& p, const P part, const typename L::Real (&q)[2], typename L::Real inverse_scale, typename L::Truth done) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  R along[2], change[2];
  sum_dofs(p, part, along, [&](int i, R* acc) {
    const R v = s.search()[i];
    acc[0] = mul_add(v, s.Ma()[i] - s.smooth()[i], acc[0]);
    acc[1] = mul_add(v, s.Mv()[i], acc[1]);
  });
  const R length = sqrt(q[1]);
  const auto still = length < p.tiny();
  R alpha = line_search(p, part, q[0], along[0], along[1], m.tolerance[0] * m.ls_tolerance[0] * length * inverse_scale, !done & !still);
  alpha = where(done | still, R(0), alpha);
  cost_change(p, part, alpha, change);
  const R better = -(mul_add(alpha, mul_add(p.half() * alpha, along[1], along[0]), change[0])) * (R(1) / inverse_scale);
  p.iterations = where(done, p.iterations, p.iterations + R(1));
  p.lane.sync();
  each_row(p, part, [&](int i) { s.jar()[i] = mul_add(alpha, s.jv()[i], s.jar()[i]); });
  p.lane.each(part.dofs(), [&](int k) {
    const int i = part.dof(k);
    s.acc()[i] = mul_add(alpha, s.search()[i], s.acc()[i]);
    s.Ma()[i] = mul_add(alpha, s.Mv()[i], s.Ma()[i]);
  });
  p.lane.sync();
  return {alpha, better, change[1]};
}

// H, ready to be solved with by the environments that are `live`
template <class L, class P> NURI_FN void factorize_hessian(Pack<L>& p, const P part, const Pattern& pattern, bool first, typename L::Truth live) {
  stiffen_links(p, first, part);
  ++p.factorizations;
  if (!P::is_island && p.model.along_tree) {
    articulate(p, true);
    couple_branches(p, live);
  } else {
    hessian(p, part, pattern);
    factorize(p, pattern);
  }
}

// search = -inv(H) grad
template <class L, class P> NURI_FN void newton_direction(Pack<L>& p, const P part, const Pattern& pattern) {
  const auto& s = p.scratch;
  if constexpr (P::is_island) {                                    // there and back through Mv, which is computed from the direction
    const int* const position = s.position();
    p.lane.each(part.dofs(), [&](int k) { s.Mv()[position[part.dof(k)]] = -s.grad()[part.dof(k)]; });
    p.lane.sync();
    solve_factored(p, pattern, s.Mv());
    p.lane.each(part.dofs(), [&](int k) { s.search()[part.dof(k)] = s.Mv()[position[part.dof(k)]]; });
    p.lane.sync();
  } else {
    p.lane.each(p.model.dof_count, [&](int i) { s.search()[i] = -s.grad()[i]; });
    p.lane.sync();
    if (p.model.along_tree) solve_articulated(p, s.search(), p.coupled);
    else solve_factored(p, pattern, s.search());
  }
}

// 128 rounding errors: what may be left of forces that cancel. Over 800 states of humanoids and ants, without a warm start, 99 in 100
// constraint forces are then within 1.4e-4 of the solution (2e-3 without refinement), for 1 % more rounds.
constexpr float cancelled = 128 * 1.2e-7f;

// A float never sees MuJoCo's gradient tolerance; the duality gap, which bounds what is left to gain, it does.
template <class L> NURI_FN typename L::Real flat_gradient(const Pack<L>& p) { return p.in_float ? typename L::Real(1e-3f) : p.model.tolerance[0]; }

// From acc, jar, Ma and the gradient there to the least cost; `flat`: whose gradient is small, `done`: who is there.
template <class L, class P> NURI_STAGE void minimise(Pack<L>& p, const P part, const Pattern pattern, typename L::Real inverse_scale, typename L::Truth flat, typename L::Truth done) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const R half = p.half(), tolerance = m.tolerance[0], scale = R(1) / inverse_scale;
  auto exact = p.no();                                             // no row changed sides in the last step, H stands
  for (int iteration = 0; iteration < m.iterations && any(!done); ++iteration) {
    if (any(!done & !exact)) factorize_hessian(p, part, pattern, iteration == 0, !done);
    newton_direction(p, part, pattern);
    R q[2];
    sum_dofs(p, part, q, [&](int i, R* acc) {
      const R v = s.search()[i];
      acc[0] = mul_add(s.grad()[i], v, acc[0]);
      acc[1] = mul_add(v, v, acc[1]);
    });
    const auto small = -(half * scale * q[0]) < tolerance;         // expected improvement; at first only if the gradient is flat too
    done = done | (iteration ? small : flat & small);
    if (!any(!done)) break;
    ++p.rounds;
    if (!P::is_island && m.along_tree) {                           // body6: from solving for it
      times_jacobian(p, s.search(), s.jv(), s.body6());
      times_inertias(p, s.search(), s.Mv());
    } else {
      times_jacobian(p, s.search(), s.jv(), part);
      times_mass(p, s.search(), s.Mv(), part);
    }
    const auto step = step_along(p, part, q, inverse_scale, done);
    const R norm = scale * gradient(p, part);
    done = done | (norm < tolerance) | ((R(0) < step.better) & (step.better < tolerance)) | (step.alpha <= R(0));
    exact = step.turned <= R(0);
    if (any(exact & !done)) {
      // Then only rounding is left: c eps of the forces that should cancel, and the acceleration is as good as any. More: of a long
      // step, whose own forces were far larger; the next step, by the same H, ends it.
      R forces[1];
      sum_dofs(p, part, forces, [&](int i, R* acc) {
        acc[0] = mul_add(s.Ma()[i], s.Ma()[i], mul_add(s.smooth()[i], s.smooth()[i], mul_add(s.constraint()[i], s.constraint()[i], acc[0])));
      });
      done = done | (exact & (norm < scale * R(cancelled) * sqrt(forces[0])));
    }
  }
}

// grad . inv(M) grad for `part`, from both; half of it bounds what is left to gain
template <class L, class P> NURI_FN typename L::Real duality_gap(const Pack<L>& p, const P& part) {
  const auto& s = p.scratch;
  typename L::Real gap[1];
  sum_dofs(p, part, gap, [&](int i, typename L::Real* acc) { acc[0] = mul_add(s.grad()[i], s.search()[i], acc[0]); });
  return gap[0];
}
// y = inv(M) grad (M's factor is still there)
template <class L> NURI_FN void preconditioned_gradient(Pack<L>& p, typename L::Real* const y) {
  const auto& s = p.scratch;
  p.lane.each(p.model.dof_count, [&](int i) { y[i] = s.grad()[i]; });
  p.lane.sync();
  solve_inertia(p, y);
}

// Island by island. The starts of all come first: M's factor lies where the islands' matrices go.
template <class L> NURI_STAGE void solve_islands(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Island<L> rest(p, p.islands);                              // trees without rows
  p.lane.each(rest.dofs(), [&](int k) {
    const int i = rest.dof(k);
    s.acc()[i] = s.acc_smooth()[i];
    s.constraint()[i] = s.grad()[i] = R(0);
  });
  p.lane.sync();
  residuals_at_starts(p);
  constexpr int running = 0, flat = 1, done = 2;
  bool some_flat = false;
  for (int k = 0; k < p.islands; ++k) {
    const Island<L> part(p, k);
    R inverse_scale;
    const auto has = choose_start(p, part, inverse_scale);
    const auto small = gradient(p, part) < flat_gradient(p) * inverse_scale;
    const int found = !any(has) ? done : any(small) ? flat : running;
    some_flat = some_flat || found == flat;
    p.lane.once([&] {
      s.island_state()[k] = found;
      s.island_scale()[k] = inverse_scale;
    });
    p.lane.sync();
  }
  if (some_flat) {
    preconditioned_gradient(p, s.search());
    for (int k = 0; k < p.islands; ++k) {
      if (s.island_state()[k] != flat) continue;
      const bool there = any(p.half() * duality_gap(p, Island<L>(p, k)) < m.tolerance[0] * s.island_scale()[k]);
      p.lane.sync();
      if (there) p.lane.once([&] { s.island_state()[k] = done; });
      p.lane.sync();
    }
  }
  for (int k = 0; k < p.islands; ++k) {
    const int found = s.island_state()[k];
    if (found == done) continue;
    const Island<L> part(p, k);
    const Pattern pattern = order_trees(p, part);
    if (p.no_room) return;                                         // nothing of this substep will be kept
    minimise(p, part, pattern, s.island_scale()[k], found == flat ? p.yes() : p.no(), p.no());
  }
}

template <class L> NURI_STAGE void solve_newton(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  if constexpr (L::width == 1) {
    if (m.heap) return solve_islands(p);
  }
  const Everything<L> all(p);
  R inverse_scale;
  const auto has = warm_start(p, inverse_scale);
  const R scale = R(1) / inverse_scale;
  const auto flat = scale * gradient(p) < flat_gradient(p);
  auto done = !has;
  if (any(flat & !done)) {                                         // zero iterations: gradient and duality gap are small
    preconditioned_gradient(p, p.scratch.search());
    done = done | (flat & (p.half() * scale * duality_gap(p, all) < m.tolerance[0]));
  }
  if (any(!done) && !m.along_tree) fill_pattern(p);
  if (p.no_room) return;                                           // nothing of this substep will be kept
  minimise(p, all, m.along_tree ? Pattern{} : pack_pattern(p), inverse_scale, flat, done);
}

NURI_KERNEL_END
