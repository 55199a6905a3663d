// The dual problem's room in scratch, and the whitened Jacobian Y = J inv(L) inv(sqrt(D)) of all rows, M = L' D L: Y Y' = J inv(M) J'.
// For PGS, noslip and the exact diagonal.
#pragma once
#include "physics/kernel/factor.h"
#include "physics/kernel/jacobian.h"

NURI_KERNEL_BEGIN

// What lies in scratch.dual(). `rows` is this step's row_count, at most room.rows.
template <class R> struct Dual {
  int rows;
  R *half, *matrix;                 // Y (rows, dofs); A + R (rows, rows)
  R *force, *residual;              // f; b + (A + R) f
  R *last_force, *last_residual;    // the same after the last sweep, without momentum
  R* inverse;                       // 1 / diagonal of A + R
};
constexpr int dual_size(int rows, int dofs) { return rows * (dofs + rows + 5); }

template <class L> NURI_FN Dual<typename L::Real> dual_of(const Pack<L>& p) {
  const int n = p.row_count;
  auto* const half = p.scratch.dual();
  auto* const matrix = half + n * p.model.dof_count;
  auto* const force = matrix + n * n;
  return {n, half, matrix, force, force + n, force + 2 * n, force + 3 * n, force + 4 * n};
}

// Y, from M's factor; `unit`: room for a number per dof
template <class L> NURI_STAGE void whiten_jacobian(Pack<L>& p, typename L::Real* const unit) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  const Dual<R> dual = dual_of(p);
  const int n = m.dof_count;
  // J, a column per dof
  for (int d = 0; d < n; ++d) {
    p.lane.each(n, [&](int i) { unit[i] = R(i == d ? 1.0f : 0.0f); });
    p.lane.sync();
    times_jacobian(p, unit, s.jv());
    p.lane.each(dual.rows, [&](int i) { dual.half[i * n + d] = where(R(0) < s.D()[i], s.jv()[i], R(0)); });
    p.lane.sync();
  }
  // Y = J inv(L) inv(sqrt(D)), in place
  const Pattern tree = tree_pattern(p);
  p.lane.each(dual.rows, [&](int i) {
    R* const y = dual.half + i * n;
    for (int k = n - 1; k >= 0; --k) {
      const R v = y[k];
      const R* const row = s.lower() + triangle(k);
      for (int a = tree.adr[k]; a < tree.end[k]; ++a) y[tree.column[a]] = sub_mul(y[tree.column[a]], row[tree.column[a]], v);
      y[k] = v * sqrt(s.inverse_diagonal()[k]);
    }
  });
  p.lane.sync();
}

NURI_KERNEL_END
