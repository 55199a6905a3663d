// Noslip: after the solver, sweeps over friction alone, as if it were hard. MuJoCo documentation, Computation, "NoSlip solver"; mj_solNoSlip.
//
//   minimise over the friction in f, within the cones at the normal forces that the solver found:  1/2 f' A f + f' b
//
// Of the dual problem (pgs.h), without R: what softens the constraints also lets a body creep down a slope at the speed that R f stands for.
// Swept are rows of dry friction, and of contacts with friction what lies in the tangent plane; equalities, limits and normal forces
// stay. Few sweeps are asked for (dm_control's dog: 4), so the order counts, and it is MuJoCo's: rows as they stand, contacts by their bodies
// (those of the same two bodies by condim first, where MuJoCo goes by their geoms).
//
// Two opposite edges of a pyramid pull along one tangent, (mid + y, mid - y): only y moves, so the normal force stays. With K the diagonal of
// A along that tangent, |Y_0 - Y_1|^2, the best y is y - (residual_0 - residual_1) / K.
#pragma once
#include "physics/kernel/enums.h"
#include "physics/kernel/pgs.h"

NURI_KERNEL_BEGIN

// Slots in the order of their bodies, the lower one first; between the same two as they stand.
template <class L> NURI_FN void order_slots(const Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.once([&] {
    auto before = [&](int a, int b) {
      const int o = s.slot_owner()[a], q = s.slot_owner()[b];
      auto low = [&](int i) { return m.owner_body1[i] < m.owner_body2[i] ? m.owner_body1[i] : m.owner_body2[i]; };
      auto high = [&](int i) { return m.owner_body1[i] < m.owner_body2[i] ? m.owner_body2[i] : m.owner_body1[i]; };
      return low(o) != low(q) ? low(o) < low(q) : high(o) < high(q);
    };
    for (int i = 0; i < p.slot_count; ++i) {
      int k = i;
      for (; k && before(i, s.slot_order()[k - 1]); --k) s.slot_order()[k] = s.slot_order()[k - 1];
      s.slot_order()[k] = i;
    }
  });
  p.lane.sync();
}

// A, the solver's forces and their residual b + A f, where friction is; in `inverse` 1 / diagonal, of a pyramid's first of two edges 1 / K.
template <class L> NURI_STAGE void noslip_start(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int n = m.dof_count;
  if (m.solver != solver::pgs) {
    factor_mass(p);
    dual_matrix(p);
  }
  const Dual<R> dual = dual_of(p);
  const int rows = dual.rows;
  p.lane.each(one_sided_end(p), [&](int i) { dual.force[i] = row_force(p, i); });
  if (m.elliptic)
    p.lane.each(p.slot_count, [&](int slot) {
      with_dim(p, slot, [&]<int Dim>() {
        R f[Dim];
        contact_force<Dim>(p, slot, f);
        for (int k = 0; k < Dim; ++k) dual.force[s.slot_row()[slot] + k] = f[k];
      });
    });
  auto square = [&](auto term) {
    R sum = R(0);
    for (int k = 0; k < n; ++k) {
      const R v = term(k);
      sum = mul_add(v, v, sum);
    }
    return sum;
  };
  p.lane.each(rows, [&](int i) {
    const R* const y = dual.half + i * n;
    const R own = square([&](int k) { return y[k]; });
    dual.matrix[i * rows + i] = own;
    dual.inverse[i] = R(1) / max(p.tiny(), own);
  });
  p.lane.sync();
  if (!m.elliptic)
    p.lane.each(p.slot_count, [&](int slot) {
      if (m.owner_dim[s.slot_owner()[slot]] == 1) return;
      for (int i = s.slot_row()[slot]; i < row_end(p, slot); i += 2) {
        const R *const y = dual.half + i * n, *const z = y + n;
        dual.inverse[i] = R(1) / max(p.tiny(), square([&](int k) { return y[k] - z[k]; }));
      }
    });
  times_jacobian(p, s.acc_smooth(), s.jv());
  p.lane.each(rows, [&](int i) {
    const R* const row = dual.matrix + i * rows;
    R sum = where(R(0) < s.D()[i], s.jv()[i] - s.aref()[i], R(0));
    for (int j = 0; j < rows; ++j) sum = mul_add(row[j], dual.force[j], sum);
    dual.residual[i] = sum;
  });
  p.lane.sync();
}

