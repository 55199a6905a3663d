// Projected Gauss-Seidel on the dual problem. MuJoCo documentation, Computation, "Solvers"; mj_solPGS.
//
//   minimise over f in the friction cones:  1/2 f' (A + R) f + f' b        A = J inv(M) J', b = J a_smooth - aref, R = 1/D
//
// Row by row (a contact with an elliptic cone: all its rows), the force that is best while the others stay. The residual
// b + (A + R) f of all rows is kept up to date instead of being summed for each row: a row that no environment changes costs
// nothing, and rounding stays small against the residual itself. A comes from half a solve per row, y = inv(sqrt(D) L') J' with
// M = L' D L, as Y Y': symmetric and never indefinite, in float too.
//
// Each sweep has another pseudo-random order, and starts ahead of the last forces by Nesterov's momentum, which is dropped when
// the cost rises (O'Donoghue and Candes 2015, "Adaptive restart"). Sweeps in the order of the rows need 5 to 15 times as
// many iterations on stacked boxes; these need as many as MuJoCo's. Iterates differ from MuJoCo's, the minimum does not.
//
// An environment without a row has J = 0, R = 1, b = 0 there and so keeps f = 0; its other rows come in the same order.
//
// What follows reads forces from residuals (contact_force.h). The dual's forces become the residuals x = -f / D: a force inside
// the friction cone is just a residual in the cone's bottom zone (|f_k / friction_k| <= f_0 <=> mu N + T <= 0), so they come back.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/contact_force.h"
#include "physics/kernel/dual.h"
#include "physics/kernel/newton.h"
#include "physics/kernel/qcqp.h"

NURI_KERNEL_BEGIN

// A + R
template <class L> NURI_STAGE void dual_matrix(Pack<L>& p) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const Dual<R> dual = dual_of(p);
  const int n = p.model.dof_count;
  whiten_jacobian(p, s.search());
  // item i owns (i, j) and (j, i) for j <= i
  p.lane.each(dual.rows, [&](int i) {
    const auto here = R(0) < s.D()[i];
    const R* const y = dual.half + i * n;
    for (int j = 0; j <= i; ++j) {
      const R* const z = dual.half + j * n;
      R sum = y[0] * z[0];
      for (int k = 1; k < n; ++k) sum = mul_add(y[k], z[k], sum);
      if (i == j) {
        sum = where(here, sum + R(1) / where(here, s.D()[i], R(1)), R(1));
        dual.inverse[i] = R(1) / sum;
      }
      dual.matrix[i * dual.rows + j] = dual.matrix[j * dual.rows + i] = sum;
    }
  });
  p.lane.sync();
}

// Forces that the last acceleration would need, or none if those are better. Returns which environments have rows.
template <class L> NURI_STAGE typename L::Truth dual_start(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Dual<R> dual = dual_of(p);
  const int rows = dual.rows;
  times_jacobian(p, s.acc_smooth(), s.jv());
  times_jacobian(p, s.warm(), s.jar());
  p.lane.each(rows, [&](int i) {
    s.jv()[i] = where(R(0) < s.D()[i], s.jv()[i] - s.aref()[i], R(0));
    s.jar()[i] = where(R(0) < s.D()[i], s.jar()[i] - s.aref()[i], R(0));
  });
  p.lane.sync();
  const bool warm = m.on(model::flag_warmstart);
  p.lane.each(one_sided_end(p), [&](int i) { dual.force[i] = warm ? row_force(p, i) : R(0); });
  if (m.elliptic)
    p.lane.each(p.slot_count, [&](int slot) {
      with_dim(p, slot, [&]<int Dim>() {
        R f[Dim];
        contact_force<Dim>(p, slot, f);
        for (int k = 0; k < Dim; ++k) dual.force[s.slot_row()[slot] + k] = warm ? f[k] : R(0);
      });
    });
  p.lane.sync();
  p.lane.each(rows, [&](int i) {
    const R* const row = dual.matrix + i * rows;
    R sum = s.jv()[i];
    for (int j = 0; j < rows; ++j) sum = mul_add(row[j], dual.force[j], sum);
    dual.residual[i] = sum;
  });
  p.lane.sync();
  R cost[1], live = R(0);                                          // twice the cost: f' (b + residual)
  sum_rows(p, 0, rows, cost, [&](int i, R* acc) { acc[0] = mul_add(dual.force[i], s.jv()[i] + dual.residual[i], acc[0]); });
  for (int i = 0; i < rows; ++i) live = max(live, s.D()[i]);
  const auto keep = cost[0] <= R(0);
  p.lane.sync();
  p.lane.each(rows, [&](int i) {
    dual.force[i] = dual.last_force[i] = where(keep, dual.force[i], R(0));
    dual.residual[i] = dual.last_residual[i] = where(keep, dual.residual[i], s.jv()[i]);
  });
  p.lane.sync();
  return R(0) < live;
}

