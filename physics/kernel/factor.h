// Sparse factorisation A = L' D L of symmetric positive matrices over degrees of freedom (Featherstone 2005), and products
// with the mass matrix.
//
// A lies in a dense lower triangle; only entries of a Pattern are touched: the tree pattern for M, or the pack's pattern
// when contacts between moving bodies couple branches (fill.h). Elimination goes from the last dof to the first, entries
// accumulate in ascending index, one fma per term, whatever the pattern: dense, sparse, CPU and CUDA give equal bits.
// Left-looking elimination was measured slower (short chains that wait for each other).
#pragma once
#include <type_traits>
#include "physics/kernel/part.h"

NURI_KERNEL_BEGIN

// Each dof's columns left of the diagonal, [adr, end) in `column`, ascending; run[k]: how many consecutive columns start at entry k
// (they may go on behind a dof's end: lists are shared).
// level_dof: dofs by how many others they wait for when they are solved downwards; those of one level wait for earlier levels only.
struct Pattern { const int *adr, *end, *column, *run, *level_adr, *level_dof; int level_count, dof_count; };

template <class L> NURI_FN Pattern tree_pattern(const Pack<L>& p) {
  const auto& m = p.model;
  return {m.ancestor_adr, m.ancestor_adr + 1, m.ancestor, m.ancestor_run, m.dof_level_adr, m.dof_level, m.dof_level_count, m.dof_count};
}

// A block of pivots k, k - 1, ...: each one's columns are the next pivot and the next pivot's columns (a chain of joints is
// one block). Entries above get the terms of all of them in one visit, in the same order as one after the other, so blocks
// never show in the bits. Four multipliers and an entry fit the registers; measured on a humanoid: pairs x1.3 over one, fours a little more.
inline constexpr int largest_block = 4;

NURI_VALUE int block_at(const Pattern& p, int k) {
  int size = 1;
  for (; size < largest_block && k >= size; ++size) {
    const int pivot = k - size + 1, n = p.end[pivot] - p.adr[pivot];
    if (n == 0 || n != p.end[pivot - 1] - p.adr[pivot - 1] + 1 || p.column[p.end[pivot] - 1] != pivot - 1) break;
  }
  return size;
}

// up[c] -= sum over j of l[j] row[j][c], for the columns c in [begin, end).
template <int S, class R> NURI_VALUE void take_rows_of(R* up, const R (&l)[S], R* const (&row)[S], int begin, int end) {
  for (int c = begin; c < end; ++c) {
    R sum = up[c];
    NURI_UNROLL for (int j = 0; j < S; ++j) sum = sub_mul(sum, l[j], row[j][c]);
    up[c] = sum;
  }
}
template <int S, class R> NURI_VALUE void take_rows(R* up, const R (&l)[S], R* const (&row)[S], int begin, int end) {
  take_rows_of<S>(up, l, row, begin, end);
}
#if !defined(__CUDACC__)
// A pack of one environment has no neighbours to fill a register with: columns do. Each entry gets what it would get alone.
template <int W, int S, class T> NURI_VALUE int take_rows_by(Wide<T, 1>* up, const Wide<T, 1> (&l)[S], Wide<T, 1>* const (&row)[S], int c, int end) {
  using V = Wide<T, W>;
  auto at = [](Wide<T, 1>* from) {
    V v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
  };
  for (; c + W <= end; c += W) {
    V sum = at(up + c);
    NURI_UNROLL for (int j = 0; j < S; ++j) sum = sub_mul(sum, V(l[j].v), at(row[j] + c));
    __builtin_memcpy(static_cast<void*>(up + c), &sum, sizeof sum);
  }
  return c;
}
template <int S, class T> requires std::is_floating_point_v<T>     // a checked lane's numbers have no registers
NURI_VALUE void take_rows(Wide<T, 1>* up, const Wide<T, 1> (&l)[S], Wide<T, 1>* const (&row)[S], int begin, int end) {
  constexpr int width = register_bytes / int(sizeof(T));
  begin = take_rows_by<width, S>(up, l, row, begin, end);
  if constexpr (register_bytes > 16) begin = take_rows_by<width / 2, S>(up, l, row, begin, end);   // a free body has six columns
  take_rows_of<S>(up, l, row, begin, end);
}
#endif

template <int S, class L> NURI_FN void eliminate_block(Pack<L>& p, const Pattern& pattern, int k) {
  using R = typename L::Real;
  R *const A = p.scratch.lower(), *const inverse = p.scratch.inverse_diagonal();
  R* row[S];
  NURI_UNROLL for (int j = 0; j < S; ++j) row[j] = A + triangle(k - j);
  const int last = k - S + 1, first = pattern.adr[last], n = pattern.end[last] - first;
  const int *const column = pattern.column + first, *const run = pattern.run + first;
  // the block's own columns, in registers: at [j][m] what pivot k - j has in column k - m. Each pivot gets the terms of those before.
  R own[S][S], link[S][S], inv[S];
  NURI_UNROLL for (int j = 0; j < S; ++j) NURI_UNROLL for (int m = j; m < S; ++m) own[j][m] = row[j][k - m];
  NURI_UNROLL for (int i = 0; i < S; ++i) {
    inv[i] = R(1) / own[i][i];
    NURI_UNROLL for (int j = i + 1; j < S; ++j) {
      link[j][i] = own[i][j] * inv[i];
      NURI_UNROLL for (int m = j; m < S; ++m) own[j][m] = sub_mul(own[j][m], link[j][i], own[i][m]);
    }
  }
  if constexpr (S > 1) {
    p.lane.each(n, [&](int a) {
      const int c = column[a];
      R v[S];
      NURI_UNROLL for (int j = 0; j < S; ++j) {
        v[j] = row[j][c];
        NURI_UNROLL for (int i = 0; i < j; ++i) v[j] = sub_mul(v[j], link[j][i], v[i]);
        if (j) row[j][c] = v[j];
      }
    });
    p.lane.sync();
  }
  p.lane.each(n, [&](int a) {
    R l[S];
    NURI_UNROLL for (int j = 0; j < S; ++j) l[j] = row[j][column[a]] * inv[j];
    R* const up = A + triangle(column[a]);
    for (int b = 0; b <= a;) {                                     // by runs of consecutive columns: no indices inside
      const int m = run[b] <= a - b ? run[b] : a - b + 1, at = column[b];
      take_rows<S>(up, l, row, at, at + m);
      b += m;
    }
  });
  p.lane.sync();
  p.lane.each(n, [&](int a) { NURI_UNROLL for (int j = 0; j < S; ++j) row[j][column[a]] = row[j][column[a]] * inv[j]; });
  p.lane.once([&] {
    NURI_UNROLL for (int j = 0; j < S; ++j) {
      inverse[k - j] = inv[j];
      NURI_UNROLL for (int m = j + 1; m < S; ++m) row[j][k - m] = link[m][j];
    }
  });
  p.lane.sync();
}