// Two opposite edges of a pyramid.
template <class L> NURI_FN typename L::Real sweep_edges(const Pack<L>& p, int row, const Sweep<L>& who) {
  using R = typename L::Real;
  const Dual<R> dual = dual_of(p);
  const R mid = p.half() * (dual.force[row] + dual.force[row + 1]), y = p.half() * (dual.force[row] - dual.force[row + 1]);
  const R best = max(-mid, min(mid, sub_mul(y, dual.residual[row] - dual.residual[row + 1], dual.inverse[row])));
  const R f[2] = {mid + best, mid - best};
  return dual_update(p, row, f, who);
}

// Friction of an elliptic contact at its normal force.
template <int Dim, class L> NURI_FN typename L::Real sweep_friction(const Pack<L>& p, int slot, const Sweep<L>& who) {
  using R = typename L::Real;
  constexpr int n = Dim - 1;
  const auto& s = p.scratch;
  const Dual<R> dual = dual_of(p);
  const int row = s.slot_row()[slot] + 1;
  const R normal = dual.force[row - 1], *const old = dual.force + row;
  auto matrix = [&](int i, int j) {
    const R value = dual.matrix[(row + i) * dual.rows + row + j];
    return i == j ? max(p.real(1e-10), value) : value;             // MuJoCo's least
  };
  R A[triangle_size(n)], b[n], d[n], v[n];
  NURI_UNROLL for (int i = 0; i < n; ++i) {
    d[i] = s.slot_friction()[5 * slot + i];
    b[i] = dual.residual[row + i];
    NURI_UNROLL for (int j = 0; j < n; ++j) {
      b[i] = sub_mul(b[i], matrix(i, j), old[j]);
      if (j <= i) A[triangle(i) + j] = matrix(i, j);
    }
  }
  const auto presses = p.tiny() <= normal;
  R f[n];
  const auto slides = friction_in_ellipsoid<n>(p, A, b, d, normal, who.run & presses, v);
  friction_onto_ellipsoid(p, d, normal, slides, v);
  NURI_UNROLL for (int k = 0; k < n; ++k) f[k] = where(presses, v[k], R(0));
  return dual_update(p, row, f, who);
}

template <class L> NURI_STAGE void solve_noslip(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  order_slots(p);
  noslip_start(p);
  const Dual<R> dual = dual_of(p);
  R trace[1], soft[1];                                             // what R costs counts as the first sweep's gain, as in MuJoCo
  sum_dofs(p, trace, [&](int i, R* acc) { acc[0] = acc[0] + s.mass()[m.mass_adr[i + 1] - 1]; });
  sum_rows(p, 0, dual.rows, soft, [&](int i, R* acc) { acc[0] = acc[0] + where(R(0) < s.D()[i], p.half() * dual.force[i] * dual.force[i] / max(s.D()[i], p.tiny()), R(0)); });
  const R scale = R(1) / trace[0];
  R live = R(0);
  for (int i = 0; i < dual.rows; ++i) live = max(live, s.D()[i]);
  auto run = R(0) < live;
  for (int iteration = 0; iteration < m.noslip_iterations && any(run); ++iteration) {
    const Sweep<L> always{run, p.yes()}, better_only{run, p.no()};   // a single number at its best needs no look at the cost
    R better = iteration ? R(0) : soft[0];
    for (int i = p.equality_rows; i < p.equality_rows + p.friction_rows; ++i) better = better + sweep_row(p, i, always);
    for (int k = 0; k < p.slot_count; ++k)
      with_dim(p, s.slot_order()[k], [&]<int Dim>() {
        const int slot = s.slot_order()[k];
        if constexpr (Dim > 1) {
          if (m.elliptic) better = better + sweep_friction<Dim>(p, slot, better_only);
          else for (int row = s.slot_row()[slot]; row < row_end(p, slot); row += 2) better = better + sweep_edges(p, row, always);
        }
      });
    p.iterations = where(run, p.iterations + R(1), p.iterations);
    ++p.rounds;
    run = run & (m.noslip_tolerance[0] <= scale * better);
  }
  take_forces(p, dual.force);
}

NURI_KERNEL_END