// Who takes part in a sweep, and who starts it ahead of a feasible force.
template <class L> struct Sweep { typename L::Truth run, ahead; };

// force[row + k] = f[k], unless the cost would rise above that of a feasible force. Returns how much it falls.
template <int Dim, class L> NURI_FN typename L::Real dual_update(const Pack<L>& p, int row, const typename L::Real (&f)[Dim], const Sweep<L>& who) {
  using R = typename L::Real;
  const Dual<R> dual = dual_of(p);
  const R* const matrix = dual.matrix + row * dual.rows;
  R d[Dim], change = R(0);
  NURI_UNROLL for (int k = 0; k < Dim; ++k) d[k] = f[k] - dual.force[row + k];
  NURI_UNROLL for (int k = 0; k < Dim; ++k) {
    R sum = R(0);
    NURI_UNROLL for (int j = 0; j < Dim; ++j) sum = mul_add(matrix[k * dual.rows + row + j], d[j], sum);
    change = mul_add(d[k], mul_add(p.half(), sum, dual.residual[row + k]), change);
  }
  const auto take = who.run & (who.ahead | (change <= p.real(1e-10)));   // MuJoCo's slack
  auto moved = p.no();
  NURI_UNROLL for (int k = 0; k < Dim; ++k) {
    d[k] = where(take, d[k], R(0));
    moved = moved | (d[k] < R(0)) | (R(0) < d[k]);
  }
  if (!any(moved)) return R(0);
  p.lane.sync();
  p.lane.once([&] { NURI_UNROLL for (int k = 0; k < Dim; ++k) dual.force[row + k] = where(take, f[k], dual.force[row + k]); });
  p.lane.each(dual.rows, [&](int j) {
    R sum = dual.residual[j];
    NURI_UNROLL for (int k = 0; k < Dim; ++k) sum = mul_add(matrix[k * dual.rows + j], d[k], sum);
    dual.residual[j] = sum;
  });
  p.lane.sync();
  return where(take, -change, R(0));
}

template <class L> NURI_FN typename L::Real sweep_row(const Pack<L>& p, int i, const Sweep<L>& who) {
  using R = typename L::Real;
  const Dual<R> dual = dual_of(p);
  R f[1] = {sub_mul(dual.force[i], dual.residual[i], dual.inverse[i])};
  if (i >= p.equality_rows + p.friction_rows) f[0] = max(f[0], R(0));
  else if (i >= p.equality_rows) f[0] = max(-p.scratch.row_loss()[i], min(p.scratch.row_loss()[i], f[0]));
  return dual_update(p, i, f, who);
}

// An elliptic contact: first along the ray of its force (or the normal, if it has none), then the friction at that normal force.
// As in MuJoCo, a contact without force gets one only if its normal row alone wants it: a separating contact whose sliding would
// press it down stays without, where Newton finds its force.
template <int Dim, class L> NURI_FN typename L::Real sweep_cone(const Pack<L>& p, int slot, const Sweep<L>& who) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const Dual<R> dual = dual_of(p);
  const int row = s.slot_row()[slot];
  const R *const old = dual.force + row, *const residual = dual.residual + row;
  auto matrix = [&](int i, int j) { return dual.matrix[(row + i) * dual.rows + row + j]; };
  // ray: f = (1 + x) old with x = -old' residual / old' A old, never past the cone's tip
  R bend = R(0), slope = R(0);
  NURI_UNROLL for (int i = 0; i < Dim; ++i) {
    R sum = R(0);
    NURI_UNROLL for (int j = 0; j < Dim; ++j) sum = mul_add(matrix(i, j), old[j], sum);
    bend = mul_add(old[i], sum, bend);
    slope = mul_add(old[i], residual[i], slope);
  }
  const auto bends = p.tiny() <= bend;
  const R x = where(bends, max(-(slope / where(bends, bend, R(1))), R(-1)), R(0));
  R f[Dim];
  f[0] = where(old[0] < p.tiny(), max(sub_mul(old[0], residual[0], dual.inverse[row]), R(0)), mul_add(x, old[0], old[0]));
  // friction: its own part of the residual without its old force, moved to the new normal force
  R A[triangle_size(Dim - 1)], b[Dim - 1], d[Dim - 1], v[Dim - 1];
  NURI_UNROLL for (int i = 1; i < Dim; ++i) {
    d[i - 1] = s.slot_friction()[5 * slot + i - 1];
    b[i - 1] = mul_add(matrix(i, 0), f[0] - old[0], residual[i]);
    NURI_UNROLL for (int j = 1; j < Dim; ++j) {
      b[i - 1] = sub_mul(b[i - 1], matrix(i, j), old[j]);
      if (j <= i) A[triangle(i - 1) + j - 1] = matrix(i, j);
    }
  }
  const auto presses = p.tiny() <= f[0];
  const auto slides = friction_in_ellipsoid<Dim - 1>(p, A, b, d, f[0], who.run & presses, v);
  friction_onto_ellipsoid(p, d, f[0], slides, v);
  NURI_UNROLL for (int k = 0; k < Dim - 1; ++k) f[k + 1] = where(presses, v[k], R(0));
  return dual_update(p, row, f, who);
}

