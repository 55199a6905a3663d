// Sparse factorisation A = L' D L of symmetric positive matrices over degrees of freedom (Featherstone 2005), and products
// with the mass matrix.
//
// A lies in a dense lower triangle; only entries of a Pattern are touched: the tree pattern for M, or the pack's pattern
// when contacts between moving bodies couple branches (fill.h). Elimination goes from the last dof to the first, entries
// accumulate in ascending index, one fma per term, whatever the pattern: dense, sparse, CPU and CUDA give equal bits.
// Left-looking elimination was measured slower (short chains that wait for each other).
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

// For each dof: columns left of the diagonal [adr, end) in `column`, rows below it [below_adr, below_end) in `below`; ascending.
struct Pattern { const int *adr, *end, *column, *below_adr, *below_end, *below; };

template <class L> NURI_FN Pattern tree_pattern(const Pack<L>& p) {
  const auto& m = p.model;
  return {m.ancestor_adr, m.ancestor_adr + 1, m.ancestor, m.descendant_adr, m.descendant_adr + 1, m.descendant};
}

// The lower triangle in L becomes its factor: unit lower L, 1/D in inverse_diagonal.
template <class L> NURI_STAGE void factorize(Pack<L>& p, const Pattern pattern) {
  using R = typename L::Real;
  R *const A = p.scratch.lower(), *const inverse = p.scratch.inverse_diagonal();
  for (int k = p.model.dof_count - 1; k >= 0; --k) {
    const int n = pattern.end[k] - pattern.adr[k];
    const int* const column = pattern.column + pattern.adr[k];
    R* const row = A + triangle(k);
    const R inv = R(1) / row[k];
    p.lane.each(n, [&](int a) {
      const R l = row[column[a]] * inv;
      R* const up = A + triangle(column[a]);
      for (int b = 0; b <= a; ++b) up[column[b]] = sub_mul(up[column[b]], l, row[column[b]]);
    });
    p.lane.sync();
    p.lane.each(n, [&](int a) { row[column[a]] = row[column[a]] * inv; });
    p.lane.once([&] { inverse[k] = inv; });
    p.lane.sync();
  }
}

// x = inv(A) x
template <class L> NURI_STAGE void solve_factored(Pack<L>& p, const Pattern pattern, typename L::Real* const x) {
  using R = typename L::Real;
  const int n = p.model.dof_count;
  const R *const A = p.scratch.lower(), *const inverse = p.scratch.inverse_diagonal();
  for (int k = n - 1; k >= 0; --k) {
    const int* const column = pattern.column + pattern.adr[k];
    const R* const row = A + triangle(k);
    const R v = x[k];
    p.lane.each(pattern.end[k] - pattern.adr[k], [&](int a) { x[column[a]] = sub_mul(x[column[a]], row[column[a]], v); });
    p.lane.sync();
  }
  p.lane.each(n, [&](int i) { x[i] = x[i] * inverse[i]; });
  p.lane.sync();
  for (int k = 0; k < n; ++k) {
    const int* const below = pattern.below + pattern.below_adr[k];
    const R v = x[k];
    p.lane.each(pattern.below_end[k] - pattern.below_adr[k], [&](int a) { x[below[a]] = sub_mul(x[below[a]], A[triangle(below[a]) + k], v); });
    p.lane.sync();
  }
}

// L = M, with add(i) on the diagonal.
template <class L, class F> NURI_FN void load_mass(Pack<L>& p, F add) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  p.lane.each(m.dof_count, [&](int i) {
    const auto* const row = s.mass() + m.mass_adr[i];
    const int* const above = m.ancestor + m.ancestor_adr[i];
    const int n = m.ancestor_adr[i + 1] - m.ancestor_adr[i];
    auto* const out = s.lower() + triangle(i);
    for (int k = 0; k < n; ++k) out[above[k]] = row[k];
    out[i] = add(i, row[n]);
  });
  p.lane.sync();
}

template <class L> NURI_STAGE void factor_mass(Pack<L>& p) {
  load_mass(p, [](int, auto diagonal) { return diagonal; });
  factorize(p, tree_pattern(p));
}

// y = M x
template <class L> NURI_STAGE void times_mass(Pack<L>& p, const typename L::Real* x, typename L::Real* y) {
  using R = typename L::Real;
  const auto& m = p.model;
  const R* const mass = p.scratch.mass();
  p.lane.each(m.dof_count, [&](int i) {
    const R* const row = mass + m.mass_adr[i];
    const int first = m.ancestor_adr[i], n = m.ancestor_adr[i + 1] - first;
    R sum = row[n] * x[i];
    for (int k = 0; k < n; ++k) sum = mul_add(row[k], x[m.ancestor[first + k]], sum);
    for (int k = m.descendant_adr[i]; k < m.descendant_adr[i + 1]; ++k) sum = mul_add(mass[m.descendant_mass[k]], x[m.descendant[k]], sum);
    y[i] = sum;
  });
  p.lane.sync();
}

NURI_KERNEL_END
