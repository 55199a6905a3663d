// Which entries of the Hessian this pack needs beyond the tree pattern: contacts between moving bodies, tendons and
// equalities couple branches. Symbolic elimination on bit sets (tree_order.h, which heaps use otherwise). A union over the pack;
// entries an environment does not need are exact zeros and stay so.
#pragma once
#include "physics/kernel/tree_order.h"

NURI_KERNEL_BEGIN

// Word w of the ancestors of dof k.
template <class V> NURI_VALUE uint64_t tree_bits(const V& m, int k, int w) {
  const int at = 2 * (m.bit_words * k + w);
  return uint64_t(uint32_t(m.dof_bits[at])) | uint64_t(uint32_t(m.dof_bits[at + 1])) << 32;
}

template <class L> NURI_FN Pattern pack_pattern(const Pack<L>& p) {
  const auto& s = p.scratch;
  if (!p.filled) return tree_pattern(p);
  return {s.column_adr(), s.column_end(), s.column(), s.column_run(), s.level_adr(), s.level_dof(), s.counts()[6], p.model.dof_count};
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
    for (int k = 0; k < n; ++k)
      for (int w = 0; w < words; ++w) bits[words * k + w] = tree_bits(m, k, w);
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
    eliminate_bits(bits, n, words);
    list_columns(p, bits, n, words, n * n);
    int extra = 0;
    for (int k = 0; k < n; ++k)
      for (int w = 0; w < words; ++w)
        for (uint64_t b = bits[words * k + w] & ~tree_bits(m, k, w); b; b &= b - 1) s.fill()[extra++] = triangle(k) + 64 * w + lowest_bit(b);
    s.counts()[6] = list_levels(p, n);
    s.counts()[7] = extra;
  });
  p.lane.sync();
}

NURI_KERNEL_END
