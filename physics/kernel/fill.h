// Which entries of the Hessian this pack needs beyond the tree pattern: contacts between moving bodies, tendons and
// equalities couple branches. Symbolic elimination on bit sets: when dof k goes, its columns become columns of the largest
// of them. A union over the pack; entries an environment does not need are exact zeros and stay so.
#pragma once
#include "physics/kernel/factor.h"

NURI_KERNEL_BEGIN

NURI_VALUE int highest_bit(uint64_t w) {
#if defined(__CUDACC__)
  return 63 - __clzll(static_cast<long long>(w));
#else
  return 63 - __builtin_clzll(w);
#endif
}
NURI_VALUE int lowest_bit(uint64_t w) {
#if defined(__CUDACC__)
  return __ffsll(static_cast<long long>(w)) - 1;
#else
  return __builtin_ctzll(w);
#endif
}

template <class L> NURI_FN Pattern pack_pattern(const Pack<L>& p) {
  const auto& s = p.scratch;
  if (!p.filled) return tree_pattern(p);
  return {s.column_adr(), s.column_end(), s.column(), s.column_run(), s.below_adr(), s.below_end(), s.below()};
}

template <class L> NURI_STAGE void fill_pattern(Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  bool filled = p.world_slots < p.slot_count;
  for (int i = 0; i < p.listed_count; ++i) filled = filled || m.row_dof_adr[s.listed()[i] + 1] - m.row_dof_adr[s.listed()[i]] > 1;
  p.filled = filled;
  if (!filled) return;
  p.lane.once([&] {
    const int words = m.bit_words, n = m.dof_count;
    uint64_t* const bits = reinterpret_cast<uint64_t*>(s.bits());
    for (int i = 0; i < words * n; ++i) bits[i] = uint64_t(uint32_t(m.dof_bits[2 * i])) | uint64_t(uint32_t(m.dof_bits[2 * i + 1])) << 32;
    // dofs that share a row are coupled: every later one gets the earlier ones as columns
    auto dof_at = [](const int* list, int k) { return list[k] < 0 ? -1 - list[k] : list[k]; };
    auto couple = [&](const int* list, int count) {
      for (int a = 1; a < count; ++a) {
        uint64_t* const row = bits + words * dof_at(list, a);
        for (int b = 0; b < a; ++b) row[dof_at(list, b) >> 6] |= uint64_t(1) << (dof_at(list, b) & 63);
      }
    };
    for (int i = 0; i < p.listed_count; ++i) {
      const int row = s.listed()[i];
      couple(m.row_dof + m.row_dof_adr[row], m.row_dof_adr[row + 1] - m.row_dof_adr[row]);
    }
    for (int i = p.world_slots, last = -1; i < p.slot_count; ++i) {
      const int o = s.slot_owner()[i];
      if (o != last) couple(m.owner_dof + m.owner_dof_adr[o], m.owner_dof_adr[o + 1] - m.owner_dof_adr[o]);
      last = o;
    }
    for (int k = n - 1; k >= 0; --k) {
      const uint64_t* const row = bits + words * k;
      int w = words - 1;
      while (w >= 0 && !row[w]) --w;
      if (w < 0) continue;
      const int top = highest_bit(row[w]);
      uint64_t* const up = bits + words * (64 * w + top);
      for (int v = 0; v < w; ++v) up[v] |= row[v];
      up[w] |= row[w] & ~(uint64_t(1) << top);
    }
    int count = 0;
    for (int k = 0; k < n; ++k) {
      s.column_adr()[k] = count;
      for (int w = 0; w < words; ++w)
        for (uint64_t b = bits[words * k + w]; b; b &= b - 1) s.column()[count++] = 64 * w + lowest_bit(b);
      s.column_end()[k] = count;
      s.below_end()[k] = 0;
    }
    for (int k = 0; k < n; ++k)
      for (int i = s.column_end()[k] - 1; i >= s.column_adr()[k]; --i)
        s.column_run()[i] = i + 1 < s.column_end()[k] && s.column()[i] + 1 == s.column()[i + 1] ? s.column_run()[i + 1] + 1 : 1;
    for (int i = 0; i < count; ++i) ++s.below_end()[s.column()[i]];
    for (int k = 0, at = 0; k < n; ++k) {
      s.below_adr()[k] = at;
      at += s.below_end()[k];
      s.below_end()[k] = s.below_adr()[k];
    }
    for (int k = 0; k < n; ++k)
      for (int i = s.column_adr()[k]; i < s.column_end()[k]; ++i) s.below()[s.below_end()[s.column()[i]]++] = k;
  });
  p.lane.sync();
}

NURI_KERNEL_END
