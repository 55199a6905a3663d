// Near pairs of a heap's environment on a CPU, by a sorted sweep (physics/pair_sweep.h says why and what it reads).
#pragma once
#include "physics/kernel/pack.h"

NURI_KERNEL_BEGIN

inline constexpr int swept_at_once = 8;

// An index order of n keys, ascending: three passes over 11 bits. `order` and `other` have room for n each.
inline const int* sort_keys(const float* keys, int n, int* order, int* other) {
  auto bits_of = [&](int i) {
    uint32_t b;
    __builtin_memcpy(&b, keys + i, sizeof b);
    return b & 0x80000000u ? ~b : b | 0x80000000u;
  };
  for (int i = 0; i < n; ++i) order[i] = i;
  for (int pass = 0; pass < 3; ++pass) {
    int begin[2049] = {};
    for (int i = 0; i < n; ++i) ++begin[(bits_of(order[i]) >> (11 * pass) & 2047) + 1];
    for (int k = 0; k < 2048; ++k) begin[k + 1] += begin[k];
    for (int i = 0; i < n; ++i) other[begin[bits_of(order[i]) >> (11 * pass) & 2047]++] = order[i];
    int* const swap = order;
    order = other;
    other = swap;
  }
  return order;
}

// asked(pair) for every pair whose bounding balls may touch and for those without balls, ascending.
template <class L, class F> NURI_FN void sweep_pairs(const Pack<L>& p, const PairSweep& sweep, F asked) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int n = sweep.geom_count, room = n + swept_at_once;
  float *const keys = reinterpret_cast<float*>(s.sweep_balls()), *const x = keys + room, *const y = x + room, *const z = y + room, *const r = z + room;
  // Balls in float, a little larger than they are: positions are rounded, and so is their distance.
  auto ball = [&](int k, int to) {
    const auto* const at = s.geom_xpos() + 3 * sweep.geom[k];
    const float far = __builtin_fabsf(float(at[0].v)) + __builtin_fabsf(float(at[1].v)) + __builtin_fabsf(float(at[2].v));
    x[to] = float(at[0].v), y[to] = float(at[1].v), z[to] = float(at[2].v);
    r[to] = sweep.reach[k] * 1.0001f + far * 1e-6f;
  };
  for (int k = 0; k < n; ++k) {
    ball(k, k);
    keys[k] = x[k] - r[k];
  }
  const int* const order = sort_keys(keys, n, s.sweep_order(), s.sweep_order() + room);
  for (int k = 0; k < n; ++k) ball(order[k], k);
  for (int k = 0; k < room; ++k) keys[k] = k < n ? x[k] - r[k] : __builtin_inff();
  for (int k = n; k < room; ++k) x[k] = y[k] = z[k] = __builtin_inff(), r[k] = 0;

  const int words = (m.pair_count + 31) / 32;
  uint32_t* const near = reinterpret_cast<uint32_t*>(s.sweep_bits());
  for (int w = 0; w < words; ++w) near[w] = 0;
  auto note = [&](int pair) { near[pair >> 5] |= uint32_t(1) << (pair & 31); };
  for (int k = 0; k < sweep.other_count; ++k) note(sweep.other[k]);
  using V = Wide<std::conditional_t<L::width == 1, float, void>, swept_at_once>;   // of L: where there are no such registers, nobody asks
  auto load = [](const float* from) {
    V v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
  };
  for (int i = 0; i + 1 < n; ++i) {
    const float end = x[i] + r[i];
    const V xi(x[i]), yi(y[i]), zi(z[i]), ri(r[i]);
    for (int j = i + 1; j < n && keys[j] <= end; j += swept_at_once) {
      const V dx = load(x + j) - xi, dy = load(y + j) - yi, dz = load(z + j) - zi, both = load(r + j) + ri;
      const unsigned real = n - j < swept_at_once ? (1u << (n - j)) - 1 : ~0u;   // behind the last one: of a state with infinite numbers
      for (unsigned bits = (mul_add(dz, dz, mul_add(dy, dy, dx * dx)) <= both * both).bits() & real; bits; bits &= bits - 1) {
        const int one = order[i], two = order[j + __builtin_ctz(bits)], low = one < two ? one : two, high = one < two ? two : one;
        const int at = sweep.row[low] + high - sweep.first[low];
        if (high < sweep.first[low] || at >= sweep.row[low + 1] || sweep.pair[at] < 0) continue;
        note(sweep.pair[at]);
      }
    }
  }
  for (int w = 0; w < words; ++w)
    for (uint32_t bits = near[w]; bits; bits &= bits - 1) asked(32 * w + __builtin_ctz(bits));
}

NURI_KERNEL_END
