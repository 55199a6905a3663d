// Exact diagonal of J inv(M) J' (MJCF: flag diagexact) instead of the one that the model has from its initial pose. MuJoCo documentation,
// Computation, "Diagonal approximation".
//
// R of a row is its diagonal times (1 - d) / d, so D is scaled by model over exact. A contact goes by its first row alone: a pyramid's R is
// 2 mu^2 / impratio times that of its first edge, friction rows of an elliptic cone follow from the normal's (rows.h).
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/adhesion.h"
#include "physics/kernel/dual.h"

NURI_KERNEL_BEGIN

// In `pull` a contact's adhesion is a R, a pyramid's over all its rows (rows.h): sign 1 puts it in, -1 takes it out.
template <class L> NURI_FN void add_adhesion_pull(Pack<L>& p, typename L::Real sign) {
  using R = typename L::Real;
  const auto& s = p.scratch;
  p.lane.each(p.slot_count, [&](int slot) {
    const int row = s.slot_row()[slot], rows = p.model.elliptic ? 1 : row_end(p, slot) - row;
    const auto here = R(0) < s.D()[row];
    for (int r = row; r < row + rows; ++r) s.aref()[r] = sub_mul(s.aref()[r], slot_adhesion(p, slot) * sign, R(1) / (where(here, s.D()[r], R(1)) * R(float(rows))));
  });
  p.lane.sync();
}

// After the rows are made, before aref is: D, and what adhesion adds to `pull` (in aref), whose R it needs.
template <class L> NURI_STAGE void exact_diagonal(Pack<L>& p) {
  using R = typename L::Real;
  const auto& m = p.model;
  const auto& s = p.scratch;
  if (m.on(model::flag_adhesion)) add_adhesion_pull(p, R(-1));     // out with the old one
  const Dual<R> dual = dual_of(p);
  const int n = m.dof_count;
  whiten_jacobian(p, dual.half + dual_size(dual.rows, n));
  auto exact = [&](int i) {
    const R* const y = dual.half + i * n;
    R sum = y[0] * y[0];
    for (int k = 1; k < n; ++k) sum = mul_add(y[k], y[k], sum);
    return max(p.tiny(), sum);
  };
  p.lane.each(p.listed_count, [&](int i) { s.D()[i] = s.D()[i] * (m.row_invweight[s.listed()[i]] / exact(i)); });
  p.lane.each(p.slot_count, [&](int slot) {
    const Pick<R> pair(s.slot_pair()[slot]);
    const int row = s.slot_row()[slot];
    R edge = R(1);
    if (!m.elliptic && m.owner_dim[s.slot_owner()[slot]] > 1) {
      const R mu = s.slot_friction()[5 * slot];
      edge = (mu * mu + mu * mu) / m.impratio[0];
    }
    const R scale = where(R(0) < s.D()[row], pair.of(m.pair_invweight, 1, 0) / (exact(row) * edge), R(0));
    for (int r = row; r < row_end(p, slot); ++r) s.D()[r] = s.D()[r] * scale;
  });
  p.lane.sync();
  if (m.on(model::flag_adhesion)) add_adhesion_pull(p, R(1));
}

NURI_KERNEL_END