// Passes of a sweep. A row (a cone: its first row) comes in a pass drawn from its static id and the iteration, and within a pass in
// the order of the rows: shuffled well enough, and two rows come in the same order whatever else the pack has.
inline constexpr uint32_t sweep_passes = 16;
NURI_VALUE uint32_t sweep_pass(int key, int iteration) {
  uint32_t x = uint32_t(key) * 0x9e3779b1u ^ uint32_t(iteration) * 0x85ebca77u;
  x = (x ^ x >> 15) * 0x2c1b3c6du;
  x = (x ^ x >> 12) * 0x297a2d39u;
  return (x ^ x >> 15) % sweep_passes;
}

// One sweep over all rows. Returns how much the cost falls.
template <class L> NURI_STAGE typename L::Real sweep(Pack<L>& p, int iteration, const Sweep<L>& who) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  const int single = one_sided_end(p);
  R better = R(0);
  for (uint32_t pass = 0; pass < sweep_passes; ++pass) {
    for (int i = 0; i < single; ++i)
      if (sweep_pass(s.row_key()[i], iteration) == pass) better = better + sweep_row(p, i, who);
    for (int slot = 0; p.model.elliptic && slot < p.slot_count; ++slot) {
      if (sweep_pass(s.row_key()[s.slot_row()[slot]], iteration) != pass) continue;
      with_dim(p, slot, [&]<int Dim>() {
        if constexpr (Dim == 1) better = better + sweep_row(p, s.slot_row()[slot], who);
        else better = better + sweep_cone<Dim>(p, slot, who);
      });
    }
  }
  return better;
}

// Accepts the sweep's forces, or goes back to the last ones; then moves ahead by `momentum` times the last change. The residual is
// linear in f and moves along. Returns how much the cost rises by moving ahead.
template <class L> NURI_FN typename L::Real move_ahead(Pack<L>& p, typename L::Truth accept, typename L::Real momentum) {
  using R = typename L::Real;
  const Dual<R> dual = dual_of(p);
  auto ahead = [&](R& now, R& last) {
    const R taken = where(accept, now, last);
    now = where(accept, mul_add(momentum, now - last, now), last);
    last = taken;
  };
  p.lane.sync();
  p.lane.each(dual.rows, [&](int i) {
    ahead(dual.force[i], dual.last_force[i]);
    ahead(dual.residual[i], dual.last_residual[i]);
  });
  p.lane.sync();
  R rise[1];
  sum_rows(p, 0, dual.rows, rise, [&](int i, R* acc) {
    acc[0] = mul_add(dual.force[i] - dual.last_force[i], dual.residual[i] + dual.last_residual[i], acc[0]);
  });
  return p.half() * rise[0];
}

// Forces as residuals, then accelerations: a = a_smooth + inv(M) J' f
template <class L> NURI_FN void take_forces(Pack<L>& p, const typename L::Real* const force) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(p.row_count, [&](int i) {
    const auto here = R(0) < s.D()[i];
    s.jar()[i] = where(here, -(force[i] / where(here, s.D()[i], R(1))), R(0));
  });
  p.lane.sync();
  constraint_forces(p);
  p.lane.each(m.dof_count, [&](int i) { s.acc()[i] = s.constraint()[i]; });
  p.lane.sync();
  solve_factored(p, tree_pattern(p), s.acc());
  p.lane.each(m.dof_count, [&](int i) { s.acc()[i] = s.acc_smooth()[i] + s.acc()[i]; });
  p.lane.sync();
}

template <class L> NURI_STAGE void solve_pgs(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Dual<R> dual = dual_of(p);
  dual_matrix(p);
  auto run = dual_start(p);
  R trace[1];                                                      // of M: MuJoCo's scale of improvements
  sum_dofs(p, trace, [&](int i, R* acc) { acc[0] = acc[0] + s.mass()[m.mass_adr[i + 1] - 1]; });
  const R scale = R(1) / trace[0];
  R weight = R(1), rise = R(0);                                    // Nesterov's sequence; what the last move ahead cost
  for (int iteration = 0; iteration < m.iterations && any(run); ++iteration) {
    const auto ahead = R(1) < weight;
    const R better = sweep(p, iteration, Sweep<L>{run, ahead}) - rise;
    const auto accept = run & !(ahead & (better < R(0)));
    const R next = p.half() * (R(1) + sqrt(mul_add(R(4) * weight, weight, R(1))));
    rise = move_ahead(p, accept, (weight - R(1)) / next);
    weight = where(accept, next, R(1));
    p.iterations = where(run, p.iterations + R(1), p.iterations);
    ++p.rounds;
    run = run & ((m.tolerance[0] <= scale * better) | !accept);
  }
  take_forces(p, dual.last_force);
}

NURI_KERNEL_END
