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
// run[k]: how many consecutive columns start at entry k.
struct Pattern { const int *adr, *end, *column, *run, *below_adr, *below_end, *below; };

template <class L> NURI_FN Pattern tree_pattern(const Pack<L>& p) {
  const auto& m = p.model;
  return {m.ancestor_adr, m.ancestor_adr + 1, m.ancestor, m.ancestor_run, m.descendant_adr, m.descendant_adr + 1, m.descendant};
}

// Two pivots k, k - 1 at once where k's columns are k - 1 and k - 1's columns: entries above get both terms in one visit,
// in the same order as one after the other (a chain of joints is all such pairs; measured x1.3 on a humanoid).
NURI_VALUE bool pivots_pair(const Pattern& p, int k) {
  if (k < 1) return false;
  const int n = p.end[k] - p.adr[k];
  return n > 0 && n == p.end[k - 1] - p.adr[k - 1] + 1 && p.column[p.end[k] - 1] == k - 1;
}

// Rows below k are k + 1 and the rows below k + 1. Unlike columns, equal numbers do not say so: fill makes other shapes.
NURI_VALUE bool rows_pair(const Pattern& p, int k) {
  const int* const a = p.below + p.below_adr[k];
  const int n = p.below_end[k] - p.below_adr[k];
  if (n == 0 || a[0] != k + 1 || n != p.below_end[k + 1] - p.below_adr[k + 1] + 1) return false;
  const int* const b = p.below + p.below_adr[k + 1];
  for (int i = 1; i < n; ++i) if (a[i] != b[i - 1]) return false;
  return true;
}

// The lower triangle becomes its factor: unit lower L, 1/D in inverse_diagonal.
template <class L> NURI_STAGE void factorize(Pack<L>& p, const Pattern pattern) {
  using R = typename L::Real;
  R *const A = p.scratch.lower(), *const inverse = p.scratch.inverse_diagonal();
  for (int k = p.model.dof_count - 1; k >= 0;) {
    const bool pair = pivots_pair(pattern, k);
    R* const row = A + triangle(k);
    const R inv = R(1) / row[k];
    const int first = pattern.adr[k], n = pattern.end[k] - first - (pair ? 1 : 0);
    const int *const column = pattern.column + first, *const run = pattern.run + first;
    if (!pair) {
      p.lane.each(n, [&](int a) {
        const R l = row[column[a]] * inv;
        R* const up = A + triangle(column[a]);
        for (int b = 0; b <= a;) {                                 // by runs of consecutive columns: no indices inside
          const int m = run[b] <= a - b ? run[b] : a - b + 1;
          R* const to = up + column[b];
          const R* const from = row + column[b];
          for (int c = 0; c < m; ++c) to[c] = sub_mul(to[c], l, from[c]);
          b += m;
        }
      });
      p.lane.sync();
      p.lane.each(n, [&](int a) { row[column[a]] = row[column[a]] * inv; });
      p.lane.once([&] { inverse[k] = inv; });
      p.lane.sync();
      --k;
      continue;
    }
    R* const next = A + triangle(k - 1);
    const R link = row[k - 1] * inv;
    p.lane.each(n + 1, [&](int a) { next[column[a]] = sub_mul(next[column[a]], link, row[column[a]]); });
    p.lane.sync();
    const R inv2 = R(1) / next[k - 1];
    p.lane.each(n, [&](int a) {
      const R l1 = row[column[a]] * inv, l2 = next[column[a]] * inv2;
      R* const up = A + triangle(column[a]);
      for (int b = 0; b <= a;) {
        const int m = run[b] <= a - b ? run[b] : a - b + 1;
        R* const to = up + column[b];
        const R *const from1 = row + column[b], *const from2 = next + column[b];
        for (int c = 0; c < m; ++c) to[c] = sub_mul(sub_mul(to[c], l1, from1[c]), l2, from2[c]);
        b += m;
      }
    });
    p.lane.sync();
    p.lane.each(n, [&](int a) {
      row[column[a]] = row[column[a]] * inv;
      next[column[a]] = next[column[a]] * inv2;
    });
    p.lane.once([&] {
      row[k - 1] = link;
      inverse[k] = inv;
      inverse[k - 1] = inv2;
    });
    p.lane.sync();
    k -= 2;
  }
}

// x = inv(A) x
template <class L> NURI_STAGE void solve_factored(Pack<L>& p, const Pattern pattern, typename L::Real* const x) {
  using R = typename L::Real;
  const int n = p.model.dof_count;
  const R *const A = p.scratch.lower(), *const inverse = p.scratch.inverse_diagonal();
  for (int k = n - 1; k >= 0;) {
    const int first = pattern.adr[k], count = pattern.end[k] - first;
    const int* const column = pattern.column + first;
    const R* const row = A + triangle(k);
    const R v = x[k];
    if (!pivots_pair(pattern, k)) {
      p.lane.each(count, [&](int a) { x[column[a]] = sub_mul(x[column[a]], row[column[a]], v); });
      --k;
    } else {
      const R* const next = A + triangle(k - 1);
      const R v2 = sub_mul(x[k - 1], row[k - 1], v);
      p.lane.sync();
      p.lane.each(count, [&](int a) {
        const R once = sub_mul(x[column[a]], row[column[a]], v);
        x[column[a]] = a == count - 1 ? once : sub_mul(once, next[column[a]], v2);
      });
      k -= 2;
    }
    p.lane.sync();
  }
  p.lane.each(n, [&](int i) { x[i] = x[i] * inverse[i]; });
  p.lane.sync();
  for (int k = 0; k < n;) {
    const int first = pattern.below_adr[k], count = pattern.below_end[k] - first;
    const int* const below = pattern.below + first;
    const R v = x[k];
    const bool pair = rows_pair(pattern, k);
    if (!pair) {
      p.lane.each(count, [&](int a) { x[below[a]] = sub_mul(x[below[a]], A[triangle(below[a]) + k], v); });
      ++k;
    } else {
      const R v2 = sub_mul(x[k + 1], A[triangle(k + 1) + k], v);
      p.lane.sync();
      p.lane.each(count, [&](int a) {
        const R* const row = A + triangle(below[a]) + k;
        const R once = sub_mul(x[below[a]], row[0], v);
        x[below[a]] = a == 0 ? once : sub_mul(once, row[1], v2);
      });
      k += 2;
    }
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