// The lower triangle becomes its factor: unit lower L, 1/D in inverse_diagonal.
template <class L> NURI_STAGE void factorize(Pack<L>& p, const Pattern pattern) {
  for (int k = pattern.dof_count - 1; k >= 0;) {
    const int size = block_at(pattern, k);
    switch (size) {
      case 1: eliminate_block<1>(p, pattern, k); break;
      case 2: eliminate_block<2>(p, pattern, k); break;
      case 3: eliminate_block<3>(p, pattern, k); break;
      default: eliminate_block<4>(p, pattern, k); break;
    }
    k -= size;
  }
}

// x of the columns above, less what a block of pivots takes from it; the block's own x are final.
template <int S, class L> NURI_FN void lift_block(Pack<L>& p, const Pattern& pattern, int k, typename L::Real* const x) {
  using R = typename L::Real;
  const R* row[S];
  R v[S];
  NURI_UNROLL for (int j = 0; j < S; ++j) {
    row[j] = p.scratch.lower() + triangle(k - j);
    R sum = x[k - j];
    NURI_UNROLL for (int i = 0; i < j; ++i) sum = sub_mul(sum, row[i][k - j], v[i]);
    v[j] = sum;
  }
  const int last = k - S + 1, first = pattern.adr[last], n = pattern.end[last] - first;
  const int* const column = pattern.column + first;
  p.lane.sync();
  p.lane.each(n, [&](int a) {
    R sum = x[column[a]];
    NURI_UNROLL for (int j = 0; j < S; ++j) sum = sub_mul(sum, row[j][column[a]], v[j]);
    x[column[a]] = sum;
  });
  if constexpr (S > 1) p.lane.once([&] { NURI_UNROLL for (int j = 1; j < S; ++j) x[k - j] = v[j]; });
  p.lane.sync();
}

// x = inv(A) x
template <class L> NURI_STAGE void solve_factored(Pack<L>& p, const Pattern pattern, typename L::Real* const x) {
  using R = typename L::Real;
  const R *const A = p.scratch.lower(), *const inverse = p.scratch.inverse_diagonal();
  for (int k = pattern.dof_count - 1; k >= 0;) {
    const int size = block_at(pattern, k);
    switch (size) {
      case 1: lift_block<1>(p, pattern, k, x); break;
      case 2: lift_block<2>(p, pattern, k, x); break;
      case 3: lift_block<3>(p, pattern, k, x); break;
      default: lift_block<4>(p, pattern, k, x); break;
    }
    k -= size;
  }
  for (int level = 0; level < pattern.level_count; ++level) {
    const int* const dofs = pattern.level_dof + pattern.level_adr[level];
    p.lane.each(pattern.level_adr[level + 1] - pattern.level_adr[level], [&](int i) {
      const int d = dofs[i];
      const R* const row = A + triangle(d);
      R sum = x[d] * inverse[d];
      for (int k = pattern.adr[d]; k < pattern.end[d];) {
        const int c = pattern.column[k], m = pattern.run[k] < pattern.end[d] - k ? pattern.run[k] : pattern.end[d] - k;
        for (int b = c; b < c + m; ++b) sum = sub_mul(sum, row[b], x[b]);
        k += m;
      }
      x[d] = sum;
    });
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

// y = M x
template <class L, class P> NURI_STAGE void times_mass(Pack<L>& p, const typename L::Real* x, typename L::Real* y, const P part) {
  using R = typename L::Real;
  const auto& m = p.model;
  const R* const mass = p.scratch.mass();
  p.lane.each(part.dofs(), [&](int d) {
    const int i = part.dof(d);
    const R* const row = mass + m.mass_adr[i];
    const int first = m.ancestor_adr[i], n = m.ancestor_adr[i + 1] - first;
    R sum = row[n] * x[i];
    for (int k = 0; k < n; ++k) sum = mul_add(row[k], x[m.ancestor[first + k]], sum);
    for (int k = m.descendant_adr[i]; k < m.descendant_adr[i + 1]; ++k) sum = mul_add(mass[m.descendant_mass[k]], x[m.descendant[k]], sum);
    y[i] = sum;
  });
  p.lane.sync();
}
template <class L> NURI_FN void times_mass(Pack<L>& p, const typename L::Real* x, typename L::Real* y) { times_mass(p, x, y, Everything<L>(p)); }

NURI_KERNEL_END
