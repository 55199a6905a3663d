// Which trees of a heap's environment make islands (part.h): those that a contact or a row of the catalog ties to each other.
// Islands go by their lowest tree; behind the last one come the trees that no row touches. With MJCF's flag island off all trees are one.
#pragma once
#include "engine/model/model_flags.h"
#include "physics/kernel/part.h"

NURI_KERNEL_BEGIN

// Everything but rows of contacts, which contact_rows places by the order found here. By one thread; counts()[6]: how many islands.
template <class L> NURI_STAGE void find_islands(const Pack<L>& p) {
  const auto& m = p.model;
  const auto& s = p.scratch;
  const int trees = m.tree_count;
  int *const head = s.tree_island(), *const tied = s.tree_local();   // the lowest tree that is known to be tied to it; whether any row touches it
  for (int t = 0; t < trees; ++t) {
    head[t] = t;
    tied[t] = m.on(model::flag_island) ? 0 : 1;
  }
  auto find = [&](int t) {
    while (head[t] != t) t = head[t] = head[head[t]];
    return t;
  };
  auto tie = [&](int a, int b) {
    if (a < 0) a = b;
    if (b < 0) b = a;
    if (a < 0) return;
    tied[a] = tied[b] = 1;
    a = find(a);
    b = find(b);
    if (a < b) head[b] = a;
    else head[a] = b;
  };
  auto tree_of_row = [&](int i) { return m.body_tree[m.dof_body[m.row_dof[m.row_dof_adr[s.listed()[i]]]]]; };
  auto tree_of_slot = [&](int i) {
    const int o = s.slot_owner()[i];
    return m.body_tree[o < m.world_owner_count ? m.owner_body[o] : m.owner_body2[o]];
  };
  if (!m.on(model::flag_island)) for (int t = 1; t < trees; ++t) tie(0, t);
  for (int i = 0; i < p.listed_count; ++i)
    for (int k = m.row_dof_adr[s.listed()[i]]; k < m.row_dof_adr[s.listed()[i] + 1]; ++k) tie(tree_of_row(i), m.body_tree[m.dof_body[m.row_dof[k]]]);
  for (int i = 0; i < p.slot_count; ++i) tie(tree_of_slot(i), i < p.world_slots ? -1 : m.body_tree[m.owner_body1[s.slot_owner()[i]]]);

  // islands by number, in place: a tree's lowest one comes before it
  int count = 0;
  for (int t = 0; t < trees; ++t) head[t] = find(t);
  for (int t = 0; t < trees; ++t)
    if (tied[t]) head[t] = head[t] == t ? count++ : head[head[t]];
  for (int t = 0; t < trees; ++t) if (!tied[t]) head[t] = count;
  s.counts()[6] = count;

  // how long each one's lists are, then where they begin
  int* const number = s.islands();
  for (int k = 0; k < island::size * (count + 2); ++k) number[k] = 0;
  auto of = [&](int tree) { return number + island::size * head[tree]; };
  for (int t = 0; t < trees; ++t) ++of(t)[island::trees];
  for (int i = 0; i < m.dof_count; ++i) ++of(m.body_tree[m.dof_body[i]])[island::dofs];
  for (int level = 0; level < m.link_level_count; ++level)
    for (int k = m.link_level_adr[level]; k < m.link_level_adr[level + 1]; ++k) {
      int* const at = of(m.body_tree[m.link_level[k]]);
      ++at[island::links];
      at[island::levels] = level + 2;                              // one more: where the last level ends
    }
  for (int i = 0; i < p.slot_count; ++i) ++of(tree_of_slot(i))[i < p.world_slots ? island::slots : island::own_slots];
  const int sided = p.equality_rows + p.friction_rows;
  for (int i = 0; i < p.listed_count; ++i) ++of(tree_of_row(i))[i < sided ? island::listed : island::one_sided];
  int next[island::size] = {};
  for (int k = 0; k <= count + 1; ++k) {
    int* const at = number + island::size * k;
    auto begin = [&](int which, int n) {
      at[which] = next[which];
      next[which] += n;
    };
    for (int which = island::trees; which <= island::levels; ++which) begin(which, at[which]);
    const int own = at[island::own_slots], one_sided = at[island::one_sided];
    at[island::own_slots] = next[island::slots] + at[island::slots];
    begin(island::slots, at[island::slots] + own);
    at[island::one_sided] = next[island::listed] + at[island::listed];
    begin(island::listed, at[island::listed] + one_sided);
  }

  // fill them: `rows` counts what is there already
  auto fill = [&](int which, int items, int* list, auto item, auto tree) {
    for (int k = 0; k <= count; ++k) number[island::size * k + island::rows] = number[island::size * k + which];
    for (int k = 0; k < items; ++k) list[of(tree(item(k)))[island::rows]++] = item(k);
  };
  auto same = [](int k) { return k; };
  fill(island::trees, trees, s.island_tree(), same, same);
  fill(island::dofs, m.dof_count, s.island_dof(), same, [&](int i) { return m.body_tree[m.dof_body[i]]; });
  fill(island::links, m.link_count, s.island_link(), [&](int k) { return m.link_level[k]; }, [&](int b) { return m.body_tree[b]; });   // level after level
  fill(island::slots, p.slot_count, s.island_slot(), same, tree_of_slot);
  fill(island::listed, p.listed_count, s.island_row(), same, tree_of_row);
  int* const level_end = s.island_level();
  for (int k = 0; k < number[island::size * (count + 1) + island::levels]; ++k) level_end[k] = 0;
  for (int level = 0; level < m.link_level_count; ++level)
    for (int k = m.link_level_adr[level]; k < m.link_level_adr[level + 1]; ++k) ++level_end[of(m.body_tree[m.link_level[k]])[island::levels] + level + 1];
  for (int k = 0; k <= count; ++k) {
    const int* const at = number + island::size * k;
    for (int l = at[island::levels] + 1; l < at[island::size + island::levels]; ++l) level_end[l] += level_end[l - 1];
    for (int t = at[island::trees]; t < at[island::size + island::trees]; ++t) tied[s.island_tree()[t]] = t - at[island::trees];
  }
}

NURI_KERNEL_END
